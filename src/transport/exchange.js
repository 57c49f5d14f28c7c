// Sending and waiting, for fetch.rs: in Rust each timer, listener and race would be a closure, several times the size, and
// so would a request of its parts. No promise of these rejects: `how` says how it ended, as fetch.rs reads it.

// How a wait ended, as fetch.rs reads it.
const FAILED = 0;
const TIMEOUT = 1;
const ABORTED = 2;
const DONE = 3;
const REFUSED = 4;
const NO_FETCH = 5;
const NO_RESPONSE = 6;
const ERROR_RESPONSE = 7;
const OPAQUE_RESPONSE = 8;

/** The fetch that the runtime came with. What takes its place later may do more than send the request. */
const OWN_FETCH = globalThis.fetch;

/**
 * Calls `work` with a function that ends the wait; the time and the signal end it too. The promise gives `result` with `how`
 * it ended and its `cause`. `stop` is called at every end; no timer and no listener is left.
 */
function within(ms, signal, result, work, stop) {
    return new Promise((resolve) => {
        let timer;
        const abort = () => end(ABORTED, reasonOf(signal));
        const end = (how, cause) => {
            if (result.how !== undefined) return;
            result.how = how;
            result.cause = cause;
            clearTimeout(timer);
            resolve(result);
            stop?.();
            try {
                signal?.removeEventListener("abort", abort);
            } catch {
                // A signal of somebody's own making: what it still calls finds an end.
            }
        };
        try {
            if (signal?.aborted) {
                abort();
                return;
            }
            signal?.addEventListener("abort", abort);
        } catch (cause) {
            // A signal of somebody's own making.
            end(FAILED, cause);
            return;
        }
        // Timers take at most 31 bits; one that waits for ever would keep a process alive.
        if (ms < Infinity) timer = setTimeout(end, Math.min(ms, 0x7fffffff), TIMEOUT);
        work?.(end);
    });
}

/** Milliseconds by a clock that nobody sets, where there is one. */
export function steady() {
    return globalThis.performance?.now?.() ?? Date.now();
}

/** Why a signal was aborted; one of somebody's own making may throw that. */
function reasonOf(signal) {
    try {
        return signal.reason;
    } catch (cause) {
        return cause;
    }
}

/** Waits, unless the signal aborts. */
export function pause(ms, signal) {
    return within(ms, signal, {});
}

/**
 * Sends a request and reads the answer, up to `max` bytes of it. `headers` is a JSON object. `sends` marks the promise for
 * who waits for it.
 */
export function exchange(fetch, method, url, headers, body, ms, signal, max) {
    const result = { how: undefined, cause: undefined, sent: false, response: undefined, headers: undefined, body: undefined, cut: false };
    const controller = new AbortController();
    // Not "follow": the token must not travel to where a redirect points.
    const init = { method, headers: JSON.parse(headers), redirect: "manual" };
    if (takes(fetch, method, controller.signal)) init.signal = controller.signal;
    if (body !== undefined) init.body = body;
    const start = (end) => void carry(fetch, url, init, max, result, end).catch((cause) => end(FAILED, cause));
    const stop = () => {
        if (result.how === DONE && !result.cut) return;
        controller.abort();
        // A fetch that has no use for the signal would read on.
        result.cancel?.();
    };
    const end = within(ms, signal, result, start, stop);
    end.sends = true;
    return end;
}

/** For each class of controllers, and each function that was asked to read with a signal of one, whether it took that. */
const taking = new WeakMap();

/** Which functions took signals of the controllers that there are now: a test environment may change them. */
function takers() {
    if (!taking.has(AbortController)) taking.set(AbortController, new WeakMap());
    return taking.get(AbortController);
}

/**
 * Whether a request gets a signal along. In a test environment such as jsdom it may come from another realm than the fetch;
 * the time then ends the wait, not the request. With somebody else's fetch a read finds out, since it can be repeated without
 * one, and Node would load its own fetch as soon as its Request is looked at. A write that is refused may have been sent for all
 * that is known.
 */
function takes(given, method, signal) {
    if (given === undefined && typeof Request === "function") return fits(signal);
    return takers().get(given ?? globalThis.fetch) ?? (method === "GET" || fits(signal));
}

/** For each class of controllers whether the runtime's own requests take its signals. */
const fitting = new WeakMap();

/** Whether the runtime's own fetch is known to take a signal. */
function fits(signal) {
    if (typeof Request !== "function") return false;
    if (!fitting.has(AbortController)) fitting.set(AbortController, isRequest("https://localhost/", { signal }));
    return fitting.get(AbortController);
}

/** Whether the runtime can make no request of this, which its own fetch would do before it sends anything. */
function isRefused(url, init) {
    return isRequest(url) && !isRequest(url, init);
}

function isRequest(url, init) {
    try {
        return new Request(url, init) !== undefined;
    } catch {
        return false;
    }
}

/** Sends the request and reads its answer into the result, until somebody has ended the wait. */
async function carry(given, url, init, max, result, end) {
    const fetch = given ?? globalThis.fetch;
    const own = init.method !== "GET" && fetch === OWN_FETCH && connectsOnce();
    const taken = takers();
    // Not while wasm is on the stack: who waits has to know first that a request is about to leave.
    await undefined;
    if (result.how !== undefined) return;
    if (typeof fetch !== "function") {
        end(NO_FETCH);
        return;
    }
    // A path belongs to the page's own server, which a fetch that is not the page's does not know.
    if (url.startsWith("/")) url = location.origin + url;
    const reads = init.method === "GET";
    let answer;
    try {
        // Called on its own: the global fetch refuses to be a method of another object.
        result.sent = true;
        answer = fetch(url, init);
        const response = await answer;
        if (init.signal !== undefined && reads) taken.set(fetch, true);
        if (!isResponse(response)) {
            end(NO_RESPONSE, `fetch gave ${response === null ? "null" : `a value of type ${typeof response}`}, no Response`);
        } else if (response.type === "error") {
            end(ERROR_RESPONSE, "fetch gave Response.error()");
        } else if (response.type === "opaque") {
            end(OPAQUE_RESPONSE, "fetch gave an opaque Response");
        } else {
            // Also where the wait has just ended: whoever has not looked at the result yet learns the status.
            result.response = response;
            result.headers = { get: (name) => header(response, name) };
            if (result.how === undefined) await drain(response, max, result);
            else quietly(() => response.body?.cancel?.());
            end(DONE);
        }
    } catch (cause) {
        if (result.how !== undefined) return;
        if (result.response !== undefined) {
            end(FAILED, cause);
            return;
        }
        const says = understood(cause);
        // Where one was taken before, it is something else.
        if (says.signal && init.signal !== undefined && reads && !taken.get(fetch)) {
            const { signal, ...rest } = init;
            await carry(given, url, rest, max, result, end);
            // So it was where that failed as well, or another read had one taken meanwhile.
            if (result.response !== undefined && !taken.has(fetch)) taken.set(fetch, false);
            return;
        }
        // Who wraps a fetch may have sent the request and then fail at something else, at once or later: an audit that is
        // refused, a second try of its own. For a read that is no harm. That a write was not sent, only the runtime's own
        // fetch is believed.
        const refused = reads ? says.refused || answer === undefined : own && says.refused && isRefused(url, init);
        result.sent = !refused && !(says.unsent && (reads || (own && connectsOnce())));
        end(refused ? REFUSED : FAILED, cause);
    }
}

/** What a failure says. It may be anything, also what throws when it is looked at; then it says nothing. */
function understood(cause) {
    try {
        const refused = isRefusal(cause);
        return { refused, unsent: isUnsent(cause) || isUnsent(cause?.cause), signal: refused && /signal/i.test(cause.message) };
    } catch {
        return { refused: false, unsent: false, signal: false };
    }
}

/** A header of an answer, as text or not at all: a Response of somebody's own making may give anything, or throw. */
function header(response, name) {
    try {
        const value = response.headers.get(name);
        return typeof value === "string" ? value : null;
    } catch {
        return null;
    }
}

/** Lets something fail unheard, at once or later. */
function quietly(act) {
    try {
        Promise.resolve(act()).catch(() => {});
    } catch {
        // A body of somebody's own making.
    }
}

/** Whether `fetch` says that it cannot take its arguments, which it looks at before it sends anything. */
function isRefusal(cause) {
    return cause?.name === "TypeError" && /^Failed to (construct|execute) |AbortSignal|RequestInit|Illegal invocation/.test(cause.message);
}

/** Whether a fetch says that no connection was made, or none that could be trusted: Node's in its cause, others at once. */
function isUnsent(cause) {
    const { code, syscall } = cause ?? {};
    return (
        /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused)$|CERT|^UNABLE_TO_/.test(code) ||
        syscall === "connect" ||
        syscall === "getaddrinfo"
    );
}

/**
 * Whether the runtime's own fetch connects no second time by itself: in Node a dispatcher that somebody has set may, and its last
 * failure says nothing of the first time. Interceptors hide behind a plain agent, with a method of their own, or in its pools.
 */
function connectsOnce() {
    try {
        const symbols = Object.getOwnPropertySymbols(globalThis);
        return symbols.every((symbol) => {
            if (!symbol.description?.startsWith("undici.globalDispatcher")) return true;
            const dispatcher = globalThis[symbol];
            const own = (name) => dispatcher[Object.getOwnPropertySymbols(dispatcher).find(({ description }) => description === name)];
            const { constructor, dispatch } = dispatcher;
            const base = Object.getPrototypeOf(constructor);
            const plain = constructor.name === "Agent" && base.name === "DispatcherBase" && dispatch === base.prototype.dispatch;
            return plain && own("factory").name === "defaultFactory" && own("options").interceptors === undefined;
        });
    } catch {
        return false;
    }
}

// How much is read at once at first where no length is declared, and at most.
const FIRST_PIECE = 16_384;
const MAX_PIECE = 1_048_576;

// After how many reads other things get their turn: a body that is always ready would not even let its time run out.
const READS_AT_ONCE = 256;

/** A reader that fills pieces of the wanted size, where the runtime and the body have one: workerd's usual one gives 4 KB. */
function fillingReader(body) {
    if (globalThis.ReadableStreamBYOBReader?.prototype.readAtLeast === undefined) return undefined;
    try {
        const reader = body.getReader({ mode: "byob" });
        if (reader.readAtLeast) return reader;
        // A stream of another library, whose readers have no such method.
        reader.releaseLock();
        return undefined;
    } catch {
        // No body, or one that is not made of bytes.
        return undefined;
    }
}

/** Reads the body into the result; stops behind `max` bytes, and when the wait is over. */
async function drain(response, max, result) {
    const declared = Number(header(response, "content-length"));
    result.cut = declared > max;
    // A stream of the web, or one of Node's as node-fetch gives it. What is neither can only be read whole.
    const filling = fillingReader(response.body);
    const reader = filling ?? response.body?.getReader?.();
    const chunks = reader ? undefined : response.body?.[Symbol.asyncIterator]?.();
    const streams = reader !== undefined || chunks !== undefined;
    result.cancel = () => quietly(() => (reader ? reader.cancel() : chunks?.return?.()));
    let body = new Uint8Array(streams || result.cut ? 0 : await response.arrayBuffer());
    let length = body.length;
    let last = !streams || result.cut;
    for (let reads = 1; !last && result.how === undefined; reads++) {
        if (reads % READS_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve));
        // With one byte more than is declared the first piece is not full, and so the last one.
        const wanted = length > 0 ? 8 * length : declared > 0 ? declared + 1 : FIRST_PIECE;
        const size = Math.min(wanted, max + 1 - length, MAX_PIECE);
        const read = filling ? filling.readAtLeast(size, new Uint8Array(size)) : reader ? reader.read() : chunks.next();
        const { done, value } = await read;
        if (done) break;
        if (!ArrayBuffer.isView(value)) throw new TypeError("the body is a stream of something else than bytes");
        const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
        const end = length + bytes.length;
        if (length === 0) {
            body = bytes;
        } else {
            // Not a list of chunks: a server may send each byte as one.
            if (end > body.length) {
                const grown = new Uint8Array(Math.max(end, 2 * body.length));
                grown.set(body);
                body = grown;
            }
            body.set(bytes, length);
        }
        length = end;
        result.cut = length > max;
        last = result.cut || (filling !== undefined && bytes.length < size);
    }
    result.cut ||= length > max;
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
        const wait = {};
        const listen = async (end) => {
            try {
                wait.answer = await flight.answer;
                end(DONE);
            } catch (cause) {
                // No answer rejects: this comes from a runtime in which one request cannot wait for another.
                end(FAILED, cause);
            }
        };
        await within(step, signal, wait, (end) => void listen(end));
        if (wait.how === ABORTED) return wait;
        if (wait.how === DONE) return wait.answer;
        const patient = waited >= share || waited + step < share;
        waited += step;
        missed = flight.beats === heard ? missed + 1 : 0;
        heard = flight.beats;
        const gone = missed >= MISSED_BEATS || wait.how === FAILED;
        if (gone) flight.since = -Infinity;
        if (own || (patient && !gone)) continue;
        // Of those who lose their patience the first one asks for all.
        if (flight.successor) flight = flight.successor;
        else ({ flight, own } = board(call, locationId, refused, 0));
        heard = undefined;
    }
    return { how: TIMEOUT };
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
        Number.isInteger(value?.status) &&
        value.status >= 0 &&
        value.status < 1000 &&
        typeof value.headers?.get === "function" &&
        typeof value.arrayBuffer === "function"
    );
}
