// The package in Node: all methods over real HTTP, how it is loaded, and that a process ends when its calls have.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import test, { after, before } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as library from "ghl-payments";
import * as checkout from "ghl-payments/checkout";
import * as cloudflare from "ghl-payments/cloudflare";
import * as edge from "ghl-payments/edge";
import * as sandboxed from "ghl-payments/sandbox";
import * as slim from "ghl-payments/slim";
import { callAllMethods } from "../support/all-methods.mjs";
import { failure, ID, LOCATION, TOKEN } from "../support/stub.mjs";
import { judge, startSandbox } from "../support/support.mjs";

let sandbox;

before(async () => {
    sandbox = await startSandbox();
});

after(() => sandbox?.stop());

/** Runs a program of its own in the application. */
function run(program, type = "module") {
    const result = spawnSync(process.execPath, [`--input-type=${type}`, "--eval", program], {
        cwd: fileURLToPath(new URL(".", import.meta.url)),
        encoding: "utf8",
        timeout: 15_000,
        env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: undefined },
    });
    assert.equal(result.error, undefined, `${result.error}\n${result.stderr}`);
    return result;
}

test("all methods do what they promise in Node", async () => {
    judge(await callAllMethods(library, sandbox), "Node");
});

test("a wrong token is an AuthenticationError of the server", async () => {
    const wrong = new library.PaymentsClient({
        baseUrl: sandbox.baseUrl,
        locationId: sandbox.locationId,
        token: TOKEN,
    });
    const error = await failure(wrong.orders.list());
    assert.ok(error instanceof library.AuthenticationError);
    assert.deepEqual([error.status, error.outcome, error.attempts], [401, "rejected", 1]);
    assert.equal(error.body.statusCode, 401);
});

test("the token of one location does not open another", async () => {
    const { baseUrl, token } = sandbox;
    const payments = new library.PaymentsClient({ baseUrl, token, locationId: LOCATION });
    assert.ok((await failure(payments.orders.list())) instanceof library.PermissionError);
});

test("faults of the server arrive as the errors they are", async () => {
    for (const [fault, name, outcome] of [
        ["status=500", "ServerError", "unknown"],
        ["status=429;retry-after=120", "RateLimitError", "rejected"],
        ["html=200", "DecodeError", "unknown"],
        ["applied-then=html", "DecodeError", "unknown"],
        ["html=403", "PermissionError", "rejected"],
        ["truncated", "DecodeError", "applied"],
        ["drop", "NetworkError", "unknown"],
        ["hang", "TimeoutError", "unknown"],
        ["applied-then=500", "ServerError", "unknown"],
        ["applied-then=drop", "NetworkError", "unknown"],
    ]) {
        const { baseUrl, token, locationId } = sandbox;
        const payments = new library.PaymentsClient({ baseUrl, token, locationId, timeoutMs: 300 });
        const body = {
            name: "Fault",
            code: `FAULT-${fault}`,
            discountType: "amount",
            discountValue: 1,
            startDate: "2024-06-01T00:00:00Z",
        };
        const error = await failure(payments.coupons.create(body, { headers: { "x-sandbox-fault": fault } }));
        assert.deepEqual([error.name, error.outcome, error.attempts], [name, outcome, 1], fault);
    }
});

test("nobody listening is a NetworkError that has sent nothing", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    const payments = new library.PaymentsClient({
        baseUrl: `http://127.0.0.1:${port}`,
        token: TOKEN,
        locationId: LOCATION,
        maxRetries: 0,
    });
    const error = await failure(payments.orders.recordPayment(ID, { mode: "cash" }));
    assert.deepEqual([error.name, error.outcome, error.retryable], ["NetworkError", "not_sent", true]);
});

test("a redirect to another server is an error and nothing goes there", async () => {
    const requests = [];
    const listen = async (handler) => {
        const server = createServer(handler).listen(0, "127.0.0.1");
        await once(server, "listening");
        return server;
    };
    const elsewhere = await listen((request, response) => {
        requests.push(request.headers);
        response.end("{}");
    });
    const target = `http://127.0.0.1:${elsewhere.address().port}/taken`;
    for (const status of [301, 302, 303, 307, 308]) {
        const redirector = await listen((_, response) => response.writeHead(status, { location: target }).end());
        const payments = new library.PaymentsClient({
            baseUrl: `http://127.0.0.1:${redirector.address().port}`,
            token: TOKEN,
            locationId: LOCATION,
        });
        try {
            for (const [call, outcome] of [
                [payments.orders.get(ID), "rejected"],
                [payments.orders.recordPayment(ID, { mode: "cash" }), status >= 307 ? "rejected" : "unknown"],
            ]) {
                const error = await failure(call);
                assert.deepEqual([error.name, error.status, error.outcome], ["PaymentsError", status, outcome]);
            }
        } finally {
            redirector.closeAllConnections();
            redirector.close();
        }
    }
    elsewhere.closeAllConnections();
    elsewhere.close();
    assert.deepEqual(requests, []);
});

test("a process ends as soon as its calls have: no timer is left behind", () => {
    const { status, stdout, stderr } = run(`
        import { PaymentsClient } from "ghl-payments";
        const hang = () => new Promise(() => {});
        const client = (fetch, options) => new PaymentsClient({ token: "t", locationId: "l", fetch, ...options });
        const names = [];
        const ended = (call) => call.then(() => names.push("fine"), (error) => names.push(error.name));
        const first = new AbortController();
        const second = new AbortController();
        await Promise.all([
            ended(client(async () => Response.json({ _id: "a" })).orders.get("a")),
            ended(client(hang, { timeoutMs: 5, maxRetries: 0 }).orders.get("a")),
            ended(client(async () => (first.abort(), hang())).orders.get("a", { signal: first.signal })),
            ended(client(async () => new Response("", { status: 500 }), {
                retryDelayMs: 600000,
                onEvent: (event) => event.type === "retry" && second.abort(),
            }).orders.get("a", { signal: second.signal })),
        ]);
        console.log(names.sort().join());
    `);
    assert.equal(stderr, "");
    assert.equal(stdout.trim(), "AbortedError,AbortedError,TimeoutError,fine");
    assert.equal(status, 0);
});

test("a failure that nobody looks at is reported by Node, one that was looked at is not", () => {
    const program = (act) => `
        import { PaymentsClient } from "ghl-payments";
        const payments = new PaymentsClient({ token: "t", locationId: "l", fetch: async () => new Response("", { status: 404 }) });
        ${act}
    `;
    for (const act of [
        'await payments.orders.get("a").catch(() => {});',
        'await payments.orders.get("a").withResponse().catch(() => {});',
        "await payments.orders.list().toArray().catch(() => {});",
        'try { await payments.orders.get("a"); } catch {}',
        'await Promise.allSettled([payments.orders.get("a"), payments.orders.list()]);',
        'const call = payments.orders.get("a"); await call.then(undefined, () => {}); await call.withResponse().catch(() => {});',
    ]) {
        const { status, stderr } = run(program(act));
        assert.deepEqual([status, stderr], [0, ""], act);
    }
    const { status, stderr } = run(program('payments.orders.get("a");'));
    assert.notEqual(status, 0);
    assert.match(stderr, /NotFoundError/);
});

test("CommonJS takes the package with require() and with import()", () => {
    const use = `
        const payments = new PaymentsClient({ token: "t", locationId: "l", fetch: async () => Response.json({ _id: "a" }) });
        payments.orders.get("a").then((order) => console.log(order._id));
    `;
    for (const load of [
        `const { PaymentsClient } = require("ghl-payments"); ${use}`,
        `import("ghl-payments").then(({ PaymentsClient }) => { ${use} });`,
    ]) {
        const { status, stdout, stderr } = run(load, "commonjs");
        assert.deepEqual([status, stdout.trim()], [0, "a"], stderr);
    }
});

test("the package exports its public names and nothing else", async () => {
    const names = [
        "AbortedError",
        "ApiPromise",
        "AuthenticationError",
        "ConflictError",
        "DecodeError",
        "InvalidRequestError",
        "NetworkError",
        "NotFoundError",
        "Page",
        "PagePromise",
        "PaymentsClient",
        "PaymentsError",
        "PermissionError",
        "RateLimitError",
        "ServerError",
        "TimeoutError",
        "ValidationError",
        "consoleLogger",
    ];
    assert.deepEqual(Object.keys(library), names);
    assert.deepEqual(Object.keys(slim), [...names, "initialize"]);
    assert.deepEqual(Object.keys(sandboxed).sort(), ["DroppedConnection", "HighLevelFrame", "SandboxConnectionError", "connectSandbox", "createSandbox", "serveSandbox"]);
    assert.deepEqual(Object.keys(checkout).sort(), ["CheckoutError", "closePopup", "frameHeaders", "openCheckout", "openPopup"]);
    assert.deepEqual(Object.keys(cloudflare).sort(), [
        ...["AgencyError", "GhlCompany", "GhlLocation", "TokenKeeper", "WebhookLedger", "agencyHint", "agencyInstalled", "agencyQueue"],
        ...["agencyScheduled", "agencyStatus", "cancelAgencySync", "configureAgency", "locationFetch", "parquetFiles"],
        ...["resumeAgencySync", "retryAgencySync", "rollup", "startAgencySync"],
    ]);
    const edges = [
        "OAuthError",
        "UserContextError",
        "WebhookError",
        "accountLookup",
        "apiKeyHash",
        "capabilitiesOf",
        "createOAuth",
        "createProvider",
        "createProxy",
        "createQueryHandler",
        "createWebhookHandler",
        "d1Seen",
        "d1Store",
        "durableSeen",
        "durableStore",
        "failed",
        "isWebhookEvent",
        "memorySeen",
        "memoryStore",
        "pending",
        "readUserContext",
        "succeeded",
        "verifyWebhook",
    ];
    assert.deepEqual(Object.keys(edge).sort(), [...names, ...edges].sort());
});

test("require() gives the same names as import", () => {
    const require = createRequire(import.meta.url);
    for (const [entry, module] of [
        ["ghl-payments", library],
        ["ghl-payments/slim", slim],
        ["ghl-payments/checkout", checkout],
        ["ghl-payments/edge", edge],
        ["ghl-payments/cloudflare", cloudflare],
        ["ghl-payments/sandbox", sandboxed],
    ]) {
        assert.match(require.resolve(entry), /\.cjs$/);
        assert.deepEqual(Object.keys(require(entry)).sort(), Object.keys(module).sort(), entry);
    }
    // What `import` finds in it, which reads CommonJS without running it.
    const { stdout } = run(`
        const names = await import("${pathToFileURL(require.resolve("ghl-payments"))}");
        console.log(JSON.stringify(Object.keys(names)));
    `);
    const named = Object.keys(library);
    assert.deepEqual(JSON.parse(stdout).filter((name) => named.includes(name)), named);
});

test("what require() gives has classes of its own, but its errors are known to what import gives, and the other way round", async () => {
    const required = createRequire(import.meta.url)("ghl-payments");
    assert.notEqual(required.PaymentsClient, library.PaymentsClient);
    const options = { token: TOKEN, locationId: LOCATION, fetch: async () => new Response("{}", { status: 404 }) };
    for (const [one, other] of [
        [required, library],
        [library, required],
    ]) {
        const error = await failure(new one.PaymentsClient(options).orders.get(ID));
        assert.ok(error instanceof one.NotFoundError);
        assert.ok(!(error instanceof other.NotFoundError));
        assert.ok(one.PaymentsError.is(error) && other.PaymentsError.is(error));
        assert.ok(!other.PaymentsError.is(new Error("another")));
    }
});

test("a hundred calls at once all get their own answer", async () => {
    const payments = new library.PaymentsClient({
        token: TOKEN,
        locationId: LOCATION,
        fetch: async (url) => {
            const id = new URL(url).pathname.split("/").at(-1);
            // Answers in another order than asked.
            for (let turns = Number(id) % 7; turns > 0; turns -= 1) await null;
            return Response.json({ _id: id, amount: id });
        },
    });
    const ids = Array.from({ length: 100 }, (_, i) => `${i}`);
    const orders = await Promise.all(ids.map((id) => payments.orders.get(id)));
    assert.deepEqual(
        orders.map((order) => order._id),
        ids,
    );
    assert.deepEqual(
        orders.map((order) => order.amount),
        ids.map(Number),
    );
});
