// Runs every piece of code of docs/provider.md as it stands there.

import assert from "node:assert/strict";
import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { memoryStore } from "ghl-payments/edge";
import { createSandbox } from "ghl-payments/sandbox";

const guide = await readFile(join(process.env.GHL_REPO_ROOT, "docs/provider.md"), "utf8");
const folder = await mkdtemp(join(dirname(fileURLToPath(import.meta.url)), "guide-"));
after(() => rm(folder, { recursive: true }));

const KEY = "sk_test_1234567890";
const LOCATION = "3SwdhCu3svxI8AKsPJt6";

/** Runs a piece as a module, while some globals are others; gives its exports and what it printed. */
async function run(code, globals = {}, act = () => {}) {
    const file = join(folder, `${randomBytes(6).toString("hex")}.mjs`);
    await writeFile(file, code);
    const kept = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
    for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    try {
        const loaded = import(pathToFileURL(file));
        await act();
        return await loaded;
    } finally {
        for (const [name, descriptor] of kept) {
            delete globalThis[name];
            if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        }
    }
}

const GATEWAY = {
    charges: [
        { id: "ch_1", transactionId: "t1", status: "paid", cents: 1050, refundedCents: 0, currency: "USD" },
        // A renewal, of which no query has told.
        { id: "ch_2", transactionId: "t2", status: "paid", cents: 4900, refundedCents: 0, currency: "USD" },
    ],
    charge: async (id) => GATEWAY.charges.find((charge) => charge.id === id),
    find: async ({ chargeId, transactionId }) =>
        GATEWAY.charges.find(({ id, transactionId: of }) => (chargeId === undefined ? of === transactionId : id === chargeId)) ?? null,
    async refund(id, cents, key) {
        GATEWAY.charges.find((charge) => charge.id === id).refundedCents += cents;
        return { id: `re_${key.length > 0 && cents}` };
    },
};
const accounts = { byKeyHash: (hash) => (hash ? { locationId: LOCATION, mode: "test" } : null) };

/** The handler of the guide, with a store in memory. */
async function handlerOf(code) {
    Object.assign(globalThis, { accounts, gateway: GATEWAY });
    const { handler } = await run(code.replace("d1Store(env.DB)", "guideStore"), { guideStore: memoryStore() });
    const headers = { "content-type": "application/json" };
    return (fields) => {
        const body = JSON.stringify({ apiKey: KEY, ...fields });
        return handler(new Request("https://gateway.test/query", { method: "POST", headers, body }));
    };
}

/** As CryptoJS does it. */
function encrypted(text, key) {
    const salt = randomBytes(8);
    const made = [Buffer.alloc(0)];
    for (let i = 0; i < 3; i++) made.push(createHash("md5").update(Buffer.concat([made[i], Buffer.from(key), salt])).digest());
    const bytes = Buffer.concat(made);
    const cipher = createCipheriv("aes-256-cbc", bytes.subarray(0, 32), bytes.subarray(32, 48));
    return Buffer.concat([Buffer.from("Salted__"), salt, cipher.update(text), cipher.final()]).toString("base64");
}

/** What must be true of each piece, by the heading above it; a piece without an entry fails. */
const PIECES = {
    async "The payment page"(code) {
        for (const [status, expected] of [
            ["succeeded", { type: "custom_element_success_response", chargeId: "ch_1" }],
            ["failed", { type: "custom_element_error_response", error: { description: "The card was declined" } }],
        ]) {
            const posted = [];
            const listeners = new Set();
            const parent = {
                postMessage(data) {
                    posted.push(JSON.parse(data));
                    if (posted.length > 1) return;
                    const props = {
                        type: "payment_initiate_props", publishableKey: "pk", amount: 10.5, currency: "usd", mode: "payment",
                        productDetails: [{}], transactionId: "t1", locationId: LOCATION, orderId: "o1",
                    };
                    setTimeout(() => {
                        for (const listen of listeners) listen({ source: parent, origin: "https://app.test", data: JSON.stringify(props) });
                    });
                },
            };
            const asked = [];
            await run(code, {
                parent,
                addEventListener: (type, listen) => type === "message" && listeners.add(listen),
                removeEventListener: (_, listen) => listeners.delete(listen),
                fetch: async (url, init) => (asked.push([url, JSON.parse(init.body).transactionId]), Response.json({ status, chargeId: "ch_1" })),
            });
            assert.deepEqual([asked, posted[0].type, posted.at(-1)], [[["/charges", "t1"]], "custom_provider_ready", expected]);
        }
    },
    async "The queryUrl"(code) {
        const ask = await handlerOf(code);
        const verify = { type: "verify", transactionId: "t1", chargeId: "ch_1" };
        assert.equal((await (await ask(verify)).json()).success, true);
        assert.equal((await (await ask({ ...verify, transactionId: "t2" })).json()).failed, true);
        const refund = { type: "refund", transactionId: "t1", chargeId: "ch_1" };
        assert.equal((await (await ask({ ...refund, amount: 4 })).json()).id, "re_400");
        assert.equal((await (await ask({ ...refund, amount: 7 })).json()).success, false);
        // Also one that no query has told of, and one that is named by its transaction alone.
        for (const more of [{ chargeId: "ch_2" }, { chargeId: undefined }]) {
            assert.equal((await (await ask({ ...refund, transactionId: "t2", amount: 10, ...more })).json()).id, "re_1000");
        }
        assert.match((await (await ask({ ...refund, transactionId: "t3", chargeId: "ch_3", amount: 1 })).json()).message, /not known/);
        assert.equal((await ask({ ...verify, apiKey: "" })).status, 401);
    },
    async Pushes(code) {
        const sent = [];
        await run(code, {
            env: { LIVE_KEY: "sk_live_1", TEST_KEY: KEY, APP_ID: "app" },
            fetch: async (url, init) => (sent.push([url, JSON.parse(init.body)]), Response.json({})),
        });
        const [[url, body]] = sent;
        assert.equal(url, "https://backend.leadconnectorhq.com/payments/custom-provider/webhook");
        assert.deepEqual([body.event, body.apiKey, body.chargeSnapshot.amount], ["payment.captured", "sk_live_1", 1050]);
    },
    async Installing(code) {
        const sandbox = createSandbox({ now: Date.now });
        const { locationId } = sandbox;
        const env = { CLIENT_ID: "a-b", CLIENT_SECRET: "secret-of-the-app", ENCRYPTION_KEY: "k".repeat(32), LIVE_KEY: "sk_live_1", TEST_KEY: KEY, APP_ID: "app" };
        // Its tokens come from the sandbox.
        const piece = code
            .replace("createOAuth, ", "")
            .replace("createOAuth({", "((options) => (globalThis.guideScopes = options.scopes, { token: () => globalThis.guideToken }))({")
            .replace("durableStore(env.TOKENS)", "null")
            .replace(", durableStore", "");
        const globals = { env, fetch: sandbox.fetch, guideToken: sandbox.token(), guideScopes: [] };
        const { setUp } = await run(piece, globals);
        Object.assign(globalThis, { guideToken: globals.guideToken });
        const fetched = globalThis.fetch;
        globalThis.fetch = sandbox.fetch;
        try {
            const handler = { capabilities: { supportsSubscriptionSchedules: true } };
            assert.ok((await setUp(locationId, handler)).changed.includes("connected"));
            assert.deepEqual((await setUp(locationId, handler)).changed, []);
        } finally {
            globalThis.fetch = fetched;
        }
    },
    async "The settings page"(code) {
        const user = { userId: "u", companyId: "c", role: "admin", type: "location", activeLocation: LOCATION };
        globalThis.env = { SSO_KEY: "shared" };
        const { whoIs } = await run(code);
        assert.deepEqual(await whoIs(encrypted(JSON.stringify(user), "shared")), { userId: "u", activeLocation: LOCATION, isAdmin: true });
        delete globalThis.env;
    },
    async "Testing without HighLevel"(code) {
        const lines = [];
        const handler = async (request) => Response.json((await request.json()).apiKey === KEY ? { success: true } : { failed: true });
        await run(code, { handler, env: { TEST_KEY: KEY }, console: { ...console, log: (...values) => lines.push(values) } });
        assert.deepEqual([lines.length, lines[0][0], typeof lines[0][1]], [1, "succeeded", "string"]);
    },
};

const pieces = [];
let heading = "";
for (const [, title, code] of guide.matchAll(/^#{2,3} (.*)$|^```js\n([^]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else pieces.push([heading, code]);
}

test("the guide has a piece for each entry here", () => {
    assert.deepEqual(pieces.map(([name]) => name).sort(), Object.keys(PIECES).sort());
});

for (const [name, code] of pieces) {
    test(name, async () => {
        assert.ok(Object.hasOwn(PIECES, name), `${name} has no entry here`);
        await PIECES[name](code);
    });
}
