import module from "../core.wasm";
import { initSync } from "../core.js";
import { ENGINE } from "../client/core.js";
import { Client } from "../client/client.js";
import type { ClientOptions } from "../client/options.js";
import { start } from "../client/start.js";

/** The client of Workers, which refuse to compile bytes: the runtime compiles the imported module. See index.ts. */
export class PaymentsClient extends Client {
    constructor(options: ClientOptions) {
        start(initSync, () => module);
        super(options, ENGINE);
    }
}

export * from "../client/surface.js";
