// A Worker with the agency sync as an app has it, whose routes are the functions of the package; and what tests look at.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { serveLocations, startAgency, STREAMS } from "./agency.mjs";

/** How long a test waits for what has to happen. */
const PATIENCE_MS = 120_000;

const source = (options, routes, classes, more) => `
    import {
        agencyHint, agencyInstalled, agencyQueue, agencyScheduled, agencyStatus, configureAgency, locationFetch, resumeAgencySync,
        retryAgencySync, startAgencySync,
    } from "ghl-payments/cloudflare";
    import { PaymentsClient } from "ghl-payments/edge";
    ${classes}

    configureAgency(${options});
    ${more}

    const routes = {
        "/start": async (env, options) => ({ run: await startAgencySync(env, options) }),
        "/status": (env, { run, ...options }) => agencyStatus(env, run, options),
        "/retry": async (env, { run, ...options }) => ({ run: await retryAgencySync(env, run, options) }),
        "/resume": async (env, { run }) => (await resumeAgencySync(env, run), {}),
        "/installed": async (env, event) => (await agencyInstalled(env, event), {}),
        "/hint": async (env, event) => ({ looks: await agencyHint(env, event) }),
        "/deliver": async (env, { queue = "sync", bodies }) => {
            const ends = bodies.map(() => "none");
            const messages = bodies.map((body, i) => ({
                body, attempts: 1, ack: () => (ends[i] = "ack"), retry: ({ delaySeconds }) => (ends[i] = "retry in " + delaySeconds),
            }));
            await agencyQueue({ queue, messages }, env);
            return { ends };
        },
        "/order": async (env, { location, token, limit }) => {
            const client = new PaymentsClient({ token, locationId: location, baseUrl: env.GHL_BASE_URL, fetch: locationFetch(env), limiter: false, maxRetries: 0 });
            const began = Date.now();
            const { data } = await client.orders.list({ limit });
            return { count: data.length, ms: Date.now() - began };
        },
        ${routes}
    };

    export default {
        async fetch(request, env) {
            const { pathname } = new URL(request.url);
            try {
                return Response.json((await routes[pathname](env, await request.json())) ?? null);
            } catch (error) {
                return Response.json({ error: { name: error.name, code: error.code, message: error.message, run: error.run, issues: error.issues } });
            }
        },
        queue: (batch, env) => agencyQueue(batch, env),
        scheduled: (event, env) => agencyScheduled(event, env),
    };
`;

const TOKENS = "{ token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location] }";
const CLASSES = `export { GhlCompany, GhlLocation, TokenKeeper } from "ghl-payments/cloudflare";`;
const OBJECTS = { LOCATIONS: "GhlLocation", COMPANIES: "GhlCompany", TOKENS: "TokenKeeper" };

/** The company of the tests. */
export const COMPANY = "company0000000000001";

/**
 * A sandbox and a runtime that syncs it. `sandbox` are options of `serveLocations`, `options` the text of what `configureAgency` gets
 * (the tokens of the sandbox unless given), `routes` that of further routes, `classes` that of the exported objects, `more` that of what
 * else the Worker has. Everything else goes to `startAgency`.
 */
export async function startSync({ sandbox: given, options = TOKENS, routes = "", classes = CLASSES, more = "", ...others } = {}) {
    const sandbox = await serveLocations(given);
    const bindings = { TOKENS_OF: JSON.stringify(sandbox.tokens), ...others.bindings };
    const agency = await startAgency({ source: source(options, routes, classes, more), objects: OBJECTS, sandbox, ...others, bindings });
    await agency.migrate();
    const ask = async (path, body) => {
        const answer = await agency.ask(path, body);
        if (answer?.error) throw Object.assign(new Error(answer.error.message), answer.error);
        return answer;
    };
    const status = (run, options = {}) => ask("/status", { run, ...options });
    /** Waits until something is so, and gives what it is. */
    const until = async (look, what, told = () => "") => {
        for (const end = Date.now() + PATIENCE_MS; ; await pause(50)) {
            const found = await look();
            if (found) return found;
            assert.ok(Date.now() < end, `${what}: ${told()}\n${agency.lines.slice(-20).map(({ line }) => line).join("\n")}`);
        }
    };
    /** Waits until a run is as it has to be. */
    const when = async (run, fits, what = "the run comes to that") => {
        let now;
        const look = async () => fits((now = await status(run, { limit: 1000 }))) && now;
        return until(look, what, () => JSON.stringify(now));
    };
    return {
        sandbox,
        agency,
        ask,
        status,
        until,
        when,
        start: async (options = {}) => (await ask("/start", { company: COMPANY, locations: sandbox.locations, ...options })).run,
        ended: (run) => when(run, ({ state }) => state === "ended", "the run ends"),
        /** Rows of D1, of all databases. */
        async rows(sql, ...values) {
            const all = await Promise.all(agency.databases.map((name) => agency.rows(name, sql, ...values)));
            return all.flat();
        },
        /** The manifest of a run; nothing while there is none. */
        async manifest(run) {
            const file = await (await agency.files()).get(`${run}/manifest.json`);
            return file && JSON.parse(await file.text());
        },
        /** The records in the files that the manifest names, by stream; each file is checked against what the manifest says of it. */
        async exported(run) {
            const files = await agency.files();
            const records = Object.fromEntries(STREAMS.map((stream) => [stream, []]));
            for (const { location, files: own } of (await this.manifest(run)).locations) {
                for (const { name, bytes, sha256, records: count } of own) {
                    const content = Buffer.from(await (await files.get(name)).arrayBuffer());
                    assert.deepEqual([content.length, createHash("sha256").update(content).digest("hex")], [bytes, sha256], name);
                    const lines = gunzipSync(content).toString().split("\n").filter(Boolean).map((line) => JSON.parse(line));
                    assert.equal(lines.length, count, name);
                    for (const record of lines) assert.equal(record.altId ?? location, location, name);
                    records[name.split("/")[1]].push(...lines);
                }
            }
            return records;
        },
        async stop() {
            await agency.stop();
            await sandbox.stop();
        },
    };
}

/** Fails unless each id is there, and once. */
export function assertOnce(found, wanted, what) {
    const count = new Map();
    for (const id of found) count.set(id, (count.get(id) ?? 0) + 1);
    const missing = wanted.filter((id) => !count.has(id));
    const double = [...count].filter(([, times]) => times > 1).map(([id]) => id);
    assert.deepEqual({ missing: missing.length, double: double.length, all: count.size }, { missing: 0, double: 0, all: new Set(wanted).size }, what);
}
