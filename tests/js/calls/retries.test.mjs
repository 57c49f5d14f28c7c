// When a call is sent again, how long it waits, and how it is stopped.

import assert from "node:assert/strict";
import test from "node:test";
import { METHODS, OPERATIONS, READS } from "../support/operations.mjs";
import { ANY_ANSWER, call, failure, ID, stub } from "../support/stub.mjs";

/** A second time they would charge, create or deliver again. */
const ONCE = OPERATIONS.filter(({ safety }) => safety === "once").map(({ name }) => name);

const FAILURES = {
    500: () => new Response("", { status: 500 }),
    503: () => new Response("<html>", { status: 503 }),
    408: () => new Response("", { status: 408 }),
    429: () => new Response("", { status: 429 }),
    "a dropped connection": () => {
        throw new TypeError("fetch failed");
    },
    "no answer in time": () => new Promise(() => {}),
};

for (const [what, fail] of Object.entries(FAILURES)) {
    test(`${what}: what may be sent again is, what would charge twice is not`, async () => {
        for (const name of METHODS) {
            const { payments, requests } = stub((_, before) => (before === 0 ? fail() : Response.json(ANY_ANSWER)), {
                timeoutMs: 5,
            });
            const again = what === "429" || !ONCE.includes(name);
            if (again) {
                await call(payments, name);
                assert.equal(requests.length, 2, name);
            } else {
                const error = await failure(call(payments, name));
                assert.deepEqual([requests.length, error.retryable, error.attempts], [1, false, 1], name);
            }
        }
    });
}

test("what the server refused for good is not sent again", async () => {
    for (const status of [400, 401, 403, 404, 409, 422, 302]) {
        const { payments, requests } = stub(() => new Response("", { status }));
        const error = await failure(payments.orders.get(ID));
        assert.deepEqual([requests.length, error.attempts, error.retryable], [1, 1, false], `${status}`);
    }
});

test("what was sent again is the same request", async () => {
    const { payments, requests } = stub((_, before) =>
        before < 2 ? new Response("", { status: 429 }) : Response.json({ success: true }),
    );
    await payments.orders.recordPayment(ID, { mode: "cash", amount: 5 });
    assert.equal(requests.length, 3);
    for (const { url, body, method } of requests) {
        assert.deepEqual([url.href, body, method], [requests[0].url.href, requests[0].body, "POST"]);
    }
});

test("maxRetries bounds the attempts, that of the call goes first", async () => {
    for (const [client, options, sent] of [
        [{}, undefined, 3],
        [{ maxRetries: 0 }, undefined, 1],
        [{ maxRetries: 4 }, undefined, 5],
        [{ maxRetries: 4 }, { maxRetries: 1 }, 2],
        [{ maxRetries: 0 }, { maxRetries: 2 }, 3],
    ]) {
        const { payments, requests } = stub(() => new Response("", { status: 500 }), client);
        const error = await failure(payments.orders.get(ID, options));
        assert.deepEqual([requests.length, error.attempts], [sent, sent]);
    }
});

/** Lets timers of other lengths than the deadline run at once, and notes what they asked for. */
function impatient(t, deadline) {
    const waits = [];
    const original = globalThis.setTimeout;
    globalThis.setTimeout = (act, ms, ...rest) => {
        if (ms === deadline) return original(act, ms, ...rest);
        waits.push(ms);
        return original(act, 0, ...rest);
    };
    t.after(() => {
        globalThis.setTimeout = original;
    });
    return waits;
}

test("backoff doubles from retryDelayMs up to 8 s, at least half of it fixed", async (t) => {
    const waits = impatient(t, 31_000);
    const { payments, events } = stub(() => new Response("", { status: 500 }), {
        retryDelayMs: 500,
        maxRetries: 7,
        timeoutMs: 31_000,
    });
    await failure(payments.orders.get(ID));
    const full = [500, 1000, 2000, 4000, 8000, 8000, 8000];
    assert.equal(waits.length, full.length);
    for (const [i, wait] of waits.entries()) {
        assert.ok(wait >= full[i] / 2 && wait <= full[i], `${wait} of ${full[i]}`);
    }
    const told = events.filter((event) => event.type === "retry").map((event) => event.delayMs);
    assert.ok(
        told.every((delay, i) => Math.abs(delay - waits[i]) < 1),
        `${told}`,
    );
});

test("two clients that fail together do not come back together", async (t) => {
    const waits = impatient(t, 31_000);
    for (let i = 0; i < 8; i += 1) {
        const { payments } = stub(() => new Response("", { status: 500 }), {
            retryDelayMs: 8000,
            maxRetries: 1,
            timeoutMs: 31_000,
        });
        await failure(payments.orders.get(ID));
    }
    assert.ok(new Set(waits).size > 1);
});

test("Retry-After is honoured, in seconds and as a date", async (t) => {
    const waits = impatient(t, 31_000);
    const inTenSeconds = new Date(Date.now() + 10_000).toUTCString();
    for (const [retryAfter, least, most] of [
        ["3", 3000, 3000],
        [inTenSeconds, 8000, 10_000],
        ["0", 0.5, 1],
        ["soon", 0.5, 1],
    ]) {
        for (const status of [429, 503]) {
            const headers = { "retry-after": retryAfter };
            const { payments } = stub(
                (_, before) => (before ? Response.json(ANY_ANSWER) : new Response("", { status, headers })),
                // Timers fire at once here, but no time passes for a limiter.
                { timeoutMs: 31_000, limiter: false },
            );
            await payments.orders.get(ID);
            const wait = waits.pop();
            assert.ok(wait >= least && wait <= most, `${retryAfter}: ${wait}`);
        }
    }
});

test("the interval of the limits is waited for after a 429 without Retry-After", async (t) => {
    const waits = impatient(t, 31_000);
    const headers = { "x-ratelimit-interval-milliseconds": "10000" };
    const { payments } = stub(
        (_, before) => (before ? Response.json(ANY_ANSWER) : new Response("", { status: 429, headers })),
        { timeoutMs: 31_000, limiter: false },
    );
    await payments.orders.get(ID);
    assert.deepEqual(waits, [10_000]);
});

test("a wait of more than a minute is the caller's decision", async () => {
    const { payments, requests } = stub(() => new Response("", { status: 429, headers: { "retry-after": "86400" } }));
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.retryAfterMs, requests.length], ["RateLimitError", 86_400_000, 1]);
});

test("timeoutMs bounds one attempt and stops its request; that of the call goes first", async () => {
    for (const [client, options] of [
        [{ timeoutMs: 5 }, undefined],
        [{ timeoutMs: 60_000 }, { timeoutMs: 5 }],
        [{ timeoutMs: 0.5 }, undefined],
    ]) {
        const { payments, requests } = stub(() => new Promise(() => {}), { ...client, maxRetries: 1 });
        const error = await failure(payments.orders.get(ID, options));
        assert.deepEqual(
            [error.name, error.code, error.outcome, error.attempts],
            ["TimeoutError", "timeout", "unknown", 2],
        );
        assert.equal(error.retryable, true);
        assert.ok(requests.every(({ signal }) => signal.aborted));
    }
});

test("a body that does not come in time is a TimeoutError and a payment counts as recorded", async () => {
    const { payments } = stub(() => new Response(new ReadableStream({ pull: () => new Promise(() => {}) })), {
        timeoutMs: 5,
    });
    const error = await failure(payments.orders.recordPayment(ID, { mode: "cash" }));
    assert.deepEqual(
        [error.name, error.status, error.outcome, error.retryable],
        ["TimeoutError", 200, "applied", false],
    );
});

test("a signal that is aborted already sends nothing, and no event says that a request left", async () => {
    const reason = new Error("changed my mind");
    const signal = AbortSignal.abort(reason);
    for (const [act, outcome] of [
        [(payments) => payments.orders.get(ID, { signal }), "not_sent"],
        [(payments) => payments.orders.list({}, { signal }), "not_sent"],
        [(payments) => payments.orders.recordPayment(ID, { mode: "cash" }, { signal }), "not_sent"],
        [(payments) => payments.orders.recordPaymentOnce(ID, { mode: "cash" }, { signal }), "not_sent"],
        // An earlier process may have recorded the payment of this name.
        [(payments) => payments.orders.recordPaymentOnce(ID, { mode: "cash" }, { signal, reference: "job-1" }), "unknown"],
    ]) {
        const { payments, requests, events } = stub(ANY_ANSWER);
        const error = await failure(act(payments));
        assert.deepEqual(
            [error.name, error.code, error.outcome, error.cause, error.attempts],
            ["AbortedError", "aborted", outcome, reason, 0],
        );
        assert.deepEqual([requests, events], [[], []]);
    }
});

test("an abort in the same tick as the call, or between two requests of one call, comes before the event as well", async () => {
    const early = new AbortController();
    const { payments, requests, events } = stub(ANY_ANSWER);
    const call = failure(payments.orders.get(ID, { signal: early.signal }));
    early.abort();
    assert.equal((await call).outcome, "not_sent");
    assert.deepEqual([requests, events], [[], []]);

    const between = new AbortController();
    const told = [];
    const looking = stub(ANY_ANSWER, {
        onEvent: ({ type, operation }) => {
            told.push(`${type} ${operation.name}`);
            if (type === "response") between.abort();
        },
    });
    const once = { signal: between.signal, reference: "job-1" };
    const error = await failure(looking.payments.orders.recordPaymentOnce(ID, { mode: "cash", amount: 5 }, once));
    assert.deepEqual([error.name, error.outcome, looking.requests.length], ["AbortedError", "not_sent", 1]);
    assert.deepEqual(told, ["request transactions.list", "response transactions.list"]);
});

test("an abort in flight stops the request and leaves the outcome unknown", async () => {
    const reason = new Error("changed my mind");
    for (const act of [
        (payments, options) => payments.orders.get(ID, options),
        (payments, options) => payments.orders.recordPayment(ID, { mode: "cash" }, options),
    ]) {
        const controller = new AbortController();
        const { payments, requests } = stub(() => {
            controller.abort(reason);
            return new Promise(() => {});
        });
        const error = await failure(act(payments, { signal: controller.signal }));
        assert.deepEqual([error.name, error.outcome, error.cause], ["AbortedError", "unknown", reason]);
        assert.deepEqual([requests.length, requests[0].signal.aborted, error.retryable], [1, true, false]);
    }
});

test("an abort while the body comes is an AbortedError that knows the status", async () => {
    const controller = new AbortController();
    const { payments } = stub(
        () =>
            new Response(
                new ReadableStream({
                    pull() {
                        controller.abort();
                        return new Promise(() => {});
                    },
                }),
            ),
    );
    const error = await failure(payments.orders.recordPayment(ID, { mode: "cash" }, { signal: controller.signal }));
    assert.deepEqual([error.name, error.status, error.outcome], ["AbortedError", 200, "applied"]);
});

test("an abort during the wait before another attempt ends the call at once", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const { payments, requests } = stub(() => new Response("", { status: 500 }), {
        retryDelayMs: 60_000,
        onEvent: (event) => event.type === "retry" && controller.abort(reason),
    });
    const error = await failure(payments.orders.get(ID, { signal: controller.signal }));
    assert.deepEqual([error.name, error.code, error.cause, requests.length], ["AbortedError", "aborted", reason, 1]);
    assert.equal(error.status, 500);
});

test("an abort while the token is fetched ends the call and sends nothing", async (t) => {
    const controller = new AbortController();
    const { payments, requests } = stub(ANY_ANSWER, {
        token: () => {
            controller.abort();
            return new Promise(() => {});
        },
    });
    const late = new Promise((resolve) => {
        const timer = setTimeout(resolve, 1000, { name: "still waiting" });
        t.after(() => clearTimeout(timer));
    });
    const error = await Promise.race([failure(payments.orders.get(ID, { signal: controller.signal })), late]);
    assert.deepEqual([error.name, error.outcome, requests.length], ["AbortedError", "not_sent", 0]);
});

test("an abort after the answer changes nothing", async () => {
    const controller = new AbortController();
    const { payments } = stub(ANY_ANSWER);
    const promise = payments.orders.get(ID, { signal: controller.signal });
    await promise;
    controller.abort();
    assert.equal((await promise)._id, ID);
});

test("a signal keeps no listener after the call", async () => {
    const signal = new AbortController().signal;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = function add(...args) {
        listeners += 1;
        return addEventListener.apply(this, args);
    };
    signal.removeEventListener = function remove(...args) {
        listeners -= 1;
        return removeEventListener.apply(this, args);
    };
    const { payments } = stub((_, before) =>
        before % 2 ? Response.json(ANY_ANSWER) : new Response("", { status: 500 }),
    );
    for (let i = 0; i < 3; i += 1) await payments.orders.get(ID, { signal });
    assert.equal(listeners, 0);
});

test("an abort during a wait leaves no timer that keeps the process alive", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const controller = new AbortController();
    const { payments } = stub(() => new Response("", { status: 503 }), {
        retryDelayMs: 60_000,
        onEvent: ({ type }) => type === "retry" && queueMicrotask(() => controller.abort()),
    });
    assert.equal((await failure(payments.orders.get(ID, { signal: controller.signal }))).name, "AbortedError");
    assert.equal(timers(), before);
});

test("something that is no signal is refused", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const signal of [{}, "abort", true, null]) {
        const error = await failure(payments.orders.get(ID, { signal }));
        assert.deepEqual([error.name, error.issues[0].path], ["ValidationError", "signal"]);
    }
    assert.equal(requests.length, 0);
});
