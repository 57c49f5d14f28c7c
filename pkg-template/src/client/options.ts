import type { PaymentsEvent } from "./events.js";
import type { HeadersOption } from "./parameters.js";
import type { Resources } from "./resources.js";

/** Which token a client needs. */
export interface TokenContext {
    /** The token that was answered with 401: another one is needed. Do not log it. */
    refused?: string;
    /** The location that the call is about, if it is about one. */
    locationId?: string;
}

/** Where the token comes from: text, or a function that gives it. */
export type Token = string | ((context: TokenContext) => string | Promise<string>);

/** What `fetch` is given beside the address: these fields and no others, since a runtime may refuse what it does not know. */
export interface FetchInit {
    /** The method. */
    method: "GET" | "POST" | "PUT" | "DELETE";
    /** All headers, the token's among them. */
    headers: Record<string, string>;
    /** The JSON text, if the method has a body. */
    body?: string;
    /** A redirect is an error: the token must not travel to where it points. */
    redirect: "manual";
    /** Aborts when the time is over or the call was aborted. It is left out for a `fetch` that refused it as one of another realm. */
    signal?: AbortSignal;
}

/** What is read of an answer. The `Response` of any runtime and any library has it, and a `body` that is a stream of the web or of Node. */
export interface FetchResponse {
    /** The HTTP status. */
    readonly status: number;
    /** The headers. */
    readonly headers: {
        /**
         * The value of a header, null where there is none.
         *
         * @param name Its name; upper and lower case are the same.
         */
        get(name: string): string | null;
    };
    /** The whole body, where it is no stream. */
    arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * How requests are made. The global `fetch` is one, as are those of undici, of node-fetch, of a service binding of
 * Workers (`env.API.fetch.bind(env.API)`) and of the sandbox.
 */
export type FetchFunction = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** Every option of a client. {@link ClientOptions} says which of them must be there. */
export interface ClientSettings {
    /**
     * The access token or private integration token, or a function that gives it. The function is called once for each
     * location, and once more after a 401, with the token that was refused, but not where HighLevel says that the token is not for
     * this scope: another one would not be either. Its tokens are kept in memory, for 1000 locations
     * at the most. Calls that need a token meanwhile share one answer. A call waits `timeoutMs` for a token at the most, half of
     * that for an answer that another call has asked for; then it asks the function itself.
     *
     * It may be left out only with a `baseUrl` of your own proxy that adds it.
     *
     * Tokens do not belong in web pages: everyone who opens the page can read them.
     */
    token?: Token | undefined;
    /** The default for `altId`, for `locationId` and, together with `"location"`, for `altType`. */
    locationId?: string | undefined;
    /**
     * Where the API is; default `https://services.leadconnectorhq.com`. https only, but for loopback hosts; in browsers
     * also a path such as `/api`.
     */
    baseUrl?: string | undefined;
    /** The `Version` header; default `2021-07-28`. */
    apiVersion?: "2021-07-28" | "v3" | (string & {}) | undefined;
    /** Instead of the global `fetch`, which is looked up at each call. */
    fetch?: FetchFunction | undefined;
    /** Milliseconds that one attempt may take; default 30000. */
    timeoutMs?: number | undefined;
    /**
     * Milliseconds that a call may take with all its attempts and waits. Without it there is no limit but one: a call that
     * has waited ten minutes for the rate limit is a TimeoutError.
     */
    deadlineMs?: number | undefined;
    /**
     * Calls are spaced so that HighLevel's rate limit is not exceeded: 100 requests in 10 s for an app and a location, until
     * an answer names another one; an answer that names none changes nothing. Another client here shares its limits with this
     * one, as clients of the same app should; `false` sends at once.
     */
    limiter?: Resources | false | undefined;
    /** Whether other calls go first where the rate limit makes them wait; default false. */
    background?: boolean | undefined;
    /** How often a failed call is sent again at the most, where that is safe; default 2. */
    maxRetries?: number | undefined;
    /** Milliseconds of the first backoff; each further one doubles, up to 8 s; default 500. */
    retryDelayMs?: number | undefined;
    /** The `User-Agent`; browsers ignore it. Default `ghl-payments/<version>`. */
    userAgent?: string | undefined;
    /**
     * The longest answer that is read, in bytes after decompression (16 MiB unless set; a page of 100 orders has 80 kB). A
     * longer one is a DecodeError; of a longer error page only the start is kept.
     */
    maxResponseBytes?: number | undefined;
    /** Headers of every call. */
    headers?: HeadersOption | undefined;
    /**
     * Whether an answer that differs from its promised shape, in a way that cannot be repaired, is a DecodeError; default
     * false: it is reported as drift.
     */
    strict?: boolean | undefined;
    /** Is told about requests, answers, limits, retries and drift. What it throws or rejects with is ignored. */
    onEvent?: ((event: PaymentsEvent) => void) | undefined;
}

/** What a client is told once. The token may be left out only where `baseUrl` names your own proxy, which adds it. */
export type ClientOptions = ClientSettings &
    (
        | {
              /** Where the token comes from; see {@link ClientSettings.token}. */
              token: Token;
          }
        | {
              /** Your own proxy, which adds the token; see {@link ClientSettings.baseUrl}. */
              baseUrl: string;
          }
    );
