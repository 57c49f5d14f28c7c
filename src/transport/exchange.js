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

const asked = new Map();

/** Calls a function for a token, unless the signal aborts or the time is over; whoever calls it while its answer is awaited shares the answer. */
export function shared(call, signal, ms) {
    if (!asked.has(call)) {
        asked.set(
            call,
            Promise.resolve()
                .then(() => call())
                .finally(() => asked.delete(call)),
        );
    }
    const answer = asked.get(call);
    return within(ms, signal, (over) => Promise.race([over, answer])).then(
        (token) => ({ how: DONE, token: typeof token === "string" ? token : "" }),
        (cause) => {
            if (signal?.aborted) return { how: ABORTED.how, cause: signal.reason };
            return cause === TIMEOUT ? TIMEOUT : { how: FAILED, cause };
        },
    );
}

/** By its behaviour: a fetch of another realm or of a library has its own class. */
function isResponse(value) {
    return (
        typeof value?.status === "number" &&
        typeof value.headers?.get === "function" &&
        typeof value.arrayBuffer === "function"
    );
}
