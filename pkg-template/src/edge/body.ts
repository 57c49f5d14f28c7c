import { pause } from "../exchange.js";

/** So many pieces of a body may be empty before the next ones are waited for. */
const MAX_EMPTY = 100;

/** For so long, in milliseconds. */
const EMPTY_MS = 10;

/** What stands for a body that is longer than it may be. */
export const TOO_LARGE = "too large";

/** What is read of a request. */
interface Incoming {
    readonly headers: { get(name: string): string | null };
    readonly body?: unknown;
    arrayBuffer(): Promise<ArrayBuffer>;
}

/** A stream of bytes, of the web or of Node. */
interface Stream {
    getReader?(): ReadableStreamDefaultReader<unknown>;
    [Symbol.asyncIterator]?(): AsyncIterator<unknown>;
}

/**
 * The body of a request up to a length, of which one byte more is not kept; nothing where it cannot be read. Once `over` is there it is
 * read no further: who sends byte by byte may never stop.
 */
export async function bodyOf(request: Incoming, max: number, over?: Promise<unknown>): Promise<Uint8Array | typeof TOO_LARGE | undefined> {
    let isOver = false;
    try {
        const { body } = request;
        if (body === null) return new Uint8Array();
        if (Number(request.headers.get("content-length") ?? 0) > max) return TOO_LARGE;
        const stream = body as Stream | undefined;
        const reader = stream?.getReader?.();
        const chunks = reader === undefined ? stream?.[Symbol.asyncIterator]?.() : undefined;
        if (reader === undefined && chunks === undefined) {
            const whole = new Uint8Array(await request.arrayBuffer());
            return whole.length > max ? TOO_LARGE : whole;
        }
        // Not awaited: who sends it may not hear of it.
        const leave = () => void Promise.resolve(reader ? reader.cancel() : chunks?.return?.()).catch(() => {});
        void over?.then(() => {
            isOver = true;
            leave();
        });
        let kept = new Uint8Array();
        for (let [length, empty] = [0, 0]; ; ) {
            const { done, value } = await (reader ? reader.read() : chunks!.next());
            if (isOver) return undefined;
            if (done) return kept.subarray(0, length);
            if (!ArrayBuffer.isView(value)) throw new TypeError("the body is a stream of something else than bytes");
            const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
            // A stream that has them at hand for ever would let no timer come to its turn.
            if (bytes.length === 0 && ++empty > MAX_EMPTY) await pause(EMPTY_MS);
            const end = length + bytes.length;
            if (end > max) {
                leave();
                return TOO_LARGE;
            }
            if (end > kept.length) {
                // By leaps: it may come byte by byte.
                const grown = new Uint8Array(Math.max(end, 2 * kept.length));
                grown.set(kept);
                kept = grown;
            }
            kept.set(bytes, length);
            length = end;
        }
    } catch {
        return undefined;
    }
}
