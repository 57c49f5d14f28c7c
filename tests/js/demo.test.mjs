// The demo page, walked in Chromium as a visitor would, against the built package and the sandbox.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";

const ROOT = process.env.GHL_REPO_ROOT;
const CHROMIUM = process.env.CHROMIUM_PATH;
const SCREENSHOTS = join(ROOT ?? "", "target/screenshots");
const VIEWPORTS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

let server;
let browser;
let url;

before(async () => {
    // Missing pieces fail the run: a walk that is skipped would look like one that passed.
    assert.ok(ROOT && existsSync(join(ROOT, "www/serve.mjs")), "GHL_REPO_ROOT must name the checkout");
    assert.ok(CHROMIUM && existsSync(CHROMIUM), "CHROMIUM_PATH must name a Chromium");
    mkdirSync(SCREENSHOTS, { recursive: true });
    server = spawn(process.execPath, [join(ROOT, "www/serve.mjs"), "--port", "0"], {
        stdio: ["ignore", "pipe", "pipe"],
    });
    url = await address(server);
    browser = await chromium.launch({
        executablePath: CHROMIUM,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
});

after(async () => {
    await browser?.close();
    if (!server || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGINT");
    assert.equal(await ended, 0, "serve.mjs ends cleanly when it is interrupted");
});

function address(child) {
    return new Promise((resolve, reject) => {
        let output = "";
        const read = (chunk) => {
            output += chunk;
            const found = /^open (http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(output);
            if (found) resolve(found[1]);
        };
        child.stdout.on("data", read);
        child.stderr.on("data", read);
        child.once("exit", (code) => reject(new Error(`serve.mjs ended with ${code}: ${output}`)));
    });
}

/** A walk on a page of its own; `provoked` names the statuses that it makes the API answer, each as often as it must. */
function walk(name, { provoked = [], hash = "#/orders", viewport = "desktop", scheme = "light" }, steps) {
    test(name, { timeout: 60_000 }, async () => {
        const context = await browser.newContext({
            viewport: VIEWPORTS[viewport],
            colorScheme: scheme,
            locale: "en-US",
            timezoneId: "UTC",
        });
        const page = await context.newPage();
        page.setDefaultTimeout(10_000);
        const problems = [];
        const failures = [];
        const sent = [];
        page.on("console", (message) => {
            const status = /Failed to load resource: .* status of (\d+)/.exec(message.text())?.[1];
            if (status && message.location().url.includes("/api/")) failures.push(Number(status));
            else if (["error", "warning"].includes(message.type())) problems.push(message.text());
        });
        page.on("pageerror", (error) => problems.push(String(error)));
        page.on("request", (request) => request.url().includes("/api/") && sent.push(request));
        try {
            await page.goto(url + hash);
            await steps(page, sent);
        } catch (error) {
            await page.screenshot({
                path: join(SCREENSHOTS, `failed-${name.replace(/\W+/g, "-")}.png`),
                caret: "initial",
            });
            throw error;
        } finally {
            await context.close();
        }
        assert.deepEqual(problems, [], "the console stays clean");
        assert.deepEqual(failures.sort(), [...provoked].sort(), "only what was provoked fails");
    });
}

const rows = (page) => page.locator(".card-table tbody tr:has(.row-link)");
const result = (page, scenario) => page.locator(`[data-result][data-scenario="${scenario}"]`);
const payButton = (page) => page.locator("main").getByRole("button", { name: "Record payment" });
const dialog = (page) => page.getByRole("dialog", { name: "Record payment" });
const submit = (page) => dialog(page).locator("button[type=submit]");

async function run(page, scenario) {
    await page.locator(`button[data-scenario="${scenario}"]`).click();
    await result(page, scenario).waitFor();
    return result(page, scenario);
}

/** Opens the nth order that nobody has paid for yet. */
async function openUnpaid(page, nth) {
    await page.goto(`${url}#/orders?paymentStatus=unpaid`);
    await page.locator("tbody .badge-red").first().waitFor();
    await rows(page).nth(nth).getByRole("link").click();
    await payButton(page).waitFor();
}

async function left(page) {
    const text = await page.locator(".total-line", { hasText: "Left to pay" }).locator("dd").innerText();
    return Number(text.replace(/[^\d.]/g, ""));
}

const text = async (path) => (await fetch(new URL(path, url))).text();

function read(path, headers = {}) {
    return new Promise((resolve, reject) => {
        // Not fetch: it would tidy the path up before it is sent.
        const { hostname, port } = new URL(url);
        get({ hostname, port, path, headers }, (response) => {
            response.resume().once("end", () => resolve({ status: response.statusCode, headers: response.headers }));
        }).once("error", reject);
    });
}

describe("the server", () => {
    test("serves the page with its types, compressed, under a strict policy; only hashed names are kept by browsers", async () => {
        const html = await text("/");
        const [style] = /style-[0-9A-Z]{8}\.css/.exec(html);
        const [script] = /boot-[0-9A-Z]{8}\.js/.exec(html);
        const types = {
            "/": ["text/html; charset=utf-8", "no-cache"],
            "/config.json": ["application/json; charset=utf-8", "no-cache"],
            "/favicon.svg": ["image/svg+xml; charset=utf-8", "no-cache"],
            [`/${style}`]: ["text/css; charset=utf-8", "public, max-age=31536000, immutable"],
            [`/${script}`]: ["text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
        };
        for (const [path, [type, cache]] of Object.entries(types)) {
            const { status, headers } = await read(path);
            assert.equal(status, 200, path);
            assert.equal(headers["content-type"], type, path);
            assert.equal(headers["cache-control"], cache, path);
            const policy = headers["content-security-policy"];
            for (const part of [
                "default-src 'none'",
                "script-src 'self' 'wasm-unsafe-eval'",
                "style-src 'self'",
                "connect-src 'self'",
                "frame-ancestors 'none'",
            ]) {
                assert.ok(policy.split("; ").includes(part), `${path}: ${part}`);
            }
        }
        assert.doesNotMatch(html, /<script(?![^>]* src=)|<style| style=| on\w+=/, "no inline script or style");
        const plain = await read(`/${style}`);
        for (const [accepted, encoding] of [
            ["gzip, br", "br"],
            ["gzip", "gzip"],
            ["br;q=0, gzip", "gzip"],
            ["", undefined],
        ]) {
            const { headers } = await read(`/${style}`, { "accept-encoding": accepted });
            assert.equal(headers["content-encoding"], encoding, accepted);
            if (encoding) assert.ok(Number(headers["content-length"]) < Number(plain.headers["content-length"]) / 2);
        }
        const again = await read(`/${style}`, { "if-none-match": plain.headers.etag });
        assert.equal(again.status, 304);
    });

    test("serves nothing beside it", async () => {
        const paths = [
            "/..%2fpkg%2fpackage.json",
            "/../Cargo.toml",
            "/..%2fCargo.toml",
            "/%2e%2e%2fCargo.lock",
            "/..%5cCargo.toml",
            "/serve.mjs",
            "/app.js",
            "/views/orders.js",
            "/pkg/index.js",
            "/%00.js",
            "/%ff.js",
            "/nothing.js",
        ];
        for (const path of paths) assert.equal((await read(path)).status, 404, path);
    });

    test("adds the token for its own page only", async () => {
        const headers = { version: "2021-07-28" };
        const path = "/api/payments/orders?limit=1&altType=location";
        assert.notEqual((await read(path, headers)).status, 401);
        assert.equal((await read(path, { ...headers, authorization: "Bearer wrong" })).status, 401);
        assert.equal((await read(path, { ...headers, "sec-fetch-site": "cross-site" })).status, 403);
    });

    test("says that a port is taken", async () => {
        const port = new URL(url).port;
        const second = spawn(process.execPath, [join(ROOT, "www/serve.mjs"), "--port", port]);
        let output = "";
        second.stderr.on("data", (chunk) => (output += chunk));
        const code = await new Promise((resolve) => second.once("exit", resolve));
        assert.equal(code, 1);
        assert.match(output, new RegExp(`Port ${port} is taken`));
    });
});

describe("the page", () => {
    walk("lists orders page by page", {}, async (page, sent) => {
        await rows(page).first().waitFor();
        assert.equal(await rows(page).count(), 20);
        const total = Number((await page.locator("h1 .total").innerText()).replace(/\D/g, ""));
        assert.ok(total >= 250, `${total} orders`);
        const range = page.locator(".range");
        assert.equal(await range.innerText(), `1–20 of ${total} orders`);
        assert.match(await rows(page).first().locator(".col-amount").innerText(), /^\D{1,3}[\d,]+\.\d\d$/);
        assert.match(await rows(page).first().locator(".col-date").innerText(), /^[A-Z][a-z]{2} \d{1,2}, \d{4}/);

        const first = await rows(page).first().getByRole("link").getAttribute("href");
        await page.getByRole("button", { name: "Next" }).click();
        await page.getByText(`21–40 of ${total} orders`).first().waitFor();
        const second = await rows(page).first().getByRole("link").getAttribute("href");
        assert.notEqual(second, first);
        await page.getByRole("button", { name: "Previous" }).click();
        await page.getByText(`1–20 of ${total} orders`).first().waitFor();
        await page.goBack();
        await page.getByText(`21–40 of ${total} orders`).first().waitFor();
        await page.goto(`${url}#/orders?page=${Math.ceil(total / 20)}`);
        await page.getByText(`of ${total} orders`).first().waitFor();
        await page.locator('.pages button[aria-disabled="true"]', { hasText: "Next" }).waitFor();

        for (const request of sent) assert.equal(request.headers().authorization, undefined);
        const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
        assert.deepEqual(kept, [0, 0, ""], "nothing is stored");
    });

    walk("filters orders", {}, async (page) => {
        await rows(page).first().waitFor();
        await page.getByLabel("Payment", { exact: true }).selectOption("partially_paid");
        await page.waitForFunction(() => {
            const badges = [...document.querySelectorAll("tbody .col-badge .badge:first-child")];
            return badges.length > 0 && badges.every((badge) => badge.textContent === "Partially paid");
        });
        assert.match(page.url(), /paymentStatus=partially_paid/);
        await page.getByLabel("Status", { exact: true }).selectOption("pending");
        await page.waitForFunction(() => {
            const cells = [...document.querySelectorAll("tbody .col-wide")];
            return cells.length > 0 && cells.every((cell) => cell.textContent === "Pending");
        });
        await page.reload();
        await rows(page).first().waitFor();
        assert.equal(await page.getByLabel("Payment", { exact: true }).inputValue(), "partially_paid");

        await page.goto(`${url}#/orders`);
        await page.locator("tbody .badge-green").first().waitFor();
        const name = await rows(page).first().getByRole("link").innerText();
        await page.getByLabel("Search").fill(name);
        await page.waitForFunction((wanted) => {
            const links = [...document.querySelectorAll("tbody .row-link")];
            return links.length > 0 && links.every((link) => link.textContent === wanted);
        }, name);
        await page.getByLabel("Search").fill("nobody is called this");
        await page.getByText("No orders match").waitFor();
        await page.getByRole("button", { name: "Clear filters" }).click();
        await rows(page).nth(19).waitFor();
        assert.equal(await page.getByLabel("Search").inputValue(), "");
    });

    walk("records a payment and shows the changed state", { provoked: [422] }, async (page, sent) => {
        await openUnpaid(page, 0);
        for (const part of ["Items", "Payments", "Notes", "Details", "Customer", "Fulfillments"]) {
            await page.getByRole("heading", { name: part, exact: true }).waitFor();
        }
        const due = await left(page);
        assert.ok(due > 1);
        const posted = () => sent.filter((request) => request.method() === "POST").length;

        await payButton(page).click();
        await dialog(page).getByRole("radio", { name: "Card" }).check();
        await dialog(page).getByRole("radio", { name: "A part of it" }).check();
        await submit(page).click();
        await dialog(page).locator("#field-card-last4-error").getByText(/\w/).waitFor();
        await dialog(page).locator("#field-amount-error").getByText(/\w/).waitFor();
        assert.equal(posted(), 0, "wrong input is not sent");

        await dialog(page).getByLabel("Last four digits").fill("4242");
        await dialog(page)
            .getByLabel("Amount")
            .fill(String(due + 1));
        await submit(page).click();
        await dialog(page)
            .locator("#field-amount-error")
            .getByText("Must not be greater than the amount due")
            .waitFor();
        assert.equal(await dialog(page).getByLabel("Amount").getAttribute("aria-invalid"), "true");

        await dialog(page).getByLabel("Amount").fill("1");
        await dialog(page).getByLabel("Notes").fill("Paid at the counter");
        await submit(page).click();
        const notice = page.locator(".notice-green");
        await notice.getByText(/^Payment of \D{1,3}1\.00 recorded$/).waitFor();
        await notice.getByText("Unpaid → Partially paid").waitFor();
        assert.equal(posted(), 2);
        assert.equal(await page.locator(".badges .badge").first().innerText(), "Partially paid");
        assert.equal((await left(page)).toFixed(2), (due - 1).toFixed(2));
        await page.getByRole("link", { name: "Visa •••• 4242" }).waitFor();

        await payButton(page).click();
        await dialog(page).getByRole("radio", { name: "Cheque" }).check();
        await dialog(page).getByLabel("Cheque number").fill("100-200");
        await submit(page).click();
        await notice.getByText("Partially paid → Paid").waitFor();
        assert.equal(await left(page), 0);
        assert.equal(await payButton(page).count(), 0, "a paid order takes no payment");
        await page.getByRole("link", { name: "Cheque 100-200" }).click();
        await page.getByRole("heading", { name: /^Transaction over/ }).waitFor();
    });

    walk("says what to do after an unknown outcome", { provoked: [500, 500] }, async (page, sent) => {
        await openUnpaid(page, 0);
        const due = await left(page);
        const posted = () => sent.filter((request) => request.method() === "POST").length;
        const fail = async (fault) => {
            await payButton(page).click();
            await dialog(page).getByText("Let the sandbox fail").click();
            await dialog(page).getByLabel("What goes wrong").selectOption(fault);
        };
        await fail("status=500");
        await submit(page).click();
        await dialog(page).getByText("The payment may have been saved").waitFor();
        await dialog(page).getByText("Look at the record before you send it again").waitFor();
        assert.equal(await submit(page).isVisible(), false, "nobody sends it twice by accident");
        await dialog(page).getByRole("button", { name: "Check what happened" }).click();
        await dialog(page).getByText("The payment was not saved").waitFor();
        assert.equal(posted(), 1, "a write is not sent again by itself");
        await dialog(page).getByRole("button", { name: "Cancel" }).click();
        assert.equal(await left(page), due);

        await fail("applied-then=500");
        await dialog(page).getByRole("radio", { name: "A part of it" }).check();
        await dialog(page).getByLabel("Amount").fill("2,50");
        await submit(page).click();
        await dialog(page).getByRole("button", { name: "Check what happened" }).click();
        await page
            .locator(".notice-green")
            .getByText(/^It was recorded: \D{1,3}2\.50 on/)
            .waitFor();
        assert.equal((await left(page)).toFixed(2), (due - 2.5).toFixed(2));

        await fail("truncated");
        await submit(page).click();
        await dialog(page).getByText("The payment was saved, but the answer could not be read").waitFor();
        await dialog(page).getByRole("button", { name: "Check what happened" }).click();
        await page.locator(".notice-green").getByText("Partially paid → Paid").waitFor();
        assert.equal(await left(page), 0);
        assert.equal(posted(), 3);
    });

    walk("does not lose sight of a payment on its way", {}, async (page) => {
        await openUnpaid(page, 0);
        await page.route("**/record-payment", async (route) => {
            await new Promise((resolve) => setTimeout(resolve, 800));
            await route.continue();
        });
        await payButton(page).click();
        await dialog(page).getByRole("radio", { name: "Other" }).check();
        await submit(page).click();
        await dialog(page).getByRole("button", { name: "Recording …" }).waitFor();
        await page.keyboard.press("Escape");
        await page.keyboard.press("Escape");
        await dialog(page).getByRole("button", { name: "Recording …" }).waitFor();
        await page.locator(".notice-green").getByText("Unpaid → Paid").waitFor();
        assert.equal(await dialog(page).count(), 0);
    });

    walk("lists transactions and opens one", { hash: "#/transactions" }, async (page) => {
        await rows(page).first().waitFor();
        const total = Number((await page.locator("h1 .total").innerText()).replace(/\D/g, ""));
        assert.ok(total >= 300, `${total} transactions`);
        await page.getByLabel("Source", { exact: true }).selectOption("funnel");
        await page.waitForFunction(
            (before) => Number(document.querySelector("h1 .total").textContent.replace(/\D/g, "")) < before,
            total,
        );
        await rows(page).filter({ hasText: "Order" }).first().getByRole("link").click();
        await page.getByRole("heading", { name: "Provider's record" }).waitFor();
        await page.getByRole("link", { name: "Open the order" }).click();
        await page.getByRole("heading", { name: /^Order over/ }).waitFor();
    });

    const SCENARIOS = [
        { id: "path-id", error: "ValidationError", outcome: "not_sent", says: "orderId", requests: 0 },
        { id: "body", error: "ValidationError", outcome: "not_sent", says: "card.last4", requests: 0 },
        { id: "token", error: "AuthenticationError", outcome: "rejected", says: "HTTP 401", provoked: [401] },
        { id: "unknown-id", error: "NotFoundError", outcome: "rejected", says: "Trace id", provoked: [404] },
        {
            id: "overpay",
            error: "InvalidRequestError",
            outcome: "rejected",
            says: "amount must not",
            provoked: [422],
            requests: 2,
        },
        {
            id: "status-500",
            error: "ServerError",
            outcome: "rejected",
            says: "HTTP 500",
            provoked: [500, 500, 500],
            requests: 3,
        },
        {
            id: "lost-answer",
            error: "ServerError",
            outcome: "unknown",
            says: "before you send it again",
            provoked: [500],
            requests: 2,
        },
        {
            id: "rate-limit",
            error: "RateLimitError",
            outcome: "rejected",
            says: "Asks to wait",
            provoked: [429, 429],
            requests: 2,
        },
        { id: "timeout", error: "TimeoutError", outcome: "unknown", says: "asking again is safe" },
        { id: "html", error: "DecodeError", outcome: "applied", says: "<!DOCTYPE html>" },
        { id: "truncated", error: "DecodeError", outcome: "applied", says: "Where it differs" },
    ];

    for (const { id, error, outcome, says, provoked = [], requests = 1 } of SCENARIOS) {
        walk(`explains a provoked ${error} (${id})`, { hash: "#/break-it", provoked }, async (page, sent) => {
            const shown = await run(page, id);
            assert.equal(await shown.getAttribute("data-result"), error);
            assert.equal(await shown.locator(".error-class").innerText(), error);
            assert.equal(await shown.locator(".outcome code").innerText(), outcome);
            assert.ok((await shown.innerText()).includes(says), says);
            assert.equal(sent.length, requests, "requests sent");
            assert.ok(!(await page.locator("body").innerText()).includes("not-a-token"), "the token is nowhere");
            assert.equal(
                await page.evaluate(() => document.activeElement.textContent),
                await shown.locator("h2").innerText(),
            );
        });
    }

    walk("shows the retries of a read", { hash: "#/break-it", provoked: [500, 500, 500] }, async (page) => {
        await run(page, "status-500");
        const trail = await page.locator(".lines-small .code").allInnerTexts();
        assert.deepEqual(trail, ["500", "retry", "500", "retry", "500", "ServerError"]);
        await page.getByRole("button", { name: "API activity" }).click();
        const log = page.getByRole("list", { name: "Calls, latest first" });
        await log.getByRole("link", { name: "3 attempts · ServerError" }).click();
        await page.getByRole("heading", { name: "orders.list" }).waitFor();
        assert.deepEqual(await page.locator(".lines-small .code").allInnerTexts(), trail);
    });

    walk("shows what was repaired", { hash: "#/break-it" }, async (page) => {
        const shown = await run(page, "drift");
        assert.match(await shown.innerText(), /3 orders delivered with numbers as numbers: \D{1,3}[\d,]+\.\d\d/);
        await page.getByText("data[0].amount: text → number").waitFor();
    });

    walk("leads from a lost answer to the order", { hash: "#/break-it", provoked: [500] }, async (page) => {
        const shown = await run(page, "lost-answer");
        await shown.getByRole("link", { name: "Look at the order" }).click();
        await page.getByRole("heading", { name: /^Order over/ }).waitFor();
        assert.equal(await page.locator(".badges .badge").first().innerText(), "Paid");
    });

    walk(
        "says that a record does not exist",
        { hash: `#/orders/${"0".repeat(24)}`, provoked: [404, 404, 404] },
        async (page) => {
            await page.locator(".error-card .error-class", { hasText: "NotFoundError" }).waitFor();
            await page.getByRole("link", { name: "Orders", exact: true }).first().click();
            await rows(page).first().waitFor();
            await page.goto(`${url}#/nowhere`);
            await page.getByText("There is no such page").waitFor();
        },
    );

    walk("recovers when the server comes back", {}, async (page) => {
        await rows(page).first().waitFor();
        await page.route("**/api/**", (route) => route.fulfill({ status: 200, body: "<html>Down</html>" }));
        await page.getByRole("button", { name: "Next" }).click();
        await page.locator(".error-card .error-class", { hasText: "DecodeError" }).waitFor();
        await page.unroute("**/api/**");
        await page.getByRole("button", { name: "Try again" }).click();
        await page.locator(".range", { hasText: "21–40" }).waitFor();
    });

    walk("can be used with the keyboard alone", {}, async (page) => {
        await rows(page).first().waitFor();
        await page.keyboard.press("Tab");
        assert.equal(await page.evaluate(() => document.activeElement.id), "skip");
        await page.keyboard.press("Enter");
        assert.equal(await page.evaluate(() => document.activeElement.id), "main");
        await openUnpaid(page, 0);
        assert.equal(
            await page.evaluate(() => document.activeElement.tagName),
            "H1",
            "a new view starts at its heading",
        );
        await payButton(page).focus();
        await page.keyboard.press("Enter");
        await dialog(page).waitFor();
        await page.keyboard.press("ArrowRight");
        await dialog(page).getByLabel("Last four digits").waitFor();
        await page.keyboard.press("Escape");
        await dialog(page).waitFor({ state: "detached" });
        assert.equal(await page.evaluate(() => document.activeElement.textContent), "Record payment");
        await page.goBack();
        await rows(page).first().getByRole("link").focus();
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: /^Order over/ }).waitFor();
    });

    for (const viewport of Object.keys(VIEWPORTS)) {
        for (const scheme of ["light", "dark"]) {
            walk(`fits a ${viewport} screen, ${scheme}`, { viewport, scheme, provoked: [401] }, async (page) => {
                const look = async (name) => {
                    const path = join(SCREENSHOTS, `${name}-${viewport}-${scheme}.png`);
                    await page.screenshot({ path, caret: "initial" });
                    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
                    assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
                };
                await rows(page).first().waitFor();
                await look("orders");
                await openUnpaid(page, 1);
                await look("order");
                await payButton(page).click();
                await dialog(page).getByRole("radio", { name: "Card" }).check();
                await submit(page).click();
                await dialog(page).locator("#field-card-last4-error").getByText(/\w/).waitFor();
                await look("record-payment");
                await page.keyboard.press("Escape");
                await page.goto(`${url}#/transactions`);
                await rows(page).first().waitFor();
                await look("transactions");
                await rows(page).first().getByRole("link").click();
                await page.getByRole("heading", { name: "Provider's record" }).waitFor();
                await look("transaction");
                await page.goto(`${url}#/break-it`);
                await look("break-it");
                await run(page, "token");
                await look("error");
                await page.getByRole("button", { name: "API activity" }).click();
                await page.locator(".line").first().waitFor();
                await look("activity");
            });
        }
    }
});
