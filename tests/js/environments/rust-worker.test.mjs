// examples/rust-worker, built as its README says and run in workerd against a sandbox over HTTP. Its build takes
// minutes: it is part of `cargo xtask test --all`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { startSandbox, tool } from "../support/support.mjs";

const { build } = tool("esbuild");
const { Miniflare } = tool("miniflare");
const ROOT = process.env.GHL_REPO_ROOT;
const skip = process.env.GHL_APPS === "all" ? false : "`cargo xtask test js-rust-worker --all` runs it";

let sandbox;
let worker;

function run(program, ...words) {
    const env = { ...process.env, CARGO_TARGET_DIR: join(ROOT, "target/examples"), NODE_OPTIONS: "" };
    const { status, stderr } = spawnSync(program, words, { cwd: join(ROOT, "examples/rust-worker"), env, encoding: "utf8" });
    assert.equal(status, 0, `${program} ${words.join(" ")}\n${stderr}`);
}

async function read(url, options) {
    return (await fetch(url, options)).json();
}

async function start(bindings) {
    const bundle = await build({
        entryPoints: [join(ROOT, "examples/rust-worker/worker.mjs")],
        bundle: true,
        write: false,
        format: "esm",
        outdir: "bundle",
        loader: { ".wasm": "copy" },
        assetNames: "[name]",
        logLevel: "error",
    });
    const [script, wasm] = ["js", "wasm"].map((ending) => bundle.outputFiles.find(({ path }) => path.endsWith(ending)));
    return new Miniflare({
        modules: [
            { type: "ESModule", path: "worker.js", contents: script.text },
            { type: "CompiledWasm", path: "rust_worker_bg.wasm", contents: wasm.contents },
        ],
        bindings,
        compatibilityDate: "2025-09-01",
    });
}

before(
    async () => {
        if (skip) return;
        run("cargo", "build", "--locked", "--release", "--target", "wasm32-unknown-unknown");
        const module = join(ROOT, "target/examples/wasm32-unknown-unknown/release/rust_worker.wasm");
        const bindgen = join(ROOT, "target/tools/bin/wasm-bindgen");
        run(bindgen, "--target", "web", "--no-typescript", "--out-dir", "build", module);
        sandbox = await startSandbox();
    },
    { timeout: 1_200_000 },
);

after(async () => {
    await worker?.dispose();
    await sandbox?.stop();
});

test("the example is locked to the client's own wasm-bindgen, on which its build stands", () => {
    const locked = (file) => /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(readFileSync(join(ROOT, file), "utf8"))?.[1];
    const version = locked("Cargo.lock");
    assert.match(version, /^0\.2\.\d+$/);
    assert.equal(locked("examples/rust-worker/Cargo.lock"), version);
    const readme = readFileSync(join(ROOT, "examples/rust-worker/README.md"), "utf8");
    assert.ok(readme.includes(`wasm-bindgen-cli --version ${version} `));
});

test("a Worker in Rust lists orders", { skip }, async () => {
    const { baseUrl, locationId, token } = sandbox;
    worker = await start({ GHL_BASE_URL: baseUrl, GHL_LOCATION: locationId, GHL_TOKEN: token });
    const response = await worker.dispatchFetch("http://worker.test/orders?limit=3");
    const { total, orders } = await response.json();
    assert.deepEqual([response.status, orders.length], [200, 3]);
    assert.ok(total >= 250);
    for (const order of orders) {
        assert.match(order.id, /^[0-9a-f]{24}$/);
        assert.equal(typeof order.amount, "number");
    }
});

test("and adds up a list of several pages", { skip }, async () => {
    const { baseUrl, locationId, token } = sandbox;
    const [wanted, { orders, amount }] = await Promise.all([
        read(`${baseUrl}/payments/orders?altId=${locationId}&altType=location&status=completed&limit=100`, {
            headers: { Authorization: `Bearer ${token}`, Version: "2021-07-28" },
        }),
        worker.dispatchFetch("http://worker.test/revenue").then((response) => response.json()),
    ]);
    assert.ok(orders > 100, `${orders} orders are one page`);
    assert.equal(orders, wanted.totalCount);
    assert.ok(amount > 0);
});

test("and answers with the client's error when the token is wrong, which it does not repeat", { skip }, async () => {
    const { baseUrl, locationId } = sandbox;
    const bindings = { GHL_BASE_URL: baseUrl, GHL_LOCATION: locationId, GHL_TOKEN: "pit-wrong-token" };
    const wrong = await start(bindings);
    try {
        const response = await wrong.dispatchFetch("http://worker.test/orders");
        const text = await response.text();
        assert.deepEqual([response.status, JSON.parse(text).code], [502, "authentication_failed"]);
        assert.ok(!text.includes("pit-wrong-token"));
    } finally {
        await wrong.dispose();
    }
});
