// What a failure tells: the class, the outcome, the body; never the token.

import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";
import * as library from "ghl-payments";
import { METHODS, READS } from "../support/operations.mjs";
import { ANY_ANSWER, call, failure, ID, stub, TOKEN } from "../support/stub.mjs";

const { PaymentsError } = library;
const HTML = "<!doctype html><title>Sign in</title>";

test("a status decides the class, whatever the body", async () => {
    for (const [status, name, code] of [
        [400, "InvalidRequestError", "invalid_request"],
        [401, "AuthenticationError", "authentication_failed"],
        [403, "PermissionError", "permission_denied"],
        [404, "NotFoundError", "not_found"],
        [409, "ConflictError", "conflict"],
        [422, "InvalidRequestError", "invalid_request"],
        [429, "RateLimitError", "rate_limited"],
        [500, "ServerError", "server_error"],
        [503, "ServerError", "server_error"],
    ]) {
        for (const body of ["", HTML, '{"message":"no"}', "[1", "null"]) {
            const { payments } = stub(() => new Response(body, { status }), { maxRetries: 0 });
            const error = await failure(payments.orders.get(ID));
            assert.ok(error instanceof library[name] && error instanceof PaymentsError && error instanceof Error);
            assert.deepEqual([error.name, error.code, error.status, error.attempts], [name, code, status, 1]);
            assert.match(error.message, new RegExp(`^orders\\.get: .*${status}`));
            assert.ok(error.stack.includes(error.message));
        }
    }
});

test("all five shapes of error give their messages and trace id, and keep their body", async () => {
    for (const [body, messages, traceId] of [
        [{ statusCode: 401, message: "Invalid token", error: "Unauthorized" }, ["Invalid token"]],
        [
            { status: 404, message: "Order not found", name: "HttpException", traceId: "t-1" },
            ["Order not found"],
            "t-1",
        ],
        [{ statusCode: 422, message: ["a must be text", "b is required"] }, ["a must be text", "b is required"]],
        [{ error: "UnAuthorized!", error_description: "no such code" }, ["no such code"]],
        [{ error: { code: "E1", message: "broken" }, traceId: "t-2" }, ["broken"], "t-2"],
    ]) {
        const { payments } = stub(() => Response.json(body, { status: 400 }));
        const error = await failure(payments.orders.get(ID));
        assert.deepEqual([error.messages, error.traceId, error.body], [messages, traceId, body]);
        for (const message of messages) assert.ok(error.message.includes(message));
    }
});

test("an HTML page with status 200 is a DecodeError; whether a write was done, nobody knows", async () => {
    for (const name of METHODS) {
        const write = !/\.(get|list)/.test(name);
        const { payments, requests } = stub(() => new Response(HTML, { headers: { "content-type": "text/html" } }));
        const error = await failure(call(payments, name));
        assert.deepEqual(
            [error.name, error.code, error.status, error.outcome, error.body, error.attempts, error.retryable],
            ["DecodeError", "decode_failed", 200, write ? "unknown" : "applied", HTML, 1, false],
        );
        assert.equal(requests.length, 1);
        assert.match(error.message, /<!doctype html>/);
    }
});

test("an HTML page with status 403 is a PermissionError that keeps the page", async () => {
    const { payments } = stub(() => new Response(HTML, { status: 403 }));
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.body, error.messages], ["PermissionError", HTML, []]);
});

test("truncated JSON is a DecodeError that keeps what came", async () => {
    const whole = JSON.stringify({ _id: ID, amount: 5, currency: "USD" });
    for (let length = 0; length < whole.length; length += 1) {
        const part = whole.slice(0, length);
        const { payments } = stub(() => new Response(part));
        const error = await failure(payments.orders.get(ID));
        assert.deepEqual([error.name, error.outcome, error.body], ["DecodeError", "applied", part]);
    }
});

test("an answer of the wrong kind is a DecodeError that says what was expected", async () => {
    for (const [name, body, path, expected, found] of [
        ["orders.get", "[]", "", "object", "list"],
        ["orders.get", "null", "", "object", "null"],
        ["orders.list", '{"totalCount":0}', "data", "list", "nothing"],
        ["orders.list", '{"data":"x","totalCount":0}', "data", "list", "text"],
        ["orders.listNotes", "7", "", "object or list", "number"],
    ]) {
        const { payments } = stub(() => new Response(body));
        const error = await failure(call(payments, name));
        assert.deepEqual([error.path, error.expected, error.found, error.outcome], [path, expected, found, "applied"]);
        assert.deepEqual(error.body, JSON.parse(body));
    }
});

test("a long body that is no answer is quoted with at most 200 characters and kept whole", async () => {
    const page = `<html>${"é".repeat(5000)}`;
    const { payments } = stub(() => new Response(page));
    const error = await failure(payments.orders.get(ID));
    assert.equal(error.body, page);
    const quoted = error.message.slice(error.message.indexOf("<html>"));
    assert.ok(quoted.length > 90 && quoted.length <= 200 && page.startsWith(quoted), quoted);
});

test("ids that would leave the path are refused and nothing is sent", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const id of ["..", ".", "", " ", "\t", "a\nb", "a\u0000", "x".repeat(257)]) {
        for (const [call, path] of [
            [payments.orders.get(id), "orderId"],
            [payments.orders.recordPayment(id, { mode: "cash" }), "orderId"],
            [payments.orders.listNotes(id), "orderId"],
            [payments.transactions.get(id), "transactionId"],
            [payments.subscriptions.get(id), "subscriptionId"],
        ]) {
            const error = await failure(call);
            assert.deepEqual([error.name, error.outcome, error.attempts], ["ValidationError", "not_sent", 0]);
            assert.deepEqual(
                error.issues.map((issue) => issue.path),
                [path],
            );
        }
    }
    assert.equal(requests.length, 0);
});

test("an id that is no text is refused and nothing is sent", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const id of [undefined, null, 5, {}, ["a"], Symbol("a")]) {
        assert.equal((await failure(payments.orders.get(id))).name, "ValidationError");
        assert.equal((await failure(payments.coupons.delete(id))).name, "ValidationError");
    }
    assert.equal(requests.length, 0);
});

test("an unknown field and a wrong value are listed together and nothing is sent", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const error = await failure(
        payments.orders.recordPayment("..", {
            mode: "bitcoin",
            amout: 5,
            amount: -1,
            card: { type: "visa", last4: "4242" },
            meta: "text",
        }),
    );
    assert.deepEqual([error.name, error.code, error.outcome], ["ValidationError", "validation_failed", "not_sent"]);
    const paths = error.issues.map((issue) => issue.path).sort();
    assert.deepEqual(paths, ["amount", "amout", "card", "meta", "mode", "orderId"]);
    for (const { path, message } of error.issues) {
        assert.ok(message.length > 0);
        assert.ok(error.message.includes(`${path} ${message}`));
    }
    for (const mode of ["cash", "card", "cheque", "bank_transfer", "other"]) assert.ok(error.message.includes(mode));
    assert.equal(requests.length, 0);
});

test("each wrong parameter of a list is refused and nothing is sent", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const [params, path] of [
        [{ limit: -1 }, "limit"],
        [{ limit: 1.5 }, "limit"],
        [{ limit: "5" }, "limit"],
        [{ limit: Number.NaN }, "limit"],
        [{ offset: Infinity }, "offset"],
        [{ startAt: "01/02/2024" }, "startAt"],
        [{ startAt: "2024-02-30" }, "startAt"],
        [{ paymentStatus: "payed" }, "paymentStatus"],
        [{ contactId: "" }, "contactId"],
        [{ contactId: null }, "contactId"],
        [{ altType: "company" }, "altType"],
        [{ page: 2 }, "page"],
        [[], ""],
        ["limit=5", ""],
        [5, ""],
    ]) {
        const error = await failure(payments.orders.list(params));
        assert.equal(error.name, "ValidationError", JSON.stringify(params));
        assert.deepEqual(
            error.issues.map((issue) => issue.path),
            [path],
            JSON.stringify(params),
        );
    }
    assert.equal(requests.length, 0);
});

test("a coupon is asked for by id or code", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const params of [{}, undefined]) {
        const error = await failure(payments.coupons.get(params));
        assert.match(error.message, /id/);
        assert.match(error.message, /code/);
        assert.equal(error.outcome, "not_sent");
    }
    assert.equal(requests.length, 0);
});

test("a missing body is refused and nothing is sent", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    for (const body of [undefined, null, [], "x"]) {
        for (const call of [payments.orders.recordPayment(ID, body), payments.coupons.create(body)]) {
            assert.equal((await failure(call)).name, "ValidationError");
        }
    }
    assert.equal(requests.length, 0);
});

test("parameters that JSON cannot hold are a ValidationError, not a crash", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const circle = {};
    circle.meta = circle;
    for (const meta of [
        circle,
        { big: 1n },
        {
            get x() {
                throw new Error("no");
            },
        },
    ]) {
        const error = await failure(payments.orders.recordPayment(ID, { mode: "cash", meta }));
        assert.deepEqual([error.name, error.outcome], ["ValidationError", "not_sent"]);
    }
    assert.equal(requests.length, 0);
});

test("a refusal is rejected, a server error leaves a write unknown, and says so for every method", async () => {
    for (const [status, read, write] of [
        [401, "rejected", "rejected"],
        [404, "rejected", "rejected"],
        [422, "rejected", "rejected"],
        [429, "rejected", "rejected"],
        [500, "rejected", "unknown"],
        [502, "rejected", "unknown"],
    ]) {
        for (const name of METHODS) {
            const { payments } = stub(() => new Response("", { status }), { maxRetries: 0 });
            const error = await failure(call(payments, name));
            assert.equal(error.outcome, READS.includes(name) ? read : write, `${name} ${status}`);
        }
    }
});

test("a dropped connection leaves the outcome unknown and is no reason to send a payment again", async () => {
    const cause = new TypeError("fetch failed");
    const drop = () => {
        throw cause;
    };
    for (const name of METHODS) {
        const { payments } = stub(drop, { maxRetries: 0 });
        const error = await failure(call(payments, name));
        assert.deepEqual([error.name, error.code, error.status], ["NetworkError", "network_error", undefined]);
        assert.equal(error.outcome, "unknown");
        assert.equal(error.cause, cause);
    }
    for (const name of ["orders.recordPayment", "orders.createFulfillment", "coupons.create"]) {
        const { payments } = stub(drop);
        assert.equal((await failure(call(payments, name))).retryable, false);
    }
});

test("a body that breaks off after a 2xx status leaves a write applied", async () => {
    const broken = () => {
        const stream = new ReadableStream({
            start(controller) {
                controller.enqueue(new TextEncoder().encode('{"succ'));
            },
            pull(controller) {
                controller.error(new TypeError("terminated"));
            },
        });
        return new Response(stream);
    };
    const { payments, requests } = stub(broken);
    const error = await failure(call(payments, "orders.recordPayment"));
    assert.deepEqual([error.name, error.status, error.outcome, requests.length], ["NetworkError", 200, "applied", 1]);
});

test("an attempt whose outcome is unknown stays unknown when a later one is refused", async () => {
    const { payments, requests } = stub((_, before) => new Response("", { status: before === 0 ? 500 : 404 }));
    const error = await failure(call(payments, "coupons.delete"));
    assert.deepEqual([error.name, error.outcome, error.attempts, requests.length], ["NotFoundError", "unknown", 2, 2]);
});

test("something that is no Response is a NetworkError that says so, and no crash", async () => {
    for (const value of [
        undefined,
        null,
        "text",
        0,
        1,
        2,
        3,
        true,
        {},
        [],
        { status: 200 },
        { ok: true, json() {} },
        Symbol("s"),
    ]) {
        const { payments } = stub(() => value, { maxRetries: 0 });
        const error = await failure(payments.orders.get(ID));
        assert.equal(error.name, "NetworkError", String(value));
        assert.match(String(error.cause), /Response/, String(value));
    }
});

test("a fetch that throws at once is a failed call and nothing else", async (t) => {
    const unhandled = [];
    const listen = (reason) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    t.after(() => process.off("unhandledRejection", listen));
    const controller = new AbortController();
    for (const [fetch, options, name] of [
        [
            () => {
                throw new TypeError("at once");
            },
            {},
            /^NetworkError$/,
        ],
        [
            () => {
                controller.abort();
                throw new TypeError("at once");
            },
            { signal: controller.signal },
            /^(Network|Aborted)Error$/,
        ],
        [() => Promise.reject(undefined), {}, /^NetworkError$/],
        [() => Promise.reject(null), {}, /^NetworkError$/],
    ]) {
        const { payments } = stub(undefined, { fetch, maxRetries: 0 });
        assert.match((await failure(payments.orders.get(ID, options))).name, name);
    }
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(unhandled, []);
});

test("a Response is known by what it does: one of another realm will do", async () => {
    const bytes = new TextEncoder().encode('{"_id":"a","amount":"5"}');
    const foreign = () => ({
        status: 200,
        ok: true,
        headers: { get: () => null },
        arrayBuffer: async () => bytes.buffer,
        text: async () => new TextDecoder().decode(bytes),
    });
    const { payments } = stub(foreign);
    assert.deepEqual(await payments.orders.get(ID), { _id: "a", amount: 5 });
});

test("a redirect is an error and is not followed", async () => {
    for (const status of [301, 302, 303, 307, 308]) {
        const { payments, requests } = stub(
            () => new Response("", { status, headers: { location: "https://evil.example/" } }),
        );
        const error = await failure(payments.orders.get(ID));
        assert.deepEqual(
            [error.name, error.status, error.outcome, requests.length],
            ["PaymentsError", status, "rejected", 1],
        );
        assert.match(error.message, /redirect/);
        assert.equal(requests[0].redirect, "manual");
    }
});

test("no error shows the token, however it is printed", async () => {
    const echo = { message: `Bearer ${TOKEN} is not known`, detail: { token: TOKEN } };
    const cases = [
        (status) => stub(() => Response.json(echo, { status })),
        () => stub(() => new Response(`<html>${TOKEN}`)),
        () => stub(() => new Response(`${TOKEN}${TOKEN}`.slice(0, -3))),
        () =>
            stub(
                () => {
                    throw new TypeError(`fetch failed`);
                },
                { maxRetries: 0 },
            ),
        () => stub(() => new Promise(() => {}), { timeoutMs: 5, maxRetries: 0 }),
        () => stub(() => Response.json({ _id: {}, note: TOKEN }), { strict: true }),
        () => stub(ANY_ANSWER, { locationId: undefined }),
    ];
    for (const status of [400, 401, 403, 404, 429, 500]) {
        cases.push(() => cases[0](status));
    }
    for (const make of cases.slice(1)) {
        const { payments, events } = make();
        const error = await failure(payments.orders.get(ID, { maxRetries: 0 }));
        for (const text of [
            JSON.stringify(error),
            JSON.stringify({ ...error }),
            inspect(error, { depth: Infinity, showHidden: true }),
            String(error),
            error.stack,
            JSON.stringify(events),
            inspect(payments, { depth: Infinity, showHidden: true }),
            JSON.stringify(payments),
        ]) {
            assert.ok(!text.includes(TOKEN), text);
        }
    }
});

test("no error shows the keys of a provider", async () => {
    const body = { live: { apiKey: "very-secret", publishableKey: "p" }, access_token: "very-secret" };
    for (const status of [200, 422]) {
        const { payments } = stub(() => new Response(`[${JSON.stringify(body)}`, { status }));
        const error = await failure(payments.customProvider.getConfig());
        const text = inspect(error, { depth: Infinity });
        assert.ok(!text.includes("very-secret") && text.includes("publishableKey"), text);
    }
});

test("no case loses the body", async () => {
    for (const status of [200, 302, 400, 401, 403, 404, 409, 422, 429, 500]) {
        for (const body of [HTML, "", "{", '{"x":[1,{"y":null}]}']) {
            const { payments } = stub(() => new Response(body, { status }), { maxRetries: 0, strict: true });
            const error = await failure(payments.orders.get(ID));
            const kept = typeof error.body === "string" ? error.body : JSON.stringify(error.body);
            assert.equal(kept, body, `${status}`);
        }
    }
});

test("a 429 carries what the server said about its limits", async () => {
    const headers = {
        "retry-after": "7",
        "x-ratelimit-max": "100",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-interval-milliseconds": "10000",
        "x-ratelimit-limit-daily": "200000",
        "x-ratelimit-daily-remaining": "199000",
    };
    const { payments } = stub(() => new Response("", { status: 429, headers }), { maxRetries: 0 });
    const error = await failure(payments.orders.get(ID));
    assert.equal(error.retryAfterMs, 7000);
    assert.equal(error.retryable, true);
    assert.deepEqual(error.rateLimit, {
        limit: 100,
        remaining: 0,
        intervalMs: 10_000,
        dailyLimit: 200_000,
        dailyRemaining: 199_000,
    });
});

test("Response.error() is a dropped connection, not a refusal", async () => {
    const { payments } = stub(() => Response.error());
    const error = await failure(payments.orders.recordPayment(ID, { mode: "cash", amount: 5 }));
    assert.deepEqual([error.name, error.outcome], ["NetworkError", "unknown"]);
});
