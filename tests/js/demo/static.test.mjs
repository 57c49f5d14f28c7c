// The demo as static files.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ROOT } from "./server.mjs";
import { form, notice, payButton, rows, run, submit, url, walk } from "./walk.mjs";

/** A host of static files that knows nothing of them; what begins with `/proxy/` goes to another server. */
async function host(folder, behind) {
    const types = {
        ".html": "text/html",
        ".js": "text/javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
        ".json": "application/json",
    };
    const server = createServer(async (request, response) => {
        const { pathname, search } = new URL(request.url, "http://host");
        if (pathname.startsWith("/proxy/")) {
            const headers = { ...request.headers };
            for (const name of ["host", "connection", "sec-fetch-site", "accept-encoding"]) delete headers[name];
            const chunks = [];
            for await (const chunk of request) chunks.push(chunk);
            const body = chunks.length > 0 ? Buffer.concat(chunks) : undefined;
            const answer = await fetch(`${behind}api${pathname.slice(6)}${search}`, {
                method: request.method,
                headers,
                body,
            });
            response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") });
            response.end(Buffer.from(await answer.arrayBuffer()));
            return;
        }
        const file = join(folder, pathname === "/" ? "index.html" : pathname);
        response.writeHead(existsSync(file) ? 200 : 404, { "content-type": types[extname(file)] ?? "text/plain" });
        response.end(existsSync(file) ? readFileSync(file) : "");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

describe("static files", () => {
    const folder = mkdtempSync(join(tmpdir(), "demo-"));
    let alone;
    let proxied;

    const build = (...parameters) =>
        spawnSync(process.execPath, [join(ROOT, "www/build.mjs"), ...parameters], { encoding: "utf8" });

    before(async () => {
        const { locationId } = await (await fetch(`${url}config.json`)).json();
        const own = build("--out", join(folder, "own"));
        assert.equal(own.status, 0, own.stderr);
        const account = build("--out", join(folder, "account"), "--api", "/proxy", "--location", locationId);
        assert.equal(account.status, 0, account.stderr);
        alone = await host(join(folder, "own"));
        proxied = await host(join(folder, "account"), url);
    });

    after(() => {
        alone?.close();
        proxied?.close();
        rmSync(folder, { recursive: true, force: true });
    });

    walk(
        "hold the sandbox inside the page",
        { at: () => alone.url, hash: "#/orders?paymentStatus=unpaid" },
        async (page, sent) => {
            await rows(page).first().getByRole("link").click();
            await payButton(page).click();
            await submit(page).click();
            await notice(page).getByText("→ Paid").waitFor();
            await page.goto(`${alone.url}#/break-it`);
            await page.locator("#switch-500").check();
            const shown = await run(page, "try-read");
            assert.equal(await shown.getAttribute("data-result"), "success");
            assert.equal(sent.length, 0, "no API is asked");
            await page.locator("#place").getByText("Sandbox in this page").waitFor();
            const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
            assert.deepEqual(kept, [0, 0, ""], "nothing is stored");
        },
    );

    walk("run on an account behind a proxy", { at: () => proxied.url, hash: "#/orders" }, async (page) => {
        await rows(page).first().waitFor();
        await page.locator("#place").getByText("Your account").waitFor();
        await page.goto(`${proxied.url}#/break-it`);
        await page.getByText("Not on a real account").waitFor();
        assert.equal(await page.locator(".switch").count(), 0);
    });

    walk("take another account while they are open", { at: () => alone.url }, async (page) => {
        await rows(page).first().waitFor();
        const { locationId } = await (await fetch(`${url}config.json`)).json();
        await page.locator("#connect").click();
        await form(page).getByText("There is no field for a token, on purpose").waitFor();
        await form(page).getByLabel("Base URL of your proxy").fill("ftp://example.com");
        await form(page).getByRole("button", { name: "Use it" }).click();
        await form(page).getByText("That does not work").waitFor();
        await page.route("**/elsewhere/**", async (route) => {
            const address = route
                .request()
                .url()
                .replace(/^.*\/elsewhere\//, `${url}api/`);
            const answer = await fetch(address, { headers: { version: "2021-07-28" } });
            await route.fulfill({ status: answer.status, contentType: "application/json", body: await answer.text() });
        });
        await form(page).getByLabel("Base URL of your proxy").fill("/elsewhere");
        await form(page).getByLabel("Location id").fill(locationId);
        await form(page).getByRole("button", { name: "Use it" }).click();
        await page.locator("#place").getByText("Your account").waitFor();
        await page.locator(".chart-canvas canvas").waitFor();
    });

    test("carry a policy of their own", () => {
        const html = readFileSync(join(folder, "own/index.html"), "utf8");
        const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html);
        assert.ok(policy.split("; ").includes("script-src 'self' 'wasm-unsafe-eval'"), policy);
        const other = build("--out", join(folder, "far"), "--api", "https://pay.example.com/api", "--location", "x");
        assert.equal(other.status, 0, other.stderr);
        assert.match(
            readFileSync(join(folder, "far/index.html"), "utf8"),
            /connect-src 'self' https:\/\/pay\.example\.com;/,
        );
        assert.match(build("--out", join(folder, "far"), "--api", "/api").stderr, /usage/);
        assert.match(build("--out", tmpdir()).stderr, /choose another folder/);
    });
});
