// @ts-expect-error: only Workers know it.
import { DurableObject } from "cloudflare:workers";
import { Keeping } from "../cloudflare/keeper.js";
import { durable } from "../cloudflare/object.js";

export * from "../cloudflare/surface.js";

/** The class of the objects of `durableStore`. See cloudflare.ts. */
export class TokenKeeper extends durable(DurableObject, Keeping) {}
