import { PaymentsError } from "../client/errors.js";
import { AgencyError } from "./agency-error.js";

/** The message of an error of this package, which holds no secret, without what it quotes of an answer; of any other only its name. */
export function messageOf(cause: unknown): string {
    if (cause instanceof AgencyError) return cause.message;
    // Behind it stands the beginning of a record.
    if (cause instanceof PaymentsError) return cause.message.split(". It starts with: ", 1)[0]!;
    return nameOf(cause);
}

/** Names and codes as errors have them: `SomeError`, `ECONNRESET`, `UND_ERR_SOCKET`, `some_code`. No token has such a form. */
const WORDS = /^(?:[A-Z][A-Za-z]{0,30}(?:Error|Exception)|E[A-Z]{1,15}|[A-Z]{1,15}(?:_[A-Z]{1,15})+|[a-z]{1,15}(?:_[a-z]{1,15})+)$/;

/** What an error is called, without what it says; `Error` where its name could be anything, such as a token. */
export function nameOf(cause: unknown): string {
    const word = (value: unknown) => (typeof value === "string" && value.length <= 40 && WORDS.test(value) ? value : undefined);
    try {
        const { name, code } = (cause ?? {}) as { name?: unknown; code?: unknown };
        return word(code) ?? word(name) ?? "Error";
    } catch {
        // What was thrown may throw when it is looked at.
        return "Error";
    }
}
