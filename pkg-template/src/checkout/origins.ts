import { demand } from "./error.js";

/** These; throws a CheckoutError where they are no list, or one of them is no origin. */
export function checked(origins: readonly string[]): readonly string[] {
    demand(
        Array.isArray(origins) && origins.every((origin) => /^(https?:\/\/)?(\*\.)?[\w.-]+(:\d+)?$/i.test(origin)),
        `origins: ${origins}, no list like https://*.a.example`,
    );
    return origins;
}

/** Whether an origin is one of these; `*.` stands for any subdomain, as in `frame-ancestors`, and no scheme for https. */
export function includes(origins: readonly string[], origin: string): boolean {
    return origins.some((allowed) => {
        // A number, or a list in the list, may read like one.
        const pattern = `${allowed}`.replace(/\W/g, "\\$&").replace("\\*", "[^/]+");
        return RegExp(`^(https://)?${pattern}$`, "i").test(origin);
    });
}

/**
 * The headers with which a server has to send a payment page, so that HighLevel's checkout can frame it. Send no
 * `X-Frame-Options` beside them, and no `Cross-Origin-Opener-Policy` with the page that calls `closePopup`. Where the page has
 * a `Content-Security-Policy` of its own, add this directive to it.
 *
 * ```ts
 * import { frameHeaders } from "ghl-payments/checkout";
 *
 * const page = new Response(html, { headers: { "content-type": "text/html", ...frameHeaders() } });
 * ```
 *
 * @param options Who may frame it. HighLevel has no fixed list of hosts, since agencies and their customers use domains of
 * their own: anybody may when this is left out. Throws a CheckoutError (`invalid_argument`) where one is no origin.
 */
export function frameHeaders(options: {
    /** Origins such as `https://app.example.com`, or `https://*.example.com` for all hosts below that one. */
    origins?: readonly string[];
} = {}): Record<string, string> {
    return { "content-security-policy": `frame-ancestors ${options.origins == null ? "*" : checked(options.origins).join(" ")}` };
}
