// The keys by which HighLevel and this Worker know each other: a pair for each location and mode.
//
// They are made from one secret and say themselves whose they are, so that none of them has to be stored: `pk_live_LOCATION_MAC` is
// public, `sk_live_LOCATION_MAC` is what HighLevel's server shows.

const HMAC = { name: "HMAC", hash: "SHA-256" };
const FORM = /^(pk|sk)_(live|test)_([A-Za-z0-9]+)_([0-9a-f]{64})$/;

const bytesOf = (text) => new TextEncoder().encode(text);
const hexOf = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOfHex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16));

/** Keys made from a secret of at least 32 random characters. */
export function createKeys(secret) {
    if (typeof secret !== "string" || secret.length < 32) {
        throw new TypeError("KEY_SECRET must have at least 32 characters, such as `openssl rand -hex 32` prints");
    }
    const key = crypto.subtle.importKey("raw", bytesOf(secret), HMAC, false, ["sign", "verify"]);
    const make = async (name) => `${name}_${hexOf(await crypto.subtle.sign("HMAC", await key, bytesOf(name)))}`;
    const read = async (text, wanted) => {
        const [, kind, mode, locationId, mac] = FORM.exec(text) ?? [];
        if (kind !== wanted) return null;
        // In constant time, as WebCrypto compares.
        const own = await crypto.subtle.verify("HMAC", await key, bytesOfHex(mac), bytesOf(`${kind}_${mode}_${locationId}`));
        return own ? { locationId, mode } : null;
    };
    return {
        /** What HighLevel hands to the payment page. */
        publishableKey: (locationId, mode) => make(`pk_${mode}_${locationId}`),
        /** What HighLevel's server sends to the queryUrl, and what pushes carry. */
        apiKey: (locationId, mode) => make(`sk_${mode}_${locationId}`),
        /** Whose publishable key this is: `{ locationId, mode }`, or null. */
        ofPage: (publishableKey) => read(publishableKey, "pk"),
        /** Whose secret key this is: `{ locationId, mode }`, or null. */
        ofServer: (apiKey) => read(apiKey, "sk"),
    };
}
