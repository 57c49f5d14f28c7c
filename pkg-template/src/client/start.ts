import type { WasmModule } from "../core.js";
import { PaymentsError } from "./errors.js";

/** The `initSync` of a module's glue. */
type Start = (options: { module: WasmModule }) => unknown;

/** Whose module runs. */
const started = new Set<Start>();

/**
 * Starts a wasm module, unless it runs already. The entries leave this to the first client or sandbox, so that an import
 * neither costs anything nor throws; after a failure the next one tries again.
 *
 * @param initSync How the glue of the module is started.
 * @param load Gives the module.
 */
export function start(initSync: Start, load: () => WasmModule): void {
    if (started.has(initSync)) return;
    if (typeof WebAssembly !== "object") {
        throw unsupported(
            "this runtime has no WebAssembly, which the client is made of. Lockdown Mode on Apple's devices switches it off " +
                "until the user exempts the site, and so does `node --jitless`. Call the API from another runtime, such as a server",
        );
    }
    const module = load();
    try {
        initSync({ module });
    } catch (cause) {
        throw unsupported(
            `this runtime does not start the WebAssembly module (${cause}). A page with a Content-Security-Policy needs ` +
                "'wasm-unsafe-eval' in script-src. An edge runtime that refuses to compile bytes needs a bundler with the " +
                "condition workerd or edge-light, or the entry slim with a module that the runtime has compiled",
            cause,
        );
    }
    started.add(initSync);
}

/** The error of a runtime in which there can be no client or sandbox. */
export function unsupported(message: string, cause?: unknown): PaymentsError {
    return new PaymentsError({ name: "PaymentsError", code: "unsupported_runtime", message, outcome: "not_sent" }, cause);
}
