// The form that records a payment made outside HighLevel.

import { logged, payments, wasLeft } from "../api.js";
import { outcomeOf, summaryOf, titleOf } from "../errors.js";
import { dateTime, label, money } from "../format.js";
import { announce, button, fill, h, notice } from "../ui.js";

const MODES = ["cash", "card", "cheque", "bank_transfer", "other"];

const BRANDS = ["visa", "mastercard", "other"];

const FAULTS = [
    ["", "Nothing goes wrong"],
    ["applied-then=500", "It is recorded, then the answer is lost"],
    ["status=500", "It fails before it is recorded"],
    ["truncated", "It is recorded, half of the answer arrives"],
];

/**
 * Opens the form over the page. `recorded()` reads the payments that were not there before; `done(words)` is told once
 * the payment is on the order.
 */
export function openPayment({ order, due, signal, recorded, done }) {
    const { currency } = order;
    const field = fields();
    const full = money(due, currency);

    const mode = radios(
        "mode",
        "How was it paid?",
        MODES.map((value) => [value, label(value)]),
        "cash",
        refresh,
    );
    const share = radios(
        "share",
        "How much?",
        [
            ["full", `All of it, ${full}`],
            ["part", "A part of it"],
        ],
        "full",
        refresh,
    );
    const amount = field.input("amount", "Amount", {
        inputmode: "decimal",
        autocomplete: "off",
        hint: `At most ${full}`,
    });
    const brand = field.select(
        "card.type",
        "Card brand",
        BRANDS.map((value) => [value, label(value)]),
    );
    const last4 = field.input("card.last4", "Last four digits", {
        inputmode: "numeric",
        maxlength: 4,
        autocomplete: "off",
    });
    const cheque = field.input("cheque.number", "Cheque number", { autocomplete: "off" });
    const notes = field.area("notes", "Notes", "Optional; kept with the transaction");
    const fault = field.select("fault", "What goes wrong", FAULTS);

    const problems = h("div", { class: "notices" });
    const send = h("button", { type: "submit", class: "button button-primary" });
    const cancel = button("Cancel", { onclick: () => dialog.close() });
    const card = h("div", { class: "pair" }, brand.row, last4.row);
    const questions = h(
        "div",
        { class: "questions" },
        mode.element,
        card,
        cheque.row,
        share.element,
        amount.row,
        notes.row,
        h(
            "details",
            { class: "fold" },
            h("summary", {}, "Let the sandbox fail"),
            fault.row,
            h("p", { class: "sub" }, "Sent as the header x-sandbox-fault; HighLevel itself ignores it."),
        ),
    );
    const form = h(
        "form",
        { class: "form", novalidate: true, onsubmit: submit },
        problems,
        questions,
        h("div", { class: "actions actions-end" }, cancel, send),
    );
    const dialog = h(
        "dialog",
        { class: "dialog", "aria-labelledby": "payment-title" },
        h(
            "div",
            { class: "dialog-head" },
            h("h2", { id: "payment-title" }, "Record payment"),
            h("p", { class: "muted" }, `${full} left to pay. For money that reached you outside HighLevel.`),
        ),
        form,
    );

    let busy = false;

    function refresh() {
        card.hidden = mode.value() !== "card";
        cheque.row.hidden = mode.value() !== "cheque";
        amount.row.hidden = share.value() !== "part";
        fill(send, busy ? "Recording …" : "Record payment");
        send.disabled = busy;
        cancel.disabled = busy;
    }

    function read() {
        const body = { mode: mode.value() };
        if (body.mode === "card") body.card = { type: brand.value(), last4: last4.value() };
        if (body.mode === "cheque") body.cheque = { number: cheque.value() };
        if (notes.value()) body.notes = notes.value();
        if (share.value() === "part") {
            // What is no number goes to the client as it is: it refuses the field, and nothing is sent.
            const typed = amount.value().replace(",", ".");
            body.amount = typed === "" || Number.isNaN(Number(typed)) ? amount.value() : Number(typed);
            body.isPartialPayment = true;
        }
        return body;
    }

    async function submit(event) {
        event.preventDefault();
        if (busy) return;
        field.clear();
        fill(problems);
        busy = true;
        refresh();
        const headers = fault.value() ? { "x-sandbox-fault": fault.value() } : undefined;
        const body = read();
        try {
            // No signal: a payment on its way is not given up because somebody looks at another page.
            await logged(payments.orders.recordPayment(order._id, body, headers && { headers }));
        } catch (error) {
            busy = false;
            refresh();
            if (!signal.aborted) show(error);
            return;
        }
        busy = false;
        finish(`Payment of ${money(body.amount ?? due, currency)} recorded`);
    }

    function finish(words) {
        dialog.close();
        if (!signal.aborted) done(words);
    }

    function show(error) {
        if (error.outcome === "unknown" || error.outcome === "applied") {
            doubt(error);
            return;
        }
        const listed = error.issues ?? (error.messages ?? []).map(located);
        const rest = listed.filter(({ path, message }) => !field.fail(path, message));
        if (rest.length > 0 || listed.length === 0) {
            const texts = rest.map(({ path, message }) => `${path} ${message}`.trim());
            const told = notice("red", titleOf(error), texts.length > 0 ? texts.join("; ") : summaryOf(error));
            fill(problems, told);
            told.scrollIntoView({ block: "nearest" });
        }
        announce("The payment was not recorded");
        field.focusFirst();
    }

    /** The server's messages begin with the field: "amount must not be greater than the amount due". */
    function located(message) {
        const path = field.names().find((name) => message.startsWith(`${name} `)) ?? "";
        return { path, message: path ? message.slice(path.length + 1) : message };
    }

    function ask(asking) {
        questions.hidden = !asking;
        send.hidden = !asking;
        fill(cancel, asking ? "Cancel" : "Close");
    }

    /** It may be on the order already: sending it again could take the money twice. */
    function doubt(error) {
        const [, advice] = outcomeOf(error);
        const answer = h("p", { class: "doubt-answer", role: "status" });
        const check = button("Check the order", { kind: "primary", onclick: look });
        const told = notice(
            "amber",
            error.outcome === "applied"
                ? "It was recorded, but the answer could not be read"
                : "It may have been recorded",
            `${error.name}: ${summaryOf(error)}. ${advice}`,
            h("div", { class: "actions" }, check),
            answer,
        );
        fill(problems, told);
        ask(false);
        check.focus();

        async function look() {
            fill(answer, "Reading the payments of the order …");
            let found;
            try {
                [found] = await recorded();
            } catch (problem) {
                if (!wasLeft(problem, signal)) fill(answer, `That did not work either: ${summaryOf(problem)}`);
                return;
            }
            if (found) {
                finish(`It was recorded: ${money(found.amount, found.currency)} on ${dateTime(found.createdAt)}`);
                return;
            }
            const free = notice(
                "green",
                "It was not recorded",
                "The order holds no new payment: you may send it again.",
            );
            fill(problems, free);
            ask(true);
            fault.control.value = "";
            send.focus();
        }
    }

    const leave = () => dialog.close();
    signal.addEventListener("abort", leave);
    dialog.addEventListener("close", () => {
        // The Escape key must not hide what becomes of a payment.
        if (busy && !signal.aborted) {
            dialog.showModal();
            return;
        }
        signal.removeEventListener("abort", leave);
        dialog.remove();
    });
    refresh();
    document.body.append(dialog);
    dialog.showModal();
    mode.focus();
}

/** A choice of a few. */
function radios(name, legend, choices, chosen, changed) {
    const inputs = choices.map(([value]) =>
        h("input", {
            type: "radio",
            name,
            value,
            id: `${name}-${value}`,
            checked: value === chosen,
            onchange: changed,
        }),
    );
    const element = h(
        "fieldset",
        { class: "choice" },
        h("legend", {}, legend),
        h(
            "div",
            { class: "choices" },
            choices.map(([value, text], index) =>
                h("span", { class: "option" }, inputs[index], h("label", { for: `${name}-${value}` }, text)),
            ),
        ),
    );
    return {
        element,
        value: () => inputs.find((input) => input.checked).value,
        focus: () => inputs.find((input) => input.checked).focus(),
    };
}

/** The fields of a form by the path that errors name them with. */
function fields() {
    const known = new Map();

    function add(path, text, control, hint) {
        const id = `field-${path.replace(".", "-")}`;
        const hintLine = hint && h("p", { class: "sub", id: `${id}-hint` }, hint);
        const error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
        control.id = id;
        control.name = path;
        control.setAttribute("aria-describedby", [hintLine?.id, error.id].filter(Boolean).join(" "));
        const row = h("div", { class: "field" }, h("label", { for: id }, text), control, hintLine, error);
        const entry = { row, control, error, value: () => control.value.trim() };
        known.set(path, entry);
        return entry;
    }

    return {
        input: (path, text, { hint, ...properties }) =>
            add(path, text, h("input", { type: "text", ...properties }), hint),
        select: (path, text, choices) =>
            add(
                path,
                text,
                h(
                    "select",
                    {},
                    choices.map(([value, name]) => h("option", { value }, name)),
                ),
            ),
        area: (path, text, hint) => add(path, text, h("textarea", { rows: 2 }), hint),
        names: () => [...known.keys()],
        /** Puts an error to its field; `false` where no visible field has that path. */
        fail(path, message) {
            const entry = known.get(path);
            if (!entry || entry.row.closest("[hidden]")) return false;
            entry.control.setAttribute("aria-invalid", "true");
            fill(entry.error, sentence(message));
            entry.error.hidden = false;
            return true;
        },
        clear() {
            for (const { control, error } of known.values()) {
                control.removeAttribute("aria-invalid");
                error.hidden = true;
            }
        },
        focusFirst() {
            [...known.values()].find(({ control }) => control.getAttribute("aria-invalid"))?.control.focus();
        },
    };
}

function sentence(message) {
    return message.charAt(0).toUpperCase() + message.slice(1);
}
