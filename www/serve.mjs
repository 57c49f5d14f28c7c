// Serves the demo page, the built package and the sandbox on this machine: node www/serve.mjs [--port 8080] [--seed 7]

import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const USAGE = "usage: node www/serve.mjs [--port 8080] [--seed 7]";
const HOST = "127.0.0.1";

const PAGE = fileURLToPath(new URL(".", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../pkg/", import.meta.url));

const TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".wasm": "application/wasm",
};

const SECURITY = {
    "Content-Security-Policy": [
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ].join("; "),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
};

function fail(message, code = 1) {
    console.error(message);
    process.exit(code);
}

function readArguments() {
    let values;
    try {
        ({ values } = parseArgs({
            options: { port: { type: "string" }, seed: { type: "string" }, help: { type: "boolean", short: "h" } },
        }));
    } catch (error) {
        fail(`${error.message}\n${USAGE}`, 2);
    }
    if (values.help) {
        console.log(USAGE);
        process.exit(0);
    }
    return {
        port: whole("--port", values.port ?? "8080", 65_535),
        seed: whole("--seed", values.seed ?? "7", Number.MAX_SAFE_INTEGER),
    };
}

function whole(name, text, max) {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value <= max)) fail(`${name} must be a whole number from 0 to ${max}, not "${text}"\n${USAGE}`, 2);
    return value;
}

async function fromPackage(name) {
    try {
        return await import(new URL(`../pkg/${name}`, import.meta.url));
    } catch (error) {
        if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
        return fail(`pkg/${name} is missing: run \`cargo xtask build\` first.`);
    }
}

/** The file behind a URL path, or undefined where there is none to serve. */
function locate(pathname) {
    let path;
    try {
        path = decodeURIComponent(pathname);
    } catch {
        return undefined;
    }
    const [root, rest] = path.startsWith("/pkg/") ? [PACKAGE, path.slice(5)] : [PAGE, path.slice(1) || "index.html"];
    // Decoding can bring back what the URL parser had taken out: dots, slashes, backslashes.
    const inside = rest.split("/").every((part) => part !== "" && !part.startsWith(".") && !/[\\:\0]/.test(part));
    const type = TYPES[extname(rest)];
    return inside && type ? { file: join(root, rest), type } : undefined;
}

const encoders = {
    br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
    gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

/** Compressed once, kept until the file changes. */
const compressed = new Map();

async function body(file, tag, encoding) {
    if (!encoding) return readFile(file);
    const key = `${encoding} ${file}`;
    const known = compressed.get(key);
    if (known?.tag === tag) return known.bytes;
    const bytes = await encoders[encoding](await readFile(file));
    compressed.set(key, { tag, bytes });
    return bytes;
}

function encodingFor(request) {
    const accepted = (request.headers.get("accept-encoding") ?? "").split(",").map((part) => {
        const [name, ...parameters] = part
            .trim()
            .toLowerCase()
            .split(/\s*;\s*/);
        return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? "" : name;
    });
    return Object.keys(encoders).find((name) => accepted.includes(name));
}

function answer(status, text, headers = {}) {
    const type = "text/plain; charset=utf-8";
    return new Response(text, { status, headers: { ...SECURITY, "Content-Type": type, ...headers } });
}

async function serveFile(request, pathname) {
    if (!["GET", "HEAD"].includes(request.method)) return answer(405, "Method not allowed", { Allow: "GET, HEAD" });
    const found = locate(pathname);
    const info = found && (await stat(found.file).catch(() => undefined));
    if (!info?.isFile()) return answer(404, "Not found");
    const encoding = encodingFor(request);
    const tag = `"${info.size.toString(36)}-${Math.trunc(info.mtimeMs).toString(36)}${encoding ? `-${encoding}` : ""}"`;
    const headers = new Headers({
        ...SECURITY,
        "Cache-Control": "no-cache",
        "Content-Type": found.type,
        ETag: tag,
        Vary: "Accept-Encoding",
    });
    if (request.headers.get("if-none-match") === tag) return new Response(null, { status: 304, headers });
    if (encoding) headers.set("Content-Encoding", encoding);
    const bytes = await body(found.file, tag, encoding);
    headers.set("Content-Length", String(bytes.length));
    return new Response(request.method === "HEAD" ? null : bytes, { status: 200, headers });
}

/** What your own proxy would do: the page never holds a token, the server adds it. */
async function forward(request, url, sandbox) {
    // A server that adds a token must not add it for other people's pages.
    const site = request.headers.get("sec-fetch-site") ?? "same-origin";
    if (!["same-origin", "none"].includes(site)) return answer(403, "Only this page may call /api");
    const headers = new Headers(request.headers);
    for (const name of ["host", "connection", "content-length", "accept-encoding", "cookie"]) headers.delete(name);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${sandbox.token()}`);
    const bytes = await request.arrayBuffer();
    const target = `https://services.leadconnectorhq.com${url.pathname.slice("/api".length)}${url.search}`;
    const response = await sandbox.fetch(
        new Request(target, {
            method: request.method,
            headers,
            body: bytes.byteLength > 0 ? bytes : undefined,
            signal: request.signal,
        }),
    );
    const own = new Headers(response.headers);
    for (const [name, value] of Object.entries(SECURITY)) own.set(name, value);
    own.set("Cache-Control", "no-store");
    return new Response(response.body, { status: response.status, headers: own });
}

const { port, seed } = readArguments();
const { createSandbox } = await fromPackage("sandbox.js");
const { listen } = await fromPackage("node-http.js");
const sandbox = createSandbox({ seed, now: Date.now });
const config = JSON.stringify({ locationId: sandbox.locationId, apiBase: "/api" });

async function handle(request) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/api/")) return forward(request, url, sandbox);
    if (url.pathname === "/config.json") {
        return answer(200, config, { "Content-Type": TYPES[".json"], "Cache-Control": "no-cache" });
    }
    return serveFile(request, url.pathname);
}

const server = await listen(handle, { port, host: HOST }).catch((error) => {
    const { code } = error.cause ?? error;
    if (code === "EADDRINUSE") {
        fail(`Port ${port} is taken: stop the program that uses it, or choose another one with --port.`);
    }
    if (code === "EACCES") fail(`Port ${port} needs more rights than you have: choose one above 1023 with --port.`);
    throw error;
});

console.log(`open ${new URL("/", server.url).href}`);

for (const name of ["SIGINT", "SIGTERM"]) {
    // The second signal finds no handler and ends the process at once.
    process.once(name, async () => {
        await server.close();
        process.exit(0);
    });
}
