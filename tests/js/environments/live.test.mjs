// The suite `live` against the sandbox over HTTP, as it runs against an account of HighLevel.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { createSandbox } from "ghl-payments/sandbox";

const SUITE = fileURLToPath(new URL("../../live/account.test.mjs", import.meta.url));

/** Serves a sandbox whose state and requests a test can look at. */
async function serve() {
    const sandbox = createSandbox({ seed: 7 });
    const server = createServer(async (incoming, outgoing) => {
        const chunks = await incoming.toArray();
        const { method, headers } = incoming;
        const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
        const response = await sandbox.fetch(new Request(`http://sandbox${incoming.url}`, { method, headers, body }));
        outgoing.writeHead(response.status, Object.fromEntries(response.headers));
        outgoing.end(Buffer.from(await response.arrayBuffer()));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const stop = () => {
        server.close();
        server.closeAllConnections();
    };
    return { sandbox, baseUrl: `http://127.0.0.1:${server.address().port}`, stop };
}

/** Runs the suite; gives how it ended and what it printed. */
async function run({ sandbox, baseUrl }, environment = {}) {
    const child = spawn(process.execPath, ["--test", "--test-reporter=tap", SUITE], {
        env: {
            ...process.env,
            NODE_OPTIONS: "",
            NODE_TEST_CONTEXT: undefined,
            GHL_BASE_URL: baseUrl,
            GHL_TOKEN: sandbox.token(),
            GHL_LOCATION: sandbox.locationId,
            GHL_ALLOW_WRITES: undefined,
            GHL_ORDER: undefined,
            ...environment,
        },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    const [code] = await once(child, "close");
    const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(output)?.[1]);
    assert.ok(!output.includes(sandbox.token()), "the token is printed nowhere");
    return { code, output, passed: count("pass"), failed: count("fail"), skipped: count("skipped") };
}

/** Runs an act with a served sandbox. */
async function serving(act) {
    const served = await serve();
    try {
        await act(served);
    } finally {
        served.stop();
    }
}

const account = (sandbox) => {
    const { now, ...state } = sandbox.state();
    return state;
};

test("without GHL_ALLOW_WRITES it reads each resource and changes nothing", () =>
    serving(async (served) => {
        const { sandbox } = served;
        const before = account(sandbox);
        const { code, output, passed, failed, skipped } = await run(served);
        assert.deepEqual({ code, failed, skipped }, { code: 0, failed: 0, skipped: 2 }, output);
        assert.ok(passed >= 14, output);
        assert.ok(sandbox.requests.every(({ method }) => method === "GET"));
        const read = new Set(sandbox.requests.map(({ operation }) => operation));
        // All twelve operations that read.
        assert.equal(read.size, 12, [...read].join());
        assert.deepEqual(account(sandbox), before);
        assert.match(output, /rate limit: 100 in 10000 ms/);
    }));

test("with GHL_ALLOW_WRITES it leaves no coupon behind, and records a payment only where GHL_ORDER names its order", () =>
    serving(async (served) => {
        const { sandbox } = served;
        const held = () => sandbox.state().locations[0];
        const before = held();
        const GHL_ORDER = before.orders.find((order) => order.paymentStatus === "unpaid" && order.amount > 1)._id;
        const without = await run(served, { GHL_ALLOW_WRITES: "1" });
        assert.deepEqual([without.code, without.failed, without.skipped], [0, 0, 2], without.output);
        assert.equal(held().transactions.length, before.transactions.length);
        const { code, output, failed, skipped } = await run(served, { GHL_ALLOW_WRITES: "1", GHL_ORDER });
        assert.deepEqual([code, failed, skipped], [0, 0, 1], output);
        assert.deepEqual(held().coupons, before.coupons);
        assert.equal(held().transactions.length, before.transactions.length + 1);
        assert.match(output, /meta of the transaction: (holds|lacks) the reference/);
    }));

test("an answer that the models do not know fails it, with the field and without its value", () =>
    serving(async (served) => {
        served.sandbox.faults.add("drift=quoted", { operation: "orders.get" });
        const { code, output, failed } = await run(served);
        assert.deepEqual([code, failed], [1, 1], output);
        assert.match(output, /get-order-by-id: amount: expected number, found text, repaired/);
    }));

test("a token that opens nothing, or not everything, is said in words", () =>
    serving(async (served) => {
        const wrong = await run(served, { GHL_TOKEN: "not-the-token" });
        assert.equal(wrong.code, 1);
        assert.match(wrong.output, /AuthenticationError \(authentication_failed, status 401/);
        const GHL_TOKEN = served.sandbox.token({ scopes: ["payments/orders.readonly"] });
        const some = await run(served, { GHL_TOKEN });
        assert.deepEqual([some.code, some.failed], [0, 0], some.output);
        assert.match(some.output, /SKIP the token lacks the scope of list-transactions/);
    }));

