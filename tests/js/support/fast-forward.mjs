// Time that runs as fast as the work behind it is done.

import assert from "node:assert/strict";

const STEP_MS = 100;
const LONGEST_MS = 600_000;

/** Starts some work and lets mocked time run until it is settled; gives what it comes to. With `now` the clock runs along from there. */
export async function fastForward(t, start, now) {
    const apis = ["setTimeout", "setInterval"];
    t.mock.timers.enable(now === undefined ? { apis } : { apis: [...apis, "Date"], now });
    try {
        const work = start();
        let settled = false;
        const over = () => (settled = true);
        work.then(over, over);
        for (let elapsedMs = 0; elapsedMs < LONGEST_MS && !settled; elapsedMs += STEP_MS) {
            await new Promise((resolve) => setImmediate(resolve));
            t.mock.timers.tick(STEP_MS);
        }
        assert.ok(settled, `it has not ended after ${LONGEST_MS} ms`);
        return await work;
    } finally {
        t.mock.timers.reset();
    }
}
