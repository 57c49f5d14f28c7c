// What people do with runs: cancel them, try again at odd moments, kill them while they begin, and call functions with what is wrong.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { COMPANY, startSync } from "../support/agency-worker.mjs";

const CLASSES = `
    import { GhlCompany as Company } from "ghl-payments/cloudflare";
    export { GhlLocation, TokenKeeper } from "ghl-payments/cloudflare";

    globalThis.hangs = false;
    const database = (db) => ({
        prepare: (sql) => {
            const wrap = (statement) => ({
                bind: (...values) => wrap(statement.bind(...values)),
                async all() {
                    if (hangs === "fails" && /INTO locations/.test(sql)) throw new Error("away");
                    while (hangs && hangs !== "fails" && hangs.test(sql)) await new Promise((resolve) => setTimeout(resolve, 20));
                    return statement.all();
                },
            });
            return wrap(db.prepare(sql));
        },
    });
    export class GhlCompany extends Company {
        constructor(state, env) {
            super(state, { ...env, DB: database(env.DB) });
        }
    }
`;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 3, size: 30, limits: "lifted" },
        classes: CLASSES,
        options: `() => ({
            token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
            locations: () => globalThis.named,
            parallel: 1,
            timeoutMs: 5000,
            now: () => Date.now() + (globalThis.leap ?? 0),
        })`,
        more: `import { cancelAgencySync } from "ghl-payments/cloudflare";`,
        routes: `
            "/set": (env, values) => (Object.assign(globalThis, values), {}),
            "/hang": (env, { where }) => ((globalThis.hangs = where && new RegExp(where)), {}),
            "/odd": async (env, { run, kind }) => {
                class Given {
                    constructor(values) {
                        Object.assign(this, values, { [Symbol.for("odd")]: () => {} });
                    }
                }
                const made = {
                    proxy: (values) => new Proxy(values, {}),
                    "null prototype": (values) => Object.assign(Object.create(null), values),
                    class: (values) => new Given(values),
                }[kind];
                const { locations } = await agencyStatus(env, run, made({ limit: 1, after: "location0", state: "done" }));
                const retried = await retryAgencySync(env, run, made({ locations: new Proxy(["location0"], {}) }));
                await agencyInstalled(env, made({ type: "INSTALL", companyId: "company0000000000007", locationId: "location7" }));
                const looks = await agencyHint(env, made({ type: "OrderCreate", locationId: "location8", _id: "order1" }));
                const ends = [];
                const body = made({ type: "sync", company: "${COMPANY}", run, location: "location0", slice: 1, started: 1, streams: [], extra: () => {} });
                const messages = [{ body, ack: () => ends.push("ack"), retry: () => ends.push("retry") }];
                for (const queue of ["dead", "sync"]) await agencyQueue(made({ queue, messages }), env);
                const named = new Proxy(["location2", "location2"], {});
                const begun = await startAgencySync(env, made({ company: "${COMPANY}", streams: new Proxy(["coupons"], {}), locations: named }));
                return { seen: locations.map(({ location }) => location), retried, looks, ends, begun };
            },
            "/cancel": async (env, { run }) => (await cancelAgencySync(env, run), {}),
            "/call": async (env, { name, given, without = [] }) => {
                const own = { ...env };
                for (const binding of without) delete own[binding];
                const all = { agencyHint, agencyInstalled, agencyQueue, agencyStatus, resumeAgencySync, retryAgencySync, startAgencySync, cancelAgencySync };
                return name === "agencyQueue" ? all[name](given[0], own) : all[name](own, ...given);
            },
            "/report": (env, report) => env.COMPANIES.get(env.COMPANIES.idFromName("${COMPANY}")).report(report),
        `,
    });
});
after(() => sync?.stop());

const stateOf = ({ locations }) => Object.fromEntries(locations.map(({ location, state }) => [location, state]));

test("a run that is canceled ends with a manifest, and is in nobody's way", async () => {
    await sync.sandbox.addFault("status=503", { locationId: "location1", times: 1000 });
    const run = await sync.start({ streams: ["orders"] });
    await sync.when(run, ({ counts }) => counts.done === 2 && counts.waiting === 1);
    await sync.ask("/cancel", { run });
    const { locations, counts } = await sync.ended(run);
    assert.deepEqual(counts, { waiting: 0, running: 0, done: 2, failed: 1, revoked: 0 });
    assert.equal(locations.find(({ location }) => location === "location1").reason, "canceled");
    const manifest = await sync.manifest(run);
    assert.deepEqual([(await sync.status(run)).canceled, manifest.canceled], [true, true]);
    assert.deepEqual(manifest.locations.map(({ files }) => files.length), [1, 0, 1]);
    await sync.ask("/cancel", { run });
    await sync.sandbox.clearFaults();
    const whole = await sync.ended(await sync.start({ streams: ["orders"] }));
    assert.deepEqual([whole.counts.done, whole.canceled], [3, undefined]);
    assert.deepEqual(await sync.manifest(run), manifest);
    await assert.rejects(() => sync.ask("/cancel", { run: `${COMPANY}-20260101T000000000Z-aaaaaa` }), { code: "unknown_run" });
});

test("what an earlier turn tells again does not undo a retry", async () => {
    await sync.sandbox.addFault("status=401", { locationId: "location0", times: 2 });
    await sync.sandbox.addFault("hang", { locationId: "location2", times: 1 });
    const run = await sync.start({ streams: ["orders"], locations: ["location0", "location2"] });
    await sync.when(run, ({ counts }) => counts.revoked === 1 && counts.running === 1);
    // The only slot is taken: it is in line, and has not got a turn of its own yet.
    await sync.ask("/retry", { run });
    const view = { streams: {}, records: 0, failures: 1, reason: "late" };
    await sync.ask("/report", { run, location: "location0", slice: 1, event: "over", state: "revoked", files: [], view });
    assert.equal(stateOf(await sync.status(run)).location0, "waiting");
    await sync.sandbox.clearFaults();
    assert.equal((await sync.ended(run)).counts.done, 2);
});

test("killed while it begins, or where its tables fail, a run leaves nothing behind that is in the way", async () => {
    await sync.ask("/set", { hangs: "fails" });
    await assert.rejects(() => sync.start({ streams: ["orders"] }), { code: "database_failed" });
    assert.deepEqual(await sync.rows("SELECT run FROM runs WHERE manifest IS NULL"), []);
    await sync.ask("/hang", { where: "INTO locations" });
    sync.start({ streams: ["orders"] }).catch(() => {});
    await sync.until(async () => (await sync.rows("SELECT run FROM runs WHERE manifest IS NULL")).length === 1, "it has begun to begin");
    await sync.agency.kill();
    await sync.agency.restart();
    const soon = await sync.start({ streams: ["orders"] }).catch((error) => error);
    assert.equal(soon.code, "run_active", "it may still begin");
    await sync.ask("/set", { leap: 121_000 });
    const run = await sync.start({ streams: ["orders"] });
    assert.equal((await sync.ended(run)).counts.done, 3);
    assert.deepEqual(await sync.rows("SELECT run FROM runs WHERE manifest IS NULL"), []);
});

test("a run that is canceled while it begins is forgotten, and never begins", async () => {
    const started = async () => (await sync.rows("SELECT run FROM runs WHERE manifest IS NULL")).map(({ run }) => run);
    for (const where of ["INTO locations", "INTO runs"]) {
        await sync.ask("/hang", { where });
        const begins = sync.start({ streams: ["orders"], locations: ["location0", "location1"] }).catch((error) => error);
        const { run } = await sync.until(async () => {
            const error = await sync.start({ streams: ["orders"] }).catch((error) => error);
            return error.code === "run_active" && error;
        }, "it has begun to begin");
        await sync.ask("/cancel", { run });
        await assert.rejects(() => sync.status(run), { code: "unknown_run" });
        // Another one is free to begin, before the first one has noticed.
        const next = sync.start({ streams: ["coupons"], locations: ["location1"] });
        await sync.ask("/hang", {});
        assert.equal((await begins).code, "run_canceled", where);
        const { counts } = await sync.ended(await next);
        assert.deepEqual([counts.done, await started()], [1, []], where);
        await assert.rejects(() => sync.ask("/cancel", { run }), { code: "unknown_run" });
    }
});

test("a location that is removed while a run begins which names it is not read, and not known afterwards", async () => {
    await sync.ask("/hang", { where: "INTO runs" });
    const begins = sync.start({ streams: ["coupons"], locations: ["location0", "location1"] });
    await sync.until(async () => (await sync.start({ streams: ["orders"] }).catch(({ code }) => code)) === "run_active", "it has begun to begin");
    await sync.ask("/installed", { type: "UNINSTALL", companyId: COMPANY, locationId: "location0" });
    await sync.ask("/hang", {});
    assert.deepEqual(stateOf(await sync.ended(await begins)), { location0: "revoked", location1: "done" });
    assert.equal(stateOf(await sync.ended(await sync.start({ streams: ["coupons"], locations: undefined }))).location0, undefined);
});

test("what options are made of does not matter", async () => {
    const run = await sync.start({ streams: ["coupons"] });
    await sync.ended(run);
    for (const kind of ["proxy", "null prototype", "class"]) {
        const { begun, ...others } = await sync.ask("/odd", { run, kind });
        assert.deepEqual(others, { seen: ["location1"], retried: run, looks: false, ends: ["ack", "ack"] }, kind);
        assert.deepEqual((await sync.ended(begun)).locations.map(({ location }) => location), ["location2"]);
    }
});

test("a hook that gives no list of ids begins nothing", async () => {
    for (const named of ["location0", [""], ["a b"], [5, null], {}]) {
        await sync.ask("/set", { named });
        const begun = sync.ask("/start", { company: "company0000000000009", streams: ["orders"] });
        await assert.rejects(() => begun, { code: "bad_locations" }, JSON.stringify(named));
    }
    await sync.ask("/set", { named: [] });
    await assert.rejects(() => sync.ask("/start", { company: "company0000000000009", streams: ["orders"] }), { code: "no_locations" });
});

test("what is wrong with a call is named", async () => {
    const run = `${COMPANY}-20260101T000000000Z-aaaaaa`;
    const cases = [
        ["startAgencySync", [null], ""],
        ["startAgencySync", [{ company: "a/b", mode: "half", streams: ["x"], locations: [""], colour: 1 }], "colour"],
        ["startAgencySync", [{ company: COMPANY }], "env.FILES", ["FILES"]],
        ["agencyStatus", [run, null], "options"],
        ["agencyStatus", [run, { page: 2 }], "page"],
        ["agencyStatus", [[run]], "run"],
        ["agencyStatus", [run], "env.COMPANIES", ["COMPANIES"]],
        ["retryAgencySync", [run, null], "options"],
        ["retryAgencySync", [run, { location: "x" }], "location"],
        ["retryAgencySync", [run], "env.COMPANIES", ["COMPANIES"]],
        ["resumeAgencySync", ["run"], "run"],
        ["resumeAgencySync", [run], "env.COMPANIES", ["COMPANIES"]],
        ["cancelAgencySync", [5], "run"],
        ["agencyInstalled", [null], "event"],
        ["agencyHint", ["x"], "event"],
        ["agencyQueue", [null], "batch"],
    ];
    for (const [name, given, path, without] of cases) {
        const error = await sync.ask("/call", { name, given, without }).then(() => undefined, (error) => error);
        assert.equal(error?.name, "ValidationError", `${name} ${JSON.stringify(given)}: ${error}`);
        assert.equal(error.issues[0].path, path, name);
    }
});
