// Wrong uses: each is an error at compile time.

import {
    consoleLogger,
    PaymentsClient,
    PaymentsError,
    type CouponStatus,
    type CreateCouponBody,
    type OrderSummary,
} from "ghl-payments";
import { payments } from "./uses.js";

// @ts-expect-error there are options to give
new PaymentsClient();
// @ts-expect-error the token is text or a function
new PaymentsClient({ token: 5 });
// @ts-expect-error a token function gives text
new PaymentsClient({ token: () => 5 });
// @ts-expect-error what a token function is told may lack its location
new PaymentsClient({ token: ({ locationId }) => locationId });
// @ts-expect-error a typing error in an option
new PaymentsClient({ token: "t", locationID: "l" });
// @ts-expect-error a number, not text
new PaymentsClient({ token: "t", timeoutMs: "1000" });
// @ts-expect-error a fetch gives a Response
new PaymentsClient({ token: "t", fetch: async () => ({ status: 200 }) });
// @ts-expect-error headers are texts
new PaymentsClient({ token: "t", headers: { "x-a": 5 } });
// @ts-expect-error a text is no list of pairs
new PaymentsClient({ token: "t", headers: "x-a: 1" });
// @ts-expect-error nor is a list of texts
new PaymentsClient({ token: "t", headers: ["x-a", "1"] });
// @ts-expect-error nor a Map of numbers
new PaymentsClient({ token: "t", headers: new Map([["x-a", 1]]) });
// @ts-expect-error a limiter is another client
new PaymentsClient({ token: "t", limiter: { close() {} } });
// @ts-expect-error without a token there must be a proxy that adds it
new PaymentsClient({ locationId: "l" });
// @ts-expect-error nor is a token that is not there a token
new PaymentsClient({ token: undefined, locationId: "l" });
// @ts-expect-error behind a proxy a token is text or a function as well
new PaymentsClient({ token: 5, baseUrl: "/api" });
// @ts-expect-error a token that may be missing is none
new PaymentsClient({ token: Math.random() > 0.5 ? "t" : undefined });
// @ts-expect-error what an error tells cannot be changed
PaymentsError.from({}).outcome = "applied";

// @ts-expect-error a typing error in a parameter
payments.orders.list({ staus: "completed" });
// @ts-expect-error paymentStatus is a closed list
payments.orders.list({ paymentStatus: "payed" });
// @ts-expect-error limit is a number
payments.orders.list({ limit: "50" });
// @ts-expect-error null is no value of a parameter
payments.orders.list({ contactId: null });
// @ts-expect-error ids in a list are texts
payments.orders.list({ funnelProductIds: [5] });
// @ts-expect-error an unknown option of a call
payments.orders.list({}, { timeout: 5 });
// @ts-expect-error the signal is an AbortSignal, not its controller
payments.orders.list({}, { signal: new AbortController() });
// @ts-expect-error coupons have a closed list of states
payments.coupons.list({ status: "gone" });
// @ts-expect-error there is no such state
export const status: CouponStatus = "gone";
// @ts-expect-error transactions have no status filter
payments.transactions.list({ status: "succeeded" });

// @ts-expect-error an id is text
payments.orders.get(5);
// @ts-expect-error an id is required
payments.orders.get();
// @ts-expect-error an id may not be undefined
payments.orders.get(undefined);
// @ts-expect-error there is no such method
payments.orders.delete("order");

// @ts-expect-error mode is required
payments.orders.recordPayment("order", {});
// @ts-expect-error there is no such mode
payments.orders.recordPayment("order", { mode: "bitcoin" });
// @ts-expect-error a card goes with mode card
payments.orders.recordPayment("order", { mode: "cash", card: { type: "visa", last4: "4242" } });
// @ts-expect-error a cheque goes with mode cheque
payments.orders.recordPayment("order", { mode: "card", cheque: { number: "129" } });
// @ts-expect-error a card has its last four digits
payments.orders.recordPayment("order", { mode: "card", card: { type: "visa" } });
// @ts-expect-error there is no such brand
payments.orders.recordPayment("order", { mode: "card", card: { type: "diners", last4: "4242" } });
// @ts-expect-error an amount is a number
payments.orders.recordPayment("order", { mode: "cash", amount: "5" });
// @ts-expect-error a typing error in a field
payments.orders.recordPayment("order", { mode: "cash", amout: 5 });
// @ts-expect-error a function is no JSON
payments.orders.recordPayment("order", { mode: "cash", meta: { f: () => 5 } });

// @ts-expect-error a reference is text
payments.orders.recordPaymentOnce("order", { mode: "cash" }, { reference: 5 });
// @ts-expect-error only recordPaymentOnce has a reference
payments.orders.recordPayment("order", { mode: "cash" }, { reference: "job-1" });

// @ts-expect-error items are required
payments.orders.createFulfillment("order", { trackings: [], notifyCustomer: true });
// @ts-expect-error an item has a price
payments.orders.createFulfillment("order", { trackings: [], notifyCustomer: true, items: [{ qty: 1 }] });

const coupon: CreateCouponBody = {
    name: "Spring",
    code: "SPRING",
    discountType: "amount",
    discountValue: 5,
    startDate: "2024-06-01T00:00:00Z",
};
payments.coupons.create({ ...coupon, usageLimit: 1 });
// @ts-expect-error id or code
payments.coupons.get({});
// @ts-expect-error id or code
payments.coupons.get({ altId: "l" });
// @ts-expect-error a coupon has no other key
payments.coupons.get({ id: "coupon", name: "Spring" });
// @ts-expect-error a code is text
payments.coupons.get({ code: 5 });
// @ts-expect-error name is missing
payments.coupons.create({ code: "A", discountType: "amount", discountValue: 5, startDate: "2024-06-01T00:00:00Z" });
// @ts-expect-error a discount is a percentage or an amount
payments.coupons.create({ ...coupon, discountType: "gift" });
// @ts-expect-error the id is the first argument
payments.coupons.update("coupon", { ...coupon, id: "coupon" });
// @ts-expect-error a coupon is deleted by its id
payments.coupons.delete({ id: "coupon" });

// @ts-expect-error liveMode is required
payments.customProvider.disconnect({});
// @ts-expect-error liveMode is a boolean
payments.customProvider.disconnect({ liveMode: "true" });
// @ts-expect-error both keys belong together
payments.customProvider.connect({ live: { apiKey: "a" } });
const provider = { name: "", description: "", paymentsUrl: "", queryUrl: "", imageUrl: "" };
payments.customProvider.create({ ...provider, supportsSubscriptionSchedule: true });
// @ts-expect-error without an s when a provider is created
payments.customProvider.create({ ...provider, supportsSubscriptionSchedules: true });
// @ts-expect-error with an s in the capabilities
payments.customProvider.updateCapabilities({ supportsSubscriptionSchedule: true, locationId: "l" });
// @ts-expect-error of one location or of a whole company
payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: true });
// @ts-expect-error an id that is there is text
payments.customProvider.updateCapabilities({ supportsSubscriptionSchedules: true, companyId: undefined });
// @ts-expect-error keys of one mode at least
payments.customProvider.connect({});
// @ts-expect-error there is no such mode
payments.customProvider.connect({ sandbox: { apiKey: "a", publishableKey: "p" } });
const whitelabel = { uniqueName: "a", title: "A", description: "", imageUrl: "" };
payments.integrations.createWhitelabel({ ...whitelabel, provider: "nmi" });
// @ts-expect-error there are two gateways
payments.integrations.createWhitelabel({ ...whitelabel, provider: "stripe" });

// @ts-expect-error there is no such level
consoleLogger("verbose");
// @ts-expect-error a listener is a function
new PaymentsClient({ token: "t", onEvent: console });
// @ts-expect-error every event has one of the known types
new PaymentsClient({ token: "t", onEvent: (event) => event.type === "answer" });
// @ts-expect-error what only an answer has
new PaymentsClient({ token: "t", onEvent: (event) => console.log(event.status) });

export async function results(order: OrderSummary): Promise<void> {
    // @ts-expect-error an amount may be absent or null
    order.amount.toFixed(2);
    // @ts-expect-error a list entry has no items
    console.log(order.items);
    const page = await payments.orders.list();
    // @ts-expect-error a page is no list
    page.map((order: OrderSummary) => order);
    // @ts-expect-error a page cannot be made by callers to look like one
    page.totalCount = 5;
    // @ts-expect-error what a list delivers are orders
    for await (const coupon of payments.orders.list()) console.log(coupon.discountValue);
    // @ts-expect-error a promise has to be awaited
    console.log(payments.orders.get("order")._id);
}
// @ts-expect-error what was thrown is not known to be anything
payments.orders.get("order").catch((error) => error.outcome);
// @ts-expect-error nor here
payments.orders.get("order").then(undefined, (error) => error.outcome);
// @ts-expect-error nor can it be declared to be
payments.orders.get("order").catch((error: PaymentsError) => error.outcome);
// @ts-expect-error there is no such field
console.log(PaymentsError.from({}).toJSON().rateLimits);
