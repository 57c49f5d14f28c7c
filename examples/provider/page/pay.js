// The payment page inside HighLevel's checkout.

import { openCheckout } from "ghl-payments/checkout";

const at = (id) => document.getElementById(id);
const say = (text) => {
    at("said").textContent = text;
};

try {
    show(await openCheckout({ addCardOnFile: true }));
} catch (error) {
    at("title").textContent = "This page opens in HighLevel's checkout only";
    // It says what to check.
    console.error(error);
}

function show(checkout) {
    const { kind, amount } = checkout;
    const price = amount && new Intl.NumberFormat(undefined, { style: "currency", currency: amount.currency }).format(amount.major);
    at("title").textContent = kind === "payment" ? `Pay ${price}` : "Save a card";
    at("pay").textContent = kind === "payment" ? `Pay ${price}` : "Save";
    at("form").hidden = false;
    at("cancel").onclick = () => checkout.cancel();
    at("form").onsubmit = async (event) => {
        event.preventDefault();
        lock(true);
        say("One moment …");
        try {
            const result = await send(checkout, at("token").value);
            if (result.status === "failed") {
                say("The card was declined. Try another one.");
                return lock(false);
            }
            // Also where it is pending: HighLevel's server asks ours, and what that says counts.
            if (kind === "payment") checkout.succeed(result.chargeId);
            else checkout.succeed();
            say("Thank you.");
        } catch {
            // It may have been charged: the server charges no transaction twice, so that trying again is safe.
            say("There was no answer. Try again.");
            lock(false);
        }
    };
}

function lock(locked) {
    for (const name of ["pay", "cancel", "token"]) at(name).disabled = locked;
}

/** Asks our server. It takes the amount from HighLevel, not from this page: a page can be changed by whoever looks at it. */
async function send({ kind, props }, token) {
    const asked = { publishableKey: props.publishableKey, token, transactionId: props.transactionId, contactId: props.contact?.id };
    const response = await fetch(kind === "payment" ? "/charges" : "/cards", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(asked),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return response.json();
}
