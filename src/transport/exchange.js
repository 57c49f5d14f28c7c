// Sending and waiting, for fetch.rs: in Rust each timer, listener and race would be a closure, several times the size, and
// so would a request of its parts. No promise of these rejects: `how` says how it ended, as fetch.rs reads it.

// What ends a wait early.
const TIMEOUT = { how: 1 };
const ABORTED = { how: 2 };
const FAILED = 0;
const DONE = 3;

/** Whether Node's fetch says that no connection was made, or none that could be trusted. */
function isUnsent({ code, syscall } = {}) {
    return (
        /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT)$|CERT|^UNABLE_TO_/.test(code) ||
        syscall === "connect" ||
        syscall === "getaddrinfo"
    );
}

/** Gives `work` a promise that rejects when the time is over or the signal aborts; leaves no timer and no listener. */
async function within(ms, signal, work) {
    let release;
    const over = new Promise((_, reject) => {
        const abort = () => reject(ABORTED);
        // Timers take at most 31 bits; one that waits for ever would keep a process alive.
        const timer = ms < Infinity && setTimeout(reject, Math.min(ms, 0x7fffffff), TIMEOUT);
        signal?.addEventListener("abort", abort);
        if (signal?.aborted) abort();
        release = () => {
            clearTimeout(timer);
            signal?.removeEventListener("abort", abort);
        };
    });
    // What ends before it looks at `over` must not leave a rejection that nobody handles.
    over.catch(() => {});
    try {
        return await work(over);
    } finally {
        release();
    }
}

/** Waits, unless the signal aborts. */
export function pause(ms, signal) {
    return within(ms, signal, (over) => over).catch(({ how }) => ({ how, cause: signal?.reason }));
}

/** Sends a request and reads the answer, up to `max` bytes of it. `sends` marks the promise for who waits for it. */
export function exchange(fetch, method, url, headers, body, ms, signal, max) {
    return Object.assign(carry(fetch, { method, headers, body }, url, ms, signal, max), { sends: true });
}

async function carry(fetch = globalThis.fetch, init, url, ms, signal, max) {
    // Not while wasm is on the stack: who waits has to know first that a request is about to leave.
    await undefined;
    const result = { how: FAILED, sent: false, response: undefined, body: undefined, cut: false };
    if (signal?.aborted) return { ...result, how: ABORTED.how, cause: signal.reason };
    if (typeof fetch !== "function") {
        return { ...result, cause: "this runtime has no fetch: pass one as the option fetch" };
    }
    let controller, request;
    try {
        controller = new AbortController();
        // Not "follow": the token must not travel to where a redirect points.
        request = new Request(url, { ...init, redirect: "manual", signal: controller.signal });
    } catch (cause) {
        return { ...result, cause };
    }
    await within(ms, signal, async (over) => {
        const response = await Promise.race([over, fetch.call(globalThis, request)]);
        result.sent = true;
        if (!isResponse(response)) throw "fetch gave something that is no Response";
        if (response.type === "error") throw "fetch gave Response.error()";
        result.response = response;
        await Promise.race([over, drain(response, max, result)]);
        result.how = DONE;
    }).catch((cause) => {
        result.sent ||= !isUnsent(cause?.cause ?? undefined);
        if (cause === TIMEOUT || cause === ABORTED) {
            controller.abort();
            result.how = cause.how;
            result.cause = cause === ABORTED ? signal.reason : undefined;
        } else {
            result.cause = cause;
        }
    });
    return result;
}

/** Reads the body into the result; stops behind `max` bytes, and when the call is over. */
async function drain(response, max, result) {
    result.cut = Number(response.headers.get("content-length")) > max;
    const reader = response.body?.getReader?.();
    let body = new Uint8Array(reader || result.cut ? 0 : await response.arrayBuffer());
    let length = body.length;
    while (reader && !result.cut && result.how === FAILED) {
        const { done, value } = await reader.read();
        if (done) break;
        const end = length + value.byteLength;
        if (length === 0) {
            body = value;
        } else {
            // Not a list of chunks: a server may send each byte as one.
            if (end > body.length) {
                const grown = new Uint8Array(Math.max(end, 2 * body.length));
                grown.set(body);
                body = grown;
            }
            body.set(value, length);
        }
        length = end;
        result.cut = length > max;
    }
    result.cut ||= length > max;
    reader?.cancel().catch(() => {});
    // What is quoted of a body that is too long need not be long.
    result.body = body.subarray(0, result.cut ? Math.min(length, max, 65536) : length);
}

// Calls that need a token while the function for it is at work share its answer. But the call that asked it may be gone:
// a Worker's request can end at any wait, and then its promises are never settled and its timers never fire. So it beats
// as long as it is there, and whoever hears nothing asks the function itself.
const BEAT_MS = 100;
const MISSED_BEATS = 3;

// The longest time for which a call waits for an answer that another one has asked for.
const MAX_SHARED_MS = 30_000;

/** For each token function the answers that are awaited. */
const flights = new WeakMap();
let flown = 0;

/**
 * Gives the token of a function for a location, another one than `refused`, unless the signal aborts or the time is over.
 * `flight` numbers the answers in the order in which they were asked for.
 */
export async function shared(call, locationId, refused, signal, ms) {
    // The rest of the time is left to ask oneself.
    const share = Math.min(ms / 2, MAX_SHARED_MS);
    let { flight, own } = board(call, locationId, refused, share);
    let heard;
    let missed = 0;
    for (let waited = 0; waited < ms; ) {
        const step = own ? ms - waited : Math.min(ms - waited, share, BEAT_MS);
        try {
            return await within(step, signal, (over) => Promise.race([over, flight.answer]));
        } catch (cause) {
            if (cause === ABORTED) return { how: ABORTED.how, cause: signal.reason };
            const patient = waited >= share || waited + step < share;
            waited += step;
            missed = flight.beats === heard ? missed + 1 : 0;
            heard = flight.beats;
            // No answer rejects: what is thrown here comes from a runtime in which one request cannot wait for another.
            const gone = missed >= MISSED_BEATS || cause !== TIMEOUT;
            if (gone) flight.since = -Infinity;
            if (own || (patient && !gone)) continue;
            // Of those who lose their patience the first one asks for all.
            if (flight.successor) flight = flight.successor;
            else ({ flight, own } = board(call, locationId, refused, 0));
            heard = undefined;
        }
    }
    return TIMEOUT;
}

/** An answer that is awaited, not for longer than `share`, or else a new one. */
function board(call, locationId, refused, share) {
    const known = flights.get(call) ?? new Set();
    flights.set(call, known);
    const flight = { locationId, refused, since: Date.now(), beats: 0, number: ++flown };
    for (const other of known) {
        // Its distance, not its age: a clock that was set back must not make it young for hours.
        const age = Math.abs(flight.since - other.since);
        if (age >= MAX_SHARED_MS) known.delete(other);
        if (other.locationId !== locationId || (refused !== undefined && other.refused !== refused)) continue;
        if (age < share) return { flight: other, own: false };
        other.successor = flight;
    }
    known.add(flight);
    const beat = () => {
        flight.beats += 1;
        if (!known.has(flight)) return;
        flight.timer = setTimeout(beat, BEAT_MS);
        flight.timer.unref?.();
    };
    beat();
    flight.answer = ask(call, flight).finally(() => {
        known.delete(flight);
        clearTimeout(flight.timer);
    });
    return { flight, own: true };
}

/** Calls a token function; never rejects. */
async function ask(call, { locationId, refused, number }) {
    // Not while wasm is on the stack: what is called may call back.
    await undefined;
    const context = {};
    if (refused !== undefined) context.refused = refused;
    if (locationId !== undefined) context.locationId = locationId;
    try {
        const token = await call(context);
        return { how: DONE, token: typeof token === "string" ? token : "", flight: number };
    } catch (cause) {
        return { how: FAILED, cause };
    }
}

/** By its behaviour: a fetch of another realm or of a library has its own class. */
function isResponse(value) {
    return (
        typeof value?.status === "number" &&
        typeof value.headers?.get === "function" &&
        typeof value.arrayBuffer === "function"
    );
}
