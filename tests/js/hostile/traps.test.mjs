// A trap in the wasm: the memory of the instance is overwritten while a call is under way.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { PaymentsError } from "ghl-payments";
import { PACKAGE } from "../support/support.mjs";
import { ANY_ANSWER, failure, ID, stub, TOKEN } from "../support/stub.mjs";

// The glue is a file of the package, though no entry of it; started, it gives the exports of the present instance.
const { initSync } = await import(pathToFileURL(join(PACKAGE, "core.js")));

/** Whatever the instance does next is a trap. */
function breakInstance() {
    const memory = Object.values(initSync()).find((value) => value instanceof WebAssembly.Memory);
    new Uint8Array(memory.buffer).fill(0xff);
}

/** A `fetch` that breaks the instance, then goes on as told. */
function breaking(then) {
    return (request, before) => {
        if (before === 0) breakInstance();
        return then(request, before);
    };
}

const PAYMENT = { mode: "cash", amount: 5 };

function isInternal(error, outcome, attempts) {
    assert.ok(error instanceof PaymentsError, String(error));
    const { name, code, retryable } = error;
    assert.deepEqual({ name, code, retryable }, { name: "PaymentsError", code: "internal", retryable: false });
    assert.equal(error.outcome, outcome);
    assert.equal(error.attempts, attempts);
    assert.ok(error.cause instanceof Error, "the trap is the cause");
    assert.ok(!JSON.stringify(error).includes(TOKEN) && !error.stack.includes(TOKEN), "no token");
}

test("a call whose instance traps is rejected, and the next call of the same client works", async () => {
    const { payments } = stub(breaking(() => Response.json(ANY_ANSWER)));
    isInternal(await failure(payments.orders.get(ID)), "unknown", 1);
    assert.equal((await payments.orders.get(ID))._id, ID);
});

test("a payment whose answer was lost in a trap may have been recorded", async () => {
    const refused = stub(breaking(() => Response.json({ message: "no" }, { status: 500 })));
    isInternal(await failure(refused.payments.orders.recordPayment(ID, PAYMENT)), "unknown", 1);
    const answered = stub(breaking(() => Response.json(ANY_ANSWER)));
    isInternal(await failure(answered.payments.orders.recordPayment(ID, PAYMENT)), "unknown", 1);
    assert.equal(answered.requests.length, 1, "nothing is sent again");
});

test("a call that did not leave the process when its instance trapped says so", async () => {
    const { payments, requests } = stub(ANY_ANSWER, {
        token: async () => {
            breakInstance();
            return TOKEN;
        },
    });
    isInternal(await failure(payments.orders.recordPayment(ID, PAYMENT)), "not_sent", 0);
    assert.equal(requests.length, 0);
    const refused = stub(
        breaking(() => {
            throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
        }),
    );
    // Of somebody's own fetch nobody knows whether it sent a write.
    isInternal(await failure(refused.payments.orders.recordPayment(ID, PAYMENT)), "unknown", 1);
});

test("all calls that the instance carried are rejected at once, of every client", async () => {
    let sent;
    const under = new Promise((resolve) => (sent = resolve));
    const never = new Promise(() => {});
    const hanging = () => {
        sent();
        return never;
    };
    // Long enough for this test; the timer of the lost call keeps the process.
    const waiting = stub(hanging, { timeoutMs: 2000 });
    const asking = stub(ANY_ANSWER, { token: () => never });
    const one = failure(waiting.payments.orders.recordPayment(ID, PAYMENT));
    const two = failure(asking.payments.orders.get(ID));
    await under;
    const { payments } = stub(breaking(() => Response.json(ANY_ANSWER)));
    await failure(payments.orders.get(ID));
    isInternal(await one, "unknown", 1);
    isInternal(await two, "not_sent", 0);
    assert.equal(asking.requests.length, 0);
    // Each client goes on in the fresh instance.
    const { payments: other, requests } = stub(ANY_ANSWER);
    await other.orders.get(ID);
    assert.equal(requests[0].headers.get("authorization"), `Bearer ${TOKEN}`);
});

test("a call that was not heard of for minutes finds out by itself that its instance is lost", async (t) => {
    t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
    let answer;
    const slow = stub(() => new Promise((resolve) => (answer = resolve)), { timeoutMs: 2000 });
    const call = slow.payments.orders.recordPayment(ID, PAYMENT);
    const error = failure(call);
    while (answer === undefined) await new Promise(setImmediate);
    // Missed after ten minutes, and forgotten when ten more have passed.
    t.mock.timers.tick(11 * 60_000);
    await stub(ANY_ANSWER).payments.orders.get(ID);
    t.mock.timers.tick(11 * 60_000);
    const { payments } = stub(breaking(() => Response.json(ANY_ANSWER)));
    isInternal(await failure(payments.orders.get(ID)), "unknown", 1);
    let ended = false;
    void call.catch(() => (ended = true));
    await new Promise(setImmediate);
    assert.equal(ended, false, "nobody knows it any more");
    answer(Response.json(ANY_ANSWER));
    isInternal(await error, "unknown", 1);
    assert.equal(slow.requests.length, 1);
});

test("a call that starts in a broken instance did not leave the process; made again it works", async () => {
    let second;
    const { payments, requests } = stub(
        breaking((_, before) => {
            if (before === 0) second = failure(payments.orders.recordPayment(ID, PAYMENT));
            return Response.json(ANY_ANSWER);
        }),
    );
    const first = failure(payments.orders.get(ID));
    isInternal(await first, "unknown", 1);
    isInternal(await second, "not_sent", 0);
    assert.equal(requests.length, 1);
    await payments.orders.recordPayment(ID, PAYMENT);
    assert.equal(requests.length, 2);
});

test("a list goes on behind the page that was read before the trap", async () => {
    const ids = Array.from({ length: 6 }, (_, index) => `order-${index}`);
    const pageOf = ({ url }) => {
        const query = new URL(url).searchParams;
        const offset = Number(query.get("offset") ?? 0);
        const data = ids.slice(offset, offset + Number(query.get("limit"))).map((_id) => ({ _id }));
        return Response.json({ data, totalCount: ids.length });
    };
    let broken = false;
    const { payments } = stub((request) => {
        // The second page is lost in a trap, once.
        if (request.url.includes("offset") && !broken) {
            broken = true;
            breakInstance();
        }
        return pageOf(request);
    });
    const first = await payments.orders.list({ limit: 2 });
    isInternal(await failure(first.getNextPage()), "unknown", 1);
    const seen = first.data.map(({ _id }) => _id);
    for (let page = first; page.hasNextPage(); ) {
        page = await page.getNextPage();
        seen.push(...page.data.map(({ _id }) => _id));
    }
    assert.deepEqual(seen, ids);
});
