import { OAuthError } from "./oauth-error.js";

/** A key as it is given: text, or bytes. */
export type KeySource = string | Uint8Array;

/** What an encrypted row begins with. */
const VERSION = "1";

/** What a key is made for; from one secret each use has a key of its own. */
type Use = "row" | "row id" | "state";

const encoder = /* @__PURE__ */ new TextEncoder();

interface RowKey {
    /** What rows of this key name it by. */
    id: string;
    key: CryptoKey;
}

/**
 * Encrypts rows (AES-256-GCM) and signs states (HMAC-SHA-256). Keys are derived (HKDF-SHA-256), so that any secret with enough
 * chance in it will do. The id of a row is authenticated with it: a row that was moved to another account does not open.
 */
export class Vault {
    readonly #secrets: readonly KeySource[];
    #rowKeys: Promise<RowKey[]> | undefined;
    #stateKey: Promise<CryptoKey> | undefined;

    /** The first secret encrypts, all of them decrypt; the last one signs. */
    constructor(secrets: readonly KeySource[]) {
        this.#secrets = secrets;
    }

    /** A row's text as it is stored. */
    async seal(id: string, text: string): Promise<string> {
        const [first] = await this.#keys();
        const iv = crypto.getRandomValues(new Uint8Array(12));
        const sealed = await crypto.subtle.encrypt(parameters(id, iv), first!.key, encoder.encode(text));
        return [VERSION, first!.id, base64url(iv), base64url(new Uint8Array(sealed))].join(".");
    }

    /** The text of a row. */
    async open(id: string, sealed: string): Promise<string> {
        const [version, keyId, iv, body] = sealed.split(".");
        const known = (await this.#keys()).find((key) => key.id === keyId);
        if (version !== VERSION || iv === undefined || body === undefined) throw unreadable("is none that this app has written");
        if (known === undefined) {
            throw unreadable("was encrypted with another key: put that one behind the first one in encryptionKey");
        }
        try {
            const text = await crypto.subtle.decrypt(parameters(id, bytes(iv)), known.key, bytes(body));
            return new TextDecoder().decode(text);
        } catch {
            throw unreadable("was changed, or belongs to another account");
        }
    }

    /** The payload with its signature behind it. */
    async sign(payload: string): Promise<string> {
        const text = encoder.encode(payload);
        const signature = await crypto.subtle.sign("HMAC", await this.#signing(), text);
        return `${base64url(text)}.${base64url(new Uint8Array(signature))}`;
    }

    /** The payload, if its signature is right. */
    async signed(state: string): Promise<string | undefined> {
        const [payload, signature, more] = state.split(".");
        if (!payload || !signature || more !== undefined) return undefined;
        try {
            const text = bytes(payload);
            const right = await crypto.subtle.verify("HMAC", await this.#signing(), bytes(signature), text);
            return right ? new TextDecoder().decode(text) : undefined;
        } catch {
            // No base64url.
            return undefined;
        }
    }

    #keys(): Promise<RowKey[]> {
        return (this.#rowKeys ??= Promise.all(
            this.#secrets.map(async (secret) => {
                const id = await crypto.subtle.deriveBits(derivation("row id"), await material(secret, "deriveBits"), 48);
                const kind = { name: "AES-GCM", length: 256 };
                const from = await material(secret, "deriveKey");
                const key = await crypto.subtle.deriveKey(derivation("row"), from, kind, false, ["encrypt", "decrypt"]);
                return { id: base64url(new Uint8Array(id)), key };
            }),
        ));
    }

    #signing(): Promise<CryptoKey> {
        const derive = async () => {
            const from = await material(this.#secrets.at(-1)!, "deriveKey");
            const kind = { name: "HMAC", hash: "SHA-256", length: 256 };
            return crypto.subtle.deriveKey(derivation("state"), from, kind, false, ["sign", "verify"]);
        };
        return (this.#stateKey ??= derive());
    }
}

function material(secret: KeySource, use: "deriveKey" | "deriveBits"): Promise<CryptoKey> {
    const raw = typeof secret === "string" ? encoder.encode(secret) : new Uint8Array(secret);
    return crypto.subtle.importKey("raw", raw, "HKDF", false, [use]);
}

function derivation(use: Use): HkdfParams {
    return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: encoder.encode(`ghl-payments oauth ${use}`) };
}

function parameters(id: string, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: encoder.encode(`ghl-payments ${VERSION} ${id}`) };
}

function unreadable(why: string): OAuthError {
    return new OAuthError({ code: "row_unreadable", message: `what is stored of the account ${why}; or reconnect() or forget() it` });
}

/** Random text of so many bytes. */
export function random(length: number): string {
    return base64url(crypto.getRandomValues(new Uint8Array(length)));
}

/** The SHA-256 of a text. */
export async function digest(text: string): Promise<string> {
    return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))));
}

function base64url(bytes: Uint8Array): string {
    let characters = "";
    for (const byte of bytes) characters += String.fromCharCode(byte);
    return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
    if (!/^[\w-]*$/.test(base64url)) throw new TypeError("no base64url");
    const characters = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
