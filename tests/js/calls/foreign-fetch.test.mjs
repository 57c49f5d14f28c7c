// Other people's fetch: that of undici, of node-fetch, of a service binding, of another realm.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { AbortedError, InvalidRequestError, NotFoundError, PaymentsClient, TimeoutError } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { ANY_ANSWER, failure, ID, LOCATION, stub, TOKEN } from "../support/stub.mjs";
import { PACKAGE, startSandbox, tool } from "../support/support.mjs";

const imported = (name) => import(pathToFileURL(tool.resolve(name)));
const LIBRARIES = {
    "the global fetch": (...given) => fetch(...given),
    undici: (await imported("undici")).fetch,
    "node-fetch 3": (await imported("node-fetch")).default,
    "node-fetch 2": tool("node-fetch-2"),
};

let sandbox;
let server;

before(async () => {
    sandbox = await startSandbox();
    server = createServer(answer);
    server.requests = [];
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    server.url = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
    server?.closeAllConnections();
    server?.close();
    await sandbox?.stop();
});

/** The first part of the path says what happens. */
function answer(request, response) {
    const [, what] = request.url.split("/");
    server.requests.push({ what, method: request.method, headers: request.headers });
    if (what === "hang") return;
    if (what === "redirect") return response.writeHead(307, { location: `${server.url}/elsewhere` }).end();
    response.writeHead(200, { "content-type": "application/json", ...(what === "long" && { "content-length": 5_000_000 }) });
    if (what === "body-hangs") return response.write('{"_id":');
    if (what === "breaks") {
        response.write('{"_id":');
        setTimeout(() => response.destroy(), 20);
        return;
    }
    if (what === "endless" || what === "long") {
        response.on("error", () => {});
        const more = () => {
            while (!response.destroyed && response.write("[".repeat(10_000)));
        };
        response.on("drain", more);
        more();
        return;
    }
    response.end(JSON.stringify(ANY_ANSWER));
}

function client(fetch, path, options) {
    return new PaymentsClient({
        token: TOKEN,
        locationId: LOCATION,
        baseUrl: `${server.url}/${path}`,
        retryDelayMs: 1,
        maxRetries: 0,
        fetch,
        ...options,
    });
}

const cash = { mode: "cash", amount: 5 };

for (const [name, fetch] of Object.entries(LIBRARIES)) {
    test(`${name}: reads, writes and refusals arrive`, async () => {
        const { baseUrl, token, locationId } = sandbox;
        const payments = new PaymentsClient({ baseUrl, token, locationId, fetch });
        const { data, response } = await payments.orders.list({ paymentStatus: "unpaid", limit: 100 }).withResponse();
        assert.ok(data.data.length > 0);
        assert.match(response.headers.get("content-type"), /json/);
        assert.equal(response.rateLimit.limit, 100);
        // Another order for each library: its payment is one that the sandbox takes once.
        const order = data.data[Object.keys(LIBRARIES).indexOf(name)];
        const recorded = await payments.orders.recordPayment(order._id, { mode: "cash", amount: order.amount });
        assert.equal(recorded.success, true);
        const again = await failure(payments.orders.recordPayment(order._id, { mode: "cash", amount: order.amount }));
        assert.ok(again instanceof InvalidRequestError, String(again));
        assert.ok(again.messages.length > 0);
        const missing = await failure(payments.orders.get("0".repeat(24)));
        assert.ok(missing instanceof NotFoundError);
        assert.equal(missing.outcome, "rejected");
    });

    test(`${name}: a redirect is an error and the token stays`, async () => {
        server.requests.length = 0;
        for (const call of [(orders) => orders.get(ID), (orders) => orders.recordPayment(ID, cash)]) {
            const error = await failure(call(client(fetch, "redirect").orders));
            assert.deepEqual([error.code, error.status, error.outcome], ["unexpected_answer", 307, "rejected"]);
            assert.match(error.message, /redirect/);
        }
        assert.deepEqual(server.requests.map(({ what }) => what), ["redirect", "redirect"]);
    });

    test(`${name}: of a server that is not there a read is safe to repeat, and of a write nobody but the runtime's fetch says so`, async () => {
        const payments = client(fetch, "", { baseUrl: "http://127.0.0.1:2" });
        const read = await failure(payments.orders.get(ID));
        assert.deepEqual([read.code, read.outcome, read.retryable], ["network_error", "not_sent", true]);
        const write = await failure(payments.orders.recordPayment(ID, cash));
        assert.deepEqual([write.code, write.outcome, write.retryable], ["network_error", "unknown", false]);
    });

    test(`${name}: time and signal end the wait for an answer and for its body`, async () => {
        for (const path of ["hang", "body-hangs"]) {
            const late = await failure(client(fetch, path, { timeoutMs: 100 }).orders.recordPayment(ID, cash));
            assert.ok(late instanceof TimeoutError, path);
            assert.equal(late.outcome, path === "hang" ? "unknown" : "applied");
            const controller = new AbortController();
            const reason = new Error("enough");
            setTimeout(() => controller.abort(reason), 100);
            const call = client(fetch, path).orders.recordPayment(ID, cash, { signal: controller.signal });
            const aborted = await failure(call);
            assert.ok(aborted instanceof AbortedError, path);
            assert.equal(aborted.cause, reason);
        }
    });

    test(`${name}: a body that breaks off leaves a write applied`, async () => {
        const error = await failure(client(fetch, "breaks").orders.recordPayment(ID, cash));
        assert.deepEqual([error.code, error.status, error.outcome], ["network_error", 200, "applied"]);
    });

    test(`${name}: an answer without end, and one that is too long, are not read on`, async () => {
        for (const path of ["endless", "long"]) {
            const closed = new Promise((resolve) => {
                server.once("request", (_, response) => response.once("close", resolve));
            });
            const error = await failure(client(fetch, path, { maxResponseBytes: 100_000 }).orders.get(ID));
            assert.deepEqual([error.code, error.outcome], ["decode_failed", "applied"], path);
            // The server is told to stop.
            await closed;
        }
    });

    test(`${name}: headers of every source reach the server`, async () => {
        server.requests.length = 0;
        await client(fetch, "plain", { headers: { "X-App": "shop" } }).orders.recordPayment(ID, cash, { headers: { "x-call": "1" } });
        const { method, headers } = server.requests[0];
        assert.equal(method, "POST");
        assert.deepEqual(
            [headers.authorization, headers["x-app"], headers["x-call"], headers["content-type"], headers.version],
            [`Bearer ${TOKEN}`, "shop", "1", "application/json", "2021-07-28"],
        );
    });
}

/** As under jsdom: an AbortController whose signals mean nothing to a fetch from outside of its realm. */
async function withForeignController(act) {
    const { AbortController: own } = globalThis;
    globalThis.AbortController = class {
        signal = new (class AbortSignal extends EventTarget {
            aborted = false;
        })();
        abort() {
            this.signal.aborted = true;
            this.signal.dispatchEvent(new Event("abort"));
        }
    };
    try {
        return await act();
    } finally {
        globalThis.AbortController = own;
    }
}

for (const [name, fetch] of Object.entries(LIBRARIES)) {
    test(`${name}: a signal of another realm is no reason to send nothing, or anything twice`, async () => {
        server.requests.length = 0;
        // A read finds out whether the signal is taken; a write that is refused for it may have been sent for all that is known.
        await withForeignController(async () => {
            const { orders } = client((...given) => fetch(...given), "plain");
            const first = await orders.recordPayment(ID, cash).catch((error) => error.outcome);
            assert.deepEqual([first, server.requests.length], name === "undici" ? ["unknown", 0] : [first, 1]);
            await orders.get(ID);
            server.requests.length = 0;
            await orders.recordPayment(ID, cash);
            assert.equal(server.requests.length, 1);
        });
        const late = await withForeignController(() =>
            failure(client(fetch, "hang", { timeoutMs: 100 }).orders.get(ID)),
        );
        assert.deepEqual([late.code, late.outcome], ["timeout", "unknown"]);
    });
}

test("a fetch that belongs to an object is called bound, as a service binding of Workers is", async () => {
    class Fetcher {
        #calls = 0;
        async fetch(url, init) {
            this.#calls += 1;
            return Response.json({ _id: `${this.#calls} ${new URL(url).pathname} ${init.method}` });
        }
    }
    const service = new Fetcher();
    const bound = stub(undefined, { fetch: service.fetch.bind(service) });
    assert.equal((await bound.payments.orders.get(ID))._id, `1 /payments/orders/${ID} GET`);
    const loose = stub(undefined, { fetch: service.fetch, maxRetries: 0 });
    assert.equal((await failure(loose.payments.orders.get(ID))).code, "network_error");
});

test("sandbox.fetch takes what the client gives, and what others give", async () => {
    const { fetch, token, locationId } = createSandbox({ size: 3 });
    const payments = new PaymentsClient({ token: token(), locationId, fetch });
    assert.equal((await payments.orders.list()).totalCount, 3);
    const { Request, Headers } = await imported("undici");
    const url = `https://services.leadconnectorhq.com/payments/orders?altId=${locationId}&altType=location`;
    const headers = { Authorization: `Bearer ${token()}`, Version: "2021-07-28" };
    for (const given of [[new Request(url, { headers })], [url, { headers: new Headers(headers) }]]) {
        assert.equal((await (await fetch(...given)).json()).totalCount, 3);
    }
    // A signal of another realm.
    const aborted = await fetch(url, { headers, signal: { aborted: true, reason: "gone" } }).catch((error) => error);
    assert.equal(aborted, "gone");
});

test("a fetch that throws before it gives a promise may have sent a write, and is not asked again", async () => {
    let asked = 0;
    const bad = new TypeError("init.headers.get is not a function");
    const { payments } = stub(undefined, {
        fetch: () => {
            asked += 1;
            throw bad;
        },
    });
    for (const [call, outcome, message] of [
        [() => payments.orders.recordPayment(ID, cash), "unknown", /: the connection or the function fetch failed before the whole answer came; in a browser also when CORS forbids the answer$/],
        [() => payments.orders.get(ID), "not_sent", /fetch failed before it sent anything/],
    ]) {
        asked = 0;
        const error = await failure(call());
        assert.deepEqual([error.code, error.outcome, error.retryable, error.cause, asked], ["network_error", outcome, false, bad, 1]);
        assert.match(error.message, message);
    }
});

// What fetches say of arguments that they do not take.
const REFUSALS = [
    "RequestInit: Expected signal to be an instance of AbortSignal.",
    "Failed to execute 'fetch' on 'Window': Illegal invocation",
    "Failed to construct 'Request': member signal is not of type AbortSignal.",
    "Illegal invocation",
];

/** What a program prints. It is a process of its own: the hooks of the suites stand between the client and the global fetch. */
function printed(program) {
    const { NODE_OPTIONS, ...env } = process.env;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { env, encoding: "utf8" });
    return stdout.trim() || stderr;
}

test("what the runtime can make no request of was not sent", () => {
    for (const message of REFUSALS) {
        const program = `
            const refuse = () => { throw new TypeError(${JSON.stringify(message)}) };
            globalThis.fetch = async () => refuse();
            const { PaymentsClient } = await import("ghl-payments");
            globalThis.Request = class { constructor(url, init) { if (init) refuse() } };
            const payments = new PaymentsClient({ token: "t", locationId: "l" });
            const error = await payments.orders.recordPayment("o", { mode: "cash" }).catch((error) => error);
            console.log(error.outcome, error.retryable, error.attempts);`;
        assert.equal(printed(program), "not_sent false 1", message);
    }
});

/** How a program fails that says what no request was made of, or that no connection was. */
const CLAIMS = [
    ...REFUSALS.map((message) => `new TypeError(${JSON.stringify(message)})`),
    'Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED", syscall: "connect" } })',
];

test("a global fetch that somebody wrapped after the import is not believed to have sent nothing, and gets a write once", () => {
    for (const claim of CLAIMS) {
        for (const wrap of [
            "async (...given) => { writes += 1; await sandbox.fetch(...given); refuse() }",
            "(...given) => { writes += 1; void sandbox.fetch(...given).catch(() => {}); refuse() }",
        ]) {
            for (const how of [
                "globalThis.fetch = wrapped;",
                "delete globalThis.Request; globalThis.fetch = wrapped;",
                "globalThis.Request = class { constructor() { refuse() } }; globalThis.fetch = wrapped;",
                "delete globalThis.Request; options.fetch = wrapped;",
            ]) {
                const program = `
                    import { PaymentsClient } from "ghl-payments";
                    import { createSandbox } from "ghl-payments/sandbox";
                    const sandbox = createSandbox({ size: 5 });
                    const options = { token: sandbox.token(), locationId: sandbox.locationId };
                    const [order] = (await new PaymentsClient({ ...options, fetch: sandbox.fetch }).orders.list()).data;
                    const refuse = () => { throw ${claim} };
                    let writes = 0;
                    const wrapped = ${wrap};
                    ${how}
                    const call = new PaymentsClient(options).orders.recordPayment(order._id, { mode: "cash", amount: 1 });
                    const error = await call.catch((error) => error);
                    console.log(error.outcome, writes);`;
                assert.equal(printed(program), "unknown 1", `${claim} ${wrap} ${how}`);
            }
        }
    }
});

test("the runtime's own fetch is not believed behind a dispatcher that may have connected before", () => {
    const program = `
        import undici from ${JSON.stringify(pathToFileURL(tool.resolve("undici")).href)};
        import { PaymentsClient } from "ghl-payments";
        const { Agent, Pool, RetryAgent, setGlobalDispatcher } = undici;
        const passes = (dispatch) => (options, handler) => dispatch(options, handler);
        const factory = (origin, options) => new Pool(origin, options).compose(passes);
        const interceptors = { Client: [passes] };
        const plain = [undefined, new Agent(), new Agent({ connections: 2, connect: { timeout: 1000 } })];
        const Derived = { Agent: class Agent extends undici.Agent {} }.Agent;
        const others = [new Derived(), new RetryAgent(new Agent()), new Agent().compose(passes), new Agent({ factory }), new Agent({ interceptors })];
        const outcomes = [];
        for (const dispatcher of [...plain, ...others]) {
            if (dispatcher) setGlobalDispatcher(dispatcher);
            const payments = new PaymentsClient({ token: "t", locationId: "l", baseUrl: "http://127.0.0.1:2", maxRetries: 0 });
            const call = payments.orders.recordPayment("653f6ba4d84bcc7b3d5bb8a1", { mode: "cash", amount: 1 });
            outcomes.push(await call.catch((error) => error.outcome));
        }
        console.log(outcomes.join());
    `;
    assert.equal(printed(program), "not_sent,not_sent,not_sent,unknown,unknown,unknown,unknown,unknown");
});

test("a fetch that once spoke of a signal, and meant something else, gets signals as before", async () => {
    const signals = [];
    let fails = 0;
    const fetch = async (_, { signal }) => {
        signals.push(signal !== undefined);
        if (fails-- > 0) throw new TypeError("AbortSignal of the audit");
        return Response.json(ANY_ANSWER);
    };
    const { payments } = stub(undefined, { fetch, maxRetries: 0 });
    const read = async (failing) => {
        fails = failing;
        await payments.orders.get(ID).catch(() => {});
    };
    await read(2);
    await read(0);
    // It has taken one: whatever it says from now on is of something else, and is not asked again.
    await read(1);
    await read(0);
    assert.deepEqual(signals, [true, false, true, true, true]);
});

test("a fetch that took signals is asked anew whether it takes those of another class of controllers", async () => {
    const { AbortSignal: own } = globalThis;
    const seen = [];
    const fetch = async (_, { method, signal }) => {
        seen.push(`${method}${signal ? "+" : "-"}`);
        if (signal && !(signal instanceof own)) {
            throw new TypeError("RequestInit: Expected signal to be an instance of AbortSignal.");
        }
        return Response.json(ANY_ANSWER);
    };
    const { payments } = stub(undefined, { fetch, maxRetries: 0 });
    await payments.orders.get(ID);
    await withForeignController(async () => {
        await payments.orders.get(ID);
        await payments.orders.recordPayment(ID, cash);
    });
    await payments.orders.recordPayment(ID, cash);
    assert.deepEqual(seen, ["GET+", "GET+", "GET-", "POST-", "POST+"]);
});

test("a read with a fetch of one's own does not look at the runtime's Request, for which Node would load all of its fetch", () => {
    const program = `
        import { PaymentsClient } from "ghl-payments";
        let looked = 0;
        const { get } = Object.getOwnPropertyDescriptor(globalThis, "Request");
        Object.defineProperty(globalThis, "Request", { get: () => (looked += 1, get.call(globalThis)) });
        const body = new TextEncoder().encode('{"success":true,"message":"","_id":"o"}').buffer;
        const answer = { status: 200, headers: { get: () => null }, arrayBuffer: async () => body };
        const { orders } = new PaymentsClient({ token: "t", locationId: "l", fetch: async () => answer });
        await orders.get("o");
        await orders.recordPayment("o", { mode: "cash" });
        console.log(looked);`;
    assert.equal(printed(program), "0");
});

test("where nothing tells whether a signal fits, a write has none until a read of the same fetch had one", () => {
    const program = `
        import { PaymentsClient } from "ghl-payments";
        delete globalThis.Request;
        for (const takes of [true, false]) {
            const fetch = async (url, { method, signal }) => {
                if (!takes && signal) throw new TypeError("RequestInit: Expected signal to be an instance of AbortSignal.");
                seen.push(method + (signal ? "+" : "-"));
                return Response.json({ success: true, message: "", _id: "o" });
            };
            const seen = [];
            const { orders } = new PaymentsClient({ token: "t", locationId: "l", fetch });
            const write = () => orders.recordPayment("o", { mode: "cash" });
            for (const call of [write, () => orders.get("o"), write]) await call().catch((error) => seen.push(error.code));
            console.log(seen.join(" "));
        }`;
    assert.equal(printed(program), "POST- GET+ POST+\nPOST- GET- POST-");
});

test("the runtime's own fetch, given or not, is believed that nobody listens, also where another one stands in its place", () => {
    const program = `
        import { PaymentsClient } from "ghl-payments";
        const own = fetch;
        const refused = async (options) => {
            const { orders } = new PaymentsClient({ token: "t", locationId: "l", baseUrl: "http://127.0.0.1:2", maxRetries: 0, ...options });
            const { code, outcome, retryable } = await orders.recordPayment("o", { mode: "cash" }).catch((error) => error);
            console.log(code, outcome, retryable);
        };
        await refused({});
        await refused({ fetch: own });
        globalThis.fetch = (...given) => own(...given);
        await refused({});
        await refused({ fetch: own });`;
    const believed = "network_error not_sent true";
    assert.equal(printed(program), [believed, believed, "network_error unknown false", believed].join("\n"));
});

test("the fetch that was there before the import, given or not, is believed that it made no connection, or none to be trusted", () => {
    for (const cause of [
        { code: "ECONNREFUSED" },
        { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
        { code: "EHOSTUNREACH", syscall: "connect" },
    ]) {
        const program = `
            const cause = Object.assign(new Error(), ${JSON.stringify(cause)});
            globalThis.fetch = async () => { throw Object.assign(new TypeError("fetch failed"), { cause }) };
            const { PaymentsClient } = await import("ghl-payments");
            for (const given of [{}, { fetch: globalThis.fetch }, { fetch: (...given) => globalThis.fetch(...given) }]) {
                const { orders } = new PaymentsClient({ token: "t", locationId: "l", maxRetries: 1, retryDelayMs: 1, ...given });
                const error = await orders.recordPayment("o", { mode: "cash" }).catch((error) => error);
                console.log(error.name, error.outcome, error.retryable, error.attempts);
            }`;
        const own = "NetworkError not_sent true 2";
        assert.equal(printed(program), [own, own, "NetworkError unknown false 1"].join("\n"), JSON.stringify(cause));
    }
});

test("a fetch that sends the request, ends the call and then throws has sent it", async () => {
    const controller = new AbortController();
    const { payments } = stub(undefined, {
        fetch: () => {
            controller.abort();
            throw new Error("late");
        },
    });
    const error = await failure(payments.orders.recordPayment(ID, cash, { signal: controller.signal }));
    assert.deepEqual([error.code, error.outcome], ["aborted", "unknown"]);
});

test("a fetch that sends the request and then fails at something else is not believed to have sent nothing", async () => {
    for (const audit of [
        () => globalThis.fetch("http://127.0.0.1:1/audit", { method: "POST", signal: {} }),
        () => globalThis.fetch("http://127.0.0.1:2/audit"),
        () => Promise.reject(Object.assign(new Error("cache"), { code: "ECONNREFUSED", syscall: "connect" })),
        () => Promise.reject(new TypeError("Illegal invocation")),
        () => Promise.reject(new TypeError("Failed to construct 'Request': member signal is not of type AbortSignal.")),
    ]) {
        const sandbox = createSandbox({ seed: 7, size: 40 });
        const wrapped = async (url, init) => {
            const answer = await sandbox.fetch(url, init);
            if (init.method === "POST") await audit();
            return answer;
        };
        const options = { token: sandbox.token(), locationId: sandbox.locationId, retryDelayMs: 1, maxRetries: 0 };
        const payments = new PaymentsClient({ ...options, fetch: wrapped });
        const order = sandbox.state().locations[0].orders.find(({ paymentStatus }) => paymentStatus === "unpaid");
        const sent = () => sandbox.requests.filter(({ method }) => method === "POST").length;
        const payment = { mode: "cash", amount: 1, isPartialPayment: true };
        const error = await failure(payments.orders.recordPayment(order._id, payment));
        assert.deepEqual([error.outcome, sent()], ["unknown", 1]);
        const once = { reference: "job-1", referenceInNotes: true };
        const { recorded, matchedBy } = await payments.orders.recordPaymentOnce(order._id, { ...payment, amount: 2 }, once);
        assert.deepEqual([recorded, matchedBy, sent()], [true, "reference", 2]);
    }
});

test("where there is no fetch at all, the message says so and nothing was sent", async () => {
    const { fetch } = globalThis;
    try {
        const payments = new PaymentsClient({ token: TOKEN, locationId: LOCATION });
        globalThis.fetch = undefined;
        const error = await failure(payments.orders.recordPayment(ID, cash));
        assert.match(error.message, /this runtime has no fetch: pass one as the option fetch/);
        assert.deepEqual([error.outcome, error.retryable, error.attempts], ["not_sent", false, 1]);
    } finally {
        globalThis.fetch = fetch;
    }
});

test("the message of the error says what came instead of an answer that can be read", async () => {
    const opaque = { ...foreignResponse(0), type: "opaque" };
    for (const [given, message] of [
        [undefined, /no Response/],
        [{ status: 200 }, /no Response/],
        [Response.error(), /Response\.error\(\)/],
        [opaque, /opaque Response/],
    ]) {
        // Given in a promise, and as it is.
        for (const fetch of [async () => given, () => given]) {
            const { payments } = stub(undefined, { fetch, maxRetries: 0 });
            const error = await failure(payments.orders.recordPayment(ID, cash));
            assert.deepEqual([error.code, error.status, error.outcome], ["network_error", undefined, "unknown"]);
            assert.match(error.message, message);
        }
    }
});

function foreignResponse(status) {
    return { status, headers: { get: () => null }, arrayBuffer: async () => new ArrayBuffer(0) };
}

test("a body is read as a stream of the web, as one of Node's, or whole", async () => {
    const bytes = new TextEncoder().encode(JSON.stringify({ _id: "a", amount: 5 }));
    async function* chunks() {
        for (const byte of bytes) yield Uint8Array.of(byte);
    }
    for (const body of [new Blob([bytes]).stream(), chunks(), undefined, null]) {
        const response = { ...foreignResponse(200), body, arrayBuffer: async () => bytes.buffer };
        const { payments } = stub(undefined, { fetch: async () => response });
        assert.deepEqual(await payments.orders.get(ID), { _id: "a", amount: 5 });
    }
    async function* texts() {
        yield '{"_id":"a"}';
    }
    const { payments } = stub(undefined, { fetch: async () => ({ ...foreignResponse(200), body: texts() }), maxRetries: 0 });
    assert.match(String((await failure(payments.orders.get(ID))).cause), /stream of something else than bytes/);
});

test("a stream of another library is read in a runtime whose own streams fill pieces", async () => {
    // workerd's readers have this method; no reader of this body does, whatever mode is asked for.
    const { prototype } = ReadableStreamBYOBReader;
    prototype.readAtLeast = () => assert.fail("the body is not the runtime's");
    try {
        const bytes = new TextEncoder().encode(JSON.stringify(ANY_ANSWER));
        let locked = false;
        const body = {
            getReader() {
                assert.ok(!locked, "the reader that is of no use was let go");
                locked = true;
                const pieces = [bytes.slice(0, 5), bytes.slice(5)];
                return {
                    read: async () => (pieces.length > 0 ? { done: false, value: pieces.shift() } : { done: true }),
                    cancel: async () => {},
                    releaseLock: () => (locked = false),
                };
            },
        };
        const { payments } = stub(undefined, { fetch: async () => ({ ...foreignResponse(200), body }) });
        assert.equal((await payments.orders.get(ID))._id, ID);
    } finally {
        delete prototype.readAtLeast;
    }
});

test("the type of the option takes every library's fetch", () => {
    const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), "types-"));
    const modules = join(dirname(tool.resolve("undici/package.json")), "..");
    const source = `
        import nodeFetch from "node-fetch";
        import nodeFetch2 from "node-fetch-2";
        import { fetch as undiciFetch } from "undici";
        import { PaymentsClient, type FetchFunction } from "ghl-payments";
        import { createSandbox } from "ghl-payments/sandbox";
        declare const service: { fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> };
        const all: FetchFunction[] = [
            globalThis.fetch, undiciFetch, nodeFetch, nodeFetch2, createSandbox().fetch, service.fetch.bind(service),
            async (url, init) => fetch(url, init),
            async (url) => Response.json({ url: url.length }),
        ];
        export const payments = new PaymentsClient({ token: "t", fetch: all[0] as FetchFunction });
        // @ts-expect-error the address is text
        new PaymentsClient({ token: "t", fetch: async (request: Request) => fetch(request) });
    `;
    const paths = {
        undici: [join(modules, "undici/index.d.ts")],
        "node-fetch": [join(modules, "node-fetch/@types/index.d.ts")],
        "node-fetch-2": [join(modules, "@types/node-fetch/index.d.ts")],
        "ghl-payments": [join(PACKAGE, "index.d.ts")],
        "ghl-payments/sandbox": [join(PACKAGE, "sandbox.d.ts")],
    };
    try {
        writeFileSync(join(folder, "uses.mts"), source);
        const compilerOptions = {
            target: "ES2022",
            module: "NodeNext",
            moduleResolution: "NodeNext",
            lib: ["ES2022", "DOM", "DOM.Iterable"],
            types: ["node"],
            typeRoots: [join(modules, "@types")],
            paths,
            strict: true,
            skipLibCheck: true,
            noEmit: true,
        };
        writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["uses.mts"] }));
        const compiler = tool.resolve("typescript/bin/tsc");
        const { status, stdout } = spawnSync(process.execPath, [compiler, "--project", folder], { encoding: "utf8" });
        assert.equal(status, 0, stdout);
    } finally {
        rmSync(folder, { recursive: true });
    }
});
