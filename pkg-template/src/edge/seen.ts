import { clockOf } from "./clock.js";
import { longest } from "./lease.js";
import type { D1Like, D1ResultLike, D1StatementLike, NamespaceLike } from "./stores.js";
import { wrong } from "./webhook.js";

/** What a store says to who wants to handle a delivery. */
export type Claim =
    | {
          /** It is yours, for the time of the lease. */
          state: "claimed";
          /** Proves it to the other calls. */
          token: string;
      }
    | {
          /** Somebody else is at work on it; after the lease it is free again. */
          state: "busy";
          /** Milliseconds until then, at the most. */
          retryAfterMs: number;
      }
    | {
          /** It was handled. */
          state: "done";
      };

/**
 * Remembers which deliveries were handled, for all isolates and processes that share it. A delivery is claimed before it is handled
 * and marked as done afterwards: of one whose handler was killed in between the lease ends, and the next try handles it, from its
 * start.
 */
export interface SeenStore {
    /**
     * Claims a delivery, unless it is done or somebody holds it. Of all who ask at once only one may get it.
     *
     * @param id The id of the delivery.
     * @param leaseMs For how many milliseconds.
     */
    claim(id: string, leaseMs: number): Promise<Claim>;
    /**
     * Holds it for longer; gives whether it was still held.
     *
     * @param id The id of the delivery.
     * @param token Of its claim.
     * @param leaseMs For how many milliseconds from now on.
     */
    renew(id: string, token: string, leaseMs: number): Promise<boolean>;
    /**
     * Marks it as done and remembers that for so long; gives `false`, and changes nothing, where it is held no longer. Where the call
     * fails it is made again with the same token: if the mark was stored meanwhile, that gives `true`.
     *
     * @param id The id of the delivery.
     * @param token Of its claim.
     * @param keepMs For how many milliseconds it is remembered.
     * @param result What the listener gave.
     */
    done(id: string, token: string, keepMs: number, result?: unknown): Promise<boolean>;
    /**
     * Gives it back, so that the next try handles it; nothing where somebody else holds it meanwhile.
     *
     * @param id The id of the delivery.
     * @param token Of its claim.
     */
    release(id: string, token: string): Promise<void>;
}

/** A row of a store. */
interface Row {
    token: string;
    until: number;
    done: boolean;
}

/** How much a process remembers. */
export interface MemorySeenOptions {
    /** How many ids; beyond that the oldest are forgotten. Default 100,000. */
    maxIds?: number | undefined;
    /** The clock, in milliseconds. Default `Date.now`. */
    now?: (() => number) | undefined;
}

/**
 * Remembers deliveries in the memory of this process: for Node, Deno and Bun with one process, and for tests. Isolates of a Worker
 * do not share it.
 *
 * @param options How much is remembered.
 */
export function memorySeen(options: MemorySeenOptions = {}): SeenStore {
    const { maxIds = 100_000 } = options;
    const now = clockOf(options.now ?? Date.now);
    if (!(maxIds >= 1)) throw wrong("invalid_options", "maxIds", "must be a number from 1");
    // In the order in which they were written.
    const rows = new Map<string, Row>();
    const put = (id: string, row: Row) => {
        rows.delete(id);
        rows.set(id, row);
        const time = now();
        for (const [old, { until, done }] of rows) {
            const over = rows.size > maxIds;
            // Who is at work is forgotten last: it would be handled twice at once.
            if (until <= time || (over && done)) rows.delete(old);
            else if (!over) break;
        }
    };
    const held = (id: string, token: string) => {
        const row = rows.get(id);
        return row !== undefined && !row.done && row.token === token ? row : undefined;
    };
    return {
        async claim(id, leaseMs) {
            const [row, time] = [rows.get(id), now()];
            if (row !== undefined && row.until > time && (row.done || row.until <= time + longest(leaseMs))) {
                return row.done ? { state: "done" } : { state: "busy", retryAfterMs: row.until - time };
            }
            const token = crypto.randomUUID();
            put(id, { token, until: time + leaseMs, done: false });
            return { state: "claimed", token };
        },
        async renew(id, token, leaseMs) {
            const row = held(id, token);
            if (row !== undefined) row.until = now() + leaseMs;
            return row !== undefined;
        },
        async done(id, token, keepMs) {
            // Whoever marks it a second time has lost the first answer.
            if (rows.get(id)?.token !== token) return false;
            put(id, { token, until: now() + keepMs, done: true });
            return true;
        },
        async release(id, token) {
            if (held(id, token) !== undefined) rows.delete(id);
        },
    };
}

/** What {@link d1Seen} uses of a D1 database. */
export interface D1Database extends D1Like {
    /**
     * Carries statements out in one transaction.
     *
     * @param statements In their order.
     */
    batch(statements: never[]): Promise<D1ResultLike[]>;
}

/** Where in a database deliveries are remembered. */
export interface D1SeenOptions {
    /** The name of its table. Default `webhook_deliveries`. */
    table?: string | undefined;
}

const HOUR_MS = 3_600_000;

/** The database's own clock, in milliseconds: those of the isolates differ. */
const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/**
 * Remembers deliveries in a D1 database, in a table that it makes itself. What is no longer needed is deleted on the way.
 *
 * A listener that returns D1 statements, one or a list, has them carried out in one transaction with the mark that the delivery is
 * done: then even a kill cannot come between the two, and what they write is written exactly once. That goes for nothing else that
 * the listener does.
 *
 * @param db The binding, `env.DB`.
 * @param options In which table.
 */
export function d1Seen(db: D1Database, options: D1SeenOptions = {}): SeenStore {
    const { table = "webhook_deliveries" } = options;
    if (typeof db?.prepare !== "function" || typeof db.batch !== "function")
        throw wrong("invalid_options", "db", `must be a D1 database${isKv(db) ? `: ${KV}` : ""}`);
    if (!/^[A-Za-z_]\w{0,63}$/.test(table)) throw wrong("invalid_options", "table", "must be letters, digits and _");
    const sql = (query: string, ...values: unknown[]) => db.prepare(query).bind(...values);
    const batch = async <T>(...statements: D1StatementLike[]) => (await db.batch(statements as never[])).map(({ results }) => results as T[]);
    const make = () =>
        batch(
            sql(`CREATE TABLE IF NOT EXISTS ${table} (id TEXT PRIMARY KEY, token TEXT NOT NULL, until INTEGER NOT NULL, done INTEGER NOT NULL) WITHOUT ROWID`),
            sql(`CREATE INDEX IF NOT EXISTS ${table}_until ON ${table} (until)`),
        );
    return {
        async claim(id, leaseMs) {
            const token = crypto.randomUUID();
            const claim = () =>
                batch<{ token: string; done: number; remaining: number }>(
                    sql(
                        `INSERT INTO ${table} (id, token, until, done) VALUES (?1, ?2, ${NOW} + ?3, 0) ` +
                            `ON CONFLICT (id) DO UPDATE SET token = excluded.token, until = excluded.until, done = 0 ` +
                            `WHERE until <= ${NOW} OR (done = 0 AND until > ${NOW} + ?4)`,
                        id,
                        token,
                        leaseMs,
                        longest(leaseMs),
                    ),
                    // Not at once: whoever is late, and was replaced by nobody, still finds its claim.
                    sql(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE until <= ${NOW} - ${HOUR_MS} LIMIT 10)`),
                    sql(`SELECT token, done, until - ${NOW} AS remaining FROM ${table} WHERE id = ?1`, id),
                );
            const answers = await claim().catch(async (error: unknown) => {
                if (!/no such table/.test(`${error}`)) throw error;
                await make();
                return claim();
            });
            const row = answers.at(-1)?.[0];
            if (row?.token === token) return { state: "claimed", token };
            return row?.done ? { state: "done" } : { state: "busy", retryAfterMs: Math.max(row?.remaining ?? 0, 0) };
        },
        async renew(id, token, leaseMs) {
            const renewed = await batch(
                sql(`UPDATE ${table} SET until = ${NOW} + ?3 WHERE id = ?1 AND token = ?2 AND done = 0 RETURNING 1`, id, token, leaseMs),
            );
            return renewed[0]?.length === 1;
        },
        async done(id, token, keepMs, result) {
            // Where somebody else holds it, `until` is null, which the table refuses: nothing of the transaction is carried out.
            const mark = sql(
                `INSERT INTO ${table} (id, token, until, done) VALUES (?1, ?2, ` +
                    `CASE WHEN (SELECT token FROM ${table} WHERE id = ?1 AND done = 0) = ?2 THEN ${NOW} + ?3 END, 1) ` +
                    `ON CONFLICT (id) DO UPDATE SET until = excluded.until, done = 1`,
                id,
                token,
                keepMs,
            );
            const given = (Array.isArray(result) ? (result as unknown[]) : [result]).filter(isStatement);
            try {
                await batch(mark, ...given);
                return true;
            } catch (error) {
                const [held] = await batch<{ done: number }>(sql(`SELECT done FROM ${table} WHERE id = ?1 AND token = ?2`, id, token));
                const row = held?.[0];
                // An answer that was lost: the transaction was carried out.
                if (row?.done) return true;
                if (row === undefined) return false;
                throw error;
            }
        },
        async release(id, token) {
            await batch(sql(`DELETE FROM ${table} WHERE id = ?1 AND token = ?2 AND done = 0`, id, token));
        },
    };
}

function isStatement(value: unknown): value is D1StatementLike {
    const { bind, all } = (value ?? {}) as Partial<D1StatementLike>;
    return typeof bind === "function" && typeof all === "function";
}

/** A Durable Object as its callers see it. */
interface LedgerStub {
    fetch(url: string, init: RequestInit): Promise<Response>;
}

/** How deliveries are spread over Durable Objects. */
export interface DurableSeenOptions {
    /** Over how many. Default 16. With another number what was remembered until then is not found again. */
    shards?: number | undefined;
}

/**
 * Remembers deliveries in Durable Objects of the class `WebhookLedger` of `ghl-payments/cloudflare`.
 *
 * @param namespace The binding, `env.LEDGER`.
 * @param options Over how many objects the deliveries are spread.
 */
export function durableSeen(namespace: NamespaceLike, options: DurableSeenOptions = {}): SeenStore {
    const { shards = 16 } = options;
    if (typeof namespace?.idFromName !== "function" || typeof namespace.get !== "function")
        throw wrong("invalid_options", "namespace", `must be the binding of a Durable Object${isKv(namespace) ? `: ${KV}` : ""}`);
    if (!Number.isInteger(shards) || shards < 1) throw wrong("invalid_options", "shards", "must be a whole number from 1");
    const ask = async <T>(...question: [name: keyof SeenStore, id: string, ...rest: unknown[]]): Promise<T> => {
        const name = `webhooks-${hash(question[1]) % shards}`;
        // Of a stub of another request nothing may be awaited.
        const stub = namespace.get(namespace.idFromName(name) as never) as LedgerStub;
        const answer = await stub.fetch("https://ledger/", { method: "POST", body: JSON.stringify(question) });
        if (!answer.ok) throw new Error(`the ledger answered ${answer.status}`);
        return (await answer.json()) as T;
    };
    return {
        claim: (id, leaseMs) => ask("claim", id, crypto.randomUUID(), leaseMs),
        renew: (id, token, leaseMs) => ask("renew", id, token, leaseMs),
        done: (id, token, keepMs) => ask("done", id, token, keepMs),
        release: async (id, token) => {
            await ask("release", id, token);
        },
    };
}

/** FNV-1a. */
function hash(text: string): number {
    let sum = 0x811c9dc5;
    for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
    return sum >>> 0;
}

const KV =
    "a KV namespace is eventually consistent, and of 200 deliveries 60 were handled twice; use d1Seen(db), durableSeen(namespace) or memorySeen()";

function isKv(value: unknown): boolean {
    return typeof (value as { getWithMetadata?: unknown } | null | undefined)?.getWithMetadata === "function";
}

/** @internal The store that the caller gave, if it is one. */
export function seenStore(given: unknown): SeenStore {
    const store = (given ?? {}) as Partial<SeenStore & D1Database & NamespaceLike>;
    const methods = ["claim", "renew", "done", "release"] as const;
    // First: the binding of a Durable Object may have any method that one asks it for.
    const fix = isKv(given)
        ? KV
        : typeof store.batch === "function"
          ? "must be d1Seen(db)"
          : typeof store.idFromName === "function"
            ? "must be durableSeen(namespace)"
            : methods.some((name) => typeof store[name] !== "function")
              ? "must be d1Seen(db), durableSeen(namespace) or memorySeen()"
              : undefined;
    if (fix !== undefined) throw wrong("invalid_options", "seen", fix);
    return given as SeenStore;
}
