// Runs an example on this machine, against a sandbox: node examples/run.mjs cloudflare|hono-node|provider|agency [--port 8788]
//
// What it takes from npm has to be there: `cargo xtask example` sees to that.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
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
const TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
};

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

/** The files of a page, by path. */
async function pageFiles(folder, entry) {
    const [script] = await bundle(`${folder}/${entry}`, { minify: true });
    return { "/index.html": await readFile(join(EXAMPLES, folder, "index.html"), "utf8"), [`/${entry}`]: script.text };
}

async function freePort() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

/** A Worker in miniflare: what wrangler runs, without the network. */
async function startWorker(entry, page, { bindings, port, objects, ...options }) {
    const files = await bundle(entry, {
        conditions: ["workerd"],
        external: ["cloudflare:workers"],
        loader: { ".wasm": "copy" },
        assetNames: "[name]",
    });
    const [script] = files.filter(({ path }) => path.endsWith(".js"));
    const modules = files.filter(({ path }) => path.endsWith(".wasm"));
    const { Miniflare, Response } = tools("miniflare");
    const worker = new Miniflare({
        modules: [
            { type: "ESModule", path: "worker.js", contents: script.text },
            ...modules.map(({ path, contents }) => ({ type: "CompiledWasm", path: basename(path), contents })),
        ],
        bindings,
        durableObjects: Object.fromEntries(Object.entries(objects).map(([name, className]) => [name, { className, useSQLite: true }])),
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
        ...options,
    });
    await worker.ready;
    return worker;
}

async function cloudflare({ env, port }) {
    const worker = await startWorker("cloudflare/worker.js", await pageFiles("shared/page", "main.js"), {
        bindings: env,
        port,
        objects: { TOKENS: "TokenKeeper", LEDGER: "WebhookLedger", INBOX: "Inbox" },
    });
    return { stop: () => worker.dispose() };
}

/** The payment provider, with its tables, and installed in the sandbox as a person would install it. */
async function provider({ env, port, sandbox }) {
    const page = await pageFiles("provider/page", "pay.js");
    page["/logo.svg"] = await readFile(join(EXAMPLES, "provider/page/logo.svg"), "utf8");
    const worker = await startWorker("provider/worker.js", page, {
        bindings: {
            ...env,
            GHL_PUSH_URL: env.GHL_BASE_URL,
            KEY_SECRET: "only for the sandbox: openssl rand -hex 32",
        },
        port,
        objects: { TOKENS: "TokenKeeper" },
        d1Databases: { DB: "books" },
    });
    const db = await worker.getD1Database("DB");
    await statements(db, await readFile(join(EXAMPLES, "provider/schema.sql"), "utf8"));
    const { locationId } = sandbox;
    await install(`${env.PUBLIC_URL}/install`, { location_id: locationId });
    // HighLevel takes https addresses only, so those of this machine it is told here.
    sandbox.connectProvider({ locationId, paymentsUrl: `${env.PUBLIC_URL}/pay`, queryUrl: `${env.PUBLIC_URL}/query` });
    return {
        db,
        /** What Cloudflare does every minute: at the sandbox's time. */
        async cron() {
            const { scheduled } = await worker.getWorker();
            await scheduled({ scheduledTime: new Date(sandbox.now()), cron: "* * * * *" });
        },
        stop: () => worker.dispose(),
    };
}

/** The agency's sync, made of what its wrangler.jsonc says, and installed in the sandbox as an agency would install it. */
async function agency({ env, port, sandbox, persist }) {
    const folder = join(EXAMPLES, "agency-sync");
    const page = Object.fromEntries(
        await Promise.all((await readdir(join(folder, "page"))).map(async (name) => [`/${name}`, await readFile(join(folder, "page", name), "utf8")])),
    );
    const config = JSON.parse((await readFile(join(folder, "wrangler.jsonc"), "utf8")).replace(/^\s*\/\/.*$/gm, ""));
    const { durable_objects: objects, queues, d1_databases: databases, r2_buckets: buckets } = config;
    const [db] = databases;
    const named = (list, name, of) => Object.fromEntries(list.map((one) => [one[name], of(one)]));
    const worker = await startWorker(`agency-sync/${config.main}`, page, {
        bindings: { ...config.vars, ...env, GHL_REDIRECT_URI: `${env.PUBLIC_URL}/oauth/callback` },
        port,
        objects: named(objects.bindings, "name", (one) => one.class_name),
        d1Databases: named(databases, "binding", (one) => one.database_name),
        r2Buckets: named(buckets, "binding", (one) => one.bucket_name),
        queueProducers: named(queues.producers, "binding", (one) => ({ queueName: one.queue })),
        queueConsumers: named(queues.consumers, "queue", (one) => ({
            maxBatchSize: one.max_batch_size,
            maxBatchTimeout: one.max_batch_timeout,
            maxRetries: one.max_retries,
            deadLetterQueue: one.dead_letter_queue,
        })),
        compatibilityDate: config.compatibility_date,
        ...(persist && { durableObjectsPersist: join(persist, "objects"), d1Persist: join(persist, "d1"), r2Persist: join(persist, "r2") }),
    });
    const migrations = join(PACKAGE, db.migrations_dir.split("/ghl-payments/")[1]);
    const tables = await worker.getD1Database(db.binding);
    for (const name of (await readdir(migrations)).filter((file) => file.endsWith(".sql")).sort()) {
        await statements(tables, await readFile(join(migrations, name), "utf8"));
    }
    return {
        db: tables,
        /** The cookie of somebody who has installed the app for the agency. */
        signIn: () => install(`${env.PUBLIC_URL}/install`, { company_id: sandbox.companyId }),
        /** What Cloudflare does every hour. */
        async cron() {
            const { scheduled } = await worker.getWorker();
            await scheduled({ scheduledTime: new Date(sandbox.now()), cron: config.triggers.crons[0] });
        },
        stop: () => worker.dispose(),
    };
}

/** Carries out the statements of a file of SQL. */
async function statements(db, text) {
    for (const statement of text.replace(/^\s*--.*$/gm, "").split(/;\s*$/m)) if (statement.trim() !== "") await db.prepare(statement).run();
}

/** Follows the redirects of an installation, keeps the cookies on the way, and chooses. Gives the cookies. */
async function install(begin, chosen) {
    const cookies = new Map();
    for (let at = new URL(begin); ; ) {
        if (at.pathname.endsWith("/chooselocation")) for (const [name, id] of Object.entries(chosen)) at.searchParams.set(name, id);
        const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
        const response = await fetch(at, { headers: { cookie }, redirect: "manual" });
        for (const set of response.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
            cookies.set(name, value);
        }
        if (response.status !== 302) {
            if (!response.ok) throw new Error(`the app was not installed: ${response.status} ${await response.text()}`);
            return [...cookies].map((pair) => pair.join("=")).join("; ");
        }
        at = new URL(response.headers.get("location"), at);
    }
}

/** The server, in a folder where it finds what it imports. */
async function honoNode({ env, port }) {
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
    for (const [name, text] of Object.entries(await pageFiles("shared/page", "main.js"))) {
        await writeFile(join(app, "public", name), text);
    }
    const child = spawn(process.execPath, ["server.js"], {
        cwd: app,
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, ...env, PORT: String(port) },
    });
    for await (const line of createInterface({ input: child.stdout })) if (line.startsWith("listening")) break;
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    return {
        async stop() {
            const ended = once(child, "exit");
            child.kill();
            await ended;
            await rm(folder, { recursive: true, force: true });
        },
    };
}

const EXAMPLE = { cloudflare, "hono-node": honoNode, provider, agency };

/** The locations of the agency when nobody names others, and how many orders each has. */
const AGENCY = { locations: Array.from({ length: 40 }, (_, i) => `location${`${i + 1}`.padStart(2, "0")}`), size: 2000 };

/** Starts an example and the sandbox behind it. */
export async function start(name, { port, seed = 7, persist, ...options } = {}) {
    const { createSandbox, serveSandbox } = await fromPackage("sandbox.js");
    const { listen } = await fromPackage("cli/node-http.js");
    const sandbox = createSandbox({ seed, now: Date.now, ...(name === "agency" && AGENCY), ...options });
    // The demo steers it from a page of another port.
    const handle = serveSandbox(sandbox, { cors: name === "provider" });
    let app;
    const server = await listen(
        async (request) => {
            const response = await handle(request);
            // Time passes for the app too.
            if (new URL(request.url).pathname === "/sandbox/advance") await app?.cron?.();
            return response;
        },
        { port: 0 },
    );
    port ??= await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = {
        PUBLIC_URL: url,
        GHL_CLIENT_ID: sandbox.app.clientId,
        GHL_CLIENT_SECRET: sandbox.app.clientSecret,
        GHL_BASE_URL: server.url,
        GHL_AUTHORIZATION_URL: `${server.url}/oauth/chooselocation`,
        GHL_WEBHOOK_KEY: await sandbox.webhookKeys.ed25519(),
        ENCRYPTION_KEY: "only for the sandbox: openssl rand -base64 32",
        SESSION_SECRET: "only for the sandbox: openssl rand -hex 32",
    };
    app = await EXAMPLE[name]({ env, port, sandbox, persist });
    const sending = sandbox.webhooks({ url: `${url}/webhooks` });
    return {
        ...app,
        url,
        sandboxUrl: server.url,
        sandbox,
        sending,
        async stop() {
            sending.close();
            await app.stop();
            await server.close();
        },
    };
}

async function main([name, ...rest]) {
    const [option, port = "8788", ...more] = rest;
    if (!(name in EXAMPLE) || (option ?? "--port") !== "--port" || !/^\d+$/.test(port) || more.length > 0) {
        console.error("usage: node examples/run.mjs cloudflare|hono-node|provider|agency [--port 8788]");
        process.exit(2);
    }
    const example = await start(name, { port: Number(port) });
    const ending = [example.stop];
    if (name === "provider") {
        const demo = await startDemo(["--sandbox", example.sandboxUrl, "--provider", example.url]);
        ending.unshift(demo.stop);
        // Bank debits of the toy gateway are captured a minute later, as on Cloudflare, where the Worker is called every minute.
        const clock = setInterval(() => void example.cron(), 10_000);
        ending.unshift(() => clearInterval(clock));
        console.log(`open ${demo.url}#/checkout`);
        console.log(`The provider is ${example.url}/, HighLevel is ${example.sandboxUrl}/; Ctrl+C ends them.`);
    } else if (name === "agency") {
        // The view Agency sees what somebody sees who has installed the app.
        const demo = await startDemo(["--agency", example.url], { GHL_AGENCY_COOKIE: await example.signIn() });
        ending.unshift(demo.stop);
        await startAgency({ ...example, demo });
    } else {
        console.log(`open ${example.url}/`);
        console.log("Enter makes a new order in the sandbox, whose webhook arrives on the page; Ctrl+C ends it.");
        const terminal = createInterface({ input: process.stdin });
        terminal.on("line", () => console.log(`ordered ${example.sandbox.createOrder()._id}`));
    }
    for (const signal of ["SIGINT", "SIGTERM"]) {
        // Miniflare's own listener ends the process at once, and as one that has failed.
        process.removeAllListeners(signal);
        process.once(signal, async () => {
            for (const end of ending) await end();
            process.exit(0);
        });
    }
}

/** Says what to look at, and what Enter does: people of the agency work on meanwhile, and two of its locations make trouble. */
async function startAgency({ url, sandbox, cron, demo }) {
    const { locations } = AGENCY;
    const [broken, gone] = [locations[4], locations[11]];
    sandbox.faults.add("status=500", { locationId: broken, operation: "transactions.list", times: 1_000_000 });
    console.log(`open ${url}/`);
    console.log(`Install the app for the whole agency there, and let it read everything. ${broken} answers 500 until Enter; ${gone} removes the app then.`);
    console.log(`The money of all locations is in the demo: ${demo.url}#/agency`);
    console.log("Enter: in each location something is ordered, changed and deleted, and the Worker reads what is new; Ctrl+C ends it.");
    const terminal = createInterface({ input: process.stdin });
    terminal.on("line", async () => {
        sandbox.faults.clear();
        try {
            sandbox.uninstall({ locationId: gone });
        } catch {
            // It has gone before.
        }
        for (const locationId of locations) {
            sandbox.createOrder({ locationId, paid: true });
            const orders = sandbox.records({ stream: "orders", locationId });
            sandbox.changeRecord({ stream: "orders", locationId, id: orders[5]._id });
            sandbox.deleteRecord({ stream: "orders", locationId, id: orders[9]._id });
        }
        await cron();
        console.log(`something has happened in ${locations.length} locations`);
    });
}

/** The demo of this repository, with the example behind one of its views. */
export async function startDemo(options, env = {}) {
    const demo = [join(ROOT, "www/serve.mjs"), "--port", "0", ...options];
    const child = spawn(process.execPath, demo, {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "inherit"],
        // Ctrl+C reaches both: it is this program that ends the other.
        detached: true,
    });
    const ended = once(child, "exit");
    for await (const line of createInterface({ input: child.stdout })) {
        const [, url] = /^open (\S+)/.exec(line) ?? [];
        if (url !== undefined) {
            return {
                url,
                async stop() {
                    child.kill();
                    await ended;
                },
            };
        }
    }
    throw new Error("the demo did not start");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
