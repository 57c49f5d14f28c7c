// One transaction.

import { logged, payments } from "../account.js";
import { dateTime, label, money } from "../format.js";
import { card, copyable, facts, h, snapshotCard, statusBadge, testBadge } from "../ui.js";
import { customer } from "./customer.js";
import { methodOf } from "./method.js";
import { recordView } from "./record.js";

export const transaction = recordView({
    list: ["#/transactions", "Transactions"],
    one: "Transaction",
    bones: [
        [["Payment", 11]],
        [
            ["Paid for", 5],
            ["Customer", 4],
        ],
    ],
    read: (id, options) => logged(payments.transactions.get(id, options)),
    draw(found) {
        const amount = money(found.amount, found.currency);
        return {
            title: `Transaction over ${amount}`,
            heading: [h("span", { class: "visually-hidden" }, "Transaction over "), amount],
            badges: [statusBadge(found.status, label), testBadge(found)],
            below: [found.contactSnapshot?.name, dateTime(found.createdAt)],
            main: [payment(found), snapshotCard(found.chargeSnapshot)],
            side: [purpose(found), customer(found)],
        };
    },
});

function payment(found) {
    const notes = found.chargeSnapshot?.notes;
    return card(
        "Payment",
        facts([
            ["Amount", money(found.amount, found.currency)],
            ["Paid back", found.amountRefunded > 0 && money(found.amountRefunded, found.currency)],
            ["Status", statusBadge(found.status, label)],
            ["Method", methodOf(found)],
            ["Notes", notes],
            ["Provider", label(found.paymentProvider?.type)],
            ["Mode", found.liveMode === false ? "Test" : "Live"],
            ["Created", dateTime(found.createdAt)],
            ["Updated", dateTime(found.updatedAt)],
            ["Transaction id", copyable(found._id)],
            ["Charge id", found.chargeId && copyable(found.chargeId)],
            ["Receipt id", found.receiptId && copyable(found.receiptId)],
            ["Trace id", found.traceId && h("code", { class: "wrap" }, found.traceId)],
        ]),
    );
}

function purpose(found) {
    const source = found.entitySource ?? {};
    const isOrder = found.entityType === "order" && found.entityId;
    return card(
        "Paid for",
        facts([
            ["Kind", label(found.entityType)],
            ["Order", isOrder && h("a", { href: `#/orders/${found.entityId}` }, "Open the order")],
            ["Id", found.entityId && copyable(found.entityId)],
            ["Source", source.name || label(source.type)],
            ["Source kind", [source.type, source.subType].filter(Boolean).map(label).join(" · ")],
            ["Subscription", found.subscriptionId && copyable(found.subscriptionId)],
        ]),
    );
}
