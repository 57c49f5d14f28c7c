// What never answers: a statement of D1, a file of R2, an alarm that is set and does not come. Nothing waits for it for ever.

import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { fastForward } from "../support/fast-forward.mjs";
import { PACKAGE } from "../support/support.mjs";

const load = (name) => import(pathToFileURL(join(PACKAGE, "agency", name)).href);
const { ask } = await load("database.js");
const { manifestText } = await load("files.js");
const { Tables } = await load("storage.js");

const never = new Promise(() => {});

/** What work comes to while the clock runs, and how many milliseconds that took. */
function after(t, work) {
    const timed = async () => {
        const start = Date.now();
        const end = await work().then((value) => ({ value }), (error) => ({ error }));
        return { ...end, ms: Date.now() - start };
    };
    return fastForward(t, timed, 1_700_000_000_000);
}

/** A store whose first answers never come. */
function silent(times, answer) {
    const calls = { count: 0 };
    return [calls, () => (++calls.count <= times ? never : Promise.resolve(answer))];
}

test("a statement of D1 without an answer is sent again, and fails where none comes", async (t) => {
    const database = (all) => ({ prepare: () => ({ bind: () => ({ all }) }) });
    const [once, first] = silent(1, { results: [{ one: 1 }] });
    const { value, ms } = await after(t, () => ask(database(first), "SELECT 1 AS one"));
    assert.deepEqual([value, once.count], [[{ one: 1 }], 2]);
    assert.ok(ms >= 30_000 && ms < 60_000, `${ms}`);
    const [always, all] = silent(Infinity);
    const { error } = await after(t, () => ask(database(all), "SELECT 1 AS one"));
    assert.deepEqual([error.code, error.retryable, error.cause.name, always.count], ["database_failed", true, "TimeoutError", 3]);
});

test("a file of R2 without an answer is asked for again, and fails where none comes", async (t) => {
    const [once, first] = silent(1, { text: async () => "{}" });
    assert.equal((await after(t, () => manifestText({ FILES: { get: first, put: first } }, "run"))).value, "{}");
    assert.equal(once.count, 2);
    const [, all] = silent(Infinity);
    const { error } = await after(t, () => manifestText({ FILES: { get: all, put: all } }, "run"));
    assert.deepEqual([error.code, error.cause.name], ["files_failed", "TimeoutError"]);
});

test("an alarm that is long overdue is set once more, one that is to come stays", async (t) => {
    const cases = [
        { known: null, ms: 5_000, set: 5_000 },
        { known: 2_000, ms: 5_000, set: undefined },
        { known: 9_000, ms: 5_000, set: 5_000 },
        { known: -1_000, ms: 5_000, set: undefined },
        { known: -60_000, ms: 5_000, set: 0 },
        { known: -60_000, ms: 0, set: 0 },
    ];
    for (const { known, ms, set } of cases) {
        const now = 1_700_000_000_000;
        let to;
        const storage = {
            sql: { exec: () => ({ toArray: () => [] }) },
            getAlarm: async () => (known === null ? null : now + known),
            setAlarm: async (time) => void (to = time - now),
        };
        await after(t, async () => new Tables(storage, []).wakeIn(ms));
        assert.equal(to, set, JSON.stringify({ known, ms }));
    }
});
