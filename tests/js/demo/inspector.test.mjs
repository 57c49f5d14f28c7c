// The inspector of the demo.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dialog, notice, openUnpaid, payButton, submit, url, walk } from "./walk.mjs";

const SNIPPET = "pre.snippet";

walk(
    "shows every call, and gives it as code that runs",
    { hash: '#/orders?search=o\'brien "x" $HOME' },
    async (page) => {
        await page.getByText("No orders match").waitFor();
        await page.goto(`${url}#/inspector`);
        await page.getByRole("heading", { name: "orders.list" }).waitFor();
        const about = await page.locator(".column-result .facts").first().innerText();
        assert.match(about, /Attempts\s+1/);
        assert.match(about, /Rate limit\s+\d+ of 100 left/);
        const as = async (name) => {
            await page.getByRole("radio", { name }).check();
            return page.locator(SNIPPET).innerText();
        };
        const search = 'o\'brien "x" $HOME';

        const curl = await as("cURL");
        const shell = spawnSync("sh", ["-c", `curl() { printf '%s\\n' "$@"; }\n${curl}`], {
            env: { GHL_TOKEN: "walk-token" },
        });
        const [, method, address, , authorization, , version] = shell.stdout.toString().split("\n");
        assert.equal(method, "GET");
        assert.equal(
            new URL(address).origin + new URL(address).pathname,
            "https://services.leadconnectorhq.com/payments/orders",
        );
        assert.equal(new URL(address).searchParams.get("search"), search);
        assert.equal(authorization, "Authorization: Bearer walk-token");
        assert.equal(version, "Version: 2021-07-28");

        const code = await as("fetch");
        const asked = [];
        const answer = async (address, init) => (asked.push({ address, ...init }), Response.json({ data: [] }));
        const AsyncFunction = (async () => {}).constructor;
        await new AsyncFunction("fetch", "console", code)(answer, { log() {} });
        assert.equal(asked[0].headers.Authorization, "Bearer YOUR_TOKEN");
        assert.equal(new URL(asked[0].address).searchParams.get("search"), search);

        const python = await as("Python");
        assert.ok(python.includes(`["search", ${JSON.stringify(search)}]`), python);
        assert.ok(python.includes("os.environ['GHL_TOKEN']"));

        const { nodes } = JSON.parse(await as("n8n node"));
        assert.equal(nodes[0].type, "n8n-nodes-base.httpRequest");
        const { parameters } = nodes[0];
        assert.equal(parameters.url, "https://services.leadconnectorhq.com/payments/orders");
        assert.deepEqual(
            parameters.queryParameters.parameters.find(({ name }) => name === "search"),
            { name: "search", value: search },
        );
        assert.deepEqual(parameters.headerParameters.parameters[0], {
            name: "Authorization",
            value: "Bearer YOUR_TOKEN",
        });
    },
);

walk("gives writes with their bodies", {}, async (page) => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await openUnpaid(page, 3);
    await payButton(page).click();
    await dialog(page).getByRole("radio", { name: "A part of it" }).check();
    await dialog(page).getByLabel("Amount").fill("1");
    await dialog(page).getByLabel("Notes").fill(`it's "true" \\ ok`);
    await submit(page).click();
    await notice(page).waitFor();
    await page.goto(`${url}#/inspector?show=writes`);
    await page.getByRole("heading", { name: "orders.recordPayment" }).waitFor();
    const curl = await page.locator(SNIPPET).innerText();
    await page.getByRole("button", { name: "Copy the code" }).click();
    await page.locator("#live", { hasText: "Copied" }).waitFor({ state: "attached" });
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), curl);
    const shell = spawnSync("sh", ["-c", `curl() { for last; do :; done; printf '%s' "$last"; }\n${curl}`], {
        env: {},
    });
    const body = JSON.parse(shell.stdout.toString());
    assert.equal(body.notes, `it's "true" \\ ok`);
    await page.getByRole("radio", { name: "n8n node" }).check();
    const { jsonBody } = JSON.parse(await page.locator(SNIPPET).innerText()).nodes[0].parameters;
    assert.deepEqual(JSON.parse(jsonBody), body);
    await page.getByRole("radio", { name: "Python" }).check();
    const python = await page.locator(SNIPPET).innerText();
    assert.ok(python.includes('"isPartialPayment": True'), python);
    await page.getByRole("button", { name: "Clear" }).click();
    await page.getByText("No such calls yet").waitFor();
});
