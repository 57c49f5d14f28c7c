// Creating and changing a coupon, in one form.

import { logged, payments } from "../account.js";
import { openForm } from "../form.js";
import { h } from "../ui.js";

/** `2024-06-01T00:00:00.000Z` as the day of a date field, in UTC as HighLevel counts. */
const dayOf = (time) => (time ? new Date(time).toISOString().slice(0, 10) : "");

/** Opens the form: for a new coupon, or for one to change. `done(words, coupon)` is told once it is saved. */
export function openCoupon({ coupon, signal, done }) {
    let sent;
    let found;
    openForm({
        title: coupon ? `Edit ${coupon.code}` : "New coupon",
        intro: coupon && "Everything is replaced: what is left out loses its value.",
        action: coupon ? "Save changes" : "Create coupon",
        doing: "Saving …",
        subject: "The coupon",
        signal,
        questions: (field, refresh) => questions(field, refresh, coupon),
        send(body, options) {
            sent = body;
            return coupon ? payments.coupons.update(coupon._id, body, options) : payments.coupons.create(body, options);
        },
        async check() {
            found = await logged(payments.coupons.get({ code: sent.code }, { signal })).catch((error) => {
                if (error.code === "not_found") return undefined;
                throw error;
            });
            const same = found && found.name === sent.name && found.discountValue === sent.discountValue;
            return same && found.updatedAt !== coupon?.updatedAt && `It was saved: ${sent.code}`;
        },
        done: (words, result) => done(words ?? `${sent.code} saved`, result ?? found),
    });
}

function questions(field, refresh, coupon = {}) {
    const name = field.input("name", "Name", { value: coupon.name, placeholder: "Summer sale" });
    const code = field.input("code", "Code", { value: coupon.code, placeholder: "SUMMER24", class: "code-input" });
    const kinds = [
        ["percentage", "Percent"],
        ["amount", "Amount of money"],
    ];
    const kind = field.select("discountType", "Discount", kinds, { value: coupon.discountType });
    const value = field.number("discountValue", "Value", { value: coupon.discountValue });
    const start = field.input("startDate", "Begins", { type: "date", value: dayOf(coupon.startDate ?? Date.now()) });
    const end = field.input("endDate", "Ends", { type: "date", value: dayOf(coupon.endDate), hint: "Never, if empty" });
    const limit = field.number("usageLimit", "How often in all", {
        hint: coupon._id
            ? "HighLevel does not tell the present limit; none, if empty"
            : "Any number of times, if empty",
    });
    const once = field.tick("limitPerCustomer", "Once per customer", { checked: coupon.limitPerCustomer > 0 });
    const future = field.tick("applyToFuturePayments", "Later payments of subscriptions too", {
        checked: coupon.applyToFuturePayments ?? true,
        onchange: refresh,
    });
    const months = field.number("applyToFuturePaymentsConfig.duration", "For how many months", {
        value: coupon.applyToFuturePaymentsConfig?.duration,
        hint: "All of them, if empty",
    });
    return {
        elements: [
            h("div", { class: "pair" }, name.row, code.row),
            h("div", { class: "pair" }, kind.row, value.row),
            h("div", { class: "pair" }, start.row, end.row),
            limit.row,
            once.row,
            future.row,
            months.row,
        ],
        refresh: () => (months.row.hidden = !future.value()),
        read() {
            const body = {
                name: name.value(),
                code: code.value(),
                discountType: kind.value(),
                discountValue: value.value(),
                startDate: start.value() && `${start.value()}T00:00:00.000Z`,
                limitPerCustomer: once.value(),
                applyToFuturePayments: future.value(),
            };
            if (end.value()) body.endDate = `${end.value()}T23:59:59.999Z`;
            if (limit.value() !== undefined) body.usageLimit = limit.value();
            for (const name of ["productIds", "priceIds", "variantIds"]) if (coupon[name]) body[name] = coupon[name];
            if (future.value()) {
                const duration = months.value();
                body.applyToFuturePaymentsConfig =
                    duration === undefined ? { type: "forever" } : { type: "fixed", duration, durationType: "months" };
            }
            return body;
        },
    };
}
