// What a record costs as lists grow, what a call costs as more are under way, and what waiting calls cost. Prints a line for each.

import { PaymentsClient } from "ghl-payments";
import { manyOrders, page } from "./many.mjs";
import { spread } from "./rounds.mjs";

const options = { token: "t", locationId: "l", limiter: false };

await calls();
await waiting();
await records();
process.exit(0);

/** Iterates lists of so many orders, 100 to the page; against raw calls for the same pages, round by round. */
async function records() {
    const figures = [];
    for (const total of [10, 100, 1000, 10_000, 100_000]) {
        // Made once: what is timed is the reading. Pages overlap, so that the offsets are the client's choice.
        const bodies = new Map();
        const fetch = async (url) => {
            const offset = Number(new URL(url).searchParams.get("offset") ?? 0);
            if (!bodies.has(offset)) bodies.set(offset, page(offset, 100, total));
            return new Response(bodies.get(offset));
        };
        const payments = new PaymentsClient({ ...options, fetch });
        const ours = async () => {
            let count = 0;
            for await (const _ of payments.orders.list({ limit: 100 })) count++;
            if (count !== total) throw new Error(`${count} of ${total}`);
        };
        const decoder = new TextDecoder();
        const raw = async () => {
            for (let offset = 0; offset < total; offset += 100) {
                const response = await fetch(`https://services.leadconnectorhq.com/payments/orders?offset=${offset}`);
                JSON.parse(decoder.decode(await response.arrayBuffer()));
            }
        };
        const times = await turns({ raw, ours }, total >= 100_000 ? 2 : total >= 10_000 ? 7 : 25, Math.max(1, 1000 / total));
        figures.push({ total, each: spread(times.ours).median / total, ratio: spread(times.ours.map((time, at) => time / times.raw[at])).median });
    }
    const line = figures.map(({ total, each, ratio }) => `${total.toLocaleString("en")}: ${each.toFixed(1)} us (${ratio.toFixed(2)} of raw)`);
    // The first page holds the cost of a call. The ratios are compared: a machine that is busy meanwhile is so for both.
    const flat = figures.slice(1).map(({ ratio }) => ratio);
    const rise = Math.max(...flat) / Math.min(...flat) - 1;
    console.log(`a record of a list of ${line.join("; ")}; from 100 on the ratios differ by ${(rise * 100).toFixed(0)} % (target 10${rise > 0.1 ? ", missed" : ""})`);
}

async function calls() {
    const body = page(0, 1, 1);
    const order = body.subarray('{"data":['.length, body.length - '],"totalCount":1}'.length);
    const fetch = async () => new Response(order);
    const payments = new PaymentsClient({ ...options, fetch });
    const counts = [1, 10, 50, 200];
    const ways = Object.fromEntries(counts.map((count) => [count, () => Promise.all(Array.from({ length: count }, () => payments.orders.get("a")))]));
    const times = {};
    for (const count of counts) times[count] = (await turns({ [count]: ways[count] }, 40, 400 / count))[count].map((time) => time / count);
    const medians = counts.map((count) => spread(times[count]).median);
    const rise = Math.max(...medians) / medians[0] - 1;
    const line = counts.map((count, at) => `${count} at once: ${medians[at].toFixed(0)} us`);
    console.log(`a call of ${line.join("; ")}; at most ${(rise * 100).toFixed(0)} % above one alone (target 15${rise > 0.15 ? ", missed" : ""})`);
}

/** 10,000 calls at once, 1000 of which may go out in 100 ms: processor time for each, the waiting included. */
async function waiting() {
    const COUNT = 10_000;
    const headers = { "X-RateLimit-Max": "1000", "X-RateLimit-Interval-Milliseconds": "100", "X-RateLimit-Remaining": "999" };
    const fetch = async () => new Response('{"_id":"a"}', { headers });
    const payments = new PaymentsClient({ token: "t", locationId: "l", fetch });
    await payments.orders.get("a");
    const [cpu, start] = [process.cpuUsage(), performance.now()];
    await Promise.all(Array.from({ length: COUNT }, () => payments.orders.get("a")));
    const { user, system } = process.cpuUsage(cpu);
    const seconds = (performance.now() - start) / 1000;
    console.log(`${COUNT.toLocaleString("en")} calls waiting for a limiter of 1,000 in 100 ms: ${((user + system) / COUNT).toFixed(0)} us of processor time for each, ${seconds.toFixed(1)} s in all`);
}

/** Microseconds of each way in every round, in turn. */
async function turns(ways, count, repeat) {
    const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
    for (let round = -Math.ceil(count / 3); round < count; round++) {
        for (const [name, way] of Object.entries(ways)) {
            globalThis.gc?.({ type: "minor" });
            const start = performance.now();
            for (let at = 0; at < repeat; at++) await way();
            if (round >= 0) times[name].push(((performance.now() - start) * 1000) / Math.ceil(repeat));
        }
    }
    return times;
}
