import type { PlainClientOptions } from "../core.js";
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

// What is plain data is declared in `src/bindings/options.rs`, for a client and for a call.
/** Every option of a client. {@link ClientOptions} says which of them must be there. */
export interface ClientSettings extends PlainClientOptions {
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
    /**
     * Instead of the global `fetch`, which is looked up at each call. It should not send a request twice: what it throws says
     * nothing of a write, whose outcome is `unknown` then. So it is with a global one that was replaced after the import of this
     * package; one that was replaced before counts as the runtime's own.
     */
    fetch?: FetchFunction | undefined;
    /**
     * Calls are spaced so that HighLevel's rate limit is not exceeded: 100 requests in 10 s for an app and a location, until
     * an answer names another one; an answer that names none changes nothing. Another client here shares its limits with this
     * one, as clients of the same app should; `false` sends at once.
     */
    limiter?: Resources | false | undefined;
    /** Headers of every call. */
    headers?: HeadersOption | undefined;
    /** Is told about requests, answers, limits, retries and drift. What it throws or rejects with is ignored. */
    onEvent?: ((event: PaymentsEvent) => void) | undefined;
}

// Which of the two is declared first, here and in the union, decides what the compiler calls missing where neither is there: it
// names the last one, a token.
/** The options of a client behind your own proxy, which adds the token. */
export interface ProxyClientOptions extends ClientSettings {
    /** @inheritDoc */
    baseUrl: string;
    // Tells the two apart, so that an editor knows which `token` is meant.
    /** Your proxy adds it. */
    token?: undefined;
}

/** The options of a client that has a token. */
export interface TokenClientOptions extends ClientSettings {
    /** @inheritDoc */
    token: Token;
}

/** What a client is told once. The token may be left out only where `baseUrl` names your own proxy, which adds it. */
export type ClientOptions = ProxyClientOptions | TokenClientOptions;
