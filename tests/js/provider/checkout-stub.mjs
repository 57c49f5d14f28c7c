// The window of a payment page without a browser: who is around it, and what it posts.

/**
 * Puts a window around this realm, as far as `ghl-payments/checkout` looks at it.
 *
 * @param {string} origin Where the page around it is.
 */
export function framed(origin = "https://app.gohighlevel.com") {
    const events = new EventTarget();
    const posted = [];
    const parent = { postMessage: (data, target) => void posted.push({ data, target }) };
    const before = ["parent", "addEventListener"].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
    const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    set("parent", parent);
    set("addEventListener", (...words) => {
        listeners += 1;
        events.addEventListener(...words);
        words[2]?.signal?.addEventListener("abort", () => (listeners -= 1));
    });
    let listeners = 0;
    return {
        posted,
        /** The answers: what was posted besides ready. */
        answers: () => posted.filter(({ data }) => !data.includes("custom_provider_ready")),
        /** How many listeners are there. */
        listeners: () => listeners,
        /** Somebody posts to the page: HighLevel, unless others are named. */
        say(data, { source = parent, from = origin } = {}) {
            const event = new Event("message");
            events.dispatchEvent(Object.assign(event, { data, source, origin: from }));
        },
        restore() {
            for (const [name, descriptor] of before) {
                if (descriptor) Object.defineProperty(globalThis, name, descriptor);
                else delete globalThis[name];
            }
        },
    };
}
