// The demo page in Firefox: every view, every switch, at desktop and phone width.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SCREENSHOTS, serve, stopServers } from "./server.mjs";
import { firefox } from "../support/webdriver.mjs";

const DRIVER = process.env.GECKODRIVER;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Firefox is never narrower than this. */
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 500, height: 900 } };

let url;

before(async () => {
    assert.ok(DRIVER && existsSync(DRIVER), "GECKODRIVER must name a geckodriver");
    url = await serve();
});

after(stopServers);

/** A walk in a browser of its own; an error in its console fails it. */
function walk(name, { scheme = "light", viewport = "desktop" }, steps) {
    test(name, { timeout: 240_000 }, async () => {
        const page = await firefox(DRIVER, { ...SIZES[viewport], scheme });
        try {
            await steps(page, (hash) => page.open(url + hash));
            assert.deepEqual(page.problems(), [], "the console stays clean");
        } catch (error) {
            writeFileSync(
                join(SCREENSHOTS, `failed-firefox-${name.replace(/\W+/g, "-")}.png`),
                await page.screenshot(),
            );
            throw error;
        } finally {
            await page.close();
        }
    });
}

const VIEWS = [
    ["overview", ".chart-canvas canvas"],
    ["orders", ".card-table .row-link"],
    ["transactions", ".card-table .row-link"],
    ["subscriptions", ".card-table .row-link"],
    ["coupons", ".card-table .row-link"],
    ["providers", ".card-table tbody tr"],
    ["checkout", ".checkout-form #order"],
    ["agency", ".agency-command"],
    ["inspector", "pre.snippet"],
    ["break-it", "#switch-500"],
];

for (const [viewport, scheme] of [
    ["desktop", "light"],
    ["desktop", "dark"],
    ["phone", "light"],
]) {
    walk(`shows every view: ${viewport}, ${scheme}`, { viewport, scheme }, async (page, go) => {
        await go("#/overview");
        for (const [name, ready] of VIEWS) {
            await page.click(`#nav a[href="#/${name}"]`);
            await page.see(ready);
            await page.run(AXE);
            const found = await page.run(`return window.axe.run(document, { resultTypes: ["violations"] })
                .then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html)));`);
            assert.deepEqual(found, [], `${name}: axe`);
            assert.ok(
                (await page.run("return document.documentElement.scrollWidth - innerWidth")) <= 0,
                `${name} is too wide`,
            );
            writeFileSync(join(SCREENSHOTS, `firefox-${name}-${viewport}-${scheme}.png`), await page.screenshot());
            if (!["orders", "transactions", "subscriptions", "coupons"].includes(name)) continue;
            await page.run('document.querySelector(".card-table .row-link").click()');
            await page.see(".facts dd");
            writeFileSync(
                join(SCREENSHOTS, `firefox-${name}-record-${viewport}-${scheme}.png`),
                await page.screenshot(),
            );
        }
    });
}

walk("records a payment", {}, async (page, go) => {
    await go("#/orders?paymentStatus=unpaid");
    await page.see("tbody .badge.red");
    await page.run('document.querySelector(".card-table .row-link").click()');
    await page.see("main .button-primary", "Record payment");
    await page.click("main .button-primary");
    await page.click("#mode-cheque");
    await page.click("dialog button[type=submit]");
    await page.see("#field-cheque-number-error", "ust");
    await page.type("#field-cheque-number", "100-300");
    await page.click("dialog button[type=submit]");
    await page.see("main .notice.green", "→ Paid");
});

walk("creates and deletes a coupon", {}, async (page, go) => {
    await go("#/coupons");
    await page.see(".card-table .row-link");
    await page.click("main .button-primary");
    await page.type("#field-name", "Fox");
    await page.type("#field-code", "FOX5");
    await page.type("#field-discountValue", "5");
    await page.click("dialog button[type=submit]");
    await page.see("h1", "Fox");
    await page.click("main .button-secondary");
    await page.click("dialog .button-danger");
    await page.see("h1", "Coupons");
});

walk("exports without file access", {}, async (page, go) => {
    await go("#/transactions");
    await page.see(".card-table .row-link");
    assert.equal(await page.run("return typeof window.showSaveFilePicker"), "undefined");
    // The download itself is the browser's; what it is given is read here.
    await page.run(`
        HTMLAnchorElement.prototype.click = function () {
            window.saved = this.download;
        };
        const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => ((window.blob = blob), make.call(URL, blob));
    `);
    await page.click(".head .actions .button");
    await page.click("dialog button[type=submit]");
    await page.see("dialog .notice.green", "saved");
    const [saved, lines] = await page.run(
        "return window.blob.text().then((text) => [window.saved, text.split('\\r\\n').length - 2])",
    );
    assert.match(saved, /^transactions-.*\.csv$/);
    const total = await page.run('return document.querySelector("h1 .total").textContent');
    assert.equal(lines, Number(total.replace(/\D/g, "")));
});

const SWITCHES = [
    ["429", "429"],
    ["500", "500"],
    ["timeout", "no answer"],
    ["dropped", "no answer"],
    ["html", "DecodeError"],
    ["drift", "repaired"],
];

walk("meets every switch", {}, async (page, go) => {
    await go("#/break-it");
    for (const [id, trail] of SWITCHES) {
        await page.click(`#switch-${id}`);
        await page.see("#banner", "every second request");
        await page.click('[data-scenario="try-read"]');
        await page.see('[data-result][data-scenario="try-read"]');
        await page.see(".lines-small .code", trail);
        const result = await page.run("return document.querySelector('[data-result]').dataset.result");
        assert.equal(result, id === "html" ? "DecodeError" : "success", id);
        await page.click("#banner .button");
        await page.run('document.querySelector(".result").replaceChildren()');
    }
    await page.click("#switch-500");
    await page.click("#which-write");
    await page.click('[data-scenario="try-write"]');
    await page.see(".outcome code", "unknown");
});
