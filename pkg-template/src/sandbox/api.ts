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
import { Checkouts, posted, type SandboxQueries } from "./checkout.js";
import { choice, MOST_COUNT, MOST_MS, maybeText, named, texts, timeOf, whole } from "./checks.js";
import type {
    ConnectProviderOptions,
    DuePayment,
    HighLevel,
    ProtocolIssue,
    TimelineEntry,
} from "./highlevel.js";
import {
    Webhooks,
    type SandboxWebhookKeys,
    type SandboxWebhookOptions,
    type SandboxWebhooks,
    type SandboxWebhooksOptions,
    type SandboxWebhookType,
} from "./webhooks.js";

/** How a sandbox begins. */
export interface SandboxOptions {
    /**
     * From what all its data follow: the same seed and the same calls give the same answers. Default 7, but then the ids of
     * webhooks are others in each sandbox.
     */
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
    /** What the marketplace app is called that can be installed. Default: names that follow from the seed. */
    app?: SandboxAppOptions;
    /**
     * What becomes of a refresh token that was used:
     * - `"grace"` (default): it counts for 30 s more, and each use gives tokens that take the place of those before, as
     *   is reported of HighLevel;
     * - `"strict"`: it is dead at once.
     *
     * Milliseconds are a grace of that length.
     */
    rotation?: "grace" | "strict" | number;
    /** How HighLevel's server reaches the queryUrl of a custom provider. */
    queries?: SandboxQueries;
}

/** What the marketplace app of a sandbox is called. */
export interface SandboxAppOptions {
    /** Its client id, such as `6a5f00000000000000000001-mb5eg18b`; the id of the app stands in front of the hyphen. */
    clientId?: string;
    /** Its client secret. */
    clientSecret?: string;
    /** Where it may be sent after an approval. Default: any https address and any address of this machine. */
    redirectUris?: readonly string[];
}

/** The marketplace app of a sandbox. */
export interface SandboxApp {
    /** Its id, which webhooks carry as `appId`. */
    readonly appId: string;
    /** Its client id. */
    readonly clientId: string;
    /** Its client secret. */
    readonly clientSecret: string;
}

/** Where the app is to be installed. */
export interface SandboxInstallOptions {
    /** By the agency, instead of each location for itself; its id is `companyId`. */
    company?: boolean;
    /** In these locations, beside those where it is installed. Default: all for an agency, otherwise the first one. */
    locationIds?: readonly string[];
    /** What it may do. Default: everything. */
    scopes?: readonly string[];
}

const STREAMS: readonly string[] = ["orders", "transactions", "subscriptions", "coupons"];
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
     * - `endless`: a list answers its first page whatever `offset` is asked for, and a `totalCount` that is never reached;
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
     * With `operation: "webhooks"`, or `"webhooks.OrderCreate"`, it happens to the webhooks that are sent: `twice`,
     * `late=200` (real milliseconds), `out-of-order` (after the next one), `drop`.
     *
     * @param fault What goes wrong.
     * @param options With which requests.
     */
    add(
        fault: string,
        options?: {
            /**
             * The method of the client, such as `orders.list`, or `oauth.chooseLocation`, `oauth.token`,
             * `oauth.locationToken`, `oauth.reconnect`, `oauth.installedLocations`, `webhooks`; any request when left out.
             */
            operation?: string;
            /** The location whose requests it happens to; those of any when left out. Not for webhooks. */
            locationId?: string;
            /** How many requests it happens to; default 1, at most 4,294,967,295. */
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
    /** The body, null if there was none or if it was neither JSON nor a form; keys and codes read `[redacted]`. */
    body: JsonValue;
    /** The method of the client that it belongs to, such as `orders.get`, or `oauth.token`; null if there is no such route. */
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

/** The records of a location that have a list. */
export type SandboxStream = "orders" | "transactions" | "subscriptions" | "coupons";

/** Which records are meant. */
export interface SandboxRecordsOptions<S extends SandboxStream = SandboxStream> {
    /** The stream. */
    stream: S;
    /** The location. Default: the first one. */
    locationId?: string;
}

/** Which record is meant. */
export interface SandboxRecordOptions<S extends SandboxStream = SandboxStream> extends SandboxRecordsOptions<S> {
    /** Its id. Default: the latest one. */
    id?: string;
}

/** Everything that a sandbox holds. */
export interface SandboxState {
    /** The time on its clock. */
    now: string;
    /** Its locations. */
    locations: SandboxLocation[];
}

/** What is wrong with what a custom provider says, by HighLevel's documentation and what integrators have learned. */
export interface SandboxChecks {
    /**
     * Judges what a frame posts, as `window.parent` sees it.
     *
     * @param data `event.data`.
     * @param kind What the checkout is for; without it `chargeId` is not judged.
     */
    message(data: unknown, kind?: "payment" | "setup"): ProtocolIssue[];
    /**
     * Judges the answer of a queryUrl.
     *
     * @param query The body of the query, with `type`.
     * @param answer What came back.
     */
    answer(
        query: Readonly<Record<string, unknown>>,
        answer: {
            /** The status. */
            status: number;
            /** The body. */
            text: string;
            /** The amount that was to be charged, in major units. */
            amount?: number;
        },
    ): {
        /** What HighLevel takes it for; `none` is no answer that it can use. */
        meaning: "success" | "failed" | "pending" | "none";
        /** What is wrong with it. */
        issues: ProtocolIssue[];
    };
    /**
     * Judges the form of a push.
     *
     * @param push Its body.
     */
    push(push: Readonly<Record<string, unknown>>): ProtocolIssue[];
}

/** A simulated HighLevel payments backend. */
export interface Sandbox extends HighLevel {
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
    /** The marketplace app that can be installed at `/oauth/chooselocation`. */
    readonly app: SandboxApp;
    /**
     * Installs the app as a person does who has approved it elsewhere, such as an agency that installs it in many
     * locations at once. The app gets its code from `/oauth/reconnect`, or a location's token from `/oauth/locationToken`.
     *
     * @param options Where; in the first location when left out.
     */
    install(options?: SandboxInstallOptions): void;
    /**
     * Removes the app: its tokens and codes there count no more.
     *
     * @param options From which location; from the agency with all that it has installed when left out.
     */
    uninstall(options?: {
        /** The location. */
        locationId?: string;
    }): void;
    /**
     * A customer orders something now; gives the order.
     *
     * @param options Where; in the first location, and not paid yet, when left out.
     */
    createOrder(options?: {
        /** The location. */
        locationId?: string;
        /** Whether it is paid at once. */
        paid?: boolean;
    }): OrderSummary;
    /**
     * Gives all records of a stream as its list has them, newest first, at once and without a request: it counts against no
     * limit.
     *
     * @param options Of which stream, and where; in the first location when left out.
     */
    records<S extends SandboxStream>(options: SandboxRecordsOptions<S>): SandboxLocation[S];
    /**
     * The people of a location change a record, while somebody else may be reading its list: an order is paid, one that is paid
     * is refunded; a transaction is refunded; a subscription is canceled; a coupon is redeemed. Gives the record as its list
     * has it then.
     *
     * @param options Which record; the latest one when there is no `id`.
     */
    changeRecord<S extends SandboxStream>(options: SandboxRecordOptions<S>): SandboxLocation[S][number];
    /**
     * The people of a location delete a record: its list has it no more, and who asks for it by its id gets a 404. Gives the
     * record as its list had it.
     *
     * @param options Which record; the latest one when there is no `id`.
     */
    deleteRecord<S extends SandboxStream>(options: SandboxRecordOptions<S>): SandboxLocation[S][number];
    /**
     * Makes a signed webhook about what the sandbox holds, as the request that HighLevel would send.
     *
     * @param type What it tells of. Of a type that is not listed only `type` and `locationId` are there, and `data`.
     * @param options What else it says, and how it is signed.
     */
    webhook(type: SandboxWebhookType | (string & {}), options?: SandboxWebhookOptions): Promise<Request>;
    /**
     * Sends webhooks about what happens from now on, until `close`: `OrderCreate` (`createOrder`), `OrderStatusUpdate`
     * (a payment that is recorded), `INSTALL` and `UNINSTALL`. Another call takes the place of the one before.
     *
     * @param options Where, and how.
     */
    webhooks(options: SandboxWebhooksOptions): SandboxWebhooks;
    /** The public keys with which its webhooks are verified. */
    readonly webhookKeys: SandboxWebhookKeys;
    /** Gives a copy of everything that the sandbox holds. */
    state(): SandboxState;
    /** Puts everything back as it was at the beginning; tokens stay valid, and the app stays installed. */
    reset(): void;
    /**
     * Moves the clock forward: coupons begin and end, subscriptions are paid, rate limits open. Gives the payments of
     * subscriptions for which the custom provider has to charge by then, each once.
     *
     * @param ms By how many milliseconds.
     */
    advance(ms: number): DuePayment[];
    /** The time on its clock, in milliseconds since 1970. */
    now(): number;
    /**
     * Sets up the custom provider of a location without the API.
     *
     * @param options What it is.
     */
    connectProvider(options: ConnectProviderOptions): void;
    /**
     * Everything that was said around payments of a custom provider, in order, the latest 5000 entries at most.
     *
     * @param options Only entries behind a number.
     */
    timeline(options?: {
        /** The number of the last entry that is known. */
        after?: number;
    }): TimelineEntry[];
    /** Judges what custom providers say. */
    readonly checks: SandboxChecks;
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
const GRACE_MS = 30_000;
const NO_TIME = "createSandbox: now must be a time: milliseconds since 1970, a Date, or a function that gives one";

/** Makes a sandbox; the entries start its wasm module first. */
export function make(options: SandboxOptions): Sandbox {
    if (typeof Response !== "function" || typeof Request !== "function") {
        throw unsupported(
            "this runtime has no Request and no Response, with which the sandbox answers. jsdom has none of its own: give it " +
                "Node's (jest-fixed-jsdom does), or run the test in the environment node",
        );
    }
    named("createSandbox", options, ["seed", "now", "locations", "size", "rateLimit", "echo", "app", "rotation", "queries"]);
    const { seed = DEFAULT_SEED, now = DEFAULT_NOW, locations = [], size, rateLimit = {}, echo = "meta", app = {} } = options;
    choice("createSandbox: echo", echo, ECHOES);
    whole("createSandbox: seed", seed, 0, Number.MAX_SAFE_INTEGER);
    if (size !== undefined) whole("createSandbox: size", size, 0, MOST_ORDERS);
    named("createSandbox: rateLimit", rateLimit, ["max", "daily"]);
    for (const name of ["max", "daily"] as const) {
        const limit = rateLimit[name];
        if (limit !== undefined) whole(`createSandbox: rateLimit.${name}`, limit, 1, MOST_COUNT);
    }
    texts("createSandbox: locations", locations);
    if (new Set(locations).size < locations.length) throw new TypeError("createSandbox: locations must be distinct");
    named("createSandbox: app", app, ["clientId", "clientSecret", "redirectUris"]);
    for (const name of ["clientId", "clientSecret"] as const) {
        maybeText(`createSandbox: app.${name}`, app[name]);
    }
    if (app.redirectUris !== undefined) texts("createSandbox: app.redirectUris", app.redirectUris);
    const clock = typeof now === "function" ? now : undefined;
    const start = timeOf(NO_TIME, typeof now === "function" ? now() : now);
    const core = new SandboxCore(
        JSON.stringify({
            ...{ seed, now: start, steady: clock === undefined, locations, size, echo, ...rateLimit },
            ...{ ...app, graceMs: graceOf(options.rotation) },
        }),
    );
    const realTime = (): number => (clock === undefined ? Date.now() : timeOf(NO_TIME, clock()));
    const ask = (what: string, options: object = {}): string => core.ask(what, JSON.stringify(options), realTime());
    const webhooks = new Webhooks(ask, () => core.now, seed, options.seed !== undefined);
    const checkouts = new Checkouts((what, given) => {
        const told = ask("highlevel", { what, options: given });
        webhooks.flush();
        return told;
    }, options.queries ?? {});
    const check = (what: string, given: object): unknown => JSON.parse(ask("check", { what, options: given }));
    const record = <S extends SandboxStream>(what: string, options: SandboxRecordOptions<S>): SandboxLocation[S][number] => {
        named(what, options, ["stream", "locationId", "id"]);
        const text = ask(what, recordOf(what, options));
        webhooks.flush();
        return JSON.parse(text) as SandboxLocation[S][number];
    };
    const [appId = "", clientId = "", clientSecret = ""] = ask("app").split("\n");

    async function fetch(input: Request | URL | string, init?: RequestInit): Promise<Response> {
        const { method, url, headers, signal, body } = await read(input, init);
        if (signal?.aborted) throw signal.reason;
        let lines = "";
        headers.forEach((value, name) => {
            lines += `${name}\n${value}\n`;
        });
        const [status, delay, end, ...pairs] = core.handle(method, url, lines, body, realTime()).split("\n");
        const content = core.takeBody();
        webhooks.flush();
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
            maybeText("token: locationId", locationId);
            if (scopes !== undefined) texts("token: scopes", scopes);
            return core.token(JSON.stringify({ location: locationId, scopes }));
        },
        locationId: core.locationId,
        companyId: core.companyId,
        app: { appId, clientId, clientSecret },
        install(options = {}) {
            named("install", options, ["company", "locationIds", "scopes"]);
            const { company = false, locationIds, scopes } = options;
            if (typeof company !== "boolean") throw new TypeError("install: company must be true or false");
            if (locationIds !== undefined) texts("install: locationIds", locationIds);
            if (scopes !== undefined) texts("install: scopes", scopes);
            ask("install", { company, locations: locationIds, scopes });
            webhooks.flush();
        },
        uninstall(options = {}) {
            named("uninstall", options, ["locationId"]);
            const { locationId } = options;
            maybeText("uninstall: locationId", locationId);
            ask("uninstall", { location: locationId });
            webhooks.flush();
        },
        createOrder(options = {}) {
            named("createOrder", options, ["locationId", "paid"]);
            const { locationId, paid = false } = options;
            maybeText("createOrder: locationId", locationId);
            if (typeof paid !== "boolean") throw new TypeError("createOrder: paid must be true or false");
            const order = JSON.parse(ask("createOrder", { location: locationId, paid })) as OrderSummary;
            webhooks.flush();
            return order;
        },
        records<S extends SandboxStream>(options: SandboxRecordsOptions<S>) {
            named("records", options, ["stream", "locationId"]);
            const { data } = JSON.parse(ask("records", recordOf("records", options))) as { data: SandboxLocation[S] };
            return data;
        },
        changeRecord: (options) => record("changeRecord", options),
        deleteRecord: (options) => record("deleteRecord", options),
        webhook: (type, options = {}) => webhooks.request(type, options),
        webhooks: (options) => webhooks.send(options),
        webhookKeys: webhooks.keys,
        state() {
            // What is due by now is done first.
            ask("app");
            return JSON.parse(core.state()) as SandboxState;
        },
        reset: () => core.reset(),
        advance(ms) {
            if (typeof ms !== "number" || !(ms >= 0 && ms <= MOST_MS)) {
                throw new RangeError(`advance: ms must be a number from 0 to ${MOST_MS}`);
            }
            core.advance(ms);
            return checkouts.due();
        },
        now() {
            ask("app");
            return core.now;
        },
        checkout: (options) => checkouts.checkout(options),
        session: (id) => checkouts.session(id),
        listPaymentMethods: (options) => checkouts.listPaymentMethods(options),
        charge: (options) => checkouts.charge(options),
        createSubscription: (options) => checkouts.createSubscription(options),
        cancelSubscription: (options) => checkouts.cancelSubscription(options),
        refund: (options) => checkouts.refund(options),
        connectProvider: (options) => checkouts.connectProvider(options),
        timeline: (options) => checkouts.timeline(options),
        checks: {
            message: (data, kind) =>
                check("message", { ...posted(data), setup: kind === undefined ? undefined : kind === "setup" }) as ProtocolIssue[],
            answer: (query, answer) => check("answer", { query, ...answer }) as ReturnType<SandboxChecks["answer"]>,
            push: (push) => check("push", { push }) as ProtocolIssue[],
        },
        faults: {
            add(fault, options = {}) {
                named("faults.add", options, ["operation", "locationId", "times"]);
                const { operation, locationId, times = 1 } = options;
                texts("faults.add: fault", [fault]);
                maybeText("faults.add: operation", operation);
                maybeText("faults.add: locationId", locationId);
                whole("faults.add: times", times, 1, MOST_COUNT);
                if (!webhooks.plan(fault, operation, times)) core.planFault(fault, operation, locationId, times);
            },
            clear() {
                core.clearFaults();
                webhooks.clear();
            },
        },
        get requests() {
            type Logged = Omit<SandboxRequest, "headers"> & { headers: [string, string][] };
            const logged = JSON.parse(core.requests()) as Logged[];
            return logged.map((entry) => ({ ...entry, headers: Object.fromEntries(entry.headers) }));
        },
    };
}

/** What is said of a record. */
function recordOf(what: string, { stream, locationId, id }: SandboxRecordOptions): object {
    choice(`${what}: stream`, stream, STREAMS);
    maybeText(`${what}: locationId`, locationId);
    maybeText(`${what}: id`, id);
    return { stream, location: locationId, id };
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

/** For how many milliseconds a refresh token counts after its use. */
function graceOf(rotation: SandboxOptions["rotation"] = "grace"): number {
    if (rotation === "grace") return GRACE_MS;
    if (rotation === "strict") return 0;
    if (typeof rotation !== "number") throw new TypeError('createSandbox: rotation must be "grace", "strict" or milliseconds');
    whole("createSandbox: rotation", rotation, 0, MOST_COUNT);
    return rotation;
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
