// What a cursor is good for: the same list, filters, account and base URL, however they were given, and in Rust as well.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { failure, stub } from "../support/stub.mjs";

/** `tests/reliability/pages.rs` reads them as well: a cursor of one face is taken by the other. */
const CURSORS = JSON.parse(await readFile(new URL("../../fixtures/cursors.json", import.meta.url), "utf8"));

/** A list as a client with these options and call options has it. */
function list({ list, ids, total, ...options }, params, call) {
    const records = ids.map((id) => (id === "" ? {} : { _id: id }));
    const data = list.endsWith("Whitelabel") ? { providers: records } : { data: records, totalCount: total };
    const { baseUrl, locationId } = options;
    const { payments, requests } = stub(data, { locationId, ...(baseUrl && { baseUrl }) });
    const [resource, method] = list.split(".");
    return { page: () => payments[resource][method](params, call), requests };
}

test("the cursor of a page is the one that Rust gives it, and is taken again", async () => {
    for (const kept of CURSORS) {
        const { cursor } = await list(kept, kept.params).page();
        assert.equal(cursor, kept.cursor, kept.list);
        const { offset, ...filters } = kept.params;
        const { page, requests } = list(kept, { ...filters, cursor });
        await page();
        assert.ok(Number(requests[0].url.searchParams.get("offset")) > (offset ?? 0) || kept.ids.length === 1);
    }
});

const [ORDERS] = CURSORS;
const { limit, ...FILTERS } = ORDERS.params;
const cursor = async () => (await list(ORDERS, ORDERS.params).page()).cursor;

test("it does not matter how the filters and the account were given", async () => {
    const { locationId } = ORDERS;
    const none = { ...ORDERS, locationId: undefined };
    const other = { ...ORDERS, locationId: "another" };
    for (const [options, params, call] of [
        [ORDERS, Object.fromEntries(Object.entries(FILTERS).reverse())],
        [ORDERS, { ...FILTERS, sourceId: undefined, limit: 50 }],
        [ORDERS, { ...FILTERS, altId: locationId, altType: "location" }],
        [none, FILTERS, { locationId }],
        [none, { ...FILTERS, altId: locationId, locationId }],
        [other, FILTERS, { locationId }],
        [{ ...ORDERS, baseUrl: "https://services.leadconnectorhq.com/" }, FILTERS],
    ]) {
        const { page, requests } = list(options, { ...params, cursor: await cursor() }, call);
        await page();
        assert.equal(requests[0].url.searchParams.get("offset"), "2");
    }
    const products = { ...ORDERS, params: { funnelProductIds: ["a", "b"] } };
    const first = await list(products, products.params).page();
    await list(products, { funnelProductIds: "a,b", cursor: first.cursor }).page();
});

test("another list, filter, account or base URL refuses it before anything is sent", async () => {
    for (const [what, options, params, call] of [
        ["list", { ...ORDERS, list: "transactions.list" }, {}],
        ["filters", ORDERS, {}],
        ["filter", ORDERS, { ...FILTERS, status: "pending" }],
        ["further filter", ORDERS, { ...FILTERS, contactId: "x" }],
        ["location of the client", { ...ORDERS, locationId: "another" }, FILTERS],
        ["location of the call", ORDERS, FILTERS, { locationId: "another" }],
        ["altId", ORDERS, { ...FILTERS, altId: "another" }],
        ["locationId", ORDERS, { ...FILTERS, locationId: "another" }],
        ["base URL", { ...ORDERS, baseUrl: "https://pay.example" }, FILTERS],
        ["path of the base URL", { ...ORDERS, baseUrl: "https://services.leadconnectorhq.com/v1" }, FILTERS],
        ["offset", ORDERS, { ...FILTERS, offset: 3 }],
        ["offset 0", ORDERS, { ...FILTERS, offset: 0 }],
    ]) {
        const { page, requests } = list(options, { ...params, cursor: await cursor() }, call);
        const error = await failure(page());
        assert.equal(error.name, "ValidationError", what);
        assert.deepEqual(
            [error.outcome, error.operation?.name, error.issues.map(({ path }) => path)],
            ["not_sent", options.list, ["cursor"]],
            what,
        );
        assert.equal(requests.length, 0, what);
    }
});

test("a cursor of the format before is refused", async () => {
    // Of version 1, which knew no location and no base URL.
    const old = "1008000006a9l6e1c5ps2jc9rfbkt7s9c6bpe1q5s2n3d0jl";
    for (const text of [old, (await cursor()).replace(/^2/, "1")]) {
        assert.deepEqual((await failure(list(ORDERS, { ...FILTERS, cursor: text }).page())).issues[0].path, "cursor");
    }
});

test("wrong parameters beside a cursor are named", async () => {
    const { page, requests } = list(ORDERS, { ...FILTERS, limit: -1, cursor: await cursor() });
    const error = await failure(page());
    assert.deepEqual([error.name, error.issues[0].path, requests.length], ["ValidationError", "limit", 0]);
});

test("the first page behind a cursor is no background call, further ones are", async () => {
    const headers = { "x-ratelimit-max": "1", "x-ratelimit-interval-milliseconds": "100" };
    const { payments, requests } = stub(({ url }) => {
        const offset = Number(new URL(url).searchParams.get("offset") ?? 0);
        const data = Array.from({ length: 2 }, (_, i) => ({ _id: `record-${offset + i}` }));
        return Response.json({ data, totalCount: 9 }, { headers });
    }, { limiter: undefined });
    const first = await payments.orders.list({ limit: 2 });
    // The one slot is taken: whoever is no background call keeps the place in which it asked.
    const behind = payments.orders.list({ limit: 2, cursor: first.cursor });
    const call = payments.coupons.list({ limit: 2 });
    const further = first.getNextPage();
    const last = payments.transactions.list({ limit: 2 });
    await Promise.all([behind, call, further, last]);
    assert.deepEqual(
        requests.map(({ url }) => [url.pathname, url.searchParams.get("offset")]),
        [
            ["/payments/orders", null],
            ["/payments/orders", "1"],
            ["/payments/coupon/list", null],
            ["/payments/transactions", null],
            ["/payments/orders", "1"],
        ],
    );
});

test("a record that stands twice in a page is delivered once", async () => {
    const twice = { ...ORDERS, ids: ["one", "two", "one"], total: 3 };
    const page = await list(twice, {}).page();
    assert.deepEqual(
        page.data.map(({ _id }) => _id),
        ["one", "two"],
    );
    assert.equal(page.totalCount, 3);
});
