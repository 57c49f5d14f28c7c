// A client whose `fetch` is a stand-in, and what every operation takes.

import { PaymentsClient } from "ghl-payments";
import { argumentsWith } from "./operations.mjs";

export const LOCATION = "3SwdhCu3svxI8AKsPJt6";
export const TOKEN = "pit-8f6a7c1e-0d3b-secret";
export const ID = "653f6ba4d84bcc7b3d5bb8a1";

/** Something that every operation takes for an answer. */
export const ANY_ANSWER = { _id: ID, data: [], totalCount: 0, providers: [] };

/** Keeps each request for as long as its signal: in Node one whose request was collected is never aborted. */
const requestsOf = new WeakMap();

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
        requestsOf.set(signal, request);
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

/** Correct arguments for each method. */
export const ARGUMENTS = argumentsWith(ID);

/** Calls a method by its name, such as `orders.get`. */
export function call(payments, name, options) {
    const [resource, method] = name.split(".");
    return payments[resource][method](...ARGUMENTS[name], ...(options === undefined ? [] : [options]));
}
