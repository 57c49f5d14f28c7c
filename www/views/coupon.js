// One coupon: read, changed, deleted.

import { logged, payments } from "../account.js";
import { confirmWrite } from "../form.js";
import { count, dateTime, label, number, percent } from "../format.js";
import { button, card, copyable, facts, h, statusBadge } from "../ui.js";
import { openCoupon } from "./coupon-form.js";
import { recordView } from "./record.js";

/** `10 %`, or an amount; a coupon has no currency of its own. */
export function discountOf({ discountType, discountValue }) {
    return discountType === "percentage" ? percent(discountValue) : number(discountValue);
}

export const coupon = recordView({
    list: ["#/coupons", "Coupons"],
    one: "Coupon",
    bones: [[["Discount", 6]], [["Details", 5]]],
    read: (id, options) => logged(payments.coupons.get({ id }, options)),
    draw(found, record) {
        return {
            title: `Coupon ${found.code}`,
            heading: found.name || found.code,
            badges: statusBadge(found.status, label),
            below: [found.code, `${discountOf(found)} off`],
            actions: [
                button("Delete", { kind: "secondary", onclick: () => remove(found, record) }),
                button("Edit", { kind: "primary", onclick: () => edit(found, record) }),
            ],
            main: discount(found),
            side: details(found),
        };
    },
});

function edit(found, { signal, show, tell }) {
    openCoupon({
        coupon: found,
        signal,
        done: async (words) => {
            if (await show()) tell(words);
        },
    });
}

function remove(found, { signal, go }) {
    confirmWrite({
        title: `Delete ${found.code}?`,
        text: "Nobody can redeem it any more. Orders that used it keep their discount.",
        action: "Delete coupon",
        doing: "Deleting …",
        subject: "The coupon",
        signal,
        send: (_, options) => payments.coupons.delete(found._id, options),
        async check() {
            const still = await logged(payments.coupons.get({ id: found._id }, { signal })).catch((error) => {
                if (error.code === "not_found") return undefined;
                throw error;
            });
            return !still && "It was deleted";
        },
        done: () => go("#/coupons", { replace: true }),
    });
}

function discount(found) {
    const { applyToFuturePayments, applyToFuturePaymentsConfig: future = {} } = found;
    const months = future?.type === "fixed" && count(future.duration, "month", "months");
    const limits = [
        ["product", "products", found.productIds],
        ["price", "prices", found.priceIds],
        ["variant", "variants", found.variantIds],
    ];
    return card(
        "Discount",
        facts([
            ["Code", copyable(found.code)],
            [
                "Discount",
                `${discountOf(found)}${found.discountType === "amount" ? " in the currency of the order" : ""}`,
            ],
            ["Begins", dateTime(found.startDate)],
            ["Ends", found.endDate ? dateTime(found.endDate) : "Never"],
            ["Used", count(found.usageCount ?? 0, "time", "times")],
            [
                "Per customer",
                found.limitPerCustomer > 0 ? count(found.limitPerCustomer, "time", "times") : "Any number of times",
            ],
            ["Later payments", applyToFuturePayments ? months || "All of them" : "Not reduced"],
            [
                "Limited to",
                limits
                    .filter(([, , ids]) => ids?.length > 0)
                    .map(([one, many, ids]) => count(ids.length, one, many))
                    .join(", "),
            ],
        ]),
    );
}

function details(found) {
    return card(
        "Details",
        facts([
            ["Id", copyable(found._id)],
            ["Created", dateTime(found.createdAt)],
            ["Updated", dateTime(found.updatedAt)],
            ["Trace id", found.traceId && h("code", { class: "wrap" }, found.traceId)],
        ]),
    );
}
