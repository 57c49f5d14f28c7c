// What `cargo xtask bench agency` starts: a full sync of 1,000,000 orders in 500 locations in the real workerd, against a sandbox whose
// limits are lifted, in another process. What it leaves in D1 and R2 is counted; what is over a limit of ours fails the program.

import { cpus } from "node:os";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { compare } from "../tests/js/support/agency.mjs";
import { startSync } from "../tests/js/support/agency-worker.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });

/** How many locations each run has, and how many orders each of them. */
const [RUNS, SIZE] = values.quick ? [[10, 50], 400] : [[10, 50, 500], 2000];

/** What the sync of all of it may need: seconds, bytes of workerd, and how much more a record costs at its dearest than at its cheapest. */
const LIMIT = { seconds: 240, memory: 1e9, spread: 1.15 };

/** What is read. */
const STREAMS = ["orders"];

const started = Date.now();
const locations = Array.from({ length: RUNS.reduce((sum, count) => sum + count, RUNS[0]) }, (_, i) => `location${i}`);
const sync = await startSync({ sandbox: { locations, size: SIZE, limits: "lifted" } });
const count = new Intl.NumberFormat("en");
console.log(`a sandbox of ${count.format(locations.length * SIZE)} orders in ${locations.length} locations, workerd on ${cpus().length} processors of "${cpus()[0].model}"`);

/** Looks at the run every second, so that looking costs nothing. */
async function ended(name) {
    for (;;) {
        const status = await sync.status(name, { limit: 1 });
        if (status.state === "ended") return status;
        await pause(1000);
    }
}

let next = 0;
async function run(many) {
    const own = locations.slice(next, (next += many));
    const before = sync.agency.seconds();
    const name = await sync.start({ streams: STREAMS, locations: own });
    const status = await ended(name);
    const seconds = (status.endedAt - status.startedAt) / 1000;
    const cost = (sync.agency.seconds() - before) / status.records;
    return { name, own, seconds, records: status.records, cost, counts: status.counts };
}

try {
    // The first one compiles everything and does not count.
    await run(RUNS[0]);
    const costs = [];
    let last;
    for (const many of RUNS) {
        last = await run(many);
        costs.push(last.cost);
        const { records, seconds, cost } = last;
        console.log(`${many} locations: ${count.format(records)} records in ${seconds.toFixed(1)} s, ${Math.round(records / seconds)} a second, ${(cost * 1e6).toFixed(1)} us of workerd's processors for each`);
    }
    const memory = sync.agency.memory();
    const spread = Math.max(...costs) / Math.min(...costs);
    const { d1, r2 } = await compare(sync.agency, sync.sandbox, { run: last.name, locations: last.own, streams: STREAMS });
    const wrong = { missing: d1.missing.length + r2.missing.length, double: d1.double.length + r2.double.length, unknown: d1.unknown.length + r2.unknown.length };
    console.log(`figure: agency: ${count.format(last.records)} orders in ${last.own.length} locations in ${last.seconds.toFixed(1)} s (limit ${LIMIT.seconds} s)`);
    console.log(`figure: agency: memory of workerd at its peak ${Math.round(memory / 1e6)} MB (limit ${LIMIT.memory / 1e6} MB)`);
    console.log(`figure: agency: D1 has ${count.format(d1.records)}, R2 ${count.format(r2.records)}: ${wrong.missing} missing, ${wrong.double} double, ${wrong.unknown} unknown`);
    console.log(`figure: agency: cost of a record from ${RUNS[0]} to ${RUNS.at(-1)} locations: ${costs.map((cost) => (cost * 1e6).toFixed(1)).join(", ")} us, at most ${Math.round((spread - 1) * 100)} % apart (limit ${Math.round((LIMIT.spread - 1) * 100)} %)`);
    const over = [
        [last.counts.done !== last.own.length || last.records !== last.own.length * SIZE, "not every location was read"],
        [wrong.missing + wrong.double + wrong.unknown > 0, "D1 and R2 are not what the sandbox holds"],
        [last.seconds > LIMIT.seconds, `it took more than ${LIMIT.seconds} s`],
        [memory > LIMIT.memory, "workerd needed more memory than its limit"],
        [spread > LIMIT.spread, "the cost of a record is not flat"],
    ].filter(([is]) => is);
    for (const [, what] of over) console.log(`over the limit: ${what}`);
    // With so few records as `--quick` has, what is done once for a run counts too much to be judged.
    process.exitCode = over.length > 0 && !values.quick ? 1 : 0;
} finally {
    await sync.stop();
    console.log(`in ${Math.round((Date.now() - started) / 1000)} s`);
}
