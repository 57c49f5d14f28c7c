// The orders of the location.

import { payments } from "../account.js";
import { label, money } from "../format.js";
import { h, statusBadge, testBadge } from "../ui.js";
import { choices, createdColumn, customerColumn, listView, PERIOD } from "./list.js";

export const orders = listView({
    path: "/orders",
    title: "Orders",
    one: "order",
    many: "orders",
    intro: "What customers ordered, newest first.",
    filters: [
        { name: "search", label: "Search", placeholder: "Customer, product or source" },
        { name: "paymentStatus", label: "Payment", choices: choices("paid", "partially_paid", "unpaid", "refunded") },
        { name: "status", label: "Status", choices: choices("completed", "pending") },
        ...PERIOD,
    ],
    columns: [
        customerColumn("/orders"),
        {
            label: "Payment",
            class: "col-badge",
            cell: (order) => [statusBadge(order.paymentStatus, label), testBadge(order)],
        },
        { label: "Status", class: "col-wide", cell: (order) => label(order.status) },
        {
            label: "Source",
            class: "col-wider",
            cell: (order) => [
                h("span", { class: "clip" }, order.sourceName || label(order.sourceType)),
                h("span", { class: "sub" }, label(order.sourceSubType)),
            ],
        },
        createdColumn,
        { label: "Amount", class: "col-amount", cell: (order) => money(order.amount, order.currency) },
    ],
    list: (params, options) => payments.orders.list(params, options),
});
