// How the suites and the benchmark start Chromium.

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run"];

/** Starts the Chromium of this machine by Playwright's `chromium`, with further flags. */
export function launch(chromium, ...flags) {
    const executablePath = process.env.CHROMIUM_PATH;
    if (!executablePath) throw new Error("CHROMIUM_PATH must name a Chromium");
    return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}
