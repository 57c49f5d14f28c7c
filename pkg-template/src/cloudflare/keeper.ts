import type { Keeper, TokenRow, TokenTransaction } from "../edge/stores.js";

/** What a keeper uses of the storage of its Durable Object. */
export interface KeeperStorage {
    /**
     * Reads a value.
     *
     * @param key Its name.
     */
    get(key: string): Promise<unknown>;
    /**
     * Writes a value.
     *
     * @param key Its name.
     * @param value What is written.
     */
    put(key: string, value: unknown): Promise<void>;
    /** Deletes all values. */
    deleteAll(): Promise<void>;
    /**
     * Wakes the object.
     *
     * @param time When, in milliseconds since 1970.
     */
    setAlarm(time: number): Promise<void>;
    /** Lets it sleep. */
    deleteAlarm(): Promise<void>;
}

/** What a keeper uses of the state of its Durable Object. */
export interface KeeperState {
    /** Its storage. */
    storage: KeeperStorage;
}

/** Who holds a row for longer does not work on it any more, whatever became of it. */
const MAX_HOLD_MS = 120_000;

/** The one row of an object. */
const ROW = "row";

/** What a `TokenKeeper` does: the entries derive it from the runtime's class of Durable Objects. */
export class Keeping implements Keeper {
    readonly #storage: KeeperStorage;
    #last: Promise<unknown> = Promise.resolve();

    /**
     * The runtime makes the objects.
     *
     * @param state What it gives each of them.
     */
    constructor({ storage }: KeeperState) {
        this.#storage = storage;
    }

    /**
     * Does the work while nobody else works on the row. The work is the caller's: it ends when the caller is gone.
     *
     * @param work What is to be done; it gets `get()` and `put(row)`.
     */
    run(work: (tx: TokenTransaction) => Promise<void>): Promise<void> {
        const turn = this.#last.then(() => this.#hold(work));
        this.#last = turn.catch(() => {});
        return turn;
    }

    /** Deletes the row when it has expired. */
    async alarm(): Promise<void> {
        const row = await this.#row();
        if (row === null) await this.#storage.deleteAll();
        else if (row.expiresAt !== undefined) await this.#storage.setAlarm(row.expiresAt);
    }

    async #row(): Promise<TokenRow | null> {
        const row = (await this.#storage.get(ROW)) as TokenRow | undefined;
        return row === undefined || row.value === "" || (row.expiresAt ?? Infinity) <= Date.now() ? null : row;
    }

    async #hold(work: (tx: TokenTransaction) => Promise<void>): Promise<void> {
        let holds = true;
        let timer: ReturnType<typeof setTimeout> | undefined;
        const tx: TokenTransaction = {
            get: () => this.#row(),
            put: async ({ value, expiresAt }) => {
                if (!holds) throw new Error("the row was taken over by somebody else");
                if (value === "" || (expiresAt ?? Infinity) <= Date.now()) {
                    await this.#storage.deleteAlarm();
                    await this.#storage.deleteAll();
                } else if (expiresAt === undefined) {
                    await this.#storage.deleteAlarm();
                    await this.#storage.put(ROW, { value });
                } else {
                    await this.#storage.put(ROW, { value, expiresAt });
                    await this.#storage.setAlarm(expiresAt);
                }
            },
        };
        const over = new Promise<never>((_, reject) => {
            timer = setTimeout(() => reject(new Error("the row was held for too long")), MAX_HOLD_MS);
        });
        try {
            await Promise.race([work(tx), over]);
        } finally {
            holds = false;
            clearTimeout(timer);
        }
    }
}
