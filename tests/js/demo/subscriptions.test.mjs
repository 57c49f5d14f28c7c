// The subscriptions of the demo.

import assert from "node:assert/strict";
import { readAll } from "./server.mjs";
import { rows, url, walk } from "./walk.mjs";

walk("lists subscriptions and what they brought", { hash: "#/subscriptions" }, async (page) => {
    await rows(page).first().waitFor();
    const [wanted] = (await readAll(url, "/payments/subscriptions")).filter(({ status }) => status === "active");
    const paid = await readAll(url, "/payments/transactions", { subscriptionId: wanted.subscriptionId });
    assert.ok(paid.length > 0);
    await page.goto(`${url}#/subscriptions/${wanted._id}`);
    await page.getByRole("heading", { name: /^Subscription over/ }).waitFor();
    await page.locator(".badges").getByText("Active").waitFor();
    assert.equal(
        await page.locator(".card", { hasText: "Payments" }).locator("tbody tr").count(),
        Math.min(50, paid.length),
    );
    await page.getByRole("heading", { name: "Provider's record" }).waitFor();
});
