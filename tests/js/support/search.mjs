// The search of secrets.mjs. A find ends the process with exit code 1, which fails the file that is tested.

import { inspect } from "node:util";

/** A shorter token stands in ordinary text by chance; it is then searched behind `Bearer`. */
const TELLING = 8;

const tokens = new Set();
const found = [];
const searched = { clients: 0, errors: 0, events: 0, urls: 0 };

/** Options whose token is known from now on, and whose events and requests are searched. */
export function watched(options) {
    if (typeof options !== "object" || options === null) return options;
    const { token, onEvent, fetch } = options;
    // What is inherited or hidden stays so: a client refuses it.
    const own = Object.create(Object.getPrototypeOf(options), Object.getOwnPropertyDescriptors(options));
    if (typeof token === "string") tokens.add(token);
    if (typeof token === "function") own.token = searching(token);
    if (onEvent === undefined || typeof onEvent === "function") {
        own.onEvent = (event) => {
            searched.events += 1;
            look("an event", event);
            return onEvent?.(event);
        };
    }
    if (typeof fetch === "function") {
        own.fetch = (url, init) => {
            searched.urls += 1;
            const { Authorization, ...headers } = init.headers;
            look("a request", { url, ...init, headers });
            return fetch(url, init);
        };
    }
    return own;
}

/** One for each function: clients that share a function share its answers. */
const searchings = new WeakMap();

function searching(token) {
    if (!searchings.has(token)) searchings.set(token, (...context) => known(token(...context)));
    return searchings.get(token);
}

function known(token) {
    if (typeof token === "string") tokens.add(token);
    // A promise is given on as it is: its rejection, too, is the caller's.
    if (typeof token?.then === "function") token.then(known, () => {});
    return token;
}

export const search = {
    client(client) {
        searched.clients += 1;
        look("a client", client);
    },
    result(result) {
        if (result instanceof Error) {
            searched.errors += 1;
            look("an error", result);
        }
        return result;
    },
};

function look(what, value) {
    const texts = [
        () => inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null }),
        () => JSON.stringify(value),
        () => [value.message, value.stack, value.messages, value.traceId].join(),
    ].map(written);
    for (const token of tokens) {
        const sought = token.length < TELLING ? `Bearer ${token}` : token;
        if (token !== "" && texts.some((text) => text.includes(sought))) {
            found.push(`${what} holds the token ${token}: ${texts.find((text) => text.includes(sought)).slice(0, 2000)}`);
        }
    }
}

/** A body that is a million levels deep cannot be written as a whole. */
function written(write) {
    try {
        return write() ?? "";
    } catch (error) {
        if (error instanceof RangeError) return "";
        throw error;
    }
}

process.on("exit", () => {
    const { clients, errors, events, urls } = searched;
    if (clients === 0) return;
    console.log(`searched for ${tokens.size} tokens: ${clients} clients, ${errors} errors, ${events} events, ${urls} requests`);
    for (const find of found) console.error(find);
    if (found.length > 0) process.exitCode = 1;
});
