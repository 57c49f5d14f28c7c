// The orders of the location.

import { payments } from "../api.js";
import { day, label, money, time } from "../format.js";
import { bone, h, statusBadge, testBadge } from "../ui.js";
import { listView } from "./list.js";

const choices = (...values) => values.map((value) => [value, label(value)]);

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
    ],
    columns: [
        {
            label: "Customer",
            class: "col-main",
            bone: () => [bone("medium"), bone("long")],
            cell: (order) => [
                h("a", { class: "row-link", href: `#/orders/${order._id}` }, order.contactName || order._id),
                h("span", { class: "sub" }, order.contactEmail ?? ""),
            ],
        },
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
        {
            label: "Created",
            class: "col-date",
            cell: (order) => [
                h("time", { datetime: order.createdAt }, day(order.createdAt)),
                h("span", { class: "sub" }, time(order.createdAt)),
            ],
        },
        { label: "Amount", class: "col-amount", cell: (order) => money(order.amount, order.currency) },
    ],
    list: (params, options) => payments.orders.list(params, options),
});
