// Input that means harm, from callers and from servers: refused or carried as data, and the client goes on working.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { PaymentsClient, ValidationError } from "ghl-payments";
import { METHODS } from "../support/operations.mjs";
import { ANY_ANSWER, ARGUMENTS, call, failure, ID, LOCATION, stub, thrown, TOKEN } from "../support/stub.mjs";

const MEGABYTE = "x".repeat(1 << 20);

/** Methods whose first argument becomes a segment of the path. */
const WITH_PATH_ID = METHODS.filter((name) => ARGUMENTS[name][0] === ID && !name.startsWith("coupons."));

/** An answer with exactly this body. */
function answering(body, init, options) {
    return stub(() => new Response(body, init), options);
}

function refused(error, label) {
    assert.ok(error instanceof ValidationError, `${label}: ${error}`);
    assert.deepEqual([error.outcome, error.attempts], ["not_sent", 0], label);
}

function nested(depth, open, inner, close) {
    return open.repeat(depth) + inner + close.repeat(depth);
}

test("an id never leaves its segment of the path", async () => {
    assert.equal(WITH_PATH_ID.length, 7);
    const ids = [
        "%2e%2e",
        "%2E%2E%2Fx",
        "../../oauth/token",
        "..\\..",
        "a/b",
        "/",
        "//evil.example",
        "https://evil.example/",
        "@evil.example",
        "?altId=x",
        "#x",
        ";a=b",
        "%00",
        "...",
        "__proto__",
        "\u202e😀",
    ];
    for (const name of WITH_PATH_ID) {
        const { payments, requests } = stub(ANY_ANSWER);
        const [resource, method] = name.split(".");
        await call(payments, name);
        const segments = requests[0].url.pathname.split("/");
        const place = segments.indexOf(ID);
        for (const id of ids) {
            await payments[resource][method](id, ...ARGUMENTS[name].slice(1));
            const { url } = requests.at(-1);
            const found = url.pathname.split("/");
            assert.equal(decodeURIComponent(found[place]), id, name);
            assert.deepEqual(found.with(place, ID), segments, `${name} ${id}`);
            assert.deepEqual([url.origin, url.search, url.hash], [requests[0].url.origin, requests[0].url.search, ""]);
        }
    }
});

test("an id that is no id is refused and nothing is sent", async () => {
    const ids = ["", " ", ".", "..", "a\0b", "a\r\nb", "\u007f", "\ud800", "a\udc00", "\udc00\ud800", MEGABYTE];
    for (const name of WITH_PATH_ID) {
        const { payments, requests } = stub(ANY_ANSWER);
        const [resource, method] = name.split(".");
        for (const id of ids) {
            const error = await failure(payments[resource][method](id, ...ARGUMENTS[name].slice(1)));
            refused(error, `${name} ${JSON.stringify(id.slice(0, 9))}`);
            assert.ok(error.message.length < 500, "the message does not quote a megabyte");
        }
        assert.equal(requests.length, 0);
    }
});

test("an id in a query or a body says exactly what was given, or is refused", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const id of ["..", "%2e", "a&id=b", "a=b#c", "x y+z", "\\u0000", '"', "😀", "__proto__"]) {
        await payments.coupons.get({ id });
        assert.deepEqual(requests.at(-1).url.searchParams.getAll("id"), [id]);
        await payments.coupons.delete(id);
        assert.equal(requests.at(-1).body.id, id);
        await payments.orders.list({ altId: id });
        assert.deepEqual(requests.at(-1).url.searchParams.getAll("altId"), [id]);
    }
    const sent = requests.length;
    for (const id of ["", " ", "a\0b", "a\nb", "\ud800", "a\udc00"]) {
        refused(await failure(payments.coupons.get({ id })), JSON.stringify(id));
        refused(await failure(payments.coupons.delete(id)), JSON.stringify(id));
        refused(await failure(payments.orders.list({ altId: id })), JSON.stringify(id));
        refused(await failure(payments.orders.get(ID, { locationId: id })), JSON.stringify(id));
        refused(thrown(() => new PaymentsClient({ token: TOKEN, locationId: id })), JSON.stringify(id));
    }
    assert.equal(requests.length, sent);
});

test("a line break never reaches a header", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const end of ["\r\n", "\n", "\r", "\0", "\u2028", "\u0085", "\ud800"]) {
        const text = `a${end}X-Injected: 1`;
        const token = `pit-5e1f${end}X-Injected: 1`;
        for (const options of [{ token }, { userAgent: text }, { apiVersion: text }, { locationId: text }]) {
            refused(thrown(() => new PaymentsClient({ token: TOKEN, locationId: LOCATION, ...options })), end);
        }
        for (const headers of [{ "x-a": text }, { [text]: "1" }, { [`x-a${end}`]: "1" }]) {
            refused(thrown(() => new PaymentsClient({ token: TOKEN, locationId: LOCATION, headers })), end);
            refused(await failure(payments.orders.get(ID, { headers })), end);
        }
        const late = stub(ANY_ANSWER, { token: async () => token });
        const error = await failure(late.payments.orders.get(ID));
        assert.deepEqual([error.outcome, late.requests.length], ["not_sent", 0]);
        assert.ok(!error.message.includes("Injected"), "a token is not quoted, not even a broken one");
    }
    assert.equal(requests.length, 0);
});

test("a header that the client sets cannot be set from outside, however it is spelled", async () => {
    for (const name of ["Authorization", "AUTHORIZATION", "content-type", "Version", "aCCept"]) {
        refused(thrown(() => new PaymentsClient({ token: TOKEN, headers: { [name]: "x" } })), name);
        refused(await failure(stub(ANY_ANSWER).payments.orders.get(ID, { headers: { [name]: "x" } })), name);
    }
});

test("__proto__ and constructor in parameters are unknown fields", async () => {
    for (const key of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]) {
        const poison = JSON.parse(`{"${key}":{"polluted":true,"limit":1}}`);
        const { payments, requests } = stub(ANY_ANSWER);
        const [, body] = ARGUMENTS["orders.recordPayment"];
        for (const act of [
            () => payments.orders.list(poison),
            () => payments.orders.recordPayment(ID, Object.assign(JSON.parse(`{"${key}":{"amount":1}}`), body)),
            () => payments.coupons.get({ ...poison, id: ID }),
            () => payments.coupons.update(ID, { ...ARGUMENTS["coupons.update"][1], ...poison }),
            () => payments.orders.get(ID, poison),
            () => payments.customProvider.connect({ live: poison }),
        ]) {
            // Assigning to `__proto__` sets no field: then there is nothing that could be sent.
            const outcome = await act().then(
                () => "sent",
                (error) => refused(error, key),
            );
            if (outcome === "sent") assert.deepEqual(requests.pop().body, { altId: LOCATION, altType: "location", ...body });
        }
        assert.equal(requests.length, 0, key);
        refused(thrown(() => new PaymentsClient({ token: TOKEN, locationId: LOCATION, ...poison })), key);
    }
    assert.deepEqual([{}.polluted, {}.limit, {}.amount], [undefined, undefined, undefined]);
});

test("fields that a parameter object inherits are neither sent nor left out without a word", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const [call, path] of [
        [payments.orders.list(Object.create({ status: "completed" })), "status"],
        [payments.orders.recordPayment(ID, Object.assign(Object.create({ amount: 5 }), { mode: "cash" })), "amount"],
    ]) {
        const error = await failure(call);
        assert.deepEqual([error.name, error.issues.map((issue) => issue.path)], ["ValidationError", [path]]);
    }
    assert.deepEqual(requests, []);
});

test("__proto__ and constructor in an answer are data and change nothing else", async () => {
    const poison = '"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1,"then":null';
    const text = `{"_id":"a",${poison},"amountSummary":{${poison}},"items":[{${poison}}],"unknown":{${poison}}}`;
    const order = await answering(text).payments.orders.get(ID);
    assert.equal(JSON.stringify(order), text);
    for (const part of [order, order.amountSummary, order.items[0], order.unknown]) {
        assert.ok(Object.hasOwn(part, "__proto__") && Object.hasOwn(part, "constructor"));
        assert.equal(Object.getPrototypeOf(part), Object.prototype);
    }
    const list = await answering(`{"data":[{"_id":"a",${poison}}],"totalCount":1,${poison}}`).payments.orders.list();
    assert.ok(Object.hasOwn(list.data[0], "__proto__"));

    const body = `{"message":"no",${poison}}`;
    const error = await failure(answering(body, { status: 400 }).payments.orders.get(ID));
    assert.deepEqual([error.name, error.messages], ["InvalidRequestError", ["no"]]);
    assert.equal(JSON.stringify(error.body), body);
    assert.deepEqual([{}.polluted, [].polluted, error.polluted], [undefined, undefined, undefined]);
});

test("an error body cannot pass for a field of the error", async () => {
    const body = { name: "ValidationError", code: "x", outcome: "not_sent", retryable: true, attempts: 0, stack: "x" };
    const error = await failure(stub(() => Response.json(body, { status: 403 })).payments.orders.get(ID));
    assert.deepEqual(
        [error.name, error.code, error.outcome, error.retryable, error.attempts],
        ["PermissionError", "permission_denied", "rejected", false, 1],
    );
});

test("an answer 10,000 or a million levels deep is a DecodeError, in an error it is read as text", async () => {
    for (const depth of [129, 10_000, 1_000_000]) {
        for (const body of [
            nested(depth, "[", "", "]"),
            nested(depth, '{"a":', "1", "}"),
            nested(depth, '{"error":', "1", "}"),
            nested(depth, '[{"_id":', '"a"', "}]"),
            "[".repeat(depth),
            `{"_id":"a","unknown":${nested(depth, "[", "", "]")}}`,
            `{"_id":"a","items":${nested(depth, "[", "", "]")}}`,
        ]) {
            for (const name of ["orders.listNotes", "orders.get"]) {
                const error = await failure(call(answering(body).payments, name));
                assert.deepEqual([error.name, error.outcome], ["DecodeError", "applied"], `${depth} ${name}`);
                assert.ok(error.message.length < 1000);
            }
            const error = await failure(answering(body, { status: 422 }).payments.orders.get(ID));
            assert.deepEqual([error.name, error.messages], ["InvalidRequestError", []]);
        }
    }
    const deepest = nested(128, "[", "", "]");
    assert.equal(JSON.stringify(await answering(deepest).payments.orders.listNotes(ID)), deepest);
});

test("parameters that are too deep, cyclic or no data are refused", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const cyclic = {};
    cyclic.self = cyclic;
    const deep = (levels) => {
        let value = {};
        for (let i = 0; i < levels; i += 1) value = { a: value };
        return value;
    };
    const hostile = { toJSON: () => { throw new Error("of the caller"); } };
    for (const meta of [deep(200), deep(10_000), deep(100_000), cyclic, hostile, () => {}, Symbol("x"), 5n]) {
        refused(await failure(payments.orders.recordPayment(ID, { mode: "cash", meta })), typeof meta);
    }
    assert.equal(requests.length, 0);
});

test("bytes that are no UTF-8 are no data, in an error they are readable", async () => {
    const around = (bytes) => Uint8Array.from([...Buffer.from('{"_id":"'), ...bytes, ...Buffer.from('"}')]);
    for (const bytes of [
        [0xff],
        [0x80],
        [0xc0, 0xaf], // a slash, too long
        [0xe2, 0x82], // cut off
        [0xed, 0xa0, 0x80], // a surrogate
        [0xf4, 0x90, 0x80, 0x80], // above U+10FFFF
        [0xf8, 0x88, 0x80, 0x80, 0x80],
    ]) {
        const error = await failure(answering(around(bytes)).payments.orders.get(ID));
        assert.deepEqual([error.name, error.expected, error.outcome], ["DecodeError", "UTF-8", "applied"]);
        const denied = await failure(answering(around(bytes), { status: 403 }).payments.orders.get(ID));
        assert.equal(denied.name, "PermissionError");
        assert.match(denied.body._id, /^\ufffd+$/);
    }
    const utf16 = Buffer.from('\ufeff{"_id":"a"}', "utf16le");
    assert.equal((await failure(answering(utf16).payments.orders.get(ID))).name, "DecodeError");
});

test("the bytes decide what an answer is, not its Content-Type", async () => {
    for (const type of ["text/html", "image/png", "application/json; charset=utf-16", "nonsense", "text/javascript"]) {
        const headers = { "content-type": type };
        assert.equal((await answering('{"_id":"a"}', { headers }).payments.orders.get(ID))._id, "a");
        for (const body of ["<html></html>", "_id=a", "\x89PNG\r\n\x1a\n", "", "undefined", "NaN", '{"_id":"a"} trailing']) {
            const error = await failure(answering(body, { headers: { "content-type": type } }).payments.orders.get(ID));
            assert.deepEqual([error.name, error.outcome], ["DecodeError", "applied"], body);
        }
    }
});

test("numbers beyond 2^53 and 1e400 arrive as JSON.parse gives them; what no double holds is reported", async () => {
    for (const [written, value, reported] of [
        ["9007199254740993", 9007199254740992, false],
        ["123456789012345678901234567890", 123456789012345678901234567890, false],
        ["1e300", 1e300, false],
        ["1e-400", 0, false],
        ["-0", -0, false],
        ["1e400", Infinity, true],
        ["-1e400", -Infinity, true],
        ["9".repeat(400), Infinity, true],
    ]) {
        const { payments, events } = answering(`{"_id":"a","amount":${written}}`);
        assert.ok(Object.is((await payments.orders.get(ID)).amount, value), written);
        const drifts = events.filter((event) => event.type === "drift");
        assert.deepEqual([drifts.length > 0, drifts.some((drift) => drift.repaired)], [reported, false], written);
        const strict = answering(`{"_id":"a","amount":${written}}`, {}, { strict: true }).payments.orders.get(ID);
        assert.equal(await strict.then(() => false, (error) => error.name === "DecodeError"), reported, written);
    }
    // As text they are not certain, and stay what they are.
    for (const text of ["1e400", "9".repeat(400), "0x10", "1_000", " 5", "٥", "Infinity", "NaN"]) {
        const { payments } = answering(JSON.stringify({ _id: "a", amount: text }));
        assert.equal((await payments.orders.get(ID)).amount, text);
    }
});

test("an amount that is no finite number above 0 is never sent as a payment", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const amount of [NaN, Infinity, -Infinity, 0, -0, -1, "5", null, [5], {}, 5n, new Number(-5)]) {
        refused(await failure(payments.orders.recordPayment(ID, { mode: "cash", amount })), String(amount));
    }
    assert.equal(requests.length, 0);
});

test("a total that lies does not keep an iteration going", async () => {
    for (const total of ["1e400", "-1e400", "-1", "0.5", "1e300", "9007199254740993", '"9"', "null", "true", "{}"]) {
        const { payments, requests } = answering(`{"data":[{"_id":"a"}],"totalCount":${total}}`);
        const all = await payments.orders.list({ limit: 1 }).toArray();
        assert.deepEqual(all, [{ _id: "a" }], total);
        assert.ok(requests.length <= 15, `${total}: ${requests.length} requests`);
    }
});

test("records that are no objects, and ids that are no texts, pass as they came", async () => {
    const records = [null, 5, "x", [], { _id: { $oid: "a" } }, { _id: ["a"] }];
    const { payments } = answering(JSON.stringify({ data: records, totalCount: records.length }));
    assert.deepEqual((await payments.orders.list()).data, records);
    assert.deepEqual(await payments.orders.list({ limit: 10 }).toArray(), records);
});

test("a redirect, an informational or a nonsensical status is never data", async () => {
    for (const status of [204, 205, 301, 302, 303, 307, 308, 304, 599]) {
        const body = [204, 205, 304].includes(status) ? null : '{"_id":"a"}';
        const init = { status, headers: { location: "https://evil.example/" } };
        const error = await failure(answering(body, init, { maxRetries: 0 }).payments.orders.get(ID));
        assert.notEqual(error.outcome, undefined);
        assert.ok(["DecodeError", "PaymentsError", "ServerError"].includes(error.name), `${status}: ${error.name}`);
    }
});

/** A body that has no end, in chunks of `size`; counts what was taken from it. */
function flood({ size = 65536 } = {}) {
    const taken = { bytes: 0, cancelled: false };
    const body = new ReadableStream(
        {
            async pull(controller) {
                // Lets timers run, as a network does.
                if (taken.bytes % (size * 64) === 0) await new Promise((resolve) => setImmediate(resolve));
                const chunk = new Uint8Array(size).fill(0x20);
                if (taken.bytes === 0) chunk[0] = 0x5b;
                taken.bytes += chunk.length;
                controller.enqueue(chunk);
            },
            cancel() {
                taken.cancelled = true;
            },
        },
        { highWaterMark: 0 },
    );
    return { body, taken };
}

const MAX = 1 << 20;

test("an answer without end is a DecodeError at the limit, is not read on and not asked for again", async () => {
    for (const size of [65536, 1000, 1 << 22]) {
        const { body, taken } = flood({ size });
        const { payments, requests } = stub(() => new Response(body), { maxResponseBytes: MAX });
        const error = await failure(payments.orders.get(ID));
        assert.deepEqual([error.name, error.code, error.outcome], ["DecodeError", "decode_failed", "applied"]);
        assert.match(error.message, /maxResponseBytes/);
        assert.ok(taken.bytes > MAX && taken.bytes <= MAX + 2 * size, String(taken.bytes));
        assert.deepEqual([taken.cancelled, requests.length], [true, 1]);
    }
});

test("an answer whose Content-Length is over the limit is not read at all", async () => {
    const { body, taken } = flood();
    const headers = { "content-length": String(MAX + 1) };
    const error = await failure(stub(() => new Response(body, { headers }), { maxResponseBytes: MAX }).payments.orders.get(ID));
    assert.deepEqual([error.name, taken.bytes, taken.cancelled], ["DecodeError", 0, true]);
});

test("a Content-Length that lies changes nothing", async () => {
    for (const length of ["5", "-1", "x", "", "1e9999"]) {
        const { body } = flood();
        const headers = { "content-length": length };
        const long = stub(() => new Response(body, { headers }), { maxResponseBytes: MAX });
        assert.equal((await failure(long.payments.orders.get(ID))).name, "DecodeError", length);
    }
    const short = answering('{"_id":"a"}', { headers: { "content-length": "5" } });
    assert.equal((await short.payments.orders.get(ID))._id, "a");
});

test("the limit itself is allowed, one byte more is not", async () => {
    const text = `{"_id":"a","notes":"${"x".repeat(5000)}"}`;
    for (const respond of [
        (body) => new Response(body),
        (body) => ({ status: 200, headers: new Headers(), arrayBuffer: async () => new TextEncoder().encode(body).buffer }),
    ]) {
        const exact = stub(() => respond(text), { maxResponseBytes: text.length });
        assert.equal((await exact.payments.orders.get(ID))._id, "a");
        const over = stub(() => respond(`${text} `), { maxResponseBytes: text.length });
        assert.equal((await failure(over.payments.orders.get(ID))).name, "DecodeError");
    }
});

test("an error page without end keeps its class and its start", async () => {
    for (const [status, name] of [[403, "PermissionError"], [404, "NotFoundError"], [500, "ServerError"]]) {
        const { body, taken } = flood();
        const options = { maxResponseBytes: 1000, maxRetries: 0 };
        const error = await failure(stub(() => new Response(body, { status }), options).payments.orders.get(ID));
        assert.deepEqual([error.name, error.status, taken.cancelled], [name, status, true]);
        assert.equal(error.body.length, 1000);
        const whole = { status, headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(1 << 26) };
        const late = await failure(stub(() => whole, options).payments.orders.get(ID));
        assert.deepEqual([late.name, late.body.length], [name, 1000]);
    }
});

test("the time limit holds for a body that drips, and ends the reading", async () => {
    let taken = 0;
    let cancelled = false;
    const body = new ReadableStream({
        async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            taken += 1;
            controller.enqueue(new Uint8Array([0x20]));
        },
        cancel() {
            cancelled = true;
        },
    });
    const error = await failure(stub(() => new Response(body), { timeoutMs: 50, maxRetries: 0 }).payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome], ["TimeoutError", "applied"]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const after = taken;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual([taken, cancelled], [after, true]);
});

test("a hundred megabytes of zeros in a small compressed answer stop at the default limit", async () => {
    const bomb = gzipSync(Buffer.alloc(100 << 20, 0x20));
    const server = createServer((_, response) => {
        response.writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" }).end(bomb);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
        const baseUrl = `http://127.0.0.1:${server.address().port}`;
        const payments = new PaymentsClient({ token: TOKEN, locationId: LOCATION, baseUrl });
        const before = process.memoryUsage().rss;
        const error = await failure(payments.orders.get(ID));
        assert.equal(error.name, "DecodeError");
        assert.match(error.message, /maxResponseBytes/);
        const grown = (process.memoryUsage().rss - before) >> 20;
        assert.ok(grown < 100, `${grown} MiB more for an answer of at most 16`);
    } finally {
        server.closeAllConnections();
        server.close();
    }
});

test("a body in single bytes arrives whole", async () => {
    const text = JSON.stringify({ _id: "a", notes: "é😀".repeat(500) });
    const bytes = new TextEncoder().encode(text);
    let at = 0;
    const body = new ReadableStream({
        pull(controller) {
            controller.enqueue(bytes.slice(at, at + 1));
            at += 1;
            if (at === bytes.length) controller.close();
        },
    });
    assert.equal(JSON.stringify(await answering(body).payments.orders.get(ID)), text);
});

test("after all of this one client still works", async () => {
    let body = "";
    const { payments } = stub(() => new Response(body), { maxRetries: 0 });
    for (body of ["", "<", "[".repeat(100_000), "\0", '{"_id":1e400}', "{}", MEGABYTE, `"${MEGABYTE}"`, "[".repeat(1 << 20)]) {
        await payments.orders.get(ID).catch((error) => assert.equal(error.name, "DecodeError"));
    }
    body = '{"_id":"fine"}';
    assert.deepEqual(await payments.orders.get(ID), { _id: "fine" });
});
