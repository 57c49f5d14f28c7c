import { Pages } from "./core.js";
import type { RateLimit } from "./client.js";

/** What is known about the answer behind a result. */
export interface ResponseInfo {
    /** The HTTP status. */
    status: number;
    /** The answer's headers. */
    headers: Headers;
    /** HighLevel's id of the answer, if it has one. */
    traceId?: string;
    /** The limits, if the server named them; browsers see them only where the server exposes them. */
    rateLimit?: RateLimit;
    /** How often the call was sent. */
    attempts: number;
    /** Milliseconds from the call to the checked answer, waits included. */
    durationMs: number;
}

/** A result with its answer. */
export interface WithResponse<T> {
    /** The result. */
    data: T;
    /** Its answer. */
    response: ResponseInfo;
}

/** The result of one call: await it, or ask for its answer with {@link ApiPromise.withResponse}. */
export class ApiPromise<T> extends Promise<T> {
    readonly #result: Promise<WithResponse<T>>;

    /** @internal */
    constructor(result: Promise<WithResponse<T>>) {
        super((resolve) => resolve(undefined as T));
        this.#result = result;
    }

    /** Promises derived from this one are plain. */
    static override get [Symbol.species](): PromiseConstructor {
        return Promise;
    }

    /** The result together with status, headers, trace id, limits, attempts and duration. */
    withResponse(): Promise<WithResponse<T>> {
        return this.#result;
    }

    override then<A = T, B = never>(
        fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
        rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
        return this.#result.then((result) => result.data).then(fulfilled, rejected);
    }

    override catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B> {
        return this.then(undefined, rejected);
    }

    override finally(done?: (() => void) | null): Promise<T> {
        return this.then().finally(done) as Promise<T>;
    }
}

/** One page of a list. */
export class Page<T> {
    /** The records of this page that no page before delivered, newest first. */
    readonly data: T[];
    /** How many records match in all; where HighLevel names no total, how many are known so far. */
    readonly totalCount: number;
    readonly #next: (() => Promise<Page<T>>) | undefined;

    /** @internal */
    constructor(data: T[], totalCount: number, next: (() => Promise<Page<T>>) | undefined) {
        this.data = data;
        this.totalCount = totalCount;
        this.#next = next;
    }

    /** Whether another page follows. */
    hasNextPage(): boolean {
        return this.#next !== undefined;
    }

    /** Reads the page that follows; rejects with a RangeError after the last one. */
    async getNextPage(): Promise<Page<T>> {
        if (this.#next === undefined) throw new RangeError("there is no next page: ask hasNextPage() first");
        return this.#next();
    }
}

/** @internal What a list answer comes down to. */
export interface RawPage<T> {
    records: T[];
    total: number | undefined;
    response: ResponseInfo;
}

/** @internal Reads the page at an offset; `undefined` stands for the caller's own parameters. */
export type ReadPage<T> = (offset: number | undefined) => Promise<RawPage<T>>;

/** A list: await it for its first page, or iterate over all records of all pages, each delivered once. */
export class PagePromise<T> extends ApiPromise<Page<T>> implements AsyncIterable<T> {
    /** @internal */
    constructor(read: ReadPage<T>, offset: number, limit: number | undefined) {
        const state = new Pages(offset, limit);
        super(follow(read, state, undefined, offset));
    }

    /** All records of all pages. */
    async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
        for await (const page of this.pages()) yield* page.data;
    }

    /** The pages one after the other, each read when it is asked for. */
    async *pages(): AsyncGenerator<Page<T>, void, undefined> {
        let page: Page<T> = await (this as PromiseLike<Page<T>>);
        yield page;
        while (page.hasNextPage()) {
            page = await page.getNextPage();
            yield page;
        }
    }

    /**
     * All records in one array, at most `limit` of them.
     *
     * @param options How many at the most; all when left out.
     */
    async toArray(
        options: {
            /** The most records to collect. */
            limit?: number;
        } = {},
    ): Promise<T[]> {
        const limit = options.limit ?? Infinity;
        const all: T[] = [];
        if (limit <= 0) return all;
        for await (const record of this) {
            all.push(record);
            if (all.length >= limit) break;
        }
        return all;
    }
}

async function follow<T>(
    read: ReadPage<T>,
    state: Pages,
    offset: number | undefined,
    start: number,
): Promise<WithResponse<Page<T>>> {
    const { records, total, response } = await read(offset);
    // Before the first page nothing was delivered; what it holds matters only to the pages behind it.
    const first = offset === undefined;
    const fresh = first ? records : records.filter((record) => state.deliver(idOf(record)));
    if (first && records.length > 0) state.deliver(idOf(records[0]));
    const next = state.advance(records.length, total);
    // Two callers that ask for the next page share it; one that could not be read can be asked for again.
    let following: Promise<Page<T>> | undefined;
    let pending = first ? records : [];
    const more = () => {
        for (const record of pending) state.remember(idOf(record));
        pending = [];
        following ??= follow(read, state, next, start).then(
            (result) => result.data,
            (error: unknown) => {
                following = undefined;
                throw error;
            },
        );
        return following;
    };
    const known = total ?? (offset ?? start) + records.length;
    return { data: new Page(fresh, known, next < 0 ? undefined : more), response };
}

function idOf(record: unknown): string {
    const id = typeof record === "object" && record !== null ? (record as { _id?: unknown })._id : undefined;
    return typeof id === "string" ? id : "";
}
