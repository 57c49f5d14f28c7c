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

/** @internal What an error is made from: its fields, and its body as text. */
export type ErrorInfo = Pick<PaymentsError, "name" | "code" | "message" | "outcome"> & Record<string, unknown>;

/** The base of everything that this client throws. It never holds the token. */
export class PaymentsError extends Error {
    /** The name of the class, such as `NotFoundError`; a minifier leaves it alone. */
    declare readonly name: string;
    /** A stable text in snake case, such as `not_found` or `timeout`. */
    declare readonly code: string;
    /** The HTTP status, if there was an answer. */
    declare readonly status?: number;
    /** The messages in HighLevel's answer. */
    declare readonly messages: string[];
    /** HighLevel's id for support requests. */
    declare readonly traceId?: string;
    /** Whether sending the same call again is safe and may help. */
    declare readonly retryable: boolean;
    /** How many attempts were made, also those that ended before anything left. */
    declare readonly attempts: number;
    /** Whether the operation was carried out. */
    declare readonly outcome: Outcome;
    /** The operation, if it got that far. */
    declare readonly operation?: OperationInfo;
    /** The answer's body: JSON as a value, anything else as text. Secrets are masked. */
    declare readonly body?: unknown;
    /** Milliseconds that the server asks to wait, if it does. */
    declare readonly retryAfterMs?: number;
    /** The limits, if the server named them. */
    declare readonly rateLimit?: RateLimit;
    /** Ids of the transactions that may be the payment, where `orders.recordPaymentOnce` cannot tell. */
    declare readonly candidates?: string[];

    /** @internal */
    constructor({ message, body, ...fields }: ErrorInfo, cause?: unknown) {
        super(message, cause === undefined ? undefined : { cause });
        Object.assign(this, { messages: [], retryable: false, attempts: 0 }, fields);
        if (body !== undefined) Object.assign(this, { body: parsed(body as string) });
    }
}

/** The input is wrong; nothing was sent. */
export class ValidationError extends PaymentsError {
    declare readonly name: "ValidationError";
    /** Everything that is wrong. */
    declare readonly issues: Issue[];
}

/** 401: the token is missing, wrong or expired, or lacks the scope. */
export class AuthenticationError extends PaymentsError {
    declare readonly name: "AuthenticationError";
}

/** 403: the token may not do this, or a firewall refused. */
export class PermissionError extends PaymentsError {
    declare readonly name: "PermissionError";
}

/** 404: there is no such record. */
export class NotFoundError extends PaymentsError {
    declare readonly name: "NotFoundError";
}

/** 409: the record is in a state that forbids this, or is being changed. */
export class ConflictError extends PaymentsError {
    declare readonly name: "ConflictError";
}

/** 400, 422 and any other 4xx: HighLevel refuses the input; see `messages`. */
export class InvalidRequestError extends PaymentsError {
    declare readonly name: "InvalidRequestError";
}

/** 429: too many requests. */
export class RateLimitError extends PaymentsError {
    declare readonly name: "RateLimitError";
}

/** 5xx: HighLevel failed; look at `outcome` before you try again. */
export class ServerError extends PaymentsError {
    declare readonly name: "ServerError";
}

/** No whole answer came: connection refused, dropped, or blocked by CORS. */
export class NetworkError extends PaymentsError {
    declare readonly name: "NetworkError";
}

/** No whole answer came in time (`timeoutMs`), or the call took too long (`deadlineMs`). */
export class TimeoutError extends PaymentsError {
    declare readonly name: "TimeoutError";
}

/** Your `signal` aborted the call. */
export class AbortedError extends PaymentsError {
    declare readonly name: "AbortedError";
}

/** A 2xx answer that is not what HighLevel promises. */
export class DecodeError extends PaymentsError {
    declare readonly name: "DecodeError";
    /** Where, such as `data[57].amount`; empty for the whole. */
    declare readonly path: string;
    /** What is promised. */
    declare readonly expected: string;
    /** What came. */
    declare readonly found: string;
}

/** By their names in the core. */
const CLASSES: Record<string, typeof PaymentsError> = {
    ValidationError, AuthenticationError, PermissionError, NotFoundError, ConflictError, InvalidRequestError,
    RateLimitError, ServerError, NetworkError, TimeoutError, AbortedError, DecodeError,
};

/** The error for what the core reports: JSON text, or that and a cause. */
export function failure(reason: unknown): unknown {
    const [text, cause] = Array.isArray(reason) ? (reason as [unknown, unknown]) : [reason, undefined];
    if (typeof text !== "string") return reason;
    const info = JSON.parse(text) as ErrorInfo;
    return new (CLASSES[info.name] ?? PaymentsError)(info, cause);
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
