import {
    createOAuth,
    createProxy,
    createWebhookHandler,
    memorySeen,
    memoryStore,
    PaymentsClient,
} from "ghl-payments/edge";
import { createSandbox } from "ghl-payments/sandbox";
import { fromEnvironment } from "./orders.js";

/**
 * The three parts of the edge at work: the app is installed, its token goes into the proxy, through which a client lists orders,
 * and a webhook is handled once.
 */
export async function edgeIds(variables = globalThis.process.env) {
    const { baseUrl, locationId } = fromEnvironment(variables);
    const { GHL_CLIENT_ID: clientId, GHL_CLIENT_SECRET: clientSecret } = variables;
    const oauth = createOAuth({
        clientId,
        clientSecret,
        redirectUri: "http://127.0.0.1:8788/oauth/callback",
        scopes: ["payments/orders.readonly"],
        store: memoryStore(),
        baseUrl,
        authorizationUrl: `${baseUrl}/oauth/chooselocation`,
    });
    const { url, headers } = await oauth.authorizeUrl();
    const approved = await fetch(url, { redirect: "manual" });
    const [cookie] = headers.get("set-cookie").split(";");
    await oauth.callback(new Request(approved.headers.get("location"), { headers: { cookie } }));

    const proxy = createProxy({ authorize: () => ({ locationId }), token: oauth.token, baseUrl });
    const through = (url, init) => proxy(new Request(url, init));
    const payments = new PaymentsClient({ baseUrl: "https://app.test/api", locationId, fetch: through });
    const page = await payments.orders.list({ limit: 5 });

    const sandbox = createSandbox({ now: Date.now, size: 1 });
    let handled = 0;
    const webhooks = createWebhookHandler({
        seen: memorySeen(),
        keys: [await sandbox.webhookKeys.ed25519()],
        on: { OrderCreate: () => void (handled += 1) },
    });
    const webhook = await sandbox.webhook("OrderCreate");
    const forged = await sandbox.webhook("OrderCreate", { tampered: "body" });
    const answers = [await webhooks(webhook.clone()), await webhooks(webhook), await webhooks(forged)];
    const told = [...answers.map(({ status }) => status), handled].join();
    if (told !== "200,200,401,1") throw new Error(`webhooks: ${told}`);

    return page.data.map((order) => order._id);
}
