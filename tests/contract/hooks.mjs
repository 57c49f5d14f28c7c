// Module hooks that record what the client and the sandbox exchange.

import { wrapping } from "./wrapping.mjs";

const RECORDER = new URL("recorder.mjs", import.meta.url).href;

/** What stands between the module of that name and those who import it. */
const WRAPPERS = {
    // Every attempt of the client passes through here, with the `fetch` option or the global one.
    "exchange.js": (own) => `
        import { recordedFetch } from "${RECORDER}";
        import { exchange as own } from "${own}";
        export * from "${own}";
        // One for each function, as the client remembers what it knows of one.
        const recorded = new WeakMap();
        export function exchange(given, ...rest) {
            const { fetch: global } = globalThis;
            const fetch = given ?? global;
            if (typeof fetch !== "function") return own(fetch, ...rest);
            if (!recorded.has(fetch)) recorded.set(fetch, recordedFetch(fetch));
            // What is the runtime's own stays that: it is believed more than what somebody made.
            if (fetch === global) globalThis.fetch = recorded.get(fetch);
            try {
                return own(recorded.get(fetch), ...rest);
            } finally {
                globalThis.fetch = global;
            }
        }
    `,
    "sandbox/api.js": (own) => `
        import { recordedSandbox } from "${RECORDER}";
        import { make as own } from "${own}";
        export * from "${own}";
        export function make(options) {
            return recordedSandbox(own(options));
        }
    `,
};

export const load = wrapping(WRAPPERS, "?recorded");
