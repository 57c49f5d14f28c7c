// Writes the lock files of the applications anew, after a change of the versions in their package.json files.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

for (const entry of readdirSync(import.meta.dirname, { withFileTypes: true })) {
    const folder = join(import.meta.dirname, entry.name);
    if (!entry.isDirectory() || !readdirSync(folder).includes("package.json")) continue;
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (!dependencies && !devDependencies) continue;
    // Without the addresses of one registry: each machine takes its own.
    const options = ["--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"];
    const { status } = spawnSync("npm", ["install", ...options], { cwd: folder, stdio: "inherit" });
    if (status !== 0) process.exit(1);
}
