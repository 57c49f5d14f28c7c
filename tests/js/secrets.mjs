// For `node --import`: searches whatever a client shows for the tokens that clients of this process hold. Every error,
// every event, every URL and every client of a suite passes through here, whether its test looks at them or not.
//
// Module hooks load two modules of the package as ones that wrap them; the package's files stay as they are.

import { readFileSync } from "node:fs";
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

const ORIGINAL = "?searched";
const SEARCH = new URL("search.mjs", import.meta.url).href;

const WRAPPERS = {
    "client.js": (own) => `
        import { watched, search } from "${SEARCH}";
        import { PaymentsClient as Own } from "${own}";
        export * from "${own}";
        export class PaymentsClient extends Own {
            constructor(options) {
                super(watched(options));
                search.client(this);
            }
        }
    `,
    // Whatever a function of this module gives: one of them makes the error that a caller gets.
    "errors.js": (own, source) => `
        import { search } from "${SEARCH}";
        import * as own from "${own}";
        export * from "${own}";
        ${[...source.matchAll(/^export function (\w+)/gm)]
            .map(([, name]) => `export const ${name} = (...args) => search.result(own.${name}(...args));`)
            .join("\n")}
    `,
};

const packages = new Map();

function isPackage(folder) {
    if (!packages.has(folder)) {
        let name;
        try {
            ({ name } = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")));
        } catch {
            // Not a package's folder.
        }
        packages.set(folder, name === "ghl-payments");
    }
    return packages.get(folder);
}

/** See https://nodejs.org/api/module.html#loadurl-context-nextload */
export async function load(url, context, next) {
    const [folder, name] = url.split(/(?<=\/)(?=[^/]*$)/);
    const wrapper = url.startsWith("file:") && Object.hasOwn(WRAPPERS, name ?? "") ? WRAPPERS[name] : undefined;
    if (wrapper === undefined || !isPackage(folder)) return next(url, context);
    const source = wrapper(url + ORIGINAL, readFileSync(new URL(url), "utf8"));
    return { format: "module", source, shortCircuit: true };
}

// The hooks run in a thread of their own, which loads this file as well.
if (isMainThread) register(import.meta.url);
