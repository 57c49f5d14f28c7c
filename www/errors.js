// Errors of the client in words: what happened, whether it was carried out, what to do now.

import { PaymentsError } from "ghl-payments/slim";
import { count, duration } from "./format.js";
import { badge, fill, h, icon } from "./ui.js";

const TITLES = {
    validation_failed: "The input is wrong",
    authentication_failed: "The token was not accepted",
    permission_denied: "The token may not do this",
    not_found: "There is no such record",
    conflict: "The record is in a state that forbids this",
    invalid_request: "HighLevel refuses the input",
    rate_limited: "Too many requests",
    server_error: "HighLevel failed",
    network_error: "The connection failed",
    timeout: "No answer came in time",
    aborted: "The call was given up",
    decode_failed: "The answer is not what HighLevel promises",
};

const OUTCOMES = {
    not_sent: ["Nothing was sent", "The call ended before anything left this page. Correct it and call again.", "grey"],
    rejected: ["The server said no", "It was not carried out; nothing has changed.", "blue"],
    unknown: [
        "Nobody can tell",
        "It may have been carried out. Look at the record before you send it again, or it may happen twice.",
        "amber",
    ],
    applied: [
        "It was carried out",
        "Only the answer could not be read. Do not send it again; read the record instead.",
        "amber",
    ],
};

const READS = {
    rejected: ["The server said no", "Nothing was read, and reading changes nothing.", "blue"],
    unknown: ["No answer", "Reading changes nothing: asking again is safe.", "blue"],
    applied: ["Answered, but not readable", "Reading changes nothing: asking again is safe.", "amber"],
};

/** What an outcome means: a short text, a sentence, a tone. */
export function outcomeOf(error) {
    const read = error.operation?.method === "GET";
    if (read && error.status >= 500) return ["The server failed", READS.unknown[1], "blue"];
    return (read && READS[error.outcome]) || OUTCOMES[error.outcome];
}

export function titleOf(error) {
    return TITLES[error.code] ?? "Something went wrong";
}

/** What the server or the client said, in one line. */
export function summaryOf(error) {
    if (error.code === "decode_failed") {
        return `${error.path ? `${error.path}: ` : ""}expected ${error.expected}, found ${error.found}`;
    }
    if (error.messages?.length > 0) return error.messages.join("; ");
    return error.message;
}

/** A readable card of an error. `actions` stand below what it means. */
export function errorCard(error, ...actions) {
    const known = error instanceof PaymentsError;
    const section = h("section", { class: "card error-card", role: "group", "aria-label": `${error.name}` });
    fill(
        section,
        h(
            "div",
            { class: "error-head" },
            h("span", { class: "error-icon" }, icon("alert")),
            h(
                "div",
                {},
                h("h2", { class: "error-title", tabindex: -1 }, known ? titleOf(error) : "Something went wrong"),
                h(
                    "p",
                    { class: "error-name" },
                    h("code", { class: "error-class" }, error.name),
                    known && h("code", { class: "faint" }, error.code),
                    error.status && badge(`HTTP ${error.status}`, error.status < 400 ? "grey" : "red"),
                ),
            ),
        ),
        known ? outcome(error) : h("p", { class: "error-message" }, error.message),
        actions.length > 0 && h("div", { class: "actions" }, ...actions),
        known && details(error),
    );
    return section;
}

function outcome(error) {
    const [short, long, tone] = outcomeOf(error);
    return h(
        "div",
        { class: `outcome ${tone}` },
        h("p", { class: "outcome-head" }, h("code", {}, error.outcome), h("strong", {}, short)),
        h("p", {}, long),
    );
}

function details(error) {
    const { messages } = error;
    return [
        error.issues?.length > 0 && issues(error.issues),
        error.code === "decode_failed" && drift(error),
        messages.length > 0 &&
            part(
                count(messages.length, "message from the server", "messages from the server"),
                h(
                    "ul",
                    { class: "plain" },
                    messages.map((message) => h("li", {}, message)),
                ),
            ),
        h(
            "dl",
            { class: "facts facts-compact" },
            fact("Operation", error.operation && h("code", {}, error.operation.name)),
            fact("Request", error.operation && h("code", {}, `${error.operation.method} ${error.operation.path}`)),
            fact("Attempts", String(error.attempts)),
            fact("Retryable", error.retryable ? "yes" : "no"),
            fact("Asks to wait", error.retryAfterMs !== undefined && duration(error.retryAfterMs)),
            fact("Trace id", error.traceId && h("code", {}, error.traceId)),
        ),
        error.body !== undefined && part("Body", h("pre", { class: "body", tabindex: 0 }, excerpt(error.body))),
        h(
            "details",
            { class: "fold" },
            h("summary", {}, "error.message"),
            h("p", { class: "error-message" }, error.message),
        ),
    ];
}

function fact(term, value) {
    return value && h("div", {}, h("dt", {}, term), h("dd", {}, value));
}

function part(title, ...children) {
    return h("div", { class: "part" }, h("h3", { class: "part-title" }, title), ...children);
}

function issues(list) {
    return part(
        count(list.length, "issue", "issues"),
        h(
            "ul",
            { class: "plain" },
            list.map(({ path, message }) => h("li", {}, path && h("code", {}, path), ` ${message}`)),
        ),
    );
}

function drift(error) {
    return part(
        "Where it differs",
        h(
            "p",
            {},
            error.path && [h("code", {}, error.path), ": "],
            "expected ",
            h("strong", {}, error.expected),
            ", found ",
            h("strong", {}, error.found),
        ),
    );
}

function excerpt(body) {
    const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
    return text.length > 600 ? `${text.slice(0, 600)} …` : text;
}
