// A Worker's isolate outlives its requests. One that ends takes along whatever it awaited: no timer of it fires any more, no
// promise of it is settled, no `finally` runs. The client of the next request must not wait for any of that.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import test, { after, before } from "node:test";
import { LOCATION } from "../support/stub.mjs";
import { startWorker } from "../support/support.mjs";

const TIMEOUT_MS = 1000;
const INTERVAL_MS = 500;
/** By then the last slot that an abandoned call can hold has expired. */
const ALLOWED_MS = TIMEOUT_MS + INTERVAL_MS;
/** Generous: the machine that runs this does much else. */
const DEADLINE_MS = 20_000;

/** Its clients outlive the request that makes them; its handlers begin something and end. */
const WORKER = `
    import { PaymentsClient } from "ghl-payments";
    let payments;
    let asking;
    const begin = {
        requests: () => void payments.orders.get("a").catch(() => {}),
        iterations: async () => {
            const orders = payments.orders.list({ limit: 2 })[Symbol.asyncIterator]();
            await orders.next();
            // The next page is asked for from here on.
            void orders.next().catch(() => {});
        },
        flights: () => void asking.orders.get("a").catch(() => {}),
    };
    export default {
        async fetch(request, { baseUrl, locationId, timeoutMs }) {
            const settings = { baseUrl, locationId, timeoutMs, maxRetries: 0 };
            payments ??= new PaymentsClient({ ...settings, token: "t" });
            asking ??= new PaymentsClient({
                ...settings,
                token: async () => (await fetch(baseUrl + "/token")).text(),
            });
            const { pathname, searchParams } = new URL(request.url);
            const kind = searchParams.get("kind");
            if (pathname === "/begin") {
                await begin[kind]();
                return new Response("the handler has ended");
            }
            const began = Date.now();
            const client = kind === "flights" ? asking : payments;
            const call = client.orders.get("a", { deadlineMs: ${DEADLINE_MS} });
            const outcome = await call.then(({ _id }) => _id, (error) => error.name + ": " + error.message);
            return Response.json({ outcome, ms: Date.now() - began });
        },
    };
`;

let server;
let worker;
/** How often a token was asked for. */
let asked = 0;
/** What the server does: how many requests it allows, and which it leaves without an answer. */
const behaviour = { max: 5, hangs: () => false };

before(async () => {
    server = createServer((request, response) => {
        if (request.url === "/token") asked += 1;
        if (behaviour.hangs(request)) return;
        if (request.url === "/token") return void response.end("tok");
        response.writeHead(200, {
            "content-type": "application/json",
            "x-ratelimit-max": `${behaviour.max}`,
            "x-ratelimit-interval-milliseconds": `${INTERVAL_MS}`,
        });
        const data = [{ _id: "a" }, { _id: "b" }];
        response.end(JSON.stringify({ _id: "a", data, totalCount: 100 }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseUrl = `http://127.0.0.1:${server.address().port}`;
    worker = await startWorker(WORKER, { bindings: { baseUrl, locationId: LOCATION, timeoutMs: TIMEOUT_MS } });
});

after(async () => {
    await worker?.dispose();
    server?.closeAllConnections();
    server?.close();
});

async function dispatch(path, kind) {
    const response = await worker.dispatchFetch(`http://worker.test${path}?kind=${kind}`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return text;
}

/** Abandons calls of a kind, then makes one that is not abandoned. */
async function abandon(kind, count, max, hangs) {
    Object.assign(behaviour, { max, hangs: () => false });
    // An answer names the limits. Where a token is to be asked for, none may be known.
    if (kind !== "flights") assert.equal(JSON.parse(await dispatch("/healthy", kind)).outcome, "a");
    behaviour.hangs = hangs;
    for (let i = 0; i < count; i += 25) {
        const some = Array.from({ length: Math.min(25, count - i) }, () => dispatch("/begin", kind));
        await Promise.all(some);
    }
    behaviour.hangs = () => false;
    const { outcome, ms } = JSON.parse(await dispatch("/healthy", kind));
    return { kind, count, dead: outcome === "a" ? 0 : 1, outcome, ms };
}

test("calls that are abandoned in workerd, at the limit, leave a client that works", async () => {
    const results = [
        await abandon("requests", 250, 5, () => true),
        await abandon("iterations", 250, 100, ({ url }) => /offset=[1-9]/.test(url)),
        await abandon("flights", 50, 5, ({ url }) => url === "/token"),
    ];
    const parts = results.map(({ kind, count, ms }) => `${count} abandoned ${kind}: healthy after ${ms} ms`);
    const dead = results.reduce((sum, result) => sum + result.dead, 0);
    console.log(`figure: isolates: ${dead} dead; ${parts.join("; ")} (slots expire after ${ALLOWED_MS} ms)`);
    assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ["a", "a", "a"],
    );
    assert.ok(asked >= 2, "the token was asked for in vain, and again");
});
