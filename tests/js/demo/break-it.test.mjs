// What the demo breaks on purpose.

import assert from "node:assert/strict";
import { describe } from "node:test";
import { ANY, field, form, rows, run, send, url, walk } from "./walk.mjs";

const SCENARIOS = [
    { id: "path-id", error: "ValidationError", outcome: "not_sent", says: "orderId", requests: 0 },
    { id: "body", error: "ValidationError", outcome: "not_sent", says: "card.last4", requests: 0 },
    { id: "token", error: "AuthenticationError", outcome: "rejected", says: "HTTP 401", provoked: [401] },
    { id: "unknown-id", error: "NotFoundError", outcome: "rejected", says: "Trace id", provoked: [404] },
    {
        id: "overpay",
        error: "InvalidRequestError",
        outcome: "rejected",
        says: "amount must not",
        provoked: [422],
        requests: 2,
    },
    {
        id: "status-500",
        error: "ServerError",
        outcome: "rejected",
        says: "HTTP 500",
        provoked: [500, 500, 500],
        requests: 3,
    },
    {
        id: "lost-answer",
        error: "ServerError",
        outcome: "unknown",
        says: "before you send it again",
        provoked: [500],
        requests: 2,
    },
    {
        id: "rate-limit",
        error: "RateLimitError",
        outcome: "rejected",
        says: "Asks to wait",
        provoked: [429, 429],
        requests: 2,
    },
    { id: "timeout", error: "TimeoutError", outcome: "unknown", says: "asking again is safe" },
    { id: "html", error: "DecodeError", outcome: "applied", says: "<!DOCTYPE html>" },
    { id: "truncated", error: "DecodeError", outcome: "applied", says: "Where it differs" },
];

for (const { id, error, outcome, says, provoked = [], requests = 1 } of SCENARIOS) {
    walk(`explains a provoked ${error} (${id})`, { hash: "#/break-it", provoked }, async (page, sent) => {
        const shown = await run(page, id);
        assert.equal(await shown.getAttribute("data-result"), error);
        assert.equal(await shown.locator(".error-class").innerText(), error);
        assert.equal(await shown.locator(".outcome code").innerText(), outcome);
        assert.ok((await shown.innerText()).includes(says), says);
        assert.equal(sent.length, requests, "requests sent");
        assert.ok(!(await page.locator("body").innerText()).includes("not-a-token"), "the token is nowhere");
        assert.equal(
            await page.evaluate(() => document.activeElement.textContent),
            await shown.locator("h2").innerText(),
        );
    });
}

walk("shows the retries of a read", { hash: "#/break-it", provoked: [500, 500, 500] }, async (page) => {
    await run(page, "status-500");
    const trail = await page.locator(".lines-small .code").allInnerTexts();
    assert.deepEqual(trail, ["500", "retry", "500", "retry", "500", "ServerError"]);
    await page.getByRole("button", { name: "API activity" }).click();
    const log = page.getByRole("list", { name: "Calls, latest first" });
    await log.getByRole("link", { name: "3 attempts · ServerError" }).click();
    await page.getByRole("heading", { name: "orders.list" }).waitFor();
    assert.deepEqual(await page.locator(".lines-small .code").allInnerTexts(), trail);
});

walk("shows what was repaired", { hash: "#/break-it" }, async (page) => {
    const shown = await run(page, "drift");
    assert.match(await shown.innerText(), /3 orders delivered with numbers as numbers: \D{1,3}[\d,]+\.\d\d/);
    await page.getByText("data[0].amount: text → number").waitFor();
});

walk("leads from a lost answer to the order", { hash: "#/break-it", provoked: [500] }, async (page) => {
    const shown = await run(page, "lost-answer");
    await shown.getByRole("link", { name: "Look at the order" }).click();
    await page.getByRole("heading", { name: /^Order over/ }).waitFor();
    assert.equal(await page.locator(".badges .badge").first().innerText(), "Paid");
});

describe("the switches", () => {
    const SWITCHES = [
        { id: "429", call: "try-read", trail: ["429", "retry", "200"], result: "success" },
        { id: "429", call: "try-write", which: "Writes only", trail: ["429", "retry", "200"], result: "success" },
        { id: "500", call: "try-read", trail: ["500", "retry", "200"], result: "success" },
        {
            id: "500",
            call: "try-write",
            which: "Writes only",
            trail: ["500", "ServerError"],
            result: "ServerError",
            outcome: "unknown",
        },
        { id: "timeout", call: "try-read", trail: ["no answer", "retry", "200"], result: "success" },
        { id: "dropped", call: "try-read", trail: ["no answer", "retry", "200"], result: "success" },
        {
            id: "dropped",
            call: "try-write",
            which: "Writes only",
            trail: ["no answer", "NetworkError"],
            result: "NetworkError",
            outcome: "unknown",
        },
        { id: "html", call: "try-read", trail: ["200", "DecodeError"], result: "DecodeError", outcome: "applied" },
        { id: "drift", call: "try-read", result: "success", says: "repaired" },
    ];

    for (const { id, call, which, trail, result: expected, outcome, says } of SWITCHES) {
        walk(`${id} meets ${call}`, { hash: "#/break-it", provoked: ANY }, async (page) => {
            await page.locator(`#switch-${id}`).check();
            if (which) await page.getByRole("radio", { name: which }).check();
            const banner = page.locator("#banner");
            await banner.getByText("every second request").waitFor();
            const shown = await run(page, call);
            assert.equal(await shown.getAttribute("data-result"), expected);
            if (trail) assert.deepEqual(await page.locator(".lines-small .code").allInnerTexts(), trail);
            if (outcome) assert.equal(await shown.locator(".outcome code").innerText(), outcome);
            if (says) assert.ok((await page.locator(".lines-small").innerText()).includes(says));
            await banner.getByRole("button", { name: "Turn off" }).click();
            assert.equal(await banner.isVisible(), false);
            assert.equal(await page.locator(`#switch-${id}`).isChecked(), false);
        });
    }

    walk("stay on while the visitor looks around", { hash: "#/break-it", provoked: [404, 500, 500] }, async (page) => {
        await page.locator("#switch-500").check();
        await page.getByRole("radio", { name: "The next request" }).check();
        await page.getByRole("link", { name: "Orders", exact: true }).click();
        await rows(page).first().waitFor();
        assert.equal(await page.locator("#banner").isVisible(), false, "it was for one request");
        await page.goto(`${url}#/inspector?show=problems`);
        assert.deepEqual(await page.locator(".lines-small .code").allInnerTexts(), ["500", "retry", "200"]);

        // A write in any form meets it as well.
        await page.goto(`${url}#/break-it`);
        await page.locator("#switch-500").check();
        await page.getByRole("radio", { name: "Writes only" }).check();
        await page.goto(`${url}#/coupons`);
        await page.getByRole("button", { name: "New coupon" }).click();
        await field(page, "name").fill("Nobody knows");
        await field(page, "code").fill("NOBODYKNOWS");
        await field(page, "discountValue").fill("5");
        await send(page).click();
        await form(page).getByText("The coupon may have been saved").waitFor();
        await form(page).getByRole("button", { name: "Check what happened" }).click();
        await form(page).getByText("The coupon was not saved").waitFor();
        await send(page).click();
        await page.getByRole("heading", { name: "Nobody knows" }).waitFor();
    });
});
