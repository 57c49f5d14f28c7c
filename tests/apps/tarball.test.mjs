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

test("every entry has types that are right for ES modules, CommonJS and bundlers, also for old resolution", () => {
    run("attw", "--no-emoji", TARBALL);
});

test("each wasm is there as a file for workerd, inlined for import, the client's for require() too, and nowhere else", async () => {
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
    // As text also in the one file that require() finds. Those of sandbox and edge read the file, which keeps the tarball small.
    const pieces = inlined.map((name) => readFileSync(join(PACKAGE, name), "latin1").slice(-1000, -900));
    const having = pieces.map((piece) => files.filter((name) => readFileSync(join(PACKAGE, name), "latin1").includes(piece)));
    assert.deepEqual(having, [["core-bytes.js", "index.cjs"], ["edge-core-bytes.js"], ["sandbox-core-bytes.js"]]);
    // How a wasm module begins, as bytes and in base64.
    const beginnings = ["\0asm", "AGFzbQ"];
    const holders = files.filter((name) => beginnings.some((it) => readFileSync(join(PACKAGE, name)).includes(it)));
    assert.deepEqual(holders, modules);
});

/** The entries that are scripts, each with its targets by condition. */
const entries = Object.entries(manifest.exports).filter(([, target]) => target.default?.default.endsWith(".js"));

test("the runtimes that compile what is imported have a condition of their own, and no other target imports a module", () => {
    const imported = { workerd: /from "\.\/[a-z-]+\.wasm"/g, "edge-light": /from "\.\/[a-z-]+\.wasm\?module"/g };
    // Those that compile ask first: an application for them may be written in CommonJS.
    const all = Object.keys(imported);
    const own = { ".": all, "./slim": [], "./sandbox": all, "./edge": all, "./cloudflare": ["workerd"], "./checkout": [] };
    for (const [entry, targets] of entries) {
        // Bundlers know the condition module: an application that has both forms in its sources gets one copy.
        assert.deepEqual(Object.keys(targets), [...own[entry], "module", "require", "default"]);
        assert.deepEqual(targets.module, targets.default);
        for (const [condition, { types, default: target }] of Object.entries(targets)) {
            assert.ok(files.includes(types.slice(2)), types);
            assert.match(`${types} ${target}`, condition === "require" ? /\.d\.cts .*\.cjs$/ : /\.d\.ts .*\.js$/);
            const script = readFileSync(join(PACKAGE, target), "utf8");
            for (const [name, pattern] of Object.entries(imported)) {
                assert.equal((script.match(pattern) ?? []).length, name === condition ? 1 : 0, `${target}: ${name}`);
            }
        }
    }
    assert.deepEqual(Object.keys(own), entries.map(([entry]) => entry));
    // Those of the edge say where its module comes from, and nothing else.
    const edge = ["./edge.js", "./edge-workerd.js", "./edge-edge-light.js", "./edge.cjs"];
    assert.deepEqual(manifest.sideEffects, [...edge, "./cloudflare.js", "./cloudflare-workerd.js", "./cloudflare.cjs"]);
});

test("what require() finds of the client is one file, and the declarations stand in the package once", () => {
    for (const [entry, { require: target }] of entries) {
        const script = readFileSync(join(PACKAGE, target.default), "utf8");
        const needed = [...script.matchAll(/\brequire\("(.*?)"\)/g)].map(([, name]) => name);
        assert.deepEqual(needed, { ".": [], "./slim": ["./index.cjs"], "./checkout": [] }[entry] ?? ["node:fs", "node:path"]);
        assert.doesNotMatch(script, /\bimport\(|import\.meta/);
    }
    const modules = files.filter((name) => name.endsWith(".d.ts")).map((name) => readFileSync(join(PACKAGE, name), "utf8"));
    assert.equal(modules.length, entries.length);
    for (const text of modules) assert.match(text, /^export \* from "\.\/[a-z]+\.cjs";\n$/);
});

test("no entry awaits at its top level: each becomes a classic script", async () => {
    for (const [, { default: target }] of entries) {
        await tool("esbuild").build({
            entryPoints: [join(PACKAGE, target.default)],
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
