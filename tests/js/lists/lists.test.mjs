// Lists: awaited for a page, iterated for records, each delivered once.

import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Page, PagePromise } from "ghl-payments";
import { failure, stub } from "../support/stub.mjs";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

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

test("where the server names no total, short pages end nothing: it may give less than it is asked for", async () => {
    const records = numbers(0, 57);
    const all = server(records, { total: false });
    for (const limit of [100, 50, undefined]) {
        const capped = (request) => {
            const url = new URL(request.url);
            url.searchParams.set("limit", Math.min(20, Number(url.searchParams.get("limit") ?? 20)));
            return all({ url });
        };
        const { payments, requests } = stub(capped);
        assert.deepEqual(ids(await payments.orders.list({ limit }).toArray()), records, String(limit));
        assert.ok(requests.length <= 5, String(requests.length));
    }
    let pages = 0;
    const { payments, requests } = stub((request) => {
        const url = new URL(request.url);
        pages += 1;
        if (pages === 2) url.searchParams.set("limit", 3);
        return all({ url });
    });
    assert.deepEqual(ids(await payments.orders.list({ limit: 20 }).toArray()), records);
    assert.ok(requests.length <= 6, String(requests.length));
});

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
    // Each page repeats the last record of the one before.
    assert.deepEqual(offsets(requests), [null, "9", "19"]);
    assert.deepEqual(
        requests.map(({ url }) => url.searchParams.get("limit")),
        ["10", "11", "11"],
    );
    for (const { url, headers } of requests) {
        assert.deepEqual([url.searchParams.get("search"), headers.get("x-call")], ["x", "1"]);
    }
});

test("an iteration starts at the offset of the caller", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    const all = await payments.orders.list({ limit: 10, offset: 7 }).toArray();
    assert.deepEqual(ids(all), numbers(7, 25));
    assert.deepEqual(offsets(requests), ["7", "16"]);
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

test("a list that ends before the records that HighLevel counts says so, on its last page and as drift", async () => {
    const full = Array.from({ length: 100 }, (_, i) => ({ _id: `record-${i}` }));
    const offset = (request) => Number(new URL(request.url).searchParams.get("offset"));
    for (const [answer, incomplete] of [
        [() => ({ data: full, totalCount: 730 }), true],
        [() => ({ data: full, totalCount: 250 }), true],
        [(request) => ({ data: offset(request) > 0 ? [] : full, totalCount: 730 }), true],
        [() => ({ data: full }), false],
        [(request) => ({ data: full.slice(offset(request)) }), false],
        [() => ({ data: full, totalCount: 100 }), false],
    ]) {
        const { payments, events } = stub((request) => Response.json(answer(request)));
        let last;
        for await (const page of payments.orders.list({ limit: 100 }).pages()) {
            assert.ok(last === undefined || !last.incomplete);
            last = page;
        }
        assert.equal(last.incomplete, incomplete, answer.toString());
        const told = events.filter(({ type, path }) => type === "drift" && path === "data");
        assert.deepEqual(
            told.map(({ operation, expected, found, repaired }) => [operation.name, expected, found, repaired]),
            incomplete ? [["orders.list", "as many records as HighLevel counts", "fewer", false]] : [],
        );
    }
});

test("records that are deleted while iterating make it skip none of the others", async () => {
    for (const limit of [5, 10, undefined]) {
        const records = numbers(0, 60);
        const { payments } = stub((request, before) => {
            const answer = server(records)(request);
            // What was delivered, what comes next, and the last ones.
            records.splice(0, before % 3 === 0 ? 4 : 0);
            if (before === 2) records.splice(records.indexOf("record-30"), 1);
            if (before === 3) records.pop();
            return answer;
        });
        const all = ids(await payments.coupons.list(limit === undefined ? undefined : { limit }).toArray());
        assert.equal(new Set(all).size, all.length);
        assert.deepEqual(
            numbers(0, 60).filter((id) => !all.includes(id) && records.includes(id)),
            [],
        );
    }
});

test("every record can be deleted while the list is iterated", async () => {
    const records = numbers(0, 95);
    const { payments, requests } = stub(server(records));
    let deleted = 0;
    for await (const record of payments.coupons.list({ limit: 10 })) {
        records.splice(records.indexOf(record._id), 1);
        deleted += 1;
    }
    assert.deepEqual([deleted, records], [95, []]);
    // Each page has moved while it was asked for, again and again: nobody deletes as fast.
    assert.ok(requests.length <= 100, `${requests.length} requests`);

    // Page after page, with nothing left of what was delivered.
    records.push(...numbers(0, 45));
    let page = await payments.coupons.list({ limit: 10 });
    for (;;) {
        records.splice(0, page.data.length);
        if (!page.hasNextPage()) break;
        page = await page.getNextPage();
    }
    assert.deepEqual(records, []);
});

test("a cursor goes on behind its page, also when the list has changed meanwhile", async () => {
    const records = numbers(0, 40);
    const { payments, requests } = stub(server(records));
    const first = await payments.orders.list({ limit: 10, search: "x" });
    const second = await first.getNextPage();
    const { cursor } = second;
    assert.match(cursor, /^[0-9a-v]{200,300}$/);
    assert.notEqual(first.cursor, cursor);

    records.splice(3, 5);
    records.unshift("new-0", "new-1");
    const page = await payments.orders.list({ limit: 10, search: "x", cursor });
    assert.equal(page.data[0]._id, "record-20");
    assert.equal(page.totalCount, 37);
    const url = requests.at(-1).url;
    assert.deepEqual([url.searchParams.get("search"), url.searchParams.get("cursor")], ["x", null]);
    const rest = await payments.orders.list({ search: "x", cursor }).toArray();
    assert.deepEqual(ids(rest), numbers(20, 40));
    const pages = [];
    for await (const next of payments.orders.list({ search: "x", cursor }).pages()) pages.push(typeof next.cursor);
    assert.deepEqual([pages.pop(), new Set(pages)], ["undefined", new Set(["string"])]);
});

test("each page's cursor is its own, whatever was read after it", async () => {
    const { payments } = stub(server(numbers(0, 40)));
    const list = payments.orders.list({ limit: 10 });
    const pages = [];
    for await (const page of list.pages()) pages.push(page);
    for (const [index, page] of pages.slice(0, -1).entries()) {
        const next = await payments.orders.list({ limit: 10, cursor: page.cursor });
        assert.deepEqual(ids(next.data), numbers(10 * (index + 1), 10 * (index + 2)));
    }
    assert.equal(pages[3].cursor, undefined);
});

test("what is no cursor of this list is a ValidationError before anything is sent", async () => {
    const { payments, requests } = stub(server(numbers(0, 40)));
    const { cursor } = await payments.orders.list({ limit: 10 });
    const wrong = [
        { cursor: "" },
        { cursor: "next" },
        { cursor: null },
        { cursor: 7 },
        { cursor: cursor.slice(0, -1) },
        { cursor: `${cursor}0` },
        { cursor: cursor.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")) },
        { cursor, search: "other filters" },
        { cursor, offset: 10 },
    ];
    for (const params of wrong) {
        const error = await failure(payments.orders.list(params));
        assert.equal(error.name, "ValidationError", JSON.stringify(params));
        assert.deepEqual([error.issues[0].path, error.outcome], ["cursor", "not_sent"]);
    }
    assert.equal((await failure(payments.coupons.list({ cursor }))).name, "ValidationError");
    assert.equal(requests.length, 1);
    assert.equal((await payments.orders.list({ cursor, limit: 3 })).data.length, 3);
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

test("a list that names no total ends where a page brings nothing new", async () => {
    const { payments, requests } = stub(server(numbers(0, 25), { total: false }));
    assert.deepEqual(ids(await payments.coupons.list({ limit: 10 }).toArray()), numbers(0, 25));
    assert.deepEqual(offsets(requests), [null, "9", "19", "24"]);
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

test("concurrent next() get records in order and share the requests", async () => {
    const { payments, requests } = stub(server(numbers(0, 25)));
    const iterator = payments.orders.list({ limit: 10 })[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 26 }, () => iterator.next()));
    assert.deepEqual(
        results.map((result) => result.value?._id),
        [...numbers(0, 25), undefined],
    );
    assert.equal(requests.length, 3);
});

test("while a page is consumed the next one is asked for, and no more", async () => {
    const { payments, requests } = stub(server(numbers(0, 50)));
    const iterator = payments.orders.list({ limit: 10 })[Symbol.asyncIterator]();
    const seen = [];
    for (let i = 0; i < 21; i += 1) {
        await iterator.next();
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(requests.length);
    }
    // A loop that takes one record and leaves has cost one request.
    assert.deepEqual(seen, [1, ...Array(9).fill(2), 2, ...Array(9).fill(3), 3]);

    const pages = payments.orders.list({ limit: 10 }).pages();
    await pages.next();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(requests.length, 3 + 2);
});

test("leaving the loop stops the requests", async () => {
    const { payments, requests } = stub(server(numbers(0, 100)));
    for await (const record of payments.orders.list({ limit: 10 })) {
        if (record._id === "record-12") break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(requests.length, 3, "two pages, and the one that was asked for while the second was consumed");
    for await (const record of payments.orders.list({ limit: 10 })) {
        assert.equal(record._id, "record-0");
        break;
    }
    assert.equal(requests.length, 4);
});

test("a page that is awaited alone asks for no other", async () => {
    const { payments, requests } = stub(server(numbers(0, 100)));
    const page = await payments.orders.list({ limit: 10 });
    assert.ok(page.hasNextPage() && page.cursor);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(requests.length, 1);
});

test("a next page that fails while nobody waits for it is no unhandled rejection", async (t) => {
    const unhandled = [];
    const note = (reason) => unhandled.push(reason);
    process.on("unhandledRejection", note);
    t.after(() => process.off("unhandledRejection", note));
    const { payments } = stub((request, before) =>
        before > 0 ? new Response("", { status: 403 }) : server(numbers(0, 100))(request),
    );
    let count = 0;
    for await (const record of payments.orders.list({ limit: 10 })) {
        count += record._id === undefined ? 0 : 1;
        await new Promise((resolve) => setTimeout(resolve, 2));
        if (count === 5) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([count, unhandled], [5, []]);
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
    assert.equal(requests.length, 3, "the third page was already there");
});

test("who keeps the list does not keep all of its pages", async () => {
    const { payments } = stub((request) => {
        const query = new URL(request.url).searchParams;
        const [offset, limit] = ["offset", "limit"].map((name) => Number(query.get(name) ?? 0));
        const ids = Array.from({ length: limit }, (_, index) => ({ _id: `order-${offset + index}` }));
        return Response.json({ data: ids.filter((_, index) => offset + index < 200), totalCount: 200 });
    });
    const list = payments.orders.list({ limit: 10 });
    const pages = [];
    for await (const page of list.pages()) pages.push(new WeakRef(page));
    await new Promise((resolve) => setTimeout(resolve));
    gc();
    const alive = pages.filter((page) => page.deref() !== undefined).length;
    assert.ok(alive <= 3, `${alive} of ${pages.length} pages are alive`);
    assert.equal((await list).data.length, 10);
});

test("a page that nobody holds any more is read again", async () => {
    const { payments, requests } = stub((request) => {
        const offset = Number(new URL(request.url).searchParams.get("offset") ?? 0);
        return Response.json({ data: ["a", "b", "c"].map((_id) => ({ _id })).slice(offset, offset + 2), totalCount: 3 });
    });
    const first = await payments.orders.list({ limit: 1 });
    const ids = async () => (await first.getNextPage()).data.map(({ _id }) => _id);
    const seen = await ids();
    await new Promise((resolve) => setTimeout(resolve));
    gc();
    assert.deepEqual(await ids(), seen);
    assert.equal(requests.length, 3);
});

test("a filter that is undefined is none, for a cursor too", async () => {
    const { payments } = stub({ data: [{ _id: "a" }, { _id: "b" }], totalCount: 5 });
    const { cursor } = await payments.orders.list({ limit: 2, status: undefined });
    await payments.orders.list({ limit: 2, cursor });
});

test("toArray says what is no limit", async () => {
    const { payments } = stub({ data: [{ _id: "a" }], totalCount: 1 });
    for (const limit of [Number.NaN, -1, {}]) {
        assert.deepEqual((await failure(payments.orders.list().toArray({ limit }))).issues[0].path, "limit");
    }
    assert.deepEqual(await payments.orders.list().toArray({ limit: 0 }), []);
});
