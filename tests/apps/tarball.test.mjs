// What the tarball holds: entries that tools read as meant, and each wasm in no more forms than the runtimes force.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { PACKAGE, tool } from "../js/support/support.mjs";

const SOURCES = dirname(fileURLToPath(import.meta.url));
const SCRATCH = join(process.env.GHL_REPO_ROOT, "target/scratch/js");
const TARBALL = join(SCRATCH, readdirSync(SCRATCH).find((name) => name.endsWith(".tgz")));
const manifest = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
const files = readdirSync(PACKAGE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(PACKAGE, join(entry.parentPath, entry.name)))
    .sort();
const modules = files.filter((name) => name.endsWith(".wasm"));

/** Runs a command of a tool and gives its output; a finding ends it with another code than 0. */
function run(command, ...words) {
    const program = join(dirname(process.env.NPM_TOOLS), "node_modules/.bin", command);
    const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: "utf8" });
    assert.equal(error, undefined);
    assert.equal(status, 0, stdout + stderr);
    return stdout;
}

test("publint has nothing to say", () => {
    assert.match(run("publint", "run", TARBALL, "--strict", "--level", "suggestion"), /All good!/);
});

test("every entry has types that are right for ES modules and bundlers", () => {
    run("attw", "--profile", "esm-only", "--no-emoji", TARBALL);
});

test("each wasm is there as a file for workerd and as inlined bytes for all others, and nowhere else", async () => {
    const inlined = files.filter((name) => name.endsWith("-bytes.js"));
    const expected = modules.map((name) => name.replace(".wasm", "-bytes.js"));
    assert.deepEqual(inlined, expected);
    assert.ok(modules.includes("core.wasm"));
    for (const name of modules) {
        const { default: bytes } = await import(pathToFileURL(join(PACKAGE, name.replace(".wasm", "-bytes.js"))));
        assert.ok(readFileSync(join(PACKAGE, name)).equals(bytes()), name);
    }
    const digests = modules.map((name) => createHash("sha256").update(readFileSync(join(PACKAGE, name))).digest("hex"));
    assert.equal(new Set(digests).size, modules.length);
    // How a wasm module begins, as bytes and in base64.
    const beginnings = ["\0asm", "AGFzbQ"];
    const holders = files.filter((name) => beginnings.some((it) => readFileSync(join(PACKAGE, name)).includes(it)));
    assert.deepEqual(holders, modules);
});

test("the runtimes that compile what is imported have a condition of their own, and no other entry imports a module", () => {
    const imported = { workerd: /from "\.\/[a-z-]+\.wasm"/g, "edge-light": /from "\.\/[a-z-]+\.wasm\?module"/g };
    const starting = Object.entries(manifest.exports).filter(([entry, target]) => {
        return target.workerd !== undefined || /^\.(\/sandbox)?$/.test(entry);
    });
    assert.deepEqual(starting.map(([entry]) => entry), [".", "./sandbox"]);
    for (const [entry, conditions] of Object.entries(manifest.exports)) {
        if (typeof conditions === "string" || entry.endsWith(".wasm")) continue;
        const { types, ...runtime } = conditions;
        assert.ok(types, `${entry} has types`);
        assert.equal(Object.keys(runtime).at(-1), "default", `${entry} works where no condition is known`);
        for (const [condition, target] of Object.entries(runtime)) {
            assert.ok(condition === "default" || condition in imported, `${entry}: condition ${condition}`);
            const script = readFileSync(join(PACKAGE, target), "utf8");
            for (const [name, pattern] of Object.entries(imported)) {
                assert.equal((script.match(pattern) ?? []).length, name === condition ? 1 : 0, `${target}: ${name}`);
            }
        }
    }
    assert.equal(manifest.sideEffects, false);
});

test("no entry awaits at its top level: each becomes a classic script", async () => {
    const entries = Object.values(manifest.exports).map((it) => it.default);
    for (const entry of entries.filter((it) => it?.endsWith(".js"))) {
        await tool("esbuild").build({
            entryPoints: [join(PACKAGE, entry)],
            bundle: true,
            write: false,
            format: "iife",
            logLevel: "silent",
        });
    }
});

test("the inlined bytes weigh over the wire what the module itself does, not what base64 does", () => {
    const wasm = readFileSync(join(PACKAGE, "core.wasm"));
    const base64 = `export default Uint8Array.fromBase64("${wasm.toString("base64")}");\n`;
    const shipped = ["core-bytes.js", "unpack.js"].map((name) => readFileSync(join(PACKAGE, name)));
    const forms = { "core.wasm itself": wasm, base64, "as shipped": Buffer.concat(shipped) };
    const sizes = {};
    for (const [form, content] of Object.entries(forms)) {
        const size = { raw: content.length, gzip: gzipSync(content, { level: 9 }).length };
        sizes[form] = { ...size, brotli: brotliCompressSync(content).length };
    }
    console.table(sizes);
    for (const way of ["gzip", "brotli"]) {
        assert.ok(sizes["as shipped"][way] < 1.06 * sizes["core.wasm itself"][way], way);
        assert.ok(sizes["as shipped"][way] < 0.9 * sizes.base64[way], way);
    }
});

test("the lock files of the applications name no address", () => {
    const locks = readdirSync(SOURCES, { recursive: true }).filter((name) => basename(name) === "package-lock.json");
    assert.ok(locks.length > 5);
    for (const lock of locks) assert.doesNotMatch(readFileSync(join(SOURCES, lock), "utf8"), /"resolved"/);
});
