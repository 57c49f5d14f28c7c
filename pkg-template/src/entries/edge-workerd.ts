import module from "../edge-core.wasm";
import { provide } from "../edge/module.js";

// Workers refuse to compile bytes: the runtime compiles the imported module.
provide(() => module);

export * from "../edge/surface.js";
