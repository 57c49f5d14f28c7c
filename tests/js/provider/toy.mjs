// A toy gateway that connects to HighLevel's side in the sandbox. Its queryUrl is there twice: written by hand from HighLevel's
// documentation, so that the sandbox is not only judged by the package's own provider, and with `createQueryHandler`.

import { createProvider, createQueryHandler, failed as declined, pending, succeeded } from "ghl-payments/edge";

export const KEYS = {
    live: { apiKey: "live_secret_0123456789", publishableKey: "pk_live_1" },
    test: { apiKey: "test_secret_0123456789", publishableKey: "pk_test_1" },
};

const minor = (major) => Math.round(major * 100);
const text = (message) => JSON.stringify(message);
export const READY = text({ type: "custom_provider_ready", loaded: true, addCardOnFileSupported: true });
export const success = (chargeId) => text({ type: "custom_element_success_response", ...(chargeId && { chargeId }) });
export const failed = (description) => text({ type: "custom_element_error_response", error: { description } });
export const CLOSE = text({ type: "custom_element_close_response" });

/** A gateway; `now` gives the time in milliseconds. */
export function gateway({ now = () => Date.UTC(2026, 10, 1, 12), unit = "minor" } = {}) {
    const charges = new Map();
    const subscriptions = new Map();
    const methods = new Map();
    const asked = [];
    /** What went wrong in the package's handler: it answers, and says no more. */
    const failures = [];
    let made = 0;
    const id = (kind) => `${kind}_${++made}`;
    const seconds = () => Math.floor(now() / 1000);

    /** Money moves, or does not: `status` is succeeded, pending or failed. */
    function charge({ amount, currency, transactionId, subscriptionId, status = "succeeded" }) {
        const made = { id: id("ch"), amount, currency: currency.toUpperCase(), transactionId, subscriptionId, status, refunded: 0, at: seconds() };
        charges.set(made.id, made);
        return made;
    }

    const snapshot = ({ id, status, amount, at }) => ({
        id,
        status,
        amount: unit === "minor" ? amount : amount / 100,
        chargeId: id,
        chargedAt: at,
    });

    /** The same for a push, which works out the unit itself. */
    const pushed = (charge) => ({ ...snapshot(charge), amount: { minor: charge.amount, currency: charge.currency } });

    const plan = ({ id, status, trialEnd, createdAt, nextCharge }) => ({ id, status, trialEnd, createdAt, nextCharge });

    function subscribe({ ghlId, amount, currency, trialDays = 0, status }) {
        const days = trialDays > 0 ? trialDays : 30;
        const made = {
            id: id("sub"),
            ghlId,
            status: status ?? (trialDays > 0 ? "trialing" : "active"),
            trialEnd: trialDays > 0 ? seconds() + trialDays * 86_400 : 0,
            createdAt: seconds(),
            nextCharge: seconds() + days * 86_400,
            amount,
            currency,
        };
        subscriptions.set(ghlId, made);
        return made;
    }

    const answers = {
        verify({ chargeId, transactionId, subscriptionId }) {
            const found = charges.get(chargeId);
            if (found === undefined) {
                const trial = subscriptions.get(subscriptionId);
                if (trial?.trialEnd > 0 && chargeId === trial.id) {
                    return { success: true, failed: false, message: "", subscriptionStatus: "trialing", subscriptionSnapshot: plan(trial) };
                }
                return { success: false };
            }
            if (found.transactionId !== transactionId) return { failed: true, message: "the charge is for another transaction" };
            if (found.status === "failed") return { failed: true, message: "declined" };
            if (found.status === "pending") return { success: false };
            const begun = subscriptionId && subscriptions.get(subscriptionId);
            return {
                success: true,
                failed: false,
                message: "",
                chargeSnapshot: snapshot(found),
                ...(begun && { subscriptionStatus: begun.status, subscriptionSnapshot: plan(begun) }),
            };
        },
        list_payment_methods: ({ contactId }) =>
            (methods.get(contactId) ?? []).map((id) => ({
                ...{ id, type: "card", title: "Visa", subTitle: "**** 1111", expiry: "02/29" },
                ...{ customerId: `cus_${contactId}`, imageUrl: "https://pay.example.com/visa.png" },
            })),
        charge_payment({ contactId, paymentMethodId, transactionId, amount, currency }) {
            if (!methods.get(contactId)?.includes(paymentMethodId)) {
                return { success: false, failed: true, chargeId: "", message: "no such payment method" };
            }
            // Asked again about the same transaction, it says the same.
            const before = [...charges.values()].find((own) => own.transactionId === transactionId);
            const done = before ?? charge({ amount: minor(amount), currency, transactionId });
            return { success: true, failed: false, chargeId: done.id, message: "charged", chargeSnapshot: snapshot(done) };
        },
        create_subscription(query) {
            const { contactId, paymentMethodId, transactionId, subscriptionId, amount, recurringAmount, currency, isSchedule } = query;
            if (!methods.get(contactId)?.includes(paymentMethodId)) return { success: false, failed: true, message: "no such payment method" };
            const [price] = query.productDetails[0]?.prices ?? [{}];
            const trialDays = price.trialPeriod ?? 0;
            const begun =
                subscriptions.get(subscriptionId) ??
                subscribe({
                    ...{ ghlId: subscriptionId, amount: minor(Number(recurringAmount)), currency, trialDays },
                    ...(isSchedule && { status: "scheduled" }),
                });
            const first = [...charges.values()].find((own) => own.transactionId === transactionId);
            const done = first ?? (amount > 0 ? charge({ amount: minor(amount), currency, transactionId, subscriptionId }) : undefined);
            return {
                ...{ success: true, failed: false, message: "begun" },
                ...(done && { transaction: { chargeId: done.id, chargeSnapshot: snapshot(done) } }),
                subscription: { subscriptionId: begun.id, subscriptionSnapshot: plan(begun) },
            };
        },
        cancel_subscription({ subscriptionId }) {
            const found = subscriptions.get(subscriptionId);
            if (found === undefined) return { status: "unknown" };
            found.status = "canceled";
            return { status: "canceled" };
        },
        refund({ chargeId, amount }) {
            const found = charges.get(chargeId);
            const wanted = minor(amount);
            if (found?.status !== "succeeded" || found.refunded + wanted > found.amount) {
                return { success: false, message: "there is not so much left" };
            }
            found.refunded += wanted;
            return { success: true, message: "paid back", id: id("re"), amount, currency: found.currency };
        },
    };

    /** The queryUrl. */
    async function handle(request) {
        const query = await request.json();
        asked.push(query);
        if (![KEYS.live.apiKey, KEYS.test.apiKey].includes(query.apiKey)) {
            return Response.json({ success: false, message: "who are you?" }, { status: 401 });
        }
        return Response.json(answers[query.type](query));
    }

    /** The same queryUrl by the package. */
    function handler(locationId) {
        const money = ({ id, amount, currency, at }) => ({ chargeId: id, amount: { minor: amount, currency }, chargedAt: at });
        const handle = createQueryHandler({
            lookup: (apiKey) => {
                const mode = ["live", "test"].find((mode) => KEYS[mode].apiKey === apiKey);
                return mode === undefined ? null : { locationId, mode };
            },
            unit,
            now,
            onEvent: (event) => {
                if (event.type === "failed") failures.push(event);
            },
            verify(q) {
                const found = charges.get(q.chargeId);
                const begun = subscriptions.get(q.subscriptionId);
                if (found === undefined) {
                    const trial = q.kind === "subscription" && begun?.trialEnd > 0 && q.chargeId === begun.id;
                    return trial ? succeeded(q, { subscription: plan(begun) }) : pending();
                }
                if (found.transactionId !== q.transactionId) return declined("the charge is for another transaction");
                if (found.status === "failed") return declined("declined");
                if (found.status === "pending") return pending();
                return succeeded(q, { charge: money(found), ...(q.kind === "subscription" && { subscription: plan(begun) }) });
            },
            listPaymentMethods: answers.list_payment_methods,
            chargePayment(q) {
                const { success, message, chargeId } = answers.charge_payment({ ...q, amount: q.amount.major });
                return success ? succeeded(q, money(charges.get(chargeId))) : declined(message);
            },
            createSubscription(q) {
                const made = answers.create_subscription({ ...q, amount: q.amount.major, recurringAmount: q.recurringAmount.major });
                if (!made.success) return declined(made.message);
                const charge = made.transaction && money(charges.get(made.transaction.chargeId));
                return succeeded(q, { subscription: made.subscription.subscriptionSnapshot, ...(charge && { charge }) });
            },
            cancelSubscription(q) {
                return answers.cancel_subscription(q).status === "canceled" ? succeeded(q) : declined("unknown");
            },
            refund(q) {
                const { success, message, id } = answers.refund({ chargeId: q.chargeId, amount: q.amount.major });
                return success ? succeeded(q, { id }) : declined(message);
            },
        });
        return async (request) => {
            asked.push(await request.clone().json());
            return handle(request);
        };
    }

    /** Saves a payment method, as the frame of a setup does. */
    function save(contactId) {
        const saved = id("pm");
        methods.set(contactId, [...(methods.get(contactId) ?? []), saved]);
        return saved;
    }

    return { charges, subscriptions, methods, asked, failures, charge, subscribe, save, pushed, plan, handle, handler };
}

/** Connects a gateway to a sandbox, and gives what pushes for it. */
export function connect(sandbox, { locationId = sandbox.locationId, baseUrl, fetch = sandbox.fetch, unit } = {}) {
    sandbox.connectProvider({
        ...{ locationId, ...KEYS, supportsSubscriptionSchedules: true },
        ...{ paymentsUrl: "http://127.0.0.1:9/pay", queryUrl: "http://127.0.0.1:9/query" },
    });
    return createProvider({
        apiKeys: { live: KEYS.live.apiKey, test: KEYS.test.apiKey },
        marketplaceAppId: sandbox.app.appId,
        retryDelayMs: 1,
        fetch,
        ...(baseUrl && { baseUrl }),
        ...(unit && { unit }),
    });
}
