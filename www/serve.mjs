// Serves the demo page on this machine, and the API behind it: a sandbox, or your own account.

import process from "node:process";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { apart, bundle, PACKAGE, policy, tagOf } from "./build.mjs";

const USAGE = `usage: node www/serve.mjs [--port 8080] [--seed 7] [--size 300] [--sandbox URL --provider URL] [--agency URL]
       GHL_TOKEN=… GHL_LOCATION=… node www/serve.mjs --upstream https://services.leadconnectorhq.com`;
const HOST = "127.0.0.1";
const API = "/api";
/** What the view Agency asks is asked of examples/agency-sync, by its methods. */
const AGENCY = "/agency/api/";
const AGENCY_METHODS = ["GET runs", "GET status", "GET money", "POST start", "POST retry", "POST resume"];
/** What the page sends where it wants a call to fail: a fault of the sandbox, or a token that opens nothing. */
const BREAKING = ["x-sandbox-fault", "authorization"];

const TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
    ".wasm": "application/wasm",
};

const SECURITY = { "X-Content-Type-Options": "nosniff" };
/** Documents alone are held to a policy: on everything else it would be so many bytes for nothing. */
const policies = (reach) => ({
    "index.html": {
        "Content-Security-Policy": `${policy(undefined, reach)}; frame-ancestors 'none'`,
        "Referrer-Policy": "no-referrer",
    },
    // The view Checkout frames it, and nobody else.
    "pay.html": { "Content-Security-Policy": "frame-ancestors 'self'", "Referrer-Policy": "no-referrer" },
});

function fail(message, code = 1) {
    console.error(message);
    process.exit(code);
}

function readArguments() {
    let values;
    try {
        const text = { type: "string" };
        const help = { type: "boolean", short: "h" };
        const options = { port: text, seed: text, size: text, upstream: text, sandbox: text, provider: text, agency: text, help };
        ({ values } = parseArgs({ options }));
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
        size: whole("--size", values.size ?? "300", 1_000_000),
        upstream: values.upstream,
        agency: values.agency && address("--agency", values.agency),
        checkout: values.sandbox && { sandbox: address("--sandbox", values.sandbox), provider: address("--provider", values.provider) },
    };
}

function address(name, text) {
    if (!/^https?:\/\//.test(text ?? "")) fail(`${name} must be an address that starts with http, not "${text}"\n${USAGE}`, 2);
    return text;
}

function whole(name, text, max) {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value <= max)) fail(`${name} must be a whole number from 0 to ${max}, not "${text}"\n${USAGE}`, 2);
    return value;
}

async function fromPackage(name) {
    try {
        return await import(pathToFileURL(join(PACKAGE, name)));
    } catch (error) {
        if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
        return fail(`pkg/${name} is missing: run \`cargo xtask build\` first.`);
    }
}

const encoders = {
    br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
    gzip: (bytes) => promisify(gzip)(bytes, { level: 9 }),
};

const LARGE = 200_000;

/** Compressed once, then kept. */
function compressed(file, encoding) {
    file.forms[encoding] ??= encoders[encoding](file.bytes);
    return file.forms[encoding];
}

/** The files of the page, each with its tag and, once asked for, its compressed forms. */
async function page(config, reach) {
    const files = await bundle(config, reach).catch((error) => fail(error.message));
    const kept = new Map();
    for (const [name, bytes] of files) kept.set(name, { bytes, tag: tagOf(bytes), forms: {} });
    // Before the first visitor waits for it; the large ones that few ask for can wait.
    const usual = [...kept.values()].filter(({ bytes }) => bytes.length < LARGE);
    await Promise.all(usual.map((file) => compressed(file, "br")));
    return kept;
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

async function serveFile(request, pathname, files) {
    if (!["GET", "HEAD"].includes(request.method)) return answer(405, "Method not allowed", { Allow: "GET, HEAD" });
    const name = pathname.slice(1) || "index.html";
    const file = files.get(name);
    if (!file) return answer(404, "Not found");
    const encoding = encodingFor(request);
    const tag = `"${file.tag}${encoding ? `-${encoding}` : ""}"`;
    // A name with a hash in it never changes its content: nobody asks for it again.
    const kept = /-[0-9A-Z]{8}\./.test(name);
    const headers = new Headers({
        ...SECURITY,
        ...POLICIES[name],
        ...(kept ? { "Cache-Control": "max-age=31536000, immutable" } : { "Cache-Control": "no-cache", ETag: tag }),
        "Content-Type": TYPES[extname(name)],
        Vary: "Accept-Encoding",
    });
    if (request.headers.get("if-none-match") === tag) return new Response(null, { status: 304, headers });
    if (encoding) headers.set("Content-Encoding", encoding);
    const bytes = encoding ? await compressed(file, encoding) : file.bytes;
    headers.set("Content-Length", String(bytes.length));
    return new Response(request.method === "HEAD" ? null : bytes, { status: 200, headers });
}

/** Everything that the page can do: it is the only one that asks, on a machine of its own. */
const OPERATIONS = [
    ...["integrations.createWhitelabel", "integrations.listWhitelabel"],
    ...["orders.list", "orders.get", "orders.recordPayment", "orders.listFulfillments", "orders.createFulfillment"],
    ...["orders.listNotes", "transactions.list", "transactions.get", "subscriptions.list", "subscriptions.get"],
    ...["coupons.list", "coupons.create", "coupons.update", "coupons.delete", "coupons.get"],
    ...["customProvider.create", "customProvider.delete", "customProvider.getConfig", "customProvider.connect"],
    ...["customProvider.disconnect", "customProvider.updateCapabilities"],
];

/** The proxy of the package, as in anybody's server: the page never holds a token. */
async function proxyTo({ send, token, origin, locationId }) {
    const { createProxy } = await fromPackage("edge.js");
    return createProxy({
        authorize: () => ({ locationId, operations: OPERATIONS }),
        token,
        basePath: API,
        baseUrl: origin,
        fetch: send,
        // The page shows how its own client keeps to the limits, so that no request may come on top. Whoever reaches this server
        // has the whole account anyway.
        limiter: false,
        trustIds: true,
    });
}

/**
 * An answer that the page has asked to be broken, straight from the sandbox: the proxy would mend some of it, and say of the
 * rest that HighLevel is at fault.
 */
async function broken(request, { pathname, search }, { send, token, origin }) {
    const headers = new Headers(request.headers);
    for (const name of ["host", "connection", "content-length", "cookie"]) headers.delete(name);
    if (!headers.has("authorization")) headers.set("authorization", `Bearer ${token()}`);
    const bytes = await request.arrayBuffer();
    const { method, signal } = request;
    const body = bytes.byteLength > 0 ? bytes : undefined;
    return send(new Request(`${origin}${pathname.slice(API.length)}${search}`, { method, headers, body, signal }));
}

/** The API behind the page, and what the page has to know of it. */
async function account({ upstream, seed, size }) {
    if (upstream === undefined) {
        const { createSandbox } = await fromPackage("sandbox.js");
        const sandbox = createSandbox({ seed, size, now: Date.now });
        const origin = "https://services.leadconnectorhq.com";
        const config = { apiBase: API, locationId: sandbox.locationId, sandbox: true };
        const { locationId } = sandbox;
        return { config, behind: { send: sandbox.fetch, token: () => sandbox.token(), origin, locationId } };
    }
    const { GHL_TOKEN, GHL_LOCATION } = process.env;
    if (!GHL_TOKEN || !GHL_LOCATION)
        fail(`--upstream needs GHL_TOKEN and GHL_LOCATION in the environment\n${USAGE}`, 2);
    const { protocol, hostname, origin } = new URL(upstream);
    if (protocol !== "https:" && hostname !== HOST) fail("--upstream must be https: a token travels to it", 2);
    return {
        config: { apiBase: API, locationId: GHL_LOCATION, sandbox: false },
        behind: { send: fetch, token: () => GHL_TOKEN, origin, locationId: GHL_LOCATION },
    };
}

/**
 * Passes on what the view Agency asks, with the cookie of whoever has installed the app: that in `GHL_AGENCY_COOKIE`, or the visitor's
 * own, which a browser sends to all ports of this machine.
 */
async function agency(request, { pathname, search, origin }, base) {
    const name = pathname.slice(AGENCY.length);
    if (!AGENCY_METHODS.includes(`${request.method} ${name}`)) return answer(404, "Not found");
    // The cookie comes along whoever asks; only this page may.
    const from = request.headers.get("origin");
    if ((from !== null && from !== origin) || !["same-origin", null].includes(request.headers.get("sec-fetch-site"))) return answer(403, "Only the page may ask this");
    const cookie = process.env.GHL_AGENCY_COOKIE ?? request.headers.get("cookie") ?? "";
    const headers = { cookie, ...(request.method === "POST" && { "content-type": "application/json" }) };
    const body = request.method === "POST" ? await request.text() : undefined;
    try {
        const { status, body: told } = await fetch(new URL(`api/${name}${search}`, base), { method: request.method, headers, body, redirect: "manual", signal: request.signal });
        return new Response(told, { status, headers: { ...SECURITY, "Content-Type": TYPES[".json"], "Cache-Control": "no-store" } });
    } catch {
        return Response.json({ code: "unreachable", message: `the example does not answer at ${base}` }, { status: 502, headers: SECURITY });
    }
}

const given = readArguments();
const reach = apart(given.checkout);
const POLICIES = policies(reach);
const { listen } = await fromPackage("cli/node-http.js");
const { config, behind } = await account(given);
const proxy = await proxyTo(behind);
const files = await page({ ...config, ...(given.checkout && { checkout: given.checkout }), ...(given.agency && { agency: true }) }, reach);

async function handle(request) {
    const url = new URL(request.url);
    if (given.agency && url.pathname.startsWith(AGENCY)) return agency(request, url, given.agency);
    if (!url.pathname.startsWith(`${API}/`)) return serveFile(request, url.pathname, files);
    if (config.sandbox && BREAKING.some((name) => request.headers.has(name))) return broken(request, url, behind);
    return proxy(request);
}

const server = await listen(handle, { port: given.port, host: HOST }).catch((error) => {
    const { code } = error.cause ?? error;
    if (code === "EADDRINUSE") {
        fail(`Port ${given.port} is taken: stop the program that uses it, or choose another one with --port.`);
    }
    if (code === "EACCES")
        fail(`Port ${given.port} needs more rights than you have: choose one above 1023 with --port.`);
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
