import type { Call, Core, Pages } from "../core.js";
import type { Engine, Tenant, UnderWay } from "./engine.js";
import { failure, PaymentsError, type Outcome } from "./errors.js";
import { invalid } from "./input.js";
import { unsupported } from "./start.js";

/** How far a call has come. */
interface Progress extends UnderWay {
    /** How often it was sent. */
    attempts: number;
    /** Whether the operation may have been carried out, as far as can be seen from here. */
    outcome: Outcome;
}

/** A call as the core takes it: name, id, parameters and options, all but the first as JSON text. */
export type Input = [name: string, id?: string, params?: string, options?: string];

/** The waits of the core that send a request are marked, and say how that ended. */
interface Wait {
    sends?: boolean;
}
interface WaitEnd {
    sent?: boolean;
}

/**
 * A core that outlives its instance of the wasm module.
 *
 * A panic in wasm is a trap, and leaves memory behind in which nothing can go on. All calls that the instance carried are
 * rejected, and the next one starts in a fresh instance with a fresh core.
 */
export class LastingCore implements Tenant {
    readonly engine: Engine;
    readonly #settings: ConstructorParameters<typeof Core>;
    readonly #limits: LastingCore | undefined;
    #core: Core | undefined;
    #instance = 0;
    /** Whether it carries no further calls. */
    closed = false;

    /** `limits`: another one, whose limits it keeps to together with that. */
    constructor(engine: Engine, settings: ConstructorParameters<typeof Core>, limits?: LastingCore) {
        if (typeof AbortController !== "function") {
            throw unsupported("this runtime has no AbortController, with which a request is ended: put one of a polyfill there first");
        }
        this.engine = engine;
        this.#settings = settings;
        this.#limits = limits;
        this.present();
        engine.carry(this);
    }

    /** The core in the present instance. */
    present(): Core {
        if (this.#core === undefined || this.#instance !== this.engine.lost) {
            try {
                this.#core = new this.engine.glue.Core(...this.#settings);
            } catch (error) {
                throw failure(error);
            }
            this.#instance = this.engine.lost;
            // One that was closed since cannot come back after a trap.
            if (this.#limits && !this.#limits.closed) this.#core.share(this.#limits.present());
        }
        return this.#core;
    }

    /** What it shares with a closed one would be shared no more. */
    rests(now: number): boolean {
        if (this.#core === undefined || this.#instance !== this.engine.lost) return true;
        return this.#limits?.closed !== true && this.#core.rests(now);
    }

    /** Gives its memory back, behind the calls that were made. */
    close(): void {
        if (this.closed) return;
        this.closed = true;
        queueMicrotask(() => {
            if (this.#instance === this.engine.lost) this.#core?.free();
            this.#core = undefined;
        });
    }

    /** Tells that the list of this name ended before the records that HighLevel counts. */
    endedEarly(name: string): void {
        // Who has closed the client wants to hear nothing.
        if (!this.closed) this.present().ended_early(name);
    }

    /** A list from a cursor on. */
    resume(input: Input, cursor: unknown): Pages {
        this.#open();
        const call = this.#begin(input);
        try {
            return call.resume(cursor);
        } catch (error) {
            throw failure(error);
        } finally {
            call.free();
        }
    }

    /** What is wrong with a call, which is not made: an error, also where it is nothing. */
    check(input: Input): unknown {
        this.#open();
        const call = this.#begin(input);
        try {
            return failure(call.refusal());
        } finally {
            call.free();
        }
    }

    /** Carries out an operation, of which one attempt may take so many milliseconds. Gives what the core's `Call` ends with. */
    call(input: Input, signal: AbortSignal | undefined, timeoutMs: number): Promise<unknown[]> {
        this.#open();
        return new Promise((resolve, reject) => {
            const underWay: Progress = {
                timeoutMs,
                attempts: 0,
                outcome: "not_sent",
                lose: (cause) => reject(internal(underWay, cause)),
            };
            // A clock that was replaced may throw before the core is asked: the caller hears of it.
            void this.#carry(input, signal, underWay).then(resolve, underWay.lose);
        });
    }

    #open(): void {
        if (this.closed) throw invalid("", "this client was closed; make a new one");
        this.engine.shrink();
    }

    #begin([name, id, params, options]: Input, signal?: AbortSignal): Call {
        return this.present().call(name, id, params, options, signal);
    }

    /** Carries a call from wait to wait to its end. */
    async #carry(input: Input, signal: AbortSignal | undefined, underWay: Progress): Promise<unknown[]> {
        // The caller may be a listener, deep inside the instance: nothing may run in it a second time, or replace it.
        await undefined;
        const engine = this.engine;
        engine.heardOf(underWay);
        const instance = engine.lost;
        let next: unknown;
        try {
            const call = this.#begin(input, signal);
            do {
                const before = underWay.outcome;
                const sends = (next as Wait | undefined)?.sends === true;
                if (sends) {
                    underWay.attempts++;
                    underWay.outcome = "unknown";
                }
                const end = (await next) as WaitEnd | undefined;
                if (sends && end?.sent === false) underWay.outcome = before;
                if (instance !== engine.lost) {
                    // Rejected meanwhile, unless it was forgotten.
                    underWay.lose(engine.trap);
                    return [];
                }
                engine.heardOf(underWay);
                next = call.step(end);
            } while (!Array.isArray(next));
            call.free();
            return next;
        } catch (cause) {
            if (instance === engine.lost) engine.replace(cause);
            return [];
        } finally {
            engine.end(underWay, (next as unknown[] | undefined)?.[4]);
        }
    }
}

function internal({ attempts, outcome }: Progress, cause: unknown): PaymentsError {
    const message = "the client failed inside, which is a mistake in it; see cause. The next call starts afresh";
    return new PaymentsError({ name: "PaymentsError", code: "internal", message, outcome, attempts }, cause);
}
