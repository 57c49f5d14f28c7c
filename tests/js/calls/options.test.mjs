// What a client is told once: checked in the constructor. And where the token comes from.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient, ValidationError } from "ghl-payments";
import { ANY_ANSWER, failure, ID, LOCATION, stub, thrown, TOKEN } from "../support/stub.mjs";

function refusal(options) {
    const error = thrown(() => new PaymentsClient(options));
    assert.ok(error instanceof ValidationError, String(error));
    assert.deepEqual([error.outcome, error.attempts], ["not_sent", 0]);
    return error;
}

test("a typing error in the options is named, with the options there are", () => {
    for (const name of ["locationID", "baseURL", "timeout", "retries", "apikey", "Token"]) {
        const error = refusal({ token: TOKEN, [name]: "x" });
        assert.deepEqual(
            error.issues.map((issue) => issue.path),
            [name],
        );
        assert.match(error.message, /known are locationId, .*, maxResponseBytes, token, fetch, onEvent, limiter$/);
    }
});

test("a typing error in the options of a call is named and nothing is sent", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const options of [
        { timeout: 5 },
        { retries: 1 },
        { abortSignal: new AbortController().signal },
        { baseUrl: "https://x.example" },
    ]) {
        const error = await failure(payments.orders.get(ID, options));
        assert.equal(error.name, "ValidationError", Object.keys(options)[0]);
        assert.match(error.message, new RegExp(`${Object.keys(options)[0]} is no field here; known are signal, .*background$`));
    }
    assert.equal(requests.length, 0);
});

test("a typing error in the parameters is named, with the parameters there are; of a list the cursor too", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const list of [payments.orders, payments.transactions, payments.subscriptions, payments.coupons]) {
        const { message } = await failure(list.list({ curser: "x" }));
        assert.match(message, /curser is no field here; known are .*\boffset\b.*, cursor$/);
    }
    assert.match((await failure(payments.integrations.listWhitelabel({ nope: 1 }))).message, /, cursor$/);
    const others = await failure(payments.orders.recordPayment(ID, { mode: "cash", nope: 1 }));
    assert.ok(/nope is no field here; known are /.test(others.message) && !others.message.includes("cursor"), others.message);
    assert.equal(requests.length, 0);
});

test("everything that is wrong with the options is listed", () => {
    const error = refusal({
        token: TOKEN,
        baseUrl: "http://example.com",
        apiVersion: "",
        locationId: " ",
        userAgent: "a\nb",
        headers: { "bad name": "x", Authorization: "x", "x-fine": "a\r\nb" },
    });
    const paths = error.issues.map((issue) => issue.path).sort();
    assert.deepEqual(paths, [
        "apiVersion",
        "baseUrl",
        "headers.Authorization",
        "headers.bad name",
        "headers.x-fine",
        "locationId",
        "userAgent",
    ]);
});

test("each option of the wrong kind is refused", () => {
    for (const [name, values] of Object.entries({
        locationId: [5, null, {}, ""],
        baseUrl: [5, null, ""],
        apiVersion: [5, null],
        timeoutMs: [0, -1, "5", null, Number.NaN],
        maxRetries: [-1, 1.5, "2", null],
        retryDelayMs: [-1, "2", null],
        strict: ["true", 1, null],
        headers: ["x: y", 5, null, { a: 5 }, { a: null }],
        fetch: ["fetch", {}, 5, null],
        onEvent: ["log", {}, null],
    })) {
        for (const value of values) {
            const error = refusal({ token: TOKEN, locationId: LOCATION, [name]: value });
            assert.ok(error.issues[0].path.startsWith(name), `${name}: ${String(value)}: ${error.message}`);
        }
    }
    for (const options of [undefined, null, 5, "token"]) refusal(options);
});

test("a function where a value is meant is refused, not dropped", () => {
    for (const name of ["locationId", "baseUrl", "apiVersion", "timeoutMs", "maxRetries", "strict", "userAgent"]) {
        const error = refusal({ token: TOKEN, [name]: () => "x" });
        assert.deepEqual(
            error.issues.map((issue) => issue.path),
            [name],
        );
    }
});

test("an option that is undefined is as good as left out", async () => {
    const options = {
        baseUrl: undefined,
        timeoutMs: undefined,
        headers: undefined,
        strict: undefined,
        apiVersion: undefined,
    };
    const { payments, requests } = stub(ANY_ANSWER, options);
    await payments.orders.get(ID, { timeoutMs: undefined, signal: undefined, headers: undefined });
    assert.equal(requests.length, 1);
});

test("headers are taken from an object or from Headers", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { headers: new Headers({ "x-a": "1" }) });
    await payments.orders.get(ID);
    assert.equal(requests[0].headers.get("x-a"), "1");
});

test("a base URL that would leak the token or lead nowhere is refused", () => {
    for (const baseUrl of [
        "http://example.com",
        "http://localhost.evil.example",
        "http://127.evil.example",
        "http://10.0.0.1",
        "https://user:password@example.com",
        "https://example.com?x=1",
        "https://example.com#x",
        "https:///path",
        "https://example.com:99999",
        "https://example.com/a/../b",
        "//example.com",
        "/api",
        "api",
        "ftp://example.com",
        "https:\\\\example.com",
        "https://exa mple.com",
        "javascript:alert(1)",
    ]) {
        const error = refusal({ token: TOKEN, baseUrl });
        assert.deepEqual(
            error.issues.map((issue) => issue.path),
            ["baseUrl"],
            baseUrl,
        );
    }
});

test("wrong options, a wrong base URL and a wrong token come in one list", () => {
    const error = refusal({ token: "a b", baseUrl: "http://example.com", timeoutMs: -1, locationId: 5, retries: 1 });
    assert.deepEqual(error.issues.map(({ path }) => path).sort(), ["baseUrl", "locationId", "retries", "timeoutMs", "token"]);
});

test("wrong options of a call and wrong parameters come in one list, and nothing in it is false", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { locationId: undefined });
    for (const [call, paths] of [
        // The location is named in the same options, or is wrong itself: it is not missing.
        [payments.orders.list({ limit: -1 }, { timeoutMs: 0, locationId: LOCATION }), ["timeoutMs", "limit"]],
        [payments.orders.list({ limit: -1 }, { timeoutMs: "5", locationId: 5 }), ["locationId", "timeoutMs", "limit"]],
        [payments.orders.list({ stat: "x" }, { locationId: " " }), ["locationId", "stat"]],
        [payments.orders.get("", { locationId: LOCATION, headers: { "bad name": "x" }, retries: 1 }), ["headers.bad name", "orderId", "retries"]],
        [
            payments.orders.recordPayment("..", { mode: "x", amount: 0 }, { locationId: LOCATION, maxRetries: 0.5, strict: 1 }),
            ["maxRetries", "strict", "orderId", "mode", "amount"],
        ],
        [payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: true }, { locationId: 5 }), ["locationId"]],
    ]) {
        const error = await failure(call);
        assert.deepEqual(error.issues?.map(({ path }) => path).sort(), [...paths].sort(), error.message);
    }
    // What is missing is named beside what is wrong.
    const error = await failure(payments.orders.list({ limit: -1 }, { strict: 1 }));
    assert.deepEqual(error.issues.map(({ path }) => path).sort(), ["limit", "locationId", "strict"]);
    assert.equal(requests.length, 0);
});

test("a missing token is named; a client of a proxy works without", async () => {
    for (const token of [undefined, null, "", 5, {}, " ", "a b", "a\nb", "é"]) {
        const error = refusal({ locationId: LOCATION, token });
        assert.deepEqual(
            error.issues.map((issue) => issue.path),
            ["token"],
        );
        if (typeof token === "string" && token.trim() !== "") assert.ok(!error.message.includes(token));
    }
    const { payments, requests } = stub(ANY_ANSWER, { token: undefined, baseUrl: "https://proxy.example/api" });
    await payments.orders.get(ID);
    assert.equal(requests[0].headers.get("authorization"), null);
});

test("a token function is called once, not before the first call", async () => {
    let asked = 0;
    const token = async () => `token-${++asked}`;
    const { payments, requests } = stub(ANY_ANSWER, { token });
    assert.equal(asked, 0);
    for (let i = 0; i < 3; i += 1) await payments.orders.get(ID);
    assert.equal(asked, 1);
    assert.deepEqual(new Set(requests.map(({ headers }) => headers.get("authorization"))), new Set(["Bearer token-1"]));
});

test("a token function may answer without a promise", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { token: () => "direct" });
    await payments.orders.get(ID);
    assert.equal(requests[0].headers.get("authorization"), "Bearer direct");
});

/** Accepts only this token. */
function guarded(known) {
    return (request) =>
        request.headers.get("authorization") === `Bearer ${known}`
            ? Response.json(ANY_ANSWER)
            : Response.json({ message: "Invalid JWT" }, { status: 401 });
}

test("after a 401 a token function is asked once more and the call is repeated, a payment too", async () => {
    for (const act of [
        (payments) => payments.orders.get(ID),
        (payments) => payments.orders.recordPayment(ID, { mode: "cash" }),
    ]) {
        let asked = 0;
        const { payments, requests } = stub(guarded("token-2"), { token: () => `token-${++asked}`, maxRetries: 0 });
        await act(payments);
        assert.deepEqual([asked, requests.length], [2, 2]);
        await act(payments);
        assert.deepEqual([asked, requests.length], [2, 3]);
    }
});

test("a second 401 is the caller's: the token function is asked twice, not for ever", async () => {
    let asked = 0;
    const { payments, requests } = stub(guarded("never"), { token: () => `token-${++asked}` });
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome, asked, requests.length], ["AuthenticationError", "rejected", 2, 2]);
    assert.equal(error.attempts, 2);
});

test("a fixed token is not sent a second time after a 401", async () => {
    const { payments, requests } = stub(guarded("never"));
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual(
        [error.name, error.code, error.attempts, requests.length],
        ["AuthenticationError", "authentication_failed", 1, 1],
    );
    assert.deepEqual(error.messages, ["Invalid JWT"]);
});

test("calls that wait for a token share one answer, also after a 401", async () => {
    let asked = 0;
    const gates = [];
    const token = () => {
        asked += 1;
        return new Promise((resolve) => gates.push(() => resolve(`token-${gates.length}`)));
    };
    const { payments, requests } = stub(guarded("token-2"), { token });
    const calls = Promise.all(Array.from({ length: 5 }, () => payments.orders.get(ID)));
    await turn();
    assert.equal(asked, 1);
    gates[0]();
    while (asked < 2) await turn();
    gates[1]();
    assert.equal((await calls).length, 5);
    assert.deepEqual([asked, requests.length], [2, 10]);
});

/** Lets everything that is ready run. */
function turn() {
    return new Promise((resolve) => setImmediate(resolve));
}

test("a token function that fails is an AuthenticationError with its cause; nothing is sent; the next call asks again", async () => {
    const cause = new Error("store unreachable");
    for (const fail of [
        () => {
            throw cause;
        },
        () => Promise.reject(cause),
    ]) {
        let broken = true;
        const { payments, requests } = stub(ANY_ANSWER, { token: () => (broken ? fail() : "fine") });
        const error = await failure(payments.orders.get(ID));
        assert.deepEqual(
            [error.name, error.outcome, error.cause, error.attempts],
            ["AuthenticationError", "not_sent", cause, 0],
        );
        assert.equal(error.operation.name, "orders.get");
        assert.equal(requests.length, 0);
        broken = false;
        await payments.orders.get(ID);
        assert.equal(requests.length, 1);
    }
});

test("a token function that gives no token is an AuthenticationError that names the option and quotes nothing", async () => {
    const given = "what the function in the option token gave must";
    const empty = `${given} be text that is not empty`;
    const odd = `${given} not hold spaces, quotes, line breaks or other characters that no token has`;
    for (const [value, message] of [
        [undefined, empty],
        [null, empty],
        ["", empty],
        [5, empty],
        [{}, empty],
        ["secret-1 secret-2", odd],
        ["secret-1\r\nx: secret-2", odd],
        ["secret-1\n", odd],
    ]) {
        let give = value;
        const { payments, requests, events } = stub(ANY_ANSWER, { token: async () => give });
        const error = await failure(payments.orders.get(ID));
        assert.deepEqual(
            [error.name, error.code, error.outcome, error.retryable, error.attempts, error.cause, error.message],
            ["AuthenticationError", "authentication_failed", "not_sent", false, 0, undefined, message],
        );
        assert.equal(error.operation.name, "orders.get");
        assert.ok(!/secret-/.test(JSON.stringify(error) + error.stack));
        assert.deepEqual([requests, events], [[], []], String(value));
        // What was no token is not kept.
        give = "fine";
        await payments.orders.get(ID);
        assert.equal(requests.length, 1);
    }
});

test("after a 401 a token function that gives no token leaves the refusal as it is", async () => {
    const { payments, requests } = stub(() => new Response("{}", { status: 401 }), {
        token: ({ refused }) => (refused === undefined ? TOKEN : ""),
    });
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.status, error.outcome, requests.length], ["AuthenticationError", 401, "rejected", 1]);
});

test("without the option fetch the global one is used, as it is at the time of the call", async () => {
    const original = globalThis.fetch;
    try {
        const payments = new PaymentsClient({ token: TOKEN, locationId: LOCATION });
        globalThis.fetch = async () => Response.json({ _id: "global" });
        assert.equal((await payments.orders.get(ID))._id, "global");
    } finally {
        globalThis.fetch = original;
    }
});

test("two clients do not share anything", async () => {
    const one = stub({ _id: "1" }, { token: "one", locationId: "l1" });
    const two = stub({ _id: "2" }, { token: "two", locationId: "l2" });
    const answers = await Promise.all([one.payments.orders.get(ID), two.payments.orders.get(ID)]);
    assert.deepEqual(
        answers.map((order) => order._id),
        ["1", "2"],
    );
    assert.equal(one.requests[0].headers.get("authorization"), "Bearer one");
    assert.equal(two.requests[0].url.searchParams.get("altId"), "l2");
});

test("null instead of options is as good as none", async () => {
    const { payments } = stub(ANY_ANSWER);
    await payments.orders.get(ID, null);
    await payments.orders.list(undefined, null);
    await payments.customProvider.getConfig(null);
});

test("a header that is no text is named as it was written", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const [value, headers] of [[5, { "x-b": "1", "x-a": 5 }], [undefined, { "x-a": undefined }]]) {
        const { issues } = await failure(payments.orders.get(ID, { headers }));
        assert.deepEqual(issues, [{ path: "headers.x-a", message: "must be text" }], String(value));
    }
    assert.equal(requests.length, 0);
});

test("a listener that rejects is ignored as one that throws", async () => {
    const onEvent = async () => {
        throw new Error("the log server is down");
    };
    const { payments } = stub(ANY_ANSWER, { onEvent });
    await payments.orders.get(ID);
    // An unhandled rejection would fail this test.
    await new Promise((resolve) => setTimeout(resolve));
});
