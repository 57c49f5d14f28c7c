import type { Issue } from "../client/errors.js";
import { userContext, userKey, type UserContext } from "../edge-core.js";
import { called } from "./module.js";

/**
 * Why nobody knows who looks at the page:
 *
 * - `malformed_payload`: it is no encrypted text of this form: take `payload` of HighLevel's message as it came;
 * - `invalid_payload`: it was not made with this key, or was changed, or holds no user;
 * - `invalid_key`: a mistake of the caller;
 * - `unsupported_runtime`: no WebCrypto.
 */
export type UserContextErrorCode = "malformed_payload" | "invalid_payload" | "invalid_key" | "unsupported_runtime";

/** With what status a request is answered that brings such a payload. */
const STATUSES = { malformed_payload: 400, invalid_payload: 401, invalid_key: 500, unsupported_runtime: 500 };

/** A payload says of nobody who looks at the page. The error holds neither payload nor key. */
export class UserContextError extends Error {
    /** The name of the class; a minifier leaves it alone. */
    override readonly name = "UserContextError";
    /** A stable text in snake case. */
    readonly code: UserContextErrorCode;
    /** The HTTP status to answer with. */
    readonly status: number;
    /** What is wrong, and where. */
    readonly issues: Issue[];

    /** @internal */
    constructor(code: UserContextErrorCode, path: string, message: string, cause?: unknown) {
        super(`${path} ${message}`, cause === undefined ? undefined : { cause });
        this.code = code;
        this.status = STATUSES[code];
        this.issues = [{ path, message }];
    }
}

/** A longer one is none: HighLevel's have some 400 characters. */
const MAX_PAYLOAD = 65_536;

/** `Salted__`, with which OpenSSL marks its old form. */
const MARK = [83, 97, 108, 116, 101, 100, 95, 95];
const SALTED = 16;
const KEY = 32;

/**
 * Reads who looks at a custom page (settings page) of your app, on your server: in a page the key would be everybody's.
 *
 * The page asks its parent, `parent.postMessage({ message: "REQUEST_USER_DATA" }, "*")`, and gets
 * `{ message: "REQUEST_USER_DATA_RESPONSE", payload }`; its server decrypts the payload with the app's shared secret (in the app's
 * advanced settings, under Auth).
 *
 * ```ts
 * import { readUserContext } from "ghl-payments/edge";
 *
 * export async function whoIs(payload: string, env: { SSO_KEY: string }): Promise<string | null | undefined> {
 *     const { role, activeLocation } = await readUserContext(payload, env.SSO_KEY);
 *     return role === "admin" ? activeLocation : undefined;
 * }
 * ```
 *
 * The form proves less than a signature does: it has neither a time nor a check against changes, so that a payload that somebody
 * once saw is good for ever. Give a session of your own for it, and ask HighLevel for what is worth more than a settings page.
 *
 * @param payload `payload` of the message, as it came.
 * @param ssoKey The app's shared secret.
 */
export async function readUserContext(payload: string, ssoKey: string): Promise<UserContext> {
    if (typeof ssoKey !== "string" || ssoKey === "") throw new UserContextError("invalid_key", "ssoKey", "must be the shared secret of your app");
    const bytes = bytesOf(payload);
    const subtle = (globalThis as { crypto?: Crypto }).crypto?.subtle;
    if (subtle === undefined) throw new UserContextError("unsupported_runtime", "", "there is no WebCrypto here");
    const made = called(() => userKey(ssoKey, bytes.subarray(MARK.length, SALTED))) as Uint8Array<ArrayBuffer>;
    const key = await subtle.importKey("raw", made.subarray(0, KEY), "AES-CBC", false, ["decrypt"]);
    let text: string | undefined;
    try {
        const plain = await subtle.decrypt({ name: "AES-CBC", iv: made.subarray(KEY) }, key, bytes.subarray(SALTED));
        text = called(() => userContext(new Uint8Array(plain)));
    } catch {
        // As below: who could tell a wrong padding from a wrong text could decrypt with it.
    }
    if (text === undefined) {
        throw new UserContextError("invalid_payload", "payload", "was not made with this key, or was changed");
    }
    return JSON.parse(text) as UserContext;
}

/** The bytes of a payload that has the right form. */
function bytesOf(payload: unknown): Uint8Array<ArrayBuffer> {
    const malformed = (message: string) => new UserContextError("malformed_payload", "payload", message);
    if (typeof payload !== "string") throw malformed("must be text: the payload of HighLevel's message REQUEST_USER_DATA_RESPONSE");
    if (payload.length > MAX_PAYLOAD) throw malformed("is too long");
    const text = payload.trim();
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) throw malformed("must be base64");
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    if (MARK.some((byte, at) => bytes[at] !== byte)) throw malformed("does not begin with Salted__, as OpenSSL and CryptoJS write it");
    // Salt, and at least one block.
    if (bytes.length <= SALTED || bytes.length % 16 !== 0) throw malformed("was cut off");
    return bytes;
}
