// Lists that are hard to read: whose total is lower than what they hold, and whose pages are longer than an answer may be.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { assertOnce, startSync } from "../support/agency-worker.mjs";

const SIZE = 730;
const LOCATION = "location0";

/** Changes what the lists of orders say. `heavy`: some of their records have as many bytes more. */
const OPTIONS = `() => ({
    token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
    fetch: async (url, init) => {
        const answer = await fetch(url, init);
        const { pathname, searchParams } = new URL(url);
        if (pathname !== "/payments/orders" || answer.status !== 200) return answer;
        const list = await answer.json();
        const offset = Number(searchParams.get("offset") ?? 0);
        asked.push([offset, Number(searchParams.get("limit"))]);
        if (globalThis.total !== null) list.totalCount = total;
        // Six of them, 9 MB together.
        for (const [i, order] of list.data.entries()) if (heavy && offset + i >= 200 && offset + i < 206) order.note = "x".repeat(heavy);
        return Response.json(list, { headers: answer.headers });
    },
})`;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 1, size: SIZE, limits: "lifted" },
        options: OPTIONS,
        more: "Object.assign(globalThis, { asked: [], total: null, heavy: 0 });",
        routes: `
            "/set": (env, values) => (Object.assign(globalThis, values, { asked: [] }), {}),
            "/asked": () => asked,
        `,
    });
});
after(() => sync?.stop());

async function read() {
    const run = await sync.start({ streams: ["orders"] });
    const { locations: [location] } = await sync.ended(run);
    const wanted = await sync.sandbox.records({ stream: "orders", locationId: LOCATION });
    const { orders } = await sync.exported(run);
    return { location, orders: orders.map(({ _id }) => _id), wanted: wanted.map(({ _id }) => _id), asked: await sync.ask("/asked", {}) };
}

test("a list whose total is right is asked for no page more", async () => {
    await sync.ask("/set", { total: null });
    const { orders, wanted, asked } = await read();
    assertOnce(orders, wanted);
    assert.deepEqual(asked.map(([offset]) => offset), [0, 99, 198, 297, 396, 495, 594, 693]);
});

for (const total of [0, 1, 250, SIZE - 1]) {
    test(`a list that has ${SIZE} records and says ${total} is read to its end`, async () => {
        await sync.ask("/set", { total });
        const { location, orders, wanted, asked } = await read();
        assert.equal(location.state, "done", JSON.stringify(location));
        assertOnce(orders, wanted);
        // By its pages, and not by ids that D1 knows; with such a total only a page that brings nothing new is the last one.
        assert.deepEqual(asked.map(([offset]) => offset), [0, 99, 198, 297, 396, 495, 594, 693, 729]);
    });
}

test("pages that are too long are read in smaller ones, and those behind them in larger ones again", async () => {
    await sync.ask("/set", { total: null, heavy: 1_500_000 });
    const { location, orders, wanted, asked } = await read();
    assert.equal(location.state, "done", JSON.stringify(location));
    assertOnce(orders, wanted);
    // Each page but the first begins with the record that the one before ended with; one that is less than the largest has room for it.
    const tried = asked.slice(2, 7);
    assert.deepEqual(tried, [[198, 100], [198, 51], [198, 26], [198, 13], [198, 7]]);
    assert.deepEqual([asked.at(-1)[1], asked.length < 25], [100, true], JSON.stringify(asked));
});
