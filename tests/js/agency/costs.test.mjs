// The cost sheet of docs/agency.md: its table is what its program prints, and what a run uses is what real runs use.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import test, { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { serveLocations, startAgency } from "../support/agency.mjs";

const DOCS = join(process.env.GHL_REPO_ROOT, "docs");
const PROGRAM = join(DOCS, "agency-costs.mjs");
const { ACCOUNT, PAGES, USED, cost, monthly, placed, sheet } = await import(pathToFileURL(PROGRAM).href);

/** The sync, with a meter at each binding and at the storage of each object; all of them are in one isolate. */
const SOURCE = `
    import * as agency from "ghl-payments/cloudflare";

    const meter = {};
    const count = (name, by = 1) => (meter[name] = (meter[name] ?? 0) + by);

    /** The storage of an object, whose written rows count; one more is each alarm that is set. */
    function metered(ctx) {
        const { storage } = ctx;
        const { sql } = storage;
        const exec = sql.exec.bind(sql);
        sql.exec = (...args) => {
            const cursor = exec(...args);
            return { toArray() {
                const rows = cursor.toArray();
                count("objectRowsWritten", cursor.rowsWritten);
                count("objectRowsRead", cursor.rowsRead);
                return rows;
            } };
        };
        const setAlarm = storage.setAlarm.bind(storage);
        storage.setAlarm = (time) => (count("objectRowsWritten"), setAlarm(time));
        return ctx;
    }

    const d1 = (db) => ({ prepare: (sql) => statement(db.prepare(sql)) });
    const statement = (prepared) => ({
        bind: (...values) => statement(prepared.bind(...values)),
        async all() {
            const { results, meta } = await prepared.all();
            count("rowsRead", meta.rows_read);
            count("rowsWritten", meta.rows_written);
            meter.databaseBytes = meta.size_after;
            return { results };
        },
    });
    const bindings = (env) => ({
        ...env,
        DB: d1(env.DB),
        FILES: { put: (...args) => (count("classA"), env.FILES.put(...args)), get: (...args) => (count("classB"), env.FILES.get(...args)) },
        SYNC: { sendBatch: (messages) => (count("messages", [...messages].length), env.SYNC.sendBatch(messages)) },
    });

    /** Each call of an object is a request to it, and so is each alarm. */
    const requested = (Class) => {
        const methods = Object.getPrototypeOf(Object.getPrototypeOf(Class)).prototype;
        for (const name of Object.getOwnPropertyNames(methods)) {
            // What this test asks itself is not the sync's.
            if (name === "constructor" || name === "status") continue;
            Class.prototype[name] = function (...args) {
                count("objectRequests");
                return methods[name].apply(this, args);
            };
        }
    };
    export class Location extends agency.GhlLocation {
        constructor(ctx, env) {
            super(metered(ctx), bindings(env));
        }
    }
    export class Company extends agency.GhlCompany {
        constructor(ctx, env) {
            super(metered(ctx), bindings(env));
        }
    }
    requested(Location);
    requested(Company);

    agency.configureAgency({
        token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location],
        fetch: (url, init) => (count("requests"), fetch(url, init)),
    });
    const routes = {
        "/start": async (env, options) => ({ run: await agency.startAgencySync(env, options) }),
        "/status": (env, { run }) => agency.agencyStatus(env, run, { limit: 1 }),
        "/meter": () => {
            const now = { ...meter };
            for (const name of Object.keys(meter)) delete meter[name];
            return now;
        },
    };
    export default {
        async fetch(request, env) {
            return Response.json(await routes[new URL(request.url).pathname](env, await request.json()));
        },
        queue: (batch, env) => (count("deliveries"), agency.agencyQueue(batch, env)),
    };
`;

const LOCATIONS = 4;

let sandbox;
let agency;
before(async () => {
    sandbox = await serveLocations({ locations: LOCATIONS, size: ACCOUNT.orders, limits: "lifted" });
    const objects = { LOCATIONS: "Location", COMPANIES: "Company" };
    agency = await startAgency({ source: SOURCE, objects, sandbox, bindings: { TOKENS_OF: JSON.stringify(sandbox.tokens) } });
    await agency.migrate();
});
after(async () => {
    await agency?.stop();
    await sandbox?.stop();
});

/** What a run uses for each location. */
async function used(mode) {
    await agency.ask("/meter", {});
    const { run } = await agency.ask("/start", { company: "company0000000000001", locations: sandbox.locations, mode });
    for (;;) {
        const { state, counts } = await agency.ask("/status", { run });
        if (state === "ended") {
            assert.equal(counts.done, LOCATIONS, JSON.stringify(counts));
            break;
        }
        await pause(100);
    }
    await pause(500);
    const all = await agency.ask("/meter", {});
    const manifest = await (await (await agency.files()).get(`${run}/manifest.json`)).json();
    const files = manifest.locations.flatMap(({ files }) => files);
    const more = { records: manifest.records, fileBytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
    return Object.fromEntries(Object.entries({ ...all, ...more }).map(([name, value]) => [name, value / LOCATIONS]));
}

test("a run uses what the sheet says", async () => {
    const found = { first: await used("full"), full: await used("full"), window: await used("window") };
    // Subscriptions are charged as the sandbox's clock goes on, which is the real one: some records more or less each day.
    const { records } = found.first;
    assert.ok(Math.abs(records - ACCOUNT.records) <= 0.01 * ACCOUNT.records, `${records} records, the sheet says ${ACCOUNT.records}`);
    for (const [kind, sheet] of Object.entries(USED)) {
        // What falls into a window differs from hour to hour.
        const slack = kind === "window" ? 0.3 : 0.1;
        for (const [name, said] of Object.entries(sheet)) {
            const real = found[kind][name];
            assert.ok(Math.abs(real - said) <= slack * said + 1, `${kind}: ${name} is ${real}, the sheet says ${said}`);
        }
        const { requests, rowsWritten, objectRowsWritten, classA, records } = found[kind];
        console.log(
            `figure: agency costs: ${kind} run, each location: ${Math.round(records)} records, ${requests} requests to HighLevel, ` +
                `${Math.round(rowsWritten)} rows written in D1 and ${Math.round(objectRowsWritten)} in its object, ${classA} writes of R2`,
        );
    }
});

test("the sheet in docs/agency.md is what its program prints", () => {
    const text = readFileSync(join(DOCS, "agency.md"), "utf8");
    assert.equal(placed(text, sheet()), text, "run `node docs/agency-costs.mjs --write`");
    assert.equal(execFileSync(process.execPath, [PROGRAM], { encoding: "utf8" }), `${sheet()}\n`);
    assert.notEqual(placed(text, sheet({ runs: 24 })), text);
    for (const page of Object.values(PAGES)) assert.ok(text.includes(page), page);
});

test("what is used is paid for as in the examples on Cloudflare's own pages", () => {
    for (const [kind, amount, dollars] of [
        ["queueOperations", 90_000_000, 35.6],
        ["objectRequests", 1_500_000, 0.15],
        ["objectRequests", 3_750_000, 0.45],
        ["objectGbSeconds", 11_059_200, 137.5],
        ["objectGbSeconds", 128_000, 0],
        ["workerRequests", 15_000_000, 1.5],
        ["fileGb", 1000, 14.85],
        ["classB", 300_000_000, 104.4],
        ["classA", 1000, 0],
    ]) {
        assert.equal(cost(kind, amount).toFixed(2), dollars.toFixed(2), `${amount} ${kind}`);
    }
    // Ten times the locations are ten times the use, whatever that costs.
    const [some, many] = [100, 1000].map((locations) => monthly({ locations, runs: 4 }).month.rowsWritten);
    assert.equal(Math.round(many), Math.round(10 * some));
});
