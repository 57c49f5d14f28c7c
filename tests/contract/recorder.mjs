// Writes down what the client sends and what the sandbox answers, one JSON object a line, for `check.mjs`.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { pid } from "node:process";

const FOLDER = process.env.GHL_EXCHANGES;
const BUFFERED = 4_000_000;
const ORIGIN = "https://services.leadconnectorhq.com";

let lines = "";
let open = 0;

function write(entry) {
    lines += `${JSON.stringify(entry)}\n`;
    if (lines.length > BUFFERED) flush();
}

function flush() {
    if (lines === "") return;
    appendFileSync(join(FOLDER, `${pid}.ndjson`), lines);
    lines = "";
}

process.on("exit", () => {
    // Bodies that were still being read: what is lost must be seen to be lost.
    if (open > 0) write({ lost: open });
    flush();
});

/** Remembers a body that is being read. */
async function whole(reading) {
    open += 1;
    try {
        return await reading;
    } finally {
        open -= 1;
    }
}

async function described(request) {
    const { method, url } = request;
    const headers = [...request.headers].map(([name, value]) =>
        // The form is judged, the secret is not kept.
        name === "authorization" ? [name, value.replace(/^Bearer \S+$/, "Bearer [redacted]")] : [name, value],
    );
    const body = request.body === null ? "" : await whole(request.clone().text());
    return { method, url, headers, body };
}

/** A `fetch` of which every request is written down as one that the client has sent. */
export function recordedFetch(fetch) {
    return function (request) {
        if (request instanceof Request) {
            void described(request).then((request) => write({ side: "client", request }));
        } else {
            write({ side: "client", foreign: String(request) });
        }
        return fetch.call(this, request);
    };
}

/** A sandbox of which every exchange is written down. */
export function recordedSandbox(sandbox) {
    const { fetch } = sandbox;
    sandbox.fetch = async function (input, init) {
        const url = typeof input === "string" && input.startsWith("/") ? ORIGIN + input : input;
        const request = new Request(url, init);
        const sent = described(request);
        let response;
        try {
            response = await fetch(request);
        } catch (error) {
            void sent.then((request) => write({ side: "sandbox", request }));
            throw error;
        }
        const { status } = response;
        const headers = [...response.headers];
        const body = response.body === null ? "" : whole(response.clone().text());
        void Promise.all([sent, body]).then(([request, body]) =>
            write({ side: "sandbox", request, answer: { status, headers, body } }),
        );
        return response;
    };
    return sandbox;
}
