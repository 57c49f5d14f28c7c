import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { launch } from "../support/chromium.mjs";
import { judge, PACKAGE, startSandbox, tool } from "../support/support.mjs";

const { build } = tool("esbuild");
const { chromium } = tool("playwright-core");
const here = dirname(fileURLToPath(import.meta.url));

const PAGE = `
    import * as library from "ghl-payments";
    import { callAllMethods } from "../support/all-methods.mjs";
    Object.assign(globalThis, { library, callAllMethods });
`;

let sandbox;
let server;
let elsewhere;
let origin;
let browser;
let page;
const complaints = [];

before(async () => {
    sandbox = await startSandbox("--cors");
    const bundle = await build({
        stdin: { contents: PAGE, resolveDir: here, loader: "js" },
        bundle: true,
        write: false,
        format: "esm",
        minify: true,
        logLevel: "error",
    });
    assert.equal(bundle.outputFiles.length, 1, "the wasm is inside");
    const files = {
        "/": [
            "text/html",
            "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><script type=module src=/page.js></script>",
        ],
        "/page.js": ["text/javascript", bundle.outputFiles[0].text],
        "/api/payments/orders/here": ["application/json", '{"_id":"here"}'],
    };
    server = createServer((request, response) => {
        const { pathname } = new URL(request.url, "http://page.test");
        if (pathname.startsWith("/redirected/")) {
            response.writeHead(302, { location: `${elsewhere.url}/taken` }).end();
            return;
        }
        if (pathname.startsWith("/package/")) {
            response.writeHead(200, { "content-type": "text/javascript" });
            response.end(readFileSync(join(PACKAGE, pathname.slice("/package/".length))));
            return;
        }
        const [type, text] = files[pathname] ?? [];
        response.writeHead(type ? 200 : 404, {
            "content-type": type ?? "text/plain",
            "content-security-policy": "script-src 'self' 'wasm-unsafe-eval'",
        });
        response.end(text ?? "no such page");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${server.address().port}`;
    elsewhere = createServer((request, response) => {
        elsewhere.requests.push(request.headers);
        response.writeHead(200, { "access-control-allow-origin": "*", "access-control-allow-headers": "*" }).end("{}");
    }).listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    Object.assign(elsewhere, { url: `http://127.0.0.1:${elsewhere.address().port}`, requests: [] });
    browser = await launch(chromium);
    page = await browser.newPage();
    page.on("pageerror", (error) => complaints.push(error.stack));
    await page.goto(origin);
    await page.waitForFunction(() => globalThis.library !== undefined);
});

after(async () => {
    await browser?.close();
    for (const opened of [server, elsewhere]) {
        opened?.closeAllConnections();
        opened?.close();
    }
    await sandbox?.stop();
});

test("all methods do what they promise in Chromium", async () => {
    const { baseUrl, token, locationId } = sandbox;
    const results = await page.evaluate((sandbox) => globalThis.callAllMethods(globalThis.library, sandbox), {
        baseUrl,
        token,
        locationId,
    });
    judge(results, "Chromium");
});

test("a path of the page's own origin is a base URL", async () => {
    const order = await page.evaluate(() => {
        const payments = new globalThis.library.PaymentsClient({ baseUrl: "/api", locationId: "l" });
        return payments.orders.get("here");
    });
    assert.deepEqual(order, { _id: "here" });
});

test("the files of the package work in a page without any bundler", async () => {
    const found = await page.evaluate(async () => {
        const { PaymentsClient } = await import("/package/index.js");
        const payments = new PaymentsClient({ baseUrl: "/api", locationId: "l" });
        return [PaymentsClient === globalThis.library.PaymentsClient, await payments.orders.get("here")];
    });
    assert.deepEqual(found, [false, { _id: "here" }]);
});

test("a redirect is an error and the token does not follow it", async () => {
    const error = await page.evaluate(async () => {
        const payments = new globalThis.library.PaymentsClient({ baseUrl: "/redirected", token: "t", locationId: "l" });
        const error = await payments.orders.get("here").catch((error) => error);
        return { ...error, name: error.name, message: error.message };
    });
    assert.deepEqual([error.name, error.outcome], ["PaymentsError", "rejected"]);
    assert.match(error.message, /redirect/);
    assert.deepEqual(elsewhere.requests, []);
});

test("an answer that CORS forbids is a NetworkError that names CORS", async () => {
    const closed = await startSandbox();
    const { baseUrl, token, locationId } = closed;
    const error = await page.evaluate(
        async (options) => {
            const payments = new globalThis.library.PaymentsClient({ ...options, maxRetries: 0 });
            const error = await payments.orders.get("a").catch((error) => error);
            return { name: error.name, message: error.message, outcome: error.outcome };
        },
        { baseUrl, token, locationId },
    );
    await closed.stop();
    assert.equal(error.name, "NetworkError");
    assert.match(error.message, /CORS/);
});

test("an abort stops the request in the browser", async () => {
    const sent = page.waitForRequest((request) => request.method() === "GET");
    const stopped = page.waitForEvent("requestfailed");
    await page.evaluate((baseUrl) => {
        const headers = { "x-sandbox-fault": "hang" };
        const payments = new globalThis.library.PaymentsClient({ baseUrl, token: "t", locationId: "l", headers });
        const controller = new AbortController();
        const call = payments.orders.list({}, { signal: controller.signal }).catch((error) => error.name);
        Object.assign(globalThis, { controller, call });
    }, sandbox.baseUrl);
    const request = await sent;
    await page.evaluate(() => globalThis.controller.abort());
    assert.equal(await page.evaluate(() => globalThis.call), "AbortedError");
    assert.equal(await stopped, request);
});

test("the page has no uncaught error", () => {
    assert.deepEqual(complaints, []);
});
