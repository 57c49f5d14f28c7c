// The client, set up once. Everything else on the page takes it from here.

import { PaymentsClient, PaymentsError } from "/pkg/index.js";
import { record, recordFailure } from "./activity.js";

let config;

/** The client of the page; ready after `connect()`. */
export let payments;

export async function connect() {
    const response = await fetch("config.json");
    if (!response.ok) throw new Error(`config.json: HTTP ${response.status}`);
    config = await response.json();
    payments = createClient();
}

/** A client without a token: the server behind `apiBase` adds it. */
export function createClient(options = {}) {
    return new PaymentsClient({
        baseUrl: config.apiBase,
        locationId: config.locationId,
        onEvent: record,
        ...options,
    });
}

/** Waits for a call. A call that ends without an answer sends no event of its own, so the log hears of it here. */
export async function logged(call) {
    try {
        return await call;
    } catch (error) {
        if (error instanceof PaymentsError) recordFailure(error);
        throw error;
    }
}

/** Whether a call ended because its view was left. */
export function wasLeft(error, signal) {
    return signal.aborted && error instanceof PaymentsError && error.code === "aborted";
}
