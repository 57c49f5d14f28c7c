// The account behind the page and the client for it. Everything else on the page takes the client from here.

import { initialize, PaymentsClient, PaymentsError } from "ghl-payments/slim";
import { pend, record, recordFailure, watched } from "./calls.js";

/** In the sandbox nobody waits half a minute for an answer that never comes. */
const SANDBOX_TIMEOUT_MS = 3000;

/** Where the page's calls go: `sandbox` says whether anything may be broken there. */
export let account;

/** The client of the page; ready after `connect()`. */
export let payments;

let send;

/** Starts the client; the account is one behind a base URL, or a sandbox in this page. */
export async function connect(module, config) {
    initialize(module);
    if (config.apiBase) connectTo(config);
    else await connectToPage();
}

/** An API behind a proxy that adds the token. Throws, and changes nothing, where that is no base URL. */
export function connectTo({ apiBase, locationId, sandbox = false }) {
    const name = sandbox ? "Sandbox account" : "Your account";
    use({ name, sandbox, apiBase, locationId, access: { baseUrl: apiBase } }, (url, init) => fetch(url, init));
}

/** A sandbox that lives in the page; its token opens nothing else. */
async function connectToPage() {
    const { createSandbox } = await import("ghl-payments/sandbox");
    // The view Checkout says who answers at the queryUrl.
    const reach = {};
    const sandbox = createSandbox({ now: Date.now, queries: { fetch: (request) => reach.handler(request) } });
    const { fetch, locationId, token } = sandbox;
    const inPage = { sandbox, reach };
    use({ name: "Sandbox in this page", sandbox: true, locationId, access: { token: token() }, inPage }, fetch);
}

function use(next, through) {
    const before = [account, send];
    [account, send] = [next, through];
    try {
        payments = createClient();
    } catch (error) {
        [account, send] = before;
        throw error;
    }
}

/** Another client for the same account. */
export function createClient(options) {
    const { access, locationId, sandbox } = account;
    return new PaymentsClient({
        onEvent: record,
        fetch: watched(send, sandbox),
        ...(sandbox && { timeoutMs: SANDBOX_TIMEOUT_MS }),
        ...access,
        locationId,
        ...options,
    });
}

/** Waits for a call. A call that ends without an answer sends no event of its own, so the log hears of it here. */
export async function logged(call) {
    try {
        return await pend(call);
    } catch (error) {
        if (error instanceof PaymentsError) recordFailure(error);
        throw error;
    }
}

/** Whether a call ended because its view was left. */
export function wasLeft(error, signal) {
    return signal.aborted && error instanceof PaymentsError && error.code === "aborted";
}
