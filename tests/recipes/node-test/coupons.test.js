import assert from "node:assert/strict";
import { test } from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";

const DAY = 24 * 60 * 60 * 1000;

function start(options) {
    const sandbox = createSandbox(options);
    const { locationId, fetch } = sandbox;
    return { sandbox, payments: new PaymentsClient({ token: sandbox.token(), locationId, fetch, retryDelayMs: 1 }) };
}

test("a coupon begins and ends", async () => {
    const { sandbox, payments } = start({ now: Date.UTC(2026, 2, 1) });
    const { _id: id } = await payments.coupons.create({
        name: "Spring",
        code: "SPRING",
        discountType: "percentage",
        discountValue: 10,
        startDate: "2026-03-10T00:00:00Z",
        endDate: "2026-03-20T00:00:00Z",
    });
    const statuses = [];
    for (const days of [0, 10, 10]) {
        sandbox.advance(days * DAY);
        statuses.push((await payments.coupons.get({ id })).status);
    }
    assert.deepEqual(statuses, ["scheduled", "active", "expired"]);
});

test("a server that fails twice is asked a third time", async () => {
    const { sandbox, payments } = start({ seed: 7 });
    sandbox.faults.add("status=503", { operation: "coupons.list", times: 2 });
    const { response } = await payments.coupons.list({ limit: 1 }).withResponse();
    assert.equal(response.attempts, 3);
    assert.deepEqual(
        sandbox.requests.map((request) => request.status),
        [503, 503, 200],
    );
});

test("a token may do what its scopes allow", async () => {
    const { sandbox } = start({ seed: 7 });
    const { locationId, fetch } = sandbox;
    const token = sandbox.token({ scopes: ["payments/orders.readonly"] });
    const payments = new PaymentsClient({ token, locationId, fetch });
    assert.ok((await payments.orders.list()).totalCount > 0);
    await assert.rejects(payments.coupons.list(), { name: "AuthenticationError" });
});
