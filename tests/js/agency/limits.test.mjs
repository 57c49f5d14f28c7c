// The limits of a location are counted in its object: HighLevel never has to answer 429, the time is used, and whoever waits for an
// answer goes before the sync.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startSync } from "../support/agency-worker.mjs";

const SIZE = 40_200;
/** The sandbox's clock goes so many times as fast; its answers name the interval as it is on the Worker's. */
const SPEED = 2;
const LIMITS = { max: 100, intervalMs: 10_000 / SPEED };
const OPTIONS = `{
    token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
    fetch: async (url, init) => {
        const answer = await fetch(url, init);
        const headers = new Headers(answer.headers);
        headers.set("x-ratelimit-interval-milliseconds", "${LIMITS.intervalMs}");
        return new Response(answer.body, { status: answer.status, headers });
    },
}`;
const [BIG, SMALL] = ["location0", "location1"];

let sync;
before(async () => {
    sync = await startSync({ sandbox: { locations: 2, size: SIZE, limits: "real", speed: SPEED }, options: OPTIONS });
});
after(() => sync?.stop());

/** How many answers of 429 there were among the requests that the sandbox remembers. */
const refused = async () => (await sync.sandbox.requests()).filter(({ status }) => status === 429).length;

test("one location: no answer of 429, and at most 1.2 times the time that the limit demands", async () => {
    const run = await sync.start({ streams: ["orders"], locations: [BIG] });
    let most = 0;
    const counting = (async () => {
        for (let state = "running"; state === "running"; { state } = await sync.status(run)) {
            most = Math.max(most, await refused());
            await pause(500);
        }
    })();
    const { startedAt, endedAt, records } = await sync.ended(run);
    await counting;
    assert.deepEqual([records, most, await refused()], [SIZE, 0, 0]);
    const requests = Math.ceil(SIZE / 100);
    const shortest = (Math.ceil(requests / LIMITS.max) - 1) * LIMITS.intervalMs;
    const took = endedAt - startedAt;
    const ratio = (took / shortest).toFixed(2);
    console.log(`figure: agency: ${requests} pages of one location at ${LIMITS.max} requests in ${LIMITS.intervalMs} ms: 0 answers of 429, ${took} ms, ${ratio} times the shortest possible time`);
    assert.ok(took <= 1.2 * shortest, `${took} ms, the shortest possible time is ${shortest} ms`);
});

let run;
test("interactive calls share the object's limit and go first", async () => {
    run = await sync.start({ streams: ["orders"], locations: [SMALL] });
    await sync.when(run, ({ records }) => records > 9000, "its limit is used");
    const token = sync.sandbox.tokens[SMALL];
    const calls = [];
    // As many as the sync leaves free at any time.
    for (let i = 0; i < 10; i++) calls.push(await sync.ask("/order", { location: SMALL, token, limit: 3 }));
    assert.equal((await sync.status(run)).state, "running", "the sync was at work all the time");
    assert.ok(calls.every(({ count }) => count === 3));
    const waits = calls.map(({ ms }) => ms).sort((a, b) => a - b);
    console.log(`figure: agency: ${calls.length} interactive calls beside a sync at its limit: median ${waits[5]} ms, longest ${waits.at(-1)} ms, 0 answers of 429`);
    // More at once than are left to them: they take the place of the sync's requests.
    const many = await Promise.all(Array.from({ length: 60 }, () => sync.ask("/order", { location: SMALL, token, limit: 3 })));
    assert.ok(many.every(({ count }) => count === 3));
    assert.equal(await refused(), 0);
});

test("killed where its limit is just used up, a location knows that when it begins again", async () => {
    await sync.agency.kill();
    await sync.agency.restart();
    const { records } = await sync.ended(run);
    assert.deepEqual([records, await refused()], [SIZE, 0]);
    console.log("figure: agency: SIGKILL of a location at its limit: 0 answers of 429 behind it");
});
