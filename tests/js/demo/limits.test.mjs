// The demo where the API is slow to answer, or has much to say.

import assert from "node:assert/strict";
import { before, describe } from "node:test";
import { serve } from "./server.mjs";
import { form, PICKED, rows, url, walk } from "./walk.mjs";

describe("the rate limit", () => {
    /** Every answer says that nothing is left for a while. */
    const spent = (page) =>
        page.route("**/api/**", async (route) => {
            const response = await route.fetch();
            const named = { "x-ratelimit-remaining": "0", "x-ratelimit-interval-milliseconds": "3000" };
            await route.fulfill({ response, headers: { ...response.headers(), ...named } });
        });
    const waits = "waiting for the rate limit";

    walk("is seen where a view waits for it", { hash: "#/nowhere" }, async (page, sent) => {
        await spent(page);
        await page.goto(`${url}#/orders`);
        await rows(page).first().waitFor();
        await page.goto(`${url}#/transactions`);
        await page.locator(".activity-latest").getByText(waits).waitFor();
        const early = sent.filter((request) => request.url().includes("/payments/transactions"));
        assert.deepEqual(early, [], "nothing goes out meanwhile");
        await rows(page).first().waitFor();
        assert.equal(await page.locator(".activity-latest").getByText(waits).count(), 0);
    });

    walk("is seen where an export waits for it", { hash: "#/nowhere", init: PICKED }, async (page) => {
        await spent(page);
        await page.goto(`${url}#/orders`);
        await rows(page).first().waitFor();
        await page.getByRole("button", { name: "Export" }).click();
        await form(page).getByRole("button", { name: "Export" }).click();
        await form(page)
            .getByText(new RegExp(`^0 of .*; ${waits}$`))
            .waitFor();
        await form(page)
            .getByText(new RegExp(`^[1-9]\\d* of .*; ${waits}$`))
            .waitFor();
        await page.unroute("**/api/**");
        await form(page).getByText(/saved$/).waitFor({ timeout: 30_000 });
        assert.equal(await form(page).getByText(waits).count(), 0);
    });
});

describe("thousands of records", () => {
    const RECORDS = 6000;
    let large;
    before(async () => (large = await serve(["--size", String(RECORDS)])));

    walk("are paged through without a stutter", { at: () => large }, async (page) => {
        await rows(page).first().waitFor();
        await page.evaluate(() => {
            window.longest = 0;
            new PerformanceObserver((list) => {
                for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
            }).observe({ type: "longtask" });
        });
        const range = page.locator(".range");
        for (let turn = 2; turn <= 12; turn += 1) {
            await page.getByRole("button", { name: "Next" }).click();
            await range.filter({ hasText: `${((turn - 1) * 20 + 1).toLocaleString("en-US")}–` }).waitFor();
        }
        await page.getByLabel("Page", { exact: true }).fill("99999");
        await page.getByLabel("Page", { exact: true }).press("Enter");
        await range.filter({ hasText: "–6,000 of 6,000 orders" }).waitFor();
        const longest = await page.evaluate(() => window.longest);
        console.log(`longest task while paging through ${RECORDS} orders: ${Math.round(longest)} ms`);
        assert.ok(longest < 300, `${longest} ms`);
        assert.ok((await page.locator("*").count()) < 1500, "only one page is in the document");
    });

    walk("are exported in constant memory", { at: () => large, init: PICKED }, async (page) => {
        await rows(page).first().waitFor();
        const session = await page.context().newCDPSession(page);
        const heap = async () => {
            await session.send("HeapProfiler.collectGarbage");
            return (await session.send("Runtime.getHeapUsage")).usedSize / 1e6;
        };
        // The eleventh page waits until the memory is read. Where it begins is the client's choice: pages may overlap.
        let goOn;
        const measured = new Promise((resolve) => (goOn = resolve));
        let pages = 0;
        await page.route("**/api/payments/orders?limit=100&**", async (route) => {
            pages += 1;
            if (pages > 10) await measured;
            await route.continue();
        });
        await page.getByRole("button", { name: "Export" }).click();
        await form(page).getByRole("button", { name: "Export" }).click();
        await form(page)
            .getByText(/^(9[5-9]\d|1,000) of 6,000/)
            .waitFor();
        const early = await heap();
        goOn();
        await form(page)
            .getByText(/saved$/)
            .waitFor({ timeout: 90_000 });
        const late = await heap();
        const { size, lines } = await page.evaluate(async () => {
            const file = await window.picked.getFile();
            return { size: file.size, lines: (await file.text()).split("\r\n").length - 1 };
        });
        console.log(
            `export of ${RECORDS} orders, ${(size / 1e6).toFixed(1)} MB: page heap ${early.toFixed(1)} MB after a sixth, ${late.toFixed(1)} MB at the end`,
        );
        assert.equal(lines, RECORDS + 1);
        assert.ok(late - early < size / 1e6 / 2, `it grew by ${late - early} MB`);
    });
});
