// The queryUrl: an answer that is impossible does not compile.

import {
    accountLookup,
    capabilitiesOf,
    createQueryHandler,
    createWebhookHandler,
    d1Store,
    failed,
    memorySeen,
    memoryStore,
    pending,
    succeeded,
    type Amount,
    type CreateSubscriptionQuery,
    type D1Like,
    type ProviderAccount,
    type ProviderCapabilities,
    type QueryEvent,
    type QueryHandler,
    type QueryHandlerOptions,
    type RefundQuery,
    type SubscriptionVerifyQuery,
    type VerifyQuery,
    type VerifyStore,
} from "ghl-payments/edge";

declare const db: D1Like;
const verifies: VerifyStore = d1Store(db);
const charge = { amount: { minor: 1050, currency: "USD" }, chargedAt: new Date() };
const subscription = { id: "s", status: "active", nextCharge: 1_726_896_000 } as const;

interface Merchant extends ProviderAccount {
    gatewayKey: string;
}
declare const merchants: Map<string, Merchant>;

export const handler: QueryHandler = createQueryHandler({
    lookup: (_, { hash, locationId }) => (locationId === undefined ? merchants.get(hash) : null),
    verifies,
    async verify(q) {
        const key: string = q.account.gatewayKey;
        const text: string = q.transactionId + q.chargeId + q.locationId + key;
        // @ts-expect-error the apiKey is not for handlers
        q.apiKey;
        if (text === "") return pending();
        if (q.kind === "payment") {
            // @ts-expect-error there is no subscription
            const id: string = q.subscriptionId;
            return id === "" ? succeeded(q) : succeeded(q, { charge });
        }
        const id: string = q.subscriptionId;
        if (id === "") return failed("no such subscription");
        return succeeded(q, { charge, subscription });
    },
    listPaymentMethods: (q) => [{ id: q.contactId, type: "card", title: "Visa", subTitle: "**** 1111", expiry: "02/29" }],
    chargePayment: (q) => (q.amount.minor > 100 ? succeeded(q, { chargeId: "c" }) : pending({ chargeId: "c", status: "processing" })),
    createSubscription: (q) => succeeded(q, { subscription: { id: "s", status: "scheduled" }, message: q.startDate }),
    cancelSubscription: (q) => (q.subscriptionId === "" ? failed("no") : succeeded(q)),
    refund(q) {
        // @ts-expect-error without the charge the currency is not known
        const minor: number = q.amount.minor;
        const key: string = q.idempotencyKey;
        if (q.amount.minor === undefined) return succeeded(q, { id: key, amount: { major: q.amount.major, currency: "USD" } });
        const sure: Amount = q.amount;
        return sure.minor > minor ? failed("no") : succeeded(q, { id: key });
    },
    unit: { verify: "major" },
    onUnknown: (q) => ({ type: q.type, mode: q.account.mode }),
    webhooks: createWebhookHandler({ seen: memorySeen(), on: {} }),
    refundWithoutApiKey: ({ transactionId }) => merchants.get(transactionId),
    findCharge: (q) => (q.chargeId === undefined ? null : { amount: { major: "10.50", currency: "usd" } }),
    onEvent(event: QueryEvent) {
        if (event.type === "failed") console.error(event.code, event.transactionId, event.issues?.[0]?.path);
        if (event.type === "answered") console.log(event.result, event.again);
    },
});
const capabilities: ProviderCapabilities = handler.capabilities;
const card: boolean = capabilitiesOf({ listPaymentMethods: () => [] }).addCardOnFileSupported;

const lookup = accountLookup([{ locationId: "l", mode: "test", apiKey: "k" }]);
/** Options that are right but for what a test adds. */
const rest = { lookup, verifies: memoryStore() };

// The details alone will do where they say enough.
export const plain = [
    createQueryHandler({ ...rest, verify: () => succeeded({ charge, subscription }) }),
    createQueryHandler({ ...rest, verify: () => pending(), refund: () => succeeded({ id: "r" }) }),
    createQueryHandler({ ...rest, verify: () => failed("no"), chargePayment: () => succeeded({ chargeId: "c" }) }),
    createQueryHandler({ ...rest, verify: () => failed("no"), cancelSubscription: () => succeeded() }),
];

export function impossible(q: VerifyQuery, sub: SubscriptionVerifyQuery, create: CreateSubscriptionQuery, refund: RefundQuery) {
    // @ts-expect-error whether it is about a subscription has to be looked at
    succeeded(q, { charge });
    // @ts-expect-error a subscription needs its fields
    succeeded(sub, { charge });
    // @ts-expect-error a subscription that is charged has a charge
    succeeded(sub, { subscription });
    // @ts-expect-error a trial has an end
    succeeded(sub, { subscription: { id: "s", status: "trialing" } });
    // @ts-expect-error verify knows two states
    succeeded(sub, { charge, subscription: { id: "s", status: "unpaid" } });
    // @ts-expect-error a subscription that was created has an id
    succeeded(create, { subscription: { status: "active" } });
    // @ts-expect-error a refund has an id
    succeeded(refund, {});
    // @ts-expect-error an amount has a currency
    succeeded(refund, { id: "r", amount: { minor: 1 } });
    // @ts-expect-error a plain number says neither unit nor currency
    succeeded(refund, { id: "r", amount: 10 });
    // @ts-expect-error a failure says why
    failed();

    const options: QueryHandlerOptions[] = [
        // @ts-expect-error a subscription would be left incomplete
        { ...rest, verify: () => succeeded({ charge }) },
        // @ts-expect-error the same
        { ...rest, verify: () => succeeded() },
        // @ts-expect-error the wire's own form has no meaning here
        { ...rest, verify: () => ({ success: true }) },
        // @ts-expect-error the answer to another action
        { ...rest, verify: (q) => (q.kind === "payment" ? succeeded(refund, { id: "r" }) : pending()) },
        // @ts-expect-error a refund is not pending
        { ...rest, verify: () => pending(), refund: () => pending() },
        // @ts-expect-error a charge that is pending has an id, which the push names
        { ...rest, verify: () => pending(), chargePayment: () => pending() },
        // @ts-expect-error a subscription is canceled or not
        { ...rest, verify: () => pending(), cancelSubscription: () => pending() },
        // @ts-expect-error a list has no envelope
        { ...rest, verify: () => pending(), listPaymentMethods: () => ({ data: [] }) },
        // @ts-expect-error somebody has to find the account
        { verify: () => pending() },
        // @ts-expect-error verify is what a queryUrl is for
        { ...rest },
        // @ts-expect-error cents are minor
        { ...rest, verify: () => pending(), unit: "cents" },
    ];
    return [options, capabilities, card];
}
