// The calls of this visit: the client's events joined with what its `fetch` sees.

import { takeFault } from "./faults.js";

const MOST = 500;

/** Oldest first. `state` is open, good, warn or bad; `attempts` are `{ at, status, durationMs, fault, reason, waitMs }`. */
export const calls = [];
const listeners = new Set();
let sent = 0;
let opening;
let pending = 0;
let flying = 0;
let quiet;

/** Longer than the client itself takes between an answer and its next request. */
const QUIET_MS = 500;

/** Whether a call waits for its turn: it is neither under way nor between two attempts. The client has no event for that. */
export let held = false;

function look() {
    clearTimeout(quiet);
    if (held) {
        held = false;
        changed();
    }
    if (pending === 0 || flying > 0) return;
    quiet = setTimeout(() => {
        held = pending > calls.filter(({ state, attempts }) => state === "open" && attempts.at(-1)?.waitMs).length;
        if (held) changed();
    }, QUIET_MS);
}

/** Waits for a call, or for a series of them. */
export async function pend(call) {
    pending += 1;
    look();
    try {
        return await call;
    } finally {
        pending -= 1;
        look();
    }
}

/** The limits that the latest answer named. */
export let rateLimit;

/** How many requests have left the page. */
export const requestCount = () => sent;

/** Calls back with every call that is new or has changed; returns the way to stop that. */
export function follow(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

export function forget() {
    calls.length = 0;
    changed();
}

function changed(call) {
    for (const listener of listeners) listener(call);
}

let numbered = 0;

function add(call) {
    numbered += 1;
    calls.push({ id: numbered, at: Date.now(), attempts: [], drift: [], state: "open", ...call });
    if (calls.length > MOST) calls.shift();
    return calls.at(-1);
}

/** The latest call of an operation with so many attempts; `fits` says whether its last attempt is the one meant. */
function latest(operation, attempts, fits) {
    return calls.findLast(
        (call) =>
            call.operation.id === operation.id && call.attempts.length === attempts && fits(call, call.attempts.at(-1)),
    );
}

/** The client's `onEvent`; types that this page does not know are none of its business. */
export function record(event) {
    const { operation, attempt } = event;
    if (event.type === "request") {
        sent += 1;
        const retried = attempt > 1 && latest(operation, attempt - 1, (_, last) => last.waitMs !== undefined);
        const call = retried || add({ operation });
        call.attempts.push({ at: Date.now() });
        // The client calls `fetch` next, before anything else can happen.
        opening = call;
        changed(call);
    } else if (event.type === "response") {
        const open = (_, last) => last.status === undefined && last.reason === undefined;
        const call =
            latest(operation, attempt, (it, last) => open(it, last) && last.answered) ??
            latest(operation, attempt, open);
        if (!call) return;
        Object.assign(call.attempts.at(-1), { status: event.status, durationMs: event.durationMs });
        call.state = event.status < 300 ? "good" : event.status < 500 ? "warn" : "bad";
        changed(call);
    } else if (event.type === "retry") {
        const waiting = (_, last) => last.waitMs === undefined;
        const call =
            latest(operation, attempt, (it, last) => waiting(it, last) && !(last.status < 400)) ??
            latest(operation, attempt, waiting);
        if (!call) return;
        const last = call.attempts.at(-1);
        Object.assign(last, { reason: event.reason, waitMs: event.delayMs });
        last.durationMs ??= Date.now() - last.at;
        call.state = "open";
        changed(call);
    } else if (event.type === "drift") {
        const call = calls.findLast(
            ({ operation: { id }, attempts }) => id === operation.id && attempts.at(-1)?.status < 300,
        );
        if (!call) return;
        const { path, expected, found, repaired } = event;
        call.drift.push({ path, expected, found, repaired });
        changed(call);
    }
}

/** The end of a call that failed. */
export function recordFailure(error) {
    const { operation, attempts, name, outcome } = error;
    if (!operation) return;
    const call =
        attempts === 0
            ? add({ operation, refused: true })
            : latest(operation, attempts, (it) => !it.error && (it.state !== "good" || error.code === "decode_failed"));
    if (!call) return;
    const last = call.attempts.at(-1);
    if (last) last.durationMs ??= Date.now() - last.at;
    call.error = { name, outcome, message: error.message };
    if (call.state === "open" || call.state === "good")
        call.state = attempts === 0 || error.code === "aborted" ? "warn" : "bad";
    changed(call);
}

const SECRETS = /^(apiKey|publishableKey)$/;

function withoutSecrets(text) {
    try {
        return JSON.stringify(JSON.parse(text, (name, value) => (SECRETS.test(name) ? `YOUR_${name}` : value)));
    } catch {
        return text;
    }
}

function number(headers, name) {
    const value = Number.parseInt(headers.get(name), 10);
    return Number.isNaN(value) ? undefined : value;
}

function limits({ headers }) {
    const remaining = number(headers, "x-ratelimit-remaining");
    if (remaining === undefined) return undefined;
    return {
        remaining,
        limit: number(headers, "x-ratelimit-max"),
        intervalMs: number(headers, "x-ratelimit-interval-milliseconds"),
        dailyRemaining: number(headers, "x-ratelimit-daily-remaining"),
        dailyLimit: number(headers, "x-ratelimit-limit-daily"),
        at: Date.now(),
    };
}

/** The client's `fetch`: notes what is sent and what comes back, and makes it fail where a switch asks for it. */
export function watched(send, faulty) {
    return async (url, init) => {
        const call = opening;
        const attempt = call.attempts.at(-1);
        call.method = init.method;
        call.url = new URL(url);
        const fault = init.headers["x-sandbox-fault"] ?? (faulty && takeFault(call.operation));
        if (fault) {
            init.headers["x-sandbox-fault"] = fault;
            attempt.fault = fault;
        }
        if (init.body !== undefined) call.body ??= withoutSecrets(init.body);
        flying += 1;
        look();
        const response = await send(url, init).finally(() => {
            flying -= 1;
            look();
        });
        attempt.answered = true;
        rateLimit = limits(response) ?? rateLimit;
        call.rateLimit = limits(response);
        return response;
    };
}
