// Means of payment in words.

import { label } from "../format.js";

/** `Visa •••• 4242`, `Cheque 100-2`, `Bank transfer`, `PayPal`. */
export function methodOf(transaction) {
    const card = transaction.paymentMethod?.card ?? transaction.chargeSnapshot?.card;
    if (card?.last4) return `${label(card.brand ?? card.type)} •••• ${card.last4}`;
    // Payments recorded by hand say how they were made in the snapshot.
    const { mode, cheque } = transaction.chargeSnapshot ?? {};
    if (mode === "cheque" && cheque?.number) return `Cheque ${cheque.number}`;
    return label(mode ?? transaction.paymentProviderType ?? transaction.paymentProvider?.type);
}
