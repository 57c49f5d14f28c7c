// Good uses of every method: they compile, and their results have the types that are promised.

import {
    AbortedError,
    ApiPromise,
    AuthenticationError,
    ConflictError,
    consoleLogger,
    DecodeError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    Page,
    PagePromise,
    PaymentsClient,
    PaymentsError,
    PermissionError,
    RateLimitError,
    ServerError,
    TimeoutError,
    ValidationError,
    type CallOptions,
    type CardDetails,
    type ClientOptions,
    type ClientSettings,
    type ConnectProviderBody,
    type Coupon,
    type CreateCouponBody,
    type CustomProviderConfig,
    type Fulfillment,
    type GetCouponParams,
    type JsonObject,
    type ListOrdersParams,
    type LogLevel,
    type Order,
    type OrderNote,
    type OrderSummary,
    type Outcome,
    type Issue,
    type OperationInfo,
    type PaymentsErrorJson,
    type PaymentsEvent,
    type ProxyClientOptions,
    type RateLimit,
    type RecordPaymentBody,
    type ResponseInfo,
    type Token,
    type TokenClientOptions,
    type TokenContext,
    type Subscription,
    type SubscriptionSummary,
    type Transaction,
    type TransactionSummary,
    type UpdateCapabilitiesBody,
    type WhitelabelProvider,
    type WithResponse,
} from "ghl-payments";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Equal<A, B>): void {}
/** What a call resolves to. */
type Result<F extends (...args: never[]) => PromiseLike<unknown>> = Awaited<ReturnType<F>>;

const options: ClientOptions = {
    token: async () => "token",
    locationId: "3SwdhCu3svxI8AKsPJt6",
    baseUrl: "https://services.leadconnectorhq.com",
    apiVersion: "v3",
    fetch,
    timeoutMs: 1000,
    maxRetries: 1,
    retryDelayMs: 100,
    userAgent: "shop/1.0",
    headers: { "x-app": "shop" },
    strict: true,
    onEvent: (event) => console.log(event.type),
};
export const payments = new PaymentsClient(options);
new PaymentsClient({ token: "text", apiVersion: "2025-01-01" });
new PaymentsClient({ token: () => "text" });
new PaymentsClient({
    token: async (context) => {
        same<typeof context, TokenContext>(true);
        same<typeof context.refused, string | undefined>(true);
        return `${context.locationId}`;
    },
});
new PaymentsClient({ baseUrl: "/api" });
new PaymentsClient({ token: "text", fetch: (url, init) => fetch(url, init) });
new PaymentsClient({ token: "text", fetch: globalThis.fetch });

const callOptions: CallOptions = {
    signal: new AbortController().signal,
    timeoutMs: 1000,
    maxRetries: 0,
    headers: { "x-call": "1" },
    locationId: "other",
    strict: false,
};

export async function lists(): Promise<void> {
    const params: ListOrdersParams = {
        status: "completed",
        paymentStatus: "partially_paid",
        paymentMode: "some new mode",
        startAt: "2024-02-01",
        funnelProductIds: ["a", "b"] as const,
        limit: 50,
        offset: 0,
    };
    const list = payments.orders.list(params, callOptions);
    same<typeof list, PagePromise<OrderSummary>>(true);
    const page = await list;
    same<typeof page, Page<OrderSummary>>(true);
    same<typeof page.data, OrderSummary[]>(true);
    same<typeof page.totalCount, number>(true);
    const more: boolean = page.hasNextPage();
    const next: Page<OrderSummary> = await page.getNextPage();
    console.log(more, next);
    for await (const order of payments.orders.list()) same<typeof order, OrderSummary>(true);
    for await (const page of payments.orders.list({ funnelProductIds: "a,b" }).pages()) {
        same<typeof page, Page<OrderSummary>>(true);
    }
    const all = await payments.orders.list().toArray({ limit: 10 });
    same<typeof all, OrderSummary[]>(true);
    const { data, response } = await list.withResponse();
    same<typeof data, Page<OrderSummary>>(true);
    same<typeof response, ResponseInfo>(true);
    const [first, count] = await Promise.all([payments.coupons.list({ status: "active" }), Promise.resolve(1)]);
    same<typeof first, Page<Coupon>>(true);
    same<typeof count, number>(true);

    same<Result<typeof payments.transactions.list>, Page<TransactionSummary>>(true);
    same<Result<typeof payments.subscriptions.list>, Page<SubscriptionSummary>>(true);
    same<Result<typeof payments.integrations.listWhitelabel>, Page<WhitelabelProvider>>(true);
    await payments.transactions.list({ entitySourceType: "a new source", entityId: "order" });
    await payments.subscriptions.list({ getPaymentsCollectedCount: true });
    await payments.integrations.listWhitelabel({ limit: 1 }, callOptions);
}

export async function records(): Promise<void> {
    const promise = payments.orders.get("order", callOptions);
    same<typeof promise, ApiPromise<Order>>(true);
    const order = await promise;
    same<typeof order, Order>(true);
    const id: string = order._id;
    // Everything else may be absent or null.
    same<typeof order.amount, number | null | undefined>(true);
    const qty: number = order.items?.[0]?.qty ?? 0;
    const brand: string | undefined = order.items?.[0]?.product?.name ?? undefined;
    const status: string = order.status ?? "";
    if (order.status === "completed") console.log(id, qty, brand, status);
    const whole: WithResponse<Order> = await payments.orders.get("order").withResponse();
    const remaining: number | undefined = whole.response.rateLimit?.remaining;
    const headers: Headers = whole.response.headers;
    console.log(remaining, headers.get("x"));
    const caught = await payments.orders.get("order").catch(() => undefined);
    same<typeof caught, Order | undefined>(true);
    same<Result<typeof payments.transactions.get>, Transaction>(true);
    same<Result<typeof payments.subscriptions.get>, Subscription>(true);
    same<Result<typeof payments.coupons.get>, Coupon>(true);

    await payments.orders.recordPayment("order", { mode: "cash" });
    await payments.orders.recordPayment("order", { mode: "card", card: { type: "visa", last4: "4242" } });
    await payments.orders.recordPayment("order", {
        mode: "cheque",
        cheque: { number: "129" },
        amount: 5,
        isPartialPayment: true,
    });
    const meta: JsonObject = { till: 3, tags: ["a", null], nested: { deep: true } };
    const body: RecordPaymentBody = { mode: "bank_transfer", meta, notes: "by post", altId: "l", altType: "location" };
    const recorded = await payments.orders.recordPayment("order", body, callOptions);
    same<typeof recorded.success, boolean | null | undefined>(true);

    const once = { ...callOptions, reference: "job-1", referenceInNotes: true, since: new Date() };
    const known = await payments.orders.recordPaymentOnce("order", body, once);
    await payments.orders.recordPaymentOnce("order", body, { since: "2026-11-01" });
    same<typeof known.matchedBy, "answer" | "reference" | "amount" | undefined>(true);
    same<typeof known.transaction, TransactionSummary | undefined>(true);

    const created = await payments.orders.createFulfillment("order", {
        trackings: [{ trackingNumber: "1Z" }, {}],
        items: [{ priceId: "price", qty: 1 }],
        notifyCustomer: false,
    });
    same<typeof created.data, Fulfillment | null | undefined>(true);
    const fulfillments = await payments.orders.listFulfillments("order");
    same<typeof fulfillments.data, Fulfillment[]>(true);
    const notes = await payments.orders.listNotes("order");
    if (Array.isArray(notes)) {
        const note: OrderNote | undefined = notes[0];
        console.log(note?._id, note?.["body"]);
    }
}

export async function coupons(): Promise<void> {
    const body: CreateCouponBody = {
        name: "Spring",
        code: "SPRING",
        discountType: "percentage",
        discountValue: 10,
        startDate: "2024-06-01T00:00:00Z",
        limitPerCustomer: true,
        productIds: ["a"],
        applyToFuturePaymentsConfig: { type: "fixed", duration: 3, durationType: "months" },
    };
    const coupon = await payments.coupons.create(body);
    // A request takes a boolean, an answer gives a number.
    same<typeof coupon.limitPerCustomer, number | null | undefined>(true);
    await payments.coupons.get({ id: coupon._id });
    await payments.coupons.get({ code: "SPRING" }, callOptions);
    await payments.coupons.get({ id: coupon._id, code: "SPRING" });
    await payments.coupons.update(coupon._id, { ...body, name: "Late spring" });
    const deleted = await payments.coupons.delete(coupon._id);
    same<typeof deleted.success, boolean | null | undefined>(true);
}

export async function providers(): Promise<void> {
    const config: CustomProviderConfig = await payments.customProvider.create({
        name: "My Pay",
        description: "Cards",
        paymentsUrl: "https://example.com/pay",
        queryUrl: "https://example.com/query",
        imageUrl: "https://example.com/logo.png",
        supportsSubscriptionSchedule: true,
    });
    console.log(config.paymentProvider);
    const keys = { apiKey: "a", publishableKey: "p" };
    await payments.customProvider.connect({ live: keys });
    await payments.customProvider.connect({ test: keys });
    await payments.customProvider.connect({ live: keys, test: keys });
    await payments.customProvider.getConfig(callOptions);
    await payments.customProvider.disconnect({ liveMode: false });
    await payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: true, locationId: "location" });
    await payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: true, companyId: "company" });
    await payments.customProvider.delete();
    const created: WhitelabelProvider = await payments.integrations.createWhitelabel({
        uniqueName: "my-pay",
        title: "My Pay",
        provider: "authorize-net",
        description: "Cards",
        imageUrl: "https://example.com/logo.png",
    });
    console.log(created._id);
}

export function failures(error: unknown): Outcome | undefined {
    if (!(error instanceof PaymentsError)) return undefined;
    const { name, code, message, messages, retryable, attempts, outcome, body } = error;
    console.log(
        name.length,
        code.length,
        message.length,
        messages.join(),
        !retryable,
        attempts + 1,
        error.operation?.id,
    );
    same<typeof body, unknown>(true);
    if (error instanceof ValidationError) for (const { path, message } of error.issues) console.log(path + message);
    if (error instanceof RateLimitError) console.log((error.retryAfterMs ?? 0) + (error.rateLimit?.limit ?? 0));
    if (error instanceof DecodeError) console.log(error.path + error.expected + error.found);
    if (error instanceof NotFoundError || error instanceof ConflictError) console.log(error.status, error.traceId);
    for (const kind of [
        AuthenticationError,
        PermissionError,
        InvalidRequestError,
        ServerError,
        NetworkError,
        TimeoutError,
        AbortedError,
    ]) {
        if (error instanceof kind) console.log(error.cause);
    }
    return outcome;
}

export function events(event: PaymentsEvent): string {
    const operation: string = event.operation.name;
    switch (event.type) {
        case "request":
            return `${operation} ${event.attempt.toFixed()}`;
        case "response":
            return `${event.status.toFixed()} after ${event.durationMs.toFixed()} ms`;
        case "retry":
            return `${event.reason.toUpperCase()} ${event.delayMs.toFixed()} ${event.status ?? ""}`;
        case "drift":
            return `${event.path}: ${event.expected}, ${event.found}${event.repaired ? ", repaired" : ""}`;
        default:
            // Later versions may know further types.
            return operation;
    }
}

/** Known texts complete in an editor because the union keeps them; any other text is accepted. */
type Open<T, Known extends string> = [Known, string] extends [Extract<T, Known>, T] ? true : false;
// `NonNullable` would merge the texts into one.
type Given<T> = Exclude<T, null | undefined>;
same<Open<Given<OrderSummary["status"]>, "completed" | "pending">, true>(true);
same<Open<Given<Order["paymentStatus"]>, "paid" | "unpaid">, true>(true);
same<Open<Given<Transaction["status"]>, "succeeded" | "failed" | "refunded">, true>(true);
same<Open<Given<Subscription["status"]>, "active" | "past_due" | "canceled">, true>(true);
same<Open<Given<Coupon["status"]>, "scheduled" | "active" | "expired">, true>(true);
same<Open<Given<ListOrdersParams["status"]>, "completed">, true>(true);
same<Open<Given<ClientOptions["apiVersion"]>, "2021-07-28" | "v3">, true>(true);
same<Open<Given<TransactionSummary["entitySourceType"]>, "funnel" | "invoice">, true>(true);
// Neither a closed list nor a plain text is open.
same<Open<Given<ListOrdersParams["paymentStatus"]>, "paid">, false>(true);
same<Open<Given<Order["currency"]>, "USD">, false>(true);

// A union by `mode`.
same<RecordPaymentBody["mode"], "card" | "cheque" | "cash" | "bank_transfer" | "other">(true);
same<Extract<RecordPaymentBody, { mode: "cheque" }>["card"], undefined>(true);
same<Extract<RecordPaymentBody, { mode: "card" }>["card"], CardDetails | undefined>(true);

// Everything that a caller may leave out is optional, whatever the options of the compiler.
same<{} extends ListOrdersParams ? true : false, true>(true);
same<{} extends CallOptions ? true : false, true>(true);
same<{} extends GetCouponParams ? true : false, false>(true);
same<{} extends ConnectProviderBody ? true : false, false>(true);
same<{ supportsSubscriptionSchedules: boolean } extends UpdateCapabilitiesBody ? true : false, false>(true);

same<Parameters<typeof consoleLogger>, [level?: LogLevel | undefined]>(true);
export const logger: NonNullable<ClientOptions["onEvent"]> = consoleLogger("warn");
export const plain = new PaymentsClient({ token: "text", onEvent: consoleLogger() });

// A token is needed, or a proxy that adds it.
export const proxied: PaymentsClient[] = [
    new PaymentsClient({ baseUrl: "/api" }),
    new PaymentsClient({ baseUrl: "/api", token: () => "t" }),
];
declare const settings: ClientOptions;
export const later = new PaymentsClient({ ...settings, locationId: "l" });
same<typeof settings.token, Token | undefined>(true);
same<typeof settings, ProxyClientOptions | TokenClientOptions>(true);

// Also where one of them comes from somewhere else, or may be missing beside a proxy.
export function put(all: ClientSettings, token: string | undefined, mine: ClientSettings & { baseUrl: string }): PaymentsClient[] {
    return [
        new PaymentsClient({ baseUrl: "/api", token }),
        new PaymentsClient({ baseUrl: "/api", ...(token && { token }) }),
        new PaymentsClient(token ? { token } : { baseUrl: "/api" }),
        new PaymentsClient({ ...all, baseUrl: "/api" }),
        new PaymentsClient({ ...all, token: () => "t" }),
        new PaymentsClient(mine),
    ];
}

// What may be left out may be undefined.
export function passed(cursor: string | undefined, signal: AbortSignal | undefined, limiter: PaymentsClient | undefined): void {
    const client = new PaymentsClient({ token: "t", limiter, locationId: undefined, onEvent: undefined });
    client.orders.list({ cursor, limit: undefined, status: undefined }, { signal, headers: undefined });
    client.orders.recordPayment("order", { mode: "cash", amount: undefined, meta: undefined }, undefined);
    client.coupons.get({ code: "SPRING", id: undefined });
}

// Headers in every form that is taken.
for (const headers of [{ "x-a": "1" }, new Headers(), new Map([["x-a", "1"]]), [["x-a", "1"] as const], undefined]) {
    new PaymentsClient({ token: "t", headers });
    const options: CallOptions = { headers };
    console.log(options);
}
new PaymentsClient({ token: "t", headers: [["x-a", "1"]] });

// What is known to be an error of a class is one.
export function known(error: unknown, errors: unknown[]): PaymentsError[] {
    if (ValidationError.is(error)) return [error, PaymentsError.from(error.issues[0]?.path)];
    if (PaymentsError.is(error)) console.log(error.outcome, error.toJSON().code, JSON.stringify(error));
    const json = PaymentsError.from(error).toJSON();
    same<typeof json, PaymentsErrorJson>(true);
    same<Required<typeof json>, {
        name: string; message: string; code: string; outcome: Outcome; status: number; messages: string[]; traceId: string;
        retryable: boolean; attempts: number; operation: OperationInfo; recordId: string; body: unknown; retryAfterMs: number; rateLimit: RateLimit;
        candidates: string[]; reason: string; issues: Issue[]; path: string; expected: string; found: string;
    }>(true);
    const kept: [messages: string[], retryable: boolean, attempts: number] = [json.messages, json.retryable, json.attempts];
    // As the parameter of a logger.
    const line: Record<string, unknown> = json;
    console.log(kept, line, json.rateLimit?.remaining);
    return errors.filter(PaymentsError.is);
}
