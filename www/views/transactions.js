// The transactions of the location.

import { payments } from "../api.js";
import { day, label, money, time } from "../format.js";
import { bone, h, statusBadge, testBadge } from "../ui.js";
import { listView } from "./list.js";
import { methodOf } from "./method.js";

const SOURCES = [
    "funnel",
    "website",
    "invoice",
    "calendar",
    "payment_link",
    "form",
    "point_of_sale",
    "mobile_app",
    "external",
    "manual",
];

export const transactions = listView({
    path: "/transactions",
    title: "Transactions",
    one: "transaction",
    many: "transactions",
    intro: "Payments and attempts at them, whatever provider carried them.",
    filters: [
        { name: "search", label: "Search", placeholder: "Customer, source or charge" },
        { name: "entitySourceType", label: "Source", choices: SOURCES.map((value) => [value, label(value)]) },
        {
            name: "paymentMode",
            label: "Mode",
            choices: [
                ["live", "Live"],
                ["test", "Test"],
            ],
        },
    ],
    columns: [
        {
            label: "Customer",
            class: "col-main",
            bone: () => [bone("medium"), bone("long")],
            cell: (transaction) => [
                h(
                    "a",
                    { class: "row-link", href: `#/transactions/${transaction._id}` },
                    transaction.contactName || transaction._id,
                ),
                h("span", { class: "sub" }, transaction.contactEmail ?? ""),
            ],
        },
        {
            label: "Status",
            class: "col-badge",
            cell: (transaction) => [statusBadge(transaction.status, label), testBadge(transaction)],
        },
        {
            label: "Method",
            class: "col-wide",
            cell: (transaction) => [
                h("span", { class: "clip" }, methodOf(transaction)),
                h("span", { class: "sub" }, label(transaction.paymentProviderType)),
            ],
        },
        {
            label: "For",
            class: "col-wider",
            cell: (transaction) => [
                h("span", { class: "clip" }, transaction.entitySourceName || label(transaction.entitySourceType)),
                h("span", { class: "sub" }, label(transaction.entityType)),
            ],
        },
        {
            label: "Created",
            class: "col-date",
            cell: (transaction) => [
                h("time", { datetime: transaction.createdAt }, day(transaction.createdAt)),
                h("span", { class: "sub" }, time(transaction.createdAt)),
            ],
        },
        {
            label: "Amount",
            class: "col-amount",
            cell: (transaction) => [
                money(transaction.amount, transaction.currency),
                transaction.amountRefunded > 0 &&
                    h("span", { class: "sub" }, `${money(transaction.amountRefunded, transaction.currency)} back`),
            ],
        },
    ],
    list: (params, options) => payments.transactions.list(params, options),
});
