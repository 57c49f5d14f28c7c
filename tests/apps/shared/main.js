import { PaymentsClient } from "ghl-payments";
import { orderIds } from "./orders.js";

const settings = Object.fromEntries(new URLSearchParams(location.search));
const list = document.querySelector("#orders");

// Without a top-level await, so that it can become a classic script as well.
orderIds(PaymentsClient, settings).then((ids) => {
    for (const id of ids) {
        const item = document.createElement("li");
        item.textContent = id;
        list.append(item);
    }
});
