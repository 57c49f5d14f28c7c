import { PaymentsClient } from "./index.js";
import * as slim from "./slim.js";

// What `require()` finds is one file. The entry slim takes its part from here, for a second copy would double the client.
Object.defineProperty(PaymentsClient, Symbol.for("ghl-payments/slim"), { value: slim });

export * from "./index.js";
