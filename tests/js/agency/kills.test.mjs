// The runtime is killed at random moments, as by power cuts, while records come, change and go: nothing is lost, nothing is there
// twice, and it goes on by itself.

import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import test, { after, before } from "node:test";
import { compare, STREAMS } from "../support/agency.mjs";
import { chance, idsOf, liveOn } from "../support/agency-life.mjs";
import { startSync } from "../support/agency-worker.mjs";

/** With `--all` as often as the figures promise; otherwise as often as still says something. */
const ALL = process.env.GHL_APPS === "all";
const KILLS = ALL ? 20 : 4;
const LOCATIONS = ALL ? 40 : 12;
const SIZE = ALL ? 800 : 400;

/** Within so many milliseconds after the runtime is there again something is read: this is a promise, and no measurement. */
const GOES_ON_MS = 5_000;

const seed = Number(process.env.GHL_SEED ?? Date.now() % 1_000_000);
const random = chance(seed);

let sync;
before(async () => {
    // Fewer at work than there are, so that some wait for their turn when the runtime is killed.
    const options = "{ parallel: 8, slicePages: 5, token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location] }";
    sync = await startSync({ sandbox: { locations: LOCATIONS, size: SIZE, limits: "lifted" }, options });
});
after(() => sync?.stop());

/** Waits until something is read, without a word to the runtime: nobody but its own alarms may wake it. */
async function goesOn(since, run) {
    for (;;) {
        const requests = await sync.sandbox.requests();
        const first = requests.find(({ at }) => Date.parse(at) >= since);
        if (first !== undefined) return Date.parse(first.at) - since;
        if (Date.now() - since > GOES_ON_MS) {
            // Unless there was nothing left to read.
            const { state, counts, locations } = await sync.status(run, { limit: 1000 });
            const over = state === "ended" || counts.waiting + counts.running === 0;
            const said = () => `${JSON.stringify(locations.filter(({ state }) => state !== "done"))}\n${since}\n${sync.agency.lines.slice(-40).map(({ at, line }) => `${at - since} ${line}`).join("\n")}`;
            assert.ok(over, `seed ${seed}: nothing was read ${GOES_ON_MS} ms after the restart: ${over || said()}`);
            return 0;
        }
        await pause(50);
    }
}

/** What a run has left, held against what was there when it began and when it had ended. */
async function judge(run, before, gone) {
    const now = await idsOf(sync.sandbox);
    const manifest = await sync.manifest(run);
    assert.deepEqual(manifest.counts, { waiting: 0, running: 0, done: LOCATIONS, failed: 0, revoked: 0 });
    const wrong = { lostInD1: [], lostInR2: [], doubleInR2: [], deadInD1: [], markedThough: [] };
    const exported = new Map([...before.keys()].map((where) => [where, new Map()]));
    for (const [stream, records] of Object.entries(await sync.exported(run))) {
        for (const { _id, altId } of records) {
            const times = exported.get(`${altId}/${stream}`);
            times.set(_id, (times.get(_id) ?? 0) + 1);
            if (times.get(_id) > 1) wrong.doubleInR2.push(_id);
        }
    }
    for (const stream of STREAMS) {
        const rows = new Map();
        for (const { location, id, deleted_at } of await sync.rows(`SELECT location, id, deleted_at FROM ${stream}`)) {
            const where = `${location}/${stream}`;
            rows.set(`${where}/${id}`, deleted_at);
            if (deleted_at !== null && now.get(where).has(id)) wrong.markedThough.push(id);
            if (deleted_at === null && gone.has(id)) wrong.deadInD1.push(id);
        }
        for (const location of sync.sandbox.locations) {
            const where = `${location}/${stream}`;
            for (const id of before.get(where)) {
                if (!now.get(where).has(id)) continue;
                if (rows.get(`${where}/${id}`) !== null) wrong.lostInD1.push(id);
                if (!exported.get(where).has(id)) wrong.lostInR2.push(id);
            }
        }
    }
    const counts = Object.fromEntries(Object.entries(wrong).map(([name, ids]) => [name, ids.length]));
    assert.deepEqual(counts, { lostInD1: 0, lostInR2: 0, doubleInR2: 0, deadInD1: 0, markedThough: 0 }, `seed ${seed}: ${JSON.stringify(wrong)}`);
    return now;
}

test(`${KILLS} SIGKILLs at random moments: what was there throughout is there once, deletions are marked, manifests are whole`, async (t) => {
    let [kills, runs, slowest] = [0, 0, 0];
    /** What was deleted before a run began. */
    const gone = new Set();
    const initial = await idsOf(sync.sandbox);
    const life = liveOn(sync.sandbox, initial, random);
    t.after(() => life.stop());
    let known = initial;
    while (kills < KILLS) {
        const before = await idsOf(sync.sandbox);
        for (const [where, ids] of known) for (const id of ids) if (!before.get(where).has(id)) gone.add(id);
        known = before;
        const run = await sync.start();
        runs++;
        for (;;) {
            await pause(random() * 1500);
            // A runtime that was just killed has ended nothing.
            if (kills === KILLS || (await sync.status(run)).state === "ended") break;
            await sync.agency.kill();
            kills++;
            slowest = Math.max(slowest, await goesOn(await sync.agency.restart(), run));
        }
        await sync.ended(run);
        known = await judge(run, before, gone);
        for (const [where, ids] of before) for (const id of ids) if (!known.get(where).has(id)) gone.add(id);
    }
    await life.stop();
    // Nothing moves any more: now everything is as it is.
    const last = await sync.start();
    await sync.ended(last);
    const { d1, r2 } = await compare(sync.agency, sync.sandbox, { run: last, exact: true });
    for (const { missing, double, unknown } of [d1, r2]) assert.deepEqual([missing, double, unknown], [[], [], []]);
    const { inserts, changes, deletions } = life.counts;
    assert.ok(inserts > 0 && changes > 0 && deletions > 0);
    const meanwhile = `${inserts} inserts, ${changes} changes, ${deletions} deletions meanwhile`;
    console.log(`figure: agency: ${kills} SIGKILLs in ${runs} runs, ${meanwhile}: 0 of ${d1.records} records missing, 0 double; slowest restart read again after ${slowest} ms`);
});
