// The examples, as `cargo xtask example` runs them, walked from the installation to a webhook: in workerd and on Node.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { after, before, describe } from "node:test";
import { pathToFileURL } from "node:url";
import { PaymentsClient } from "ghl-payments";
import { launch } from "../support/chromium.mjs";
import { tool } from "../support/support.mjs";

const PROGRAM = join(process.env.GHL_REPO_ROOT, "examples/run.mjs");
const { start } = await import(pathToFileURL(PROGRAM));

/** A browser without a screen: it keeps cookies and follows nothing by itself. */
class Browser {
    cookies = new Map();

    fetch = async (input, init = {}) => {
        const headers = new Headers(init.headers);
        headers.set("cookie", [...this.cookies].map((pair) => pair.join("=")).join("; "));
        const response = await fetch(input, { ...init, headers, redirect: "manual" });
        for (const cookie of response.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
            if (/max-age=0/i.test(cookie)) this.cookies.delete(name);
            else this.cookies.set(name, value);
        }
        return response;
    };

    /** Follows redirects, chooses a location on the way, and gives the last answer and the addresses. */
    async open(url, locationId) {
        const way = [];
        for (let at = new URL(url); ; ) {
            way.push(at.pathname);
            if (at.pathname.endsWith("/chooselocation")) at.searchParams.set("location_id", locationId);
            const response = await this.fetch(at);
            if (response.status !== 302) return { response, way };
            at = new URL(response.headers.get("location"), at);
        }
    }
}

for (const name of ["cloudflare", "hono-node"]) {
    describe(name, () => {
        let example;
        before(async () => {
            example = await start(name, { locations: ["first", "second"] });
        });
        after(() => example?.stop());

        const client = (browser, locationId = "first") =>
            new PaymentsClient({ baseUrl: `${example.url}/api`, locationId, fetch: browser.fetch, maxRetries: 0 });
        const inbox = async (browser) => (await (await browser.fetch(`${example.url}/inbox`)).json()).lines;
        const installed = async (locationId = "first") => {
            const browser = new Browser();
            const { response, way } = await browser.open(`${example.url}/install`, locationId);
            assert.deepEqual([response.status, ...way], [200, "/install", "/oauth/chooselocation", "/oauth/callback", "/"]);
            assert.match(await response.text(), /<h1>Orders<\/h1>/);
            return browser;
        };

        test("installed, the page lists the orders of its location and records a payment; without a session nobody does", async () => {
            await assert.rejects(client(new Browser()).orders.list(), { name: "AuthenticationError" });
            const browser = await installed();
            const payments = client(browser);
            const { data } = await payments.orders.list({ limit: 5 });
            const [first] = example.sandbox.state().locations;
            assert.deepEqual(
                data.map(({ _id }) => _id),
                first.orders.slice(0, 5).map(({ _id }) => _id),
            );
            const order = example.sandbox.createOrder();
            const { recorded } = await payments.orders.recordPaymentOnce(
                order._id,
                { mode: "cash", amount: order.amount },
                { reference: "till-1" },
            );
            assert.equal(recorded, true);
            assert.equal((await payments.orders.get(order._id)).paymentStatus, "paid");
            await assert.rejects(client(browser, "second").orders.list(), { name: "PermissionError" });
            await assert.rejects(payments.coupons.list(), { name: "PermissionError" });
        });

        test("a webhook that comes twice is handled once, a forged one never", async () => {
            const browser = await installed();
            const before = (await inbox(browser)).length;
            example.sandbox.faults.add("twice", { operation: "webhooks" });
            const order = example.sandbox.createOrder();
            await example.sending.settled();
            const lines = await inbox(browser);
            assert.deepEqual([lines.length - before, lines[0]], [1, `new order: ${order.amount} ${order.currency}`]);
            for (const options of [{ tampered: "body" }, { signature: "none" }, { signature: "N/A" }]) {
                const request = await example.sandbox.webhook("OrderCreate", { url: `${example.url}/webhooks`, ...options });
                assert.equal((await fetch(request)).status, 401);
            }
            assert.equal((await inbox(browser)).length, lines.length);
        });

        test("a token that has run out is refreshed on the way, and a removed app has none", async () => {
            // A location of its own: the app's clock knows nothing of a day that passes in the sandbox alone.
            const browser = await installed("second");
            const payments = client(browser, "second");
            await payments.orders.list();
            example.sandbox.advance(86_400_000);
            await payments.orders.list();
            const grants = () => example.sandbox.requests.filter(({ body }) => body?.grant_type === "refresh_token").length;
            assert.equal(grants(), 1);
            example.sandbox.uninstall({ locationId: "second" });
            await example.sending.settled();
            await assert.rejects(payments.orders.list());
            const again = await installed("second");
            assert.ok((await client(again, "second").orders.list()).totalCount > 0);
        });

        test("a callback that another browser has begun installs nothing", async () => {
            const [mine, other] = [new Browser(), new Browser()];
            const begun = await mine.fetch(`${example.url}/install`);
            const approved = await fetch(begun.headers.get("location"), { redirect: "manual" });
            const callback = await other.fetch(approved.headers.get("location"));
            assert.equal(callback.status, 400);
            assert.equal((await other.fetch(`${example.url}/inbox`)).status, 401);
        });

        test("the command prints what to open, makes an order at Enter, and Ctrl+C ends it cleanly", async () => {
            const free = createServer().listen(0, "127.0.0.1");
            await once(free, "listening");
            const port = String(free.address().port);
            await once(free.close(), "close");
            const child = spawn(process.execPath, [PROGRAM, name, "--port", port], {
                stdio: ["pipe", "pipe", "inherit"],
                env: { ...process.env, NODE_OPTIONS: "" },
            });
            const ended = once(child, "exit");
            const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
            assert.equal((await lines.next()).value, `open http://127.0.0.1:${port}/`);
            await lines.next();
            assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
            child.stdin.write("\n");
            assert.match((await lines.next()).value, /^ordered [0-9a-f]{24}$/);
            child.kill("SIGINT");
            assert.deepEqual(await ended, [0, null]);
        });
    });
}

test("in a real browser: install, choose, see the orders, record a payment", async () => {
    const example = await start("cloudflare");
    const browser = await launch(tool("playwright-core").chromium);
    try {
        const page = await browser.newPage();
        const complaints = [];
        page.on("pageerror", (error) => complaints.push(error.stack));
        await page.goto(example.url);
        await page.getByRole("link", { name: "Install the app" }).click();
        await page.getByRole("link", { name: /^Location/ }).first().click();
        await page.locator("#orders tr").nth(9).waitFor();
        const order = example.sandbox.createOrder();
        await page.locator("#inbox li", { hasText: `new order: ${order.amount}` }).waitFor();
        const pay = page.getByRole("button", { name: "Paid in cash" }).first();
        await pay.waitFor();
        await pay.click();
        await page.locator("#inbox li", { hasText: `order ${order._id} is completed` }).waitFor();
        assert.deepEqual(complaints, []);
    } finally {
        await browser.close();
        await example.stop();
    }
});
