import module from "../sandbox-core.wasm";
import { initSync } from "../sandbox-core.js";

// Workers refuse to compile bytes: the runtime compiles the imported module.
initSync({ module });

export * from "../sandbox/api.js";
