// The option headers: whatever it is, it goes out whole or is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";
import { PaymentsClient } from "ghl-payments";
import { ANY_ANSWER, failure, ID, stub, thrown, TOKEN } from "../support/stub.mjs";

/** A class of headers as other libraries have them: nothing of the runtime's own. */
class ForeignHeaders {
    #pairs;
    constructor(pairs) {
        this.#pairs = pairs;
    }
    *[Symbol.iterator]() {
        yield* this.#pairs;
    }
}

const PAIRS = [
    ["X-A", "1"],
    ["x-b", "two"],
];
const FORMS = {
    "an object": () => Object.fromEntries(PAIRS),
    "an object without a prototype": () => Object.assign(Object.create(null), Object.fromEntries(PAIRS)),
    "an object of another realm": () => vm.runInNewContext('({ "X-A": "1", "x-b": "two" })'),
    "a Proxy of an object": () => new Proxy(Object.fromEntries(PAIRS), {}),
    Headers: () => new Headers(PAIRS),
    "a class of another library": () => new ForeignHeaders(PAIRS),
    "a Map": () => new Map(PAIRS),
    "a Map of another realm": () => vm.runInNewContext('new Map([["X-A", "1"], ["x-b", "two"]])'),
    "an array of pairs": () => PAIRS,
    "a frozen array of pairs": () => Object.freeze(PAIRS.map((pair) => Object.freeze([...pair]))),
    "a Set of pairs": () => new Set(PAIRS),
    "an iterator": () => PAIRS.values(),
    URLSearchParams: () => new URLSearchParams(PAIRS),
};

for (const [what, make] of Object.entries(FORMS)) {
    test(`${what} is taken, by a client and by a call`, async () => {
        for (const [options, callOptions] of [
            [{ headers: make() }, undefined],
            [{}, { headers: make() }],
        ]) {
            const { payments, requests } = stub(ANY_ANSWER, options);
            await payments.orders.get(ID, callOptions);
            await payments.orders.get(ID, callOptions && { headers: make() });
            for (const { headers } of requests) assert.deepEqual([headers.get("x-a"), headers.get("x-b")], ["1", "two"]);
            assert.equal(requests.length, 2);
        }
    });
}

test("no headers are no mistake", async () => {
    for (const headers of [undefined, {}, [], new Map(), new Headers()]) {
        const { payments, requests } = stub(ANY_ANSWER, { headers });
        await payments.orders.get(ID, { headers });
        assert.equal(requests.length, 1);
    }
});

test("a header that is there twice goes out with both values, in whatever case its name is written", async () => {
    const twice = new Headers([["x-a", "1"], ["X-A", "2"]]);
    for (const headers of [[["x-a", "1"], ["X-A", "2"]], { "x-a": "1", "X-A": "2" }, new Map([["x-a", "1"], ["X-A", "2"]]), twice]) {
        const { payments, requests } = stub(ANY_ANSWER, { headers });
        await payments.orders.get(ID);
        assert.equal(requests[0].headers.get("x-a"), "1, 2");
    }
});

test("a call's header takes the place of the client's", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { headers: new Map([["x-a", "client"], ["x-b", "client"]]) });
    await payments.orders.get(ID, { headers: [["X-A", "call"]] });
    assert.deepEqual([requests[0].headers.get("x-a"), requests[0].headers.get("x-b")], ["call", "client"]);
});

class Settings {
    "x-a" = "1";
}
function* endless() {
    for (let i = 0; ; i += 1) yield [`x-${i}`, "1"];
}
function* broken() {
    yield ["x-a", "1"];
    throw new Error("the store is down");
}
/** Each is a value, or where it can be read only once a function that makes it. */
const REFUSED = {
    text: ["x-a: 1", ["headers"]],
    "a number": [5, ["headers"]],
    null: [null, ["headers"]],
    "a function": [() => () => ({ "x-a": "1" }), ["headers"]],
    "a Date": [new Date(), ["headers"]],
    "an instance of a class": [new Settings(), ["headers"]],
    "inherited fields": [Object.create({ "x-a": "1" }), ["headers"]],
    "a promise": [Promise.resolve({ "x-a": "1" }), ["headers"]],
    "what iterates asynchronously": [(async function* () {})(), ["headers"]],
    "a list of texts": [["x-a", "1"], ["headers[0]", "headers[1]"]],
    "a list of objects": [[{ name: "x-a", value: "1" }], ["headers[0]"]],
    "a list of singles and triples": [[["x-a"], ["x-a", "1"], ["x-a", "1", "2"]], ["headers[0]", "headers[2]"]],
    "a name that is no text": [new Map([[5, "1"], ["x-a", "1"]]), ["headers[0]"]],
    "values that are no texts": [{ "x-a": 5, "x-b": ["1", "2"], "x-c": undefined }, ["headers.x-a", "headers.x-b", "headers.x-c"]],
    "values of a Map that are no texts": [new Map([["x-a", null]]), ["headers.x-a"]],
    bytes: [new Uint8Array(2), ["headers[0]", "headers[1]"]],
    "an iterator without an end": [endless, ["headers"]],
    "an iterator that throws": [broken, ["headers"]],
    "a Proxy of Headers, which refuses to be read": [new Proxy(new Headers(PAIRS), {}), ["headers"]],
    "a name that HTTP forbids": [[["x a", "1"]], ["headers.x a"]],
    "a line break": [new Map([["x-a", "1\r\nx-b: 2"]]), ["headers.x-a"]],
    "what belongs to the connection": [
        { "Content-Length": "5", "transfer-encoding": "chunked", expect: "100-continue", Host: "x", upgrade: "h2c" },
        ["headers.Content-Length", "headers.transfer-encoding", "headers.expect", "headers.Host", "headers.upgrade"],
    ],
    "the token's own": [new Map([["authorization", "Bearer x"]]), ["headers.authorization"]],
};

for (const [what, [headers, paths]] of Object.entries(REFUSED)) {
    test(`${what}: refused with its path, and nothing is sent`, async () => {
        const make = typeof headers === "function" ? headers : () => headers;
        const error = thrown(() => new PaymentsClient({ token: TOKEN, headers: make() }));
        const { payments, requests } = stub(ANY_ANSWER);
        const ofCall = await failure(payments.orders.get(ID, { headers: make() }));
        for (const { name, issues, outcome } of [error, ofCall]) {
            assert.deepEqual([name, outcome], ["ValidationError", "not_sent"]);
            assert.deepEqual(issues.map(({ path }) => path), paths);
        }
        assert.equal(requests.length, 0);
    });
}

test("headers of a list go out with every page, as they were when it was asked for", async () => {
    const changing = new Map(PAIRS);
    for (const headers of [new Map(PAIRS).entries(), new Headers(PAIRS).entries(), changing, { ...Object.fromEntries(PAIRS) }]) {
        const records = ["a", "b", "c", "d"].map((_id) => ({ _id }));
        const { payments, requests } = stub((request) => {
            const offset = Number(new URL(request.url).searchParams.get("offset") ?? 0);
            return Response.json({ data: records.slice(offset, offset + 2), totalCount: records.length });
        });
        const seen = [];
        for await (const { _id } of payments.orders.list({ limit: 2 }, { headers })) {
            seen.push(_id);
            changing.set("X-A", "changed");
        }
        changing.set("X-A", "1");
        assert.deepEqual(seen, ["a", "b", "c", "d"]);
        assert.ok(requests.length > 1);
        for (const request of requests) assert.deepEqual([request.headers.get("x-a"), request.headers.get("x-b")], ["1", "two"]);
    }
});
