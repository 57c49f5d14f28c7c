import { ValidationError } from "../client/errors.js";
import { Findings, invalid } from "../client/input.js";
import type { FetchFunction } from "../client/options.js";
import { clockOf } from "../edge/clock.js";
import { createOAuth, type OAuth } from "../edge/oauth.js";
import { durableStore, type D1Like, type NamespaceLike } from "../edge/stores.js";
import type { KeySource } from "../edge/vault.js";
import type { SyncStream } from "../edge-core.js";
import type { SyncFile } from "./database.js";
import type { FileFormat, FilesEnv } from "./files.js";

/**
 * How much is read.
 *
 * - `full`: the whole lists, and what was deleted is marked;
 * - `window`: what was created since the last time and some days before, of lists that can be asked so; and a full pass where
 *   the last one is too long ago.
 */
export type AgencyMode = "full" | "window";

/** What is used of the producer of a queue, as Cloudflare's. */
export interface SyncQueue {
    /**
     * Sends messages, at most 100 at once.
     *
     * @param messages Plain data, each in `body`.
     */
    sendBatch(messages: Iterable<AgencyEnvelope>): Promise<unknown>;
}

/** A message on its way into the queue. */
export interface AgencyEnvelope {
    /** The message. */
    body: AgencyMessage;
}

/** What the queue carries: one location of a run that has its turn. It holds no secret. */
export interface AgencyMessage {
    /** Always `sync`. */
    type: "sync";
    /** The company. */
    company: string;
    /** The run. */
    run: string;
    /** The location. */
    location: string;
    /** When the run began, in milliseconds since 1970. */
    started: number;
    /** Which turn of that location it is, from 1. */
    slice: number;
    /** What is read. */
    streams: readonly SyncStream[];
    /** How much of it. */
    mode: AgencyMode;
    /** Whether each order is read as well. */
    details: boolean;
    /** Whether others wait for its slot. */
    othersWait: boolean;
    /** When {@link resumeAgencySync} was called last, if it was: in milliseconds since 1970. */
    resumed?: number;
}

/** A message that the consumer of a queue gets, as Cloudflare's. */
export interface QueuedSync {
    /** What was sent. */
    readonly body: unknown;
    /** How often it was delivered, this time included. */
    readonly attempts?: number;
    /** It is done. */
    ack(): void;
    /**
     * It comes again.
     *
     * @param options When.
     */
    retry(options?: {
        /** After how many seconds at the earliest. */
        delaySeconds?: number;
    }): void;
}

/** What the consumer of a queue gets at once, as Cloudflare's. */
export interface AgencyBatch {
    /** The name of the queue. */
    readonly queue?: string;
    /** The messages. */
    readonly messages: readonly QueuedSync[];
}

/**
 * The bindings and variables of a Worker that syncs an agency. `DB` is one database; several are `DB_0`, `DB_1` and so on
 * instead, and a location's rows are in the one that the hash of its id names.
 */
export interface AgencyEnv extends FilesEnv {
    /** Durable Objects of the class `GhlLocation`. */
    LOCATIONS: NamespaceLike;
    /** Durable Objects of the class `GhlCompany`. */
    COMPANIES: NamespaceLike;
    /** Durable Objects of the class `TokenKeeper`; not used where {@link AgencyOptions.token} gives the tokens. */
    TOKENS?: NamespaceLike | undefined;
    /** The queue that `agencyQueue` consumes. */
    SYNC: SyncQueue;
    /** The tables, if they are all in one database. */
    DB?: D1Like | undefined;
    /** The client id of the marketplace app. */
    GHL_CLIENT_ID?: string | undefined;
    /** Its client secret. */
    GHL_CLIENT_SECRET?: string | undefined;
    /** Where HighLevel sends users back to, as registered for the app. */
    GHL_REDIRECT_URI?: string | undefined;
    /**
     * What the app asks for, with spaces between. By default `oauth.readonly oauth.write payments/orders.readonly
     * payments/transactions.readonly payments/subscriptions.readonly payments/coupons.readonly`: by the first two an agency's token gives
     * those of its locations.
     */
    GHL_SCOPES?: string | undefined;
    /** Encrypts the stored tokens; see `encryptionKey` of `createOAuth`. */
    ENCRYPTION_KEY?: KeySource | undefined;
    /** Where the API is, such as `http://127.0.0.1:8787` of `npx ghl-payments sandbox`; HighLevel's address by default. */
    GHL_BASE_URL?: string | undefined;
}

/** What is known of the location whose token is wanted. */
export interface AgencyTokenContext {
    /** The company that it belongs to. */
    company: string;
    /** The token that HighLevel refused: another one is wanted. Do not log it. */
    refused?: string;
}

/** How all runs of a Worker are made. `Env` is the environment that the hooks get. */
export interface AgencyOptions<Env = AgencyEnv> {
    /**
     * Gives the token of a location. By default the tokens are those of `createOAuth` with `GHL_CLIENT_ID`, `GHL_CLIENT_SECRET`,
     * `GHL_REDIRECT_URI` and `ENCRYPTION_KEY` of the environment and `durableStore(env.TOKENS)`. Where it throws an error with
     * `retryable: false`, as an OAuthError with the code `needs_install`, the location is `revoked`.
     *
     * @param location The location.
     * @param context Its company, and the token that was refused.
     * @param env The environment of the Worker.
     */
    token?: ((location: string, context: AgencyTokenContext, env: Env) => string | Promise<string>) | undefined;
    /**
     * Gives the locations of a company whose runs name none, where no INSTALL has told of any ({@link agencyInstalled}).
     *
     * @param company The company.
     * @param env The environment of the Worker.
     */
    locations?: ((company: string, env: Env) => readonly string[] | Promise<readonly string[]>) | undefined;
    /** Where the API is; `GHL_BASE_URL` of the environment, or HighLevel's address, by default. */
    baseUrl?: string | undefined;
    /** The `Version` header; `2021-07-28` by default. */
    apiVersion?: string | undefined;
    /** Instead of the global `fetch`. */
    fetch?: FetchFunction | undefined;
    /** How many locations of a run are at work at the same time: 64 by default, 1 to 1000. */
    parallel?: number | undefined;
    /** After how many pages a location makes way for others that wait: 50 by default. */
    slicePages?: number | undefined;
    /** How far back a `window` reaches behind the last pass, in milliseconds: seven days by default. */
    trailingMs?: number | undefined;
    /** After how many milliseconds a `window` reads a list as a whole again: seven days by default. */
    fullEveryMs?: number | undefined;
    /** How long one request may take, in milliseconds: 30,000 by default. */
    timeoutMs?: number | undefined;
    /** The format of the files in R2: lines of JSON, compressed, by default; or `parquetFiles(hyparquet)`. */
    files?: FileFormat | undefined;
    /** The name of the dead letter queue, if `agencyQueue` consumes it as well; by default any whose name ends with `dlq` or holds `dead`. */
    deadLetterQueue?: string | undefined;
    /** The clock, in milliseconds since 1970, before the year 10000; `Date.now` by default. */
    now?: (() => number) | undefined;
    /**
     * Is called when nothing of a run moves any more, once each time. What it throws is ignored.
     *
     * @param run The run, and since when.
     * @param env The environment of the Worker.
     */
    onStalled?: ((run: StalledRun, env: Env) => unknown) | undefined;
    /**
     * Takes the log lines, which hold no secret and nothing that a record holds; `console.log` by default. `agency.md` lists them.
     *
     * @param line One line.
     */
    onLog?: ((line: string) => void) | undefined;
}

/** A run in which nothing moves. */
export interface StalledRun {
    /** The run. */
    run: string;
    /** Its company. */
    company: string;
    /** When something moved last, in milliseconds since 1970. */
    since: number;
    /** How many of its locations have not ended. */
    left: number;
}

/** What a run reads. */
export interface AgencyRunOptions {
    /** The company. */
    company: string;
    /** The lists; all four by default. */
    streams?: readonly SyncStream[] | undefined;
    /** How much of them; `full` by default. */
    mode?: AgencyMode | undefined;
    /**
     * The locations. By default all that are known: those in which the app is installed, as {@link agencyInstalled} was told, and those that
     * an earlier run has named; where there is none, what the hook `locations` says.
     */
    locations?: readonly string[] | undefined;
    /** Whether each order is read as well with its items, with one more request each; `false` by default. */
    details?: boolean | undefined;
}

/** What can become of a location in a run. */
export const STATES = ["waiting", "running", "done", "failed", "revoked"] as const;

/** What became of a location in a run. */
export type AgencyLocationState = (typeof STATES)[number];

/** How far a list of a location has come. */
export interface AgencyStreamStatus {
    /** Whether the whole list is read, or what is new. */
    pass: AgencyMode;
    /** Pages that were read. */
    pages: number;
    /** Records that were written. */
    records: number;
    /** Records that were found to be deleted. */
    deleted: number;
    /** Files that were written. */
    files: number;
    /** Their bytes. */
    bytes: number;
    /** How many records the list has, as HighLevel said with the last page (`totalCount`). */
    total?: number;
    /** Whether it has ended. */
    done: boolean;
}

/** A location of a run. */
export interface AgencyLocationStatus {
    /** The location. */
    location: string;
    /** What became of it. */
    state: AgencyLocationState;
    /** How far its lists have come. */
    streams: Partial<Record<SyncStream, AgencyStreamStatus>>;
    /** Records that were written. */
    records: number;
    /** Why it failed, or failed last. */
    reason?: string;
    /** When it was heard of last, in milliseconds since 1970; 0 where it was not. */
    heard: number;
    /** How often it has failed, or was stopped by HighLevel's limits. */
    failures: number;
    /** Where it waits after a failure: until when, in milliseconds since 1970. */
    due?: number;
}

/** How many locations of a run are in which state. */
export type AgencyCounts = Record<AgencyLocationState, number>;

/** What is known of a run. */
export interface AgencyStatus {
    /** The run. */
    run: string;
    /** The company. */
    company: string;
    /** How much is read. */
    mode: AgencyMode;
    /** The lists. */
    streams: SyncStream[];
    /** `stalled`: nothing has moved for long; it goes on when something does, or by {@link resumeAgencySync}. `ended`: the manifest is there. */
    state: "running" | "stalled" | "ended";
    /** When it began, in milliseconds since 1970. */
    startedAt: number;
    /** When it ended, in milliseconds since 1970. */
    endedAt?: number;
    /** Whether `cancelAgencySync` has ended something of it. */
    canceled?: true;
    /** How many locations are in which state. */
    counts: AgencyCounts;
    /** Records that were written. */
    records: number;
    /** Records that were written in a second, over the last half a minute; of a run that has ended, on the whole. */
    recordsPerSecond: number;
    /** Where the manifest is in R2, once it is there. */
    manifest?: string;
    /** A page of the locations, in the order of their ids. */
    locations: AgencyLocationStatus[];
    /** Where the next page begins ({@link AgencyStatusOptions.after}), if there is one. */
    next?: string;
}

/** Which locations are told of. */
export interface AgencyStatusOptions {
    /** Those behind this id. */
    after?: string | undefined;
    /** So many at the most: 100 by default, up to 1000. */
    limit?: number | undefined;
    /** Only those in this state. */
    state?: AgencyLocationState | undefined;
}

/** What the manifest of a run says of a location. */
export interface AgencyManifestLocation {
    /** The location. */
    location: string;
    /** What became of it. */
    state: AgencyLocationState;
    /** Its lists. */
    streams: Partial<Record<SyncStream, AgencyStreamStatus>>;
    /** Records in its files. */
    records: number;
    /** Why it failed. */
    reason?: string;
    /** Its files, of lists that were read to their end. */
    files: SyncFile[];
}

/** The manifest of a run: it is written last, and once. What it does not name does not belong to the run. */
export interface AgencyManifest {
    /** The version of this form. */
    version: 1;
    /** The run. */
    run: string;
    /** The company. */
    company: string;
    /** How much was read. */
    mode: AgencyMode;
    /** The lists. */
    streams: SyncStream[];
    /** ISO 8601. */
    startedAt: string;
    /** ISO 8601. */
    endedAt: string;
    /** How many locations ended in which state. */
    counts: AgencyCounts;
    /** Records in all files. */
    records: number;
    /** Whether `cancelAgencySync` has ended something of it. */
    canceled?: true;
    /** Every location of the run, in the order of their ids. */
    locations: AgencyManifestLocation[];
}

/** What {@link AgencyOptions} come to, for one environment. */
export interface Settings {
    /** The token of a location. */
    token(location: string, context: AgencyTokenContext): Promise<string>;
    /** The locations that the app names for a company. */
    locations(company: string): Promise<readonly string[] | undefined>;
    /** Fails where the default tokens cannot be had. */
    ready(): void;
    /** Makes what takes options from the environment, with errors that name its variables. */
    fromEnv<T>(make: () => T): T;
    /** Tells the tokens of an installation, where they are the default ones. Gives whether it is the app's. */
    installed(event: object): Promise<boolean>;
    stalled(run: StalledRun): Promise<void>;
    log(fields: LogFields): void;
    now(): number;
    baseUrl: string | undefined;
    apiVersion: string | undefined;
    fetch: FetchFunction | undefined;
    parallel: number;
    slicePages: number;
    trailingMs: number;
    fullEveryMs: number;
    timeoutMs: number;
    files: FileFormat | undefined;
    isDead(queue: string | undefined): boolean;
}

/** What a log line says, in this order. */
export type LogFields = Record<string, string | number | boolean | undefined>;

const DAY_MS = 86_400_000;

/** The numbers among the options: what is taken without them, and from where to where they may go. */
const NUMBERS = {
    parallel: [64, 1, 1000],
    slicePages: [50, 1, 100_000],
    trailingMs: [7 * DAY_MS, 0, 366 * DAY_MS],
    fullEveryMs: [7 * DAY_MS, 0, 3660 * DAY_MS],
    timeoutMs: [30_000, 100, 120_000],
} as const;

const CALLABLE = ["token", "locations", "fetch", "now", "onStalled", "onLog"] as const;
const TEXTS = ["baseUrl", "apiVersion", "deadLetterQueue"] as const;

/** What an app needs where it reads lists of locations that a company has installed it for. */
const SCOPES = [
    "oauth.readonly", "oauth.write", "payments/orders.readonly", "payments/transactions.readonly",
    "payments/subscriptions.readonly", "payments/coupons.readonly",
].join(" ");

let given: AgencyOptions<never> | ((env: never) => AgencyOptions<never>) = {};
let settings = new WeakMap<object, Settings>();

/**
 * Says how the runs of this Worker are made. It is called once, in the Worker's module, so that it holds in every isolate of the
 * Durable Objects as well; without it everything is as it is by default.
 *
 * ```ts
 * import { configureAgency } from "ghl-payments/cloudflare";
 *
 * configureAgency({ parallel: 100, onStalled: ({ run }) => console.error(`${run} stands still`) });
 * ```
 *
 * Throws a ValidationError that lists what is wrong with the options; what a function of the environment gives is looked at when it is
 * first used.
 *
 * The hooks get the Worker's own environment: name its type where they use more than {@link AgencyEnv} has, `(run, env: Env) => ...`, or
 * `configureAgency<Env>({ ... })`.
 *
 * @param options The options, or a function that gives them for an environment.
 */
export function configureAgency<Env = AgencyEnv>(options: AgencyOptions<Env> | ((env: Env) => AgencyOptions<Env>)): void {
    if (typeof options !== "function") check(options);
    given = options;
    settings = new WeakMap();
}

function check(options: AgencyOptions<never>): void {
    if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object, or a function that gives it");
    const found = new Findings();
    const known: readonly string[] = [...CALLABLE, ...TEXTS, "files", ...Object.keys(NUMBERS)];
    for (const name of Object.keys(options)) {
        if (!known.includes(name)) found.add(name, `is no option here; known are ${known.join(", ")}`);
    }
    for (const name of CALLABLE) found.callable(name, options[name] as unknown);
    for (const name of TEXTS) {
        if (options[name] !== undefined && typeof options[name] !== "string") found.add(name, "must be text");
    }
    if (options.files !== undefined && typeof options.files?.write !== "function") found.add("files", "must be a format, such as parquetFiles(hyparquet)");
    for (const [name, [, least, most]] of Object.entries(NUMBERS)) {
        const value = options[name as keyof typeof NUMBERS];
        if (value === undefined) continue;
        if (!Number.isSafeInteger(value) || value < least || value > most) found.add(name, `must be a whole number from ${least} to ${most}`);
    }
    if (found.issues.length > 0) throw found.error();
}

/** The settings that hold in an environment. */
export function settingsOf(env: AgencyEnv): Settings {
    const known = settings.get(env);
    if (known) return known;
    const options = typeof given === "function" ? given(env as never) : given;
    check(options);
    const own = settle(options, env);
    settings.set(env, own);
    return own;
}

function settle(options: AgencyOptions<never>, env: AgencyEnv): Settings {
    const { token, locations, deadLetterQueue, now = Date.now, onStalled, onLog = console.log } = options;
    const number = (name: keyof typeof NUMBERS) => options[name] ?? NUMBERS[name][0];
    let oauth: OAuth | undefined;
    const app = () => (oauth ??= appOf(env, options));
    const read = clockOf(now);
    // Tables hold whole numbers.
    const clock = () => Math.floor(read());
    return {
        async token(location, context) {
            if (token) return token(location, context, env as never);
            return app().token(location, { companyId: context.company, refused: context.refused });
        },
        async locations(company) {
            return locations?.(company, env as never);
        },
        ready() {
            if (token === undefined) app();
        },
        fromEnv: (make) => fromEnv(options, make),
        async installed(event) {
            try {
                if (token === undefined) await app().onInstall(event);
                return true;
            } catch (cause) {
                // It comes again until it is taken, which this one never would be.
                if (cause instanceof ValidationError && cause.issues.every(({ path }) => path === "appId")) return false;
                throw cause;
            }
        },
        async stalled(run) {
            try {
                await onStalled?.(run, env as never);
            } catch {
                // It is only told.
            }
        },
        log(fields) {
            const words = Object.entries(fields).filter(([, value]) => value !== undefined);
            try {
                onLog(`agency ${words.map(([name, value]) => `${name}=${word(value)}`).join(" ")}`);
            } catch {
                // As above.
            }
        },
        now: clock,
        baseUrl: options.baseUrl ?? env.GHL_BASE_URL,
        apiVersion: options.apiVersion,
        fetch: options.fetch,
        parallel: number("parallel"),
        slicePages: number("slicePages"),
        trailingMs: number("trailingMs"),
        fullEveryMs: number("fullEveryMs"),
        timeoutMs: number("timeoutMs"),
        files: options.files,
        isDead: (queue = "") => (deadLetterQueue === undefined ? /dead|dlq$/i.test(queue) : queue === deadLetterQueue),
    };
}

/** A value in a log line: one word, or in quotation marks. */
function word(value: unknown): string {
    const text = `${value}`;
    return /^[\w.:/+~-]+$/.test(text) ? text : JSON.stringify(text.slice(0, 300));
}

/** What the options of `createOAuth`, of `durableStore` and of a client are taken from. */
const VARIABLES: Record<string, string> = {
    clientId: "GHL_CLIENT_ID",
    clientSecret: "GHL_CLIENT_SECRET",
    redirectUri: "GHL_REDIRECT_URI",
    scopes: "GHL_SCOPES",
    encryptionKey: "ENCRYPTION_KEY",
    baseUrl: "GHL_BASE_URL",
    namespace: "TOKENS",
};

/**
 * Makes what takes its options from the environment. What is wrong with one of them is told under the name that it has there: who
 * reads it has set a variable, or bound something, and has called nothing with an option. Those in `own` are the app's.
 */
function fromEnv<T>(own: object, make: () => T): T {
    try {
        return make();
    } catch (cause) {
        if (!(cause instanceof ValidationError)) throw cause;
        const found = new Findings();
        for (const { path, message } of cause.issues) {
            const [option = ""] = path.split(/[.[]/);
            const variable = (own as Record<string, unknown>)[option] === undefined ? VARIABLES[option] : undefined;
            if (variable === undefined) found.add(path, message);
            else found.add(`env.${variable}`, `(the option ${path}) ${message}`);
        }
        throw found.error();
    }
}

function appOf(env: AgencyEnv, { baseUrl, fetch, apiVersion, now }: AgencyOptions<never>): OAuth {
    const { TOKENS, GHL_CLIENT_ID = "", GHL_CLIENT_SECRET = "", GHL_REDIRECT_URI = "", GHL_SCOPES = SCOPES, ENCRYPTION_KEY } = env;
    if (!TOKENS) throw invalid("env.TOKENS", "is no binding here: bind the class TokenKeeper to it, or give configureAgency a token function");
    return fromEnv({ baseUrl }, () => createOAuth({
        clientId: GHL_CLIENT_ID,
        clientSecret: GHL_CLIENT_SECRET,
        redirectUri: GHL_REDIRECT_URI,
        scopes: GHL_SCOPES,
        store: durableStore(TOKENS),
        encryptionKey: ENCRYPTION_KEY,
        baseUrl: baseUrl ?? env.GHL_BASE_URL,
        apiVersion,
        fetch: fetch as ((url: string, init: RequestInit) => Promise<Response>) | undefined,
        now,
    }));
}
