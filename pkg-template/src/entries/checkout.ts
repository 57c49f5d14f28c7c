export { openCheckout } from "../checkout/open.js";
export type { AnyCheckout, Checkout, OpenCheckoutOptions, PaymentCheckout, SetupCheckout } from "../checkout/open.js";
export { closePopup, openPopup, type OpenPopupOptions } from "../checkout/popup.js";
export { frameHeaders } from "../checkout/origins.js";
export { CheckoutError, type CheckoutErrorCode } from "../checkout/error.js";
export type { CheckoutAmount } from "../checkout/read.js";
export type {
    PaymentProps,
    PropsAddress,
    PropsContact,
    PropsDimensions,
    PropsPrice,
    PropsProduct,
    PropsShipping,
    PropsTax,
    PropsWeight,
    SetupContact,
    SetupProps,
} from "../edge-core.js";
