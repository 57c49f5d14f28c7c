// What goes out: every operation against the contract, and how parameters are written.

import assert from "node:assert/strict";
import test from "node:test";
import { METHODS, OPERATIONS } from "../support/operations.mjs";
import { ANY_ANSWER, ARGUMENTS, call, failure, ID, LOCATION, stub, TOKEN } from "../support/stub.mjs";

for (const { name, method, path, query, body } of OPERATIONS) {
    test(`${name} sends what the contract asks for, the account filled in`, async () => {
        const { payments, requests } = stub(ANY_ANSWER);
        await call(payments, name);
        assert.equal(requests.length, 1);
        const [request] = requests;
        assert.equal(request.method, method);
        assert.equal(request.url.origin, "https://services.leadconnectorhq.com");
        assert.equal(request.url.pathname, path.replace(/\{\w+\}/, ID));
        assert.equal(request.headers.get("authorization"), `Bearer ${TOKEN}`);
        assert.equal(request.headers.get("version"), "2021-07-28");
        assert.equal(request.headers.get("accept"), "application/json");
        assert.match(request.headers.get("user-agent"), /^ghl-payments\/\d+\.\d+\.\d+/);
        assert.equal(request.headers.get("content-type"), body === undefined ? null : "application/json");

        const sent = Object.fromEntries(request.url.searchParams);
        const known = new Set(query.map((parameter) => parameter.name));
        const unknown = Object.keys(sent).filter((name) => !known.has(name));
        assert.deepEqual(unknown, []);
        const account = { altId: LOCATION, altType: "location", locationId: LOCATION };
        for (const parameter of query) {
            if (parameter.required) assert.ok(parameter.name in sent, parameter.name);
            if (parameter.name in account) assert.equal(sent[parameter.name], account[parameter.name]);
        }
        if ("altId" in sent) assert.equal(sent.altType, "location");

        assert.equal(request.body === undefined, body === undefined);
        if (body !== undefined) {
            for (const field of body.required ?? []) assert.ok(field in request.body, field);
            for (const field of Object.keys(request.body)) assert.ok(field in body.properties, field);
            for (const field of Object.keys(account)) {
                if (field in body.properties) assert.equal(request.body[field], account[field]);
            }
            const own = ARGUMENTS[name].at(-1);
            if (typeof own === "object") {
                for (const [field, value] of Object.entries(own)) assert.deepEqual(request.body[field], value);
            }
        }
    });
}

test("an error names the operation of the contract", async () => {
    for (const { name, id, method, path } of OPERATIONS) {
        const { payments } = stub(() => Response.json({}, { status: 400 }));
        const error = await failure(call(payments, name));
        assert.deepEqual({ ...error.operation }, { id, name, method, path });
    }
});

test("without a locationId anywhere every method names where to set it and sends nothing", async () => {
    for (const name of METHODS) {
        const { payments, requests } = stub(ANY_ANSWER, { locationId: undefined });
        const error = await failure(call(payments, name));
        assert.equal(error.name, "ValidationError");
        assert.equal(error.outcome, "not_sent");
        assert.match(error.message, /new PaymentsClient\(\{ locationId \}\)/);
        const located = error.issues.filter((issue) => issue.path === "locationId");
        assert.deepEqual([located.length, requests.length], [1, 0], name);
    }
});

test("the location of a call goes before that of the client, a parameter before both", async () => {
    for (const name of METHODS) {
        const { payments, requests } = stub(ANY_ANSWER);
        await call(payments, name, { locationId: "of-the-call" });
        const { url, body } = requests[0];
        const sent = { ...Object.fromEntries(url.searchParams), ...body };
        for (const field of ["altId", "locationId"]) {
            if (field in sent) assert.equal(sent[field], "of-the-call", name);
        }
        assert.ok("altId" in sent || "locationId" in sent, name);
    }
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.orders.list({ altId: "of-the-parameters" }, { locationId: "of-the-call" });
    await payments.coupons.create({ ...ARGUMENTS["coupons.create"][0], altId: "of-the-parameters" });
    assert.equal(requests[0].url.searchParams.get("altId"), "of-the-parameters");
    assert.equal(requests[1].body.altId, "of-the-parameters");
});

test("the capabilities of a company are sent without a location", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: true, companyId: "c" });
    assert.deepEqual(requests[0].body, { supportsSubscriptionSchedules: true, companyId: "c" });
});

test("funnelProductIds takes a list or text and goes out separated by commas", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.orders.list({ funnelProductIds: ["a", "b,c", "d e"] });
    await payments.orders.list({ funnelProductIds: "a,b" });
    const sent = requests.map(({ url }) => url.searchParams.get("funnelProductIds"));
    assert.deepEqual(sent, ["a,b,c,d e", "a,b"]);
});

test("parameters and ids are percent-encoded", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.orders.list({ search: "50% & more=é?#/😀", limit: 0 });
    await payments.orders.get("a/b?c#d%2F..\\é");
    assert.equal(requests[0].url.searchParams.get("search"), "50% & more=é?#/😀");
    assert.equal(requests[0].url.searchParams.get("limit"), "0");
    assert.equal(requests[1].url.pathname, "/payments/orders/a%2Fb%3Fc%23d%252F..%5C%C3%A9");
});

test("a field that is undefined is left out", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.orders.list({ status: undefined, limit: 1 });
    await payments.orders.recordPayment(ID, { mode: "cash", notes: undefined });
    assert.equal(requests[0].url.searchParams.has("status"), false);
    assert.equal("notes" in requests[1].body, false);
});

test("the version is the one of the client", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { apiVersion: "v3" });
    await payments.orders.get(ID);
    assert.equal(requests[0].headers.get("version"), "v3");
});

test("a base URL with a path is joined", async () => {
    for (const [baseUrl, href] of [
        ["https://rest.gohighlevel.com/v1", "https://rest.gohighlevel.com/v1/payments/orders/a"],
        ["https://example.com/a/b//", "https://example.com/a/b/payments/orders/a"],
        ["http://127.0.0.1:8787", "http://127.0.0.1:8787/payments/orders/a"],
        ["http://localhost:1/x/", "http://localhost:1/x/payments/orders/a"],
        ["http://[::1]:8080", "http://[::1]:8080/payments/orders/a"],
    ]) {
        const { payments, requests } = stub(ANY_ANSWER, { baseUrl });
        await payments.orders.get("a");
        assert.equal(requests[0].url.origin + requests[0].url.pathname, href);
    }
});

test("headers of the client and of the call go along, those of the call first", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { headers: { "X-One": "1", "x-two": "2" }, userAgent: "shop/1" });
    await payments.orders.get(ID, { headers: { "X-Two": "two", "x-three": "3" } });
    await payments.orders.get(ID);
    const [first, second] = requests.map(({ headers }) => headers);
    assert.deepEqual(
        ["x-one", "x-two", "x-three", "user-agent"].map((name) => first.get(name)),
        ["1", "two", "3", "shop/1"],
    );
    assert.deepEqual(
        ["x-one", "x-two", "x-three"].map((name) => second.get(name)),
        ["1", "2", null],
    );
});

test("fetch gets a text and plain values, and no field that throws on workerd", async () => {
    for (const { name, method: verb, body: taken } of OPERATIONS) {
        const seen = [];
        const fetch = async function (...given) {
            seen.push([this, ...given]);
            return Response.json(ANY_ANSWER);
        };
        await call(stub(undefined, { fetch }).payments, name);
        const [[self, url, init, ...more]] = seen;
        assert.deepEqual([self, typeof url, more], [undefined, "string", []], name);
        const { method, headers, body, signal, redirect, ...others } = init;
        assert.deepEqual(others, {}, name);
        assert.equal(Object.getPrototypeOf(headers), Object.prototype);
        assert.ok(Object.values(headers).every((value) => typeof value === "string"));
        assert.deepEqual([redirect, signal instanceof AbortSignal, signal.aborted], ["manual", true, false]);
        assert.equal("body" in init, taken !== undefined, name);
        assert.ok(body === undefined || typeof JSON.parse(body) === "object");
        assert.equal(method, verb);
    }
});

test("a header named as a field that every object has goes along, or is refused where fetch would drop it", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { headers: { constructor: "x", valueOf: "y" } });
    await payments.orders.get(ID);
    assert.deepEqual(["constructor", "valueof"].map((name) => requests[0].headers.get(name)), ["x", "y"]);
    const error = await failure(payments.orders.get(ID, { headers: JSON.parse('{"__proto__":"x"}') }));
    assert.deepEqual(error.issues.map(({ path }) => path), ["headers.__proto__"]);
});

test("the parameters of the caller are not changed", async () => {
    const { payments } = stub(ANY_ANSWER);
    const params = Object.freeze({ limit: 2, funnelProductIds: Object.freeze(["a"]) });
    const body = Object.freeze({ ...ARGUMENTS["coupons.create"][0] });
    await payments.orders.list(params);
    await payments.coupons.update(ID, body);
    assert.deepEqual(Object.keys(body), Object.keys(ARGUMENTS["coupons.create"][0]));
});

test("what JSON would drop or change is refused with its name", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const [value, found] of [[Number.NaN, "NaN"], [Infinity, "Infinity"], [5n, "bigint"], [Symbol("x"), "symbol"]]) {
        const error = await failure(payments.orders.recordPayment(ID, { mode: "cash", meta: { deep: [{ amount: value }] } }));
        assert.equal(error.name, "ValidationError", found);
        assert.equal(error.issues[0].path, "meta.deep[0].amount");
        assert.match(error.message, new RegExp(found));
    }
    assert.equal(requests.length, 0);
});
