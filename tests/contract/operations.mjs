// The operations as the contract describes them, in its order. The suites in Rust read the same from `operations.rs`.

import { readFileSync } from "node:fs";

/** The contract. */
export const DOCUMENT = JSON.parse(readFileSync(new URL("payments.openapi.json", import.meta.url), "utf8"));

/** What a `$ref` of the contract leads to. */
export function resolved(node) {
    if (node?.$ref === undefined) return node;
    const names = node.$ref.split("/").slice(1);
    return resolved(names.reduce((parent, name) => parent[name], DOCUMENT));
}

/** Each operation, `{ id, method, path, parameters, spec }`; `parameters` are also those that all operations of the path share. */
export const DESCRIBED = Object.entries(DOCUMENT.paths).flatMap(([path, { parameters: shared = [], ...verbs }]) =>
    Object.entries(verbs).map(([verb, spec]) => ({
        id: spec.operationId,
        method: verb.toUpperCase(),
        path,
        parameters: [...shared, ...(spec.parameters ?? [])].map(resolved),
        spec,
    })),
);
