// What HighLevel, the payment page and the provider's server have said to each other, as a sequence of arrows.

import { clockTime } from "../format.js";
import { badge, empty, fill, h } from "../ui.js";

/** The lifelines, from left to right. */
const PARTIES = { frame: "Page", highlevel: "HighLevel", provider: "Server" };
const ORDER = Object.keys(PARTIES);

/** What an entry is in a few words. */
const KINDS = {
    message: ["postMessage", "blue"],
    query: ["queryUrl", "violet"],
    answer: ["answer", "green"],
    push: ["push", "amber"],
    state: ["state", "grey"],
    due: ["due", "grey"],
};

function toneOf({ kind, type, status, body, issues }) {
    if (issues.some(({ level }) => level === "error") || status >= 400) return "red";
    if (kind === "answer") {
        if (body === null || body.failed === true || (type === "refund" && body.success !== true)) return "red";
        if (body.success === false) return "amber";
    }
    return KINDS[kind]?.[1] ?? "grey";
}

/** What counts of what was said. */
function gist({ kind, type, body, status }) {
    if (typeof body !== "object" || body === null) return typeof body === "string" ? body : "";
    if (kind === "answer") {
        if (Array.isArray(body)) return `${body.length} saved`;
        const words = ["success", "failed"].filter((name) => body[name] === true);
        if (body.success === false && !body.failed) words.push(type === "refund" ? "refused" : "pending");
        return [...words, body.message, status !== 200 && status !== null && `HTTP ${status}`].filter(Boolean).join(" · ");
    }
    const { amount, currency, error, chargeId, status: state, paymentStatus } = body;
    return [amount !== undefined && `${amount} ${currency ?? ""}`.trim(), error?.description, chargeId, paymentStatus ?? state]
        .filter((word) => typeof word === "string" && word !== "")
        .join(" · ");
}

function rowOf(entry) {
    const { from, to, kind, type, at, body, issues, number } = entry;
    const [first, last] = [from, to].map((party) => ORDER.indexOf(party));
    const tone = toneOf(entry);
    const alone = first === last;
    const way = alone ? `at-${first}` : `from-${Math.min(first, last)} to-${Math.max(first, last)} ${first < last ? "right" : "left"}`;
    const words = alone ? `${PARTIES[from]}: ` : `${PARTIES[from]} to ${PARTIES[to]}: `;
    return h(
        "li",
        { class: `step ${tone}`, "data-type": type, "data-kind": kind },
        h("div", { class: `arrow ${way}`, "aria-hidden": "true" }),
        h(
            "details",
            {},
            h(
                "summary",
                {},
                h("span", { class: "visually-hidden" }, words),
                h("span", { class: "step-type" }, type),
                " ",
                h("span", { class: "step-kind" }, KINDS[kind]?.[0] ?? kind),
                h("span", { class: "step-gist" }, gist(entry)),
            ),
            h("p", { class: "step-meta" }, `${number} · ${clockTime(new Date(at))}`),
            issues.map(({ path, message, level }) =>
                h("p", { class: "step-issue" }, badge(level, level === "error" ? "red" : "amber"), ` ${path ? `${path}: ` : ""}${message}`),
            ),
            h("pre", { class: "body", tabindex: 0 }, typeof body === "string" ? body : JSON.stringify(body, null, 2)),
        ),
    );
}

/** The sequence and how more is added to it; the latest at the end. */
export function sequence() {
    const list = h("ol", { class: "steps" });
    const nothing = h("div", {}, empty("inbox", "Nothing was said yet", "Open a checkout: every message and call appears here."));
    const heads = ORDER.map((party) => h("span", { class: "lifeline" }, PARTIES[party]));
    const element = h(
        "section",
        { class: "card sequence", "aria-labelledby": "sequence-title" },
        h("h2", { class: "card-title", id: "sequence-title" }, "Who says what to whom"),
        h("div", { class: "lifelines", "aria-hidden": "true" }, heads),
        list,
        nothing,
    );
    list.hidden = true;
    return {
        element,
        /** Adds what is new. */
        add(entries) {
            if (entries.length === 0) return;
            list.hidden = false;
            nothing.hidden = true;
            list.append(...entries.map(rowOf));
            list.scrollTop = list.scrollHeight;
        },
        clear() {
            fill(list);
            list.hidden = true;
            nothing.hidden = false;
        },
    };
}
