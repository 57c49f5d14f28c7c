import { unsupported } from "../client/start.js";

/** How a webhook is signed. */
export type Algorithm = "ed25519" | "rsa";

/** A key pair of the sandbox, made when it is needed first. */
interface Pair {
    sign(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
    /** The public key as PEM. */
    pem: string;
}

/** What stands before the 32 bytes of an Ed25519 key: PKCS #8 of a private one, SPKI of a public one (RFC 8410). */
const PRIVATE = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const PUBLIC = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

/** The keys with which a sandbox signs its webhooks: the Ed25519 one follows from the seed, the RSA one is made anew. */
export class Keys {
    readonly #seed: number;
    readonly #pairs: Partial<Record<Algorithm, Promise<Pair>>> = {};

    constructor(seed: number) {
        this.#seed = seed;
    }

    /** A key pair, the same one each time. */
    pair(algorithm: Algorithm): Promise<Pair> {
        return (this.#pairs[algorithm] ??= algorithm === "rsa" ? rsa() : ed25519(this.#seed));
    }
}

async function ed25519(seed: number): Promise<Pair> {
    const { subtle } = webCrypto();
    const name = "Ed25519";
    const secret = await subtle.digest("SHA-256", new TextEncoder().encode(`ghl-payments sandbox ${seed}`));
    let key: CryptoKey;
    try {
        const bytes = new Uint8Array([...PRIVATE, ...new Uint8Array(secret)]);
        key = await subtle.importKey("pkcs8", bytes, name, true, ["sign"]);
    } catch (cause) {
        throw unsupported("this runtime's WebCrypto has no Ed25519, with which the sandbox signs its webhooks", cause);
    }
    // WebCrypto gives no public key for a private one, but writes both down.
    const { x = "" } = await subtle.exportKey("jwk", key);
    const point = atob(x.replaceAll("-", "+").replaceAll("_", "/"));
    const spki = new Uint8Array([...PUBLIC, ...Array.from(point, (character) => character.charCodeAt(0))]);
    return { pem: pem(spki), sign: async (bytes) => base64(new Uint8Array(await subtle.sign(name, key, bytes))) };
}

async function rsa(): Promise<Pair> {
    const { subtle } = webCrypto();
    const length = { modulusLength: 4096, publicExponent: new Uint8Array([1, 0, 1]) };
    const { privateKey, publicKey } = await subtle.generateKey({ ...RSA, ...length }, true, ["sign", "verify"]);
    const spki = new Uint8Array(await subtle.exportKey("spki", publicKey));
    return { pem: pem(spki), sign: async (bytes) => base64(new Uint8Array(await subtle.sign(RSA, privateKey, bytes))) };
}

function webCrypto(): Crypto {
    const found = (globalThis as { crypto?: Crypto }).crypto;
    if (found?.subtle === undefined) {
        throw unsupported("this runtime has no WebCrypto, with which the sandbox signs its webhooks. A page needs https or localhost");
    }
    return found;
}

function base64(bytes: Uint8Array): string {
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function pem(spki: Uint8Array): string {
    const lines = base64(spki).match(/.{1,64}/g) ?? [];
    return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
}
