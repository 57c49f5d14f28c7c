// @ts-expect-error: only the bundlers of edge runtimes know the query; they compile the module.
import module from "../edge-core.wasm?module";
import type { WasmModule } from "../edge-core.js";
import { provide } from "../edge/module.js";

// Vercel's and Next's edge runtime refuses to compile bytes.
provide(() => module as WasmModule);

export * from "../edge/surface.js";
