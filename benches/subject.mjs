// What runs inside of an engine: opens the ways, holds what they deliver against each other, then times them.

import { cases } from "./answers.mjs";
import { BASE, rounds } from "./rounds.mjs";

/** As HighLevel answers; the figures are such that no limiter has a reason to wait. */
const HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "X-RateLimit-Limit-Daily": "1000000000",
    "X-RateLimit-Daily-Remaining": "999999999",
    "X-RateLimit-Interval-Milliseconds": "10000",
    "X-RateLimit-Max": "100000000",
    "X-RateLimit-Remaining": "99999999",
};
const SETTINGS = { token: "bench", locationId: "ve9EPM428h8vShlRW1KT", orderId: "653f5e0cde5a1314e62a837c" };
const STUBBED = "https://services.leadconnectorhq.com";

/**
 * `load` gives the module of a way; `ways` and `only` name what is to be measured; with an `origin` the calls go there,
 * otherwise to a stub. Returns for each case and way its times, or why there are none.
 */
export async function run({ ways, only, origin, count, warmUp, sampleMs, seed = 1 }, load) {
    const results = [];
    for (const { name, title, call, body, expected, repaired } of cases()) {
        if (!only.includes(name)) continue;
        const calls = {};
        const states = {};
        for (const way of ways) {
            let answered = false;
            try {
                const settings = origin
                    ? { ...SETTINGS, baseUrl: `${origin}/${name}` }
                    : { ...SETTINGS, baseUrl: STUBBED, fetch: stub(body) };
                const opened = (await load(way)).open(settings);
                answered = true;
                states[way] = judge(await opened[call](), expected, repaired);
                calls[way] = opened[call];
            } catch (error) {
                // What only this answer is refused for is a verdict on the answer.
                const verdict = answered && expected !== repaired ? "rejects" : "fails";
                states[way] = `${verdict}: ${reason(error)}`;
            }
        }
        if (!calls[BASE]) throw new Error(`${BASE} ${states[BASE]}`);
        results.push({ name, title, bytes: body.length, states, ...(await rounds({ calls, count, warmUp, sampleMs, seed })) });
    }
    return results;
}

export { HEADERS };

const reason = (error) => String(error?.message ?? error).replace(/\s+/g, " ").slice(0, 160);

const stub = (body) => async () => new Response(body, { status: 200, headers: HEADERS });

/** Whether a way delivered the records; where some of them need repair, whether it repaired. */
function judge(found, expected, repaired) {
    if (same(found, repaired)) return expected === repaired ? "delivers" : "repairs";
    if (same(found, expected)) return "delivers";
    throw new Error("delivers something else");
}

/** Equal as data, whatever the order of keys; whether something besides is there (methods of a page) does not matter. */
function same(found, expected) {
    if (typeof expected !== "object" || expected === null) return Object.is(found, expected);
    if (typeof found !== "object" || found === null || Array.isArray(found) !== Array.isArray(expected)) return false;
    const keys = Object.keys(expected);
    if (Array.isArray(expected) && found.length !== expected.length) return false;
    return keys.every((key) => same(found[key], expected[key]));
}
