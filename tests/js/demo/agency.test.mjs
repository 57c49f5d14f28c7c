// The view Agency of the demo, over examples/agency-sync in the real workerd.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import { ROOT, SCREENSHOTS, serve, VIEWPORTS } from "./server.mjs";
import { AXE, walk } from "./walk.mjs";

const { start } = await import(pathToFileURL(join(ROOT, "examples/run.mjs")).href);

const LOCATIONS = ["north", "south", "east", "west"];

let example;
let demo;
let bare;
before(async () => {
    example = await start("agency", { locations: LOCATIONS, size: 250 });
    demo = await serve(["--agency", example.url], { GHL_AGENCY_COOKIE: await example.signIn() });
    bare = await serve(["--agency", example.url]);
});
after(() => example?.stop());

const at = () => demo;
const button = (page, name) => page.getByRole("button", { name, exact: true });
const state = (page, text) => page.locator(".agency-progress .badge", { hasText: text }).first().waitFor();
const tile = (page, name) => page.locator(".tile", { has: page.locator("dt", { hasText: name }) }).locator(".tile-value");

async function noBarrier(page, name) {
    await page.evaluate(AXE);
    const found = await page.evaluate(() => window.axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`)));
    assert.deepEqual(found, [], name);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, `${name} is too wide`);
}

/** What the example adds up, asked of it directly. */
async function money(by, days) {
    const to = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const from = new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
    const response = await fetch(new URL(`agency/api/money?${new URLSearchParams({ from, to, by })}`, demo));
    return (await response.json()).rows;
}

walk("a run that is begun here ends, a location that is refused is named and tried again, and the money adds up", { hash: "#/agency", at }, async (page) => {
    await page.getByText("Nothing was read yet.").waitFor();
    example.sandbox.faults.add("status=401", { locationId: "west", operation: "transactions.list", times: 1000 });
    await button(page, "Read everything").click();
    await state(page, "Running");
    await page.locator(".agency-trouble li", { hasText: "west" }).waitFor({ timeout: 60_000 });
    await state(page, "Ended");
    await noBarrier(page, "with trouble");
    example.sandbox.faults.clear();
    await page.getByRole("button", { name: "Try again: west" }).click();
    await page.locator(".agency-trouble").waitFor({ state: "detached", timeout: 60_000 });
    await state(page, "Ended");
    await page.locator(".chart-canvas canvas").waitFor();

    const rows = (await money("currency", 90)).sort((a, b) => b.records - a.records);
    const [most] = rows;
    const written = new Intl.NumberFormat("en-US", { style: "currency", currency: most.currency }).format(most.net / 10 ** most.decimals);
    await page.locator(".tile-value", { hasText: written }).waitFor();
    assert.equal(await tile(page, "Payments").innerText(), new Intl.NumberFormat("en-US").format(most.count));
    assert.equal(await tile(page, "Locations").innerText(), `${LOCATIONS.length}`);
    const named = await page.locator(".halves .bars").first().locator("dt").allInnerTexts();
    assert.deepEqual([...named].sort(), [...LOCATIONS].sort());

    // A longer time has more in it, and the address keeps what was chosen.
    await page.getByLabel("12 months").check();
    const year = (await money("currency", 365)).find(({ currency }) => currency === most.currency);
    await page.locator(".tile-value", { hasText: new Intl.NumberFormat("en-US", { style: "currency", currency: most.currency }).format(year.net / 100) }).waitFor();
    assert.match(page.url(), /days=365/);
    await button(page, "Read what is new").click();
    await page.getByText("what is new").first().waitFor();
    await state(page, "Ended");
});

for (const viewport of Object.keys(VIEWPORTS)) {
    for (const scheme of ["light", "dark"]) {
        walk(`has no barrier: ${viewport}, ${scheme}`, { hash: "#/agency?days=365", at, viewport, scheme }, async (page) => {
            await page.locator(".chart-canvas canvas").waitFor();
            await state(page, "Ended");
            await noBarrier(page, `${viewport}, ${scheme}`);
            await page.screenshot({ path: join(SCREENSHOTS, `agency-${viewport}-${scheme}.png`), fullPage: true });
        });
    }
}

walk("without an installation it says what is missing; another site's page is refused", { hash: "#/agency", at: () => bare, provoked: [401] }, async (page) => {
    await page.getByText("Nobody has installed the app for the agency.").waitFor();
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
        const response = await fetch(new URL("agency/api/start", demo), { method: "POST", headers, body: "{}" });
        assert.equal(response.status, 403, JSON.stringify(headers));
    }
    for (const [method, name] of [["GET", "start"], ["POST", "money"], ["GET", "../runs"], ["GET", "x"]]) {
        assert.equal((await fetch(new URL(`agency/api/${name}`, demo), { method })).status, 404, name);
    }
});
