export { DroppedConnection } from "./api.js";
export type {
    Sandbox,
    SandboxApp,
    SandboxAppOptions,
    SandboxFaults,
    SandboxInstallOptions,
    SandboxLocation,
    SandboxOptions,
    SandboxRequest,
    SandboxState,
    SandboxTokenOptions,
} from "./api.js";
export type {
    SandboxDelivery,
    SandboxWebhookForm,
    SandboxWebhookKeys,
    SandboxWebhookOptions,
    SandboxWebhooks,
    SandboxWebhooksOptions,
    SandboxWebhookType,
} from "./webhooks.js";
