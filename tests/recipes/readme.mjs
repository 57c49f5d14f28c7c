// The section of the package's README about tests, made from section.md and the files that the suite runs.
//
//   node readme.mjs write README   puts it between the marks
//   node readme.mjs check README   fails if something else stands there

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

const MARKED = /(<!-- recipes: made by tests\/recipes\/readme\.mjs -->\n)([^]*?)(<!-- \/recipes -->)/;

const [command, file] = process.argv.slice(2);
const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const section = read("section.md").replace(
    /^<!-- (\S+\.(js|html)) -->$/gm,
    (_, path, kind) => `\`\`\`${kind}\n${read(path).trimEnd()}\n\`\`\``,
);

const readme = readFileSync(file, "utf8");
const found = MARKED.exec(readme);
if (found === null) fail("has no place for the recipes");
if (command === "write") {
    writeFileSync(file, readme.replace(MARKED, (_, open, __, close) => open + section + close));
} else if (found[2] !== section) {
    fail("shows other recipes than are run: node tests/recipes/readme.mjs write pkg-template/README.md");
} else {
    console.log(`the README shows the ${section.split(/```(?:js|html)/).length - 1} files of the recipes as they are run`);
}

function fail(what) {
    console.error(`${file} ${what}`);
    process.exit(1);
}
