import { readFileSync } from "node:fs";
import { join } from "node:path";
import { provide } from "../edge/module.js";

// What `require()` finds only runtimes with files have: it reads the module that lies beside it.
provide(() => readFileSync(join(__dirname, "edge-core.wasm")));

export * from "../edge/surface.js";
