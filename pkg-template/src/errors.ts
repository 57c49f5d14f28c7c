import type { RateLimit } from "./client.js";

/**
 * After a failure: was the operation carried out?
 *
 * - `not_sent`: nothing left this process;
 * - `rejected`: the server said no;
 * - `unknown`: it may have been carried out (timeout, dropped connection, 5xx on a write);
 * - `applied`: it was carried out, but the answer could not be read.
 */
export type Outcome = "not_sent" | "rejected" | "unknown" | "applied";

/** The operation that a call was about. */
export interface OperationInfo {
    /** HighLevel's operationId, such as `get-order-by-id`. */
    id: string;
    /** The method of this client, such as `orders.get`. */
    name: string;
    /** The HTTP method. */
    method: "GET" | "POST" | "PUT" | "DELETE";
    /** The path template, such as `/payments/orders/{orderId}`. */
    path: string;
}

/** One thing that is wrong with the input. */
export interface Issue {
    /** Where, such as `items[0].qty`; empty for the whole. */
    path: string;
    /** What is wrong and what is expected. */
    message: string;
}

/** What an error is made from. */
export interface ErrorInfo {
    name: string;
    code: string;
    message: string;
    outcome: Outcome;
    status?: number;
    messages?: string[];
    traceId?: string;
    retryable?: boolean;
    attempts?: number;
    operation?: OperationInfo;
    body?: string;
    issues?: Issue[];
    path?: string;
    expected?: string;
    found?: string;
    retryAfterMs?: number;
    rateLimit?: RateLimit;
}

/** The base of everything that this client throws. It never holds the token. */
export class PaymentsError extends Error {
    /** The name of the class, such as `NotFoundError`; a minifier leaves it alone. */
    override readonly name: string = "PaymentsError";
    /** A stable text in snake case, such as `not_found` or `timeout`. */
    readonly code: string;
    /** The HTTP status, if there was an answer. */
    readonly status?: number;
    /** The messages in HighLevel's answer. */
    readonly messages: string[];
    /** HighLevel's id for support requests. */
    readonly traceId?: string;
    /** Whether sending the same call again is safe and may help. */
    readonly retryable: boolean;
    /** How often the call was sent. */
    readonly attempts: number;
    /** Whether the operation was carried out. */
    readonly outcome: Outcome;
    /** The operation, if it got that far. */
    readonly operation?: OperationInfo;
    /** The answer's body: JSON as a value, anything else as text. Secrets are masked. */
    readonly body?: unknown;

    /** @internal */
    constructor(info: ErrorInfo, cause?: unknown) {
        super(info.message, cause === undefined ? undefined : { cause });
        this.code = info.code;
        this.messages = info.messages ?? [];
        this.retryable = info.retryable ?? false;
        this.attempts = info.attempts ?? 0;
        this.outcome = info.outcome;
        if (info.status !== undefined) this.status = info.status;
        if (info.traceId !== undefined) this.traceId = info.traceId;
        if (info.operation !== undefined) this.operation = info.operation;
        if (info.body !== undefined) this.body = parsed(info.body);
    }
}

/** The input is wrong; nothing was sent. */
export class ValidationError extends PaymentsError {
    override readonly name = "ValidationError";
    /** Everything that is wrong. */
    readonly issues: Issue[];

    /** @internal */
    constructor(info: ErrorInfo, cause?: unknown) {
        super(info, cause);
        this.issues = info.issues ?? [];
    }
}

/** 401: the token is missing, wrong or expired, or lacks the scope. */
export class AuthenticationError extends PaymentsError {
    override readonly name = "AuthenticationError";
}

/** 403: the token may not do this, or a firewall refused. */
export class PermissionError extends PaymentsError {
    override readonly name = "PermissionError";
}

/** 404: there is no such record. */
export class NotFoundError extends PaymentsError {
    override readonly name = "NotFoundError";
}

/** 409: the record is in a state that forbids this, or is being changed. */
export class ConflictError extends PaymentsError {
    override readonly name = "ConflictError";
}

/** 400 and 422: HighLevel refuses the input; see `messages`. */
export class InvalidRequestError extends PaymentsError {
    override readonly name = "InvalidRequestError";
}

/** 429: too many requests. */
export class RateLimitError extends PaymentsError {
    override readonly name = "RateLimitError";
    /** Milliseconds that the server asks to wait, if it does. */
    readonly retryAfterMs?: number;
    /** The limits, if the server named them. */
    readonly rateLimit?: RateLimit;

    /** @internal */
    constructor(info: ErrorInfo, cause?: unknown) {
        super(info, cause);
        if (info.retryAfterMs !== undefined) this.retryAfterMs = info.retryAfterMs;
        if (info.rateLimit !== undefined) this.rateLimit = info.rateLimit;
    }
}

/** 5xx: HighLevel failed; look at `outcome` before you try again. */
export class ServerError extends PaymentsError {
    override readonly name = "ServerError";
}

/** No whole answer came: connection refused, dropped, or blocked by CORS. */
export class NetworkError extends PaymentsError {
    override readonly name = "NetworkError";
}

/** No whole answer came in time (`timeoutMs`). */
export class TimeoutError extends PaymentsError {
    override readonly name = "TimeoutError";
}

/** Your `signal` aborted the call. */
export class AbortedError extends PaymentsError {
    override readonly name = "AbortedError";
}

/** A 2xx answer that is not what HighLevel promises. */
export class DecodeError extends PaymentsError {
    override readonly name = "DecodeError";
    /** Where, such as `data[57].amount`; empty for the whole. */
    readonly path: string;
    /** What is promised. */
    readonly expected: string;
    /** What came. */
    readonly found: string;

    /** @internal */
    constructor(info: ErrorInfo, cause?: unknown) {
        super(info, cause);
        this.path = info.path ?? "";
        this.expected = info.expected ?? "";
        this.found = info.found ?? "";
    }
}

const CLASSES: Record<string, typeof PaymentsError> = {
    ValidationError,
    AuthenticationError,
    PermissionError,
    NotFoundError,
    ConflictError,
    InvalidRequestError,
    RateLimitError,
    ServerError,
    NetworkError,
    TimeoutError,
    AbortedError,
    DecodeError,
};

/** The error for what the core reports. */
export function toError(info: ErrorInfo, cause?: unknown): PaymentsError {
    return new (CLASSES[info.name] ?? PaymentsError)(info, cause);
}

/** The error for what the core reports: JSON text, or that and a cause. */
export function failure(reason: unknown): unknown {
    const [info, cause] = Array.isArray(reason) ? (reason as [unknown, unknown]) : [reason, undefined];
    if (typeof info !== "string") return reason;
    return toError(JSON.parse(info) as ErrorInfo, cause);
}

/** An error for input that does not reach the core. */
export function invalid(path: string, message: string, cause?: unknown): ValidationError {
    const text = path === "" ? message : `${path} ${message}`;
    const issues = [{ path, message }];
    return new ValidationError(
        { name: "ValidationError", code: "validation_failed", message: text, outcome: "not_sent", issues },
        cause,
    );
}

function parsed(body: string): unknown {
    try {
        return JSON.parse(body);
    } catch {
        return body;
    }
}
