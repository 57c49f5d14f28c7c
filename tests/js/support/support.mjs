// What the runtime tests share: a sandbox over real HTTP, the tools, and how the methods are judged.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { METHODS } from "./operations.mjs";

/** Where the installed package is. */
export const PACKAGE = dirname(fileURLToPath(import.meta.resolve("ghl-payments/package.json")));

/** Miniflare, esbuild and playwright-core are tools of the repository, installed beside the application under test. */
export const tool = createRequire(
    process.env.NPM_TOOLS ?? new URL("../../../../tools/npm/package.json", import.meta.url),
);

/**
 * A Worker as a developer's tool bundles it: the condition picks the entry, and the import of the wasm is left to the runtime,
 * which refuses to compile bytes. Gives the modules that miniflare takes.
 */
export async function bundleWorker(contents, condition = "workerd") {
    // With `?module` a file is meant that the runtime compiles.
    const query = ({ onResolve }) => {
        onResolve({ filter: /\.wasm\?module$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.split("?")[0]) }));
    };
    const bundle = await tool("esbuild").build({
        stdin: { contents, resolveDir: dirname(fileURLToPath(import.meta.url)), loader: "js" },
        bundle: true,
        write: false,
        format: "esm",
        conditions: [condition],
        external: ["cloudflare:*"],
        outdir: "bundle",
        plugins: [{ name: "module", setup: query }],
        loader: { ".wasm": "copy" },
        assetNames: "[name]",
        logLevel: "error",
    });
    const [[script], modules] = [".js", ".wasm"].map((ending) => bundle.outputFiles.filter(({ path }) => path.endsWith(ending)));
    assert.ok(modules.length > 0, "the entry imports a module");
    return [
        { type: "ESModule", path: "worker.js", contents: script.text },
        ...modules.map(({ path, contents }) => ({ type: "CompiledWasm", path: basename(path), contents })),
    ];
}

/** A Worker in the real workerd. Further options are miniflare's. */
export async function startWorker(contents, { bindings = {}, condition = "workerd", ...options } = {}) {
    const worker = new (tool("miniflare").Miniflare)({
        modules: await bundleWorker(contents, condition),
        bindings,
        compatibilityDate: "2025-09-01",
        ...options,
    });
    await worker.ready;
    return worker;
}

/** Where exchanges are recorded for tests/contract, the sandbox's are also where its client cannot be. */
function recorded({ NODE_OPTIONS = "", ...environment }) {
    const preload = new URL("../../contract/preload.mjs", import.meta.url).href;
    const missing = environment.GHL_EXCHANGES !== undefined && !NODE_OPTIONS.includes("/preload.mjs");
    return { ...environment, NODE_OPTIONS: missing ? `${NODE_OPTIONS} --import=${preload}` : NODE_OPTIONS };
}

/** Starts `npx ghl-payments sandbox` on a free port. */
export function startSandbox(...options) {
    return startSandboxAs("--seed", "7", ...options);
}

/** The same without a seed, unless the options name one. */
export async function startSandboxAs(...options) {
    const { bin } = createRequire(import.meta.url)("ghl-payments/package.json");
    const program = join(PACKAGE, bin["ghl-payments"]);
    const child = spawn(process.execPath, [program, "sandbox", "--port", "0", ...options], {
        stdio: ["ignore", "pipe", "inherit"],
        env: recorded(process.env),
    });
    const facts = {};
    for await (const line of createInterface({ input: child.stdout })) {
        const [, name, value] = /^([a-z ]+|base URL): +(\S+)$/.exec(line) ?? [];
        facts[name] = value;
        if (name === "token") break;
    }
    assert.ok(facts.token, "the sandbox has started");
    return {
        baseUrl: facts["base URL"],
        locationId: facts["location id"],
        clientId: facts["client id"],
        clientSecret: facts.secret,
        webhookKey: facts["webhook key"],
        token: facts.token,
        async stop() {
            const ended = once(child, "exit");
            child.kill();
            await ended;
        },
    };
}

/** Fails unless every method did what it promises. */
export function judge(results, runtime) {
    const failed = results.filter((result) => !result.ok);
    console.log(`${results.length - failed.length}/${METHODS.length} methods in ${runtime}`);
    assert.deepEqual(results.map((result) => result.method).sort(), [...METHODS].sort());
    assert.deepEqual(
        failed.map((result) => `${result.method}: ${result.detail}`),
        [],
    );
}
