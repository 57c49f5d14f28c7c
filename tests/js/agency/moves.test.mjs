// Locations that come, go and change their company while runs go on; events that are late, from other clocks, or another app's.

import assert from "node:assert/strict";
import test, { after, beforeEach, before } from "node:test";
import { startSync } from "../support/agency-worker.mjs";

/** As long as a location is among `silent`, it takes its message and does nothing. */
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

const LOCATIONS = Array.from({ length: 40 }, (_, i) => `location${i}`.replace(/(?<!\d)\d$/, "0$&"));

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: LOCATIONS, size: 12, limits: "lifted" },
        classes: CLASSES,
        options: `() => ({
            token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
            locations: (company) => globalThis.hooked ?? [],
            now: () => Date.now() + (globalThis.leap ?? 0),
        })`,
        routes: `
            "/set": (env, values) => (Object.assign(globalThis, values), {}),
            "/report": (env, { company, ...report }) => env.COMPANIES.get(env.COMPANIES.idFromName(company)).report(report),
        `,
    });
});
after(() => sync?.stop());

let number = 0;
/** Each test has companies and locations of its own. */
let company;
let other;
let [a, b, c, d] = [];
beforeEach(async () => {
    [company, other] = [`company${++number}`, `other${number}`];
    [a, b, c, d] = LOCATIONS.splice(0, 4);
    await sync.ask("/set", { silent: [], leap: 0 });
});

const at = (seconds = 0) => new Date(Date.now() + seconds * 1000).toISOString();
const installed = (companyId, locationId, timestamp = at()) => sync.ask("/installed", { type: "INSTALL", companyId, locationId, timestamp });
const removed = (companyId, locationId, timestamp = at()) => sync.ask("/installed", { type: "UNINSTALL", companyId, locationId, timestamp });
const start = (options) => sync.start({ company, streams: ["coupons"], locations: undefined, ...options });
const statesOf = ({ locations }) => Object.fromEntries(locations.map(({ location, state }) => [location, state]));
const logged = (pattern) => sync.agency.lines.some(({ line }) => pattern.test(line));
/** A run in which some locations are at work and do nothing. */
const held = async (locations, options) => {
    await sync.ask("/set", { silent: locations });
    const run = await start(options);
    await sync.when(run, ({ locations: all }) => locations.every((location) => all.some((one) => one.location === location && one.state === "running")));
    return run;
};

test("a location that comes to another company is over in the run of the first one, which ends", async () => {
    for (const location of [a, b]) await installed(company, location, at(-60));
    const run = await held([a]);
    await installed(other, a);
    const status = await sync.ended(run);
    assert.deepEqual(statesOf(status), { [a]: "revoked", [b]: "done" });
    assert.equal(status.locations[0].reason, "the app was removed");
    assert.deepEqual((await sync.manifest(run)).counts, { waiting: 0, running: 0, done: 1, failed: 0, revoked: 1 });
    assert.ok(logged(new RegExp(`event=revoked run=${run} location=${a}`)));
    // The other company may be reading it.
    assert.deepEqual(await sync.ask("/retry", { run }), { run });
    await sync.ask("/set", { silent: [] });
    assert.deepEqual(statesOf(await sync.ended(await start({ company: other }))), { [a]: "done" });
});

test("an UNINSTALL of a location, or of the company, ends what it is about, and an older one nothing", async () => {
    for (const location of [a, b, c]) await installed(company, location, at(-60));
    const run = await held([a, b, c]);
    await removed(company, a, at(-61));
    await removed(company, undefined, at(-61));
    assert.equal((await sync.status(run)).counts.running, 3);
    await removed(undefined, a);
    assert.deepEqual(statesOf(await sync.status(run)), { [a]: "revoked", [b]: "running", [c]: "running" });
    // The one that is out ends its turn, and what it tells changes nothing.
    const tells = (location) => {
        const view = { streams: {}, records: 1, failures: 0 };
        return sync.ask("/report", { company, run, location, slice: 1, event: "working", view });
    };
    assert.deepEqual([await tells(a), await tells(b)], [{ othersWait: true }, { othersWait: false }]);
    assert.equal((await sync.status(run)).records, 1);
    // The company's was sent before the last installation.
    await installed(company, c, at(2));
    await removed(company, undefined, at(1));
    assert.deepEqual(statesOf(await sync.status(run)), { [a]: "revoked", [b]: "revoked", [c]: "running" });
    await sync.ask("/set", { silent: [] });
    await sync.ask("/resume", { run });
    assert.deepEqual((await sync.ended(run)).counts, { waiting: 0, running: 0, done: 1, failed: 0, revoked: 2 });
    await installed(company, d, at(0.5));
    assert.deepEqual(statesOf(await sync.ended(await start())), { [c]: "done" }, "an INSTALL from before the company's UNINSTALL");
});

test("an UNINSTALL of the company ends locations of which the hook has told", async () => {
    await sync.ask("/set", { hooked: [a] });
    const run = await held([a]);
    await sync.ask("/set", { hooked: [] });
    await removed(company, undefined, at(-60));
    assert.equal((await sync.status(run)).counts.running, 1, "it was sent before the run");
    await removed(company, undefined, at(1));
    assert.equal((await sync.ended(run)).counts.revoked, 1);
});

test("what is installed while a run of all locations goes on is read by it, once; one of named locations takes none", async () => {
    await installed(company, a, at(-60));
    const run = await held([a]);
    for (const location of [b, c, b]) await installed(company, location);
    const { locations } = await sync.when(run, ({ counts }) => counts.done === 2);
    assert.deepEqual(locations.map(({ location, state }) => [location, state]), [[a, "running"], [b, "done"], [c, "done"]]);
    await sync.ask("/set", { silent: [] });
    await sync.ask("/resume", { run });
    assert.equal((await sync.ended(run)).counts.done, 3);
    assert.deepEqual((await sync.manifest(run)).locations.map(({ location, files }) => [location, files.length]), [a, b, c].map((location) => [location, 1]));
    const of = await sync.rows("SELECT location FROM locations WHERE company = ? ORDER BY location", company);
    assert.deepEqual(of.map(({ location }) => location), [a, b, c]);

    const named = await held([a], { locations: [a] });
    await installed(company, d);
    assert.deepEqual(statesOf(await sync.status(named)), { [a]: "running" });
    await sync.ask("/set", { silent: [] });
    await sync.ask("/resume", { run: named });
    await sync.ended(named);
});

test("a location that comes into a run which has begun before its last one is read there", async () => {
    await installed(other, a, at(-60));
    const run = await held([a], { company: other });
    await installed(company, b, at(-60));
    await sync.ended(await start());
    await installed(other, b);
    await sync.when(run, ({ counts }) => counts.done === 1);
    await sync.ask("/set", { silent: [] });
    await sync.ask("/resume", { run });
    assert.deepEqual(statesOf(await sync.ended(run)), { [a]: "done", [b]: "done" });
    // And in what comes after it.
    assert.equal((await sync.ended(await start({ company: other }))).counts.done, 2);
});

test("an INSTALL that is late gives a location to nobody", async () => {
    await installed(other, a, at(0));
    await installed(company, a, at(-60));
    assert.ok(logged(new RegExp(`event=outdated location=${a} type=INSTALL`)));
    await assert.rejects(() => start(), { code: "no_locations" });
    // Who has it is still known, for an UNINSTALL that names no company.
    await removed(undefined, a, at(1));
    await assert.rejects(() => start({ company: other }), { code: "no_locations" });
});

test("an event from the future is not the last word for longer than some minutes", async () => {
    const times = ["2999-01-01T00:00:00.000Z", "+275760-09-13T00:00:00.000Z", 32_503_680_000_000];
    for (const [i, timestamp] of times.entries()) {
        const location = [a, b, c][i];
        await sync.ask("/set", { leap: 0 });
        const [one, two] = [`company${++number}`, `other${number}`];
        await installed(one, location, timestamp);
        await sync.ask("/set", { leap: 301_000 });
        await installed(two, location, at(301));
        await assert.rejects(() => start({ company: one }), { code: "no_locations" });
        await removed(two, location, at(302));
        await assert.rejects(() => start({ company: two }), { code: "no_locations" });
    }
});

test("what was noted while the clock was in the year 3000 counts no longer than the clock", async () => {
    await sync.ask("/set", { leap: 974 * 365 * 86_400_000 });
    await sync.ask("/installed", { type: "INSTALL", companyId: company, locationId: a });
    await sync.ask("/installed", { type: "INSTALL", companyId: company, locationId: b });
    await sync.ask("/set", { leap: 0 });
    await installed(other, a);
    await removed(company, b);
    await assert.rejects(() => start(), { code: "no_locations" });
    assert.deepEqual(statesOf(await sync.ended(await start({ company: other }))), { [a]: "done" });
});

test("a location that was named by mistake goes by an UNINSTALL", async () => {
    await installed(company, a);
    await sync.ended(await start({ locations: [a, d, a] }));
    assert.deepEqual(statesOf(await sync.ended(await start())), { [a]: "done", [d]: "done" });
    await sync.ask("/installed", { type: "UNINSTALL", companyId: company, locationId: d });
    assert.deepEqual(statesOf(await sync.ended(await start())), { [a]: "done" });
});
