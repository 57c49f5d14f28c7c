// The queryUrl: who may ask, what a handler gets, what HighLevel is answered, and what nobody is told.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import {
    accountLookup,
    apiKeyHash,
    capabilitiesOf,
    createQueryHandler,
    createWebhookHandler,
    failed,
    memorySeen,
    memoryStore,
    pending,
    succeeded,
} from "ghl-payments/edge";

const SAMPLES = JSON.parse(readFileSync(new URL("../../fixtures/provider/queries.json", import.meta.url), "utf8"));
const KEY = "sk_test_4f9a8e7d6c5b";
const LOCATION = "3SwdhCu3svxI8AKsPJt6";
const ACCOUNT = { locationId: LOCATION, mode: "test" };
const VERIFY = { type: "verify", apiKey: KEY, transactionId: "t1", chargeId: "c1" };
const TEN = { minor: 1000, currency: "USD" };

/** A handler that notes what it was asked and told, and the JSON of its answers. */
function make(handlers = {}, options = {}) {
    const [asked, events] = [[], []];
    const noting = (name, answer) => async (q) => {
        asked.push([name, q]);
        return answer(q);
    };
    const noted = Object.fromEntries(
        Object.entries({ verify: (q) => succeeded(q), ...handlers }).map(([name, answer]) => [name, noting(name, answer)]),
    );
    const handler = createQueryHandler({
        lookup: accountLookup([{ ...ACCOUNT, apiKey: KEY }]),
        onEvent: (event) => events.push(event),
        now: () => 1_724_217_600_500,
        ...noted,
        ...options,
    });
    async function post(body, init = {}, ...context) {
        const headers = { "content-type": "application/json", ...init.headers };
        const text = typeof body === "string" ? body : JSON.stringify(body);
        const request = new Request("https://provider.test/query", { method: "POST", body: text, ...init, headers });
        const response = await handler(request, ...context);
        const answer = await response.text();
        assert.ok(!answer.includes(KEY) && !/\bat .*:\d+:\d+/.test(answer), answer);
        return { status: response.status, headers: response.headers, body: JSON.parse(answer) };
    }
    return { handler, post, asked, events };
}

test("every sample is answered, and its handler gets each field but the apiKey", async () => {
    const requests = Object.entries(SAMPLES).filter(([name]) => name.includes("_request"));
    assert.equal(requests.length, 7);
    let lost = 0;
    for (const [name, body] of requests) {
        const subscription = { id: "s", status: "active", nextCharge: 1_726_896_000 };
        const charge = { chargeId: "c", amount: { major: 100, currency: "USD" } };
        const { post, asked, events } = make(
            {
                verify: (q) => succeeded(q, { charge, subscription }),
                listPaymentMethods: () => SAMPLES.list_response,
                chargePayment: (q) => succeeded(q, { chargeId: "c" }),
                createSubscription: (q) => succeeded(q, { charge, subscription }),
                cancelSubscription: (q) => succeeded(q),
                refund: (q) => succeeded(q, { id: "r" }),
            },
            { lookup: (apiKey) => ({ locationId: body.locationId ?? LOCATION, mode: apiKey.includes("XXX") ? "live" : "test" }) },
        );
        const { status } = await post(body);
        assert.equal(status, 200, name);
        const [[, q]] = asked;
        assert.ok(!JSON.stringify([q, events]).includes(body.apiKey), name);
        for (const [field, value] of Object.entries(body)) {
            if (field === "apiKey") continue;
            const got = field === "amount" || field === "recurringAmount" ? q[field].major : q[field];
            const same = field === "recurringAmount" ? got === Number(value) : JSON.stringify(got) === JSON.stringify(value);
            if (!same) lost++;
        }
        assert.equal(q.mode, body.apiKey.includes("XXX") ? "live" : "test");
    }
    console.log(`figure: queryUrl: ${requests.length} sample requests answered, ${lost} lost fields`);
    assert.equal(lost, 0);
});

test("what a handler says becomes the answer of the sample", async () => {
    const { post } = make({
        verify: (q) =>
            succeeded(q, {
                charge: { id: "payment-id", chargeId: "your_charge_id", amount: { major: "100.00", currency: "usd" }, chargedAt: new Date(1_724_217_600_000) },
                subscription: { id: "your_subscription_id", status: "active", createdAt: 1_724_217_600, nextCharge: new Date(1_726_896_000_999) },
            }),
    });
    const { message, ...expected } = SAMPLES.verify_response_subscription;
    assert.equal(message, "");
    assert.deepEqual((await post({ ...SAMPLES.verify_request, apiKey: KEY })).body, expected);
    const told = make({ verify: (q) => (q.chargeId === "f" ? failed("") : pending()) });
    assert.deepEqual((await told.post({ ...VERIFY, chargeId: "f" })).body, SAMPLES.verify_response_failed);
    assert.deepEqual((await told.post(VERIFY)).body, SAMPLES.verify_response_pending);
    assert.deepEqual((await make().post(VERIFY)).body, { ...SAMPLES.verify_response_success, failed: false });
});

test("the unit of snapshots is the documented one of each action, or the one that was chosen", async () => {
    const handlers = {
        verify: (q) => succeeded(q, { charge: { amount: { major: 10.5, currency: "USD" } } }),
        chargePayment: (q) => succeeded(q, { chargeId: "c" }),
        createSubscription: (q) => succeeded(q, { charge: { chargeId: "c" }, subscription: { id: "s", status: "active" } }),
    };
    const charge = { ...SAMPLES.charge_request, apiKey: KEY, amount: 10.5 };
    const create = { ...SAMPLES.create_subscription_request, apiKey: KEY, locationId: LOCATION, amount: 10.5 };
    const amounts = async (unit) => {
        const { post } = make(handlers, { unit });
        return [
            (await post(VERIFY)).body.chargeSnapshot.amount,
            (await post(charge)).body.chargeSnapshot.amount,
            (await post(create)).body.transaction.chargeSnapshot.amount,
        ];
    };
    assert.deepEqual(await amounts(undefined), [1050, 10.5, 10.5]);
    assert.deepEqual(await amounts("minor"), [1050, 1050, 1050]);
    assert.deepEqual(await amounts("major"), [10.5, 10.5, 10.5]);
    assert.deepEqual(await amounts({ verify: "major", create_subscription: "minor" }), [10.5, 10.5, 1050]);
});

test("amounts come in both units, by the decimals of their currency", async () => {
    const { post, asked } = make({ chargePayment: () => failed("no") });
    const charge = (amount, currency) => post({ ...SAMPLES.charge_request, apiKey: KEY, amount, currency });
    for (const [amount, currency, minor] of [[10.5, "usd", 1050], ["80.00", "EUR", 8000], [0.1 + 0.2, "USD", 30], [500, "JPY", 500], [1.234, "kwd", 1234]]) {
        assert.equal((await charge(amount, currency)).status, 200);
        const q = asked.at(-1)[1];
        assert.deepEqual([q.amount.minor, q.amount.currency, q.currency], [minor, currency.toUpperCase(), currency.toUpperCase()]);
    }
    for (const [amount, currency, path] of [[10.505, "USD", "amount"], [1.5, "JPY", "amount"], [-1, "USD", "amount"], [0, "USD", "amount"], [1, "EURO", "currency"]]) {
        const { status, body } = await charge(amount, currency);
        assert.deepEqual([status, body.code, body.issues[0].path], [400, "invalid_query", path]);
    }
});

test("who proves himself with no apiKey, a wrong one or that of another location is told nothing", async () => {
    const { post, asked, events } = make();
    const flip = (at) => KEY.slice(0, at) + (KEY[at] === "x" ? "y" : "x") + KEY.slice(at + 1);
    for (const apiKey of [undefined, null, "", 7, {}, [KEY], flip(0), flip(KEY.length - 1), KEY + "x", KEY.slice(1), ` ${KEY}`, "-".repeat(43), await apiKeyHash(KEY)]) {
        for (const type of ["verify", "refund", "list_payment_methods"]) {
            const { status, body } = await post({ ...VERIFY, amount: 1, type, apiKey });
            assert.deepEqual([status, body.success, body.code, "issues" in body], [401, false, "unauthorized", false], `${type} ${apiKey}`);
        }
    }
    const list = { type: "list_payment_methods", apiKey: KEY, contactId: "c" };
    assert.equal((await post({ ...list, locationId: "ve9EPM428h8vShlRW1KT" })).status, 401);
    assert.equal((await post({ ...list, locationId: LOCATION })).status, 200);
    assert.equal(asked.length, 0);
    assert.ok(events.every(({ type }) => type === "refused" || type === "answered"));
});

test("an account is found by its hash alone, and one whose hash is another one is not taken", async () => {
    const hash = await apiKeyHash(KEY);
    const seen = [];
    const accounts = new Map([[hash, { ...ACCOUNT, name: "mine" }]]);
    const byHash = make({}, { lookup: (apiKey, context) => (seen.push([apiKey, context]), accounts.get(context.hash)) });
    assert.equal((await byHash.post(VERIFY)).status, 200);
    assert.deepEqual(seen, [[KEY, { hash }]]);
    assert.equal(byHash.asked[0][1].account.name, "mine");
    // A database that compares without regard to case, or cuts long texts.
    const careless = make({}, { lookup: async () => ({ ...ACCOUNT, apiKeyHash: hash }) });
    assert.equal((await careless.post({ ...VERIFY, apiKey: KEY.toUpperCase() })).status, 401);
    assert.equal((await careless.post(VERIFY)).status, 200);
    for (const apiKeyHash of ["", hash.slice(0, 42), `${hash}x`, hash.toLowerCase()]) {
        const { post } = make({}, { lookup: () => ({ ...ACCOUNT, apiKeyHash }) });
        assert.equal((await post(VERIFY)).status, 401, apiKeyHash);
    }
    const two = accountLookup([{ ...ACCOUNT, apiKey: KEY }, { ...ACCOUNT, mode: "live", apiKeyHash: await apiKeyHash("other") }]);
    assert.deepEqual([await two("", { hash }), (await two("", { hash: await apiKeyHash("other") })).mode], [ACCOUNT, "live"]);
    assert.throws(() => accountLookup([ACCOUNT]), /\[0\] must have an apiKey/);
});

test("what is no request gets the status that says why, and a JSON body", async () => {
    const { post, handler, events } = make();
    const code = async (expected, body, init) => {
        const { status, body: answer, headers } = await post(body, init);
        assert.deepEqual([status, answer.success, headers.get("content-type")], [expected, false, "application/json"]);
        assert.ok(!("failed" in answer));
        return answer.code;
    };
    for (const method of ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
        const response = await handler(new Request("https://provider.test/query", { method }));
        assert.deepEqual([response.status, response.headers.get("allow"), (await response.json()).code], [405, "POST", "method_not_allowed"]);
    }
    for (const body of ["", "null", "[]", "7", "\"verify\"", "{", "{}x", "<html>", "type=verify", "{\"type\":\"verify\",}"]) {
        assert.equal(await code(400, body), "malformed");
    }
    assert.equal(await code(400, "{\"a\":".repeat(200) + "1" + "}".repeat(200)), "malformed");
    for (const type of [undefined, "", "Verify", "verify_payment", "charge_payment_method", "refund_payment", "INSTALL", "__proto__", "constructor", 7, null, {}]) {
        assert.equal(await code(400, { ...VERIFY, type }), "unknown_type");
        assert.equal(await code(400, { type }), "unknown_type");
        assert.equal(await code(401, { type, apiKey: "wrong" }), "unauthorized");
    }
    assert.equal(await code(400, { ...VERIFY, chargeId: "" }), "invalid_query");
    assert.equal(await code(400, '{"type":"verify","apiKey":"' + KEY + '","transactionId":"t","chargeId":"a","chargeId":"b"}'), "invalid_query");
    assert.equal(await code(413, { ...VERIFY, x: "x".repeat(300_000) }), "too_large");
    for (const type of ["application/x-www-form-urlencoded", "text/html", "multipart/form-data; boundary=x", "application/jsonp"]) {
        assert.equal(await code(415, VERIFY, { headers: { "content-type": type } }), "unsupported_media_type");
    }
    for (const type of ["application/json; charset=utf-8", "APPLICATION/JSON", "text/plain;charset=UTF-8", "application/vnd.x+json", ""]) {
        assert.equal((await post(VERIFY, { headers: { "content-type": type } })).status, 200, type);
    }
    assert.ok(!JSON.stringify(events).includes(KEY));
});

test("a body that ends in the middle, or without an end, is no request", async () => {
    const { handler } = make({}, { maxBodyBytes: 1000 });
    const stream = (pull) => new Request("https://provider.test/", { method: "POST", body: new ReadableStream({ pull }), duplex: "half", headers: { "content-type": "application/json" } });
    assert.equal((await handler(stream((controller) => controller.error(new Error("gone"))))).status, 400);
    assert.equal((await handler(stream((controller) => controller.enqueue(new Uint8Array(100))))).status, 413);
});

test("a handler that throws, gives nonsense or does not come back leaves a payment pending, and no trace in the answer", async () => {
    const throwing = { verify: () => { throw new Error(`secret of ${KEY}`); } };
    const thrown = make(throwing);
    const { status, body } = await thrown.post(VERIFY);
    assert.deepEqual([status, body], [500, { success: false, message: "the provider could not answer", code: "handler_failed" }]);
    const [event] = thrown.events;
    assert.deepEqual([event.type, event.code, event.transactionId, event.error.message], ["failed", "handler_failed", "t1", "secret of [apiKey]"]);
    assert.ok(!event.error.stack.includes(KEY));
    const circle = {};
    circle.details = circle;
    for (const nonsense of [undefined, null, true, "paid", 7, {}, [], { success: true }, { result: "succeeded", details: { x: 1 } }, circle, { result: "succeeded", details: { charge: { amount: { minor: NaN, currency: "USD" } } } }, { get result() { throw new Error("no"); } }, () => {}, new Map(), 1n]) {
        const told = make({ verify: () => nonsense });
        const { status, body } = await told.post(VERIFY);
        assert.deepEqual([status, body.success, body.code, "failed" in body], [500, false, "invalid_answer", false]);
        assert.equal(told.events.at(-1).type, "failed");
    }
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const slow = make({ verify: async (q) => (await held, succeeded(q)) }, { timeoutMs: 20 });
    assert.deepEqual([(await slow.post(VERIFY)).status, slow.events.at(-1).code], [504, "timeout"]);
    // What it then gives is remembered.
    release();
    assert.equal((await slow.post(VERIFY)).body.success, true);
    assert.deepEqual(slow.asked.length, 1);
    const works = [];
    const lasting = make({ verify: async (q) => (await held, succeeded(q)) });
    await lasting.post(VERIFY, {}, {}, { waitUntil: (work) => works.push(work) });
    assert.equal(works.length, 1);
    const lost = make({}, { lookup: (apiKey) => Promise.reject(new Error(`no ${apiKey}`)) });
    assert.deepEqual([(await lost.post(VERIFY)).status, lost.events[0].error.message], [500, "no [apiKey]"]);
    const wrong = make({}, { lookup: () => ({ mode: "test" }) });
    assert.equal((await wrong.post(VERIFY)).status, 500);
});

test("without onEvent what fails is written to the console, and nothing else", async (t) => {
    const lines = [];
    t.mock.method(console, "error", (...line) => lines.push(line.map((one) => one?.stack ?? one).join(" ")));
    const { post } = make({ verify: () => { throw new Error(`x ${KEY}`); } }, { onEvent: undefined });
    await post(VERIFY);
    await post({ ...VERIFY, apiKey: "wrong" });
    assert.equal(lines.length, 1);
    assert.ok(/query verify handler_failed/.test(lines[0]) && !lines[0].includes(KEY), lines[0]);
    const loud = make({}, { onEvent: () => { throw new Error("listener"); } });
    assert.equal((await loud.post(VERIFY)).status, 200);
});

test("a final verify answers the same for ever, a pending one is asked again", async () => {
    const answers = [pending(), pending(), succeeded(), failed("never")];
    const { post, asked, events } = make({ verify: () => answers[asked.length - 1] });
    const bodies = [];
    for (let i = 0; i < 6; i++) bodies.push((await post(VERIFY)).body);
    assert.deepEqual(bodies.map(({ success }) => success), [false, false, true, true, true, true]);
    assert.equal(asked.length, 3);
    assert.deepEqual(events.map(({ again }) => again), [false, false, false, true, true, true]);
    // The same charge for another transaction is another question, and the handler is told of the first one.
    assert.deepEqual((await post({ ...VERIFY, transactionId: "t2" })).body, { failed: true, message: "never" });
    assert.deepEqual(asked[3][1].otherTransactions, ["t1"]);
    assert.deepEqual((await post({ ...VERIFY, transactionId: "t2" })).body, { failed: true, message: "never" });
    assert.equal(asked.length, 4);
});

test("a thousand requests about one charge at once ask the gateway once", async () => {
    for (const [answer, success] of [[() => succeeded(), true], [() => pending(), false]]) {
        let [now, most] = [0, 0];
        const { post, asked } = make({
            async verify() {
                most = Math.max(most, ++now);
                await new Promise((resolve) => setTimeout(resolve, 20));
                now--;
                return answer();
            },
        });
        const all = await Promise.all(Array.from({ length: 1000 }, () => post(VERIFY)));
        assert.ok(all.every(({ status, body }) => status === 200 && body.success === success));
        assert.deepEqual([asked.length, most], [1, 1]);
    }
});

test("an account's answers are its own", async () => {
    const store = memoryStore();
    const lookup = accountLookup([{ ...ACCOUNT, apiKey: KEY }, { ...ACCOUNT, mode: "live", apiKey: "live" }, { locationId: "other", mode: "test", apiKey: "other" }]);
    const { post, asked } = make({}, { lookup, verifies: store });
    for (const apiKey of [KEY, "live", "other", KEY]) await post({ ...VERIFY, apiKey });
    assert.deepEqual(asked.map(([, { mode, locationId }]) => [mode, locationId]), [["test", LOCATION], ["live", LOCATION], ["test", "other"]]);
    // Another handler of the same store knows them.
    const second = make({}, { lookup, verifies: store });
    assert.equal((await second.post(VERIFY)).body.success, true);
    assert.equal(second.asked.length, 0);
});

test("a charge and a subscription are made once for each request, and with the same key until their end is known", async () => {
    const charge = { ...SAMPLES.charge_request, apiKey: KEY };
    let tries = 0;
    const { post, asked } = make({
        chargePayment(q) {
            if (++tries === 1) throw new Error("the connection broke");
            if (tries === 2) return pending({ chargeId: "c", status: "processing" });
            return succeeded(q, { chargeId: "c" });
        },
        createSubscription: (q) => succeeded(q, { subscription: { id: "s", status: "scheduled" } }),
    });
    assert.equal((await post(charge)).status, 500);
    const { body } = await post(charge);
    assert.deepEqual([body.success, body.failed, body.chargeId, body.chargeSnapshot.status], [false, false, "c", "processing"]);
    assert.equal((await post(charge)).body.success, true);
    assert.equal((await post(charge)).body.success, true);
    assert.equal(tries, 3);
    const keys = asked.map(([, { idempotencyKey }]) => idempotencyKey);
    assert.ok(keys[0].length > 20 && keys[0] === keys[1] && keys[1] === keys[2]);
    await post({ ...charge, transactionId: "other" });
    assert.notEqual(asked.at(-1)[1].idempotencyKey, keys[0]);
    const create = { ...SAMPLES.create_subscription_request, apiKey: KEY, locationId: LOCATION };
    const first = await post(create);
    assert.deepEqual(await post(create).then(({ body }) => body), first.body);
    assert.deepEqual([asked.length, "transaction" in first.body, first.body.subscription.subscriptionSnapshot.trialEnd], [5, false, 0]);
});

test("what has failed for good may be tried again, with another key", async () => {
    const charge = { ...SAMPLES.charge_request, apiKey: KEY };
    const { post, asked } = make({ chargePayment: () => failed("Card declined") });
    for (let i = 0; i < 2; i++) assert.deepEqual((await post(charge)).body, { success: false, failed: true, message: "Card declined" });
    assert.notEqual(asked[0][1].idempotencyKey, asked[1][1].idempotencyKey);
});

test("a capability that is missing is answered, and is what HighLevel is told", async () => {
    const { post, handler } = make();
    const all = Object.entries(SAMPLES).filter(([name]) => /_request$/.test(name) && name !== "verify_request");
    for (const [name, body] of all) {
        const { status, body: answer } = await post({ ...body, apiKey: KEY, ...(body.locationId && { locationId: LOCATION }) });
        if (name === "list_request") assert.deepEqual([status, answer], [200, []]);
        else assert.deepEqual([status, answer.success, typeof answer.message], [name === "cancel_request" ? 422 : 200, false, "string"]);
    }
    assert.deepEqual(handler.capabilities, { addCardOnFileSupported: false, supportsSubscriptionSchedules: false });
    const can = (...names) => capabilitiesOf(Object.fromEntries(names.map((name) => [name, () => {}])));
    assert.equal(can("listPaymentMethods").addCardOnFileSupported, false);
    assert.equal(can("listPaymentMethods", "chargePayment").addCardOnFileSupported, true);
    assert.equal(can("createSubscription").supportsSubscriptionSchedules, false);
    assert.equal(can("createSubscription", "cancelSubscription").supportsSubscriptionSchedules, true);
    const able = make({ listPaymentMethods: () => [], chargePayment: () => failed("") });
    assert.equal(able.handler.capabilities.addCardOnFileSupported, true);
});

test("saved methods are listed as HighLevel shows them", async () => {
    const method = { id: "pm", type: "card", title: "A card with a very long name \u{1f4b3}", subTitle: "", expiry: "12/31" };
    const list = { ...SAMPLES.list_request, apiKey: KEY, locationId: LOCATION };
    const { post } = make({ listPaymentMethods: () => [method, { id: "b", type: "us_bank_account", title: "Bank", subTitle: "**** 1" }] });
    const { body } = await post(list);
    assert.deepEqual(body, [{ ...method, title: "A card with a very l" }, { id: "b", type: "us_bank_account", title: "Bank", subTitle: "**** 1" }]);
    for (const wrong of [{ ...method, expiry: "13/31" }, { ...method, id: "" }, { ...method, token: "x" }, null]) {
        const told = make({ listPaymentMethods: () => [wrong] });
        assert.deepEqual([(await told.post(list)).status, /^\[0\]/.test(told.events[0].issues[0].path)], [500, true]);
    }
});

test("a request of an unknown type goes to onUnknown, once its apiKey is right", async () => {
    const pause = { type: "pause_subscription", apiKey: KEY, subscriptionId: "s", nested: { apiKey: "its own" } };
    const seen = [];
    const { post } = make({}, { onUnknown: (q) => (seen.push(q), q.type === "none" ? undefined : { paused: true }) });
    assert.deepEqual((await post(pause)).body, { paused: true });
    const { apiKey, ...rest } = pause;
    assert.deepEqual(seen, [{ ...rest, account: ACCOUNT, locationId: LOCATION, mode: "test" }]);
    assert.equal((await post({ ...pause, type: "none" })).status, 400);
    assert.equal((await post({ ...pause, apiKey: `${apiKey}x` })).status, 401);
    const own = make({}, { onUnknown: () => Response.json({ teapot: true }, { status: 418 }) });
    assert.equal((await own.post(pause)).status, 418);
    const broken = make({}, { onUnknown: () => { throw new Error("x"); } });
    assert.equal((await broken.post(pause)).status, 500);
});

test("one route serves the queryUrl and the app's webhooks", async () => {
    const { generateKeyPairSync, sign } = await import("node:crypto");
    const pair = generateKeyPairSync("ed25519");
    const installed = [];
    const webhooks = createWebhookHandler({
        keys: pair.publicKey.export({ type: "spki", format: "pem" }),
        seen: memorySeen(),
        on: { INSTALL: (event) => installed.push(event.locationId), "*": (event) => installed.push(event.type ?? "invoice") },
    });
    const { post, asked, events } = make({}, { webhooks });
    const signed = (event) => {
        const text = JSON.stringify(event, null, 1);
        const headers = { "x-ghl-signature": sign(null, Buffer.from(text), pair.privateKey).toString("base64") };
        return post(text, { headers });
    };
    assert.equal((await signed({ type: "INSTALL", appId: "a", locationId: LOCATION, webhookId: "w1" })).status, 200);
    assert.equal((await signed({ _id: "i1", status: "paid" })).status, 200);
    assert.deepEqual(installed, [LOCATION, "invoice"]);
    assert.equal((await post(VERIFY)).body.success, true);
    // A signature makes no webhook of a request, and the lack of one no request of a webhook.
    assert.equal((await signed(VERIFY)).body.success, true);
    assert.equal((await post({ type: "INSTALL", appId: "a" })).status, 401);
    assert.equal((await post({ type: "INSTALL", appId: "a", apiKey: "x" })).status, 401);
    assert.equal((await post("nonsense")).status, 401);
    assert.deepEqual([asked.length, installed.length], [1, 2]);
    assert.deepEqual(events.map(({ type }) => type).filter((type) => type === "passed_on").length, 4);
});

test("a store that fails stops nothing that the gateway has done, and nothing is done that could not be noted", async () => {
    const failing = (when) => {
        const inner = memoryStore();
        let puts = 0;
        return {
            run: (id, work) => {
                if (when === "run") return Promise.reject(new Error("no database"));
                return inner.run(id, (tx) => work({ get: () => tx.get(), put: (row) => (++puts === when ? Promise.reject(new Error("full")) : tx.put(row)) }));
            },
        };
    };
    const refund = { type: "refund", apiKey: KEY, transactionId: "t1", chargeId: "c1", amount: 1 };
    const handlers = { verify: (q) => succeeded(q, { charge: { amount: TEN } }), refund: (q) => succeeded(q, { id: "r" }) };
    const none = make(handlers, { verifies: failing("run") });
    assert.deepEqual([(await none.post(VERIFY)).status, none.asked.length], [503, 0]);
    const unmarked = make(handlers, { verifies: failing(1) });
    // Verify has moved nothing, and is asked again.
    assert.deepEqual([(await unmarked.post(VERIFY)).status, unmarked.events[0].code], [503, "store_failed"]);
    assert.deepEqual([(await unmarked.post(VERIFY)).body.success, unmarked.asked.length], [true, 2]);
    // The first write says under which charge the row of the refund is, the second that it was begun.
    for (const write of [1, 2]) {
        const unnoted = make(handlers, { verifies: failing(write) });
        assert.deepEqual([(await unnoted.post(refund)).status, unnoted.asked.length], [503, 0]);
    }
    const lost = make(handlers, { verifies: failing(3) });
    assert.deepEqual([(await lost.post(refund)).body.success, lost.asked.length], [true, 1]);
});

test("a body that never ends is over with the time", async () => {
    const handler = createQueryHandler({ lookup: () => null, verify: () => pending(), timeoutMs: 50, onEvent: () => {} });
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    assert.equal((await handler(new Request("https://p.test/", { method: "POST", body, duplex: "half" }))).status, 504);
});

test("no form of the apiKey is in an event", async () => {
    const key = 'sk "live"/+\\ä0123456789';
    const texts = [key, JSON.stringify({ key }), JSON.stringify(JSON.stringify({ key })), encodeURIComponent(key), encodeURI(key), `${new URLSearchParams({ key })}`];
    for (const user of ["", "a", "ab", "abc"]) texts.push(Buffer.from(`${user}${key}:`).toString("base64"), Buffer.from(`${user}${key}`).toString("base64url"));
    for (const text of texts) {
        const events = [];
        const verify = () => { throw new Error(`gateway: ${text}`); };
        const handler = createQueryHandler({ lookup: () => ({ locationId: "l", mode: "test" }), verify, onEvent: (event) => events.push(event) });
        await handler(new Request("https://p.test/", { method: "POST", body: JSON.stringify({ ...VERIFY, apiKey: key }) }));
        const { message } = events.at(-1).error;
        assert.ok(!message.includes(text) && message.includes("[apiKey]"), message);
    }
});

test("what is no apiKey has no hash", async () => {
    for (const wrong of [undefined, null, "", 5, {}]) assert.throws(() => apiKeyHash(wrong), { name: "ValidationError" });
});

test("a subscription that has not begun is none that was created", async () => {
    for (const [status, expected] of [["active", 200], ["scheduled", 200], ["failed", 500], ["canceled", 500], ["expired", 500], ["unpaid", 500], ["bogus", 500]]) {
        const { post } = make({ verify: () => pending(), createSubscription: (q) => succeeded(q, { subscription: { id: "x", status } }) });
        const create = { type: "create_subscription", apiKey: KEY, locationId: LOCATION, contactId: "x", paymentMethodId: "pm", subscriptionId: "s", transactionId: "ts", startDate: "2026-11-30", currency: "USD", amount: 5, recurringAmount: 5 };
        assert.equal((await post(create)).status, expected, status);
    }
});

test("options that are wrong are named", () => {
    const lookup = () => null;
    const verify = () => pending();
    const issues = (options) => {
        try {
            createQueryHandler(options);
        } catch (error) {
            assert.equal(error.name, "ValidationError");
            return error.issues.map(({ path }) => path);
        }
        return [];
    };
    assert.deepEqual(issues({ lookup, verify }), []);
    const names = ["unit", "verifies", "findCharge", "refundWithoutApiKey", "onUnknown", "webhooks", "timeoutMs", "maxBodyBytes", "now", "onEvent", "refund"];
    assert.deepEqual(issues({ lookup, verify, ...Object.fromEntries(names.map((name) => [name, undefined])) }), []);
    assert.deepEqual(issues({}), ["lookup", "verify"]);
    assert.deepEqual(issues(null), [""]);
    for (const [name, value, path = name] of [
        ["verify", "x"], ["unit", "cents"], ["unit", { verify: "cents" }, "unit.verify"], ["unit", { refund: "minor" }, "unit.refund"],
        ["verifies", {}], ["verifies", new Map()], ["timeoutMs", 0], ["timeoutMs", 1e10], ["maxBodyBytes", "many"], ["onUnknown", true], ["refunds", () => {}],
    ]) {
        assert.deepEqual(issues({ lookup, verify, [name]: value }), [path]);
    }
});

test("a fixed list of accounts is checked when it is given", async () => {
    const one = { locationId: "3SwdhCu3svxI8AKsPJt6", mode: "live", apiKey: "sk_live_1" };
    for (const [accounts, path] of [
        [[], ""],
        [undefined, ""],
        [[null], "[0].locationId"],
        [[one, { ...one, mode: "prod" }], "[1].mode"],
        [[{ ...one, mode: undefined }], "[0].mode"],
        [[{ ...one, locationId: "" }], "[0].locationId"],
        [[{ ...one, apiKey: "" }], "[0]"],
        [[one, { ...one, mode: "test" }], "[1]"],
        [[{ ...one, apiKey: undefined, apiKeyHash: "short" }], "[0].apiKeyHash"],
    ]) {
        assert.throws(() => accountLookup(accounts), (error) => error.name === "ValidationError" && error.issues[0].path === path, path);
    }
    // The same key once as text and once as its hash is found when it is asked for.
    const hash = await apiKeyHash("sk_live_1");
    const lookup = accountLookup([one, { locationId: one.locationId, mode: "test", apiKeyHash: hash }]);
    await assert.rejects(lookup("sk_live_1", { hash }), /two accounts have the same apiKey/);
});

test("a clock that is none is told before a handler is asked, and costs nothing", async () => {
    for (const now of [async () => Date.now(), () => Number.NaN, () => "1764460800000", () => undefined, () => new Date(), () => -1]) {
        let asked = 0;
        const events = [];
        const handler = createQueryHandler({
            lookup: () => ACCOUNT,
            now,
            verify: (q) => (asked++, succeeded(q, { charge: { amount: { minor: 100, currency: "USD" } } })),
            onEvent: (event) => events.push(event),
        });
        const body = JSON.stringify({ type: "verify", apiKey: KEY, transactionId: "t1", chargeId: "c1" });
        const response = await handler(new Request("https://pay.example/query", { method: "POST", body, headers: { "content-type": "application/json" } }));
        assert.deepEqual([response.status, (await response.json()).success, asked], [500, false, 0], `${now}`);
        assert.match(String(events[0].error), /now must give milliseconds/);
    }
});
