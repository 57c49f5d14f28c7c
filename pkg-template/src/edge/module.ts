import { Engine } from "../client/engine.js";
import { start } from "../client/start.js";
import { __wbg_reset_state as restart, Core, initSync, Pages, type WasmModule } from "../edge-core.js";

let load: (() => WasmModule) | undefined;

/** Says where the module of the edge comes from. Each entry does so at its import; the module starts when it is first used. */
export function provide(module: () => WasmModule): void {
    load = module;
}

/**
 * Starts the module, unless it runs already; whatever uses an export of it calls this first. Throws a PaymentsError with the
 * code `unsupported_runtime` where the runtime does not let it.
 */
export function started(): Engine {
    start(initSync, load as () => WasmModule);
    return ENGINE;
}

/**
 * Calls an export of the module. What that throws on purpose is text. Anything else is a trap, which leaves memory behind in
 * which nothing can go on: the next call finds a fresh instance.
 */
export function called<T>(call: () => T): T {
    const engine = started();
    const instance = engine.lost;
    try {
        return call();
    } catch (thrown) {
        if (typeof thrown !== "string" && instance === engine.lost) engine.replace(thrown);
        throw thrown;
    }
}

/** The module with client and edge. */
const ENGINE = /* @__PURE__ */ new Engine({ Core, Pages, restart });
