import type * as Model from "./core.js";
import * as Op from "./operations.js";
import { failure, invalid, PaymentsError, type OperationInfo } from "./errors.js";
import { LastingCore } from "./instance.js";
import {
    ApiPromise,
    PagePromise,
    type ReadPage,
    type ResponseInfo,
    type Resumable,
    type WithResponse,
} from "./promises.js";
import type {
    CallOptions,
    ClientOptions,
    ConnectProviderBody,
    GetCouponParams,
    OrderNotes,
    RecordPaymentBody,
    UpdateCapabilitiesBody,
} from "./options.js";

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

/** Something that happened during a call. It never holds the token. Later versions may know further types. */
export type PaymentsEvent = {
    /** The operation that the call is about. */
    operation: OperationInfo;
} & (
    | {
          /** A request leaves. */
          type: "request";
          /** Which attempt it is, counted from 1. */
          attempt: number;
      }
    | {
          /** An answer came, whatever its status. */
          type: "response";
          /** Which attempt it answers. */
          attempt: number;
          /** Its HTTP status. */
          status: number;
          /** Milliseconds from the request to the answer's end. */
          durationMs: number;
      }
    | ({
          /** An answer named the limits of the app and the location. */
          type: "ratelimit";
      } & RateLimit)
    | {
          /** The call failed and will be sent again. */
          type: "retry";
          /** Which attempt failed. */
          attempt: number;
          /** Milliseconds until it is sent again. */
          delayMs: number;
          /** The `code` of the error that the attempt ended with, such as `rate_limited`. */
          reason: string;
          /** The HTTP status, if there was an answer. */
          status?: number;
      }
    | {
          /** An answer differs from the shape that HighLevel promises. */
          type: "drift";
          /** Where, such as `data[57].amount`. */
          path: string;
          /** What is promised. */
          expected: string;
          /** What came. */
          found: string;
          /** Whether the value was turned into what is promised; otherwise it is passed on as it came. */
          repaired: boolean;
      }
);

interface Request {
    op: number;
    id?: string;
    params?: object;
}

type Send = <T>(request: Request, options: CallOptions | undefined) => Promise<WithResponse<T>>;

/** The operations on one kind of record. */
class Resource {
    readonly #send: Send;

    /** @internal */
    constructor(send: Send) {
        this.#send = send;
    }

    protected one<T>(request: Request, options: CallOptions | undefined): ApiPromise<T> {
        return new ApiPromise(this.#send<T>(request, options));
    }

    protected many<T>(op: number, params: Paged | undefined, options: CallOptions | undefined): PagePromise<T> {
        const { cursor, ...query } = params ?? {};
        const read: ReadPage<T> = async (place) => {
            const page = place === undefined ? params : { ...query, ...place };
            const request: Request = page === undefined ? { op } : { op, params: page };
            // Further pages leave the rate limit's last requests to calls that somebody waits for.
            const settings = place === undefined ? options : { background: true, ...options };
            const { data, response } = await this.#send<ListAnswer<T>>(request, settings);
            const total = data.totalCount;
            const records = data.data ?? data.providers ?? [];
            return { records, total: typeof total === "number" ? total : undefined, response };
        };
        const { offset, limit, ...filters } = query;
        return new PagePromise(read, {
            scope: () => json([op, Object.entries(filters).sort()]),
            offset: whole(offset) ?? 0,
            limit: whole(limit) ?? 0,
            ...(cursor === undefined ? {} : { cursor: offset === undefined ? cursor : "" }),
        });
    }
}

/** Whether a payment is recorded. */
export interface PaymentRecorded {
    /** `false`: the attempts are used up, and the order has no new transaction. */
    recorded: boolean;
    /** Its transaction, where it had to be looked for. */
    transaction?: Model.TransactionSummary;
    /** How often the payment was sent. */
    attempts: number;
}

interface Paged {
    limit?: number;
    offset?: number;
    cursor?: string;
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
    /**
     * Lists orders, newest first: await it for one page, iterate it for the orders of all pages.
     *
     * Scope `payments/orders.readonly`.
     *
     * ```ts
     * for await (const order of payments.orders.list({ status: "completed", startAt: "2024-02-01" })) {
     *     console.log(order._id, order.amount, order.currency);
     * }
     * ```
     *
     * @param params Filters, length and start of the page; every order when left out.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-orders
     */
    list(params?: Resumable<Model.ListOrdersParams>, options?: CallOptions): PagePromise<Model.OrderSummary> {
        return this.many(Op.listOrders, params, options);
    }

    /**
     * Reads one order with its items.
     *
     * Scope `payments/orders.readonly`.
     *
     * ```ts
     * const order = await payments.orders.get(orderId);
     * console.log(order.status, order.items?.map((item) => item.name));
     * ```
     *
     * @param orderId Id of the order: its `_id`, 24 hexadecimal characters.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/get-order-by-id
     */
    get(orderId: string, options?: CallOptions): ApiPromise<Model.Order> {
        return this.one({ op: Op.getOrder, id: orderId }, options);
    }

    /**
     * Records a payment that was made outside HighLevel.
     *
     * It is never sent twice unless the server surely did not act; after a failure `error.outcome` says whether the payment
     * may have been recorded.
     *
     * Scope `payments/orders.collectPayment`.
     *
     * ```ts
     * await payments.orders.recordPayment(orderId, { mode: "cheque", cheque: { number: "129" }, amount: 59.5 });
     * ```
     *
     * @param orderId Id of the order: its `_id`.
     * @param body How it was paid, and how much in major units: `59.5` is 59.50.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/record-order-payment
     */
    recordPayment(
        orderId: string,
        body: RecordPaymentBody,
        options?: CallOptions,
    ): ApiPromise<Model.RecordPaymentResult> {
        return this.one({ op: Op.recordPayment, id: orderId, params: body }, options);
    }

    /**
     * Records a payment that was made outside HighLevel. Where the outcome is unknown (a timeout, a dropped connection, a
     * 5xx) it looks among the transactions of the order whether the payment took, before it would be sent again, at most
     * `maxRetries` times. Any transaction that is new on the order counts as the payment.
     *
     * It rejects where HighLevel refuses the payment; `error.outcome` is `unknown` only where the order could not be read
     * either. `deadlineMs` is for all its requests together.
     *
     * Scopes `payments/orders.collectPayment`, `payments/orders.readonly` and `payments/transactions.readonly`.
     *
     * ```ts
     * const { recorded } = await payments.orders.recordPaymentOnce(orderId, { mode: "cash", amount: 59.5 });
     * ```
     *
     * @param orderId Id of the order: its `_id`.
     * @param body How it was paid, and how much in major units: `59.5` is 59.50.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/record-order-payment
     */
    recordPaymentOnce(orderId: string, body: RecordPaymentBody, options?: CallOptions): ApiPromise<PaymentRecorded> {
        return this.one({ op: Op.recordPaymentOnce, id: orderId, params: body }, options);
    }

    /**
     * Reports a delivery of some or all items of an order. It is never sent twice unless the server surely did not act.
     *
     * Scope `payments/orders.write`.
     *
     * ```ts
     * await payments.orders.createFulfillment(orderId, {
     *     trackings: [{ trackingNumber: "1Z999AA10123456784", shippingCarrier: "UPS" }],
     *     items: [{ priceId: "653f6ba4d84bcc7b3d5bb8a1", qty: 1 }],
     *     notifyCustomer: true,
     * });
     * ```
     *
     * @param orderId Id of the order: its `_id`.
     * @param body The items, how to follow them, and whether the customer is told.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/create-order-fulfillment
     */
    createFulfillment(
        orderId: string,
        body: Model.CreateFulfillmentBody,
        options?: CallOptions,
    ): ApiPromise<Model.FulfillmentCreated> {
        return this.one({ op: Op.createFulfillment, id: orderId, params: body }, options);
    }

    /**
     * Lists the deliveries of an order, all of them at once.
     *
     * Scope `payments/orders.readonly`.
     *
     * ```ts
     * const { data } = await payments.orders.listFulfillments(orderId);
     * console.log(data.flatMap((fulfillment) => fulfillment.trackings ?? []));
     * ```
     *
     * @param orderId Id of the order: its `_id`.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-order-fulfillment
     */
    listFulfillments(orderId: string, options?: CallOptions): ApiPromise<Model.FulfillmentList> {
        return this.one({ op: Op.listFulfillments, id: orderId }, options);
    }

    /**
     * Reads the notes of an order as HighLevel sends them: it publishes no schema and names no scope.
     *
     * @param orderId Id of the order: its `_id`.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-order-notes
     */
    listNotes(orderId: string, options?: CallOptions): ApiPromise<OrderNotes> {
        return this.one({ op: Op.listNotes, id: orderId }, options);
    }
}

/** Payments and refunds, whatever provider carried them. */
export class Transactions extends Resource {
    /**
     * Lists transactions, newest first: await it for one page, iterate it for the transactions of all pages.
     *
     * There is no filter by status; `entityId` finds those of an order or of an invoice.
     *
     * Scope `payments/transactions.readonly`.
     *
     * ```ts
     * const paid = await payments.transactions.list({ entityId: orderId }).toArray();
     * console.log(paid.filter((transaction) => transaction.status === "succeeded").length);
     * ```
     *
     * @param params Filters, length and start of the page; every transaction when left out.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-transactions
     */
    list(
        params?: Resumable<Model.ListTransactionsParams>,
        options?: CallOptions,
    ): PagePromise<Model.TransactionSummary> {
        return this.many(Op.listTransactions, params, options);
    }

    /**
     * Reads one transaction.
     *
     * Scope `payments/transactions.readonly`.
     *
     * @param transactionId Id of the transaction: its `_id`, not the id of the charge at the payment provider.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/get-transaction-by-id
     */
    get(transactionId: string, options?: CallOptions): ApiPromise<Model.Transaction> {
        return this.one({ op: Op.getTransaction, id: transactionId }, options);
    }
}

/** Payments that repeat. */
export class Subscriptions extends Resource {
    /**
     * Lists subscriptions, newest first: await it for one page, iterate it for the subscriptions of all pages.
     *
     * Scope `payments/subscriptions.readonly`.
     *
     * ```ts
     * for await (const subscription of payments.subscriptions.list({ limit: 100 })) {
     *     if (subscription.status === "past_due") console.log(subscription.contactId);
     * }
     * ```
     *
     * @param params Filters, length and start of the page; every subscription when left out.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-subscriptions
     */
    list(
        params?: Resumable<Model.ListSubscriptionsParams>,
        options?: CallOptions,
    ): PagePromise<Model.SubscriptionSummary> {
        return this.many(Op.listSubscriptions, params, options);
    }

    /**
     * Reads one subscription.
     *
     * Scope `payments/subscriptions.readonly`.
     *
     * @param subscriptionId Id of the subscription at HighLevel: its `_id`, not its `subscriptionId`, which is the
     *   payment provider's.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/get-subscription-by-id
     */
    get(subscriptionId: string, options?: CallOptions): ApiPromise<Model.Subscription> {
        return this.one({ op: Op.getSubscription, id: subscriptionId }, options);
    }
}

/** Discount codes. */
export class Coupons extends Resource {
    /**
     * Lists coupons: await it for one page, iterate it for the coupons of all pages.
     *
     * Scope `payments/coupons.readonly`.
     *
     * ```ts
     * const active = await payments.coupons.list({ status: "active" });
     * ```
     *
     * @param params Filters, length and start of the page; every coupon when left out.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-coupons
     */
    list(params?: Resumable<Model.ListCouponsParams>, options?: CallOptions): PagePromise<Model.Coupon> {
        return this.many(Op.listCoupons, params, options);
    }

    /**
     * Reads one coupon by its id or its code.
     *
     * Scope `payments/coupons.readonly`.
     *
     * ```ts
     * const coupon = await payments.coupons.get({ code: "SPRING" });
     * ```
     *
     * @param params The `id` or the `code`, or both.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/get-coupon
     */
    get(params: GetCouponParams, options?: CallOptions): ApiPromise<Model.Coupon> {
        return this.one({ op: Op.getCoupon, params }, options);
    }

    /**
     * Creates a coupon. It is never sent twice unless the server surely did not act.
     *
     * Scope `payments/coupons.write`.
     *
     * ```ts
     * await payments.coupons.create({
     *     name: "Spring sale",
     *     code: "SPRING",
     *     discountType: "percentage",
     *     discountValue: 10,
     *     startDate: "2024-06-01T00:00:00Z",
     * });
     * ```
     *
     * @param body Its name, code, discount and start; everything else may be left out.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/create-coupon
     */
    create(body: Model.CreateCouponBody, options?: CallOptions): ApiPromise<Model.Coupon> {
        return this.one({ op: Op.createCoupon, params: body }, options);
    }

    /**
     * Replaces a coupon: fields that are left out lose their value.
     *
     * Scope `payments/coupons.write`.
     *
     * @param id Id of the coupon: its `_id`.
     * @param body All its values, not only those that change.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/update-coupon
     */
    update(id: string, body: Omit<Model.UpdateCouponBody, "id">, options?: CallOptions): ApiPromise<Model.Coupon> {
        return this.one({ op: Op.updateCoupon, params: { ...body, id } }, options);
    }

    /**
     * Deletes a coupon.
     *
     * Scope `payments/coupons.write`.
     *
     * @param id Id of the coupon: its `_id`.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/delete-coupon
     */
    delete(id: string, options?: CallOptions): ApiPromise<Model.DeleteCouponResult> {
        return this.one({ op: Op.deleteCoupon, params: { id } }, options);
    }
}

/** A payment provider of your own in HighLevel's checkout. */
export class CustomProvider extends Resource {
    /**
     * Makes your marketplace app a payment provider of the location. It is never sent twice unless the server surely did not
     * act.
     *
     * Scope `payments/custom-provider.write`.
     *
     * @param body Name, logo and the two addresses: the page that takes payments and the one that HighLevel asks
     *   about them.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/create-integration
     */
    create(body: Model.CreateProviderBody, options?: CallOptions): ApiPromise<Model.CustomProviderConfig> {
        return this.one({ op: Op.createProvider, params: body }, options);
    }

    /**
     * Removes your payment provider from the location.
     *
     * Scope `payments/custom-provider.write`.
     *
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/delete-integration
     */
    delete(options?: CallOptions): ApiPromise<Model.ProviderResult> {
        return this.one({ op: Op.deleteProvider }, options);
    }

    /**
     * Reads your payment provider in the location, keys included: keep them out of pages and logs.
     *
     * Scope `payments/custom-provider.readonly`.
     *
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/fetch-config
     */
    getConfig(options?: CallOptions): ApiPromise<Model.CustomProviderConfig> {
        return this.one({ op: Op.getProviderConfig }, options);
    }

    /**
     * Stores the keys of the live mode, of the test mode or of both. The provider must exist: `customProvider.create` comes
     * first.
     *
     * Scope `payments/custom-provider.write`.
     *
     * ```ts
     * await payments.customProvider.connect({ test: { apiKey: "sk_test_1", publishableKey: "pk_test_1" } });
     * ```
     *
     * @param body The keys of each mode to connect.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/create-config
     */
    connect(body: ConnectProviderBody, options?: CallOptions): ApiPromise<Model.CustomProviderConfig> {
        return this.one({ op: Op.connectProvider, params: body }, options);
    }

    /**
     * Forgets the keys of one mode.
     *
     * Scope `payments/custom-provider.write`.
     *
     * @param body `liveMode: true` for live money, `false` for the test mode.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/disconnect-config
     */
    disconnect(body: Model.DisconnectProviderBody, options?: CallOptions): ApiPromise<Model.ProviderResult> {
        return this.one({ op: Op.disconnectProvider, params: body }, options);
    }

    /**
     * Says what your payment provider can do, in one location or in all of a company.
     *
     * Scope `payments/custom-provider.write`.
     *
     * ```ts
     * await payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: true, locationId });
     * ```
     *
     * @param body What it can do, and `locationId` or `companyId`.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/custom-provider-marketplace-app-update-capabilities
     */
    updateCapabilities(
        body: UpdateCapabilitiesBody,
        options?: CallOptions,
    ): ApiPromise<Model.ProviderResult> {
        return this.one({ op: Op.updateCapabilities, params: body }, options);
    }
}

/** White-label providers on top of Authorize.net or NMI. */
export class Integrations extends Resource {
    /**
     * Creates a payment provider under your own name, on top of Authorize.net or NMI. It is never sent twice unless the
     * server surely did not act.
     *
     * Scope `payments/integration.write`.
     *
     * @param body Its names, its logo and the gateway behind it.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/create-integration-provider
     */
    createWhitelabel(body: Model.CreateWhitelabelBody, options?: CallOptions): ApiPromise<Model.WhitelabelProvider> {
        return this.one({ op: Op.createWhitelabel, params: body }, options);
    }

    /**
     * Lists white-label providers: await it for one page, iterate it for all. HighLevel sends one object where there is only
     * one provider; `data` is always a list.
     *
     * Scope `payments/integration.readonly`.
     *
     * @param params Length and start of the page.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-integration-providers
     */
    listWhitelabel(
        params?: Resumable<Model.ListWhitelabelParams>,
        options?: CallOptions,
    ): PagePromise<Model.WhitelabelProvider> {
        return this.many(Op.listWhitelabel, params, options);
    }
}

/**
 * A client for the HighLevel Payments API.
 *
 * ```ts
 * import { PaymentsClient } from "ghl-payments";
 *
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
    readonly #core: LastingCore;

    /**
     * Throws a ValidationError that lists everything that is wrong with the options.
     *
     * @param options The token, the location and how requests are made.
     */
    constructor(options: ClientOptions) {
        if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
        const { token, fetch, onEvent, limiter, ...values } = options;
        callable("fetch", fetch);
        callable("onEvent", onEvent);
        const listener = onEvent && ((event: string) => onEvent(JSON.parse(event) as PaymentsEvent));
        const sameOrigin = typeof location === "object" && /^https?:/.test(location?.origin ?? "");
        const core = new LastingCore([settings(values) ?? "{}", token, fetch, listener, sameOrigin], (core) => {
            if (limiter === false) core.hurry();
            else if (limiter instanceof PaymentsClient) core.share(limiter.#core.present());
            else if (limiter !== undefined) throw invalid("limiter", "must be another PaymentsClient, or false");
        });
        this.#core = core;
        const send: Send = async <T>({ op, id, params }: Request, options: CallOptions | undefined) => {
            const { signal, ...values } = options ?? {};
            if (signal !== undefined && typeof signal?.addEventListener !== "function") {
                throw invalid("signal", "must be an AbortSignal");
            }
            // Which placeholder the id belongs to, and whether it may be empty, the core knows.
            const path = typeof id === "string" ? id : undefined;
            const body = params === undefined ? undefined : json(params);
            return result<T>(await core.call(op, path, body, settings(values), signal));
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

/** `[undefined, data, response, attempts, durationMs, rateLimit?]` of the core, or `[error, cause]`. */
function result<T>(end: unknown[]): WithResponse<T> {
    if (end[0] !== undefined) throw failure(end);
    const [, data, raw, attempts, durationMs, rateLimit] = end as [undefined, T, Response, number, number, string?];
    const response: ResponseInfo = { status: raw.status, headers: raw.headers, attempts, durationMs };
    const traceId = typeof data === "object" && data !== null ? (data as { traceId?: unknown }).traceId : undefined;
    if (typeof traceId === "string") response.traceId = traceId;
    if (rateLimit !== undefined) response.rateLimit = JSON.parse(rateLimit) as RateLimit;
    return { data, response };
}
