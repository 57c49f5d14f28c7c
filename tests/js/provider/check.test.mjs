// `npx ghl-payments provider-check`: what it says of a provider that is right, and of the mistakes that were seen in public.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { join } from "node:path";
import test, { after } from "node:test";
import { accountLookup, createQueryHandler, failed, pending, succeeded } from "ghl-payments/edge";
import { PACKAGE } from "../support/support.mjs";

const KEY = "sk_test_of_the_provider_check";
const LOCATION = "3SwdhCu3svxI8AKsPJt6";

const servers = [];
after(() => servers.forEach((server) => server.close()));

/** A server on this machine; `answer` gets a Request and gives a Response. */
async function serve(answer) {
    const server = createServer(async (incoming, outgoing) => {
        const body = [];
        for await (const chunk of incoming) body.push(chunk);
        const hasBody = !["GET", "HEAD"].includes(incoming.method);
        const request = new Request(`http://127.0.0.1${incoming.url}`, {
            method: incoming.method,
            headers: incoming.headers,
            ...(hasBody && { body: Buffer.concat(body) }),
        });
        const response = await answer(request);
        const headers = [...response.headers].flat();
        outgoing.writeHead(response.status, headers).end(Buffer.from(await response.arrayBuffer()));
    });
    servers.push(server);
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${server.address().port}`;
}

/** What the command finds, by the name of the check. */
function check(words, env = {}) {
    return new Promise((resolve) => {
        // What takes as long as that is stuck.
        const options = { timeout: 120_000, env: { ...process.env, NODE_OPTIONS: "", GHL_API_KEY: "", ...env } };
        execFile(process.execPath, [join(PACKAGE, "cli/cli.js"), "provider-check", ...words], options, (error, stdout, stderr) => {
            const found = {};
            if (words.includes("--json") && stdout !== "") for (const { check, verdict } of JSON.parse(stdout).checks) found[check] ??= verdict;
            resolve({ code: error?.code ?? 0, stdout, stderr, found });
        });
    });
}

const failures = ({ found }) => Object.keys(found).filter((name) => found[name] === "fail");

/** A provider that is right. */
function right(charges = { paid: { minor: 1050, transactionId: "t-paid" } }) {
    return createQueryHandler({
        lookup: accountLookup([{ locationId: LOCATION, mode: "test", apiKey: KEY }]),
        verify(q) {
            const charge = charges[q.chargeId];
            if (charge === undefined || charge.transactionId !== q.transactionId) return failed("There is no such charge");
            const paid = { amount: { minor: charge.minor, currency: "USD" } };
            if (q.kind === "payment") return succeeded(q, { charge: paid });
            return succeeded(q, { charge: paid, subscription: { id: "s", status: "active", nextCharge: 4_102_444_800 } });
        },
        listPaymentMethods: () => [{ id: "pm", type: "card", title: "Visa", subTitle: "**** 1111", expiry: "02/29" }],
        chargePayment: () => failed("no such method"),
        createSubscription: () => failed("no such method"),
        cancelSubscription: () => failed("no such subscription"),
        refund: () => failed("no such charge"),
        onEvent: () => {},
    });
}

const PAGE = "<!doctype html><title>Pay</title><script>parent.postMessage(JSON.stringify({type:'custom_provider_ready',loaded:true}),'*')</script>";
const html = (headers = {}, body = PAGE) => () => new Response(body, { headers: { "content-type": "text/html; charset=utf-8", ...headers } });

test("a provider that is right passes, with and without its key", async () => {
    const [queryUrl, page] = [await serve(right()), await serve(html({ "content-security-policy": "default-src 'self'; frame-ancestors *" }))];
    const stranger = await check([queryUrl, "--payments-url", page, "--json"]);
    assert.deepEqual([stranger.code, failures(stranger), stranger.stderr], [0, [], ""]);
    assert.equal(stranger.found["queryUrl.with the apiKey"], "skip");
    const words = [queryUrl, "--location-id", LOCATION, "--charge-id", "paid", "--transaction-id", "t-paid", "--subscription-id", "sub", "--amount", "10.50"];
    const friend = await check([...words, "--json"], { GHL_API_KEY: KEY });
    assert.deepEqual([friend.code, failures(friend)], [0, []], friend.stdout);
    assert.ok(!friend.stdout.includes(KEY));
    for (const name of ["verify.paid", "verify.again", "verify.reused", "verify.subscription", "list", "refund.unknown", "time", "secrets"]) {
        assert.equal(friend.found[`queryUrl.${name}`], "ok", `${name}: ${friend.stdout}`);
    }
    const lines = (await check(words, { GHL_API_KEY: KEY })).stdout.trim().split("\n");
    assert.ok(lines.slice(0, -1).every((line) => /^(ok {2}|warn|fail|skip) queryUrl\.\S/.test(line)), lines.join("\n"));
    assert.match(lines.at(-1), /^\d+ passed, \d+ warned, 0 failed, 0 skipped$/);
    console.log(`figure: provider-check: ${lines.length - 1} checks of a queryUrl, one line each`);
});

test("a subscription's payment is asked about with its subscription, every time", async () => {
    const [subscriptionId, charge] = ["sub-1", ["--charge-id", "paid", "--transaction-id", "t-paid"]];
    /** A provider that knows what the charge began, and compares it. */
    const serveOne = async (snapshots) => {
        const asked = [];
        const url = await serve(async (request) => {
            const { type, apiKey, ...query } = (await request.json().catch(() => undefined)) ?? {};
            if (apiKey !== KEY) return Response.json({ success: false }, { status: 401 });
            if (type !== "verify" || query.chargeId !== "paid") return Response.json({ failed: true });
            asked.push(query);
            const fits = query.transactionId === "t-paid" && query.subscriptionId === subscriptionId;
            const at = 1_767_225_600;
            const chargeSnapshot = { id: "paid", status: "succeeded", amount: 10.5, chargeId: "paid", chargedAt: at };
            const subscription = { subscriptionStatus: "active", subscriptionSnapshot: { id: "s", status: "active", trialEnd: 0, createdAt: at, nextCharge: at } };
            return Response.json(fits ? { success: true, chargeSnapshot, ...(snapshots && subscription) } : { failed: true });
        });
        return { url, asked };
    };
    const { url, asked } = await serveOne(true);
    const words = [...charge, "--subscription-id", subscriptionId, "--amount", "10.5", "--json"];
    const found = await check([url, ...words], { GHL_API_KEY: KEY });
    assert.deepEqual([found.code, failures(found)], [0, []], found.stdout);
    for (const name of ["paid", "subscription", "again", "reused"]) assert.equal(found.found[`queryUrl.verify.${name}`], "ok", `${name}: ${found.stdout}`);
    assert.ok(asked.length >= 8 && asked.every((query) => query.subscriptionId === subscriptionId), JSON.stringify(asked));
    // An answer without what the subscription needs is no verify that is wrong, but the subscription stays incomplete.
    const bare = await check([(await serveOne(false)).url, ...words], { GHL_API_KEY: KEY });
    assert.deepEqual([bare.code, failures(bare)], [1, ["queryUrl.verify.subscription"]], bare.stdout);
    // Of any other payment HighLevel names none.
    const plain = await serveOne(true);
    await check([plain.url, ...charge, "--json"], { GHL_API_KEY: KEY });
    assert.ok(plain.asked.length >= 8 && plain.asked.every((query) => !("subscriptionId" in query)), JSON.stringify(plain.asked));
});

test("the mistakes of public code are found", async () => {
    const json = (body, status = 200) => Response.json(body, { status });
    const cases = {
        "says success to everybody": [() => json({ success: true }), ["wrong-key.verify", "no-key.verify", "verify.unknown", "list"]],
        "crashes on what it does not know": [
            async (request) => {
                try {
                    const { apiKey } = await request.json();
                    return apiKey.length > 0 && apiKey === KEY ? json({ success: false, message: "no" }) : json({ error: "key" }, 401);
                } catch (error) {
                    return new Response(error.stack, { status: 500 });
                }
            },
            ["no-key.verify", "no-json", "no-body", "traces"],
        ],
        "wraps its list, and spells it cancelled": [
            async (request) => {
                const { type, apiKey } = (await request.json().catch(() => undefined)) ?? {};
                if (apiKey !== KEY) return json({ success: false }, 401);
                if (type === "list_payment_methods") return json({ data: [] });
                return json({ success: false, message: apiKey });
            },
            ["list", "secrets"],
        ],
        "answers another thing each time": [
            (() => {
                let times = 0;
                return async (request) => {
                    const { type, apiKey } = (await request.json().catch(() => undefined)) ?? {};
                    if (apiKey !== KEY) return json({ success: false }, 401);
                    return type === "verify" ? json(++times % 2 ? { failed: true } : { success: false }) : json([]);
                };
            })(),
            ["verify.again"],
        ],
        "leaves the subscription out": [
            async (request) => {
                const { apiKey, chargeId } = (await request.json().catch(() => undefined)) ?? {};
                if (apiKey !== KEY) return json({ success: false }, 401);
                return json(chargeId === "paid" ? { success: true } : { success: false, message: "no" });
            },
            ["verify.subscription"],
        ],
        "refunds without a key": [
            async (request) => {
                const { type, apiKey } = (await request.json().catch(() => undefined)) ?? {};
                if (type === "refund") return json({ success: true, id: "r", amount: 0.01, currency: "USD" });
                return apiKey === KEY ? json({ success: false, message: "no" }) : json({ success: false }, 401);
            },
            ["no-key.refund", "wrong-key.refund", "refund.unknown", "refund.negative"],
        ],
    };
    for (const [name, [answer, expected]] of Object.entries(cases)) {
        const words = [await serve(answer), "--charge-id", "paid", "--transaction-id", "t", "--subscription-id", "s", "--location-id", LOCATION, "--json"];
        const found = await check(words, { GHL_API_KEY: KEY });
        assert.equal(found.code, 1, name);
        assert.ok(!found.stdout.includes(KEY), name);
        for (const one of expected) assert.equal(found.found[`queryUrl.${one}`], "fail", `${name}: ${one}\n${found.stdout}`);
    }
    const reused = await check([await serve(createQueryHandler({
        lookup: accountLookup([{ locationId: LOCATION, mode: "test", apiKey: KEY }]),
        verify: (q) => (q.chargeId === "paid" ? succeeded() : pending()),
        onEvent: () => {},
    })), "--charge-id", "paid", "--transaction-id", "t", "--location-id", LOCATION, "--json"], { GHL_API_KEY: KEY });
    assert.deepEqual([reused.code, reused.found["queryUrl.verify.reused"]], [0, "warn"], reused.stdout);
});

test("what was not named is skipped, and no fault of the provider", async () => {
    const queryUrl = await serve(right());
    const all = { "--location-id": LOCATION, "--charge-id": "paid", "--transaction-id": "t-paid" };
    for (const [left, skipped] of [
        [["--location-id"], ["list", "subscribe.unknown"]],
        [["--transaction-id"], ["verify.paid"]],
        [["--location-id", "--charge-id", "--transaction-id"], ["list", "subscribe.unknown", "verify.paid"]],
    ]) {
        const words = Object.entries(all).filter(([name]) => !left.includes(name)).flat();
        const found = await check([queryUrl, ...words, "--json"], { GHL_API_KEY: KEY });
        assert.deepEqual([found.code, failures(found)], [0, []], found.stdout);
        assert.deepEqual(Object.keys(found.found).filter((name) => found.found[name] === "skip").sort(), skipped.map((name) => `queryUrl.${name}`).sort());
        for (const name of skipped) assert.match(JSON.parse(found.stdout).checks.find(({ check }) => check === `queryUrl.${name}`).message, /--\w+-id$/);
    }
});

test("what is no provider, and a key that is not known, are named", async () => {
    const answers = {
        "a page": () => html()(),
        "a page that takes no POST": (request) => (request.method === "GET" ? html()() : new Response("no", { status: 405 })),
        "plain text": () => new Response("OK"),
        "nothing": () => new Response(null),
        "a number": () => Response.json(1),
    };
    for (const [name, answer] of Object.entries(answers)) {
        const found = await check([await serve(answer), "--json"], { GHL_API_KEY: KEY });
        assert.deepEqual([found.code, found.found["queryUrl.reachable"]], [1, "fail"], `${name}\n${found.stdout}`);
    }
    const some = await check([await serve(async (request) => {
        const { apiKey } = (await request.json().catch(() => undefined)) ?? {};
        return typeof apiKey === "string" ? Response.json({ failed: true }, { status: 401 }) : html()();
    }), "--json"]);
    assert.equal(some.found["queryUrl.no-key.verify"], "fail", some.stdout);

    const words = ["--location-id", LOCATION, "--json"];
    const wrong = await check([await serve(right()), ...words], { GHL_API_KEY: "sk_test_of_another" });
    assert.deepEqual([wrong.code, failures(wrong), wrong.found["queryUrl.with the apiKey"]], [1, ["queryUrl.key"], "skip"], wrong.stdout);
    assert.match(wrong.stdout, /this apiKey is not known there/);
    assert.ok(!wrong.stdout.includes("sk_test_of_another"));
    const alike = await check([await serve(() => Response.json({ failed: true, message: "no" })), ...words], { GHL_API_KEY: KEY });
    assert.equal(alike.found["queryUrl.key"], "warn");
    const known = await check([await serve(right()), ...words], { GHL_API_KEY: KEY });
    assert.equal(known.found["queryUrl.key"], "ok");
});

test("a page that cannot be embedded is found", async () => {
    const cases = [
        [html({ "x-frame-options": "DENY" }), "framing", "fail"],
        [html({ "x-frame-options": "SAMEORIGIN" }), "framing", "fail"],
        [html({ "x-frame-options": "DENY", "content-security-policy": "frame-ancestors *" }), "framing", "ok"],
        [html({ "content-security-policy": "frame-ancestors 'none'" }), "framing", "fail"],
        [html({ "content-security-policy": "frame-ancestors 'self'" }), "framing", "fail"],
        [html({ "content-security-policy": "frame-ancestors *, frame-ancestors 'self'" }), "framing", "fail"],
        [html({ "content-security-policy": "frame-ancestors https://*.gohighlevel.com" }), "framing", "fail"],
        [html({ "content-security-policy": "frame-ancestors https://*.gohighlevel.com https://*.leadconnectorhq.com *.msgsndr.com https://link.fastpaydirect.com" }), "framing", "warn"],
        [html({ "content-security-policy": "frame-ancestors https:" }), "framing", "ok"],
        [html({ "content-security-policy": "default-src 'self'" }), "framing", "ok"],
        [html({ "content-type": "application/json" }), "html", "fail"],
        [html({ "set-cookie": "sid=1; Path=/; SameSite=Lax" }), "cookies", "warn"],
        [html({ "set-cookie": "sid=1; Path=/; SameSite=None; Secure; Partitioned" }), "cookies", "ok"],
        [html({}, "<!doctype html><title>Pay</title>"), "ready", "warn"],
        [() => new Response("login", { status: 401 }), "reachable", "fail"],
        [() => new Response(null, { status: 302, headers: { location: "/" } }), "reachable", "fail"],
        [(request) => (request.url.endsWith("/pay") ? html()() : new Response(null, { status: 307, headers: { location: "/pay" } })), "redirect", "warn"],
    ];
    for (const [answer, name, verdict] of cases) {
        const found = await check(["--payments-url", await serve(answer), "--json"]);
        assert.equal(found.found[`paymentsUrl.${name}`], verdict, `${name}\n${found.stdout}`);
        assert.equal(found.code, failures(found).length > 0 ? 1 : 0);
    }
    const page = await serve((request) => (request.url.endsWith(".js") ? new Response("custom_provider_ready") : html({}, '<script src="/app.js"></script>')()));
    assert.equal((await check(["--payments-url", page, "--json"])).found["paymentsUrl.ready"], "ok");
    const placeholders = await check(["--payments-url", `${page}/?amount={amount}`, "--json"]);
    assert.equal(placeholders.found["paymentsUrl.placeholders"], "fail");
});

test("what does not answer, or only elsewhere, is found", async () => {
    const gone = await serve(right());
    servers.at(-1).close();
    assert.equal((await check([gone, "--json"])).found["queryUrl.reachable"], "fail");
    const slow = await serve(() => new Promise(() => {}));
    assert.equal((await check([slow, "--timeout-ms", "200", "--json"])).found["queryUrl.reachable"], "fail");
    const moved = await serve(() => new Response(null, { status: 308, headers: { location: "/elsewhere" } }));
    assert.equal((await check([moved, "--json"])).found["queryUrl.redirect"], "fail");
    assert.equal((await check(["http://192.0.2.1/", "--timeout-ms", "200", "--json"])).found["queryUrl.https"], "fail");
});

test("no answer keeps the checks busy, however it was made", async () => {
    const head = { "content-type": "text/html" };
    for (const part of ["\n", " \n", "at a (", "at a (:1", "\n at :", "\\n at x", "at x"]) {
        const text = `{}${part.repeat(1_900_000 / part.length)}`;
        const found = await check([await serve(() => new Response(text, { status: 400, headers: { "content-type": "application/json" } })), "--json"]);
        assert.ok(found.stdout.includes("queryUrl.time"), `${JSON.stringify(part)}: ${found.stdout}${found.stderr}`);
    }
    for (const part of ["<script ", "<script", "<meta ", "<meta http-equiv=", "<script src", "<script src = ", "<script\n\n", "src="]) {
        const found = await check(["--payments-url", await serve(() => new Response(part.repeat(1_900_000 / part.length), { headers: head })), "--json"]);
        assert.equal(found.found["paymentsUrl.ready"], "warn", `${JSON.stringify(part)}: ${found.stdout}${found.stderr}`);
    }
});

test("stack traces are found in the forms in which servers send them", async () => {
    const traces = [
        "Error: x\n    at verify (/app/query.js:10:5)",
        JSON.stringify({ stack: "Error: x\n    at verify (/app/query.js:10:5)\n    at /app/x.mjs:1:2" }),
        "Traceback (most recent call last):", "in /var/www/query.php:10", "Exception\n\tat com.example.Query.verify(Query.kt:10)",
    ];
    for (const text of traces) {
        const found = await check([await serve(() => new Response(text, { status: 400 })), "--json"]);
        assert.equal(found.found["queryUrl.traces"], "fail", text);
    }
    const none = await check([await serve(() => Response.json({ success: false, message: "come at 10:30\n\n" }, { status: 400 })), "--json"]);
    assert.equal(none.found["queryUrl.traces"], "ok");
});

test("what a server writes neither steers the terminal nor tells the key, in whatever form it has it", async () => {
    const key = 'sk/test+of "the\\key?=~x';
    const all = encodeURIComponent(key);
    const forms = [
        key, all, all.toLowerCase(), encodeURI(key), new URLSearchParams({ k: key }).toString().slice(2), JSON.stringify(key).slice(1, -1),
        Buffer.from(key).toString("base64"), Buffer.from(key).toString("base64url"), Buffer.from(key).toString("hex"),
        [...Buffer.from(key)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
    ];
    for (const form of forms) {
        const moved = await serve(() => new Response(null, { status: 308, headers: { location: `/a?k=${form}` } }));
        const told = await check([moved], { GHL_API_KEY: key });
        assert.match(told.stdout, /a POST is redirected to/);
        assert.match(told.stdout, /\[apiKey\]/, form);
    }
    for (const form of [all.toLowerCase(), JSON.stringify(key), Buffer.from(key).toString("base64")]) {
        const echo = await check([await serve(() => Response.json({ success: false, m: form }, { status: 401 })), "--json"], { GHL_API_KEY: key });
        assert.equal(echo.found["queryUrl.secrets"], "fail", form);
    }
    const escape = "\u001b[2J\u001b]0;owned\u0007\u009b31m\u202e";
    const page = await serve(() => new Response("x", { headers: { "content-type": "text/plain; x=\u009b31m", "set-cookie": "a\u009b31m=1" } }));
    const list = await serve(() => Response.json({ success: true, [escape]: 1, chargeSnapshot: { status: escape } }));
    for (const more of [[], ["--json"]]) {
        const told = await check([list, "--payments-url", page, "--charge-id", "c", ...more], { GHL_API_KEY: KEY });
        assert.doesNotMatch(told.stdout, /[^\P{Cc}\n]|\u202e/u, told.stdout);
        assert.match(told.stdout, /\\u009b31m/);
    }
});

test("words that are wrong are named", async () => {
    for (const [words, message] of [
        [[], /the address of the queryUrl is missing/],
        [["example.com"], /must be an absolute URL/],
        [["ftp://example.com"], /must be an absolute URL/],
        [["https://a.example", "https://b.example"], /--payments-url/],
        [["https://a.example", "--amount", "x"], /--amount takes a number/],
        [["https://a.example", "--colour", "red"], /colour/],
    ]) {
        const { code, stderr } = await check(words);
        assert.equal(code, 2, words.join(" "));
        assert.match(stderr, message);
        assert.match(stderr, /Usage: ghl-payments provider-check/);
    }
    const { code, stdout } = await check(["--help"]);
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: ghl-payments provider-check/);
});
