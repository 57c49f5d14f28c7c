import bytes from "./sandbox-core-bytes.js";
import { initSync } from "./sandbox-core.js";

// The bytes are inlined: no bundler set-up, no second request, and nothing to await.
initSync({ module: Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0)) });

export * from "./sandbox-api.js";
