// Everything that is wrong with the input comes in one list, each with its whole path, also what JSON could not hold.

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { PaymentsClient, ValidationError } from "ghl-payments";
import { ANY_ANSWER, failure, ID, LOCATION, stub, thrown, TOKEN } from "../support/stub.mjs";

const paths = (error) => error.issues.map(({ path }) => path).sort();

test("wrong functions, limiters and headers come together with wrong values, a wrong token among them", () => {
    for (const [options, expected] of [
        [
            { token: "", fetch: 5, onEvent: "x", limiter: 3, timeoutMs: -1, baseUrl: "ftp://x", nope: 1, headers: [1] },
            ["baseUrl", "fetch", "headers[0]", "limiter", "nope", "onEvent", "timeoutMs", "token"],
        ],
        [{ fetch: {} }, ["fetch", "token"]],
        [{ token: TOKEN, limiter: {}, locationId: 5 }, ["limiter", "locationId"]],
        [{ token: TOKEN, limiter: true }, ["limiter"]],
        [{ token: TOKEN, limiter: null, onEvent: null }, ["limiter", "onEvent"]],
        [{ token: TOKEN, timeoutMs: () => 5, maxRetries: Number.NaN, strict: Symbol("x"), retries: 1n }, ["maxRetries", "retries", "strict", "timeoutMs"]],
        [{ token: TOKEN, headers: { "x-a": () => 1 }, userAgent: 5 }, ["headers.x-a", "userAgent"]],
    ]) {
        const error = thrown(() => new PaymentsClient(options));
        assert.ok(error instanceof ValidationError);
        assert.deepEqual(paths(error), expected, error.message);
        for (const path of expected) assert.ok(error.message.includes(path), `${path} in ${error.message}`);
    }
});

test("of a thousand mistakes a hundred are listed, whoever finds them", async () => {
    const { payments } = stub(ANY_ANSWER);
    const meta = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`field${at}`, Number.NaN]));
    const error = await failure(payments.orders.recordPayment("", { mode: "gold", meta }, { timeoutMs: -1 }));
    assert.equal(error.issues.length, 100);
    assert.ok(error.message.length < 20_000);
});

test("boxed values of another realm are the values that they hold", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const [text, number, none] = vm.runInNewContext('[new String("text"), new Number(5), new Number(NaN)]');
    await payments.orders.recordPayment(ID, { mode: "cash", notes: text, amount: number });
    const { notes, amount } = requests[0].body;
    assert.deepEqual([notes, amount], ["text", 5]);
    assert.deepEqual(paths(await failure(payments.orders.recordPayment(ID, { mode: "cash", amount: none }))), ["amount"]);
});

test("wrong options of a call and wrong parameters come together, whoever finds them", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const [call, expected] of [
        [payments.orders.list({ limit: -1 }, { timeoutMs: -5, headers: 5, signal: {} }), ["headers", "limit", "signal", "timeoutMs"]],
        [payments.orders.get("..", { signal: 5, nope: 1 }), ["nope", "orderId", "signal"]],
        [payments.orders.list({ limit: Number.NaN, status: () => "x", offset: -1 }), ["limit", "offset", "status"]],
        [
            payments.orders.recordPayment("", { mode: "cash", amount: 1n, meta: { a: Infinity } }, { headers: [["x"]] }),
            ["amount", "headers[0]", "meta.a", "orderId"],
        ],
        [
            payments.orders.recordPaymentOnce(ID, { mode: "gold", amount: -1 }, { since: "soon", reference: 5, signal: "x" }),
            ["amount", "mode", "reference", "signal", "since"],
        ],
        [
            payments.orders.recordPaymentOnce(ID, { mode: "cash", meta: { reference: "b" } }, { reference: "a]b", timeoutMs: -1 }),
            ["meta.reference", "reference", "timeoutMs"],
        ],
        [payments.orders.recordPaymentOnce(ID, { mode: "cash" }, { reference: "a]b", since: 5 }), ["reference", "since"]],
        [payments.coupons.get({ id: Symbol("x") }), ["id"]],
        [payments.orders.list({ altId: () => LOCATION }), ["altId"]],
        [payments.coupons.update(ID, { name: () => "x", code: 5 }), ["code", "discountType", "discountValue", "name", "startDate"]],
    ]) {
        const error = await failure(call);
        assert.ok(error instanceof ValidationError, String(error));
        assert.deepEqual(paths(error), expected, error.message);
        assert.equal(error.outcome, "not_sent");
        assert.ok(error.operation.name && error.message.startsWith(`${error.operation.name}: `), error.message);
    }
    assert.equal(requests.length, 0);
});

test("options and parameters that are no objects are refused, not ignored", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const wrong of [5, "x", true, () => ({}), 1n, Symbol("x")]) {
        for (const call of [
            payments.orders.get(ID, wrong),
            payments.orders.list({}, wrong),
            payments.orders.list(undefined, wrong),
            payments.customProvider.getConfig(wrong),
            payments.orders.recordPaymentOnce(ID, { mode: "cash" }, wrong),
        ]) {
            assert.deepEqual(paths(await failure(call)), ["options"], String(wrong));
        }
        const cursor = (await stub({ data: [{ _id: "a" }], totalCount: 9 }).payments.orders.list({ limit: 1 })).cursor;
        assert.deepEqual(paths(await failure(payments.orders.list({ limit: 1, cursor }, wrong))), ["options"], String(wrong));
        for (const call of [
            payments.orders.list(wrong),
            payments.orders.recordPayment(ID, wrong),
            payments.coupons.update(ID, wrong),
            payments.coupons.get(wrong),
        ]) {
            assert.equal((await failure(call)).name, "ValidationError", String(wrong));
        }
    }
    assert.equal(requests.length, 0);
});

const cyclic = { deep: [{}] };
cyclic.deep[0].self = cyclic;
const throwing = {
    get amount() {
        throw new Error("a getter");
    },
};
let bottomless = {};
for (let i = 0; i < 100_000; i += 1) bottomless = { in: bottomless };

/** What JSON cannot hold, or would change without a word. */
const IMPOSSIBLE = {
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    "a Number object": new Number(Number.NaN),
    "a bigint": 5n,
    "a symbol": Symbol("x"),
    "a function": () => 5,
    "a class": Date,
    "an invalid Date": new Date(Number.NaN),
    "an invalid Date of another realm": vm.runInNewContext("new Date(NaN)"),
    "a Map": new Map([["a", 1]]),
    "a Set": new Set([1]),
    "a promise": Promise.resolve(1),
    "a pattern": /x/,
    "an Error": Object.assign(new Error("x"), { code: 5 }),
    bytes: new Uint8Array([1, 2]),
    "a buffer": new ArrayBuffer(2),
    "a Blob": new Blob(["x"]),
    "a toJSON that throws": {
        toJSON() {
            throw new Error("no");
        },
    },
    "a toJSON that gives nothing": { toJSON() {} },
    "a toJSON that gives null": { toJSON: () => null },
};

for (const [what, value] of Object.entries(IMPOSSIBLE)) {
    test(`${what} is named by its whole path, wherever it stands`, async () => {
        const { payments, requests } = stub(ANY_ANSWER);
        for (const [meta, expected] of [
            [{ amount: value }, ["meta.amount"]],
            [{ deep: [{ amount: value }] }, ["meta.deep[0].amount"]],
            [{ deep: [1, [2, value], { "x y": { z: value } }] }, ["meta.deep[1][1]", "meta.deep[2].x y.z"]],
        ]) {
            const error = await failure(payments.orders.recordPayment(ID, { mode: "cash", meta }));
            assert.equal(error.name, "ValidationError", String(error));
            assert.deepEqual(paths(error), expected);
        }
        assert.equal(requests.length, 0);
    });
}

test("what holds itself, throws or has no bottom is named too", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const [meta, path] of [
        [cyclic, "meta.deep[0].self"],
        [{ deep: [throwing] }, "meta.deep[0].amount"],
    ]) {
        const error = await failure(payments.orders.recordPayment(ID, { mode: "cash", meta }));
        assert.deepEqual(paths(error), [path]);
    }
    const error = await failure(payments.orders.recordPayment(ID, { mode: "cash", meta: bottomless }));
    assert.equal(error.name, "ValidationError");
    assert.ok(error.issues[0].path.startsWith("meta.in.in"), error.issues[0].path.slice(0, 40));
    assert.match((await failure(payments.orders.recordPayment(ID, { mode: "cash", meta: throwing }))).cause.message, /a getter/);
    assert.equal(requests.length, 0);
});

test("arguments that throw when they are read are refused like all others: by the promise, with their cause", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const cause = new Error("a getter");
    const thrower = (name) => Object.defineProperty({}, name, { enumerable: true, get() { throw cause; } });
    for (const call of [
        () => payments.orders.list(thrower("cursor")),
        () => payments.orders.list(thrower("limit")),
        () => payments.orders.list({}, thrower("signal")),
        () => payments.orders.list({}, thrower("headers")),
        () => payments.orders.get(ID, thrower("signal")),
        () => payments.orders.get(ID, thrower("timeoutMs")),
        () => payments.coupons.update("c", thrower("name")),
        () => payments.coupons.get(thrower("code")),
        () => payments.orders.recordPaymentOnce(ID, thrower("mode"), thrower("since")),
    ]) {
        const error = await failure(call());
        assert.deepEqual([error.name, error.outcome], ["ValidationError", "not_sent"], String(call));
        assert.ok(error.cause === cause && /threw/.test(error.message), error.message);
    }
    assert.equal(requests.length, 0);
});

test("what JSON can hold is taken: instances, Dates, objects without a prototype, the same value twice", async () => {
    class Money {
        constructor(amount) {
            this.amount = amount;
        }
    }
    const twice = { a: 1 };
    const meta = {
        money: new Money(5),
        when: new Date(0),
        bare: Object.assign(Object.create(null), { a: 1 }),
        twice: [twice, twice],
        boxed: new Number(5),
        missing: undefined,
        own: { toJSON: () => "text" },
        nothing: null,
        address: new URL("https://example.com/a"),
    };
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.orders.recordPayment(ID, { mode: "cash", meta });
    assert.deepEqual(requests[0].body.meta, JSON.parse(JSON.stringify(meta)));
});

class Payment {
    #cents;
    mode = "cash";
    constructor(cents) {
        this.#cents = cents;
    }
    get amount() {
        return this.#cents / 100;
    }
    total() {
        return this.amount;
    }
}
class Refined extends Payment {}
class Items extends Array {
    get amount() {
        return 5;
    }
}
const hidden = (name, value, more) => Object.defineProperty({ ...more }, name, { value });
/** A value whose `amount` neither JSON nor a copy would have. */
const LOSSY = {
    "a class with an accessor": () => new Payment(500),
    "a class that inherits one": () => new Refined(500),
    "an object with a prototype": () => Object.assign(Object.create({ amount: 5 }), { mode: "cash" }),
    "an object whose prototypes end elsewhere": () => Object.assign(Object.create(Object.assign(Object.create(null), { amount: 5 })), { mode: "cash" }),
    "a property that is not enumerable": () => hidden("amount", 5, { mode: "cash" }),
    "an accessor that is not enumerable": () => Object.defineProperty({ mode: "cash" }, "amount", { get: () => 5 }),
    "a proxy": () => new Proxy(new Payment(500), { get: (target, name) => Reflect.get(target, name) }),
    "an object of another realm": () => vm.runInNewContext("Object.assign(Object.create({ amount: 5 }), { mode: 'cash' })"),
    "an accessor that gives null": () => Object.assign(Object.create({ get amount() { return null; } }), { mode: "cash" }),
};
const LOSSY_LISTS = {
    "a list with a property": () => Object.assign([1], { amount: 5 }),
    "a list with a hidden property": () => Object.defineProperty([1], "amount", { value: 5 }),
    "a class of lists": () => Items.of(1),
};

for (const [what, make] of Object.entries(LOSSY)) {
    test(`nothing is left out without a word: ${what}`, async () => {
        const { payments, requests } = stub(ANY_ANSWER);
        for (const call of [payments.orders.recordPayment(ID, make()), payments.orders.recordPaymentOnce(ID, make(), { reference: "r" })]) {
            const error = await failure(call);
            assert.equal(error.name, "ValidationError", String(error));
            assert.deepEqual(paths(error), ["amount"], error.message);
            assert.match(error.message, /amount would be left out: .* own enumerable properties .* Pass a plain object of what is meant/);
        }
        assert.equal(requests.length, 0);
    });
}

for (const [what, make] of Object.entries({ ...LOSSY, ...LOSSY_LISTS })) {
    test(`nothing is left out without a word, wherever it stands: ${what}`, async () => {
        const { payments, requests } = stub(ANY_ANSWER);
        const error = await failure(payments.orders.recordPayment(ID, { mode: "cash", meta: { a: [make()], b: make() } }));
        assert.deepEqual(paths(error), ["meta.a[0].amount", "meta.b.amount"], error.message);
        assert.equal(requests.length, 0);
    });
}

test("options and parameters of every kind of call lack nothing without a word", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const { cursor } = await stub({ data: [{ _id: "a" }], totalCount: 9 }).payments.orders.list({ limit: 1 });
    const inherited = (fields) => Object.create(fields);
    const cheque = Object.assign(Object.create({ number: "129" }), {});
    for (const [call, expected] of [
        [payments.orders.recordPayment(ID, { mode: "cheque", cheque, amount: 5 }), ["cheque.number"]],
        [payments.orders.recordPaymentOnce(ID, { mode: "cash" }, new (class { get reference() { return "r"; } })()), ["reference"]],
        [payments.orders.recordPaymentOnce(ID, { mode: "cash" }, hidden("since", new Date(), { reference: "r" })), ["since"]],
        [payments.orders.recordPaymentOnce(ID, { mode: "cash" }, { reference: undefined }), ["reference"]],
        [payments.orders.recordPaymentOnce(ID, { mode: "cash" }, inherited({ reference: undefined })), ["reference"]],
        [payments.orders.get(ID, inherited({ timeoutMs: 5 })), ["timeoutMs"]],
        [payments.orders.get(ID, { headers: hidden("x-a", "b") }), ["headers.x-a"]],
        [payments.orders.list(inherited({ status: "completed" })), ["status"]],
        [payments.orders.list({}, inherited({ timeoutMs: 5 })), ["timeoutMs"]],
        [payments.orders.list({}, hidden("timeoutMs", 5, { headers: {} })), ["timeoutMs"]],
        [payments.orders.list({}, { headers: hidden("x-a", "b") }), ["headers.x-a"]],
        [payments.orders.list(Object.assign(inherited({ status: "completed" }), { cursor })), ["status"]],
        [payments.orders.list({ cursor }, inherited({ timeoutMs: 5 })), ["timeoutMs"]],
        [payments.orders.list({ cursor }, hidden("timeoutMs", 5, { headers: {} })), ["timeoutMs"]],
        [payments.coupons.get(inherited({ code: "x" })), ["code"]],
        [payments.coupons.update(ID, hidden("name", "x", { code: "C", discountType: "percentage", discountValue: 5, startDate: "2026-11-01" })), ["name"]],
    ]) {
        const error = await failure(call);
        assert.equal(error.name, "ValidationError", String(error));
        assert.ok(expected.every((path) => paths(error).includes(path)), `${expected}: ${error.message}`);
        assert.equal(new Set(paths(error)).size, error.issues.length, error.message);
    }
    assert.equal(requests.length, 0);
    const error = thrown(() => new PaymentsClient(Object.assign(inherited({ locationId: LOCATION }), { token: TOKEN })));
    assert.deepEqual(paths(error), ["locationId"]);
});

test("what is no data may be inherited or hidden, and whoever has a toJSON says what is sent", async () => {
    const marked = Object.assign(hidden("helper", () => 5, { a: 1 }), { [Symbol("of a library")]: 5 });
    class Money {
        #cents = 500;
        get cents() {
            return this.#cents;
        }
        toJSON() {
            return this.cents / 100;
        }
    }
    const meta = {
        marked,
        nothing: Object.assign(Object.create({ get b() {} }), { a: 1 }),
        shadowed: Object.assign(Object.create({ a: 1 }), { a: 2 }),
        proxy: new Proxy({ a: [1, 2] }, {}),
        realm: vm.runInNewContext("({ a: [1, { b: 2 }] })"),
        boxed: [new String("text"), new Number(5)],
        frozen: Object.freeze({ a: Object.freeze([1]) }),
        sparse: [1, , 3],
    };
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.orders.recordPayment(ID, { mode: "cash", amount: new Money(), meta });
    assert.deepEqual(requests[0].body.meta, JSON.parse(JSON.stringify(meta)));
    assert.equal(requests[0].body.amount, 5);
});

/** Keeps cents; whoever asks for its JSON gets an object of its own class, with amounts. */
class Coupon {
    constructor(fields) {
        Object.assign(this, fields);
    }
    get label() {
        return undefined;
    }
    toJSON() {
        return new Coupon({ ...this, discountValue: this.discountValue / 100 });
    }
}
const COUPON = { name: "n", code: "C", discountType: "amount", discountValue: 1000, startDate: "2027-01-01T00:00:00Z" };

test("a toJSON says what is sent wherever a body is taken, and is asked once", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.coupons.create(new Coupon(COUPON));
    await payments.coupons.update(ID, new Coupon(COUPON));
    // What it holds, inherits and hides itself does not matter.
    await payments.coupons.update(ID, Object.create({ other: 5 }, { toJSON: { value: () => COUPON }, db: { value: {} } }));
    const sent = requests.map(({ body }) => body);
    assert.deepEqual(sent.map(({ discountValue }) => discountValue), [10, 10, 1000]);
    assert.ok(sent.every(({ name, code }) => name === "n" && code === "C"));
    for (const given of [undefined, null, "text", 5, () => 1]) {
        for (const params of [given, { toJSON: () => given }]) {
            const error = await failure(payments.coupons.update(ID, params));
            assert.deepEqual([error.name, error.recordId], ["ValidationError", ID], String(given));
        }
        if (given !== null && given !== undefined) assert.equal((await failure(payments.coupons.list(given))).name, "ValidationError");
        assert.equal((await failure(payments.coupons.list({ toJSON: () => given }))).name, "ValidationError", String(given));
    }
    const throws = { toJSON() { throw new RangeError("no"); } };
    for (const call of [payments.coupons.update(ID, throws), payments.coupons.list(throws)]) {
        const error = await failure(call);
        assert.deepEqual([error.name, error.cause.message], ["ValidationError", "no"]);
    }
    assert.equal(requests.length, 3);
});

test("all pages of a list have the parameters that their toJSON gave when the list was made", async () => {
    let asked = 0;
    class Filter {
        #status = "completed";
        limit = 50;
        toJSON() {
            asked += 1;
            return { status: this.#status, limit: 2, offset: 4 };
        }
    }
    const records = Array.from({ length: 10 }, (_, i) => ({ _id: `record ${i}` }));
    const { payments, requests } = stub(({ url }) => {
        const [offset, limit] = ["offset", "limit"].map((name) => Number(new URL(url).searchParams.get(name)));
        return Response.json({ data: records.slice(offset, offset + limit), totalCount: 10 });
    });
    const all = await payments.orders.list(new Filter()).toArray();
    assert.deepEqual(all, records.slice(4));
    assert.equal(asked, 1);
    for (const { url } of requests) assert.equal(url.searchParams.get("status"), "completed");
    // From a cursor on too.
    const { cursor } = await payments.orders.list(new Filter());
    requests.length = 0;
    await payments.orders.list({ toJSON: () => ({ status: "completed", limit: 2, cursor }) });
    assert.equal(requests[0].url.searchParams.get("status"), "completed");
});

test("what a toJSON gives lacks nothing without a word either, at every level", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const inner = () => ({ toJSON: () => new Payment(500) });
    for (const [call, expected] of [
        [payments.orders.recordPayment(ID, inner()), ["amount"]],
        [payments.orders.recordPaymentOnce(ID, inner(), { reference: "r" }), ["amount"]],
        [payments.orders.recordPayment(ID, { mode: "cash", meta: { a: [inner()] } }), ["meta.a[0].amount"]],
        [payments.orders.recordPayment(ID, { toJSON: () => ({ mode: "cash", meta: inner() }) }), ["meta.amount"]],
        [payments.coupons.update(ID, { toJSON: () => hidden("usageLimit", 5, COUPON) }), ["usageLimit"]],
        [payments.orders.list({ toJSON: () => hidden("status", "completed") }), ["status"]],
    ]) {
        assert.deepEqual(paths(await failure(call)), expected);
    }
    assert.equal(requests.length, 0);
});

test("of a name that there is not that is all that is said", async () => {
    const error = thrown(() => new PaymentsClient({ token: TOKEN, logger: console }));
    assert.deepEqual(paths(error), ["logger"], error.message);
    const { payments } = stub(ANY_ANSWER);
    const refused = await failure(payments.orders.recordPayment(ID, { mode: "cash", cents: [hidden("a", 5), { b: 5n }] }));
    assert.deepEqual(paths(refused), ["cents"], refused.message);
});

test("a proxy whose prototypes have no end is read to an end", async () => {
    let asked = 0;
    const endless = () => new Proxy({}, { ownKeys: () => [], get: () => undefined, getPrototypeOf: () => ((asked += 1), endless()) });
    const { payments } = stub(ANY_ANSWER);
    await payments.orders.get(ID, endless());
    assert.ok(asked > 0 && asked < 10_000, String(asked));
});
