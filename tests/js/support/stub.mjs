// A client whose `fetch` is a stand-in, and what every operation takes.

import { PaymentsClient } from "ghl-payments";

export const LOCATION = "3SwdhCu3svxI8AKsPJt6";
export const TOKEN = "pit-8f6a7c1e-0d3b-secret";
export const ID = "653f6ba4d84bcc7b3d5bb8a1";

/** Something that every operation takes for an answer. */
export const ANY_ANSWER = { _id: ID, data: [], totalCount: 0, providers: [] };

/**
 * A client with a stubbed `fetch`. `answer` is called with each `Request` and the number of requests before it; a value
 * that is no function is given as JSON. `requests` and `events` hold what happened.
 */
export function stub(answer, options = {}) {
    const requests = [];
    const events = [];
    const fetch = async (url, init) => {
        const request = new Request(url, init);
        const { method, headers, signal, redirect } = request;
        const body = init.body === undefined ? undefined : JSON.parse(init.body);
        requests.push({ method, url: new URL(url), headers, body, signal, redirect });
        return typeof answer === "function" ? answer(request, requests.length - 1) : Response.json(answer);
    };
    const payments = new PaymentsClient({
        token: TOKEN,
        locationId: LOCATION,
        retryDelayMs: 1,
        // Its answers name no limits: the documented ones would hold, and a suite that makes hundreds of calls would wait.
        limiter: false,
        fetch,
        onEvent: (event) => events.push(event),
        ...options,
    });
    return { payments, requests, events };
}

/** What a call fails with. */
export async function failure(call) {
    return call.then(
        (value) => {
            throw new Error(`expected a failure, found ${JSON.stringify(value)}`);
        },
        (error) => error,
    );
}

/** What a function throws. */
export function thrown(act) {
    try {
        act();
    } catch (error) {
        return error;
    }
    throw new Error("expected an exception");
}

const coupon = {
    name: "Spring",
    code: "SPRING",
    discountType: "amount",
    discountValue: 5,
    startDate: "2024-06-01T00:00:00Z",
};

/** Correct arguments for each of the 23 methods. */
export const ARGUMENTS = {
    "integrations.createWhitelabel": [
        {
            uniqueName: "my-pay",
            title: "My Pay",
            provider: "nmi",
            description: "Cards",
            imageUrl: "https://example.com/l.png",
        },
    ],
    "integrations.listWhitelabel": [{ limit: 5 }],
    "orders.list": [{ limit: 5, search: "a b" }],
    "orders.get": [ID],
    "orders.recordPayment": [ID, { mode: "cash", amount: 5 }],
    "orders.createFulfillment": [ID, { trackings: [], items: [{ priceId: ID, qty: 1 }], notifyCustomer: true }],
    "orders.listFulfillments": [ID],
    "orders.listNotes": [ID],
    "transactions.list": [{ entityId: ID }],
    "transactions.get": [ID],
    "subscriptions.list": [{ getPaymentsCollectedCount: true }],
    "subscriptions.get": [ID],
    "coupons.list": [{ status: "active" }],
    "coupons.get": [{ code: "SPRING" }],
    "coupons.create": [coupon],
    "coupons.update": [ID, coupon],
    "coupons.delete": [ID],
    "customProvider.create": [
        {
            name: "My Pay",
            description: "Cards",
            paymentsUrl: "https://example.com/pay",
            queryUrl: "https://example.com/query",
            imageUrl: "https://example.com/l.png",
            supportsSubscriptionSchedule: true,
        },
    ],
    "customProvider.delete": [],
    "customProvider.getConfig": [],
    "customProvider.connect": [{ live: { apiKey: "secret-api-key", publishableKey: "p" } }],
    "customProvider.disconnect": [{ liveMode: true }],
    "customProvider.updateCapabilities": [{ supportsSubscriptionSchedules: true }],
};

/** Calls a method by its name, such as `orders.get`. */
export function call(payments, name, options) {
    const [resource, method] = name.split(".");
    return payments[resource][method](...ARGUMENTS[name], ...(options === undefined ? [] : [options]));
}
