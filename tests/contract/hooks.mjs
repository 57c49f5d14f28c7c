// Module hooks: two modules of the package are loaded as one that wraps them. The package's files stay as they are, and
// no test can forget to take part.

import { readFileSync } from "node:fs";

const RECORDER = new URL("recorder.mjs", import.meta.url).href;
const ORIGINAL = "?recorded";

/** What stands between the module of that name and those who import it. */
const WRAPPERS = {
    // Every attempt of the client passes through here, with the `fetch` option or the global one.
    "exchange.js": (own) => `
        import { recordedFetch } from "${RECORDER}";
        import { exchange as own } from "${own}";
        export * from "${own}";
        export function exchange(fetch = globalThis.fetch, ...rest) {
            return own(typeof fetch === "function" ? recordedFetch(fetch) : fetch, ...rest);
        }
    `,
    "sandbox-api.js": (own) => `
        import { recordedSandbox } from "${RECORDER}";
        import { createSandbox as own } from "${own}";
        export * from "${own}";
        export function createSandbox(options) {
            return recordedSandbox(own(options));
        }
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
    return { format: "module", source: wrapper(url + ORIGINAL), shortCircuit: true };
}
