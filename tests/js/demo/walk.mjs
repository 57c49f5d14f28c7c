// What the walks through the demo share: a visitor in Chromium, against the built package and the sandbox.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { launch } from "../support/chromium.mjs";
import { SCREENSHOTS, serve, stopServers, VIEWPORTS } from "./server.mjs";

export const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** In place of the statuses that a walk provokes: chance decides how many. */
export const ANY = Symbol("any");

export let browser;
export let url;

before(async () => {
    url = await serve();
    browser = await launch(chromium);
});

after(async () => {
    await browser?.close();
    await stopServers();
});

/** A walk on a page of its own; `provoked` names the statuses that it makes the API answer, each as often as it must. */
export function walk(name, options, steps) {
    const { provoked = [], hash = "#/orders", viewport = "desktop", scheme = "light", at = () => url, init } = options;
    test(name, { timeout: 120_000 }, async () => {
        const context = await browser.newContext({
            viewport: VIEWPORTS[viewport],
            colorScheme: scheme,
            locale: "en-US",
            timezoneId: "UTC",
        });
        if (init) await context.addInitScript(init);
        const page = await context.newPage();
        page.setDefaultTimeout(10_000);
        const problems = [];
        const failures = [];
        const sent = [];
        page.on("console", (message) => {
            const [, status] = /Failed to load resource: (?:.* status of (\d+)|net::ERR_)/.exec(message.text()) ?? [];
            const failed = message.text().startsWith("Failed to load resource");
            if (failed && message.location().url.includes("/api/")) failures.push(Number(status ?? 0));
            else if (["error", "warning"].includes(message.type())) problems.push(message.text());
        });
        page.on("pageerror", (error) => problems.push(String(error)));
        page.on("request", (request) => request.url().includes("/api/") && sent.push(request));
        try {
            await page.goto(at() + hash);
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
        if (provoked !== ANY) assert.deepEqual(failures.sort(), [...provoked].sort(), "only what was provoked fails");
    });
}

export const rows = (page) => page.locator(".card-table tbody tr:has(.row-link)");
export const result = (page, scenario) => page.locator(`[data-result][data-scenario="${scenario}"]`);
export const payButton = (page) => page.locator("main").getByRole("button", { name: "Record payment" });
export const dialog = (page) => page.getByRole("dialog", { name: "Record payment" });
export const submit = (page) => dialog(page).locator("button[type=submit]");

export async function run(page, scenario) {
    await page.locator(`button[data-scenario="${scenario}"]`).click();
    await result(page, scenario).waitFor();
    return result(page, scenario);
}

/** Opens the nth order that nobody has paid for yet. */
export async function openUnpaid(page, nth) {
    await page.goto(`${url}#/orders?paymentStatus=unpaid`);
    await page.locator("tbody .badge.red").first().waitFor();
    await rows(page).nth(nth).getByRole("link").click();
    await payButton(page).waitFor();
}

export async function left(page) {
    const text = await page.locator(".total-line", { hasText: "Left to pay" }).locator("dd").innerText();
    return Number(text.replace(/[^\d.]/g, ""));
}

export const amount = (text) => Number(text.replace(/[^\d.]/g, ""));
export const field = (page, path) => page.locator(`:is(input, select, textarea)[name="${path}"]`);
export const fieldError = (page, path) => page.locator(`#field-${path.replace(/\W+/g, "-")}-error`);
export const form = (page) => page.getByRole("dialog");
export const send = (page) => form(page).locator("button[type=submit]");
export const notice = (page) => page.locator("main .notice.green");

/** What a visitor's choice of a file would give: a file in the page's own storage, as it can be written piece by piece. */
export const PICKED = async () => {
    window.showSaveFilePicker = async ({ suggestedName }) => {
        const folder = await navigator.storage.getDirectory();
        window.picked = await folder.getFileHandle(suggestedName, { create: true });
        return window.picked;
    };
};

/** What each view shows when it is ready. */
export const VIEWS = {
    overview: { hash: "#/overview", ready: ".chart-canvas canvas" },
    orders: { hash: "#/orders", ready: ".card-table .row-link" },
    transactions: { hash: "#/transactions", ready: ".card-table .row-link" },
    subscriptions: { hash: "#/subscriptions", ready: ".card-table .row-link" },
    coupons: { hash: "#/coupons", ready: ".card-table .row-link" },
    providers: { hash: "#/providers", ready: ".card-table tbody tr" },
    checkout: { hash: "#/checkout", ready: ".checkout-form #order" },
    agency: { hash: "#/agency", ready: ".agency-command" },
    inspector: { hash: "#/inspector", ready: "pre.snippet" },
    "break-it": { hash: "#/break-it", ready: "#switch-500" },
};

/** A record of each list, opened by its first link. */
export const RECORDS_OF = ["orders", "transactions", "subscriptions", "coupons"];
