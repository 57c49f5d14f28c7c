import module from "../core-bytes.js";
import { initSync } from "../core.js";
import { ENGINE } from "../client/core.js";
import { Client } from "../client/client.js";
import type { ClientOptions } from "../client/options.js";
import { start } from "../client/start.js";

/**
 * A client for the HighLevel Payments API.
 *
 * ```ts
 * import { PaymentsClient } from "ghl-payments";
 *
 * const payments = new PaymentsClient({ token, locationId });
 * const page = await payments.orders.list({ status: "completed", limit: 50 });
 * for await (const order of payments.orders.list({ startAt: "2024-02-01" })) console.log(order._id);
 * ```
 */
export class PaymentsClient extends Client {
    /**
     * Throws a ValidationError that says what is wrong with the options. The first client starts the WebAssembly module:
     * where the runtime does not let it, throws a PaymentsError with the code `unsupported_runtime` that says what to do.
     *
     * @param options The token, the location and how requests are made.
     */
    constructor(options: ClientOptions) {
        // Inlined: no bundler set-up, no second request, and nothing to await.
        start(initSync, module);
        super(options, ENGINE);
    }
}

export * from "../client/surface.js";
