/** The other forms that a secret is written in by who logs requests: in JSON, in a URL, in base64. */
function written(secret: string): string[] {
    // No key of anybody's is as long.
    if (secret.length > 4096) return [];
    const json = JSON.stringify(secret).slice(1, -1);
    const forms = [json, JSON.stringify(json).slice(1, -1)];
    try {
        forms.push(encodeURIComponent(secret), encodeURI(secret), new URLSearchParams({ "": secret }).toString().slice(1));
    } catch {
        // Half of a surrogate pair has no form in a URL.
    }
    const bytes = new TextEncoder().encode(secret);
    // Behind `user:` and the like it begins at another of three places: what is the same in all of them is inside.
    for (let before = 0; before < 3; before++) {
        const text = btoa("\0".repeat(before) + String.fromCharCode(...bytes)).replace(/=+$/, "");
        const inside = text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? text.length : -1);
        if (inside.length >= 8) forms.push(inside, inside.replaceAll("+", "-").replaceAll("/", "_"));
    }
    return forms;
}

/** What was thrown, without the apiKey: its name, message, stack, code and causes, and nothing else that it carries. */
export function scrubbed(thrown: unknown, apiKey: string, depth = 0): unknown {
    const forms = apiKey === "" ? [] : [apiKey, ...written(apiKey)];
    const without = (text: unknown) => forms.reduce((cleaned, form) => cleaned.replaceAll(form, "[apiKey]"), String(text));
    try {
        const { name, message, stack, cause, code } = thrown as Error & { code?: unknown };
        if (typeof message !== "string") return without(thrown);
        const error = new Error(without(message), cause === undefined || depth === DEPTH ? undefined : { cause: scrubbed(cause, apiKey, depth + 1) });
        Object.defineProperty(error, "name", { value: without(name), configurable: true });
        if (typeof code === "string" || typeof code === "number") Object.assign(error, { code: without(code) });
        error.stack = without(stack);
        return error;
    } catch {
        return "what was thrown cannot be read";
    }
}

/** So many causes behind each other are kept. */
const DEPTH = 4;
