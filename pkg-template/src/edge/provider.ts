import { Calls, isSignal } from "../client/calls.js";
import { sharedCore } from "../client/client.js";
import { AbortedError, failure, InvalidRequestError, NotFoundError, PaymentsError, TimeoutError } from "../client/errors.js";
import { asIs, Findings, invalid, meant } from "../client/input.js";
import type { LastingCore } from "../client/instance.js";
import type { ClientSettings, FetchFunction, Token, TokenContext } from "../client/options.js";
import type { CallOptions } from "../client/parameters.js";
import type { ApiPromise } from "../client/promises.js";
import { pushAbout, type ChargeSnapshot, type CustomProviderConfig, type JsonValue, type Push, type PushFields, type SubscriptionSnapshot } from "../edge-core.js";
import { pause } from "../exchange.js";
import { PaymentsClient } from "./client.js";
import { called, started } from "./module.js";
import { scrubbed } from "./scrubbed.js";
import { seconds } from "./seconds.js";
import { Turns } from "./turns.js";

/** Live or test money. */
export type ProviderMode = "live" | "test";

/** Which of your secrets HighLevel knows in a location and a mode. */
export interface ApiKeyContext {
    /** The location. */
    locationId: string;
    /** The mode, where the push or the installation names one. */
    mode?: ProviderMode;
}

/** The secret by which HighLevel and your server know each other, or a function that gives that of a location and a mode. */
export type ApiKeySource = string | ((context: ApiKeyContext) => string | Promise<string>);

/**
 * What remembers which subscriptions have ended, by `locationId/ghlSubscriptionId`: a `Set` does, and so does an object with the
 * same two methods in front of your database.
 */
export interface EndedSubscriptions {
    /**
     * Whether the end of a subscription was pushed.
     *
     * @param subscription Such as `3SwdhCu3svxI8AKsPJt6/6578278e879ad2646715ba9c`.
     */
    has(subscription: string): boolean | Promise<boolean>;
    /**
     * Notes that the end of a subscription was pushed.
     *
     * @param subscription As of {@link EndedSubscriptions.has}.
     */
    add(subscription: string): unknown;
}

/** The secrets of the modes, of which one has to be there. */
export type SecretsWith<Mode extends ProviderMode> = { [mode in ProviderMode]?: ApiKeySource | undefined } & { [mode in Mode]: ApiKeySource };

/** One secret, or one for each mode. */
export type ProviderSecret =
    | {
          /**
           * The secret that was connected: one for all, or a function where each location and mode has its own, as it should be where
           * your queryUrl serves several locations. Or else `apiKeys`.
           */
          apiKey: ApiKeySource;
          /** Not beside `apiKey`. */
          apiKeys?: undefined;
      }
    | {
          /** Not beside `apiKeys`. */
          apiKey?: undefined;
          /** The secrets of the two modes, at least one, instead of `apiKey`; each push then says its `mode`. */
          apiKeys: SecretsWith<"live"> | SecretsWith<"test">;
      };

/** What {@link createProvider} takes. */
export type ProviderOptions = ProviderSettings & ProviderSecret;

/** What {@link createProvider} takes beside the secret. */
export interface ProviderSettings {
    /** Id of your marketplace app. `subscription.trialing` and `subscription.active` carry it. */
    marketplaceAppId: string;
    /**
     * The unit in which amounts of pushes leave: `minor` (default), as in HighLevel's examples, where 10.50 is 1050, or `major`.
     * HighLevel's texts disagree about it, and so do the integrators that are known; the totals that HighLevel shows come from its own
     * records.
     */
    unit?: "major" | "minor" | undefined;
    /** Where pushes go; default `https://backend.leadconnectorhq.com`. */
    baseUrl?: string | undefined;
    /** Instead of the global `fetch`. */
    fetch?: FetchFunction | undefined;
    /** Milliseconds that one attempt may take; default 10000. */
    timeoutMs?: number | undefined;
    /** How often a push is sent again at the most, after a 5xx, a 408, a 429, or without an answer; default 2. */
    maxRetries?: number | undefined;
    /** Milliseconds of the first backoff; each further one doubles, up to 8 s; default 500. */
    retryDelayMs?: number | undefined;
    /** Is told about attempts, answers and retries of pushes, as a client's `onEvent`. */
    onEvent?: ClientSettings["onEvent"];
    /** Remembers which subscriptions have ended. Without it this provider remembers the last 10,000 itself, in memory. */
    ended?: EndedSubscriptions | undefined;
    /** How `install` and `uninstall` reach the API, such as another `baseUrl`; `fetch` is the same unless it is given here. */
    api?: Omit<ClientSettings, "token" | "locationId"> | undefined;
}

/**
 * The amount of a charge: `{ minor, currency }` (`{ minor: 1050, currency: "USD" }`), `{ major, currency }`, or both, as requests of
 * `createQueryHandler` have it. It is turned into the `unit` of the provider by the currency's own decimals.
 * A plain number is sent as it is: it has to be in that unit.
 */
export type PushAmount =
    | number
    | {
          /** What was charged, in minor units such as cents. */
          minor: number;
          /** In major units. */
          major?: number;
          /** Three letters. */
          currency: string;
      }
    | {
          /** What was charged, in major units such as dollars. */
          major: number;
          /** Three letters. */
          currency: string;
      };

/** A charge in a push. */
export interface PushedCharge extends Omit<ChargeSnapshot, "amount" | "chargedAt" | "createdAt"> {
    /** What was charged. */
    amount: PushAmount;
    /** When it was charged: unix seconds, or a `Date`. */
    chargedAt: number | Date;
    /** When it was created: unix seconds, or a `Date`. */
    createdAt?: number | Date | undefined;
}

/** The subscription of a push. */
export interface PushedSubscription extends Omit<SubscriptionSnapshot, "trialEnd" | "createdAt" | "nextCharge"> {
    /** When the trial ends: unix seconds, or a `Date`; 0 without a trial. */
    trialEnd?: number | Date | undefined;
    /** When it was created: unix seconds, or a `Date`. */
    createdAt?: number | Date | undefined;
    /** When it is charged next: unix seconds, or a `Date`; left out when it is charged no more. */
    nextCharge?: number | Date | undefined;
}

/** Everything that a push can carry. */
export interface AnyPush extends Partial<Omit<Push, "event" | "apiKey" | "locationId" | "chargeSnapshot" | "subscriptionSnapshot">> {
    /** The location that the payment belongs to. */
    locationId: string;
    /** Which of your secrets HighLevel knows: that of live or of test money. Not sent. */
    mode?: ProviderMode | undefined;
    /** The charge. */
    chargeSnapshot?: PushedCharge;
    /** The subscription. */
    subscriptionSnapshot?: PushedSubscription;
}

/** The events of which it is known what they carry. */
export type PushEvent = keyof PushFields;

/** What a push of an event carries: of a known event what HighLevel demands has to be there, of any other anything may. */
export type PushBody<E extends string> = E extends PushEvent
    ? AnyPush & Required<Pick<AnyPush, Exclude<PushFields[E], "marketplaceAppId"> & keyof AnyPush>>
    : AnyPush & {
          /** Whatever the event carries. */
          [field: string]: JsonValue | PushedCharge | PushedSubscription | undefined;
      };

/** What one push does otherwise than the provider. */
export interface PushOptions extends Pick<CallOptions, "signal" | "timeoutMs" | "maxRetries"> {
    /** Sends it also where the end of its subscription was pushed before. */
    afterEnd?: boolean | undefined;
}

/** That HighLevel has received a push, which is not to say that it agrees. */
export interface PushReceipt {
    /** How often it was sent. */
    attempts: number;
}

/** What gives tokens: what `createOAuth` makes. */
export interface TokenGiver {
    /**
     * Gives a token of the location, as `OAuth.token`.
     *
     * @param context The location, and the token that was refused.
     */
    token(context: TokenContext): string | Promise<string>;
}

/** The keys of one mode. */
export interface ProviderModeKeys {
    /** What HighLevel hands to your payment page. */
    publishableKey: string;
    /** The secret that HighLevel sends to your queryUrl, where it is another one than the provider's. */
    apiKey?: string | undefined;
}

/** What HighLevel is told that a provider can do; `capabilities` of a query handler has it. */
export interface ScheduleCapability {
    /** Whether it begins subscriptions with a saved payment method, and ends them. */
    readonly supportsSubscriptionSchedules: boolean;
}

/** What {@link Provider.install} sets up. At least one mode has to be there. */
export interface ProviderInstallOptions {
    /** Name of the provider. */
    name: string;
    /** Description that is shown on the integrations page. */
    description: string;
    /** Your payment page: an https URL. */
    paymentsUrl: string;
    /** The URL of your `createQueryHandler`: https. */
    queryUrl: string;
    /** Logo: an https URL that anyone can open. */
    imageUrl: string;
    /** The keys for live money; a mode that is left out stays as it is. */
    live?: ProviderModeKeys | undefined;
    /** The keys for the test mode; a mode that is left out stays as it is. */
    test?: ProviderModeKeys | undefined;
    /** What your queryUrl can do: `capabilities` of your query handler. Default: no subscriptions on a schedule. */
    capabilities?: ScheduleCapability | undefined;
}

/** One step of setting up. */
export type ProviderStep = "created" | "updated" | "connected" | "capabilities" | "disconnected" | "deleted";

/** What was changed; nothing where everything was as it should be. */
export interface ProviderChange {
    /** The location. */
    locationId: string;
    /** The steps that were made, in their order. */
    changed: ProviderStep[];
}

/** A custom payment provider, towards HighLevel. Its methods need no `this`. */
export interface Provider {
    /**
     * Tells HighLevel of something that has happened at your gateway, and gives nothing but that it was received.
     *
     * It is sent again after a 5xx, a 408, a 429 or without an answer, `maxRetries` times at the most, and never after another 4xx.
     * A push that fails is a PaymentsError whose `outcome` says whether HighLevel may have it: `unknown` after a 5xx or without an
     * answer, `rejected` after a 4xx, `not_sent`. Whatever the outcome, the same push may be made again.
     *
     * Pushes with the same `ghlSubscriptionId` leave one after the other, in the order of the calls. Where one fails, those that wait
     * behind it are not sent (`code` `push_held_back`, `outcome` `not_sent`, the failure as `cause`), so that HighLevel never hears of
     * a charge before the start of its subscription: make them again behind the one that has failed. A push that is made after the
     * failure does not wait for that. The order is kept within this provider: make one for the process, not one for each request, and
     * where two Workers push for the same subscription, let one Durable Object do it.
     *
     * Once `subscription.updated` has said that a subscription is `canceled` or `expired`, nothing else is sent for it (`code`
     * `subscription_ended`, `outcome` `not_sent`) but that end again, unless `afterEnd` is `true`.
     *
     * ```ts
     * import { createProvider } from "ghl-payments/edge";
     *
     * const provider = createProvider({ apiKey: "sk_live_1", marketplaceAppId: "65f0b217a05c774da7f1efa5" });
     * await provider.push("payment.captured", {
     *     locationId: "3SwdhCu3svxI8AKsPJt6",
     *     mode: "live",
     *     chargeId: "ch_1",
     *     ghlTransactionId: "6578278e879ad2646715ba9c",
     *     chargeSnapshot: { chargeId: "ch_1", status: "succeeded", amount: { minor: 1050, currency: "USD" }, chargedAt: 1724217600 },
     * });
     * ```
     *
     * @param event What has happened. HighLevel's changelog speaks of further events: any name may be given.
     * @param body What the event carries. Times are unix seconds, or a `Date`.
     * @param options What this push does otherwise than the provider.
     */
    push<E extends PushEvent | (string & {})>(event: E, body: PushBody<E>, options?: PushOptions): Promise<PushReceipt>;
    /**
     * Sets the provider up in a location, after the app was installed there: creates it, connects live and test money, says what it
     * can do. It reads first and changes only what differs, so that it may be repeated, also after a failure half-way. HighLevel has
     * no call for the last step: the merchant presses *Set as Default* under Payments > Integrations, once for each mode.
     *
     * Scopes `payments/custom-provider.readonly` and `payments/custom-provider.write`. It throws the errors of a client.
     *
     * @param oauth What gives the app's tokens: `createOAuth`.
     * @param locationId The location.
     * @param options What is set up.
     */
    install(oauth: TokenGiver, locationId: string, options: ProviderInstallOptions): Promise<ProviderChange>;
    /**
     * Takes the provider out of a location: disconnects the modes that are connected, and deletes it. Where nothing is left to be
     * taken out, it changes nothing. After the webhook UNINSTALL there is no token for it any more, and no need.
     *
     * @param oauth What gives the app's tokens.
     * @param locationId The location.
     */
    uninstall(oauth: TokenGiver, locationId: string): Promise<ProviderChange>;
}

/** What the module says of a push. */
interface About {
    locationId: string;
    mode: ProviderMode | "";
    subscriptionId: string;
    ends: boolean;
}

const OPTIONS = [
    "apiKey", "apiKeys", "marketplaceAppId", "unit", "baseUrl", "fetch", "timeoutMs", "maxRetries", "retryDelayMs", "onEvent", "ended", "api",
];

const BASE_URL = "https://backend.leadconnectorhq.com";

const TIMEOUT_MS = 10_000;

/** How many ends of subscriptions, and how many lines of pushes, are kept in memory. */
const MAX_KEPT = 10_000;

const MODES = ["live", "test"] as const;

/** What a provider is described by, in the order of HighLevel's documentation. */
const TEXTS = ["name", "description", "paymentsUrl", "queryUrl", "imageUrl"] as const;

/**
 * A custom payment provider, towards HighLevel: it pushes what happens at your gateway, and sets itself up in a location. What
 * HighLevel asks of it `createQueryHandler` answers.
 *
 * ```ts
 * import { createProvider } from "ghl-payments/edge";
 *
 * const provider = createProvider({ apiKeys: { live: "sk_live_1", test: "sk_test_1" }, marketplaceAppId: "65f0b217a05c774da7f1efa5" });
 * await provider.push("subscription.updated", {
 *     locationId: "3SwdhCu3svxI8AKsPJt6",
 *     mode: "live",
 *     ghlSubscriptionId: "6578278e879ad2646715ba9c",
 *     subscriptionSnapshot: { id: "sub_1", status: "canceled", trialEnd: 0, createdAt: 1724217600 },
 * });
 * ```
 *
 * @param options Who you are. Throws a ValidationError that names what is wrong with them.
 */
export function createProvider(options: ProviderOptions): Provider {
    if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
    const { apiKey, apiKeys, marketplaceAppId, unit = "minor", ended = new Kept(), api = {} } = options;
    const found = new Findings();
    for (const name of Object.keys(options)) {
        if (!OPTIONS.includes(name)) found.add(name, `is no option here; known are ${OPTIONS.join(", ")}`);
    }
    if (apiKey === undefined && apiKeys === undefined) found.add("apiKey", "is required, or apiKeys in its place");
    if (apiKey !== undefined && apiKeys !== undefined) found.add("apiKey", "and apiKeys are both given: give one of them, not both");
    if (apiKey !== undefined) checkSource("apiKey", apiKey, found);
    if (apiKeys !== undefined) {
        const given = Object.entries(found.object("apiKeys", apiKeys)).filter(([, key]) => key !== undefined);
        if (given.length === 0) found.add("apiKeys", "must have live, test or both");
        for (const [mode, key] of given) {
            if (mode === "live" || mode === "test") checkSource(`apiKeys.${mode}`, key, found);
            else found.add(`apiKeys.${mode}`, "is no mode: there are live and test");
        }
    }
    if (!isText(marketplaceAppId)) found.add("marketplaceAppId", "must be the id of your marketplace app");
    if (unit !== "minor" && unit !== "major") found.add("unit", "must be minor or major");
    if (typeof ended?.has !== "function" || typeof ended.add !== "function") found.add("ended", "must have the methods has and add, as a Set has");
    found.object("api", api);
    const { baseUrl = BASE_URL, fetch, timeoutMs = TIMEOUT_MS, maxRetries, retryDelayMs, onEvent } = options;
    const core = coreOf({ baseUrl, timeoutMs, ...defined({ fetch, maxRetries, retryDelayMs, onEvent }) }, found);
    const send = new Calls(core, timeoutMs).method("provider.push", ((sender: string, body: object, manner: CallOptions) => ({
        id: sender,
        params: body,
        options: manner,
    })) as never) as (sender: string, body: object, manner: CallOptions) => ApiPromise<unknown>;

    const keyOf = async (locationId: string, mode: ProviderMode | ""): Promise<string> => {
        let source = apiKey;
        if (apiKeys !== undefined) {
            const [only, more] = MODES.filter((name) => apiKeys[name] !== undefined);
            const used = mode === "" && more === undefined ? only : mode;
            if (used === "") throw invalid("mode", "is required where apiKeys has both modes: live or test");
            source = apiKeys[used!];
            if (source === undefined) throw invalid(`apiKeys.${used}`, "is missing, and this is for that mode");
        }
        let key: unknown = source;
        if (typeof source === "function") {
            try {
                key = await source({ locationId, ...(mode !== "" && { mode }) });
            } catch (cause) {
                throw unsent("api_key_failed", "the function that gives the apiKey threw, see cause", true, cause);
            }
        }
        if (isText(key)) return key;
        throw invalid("apiKey", "must be text that is not empty: the function gave something else");
    };

    const turns = new Turns();
    const lines = new Map<string, Line>();

    /** In the order of the calls for one subscription. */
    const inOrder = async <T>(id: string, work: () => Promise<T>): Promise<T> => {
        const line = lines.get(id) ?? {};
        lines.set(id, line);
        const mine = (line.last = {});
        if (lines.size > MAX_KEPT) lines.delete(lines.keys().next().value as string);
        try {
            return await turns.run(id, async () => {
                if (line.failed !== undefined) throw heldBack(line.failed.cause);
                try {
                    return await work();
                } catch (cause) {
                    // Who comes after the failure begins a line of its own.
                    line.failed = { cause };
                    if (lines.get(id) === line) lines.delete(id);
                    throw cause;
                }
            });
        } catch (error) {
            if (PaymentsError.is(error)) throw error;
            // Of the turns: those before it take too long. It is not sent, so that nobody behind it may be.
            line.failed ??= { cause: error };
            if (lines.get(id) === line) lines.delete(id);
            throw heldBack(error);
        } finally {
            if (line.last === mine && lines.get(id) === line) lines.delete(id);
        }
    };

    const push = async (event: string, body: object, options: PushOptions = {}): Promise<PushReceipt> => {
        const found = new Findings();
        const { afterEnd = false, ...manner } = found.object<PushOptions>("options", options);
        if (typeof afterEnd !== "boolean") found.add("afterEnd", "must be true or false");
        if (!isText(event)) found.add("event", "must be the name of an event, such as payment.captured");
        // What changes while it waits for its turn is not what the caller gave.
        const fields = found.json(asIs({ ...(seconds(found.object("body", meant(body) as object)) as object), event }));
        if (found.issues.length > 0) throw found.error();
        const about = asked(() => pushAbout(JSON.stringify({ marketplaceAppId, unit }), fields));
        const { locationId, mode, subscriptionId, ends } = about;
        const subscription = `${locationId}/${subscriptionId}`;
        const waits = { signal: isSignal(manner.signal) ? manner.signal : undefined, timeoutMs: Number(manner.timeoutMs ?? timeoutMs) };
        const note = () => kept("applied", () => ended.add(subscription));
        const work = async (): Promise<PushReceipt> => {
            if (subscriptionId !== "" && !ends && !afterEnd && (await within(kept("not_sent", () => ended.has(subscription)), "ended.has", waits))) {
                const message = "the end of this subscription was pushed; afterEnd: true pushes all the same";
                throw unsent("subscription_ended", message, false);
            }
            const apiKey = await within(keyOf(locationId, mode), "the function that gives the apiKey", waits);
            const sender = JSON.stringify({ apiKey, marketplaceAppId, unit });
            let received: PushReceipt;
            try {
                received = await receipt(send(sender, JSON.parse(fields) as object, manner as CallOptions));
            } catch (error) {
                // A fetch of the app's own may reject with the whole request.
                if (PaymentsError.is(error) && error.cause !== undefined) {
                    Object.defineProperty(error, "cause", { value: scrubbed(error.cause, apiKey), configurable: true, writable: true });
                }
                // It may have arrived: then nothing but the same end may follow.
                if (ends && PaymentsError.is(error) && error.outcome === "unknown") await note().catch(() => {});
                throw error;
            }
            if (ends) await note();
            return received;
        };
        return subscriptionId === "" ? work() : inOrder(subscription, work);
    };

    const clientOf = (oauth: TokenGiver, locationId: string): PaymentsClient => {
        if (typeof oauth?.token !== "function") throw invalid("oauth", "must be what createOAuth gives: it has the method token");
        if (!isText(locationId)) throw invalid("locationId", "must be the id of a location");
        const token = ((context) => oauth.token(context)) as Token;
        return new PaymentsClient({ ...defined({ fetch }), ...api, token, locationId });
    };

    return {
        push: push as Provider["push"],
        async install(oauth, locationId, wanted) {
            const { customProvider } = clientOf(oauth, locationId);
            const found = new Findings();
            const { capabilities, ...given } = found.object("options", wanted) as ProviderInstallOptions;
            const schedules = capabilities?.supportsSubscriptionSchedules ?? false;
            if (typeof schedules !== "boolean") found.add("capabilities.supportsSubscriptionSchedules", "must be true or false");
            const known: string[] = [...TEXTS, ...MODES];
            for (const name of Object.keys(given)) {
                if (!known.includes(name)) found.add(name, `is no option here; known are ${known.join(", ")}, capabilities`);
            }
            for (const name of TEXTS) if (typeof given[name] !== "string") found.add(name, "is required");
            const modes = MODES.filter((mode) => given[mode] !== undefined);
            if (modes.length === 0) found.add("live", "is required, or test");
            for (const mode of modes) {
                if (!isText(given[mode]?.publishableKey)) found.add(`${mode}.publishableKey`, "must be text that is not empty");
            }
            if (found.issues.length > 0) throw found.error();
            const keys = Object.fromEntries(
                await Promise.all(modes.map(async (mode) => {
                    const { publishableKey, apiKey } = given[mode]!;
                    return [mode, { apiKey: apiKey ?? (await keyOf(locationId, mode)), publishableKey }] as const;
                })),
            );
            const texts = Object.fromEntries(TEXTS.map((name) => [name, given[name]])) as Record<(typeof TEXTS)[number], string>;

            const changed: ProviderStep[] = [];
            let config = await present(customProvider);
            if (config === undefined || TEXTS.some((name) => config![name] !== texts[name])) {
                changed.push(config === undefined ? "created" : "updated");
                await customProvider.create({ ...texts, supportsSubscriptionSchedule: schedules });
                // What became of the keys is not documented.
                config = await present(customProvider);
            }
            const stored = modesOf(config);
            if (modes.some((mode) => MATCHING.some((name) => stored[mode]?.[name] !== keys[mode]![name]))) {
                await customProvider.connect(keys as Parameters<typeof customProvider.connect>[0]);
                changed.push("connected");
            }
            if (schedulesOf(config) !== schedules) {
                await customProvider.updateCapabilities({ supportsSubscriptionSchedules: schedules, locationId });
                changed.push("capabilities");
            }
            return { locationId, changed };
        },
        async uninstall(oauth, locationId) {
            const { customProvider } = clientOf(oauth, locationId);
            const changed: ProviderStep[] = [];
            const config = await present(customProvider);
            if (config === undefined) return { locationId, changed };
            const stored = modesOf(config);
            for (const mode of MODES) {
                if (!isText(stored[mode]?.apiKey) && !isText(stored[mode]?.publishableKey)) continue;
                await customProvider.disconnect({ liveMode: mode === "live" });
                if (!changed.includes("disconnected")) changed.push("disconnected");
            }
            try {
                await customProvider.delete();
            } catch (error) {
                // Somebody else was faster, or an earlier answer was lost.
                if (!isAbsence(error) || (await present(customProvider)) !== undefined) throw error;
            }
            changed.push("deleted");
            return { locationId, changed };
        },
    };
}

/** Pushes for one subscription that wait for each other. */
interface Line {
    /** The one behind which there is no other. */
    last?: object;
    /** What has failed in it. */
    failed?: {
        /** The error. */
        cause: unknown;
    };
}

/** The ends that are kept in memory: the latest ones. */
class Kept implements EndedSubscriptions {
    readonly #all = new Set<string>();

    has(subscription: string): boolean {
        return this.#all.has(subscription);
    }

    add(subscription: string): void {
        this.#all.add(subscription);
        if (this.#all.size > MAX_KEPT) this.#all.delete(this.#all.values().next().value as string);
    }
}

/** The client's core carries pushes as it carries its own calls, but without a token. */
function coreOf(options: ClientSettings & { baseUrl: string }, found: Findings): LastingCore {
    let client: PaymentsClient;
    try {
        client = new PaymentsClient(options);
    } catch (error) {
        throw found.error(error);
    }
    if (found.issues.length > 0) throw found.error();
    return sharedCore(client, started(), found)!;
}

function asked(call: () => string): About {
    try {
        return JSON.parse(called(call)) as About;
    } catch (thrown) {
        throw failure(thrown);
    }
}

/** Whatever a server writes in a 2xx: it has received the push. */
async function receipt(call: ApiPromise<unknown>): Promise<PushReceipt> {
    try {
        return { attempts: (await call.withResponse()).response.attempts };
    } catch (error) {
        if (PaymentsError.is(error) && error.outcome === "applied") return { attempts: error.attempts };
        throw error;
    }
}

/** What the memory of ends gives. */
async function kept<T>(outcome: "not_sent" | "applied", ask: () => T | Promise<T>): Promise<T> {
    try {
        return await ask();
    } catch (cause) {
        const message = outcome === "applied" ? "the push was received, but ended.add failed, see cause" : "ended.has failed, see cause";
        throw new PaymentsError({ name: "PaymentsError", code: "store_failed", message, outcome, retryable: true }, cause);
    }
}

/** How long something is waited for. */
interface Waits {
    signal: AbortSignal | undefined;
    timeoutMs: number;
}

/** Waits for what the app's own code gives, no longer than for an answer, and not behind an abort: nothing is sent before. */
async function within<T>(given: Promise<T>, what: string, { signal, timeoutMs }: Waits): Promise<T> {
    const ends = new AbortController();
    const end = () => ends.abort();
    if (signal?.aborted) end();
    else signal?.addEventListener("abort", end);
    try {
        const first = await Promise.race([given.then((value) => ({ value })), pause(timeoutMs, ends.signal).then(() => undefined)]);
        if (first !== undefined) return first.value;
    } finally {
        end();
        signal?.removeEventListener("abort", end);
    }
    const about = { outcome: "not_sent", retryable: true } as const;
    if (signal?.aborted) {
        throw new AbortedError({ ...about, name: "AbortedError", code: "aborted", message: `aborted while ${what} was waited for` }, signal.reason);
    }
    throw new TimeoutError({ ...about, name: "TimeoutError", code: "timeout", message: `${what} gave nothing within ${timeoutMs} ms` });
}

function unsent(code: string, message: string, retryable: boolean, cause?: unknown): PaymentsError {
    return new PaymentsError({ name: "PaymentsError", code, message, outcome: "not_sent", retryable }, cause);
}

function heldBack(cause: unknown): PaymentsError {
    const message = "a push before it for the same subscription has failed, see cause: push again behind that one";
    return unsent("push_held_back", message, true, cause);
}

function checkSource(path: string, key: unknown, found: Findings): void {
    if (!isText(key) && typeof key !== "function") found.add(path, "must be text that is not empty, or a function that gives it");
}

function isText(value: unknown): value is string {
    return typeof value === "string" && value.trim() !== "";
}

/** Without what is undefined. */
function defined<T extends object>(values: T): T {
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

/** Which of its own fields make up the keys of a mode. */
const MATCHING = ["apiKey", "publishableKey"] as const;

type Keys = { [name in (typeof MATCHING)[number]]?: unknown };

/** How HighLevel says in a 400 or a 422 that there is none: "There is no config for this locationId and marketplaceAppId". */
const NONE = /\bno (config|(custom )?provider)\b|\b(config|provider) (was |is )?(not found|(does not|doesn't) exist)/i;

/**
 * Whether an answer says that there is no provider. HighLevel does not document how it does; 400, 404 and 422 were seen. Any other
 * refusal says nothing about it: neither what is wrong with a request, nor what is in the way of it.
 */
function isAbsence(error: unknown): boolean {
    if (NotFoundError.is(error)) return true;
    return InvalidRequestError.is(error) && (error.status === 400 || error.status === 422) && error.messages.some((text) => NONE.test(text));
}

/** The provider that is set up in the location, if one is. */
async function present(customProvider: PaymentsClient["customProvider"]): Promise<CustomProviderConfig | undefined> {
    let answer: CustomProviderConfig;
    try {
        answer = await customProvider.getConfig();
    } catch (error) {
        if (isAbsence(error)) return undefined;
        throw error;
    }
    const config = { ...answer, ...(objectOf(answer.providerConfig) as CustomProviderConfig) };
    return config.deleted === true || !isText(config.name) ? undefined : config;
}

/** What is connected. */
function modesOf(config: CustomProviderConfig | undefined): { [mode in ProviderMode]?: Keys } {
    const { live, test } = objectOf(config?.paymentProvider) as { [mode in ProviderMode]?: unknown };
    return { live: objectOf(live), test: objectOf(test) };
}

/** Whether it charges on a schedule, where HighLevel says so: in its schema it does not. */
function schedulesOf(config: CustomProviderConfig | undefined): unknown {
    for (const held of [config, objectOf(config?.paymentProvider)] as Record<string, unknown>[]) {
        for (const name of ["supportsSubscriptionSchedules", "supportsSubscriptionSchedule"]) {
            if (typeof held?.[name] === "boolean") return held[name];
        }
    }
    return undefined;
}

/** An object, which HighLevel also writes as text. */
function objectOf(value: unknown): object {
    if (typeof value === "string") {
        try {
            return objectOf(JSON.parse(value) as unknown);
        } catch {
            return {};
        }
    }
    return typeof value === "object" && value !== null ? value : {};
}
