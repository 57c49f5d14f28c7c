// Where the time of a call goes in Node, by its sampling profiler. Prints a line for each answer and way.

import { Session } from "node:inspector/promises";
import { cases } from "./answers.mjs";
import { HEADERS } from "./subject.mjs";
import * as ours from "./ways/ours.mjs";
import * as raw from "./ways/raw.mjs";

const SETTINGS = { token: "bench", locationId: "l", orderId: "o", baseUrl: "https://services.leadconnectorhq.com" };
const WAYS = { raw, "this package": ours };
const ANSWERS = ["ascii", "empty"];

/** How long each is watched, and how long it runs before, in milliseconds. */
const WATCHED_MS = 3000;
const WARM_MS = 1000;

/** What a function belongs to. A builtin counts as the function that called it: `JSON.parse` has one in each way. */
const PARTS = {
    "JSON.parse": ({ functionName, url }) => functionName === "succeeded" || (functionName === "read" && url.endsWith("/raw.mjs")),
    wasm: ({ url }) => url.startsWith("wasm:"),
    TextDecoder: ({ functionName, url }) => /^decode/.test(functionName) && (url === "" || url.startsWith("node:")),
    "Node's own JavaScript": ({ url }) => url.startsWith("node:"),
    "garbage collection": ({ functionName }) => functionName === "(garbage collector)",
    "the package's JavaScript": ({ url }) => url.includes("/ghl-payments/"),
    other: () => true,
};

for (const { name, title, call, body } of cases()) {
    if (!ANSWERS.includes(name)) continue;
    const fetch = async () => new Response(body, { headers: HEADERS });
    for (const [way, { open }] of Object.entries(WAYS)) {
        const read = open({ ...SETTINGS, fetch })[call];
        await repeat(read, WARM_MS);
        const session = new Session();
        session.connect();
        await session.post("Profiler.enable");
        await session.post("Profiler.start");
        const count = await repeat(read, WATCHED_MS);
        const { profile } = await session.post("Profiler.stop");
        session.disconnect();
        const parts = Object.entries(split(profile)).map(([part, us]) => `${part} ${(us / count).toFixed(0)}`);
        console.log(`${title}, ${way}, microseconds of a call: ${parts.join(", ")}`);
    }
}
// The client's limiter would keep the process.
process.exit(0);

/** Calls so often as the time allows; gives how often. */
async function repeat(call, ms) {
    const end = performance.now() + ms;
    let count = 0;
    for (; performance.now() < end; count++) await call();
    return count;
}

/** The microseconds of each part. */
function split({ nodes, samples, timeDeltas }) {
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    const sums = Object.fromEntries(Object.keys(PARTS).map((part) => [part, 0]));
    samples.forEach((id, at) => {
        const frame = frames.get(id);
        const part = Object.keys(PARTS).find((part) => PARTS[part](frame));
        sums[part] += timeDeltas[at];
    });
    return sums;
}
