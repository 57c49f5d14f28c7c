// @ts-expect-error: only the bundlers of edge runtimes know the query; they compile the module.
import module from "../core.wasm?module";
import { initSync, type WasmModule } from "../core.js";
import { ENGINE } from "../client/core.js";
import { Client } from "../client/client.js";
import type { ClientOptions } from "../client/options.js";
import { start } from "../client/start.js";

/** The client of Vercel's and Next's edge runtime, which refuses to compile bytes. See index.ts. */
export class PaymentsClient extends Client {
    constructor(options: ClientOptions) {
        start(initSync, () => module as WasmModule);
        super(options, ENGINE);
    }
}

export * from "../client/surface.js";
