import { pause } from "../exchange.js";
import type { NamespaceLike } from "../edge/stores.js";
import { AgencyError } from "./agency-error.js";

/** What an object says to who calls a method of it, or why it did not. */
type Method = (...given: never[]) => Promise<unknown>;

/** How often an object is asked that did not answer. */
const TRIES = 4;

/**
 * Calls a method of the Durable Object of a name. One that was reset, moved or replaced by a new version breaks the call off: it is made
 * anew, as every method here may be, since none does anything twice. Of one that is overloaded nothing more is asked.
 *
 * Throws an AgencyError with the code `object_failed`.
 */
export async function call<T extends object, N extends keyof T>(
    namespace: NamespaceLike,
    name: string,
    method: N,
    ...given: T[N] extends (...given: infer G) => unknown ? G : never
): Promise<Awaited<T[N] extends (...given: never[]) => infer R ? R : never>> {
    for (let tries = 1; ; tries++) {
        try {
            // Each time anew: a stub that has failed once fails for ever.
            const object = namespace.get(namespace.idFromName(name) as never) as T;
            return (await (object[method] as Method)(...(given as unknown as never[]))) as never;
        } catch (cause) {
            const { overloaded = false, retryable } = (cause ?? {}) as { overloaded?: boolean; retryable?: boolean };
            if (!overloaded && retryable !== false && tries < TRIES) {
                await pause(50 * 4 ** (tries - 1) * (0.5 + Math.random()));
                continue;
            }
            throw new AgencyError({ code: "object_failed", message: `the Durable Object failed${overloaded ? ": it is overloaded" : ""}`, retryable: true }, cause);
        }
    }
}
