import type { PaymentProps, SetupProps } from "../edge-core.js";
import { CheckoutError, demand } from "./error.js";
import { checked, includes } from "./origins.js";
import { amountOf, check, parsed, type CheckoutAmount } from "./read.js";
import { MESSAGES } from "./table.js";
import { waitFor } from "./wait.js";

/** How a payment page meets HighLevel's checkout. */
export interface OpenCheckoutOptions {
    /** `true` where your provider can save a payment method, list it and charge it: HighLevel then asks for cards on file. */
    addCardOnFile?: boolean;
    /**
     * Whose props are taken, such as `https://app.example.com`, or `https://*.example.com` for all hosts below that one.
     * Default: those of any site that frames the page, since HighLevel has no fixed list of hosts. Props prove nothing in any
     * case; your server decides when HighLevel asks it to verify.
     */
    origins?: readonly string[];
    /** After how many milliseconds the page says again that it is ready. Default 400. */
    readyEveryMs?: number;
    /** After how many milliseconds without props it gives up, in steps of `readyEveryMs`. Default 15000. */
    timeoutMs?: number;
    /** Ends the wait: `openCheckout` rejects with its reason. It has no effect once the props are there. */
    signal?: AbortSignal;
}

/** What all checkouts have. */
export interface AnyCheckout {
    /** The site around the page, to which the answer goes. */
    readonly origin: string;
    /**
     * Says that it failed; HighLevel shows the text to the payer. Throws a CheckoutError (`answered`) if there was an answer.
     *
     * @param description For the payer, such as `Card declined`.
     */
    fail(description: string): void;
    /** Says that the payer gave up. Throws a CheckoutError (`answered`) if there was an answer. */
    cancel(): void;
}

/** A payment to take. */
export interface PaymentCheckout extends AnyCheckout {
    /** Something is to be paid. */
    readonly kind: "payment";
    /** What HighLevel says about it. */
    readonly props: PaymentProps;
    /** What is to be paid, in both units, exact. */
    readonly amount: CheckoutAmount;
    /**
     * Says that the money is taken. Not before your gateway is sure: HighLevel's server asks your queryUrl to verify it at once,
     * and removes the frame. Throws a CheckoutError (`answered`) if there was an answer.
     *
     * @param chargeId Your gateway's id of the charge; HighLevel hands it back to verify and to refund.
     */
    succeed(chargeId: string): void;
}

/** A payment method to save. */
export interface SetupCheckout extends AnyCheckout {
    /** A payment method is to be saved. */
    readonly kind: "setup";
    /** What HighLevel says about it. */
    readonly props: SetupProps;
    /** There is none. */
    readonly amount?: undefined;
    /**
     * Says that the payment method is saved: it must be in the next `list_payment_methods`. Throws a CheckoutError (`answered`)
     * if there was an answer.
     */
    succeed(): void;
}

/** What HighLevel wants of a payment page. */
export type Checkout = PaymentCheckout | SetupCheckout;

/**
 * Meets HighLevel's checkout around this page: listens, says that the page is ready until HighLevel sends what it wants, and
 * checks that. Call it once, as early as the page can.
 *
 * ```ts
 * import { openCheckout } from "ghl-payments/checkout";
 *
 * const checkout = await openCheckout();
 * if (checkout.kind === "payment") {
 *     const { amount, props } = checkout;
 *     const charge = await gateway.charge({ ...amount, reference: props.transactionId });
 *     if (charge.declined) checkout.fail("Card declined");
 *     else checkout.succeed(charge.id);
 * }
 * ```
 *
 * The first props that are complete decide: who sent them gets the answer, and nothing that comes later changes the checkout
 * in hand, neither the same props again nor those of another payment. Messages of other windows, such as other frames and
 * extensions, are never taken.
 *
 * Rejects with a CheckoutError: `not_framed`; `timeout`, whose message lists what to check, in the order to check it, and what
 * came instead; `invalid_argument`; and with the reason of the signal.
 *
 * @param options What the provider can do, and how long to wait.
 */
export async function openCheckout(options: OpenCheckoutOptions = {}): Promise<Checkout> {
    const { addCardOnFile, readyEveryMs = 400, timeoutMs = 15_000, signal } = options;
    // Text that is empty, as of a variable that is not set, must not stand for all of them.
    const origins = options.origins != null && checked(options.origins);
    const { parent }: { parent?: Window } = globalThis;
    demand(parent && parent !== (globalThis as unknown), "open it in HighLevel", "not_framed");
    demand(readyEveryMs > 0 && timeoutMs > 0, "readyEveryMs, timeoutMs: above 0");
    const post = (content: object, target: string): void => parent.postMessage(JSON.stringify(content), target);
    /** What was not taken, each once, as far as a message may grow. */
    const seen = new Set<string>();
    let asked = 0;

    function ready(reject: (error: CheckoutError) => void): void {
        if (asked * readyEveryMs >= timeoutMs) {
            return reject(
                new CheckoutError(
                    "timeout",
                    `no props. Check: 1 ready is JSON text ` +
                        "2 provider connected in this sub-account 3 default for its mode " +
                        "4 openCheckout called early 5 no calendar, payment link or store. " +
                        `Seen: ${[...seen].join("; ")}`,
                ),
            );
        }
        asked++;
        post({ type: "custom_provider_ready", loaded: true, addCardOnFileSupported: addCardOnFile }, "*");
    }

    return waitFor(signal, readyEveryMs, ready, ({ source, origin, data }, resolve) => {
        const wrong: string[] = [];
        const props = parsed(data) as PaymentProps | SetupProps | undefined;
        const sample = MESSAGES.find((sample) => sample["type"] === props?.type);
        if (!sample) return;
        if (source !== parent) wrong.push("other window");
        else if (origins && !includes(origins, origin)) wrong.push("other origin");
        else check(props, sample, wrong);
        const payment = sample["amount"];
        const amount = payment && (wrong[0] || amountOf(props as PaymentProps, wrong));
        if (wrong[0]) return void (seen.size < 9 && seen.add(`${origin}: ${wrong}`.slice(0, 200)));
        let open = true;
        const answer = (kind: string, content?: object): void => {
            demand(open, "answered", "answered");
            post({ type: `custom_element_${kind}_response`, ...content }, origin === "null" ? "*" : origin);
            open = false;
        };
        resolve({
            kind: payment ? "payment" : "setup",
            props,
            amount,
            origin,
            succeed(chargeId?: string) {
                demand(payment ? chargeId?.trim?.() : chargeId == null, "chargeId: text, setup: none");
                answer("success", { chargeId });
            },
            fail(description: string) {
                demand(description?.trim?.(), "description: text");
                answer("error", { error: { description } });
            },
            cancel: () => answer("close"),
        } as Checkout);
    });
}
