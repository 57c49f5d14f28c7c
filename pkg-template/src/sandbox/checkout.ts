import { choice, MOST_COUNT, maybeText, named, texts, whole } from "./checks.js";
import type {
    CancelSubscriptionOptions,
    CancelSubscriptionResult,
    ChargeOptions,
    ChargeResult,
    CheckoutOptions,
    CheckoutSession,
    CheckoutState,
    CheckoutStep,
    ConnectProviderOptions,
    CreateSubscriptionOptions,
    CreateSubscriptionResult,
    DuePayment,
    ListPaymentMethodsOptions,
    PaymentMethodsResult,
    ProtocolIssue,
    QueryResult,
    RefundOptions,
    RefundResult,
    TimelineEntry,
} from "./highlevel.js";

/** How HighLevel's server reaches the queryUrl of a provider. */
export interface SandboxQueries {
    /**
     * What carries a query to the provider, such as a `createQueryHandler` in the same process. Default: the global `fetch`.
     *
     * @param request A POST of JSON.
     */
    fetch?: (request: Request) => Promise<Response>;
    /** After how many milliseconds without an answer HighLevel gives up. Of HighLevel no limit is documented. Default 30,000. */
    timeoutMs?: number;
    /** How many bytes of an answer are read. Default 1,000,000. */
    maxBytes?: number;
}

/** A query as the wasm module hands it out. */
interface Query {
    number: number;
    url: string;
    body: string;
    fault: string | null;
}

/** What came of it. */
interface Came {
    status?: number;
    text?: string;
    failure?: string;
}

/** What a call of the wasm module has brought about. */
interface Step {
    state: CheckoutState | null;
    toFrame: CheckoutStep["toFrame"];
    remove: boolean;
    shown: string | null;
    issues: ProtocolIssue[];
    queries: Query[];
    result: Record<string, unknown> | null;
}

/** A checkout as the wasm module describes it. */
export type SessionFacts = Omit<CheckoutSession, "receive" | "verify" | "close">;

/** How the wasm module is asked for HighLevel's side. */
type Ask = (what: string, options: object) => string;

const FAULTS = [
    "props-never",
    "verify-twice",
    "verify-before-success",
    "wrong-api-key",
    "slow-query",
    "lost-answer",
    "lost-query",
];
const MODES = ["live", "test"];
const QUIRKS: Record<string, readonly string[] | "boolean" | "count"> = {
    currency: ["lower", "upper"],
    productDetails: ["empty", "object", "full"],
    form: ["text", "object"],
    props: ["once", "late", "double", "never"],
    lateMs: "count",
    deaf: "count",
    emptyIds: "boolean",
    undocumented: "boolean",
    fullContact: "boolean",
    readsObjects: "boolean",
};

/** The part of a sandbox that plays HighLevel's side of the custom provider protocol. */
export class Checkouts {
    readonly #ask: Ask;
    readonly #fetch: (request: Request) => Promise<Response>;
    readonly #timeoutMs: number;
    readonly #maxBytes: number;

    constructor(ask: Ask, queries: SandboxQueries) {
        named("createSandbox: queries", queries, ["fetch", "timeoutMs", "maxBytes"]);
        const { timeoutMs = 30_000, maxBytes = 1_000_000 } = queries;
        whole("createSandbox: queries.timeoutMs", timeoutMs, 1, MOST_COUNT);
        whole("createSandbox: queries.maxBytes", maxBytes, 1, MOST_COUNT);
        const given = queries.fetch;
        if (given !== undefined && typeof given !== "function") {
            throw new TypeError("createSandbox: queries.fetch must be a function");
        }
        this.#ask = ask;
        // The global one as it is when a query is made: tests replace it.
        this.#fetch = given ?? ((request) => globalThis.fetch(request));
        this.#timeoutMs = timeoutMs;
        this.#maxBytes = maxBytes;
    }

    /** Opens a payment page. */
    async checkout(options: CheckoutOptions = {}): Promise<CheckoutSession> {
        const names = ["orderId", "invoiceId", "contactId", "subscription", "setup", "mode", "quirks", "faults"];
        named("checkout", options, ["locationId", ...names]);
        for (const name of ["locationId", "orderId", "invoiceId", "contactId"] as const) {
            maybeText(`checkout: ${name}`, options[name]);
        }
        const { subscription, setup, mode, quirks = {} } = options;
        if (subscription !== undefined) {
            named("checkout: subscription", subscription, ["priceId", "trialDays"]);
            checkPlan("checkout: subscription.", subscription);
        }
        if (setup !== undefined && typeof setup !== "boolean") throw new TypeError("checkout: setup must be true or false");
        if (mode !== undefined) choice("checkout: mode", mode, MODES);
        named("checkout: quirks", quirks, Object.keys(QUIRKS));
        for (const [name, value] of Object.entries(quirks) as [string, unknown][]) {
            const rule = QUIRKS[name];
            if (value === undefined || rule === undefined) continue;
            if (rule === "count") whole(`checkout: quirks.${name}`, value as number, 0, MOST_COUNT);
            else if (rule !== "boolean") choice(`checkout: quirks.${name}`, value as string, rule);
            else if (typeof value !== "boolean") throw new TypeError(`checkout: quirks.${name} must be true or false`);
        }
        checkFaults("checkout", options.faults);
        return this.#session(this.#ask("checkout", options));
    }

    /** The object of a checkout that was begun before. */
    async session(id: string): Promise<CheckoutSession> {
        texts("session: id", [id]);
        return this.#session(this.#ask("session", { id }));
    }

    #session(facts: string): CheckoutSession {
        return new Session(JSON.parse(facts) as SessionFacts, (what, options) => this.#step(what, options));
    }

    async #step(what: string, options: object): Promise<CheckoutStep> {
        const { toFrame, remove, shown, issues, state } = await this.#play(this.#ask(what, options));
        return { state: state ?? "open", toFrame, remove, shown, issues };
    }

    /** Asks the provider whatever is to be asked, until nothing is left. */
    async #play(text: string): Promise<Step> {
        const step = JSON.parse(text) as Step;
        // One after the other in the order in which the answers come: the last one knows where it all stands.
        let last = step;
        await Promise.all(
            step.queries.map(async (query) => {
                const came = await this.#send(query);
                const next = await this.#play(this.#ask("answered", { number: query.number, ...came }));
                last = {
                    ...next,
                    toFrame: [...last.toFrame, ...next.toFrame],
                    shown: next.shown ?? last.shown,
                    issues: [...last.issues, ...next.issues],
                };
            }),
        );
        return last;
    }

    async #query<Result extends QueryResult>(what: string, options: object): Promise<Result> {
        const { result, issues } = await this.#play(this.#ask(what, options));
        if (result === null) throw new Error("the custom provider was disconnected");
        return { ...result, issues } as unknown as Result;
    }

    /** Carries a query to the provider. */
    async #send({ url, body, fault }: Query): Promise<Came> {
        if (fault === "lost-query") return { failure: "the connection broke before the query arrived" };
        const came = await this.#exchange(url, body);
        if (fault === "slow-query") return { failure: "the answer came after the time limit" };
        if (fault === "lost-answer") return { failure: "the connection broke before the answer was read" };
        return came;
    }

    async #exchange(url: string, body: string): Promise<Came> {
        const gone = new AbortController();
        let timer: ReturnType<typeof setTimeout> | undefined;
        // Raced, because not every fetch minds the signal.
        const late = new Promise<Came>((resolve) => {
            timer = setTimeout(() => {
                resolve({ failure: `no answer within ${this.#timeoutMs} ms` });
                gone.abort();
            }, this.#timeoutMs);
        });
        try {
            return await Promise.race([this.#answer(url, body, gone.signal), late]);
        } catch {
            // The reason of a failed connection is the runtime's own, and may name the address with what is secret in it.
            return { failure: "the queryUrl cannot be reached" };
        } finally {
            clearTimeout(timer);
        }
    }

    async #answer(url: string, body: string, signal: AbortSignal): Promise<Came> {
        const headers = { "content-type": "application/json", accept: "application/json" };
        const request = new Request(url, { method: "POST", headers, body, signal, redirect: "manual" });
        const response = await this.#fetch(request);
        if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
            await response.body?.cancel();
            return { failure: "the queryUrl redirects, and HighLevel's keys follow nobody" };
        }
        const text = await limited(response, this.#maxBytes);
        if (text === undefined) return { failure: `the answer has more than ${this.#maxBytes} bytes` };
        return { status: response.status, text };
    }

    /** `list_payment_methods` */
    async listPaymentMethods(options: ListPaymentMethodsOptions): Promise<PaymentMethodsResult> {
        checkPayer("listPaymentMethods", options, []);
        return this.#query("methods", options);
    }

    /** `charge_payment` */
    async charge(options: ChargeOptions): Promise<ChargeResult> {
        checkPayer("charge", options, ["paymentMethodId", "amount", "currency", "description"]);
        texts("charge: paymentMethodId", [options.paymentMethodId]);
        checkAmount("charge", options.amount);
        maybeText("charge: currency", options.currency);
        maybeText("charge: description", options.description);
        return this.#query("charge", options);
    }

    /** `create_subscription` */
    async createSubscription(options: CreateSubscriptionOptions): Promise<CreateSubscriptionResult> {
        const forms = { recurringAmount: ["text", "number"], productDetails: ["full", "empty"] } as const;
        const own = ["paymentMethodId", "priceId", "trialDays", "startDate", "totalCycles", ...Object.keys(forms)];
        checkPayer("createSubscription", options, own);
        texts("createSubscription: paymentMethodId", [options.paymentMethodId]);
        checkPlan("createSubscription: ", options);
        maybeText("createSubscription: startDate", options.startDate);
        if (options.totalCycles !== undefined) whole("createSubscription: totalCycles", options.totalCycles, 0, MOST_COUNT);
        for (const name of ["recurringAmount", "productDetails"] as const) {
            const form = options[name];
            if (form !== undefined) choice(`createSubscription: ${name}`, form, forms[name]);
        }
        return this.#query("subscribe", options);
    }

    /** `cancel_subscription` */
    async cancelSubscription(options: CancelSubscriptionOptions): Promise<CancelSubscriptionResult> {
        named("cancelSubscription", options, ["locationId", "subscriptionId", "faults"]);
        texts("cancelSubscription: subscriptionId", [options.subscriptionId]);
        maybeText("cancelSubscription: locationId", options.locationId);
        checkFaults("cancelSubscription", options.faults);
        return this.#query("cancel", options);
    }

    /** `refund` */
    async refund(options: RefundOptions): Promise<RefundResult> {
        named("refund", options, ["locationId", "transactionId", "amount", "evenTooMuch", "faults"]);
        texts("refund: transactionId", [options.transactionId]);
        maybeText("refund: locationId", options.locationId);
        if (options.amount !== undefined) checkAmount("refund", options.amount);
        if (options.evenTooMuch !== undefined && typeof options.evenTooMuch !== "boolean") {
            throw new TypeError("refund: evenTooMuch must be true or false");
        }
        checkFaults("refund", options.faults);
        return this.#query("refund", options);
    }

    /** Sets up the provider without the API. */
    connectProvider(options: ConnectProviderOptions): void {
        const urls = ["paymentsUrl", "queryUrl"] as const;
        named("connectProvider", options, ["locationId", ...urls, ...MODES, "supportsSubscriptionSchedules"]);
        maybeText("connectProvider: locationId", options.locationId);
        for (const name of urls) {
            const url = options[name];
            if (url === undefined) continue;
            if (typeof url !== "string" || !/^https?:\/\/[^/\s]/.test(url)) {
                throw new TypeError(`connectProvider: ${name} must be an absolute http or https URL`);
            }
        }
        for (const mode of ["live", "test"] as const) {
            const keys = options[mode];
            if (keys === undefined || keys === null) continue;
            named(`connectProvider: ${mode}`, keys, ["apiKey", "publishableKey"]);
            texts(`connectProvider: ${mode}.apiKey`, [keys.apiKey]);
            texts(`connectProvider: ${mode}.publishableKey`, [keys.publishableKey]);
        }
        const schedules = options.supportsSubscriptionSchedules;
        if (schedules !== undefined && typeof schedules !== "boolean") {
            throw new TypeError("connectProvider: supportsSubscriptionSchedules must be true or false");
        }
        this.#ask("connect", options);
    }

    /** The payments that are due. */
    due(): DuePayment[] {
        return JSON.parse(this.#ask("due", {})) as DuePayment[];
    }

    /** What was said so far. */
    timeline(options: { after?: number } = {}): TimelineEntry[] {
        named("timeline", options, ["after"]);
        if (options.after !== undefined) whole("timeline: after", options.after, 0, Number.MAX_SAFE_INTEGER);
        return JSON.parse(this.#ask("timeline", options)) as TimelineEntry[];
    }
}

/** A checkout of this process, or of another one: `step` carries what is done with it. */
export class Session implements CheckoutSession {
    readonly id: string;
    readonly kind: CheckoutSession["kind"];
    readonly paymentsUrl: string;
    readonly props: CheckoutSession["props"];
    readonly locationId: string;
    readonly orderId: string | null;
    readonly transactionId: string | null;
    readonly subscriptionId: string | null;
    readonly #step: (what: string, options: object) => Promise<CheckoutStep>;
    #state: CheckoutState;

    constructor(facts: SessionFacts, step: (what: string, options: object) => Promise<CheckoutStep>) {
        this.id = facts.id;
        this.kind = facts.kind;
        this.paymentsUrl = facts.paymentsUrl;
        this.props = facts.props;
        this.locationId = facts.locationId;
        this.orderId = facts.orderId;
        this.transactionId = facts.transactionId;
        this.subscriptionId = facts.subscriptionId;
        this.#state = facts.state;
        this.#step = step;
    }

    get state(): CheckoutState {
        return this.#state;
    }

    receive(data: unknown): Promise<CheckoutStep> {
        return this.#do("receive", posted(data));
    }

    verify(): Promise<CheckoutStep> {
        return this.#do("verify", {});
    }

    close(): Promise<CheckoutStep> {
        return this.#do("close", {});
    }

    async #do(what: string, options: object): Promise<CheckoutStep> {
        const step = await this.#step(what, { id: this.id, ...options });
        this.#state = step.state;
        return step;
    }
}

/** What was posted, as JSON can hold it. */
export function posted(data: unknown): { text: string } | { data: unknown } {
    if (typeof data === "string") return { text: data };
    try {
        // Circles, bigints and functions are no message of the protocol in any case.
        return { data: JSON.parse(JSON.stringify(data) ?? "null") as unknown };
    } catch {
        return { data: null };
    }
}

/** The text of an answer; `undefined` if it is larger than it may be. */
async function limited(response: Response, maxBytes: number): Promise<string | undefined> {
    const reader = response.body?.getReader();
    if (reader === undefined) return response.text();
    const decoder = new TextDecoder();
    let text = "";
    let bytes = 0;
    for (;;) {
        const { done, value } = await reader.read();
        if (done) return text + decoder.decode();
        bytes += value.byteLength;
        if (bytes > maxBytes) {
            void reader.cancel();
            return undefined;
        }
        text += decoder.decode(value, { stream: true });
    }
}

function checkPayer(what: string, options: ListPaymentMethodsOptions, more: readonly string[]): void {
    named(what, options, ["locationId", "contactId", "mode", "faults", ...more]);
    texts(`${what}: contactId`, [options.contactId]);
    maybeText(`${what}: locationId`, options.locationId);
    if (options.mode !== undefined) choice(`${what}: mode`, options.mode, MODES);
    checkFaults(what, options.faults);
}

function checkPlan(what: string, { priceId, trialDays }: { priceId?: string; trialDays?: number }): void {
    maybeText(`${what}priceId`, priceId);
    if (trialDays !== undefined) whole(`${what}trialDays`, trialDays, 0, 3650);
}

function checkFaults(what: string, faults: readonly string[] | undefined): void {
    if (faults === undefined) return;
    if (!Array.isArray(faults)) throw new TypeError(`${what}: faults must be a list`);
    for (const fault of faults as string[]) choice(`${what}: faults`, fault, FAULTS);
}

function checkAmount(what: string, amount: number): void {
    if (typeof amount !== "number" || !(amount > 0)) throw new TypeError(`${what}: amount must be a number above 0`);
}
