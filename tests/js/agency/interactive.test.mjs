// What goes through the object of its location for somebody who waits: what was given up while it waited for its turn is not sent, and
// stands in nobody's way.

import assert from "node:assert/strict";
import { request } from "node:http";
import test, { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startSync } from "../support/agency-worker.mjs";

const LIMIT = 100;
const INTERVAL_MS = 10_000;
const [LOCATION, OTHER] = ["location0", "location1"];

const ROUTES = `
    "/orders": async (env, { location, token, times, limit }) => {
        const client = clientOf(env, location, token);
        const lists = await Promise.all(Array.from({ length: times }, () => client.orders.list({ limit })));
        return { count: lists.length };
    },
    "/paid": async (env, { location, token, order, timeoutMs, abort }) => {
        const controller = new AbortController();
        const why = new Error("nobody wants it");
        if (abort === "before") controller.abort(why);
        const fetched = paid(env, location, token, order, abort === undefined ? undefined : controller.signal, timeoutMs);
        if (abort === "behind") controller.abort(why);
        if (abort > 0) setTimeout(() => controller.abort(why), abort);
        return fetched.then(({ status }) => ({ status }), (error) => ({ name: error.name, own: error === why, code: error.code }));
    },
`;

const MORE = `
    const clientOf = (env, locationId, token) =>
        new PaymentsClient({ token, locationId, baseUrl: env.GHL_BASE_URL, fetch: locationFetch(env), limiter: false, maxRetries: 0 });

    function paid(env, locationId, token, order, signal, timeoutMs) {
        if (timeoutMs) return clientOf(env, locationId, token).orders.recordPayment(order, { mode: "cash", amount: 1 }, { timeoutMs }).then(() => ({ status: 200 }));
        const headers = { authorization: "Bearer " + token, version: "2021-07-28", "content-type": "application/json" };
        const body = JSON.stringify({ altId: locationId, altType: "location", mode: "cash", amount: 1 });
        return locationFetch(env)(env.GHL_BASE_URL + "/payments/orders/" + order + "/record-payment", { method: "POST", headers, body, signal });
    }
`;

let sync;
let order;
before(async () => {
    sync = await startSync({ sandbox: { locations: 2, size: 60, limits: "real" }, routes: ROUTES, more: MORE });
    ({ _id: order } = await sync.sandbox.createOrder({ locationId: LOCATION }));
});
after(() => sync?.stop());

const ask = (path, body, location = LOCATION) => sync.ask(path, { location, token: sync.sandbox.tokens[location], ...body });
const sent = async (operation) => (await sync.sandbox.requests()).filter((one) => one.operation === operation).length;

/** A client that asks, and is gone after so many milliseconds. */
async function hangUp(path, body, ms) {
    const url = new URL(path, await sync.agency.url());
    await new Promise((resolve) => {
        const client = request(url, { method: "POST", agent: false });
        client.on("error", () => {}).on("close", resolve);
        client.end(JSON.stringify({ location: LOCATION, token: sync.sandbox.tokens[LOCATION], ...body }));
        setTimeout(() => client.socket.resetAndDestroy(), ms);
    });
}

test("a write that was aborted before it could be sent is not sent", async () => {
    for (const abort of ["before", "behind"]) {
        assert.deepEqual(await ask("/paid", { order, abort }), { name: "Error", own: true }, abort);
    }
    await pause(500);
    assert.equal(await sent("orders.recordPayment"), 0);
    assert.deepEqual(await ask("/paid", { order, abort: 60_000 }), { status: 200 }, "one that is not aborted");
    assert.equal(await sent("orders.recordPayment"), 1);
});

test("what was given up while it waited is never sent, and those behind it get their turn as if it had not been there", async () => {
    await ask("/orders", { times: LIMIT, limit: 1 }, OTHER);
    const began = Date.now();
    const [paid, lists] = [await sent("orders.recordPayment"), await sent("orders.list")];
    const [mine] = await Promise.all([
        Promise.all([
            sync.ask("/paid", { location: OTHER, token: sync.sandbox.tokens[OTHER], order, abort: 700 }),
            sync.ask("/paid", { location: OTHER, token: sync.sandbox.tokens[OTHER], order, timeoutMs: 1000 }),
        ]),
        // Readers, and writers, whose people have closed the page: as many as an interval lets through.
        ...Array.from({ length: LIMIT }, (_, i) =>
            i % 2 === 0
                ? hangUp("/orders", { location: OTHER, token: sync.sandbox.tokens[OTHER], times: 1, limit: 2 }, 800)
                : hangUp("/paid", { location: OTHER, token: sync.sandbox.tokens[OTHER], order }, 800),
        ),
    ]);
    assert.deepEqual(mine[0], { name: "Error", own: true });
    assert.equal(mine[1].code, "timeout");
    // Fewer than an interval lets through: the sandbox's and the object's need not begin at the same moment.
    const behind = await Promise.all(Array.from({ length: LIMIT / 2 }, () => ask("/orders", { times: 1, limit: 3 }, OTHER)));
    const took = Date.now() - began;
    assert.equal(behind.length, LIMIT / 2);
    assert.ok(took < 1.5 * INTERVAL_MS, `${took} ms: they have waited for one interval, and not for that of who is gone`);
    await pause(Math.max(0, began + INTERVAL_MS + 2000 - Date.now()));
    assert.equal(await sent("orders.recordPayment"), paid);
    assert.equal(await sent("orders.list"), lists + LIMIT / 2);
    const refused = (await sync.sandbox.requests()).filter(({ status }) => status === 429).length;
    assert.equal(refused, 0);
    console.log(`figure: agency: ${LIMIT} callers that hung up while they waited, and 2 that gave up: 0 of their requests were sent, ${behind.length} behind them were after ${took} ms`);
});
