// What every runtime must make of deliveries, good and forged. Knows nothing of Node: it runs in workerd as well.

/** Signed deliveries whose every bit is changed, one at a time: all must be refused, and the unchanged one taken. */
export async function mutate({ verifyWebhook }, vectors) {
    const found = { vectors: 0, body: 0, signature: 0, header: 0, key: 0, refused: 0, codes: {}, passed: [] };
    const decode = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const encode = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    const flipped = (bytes, bit) => bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    for (const { algorithm, key, body, signature } of vectors) {
        const name = algorithm === "RSA" ? "x-wh-signature" : "X-GHL-Signature";
        const options = { keys: [decode(key)], legacyRsa: algorithm === "RSA" };
        const bytes = new TextEncoder().encode(body);
        const event = await verifyWebhook(bytes, { [name]: signature }, options);
        if (event.type === "OrderCreate") found.vectors += 1;
        const refuse = async (kind, bit, ...given) => {
            found[kind] += 1;
            try {
                await verifyWebhook(...given);
                found.passed.push(`${algorithm} ${kind} bit ${bit}`);
            } catch (error) {
                if (error.name !== "WebhookError") throw error;
                found.refused += 1;
                found.codes[error.code] = (found.codes[error.code] ?? 0) + 1;
            }
        };
        for (let bit = 0; bit < bytes.length * 8; bit++) {
            await refuse("body", bit, flipped(bytes, bit), { [name]: signature }, options);
        }
        const raw = decode(signature);
        for (let bit = 0; bit < raw.length * 8; bit++) {
            await refuse("signature", bit, bytes, { [name]: encode(flipped(raw, bit)) }, options);
        }
        const text = new TextEncoder().encode(signature);
        for (let bit = 0; bit < text.length * 8; bit++) {
            const changed = String.fromCharCode(...flipped(text, bit));
            await refuse("header", bit, bytes, { [name]: changed }, options);
        }
        const der = decode(key);
        for (let bit = 0; bit < der.length * 8; bit++) {
            await refuse("key", bit, bytes, { [name]: signature }, { ...options, keys: [flipped(der, bit)] });
        }
    }
    return found;
}

/** Under each of these keys a signature that anybody can make: none may be taken. Gives what was refused, and how. */
export async function forge({ verifyWebhook }, forgeries) {
    const found = { refused: 0, codes: [], passed: [] };
    for (const { key, body, signature } of forgeries) {
        try {
            const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
            await verifyWebhook(body, { "x-ghl-signature": signature }, { keys: [bytes] });
            found.passed.push(key);
        } catch (error) {
            found.refused += 1;
            found.codes.push(error.code);
        }
    }
    return found;
}
