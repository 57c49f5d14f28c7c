// Firefox, driven by geckodriver.

import { pathToFileURL } from "node:url";

export const name = "Firefox";
export const target = { platform: "browser" };
export const sampleMs = 2;

/** How often the page is asked whether it is done; more often would disturb it. */
const ASK_MS = 1000;

export async function open({ origin, folder }) {
    const { GECKODRIVER, GHL_REPO_ROOT } = process.env;
    if (!GECKODRIVER) throw new Error("there is no Firefox on this machine");
    const { firefox } = await import(pathToFileURL(`${GHL_REPO_ROOT}/tests/js/support/webdriver.mjs`).href);
    const browser = await firefox(GECKODRIVER, { width: 800, height: 600, scheme: "light" });
    await browser.open(`${origin}/out/${folder}/page.html`);
    await browser.until("the page", () => browser.run("return window.run !== undefined"));
    return {
        async run(job) {
            await browser.run("window.done = undefined; run(arguments[0]).then((results) => { window.done = { results }; }, (error) => { window.done = { error: String(error) }; });", job);
            let done;
            while (!done) {
                await new Promise((resolve) => setTimeout(resolve, ASK_MS));
                done = await browser.run("return window.done ?? null");
            }
            if (done.error) throw new Error(done.error);
            const agent = await browser.run("return navigator.userAgent");
            return { engine: `Firefox ${/Firefox\/([\d.]+)/.exec(agent)?.[1] ?? ""}`, results: done.results };
        },
        close: () => browser.close(),
    };
}
