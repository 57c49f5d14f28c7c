export type * from "../edge-models.js";
export { WebhookLedger } from "./ledger.js";
