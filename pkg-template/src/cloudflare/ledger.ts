import { longest } from "../edge/lease.js";
import type { Claim } from "../edge/seen.js";

/** What a query gives. */
export interface LedgerRows {
    /** All rows at once. */
    toArray(): Record<string, unknown>[];
}

/** What a ledger uses of the SQLite of its Durable Object. */
export interface LedgerSql {
    /**
     * Carries out a query.
     *
     * @param query SQL.
     * @param values Its parameters.
     */
    exec(query: string, ...values: unknown[]): LedgerRows;
}

/** What a ledger uses of the storage of its Durable Object. */
export interface LedgerStorage {
    /** Its SQLite. */
    sql: LedgerSql;
    /** When the object is to be woken, if it is. */
    getAlarm(): Promise<number | null>;
    /**
     * Wakes the object.
     *
     * @param time When, in milliseconds since 1970.
     */
    setAlarm(time: number): Promise<void>;
}

/** What a ledger uses of the state of its Durable Object. */
export interface LedgerState {
    /** Its storage. */
    storage: LedgerStorage;
}

/** How often what is over is deleted. */
const SWEEP_MS = 3_600_000;

/**
 * A Durable Object that remembers which webhooks were handled; `durableSeen(env.LEDGER)` asks it. It needs SQLite:
 *
 * ```ts
 * export { WebhookLedger } from "ghl-payments/cloudflare";
 * // wrangler: durable_objects.bindings [{ name: "LEDGER", class_name: "WebhookLedger" }],
 * //           migrations [{ tag: "v1", new_sqlite_classes: ["WebhookLedger"] }]
 * ```
 */
export class WebhookLedger {
    /** By this Cloudflare's types know a Durable Object: `DurableObjectNamespace<WebhookLedger>`. It exists as a type only. */
    declare readonly __DURABLE_OBJECT_BRAND: never;
    readonly #storage: LedgerStorage;

    /**
     * The runtime makes it.
     *
     * @param state What the runtime gives an object.
     */
    constructor(state: LedgerState) {
        this.#storage = state.storage;
        this.#sql("CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, token TEXT NOT NULL, until INTEGER NOT NULL, done INTEGER NOT NULL) WITHOUT ROWID");
        this.#sql("CREATE INDEX IF NOT EXISTS deliveries_until ON deliveries (until)");
    }

    /**
     * Answers `durableSeen`. Nobody else reaches an object.
     *
     * @param request The question.
     */
    async fetch(request: Request): Promise<Response> {
        const [name, id, token, ms] = (await request.json()) as [string, string, string, number];
        const now = Date.now();
        // No await from here to the answer: nothing comes in between.
        const answer = name === "claim" ? this.#claim(id, token, now, ms) : this.#change(name, id, token, now + ms);
        if (name === "claim" && (await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(now + SWEEP_MS);
        return Response.json(answer);
    }

    /** Deletes what was over an hour ago: whoever is late, and was replaced by nobody, still finds its claim. An object that remembers nothing any more sleeps for good. */
    async alarm(): Promise<void> {
        this.#sql("DELETE FROM deliveries WHERE until <= ?", Date.now() - SWEEP_MS);
        const [left] = this.#sql("SELECT 1 FROM deliveries LIMIT 1");
        if (left !== undefined) await this.#storage.setAlarm(Date.now() + SWEEP_MS);
    }

    #sql(query: string, ...values: unknown[]): Record<string, unknown>[] {
        return this.#storage.sql.exec(query, ...values).toArray();
    }

    #claim(id: string, token: string, now: number, leaseMs: number): Claim {
        const [row] = this.#sql("SELECT until, done FROM deliveries WHERE id = ? AND until > ?", id, now);
        if (row !== undefined && (row["done"] || (row["until"] as number) <= now + longest(leaseMs))) {
            return row["done"] ? { state: "done" } : { state: "busy", retryAfterMs: (row["until"] as number) - now };
        }
        this.#sql("INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, 0)", id, token, now + leaseMs);
        return { state: "claimed", token };
    }

    /** Renews, marks or gives back what is still held by this token; gives whether it was. */
    #change(name: string, id: string, token: string, until: number): boolean {
        // Whoever marks it a second time has lost the first answer.
        const held = `WHERE id = ? AND token = ?${name === "done" ? "" : " AND done = 0"} RETURNING 1`;
        const changed =
            name === "release"
                ? this.#sql(`DELETE FROM deliveries ${held}`, id, token)
                : this.#sql(`UPDATE deliveries SET until = ?, done = ? ${held}`, until, name === "done" ? 1 : 0, id, token);
        return changed.length === 1;
    }
}
