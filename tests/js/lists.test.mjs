// Lists: awaited for a page, iterated for records, each delivered once.

import assert from "node:assert/strict";
import test from "node:test";
import { Page, PagePromise } from "ghl-payments";
import { failure, stub } from "./stub.mjs";

/** A server with these records, newest first; its list can grow between two requests. */
function server(records, { total = true, limit: usual = 10 } = {}) {
    return (request) => {
        const params = new URL(request.url).searchParams;
        const [offset, limit] = [Number(params.get("offset") ?? 0), Number(params.get("limit") ?? usual)];
        const data = records.slice(offset, offset + limit).map((_id) => ({ _id }));
        return Response.json(total ? { data, totalCount: records.length } : { data });
    };
}

function numbers(from, to) {
    return Array.from({ length: to - from }, (_, i) => `record-${from + i}`);
}

function offsets(requests) {
    return requests.map(({ url }) => url.searchParams.get("offset"));
}

const ids = (records) => records.map((record) => record._id);

test("awaited, a list is its first page", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    const promise = payments.orders.list({ limit: 10, status: "completed" });
    assert.ok(promise instanceof PagePromise && promise instanceof Promise);
    const page = await promise;
    assert.ok(page instanceof Page);
    assert.deepEqual(ids(page.data), numbers(0, 10));
    assert.equal(page.totalCount, 25);
    assert.equal(page.hasNextPage(), true);
    assert.equal(requests.length, 1);
    assert.deepEqual([...requests[0].url.searchParams.keys()].sort(), [
        "altId",
        "altType",
        "limit",
        "locationId",
        "status",
    ]);
});

test("iterated, a list delivers every record once, in order", async () => {
    for (const list of ["orders", "transactions", "subscriptions", "coupons"]) {
        for (const [count, limit, pages] of [
            [25, 10, 3],
            [20, 10, 2],
            [1, 10, 1],
            [0, 10, 1],
            [25, undefined, 3],
        ]) {
            const { payments, requests } = stub(server(numbers(0, count)));
            const all = [];
            for await (const record of payments[list].list(limit === undefined ? undefined : { limit }))
                all.push(record);
            assert.deepEqual(ids(all), numbers(0, count));
            assert.equal(requests.length, pages, `${list} ${count} ${limit}`);
        }
    }
});

test("every page is asked for with the caller's parameters and the next offset", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    await payments.orders.list({ limit: 10, search: "x" }, { headers: { "x-call": "1" } }).toArray();
    assert.deepEqual(offsets(requests), [null, "10", "20"]);
    for (const { url, headers } of requests) {
        assert.deepEqual(
            [url.searchParams.get("search"), url.searchParams.get("limit"), headers.get("x-call")],
            ["x", "10", "1"],
        );
    }
});

test("an iteration starts at the offset of the caller", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    const all = await payments.orders.list({ limit: 10, offset: 7 }).toArray();
    assert.deepEqual(ids(all), numbers(7, 25));
    assert.deepEqual(offsets(requests), ["7", "17"]);
});

test("a page that is shorter than the limit does not end a list that says there is more", async () => {
    const { payments } = stub(server(numbers(0, 25), { limit: 4 }));
    const short = stub((request) => {
        const offset = Number(new URL(request.url).searchParams.get("offset") ?? 0);
        return Response.json({
            data: numbers(offset, Math.min(offset + 3, 25)).map((_id) => ({ _id })),
            totalCount: 25,
        });
    });
    assert.equal((await payments.orders.list().toArray()).length, 25);
    assert.deepEqual(ids(await short.payments.orders.list({ limit: 10 }).toArray()), numbers(0, 25));
});

test("records that are added while iterating shift the others, and each is delivered once", async () => {
    const records = numbers(0, 25);
    let added = 0;
    const { payments } = stub((request) => {
        const answer = server(records)(request);
        records.unshift(`new-${added++}`, `new-${added++}`, `new-${added++}`);
        return answer;
    });
    const all = ids(await payments.orders.list({ limit: 5 }).toArray());
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(all, numbers(0, 25));
});

test("a page holds only what no page before delivered", async () => {
    const records = numbers(0, 12);
    const { payments } = stub((request) => {
        const answer = server(records)(request);
        records.unshift("new");
        return answer;
    });
    const first = await payments.orders.list({ limit: 5 });
    const second = await first.getNextPage();
    assert.deepEqual(ids(first.data), numbers(0, 5));
    assert.deepEqual(ids(second.data), numbers(5, 9));
    assert.equal(second.totalCount, 13);
});

test("records without an id are all delivered", async () => {
    const { payments } = stub((_, before) =>
        Response.json({ data: [{ amount: 1 }, { amount: 1 }], totalCount: 4, before }),
    );
    assert.equal((await payments.orders.list({ limit: 2 }).toArray()).length, 4);
});

test("an empty page ends the list whatever its total says, and so does a server that ignores the offset", async () => {
    const empty = stub({ data: [], totalCount: 1000 });
    assert.deepEqual(await empty.payments.orders.list().toArray(), []);
    assert.equal(empty.requests.length, 1);

    const deaf = stub({ data: [{ _id: "a" }, { _id: "b" }], totalCount: 1000 });
    assert.deepEqual(ids(await deaf.payments.orders.list({ limit: 2 }).toArray()), ["a", "b"]);
    assert.ok(deaf.requests.length <= 20, `${deaf.requests.length} requests`);
});

test("a whole page of records that are added at once does not end the list", async () => {
    const records = numbers(0, 25);
    const { payments } = stub((request, before) => {
        const answer = server(records)(request);
        if (before === 1) records.unshift(...Array.from({ length: 15 }, (_, i) => `new-${i}`));
        return answer;
    });
    const all = ids(await payments.orders.list({ limit: 5 }).toArray());
    assert.equal(new Set(all).size, all.length);
    assert.deepEqual(
        all.filter((id) => !id.startsWith("new")),
        numbers(0, 25),
    );
});

test("a list that names no total ends with a short page", async () => {
    const { payments, requests } = stub(server(numbers(0, 25), { total: false }));
    assert.deepEqual(ids(await payments.coupons.list({ limit: 10 }).toArray()), numbers(0, 25));
    assert.equal(requests.length, 3);
});

test("getNextPage after the last page is a RangeError", async () => {
    const { payments, requests } = stub(server(numbers(0, 15)));
    const first = await payments.orders.list({ limit: 10 });
    const second = await first.getNextPage();
    assert.equal(second.hasNextPage(), false);
    await assert.rejects(second.getNextPage(), RangeError);
    assert.equal(requests.length, 2);
});

test("callers that ask for the same next page share one request", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    const first = await payments.orders.list({ limit: 10 });
    const [one, two] = await Promise.all([first.getNextPage(), first.getNextPage()]);
    assert.equal(one, two);
    assert.deepEqual(ids(one.data), numbers(10, 20));
    assert.equal(await first.getNextPage(), one);
    assert.equal(requests.length, 2);
});

test("a next page that could not be read can be asked for again", async () => {
    let broken = true;
    const { payments } = stub((request, before) =>
        before > 0 && broken ? new Response("", { status: 500 }) : server(numbers(0, 15))(request),
    );
    const first = await payments.orders.list({ limit: 10 }, { maxRetries: 0 });
    await assert.rejects(first.getNextPage(), { name: "ServerError" });
    broken = false;
    const second = await first.getNextPage();
    assert.deepEqual(ids(second.data), numbers(10, 15));
});

test("two concurrent next() get two records, in order, with one request", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    const iterator = payments.orders.list({ limit: 10 })[Symbol.asyncIterator]();
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    assert.deepEqual(
        results.map((result) => result.value._id),
        numbers(0, 3),
    );
    assert.equal(requests.length, 1);
});

test("leaving the loop stops the requests", async () => {
    const { payments, requests } = stub(server(numbers(0, 100)));
    for await (const record of payments.orders.list({ limit: 10 })) {
        if (record._id === "record-12") break;
    }
    assert.equal(requests.length, 2);
});

test("a page is read when it is needed, not before", async () => {
    const { payments, requests } = stub(server(numbers(0, 30)));
    const iterator = payments.orders.list({ limit: 10 })[Symbol.asyncIterator]();
    for (let i = 0; i < 10; i += 1) await iterator.next();
    assert.equal(requests.length, 1);
    await iterator.next();
    assert.equal(requests.length, 2);
});

test("toArray takes as many as it is told and asks for no more pages than that needs", async () => {
    for (const [limit, count, pages] of [
        [5, 5, 1],
        [10, 10, 1],
        [11, 11, 2],
        [1000, 25, 3],
        [undefined, 25, 3],
    ]) {
        const { payments, requests } = stub(server(numbers(0, 25)));
        const all = await payments.orders.list({ limit: 10 }).toArray(limit === undefined ? undefined : { limit });
        assert.deepEqual([all.length, requests.length], [count, pages], `${limit}`);
    }
    const { payments } = stub(server(numbers(0, 25)));
    assert.deepEqual(await payments.orders.list().toArray({ limit: 0 }), []);
});

test("pages() gives the pages", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    const sizes = [];
    for await (const page of payments.orders.list({ limit: 10 }).pages()) {
        assert.ok(page instanceof Page);
        sizes.push(page.data.length);
    }
    assert.deepEqual([sizes, requests.length], [[10, 10, 5], 3]);
});

test("a list can be awaited and iterated, and the first page is read once", async () => {
    const { payments, requests } = stub(server(numbers(0, 15)));
    const list = payments.orders.list({ limit: 10 });
    assert.equal((await list).data.length, 10);
    assert.equal((await list.toArray()).length, 15);
    assert.equal((await list.toArray()).length, 15);
    assert.equal(requests.length, 2);
});

test("withResponse gives the first page and its answer", async () => {
    const { payments } = stub(() =>
        Response.json({ data: [], totalCount: 0, traceId: "t" }, { headers: { "x-ratelimit-remaining": "9" } }),
    );
    const { data, response } = await payments.coupons.list().withResponse();
    assert.ok(data instanceof Page);
    assert.deepEqual([response.status, response.rateLimit], [200, { remaining: 9 }]);
    assert.equal(response.traceId, "t");
});

test("a failure on a later page ends the loop with the error", async () => {
    const { payments } = stub((request, before) =>
        before === 1 ? new Response("", { status: 403 }) : server(numbers(0, 25))(request),
    );
    const seen = [];
    await assert.rejects(
        async () => {
            for await (const record of payments.orders.list({ limit: 10 })) seen.push(record._id);
        },
        { name: "PermissionError" },
    );
    assert.deepEqual(seen, numbers(0, 10));
});

test("a wrong parameter is reported by every way of reading a list", async () => {
    const { payments, requests } = stub(server([]));
    const list = () => payments.orders.list({ limit: -1 });
    for (const read of [
        () => list().then(),
        () => list().withResponse(),
        () => list().toArray(),
        () => list().pages().next(),
        () => list()[Symbol.asyncIterator]().next(),
    ]) {
        assert.equal((await failure(read())).name, "ValidationError");
    }
    assert.equal(requests.length, 0);
});

test("an abort ends an iteration", async () => {
    const controller = new AbortController();
    const { payments, requests } = stub(server(numbers(0, 100)));
    await assert.rejects(
        async () => {
            for await (const record of payments.orders.list({ limit: 10 }, { signal: controller.signal })) {
                if (record._id === "record-15") controller.abort();
            }
        },
        { name: "AbortedError" },
    );
    assert.equal(requests.length, 2);
});
