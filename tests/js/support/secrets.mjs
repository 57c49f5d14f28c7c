// For `node --import`: searches whatever a client shows for the tokens that clients of this process hold. Every error,
// every event, every URL and every client of a suite passes through here, whether its test looks at them or not.

import { register } from "node:module";
import { isMainThread } from "node:worker_threads";
import { wrapping } from "../../contract/wrapping.mjs";

const SEARCH = new URL("search.mjs", import.meta.url).href;

const WRAPPERS = {
    "client/client.js": (own) => `
        import { watched, search } from "${SEARCH}";
        import { Client as Own } from "${own}";
        export * from "${own}";
        export class Client extends Own {
            constructor(options, ...rest) {
                super(watched(options), ...rest);
                search.client(this);
            }
        }
    `,
    // Whatever a function of this module gives: one of them makes the error that a caller gets.
    "client/errors.js": (own, source) => `
        import { search } from "${SEARCH}";
        import * as own from "${own}";
        export * from "${own}";
        ${[...source.matchAll(/^export function (\w+)/gm)]
            .map(([, name]) => `export const ${name} = (...args) => search.result(own.${name}(...args));`)
            .join("\n")}
    `,
};

export const load = wrapping(WRAPPERS, "?searched");

// The hooks run in a thread of their own, which loads this file as well.
if (isMainThread) register(import.meta.url);
