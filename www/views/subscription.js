// One subscription, and the payments that it brought.

import { logged, payments } from "../account.js";
import { day, dateTime, label, money, number } from "../format.js";
import { card, copyable, facts, h, snapshotCard, statusBadge, table, testBadge } from "../ui.js";
import { customer } from "./customer.js";
import { failedCard, paymentColumns } from "./payments-table.js";
import { recordView } from "./record.js";

const MOST_PAYMENTS = 50;

export const subscription = recordView({
    list: ["#/subscriptions", "Subscriptions"],
    one: "Subscription",
    bones: [
        [
            ["Subscription", 9],
            ["Payments", 4],
        ],
        [
            ["Schedule", 4],
            ["Customer", 4],
        ],
    ],
    async read(id, options) {
        const found = await logged(payments.subscriptions.get(id, options));
        const wanted = { subscriptionId: found.subscriptionId ?? id, limit: MOST_PAYMENTS };
        const [paid] = await Promise.allSettled([logged(payments.transactions.list(wanted, options))]);
        return { found, paid };
    },
    draw({ found, paid }) {
        const amount = money(found.amount, found.currency);
        return {
            title: `Subscription over ${amount}`,
            heading: [
                h("span", { class: "visually-hidden" }, "Subscription over "),
                amount,
                h("span", { class: "total" }, every(found)),
            ],
            badges: [statusBadge(found.status, label), testBadge(found)],
            below: [found.contactSnapshot?.name, found.recurringProduct?.name],
            main: [subscriptionCard(found), paymentsCard(paid), snapshotCard(found.subscriptionSnapshot)],
            side: [schedule(found), customer(found)],
        };
    },
});

/** `every 3 months`; empty where the schedule is not known. */
export function every({ schedule, recurringProduct }) {
    const { intervalType, interval: count } = schedule?.rrule ?? {};
    const { interval, intervalCount } = recurringProduct?.price?.recurring ?? {};
    const unit = { yearly: "year", monthly: "month", weekly: "week", daily: "day" }[intervalType] ?? interval;
    if (!unit) return "";
    const each = count ?? intervalCount ?? 1;
    return each > 1 ? `every ${number(each)} ${unit}s` : `every ${unit}`;
}

function subscriptionCard(found) {
    return card(
        "Subscription",
        facts([
            ["Product", found.recurringProduct?.name],
            ["Status", statusBadge(found.status, label)],
            ["Coupon", found.coupon?.code],
            ["Provider", label(found.paymentProvider?.type)],
            ["Source", found.entitySource?.name || label(found.entitySource?.type)],
            [
                "Began with",
                found.entityType === "order" && h("a", { href: `#/orders/${found.entityId}` }, "Open the order"),
            ],
            ["Created", dateTime(found.createdAt)],
            ["Canceled", found.canceledAt && dateTime(found.canceledAt)],
            ["Id", copyable(found._id)],
            ["Provider's id", found.subscriptionId && copyable(found.subscriptionId)],
            ["Trace id", found.traceId && h("code", { class: "wrap" }, found.traceId)],
        ]),
    );
}

function paymentsCard(paid) {
    if (paid.status === "rejected") return failedCard("Payments", paid.reason);
    const { data, totalCount } = paid.value;
    return card(
        "Payments",
        data.length === 0
            ? h("p", { class: "card-text muted" }, "Nothing was paid yet.")
            : table(
                  "Payments",
                  paymentColumns,
                  data.map((transaction) => (column) => column.cell(transaction)),
              ),
        totalCount > data.length &&
            h("p", { class: "card-text muted" }, `The latest ${number(data.length)} of ${number(totalCount)}.`),
    );
}

function schedule(found) {
    const rule = found.schedule?.rrule ?? {};
    const times = found.subscriptionSnapshot ?? {};
    const unix = (seconds) => typeof seconds === "number" && day(new Date(seconds * 1000).toISOString());
    return card(
        "Schedule",
        facts([
            ["Each", every(found)],
            ["Begins", day(rule.startDate)],
            ["Ends", rule.endDate && day(rule.endDate)],
            ["Times", rule.count && number(rule.count)],
            ["Trial ends", unix(times.trial_end)],
            ["Period ends", unix(times.current_period_end)],
        ]),
    );
}
