// The sandbox in one process: a list of 20, the same deep in 100,000 orders, and how long so many take to start.
// `cargo xtask bench` builds the package first and starts this with --expose-gc.

import assert from "node:assert/strict";
import { createSandbox } from "ghl-payments/sandbox";

// Microseconds that a list of 20 may take, from `fetch` to the last byte, and milliseconds until 100,000 orders are there.
const LIST_LIMIT = 300;
const START_LIMIT = 2000;
const CALLS = 3000;
const WARM_UP_CALLS = 500;
const MANY = 100_000;

const rateLimit = { max: 4_000_000_000, daily: 4_000_000_000 };

const small = await lists(createSandbox({ seed: 7, rateLimit }), 0);
const started = performance.now();
const large = createSandbox({ seed: 7, size: MANY, rateLimit });
const start = performance.now() - started;
const first = await lists(large, 0);
const deep = await lists(large, MANY - 20);

console.log(`median of ${CALLS} lists of 20 orders, Node ${process.version}`);
line("300 orders", small, "us", LIST_LIMIT);
line("100,000 orders, first page", first, "us", LIST_LIMIT);
line("100,000 orders, last page", deep, "us", LIST_LIMIT);
line("start of 100,000 orders", start, "ms", START_LIMIT);

function line(what, value, unit, limit) {
    console.log(`${what.padEnd(32)}${value.toFixed(0).padStart(7)} ${unit}  (limit ${limit})`);
    if (value <= limit) return;
    console.error(`over the limit: ${what} takes ${value.toFixed(0)} ${unit}, more than ${limit}`);
    process.exitCode = 1;
}

/** The median time of a list of 20, from the call until its body is read. */
async function lists({ fetch, locationId, token }, offset) {
    const headers = { authorization: `Bearer ${token()}`, version: "2021-07-28" };
    const url = `https://services.leadconnectorhq.com/payments/orders?altId=${locationId}&altType=location&limit=20`;
    const times = [];
    globalThis.gc?.();
    for (let call = -WARM_UP_CALLS; call < CALLS; call++) {
        const before = performance.now();
        const response = await fetch(`${url}&offset=${offset}`, { headers });
        const body = await response.arrayBuffer();
        if (call >= 0) times.push((performance.now() - before) * 1000);
        else if (call === -1) assert.equal(JSON.parse(new TextDecoder().decode(body)).data.length, 20);
    }
    return times.sort((a, b) => a - b)[CALLS >> 1];
}
