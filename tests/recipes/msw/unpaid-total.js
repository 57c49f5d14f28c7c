import { PaymentsClient } from "ghl-payments";

/** Makes its own client, as code does that cannot be handed one. */
export async function unpaidTotal({ token, locationId }) {
    const payments = new PaymentsClient({ token, locationId, retryDelayMs: 1 });
    let total = 0;
    for await (const order of payments.orders.list({ paymentStatus: "unpaid" })) total += order.amount;
    return Math.round(total * 100) / 100;
}
