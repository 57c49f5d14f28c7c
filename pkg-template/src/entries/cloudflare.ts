import module from "../edge-core-bytes.js";
import { Locating } from "../agency/location.js";
import { Managing } from "../agency/company.js";
import { Keeping } from "../cloudflare/keeper.js";
import { provide } from "../edge/module.js";

// Inlined: no bundler set-up, no second request, and nothing to await.
provide(module);

export * from "../agency/surface.js";
export * from "../cloudflare/surface.js";

/**
 * The class of the Durable Objects in which `durableStore` keeps tokens, one object for each account. Name it among the
 * `new_sqlite_classes` of your migrations, and export it from your Worker:
 *
 * ```ts
 * export { TokenKeeper } from "ghl-payments/cloudflare";
 * ```
 */
export class TokenKeeper extends Keeping {
    /** By this Cloudflare's types know a Durable Object: `DurableObjectNamespace<TokenKeeper>`. It exists as a type only. */
    declare readonly __DURABLE_OBJECT_BRAND: never;
}

/**
 * The class of the Durable Objects that sync the locations, one object for each: it reads the lists, stores the records, and all
 * requests of its location share its limits. Name it among the `new_sqlite_classes` of your migrations, and export it from your
 * Worker, which calls only the functions of this entry:
 *
 * ```ts
 * export { GhlCompany, GhlLocation, TokenKeeper } from "ghl-payments/cloudflare";
 * ```
 */
export class GhlLocation extends Locating {
    /** By this Cloudflare's types know a Durable Object: `DurableObjectNamespace<GhlLocation>`. It exists as a type only. */
    declare readonly __DURABLE_OBJECT_BRAND: never;
}

/**
 * The class of the Durable Objects that keep the runs, one object for each company: it knows the locations, gives them their turns, and
 * hears of them. It is exported as {@link GhlLocation} is.
 */
export class GhlCompany extends Managing {
    /** By this Cloudflare's types know a Durable Object: `DurableObjectNamespace<GhlCompany>`. It exists as a type only. */
    declare readonly __DURABLE_OBJECT_BRAND: never;
}
