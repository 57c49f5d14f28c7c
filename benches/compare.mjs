// This package against other ways to call the same API, in every engine.

import { bundle } from "./bundle.mjs";
import { ratios, spread } from "./rounds.mjs";
import { serve } from "./serve.mjs";
import { TARGETS } from "./targets.mjs";

export const WAYS = {
    raw: "fetch + arrayBuffer + JSON.parse",
    json: "fetch + response.json()",
    "openapi-fetch": "openapi-fetch",
    "hey-api-plain": "hey-api",
    "hey-api-valibot": "hey-api + valibot",
    "hey-api-zod": "hey-api + zod",
    official: "official client",
    ours: "this package",
};

/** What is measured over HTTP as well: a page, and an answer of a few bytes. */
const OVER_HTTP = ["page", "one"];

/** Measures everything; tells of each part as it is done. An engine that cannot be started is a part that says so. */
export async function compare({ engines, only, count, warmUp = 60, folder, loopback = true, tell }) {
    const server = await serve(folder);
    const ways = Object.keys(WAYS);
    const parts = [];
    try {
        for (const engine of engines) {
            const out = `${folder}/out/${engine.name}`;
            await bundle(ways, out, engine.target);
            let opened;
            try {
                opened = await engine.open({ ways: out, origin: server.origin, folder: engine.name });
            } catch (error) {
                parts.push({ name: engine.name, failed: String(error.message).split("\n")[0] });
                tell(parts.at(-1));
                continue;
            }
            try {
                const job = { ways, only, count, warmUp, sampleMs: engine.sampleMs };
                parts.push(part(engine.name, TARGETS[engine.name], await opened.run(job)));
                tell(parts.at(-1));
                const overHttp = only.filter((name) => OVER_HTTP.includes(name));
                if (loopback && overHttp.length > 0) {
                    const { engine: label, results } = await opened.run({ ...job, only: overHttp, origin: server.origin });
                    const targets = TARGETS.loopback[engine.name];
                    parts.push(part(engine.name, targets, { engine: `${label}, over loopback HTTP`, results }));
                    tell(parts.at(-1));
                }
            } finally {
                await opened.close();
            }
        }
    } finally {
        await server.close();
    }
    return parts;
}

function part(name, targets, { engine, results }) {
    const cases = results.map(({ name, title, bytes, states, times }) => {
        const figure = ([way, state]) => [way, times[way] ? { state, ...spread(ratios(times, way)) } : { state }];
        const { median } = spread(times.raw);
        return { name, title, bytes, microseconds: median, rounds: times.raw.length, target: targets?.[name], ways: Object.fromEntries(Object.entries(states).map(figure)) };
    });
    return { name, title: engine, cases };
}
