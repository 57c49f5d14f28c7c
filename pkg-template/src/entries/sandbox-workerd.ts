import module from "../sandbox-core.wasm";
import { initSync } from "../sandbox-core.js";
import { start } from "../client/start.js";
import { make, type Sandbox, type SandboxOptions } from "../sandbox/api.js";

/** The sandbox of Workers, which refuse to compile bytes: the runtime compiles the imported module. See sandbox.ts. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
    start(initSync, () => module);
    return make(options);
}

export * from "../sandbox/surface.js";
