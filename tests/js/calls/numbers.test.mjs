// Numbers at their edges: none wraps, overflows or is cut without a word.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient, ValidationError } from "ghl-payments";
import { ANY_ANSWER, failure, ID, LOCATION, stub, thrown, TOKEN } from "../support/stub.mjs";

const EDGES = [2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 1e21, Number.MAX_VALUE];

/** Lets everything happen that waits for no timer. */
async function settle() {
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

for (const name of ["timeoutMs", "deadlineMs"]) {
    test(`a ${name} that is too large is as good as none`, async (t) => {
        t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
        for (const ms of EDGES) {
            for (const ofClient of [true, false]) {
                let answer;
                const answered = () => new Promise((resolve) => (answer = () => resolve(Response.json(ANY_ANSWER))));
                const { payments } = stub(answered, { timeoutMs: 2 ** 31 - 1, ...(ofClient ? { [name]: ms } : {}) });
                const call = payments.orders.get(ID, ofClient ? {} : { [name]: ms });
                await settle();
                // A day.
                t.mock.timers.tick(86_400_000);
                await settle();
                answer();
                assert.equal((await call)._id, ID, String(ms));
            }
        }
    });

    test(`a ${name} of a part of a millisecond is one, as is any fraction rounded up`, async (t) => {
        t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
        for (const [ms, ends] of [
            [Number.MIN_VALUE, 1],
            [1e-7, 1],
            [0.5, 1],
            [7.25, 8],
        ]) {
            const { payments } = stub(() => new Promise(() => {}), { maxRetries: 0, [name]: ms });
            let error;
            payments.orders.get(ID).catch((thrown) => (error = thrown));
            await settle();
            t.mock.timers.tick(ends - 1);
            await settle();
            assert.equal(error, undefined, `${ms} ends before ${ends} ms`);
            t.mock.timers.tick(1);
            await settle();
            assert.equal(error?.name, "TimeoutError", `${ms} ends after ${ends} ms`);
        }
    });
}

test("a number of retries that is too large is as large as can be", async () => {
    for (const maxRetries of EDGES) {
        const { payments, requests } = stub(
            (_, before) => (before < 4 ? Response.json({}, { status: 503 }) : Response.json(ANY_ANSWER)),
            { maxRetries, retryDelayMs: 0 },
        );
        await payments.orders.get(ID);
        assert.equal(requests.length, 5, String(maxRetries));
    }
});

test("a first backoff that is too large waits as long as the longest", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_700_000_000_000 });
    for (const retryDelayMs of EDGES) {
        const { payments, requests } = stub(
            (_, before) => (before < 1 ? Response.json({}, { status: 503 }) : Response.json(ANY_ANSWER)),
            { retryDelayMs },
        );
        const call = payments.orders.get(ID);
        await settle();
        t.mock.timers.tick(3_999);
        await settle();
        assert.equal(requests.length, 1, String(retryDelayMs));
        t.mock.timers.tick(4_001);
        assert.equal((await call)._id, ID);
    }
});

test("a longest body that is too large is no limit", async () => {
    for (const maxResponseBytes of EDGES) {
        const { payments } = stub({ ...ANY_ANSWER, filler: "x".repeat(100_000) }, { maxResponseBytes });
        assert.equal((await payments.orders.get(ID)).filler.length, 100_000, String(maxResponseBytes));
    }
});

test("an option that is no number from 0 is refused by its name", async () => {
    for (const name of ["timeoutMs", "deadlineMs", "maxRetries", "retryDelayMs", "maxResponseBytes"]) {
        const wrong = [-1, -1e-7, -1e21, -Number.MAX_VALUE, Number.NaN, Number.POSITIVE_INFINITY, "1e3", "5", 5n];
        const fractions = /Ms$/.test(name) && name !== "retryDelayMs" ? [0, -0] : [0.5, 1e-7, 2 ** 31 + 0.5];
        for (const value of [...wrong, ...fractions]) {
            const error = thrown(() => new PaymentsClient({ token: TOKEN, locationId: LOCATION, [name]: value }));
            assert.ok(error instanceof ValidationError, `${name}: ${String(value)}`);
            assert.deepEqual(
                error.issues.map(({ path }) => path),
                [name],
                String(value),
            );
        }
    }
});

for (const name of ["limit", "offset"]) {
    test(`${name} goes out as it is, or is refused by its name`, async () => {
        const { payments, requests } = stub(ANY_ANSWER);
        for (const list of [payments.orders, payments.transactions, payments.subscriptions, payments.coupons]) {
            for (const value of [0, -0, 1, 2 ** 31, 2 ** 32 - 1]) {
                await list.list({ [name]: value });
                assert.equal(requests.at(-1).url.searchParams.get(name), String(value));
            }
            const sent = requests.length;
            for (const value of [2 ** 32, 2 ** 32 + 5, 2 ** 53, 1e21, Number.MAX_VALUE, -1, 0.5, 1e-7, Number.NaN]) {
                const error = await failure(list.list({ [name]: value }));
                assert.equal(error.name, "ValidationError", String(value));
                assert.deepEqual(
                    error.issues.map(({ path }) => path),
                    [name],
                    String(value),
                );
            }
            assert.equal(requests.length, sent);
        }
    });
}

test("whole numbers in bodies are refused where they do not fit", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const qty of [2 ** 32, 1e21, Number.MAX_VALUE, 0.5, -1]) {
        const body = { trackings: [], items: [{ priceId: ID, qty }], notifyCustomer: false };
        const error = await failure(payments.orders.createFulfillment(ID, body));
        assert.deepEqual([error.name, error.issues?.[0].path], ["ValidationError", "items[0].qty"], String(qty));
    }
    assert.equal(requests.length, 0);
});
