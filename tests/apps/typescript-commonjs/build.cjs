// A compiler of the repository's tools, with one way to find modules.

const { execFileSync } = require("node:child_process");
const { dirname, join } = require("node:path");

const [compiler, resolution] = process.argv.slice(2);
const program = join(dirname(require.resolve(`${compiler}/package.json`)), "bin/tsc");
execFileSync(process.execPath, [program, "--module", resolution, "--moduleResolution", resolution], { stdio: "inherit" });
