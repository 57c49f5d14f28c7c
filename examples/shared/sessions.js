// Whose account, a location or an agency, a browser works with: a signed cookie. It stands for the login of your own app; put that in its place.

const NAME = "session";
const DAY_MS = 86_400_000;
const ALGORITHM = { name: "HMAC", hash: "SHA-256" };

const bytesOf = (text) => new TextEncoder().encode(text);
const hexOf = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOfHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Sessions signed with a secret of at least 32 random characters. */
export function createSessions(secret) {
    if (typeof secret !== "string" || secret.length < 32) {
        throw new TypeError("SESSION_SECRET must have at least 32 characters, such as `openssl rand -hex 32` prints");
    }
    const key = crypto.subtle.importKey("raw", bytesOf(secret), ALGORITHM, false, ["sign", "verify"]);
    return {
        /** `Set-Cookie` of somebody who works with this account. */
        async cookie(account, secure) {
            const value = `${account}.${Date.now() + DAY_MS}`;
            const signature = hexOf(await crypto.subtle.sign("HMAC", await key, bytesOf(value)));
            return `${NAME}=${value}.${signature}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
        },
        /** The account that the sender of a request works with; null if nobody knows. */
        async accountOf(request) {
            const cookies = (request.headers.get("cookie") ?? "").split(/; */);
            const [, value] = cookies.find((cookie) => cookie.startsWith(`${NAME}=`))?.split("=") ?? [];
            const [account, until, signature = ""] = value?.split(".") ?? [];
            if (account === undefined || !(Number(until) > Date.now())) return null;
            const fine = await crypto.subtle.verify("HMAC", await key, bytesOfHex(signature), bytesOf(`${account}.${until}`));
            return fine ? account : null;
        },
    };
}
