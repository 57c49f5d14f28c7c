import type { Pages } from "../core.js";
import { failure, invalid, PaymentsError, type OperationInfo } from "./errors.js";
import { LastingCore } from "./instance.js";
import type { CallOptions, ClientOptions, RecordOnceOptions } from "./options.js";
import { PagePromise } from "./pages.js";
import { ApiPromise, type ResponseInfo, type WithResponse } from "./promises.js";
import {
    METHODS,
    type Coupons,
    type CustomProvider,
    type Integrations,
    type Orders,
    type Subscriptions,
    type Takes,
    type Transactions,
} from "./resources.js";

/** The limits that an answer named (100 requests in 10 s and 200,000 a day for an app and a location). */
export interface RateLimit {
    /** Requests allowed in one interval. */
    limit?: number;
    /** Requests left in this interval. */
    remaining?: number;
    /** Length of the interval in milliseconds. */
    intervalMs?: number;
    /** Requests allowed in a day. */
    dailyLimit?: number;
    /** Requests left today. */
    dailyRemaining?: number;
}

/** Something that happened during a call. It never holds the token. Later versions may know further types. */
export type PaymentsEvent = {
    /** The operation that the call is about. */
    operation: OperationInfo;
} & (
    | {
          /** A request leaves. */
          type: "request";
          /** Which attempt it is, counted from 1. */
          attempt: number;
      }
    | {
          /** An answer came, whatever its status. */
          type: "response";
          /** Which attempt it answers. */
          attempt: number;
          /** Its HTTP status. */
          status: number;
          /** Milliseconds from the request to the answer's end. */
          durationMs: number;
      }
    | ({
          /** An answer named the limits of the app and the location. */
          type: "ratelimit";
      } & RateLimit)
    | {
          /** The call failed and will be sent again. */
          type: "retry";
          /** Which attempt failed. */
          attempt: number;
          /** Milliseconds until it is sent again. */
          delayMs: number;
          /** The `code` of the error that the attempt ended with, such as `rate_limited`. */
          reason: string;
          /** The HTTP status, if there was an answer. */
          status?: number;
      }
    | {
          /** An answer differs from the shape that HighLevel promises. */
          type: "drift";
          /** Where, such as `data[57].amount`. */
          path: string;
          /** What is promised. */
          expected: string;
          /** What came. */
          found: string;
          /** Whether the value was turned into what is promised; otherwise it is passed on as it came. */
          repaired: boolean;
      }
);

/** What `using` calls; where the runtime does not know it, what compilers and polyfills put in its place. */
const DISPOSE: unique symbol = ((Symbol as { dispose?: symbol }).dispose ?? Symbol.for("Symbol.dispose")) as never;

/** What a `PaymentsClient` is; each entry of the package derives its own, which starts the wasm module first. */
export class Client {
    /** Orders, recorded payments, fulfillments, notes. */
    declare readonly orders: Orders;
    /** Transactions. */
    declare readonly transactions: Transactions;
    /** Subscriptions. */
    declare readonly subscriptions: Subscriptions;
    /** Coupons. */
    declare readonly coupons: Coupons;
    /** Your own payment provider. */
    declare readonly customProvider: CustomProvider;
    /** White-label providers. */
    declare readonly integrations: Integrations;
    readonly #core: LastingCore;

    /**
     * Throws a ValidationError that says what is wrong with the options.
     *
     * @param options The token, the location and how requests are made.
     */
    constructor(options: ClientOptions) {
        if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
        const { token, fetch, onEvent, limiter, ...values } = options;
        callable("fetch", fetch);
        callable("onEvent", onEvent);
        if (limiter !== undefined && limiter !== false) {
            if (!(limiter instanceof Client)) throw invalid("limiter", "must be another PaymentsClient, or false");
            if (limiter.#core.closed) throw invalid("limiter", "was closed");
        }
        const sameOrigin = typeof location === "object" && /^https?:/.test(location?.origin ?? "");
        const text = settings(limiter === false ? { ...values, limiter } : values) || "{}";
        const core = new LastingCore([text, token, fetch, onEvent as ((event: never) => void) | undefined, sameOrigin], (core) => {
            // One that was closed since cannot come back after a trap.
            if (limiter && !limiter.#core.closed) core.share(limiter.#core.present());
        });
        this.#core = core;
        const send: Send = async (name, path, params, options) => {
            const { signal, ...given } = options ?? {};
            if (signal !== undefined && typeof signal?.addEventListener !== "function") {
                throw invalid("signal", "must be an AbortSignal");
            }
            const [values, once] = name === "orders.recordPaymentOnce" ? parted(given) : [given];
            return result(await core.call(input(name, path, params, values, once), signal));
        };
        const resume: Resume = (name, params, { signal, ...values } = {}, cursor) => {
            return core.resume(input(name, undefined, params, values), cursor);
        };
        const carrier = { send, resume, timeoutMs: options.timeoutMs ?? TIMEOUT_MS };
        for (const [resource, methods] of Object.entries(METHODS)) {
            const entries = Object.entries(methods).map(([name, takes]) => {
                return [name, method(carrier, `${resource}.${name}`, takes)];
            });
            // On a prototype, as a class has them: a resource that is printed or copied is empty.
            Object.assign(this, { [resource]: Object.create(Object.fromEntries(entries)) });
        }
    }

    /**
     * Gives the client's memory back at once, as `using payments = new PaymentsClient(...)` does at the end of its block;
     * without it the garbage collector does so some time later. Calls that were made go on; later ones, and further pages of a
     * list, are rejected.
     */
    close(): void {
        this.#core.close();
    }

    /** @internal */
    [DISPOSE](): void {
        this.close();
    }
}

declare global {
    /** What `using` takes, for projects whose `lib` does not know it. */
    interface Disposable {}
}
export interface Client extends Disposable {}

/** A result as the core gives it: of a list with the scope of its cursors. */
type Sent<T> = WithResponse<T> & { scope?: string };

/** Carries out the operation of this name. */
type Send = <T>(name: string, path?: unknown, params?: object, options?: CallOptions) => Promise<Sent<T>>;

/** The list of this name from a cursor on; throws if the cursor is none of it. */
type Resume = (name: string, params: object, options: CallOptions | undefined, cursor: unknown) => Pages;

/** What a method needs of its client. */
interface Carrier {
    send: Send;
    resume: Resume;
    timeoutMs: number;
}

/** As the core has it. */
const TIMEOUT_MS = 30_000;

/** A method: sends its arguments as what it takes. */
function method(carrier: Carrier, name: string, takes: Takes): (...args: never[]) => ApiPromise<unknown> {
    return (...args: unknown[]) => {
        const [path, id, params] = (["path", "id", "params"] as const).map((what) => args[takes.indexOf(what)]);
        const options = args[takes.length] as CallOptions | undefined;
        if (takes[0] === "list") return paged(carrier, name, args[0] as Paged | undefined, options);
        const body = takes[0] === "id" ? { ...(params as object), id } : (params as object | undefined);
        const sent = carrier.send(name, path, body, options);
        return new ApiPromise(() => sent);
    };
}

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

function paged<T>(carrier: Carrier, name: string, params?: Paged, options?: CallOptions): PagePromise<T> {
    const { cursor, ...query } = params ?? {};
    const { timeoutMs = carrier.timeoutMs, signal: given } = options ?? {};
    // What is no signal is refused where the call is made.
    const signal = typeof given?.addEventListener === "function" ? given : undefined;
    return new PagePromise<T>({
        async read(ending, place) {
            const { background, ...where } = place ?? {};
            const page = place === undefined ? params : { ...query, ...where };
            // Further pages leave the rate limit's last requests to calls that somebody waits for.
            const settings = { ...(background && { background }), ...options, signal: given === signal ? ending : given };
            const { data, response, scope } = await carrier.send<ListAnswer<T>>(name, undefined, page, settings);
            const total = typeof data.totalCount === "number" ? data.totalCount : undefined;
            return { records: data.data ?? data.providers ?? [], total, response, scope: scope as string };
        },
        resume: cursor === undefined ? undefined : () => carrier.resume(name, query, options, cursor),
        offset: query.offset ?? 0,
        limit: query.limit ?? 0,
        signal,
        timeoutMs: timeoutMs > 0 ? timeoutMs : TIMEOUT_MS,
    });
}

function callable(name: string, value: unknown): void {
    if (value !== undefined && typeof value !== "function") throw invalid(name, "must be a function");
}

/** Options as the core reads them; headers as a list, so that their names stay as they are. Empty if there are none. */
function settings(values: { headers?: Record<string, string>; limiter?: false }): string {
    if (Object.keys(values).length === 0) return "";
    const { headers } = values;
    if (headers === undefined) return json(values);
    if (typeof headers !== "object" || headers === null) throw invalid("headers", "must be an object of texts");
    const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
    for (const [name, value] of entries) {
        if (typeof value !== "string") throw invalid(`headers.${name}`, "must be text");
    }
    return json({ ...values, headers: entries.flat() });
}

/** The options of every call, and as text those that only `orders.recordPaymentOnce` has. */
function parted(options: RecordOnceOptions): [values: CallOptions, once: string] {
    const { reference, referenceInNotes, since, ...values } = options;
    return [values, json({ reference, referenceInNotes, since: since === undefined ? since : instant(since) })];
}

/** A time as the API writes it. */
function instant(since: string | Date): string {
    const date = new Date(typeof since === "string" || typeof since?.getTime === "function" ? since : NaN);
    if (Number.isNaN(date.getTime())) throw invalid("since", "must be a Date, or text that gives one");
    return date.toISOString();
}

function json(value: object): string {
    try {
        return JSON.stringify(value, data) ?? "null";
    } catch (cause) {
        if (cause instanceof PaymentsError) throw cause;
        throw invalid("", "the parameters cannot be written as JSON", cause);
    }
}

/** What JSON.stringify would drop or change without a word, or refuse without a name. */
function data(name: string, value: unknown): unknown {
    if (["function", "symbol", "bigint"].includes(typeof value)) throw invalid(name, `must be a value, found a ${typeof value}`);
    if (typeof value === "number" && !Number.isFinite(value)) throw invalid(name, `must be a number, found ${value}`);
    return value;
}

/** A call as the core reads it. Which placeholder the id belongs to, and whether it may be empty, the core knows. */
function input(
    name: string,
    path: unknown,
    params: object | undefined,
    values: Omit<CallOptions, "signal">,
    once?: string,
): string {
    const body = params === undefined ? "" : json(params);
    const id = typeof path === "string" ? JSON.stringify(path) : "";
    return [name, settings(values), body, id, once].join("\n");
}

/** `[undefined, data, response, info]` of the core, or `[error, cause]`. */
function result<T>(end: unknown[]): Sent<T> {
    if (end[0] !== undefined) throw failure(end);
    const [, data, { status, headers }, info] = end as [undefined, T, Response, string];
    const { scope, ...known } = JSON.parse(info) as ResponseInfo & { scope?: string };
    const response: ResponseInfo = { ...known, status, headers };
    const traceId = typeof data === "object" && data !== null ? (data as { traceId?: unknown }).traceId : undefined;
    if (typeof traceId === "string") response.traceId = traceId;
    return scope === undefined ? { data, response } : { data, response, scope };
}
