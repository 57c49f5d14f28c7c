import type { Pages } from "../core.js";
import { failure, PaymentsError } from "./errors.js";
import { asIs, Findings, kept, meant } from "./input.js";
import type { Input, LastingCore } from "./instance.js";
import { PagePromise } from "./pages.js";
import type { CallOptions, HeadersOption, RecordOnceOptions } from "./parameters.js";
import { ApiPromise, type ResponseInfo, type WithResponse } from "./promises.js";
import type { Given, Reading } from "./resources.js";

/** As the core has it. */
const TIMEOUT_MS = 30_000;

/** As the core takes them: what is longer is no id. */
const MAX_ID_LENGTH = 256;

/** Behind the ledger: an operation with options of its own. */
const ONCE = "orders.recordPaymentOnce";

/** Of a payment without an amount all that is due is recorded. */
const PAYMENTS = ["orders.recordPayment", ONCE];

/** What it is given as its id is who pushes, with the apiKey, which no error may show. */
const PUSH = "provider.push";

/** A result as the core gives it: of a list with the scope of its cursors. */
type Sent<T> = WithResponse<T> & { scope?: string };

/** The parameters of a list that say where to begin. */
interface Paged {
    limit?: number;
    offset?: number;
    cursor?: string;
}

interface ListAnswer<T> {
    data?: T[];
    providers?: T[];
    totalCount?: number | null;
}

/** The calls of one client. */
export class Calls {
    readonly #core: LastingCore;
    readonly #timeoutMs: number;

    constructor(core: LastingCore, timeoutMs: number = TIMEOUT_MS) {
        this.#core = core;
        this.#timeoutMs = timeoutMs;
    }

    /** The method that carries out the operation of this name. */
    method(name: string, reading: Reading): (...args: never[]) => ApiPromise<unknown> {
        if (reading === "list") {
            return (params?: Paged, options?: CallOptions) => {
                try {
                    return this.#list(name, params, options);
                } catch (cause) {
                    return this.#unread(name, cause);
                }
            };
        }
        return (...args) => {
            const sent = this.#send(name, () => reading(...args));
            return new ApiPromise(() => sent);
        };
    }

    /** A list whose arguments throw when they are read. */
    #unread<T>(name: string, cause: unknown): PagePromise<T> {
        const read = async (): Promise<never> => {
            throw await this.#send<never>(name, () => {
                throw cause;
            });
        };
        const { engine } = this.#core;
        const endedEarly = () => {};
        return new PagePromise<T>({ engine, read, endedEarly, resume: undefined, offset: 0, limit: 0, signal: undefined, timeoutMs: TIMEOUT_MS });
    }

    #list<T>(name: string, params?: Paged, options?: CallOptions): PagePromise<T> {
        // Every page is of the list that was asked for, whatever becomes of the parameters.
        const wanted = meant(params) as Paged | null | undefined;
        const { cursor, ...query } = wanted ?? {};
        const first = wanted === params ? params : asIs(wanted);
        const { timeoutMs = this.#timeoutMs, signal: given, headers } = options ?? {};
        const manner = headers === undefined ? options : { ...options, headers: kept(headers) as HeadersOption };
        // What is no signal is refused where the call is made.
        const signal = isSignal(given) ? given : undefined;
        return new PagePromise<T>({
            engine: this.#core.engine,
            read: async (ending, place) => {
                const { data, response, scope } = await this.#send<ListAnswer<T>>(name, () => {
                    const { background, ...where } = place ?? {};
                    const page = place === undefined ? first : asIs({ ...query, ...where });
                    // Further pages leave the rate limit's last requests to calls that somebody waits for.
                    const own = { ...(background && { background }), ...manner, signal: given === signal ? ending : given };
                    // What is no object is refused where the call is made.
                    return { params: page, options: typeof (options ?? {}) === "object" ? own : options, copied: [options] };
                });
                const total = typeof data.totalCount === "number" ? data.totalCount : undefined;
                return { records: data.data ?? data.providers ?? [], total, response, scope: scope as string };
            },
            resume:
                cursor === undefined
                    ? undefined
                    : () => this.#resume(name, () => ({ params: asIs(query), options: manner, copied: [wanted, headers && options] }), cursor),
            endedEarly: () => this.#core.endedEarly(name),
            offset: query.offset ?? 0,
            limit: query.limit ?? 0,
            signal,
            timeoutMs: timeoutMs > 0 ? timeoutMs : TIMEOUT_MS,
        });
    }

    /** Carries out an operation. */
    async #send<T>(name: string, given: () => Given): Promise<Sent<T>> {
        const found = new Findings();
        const { input, signal, recordId, timeoutMs = this.#timeoutMs } = read(name, given, found);
        try {
            if (found.issues.length > 0) {
                // The caller may be a listener, deep inside the instance: nothing may run in it a second time.
                await undefined;
                throw found.error(this.#core.check(input));
            }
            return result(await this.#core.call(input, signal, timeoutMs));
        } catch (error) {
            if (recordId && error instanceof PaymentsError) Object.assign(error, { recordId });
            throw error;
        }
    }

    /** A list from a cursor on; throws if the cursor is none of it. */
    #resume(name: string, given: () => Given, cursor: unknown): Pages {
        const found = new Findings();
        const { input } = read(name, given, found);
        if (found.issues.length > 0) throw found.error(this.#core.check(input));
        return this.#core.resume(input, cursor);
    }
}

/** What a method is called with. */
interface Asked {
    input: Input;
    signal?: AbortSignal | undefined;
    /** The id of the record that it names, in the path or among the parameters. */
    recordId?: string | undefined;
    timeoutMs?: number | undefined;
}

/** A call as the core takes it. Which placeholder the id belongs to, and whether it may be empty, the core knows. */
function read(name: string, given: () => Given, found: Findings): Asked {
    try {
        const { id, params, options, recordId: own = id, copied = [] } = given();
        for (const one of copied) found.whole(one);
        const manner = found.object<RecordOnceOptions>("options", options);
        const { signal, ...others } = manner;
        if (signal !== undefined && !isSignal(signal)) found.add("signal", "must be an AbortSignal");
        // A job without an id would be another one each time that it is run.
        if (name === ONCE && "reference" in manner && manner.reference === undefined) {
            found.add("reference", "must be text, found undefined: leave the option out for a random one");
        }
        // All that is due is not what an amount means that got lost.
        if (PAYMENTS.includes(name) && isLost(params, "amount")) {
            found.add("amount", "must be a number, found undefined: leave the field out to record all that is due");
        }
        const { since } = others;
        const values = name === ONCE && since !== undefined ? { ...others, since: found.instant("since", since) } : others;
        const input: Input = [
            name,
            // As JSON, so that half of a surrogate pair stays what it is.
            typeof id === "string" ? JSON.stringify(id) : undefined,
            params === undefined ? undefined : found.json(params),
            found.options(values) || undefined,
        ];
        const named = name === PUSH ? undefined : (own ?? (params as { id?: unknown } | null | undefined)?.id);
        const recordId = typeof named === "string" && named.length <= MAX_ID_LENGTH ? named : undefined;
        return { input, signal, recordId, timeoutMs: others.timeoutMs };
    } catch (cause) {
        found.add("", "the arguments cannot be read: a getter or toJSON of theirs threw", cause);
        return { input: [name] };
    }
}

/** Whether a body has a field of this name, but no value of it. What cannot be read is refused where it is written. */
function isLost(body: unknown, name: string): boolean {
    try {
        const fields = meant(body);
        return typeof fields === "object" && fields !== null && name in fields && (fields as Record<string, unknown>)[name] === undefined;
    } catch {
        return false;
    }
}

/** By its behaviour: one of another realm or of a polyfill has a class of its own. */
export function isSignal(value: AbortSignal | undefined): value is AbortSignal {
    return (
        typeof value?.addEventListener === "function" &&
        typeof value.removeEventListener === "function" &&
        typeof value.aborted === "boolean"
    );
}

/** `[undefined, data, response, info]` of the core, or `[error, cause]`. */
function result<T>(end: unknown[]): Sent<T> {
    if (end[0] !== undefined) throw failure(end);
    const [, data, { status, headers }, info] = end as [undefined, T, Response, string];
    const { scope, attempts, durationMs, rateLimit } = JSON.parse(info) as ResponseInfo & { scope?: string };
    const response: ResponseInfo = { status, headers, attempts, durationMs };
    if (rateLimit !== undefined) response.rateLimit = rateLimit;
    const traceId = typeof data === "object" && data !== null ? (data as { traceId?: unknown }).traceId : undefined;
    if (typeof traceId === "string") response.traceId = traceId;
    return scope === undefined ? { data, response } : { data, response, scope };
}
