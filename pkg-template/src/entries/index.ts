import bytes from "../core-bytes.js";
import { initSync } from "../core.js";

// The bytes are inlined: no bundler set-up, no second request, and nothing to await.
initSync({ module: bytes });

export * from "../client/surface.js";
