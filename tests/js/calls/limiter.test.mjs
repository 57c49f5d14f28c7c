// The client spaces its calls, so that the sandbox, with HighLevel's limits, never has to answer 429. The clock is that
// of the test: it goes on only while everybody waits.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";

const CALLS = 1000;
/** 100 in each 10 s: the last hundred of 1000 may start after nine intervals. */
const LEAST_MS = (CALLS / 100 - 1) * 10_000;
const START = Date.UTC(2026, 10, 1, 12);
const STEP_MS = 10;

/** A sandbox with the limits of HighLevel, and a clock that `until` moves; `first` gives the first answer instead. */
function world(t, first) {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: START });
    const sandbox = createSandbox({ seed: 11, size: 2, now: () => Date.now() });
    let refused = 0;
    const fetch = async (...given) => {
        const answer = first;
        first = undefined;
        const response = await (answer?.() ?? sandbox.fetch(...given));
        if (response.status === 429) refused += 1;
        return response;
    };
    const client = (options) =>
        new PaymentsClient({
            token: sandbox.token(),
            locationId: sandbox.locationId,
            fetch,
            timeoutMs: 600_000,
            maxRetries: 0,
            ...options,
        });
    /** Lets time pass until these calls have ended; gives how long that took. */
    async function until(calls) {
        const began = Date.now();
        let ended = false;
        const all = Promise.allSettled(calls).finally(() => {
            ended = true;
        });
        while (!ended) {
            // Whoever can go on without waiting does so first.
            for (let i = 0; i < 4; i += 1) await new Promise(setImmediate);
            if (!ended) t.mock.timers.tick(STEP_MS);
            assert.ok(Date.now() - began < 10 * LEAST_MS, "the calls never end");
        }
        await all;
        return Date.now() - began;
    }
    return { client, until, refused: () => refused, locationId: sandbox.locationId };
}

const list = (payments, options) => payments.orders.list({ limit: 1 }, options).then(({ data }) => data.length);
const calls = (count, call) => Array.from({ length: count }, (_, i) => call(i));
const failures = async (started) => (await Promise.allSettled(started)).filter(({ status }) => status === "rejected");

test("1000 parallel calls finish without a 429 and hardly later than they must", async (t) => {
    const { client, until, refused } = world(t);
    const payments = client();
    const started = calls(CALLS, () => list(payments));
    const took = await until(started);
    const seconds = `${(took / 1000).toFixed(1)} s of at least ${(LEAST_MS / 1000).toFixed(1)} s`;
    console.log(`figure: limiter: ${CALLS} parallel calls from JavaScript: ${refused()} answers of 429, ${seconds}`);
    assert.deepEqual(await failures(started), []);
    assert.equal(refused(), 0);
    assert.ok(took >= LEAST_MS && took < 1.1 * LEAST_MS, `${took} ms`);
});

test("without a limiter there would be 429s", async (t) => {
    const { client, until, refused } = world(t);
    const payments = client({ limiter: false });
    const started = calls(300, () => list(payments));
    assert.ok((await until(started)) < 1000);
    assert.equal(refused(), 200);
    assert.equal((await failures(started)).length, 200);
});

test("two clients that share a limiter keep to the limit together", async (t) => {
    const { client, until, refused } = world(t);
    const one = client();
    const two = client({ limiter: one });
    const started = calls(300, (i) => list(i % 2 === 0 ? one : two));
    const took = await until(started);
    assert.deepEqual(await failures(started), []);
    assert.equal(refused(), 0);
    assert.ok(took >= 20_000 && took < 22_000, `${took} ms`);
});

test("two clients that do not share it run into the limit", async (t) => {
    const { client, until, refused } = world(t);
    const pair = [client(), client()];
    await until(calls(300, (i) => list(pair[i % 2])));
    assert.ok(refused() > 0);
});

test("one interactive call does not wait for a bulk of background ones", async (t) => {
    const { client, until, refused } = world(t);
    const payments = client();
    const bulk = calls(CALLS, () => list(payments, { background: true }));
    // The bulk has begun and waits.
    await until([new Promise((resolve) => setTimeout(resolve, 23_000))]);
    const waited = await until([list(payments)]);
    assert.ok(waited < 500, `${waited} ms`);
    await until(bulk);
    assert.deepEqual(await failures(bulk), []);
    assert.equal(refused(), 0);
});

test("a call that is aborted while it waits for its turn was not sent, and leaves it to others", async (t) => {
    const { client, until, refused } = world(t);
    const payments = client();
    await until(calls(100, () => list(payments)));
    const controller = new AbortController();
    const given = payments.orders.list({ limit: 1 }, { signal: controller.signal }).catch((error) => error);
    await until([new Promise((resolve) => setTimeout(resolve, 1000))]);
    controller.abort();
    await until([given]);
    const error = await given;
    assert.deepEqual([error.name, error.outcome, error.attempts], ["AbortedError", "not_sent", 0]);
    const late = payments.orders.list({ limit: 1 }, { deadlineMs: 500 }).catch((error) => error);
    await until([late]);
    const tooLate = await late;
    assert.deepEqual([tooLate.name, tooLate.outcome, tooLate.attempts], ["TimeoutError", "not_sent", 0]);
    const others = calls(100, () => list(payments));
    assert.ok((await until(others)) < 11_000);
    assert.deepEqual(await failures(others), []);
    assert.equal(refused(), 0);
});

test("an error that names no limits, at the start, does not switch the limiter off", async (t) => {
    const { client, until, refused } = world(t, () => new Response("<html>bad gateway</html>", { status: 502 }));
    const payments = client();
    const [error] = await failures([list(payments)]);
    assert.equal(error.reason.status, 502);
    await until(calls(300, () => list(payments)));
    assert.equal(refused(), 0);
});

test("a location that parameters name has its own limit", async (t) => {
    const { client, until, refused, locationId } = world(t);
    const payments = client({ locationId: "another location" });
    await until(
        calls(200, (i) => (i % 2 ? payments.orders.list({ altId: locationId }) : list(payments, { locationId }))),
    );
    assert.equal(refused(), 0);
});
