// Stands for your development server: the pages, and the package beside them.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const FOLDER = new URL(".", import.meta.url);
const PACKAGE = new URL(".", import.meta.resolve("ghl-payments"));

export async function serve() {
    const server = createServer(async ({ url }, response) => {
        const script = /^\/ghl-payments\/((?:[\w-]+\/)*[\w-]+\.js)$/.exec(url);
        const page = /^\/(checkout|pay)\.html$/.exec(url)?.[1] ?? "page";
        const file = script ? new URL(script[1], PACKAGE) : new URL(`${page}.html`, FOLDER);
        response.setHeader("content-type", script ? "text/javascript" : "text/html");
        response.end(await readFile(file));
    });
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    return {
        url: `http://127.0.0.1:${server.address().port}/`,
        close: () => new Promise((closed) => server.close(closed)),
    };
}
