import { sharedCore } from "../client/client.js";
import { isSignal } from "../client/calls.js";
import type { Engine } from "../client/engine.js";
import { failure, type Issue } from "../client/errors.js";
import type { OperationInfo, PaymentsEvent } from "../client/events.js";
import { Findings, invalid } from "../client/input.js";
import { LastingCore, type Input } from "../client/instance.js";
import type { FetchFunction } from "../client/options.js";
import type { Resources } from "../client/resources.js";
import { proxy } from "../edge-core.js";
import { bodyOf, TOO_LARGE } from "./body.js";
import { quietly } from "./context.js";
import { called, started } from "./module.js";
import { checkRequest } from "./request.js";

/** An operation by the name of its method, such as `orders.get`. */
export type OperationName = {
    [R in keyof Resources & string]: `${R}.${keyof Resources[R] & string}`;
}[keyof Resources & string];

/** What somebody who asks may do. */
export interface Grant {
    /** The location: every request is about it, whatever its sender writes. */
    locationId: string;
    /**
     * The operations: `"read"`, the default, is all that change nothing, with the keys of payment providers masked in their
     * answers; a list holds what it names. `orders.recordPaymentOnce` stands for what it sends: `orders.recordPayment`,
     * `orders.get`, `transactions.list` and `transactions.get`.
     */
    operations?: "read" | readonly OperationName[] | undefined;
}

/** Something that happened in a proxy, beside the events of its calls. It never holds a token. */
export interface ProxyEvent {
    /** `refused`: the proxy's own answer, nothing was changed. `failed`: no whole answer of HighLevel's could be handed on. */
    type: "refused" | "failed";
    /**
     * Why, in snake case. Refused: `no_grant`, `operation_not_granted`, `other_location`, `origin_not_allowed`, `no_route`,
     * `foreign_record` (an answer held a record of another location; of a write the change has happened), `method_not_allowed`,
     * `body_too_large`, `unsupported_media_type`, `invalid_parameters`, `body_not_read`, `authorize_failed`, `invalid_grant`,
     * `internal`. Failed: `token_failed`, `check_failed`, `upstream_not_reached`, `upstream_failed`, `upstream_timeout`,
     * `upstream_redirect`, `upstream_page`, `upstream_not_readable`.
     */
    code: string;
    /** The status that was answered. */
    status: number;
    /** The operation, if it got that far. */
    operation?: OperationInfo;
    /** The location of the grant, if it got that far. */
    locationId?: string;
    /** What is wrong with the parameters or with the grant. */
    issues?: Issue[];
    /** What `authorize` or `token` threw. Whoever threw it decides what it holds. */
    cause?: unknown;
    /** The code of what `token` threw, if it is text in snake case as an OAuthError's is: such as `needs_install`. */
    reason?: string;
    /** Of `origin_not_allowed`: the origin of the page, if the request names it. */
    origin?: string;
    /** Of `origin_not_allowed`: the origin of the request's URL, as the server sees it. */
    own?: string;
}

/** Why a proxy asks for a token. */
export interface ProxyTokenContext {
    /** The token that HighLevel refused: another one is wanted. It must not be logged. */
    refused?: string;
}

/** What a proxy is told. */
export interface ProxyOptions {
    /**
     * Says who may do what: a grant, or `null` for nobody known (401). It is called for every request that names an operation and
     * comes from a page that may ask. It may read the body, which is a copy; where no `content-length` says how long that is, it may be
     * longer than `maxBodyBytes`. What it throws is a 500, of a write a 424; so it is where it takes longer than `timeoutMs`.
     *
     * @param request The request.
     * @param context What the handler got as its second argument.
     */
    authorize(request: Request, context?: unknown): Grant | null | undefined | Promise<Grant | null | undefined>;
    /**
     * Gives the token of a location, such as `oauth.token`. It is asked for every call, so that a location that was forgotten has
     * none at once: it should answer from memory while it can. Calls that ask at the same moment share one answer. It is asked
     * again with the token that HighLevel refused. Give one token for each location, never a company's: HighLevel then holds the
     * border as well.
     *
     * What it throws is `cause` of the event `token_failed`. If that has `retryable: false` and a `code` in snake case, such as
     * an OAuthError with `needs_install`, the page gets a 424 with the code among its `messages`, and does not try again.
     *
     * @param locationId The location.
     * @param context Why it is asked.
     */
    token(locationId: string, context: ProxyTokenContext): string | Promise<string>;
    /** The path below which the operations are; default `/api`. */
    basePath?: string | undefined;
    /** Where HighLevel is; default `https://services.leadconnectorhq.com`. */
    baseUrl?: string | undefined;
    /** The `Version` header; default `2021-07-28`. What the page sends does not count. */
    apiVersion?: "2021-07-28" | "v3" | (string & {}) | undefined;
    /**
     * Origins beside its own whose pages may call, such as `https://shop.example`; their cookies are taken. Neither `*` nor
     * `null`. Its own is that of the request's URL: behind a server that rewrites `Host`, so that the URL says
     * `http://127.0.0.1:3000`, the public origin belongs here.
     */
    origins?: readonly string[] | undefined;
    /** The longest body that is taken, in bytes; default 65536. */
    maxBodyBytes?: number | undefined;
    /**
     * Milliseconds that a request may take, with `authorize`, the token, the read before a write and all waits; default 25000, less
     * than the page's client waits. Behind them nothing is sent any more.
     */
    timeoutMs?: number | undefined;
    /** The longest answer of HighLevel's that is read, in bytes; default 16 MiB. */
    maxResponseBytes?: number | undefined;
    /** Instead of the global `fetch`. */
    fetch?: FetchFunction | undefined;
    /** A `PaymentsClient` of `ghl-payments/edge` with which the rate limits are shared; `false` sends at once. */
    limiter?: Resources | false | undefined;
    /**
     * Whether ids in requests are taken to be the location's. Otherwise the order or coupon that a write names is read first, with
     * one more request, and so is the order whose notes or fulfillments are asked for; one that does not say that it is the location's is
     * not found. Nobody has proven that HighLevel itself compares the two.
     */
    trustIds?: boolean | undefined;
    /** Is told what was refused and what failed, and what the calls tell. What it throws is ignored. */
    onEvent?: ((event: ProxyEvent | PaymentsEvent) => void) | undefined;
}

/**
 * A web-standard handler. Its second argument, such as the context of a Worker, goes to `authorize`. It never rejects. A read whose
 * request's `signal` aborts is given up; a write that has left goes on to its end.
 */
export type ProxyHandler = (request: Request, context?: unknown) => Promise<Response>;

/** Every option there is; those of the last line belong to the client inside. */
const OPTIONS = [
    "authorize", "token", "basePath", "origins", "maxBodyBytes", "trustIds", "fetch", "limiter", "onEvent",
    "baseUrl", "apiVersion", "timeoutMs", "maxResponseBytes",
];

const MAX_BODY_BYTES = 65_536;
const TIMEOUT_MS = 25_000;

/** An answer as the module gives it. */
interface Answer {
    status: number;
    code: string;
    headers: Record<string, string>;
    body: string;
    issues?: Issue[];
    date?: number;
    reason?: string;
}

/** What an event says beside what its answer does. */
type More = Pick<ProxyEvent, "cause" | "reason" | "origin" | "own">;

/** A call as the module rebuilds it. */
interface Rebuilt {
    name: string;
    id?: string;
    params: string;
    /** The read that has to come first. */
    check?: Rebuilt & {
        /** How it is made. */
        manner: string;
        /** The record that it has to find. */
        record: string;
    };
}

/** Where the proxy stands, as the module has checked it. */
interface Settings {
    basePath: string;
    origins: string[];
}

/** What the module makes of the head of a request. */
interface Entered {
    cors: Record<string, string>;
    operation?: OperationInfo;
    id?: string;
    takesBody?: boolean;
}

interface HeaderReader {
    get(name: string): string | null;
}

/** No headers. */
const NONE: HeaderReader = { get: () => null };

/** What is known of a request, for its answer and its event. */
interface Known {
    cors: Record<string, string>;
    operation?: OperationInfo;
    locationId?: string;
}

/**
 * Makes a proxy: it holds the token, and pages call HighLevel through it with the same `PaymentsClient` and `baseUrl: "/api"`.
 *
 * ```ts
 * import { createProxy } from "ghl-payments/edge";
 *
 * const sessions = new Map([["visitor-1", "ve9EPM428h8vShlRW1KT"]]);
 * const proxy = createProxy({
 *     authorize(request) {
 *         const location = sessions.get(request.headers.get("x-session") ?? "");
 *         return location === undefined ? null : { locationId: location, operations: ["orders.list", "orders.get"] };
 *     },
 *     token: () => token,
 * });
 * const response = await proxy(new Request("https://app.example/api/payments/orders", { headers: { "x-session": "visitor-1" } }));
 * ```
 *
 * No request is forwarded: each is taken apart, checked closed, and built anew for the location of its grant. Throws a
 * ValidationError that says what is wrong with the options.
 *
 * @param options Who may do what, and where the token comes from.
 */
export function createProxy(options: ProxyOptions): ProxyHandler {
    return new Proxying(options, started()).handler;
}

class Proxying {
    readonly #core: LastingCore;
    readonly #settings: Settings;
    readonly #authorize: ProxyOptions["authorize"];
    readonly #onEvent: ((event: ProxyEvent) => unknown) | undefined;
    readonly #maxBodyBytes: number;
    readonly #timeoutMs: number;
    readonly #trustIds: boolean;

    constructor(options: ProxyOptions, engine: Engine) {
        if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
        const found = new Findings();
        found.whole(options);
        const { authorize, token, basePath = "/api", origins = [], maxBodyBytes = MAX_BODY_BYTES } = options;
        const { trustIds = false, fetch, limiter, onEvent, timeoutMs = TIMEOUT_MS, ...others } = options;
        for (const name of Object.keys(options)) {
            if (!OPTIONS.includes(name)) found.add(name, `is no option of a proxy; known are ${OPTIONS.join(", ")}`);
        }
        if (typeof authorize !== "function") found.add("authorize", "must be a function that gives a grant or null");
        if (typeof token !== "function") found.add("token", "must be a function that gives the token of a location");
        if (typeof basePath !== "string") found.add("basePath", "must be text, such as /api");
        if (!Array.isArray(origins)) found.add("origins", "must be a list of origins, such as https://shop.example");
        if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes <= 0) found.add("maxBodyBytes", "must be a whole number above 0");
        if (typeof trustIds !== "boolean") found.add("trustIds", "must be true or false");
        this.#authorize = authorize;
        this.#maxBodyBytes = maxBodyBytes;
        this.#timeoutMs = timeoutMs;
        this.#trustIds = trustIds;
        this.#onEvent = found.callable("onEvent", onEvent) as ((event: ProxyEvent) => unknown) | undefined;
        const shared = limiter === false ? undefined : sharedCore(limiter, engine, found);
        const { baseUrl, apiVersion, maxResponseBytes } = others;
        const given = { baseUrl, apiVersion, maxResponseBytes, timeoutMs, deadlineMs: timeoutMs, maxRetries: 0 };
        const values = limiter === false ? { ...given, limiter } : given;
        // The page's client tries again by itself; twice that would be nine times.
        const text = found.options(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)));
        const ask = async ({ refused, locationId = "" }: { refused?: string; locationId?: string }) => {
            const given = await token(locationId, refused === undefined ? {} : { refused });
            // Sent again it would be refused again: there is none.
            return given === refused ? "" : given;
        };
        const place = { basePath: typeof basePath === "string" ? basePath : "", origins: Array.isArray(origins) ? origins : [] };
        const { issues = [], ...settings } = this.#step<Settings & { issues?: Issue[] }>("settings", place);
        for (const { path, message } of issues) found.add(path, message);
        this.#settings = settings;
        let core: LastingCore | undefined;
        let error: unknown;
        try {
            const listener = this.#onEvent as ((event: never) => void) | undefined;
            core = new LastingCore(engine, [text, ask, found.callable("fetch", fetch), listener, false], shared);
        } catch (reason) {
            error = reason;
        }
        error = found.error(error);
        if (error !== undefined) {
            core?.close();
            throw error;
        }
        this.#core = core as LastingCore;
    }

    readonly handler: ProxyHandler = async (request, context) => {
        const known: Known = { cors: {} };
        try {
            return await this.#handle(request, context, known);
        } catch (cause) {
            // An instance that was lost, or a Request that is none.
            return this.#refuse("internal", known, { cause });
        }
    };

    async #handle(request: Request, context: unknown, known: Known): Promise<Response> {
        const until = Date.now() + this.#timeoutMs;
        const url = urlOf(request);
        if (url === undefined) return this.#refuse("no_route", known);
        checkRequest(request);
        const head = { ...this.#settings, method: `${request.method}`, origin: url.origin, path: url.pathname };
        const headers = { get: (name: string) => headerOf(request, name) };
        const entry = this.#step<Entered & Partial<Answer>>("enter", head, headers);
        const { operation, takesBody = false } = entry;
        known.cors = entry.cors;
        if (operation === undefined) {
            const origin = headers.get("origin") ?? undefined;
            const origins = { ...(origin !== undefined && { origin }), own: url.origin };
            return this.#answer(entry as Answer, known, undefined, entry.code === "origin_not_allowed" ? origins : {});
        }
        known.operation = operation;

        // Before anybody reads of it.
        if (takesBody && Number(headers.get("content-length")) > this.#maxBodyBytes) return this.#refuse("body_too_large", known);
        const seen = takesBody ? copyOf(request) : request;
        if (seen === undefined) return this.#refuse("body_not_read", known);
        let grant: Grant;
        try {
            const authorize = this.#authorize;
            const granted = await within(() => Promise.resolve(authorize(seen, context)).then((given) => given || null), this.#left(until));
            if (granted === undefined) return this.#refuse("authorize_failed", known, { cause: new Error("authorize took longer than timeoutMs") });
            if (granted === null) return this.#refuse("no_grant", known);
            grant = dataOf(granted);
        } catch (cause) {
            return this.#refuse("authorize_failed", known, { cause });
        } finally {
            // What nobody reads of a copy would be kept.
            if (seen !== request && !seen.bodyUsed) quietly(() => seen.body?.cancel());
        }
        const asked = { operation: operation.name, grant };
        const refused = this.#step<Partial<Answer>>("grant", asked);
        if (refused.status !== undefined) return this.#answer(refused as Answer, known);
        const { locationId, operations } = grant;
        known.locationId = locationId;

        const body = await within((over) => bodyOf(request, takesBody ? this.#maxBodyBytes : 0, over), this.#left(until));
        if (body === TOO_LARGE && takesBody) return this.#refuse("body_too_large", known);
        if (body === undefined) return this.#refuse("body_not_read", known);
        const given = { ...asked, id: entry.id, query: url.search.slice(1), trustIds: this.#trustIds };
        // A body where none belongs is refused, whatever it holds.
        const whole = body === TOO_LARGE ? new Uint8Array(1) : body;
        const rebuilt = this.#step<Rebuilt & Partial<Answer>>("rebuild", given, NONE, whole);
        if (rebuilt.status !== undefined) return this.#answer(rebuilt as unknown as Answer, known);
        const { check } = rebuilt;
        if (check !== undefined) {
            const ended = await this.#call(`${check.manner} ${check.record}`, check, locationId, until);
            if (ended[0].status !== 0) return this.#answer(ended[0], known, ended[1], ended[2]);
        }
        // The page does not wait much longer, and a write that leaves after its client has looked for it would be paid twice.
        if (Date.now() >= until) return this.#refuse("too_late", known);
        // Nobody waits for a read whose page has gone; a write that has left must come to an end that is known here.
        const signal = operation.method === "GET" ? signalOf(request) : undefined;
        const [answer, bytes, more] = await this.#call(operations === "read" ? "read" : "named", rebuilt, locationId, until, signal);
        return this.#answer(answer, known, bytes, more);
    }

    /** The time that is left, in milliseconds: never more than there was, also where the clock was set back meanwhile. */
    #left(until: number): number {
        return Math.min(until - Date.now(), this.#timeoutMs);
    }

    /** Carries out a call. Gives the answer for the page, its body, and what else is to be told. */
    async #call(
        manner: string,
        { name, id, params }: Rebuilt,
        locationId: string,
        until: number,
        signal?: AbortSignal,
    ): Promise<[Answer, Uint8Array, More]> {
        const inPath = id === undefined ? undefined : JSON.stringify(id);
        const input: Input = [`${manner} ${name}`, inPath, params, JSON.stringify({ locationId, deadlineMs: Math.max(this.#left(until), 1) })];
        const [error, answer, body, cause] = await this.#core.call(input, signal, this.#timeoutMs);
        if (answer === undefined) throw failure(error);
        const { reason } = answer as Answer;
        const more = { ...(cause !== undefined && { cause }), ...(reason !== undefined && { reason }) };
        return [answer as Answer, body as Uint8Array, more];
    }

    /** A step in the module. */
    #step<T>(step: string, given: object, headers: HeaderReader = NONE, body: Uint8Array = new Uint8Array()): T {
        return JSON.parse(called(() => proxy(step, JSON.stringify(given), headers as Headers, body))) as T;
    }

    #refuse(code: string, known: Known, more: More = {}): Response {
        return this.#answer(this.#step<Answer>(code, { operation: known.operation?.name }), known, undefined, more);
    }

    #answer(answer: Answer, known: Known, bytes?: Uint8Array, more: More = {}): Response {
        const { status, code, headers, date, body, issues = [] } = answer;
        const { cors, ...about } = known;
        if (code !== "") {
            const failed = /^(upstream|token|check)_/.test(code);
            this.#tell({ type: failed ? "failed" : "refused", code, status, ...about, ...(issues.length > 0 && { issues }), ...more });
        }
        const all: Record<string, string> = { ...headers, ...cors };
        // The time of HighLevel's own clock, by which its client judges how long ago something was.
        if (date !== undefined) all["date"] = new Date(date).toUTCString();
        return new Response(status === 204 ? null : ((bytes ?? body) as BodyInit), { status, headers: all });
    }

    /** A listener that throws, or is asynchronous and fails, must not break the answer. */
    #tell(event: ProxyEvent): void {
        quietly(() => this.#onEvent?.(event));
    }
}

/** What work comes to, if it does so in time; it is told when that is over. */
async function within<T>(work: (over: Promise<undefined>) => Promise<T>, ms: number): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, Math.min(Math.max(ms, 0), 0x7fffffff), undefined);
    });
    try {
        return await Promise.race([work(late), late]);
    } finally {
        clearTimeout(timer);
    }
}

/** The URL of a request, if it has one. */
function urlOf(request: Request): URL | undefined {
    try {
        return new URL(request.url);
    } catch {
        return undefined;
    }
}

/** A header as text; a Request of somebody's own making may give anything. */
function headerOf(request: Request, name: string): string | null {
    try {
        const value: unknown = request.headers.get(name);
        return typeof value === "string" ? value : null;
    } catch {
        return null;
    }
}

/** By which a runtime says that the page has gone, where it does. */
function signalOf(request: Request): AbortSignal | undefined {
    try {
        return isSignal(request.signal) ? request.signal : undefined;
    } catch {
        return undefined;
    }
}

/** A copy whose body `authorize` may read; nothing if the body was read before. */
function copyOf(request: Request): Request | undefined {
    try {
        return request.bodyUsed ? undefined : request.clone();
    } catch {
        return undefined;
    }
}

/** A grant as plain data, each of its fields read once. What is no data is no grant: the module refuses null. */
function dataOf({ locationId, operations = "read" }: Grant): Grant {
    const data = typeof operations === "string" ? operations : Array.isArray(operations) ? [...operations] : null;
    return { locationId: typeof locationId === "string" ? locationId : "", operations: data as Grant["operations"] };
}
