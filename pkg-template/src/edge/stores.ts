import { pause } from "../exchange.js";
import { invalid } from "../client/input.js";
import { clockOf } from "./clock.js";
import { OAuthError } from "./oauth-error.js";
import { random } from "./vault.js";
import { busy, MAX_WAIT_MS, repeat, Turns } from "./turns.js";

/** What is stored under an id. */
export interface TokenRow {
    /** Encrypted text; an empty one deletes the row. */
    value: string;
    /** From then on the row counts as none and may be swept, in milliseconds since 1970; without it, never. */
    expiresAt?: number;
}

/** A row, for who holds it. */
export interface TokenTransaction {
    /** The row, or `null`. */
    get(): Promise<TokenRow | null>;
    /**
     * Stores the row; when the promise is fulfilled, a crash does not undo it.
     *
     * @param row The row, as a whole.
     */
    put(row: TokenRow): Promise<void>;
}

/**
 * Where tokens are kept. A refresh token may be used once, so that reading and writing are not enough: a store has to be
 * exclusive for each id.
 */
export interface TokenStore {
    /**
     * Does the work while nobody else, in any isolate, works on the same id, and gives what it gives. No work waits for another
     * `run`, so that one lock for all ids is slow, but hangs nowhere.
     *
     * @param id Such as `location:3SwdhCu3svxI8AKsPJt6`.
     * @param work What is to be done. It may take some 20 s.
     */
    run<T>(id: string, work: (tx: TokenTransaction) => Promise<T>): Promise<T>;
}

/** How {@link memoryStore} works. */
export interface MemoryStoreOptions {
    /** The clock by which rows expire, in milliseconds since 1970: that of `createOAuth`. `Date.now` by default. */
    now?: (() => number) | undefined;
}

/**
 * A store in the memory of one process: for tests, and for a server that may forget its installations.
 *
 * @param options Its clock.
 */
export function memoryStore(options: MemoryStoreOptions = {}): TokenStore {
    const now = clockOf(options.now ?? Date.now);
    const rows = new Map<string, TokenRow>();
    const turns = new Turns();
    let swept = now();
    return {
        run: (id, work) =>
            turns.run(id, (holds) =>
                work({
                    get: async () => current(rows.get(id), now()),
                    put: async (row) => {
                        if (!holds()) throw lost();
                        if (current(row, now())) rows.set(id, { ...row });
                        else rows.delete(id);
                        if (Math.abs(now() - swept) < SWEEP_MS) return;
                        swept = now();
                        for (const [id, row] of rows) if (!current(row, swept)) rows.delete(id);
                    },
                }),
            ),
    };
}

/** How often rows that have expired are looked for. */
const SWEEP_MS = 60_000;

function current(row: TokenRow | null | undefined, now = Date.now()): TokenRow | null {
    if (!row || row.value === "" || (row.expiresAt ?? Infinity) <= now) return null;
    return { ...row };
}

function lost(): OAuthError {
    const message = "the row was taken over by somebody else, because its holder was not heard of for too long";
    return new OAuthError({ code: "lease_lost", message, retryable: true });
}

/** What {@link d1Store} uses of a D1 database. */
export interface D1Like {
    /**
     * Prepares a statement.
     *
     * @param sql Its text.
     */
    prepare(sql: string): D1StatementLike;
}

/** What {@link d1Store} uses of a statement. */
export interface D1StatementLike {
    /**
     * Binds parameters.
     *
     * @param values Their values.
     */
    bind(...values: unknown[]): D1StatementLike;
    /** Runs it. */
    all(): Promise<D1ResultLike>;
}

/** What a statement gives. */
export interface D1ResultLike {
    /** The rows. */
    results: unknown[];
}

/** How {@link d1Store} works. */
export interface D1StoreOptions {
    /** The table, which is made when it is not there; `ghl_payments_tokens` by default. */
    table?: string | undefined;
    /**
     * For how many milliseconds a row belongs to who took it: 15,000 by default, renewed while its holder is alive. It has to
     * outlast one answer of the token endpoint. After a crash the row is free again when it is over.
     */
    leaseMs?: number | undefined;
}

/** One clock for all, that of the database, in milliseconds since 1970. */
const NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";

/** The longest lease: one that ends later was given by a clock that has been set back since. */
const MAX_LEASE_MS = 600_000;

/** Who waits for a row asks for it again within so many milliseconds. */
const POLL_MS = 250;

/**
 * A store in a D1 database. A row is leased by compare and set: whoever lost it, because it was not heard of for too long, can
 * neither overwrite nor release it.
 *
 * @param db The binding.
 * @param options Table and lease.
 */
export function d1Store(db: D1Like, { table = "ghl_payments_tokens", leaseMs = 15_000 }: D1StoreOptions = {}): TokenStore {
    if (typeof db?.prepare !== "function") throw invalid("db", "must be the binding of a D1 database, such as env.DB");
    if (!/^[a-z_]\w{0,62}$/i.test(table)) throw invalid("table", "must be a name of letters, digits and underscores");
    if (!(leaseMs >= 1000 && leaseMs <= MAX_LEASE_MS)) throw invalid("leaseMs", "must be from 1000 to 600000");
    const turns = new Turns();
    const ask = async (sql: string, ...values: unknown[]) => {
        const statement = () => db.prepare(sql.replaceAll("$", table)).bind(...values).all();
        try {
            return (await statement()).results;
        } catch (cause) {
            if (!/no such table/.test(String(cause))) throw cause;
            const columns = "id TEXT PRIMARY KEY, value TEXT, expires_at INTEGER, lease TEXT, lease_until INTEGER NOT NULL DEFAULT 0";
            await db.prepare(`CREATE TABLE IF NOT EXISTS ${table} (${columns})`).bind().all();
            return (await statement()).results;
        }
    };
    const until = Math.ceil(leaseMs);
    const take = async (id: string, lease: string) => {
        for (let waited = 0; waited < MAX_WAIT_MS; ) {
            const [row] = await ask(
                `INSERT INTO $ (id, lease, lease_until) VALUES (?1, ?2, ${NOW} + ?3)
                ON CONFLICT (id) DO UPDATE SET lease = ?2, lease_until = ${NOW} + ?3 
                    WHERE lease IS NULL OR lease_until <= ${NOW} OR lease_until > ${NOW} + ?4
                RETURNING value, expires_at`,
                id, lease, until, MAX_LEASE_MS,
            );
            if (row) return row as { value: string | null; expires_at: number | null };
            // Not all at the same time.
            const ms = POLL_MS * (0.2 + 0.8 * Math.random());
            await pause(ms);
            waited += ms;
        }
        throw busy();
    };
    return {
        // In one isolate one asks for all: the others would only keep the database busy.
        run: (id, work) =>
            turns.run(id, async (holds) => {
                const lease = random(16);
                const taken = await take(id, lease);
                let row = current(taken.value === null ? null : rowOf(taken.value, taken.expires_at));
                const renew = () => {
                    ask(`UPDATE $ SET lease_until = ${NOW} + ?3 WHERE id = ?1 AND lease = ?2`, id, lease, until).catch(() => {});
                };
                const timer = repeat(renew, leaseMs / 3);
                try {
                    return await work({
                        get: async () => row && { ...row },
                        put: async ({ value, expiresAt }) => {
                            const stored = await ask(
                                `UPDATE $ SET value = ?3, expires_at = ?4, lease_until = ${NOW} + ?5 WHERE id = ?1 AND lease = ?2 RETURNING id`,
                                id, lease, value, expiresAt ?? null, until,
                            );
                            if (stored.length === 0 || !holds()) throw lost();
                            row = rowOf(value, expiresAt);
                        },
                    });
                } finally {
                    clearInterval(timer);
                    // If this fails, the lease ends by itself.
                    await ask(
                        current(row)
                            ? "UPDATE $ SET lease = NULL, lease_until = 0 WHERE id = ?1 AND lease = ?2"
                            : "DELETE FROM $ WHERE id = ?1 AND lease = ?2",
                        id, lease,
                    ).catch(() => {});
                    if (Math.random() < SWEEP_SHARE) {
                        await ask(`DELETE FROM $ WHERE expires_at <= ${NOW} AND lease_until <= ${NOW}`).catch(() => {});
                    }
                }
            }),
    };
}

/** After one in a hundred uses rows that have expired are deleted. */
const SWEEP_SHARE = 0.01;

function rowOf(value: string, expiresAt: number | null | undefined): TokenRow {
    return typeof expiresAt === "number" ? { value, expiresAt } : { value };
}

/** What {@link durableStore} uses of a namespace of Durable Objects. */
export interface NamespaceLike {
    /**
     * The id for a name.
     *
     * @param name The name.
     */
    idFromName(name: string): unknown;
    /**
     * The object of an id.
     *
     * @param id What `idFromName` gave.
     */
    get(id: never): unknown;
}

/** What a `TokenKeeper` is for its callers. */
export interface Keeper {
    /**
     * Does the work while nobody else works on the object's row.
     *
     * @param work What is to be done.
     */
    run(work: (tx: TokenTransaction) => Promise<void>): Promise<void>;
}

/** How often an object is asked that did not begin: it may just have been moved. */
const MAX_TRIES = 3;

/**
 * A store of Durable Objects, one for each account: class `TokenKeeper` of `ghl-payments/cloudflare`. It is free at once when its
 * holder is gone.
 *
 * @param namespace The binding.
 */
export function durableStore(namespace: NamespaceLike): TokenStore {
    if (typeof namespace?.idFromName !== "function") {
        throw invalid("namespace", "must be the binding of a Durable Object namespace with the class TokenKeeper, such as env.TOKENS");
    }
    return {
        async run<T>(id: string, work: (tx: TokenTransaction) => Promise<T>): Promise<T> {
            for (let tries = 1; ; tries++) {
                let end: { value: T } | { cause: unknown } | undefined;
                let begun = false;
                try {
                    const keeper = namespace.get(namespace.idFromName(id) as never) as Keeper;
                    // The work stays here, with its secrets; the object only calls for it. It awaits the end, and not the answer
                    // that the object gives then, which says nothing more.
                    await keeper.run(async (tx) => {
                        begun = true;
                        try {
                            end = { value: await work({ get: () => tx.get(), put: (row) => tx.put(row) }) };
                        } catch (cause) {
                            end = { cause };
                        }
                    });
                } catch (cause) {
                    if (end === undefined && (begun || tries === MAX_TRIES)) throw cause;
                }
                if (end !== undefined) {
                    if ("cause" in end) throw end.cause;
                    return end.value;
                }
                await pause(100 * tries);
            }
        },
    };
}
