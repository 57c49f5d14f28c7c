// Chromium, in a page that is cut off from others and so has an exact clock.

import { pathToFileURL } from "node:url";
import { tool } from "../bundle.mjs";

export const name = "Chromium";
export const target = { platform: "browser" };
export const sampleMs = 2;

export async function open({ origin, folder }) {
    const { launch } = await import(pathToFileURL(`${process.env.GHL_REPO_ROOT}/tests/js/support/chromium.mjs`).href);
    const browser = await launch(tool("playwright-core").chromium, "--js-flags=--expose-gc");
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
