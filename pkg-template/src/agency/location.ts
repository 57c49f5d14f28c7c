import { Client } from "../client/client.js";
import { AbortedError, AuthenticationError, DecodeError, NotFoundError, PaymentsError, RateLimitError } from "../client/errors.js";
import type { ClientOptions, FetchInit } from "../client/options.js";
import type { Page, PagePromise } from "../client/pages.js";
import {
    syncGate,
    syncRows,
    syncStep,
    type GateAsked,
    type SyncCommitted,
    type SyncFailureKind,
    type SyncHinted,
    type SyncRows,
    type SyncStarted,
    type SyncStream,
    type SyncThen,
    type SyncView,
} from "../edge-core.js";
import { PaymentsClient } from "../edge/client.js";
import { called } from "../edge/module.js";
import { OAuthError } from "../edge/oauth-error.js";
import { pause } from "../exchange.js";
import { ask, fetchedOf, MAX_ANSWER, refusal, responseOf, type Answer } from "./answers.js";
import { call } from "./calls.js";
import { settingsOf, type AgencyEnv, type AgencyMessage, type Settings } from "./config.js";
import { markDeleted, unseen, writeRows, type DatabaseEnv, type SyncFile } from "./database.js";
import { putPart } from "./files.js";
import type { CompanyObject, Ended, Heard, Here, LocationObject, Report, Sent, Unanswered } from "./messages.js";
import { messageOf, nameOf } from "./names.js";
import { Room } from "./room.js";
import { Tables, type AgencyState } from "./storage.js";

/** A piece of work. */
type Work = Extract<SyncThen, { run: string }>;
type Reading = Extract<Work, { do: "read" }>;
type Verifying = Extract<Work, { do: "verify" }>;

/** A record as far as it is known here; what a list holds may be anything. */
type Listed = { _id?: unknown } | null;

/** What came of a question for a record by its id: the record, that it is deleted, or that nobody can say. */
type Found = NonNullable<Listed> | "deleted" | "unknown";

/** A chunk that was read. */
interface Chunk {
    /** The records, as JSON without the brackets around them. */
    texts: string[];
    /** Those of them that have an id. */
    ids: string[];
    pages: number;
    records: number;
    /** Without those that this run has met before. */
    fresh: number;
    total?: number;
    cursor?: string;
    /** What ended it before its time. */
    cause?: unknown;
}

/** The next page, that was asked for already: it goes on with more knowledge than a cursor holds. */
interface Ahead {
    of: string;
    page?: Page<unknown>;
    next?: Promise<Page<unknown>>;
}

/** HighLevel gives no more in a page. */
const PAGE = 100;

/** What stands before a place in a list whose total is too low: its own cursors end there. */
const OFFSET = "offset ";

/** What the client has found where an answer is too long. */
const TOO_LONG = "a longer one";

/** How long an alarm works at the most, in milliseconds; then it lets the next one go on. Cloudflare ends one after fifteen minutes. */
const ALARM_MS = 60_000;

/** For a wait of so many milliseconds it does not let the alarm end. */
const SHORT_MS = 1000;

/** How often the company is told, in milliseconds. */
const REPORT_MS = 3_000;

/** The first and the longest pause, in milliseconds, before a company is told again that could not be reached. */
const TELL_AGAIN_MS = [500, 30_000] as const;

/** How long a request of the sync waits for its turn, in milliseconds, and one that somebody waits for. */
const BACKGROUND_WAIT_MS = 60_000;
const SEND_WAIT_MS = 20_000;

/** Who waits for an answer says within so many milliseconds that it still does. */
const HERE_MS = 1500;

/** From so many milliseconds of waiting for a turn on, what was read so far is stored meanwhile. */
const BLOCKED_MS = 200;

/** Of a chunk: so many characters are enough. */
const MAX_CHARACTERS = 1_000_000;

/** What chunks hold in an isolate, in characters, and how many of them are stored at the same time: then each is there several times. */
const READ = /* @__PURE__ */ new Room(8_000_000);
const STORED = /* @__PURE__ */ new Room(4);

/** So many records of a chunk are named in the log that are not as they should be. */
const MAX_ISSUES = 3;

/** How many records are asked for by their ids at the same time. */
const AT_ONCE = 4;

/** What of an answer says how much more may be asked. */
const LIMITS = [
    "date", "retry-after", "retry-after-ms", "x-ratelimit-limit-daily", "x-ratelimit-daily-remaining", "x-ratelimit-daily-reset",
    "x-ratelimit-interval-milliseconds", "x-ratelimit-max", "x-ratelimit-remaining",
];

/** What the message of a record says that is not there, and what says that of something else: a route, or who asks. */
const NOT_FOUND = /not found|does not exist|doesn't exist/i;
const OTHER_NOT_FOUND = /^cannot |\b(?:location|company|account|user|app|route|page|path|url|endpoint|host)\b[^.]*(?:not found|exist)/i;

/** So many characters of an id are named in the log. */
const MAX_ID = 64;

const SCHEMA = [
    "CREATE TABLE IF NOT EXISTS seen (stream TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (stream, id)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS named (id TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS parts (stream TEXT NOT NULL, seq INTEGER NOT NULL, file TEXT NOT NULL, PRIMARY KEY (stream, seq)) WITHOUT ROWID",
];

/** The sync of one location, and all of its requests: what a `GhlLocation` does. */
export class Locating implements LocationObject {
    readonly #env: AgencyEnv & DatabaseEnv;
    readonly #settings: Settings;
    readonly #tables: Tables;
    /** What the limits let through, as the module keeps it. */
    #gate: string;
    #client: Client | undefined;
    #ahead: Ahead | undefined;
    /** How many records a page has of lists whose larger ones were too long. */
    #sizes = new Map<SyncStream, number>();
    /** Ends requests that are made in advance. */
    #leaving = new AbortController();
    /** Is called when a request of the sync has to wait for its turn. */
    #blocked: () => void = () => {};
    /** What the token function threw last. */
    #tokenCause: unknown;
    #othersWait = false;
    #told = 0;
    #untold = 0;

    /**
     * The runtime makes the objects.
     *
     * @param state What it gives each of them.
     * @param env The Worker's bindings.
     */
    constructor({ storage }: AgencyState, env: unknown) {
        this.#env = env as AgencyEnv & DatabaseEnv;
        this.#settings = settingsOf(this.#env);
        this.#tables = new Tables(storage, SCHEMA);
        const gate = this.#tables.kept("gate");
        // Whatever was under way has counted, and nobody will tell its end.
        this.#gate = gate === undefined ? "" : this.#ask<{ state: string }>("restart", { now: this.#settings.now() }, gate).state;
    }

    /** @internal Begins a turn; from then on the object works by its alarms. */
    async begin(message: AgencyMessage): Promise<boolean> {
        const { streams, mode, details, company, run, location, slice, started, resumed } = message;
        const { trailingMs, fullEveryMs, slicePages } = this.#settings;
        const given = { company, run, location, slice, started, resumed, streams, mode, details, trailingMs, fullEveryMs, slicePages };
        const news = this.#tables.together(() => {
            const told = this.#step<SyncStarted>("start", given);
            if (told.same) return false;
            const known = this.#tables.kept("run");
            if (known !== run) {
                this.#tables.keep("run", run);
                this.#sizes.clear();
                this.#forget();
                if (told.dropped !== undefined) this.#log("dropped", { run: told.dropped });
            }
            this.#tables.keep("told", undefined);
            return true;
        });
        if (news) [this.#othersWait, this.#told] = [message.othersWait, 0];
        await this.#tables.wakeIn(0);
        return news;
    }

    /** @internal Something has changed: what is new is read soon. */
    async hint(streams: readonly SyncStream[], order?: string): Promise<boolean> {
        const looks = streams.map((stream) => this.#step<SyncHinted>("hint", { stream })).filter(({ wake }) => wake);
        if (looks.length > 0 && order !== undefined) this.#tables.rows("INSERT OR IGNORE INTO named VALUES (?)", order);
        for (const { until } of looks) await this.#tables.wakeIn(until! - this.#settings.now());
        return looks.length > 0;
    }

    /** @internal Sends a request for somebody who waits for it, before those of the sync; nothing is sent for who does not any more. */
    async send({ url, method, headers, body }: Sent, here?: Here): Promise<Response | Unanswered> {
        const init = { method, headers, ...(body !== undefined && { body }), redirect: "manual" } as FetchInit;
        try {
            return responseOf(await this.#send(url, init, false, here));
        } catch (cause) {
            const { name, message } = cause as Error;
            return { failed: { name, message } };
        }
    }

    /** Works on, and says when it is to be woken. */
    async alarm(): Promise<void> {
        this.#tables.woken();
        let until: number | undefined;
        try {
            until = await this.#work();
        } catch (cause) {
            // An alarm that throws is tried only some times, and then never again.
            this.#log("broken", { error: nameOf(cause) });
            until = this.#settings.now() + TELL_AGAIN_MS[1];
        }
        if (until !== undefined) await this.#tables.wakeIn(until - this.#settings.now());
    }

    /** Gives when it wants to be woken again, if it does. */
    async #work(): Promise<number | undefined> {
        const began = Date.now();
        try {
            while (since(began) < ALARM_MS) {
                const now = this.#settings.now();
                const then = this.#step<SyncThen>("next", { othersWait: this.#othersWait });
                // Also before the first list is read: a company that hears nothing takes the message for lost.
                if ((then.do === "read" || then.do === "verify") && since(this.#told) > REPORT_MS) await this.#tell("working");
                if (then.do === "read") await this.#attempt(then, () => this.#read(then));
                else if (then.do === "verify") await this.#attempt(then, () => this.#verify(then));
                else if (then.do === "wait") {
                    await this.#tell("working");
                    const left = then.until - now;
                    if (left > SHORT_MS) return then.until;
                    await pause(left);
                } else if (then.do === "yield" || then.do === "ended") {
                    const again = await this.#handOver(then);
                    if (again !== 0) return again;
                } else {
                    return then.until;
                }
            }
            return this.#settings.now();
        } finally {
            this.#leave();
        }
    }

    /** Tells the company that it has its slot back. Gives when to try again; 0: at once; nothing: the object can rest. */
    async #handOver(then: Extract<SyncThen, { do: "yield" | "ended" }>): Promise<number | undefined> {
        const { run, slice, state } = this.#view();
        const told = `${run} ${slice} ${then.do}`;
        if (this.#tables.kept("told") === told) return undefined;
        this.#leave();
        const over = then.do === "ended";
        const heard = over
            ? await this.#tell("over", { state: state as Ended, files: this.#files() })
            : await this.#tell("yielded", { ...(then.until !== undefined && { due: then.until }) });
        if (heard === undefined) {
            const [first, most] = TELL_AGAIN_MS;
            return this.#settings.now() + Math.min(most, first * 2 ** this.#untold++) * (0.5 + Math.random());
        }
        this.#untold = 0;
        this.#tables.together(() => {
            // Another turn may have begun while the company was told.
            const now = this.#view();
            if (now.run !== run || now.slice !== slice || now.state !== state) return;
            this.#tables.keep("told", told);
            if (!over) return;
            this.#step("reported", { run });
            this.#forget();
        });
        return 0;
    }

    /** Tells the company how far it is; gives what that says, or nothing where it cannot be reached. */
    async #tell(event: Report["event"], more: Partial<Report> = {}): Promise<Heard | undefined> {
        const { run, company, location, slice, streams, records, failures, reason } = this.#view();
        if (run === "") return undefined;
        this.#told = Date.now();
        const view = { streams, records, failures, ...(reason !== undefined && { reason }) };
        try {
            const report: Report = { run, location, slice, event, view, ...more };
            const heard = await call<CompanyObject, "report">(this.#env.COMPANIES, company, "report", report);
            this.#othersWait = heard.othersWait;
            return heard;
        } catch (cause) {
            this.#log("untold", { run, error: nameOf(cause) });
            return undefined;
        }
    }

    /** Does a piece of work; what goes wrong is the module's to judge. */
    async #attempt({ run, hint, stream }: Work, work: () => Promise<void>): Promise<void> {
        try {
            await work();
        } catch (cause) {
            this.#leave();
            const why = this.#judge(cause);
            this.#step("failed", { run, hint, stream, ...why });
            this.#log(why.kind, { run: this.#view().run, stream, reason: why.message });
        }
    }

    /** Reads a chunk of a list, stores it, and only then counts it. */
    async #read(job: Reading): Promise<void> {
        const { run, hint, stream, seq } = job;
        const holder = {};
        try {
            const took = this.#settings.now();
            if (hint && stream === "orders") await this.#named(job, took);
            const { texts, ids, cause, ...chunk } = await this.#chunk(job, holder);
            const { file, leftOut } = await this.#store(job, texts, took);
            this.#commit("read", { run, hint, stream, seq, file, leftOut, ...chunk }, job, ids, file);
            if (cause !== undefined) throw cause;
        } finally {
            READ.hold(holder, 0);
        }
    }

    /** Reads the orders that webhooks have named: what changes in an old one is in no window. */
    async #named(job: Reading, took: number): Promise<void> {
        for (;;) {
            const ids = this.#tables.rows<{ id: string }>("SELECT id FROM named LIMIT ?", PAGE).map(({ id }) => id);
            if (ids.length === 0) return;
            const found = await inTurns(ids, (id) => this.#get("orders", id));
            const there = found.filter((order) => typeof order !== "string");
            if (there.length > 0) await this.#store(job, [JSON.stringify(there).slice(1, -1)], took);
            this.#tables.rows("DELETE FROM named WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
        }
    }

    /** Reads pages until there are enough. */
    async #chunk(job: Reading, holder: object): Promise<Chunk> {
        const { run, hint, stream, seq, startAt, cursor, walked, details } = job;
        const of = (seq: number) => `${run} ${hint} ${stream} ${seq}`;
        const ahead = this.#ahead?.of === of(seq) ? this.#ahead : undefined;
        this.#ahead = undefined;
        const chunk: Chunk = { texts: [], ids: [], pages: 0, records: 0, fresh: 0 };
        const own = new Set<string>();
        let characters = 0;
        let first: string | undefined;
        let from = cursor;
        let page = ahead?.page;
        let next = ahead?.next ?? page?.getNextPage();
        await READ.wait(holder, PAGE * PAGE);
        const blocked = new Promise<undefined>((resolve) => (this.#blocked = () => resolve(undefined)));
        try {
            while (chunk.pages < job.pages) {
                next ??= page === undefined ? this.#list(stream, startAt, from) : page.getNextPage();
                let read: Page<unknown> | undefined;
                try {
                    read = await (chunk.pages > 0 ? Promise.race([next, blocked]) : next);
                } catch (cause) {
                    if (!this.#shrinks(stream, cause)) throw cause;
                    // The same place, in a smaller page.
                    [page, next, from] = [undefined, undefined, chunk.pages > 0 ? chunk.cursor : cursor];
                    continue;
                }
                if (read === undefined) {
                    next.catch(() => {});
                    break;
                }
                [page, next] = [read, undefined];
                const data = details ? await this.#detailed(page.data as Listed[]) : (page.data as Listed[]);
                const fresh = hint ? data : this.#fresh(stream, data, own);
                const isNew = idOf(data[0] ?? null) !== first;
                first = idOf(data[0] ?? null);
                for (const id of fresh.map(idOf)) if (id !== undefined) own.add(id);
                const text = JSON.stringify(fresh).slice(1, -1);
                if (text !== "") chunk.texts.push(text);
                characters += text.length;
                chunk.pages++;
                chunk.records += data.length;
                chunk.fresh += fresh.length;
                chunk.total = page.totalCount;
                chunk.cursor = page.cursor;
                const end = walked + chunk.records;
                // A full page by which there are more than its total says: what comes behind it is asked for all the same.
                if (!page.hasNextPage() && isNew && end > page.totalCount && data.length >= Math.max(1, this.#sizeOf(stream) - 1)) {
                    [page, from, chunk.cursor] = [undefined, OFFSET + end, OFFSET + end];
                }
                if (this.#grows(stream, text.length)) [page, from] = [undefined, chunk.cursor];
                if (chunk.cursor === undefined || characters > MAX_CHARACTERS || !READ.take(holder, characters + PAGE * PAGE)) break;
            }
        } catch (cause) {
            // What was read before is as good as ever.
            if (chunk.pages === 0) throw cause;
            chunk.cause = cause;
        } finally {
            this.#blocked = () => {};
        }
        if (chunk.cause === undefined && page?.hasNextPage()) {
            // While this one is stored, the next page comes; where others wait, this may have been the last of the turn.
            if (!this.#othersWait) next ??= page.getNextPage();
            next?.catch(() => {});
            this.#ahead = { of: of(seq + 1), page, next };
        }
        chunk.ids = [...own];
        return chunk;
    }

    /** A list from its front, or from where it goes on. */
    async #list(stream: SyncStream, startAt: string | undefined, from: string | undefined): Promise<Page<unknown>> {
        const on = from?.startsWith(OFFSET) ? { offset: Number(from.slice(OFFSET.length)) } : from && { cursor: from };
        const where = { limit: this.#sizeOf(stream), ...(startAt && { startAt }), ...on };
        return this.#payments()[stream].list(where as never, { signal: this.#leaving.signal }) as PagePromise<unknown>;
    }

    /** How many records a page of a list has. */
    #sizeOf(stream: SyncStream): number {
        return this.#sizes.get(stream) ?? PAGE;
    }

    /** Whether a smaller page may be had of a list whose page was too long. */
    #shrinks(stream: SyncStream, cause: unknown): boolean {
        const size = this.#sizeOf(stream);
        if (!(cause instanceof DecodeError) || cause.found !== TOO_LONG || size === 1) return false;
        this.#sizes.set(stream, Math.floor(size / 2));
        return true;
    }

    /** Whether behind a page of so many characters a larger one may be had again. */
    #grows(stream: SyncStream, characters: number): boolean {
        const size = this.#sizeOf(stream);
        if (size === PAGE || characters * 3 > MAX_ANSWER) return false;
        this.#sizes.set(stream, Math.min(PAGE, 2 * size));
        return true;
    }

    /** Those that this run has not met. */
    #fresh(stream: SyncStream, data: Listed[], own: Set<string>): Listed[] {
        const ids = data.map(idOf).filter((id) => id !== undefined);
        const query = "SELECT value AS id FROM json_each(?1) WHERE value IN (SELECT id FROM seen WHERE stream = ?2)";
        const met = new Set(this.#tables.rows<{ id: string }>(query, JSON.stringify(ids), stream).map(({ id }) => id));
        return data.filter((record) => !met.has(idOf(record) as string) && !own.has(idOf(record) as string));
    }

    /** Orders with what only the order itself says; one that cannot be read by its id stays as the list has it. */
    async #detailed(orders: Listed[]): Promise<Listed[]> {
        return inTurns(orders, async (order) => {
            const id = idOf(order);
            const found = id === undefined ? "unknown" : await this.#get("orders", id);
            return typeof found === "string" ? order : found;
        });
    }

    /** Asks for a record by its id. Throws what may be over when it is asked for again, and where the token is refused. */
    async #get(stream: SyncStream, id: string): Promise<Found> {
        const client = this.#payments();
        const options = { signal: this.#leaving.signal };
        let why: string;
        try {
            const found = await (stream === "coupons" ? client.coupons.get({ id }, options) : client[stream].get(id, options));
            if (idOf(found as Listed) === id) return found as NonNullable<Listed>;
            why = "the answer is another record than the one that was asked for";
        } catch (cause) {
            if (cause instanceof NotFoundError && saysDeleted(cause.body)) return "deleted";
            const { retryable, status = 0 } = cause as PaymentsError;
            const mayPass = retryable || status >= 500 || cause instanceof AuthenticationError || cause instanceof AbortedError;
            if (!(cause instanceof PaymentsError) || mayPass || this.#tokenCause !== undefined) throw cause;
            why = messageOf(cause);
        }
        this.#log("unknown", { stream, id: id.slice(0, MAX_ID), reason: why });
        return "unknown";
    }

    /** Asks by id for records that a whole list did not name: one that moves while it is read proves no deletion. */
    async #verify(job: Verifying): Promise<void> {
        const { run, stream, seq, limit, after } = job;
        const { location } = this.#view();
        const took = this.#settings.now();
        const ids = await stored(unseen(this.#env, { stream, location, run, after, limit }));
        const found = await inTurns(ids, (id) => this.#get(stream, id));
        const gone = ids.filter((_, i) => found[i] === "deleted");
        const there = found.filter((record) => typeof record !== "string");
        const fresh = this.#fresh(stream, there, new Set());
        const others = there.filter((record) => !fresh.includes(record));
        const text = (records: Listed[]) => (records.length === 0 ? [] : [JSON.stringify(records).slice(1, -1)]);
        const { file, count } = await this.#store(job, text(fresh), took);
        // They are in the files of the run already, and were written since by somebody else.
        await this.#store({ ...job, hint: true }, text(others), took);
        const deleted = await stored(markDeleted(this.#env, { stream, location, run, ids: gone, now: took }));
        const rest = ids.length === limit ? ids.at(-1) : undefined;
        const done = { run, stream, seq, after: rest, fresh: count, deleted, file };
        this.#commit("verified", done, job, fresh.map((record) => idOf(record)!), file);
    }

    /** Writes records to D1 and to R2; both may be done again. Gives how many there are now, and how many are no records of the location. */
    async #store(work: Work, texts: string[], took: number): Promise<{ file?: SyncFile | undefined; count: number; leftOut: number }> {
        if (texts.length === 0) return { count: 0, leftOut: 0 };
        const { hint, run, stream, seq } = work;
        const { location } = this.#view();
        const whole = !hint && !("startAt" in work);
        const holder = {};
        await STORED.wait(holder, 1);
        try {
            const made = called(() => syncRows(stream, `[${texts.join(",")}]`, location));
            const [head, rows] = made.split("\n", 2) as [string, string];
            const { issues = [], count, leftOut = 0 } = JSON.parse(head) as SyncRows;
            const lines = made.slice(head.length + rows.length + 2);
            for (const { path, message } of issues.slice(0, MAX_ISSUES)) this.#log("record", { stream, path, message });
            if (leftOut > 0) this.#log("left", { run, stream, leftOut, stored: count });
            if (count === 0) return { count, leftOut };
            const part = { run, stream, location, seq, lines, rows, format: this.#settings.files };
            const [row, file] = await Promise.allSettled([
                writeRows(this.#env, { stream, location, run, rows, now: took, whole }),
                hint ? undefined : putPart(this.#env, part),
            ]);
            for (const end of [row, file]) if (end.status === "rejected") throw new StoreFailed(end.reason);
            return { file: (file as PromiseFulfilledResult<SyncFile | undefined>).value, count, leftOut };
        } finally {
            STORED.hold(holder, 0);
        }
    }

    /** Counts what was stored, all at once: whatever breaks off before is done again. */
    #commit(step: "read" | "verified", told: object, work: Work, ids: string[], file: SyncFile | undefined): void {
        const { hint, stream, seq } = work;
        this.#tables.together(() => {
            const { stale } = this.#step<SyncCommitted>(step, told);
            if (stale) {
                this.#ahead = undefined;
                return;
            }
            if (hint) return;
            // Where a window ends nobody asks any more what it has met, and rows that are written are paid for.
            const over = "startAt" in work && (told as { cursor?: string }).cursor === undefined;
            if (!over) this.#tables.rows("INSERT OR IGNORE INTO seen SELECT ?1, value FROM json_each(?2)", stream, JSON.stringify(ids));
            if (file) this.#tables.rows("INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", stream, seq, JSON.stringify(file));
        });
    }

    #files(): SyncFile[] {
        const rows = this.#tables.rows<{ file: string }>("SELECT file FROM parts ORDER BY stream, seq");
        return rows.map(({ file }) => JSON.parse(file) as SyncFile);
    }

    /** Nothing of a run is needed any more. */
    #forget(): void {
        for (const name of ["seen", "parts"]) this.#tables.rows(`DROP TABLE IF EXISTS ${name}`);
        for (const statement of SCHEMA) this.#tables.rows(statement);
    }

    /** What went wrong, for the module and for people; never a token. */
    #judge(cause: unknown): { kind: SyncFailureKind; message: string; retryAfterMs?: number } {
        const token = this.#tokenCause;
        this.#tokenCause = undefined;
        if (cause instanceof StoreFailed) return { kind: "store", message: messageOf(cause.cause) };
        if (token !== undefined) {
            const kind = (token as { retryable?: unknown } | null)?.retryable === false ? "revoked" : "server";
            const message = OAuthError.is(token) ? token.message : `the token function failed: ${nameOf(token)}`;
            return { kind, message };
        }
        if (!(cause instanceof PaymentsError)) return { kind: "answer", message: nameOf(cause) };
        const { retryAfterMs, status = 0, traceId } = cause;
        const message = messageOf(cause);
        const told = `${message}${traceId === undefined ? "" : ` (trace ${traceId})`}`;
        if (cause instanceof RateLimitError) return { kind: "limited", message: told, ...(retryAfterMs !== undefined && { retryAfterMs }) };
        if (cause instanceof AuthenticationError) return { kind: "revoked", message: told };
        return { kind: status >= 500 || cause.retryable ? "server" : "answer", message: told };
    }

    /** The client of the location. It sends nothing by itself: the object gives the turns. */
    #payments(): Client {
        if (this.#client) return this.#client;
        const { location, company } = this.#view();
        const { baseUrl, apiVersion, timeoutMs } = this.#settings;
        const token = async ({ refused }: { refused?: string }) => {
            try {
                const token = await this.#settings.token(location, { company, ...(refused !== undefined && { refused }) });
                this.#tokenCause = undefined;
                return token;
            } catch (cause) {
                this.#tokenCause = cause ?? new Error("the token function threw nothing");
                throw cause;
            }
        };
        const options: ClientOptions = {
            token,
            locationId: location,
            ...(baseUrl !== undefined && { baseUrl }),
            ...(apiVersion !== undefined && { apiVersion }),
            fetch: async (url, init) => fetchedOf(await this.#send(url, init, true), MAX_ANSWER),
            // A request of the sync waits for its turn in `fetch`.
            timeoutMs: timeoutMs + BACKGROUND_WAIT_MS,
            maxResponseBytes: MAX_ANSWER,
            limiter: false,
        };
        return (this.#client = this.#settings.fromEnv(() => new PaymentsClient(options)));
    }

    /** Ends what was asked for in advance, and gives the client's memory back. */
    #leave(): void {
        this.#leaving.abort();
        this.#leaving = new AbortController();
        this.#ahead = undefined;
        this.#client?.close();
        this.#client = undefined;
    }

    /** Sends a request when it may go out; where that takes too long, it is answered as HighLevel would. */
    async #send(url: string, init: FetchInit, background: boolean, here?: Here): Promise<Answer> {
        const { timeoutMs, fetch } = this.#settings;
        const turn = await this.#turn(background, timeoutMs, init, here);
        if ("waitMs" in turn) return refusal(429, "the limit of this location is used up", { "retry-after-ms": `${turn.waitMs}` });
        const { number } = turn;
        const onHead = (status: number, header: (name: string) => string | null) => {
            const headers: Record<string, string> = {};
            for (const name of LIMITS) {
                const value = header(name);
                if (value !== null) headers[name] = value;
            }
            this.#gated("done", { number, status, headers });
        };
        return ask(url, init, { fetch, timeoutMs, max: MAX_ANSWER, onHead });
    }

    /** Waits for a turn; gives its number, or in how many milliseconds to come again. Throws where nobody wants it any more. */
    async #turn(background: boolean, timeoutMs: number, { method, signal }: FetchInit, here: Here | undefined): Promise<{ number: number } | { waitMs: number }> {
        const most = background ? BACKGROUND_WAIT_MS : SEND_WAIT_MS;
        let number: number | undefined;
        for (let waited = 0; ; ) {
            // What reads does no harm where it was given up on its way to this object.
            const asks = number !== undefined || method !== "GET";
            if (signal?.aborted || (asks && !(await isHere(here)))) {
                if (number !== undefined) this.#gated("leave", { number });
                throw signal?.reason ?? new DOMException("nobody waits for the answer any more", "AbortError");
            }
            const { go, waitMs = 0, ...asked } = this.#gated<GateAsked>("ask", { number, background, timeoutMs }, true);
            number = asked.number;
            if (go) {
                this.#tables.keep("gate", this.#gate);
                return { number };
            }
            if (waited + waitMs > most) {
                this.#gated("leave", { number });
                return { waitMs };
            }
            if (background && waitMs > BLOCKED_MS) this.#blocked();
            await pause(waitMs, signal);
            waited += waitMs;
        }
    }

    /** A step of the limits. What is stored is what has to be known after a restart: waiting needs not. */
    #gated<T extends object>(step: "ask" | "done" | "leave", given: object, volatile = false): T {
        const told = this.#ask<T & { state: string }>(step, { ...given, now: this.#settings.now() }, this.#gate);
        this.#gate = told.state;
        if (!volatile) this.#tables.keep("gate", this.#gate);
        return told;
    }

    #ask<T>(step: string, given: object, state: string): T {
        return JSON.parse(called(() => syncGate(step, JSON.stringify(given), state))) as T;
    }

    /** A step of the sync. What it gives as the state is kept at once. */
    #step<T extends { state?: string | undefined }>(step: string, given: object): T {
        const told = this.#decide<T>(step, given);
        if (told.state !== undefined) this.#tables.keep("state", told.state);
        return told;
    }

    /** What is known of the location; its `state` is where it stands. */
    #view(): SyncView {
        return this.#decide<SyncView>("view", {});
    }

    #decide<T>(step: string, given: object): T {
        const text = JSON.stringify({ ...given, now: this.#settings.now() });
        return JSON.parse(called(() => syncStep(step, text, this.#tables.kept("state") ?? ""))) as T;
    }

    #log(event: string, fields: Record<string, string | number | undefined>): void {
        const { location } = this.#view();
        this.#settings.log({ event, location, ...fields });
    }
}

/** What stores the records failed, and not where they come from. */
class StoreFailed extends Error {
    constructor(cause: unknown) {
        super("store failed", { cause });
    }
}

/** Whether who asked still waits. Where a request has ended, the call to it fails, or is never answered. */
async function isHere(here: Here | undefined): Promise<boolean> {
    if (here === undefined) return true;
    const enough = new AbortController();
    try {
        return (await Promise.race([here(), pause(HERE_MS, enough.signal)])) === true;
    } catch {
        return false;
    } finally {
        enough.abort();
    }
}

async function stored<T>(work: Promise<T>): Promise<T> {
    try {
        return await work;
    } catch (cause) {
        throw new StoreFailed(cause);
    }
}

/** How many milliseconds have passed; also where the clock was set back many, and not few. */
function since(at: number): number {
    return Math.abs(Date.now() - at);
}

function idOf(record: Listed): string | undefined {
    const id = record?._id;
    return typeof id === "string" ? id : undefined;
}

/** Whether the body of a 404 is HighLevel's own word that the record is not there: whatever is in between has such answers as well. */
function saysDeleted(body: unknown): boolean {
    const message = (body as { message?: unknown } | null | undefined)?.message;
    const text = Array.isArray(message) ? message.join(" ") : message;
    return typeof text === "string" && NOT_FOUND.test(text) && !OTHER_NOT_FOUND.test(text);
}

/** Does the work for some at a time; gives what it gives, in their order. */
async function inTurns<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
    const ends: R[] = [];
    for (let at = 0; at < all.length; at += AT_ONCE) {
        ends.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map(work))));
    }
    return ends;
}
