// What both examples do, whatever runs them: install the app, call HighLevel for its page, take its webhooks.

import { createOAuth, createProxy, createWebhookHandler } from "ghl-payments/edge";
import { createSessions } from "./sessions.js";

/** What the page does; the last one stands for all that it sends. */
const OPERATIONS = ["orders.list", "orders.get", "orders.recordPaymentOnce"];

/** `oauth.*` is for agencies, which install the app in many locations at once. */
const SCOPES = [
    "payments/orders.readonly",
    "payments/orders.collectPayment",
    "payments/transactions.readonly",
    "oauth.readonly",
    "oauth.write",
];

/**
 * @param env The settings; see README.md.
 * @param store Where tokens are kept.
 * @param seen Where handled webhooks are remembered.
 * @param inbox What the page shows of the webhooks: `add(locationId, line)` and `list(locationId)`.
 */
export function createApp({ env, store, seen, inbox }) {
    const { PUBLIC_URL, GHL_BASE_URL, GHL_AUTHORIZATION_URL, GHL_WEBHOOK_KEY } = env;
    const sessions = createSessions(env.SESSION_SECRET);
    const secure = PUBLIC_URL.startsWith("https:");

    const oauth = createOAuth({
        clientId: env.GHL_CLIENT_ID,
        clientSecret: env.GHL_CLIENT_SECRET,
        redirectUri: `${PUBLIC_URL}/oauth/callback`,
        scopes: SCOPES,
        store,
        encryptionKey: env.ENCRYPTION_KEY,
        baseUrl: GHL_BASE_URL,
        authorizationUrl: GHL_AUTHORIZATION_URL,
    });

    const proxy = createProxy({
        async authorize(request) {
            const locationId = await sessions.accountOf(request);
            return locationId === null ? null : { locationId, operations: OPERATIONS };
        },
        token: oauth.token,
        baseUrl: GHL_BASE_URL,
    });

    const webhooks = createWebhookHandler({
        seen,
        // The sandbox signs with a key of its own.
        ...(GHL_WEBHOOK_KEY && { keys: [GHL_WEBHOOK_KEY] }),
        on: {
            INSTALL: (event) => oauth.onInstall(event),
            UNINSTALL: (event) => oauth.onInstall(event),
            OrderCreate: (order) => inbox.add(order.altId, `new order: ${order.amount} ${order.currency}`),
            OrderStatusUpdate: (order) => inbox.add(order.altId, `order ${order._id} is ${order.status}`),
        },
    });

    return {
        /** Sends a browser to HighLevel, where a person chooses the location. */
        async install() {
            return (await oauth.authorizeUrl()).redirect();
        },
        /** Takes the browser back, and lets it work with what was chosen. */
        async callback(request) {
            try {
                const { locationId, approvedLocations, headers } = await oauth.callback(request);
                headers.append("set-cookie", await sessions.cookie(locationId ?? approvedLocations[0], secure));
                headers.set("location", `${PUBLIC_URL}/`);
                return new Response(null, { status: 302, headers });
            } catch (error) {
                return new Response(`The app was not installed (${error.code}). Begin again at /install.`, { status: 400 });
            }
        },
        /** Calls of the page's `PaymentsClient`. */
        api: proxy,
        /** HighLevel's webhooks. */
        webhooks,
        /** What the webhooks said, for the page. */
        async inbox(request) {
            const locationId = await sessions.accountOf(request);
            if (locationId === null) return new Response(null, { status: 401 });
            return Response.json({ locationId, lines: await inbox.list(locationId) });
        },
    };
}
