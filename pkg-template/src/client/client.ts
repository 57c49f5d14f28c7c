import type { Pages } from "../core.js";
import { failure } from "./errors.js";
import { Hidden } from "./hidden.js";
import { Findings, invalid } from "./input.js";
import { LastingCore } from "./instance.js";
import type { ClientOptions } from "./options.js";
import { PagePromise } from "./pages.js";
import type { CallOptions, RecordOnceOptions } from "./parameters.js";
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

/** What `using` calls; where the runtime does not know it, what compilers and polyfills put in its place. */
const DISPOSE: unique symbol = ((Symbol as { dispose?: symbol }).dispose ?? Symbol.for("Symbol.dispose")) as never;

const CORE = new Hidden<LastingCore>("core");

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

    /**
     * Throws a ValidationError that says what is wrong with the options.
     *
     * @param options The token, the location and how requests are made.
     */
    constructor(options: ClientOptions) {
        if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
        const { token, fetch, onEvent, limiter, ...values } = options;
        const found = new Findings();
        const shared = limiter === false ? undefined : sharedCore(limiter, found);
        const sameOrigin = typeof location === "object" && /^https?:/.test(location?.origin ?? "");
        const text = found.options(limiter === false ? { ...values, limiter } : values) || "{}";
        const listener = found.callable("onEvent", onEvent) as ((event: never) => void) | undefined;
        let core: LastingCore;
        try {
            core = new LastingCore([text, token, found.callable("fetch", fetch), listener, sameOrigin], (core) => {
                // One that was closed since cannot come back after a trap.
                if (shared && !shared.closed) core.share(shared.present());
            });
        } catch (error) {
            throw found.error(error);
        }
        if (found.issues.length > 0) {
            core.close();
            throw found.error();
        }
        CORE.set(this, core);
        const send: Send = async (name, path, params, options) => {
            const found = new Findings();
            const { signal, ...given } = found.object("options", options);
            if (signal !== undefined && typeof signal?.addEventListener !== "function") {
                found.add("signal", "must be an AbortSignal");
            }
            const [values, once] = name === "orders.recordPaymentOnce" ? parted(given, found) : [given, ""];
            const text = input(name, path, params, values, once, found);
            if (found.issues.length > 0) {
                // The caller may be a listener, deep inside the instance: nothing may run in it a second time.
                await undefined;
                throw found.error(core.check(text));
            }
            return result(await core.call(text, signal));
        };
        const resume: Resume = (name, params, options, cursor) => {
            const found = new Findings();
            const { signal, ...values } = found.object("options", options);
            const text = input(name, undefined, params, values, "", found);
            if (found.issues.length > 0) throw found.error(core.check(text));
            return core.resume(text, cursor);
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
        CORE.get(this).close();
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
        const body = takes[0] === "id" && isObject(params ?? {}) ? { ...(params as object), id } : (params as object | undefined);
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
            const own = { ...(background && { background }), ...options, signal: given === signal ? ending : given };
            // What is no object is refused where the call is made.
            const settings = isObject(options ?? {}) ? own : options;
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

function isObject(value: unknown): boolean {
    return typeof value === "object" && value !== null;
}

/** The core of the client whose limits are shared, if there is one. */
function sharedCore(limiter: unknown, found: Findings): LastingCore | undefined {
    if (limiter === undefined) return undefined;
    const core = CORE.find(limiter);
    if (core === undefined) {
        return found.add(
            "limiter",
            "must be another PaymentsClient, or false; of two copies of the package in one process each has its own",
        );
    }
    return core.closed ? found.add("limiter", "was closed") : core;
}

/** The options of every call, and as text those that only `orders.recordPaymentOnce` has. */
function parted(options: RecordOnceOptions, found: Findings): [values: CallOptions, once: string] {
    const { reference, referenceInNotes, since, ...values } = options;
    return [values, found.json({ reference, referenceInNotes, since: found.instant("since", since) })];
}

/** A call as the core reads it. Which placeholder the id belongs to, and whether it may be empty, the core knows. */
function input(
    name: string,
    path: unknown,
    params: object | undefined,
    values: Omit<CallOptions, "signal">,
    once: string,
    found: Findings,
): string {
    const options = found.options(values);
    const body = params === undefined ? "" : found.json(params);
    const id = typeof path === "string" ? JSON.stringify(path) : "";
    return [name, options, body, id, once].join("\n");
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
