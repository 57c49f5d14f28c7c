import module from "../core.wasm";
import { initSync } from "../core.js";

// Workers refuse to compile bytes: the runtime compiles the imported module.
initSync({ module });

export * from "../client/surface.js";
