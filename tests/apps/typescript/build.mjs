// The oldest and the newest compiler of the repository's tools, each with one way to find modules.

import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const { resolve } = createRequire(import.meta.url);

for (const [compiler, project] of [
    ["typescript", "tsconfig.node16.json"],
    ["typescript-newest", "tsconfig.bundler.json"],
]) {
    const program = join(dirname(resolve(`${compiler}/package.json`)), "bin/tsc");
    execFileSync(process.execPath, [program, "--project", project], { stdio: "inherit" });
}
