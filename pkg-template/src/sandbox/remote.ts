import type { OrderSummary } from "../core.js";
import type {
    SandboxApp,
    SandboxInstallOptions,
    SandboxLocation,
    SandboxRecordOptions,
    SandboxRecordsOptions,
    SandboxRequest,
    SandboxState,
    SandboxStream,
    SandboxTokenOptions,
} from "./api.js";
import { Session, type SessionFacts } from "./checkout.js";
import { named } from "./checks.js";
import type {
    CancelSubscriptionOptions,
    CancelSubscriptionResult,
    ChargeOptions,
    ChargeResult,
    CheckoutOptions,
    CheckoutSession,
    CheckoutStep,
    ConnectProviderOptions,
    CreateSubscriptionOptions,
    CreateSubscriptionResult,
    DuePayment,
    HighLevel,
    ListPaymentMethodsOptions,
    PaymentMethodsResult,
    RefundOptions,
    RefundResult,
    TimelineEntry,
} from "./highlevel.js";

/** How a sandbox behind HTTP is reached. */
export interface ConnectSandboxOptions {
    /** The secret that `serveSandbox` was given. */
    secret?: string;
    /** What makes the requests, called as `fetch(url, init)`. Default: the global `fetch`. */
    fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** There is no sandbox at an address: nobody answers there, or somebody else does. */
export class SandboxConnectionError extends Error {
    /** The name of the class; a minifier leaves it alone. */
    override readonly name = "SandboxConnectionError";
    /** The address that `connectSandbox` was given, without a name and a password in it. */
    readonly url: string;
    /** The status that came from there; `undefined` where nothing came. */
    readonly status: number | undefined;

    /** @internal */
    constructor(message: string, url: string, status?: number, options?: ErrorOptions) {
        super(message, options);
        this.url = url;
        this.status = status;
    }
}

/** What a sandbox is called. */
export interface SandboxInfo {
    /** The first location. */
    locationId: string;
    /** The company (agency) that the locations belong to. */
    companyId: string;
    /** The marketplace app that can be installed. */
    app: SandboxApp;
    /** The time on its clock, in milliseconds since 1970. */
    now: number;
}

/** A sandbox behind HTTP: what `npx ghl-payments sandbox` or `serveSandbox` serves. */
export interface RemoteSandbox extends HighLevel {
    /** Its address, which is also the `baseUrl` of a client. */
    readonly url: string;
    /** Says what it is called. */
    info(): Promise<SandboxInfo>;
    /**
     * Moves the clock forward; see `HighLevel.advance`.
     *
     * @param ms By how many milliseconds.
     */
    advance(ms: number): Promise<DuePayment[]>;
    /** The time on its clock, in milliseconds since 1970. */
    now(): Promise<number>;
    /**
     * Everything that was said so far; see `HighLevel.timeline`.
     *
     * @param options Only entries behind a number.
     */
    timeline(options?: {
        /** The number of the last entry that is known. */
        after?: number;
    }): Promise<TimelineEntry[]>;
    /**
     * Sets up the custom provider of a location without the API.
     *
     * @param options What it is.
     */
    connectProvider(options: ConnectProviderOptions): Promise<void>;
    /**
     * Gives a ready token.
     *
     * @param options What it may do; everything in the first location when left out.
     */
    token(options?: SandboxTokenOptions): Promise<string>;
    /**
     * Installs the app as a person does who has approved it elsewhere.
     *
     * @param options Where; in the first location when left out.
     */
    install(options?: SandboxInstallOptions): Promise<void>;
    /**
     * Removes the app.
     *
     * @param options From which location; from the agency with all that it has installed when left out.
     */
    uninstall(options?: {
        /** The location. */
        locationId?: string;
    }): Promise<void>;
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
    }): Promise<OrderSummary>;
    /**
     * Gives all records of a stream as its list has them, newest first; see `Sandbox.records`.
     *
     * @param options Of which stream, and where; in the first location when left out.
     */
    records<S extends SandboxStream>(options: SandboxRecordsOptions<S>): Promise<SandboxLocation[S]>;
    /**
     * Something becomes of a record; see `Sandbox.changeRecord`.
     *
     * @param options Which record; the latest one when there is no `id`.
     */
    changeRecord<S extends SandboxStream>(options: SandboxRecordOptions<S>): Promise<SandboxLocation[S][number]>;
    /**
     * Somebody deletes a record; see `Sandbox.deleteRecord`.
     *
     * @param options Which record; the latest one when there is no `id`.
     */
    deleteRecord<S extends SandboxStream>(options: SandboxRecordOptions<S>): Promise<SandboxLocation[S][number]>;
    /**
     * Lays out a fault for requests to come; see `SandboxFaults.add`.
     *
     * @param fault What goes wrong.
     * @param options With which requests.
     */
    addFault(
        fault: string,
        options?: {
            /** The method of the client; any request when left out. */
            operation?: string;
            /** The location whose requests it happens to; those of any when left out. */
            locationId?: string;
            /** How many requests it happens to; default 1. */
            times?: number;
        },
    ): Promise<void>;
    /** Forgets the faults that have not happened yet. */
    clearFaults(): Promise<void>;
    /** Gives a copy of everything that the sandbox holds. */
    state(): Promise<SandboxState>;
    /** The requests so far, the latest 1000 at most. */
    requests(): Promise<SandboxRequest[]>;
    /** Puts everything back as it was at the beginning. */
    reset(): Promise<void>;
}

/**
 * Connects to a sandbox behind HTTP, from a page as well (with `--cors`). Its methods are those of a sandbox in this process, with
 * promises, under the same names but for these: `info()` gives `locationId`, `companyId`, `app` and the time, `addFault` and
 * `clearFaults` are `faults.add` and `faults.clear`, `requests()` and `state()` are asked for, and `url` is the `baseUrl` of a client in
 * place of `fetch`. Signed webhooks and the checks are not there. A refusal rejects with an `Error` that says what is wrong; where there is no sandbox at the address,
 * a call rejects with a `SandboxConnectionError` that names it.
 *
 * ```ts
 * import { connectSandbox } from "ghl-payments/sandbox";
 *
 * const sandbox = connectSandbox("http://127.0.0.1:8787");
 * await sandbox.advance(86_400_000);
 * ```
 *
 * @param url Its address, as `npx ghl-payments sandbox` prints it.
 * @param options How it is reached.
 */
export function connectSandbox(url: string, options: ConnectSandboxOptions = {}): RemoteSandbox {
    named("connectSandbox", options, ["secret", "fetch"]);
    if (typeof url !== "string" || !/^https?:\/\/[^/\s]/.test(url)) {
        throw new TypeError("connectSandbox: url must be an absolute http or https URL");
    }
    const { secret } = options;
    const base = url.replace(/\/+$/, "");
    const shown = base.replace(/\/\/[^/]*@/, "//");
    const headers = {
        "content-type": "application/json",
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
    };
    // Not a method of the options: the global one minds what it is called on.
    const given = options.fetch;
    const send = (to: string, init: RequestInit): Promise<Response> => (given ?? globalThis.fetch)(to, init);

    async function ask<T>(what: string, body: object = {}): Promise<T> {
        let response: Response;
        let text: string;
        try {
            response = await send(`${base}/sandbox/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
            text = await response.text();
        } catch (cause) {
            const hint = "is it running (npx ghl-payments sandbox), and may this page call it (--cors)?";
            throw new SandboxConnectionError(`no sandbox answers at ${shown}${why(cause)}: ${hint}`, shown, undefined, { cause });
        }
        let value: unknown;
        try {
            value = JSON.parse(text);
        } catch {
            const said = `it answers POST /sandbox/${what} with status ${response.status} and no JSON`;
            throw new SandboxConnectionError(`${shown} is no sandbox: ${said}`, shown, response.status);
        }
        if (!response.ok) {
            const { message } = (value ?? {}) as { message?: unknown };
            throw new Error(typeof message === "string" ? message : `the sandbox answers with status ${response.status}`);
        }
        return value as T;
    }
    const step = (what: string, body: object): Promise<CheckoutStep> => ask(what, body);
    const nothing = async (what: string, body?: object): Promise<void> => {
        await ask(what, body);
    };

    return {
        url: base,
        info: () => ask<SandboxInfo>("info"),
        async checkout(given: CheckoutOptions = {}): Promise<CheckoutSession> {
            return new Session(await ask<SessionFacts>("checkout", given), step);
        },
        async session(id: string): Promise<CheckoutSession> {
            return new Session(await ask<SessionFacts>("session", { id }), step);
        },
        listPaymentMethods: (given: ListPaymentMethodsOptions) => ask<PaymentMethodsResult>("listPaymentMethods", given),
        charge: (given: ChargeOptions) => ask<ChargeResult>("charge", given),
        createSubscription: (given: CreateSubscriptionOptions) => ask<CreateSubscriptionResult>("createSubscription", given),
        cancelSubscription: (given: CancelSubscriptionOptions) => ask<CancelSubscriptionResult>("cancelSubscription", given),
        refund: (given: RefundOptions) => ask<RefundResult>("refund", given),
        connectProvider: (given) => nothing("connectProvider", given),
        advance: (ms) => ask<DuePayment[]>("advance", { ms }),
        now: () => ask<number>("now"),
        timeline: (given) => ask<TimelineEntry[]>("timeline", given),
        token: (given) => ask<string>("token", given),
        install: (given) => nothing("install", given),
        uninstall: (given) => nothing("uninstall", given),
        createOrder: (given) => ask<OrderSummary>("createOrder", given),
        records: (given) => ask("records", given),
        changeRecord: (given) => ask("changeRecord", given),
        deleteRecord: (given) => ask("deleteRecord", given),
        addFault: (fault, given = {}) => nothing("addFault", { ...given, fault }),
        clearFaults: () => nothing("clearFaults"),
        state: () => ask<SandboxState>("state"),
        requests: () => ask<SandboxRequest[]>("requests"),
        reset: () => nothing("reset"),
    };
}

/** The code of a connection that has failed, in brackets. */
function why(error: unknown): string {
    const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
    const found = cause?.code ?? code;
    return typeof found === "string" ? ` (${found})` : "";
}
