// The payment providers of the demo.

import assert from "node:assert/strict";
import { field, fieldError, notice, send, url, walk } from "./walk.mjs";

walk(
    "sets up providers, and keeps their keys to itself",
    { hash: "#/providers", provoked: [400] },
    async (page) => {
        const live = page.locator(".mode").first();
        await live.getByRole("button", { name: "Disconnect live" }).click();
        await send(page).click();
        await notice(page).getByText("Live mode disconnected").waitFor();
        await live.getByText("Not connected").waitFor();
        await live.getByRole("button", { name: "Connect live" }).click();
        await send(page).click();
        await fieldError(page, "live.apiKey").getByText(/\w/).waitFor();
        await field(page, "live.apiKey").fill("secret-of-the-walk-1234");
        await field(page, "live.publishableKey").fill("public-of-the-walk-5678");
        await send(page).click();
        await notice(page).getByText("Live mode connected").waitFor();
        await live.getByText("•••• 1234").waitFor();
        await page.getByRole("button", { name: "Allow scheduled charges" }).click();
        await send(page).click();
        await page.getByText("Supported", { exact: true }).waitFor();

        await page.goto(`${url}#/inspector?show=writes`);
        await page.locator(".call-open", { hasText: "custom-provider/connect" }).first().click();
        await page.getByText("YOUR_apiKey").first().waitFor();
        assert.ok(!(await page.content()).includes("of-the-walk"), "no key is on the page");

        await page.goto(`${url}#/providers`);
        await page.getByRole("button", { name: "Delete provider" }).click();
        await send(page).click();
        await page.getByText("No provider of your own yet").waitFor();
        await page.getByRole("button", { name: "Create provider" }).click();
        await field(page, "name").fill("Walk Pay");
        await field(page, "paymentsUrl").fill("http://pay.example.com");
        await send(page).click();
        await fieldError(page, "paymentsUrl").getByText("Must be a URL that starts with https://").waitFor();
        await field(page, "description").fill("For the walk");
        for (const path of ["paymentsUrl", "queryUrl", "imageUrl"])
            await field(page, path).fill(`https://pay.example.com/${path}`);
        await send(page).click();
        await notice(page).getByText("Provider saved").waitFor();

        await page.getByRole("button", { name: "Add provider" }).click();
        await field(page, "uniqueName").fill("Not Good");
        await send(page).click();
        await fieldError(page, "uniqueName").getByText("Must be lower-case letters").waitFor();
        for (const [path, text] of [
            ["uniqueName", "walk-pay"],
            ["title", "Walk Gateway"],
            ["description", "For the walk"],
            ["imageUrl", "https://pay.example.com/logo.png"],
        ]) {
            await field(page, path).fill(text);
        }
        await send(page).click();
        await notice(page).getByText("Walk Gateway added").waitFor();
        await page.getByRole("cell", { name: "walk-pay" }).waitFor();
    },
);
