// Module hooks that load modules of the package as ones that wrap them: the package's files stay as they are, and no test
// can forget to take part.

import { readFileSync } from "node:fs";

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

/**
 * The hook `load` (https://nodejs.org/api/module.html#loadurl-context-nextload). `wrappers` gives for the path of a module
 * in the package a function of its own address and its source that gives the source of the wrapper; `query` is what tells the two apart.
 */
export function wrapping(wrappers, query) {
    return async (url, context, next) => {
        const name = url.startsWith("file:") && Object.keys(wrappers).find((name) => url.endsWith(`/${name}`));
        if (!name || !isPackage(url.slice(0, -name.length))) return next(url, context);
        const wrapper = wrappers[name];
        const source = wrapper(url + query, readFileSync(new URL(url), "utf8"));
        return { format: "module", source, shortCircuit: true };
    };
}
