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
        export function exchange(fetch = globalThis.fetch, ...rest) {
            if (typeof fetch !== "function") return own(fetch, ...rest);
            if (!recorded.has(fetch)) recorded.set(fetch, recordedFetch(fetch));
            return own(recorded.get(fetch), ...rest);
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
