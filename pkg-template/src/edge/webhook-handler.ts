import { bodyOf, TOO_LARGE } from "./body.js";
import { quietly, waiting } from "./context.js";
import { inTime } from "./in-time.js";
import { LONGEST_MS } from "./lease.js";
import { seenStore, type Claim, type SeenStore } from "./seen.js";
import {
    nearest,
    verifier,
    WebhookError,
    wrong,
    type UnknownWebhookEvent,
    type VerifyWebhookOptions,
    type WebhookErrorCode,
    type WebhookEvent,
    type WebhookMessage,
    type WebhookType,
} from "./webhook.js";

/** What a listener is told beside the event. */
export interface WebhookContext {
    /** The id of the delivery, the same each time that it is tried: `webhookId`, or a digest of the body where there is none. */
    id: string;
}

/**
 * What to do with which event: a function for a type, and `"*"` for all events that have none, those included that HighLevel adds. A
 * name that is neither is refused, with what may be meant by it. Whatever a function returns is awaited; if it throws or rejects, it
 * gets the delivery again. D1 statements that it returns are carried out by `d1Seen`.
 */
export type WebhookListeners = {
    [T in WebhookType]?: ((event: WebhookEvent<T>, context: WebhookContext) => unknown) | undefined;
} & {
    /** Every other event, also of a type that this package does not know. */
    "*"?: ((event: WebhookEvent | UnknownWebhookEvent, context: WebhookContext) => unknown) | undefined;
};

/** The producer of a queue, as Cloudflare's. */
export interface WebhookQueue {
    /**
     * Keeps a message until the consumer has taken it.
     *
     * @param message Plain data, which JSON and structuredClone keep whole.
     */
    send(message: WebhookMessage): Promise<unknown>;
}

/** A message that the consumer of a queue gets, as Cloudflare's. */
export interface QueuedWebhook {
    /** What was sent. */
    readonly body: unknown;
    /** It is done. */
    ack(): void;
    /**
     * It comes again.
     *
     * @param options When.
     */
    retry(options?: RetryDelay): void;
}

/** When a message comes again. */
export interface RetryDelay {
    /** After how many seconds at the earliest. */
    delaySeconds?: number;
}

/** Messages that the consumer of a queue gets at once, as Cloudflare's. */
export interface WebhookBatch {
    /** The messages. */
    readonly messages: readonly QueuedWebhook[];
}

/** What happened to a delivery. It holds neither its body nor its signature. Later versions may know further types. */
export type WebhookOutcome =
    | {
          /** The request was answered with an error, and nothing was handled. */
          type: "refused";
          /** Why. */
          code: WebhookErrorCode | "method_not_allowed";
          /** The error, but of a wrong method. */
          error?: WebhookError;
      }
    | {
          /** It waits in the queue. */
          type: "queued";
          /** Its id. */
          id: string;
      }
    | {
          /** `handled`: its listener has ended. `ignored`: it has none. `duplicate`: it was handled before. `busy`: somebody is at it. */
          type: "handled" | "ignored" | "duplicate" | "busy";
          /** Its id. */
          id: string;
      }
    | {
          /**
           * `failed`: its listener threw, or the store or the queue did; the message says it where the listener had ended well, and only
           * the mark failed. `lease_lost`: the claim could not be kept until the end, and somebody else may be handling it as well.
           */
          type: "failed" | "lease_lost";
          /** Its id. */
          id: string;
          /** What was thrown. */
          error?: unknown;
          /** Whether the delivery comes again: HighLevel, the queue or this handler tries once more. */
          again: boolean;
      };

/** How deliveries are handled. */
export interface WebhookHandlerOptions extends Omit<VerifyWebhookOptions, "type"> {
    /** What to do with which event. */
    on: WebhookListeners;
    /** Where handled deliveries are remembered: `memorySeen()`, `d1Seen(env.DB)` or `durableSeen(env.LEDGER)`. */
    seen: SeenStore;
    /** A queue that keeps verified deliveries; its consumer calls `handler.queue(batch)`. Survives whatever happens to a Worker. */
    queue?: WebhookQueue | undefined;
    /** The type of the event that the route stands for, or a function of the request that gives it. See {@link VerifyWebhookOptions}. */
    type?: string | ((request: Request) => string | undefined) | undefined;
    /** How many bytes a body may have. Default 1 MiB. */
    maxBodyBytes?: number | undefined;
    /**
     * How many milliseconds the answer waits for the listener where `waitUntil` lets it go on afterwards. Default 2000. Within them a
     * listener that throws gets the delivery from HighLevel again; later only this handler tries twice more. Where not the listener
     * but the store or the queue is waited for, the answer is then 429: so it must be more than they take.
     */
    answerWithinMs?: number | undefined;
    /** How many milliseconds after the death of a Worker another one may take over what it was at. Default 30000. */
    leaseMs?: number | undefined;
    /**
     * How many milliseconds the id of a handled delivery is remembered. Default 30 days. One without an id is known by its body, for
     * two hours at the most: the second UNINSTALL of a location looks like the first.
     */
    rememberMs?: number | undefined;
    /** Is told what happened to each delivery. */
    onEvent?: ((outcome: WebhookOutcome) => void) | undefined;
}

/**
 * Answers HighLevel's webhooks: 200 handled, now or before, or of no interest; 202 in the queue, or its listener is at work; 401 not
 * HighLevel's; 400, 405, 413 not readable; 429 failed, busy, not yet claimed, or a body that does not come within 15 s, please again; 500
 * the handler itself is not in order.
 *
 * The context with `waitUntil` may come in any place behind the request, so that it can stand as the `fetch` of a Worker.
 */
export type WebhookHandler = ((request: Request, ...context: unknown[]) => Promise<Response>) & WebhookConsumer;

/** The other end of the queue. */
export interface WebhookConsumer {
    /**
     * The consumer of the queue: `export default { fetch: handler, queue: handler.queue }`.
     *
     * @param batch What the queue gives.
     */
    queue(batch: WebhookBatch): Promise<void>;
    /**
     * Handles a delivery that was verified before, from a queue of another make. Rejects where the listener or the store fails; after
     * that, and after `"busy"`, it is to be given again.
     *
     * @param message What was sent to the queue.
     */
    deliver(message: unknown): Promise<"handled" | "ignored" | "duplicate" | "busy">;
}

const OWN_OPTIONS = ["on", "seen", "queue", "maxBodyBytes", "answerWithinMs", "leaseMs", "rememberMs", "onEvent", "type"];

const DAY_MS = 86_400_000;

/**
 * For how long a delivery without an id is known by its body: as long as HighLevel tries again, or little longer. A second
 * UNINSTALL of the same location looks like the first.
 */
const DIGEST_MS = 2 * 3_600_000;

/** Bytes of JSON. What a queue of Cloudflare's takes is 128 KB, with what it adds itself. */
const LARGEST_MESSAGE = 120_000;

/**
 * Bytes of JSON. Beyond them a queue may refuse a message for its size: another form of it has up to twice as many (two for each
 * letter as soon as one of them needs two), and other queues take less.
 */
const LARGE_MESSAGE = 48_000;

/** How long this handler waits before it tries again itself: a mark always, a listener once the answer has left. */
const PAUSES_MS = [1000, 5000];

/** No call of the store or the queue is waited for longer. */
const STORE_MS = 5000;

/** A body that takes longer is not waited for: HighLevel's come at once. */
const READ_MS = 15_000;

/** What a wait ends with when the time is over. */
const LATE = Symbol("late");

/** How long the answer waits until the claim is given back: without that it ends by itself. */
const RELEASE_MS = 1000;

/** How far a delivery is, for the answer to it. */
interface Progress {
    /** Whether it is claimed and its listener at work: only that may go on behind a 202. */
    working: boolean;
    /** Whether that was answered, so that nobody else tries again. */
    promised: boolean;
}

/**
 * Makes a handler of HighLevel's webhooks: it verifies each delivery, handles an id only once at a time and no more after it
 * is marked as done, and answers quickly.
 *
 * ```ts
 * import { createWebhookHandler, d1Seen } from "ghl-payments/edge";
 *
 * export default {
 *   fetch(request: Request, env: Env, ctx: ExecutionContext) {
 *     const handler = createWebhookHandler({
 *       seen: d1Seen(env.DB),
 *       on: {
 *         OrderCreate: (order) => console.log(order._id, order.amount),
 *         "*": (event) => console.log(event.type),
 *       },
 *     });
 *     return handler(request, ctx);
 *   },
 * };
 * ```
 *
 * Exactly once takes effect what a listener leaves to `d1Seen`: the D1 statements that it returns are carried out together with the
 * mark that the delivery is done, or not at all. Whatever else a listener does can happen again: where it throws half-way, where its
 * Worker dies or loses its claim before the mark, or where the store fails to mark it, the next try runs it once more. Let it be
 * idempotent by `context.id`. Once marked, a delivery is handled no more for `rememberMs`.
 *
 * HighLevel's older guide says that only a 429 is tried again (six times, ten minutes apart), its newer one that anything but a
 * 2xx is. So 429 is the answer to whatever ought to come again. Behind a 202 HighLevel does not come again, and without a `queue` a
 * listener that is then cut off with its Worker, or fails three times, is lost: what has to survive that belongs in a `queue`.
 *
 * @param options What to do with which event, where handled deliveries are remembered, and how they are verified. Throws a
 *     {@link WebhookError} with `issues` where they are wrong.
 */
export function createWebhookHandler(options: WebhookHandlerOptions): WebhookHandler {
    const verify = verifier(options as VerifyWebhookOptions, OWN_OPTIONS);
    const { on, queue, type, onEvent, maxBodyBytes = 1 << 20, answerWithinMs = 2000, leaseMs = 30_000, rememberMs = 30 * DAY_MS } = options;
    const seen = seenStore(options.seen);
    checkListeners(on);
    check("queue", queue === undefined || typeof queue?.send === "function", "must have the method send");
    check("type", ["undefined", "string", "function"].includes(typeof type), "must be text or a function");
    check("onEvent", onEvent === undefined || typeof onEvent === "function", "must be a function");
    const atLeast = (name: string, given: number, least: number) => check(name, given >= least, `must be a number from ${least}`);
    atLeast("maxBodyBytes", maxBodyBytes, 1);
    atLeast("answerWithinMs", answerWithinMs, 0);
    atLeast("leaseMs", leaseMs, 1000);
    atLeast("rememberMs", rememberMs, 1000);

    const tell = (outcome: WebhookOutcome) => {
        if (onEvent !== undefined) quietly(() => onEvent(outcome));
        else if ("error" in outcome && outcome.type !== "refused") console.error(`ghl-payments: webhook ${outcome.id} ${outcome.type}`, outcome.error);
    };
    const listener = (message: WebhookMessage) => {
        const { type } = message;
        // Every object has a toString; a class's methods are not its own.
        const own = type !== "" && nearest(type) === type ? on[type as "*"] : undefined;
        return own ?? on["*"];
    };

    /** Handles a delivery, and notes how far it is. */
    async function handle(message: WebhookMessage, progress: Progress = { working: false, promised: false }): Promise<"handled" | "ignored" | "duplicate" | "busy"> {
        const { id, event, digested } = message;
        const listen = listener(message);
        if (listen === undefined) return told("ignored");
        // A claim that comes when nobody waits for it any more ends by itself.
        const claim = await inTime(STORE_MS, async () => claimed(await seen.claim(id, leaseMs))).catch(failed);
        if (claim.state !== "claimed") return told(claim.state === "done" ? "duplicate" : "busy");
        const { token } = claim;
        const stop = heartbeat(id, token);
        try {
            progress.working = true;
            const result = await insist(() => listen.call(on, event, { id }), (error) => {
                if (progress.promised) tell({ type: "failed", id, error, again: true });
                return progress.promised;
            }).catch(async (error: unknown) => {
                progress.working = false;
                stop();
                // Where that fails as well, the lease ends by itself.
                await inTime(RELEASE_MS, () => seen.release(id, token)).catch(() => {});
                return failed(error);
            });
            progress.working = false;
            const keepMs = digested ? Math.min(DIGEST_MS, rememberMs) : rememberMs;
            // The listener has ended well: from here on it is not run again, and the claim not given back.
            const held = await insist(() => inTime(STORE_MS, () => seen.done(id, token, keepMs, result))).catch((cause: unknown) =>
                failed(new Error("the listener has ended well, but not its mark", { cause })),
            );
            if (held) return told("handled");
            // Somebody else is at it, or nobody: the next try shows.
            tell({ type: "lease_lost", id, again: !progress.promised });
            return "busy";
        } finally {
            stop();
        }
        function told<T extends "handled" | "ignored" | "duplicate" | "busy">(type: T): T {
            tell({ type, id });
            return type;
        }
        function failed(error: unknown): never {
            tell({ type: "failed", id, error, again: !progress.promised });
            throw error;
        }
    }

    /** Keeps a delivery claimed while its listener is at work. Gives what ends that. */
    function heartbeat(id: string, token: string): () => void {
        // The lease of one that hangs must end some day; not by the clock, which may be set meanwhile.
        let left = LONGEST_MS;
        const beat = setInterval(() => {
            if ((left -= leaseMs / 3) < 0) clearInterval(beat);
            else quietly(() => seen.renew(id, token, leaseMs));
        }, leaseMs / 3);
        return () => clearInterval(beat);
    }

    async function answer(request: Request, context: unknown[]): Promise<Response> {
        if (request.method !== "POST") {
            tell({ type: "refused", code: "method_not_allowed" });
            return reply(405, { code: "method_not_allowed" }, { allow: "POST" });
        }
        let message: WebhookMessage;
        try {
            const body = await readBody(request, maxBodyBytes);
            if (body === undefined) {
                tell({ type: "refused", code: "unreadable", error: new WebhookError("unreadable", `the body did not come within ${READ_MS} ms`) });
                return please("late");
            }
            message = await verify(body, request.headers, typeof type === "function" ? type(request) : type);
        } catch (thrown) {
            const error = thrown instanceof WebhookError ? thrown : new WebhookError("internal", `${thrown}`, [], thrown);
            tell({ type: "refused", code: error.code, error });
            return reply(error.status, { code: error.code });
        }
        const progress = { working: false, promised: false };
        const work = take(message, progress);
        const later = waiting(context);
        if (later === undefined) return work;
        try {
            later.waitUntil(work);
        } catch {
            return work;
        }
        return new Promise((resolve) => {
            const late = setTimeout(() => {
                progress.promised = progress.working;
                resolve(progress.working ? received(202) : please("late"));
            }, answerWithinMs);
            void work.then((response) => {
                clearTimeout(late);
                resolve(response);
            });
        });
    }

    /** Leaves a delivery to the queue, or handles it, and gives the answer. */
    async function take(message: WebhookMessage, progress: Progress): Promise<Response> {
        const { id } = message;
        if (queue !== undefined && listener(message) !== undefined) {
            const bytes = new TextEncoder().encode(JSON.stringify(message)).length;
            try {
                if (bytes <= LARGEST_MESSAGE) {
                    await inTime(STORE_MS, () => queue.send(message));
                    tell({ type: "queued", id });
                    return received(202);
                }
            } catch (error) {
                tell({ type: "failed", id, error, again: true });
                // What is too large for the queue would be so each time.
                if (bytes <= LARGE_MESSAGE) return please("queue_failed");
            }
        }
        try {
            const state = await handle(message, progress);
            return state === "busy" ? please("busy", leaseMs / 1000) : received(200);
        } catch {
            return please("failed");
        }
    }

    async function deliver(given: unknown): Promise<"handled" | "ignored" | "duplicate" | "busy"> {
        const message = given as WebhookMessage;
        const { id = "", type, event } = message ?? {};
        const whole = typeof id === "string" && id !== "" && typeof type === "string" && typeof event === "object" && event !== null && !Array.isArray(event);
        check("message", whole, "must be what was sent to the queue");
        return handle(message);
    }

    const handler = async (request: Request, ...context: unknown[]) => {
        try {
            return await answer(request, context);
        } catch (cause) {
            const error = new WebhookError("internal", "request must be a Request of the web; see cause", [], cause);
            tell({ type: "refused", code: error.code, error });
            return reply(error.status, { code: error.code });
        }
    };
    return Object.assign(handler, {
        deliver,
        async queue({ messages }: WebhookBatch): Promise<void> {
            const one = async (message: QueuedWebhook) => {
                const state = await deliver(message.body).catch(() => "failed");
                if (state === "busy") message.retry({ delaySeconds: Math.ceil(leaseMs / 1000) });
                else if (state === "failed") message.retry();
                else message.ack();
            };
            await Promise.all(messages.map(one));
        },
    });
}

function check(path: string, fits: boolean, message: string): void {
    if (!fits) throw wrong("invalid_options", path, message);
}

/** Checks the listeners: one that nobody ever calls would be found out by the loss of its events. */
function checkListeners(on: WebhookListeners): void {
    const fix = 'must be an object of functions, one at least, each for an event or for "*"';
    check("on", typeof on === "object" && on !== null, fix);
    const owns = (holder: object, name: string) => Object.prototype.hasOwnProperty.call(holder, name);
    // Also what is inherited, up to what every object inherits, in any realm.
    const chain: object[] = [];
    for (let at = on as object | null; at !== null && !owns(at, "isPrototypeOf"); at = Object.getPrototypeOf(at) as object | null) chain.push(at);
    const isOfClass = !Array.isArray(on) && chain.some((holder, depth) => depth > 0 && owns(holder, "constructor"));
    let listens = false;
    for (const holder of chain) {
        for (const name of Object.getOwnPropertyNames(holder)) {
            const meant = name === "*" ? name : nearest(name);
            if (name !== "" && meant === name) {
                const listen = on[name as "*"];
                check(`on.${name}`, listen === undefined || typeof listen === "function", "must be a function");
                listens ||= listen !== undefined;
                continue;
            }
            // Fields and methods of a class that are no slip of the pen are its own business.
            const isLoose = isOfClass || !Object.prototype.propertyIsEnumerable.call(holder, name);
            if (isLoose && (meant === "" || /^[_#]/.test(name) || typeof on[name as "*"] !== "function")) continue;
            const hint = meant === "" ? `: "*" gets every other one` : `; did you mean ${meant}?`;
            check(`on.${name}`, false, `is no event of payments or of the app${hint}`);
        }
    }
    check("on", listens, fix);
}

/** What a call gives in the end: it is tried again after each pause, as long as that makes sense after its error. */
async function insist<T>(call: () => T | PromiseLike<T>, sensible: (error: unknown) => boolean = () => true): Promise<T> {
    for (let tried = 0; ; tried++) {
        try {
            return await call();
        } catch (error) {
            const pause = PAUSES_MS[tried];
            if (pause === undefined || !sensible(error)) throw error;
            await new Promise((resolve) => setTimeout(resolve, pause));
        }
    }
}

/** What a store of somebody's own has given, if it is a claim. */
function claimed(given: Claim): Claim {
    const { state, token } = (given ?? {}) as { state?: unknown; token?: unknown };
    if (state === "claimed" ? typeof token === "string" : state === "busy" || state === "done") return given;
    throw new TypeError("the claim that the store gave is none");
}

/** The bytes of a request, as long as they are not too many; nothing where they do not come in time. */
async function readBody(request: Request, limit: number): Promise<Uint8Array | undefined> {
    if (request.bodyUsed) throw wrong("invalid_body", "request", "was read before: pass a clone");
    let timer: ReturnType<typeof setTimeout>;
    const over = new Promise<typeof LATE>((resolve) => (timer = setTimeout(resolve, READ_MS, LATE)));
    const body = await Promise.race([bodyOf(request, limit, over), over]).finally(() => clearTimeout(timer));
    if (body === LATE) return undefined;
    if (body === TOO_LARGE) throw new WebhookError("too_large", `the body has more than ${limit} bytes`);
    if (body === undefined) throw new WebhookError("unreadable", "the body ended before its end");
    return body;
}

function received(status: number): Response {
    return reply(status, { received: true });
}

function reply(status: number, body: object, headers: Record<string, string> = {}): Response {
    return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** The answer that asks HighLevel to come again. */
function please(code: string, seconds = 60): Response {
    return reply(429, { code }, { "retry-after": `${Math.ceil(seconds)}` });
}
