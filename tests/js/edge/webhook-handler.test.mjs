// The handler: what it answers, and that each delivery is handled once, and again where it was not.

import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import test from "node:test";
import { serialize } from "node:v8";
import { runInNewContext } from "node:vm";
import { createWebhookHandler, d1Seen, durableSeen, memorySeen, WebhookError } from "ghl-payments/edge";
import { fastForward } from "../support/fast-forward.mjs";

const PAIR = generateKeyPairSync("ed25519");
const KEYS = [PAIR.publicKey.export({ type: "spki", format: "pem" })];
const ADDRESS = "https://app.test/webhooks";

function delivery(event, { headers = {}, signature, ...init } = {}) {
    const body = typeof event === "string" ? event : JSON.stringify({ webhookId: randomUUID(), ...event });
    const value = signature ?? sign(null, Buffer.from(body), PAIR.privateKey).toString("base64");
    return () => new Request(ADDRESS, { method: "POST", body, headers: { "x-ghl-signature": value, ...headers }, ...init });
}

const ORDER = { type: "OrderCreate", _id: "o1", amount: 5 };

/** A handler that notes what it was told. */
function make(on, options = {}) {
    const told = [];
    const handler = createWebhookHandler({ on, keys: KEYS, seen: memorySeen(), onEvent: (event) => told.push(event), ...options });
    return { handler, told, types: () => told.map(({ type }) => type) };
}

/** As a Worker's context. */
function context() {
    const works = [];
    return { works, waitUntil: (work) => works.push(work), done: () => Promise.all(works) };
}

const never = () => new Promise(() => {});

const statusOf = async (response) => (await response).status;

test("an event goes to its listener, all others to the star, and what nobody wants is ignored", async () => {
    const seen = [];
    const on = {
        OrderCreate: (event, { id }) => seen.push(["order", event.amount, id]),
        "*": (event) => seen.push(["rest", event.type]),
    };
    const { handler, types } = make(on);
    assert.equal(await statusOf(handler(delivery({ ...ORDER, webhookId: "w1" })())), 200);
    assert.equal(await statusOf(handler(delivery({ type: "INSTALL", appId: "a" })())), 200);
    assert.equal(await statusOf(handler(delivery({ type: "AppUpdate" })())), 200);
    assert.deepEqual(seen, [["order", 5, "w1"], ["rest", "INSTALL"], ["rest", "AppUpdate"]]);
    assert.deepEqual(types(), ["handled", "handled", "handled"]);
    const lonely = make({ OrderCreate: () => {} });
    // No name of an object's own is a listener.
    for (const type of ["INSTALL", "toString", "__proto__", "constructor"]) {
        assert.equal(await statusOf(lonely.handler(delivery(JSON.stringify({ webhookId: type, type }))())), 200);
    }
    assert.deepEqual(lonely.types(), ["ignored", "ignored", "ignored", "ignored"]);
});

test("listeners may be methods of a class, which has other methods as well", async () => {
    class Listeners {
        #heard = [];
        OrderCreate(event) {
            this.#heard.push(event._id);
        }
        heard() {
            return this.#heard;
        }
    }
    class More extends Listeners {
        "*"(event) {
            this.heard().push(event.type);
        }
    }
    const on = new More();
    const { handler, types } = make(on);
    assert.equal(await statusOf(handler(delivery(ORDER)())), 200);
    for (const type of ["AppUpdate", "heard", "constructor", "toString"]) {
        assert.equal(await statusOf(handler(delivery(JSON.stringify({ webhookId: type, type }))())), 200);
    }
    assert.deepEqual(types(), Array(5).fill("handled"));
    assert.deepEqual(on.heard(), ["o1", "AppUpdate", "heard", "constructor", "toString"]);
});

test("listeners of which none would ever be called are refused where the handler is made", () => {
    class Typo {
        OrderCreat() {}
    }
    class Below extends Typo {
        OrderUpdate() {}
    }
    class Field {
        orderCreate = () => {};
        OrderUpdate() {}
    }
    class Helpers {
        db = {};
        queue = () => {};
        Install = "a note";
        _OrderCreat() {}
        static OrderCreat() {}
        get OrderUpdat() {
            return 5;
        }
        save() {}
        OrderCreate() {}
    }
    class Nobody {
        save() {}
    }
    class Kept extends Map {
        OrderCreate() {}
    }
    const heir = runInNewContext("({ OrderCreat() {} })");
    const listen = () => {};
    for (const [on, path, words] of [
        [new Typo(), "on.OrderCreat", /did you mean OrderCreate\?/],
        [new Below(), "on.OrderCreat", /did you mean OrderCreate\?/],
        [new Field(), "on.orderCreate", /did you mean OrderCreate\?/],
        [Object.create(new Below()), "on.OrderCreat", /did you mean/],
        [heir, "on.OrderCreat", /did you mean/],
        [{ "": listen }, "on.", /"\*"/],
        [{ OrderCreate: listen, "": listen }, "on.", /"\*"/],
        [new Nobody(), "on", /at least/],
        [new Map([["OrderCreate", listen]]), "on", /at least/],
        [new Set([listen]), "on", /at least/],
        [Promise.resolve({ OrderCreate: listen }), "on", /at least/],
        [[], "on", /at least/],
        [{}, "on", /at least/],
        [Object.create(null), "on", /at least/],
        [new Date(), "on", /at least/],
        [{ OrderCreate: undefined }, "on", /at least/],
        [{ [Symbol("OrderCreate")]: listen }, "on", /at least/],
        [listen, "on", /must be an object of functions/],
    ]) {
        assert.throws(() => make(on), (error) => {
            assert.ok(error instanceof WebhookError, `${path}: ${error}`);
            assert.equal(error.issues[0].path, path);
            assert.match(error.message, words);
            return true;
        }, path);
    }
    const bare = Object.assign(Object.create(null), { OrderCreate: listen });
    for (const on of [new Helpers(), new Kept(), bare, { "*": listen }, Object.create({ OrderCreate: listen }), runInNewContext("({ OrderCreate() {} })")]) make(on);
});

test("options may be undefined, as what is left out", async () => {
    const names = ["queue", "type", "maxBodyBytes", "answerWithinMs", "leaseMs", "rememberMs", "legacyRsa", "toleranceMs", "now", "onDrift"];
    const nothing = Object.fromEntries(names.map((name) => [name, undefined]));
    const seen = memorySeen({ maxIds: undefined, now: undefined });
    const { handler, types } = make({ OrderCreate: () => {}, INSTALL: undefined, "*": undefined }, { ...nothing, seen });
    assert.equal(await statusOf(handler(delivery(ORDER)())), 200);
    assert.equal(await statusOf(handler(delivery({ type: "INSTALL", appId: "a" })())), 200);
    assert.deepEqual(types(), ["handled", "ignored"]);
    assert.throws(() => createWebhookHandler({ seen, on: { INSTALL: null } }), /on\.INSTALL must be a function/);
});

test("a process that lives on answers before its listener has ended, and the listener ends", async () => {
    for (const fails of [0, 1]) {
        let release;
        let tries = 0;
        const held = new Promise((resolve) => (release = resolve));
        const listen = async () => {
            await held;
            if (tries++ < fails) throw new Error("not yet");
        };
        const { handler, types } = make({ OrderCreate: listen }, { answerWithinMs: 5 });
        const request = delivery({ ...ORDER, webhookId: "w-slow" });
        assert.equal(await statusOf(handler(request(), { waitUntil() {} })), 202);
        assert.deepEqual(types(), []);
        release();
        while (!types().includes("handled")) await new Promise((resolve) => setTimeout(resolve, 5));
        assert.deepEqual(types(), [...Array(fails).fill("failed"), "handled"]);
        assert.equal(await statusOf(handler(request(), { waitUntil() {} })), 200);
        assert.equal(types().at(-1), "duplicate");
    }
});

test("a store of one's own has four methods", async () => {
    // What the README says of them, with a table of SQL in mind: each is one statement, or one transaction.
    const rows = new Map();
    const current = (id, token) => (rows.get(id)?.token === token && !rows.get(id).done ? rows.get(id) : undefined);
    const seen = {
        async claim(id, leaseMs) {
            const row = rows.get(id);
            if (row?.until > Date.now()) return row.done ? { state: "done" } : { state: "busy", retryAfterMs: row.until - Date.now() };
            const token = randomUUID();
            rows.set(id, { token, until: Date.now() + leaseMs, done: false });
            return { state: "claimed", token };
        },
        async renew(id, token, leaseMs) {
            const row = current(id, token);
            if (row) row.until = Date.now() + leaseMs;
            return row !== undefined;
        },
        async done(id, token, keepMs) {
            const row = current(id, token);
            if (row) Object.assign(row, { done: true, until: Date.now() + keepMs });
            return row !== undefined;
        },
        async release(id, token) {
            if (current(id, token)) rows.delete(id);
        },
    };
    let tries = 0;
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const listen = () => {
        if (tries++ === 0) throw new Error("no");
        return held;
    };
    const { handler, types } = make({ OrderCreate: listen }, { seen });
    const request = delivery({ ...ORDER, webhookId: "w-own" });
    assert.equal(await statusOf(handler(request())), 429);
    const answers = [1, 2, 3].map(() => statusOf(handler(request())));
    while (types().length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    release();
    assert.deepEqual((await Promise.all(answers)).toSorted(), [200, 429, 429]);
    assert.equal(await statusOf(handler(request())), 200);
    assert.deepEqual(types(), ["failed", "busy", "busy", "handled", "duplicate"]);
    for (const name of ["claim", "renew", "done", "release"]) {
        assert.throws(() => createWebhookHandler({ seen: { ...seen, [name]: undefined }, on: {} }), /^WebhookError: seen must be/);
    }
});

test("what is no delivery of HighLevel's is refused with its status, and reaches no listener", async () => {
    let handled = 0;
    const { handler, told } = make({ "*": () => handled++ }, { maxBodyBytes: 1000 });
    const good = delivery(ORDER);
    const none = () => new Request(ADDRESS, { method: "POST", body: "{}" });
    const used = good();
    await used.text();
    const endless = () => {
        const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(400)) });
        return new Request(ADDRESS, { method: "POST", body, duplex: "half" });
    };
    for (const [request, status, code] of [
        [new Request(ADDRESS), 405, "method_not_allowed"],
        [new Request(ADDRESS, { method: "PUT", body: "{}" }), 405, "method_not_allowed"],
        [new Request(ADDRESS, { method: "HEAD" }), 405, "method_not_allowed"],
        [none(), 401, "unsigned"],
        [delivery(ORDER, { signature: "N/A" })(), 401, "unsigned"],
        [delivery(ORDER, { signature: "AAAA" })(), 401, "malformed_signature"],
        [delivery(ORDER, { signature: Buffer.alloc(64).toString("base64") })(), 401, "invalid_signature"],
        [delivery("[]")(), 400, "unreadable"],
        [delivery({ ...ORDER, filler: "x".repeat(1000) })(), 413, "too_large"],
        [endless(), 413, "too_large"],
        [used, 500, "invalid_body"],
    ]) {
        const response = await handler(request);
        assert.equal(response.status, status, code);
        assert.deepEqual([response.headers.get("cache-control"), response.headers.get("allow")], ["no-store", status === 405 ? "POST" : null]);
        assert.deepEqual(await response.json(), { code });
        const last = told.at(-1);
        assert.deepEqual([last.type, last.code, last.error instanceof WebhookError], ["refused", code, status !== 405]);
    }
    assert.equal(handled, 0);
});

test("a delivery that comes again is handled once", async () => {
    let handled = 0;
    const { handler, types } = make({ OrderCreate: () => handled++ });
    const request = delivery(ORDER);
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push(await statusOf(handler(request())));
    assert.deepEqual([handled, statuses], [1, [200, 200, 200, 200]]);
    assert.deepEqual(types(), ["handled", "duplicate", "duplicate", "duplicate"]);
    // Without an id the body is the delivery, for some hours.
    const nameless = delivery(JSON.stringify({ type: "OrderCreate", _id: "o2" }));
    for (let i = 0; i < 2; i++) await handler(nameless());
    assert.equal(handled, 2);
});

test("while the first is at work, the second is asked to come again", async () => {
    let release;
    const { handler } = make({ OrderCreate: () => new Promise((resolve) => (release = resolve)) });
    const request = delivery(ORDER);
    const first = handler(request());
    while (!release) await new Promise((resolve) => setTimeout(resolve, 1));
    const second = await handler(request());
    assert.deepEqual([second.status, (await second.json()).code], [429, "busy"]);
    assert.ok(Number(second.headers.get("retry-after")) >= 1);
    release();
    assert.equal((await first).status, 200);
    assert.equal(await statusOf(handler(request())), 200);
});

test("a listener that throws gets the delivery again, from HighLevel", async () => {
    let tried = 0;
    const listener = () => {
        tried += 1;
        if (tried < 3) throw new Error(`no ${tried}`);
    };
    for (const ctx of [undefined, context()]) {
        tried = 0;
        const { handler, told } = make({ OrderCreate: tried === 0 ? listener : listener });
        const request = delivery(ORDER);
        const statuses = [];
        for (let i = 0; i < 4; i++) statuses.push(await statusOf(handler(request(), ctx)));
        // 429 is the only status that both of HighLevel's guides say is tried again.
        assert.deepEqual([statuses, tried], [[429, 429, 200, 200], 3]);
        assert.deepEqual(told.map(({ type, again }) => [type, again]), [["failed", true], ["failed", true], ["handled", undefined], ["duplicate", undefined]]);
        assert.equal(told[0].error.message, "no 1");
        await ctx?.done();
    }
});

test("the answer does not wait for a slow listener, which then gets a second and third chance here", async () => {
    const ctx = context();
    let tried = 0;
    let fail;
    const listener = () => {
        tried += 1;
        return tried === 1 ? new Promise((_, reject) => (fail = reject)) : undefined;
    };
    const { handler, told } = make({ OrderCreate: listener }, { answerWithinMs: 1 });
    const response = await handler(delivery(ORDER)(), { no: "context" }, ctx);
    assert.deepEqual([response.status, tried, ctx.works.length], [202, 1, 1]);
    fail(new Error("late"));
    await ctx.done();
    assert.equal(tried, 2);
    assert.deepEqual(told.map(({ type, again }) => [type, again]), [["failed", true], ["handled", undefined]]);
});

test("where nothing may go on behind the answer, it waits for the listener", async () => {
    let ended = false;
    const listener = async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        ended = true;
    };
    const { handler } = make({ OrderCreate: listener }, { answerWithinMs: 0 });
    assert.equal(await statusOf(handler(delivery(ORDER)())), 200);
    assert.ok(ended);
});

test("with a queue the answer is quick, and its consumer handles, gives back and never twice", async () => {
    const sent = [];
    let tried = 0;
    const on = {
        OrderCreate() {
            tried += 1;
            if (tried === 1) throw new Error("not yet");
        },
    };
    const { handler, types } = make(on, { queue: { send: async (message) => void sent.push(structuredClone(message)) } });
    const request = delivery(ORDER);
    assert.equal(await statusOf(handler(request())), 202);
    assert.equal(await statusOf(handler(request())), 202);
    assert.equal(tried, 0);
    const consume = async (bodies) => {
        const done = [];
        const message = (body) => ({ body, ack: () => done.push("ack"), retry: () => done.push("retry") });
        await handler.queue({ messages: bodies.map(message) });
        return done.sort();
    };
    assert.deepEqual(await consume([sent[0]]), ["retry"]);
    assert.deepEqual(await consume(sent), ["ack", "retry"]);
    assert.deepEqual(await consume(sent), ["ack", "ack"]);
    assert.equal(tried, 2);
    // What this handler never sent is given back, so that it ends where the dead are.
    assert.deepEqual(await consume([{ type: "OrderCreate" }, null, "x"]), ["retry", "retry", "retry"]);
    await assert.rejects(handler.deliver({}), { name: "WebhookError", code: "invalid_options" });
    assert.equal(types().filter((type) => type === "handled").length, 1);
    const broken = make(on, { queue: { send: async () => Promise.reject(new Error("full")) } });
    assert.equal(await statusOf(broken.handler(request())), 429);
});

test("a store that fails has the delivery come again, and handles nothing", async () => {
    let handled = 0;
    const down = async () => Promise.reject(new Error("down"));
    const seen = { claim: down, renew: down, done: down, release: down };
    const { handler, types } = make({ "*": () => handled++ }, { seen });
    assert.equal(await statusOf(handler(delivery(ORDER)())), 429);
    assert.deepEqual([handled, types()], [0, ["failed"]]);
});

test("who has lost its claim does not say that it has handled the delivery", async () => {
    const store = memorySeen();
    let lost = true;
    const seen = { ...store, done: async (...given) => !lost && store.done(...given) };
    const { handler, types } = make({ OrderCreate() {} }, { seen });
    const request = delivery(ORDER);
    assert.equal(await statusOf(handler(request())), 429);
    lost = false;
    assert.deepEqual(types(), ["lease_lost"]);
});

test("the lease of who died ends; who is late finds out, and an id is forgotten in the end", async () => {
    let now = 0;
    const seen = memorySeen({ now: () => now, maxIds: 3 });
    const first = await seen.claim("a", 1000);
    assert.equal(first.state, "claimed");
    now = 999;
    assert.deepEqual(await seen.claim("a", 1000), { state: "busy", retryAfterMs: 1 });
    assert.equal(await seen.renew("a", first.token, 1000), true);
    now = 1998;
    assert.equal((await seen.claim("a", 1000)).state, "busy");
    now = 1999;
    const second = await seen.claim("a", 1000);
    assert.equal(second.state, "claimed");
    assert.deepEqual([await seen.renew("a", first.token, 1000), await seen.done("a", first.token, 5000)], [false, false]);
    await seen.release("a", first.token);
    assert.equal((await seen.claim("a", 1000)).state, "busy");
    assert.equal(await seen.done("a", second.token, 5000), true);
    assert.equal((await seen.claim("a", 1000)).state, "done");
    now = 6999;
    assert.equal((await seen.claim("a", 1000)).state, "claimed");
    // Who is at work is kept, whatever else has to be forgotten.
    for (const id of ["b", "c", "d", "e", "f"]) {
        const claim = await seen.claim(id, 1000);
        await seen.done(id, claim.token, 100_000);
    }
    assert.equal((await seen.claim("a", 1000)).state, "busy");
    assert.equal((await seen.claim("b", 1000)).state, "claimed");
    assert.equal((await seen.claim("f", 1000)).state, "done");
});

test("a store that cannot remember is refused with the reason, and so are wrong options", async () => {
    const kv = { get() {}, put() {}, list() {}, delete() {}, getWithMetadata() {} };
    const d1 = { prepare() {}, batch() {} };
    const namespace = { idFromName() {}, get() {} };
    const on = { "*"() {} };
    for (const [options, path, words] of [
        [{ on, seen: kv }, "seen", /eventually consistent.*60.*twice/s],
        [{ on, seen: d1 }, "seen", /d1Seen/],
        [{ on, seen: namespace }, "seen", /durableSeen/],
        [{ on }, "seen", /memorySeen/],
        [{ on, seen: {} }, "seen", /memorySeen/],
        [{ seen: memorySeen() }, "on", /must be an object/],
        [{ on: { OrderCreate: 5 }, seen: memorySeen() }, "on.OrderCreate", /function/],
        [{ on: { OrderCreat() {} }, seen: memorySeen() }, "on.OrderCreat", /did you mean OrderCreate\?/],
        [{ on: { ...on, orderCreate() {} }, seen: memorySeen() }, "on.orderCreate", /did you mean OrderCreate\?/],
        [{ on: { "order.create"() {} }, seen: memorySeen() }, "on.order.create", /did you mean OrderCreate\?/],
        [{ on: { InvoicePayed() {} }, seen: memorySeen() }, "on.InvoicePayed", /did you mean InvoicePaid\?/],
        [{ on: { Install() {} }, seen: memorySeen() }, "on.Install", /did you mean INSTALL\?/],
        [{ on: { PlanChange() {} }, seen: memorySeen() }, "on.PlanChange", /did you mean PLAN_CHANGE\?/],
        [{ on: { OrderCreat: undefined }, seen: memorySeen() }, "on.OrderCreat", /did you mean/],
        [{ on: { PaymentReceived() {} }, seen: memorySeen() }, "on.PaymentReceived", /"\*" gets every other one/],
        [{ on: { ContactCreate() {} }, seen: memorySeen() }, "on.ContactCreate", /"\*" gets every other one/],
        [{ on: Object.create({ OrderCreat() {} }), seen: memorySeen() }, "on.OrderCreat", /did you mean/],
        [{ on: [() => {}], seen: memorySeen() }, "on.0", /"\*"/],
        [{ on, seen: memorySeen(), type: "InvoicePayed" }, "type", /did you mean InvoicePaid\?/],
        [{ on, seen: memorySeen(), queue: {} }, "queue", /send/],
        [{ on, seen: memorySeen(), keys: ["x"] }, "keys[0]", /public key/],
        [{ on, seen: memorySeen(), maxBodyBytes: 0 }, "maxBodyBytes", /from 1/],
        [{ on, seen: memorySeen(), typo: 1 }, "typo", /no option/],
    ]) {
        assert.throws(() => createWebhookHandler(options), (error) => {
            assert.ok(error instanceof WebhookError);
            assert.equal(error.issues[0].path, path);
            assert.match(error.message, words);
            return true;
        });
    }
    for (const make of [() => d1Seen(kv), () => durableSeen(kv)]) assert.throws(make, /eventually consistent/);
    for (const make of [() => d1Seen(undefined), () => d1Seen(d1, { table: "a; DROP" }), () => durableSeen(namespace, { shards: 0 })]) {
        assert.throws(make, { name: "WebhookError", code: "invalid_options" });
    }
});

test("the route may name the type of the event", async () => {
    const seen = [];
    const type = (request) => new URL(request.url).searchParams.get("type") ?? undefined;
    const { handler } = make({ InvoicePaid: (event) => seen.push(event.type) }, { type });
    const body = JSON.stringify({ _id: "i1", status: "paid" });
    const headers = { "x-ghl-signature": sign(null, Buffer.from(body), PAIR.privateKey).toString("base64") };
    assert.equal(await statusOf(handler(new Request(`${ADDRESS}?type=InvoicePaid`, { method: "POST", body, headers }))), 200);
    assert.deepEqual(seen, ["InvoicePaid"]);
});

test("behind a 202 only a listener goes on: while the store has not given the claim, the late answer is 429", async (t) => {
    const store = memorySeen();
    let claims = 0;
    const held = store.claim("held", 1000);
    for (const [name, claim, expected] of [
        ["fails", async () => Promise.reject(new Error("down")), ["failed"]],
        ["never answers", never, ["failed"]],
        ["is busy", () => store.claim("held", 1000), ["busy"]],
        // It is handled nevertheless: where a store is always slow, the next try would find the same.
        ["succeeds", (...given) => store.claim(...given), ["handled"]],
    ]) {
        await held;
        let asked;
        const wait = new Promise((resolve) => (asked = resolve));
        const seen = {
            ...store,
            claim: async (...given) => {
                claims += 1;
                await wait;
                return claim(...given);
            },
        };
        const ctx = context();
        const { handler, told } = make({ OrderCreate() {} }, { seen, answerWithinMs: 20 });
        await fastForward(t, async () => {
            const response = await handler(delivery(ORDER)(), ctx);
            assert.deepEqual([response.status, await response.json()], [429, { code: "late" }], name);
            asked();
            await ctx.done();
        });
        assert.deepEqual(told.map(({ type }) => type), expected, name);
        assert.ok(told.every(({ again = true }) => again), name);
    }
    assert.equal(claims, 4);
});

test("a listener that failed is not promised by a late answer while its claim is given back", async (t) => {
    const seen = { ...memorySeen(), release: never };
    const ctx = context();
    const on = { OrderCreate: () => Promise.reject(new Error("no")) };
    const { handler, told } = make(on, { seen, answerWithinMs: 20 });
    await fastForward(t, async () => {
        assert.equal(await statusOf(handler(delivery(ORDER)(), ctx)), 429);
        await ctx.done();
    });
    assert.deepEqual(told.map(({ type, again }) => [type, again]), [["failed", true]]);
    // The same where the answer waits for everything.
    assert.equal((await fastForward(t, () => make(on, { seen }).handler(delivery(ORDER)()))).status, 429);
});

test("until the queue has taken a delivery, the late answer is 429", async (t) => {
    for (const [send, expected] of [
        [() => new Promise((resolve) => setTimeout(resolve, 1000)), "queued"],
        [never, "failed"],
        [() => new Promise((_, reject) => setTimeout(() => reject(new Error("full")), 1000)), "failed"],
    ]) {
        const ctx = context();
        const { handler, told } = make({ "*"() {} }, { queue: { send }, answerWithinMs: 20 });
        const response = await fastForward(t, async () => {
            const answer = await handler(delivery(ORDER)(), ctx);
            await ctx.done();
            return answer;
        });
        assert.equal(response.status, 429);
        assert.deepEqual(told.map(({ type }) => type), [expected]);
        // Where nothing may go on behind the answer, it waits, but not for ever.
        const alone = await fastForward(t, () => handler(delivery(ORDER)()));
        assert.equal(alone.status, expected === "queued" ? 202 : 429);
    }
});

test("what is too large for the queue is handled at once, measured in bytes", async () => {
    const KB_128 = 128_000;
    // As Cloudflare's: JSON, or structured data with two bytes for each letter where one of them needs two.
    const queues = {
        json: (message) => Buffer.byteLength(JSON.stringify(message)),
        v8: (message) => serialize(message).length,
    };
    for (const [name, size] of Object.entries(queues)) {
        for (const filler of ["x".repeat(119_000), "x".repeat(127_800), "\u4e2d".repeat(50_000), `\u4e2d${"x".repeat(70_000)}`, "\u{1f600}".repeat(31_000)]) {
            let handled = 0;
            let sent = 0;
            const queue = {
                async send(message) {
                    if (size(message) > KB_128 - 100) throw new Error("Queue send failed: message length exceeds limit");
                    sent += 1;
                },
            };
            const { handler, types } = make({ "*": () => void (handled += 1) }, { queue });
            const status = await statusOf(handler(delivery({ ...ORDER, filler })()));
            const note = `${name} ${filler.slice(0, 2)} ${filler.length}: ${types()}`;
            assert.deepEqual([status, handled + sent], [sent === 1 ? 202 : 200, 1], note);
            if (name === "json") assert.ok(!types().includes("failed"), note);
        }
    }
});

test("a mark that fails is made again with the same token, and the listener never", async (t) => {
    for (const stored of [true, false]) {
        for (const ctx of [undefined, context()]) {
            const store = memorySeen();
            const tokens = [];
            const seen = {
                ...store,
                async done(...given) {
                    tokens.push(given[1]);
                    if (stored) await store.done(...given);
                    if (tokens.length < 3) throw new Error("lost");
                    return store.done(...given);
                },
            };
            let ran = 0;
            const { handler, types } = make({ OrderCreate: () => void (ran += 1) }, { seen, answerWithinMs: 10_000 });
            const request = delivery(ORDER);
            const statuses = await fastForward(t, async () => [await statusOf(handler(request(), ctx)), await statusOf(handler(request(), ctx))]);
            assert.deepEqual([statuses, ran, tokens.length, new Set(tokens).size], [[200, 200], 1, 3, 1]);
            assert.deepEqual(types(), ["handled", "duplicate"]);
        }
    }
});

test("where the mark fails for good, the claim is not given back, and the event says that the listener had ended", async (t) => {
    for (const ctx of [undefined, context()]) {
        const store = memorySeen();
        let [ran, released, renewed] = [0, 0, 0];
        const seen = {
            ...store,
            done: async () => Promise.reject(new Error("down")),
            async renew(...given) {
                renewed += 1;
                return store.renew(...given);
            },
            async release() {
                released += 1;
            },
        };
        const { handler, told } = make({ OrderCreate: () => void (ran += 1) }, { seen, leaseMs: 1000 });
        const request = delivery(ORDER);
        await fastForward(t, async () => {
            // Where the answer does not wait for the end, it is 429 as well.
            assert.equal(await statusOf(handler(request(), ctx)), 429);
            await ctx?.done();
        });
        assert.deepEqual([ran, released, told.length], [1, 0, 1]);
        assert.ok(renewed >= 3, "the claim is kept meanwhile");
        const [{ type, again, error }] = told;
        assert.deepEqual([type, again, error.cause.message], ["failed", true, "down"]);
        assert.match(error.message, /listener has ended well/);
    }
    // Behind a 202 only this handler could try again.
    let end;
    const ctx = context();
    const seen = { ...memorySeen(), done: never };
    const { handler, told } = make({ OrderCreate: () => new Promise((resolve) => (end = resolve)) }, { seen, answerWithinMs: 1 });
    await fastForward(t, async () => {
        assert.equal(await statusOf(handler(delivery(ORDER)(), ctx)), 202);
        end();
        await ctx.done();
    });
    assert.deepEqual(told.map(({ type, again }) => [type, again]), [["failed", false]]);
});

test("a store whose methods throw at once, give no promise or never answer, and a context that throws, do no harm", async (t) => {
    const thrower = () => {
        throw new Error("not async");
    };
    // It lasts until the claim was to be renewed.
    const on = { OrderCreate: () => new Promise((resolve) => setTimeout(resolve, 1500)) };
    for (const renew of [thrower, () => true, () => undefined, never, async () => thrower(), () => null]) {
        const { handler } = make(on, { seen: { ...memorySeen(), renew }, leaseMs: 1000 });
        assert.equal((await fastForward(t, () => handler(delivery(ORDER)()))).status, 200);
    }
    const bad = { OrderCreate: thrower };
    for (const release of [thrower, () => undefined, never, async () => thrower()]) {
        const { handler, types } = make(bad, { seen: { ...memorySeen(), release } });
        assert.equal((await fastForward(t, () => handler(delivery(ORDER)()))).status, 429);
        assert.deepEqual(types(), ["failed"]);
    }
    for (const [method, status] of [["claim", 429], ["done", 429]]) {
        for (const call of [thrower, never, async () => thrower()]) {
            const { handler } = make({ OrderCreate() {} }, { seen: { ...memorySeen(), [method]: call } });
            assert.equal((await fastForward(t, () => handler(delivery(ORDER)()))).status, status);
        }
    }
    // A store that is not async at all.
    const plain = { claim: () => ({ state: "claimed", token: "t" }), renew: () => true, done: () => true, release() {} };
    assert.equal(await statusOf(make({ OrderCreate() {} }, { seen: plain }).handler(delivery(ORDER)())), 200);
    assert.equal(await statusOf(make({ OrderCreate() {} }).handler(delivery(ORDER)(), { waitUntil: thrower })), 200);
    // What a context refuses to keep alive is waited for.
    assert.equal((await fastForward(t, () => make(on, { answerWithinMs: 1 }).handler(delivery(ORDER)(), { waitUntil: thrower }))).status, 200);
    const { handler } = make({ "*"() {} }, { queue: { send: thrower } });
    assert.equal(await statusOf(handler(delivery(ORDER)())), 429);
});
