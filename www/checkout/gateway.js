// A toy gateway with its books in this page: test cards, charges, saved cards, subscriptions. Its queryUrl is the package's handler,
// what it tells HighLevel are the package's pushes. In examples/provider the same stands on a server.

import { accountLookup, apiKeyHash, createProvider, createQueryHandler, failed, memoryStore, pending, succeeded } from "ghl-payments/edge";

/** Where the payment page and the gateway meet: what a payment page asks its own server in reality. */
const CHANNEL = "toy-gateway";
export const QUERY_URL = "https://gateway.example/query";

/** What each test card does. */
const CARDS = {
    pays: { title: "Visa", subTitle: "**** 4242", status: "succeeded" },
    declined: { title: "Visa", subTitle: "**** 0002", status: "failed" },
    later: { title: "Bank debit", subTitle: "**** 6789", status: "pending" },
};

const seconds = (ms) => Math.floor(ms / 1000);

/** The gateway of one location; `send` carries its pushes to HighLevel, `now` is the clock of both. */
export async function createGateway({ locationId, send, now }) {
    const random = (prefix) => `${prefix}_${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
    const keys = { apiKey: random("sk"), publishableKey: random("pk") };
    const books = { charges: new Map(), cards: new Map(), subscriptions: new Map() };
    const account = { locationId, mode: "live" };

    const provider = createProvider({
        apiKey: keys.apiKey,
        marketplaceAppId: "6a5f00000000000000000001",
        fetch: send,
    });

    function charge({ card, minor, currency, transactionId, contactId }) {
        const { status } = CARDS[card];
        const known = [...books.charges.values()].find((it) => transactionId && it.transactionId === transactionId);
        // Whoever asks again gets the charge that is there; only a declined one is tried again.
        if (known && known.status !== "failed") return known;
        const made = { id: random("ch"), status, minor, currency, transactionId, contactId, card, refunded: 0, at: seconds(now()) };
        books.charges.set(made.id, made);
        return made;
    }

    const amountOf = ({ minor, currency }) => ({ minor, currency });
    const paid = (it) => ({ amount: amountOf(it), chargedAt: it.at });
    const chargeSnapshot = (it) => ({ chargeId: it.id, status: it.status, ...paid(it) });
    const running = ({ id, status, createdAt, nextCharge }) => ({ id, status, createdAt, nextCharge });
    const subscriptionSnapshot = (it) => ({ ...running(it), trialEnd: 0 });
    const monthAfter = (at) => {
        const date = new Date(at * 1000);
        date.setUTCMonth(date.getUTCMonth() + 1);
        return seconds(date.getTime());
    };

    const handler = createQueryHandler({
        lookup: accountLookup([{ ...account, apiKeyHash: await apiKeyHash(keys.apiKey) }]),
        verifies: memoryStore(),
        now,
        verify(q) {
            const found = books.charges.get(q.chargeId);
            if (found === undefined || found.transactionId !== q.transactionId) return failed("There is no such charge");
            if (found.status === "pending") return pending();
            if (found.status !== "succeeded") return failed("The card was declined");
            if (q.kind === "payment") return succeeded(q, { charge: paid(found) });
            const { id, minor, currency, card, contactId, at } = found;
            const known = books.subscriptions.get(q.subscriptionId);
            const subscription = known ?? {
                ...{ id: random("sub"), status: "active", createdAt: at, nextCharge: monthAfter(at) },
                ...{ minor, currency, card, contactId, first: id },
            };
            books.subscriptions.set(q.subscriptionId, subscription);
            return succeeded(q, { charge: paid(found), subscription: running(subscription) });
        },
        listPaymentMethods: (q) =>
            [...books.cards.values()]
                .filter(({ contactId }) => contactId === q.contactId)
                .map(({ id, card, contactId }) => {
                    const { title, subTitle } = CARDS[card];
                    return { id, type: "card", title, subTitle, expiry: "12/40", customerId: contactId };
                }),
        chargePayment(q) {
            const saved = books.cards.get(q.paymentMethodId);
            if (saved?.contactId !== q.contactId) return failed("There is no such card");
            const made = charge({ ...saved, ...q.amount, transactionId: q.transactionId });
            return made.status === "succeeded"
                ? succeeded(q, { chargeId: made.id, ...paid(made) })
                : failed("The card was declined");
        },
        cancelSubscription(q) {
            const subscription = books.subscriptions.get(q.subscriptionId);
            if (subscription === undefined) return failed("There is no such subscription");
            subscription.status = "canceled";
            return succeeded(q);
        },
        findCharge(q) {
            const found = books.charges.get(q.chargeId) ?? [...books.charges.values()].find((it) => it.transactionId === q.transactionId);
            return found ? { amount: amountOf(found), refunded: { ...amountOf(found), minor: found.refunded } } : null;
        },
        refund(q) {
            const found = books.charges.get(q.chargeId) ?? [...books.charges.values()].find((it) => it.transactionId === q.transactionId);
            if (found === undefined || found.refunded + q.amount.minor > found.minor) return failed("More than is left of the charge");
            found.refunded += q.amount.minor;
            return succeeded(q, { id: random("re") });
        },
    });

    /** What the payment page may ask. */
    const asks = {
        charge: ({ card, amount, transactionId, contactId }) => {
            const { id, status } = charge({ card, ...amount, transactionId, contactId });
            return { chargeId: id, status };
        },
        save: ({ card, contactId }) => {
            if (CARDS[card].status === "failed") return { status: "failed" };
            const id = random("pm");
            books.cards.set(id, { id, card, contactId });
            return { status: "succeeded" };
        },
    };
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = ({ data: { id, ask, body } }) => {
        if (Object.hasOwn(asks, ask)) channel.postMessage({ id, answer: asks[ask](body) });
    };

    return {
        keys,
        handler,
        /** Charges the subscriptions that are due, and tells HighLevel. */
        async bill(due) {
            for (const { subscriptionId } of due) {
                const subscription = books.subscriptions.get(subscriptionId);
                if (subscription?.status !== "active") continue;
                const made = charge(subscription);
                subscription.nextCharge = monthAfter(subscription.nextCharge);
                await provider.push("subscription.charged", {
                    ...account,
                    ghlSubscriptionId: subscriptionId,
                    chargeId: made.id,
                    chargeSnapshot: chargeSnapshot(made),
                    subscriptionSnapshot: subscriptionSnapshot(subscription),
                });
            }
        },
        /** Money that was on its way arrives. */
        async settle(transactionId) {
            const found = [...books.charges.values()].find((it) => it.transactionId === transactionId && it.status === "pending");
            if (found === undefined) return;
            found.status = "succeeded";
            await provider.push("payment.captured", {
                ...account,
                ghlTransactionId: transactionId,
                chargeId: found.id,
                chargeSnapshot: chargeSnapshot(found),
            });
        },
        close: () => channel.close(),
    };
}
