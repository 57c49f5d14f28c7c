// Runs an example on this machine, against a sandbox: node examples/run.mjs cloudflare|hono-node [--port 8788]
//
// What it takes from npm has to be there: `cargo xtask example` sees to that.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";

const EXAMPLES = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TOOLS = join(ROOT, "target/tools");
const PACKAGE = process.env.GHL_PACKAGE ?? join(ROOT, "pkg");
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

const tools = createRequire(join(TOOLS, "npm/package.json"));
const fromPackage = (name) => import(pathToFileURL(join(PACKAGE, name)));

/** Finds the package by its name, through its `exports`, as an installed one is found. */
const customer = {
    name: "package",
    setup({ onResolve, resolve }) {
        onResolve({ filter: /^ghl-payments(\/|$)/ }, ({ path, kind, pluginData }) =>
            pluginData === "own" ? undefined : resolve(path, { kind, resolveDir: PACKAGE, pluginData: "own" }),
        );
    },
};

async function bundle(entry, options) {
    const { outputFiles } = await tools("esbuild").build({
        entryPoints: [join(EXAMPLES, entry)],
        bundle: true,
        write: false,
        format: "esm",
        outdir: "bundle",
        plugins: [customer],
        logLevel: "error",
        ...options,
    });
    return outputFiles;
}

/** The files of the page, by path. */
async function pageFiles() {
    const [script] = await bundle("shared/page/main.js", { minify: true });
    return { "/index.html": await readFile(join(EXAMPLES, "shared/page/index.html"), "utf8"), "/main.js": script.text };
}

async function freePort() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

/** The Worker in miniflare: what wrangler runs, without the network. */
async function cloudflare(env, port) {
    const page = await pageFiles();
    const files = await bundle("cloudflare/worker.js", {
        conditions: ["workerd"],
        external: ["cloudflare:workers"],
        loader: { ".wasm": "copy" },
        assetNames: "[name]",
    });
    const [script] = files.filter(({ path }) => path.endsWith(".js"));
    const modules = files.filter(({ path }) => path.endsWith(".wasm"));
    const { Miniflare, Response } = tools("miniflare");
    const object = (className) => ({ className, useSQLite: true });
    const worker = new Miniflare({
        modules: [
            { type: "ESModule", path: "worker.js", contents: script.text },
            ...modules.map(({ path, contents }) => ({ type: "CompiledWasm", path: basename(path), contents })),
        ],
        bindings: env,
        durableObjects: { TOKENS: object("TokenKeeper"), LEDGER: object("WebhookLedger"), INBOX: object("Inbox") },
        serviceBindings: {
            ASSETS({ url }) {
                const { pathname } = new URL(url);
                const path = pathname === "/" ? "/index.html" : pathname;
                const headers = { "content-type": TYPES[extname(path)] ?? "text/plain" };
                return path in page ? new Response(page[path], { headers }) : new Response(null, { status: 404 });
            },
        },
        compatibilityDate: "2025-09-01",
        host: "127.0.0.1",
        port,
    });
    await worker.ready;
    return () => worker.dispose();
}

/** The server, in a folder where it finds what it imports. */
async function honoNode(env, port) {
    const folder = await mkdtemp(join(tmpdir(), "ghl-payments-"));
    const app = join(folder, "hono-node");
    await cp(join(EXAMPLES, "hono-node"), app, { recursive: true, filter: (path) => basename(path) !== "node_modules" });
    await cp(join(EXAMPLES, "shared"), join(folder, "shared"), { recursive: true });
    await mkdir(join(folder, "node_modules"));
    const installed = join(TOOLS, "hono-node/node_modules");
    for (const [name, target] of Object.entries({
        hono: join(installed, "hono"),
        "@hono": join(installed, "@hono"),
        "ghl-payments": PACKAGE,
    })) {
        await symlink(target, join(folder, "node_modules", name), "junction");
    }
    await mkdir(join(app, "public"), { recursive: true });
    for (const [name, text] of Object.entries(await pageFiles())) await writeFile(join(app, "public", name), text);
    const child = spawn(process.execPath, ["server.js"], {
        cwd: app,
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, ...env, PORT: String(port) },
    });
    for await (const line of createInterface({ input: child.stdout })) if (line.startsWith("listening")) break;
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    return async () => {
        const ended = once(child, "exit");
        child.kill();
        await ended;
        await rm(folder, { recursive: true, force: true });
    };
}

const EXAMPLE = { cloudflare, "hono-node": honoNode };

/** Starts an example and the sandbox behind it. */
export async function start(name, { port, seed = 7, ...options } = {}) {
    const { createSandbox } = await fromPackage("sandbox.js");
    const { listen } = await fromPackage("cli/node-http.js");
    const sandbox = createSandbox({ seed, now: Date.now, ...options });
    const server = await listen(sandbox.fetch, { port: 0 });
    port ??= await freePort();
    const url = `http://127.0.0.1:${port}`;
    const stop = await EXAMPLE[name](
        {
            PUBLIC_URL: url,
            GHL_CLIENT_ID: sandbox.app.clientId,
            GHL_CLIENT_SECRET: sandbox.app.clientSecret,
            GHL_BASE_URL: server.url,
            GHL_AUTHORIZATION_URL: `${server.url}/oauth/chooselocation`,
            GHL_WEBHOOK_KEY: await sandbox.webhookKeys.ed25519(),
            ENCRYPTION_KEY: "only for the sandbox: openssl rand -base64 32",
            SESSION_SECRET: "only for the sandbox: openssl rand -hex 32",
        },
        port,
    );
    const sending = sandbox.webhooks({ url: `${url}/webhooks` });
    return {
        url,
        sandbox,
        sending,
        async stop() {
            sending.close();
            await stop();
            await server.close();
        },
    };
}

async function main([name, ...rest]) {
    const [option, port = "8788", ...more] = rest;
    if (!(name in EXAMPLE) || (option ?? "--port") !== "--port" || !/^\d+$/.test(port) || more.length > 0) {
        console.error("usage: node examples/run.mjs cloudflare|hono-node [--port 8788]");
        process.exit(2);
    }
    const example = await start(name, { port: Number(port) });
    console.log(`open ${example.url}/`);
    console.log("Enter makes a new order in the sandbox, whose webhook arrives on the page; Ctrl+C ends it.");
    const terminal = createInterface({ input: process.stdin });
    terminal.on("line", () => console.log(`ordered ${example.sandbox.createOrder()._id}`));
    for (const signal of ["SIGINT", "SIGTERM"]) {
        // Miniflare's own listener ends the process at once, and as one that has failed.
        process.removeAllListeners(signal);
        process.once(signal, () => void example.stop().then(() => process.exit(0)));
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
