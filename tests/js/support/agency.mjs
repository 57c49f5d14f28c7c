// The agency sync as it runs at Cloudflare: a Worker with its queue, Durable Objects, D1 and R2 in the real workerd, all of it
// kept in a folder, against a sandbox of many locations in a process of its own. The runtime can be killed and begun again.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { connectSandbox } from "ghl-payments/sandbox";
import { bundleWorker, PACKAGE, tool } from "./support.mjs";

/** No location of these reaches them: what is left is the time that the work itself takes. */
const LIFTED = { max: 4_000_000_000, daily: 4_000_000_000 };

/** The streams of a location. */
export const STREAMS = ["orders", "transactions", "subscriptions", "coupons"];

/**
 * Starts a sandbox of `locations` (a number, or ids) with `size` orders each in a process of its own. `limits` are `"real"`,
 * `"lifted"`, or `{ max, daily }`; with `install` the app is installed in all of them, as an agency does it. Gives what
 * `connectSandbox` gives, and what the sandbox is called.
 */
export async function serveLocations({ locations = 3, size = 300, limits = "real", seed = 7, install = false, ...options } = {}) {
    const ids = typeof locations === "number" ? Array.from({ length: locations }, (_, i) => `location${i}`) : locations;
    const rateLimit = limits === "real" ? {} : limits === "lifted" ? LIFTED : limits;
    const given = JSON.stringify({ locations: ids, size, rateLimit, seed, install, ...options });
    const program = fileURLToPath(new URL("agency-sandbox.mjs", import.meta.url));
    // Neither what it is asked nor what it answers is written down: that would be gigabytes.
    const { NODE_OPTIONS, GHL_EXCHANGES, ...env } = process.env;
    const child = spawn(process.execPath, [program, given], { stdio: ["pipe", "pipe", "inherit"], env });
    const ended = once(child, "exit");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value: line, done } = await lines.next();
    assert.ok(!done, "the sandbox has started");
    const { url, ...facts } = JSON.parse(line);
    return {
        ...connectSandbox(url),
        ...facts,
        locations: ids,
        async stop() {
            child.kill();
            await ended;
        },
    };
}

/**
 * The runtime with a Worker of `source` in it, against a sandbox of `serveLocations`. `objects` are its classes by binding,
 * `databases` says how many there are of D1 (`DB`, or `DB_0`, `DB_1` ...), and `persist` is the folder that outlives a kill;
 * one of its own unless told. `queue` are further options of the queue's consumer.
 */
export async function startAgency({ source, objects, sandbox, databases = 1, persist, bindings = {}, queue = {} }) {
    const folder = persist ?? mkdtempSync(join(tmpdir(), "agency-"));
    const modules = await bundleWorker(source);
    const names = databases === 1 ? ["DB"] : Array.from({ length: databases }, (_, i) => `DB_${i}`);
    const at = (name) => join(folder, name);
    const options = {
        name: "agency",
        modules,
        compatibilityDate: "2025-09-01",
        bindings: {
            GHL_BASE_URL: sandbox.url,
            GHL_CLIENT_ID: sandbox.app.clientId,
            GHL_CLIENT_SECRET: sandbox.app.clientSecret,
            GHL_REDIRECT_URI: "https://agency.example/callback",
            ENCRYPTION_KEY: "only for the sandbox: openssl rand -base64 32",
            ...bindings,
        },
        durableObjects: Object.fromEntries(
            Object.entries(objects).map(([name, className]) => [name, { className, useSQLite: true }]),
        ),
        d1Databases: Object.fromEntries(names.map((name) => [name, name.toLowerCase()])),
        r2Buckets: { FILES: "files" },
        queueProducers: { SYNC: { queueName: "sync" }, DEAD: { queueName: "dead" } },
        queueConsumers: {
            sync: { maxBatchSize: 20, maxBatchTimeout: 0, maxRetries: 3, deadLetterQueue: "dead", ...queue },
            dead: { maxBatchSize: 20, maxBatchTimeout: 0, maxRetries: 10 },
        },
        durableObjectsPersist: at("objects"),
        d1Persist: at("d1"),
        r2Persist: at("r2"),
    };
    const lines = [];
    const waiting = new Set();
    const read = (stream) => {
        createInterface({ input: stream }).on("line", (line) => {
            lines.push({ at: Date.now(), line });
            for (const look of waiting) look(line);
        });
    };

    let worker;
    let pids = [];
    let peak = 0;
    const begin = async () => {
        const before = runtimes();
        worker = new (tool("miniflare").Miniflare)({
            ...options,
            handleRuntimeStdio(stdout, stderr) {
                read(stdout);
                read(stderr);
            },
        });
        await worker.ready;
        pids = runtimes().filter((pid) => !before.includes(pid));
    };
    const measure = () => {
        peak = Math.max(peak, ...pids.map(memoryOf));
        return peak;
    };
    await begin();

    const agency = {
        folder,
        databases: names,
        /** What the Worker has logged so far: `{ at, line }`, `at` in milliseconds since 1970. */
        lines,
        /** What the Worker answers to a POST of JSON, or to a GET where there is none. */
        async ask(path, body) {
            const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
            const response = await worker.dispatchFetch(`https://agency.example${path}`, body === undefined ? {} : init);
            const text = await response.text();
            assert.ok(response.ok, `${path}: ${response.status} ${text.slice(0, 2000)}`);
            return JSON.parse(text);
        },
        /** The Worker's address, for clients that hang up. */
        url: async () => new URL(await worker.ready),
        /** What the Worker answers to a GET, whatever it is. */
        fetch: (path) => worker.dispatchFetch(`https://agency.example${path}`),
        /** Resolves with the next line of the log that fits. */
        logged(fits) {
            return new Promise((resolve) => {
                const look = (line) => {
                    if (!fits(line)) return;
                    waiting.delete(look);
                    resolve(line);
                };
                waiting.add(look);
            });
        },
        /** Brings the databases to the schema, as `wrangler d1 migrations apply` does it. */
        async migrate(migrations = join(PACKAGE, "migrations")) {
            const files = readdirSync(migrations).filter((name) => name.endsWith(".sql")).sort();
            for (const name of names) {
                const db = await worker.getD1Database(name);
                for (const file of files) {
                    const statements = statementsOf(readFileSync(join(migrations, file), "utf8"));
                    await db.batch(statements.map((sql) => db.prepare(sql)));
                }
            }
        },
        /** The rows that a query gives in a database. */
        async rows(name, sql, ...values) {
            const db = await worker.getD1Database(name);
            const { results } = await db.prepare(sql).bind(...values).all();
            return results;
        },
        files: () => worker.getR2Bucket("FILES"),
        /** Calls the Worker as its cron trigger does. */
        async cron(at = Date.now()) {
            const { scheduled } = await worker.getWorker();
            return scheduled({ scheduledTime: new Date(at), cron: "* * * * *" });
        },
        /** The most memory that the runtime has had, in bytes. */
        memory: measure,
        /** The time of processors that the runtime has used since it began, in seconds. */
        seconds: () => pids.reduce((sum, pid) => sum + secondsOf(pid), 0),
        /** Ends the runtime as a power cut does. */
        async kill() {
            measure();
            for (const pid of pids) process.kill(pid, "SIGKILL");
            await worker.dispose().catch(() => {});
        },
        /** Begins it again on the same folder; gives when it was ready, in milliseconds since 1970. */
        async restart() {
            await begin();
            return Date.now();
        },
        async stop() {
            measure();
            await worker.dispose().catch(() => {});
            if (persist === undefined) rmSync(folder, { recursive: true, force: true });
        },
    };
    return agency;
}

/**
 * Compares what a run has left with what the sandbox holds: `missing` are records of the sandbox that are not there, `double` those
 * that are there more than once, `unknown` those that the sandbox does not have. `d1` looks at the rows that are not marked as
 * deleted, `r2` at the files that the manifest names, whose lengths, counts and checksums it checks. `locations` are those to look
 * at, all of them unless told. With `exact` each record must be what the list of the sandbox says.
 */
export async function compare(agency, sandbox, { run, streams = STREAMS, locations = sandbox.locations, exact = false }) {
    const d1 = tally();
    const r2 = tally();
    const manifest = JSON.parse(await (await (await agency.files()).get(`${run}/manifest.json`)).text());
    const entries = new Map(manifest.locations.map((entry) => [entry.location, entry]));
    for (const locationId of locations) {
        for (const stream of streams) {
            const held = new Map((await sandbox.records({ stream, locationId })).map((record) => [record._id, record]));
            const where = `${locationId}/${stream}`;
            d1.add(where, held, await liveRows(agency, stream, locationId), exact);
            const files = entries.get(locationId).files.filter(({ name }) => name.split("/")[1] === stream);
            const records = [];
            for (const file of files) records.push(...(await recordsOf(agency, file)));
            r2.add(where, held, records, exact);
        }
    }
    return { d1: d1.ends, r2: r2.ends, manifest };
}

/** What was found where. */
function tally() {
    const ends = { records: 0, missing: [], double: [], unknown: [] };
    return {
        ends,
        add(where, held, found, exact) {
            const seen = new Set();
            for (const record of found) {
                const id = record._id;
                if (seen.has(id)) ends.double.push(`${where}/${id}`);
                seen.add(id);
                if (!held.has(id)) ends.unknown.push(`${where}/${id}`);
                else if (exact) assert.deepEqual(record, held.get(id), `${where}/${id}`);
            }
            ends.records += seen.size;
            for (const id of held.keys()) if (!seen.has(id)) ends.missing.push(`${where}/${id}`);
        },
    };
}

/** The records of a location that D1 holds, in any of its databases. */
async function liveRows(agency, stream, location) {
    const sql = `SELECT body FROM ${stream} WHERE location = ? AND deleted_at IS NULL`;
    const found = await Promise.all(agency.databases.map((name) => agency.rows(name, sql, location)));
    return found.flat().map(({ body }) => JSON.parse(body));
}

/** The records in a file of a manifest. */
async function recordsOf(agency, { name, bytes, sha256, records }) {
    const object = await (await agency.files()).get(name);
    assert.ok(object !== null, `${name} is there`);
    const zipped = Buffer.from(await object.arrayBuffer());
    assert.deepEqual([zipped.length, createHash("sha256").update(zipped).digest("hex")], [bytes, sha256], name);
    const lines = gunzipSync(zipped).toString("utf8").split("\n").filter((line) => line !== "");
    assert.equal(lines.length, records, name);
    return lines.map((line) => JSON.parse(line));
}

/** The statements of a file of SQL: each ends with a semicolon at the end of a line. */
export function statementsOf(text) {
    const plain = text.replace(/^\s*--.*$/gm, "");
    return plain.split(/;\s*$/m).map((statement) => statement.trim()).filter((statement) => statement !== "");
}

/** The runtimes that this process has started. */
function runtimes() {
    try {
        const found = execFileSync("pgrep", ["-P", `${process.pid}`, "workerd"], { encoding: "utf8" });
        return found.split("\n").filter(Boolean).map(Number);
    } catch {
        return [];
    }
}

/** The most memory that a process has had so far, in bytes. */
function memoryOf(pid) {
    try {
        return 1024 * Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
    } catch {
        return 0;
    }
}

/** The time of processors that a process has used, in seconds: its 14th and 15th field, in hundredths. */
function secondsOf(pid) {
    const [, fields] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    const [user, system] = fields.split(" ").slice(11);
    return (Number(user) + Number(system)) / 100;
}
