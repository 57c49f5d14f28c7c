// Clients behind a transparent Proxy, as Vue and MobX hand them out.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { PaymentsClient } from "ghl-payments";
import { ANY_ANSWER, failure, ID, stub, thrown, TOKEN } from "../support/stub.mjs";

/** As Vue's `reactive` does: every object that is read from it is wrapped as well. */
function deep(target) {
    return new Proxy(target, {
        get(object, key, receiver) {
            const value = Reflect.get(object, key, receiver);
            return typeof value === "object" && value !== null ? deep(value) : value;
        },
    });
}

const PROXIES = { "a transparent Proxy": (target) => new Proxy(target, {}), "a deep one": deep };

for (const [what, wrap] of Object.entries(PROXIES)) {
    test(`a client works behind ${what}`, async () => {
        const { payments, requests } = stub(ANY_ANSWER);
        const proxy = wrap(payments);
        await proxy.orders.get(ID);
        await wrap(proxy.orders).list({ limit: 5 });
        assert.equal((await wrap(proxy.orders.get(ID)).withResponse()).response.status, 200);
        assert.equal(requests.length, 3);
        proxy.close();
        assert.match((await failure(payments.orders.get(ID))).message, /was closed/);
        if (Symbol.dispose) wrap(stub(ANY_ANSWER).payments)[Symbol.dispose]();
    });

    test(`a limiter works behind ${what}, and shares its limits`, async () => {
        const named = () => Response.json(ANY_ANSWER, { headers: { "x-ratelimit-max": "1", "x-ratelimit-interval-milliseconds": "60000" } });
        const one = stub(named, { limiter: undefined });
        const two = stub(named, { limiter: wrap(one.payments) });
        await one.payments.orders.get(ID);
        const error = await failure(two.payments.orders.get(ID, { deadlineMs: 20 }));
        assert.deepEqual([error.name, error.outcome, two.requests.length], ["TimeoutError", "not_sent", 0]);
        wrap(one.payments).close();
        assert.match(thrown(() => new PaymentsClient({ token: TOKEN, limiter: wrap(one.payments) })).message, /was closed/);
    });
}

test("a client shows its resources and nothing else", () => {
    const { payments } = stub(ANY_ANSWER);
    const resources = ["orders", "transactions", "subscriptions", "coupons", "customProvider", "integrations"];
    assert.deepEqual(Object.keys(payments), resources);
    assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(payments))), resources);
    assert.ok(!inspect(payments, { showHidden: true, depth: 5 }).includes(TOKEN));
});
