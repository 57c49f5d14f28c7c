// One order: what was ordered, what is paid, what was delivered, what was said.

import { logged, payments, wasLeft } from "../api.js";
import { errorCard } from "../errors.js";
import { count, dateTime, label, money, number, rounded } from "../format.js";
import {
    announce,
    backLink,
    badge,
    bone,
    button,
    card,
    cardSkeleton,
    copyable,
    empty,
    facts,
    fill,
    h,
    icon,
    notice,
    statusBadge,
    table,
    testBadge,
} from "../ui.js";
import { customer } from "./customer.js";
import { methodOf } from "./method.js";
import { openPayment } from "./payment.js";

export function order({ id, signal, title }) {
    const heading = h("h1", { tabindex: -1 }, bone("long"), h("span", { class: "visually-hidden" }, "Order"));
    const badges = h("span", { class: "badges" });
    const below = h("p", { class: "muted" }, bone("long"));
    const actions = h("div", { class: "actions" });
    const notices = h("div", { class: "notices" });
    const content = h("div", { class: "columns" });
    const element = h(
        "div",
        { class: "view" },
        backLink("#/orders", "Orders"),
        h("div", { class: "head" }, h("div", {}, h("div", { class: "head-title" }, heading, badges), below), actions),
        notices,
        content,
    );

    /** Everything about the order, in four calls at once. A part that fails says so in its own place. */
    async function read() {
        const options = { signal };
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

    /** The button that asked for it goes, so the focus has to go somewhere. */
    function retry() {
        heading.focus();
        show();
    }

    async function show() {
        content.setAttribute("aria-busy", "true");
        let found;
        try {
            found = await read();
        } catch (error) {
            if (wasLeft(error, signal)) return undefined;
            fill(heading, "Order");
            fill(badges);
            fill(below, h("code", {}, id));
            fill(actions);
            const again = error.code === "not_found" ? [] : [button("Try again", { kind: "primary", onclick: retry })];
            fill(content, h("div", { class: "column" }, errorCard(error, ...again)));
            announce("The order could not be read");
            return undefined;
        } finally {
            content.removeAttribute("aria-busy");
        }
        if (signal.aborted) return undefined;
        draw(found);
        return found;
    }

    function draw(found) {
        const { order } = found;
        const balance = balanceOf(found);
        const name = `Order over ${money(order.amount, order.currency)}`;
        title(name);
        fill(heading, h("span", { class: "visually-hidden" }, "Order over "), money(order.amount, order.currency));
        fill(badges, statusBadge(order.paymentStatus, label), testBadge(order));
        fill(below, [customerOf(order), dateTime(order.createdAt)].filter(Boolean).join(" · "));
        fill(actions, balance && action(found, balance));
        fill(
            content,
            h("div", { class: "column" }, items(order, balance), paymentsCard(found, balance), notesCard(found.notes)),
            h(
                "div",
                { class: "column column-side" },
                details(order),
                customer(order),
                fulfillments(found.fulfillments),
            ),
        );
    }

    function action(found, balance) {
        if (balance.due > 0) return button("Record payment", { kind: "primary", onclick: () => pay(found, balance) });
        return h("p", { class: "settled" }, icon("check"), "Nothing left to pay");
    }

    function pay({ order, transactions }, { due }) {
        const before = new Set(transactions.value.map((transaction) => transaction._id));
        const status = order.paymentStatus;
        openPayment({
            order,
            due,
            signal,
            /** Payments on the order that were not there when the form was opened. */
            recorded: async () => {
                const now = await logged(
                    payments.transactions.list({ entityId: id, limit: 100 }, { signal }).toArray(),
                );
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
                const told = notice("green", words, [change, left].filter(Boolean).join(" · "));
                fill(notices, told);
                told.focus();
            },
        });
    }

    fill(content, skeleton());
    show();
    return { title: "Order", element };
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
    if (transactions.status === "rejected") return card("Payments", failed(transactions.reason));
    const list = transactions.value;
    const share = balance && order.amount > 0 && balance.paid > 0 && balance.due > 0;
    const columns = [
        {
            label: "Method",
            class: "col-main",
            cell: (transaction) => [
                h("a", { class: "row-link", href: `#/transactions/${transaction._id}` }, methodOf(transaction)),
                h("span", { class: "sub" }, dateTime(transaction.createdAt)),
            ],
        },
        { label: "Status", class: "col-badge", cell: (transaction) => statusBadge(transaction.status, label) },
        {
            label: "Amount",
            class: "col-amount",
            cell: (transaction) => money(transaction.amount, transaction.currency),
        },
    ];
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
                  columns,
                  list.map((transaction) => (column) => column.cell(transaction)),
              )
            : h("p", { class: "card-text muted" }, "Nothing has been paid yet."),
    );
}

function failed(error) {
    return h(
        "p",
        { class: "card-text bad", role: "alert" },
        `Could not be read: ${error.name}. ${error.messages?.join("; ") ?? ""}`,
    );
}

/** HighLevel publishes no schema of the notes: a list, or an object that holds one. */
function notesOf(answer) {
    if (Array.isArray(answer)) return answer;
    return Object.values(answer ?? {}).find(Array.isArray) ?? [];
}

function notesCard(notes) {
    if (notes.status === "rejected") return card("Notes", failed(notes.reason));
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

function fulfillments(answer) {
    if (answer.status === "rejected") return card("Fulfillments", failed(answer.reason));
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

function skeleton() {
    return [
        h("div", { class: "column" }, cardSkeleton("Items", 6), cardSkeleton("Payments", 3), cardSkeleton("Notes", 2)),
        h(
            "div",
            { class: "column column-side" },
            cardSkeleton("Details", 8),
            cardSkeleton("Customer", 5),
            cardSkeleton("Fulfillments", 2),
        ),
    ];
}
