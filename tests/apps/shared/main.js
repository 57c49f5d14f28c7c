import { PaymentsClient } from "ghl-payments";
import { openCheckout } from "ghl-payments/checkout";
import { orderIds } from "./orders.js";

const settings = Object.fromEntries(new URLSearchParams(location.search));
const list = document.querySelector("#orders");

// The page of a payment provider, as the bundler has made it: this one is in no frame.
openCheckout().catch(({ name, code }) => {
    if (`${name} ${code}` !== "CheckoutError not_framed") throw new Error(`openCheckout: ${name} ${code}`);
});

// Without a top-level await, so that it can become a classic script as well.
orderIds(PaymentsClient, settings).then((ids) => {
    for (const id of ids) {
        const item = document.createElement("li");
        item.textContent = id;
        list.append(item);
    }
});
