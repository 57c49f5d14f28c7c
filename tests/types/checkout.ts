// The page of a payment provider: what it is given depends on what HighLevel wants.

import {
    CheckoutError,
    closePopup,
    frameHeaders,
    openCheckout,
    openPopup,
    type AnyCheckout,
    type Checkout,
    type CheckoutAmount,
    type CheckoutErrorCode,
    type OpenCheckoutOptions,
    type OpenPopupOptions,
    type PaymentCheckout,
    type PaymentProps,
    type SetupCheckout,
    type SetupProps,
} from "ghl-payments/checkout";
import { createSandbox, HighLevelFrame, type FramePosted, type HighLevelFrameOptions } from "ghl-payments/sandbox";

const options: OpenCheckoutOptions = { addCardOnFile: true, origins: ["https://*.a.example"], readyEveryMs: 400, timeoutMs: 1, signal: AbortSignal.abort() };

export async function page(): Promise<void> {
    const checkout: Checkout = await openCheckout(options);
    const any: AnyCheckout = checkout;
    any.fail("Card declined");
    any.cancel();
    if (checkout.kind === "payment") {
        const payment: PaymentCheckout = checkout;
        const amount: CheckoutAmount = payment.amount;
        const [major, minor, currency]: [number, number, string] = [amount.major, amount.minor, amount.currency];
        const props: PaymentProps = payment.props;
        const mode: "payment" | "subscription" | (string & {}) = props.mode;
        const type: "payment_initiate_props" = props.type;
        const zip: string | null | undefined = props.contact?.shippingAddress?.zipCode;
        const rate: number | null | undefined = props.productDetails?.[0]?.taxes?.[0]?.rate;
        const weight: number | null | undefined = props.productDetails?.[0]?.prices?.[0]?.shippingOptions?.weight?.value;
        const required: string = props.transactionId + props.locationId + props.publishableKey;
        checkout.succeed("ch_1");
        // @ts-expect-error a payment has a charge
        checkout.succeed();
        console.log(major, minor, currency, mode, type, zip, rate, weight, required);
    } else {
        const setup: SetupCheckout = checkout;
        const props: SetupProps = setup.props;
        const contact: string = props.contact.id;
        const none: undefined = setup.amount;
        checkout.succeed();
        // @ts-expect-error a set-up has none
        checkout.succeed("ch_1");
        console.log(contact, none);
    }
    // @ts-expect-error it may be a payment
    checkout.succeed();
    // @ts-expect-error a text for the payer
    checkout.fail();
    // @ts-expect-error no such option
    await openCheckout({ addCardOnFiles: true });

    const size: OpenPopupOptions = { origins: ["https://pay.example"] };
    const { chargeId } = await openPopup<{ chargeId: string }>(Promise.resolve("https://bank.example"), size);
    const unknown: unknown = await openPopup(new URL("https://bank.example"));
    closePopup({ chargeId, unknown }, "https://pay.example");
    const headers: Record<string, string> = frameHeaders({ origins: ["https://*.a.example"] });
    const codes: CheckoutErrorCode[] = ["not_framed", "timeout", "answered", "invalid_argument", "popup_blocked", "popup_closed", "no_opener"];
    console.log(new Headers(headers), codes);
}

export function told(error: unknown): string | undefined {
    return error instanceof CheckoutError ? `${error.code}: ${error.message}` : undefined;
}

export async function around(container: Element): Promise<void> {
    const session = await createSandbox().checkout();
    const given: HighLevelFrameOptions = { session, container, onPosted: (posted: FramePosted) => console.log(posted.data) };
    const frame = new HighLevelFrame(given);
    const element: HTMLIFrameElement = frame.element;
    const state: "open" | "ready" | "verifying" | "succeeded" | "pending" | "failed" | "closed" = await frame.done;
    const [posted]: readonly FramePosted[] = frame.posted;
    console.log(element.src, state, posted?.from, frame.received, await frame.close());
    // @ts-expect-error an element of a page
    new HighLevelFrame({ session, container: "main" });
}
