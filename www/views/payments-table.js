// Payments in a card, as orders and subscriptions show them.

import { dateTime, label, money } from "../format.js";
import { card, h, statusBadge } from "../ui.js";
import { methodOf } from "./method.js";

export const paymentColumns = [
    {
        label: "Method",
        class: "col-main",
        cell: (transaction) => [
            h("a", { class: "row-link", href: `#/transactions/${transaction._id}` }, methodOf(transaction)),
            h("span", { class: "sub" }, dateTime(transaction.createdAt)),
        ],
    },
    { label: "Status", class: "col-badge", cell: (transaction) => statusBadge(transaction.status, label) },
    { label: "Amount", class: "col-amount", cell: (transaction) => money(transaction.amount, transaction.currency) },
];

/** A card whose content could not be read. */
export function failedCard(title, error) {
    const text = `Could not be read: ${error.name}. ${error.messages?.join("; ") ?? ""}`;
    return card(title, h("p", { class: "card-text bad", role: "alert" }, text));
}
