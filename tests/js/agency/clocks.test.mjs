// Clocks that are wrong: ahead and right again while a run goes on, beyond what a date can say, between two milliseconds.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { COMPANY, startSync } from "../support/agency-worker.mjs";

/** A location takes its message and does nothing while it is among `silent`: its own clock is not what this is about. */
const CLASSES = `
    import { GhlLocation as Location } from "ghl-payments/cloudflare";
    export { GhlCompany, TokenKeeper } from "ghl-payments/cloudflare";

    globalThis.silent = [];
    export class GhlLocation extends Location {
        begin(message) {
            return silent.includes(message.location) ? true : super.begin(message);
        }
    }
`;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 3, size: 12, limits: "lifted" },
        classes: CLASSES,
        options: `() => ({
            token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
            parallel: 1,
            now: () => Date.now() + (globalThis.leap ?? 0),
        })`,
        routes: `
            "/set": (env, values) => (Object.assign(globalThis, values), {}),
            "/report": (env, report) => env.COMPANIES.get(env.COMPANIES.idFromName("${COMPANY}")).report(report),
        `,
    });
});
after(() => sync?.stop());

for (const [what, leap] of Object.entries({ "an hour": HOUR, "a day": DAY, "a year": 365 * DAY, "a thousand years": 974 * 365 * DAY })) {
    test(`a clock that was ahead by ${what} and is right again keeps nobody waiting, and spoils no run`, async () => {
        await sync.ask("/set", { leap, silent: ["location0"] });
        const run = await sync.start({ streams: ["coupons"] });
        await sync.when(run, ({ counts }) => counts.running === 1 && counts.waiting === 2);
        await sync.until(async () => (await sync.rows("SELECT run FROM runs WHERE run = ?", run)).length === 1, "the run is noted");
        // The message of the one at work is lost, and the others are to wait for a time that is far away.
        await sync.ask("/set", { leap: 0, silent: [] });
        const status = await sync.ended(run);
        assert.equal(status.counts.done, 3);
        assert.ok(status.endedAt >= status.startedAt);
        const [noted] = await sync.rows("SELECT state, manifest FROM runs WHERE run = ?", run);
        assert.deepEqual(noted, { state: "ended", manifest: `${run}/manifest.json` });
        assert.ok((await sync.rows("SELECT name FROM manifest_files WHERE run = ?", run)).length > 0);
        assert.ok(sync.agency.lines.some(({ line }) => line.startsWith("agency event=clock back=")));

        const next = await sync.start({ streams: ["coupons"] });
        const { startedAt, counts } = await sync.ended(next);
        assert.equal(counts.done, 3);
        assert.ok(Math.abs(startedAt - Date.now()) < HOUR, "its time is right");
        assert.ok(next.startsWith(`${COMPANY}-${new Date(startedAt).toISOString().slice(0, 10).replaceAll("-", "")}T`), next);
    });
}

test("the time of a location that is ahead is not waited for", async () => {
    await sync.ask("/set", { silent: ["location0"] });
    const run = await sync.start({ streams: ["coupons"], locations: ["location0"] });
    await sync.when(run, ({ counts }) => counts.running === 1);
    const view = { streams: {}, records: 0, failures: 1, reason: "away" };
    await sync.ask("/report", { run, location: "location0", slice: 1, event: "yielded", view, due: Date.now() + 365 * DAY });
    const { locations: [{ state, due }] } = await sync.status(run);
    assert.equal(state, "waiting");
    assert.ok(due <= Date.now() + 300_000, `${due}`);
    await sync.ask("/set", { silent: [] });
    await sync.ask("/resume", { run });
    assert.equal((await sync.ended(run)).counts.done, 1);
});

test("a clock that gives no time that can be written is refused by name", async () => {
    const run = `${COMPANY}-20260101T000000000Z-aaaaaa`;
    const named = (error) => error.name === "ValidationError" && error.issues[0].path === "now";
    for (const leap of ["NaN", 253_402_300_800_000, 1e300, -1e15, null]) {
        await sync.ask("/set", leap === null ? { leap: "x" } : { leap });
        await assert.rejects(() => sync.start({ streams: ["coupons"] }), named, `${leap}`);
        await assert.rejects(() => sync.status(run), named, `${leap}`);
        await assert.rejects(() => sync.ask("/retry", { run }), named, `${leap}`);
        await assert.rejects(() => sync.ask("/installed", { type: "INSTALL", companyId: COMPANY, locationId: "location0" }), named, `${leap}`);
    }
});

test("a clock may be between two milliseconds", async () => {
    await sync.ask("/set", { leap: 0.123 });
    const run = await sync.start({ streams: ["coupons"] });
    const { counts, startedAt, endedAt } = await sync.ended(run);
    assert.equal(counts.done, 3);
    assert.ok(Number.isInteger(startedAt) && Number.isInteger(endedAt));
});
