// Time that passes as fast as the work behind it is done.

import assert from "node:assert/strict";

/** Lets time pass until something is settled: by so many milliseconds at once, at the most ten minutes. */
export async function passing(t, start, stepMs = 100) {
    t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
    try {
        const work = start();
        let settled = false;
        const over = () => (settled = true);
        work.then(over, over);
        for (let passed = 0; passed < 600_000 && !settled; passed += stepMs) {
            await new Promise((resolve) => setImmediate(resolve));
            t.mock.timers.tick(stepMs);
        }
        assert.ok(settled, "it ends some day");
        return await work;
    } finally {
        t.mock.timers.reset();
    }
}
