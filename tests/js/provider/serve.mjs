// A web handler behind real HTTP, by the package's own server.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PACKAGE } from "../support/support.mjs";

const SERVER = join(PACKAGE, "cli/node-http.js");

/** Starts a server on a free port. */
export async function listen(handler) {
    const { listen } = await import(pathToFileURL(SERVER));
    return listen(handler, { port: 0 });
}
