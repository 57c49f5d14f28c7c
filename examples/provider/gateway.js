// A toy gateway: test cards, and books in D1. In its place stands the API of your gateway.
//
// Amounts are minor units, times unix seconds. An `account` is a location of HighLevel's and live or test money: nothing of one
// account is ever found by another.

/** The tokens that a gateway's own card fields would give. Card numbers never come to this server. */
export const CARDS = {
    tok_pays: { title: "Visa", subTitle: "**** 4242", expiry: "12/40", outcome: "succeeded" },
    tok_declined: { title: "Visa", subTitle: "**** 0002", expiry: "12/40", outcome: "failed" },
    tok_later: { title: "Bank debit", subTitle: "**** 6789", expiry: "12/40", outcome: "pending" },
};

const CHARGE = `SELECT *, (SELECT COALESCE(SUM(amount), 0) FROM refunds WHERE charge_id = charges.id) AS refunded
    FROM charges WHERE location_id = ? AND mode = ?`;

/** So long after it was begun a pending charge is captured. */
const SETTLES_AFTER = 60;

export function createGateway(db) {
    const run = async (sql, ...values) => (await db.prepare(sql).bind(...values).all()).results;
    const one = async (sql, ...values) => (await run(sql, ...values))[0] ?? null;
    const id = (prefix) => `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;

    const gateway = {
        /**
         * Charges a card, once for each reference: whoever asks again, by a double click or because an answer was lost, gets the
         * charge that is there. Only after a declined one it is tried again.
         */
        async charge({ locationId, mode }, { reference, contactId, token, amount, currency, now }) {
            const { outcome } = CARDS[token];
            await run(
                `INSERT INTO charges (id, location_id, mode, reference, contact_id, token, amount, currency, status, charged_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (location_id, mode, reference) DO UPDATE SET
                    id = excluded.id, token = excluded.token, status = excluded.status, charged_at = excluded.charged_at
                WHERE status = 'failed'`,
                id("ch"), locationId, mode, reference, contactId, token, amount, currency, outcome, now,
            );
            return one("SELECT * FROM charges WHERE location_id = ? AND mode = ? AND reference = ?", locationId, mode, reference);
        },

        /** A charge of this account and what was given back of it, by its id or by what it is for; or null. */
        findCharge: ({ locationId, mode }, chargeId) => one(`${CHARGE} AND id = ?`, locationId, mode, chargeId),
        findChargeOf: ({ locationId, mode }, reference) => one(`${CHARGE} AND reference = ?`, locationId, mode, reference),

        /** Gives back a charge or a part of it, once for each id; null where less than that is left. */
        async refund({ locationId, mode }, { id, chargeId, amount, now }) {
            // One statement, so that two refunds at the same time cannot both see what is left for one.
            await run(
                `INSERT INTO refunds (id, charge_id, amount, refunded_at)
                SELECT ?, id, ?, ? FROM (${CHARGE} AND id = ? AND status = 'succeeded') WHERE amount - refunded >= ?
                ON CONFLICT DO NOTHING`,
                id, amount, now, locationId, mode, chargeId, amount,
            );
            return one("SELECT * FROM refunds WHERE id = ? AND charge_id = ? AND amount = ?", id, chargeId, amount);
        },

        /** Keeps a card of a contact for later, once. */
        async saveCard({ locationId, mode }, { contactId, token }) {
            await run(
                `INSERT INTO cards (id, location_id, mode, contact_id, token) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
                id("card"), locationId, mode, contactId, token,
            );
        },

        /** The cards of a contact. */
        cards: ({ locationId, mode }, contactId) =>
            run("SELECT * FROM cards WHERE location_id = ? AND mode = ? AND contact_id = ?", locationId, mode, contactId),

        /** A card of a contact, or null. */
        findCard: ({ locationId, mode }, contactId, cardId) =>
            one(
                "SELECT * FROM cards WHERE location_id = ? AND mode = ? AND contact_id = ? AND id = ?",
                locationId, mode, contactId, cardId,
            ),

        /** Begins a subscription whose first month is paid, or that begins later (`startAt`); the same one only once. */
        async subscribe({ locationId, mode }, { subscriptionId, contactId, token, amount, currency, now, startAt = null }) {
            await run(
                `INSERT INTO subscriptions
                    (id, location_id, mode, contact_id, token, amount, currency, status, created_at, months, next_charge)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
                subscriptionId, locationId, mode, contactId, token, amount, currency,
                startAt === null ? "active" : "scheduled", startAt ?? now, startAt === null ? 1 : 0, startAt ?? monthsAfter(now, 1),
            );
            return gateway.findSubscription({ locationId, mode }, subscriptionId);
        },

        /** A subscription of this account, or null. */
        findSubscription: ({ locationId, mode }, subscriptionId) =>
            one("SELECT * FROM subscriptions WHERE location_id = ? AND mode = ? AND id = ?", locationId, mode, subscriptionId),

        /** Ends a subscription; null where there is none. */
        cancel: ({ locationId, mode }, subscriptionId) =>
            one(
                "UPDATE subscriptions SET status = 'canceled' WHERE location_id = ? AND mode = ? AND id = ? RETURNING *",
                locationId, mode, subscriptionId,
            ),

        /** What has become due: pending charges, and months of subscriptions. */
        pendingCharges: (now) => run("SELECT * FROM charges WHERE status = 'pending' AND charged_at <= ?", now - SETTLES_AFTER),
        dueSubscriptions: (now) =>
            run("SELECT * FROM subscriptions WHERE status IN ('active', 'scheduled') AND next_charge <= ?", now),

        /** A pending charge is captured, and HighLevel is to be told: both or neither. */
        settle: (charge, push) =>
            db.batch([
                db.prepare("UPDATE charges SET status = 'succeeded' WHERE id = ? AND status = 'pending'").bind(charge.id),
                outbox(push, "changes() = 1"),
            ]),

        /** A month of a subscription was charged, or could not be: `pushes` tell of it. */
        advance: ({ id, months, created_at }, status, pushes) =>
            db.batch([
                db
                    .prepare("UPDATE subscriptions SET status = ?, months = ?, next_charge = ? WHERE id = ? AND months = ? AND status <> 'canceled'")
                    .bind(status, months + 1, monthsAfter(created_at, months + 1), id, months),
                ...pushes.map((push) => outbox(push, "changes() = 1")),
            ]),

        /** What HighLevel has yet to be told, and what it was told. */
        untold: () => run("SELECT * FROM outbox ORDER BY number LIMIT 100"),
        told: (number) => run("DELETE FROM outbox WHERE number = ?", number),
    };

    function outbox([event, body], condition) {
        return db.prepare(`INSERT INTO outbox (event, body) SELECT ?, ? WHERE ${condition}`).bind(event, JSON.stringify(body));
    }
    return gateway;
}

/** The same day so many months later, or the last one of that month. */
export function monthsAfter(seconds, months) {
    const date = new Date(seconds * 1000);
    const day = date.getUTCDate();
    date.setUTCMonth(date.getUTCMonth() + months, 1);
    const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
    date.setUTCDate(Math.min(day, last));
    return date.getTime() / 1000;
}
