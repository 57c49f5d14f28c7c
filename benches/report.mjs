// The figures as tables: for a terminal, and for `RESULTS.md`.

import { WAYS } from "./compare.mjs";

const COLUMNS = Object.keys(WAYS).filter((way) => way !== "raw");
const HEADS = { json: "json()", "hey-api-plain": "hey-api", "hey-api-valibot": "+ valibot", "hey-api-zod": "+ zod", ours: "this package" };

/** A figure, `rejects` or `fails`, where there is none. Where numbers had to be repaired, a star marks who hands them on as texts. */
function cell({ state, median }, repairing) {
    if (median === undefined) return state.split(":")[0];
    return `${median.toFixed(2)}${repairing && state !== "repairs" ? "*" : ""}`;
}

const missed = ({ target, ways }) => target !== undefined && !(ways.ours.median <= target);
const goal = (part) => (part.target === undefined ? "" : `${part.target.toFixed(2)}${missed(part) ? " missed" : ""}`);

function rows({ cases }) {
    const heads = ["", "raw, us", ...COLUMNS.map((way) => HEADS[way] ?? WAYS[way]), "target", "middle half of this package's"];
    const body = cases.map((one) => {
        const repairing = one.name === "repairs";
        const { low, high } = one.ways.ours;
        const half = low === undefined ? "" : `${low.toFixed(2)} to ${high.toFixed(2)}`;
        return [one.title, one.microseconds.toFixed(0), ...COLUMNS.map((way) => cell(one.ways[way], repairing)), goal(one), half];
    });
    return [heads, ...body];
}

/** What is written down says nothing about where things lie on one machine. */
export const withoutPaths = (text) => text.replace(/(file:\/\/)?(\/[\w.@+-]+)+\//g, "");

/** Why a way has no figures: once for each way and reason. */
function reasons({ cases }) {
    const all = cases.flatMap(({ ways }) =>
        Object.entries(ways).flatMap(([way, { state }]) => (/^(fails|rejects)/.test(state) ? [withoutPaths(`${WAYS[way]} ${state}`)] : [])),
    );
    return [...new Set(all)];
}

/** One part for a terminal. */
export function text(part) {
    if (part.failed) return `\n${part.name}: not measured: ${part.failed}`;
    const table = rows(part);
    const widths = table[0].map((_, at) => Math.max(...table.map((row) => row[at].length)));
    const line = (row) => row.map((one, at) => (at === 0 ? one.padEnd(widths[at]) : one.padStart(widths[at]))).join("  ");
    const rounds = part.cases[0]?.rounds;
    return [`\n${part.title}, ${rounds} rounds`, ...table.map(line), ...reasons(part)].join("\n");
}

/** One part for the document. */
export function markdown(part) {
    if (part.failed) return `### ${part.name}\n\nNot measured: ${withoutPaths(part.failed)}.\n`;
    const [heads, ...body] = rows(part);
    const line = (row) => `| ${row.join(" | ")} |`;
    const marked = body.map((row) => row.map((one) => (one.endsWith("missed") ? `**${one}**` : one)));
    const table = [line(heads), line(heads.map((_, at) => (at === 0 ? "---" : "--:"))), ...marked.map(line)];
    const notes = reasons(part).map((reason) => `- ${reason.replaceAll("|", "\\|")}`);
    return [`### ${part.title}`, "", ...table, "", ...(notes.length ? [...notes, ""] : [])].join("\n");
}

export { missed };

const MARKS = ["<!-- speed: written by `cargo xtask bench` -->", "<!-- speed ends -->"];

/** The document: everything that was measured, when, on what, with what. */
export function document({ date, machine, versions, parts, more }) {
    const lines = parts.flatMap(({ title, cases }) => (cases ?? []).filter(missed).map((one) => `${title}: ${one.title}`));
    return `# Results

Written by \`cargo xtask bench\`; [README.md](README.md) says what is measured and how.

${date}, ${machine}. ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ")}.

![The page of 80 KB in every engine](results.svg)

Each figure is the median of the ratio to \`fetch\` + \`arrayBuffer\` + \`TextDecoder\` + \`JSON.parse\` in the same round. \`*\`: numbers
that came as texts are delivered as texts. \`rejects\`: this answer is refused. \`fails\`: there is no figure, and the list below
the table says why.

${parts.map(markdown).join("\n")}
${more.join("\n")}
## Targets that were missed

${lines.length ? lines.map((line) => `- ${line}`).join("\n") : "None."}
`;
}

/** The sentence of the README, between its marks. */
export function sentence(readme, { date, parts }) {
    const [from, to] = MARKS.map((mark) => readme.indexOf(mark));
    if (from < 0 || to < from) throw new Error(`README.md does not hold ${MARKS.join(" and ")}`);
    const figures = parts.flatMap(({ title, cases }) => {
        if (!cases || title.includes("loopback")) return [];
        const of = (name) => cases.find((one) => one.name === name)?.ways.ours?.median?.toFixed(2) ?? "-";
        return [`| ${title} | ${["page", "ascii", "large", "one", "empty"].map(of).join(" | ")} |`];
    });
    const text = `
- Speed: how many times a checked call takes as long as bare \`fetch\`, \`arrayBuffer\` and \`JSON.parse\` (\`cargo xtask bench\`,
  ${date}; it differs from machine to machine, [RESULTS.md](benches/RESULTS.md) has the rest, other clients and missed targets):

  | | 80 KB | 80 KB, ASCII only | 350 KB | one order | empty answer |
  |---|--:|--:|--:|--:|--:|
${figures.map((line) => `  ${line}`).join("\n")}

`;
    return `${readme.slice(0, from + MARKS[0].length)}${text}${readme.slice(to)}`;
}
