// A page of many megabytes: the wasm memory that it took is given back once nothing is under way.

import assert from "node:assert/strict";
import { join } from "node:path";
import { mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PACKAGE } from "../support/support.mjs";
import { PaymentsClient } from "ghl-payments";
import { ID, LOCATION, stub, TOKEN } from "../support/stub.mjs";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

// The glue is a file of the package, though no entry of it; started, it gives the exports of the present instance.
const { initSync } = await import(pathToFileURL(join(PACKAGE, "core.js")));
const memory = () => Object.values(initSync()).find((value) => value instanceof WebAssembly.Memory);
const megabytes = () => memory().buffer.byteLength / 2 ** 20;

const NOTE = "n".repeat(150_000);
const record = (index) => ({ _id: `order-${index}`, note: NOTE });

/** A list of 1,000 orders of 150 KB each, and whatever else is asked for. */
async function answer(request) {
    const url = new URL(request.url);
    if (!url.pathname.endsWith("/orders")) return Response.json({ _id: ID });
    const [offset, limit] = ["offset", "limit"].map((name) => Number(url.searchParams.get(name) ?? 0));
    const data = Array.from({ length: limit }, (_, index) => record(offset + index));
    return Response.json({ data, totalCount: 1000 });
}

/** Lets promises and finalizers run; the timers of the test are stopped. */
async function settle() {
    for (let turn = 0; turn < 5; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        gc();
    }
}

mock.timers.enable({ apis: ["setTimeout", "Date"], now: Date.UTC(2026, 10, 30) });

/** A page of 15 MB, which nobody keeps. */
async function large(payments) {
    const { length } = (await payments.orders.list({ limit: 100 })).data;
    assert.equal(length, 100);
    assert.ok(megabytes() > 15, `${megabytes()} MB`);
}

test("a page of 15 MB does not stay in wasm memory", async () => {
    const { payments } = stub(answer);
    await large(payments);
    const before = new WeakRef(memory());
    mock.timers.tick(14_000);
    assert.ok(megabytes() > 15, "a limiter would still remember its requests");
    mock.timers.tick(3_000);
    assert.ok(megabytes() < 8, `${megabytes()} MB`);
    await settle();
    assert.equal(before.deref(), undefined, "nothing holds the memory any more");
    assert.equal((await payments.orders.get(ID))._id, ID);
    assert.ok(megabytes() < 8, `${megabytes()} MB`);
});

test("the next call sees to it where timers are lost", async () => {
    const { payments } = stub(answer);
    const { setTimeout } = globalThis;
    try {
        // As in a Worker, whose timers end with their request.
        globalThis.setTimeout = () => 0;
        await large(payments);
    } finally {
        globalThis.setTimeout = setTimeout;
    }
    mock.timers.tick(20_000);
    assert.ok(megabytes() > 15, `${megabytes()} MB`);
    await payments.orders.get(ID);
    assert.ok(megabytes() < 8, `${megabytes()} MB`);
});

test("a call under way is not disturbed", async () => {
    let open;
    const { payments } = stub((request) =>
        request.url.includes(ID) ? new Promise((resolve) => (open = resolve)) : answer(request),
    );
    await large(payments);
    const waiting = payments.orders.get(ID, { timeoutMs: 60_000 });
    await settle();
    mock.timers.tick(20_000);
    assert.ok(megabytes() > 15, `${megabytes()} MB`);
    open(Response.json({ _id: ID }));
    assert.equal((await waiting)._id, ID);
});

const MINUTE_MS = 60_000;

/** Makes a call of which nothing is heard again, as in a Worker whose request ends at a wait. */
async function abandoned(payments, options) {
    void payments.orders.get(ID, options);
    await settle();
}

test("calls that died are not under way for ever", async () => {
    const { setTimeout } = globalThis;
    const { payments } = stub((request) => (request.url.includes(ID) ? new Promise(() => {}) : answer(request)));
    try {
        globalThis.setTimeout = () => 0;
        await abandoned(payments);
        await large(payments);
        // Whoever asks next judges: they are missed after ten minutes, and ten minutes later they are gone.
        for (const minutes of [9, 2, 9]) {
            mock.timers.tick(minutes * MINUTE_MS);
            await payments.orders.list({ limit: 1 });
            assert.ok(megabytes() > 15, `${megabytes()} MB`);
        }
        mock.timers.tick(2 * MINUTE_MS);
        await payments.orders.list({ limit: 1 });
    } finally {
        globalThis.setTimeout = setTimeout;
    }
    assert.ok(megabytes() < 8, `${megabytes()} MB`);
});

test("a call that may take long is not taken for dead, nor one during which the clock was set or the machine slept", async () => {
    for (const [minutes, timeoutMs] of [[[15, 15, 15], 60 * MINUTE_MS], [[600], 15 * MINUTE_MS]]) {
        const { setTimeout } = globalThis;
        let open;
        const { payments } = stub((request) =>
            request.url.includes(ID) ? new Promise((resolve) => (open = resolve)) : answer(request),
        );
        try {
            globalThis.setTimeout = () => 0;
            const waiting = payments.orders.get(ID, { timeoutMs });
            await settle();
            await large(payments);
            for (const some of minutes) {
                mock.timers.tick(some * MINUTE_MS);
                await payments.orders.list({ limit: 1 });
                assert.ok(megabytes() > 15, `${megabytes()} MB`);
            }
            open(Response.json({ _id: ID }));
            assert.equal((await waiting)._id, ID);
        } finally {
            globalThis.setTimeout = setTimeout;
        }
    }
});

test("a list that somebody may read on is remembered", async () => {
    const { payments } = stub(answer);
    const page = await payments.orders.list({ limit: 100 });
    assert.ok(page.hasNextPage());
    mock.timers.tick(20_000);
    assert.ok(megabytes() > 15, `${megabytes()} MB`);
    const next = await page.getNextPage();
    assert.equal(next.data[0]._id, "order-100");
    assert.ok(next.hasNextPage());
});

test("a list that was left is not waited for", async () => {
    const { payments } = stub(answer);
    await large(payments);
    await (async () => {
        for await (const _ of payments.orders.list({ limit: 100 })) break;
    })();
    await settle();
    mock.timers.tick(20_000);
    assert.ok(megabytes() < 8, `${megabytes()} MB`);
});

test("a cursor goes on behind a large page, whichever call it is that sees to the memory", async () => {
    const { payments } = stub(answer);
    const { setTimeout } = globalThis;
    let cursor;
    try {
        // As in a Worker: one request reads the page and hands on the cursor, a later one comes with it.
        globalThis.setTimeout = () => 0;
        cursor = await (async () => (await payments.orders.list({ limit: 100 })).cursor)();
    } finally {
        globalThis.setTimeout = setTimeout;
    }
    await settle();
    mock.timers.tick(20_000);
    assert.ok(megabytes() > 15, `${megabytes()} MB`);
    const page = await payments.orders.list({ limit: 100, cursor });
    assert.deepEqual(page.data[0]._id, "order-100");
    mock.timers.tick(20_000);
    assert.equal((await page.getNextPage()).data[0]._id, "order-199");
});

/** Reads a large page, does something, and says whether its memory is given back. */
async function givenBack(options, act = async () => {}) {
    const { payments } = stub(answer, { limiter: undefined, ...options });
    await large(payments);
    await act(payments);
    // The lists of the tests before are gone.
    await settle();
    mock.timers.tick(20_000);
    return megabytes() < 8;
}

const limited = (headers) => async (url, init) => {
    const response = await answer(new Request(url, init));
    return new Response(response.body, { headers: { ...headers, "content-type": "application/json" } });
};

test("a payment that nobody has seen yet is kept, also behind a client that was closed", async () => {
    const hangs = new Promise(() => {});
    const { payments } = stub((request) => (request.method === "POST" ? hangs : Response.json({ data: [], totalCount: 0 })), { retryDelayMs: 5000 });
    const stop = new AbortController();
    const pay = payments.orders.recordPaymentOnce(ID, { mode: "cash", amount: 1 }, { reference: "job-1", signal: stop.signal });
    await settle();
    stop.abort();
    await assert.rejects(pay, { name: "AbortedError", outcome: "unknown" });
    payments.close();
    await large(stub(answer).payments);
    mock.timers.tick(17_000);
    assert.ok(megabytes() > 15, `${megabytes()} MB`);
    const { now } = performance;
    performance.now = () => now.call(performance) + 60_000;
    try {
        await stub(answer).payments.orders.get(ID);
        mock.timers.tick(17_000);
        assert.ok(megabytes() < 8, `${megabytes()} MB`);
    } finally {
        performance.now = now;
    }
});

test("what a limiter knows is kept", async () => {
    assert.equal(await givenBack({}), true);
    const documented = { "x-ratelimit-max": "100", "x-ratelimit-interval-milliseconds": "10000" };
    assert.equal(await givenBack({ fetch: limited(documented) }), true);
    assert.equal(await givenBack({ fetch: limited({ ...documented, "x-ratelimit-max": "25" }) }), false, "another limit");
    // Nobody has that client any more.
    await settle();
    let refuses = false;
    const refused = async (url, init) =>
        refuses ? Response.json({}, { status: 429, headers: { "retry-after": "60" } }) : answer(new Request(url, init));
    const act = async (payments) => {
        refuses = true;
        await payments.orders.get(ID, { maxRetries: 0 }).catch(() => {});
    };
    assert.equal(await givenBack({ fetch: refused }, act), false, "a minute in which nothing may be sent");
    mock.timers.tick(60_000);
    const { payments } = stub(answer);
    await payments.orders.get(ID);
    assert.ok(megabytes() < 8, "the minute is over");
});

test("clients that share a limiter go on to share it", async () => {
    const owner = new PaymentsClient({ token: TOKEN, locationId: LOCATION });
    assert.equal(await givenBack({ limiter: owner }), true);
    assert.equal(await givenBack({ limiter: owner }, async () => owner.close()), false, "nobody could share its limiter again");
});
