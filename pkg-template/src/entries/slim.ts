import { initSync, type WasmModule } from "../core.js";
import { ENGINE } from "../client/core.js";
import { Client } from "../client/client.js";
import { PaymentsError } from "../client/errors.js";
import type { ClientOptions } from "../client/options.js";
import { start } from "../client/start.js";

export * from "../client/surface.js";
export type { CompiledModule, WasmModule } from "../core.js";

/**
 * Starts the client with a wasm module of your own loading: `ghl-payments/core.wasm`, as a compiled module or as bytes.
 * Call it once, before the first `new PaymentsClient`. Throws a PaymentsError with the code `unsupported_runtime` where the
 * runtime does not start the module.
 *
 * @param module The compiled module, or its bytes where the runtime compiles bytes (Workers do not).
 */
export function initialize(module: WasmModule): void {
    start(initSync, () => module);
}

/** A client for the HighLevel Payments API, as in the entry `ghl-payments`; call {@link initialize} first. */
export class PaymentsClient extends Client {
    /**
     * Throws a ValidationError that says what is wrong with the options, and a PaymentsError with the code
     * `not_initialized` before {@link initialize} was called.
     *
     * @param options The token, the location and how requests are made.
     */
    constructor(options: ClientOptions) {
        start(initSync, missing);
        super(options, ENGINE);
    }
}

function missing(): never {
    const message = "call initialize(module) of ghl-payments/slim before the first new PaymentsClient";
    throw new PaymentsError({ name: "PaymentsError", code: "not_initialized", message, outcome: "not_sent" });
}
