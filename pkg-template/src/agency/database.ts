import { invalid } from "../client/input.js";
import { inTime } from "../edge/in-time.js";
import { called } from "../edge/module.js";
import { syncShard } from "../edge-core.js";
import { pause } from "../exchange.js";
import type { D1Like } from "../edge/stores.js";
import { AgencyError } from "./agency-error.js";

/** For so long, in milliseconds, a store may take to answer; D1 ends a statement after 30 s itself. */
export const STORE_MS = 45_000;

/** What can be synced, each in a table of its own name. */
export type SyncStream = "orders" | "transactions" | "subscriptions" | "coupons";

/** All of them. */
export const STREAMS: readonly SyncStream[] = ["orders", "transactions", "subscriptions", "coupons"];

/**
 * The D1 databases of a sync: `DB`, or `DB_0`, `DB_1` and so on without a gap. Which of them holds a location follows from its id and
 * from how many there are, so that their number is chosen once.
 */
export interface DatabaseEnv {
    /** The only database. */
    DB?: D1Like | undefined;
    /** The first one of many. */
    DB_0?: D1Like | undefined;
}

/** A row of the table `runs`. Times are milliseconds since 1970. */
export interface RunRow {
    /** The run. */
    run: string;
    /** The company whose locations it reads. */
    company: string;
    /** How it reads. */
    mode: string;
    /** What it reads. */
    streams: readonly string[];
    /** Where it is, such as `running`. */
    state: string;
    /** When it began. */
    startedAt: number;
    /** When it ended. */
    endedAt?: number | undefined;
    /** How many records it has read. */
    records: number;
    /** How many locations are in which state. */
    counts: Readonly<Record<string, number>>;
    /** The name of its manifest in R2, once that is there. */
    manifest?: string | undefined;
    /** When this was so; of two rows the younger one stays, but where the run has ended. */
    now: number;
}

/** A file of a run as its manifest names it. */
export interface SyncFile {
    /** Its name in R2: `run/stream/location/seq.ndjson.gz`. */
    name: string;
    /** Its length. */
    bytes: number;
    /** Its checksum: SHA-256 in hexadecimal digits. */
    sha256: string;
    /** How many records are in it. */
    records: number;
}

/** Which records of which location are meant. */
interface Where {
    /** The stream. */
    stream: SyncStream;
    /** The location. */
    location: string;
    /** The run. */
    run: string;
}

/** A parameter of D1 may have 2,000,000 bytes. */
const MAX_ROW_BYTES = 1_900_000;

/** What a statement carries at most if its rows let it: D1 ends one that takes longer than 30 s, and all others wait for it. */
const MAX_BYTES = 1_000_000;

/**
 * How much later than a reading another one may be that is written before it, in milliseconds: a chunk takes minutes. What is later was
 * noted by a clock that was ahead, and counts no more.
 */
const LATER_MS = 3_600_000;

/** The columns of a row, in the order in which `syncRows` gives them. */
const COLUMNS = ["id", "created", "updated", "status", "amount", "currency", "refunded", "source", "live", "body"];

/** Where in a row the body stands. */
const BODY = COLUMNS.indexOf("body");

/** The databases of a sync, in the order of their numbers. */
export function databases(env: DatabaseEnv): D1Like[] {
    const all: D1Like[] = [];
    const named = (env ?? {}) as Record<string, D1Like | undefined>;
    for (let db = named["DB_0"]; db !== undefined; db = named[`DB_${all.length}`]) all.push(db);
    const others = Object.keys(named).filter((name) => /^DB_\d+$/.test(name)).length;
    if (others !== all.length) throw invalid("env", `has a gap between DB_0 and the others: there is no DB_${all.length}`);
    if (named["DB"] !== undefined) {
        if (all.length > 0) throw invalid("env", "has both DB and DB_0: name the databases DB_0, DB_1 and so on, or have DB alone");
        all.push(named["DB"]);
    }
    if (all.length === 0) throw invalid("env.DB", "must be the binding of a D1 database; for more than one, DB_0, DB_1 and so on");
    const broken = all.findIndex((db) => typeof db?.prepare !== "function");
    if (broken >= 0) throw invalid(named["DB"] === undefined ? `env.DB_${broken}` : "env.DB", "must be the binding of a D1 database");
    return all;
}

/** The database that holds a location. */
export function databaseOf(env: DatabaseEnv, location: string): D1Like {
    const all = databases(env);
    return all[shardOf(location, all.length)]!;
}

function shardOf(location: string, count: number): number {
    return count === 1 ? 0 : called(() => syncShard(location, count));
}

/** Records that were read. */
interface Read extends Where {
    /** What `syncRows` gives: JSON text of `[[id, created, updated, status, amount, currency, refunded, source, live, body]]`. */
    rows: string;
    /** When they were read, in milliseconds since 1970. */
    now: number;
    /**
     * Whether they are all that the list holds: then each one is marked as seen. Otherwise a row that has not changed is left as it is,
     * since a window reads most of its records many times, and what is written is what D1 is paid for. Default `true`.
     */
    whole?: boolean;
}

/**
 * Writes records. Those that are there are replaced, unless they were read somewhat later than these; a mark that they are deleted goes. When a
 * record was created stays as it was read first, or as it could be read first. Writing the same again changes nothing.
 */
export async function writeRows(env: DatabaseEnv, given: Read): Promise<void> {
    const { stream, location, run, rows, now, whole = true } = given;
    const table = tableOf(stream);
    const values = COLUMNS.map((_, i) => `value ->> ${i}`).join(", ");
    // What is created stays created then; and to write it in each row would write its index as well.
    const others = COLUMNS.slice(COLUMNS.indexOf("updated"));
    const updates = others.map((name) => `${name} = excluded.${name}`);
    const changed = `(${others.join(", ")}) IS NOT (${others.map((name) => `excluded.${name}`).join(", ")})`;
    const sql = `
        INSERT INTO ${table} (location, seen_run, seen_at, ${COLUMNS.join(", ")})
        SELECT ?1, ?2, ?3, ${values} FROM json_each(?4) WHERE true
        ON CONFLICT (location, id) DO UPDATE SET
            seen_run = excluded.seen_run, seen_at = excluded.seen_at, deleted_at = NULL,
            ${updates.join(", ")}
        WHERE (excluded.seen_at >= seen_at OR seen_at > ?3 + ${LATER_MS}) AND (?5 OR deleted_at IS NOT NULL OR ${changed})`;
    const db = databaseOf(env, location);
    // Only where a row has no time does it take the one that a later reading has: without it the record is in no roll-up.
    const undated = `SELECT 1 FROM ${table} WHERE location = ?1 AND created IS NULL LIMIT 1`;
    const date = `
        UPDATE ${table} SET created = found.at FROM (SELECT value ->> 0 AS id, value ->> 1 AS at FROM json_each(?2)) AS found
        WHERE location = ?1 AND created IS NULL AND ${table}.id = found.id AND found.at IS NOT NULL`;
    for (const piece of pieces(rows)) {
        await ask(db, sql, location, run, now, piece, whole ? 1 : 0);
        if ((await ask(db, undated, location)).length > 0) await ask(db, date, location, piece);
    }
}

/** The ids of up to `limit` records behind `after` that a full pass did not see, in their order; they may be deleted. */
export async function unseen(env: DatabaseEnv, given: Where & { after?: string | undefined; limit: number }): Promise<string[]> {
    const { stream, location, run, after = "", limit } = given;
    const sql = `
        SELECT id FROM ${tableOf(stream)}
        WHERE location = ?1 AND id > ?2 AND seen_run <> ?3 AND deleted_at IS NULL ORDER BY id LIMIT ?4`;
    const found = await ask<{ id: string }>(databaseOf(env, location), sql, location, after, run, limit);
    return found.map(({ id }) => id);
}

/**
 * Marks records as deleted that HighLevel does not know any more, unless they were seen in this run, or somewhat later than `now`. Gives
 * how many of them are marked since `now`.
 */
export async function markDeleted(env: DatabaseEnv, given: Where & { ids: readonly string[]; now: number }): Promise<number> {
    const { stream, location, run, ids, now } = given;
    if (ids.length === 0) return 0;
    const sql = `
        UPDATE ${tableOf(stream)} SET deleted_at = ?3
        WHERE location = ?1 AND id IN (SELECT value FROM json_each(?4)) AND seen_run <> ?2 AND deleted_at IS NULL
            AND (seen_at <= ?3 OR seen_at > ?3 + ${LATER_MS})`;
    const db = databaseOf(env, location);
    await ask(db, sql, location, run, now, JSON.stringify(ids));
    // Not what the statement has written: where its answer is lost, it is sent again and writes nothing more.
    const marked = `SELECT count(*) AS count FROM ${tableOf(stream)} WHERE location = ?1 AND id IN (SELECT value FROM json_each(?2)) AND deleted_at >= ?3`;
    return (await ask<{ count: number }>(db, marked, location, JSON.stringify(ids), now))[0]!.count;
}

/**
 * Notes which locations a company has. Writing the same again writes no row. It fails, and notes none, where one of the `strangers` among
 * them is noted as another company's: its money would be missing there.
 */
export async function noteLocations(env: DatabaseEnv, company: string, locations: readonly string[], strangers: readonly string[] = []): Promise<void> {
    const others = "SELECT location, company FROM locations WHERE company <> ?1 AND location IN (SELECT value FROM json_each(?2)) LIMIT 1";
    for (const [db, some] of inShards(env, strangers)) {
        const [other] = await ask<{ location: string; company: string }>(db, others, company, JSON.stringify(some));
        if (other === undefined) continue;
        const message = `the location ${other.location} is one of the company ${other.company}: is the company right? The webhook INSTALL moves a location`;
        throw new AgencyError({ code: "other_company", message });
    }
    const sql = `
        INSERT INTO locations (location, company) SELECT value, ?1 FROM json_each(?2) WHERE true
        ON CONFLICT (location) DO UPDATE SET company = excluded.company WHERE company <> excluded.company`;
    for (const [db, some] of inShards(env, locations)) await ask(db, sql, company, JSON.stringify(some));
}

/** Locations by the database that holds them, not too many at once. */
function inShards(env: DatabaseEnv, locations: readonly string[]): [D1Like, string[]][] {
    const all = databases(env);
    const shards = all.map((): string[] => []);
    for (const location of locations) shards[shardOf(location, all.length)]!.push(location);
    const pieces: [D1Like, string[]][] = [];
    for (const [number, own] of shards.entries()) {
        for (let at = 0; at < own.length; at += 10_000) pieces.push([all[number]!, own.slice(at, at + 10_000)]);
    }
    return pieces;
}

/**
 * Notes how far a run is, in the first database. The first run also notes in each database which of how many it is, and a run that
 * finds another answer there fails: its rows would stand in two databases.
 */
export async function noteRun(env: DatabaseEnv, row: RunRow): Promise<void> {
    const all = databases(env);
    if (row.endedAt === undefined) await Promise.all(all.map((db, number) => checkShard(db, number, all.length)));
    const sql = `
        INSERT INTO runs (run, company, mode, streams, state, started_at, ended_at, records, counts, manifest, noted_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
        ON CONFLICT (run) DO UPDATE SET
            state = excluded.state, ended_at = excluded.ended_at, records = excluded.records, counts = excluded.counts,
            manifest = excluded.manifest, noted_at = excluded.noted_at
        WHERE excluded.manifest IS NOT NULL OR (manifest IS NULL AND (excluded.noted_at >= noted_at OR noted_at > ?11 + ${LATER_MS}))`;
    const { run, company, mode, streams, state, startedAt, endedAt, records, counts, manifest, now } = row;
    const values = [JSON.stringify(streams), state, startedAt, endedAt ?? null, records, JSON.stringify(counts), manifest ?? null, now];
    await ask(all[0]!, sql, run, company, mode, ...values);
}

/** Forgets a run that has not begun after all, in the first database; one whose manifest is there stays. */
export async function dropRun(env: DatabaseEnv, run: string): Promise<void> {
    const [db] = databases(env);
    await ask(db!, "DELETE FROM runs WHERE run = ?1 AND manifest IS NULL", run);
}

async function checkShard(db: D1Like, number: number, count: number): Promise<void> {
    const look = () => ask<{ number: number; count: number }>(db, "SELECT number, count FROM shard");
    let [row] = await look();
    if (row === undefined) {
        await ask(db, "INSERT INTO shard (one, number, count) VALUES (1, ?1, ?2) ON CONFLICT (one) DO NOTHING", number, count);
        [row] = await look();
    }
    if (row === undefined || (row.number === number && row.count === count)) return;
    throw new AgencyError({
        code: "databases_changed",
        message:
            `the database that is bound as number ${number} of ${count} was used as number ${row.number} of ${row.count}: ` +
            "bind all of them as before, or take empty ones and run a full sync",
    });
}

/** Notes the files that a run's manifest names, in the first database. They are seen once `noteRun` names the manifest. */
export async function noteFiles(env: DatabaseEnv, run: string, files: readonly SyncFile[]): Promise<void> {
    const [db] = databases(env);
    const sql = `
        INSERT INTO files (run, name, stream, location, seq, records, bytes, sha256)
        SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6 FROM json_each(?2) WHERE true
        ON CONFLICT (run, name) DO UPDATE SET records = excluded.records, bytes = excluded.bytes, sha256 = excluded.sha256`;
    for (let at = 0; at < files.length; at += 2000) {
        const rows = files.slice(at, at + 2000).map(({ name, records, bytes, sha256 }) => {
            const [stream, location, seq = ""] = name.split("/").slice(1);
            return [name, stream, location, Number.parseInt(seq, 10), records, bytes, sha256];
        });
        await ask(db!, sql, run, JSON.stringify(rows));
    }
}

/** The table of a stream; no other text ever becomes part of a statement. */
export function tableOf(stream: SyncStream): SyncStream {
    if (!STREAMS.includes(stream)) throw invalid("stream", `must be one of ${STREAMS.join(", ")}`);
    return stream;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/** Rows in as few texts as D1 takes. A body that is too large for a row of D1 is left out. */
function pieces(rows: string): string[] {
    if (encoder.encode(rows).length <= MAX_BYTES) return [rows];
    const all: string[][] = [];
    let room = 0;
    for (const row of JSON.parse(rows) as unknown[][]) {
        let text = JSON.stringify(row);
        let bytes = encoder.encode(text).length;
        if (bytes > MAX_ROW_BYTES) {
            text = JSON.stringify(row.map((value, column) => (column === BODY ? null : value)));
            bytes = encoder.encode(text).length;
        }
        if (bytes > room) {
            all.push([]);
            room = MAX_BYTES;
        }
        all.at(-1)!.push(text);
        room -= bytes + 1;
    }
    return all.map((texts) => `[${texts.join(",")}]`);
}

/** How long to wait before a statement is sent again, in milliseconds. */
const AGAIN_MS = [200, 1000];

/** What D1 says of a statement that fails however often it is sent. */
const FOR_GOOD = /SQLITE_(ERROR|CONSTRAINT|TOOBIG|MISMATCH|AUTH|RANGE|FULL)|no such (table|column)|exceeded maximum DB size/i;

/** What it says where the migrations were not applied, or not all of them. */
const NO_TABLE = /no such (table|column)/i;

/**
 * The rows that a statement gives. Where D1 is away for a moment, or its answer is lost, the statement is sent again, which every
 * one of this package may be.
 */
export async function ask<T>(db: D1Like, sql: string, ...values: unknown[]): Promise<T[]> {
    for (let tries = 0; ; tries++) {
        try {
            return (await inTime(STORE_MS, () => db.prepare(sql).bind(...values).all())).results as T[];
        } catch (cause) {
            const text = String(cause);
            const retryable = !FOR_GOOD.test(text);
            const ms = AGAIN_MS[tries];
            if (retryable && ms !== undefined) {
                await pause(ms);
            } else if (NO_TABLE.test(text)) {
                const message = "the D1 database lacks the tables of this package: run `wrangler d1 migrations apply`, see agency.md";
                throw new AgencyError({ code: "database_not_migrated", message }, cause);
            } else {
                throw new AgencyError({ code: "database_failed", message: "the D1 database failed", retryable }, cause);
            }
        }
    }
}
