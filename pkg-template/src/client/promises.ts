import type { RateLimit } from "./events.js";
import { Hidden } from "./hidden.js";

const RESULT = new Hidden<() => Promise<WithResponse<unknown>>>("result");

/** What is known about the answer behind a result. */
export interface ResponseInfo {
    /** The HTTP status. */
    status: number;
    /** The answer's headers. */
    headers: Headers;
    /** HighLevel's id of the answer, if it has one. */
    traceId?: string;
    /** The limits, if the server named them; browsers see them only where the server exposes them. */
    rateLimit?: RateLimit;
    /** How often the call was sent; of `orders.recordPaymentOnce` how often the payment was, without the looks. */
    attempts: number;
    /** Milliseconds from the call to the checked answer, waits included. */
    durationMs: number;
}

/** A result with its answer. */
export interface WithResponse<T> {
    /** The result. */
    data: T;
    /** Its answer. */
    response: ResponseInfo;
}

/** The result of one call: await it, or ask for its answer with {@link ApiPromise.withResponse}. */
export class ApiPromise<T> extends Promise<T> {
    /** @internal `result` is called by each who wants it. */
    constructor(result: () => Promise<WithResponse<T>>) {
        super((resolve) => resolve(undefined as T));
        RESULT.set(this, result);
    }

    /** Promises derived from this one are plain. */
    static override get [Symbol.species](): PromiseConstructor {
        return Promise;
    }

    /**
     * The result together with status, headers, trace id, limits, attempts and duration.
     *
     * `orders.recordPaymentOnce` makes several requests: status, headers and limits are those of the last answer that was no
     * error, which may be that of a look; `attempts` says how often the payment was sent, 0 where it was there already; and
     * `durationMs` is that of all of it.
     */
    withResponse(): Promise<WithResponse<T>> {
        return RESULT.get(this)() as Promise<WithResponse<T>>;
    }

    override then<A = T, B = never>(
        fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
        rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
        const data = ({ data }: WithResponse<T>) => (typeof fulfilled === "function" ? fulfilled(data) : (data as unknown as A));
        return this.withResponse().then(data, rejected);
    }
}

// What `Promise` itself does, without the `any` of its declaration.
export interface ApiPromise<T> {
    /**
     * Handles a failure.
     *
     * ```ts
     * import { PaymentsError } from "ghl-payments";
     *
     * const order = await payments.orders.get("id").catch((error: unknown) => {
     *     if (!(error instanceof PaymentsError)) throw error;
     *     console.log(error.code, error.outcome);
     * });
     * ```
     *
     * @param rejected Gets what was thrown: `unknown`, as in a `catch` block. What the client throws is a PaymentsError, which
     *   `instanceof` or `PaymentsError.is` tells.
     */
    catch<B = never>(rejected?: ((reason: unknown) => B | PromiseLike<B>) | null): Promise<T | B>;
}
