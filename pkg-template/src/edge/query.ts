import { Findings, invalid } from "../client/input.js";
import { pause } from "../exchange.js";
import type { Issue } from "../client/errors.js";
import { queryStep } from "../edge-core.js";
import { bodyOf, TOO_LARGE } from "./body.js";
import { clockOf } from "./clock.js";
import { quietly, waiting } from "./context.js";
import { called } from "./module.js";
import type { ProviderMode } from "./provider.js";
import type {
    Awaitable,
    FindChargeQuery,
    FoundCharge,
    KeylessRefundQuery,
    LookupContext,
    ProviderAccount,
    QueryAction,
    QueryHandlers,
    UnknownQuery,
} from "./queries.js";
import { checkRequest } from "./request.js";
import { scrubbed } from "./scrubbed.js";
import { seconds } from "./seconds.js";
import { memoryStore, type TokenStore } from "./stores.js";
import { digest } from "./vault.js";
import type { WebhookDrift } from "./webhook.js";

/**
 * Where final answers and begun refunds are kept, exclusively for each charge: `memoryStore()`, `d1Store(env.DB)` or
 * `durableStore(env.CHARGES)`, as tokens are kept; the rows are text that is not encrypted, and never expire.
 */
export type VerifyStore = TokenStore;

/** In which unit amounts of snapshots leave, for each action that has one. */
export interface SnapshotUnits {
    /** Default `minor`, as in HighLevel's example. */
    verify?: "major" | "minor" | undefined;
    /** Default `major`, as in HighLevel's example. */
    charge_payment?: "major" | "minor" | undefined;
    /** Default `major`, as in HighLevel's example. */
    create_subscription?: "major" | "minor" | undefined;
}

/** Why a request is answered with an error status. */
export type QueryErrorCode =
    | "method_not_allowed"
    | "unsupported_media_type"
    | "too_large"
    | "malformed"
    | "unknown_type"
    | "unauthorized"
    | "invalid_query"
    | "handler_failed"
    | "invalid_answer"
    | "store_failed"
    | "timeout"
    | "internal";

/** Which request an event is about. */
export interface QueryAbout {
    /** What was asked. */
    action?: QueryAction;
    /** The location of the account. */
    locationId?: string;
    /** The mode of the account. */
    mode?: ProviderMode;
    /** HighLevel's transaction. */
    transactionId?: string;
    /** The gateway's charge. */
    chargeId?: string;
    /** HighLevel's subscription. */
    subscriptionId?: string;
}

/** What happened to a request. It holds no apiKey and no payment method. Later versions may know further types. */
export type QueryEvent = QueryAbout &
    (
        | {
              /** It was answered: by a handler, or `again` with what was answered before. */
              type: "answered";
              /** How it ended. */
              result: "succeeded" | "failed" | "pending";
              /** Whether no handler was asked. */
              again: boolean;
              /** The status of the answer. */
              status: number;
          }
        | {
              /** The request was refused before a handler was asked. */
              type: "refused";
              /** Why. */
              code: QueryErrorCode;
              /** The status of the answer. */
              status: number;
              /** Which fields are wrong. */
              issues?: Issue[];
          }
        | {
              /** A handler, a store or the time failed. What money did is not known, unless an answer was given. */
              type: "failed";
              /** What. */
              code: QueryErrorCode;
              /** The status of the answer; none where it was given well, and only something behind it failed. */
              status?: number;
              /** What was thrown, without the apiKey. */
              error?: unknown;
              /** What is wrong with what the handler gave. */
              issues?: Issue[];
          }
        | {
              /** It is no request of the queryUrl, and `webhooks` got it. */
              type: "passed_on";
          }
        | {
              /** The request differs from its shape. */
              type: "drift";
              /** How. */
              drift: WebhookDrift[];
          }
    );

/** What {@link createQueryHandler} takes. */
export interface QueryHandlerOptions<A extends ProviderAccount = ProviderAccount> extends QueryHandlers<A> {
    /**
     * Whose apiKey is this? Give each location and mode a key of its own. Look up by `context.hash` and store only that: an index over
     * hashes tells nobody anything about a key by the time that it takes. A lookup that compares keys itself must do so in constant
     * time; {@link accountLookup} does, for a fixed list.
     *
     * @param apiKey What came with the request.
     * @param context The hash of it, and where it is said to belong.
     */
    lookup(apiKey: string, context: LookupContext): Awaitable<A | null | undefined>;
    /** In which unit the amounts of `chargeSnapshot` leave: one for all, or for each action. */
    unit?: "major" | "minor" | SnapshotUnits | undefined;
    /**
     * Where final answers and begun refunds are kept. Default `memoryStore()` of this handler: for one process that makes its handler
     * once. On Workers give it `d1Store` or `durableStore`, which all isolates share.
     */
    verifies?: VerifyStore | undefined;
    /**
     * What do you know of the charge that is to be refunded? Asked before each refund; `null` refuses it. Without it, what the answers to
     * verify, `charge_payment` and `create_subscription` said of the charge counts, as long as `verifies` keeps it; of renewals and of
     * payments that a push told they say nothing.
     */
    findCharge?: ((q: FindChargeQuery<A>) => Awaitable<FoundCharge | null | undefined>) | undefined;
    /**
     * HighLevel's text of August 2025 has refunds without an apiKey. They are refused, unless this function finds the account, by the
     * transaction. Whoever knows the id of a transaction can then give its money back.
     */
    refundWithoutApiKey?: ((q: KeylessRefundQuery) => Awaitable<A | null | undefined>) | undefined;
    /** What to answer to a request of a type that this package does not know: a Response, or what is to be its JSON. */
    onUnknown?: ((q: UnknownQuery<A>) => unknown) | undefined;
    /**
     * What is no request of the queryUrl goes there, whole: a `createWebhookHandler`, where both share one route. A request is one of the
     * queryUrl if its `type` is one of the six, or if it has an apiKey.
     */
    webhooks?: ((request: Request, ...context: unknown[]) => Awaitable<Response>) | undefined;
    /**
     * How many milliseconds the answer may take, with the reading of the request. Default 20000. HighLevel's own limit is not documented.
     * A handler is not stopped by it: it may still end, and what it then gives is remembered; a refund that was made is answered when
     * the same one is asked for again. What still waits for its turn is not begun.
     */
    timeoutMs?: number | undefined;
    /** How many bytes a body may have. Default 256 KiB, with `webhooks` 1 MiB. */
    maxBodyBytes?: number | undefined;
    /** The clock, in milliseconds since 1970. Default `Date.now`. */
    now?: (() => number) | undefined;
    /** Is told what happened to each request. Without it, what fails is written to the console. */
    onEvent?: ((event: QueryEvent) => void) | undefined;
}

/** What HighLevel is told that a provider can do. */
export interface ProviderCapabilities {
    /** For the payment page: `openCheckout({ addCardOnFile })`. True where methods can be listed and charged. */
    addCardOnFileSupported: boolean;
    /** For `install()` and `customProvider.updateCapabilities()`. True where subscriptions can be created and canceled. */
    supportsSubscriptionSchedules: boolean;
}

/**
 * Answers HighLevel's calls of the queryUrl. The context with `waitUntil` may come in any place behind the request, so that it can
 * stand as the `fetch` of a Worker.
 */
export type QueryHandler = ((request: Request, ...context: unknown[]) => Promise<Response>) & {
    /** What its handlers can do. */
    readonly capabilities: ProviderCapabilities;
};

/** Which handler answers which action. */
const HANDLERS = {
    verify: "verify",
    list_payment_methods: "listPaymentMethods",
    charge_payment: "chargePayment",
    create_subscription: "createSubscription",
    cancel_subscription: "cancelSubscription",
    refund: "refund",
} as const;

const FUNCTIONS = [...Object.values(HANDLERS), "lookup", "findCharge", "refundWithoutApiKey", "onUnknown", "webhooks", "now", "onEvent"] as const;
const OPTIONS = [...FUNCTIONS, "unit", "verifies", "timeoutMs", "maxBodyBytes"];

/** A JSON body, whatever it is called; some senders name no type, or plain text. */
const JSON_TYPE = /^\s*(application\/([\w.+-]+\+)?json|text\/plain)?\s*(;|$)/i;

/** An answer of the core. */
interface Reply {
    status: number;
    body: string;
    result: "succeeded" | "failed" | "pending";
    code?: QueryErrorCode;
}

/** What a step of the core gives; see `queryStep`. */
interface Step {
    name?: string;
    action?: QueryAction;
    apiKey?: string;
    locationId?: string;
    asked?: string;
    answer?: Reply;
    point?: string;
    issues?: Issue[];
    drift?: WebhookDrift[];
    id?: string;
    row?: string;
    unheard?: string;
    from?: string;
    facts?: string;
    after?: Change[];
}

/** Whether somebody still waits for the answer to a request. */
interface Ticket {
    /** By which the gateway knows it, also where the store does its work again, as one that repeats a transaction does. */
    key: string;
    /** It was answered that the time is over. */
    late: boolean;
    /** The end of a refund is noted as one that is heard, so the time waits for it. */
    noted: boolean;
    /** What goes on behind the answer: a row is given back. */
    behind?: Promise<unknown>;
}

/** What is to be written into a row. */
interface Change {
    id: string;
    facts: string;
}

/** What became of a request. */
interface Done {
    reply: Reply;
    again?: boolean;
    issues?: Issue[];
    error?: unknown;
    /** What is to be written elsewhere. */
    after?: Change[];
}

/** Requests that wait for the same charge in this process. */
interface Flight {
    waiting: number;
    /** The last answer that was not final, and when it was given: who came before shares it. */
    shared?: { done: Done; at: number };
}

/**
 * Makes a handler of the queryUrl: it finds out who asks, checks what is asked, calls your function for it and writes the answer
 * that HighLevel reads.
 *
 * ```ts
 * import { createQueryHandler, failed, memoryStore, pending, succeeded } from "ghl-payments/edge";
 *
 * const accounts = new Map([["<apiKeyHash(key)>", { locationId: "3SwdhCu3svxI8AKsPJt6", mode: "test" as const }]]);
 *
 * const handler = createQueryHandler({
 *   lookup: (_, { hash }) => accounts.get(hash),
 *   verifies: memoryStore(), // on Workers d1Store(env.DB)
 *   async verify(q) {
 *     const charge = await gateway.charge(q.chargeId);
 *     if (charge.status === "processing") return pending();
 *     if (charge.status !== "paid" || charge.transactionId !== q.transactionId) return failed("The payment was declined");
 *     if (q.kind === "payment") return succeeded(q, { charge: { amount: { minor: charge.cents, currency: charge.currency } } });
 *     return failed("This gateway has no subscriptions");
 *   },
 *   async findCharge(q) {
 *     const charge = await gateway.find(q); // by q.chargeId, or by q.transactionId where it is missing
 *     if (charge === null) return null;
 *     const { cents, refundedCents, currency } = charge;
 *     return { amount: { minor: cents, currency }, refunded: { minor: refundedCents, currency } };
 *   },
 *   async refund(q) {
 *     const charge = await gateway.find(q);
 *     if (charge === null || q.amount.minor === undefined) return failed("This charge is not known here");
 *     const refund = await gateway.refund(charge.id, q.amount.minor, q.idempotencyKey);
 *     return succeeded(q, { id: refund.id });
 *   },
 * });
 * ```
 *
 * Statuses: 200 answered, also with a failure; 400 malformed, of an unknown type, or a field is wrong; 401 the apiKey; 405, 413, 415;
 * 422 a subscription was not canceled; 500 a handler threw or gave no answer; 503 the store; 504 the time. Every body is JSON, and but
 * for an answer it says `success: false`: of a payment that means pending. What is thrown leaves no trace in it.
 *
 * For one charge one request at a time is at work, in all isolates that share `verifies`.
 *
 * @param options Who asks, and what is to be done. Throws a ValidationError with `issues` where they are wrong.
 */
export function createQueryHandler<A extends ProviderAccount = ProviderAccount>(options: QueryHandlerOptions<A>): QueryHandler {
    check(options);
    options = bound(options);
    const { lookup, unit, verifies: store = memoryStore(), findCharge, refundWithoutApiKey, onUnknown, webhooks, onEvent } = options;
    const { timeoutMs = 20_000, maxBodyBytes = webhooks === undefined ? 1 << 18 : 1 << 20 } = options;
    const clock = clockOf(options.now ?? Date.now);
    const flights = new Map<string, Flight>();
    let moment = 0;

    const tell = (event: QueryEvent) => {
        if (onEvent !== undefined) quietly(() => onEvent(event));
        else if (event.type === "failed") console.error(`ghl-payments: query ${event.action ?? ""} ${event.code}`, event.issues ?? event.error ?? "");
    };

    async function answer(request: Request, context: unknown[]): Promise<Response> {
        checkRequest(request);
        if (request.method !== "POST") return refused("method_not_allowed", {}, { allow: "POST" });
        const passOn = (body?: BodyInit) => {
            tell({ type: "passed_on" });
            const { url, method, headers } = request;
            return webhooks!(body === undefined ? request : new Request(url, { method, headers, body }), ...context);
        };
        if (!JSON_TYPE.test(request.headers.get("content-type") ?? "")) {
            return webhooks === undefined ? refused("unsupported_media_type") : passOn();
        }
        const ticket: Ticket = { key: crypto.randomUUID(), late: false, noted: false };
        let timer: ReturnType<typeof setTimeout>;
        const late = new Promise<typeof LATE>((resolve) => {
            const ring = () => {
                ticket.late = !ticket.noted;
                if (ticket.late) return resolve(LATE);
                ticket.noted = false;
                timer = setTimeout(ring, timeoutMs);
            };
            timer = setTimeout(ring, timeoutMs);
        });
        try {
            return await answerBefore(late, ticket, request, context, passOn);
        } finally {
            clearTimeout(timer!);
        }
    }

    async function answerBefore(
        late: Promise<typeof LATE>,
        ticket: Ticket,
        request: Request,
        context: unknown[],
        passOn: (body?: BodyInit) => Awaitable<Response>,
    ): Promise<Response> {
        const body = await Promise.race([bodyOf(request, maxBodyBytes, late), late]);
        if (body === LATE) return replied(step("timeout").answer!, { type: "failed" });
        if (body === TOO_LARGE) return refused("too_large");
        if (body === undefined) return refused("malformed");
        const read = step("read", {}, "", body);
        if (read.action === undefined && read.apiKey === undefined && webhooks !== undefined) return passOn(body as BodyInit);
        if (read.name === undefined) return replied(read.answer!, { type: "refused" }, read.issues);
        const { action, apiKey = "" } = read;
        const about: QueryAbout = action === undefined ? {} : { action };
        if (action === undefined && apiKey === "") return refused("unknown_type");

        // From here on nothing may tell the apiKey, and everything must come to an end.
        const work = (async (): Promise<Response> => {
            let account: A | null;
            try {
                account = await whose(read, apiKey);
            } catch (error) {
                return replied(step("handler_failed").answer!, { ...about, type: "failed", error: scrubbed(error, apiKey) });
            }
            if (account === null) return refused("unauthorized", about);
            const { locationId, mode } = account;
            Object.assign(about, { locationId, mode });
            if (read.locationId !== undefined && read.locationId !== locationId) return refused("unauthorized", about);
            if (read.asked === undefined) return replied(read.answer!, { ...about, type: "refused" }, read.issues);
            const fields = JSON.parse(read.asked) as Record<string, string | undefined>;
            for (const name of ["transactionId", "chargeId", "subscriptionId"] as const) {
                if (action !== undefined && fields[name] !== undefined) about[name] = fields[name];
            }
            if (read.drift!.length > 0) tell({ ...about, type: "drift", drift: read.drift! });
            if (action === undefined) return await unknown(question(read.asked, account) as unknown as UnknownQuery<A>, about, apiKey);
            const done = await carryOut(action, read.asked, account, about, ticket).catch((error: unknown) => lost("store_failed", error));
            if (done.reply.code === undefined) {
                tell({ ...about, type: "answered", result: done.reply.result, again: done.again === true, status: done.reply.status });
                return response(done.reply);
            }
            return replied(done.reply, { ...about, type: "failed", ...("error" in done && { error: scrubbed(done.error, apiKey) }) }, done.issues);
        })();
        const later = waiting(context);
        // A handler that is late may still end, and its end be remembered.
        if (later !== undefined) quietly(() => later.waitUntil(work.then(() => ticket.behind, () => {})));
        return Promise.race([work, late.then(() => replied(step("timeout").answer!, { ...about, type: "failed" }))]);
    }

    /** Whose request it is. */
    async function whose({ action, asked, locationId }: Step, apiKey: string): Promise<A | null> {
        if (apiKey === "") {
            if (action !== "refund" || refundWithoutApiKey === undefined || asked === undefined) return null;
            const account = (await refundWithoutApiKey(JSON.parse(asked) as KeylessRefundQuery)) ?? null;
            return account === null ? null : checked(account, "refundWithoutApiKey");
        }
        const hash = await digest(apiKey);
        const account = (await lookup(apiKey, { hash, ...(locationId !== undefined && { locationId }) })) ?? null;
        // Where nobody was found something is compared as well.
        const right = same(hash, account === null ? NOBODY : (account.apiKeyHash ?? hash));
        return account === null || !right ? null : checked(account, "lookup");
    }

    async function unknown(query: UnknownQuery<A>, about: QueryAbout, apiKey: string): Promise<Response> {
        if (onUnknown === undefined) return refused("unknown_type", about);
        try {
            const given = await onUnknown(query);
            if (given === undefined) return refused("unknown_type", about);
            tell({ ...about, type: "answered", result: "succeeded", again: false, status: (given as Partial<Response>)?.status ?? 200 });
            return isResponse(given) ? given : response({ status: 200, body: JSON.stringify(given) ?? "null", result: "succeeded" });
        } catch (error) {
            return replied(step("handler_failed").answer!, { ...about, type: "failed", error: scrubbed(error, apiKey) });
        }
    }

    /** Carries a request out, one at a time for each charge. */
    async function carryOut(action: QueryAction, given: string, account: A, about: QueryAbout, ticket: Ticket): Promise<Done> {
        let asked = given;
        const handler = options[HANDLERS[action]] as ((q: object) => unknown) | undefined;
        if (handler === undefined) return { reply: step("unsupported", { action }).answer! };
        const scope = `${account.mode}:${account.locationId}:`;
        const first = step("row", { action, asked });
        let { id } = first;
        if (id === undefined) return work("", handler, action, asked, account, ticket);
        for (const { id, facts } of first.after!) await set(scope + id, facts);
        // What is known of a charge may stand only in the row of what made it.
        let facts: string | undefined;
        for (let { from } = first; from !== undefined; ) {
            const found = await store.run(scope + from, async (tx) => {
                const row = textOf(await tx.get());
                const found = step("find", { asked }, row);
                const pointed = found.point === undefined ? undefined : step("set", JSON.parse(found.point) as object, row).row;
                if (pointed !== undefined) await tx.put({ value: pointed });
                return found;
            });
            if (found.answer !== undefined) return unread(found);
            ({ id, asked, from } = found as Required<Step>);
            facts ??= found.facts;
        }
        const key = scope + id;
        // Two requests about one charge share an answer only if they ask the same.
        const name = action === "verify" ? `${key}\n${about.transactionId}\n${about.subscriptionId ?? ""}` : "";
        const flight = flights.get(name) ?? { waiting: 0 };
        if (action === "verify") flights.set(name, flight);
        flight.waiting++;
        const since = ++moment;
        let done: Done | undefined;
        let moved = false;
        let settle = () => {};
        const settled = new Promise<void>((resolve) => (settle = resolve));
        try {
            const held = store.run(key, async (tx) => {
                if (flight.shared !== undefined && flight.shared.at > since) {
                    done = { ...flight.shared.done, again: true };
                    return;
                }
                // Nobody waits for it: it was said that it may be asked for again, and then it is another one.
                if (ticket.late && action !== "verify") {
                    done = lost("timeout");
                    return;
                }
                let row = textOf(await tx.get());
                // Meanwhile somebody may have named the charge.
                moved = action === "refund" && id === first.from && step("find", { asked }, row).id !== id;
                if (moved) return;
                if (facts !== undefined) {
                    const known = step("set", JSON.parse(facts) as object, row);
                    if (known.answer !== undefined) {
                        done = unread(known);
                        return;
                    }
                    row = known.row ?? row;
                }
                done = await work(row, handler, action, asked, account, ticket, async (changed) => tx.put({ value: changed }));
                if (done.reply.result === "pending" && done.reply.code === undefined) flight.shared = { done, at: ++moment };
                settle();
            });
            ticket.behind = held.catch(() => {});
            // The end of a refund is noted by then: whether the row is given back in time must not decide what is said.
            await (action === "refund" ? Promise.race([held, settled.then(() => pause(Math.min(timeoutMs / 2, RELEASE_MS)))]) : held);
        } catch (error) {
            // What the gateway did counts, also where it could not be noted; but verify does nothing and is asked again.
            if (done === undefined || action === "verify") throw error;
            tell({ ...about, type: "failed", code: "store_failed", error });
        } finally {
            if (--flight.waiting === 0) flights.delete(name);
        }
        if (moved) return carryOut(action, given, account, about, ticket);
        for (const { id, facts } of done?.after ?? []) {
            try {
                await set(scope + id, facts);
            } catch (error) {
                if (action === "verify") return lost("store_failed", error);
                tell({ ...about, type: "failed", code: "store_failed", error });
            }
        }
        return done!;
    }

    /** Asks the handler, unless the row holds the answer. */
    async function work(
        row: string,
        handler: (q: object) => unknown,
        action: QueryAction,
        asked: string,
        account: A,
        ticket: Ticket,
        put: (row: string) => Promise<void> = async () => {},
    ): Promise<Done> {
        // Read before the gateway is asked: a clock that fails must not cost what it has done.
        let at: number;
        try {
            at = clock();
        } catch (error) {
            return lost("internal", error);
        }
        let known: unknown;
        if (action === "refund" && findCharge !== undefined) {
            try {
                const found = await findCharge(question(asked, account) as FindChargeQuery<A>);
                const findings = new Findings();
                known = found == null ? null : JSON.parse(findings.json(found));
                if (findings.issues.length > 0) return { ...lost("invalid_answer"), issues: findings.issues };
            } catch (error) {
                return lost("handler_failed", error);
            }
        }
        const begun = step("begin", { action, asked, key: ticket.key, ...(known !== undefined && { known }) }, row);
        if (begun.asked === undefined) {
            const { answer, after, issues } = begun as Step & { answer: Reply };
            if (answer.code === "store_failed") return unread(begun);
            if (begun.row !== undefined) {
                // The end of a refund that nobody heard is given once.
                await put(begun.row).catch(async (error: unknown) => {
                    // It may have been written: then the same request would be another refund.
                    await again(row);
                    throw error;
                });
                if (ticket.late) await put(row);
                else ticket.noted = true;
            }
            return { reply: answer, again: answer.code === undefined, after: after!, ...(issues !== undefined && { issues }) };
        }
        // Before the gateway is asked: whatever happens then, it is known that it was.
        if (begun.row !== undefined) await put(begun.row);
        const wanted = begun.asked;
        let given: unknown;
        try {
            given = await handler(question(wanted, account));
        } catch (error) {
            return lost("handler_failed", error);
        }
        return ended(given, wanted, begun.row ?? row);

        /** Nobody knows whether a write was made: what counts is written in its place. */
        async function again(row: string): Promise<void> {
            for (let tries = 1; tries <= MAX_WRITES; tries++) {
                try {
                    return await put(row);
                } catch {
                    await pause(50 * tries);
                }
            }
        }

        async function ended(given: unknown, asked: string, row: string): Promise<Done> {
            const found = new Findings();
            let end: Step;
            try {
                const outcome: unknown = JSON.parse(found.json(seconds(Array.isArray(given) ? { result: "succeeded", details: given } : given)));
                const places: SnapshotUnits = typeof unit === "object" ? unit : {};
                const used = typeof unit === "object" ? places[action as keyof SnapshotUnits] : unit;
                end = step("end", { action, asked, outcome, unit: used, now: Math.floor(at / 1000) }, row);
            } catch (error) {
                return lost("invalid_answer", error);
            }
            const issues = [...found.issues, ...(end.issues ?? [])];
            if (issues.length > 0) return { ...lost("invalid_answer"), issues };
            const done: Done = { reply: end.answer!, ...(end.after !== undefined && { after: end.after }) };
            if (end.row === undefined) return done;
            const changed = () => (ticket.late && end.unheard) || end.row!;
            try {
                for (let kept = ""; kept !== changed(); ) {
                    kept = changed();
                    await put(kept).catch((error: unknown) => {
                        if (action === "verify") throw error;
                        return put(kept);
                    });
                }
                ticket.noted = action === "refund";
            } catch (error) {
                // Both are asked again: verify has moved nothing, and a refund gets its key again. If HighLevel took a refund for made
                // that is still open here, the next one of the same amount would get that key and not be made.
                if (end.unheard !== undefined) await again(end.unheard);
                if (action === "verify" || action === "refund") return lost("store_failed", error);
                tell({ action, locationId: account.locationId, mode: account.mode, type: "failed", code: "store_failed", error });
            }
            return done;
        }
    }

    /** Writes facts into another row. */
    async function set(id: string, facts: string): Promise<void> {
        await store.run(id, async (tx) => {
            const { row, answer } = step("set", JSON.parse(facts) as object, textOf(await tx.get()));
            if (answer !== undefined) throw unreadable();
            if (row !== undefined) await tx.put({ value: row });
        });
    }

    function refused(code: QueryErrorCode, about: QueryAbout = {}, headers?: Record<string, string>): Response {
        return replied(step(code).answer!, { ...about, type: "refused" }, undefined, headers);
    }

    function replied(
        reply: Reply,
        event: QueryAbout & { type: "refused" | "failed"; error?: unknown },
        issues?: Issue[],
        headers?: Record<string, string>,
    ): Response {
        tell({ ...event, code: reply.code!, status: reply.status, ...(issues !== undefined && { issues }) });
        return response(reply, headers);
    }

    const handler = async (request: Request, ...context: unknown[]): Promise<Response> => {
        try {
            return await answer(request, context);
        } catch (error) {
            tell({ type: "failed", code: "internal", status: 500, error });
            const body = '{"success":false,"message":"the provider could not answer","code":"internal"}';
            return response({ status: 500, body, result: "pending" });
        }
    };
    return Object.assign(handler, { capabilities: capabilitiesOf(options) });
}

/**
 * What HighLevel is to be told about a provider with these handlers.
 *
 * @param handlers Those of {@link createQueryHandler}.
 */
export function capabilitiesOf(handlers: { readonly [K in keyof QueryHandlers]?: unknown }): ProviderCapabilities {
    const all = (...names: (keyof QueryHandlers)[]) => names.every((name) => typeof handlers[name] === "function");
    return {
        addCardOnFileSupported: all("listPaymentMethods", "chargePayment"),
        supportsSubscriptionSchedules: all("createSubscription", "cancelSubscription"),
    };
}

/**
 * What to store of an apiKey: its SHA-256, in base64url. An apiKey is a long random text, so that its hash does not give it away.
 *
 * @param apiKey What is connected. Throws a ValidationError where it is empty or no text.
 */
export function apiKeyHash(apiKey: string): Promise<string> {
    if (typeof apiKey !== "string" || apiKey === "") throw invalid("apiKey", "must be a text that is not empty");
    return digest(apiKey);
}

/** An account of a fixed list, by its apiKey or by the hash of it. */
export type KnownAccount<A extends ProviderAccount = ProviderAccount> = A & {
    /** The apiKey, unless there is its hash. */
    apiKey?: string | undefined;
};

/**
 * A `lookup` over a fixed list of accounts: it compares with all of them, in constant time.
 *
 * ```ts
 * import { accountLookup } from "ghl-payments/edge";
 *
 * const lookup = accountLookup([
 *   { locationId: "3SwdhCu3svxI8AKsPJt6", mode: "live", apiKey: "sk_live_…" },
 *   { locationId: "3SwdhCu3svxI8AKsPJt6", mode: "test", apiKey: "sk_test_…" },
 * ]);
 * ```
 *
 * @param accounts Each with its `locationId`, its `mode` and its `apiKey` or `apiKeyHash`. Throws a ValidationError where there is
 *   none, or where one lacks something.
 */
export function accountLookup<A extends ProviderAccount>(
    accounts: readonly KnownAccount<A>[],
): (apiKey: string, context: LookupContext) => Promise<A | null> {
    if (!Array.isArray(accounts) || accounts.length === 0) throw invalid("", "must be a list of accounts that is not empty");
    const names = new Set<string>();
    const known = (accounts as readonly KnownAccount<A>[]).map((one, index) => {
        const { apiKey, ...account } = (one ?? {}) as KnownAccount<A>;
        const { locationId, mode } = account as { locationId?: unknown; mode?: unknown };
        if (typeof locationId !== "string" || locationId === "") throw invalid(`[${index}].locationId`, "must be text that is not empty");
        if (mode !== "live" && mode !== "test") throw invalid(`[${index}].mode`, "must be live or test");
        const hash = account.apiKeyHash ?? (typeof apiKey === "string" && apiKey !== "" ? digest(apiKey) : undefined);
        if (hash === undefined) throw invalid(`[${index}]`, "must have an apiKey or an apiKeyHash");
        if (typeof hash === "string" && !/^[\w-]{43}$/.test(hash)) throw invalid(`[${index}].apiKeyHash`, "must be what apiKeyHash gives");
        const name = typeof hash === "string" ? hash : ` ${apiKey}`;
        if (names.has(name)) throw invalid(`[${index}]`, "has the apiKey of another account: give each location and mode its own");
        names.add(name);
        return { account: account as unknown as A, hash: Promise.resolve(hash) };
    });
    return async (_, { hash }) => {
        let found: A | null = null;
        for (const one of known) {
            if (!same(await one.hash, hash)) continue;
            // One was given as a key, the other as its hash.
            if (found !== null) throw new TypeError("two accounts have the same apiKey");
            found = one.account;
        }
        return found;
    };
}

/** What no apiKey has for its hash, of the same length. */
const NOBODY = "-".repeat(43);

/** Whether two hashes are the same, in a time that depends only on their length. */
function same(one: string, other: string): boolean {
    let difference = one.length ^ other.length;
    for (let i = 0; i < one.length; i++) difference |= one.charCodeAt(i) ^ other.charCodeAt(i % (other.length || 1));
    return difference === 0;
}

/** Asks the core. */
function step(name: string, given: object = {}, row = "", body: Uint8Array = NOTHING): Step {
    return JSON.parse(called(() => queryStep(name, JSON.stringify(given), row, body))) as Step;
}

const NOTHING = /* @__PURE__ */ new Uint8Array();

/** What a handler is asked. */
function question<A extends ProviderAccount>(asked: string, account: A): object {
    return { ...(JSON.parse(asked) as object), account, locationId: account.locationId, mode: account.mode };
}

/** What a wait ends with when the time is over. */
const LATE = Symbol("late");

/** An account as a function of the provider gave it, which names it. */
function checked<A extends ProviderAccount>(account: A, by: string): A {
    const { locationId, mode } = account;
    if (typeof locationId === "string" && locationId !== "" && (mode === "live" || mode === "test")) return account;
    throw new TypeError(`${by} must give { locationId, mode }, where the mode is live or test`);
}

/** The text of a row; none is a new one. What is there and no text is not taken for a new one. */
function textOf(row: { value: string } | null | undefined): string {
    if (row == null) return "";
    if (typeof row.value !== "string" || row.value === "") throw unreadable();
    return row.value;
}

function unreadable(): Error {
    return new Error("a row of the store cannot be read: it is not what this package wrote");
}

function unread({ answer }: Step): Done {
    return { reply: answer!, error: unreadable() };
}

function lost(code: QueryErrorCode, error?: unknown): Done {
    return { reply: step(code).answer!, ...(error !== undefined && { error }) };
}

function response({ status, body }: Reply, headers: Record<string, string> = {}): Response {
    return new Response(body, { status, headers: { "content-type": "application/json", "cache-control": "no-store", ...headers } });
}

function isResponse(value: unknown): value is Response {
    const { status, headers, arrayBuffer } = (value ?? {}) as Partial<Response>;
    return typeof status === "number" && typeof headers?.get === "function" && typeof arrayBuffer === "function";
}

/** For so long an answer waits for its row to be given back, at most. */
const RELEASE_MS = 1000;

/** So often a row is written of which nobody knows whether it was. */
const MAX_WRITES = 3;

/** A timer of more milliseconds ends at once. */
const MOST_MS = 0x7fff_ffff;

/** The options, with functions that may be methods of a class. */
function bound<A extends ProviderAccount>(options: QueryHandlerOptions<A>): QueryHandlerOptions<A> {
    const values = OPTIONS.map((name) => [name, options[name as keyof QueryHandlerOptions<A>]] as const);
    const given = values.filter(([, value]) => value !== undefined);
    return Object.fromEntries(given.map(([name, value]) => [name, typeof value === "function" ? value.bind(options) : value])) as unknown as QueryHandlerOptions<A>;
}

function check<A extends ProviderAccount>(options: QueryHandlerOptions<A>): void {
    if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
    const found = new Findings();
    for (const name of Object.keys(options)) {
        if (!OPTIONS.includes(name)) found.add(name, `is no option here; known are ${OPTIONS.join(", ")}`);
    }
    for (const name of FUNCTIONS) found.callable(name, options[name]);
    for (const name of ["lookup", "verify"] as const) if (options[name] === undefined) found.add(name, "is required");
    const { unit, verifies, timeoutMs = 1, maxBodyBytes = 1 } = options;
    const units = ["major", "minor", undefined];
    if (typeof unit === "object" && unit !== null) {
        for (const [place, one] of Object.entries(unit)) {
            if (!["verify", "charge_payment", "create_subscription"].includes(place)) found.add(`unit.${place}`, "is no action with a snapshot");
            else if (!units.includes(one as "major")) found.add(`unit.${place}`, "must be major or minor");
        }
    } else if (!units.includes(unit)) {
        found.add("unit", "must be major, minor, or an object of them for each action");
    }
    if (verifies !== undefined && typeof verifies?.run !== "function") found.add("verifies", "must be memoryStore(), d1Store(db) or durableStore(namespace)");
    if (!(timeoutMs >= 1 && timeoutMs <= MOST_MS)) found.add("timeoutMs", `must be a number from 1 to ${MOST_MS}`);
    if (!(maxBodyBytes >= 1)) found.add("maxBodyBytes", "must be a number from 1");
    const error = found.error();
    if (error !== undefined) throw error;
}
