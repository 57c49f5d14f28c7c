// What `cargo xtask bench` starts, in a copy of this folder beside the packages that it compares.

import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cases } from "./answers.mjs";
import { chart } from "./chart.mjs";
import { compare } from "./compare.mjs";
import * as chromium from "./engines/chromium.mjs";
import * as firefox from "./engines/firefox.mjs";
import * as node from "./engines/node.mjs";
import * as workerd from "./engines/workerd.mjs";
import { limits } from "./limits.mjs";
import { document, sentence, text } from "./report.mjs";
import { versus } from "./versus.mjs";

const ENGINES = { node, workerd, chromium, firefox };
const folder = dirname(dirname(fileURLToPath(import.meta.url)));

const { values } = parseArgs({
    options: {
        vs: { type: "boolean", default: false },
        check: { type: "boolean", default: false },
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
const engines = pick("engine", values.in || (values.vs || values.quick ? "node" : ""), Object.keys(ENGINES)).map((name) => ENGINES[name]);

const root = process.env.GHL_REPO_ROOT;

if (values.vs) {
    await versus({ engines, only, count: Number(values.rounds ?? 400), folder });
} else {
    const { generate } = await import("./generate.mjs");
    await generate(`${root}/tests/contract/payments.openapi.json`, `${folder}/package-lock.json`, `${folder}/generated`);
    const tell = (part) => console.log(text(part));
    console.log("Times as multiples of fetch + arrayBuffer + JSON.parse in the same round, medians; * delivers texts for numbers");
    const count = Number(values.rounds ?? (values.quick ? 80 : 300));
    const warmUp = values.check ? 2 : 60;
    const parts = await compare({ engines, only, count, warmUp, folder, loopback: !values.quick, tell });
    if (values.check) judge(parts);
    const partly = values.in || values.only || values.rounds || values.check;
    const more = partly ? [] : await limits({ folder, quick: values.quick, tell: (section) => console.log(section) });
    const whole = !values.quick && !partly;
    if (whole) {
        const result = { date: new Date().toISOString().slice(0, 10), machine: machine(), versions: await versions(), parts, more };
        const caption = `cargo xtask bench, ${result.date}, ${result.machine}`;
        await writeFile(`${root}/benches/results.svg`, chart(parts, caption));
        await writeFile(`${root}/benches/RESULTS.md`, document(result));
        await writeFile(`${root}/README.md`, sentence(await readFile(`${root}/README.md`, "utf8"), result));
        console.log("\nWritten: benches/RESULTS.md, benches/results.svg, README.md");
    }
}

/** Fails unless every way has delivered what it should, in each part. */
function judge(parts) {
    for (const { title, failed, cases } of parts) {
        if (failed) throw new Error(failed);
        for (const { name, ways } of cases) {
            for (const [way, { state, median }] of Object.entries(ways)) {
                const checks = way === "hey-api-valibot" || way === "hey-api-zod";
                const expected = name !== "repairs" ? "delivers" : checks ? "rejects" : way === "ours" ? "repairs" : "delivers";
                if (state.split(":")[0] !== expected) throw new Error(`${title}, ${name}: ${way} ${state}, not ${expected}`);
                if (expected !== "rejects" && !(median > 0)) throw new Error(`${title}, ${name}: ${way} has no figure`);
            }
        }
    }
    console.log("\nThe ways agree.");
}

/** In general terms: what the figures depend on, nothing about whose machine it is. */
function machine() {
    const [busy] = loadavg();
    return `${cpus().length} processors, ${process.platform} ${process.arch}, load ${busy.toFixed(1)} at the end`;
}

async function versions() {
    const { dependencies, devDependencies } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
    return { ...dependencies, "@hey-api/openapi-ts": devDependencies["@hey-api/openapi-ts"] };
}
