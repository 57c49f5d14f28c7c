// What `cargo xtask bench agency` starts: a full sync of 1,000,000 orders in 500 locations in the real workerd, against a sandbox whose
// limits are lifted, in another process. What it leaves in D1 and R2 is counted; what is over a limit of ours fails the program.

import { cpus } from "node:os";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { compare } from "../tests/js/support/agency.mjs";
import { startSync } from "../tests/js/support/agency-worker.mjs";

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false } } });

/**
 * How many locations each run has, and how many orders each of them. The largest run comes first: a row costs more in a table of a
 * million than in an empty one, whoever writes it, so that the others, for a comparison of many locations with few, find the same tables.
 */
const [RUNS, SIZE] = values.quick ? [[50, 10], 400] : [[500, 50, 10], 2000];
/** The run before, which does not count. */
const WARM = 10;

/** What the sync of all of it may need: seconds, bytes of workerd, and how much more a record costs at its dearest than at its cheapest. */
const LIMIT = { seconds: 240, memory: 1e9, spread: 1.15 };

/** What is read. */
const STREAMS = ["orders"];

const started = Date.now();
const locations = Array.from({ length: RUNS.reduce((sum, count) => sum + count, WARM) }, (_, i) => `location${i}`);
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

/** Seconds in millionths. */
const micro = (seconds) => (seconds * 1e6).toFixed(1);

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
    const ends = [];
    for (const many of [WARM, ...RUNS]) {
        const end = await run(many);
        const { records, seconds, cost } = end;
        console.log(`${many} locations: ${count.format(records)} records in ${seconds.toFixed(1)} s, ${Math.round(records / seconds)} a second, ${micro(cost)} us of workerd's processors for each${ends.length > 0 ? "" : " (does not count)"}`);
        ends.push(end);
    }
    const [, largest, ...others] = ends;
    const costs = [largest, ...others].map(({ cost }) => cost);
    const memory = sync.agency.memory();
    const spread = Math.max(...costs) / Math.min(...costs);
    const { d1, r2 } = await compare(sync.agency, sync.sandbox, { run: largest.name, locations: largest.own, streams: STREAMS });
    const wrong = { missing: d1.missing.length + r2.missing.length, double: d1.double.length + r2.double.length, unknown: d1.unknown.length + r2.unknown.length };
    console.log(`figure: agency: ${count.format(largest.records)} orders in ${largest.own.length} locations in ${largest.seconds.toFixed(1)} s (limit ${LIMIT.seconds} s)`);
    console.log(`figure: agency: memory of workerd at its peak ${Math.round(memory / 1e6)} MB (limit ${LIMIT.memory / 1e6} MB)`);
    console.log(`figure: agency: D1 has ${count.format(d1.records)}, R2 ${count.format(r2.records)}: ${wrong.missing} missing, ${wrong.double} double, ${wrong.unknown} unknown`);
    console.log(`figure: agency: cost of a record with ${RUNS.join(", ")} locations: ${costs.map(micro).join(", ")} us, at most ${Math.round((spread - 1) * 100)} % apart (limit ${Math.round((LIMIT.spread - 1) * 100)} %)`);
    const over = [
        [largest.counts.done !== largest.own.length || largest.records !== largest.own.length * SIZE, "not every location was read"],
        [wrong.missing + wrong.double + wrong.unknown > 0, "D1 and R2 are not what the sandbox holds"],
        [largest.seconds > LIMIT.seconds, `it took more than ${LIMIT.seconds} s`],
        [memory > LIMIT.memory, "workerd needed more memory than its limit"],
        // With so few records as `--quick` has, what is done once for a run counts too much to be judged.
        [spread > LIMIT.spread && !values.quick, "the cost of a record is not flat"],
    ].filter(([is]) => is);
    for (const [, what] of over) console.log(`over the limit: ${what}`);
    process.exitCode = over.length > 0 ? 1 : 0;
} finally {
    await sync.stop();
    console.log(`in ${Math.round((Date.now() - started) / 1000)} s`);
}
