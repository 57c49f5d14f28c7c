// The transactions of the demo.

import assert from "node:assert/strict";
import { rows, walk } from "./walk.mjs";

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
