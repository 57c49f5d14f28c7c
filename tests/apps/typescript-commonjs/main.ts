import { NotFoundError, PaymentsClient, type ClientOptions, type ListOrdersParams, type OrderSummary } from "ghl-payments";
import { CheckoutError, openCheckout } from "ghl-payments/checkout";
import { createSandbox, type Sandbox } from "ghl-payments/sandbox";
import slim = require("ghl-payments/slim");

const { GHL_BASE_URL: baseUrl = "", GHL_TOKEN: token = "", GHL_LOCATION: locationId = "" } = process.env;

/** A client that the application derives, as a framework's service does. */
class Payments extends PaymentsClient {
    constructor(options: ClientOptions) {
        super(options);
    }

    async ids(params: ListOrdersParams): Promise<string[]> {
        const page = await this.orders.list(params);
        return page.data.map((order: OrderSummary) => order._id);
    }
}

async function main(): Promise<void> {
    const ids = await new Payments({ baseUrl, token, locationId }).ids({ limit: 5 });

    const sandbox: Sandbox = createSandbox({ seed: 1, size: 1 });
    const local = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
    const error: unknown = await local.orders.get("none").catch((error: unknown) => error);
    if (!(error instanceof NotFoundError) || error.status !== 404) throw new Error(`unexpected: ${error}`);

    const start: (module: Uint8Array<ArrayBuffer>) => void = slim.initialize;
    if (typeof start !== "function") throw new Error("the slim entry has no initialize");

    const refused: unknown = await openCheckout().catch((error: unknown) => error);
    if (!(refused instanceof CheckoutError) || refused.code !== "not_framed") throw new Error(`unexpected: ${refused}`);

    // What import() gives has the same types, and classes of its own.
    const imported = await import("ghl-payments");
    const other: PaymentsClient = new imported.PaymentsClient({ baseUrl, token, locationId });
    if (other instanceof PaymentsClient) throw new Error("import() and require() give the same class");

    console.log(`orders ${JSON.stringify(ids)}`);
}

void main();
