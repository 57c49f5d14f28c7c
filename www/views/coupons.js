// The coupons of the location.

import { payments } from "../account.js";
import { day, label, number } from "../format.js";
import { bone, button, h, icon, statusBadge } from "../ui.js";
import { discountOf } from "./coupon.js";
import { openCoupon } from "./coupon-form.js";
import { choices, listView } from "./list.js";

export const coupons = listView({
    path: "/coupons",
    title: "Coupons",
    one: "coupon",
    many: "coupons",
    intro: "Discount codes that customers type at the checkout.",
    filters: [
        { name: "search", label: "Search", placeholder: "Name or code" },
        { name: "status", label: "Status", choices: choices("active", "scheduled", "expired") },
    ],
    actions({ signal, go }) {
        const done = (_, coupon) => go(`#/coupons/${coupon._id}`);
        const open = () => openCoupon({ signal, done });
        return button("New coupon", { kind: "primary", onclick: open }, icon("plus"));
    },
    columns: [
        {
            label: "Coupon",
            class: "col-main",
            bone: () => [bone("medium"), bone("long")],
            cell: (coupon) => [
                h("a", { class: "row-link", href: `#/coupons/${coupon._id}` }, coupon.name || coupon._id),
                h("code", { class: "sub" }, coupon.code),
            ],
        },
        { label: "Status", class: "col-badge", cell: (coupon) => statusBadge(coupon.status, label) },
        { label: "Used", class: "col-number", cell: (coupon) => number(coupon.usageCount ?? 0) },
        { label: "Begins", class: "col-date", cell: (coupon) => day(coupon.startDate) },
        {
            label: "Ends",
            class: "col-date col-wide",
            cell: (coupon) => (coupon.endDate ? day(coupon.endDate) : "Never"),
        },
        { label: "Discount", class: "col-amount", cell: discountOf },
    ],
    list: (params, options) => payments.coupons.list(params, options),
});
