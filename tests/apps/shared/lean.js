import { NotFoundError, PaymentsError, consoleLogger } from "ghl-payments";
// All that some settings of TypeScript leave of an import of types.
import "ghl-payments/sandbox";

document.title = [NotFoundError, PaymentsError, consoleLogger].map((it) => it.name).join(" ");
