export * from "../client/surface.js";
export { PaymentsClient } from "./client.js";
export type * from "../edge-models.js";
export { isWebhookEvent, verifyWebhook, WebhookError } from "./webhook.js";
export type {
    NamedHeaders,
    OfType,
    UnknownWebhookEvent,
    VerifyWebhookOptions,
    WebhookBody,
    WebhookDrift,
    WebhookErrorCode,
    WebhookEvent,
    WebhookHeaders,
    WebhookJwk,
    WebhookKey,
    WebhookMessage,
    WebhookType,
} from "./webhook.js";
export { createWebhookHandler } from "./webhook-handler.js";
export type {
    QueuedWebhook,
    RetryDelay,
    WebhookBatch,
    WebhookConsumer,
    WebhookContext,
    WebhookHandler,
    WebhookHandlerOptions,
    WebhookListeners,
    WebhookOutcome,
    WebhookQueue,
} from "./webhook-handler.js";
export type { WaitUntil } from "./context.js";
export { d1Seen, durableSeen, memorySeen } from "./seen.js";
export type { Claim, D1Database, D1SeenOptions, DurableSeenOptions, MemorySeenOptions, SeenStore } from "./seen.js";
export {
    createProxy,
    type Grant,
    type OperationName,
    type ProxyEvent,
    type ProxyHandler,
    type ProxyOptions,
    type ProxyTokenContext,
} from "./proxy.js";
export {
    createOAuth,
    type Authorization,
    type AuthorizeOptions,
    type CompanyAccount,
    type Installed,
    type OAuth,
    type OAuthOptions,
    type RedirectOptions,
    type TokenWanted,
} from "./oauth.js";
export { OAuthError, type OAuthErrorCode, type OAuthErrorJson } from "./oauth-error.js";
export {
    d1Store,
    durableStore,
    memoryStore,
    type D1Like,
    type D1ResultLike,
    type D1StatementLike,
    type D1StoreOptions,
    type MemoryStoreOptions,
    type NamespaceLike,
    type TokenRow,
    type TokenStore,
    type TokenTransaction,
} from "./stores.js";
export type { KeySource } from "./vault.js";
export { createProvider } from "./provider.js";
export type {
    AnyPush,
    ApiKeyContext,
    ApiKeySource,
    EndedSubscriptions,
    Provider,
    ProviderChange,
    ProviderInstallOptions,
    ProviderMode,
    ProviderModeKeys,
    ProviderOptions,
    ProviderSecret,
    ProviderSettings,
    ProviderStep,
    PushAmount,
    PushBody,
    PushedCharge,
    PushedSubscription,
    PushEvent,
    PushOptions,
    PushReceipt,
    ScheduleCapability,
    SecretsWith,
    TokenGiver,
} from "./provider.js";
export { readUserContext, UserContextError, type UserContextErrorCode } from "./user.js";
export { accountLookup, apiKeyHash, capabilitiesOf, createQueryHandler } from "./query.js";
export type {
    KnownAccount,
    ProviderCapabilities,
    QueryAbout,
    QueryErrorCode,
    QueryEvent,
    QueryHandler,
    QueryHandlerOptions,
    SnapshotUnits,
    VerifyStore,
} from "./query.js";
export { failed, pending, succeeded } from "./queries.js";
export type {
    ActiveSubscription,
    Answer,
    Awaitable,
    CancelSubscriptionAnswer,
    CancelSubscriptionQuery,
    ChargedDetails,
    ChargePaymentAnswer,
    ChargePaymentQuery,
    CreatedDetails,
    CreateSubscriptionAnswer,
    CreateSubscriptionQuery,
    Failed,
    FindChargeQuery,
    FoundCharge,
    KeylessRefundQuery,
    ListPaymentMethodsQuery,
    LookupContext,
    MajorOnly,
    PaidCharge,
    PaidDetails,
    PaymentVerifyQuery,
    Pending,
    PendingCharge,
    PendingChargeDetails,
    ProviderAccount,
    QueryAction,
    QueryHandlers,
    RefundableCharge,
    RefundAnswer,
    RefundQuery,
    SubscribedDetails,
    SubscriptionVerifyQuery,
    Succeeded,
    TrialingSubscription,
    UnknownQuery,
    VerifyAnswer,
    VerifyQuery,
} from "./queries.js";
