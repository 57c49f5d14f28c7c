export * from "../client/surface.js";
export { PaymentsClient } from "./client.js";
export type * from "../edge-models.js";
export { isWebhookEvent, verifyWebhook, WebhookError } from "./webhook.js";
export type {
    UnknownWebhookEvent,
    VerifyWebhookOptions,
    WebhookBody,
    WebhookDrift,
    WebhookErrorCode,
    WebhookEvent,
    WebhookHeaders,
    WebhookJwk,
    WebhookKey,
    WebhookType,
} from "./webhook.js";
export { createWebhookHandler } from "./webhook-handler.js";
export type {
    QueuedWebhook,
    WaitUntil,
    WebhookContext,
    WebhookHandler,
    WebhookHandlerOptions,
    WebhookListeners,
    WebhookMessage,
    WebhookOutcome,
    WebhookQueue,
} from "./webhook-handler.js";
export { d1Seen, durableSeen, memorySeen } from "./seen.js";
export type { Claim, D1Database, D1Statement, LedgerNamespace, SeenStore } from "./seen.js";
export {
    createProxy,
    type Grant,
    type OperationName,
    type ProxyEvent,
    type ProxyHandler,
    type ProxyOptions,
    type ProxyTokenContext,
} from "./proxy.js";
