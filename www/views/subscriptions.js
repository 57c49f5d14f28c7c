// The subscriptions of the location.

import { payments } from "../account.js";
import { label, money } from "../format.js";
import { h, statusBadge, testBadge } from "../ui.js";
import { createdColumn, customerColumn, listView, MODE, PERIOD, SOURCES } from "./list.js";

export const subscriptions = listView({
    path: "/subscriptions",
    title: "Subscriptions",
    one: "subscription",
    many: "subscriptions",
    intro: "Payments that repeat.",
    filters: [
        { name: "search", label: "Search", placeholder: "Customer or source" },
        { name: "entitySourceType", label: "Source", choices: SOURCES },
        MODE,
        ...PERIOD,
    ],
    columns: [
        customerColumn("/subscriptions"),
        {
            label: "Status",
            class: "col-badge",
            cell: (subscription) => [statusBadge(subscription.status, label), testBadge(subscription)],
        },
        { label: "Provider", class: "col-wide", cell: (subscription) => label(subscription.paymentProviderType) },
        {
            label: "Source",
            class: "col-wider",
            cell: (subscription) => [
                h("span", { class: "clip" }, subscription.entitySourceName || label(subscription.entitySourceType)),
                h("span", { class: "sub" }, label(subscription.entityType)),
            ],
        },
        createdColumn,
        {
            label: "Amount",
            class: "col-amount",
            cell: (subscription) => money(subscription.amount, subscription.currency),
        },
    ],
    list: (params, options) => payments.subscriptions.list(params, options),
});
