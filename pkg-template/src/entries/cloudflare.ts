import module from "../edge-core-bytes.js";
import { provide } from "../edge/module.js";

// For tests in other runtimes than Cloudflare's. See cloudflare-workerd.ts.
provide(module);

export * from "../cloudflare/surface.js";
