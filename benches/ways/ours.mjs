// This package with its default options: checked, limited, with deadlines and retries.

import { PaymentsClient } from "ghl-payments";
import { over } from "./client.mjs";

export const open = over(PaymentsClient);
