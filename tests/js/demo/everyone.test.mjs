// The demo for everyone: no barrier, no jump, any theme and width.

import assert from "node:assert/strict";
import { join } from "node:path";
import { SCREENSHOTS, VIEWPORTS } from "./server.mjs";
import {
    ANY,
    AXE,
    dialog,
    fieldError,
    form,
    openUnpaid,
    payButton,
    RECORDS_OF,
    rows,
    run,
    send,
    submit,
    url,
    VIEWS,
    walk,
} from "./walk.mjs";

for (const viewport of Object.keys(VIEWPORTS)) {
    for (const scheme of ["light", "dark"]) {
        walk(`finds no barrier: ${viewport}, ${scheme}`, { viewport, scheme, provoked: ANY }, async (page) => {
            // Its own policy would stop a script from elsewhere; the engine is evaluated by the driver instead.
            let rules = 0;
            const check = async (name) => {
                await page.evaluate(AXE);
                const { violations, passes } = await page.evaluate(() =>
                    window.axe.run(document, {
                        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
                    }),
                );
                rules += passes.length;
                const told = violations.map(
                    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`,
                );
                assert.deepEqual(told, [], `${name}, ${viewport}, ${scheme}`);
                await page.screenshot({
                    path: join(SCREENSHOTS, `${name}-${viewport}-${scheme}.png`),
                    caret: "initial",
                });
                const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
                assert.ok(wide <= 0, `${name} is ${wide} pixels too wide`);
            };
            for (const [name, { hash, ready }] of Object.entries(VIEWS)) {
                await page.goto(url + hash);
                await page.locator(ready).first().waitFor();
                await check(name);
                if (!RECORDS_OF.includes(name)) continue;
                await rows(page).first().getByRole("link").click();
                await page.locator(".facts").first().waitFor();
                await check(`${name}-record`);
            }
            await page.goto(`${url}#/coupons`);
            await page.getByRole("button", { name: "New coupon" }).click();
            await send(page).click();
            await fieldError(page, "name").getByText(/\w/).waitFor();
            await check("coupon-form");
            await page.keyboard.press("Escape");
            await page.getByRole("button", { name: "Export" }).click();
            await form(page).waitFor();
            await check("export");
            await page.keyboard.press("Escape");
            await page.locator("#connect").click();
            await check("connect");
            await page.keyboard.press("Escape");
            await openUnpaid(page, 1);
            await payButton(page).click();
            await dialog(page).getByRole("radio", { name: "Card" }).check();
            await submit(page).click();
            await dialog(page).locator("#field-card-last4-error").getByText(/\w/).waitFor();
            await check("record-payment");
            await page.keyboard.press("Escape");
            await page.goto(`${url}#/break-it`);
            await page.locator("#switch-500").check();
            await run(page, "token");
            await check("error");
            await page.getByRole("button", { name: "API activity" }).click();
            await page.locator("#activity-lines .line").first().waitFor();
            await check("activity");
            console.log(`axe, ${viewport}, ${scheme}: 0 violations, ${rules} rules passed`);
        });
    }
}

for (const viewport of Object.keys(VIEWPORTS)) {
    walk(`sees nothing jump: ${viewport}`, { viewport, hash: "#/nowhere" }, async (page) => {
        for (const [name, { hash, ready }] of Object.entries(VIEWS)) {
            await page.goto("about:blank");
            await page.goto(url + hash);
            await page.evaluate(() => {
                window.jumps = [];
                new PerformanceObserver((list) => {
                    for (const { value, sources } of list.getEntries()) {
                        window.jumps.push([
                            value,
                            sources.map(({ node }) => node?.parentElement?.className ?? node?.nodeName),
                        ]);
                    }
                }).observe({ type: "layout-shift", buffered: true });
            });
            if (name === "inspector") await page.evaluate(() => (location.hash = "#/orders"));
            await page
                .locator(name === "inspector" ? VIEWS.orders.ready : ready)
                .first()
                .waitFor();
            await page.waitForTimeout(300);
            const jumps = await page.evaluate(() => window.jumps);
            const shift = jumps.reduce((sum, [value]) => sum + value, 0);
            console.log(`layout shift, ${viewport}, ${name}: ${shift.toFixed(4)}`);
            assert.ok(shift < 0.01, `${name} moves by ${shift}: ${JSON.stringify(jumps)}`);
        }
    });
}
