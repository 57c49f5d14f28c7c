// The servers on which the cases of the matrix of outcomes are played, side by side.

import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as library from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { argumentsIn } from "./operations.mjs";
import { Ground, GROUND } from "./outcomes.mjs";
import { PACKAGE } from "./support.mjs";

const { listen } = await import(pathToFileURL(join(PACKAGE, "cli/node-http.js")).href);

/** How many cases wait side by side for their timeouts, and how many go on at once where none waits. */
const WAITING = 64;
const BUSY = 4;

const grounds = [];

/** To be called before the tests. */
export async function begin() {
    const args = await argumentsIn(library, createSandbox(GROUND));
    for (let i = 0; i < WAITING; i += 1) grounds.push(new Ground(args, createSandbox, listen));
}

/** To be called behind them. */
export async function end() {
    await Promise.all(grounds.map((ground) => ground.stop()));
}

/** Ends the connections of those who asked before: others may come from elsewhere. */
export function closeConnections() {
    for (const ground of grounds) ground.closeConnections();
}

/** Runs cases side by side, each on a ground of its own. */
export async function play(list, act) {
    const results = [];
    for (const [slow, lanes] of [
        [true, WAITING],
        [false, BUSY],
    ]) {
        const queue = list.filter(({ fault }) => (fault.slow ?? false) === slow);
        const lane = async (ground) => {
            for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
                results.push(await ground.run(one, act));
            }
        };
        await Promise.all(grounds.slice(0, lanes).map(lane));
    }
    assert.equal(results.length, list.length);
    return results;
}
