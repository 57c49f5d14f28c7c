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
    return (url, init) => {
        const foreign = strange(url, init);
        if (foreign === undefined) {
            // Not the signal: an abort must not end what is only written down.
            const { signal, ...rest } = init;
            void described(new Request(url, rest)).then((request) => write({ side: "client", request }));
        } else {
            write({ side: "client", foreign });
        }
        return fetch(url, init);
    };
}

/** What `fetch` may be called with, so that any library's can carry it. */
const INIT = { method: "string", headers: "object", body: "string", redirect: "string", signal: "object" };

function strange(url, init) {
    if (typeof url !== "string" || !URL.canParse(url)) return `the URL ${String(url)}`;
    const wrong = Object.keys(init).find((name) => typeof init[name] !== INIT[name]);
    if (wrong !== undefined) return `init.${wrong}`;
    if (Object.getPrototypeOf(init.headers) !== Object.prototype) return "headers that are no plain object";
    const texts = Object.values(init.headers).every((value) => typeof value === "string");
    return texts ? undefined : "a header that is no text";
}

/** A request to describe, and what to pass on for it: what came, unless its body can be read only once. */
function recordable(input, init) {
    if (typeof input?.clone === "function" && init === undefined) return [input, input];
    const url = typeof input === "string" && input.startsWith("/") ? ORIGIN + input : input;
    if (["string", "undefined"].includes(typeof init?.body) && typeof input?.clone !== "function") {
        // Not the signal: it may be of another realm, and an abort must not end what is only written down.
        const { signal, ...rest } = init ?? {};
        return [new Request(url, rest), input, init];
    }
    const request = new Request(url, init);
    return [request, request];
}

/** A sandbox of which every exchange is written down. */
export function recordedSandbox(sandbox) {
    const { fetch } = sandbox;
    sandbox.fetch = async function (input, init) {
        const [request, ...given] = recordable(input, init);
        const sent = described(request);
        let response;
        try {
            response = await fetch(...given);
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
