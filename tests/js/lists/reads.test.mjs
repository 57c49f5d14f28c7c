// What callers share does not depend on the one who began it: in a Worker its request may end, and nothing of it goes on.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { PACKAGE, startWorker } from "../support/support.mjs";

// No entry of the package, but a file of it: only here can a read be made to fall silent.
const { SharedRead } = await import(pathToFileURL(join(PACKAGE, "client/reads.js")));

const TIMEOUT_MS = 1000;

/** A read whose ends are given by hand. */
function byHand(lasting = false) {
    const reads = [];
    const read = (signal) => new Promise((resolve, reject) => reads.push({ signal, resolve, reject }));
    return { reads, shared: new SharedRead(read, { signal: undefined, timeoutMs: TIMEOUT_MS }, lasting) };
}

/** Lets everything go on that does not wait for time. */
const settle = async () => {
    for (let i = 0; i < 10; i++) await undefined;
};

test("who waits for a read that has fallen silent reads for himself after its time", async (t) => {
    t.mock.timers.enable({ apis: ["Date", "setTimeout"] });
    for (const lasting of [false, true]) {
        const { reads, shared } = byHand(lasting);
        const dead = shared.join();
        t.mock.timers.tick(400);
        const waiting = [shared.join(), shared.join()];
        t.mock.timers.tick(599);
        await settle();
        assert.equal(reads.length, 1);
        t.mock.timers.tick(1);
        await settle();
        assert.equal(reads.length, 2, "one of them reads, the other one shares that");
        reads[1].resolve({ page: 2 });
        for (const { result } of waiting) assert.deepEqual(await result, { page: 2 });
        // It comes to life after all.
        reads[0].resolve({ page: 1 });
        assert.deepEqual(await dead.result, { page: 1 });
    }
});

test("who asks after the time of a silent read does not wait at all", async (t) => {
    t.mock.timers.enable({ apis: ["Date", "setTimeout"] });
    const { reads, shared } = byHand();
    shared.join();
    t.mock.timers.tick(TIMEOUT_MS);
    const { result } = shared.join();
    assert.equal(reads.length, 2);
    reads[1].resolve({});
    assert.deepEqual(await result, {});
});

test("a clock that is set back or forward blocks nobody", async (t) => {
    for (const hours of [-5, 5]) {
        t.mock.timers.enable({ apis: ["Date", "setTimeout"], now: 1e12 });
        const { reads, shared } = byHand();
        shared.join();
        t.mock.timers.setTime(1e12 + hours * 3_600_000);
        shared.join();
        assert.equal(reads.length, 2, `${hours} h`);
        t.mock.timers.reset();
    }
    // While one waits.
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { now } = Date;
    t.after(() => (Date.now = now));
    let clock = 1e12;
    Date.now = () => clock;
    const { reads, shared } = byHand();
    shared.join();
    shared.join();
    clock -= 3_600_000;
    t.mock.timers.tick(TIMEOUT_MS);
    assert.equal(reads.length, 2);
});

test("who began a read waits for it as long as it takes", async (t) => {
    t.mock.timers.enable({ apis: ["Date", "setTimeout"] });
    const { reads, shared } = byHand(true);
    const { result } = shared.join();
    t.mock.timers.tick(20 * TIMEOUT_MS);
    await settle();
    assert.equal(reads.length, 1);
    reads[0].resolve({ page: 1 });
    assert.deepEqual(await result, { page: 1 });
    t.mock.timers.tick(TIMEOUT_MS);
    assert.deepEqual(await shared.join().result, { page: 1 });
    assert.equal(reads.length, 1, "what lasts is read once");
});

test("a read is aborted when the last one who wanted it has left, and not before", async () => {
    const { reads, shared } = byHand();
    const [one, two] = [shared.join(), shared.join()];
    one.leave();
    one.leave();
    assert.equal(await one.result, undefined);
    assert.equal(reads[0].signal.aborted, false);
    two.leave();
    assert.equal(reads[0].signal.aborted, true);
    reads[0].reject(new Error("aborted"));
    assert.equal(await two.result, undefined);
    const { result } = shared.join();
    assert.equal(reads.length, 2);
    reads[1].reject(new Error("refused"));
    await assert.rejects(result, { message: "refused" });
    const later = shared.join();
    reads[2].resolve({ page: 1 });
    await later.result;
    later.leave();
    assert.equal(reads[2].signal.aborted, false, "it has ended");
});

test("in workerd a page that a request has left behind is read by the next one", { timeout: 60_000 }, async (t) => {
    const worker = await startWorker(`
        import { PaymentsClient } from "ghl-payments";
        const page = (offset) => ({
            data: [{ _id: String(offset) }, { _id: String(offset + 1) }],
            totalCount: 9,
        });
        let silent = false;
        const fetch = async (request) => {
            const query = new URL(typeof request === "string" ? request : request.url).searchParams;
            if (silent) await new Promise(() => {});
            return Response.json(page(Number(query.get("offset") ?? 0)));
        };
        const payments = new PaymentsClient({ token: "t", locationId: "l", timeoutMs: 300, fetch, limiter: false });
        let first, list;
        export default {
            async fetch(request) {
                const { pathname } = new URL(request.url);
                if (pathname === "/begin") {
                    first = await payments.orders.list({ limit: 2 });
                    silent = true;
                    first.getNextPage().catch(() => {});
                    list = payments.orders.list({ limit: 2 });
                    list.pages().next().catch(() => {});
                    return new Response("begun");
                }
                silent = false;
                if (pathname === "/page") return Response.json((await first.getNextPage()).data);
                return Response.json((await list.toArray({ limit: 4 })).map(({ _id }) => _id));
            },
        };
    `);
    t.after(() => worker.dispose());
    const ask = async (path) => (await worker.dispatchFetch(`http://worker${path}`)).text();
    assert.equal(await ask("/begin"), "begun");
    assert.equal(await ask("/page"), '[{"_id":"2"}]');
    assert.equal(await ask("/list"), '["0","1","2","3"]');
});

test("a fetch that never lets go of the thread does not keep everybody else from it", async () => {
    const answer = (url) => {
        const start = Number(new URL(url).searchParams.get("offset") ?? 0);
        const data = Array.from({ length: 10 }, (_, i) => ({ _id: `record-${start + i}` }));
        return new TextEncoder().encode(JSON.stringify({ data, totalCount: 1000 })).buffer;
    };
    const headers = { get: () => null };
    const fetch = async (url) => ({ status: 200, headers, arrayBuffer: async () => answer(url) });
    const { PaymentsClient } = await import("ghl-payments");
    const payments = new PaymentsClient({ token: "token-of-reads", locationId: "location-of-reads", fetch, limiter: false });
    let others = 0;
    const other = setInterval(() => others++);
    let records = 0;
    try {
        for await (const { _id } of payments.orders.list({ limit: 10 })) {
            assert.equal(_id, `record-${records++}`);
        }
    } finally {
        clearInterval(other);
    }
    assert.equal(records, 1000);
    assert.ok(others > 0, "nobody else had a turn");
});
