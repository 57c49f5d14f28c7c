// The token: asked for as seldom as possible, shown nowhere, sent nowhere else.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import test, { after, before } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { PaymentsClient } from "ghl-payments";
import { METHODS } from "../support/operations.mjs";
import { ANY_ANSWER, call, failure, ID, LOCATION, stub, TOKEN } from "../support/stub.mjs";
import { startWorker } from "../support/support.mjs";

const PARALLEL = 50;

/** A server that takes one token, and that may take its time. */
function guarded(valid, delay = () => 0) {
    return async (request, before) => {
        const taken = request.headers.get("authorization") === `Bearer ${valid()}`;
        const ms = delay(before);
        if (ms > 0) await wait(ms);
        return taken ? Response.json(ANY_ANSWER) : Response.json({ message: "Invalid JWT" }, { status: 401 });
    };
}

/** A source of tokens that counts, each answer after some time. */
function source(give, ms = 5) {
    const asked = { times: 0 };
    const token = async () => {
        asked.times += 1;
        const { times } = asked;
        await wait(ms);
        return give(times);
    };
    return { asked, token };
}

function parallel(payments) {
    return Promise.all(Array.from({ length: PARALLEL }, () => payments.orders.get(ID)));
}

test("50 first calls ask for one token", async () => {
    const { asked, token } = source(() => "pit-first-token");
    const { payments, requests } = stub(guarded(() => "pit-first-token"), { token });
    await parallel(payments);
    assert.deepEqual([asked.times, requests.length], [1, PARALLEL]);
});

test("50 calls with an expired token ask for one new token, not for 50", async () => {
    let valid = "pit-token-1";
    const { asked, token } = source((times) => `pit-token-${times}`);
    const { payments, requests } = stub(guarded(() => valid), { token });
    await payments.orders.get(ID);
    valid = "pit-token-2";
    await parallel(payments);
    assert.deepEqual([asked.times, requests.length], [2, 1 + 2 * PARALLEL]);
    await parallel(payments);
    assert.equal(asked.times, 2);
});

test("refusals that come one after the other, before, during and after the refresh, ask for one new token", async () => {
    let valid = "pit-token-1";
    const { asked, token } = source((times) => `pit-token-${times}`, 10);
    const { payments, requests } = stub(guarded(() => valid, (before) => before % PARALLEL), { token });
    await payments.orders.get(ID);
    valid = "pit-token-2";
    await parallel(payments);
    assert.deepEqual([asked.times, requests.length], [2, 1 + 2 * PARALLEL]);
});

test("payments that wait for a refresh are recorded once each", async () => {
    const { asked, token } = source((times) => `pit-token-${times}`);
    const recorded = [];
    const server = guarded(() => "pit-token-2");
    const { payments } = stub(
        async (request, before) => {
            const response = await server(request, before);
            if (response.status === 200) recorded.push((await request.json()).amount);
            return response;
        },
        { token },
    );
    const amounts = Array.from({ length: PARALLEL }, (_, i) => i + 1);
    await Promise.all(amounts.map((amount) => payments.orders.recordPayment(ID, { mode: "cash", amount })));
    assert.deepEqual(
        recorded.sort((a, b) => a - b),
        amounts,
    );
    assert.equal(asked.times, 2);
});

test("a source that fails fails those who wait for it, once, and each is told why", async () => {
    const cause = new Error("the store is down");
    const { asked, token } = source(() => {
        throw cause;
    });
    const { payments, requests } = stub(ANY_ANSWER, { token });
    const errors = await Promise.all(Array.from({ length: PARALLEL }, () => failure(payments.orders.get(ID))));
    assert.deepEqual([asked.times, requests.length], [1, 0]);
    for (const error of errors) {
        assert.deepEqual([error.name, error.outcome, error.cause], ["AuthenticationError", "not_sent", cause]);
    }
});

test("a token that is refused again and again ends in errors, not in a loop", async () => {
    const { asked, token } = source(() => "pit-stale-token");
    const { payments, requests } = stub(guarded(() => "pit-other"), { token });
    const errors = await Promise.all(Array.from({ length: PARALLEL }, () => failure(payments.orders.get(ID))));
    assert.ok(errors.every((error) => error.name === "AuthenticationError" && error.attempts === 2));
    assert.deepEqual([asked.times, requests.length], [2, 2 * PARALLEL]);
});

/** Everything that a program could print of a value. */
function shown(value) {
    return [
        inspect(value, { depth: Infinity, showHidden: true, getters: true }),
        JSON.stringify(value),
        String(value),
        String(value?.stack),
        Object.entries(value ?? {}).flat().join(),
    ].join("\n");
}

test("a token without the scope is not replaced: the next one would not have it either", async () => {
    for (const message of [
        "The token is not authorized for this scope.",
        ["This authClass type is not allowed to access this scope. Please reach out to the support team"],
    ]) {
        for (const status of [401, 403]) {
            const { asked, token } = source((times) => `token-${times}`);
            const { payments, requests } = stub(() => Response.json({ statusCode: status, message }, { status }), { token });
            const error = await failure(payments.coupons.list());
            assert.equal(error.name, status === 401 ? "AuthenticationError" : "PermissionError");
            assert.deepEqual([asked.times, requests.length, error.messages], [1, 1, [message].flat()]);
            assert.match(error.message, /needs the scope payments\/coupons\.readonly/);
        }
    }
});

test("a client shows its token in no way", async () => {
    const forms = [TOKEN, () => TOKEN, async () => TOKEN];
    for (const token of forms) {
        const { payments } = stub(ANY_ANSWER, { token });
        const result = await payments.orders.get(ID).withResponse();
        const page = payments.orders.list();
        await page;
        for (const value of [payments, payments.orders, result, page, payments.orders.get(ID)]) {
            assert.ok(!shown(value).includes(TOKEN));
        }
        assert.throws(() => structuredClone(payments.orders.list), "a method is no data");
        assert.ok(!shown(structuredClone({ ...payments }, {})).includes(TOKEN));
    }
});

test("an error shows the token in no way, not even when the server repeats it", async () => {
    const escaped = TOKEN.replace("-", "\\u002d");
    const echoes = [
        `{"message":"Bearer ${TOKEN} is bad","traceId":"${TOKEN}"}`,
        `{"message":["${TOKEN}"],"error":"x"}`,
        `{"error":{"message":"${TOKEN}"},"${TOKEN}":1}`,
        `{"message":"Bearer ${escaped}","traceId":"${escaped}"}`,
        `<html>authorization: Bearer ${TOKEN}</html>`,
        `${TOKEN}`,
        `{"data":"${TOKEN}"}`,
        `[${"[".repeat(200)}"${TOKEN}"`,
        `\u0000\ufffd${TOKEN}`,
    ];
    for (const status of [200, 400, 401, 403, 404, 408, 409, 422, 429, 500, 503]) {
        for (const echo of echoes) {
            const headers = { "retry-after": TOKEN, "x-ratelimit-max": TOKEN, "content-type": TOKEN };
            const { payments, events } = stub(() => new Response(echo, { status, headers }), { maxRetries: 1, strict: true });
            const error = await failure(payments.orders.list());
            assert.ok(!shown(error).includes(TOKEN), `${status}: ${shown(error)}`);
            assert.ok(!shown(events).includes(TOKEN));
        }
    }
});

test("an API key that is sent is not in the errors about it", async () => {
    const apiKey = "sk_live_5e1f0c";
    const echo = { message: "bad key", live: { apiKey, publishableKey: "p" } };
    const { payments } = stub(() => Response.json(echo, { status: 422 }));
    const refused = await failure(payments.customProvider.connect({ live: { apiKey, publishableKey: "p" } }));
    assert.equal(refused.name, "InvalidRequestError");
    assert.ok(!shown(refused).includes(apiKey));
    const invalid = await failure(payments.customProvider.connect({ live: { apiKey: [apiKey], publishableKey: apiKey } }));
    assert.equal(invalid.name, "ValidationError");
    assert.ok(!shown(invalid).includes(apiKey));
});

let elsewhere;
let redirecting;

before(async () => {
    elsewhere = createServer((request, response) => {
        elsewhere.requests.push(request.headers);
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(ANY_ANSWER));
    }).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    Object.assign(elsewhere, { requests: [], url: `http://127.0.0.1:${elsewhere.address().port}` });
    redirecting = createServer((request, response) => {
        redirecting.requests.push(request.headers);
        const [, status] = request.url.split("/");
        request.resume().on("end", () => response.writeHead(Number(status), { location: `${elsewhere.url}/taken` }).end());
    }).listen(0, "127.0.0.1");
    await once(redirecting, "listening");
    Object.assign(redirecting, { requests: [], url: `http://127.0.0.1:${redirecting.address().port}` });
});

after(() => {
    for (const server of [elsewhere, redirecting]) {
        server?.closeAllConnections();
        server?.close();
    }
});

/** The statuses with which a server can send a client elsewhere. */
const REDIRECTS = [301, 302, 303, 307, 308];

test("a redirect to another origin is an error; nothing is sent there", async () => {
    for (const status of REDIRECTS) {
        const baseUrl = `${redirecting.url}/${status}`;
        const payments = new PaymentsClient({ token: TOKEN, locationId: LOCATION, baseUrl });
        for (const name of METHODS) {
            const error = await failure(call(payments, name));
            // 303 is also what a server says that has acted.
            const outcome = status >= 307 || /\.(list|get)/.test(name) ? "rejected" : "unknown";
            assert.deepEqual([error.code, error.status, error.outcome], ["unexpected_answer", status, outcome], name);
            assert.match(error.message, /redirect/);
        }
    }
    assert.equal(redirecting.requests.length, REDIRECTS.length * METHODS.length);
    assert.ok(redirecting.requests.every((headers) => headers.authorization === `Bearer ${TOKEN}`));
    assert.deepEqual(elsewhere.requests, []);
});

const WORKER = `
    import { PaymentsClient } from "ghl-payments";
    export default {
        async fetch(request, { token, locationId, baseUrl, statuses }) {
            const errors = [];
            for (const status of statuses) {
                const payments = new PaymentsClient({ token, locationId, baseUrl: baseUrl + "/" + status });
                const calls = [payments.orders.get("a"), payments.orders.recordPayment("a", { mode: "cash" })];
                for (const call of calls) errors.push(await call.catch(({ code, status }) => [code, status]));
            }
            return Response.json(errors);
        },
    };
`;

test("in workerd as well", async () => {
    const bindings = { token: TOKEN, locationId: LOCATION, baseUrl: redirecting.url, statuses: REDIRECTS };
    const worker = await startWorker(WORKER, { bindings });
    try {
        const before = redirecting.requests.length;
        const errors = await (await worker.dispatchFetch("http://worker.test/")).json();
        const expected = REDIRECTS.flatMap((status) => [["unexpected_answer", status], ["unexpected_answer", status]]);
        assert.deepEqual(errors, expected);
        assert.equal(redirecting.requests.length - before, expected.length);
        assert.deepEqual(elsewhere.requests, []);
    } finally {
        await worker.dispose();
    }
});

test("the search that every suite of this folder runs under finds what leaks", () => {
    const program = (body) => `
        import { PaymentsClient } from "ghl-payments";
        const token = "pit-8f6a7c1e-leak";
        const fetch = async (url, { headers }) => { ${body} };
        const payments = new PaymentsClient({ token, locationId: "l", fetch, maxRetries: 0 });
        await payments.orders.get("a").catch(() => {});
    `;
    const preload = new URL("../support/secrets.mjs", import.meta.url).href;
    const run = (body) => {
        const options = { cwd: dirname(fileURLToPath(import.meta.url)), encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" } };
        return spawnSync(process.execPath, ["--import", preload, "--input-type=module", "-e", program(body)], options);
    };
    const leak = run("throw new Error(headers.Authorization)");
    assert.match(leak.stderr, /an error holds the token pit-8f6a7c1e-leak/);
    assert.equal(leak.status, 1);
    const tight = run("return Response.json({ message: token }, { status: 400 })");
    assert.match(tight.stdout, /searched for 1 tokens: 1 clients, 1 errors, 2 events, 1 requests/);
    assert.deepEqual([tight.status, tight.stderr], [0, ""]);
});

test("deadlineMs bounds the wait for a token", async () => {
    const never = () => new Promise(() => {});
    const { payments, requests } = stub(ANY_ANSWER, { token: never, deadlineMs: 30 });
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome, requests.length], ["TimeoutError", "not_sent", 0]);
    assert.match(error.message, /token .*deadlineMs/);
});

/** A client whose token is refused; `renew` is asked for another one. */
function refused(renew, options) {
    let asked = 0;
    const token = () => (asked++ === 0 ? TOKEN : renew());
    return stub(() => Response.json({ message: "Invalid JWT" }, { status: 401 }), { token, ...options });
}

test("what ends the wait for a fresh token is what the error says", async () => {
    const late = refused(() => new Promise(() => {}), { deadlineMs: 30 });
    const error = await failure(late.payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome, error.status], ["TimeoutError", "rejected", 401]);
    assert.deepEqual([error.retryable, error.attempts], [true, 1]);

    const controller = new AbortController();
    const aborted = refused(() => {
        setTimeout(() => controller.abort());
        return new Promise(() => {});
    });
    const gone = await failure(aborted.payments.orders.get(ID, { signal: controller.signal }));
    assert.deepEqual([gone.name, gone.outcome, gone.retryable], ["AbortedError", "rejected", false]);

    const broken = refused(() => Promise.reject(new Error("no")));
    assert.equal((await failure(broken.payments.orders.get(ID))).name, "AuthenticationError");
});

test("a fresh token that comes when the time is over makes a TimeoutError, not an AuthenticationError", async () => {
    const { payments, requests } = refused(
        async () => {
            await wait(60);
            return "pit-fresh";
        },
        { deadlineMs: 50, timeoutMs: 40 },
    );
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome, requests.length], ["TimeoutError", "rejected", 1]);
});

test("timeoutMs bounds the wait for a token too", async () => {
    const { payments, requests } = stub(ANY_ANSWER, { token: () => new Promise(() => {}), timeoutMs: 30 });
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome, requests.length], ["TimeoutError", "not_sent", 0]);
});

test("a token that was replaced after a 401 is masked too", async () => {
    let asked = 0;
    const token = () => (asked++ === 0 ? TOKEN : "pit-another-secret");
    const { payments } = stub(() => Response.json({ message: `no ${TOKEN}` }, { status: 401 }), { token });
    const error = await failure(payments.orders.get(ID));
    assert.equal(error.attempts, 2);
    assert.ok(!shown(error).includes(TOKEN), shown(error));
});

test("a key of a provider that the server quotes in a sentence is masked", async () => {
    const keys = { apiKey: "sk_live_9f8e7d6c", publishableKey: "pk_live_1a2b3c4d" };
    for (const key of Object.values(keys)) {
        const { payments } = stub(() => Response.json({ message: `invalid key ${key}` }, { status: 422 }));
        const error = await failure(payments.customProvider.connect({ live: keys }));
        assert.match(error.message, /invalid key \[redacted\]/);
        assert.ok(!shown(error).includes(key), shown(error));
    }
});
