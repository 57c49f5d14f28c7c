// As much of the W3C WebDriver protocol as a walk through a page needs: Firefox through geckodriver.

import { spawn } from "node:child_process";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const POLL_MS = 50;
/** What a page reports; the loader of remote settings, a part of the browser, writes to the same place. */
const PROBLEM = /^console\.(error|warn): (?!RSLoader)|^JavaScript (error|warning): http/;

/** Starts geckodriver and a browser in it. */
export async function firefox(driver, { width, height, scheme }) {
    // At this level it passes on what Firefox prints, and that is what pages write to their consoles.
    const child = spawn(driver, ["--port", "0", "--host", "127.0.0.1", "--log", "debug"], {
        stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const port = await new Promise((resolve, reject) => {
        const read = (chunk) => {
            output += chunk;
            const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(output);
            if (found) resolve(found[1]);
        };
        child.stdout.on("data", read);
        child.stderr.on("data", read);
        child.once("exit", (code) => reject(new Error(`geckodriver ended with ${code}: ${output.slice(-2000)}`)));
    });

    async function call(method, path, body) {
        const response = await fetch(`http://127.0.0.1:${port}${path}`, {
            method,
            headers: { "content-type": "application/json" },
            body: body === undefined ? undefined : JSON.stringify(body),
        });
        const { value } = await response.json();
        if (!response.ok) throw Object.assign(new Error(`${value.error}: ${value.message}`), { code: value.error });
        return value;
    }

    const { sessionId } = await call("POST", "/session", {
        capabilities: {
            alwaysMatch: {
                browserName: "firefox",
                pageLoadStrategy: "normal",
                "moz:firefoxOptions": {
                    args: ["-headless"],
                    prefs: {
                        "intl.accept_languages": "en-US",
                        "layout.css.prefers-color-scheme.content-override": scheme === "dark" ? 0 : 1,
                        "devtools.console.stdout.content": true,
                        "devtools.console.stdout.chrome": false,
                        // Nothing but this machine is asked for anything.
                        "app.normandy.enabled": false,
                        "app.shield.optoutstudies.enabled": false,
                        "app.update.enabled": false,
                        "browser.safebrowsing.downloads.remote.enabled": false,
                        "network.captive-portal-service.enabled": false,
                        "network.connectivity-service.enabled": false,
                    },
                },
            },
        },
    });
    const session = (method, path, body) => call(method, `/session/${sessionId}${path}`, body);

    await session("POST", "/window/rect", { width, height });

    const run = (script, ...parameters) => session("POST", "/execute/sync", { script, args: parameters });

    /** Asks until the answer is true; the reason of the last refusal is told. */
    async function until(what, ask, ms = 15_000) {
        const end = Date.now() + ms;
        for (;;) {
            let problem;
            try {
                const answer = await ask();
                if (answer) return answer;
            } catch (error) {
                problem = error;
            }
            if (Date.now() > end) throw new Error(`waited in vain for ${what}${problem ? `: ${problem.message}` : ""}`);
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
    }

    const find = async (selector) => {
        const found = await session("POST", "/element", { using: "css selector", value: selector });
        return found[ELEMENT];
    };

    return {
        run,
        until,
        /** Waits for an element that is visible, and that holds the text if one is given. */
        see: (selector, text = "") =>
            until(`${selector} ${text}`, () =>
                run(
                    `return [...document.querySelectorAll(arguments[0])]
                        .some((it) => it.checkVisibility() && it.textContent.includes(arguments[1]));`,
                    selector,
                    text,
                ),
            ),
        open: (url) => session("POST", "/url", { url }),
        /** Goes into a frame, where everything then happens; `leave` goes back to the page. */
        enter: (selector) =>
            until(selector, async () => {
                await session("POST", "/frame", { id: { [ELEMENT]: await find(selector) } });
                return true;
            }),
        leave: () => session("POST", "/frame", { id: null }),
        async click(selector) {
            await until(selector, async () => {
                const id = await find(selector);
                // The driver leaves alone what is in view, though it may lie below the bar at the foot.
                await run('arguments[0].scrollIntoView({ block: "center" })', { [ELEMENT]: id });
                await session("POST", `/element/${id}/click`, {});
                return true;
            });
        },
        async type(selector, text) {
            const id = await until(selector, () => find(selector));
            await session("POST", `/element/${id}/clear`, {});
            await session("POST", `/element/${id}/value`, { text });
        },
        /** Errors and warnings that pages wrote to the console until now, exceptions included. */
        problems: () => output.split("\n").filter((line) => PROBLEM.test(line)),
        screenshot: async () => Buffer.from(await session("GET", "/screenshot"), "base64"),
        async close() {
            await session("DELETE", "").catch(() => {});
            const ended = new Promise((resolve) => child.once("exit", resolve));
            child.kill("SIGTERM");
            await ended;
        },
    };
}
