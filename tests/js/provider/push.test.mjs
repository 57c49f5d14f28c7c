// What a provider pushes: what leaves, how often, in which order, and what its errors say of it.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import test from "node:test";
import { createProvider, PaymentsError } from "ghl-payments/edge";
import { failure, thrown } from "../support/stub.mjs";

const KEY = "sk_live_7c1e0d3b8f6a";
const APP = "65f0b217a05c774da7f1efa5";
const LOCATION = "3SwdhCu3svxI8AKsPJt6";
const ADDRESS = "https://backend.leadconnectorhq.com/payments/custom-provider/webhook";

const CHARGE = { status: "succeeded", amount: 1050, chargeId: "ch_1", chargedAt: 1_724_217_600 };
const ACTIVE = { id: "sub_1", status: "active", trialEnd: 0, createdAt: 1_724_217_600, nextCharge: 1_726_896_000 };

/** The mandatory fields of each event, as HighLevel's article lists them. */
const BODIES = {
    "payment.captured": { chargeId: "ch_1", ghlTransactionId: "tr_1", chargeSnapshot: CHARGE },
    "subscription.charged": { chargeId: "ch_1", ghlSubscriptionId: "gs_1", subscriptionSnapshot: ACTIVE, chargeSnapshot: CHARGE },
    "subscription.trialing": { chargeId: "ch_1", ghlTransactionId: "tr_1", ghlSubscriptionId: "gs_1" },
    "subscription.active": { chargeId: "ch_1", ghlTransactionId: "tr_1", ghlSubscriptionId: "gs_1" },
    "subscription.updated": { ghlSubscriptionId: "gs_1", subscriptionSnapshot: ACTIVE },
};

/** A provider whose pushes `answer` takes; `sent` holds them. */
function make(answer = () => Response.json({ success: true }), options = {}) {
    const sent = [];
    const fetch = async (url, { method, headers, body, signal }) => {
        sent.push({ url, method, headers, body: JSON.parse(body) });
        return answer({ ...JSON.parse(body), signal }, sent.length - 1);
    };
    const provider = createProvider({ apiKey: KEY, marketplaceAppId: APP, fetch, retryDelayMs: 1, ...options });
    return { ...provider, sent };
}

const updated = (status = "active", id = "gs_1") => ({
    locationId: LOCATION,
    ghlSubscriptionId: id,
    subscriptionSnapshot: { ...ACTIVE, status },
});

const drop = () => {
    throw new TypeError("the connection broke");
};

test("each event leaves as HighLevel's article prints it, and nothing of it is lost", async () => {
    const samples = JSON.parse(await readFile(new URL("../../fixtures/provider/pushes.json", import.meta.url)));
    assert.equal(samples.length, 5);
    for (const sample of samples) {
        const { event, apiKey, ...body } = sample;
        const { push, sent } = make(undefined, { apiKey });
        assert.deepEqual(await push(event, body), { attempts: 1 });
        assert.deepEqual([sent[0].url, sent[0].method, sent[0].body], [ADDRESS, "POST", sample], event);
        assert.equal(sent[0].headers["Content-Type"], "application/json");
        assert.equal("Authorization" in sent[0].headers, false);
    }
});

test("whatever an event must carry is named when it is missing, and then nothing leaves", async () => {
    const { push, sent } = make();
    for (const [event, body] of Object.entries(BODIES)) {
        await push(event, { locationId: LOCATION, ...body });
        const got = sent.pop().body;
        const needsApp = /trialing|active/.test(event);
        assert.deepEqual(got, { locationId: LOCATION, ...body, ...(needsApp && { marketplaceAppId: APP }), event, apiKey: KEY });
        for (const name of ["locationId", ...Object.keys(body)]) {
            const { [name]: left, ...rest } = { locationId: LOCATION, ...body };
            assert.ok(left);
            const error = await failure(push(event, rest));
            assert.deepEqual([error.name, error.outcome, error.issues.map(({ path }) => path)], ["ValidationError", "not_sent", [name]]);
        }
    }
    assert.equal(sent.length, 0);
});

test("what is wrong with a push is listed at once, by place", async () => {
    const { push, sent } = make();
    const wrong = {
        locationId: "",
        chargeId: 7,
        ghlTransactionId: "tr_1",
        mode: "LIVE",
        colour: "red",
        chargeSnapshot: { ...CHARGE, amount: 10.5, chargedAt: Date.now(), status: undefined },
    };
    const error = await failure(push("payment.captured", wrong));
    assert.deepEqual(error.issues.map(({ path }) => path).sort(), [
        ...["chargeId", "chargeSnapshot.amount", "chargeSnapshot.chargedAt", "chargeSnapshot.status"],
        ...["colour", "locationId", "mode"],
    ]);
    assert.match(error.message, /chargedAt must be unix seconds/);
    for (const [event, body] of [["", {}], [undefined, {}], ["payment.captured", null], ["payment.captured", "x"], ["payment.captured", []]]) {
        assert.equal((await failure(push(event, body))).name, "ValidationError");
    }
    assert.equal((await failure(push("payment.captured", { locationId: 1n }))).issues[0].path, "locationId");
    assert.equal((await failure(push("x.y", { locationId: LOCATION, apiKey: "k" }))).issues[0].path, "apiKey");
    assert.equal((await failure(push("x.y", { locationId: LOCATION }, { retries: 1 }))).issues[0].path, "retries");
    assert.equal((await failure(push("x.y", { locationId: LOCATION }, { afterEnd: 1 }))).issues[0].path, "afterEnd");
    assert.equal(sent.length, 0);
});

test("a property that a copy would lack is named, wherever it stands in a push", async () => {
    const { push, sent } = make();
    const hiding = ({ amount, ...fields }) => Object.defineProperty(fields, "amount", { get: () => amount });
    const body = { ...BODIES["payment.captured"], locationId: LOCATION };
    for (const [given, path, options] of [
        [{ ...body, chargeSnapshot: hiding(CHARGE) }, "chargeSnapshot.amount"],
        [Object.assign(Object.create({ mode: "live" }), body), "mode"],
        [body, "afterEnd", Object.create({ afterEnd: true })],
        [{ ...body, chargeSnapshot: { ...CHARGE, chargedAt: [hiding({ amount: 5 })] } }, "chargeSnapshot.chargedAt[0].amount"],
    ]) {
        const error = await failure(push("payment.captured", given, options));
        assert.ok(error.issues.some((issue) => issue.path === path && /would be left out/.test(issue.message)), error.message);
    }
    assert.equal(sent.length, 0);
});

test("what a body stands for is pushed: what its toJSON gives, where it has one", async () => {
    const { push, sent } = make();
    class Push {
        amount = 5;
        toJSON() {
            return { locationId: LOCATION, chargeId: "ch_1" };
        }
    }
    await push("payment.disputed", new Push());
    assert.deepEqual(sent[0].body, { locationId: LOCATION, chargeId: "ch_1", event: "payment.disputed", apiKey: KEY });
});

test("an event that HighLevel has yet to document may carry anything", async () => {
    const { push, sent } = make();
    await push("payment.disputed", { locationId: LOCATION, chargeId: "ch_1", reason: { code: 7, notes: ["ü"] } });
    assert.deepEqual(sent[0].body, {
        locationId: LOCATION, chargeId: "ch_1", reason: { code: 7, notes: ["ü"] }, event: "payment.disputed", apiKey: KEY,
    });
});

test("amounts leave in the unit that was chosen, by the currency's own decimals", async () => {
    for (const [unit, amount, expected] of [
        [undefined, { minor: 1050, currency: "USD" }, 1050],
        ["minor", { major: 10.5, currency: "usd" }, 1050],
        ["major", { minor: 1050, currency: "USD" }, 10.5],
        ["major", { major: 10.5, minor: 1050, currency: "USD" }, 10.5],
        ["minor", { major: 500, currency: "JPY" }, 500],
        ["major", { minor: 1234, currency: "KWD" }, 1.234],
        ["minor", { major: 0.1 + 0.2, currency: "EUR" }, 30],
        ["minor", 1050, 1050],
        ["major", 10.5, 10.5],
    ]) {
        const { push, sent } = make(undefined, { unit });
        await push("payment.captured", { locationId: LOCATION, ...BODIES["payment.captured"], chargeSnapshot: { ...CHARGE, amount } });
        assert.equal(sent[0].body.chargeSnapshot.amount, expected, `${unit} ${JSON.stringify(amount)}`);
    }
    const { push } = make();
    for (const amount of [10.5, 0, -1, "1050", { minor: 1.5, currency: "USD" }, { major: 1.005, currency: "USD" }, { minor: 1050 },
        { major: 10.5, minor: 10, currency: "USD" }, { minor: 1050, currency: "dollars" }, {}]) {
        const error = await failure(
            push("payment.captured", { locationId: LOCATION, ...BODIES["payment.captured"], chargeSnapshot: { ...CHARGE, amount } }),
        );
        assert.match(error.issues[0].path, /^chargeSnapshot\.amount/, JSON.stringify(amount));
    }
});

test("a push goes out again where HighLevel may not have it, and never after a refusal", async () => {
    for (const [answer, code, outcome, attempts] of [
        [() => new Response(null, { status: 503 }), "server_error", "unknown", 3],
        [() => new Response(null, { status: 408 }), "invalid_request", "unknown", 3],
        [drop, "network_error", "unknown", 3],
        [() => new Response(null, { status: 429, headers: { "retry-after": "0" } }), "rate_limited", "rejected", 3],
        [() => new Response("no", { status: 400 }), "invalid_request", "rejected", 1],
        [() => new Response("no", { status: 401 }), "authentication_failed", "rejected", 1],
        [() => new Response("no", { status: 404 }), "not_found", "rejected", 1],
        [() => new Response("no", { status: 422 }), "invalid_request", "rejected", 1],
        [() => new Response("<html>", { status: 200 }), "decode_failed", "unknown", 1],
        [() => new Response(null, { status: 302, headers: { location: "https://x.test" } }), "unexpected_answer", "unknown", 1],
    ]) {
        const { push, sent } = make(answer);
        const error = await failure(push("subscription.updated", updated()));
        assert.deepEqual([error.code, error.outcome, error.attempts, sent.length], [code, outcome, attempts, attempts]);
        assert.ok(PaymentsError.is(error));
        assert.equal(error.operation.name, "provider.push");
    }
    const lucky = make((_, n) => (n === 0 ? drop() : n === 1 ? new Response(null, { status: 500 }) : new Response(null, { status: 204 })));
    assert.deepEqual(await lucky.push("subscription.updated", updated()), { attempts: 3 });
    assert.deepEqual(lucky.sent[0].body, lucky.sent[2].body);
    const once = make(drop);
    assert.equal((await failure(once.push("subscription.updated", updated(), { maxRetries: 0 }))).attempts, 1);
});

test("any 2xx says that it was received, whatever stands in it", async () => {
    for (const response of [
        () => new Response("ok"), () => new Response(""), () => new Response(null, { status: 204 }), () => Response.json(true),
        () => Response.json({ success: true }), () => new Response("{", { status: 201 }),
    ]) {
        const { push, sent } = make(response);
        assert.deepEqual(await push("subscription.updated", updated()), { attempts: 1 });
        assert.equal(sent.length, 1);
    }
});

test("pushes for one subscription leave one after the other, others do not wait", async () => {
    const open = [];
    const { push, sent } = make(() => new Promise((resolve) => open.push(() => resolve(Response.json({})))));
    const status = () => sent.map(({ body }) => `${body.ghlSubscriptionId} ${body.subscriptionSnapshot.status}`);
    const done = [
        push("subscription.updated", updated("trialing")),
        push("subscription.updated", updated("active")),
        push("subscription.updated", updated("unpaid")),
        push("subscription.updated", updated("active", "gs_2")),
    ];
    const settle = async (length) => {
        while (sent.length < length) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    await settle(2);
    assert.deepEqual(status(), ["gs_1 trialing", "gs_2 active"]);
    open[0]();
    await settle(3);
    open[2]();
    await settle(4);
    open[3]();
    open[1]();
    await Promise.all(done);
    assert.deepEqual(status(), ["gs_1 trialing", "gs_2 active", "gs_1 active", "gs_1 unpaid"]);
});

test("what the caller changes while a push waits is not what is sent", async () => {
    const { push, sent } = make();
    const body = updated("trialing");
    const first = push("subscription.updated", updated("active"));
    const second = push("subscription.updated", body);
    body.subscriptionSnapshot.status = "unpaid";
    await Promise.all([first, second]);
    assert.equal(sent[1].body.subscriptionSnapshot.status, "trialing");
});

test("behind a failed push nothing that waited is sent; what is pushed afterwards begins anew", async () => {
    let broken = true;
    const { push, sent } = make(() => (broken ? new Response(null, { status: 500 }) : Response.json({})), { maxRetries: 0 });
    const waiting = ["trialing", "active", "unpaid"].map((status) => failure(push("subscription.updated", updated(status))));
    const other = failure(push("subscription.updated", updated("active", "gs_2")));
    const first = await waiting[0];
    broken = false;
    // At once, while the others still learn of it.
    const again = push("subscription.updated", updated("trialing"));
    const [, second, third] = await Promise.all(waiting);
    for (const error of [second, third]) {
        assert.deepEqual([error.code, error.outcome, error.retryable, error.cause], ["push_held_back", "not_sent", true, first]);
    }
    assert.deepEqual([first.code, (await other).code], ["server_error", "server_error"]);
    assert.deepEqual(await again, { attempts: 1 });
    await push("subscription.updated", updated("active"));
    assert.deepEqual(
        sent.filter(({ body }) => body.ghlSubscriptionId === "gs_1").map(({ body }) => body.subscriptionSnapshot.status),
        ["trialing", "trialing", "active"],
    );
});

test("a push that is refused before it could be sent holds nobody back", async () => {
    const { push, sent } = make();
    const bad = failure(push("subscription.updated", { ...updated(), mode: "none" }));
    await push("subscription.updated", updated());
    assert.deepEqual([(await bad).name, sent.length], ["ValidationError", 1]);
});

test("behind the end of a subscription only its end is sent, unless it is asked for", async () => {
    for (const status of ["canceled", "expired"]) {
        const { push, sent } = make();
        const charged = () => push("subscription.charged", { locationId: LOCATION, ...BODIES["subscription.charged"] });
        await charged();
        await push("subscription.updated", updated(status));
        const late = await failure(charged());
        assert.deepEqual([late.code, late.outcome, late.retryable], ["subscription_ended", "not_sent", false]);
        assert.equal((await failure(push("subscription.updated", updated("active")))).code, "subscription_ended");
        await push("subscription.updated", updated(status));
        await push("subscription.charged", { locationId: LOCATION, ...BODIES["subscription.charged"] }, { afterEnd: true });
        await push("subscription.updated", updated("active", "gs_2"));
        assert.equal(sent.length, 5);
        assert.equal("afterEnd" in sent[3].body, false);
    }
    // Also where it waits behind it.
    const { push } = make();
    const both = await Promise.allSettled([push("subscription.updated", updated("canceled")), push("subscription.updated", updated())]);
    assert.deepEqual(both.map(({ status, reason }) => reason?.code ?? status), ["fulfilled", "subscription_ended"]);
});

test("an end that may have been received counts, one that was refused does not", async () => {
    for (const [answer, code] of [[drop, "subscription_ended"], [() => new Response(null, { status: 400 }), undefined]]) {
        let ends = true;
        const { push } = make(() => (ends ? answer() : Response.json({})), { maxRetries: 0 });
        await failure(push("subscription.updated", updated("canceled")));
        ends = false;
        const later = await push("subscription.updated", updated("active")).catch((error) => error);
        assert.equal(later.code, code);
    }
});

test("which subscriptions have ended a store of one's own may remember", async () => {
    const ended = new Set();
    await make(undefined, { ended }).push("subscription.updated", updated("canceled"));
    assert.deepEqual([...ended], [`${LOCATION}/gs_1`]);
    assert.equal((await failure(make(undefined, { ended }).push("subscription.updated", updated()))).code, "subscription_ended");
    const broken = { has: async () => Promise.reject(new Error("D1 is away")), add: () => { throw new Error("D1 is away"); } };
    const { push, sent } = make(undefined, { ended: broken });
    const unread = await failure(push("subscription.updated", updated()));
    assert.deepEqual([unread.code, unread.outcome, unread.cause.message, sent.length], ["store_failed", "not_sent", "D1 is away", 0]);
    const unwritten = await failure(push("subscription.updated", updated("expired")));
    assert.deepEqual([unwritten.code, unwritten.outcome, sent.length], ["store_failed", "applied", 1]);
    // What is about no subscription asks nobody.
    await push("payment.captured", { locationId: LOCATION, ...BODIES["payment.captured"] });
});

test("the secret is that of the location and the mode", async () => {
    const captured = { locationId: LOCATION, ...BODIES["payment.captured"] };
    const both = make(undefined, { apiKey: undefined, apiKeys: { live: "key-of-live", test: async () => "key-of-test" } });
    await both.push("payment.captured", { ...captured, mode: "live" });
    await both.push("payment.captured", { ...captured, mode: "test" });
    assert.deepEqual(both.sent.map(({ body }) => [body.apiKey, "mode" in body]), [["key-of-live", false], ["key-of-test", false]]);
    assert.equal((await failure(both.push("payment.captured", captured))).issues[0].path, "mode");
    const one = make(undefined, { apiKey: undefined, apiKeys: { test: "key-of-test" } });
    await one.push("payment.captured", captured);
    assert.equal(one.sent[0].body.apiKey, "key-of-test");
    assert.equal((await failure(one.push("payment.captured", { ...captured, mode: "live" }))).issues[0].path, "apiKeys.live");
    const asked = [];
    const many = make(undefined, { apiKey: (context) => (asked.push(context), `key of ${context.locationId}`) });
    await many.push("payment.captured", { ...captured, mode: "live" });
    await many.push("payment.captured", captured);
    assert.deepEqual(asked, [{ locationId: LOCATION, mode: "live" }, { locationId: LOCATION }]);
    assert.equal(many.sent[0].body.apiKey, `key of ${LOCATION}`);
    for (const [apiKey, code] of [[() => undefined, "validation_failed"], [() => { throw new Error("vault"); }, "api_key_failed"]]) {
        const error = await failure(make(undefined, { apiKey }).push("payment.captured", captured));
        assert.deepEqual([error.code, error.outcome], [code, "not_sent"]);
    }
});

test("no error shows the secret, also where HighLevel's answer does", async () => {
    for (const status of [400, 401, 500]) {
        const { push } = make(() => Response.json({ message: `unknown apiKey ${KEY}` }, { status }), { maxRetries: 0 });
        const error = await failure(push("subscription.updated", updated()));
        for (const text of [inspect(error, { depth: 9 }), JSON.stringify(error), error.message, String(error.stack)]) {
            assert.equal(text.includes(KEY), false, text);
        }
        assert.match(error.message, /unknown apiKey \[redacted\]/);
    }
});

test("an abort ends a push, also one that waits for its turn", async () => {
    const hang = ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const { push, sent } = make(hang);
    const stop = new AbortController();
    const first = failure(push("subscription.updated", updated(), { signal: stop.signal }));
    const second = failure(push("subscription.updated", updated("unpaid"), { signal: stop.signal }));
    while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort();
    assert.deepEqual([(await first).code, (await first).outcome], ["aborted", "unknown"]);
    assert.deepEqual([(await second).outcome, sent.length], ["not_sent", 1]);
    const slow = make(hang, { timeoutMs: 1, maxRetries: 0 });
    assert.deepEqual((await failure(slow.push("subscription.updated", updated()))).code, "timeout");
});

test("wrong options are named, all of them", () => {
    const paths = (options) => thrown(() => createProvider(options)).issues.map(({ path }) => path);
    assert.deepEqual(paths(undefined), [""]);
    assert.deepEqual(paths({}), ["apiKey", "marketplaceAppId"]);
    assert.deepEqual(paths({ apiKey: "k", apiKeys: { live: "k" }, marketplaceAppId: APP }), ["apiKey"]);
    assert.deepEqual(paths({ apiKeys: {}, marketplaceAppId: APP }), ["apiKeys"]);
    assert.deepEqual(paths({ apiKeys: { prod: "k" }, marketplaceAppId: APP }), ["apiKeys.prod"]);
    assert.deepEqual(paths({ apiKey: 1, marketplaceAppId: "", unit: "cents", ended: {}, key: "x" }), [
        "key", "apiKey", "marketplaceAppId", "unit", "ended",
    ]);
    assert.deepEqual(paths({ apiKey: "k", marketplaceAppId: APP, baseUrl: "http://x.test", timeoutMs: 0, maxRetries: -1, fetch: 1 }), [
        ...["fetch", "timeoutMs", "maxRetries", "baseUrl"],
    ]);
});

test("times may be dates, which leave as unix seconds", async () => {
    const { push, sent } = make();
    const at = (seconds) => new Date(seconds * 1000 + 999);
    await push("subscription.charged", {
        locationId: LOCATION,
        ...BODIES["subscription.charged"],
        chargeSnapshot: { ...CHARGE, chargedAt: at(CHARGE.chargedAt) },
        subscriptionSnapshot: { ...ACTIVE, trialEnd: at(1_724_217_700), createdAt: at(ACTIVE.createdAt), nextCharge: at(ACTIVE.nextCharge) },
    });
    assert.deepEqual(sent[0].body.chargeSnapshot, CHARGE);
    assert.deepEqual(sent[0].body.subscriptionSnapshot, { ...ACTIVE, trialEnd: 1_724_217_700 });
    const error = await failure(push("payment.captured", { locationId: LOCATION, ...BODIES["payment.captured"], chargeSnapshot: { ...CHARGE, chargedAt: new Date(NaN) } }));
    assert.equal(error.issues[0].path, "chargeSnapshot.chargedAt");
    assert.equal(sent.length, 1);
});

test("a push whose charge is another than its snapshot's is not sent", async () => {
    const { push, sent } = make();
    const error = await failure(push("payment.captured", { locationId: LOCATION, ...BODIES["payment.captured"], chargeId: "ch_2" }));
    assert.deepEqual([error.name, error.issues.map(({ path }) => path), sent.length], ["ValidationError", ["chargeSnapshot.chargeId"], 0]);
});

test("an apiKey and apiKeys are not given together, and one of them is", () => {
    const issues = (options) => thrown(() => createProvider({ marketplaceAppId: APP, ...options })).issues.map(({ path, message }) => `${path} ${message}`);
    const [both, ...more] = issues({ apiKey: KEY, apiKeys: { live: KEY } });
    assert.match(both, /^apiKey .*not both/);
    assert.match(issues({})[0], /^apiKey is required, or apiKeys/);
    assert.equal(more.length, 0);
});

test("neither the apiKey's function nor the memory of ends holds a push up for longer than an answer may", async () => {
    const never = () => new Promise(() => {});
    for (const [place, options] of [["apiKey", { apiKey: never }], ["ended", { ended: { has: never, add() {} } }]]) {
        const { push, sent } = make(undefined, { ...options, timeoutMs: 40 });
        const error = await failure(push("subscription.updated", updated()));
        assert.deepEqual([error.name, error.outcome, error.retryable], ["TimeoutError", "not_sent", true], place);
        const own = await failure(push("subscription.updated", updated(), { timeoutMs: 20 }));
        assert.match(own.message, / 20 ms/);
        const stop = new AbortController();
        const pending = failure(push("subscription.updated", updated("active", "gs_2"), { signal: stop.signal, timeoutMs: 60_000 }));
        setTimeout(() => stop.abort(new Error("enough")), 10);
        const aborted = await pending;
        assert.deepEqual([aborted.name, aborted.outcome, aborted.cause.message], ["AbortedError", "not_sent", "enough"], place);
        assert.equal(sent.length, 0);
    }
});

test("what a fetch of the app's own throws takes no apiKey along", async () => {
    const thrower = (init) => {
        const error = new Error(`refused: ${init.body}`, { cause: Object.assign(new Error(`sent ${init.body}`), { config: init }) });
        return Object.assign(error, { code: "EOWN", config: { url: ADDRESS, ...init }, request: init.body });
    };
    const fetch = async (_, init) => {
        throw thrower(init);
    };
    const { push } = createProvider({ apiKey: KEY, marketplaceAppId: APP, fetch, maxRetries: 0, retryDelayMs: 1 });
    const error = await failure(push("payment.captured", { locationId: LOCATION, ...BODIES["payment.captured"] }));
    assert.equal(error.name, "NetworkError");
    assert.deepEqual([error.cause.code, error.cause.cause.name], ["EOWN", "Error"]);
    assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(KEY));
});

test("behind a push that waited for its turn too long nothing is sent out of order", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    let let_go;
    const { push, sent } = make((body) => (body.subscriptionSnapshot.status === "active" ? new Promise((resolve) => (let_go = () => resolve(Response.json({})))) : Response.json({})), { timeoutMs: 300_000 });
    const first = push("subscription.updated", updated("active"));
    const second = failure(push("subscription.updated", updated("past_due")));
    let third;
    // Time goes on in small steps, so that everybody is heard of.
    for (let ms = 0; ms < 50_000; ms += 50) {
        t.mock.timers.tick(50);
        await new Promise((resolve) => setImmediate(resolve));
        if (ms === 40_000) third = failure(push("subscription.updated", updated("unpaid")));
        if (ms === 46_000) let_go();
    }
    await first;
    assert.deepEqual([(await second).code, (await third).code], ["push_held_back", "push_held_back"]);
    assert.equal(sent.length, 1);
    await push("subscription.updated", updated("past_due"));
    await push("subscription.updated", updated("unpaid"));
    assert.deepEqual(sent.map(({ body }) => body.subscriptionSnapshot.status), ["active", "past_due", "unpaid"]);
});
