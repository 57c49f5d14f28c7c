import type {
    Amount,
    AmountInput,
    CancelSubscriptionRequest,
    ChargeDetails,
    ChargePaymentRequest,
    CreateSubscriptionRequest,
    JsonValue,
    ListPaymentMethodsRequest,
    PaymentMethod,
    RefundDetails,
    RefundRequest,
    SubscriptionDetails,
    VerifyRequest,
} from "../edge-core.js";
import type { ProviderMode } from "./provider.js";

/** A value, or a promise of one. */
export type Awaitable<T> = T | PromiseLike<T>;

/** What HighLevel may ask of a queryUrl. */
export type QueryAction = "verify" | "list_payment_methods" | "charge_payment" | "create_subscription" | "cancel_subscription" | "refund";

/** Whose an apiKey is. Yours may have further fields: every handler gets it as `q.account`. */
export interface ProviderAccount {
    /** The location in which the apiKey was connected. */
    locationId: string;
    /** The mode for which it was connected. */
    mode: ProviderMode;
    /**
     * What {@link apiKeyHash} gives of the apiKey: it is compared in constant time with that of the request, however the account was
     * found. It can be left out where you look up by `context.hash`.
     */
    apiKeyHash?: string | undefined;
}

/** What is known of a request before its account is. */
export interface LookupContext {
    /** {@link apiKeyHash} of the apiKey: what to store, and what to look up by. */
    hash: string;
    /** The location that the request names. Only `list_payment_methods` and `create_subscription` name one. */
    locationId?: string;
}

/** What every request tells. */
interface Asked<A> {
    /** Whose apiKey came with it. */
    account: A;
    /** The location of the account. */
    locationId: string;
    /** The mode of the account. */
    mode: ProviderMode;
}

/** The fields of a request as its handler gets them: without the apiKey, and what is optional and empty is left out. */
type Fields<R, Replaced extends string = never> = { [K in keyof Omit<R, "apiKey" | "locationId" | Replaced>]: NonNullable<R[K]> };

/** What both kinds of verify have. */
interface AnyVerifyQuery<A> extends Asked<A>, Fields<VerifyRequest, "subscriptionId"> {
    /**
     * Transactions of HighLevel's for which this charge was verified before. One charge pays one order: anybody can post the chargeId
     * of an old payment from a new checkout, so compare what you know of the charge with the transaction. HighLevel may also retry the
     * same order under a new transaction.
     */
    otherTransactions: readonly string[];
}

/** Is this payment paid? */
export interface PaymentVerifyQuery<A = ProviderAccount> extends AnyVerifyQuery<A> {
    /** Not about a subscription. */
    kind: "payment";
    /** There is none. */
    subscriptionId?: undefined;
}

/** Is the first payment of this subscription paid, or has its trial begun? */
export interface SubscriptionVerifyQuery<A = ProviderAccount> extends AnyVerifyQuery<A> {
    /** About a subscription. */
    kind: "subscription";
    /** HighLevel's subscription. */
    subscriptionId: string;
}

/** Is it true what the payment page reported? `q.kind` tells whether it is about a subscription. */
export type VerifyQuery<A = ProviderAccount> = PaymentVerifyQuery<A> | SubscriptionVerifyQuery<A>;

/** Which payment methods has a contact saved? */
export interface ListPaymentMethodsQuery<A = ProviderAccount> extends Asked<A>, Fields<ListPaymentMethodsRequest> {}

/** Charge a saved payment method. */
export interface ChargePaymentQuery<A = ProviderAccount> extends Asked<A>, Fields<ChargePaymentRequest, "amount"> {
    /** What is to be charged. */
    amount: Amount;
    /** Give it to the gateway: the same request gets the same key until its end is known, so that it is charged once. */
    idempotencyKey: string;
}

/** Start a subscription with a saved payment method. */
export interface CreateSubscriptionQuery<A = ProviderAccount>
    extends Asked<A>,
        Fields<CreateSubscriptionRequest, "amount" | "recurringAmount"> {
    /** What is due at the start. */
    amount: Amount;
    /** What is due each time. */
    recurringAmount: Amount;
    /** Give it to the gateway: the same request gets the same key until its end is known. */
    idempotencyKey: string;
}

/** End a subscription. */
export interface CancelSubscriptionQuery<A = ProviderAccount> extends Asked<A>, Fields<CancelSubscriptionRequest> {}

/** An amount of which only the major units are known: HighLevel does not say the currency of a refund. */
export interface MajorOnly {
    /** In major units. */
    major: number;
    /** Not known without the currency. */
    minor?: undefined;
    /** Not known. */
    currency?: undefined;
}

/** What is known of a charge that is to be refunded. */
export interface RefundableCharge {
    /** What was charged. */
    amount: Amount;
    /** What was given back before. */
    refunded: Amount;
    /** How much can be given back at the most, this refund included. */
    left: Amount;
}

/** Give back a charge, or a part of it. */
export interface RefundQuery<A = ProviderAccount> extends Asked<A>, Fields<RefundRequest, "amount"> {
    /**
     * What is to be given back. It is an {@link Amount} where the charge is known: from the answers to verify, `charge_payment` and
     * `create_subscription` that named it, or from `findCharge`.
     */
    amount: Amount | MajorOnly;
    /** The charge, where it is known; the amount is never more than what is left of it. Where it is not, only the gateway can tell. */
    charge?: RefundableCharge;
    /**
     * Give it to the gateway: a refund whose end is not known, because a handler threw or did not come back, gets the same key when
     * HighLevel asks for the same amount again. Behind one that succeeded, the same amount is another refund with another key: the
     * request has no id, and equal parts of a charge are lawful.
     */
    idempotencyKey: string;
}

/** Which charge is meant? For `findCharge`. */
export interface FindChargeQuery<A = ProviderAccount> extends Asked<A>, Fields<RefundRequest, "amount"> {
    /** What is to be given back, in major units. */
    amount: Amount | MajorOnly;
}

/** What your books or your gateway say of a charge. */
export interface FoundCharge {
    /** What was charged. */
    amount: AmountInput;
    /** What was given back before, in the gateway's own dashboard too. */
    refunded?: AmountInput | undefined;
}

/** A request without an apiKey, of which only a refund may be one. */
export interface KeylessRefundQuery extends Fields<RefundRequest, "amount"> {
    /** What is to be given back, in major units. */
    amount: MajorOnly;
}

/** A request of a type that this package does not know, with an apiKey that is right. */
export interface UnknownQuery<A = ProviderAccount> extends Asked<A> {
    /** Its type. */
    type: string;
    /** Whatever HighLevel sends, but the apiKey. */
    [field: string]: JsonValue | A | undefined;
}

declare const ANSWERS: unique symbol;

/** The answer to one action, which {@link succeeded} gives. */
export interface Answer<T extends QueryAction> {
    /** Which action it answers. */
    readonly [ANSWERS]: T;
}

/** Something was done; what it answers shows where it is returned. */
export interface Succeeded<D> {
    /** How it ended. */
    readonly result: "succeeded";
    /** What is said of it. */
    readonly details: D;
}

/** It was not done, and will not be. */
export interface Failed {
    /** How it ended. */
    readonly result: "failed";
    /** Why, for people. */
    readonly message: string;
}

/** It is not known yet; when it is, push `payment.captured`. */
export interface Pending {
    /** How it stands. */
    readonly result: "pending";
}

/** A charge is not through yet; when it is, push `payment.captured`. */
export interface PendingCharge extends Pending {
    /** What is known of it. */
    readonly details: PendingChargeDetails;
}

/** What is known of a charge that is not through. */
export interface PendingChargeDetails {
    /** The gateway's id of the charge. */
    chargeId: string;
    /** State of the charge. Default `pending`. */
    status?: "pending" | "processing" | undefined;
    /** For people. */
    message?: string | undefined;
}

/** A charge that verify found paid. */
export interface PaidCharge extends Omit<ChargeDetails, "status" | "message" | "amount"> {
    /** What was charged. */
    amount: AmountInput;
}

/** What verify says of a payment. */
export interface PaidDetails {
    /** The charge. With it a refund can be held to what was paid, so name it. */
    charge?: PaidCharge | undefined;
    /** For people. */
    message?: string | undefined;
}

/** A subscription that runs. */
export interface ActiveSubscription extends Omit<SubscriptionDetails, "status"> {
    /** It is charged. */
    status: "active";
}

/** A subscription in its trial. */
export interface TrialingSubscription extends Omit<SubscriptionDetails, "status" | "trialEnd"> {
    /** It is free for now. */
    status: "trialing";
    /** When the trial ends: unix seconds, or a `Date`. */
    trialEnd: number | Date;
}

/** What verify says of a subscription: without these fields HighLevel leaves it incomplete. A trial may begin without a charge. */
export type SubscribedDetails = (
    | {
          /** The subscription. */
          subscription: ActiveSubscription;
          /** Its first charge. */
          charge: PaidCharge;
      }
    | {
          /** The subscription. */
          subscription: TrialingSubscription;
          /** Its first charge, if there was one. */
          charge?: PaidCharge | undefined;
      }
) & {
    /** For people. */
    message?: string | undefined;
};

/** What is said of a charge that was made. */
export interface ChargedDetails extends Omit<ChargeDetails, "status" | "chargeId"> {
    /** The gateway's id of the charge. */
    chargeId: string;
}

/** What is said of a subscription that was created. */
export interface CreatedDetails {
    /** The subscription. */
    subscription: SubscriptionDetails;
    /** What was charged at once; left out where nothing was. The amount may be left out: it is what was asked for. */
    charge?: Omit<ChargedDetails, "message"> | undefined;
    /** For people. */
    message?: string | undefined;
}

/** What a handler of verify may answer. */
export type VerifyAnswer = Answer<"verify"> | Succeeded<SubscribedDetails> | Failed | Pending;
/** What a handler of `charge_payment` may answer. */
export type ChargePaymentAnswer = Answer<"charge_payment"> | Succeeded<ChargedDetails> | Failed | PendingCharge;
/** What a handler of `create_subscription` may answer. */
export type CreateSubscriptionAnswer = Answer<"create_subscription"> | Succeeded<CreatedDetails> | Failed | Pending;
/** What a handler of `cancel_subscription` may answer. */
export type CancelSubscriptionAnswer = Answer<"cancel_subscription"> | Succeeded<undefined> | Failed;
/** What a handler of `refund` may answer. */
export type RefundAnswer = Answer<"refund"> | Succeeded<RefundDetails> | Failed;

/**
 * The answer that a payment without a subscription is paid: `succeeded(q, { charge: { amount: { minor: 1050, currency: "USD" } } })`.
 *
 * The request comes first, so that the compiler knows what it must be told; it can be left out where the details say enough.
 *
 * @param query What was asked.
 * @param details The charge.
 */
export function succeeded<A>(query: PaymentVerifyQuery<A>, details?: PaidDetails): Answer<"verify">;
/**
 * The answer that a subscription has begun.
 *
 * @param query What was asked.
 * @param details The subscription, and its first charge.
 */
export function succeeded<A>(query: SubscriptionVerifyQuery<A>, details: SubscribedDetails): Answer<"verify">;
/**
 * The answer that a payment method was charged.
 *
 * @param query What was asked.
 * @param details The charge.
 */
export function succeeded<A>(query: ChargePaymentQuery<A>, details: ChargedDetails): Answer<"charge_payment">;
/**
 * The answer that a subscription was created.
 *
 * @param query What was asked.
 * @param details The subscription, and its first charge.
 */
export function succeeded<A>(query: CreateSubscriptionQuery<A>, details: CreatedDetails): Answer<"create_subscription">;
/**
 * The answer that a subscription has ended.
 *
 * @param query What was asked.
 */
export function succeeded<A>(query: CancelSubscriptionQuery<A>): Answer<"cancel_subscription">;
/**
 * The answer that money was given back.
 *
 * @param query What was asked.
 * @param details The refund.
 */
export function succeeded<A>(query: RefundQuery<A>, details: RefundDetails): Answer<"refund">;
/**
 * The answer that it was done, where there is nothing more to say.
 */
export function succeeded(): Succeeded<undefined>;
/**
 * The answer that it was done.
 *
 * @param details What is said of it.
 */
export function succeeded<const D extends object>(details: D): Succeeded<D>;
export function succeeded(first?: object, second?: object): unknown {
    const details = second ?? (isQuery(first) ? undefined : first);
    return Object.freeze({ result: "succeeded", details });
}

function isQuery(value: object | undefined): boolean {
    const { type, account } = (value ?? {}) as { type?: unknown; account?: unknown };
    return typeof type === "string" && typeof account === "object";
}

/**
 * The answer that it was not done, and will not be: of verify it is remembered, and the transaction has failed. What is not known for
 * sure is {@link pending}, or an error.
 *
 * @param message Why, for the merchant and the payer.
 */
export function failed(message: string): Failed {
    return Object.freeze({ result: "failed", message });
}

/**
 * The answer that it is not known yet. HighLevel may ask again; when it is known, push `payment.captured`.
 */
export function pending(): Pending;
/**
 * The answer that a charge is not through yet. When it is, push `payment.captured`.
 *
 * @param details What is known of it.
 */
export function pending(details: PendingChargeDetails): PendingCharge;
export function pending(details?: PendingChargeDetails): Pending {
    return Object.freeze({ result: "pending", details });
}

/** What a queryUrl can do; each handler that is left out is a capability that is missing. */
export interface QueryHandlers<A extends ProviderAccount = ProviderAccount> {
    /**
     * Is this charge paid, or has this trial begun? Asked again and again until the answer is final; a final one is remembered in
     * `verifies`, and given again without asking. HighLevel does not say the amount, and what the page knows of it the payer may have
     * changed: compare what was charged with your own record of the transaction, or with the transaction as the API gives it.
     *
     * @param q What is asked.
     */
    verify(q: VerifyQuery<A>): Awaitable<VerifyAnswer>;
    /** Which payment methods has the contact saved? Without it the list is empty. */
    listPaymentMethods?: ((q: ListPaymentMethodsQuery<A>) => Awaitable<readonly PaymentMethod[]>) | undefined;
    /** Charge a saved method. Without it the charge fails. */
    chargePayment?: ((q: ChargePaymentQuery<A>) => Awaitable<ChargePaymentAnswer>) | undefined;
    /** Start a subscription with a saved method. Without it that fails. */
    createSubscription?: ((q: CreateSubscriptionQuery<A>) => Awaitable<CreateSubscriptionAnswer>) | undefined;
    /** End a subscription. Without it that fails, with status 422. */
    cancelSubscription?: ((q: CancelSubscriptionQuery<A>) => Awaitable<CancelSubscriptionAnswer>) | undefined;
    /** Give back a charge, or a part of it. Without it that fails. */
    refund?: ((q: RefundQuery<A>) => Awaitable<RefundAnswer>) | undefined;
}
