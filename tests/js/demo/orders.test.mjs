// The orders of the demo, their payments and fulfilments.

import assert from "node:assert/strict";
import { readAll } from "./server.mjs";
import {
    dialog,
    field,
    fieldError,
    left,
    notice,
    openUnpaid,
    payButton,
    rows,
    send,
    submit,
    url,
    walk,
} from "./walk.mjs";

walk("lists orders page by page", {}, async (page, sent) => {
    await rows(page).first().waitFor();
    assert.equal(await rows(page).count(), 20);
    const total = Number((await page.locator("h1 .total").innerText()).replace(/\D/g, ""));
    assert.ok(total >= 250, `${total} orders`);
    const range = page.locator(".range");
    assert.equal(await range.innerText(), `1–20 of ${total} orders`);
    assert.match(await rows(page).first().locator(".col-amount").innerText(), /^\D{1,3}[\d,]+\.\d\d$/);
    assert.match(await rows(page).first().locator(".col-date").innerText(), /^[A-Z][a-z]{2} \d{1,2}, \d{4}/);

    const first = await rows(page).first().getByRole("link").getAttribute("href");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText(`21–40 of ${total} orders`).first().waitFor();
    const second = await rows(page).first().getByRole("link").getAttribute("href");
    assert.notEqual(second, first);
    await page.getByRole("button", { name: "Previous" }).click();
    await page.getByText(`1–20 of ${total} orders`).first().waitFor();
    await page.goBack();
    await page.getByText(`21–40 of ${total} orders`).first().waitFor();
    await page.goto(`${url}#/orders?page=${Math.ceil(total / 20)}`);
    await page.getByText(`of ${total} orders`).first().waitFor();
    await page.locator('.pages button[aria-disabled="true"]', { hasText: "Next" }).waitFor();

    for (const request of sent) assert.equal(request.headers().authorization, undefined);
    const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
    assert.deepEqual(kept, [0, 0, ""], "nothing is stored");
});

walk("filters orders", {}, async (page) => {
    await rows(page).first().waitFor();
    await page.getByLabel("Payment", { exact: true }).selectOption("partially_paid");
    await page.waitForFunction(() => {
        const badges = [...document.querySelectorAll("tbody .col-badge .badge:first-child")];
        return badges.length > 0 && badges.every((badge) => badge.textContent === "Partially paid");
    });
    assert.match(page.url(), /paymentStatus=partially_paid/);
    await page.getByLabel("Status", { exact: true }).selectOption("pending");
    await page.waitForFunction(() => {
        const cells = [...document.querySelectorAll("tbody .col-wide")];
        return cells.length > 0 && cells.every((cell) => cell.textContent === "Pending");
    });
    await page.reload();
    await rows(page).first().waitFor();
    assert.equal(await page.getByLabel("Payment", { exact: true }).inputValue(), "partially_paid");

    await page.goto(`${url}#/orders`);
    await page.locator("tbody .badge.green").first().waitFor();
    const name = await rows(page).first().getByRole("link").innerText();
    await page.getByLabel("Search").fill(name);
    await page.waitForFunction((wanted) => {
        const links = [...document.querySelectorAll("tbody .row-link")];
        return links.length > 0 && links.every((link) => link.textContent === wanted);
    }, name);
    await page.getByLabel("Search").fill("nobody is called this");
    await page.getByText("No orders match").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await rows(page).nth(19).waitFor();
    assert.equal(await page.getByLabel("Search").inputValue(), "");
});

walk("records a payment and shows the changed state", { provoked: [422] }, async (page, sent) => {
    await openUnpaid(page, 0);
    for (const part of ["Items", "Payments", "Notes", "Details", "Customer", "Fulfillments"]) {
        await page.getByRole("heading", { name: part, exact: true }).waitFor();
    }
    const due = await left(page);
    assert.ok(due > 1);
    const posted = () => sent.filter((request) => request.method() === "POST").length;

    await payButton(page).click();
    await dialog(page).getByRole("radio", { name: "Card" }).check();
    await dialog(page).getByRole("radio", { name: "A part of it" }).check();
    await submit(page).click();
    await dialog(page).locator("#field-card-last4-error").getByText(/\w/).waitFor();
    await dialog(page).locator("#field-amount-error").getByText(/\w/).waitFor();
    assert.equal(posted(), 0, "wrong input is not sent");

    await dialog(page).getByLabel("Last four digits").fill("4242");
    await dialog(page)
        .getByLabel("Amount")
        .fill(String(due + 1));
    await submit(page).click();
    await dialog(page)
        .locator("#field-amount-error")
        .getByText("Must not be greater than the amount due")
        .waitFor();
    assert.equal(await dialog(page).getByLabel("Amount").getAttribute("aria-invalid"), "true");

    await dialog(page).getByLabel("Amount").fill("1");
    await dialog(page).getByLabel("Notes").fill("Paid at the counter");
    await submit(page).click();
    const notice = page.locator(".notice.green");
    await notice.getByText(/^Payment of \D{1,3}1\.00 recorded$/).waitFor();
    await notice.getByText("Unpaid → Partially paid").waitFor();
    assert.equal(posted(), 2);
    assert.equal(await page.locator(".badges .badge").first().innerText(), "Partially paid");
    assert.equal((await left(page)).toFixed(2), (due - 1).toFixed(2));
    await page.getByRole("link", { name: "Visa •••• 4242" }).waitFor();

    await payButton(page).click();
    await dialog(page).getByRole("radio", { name: "Cheque" }).check();
    await dialog(page).getByLabel("Cheque number").fill("100-200");
    await submit(page).click();
    await notice.getByText("Partially paid → Paid").waitFor();
    assert.equal(await left(page), 0);
    assert.equal(await payButton(page).count(), 0, "a paid order takes no payment");
    await page.getByRole("link", { name: "Cheque 100-200" }).click();
    await page.getByRole("heading", { name: /^Transaction over/ }).waitFor();
});

walk("says what to do after an unknown outcome", { provoked: [500, 500] }, async (page, sent) => {
    await openUnpaid(page, 0);
    const due = await left(page);
    const posted = () => sent.filter((request) => request.method() === "POST").length;
    const fail = async (fault) => {
        await payButton(page).click();
        await dialog(page).getByText("Let the sandbox fail").click();
        await dialog(page).getByLabel("What goes wrong").selectOption(fault);
    };
    await fail("status=500");
    await submit(page).click();
    await dialog(page).getByText("The payment may have been saved").waitFor();
    await dialog(page).getByText("Look at the record before you send it again").waitFor();
    assert.equal(await submit(page).isVisible(), false, "nobody sends it twice by accident");
    await dialog(page).getByRole("button", { name: "Check what happened" }).click();
    await dialog(page).getByText("The payment was not saved").waitFor();
    assert.equal(posted(), 1, "a write is not sent again by itself");
    await dialog(page).getByRole("button", { name: "Cancel" }).click();
    assert.equal(await left(page), due);

    await fail("applied-then=500");
    await dialog(page).getByRole("radio", { name: "A part of it" }).check();
    await dialog(page).getByLabel("Amount").fill("2,50");
    await submit(page).click();
    await dialog(page).getByRole("button", { name: "Check what happened" }).click();
    await page
        .locator(".notice.green")
        .getByText(/^It was recorded: \D{1,3}2\.50 on/)
        .waitFor();
    assert.equal((await left(page)).toFixed(2), (due - 2.5).toFixed(2));

    await fail("truncated");
    await submit(page).click();
    await dialog(page).getByText("The payment was saved, but the answer could not be read").waitFor();
    await dialog(page).getByRole("button", { name: "Check what happened" }).click();
    await page.locator(".notice.green").getByText("Partially paid → Paid").waitFor();
    assert.equal(await left(page), 0);
    assert.equal(posted(), 3);
});

walk("does not lose sight of a payment on its way", {}, async (page) => {
    await openUnpaid(page, 0);
    await page.route("**/record-payment", async (route) => {
        await new Promise((resolve) => setTimeout(resolve, 800));
        await route.continue();
    });
    await payButton(page).click();
    await dialog(page).getByRole("radio", { name: "Other" }).check();
    await submit(page).click();
    await dialog(page).getByRole("button", { name: "Recording …" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await dialog(page).getByRole("button", { name: "Recording …" }).waitFor();
    await page.locator(".notice.green").getByText("Unpaid → Paid").waitFor();
    assert.equal(await dialog(page).count(), 0);
});

walk(
    "says that a record does not exist",
    { hash: `#/orders/${"0".repeat(24)}`, provoked: [404, 404, 404] },
    async (page) => {
        await page.locator(".error-card .error-class", { hasText: "NotFoundError" }).waitFor();
        await page.getByRole("link", { name: "Orders", exact: true }).first().click();
        await rows(page).first().waitFor();
        await page.goto(`${url}#/nowhere`);
        await page.getByText("There is no such page").waitFor();
    },
);

walk("recovers when the server comes back", {}, async (page) => {
    await rows(page).first().waitFor();
    await page.route("**/api/**", (route) => route.fulfill({ status: 200, body: "<html>Down</html>" }));
    await page.getByRole("button", { name: "Next" }).click();
    await page.locator(".error-card .error-class", { hasText: "DecodeError" }).waitFor();
    await page.unroute("**/api/**");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".range", { hasText: "21–40" }).waitFor();
});

walk("can be used with the keyboard alone", {}, async (page) => {
    await rows(page).first().waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.id), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    await openUnpaid(page, 0);
    assert.equal(
        await page.evaluate(() => document.activeElement.tagName),
        "H1",
        "a new view starts at its heading",
    );
    await payButton(page).focus();
    await page.keyboard.press("Enter");
    await dialog(page).waitFor();
    await page.keyboard.press("ArrowRight");
    await dialog(page).getByLabel("Last four digits").waitFor();
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Record payment");
    await page.goBack();
    await rows(page).first().getByRole("link").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^Order over/ }).waitFor();
});

walk("fulfills items, with errors at their fields", { provoked: [422] }, async (page) => {
    const [open] = (await readAll(url, "/payments/orders")).filter(
        (order) => order.fulfillmentStatus === "unfulfilled" && order.onetimeProducts > 0,
    );
    await page.goto(`${url}#/orders/${open._id}`);
    await page.getByRole("button", { name: "Fulfill items" }).click();
    await field(page, "items[0].qty").fill("many");
    await send(page).click();
    await fieldError(page, "items[0].qty")
        .getByText(/number/)
        .waitFor();
    await field(page, "items[0].qty").fill("1000");
    await send(page).click();
    await fieldError(page, "items[0].qty").getByText("Must not be greater than the quantity left").waitFor();
    await field(page, "items[0].qty").fill("1");
    await field(page, "trackings[0].shippingCarrier").fill("UPS");
    await field(page, "trackings[0].trackingNumber").fill("1Z999");
    await send(page).click();
    await notice(page).getByText("Items fulfilled").waitFor();
    await page.locator(".card", { hasText: "Fulfillments" }).getByText("1Z999").waitFor();
});
