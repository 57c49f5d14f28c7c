// The log of calls at the foot of the page.

import { calls, follow, held, requestCount } from "./calls.js";
import { clockTime, number } from "./format.js";
import { noteOf, statusOf, timeOf, toneOf } from "./trace.js";
import { fill, h, icon } from "./ui.js";

const SHOWN = 60;

/** What a line begins and ends with: the operation and how it went. */
const summary = (call) => [
    h("span", { class: "method" }, call.operation.method),
    h("span", { class: "path" }, call.operation.path),
    h("span", { class: `code ${toneOf(call)}` }, statusOf(call)),
    h("span", { class: "line-duration" }, timeOf(call)),
];

function lineOf(call) {
    return h(
        "li",
        { class: "line" },
        h("time", { class: "line-time" }, clockTime(call.at)),
        summary(call),
        h("a", { class: "line-note", href: `#/inspector?call=${call.id}` }, noteOf(call) || call.operation.name),
    );
}

/** Draws the log into its place. */
export function showActivity(place) {
    const list = h("ol", { class: "lines", id: "activity-lines", tabindex: 0, "aria-label": "Calls, latest first" });
    const body = h("div", { class: "activity-body", id: "activity-body", hidden: true }, list);
    const total = h("span", { class: "activity-count" });
    const latest = h("span", { class: "activity-latest" });
    const toggle = h(
        "button",
        { type: "button", class: "activity-toggle", "aria-expanded": "false", "aria-controls": body.id, onclick: flip },
        h("span", { class: "activity-title" }, "API activity"),
        total,
        latest,
        icon("chevron"),
    );
    function flip() {
        const opened = body.hidden;
        body.hidden = !opened;
        toggle.setAttribute("aria-expanded", String(opened));
        document.body.classList.toggle("activity-open", opened);
        draw();
    }
    const drawn = new Map();
    let waiting = false;
    function draw() {
        waiting = false;
        fill(total, number(requestCount()));
        const last = calls.at(-1);
        fill(latest, held ? h("span", { class: "code amber" }, "waiting for the rate limit") : last && summary(last));
        if (body.hidden) return;
        const shown = calls.slice(-SHOWN);
        for (const call of drawn.keys()) if (!shown.includes(call)) drawn.delete(call);
        for (const call of shown) if (!drawn.has(call)) drawn.set(call, lineOf(call));
        fill(list, shown.map((call) => drawn.get(call)).reverse());
    }
    follow((call) => {
        drawn.delete(call);
        // A burst of events, such as the drift of a whole page, is drawn once.
        if (!waiting) requestAnimationFrame(draw);
        waiting = true;
    });
    fill(place, toggle, body);
    draw();
}
