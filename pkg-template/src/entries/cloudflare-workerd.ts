// @ts-expect-error: only Workers know it.
import { DurableObject } from "cloudflare:workers";
import module from "../edge-core.wasm";
import { Keeping } from "../cloudflare/keeper.js";
import { durable } from "../cloudflare/object.js";
import { provide } from "../edge/module.js";

// Workers refuse to compile bytes: the runtime compiles the imported module.
provide(() => module);

export * from "../cloudflare/surface.js";

/** The class of the objects of `durableStore`. See cloudflare.ts. */
export class TokenKeeper extends durable(DurableObject, Keeping) {}
