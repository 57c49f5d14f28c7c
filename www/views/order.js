// One order: what was ordered, what is paid, what was delivered, what was said.

import { logged, payments } from "../account.js";
import { count, dateTime, label, money, number, rounded } from "../format.js";
import { badge, button, card, copyable, empty, facts, h, icon, statusBadge, table, testBadge } from "../ui.js";
import { customer } from "./customer.js";
import { openFulfillment, undelivered } from "./fulfill.js";
import { openPayment } from "./payment.js";
import { failedCard, paymentColumns } from "./payments-table.js";
import { recordView } from "./record.js";

export const order = recordView({
    list: ["#/orders", "Orders"],
    one: "Order",
    bones: [
        [
            ["Items", 6],
            ["Payments", 3],
            ["Notes", 2],
        ],
        [
            ["Details", 8],
            ["Customer", 5],
            ["Fulfillments", 2],
        ],
    ],
    read,
    draw(found, record) {
        const { order, transactions, fulfillments, notes } = found;
        const balance = balanceOf(found);
        const amount = money(order.amount, order.currency);
        return {
            title: `Order over ${amount}`,
            heading: [h("span", { class: "visually-hidden" }, "Order over "), amount],
            badges: [statusBadge(order.paymentStatus, label), testBadge(order)],
            below: [customerOf(order), dateTime(order.createdAt)],
            actions: [fulfillAction(found, record), balance && payAction(found, balance, record)],
            main: [items(order, balance), paymentsCard({ order, transactions }, balance), notesCard(notes)],
            side: [details(order), customer(order), fulfillmentsCard(fulfillments)],
        };
    },
});

/** Everything about the order, in four calls at once. A part that fails says so in its own place. */
async function read(id, options) {
    const [order, ...parts] = await Promise.allSettled([
        logged(payments.orders.get(id, options)),
        logged(payments.transactions.list({ entityId: id, limit: 100 }, options).toArray()),
        logged(payments.orders.listFulfillments(id, options)),
        logged(payments.orders.listNotes(id, options)),
    ]);
    if (order.status === "rejected") throw order.reason;
    const [transactions, fulfillments, notes] = parts;
    return { order: order.value, transactions, fulfillments, notes };
}

function payAction(found, balance, record) {
    if (balance.due > 0) {
        return button("Record payment", { kind: "primary", onclick: () => pay(found, balance, record) });
    }
    return h("p", { class: "settled" }, icon("check"), "Nothing left to pay");
}

function pay({ order, transactions }, { due }, { id, signal, show, tell }) {
    const before = new Set(transactions.value.map((transaction) => transaction._id));
    const status = order.paymentStatus;
    openPayment({
        order,
        due,
        signal,
        /** Payments on the order that were not there when the form was opened. */
        recorded: async () => {
            const now = await logged(payments.transactions.list({ entityId: id, limit: 100 }, { signal }).toArray());
            return now.filter((transaction) => !before.has(transaction._id));
        },
        done: async (words) => {
            const found = await show();
            if (!found) return;
            const balance = balanceOf(found);
            const after = found.order.paymentStatus;
            const change =
                after === status ? `Still ${label(after).toLowerCase()}` : `${label(status)} → ${label(after)}`;
            const left = balance ? `${money(balance.due, order.currency)} left to pay` : "";
            tell(words, [change, left].filter(Boolean).join(" · "));
        },
    });
}

function fulfillAction({ order, fulfillments }, { signal, show, tell }) {
    if (fulfillments.status === "rejected") return null;
    const known = fulfillments.value.data ?? [];
    const lines = undelivered(order, known);
    if (lines.length === 0) return null;
    const done = async (words) => {
        const found = await show();
        if (found) tell(words, `${label(found.order.fulfillmentStatus)}`);
    };
    const open = () => openFulfillment({ order, lines, before: known.length, signal, done });
    return button("Fulfill items", { onclick: open });
}

function customerOf(order) {
    return order.contactSnapshot?.name || order.contactSnapshot?.email || "";
}

/** What is paid and what is left; unknown where the transactions could not be read. */
function balanceOf({ order, transactions }) {
    if (transactions.status === "rejected" || typeof order.amount !== "number") return undefined;
    const money = transactions.value.filter(({ status }) => status === "succeeded" || status === "refunded");
    const paid = rounded(
        money.reduce((sum, { amount }) => sum + (amount ?? 0), 0),
        order.currency,
    );
    const settled = order.paymentStatus === "paid" || order.paymentStatus === "refunded";
    return { paid, due: settled ? 0 : Math.max(0, rounded(order.amount - paid, order.currency)) };
}

function items(order, balance) {
    const { currency, amountSummary: sums = {} } = order;
    const columns = [
        { label: "Item", class: "col-main" },
        { label: "Quantity", class: "col-number" },
        { label: "Price", class: "col-number" },
        { label: "Total", class: "col-amount" },
    ];
    const rows = (order.items ?? []).map((item) => {
        const price = item.price?.amount;
        const known = typeof price === "number" && typeof item.qty === "number";
        const cells = [
            [
                item.product?.name || item.name || "–",
                h("span", { class: "sub" }, [item.price?.name, interval(item.price)].filter(Boolean).join(" · ")),
            ],
            number(item.qty),
            money(price, currency),
            money(known ? rounded(price * item.qty, currency) : undefined, currency),
        ];
        return (column) => cells[columns.indexOf(column)];
    });
    const totals = [
        ["Subtotal", sums?.subtotal],
        [order.coupon?.code ? `Discount (${order.coupon.code})` : "Discount", sums?.discount && -sums.discount],
        ["Tax", sums?.tax],
        ["Shipping", sums?.shipping],
    ].filter(([name, value]) => value || (name === "Subtotal" && value !== undefined));
    return card(
        "Items",
        rows.length > 0 ? table("Items", columns, rows) : empty("inbox", "No items"),
        h(
            "dl",
            { class: "totals" },
            totals.map(([name, value]) => total(name, money(value, currency))),
            total("Total", money(order.amount, currency), "total-main"),
            balance && total("Paid", money(balance.paid, currency)),
            balance && total("Left to pay", money(balance.due, currency), balance.due > 0 ? "total-due" : ""),
        ),
    );
}

function interval(price) {
    const { interval, intervalCount } = price?.recurring ?? {};
    if (!interval) return "";
    return intervalCount > 1 ? `every ${number(intervalCount)} ${interval}s` : `every ${interval}`;
}

function total(name, value, kind = "") {
    return h("div", { class: `total-line ${kind}` }, h("dt", {}, name), h("dd", {}, value));
}

function paymentsCard({ order, transactions }, balance) {
    if (transactions.status === "rejected") return failedCard("Payments", transactions.reason);
    const list = transactions.value;
    const share = balance && order.amount > 0 && balance.paid > 0 && balance.due > 0;
    return card(
        "Payments",
        share &&
            h(
                "div",
                { class: "share" },
                h("progress", { max: order.amount, value: balance.paid, "aria-label": "Share that is paid" }),
                h(
                    "span",
                    { class: "muted" },
                    `${money(balance.paid, order.currency)} of ${money(order.amount, order.currency)} paid`,
                ),
            ),
        list.length > 0
            ? table(
                  "Payments",
                  paymentColumns,
                  list.map((transaction) => (column) => column.cell(transaction)),
              )
            : h("p", { class: "card-text muted" }, "Nothing has been paid yet."),
    );
}

/** HighLevel publishes no schema of the notes: a list, or an object that holds one. */
function notesOf(answer) {
    if (Array.isArray(answer)) return answer;
    return Object.values(answer ?? {}).find(Array.isArray) ?? [];
}

function notesCard(notes) {
    if (notes.status === "rejected") return failedCard("Notes", notes.reason);
    const list = notesOf(notes.value);
    return card(
        "Notes",
        list.length > 0
            ? h(
                  "ul",
                  { class: "notes" },
                  list.map((note) =>
                      h(
                          "li",
                          {},
                          h("p", {}, note.body ?? JSON.stringify(note)),
                          h("p", { class: "sub" }, dateTime(note.createdAt)),
                      ),
                  ),
              )
            : h("p", { class: "card-text muted" }, "No notes."),
    );
}

function details(order) {
    const source = order.source ?? {};
    return card(
        "Details",
        facts([
            ["Order id", copyable(order._id)],
            ["Status", statusBadge(order.status, label)],
            ["Fulfillment", statusBadge(order.fulfillmentStatus, label)],
            ["Source", source.name || label(source.type)],
            ["Kind", [source.type, source.subType].filter(Boolean).map(label).join(" · ")],
            ["Mode", order.liveMode === false ? "Test" : "Live"],
            ["Created", dateTime(order.createdAt)],
            ["Updated", dateTime(order.updatedAt)],
            ["Trace id", order.traceId && h("code", { class: "wrap" }, order.traceId)],
        ]),
    );
}

function fulfillmentsCard(answer) {
    if (answer.status === "rejected") return failedCard("Fulfillments", answer.reason);
    const list = answer.value.data ?? [];
    if (list.length === 0)
        return card("Fulfillments", h("p", { class: "card-text muted" }, "Nothing was delivered yet."));
    return card(
        "Fulfillments",
        h(
            "ul",
            { class: "notes" },
            list.map((fulfillment) => {
                const pieces = (fulfillment.items ?? []).reduce((sum, item) => sum + (item.qty ?? 0), 0);
                const names = (fulfillment.items ?? []).map((item) => `${number(item.qty)} × ${item.name ?? "item"}`);
                return h(
                    "li",
                    {},
                    h("p", {}, names.join(", ") || count(pieces, "piece", "pieces")),
                    h("p", { class: "sub" }, dateTime(fulfillment.createdAt)),
                    (fulfillment.trackings ?? []).map((tracking) =>
                        h("p", { class: "sub" }, badge(tracking.shippingCarrier || "Parcel"), " ", tracked(tracking)),
                    ),
                );
            }),
        ),
    );
}

function tracked({ trackingNumber, trackingUrl }) {
    const text = trackingNumber || "";
    // Only web addresses become links: the text comes from someone else.
    return /^https?:\/\//.test(trackingUrl ?? "")
        ? h(
              "a",
              { class: "wrap", href: trackingUrl, rel: "noreferrer noopener", target: "_blank" },
              text || trackingUrl,
          )
        : h("code", {}, text);
}
