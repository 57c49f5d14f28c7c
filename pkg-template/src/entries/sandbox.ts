import module from "../sandbox-core-bytes.js";
import { initSync } from "../sandbox-core.js";
import { start } from "../client/start.js";
import { make, type Sandbox, type SandboxOptions } from "../sandbox/api.js";

/**
 * Makes a sandbox with its data. The first one starts the WebAssembly module: where the runtime does not let it, throws a
 * PaymentsError with the code `unsupported_runtime` that says what to do.
 *
 * ```ts
 * import { PaymentsClient } from "ghl-payments";
 * import { createSandbox } from "ghl-payments/sandbox";
 *
 * const sandbox = createSandbox({ seed: 7 });
 * const payments = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
 * ```
 *
 * @param options How it begins; the same options give the same data.
 */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
    // Inlined: no bundler set-up, no second request, and nothing to await.
    start(initSync, module);
    return make(options);
}

export * from "../sandbox/surface.js";
