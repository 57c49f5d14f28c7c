// What HighLevel, or something in between, may answer instead of records: one odd answer stops neither its list nor the other lists.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { startSync } from "../support/agency-worker.mjs";

/** Answers of the Worker's `fetch` in place of the sandbox's, by `globalThis.odd`. */
const OPTIONS = `{
    token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
    timeoutMs: 1000,
    fetch: async (url, init) => {
        const { pathname } = new URL(url);
        const json = (status, body) => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
        const id = /^\\/payments\\/transactions\\/(.+)$/.exec(pathname)?.[1];
        const odd = globalThis.odd ?? {};
        if (id !== undefined && odd[id]) return odd[id].text === undefined ? json(odd[id].status, odd[id].body) : new Response(odd[id].text, { status: odd[id].status });
        if (pathname === "/payments/orders" && odd.orders) return json(503, { message: "down" });
        if (pathname === "/payments/coupon/list" && odd.limited) return new Response("{}", { status: 429, headers: { "retry-after": "86400" } });
        const answer = await fetch(url, init);
        if (pathname !== "/payments/transactions") return answer;
        const list = await answer.json();
        if (odd.hidden) list.data = list.data.filter(({ _id }) => !odd.hidden.includes(_id));
        if (odd.more) list.data.push(...odd.more);
        return json(answer.status, list);
    },
}`;
const ROUTES = `"/odd": (env, odd) => ((globalThis.odd = odd), {}),`;

let sync;
before(async () => {
    sync = await startSync({ sandbox: { locations: 1, size: 30, limits: "lifted" }, options: OPTIONS, routes: ROUTES });
});
after(() => sync?.stop());

const lines = (event) => sync.agency.lines.map(({ line }) => line).filter((line) => line.includes(`event=${event} `));

test("what is no record of the location is left out and counted nowhere", async () => {
    await sync.ask("/odd", { more: [null, 5, "x", [], {}, { _id: "elsewhere", altId: "another" }] });
    const run = await sync.start({ streams: ["transactions"] });
    const { locations: [location], records } = await sync.ended(run);
    const rows = await sync.rows("SELECT id FROM transactions");
    assert.deepEqual([location.state, location.streams.transactions.records, records], ["done", rows.length, rows.length]);
    assert.equal((await sync.exported(run)).transactions.length, rows.length);
    assert.ok(lines("left").some((line) => line.includes("leftOut=6")), lines("left").join("\n"));
});

test("only HighLevel's own word that the record is not there marks it as deleted", async () => {
    const ids = (await sync.rows("SELECT id FROM transactions ORDER BY id")).map(({ id }) => id);
    const answers = [
        { status: 404, text: "<html>404" },
        { status: 404, text: "" },
        { status: 404, body: { message: "Cannot GET /payments/transactions/x", error: "Not Found", statusCode: 404 } },
        { status: 404, body: { message: "Location not found", statusCode: 404 } },
        { status: 400, body: { message: "invalid id", statusCode: 400 } },
        { status: 403, body: { message: "no", statusCode: 403 } },
        { status: 422, body: { message: ["id must be a mongodb id"], statusCode: 422 } },
        { status: 200, body: { _id: "another", altId: "location0" } },
        { status: 200, body: null },
        { status: 404, body: { message: "Transaction not found", error: "Not Found", statusCode: 404 } },
    ];
    const hidden = ids.slice(0, answers.length);
    await sync.ask("/odd", { hidden, ...Object.fromEntries(hidden.map((id, i) => [id, answers[i]])) });
    const run = await sync.start({ streams: ["transactions"] });
    const { locations: [{ state, streams, failures }] } = await sync.ended(run);
    assert.deepEqual([state, streams.transactions.deleted, failures], ["done", 1, 0]);
    const marked = await sync.rows("SELECT id FROM transactions WHERE deleted_at IS NOT NULL");
    assert.deepEqual(marked, [{ id: hidden.at(-1) }]);
    assert.equal((await sync.rows("SELECT 1 FROM transactions WHERE id = 'another'")).length, 0);
    assert.equal(lines("unknown").length, answers.length - 1);
});

test("a list that fails keeps no other from being read, and a limit of a day ends the run with its time", async () => {
    await sync.ask("/odd", { orders: true, limited: true });
    const run = await sync.start({ streams: ["orders", "transactions", "coupons"] });
    const { locations: [location] } = await sync.ended(run);
    assert.equal(location.state, "failed");
    assert.match(location.reason, /^limited until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ: /);
    assert.deepEqual([location.streams.orders.pages, location.streams.transactions.done], [0, true]);
    const [{ files }] = (await sync.manifest(run)).locations;
    assert.ok(files.some(({ name }) => name.includes("/transactions/")));
});
