import { Inject, Injectable, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { PaymentsClient } from "ghl-payments";
import "reflect-metadata";

const { GHL_BASE_URL: baseUrl = "", GHL_TOKEN: token = "", GHL_LOCATION: locationId = "" } = process.env;

@Injectable()
class Orders {
    constructor(@Inject(PaymentsClient) private readonly payments: PaymentsClient) {}

    async ids(): Promise<string[]> {
        const page = await this.payments.orders.list({ limit: 5 });
        return page.data.map((order) => order._id);
    }
}

@Module({
    providers: [
        Orders,
        { provide: PaymentsClient, useFactory: () => new PaymentsClient({ baseUrl, token, locationId }) },
    ],
})
class AppModule {}

async function main(): Promise<void> {
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    console.log(`orders ${JSON.stringify(await app.get(Orders).ids())}`);
    await app.close();
}

void main();
