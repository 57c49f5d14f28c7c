// Module hooks that record what the client and the sandbox exchange.

import { wrapping } from "./wrapping.mjs";

const RECORDER = new URL("recorder.mjs", import.meta.url).href;
const LENT = new URL("lent.mjs", import.meta.url).href;

/** What stands between the module of that name and those who import it. */
const WRAPPERS = {
    // Every attempt of the client passes through here, with the `fetch` option or the global one.
    "exchange.js": (own) => `
        import { global, recorded } from "${LENT}?${encodeURIComponent(own)}";
        import { exchange as own } from "${own}";
        import { recordedFetch } from "${RECORDER}";
        export * from "${own}";
        globalThis.fetch = global;
        // One for each function, as the client remembers what it knows of one.
        const known = new WeakMap();
        if (global !== undefined) known.set(global, recorded);
        export function exchange(given, ...rest) {
            const fetch = given ?? globalThis.fetch;
            if (typeof fetch !== "function") return own(fetch, ...rest);
            if (!known.has(fetch)) known.set(fetch, recordedFetch(fetch));
            return own(known.get(fetch), ...rest);
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
