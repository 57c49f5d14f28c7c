// Webhooks: what a listener is given depends on the type of the event.

import {
    createProxy,
    createWebhookHandler,
    d1Seen,
    d1Store,
    durableSeen,
    isWebhookEvent,
    memorySeen,
    verifyWebhook,
    WebhookError,
    type D1Database,
    type NamespaceLike,
    type OperationName,
    type ProxyEvent,
    type SeenStore,
    type UnknownWebhookEvent,
    type WebhookErrorCode,
    type WebhookEvent,
    type WebhookHandler,
    type WebhookListeners,
    type WebhookType,
} from "ghl-payments/edge";

const seen: SeenStore = memorySeen({ maxIds: 10 });

export const handler: WebhookHandler = createWebhookHandler({
    seen,
    on: {
        OrderCreate(event, { id }) {
            const type: "OrderCreate" = event.type;
            const amount: number | null | undefined = event.amount;
            const first: string | null | undefined = event.items?.[0]?.product?.name;
            const status: "completed" | "pending" | (string & {}) | null | undefined = event.status;
            const delivery: string | null | undefined = event.webhookId;
            return [type, amount, first, status, delivery, id.length, event._id.length];
        },
        async InvoicePaid(event) {
            const total: number | null | undefined = event.total;
            // @ts-expect-error an invoice has no items of an order
            event.items;
            return total;
        },
        INSTALL(event) {
            const app: string = event.appId;
            // @ts-expect-error the location is not sure to be there
            const location: string = event.locationId;
            return [app, location];
        },
        PriceUpdate: (event) => event.priceType,
        "*"(event) {
            const type: string | undefined = event.type;
            // @ts-expect-error of an event of any type nothing is known
            event.amount.toFixed(2);
            return type;
        },
    },
    keys: ["highlevel", new Uint8Array(32), { kty: "OKP", crv: "Ed25519", x: "" }],
    legacyRsa: false,
    queue: { send: async (message) => message.id },
    type: (request) => new URL(request.url).searchParams.get("type") ?? undefined,
    onEvent(outcome) {
        if (outcome.type === "refused") return outcome.code;
        return outcome.id;
    },
});

// @ts-expect-error a typing error in the type of an event
createWebhookHandler({ seen, on: { OrderCreated() {} } });
// @ts-expect-error somewhere it must be remembered what was handled
createWebhookHandler({ on: {} });
// @ts-expect-error a listener is a function
createWebhookHandler({ seen, on: { OrderCreate: "x" } });
// @ts-expect-error a KV namespace is no such store
createWebhookHandler({ seen: { get() {}, put() {} }, on: {} });

export async function one(request: Request): Promise<string | undefined> {
    const event: WebhookEvent | UnknownWebhookEvent = await verifyWebhook(await request.arrayBuffer(), request.headers, {
        toleranceMs: 86_400_000,
        now: new Date(),
    });
    return event.type;
}

export function amount(event: WebhookEvent | UnknownWebhookEvent): number | null | undefined {
    if (isWebhookEvent(event, "OrderCreate")) return event.amount;
    if (isWebhookEvent(event, "PLAN_CHANGE")) return event.newPlanId?.length;
    // @ts-expect-error a typing error in the type of an event
    if (isWebhookEvent(event, "PlanChange")) return 2;
    return event.type === "AppUpdate" ? 1 : 0;
}

export function install(event: WebhookEvent): string | undefined {
    if (event.type === "INSTALL") return event.appId;
    if (event.type === "OrderCreate" || event.type === "OrderStatusUpdate") return event._id;
    // @ts-expect-error neither an order nor an installation
    event.installType;
    return undefined;
}

export const codes = (error: unknown): WebhookErrorCode | undefined => (error instanceof WebhookError ? error.code : undefined);

const listeners: WebhookListeners = { UNINSTALL: ({ locationId }) => locationId };
const types: WebhookType[] = ["OrderCreate", "PLAN_CHANGE"];
export const both = [listeners, types, handler.queue, handler.deliver] as const;

/** As a Worker has them. */
export const worker = { fetch: handler, queue: handler.queue };
export const answer: Promise<Response> = worker.fetch(new Request("https://app.test/"), { env: 1 }, { waitUntil() {} });

/** What an application reads of its settings may not be there. */
declare const given: {
    size: number | undefined;
    text: string | undefined;
    yes: boolean | undefined;
    clock: (() => number) | undefined;
    listen: (() => void) | undefined;
    queue: { send(message: unknown): Promise<void> } | undefined;
};
declare const bindings: { DB: D1Database; LEDGER: NamespaceLike };
createWebhookHandler({
    seen: memorySeen({ maxIds: given.size, now: given.clock }),
    on: { OrderCreate: given.listen, "*": given.listen },
    keys: given.text,
    legacyRsa: given.yes,
    toleranceMs: given.size,
    now: given.clock,
    onDrift: given.listen,
    type: given.text,
    queue: given.queue,
    maxBodyBytes: given.size,
    answerWithinMs: given.size,
    leaseMs: given.size,
    rememberMs: given.size,
    onEvent: given.listen,
});
d1Seen(bindings.DB, { table: given.text });
d1Store(bindings.DB, { table: given.text, leaseMs: given.size });
durableSeen(bindings.LEDGER, { shards: given.size });
export const checked = (request: Request): Promise<unknown> =>
    verifyWebhook("", request.headers, {
        keys: given.text, legacyRsa: given.yes, toleranceMs: given.size, now: given.clock, type: given.text, onDrift: given.listen,
    });

/** A process that lives on needs nobody who waits. */
export const behind: Promise<Response> = handler(new Request("https://app.test/"), { waitUntil() {} });

const operations: OperationName[] = ["orders.recordPaymentOnce", "orders.list"];
createProxy({
    authorize: () => ({ locationId: "l", operations }),
    token: () => "t",
    onEvent: (event) => {
        if (event.type !== "refused" && event.type !== "failed") return;
        const { reason, origin, own }: ProxyEvent = event;
        console.log(reason?.length, origin?.length, own?.length, event.cause);
    },
});
// @ts-expect-error a typing error in the name of an operation
createProxy({ authorize: () => ({ locationId: "l", operations: ["orders.recordPaymentTwice"] }), token: () => "t" });
