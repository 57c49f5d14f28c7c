// Leaving an iteration ends its work: the page that was asked for in advance is aborted, its slot is given back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { failure, ID, stub } from "../support/stub.mjs";

const unhandled = [];
const note = (reason) => unhandled.push(reason);
before(() => process.on("unhandledRejection", note));
after(() => {
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
});

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Waits until something is so; the test's own time limit ends it otherwise. */
async function until(condition) {
    while (!condition()) await soon();
}

const offsetOf = (url) => Number(new URL(url).searchParams.get("offset") ?? 0);

/** The page of a list of 100 records that a request asks for. */
function page(url, headers = {}) {
    const query = new URL(url).searchParams;
    const start = offsetOf(url);
    const data = Array.from({ length: Number(query.get("limit") ?? 10) }, (_, i) => ({ _id: `record-${start + i}` }));
    return Response.json({ data, totalCount: 100 }, { headers });
}

/** A client for that list, of which so many requests are answered and all further ones never. */
function list({ answered = 1 } = {}) {
    const stand = stub(({ url }, before) => (before < answered ? page(url) : new Promise(() => {})));
    return { ...stand, aborted: () => stand.requests.map(({ signal }) => signal.aborted) };
}

const PER_PAGE = { limit: 10 };

test("a list that nobody awaits or reads on fails unheard, and whoever asks later gets the error", async () => {
    const refused = () => new Response("{}", { status: 403 });
    const { payments, requests } = stub(refused);
    payments.orders.list();
    payments.orders.list({ limit: -1 });
    void payments.orders.list({ cursor: "none of this list" });
    payments.orders.list()[Symbol.asyncIterator]();
    assert.deepEqual(await payments.orders.list().toArray({ limit: 0 }), []);
    // Two lists at once, read one after the other: the second has failed before anybody looks.
    const [one, other] = [payments.orders.list(), payments.transactions.list()];
    const ended = [];
    for (const list of [one, other]) {
        try {
            for await (const _ of list);
        } catch ({ name }) {
            ended.push(name);
        }
        for (let i = 0; i < 4; i += 1) await soon();
    }
    assert.deepEqual(ended, ["PermissionError", "PermissionError"]);
    assert.equal((await failure(other)).name, "PermissionError");
    assert.equal((await failure(other.withResponse())).name, "PermissionError");
    assert.equal(requests.length, 5);
});

const ways = {
    break: async (records, there) => {
        for await (const { _id } of records) {
            if (_id !== "record-3") continue;
            await there();
            break;
        }
    },
    return: async (records, there) => {
        for await (const { _id } of records) {
            if (_id !== "record-3") continue;
            await there();
            return;
        }
    },
    "an exception in the body": async (records, there) => {
        const act = async () => {
            for await (const { _id } of records) {
                if (_id !== "record-3") continue;
                await there();
                throw new Error("enough");
            }
        };
        await assert.rejects(act, { message: "enough" });
    },
    "return()": async (records, there) => {
        const iterator = records[Symbol.asyncIterator]();
        for (let i = 0; i < 4; i++) await iterator.next();
        await there();
        assert.deepEqual(await iterator.return("done"), { value: "done", done: true });
        assert.deepEqual(await iterator.next(), { value: undefined, done: true });
    },
    "throw()": async (records, there) => {
        const iterator = records[Symbol.asyncIterator]();
        for (let i = 0; i < 4; i++) await iterator.next();
        await there();
        await assert.rejects(iterator.throw(new Error("enough")), { message: "enough" });
    },
    "break out of pages()": async (records, there) => {
        for await (const { data } of records.pages()) {
            assert.equal(data.length, 10);
            await there();
            break;
        }
    },
    "return() of pages()": async (records, there) => {
        const pages = records.pages();
        await pages.next();
        await there();
        assert.deepEqual(await pages.return(), { value: undefined, done: true });
    },
};

for (const [way, leave] of Object.entries(ways)) {
    test(`left by ${way}, an iteration aborts the page that it asked for in advance`, { timeout: 20_000 }, async () => {
        const { payments, requests, events, aborted } = list();
        await leave(payments.orders.list(PER_PAGE), () => until(() => requests.length === 2));
        await until(() => aborted()[1]);
        await soon();
        assert.deepEqual(aborted(), [false, true]);
        assert.ok(!events.some(({ type }) => type === "retry"), "nor is it sent again");
    });
}

test("left before the page in advance was sent, an iteration never sends it", async () => {
    const { payments, requests, aborted } = list();
    const iterator = payments.orders.list(PER_PAGE)[Symbol.asyncIterator]();
    await iterator.next();
    // From the second record on the next page is asked for.
    await iterator.next();
    await iterator.return();
    for (let i = 0; i < 5; i++) await soon();
    assert.ok(requests.length === 1 || aborted()[1]);
});

test("return() does not wait for a next() that waits: both end at once", { timeout: 20_000 }, async () => {
    for (const [read, count] of [
        [(records) => records[Symbol.asyncIterator](), 10],
        [(records) => records.pages(), 1],
    ]) {
        const { payments, requests, aborted } = list();
        const iterator = read(payments.orders.list(PER_PAGE));
        for (let i = 0; i < count; i++) assert.equal((await iterator.next()).done, false);
        const waiting = [iterator.next(), iterator.next()];
        await until(() => requests.length === 2);
        assert.deepEqual(await iterator.return(), { value: undefined, done: true });
        for (const next of waiting) assert.deepEqual(await next, { value: undefined, done: true });
        await until(() => aborted()[1]);
        assert.equal(requests.length, 2);
    }
});

test("the first page is aborted too where only iterations wait for it, and asked for again by the next who wants it", async () => {
    const { payments, requests } = list({ answered: 0 });
    const records = payments.orders.list(PER_PAGE);
    const iterator = records[Symbol.asyncIterator]();
    const next = iterator.next();
    await until(() => requests.length === 1);
    await iterator.return();
    assert.deepEqual(await next, { value: undefined, done: true });
    await until(() => requests[0].signal.aborted);
    const again = records.pages();
    void again.next();
    await until(() => requests.length === 2);
    assert.equal(requests[1].signal.aborted, false);
    await again.return();
});

test("a first page that is awaited as well is not aborted", async () => {
    let answer;
    const { payments, requests } = stub(({ url }) => new Promise((resolve) => (answer = () => resolve(page(url)))));
    const records = payments.orders.list(PER_PAGE);
    const awaited = records.then(({ data }) => data.length);
    const iterator = records[Symbol.asyncIterator]();
    void iterator.next();
    await until(() => answer !== undefined);
    await iterator.return();
    await soon();
    assert.equal(requests[0].signal.aborted, false);
    answer();
    assert.equal(await awaited, 10);
    assert.equal(requests.length, 1);
});

test("a page that another iteration or caller still wants is not aborted", async () => {
    const another = {
        "an iteration over the records": async (records) => {
            const iterator = records[Symbol.asyncIterator]();
            for (let i = 0; i < 10; i++) await iterator.next();
            return { wanted: iterator.next().then(({ value }) => value._id), leave: () => iterator.return() };
        },
        "an iteration over the pages": async (records) => {
            const iterator = records.pages();
            await iterator.next();
            return { wanted: iterator.next().then(({ value }) => value.data[0]._id), leave: () => iterator.return() };
        },
        "getNextPage()": async (records) => {
            const first = await records;
            return { wanted: first.getNextPage().then(({ data }) => data[0]._id) };
        },
    };
    for (const [who, want] of Object.entries(another)) {
        let answer;
        const { payments, requests } = stub(({ url }) => {
            return offsetOf(url) === 0 ? page(url) : new Promise((resolve) => (answer ??= () => resolve(page(url))));
        });
        const records = payments.orders.list(PER_PAGE);
        const { wanted, leave } = await want(records);
        const mine = records.pages();
        await mine.next();
        await until(() => answer !== undefined);
        await mine.return();
        await mine.return();
        await soon();
        assert.equal(requests[1].signal.aborted, false, who);
        answer();
        assert.equal(await wanted, "record-10", who);
        await leave?.();
        // Each has asked for what it needs, and each page was asked for once.
        assert.equal(new Set(requests.map(({ url }) => url.href)).size, requests.length, who);
    }
});

test("where all who wanted a page have left it is aborted, and asked for again by the next who wants it", async () => {
    const { payments, requests, aborted } = list();
    const ending = new AbortController();
    const records = payments.orders.list(PER_PAGE, { signal: ending.signal });
    const iterations = [records.pages(), records.pages(), records.pages()];
    for (const pages of iterations) await pages.next();
    await until(() => requests.length === 2);
    for (const [index, pages] of iterations.entries()) {
        await soon();
        assert.equal(aborted()[1], false, `${index} have left`);
        await pages.return();
    }
    await until(() => aborted()[1]);
    const first = await records;
    const last = failure(first.getNextPage());
    await until(() => requests.length === 3);
    assert.equal(requests[2].signal.aborted, false);
    assert.equal(requests[2].url.href, requests[1].url.href);
    // Or it would be tried for a minute and a half.
    ending.abort();
    assert.equal((await last).name, "AbortedError");
});

test("a page that was aborted is read whole by the next who wants it", async () => {
    let hangs = true;
    const { payments, requests } = stub(({ url }) => {
        return offsetOf(url) > 0 && hangs ? new Promise(() => {}) : page(url);
    });
    const records = payments.orders.list(PER_PAGE);
    const left = records.pages();
    await left.next();
    await until(() => requests.length === 2);
    await left.return();
    hangs = false;
    assert.deepEqual(
        (await records.toArray()).map(({ _id }) => _id),
        Array.from({ length: 100 }, (_, i) => `record-${i}`),
    );
});

test("the slot of an aborted page is free for the next call", { timeout: 20_000 }, async () => {
    const headers = { "x-ratelimit-max": "2", "x-ratelimit-interval-milliseconds": "100" };
    const { payments, requests } = stub(({ url }) => {
        if (offsetOf(url) > 0) return new Promise(() => {});
        return url.includes(ID) ? Response.json({ _id: ID }, { headers }) : page(url, headers);
    });
    // Each leaves a page under way that nobody will answer: with two slots the third one would wait for ever.
    for (let round = 1; round <= 4; round++) {
        for await (const { _id } of payments.orders.list(PER_PAGE)) {
            if (_id === "record-0") continue;
            await until(() => requests.length === 2 * round);
            break;
        }
    }
    assert.equal((await payments.orders.get(ID))._id, ID);
});

test("a page that waits for its turn is taken out of the queue", { timeout: 20_000 }, async () => {
    const headers = { "x-ratelimit-max": "1", "x-ratelimit-interval-milliseconds": "300" };
    const { payments, requests } = stub(({ url }) => {
        return url.includes(ID) ? Response.json({ _id: ID }, { headers }) : page(url, headers);
    });
    for await (const { _id } of payments.orders.list(PER_PAGE)) if (_id === "record-1") break;
    assert.equal(requests.length, 1, "its turn had not come");
    await payments.orders.get(ID);
    await payments.orders.get(ID, { background: true });
    await payments.orders.get(ID);
    assert.deepEqual(
        requests.map(({ url }) => url.searchParams.get("offset")),
        [null, null, null, null],
    );
});

test("the caller's own abort is told from leaving", async () => {
    const { payments, requests } = list();
    const controller = new AbortController();
    const records = payments.orders.list(PER_PAGE, { signal: controller.signal });
    const pages = records.pages();
    await pages.next();
    const waiting = failure(pages.next());
    await until(() => requests.length === 2);
    controller.abort(new Error("the user has gone"));
    const error = await waiting;
    assert.equal(error.name, "AbortedError");
    assert.equal(error.cause?.message, "the user has gone");

    const other = list();
    const mine = new AbortController();
    const left = other.payments.orders.list(PER_PAGE, { signal: mine.signal }).pages();
    await left.next();
    await until(() => other.requests.length === 2);
    const next = left.next();
    await left.return();
    assert.deepEqual(await next, { value: undefined, done: true }, "no error: its own iteration was left");
    assert.equal(mine.signal.aborted, false);
});

test("the caller's signal keeps no listener of a page that was read, left or refused", async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    for (const [method, step] of [
        ["addEventListener", 1],
        ["removeEventListener", -1],
    ]) {
        const own = signal[method].bind(signal);
        signal[method] = (...parameters) => {
            listeners += step;
            own(...parameters);
        };
    }
    const { payments, requests } = list({ answered: 2 });
    for await (const { data } of payments.orders.list(PER_PAGE, { signal }).pages()) {
        if (data[0]._id === "record-0") continue;
        await until(() => requests.length === 3);
        break;
    }
    await failure(payments.orders.list({ limit: -1 }, { signal }));
    await soon();
    assert.equal(listeners, 0);
});

test("toArray leaves nothing under way", async () => {
    const { payments, requests, aborted } = list({ answered: 2 });
    assert.equal((await payments.orders.list(PER_PAGE).toArray({ limit: 12 })).length, 12);
    await soon();
    assert.deepEqual([requests.length, aborted()], [2, [false, false]]);
});

test("an iteration that is made and never read can be left", async () => {
    const { payments, requests } = stub(({ url }) => page(url));
    const records = payments.orders.list(PER_PAGE);
    assert.deepEqual(await records.pages().return(), { value: undefined, done: true });
    assert.equal((await records).data.length, 10);
    assert.equal(requests.length, 1);
});
