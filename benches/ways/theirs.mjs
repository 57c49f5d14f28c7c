// Another build of this package, for `--vs`.

import { PaymentsClient } from "ghl-payments-other";
import { over } from "./client.mjs";

export const open = over(PaymentsClient);
