// The answers that a fetch of somebody else's gives: of any class, library or realm, without an end, late, too long, or none at all. Each
// is one in the end that crosses from the object of a location to who waits for it, or an error that holds no token.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { startSync } from "../support/agency-worker.mjs";

const TIMEOUT_MS = 700;

/** What `fetch` gives by name. A real answer has the JSON text and a header of its own. */
const MORE = `
    const TEXT = JSON.stringify({ data: [], totalCount: 0, name: "\\u00fc" });
    const bytes = new TextEncoder().encode(TEXT);
    const own = { "content-type": "application/json", "x-own": "1" };
    const headers = new Headers(own);
    const real = (body = TEXT, init = {}) => new Response(body, { headers: own, ...init });
    async function* pieces(list, ms) {
        for (const piece of list) {
            yield piece;
            if (ms) await new Promise((resolve) => setTimeout(resolve, ms));
        }
    }
    function* forEver(piece) {
        for (;;) yield piece;
    }
    const streamOf = (iterable) => {
        const all = iterable[Symbol.asyncIterator]?.() ?? iterable[Symbol.iterator]();
        return new ReadableStream({
            async pull(controller) {
                const { done, value } = await all.next();
                done ? controller.close() : controller.enqueue(value);
            },
        });
    };
    const nothing = { arrayBuffer: async () => bytes.buffer };
    const readBy = (own) => {
        const reader = streamOf([bytes]).getReader();
        return { status: 200, headers, body: { getReader: () => ({ read: () => reader.read(), ...own }) }, ...nothing };
    };
    const thrown = () => { throw new Error("secret0"); };
    const bound = (target) =>
        new Proxy(target, {
            get(target, name) {
                const value = Reflect.get(target, name, target);
                return typeof value === "function" ? value.bind(target) : value;
            },
        });
    const answers = {
        real: () => real(),
        stream: () => real(streamOf([bytes.subarray(0, 5), bytes.subarray(5)])),
        iterable: () => ({ status: 200, headers, body: pieces([bytes.subarray(0, 5), bytes.subarray(5)]), ...nothing }),
        whole: () => ({ status: 200, headers, ...nothing }),
        text: () => ({ status: 200, headers, text: async () => TEXT }),
        proxy: () => bound(real()),
        "proxy of all": () => bound({ status: 200, headers: bound(new Headers(own)), body: bound(streamOf([bytes])), ...nothing }),
        "other realm": () => ({ status: 200, headers: { get: (name) => own[name.toLowerCase()] ?? null, forEach: (each) => Object.entries(own).forEach(([name, value]) => each(value, name)) }, body: { getReader: () => streamOf([bytes]).getReader() }, ...nothing }),
        "get alone": () => ({ status: 200, headers: { get: (name) => own[name.toLowerCase()] ?? null }, ...nothing }),
        "ends without a promise": () => readBy({ cancel() {}, releaseLock() {} }),
        "fails at its end": () => readBy({ cancel: () => Promise.reject(new Error("secret0")), releaseLock: thrown }),
        "throws at its end": () => readBy({ cancel: thrown, releaseLock: thrown }),
        "has no end": () => readBy({}),
        "stream alone": () => ({ status: 200, headers, body: readBy({}).body }),
        view: () => ({ status: 200, headers, arrayBuffer: async () => new DataView(new Uint8Array([...bytes, 0]).buffer, 0, bytes.length) }),
        packed: () => real(TEXT, { headers: { ...own, "content-length": "3", "content-encoding": "gzip", "transfer-encoding": "chunked" }, encodeBody: "manual" }),
        none: () => undefined,
        null: () => null,
        number: () => 200,
        "no headers": () => ({ status: 200, ...nothing }),
        "no body": () => ({ status: 200, headers }),
        "bare proxy": () => new Proxy(real(), {}),
        error: () => Response.error(),
        "odd status": () => ({ status: 0, headers, ...nothing }),
        strings: () => ({ status: 200, headers, body: pieces(["a"]), ...nothing }),
        "a text for a buffer": () => ({ status: 200, headers, arrayBuffer: async () => TEXT }),
        "a number for a buffer": () => ({ status: 200, headers, arrayBuffer: async () => 7 }),
        "nothing for a buffer": () => ({ status: 200, headers, arrayBuffer: async () => undefined }),
        "an object for a buffer": () => ({ status: 200, headers, arrayBuffer: async () => ({ byteLength: 3 }) }),
        "an object for a text": () => ({ status: 200, headers, text: async () => ({}) }),
        "nothing for a text": () => ({ status: 200, headers, text: async () => undefined }),
        204: () => real(null, { status: 204 }),
        205: () => ({ status: 205, headers, body: null, arrayBuffer: async () => new ArrayBuffer(0) }),
        304: () => ({ status: 304, headers, ...nothing }),
        404: () => real('{"message":"Order not found"}', { status: 404 }),
        large: () => real(streamOf([new Uint8Array(8 << 20)])),
        "too large": () => real(streamOf([new Uint8Array(8 << 20), new Uint8Array(1)])),
        "without an end": () => ({ status: 200, headers, body: streamOf(forEver(new Uint8Array(1 << 16))), ...nothing }),
        drips: () => real(streamOf(pieces(forEver(bytes.subarray(0, 1)), 100))),
        "drips elsewhere": () => ({ status: 200, headers, body: pieces(forEver(bytes.subarray(0, 1)), 100), ...nothing }),
        "body never": () => ({ status: 200, headers, arrayBuffer: () => new Promise(() => {}) }),
        "head never": () => new Promise(() => {}),
        rejects: () => Promise.reject(new Error("no way to Bearer secret0")),
        throws: () => { throw Object.assign(new Error("Bearer secret0"), { code: "ECONNREFUSED", cause: "secret0" }); },
        "throws text": () => { throw "Bearer secret0"; },
        "throws what throws": () => { throw new Proxy({}, { get() { throw new Error("secret0"); } }); },
        "is named by a token": () => Promise.reject(Object.assign(new Error("x"), { name: "pit-secret0-0000", code: "secret0" })),
        "has a token for a code": () => Promise.reject(Object.assign(new TypeError("x"), { code: "pit-secret0-0000" })),
        "has letters for a code": () => Promise.reject(Object.assign(new Error("x"), { code: "abcsecretdefghijklmnopq", name: "AbcSecretDef" })),
        "has a code": () => Promise.reject(Object.assign(new Error("x"), { code: "UND_ERR_SOCKET" })),
        breaks: () => real(streamOf((async function* () { yield bytes; throw new Error("secret0"); })())),
    };
    globalThis.kind = undefined;
    globalThis.asked = 0;
    async function given(url, init) {
        if (kind === undefined || url.includes("/oauth/")) return fetch(url, init);
        asked++;
        return answers[kind]();
    }
`;

const ROUTES = `
    "/kind": (env, given) => ((globalThis.kind = given.kind), {}),
    "/send": async (env, { kind: wanted, where = "?altId=location0" }) => {
        globalThis.kind = wanted;
        const began = Date.now();
        const end = (more) => ({ ...more, ms: Date.now() - began });
        try {
            const answer = await locationFetch(env)("https://api.example/payments/orders" + where, { method: "GET", headers: { authorization: "Bearer secret0" }, redirect: "manual" });
            const { status, headers } = answer;
            const body = await answer.arrayBuffer();
            return end({ status, isReal: answer instanceof Response, own: headers.get("x-own"), encoding: headers.get("content-encoding"), length: body.byteLength, text: new TextDecoder().decode(body.slice(0, 200)) });
        } catch (error) {
            return end({ failed: error.name, message: error.message, all: Object.getOwnPropertyNames(error).map((name) => error[name] + "").join() });
        }
    },
    "/crosses": async (env, { kind, method, gone = false }) => {
        globalThis.kind = kind;
        const object = env.LOCATIONS.get(env.LOCATIONS.idFromName("location0"));
        const answer = await object.send({ url: "https://api.example/payments/orders", method, headers: {} }, () => !gone).catch((error) => ({ rejected: error.name }));
        const { status, failed, rejected } = answer;
        return { status, failed, rejected };
    },
    "/refused": async (env, { kind, where }) => {
        globalThis.kind = kind;
        const url = "https://api.example/payments/orders/1/record-payment" + where;
        const headers = { authorization: "Bearer secret0" };
        const body = "{}";
        const forms = {
            controller: [url, { method: "POST", headers, body, signal: new AbortController() }],
            object: [url, { method: "POST", headers, body, signal: {} }],
            number: [url, { method: "POST", headers, body, signal: 5 }],
            "of somebody's own": [url, { method: "POST", headers, body, signal: { aborted: false, addEventListener() {}, removeEventListener() {} } }],
            "GET with a body": [url, { method: "GET", headers, body }],
            "name of a header": [url, { method: "POST", headers: { ...headers, "x y": "1" }, body }],
            "value of a header": [url, { method: "POST", headers: { ...headers, x: "1\\n2" }, body }],
            redirect: [url, { method: "POST", headers, body, redirect: "elsewhere" }],
            bytes: [url, { method: "POST", headers, body: new Uint8Array([255]) }],
            nothing: [],
            null: [null],
            "a number": [5],
        };
        const ends = {};
        for (const [name, given] of Object.entries(forms)) {
            globalThis.asked = 0;
            ends[name] = await locationFetch(env)(...given).then(({ status }) => ({ status }), ({ name, message }) => ({ name, message }));
            // Behind another one, whatever was on its way has been sent as well.
            await locationFetch(env)(url, { method: "POST", headers, body });
            ends[name].sent = globalThis.asked - 1;
        }
        return ends;
    },
    "/forms": async (env, { location, token }) => {
        globalThis.kind = undefined;
        const send = locationFetch(env);
        const url = env.GHL_BASE_URL + "/payments/orders?altType=location&limit=1&altId=" + location;
        const headers = { authorization: "Bearer " + token, version: "2021-07-28" };
        const forms = {
            url: () => send(new URL(url), { headers }),
            "url and nothing": () => send(new URL(url)),
            headers: () => send(url, { headers: new Headers(headers) }),
            pairs: () => send(url, { method: "get", headers: Object.entries(headers) }),
            request: () => send(new Request(url, { headers })),
            both: () => send(new Request(url), { headers }),
            aborted: () => send(new Request(url, { headers, signal: AbortSignal.abort() })).catch((error) => ({ status: error.name })),
            "null signal": () => send(url, { method: "GET", headers, redirect: "manual", signal: null }),
            "no location": () => send(new URL(env.GHL_BASE_URL + "/payments/orders"), { headers }),
            bytes: () => send(new Request(env.GHL_BASE_URL + "/payments/coupon", { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: new TextEncoder().encode(JSON.stringify({ altId: location, altType: "location" })) })),
            "no text": () => send(new Request(url, { method: "POST", headers, body: new Uint8Array([255]) })).catch((error) => ({ status: error.name })),
            "no address": () => send("nonsense").catch((error) => ({ status: error.name })),
        };
        const statuses = {};
        for (const [name, form] of Object.entries(forms)) statuses[name] = (await form()).status;
        return statuses;
    },
`;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 2, size: 120, limits: "lifted" },
        options: `() => ({
            token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
            fetch: (url, init) => given(url, init),
            timeoutMs: ${TIMEOUT_MS},
        })`,
        more: MORE,
        routes: ROUTES,
    });
});
after(() => sync?.stop());

const send = (kind, where) => sync.ask("/send", { kind, where });

/** Through the object, and directly, where no location is named. */
const WAYS = ["?altId=location0", "?limit=1"];

for (const kind of ["real", "stream", "iterable", "whole", "text", "proxy", "proxy of all", "other realm", "get alone", "packed", "ends without a promise", "fails at its end", "throws at its end", "has no end", "stream alone", "view"]) {
    test(`an answer of the kind ${kind} crosses as it is`, async () => {
        for (const where of WAYS) {
            const { status, isReal, own, encoding, text } = await send(kind, where);
            const known = kind === "get alone" ? null : "1";
            assert.deepEqual({ status, isReal, own, encoding, name: JSON.parse(text).name }, { status: 200, isReal: true, own: known, encoding: null, name: "\u00fc" }, where);
        }
    });
}

test("answers without a body, errors of the server, and what is too long", async () => {
    for (const where of WAYS) {
        for (const status of [204, 205, 304]) assert.deepEqual([(await send(`${status}`, where)).status, (await send(`${status}`, where)).length], [status, 0]);
        assert.equal((await send("404", where)).status, 404);
        assert.equal((await send("large", where)).length, 8 << 20);
        for (const kind of ["too large", "without an end"]) {
            const { status, text } = await send(kind, where);
            assert.deepEqual([status, JSON.parse(text).message], [502, "the answer is too long"], kind);
        }
        assert.equal((await send("odd status", where)).status, 502);
    }
});

test("what is no answer is an error that says so", async () => {
    for (const where of WAYS) {
        for (const kind of ["none", "null", "number", "no headers", "no body", "error"]) {
            const { failed, message } = await send(kind, where);
            assert.deepEqual([failed, /^fetch gave /.test(message)], ["TypeError", true], `${kind}: ${message}`);
        }
        for (const kind of ["a text", "a number", "nothing", "an object"].map((what) => `${what} for a buffer`)) {
            assert.deepEqual((await send(kind, where)).message, "fetch gave an answer whose arrayBuffer() gave no buffer", kind);
        }
        for (const kind of ["an object for a text", "nothing for a text"]) {
            assert.deepEqual((await send(kind, where)).message, "fetch gave an answer whose text() gave no text", kind);
        }
        for (const kind of ["strings", "bare proxy"]) assert.deepEqual((await send(kind, where)).message, "the request failed: TypeError", kind);
    }
});

test("what a fetch fails with says nothing of what it has said", async () => {
    for (const where of WAYS) {
        const words = { throws: "ECONNREFUSED", "has a token for a code": "TypeError", "has a code": "UND_ERR_SOCKET" };
        const nameless = ["rejects", "throws text", "throws what throws", "breaks", "is named by a token", "has letters for a code"];
        for (const kind of [...nameless, ...Object.keys(words)]) {
            const { failed, message, all } = await send(kind, where);
            const says = kind in words ? `the request failed: ${words[kind]}` : "the connection failed";
            assert.deepEqual([failed, message], ["TypeError", says], kind);
            assert.ok(!/secret/i.test(all), all);
        }
    }
    assert.ok(sync.agency.lines.every(({ line }) => !/secret/i.test(line)));
});

test("a head that never comes and a body that drips for ever end in their time, also of a fetch that has no use for the signal", async () => {
    for (const where of WAYS) {
        for (const kind of ["head never", "body never", "drips", "drips elsewhere"]) {
            const { failed, message, ms } = await send(kind, where);
            assert.equal(failed, "TimeoutError", `${kind}: ${message}`);
            assert.ok(ms < 6 * TIMEOUT_MS, `${kind}: ${ms} ms`);
        }
    }
});

test("what the global fetch refuses is refused before anything is sent", async () => {
    for (const where of WAYS) {
        const ends = await sync.ask("/refused", { kind: "real", where });
        for (const [form, { name, sent }] of Object.entries(ends)) assert.deepEqual([name, sent], ["TypeError", 0], `${form} ${where}`);
        assert.match(ends.bytes.message, /the body must be text/);
        for (const form of ["nothing", "null", "a number"]) assert.match(ends[form].message, /the first argument must be/, form);
        assert.equal(Object.keys(ends).length, 12);
    }
    assert.equal((await send("real")).status, 200);
});

test("it is called in every way in which the global fetch is", async () => {
    const statuses = await sync.ask("/forms", { location: "location0", token: sync.sandbox.tokens.location0 });
    const { aborted, "url and nothing": bare, "no location": none, bytes, "no text": binary, "no address": nonsense, ...others } = statuses;
    assert.deepEqual(new Set(Object.values(others)), new Set([200]), JSON.stringify(others));
    assert.deepEqual({ aborted, bare, binary, nonsense }, { aborted: "AbortError", bare: 401, binary: "TypeError", nonsense: "TypeError" });
    assert.ok(none >= 400 && none < 500 && bytes >= 400 && bytes < 500);
    const asked = (await sync.sandbox.requests()).filter(({ operation }) => operation === "coupons.create");
    assert.equal(asked.length, 1);
});

test("the sync itself reads each of these kinds, and what drips ends its request", async () => {
    // Each list that it reads is empty by these answers.
    for (const kind of ["stream", "iterable", "whole", "text", "proxy of all"]) {
        await sync.ask("/kind", { kind });
        const run = await sync.start({ streams: ["coupons"], locations: ["location1"] });
        const { counts, locations } = await sync.ended(run);
        assert.equal(counts.done, 1, `${kind}: ${JSON.stringify(locations)}`);
    }
    await sync.ask("/kind", { kind: "drips elsewhere" });
    const began = Date.now();
    const run = await sync.start({ streams: ["coupons"], locations: ["location1"] });
    const { locations: [{ reason }] } = await sync.when(run, ({ locations: [{ failures }] }) => failures > 0);
    assert.ok(Date.now() - began < 40 * TIMEOUT_MS);
    assert.match(reason, /the connection or the function fetch failed|in time/);
    await sync.ask("/kind", {});
    await sync.ask("/resume", { run });
    assert.equal((await sync.ended(run)).counts.done, 1);
});

test("what has failed crosses from the object as data: a rejection would stand in its log as one that nobody has caught", async () => {
    const cases = { rejects: ["TypeError", "the connection failed"], throws: ["TypeError", "the request failed: ECONNREFUSED"], none: ["TypeError", /^fetch gave /], "head never": ["TimeoutError", /in time/] };
    for (const [kind, [name, says]] of Object.entries(cases)) {
        const { failed } = await sync.ask("/crosses", { kind, method: "GET" });
        assert.equal(failed?.name, name, kind);
        assert.match(failed.message, typeof says === "string" ? new RegExp(`^${says}$`) : says);
    }
    const { failed } = await sync.ask("/crosses", { kind: "real", method: "POST", gone: true });
    assert.equal(failed?.name, "AbortError", "nobody waits for it");
    assert.equal((await sync.ask("/crosses", { kind: "real", method: "GET" })).status, 200);
});
