// Inspector: every call of this visit, and each as code.

import { account } from "../account.js";
import { calls, follow, forget } from "../calls.js";
import { badge, button, card, copyButton, empty, facts, fill, h, radios } from "../ui.js";
import { clockTime, count, duration, number } from "../format.js";
import { LANGUAGES, snippet } from "../snippets.js";
import { noteOf, statusOf, timeline, timeOf, toneOf } from "../trace.js";

const SHOWN = [
    ["all", "All calls"],
    ["writes", "Writes"],
    ["problems", "Problems"],
];

const isProblem = (call) => call.error || call.attempts.length > 1 || call.drift.length > 0;

export function inspector({ query: first, signal, go }) {
    let query = first;
    let language = "curl";
    const rows = h("tbody", { role: "rowgroup" });
    const list = h(
        "table",
        { class: "table calls", role: "table" },
        h("caption", { class: "visually-hidden" }, "Calls, latest first"),
        h(
            "thead",
            { role: "rowgroup" },
            h(
                "tr",
                { role: "row" },
                [
                    ["Time", "call-time"],
                    ["Call", "call-main"],
                    ["Status", "call-status"],
                    ["Took", "col-number call-took"],
                ].map(([text, kind]) => h("th", { scope: "col", role: "columnheader", class: kind }, text)),
            ),
        ),
        rows,
    );
    const nothing = empty("search", "No such calls yet", "Everything that this page sends appears here.");
    const total = h("span", { class: "total" });
    const detail = h("div", { class: "column column-result" });
    const shown = radios("show", "Show", SHOWN, {
        quiet: true,
        onchange: (value) => move({ show: value === "all" ? "" : value, call: "" }),
    });
    const clear = button("Clear", { onclick: forget });
    const element = h(
        "div",
        { class: "view" },
        h(
            "div",
            { class: "head" },
            h(
                "div",
                {},
                h("h1", { tabindex: -1 }, "Inspector ", total),
                h("p", { class: "muted" }, "Every call of this visit, with its attempts, and as code to take away."),
            ),
            h("div", { class: "actions" }, clear),
        ),
        h("div", { class: "filters" }, shown.element),
        h("div", { class: "columns columns-even" }, h("div", { class: "card card-calls" }, list, nothing), detail),
    );

    function move(changes) {
        const kept = Object.entries({ ...query, ...changes }).filter(([, value]) => value);
        go(`#/inspector?${new URLSearchParams(kept)}`, { replace: true });
    }

    function draw() {
        const fitting = calls.filter((call) => {
            if (query.show === "writes") return call.operation.method !== "GET";
            return query.show === "problems" ? isProblem(call) : true;
        });
        fitting.reverse();
        const chosen = fitting.find(({ id }) => String(id) === query.call) ?? fitting[0];
        shown.set(query.show ?? "all");
        fill(total, number(fitting.length));
        list.hidden = fitting.length === 0;
        nothing.hidden = fitting.length > 0;
        const focused = document.activeElement?.dataset?.call;
        fill(
            rows,
            fitting.map((call) => row(call, call === chosen)),
        );
        if (focused) rows.querySelector(`[data-call="${focused}"]`)?.focus({ preventScroll: true });
        fill(detail, chosen && [about(chosen), chosen.url && code(chosen)]);
    }

    function row(call, chosen) {
        const open = h(
            "button",
            {
                type: "button",
                class: "row-link call-open",
                "data-call": call.id,
                "aria-pressed": String(chosen),
                onclick: () => move({ call: String(call.id) }),
            },
            h("span", { class: "method" }, call.operation.method),
            " ",
            h("span", { class: "path" }, call.url ? pathOf(call) : call.operation.path),
        );
        const cells = [
            ["call-time", clockTime(call.at)],
            [
                "call-main",
                [open, h("span", { class: "sub" }, [call.operation.name, noteOf(call)].filter(Boolean).join(" · "))],
            ],
            ["call-status", h("span", { class: `code ${toneOf(call)}` }, statusOf(call))],
            ["col-number call-took", timeOf(call)],
        ];
        return h(
            "tr",
            { role: "row", class: chosen ? "chosen" : null },
            cells.map(([kind, value]) => h("td", { role: "cell", class: kind }, value)),
        );
    }

    function pathOf({ url }) {
        const base = account.apiBase ? new URL(account.apiBase, location.href).pathname : "";
        return url.pathname.startsWith(base) ? url.pathname.slice(base.length) : url.pathname;
    }

    function about(call) {
        const { operation, attempts, drift, rateLimit, error } = call;
        const repaired = drift.filter((entry) => entry.repaired).length;
        return card(
            operation.name,
            facts([
                [
                    "Request",
                    [
                        h("span", { class: "method" }, operation.method),
                        " ",
                        h("code", { class: "wrap" }, call.url ? pathOf(call) + call.url.search : operation.path),
                    ],
                ],
                ["Status", h("span", { class: `code ${toneOf(call)}` }, statusOf(call))],
                ["Time", timeOf(call)],
                ["Attempts", number(attempts.length)],
                [
                    "Drift",
                    drift.length > 0 && `${count(drift.length, "field", "fields")}, ${number(repaired)} repaired`,
                ],
                [
                    "Rate limit",
                    rateLimit &&
                        `${number(rateLimit.remaining)} of ${number(rateLimit.limit)} left in ${duration(rateLimit.intervalMs)}`,
                ],
                ["Error", error && [h("code", { class: "error-class" }, error.name), " ", badge(error.outcome)]],
                ["Message", error?.message],
            ]),
            h("ol", { class: "lines lines-small" }, timeline(call)),
            call.body &&
                h(
                    "pre",
                    { class: "body body-sent", tabindex: 0, "aria-label": "Body" },
                    JSON.stringify(JSON.parse(call.body), null, 2),
                ),
        );
    }

    function code(call) {
        const text = snippet(language, { ...call, apiBase: account.apiBase });
        const languages = radios("language", "Copy as", LANGUAGES, { quiet: true, value: language, onchange: choose });
        function choose(value) {
            language = value;
            draw();
            detail.querySelector(`input[value="${value}"]`).focus();
        }
        return card(
            "As code",
            h("div", { class: "code-head" }, languages.element, copyButton(text, "Copy the code")),
            h("pre", { class: "body snippet", tabindex: 0, "aria-label": "Code" }, text),
        );
    }

    let waiting = false;
    const stop = follow(() => {
        // A burst of events is drawn once.
        if (!waiting) requestAnimationFrame(() => ((waiting = false), draw()));
        waiting = true;
    });
    signal.addEventListener("abort", stop);
    draw();
    return {
        title: "Inspector",
        element,
        update(changed) {
            query = changed;
            draw();
        },
    };
}
