import { SandboxCore } from "./sandbox-core.js";
import type {
    Coupon,
    CustomProviderConfig,
    Fulfillment,
    JsonValue,
    OrderSummary,
    SubscriptionSummary,
    TransactionSummary,
    WhitelabelProvider,
} from "./core.js";

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
}

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
     * - `applied-then=500`, `applied-then=drop`, `applied-then=hang`: done, but the caller does not learn it;
     * - `html=200`, `html=403`: a web page instead of an answer;
     * - `truncated`: half of the body;
     * - `drift=quoted`, `numeric`, `null`, `missing`, `unknown`, `single`, `enum`, `wrong` or `top`: an answer that
     *   leaves the documentation;
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

/** What the Rust side tells besides the body. */
interface Head {
    status: number;
    headers: [string, string][];
    delayMs: number;
    end: "normal" | "hang" | "drop";
}

/**
 * Makes a sandbox with its data.
 *
 * ```ts
 * import { PaymentsClient } from "ghl-payments";
 * import { createSandbox } from "ghl-payments/sandbox";
 *
 * const sandbox = createSandbox({ seed: 7 });
 * const payments = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
 * ```
 *
 * @param options How it begins; the same options give the same data.
 */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
    const { seed = DEFAULT_SEED, now = DEFAULT_NOW, locations = [], size, rateLimit = {} } = options;
    whole("seed", seed, 0, Number.MAX_SAFE_INTEGER);
    if (size !== undefined) whole("size", size, 0, MOST_ORDERS);
    for (const name of ["max", "daily"] as const) {
        const limit = rateLimit[name];
        if (limit !== undefined) whole(`rateLimit.${name}`, limit, 1, 0xffff_ffff);
    }
    if (locations.some((location) => typeof location !== "string" || location === "")) {
        throw new TypeError("createSandbox: locations must be texts that are not empty");
    }
    const clock = typeof now === "function" ? now : undefined;
    const start = Number(typeof now === "function" ? now() : now);
    if (!Number.isFinite(start)) throw new TypeError("createSandbox: now must be a time");

    const core = new SandboxCore(
        JSON.stringify({ seed, now: start, steady: clock === undefined, locations, size, ...rateLimit }),
    );

    async function fetch(input: Request | URL | string, init?: RequestInit): Promise<Response> {
        const request = new Request(typeof input === "string" && input.startsWith("/") ? ORIGIN + input : input, init);
        const { signal } = request;
        const readable = request.method !== "GET" && request.method !== "HEAD";
        const sent = readable ? new Uint8Array(await request.arrayBuffer()) : new Uint8Array();
        signal.throwIfAborted();
        const given = { method: request.method, url: request.url, headers: [...request.headers] };
        const head = JSON.parse(core.handle(JSON.stringify(given), sent, clock?.() ?? Date.now())) as Head;
        const body = core.takeBody();
        if (head.delayMs > 0) await pause(signal, head.delayMs);
        if (head.end === "hang") await pause(signal);
        if (head.end === "drop") throw new DroppedConnection();
        const { status, headers } = head;
        const empty = status === 204 || status === 205 || status === 304;
        return new Response(empty ? null : (body as Uint8Array<ArrayBuffer>), { status, headers });
    }

    return {
        fetch,
        token: ({ locationId, scopes } = {}) => core.token(JSON.stringify({ location: locationId, scopes })),
        locationId: core.locationId,
        companyId: core.companyId,
        state: () => JSON.parse(core.state()) as SandboxState,
        reset: () => core.reset(),
        advance: (ms) => core.advance(ms),
        faults: {
            add: (fault, { operation, times = 1 } = {}) => core.planFault(fault, operation, times),
            clear: () => core.clearFaults(),
        },
        get requests() {
            type Logged = Omit<SandboxRequest, "headers"> & { headers: [string, string][] };
            const logged = JSON.parse(core.requests()) as Logged[];
            return logged.map((entry) => ({ ...entry, headers: Object.fromEntries(entry.headers) }));
        },
    };
}

function whole(name: string, value: number, least: number, most: number): void {
    if (!Number.isInteger(value) || value < least || value > most) {
        throw new RangeError(`createSandbox: ${name} must be a whole number from ${least} to ${most}`);
    }
}

/** Waits, without end where no time is given, or until the caller gives up. */
function pause(signal: AbortSignal, ms?: number): Promise<void> {
    return new Promise((resolve, reject) => {
        const timer = ms === undefined ? undefined : setTimeout(done, ms);
        function stop(): void {
            clearTimeout(timer);
            reject(signal.reason);
        }
        function done(): void {
            signal.removeEventListener("abort", stop);
            resolve();
        }
        if (signal.aborted) stop();
        else signal.addEventListener("abort", stop, { once: true });
    });
}
