import { invalid } from "../client/input.js";

/** Throws a ValidationError of what is no Request of the web, such as the one of Node's http. Its own getters may throw anything. */
export function checkRequest(request: Request): void {
    try {
        if (typeof request.method === "string" && typeof request.headers.get === "function") return;
    } catch {
        // Named below.
    }
    throw notWeb();
}

/** The whole URL of a request of the web. */
export function addressed(request: Request): URL {
    try {
        if (typeof request.headers.get === "function") return new URL(request.url);
    } catch {
        // Named below.
    }
    throw notWeb();
}

function notWeb(): Error {
    return invalid("request", "must be a Request of the web with its whole URL; of Node's http make one: new Request(url, { headers })");
}
