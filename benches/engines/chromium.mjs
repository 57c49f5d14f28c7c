// Chromium, in a page that is cut off from others and so has an exact clock.

import { tool } from "../bundle.mjs";

export const name = "Chromium";
export const target = { platform: "browser" };
export const sampleMs = 2;

export async function open({ origin, folder }) {
    if (!process.env.CHROMIUM_PATH) throw new Error("there is no Chromium on this machine");
    const browser = await tool("playwright-core").chromium.launch({
        executablePath: process.env.CHROMIUM_PATH,
        args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--js-flags=--expose-gc",
        ],
    });
    const page = await browser.newPage();
    await page.goto(`${origin}/out/${folder}/page.html`);
    await page.waitForFunction(() => globalThis.run !== undefined);
    return {
        async run(job) {
            const results = await page.evaluate((job) => globalThis.run(job), job);
            return { engine: `Chromium ${browser.version()}`, results };
        },
        close: () => browser.close(),
    };
}
