// A page steers a sandbox of another origin, and carries none of its own for that.

import assert from "node:assert/strict";
import { dirname } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../support/chromium.mjs";
import { startSandbox, tool } from "../support/support.mjs";
import { listen } from "./serve.mjs";

const { chromium } = tool("playwright-core");
const closing = [];
after(() => Promise.all(closing.map((close) => close())));

async function bundled() {
    const { outputFiles } = await tool("esbuild").build({
        stdin: {
            contents: 'import { connectSandbox } from "ghl-payments/sandbox"; globalThis.connectSandbox = connectSandbox;',
            resolveDir: dirname(fileURLToPath(import.meta.url)),
        },
        bundle: true,
        write: false,
        format: "esm",
        minify: true,
        logLevel: "error",
    });
    return outputFiles[0].text;
}

test("a page steers a sandbox of another origin where that allows it, without a module of its own", async () => {
    const script = await bundled();
    assert.ok(script.length < 10_000, `${script.length} bytes: the sandbox itself is left out`);
    const html = `<!doctype html><link rel=icon href=data:,><script type=module>${script}</script>`;
    const server = await listen(async () => new Response(html, { headers: { "content-type": "text/html" } }));
    closing.push(() => server.close());
    const [open, closed] = await Promise.all([startSandbox("--cors", "--size", "3"), startSandbox("--size", "3")]);
    closing.push(() => open.stop(), () => closed.stop());
    const browser = await launch(chromium);
    closing.push(() => browser.close());
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => "connectSandbox" in globalThis);
    const steer = (baseUrl) =>
        page.evaluate(async (url) => {
            const sandbox = globalThis.connectSandbox(url);
            try {
                const session = await sandbox.checkout();
                const step = await session.receive(JSON.stringify({ type: "custom_provider_ready", loaded: true }));
                await sandbox.advance(1000);
                return [session.state, JSON.parse(step.toFrame[0].data).type, (await sandbox.timeline()).length];
            } catch (error) {
                return error.name;
            }
        }, baseUrl);
    assert.deepEqual(await steer(open.baseUrl), ["ready", "payment_initiate_props", 3]);
    assert.equal(await steer(closed.baseUrl), "SandboxConnectionError");
});
