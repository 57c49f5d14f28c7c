// The clock of the gateway. HighLevel never charges a subscription of a custom provider: the provider does, and tells it.

import { monthsAfter } from "./gateway.js";

/** The charge as HighLevel wants to see it. */
export function chargeSnapshot({ id, status, amount, currency, charged_at }) {
    return { chargeId: id, status, amount: { minor: amount, currency }, chargedAt: charged_at };
}

/** The subscription as HighLevel wants to see it. */
export function subscriptionSnapshot({ id, status, created_at, next_charge }) {
    return { id, status, trialEnd: 0, createdAt: created_at, nextCharge: next_charge };
}

/** Does what is due at a time, in unix seconds: a cron trigger calls it. What is done twice changes nothing. */
export async function bill(gateway, now) {
    for (const charge of await gateway.pendingCharges(now)) {
        const captured = { ...charge, status: "succeeded" };
        await gateway.settle(charge, [
            "payment.captured",
            {
                locationId: charge.location_id,
                mode: charge.mode,
                chargeId: charge.id,
                ghlTransactionId: charge.reference,
                chargeSnapshot: chargeSnapshot(captured),
            },
        ]);
    }
    for (let due = await gateway.dueSubscriptions(now); due.length > 0; due = await gateway.dueSubscriptions(now)) {
        for (const subscription of due) await chargeMonth(gateway, subscription);
    }
}

async function chargeMonth(gateway, subscription) {
    const { id, location_id: locationId, mode, contact_id: contactId, token, amount, currency, next_charge: now } = subscription;
    const reference = `${id}/${subscription.months}`;
    const charge = await gateway.charge({ locationId, mode }, { reference, contactId, token, amount, currency, now });
    // Of a month that is not paid at once this gateway makes no second attempt.
    const status = charge.status === "succeeded" ? "active" : "unpaid";
    const next_charge = monthsAfter(subscription.created_at, subscription.months + 1);
    const snapshot = subscriptionSnapshot({ ...subscription, status, next_charge });
    const about = { locationId, mode, ghlSubscriptionId: id, subscriptionSnapshot: snapshot };
    const pushes = [["subscription.charged", { ...about, chargeId: charge.id, chargeSnapshot: chargeSnapshot(charge) }]];
    if (status === "unpaid") pushes.push(["subscription.updated", about]);
    await gateway.advance(subscription, status, pushes);
}

/** Tells HighLevel what it has yet to be told, in order. What it does not get now, it gets the next time. */
export async function tell(gateway, provider) {
    const behind = new Set();
    for (const { number, event, body } of await gateway.untold()) {
        const push = JSON.parse(body);
        const line = push.ghlSubscriptionId ?? number;
        if (behind.has(line)) continue;
        try {
            await provider.push(event, push);
        } catch (error) {
            console.error(`push ${number} ${event}: ${error.message}`);
            // What HighLevel refuses it would refuse again. Anything else has to be told before what comes behind it.
            if (error.outcome !== "rejected" || error.retryable) {
                behind.add(line);
                continue;
            }
        }
        await gateway.told(number);
    }
}
