// What changes after a full run: a webhook wakes one location, a window reads what is new, a full pass finds what was deleted.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { assertOnce, startSync } from "../support/agency-worker.mjs";
import { STREAMS } from "../support/agency.mjs";

const [LOCATION, OTHER] = ["location0", "location1"];
const DAY_MS = 86_400_000;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 2, size: 350, limits: "lifted" },
        databases: 2,
        options: `() => ({
            token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
            now: () => Date.now() + (globalThis.leap ?? 0),
        })`,
        routes: `"/leap": (env, { ms }) => ({ leap: (globalThis.leap = (globalThis.leap ?? 0) + ms) }),`,
    });
});
after(() => sync?.stop());

const orders = (location) => sync.rows("SELECT id, status, seen_run, deleted_at, body FROM orders WHERE location = ? ORDER BY id", location);
const names = async () => (await (await sync.agency.files()).list()).objects.map(({ key }) => key);

test("a webhook before any run is no reason to look", async () => {
    assert.deepEqual(await sync.ask("/hint", { type: "OrderCreate", locationId: LOCATION }), { looks: false });
    assert.deepEqual(await sync.ask("/hint", { type: "INSTALL" }), { looks: false });
    assert.deepEqual(await sync.ask("/hint", { type: "ContactCreate", locationId: LOCATION }), { looks: false });
});

let full;
test("a full run, in two databases", async () => {
    full = await sync.start();
    await sync.ended(full);
    for (const location of [LOCATION, OTHER]) {
        const wanted = await sync.sandbox.records({ stream: "orders", locationId: location });
        assertOnce((await orders(location)).map(({ id }) => id), wanted.map(({ _id }) => _id));
    }
});

test("a webhook wakes its location alone: what is new is in D1 soon, and no file of a run is written", async () => {
    const before = await names();
    const [rest, asked] = [await orders(OTHER), (await sync.sandbox.requests()).length];
    const { _id } = await sync.sandbox.createOrder({ locationId: LOCATION, paid: true });
    for (let i = 0; i < 5; i++) assert.deepEqual(await sync.ask("/hint", { type: "OrderCreate", locationId: LOCATION }), { looks: true });
    await sync.until(async () => (await orders(LOCATION)).some(({ id }) => id === _id), "the new order is in D1");
    const requests = (await sync.sandbox.requests()).slice(asked).filter(({ operation }) => operation?.endsWith(".list"));
    assert.deepEqual(requests.map(({ operation }) => operation).sort(), ["orders.list", "transactions.list"], "five hints are one look");
    assert.ok(requests[0].query.some(([name]) => name === "startAt"));
    assert.deepEqual([await orders(OTHER), await names()], [rest, before]);
});

test("a webhook that names an order brings it, however old it is, and the money of it", async () => {
    const old = (await sync.sandbox.records({ stream: "orders", locationId: LOCATION })).at(-1);
    const { status } = await sync.sandbox.changeRecord({ stream: "orders", locationId: LOCATION, id: old._id });
    const { _id } = await sync.sandbox.createOrder({ locationId: LOCATION, paid: true });
    const gone = { type: "OrderStatusUpdate", altId: LOCATION, altType: "location", _id: "65f0b217a05c774da7f1efa5" };
    assert.deepEqual(await sync.ask("/hint", gone), { looks: true });
    assert.deepEqual(await sync.ask("/hint", { ...gone, _id: old._id }), { looks: true });
    await sync.until(async () => {
        const rows = await orders(LOCATION);
        return rows.find(({ id }) => id === old._id).status === status && rows.some(({ id }) => id === _id);
    }, "both orders are in D1 as they are");
    const paid = await sync.sandbox.records({ stream: "transactions", locationId: LOCATION });
    const own = paid.find(({ entityId }) => entityId === _id)._id;
    const there = async () => (await sync.rows("SELECT 1 FROM transactions WHERE location = ? AND id = ?", LOCATION, own)).length === 1;
    await sync.until(there, "its transaction is in D1");
});

test("a window reads what is new and what has changed lately; coupons as a whole", async () => {
    const { _id } = await sync.sandbox.createOrder({ locationId: OTHER });
    const paid = await sync.sandbox.changeRecord({ stream: "orders", locationId: OTHER, id: _id });
    const run = await sync.start({ mode: "window" });
    const { locations } = await sync.ended(run);
    for (const { streams } of locations) {
        assert.deepEqual(STREAMS.map((stream) => streams[stream].pass), ["window", "window", "window", "full"]);
        assert.ok(streams.orders.records < 350, "not all of them");
    }
    const row = (await orders(OTHER)).find(({ id }) => id === _id);
    assert.deepEqual([row.status, row.seen_run], [paid.status, run]);
    const exported = await sync.exported(run);
    assert.ok(exported.orders.some((order) => order._id === _id));
});

test("what was deleted is marked by the next full pass, and nothing else is", async () => {
    const wanted = await sync.sandbox.records({ stream: "orders", locationId: LOCATION });
    const gone = [wanted[0], wanted[150], wanted.at(-1)].map(({ _id }) => _id);
    for (const id of gone) await sync.sandbox.deleteRecord({ stream: "orders", locationId: LOCATION, id });
    const window = await sync.start({ mode: "window" });
    await sync.ended(window);
    assert.ok((await orders(LOCATION)).every((row) => row.deleted_at === null), "that a window does not show it proves nothing");
    const run = await sync.start();
    const { locations: [{ streams }] } = await sync.ended(run);
    assert.equal(streams.orders.deleted, 3);
    const marked = (await orders(LOCATION)).filter((row) => row.deleted_at !== null).map(({ id }) => id);
    assert.deepEqual(marked.sort(), gone.sort());
    assert.ok((await orders(OTHER)).every((row) => row.deleted_at === null));
});

test("a window reads a list as a whole again where that was long ago", async () => {
    const [{ _id: id }] = (await sync.sandbox.records({ stream: "orders", locationId: OTHER })).slice(-1);
    await sync.sandbox.deleteRecord({ stream: "orders", locationId: OTHER, id });
    await sync.ask("/leap", { ms: 8 * DAY_MS });
    const run = await sync.start({ mode: "window", streams: ["orders"] });
    const { locations } = await sync.ended(run);
    assert.ok(locations.every(({ streams }) => streams.orders.pass === "full"));
    assert.equal((await orders(OTHER)).find((row) => row.id === id).deleted_at > 0, true);
});

test("a cron trigger begins a window of every company, and lets a run go on that has not ended", async () => {
    const runs = () => sync.rows("SELECT run, mode FROM runs ORDER BY started_at");
    const before = (await runs()).length;
    await sync.sandbox.addFault("status=503", { locationId: OTHER, times: 1 });
    await sync.agency.cron();
    const { run, mode } = (await runs()).at(-1);
    assert.deepEqual([(await runs()).length, mode], [before + 1, "window"]);
    await sync.agency.cron();
    assert.equal((await sync.status(run)).state, "running");
    assert.equal((await runs()).length, before + 1);
    assert.equal((await sync.ended(run)).counts.done, 2);
});

test("orders with what only the order itself says", async () => {
    const run = await sync.start({ streams: ["orders"], locations: [OTHER], details: true });
    await sync.ended(run);
    const exported = await sync.exported(run);
    assert.ok(exported.orders.length > 300);
    assert.ok(exported.orders.every(({ items }) => Array.isArray(items)));
    const [row] = await sync.rows("SELECT body FROM orders WHERE location = ? AND seen_run = ? LIMIT 1", OTHER, run);
    assert.ok(Array.isArray(JSON.parse(row.body).items));
});
