import bytes from "../sandbox-core-bytes.js";
import { initSync } from "../sandbox-core.js";

// The bytes are inlined: no bundler set-up, no second request, and nothing to await.
initSync({ module: bytes });

export * from "../sandbox/api.js";
