import { initSync, type WasmModule } from "../core.js";

export * from "../client/surface.js";
export type { CompiledModule, WasmModule } from "../core.js";

/**
 * Starts the client with a wasm module of your own loading: `ghl-payments/core.wasm`, as a compiled module or as bytes.
 * Call it once, before the first `new PaymentsClient`.
 *
 * @param module The compiled module, or its bytes where the runtime compiles bytes (Workers do not).
 */
export function initialize(module: WasmModule): void {
    initSync({ module });
}
