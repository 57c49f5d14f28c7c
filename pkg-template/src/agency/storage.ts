import type { LedgerSql } from "../cloudflare/ledger.js";

/** What the objects of a sync use of the storage of a Durable Object with SQLite. */
export interface AgencyStorage {
    /** Its SQLite. */
    sql: LedgerSql;
    /**
     * Does all of the work or nothing of it.
     *
     * @param work What awaits nothing.
     */
    transactionSync<T>(work: () => T): T;
    /** When the object is to be woken, if it is. */
    getAlarm(): Promise<number | null>;
    /**
     * Wakes the object.
     *
     * @param time When, in milliseconds since 1970.
     */
    setAlarm(time: number): Promise<void>;
    /** Lets it sleep. */
    deleteAlarm(): Promise<void>;
}

/** What the objects of a sync use of the state of a Durable Object. */
export interface AgencyState {
    /** Its storage. */
    storage: AgencyStorage;
}

/** An alarm that is so many milliseconds late may be lost: it is set once more. */
const OVERDUE_MS = 10_000;

/** A row of a query. */
export type Row = Record<string, unknown>;

/** The tables of an object. Nothing between two awaits is seen half by anybody. */
export class Tables {
    readonly #storage: AgencyStorage;
    /** The earliest time for which an alarm was asked since the last one. */
    #wakeAt = Infinity;

    constructor(storage: AgencyStorage, schema: readonly string[]) {
        this.#storage = storage;
        for (const statement of schema) this.rows(statement);
        this.rows("CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
    }

    /** The rows that a statement gives. */
    rows<T extends object = Row>(query: string, ...values: unknown[]): T[] {
        return this.#storage.sql.exec(query, ...values).toArray() as T[];
    }

    /** The first row that a statement gives. */
    row<T extends object = Row>(query: string, ...values: unknown[]): T | undefined {
        return this.rows<T>(query, ...values)[0];
    }

    /** Text that was kept under a name. */
    kept(name: string): string | undefined {
        return this.row<{ value: string }>("SELECT value FROM kept WHERE name = ?", name)?.value;
    }

    /** Keeps text under a name; none deletes it. */
    keep(name: string, value: string | undefined): void {
        if (value === undefined) this.rows("DELETE FROM kept WHERE name = ?", name);
        else this.rows("INSERT OR REPLACE INTO kept VALUES (?, ?)", name, value);
    }

    /** Does all of the work or nothing of it. */
    together<T>(work: () => T): T {
        return this.#storage.transactionSync(work);
    }

    /** Wakes the object in so many milliseconds, unless it is woken before anyway. */
    async wakeIn(ms: number): Promise<void> {
        const at = Date.now() + Math.max(0, Math.ceil(ms));
        this.#wakeAt = Math.min(this.#wakeAt, at);
        const known = await this.#storage.getAlarm();
        // Meanwhile somebody else may have asked for an earlier time.
        const wanted = Math.min(this.#wakeAt, at);
        const now = Date.now();
        if (known !== null && known < now - OVERDUE_MS) await this.#storage.setAlarm(now);
        else if (known === null || known > wanted) await this.#storage.setAlarm(wanted);
    }

    /** It was woken. */
    woken(): void {
        this.#wakeAt = Infinity;
    }
}
