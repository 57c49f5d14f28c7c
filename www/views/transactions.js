// The transactions of the location.

import { payments } from "../account.js";
import { label, money } from "../format.js";
import { h, statusBadge, testBadge } from "../ui.js";
import { createdColumn, customerColumn, listView, MODE, PERIOD, SOURCES } from "./list.js";
import { methodOf } from "./method.js";

export const transactions = listView({
    path: "/transactions",
    title: "Transactions",
    one: "transaction",
    many: "transactions",
    intro: "Payments and attempts at them, whatever provider carried them.",
    filters: [
        { name: "search", label: "Search", placeholder: "Customer, source or charge" },
        { name: "entitySourceType", label: "Source", choices: SOURCES },
        MODE,
        ...PERIOD,
    ],
    columns: [
        customerColumn("/transactions"),
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
        createdColumn,
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
