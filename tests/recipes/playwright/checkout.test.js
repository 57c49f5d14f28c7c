import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { createSandbox, serveSandbox } from "ghl-payments/sandbox";
import { serve } from "./serve.js";

const charges = new Map();

/** The code under test: the queryUrl. */
async function queryUrl(request) {
    const { apiKey, chargeId, transactionId } = await request.json();
    const paid = apiKey === "secret_1" && charges.get(chargeId) === transactionId;
    return Response.json(paid ? { success: true } : { success: false, failed: true, message: "The card was declined" });
}

const sandbox = createSandbox({ seed: 7, queries: { fetch: queryUrl } });
const steer = serveSandbox(sandbox);
let server, browser;

before(async () => {
    server = await serve();
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH });
});

after(async () => {
    await browser?.close();
    await server?.close();
});

test("a payment in HighLevel's checkout", async () => {
    sandbox.connectProvider({ paymentsUrl: `${server.url}pay.html`, test: { apiKey: "secret_1", publishableKey: "pk_1" } });
    const order = sandbox.createOrder();
    const { id } = await sandbox.checkout({ orderId: order._id });

    const page = await browser.newPage();
    // The page steers the sandbox of this process: on a server of your own, `/sandbox/` leads to `steer`.
    await page.route(`${server.url}sandbox/**`, async (route) => {
        const request = route.request();
        const [url, method, headers, body] = [request.url(), request.method(), request.headers(), request.postData()];
        const response = await steer(new Request(url, { method, headers, body }));
        const { status } = response;
        await route.fulfill({ status, headers: Object.fromEntries(response.headers), body: await response.text() });
    });
    await page.route("**/charges", async (route) => {
        const { transactionId } = route.request().postDataJSON();
        charges.set("ch_1", transactionId);
        await route.fulfill({ json: { chargeId: "ch_1" } });
    });

    await page.goto(`${server.url}checkout.html#${id}`);
    await page.frameLocator("iframe").getByRole("button", { name: `Pay ${order.amount} usd` }).click();
    await page.locator("iframe").waitFor({ state: "detached" });

    while ((await sandbox.session(id)).state === "verifying") await page.waitForTimeout(10);
    assert.equal((await sandbox.session(id)).state, "succeeded");
    assert.equal(sandbox.state().locations[0].orders.find(({ _id }) => _id === order._id).paymentStatus, "paid");
    assert.deepEqual(sandbox.timeline().flatMap(({ issues }) => issues.filter(({ level }) => level === "error")), []);
});
