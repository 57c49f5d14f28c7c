// The coupons of the demo.

import assert from "node:assert/strict";
import { readAll } from "./server.mjs";
import { field, fieldError, form, notice, rows, send, url, walk } from "./walk.mjs";

walk(
    "creates, edits and deletes a coupon",
    { hash: "#/coupons", provoked: [422, 500, 500, 500, 404, 404] },
    async (page, sent) => {
        await rows(page).first().waitFor();
        const taken = await page.locator("tbody code").first().innerText();
        const writes = () => sent.filter((request) => request.method() !== "GET").length;
        await page.getByRole("button", { name: "New coupon" }).click();
        await send(page).click();
        for (const path of ["name", "code", "discountValue"])
            await fieldError(page, path).getByText(/\w/).waitFor();
        assert.equal(
            await page.evaluate(() => document.activeElement.name),
            "name",
            "the first wrong field has the focus",
        );
        assert.equal(writes(), 0, "wrong input is not sent");
        await field(page, "name").fill("Walk in");
        await field(page, "code").fill(taken);
        await field(page, "discountValue").fill("12,5");
        await send(page).click();
        await fieldError(page, "code").getByText("Is already used by another coupon").waitFor();
        const code = `WALK${Date.now().toString(36).toUpperCase()}`;
        await field(page, "code").fill(code);
        await field(page, "limitPerCustomer").check();
        await send(page).click();
        await page.getByRole("heading", { name: "Walk in" }).waitFor();
        await page.getByText("12.5%", { exact: true }).waitFor();

        await page.getByRole("button", { name: "Edit" }).click();
        assert.equal(await field(page, "code").inputValue(), code);
        assert.ok(await field(page, "limitPerCustomer").isChecked());
        await field(page, "name").fill("Walk out");
        await form(page).getByText("Let the sandbox fail").click();
        await field(page, "fault").selectOption("applied-then=500");
        await send(page).click();
        await form(page).getByText("The coupon may have been saved").waitFor();
        await form(page).getByRole("button", { name: "Check what happened" }).click();
        await notice(page).getByText(`It was saved: ${code}`).waitFor();
        await page.getByRole("heading", { name: "Walk out" }).waitFor();

        await page.getByRole("button", { name: "Delete" }).click();
        await send(page).click();
        await page.getByRole("heading", { name: /^Coupons/ }).waitFor();
        const id = (await readAll(url, "/payments/coupon/list")).find((coupon) => coupon.code === code);
        assert.equal(id, undefined, "it is gone");
        await page.getByLabel("Search").fill(code);
        await page.getByText("No coupons match").waitFor();
        // A coupon that is gone says so.
        await page.goto(`${url}#/coupons/${"0".repeat(24)}`);
        await page.locator(".error-card", { hasText: "coupons.get" }).getByText("NotFoundError").first().waitFor();
        await page.goto(`${url}#/subscriptions/${"0".repeat(24)}`);
        await page
            .locator(".error-card", { hasText: "subscriptions.get" })
            .getByText("NotFoundError")
            .first()
            .waitFor();
    },
);
