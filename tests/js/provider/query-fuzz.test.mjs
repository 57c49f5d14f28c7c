// What strangers may send: nothing crashes, nothing is answered with 500, and a wrong apiKey takes as long as any other.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { accountLookup, createQueryHandler, failed, succeeded } from "ghl-payments/edge";

const SAMPLES = JSON.parse(readFileSync(new URL("../../fixtures/provider/queries.json", import.meta.url), "utf8"));
const REQUESTS = Object.entries(SAMPLES).filter(([name]) => name.includes("_request")).map(([, body]) => body);
const KEY = "sk_test_0f9e8d7c6b5a43210f9e8d7c6b5a4321";
const LOCATION = "3SwdhCu3svxI8AKsPJt6";
const ALL = process.env.GHL_APPS === "all";
/** What the figures promise; otherwise as many as take some seconds. */
const QUERIES = ALL ? 200_000 : 40_000;

function make(options = {}) {
    const charge = { chargeId: "c", amount: { minor: 10_000, currency: "USD" } };
    const subscription = { id: "s", status: "active", nextCharge: 1_726_896_000 };
    return createQueryHandler({
        lookup: accountLookup([{ locationId: LOCATION, mode: "test", apiKey: KEY }]),
        verify: (q) => (q.kind === "payment" ? succeeded(q, { charge }) : succeeded(q, { charge, subscription })),
        listPaymentMethods: () => [],
        chargePayment: (q) => succeeded(q, { chargeId: "c" }),
        createSubscription: (q) => succeeded(q, { subscription }),
        cancelSubscription: (q) => succeeded(q),
        refund: (q) => (q.amount.minor > 50 ? failed("no") : succeeded(q, { id: "r" })),
        onEvent: () => {},
        ...options,
    });
}

function generator(seed) {
    return () => {
        seed = (seed + 0x6d2b79f5) | 0;
        let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    };
}

test("of many queries that are broken in some way none crashes the handler, and none is answered with 500", async () => {
    const random = generator(16);
    const pick = (list) => list[Math.floor(random() * list.length)];
    const odd = [null, "", 0, -1, 1e308, -0, true, [], {}, [[]], { $ne: 1 }, "\u0000", "\ud800", "x".repeat(300), 1.005, "1,000.00", "NaN", "1e400", "__proto__", "2026-13-45", [{}], [null], "usd", "€", 9007199254740993];
    const names = [...new Set(REQUESTS.flatMap((body) => Object.keys(body))), "__proto__", "constructor", "toString", "kind", "account", "idempotencyKey"];
    const types = [...REQUESTS.map(({ type }) => type), "INSTALL", "toString", "__proto__", "verify ", "VERIFY", 7, null];
    function body() {
        const one = { ...pick(REQUESTS), apiKey: KEY };
        if (one.locationId !== undefined) one.locationId = LOCATION;
        one.transactionId &&= `t${Math.floor(random() * 1000)}`;
        one.chargeId &&= `c${Math.floor(random() * 1000)}`;
        for (let changes = Math.floor(random() * 4); changes > 0; changes--) {
            const way = random();
            if (way < 0.2) delete one[pick(Object.keys(one))];
            else if (way < 0.3) one.type = pick(types);
            else Object.defineProperty(one, pick(names), { value: pick(odd), enumerable: true, configurable: true, writable: true });
        }
        let text = JSON.stringify(one);
        if (random() < 0.3) {
            const at = Math.floor(random() * text.length);
            const piece = pick(["", "\"", "{", "}", "[", ",", ":", "\\", "\u0000", "\u00ff", "9", "e", text.slice(at, at + 20), "[".repeat(200), ",\"amount\":1", "\ufeff"]);
            text = text.slice(0, at) + piece + text.slice(at + Math.floor(random() * 3));
        }
        return text;
    }
    const handler = make();
    const counts = new Map();
    let leaks = 0;
    // Many at once, but not all: each is a Request.
    for (let done = 0; done < QUERIES; done += 500) {
        await Promise.all(
            Array.from({ length: 500 }, async () => {
                const text = body();
                const bytes = new TextEncoder().encode(text);
                if (random() < 0.05) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
                const response = await handler(new Request("https://p.test/", { method: "POST", body: bytes, headers: { "content-type": "application/json" } }));
                const answer = await response.text();
                JSON.parse(answer);
                if (answer.includes(KEY)) leaks++;
                counts.set(response.status, (counts.get(response.status) ?? 0) + 1);
            }),
        );
    }
    const statuses = [...counts].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`).join(", ");
    console.log(`figure: queryUrl: ${QUERIES.toLocaleString("en")} fuzzed queries, 0 crashes, ${counts.get(500) ?? 0} answers with status 500 (${statuses})`);
    assert.deepEqual([...counts.keys()].filter((status) => status >= 500), []);
    assert.equal(leaks, 0);
    // Otherwise nothing was tried.
    for (const status of [200, 400, 401]) assert.ok(counts.get(status) > QUERIES / 50, statuses);
});

test("how long a wrong apiKey takes", { skip: !ALL && "with --all" }, async () => {
    const handler = make({ lookup: accountLookup(Array.from({ length: 20 }, (_, i) => ({ locationId: LOCATION, mode: "test", apiKey: i === 10 ? KEY : `${KEY}${i}` }))) });
    const other = (at) => KEY.slice(0, at) + (KEY[at] === "z" ? "y" : "z") + KEY.slice(at + 1);
    const keys = { "first byte": other(0), "last byte": other(KEY.length - 1), unknown: "u".repeat(KEY.length) };
    const times = Object.fromEntries(Object.keys(keys).map((name) => [name, []]));
    const random = generator(7);
    const names = Object.keys(keys);
    for (let round = 0; round < 20_000; round++) {
        // In another order each time, so that nothing comes always behind the same.
        for (const name of names.map((name) => [random(), name]).sort().map(([, name]) => name)) {
            const request = new Request("https://p.test/", { method: "POST", body: JSON.stringify({ type: "verify", apiKey: keys[name], transactionId: "t", chargeId: "c" }) });
            const began = process.hrtime.bigint();
            await handler(request);
            times[name].push(Number(process.hrtime.bigint() - began) / 1000);
        }
    }
    // Welch's t over the faster nine tenths: what the machine does in between is no news about the key.
    const kept = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, list.sort((a, b) => a - b).slice(0, Math.floor(list.length * 0.9))]));
    const about = (list) => {
        const mean = list.reduce((sum, one) => sum + one, 0) / list.length;
        return { mean, error: list.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (list.length - 1) / list.length };
    };
    const stats = Object.fromEntries(Object.entries(kept).map(([name, list]) => [name, about(list)]));
    const t = (a, b) => Math.abs(stats[a].mean - stats[b].mean) / Math.sqrt(stats[a].error + stats[b].error);
    const pairs = [["first byte", "last byte"], ["first byte", "unknown"], ["last byte", "unknown"]];
    const texts = pairs.map(([a, b]) => `${a} against ${b}: t = ${t(a, b).toFixed(2)}`).join(", ");
    const means = Object.entries(stats).map(([name, { mean }]) => `${name} ${mean.toFixed(2)} us`).join(", ");
    console.log(`figure: queryUrl: wrong apiKeys, 20,000 of each: ${means}; ${texts} (below 4.5 says nothing)`);
});
