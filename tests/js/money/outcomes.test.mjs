// After every failure the client says what became of the operation: every operation, everything that can go wrong with
// them over real HTTP, and what the sandbox really did. The whole matrix in Node, two operations in workerd and in
// Chromium.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import test, { after, before } from "node:test";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import * as library from "ghl-payments";
import { attempt } from "../support/attempt.mjs";
import { begin, closeConnections, end, play } from "../support/grounds.mjs";
import { METHODS } from "../support/operations.mjs";
import { assertComplete, cases, FAULTS, faultless, judgeOutcomes } from "../support/outcomes.mjs";
import { startWorker, tool } from "../support/support.mjs";

const { build } = tool("esbuild");
const { chromium } = tool("playwright-core");
const here = dirname(fileURLToPath(import.meta.url));
const RUNNING = { timeout: 600_000 };
/** A read, and a write that must not happen twice. */
const SAMPLE = ["orders.get", "orders.recordPayment"];

before(begin);
after(end);

async function matrix(runtime, names, act) {
    const results = await play(cases(names), act);
    assertComplete(results, names, FAULTS.length);
    const wrong = judgeOutcomes(results, runtime);
    console.log(`figure: matrix: ${results.length} cases in ${runtime}, ${wrong.length} wrong`);
    assert.deepEqual(wrong, []);
}

const inNode = (task) => attempt(library, task);

test("without faults every operation does what it is for", async () => {
    const results = await play(faultless(), inNode);
    assert.deepEqual(results.map(({ one }) => one.name).toSorted(), METHODS.toSorted());
    for (const { one, said, did } of results) {
        // Else nothing would be compared below.
        const done = { requests: 1, answered: 1, applied: one.safety === "read" ? 0 : 1 };
        assert.deepEqual([said, did], [{ ok: true }, done], one.name);
    }
});

test("the outcome is what the sandbox really did, in Node", RUNNING, () => matrix("Node", METHODS, inNode));

test("the outcome is what the sandbox really did, in workerd", RUNNING, async (t) => {
    const worker = await startWorker(`
        import * as library from "ghl-payments";
        import { attempt } from "../support/attempt.mjs";
        export default {
            fetch: async (request) => Response.json(await attempt(library, await request.json())),
        };
    `);
    t.after(() => worker.dispose());
    await matrix("workerd", SAMPLE, async (task) => {
        const response = await worker.dispatchFetch("http://worker.test/", {
            method: "POST",
            body: JSON.stringify(task),
        });
        return response.json();
    });
});

test("the outcome is what the sandbox really did, in Chromium", RUNNING, async (t) => {
    const bundle = await build({
        stdin: {
            contents: `
                import * as library from "ghl-payments";
                import { attempt } from "../support/attempt.mjs";
                globalThis.perform = (task) => attempt(library, task);
            `,
            resolveDir: here,
            loader: "js",
        },
        bundle: true,
        write: false,
        format: "esm",
        logLevel: "error",
    });
    const server = createServer((_, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        response.end("<!doctype html><meta charset=utf-8><link rel=icon href=data:,>");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM_PATH,
        args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
    });
    t.after(async () => {
        await browser.close();
        server.closeAllConnections();
        server.close();
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}`);
    await page.addScriptTag({ type: "module", content: bundle.outputFiles[0].text });
    await page.waitForFunction(() => globalThis.perform !== undefined);
    closeConnections();
    await matrix("Chromium", SAMPLE, (task) => page.evaluate((task) => globalThis.perform(task), task));
});
