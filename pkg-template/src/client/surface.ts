export type { PaymentsEvent, RateLimit } from "./client.js";
export type * from "./options.js";
export type {
    Coupons,
    CustomProvider,
    Integrations,
    Orders,
    PaymentRecorded,
    Subscriptions,
    Transactions,
} from "./resources.js";
export {
    AbortedError,
    AuthenticationError,
    ConflictError,
    DecodeError,
    InvalidRequestError,
    NetworkError,
    NotFoundError,
    PaymentsError,
    PermissionError,
    RateLimitError,
    ServerError,
    TimeoutError,
    ValidationError,
} from "./errors.js";
export { consoleLogger, type LogLevel } from "./logger.js";
export type { Issue, OperationInfo, Outcome } from "./errors.js";
export { Page, PagePromise, type Resumable } from "./pages.js";
export { ApiPromise, type ResponseInfo, type WithResponse } from "./promises.js";
export type * from "../models.js";
