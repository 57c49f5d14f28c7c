import { unsupported } from "../client/start.js";
import { SandboxCore } from "../sandbox-core.js";
import type {
    Coupon,
    CustomProviderConfig,
    Fulfillment,
    JsonValue,
    OrderSummary,
    SubscriptionSummary,
    TransactionSummary,
    WhitelabelProvider,
} from "../core.js";

/** How a sandbox begins. */
export interface SandboxOptions {
    /** From what all its data follow: the same seed and the same calls give the same answers. Default 7. */
    seed?: number;
    /**
     * The time at which it begins; its data are those of the 13 months before. Default 2026-11-01T12:00:00Z, so that
     * answers do not depend on the day of the test.
     *
     * A date or a number stands still but for `advance` and a millisecond for each request. A function, such as
     * `Date.now`, is asked with every request.
     */
    now?: number | Date | (() => number);
    /** The ids of its locations (sub-accounts). Default: one that follows from the seed. */
    locations?: readonly string[];
    /** How many orders each location has. Default 300; 100,000 are quick as well. */
    size?: number;
    /** Other rate limits than HighLevel's 100 requests in 10 s and 200,000 a day for each location. */
    rateLimit?: {
        /** Requests in 10 s. */
        max?: number;
        /** Requests in a day. */
        daily?: number;
    };
    /**
     * Where a payment that was recorded by hand shows the `meta` and the `notes` that were sent with it:
     * - `"meta"` (default): `meta` in `transactions.get`, the notes in `chargeSnapshot`;
     * - `"snapshot"`: both in `chargeSnapshot`, which `transactions.list` shows too;
     * - `"notes"`: the notes in `chargeSnapshot`, `meta` nowhere;
     * - `"none"`: neither.
     *
     * Of HighLevel only the notes in `chargeSnapshot` are known.
     */
    echo?: "meta" | "snapshot" | "notes" | "none";
}

const ECHOES: readonly string[] = ["meta", "snapshot", "notes", "none"];

/** What a token may do. */
export interface SandboxTokenOptions {
    /** The location that it opens. Default: the first one. */
    locationId?: string;
    /** Its scopes, such as `payments/orders.readonly`. Default: all. */
    scopes?: readonly string[];
}

/** Things to go wrong with requests to come. */
export interface SandboxFaults {
    /**
     * Lays out a fault for the next request, or the next `times` requests, to `operation` (`orders.list`) or to any.
     *
     * A fault is a list of these, separated by `;`, and may as well be sent in the header `x-sandbox-fault`, which the
     * answer of a fault carries too:
     * - `status=503`: answered without doing anything; `shape=standard`, `http-exception`, `message`, `oauth` or `v3`
     *   picks the shape of the error, `retry-after=2` adds that header;
     * - `applied-then=500`, `applied-then=drop`, `applied-then=hang`, `applied-then=html`: done, but the caller does not learn it;
     * - `late=2000`: the connection breaks, and it is done 2000 ms of the sandbox's clock later;
     * - `html=200`, `html=403`: a web page instead of an answer;
     * - `truncated`: half of the body;
     * - `drift=quoted`, `numeric`, `null`, `missing`, `unknown`, `single`, `enum`, `wrong` or `top`: an answer that
     *   leaves the documentation;
     * - `checkout`: a payer has the payment page of the order open, so `orders.recordPayment` answers 409 for five
     *   minutes of the sandbox's clock;
     * - for `orders.recordPayment`: `second-payer` (somebody else records as much in the same mode on the same order just
     *   before, with a note of their own), `second-payer=alike` (without that note), `failed-payment` (such a payment
     *   fails: it is there with the status `failed`), `echo=none` and the like (for this payment instead of
     *   `createSandbox({ echo })`);
     * - `delay=200` (milliseconds), `hang` (no answer ever), `drop` (the connection breaks).
     *
     * @param fault What goes wrong.
     * @param options With which requests.
     */
    add(
        fault: string,
        options?: {
            /** The method of the client, such as `orders.list`; any when left out. */
            operation?: string;
            /** How many requests it happens to; default 1. */
            times?: number;
        },
    ): void;
    /** Forgets those that have not happened yet. */
    clear(): void;
}

/** A request that the sandbox has answered, without its secrets. */
export interface SandboxRequest {
    /** The method. */
    method: string;
    /** The path. */
    path: string;
    /** The query, decoded. */
    query: [name: string, value: string][];
    /** The headers with their names in lower case; tokens read `[redacted]`. */
    headers: Record<string, string>;
    /** The body, null if there was none or if it was not JSON; keys read `[redacted]`. */
    body: JsonValue;
    /** The method of the client that it belongs to, such as `orders.get`; null if there is no such route. */
    operation: string | null;
    /** The status of the answer. */
    status: number;
    /** When it came, on the sandbox's clock. */
    at: string;
}

/** What one location holds, newest first. */
export interface SandboxLocation {
    /** Its id. */
    locationId: string;
    /** Its orders. */
    orders: OrderSummary[];
    /** Its transactions. */
    transactions: TransactionSummary[];
    /** Its subscriptions. */
    subscriptions: SubscriptionSummary[];
    /** Its coupons. */
    coupons: Coupon[];
    /** Its fulfillments with their orders. */
    fulfillments: {
        /** The order. */
        orderId: string;
        /** The delivery. */
        fulfillment: Fulfillment;
    }[];
    /** Its custom payment provider. */
    customProvider: CustomProviderConfig | null;
    /** Its white-label integrations. */
    whitelabel: WhitelabelProvider[];
}

/** Everything that a sandbox holds. */
export interface SandboxState {
    /** The time on its clock. */
    now: string;
    /** Its locations. */
    locations: SandboxLocation[];
}

/** A simulated HighLevel payments backend. */
export interface Sandbox {
    /** Answers a request. It can be passed as the client's `fetch`, or serve HTTP; a path alone is enough as URL. */
    fetch: (input: Request | URL | string, init?: RequestInit) => Promise<Response>;
    /**
     * Gives a ready token; the same options give the same one.
     *
     * @param options What it may do; everything in the first location when left out.
     */
    token(options?: SandboxTokenOptions): string;
    /** The first location. */
    readonly locationId: string;
    /** The company (agency) that the locations belong to. */
    readonly companyId: string;
    /** Gives a copy of everything that the sandbox holds. */
    state(): SandboxState;
    /** Puts everything back as it was at the beginning; tokens stay valid. */
    reset(): void;
    /**
     * Moves the clock forward: coupons begin and end, subscriptions are paid, rate limits open.
     *
     * @param ms By how many milliseconds.
     */
    advance(ms: number): void;
    /** Things to go wrong with requests to come. */
    readonly faults: SandboxFaults;
    /** The requests so far, the latest 1000 at most. */
    readonly requests: SandboxRequest[];
}

/** A connection that the sandbox has broken on demand. `fetch` rejects with it, as it does with real ones. */
export class DroppedConnection extends TypeError {
    /** The name of the class; a minifier leaves it alone. */
    override readonly name = "DroppedConnection";

    /** @internal */
    constructor() {
        super("fetch failed: the sandbox dropped the connection on demand");
    }
}

const ORIGIN = "https://services.leadconnectorhq.com";
const DEFAULT_SEED = 7;
const DEFAULT_NOW = Date.UTC(2026, 10, 1, 12);
const MOST_ORDERS = 1_000_000;
/** The last time of a `Date`. */
const MOST_MS = 8.64e15;

/** Makes a sandbox; the entries start its wasm module first. */
export function make(options: SandboxOptions): Sandbox {
    if (typeof Response !== "function" || typeof Request !== "function") {
        throw unsupported(
            "this runtime has no Request and no Response, with which the sandbox answers. jsdom has none of its own: give it " +
                "Node's (jest-fixed-jsdom does), or run the test in the environment node",
        );
    }
    named("createSandbox", options, ["seed", "now", "locations", "size", "rateLimit", "echo"]);
    const { seed = DEFAULT_SEED, now = DEFAULT_NOW, locations = [], size, rateLimit = {}, echo = "meta" } = options;
    if (!ECHOES.includes(echo)) throw new TypeError(`createSandbox: echo must be one of ${ECHOES.join(", ")}`);
    whole("createSandbox: seed", seed, 0, Number.MAX_SAFE_INTEGER);
    if (size !== undefined) whole("createSandbox: size", size, 0, MOST_ORDERS);
    named("createSandbox: rateLimit", rateLimit, ["max", "daily"]);
    for (const name of ["max", "daily"] as const) {
        const limit = rateLimit[name];
        if (limit !== undefined) whole(`createSandbox: rateLimit.${name}`, limit, 1, 0xffff_ffff);
    }
    texts("createSandbox: locations", locations);
    if (new Set(locations).size < locations.length) throw new TypeError("createSandbox: locations must be distinct");
    const clock = typeof now === "function" ? now : undefined;
    const start = timeOf(typeof now === "function" ? now() : now);
    const core = new SandboxCore(
        JSON.stringify({ seed, now: start, steady: clock === undefined, locations, size, echo, ...rateLimit }),
    );

    async function fetch(input: Request | URL | string, init?: RequestInit): Promise<Response> {
        const { method, url, headers, signal, body } = await read(input, init);
        if (signal?.aborted) throw signal.reason;
        let lines = "";
        headers.forEach((value, name) => {
            lines += `${name}\n${value}\n`;
        });
        const at = clock === undefined ? Date.now() : timeOf(clock());
        const [status, delay, end, ...pairs] = core.handle(method, url, lines, body, at).split("\n");
        const content = core.takeBody();
        if (delay !== "0") await pause(signal, Number(delay));
        if (end === "hang") await pause(signal);
        if (end === "drop") throw new DroppedConnection();
        const given: [string, string][] = [["date", new Date(core.now).toUTCString()]];
        for (let i = 1; i < pairs.length; i += 2) given.push([pairs[i - 1] ?? "", pairs[i] ?? ""]);
        const empty = status === "204" || status === "205" || status === "304";
        return new Response(empty ? null : (content as Uint8Array<ArrayBuffer>), {
            status: Number(status),
            headers: given,
        });
    }

    return {
        fetch,
        token(options = {}) {
            named("token", options, ["locationId", "scopes"]);
            const { locationId, scopes } = options;
            if (locationId !== undefined) texts("token: locationId", [locationId]);
            if (scopes !== undefined) texts("token: scopes", scopes);
            return core.token(JSON.stringify({ location: locationId, scopes }));
        },
        locationId: core.locationId,
        companyId: core.companyId,
        state: () => JSON.parse(core.state()) as SandboxState,
        reset: () => core.reset(),
        advance(ms) {
            if (typeof ms !== "number" || !(ms >= 0 && ms <= MOST_MS)) {
                throw new RangeError(`advance: ms must be a number from 0 to ${MOST_MS}`);
            }
            core.advance(ms);
        },
        faults: {
            add(fault, options = {}) {
                named("faults.add", options, ["operation", "times"]);
                const { operation, times = 1 } = options;
                texts("faults.add: fault", [fault]);
                if (operation !== undefined) texts("faults.add: operation", [operation]);
                whole("faults.add: times", times, 1, 0xffff_ffff);
                core.planFault(fault, operation, times);
            },
            clear: () => core.clearFaults(),
        },
        get requests() {
            type Logged = Omit<SandboxRequest, "headers"> & { headers: [string, string][] };
            const logged = JSON.parse(core.requests()) as Logged[];
            return logged.map((entry) => ({ ...entry, headers: Object.fromEntries(entry.headers) }));
        },
    };
}

/** What a request says. */
interface Sent {
    method: string;
    url: string;
    headers: Headers;
    signal: AbortSignal | null | undefined;
    body: Uint8Array;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Reads what `fetch` was given. A `Request` costs as much as the answer, so it is only made where there is no other way. */
async function read(input: Request | URL | string, init?: RequestInit): Promise<Sent> {
    if (typeof input === "string" || input instanceof URL) {
        const { href } = new URL(typeof input === "string" && input.startsWith("/") ? ORIGIN + input : input);
        const method = init?.method?.toUpperCase() ?? "GET";
        const headers = new Headers(init?.headers);
        const sent = init?.body ?? undefined;
        const plain = { method, url: href, headers, signal: init?.signal };
        if (METHODS.includes(method)) {
            if (sent === undefined) return { ...plain, body: new Uint8Array() };
            const bodiless = method === "GET" || method === "HEAD";
            if (typeof sent === "string" && !bodiless && headers.has("content-type")) {
                return { ...plain, body: new TextEncoder().encode(sent) };
            }
        }
        return readRequest(new Request(href, init));
    }
    return readRequest(init === undefined ? input : new Request(input, init));
}

async function readRequest(request: Request): Promise<Sent> {
    const { method, url, headers, signal } = request;
    const bodiless = method === "GET" || method === "HEAD";
    return { method, url, headers, signal, body: bodiless ? new Uint8Array() : new Uint8Array(await request.arrayBuffer()) };
}

function named(what: string, options: object, names: readonly string[]): void {
    if (typeof options !== "object" || options === null || Array.isArray(options)) {
        throw new TypeError(`${what} takes an object of options`);
    }
    const unknown = Object.keys(options).find((name) => !names.includes(name));
    if (unknown !== undefined) throw new TypeError(`${what} has no option "${unknown}": it takes ${names.join(", ")}`);
}

function whole(what: string, value: number, least: number, most: number): void {
    if (typeof value !== "number") throw new TypeError(`${what} must be a number`);
    if (!Number.isInteger(value) || value < least || value > most) {
        throw new RangeError(`${what} must be a whole number from ${least} to ${most}`);
    }
}

function texts(what: string, list: readonly string[]): void {
    const fine = Array.isArray(list) && list.every((text) => typeof text === "string" && text !== "");
    if (!fine) throw new TypeError(`${what} must be text that is not empty`);
}

/** The time as milliseconds since 1970. */
function timeOf(now: number | Date): number {
    const ms = now instanceof Date ? now.getTime() : now;
    if (typeof ms !== "number" || !(Math.abs(ms) <= MOST_MS)) {
        throw new TypeError("createSandbox: now must be a time: milliseconds since 1970, a Date, or a function that gives one");
    }
    return ms;
}

/** Waits, without end where no time is given, or until the caller gives up. */
function pause(signal: AbortSignal | null | undefined, ms?: number): Promise<void> {
    return new Promise((resolve, reject) => {
        const timer = ms === undefined ? undefined : setTimeout(done, ms);
        function stop(): void {
            clearTimeout(timer);
            reject(signal?.reason);
        }
        function done(): void {
            signal?.removeEventListener("abort", stop);
            resolve();
        }
        if (signal?.aborted) stop();
        else signal?.addEventListener("abort", stop, { once: true });
    });
}
