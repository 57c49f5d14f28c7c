import type { JsonValue } from "../core.js";

/** A value, or a promise of it: a sandbox in the same process answers at once, one behind HTTP does not. */
export type Awaitable<T> = T | Promise<T>;

/** Something that is wrong with what a provider has said. */
export interface ProtocolIssue {
    /** Which field, such as `chargeSnapshot.amount`; empty for the whole of it. */
    path: string;
    /** What is wrong, and what would be right. */
    message: string;
    /** Whether HighLevel does not do what the provider meant (`error`), or does, and something may be missing later (`warning`). */
    level: "error" | "warning";
}

/** Who says something, and to whom. */
export type TimelineParty = "frame" | "highlevel" | "provider";

/** Something that was said or that has happened around payments of a custom provider, secrets left out. */
export interface TimelineEntry {
    /** Its number, from 1. */
    number: number;
    /** When, on the sandbox's clock: ISO 8601. */
    at: string;
    /**
     * What it is: a `message` of the frame or to it, a `query` of HighLevel's server at the queryUrl and its `answer`, a
     * `push` of the provider, a `state` that has changed, or a payment of a subscription that is `due`.
     */
    kind: "message" | "query" | "answer" | "push" | "state" | "due";
    /** Who says it. */
    from: TimelineParty;
    /** To whom. */
    to: TimelineParty;
    /** The `type` of a message or a query, the `event` of a push, or what has changed. */
    type: string;
    /** The checkout that it belongs to; null if there is none. */
    checkoutId: string | null;
    /** The location. */
    locationId: string;
    /** What was said; keys read `[redacted]`. Text that is no JSON is there as text, shortened. */
    body: JsonValue;
    /** The status of the answer to a query or a push; null where there was none. */
    status: number | null;
    /** What is wrong with it, as far as the protocol says. */
    issues: ProtocolIssue[];
}

/** What HighLevel's checkout posts to the frame. */
export interface FrameMessage {
    /** The message as it is to be posted: JSON text, or an object where the quirks say so. */
    data: string | Record<string, JsonValue>;
    /** How many milliseconds to wait before it is posted; 0 for at once. */
    afterMs: number;
}

/** How HighLevel's checkout behaves. The defaults are what was seen in real traffic. */
export interface CheckoutQuirks {
    /** How `currency` is written: in real traffic in lower case (default), in the documentation in upper case. */
    currency?: "lower" | "upper";
    /** What `productDetails` holds: `[{}]` (default), one object with two ids as in old editions, or the whole list. */
    productDetails?: "empty" | "object" | "full";
    /** Whether the props are posted as JSON text (default) or as an object. */
    form?: "text" | "object";
    /** Whether they come with the ready message (default), `lateMs` after it, twice, or not at all. */
    props?: "once" | "late" | "double" | "never";
    /** How late `late` is; default 1500. */
    lateMs?: number;
    /** How many ready messages are lost before one is heard; default 0. */
    deaf?: number;
    /** Whether `subscriptionId` is there and empty where there is no subscription. Default: it is absent. */
    emptyIds?: boolean;
    /** Whether `name`, `description`, `image`, `invoiceId` and `language` are there, as in real traffic. Default true. */
    undocumented?: boolean;
    /** Whether the contact has phone and address. Default: an empty address and no phone, as in real traffic. */
    fullContact?: boolean;
    /** Whether messages that are objects and no text are read. Default false: "Unable to parse event message". */
    readsObjects?: boolean;
}

/**
 * Something to go wrong, once: with the first message or query that it fits.
 * - `props-never`: the props do not come;
 * - `verify-twice`: two verify calls at the same time;
 * - `verify-before-success`: a verify call as soon as the props are out, with HighLevel's transaction id as `chargeId`;
 * - `wrong-api-key`: the query carries an apiKey that is not the provider's;
 * - `slow-query`: the answer comes after HighLevel's time limit, and is not read;
 * - `lost-answer`: the provider has answered, the connection breaks before HighLevel reads it;
 * - `lost-query`: the query does not reach the provider.
 */
export type CheckoutFault =
    | "props-never"
    | "verify-twice"
    | "verify-before-success"
    | "wrong-api-key"
    | "slow-query"
    | "lost-answer"
    | "lost-query";

/** What a subscription is for. */
export interface SubscriptionPlan {
    /** A recurring price of the location. Default: one of 49.00 a month. */
    priceId?: string;
    /**
     * How many days it is tried without charge. Default 0. The page then says success with an id of the provider's own, such as
     * that of its subscription, and verify answers `trialing` with `trialEnd` and without a charge.
     */
    trialDays?: number;
}

/** What is paid, by whom and how. */
export interface CheckoutOptions {
    /** The location. Default: the first one. */
    locationId?: string;
    /** The order to be paid. Default: a new one, unless `invoiceId`, `subscription` or `setup` is given. */
    orderId?: string;
    /** The invoice to be paid instead: the source of an order of the source type `invoice`. */
    invoiceId?: string;
    /** The contact that subscribes, or whose card is saved. Default: any. */
    contactId?: string;
    /** Begins a subscription, with an order of its own. */
    subscription?: SubscriptionPlan;
    /** Saves a payment method without a payment. */
    setup?: boolean;
    /**
     * Live or test money. Default: that of the order if its keys are connected, otherwise the other one. A sandbox begins with
     * a provider that has keys for both, "Example Pay": keys that you have connected come before those, so that who connects
     * `test` alone is asked in test mode.
     */
    mode?: "live" | "test";
    /** How HighLevel behaves. */
    quirks?: CheckoutQuirks;
    /** What goes wrong, each once. */
    faults?: readonly CheckoutFault[];
}

/**
 * Where a checkout stands.
 * - `open`: the frame is there and has not said ready;
 * - `ready`: it has;
 * - `verifying`: it has said success, the provider's server is asked;
 * - `succeeded`: paid, or the payment method is saved;
 * - `pending`: the provider does not know yet, or has not answered; `payment.captured` or `verify()` goes on;
 * - `failed`: the frame or the provider's server says so;
 * - `closed`: the payer has left.
 */
export type CheckoutState = "open" | "ready" | "verifying" | "succeeded" | "pending" | "failed" | "closed";

/** What came of a message of the frame, or of another verify call. */
export interface CheckoutStep {
    /** Where the checkout stands now. */
    state: CheckoutState;
    /** What is to be posted to the frame. */
    toFrame: FrameMessage[];
    /** Whether HighLevel removes the frame now. */
    remove: boolean;
    /** What the payer is shown, such as the description of an error; null for nothing. */
    shown: string | null;
    /** What was wrong with the message, and with the answers that were asked for because of it. */
    issues: ProtocolIssue[];
}

/** One payment page in HighLevel's checkout. */
export interface CheckoutSession {
    /** Its id. */
    readonly id: string;
    /** Whether something is paid, or a payment method is saved. */
    readonly kind: "payment" | "setup";
    /** The page to embed; placeholders in it are not filled in, as HighLevel does not either. */
    readonly paymentsUrl: string;
    /** The props that the frame is to get, whether they come or not. */
    readonly props: Record<string, JsonValue>;
    /** The location. */
    readonly locationId: string;
    /** The order; null where a payment method is saved. */
    readonly orderId: string | null;
    /** The pending transaction; null where a payment method is saved. */
    readonly transactionId: string | null;
    /** The subscription that begins; null where there is none. */
    readonly subscriptionId: string | null;
    /** Where it stands, as of the latest call of this object. */
    readonly state: CheckoutState;
    /**
     * What the frame has posted: `event.data` as it came. Resolves when HighLevel has asked what it asks because of it.
     *
     * @param data Text or anything else; what is not JSON text HighLevel's checkout cannot read.
     */
    receive(data: unknown): Promise<CheckoutStep>;
    /** HighLevel's server asks about the charge again; only after a success message. */
    verify(): Promise<CheckoutStep>;
    /** The payer leaves; the order can be paid in another way at once. */
    close(): Promise<CheckoutStep>;
}

/** What HighLevel's server has asked of a provider's queryUrl, and what came of it. */
export interface QueryResult {
    /** Whether the provider has agreed. */
    success: boolean;
    /** Whether it has refused; with neither, it is not decided yet. */
    failed: boolean;
    /** What the provider says of it, or why there is no answer. */
    message: string;
    /** The answer as it came, if it was JSON; keys read `[redacted]`. */
    answer: JsonValue;
    /** The status of the answer; null where there was none. */
    status: number | null;
    /** What is wrong with the answer. */
    issues: ProtocolIssue[];
}

/** What all queries of HighLevel's server take. */
export interface QueryOptions {
    /** The location. Default: the first one. */
    locationId?: string;
    /** What goes wrong, each once. */
    faults?: readonly CheckoutFault[];
}

/** A payment method that a provider has saved for a contact. */
export interface ListedPaymentMethod {
    /** The provider's id. */
    id: string;
    /** Its kind, such as `card` or `us_bank_account`. */
    type?: string;
    /** What it is called, 20 characters at most. */
    title?: string;
    /** Its last digits. */
    subTitle?: string;
    /** `MM/YY`. */
    expiry?: string;
    /** The provider's customer. */
    customerId?: string;
    /** A logo. */
    imageUrl?: string;
}

/** Whose payment methods are listed. */
export interface ListPaymentMethodsOptions extends QueryOptions {
    /** The contact. */
    contactId: string;
    /** Live or test keys. Default: live if they are connected. */
    mode?: "live" | "test";
}

/** The payment methods of a contact. */
export interface PaymentMethodsResult extends QueryResult {
    /** The methods; empty where the answer was none. */
    methods: ListedPaymentMethod[];
}

/** What is charged to a saved payment method, as for an invoice. */
export interface ChargeOptions extends ListPaymentMethodsOptions {
    /** The provider's id of the payment method. */
    paymentMethodId: string;
    /** Major units, such as 10.5. */
    amount: number;
    /** A currency of the sandbox: USD, EUR, GBP, AUD or CAD. Default USD. */
    currency?: string;
    /** What the payer reads. */
    description?: string;
}

/** A charge of a saved payment method. */
export interface ChargeResult extends QueryResult {
    /** The order that it is for. */
    orderId: string;
    /** HighLevel's transaction. */
    transactionId: string;
    /** The provider's charge; null where it gave none. */
    chargeId: string | null;
}

/** A subscription that is begun with a saved payment method. */
export interface CreateSubscriptionOptions extends ListPaymentMethodsOptions, SubscriptionPlan {
    /** The provider's id of the payment method. */
    paymentMethodId: string;
    /** When it begins: `YYYY-MM-DD`, not before the sandbox's today. Default: today; later, it is scheduled. */
    startDate?: string;
    /** After how many payments it ends; 0 for never (default). */
    totalCycles?: number;
    /** Whether `recurringAmount` is a number, as in the documentation's table (default), or text, as in its example. */
    recurringAmount?: "text" | "number";
    /** Whether `productDetails` says when it recurs (default), or is `[{}]`, as was seen. */
    productDetails?: "full" | "empty";
}

/** A subscription that was begun so. */
export interface CreateSubscriptionResult extends ChargeResult {
    /** HighLevel's subscription. */
    subscriptionId: string;
    /** Its status. */
    subscriptionStatus: string;
}

/** Which subscription ends. */
export interface CancelSubscriptionOptions extends QueryOptions {
    /** HighLevel's id of the subscription. */
    subscriptionId: string;
}

/** A subscription that was to end. */
export interface CancelSubscriptionResult extends QueryResult {
    /** Its status now. */
    subscriptionStatus: string;
}

/** What is paid back. */
export interface RefundOptions extends QueryOptions {
    /** HighLevel's transaction. */
    transactionId: string;
    /** Major units. Default: what is left of it. */
    amount?: number;
    /** Whether the provider is asked for more than is left of the transaction, which HighLevel's own pages refuse. */
    evenTooMuch?: boolean;
}

/** A refund. */
export interface RefundResult extends QueryResult {
    /** The provider's id of the refund; null where it gave none. */
    refundId: string | null;
    /** What was paid back of the transaction in all, in major units. */
    amountRefunded: number;
}

/** A payment of a subscription for which a provider has to charge by now. */
export interface DuePayment {
    /** HighLevel's id of the subscription. */
    subscriptionId: string;
    /** The location. */
    locationId: string;
    /** The provider's own id, of its latest snapshot; empty where it gave none. */
    providerSubscriptionId: string;
    /** Since when: ISO 8601. */
    dueAt: string;
    /** Major units. */
    amount: number;
    /** The currency, in upper case. */
    currency: string;
    /**
     * How many payments of this subscription were told a day ago or longer, and nothing was pushed about them; 0 as it should
     * be. Each of them is a `payment overdue` of the timeline as well.
     */
    overdue: number;
}

/** How the custom provider of a location is set up without the API. What is left out stays as it is. */
export interface ConnectProviderOptions {
    /** The location. Default: the first one. */
    locationId?: string;
    /**
     * The page that is embedded. Unlike `customProvider.create` this takes http addresses of this machine too; it stays in
     * place of what is created with the API until the next call.
     */
    paymentsUrl?: string;
    /** Where HighLevel's server asks; as `paymentsUrl`. */
    queryUrl?: string;
    /** The keys for live money; null disconnects. */
    live?: {
        /** The secret that queries and pushes carry. */
        apiKey: string;
        /** What the page gets. */
        publishableKey: string;
    } | null;
    /** The keys for the test mode; null disconnects. */
    test?: {
        /** The secret that queries and pushes carry. */
        apiKey: string;
        /** What the page gets. */
        publishableKey: string;
    } | null;
    /** Whether it can begin subscriptions with a saved payment method. */
    supportsSubscriptionSchedules?: boolean;
}

/**
 * What plays HighLevel's side of the custom provider protocol: a sandbox in this process, or one behind HTTP
 * (`connectSandbox`).
 */
export interface HighLevel {
    /**
     * Opens the payment page: makes the pending transaction, and keeps payments from being recorded on the order by hand (409)
     * for five minutes of the sandbox's clock or until the payer is done.
     *
     * @param options What is paid; a new order when left out.
     */
    checkout(options?: CheckoutOptions): Promise<CheckoutSession>;
    /**
     * Opens the object of a checkout that was begun before.
     *
     * @param id Its id.
     */
    session(id: string): Promise<CheckoutSession>;
    /**
     * Asks for the saved payment methods of a contact (`list_payment_methods`).
     *
     * @param options Whose.
     */
    listPaymentMethods(options: ListPaymentMethodsOptions): Promise<PaymentMethodsResult>;
    /**
     * Charges a saved payment method (`charge_payment`).
     *
     * @param options What, to whom.
     */
    charge(options: ChargeOptions): Promise<ChargeResult>;
    /**
     * Begins a subscription with a saved payment method (`create_subscription`).
     *
     * @param options Which, for whom.
     */
    createSubscription(options: CreateSubscriptionOptions): Promise<CreateSubscriptionResult>;
    /**
     * Ends a subscription (`cancel_subscription`).
     *
     * @param options Which.
     */
    cancelSubscription(options: CancelSubscriptionOptions): Promise<CancelSubscriptionResult>;
    /**
     * Pays a transaction back, as a whole or in parts (`refund`).
     *
     * @param options Which, and how much.
     */
    refund(options: RefundOptions): Promise<RefundResult>;
    /**
     * Sets up the custom provider of a location without the API. A sandbox begins with one, "Example Pay" of
     * `https://pay.example.com`, connected for both modes: what is given here takes its place, what is left out stays.
     * `customProvider.delete` removes it.
     *
     * @param options What it is.
     */
    connectProvider(options: ConnectProviderOptions): Awaitable<void>;
    /**
     * Moves the clock forward. Gives the payments of subscriptions for which the provider has to charge by then, each once, over
     * several periods each of them, the oldest of a subscription first: HighLevel itself charges nothing of a custom provider.
     * A payment counts as dealt with once `subscription.charged` was pushed, of a failed charge too; one about which nothing
     * was pushed for a day is told as overdue. The provider has to live by this clock: give `now: () => sandbox.now()` to
     * `createQueryHandler` and to your gateway.
     *
     * @param ms By how many milliseconds.
     */
    advance(ms: number): Awaitable<DuePayment[]>;
    /** The time on the sandbox's clock, in milliseconds since 1970. */
    now(): Awaitable<number>;
    /**
     * Everything that was said so far, in order, the latest 5000 entries at most.
     *
     * @param options Only entries behind a number.
     */
    timeline(options?: {
        /** The number of the last entry that is known. */
        after?: number;
    }): Awaitable<TimelineEntry[]>;
}
