import module from "../edge-core-bytes.js";
import { provide } from "../edge/module.js";

// Inlined: no bundler set-up, no second request, and nothing to await.
provide(module);

export * from "../edge/surface.js";
