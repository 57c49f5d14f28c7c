// Node: each job is a process of its own.

import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const program = new URL("node-program.mjs", import.meta.url).pathname;

export const name = "Node";
/** What a bundler is told for this engine. */
export const target = { platform: "node" };
/** Milliseconds that a sample takes at least: the clock is exact. */
export const sampleMs = 2;

export async function open({ ways }) {
    const folder = pathToFileURL(ways).href;
    return {
        async run(job) {
            // With its own collector calls a benchmark keeps one side's garbage out of the other side's time.
            const args = ["--expose-gc", program, JSON.stringify({ ...job, folder })];
            const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 30 });
            return JSON.parse(stdout);
        },
        async close() {},
    };
}
