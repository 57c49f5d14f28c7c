// A page of many megabytes: the wasm memory that it took is given back once nothing is under way.

import assert from "node:assert/strict";
import { join } from "node:path";
import { mock, test } from "node:test";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PACKAGE } from "../support/support.mjs";
import { ID, stub } from "../support/stub.mjs";

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
