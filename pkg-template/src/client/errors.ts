import type { OperationInfo, RateLimit } from "./events.js";
import { snapshot } from "./snapshot.js";

/**
 * After a failure: was the operation carried out?
 *
 * - `not_sent`: nothing left this process;
 * - `rejected`: the server said no;
 * - `unknown`: it may have been carried out (timeout, dropped connection, 5xx on a write); of `recordPaymentOnce` also where
 *   nobody could look whether it was;
 * - `applied`: it was carried out, but the answer could not be read.
 */
export type Outcome = "not_sent" | "rejected" | "unknown" | "applied";

/** One thing that is wrong with the input. */
export interface Issue {
    /** Where, such as `items[0].qty`; empty for the whole. */
    path: string;
    /** What is wrong and what is expected. */
    message: string;
}

/** @internal What an error is made from: its fields, and its body as text. */
export type ErrorInfo = Pick<PaymentsError, "name" | "code" | "message" | "outcome"> & Record<string, unknown>;

/**
 * An error as plain data, to be logged, stored or sent to another realm; {@link PaymentsError.from} makes an error of it again.
 * It has no other fields, and so none for `cause` and `stack`.
 */
// An alias: unlike an interface it goes where a `Record<string, unknown>` is wanted, as loggers do.
export type PaymentsErrorJson = {
    /** The name of the class, such as `NotFoundError`. */
    name: string;
    /** What happened. */
    message: string;
    /** A stable text in snake case. */
    code: string;
    /** Whether the operation was carried out. */
    outcome: Outcome;
    /** The HTTP status, if there was an answer. */
    status?: number;
    /** The messages in HighLevel's answer; empty without any. */
    messages: string[];
    /** HighLevel's id for support requests. */
    traceId?: string;
    /** Whether sending the same call again is safe and may help. */
    retryable: boolean;
    /** How many attempts were made, also those that ended before anything left. */
    attempts: number;
    /** The operation, if it got that far. */
    operation?: OperationInfo;
    /** The id of the record that the call named, such as the order of `orders.recordPayment`. */
    recordId?: string;
    /**
     * The answer's body: JSON as a value, anything else as text. Secrets are masked, what it says of customers is not. It is cut
     * behind a depth of 32 levels and behind 20,000 values.
     */
    body?: unknown;
    /** Milliseconds that the server asks to wait, if it does. */
    retryAfterMs?: number;
    /** The limits, if the server named them. */
    rateLimit?: RateLimit;
    /** Ids of the transactions that may be the payment, where `orders.recordPaymentOnce` cannot tell. */
    candidates?: string[];
    /** The `code` of the cause, if it is text in snake case: such as `needs_install` of an OAuthError. */
    reason?: string;
    /** Of a ValidationError: everything that is wrong. */
    issues?: Issue[];
    /** Of a DecodeError: where, such as `data[57].amount`; empty for the whole. */
    path?: string;
    /** Of a DecodeError: what is promised. */
    expected?: string;
    /** Of a DecodeError: what came. */
    found?: string;
};

/** Known to all copies of the package, of any version, in a process. */
const BRAND = Symbol.for("ghl-payments.PaymentsError");

/**
 * The base of everything that this client throws. It never holds the token. What code of yours throws, such as a `fetch` or a
 * token function, is its `cause`, as it came: printing an error prints its causes, `JSON.stringify` leaves all but their code out.
 */
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
    /** The id of the record that the call named, such as the order of `orders.recordPayment`. */
    declare readonly recordId?: string;
    /** The answer's body: JSON as a value, anything else as text. Secrets are masked, what it says of customers is not. */
    declare readonly body?: unknown;
    /** Milliseconds that the server asks to wait, if it does. */
    declare readonly retryAfterMs?: number;
    /** The limits, if the server named them. */
    declare readonly rateLimit?: RateLimit;
    /** Ids of the transactions that may be the payment, where `orders.recordPaymentOnce` cannot tell. */
    declare readonly candidates?: string[];
    /** The `code` of `cause`, if it is text in snake case: such as `needs_install` of an OAuthError that the token function threw. */
    declare readonly reason?: string;

    /** @internal */
    constructor({ message, body, ...fields }: ErrorInfo, cause?: unknown) {
        super(message, cause === undefined ? undefined : { cause });
        Object.assign(this, { messages: [], retryable: false, attempts: 0 }, fields);
        if (body !== undefined) Object.assign(this, { body: parsed(body as string) });
    }

    static {
        // No field that is declared: the types of two copies stay the same.
        Object.defineProperty(this.prototype, BRAND, { value: true });
    }

    /**
     * Whether a value is an error of this class, also of another copy of the package: beside `import` somebody may have
     * loaded it by `require`, or a dependency may bring its own. `instanceof` knows only its own copy.
     *
     * ```ts
     * import { PaymentsError } from "ghl-payments";
     *
     * const failed: unknown = await payments.orders.get("id").catch((error: unknown) => error);
     * if (PaymentsError.is(failed)) console.log(failed.outcome);
     * ```
     *
     * @param value Anything.
     */
    static is<T extends PaymentsError>(this: (abstract new (...args: never[]) => T) | void, value: unknown): value is T {
        try {
            const { [BRAND]: branded, name } = value as { [BRAND]?: unknown; name: string };
            // Nothing where the function was taken off the class, as in `errors.filter(PaymentsError.is)`.
            const wanted: unknown = this ?? PaymentsError;
            return branded === true && (wanted === PaymentsError || wanted === named(name));
        } catch {
            return false;
        }
    }

    /**
     * Makes an error of what {@link PaymentsError.toJSON} gave, wherever it went meanwhile: `postMessage`, RPC, Comlink or a log keep
     * plain data whole, of an `Error` little more than its message.
     *
     * ```ts
     * import { PaymentsError } from "ghl-payments";
     *
     * const { port1, port2 } = new MessageChannel();
     * payments.orders.get("id").catch((error: unknown) => port1.postMessage(PaymentsError.from(error).toJSON()));
     * port2.onmessage = ({ data }) => console.log(PaymentsError.from(data).outcome);
     * ```
     *
     * An error of this copy of the package is given back as it is. What says nothing about its outcome, such as any other
     * `Error`, is a PaymentsError with the code `unknown`, the outcome `unknown` and the value as its `cause`. Never throws.
     *
     * @param value What `toJSON` gave, its JSON text, an error of another copy of the package, or anything else.
     */
    static from(value: unknown): PaymentsError {
        if (isOwn(value)) return value;
        if (typeof value === "string" && value.trimStart().startsWith("{")) {
            const held = parsed(value);
            if (typeof held === "object") return PaymentsError.from(held);
        }
        const given = fieldsOf(value);
        const message = text(given["message"]) ?? text(value) ?? "an unknown error";
        const known = FIELDS.filter(([name, accepts]) => accepts(given[name])).map(([name]) => [name, given[name]]);
        const { body, ...fields } = Object.fromEntries(known) as ErrorInfo;
        const whole = fields.code !== undefined && fields.outcome !== undefined;
        const defaults = { name: "PaymentsError", code: "unknown", outcome: "unknown", message } as const;
        const error = whole
            ? new (named(fields.name))({ ...DEFAULTS[fields.name], ...defaults, ...fields }, read(value, "cause"))
            : new PaymentsError(defaults, value);
        if (whole && body !== undefined) Object.assign(error, { body });
        return error;
    }

    /**
     * The error as plain data, which JSON.stringify writes: message, code, outcome and every other field, but not `cause` and `stack`,
     * which may hold what is somebody else's. Never throws: a body deeper than 32 levels or of more than 20,000 values is cut.
     */
    toJSON(): PaymentsErrorJson {
        return fieldsOf(this) as unknown as PaymentsErrorJson;
    }
}

/** The input is wrong; nothing was sent. */
export class ValidationError extends PaymentsError {
    declare readonly name: "ValidationError";
    /** Everything that is wrong. */
    declare readonly issues: Issue[];
}

/** 401: the token is missing, wrong or expired, or lacks the scope; or the token function failed or gave no token. */
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

/** A 2xx answer that is not what HighLevel promises. Its `message` quotes the start of the answer, and its `body` is all of it. */
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
    const [text, cause] = [reason].flat() as [unknown, unknown];
    if (!isText(text)) return reason;
    const info = JSON.parse(text as string) as ErrorInfo;
    return new (named(info.name))({ ...info, ...reasonOf(cause) }, cause);
}

/** What an error's `reason` is with this cause, if it has one. */
export function reasonOf(cause: unknown): { reason?: string } {
    const code = read(cause, "code");
    // It goes where the cause does not: neither a token nor a key is letters and underscores.
    return isText(code) && /^[a-z_]{1,64}$/.test(code as string) ? { reason: code as string } : {};
}

/** The class of a name; that of all errors for one that a later version may have. */
function named(name: string): typeof PaymentsError {
    return Object.hasOwn(CLASSES, name) ? (CLASSES[name] as typeof PaymentsError) : PaymentsError;
}

/** Fields that the errors of a class have in any case. */
const DEFAULTS: Record<string, object> = {
    ValidationError: { issues: [] },
    DecodeError: { path: "", expected: "", found: "" },
};

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => typeof value === "number";
const isObject: Check = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const isListOf = (item: Check): Check => (value) => Array.isArray(value) && value.every(item);

/** Every field of every error, and what it must be where somebody else gives it. */
const FIELDS: readonly [name: string, accepts: Check][] = Object.entries({
    name: isText,
    message: isText,
    code: isText,
    outcome: (value) => ["not_sent", "rejected", "unknown", "applied"].includes(value as Outcome),
    status: isNumber,
    messages: isListOf(isText),
    traceId: isText,
    retryable: (value) => typeof value === "boolean",
    attempts: isNumber,
    operation: isObject,
    recordId: isText,
    body: (value) => value !== undefined,
    retryAfterMs: isNumber,
    rateLimit: isObject,
    candidates: isListOf(isText),
    reason: isText,
    issues: isListOf((issue) => isText(read(issue, "path")) && isText(read(issue, "message"))),
    path: isText,
    expected: isText,
    found: isText,
} satisfies Record<keyof PaymentsErrorJson, Check>);

/** The fields of an error that are there, each as plain data: a large body costs the others nothing. */
function fieldsOf(value: unknown): Record<string, unknown> {
    const fields = FIELDS.map(([name]) => [name, snapshot(read(value, name))] as const);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** Whether it is an error of this copy of the package. */
function isOwn(value: unknown): value is PaymentsError {
    try {
        return value instanceof PaymentsError;
    } catch {
        // A Proxy that was revoked.
        return false;
    }
}

/** A field of whatever it is. */
function read(value: unknown, name: string): unknown {
    try {
        return (value as Record<string, unknown> | null | undefined)?.[name];
    } catch {
        return undefined;
    }
}

/** A text that shows something. */
function text(value: unknown): string | undefined {
    return isText(value) && value !== "" ? (value as string) : undefined;
}

function parsed(body: string): unknown {
    try {
        return JSON.parse(body);
    } catch {
        return body;
    }
}
