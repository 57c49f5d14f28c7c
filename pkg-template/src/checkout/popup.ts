import { CheckoutError, demand } from "./error.js";
import { checked, includes } from "./origins.js";
import { waitFor } from "./wait.js";

/** How a popup is opened. */
export interface OpenPopupOptions {
    /** Where the page may be that answers, as `origins` of `openCheckout`. Default: where this page is. */
    origins?: readonly string[];
    /** Closes it, also where the address is still to come: `openPopup` rejects with its reason. */
    signal?: AbortSignal;
}

/** What `closePopup` sends. */
const RESULT = "ghl-payments";

/**
 * Opens a page of a gateway or of a bank (3-D Secure) in a window of its own, since they seldom allow being framed, and waits
 * for what the page at the end of it hands to `closePopup`. Call it in the click, before any `await`: Safari opens no window
 * otherwise. Where the address takes time, pass a promise of it; the window is there meanwhile.
 *
 * ```ts
 * import { openPopup } from "ghl-payments/checkout";
 *
 * button.onclick = async () => {
 *     const { chargeId } = await openPopup<{ chargeId: string }>(fetch("/start").then((answer) => answer.text()));
 * };
 * declare const button: HTMLButtonElement;
 * ```
 *
 * Rejects with a CheckoutError: `popup_blocked`, `popup_closed`, `invalid_argument`; as the promise of the address does; and
 * with the reason of the signal.
 *
 * @param url The address, or a promise of it: http or https.
 * @param options Its size, and who may answer.
 */
export async function openPopup<Result = unknown>(
    url: string | URL | Promise<string | URL>,
    options: OpenPopupOptions = {},
): Promise<Result> {
    const { signal } = options;
    const origins = checked(options.origins ?? [location.origin]);
    let popup: Window | null = null;
    try {
        popup = open("", "_blank", "popup,width=480,height=720");
    } catch {
        // Firefox throws in a frame that must not open any.
    }
    demand(popup, "the browser opened no window: call openPopup in the click, before any await", "popup_blocked");
    const shown: Window = popup;
    const load = async (): Promise<void> => {
        const { href } = new URL(await url, location.href);
        demand(/^https?:/.test(href), "url must be https");
        // Nobody waits any more where it is closed.
        if (!shown.closed) shown.location.replace(href);
    };
    let closed = 0;
    let failed = (_: Error): void => {};
    try {
        load().catch((error: Error) => failed(error));
        return await waitFor<Result>(
            signal,
            250,
            (reject) => {
                failed = reject;
                // Once more after it is seen, so that what was posted before it closed arrives.
                if (shown.closed && closed++) reject(new CheckoutError("popup_closed", "closed before it had a result: ask your server what was paid"));
            },
            ({ source, origin, data }, resolve) =>
                source === popup && includes(origins, origin) && data?.type === RESULT && resolve(data.result),
        );
    } finally {
        popup.close();
    }
}

/**
 * Hands a result to the page that has opened this window with `openPopup`, and closes the window. For the page to which the
 * gateway returns.
 *
 * Throws a CheckoutError (`no_opener`) where that page is out of reach: a page on the way has cut the connection
 * (`Cross-Origin-Opener-Policy`). Then only your server can tell it.
 *
 * @param result Anything that `postMessage` takes.
 * @param origin Where that page is, if not where this one is.
 */
export function closePopup(result: unknown, origin: string = location.origin): void {
    demand(opener, "the page that opened this window is out of reach", "no_opener");
    opener.postMessage({ type: RESULT, result }, origin);
    close();
}
