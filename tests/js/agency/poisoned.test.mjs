// A location that cannot be read never stops the others: tokens that are refused, answers of 500, web pages, a list without an end.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { assertOnce, COMPANY, startSync } from "../support/agency-worker.mjs";

const POISON = { location0: "status=401", location1: "status=500", location2: "html=200", location3: "endless" };
const HEALTHY = ["location4", "location5", "location6", "location7"];

/** The time of the Worker goes in leaps: the pauses behind a failure are minutes. */
const OPTIONS = `() => {
    globalThis.leap ??= 0;
    return {
        token: (location, context, env) => {
            if (location === "location5" && globalThis.throws) throw Object.assign(new Error("Bearer " + JSON.parse(env.TOKENS_OF)[location]), { retryable: false });
            return JSON.parse(env.TOKENS_OF)[location];
        },
        parallel: 3,
        now: () => Date.now() + globalThis.leap,
    };
}`;
const ROUTES = `
    "/leap": (env, { ms }) => ({ leap: (globalThis.leap += ms) }),
    "/throws": (env, { throws }) => ({ throws: (globalThis.throws = throws) }),
`;

let sync;
before(async () => {
    sync = await startSync({ sandbox: { locations: 8, size: 400, limits: "lifted" }, options: OPTIONS, routes: ROUTES });
    for (const [locationId, fault] of Object.entries(POISON)) await sync.sandbox.addFault(fault, { locationId, times: 100_000 });
});
after(() => sync?.stop());

const stateOf = ({ locations }) => Object.fromEntries(locations.map(({ location, state }) => [location, state]));

let run;
test("the others end while it fails, and more of them than have a slot fail at the same time", async () => {
    run = await sync.start({ streams: ["orders", "coupons"] });
    const status = await sync.when(run, ({ counts }) => counts.done === HEALTHY.length, "the healthy ones end");
    for (const location of HEALTHY) assert.equal(stateOf(status)[location], "done");
    const rows = await sync.rows("SELECT location, count(*) AS count FROM orders GROUP BY location");
    for (const location of HEALTHY) assert.equal(rows.find((row) => row.location === location).count, 400);
    assert.equal(await sync.manifest(run), null, "no manifest before all have ended");
});

test("it is given up after some attempts, with its reason; tokens that are refused are revoked at once", async () => {
    for (let tries = 0; tries < 12; tries++) {
        const { state, counts } = await sync.status(run);
        if (state === "ended") break;
        await sync.ask("/leap", { ms: 600_000 });
        await sync.ask("/resume", { run });
        const { failures } = (await sync.status(run)).locations[1];
        await sync.when(run, (now) => now.state === "ended" || now.counts.waiting + now.counts.running < counts.waiting + counts.running || now.locations[1].failures > failures);
    }
    const status = await sync.ended(run);
    assert.deepEqual(status.counts, { waiting: 0, running: 0, done: 4, failed: 3, revoked: 1 });
    const manifest = await sync.manifest(run);
    const about = Object.fromEntries(manifest.locations.map((one) => [one.location, one]));
    assert.equal(about.location0.state, "revoked");
    for (const [location, reason] of [["location1", /500/], ["location2", /HTML|JSON|page/i], ["location3", /the list/]]) {
        assert.equal(about[location].state, "failed");
        assert.match(about[location].reason, reason);
    }
    // What was read of a list that was not read to its end belongs to no run.
    for (const location of Object.keys(POISON)) assert.deepEqual(about[location].files, [], location);
    assert.deepEqual(manifest.counts, status.counts);
    const exported = await sync.exported(run);
    assertOnce(exported.orders.map(({ _id, altId }) => altId + _id), HEALTHY.flatMap((location) => exported.orders.filter(({ altId }) => altId === location).map(({ _id }) => location + _id)));
    assert.equal(exported.orders.length, 4 * 400);
});

test("failed ones can be tried again: a run that has ended keeps its manifest, they are a new one", async () => {
    const before = await sync.manifest(run);
    await sync.sandbox.clearFaults();
    const again = (await sync.ask("/retry", { run, locations: ["location1", "location4"] })).run;
    assert.notEqual(again, run);
    const status = await sync.ended(again);
    assert.deepEqual(status.locations.map(({ location, state }) => [location, state]), [["location1", "done"]]);
    assert.deepEqual(await sync.manifest(run), before);
    assert.equal((await sync.ask("/retry", { run: again })).run, again, "nothing is left to try");
});

test("a location that is installed again while the run goes on is picked up", async () => {
    const [poisoned, slow] = ["location0", "location1"];
    await sync.sandbox.addFault("status=401", { locationId: poisoned, times: 2 });
    await sync.sandbox.addFault("status=503", { locationId: slow, times: 3 });
    const locations = [poisoned, slow];
    const run = await sync.start({ streams: ["orders"], locations });
    await sync.when(run, ({ counts }) => counts.revoked === 1 && counts.waiting === 1);
    await sync.ask("/installed", { type: "INSTALL", companyId: COMPANY, locationId: poisoned });
    await sync.when(run, (status) => stateOf(status)[poisoned] === "done");
    await sync.ask("/leap", { ms: 600_000 });
    await sync.ask("/resume", { run });
    assert.equal((await sync.ended(run)).counts.done, 2);
});

test("what a token function throws is no secret of the run's", async () => {
    await sync.ask("/throws", { throws: true });
    const run = await sync.start({ streams: ["orders"], locations: ["location5"] });
    const { locations: [location] } = await sync.ended(run);
    assert.equal(location.state, "revoked");
    assert.equal(location.reason, "the token function failed: Error");
    const token = sync.sandbox.tokens.location5;
    assert.ok(token.length > 10);
    assert.ok(sync.agency.lines.every(({ line }) => !line.includes(token)));
    assert.ok(!JSON.stringify(await sync.manifest(run)).includes(token));
});
