/**
 * - `not_framed`: the page is in no frame;
 * - `timeout`: no props came; the message says what to check, and what came instead;
 * - `answered`: a second answer to one checkout, which was not sent;
 * - `invalid_argument`: the message says which one and what it has to be;
 * - `popup_blocked`: the browser has opened no window;
 * - `popup_closed`: it was closed before it had a result. That is no proof that nothing was paid: ask your server;
 * - `no_opener`: the window that `closePopup` is to answer to is out of reach.
 */
export type CheckoutErrorCode =
    | "not_framed"
    | "timeout"
    | "answered"
    | "invalid_argument"
    | "popup_blocked"
    | "popup_closed"
    | "no_opener";

/** What can go wrong on a payment page. */
export class CheckoutError extends Error {
    /** What has happened, in a word that does not change. */
    declare readonly code: CheckoutErrorCode;
    /** @internal */
    constructor(code: CheckoutErrorCode, message: string) {
        super(message);
        // All at once, which is shorter. A minifier leaves the name of the class alone.
        Object.assign(this, { name: "CheckoutError", code });
    }
}

/** Throws unless something is right. */
export function demand(right: unknown, message: string, code: CheckoutErrorCode = "invalid_argument"): asserts right {
    if (!right) throw new CheckoutError(code, message);
}
