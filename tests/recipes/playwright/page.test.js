import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { chromium } from "playwright-core";
import { createSandbox } from "ghl-payments/sandbox";
import { serve } from "./serve.js";

const sandbox = createSandbox({ seed: 7 });
let server, browser, page;

before(async () => {
    server = await serve();
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH });
});

after(async () => {
    await browser?.close();
    await server?.close();
});

beforeEach(async () => {
    sandbox.reset();
    await page?.close();
    page = await browser.newPage();
    // In place of the proxy behind /api, which adds the token.
    await page.route("**/api/**", async (route) => {
        const request = route.request();
        const { pathname, search } = new URL(request.url());
        try {
            const response = await sandbox.fetch(pathname.slice("/api".length) + search, {
                method: request.method(),
                headers: { ...request.headers(), authorization: `Bearer ${sandbox.token()}` },
                body: request.postDataBuffer() ?? undefined,
            });
            await route.fulfill({
                status: response.status,
                headers: Object.fromEntries(response.headers),
                body: Buffer.from(await response.arrayBuffer()),
            });
        } catch {
            await route.abort("connectionreset");
        }
    });
});

test("a click pays an order", async () => {
    await page.goto(`${server.url}#${sandbox.locationId}`);
    const button = page.getByRole("button", { name: "Pay" }).first();
    const id = (await button.textContent()).split(" ")[1];
    await button.click();
    await page.getByRole("button", { name: `Paid ${id}` }).waitFor();
    const [location] = sandbox.state().locations;
    assert.equal(location.orders.find((order) => order._id === id).paymentStatus, "paid");
});

test("the page says so when the API fails", async () => {
    sandbox.faults.add("html=403");
    await page.goto(`${server.url}#${sandbox.locationId}`);
    await page.getByText("PermissionError").waitFor();
});
