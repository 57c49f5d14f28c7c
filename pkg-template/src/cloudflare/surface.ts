export type * from "../edge-models.js";
export { WebhookLedger, type LedgerRows, type LedgerSql, type LedgerState, type LedgerStorage } from "./ledger.js";
