// The packed package in real applications: each is installed, built and run, and must list what the sandbox holds.
//
// environments.json declares them; GHL_APPS picks `quick`, `all`, or names. Of an environment:
//   sources   folders that are laid over `shared` to make the application; the last one names it
//   build     the npm script that builds it
//   program   the npm script that prints the orders
//   page      the folder whose page shows them; `classic`: its script is not a module
//   server    the npm script that serves them: in `lists` of a page, or, without lists, as JSON at `path`
//   lean      the npm script that builds an application without a client, into the folder `lean`: no wasm may be in it
//   wasm      its own program is wasm
//   tools     what it takes from the repository's tools
//   quick     it takes all from there, so that a plain run need not install anything

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import test, { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { launch } from "../js/support/chromium.mjs";
import { PACKAGE, startSandbox, tool } from "../js/support/support.mjs";

/** What one command may take; a cold installation on a slow machine is the longest. */
const LIMIT = 300_000;
const SOURCES = dirname(fileURLToPath(import.meta.url));
const ROOT = process.env.GHL_REPO_ROOT;
const APPS = join(ROOT, "target/apps");
const README = join(ROOT, "README.md");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

const environments = JSON.parse(await readFile(join(SOURCES, "environments.json"), "utf8"));
const { GHL_APPS: choice = "quick" } = process.env;
const chosen = environments.filter(({ name, quick }) =>
    choice === "quick" ? quick : choice === "all" || choice.split(",").includes(name),
);
const green = new Set();

let sandbox;
let expected;
let browser;

before(async () => {
    // A seed of its own: no application can know the ids.
    sandbox = await startSandbox("--cors", "--seed", "20261129");
    const { baseUrl, token, locationId } = sandbox;
    const query = new URLSearchParams({ altId: locationId, altType: "location", limit: "5" });
    const response = await fetch(`${baseUrl}/payments/orders?${query}`, {
        headers: { authorization: `Bearer ${token}`, version: "2021-07-28" },
    });
    assert.equal(response.status, 200);
    expected = (await response.json()).data.map((order) => order._id);
    assert.equal(new Set(expected).size, 5);
});

after(async () => {
    await browser?.close();
    await sandbox?.stop();
});

test("there are environments to run", () => assert.notEqual(chosen.length, 0));

for (const environment of chosen) {
    test(environment.title, { timeout: 3 * LIMIT }, async () => {
        const app = environment.sources.at(-1);
        const folder = join(APPS, app);
        await prepare(app, environment.sources);
        for (const output of ["dist", "lean", ".next"]) await rm(join(folder, output), { recursive: true, force: true });
        if (environment.build) await npm(folder, "run", environment.build);
        if (environment.lean) await buildLean(environment, folder);
        if (environment.program) {
            const output = await npm(folder, "run", environment.program);
            const [, ids] = /^orders (\[.*\])$/m.exec(output) ?? [];
            assert.ok(ids, `no list of orders in what it printed:\n${output}`);
            assert.deepEqual(JSON.parse(ids), expected);
        }
        if (environment.page) await serveAndLook(environment, join(folder, environment.page));
        if (environment.server) await startAndLook(environment, folder);
        green.add(environment.name);
    });
}

if (choice === "all") {
    test("the table in README.md is written", async () => {
        const missing = environments.filter(({ name }) => !green.has(name));
        assert.deepEqual(missing, [], "it names only what has run");
        const [start, , end] = parts(await readFile(README, "utf8"));
        await writeFile(README, start + (await table()) + end);
    });
} else {
    test("the table in README.md is that of the declared environments", async () => {
        const [, found] = parts(await readFile(README, "utf8"));
        assert.equal(found, await table(), "`cargo xtask test apps --all` writes it");
    });
}

/** An application that imports only error classes and the logger: none of the texts that hold a module is in it. */
async function buildLean({ lean }, folder) {
    await npm(folder, "run", lean);
    const scripts = async (output) => {
        const names = (await readdir(join(folder, output), { recursive: true })).filter((name) => name.endsWith(".js"));
        assert.notEqual(names.length, 0);
        return names;
    };
    const names = await scripts("lean");
    for (const inlined of ["core-bytes.js", "sandbox-core-bytes.js"]) {
        const piece = (await readFile(join(PACKAGE, inlined), "latin1")).slice(-1000, -900);
        for (const name of names) {
            const script = await readFile(join(folder, "lean", name), "latin1");
            assert.match(script, /consoleLogger: the level/);
            assert.ok(!script.includes(piece), `${name} holds ${inlined}`);
        }
    }
    // The bundler writes the text as it is: the application that has a client does hold the client's module.
    const client = (await readFile(join(PACKAGE, "core-bytes.js"), "latin1")).slice(-1000, -900);
    const holding = [];
    for (const name of await scripts("dist")) {
        if ((await readFile(join(folder, "dist", name), "latin1")).includes(client)) holding.push(name);
    }
    assert.equal(holding.length, 1, "one script of the application with a client holds its module");
}

const prepared = new Set();

/** The application in a folder of its own, with the packed package and with what its lock file names. */
async function prepare(app, sources) {
    if (prepared.has(app)) return;
    const folder = join(APPS, app);
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
        if (name !== "node_modules") await rm(join(folder, name), { recursive: true });
    }
    for (const source of ["shared", ...sources]) await cp(join(SOURCES, source), folder, { recursive: true });
    const lock = await readFile(join(folder, "package-lock.json"), "utf8").catch(() => "");
    const stamp = join(folder, "node_modules/.installed");
    if ((await readFile(stamp, "utf8").catch(() => "")) !== lock) {
        await npm(folder, "ci", "--loglevel=error");
        await writeFile(stamp, lock);
    }
    const installed = join(folder, "node_modules/ghl-payments");
    await rm(installed, { recursive: true, force: true });
    await npm(folder, "install", "--no-package-lock", "--loglevel=error", await tarball());
    for (const name of ["package.json", "core.wasm"]) {
        const same = (await readFile(join(installed, name))).equals(await readFile(join(PACKAGE, name)));
        assert.ok(same, `${name} is that of the tarball`);
    }
    prepared.add(app);
}

async function tarball() {
    const scratch = join(ROOT, "target/scratch/js");
    const [name, ...others] = (await readdir(scratch)).filter((name) => name.endsWith(".tgz"));
    assert.deepEqual([typeof name, others], ["string", []]);
    return join(scratch, name);
}

function start(folder, words, variables = {}) {
    const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...inherited } = process.env;
    const child = spawn("npm", words, {
        cwd: folder,
        // A group of its own, so that what npm starts ends with it.
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
            ...inherited,
            GHL_BASE_URL: sandbox.baseUrl,
            GHL_TOKEN: sandbox.token,
            GHL_LOCATION: sandbox.locationId,
            GHL_CLIENT_ID: sandbox.clientId,
            GHL_CLIENT_SECRET: sandbox.clientSecret,
            CARGO_TARGET_DIR: join(ROOT, "target/examples"),
            WASM_BINDGEN: join(ROOT, "target/tools/bin/wasm-bindgen"),
            NO_COLOR: "1",
            CI: "1",
            npm_config_audit: "false",
            npm_config_fund: "false",
            npm_config_update_notifier: "false",
            // Nothing asks for anything outside of this machine.
            CLOUDFLARE_CF_FETCH_ENABLED: "false",
            DENO_NO_UPDATE_CHECK: "1",
            DO_NOT_TRACK: "1",
            NEXT_TELEMETRY_DISABLED: "1",
            WRANGLER_SEND_METRICS: "false",
            ...variables,
        },
    });
    const running = { child, output: "", ended: once(child, "exit") };
    for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => (running.output += text));
    }
    return running;
}

async function stop({ child, ended }) {
    for (const signal of ["SIGTERM", "SIGKILL"]) {
        try {
            process.kill(-child.pid, signal);
        } catch {
            // Nothing of the group is left.
        }
        await Promise.race([ended, sleep(5000, undefined, { ref: false })]);
    }
}

/** Runs an npm command to its end and gives what it printed. */
async function npm(folder, ...words) {
    const running = start(folder, words);
    const end = await Promise.race([running.ended, sleep(LIMIT, undefined, { ref: false })]);
    await stop(running);
    assert.deepEqual(end, [0, null], `\`npm ${words.join(" ")}\` in ${folder}:\n${running.output}`);
    return running.output;
}

async function freePort() {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return String(port);
}

/** Starts the application's own server; it shows a page, or is a Worker that answers with the ids. */
async function startAndLook({ server, lists, path = "" }, folder) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/`;
    const running = start(folder, ["run", server], { PORT: port });
    try {
        await answers(url, running);
        if (lists) await look(url, lists);
        else assert.deepEqual(await (await fetch(url + path)).json(), expected);
    } catch (error) {
        throw new Error(`${error.message}\n${running.output}`, { cause: error });
    } finally {
        await stop(running);
    }
}

async function answers(url, { child }) {
    for (const deadline = Date.now() + LIMIT; Date.now() < deadline; await sleep(100)) {
        assert.equal(child.exitCode, null, "the server has ended");
        const response = await fetch(url).catch(() => undefined);
        await response?.arrayBuffer();
        if (response) return;
    }
    assert.fail(`nothing listens at ${url}`);
}

async function serveAndLook({ build, classic, wasm }, folder) {
    if (build && !wasm) {
        const names = await readdir(folder, { recursive: true });
        assert.deepEqual(names.filter((name) => name.endsWith(".wasm")), [], "the wasm is inside, once");
        if (!names.includes("index.html")) {
            const page = await readFile(join(SOURCES, "shared/index.html"), "utf8");
            await writeFile(join(folder, "index.html"), classic ? page.replace(' type="module"', "") : page);
        }
    }
    const server = createServer(async (request, response) => {
        const { pathname } = new URL(request.url, "http://page.test");
        const file = join(folder, pathname === "/" ? "index.html" : pathname);
        const content = await readFile(file).catch(() => undefined);
        response.writeHead(content ? 200 : 404, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(content);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
        await look(`http://127.0.0.1:${server.address().port}/`, ["orders"]);
    } finally {
        server.closeAllConnections();
        server.close();
    }
}

/** Opens the page in Chromium: each list shows what is expected, and nothing complains. */
async function look(url, lists) {
    browser ??= await launch(tool("playwright-core").chromium);
    const page = await browser.newPage();
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(error.stack));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    try {
        const { baseUrl, token, locationId } = sandbox;
        await page.goto(`${url}?${new URLSearchParams({ baseUrl, token, locationId })}`);
        for (const list of lists) {
            const items = page.locator(`#${list} li`);
            await items.nth(expected.length - 1).waitFor({ timeout: 60_000 });
            assert.deepEqual(await items.allTextContents(), expected, `#${list}`);
        }
    } catch (error) {
        throw new Error([error.message, ...complaints].join("\n"), { cause: error });
    } finally {
        await page.close();
    }
    assert.deepEqual(complaints, []);
}

const MARKS = ["<!-- environments -->\n", "<!-- /environments -->"];

/** README.md before, in and after the table. */
function parts(readme) {
    const [start, end] = MARKS.map((mark) => readme.indexOf(mark));
    assert.ok(start >= 0 && start < end, `README.md has ${MARKS.join(" and ")}`);
    const from = start + MARKS[0].length;
    return [readme.slice(0, from), readme.slice(from, end), readme.slice(end)];
}

async function table() {
    const rows = await Promise.all(
        environments.map(async (environment) => {
            const versions = (await pinned(environment)).join(", ") || "as installed";
            return `| ${environment.title} | ${versions} | \`test${environment.quick ? "" : " --all"}\` |\n`;
        }),
    );
    return `| environment | versions | \`cargo xtask\` |\n|---|---|---|\n${rows.join("")}`;
}

/** What the application itself pins, and what it takes from the tools of the repository. */
async function pinned({ sources, tools = [], page, lists }) {
    const pins = async (path) => {
        const { dependencies, devDependencies } = JSON.parse(await readFile(path, "utf8"));
        return { ...dependencies, ...devDependencies };
    };
    const own = await pins(join(SOURCES, sources.at(-1), "package.json"));
    const shared = await pins(join(ROOT, "xtask/npm/package.json"));
    const named = [...Object.entries(own), ...tools.map((name) => [name, shared[name]])];
    const versions = named.map(([name, version]) => {
        const [, aliased, exact] = /^npm:(.+)@(.+)$/.exec(version) ?? [];
        return aliased ? `${aliased} ${exact}` : `${name} ${version}`;
    });
    return [...versions, ...(page || lists ? ["Chromium"] : [])];
}
