// Pages and lists behind a Proxy, as frameworks hand them out, and in copies and printouts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { stub } from "../support/stub.mjs";

const RECORDS = ["a", "b", "c", "d", "e"].map((_id) => ({ _id }));

function client() {
    return stub((request) => {
        const query = new URL(request.url).searchParams;
        const offset = Number(query.get("offset") ?? 0);
        const data = RECORDS.slice(offset, offset + Number(query.get("limit")));
        return Response.json({ data, totalCount: RECORDS.length });
    });
}

/** As Vue's `reactive` does: every object that is read from it is wrapped as well. */
function deep(target) {
    return new Proxy(target, {
        get(object, key, receiver) {
            const value = Reflect.get(object, key, receiver);
            return typeof value === "object" && value !== null ? deep(value) : value;
        },
    });
}

/** Each read goes through a Proxy and tells its key. */
function watched(target) {
    return new Proxy(target, { get: (object, key, receiver) => Reflect.get(object, key, receiver) });
}

const PROXIES = { "a transparent Proxy": (target) => new Proxy(target, {}), "one with a trap": watched, "a deep one": deep };
const ids = (records) => records.map(({ _id }) => _id);

for (const [what, wrap] of Object.entries(PROXIES)) {
    test(`a page works behind ${what}`, async () => {
        const { payments } = client();
        const page = await payments.orders.list({ limit: 2 });
        const proxy = wrap(page);
        assert.deepEqual([proxy.hasNextPage(), proxy.cursor, proxy.totalCount], [true, page.cursor, 5]);
        assert.match(proxy.cursor, /^[0-9a-v]+$/);
        const second = wrap(await proxy.getNextPage());
        assert.deepEqual(ids(second.data), ["c", "d"]);
        const last = wrap(await second.getNextPage());
        assert.deepEqual([last.hasNextPage(), last.cursor], [false, undefined]);
        await assert.rejects(last.getNextPage(), RangeError);
    });

    test(`a list works behind ${what}`, async () => {
        const { payments, requests } = client();
        const list = wrap(payments.orders.list({ limit: 2 }));
        const seen = [];
        for await (const { _id } of list) seen.push(_id);
        for await (const { data } of list.pages()) seen.push(data.length);
        assert.deepEqual(seen, ["a", "b", "c", "d", "e", 2, 2, 1]);
        assert.deepEqual(ids(await list.toArray({ limit: 3 })), ["a", "b", "c"]);
        const page = await list;
        assert.deepEqual(ids(page.data), ["a", "b"]);
        assert.equal((await list.then(({ totalCount }) => totalCount)) + 0, 5);
        assert.equal((await list.finally(() => {})).totalCount, 5);
        assert.equal((await list.catch(() => {})).totalCount, 5);
        const { data, response } = await list.withResponse();
        assert.deepEqual([data, response.status], [page, 200]);
        assert.equal((await Promise.all([list]))[0], page);
        assert.equal(requests.filter(({ url }) => !url.searchParams.has("offset")).length, 1);
    });

    test(`a single result works behind ${what}`, async () => {
        const { payments } = stub({ _id: "x" });
        const result = wrap(payments.orders.get("x"));
        assert.equal((await result)._id, "x");
        assert.equal((await result.withResponse()).response.status, 200);
        assert.equal((await result.catch(() => {}))._id, "x");
        const refused = wrap(stub({}).payments.orders.get(""));
        assert.equal(await refused.catch(({ name }) => name), "ValidationError");
    });
}

test("a page shows, copies and writes its records and their number, nothing else", async () => {
    const { payments } = client();
    const page = await payments.orders.list({ limit: 2 });
    const plain = { data: [{ _id: "a" }, { _id: "b" }], totalCount: 5 };
    const check = () => {
        assert.deepEqual(JSON.parse(JSON.stringify(page)), plain);
        assert.deepEqual(structuredClone(page), plain);
        assert.deepEqual({ ...page }, plain);
        assert.deepEqual(Reflect.ownKeys({ ...page }), ["data", "totalCount"]);
        assert.equal(inspect(page), "Page { data: [ { _id: 'a' }, { _id: 'b' } ], totalCount: 5 }");
    };
    check();
    await page.getNextPage();
    check();
    assert.doesNotMatch(inspect(payments.orders.list({ limit: 2 })), /first page|result|behind/);
});

test("frozen, a page still goes on", async () => {
    const { payments } = client();
    const page = Object.freeze(await payments.orders.list({ limit: 2 }));
    assert.deepEqual(ids((await page.getNextPage()).data), ["c", "d"]);
    assert.equal(deep(page).hasNextPage(), true);
});
