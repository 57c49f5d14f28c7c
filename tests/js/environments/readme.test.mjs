// Runs every recipe of the package's README as it stands there, against a sandbox, and holds its tables against the API.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as library from "ghl-payments";
import { TokenKeeper } from "ghl-payments/cloudflare";
import { createSandbox } from "ghl-payments/sandbox";
import { framed } from "../provider/checkout-stub.mjs";
import { OPERATIONS } from "../support/operations.mjs";
import { PACKAGE, tool } from "../support/support.mjs";

const { transform } = tool("esbuild");
const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
const folder = await mkdtemp(join(dirname(fileURLToPath(import.meta.url)), "recipes-"));
after(() => rm(folder, { recursive: true }));

/** The text below a heading, up to the next one of its level or above. */
function section(title, level) {
    const heading = `\n${"#".repeat(level)} ${title}\n`;
    const start = readme.indexOf(heading);
    assert.ok(start >= 0, `the README has a section "${title}"`);
    const text = readme.slice(start + heading.length);
    const end = text.search(new RegExp(`^#{1,${level}} `, "m"));
    return end < 0 ? text : text.slice(0, end);
}

const blocks = (text) => [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
const rows = (text) =>
    [...text.matchAll(/^\| `.*$/gm)].map(([line]) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));

/** A sandbox behind the global `fetch`, and what a recipe takes for given. */
async function prepare() {
    const sandbox = createSandbox({ seed: 7 });
    const token = sandbox.token();
    const { locationId } = sandbox;
    const payments = new library.PaymentsClient({ token, locationId, fetch: sandbox.fetch });
    const [order] = (await payments.orders.list({ paymentStatus: "unpaid", limit: 1 })).data;
    return {
        sandbox,
        token,
        locationId,
        payments,
        orderId: order._id,
        fetch: sandbox.fetch,
        before: sandbox.requests.length,
    };
}

/** Acts while some globals are others. */
async function withGlobals(globals, act) {
    const kept = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
    for (const [name, value] of Object.entries(globals)) {
        Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    }
    try {
        return await act();
    } finally {
        for (const [name, descriptor] of kept) {
            delete globalThis[name];
            if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        }
    }
}

/** Durable Objects of the class `TokenKeeper`, in memory. */
function objects() {
    const keepers = new Map();
    const made = () => {
        const held = new Map();
        const storage = {
            get: async (key) => structuredClone(held.get(key)),
            put: async (key, value) => void held.set(key, structuredClone(value)),
            deleteAll: async () => held.clear(),
            setAlarm: async () => {},
            deleteAlarm: async () => {},
        };
        return new TokenKeeper({ storage }, {});
    };
    return { idFromName: (name) => name, get: (id) => keepers.get(id) ?? keepers.set(id, made()).get(id) };
}

let files = 0;

/** Runs one block as a module; gives its exports, what it printed and what it sent. */
async function run(code, { sandbox, before, ...globals }) {
    const file = join(folder, `${(files += 1)}.mjs`);
    await writeFile(file, (await transform(code, { loader: "ts", target: "es2022" })).code);
    const lines = [];
    const write = (...values) => lines.push(values.join(" "));
    const console = { debug: write, info: write, log: write, warn: write, error: write };
    const module = await withGlobals({ ...globals, console }, () => import(pathToFileURL(file)));
    return { module, lines, sent: sandbox.requests.slice(before) };
}

const operations = ({ sent }) => sent.map(({ operation, status }) => `${operation} ${status}`);

/** What must be true after each recipe; a recipe without an entry fails. */
const RECIPES = {
    async "List one page"(code) {
        const { lines, sent } = await run(code, await prepare());
        assert.match(lines[0], /^20 of \d+$/);
        assert.equal(lines[1], "then 20 more");
        assert.deepEqual(
            sent.map(({ query }) => Object.fromEntries(query).paymentStatus),
            ["paid", "paid"],
        );
    },
    async "Go through all of them"(code) {
        const given = await prepare();
        const { lines } = await run(code, given);
        const { transactions } = given.sandbox.state().locations[0];
        const failed = transactions.filter(({ status }) => status === "failed").length;
        assert.ok(failed > 0 && transactions.length > 100);
        assert.equal(lines[0], `${failed} failed; 25 subscriptions`);
    },
    async "Read one order"(code) {
        const given = await prepare();
        const found = await run(code, given);
        assert.match(found.lines[0], /^\d+(\.\d+)? [A-Z]{3} [1-9]\d*$/);
        const missing = await run(code, { ...given, orderId: "0".repeat(24) });
        assert.match(missing.lines[0], /^there is no such order; trace id \S{8}/);
    },
    async "Record a payment, once"(code, once) {
        for (const [fault, said, recorded] of [
            [undefined, "recorded", 1],
            ["applied-then=500", "recorded", 1],
            ["truncated", "recorded", 1],
            ["drop", "not found", 0],
        ]) {
            const given = await prepare();
            if (fault) given.sandbox.faults.add(fault, { operation: "orders.recordPayment" });
            const count = () => given.sandbox.state().locations[0].transactions.length;
            const earlier = count();
            const { lines, sent } = await run(code, given);
            assert.deepEqual([lines[0], count() - earlier], [said, recorded], fault);
            assert.equal(sent.filter(({ operation }) => operation === "orders.recordPayment").length, 1);
        }
        // What was recorded although the answer does not say so.
        for (const answer of [{}, { success: false }, null]) {
            const given = await prepare();
            const { token, locationId } = given;
            const fetch = async (url, init) => {
                const response = await given.fetch(url, init);
                return url.includes("/record-payment") ? Response.json(answer) : response;
            };
            const payments = new library.PaymentsClient({ token, locationId, fetch });
            const { lines } = await run(code, { ...given, payments });
            assert.equal(lines[0], "recorded", JSON.stringify(answer));
        }
        for (const [fault, said] of [
            [undefined, "true answer"],
            ["applied-then=drop", "true reference"],
        ]) {
            const given = await prepare();
            if (fault) given.sandbox.faults.add(fault, { operation: "orders.recordPayment" });
            assert.deepEqual((await run(once, given)).lines, [said, "true"], fault);
            // The job runs again.
            assert.deepEqual((await run(once, given)).lines, ["true reference", "true"], fault);
        }
    },
    async "Create, change and delete a coupon"(code) {
        const result = await run(code, await prepare());
        assert.deepEqual(operations(result), [
            "coupons.create 201",
            "coupons.update 200",
            "coupons.get 200",
            "coupons.delete 200",
        ]);
        assert.equal(result.lines[0], "15");
        assert.deepEqual(
            result.lines
                .slice(1)
                .map((line) => line.split(" ")[0])
                .sort(),
            ["discountValue", "startDate"],
        );
    },
    async "Connect your own payment provider"(code) {
        const result = await run(code, await prepare());
        assert.deepEqual(
            operations(result).map((line) => line.split(" ")[0]),
            [
                "customProvider.create",
                "customProvider.connect",
                "customProvider.updateCapabilities",
                "customProvider.getConfig",
            ],
        );
        assert.deepEqual(result.lines, ["My Pay https://pay.example/query"]);
    },
    async "Take a payment in HighLevel's checkout"(code) {
        const messages = JSON.parse(await readFile(new URL("../../fixtures/provider/messages.json", import.meta.url), "utf8"));
        for (const [props, answer] of [
            [{ ...messages.payment_props_real_order, amount: 10.5 }, { chargeId: "ch_1050" }],
            [{ ...messages.payment_props_real_order, amount: 6.66 }, { error: { description: "Card declined" } }],
            [messages.setup_props, {}],
        ]) {
            const page = framed();
            const gateway = {
                charge: async ({ minor, currency, reference }) => {
                    assert.deepEqual([currency, reference], ["USD", props.transactionId]);
                    return { id: `ch_${minor}`, declined: minor === 666 };
                },
                saveCard: async (contact) => assert.equal(contact, props.contact.id),
            };
            const running = run(code, { ...(await prepare()), gateway });
            while (page.posted.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
            page.say(JSON.stringify(props));
            await running;
            page.restore();
            const { type, ...content } = JSON.parse(page.answers()[0].data);
            assert.equal(type, `custom_element_${answer.error ? "error" : "success"}_response`);
            assert.deepEqual(content, answer);
        }
    },
    async "Status, headers and rate limit of an answer"(code) {
        const given = await prepare();
        const { lines } = await run(code, given);
        assert.match(lines[0], new RegExp(`^${given.orderId} 200 1 \\d+$`));
        assert.match(lines[1], /^\d+ of 100 requests left$/);
    },
    async "Abort a call, or give it less time"(code) {
        const given = await prepare();
        given.sandbox.faults.add("hang", { operation: "orders.get" });
        assert.deepEqual((await run(code, given)).lines, ["true", "true"]);
    },
    async Retries(code) {
        const given = await prepare();
        given.sandbox.faults.add("status=503", { operation: "orders.list", times: 3 });
        given.sandbox.faults.add("status=503", { operation: "orders.get" });
        const result = await run(code, given);
        assert.equal(result.lines[0], "answered at attempt 4");
        assert.match(result.lines[1], /the API answered 503/);
        assert.deepEqual(operations(result), [
            ...Array(3).fill("orders.list 503"),
            "orders.list 200",
            "orders.get 503",
        ]);
    },
    async "Log an error, or carry it elsewhere"(code) {
        const given = await prepare();
        assert.deepEqual((await run(code, given)).lines, ["true NotFoundError not_found rejected 404"]);
    },
    async "See what happens"(code) {
        const given = await prepare();
        given.sandbox.faults.add("drift=quoted", { operation: "orders.get" });
        const { lines } = await run(code, given);
        assert.equal(lines[0], "ghl-payments orders.get: request, attempt 1");
        assert.match(lines.at(-1), /^drift: .*amount/);
        assert.ok(!lines.join().includes(given.token));
    },
    async "In a Cloudflare Worker"(code) {
        const { token, locationId, fetch, sandbox } = await prepare();
        const { module } = await run(code, { sandbox });
        const asked = (GHL_TOKEN) => {
            const env = { GHL_TOKEN, GHL_LOCATION: locationId };
            return withGlobals({ fetch }, () => module.default.fetch(new Request("https://shop.example/"), env));
        };
        assert.equal((await (await asked(token)).json()).length, 20);
        const refused = await asked("wrong");
        assert.deepEqual([refused.status, (await refused.json()).error], [502, "authentication_failed"]);
    },
    async "In a page, behind your own server"(server, page) {
        const { token, ...given } = await prepare();
        const { locationId } = given;
        const sessionOf = async (request) => (request.headers.get("Cookie") === "session=anna" ? { locationId } : null);
        const upstream = { sessionOf, token, fetch: given.fetch };
        const { module } = await run(server, { ...given, ...upstream });
        const origin = "https://shop.example";
        let cookie = "session=anna";
        const fetch = (url, init) => {
            const request = new Request(url, init);
            request.headers.set("Cookie", cookie);
            assert.equal(new URL(url).origin, origin);
            assert.equal(request.headers.get("Authorization"), null);
            return withGlobals(upstream, () => module.proxy(request));
        };
        const { lines, sent } = await run(page, { ...given, fetch, location: { origin } });
        assert.equal(lines[0].split(",").length, 5);
        assert.deepEqual(operations({ sent }), ["orders.list 200"]);
        assert.equal((await fetch(`${origin}/api/payments/coupon/list`)).status, 403);
        assert.equal((await fetch(`${origin}/api/elsewhere`)).status, 404);
        cookie = "session=nobody";
        assert.equal((await fetch(`${origin}/api/payments/orders`)).status, 401);
    },
    async "Tokens of an app that others install"(code) {
        const redirectUris = ["https://app.example/callback"];
        const sandbox = createSandbox({ seed: 7, app: { redirectUris } });
        const { fetch, app, locationId } = sandbox;
        const env = { TOKENS: objects(), CLIENT_ID: app.clientId, CLIENT_SECRET: app.clientSecret, TOKEN_KEY: "a key of at least 16 characters" };
        const { module } = await run(code, { sandbox, before: 0 });
        const sessionOf = async (request) => {
            const [, id] = /(?:^|; )session=(\w+)/.exec(request.headers.get("Cookie") ?? "") ?? [];
            return id === undefined ? null : { locationId: id };
        };
        const sessionCookie = async (id) => `session=${id}`;
        const ask = (url, init) => withGlobals({ fetch, sessionOf, sessionCookie }, () => module.default.fetch(new Request(url, init), env));
        const begun = await ask("https://app.example/install");
        const chosen = await fetch(`${begun.headers.get("location")}&location_id=${locationId}`, { method: "GET", headers: {}, redirect: "manual" });
        const cookie = begun.headers.get("set-cookie").split(";")[0];
        const back = await ask(chosen.headers.get("location"), { headers: { cookie } });
        assert.deepEqual([back.status, back.headers.get("location")], [302, "/orders"]);
        const [dropped, session] = back.headers.getSetCookie();
        assert.match(dropped, /^__Host-ghl-oauth-.*Max-Age=0/);
        assert.equal((await (await ask("https://app.example/orders", { headers: { cookie: session } })).json()).data.length, 5);
        for (const [path, cookie] of [[`?location=${locationId}`, ""], ["", "session=ve9EPM428h8vShlRW1KT"]]) {
            const nobody = await ask(`https://app.example/orders${path}`, { headers: { cookie } });
            assert.deepEqual([nobody.status, nobody.headers.get("location")], [302, "https://app.example/install"]);
        }
        const again = await ask(chosen.headers.get("location"), { headers: { cookie } });
        assert.deepEqual([again.status, await again.json()], [400, { code: "state_replayed" }]);
    },
    async "Your own `fetch`"(code) {
        const { lines } = await run(code, await prepare());
        assert.deepEqual(lines, ["GET /payments/coupon/list true"]);
    },
    async "Bring your own wasm"(code) {
        const given = await prepare();
        const asset = new Response(await readFile(join(PACKAGE, "core.wasm")), {
            headers: { "Content-Type": "application/wasm" },
        });
        const fetch = async (url, init) => (url === "/assets/core.wasm" ? asset : given.fetch(url, init));
        assert.deepEqual((await run(code, { ...given, fetch })).lines, ["300"]);
    },
    async "Against the sandbox"(code) {
        const none = () => assert.fail("there is no network");
        assert.deepEqual((await run(code, { ...(await prepare()), fetch: none })).lines, ["unknown"]);
    },
};

const titles = [...section("Recipes", 2).matchAll(/^### (.+)$/gm)].map(([, title]) => title);

for (const title of titles) {
    test(`recipe: ${title}`, async () => {
        assert.ok(RECIPES[title], "it says what must be true after it");
        await RECIPES[title](...blocks(section(title, 3)));
    });
}

test("every recipe is there, and the first lines of the README run as well", async () => {
    assert.deepEqual(titles, Object.keys(RECIPES));
    console.log(`${titles.length} recipes of the README are run`);
    const given = await prepare();
    const { lines } = await run(blocks(readme)[0], given);
    const completed = given.sandbox.state().locations[0].orders.filter(({ status }) => status === "completed");
    assert.equal(lines.length, completed.length);
});

test("the first lines of the README count the operations of the contract", () => {
    const [, count] = /All (\d+) operations/.exec(readme);
    assert.equal(Number(count), OPERATIONS.length);
});

test("the table of the official SDK's methods names every operation, each with its method here", () => {
    // The official SDK is generated: its names are the operationIds in camel case.
    const camelCase = (id) => id.replace(/[- ](\w)/g, (_, letter) => letter.toUpperCase());
    const wanted = OPERATIONS.map(({ id, name }) => [`\`${camelCase(id)}\``, `\`${name}\``]);
    const found = rows(section("Coming from the official SDK", 2)).map(([, theirs, ours]) => [theirs, ours]);
    assert.deepEqual(found.sort(), wanted.sort());
});

test("the table of errors names every class", () => {
    const found = rows(section("Errors", 2)).map(([, name]) => name.replaceAll("`", ""));
    const isError = ([name, value]) => name !== "PaymentsError" && value.prototype instanceof library.PaymentsError;
    const wanted = Object.entries(library)
        .filter(isError)
        .map(([name]) => name);
    assert.deepEqual(found.sort(), wanted.sort());
});

test("the table of options names every option", async () => {
    const declared = async (file, name) => {
        const declarations = await readFile(join(PACKAGE, file), "utf8");
        const [, body] = new RegExp(`^export interface ${name} (?:extends \\w+ )?\\{(.*?)^\\}`, "ms").exec(declarations);
        return [...body.matchAll(/^    (\w+)\?:/gm)].map(([, field]) => field);
    };
    const wanted = [
        ...(await declared("client/options.d.cts", "ClientSettings")),
        ...(await declared("core.d.cts", "PlainClientOptions")),
    ];
    assert.ok(wanted.includes("token") && wanted.includes("timeoutMs"));
    const found = rows(section("Options", 2)).map(([, name]) => name.replaceAll("`", ""));
    assert.deepEqual(found.sort(), wanted.sort());
});

test("the table of entries names what can be imported", async () => {
    const { exports } = JSON.parse(await readFile(join(PACKAGE, "package.json"), "utf8"));
    const wanted = Object.keys(exports)
        .filter((entry) => entry !== "./package.json")
        .map((entry) => `\`ghl-payments${entry.slice(1)}\``);
    const found = rows(readme.slice(0, readme.indexOf("\n## "))).map(([, name]) => name);
    assert.deepEqual(found.sort(), wanted.sort());
});

test("api.md tells of each operation how it is called, what it needs and what it gives", async () => {
    const api = await readFile(join(PACKAGE, "api.md"), "utf8");
    const SAFETY = { read: "read", idempotent: "idempotent write", once: "non-idempotent write" };
    for (const { name, method, path, scope, safety, docs, body } of OPERATIONS) {
        const [, text] =
            new RegExp(`^### ${name.replace(".", "\\.")}\n(.*?)(?=^##)`, "ms").exec(api) ?? assert.fail(name);
        assert.ok(text.includes(`| request | \`${method} ${path}\` |`), name);
        assert.ok(text.includes(`| scope | ${scope ? `\`${scope}\`` : "HighLevel names none"} |`), name);
        assert.ok(text.includes(`| safety | ${SAFETY[safety]} |`), name);
        assert.ok(text.includes(`](${docs}) |`), name);
        assert.match(text, /^(Answer|Each record): \[`\w+`\]\(#\w+\)$/m, name);
        // The id of what is changed or deleted is an argument of its own; with nothing beside it but the account there are no others.
        const fields = Object.keys(body?.properties ?? {}).filter((field) => field !== "id");
        const missing = fields.filter((field) => !text.includes(`| \`${field}\``));
        assert.deepEqual(fields.every((field) => field.startsWith("alt")) ? [] : missing, [], name);
    }
});
