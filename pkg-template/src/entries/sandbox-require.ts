import { readFileSync } from "node:fs";
import { join } from "node:path";
import { initSync } from "../sandbox-core.js";
import { start } from "../client/start.js";
import { make, type Sandbox, type SandboxOptions } from "../sandbox/api.js";

/** The sandbox of `require()`, which only runtimes with files have: it reads the module that lies beside it. See sandbox.ts. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
    start(initSync, () => readFileSync(join(__dirname, "sandbox-core.wasm")));
    return make(options);
}

export * from "../sandbox/surface.js";
