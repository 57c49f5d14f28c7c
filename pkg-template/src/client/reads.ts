/** A read under way, or what it came to. */
interface Reading<T> {
    readonly result: Promise<T>;
    /** Ends it, since nobody wants it any longer. */
    readonly abort: () => void;
    /** When it began, in milliseconds since 1970. */
    readonly began: number;
    /** How many callers want it. */
    users: number;
    ended: boolean;
}

/** What a read keeps to. */
interface Manner {
    /** The caller's signal: whatever it aborts with, the read ends with. */
    readonly signal: AbortSignal | undefined;
    /** Milliseconds that one attempt may take. */
    readonly timeoutMs: number;
}

/** One caller's part in a read. */
export interface Share<T> {
    /** What it comes to; `undefined` once the caller has left. */
    readonly result: Promise<T | undefined>;
    /** Says that the caller wants it no longer. */
    readonly leave: () => void;
}

const nothing = () => {};

/**
 * As much of an AbortSignal as a call looks at: it never reaches a `fetch`, and in Node a real one, with its controller and
 * its listeners, takes a tenth of the time of a small answer.
 */
class Ending {
    aborted = false;
    reason: unknown;
    readonly #listeners = new Set<() => void>();

    addEventListener(_type: "abort", listener: () => void): void {
        this.#listeners.add(listener);
    }

    removeEventListener(_type: "abort", listener: () => void): void {
        this.#listeners.delete(listener);
    }

    abort(reason?: unknown): void {
        if (this.aborted) return;
        this.aborted = true;
        this.reason = reason;
        for (const listener of [...this.#listeners]) listener();
    }
}

/**
 * Something that is read once for all who want it.
 *
 * It is aborted when the last one of those who wanted it has left. The request of a Worker may end and take along what it reads,
 * without a word: whoever joins a read that another one has joined waits for it as long as an attempt may take, then reads for
 * itself. The first one to join has begun it, nearly always, and shares its end.
 */
export class SharedRead<T extends object> {
    readonly #read: (signal: AbortSignal) => Promise<T>;
    readonly #manner: Manner;
    readonly #lasting: boolean;
    #reading: Reading<T> | undefined;
    /** What was read, where it does not last. */
    #held: { deref(): T | undefined } | undefined;

    /**
     * `read` has to end when its signal aborts. Where it is `lasting`, what it came to is kept, be it an error; otherwise only
     * what was read, and only for as long as somebody else holds it.
     */
    constructor(read: (signal: AbortSignal) => Promise<T>, manner: Manner, lasting: boolean) {
        this.#read = read;
        this.#manner = manner;
        this.#lasting = lasting;
    }

    /** Begins to read, if nothing was read and no read is under way from which something can be expected. */
    begin(): Reading<T> {
        const { signal, timeoutMs } = this.#manner;
        const now = Date.now();
        const present = this.#reading;
        const held = this.#held?.deref();
        if (held) return { result: Promise.resolve(held), abort: nothing, began: now, users: 0, ended: true };
        // In both directions: a clock can be set back.
        if (present && (present.ended || Math.abs(now - present.began) < timeoutMs)) return present;
        present?.result.catch(nothing);
        const ending = new Ending();
        const forget = () => {
            if (this.#reading === reading) this.#reading = undefined;
        };
        const obey = () => ending.abort(signal?.reason);
        signal?.addEventListener("abort", obey);
        if (signal?.aborted) obey();
        const ended = () => {
            reading.ended = true;
            signal?.removeEventListener("abort", obey);
            if (!this.#lasting) forget();
        };
        const result = this.#read(ending as unknown as AbortSignal).then(
            (value) => {
                // Workers of before May 2025 have no WeakRef: there it is read again.
                if (!this.#lasting && typeof WeakRef === "function") this.#held = new WeakRef(value);
                ended();
                return value;
            },
            (cause) => {
                ended();
                throw cause;
            },
        );
        const abort = () => {
            forget();
            result.catch(nothing);
            try {
                ending.abort();
            } catch {
                // In a Worker the request of another caller may have made what this ends.
            }
        };
        const reading: Reading<T> = { result, abort, began: now, users: 0, ended: false };
        this.#reading = reading;
        return reading;
    }

    /** Wants what is read, until it is there or the caller leaves. */
    join(): Share<T> {
        let leave: () => void = nothing;
        const result = new Promise<T | undefined>((resolve, reject) => {
            const wait = () => {
                const reading = this.begin();
                const first = reading.users++ === 0;
                let timer: ReturnType<typeof setTimeout> | undefined;
                let waits = true;
                /** Waits no longer; tells whether it did until now. */
                const stop = () => {
                    const waited = waits;
                    waits = false;
                    clearTimeout(timer);
                    if (waited && --reading.users === 0 && !reading.ended) reading.abort();
                    return waited;
                };
                leave = () => {
                    if (stop()) resolve(undefined);
                };
                // Who began it, or took it over first, lives or ends together with it.
                if (!first && !reading.ended) {
                    const rest = reading.began + this.#manner.timeoutMs - Date.now();
                    // Timers take at most 31 bits, and a clock can be set back.
                    const ms = Math.min(rest, this.#manner.timeoutMs, 0x7fffffff);
                    timer = setTimeout(() => stop() && wait(), ms);
                }
                reading.result.then(
                    (value) => stop() && resolve(value),
                    (error) => stop() && reject(error),
                );
            };
            wait();
        });
        // Whoever awaits it gets its error; that nobody does is no mistake.
        result.catch(nothing);
        return { result, leave: () => leave() };
    }
}
