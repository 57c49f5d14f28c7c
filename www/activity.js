// The log of calls at the foot of the page, fed by the client's onEvent.

import { clockTime, duration, number } from "./format.js";
import { fill, h, icon } from "./ui.js";

const MOST = 200;

/** The calls of this visit, oldest first. A line is a request with its answer, or something that happened between. */
const lines = [];
const listeners = new Set();
let sent = 0;

/** Calls back with every line that is new or has changed; returns the way to stop that. */
export function follow(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

function changed(line) {
    for (const listener of listeners) listener(line);
}

function add(line) {
    lines.push({ at: Date.now(), ...line });
    if (lines.length > MOST) lines.shift();
    changed(lines.at(-1));
}

/** The latest request of an operation at this attempt; `open` asks for one without an answer. */
function latest(operation, attempt, open) {
    return lines.findLast(
        (line) =>
            line.kind === "call" &&
            line.operation.id === operation.id &&
            line.attempt === attempt &&
            !line.error &&
            !(open && line.state),
    );
}

function amend(line, changes) {
    if (!line) return;
    Object.assign(line, changes);
    changed(line);
}

/** The client's `onEvent`. */
export function record(event) {
    const { operation } = event;
    if (event.type === "request") {
        sent += 1;
        add({ kind: "call", operation, attempt: event.attempt });
    } else if (event.type === "response") {
        const { attempt, status, durationMs } = event;
        amend(latest(operation, attempt, true), { state: stateOf(status), status, durationMs });
    } else if (event.type === "retry") {
        amend(latest(operation, event.attempt, true), { state: "bad", result: "no answer" });
        add({ kind: "retry", operation, text: `waits ${duration(event.delayMs)}, then sends it again` });
    } else if (event.type === "drift") {
        const { path, expected, found, repaired } = event;
        const text = repaired ? `${path}: ${found} → ${expected}` : `${path}: ${found} instead of ${expected}`;
        add({ kind: "drift", operation, repaired, text });
    }
}

/** The end of a call that failed. */
export function recordFailure({ operation, attempts, name, code }) {
    if (!operation) return;
    if (attempts === 0) {
        add({ kind: "refused", operation, state: "warn", result: "not sent", error: name });
        return;
    }
    const line = latest(operation, attempts);
    if (line?.state) amend(line, { error: name, state: line.state === "good" ? "bad" : line.state });
    else if (code === "aborted") amend(line, { error: name, state: "warn", result: "aborted" });
    else amend(line, { error: name, state: "bad", result: "no answer" });
}

function stateOf(status) {
    if (status < 300) return "good";
    return status < 500 ? "warn" : "bad";
}

function statusOf(line) {
    if (line.kind === "drift") return line.repaired ? "repaired" : "drift";
    if (line.kind === "retry") return "retry";
    return line.status ? String(line.status) : (line.result ?? "…");
}

function toneOf(line) {
    if (line.state) return line.state;
    return line.kind === "call" ? "open" : "warn";
}

/** One line of the log. */
export function lineOf(line) {
    const { operation } = line;
    const note = line.text ?? (line.attempt > 1 ? `attempt ${line.attempt}` : operation.name);
    const error = line.error && h("strong", { class: `code-${toneOf(line)}` }, ` ${line.error}`);
    return h(
        "li",
        { class: `line line-${line.kind}` },
        h("time", { class: "line-time" }, clockTime(line.at)),
        h("span", { class: "method" }, operation.method),
        h("span", { class: "path", title: operation.path }, operation.path),
        h("span", { class: `code code-${toneOf(line)}` }, statusOf(line)),
        h("span", { class: "line-duration" }, line.durationMs === undefined ? "" : duration(line.durationMs)),
        h("span", { class: "line-note" }, note, error),
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
        fill(total, number(sent));
        const last = lines.findLast((line) => line.kind === "call" || line.kind === "refused");
        if (last) {
            fill(
                latest,
                h("span", { class: "method" }, last.operation.method),
                h("span", { class: "path" }, last.operation.path),
                h("span", { class: `code code-${toneOf(last)}` }, statusOf(last)),
                h("span", { class: "line-duration" }, last.durationMs === undefined ? "" : duration(last.durationMs)),
            );
        }
        if (body.hidden) return;
        for (const line of drawn.keys()) if (!lines.includes(line)) drawn.delete(line);
        for (const line of lines) if (!drawn.has(line)) drawn.set(line, lineOf(line));
        fill(list, lines.map((line) => drawn.get(line)).reverse());
    }
    follow((line) => {
        drawn.delete(line);
        // A burst of events, such as the drift of a whole page, is drawn once.
        if (!waiting) requestAnimationFrame(draw);
        waiting = true;
    });
    fill(place, toggle, body);
    draw();
}
