// The view Checkout of the demo: HighLevel's side, the payment page in its frame, and the gateway's server, all in one page.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectSandbox } from "ghl-payments/sandbox";
import { ROOT, SCREENSHOTS, serve, VIEWPORTS } from "./server.mjs";
import { AXE, browser, url, walk } from "./walk.mjs";
import { startSandbox, tool } from "../support/support.mjs";
import { firefox } from "../support/webdriver.mjs";

const HASH = "#/checkout";

const frame = (page) => page.frameLocator(".checkout-frame iframe");
const open = (page) => page.getByRole("button", { name: "Open checkout" }).click();
const notice = (page, text) => page.locator("main .notice", { hasText: text });
const step = (page, type, kind) => page.locator(`.step[data-type="${type}"]${kind ? `[data-kind="${kind}"]` : ""}`);
const fact = (page, name) => page.locator(".facts > div", { hasText: name }).locator("dd");

/** Opens the checkout and pays with one of the test cards. */
async function pay(page, card = "Visa •••• 4242") {
    await open(page);
    await frame(page).getByText(card).click();
    await frame(page).getByRole("button", { name: /^(Pay|Save)/ }).click();
}

async function noBarrier(page, name) {
    await page.evaluate(AXE);
    const found = await page.evaluate(() => window.axe.run(document, { iframes: false }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)));
    assert.deepEqual(found, [], name);
    // The page in the frame too, as a document of its own.
    for (const inner of page.frames().slice(1)) {
        await inner.evaluate(AXE);
        assert.deepEqual(await inner.evaluate(() => window.axe.run(document).then(({ violations }) => violations.map(({ id }) => id))), [], `${name}: frame`);
    }
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${name} is too wide`);
}

for (const viewport of Object.keys(VIEWPORTS)) {
    for (const scheme of ["light", "dark"]) {
        walk(`an order is paid and paid back in parts, and never beyond: ${viewport}, ${scheme}`, { hash: HASH, viewport, scheme }, async (page) => {
            const shot = (name) => page.screenshot({ path: join(SCREENSHOTS, `checkout-${name}-${viewport}-${scheme}.png`) });
            await open(page);
            await frame(page).getByRole("button", { name: /^Pay/ }).waitFor();
            await noBarrier(page, "open");
            await shot("open");
            await frame(page).getByRole("button", { name: /^Pay/ }).click();
            await notice(page, "Paid, and verified by the server").waitFor();
            assert.equal(await page.locator("iframe").count(), 0, "HighLevel removes the frame");
            assert.equal(await fact(page, "Order is").innerText(), "paid");
            for (const [type, kind] of [["custom_provider_ready"], ["payment_initiate_props"], ["custom_element_success_response"], ["verify", "query"], ["verify", "answer"]]) {
                await step(page, type, kind).first().waitFor();
            }
            const total = Number((await fact(page, "Amount").innerText()).replace(/[^\d.]/g, ""));
            const half = Math.round(total * 50) / 100;
            await page.getByLabel(/^Amount in/).fill(String(half));
            await page.getByRole("button", { name: "Refund", exact: true }).click();
            await notice(page, "Refunded").waitFor();
            await page.getByRole("button", { name: "Ask for more than is left" }).click();
            await notice(page, "Refused").waitFor();
            assert.equal(Number(await page.getByRole("progressbar", { name: "Paid back" }).evaluate((bar) => bar.value)), half);
            await page.getByRole("button", { name: "Refund", exact: true }).click();
            await notice(page, "Refunded").waitFor();
            assert.equal(Number(await page.getByRole("progressbar", { name: "Paid back" }).evaluate((bar) => bar.value)), total);
            await step(page, "refund", "answer").first().locator("summary").click();
            await noBarrier(page, "paid back");
            await shot("refunds");
            // What was said holds no key.
            for (const secret of [/sk_[0-9a-f]{16}/]) assert.doesNotMatch(await page.locator(".steps").innerText(), secret);
        });
    }
}

walk("a declined card and a payer who leaves keep the order unpaid", { hash: HASH }, async (page) => {
    await pay(page, "Visa •••• 0002");
    await notice(page, "Not paid").waitFor();
    assert.equal(await fact(page, "Order is").innerText(), "unpaid");
    await step(page, "custom_element_error_response").locator('.step-gist', { hasText: "Card declined" }).waitFor();
    await open(page);
    await frame(page).getByRole("button", { name: "Cancel" }).click();
    await notice(page, "The payer has left").waitFor();
    await open(page);
    await frame(page).getByRole("button", { name: /^Pay/ }).waitFor();
    await page.getByRole("button", { name: "Close the window" }).click();
    await notice(page, "The payer has left").waitFor();
    assert.equal(await step(page, "verify").count(), 0, "nobody was asked");
});

walk("money that takes a while is pending, and captured later", { hash: HASH }, async (page) => {
    await pay(page, "Bank debit •••• 6789");
    await notice(page, "The money is on its way").waitFor();
    await page.getByRole("button", { name: "The money arrives" }).click();
    await notice(page, "Paid, and verified by the server").waitFor();
    await step(page, "payment.captured", "push").waitFor();
    assert.equal(await fact(page, "Order is").innerText(), "paid");
});

walk("a subscription is charged month by month, and ends", { hash: HASH }, async (page) => {
    await page.getByLabel("A subscription").check();
    await pay(page);
    const payments = () => page.locator("section", { hasText: "Let a month pass" }).locator(".facts strong");
    await page.getByRole("button", { name: "Let a month pass" }).waitFor();
    for (const count of ["2", "3", "4"]) {
        await page.getByRole("button", { name: "Let a month pass" }).click();
        await payments().getByText(count, { exact: true }).waitFor();
    }
    assert.equal(await step(page, "subscription.charged", "push").count(), 3);
    await page.getByRole("button", { name: "Cancel subscription" }).click();
    await page.locator(".facts .badge", { hasText: "canceled" }).waitFor();
    await page.getByRole("button", { name: "Let a month pass" }).click();
    await step(page, "cancel_subscription", "answer").waitFor();
    assert.equal(await payments().innerText(), "4", "nothing is charged after the end");
});

walk("a card is saved, listed and charged", { hash: HASH }, async (page) => {
    await page.getByLabel("A card on file").check();
    await pay(page);
    await notice(page, "The card is saved").waitFor();
    await page.getByText("Visa **** 4242").waitFor();
    await page.getByRole("button", { name: "Charge $25.00" }).click();
    await notice(page, "Charged").waitFor();
    await step(page, "charge_payment", "answer").waitFor();
});

test("its parts come when it is opened, and with no other view", async () => {
    const page = await (await browser.newContext()).newPage();
    const names = [];
    page.on("request", (request) => names.push(new URL(request.url()).pathname));
    await page.goto(`${url}#/orders`);
    await page.locator(".card-table .row-link").first().waitFor();
    await page.goto(`${url}#/providers`);
    await page.locator(".card-table tbody tr").first().waitFor();
    const parts = () => names.filter((name) => /checkout|gateway|pay/.test(name) && !name.includes("/api/"));
    assert.deepEqual(parts(), []);
    await page.goto(url + HASH);
    await page.locator(".checkout-form #order").waitFor();
    assert.ok(parts().length >= 2);
    await page.context().close();
});

test("as static files, it pays an order of the sandbox behind the other views", async () => {
    const { createServer } = await import("node:http");
    const folder = mkdtempSync(join(tmpdir(), "checkout-"));
    const out = join(folder, "own");
    const built = spawnSync(process.execPath, [join(ROOT, "www/build.mjs"), "--out", out], { encoding: "utf8" });
    assert.equal(built.status, 0, built.stderr);
    const types = { html: "text/html", js: "text/javascript", css: "text/css", json: "application/json" };
    const server = createServer((request, response) => {
        const name = new URL(request.url, "http://host").pathname.slice(1) || "index.html";
        const there = readdirSync(out).includes(name);
        response.writeHead(there ? 200 : 404, { "content-type": types[name.split(".").at(-1)] ?? "application/octet-stream" });
        response.end(there ? readFileSync(join(out, name)) : "");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const page = await (await browser.newContext()).newPage();
    try {
        await page.goto(`http://127.0.0.1:${server.address().port}/${HASH}`);
        await pay(page);
        await notice(page, "Paid, and verified by the server").waitFor();
        const id = await fact(page, "Order").first().innerText();
        await page.evaluate((id) => (location.hash = `#/orders/${id}`), id);
        await page.locator(".badge", { hasText: "Paid" }).first().waitFor();
    } finally {
        await page.context().close();
        server.closeAllConnections();
        server.close();
        rmSync(folder, { recursive: true, force: true });
    }
});

test("with a sandbox and a provider elsewhere: a payment, a refund, an order that is paid", async () => {
    const { createServer } = await import("node:http");
    const { build } = tool("esbuild");
    const source = join(dirname(fileURLToPath(import.meta.url)), "../provider/checkout-page.mjs");
    const { outputFiles } = await build({ entryPoints: [source], bundle: true, write: false, format: "esm", logLevel: "error" });
    const asked = [];
    // A provider that charges at once, and answers as it must.
    const provider = createServer((request, response) => {
        if (request.method === "GET") {
            const isScript = request.url === "/script.js";
            response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
            response.end(isScript ? outputFiles[0].text : "<!doctype html><title>-</title><script type=module src=/script.js></script>");
            return;
        }
        let text = "";
        request.on("data", (chunk) => (text += chunk));
        request.on("end", () => {
            const query = JSON.parse(text);
            asked.push(query.type);
            const answers = { verify: { success: true }, refund: { success: true, message: "Done", id: "re_1", amount: query.amount, currency: "USD" } };
            response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answers[query.type]));
        });
    });
    await new Promise((resolve) => provider.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${provider.address().port}`;
    const sandbox = await startSandbox("--cors");
    const keys = { apiKey: "sk_1", publishableKey: "pk_1" };
    const highlevel = connectSandbox(sandbox.baseUrl);
    await highlevel.connectProvider({ paymentsUrl: `${address}/page?act=succeed`, queryUrl: `${address}/query`, live: keys, test: keys });
    const elsewhere = await serve(["--sandbox", sandbox.baseUrl, "--provider", address]);
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const problems = [];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    try {
        await page.goto(elsewhere + HASH);
        await page.getByText("with a provider of its own").waitFor();
        await page.locator(".checkout-form #order").waitFor();
        await open(page);
        await notice(page, "Paid, and verified by the server").waitFor();
        const id = await fact(page, "Order").first().innerText();
        await page.getByRole("button", { name: "Refund", exact: true }).click();
        await notice(page, "Refunded").waitFor();
        const { orders } = (await highlevel.state()).locations[0];
        assert.equal(orders.find(({ _id }) => _id === id).paymentStatus, "paid");
        assert.deepEqual(asked, ["verify", "refund"]);
        assert.deepEqual(problems, []);
        // The address may name one as well, as far as the policy of the page lets it.
        await page.goto(`${elsewhere}${HASH}?${new URLSearchParams({ sandbox: sandbox.baseUrl })}`);
        // The timeline of that sandbox, which comes with the answer to a question.
        await page.locator(".steps .step").nth(8).waitFor();
    } finally {
        await context.close();
        await sandbox.stop();
        provider.closeAllConnections();
        provider.close();
    }
});

let fox;
before(async () => {
    const driver = process.env.GECKODRIVER;
    assert.ok(driver && existsSync(driver), "GECKODRIVER must name a geckodriver");
    fox = await firefox(driver, { width: 1280, height: 900, scheme: "light" });
});
after(() => fox?.close());

test("Firefox: pay, decline, refund, subscribe, let a month pass, cancel, save a card", { timeout: 120_000 }, async () => {
    await fox.open(url + HASH);
    const inFrame = (script) => fox.run(`const page = document.querySelector(".checkout-frame iframe")?.contentDocument; ${script}`);
    const click = (text) =>
        fox.until(text, () =>
            fox.run(
                `const found = [...document.querySelectorAll("main button")].find((it) => it.textContent === arguments[0] && !it.disabled);
                found?.click(); return found !== undefined;`,
                text,
            ),
        );
    const payWith = async (card) => {
        await click("Open checkout");
        await fox.until("the page in the frame", () => inFrame(`return page?.querySelector(".primary:not(:disabled)") != null`));
        await inFrame(`page.querySelector('[value="${card}"]').click(); page.querySelector(".primary").click();`);
    };
    const choose = (value) => fox.run(`document.querySelector('[name="kind"][value="${value}"]').click()`);
    await fox.see(".checkout-form #order");
    await payWith("declined");
    await fox.see("main .notice", "Not paid");
    await payWith("pays");
    await fox.see("main .notice", "Paid, and verified by the server");
    await click("Refund");
    await fox.see("main .notice", "Refunded");
    await click("Ask for more than is left");
    await fox.see("main .notice", "Refused");
    await fox.run(AXE);
    const found = await fox.run(`return window.axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html)));`);
    assert.deepEqual(found, []);
    writeFileSync(join(SCREENSHOTS, "firefox-checkout-refunds.png"), await fox.screenshot());
    await choose("subscription");
    await fox.see(".field label", "Contact");
    await payWith("pays");
    await fox.see(".facts .badge", "active");
    await click("Let a month pass");
    await fox.see('.step[data-type="subscription.charged"][data-kind="push"]');
    await click("Cancel subscription");
    await fox.see(".facts .badge", "canceled");
    await choose("setup");
    await payWith("pays");
    await fox.see("main .notice", "The card is saved");
    await click("Charge $25.00");
    await fox.see("main .notice", "Charged");
    assert.deepEqual(fox.problems(), [], "the console stays clean");
});
