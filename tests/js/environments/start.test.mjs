// How the package starts: an import does nothing and never throws, whatever the runtime lacks; the first client starts the
// wasm module, or says why it cannot.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../support/chromium.mjs";
import { PACKAGE, startWorker, tool } from "../support/support.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ENTRIES = ["ghl-payments", "ghl-payments/slim", "ghl-payments/sandbox"];

/** Runs a module in a process of its own and gives what it printed as JSON. */
function run(program, ...flags) {
    const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [...flags, "--input-type=module", "--eval", program],
        { cwd: HERE, encoding: "utf8", env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: undefined } },
    );
    // Node itself has something to say of --jitless.
    assert.deepEqual([status, stderr.replace("Warning: disabling flag --expose_wasm due to conflicting flags\n", "")], [0, ""]);
    return JSON.parse(stdout);
}

/** Tells what a constructor throws. */
const THROWN = `
    const options = { token: "secret", locationId: "l", fetch: () => { throw new Error("sent") } };
    const thrown = (make) => {
        try {
            make();
            return null;
        } catch (error) {
            const { name, code, outcome, message, attempts, retryable } = error;
            return { name, code, outcome, message, attempts, retryable, cause: error.cause instanceof Error };
        }
    };
`;

function isUnsupported(error, message) {
    const { message: said, cause, ...rest } = error;
    const expected = { name: "PaymentsError", code: "unsupported_runtime", outcome: "not_sent", attempts: 0 };
    assert.deepEqual(rest, { ...expected, retryable: false });
    assert.match(said, message);
    assert.doesNotMatch(said, /secret/);
    return cause;
}

test("an import never throws and touches nothing that a runtime may lack", () => {
    const lacking = [
        ...["WebAssembly", "TextDecoder", "TextEncoder", "FinalizationRegistry", "WeakRef", "fetch", "Request"],
        ...["Response", "Headers", "AbortController", "AbortSignal", "URL", "URLSearchParams", "location", "crypto"],
    ];
    const names = run(`
        for (const name of ${JSON.stringify(lacking)}) delete globalThis[name];
        const entries = [];
        for (const entry of ${JSON.stringify(ENTRIES)}) entries.push(Object.keys(await import(entry)).length);
        console.log(JSON.stringify(entries));
    `);
    assert.ok(names.every((count) => count > 1));
});

test("a runtime without AbortController is told so by the first client", () => {
    const error = run(`
        const { PaymentsClient } = await import("ghl-payments");
        delete globalThis.AbortController;
        ${THROWN}
        console.log(JSON.stringify(thrown(() => new PaymentsClient(options))));
    `);
    assert.equal(isUnsupported(error, /no AbortController/), false);
});

test("an import neither decodes nor compiles the module; the first client does, once", () => {
    const counts = run(`
        const { PaymentsClient } = await import("ghl-payments");
        const { Module, Instance } = WebAssembly;
        const counts = [0, 0];
        WebAssembly.Module = new Proxy(Module, { construct: (target, words) => (counts[0]++, new target(...words)) });
        WebAssembly.Instance = new Proxy(Instance, { construct: (target, words) => (counts[1]++, new target(...words)) });
        const seen = [[...counts]];
        for (let i = 0; i < 2; i++) {
            new PaymentsClient({ token: "t", locationId: "l" });
            seen.push([...counts]);
        }
        console.log(JSON.stringify(seen));
    `);
    assert.deepEqual(counts, [
        [0, 0],
        [1, 1],
        [1, 1],
    ]);
    for (const name of ["core-bytes.js", "sandbox-core-bytes.js"]) {
        assert.match(readFileSync(join(PACKAGE, name), "utf8"), /export default \(\) ?=>/, name);
    }
});

test("without WebAssembly a client and a sandbox say so, and the rest of the package works", () => {
    const [entries, error, logger] = run(
        `
        import { consoleLogger, NotFoundError, PaymentsClient, PaymentsError } from "ghl-payments";
        import { createSandbox } from "ghl-payments/sandbox";
        import * as slim from "ghl-payments/slim";
        ${THROWN}
        const makers = [
            () => new PaymentsClient(options),
            () => new slim.PaymentsClient(options),
            () => slim.initialize(new Uint8Array()),
            () => createSandbox(),
        ];
        const isError = NotFoundError.prototype instanceof PaymentsError;
        console.log(JSON.stringify([makers.map(thrown), isError, typeof consoleLogger()]));
        `,
        "--jitless",
    );
    assert.equal(entries.length, 4);
    for (const entry of entries) assert.equal(isUnsupported(entry, /no WebAssembly.*Lockdown Mode.*server/s), false);
    assert.deepEqual([error, logger], [true, "function"]);
});

test("where compilation is refused a client says so with the reason; a later one tries again", () => {
    const [first, second, id] = run(`
        import { PaymentsClient } from "ghl-payments";
        ${THROWN}
        const { Module } = WebAssembly;
        WebAssembly.Module = class {
            constructor() {
                throw new WebAssembly.CompileError("Wasm code generation disallowed by embedder");
            }
        };
        const errors = [thrown(() => new PaymentsClient(options)), thrown(() => new PaymentsClient(options))];
        WebAssembly.Module = Module;
        const payments = new PaymentsClient({ ...options, fetch: async () => Response.json({ _id: "a" }) });
        console.log(JSON.stringify([...errors, (await payments.orders.get("a"))._id]));
    `);
    for (const error of [first, second]) {
        assert.equal(isUnsupported(error, /disallowed by embedder.*'wasm-unsafe-eval'.*workerd.*slim/s), true);
    }
    assert.equal(id, "a");
});

test("without TextDecoder and TextEncoder, as in jsdom, text arrives whole in both directions", () => {
    const texts = ["plain", "Grüße €", "\u{1f4b6} emoji", "\ufeffmark", `${"x".repeat(20_000)}ü`];
    const seen = run(`
        const { TextDecoder, TextEncoder } = globalThis;
        // Node's own classes want them too, the first time.
        await new Response(await new Request("data:,", { method: "POST", body: "" }).text(), { headers: new Headers() }).text();
        delete globalThis.TextDecoder;
        delete globalThis.TextEncoder;
        const { PaymentsClient } = await import("ghl-payments");
        const texts = ${JSON.stringify(texts)};
        const sent = [];
        let body;
        const fetch = async (request, init) => {
            sent.push(JSON.parse(init?.body ?? (await request.text())).name);
            return new Response(body, { status: 201, headers: { "content-type": "application/json" } });
        };
        const payments = new PaymentsClient({ token: "t", locationId: "l", fetch });
        const create = (name) => {
            return payments.coupons.create({
                name, code: "C", discountType: "amount", discountValue: 1, startDate: "2024-06-01T00:00:00Z",
            });
        };
        const received = [];
        for (const name of texts) {
            body = JSON.stringify({ _id: "a", name });
            received.push((await create(name)).name);
        }
        body = Uint8Array.from([...new TextEncoder().encode('{"_id":"a","name":"'), 0x61, 0xff, 0xe2, 0x62, 0x22, 0x7d]);
        received.push((await create("x").catch((error) => error)).body.name);
        console.log(JSON.stringify([sent, received]));
    `);
    assert.deepEqual(seen[0], [...texts, "x"]);
    assert.deepEqual(seen[1].slice(0, -1), texts);
    assert.match(seen[1].at(-1), /^a\ufffd+b$/);
});

test("a Worker that was bundled without its condition is told which one", async () => {
    const bundle = await tool("esbuild").build({
        logLevel: "error",
        stdin: {
            contents: `
                import { PaymentsClient } from "ghl-payments";
                import { createSandbox } from "ghl-payments/sandbox";
                ${THROWN}
                export default {
                    fetch: () => Response.json([() => new PaymentsClient(options), () => createSandbox()].map(thrown)),
                };
            `,
            resolveDir: HERE,
        },
        bundle: true,
        write: false,
        format: "esm",
    });
    const worker = new (tool("miniflare").Miniflare)({
        modules: [{ type: "ESModule", path: "worker.js", contents: bundle.outputFiles[0].text }],
        compatibilityDate: "2025-09-01",
    });
    try {
        const errors = await (await worker.dispatchFetch("http://worker.test/")).json();
        for (const error of errors) assert.equal(isUnsupported(error, /condition workerd/), true);
    } finally {
        await worker.dispose();
    }
});

test("the condition edge-light imports the module as ./core.wasm?module", async () => {
    const worker = await startWorker(
        `
        import { PaymentsClient } from "ghl-payments";
        import { createSandbox } from "ghl-payments/sandbox";
        export default {
            async fetch() {
                const { fetch, locationId, token } = createSandbox({ seed: 7 });
                const payments = new PaymentsClient({ token: token(), locationId, fetch });
                return Response.json((await payments.orders.list({ limit: 3 })).data.length);
            },
        };
        `,
        { condition: "edge-light" },
    );
    try {
        assert.equal(await (await worker.dispatchFetch("http://worker.test/")).json(), 3);
    } finally {
        await worker.dispose();
    }
});

test("a page whose policy forbids WebAssembly loads the package; its client says what the policy needs", async () => {
    const bundle = await tool("esbuild").build({
        stdin: {
            contents: `
                import { PaymentsClient, PaymentsError } from "ghl-payments";
                ${THROWN}
                globalThis.result = [thrown(() => new PaymentsClient(options)), typeof PaymentsError];
            `,
            resolveDir: HERE,
        },
        bundle: true,
        write: false,
    });
    const server = createServer(({ url }, response) => {
        const page = "<!doctype html><link rel=icon href=data:,><script src=/page.js></script>";
        const [type, content] = url === "/" ? ["text/html", page] : ["text/javascript", bundle.outputFiles[0].text];
        response.writeHead(200, { "content-type": type, "content-security-policy": "script-src 'self'" }).end(content);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const browser = await launch(tool("playwright-core").chromium);
    try {
        const page = await browser.newPage();
        const complaints = [];
        page.on("pageerror", (error) => complaints.push(error.stack));
        await page.goto(`http://127.0.0.1:${server.address().port}/`);
        const [error, kind] = await page.evaluate(() => globalThis.result);
        assert.equal(isUnsupported(error, /'wasm-unsafe-eval'/), true);
        assert.deepEqual([kind, complaints], ["function", []]);
    } finally {
        await browser.close();
        server.close();
    }
});

test("an application that imports no client carries no wasm", async () => {
    // A piece of each inlined module, which stands in no other text.
    const pieces = ["core-bytes.js", "sandbox-core-bytes.js"].map((name) => {
        const text = readFileSync(join(PACKAGE, name), "utf8");
        return text.slice(text.length / 2, text.length / 2 + 40);
    });
    const build = async (contents, minify) => {
        const options = { bundle: true, write: false, format: "esm", minify, logLevel: "error" };
        const stdin = { contents, resolveDir: HERE, loader: "ts" };
        return (await tool("esbuild").build({ ...options, stdin })).outputFiles[0].text;
    };
    const holds = async (contents, minify) => {
        const text = await build(contents, minify);
        return [text.length, pieces.map((piece) => text.includes(piece))];
    };
    for (const minify of [false, true]) {
        for (const contents of [
            `import { NotFoundError } from "ghl-payments"; console.log(NotFoundError.name);`,
            `import { PaymentsError, consoleLogger } from "ghl-payments"; console.log(consoleLogger(), PaymentsError);`,
            `import { type PaymentsClient, Page } from "ghl-payments"; export const is = (it: PaymentsClient) => it instanceof Page;`,
            `import { ValidationError } from "ghl-payments/slim"; console.log(ValidationError);`,
            `import { DroppedConnection } from "ghl-payments/sandbox"; console.log(DroppedConnection);`,
            `import "ghl-payments"; import "ghl-payments/sandbox";`,
        ]) {
            const [length, held] = await holds(contents, minify);
            assert.deepEqual(held, [false, false], contents);
            assert.ok(length < 40_000, `${contents}: ${length} bytes`);
        }
        const client = `import { PaymentsClient } from "ghl-payments"; globalThis.client = PaymentsClient;`;
        assert.deepEqual((await holds(client, minify))[1], [true, false]);
        const sandbox = `import { createSandbox } from "ghl-payments/sandbox"; globalThis.sandbox = createSandbox;`;
        assert.deepEqual((await holds(sandbox, minify))[1], [false, true]);
    }
});
