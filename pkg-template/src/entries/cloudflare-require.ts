import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Locating } from "../agency/location.js";
import { Managing } from "../agency/company.js";
import { Keeping } from "../cloudflare/keeper.js";
import { provide } from "../edge/module.js";

// What `require()` finds only runtimes with files have: it reads the module that lies beside it.
provide(() => readFileSync(join(__dirname, "edge-core.wasm")));

export * from "../agency/surface.js";
export * from "../cloudflare/surface.js";

/** The class of the objects of `durableStore`. See cloudflare.ts. */
export class TokenKeeper extends Keeping {}

/** The class of the objects of an agency sync, one for each location. See cloudflare.ts. */
export class GhlLocation extends Locating {}

/** The class of the objects of an agency sync, one for each company. See cloudflare.ts. */
export class GhlCompany extends Managing {}
