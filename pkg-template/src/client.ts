import { Core } from "./core.js";
import type * as Model from "./core.js";
import { invalid, PaymentsError, toError, type ErrorInfo, type OperationInfo } from "./errors.js";
import { ApiPromise, PagePromise, type RawPage, type ResponseInfo, type WithResponse } from "./promises.js";
import type { CallOptions, ClientOptions, GetCouponParams, OrderNotes, RecordPaymentBody } from "./options.js";

export type * from "./options.js";

/** The limits that an answer named (100 requests in 10 s and 200,000 a day for an app and a location). */
export interface RateLimit {
    /** Requests allowed in one interval. */
    limit?: number;
    /** Requests left in this interval. */
    remaining?: number;
    /** Length of the interval in milliseconds. */
    intervalMs?: number;
    /** Requests allowed in a day. */
    dailyLimit?: number;
    /** Requests left today. */
    dailyRemaining?: number;
}

/** Something that happened during a call. It never holds the token. */
export type PaymentsEvent = { operation: OperationInfo } & (
    | { type: "request"; attempt: number }
    | { type: "response"; attempt: number; status: number; durationMs: number }
    | { type: "retry"; attempt: number; delayMs: number; reason: string; status?: number }
    | { type: "drift"; path: string; expected: string; found: string; repaired: boolean }
);

/** The operations, in the order of the core's ledger. */
enum Op {
    createWhitelabel,
    listWhitelabel,
    listOrders,
    getOrder,
    recordPayment,
    createFulfillment,
    listFulfillments,
    listNotes,
    listTransactions,
    getTransaction,
    listSubscriptions,
    getSubscription,
    listCoupons,
    getCoupon,
    createCoupon,
    updateCoupon,
    deleteCoupon,
    createProvider,
    deleteProvider,
    getProviderConfig,
    connectProvider,
    disconnectProvider,
    updateCapabilities,
}

interface Request {
    op: Op;
    id?: string;
    params?: object;
}

type Send = <T>(request: Request, options: CallOptions | undefined) => Promise<WithResponse<T>>;

class Resource {
    readonly #send: Send;

    constructor(send: Send) {
        this.#send = send;
    }

    protected one<T>(request: Request, options: CallOptions | undefined): ApiPromise<T> {
        return new ApiPromise(this.#send<T>(request, options));
    }

    protected many<T>(op: Op, params: Paged | undefined, options: CallOptions | undefined): PagePromise<T> {
        const read = async (offset: number | undefined): Promise<RawPage<T>> => {
            const page = offset === undefined ? params : { ...params, offset };
            const request: Request = page === undefined ? { op } : { op, params: page };
            const { data, response } = await this.#send<ListAnswer<T>>(request, options);
            const total = data.totalCount;
            const records = data.data ?? data.providers ?? [];
            return { records, total: typeof total === "number" ? total : undefined, response };
        };
        const limit = params?.limit;
        return new PagePromise(read, whole(params?.offset) ?? 0, whole(limit));
    }
}

interface Paged {
    limit?: number;
    offset?: number;
}

interface ListAnswer<T> {
    data?: T[];
    providers?: T[];
    totalCount?: number | null;
}

/** A number that the page state can start from; anything else is reported when the request is built. */
function whole(value: number | undefined): number | undefined {
    return Number.isInteger(value) && (value as number) >= 0 ? value : undefined;
}

/** Orders, payments recorded on them, fulfillments and notes. */
export class Orders extends Resource {
    /** Lists orders, newest first. Scope `payments/orders.readonly`. */
    list(params?: Model.ListOrdersParams, options?: CallOptions): PagePromise<Model.OrderSummary> {
        return this.many(Op.listOrders, params, options);
    }

    /** Reads one order with its items. Scope `payments/orders.readonly`. */
    get(orderId: string, options?: CallOptions): ApiPromise<Model.Order> {
        return this.one({ op: Op.getOrder, id: orderId }, options);
    }

    /**
     * Records a payment that was made outside HighLevel. Scope `payments/orders.collectPayment`.
     *
     * It is never sent twice unless the server surely did not act; after a failure `error.outcome` says whether the
     * payment may have been recorded.
     */
    recordPayment(
        orderId: string,
        body: RecordPaymentBody,
        options?: CallOptions,
    ): ApiPromise<Model.RecordPaymentResult> {
        return this.one({ op: Op.recordPayment, id: orderId, params: body }, options);
    }

    /** Marks items of an order as delivered. Scope `payments/orders.write`. */
    createFulfillment(
        orderId: string,
        body: Model.CreateFulfillmentBody,
        options?: CallOptions,
    ): ApiPromise<Model.FulfillmentCreated> {
        return this.one({ op: Op.createFulfillment, id: orderId, params: body }, options);
    }

    /** Lists the fulfillments of an order. Scope `payments/orders.readonly`. */
    listFulfillments(orderId: string, options?: CallOptions): ApiPromise<Model.FulfillmentList> {
        return this.one({ op: Op.listFulfillments, id: orderId }, options);
    }

    /** Lists the notes of an order, as HighLevel sends them: it publishes no schema. */
    listNotes(orderId: string, options?: CallOptions): ApiPromise<OrderNotes> {
        return this.one({ op: Op.listNotes, id: orderId }, options);
    }
}

/** Payments and refunds, whatever provider carried them. */
export class Transactions extends Resource {
    /** Lists transactions, newest first. Scope `payments/transactions.readonly`. */
    list(params?: Model.ListTransactionsParams, options?: CallOptions): PagePromise<Model.TransactionSummary> {
        return this.many(Op.listTransactions, params, options);
    }

    /** Reads one transaction. Scope `payments/transactions.readonly`. */
    get(transactionId: string, options?: CallOptions): ApiPromise<Model.Transaction> {
        return this.one({ op: Op.getTransaction, id: transactionId }, options);
    }
}

/** Payments that repeat. */
export class Subscriptions extends Resource {
    /** Lists subscriptions, newest first. Scope `payments/subscriptions.readonly`. */
    list(params?: Model.ListSubscriptionsParams, options?: CallOptions): PagePromise<Model.SubscriptionSummary> {
        return this.many(Op.listSubscriptions, params, options);
    }

    /** Reads one subscription. Scope `payments/subscriptions.readonly`. */
    get(subscriptionId: string, options?: CallOptions): ApiPromise<Model.Subscription> {
        return this.one({ op: Op.getSubscription, id: subscriptionId }, options);
    }
}

/** Discount codes. */
export class Coupons extends Resource {
    /** Lists coupons. Scope `payments/coupons.readonly`. */
    list(params?: Model.ListCouponsParams, options?: CallOptions): PagePromise<Model.Coupon> {
        return this.many(Op.listCoupons, params, options);
    }

    /** Reads one coupon by its id or its code. Scope `payments/coupons.readonly`. */
    get(params: GetCouponParams, options?: CallOptions): ApiPromise<Model.Coupon> {
        return this.one({ op: Op.getCoupon, params }, options);
    }

    /** Creates a coupon. Scope `payments/coupons.write`. */
    create(body: Model.CreateCouponBody, options?: CallOptions): ApiPromise<Model.Coupon> {
        return this.one({ op: Op.createCoupon, params: body }, options);
    }

    /** Replaces a coupon: fields that are left out lose their value. Scope `payments/coupons.write`. */
    update(id: string, body: Omit<Model.UpdateCouponBody, "id">, options?: CallOptions): ApiPromise<Model.Coupon> {
        return this.one({ op: Op.updateCoupon, params: { ...body, id } }, options);
    }

    /** Deletes a coupon. Scope `payments/coupons.write`. */
    delete(id: string, options?: CallOptions): ApiPromise<Model.DeleteCouponResult> {
        return this.one({ op: Op.deleteCoupon, params: { id } }, options);
    }
}

/** A payment provider of your own in HighLevel's checkout. */
export class CustomProvider extends Resource {
    /** Creates the provider for the location. Scope `payments/custom-provider.write`. */
    create(body: Model.CreateProviderBody, options?: CallOptions): ApiPromise<Model.CustomProviderConfig> {
        return this.one({ op: Op.createProvider, params: body }, options);
    }

    /** Deletes the provider of the location. Scope `payments/custom-provider.write`. */
    delete(options?: CallOptions): ApiPromise<Model.ProviderResult> {
        return this.one({ op: Op.deleteProvider }, options);
    }

    /** Reads the provider and its keys. Scope `payments/custom-provider.readonly`. */
    getConfig(options?: CallOptions): ApiPromise<Model.CustomProviderConfig> {
        return this.one({ op: Op.getProviderConfig }, options);
    }

    /** Stores the keys of a mode; the provider must exist. Scope `payments/custom-provider.write`. */
    connect(body: Model.ConnectProviderBody, options?: CallOptions): ApiPromise<Model.CustomProviderConfig> {
        return this.one({ op: Op.connectProvider, params: body }, options);
    }

    /** Removes the keys of one mode. Scope `payments/custom-provider.write`. */
    disconnect(body: Model.DisconnectProviderBody, options?: CallOptions): ApiPromise<Model.ProviderResult> {
        return this.one({ op: Op.disconnectProvider, params: body }, options);
    }

    /** Says what the provider can do. Scope `payments/custom-provider.write`. */
    updateCapabilities(
        body: Model.UpdateCapabilitiesBody,
        options?: CallOptions,
    ): ApiPromise<Model.ProviderResult> {
        return this.one({ op: Op.updateCapabilities, params: body }, options);
    }
}

/** White-label providers on top of Authorize.net or NMI. */
export class Integrations extends Resource {
    /** Creates a white-label provider. Scope `payments/integration.write`. */
    createWhitelabel(body: Model.CreateWhitelabelBody, options?: CallOptions): ApiPromise<Model.WhitelabelProvider> {
        return this.one({ op: Op.createWhitelabel, params: body }, options);
    }

    /** Lists white-label providers. Scope `payments/integration.readonly`. */
    listWhitelabel(params?: Model.ListWhitelabelParams, options?: CallOptions): PagePromise<Model.WhitelabelProvider> {
        return this.many(Op.listWhitelabel, params, options);
    }
}

/**
 * A client for the HighLevel Payments API.
 *
 * ```ts
 * const payments = new PaymentsClient({ token, locationId });
 * const page = await payments.orders.list({ status: "completed", limit: 50 });
 * for await (const order of payments.orders.list({ startAt: "2024-02-01" })) console.log(order._id);
 * ```
 */
export class PaymentsClient {
    /** Orders, recorded payments, fulfillments, notes. */
    readonly orders: Orders;
    /** Transactions. */
    readonly transactions: Transactions;
    /** Subscriptions. */
    readonly subscriptions: Subscriptions;
    /** Coupons. */
    readonly coupons: Coupons;
    /** Your own payment provider. */
    readonly customProvider: CustomProvider;
    /** White-label providers. */
    readonly integrations: Integrations;

    /** Throws a ValidationError that lists everything that is wrong with the options. */
    constructor(options: ClientOptions) {
        if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
        const { token, fetch, onEvent, ...values } = options;
        callable("fetch", fetch);
        callable("onEvent", onEvent);
        const listener = onEvent && ((event: string) => onEvent(JSON.parse(event) as PaymentsEvent));
        const sameOrigin = typeof location === "object" && /^https?:/.test(location?.origin ?? "");
        let core: Core;
        try {
            core = new Core(settings(values) ?? "{}", token, fetch, listener, sameOrigin);
        } catch (error) {
            throw failure(error);
        }
        const send: Send = async <T>({ op, id, params }: Request, options: CallOptions | undefined) => {
            const { signal, ...values } = options ?? {};
            if (signal !== undefined && typeof signal?.addEventListener !== "function") {
                throw invalid("signal", "must be an AbortSignal");
            }
            // Which placeholder the id belongs to, and whether it may be empty, the core knows.
            const path = typeof id === "string" ? id : undefined;
            const body = params === undefined ? undefined : json(params);
            return core.call(op, path, body, settings(values), signal).then(success<T>, rethrow);
        };
        this.orders = new Orders(send);
        this.transactions = new Transactions(send);
        this.subscriptions = new Subscriptions(send);
        this.coupons = new Coupons(send);
        this.customProvider = new CustomProvider(send);
        this.integrations = new Integrations(send);
    }
}

function callable(name: string, value: unknown): void {
    if (value !== undefined && typeof value !== "function") throw invalid(name, "must be a function");
}

/** Options as the core reads them; headers as a list, so that their names stay as they are. */
function settings(values: { headers?: Record<string, string> }): string | undefined {
    if (Object.keys(values).length === 0) return undefined;
    const { headers } = values;
    if (headers === undefined) return json(values);
    if (typeof headers !== "object" || headers === null) throw invalid("headers", "must be an object of texts");
    const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
    return json({ ...values, headers: entries.map(([name, value]) => ({ name, value })) });
}

function json(value: object): string {
    try {
        return JSON.stringify(value, data) ?? "null";
    } catch (cause) {
        if (cause instanceof PaymentsError) throw cause;
        throw invalid("", "the parameters cannot be written as JSON", cause);
    }
}

/** What JSON.stringify would drop without a word. */
function data(name: string, value: unknown): unknown {
    if (typeof value === "function" || typeof value === "symbol") throw invalid(name, `must be a value, found a ${typeof value}`);
    return value;
}

/** `[data, response, attempts, durationMs, rateLimit?]` of the core. */
function success<T>(result: unknown): WithResponse<T> {
    const [data, raw, attempts, durationMs, rateLimit] = result as [T, Response, number, number, string?];
    const response: ResponseInfo = { status: raw.status, headers: raw.headers, attempts, durationMs };
    const traceId = typeof data === "object" && data !== null ? (data as { traceId?: unknown }).traceId : undefined;
    if (typeof traceId === "string") response.traceId = traceId;
    if (rateLimit !== undefined) response.rateLimit = JSON.parse(rateLimit) as RateLimit;
    return { data, response };
}

function rethrow(reason: unknown): never {
    throw failure(reason);
}

/** The error for what the core throws: JSON text, or that and a cause. */
function failure(reason: unknown): unknown {
    const [info, cause] = Array.isArray(reason) ? (reason as [unknown, unknown]) : [reason, undefined];
    if (typeof info !== "string") return reason;
    return toError(JSON.parse(info) as ErrorInfo, cause);
}
