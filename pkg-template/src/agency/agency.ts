import { Findings, invalid } from "../client/input.js";
import type { FetchInit } from "../client/options.js";
import { sentAt } from "../edge/clock.js";
import type { NamespaceLike } from "../edge/stores.js";
import type { SyncStream } from "../edge-core.js";
import { AgencyError } from "./agency-error.js";
import { ask, MAX_ANSWER, responseOf } from "./answers.js";
import { call } from "./calls.js";
import { settingsOf, STATES, type AgencyEnv, type AgencyRunOptions, type AgencyStatus, type AgencyStatusOptions } from "./config.js";
import { STREAMS } from "./database.js";
import { companyOf, isId, isRun, type CompanyObject, type LocationObject, type Refused, type Unanswered, type Wanted } from "./messages.js";

/** The object that knows all companies; none of them has such an id. */
const ALL = ":companies";

/** What a cron trigger tells, as Cloudflare's. */
export interface AgencySchedule {
    /** When it was due, in milliseconds since 1970. */
    readonly scheduledTime?: number;
    /** Its expression. */
    readonly cron?: string;
}

/**
 * Begins to sync the locations of a company, and gives the name of the run. The rest is done by the queue and the Durable Objects, also
 * where this Worker is gone.
 *
 * ```ts
 * import { agencyStatus, startAgencySync, type AgencyEnv } from "ghl-payments/cloudflare";
 *
 * export default {
 *     async fetch(request: Request, env: AgencyEnv): Promise<Response> {
 *         const run = await startAgencySync(env, { company: "5DP4iH6HLkQsiKESj6rh", streams: ["orders", "transactions"], mode: "full" });
 *         return Response.json(await agencyStatus(env, run));
 *     },
 * };
 * ```
 *
 * Throws a ValidationError that lists what is wrong with the options, and an AgencyError with the code `run_active` where the company has
 * a run that has not ended (its name is in `run`), `no_locations`, `run_canceled`, or what its tables failed with: then nothing has begun.
 *
 * @param env The Worker's bindings.
 * @param options What is read.
 */
export async function startAgencySync(env: AgencyEnv, options: AgencyRunOptions): Promise<string> {
    const wanted = read(env, options);
    settingsOf(env).ready();
    const { company, streams, details } = wanted;
    const { run } = given(await call<CompanyObject, "start">(env.COMPANIES, company, "start", wanted));
    await call<CompanyObject, "register">(env.COMPANIES, ALL, "register", company, streams, details);
    // What an INSTALL has told counts for more.
    if (wanted.locations !== undefined) await call<CompanyObject, "home">(env.COMPANIES, ALL, "home", wanted.locations, company, 0);
    return run;
}

function read(env: AgencyEnv, options: AgencyRunOptions): Wanted {
    bound(env);
    if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
    const found = new Findings();
    const { company, streams = STREAMS, mode = "full", locations, details = false, ...others } = options;
    for (const name of Object.keys(others)) found.add(name, "is no option here; known are company, streams, mode, locations, details");
    if (!isId(company)) found.add("company", "must be the id of a company: letters, digits, _ and -");
    if (!Array.isArray(streams) || streams.length === 0) found.add("streams", `must be a list of some of ${STREAMS.join(", ")}`);
    else {
        for (const [i, stream] of streams.entries()) {
            if (!STREAMS.includes(stream)) found.add(`streams[${i}]`, `must be one of ${STREAMS.join(", ")}`);
        }
    }
    if (mode !== "full" && mode !== "window") found.add("mode", "must be full or window");
    if (typeof details !== "boolean") found.add("details", "must be true or false");
    if (locations !== undefined) checkLocations(locations, found);
    if (found.issues.length > 0) throw found.error();
    return { company, streams: [...new Set(streams)], mode, details, ...(locations !== undefined && { locations: [...new Set(locations)] }) };
}

function checkLocations(locations: unknown, found: Findings): void {
    if (!Array.isArray(locations) || locations.length === 0) {
        found.add("locations", "must be a list of ids of locations, with one at least");
        return;
    }
    const wrong = locations.findIndex((location) => !isId(location));
    if (wrong >= 0) found.add(`locations[${wrong}]`, "must be the id of a location: letters, digits, _ and -");
}

/** Fails where what everything goes through is not bound, and where the clock is none: in an object nobody would see why. */
function bound(env: AgencyEnv): void {
    const found = new Findings();
    const namespaces = { LOCATIONS: "GhlLocation", COMPANIES: "GhlCompany" } as const;
    for (const [name, of] of Object.entries(namespaces)) {
        const namespace = env?.[name as keyof typeof namespaces] as NamespaceLike | undefined;
        if (typeof namespace?.idFromName !== "function") found.add(`env.${name}`, `must be the binding of a Durable Object namespace with the class ${of}`);
    }
    if (typeof env?.SYNC?.sendBatch !== "function") found.add("env.SYNC", "must be the binding of a queue");
    if (typeof env?.FILES?.put !== "function") found.add("env.FILES", "must be the binding of an R2 bucket");
    if (found.issues.length > 0) throw found.error();
    settingsOf(env).now();
}

/** What an object has given, or what it refuses. */
function given<T extends object>(answer: T | Refused): T {
    if (!("refused" in answer)) return answer;
    throw new AgencyError(answer.refused);
}

/** The company object of a run. */
function owner(env: AgencyEnv, run: string): string {
    bound(env);
    const company = isRun(run) ? companyOf(run) : undefined;
    if (company === undefined) throw invalid("run", "must be the name of a run, as startAgencySync gives it");
    return company;
}

/** The options of a function that knows these. */
function optionsOf<T extends object>(options: T, known: readonly (keyof T & string)[], found: Findings): T {
    if (typeof options !== "object" || options === null) {
        found.add("options", "must be an object");
        return {} as T;
    }
    const given = found.object("options", options) as T;
    for (const name of Object.keys(given)) {
        if (!(known as readonly string[]).includes(name)) found.add(name, `is no option here; known are ${known.join(", ")}`);
    }
    return given;
}

/**
 * How far a run is, with a page of its locations.
 *
 * Throws an AgencyError with the code `unknown_run` where there is none of this name; the last 20 runs of a company are remembered.
 *
 * @param env The Worker's bindings.
 * @param run The name of the run.
 * @param options Which locations.
 */
export async function agencyStatus(env: AgencyEnv, run: string, options: AgencyStatusOptions = {}): Promise<AgencyStatus> {
    const found = new Findings();
    const { after, limit, state } = optionsOf(options, ["after", "limit", "state"], found);
    if (after !== undefined && typeof after !== "string") found.add("after", "must be the id of a location");
    if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0 && limit <= 1000)) found.add("limit", "must be a whole number from 1 to 1000");
    if (state !== undefined && !STATES.includes(state)) found.add("state", `must be one of ${STATES.join(", ")}`);
    if (found.issues.length > 0) throw found.error();
    return given(await call<CompanyObject, "status">(env.COMPANIES, owner(env, run), "status", run, { after, limit, state }));
}

/** Which locations are tried again. */
export interface RetryOptions {
    /** Those of them that have failed or were revoked; when left out all, but those that have removed the app. */
    locations?: readonly string[] | undefined;
}

/**
 * Tries locations again that have failed or were revoked: in the run, or, where that has ended and its manifest is written, in a new one.
 * Gives the name of the run that they are in; that of the old one where there is nothing to try again.
 *
 * Throws as {@link agencyStatus} and {@link startAgencySync} do.
 *
 * @param env The Worker's bindings.
 * @param run The name of the run.
 * @param options Which locations.
 */
export async function retryAgencySync(env: AgencyEnv, run: string, options: RetryOptions = {}): Promise<string> {
    const found = new Findings();
    const { locations } = optionsOf(options, ["locations"], found);
    if (locations !== undefined) checkLocations(locations, found);
    if (found.issues.length > 0) throw found.error();
    return given(await call<CompanyObject, "retry">(env.COMPANIES, owner(env, run), "retry", run, locations && [...locations])).run;
}

/**
 * Gets a run going again that is `stalled`: the messages of all that are at work are sent again, and nobody waits for a pause to end. It
 * changes nothing where everything works, or has ended.
 *
 * Throws as {@link agencyStatus} does.
 *
 * @param env The Worker's bindings.
 * @param run The name of the run.
 */
export async function resumeAgencySync(env: AgencyEnv, run: string): Promise<void> {
    given(await call<CompanyObject, "resume">(env.COMPANIES, owner(env, run), "resume", run));
}

/**
 * Ends a run: whatever has not ended has failed, with the reason `canceled`, and the manifest is written. A location that is at work
 * ends its turn, and gets no other. It changes nothing where the run has ended. One that has not begun yet is forgotten, and
 * `startAgencySync` throws an AgencyError with the code `run_canceled`.
 *
 * Throws as {@link agencyStatus} does.
 *
 * @param env The Worker's bindings.
 * @param run The name of the run.
 */
export async function cancelAgencySync(env: AgencyEnv, run: string): Promise<void> {
    given(await call<CompanyObject, "cancel">(env.COMPANIES, owner(env, run), "cancel", run));
}

/**
 * What a cron trigger does: it begins a `window` run of each company that was synced before, of the streams that its last run had, and
 * looks after runs that have not ended. Which lists are read as a whole again is decided by their age.
 *
 * ```ts
 * import { agencyScheduled, type AgencyEnv, type AgencySchedule } from "ghl-payments/cloudflare";
 *
 * export default {
 *     scheduled: (event: AgencySchedule, env: AgencyEnv) => agencyScheduled(event, env),
 * };
 * ```
 *
 * @param event What the trigger tells.
 * @param env The Worker's bindings.
 */
export async function agencyScheduled(event: AgencySchedule, env: AgencyEnv): Promise<void> {
    bound(env);
    const { log } = settingsOf(env);
    log({ event: "scheduled", cron: event?.cron });
    for (const { company, streams, details } of await call<CompanyObject, "registered">(env.COMPANIES, ALL, "registered")) {
        try {
            if (await call<CompanyObject, "tend">(env.COMPANIES, company, "tend")) continue;
            given(await call<CompanyObject, "start">(env.COMPANIES, company, "start", { company, streams, details, mode: "window" }));
        } catch (cause) {
            log({ event: "unscheduled", company, error: AgencyError.is(cause) ? cause.code : "Error" });
        }
    }
}

/**
 * Takes the webhooks INSTALL and UNINSTALL, once their signature was checked: the next runs of the company know the location, or do not
 * read it any more; an UNINSTALL that names no company is that of the company which is known to have the location. Of two events the one
 * with the later `timestamp` counts, in whichever order they come. A location that was `revoked` comes to the line again: of the run that
 * goes on, or of a new one. One that comes while a run of all locations goes on is read by that run; in the run of a company that has it no
 * more it is `revoked`. Where the tokens are the default ones, this is `oauth.onInstall` as well, and events of another app change
 * nothing. Other types change nothing.
 *
 * ```ts
 * import { agencyInstalled, type AgencyEnv } from "ghl-payments/cloudflare";
 * import { createWebhookHandler, durableSeen, type NamespaceLike } from "ghl-payments/edge";
 *
 * interface Env extends AgencyEnv {
 *     LEDGER: NamespaceLike;
 * }
 *
 * const webhooks = (env: Env) =>
 *     createWebhookHandler({
 *         seen: durableSeen(env.LEDGER),
 *         on: { INSTALL: (event) => agencyInstalled(env, event), UNINSTALL: (event) => agencyInstalled(env, event) },
 *     });
 * ```
 *
 * @param env The Worker's bindings.
 * @param event The event.
 */
export async function agencyInstalled(env: AgencyEnv, event: object): Promise<void> {
    bound(env);
    const { type, companyId, locationId, timestamp } = flat(event);
    if (type !== "INSTALL" && type !== "UNINSTALL") return;
    const settings = settingsOf(env);
    const now = settings.now();
    const location = isId(locationId) ? locationId : undefined;
    if (!(await settings.installed(event))) return settings.log({ event: "foreign", type, location, problem: "an event of another app" });
    const has = type === "INSTALL";
    const at = sentAt(timestamp, now) ?? now;
    const tell = (company: string, has: boolean) => call<CompanyObject, "installed">(env.COMPANIES, company, "installed", company, location, has, at);
    const named = isId(companyId) ? companyId : undefined;
    const [home] = location === undefined ? [] : await call<CompanyObject, "home">(env.COMPANIES, ALL, "home", [location], has ? named : undefined, at);
    const company = named ?? home?.was;
    if (company === undefined) return settings.log({ event: "homeless", type, location });
    // Another company has had it installed since.
    if (has && home !== undefined && home.is !== company) return settings.log({ event: "outdated", location, type });
    // It belongs to another company now.
    if (has && home?.was !== undefined && home.was !== company) await tell(home.was, false);
    await tell(company, has);
}

/**
 * Takes a webhook of a location, once its signature was checked, as a hint: if it is about orders, invoices, payments, subscriptions or
 * coupons, the lists that it concerns are looked at some seconds later for what was created since the day before, of that location alone
 * and only where a run has read them before; an order that the event names is read however old it is. Hints that come meanwhile are one.
 * Gives whether it looks.
 *
 * ```ts
 * import { agencyHint, type AgencyEnv } from "ghl-payments/cloudflare";
 * import { createWebhookHandler, durableSeen, type NamespaceLike } from "ghl-payments/edge";
 *
 * const webhooks = (env: AgencyEnv & { LEDGER: NamespaceLike }) =>
 *     createWebhookHandler({ seen: durableSeen(env.LEDGER), on: { "*": (event) => agencyHint(env, event) } });
 * ```
 *
 * @param env The Worker's bindings.
 * @param event The event.
 */
export async function agencyHint(env: AgencyEnv, event: object): Promise<boolean> {
    bound(env);
    const { type, locationId, altId, _id, orderId } = flat(event);
    const location = isId(locationId) ? locationId : altId;
    const [, streams] = CONCERNED.find(([words]) => typeof type === "string" && words.test(type)) ?? [];
    if (streams === undefined || !isId(location)) return false;
    const order = [orderId, /^order/i.test(type as string) ? _id : undefined].find(isId);
    return call<LocationObject, "hint">(env.LOCATIONS, location, "hint", streams, order);
}

/** Which lists events of which types are about. A payment changes its order as well. */
const CONCERNED: readonly [types: RegExp, streams: readonly SyncStream[]][] = [
    [/subscription/i, ["orders", "transactions", "subscriptions"]],
    [/order|invoice|payment|transaction|refund/i, ["orders", "transactions"]],
    [/coupon/i, ["coupons"]],
];

/** What an event names, flat or in an envelope. */
function flat(event: object): Record<string, unknown> {
    if (typeof event !== "object" || event === null) throw invalid("event", "must be a webhook's event");
    const { data } = event as { data?: unknown };
    return { ...(typeof data === "object" && data !== null ? data : {}), ...event } as Record<string, unknown>;
}

/**
 * A `fetch` for `createProxy` and `PaymentsClient` that sends requests through the Durable Object of their location: they share its limits
 * with the sync, and go first. What names no location goes out directly.
 *
 * ```ts
 * import { locationFetch, type AgencyEnv } from "ghl-payments/cloudflare";
 * import { PaymentsClient } from "ghl-payments/edge";
 *
 * const paymentsOf = (env: AgencyEnv, token: string, locationId: string) =>
 *     new PaymentsClient({ token, locationId, fetch: locationFetch(env), limiter: false });
 * ```
 *
 * Where the limit of the location is used up for longer than a request can wait, the answer is a 429 that says for how long. A request that
 * was aborted, or whose caller has gone, while it waits for its turn, is not sent. It takes what the global `fetch` takes, with a body that
 * is text; what that would refuse is a TypeError before anything is sent.
 *
 * @param env The Worker's bindings.
 */
export function locationFetch(env: AgencyEnv): (input: string | URL | Request, init?: RequestInit) => Promise<Response> {
    bound(env);
    return async (input, given) => {
        const { url, init } = await requestOf(input, given);
        const { method, headers, body, signal } = init;
        if (signal?.aborted) throw signal.reason;
        const location = locationOf(url, init);
        if (location === undefined) return directly(env, url, init);
        // Not through call(): of a request that has left nobody knows whether it was carried out.
        const object = env.LOCATIONS.get(env.LOCATIONS.idFromName(location) as never) as LocationObject;
        const answer = object.send({ url, method, headers, ...(body !== undefined && { body }) }, () => signal?.aborted !== true).then(answered);
        return signal ? until(signal, answer) : answer;
    };
}

/** Sends a request that is about no location. */
async function directly(env: AgencyEnv, url: string, init: FetchInit): Promise<Response> {
    const { fetch: own, timeoutMs } = settingsOf(env);
    return own === undefined ? fetch(url, init) : responseOf(await ask(url, init, { fetch: own, timeoutMs, max: MAX_ANSWER }));
}

/** What the object has given, or the error that it has met. */
function answered(answer: Response | Unanswered): Response {
    if (!("failed" in answer)) return answer;
    const { name, message } = answer.failed;
    throw name === "TimeoutError" || name === "AbortError" ? new DOMException(message, name) : new TypeError(message);
}

/** Whether it is what a client of this package gives, which is sent as it is. */
function isFetchInit(input: unknown, init: RequestInit | undefined): init is FetchInit {
    const { method, headers, body } = init ?? {};
    const isPlain = typeof headers === "object" && Object.getPrototypeOf(headers) === Object.prototype && Object.values(headers).every(isText);
    return isText(input) && isPlain && METHODS.includes(method as string) && (body === undefined || isText(body));
}

const isText = (value: unknown) => typeof value === "string";

const METHODS: readonly string[] = ["GET", "POST", "PUT", "DELETE"] satisfies FetchInit["method"][];

/** A request in any form that the global `fetch` takes, in that of the client's. Throws a TypeError of what that would refuse. */
async function requestOf(input: string | URL | Request, given: RequestInit | undefined): Promise<{ url: string; init: FetchInit }> {
    if (!isText(input) && (typeof input !== "object" || input === null)) {
        throw new TypeError("locationFetch: the first argument must be what is fetched: an address, a URL or a Request");
    }
    // Also where nothing of it is used: what is wrong has to be known before anything is sent.
    const request = new Request(input, given);
    if (isFetchInit(input, given)) return { url: input as string, init: given };
    const { url, method, headers, signal } = request;
    const text = request.body === null ? undefined : decoded(await request.arrayBuffer());
    const init = { method, headers: Object.fromEntries(headers), ...(text !== undefined && { body: text }), redirect: "manual", signal };
    return { url, init: init as FetchInit };
}

function decoded(body: ArrayBuffer): string {
    try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    } catch (cause) {
        throw new TypeError("locationFetch: the body must be text, in UTF-8: nothing else crosses to the object of the location", { cause });
    }
}

/** The location that a request of this package's client is about. */
function locationOf(url: string, { body }: FetchInit): string | undefined {
    const { searchParams } = new URL(url);
    const named = searchParams.get("altId") ?? searchParams.get("locationId") ?? undefined;
    if (named !== undefined || body === undefined) return isId(named) ? named : undefined;
    try {
        const { altId, locationId } = JSON.parse(body) as { altId?: unknown; locationId?: unknown };
        return [altId, locationId].find(isId);
    } catch {
        return undefined;
    }
}

/** What comes of the work, unless it is given up before. */
function until(signal: AbortSignal, work: Promise<Response>): Promise<Response> {
    return new Promise((resolve, reject) => {
        const stop = () => {
            reject(signal.reason);
            // Nobody reads it any more.
            work.then((answer) => answer.body?.cancel()).catch(() => {});
        };
        if (signal.aborted) stop();
        signal.addEventListener("abort", stop, { once: true });
        work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
    });
}
