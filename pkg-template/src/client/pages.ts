import type { Pages } from "../core.js";
import type { Engine } from "./engine.js";
import { invalid } from "./input.js";
import { Hidden } from "./hidden.js";
import { ApiPromise, type ResponseInfo, type WithResponse } from "./promises.js";
import { SharedRead, type Share } from "./reads.js";

const BEHIND = new Hidden<() => Behind<unknown>>("behind");
const FIRST = new Hidden<SharedRead<WithResponse<Page<unknown>>>>("first page");

/** One page of a list. */
export class Page<T> {
    /** The records of this page that no page before delivered, newest first. */
    readonly data: T[];
    /** How many records match in all; where HighLevel names no total, how many are known so far. */
    readonly totalCount: number;

    /** @internal */
    constructor(data: T[], totalCount: number, behind: () => Behind<T>) {
        this.data = data;
        this.totalCount = totalCount;
        BEHIND.set(this, behind);
    }

    /**
     * Text to store: the same list, called with it as parameter `cursor` at any later time, goes on behind this page.
     * `undefined` on the last page.
     */
    get cursor(): string | undefined {
        return BEHIND.get(this)().cursor;
    }

    /**
     * Whether the list ends with this page although HighLevel counts more records: it gave the same pages again, or its total is
     * too high. Whoever reads on is also told by a `drift` event.
     */
    get incomplete(): boolean {
        return BEHIND.get(this)().incomplete;
    }

    /** Whether another page follows. */
    hasNextPage(): boolean {
        return following(this) !== undefined;
    }

    /** Reads the page that follows; rejects with a RangeError after the last one. */
    async getNextPage(): Promise<Page<T>> {
        const next = following(this);
        if (next === undefined) throw new RangeError("there is no next page: ask hasNextPage() first");
        return (await next.join().result) as Page<T>;
    }
}

/** What comes after a page. */
interface Behind<T> {
    next?: SharedRead<Page<T>>;
    cursor?: string;
    /** Nothing does, although HighLevel counts more. */
    incomplete: boolean;
}

function following<T>(page: Page<T>): SharedRead<Page<T>> | undefined {
    return BEHIND.get(page)().next as SharedRead<Page<T>> | undefined;
}

/** The parameters of a list, and where to go on. */
export type Resumable<Params> = Params & {
    /**
     * The {@link Page.cursor} of a page of the same list with the same filters, location and base URL: goes on behind it,
     * without `offset`.
     */
    cursor?: string | undefined;
};

/** @internal What a list answer comes down to. */
export interface RawPage<T> {
    records: T[];
    total: number | undefined;
    response: ResponseInfo;
    /** What the cursors of the list are good for, as the core names it. */
    scope: string;
}

/** @internal Which page is to be read, as the core asks for it. */
export interface Place {
    offset?: number;
    limit?: number;
    background: boolean;
}

/** @internal How a list is read. */
export interface List<T> {
    /** What its cursors are kept in. */
    engine: Engine;
    /** Reads the page at a place; `undefined` stands for the caller's own parameters. */
    read: (signal: AbortSignal, place?: Place) => Promise<RawPage<T>>;
    /** Goes on behind the caller's cursor; throws if it is none of this list. */
    resume: (() => Pages) | undefined;
    /** Where the caller wants to start, and how many records a page is to hold; 0 where that was not said. */
    offset: number;
    limit: number;
    /** Tells that it ended before the records that HighLevel counts. */
    endedEarly: () => void;
    /** The caller's own. */
    signal: AbortSignal | undefined;
    /** Milliseconds that one attempt may take. */
    timeoutMs: number;
}

/** A list: await it for its first page, or iterate over all records of all pages, each delivered once. */
export class PagePromise<T> extends ApiPromise<Page<T>> implements AsyncIterable<T> {
    /** @internal */
    constructor(list: List<T>) {
        const first = new SharedRead((signal) => begin(list, signal), list, true);
        // Whoever wants it gets its error; a list that nobody awaits, or of which an iteration never began, fails unheard.
        first.begin().result.catch(() => {});
        super(() => first.join().result as Promise<WithResponse<Page<T>>>);
        FIRST.set(this, first);
    }

    /**
     * All records of all pages. From the second record of a page on, the next page is already asked for; leaving the loop
     * aborts that.
     */
    [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
        return iteration((want) => records(first<T>(this), want));
    }

    /** The pages one after the other. While you have one, the next is already asked for; leaving the loop aborts that. */
    pages(): AsyncGenerator<Page<T>, void, undefined> {
        return iteration((want) => pages(first<T>(this), want));
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

function first<T>(list: PagePromise<T>): SharedRead<WithResponse<Page<T>>> {
    return FIRST.get(list) as SharedRead<WithResponse<Page<T>>>;
}

/** Asks for what an iteration needs next. Gives `undefined` where the iteration was left. */
type Want = <V extends object>(read: SharedRead<V>) => Promise<V | undefined>;

/** A generator that, when it is left, wants nothing any longer, be it that it looks ahead or that its caller waits. */
function iteration<R>(walk: (want: Want) => AsyncGenerator<R, void, undefined>): AsyncGenerator<R, void, undefined> {
    let share: Share<object> | undefined;
    let left = false;
    const generator = walk(<V extends object>(read: SharedRead<V>) => {
        if (left) return Promise.resolve(undefined);
        const joined = read.join();
        share = joined;
        return joined.result;
    });
    // A generator queues these two behind a next() that waits; leaving must not.
    for (const name of ["return", "throw"] as const) {
        const end = generator[name];
        generator[name] = (value) => {
            left = true;
            share?.leave();
            return end.call(generator, value as undefined);
        };
    }
    return generator;
}

async function* records<T>(first: SharedRead<WithResponse<Page<T>>>, want: Want): AsyncGenerator<T, void, undefined> {
    let page = (await want(first))?.data;
    while (page !== undefined) {
        const next = following(page);
        let ahead: Promise<Page<T> | undefined> | undefined;
        for (const [index, record] of page.data.entries()) {
            if (index === 1 && next) ahead = want(next);
            yield record;
        }
        page = await (ahead ?? (next && want(next)));
    }
}

async function* pages<T>(
    first: SharedRead<WithResponse<Page<T>>>,
    want: Want,
): AsyncGenerator<Page<T>, void, undefined> {
    let page = (await want(first))?.data;
    while (page !== undefined) {
        const next = following(page);
        const ahead = next && want(next);
        yield page;
        page = await ahead;
    }
}

async function begin<T>(list: List<T>, signal: AbortSignal): Promise<WithResponse<Page<T>>> {
    if (list.resume) {
        const pages = list.resume();
        list.engine.keep(pages);
        return follow(list, pages, signal);
    }
    const { records, total, response, scope } = await list.read(signal);
    const ids = records.map(idOf);
    const open = () => {
        const pages = list.engine.glue.Pages.open(scope, list.offset, list.limit);
        // On the first page nothing is searched for: it is always taken.
        return { pages, taken: take(pages, ids, total) as Taken };
    };
    // Nearly always all of them are new; then the core is asked only by who wants to read on.
    if (total !== undefined && areDistinct(ids)) {
        let behind: Behind<T> | undefined;
        const later = () => {
            if (behind === undefined) {
                const { pages, taken } = open();
                behind = after(list, pages, scope, taken);
            }
            return behind;
        };
        return { data: new Page(records, total, later), response };
    }
    const { pages, taken } = open();
    return { data: pageOf(list, pages, scope, taken, records, total), response };
}

/** A bit for each of 65,536 endings that an id may have. */
const met = new Uint8Array(8192);

/** Whether no id is there twice. */
function areDistinct(ids: readonly string[]): boolean {
    // Their last letters differ nearly always, and then no set need be made of them.
    met.fill(0);
    for (const id of ids) {
        let ending = 0;
        for (let at = Math.max(0, id.length - 4); at < id.length; at++) ending = (ending * 31 + id.charCodeAt(at)) & 0xffff;
        const bit = 1 << (ending & 7);
        if (met[ending >> 3]! & bit) return new Set(ids).size === ids.length;
        met[ending >> 3]! |= bit;
    }
    return true;
}

/** Reads the next page that brings something new. */
async function follow<T>(list: List<T>, pages: Pages, signal: AbortSignal): Promise<WithResponse<Page<T>>> {
    for (;;) {
        const letGo = threadLetGo();
        if (letGo) await letGo;
        const place = JSON.parse(pages.next() as string) as Place;
        const { records, total, response, scope } = await list.read(signal, place);
        const taken = take(pages, records.map(idOf), total);
        if (taken) return { data: pageOf(list, pages, scope, taken, records, total), response };
    }
}

/** How many pages are read before the thread is let go. */
const PAGES_AT_ONCE = 32;
let pagesRead = 0;

/**
 * Lets go of the thread now and then. What a WeakRef speaks of lives until then, and a `fetch` that answers out of a cache
 * or a test never does so: all pages of a list would stay in memory. Not by a timer, which tests replace.
 */
function threadLetGo(): Promise<void> | undefined {
    if (++pagesRead % PAGES_AT_ONCE > 0 || typeof MessageChannel !== "function") return undefined;
    return new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
            port1.close();
            resolve();
        };
        port2.postMessage(undefined);
    });
}

function pageOf<T>(
    list: List<T>,
    pages: Pages,
    scope: string,
    taken: Taken,
    records: T[],
    total: number | undefined,
): Page<T> {
    const behind = after(list, pages, scope, taken);
    const data = taken.fresh.map((index) => records[index] as T);
    return new Page(data, total ?? taken.totalCount, () => behind);
}

function after<T>(list: List<T>, pages: Pages, scope: string, { cursor, incomplete }: Taken): Behind<T> {
    const { engine } = list;
    if (cursor === undefined) {
        engine.release(pages);
        pages.free();
        if (incomplete) list.endedEarly();
        return { incomplete };
    }
    const instance = engine.lost;
    // It remembers more of what was delivered than a cursor can, but goes on with the first page that is read with it.
    let state: Pages | undefined = pages;
    engine.keep(state);
    const read = async (signal: AbortSignal) => {
        const own = state !== undefined && instance === engine.lost ? state : (engine.glue.Pages.reopen(scope, cursor) as Pages);
        engine.keep(own);
        state = undefined;
        try {
            return (await follow(list, own, signal)).data;
        } catch (error) {
            state = own;
            throw error;
        }
    };
    return { next: new SharedRead(read, list, false), cursor, incomplete };
}

/** What the core says of a page: which of its records no page before delivered, and what comes behind it, if anything does. */
interface Taken {
    fresh: number[];
    totalCount: number;
    cursor?: string;
    incomplete: boolean;
}

/** Nothing if the page brought nothing new and the list goes on. */
function take(pages: Pages, ids: string[], total: number | undefined): Taken | undefined {
    const taken = pages.take(JSON.stringify(ids), total ?? NaN) as string | undefined;
    return taken === undefined ? undefined : (JSON.parse(taken) as Taken);
}

function idOf(record: unknown): string {
    const id = typeof record === "object" && record !== null ? (record as { _id?: unknown })._id : undefined;
    return typeof id === "string" ? id : "";
}
