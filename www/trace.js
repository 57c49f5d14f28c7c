// A call in a few words, for the log, the inspector and the page that breaks things.

import { count, duration } from "./format.js";
import { h } from "./ui.js";

const TONES = { good: "green", warn: "amber", bad: "red" };

/** Green, amber, red; faint while nobody knows. */
export const toneOf = ({ state }) => TONES[state] ?? "faint";

export function statusOf({ attempts, error, refused, state }) {
    if (refused) return "not sent";
    const last = attempts.at(-1);
    if (last?.waitMs !== undefined && state === "open") return "waits …";
    if (last?.status) return String(last.status);
    if (error) return error.name === "AbortedError" ? "aborted" : "no answer";
    return "…";
}

/** From the first attempt to the last answer, waits included. */
export function timeOf({ at, attempts }) {
    const last = attempts.at(-1);
    return last?.durationMs === undefined ? "" : duration(last.at + last.durationMs - at);
}

/** What is out of the ordinary. */
export function noteOf({ attempts, drift, error }) {
    const repaired = drift.filter((entry) => entry.repaired).length;
    return [
        attempts.length > 1 && count(attempts.length, "attempt", "attempts"),
        repaired > 0 && `${repaired} repaired`,
        drift.length > repaired && `${drift.length - repaired} drifted`,
        error?.name,
    ]
        .filter(Boolean)
        .join(" · ");
}

function attemptTone({ status, reason, answered }) {
    if (status === undefined) return reason === undefined && !answered ? "faint" : "red";
    if (status < 300) return "green";
    return status < 500 ? "amber" : "red";
}

function line(code, tone, took, ...note) {
    return h(
        "li",
        { class: "line" },
        h("span", { class: `code ${tone}` }, code),
        h("span", { class: "line-duration" }, took),
        h("span", { class: "line-note" }, note),
    );
}

const MOST_DRIFTS = 8;

/** What happened in a call, step by step, as the items of a list. */
export function timeline(call) {
    const { attempts, drift, error, refused } = call;
    const steps = attempts.flatMap((attempt, index) => {
        const ended = attempt.status ?? (attempt.reason || error ? "no answer" : "…");
        const told = [attempts.length > 1 && `attempt ${index + 1}`, attempt.fault && h("code", {}, attempt.fault)];
        const note = told.filter(Boolean).flatMap((part, place) => (place > 0 ? [" · ", part] : [part]));
        const took = attempt.durationMs === undefined ? "" : duration(attempt.durationMs);
        const sent = line(
            String(ended),
            attempt.status || attempt.reason || error ? attemptTone({ ...attempt, answered: true }) : "faint",
            took,
            note,
        );
        if (attempt.waitMs === undefined) return [sent];
        return [sent, line("retry", "amber", duration(attempt.waitMs), "wait, then sent again")];
    });
    const drifts = drift
        .slice(0, MOST_DRIFTS)
        .map(({ path, expected, found, repaired }) =>
            line(
                repaired ? "repaired" : "drift",
                "amber",
                "",
                h("code", {}, path),
                repaired ? `: ${found} → ${expected}` : `: ${found} instead of ${expected}`,
            ),
        );
    const more = drift.length - drifts.length;
    return [
        refused && line("refused", "amber", "", "nothing was sent"),
        ...steps,
        ...drifts,
        more > 0 && h("li", { class: "line-more" }, `and ${more} more`),
        error && line(error.name, toneOf(call), "", h("code", {}, `outcome: ${error.outcome}`)),
    ];
}
