// Start, memory, scale, the proxy and a profile: each figure comes from a process, a page or a Worker of its own.

import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { bundle, tool } from "./bundle.mjs";
import * as workerd from "./engines/workerd.mjs";
import { withoutPaths } from "./report.mjs";
import { spread } from "./rounds.mjs";
import { serve } from "./serve.mjs";

const exec = promisify(execFile);
const program = (name) => new URL(name, import.meta.url).pathname;
/** A part that hangs is a figure that is missing, not a run that hangs. */
const LIMIT_MS = 200_000;

/** Measures all of it, and returns it as sections of the document. */
export async function limits({ folder, quick, tell }) {
    const sections = [];
    const add = async (title, work) => {
        let lines;
        try {
            lines = await work();
        } catch (error) {
            // What was measured until then still holds.
            const reason = error.killed ? `it took more than ${LIMIT_MS / 1000} s` : withoutPaths(String(error.stderr || error.message).trim().split("\n").pop());
            lines = [...(error.stdout ?? "").trim().split("\n").filter(Boolean), `the rest is not measured: ${reason}`];
        }
        sections.push(`## ${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}\n`);
        tell(`\n${title}\n${lines.join("\n")}`);
    };
    await add("Start, cold, until the first request goes out", () => starts(folder, quick));
    await add("Memory", () => child("memory.mjs", quick ? "100000" : "1000000"));
    await add("Scale", () => child("scale.mjs"));
    await add("Proxy", () => child("proxy.mjs"));
    await add("Where the time goes", () => child("profile.mjs"));
    return sections;
}

async function child(name, ...args) {
    const { stdout } = await exec(process.execPath, ["--expose-gc", program(name), ...args], { timeout: LIMIT_MS });
    return stdout.trim().split("\n");
}

const START_WAYS = ["ours", "hey-api-zod"];
const NAMES = { ours: "this package", "hey-api-zod": "hey-api + zod" };
const GOALS = { Node: 25, Chromium: 60, workerd: 8 };

async function starts(folder, quick) {
    const lines = [];
    const tell = (engine, way, values) => {
        const { median, low, high } = spread(values);
        const goal = way !== "ours" ? "" : `; target ${GOALS[engine]}${median > GOALS[engine] ? ", missed" : ""}`;
        lines.push(`${engine}, ${NAMES[way]}: ${median.toFixed(1)} ms (middle half ${low.toFixed(1)} to ${high.toFixed(1)}${goal})`);
    };
    const each = async (engine, count, measure) => {
        const times = Object.fromEntries(START_WAYS.map((way) => [way, []]));
        for (let round = 0; round < count; round++) for (const way of START_WAYS) times[way].push(await measure(way));
        for (const way of START_WAYS) tell(engine, way, times[way]);
    };
    const out = (engine) => join(folder, "out", `start-${engine}`);
    await bundle(START_WAYS, out("Node"), { platform: "node" });
    await each("Node", 15, async (way) => {
        const { stdout } = await exec(process.execPath, [program("start-program.mjs"), join(out("Node"), `${way}.js`)]);
        return Number(stdout);
    });
    if (quick) return lines;
    if (process.env.CHROMIUM_PATH) await inChromium(folder, out("Chromium"), each);
    await inWorkerd(out("workerd"), each);
    return lines;
}

async function inChromium(folder, out, each) {
    await bundle(START_WAYS, out, { platform: "browser" });
    const server = await serve(folder);
    const { launch } = await import(pathToFileURL(`${process.env.GHL_REPO_ROOT}/tests/js/support/chromium.mjs`).href);
    try {
        await each("Chromium", 9, async (way) => {
            // A browser of its own: nothing is compiled yet.
            const browser = await launch(tool("playwright-core").chromium);
            try {
                const page = await browser.newPage();
                await page.goto(`${server.origin}/out/start-Chromium/page.html`);
                return await page.evaluate(async (way) => {
                    const start = performance.now();
                    const { open } = await import(new URL(`${way}.js`, location.href).href);
                    return new Promise((resolve) => {
                        const fetch = () => {
                            resolve(performance.now() - start);
                            return new Promise(() => {});
                        };
                        open({ token: "t", locationId: "l", baseUrl: "https://services.leadconnectorhq.com", fetch }).list();
                    });
                }, way);
            } finally {
                await browser.close();
            }
        });
    } finally {
        await server.close();
    }
}

/** What the first answer of a fresh Worker takes longer than that of a fresh empty one. */
async function inWorkerd(out, each) {
    await bundle(START_WAYS, out, workerd.target);
    const wasm = (await readdir(out)).filter((name) => name.endsWith(".wasm"));
    const modules = await Promise.all(
        wasm.map(async (path) => ({ type: "CompiledWasm", path, contents: await readFile(join(out, path)) })),
    );
    const first = async (script, ways) => {
        const worker = new (tool("miniflare").Miniflare)({
            modules: [{ type: "ESModule", path: "worker.js", contents: script }, ...ways],
            compatibilityDate: "2025-09-01",
        });
        await worker.ready;
        const start = performance.now();
        await (await worker.dispatchFetch("http://worker.test/")).text();
        const time = performance.now() - start;
        await worker.dispose();
        return time;
    };
    await each("workerd", 9, async (way) => {
        const contents = await readFile(join(out, `${way}.js`));
        const script = `
            import { open } from "./way.js";
            const until = () => new Promise((resolve) => {
                const fetch = () => (resolve(), Promise.resolve(Response.json({ data: [], totalCount: 0 })));
                open({ token: "t", locationId: "l", baseUrl: "https://services.leadconnectorhq.com", fetch }).list();
            });
            export default { async fetch() { await until(); return new Response("done"); } };`;
        const empty = await first('export default { fetch: () => new Response("done") };', []);
        return (await first(script, [{ type: "ESModule", path: "way.js", contents }, ...modules])) - empty;
    });
}
