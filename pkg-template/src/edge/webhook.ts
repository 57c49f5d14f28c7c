import type { Issue } from "../client/errors.js";
import { webhookDelivery, webhookKey, webhookSignature, webhookType, type JsonValue, type WebhookDelivery, type WebhookEvents } from "../edge-core.js";
import { quietly } from "./context.js";
import { called, started } from "./module.js";

/** The types of the events that touch payments. */
export type WebhookType = keyof WebhookEvents;

/**
 * An event: its fields, flat, and beside them `type` and what HighLevel says about the delivery (`webhookId`, `timestamp`).
 * `event.type` tells which fields there are.
 */
export type WebhookEvent<T extends WebhookType = WebhookType> = {
    [K in T]: {
        /** The type of the event. */
        type: K;
    } & WebhookEvents[K] &
        WebhookDelivery;
}[T];

/** An event of a type that this package does not know, as it came. */
export interface UnknownWebhookEvent {
    /** The type of the event; nothing where neither the body nor the option `type` names one. */
    type?: string;
    /** Whatever HighLevel sends. */
    [field: string]: JsonValue | undefined;
}

/**
 * Why a delivery is refused:
 *
 * - `unsigned`: no signature, or "N/A" in its place;
 * - `legacy_signature`: only the legacy RSA signature, and `legacyRsa` is not `true`;
 * - `malformed_signature`: the header holds no signature, or more than one;
 * - `invalid_signature`: no key that is trusted made it, or the body is not what was signed;
 * - `missing_timestamp`, `stale_timestamp`: with `toleranceMs`, no time, or one too far away;
 * - `unreadable`: signed, but no JSON object;
 * - `invalid_body`: the body was not given as bytes, or was read before;
 * - `too_large`: more bytes than `maxBodyBytes`;
 * - `invalid_key`, `invalid_options`: a mistake of the caller; `issues` names it;
 * - `unsupported_runtime`: no WebCrypto, or none that knows the algorithm;
 * - `internal`: a mistake of this package.
 */
export type WebhookErrorCode =
    | "unsigned"
    | "legacy_signature"
    | "malformed_signature"
    | "invalid_signature"
    | "missing_timestamp"
    | "stale_timestamp"
    | "unreadable"
    | "invalid_body"
    | "too_large"
    | "invalid_key"
    | "invalid_options"
    | "unsupported_runtime"
    | "internal";

/** With what status a delivery is answered that is refused so. */
const STATUSES: Partial<Record<WebhookErrorCode, number>> = {
    unreadable: 400,
    too_large: 413,
    invalid_body: 500,
    invalid_key: 500,
    invalid_options: 500,
    unsupported_runtime: 500,
    internal: 500,
};

/** A delivery is refused, or what the caller gave is wrong. It holds neither body nor signature nor key. */
export class WebhookError extends Error {
    /** The name of the class; a minifier leaves it alone. */
    override readonly name = "WebhookError";
    /** A stable text in snake case. */
    readonly code: WebhookErrorCode;
    /** The HTTP status to answer with: 401 for what is not proved to be HighLevel's. */
    readonly status: number;
    /** What is wrong with options and keys. */
    readonly issues: Issue[];

    /** @internal */
    constructor(code: WebhookErrorCode, message: string, issues: Issue[] = [], cause?: unknown) {
        super(message, cause === undefined ? undefined : { cause });
        this.code = code;
        this.status = STATUSES[code] ?? 401;
        this.issues = issues;
    }
}

/** The body as it came: its bytes, or text that was decoded from them. */
export type WebhookBody = Uint8Array | ArrayBuffer | ArrayBufferView | string;

/** Headers that are asked by name. */
export interface NamedHeaders {
    /**
     * Gives the value of a header, or `null`.
     *
     * @param name In lower case.
     */
    get(name: string): string | null;
}

/** Headers of any library: with `get`, pairs, or an object. */
export type WebhookHeaders =
    | NamedHeaders
    | Iterable<readonly [string, string]>
    | Readonly<Record<string, string | readonly string[] | undefined>>;

/** An Ed25519 JWK. */
export interface WebhookJwk {
    /** `OKP` */
    kty?: string;
    /** `Ed25519` */
    crv?: string;
    /** The key, in base64url. */
    x?: string;
}

/**
 * A public key: PEM (`BEGIN PUBLIC KEY`), base64 of the same or of the 32 bytes of an Ed25519 key, these bytes themselves, or an
 * Ed25519 JWK. `"highlevel"` stands for the two keys that HighLevel has published.
 */
export type WebhookKey = string | Uint8Array | ArrayBuffer | WebhookJwk;

/** A place where an event differs from what its type promises. */
export interface WebhookDrift {
    /** Where, such as `items[0].qty`. */
    path: string;
    /** What is promised. */
    expected: string;
    /** What came. */
    found: string;
    /** Whether the value was turned into what is promised; otherwise it is passed on as it came. */
    repaired: boolean;
}

/** How a delivery is verified. */
export interface VerifyWebhookOptions {
    /**
     * The keys that are trusted, instead of `"highlevel"`: the published ones. When HighLevel announces a new key, trust both for a
     * while, `["highlevel", newKey]`, and then only the new one, `[newKey]`.
     */
    keys?: WebhookKey | readonly WebhookKey[] | undefined;
    /**
     * `true`: a request without `X-GHL-Signature` may have the legacy RSA signature `X-WH-Signature` instead, whose end HighLevel
     * has announced for 2026. Default `false`.
     */
    legacyRsa?: boolean | undefined;
    /**
     * How many milliseconds the time of the delivery may lie from now, on either side; one without a time is then refused. Left out,
     * any time will do: HighLevel tries again for an hour or longer, and as far as is known with the time of the first try, so that
     * the five minutes of its guide would refuse what is tried again. What protects from repetition is the id (`seen`).
     */
    toleranceMs?: number | undefined;
    /** The time to compare with, in milliseconds since 1970, or a function that gives it. Default `Date.now`. */
    now?: number | Date | (() => number) | undefined;
    /**
     * The type of the event that the request's route stands for, such as `InvoicePaid`. HighLevel's examples of invoices name none
     * in the body; a body that does is believed.
     */
    type?: string | undefined;
    /** Is told where an event differs from what its type promises. */
    onDrift?: ((drift: WebhookDrift, event: WebhookEvent | UnknownWebhookEvent) => void) | undefined;
}

/** A delivery that is proved to be HighLevel's, as it goes through a queue. */
export interface WebhookMessage {
    /** Its event. */
    event: WebhookEvent | UnknownWebhookEvent;
    /** The type of the event; empty where none is named. */
    type: string;
    /** What the delivery is known by: HighLevel's id, or a digest of the body. */
    id: string;
    /** Whether it is the digest, so that another event may look the same. */
    digested: boolean;
}

/** @internal A verifier that checks its options once. */
export interface Verifier {
    (body: WebhookBody, headers: WebhookHeaders, type?: string): Promise<WebhookMessage>;
}

type Algorithm = "Ed25519" | "RSA";

interface TrustedKey {
    algorithm: Algorithm;
    bytes: Uint8Array<ArrayBuffer>;
    /** By what it is found among those that were imported. */
    name: string;
}

/**
 * Verifies that a webhook is from HighLevel and gives its event. Throws a {@link WebhookError} otherwise.
 *
 * ```ts
 * import { isWebhookEvent, verifyWebhook } from "ghl-payments/edge";
 *
 * const event = await verifyWebhook(await request.arrayBuffer(), request.headers);
 * if (isWebhookEvent(event, "OrderCreate")) console.log(event.amount);
 * ```
 *
 * @param body The bytes of the body, as they came: what a parser read and wrote again is not what was signed. Text is taken as
 *     UTF-8, and refused where it is not exactly what was sent.
 * @param headers The headers of the request.
 * @param options Which keys are trusted, and how old a delivery may be.
 */
export async function verifyWebhook(
    body: WebhookBody,
    headers: WebhookHeaders,
    options: VerifyWebhookOptions = {},
): Promise<WebhookEvent | UnknownWebhookEvent> {
    return (await verifier(options)(body, headers)).event;
}

/**
 * Whether an event is of this type, for the compiler: beside the known types there may be any other text, so that a comparison
 * alone does not tell it which fields there are.
 *
 * @param event What {@link verifyWebhook} or the listener `"*"` gives.
 * @param type The type.
 */
export function isWebhookEvent<T extends WebhookType>(
    event: WebhookEvent | UnknownWebhookEvent,
    type: T,
): event is Extract<WebhookEvent, OfType<T>> {
    return event.type === type;
}

/** What has this type. */
export interface OfType<T> {
    /** The type. */
    type: T;
}

const OPTIONS = ["keys", "legacyRsa", "toleranceMs", "now", "type", "onDrift"];

/** @internal Checks the options; `own` are the names of those that the caller has besides. */
export function verifier(options: VerifyWebhookOptions, own: readonly string[] = []): Verifier {
    if (typeof options !== "object" || options === null) throw wrong("invalid_options", "", "the options must be an object");
    const { keys = "highlevel", legacyRsa = false, toleranceMs, now = Date.now, type, onDrift } = options;
    const known = [...OPTIONS, ...own];
    const unknown = Object.keys(options).find((name) => !known.includes(name));
    if (unknown !== undefined) throw wrong("invalid_options", unknown, `is no option here; known are ${known.join(", ")}`);
    // The text "false" must not allow what it denies.
    if (typeof legacyRsa !== "boolean") throw wrong("invalid_options", "legacyRsa", "must be true or false");
    if (toleranceMs !== undefined && !(typeof toleranceMs === "number" && toleranceMs >= 0))
        throw wrong("invalid_options", "toleranceMs", "must be a number from 0");
    if (type !== undefined && typeof type !== "string" && !own.includes("type"))
        throw wrong("invalid_options", "type", "must be text, such as InvoicePaid");
    const meant = typeof type === "string" ? nearest(type) : "";
    if (meant !== "" && meant !== type) throw wrong("invalid_options", "type", `is no type of event; did you mean ${meant}?`);
    if (onDrift !== undefined && typeof onDrift !== "function") throw wrong("invalid_options", "onDrift", "must be a function");
    if (!["number", "function"].includes(typeof now) && !Number.isFinite(+(now as Date)))
        throw wrong("invalid_options", "now", "must be milliseconds since 1970, a Date or a function");
    const trusted = trustedKeys(keys);
    if (legacyRsa && !trusted.some((key) => key.algorithm === "RSA"))
        throw wrong("invalid_options", "keys", "must hold an RSA key where legacyRsa is true; \"highlevel\" stands for HighLevel's own");
    if (!legacyRsa && !trusted.some((key) => key.algorithm === "Ed25519"))
        throw wrong("invalid_options", "keys", "must hold an Ed25519 key where legacyRsa is not true");
    return async (given, headers, route = type) => {
        // A copy: what is read must be what was verified, whatever becomes of the caller's.
        const body = bytesOf(given);
        const [current, legacy] = ["x-ghl-signature", "x-wh-signature"].map((name) => header(headers, name));
        const signature = asked(() => webhookSignature(current, legacy, legacyRsa)) as Uint8Array<ArrayBuffer>;
        const algorithm: Algorithm = current === undefined ? "RSA" : "Ed25519";
        if (!(await isSigned(body, signature, trusted.filter((key) => key.algorithm === algorithm))))
            throw new WebhookError("invalid_signature", "no trusted key made the signature of this body");
        const time = typeof now === "function" ? now() : +now;
        const [, event, , info] = asked(() => webhookDelivery(body, route, time, toleranceMs ?? -1)) as [
            undefined,
            WebhookEvent | UnknownWebhookEvent,
            undefined,
            string,
        ];
        const { type: name, id, drift } = JSON.parse(info) as { type: string; id?: string; drift: WebhookDrift[] };
        // A listener that throws must not refuse a delivery.
        for (const each of onDrift ? drift : []) quietly(() => onDrift?.(each, event));
        return { event, type: name, id: id ?? (await digest(body)), digested: id === undefined };
    };
}

/**
 * @internal The type of event of this name, or what may be meant by it, such as `PriceCreate or PriceUpdate`; nothing where it is like
 * none that is known here.
 */
export function nearest(name: string): string {
    return asked(() => webhookType(name));
}

function trustedKeys(given: WebhookKey | readonly WebhookKey[]): TrustedKey[] {
    const list = Array.isArray(given) ? (given as readonly WebhookKey[]) : [given as WebhookKey];
    if (list.length === 0) throw wrong("invalid_key", "keys", "must not be empty: nothing could be verified");
    return list.flatMap((key, index) => {
        const path = Array.isArray(given) ? `keys[${index}]` : "keys";
        return (key === "highlevel" ? ["highlevel", "highlevel-rsa"] : [keyText(key, path)]).map((text) => {
            let bytes: Uint8Array<ArrayBuffer>;
            try {
                bytes = asked(() => webhookKey(text)) as Uint8Array<ArrayBuffer>;
            } catch (error) {
                throw error instanceof WebhookError && error.code === "invalid_key" ? wrong("invalid_key", path, error.message) : error;
            }
            return { algorithm: bytes.length === 32 ? "Ed25519" : "RSA", bytes, name: base64(bytes) } as const;
        });
    });
}

/** A key as the core takes it. */
function keyText(key: WebhookKey, path: string): string {
    if (typeof key === "string") return key;
    const bytes = view(key);
    // The file that holds a PEM.
    if (bytes !== undefined) return bytes.length > 32 && bytes[0] === 45 ? new TextDecoder().decode(bytes) : base64(bytes);
    const { kty, crv, x, d } = (key ?? {}) as Record<string, unknown>;
    if (d !== undefined) throw wrong("invalid_key", path, "is a private key: leave out its field d");
    // 32 bytes leave one digit of padding.
    if (kty === "OKP" && crv === "Ed25519" && typeof x === "string") return `${x.replace(/-/g, "+").replace(/_/g, "/")}=`;
    throw wrong("invalid_key", path, "must be PEM, base64, bytes or an Ed25519 JWK; of a CryptoKey export spki first");
}

/** Whether one of the keys made the signature. */
async function isSigned(body: Uint8Array<ArrayBuffer>, signature: Uint8Array<ArrayBuffer>, keys: TrustedKey[]): Promise<boolean> {
    for (const key of keys) {
        const imported = await importKey(key);
        try {
            // Only `true` is true: of a runtime's own crypto nothing else is believed.
            if ((await crypto.subtle.verify(PARAMETERS[key.algorithm].name, imported, signature, body)) === true) return true;
        } catch (cause) {
            throw unsupported(key.algorithm, cause);
        }
    }
    return false;
}

const PARAMETERS = {
    Ed25519: { name: "Ed25519" },
    RSA: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

/** Keys that were imported, by name. Not the promises: a Worker's request may end before one is settled. */
const imported = new Map<string, CryptoKey>();

/** Whoever makes keys without an end must not fill the memory. */
const MAX_IMPORTED = 100;

async function importKey({ algorithm, bytes, name }: TrustedKey): Promise<CryptoKey> {
    const known = imported.get(name);
    if (known !== undefined) return known;
    let key: CryptoKey;
    try {
        const format = algorithm === "RSA" ? "spki" : "raw";
        key = await crypto.subtle.importKey(format, bytes, PARAMETERS[algorithm], false, ["verify"]);
    } catch (cause) {
        // The core has looked at an Ed25519 key; at an RSA key a runtime may look closer.
        if (algorithm === "RSA" && (cause as Partial<Error> | null)?.name !== "NotSupportedError")
            throw new WebhookError("invalid_key", "an RSA key is none for this runtime's WebCrypto", [], cause);
        throw unsupported(algorithm, cause);
    }
    if (imported.size >= MAX_IMPORTED) imported.clear();
    imported.set(name, key);
    return key;
}

function unsupported(algorithm: Algorithm, cause: unknown): WebhookError {
    const message = `this runtime's WebCrypto does not verify ${algorithm}, so that nothing can be verified; Node 20, Workers, Deno and Bun do`;
    return new WebhookError("unsupported_runtime", message, [], cause);
}

/** By what a delivery without an id is known again. */
async function digest(body: Uint8Array<ArrayBuffer>): Promise<string> {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
    return `sha256:${[...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** What the core gives; what it throws becomes an error. */
function asked<T>(ask: () => T): T {
    started();
    try {
        return called(ask);
    } catch (thrown) {
        if (typeof thrown === "string") {
            const { code, message } = JSON.parse(thrown) as { code: WebhookErrorCode; message: string };
            throw new WebhookError(code, message);
        }
        throw new WebhookError("internal", "the package failed inside, which is a mistake in it; see cause", [], thrown);
    }
}

/** Text in UTF-8, or a copy of the bytes. */
function bytesOf(body: WebhookBody): Uint8Array<ArrayBuffer> {
    if (typeof body === "string") return new TextEncoder().encode(body) as Uint8Array<ArrayBuffer>;
    const bytes = view(body);
    if (bytes !== undefined) return bytes.slice() as Uint8Array<ArrayBuffer>;
    throw wrong(
        "invalid_body",
        "body",
        "must be the bytes of the request, such as await request.arrayBuffer(): what a parser read and wrote again is not what was signed",
    );
}

/** The bytes of what holds some, whatever realm it is of. */
function view(value: unknown): Uint8Array | undefined {
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return Object.prototype.toString.call(value) === "[object ArrayBuffer]" ? new Uint8Array(value as ArrayBuffer) : undefined;
}

function base64(bytes: Uint8Array): string {
    return btoa(String.fromCharCode(...bytes.subarray(0, 4096)));
}

/** The value of a header, whatever holds it: that of one which is there twice is joined, and no signature any more. */
function header(headers: WebhookHeaders, wanted: string): string | undefined {
    if (typeof headers !== "object" || headers === null) throw wrong("invalid_options", "headers", "must be the headers of the request");
    const { get, [Symbol.iterator]: iterates } = headers as { get?: unknown; [Symbol.iterator]?: unknown };
    if (typeof iterates !== "function" && typeof get === "function") {
        return (headers as { get(name: string): string | null }).get(wanted) ?? undefined;
    }
    const pairs = typeof iterates === "function" ? [...(headers as Iterable<readonly [string, unknown]>)] : Object.entries(headers);
    const values = pairs.filter(([name]) => String(name).toLowerCase() === wanted).flatMap(([, value]) => value ?? []);
    return values.length > 0 ? values.join(", ") : undefined;
}

/** @internal The error for a mistake of the caller. */
export function wrong(code: WebhookErrorCode, path: string, message: string): WebhookError {
    return new WebhookError(code, path === "" ? message : `${path} ${message}`, [{ path, message }]);
}
