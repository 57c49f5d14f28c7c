// The compiler of the repository's tools, with the settings that `nest new` writes.

const { execFileSync } = require("node:child_process");
const { dirname, join } = require("node:path");

const program = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
execFileSync(process.execPath, [program], { stdio: "inherit" });
