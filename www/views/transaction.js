// One transaction.

import { logged, payments, wasLeft } from "../api.js";
import { errorCard } from "../errors.js";
import { dateTime, label, money } from "../format.js";
import {
    announce,
    backLink,
    bone,
    button,
    card,
    cardSkeleton,
    copyable,
    facts,
    fill,
    h,
    statusBadge,
    testBadge,
} from "../ui.js";
import { customer } from "./customer.js";
import { methodOf } from "./method.js";

export function transaction({ id, signal, title }) {
    const heading = h("h1", { tabindex: -1 }, bone("long"), h("span", { class: "visually-hidden" }, "Transaction"));
    const badges = h("span", { class: "badges" });
    const below = h("p", { class: "muted" }, bone("long"));
    const content = h("div", { class: "columns" });
    const element = h(
        "div",
        { class: "view" },
        backLink("#/transactions", "Transactions"),
        h("div", { class: "head" }, h("div", {}, h("div", { class: "head-title" }, heading, badges), below)),
        content,
    );

    /** The button that asked for it goes, so the focus has to go somewhere. */
    function retry() {
        heading.focus();
        show();
    }

    async function show() {
        let found;
        content.setAttribute("aria-busy", "true");
        try {
            found = await logged(payments.transactions.get(id, { signal }));
        } catch (error) {
            if (wasLeft(error, signal)) return;
            fill(heading, "Transaction");
            fill(below, h("code", {}, id));
            const again = error.code === "not_found" ? [] : [button("Try again", { kind: "primary", onclick: retry })];
            fill(content, h("div", { class: "column" }, errorCard(error, ...again)));
            announce("The transaction could not be read");
            return;
        } finally {
            content.removeAttribute("aria-busy");
        }
        if (signal.aborted) return;
        const amount = money(found.amount, found.currency);
        title(`Transaction over ${amount}`);
        fill(heading, h("span", { class: "visually-hidden" }, "Transaction over "), amount);
        fill(badges, statusBadge(found.status, label), testBadge(found));
        fill(below, [found.contactSnapshot?.name, dateTime(found.createdAt)].filter(Boolean).join(" · "));
        fill(
            content,
            h("div", { class: "column" }, payment(found), provider(found)),
            h("div", { class: "column column-side" }, purpose(found), customer(found)),
        );
    }

    fill(content, skeleton());
    show();
    return { title: "Transaction", element };
}

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

function provider(found) {
    if (!found.chargeSnapshot) return null;
    return card(
        "Provider's record",
        h("p", { class: "card-text muted" }, "As the payment provider sent it, in the provider's own units."),
        h("pre", { class: "body", tabindex: 0 }, JSON.stringify(found.chargeSnapshot, null, 2)),
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

function skeleton() {
    return [
        h("div", { class: "column" }, cardSkeleton("Payment", 11)),
        h("div", { class: "column column-side" }, cardSkeleton("Paid for", 5), cardSkeleton("Customer", 4)),
    ];
}
