import { Client } from "../client/client.js";
import type { ClientOptions } from "../client/options.js";
import { started } from "./module.js";

/** The client of `ghl-payments`, in the one module that the edge has anyway. */
export class PaymentsClient extends Client {
    /**
     * Throws a ValidationError that says what is wrong with the options. What uses the module first starts it: where the
     * runtime does not let it, throws a PaymentsError with the code `unsupported_runtime` that says what to do.
     *
     * @param options The token, the location and how requests are made.
     */
    constructor(options: ClientOptions) {
        super(options, started());
    }
}
