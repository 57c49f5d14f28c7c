// Who plays HighLevel for the view: the sandbox of this page with the toy gateway beside it, or a sandbox behind HTTP that has a
// provider of its own.

import { connectSandbox, createSandbox } from "ghl-payments/sandbox";

/** The sandbox of this page and its gateway, for as long as the page is open. */
let here;

/** `given` is the sandbox behind the other views, where it is in this page as well: then they show what is paid here. */
async function inThisPage(given) {
    const { createGateway, QUERY_URL } = await import("./gateway.js");
    const reach = given?.reach ?? {};
    const queries = { fetch: (request) => reach.handler(request) };
    const sandbox = given?.sandbox ?? createSandbox({ now: Date.now, queries });
    const { locationId } = sandbox;
    const now = () => sandbox.now();
    const gateway = await createGateway({ locationId, now, send: (url, init) => sandbox.fetch(url, init) });
    reach.handler = gateway.handler;
    sandbox.connectProvider({
        paymentsUrl: new URL("pay.html", location.href).href,
        queryUrl: QUERY_URL,
        live: gateway.keys,
        supportsSubscriptionSchedules: true,
    });
    return {
        highlevel: sandbox,
        where: "Sandbox and toy gateway in this page",
        remote: false,
        shared: given !== undefined,
        /** A month passes: what is due is charged by the gateway. */
        async pass(ms) {
            await gateway.bill(sandbox.advance(ms));
        },
        settle: (transactionId) => gateway.settle(transactionId),
    };
}

/** `sandbox` is the address of one that has a provider of its own, as `cargo xtask example provider` starts it. */
export async function connect({ sandbox, given }) {
    if (sandbox === undefined) {
        if (here?.given !== given || here === undefined) here = { given, side: inThisPage(given) };
        return here.side;
    }
    const highlevel = connectSandbox(sandbox);
    return {
        highlevel,
        where: `Sandbox at ${new URL(sandbox).host}, with a provider of its own`,
        remote: true,
        shared: false,
        async pass(ms) {
            await highlevel.advance(ms);
        },
    };
}
