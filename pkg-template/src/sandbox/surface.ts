export { DroppedConnection } from "./api.js";
export type {
    Sandbox,
    SandboxFaults,
    SandboxLocation,
    SandboxOptions,
    SandboxRequest,
    SandboxState,
    SandboxTokenOptions,
} from "./api.js";
