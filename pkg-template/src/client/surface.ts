export type * from "./events.js";
export type * from "./options.js";
export type * from "./parameters.js";
export type {
    Coupons,
    CustomProvider,
    Integrations,
    Orders,
    PaymentRecorded,
    Resources,
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
export type { Issue, Outcome, PaymentsErrorJson } from "./errors.js";
export { Page, PagePromise, type Resumable } from "./pages.js";
export { ApiPromise, type ResponseInfo, type WithResponse } from "./promises.js";
export type * from "../models.js";
