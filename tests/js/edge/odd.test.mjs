// What no well-behaved caller does: values of other realms, objects that only look like what they should be, clocks that jump,
// bodies that drip, requests that are aborted, stores that lose answers or give nothing, and two isolates at once.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import test from "node:test";
import { runInNewContext } from "node:vm";
import {
    accountLookup, createOAuth, createProxy, createQueryHandler, createWebhookHandler, memorySeen, memoryStore, pending, succeeded, ValidationError,
} from "ghl-payments/edge";
import { WebhookLedger } from "ghl-payments/cloudflare";
import { fastForward } from "../support/fast-forward.mjs";
import { CLIENT_ID, CLIENT_SECRET, COMPANY, highlevel } from "../support/highlevel.mjs";
import { failure, ID, LOCATION } from "../support/stub.mjs";

const PAIR = generateKeyPairSync("ed25519");
const KEYS = [PAIR.publicKey.export({ type: "spki", format: "pem" })];
const KEY = "sk_test_of_what_is_odd";
const MINUTE = 60_000;
const account = { locationId: LOCATION, companyId: COMPANY };

const signed = (body) => sign(null, Buffer.from(body), PAIR.privateKey).toString("base64");
const ORDER = JSON.stringify({ type: "OrderCreate", _id: "o1", webhookId: "w1" });

function webhooks(on = { OrderCreate() {} }, options = {}) {
    const told = [];
    const handler = createWebhookHandler({ on, keys: KEYS, seen: memorySeen(), onEvent: (event) => told.push(event), ...options });
    return { handler, told, types: () => told.map(({ type }) => type) };
}

function delivery(body = ORDER, more = {}) {
    return new Request("https://app.test/webhooks", { method: "POST", body, headers: { "x-ghl-signature": signed(ORDER) }, ...more });
}

function queries(options = {}) {
    const told = [];
    const handler = createQueryHandler({
        lookup: accountLookup([{ locationId: LOCATION, mode: "test", apiKey: KEY }]),
        verify: (q) => succeeded(q, { charge: { amount: { minor: 1050, currency: "USD" } } }),
        onEvent: (event) => told.push(event),
        ...options,
    });
    return { handler, told };
}

const VERIFY = JSON.stringify({ type: "verify", apiKey: KEY, transactionId: "t", chargeId: "c" });

const asked = (body = VERIFY, more = {}) =>
    new Request("https://pay.test/query", { method: "POST", body, headers: { "content-type": "application/json" }, ...more });

function proxies(options = {}) {
    const sent = [];
    const told = [];
    const handler = createProxy({
        authorize: () => ({ locationId: LOCATION, operations: ["orders.list", "orders.get", "orders.recordPayment"] }),
        token: () => "tok-1",
        limiter: false,
        onEvent: (event) => told.push(event),
        fetch: async (url, init) => {
            sent.push({ url, ...init });
            return Response.json({ data: [], totalCount: 0 });
        },
        ...options,
    });
    return { handler, sent, told };
}

const list = (more = {}) => new Request("https://app.test/api/payments/orders", more);

function apps(options = {}) {
    const clock = { ms: Date.now() };
    const now = () => clock.ms;
    const server = highlevel({ now });
    const settings = {
        clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: "https://app.test/callback", scopes: ["payments/orders.readonly"],
        store: memoryStore({ now }), fetch: server.fetch, now, ...options,
    };
    return { clock, server, settings, oauth: createOAuth(settings) };
}

async function callbackOf({ oauth, server }, who = account) {
    const { url, headers } = await oauth.authorizeUrl();
    const state = new URL(url).searchParams.get("state");
    const [cookie] = headers.get("set-cookie").split(";");
    return { url: `https://app.test/callback?${new URLSearchParams({ code: server.code(who), state })}`, headers: { cookie } };
}

async function install(world, who = account) {
    const { url, headers } = await callbackOf(world, who);
    return world.oauth.callback(new Request(url, { headers }));
}

/** A body that comes byte by byte, and never ends. */
function dripping(text = "") {
    let at = 0;
    const taken = { canceled: false };
    const body = new ReadableStream({
        async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            if (!taken.canceled) controller.enqueue(new Uint8Array([text.charCodeAt(at++) || 32]));
        },
        cancel: () => void (taken.canceled = true),
    });
    return { taken, init: { body, duplex: "half" } };
}

/** What another realm makes of an expression: an array, a date, bytes that no instanceof knows. */
const foreign = (expression, given = {}) => runInNewContext(expression, given);

test("requests that only look like some are taken by what they hold, through a Proxy and with bytes of another realm", async () => {
    const around = (request) =>
        new Proxy(request, { get: (target, name) => (typeof target[name] === "function" ? target[name].bind(target) : target[name]) });
    assert.equal((await webhooks().handler(around(delivery()))).status, 200);
    assert.deepEqual(await (await queries().handler(around(asked()))).json().then(({ success }) => success), true);
    assert.equal((await proxies().handler(around(list()))).status, 200);
    const bytes = (text) => foreign("Uint8Array.from(bytes).buffer", { bytes: [...Buffer.from(text)] });
    const bare = (text, headers) => ({
        url: "https://app.test/webhooks", method: "POST", headers: new Headers(headers), bodyUsed: false, arrayBuffer: async () => bytes(text),
    });
    assert.equal((await webhooks().handler(bare(ORDER, { "x-ghl-signature": signed(ORDER) }))).status, 200);
    assert.equal((await queries().handler(bare(VERIFY, { "content-type": "application/json" }))).status, 200);
});

test("what is no web Request is named, and never thrown out of a handler", async () => {
    for (const odd of [undefined, null, {}, "https://app.test/", { url: "/callback?code=1&state=x", headers: { cookie: "a=b" }, method: "POST" }]) {
        const hooks = webhooks();
        const answered = await hooks.handler(odd);
        assert.ok(answered.status >= 400, `${odd}`);
        assert.deepEqual(hooks.types(), ["refused"]);
        const query = queries();
        assert.ok((await query.handler(odd)).status >= 400);
        assert.equal(query.told.length, 1);
        assert.ok((await proxies().handler(odd)).status >= 400);
        const world = apps();
        const error = await failure(world.oauth.callback(odd));
        assert.ok(error instanceof ValidationError, `${odd}: ${error}`);
        assert.equal(error.issues[0].path, "request");
        assert.match(error.message, /Request/);
    }
    // The state is not used up by a request without headers: the browser may come again.
    const world = apps();
    const { url, headers } = await callbackOf(world);
    assert.equal((await failure(world.oauth.callback({ url, headers }))).issues[0].path, "request");
    assert.equal((await world.oauth.callback(new Request(url, { headers }))).locationId, LOCATION);
});

test("a delivery that drips is not waited for without an end, and comes again", async (t) => {
    for (const context of [[], [{ waitUntil() {} }]]) {
        const { handler, told } = webhooks();
        const { taken, init } = dripping(ORDER);
        const response = await fastForward(t, () => handler(delivery(undefined, init), ...context));
        assert.equal(response.status, 429, "HighLevel's own may be slow");
        assert.deepEqual(told.map(({ type, code }) => [type, code]), [["refused", "unreadable"]]);
        await new Promise((resolve) => setTimeout(resolve, 20));
        assert.equal(taken.canceled, true, "nobody reads on");
    }
});

test("a body that gives nothing, or empty pieces for ever, ends with an answer", async (t) => {
    const empty = new Uint8Array();
    const streams = {
        "nothing ever": () => new ReadableStream({ pull: () => new Promise(() => {}) }),
        "empty pieces": () => new ReadableStream({ pull: async (to) => void (await new Promise((resolve) => setTimeout(resolve, 50)), to.enqueue(empty)) }),
        // They would keep a process from everything else.
        "empty pieces at hand": () => new ReadableStream({ pull: (to) => to.enqueue(empty) }),
    };
    for (const [name, stream] of Object.entries(streams)) {
        const init = () => ({ body: stream(), duplex: "half" });
        assert.equal((await fastForward(t, () => webhooks().handler(delivery(undefined, init())))).status, 429, name);
        assert.equal((await fastForward(t, () => queries().handler(asked(undefined, init())))).status, 504, name);
        const record = new Request("https://app.test/api/payments/orders/o1/record-payment", {
            method: "POST", headers: { "content-type": "application/json", origin: "https://app.test" }, ...init(),
        });
        assert.ok((await fastForward(t, () => proxies({ timeoutMs: 2000 }).handler(record))).status >= 400, name);
    }
    async function* without() {
        for (;;) yield empty;
    }
    const node = { url: "https://app.test/", method: "POST", headers: new Headers({ "x-ghl-signature": signed(ORDER) }), body: without() };
    assert.equal((await fastForward(t, () => webhooks().handler(node))).status, 429);
    // Some are no harm.
    const few = new ReadableStream({
        start(to) {
            for (const byte of Buffer.from(ORDER)) [empty, empty, new Uint8Array([byte])].forEach((piece) => to.enqueue(piece));
            to.close();
        },
    });
    assert.equal((await webhooks().handler(delivery(undefined, { body: few, duplex: "half" }))).status, 200);
});

test("headers that are a plain object are named to onEvent, and a getter that throws passes nothing on", async () => {
    const plain = (url, more = {}) => ({ url, method: "POST", headers: { "content-type": "application/json" }, body: null, ...more });
    const query = queries();
    assert.equal((await query.handler(plain("https://pay.test/query"))).status, 500);
    assert.match(`${query.told[0].error}`, /request.*must be a Request of the web/);
    for (const method of ["GET", "POST"]) {
        const proxy = proxies();
        const path = method === "GET" ? "" : "/o1/record-payment";
        assert.equal((await proxy.handler(plain(`https://app.test/api/payments/orders${path}`, { method }))).status, 500);
        assert.equal(proxy.told[0].code, "internal");
        assert.match(`${proxy.told[0].cause}`, /request.*must be a Request of the web/);
        assert.equal(proxy.sent.length, 0);
    }
    for (const make of [webhooks, queries, proxies]) {
        const { handler, told } = make();
        const odd = { url: "https://app.test/api/payments/orders", headers: new Headers(), get method() { throw new Error(KEY); } };
        const response = await handler(odd);
        assert.equal(response.status, 500);
        assert.ok(!(await response.text()).includes(KEY));
        assert.ok(!`${told[0].error}`.includes(KEY));
    }
});

test("a request that is aborted while it is read is refused, and handled nowhere", async () => {
    for (const [make, init] of [[(init) => webhooks().handler(delivery(undefined, init)), {}], [(init) => queries().handler(asked(undefined, init)), {}]]) {
        let fail;
        const body = new ReadableStream({ start: (controller) => void (fail = (error) => controller.error(error)) });
        const answered = make({ ...init, body, duplex: "half" });
        fail(new DOMException("The operation was aborted", "AbortError"));
        assert.equal((await answered).status, 400);
    }
    const { handler, sent } = proxies();
    const gone = new AbortController();
    gone.abort();
    assert.ok((await handler(list({ signal: gone.signal }))).status >= 400);
    assert.equal(sent.length, 0);
});

test("a clock that is set back in the middle of a request makes no wait longer", async (t) => {
    // A Worker's clock stands still between two awaits, and that of a machine is set by its time server.
    const real = Date.now;
    let back = 0;
    t.mock.method(Date, "now", () => real() - back);
    const world = proxies({
        timeoutMs: 2000,
        authorize: () => {
            back = 3_600_000;
            return new Promise(() => {});
        },
    });
    const response = await fastForward(t, () => Promise.race([world.handler(list()), new Promise((resolve) => setTimeout(resolve, 10_000, "still waiting"))]));
    assert.equal(response.status, 500);
    assert.equal(world.told[0].code, "authorize_failed");
    assert.equal(world.sent.length, 0);
    back = 0;
    const slow = proxies({
        timeoutMs: 2000,
        token: () => {
            back = 3_600_000;
            return new Promise(() => {});
        },
    });
    const late = await fastForward(t, () => Promise.race([slow.handler(list()), new Promise((resolve) => setTimeout(resolve, 10_000, "still waiting"))]));
    assert.notEqual(late, "still waiting");
    assert.ok(late.status >= 500);
});

test("a clock that is set back by a day lets no account wait for a day, and no token stay that was taken away", async () => {
    const DAY = 24 * 60 * MINUTE;
    const world = apps();
    await install(world);
    const { oauth, server, clock, settings } = world;
    server.remove(account);
    server.reconnects = false;
    clock.ms += DAY;
    assert.equal((await failure(oauth.token(LOCATION))).code, "needs_install");
    clock.ms -= DAY;
    server.grant(account);
    server.reconnects = true;
    assert.ok(server.accepts(await oauth.token(LOCATION)), "a minute is a minute, whatever the clock says");

    // A token in this isolate's memory, and an UNINSTALL that another one hears of.
    const two = apps();
    await install(two);
    const other = createOAuth(two.settings);
    const first = await two.oauth.token(LOCATION);
    // By so little that the token is still good, and by more than it is remembered.
    two.clock.ms -= 4 * MINUTE;
    assert.equal(await two.oauth.token(LOCATION), first);
    await other.forget(LOCATION);
    two.server.remove(account);
    two.clock.ms += 2 * MINUTE;
    assert.equal((await failure(two.oauth.token(LOCATION))).code, "needs_install");
    assert.ok(settings);
});

test("a clock that was ahead while a location got its token from its company's lets no other location wait", async () => {
    for (const ahead of [20_000, 110_000, 60 * MINUTE, 24 * 60 * MINUTE]) {
        const world = apps();
        const { oauth, server, clock } = world;
        await install(world, { companyId: COMPANY });
        for (const id of ["loc-a", "loc-b"]) server.install(id);
        clock.ms += ahead;
        assert.ok(server.accepts(await oauth.token("loc-a", { companyId: COMPANY })));
        clock.ms -= ahead - 1000;
        let timer;
        const late = new Promise((resolve) => (timer = setTimeout(resolve, 10_000, "still waiting")));
        const got = await Promise.race([oauth.token("loc-b", { companyId: COMPANY }), late]);
        clearTimeout(timer);
        assert.ok(server.accepts(got), `${ahead}: ${got}`);
    }
});

test("a token that came by a clock far ahead is renewed once the clock is right, and an UNINSTALL of then counts", async () => {
    const HOUR = 60 * MINUTE;
    const world = apps();
    const { oauth, server, clock, settings } = world;
    clock.ms += HOUR;
    await install(world);
    const first = await oauth.token(LOCATION);
    clock.ms -= HOUR;
    // Another isolate, which remembers nothing.
    const second = await createOAuth(settings).token(LOCATION);
    assert.ok(server.accepts(second) && second !== first, "nobody knows when the first one ends");
    const two = apps();
    two.clock.ms += 24 * HOUR;
    await install(two);
    two.clock.ms -= 24 * HOUR;
    two.server.remove(account);
    two.server.reconnects = false;
    await two.oauth.onInstall({ type: "UNINSTALL", ...account, timestamp: new Date(two.clock.ms).toISOString() });
    assert.equal((await failure(two.oauth.token(LOCATION))).code, "needs_install");
    assert.equal(two.server.posts.length, 1, "it is known, and HighLevel not asked");
});

test("a company that was forgotten by a clock far ahead has locations again at once, and none is asked for each time", async () => {
    const world = apps();
    const { oauth, server, clock } = world;
    const company = { companyId: COMPANY };
    await install(world, company);
    clock.ms += 60 * MINUTE;
    await oauth.forget(company);
    clock.ms -= 60 * MINUTE;
    await install(world, company);
    server.install("loc-a");
    await oauth.onInstall({ type: "INSTALL", locationId: "loc-a", ...company, timestamp: new Date(clock.ms).toISOString() });
    const other = createOAuth(world.settings);
    const token = await other.token("loc-a");
    assert.ok(server.accepts(token));
    const posts = server.posts.length;
    for (let i = 0; i < 3; i++) assert.equal(await createOAuth(world.settings).token("loc-a"), token);
    assert.equal(server.posts.length, posts);
    // And the next one that removes it is heard of.
    clock.ms += 1000;
    await oauth.onInstall({ type: "UNINSTALL", ...company, timestamp: new Date(clock.ms).toISOString() });
    server.remove(company);
    server.live.delete("location:loc-a");
    assert.equal((await failure(createOAuth(world.settings).token("loc-a"))).code, "needs_install");
});

test("a claim by a clock that was far ahead holds nobody off for longer than a listener may work", async () => {
    const clock = { ms: Date.now() };
    const seen = memorySeen({ now: () => clock.ms });
    clock.ms += 24 * 60 * MINUTE;
    assert.equal((await seen.claim("w1", 1000)).state, "claimed");
    const { token } = await seen.claim("w2", 1000);
    assert.equal(await seen.done("w2", token, 30 * 24 * 60 * MINUTE), true);
    clock.ms -= 24 * 60 * MINUTE;
    assert.equal((await seen.claim("w1", 1000)).state, "claimed");
    assert.equal((await seen.claim("w2", 1000)).state, "done", "what is done stays done");
    for (const [leaseMs, asked] of [[1000, 1000], [15 * MINUTE, 1000], [60 * MINUTE, 60 * MINUTE]]) {
        assert.equal((await seen.claim(`lease ${leaseMs}`, leaseMs)).state, "claimed");
        assert.equal((await seen.claim(`lease ${leaseMs}`, asked)).state, "busy", "a claim of now holds");
    }
    // The same of the object that keeps claims at Cloudflare.
    for (const [until, done, state] of [[24 * 60 * MINUTE, 0, "claimed"], [24 * 60 * MINUTE, 1, "done"], [10 * MINUTE, 0, "busy"]]) {
        const row = { until: Date.now() + until, done };
        const sql = { exec: (query) => ({ toArray: () => (/^SELECT until/.test(query) ? [row] : []) }) };
        const ledger = new WebhookLedger({ storage: { sql, getAlarm: async () => 1, setAlarm: async () => {} } });
        const answer = await ledger.fetch(new Request("https://ledger/", { method: "POST", body: JSON.stringify(["claim", "w", "t", 1000]) }));
        assert.equal((await answer.json()).state, state);
    }
});

test("an endpoint that failed just before the clock was set back is asked again", async () => {
    const world = apps();
    await install(world);
    const { oauth, server, clock } = world;
    const first = await oauth.token(LOCATION);
    // Ten minutes before its end the endpoint is down: the token is given, and the endpoint left alone for a while.
    clock.ms += (86_399 - 200) * 1000;
    server.fault = () => new Response(null, { status: 503 });
    assert.equal(await oauth.token(LOCATION), first);
    server.fault = () => undefined;
    clock.ms -= 60 * MINUTE;
    const posts = server.posts.length;
    clock.ms += 2 * MINUTE;
    assert.notEqual(await oauth.token(LOCATION), first, "not an hour later");
    assert.ok(server.posts.length > posts);
});

test("a store that gives nothing, or something else, is said to have failed, whatever it gives", async () => {
    for (const claim of [undefined, null, {}, "claimed", { state: "claimed" }, { state: "other", token: "t" }]) {
        const heard = [];
        const { handler, told } = webhooks({ OrderCreate: (event) => heard.push(event) }, { seen: { ...memorySeen(), claim: async () => claim } });
        const response = await handler(delivery());
        assert.equal(response.status, 429, JSON.stringify(claim));
        assert.deepEqual(told.map(({ type }) => type), ["failed"], JSON.stringify(claim));
        assert.deepEqual(heard, [], "nobody says that it may be handled");
    }
});

test("a token store that did what it says it did not loses no token, and none that does its work twice", async () => {
    // Each answer of the store is lost once, behind what it has done.
    const inner = memoryStore();
    let calls = 0;
    const losing = {
        run: (id, work) =>
            inner.run(id, (tx) =>
                work({
                    get: () => tx.get(),
                    put: async (row) => {
                        await tx.put(row);
                        if (calls++ % 2 === 0) throw new Error("the connection was closed");
                    },
                }),
            ),
    };
    const world = apps({ store: losing });
    await install(world);
    const first = await world.oauth.token(LOCATION);
    world.clock.ms += 24 * 60 * MINUTE;
    const second = await world.oauth.token(LOCATION);
    assert.ok(world.server.accepts(second) && second !== first);
    assert.equal(world.server.posts.filter(({ fields }) => fields.grant_type === "refresh_token").length, 1);
    // As a database does whose transaction met another one: the work runs again, over the row as it was.
    const rows = new Map();
    const twice = {
        async run(id, work) {
            for (let round = 1; ; round++) {
                let row = rows.get(id) ?? null;
                const done = await work({ get: async () => row, put: async (given) => void (row = given) });
                if (round === 1 && row !== null && id.startsWith("location:") && rows.has(id)) continue;
                if (row !== null) rows.set(id, row);
                return done;
            }
        },
    };
    const again = apps({ store: twice });
    await install(again);
    again.clock.ms += 24 * 60 * MINUTE;
    const token = await again.oauth.token(LOCATION);
    assert.ok(again.server.accepts(token));
    again.clock.ms += 24 * 60 * MINUTE;
    assert.ok(again.server.accepts(await again.oauth.token(LOCATION)), "what was stored is what counts");
});

test("a queue that gives what nobody sent has it come again, and no listener meets it", async () => {
    const heard = [];
    const { handler } = webhooks({ "*": (event) => heard.push(event) });
    for (const odd of [
        { id: "w", type: "OrderCreate", event: null },
        { id: "", type: "OrderCreate", event: {} },
        { id: "w", type: "OrderCreate", event: [] },
        foreign("[]"),
    ]) {
        await assert.rejects(handler.deliver(odd), { name: "WebhookError", code: "invalid_options" });
    }
    assert.deepEqual(heard, []);
});

test("grants and handlers' answers of another realm, in a Proxy, or with getters that throw, are what they hold", async () => {
    const grants = [
        [foreign(`({ locationId: "${LOCATION}", operations: ["orders.list"] })`), 200],
        [new Proxy({ locationId: LOCATION }, {}), 200],
        [Object.create({ locationId: LOCATION }), 200],
        [new Proxy({}, { get() { throw new Error("tok-1"); } }), 500],
        [{ get locationId() { throw new Error("tok-1"); } }, 500],
        [{ locationId: LOCATION, operations: new Set(["orders.list"]) }, 500],
        [{ locationId: new String(LOCATION) }, 500],
        [foreign("Promise.resolve(null)"), 401],
    ];
    for (const [grant, status] of grants) {
        const { handler, sent } = proxies({ authorize: () => grant });
        const response = await handler(list());
        assert.equal(response.status, status);
        assert.doesNotMatch(await response.text(), /tok-1/);
        assert.equal(sent.length, status === 200 ? 1 : 0);
    }
    const answers = [
        [foreign(`({ result: "succeeded", details: { charge: { amount: { minor: 1050, currency: "USD" }, chargedAt: new Date(1.7e12) } } })`), 200],
        [foreign(`Promise.resolve({ result: "pending" })`), 200],
        [new Proxy(pending(), {}), 200],
        [new Proxy({}, { get() { throw new Error(KEY); } }), 500],
        [new Proxy({}, { ownKeys() { throw new Error(KEY); } }), 500],
        [{ result: "succeeded", details: { charge: { get amount() { throw new Error(KEY); } } } }, 500],
        [Symbol("paid"), 500],
        [10n, 500],
        [() => pending(), 500],
    ];
    for (const [given, status] of answers) {
        const { handler, told } = queries({ verify: () => given });
        const response = await handler(asked());
        assert.equal(response.status, status, `${typeof given}`);
        const text = await response.text();
        assert.ok(!text.includes(KEY) && !JSON.stringify(told.map((event) => `${event.error?.message}`)).includes(KEY));
        if (status === 500) assert.equal(JSON.parse(text).success, false);
    }
});

test("two isolates that get the same state, the same delivery and the same charge at once do each once", async () => {
    const world = apps();
    const other = createOAuth(world.settings);
    const { url, headers } = await callbackOf(world);
    const ends = await Promise.allSettled([world.oauth, other, world.oauth].map((oauth) => oauth.callback(new Request(url, { headers }))));
    assert.deepEqual(ends.map(({ status }) => status).toSorted(), ["fulfilled", "rejected", "rejected"]);
    assert.equal(world.server.posts.length, 1);
    const seen = memorySeen();
    let handled = 0;
    const on = { OrderCreate: async () => void (await new Promise((resolve) => setTimeout(resolve, 20)), handled++) };
    const two = [webhooks(on, { seen }), webhooks(on, { seen })];
    const statuses = await Promise.all([...two, ...two].map(({ handler }) => handler(delivery()).then(({ status }) => status)));
    assert.deepEqual(statuses.toSorted(), [200, 429, 429, 429]);
    assert.equal(handled, 1);
    const store = memoryStore();
    let verified = 0;
    const verify = async (q) => {
        verified++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return succeeded(q, { charge: { amount: { minor: 1050, currency: "USD" } } });
    };
    const gateways = [queries({ verify, verifies: store }), queries({ verify, verifies: store })];
    const bodies = await Promise.all([...gateways, ...gateways].map(({ handler }) => handler(asked()).then((response) => response.text())));
    assert.equal(new Set(bodies).size, 1);
    assert.equal(verified, 1);
});

test("webhooks of an app that only look like events are read by what they hold", async () => {
    const world = apps();
    world.server.install(LOCATION);
    const { oauth, server } = world;
    await oauth.onInstall(new Proxy({ type: "INSTALL", ...account, timestamp: new Date().toISOString() }, {}));
    assert.ok(server.accepts(await oauth.token(LOCATION)));
    await oauth.onInstall(foreign(`({ type: "UNINSTALL", data: { locationId: "${LOCATION}" } })`));
    assert.equal((await failure(oauth.token(LOCATION))).code, "needs_install");
    for (const odd of [undefined, null, "INSTALL", [], { type: "INSTALL", locationId: new String(LOCATION) }, { type: "INSTALL", locationId: [LOCATION] }]) {
        assert.ok((await failure(oauth.onInstall(odd))) instanceof ValidationError, `${odd}`);
    }
});
