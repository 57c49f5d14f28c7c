import { Pages } from "../core.js";
import type { RateLimit } from "./client.js";
import { invalid } from "./errors.js";
import { lost } from "./instance.js";

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
}

// What `Promise` itself does, without the `any` of its declaration.
export interface ApiPromise<T> {
    /**
     * Handles a failure.
     *
     * @param rejected Gets the error: a {@link PaymentsError}.
     */
    catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B>;
}

/** One page of a list. */
export class Page<T> {
    /** The records of this page that no page before delivered, newest first. */
    readonly data: T[];
    /** How many records match in all; where HighLevel names no total, how many are known so far. */
    readonly totalCount: number;
    readonly #behind: () => Behind<T>;

    /** @internal */
    constructor(data: T[], totalCount: number, behind: () => Behind<T>) {
        this.data = data;
        this.totalCount = totalCount;
        this.#behind = behind;
    }

    /**
     * Text to store: the same list, called with it as parameter `cursor` at any later time, goes on behind this page.
     * `undefined` on the last page.
     */
    get cursor(): string | undefined {
        return this.#behind().cursor;
    }

    /** Whether another page follows. */
    hasNextPage(): boolean {
        return this.#behind().next !== undefined;
    }

    /** Reads the page that follows; rejects with a RangeError after the last one. */
    async getNextPage(): Promise<Page<T>> {
        const { next } = this.#behind();
        if (next === undefined) throw new RangeError("there is no next page: ask hasNextPage() first");
        return next();
    }
}

/** What comes after a page. */
interface Behind<T> {
    next?: () => Promise<Page<T>>;
    cursor?: string;
}

/** The parameters of a list, and where to go on. */
export type Resumable<Params> = Params & {
    /** The {@link Page.cursor} of a page of the same list with the same filters: goes on behind it, without `offset`. */
    cursor?: string;
};

/** @internal What a list answer comes down to. */
export interface RawPage<T> {
    records: T[];
    total: number | undefined;
    response: ResponseInfo;
}

/** Where a page starts, and how many records it is to hold, if not as many as the server likes. */
interface Place {
    offset: number;
    limit?: number;
}

/** @internal Reads the page at a place; `undefined` stands for the caller's own parameters. */
export type ReadPage<T> = (place?: Place) => Promise<RawPage<T>>;

/** @internal Which list is read, and from where. */
export interface Start {
    /** Text that names the list and its filters. */
    scope: () => string;
    offset: number;
    limit: number;
    cursor?: string;
}

/** A list: await it for its first page, or iterate over all records of all pages, each delivered once. */
export class PagePromise<T> extends ApiPromise<Page<T>> implements AsyncIterable<T> {
    /** @internal */
    constructor(read: ReadPage<T>, start: Start) {
        super(begin(read, start));
    }

    /** All records of all pages. From the second record of a page on, the next page is already asked for. */
    async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
        let page: Page<T> | undefined = await (this as PromiseLike<Page<T>>);
        while (page !== undefined) {
            let ahead: Promise<Page<T>> | undefined;
            for (const [index, record] of page.data.entries()) {
                if (index === 1) ahead = following(page);
                yield record;
            }
            page = await (ahead ?? following(page));
        }
    }

    /** The pages one after the other. While you have one, the next is already asked for. */
    async *pages(): AsyncGenerator<Page<T>, void, undefined> {
        let page: Page<T> | undefined = await (this as PromiseLike<Page<T>>);
        while (page !== undefined) {
            const ahead: Promise<Page<T>> | undefined = following(page);
            yield page;
            page = await ahead;
        }
    }

    /**
     * All records in one array; reads no page that this does not need.
     *
     * @param options How many at the most; all when left out.
     */
    async toArray(
        options: {
            /** At most so many records. */
            limit?: number;
        } = {},
    ): Promise<T[]> {
        const limit = options.limit ?? Infinity;
        if (!(limit >= 0)) throw invalid("limit", "must be a number from 0");
        if (limit === 0) return [];
        let page = await (this as PromiseLike<Page<T>>);
        const all = [...page.data];
        while (all.length < limit && page.hasNextPage()) {
            page = await page.getNextPage();
            for (const record of page.data) all.push(record);
        }
        return all.slice(0, limit);
    }
}

/** Asks for the next page, if there is one. Its failure is that of who awaits it, and nobody's if nobody does. */
function following<T>(page: Page<T>): Promise<Page<T>> | undefined {
    const next = page.hasNextPage() ? page.getNextPage() : undefined;
    next?.catch(() => undefined);
    return next;
}

async function begin<T>(read: ReadPage<T>, { scope, offset, limit, cursor }: Start): Promise<WithResponse<Page<T>>> {
    if (cursor !== undefined) {
        // Empty, it would be none.
        const pages = typeof cursor === "string" && cursor !== "" ? Pages.open(scope(), cursor, 0, limit) : undefined;
        if (pages === undefined) {
            throw invalid("cursor", "is not the cursor of a page of this list with these filters, or goes together with offset");
        }
        return follow(read, pages, scope);
    }
    const { records, total, response } = await read();
    // Before the first page nothing was delivered; its ids matter only to what comes behind it.
    let behind: Behind<T> | undefined;
    const later = () => {
        if (behind === undefined) {
            const pages = Pages.open(scope(), "", offset, limit) as Pages;
            behind = after(read, pages, scope, take(pages, records, total).cursor);
        }
        return behind;
    };
    return { data: new Page(records, total ?? offset + records.length, later), response };
}

/** Reads the next page that brings something new. */
async function follow<T>(read: ReadPage<T>, pages: Pages, scope: () => string): Promise<WithResponse<Page<T>>> {
    let { cursor, fresh, ...place } = turn(pages);
    for (;;) {
        const { records, total, response } = await read(place);
        const known = place.offset + records.length;
        ({ cursor, fresh, ...place } = take(pages, records, total));
        if (fresh.length > 0 || cursor === undefined) {
            const behind = after(read, pages, scope, cursor);
            const data = fresh.map((index) => records[index] as T);
            return { data: new Page(data, total ?? known, () => behind), response };
        }
    }
}

function after<T>(read: ReadPage<T>, pages: Pages, scope: () => string, cursor?: string): Behind<T> {
    if (cursor === undefined) return {};
    const instance = lost;
    // Callers share the page as long as one of them holds it: were it kept here, the first page would hold the whole list.
    let underWay: Promise<Page<T>> | undefined;
    let held: { deref(): Page<T> | undefined } | undefined;
    const next = async () => {
        const page = held?.deref();
        if (page !== undefined) return page;
        // The state went on with a page that was read, or was lost with its instance: the cursor brings it back.
        const fresh = held === undefined && instance === lost;
        underWay ??= follow(read, fresh ? pages : (Pages.open(scope(), cursor, 0, 0) as Pages), scope)
            .then(({ data }) => {
                // Workers of before May 2025 have no WeakRef: there the page is read again.
                held = typeof WeakRef === "function" ? new WeakRef(data) : { deref: () => undefined };
                return data;
            })
            .finally(() => (underWay = undefined));
        return underWay;
    };
    return { next, cursor };
}

/** What the core says of a page: which of its records no page before delivered, and what comes behind it, if anything does. */
interface Turn extends Place {
    fresh: number[];
    cursor?: string;
}

function turn(pages: Pages, ids = "", total = NaN): Turn {
    return JSON.parse(pages.turn(ids, total) as string) as Turn;
}

function take(pages: Pages, records: unknown[], total: number | undefined): Turn {
    return turn(pages, JSON.stringify(records.map(idOf)), total);
}

function idOf(record: unknown): string {
    const id = typeof record === "object" && record !== null ? (record as { _id?: unknown })._id : undefined;
    return typeof id === "string" ? id : "";
}
