// What a project can write whose `lib` knows `using`.

import { PaymentsClient } from "ghl-payments";

export async function firstOrder(token: string): Promise<string | undefined> {
    using payments = new PaymentsClient({ token, locationId: "3SwdhCu3svxI8AKsPJt6" });
    const { data } = await payments.orders.list({ limit: 1 });
    return data[0]?._id;
}

export function until(client: PaymentsClient): Disposable {
    return client;
}
