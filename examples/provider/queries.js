// The queryUrl: what HighLevel's server asks, answered from the books of the gateway.

import { createQueryHandler, d1Store, failed, pending, succeeded } from "ghl-payments/edge";
import { CARDS } from "./gateway.js";

export function createQueries({ gateway, keys, db, now }) {
    /** Charges a card that was saved. */
    const chargeCard = (q, { token }) =>
        gateway.charge(q.account, {
            reference: q.transactionId,
            contactId: q.contactId,
            token,
            amount: q.amount.minor,
            currency: q.amount.currency,
            now: now(),
        });
    /** The charge that a refund is about; older requests name only its transaction. */
    const chargeOf = (q) =>
        q.chargeId === undefined ? gateway.findChargeOf(q.account, q.transactionId) : gateway.findCharge(q.account, q.chargeId);

    return createQueryHandler({
        lookup: (apiKey) => keys.ofServer(apiKey),
        verifies: d1Store(db, { table: "queries" }),
        now: () => now() * 1000,

        async verify(q) {
            const charge = await gateway.findCharge(q.account, q.chargeId);
            if (charge === null || charge.reference !== q.transactionId) return failed("This transaction was not paid with this charge");
            if (charge.status === "pending") return pending();
            if (charge.status !== "succeeded") return failed("The card was declined");
            if (q.kind === "payment") return succeeded(q, { charge: paid(charge) });
            // Only now: the page may say what it wants, but whoever knows the apiKey is HighLevel.
            const { contact_id: contactId, token, amount, currency, charged_at } = charge;
            const plan = { subscriptionId: q.subscriptionId, contactId, token, amount, currency, now: charged_at };
            const subscription = await gateway.subscribe(q.account, plan);
            return succeeded(q, { charge: paid(charge), subscription: running(subscription) });
        },

        async listPaymentMethods(q) {
            const cards = await gateway.cards(q.account, q.contactId);
            return cards.map(({ id, token }) => {
                const { title, subTitle, expiry } = CARDS[token];
                return { id, type: "card", title, subTitle, expiry, customerId: q.contactId };
            });
        },

        async chargePayment(q) {
            const card = await gateway.findCard(q.account, q.contactId, q.paymentMethodId);
            if (card === null) return failed("There is no such card");
            const charge = await chargeCard(q, card);
            if (charge.status === "pending") return pending(q, { chargeId: charge.id });
            if (charge.status !== "succeeded") return failed("The card was declined");
            return succeeded(q, { chargeId: charge.id, ...paid(charge) });
        },

        async createSubscription(q) {
            const card = await gateway.findCard(q.account, q.contactId, q.paymentMethodId);
            if (card === null) return failed("There is no such card");
            const plan = {
                subscriptionId: q.subscriptionId,
                contactId: q.contactId,
                token: card.token,
                amount: q.recurringAmount.minor,
                currency: q.recurringAmount.currency,
                now: now(),
            };
            if (q.amount.minor === 0) {
                const subscription = await gateway.subscribe(q.account, { ...plan, startAt: Date.parse(q.startDate) / 1000 });
                return succeeded(q, { subscription: running(subscription) });
            }
            const charge = await chargeCard(q, card);
            if (charge.status !== "succeeded") return failed("The card was declined");
            const subscription = await gateway.subscribe(q.account, plan);
            return succeeded(q, { subscription: running(subscription), charge: { chargeId: charge.id, ...paid(charge) } });
        },

        async cancelSubscription(q) {
            return (await gateway.cancel(q.account, q.subscriptionId)) === null ? failed("There is no such subscription") : succeeded(q);
        },

        async findCharge(q) {
            const charge = await chargeOf(q);
            if (charge === null) return null;
            const { amount, refunded, currency } = charge;
            return { amount: { minor: amount, currency }, refunded: { minor: refunded, currency } };
        },

        async refund(q) {
            const { id } = await chargeOf(q);
            const refund = await gateway.refund(q.account, { id: q.idempotencyKey, chargeId: id, amount: q.amount.minor, now: now() });
            return refund === null ? failed("More than is left of the charge") : succeeded(q, { id: refund.id });
        },
    });
}

const paid = ({ amount, currency, charged_at }) => ({ amount: { minor: amount, currency }, chargedAt: charged_at });

const running = ({ id, status, created_at, next_charge }) => ({ id, status, createdAt: created_at, nextCharge: next_charge });
