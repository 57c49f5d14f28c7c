// What answers over HTTP on this machine: the API, and the pages in which browsers measure. A process of its own, so
// that it does not share a thread with what is measured. Prints its address.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join, normalize } from "node:path";
import { cases } from "./answers.mjs";
import { HEADERS } from "./subject.mjs";

const files = process.argv[2];
const bodies = new Map(cases().map(({ name, body }) => [name, body]));
const TYPES = { html: "text/html; charset=utf-8", js: "text/javascript", wasm: "application/wasm" };
/** Only a page that is cut off from others is given an exact clock. */
const ISOLATED = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    const [, first, second] = pathname.split("/");
    if (second === "payments") return void response.writeHead(200, HEADERS).end(bodies.get(first));
    const path = normalize(pathname).slice(1);
    const type = TYPES[path.split(".").pop()];
    readFile(join(files, path)).then(
        (content) => response.writeHead(200, { "Content-Type": type ?? "text/plain", ...ISOLATED }).end(content),
        () => response.writeHead(404).end(),
    );
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
