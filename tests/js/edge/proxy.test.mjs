// The page's client through the proxy: what it gets, what it is told when something fails, and what the proxy asks for.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient as Page, PaymentsError } from "ghl-payments";
import { createProxy, PaymentsClient, ValidationError } from "ghl-payments/edge";
import * as library from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { callAllMethods } from "../support/all-methods.mjs";
import { METHODS } from "../support/operations.mjs";
import { failure, ID, LOCATION, thrown } from "../support/stub.mjs";
import { startWorker, tool } from "../support/support.mjs";

const TOKEN = "pit-8f6a7c1e-0d3b-secret";
const ALL = { locationId: LOCATION, operations: METHODS };
const ORDER = { _id: ID, altId: LOCATION, altType: "location" };

/** A proxy whose HighLevel is a stand-in, and a page that uses it. */
function behind(answer, options = {}, pageOptions = {}) {
    const requests = [];
    const events = [];
    const proxy = createProxy({
        authorize: () => ALL,
        token: () => TOKEN,
        limiter: false,
        onEvent: (event) => events.push(event),
        fetch: async (url, init) => {
            requests.push({ url: new URL(url), ...init });
            return typeof answer === "function" ? answer(requests.length - 1, init) : Response.json(answer);
        },
        ...options,
    });
    const answers = [];
    const page = new Page({
        baseUrl: "https://app.example/api",
        locationId: LOCATION,
        limiter: false,
        maxRetries: 0,
        retryDelayMs: 1,
        fetch: async (url, init) => {
            const response = await proxy(new Request(url, init));
            answers.push(response.clone());
            return response;
        },
        ...pageOptions,
    });
    const refusals = () => events.filter(({ type }) => type === "refused" || type === "failed");
    return { proxy, page, requests, events, refusals, answers };
}

test("every operation does through the proxy what it does without it", async () => {
    const sandbox = createSandbox({ seed: 7 });
    const proxy = createProxy({
        authorize: () => ({ locationId: sandbox.locationId, operations: METHODS }),
        token: () => sandbox.token(),
        fetch: sandbox.fetch,
    });
    class Behind extends Page {
        constructor({ token, ...options }) {
            super({ ...options, fetch: (url, init) => proxy(new Request(url, init)) });
        }
    }
    const { locationId } = sandbox;
    const results = await callAllMethods({ ...library, PaymentsClient: Behind }, { baseUrl: "https://app.example/api", locationId });
    assert.deepEqual(results.filter(({ ok }) => !ok), []);
    assert.equal(results.length, METHODS.length);
    console.log(`figure: proxy: ${results.length} of ${METHODS.length} operations through it`);
});

test("a payment that is recorded once is so through the proxy", async () => {
    const sandbox = createSandbox({ seed: 7 });
    const proxy = createProxy({
        authorize: () => ({
            locationId: sandbox.locationId,
            operations: ["orders.recordPayment", "orders.get", "transactions.list"],
        }),
        token: () => sandbox.token(),
        fetch: sandbox.fetch,
    });
    const page = new Page({
        baseUrl: "https://app.example/api",
        locationId: sandbox.locationId,
        retryDelayMs: 1,
        fetch: (url, init) => proxy(new Request(url, init)),
    });
    const { orders } = sandbox.state().locations[0];
    const { _id } = orders.find(({ paymentStatus }) => paymentStatus === "unpaid");
    sandbox.faults.add("applied-then=502", { operation: "record-order-payment" });
    const body = { mode: "cash", amount: 0.5, isPartialPayment: true };
    const once = { reference: "job-1", referenceInNotes: true };
    const { recorded } = await page.orders.recordPaymentOnce(_id, body, once);
    assert.equal(recorded, true);
    assert.equal((await page.orders.recordPaymentOnce(_id, body, once)).matchedBy, "reference");
    const paid = sandbox.state().locations[0].transactions.filter(({ entityId, amount }) => entityId === _id && amount === 0.5);
    assert.equal(paid.length, 1);
});

test("what the proxy refuses is rejected on the page, with all that is wrong", async () => {
    const { proxy, requests, refusals } = behind(ORDER);
    const response = await proxy(new Request("https://app.example/api/payments/orders?limit=x&foo=1&startAt=never"));
    assert.equal(response.status, 422);
    const { issues } = await response.json();
    assert.deepEqual(issues.map(({ path }) => path), ["foo", "limit", "startAt"]);
    assert.deepEqual(refusals()[0].issues, issues);
    assert.equal(refusals()[0].locationId, LOCATION);

    const page = new Page({
        baseUrl: "https://app.example/api",
        locationId: LOCATION,
        maxRetries: 0,
        fetch: (url, init) => proxy(new Request(url.replace("limit=1", "limit=x&foo=1"), init)),
    });
    const error = await failure(page.orders.list({ limit: 1 }));
    assert.equal(error.name, "InvalidRequestError");
    assert.equal(error.outcome, "rejected");
    assert.match(error.messages.join(), /^foo is no query parameter here,limit must be a whole number/);
    assert.deepEqual(requests, []);
});

test("the classes and the outcome are those of the truth", async () => {
    const write = (page) => page.coupons.create({
        name: "n", code: "c", discountType: "amount", discountValue: 1, startDate: "2024-06-01T00:00:00Z",
    });
    const read = (page) => page.orders.get(ID);
    const refused = () => {
        throw Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED", syscall: "connect" } });
    };
    const cut = (status) => {
        const pull = (controller) => {
            if (controller.sent) controller.error(new Error("gone"));
            else controller.enqueue(new TextEncoder().encode('{"_id":'));
            controller.sent = true;
        };
        return () => new Response(new ReadableStream({ pull }), { status });
    };
    const never = () => new Promise(() => {});
    for (const [title, answer, call, name, outcome, status, options] of [
        ["not reached, a read", refused, read, "ServerError", "rejected", 503],
        ["not reached, says somebody's fetch, a write", refused, write, "ServerError", "unknown", 502],
        ["dropped, a read", () => { throw new Error("gone"); }, read, "ServerError", "rejected", 502],
        ["dropped, a write", () => { throw new Error("gone"); }, write, "ServerError", "unknown", 502],
        ["no answer, a read", never, read, "ServerError", "rejected", 504, { timeoutMs: 20 }],
        ["no answer, a write", never, write, "ServerError", "unknown", 504, { timeoutMs: 20 }],
        ["a body cut, a read", cut(200), read, "ServerError", "rejected", 502],
        ["a body cut, a write", cut(201), write, "DecodeError", "applied", 200],
        ["a body cut of a refusal", cut(422), write, "InvalidRequestError", "rejected", 422],
        ["broken JSON, a write", () => new Response('{"_id"'), write, "DecodeError", "applied", 200],
        ["a page, a write", () => new Response("<html>"), write, "ServerError", "unknown", 502],
        ["a redirect, a write", () => new Response(null, { status: 302 }), write, "ServerError", "unknown", 502],
        ["409", () => Response.json({ message: "busy", traceId: "t" }, { status: 409 }), write, "ConflictError", "rejected", 409],
        ["no token, a write", () => Response.json(ORDER), write, "InvalidRequestError", "rejected", 424, { token: () => Promise.reject(new Error("x")) }],
        ["a record of another location, a write", () => Response.json({ ...ORDER, altId: "other" }), write, "DecodeError", "applied", 200],
    ]) {
        const { page } = behind(answer, options);
        const error = await failure(call(page));
        assert.deepEqual([error.name, error.outcome, error.status], [name, outcome, status], title);
    }
});

test("a write that the runtime's own fetch could make no connection for was not sent", async () => {
    // Nobody listens at this port of the machine.
    const { page, answers } = behind(undefined, { fetch: undefined, baseUrl: "http://127.0.0.1:2" });
    const error = await failure(page.coupons.create({
        name: "n", code: "c", discountType: "amount", discountValue: 1, startDate: "2024-06-01T00:00:00Z",
    }));
    assert.deepEqual([error.name, error.outcome, error.status], ["InvalidRequestError", "rejected", 424]);
    assert.equal((await answers[0].json()).code, "upstream_not_reached");
});

test("a write whose order could not be read was not sent, and says so", async () => {
    for (const [answer, name, status] of [
        [() => Response.json({ message: "down" }, { status: 500 }), "InvalidRequestError", 424],
        [() => { throw new Error("gone"); }, "InvalidRequestError", 424],
        [() => Response.json({ message: "no scope" }, { status: 403 }), "PermissionError", 403],
        [() => Response.json({ message: "slow" }, { status: 429 }), "RateLimitError", 429],
        [() => Response.json({ message: "none" }, { status: 404 }), "NotFoundError", 404],
    ]) {
        const { page, requests } = behind(answer);
        const error = await failure(page.orders.recordPayment(ID, { mode: "cash" }));
        assert.deepEqual([error.name, error.status, error.outcome], [name, status, "rejected"]);
        assert.deepEqual(requests.map(({ method }) => method), ["GET"]);
    }
    const trusting = behind({ success: true }, { trustIds: true });
    await trusting.page.orders.recordPayment(ID, { mode: "cash" });
    assert.deepEqual(trusting.requests.map(({ method }) => method), ["POST"]);
});

test("nothing is changed, and no part is read, of a record that does not say whose it is", async () => {
    const silent = [
        {},
        { success: false, message: "not found" },
        { ...ORDER, _id: "another" },
        { ...ORDER, altId: null },
        { ...ORDER, altId: "" },
        { ...ORDER, altId: [LOCATION] },
        { ...ORDER, altId: undefined, locationId: undefined },
        { order: ORDER },
        { ...ORDER, locationId: "another" },
    ];
    const calls = {
        recordPayment: (page) => page.orders.recordPayment(ID, { mode: "cash" }),
        createFulfillment: (page) => page.orders.createFulfillment(ID, { trackings: [{ shippingCarrier: "dhl" }], items: [{ priceId: ID, qty: 1 }], notifyCustomer: true }),
        listFulfillments: (page) => page.orders.listFulfillments(ID),
        listNotes: (page) => page.orders.listNotes(ID),
        updateCoupon: (page) => page.coupons.delete(ID),
    };
    for (const record of silent) {
        for (const [name, call] of Object.entries(calls)) {
            const { page, requests, refusals } = behind(record);
            const error = await failure(call(page));
            assert.ok(["NotFoundError", "InvalidRequestError", "ServerError"].includes(error.name), `${name} ${JSON.stringify(record)}: ${error}`);
            assert.equal(error.outcome, "rejected", `${name} ${JSON.stringify(record)}`);
            assert.deepEqual(requests.map(({ method }) => method), ["GET"], `${name} ${JSON.stringify(record)}`);
            assert.equal(refusals().length, 1);
        }
    }
    const { page, requests } = behind((index) => Response.json(index === 0 ? ORDER : { status: true, data: [] }));
    await page.orders.listFulfillments(ID);
    assert.deepEqual(requests.map(({ url }) => url.pathname), [`/payments/orders/${ID}`, `/payments/orders/${ID}/fulfillments`]);
    const trusting = behind({ status: true, data: [] }, { trustIds: true });
    await trusting.page.orders.listFulfillments(ID);
    assert.equal(trusting.requests.length, 1);
});

test("a list as an account is another's", async () => {
    const { page, refusals } = behind({ ...ORDER, altId: ["another"] });
    assert.equal((await failure(page.orders.get(ID))).name, "NotFoundError");
    assert.equal(refusals()[0].code, "foreign_record");
});

test("one time limit holds for token, read and write together: behind it no write leaves", async () => {
    const { page, requests, refusals } = behind(
        async () => {
            await new Promise((resolve) => setTimeout(resolve, 150));
            return Response.json(ORDER);
        },
        {
            timeoutMs: 200,
            token: async () => {
                await new Promise((resolve) => setTimeout(resolve, 100));
                return TOKEN;
            },
        },
    );
    const error = await failure(page.orders.recordPayment(ID, { mode: "cash" }));
    assert.equal(error.outcome, "rejected");
    assert.deepEqual(requests.map(({ method }) => method), ["GET"]);
    assert.equal(refusals().length, 1);
});

test("a body that never ends is not waited for", async () => {
    const { proxy, refusals } = behind(ORDER, { timeoutMs: 100 });
    let drip;
    const body = new ReadableStream({
        start(controller) {
            drip = setInterval(() => controller.enqueue(new TextEncoder().encode(" ")), 10);
        },
    });
    const headers = { "content-type": "application/json" };
    const url = `https://app.example/api/payments/orders/${ID}/record-payment`;
    const response = await proxy(new Request(url, { method: "POST", headers, body, duplex: "half" }));
    clearInterval(drip);
    assert.equal(response.status, 400);
    assert.equal(refusals()[0].code, "body_not_read");
});

test("an authorize that never answers is not waited for, and nothing is sent", async () => {
    for (const [act, name] of [[(page) => page.orders.get(ID), "ServerError"], [(page) => page.orders.recordPayment(ID, { mode: "cash" }), "InvalidRequestError"]]) {
        const { page, requests, refusals } = behind({ order: ORDER }, { authorize: () => new Promise(() => {}), timeoutMs: 40 });
        const error = await failure(act(page));
        assert.deepEqual([error.name, error.outcome === "unknown", requests.length], [name, false, 0]);
        assert.equal(refusals()[0].code, "authorize_failed");
        assert.match(refusals()[0].cause.message, /timeoutMs/);
    }
});

test("a read whose page has gone is given up, a write that has left is not", async () => {
    const seen = [];
    const slow = (_, { signal }) =>
        new Promise((resolve, reject) => {
            seen.push(signal);
            signal?.addEventListener("abort", () => reject(signal.reason));
            setTimeout(() => resolve(Response.json({ success: true })), 60);
        });
    const { proxy, requests } = behind(slow, { trustIds: true, timeoutMs: 5000 });
    const gone = new AbortController();
    const { signal } = gone;
    const read = proxy(new Request(`https://app.example/api/payments/orders/${ID}?altId=${LOCATION}&altType=location`, { signal }));
    const body = JSON.stringify({ altId: LOCATION, altType: "location", mode: "cash" });
    const headers = { "content-type": "application/json" };
    const write = proxy(new Request(`https://app.example/api/payments/orders/${ID}/record-payment`, { method: "POST", headers, body, signal }));
    while (requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    gone.abort();
    await Promise.all([read, write]);
    assert.deepEqual(requests.map(({ method, signal }) => [method, signal.aborted]).sort(), [["GET", true], ["POST", false]]);
});

test("a body that says that it is too large is shown to nobody", async () => {
    let asked = 0;
    const { proxy } = behind(ORDER, { maxBodyBytes: 10, authorize: () => ((asked += 1), ALL) });
    const headers = { "content-type": "application/json", "content-length": "11" };
    const url = `https://app.example/api/payments/orders/${ID}/record-payment`;
    const response = await proxy(new Request(url, { method: "POST", headers, body: '{"a":"bcd"}' }));
    assert.deepEqual([response.status, asked], [413, 0]);
});

test("a write of which nobody could say who asks was not sent, and says so", async () => {
    const fails = () => {
        throw new Error("the store of sessions is down");
    };
    for (const authorize of [fails, () => ({ locationId: LOCATION, operations: ["orders.nothing"] })]) {
        const { page, requests } = behind(ORDER, { authorize });
        const write = await failure(page.orders.recordPayment(ID, { mode: "cash" }));
        assert.deepEqual([write.status, write.outcome, write.retryable], [424, "rejected", false]);
        const read = await failure(page.orders.get(ID));
        assert.equal(read.status, 500);
        assert.equal(requests.length, 0);
    }
});

test("messages, trace id, limits and times go on", async () => {
    const headers = {
        "retry-after": "3", "x-ratelimit-max": "100", "x-ratelimit-remaining": "7",
        "x-ratelimit-interval-milliseconds": "10000", "x-ratelimit-limit-daily": "200000",
        "x-ratelimit-daily-remaining": "5", date: "Sun, 01 Nov 2026 12:00:00 GMT",
    };
    const slow = behind(() => Response.json({ message: ["a", "b"], traceId: "t-1" }, { status: 429, headers }));
    const error = await failure(slow.page.orders.get(ID));
    assert.deepEqual([error.messages, error.traceId, error.retryAfterMs], [["a", "b"], "t-1", 3000]);
    assert.deepEqual(error.rateLimit, { limit: 100, remaining: 7, intervalMs: 10_000, dailyLimit: 200_000, dailyRemaining: 5 });
    const fine = behind(() => Response.json({ ...ORDER, traceId: "t-2" }, { headers }));
    const { response } = await fine.page.orders.get(ID).withResponse();
    assert.equal(response.rateLimit.remaining, 7);
    assert.equal(response.traceId, "t-2");
    assert.equal(response.headers.get("date"), headers.date);
});

test("a page of a listed origin gets its headers, another one none", async () => {
    const { proxy } = behind(ORDER, { origins: ["https://shop.example"] });
    const ask = (method, headers) => proxy(new Request(`https://app.example/api/payments/orders/${ID}`, { method, headers }));
    const preflight = await ask("OPTIONS", {
        origin: "https://shop.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "version,x-session",
    });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get("access-control-allow-headers"), "version,x-session");
    assert.equal(preflight.headers.get("access-control-allow-methods"), "GET");
    const answer = await ask("GET", { origin: "https://shop.example", "sec-fetch-site": "cross-site" });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("access-control-allow-origin"), "https://shop.example");
    assert.match(answer.headers.get("access-control-expose-headers"), /retry-after.*x-ratelimit-remaining/);
    assert.equal(answer.headers.get("vary"), "origin");
    const refused = await proxy(new Request("https://app.example/api/nothing", { headers: { origin: "https://shop.example" } }));
    assert.equal(refused.headers.get("access-control-allow-origin"), "https://shop.example");
    assert.equal((await ask("GET", { origin: "https://app.example" })).headers.get("access-control-allow-origin"), null);
});

test("who may read sees no key of a payment provider, unless it was named", async () => {
    const config = { _id: "a", locationId: LOCATION, paymentProvider: { live: { apiKey: "sk_live_1", publishableKey: "pk" } } };
    const reading = behind(config, { authorize: () => ({ locationId: LOCATION }) });
    assert.equal((await reading.page.customProvider.getConfig()).paymentProvider.live.apiKey, "[redacted]");
    const named = behind(config);
    assert.equal((await named.page.customProvider.getConfig()).paymentProvider.live.apiKey, "sk_live_1");
});

test("authorize is asked late, may read the body, and gets the context", async () => {
    const seen = [];
    const { proxy, page, requests } = behind(
        { _id: "c", altId: LOCATION },
        {
            authorize: async (request, context) => {
                seen.push([request.method, context, request.method === "POST" ? (await request.json()).code : undefined]);
                return ALL;
            },
        },
    );
    const body = { name: "n", code: "SPRING", discountType: "amount", discountValue: 1, startDate: "2024-06-01T00:00:00Z" };
    await page.coupons.create(body);
    assert.equal(JSON.parse(requests[0].body).code, "SPRING");
    await proxy(new Request("https://app.example/api/payments/orders/x"), "context");
    assert.deepEqual(seen, [["POST", undefined, "SPRING"], ["GET", "context", undefined]]);
    await proxy(new Request("https://app.example/api/nothing"));
    await proxy(new Request("https://app.example/api/payments/orders", { headers: { origin: "null" } }));
    await proxy(new Request("https://app.example/api/payments/orders", { method: "HEAD" }));
    assert.equal(seen.length, 2);
});

test("the token is that of the location; after a 401 another one is asked for", async () => {
    const asked = [];
    const { page, requests } = behind(
        (_, { headers }) => (headers.Authorization === "Bearer old-token" ? Response.json({}, { status: 401 }) : Response.json(ORDER)),
        {
            token: (locationId, { refused }) => {
                asked.push([locationId, refused]);
                return refused === undefined ? "old-token" : "new-token";
            },
        },
    );
    await page.orders.get(ID);
    await page.orders.get(ID);
    assert.deepEqual(asked, [[LOCATION, undefined], [LOCATION, "old-token"], [LOCATION, undefined], [LOCATION, "old-token"]]);
    assert.equal(requests.length, 4);
    const once = behind(() => Response.json({ message: "no" }, { status: 401 }));
    assert.equal((await failure(once.page.orders.get(ID))).name, "AuthenticationError");
});

test("the token is asked for with every call, so that a location that was forgotten has none at once", async () => {
    let token = "first-token";
    let asked = 0;
    const lost = Object.assign(new Error("the app is not installed there"), { code: "needs_install", retryable: false });
    const { page, requests } = behind(ORDER, {
        token: async () => {
            asked++;
            if (token === undefined) throw lost;
            return token;
        },
    });
    await page.orders.get(ID);
    token = "second-token";
    await page.orders.get(ID);
    assert.deepEqual(requests.map(({ headers }) => headers.Authorization), ["Bearer first-token", "Bearer second-token"]);
    token = undefined;
    assert.equal((await failure(page.orders.get(ID))).status, 424);
    token = "third-token";
    await page.orders.get(ID);
    assert.equal(requests.length, 3);
    assert.equal(asked, 4);
    // What is asked at the same moment is one question.
    await Promise.all(Array.from({ length: 20 }, () => page.orders.get(ID)));
    assert.ok(asked < 10, `${asked} questions`);
    assert.equal(requests.length, 23);
    // A client of one's own keeps its tokens.
    let kept = 0;
    const payments = new PaymentsClient({
        token: () => `token-${kept++}`, locationId: LOCATION, fetch: async () => Response.json(ORDER), limiter: false,
    });
    await payments.orders.get(ID);
    await payments.orders.get(ID);
    assert.equal(kept, 1);
});

test("an app that has to be installed again is told of as that, on the page and in the event", async () => {
    const needs = Object.assign(new Error("secret detail"), { code: "needs_install", retryable: false });
    const write = (page) => page.orders.recordPayment(ID, { mode: "cash" });
    const read = (page) => page.orders.get(ID);
    // At once, or when HighLevel has refused the token that there was.
    const first = () => Promise.reject(needs);
    const later = (_, { refused }) => (refused === undefined ? TOKEN : Promise.reject(needs));
    for (const [title, call, token, sent] of [
        ["read", read, first, 0], ["write", write, first, 0], ["read, refused", read, later, 1], ["write, refused", write, later, 1],
        ["thrown, not rejected", read, () => { throw needs; }, 0],
    ]) {
        for (const trustIds of [false, true]) {
            const answer = () => Response.json({ message: "no" }, { status: 401 });
            const { page, requests, answers, refusals } = behind(answer, { token, trustIds }, { maxRetries: 2 });
            const error = await failure(call(page));
            assert.deepEqual(
                [error.status, error.outcome, error.retryable, error.attempts, error.messages[0], requests.length],
                [424, "rejected", false, 1, "needs_install", sent],
                title,
            );
            assert.equal((await answers[0].json()).code, "needs_install");
            assert.ok(!JSON.stringify(error).includes("secret detail"));
            const [event, ...others] = refusals();
            assert.deepEqual(others, []);
            assert.deepEqual(
                [event.type, event.code, event.status, event.reason, event.cause],
                ["failed", "token_failed", 424, "needs_install", needs],
                title,
            );
            assert.equal(event.locationId, LOCATION);
        }
    }
});

test("what else a token function throws is told as before, with its cause", async () => {
    const hostile = { get code() { throw new Error("no"); }, get retryable() { throw new Error("no"); } };
    const says = (code, retryable) => ({ code, retryable });
    for (const [title, cause, reason] of [
        ["an error", new Error("x")], ["for a while", says("store_busy", true), "store_busy"], ["nothing more", says("needs_install"), "needs_install"],
        ["no text", says(5, false)], ["not a stable code", says("the key sk_live_1", false)], ["hostile", hostile], ["text", "x"], ["null", null],
    ]) {
        const { page, answers, refusals } = behind(ORDER, { token: () => Promise.reject(cause) });
        assert.equal((await failure(page.orders.get(ID))).status, 502, title);
        assert.equal((await answers[0].json()).code, "token_failed");
        assert.deepEqual([refusals()[0].code, refusals()[0].reason, refusals()[0].cause === cause], ["token_failed", reason, true], title);
        // The token was refused, and there is no other for now: HighLevel's refusal goes on.
        const token = (_, { refused }) => (refused === undefined ? TOKEN : Promise.reject(cause));
        const refused = behind(() => Response.json({ message: "no" }, { status: 401 }), { token });
        assert.equal((await failure(refused.page.orders.get(ID))).name, "AuthenticationError");
        assert.deepEqual(refused.refusals().map(({ code, status, cause }) => [code, status, cause]), [["token_failed", 401, cause]]);
    }
    // Before a write whose order is read first.
    const cause = new Error("x");
    const checked = behind(ORDER, { token: () => Promise.reject(cause) });
    assert.equal((await failure(checked.page.orders.recordPayment(ID, { mode: "cash" }))).status, 424);
    assert.deepEqual(checked.refusals().map((event) => [event.code, event.cause]), [["check_failed", cause]]);
    // What HighLevel's connection failed with is no cause of this kind.
    const down = behind(() => { throw new Error("gone"); });
    await failure(down.page.orders.get(ID));
    assert.ok(!("cause" in down.refusals()[0]) && !("reason" in down.refusals()[0]));
    const same = behind(() => Response.json({ message: "no" }, { status: 401 }));
    await failure(same.page.orders.get(ID));
    assert.deepEqual(same.refusals(), []);
});

test("a grant of recordPaymentOnce holds what that sends, and nothing else", async () => {
    const { page, requests } = behind(
        (_, { method }) => Response.json(method === "POST" ? { success: true } : { ...ORDER, data: [], totalCount: 0 }),
        { authorize: () => ({ locationId: LOCATION, operations: ["orders.recordPaymentOnce"] }) },
    );
    await page.orders.recordPaymentOnce(ID, { mode: "cash", amount: 5 });
    const before = requests.length;
    await page.orders.get(ID);
    await page.transactions.list();
    await page.transactions.get(ID);
    await page.orders.recordPayment(ID, { mode: "cash" });
    assert.ok(requests.length > before);
    for (const call of [page.orders.list(), page.coupons.list(), page.orders.listNotes(ID), page.customProvider.getConfig()]) {
        assert.equal((await failure(call)).name, "PermissionError");
    }
});

test("behind a server that rewrites the host the event names both origins, and the public one can be listed", async () => {
    const ask = (proxy, origin, site) =>
        proxy(new Request(`http://127.0.0.1:3000/api/payments/orders/${ID}`, { headers: { origin, "sec-fetch-site": site } }));
    const closed = behind(ORDER);
    assert.equal((await ask(closed.proxy, "https://app.example", "same-origin")).status, 403);
    const [{ code, origin, own }] = closed.refusals();
    assert.deepEqual([code, origin, own], ["origin_not_allowed", "https://app.example", "http://127.0.0.1:3000"]);
    const open = behind(ORDER, { origins: ["https://app.example"] });
    assert.equal((await ask(open.proxy, "https://app.example", "same-origin")).status, 200);
    assert.equal((await ask(open.proxy, "https://evil.example", "cross-site")).status, 403);
    // An embedded page of another site names none with a read.
    const site = new Request(`https://app.example/api/payments/orders/${ID}`, { headers: { "sec-fetch-site": "cross-site" } });
    assert.equal((await open.proxy(site)).status, 403);
    const event = open.refusals().at(-1);
    assert.deepEqual([event.own, "origin" in event], ["https://app.example", false]);
    // Other refusals have nothing to say of it.
    await open.proxy(new Request("https://app.example/api/nothing", { headers: { origin: "https://app.example" } }));
    assert.ok(!("own" in open.refusals().at(-1)));
});

test("the page tries again, not the proxy as well", async () => {
    const { page, requests } = behind(() => Response.json({}, { status: 503 }), {}, { maxRetries: 2 });
    const error = await failure(page.orders.get(ID));
    assert.deepEqual([error.attempts, requests.length], [3, 3]);
});

test("limits are shared with a client of the edge", async () => {
    const sent = [];
    const fetch = async (url) => {
        sent.push(url);
        return Response.json(ORDER, { headers: { "x-ratelimit-max": "2", "x-ratelimit-remaining": "0", "x-ratelimit-interval-milliseconds": "60000" } });
    };
    const payments = new PaymentsClient({ token: TOKEN, locationId: LOCATION, fetch });
    const { proxy } = behind(ORDER, { limiter: payments, fetch, timeoutMs: 50 });
    await payments.orders.get(ID);
    const response = await proxy(new Request(`https://app.example/api/payments/orders/${ID}`));
    assert.equal(response.status, 503);
    assert.equal(sent.length, 1);
    const other = new Page({ token: TOKEN });
    assert.deepEqual(thrown(() => createProxy({ authorize() {}, token() {}, limiter: other })).issues.map(({ path }) => path), ["limiter"]);
});

test("options that are wrong are refused by name, all at once", () => {
    const fine = { authorize: () => null, token: () => "t" };
    const error = thrown(() => createProxy({
        authorize: "x", token: TOKEN, basePath: "api", origins: ["*"], maxBodyBytes: 0, baseUrl: "http://x.example",
        fetch: 1, onEvent: 2, trustIds: "yes", timeoutMs: -1, headers: {}, apiVersion: "",
    }));
    assert.ok(error instanceof ValidationError && PaymentsError.is(error));
    const paths = error.issues.map(({ path }) => path).toSorted();
    for (const path of ["apiVersion", "authorize", "basePath", "baseUrl", "fetch", "headers", "maxBodyBytes", "onEvent", "origins", "timeoutMs", "token", "trustIds"]) {
        assert.ok(paths.includes(path), `${path} of ${paths}`);
    }
    assert.ok(!JSON.stringify(error).includes(TOKEN));
    for (const [name, value] of [
        ["origins", ["null"]], ["origins", "https://a.example"], ["origins", ["https://a.example/"]], ["origins", ["http://a.example"]],
        ["origins", [5]], ["basePath", "/a/../b"], ["basePath", "//a"], ["basePath", "https://a.example/api"], ["basePath", 5],
        ["maxBodyBytes", 1.5], ["maxBodyBytes", "10"], ["limiter", {}], ["baseUrl", "/api"], ["timeoutMs", "1"],
    ]) {
        assert.equal(thrown(() => createProxy({ ...fine, [name]: value })).issues?.[0].path, name, `${name}: ${value}`);
    }
    for (const options of [undefined, null, 5, "x"]) assert.ok(thrown(() => createProxy(options)) instanceof ValidationError);
    const inherited = Object.assign(Object.create({ apiVersion: "v3" }), fine);
    assert.deepEqual(thrown(() => createProxy(inherited)).issues.map(({ path }) => path), ["apiVersion"]);
    for (const basePath of ["", "/", "/api/", "/a/b"]) assert.equal(typeof createProxy({ ...fine, basePath }), "function");
});

test("another base path, or none", async () => {
    for (const [basePath, path] of [["/", "/payments/orders"], ["", "/payments/orders"], ["/a/b/", "/a/b/payments/orders"]]) {
        const { proxy } = behind({ data: [], totalCount: 0 }, { basePath });
        assert.equal((await proxy(new Request(`https://app.example${path}`))).status, 200, basePath);
        assert.equal((await proxy(new Request("https://app.example/api/payments/orders"))).status, 404, basePath);
    }
    // As a router hands it on that takes its own prefix away, such as `mount` of hono, with a context behind it.
    const { proxy, requests } = behind({ _id: "c", altId: LOCATION }, { basePath: "/" });
    const body = JSON.stringify({ name: "n", code: "c", discountType: "amount", discountValue: 1, startDate: "2024-06-01T00:00:00Z" });
    const post = { method: "POST", headers: { "content-type": "application/json" }, body };
    const whole = new Request("https://app.example/api/payments/coupon?x=", post);
    const url = new URL(whole.url);
    url.pathname = url.pathname.slice("/api".length);
    url.search = "";
    assert.equal((await proxy(new Request(url, whole), { env: {} }, undefined)).status, 200);
    assert.deepEqual([requests.length, requests[0].method], [1, "POST"]);
});

test("listeners that fail break nothing, and events hold no token", async () => {
    const { page } = behind(ORDER, {
        onEvent: () => {
            throw new Error("no");
        },
    });
    await page.orders.get(ID);
    const { page: other, events } = behind(() => Response.json({ message: TOKEN }, { status: 401 }));
    await failure(other.orders.get(ID));
    await failure(behind(ORDER, { onEvent: async () => Promise.reject(new Error("no")), authorize: () => null }).page.orders.get(ID));
    assert.ok(!JSON.stringify(events).includes(TOKEN));
    const cause = new Error("session store is down");
    const failing = behind(ORDER, { authorize: () => Promise.reject(cause) });
    const error = await failure(failing.page.orders.get(ID));
    assert.equal(error.status, 500);
    assert.ok(!JSON.stringify(error).includes("session store"));
    assert.equal(failing.refusals()[0].cause, cause);
});

test("requests of other libraries are taken", async () => {
    const { Request: Undici } = tool("undici");
    const { proxy, requests } = behind({ _id: "c", altId: LOCATION });
    const body = JSON.stringify({ name: "n", code: "c", discountType: "amount", discountValue: 1, startDate: "2024-06-01T00:00:00Z" });
    const post = { method: "POST", headers: { "content-type": "application/json" }, body };
    assert.equal((await proxy(new Undici("https://app.example/api/payments/coupon", post))).status, 200);
    // What Hono's server for Node hands out has no class of the runtime's; what has no stream gives its bytes at once.
    const bytes = new TextEncoder().encode(body);
    const plain = {
        method: "POST",
        url: "https://app.example/api/payments/coupon",
        headers: new Map([["content-type", "application/json"]]),
        arrayBuffer: async () => bytes.buffer,
        clone() {
            return { ...this };
        },
    };
    assert.equal((await proxy(plain)).status, 200);
    async function* chunks() {
        yield Buffer.from(body.slice(0, 10));
        yield Buffer.from(body.slice(10));
    }
    assert.equal((await proxy({ ...plain, body: chunks(), arrayBuffer: undefined })).status, 200);
    assert.equal(requests.length, 3);
});

test("a Worker's request that ends leaves the proxy to the next one", async (t) => {
    const worker = await startWorker(`
        import { createProxy } from "ghl-payments/edge";
        let held = 0;
        const proxy = createProxy({
            authorize: () => ({ locationId: "${LOCATION}" }),
            token: async (locationId) => {
                // Never settled for the first one, which does not wait.
                if (held++ === 0) await new Promise((resolve) => setTimeout(resolve, 60_000));
                return "pit-secret";
            },
            timeoutMs: 5000,
            fetch: async () => Response.json(${JSON.stringify(ORDER)}),
        });
        export default {
            async fetch(request) {
                const { pathname } = new URL(request.url);
                const ask = () => proxy(new Request("https://app.example/api/payments/orders/${ID}"));
                if (pathname === "/begin") {
                    void ask();
                    return new Response("ended");
                }
                return ask();
            },
        };
    `);
    t.after(() => worker.dispose());
    await (await worker.dispatchFetch("http://worker.test/begin")).text();
    for (let i = 0; i < 3; i++) {
        const response = await worker.dispatchFetch("http://worker.test/ask");
        assert.equal(response.status, 200);
        await response.text();
    }
});
