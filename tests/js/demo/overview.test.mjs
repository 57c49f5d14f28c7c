// The first view of the demo.

import assert from "node:assert/strict";
import { before, describe } from "node:test";
import { readAll, serve } from "./server.mjs";
import { amount, rows, url, walk } from "./walk.mjs";

walk("shows the sums of what the API delivers", { hash: "#/overview" }, async (page) => {
    await page.locator(".chart-canvas canvas").waitFor();
    const startAt = new Date(Date.now() - 90 * 86_400_000).toISOString().slice(0, 10);
    const all = await readAll(url, "/payments/transactions", { startAt });
    const own = all.filter(({ currency, liveMode }) => currency === "USD" && liveMode);
    const kept = ({ status, amount, amountRefunded = 0 }) => {
        if (status === "refunded") return Math.max(0, amount - (amountRefunded ?? amount));
        return status === "succeeded" ? amount - amountRefunded : 0;
    };
    const sum = own.reduce((total, transaction) => total + kept(transaction), 0);
    const tile = (name) => page.locator(".tile", { hasText: name }).first().locator(".tile-value").innerText();
    assert.ok(sum > 1000);
    assert.equal(amount(await tile("Revenue")).toFixed(2), sum.toFixed(2));
    assert.equal(Number(await tile("Payments")), own.filter((transaction) => kept(transaction) > 0).length);
    const rows = await page.locator(".chart table tbody td").allInnerTexts();
    assert.equal(
        rows
            .map(amount)
            .reduce((a, b) => a + b, 0)
            .toFixed(2),
        sum.toFixed(2),
        "the chart's table",
    );
    const bars = await page.locator(".bars").nth(1).locator("dd:not(.bar-track)").allInnerTexts();
    assert.equal(
        bars
            .map(amount)
            .reduce((a, b) => a + b, 0)
            .toFixed(2),
        sum.toFixed(2),
        "the sources",
    );
    const statuses = await page.locator(".bars").first().locator("dd:not(.bar-track)").allInnerTexts();
    assert.equal(
        statuses.map(Number).reduce((a, b) => a + b, 0),
        own.length,
        "the statuses",
    );
    assert.equal(await page.locator(".latest li").count(), 7);

    const gauge = page.getByRole("meter", { name: "Requests left" });
    assert.ok(Number(await gauge.getAttribute("aria-valuenow")) < 100);
    await page.getByRole("radio", { name: "12 months" }).check();
    await page.waitForFunction(() => document.querySelectorAll(".chart table tbody tr").length === 12);
    await page.getByLabel("Currency").selectOption("AUD");
    await page.waitForFunction(() => document.querySelector(".tile-value").textContent.startsWith("A$"));
    await page.locator(".chart-canvas").hover({ position: { x: 300, y: 120 } });
    await page.locator(".chart-tip").getByText(/A\$/).waitFor();
    await page.locator(".latest .row-link").first().click();
    await page.getByRole("heading", { name: /^Transaction over/ }).waitFor();
});

walk("says what is wrong and recovers", { hash: "#/orders" }, async (page) => {
    // Else it is the orders' own card that is seen, and the overview is read after all is well again.
    await rows(page).first().waitFor();
    await page.route("**/api/**", (route) => route.fulfill({ status: 200, body: "<html>Down</html>" }));
    await page.goto(`${url}#/overview`);
    await page.locator(".error-card .error-class", { hasText: "DecodeError" }).waitFor();
    await page.unroute("**/api/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".chart-canvas canvas").waitFor();
});

describe("an account without records", () => {
    let empty;
    before(async () => (empty = await serve(["--size", "0"])));

    walk("says so, and what comes next", { at: () => empty, hash: "#/overview" }, async (page) => {
        await page.getByText("No revenue in this period").waitFor();
        await page.getByText("No payments in this period").waitFor();
        await page.goto(`${empty}#/orders`);
        await page.getByText("No orders yet").waitFor();
        assert.equal(await page.locator(".pages").isVisible(), false);
    });
});
