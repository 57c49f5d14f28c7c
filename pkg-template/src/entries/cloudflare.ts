import { Keeping } from "../cloudflare/keeper.js";

export * from "../cloudflare/surface.js";

/**
 * The class of the Durable Objects in which `durableStore` keeps tokens, one object for each account. Name it among the
 * `new_sqlite_classes` of your migrations, and export it from your Worker:
 *
 * ```ts
 * export { TokenKeeper } from "ghl-payments/cloudflare";
 * ```
 */
export class TokenKeeper extends Keeping {}
