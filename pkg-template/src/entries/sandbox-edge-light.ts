// @ts-expect-error: only the bundlers of edge runtimes know the query; they compile the module.
import module from "../sandbox-core.wasm?module";
import type { WasmModule } from "../core.js";
import { initSync } from "../sandbox-core.js";
import { start } from "../client/start.js";
import { make, type Sandbox, type SandboxOptions } from "../sandbox/api.js";

/** The sandbox of Vercel's and Next's edge runtime, which refuses to compile bytes. See sandbox.ts. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
    start(initSync, () => module as WasmModule);
    return make(options);
}

export * from "../sandbox/surface.js";
