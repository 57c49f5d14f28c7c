// consoleLogger prints what happens, from its level on, and nothing secret.

import assert from "node:assert/strict";
import test from "node:test";
import { consoleLogger } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { failure, ID, stub, thrown, TOKEN } from "../support/stub.mjs";

const METHODS = ["debug", "info", "warn", "error"];

/** What reaches the console while something is done. */
async function printed(act) {
    const lines = [];
    const kept = METHODS.map((name) => [name, console[name]]);
    for (const name of METHODS) console[name] = (...values) => lines.push([name, ...values]);
    try {
        await act();
    } finally {
        for (const [name, write] of kept) console[name] = write;
    }
    return lines;
}

const operation = { id: "get-order-by-id", name: "orders.get", method: "GET", path: "/payments/orders/{orderId}" };
const EVENTS = [
    { type: "request", attempt: 1 },
    { type: "response", attempt: 1, status: 200, durationMs: 12.4 },
    { type: "response", attempt: 1, status: 404, durationMs: 12.6 },
    { type: "response", attempt: 2, status: 503, durationMs: 3 },
    { type: "retry", attempt: 2, delayMs: 512.7, reason: "server_error", status: 503 },
    { type: "retry", attempt: 1, delayMs: 500, reason: "network_error" },
    { type: "drift", path: "amount", expected: "number", found: "text", repaired: true },
    { type: "drift", path: "", expected: "object", found: "list", repaired: false },
].map((event) => ({ operation, ...event }));

test("each kind of event has its line and its weight", async () => {
    const lines = await printed(() => EVENTS.forEach(consoleLogger("debug")));
    assert.deepEqual(lines, [
        ["debug", "ghl-payments orders.get: request, attempt 1"],
        ["debug", "ghl-payments orders.get: 200 after 12 ms, attempt 1"],
        ["warn", "ghl-payments orders.get: 404 after 13 ms, attempt 1"],
        ["error", "ghl-payments orders.get: 503 after 3 ms, attempt 2"],
        ["warn", "ghl-payments orders.get: server_error (503), sent again in 513 ms"],
        ["warn", "ghl-payments orders.get: network_error, sent again in 500 ms"],
        ["info", "ghl-payments orders.get: amount should be number, found text; repaired"],
        ["warn", "ghl-payments orders.get: the answer should be object, found list"],
    ]);
});

test("a level leaves out what weighs less", async () => {
    const count = async (level) => (await printed(() => EVENTS.forEach(consoleLogger(level)))).length;
    const levels = ["debug", "info", "warn", "error", undefined];
    const counts = [];
    for (const level of levels) counts.push(await count(level));
    assert.deepEqual(counts, [8, 6, 5, 1, 6]);
});

test("there is no other level", () => {
    for (const level of ["verbose", "", null, 2]) {
        const error = thrown(() => consoleLogger(level));
        assert.ok(error instanceof TypeError);
        assert.match(error.message, /debug, info, warn, error/);
    }
});

test("an event that a later version knows is printed by its type", async () => {
    const event = { operation, type: "eclipse", remaining: 5 };
    assert.deepEqual(await printed(() => consoleLogger("debug")(event)), [
        ["debug", "ghl-payments orders.get: eclipse"],
    ]);
    assert.deepEqual(await printed(() => consoleLogger("info")(event)), []);
});

test("a client tells it what happens, and no secret reaches the console", async () => {
    const sandbox = createSandbox();
    const token = sandbox.token();
    const { payments } = stub(null, {
        token,
        locationId: sandbox.locationId,
        fetch: sandbox.fetch,
        onEvent: consoleLogger("debug"),
    });
    const lines = await printed(async () => {
        sandbox.faults.add("status=503", { operation: "orders.list" });
        const [order] = (await payments.orders.list({ limit: 1, search: "" })).data;
        sandbox.faults.add("drift=quoted", { operation: "orders.get" });
        await payments.orders.get(order._id);
        await payments.customProvider.connect({ live: { apiKey: "sk_secret", publishableKey: "pk" } });
    });
    const text = lines.map((line) => line.join(" ")).join("\n");
    assert.match(text, /^error ghl-payments orders\.list: 503 after \d+ ms, attempt 1$/m);
    assert.match(text, /^warn ghl-payments orders\.list: server_error \(503\), sent again in \d+ ms$/m);
    assert.match(text, /^info ghl-payments orders\.get: \S*amount should be number, found text; repaired$/m);
    assert.match(text, /^debug ghl-payments customProvider\.connect: 200 /m);
    for (const secret of [token, "sk_secret"]) assert.ok(!text.includes(secret));
});

test("a refused token does not appear either", async () => {
    const body = { statusCode: 401, message: `Invalid JWT ${TOKEN}` };
    const answer = () => Response.json(body, { status: 401 });
    const lines = await printed(async () => {
        const { payments } = stub(answer, { onEvent: consoleLogger("debug") });
        await failure(payments.orders.get(ID));
    });
    assert.ok(lines.length > 0);
    assert.ok(!lines.flat().join().includes(TOKEN));
});
