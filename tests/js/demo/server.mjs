// Starts what serves the demo page, for the walks through it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export const ROOT = process.env.GHL_REPO_ROOT;
export const SCREENSHOTS = join(ROOT ?? "", "target/screenshots");
export const VIEWPORTS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

// Missing pieces fail the run: a walk that is skipped would look like one that passed.
assert.ok(ROOT && existsSync(join(ROOT, "www/serve.mjs")), "GHL_REPO_ROOT must name the checkout");
mkdirSync(SCREENSHOTS, { recursive: true });

const children = [];

/** Runs `www/serve.mjs` at a free port; resolves to its address. */
export async function serve(parameters = [], env = {}) {
    const child = spawn(process.execPath, [join(ROOT, "www/serve.mjs"), "--port", "0", ...parameters], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...env },
    });
    children.push(child);
    return new Promise((resolve, reject) => {
        let output = "";
        const read = (chunk) => {
            output += chunk;
            const found = /^open (http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(output);
            if (found) resolve(found[1]);
        };
        child.stdout.on("data", read);
        child.stderr.on("data", read);
        child.once("exit", (code) => reject(new Error(`serve.mjs ended with ${code}: ${output}`)));
    });
}

/** Ends them all; each must end cleanly. */
export async function stopServers() {
    for (const child of children) {
        if (child.exitCode !== null) continue;
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGINT");
        assert.equal(await ended, 0, "serve.mjs ends cleanly when it is interrupted");
    }
}

/** All records of a list, read past the page. */
export async function readAll(url, path, query = {}) {
    const { locationId } = await (await fetch(new URL("config.json", url))).json();
    const all = [];
    for (let offset = 0; ; offset += 100) {
        const place = /coupon|subscriptions/.test(path) ? {} : { locationId };
        const given = { ...place, altId: locationId, altType: "location", limit: 100, offset, ...query };
        const response = await fetch(new URL(`api${path}?${new URLSearchParams(given)}`, url), {
            headers: { version: "2021-07-28" },
        });
        if (response.status === 429) {
            await new Promise((resolve) => setTimeout(resolve, 1000));
            offset -= 100;
            continue;
        }
        assert.equal(response.status, 200, path);
        const { data, totalCount } = await response.json();
        all.push(...data);
        if (all.length >= totalCount || data.length === 0) return all;
    }
}
