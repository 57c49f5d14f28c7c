import { __wbg_reset_state as restart, Core, Pages } from "../core.js";
import { Engine } from "./engine.js";

/** The client's own module. */
export const ENGINE = /* @__PURE__ */ new Engine({ Core, Pages, restart, spare: true });
