// A form over the page that writes something: errors at their fields, and what to do when nobody knows whether it was done.

import { account, logged, wasLeft } from "./account.js";
import { outcomeOf, summaryOf, titleOf } from "./errors.js";
import { announce, button, fill, h, notice } from "./ui.js";

const FAULTS = [
    ["", "Nothing goes wrong"],
    ["applied-then=500", "It is done, then the answer is lost"],
    ["status=500", "It fails before it is done"],
    ["truncated", "It is done, half of the answer arrives"],
    ["status=429; retry-after=1", "Too many requests: the client waits and sends it again"],
];

/**
 * `questions(field, refresh)` gives `{ elements, refresh, read, locate }`; `read()` gives what `send(body, options)`
 * takes, `locate(path)` the field that a path of the body belongs to, where that is another.
 * `check()` reads whether it was done after all and gives words for it, or nothing. `done(words, result)` is told once
 * it is done. `subject` names it in sentences: "The payment".
 */
export function openForm({
    title,
    intro,
    action,
    doing,
    subject,
    kind = "primary",
    signal,
    questions,
    send,
    check,
    done,
}) {
    const field = fields();
    const asked = questions(field, refresh);
    const fault = field.select("fault", "What goes wrong", FAULTS);
    const problems = h("div", { class: "notices" });
    const submit = h("button", { type: "submit", class: `button button-${kind}` });
    const cancel = button("Cancel", { onclick: () => dialog.close() });
    const body = h(
        "div",
        { class: "questions" },
        asked.elements,
        account.sandbox &&
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
        { class: "form", novalidate: true, onsubmit: run },
        problems,
        body,
        h("div", { class: "actions actions-end" }, cancel, submit),
    );
    const { dialog, close } = openDialog({ title, intro, signal, keep: () => busy }, form);
    let busy = false;

    function refresh() {
        asked.refresh?.();
        fill(submit, busy ? doing : action);
        submit.disabled = busy;
        cancel.disabled = busy;
    }

    async function run(event) {
        event.preventDefault();
        if (busy) return;
        field.clear();
        fill(problems);
        busy = true;
        refresh();
        const headers = fault.value() ? { "x-sandbox-fault": fault.value() } : undefined;
        let result;
        try {
            // No signal: a write on its way is not given up because somebody looks at another page.
            result = await logged(send(asked.read(), headers && { headers }));
        } catch (error) {
            busy = false;
            refresh();
            if (!signal.aborted) show(error);
            return;
        }
        busy = false;
        finish(undefined, result);
    }

    function finish(words, result) {
        close();
        if (!signal.aborted) done(words, result);
    }

    function show(error) {
        if (error.outcome === "unknown" || error.outcome === "applied") {
            doubt(error);
            return;
        }
        const listed = error.issues ?? (error.messages ?? []).map((message) => located(message, field.names()));
        const rest = listed.filter(({ path, message }) => !field.fail(asked.locate?.(path) ?? path, message));
        if (rest.length > 0 || listed.length === 0) {
            const texts = rest.map(({ path, message }) => `${path} ${message}`.trim());
            const told = notice("red", titleOf(error), texts.length > 0 ? texts.join("; ") : summaryOf(error));
            fill(problems, told);
            told.scrollIntoView({ block: "nearest" });
        }
        announce(`${subject} was not saved`);
        if (!field.focusFirst()) submit.focus();
    }

    function ask(asking) {
        body.hidden = !asking;
        submit.hidden = !asking;
        fill(cancel, asking ? "Cancel" : "Close");
    }

    /** It may be done already: sending it again could do it twice. */
    function doubt(error) {
        const [, advice] = outcomeOf(error);
        const applied = error.outcome === "applied";
        const answer = h("p", { class: "doubt-answer", role: "status" });
        const look = button("Check what happened", { kind: "primary", onclick: read });
        const told = notice(
            "amber",
            `${subject} ${applied ? "was saved, but the answer could not be read" : "may have been saved"}`,
            `${error.name}: ${summaryOf(error)}. ${advice}`,
            h("div", { class: "actions" }, look),
            answer,
        );
        fill(problems, told);
        ask(false);
        look.focus();

        async function read() {
            fill(answer, "Reading …");
            let words;
            try {
                words = await check();
            } catch (problem) {
                if (!wasLeft(problem, signal)) fill(answer, `That did not work either: ${summaryOf(problem)}`);
                return;
            }
            if (words) {
                finish(words);
                return;
            }
            fill(problems, notice("green", `${subject} was not saved`, "Nothing has changed: you may send it again."));
            ask(true);
            fault.control.value = "";
            submit.focus();
        }
    }

    refresh();
    (form.querySelector(".questions :is(input:checked, input, select, textarea)") ?? submit).focus();
}

/** A question that a click answers; `send`, `check` and `done` as for a form. */
export function confirmWrite({ text, ...rest }) {
    openForm({ kind: "danger", ...rest, questions: () => ({ elements: h("p", {}, text), read: () => undefined }) });
}

/** A dialog over the page. While `keep()` says so it stays, whatever key is pressed. */
export function openDialog({ title, intro, signal, keep = () => false }, ...content) {
    const dialog = h(
        "dialog",
        { class: "dialog", "aria-labelledby": "dialog-title" },
        h(
            "div",
            { class: "dialog-head" },
            h("h2", { id: "dialog-title" }, title),
            intro && h("p", { class: "muted" }, intro),
        ),
        ...content,
    );
    const close = () => dialog.close();
    signal.addEventListener("abort", close);
    dialog.addEventListener("close", () => {
        // The Escape key must not hide what becomes of a write.
        if (keep() && !signal.aborted) {
            dialog.showModal();
            return;
        }
        signal.removeEventListener("abort", close);
        dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    return { dialog, close };
}

/** The server's messages begin with the field: "items.0.qty must not be greater than …". */
function located(text, names) {
    const message = text.replace(/\.(\d+)(?=[.\s])/g, "[$1]");
    const path = names.filter((name) => message.startsWith(`${name} `)).sort((a, b) => b.length - a.length)[0] ?? "";
    return { path, message: path ? message.slice(path.length + 1) : message };
}

/** The fields of a form by the path that errors name them with. */
function fields() {
    const known = new Map();

    function add(path, text, control, { hint, join = h("div", { class: "field" }) } = {}) {
        const id = `field-${path.replace(/\W+/g, "-")}`;
        const hintLine = hint && h("p", { class: "sub", id: `${id}-hint` }, hint);
        const error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
        control.id = id;
        control.name = path;
        control.setAttribute("aria-describedby", [hintLine?.id, error.id].filter(Boolean).join(" "));
        const label = h("label", { for: id }, text);
        const row =
            control.type === "checkbox"
                ? fill(join, h("span", { class: "tick" }, control, label))
                : fill(join, label, control);
        row.append(...[hintLine, error].filter(Boolean));
        const entry = { row, control, error, value: () => control.value.trim() };
        known.set(path, entry);
        return entry;
    }

    return {
        input: (path, text, { hint, ...properties } = {}) =>
            add(path, text, h("input", { type: "text", autocomplete: "off", ...properties }), { hint }),
        /** A number, or nothing; what is none goes to the client as it is: it refuses the field, and nothing is sent. */
        number(path, text, { hint, ...properties } = {}) {
            const control = h("input", { type: "text", inputmode: "decimal", autocomplete: "off", ...properties });
            const entry = add(path, text, control, { hint });
            const value = () => {
                const typed = control.value.trim();
                if (typed === "") return undefined;
                const number = Number(typed.replace(",", "."));
                return Number.isNaN(number) ? typed : number;
            };
            return { ...entry, value };
        },
        select: (path, text, choices, properties) =>
            add(
                path,
                text,
                h(
                    "select",
                    {},
                    choices.map(([value, name]) => h("option", { value, selected: value === properties?.value }, name)),
                ),
                properties,
            ),
        area: (path, text, { hint, value = "" } = {}) => add(path, text, h("textarea", { rows: 2 }, value), { hint }),
        tick(path, text, { hint, ...properties } = {}) {
            const entry = add(path, text, h("input", { type: "checkbox", ...properties }), { hint });
            return { ...entry, value: () => entry.control.checked };
        },
        names: () => [...known.keys()],
        /** Puts an error to its field; `false` where no visible field has that path. */
        fail(path, message) {
            const entry = known.get(path);
            if (!entry || entry.row.closest("[hidden]")) return false;
            entry.control.setAttribute("aria-invalid", "true");
            fill(entry.error, message.charAt(0).toUpperCase() + message.slice(1));
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
            const first = [...known.values()].find(({ control }) => control.getAttribute("aria-invalid"));
            first?.control.focus();
            return Boolean(first);
        },
    };
}
