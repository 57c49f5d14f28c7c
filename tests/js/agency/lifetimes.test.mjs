// Whatever breaks off between queue, objects, D1 and R2: calls without an answer, answers that are lost, objects that are reset in the
// middle of their work, stores that fail. Every record is there once, and the run ends.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { assertOnce, COMPANY, startSync } from "../support/agency-worker.mjs";

const SIZE = 1500;

/** `faults.<what>` is how often it happens: before a call it was not made, behind one its answer is lost. */
const CLASSES = `
    import { GhlCompany as Company, GhlLocation as Location } from "ghl-payments/cloudflare";
    export { TokenKeeper } from "ghl-payments/cloudflare";

    globalThis.faults = {};
    globalThis.happened = {};
    globalThis.stalls = [];
    const strikes = (what) => {
        if (!(faults[what] > 0)) return false;
        faults[what]--;
        happened[what] = (happened[what] ?? 0) + 1;
        return true;
    };
    const fails = (what) => {
        if (strikes(what)) throw new Error(what);
    };
    const around = async (what, work) => {
        fails(what + " before");
        const end = await work();
        fails(what + " behind");
        return end;
    };
    const database = (db) => ({
        prepare: (sql) => {
            const wrap = (statement) => ({
                bind: (...values) => wrap(statement.bind(...values)),
                all: () => around(/INSERT INTO (orders|coupons)/.test(sql) ? "D1" : "D1 other", () => statement.all()),
            });
            return wrap(db.prepare(sql));
        },
    });
    const bucket = (files) => ({
        put: (key, ...rest) => around(key.endsWith("manifest.json") ? "manifest" : "R2", () => files.put(key, ...rest)),
        get: (key) => files.get(key),
    });
    const bindings = (env) => ({
        ...env,
        DB: database(env.DB),
        FILES: bucket(env.FILES),
        SYNC: { sendBatch: (messages) => around("queue", () => env.SYNC.sendBatch(messages)) },
    });

    export class GhlCompany extends Company {
        constructor(state, env) {
            super(state, bindings(env));
        }
        report(report) {
            return around("report " + report.event, () => super.report(report));
        }
        async alarm() {
            if (strikes("company reset")) this.ctx.abort("reset");
            return super.alarm();
        }
    }
    export class GhlLocation extends Location {
        constructor(state, env) {
            const own = bindings(env);
            const put = own.FILES.put;
            own.FILES.put = async (...given) => {
                const end = await put(...given);
                // Stored, and not counted.
                if (strikes("location reset")) state.abort("reset");
                return end;
            };
            super(state, own);
        }
        begin(message) {
            return around("begin", () => super.begin(message));
        }
    }
`;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 3, size: SIZE, limits: "lifted" },
        classes: CLASSES,
        options: `() => ({
            token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
            parallel: 2,
            slicePages: 5,
            onStalled: (run) => stalls.push(run),
            now: () => Date.now() + (globalThis.leap ?? 0),
        })`,
        routes: `
            "/faults": (env, wanted) => { Object.assign(faults, wanted); happened = {}; return {}; },
            "/happened": () => happened,
            "/stalls": () => stalls,
            "/leap": (env, { ms }) => ({ leap: (globalThis.leap = (globalThis.leap ?? 0) + ms) }),
        `,
    });
});
after(() => sync?.stop());

/** What goes wrong, and how often. */
const CASES = {
    "a report does not arrive": { "report yielded before": 3, "report over before": 4 },
    "the answer to a report is lost": { "report yielded behind": 3, "report over behind": 4 },
    "a message is not taken, or its answer is lost": { "begin before": 9, "begin behind": 9 },
    "the queue takes no message, or its answer is lost": { "queue before": 2, "queue behind": 2 },
    "D1 fails, and its answers are lost": { "D1 before": 7, "D1 behind": 7, "D1 other behind": 1 },
    "R2 fails, and its answers are lost": { "R2 before": 7, "R2 behind": 7, "manifest before": 1, "manifest behind": 2 },
    "an object is reset behind a part that it has stored": { "location reset": 3 },
    "the company's object is reset": { "company reset": 2 },
};

for (const [what, faults] of Object.entries(CASES)) {
    test(`${what}: every record once, and the run ends`, async () => {
        await sync.ask("/faults", faults);
        const run = await sync.start({ streams: ["orders", "coupons"] });
        // Nobody waits for the pauses behind a failure.
        let looks = 0;
        let now;
        await sync.until(async () => {
            now = await sync.status(run);
            if (now.state === "ended") return true;
            await sync.ask("/leap", { ms: 20_000 });
            if (++looks % 30 === 0) await sync.ask("/resume", { run });
            return false;
        }, "the run ends", () => JSON.stringify(now));
        const status = await sync.ended(run);
        assert.deepEqual(status.counts, { waiting: 0, running: 0, done: 3, failed: 0, revoked: 0 });
        // What a location has not heard an answer to it says again, also where the run has ended with what arrived.
        let happened;
        await sync.until(async () => {
            happened = await sync.ask("/happened", {});
            const all = Object.entries(faults).every(([name, times]) => happened[name] === times);
            return all || (await sync.ask("/leap", { ms: 20_000 })) === undefined;
        }, "all of it has happened", () => JSON.stringify(happened));
        await sync.ask("/faults", Object.fromEntries(Object.keys(faults).map((name) => [name, 0])));
        const exported = await sync.exported(run);
        for (const stream of ["orders", "coupons"]) {
            const rows = await sync.rows(`SELECT location, id, seen_run, deleted_at FROM ${stream}`);
            assert.ok(rows.every((row) => row.seen_run === run && row.deleted_at === null));
            assertOnce(exported[stream].map(({ altId, _id }) => altId + _id), rows.map(({ location, id }) => location + id), stream);
        }
        assert.equal(exported.orders.length, 3 * SIZE);
        assert.equal(status.records, exported.orders.length + exported.coupons.length);
    });
}

test("a run in which nothing moves is told of once, and goes on when it is told to", async () => {
    await sync.ask("/faults", { "begin before": 1_000_000 });
    const run = await sync.start({ streams: ["coupons"] });
    await sync.ask("/leap", { ms: 301_000 });
    const stalled = await sync.when(run, ({ state }) => state === "stalled");
    assert.equal(stalled.counts.done, 0);
    // Before it the clock leapt so that others may have stood still.
    const stalls = async () => (await sync.ask("/stalls", {})).filter((stalled) => stalled.run === run);
    const told = await stalls();
    assert.deepEqual(told.map(({ since, ...about }) => about), [{ run, company: COMPANY, left: 3 }]);
    assert.ok(sync.agency.lines.some(({ line }) => line.startsWith(`agency event=stalled run=${run} `)));
    await sync.ask("/faults", { "begin before": 0 });
    await sync.ask("/resume", { run });
    const { counts } = await sync.ended(run);
    assert.equal(counts.done, 3);
    assert.equal((await stalls()).length, 1);
});
