// What comes in: repaired where that is certain, otherwise as it came, and every difference reported.

import assert from "node:assert/strict";
import test from "node:test";
import { ApiPromise } from "ghl-payments";
import { ANY_ANSWER, call, failure, ID, stub } from "../support/stub.mjs";

function drifts(events) {
    return events.filter((event) => event.type === "drift");
}

test("numbers and booleans that came as text are what the types promise", async () => {
    const { payments, events } = stub({
        _id: 7,
        amount: "59.50",
        liveMode: "true",
        items: { qty: "2", product: { isTaxesEnabled: "false" } },
        amountSummary: { subtotal: "1,000.00" },
        currency: null,
        unknown: { amount: "5" },
    });
    const order = await payments.orders.get(ID);
    assert.deepEqual(order, {
        _id: "7",
        amount: 59.5,
        liveMode: true,
        items: [{ qty: 2, product: { isTaxesEnabled: false } }],
        amountSummary: { subtotal: "1,000.00" },
        currency: null,
        unknown: { amount: "5" },
    });
    const found = drifts(events).map(({ path, expected, found, repaired }) => [path, expected, found, repaired]);
    assert.deepEqual(found, [
        ["_id", "text", "number", true],
        ["amount", "number", "text", true],
        ["liveMode", "boolean", "text", true],
        ["items", "list", "object", true],
        ["items[0].qty", "number", "text", true],
        ["items[0].product.isTaxesEnabled", "boolean", "text", true],
        ["amountSummary.subtotal", "number", "text", false],
    ]);
    assert.equal(drifts(events)[0].operation.name, "orders.get");
});

test("an answer without drift reports none and arrives as JSON.parse gives it", async () => {
    const text =
        '{"_id":"a","amount":1e2,"big":12345678901234567890,"__proto__":{"x":1},"é\\u00e9":"\\ud83d","amount":7}';
    const { payments, events } = stub(() => new Response(text));
    const order = await payments.orders.get(ID);
    assert.equal(JSON.stringify(order), JSON.stringify(JSON.parse(text)));
    assert.deepEqual(Object.keys(order), Object.keys(JSON.parse(text)));
    assert.equal(Object.getPrototypeOf(order), Object.prototype);
    assert.deepEqual(drifts(events), []);
});

test("a record without a required field is delivered and reported, in strict mode it is a DecodeError", async () => {
    const answers = [
        ["orders.get", { amount: 5 }, "_id", "nothing"],
        ["orders.get", { _id: null }, "_id", "null"],
        ["orders.list", { data: [{ _id: "a" }, { amount: 5 }], totalCount: 2 }, "data[1]._id", "nothing"],
        ["coupons.list", { data: [] }, "totalCount", "nothing"],
        ["transactions.get", { _id: "a", amount: {} }, "amount", "object"],
    ];
    for (const [name, answer, path, found] of answers) {
        const lax = stub(answer);
        const delivered = await call(lax.payments, name);
        assert.deepEqual(Array.isArray(answer.data) ? delivered.data : delivered, answer.data ?? answer);
        assert.deepEqual(
            drifts(lax.events).map((event) => [event.path, event.found, event.repaired]),
            [[path, found, false]],
        );

        for (const [client, options] of [
            [{ strict: true }, undefined],
            [{}, { strict: true }],
        ]) {
            const strict = stub(answer, client);
            const error = await failure(call(strict.payments, name, options));
            assert.deepEqual(
                [error.name, error.path, error.found, error.outcome],
                ["DecodeError", path, found, "applied"],
            );
            assert.deepEqual(error.body, answer);
        }
        await call(stub(answer, { strict: true }).payments, name, { strict: false });
    }
});

test("a repair is no failure in strict mode", async () => {
    const { payments } = stub({ _id: "a", amount: "5" }, { strict: true });
    assert.equal((await payments.orders.get(ID)).amount, 5);
});

test("white-label providers come as one object or as a list and arrive as data", async () => {
    const [one, two] = [{ _id: "a", title: "Example" }, { _id: "b" }];
    for (const [providers, data] of [
        [one, [one]],
        [
            [one, two],
            [one, two],
        ],
        [[], []],
    ]) {
        const { payments, events } = stub({ providers });
        const page = await payments.integrations.listWhitelabel();
        assert.deepEqual(page.data, data);
        assert.equal(page.totalCount, data.length);
        assert.deepEqual(drifts(events), []);
    }
});

test("white-label providers, whose list names no total, are delivered once each and come to an end", async () => {
    const all = [{ _id: "a" }, { _id: "b" }, { _id: "c" }];
    for (const answer of [
        // A server that knows the offset, one that does not.
        (request) =>
            Response.json({ providers: all.slice(Number(new URL(request.url).searchParams.get("offset") ?? 0)) }),
        () => Response.json({ providers: all }),
        () => Response.json({ providers: all[0] }),
    ]) {
        const { payments, requests } = stub(answer);
        const found = await payments.integrations.listWhitelabel().toArray();
        assert.deepEqual(found, all.slice(0, found.length));
        // As many new records as a page is long would look like a server that does not know the offset, so that is asked again.
        assert.ok(found.length > 0 && requests.length <= 5, String(requests.length));
    }
});

test("notes arrive as they came, a list or an object", async () => {
    for (const notes of [[{ _id: "a", body: "x", n: "5" }], { status: true, data: [{ n: 1 }] }, [], {}]) {
        const { payments, events } = stub(() => Response.json(notes));
        assert.deepEqual(await payments.orders.listNotes(ID), notes);
        assert.deepEqual(drifts(events), []);
    }
});

test("fulfillments keep their status and data", async () => {
    const list = { status: true, data: [{ _id: "a" }] };
    assert.deepEqual(await stub(list).payments.orders.listFulfillments(ID), list);
    const created = { status: true, data: { _id: "a" } };
    assert.deepEqual(await call(stub(created).payments, "orders.createFulfillment"), created);
});

test("an empty text stays text, a byte order mark is no part of the answer", async () => {
    const { payments } = stub(() => new Response('\ufeff{"_id":"","currency":""}'));
    assert.deepEqual(await payments.orders.get(ID), { _id: "", currency: "" });
});

test("an answer with other characters than ASCII arrives whole, however it is cut into chunks", async () => {
    const order = { _id: "a", contactSnapshot: { name: "Zoë 😀 \u2028" }, currency: "é" };
    const bytes = new TextEncoder().encode(JSON.stringify(order));
    const chunked = () =>
        new Response(
            new ReadableStream({
                start(controller) {
                    for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
                    controller.close();
                },
            }),
        );
    assert.deepEqual(await stub(chunked).payments.orders.get(ID), order);
});

test("bytes that are no UTF-8 are a DecodeError", async () => {
    const { payments } = stub(() => new Response(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)));
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome], ["DecodeError", "applied"]);
});

test("withResponse gives the answer behind a result", async () => {
    const headers = { "x-custom": "1", "x-ratelimit-max": "100", "x-ratelimit-remaining": "42" };
    const { payments } = stub((_, before) =>
        before === 0
            ? new Response("", { status: 503 })
            : Response.json({ _id: "a", traceId: "t-1" }, { status: 201, headers }),
    );
    const promise = payments.orders.get(ID);
    assert.ok(promise instanceof ApiPromise && promise instanceof Promise);
    const { data, response } = await promise.withResponse();
    assert.equal(data._id, "a");
    assert.deepEqual([response.status, response.attempts, response.traceId], [201, 2, "t-1"]);
    assert.equal(response.headers.get("x-custom"), "1");
    assert.deepEqual(response.rateLimit, { limit: 100, remaining: 42 });
    assert.ok(Number.isFinite(response.durationMs) && response.durationMs >= 0);
    assert.equal((await promise)._id, "a");
});

test("withResponse leaves out what the answer does not name", async () => {
    const { response } = await stub({ _id: "a" }).payments.orders.get(ID).withResponse();
    assert.equal("traceId" in response, false);
    assert.equal("rateLimit" in response, false);
});

test("an ApiPromise is awaited, caught and finished like any promise, and sends one request", async () => {
    const good = stub({ _id: "a" });
    const promise = good.payments.orders.get(ID);
    const seen = [];
    assert.equal(await promise.then((order) => order._id), "a");
    assert.equal((await promise.finally(() => seen.push("finally")))._id, "a");
    assert.equal((await promise.catch(() => seen.push("catch")))._id, "a");
    assert.equal((await Promise.all([promise, 1]))[0]._id, "a");
    assert.equal((await Promise.race([promise]))._id, "a");
    assert.equal((await (async () => promise)())._id, "a");
    assert.deepEqual(seen, ["finally"]);
    assert.equal(good.requests.length, 1);

    const bad = stub(() => new Response("", { status: 404 }));
    const failed = bad.payments.orders.get(ID);
    assert.equal(
        await failed.then(
            () => "fine",
            (error) => error.name,
        ),
        "NotFoundError",
    );
    assert.equal(await failed.catch((error) => error.name), "NotFoundError");
    await assert.rejects(
        failed.finally(() => seen.push("again")),
        { name: "NotFoundError" },
    );
    await assert.rejects(failed.withResponse(), { name: "NotFoundError" });
    const [settled] = await Promise.allSettled([failed]);
    assert.equal(settled.reason.name, "NotFoundError");
    assert.deepEqual(seen, ["finally", "again"]);
    assert.equal(bad.requests.length, 1);
});

test("events tell about requests, answers and retries, in order", async () => {
    const { payments, events } = stub((_, before) =>
        before === 0 ? new Response("", { status: 500 }) : Response.json({ _id: "a" }),
    );
    await payments.orders.get(ID);
    assert.deepEqual(
        events.map(({ type, attempt, status, reason }) => [type, attempt, status, reason]),
        [
            ["request", 1, undefined, undefined],
            ["response", 1, 500, undefined],
            ["retry", 1, 500, "server_error"],
            ["request", 2, undefined, undefined],
            ["response", 2, 200, undefined],
        ],
    );
    assert.ok(events.every((event) => event.operation.id === "get-order-by-id"));
    assert.ok(events.filter((event) => event.type === "response").every((event) => event.durationMs >= 0));
});

test("an event tells the limits that an answer named, whether it is a success or not", async () => {
    const headers = {
        "x-ratelimit-max": "100",
        "x-ratelimit-remaining": "7",
        "x-ratelimit-interval-milliseconds": "10000",
        "x-ratelimit-limit-daily": "200000",
        "x-ratelimit-daily-remaining": "199000",
    };
    const limits = { limit: 100, remaining: 7, intervalMs: 10_000, dailyLimit: 200_000, dailyRemaining: 199_000 };
    for (const status of [200, 404]) {
        const { payments, events } = stub(() => Response.json(ANY_ANSWER, { status, headers }));
        await payments.orders.get(ID).catch(() => {});
        const { operation, ...event } = events.find(({ type }) => type === "ratelimit");
        assert.deepEqual(event, { type: "ratelimit", ...limits });
        assert.equal(operation.name, "orders.get");
    }
    const { payments, events } = stub(ANY_ANSWER);
    await payments.orders.get(ID);
    assert.ok(events.every(({ type }) => type !== "ratelimit"), "no limits, no event");
});

test("a listener that throws does not break the call", async () => {
    const { payments } = stub(ANY_ANSWER, {
        onEvent() {
            throw new Error("of the listener");
        },
    });
    assert.equal((await payments.orders.get(ID))._id, ID);
});

test("a listener may call the client", async () => {
    let nested;
    const { payments, requests } = stub(ANY_ANSWER, {
        onEvent(event) {
            if (event.type === "request") nested ??= payments.transactions.get(ID);
        },
    });
    await payments.orders.get(ID);
    assert.equal((await nested)._id, ID);
    assert.equal(requests.length, 2);
});
