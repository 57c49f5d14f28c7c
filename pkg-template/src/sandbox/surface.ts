export { DroppedConnection } from "./api.js";
export type {
    Sandbox,
    SandboxApp,
    SandboxAppOptions,
    SandboxChecks,
    SandboxFaults,
    SandboxInstallOptions,
    SandboxLocation,
    SandboxOptions,
    SandboxRecordOptions,
    SandboxRecordsOptions,
    SandboxRequest,
    SandboxState,
    SandboxStream,
    SandboxTokenOptions,
} from "./api.js";
export type { SandboxQueries } from "./checkout.js";
export { HighLevelFrame } from "./frame.js";
export type { FrameContainer, FrameElement, FramePosted, HighLevelFrameOptions } from "./frame.js";
export { connectSandbox, SandboxConnectionError } from "./remote.js";
export type { ConnectSandboxOptions, RemoteSandbox, SandboxInfo } from "./remote.js";
export { serveSandbox } from "./steering.js";
export type { SteeringOptions } from "./steering.js";
export type {
    SandboxDelivery,
    SandboxWebhookForm,
    SandboxWebhookKeys,
    SandboxWebhookOptions,
    SandboxWebhooks,
    SandboxWebhooksOptions,
    SandboxWebhookType,
} from "./webhooks.js";
export type {
    Awaitable,
    CancelSubscriptionOptions,
    CancelSubscriptionResult,
    ChargeOptions,
    ChargeResult,
    CheckoutFault,
    CheckoutOptions,
    CheckoutQuirks,
    CheckoutSession,
    CheckoutState,
    CheckoutStep,
    ConnectProviderOptions,
    CreateSubscriptionOptions,
    CreateSubscriptionResult,
    DuePayment,
    FrameMessage,
    HighLevel,
    ListedPaymentMethod,
    ListPaymentMethodsOptions,
    PaymentMethodsResult,
    ProtocolIssue,
    QueryOptions,
    QueryResult,
    RefundOptions,
    RefundResult,
    SubscriptionPlan,
    TimelineEntry,
    TimelineParty,
} from "./highlevel.js";
