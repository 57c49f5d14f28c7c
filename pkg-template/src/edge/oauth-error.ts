/** Why OAuth failed, in a stable text. */
export type OAuthErrorCode =
    /** The callback brings no state: nobody began it here. See the option `unsolicited`. */
    | "state_missing"
    /** The state was not signed by this app. */
    | "state_invalid"
    /** The state is older than ten minutes. */
    | "state_expired"
    /** The state was made for another browser, or that browser keeps no cookies. */
    | "state_foreign"
    /** The state was used before, such as by a reload of the page. */
    | "state_replayed"
    /** The user said no, or HighLevel did; `messages` says what it says. */
    | "authorization_denied"
    /** The callback brings no code. */
    | "code_missing"
    /** HighLevel refuses the code: it was used before, or has expired. */
    | "code_rejected"
    /** HighLevel refuses `clientId` or `clientSecret`. */
    | "client_rejected"
    /** The app is not installed there, or has to be installed again. */
    | "needs_install"
    /** The company's token is refused, also a fresh one, or lacks the scope `oauth.write`. */
    | "company_token_refused"
    /** 429; see `retryAfterMs`. */
    | "rate_limited"
    /** HighLevel answered with 5xx. */
    | "endpoint_failed"
    /** No answer came. */
    | "network_error"
    /** An answer that is not what HighLevel promises. */
    | "unexpected_answer"
    /** A row cannot be decrypted or read; see the option `encryptionKey`. Where the key is lost, `reconnect()` or `forget()` the account. */
    | "row_unreadable"
    /** The store failed; see `cause`. */
    | "store_failed"
    /** Somebody else works on the row for too long. */
    | "store_busy"
    /** The row was taken over by somebody else, because this holder was not heard of for too long. */
    | "lease_lost";

/** What an error is made from. */
interface Info {
    /** A stable text in snake case. */
    code: OAuthErrorCode;
    /** What happened. */
    message: string;
    /** The HTTP status, if HighLevel answered. */
    status?: number;
    /** The messages in HighLevel's answer. */
    messages?: string[];
    /** HighLevel's id for support requests. */
    traceId?: string;
    /** Milliseconds that HighLevel asks to wait, if it does. */
    retryAfterMs?: number;
    /** Whether asking again later may help. */
    retryable?: boolean;
}

/** An {@link OAuthError} as plain data. */
export interface OAuthErrorJson extends Info {
    /** Always `OAuthError`. */
    name: "OAuthError";
}

/** Known to all copies of the package in a process. */
const BRAND = Symbol.for("ghl-payments.OAuthError");

/** Why there is no token, or why nothing was installed. It holds no token, no code and no client secret. */
export class OAuthError extends Error {
    /** Always `OAuthError`. */
    declare readonly name: "OAuthError";
    /** A stable text in snake case. */
    declare readonly code: OAuthErrorCode;
    /** The HTTP status, if HighLevel answered. */
    declare readonly status?: number;
    /** The messages in HighLevel's answer. */
    declare readonly messages: string[];
    /** HighLevel's id for support requests. */
    declare readonly traceId?: string;
    /** Milliseconds that HighLevel asks to wait, if it does. */
    declare readonly retryAfterMs?: number;
    /** Whether asking again later may help. */
    declare readonly retryable: boolean;

    /** @internal */
    constructor({ message, ...fields }: Info, cause?: unknown) {
        super(message, cause === undefined ? undefined : { cause });
        Object.assign(this, { messages: [], retryable: false }, fields);
    }

    static {
        Object.defineProperty(this.prototype, "name", { value: "OAuthError", configurable: true, writable: true });
        Object.defineProperty(this.prototype, BRAND, { value: true });
    }

    /**
     * Whether a value is such an error, also of another copy of the package.
     *
     * @param value Anything.
     */
    static is(value: unknown): value is OAuthError {
        try {
            return (value as { [BRAND]?: unknown } | null | undefined)?.[BRAND] === true;
        } catch {
            return false;
        }
    }

    /** The error as plain data, without `cause` and `stack`, which may hold what is somebody else's. */
    toJSON(): OAuthErrorJson {
        return { name: "OAuthError", message: this.message, ...(this as Omit<OAuthErrorJson, "name" | "message">) };
    }
}
