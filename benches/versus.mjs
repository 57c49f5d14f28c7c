// `cargo xtask bench --vs`: two builds of this package in turn in one process, several processes in turn.

import { cpus } from "node:os";
import { bundle } from "./bundle.mjs";
import { certainty, ratios, spread } from "./rounds.mjs";
import { serve } from "./serve.mjs";

const PROCESSES = 4;

/** Prints how the build in `pkg/` compares to the other one, by engine and case. */
export async function versus({ engines, only, count, folder }) {
    console.log(`pkg/ against the other build; each round takes both once, ${count} rounds in ${PROCESSES} starts of the engine`);
    const server = await serve(folder);
    for (const engine of engines) {
        const out = `${folder}/out/${engine.name}`;
        await bundle(["raw", "ours", "theirs"], out, engine.target);
        const runs = [];
        let label = engine.name;
        for (let start = 0; start < PROCESSES; start++) {
            // Whichever is loaded first is also compiled first.
            const ways = start % 2 === 0 ? ["raw", "ours", "theirs"] : ["raw", "theirs", "ours"];
            const opened = await engine.open({ ways: out, origin: server.origin, folder: engine.name });
            const job = { ways, only, count: Math.ceil(count / PROCESSES), warmUp: 60, sampleMs: engine.sampleMs, seed: start };
            const { engine: version, results } = await opened.run(job);
            await opened.close();
            runs.push(results);
            label = version;
        }
        print(label, runs);
    }
    await server.close();
    console.log(`\nto raw: median of the ratio to fetch + arrayBuffer + JSON.parse in the same round`);
    console.log(`ours/other: median of the ratio in the same round, below 1 is faster; with 95 % certainty between; by start`);
    console.log(`${cpus().length} processors`);
}

function print(label, runs) {
    console.log(`\n${label.padEnd(32)}${"ours to raw".padStart(12)}${"other to raw".padStart(14)}${"ours/other".padStart(12)}   between       by start`);
    runs[0].forEach(({ title, states }, at) => {
        for (const way of ["ours", "theirs"]) {
            if (states[way].startsWith("fails")) return console.log(`${title.padEnd(32)} ${way} ${states[way]}`);
        }
        const all = (way, base) => runs.flatMap((results) => ratios(results[at].times, way, base));
        const direct = all("ours", "theirs");
        const { low, high } = certainty(direct);
        const starts = runs.map((results) => spread(ratios(results[at].times, "ours", "theirs")).median.toFixed(3));
        const [ours, theirs] = ["ours", "theirs"].map((way) => spread(all(way)).median.toFixed(2));
        const row = [title.padEnd(32), ours.padStart(12), theirs.padStart(14), spread(direct).median.toFixed(3).padStart(12)];
        console.log(`${row.join("")}   ${low.toFixed(3)} ${high.toFixed(3)}   ${starts.join(" ")}`);
    });
}
