// What the runtime starts: workerd compiles no bytes, so the module is imported and instantiated here.

import { fetch, initSync } from "./build/rust_worker.js";
import module from "./build/rust_worker_bg.wasm";

initSync({ module });

export default { fetch };
