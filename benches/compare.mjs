// This package against other ways to call the same API, in every engine.

import { bundle } from "./bundle.mjs";
import { ratios, spread } from "./rounds.mjs";

const WAYS = ["raw", "json", "ours"];

export async function compare({ engines, only, count, folder }) {
    for (const engine of engines) {
        const out = `${folder}/out/${engine.name}`;
        await bundle(WAYS, out, engine.target);
        const opened = await engine.open({ ways: out });
        const job = { ways: WAYS, only, count, warmUp: 60, sampleMs: engine.sampleMs };
        const { engine: label, results } = await opened.run(job);
        await opened.close();
        console.log(`${label}, ${count} rounds: median of the ratio to fetch + arrayBuffer + JSON.parse (the middle half)`);
        for (const { title, states, times } of results) {
            for (const way of WAYS) {
                const { median, low, high } = times[way] ? spread(ratios(times, way)) : {};
                const figures = median && `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
                console.log(`${title.padEnd(32)}${way.padEnd(8)}${states[way].padEnd(10)}${figures ?? ""}`);
            }
        }
    }
}
