import { exchange } from "../exchange.js";
import type { FetchFunction, FetchInit, FetchResponse } from "../client/options.js";
import { nameOf } from "./names.js";

/** An answer that was read to its end. */
export interface Answer {
    /** The HTTP status. */
    status: number;
    /** What of the headers is told on. */
    headers: Headers;
    /** The body, or the beginning of one that is too long. */
    body: Uint8Array;
    /** Whether it is longer than it may be. */
    cut: boolean;
}

/** How a request is made. */
export interface Asking {
    /** Instead of the global `fetch`; it may give any kind of answer, or none. */
    fetch: FetchFunction | undefined;
    /** How long its head may take, in milliseconds, and its body again. */
    timeoutMs: number;
    /** How long the body may be, in bytes. */
    max: number;
    /**
     * Is told once: when the head of the answer is there, or when there will be none.
     *
     * @param status Its status; 0 of none.
     * @param header Its headers.
     */
    onHead?: ((status: number, header: (name: string) => string | null) => void) | undefined;
}

/** The longest answer that is read, in bytes. */
export const MAX_ANSWER = 8 << 20;

/** As `exchange` says how it ended. */
const [FAILED, TIMEOUT, ABORTED, DONE, REFUSED] = [0, 1, 2, 3, 4];

/** Of a body that is there as it was meant these say nothing any more. */
const OF_THE_WIRE = ["content-encoding", "content-length", "transfer-encoding"];

/** What is told on where the headers cannot be gone through. */
const NAMED = ["content-type", "date", "location", "retry-after", "retry-after-ms"];

/** With these an answer has no body. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * Sends a request and reads its answer to its end, of whatever class, library or realm it is. Nothing of it goes on behind that: neither a
 * `fetch` that has no use for the signal nor a body that drips holds anybody longer than its time.
 *
 * Throws the signal's reason, a DOMException `TimeoutError`, and else a TypeError that holds nothing of what the `fetch` has said.
 */
export async function ask(url: string, { method, headers, body, signal }: FetchInit, { fetch: given, timeoutMs, max, onHead }: Asking): Promise<Answer> {
    const late = new AbortController();
    const limit = () => setTimeout(() => late.abort(new DOMException("no whole answer came in time", "TimeoutError")), timeoutMs);
    let timer = limit();
    let told = false;
    const tell = (status: number, header: (name: string) => string | null) => {
        if (!told) onHead?.(status, header);
        told = true;
    };
    const send = async (url: string, init: FetchInit): Promise<unknown> => {
        const answer = readable(await (given ?? fetch)(url, init));
        // The body has as long again as the head: one that drips holds what waits for it no longer than a server that is silent.
        clearTimeout(timer);
        if (!told) timer = limit();
        tell(statusOf(answer), (name) => headerOf(answer, name));
        return answer;
    };
    const ends = signal ? AbortSignal.any([late.signal, signal]) : late.signal;
    const end = await exchange(send, method, url, JSON.stringify(headers), body, Infinity, ends, max);
    clearTimeout(timer);
    tell(0, () => null);
    if (end.how === DONE && end.response !== undefined) {
        return { status: statusOf(end.response), headers: headersOf(end.response), body: end.body ?? new Uint8Array(), cut: end.cut === true };
    }
    if (end.how === ABORTED || end.how === TIMEOUT) throw end.cause;
    // What it has said may hold the token.
    const isOurs = end.how !== FAILED && end.how !== REFUSED && typeof end.cause === "string";
    throw new TypeError(isOurs ? (end.cause as string) : end.cause instanceof Unreadable ? end.cause.message : failureOf(end.cause));
}

/** The answer as the runtime's own. */
export function responseOf({ status, headers, body, cut }: Answer): Response {
    if (cut) return responseOf(refusal(502, "the answer is too long"));
    if (status < 200 || status > 599) return responseOf(refusal(502, `the answer has the status ${status}`));
    return new Response(WITHOUT_BODY.includes(status) ? null : (body as BodyInit), { status, headers });
}

/** The answer for a client, which takes the body as it lies there: `max` is what was said to {@link ask}. */
export function fetchedOf({ status, headers, body, cut }: Answer, max: number): FetchResponse & { body: AsyncIterable<Uint8Array> } {
    // The beginning alone would be taken for all of it.
    if (cut) headers.set("content-length", `${max + 1}`);
    return { status, headers, body: once(body), arrayBuffer: async () => body.slice().buffer as ArrayBuffer };
}

/** An answer that no server has given. */
export function refusal(status: number, message: string, more: Record<string, string> = {}): Answer {
    const headers = new Headers({ "content-type": "application/json", ...more });
    return { status, headers, body: new TextEncoder().encode(JSON.stringify({ statusCode: status, message })), cut: false };
}

async function* once<T>(value: T): AsyncGenerator<T> {
    yield value;
}

/** What a request failed with. */
function failureOf(cause: unknown): string {
    const name = nameOf(cause);
    return name === "Error" ? "the connection failed" : `the request failed: ${name}`;
}

/** The answer of a `fetch` has no body that could be read. */
class Unreadable extends TypeError {}

/**
 * An answer that can be read: some can only be read as text, a stream that is not the runtime's lacks ways to read it fast, and what is
 * given as the body need not be one.
 */
function readable(answer: unknown): unknown {
    const { arrayBuffer, text, body } = (answer ?? {}) as { arrayBuffer?: unknown; text?: unknown; body?: Partial<ReadableStream> | null };
    const isWhole = typeof arrayBuffer === "function";
    const isForeign = typeof body?.getReader === "function" && !(body instanceof ReadableStream);
    if (!isForeign && (answer instanceof Response || (!isWhole && typeof text !== "function"))) return answer;
    const { status, headers, type } = answer as Response;
    const bytes = async () => (isWhole ? bytesOf(await (answer as Response).arrayBuffer()) : encoded(await (answer as Response).text()));
    return { status, headers, type, arrayBuffer: bytes, body: isForeign ? piecesOf(body.getReader!()) : body };
}

/** The pieces of a stream. Its reader is told of an end only where that comes before its own: of what was read whole it may say nothing. */
function piecesOf(reader: ReadableStreamDefaultReader<unknown>): AsyncIterable<unknown> {
    const pieces = { next: () => reader.read(), return: () => reader.cancel() };
    return { [Symbol.asyncIterator]: () => pieces as unknown as AsyncIterator<unknown> };
}

/** The bytes of a buffer, of whatever realm. Of anything else a Uint8Array would be empty, or as long as a number says. */
function bytesOf(given: unknown): Uint8Array {
    try {
        const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(given) ? given : new DataView(given as ArrayBuffer);
        return new Uint8Array(buffer, byteOffset, byteLength);
    } catch {
        throw new Unreadable("fetch gave an answer whose arrayBuffer() gave no buffer");
    }
}

function encoded(given: unknown): Uint8Array {
    if (typeof given !== "string") throw new Unreadable("fetch gave an answer whose text() gave no text");
    return new TextEncoder().encode(given);
}

/** A number that nobody has looked at yet. */
function statusOf(answer: unknown): number {
    const { status } = (answer ?? {}) as { status?: unknown };
    return typeof status === "number" ? status : 0;
}

function headerOf(answer: unknown, name: string): string | null {
    try {
        const value: unknown = (answer as FetchResponse).headers.get(name);
        return typeof value === "string" ? value : null;
    } catch {
        return null;
    }
}

function headersOf(answer: FetchResponse): Headers {
    const kept = new Headers();
    const keep = (value: unknown, name: unknown) => {
        if (typeof value !== "string" || typeof name !== "string" || OF_THE_WIRE.includes(name.toLowerCase())) return;
        try {
            kept.append(name, value);
        } catch {
            // What the runtime takes for no header.
        }
    };
    try {
        const { headers } = answer as { headers: { forEach?(each: (value: unknown, name: unknown) => void): void } };
        if (headers.forEach) headers.forEach(keep);
        else for (const name of NAMED) keep(headerOf(answer, name), name);
    } catch {
        // Headers of somebody's own making: those that came are there.
    }
    return kept;
}
