import { failure, ValidationError } from "../client/errors.js";
import { Findings, invalid } from "../client/input.js";
import { exchange, pause, shared } from "../exchange.js";
import { oauth as decide } from "../edge-core.js";
import { AHEAD_MS, clockOf, sentAt } from "./clock.js";
import { called } from "./module.js";
import { OAuthError, type OAuthErrorCode } from "./oauth-error.js";
import { addressed } from "./request.js";
import type { TokenRow, TokenStore, TokenTransaction } from "./stores.js";
import { digest, random, Vault, type KeySource } from "./vault.js";

/** What {@link createOAuth} takes. */
export interface OAuthOptions {
    /** The client id of your marketplace app. */
    clientId: string;
    /** Its client secret. It also signs states, and encrypts rows where there is no `encryptionKey`. */
    clientSecret: string;
    /** Where HighLevel sends users back to, which {@link OAuth.callback} handles: https, or http on a loopback host. */
    redirectUri: string;
    /**
     * What the app asks for, such as `payments/orders.readonly`: a list, or text with spaces between. Where companies install it,
     * `oauth.write` has to be among them: without it HighLevel gives no tokens for their locations.
     */
    scopes: readonly string[] | string;
    /** Where tokens are kept: `durableStore`, `d1Store`, `memoryStore`, or one of your own. */
    store: TokenStore;
    /**
     * Encrypts what is stored (AES-256-GCM): text of at least 16 characters or as many bytes, best random ones
     * (`openssl rand -base64 32`); or a list of them, the newest first. Rows of older keys are read, and written with the
     * newest. Without it the client secret does it: then put the old client secret here before you replace it.
     */
    encryptionKey?: KeySource | readonly KeySource[] | undefined;
    /** The `Version` header: `2021-07-28`, the default, or `v3`, with which names are written in camel case. */
    apiVersion?: string | undefined;
    /** Where the endpoints are; HighLevel's address by default. */
    baseUrl?: string | undefined;
    /** Where users choose an account; of an agency with its own domain `https://marketplace.leadconnectorhq.com/oauth/chooselocation`. */
    authorizationUrl?: string | undefined;
    /** The version of an app that is not public yet, which HighLevel demands (`error.noversionid`). */
    versionId?: string | undefined;
    /** Whose token a code is exchanged for; left out, HighLevel decides by what the user chose. */
    userType?: "Location" | "Company" | undefined;
    /**
     * Whether callbacks count that bring no state, `false` by default. HighLevel's marketplace sends those who install the app
     * there straight to `redirectUri`. With `true` anybody can make anybody's browser finish an installation: do not take the
     * account of such a callback for that of your signed-in user.
     */
    unsolicited?: boolean | undefined;
    /** How long one request to an endpoint may take: 10,000 ms by default, 60,000 at the most. */
    timeoutMs?: number | undefined;
    /** Instead of the global `fetch`; called as `fetch(url, init)`. */
    fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
    /** The clock, in milliseconds since 1970; `Date.now` by default. */
    now?: (() => number) | undefined;
}

/** What {@link OAuth.authorizeUrl} gives. */
export interface Authorization {
    /** The address to send the browser to. */
    url: string;
    /** `Set-Cookie`, which has to go to the browser together with the address, and `Cache-Control`. */
    headers: Headers;
    /** A response that does both: 302 to the address, with the cookie. */
    redirect(): Response;
    /** The address. */
    toString(): string;
}

/** Who installed the app, as {@link OAuth.callback} gives it. The tokens are in the store. */
export interface Installed {
    /** Whether a location or a whole company was chosen. */
    userType: "Location" | "Company";
    /** The company. */
    companyId?: string;
    /** The location, where one was chosen. */
    locationId?: string;
    /** Who allowed it. */
    userId?: string;
    /** What was allowed. */
    scopes: string[];
    /** Whether it was installed in several locations at once; their INSTALL webhooks tell which ({@link OAuth.onInstall}). */
    isBulkInstallation: boolean;
    /** Those of them that HighLevel has named already. */
    approvedLocations: string[];
    /** What was given to {@link OAuth.authorizeUrl}. */
    state?: string;
    /** `Set-Cookie` that takes the cookie away again. */
    headers: Headers;
}

/** Which token is wanted. */
export interface TokenWanted {
    /** The location. */
    locationId?: string | undefined;
    /** Its company, where no INSTALL has told; without a location, the company whose token is wanted. */
    companyId?: string | undefined;
    /** The token that was answered with 401: another one is wanted. */
    refused?: string | undefined;
}

/** What {@link OAuth.authorizeUrl} takes. */
export interface AuthorizeOptions {
    /** What you want to have back with the callback, such as where to go then; at most 1024 bytes. The browser can read it. */
    state?: string | undefined;
}

/** What {@link OAuth.callback} takes where it is to send the browser on. */
export interface RedirectOptions {
    /**
     * Where to, or a function that says it: a path of the app, or an address that begins with `https://` or `http://`. Text that
     * is neither and leads to another origin, such as `//evil.example`, is a ValidationError. Do not take an address from a state
     * that somebody else may have written.
     */
    redirectTo: string | ((installed: Installed) => string | Promise<string>);
}

/** A company, where an id alone would be that of a location. */
export interface CompanyAccount {
    /** The company's id. */
    companyId: string;
}

/** The tokens of an app. Its methods need no `this`: `new PaymentsClient({ token: oauth.token })`. */
export interface OAuth {
    /**
     * Where a browser has to go to install the app, and the cookie that has to go along: only this browser can bring the
     * code back, once, within ten minutes.
     *
     * @param options What comes back with the callback.
     */
    authorizeUrl(options?: AuthorizeOptions): Promise<Authorization>;
    /**
     * Handles a request to `redirectUri`: checks the state, exchanges the code, once, and stores the tokens. Throws an OAuthError
     * with the code `state_...`, `authorization_denied`, `code_...`, or one of the token endpoint.
     *
     * @param request What the browser asks.
     */
    callback(request: Request): Promise<Installed>;
    /**
     * As the other form, and then sends the browser on.
     *
     * @param request What the browser asks.
     * @param options Where to.
     */
    callback(request: Request, options: RedirectOptions): Promise<Response>;
    /**
     * A token of a location that is good at least for some minutes. It is refreshed once for all who ask, in all isolates.
     *
     * @param location The location's id; or that in an object, as a `PaymentsClient` asks.
     * @param wanted `refused`: the token that was answered with 401.
     */
    token(location: string | TokenWanted, wanted?: Omit<TokenWanted, "locationId">): Promise<string>;
    /**
     * Takes the webhook INSTALL or UNINSTALL, once its signature was checked: that of another app (`appId`) is a ValidationError,
     * and an UNINSTALL whose `timestamp` is older than the installation changes nothing. Where no callback brings tokens,
     * `token()` asks for them (`POST /oauth/reconnect`). With a company's UNINSTALL the tokens of the locations under it are
     * dropped, in other isolates within a minute; the next `token()` of each asks HighLevel once whether the location has the app
     * by itself. A location of a bulk installation gets its token from its company's, also where the webhook comes before the
     * company's token does: then with the first `token()`. What HighLevel refuses the company for it, it may have by itself.
     * 500 of them at once are spread over a minute, so that HighLevel answers none with 429.
     *
     * @param event The event, flat or in an envelope.
     */
    onInstall(event: object): Promise<void>;
    /**
     * Asks HighLevel for new tokens of an app that is installed, whatever is stored (`POST /oauth/reconnect`). `token()` does
     * so by itself where a refresh token has died or none has come, at most once a minute where HighLevel refuses. For a location
     * that has its tokens from its company's, it asks for those, and reconnects the company where it has none.
     *
     * @param account The location's id, or `{ companyId }`.
     */
    reconnect(account: string | CompanyAccount): Promise<void>;
    /**
     * Deletes what is stored, as after UNINSTALL, also what cannot be read.
     *
     * @param account The location's id, or `{ companyId }`.
     */
    forget(account: string | CompanyAccount): Promise<void>;
}

/** One step of the state machine in the module. */
interface Step {
    then: "post" | "wait" | "company" | "give" | "installed" | "done" | "fail";
    /** Where the account stands, such as `active`. */
    status: string;
    progress: string;
    /** What is to be stored first. */
    write?: string;
    url: string;
    headers: Record<string, string>;
    body: string;
    ms: number;
    /** The company that the location belongs to; empty where nobody has said it. */
    companyId: string;
    /** Of a location whose tokens its company asks for: when it was last known to have the app. */
    since?: number;
    refused: string;
    token: string;
    until: number;
    row?: string;
    about: string;
    failure: string;
}

/** What the module decides. */
type Task = "check" | "url" | "state" | "read" | "turn" | "limits" | "step";

/** What has happened, as the module takes it. */
interface Event {
    type: "ask" | "reconnect" | "code" | "installed" | "uninstalled" | "look" | "company" | "answer" | "late" | "lost" | "awake";
    refused?: string | undefined;
    companyId?: string | undefined;
    token?: string | undefined;
    at?: number | undefined;
    status?: number;
    headers?: Record<string, string>;
}

/** Of an answer; what else it may hold is not looked at. */
const HEADERS = [
    "retry-after", "retry-after-ms", "date", "x-ratelimit-max", "x-ratelimit-remaining", "x-ratelimit-interval-milliseconds",
];

/** The longest answer of an endpoint, in bytes; a token answer has some 2000. */
const MAX_ANSWER = 1 << 20;

/** A promise of `exchange` or `shared` that ended as it should. */
const DONE = 3;

/** For so long, in milliseconds, a token is given again without a look into the store, and of so many accounts. */
const KEPT_MS = 60_000;
const MAX_KEPT = 1000;

/** For so long, in milliseconds, a state counts. */
const STATE_MS = 600_000;

/** How often a row is written that the store refuses: with it, tokens would be lost. */
const MAX_WRITES = 3;

/** For so long anybody waits for a token, with everybody else's turns before. */
const MAX_WAIT_MS = 600_000;

/** How many locations of a bulk installation are noted at the same time. */
const AT_ONCE = 10;

/** The least that is taken for a key. */
const MIN_KEY = 16;

/**
 * OAuth of a marketplace app: its installations, and tokens that never run out.
 *
 * ```ts
 * import { createOAuth, durableStore, PaymentsClient, type NamespaceLike, type OAuth } from "ghl-payments/edge";
 *
 * interface Env {
 *     TOKENS: NamespaceLike;
 *     CLIENT_SECRET: string;
 *     KEY: string;
 * }
 *
 * let oauth: OAuth | undefined;
 *
 * export default {
 *     async fetch(request: Request, env: Env): Promise<Response> {
 *         oauth ??= createOAuth({
 *             clientId: "6653f0a1",
 *             clientSecret: env.CLIENT_SECRET,
 *             redirectUri: "https://app.example/callback",
 *             scopes: ["payments/orders.readonly"],
 *             store: durableStore(env.TOKENS),
 *             encryptionKey: env.KEY,
 *         });
 *         const { pathname } = new URL(request.url);
 *         if (pathname === "/install") return (await oauth.authorizeUrl()).redirect();
 *         if (pathname === "/callback") return oauth.callback(request, { redirectTo: "/" });
 *         const payments = new PaymentsClient({ token: oauth.token, locationId: "3SwdhCu3svxI8AKsPJt6" });
 *         return Response.json(await payments.orders.list({ limit: 5 }));
 *     },
 * };
 * ```
 *
 * Throws a ValidationError that says what is wrong with the options.
 *
 * @param options Credentials, addresses and the store.
 */
export function createOAuth(options: OAuthOptions): OAuth {
    if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
    const { store, encryptionKey, fetch, now: given = Date.now, ...values } = options;
    const now = clockOf(given);
    const found = new Findings();
    found.whole(options);
    found.callable("fetch", fetch);
    found.callable("now", given);
    if (typeof store?.run !== "function") {
        found.add("store", "must be durableStore(env.TOKENS), d1Store(env.DB), memoryStore() or an object with run(id, work)");
    }
    const keys = keysOf(encryptionKey, found);
    const text = found.options(values) || "{}";
    const core = (task: Task, row = "", held = "", progress = "", event?: object, body?: Uint8Array) =>
        called(() => decide(task, text, row, held, progress, event === undefined ? "" : JSON.stringify(event), body ?? new Uint8Array(), now(), Math.random()));
    const served = found.issues.some(({ path }) => path === "now") ? "" : core("check");
    if (served.startsWith("{")) throw found.error(failure(served));
    if (found.issues.length > 0) throw found.error();
    const insecure = served === "insecure";
    const vault = new Vault([...keys, options.clientSecret]);
    const kept = new Map<string, { token: string; until: number }>();
    /** How often something was forgotten: a token that was asked for before that is not kept. */
    let removals = 0;
    /** The limits that an answer has named last, by company. */
    const limits = new Map<string, string>();

    const take = async <T>(id: string, work: (tx: TokenTransaction) => Promise<T>): Promise<T> => {
        try {
            return await store.run(id, work);
        } catch (cause) {
            if (cause instanceof OAuthError || cause instanceof ValidationError) throw cause;
            throw new OAuthError({ code: "store_failed", message: "the store failed; see cause", retryable: true }, cause);
        }
    };

    const write = async (tx: TokenTransaction, id: string, state: string): Promise<void> =>
        put(tx, { value: state && (await vault.seal(id, state)) });

    /** Writes a row, again where nobody knows whether it was written. */
    const put = async (tx: TokenTransaction, row: TokenRow): Promise<void> => {
        for (let tries = 1; ; tries++) {
            try {
                return await tx.put(row);
            } catch (cause) {
                if (tries === MAX_WRITES || (cause instanceof OAuthError && cause.code === "lease_lost")) throw cause;
                await pause(50 * tries);
            }
        }
    };

    const post = async ({ url, headers, body, ms }: Step): Promise<{ event: Event; body: Uint8Array }> => {
        const end = await exchange(fetch, "POST", url, JSON.stringify(headers), body, ms, undefined, MAX_ANSWER);
        const nothing = new Uint8Array();
        if (end.how !== DONE || !end.response) return { event: { type: "lost" }, body: nothing };
        const named = HEADERS.map((name) => [name, end.headers?.get(name)] as const).filter(([, value]) => value);
        return {
            event: { type: "answer", status: end.response.status, headers: Object.fromEntries(named) as Record<string, string> },
            body: end.body ?? nothing,
        };
    };

    /** Goes with one row from what has happened to what comes of it. */
    const settle = async (id: string, event: Event, progress = "", body?: Uint8Array): Promise<Step> => {
        /** An answer to a refresh whose row could not be stored: its tokens are the only ones that are good. */
        let unsaved: { event: Event; body: Uint8Array; cause: unknown } | undefined;
        let learned: Promise<void> | undefined;
        const end = await take(id, async (tx) => {
            const row = await tx.get();
            let state = "";
            try {
                if (isThere(row, now())) state = await vault.open(id, row.value);
            } catch (cause) {
                // It is as good as none for who replaces or deletes it.
                if (event.type !== "reconnect" && event.type !== "uninstalled") throw cause;
            }
            for (let sent = ""; ; ) {
                const step = JSON.parse(core("step", id, state, progress, event, body)) as Step;
                progress = step.progress;
                if (step.write !== undefined) {
                    try {
                        await write(tx, id, step.write);
                    } catch (cause) {
                        if (event.type !== "answer" || sent === "") throw cause;
                        unsaved = { event: { ...event, type: "late", token: sent }, body: body!, cause };
                        return undefined;
                    }
                    state = step.write;
                }
                if (step.then === "post") {
                    const form = new URLSearchParams(step.body);
                    sent = form.get("refresh_token") ?? form.get("refreshToken") ?? "";
                    ({ event, body } = await post(step));
                    // Nobody waits here: a store with one lock for all would wait for itself.
                    learned = learn(form.get("companyId"), event).catch(() => {});
                } else if (step.then === "wait") {
                    await pause(step.ms);
                    [event, body] = [{ type: "awake" }, undefined];
                } else {
                    return step;
                }
            }
        });
        await learned;
        if (end) return end;
        // Whoever has the row now finds the intent. What came late is put in its place, and then it is asked for again.
        const { event: late, body: answer, cause } = unsaved!;
        for (let tries = 1; ; tries++) {
            try {
                await settle(id, late, "", answer);
                break;
            } catch (again) {
                if (tries === MAX_WRITES) throw again;
                await pause(200 * tries);
            }
        }
        const again = await settle(id, { type: "ask" });
        if (again.then === "give") return again;
        throw cause;
    };

    /** Keeps to the limits that an answer to a company's request names. */
    const learn = async (companyId: string | null, event: Event): Promise<void> => {
        const { status, headers = {} } = event;
        const named = `${headers["x-ratelimit-max"]} ${headers["x-ratelimit-interval-milliseconds"]}`;
        if (companyId === null || (status !== 429 && (headers["x-ratelimit-max"] === undefined || limits.get(companyId) === named))) return;
        limits.set(companyId, named);
        const id = `pace:${companyId}`;
        await take(id, async (tx) => {
            const row = await tx.get();
            const next = core("limits", "", isThere(row, now()) ? row.value : "", "", event);
            if (next !== "") await put(tx, { value: next });
        });
    };

    /** Waits for a turn of the company's. */
    const turn = async (companyId: string): Promise<void> => {
        const ms = await take(`pace:${companyId}`, async (tx) => {
            const row = await tx.get();
            const next = JSON.parse(core("turn", "", isThere(row, now()) ? row.value : "")) as { row: string; ms: number };
            await put(tx, { value: next.row });
            return next.ms;
        });
        if (ms > 0) await pause(ms);
    };

    const known = (id: string): string | undefined => {
        const held = kept.get(id);
        const left = held ? held.until - now() : 0;
        // More is left where the clock was set back.
        return left > 0 && left <= KEPT_MS ? held!.token : undefined;
    };

    /** Gets a token, also where it takes another one for that. */
    const obtain = async (id: string, first: Event): Promise<Step> => {
        const before = removals;
        let end = await settle(id, first);
        /** When the company has removed the app, with all that it had given its locations. */
        let gone: number | undefined;
        // Of what a caller merely says to be the company's nothing is stored.
        if (first.type === "ask" && end.since) {
            const at = Number((await take(`gone:${end.companyId}`, (tx) => tx.get()))?.value ?? -1);
            if (at >= end.since && at <= now() + AHEAD_MS) {
                gone = at;
                // What the location has by itself is still there, and HighLevel alone knows whether there is any.
                end = await settle(id, { type: "reconnect" });
            }
        }
        while (end.then === "company") {
            const { companyId, refused, progress, since = 0 } = end;
            const company = `company:${companyId}`;
            const token = await tokenOf(company, refused || undefined, since > 0 && gone === undefined ? companyId : undefined)
                .catch(async (cause) => {
                    if (first.type !== "reconnect") throw cause;
                    return (await obtain(company, first)).token;
                })
                .catch((cause): undefined => {
                    if (cause.code !== "needs_install") throw cause;
                });
            if (token) await turn(companyId);
            end = await settle(id, { type: "company", token }, progress);
        }
        if (end.then === "fail") {
            const error = failed(end.failure);
            // From now on nobody asks for it, until it is installed again.
            if (gone !== undefined && error.code === "needs_install") await settle(id, { type: "uninstalled", at: gone });
            throw error;
        }
        if (end.then === "give") {
            kept.delete(id);
            if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value as string);
            if (removals === before) kept.set(id, { token: end.token, until: Math.min(end.until, now() + KEPT_MS) });
        }
        return end;
    };

    // One function, by which those who wait for the same token know each other.
    const fetchToken = async ({ locationId: wanted, refused }: { locationId: string; refused?: string }): Promise<string> => {
        const [id, companyId] = JSON.parse(wanted) as [string, string?];
        return (await obtain(id, { type: "ask", refused, companyId })).token;
    };

    const token: OAuth["token"] = async (location, more = {}) => {
        const { locationId, companyId, refused } = typeof location === "object" && location !== null ? location : { ...more, locationId: location };
        if (companyId !== undefined) checkId("companyId", companyId);
        if (locationId !== undefined || companyId === undefined) checkId("locationId", locationId);
        return locationId === undefined ? tokenOf(`company:${companyId}`, refused) : tokenOf(`location:${locationId}`, refused, companyId);
    };

    const tokenOf = async (id: string, refused?: string, companyId?: string): Promise<string> => {
        const token = known(id);
        if (token !== undefined && token !== refused) return token;
        const end = await shared(fetchToken, JSON.stringify([id, companyId]), refused, undefined, MAX_WAIT_MS);
        if (end.how === DONE) return end.token as string;
        throw end.cause ?? new OAuthError({ code: "store_busy", message: "there was no token in ten minutes", retryable: true });
    };

    /** Deletes what is known, unless it is newer; without a time, whatever it is. */
    const remove = async (account: string | CompanyAccount, at?: number): Promise<void> => {
        const id = rowIdOf(account);
        removals++;
        await settle(id, { type: "uninstalled", at });
        kept.delete(id);
        if (typeof account !== "object") return;
        // What locations have by this company's token is dead as well.
        await take(`gone:${account.companyId}`, async (tx) => {
            const before = Number((await tx.get())?.value ?? 0);
            // One that a clock has written which was far ahead would stand above all that come after it.
            await put(tx, { value: `${Math.max(before <= now() + AHEAD_MS ? before : 0, at ?? now())}` });
        });
        kept.clear();
    };

    const cookieOf = (nonce: string): string => `${insecure ? "" : "__Host-"}ghl-oauth-${nonce.slice(0, 8)}`;
    const cookie = (nonce: string, value: string, seconds: number): Headers => {
        const parts = [`${cookieOf(nonce)}=${value}`, "Path=/", `Max-Age=${seconds}`, "HttpOnly", "SameSite=Lax"];
        if (!insecure) parts.push("Secure");
        return new Headers({ "set-cookie": parts.join("; "), "cache-control": "no-store" });
    };

    const authorizeUrl: OAuth["authorizeUrl"] = async ({ state: data } = {}) => {
        if (data !== undefined && typeof data !== "string") throw invalid("state", "must be text");
        const [nonce, browser] = [random(16), random(32)];
        const bound = await digest(browser);
        const payload = core("state", nonce, bound, "", { data });
        if (payload === "") throw invalid("state", "must have at most 1024 bytes");
        const state = await vault.sign(payload);
        const url = core("url", "", state);
        const headers = cookie(nonce, browser, 600);
        const redirect = () => new Response(null, { status: 302, headers: new Headers([...headers, ["location", url]]) });
        return { url, headers, redirect, toString: () => url };
    };

    /** What a state holds that was made here, for this browser, not too long ago, and not used before. */
    const redeem = async (state: string, request: Request): Promise<{ nonce: string; data?: string }> => {
        const payload = await vault.signed(state);
        if (payload === undefined) throw wrong("state_invalid", "the state was not signed by this app");
        const [nonce] = payload.split("\n", 1) as [string];
        const browser = cookieValue(request.headers.get("cookie"), cookieOf(nonce));
        const bound = browser === undefined ? "" : await digest(browser);
        const held = JSON.parse(core("read", bound, payload)) as {
            code?: OAuthErrorCode; nonce: string; expiresAt: number; data?: string;
        };
        if (held.code === "state_foreign") {
            throw wrong(held.code, "the state was made for another browser, or this one keeps no cookies: the headers of authorizeUrl() have to reach it");
        }
        if (held.code) throw wrong(held.code, "the state is older than ten minutes: begin again with authorizeUrl()");
        const id = `state:${nonce}`;
        await take(id, async (tx) => {
            if (isThere(await tx.get(), now())) throw wrong("state_replayed", "the state was used before: begin again with authorizeUrl()");
            // Stores sweep by their own clock.
            await put(tx, { value: "used", expiresAt: Math.max(held.expiresAt, Date.now() + STATE_MS) + KEPT_MS });
        });
        return held;
    };

    /** Exchanges a code, exactly once, and stores what it gives. */
    const install = async (code: string): Promise<Omit<Installed, "headers">> => {
        let [event, progress, body]: [Event, string, Uint8Array | undefined] = [{ type: "code", token: code }, "", undefined];
        for (;;) {
            const step = JSON.parse(core("step", "", "", progress, event, body)) as Step;
            progress = step.progress;
            if (step.then === "post") {
                ({ event, body } = await post(step));
            } else if (step.then === "wait") {
                await pause(step.ms);
                [event, body] = [{ type: "awake" }, undefined];
            } else if (step.then === "installed") {
                const id = step.row!;
                // Whatever was there before: who installs an app anew wants what is new.
                await take(id, (tx) => write(tx, id, step.write!));
                kept.delete(id);
                return JSON.parse(step.about) as Omit<Installed, "headers">;
            } else {
                throw failed(step.failure);
            }
        }
    };

    /** Notes whose locations these are, as their webhooks will tell as well. */
    const note = async ({ companyId, approvedLocations }: Omit<Installed, "headers">): Promise<void> => {
        const left = [...approvedLocations];
        const one = async () => {
            for (let id = left.pop(); id !== undefined; id = left.pop()) {
                // It is a hint: what cannot be noted now is noted when its webhook comes.
                await settle(`location:${id}`, { type: "installed", companyId, at: now() }).catch(() => {});
            }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, one));
    };

    const callback = async (
        request: Request,
        options?: RedirectOptions,
    ): Promise<Installed | Response> => {
        const { searchParams } = addressed(request);
        const only = (name: string) => (searchParams.getAll(name).length === 1 ? searchParams.get(name)! : "");
        const state = only("state");
        const refusal = only("error");
        let held: { nonce?: string; data?: string } = {};
        if (state !== "") held = await redeem(state, request);
        else if (searchParams.has("state")) throw wrong("state_invalid", "the callback brings an empty state, or several");
        else if (refusal === "" && !values.unsolicited) {
            throw wrong("state_missing", "the callback brings no state: begin with authorizeUrl(), or set unsolicited where users come from the marketplace");
        }
        if (refusal !== "") {
            const messages = [refusal, only("error_description")].filter((text) => text !== "").map((text) => text.slice(0, 200));
            throw wrong("authorization_denied", `HighLevel sent the user back without a code: ${messages.join(": ")}`, messages);
        }
        const code = only("code");
        if (code === "") throw wrong("code_missing", "the callback brings no code");
        const about = await install(code);
        if (about.userType === "Company") await note(about);
        const installed: Installed = {
            ...about,
            ...(held.data !== undefined && { state: held.data }),
            headers: held.nonce === undefined ? new Headers({ "cache-control": "no-store" }) : cookie(held.nonce, "", 0),
        };
        if (options === undefined) return installed;
        const { redirectTo } = options;
        const target = typeof redirectTo === "function" ? await redirectTo(installed) : redirectTo;
        const location = addressOf(target, request.url);
        return new Response(null, { status: 302, headers: new Headers([...installed.headers, ["location", location]]) });
    };

    return {
        authorizeUrl,
        callback: callback as OAuth["callback"],
        token,
        async onInstall(event) {
            const { type, locationId, companyId, at } = accountOf(event, options.clientId, now());
            const account = locationId ?? { companyId: companyId! };
            if (type === "UNINSTALL") return remove(account, at);
            const { status } = await settle(rowIdOf(account), { type: "installed", companyId: locationId && companyId, at: at ?? now() });
            if (status !== "under_company" || locationId === undefined) return;
            try {
                // Where the company has no tokens yet, they come with the code.
                const company = `company:${companyId}`;
                if (known(company) === undefined && !/^[ar]/.test((await settle(company, { type: "look" })).status)) return;
                await token(locationId);
            } catch (error) {
                // The company's token is not there yet: the first who wants this one gets it.
                if (!(error instanceof OAuthError) || error.retryable) throw error;
            }
        },
        async reconnect(account) {
            const id = rowIdOf(account);
            kept.delete(id);
            await obtain(id, { type: "reconnect" });
        },
        async forget(account) {
            await remove(account);
        },
    };
}

function isThere(row: TokenRow | null | undefined, now: number): row is TokenRow {
    return !!row && row.value !== "" && (row.expiresAt ?? Infinity) > now;
}

/** An address of the same origin, or one that is written in full. */
function addressOf(target: string, base: string): string {
    try {
        const { href, origin } = new URL(target, base);
        if (/^https?:\/\//i.test(target) || origin === new URL(base).origin) return href;
    } catch {
        // No address.
    }
    throw invalid("redirectTo", "must be a path, or begin with https://");
}

/** What a webhook INSTALL or UNINSTALL says, flat or in an envelope, and when it was sent. */
function accountOf(event: object, clientId: string, now: number): { type: string; locationId?: string; companyId?: string; at: number | undefined } {
    if (typeof event !== "object" || event === null) throw invalid("", "must be the event, as an object");
    const { data } = event as { data?: object };
    const fields = { ...(typeof data === "object" ? data : {}), ...event } as Record<string, unknown>;
    const id = (name: "locationId" | "companyId") => {
        const value = fields[name];
        if (value === undefined || value === null || value === "") return {};
        checkId(name, value);
        return { [name]: value as string };
    };
    const { type, appId, timestamp } = fields;
    if (type !== "INSTALL" && type !== "UNINSTALL") throw invalid("type", "must be INSTALL or UNINSTALL");
    const [own, suffix] = clientId.split("-", 2);
    if (suffix && appId && appId !== own) throw invalid("appId", "is another app's");
    const account = { type, ...id("locationId"), ...id("companyId") };
    if (Object.keys(account).length === 1) throw invalid("locationId", "is missing, and so is companyId");
    return { ...account, at: sentAt(timestamp, now) };
}

function failed(text: string): OAuthError {
    return new OAuthError(JSON.parse(text) as ConstructorParameters<typeof OAuthError>[0]);
}

function wrong(code: OAuthErrorCode, message: string, messages: string[] = []): OAuthError {
    return new OAuthError({ code, message, messages });
}

function keysOf(given: OAuthOptions["encryptionKey"], found: Findings): KeySource[] {
    if (given === undefined) return [];
    const keys = (Array.isArray(given) ? given : [given]) as KeySource[];
    const fits = (key: unknown) => (typeof key === "string" || key instanceof Uint8Array) && key.length >= MIN_KEY;
    if (keys.length > 0 && keys.every(fits)) return keys;
    found.add("encryptionKey", `must be text or bytes of at least ${MIN_KEY}, or a list of them, the newest first`);
    return [];
}

function checkId(path: string, id: unknown): void {
    if (typeof id === "string" && /^[^\p{Cc}\s/]{1,256}$/u.test(id)) return;
    throw invalid(path, "must be an id of HighLevel's");
}

function rowIdOf(account: string | CompanyAccount): string {
    if (typeof account === "object" && account !== null) {
        checkId("companyId", account.companyId);
        return `company:${account.companyId}`;
    }
    checkId("locationId", account);
    return `location:${account}`;
}

function cookieValue(header: string | null, name: string): string | undefined {
    for (const part of (header ?? "").split(";")) {
        const [key, value] = part.trim().split("=", 2);
        if (key === name && value) return value;
    }
    return undefined;
}
