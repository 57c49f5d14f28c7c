// Recording a payment made outside HighLevel.

import { payments } from "../account.js";
import { openForm } from "../form.js";
import { dateTime, label, money } from "../format.js";
import { h, radios } from "../ui.js";

const named = (...values) => values.map((value) => [value, label(value)]);

/**
 * Opens the form. `recorded()` reads the payments that were not there before; `done(words)` is told once the payment is
 * on the order.
 */
export function openPayment({ order, due, signal, recorded, done }) {
    const { currency } = order;
    const full = money(due, currency);
    let sent;
    openForm({
        title: "Record payment",
        intro: `${full} left to pay. For money that reached you outside HighLevel.`,
        action: "Record payment",
        doing: "Recording …",
        subject: "The payment",
        signal,
        questions: (field, refresh) => questions(field, refresh, full),
        send: async (body, options) => confirmed(await payments.orders.recordPayment(order._id, (sent = body), options)),
        async check() {
            const [found] = await recorded();
            return found && `It was recorded: ${money(found.amount, found.currency)} on ${dateTime(found.createdAt)}`;
        },
        done: (words) => done(words ?? `Payment of ${money(sent.amount ?? due, currency)} recorded`),
    });
}

/** An answer that says that the payment was recorded; of any other one nobody knows whether it was. */
export function confirmed(answer) {
    if (answer?.success === true) return answer;
    const unsaid = new Error("HighLevel's answer does not say that the payment was recorded");
    throw Object.assign(unsaid, { outcome: "unknown" });
}

function questions(field, refresh, full) {
    const modes = named("cash", "card", "cheque", "bank_transfer", "other");
    const mode = radios("mode", "How was it paid?", modes, { value: "cash", onchange: refresh });
    const shares = [
        ["full", `All of it, ${full}`],
        ["part", "A part of it"],
    ];
    const share = radios("share", "How much?", shares, { value: "full", onchange: refresh });
    const amount = field.number("amount", "Amount", { hint: `At most ${full}` });
    const brand = field.select("card.type", "Card brand", named("visa", "mastercard", "other"));
    const last4 = field.input("card.last4", "Last four digits", { inputmode: "numeric", maxlength: 4 });
    const cheque = field.input("cheque.number", "Cheque number");
    const notes = field.area("notes", "Notes", { hint: "Optional; kept with the transaction" });
    const card = h("div", { class: "pair" }, brand.row, last4.row);
    return {
        elements: [mode.element, card, cheque.row, share.element, amount.row, notes.row],
        refresh() {
            card.hidden = mode.value() !== "card";
            cheque.row.hidden = mode.value() !== "cheque";
            amount.row.hidden = share.value() !== "part";
        },
        read() {
            const body = { mode: mode.value() };
            if (body.mode === "card") body.card = { type: brand.value(), last4: last4.value() };
            if (body.mode === "cheque") body.cheque = { number: cheque.value() };
            if (notes.value()) body.notes = notes.value();
            // Without an amount HighLevel would record all of it: an empty one is sent to be refused.
            if (share.value() === "part") Object.assign(body, { amount: amount.value() ?? "", isPartialPayment: true });
            return body;
        },
    };
}
