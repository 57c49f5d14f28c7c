// What `cargo xtask bench` starts, in a copy of this folder beside the packages that it compares.

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cases } from "./answers.mjs";
import * as node from "./engines/node.mjs";
import { compare } from "./compare.mjs";
import { versus } from "./versus.mjs";

const ENGINES = { node };
const folder = dirname(dirname(fileURLToPath(import.meta.url)));

const { values } = parseArgs({
    options: {
        vs: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        in: { type: "string", default: "" },
        only: { type: "string", default: "" },
        rounds: { type: "string" },
    },
});

const pick = (what, given, known) => {
    const names = given ? given.split(",") : known;
    const unknown = names.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new Error(`there is no ${what} \`${unknown}\`; there are ${known.join(", ")}`);
    return names;
};
const only = pick("case", values.only, cases().map(({ name }) => name));
const engines = pick("engine", values.in || (values.vs ? "node" : ""), Object.keys(ENGINES)).map((name) => ENGINES[name]);

if (values.vs) {
    await versus({ engines, only, count: Number(values.rounds ?? 400), folder });
} else {
    await compare({ engines, only, count: Number(values.rounds ?? 300), folder });
}
