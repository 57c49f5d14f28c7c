import { PaymentsError } from "../client/errors.js";
import { AgencyError } from "./agency-error.js";

/** The message of an error of this package, which holds no secret, without what it quotes of an answer; of any other only its name. */
export function messageOf(cause: unknown): string {
    if (cause instanceof AgencyError) return cause.message;
    // Behind it stands the beginning of a record.
    if (cause instanceof PaymentsError) return cause.message.split(". It starts with: ", 1)[0]!;
    return nameOf(cause);
}

/** What an error is called, without what it says. */
export function nameOf(cause: unknown): string {
    const word = (value: unknown) => (typeof value === "string" && /^[\w.-]{1,64}$/.test(value) ? value : undefined);
    try {
        const { name, code } = (cause ?? {}) as { name?: unknown; code?: unknown };
        return word(code) ?? word(name) ?? "Error";
    } catch {
        // What was thrown may throw when it is looked at.
        return "Error";
    }
}
