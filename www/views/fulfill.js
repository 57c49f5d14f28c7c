// Reporting a delivery of items of an order.

import { logged, payments } from "../account.js";
import { openForm } from "../form.js";
import { count, number } from "../format.js";
import { h } from "../ui.js";

/** How many pieces of each line are still to be delivered; a line is known by its price. */
export function undelivered(order, fulfillments) {
    const delivered = new Map();
    for (const { items } of fulfillments) {
        for (const { _id, price, qty } of items ?? []) {
            const key = price?._id ?? _id;
            delivered.set(key, (delivered.get(key) ?? 0) + (qty ?? 0));
        }
    }
    return (order.items ?? [])
        .filter((item) => item.price?._id)
        .map((item) => ({ item, left: (item.qty ?? 0) - (delivered.get(item.price._id) ?? 0) }))
        .filter(({ left }) => left > 0);
}

/** Opens the form; `lines` are those of `undelivered`, `before` the number of fulfillments until now. */
export function openFulfillment({ order, lines, before, signal, done }) {
    openForm({
        title: "Fulfill items",
        intro: "What is delivered, and how the customer can follow it.",
        action: "Fulfill items",
        doing: "Saving …",
        subject: "The fulfillment",
        signal,
        questions: (field) => questions(field, lines),
        send: (body, options) => payments.orders.createFulfillment(order._id, body, options),
        async check() {
            const { data } = await logged(payments.orders.listFulfillments(order._id, { signal }));
            return data.length > before && "It was saved: the items are fulfilled";
        },
        done: (words) => done(words ?? "Items fulfilled"),
    });
}

function questions(field, lines) {
    const quantities = lines.map(({ item, left }, index) =>
        field.number(`items[${index}].qty`, item.name || item.product?.name || item.price._id, {
            value: left,
            hint: `${count(left, "piece", "pieces")} of ${number(item.qty)} left; 0 leaves it out`,
        }),
    );
    const carrier = field.input("trackings[0].shippingCarrier", "Carrier", { placeholder: "UPS" });
    const code = field.input("trackings[0].trackingNumber", "Tracking number");
    const url = field.input("trackings[0].trackingUrl", "Tracking link", { type: "url", placeholder: "https://" });
    const tell = field.tick("notifyCustomer", "Let HighLevel tell the customer");
    let chosen = [];
    const items = h(
        "fieldset",
        { class: "group" },
        h("legend", {}, "Pieces"),
        quantities.map(({ row }) => row),
    );
    return {
        elements: [items, h("div", { class: "pair" }, carrier.row, code.row), url.row, tell.row],
        // A line that is left out shifts those behind it.
        locate: (path) => path.replace(/^items\[(\d+)\]/, (_, index) => `items[${chosen[index]}]`),
        read() {
            const tracking = {
                shippingCarrier: carrier.value(),
                trackingNumber: code.value(),
                trackingUrl: url.value(),
            };
            const known = Object.fromEntries(Object.entries(tracking).filter(([, text]) => text));
            chosen = [...lines.keys()].filter((index) => quantities[index].value() !== 0);
            return {
                items: chosen.map((index) => ({
                    priceId: lines[index].item.price._id,
                    qty: quantities[index].value(),
                })),
                trackings: Object.keys(known).length > 0 ? [known] : [],
                notifyCustomer: tell.value(),
            };
        },
    };
}
