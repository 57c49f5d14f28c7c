// @ts-expect-error: only Workers know it.
import { DurableObject } from "cloudflare:workers";
import { Locating } from "../agency/location.js";
import { Managing } from "../agency/company.js";
import { Keeping } from "../cloudflare/keeper.js";
import { durable } from "../cloudflare/object.js";
import module from "../edge-core.wasm";
import { provide } from "../edge/module.js";

// Workers refuse to compile bytes: the runtime compiles the imported module.
provide(() => module);

export * from "../agency/surface.js";
export * from "../cloudflare/surface.js";

/** The class of the objects of `durableStore`. See cloudflare.ts. */
export class TokenKeeper extends durable(DurableObject, Keeping) {}

/** The class of the objects of an agency sync, one for each location. See cloudflare.ts. */
export class GhlLocation extends durable(DurableObject, Locating) {}

/** The class of the objects of an agency sync, one for each company. See cloudflare.ts. */
export class GhlCompany extends durable(DurableObject, Managing) {}
