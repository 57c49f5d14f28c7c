import type * as Model from "../core.js";
import { asIs, meant } from "./input.js";
import type {
    CallOptions,
    ConnectProviderBody,
    GetCouponParams,
    OrderNotes,
    RecordOnceOptions,
    RecordPaymentBody,
    UpdateCapabilitiesBody,
} from "./parameters.js";
import type { PagePromise, Resumable } from "./pages.js";
import type { ApiPromise } from "./promises.js";

/** Whether a payment is recorded. */
export interface PaymentRecorded {
    /**
     * `false`: the attempts are used up, or a later one was refused after the answer of one before was lost, and no transaction
     * of the order can be the payment; `reason` says what they ended with. A server that was late may still record it. A refusal
     * of the first attempt is thrown.
     */
    recorded: boolean;
    /** Its transaction, where it had to be looked for. */
    transaction?: Model.TransactionSummary;
    /** How often the payment was sent; 0 where an earlier call with the same reference had recorded it. */
    attempts: number;
    /**
     * How it is known that it is recorded.
     *
     * - `answer`: HighLevel said so;
     * - `reference`: a transaction shows its reference;
     * - `amount`: no transaction shows its reference, and a single new one has its amount and mode. It could be a payment
     *   that somebody else recorded at the same time.
     */
    matchedBy?: "answer" | "reference" | "amount";
    /** The reference that it was sent with. */
    reference: string;
    /** Where it is not recorded: what the last attempt ended with. */
    reason?: {
        /** The `code` of its error, such as `server_error`. */
        code: string;
        /** The message of its error. */
        message: string;
        /** HighLevel's trace id, where its answer had one: its support finds the request by it. */
        traceId?: string;
    };
}

/** Orders, payments recorded on them, fulfillments and notes. */
export interface Orders {
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
    list(params?: Resumable<Model.ListOrdersParams>, options?: CallOptions): PagePromise<Model.OrderSummary>;

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
    get(orderId: string, options?: CallOptions): ApiPromise<Model.Order>;

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
    ): ApiPromise<Model.RecordPaymentResult>;

    /**
     * Records a payment that was made outside HighLevel, and knows it again: it is sent with a reference. Where the outcome is
     * unknown (a timeout, a dropped connection, a 5xx) it looks for the payment among the transactions of the order before it
     * would be sent again, at most `maxRetries` times.
     *
     * A transaction that shows the reference is the payment. Where none shows it, a single new one of the same amount and mode
     * that did not fail is taken for it, and `matchedBy` says so. Where there are several, or where amount, mode, status or
     * notes leave a doubt, it rejects with the `outcome` `unknown` and the `candidates`, and sends nothing again.
     *
     * With a `reference` of yours it can be called again after the process died: it looks for the reference before it sends
     * anything. Where references are not shown, it rejects with `unknown` and `candidates` if a payment of the same amount and
     * mode was made `since`.
     *
     * A server that carries a lost request out later than three looks (3.5 s unless `retryDelayMs` says otherwise) can still
     * record it twice; `maxRetries: 0` is for those who want none, and a job should not be started again sooner. `deadlineMs`
     * is for all its requests together.
     *
     * Scopes `payments/orders.collectPayment`, `payments/orders.readonly` and `payments/transactions.readonly`.
     *
     * ```ts
     * const began = new Date();
     * const payment = { mode: "cash", amount: 59.5 } as const;
     * const { recorded } = await payments.orders.recordPaymentOnce(orderId, payment, { reference: "job-4711", since: began });
     * ```
     *
     * @param orderId Id of the order: its `_id`.
     * @param body How it was paid, and how much in major units: `59.5` is 59.50.
     * @param options How the payment is to be known again, and what this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/record-order-payment
     */
    recordPaymentOnce(
        orderId: string,
        body: RecordPaymentBody,
        options?: RecordOnceOptions,
    ): ApiPromise<PaymentRecorded>;

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
    ): ApiPromise<Model.FulfillmentCreated>;

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
    listFulfillments(orderId: string, options?: CallOptions): ApiPromise<Model.FulfillmentList>;

    /**
     * Reads the notes of an order as HighLevel sends them: it publishes no schema and names no scope.
     *
     * @param orderId Id of the order: its `_id`.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/list-order-notes
     */
    listNotes(orderId: string, options?: CallOptions): ApiPromise<OrderNotes>;
}

/** Payments and refunds, whatever provider carried them. */
export interface Transactions {
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
    ): PagePromise<Model.TransactionSummary>;

    /**
     * Reads one transaction.
     *
     * Scope `payments/transactions.readonly`.
     *
     * @param transactionId Id of the transaction: its `_id`, not the id of the charge at the payment provider.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/get-transaction-by-id
     */
    get(transactionId: string, options?: CallOptions): ApiPromise<Model.Transaction>;
}

/** Payments that repeat. */
export interface Subscriptions {
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
    ): PagePromise<Model.SubscriptionSummary>;

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
    get(subscriptionId: string, options?: CallOptions): ApiPromise<Model.Subscription>;
}

/** Discount codes. */
export interface Coupons {
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
    list(params?: Resumable<Model.ListCouponsParams>, options?: CallOptions): PagePromise<Model.Coupon>;

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
    get(params: GetCouponParams, options?: CallOptions): ApiPromise<Model.Coupon>;

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
    create(body: Model.CreateCouponBody, options?: CallOptions): ApiPromise<Model.Coupon>;

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
    update(id: string, body: Omit<Model.UpdateCouponBody, "id">, options?: CallOptions): ApiPromise<Model.Coupon>;

    /**
     * Deletes a coupon.
     *
     * Scope `payments/coupons.write`.
     *
     * @param id Id of the coupon: its `_id`.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/delete-coupon
     */
    delete(id: string, options?: CallOptions): ApiPromise<Model.DeleteCouponResult>;
}

/** A payment provider of your own in HighLevel's checkout. */
export interface CustomProvider {
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
    create(body: Model.CreateProviderBody, options?: CallOptions): ApiPromise<Model.CustomProviderConfig>;

    /**
     * Removes your payment provider from the location.
     *
     * Scope `payments/custom-provider.write`.
     *
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/delete-integration
     */
    delete(options?: CallOptions): ApiPromise<Model.ProviderResult>;

    /**
     * Reads your payment provider in the location, keys included: keep them out of pages and logs.
     *
     * Scope `payments/custom-provider.readonly`.
     *
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/fetch-config
     */
    getConfig(options?: CallOptions): ApiPromise<Model.CustomProviderConfig>;

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
    connect(body: ConnectProviderBody, options?: CallOptions): ApiPromise<Model.CustomProviderConfig>;

    /**
     * Forgets the keys of one mode.
     *
     * Scope `payments/custom-provider.write`.
     *
     * @param body `liveMode: true` for live money, `false` for the test mode.
     * @param options What this call does otherwise than the client.
     * @see https://marketplace.gohighlevel.com/docs/ghl/payments/disconnect-config
     */
    disconnect(body: Model.DisconnectProviderBody, options?: CallOptions): ApiPromise<Model.ProviderResult>;

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
    ): ApiPromise<Model.ProviderResult>;
}

/** White-label providers on top of Authorize.net or NMI. */
export interface Integrations {
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
    createWhitelabel(body: Model.CreateWhitelabelBody, options?: CallOptions): ApiPromise<Model.WhitelabelProvider>;

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
    ): PagePromise<Model.WhitelabelProvider>;
}

/** The resources of a client. */
export interface Resources {
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
}

/** @internal What a call is given: the id in its path, its parameters or body, and what it does otherwise than the client. */
export interface Given {
    id?: unknown;
    params?: unknown;
    options?: CallOptions | null | undefined;
    /** The id of the record, where it is in no path. */
    recordId?: unknown;
    /** What parameters and options were copied from. */
    copied?: unknown[];
}

/** @internal How a method reads its arguments; one of a list is given parameters, and read in pages. */
export type Reading = "list" | ((...args: never[]) => Given);

const nothing = (options?: CallOptions): Given => ({ options });
const body = (params: unknown, options?: CallOptions): Given => ({ params, options });
const path = (id: unknown, options?: CallOptions): Given => ({ id, options });
const pathAndBody = (id: unknown, params: unknown, options?: CallOptions): Given => ({ id, params, options });
/** The id travels among the parameters. */
const idAndBody = (id: unknown, params: unknown, options?: CallOptions): Given => {
    const fields = meant(params ?? {});
    const body = typeof fields === "object" && fields !== null ? { ...fields, id } : fields;
    return { params: asIs(body), options, recordId: id, copied: [fields] };
};
const id = (id: unknown, options?: CallOptions): Given => ({ params: { id }, options });

/** @internal All methods, under the names that the core's ledger has for them. */
export const METHODS: { [R in keyof Resources]: { [M in keyof Resources[R]]: Reading } } = {
    orders: {
        list: "list",
        get: path,
        recordPayment: pathAndBody,
        recordPaymentOnce: pathAndBody,
        createFulfillment: pathAndBody,
        listFulfillments: path,
        listNotes: path,
    },
    transactions: { list: "list", get: path },
    subscriptions: { list: "list", get: path },
    coupons: { list: "list", get: body, create: body, update: idAndBody, delete: id },
    customProvider: {
        create: body,
        delete: nothing,
        getConfig: nothing,
        connect: body,
        disconnect: body,
        updateCapabilities: body,
    },
    integrations: { createWhitelabel: body, listWhitelabel: "list" },
};
