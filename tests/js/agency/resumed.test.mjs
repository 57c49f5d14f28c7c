// What makes a location try at once: a run that is resumed, whatever pause it is in, and a clock that was ahead and is right again.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { COMPANY, startSync } from "../support/agency-worker.mjs";

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 4, size: 30, limits: "lifted" },
        options: `() => ({
            token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
            parallel: 1,
            now: () => globalThis.stopped ?? Date.now() + (globalThis.ahead ?? 0),
        })`,
        routes: `"/set": (env, values) => (Object.assign(globalThis, values), {}),`,
    });
});
after(() => sync?.stop());

/** Those of most tests; the last one's limit is used up. */
const [LIMITED, ...OTHERS] = ["location3", "location0", "location1", "location2"];

const failed = (run) => sync.when(run, ({ locations }) => locations.every(({ failures }) => failures > 0), "all have failed");

test("a run that is resumed tries everything at once, whatever pause a location is in", async () => {
    await sync.sandbox.addFault("status=503", { times: 1000 });
    const run = await sync.start({ streams: ["orders"], locations: OTHERS });
    // The clock stands still: no pause is ever over by itself. One of the three has the slot at a time.
    await sync.ask("/set", { stopped: Date.now() });
    await failed(run);
    await sync.sandbox.clearFaults();
    await pause(500);
    assert.equal((await sync.status(run)).counts.done, 0, "they wait");
    await sync.ask("/resume", { run });
    assert.equal((await sync.ended(run)).counts.done, 3);
    await sync.ask("/set", { stopped: null });
});

test("a location that was stopped by HighLevel's own limit waits for it, however often the run is resumed", async () => {
    await sync.sandbox.addFault("status=429;retry-after=600", { locationId: LIMITED, times: 1000 });
    const run = await sync.start({ streams: ["orders"], locations: [LIMITED] });
    await failed(run);
    const asked = (await sync.sandbox.requests()).length;
    for (let i = 0; i < 3; i++) {
        await sync.ask("/resume", { run });
        await sync.when(run, ({ counts }) => counts.waiting === 1);
        await pause(300);
    }
    assert.equal((await sync.sandbox.requests()).length, asked);
    await sync.sandbox.clearFaults();
    await sync.ask("/set", { ahead: 600_000 });
    await sync.ask("/resume", { run });
    assert.equal((await sync.ended(run)).counts.done, 1);
    await sync.ask("/set", { ahead: 0 });
});

test("a clock that was a year ahead, and is right again, makes no location wait for that time", async () => {
    const ahead = 366 * 86_400_000;
    await sync.sandbox.addFault("status=503", { times: 1000 });
    await sync.ask("/set", { ahead });
    const run = await sync.start({ streams: ["orders"], locations: OTHERS });
    await failed(run);
    await sync.sandbox.clearFaults();
    await sync.ask("/set", { ahead: 0 });
    // Each gets the message of its next turn, as from a company whose clock was always right; nobody resumes anything.
    const message = { type: "sync", company: COMPANY, run, slice: 9, started: Date.now() + ahead, streams: ["orders"], mode: "full", details: false, othersWait: false };
    await sync.ask("/deliver", { bodies: OTHERS.map((location) => ({ ...message, location })) });
    const { counts } = await sync.ended(run);
    assert.equal(counts.done, 3);
});
