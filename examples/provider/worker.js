// A custom payment provider as a Cloudflare Worker: the payment page, the queryUrl, the pushes, and its installation by OAuth.

import { frameHeaders } from "ghl-payments/checkout";
import { createOAuth, createProvider, createWebhookHandler, d1Seen, durableStore, PaymentsClient } from "ghl-payments/edge";
import { bill, tell } from "./billing.js";
import { CARDS, createGateway } from "./gateway.js";
import { createKeys } from "./keys.js";
import { createQueries } from "./queries.js";

export { TokenKeeper } from "ghl-payments/cloudflare";

const SCOPES = [
    "payments/custom-provider.readonly",
    "payments/custom-provider.write",
    "payments/transactions.readonly",
    // For agencies, which install the app in many locations at once.
    "oauth.readonly",
    "oauth.write",
];

const MODES = ["live", "test"];

/** What the cron trigger was told last, in milliseconds: on this machine the sandbox's clock may be ahead of the real one. */
let latest = 0;
const now = () => Math.floor(Math.max(Date.now(), latest) / 1000);

/** Everything that is made once for an isolate; the order of pushes depends on it. */
let made;

function start(env) {
    const keys = createKeys(env.KEY_SECRET);
    const gateway = createGateway(env.DB);
    const oauth = createOAuth({
        clientId: env.GHL_CLIENT_ID,
        clientSecret: env.GHL_CLIENT_SECRET,
        redirectUri: `${env.PUBLIC_URL}/oauth/callback`,
        scopes: SCOPES,
        store: durableStore(env.TOKENS),
        encryptionKey: env.ENCRYPTION_KEY,
        baseUrl: env.GHL_BASE_URL,
        authorizationUrl: env.GHL_AUTHORIZATION_URL,
    });
    const provider = createProvider({
        apiKey: ({ locationId, mode }) => keys.apiKey(locationId, mode),
        // The first part of a client id is the id of its app.
        marketplaceAppId: env.GHL_CLIENT_ID.split("-")[0],
        baseUrl: env.GHL_PUSH_URL,
        api: { baseUrl: env.GHL_BASE_URL },
    });
    const queries = createQueries({ gateway, keys, db: env.DB, now });
    const webhooks = createWebhookHandler({
        seen: d1Seen(env.DB),
        // The sandbox signs with a key of its own.
        ...(env.GHL_WEBHOOK_KEY && { keys: [env.GHL_WEBHOOK_KEY] }),
        on: { INSTALL: (event) => oauth.onInstall(event), UNINSTALL: (event) => oauth.onInstall(event) },
    });
    return { keys, gateway, oauth, provider, queries, webhooks };
}

export default {
    async fetch(request, env, ctx) {
        made ??= start(env);
        const { pathname } = new URL(request.url);
        switch (`${request.method} ${pathname}`) {
            case "GET /pay":
                return page(env);
            case "POST /charges":
                return pay(request, env);
            case "POST /cards":
                return saveCard(request);
            case "POST /query":
                return made.queries(request, ctx);
            case "POST /webhooks":
                return made.webhooks(request, ctx);
            case "GET /install":
                return (await made.oauth.authorizeUrl()).redirect();
            case "GET /oauth/callback":
                return installed(request, env);
            default:
                return env.ASSETS.fetch(request);
        }
    },

    /** Every minute: charges what is due, and tells HighLevel. */
    async scheduled({ scheduledTime }, env) {
        made ??= start(env);
        latest = Math.max(latest, scheduledTime);
        await bill(made.gateway, now());
        await tell(made.gateway, made.provider);
    },
};

/** The payment page, with the headers that let HighLevel's checkout frame it. */
async function page(env) {
    const { body } = await env.ASSETS.fetch(new URL("/", env.PUBLIC_URL));
    return new Response(body, { headers: { "content-type": "text/html; charset=utf-8", ...frameHeaders() } });
}

/** Charges the card of the payer for a transaction of HighLevel's. */
async function pay(request, env) {
    const asked = await read(request);
    const account = await made.keys.ofPage(asked.publishableKey);
    if (account === null || typeof asked.transactionId !== "string" || !isToken(asked.token)) return refuse(400);
    const transaction = await transactionOf(env, account, asked.transactionId);
    if (transaction === null) return refuse(404);
    const charge = await made.gateway.charge(account, { ...transaction, token: asked.token, now: now() });
    return Response.json({ status: charge.status, chargeId: charge.id });
}

/** Keeps the card of a contact, which HighLevel can charge from then on. */
async function saveCard(request) {
    const asked = await read(request);
    const account = await made.keys.ofPage(asked.publishableKey);
    if (account === null || typeof asked.contactId !== "string" || !isToken(asked.token)) return refuse(400);
    if (CARDS[asked.token].outcome === "failed") return Response.json({ status: "failed" });
    await made.gateway.saveCard(account, asked);
    return Response.json({ status: "succeeded" });
}

/** What is to be paid. HighLevel says it, and not the page, which whoever pays could change. */
async function transactionOf(env, { locationId }, transactionId) {
    const payments = new PaymentsClient({ token: made.oauth.token, locationId, baseUrl: env.GHL_BASE_URL });
    try {
        const { amount, currency, contactId } = await payments.transactions.get(transactionId);
        const code = currency.toUpperCase();
        return { reference: transactionId, contactId: contactId ?? "", amount: minorOf(amount, code), currency: code };
    } catch (error) {
        if (error.status >= 400 && error.status < 500) return null;
        throw error;
    }
}

/** Major units of HighLevel's API as the minor units of the gateway. */
function minorOf(major, currency) {
    const { maximumFractionDigits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
    return Math.round(major * 10 ** maximumFractionDigits);
}

/** Takes the browser back from HighLevel, and sets the provider up in what was chosen. */
async function installed(request, env) {
    const { locationId, approvedLocations, headers } = await made.oauth.callback(request);
    headers.set("content-type", "text/plain; charset=utf-8");
    // HighLevel takes https only; on this machine the sandbox is told the real addresses besides.
    const base = env.PUBLIC_URL.replace(/^http:/, "https:");
    for (const location of locationId === undefined ? approvedLocations : [locationId]) {
        const [live, test] = await Promise.all(MODES.map((mode) => made.keys.publishableKey(location, mode)));
        await made.provider.install(made.oauth, location, {
            name: "Toy Gateway",
            description: "Test cards, and no money",
            paymentsUrl: `${base}/pay`,
            queryUrl: `${base}/query`,
            imageUrl: `${base}/logo.svg`,
            live: { publishableKey: live },
            test: { publishableKey: test },
            capabilities: made.queries.capabilities,
        });
    }
    return new Response("Installed. Now press Set as Default under Payments > Integrations, for live and for test mode.", { headers });
}

/** The JSON object in a request of the page. Another site cannot send one without asking first. */
async function read(request) {
    if (!/^application\/json\b/.test(request.headers.get("content-type") ?? "")) return {};
    const asked = await request.json().catch(() => null);
    return typeof asked === "object" && asked !== null ? asked : {};
}

const isToken = (token) => typeof token === "string" && Object.hasOwn(CARDS, token);
const refuse = (status) => new Response(null, { status });
