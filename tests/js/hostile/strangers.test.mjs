// What others hand in, and what it does at the wrong moment: it fails its own call, and no other one.

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { ANY_ANSWER, failure, ID, stub } from "../support/stub.mjs";

const boom = () => {
    throw new Error("boom");
};

/** A payment of another client, under way while `act` does its worst. */
async function untouched(act) {
    const other = stub(async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return Response.json({ success: true });
    });
    const payment = other.payments.orders.recordPayment(ID, { mode: "cash", amount: 5 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    const result = await act();
    assert.deepEqual(await payment, { success: true });
    return result;
}

/** A Response of somebody's own making. */
function response(get, more = {}) {
    const bytes = new TextEncoder().encode(JSON.stringify(ANY_ANSWER));
    return { status: 200, headers: { get }, arrayBuffer: async () => bytes.buffer, ...more };
}

for (const [what, get] of Object.entries({
    "gives numbers": () => 5,
    "gives false": () => false,
    "gives lists": () => ["1"],
    "gives objects": () => ({}),
    "gives undefined": () => undefined,
    throws: boom,
    "throws for some": (name) => (name === "content-length" ? null : boom()),
})) {
    test(`headers whose get ${what}: the answer is read without them`, async () => {
        const answer = await untouched(() => stub(() => response(get)).payments.orders.get(ID));
        assert.equal(answer._id, ID);
    });
}

test("a status that is none is no Response", async () => {
    for (const status of [65_736, -200, Number.NaN, 200.5, "200", undefined, Infinity]) {
        const { payments } = stub(() => response(() => null, { status }), { maxRetries: 0 });
        const error = await failure(payments.orders.recordPayment(ID, { mode: "cash" }));
        assert.deepEqual([error.name, error.outcome], ["NetworkError", "unknown"], String(status));
        assert.match(error.message, /no Response/);
    }
});

const quiet = { aborted: false, addEventListener() {}, removeEventListener() {} };
for (const [what, signal, name] of [
    ["without removeEventListener", { aborted: false, addEventListener() {} }, "ValidationError"],
    ["without aborted", { addEventListener() {}, removeEventListener() {} }, "ValidationError"],
    ["whose addEventListener throws", { ...quiet, addEventListener: boom }, "NetworkError"],
    ["whose removeEventListener throws", { ...quiet, removeEventListener: boom }, undefined],
    ["that never aborts", quiet, undefined],
]) {
    test(`a signal ${what}`, async () => {
        const { payments } = stub(ANY_ANSWER, { maxRetries: 0 });
        const end = await untouched(() => payments.orders.get(ID, { signal }).then(() => undefined, (error) => error));
        assert.equal(end?.name, name, String(end));
        const late = stub(() => new Promise(() => {}), { maxRetries: 0, timeoutMs: 5 });
        const error = await failure(late.payments.orders.get(ID, { signal }));
        assert.equal(error.name, name ?? "TimeoutError");
    });
}

for (const [what, reason] of [
    ["has a cause that throws", { name: "X", get cause() { return boom(); } }],
    ["has a name that throws", { get name() { return boom(); } }],
    ["has a message that throws", { name: "TypeError", message: { toString: boom } }],
    ["has a code that throws", { code: { toString: boom } }],
    ["is nothing", undefined],
]) {
    test(`a fetch whose failure ${what} fails at once`, async () => {
        const { payments } = stub(() => Promise.reject(reason), { maxRetries: 0, timeoutMs: 60_000 });
        const error = await untouched(() => failure(payments.orders.recordPayment(ID, { mode: "cash" })));
        assert.deepEqual([error.name, error.outcome], ["NetworkError", "unknown"]);
    });
}

test("a body that is always ready and never ends still runs out of time, and others get their turn", async () => {
    for (const chunk of [0, 1]) {
        let turns = 0;
        const timer = setInterval(() => turns++, 1);
        const body = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(chunk)) });
        const { payments } = stub(() => new Response(body()), { timeoutMs: 50, maxRetries: 0 });
        const error = await failure(payments.orders.get(ID));
        clearInterval(timer);
        assert.equal(error.name, "TimeoutError");
        assert.ok(turns > 0);
    }
});

test("a body of any views of bytes is read", async () => {
    const bytes = new TextEncoder().encode(`${JSON.stringify(ANY_ANSWER)} `.padEnd(256));
    for (const View of [Uint8Array, DataView, Int8Array, Uint16Array, Uint32Array]) {
        const chunks = [new View(bytes.buffer, 0, 32 / (View.BYTES_PER_ELEMENT ?? 1)), bytes.subarray(32)];
        async function* body() {
            yield* chunks;
        }
        const { payments } = stub(() => response(() => null, { body: body() }), { maxRetries: 0 });
        assert.equal((await payments.orders.get(ID))._id, ID, View.name);
    }
});

test("a write that is answered with a redirect or a status that HTTP does not know may have been carried out", async () => {
    for (const [status, outcome] of [[301, "unknown"], [302, "unknown"], [303, "unknown"], [304, "unknown"], [307, "rejected"], [308, "rejected"], [600, "unknown"], [0, "unknown"]]) {
        const { payments, requests } = stub(() => response(() => null, { status }));
        const error = await failure(payments.orders.recordPayment(ID, { mode: "cash" }));
        assert.deepEqual([error.code, error.outcome, requests.length], ["unexpected_answer", outcome, 1], String(status));
        assert.equal((await failure(payments.orders.get(ID))).outcome, "rejected");
    }
});

test("a limit of no requests at all is none", async () => {
    const { payments, requests } = stub(() => Response.json(ANY_ANSWER, { headers: { "x-ratelimit-max": "0" } }), { limiter: undefined });
    for (let i = 0; i < 5; i += 1) await payments.orders.get(ID, { deadlineMs: 1000 });
    assert.equal(requests.length, 5);
});

test("a body whose cancel or return throws fails its own call only", async () => {
    const never = () => new Promise(() => {});
    for (const body of [
        { getReader: () => ({ read: never, cancel: boom }) },
        { [Symbol.asyncIterator]: () => ({ next: never, return: boom }) },
        { getReader: () => ({ read: never, cancel: () => Promise.reject(new Error("later")) }) },
    ]) {
        const { payments } = stub(() => response(() => null, { body }), { timeoutMs: 20, maxRetries: 0 });
        assert.equal((await untouched(() => failure(payments.orders.get(ID)))).name, "TimeoutError");
        const controller = new AbortController();
        setTimeout(() => controller.abort(), 5);
        assert.equal((await failure(payments.orders.get(ID, { signal: controller.signal }))).name, "AbortedError");
    }
});

test("a listener whose promise is of another realm may reject", async () => {
    const { payments } = stub(ANY_ANSWER, { onEvent: vm.runInNewContext('async () => { throw new Error("the log is down") }') });
    await payments.orders.get(ID);
    // An unhandled rejection would fail this test.
    await new Promise((resolve) => setTimeout(resolve));
});

test("a clock that stands still does not keep a call waiting past its deadline", async () => {
    const { now } = Date;
    Date.now = () => 1e12;
    try {
        const headers = { "x-ratelimit-max": "1", "x-ratelimit-interval-milliseconds": "60000" };
        const { payments } = stub(() => Response.json(ANY_ANSWER, { headers }), { limiter: undefined });
        await payments.orders.get(ID);
        const error = await failure(payments.orders.get(ID, { deadlineMs: 50 }));
        assert.deepEqual([error.name, error.outcome], ["TimeoutError", "not_sent"]);
    } finally {
        Date.now = now;
    }
});

test("a Date that cannot be right does not make of a second fifty years", async () => {
    const date = (ms) => new Date(ms).toUTCString();
    const headers = { "retry-after": date(Date.now() + 30_000), date: date(0) };
    const { payments } = stub(() => Response.json({ message: "slow" }, { status: 429, headers }), { maxRetries: 0 });
    const error = await failure(payments.orders.get(ID));
    assert.ok(error.retryAfterMs > 20_000 && error.retryAfterMs <= 30_000, `${error.retryAfterMs}`);
});
