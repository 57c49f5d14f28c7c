import { beforeEach, expect, test } from "vitest";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { payByCheque } from "./pay-by-cheque.js";

const sandbox = createSandbox({ seed: 7 });
const payments = new PaymentsClient({
    token: sandbox.token(),
    locationId: sandbox.locationId,
    fetch: sandbox.fetch, // no network at all
});

beforeEach(() => sandbox.reset());

test("an answer that gets lost does not make a second payment", async () => {
    const { data } = await payments.orders.list({ paymentStatus: "unpaid", limit: 1 });
    // Recorded, but the connection breaks before the answer arrives.
    sandbox.faults.add("applied-then=drop", { operation: "orders.recordPayment" });

    expect(await payByCheque(payments, data[0]._id, "129-129")).toBe("paid");

    const sent = sandbox.requests.filter((request) => request.operation === "orders.recordPayment");
    expect(sent).toHaveLength(1);
    expect(sent[0].body).toMatchObject({ mode: "cheque", cheque: { number: "129-129" } });
});

test("an order that is paid takes no payment", async () => {
    const { data } = await payments.orders.list({ paymentStatus: "paid", limit: 1 });
    await expect(payByCheque(payments, data[0]._id, "130")).rejects.toMatchObject({
        name: "InvalidRequestError",
        outcome: "rejected",
    });
});
