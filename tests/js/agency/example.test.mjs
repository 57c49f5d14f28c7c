// The example of the agency sync in workerd, made of its own wrangler.jsonc: walked as somebody of the agency would, in a real browser,
// and as somebody who should see nothing of it.

import assert from "node:assert/strict";
import { join } from "node:path";
import test, { after, before, describe } from "node:test";
import { pathToFileURL } from "node:url";
import { launch } from "../support/chromium.mjs";
import { tool } from "../support/support.mjs";

const { start } = await import(pathToFileURL(join(process.env.GHL_REPO_ROOT, "examples/run.mjs")));

const LOCATIONS = Array.from({ length: 6 }, (_, i) => `location${i + 1}`);
const [BROKEN, GONE] = [LOCATIONS[1], LOCATIONS[4]];

let example;
let cookie;
before(async () => {
    example = await start("agency", { locations: LOCATIONS, size: 130 });
    cookie = await example.signIn();
    await example.sending.settled();
});
after(() => example?.stop());

/** What the Worker answers to somebody. */
async function ask(path, { body, headers = { cookie }, type = "application/json" } = {}) {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await fetch(`${example.url}/api/${path}`, { ...init, headers: { ...(body && { "content-type": type }), ...headers } });
    return { status: response.status, value: await response.json() };
}

async function ended(run) {
    for (;;) {
        const { value } = await ask(`status?run=${run}`);
        if (value.state === "ended") return value;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

const begin = async (body) => {
    const { status, value } = await ask("start", { body });
    assert.equal(status, 200, JSON.stringify(value));
    return value.run;
};

describe("who may see it", () => {
    test("without the cookie of somebody of the agency there is nothing to see and nothing to do", async () => {
        const forged = cookie.replace(/\.(\d+)\./, ".9$1.");
        const other = cookie.replace(/session=[^.]+/, "session=another");
        for (const headers of [{}, { cookie: forged }, { cookie: other }]) {
            for (const path of ["runs", "status?run=x", "money?from=2026-01-01&to=2026-12-01&by=day"]) {
                assert.equal((await ask(path, { headers })).status, 401, path);
            }
            for (const path of ["start", "retry", "resume", "cancel"]) assert.equal((await ask(path, { headers, body: {} })).status, 401, path);
        }
    });

    test("who installs the app in one location sees nothing", async () => {
        const first = await fetch(`${example.url}/install`, { redirect: "manual" });
        const [state] = first.headers.getSetCookie();
        const choose = new URL(first.headers.get("location"));
        choose.searchParams.set("location_id", LOCATIONS[0]);
        const approved = await fetch(choose, { redirect: "manual" });
        const back = await fetch(approved.headers.get("location"), { redirect: "manual", headers: { cookie: state.split(";")[0] } });
        assert.deepEqual([back.status, /session=\w/.test(back.headers.getSetCookie().join())], [403, false]);
        // The tokens are those of the agency again.
        cookie = await example.signIn();
        await example.sending.settled();
    });

    test("another site's page can ask for nothing, and a run of another agency is not there", async () => {
        for (const [how, status] of [
            [{ headers: { cookie, origin: "https://elsewhere.example" } }, 403],
            [{ type: "text/plain" }, 415],
            [{ type: "application/x-www-form-urlencoded" }, 415],
        ]) {
            assert.equal((await ask("start", { body: {}, ...how })).status, status);
        }
        const { value, status } = await ask("status?run=another-20261130T000000000Z-abcdef");
        assert.deepEqual([status, value.code], [404, "unknown_run"]);
        for (const body of [{ mode: "half" }, { streams: ["contacts"] }]) assert.equal((await ask("start", { body })).status, 400);
        assert.equal((await ask("nothing")).status, 404);
        const page = await fetch(`${example.url}/`);
        assert.match(page.headers.get("content-security-policy"), /default-src 'none'.*frame-ancestors 'none'/);
    });
});

test("everything is read; what happens then is read by the webhook of its location, and by the hour", async () => {
    const run = await begin({ mode: "full" });
    const status = await ended(run);
    assert.deepEqual(status.counts, { waiting: 0, running: 0, done: LOCATIONS.length, failed: 0, revoked: 0 });
    const counted = async () => (await example.db.prepare("SELECT count(*) AS count FROM orders WHERE deleted_at IS NULL").first()).count;
    assert.equal(await counted(), LOCATIONS.length * 130);

    const order = example.sandbox.createOrder({ locationId: LOCATIONS[2], paid: true });
    await example.sending.settled();
    for (let row; row === undefined; ) {
        row = (await example.db.prepare("SELECT * FROM orders WHERE id = ?").bind(order._id).first()) ?? undefined;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await example.cron();
    const { value } = await ask("runs");
    assert.deepEqual([value.runs.length >= 1, value.company], [true, example.sandbox.companyId]);
    const [newest] = value.runs;
    assert.equal((await ended(newest.run)).counts.done, LOCATIONS.length);
    const money = await ask("money?from=2025-01-01&to=2027-01-01&by=currency");
    const usd = money.value.rows.find(({ currency }) => currency === "USD");
    assert.ok(usd.count > 0 && usd.amount - usd.refunded === usd.net);
});

test("in a real browser: the page shows each location, why one fails and one is refused, and tries them again", async () => {
    const { sandbox } = example;
    const browser = await launch(tool("playwright-core").chromium);
    const complaints = [];
    try {
        const page = await browser.newPage();
        page.on("pageerror", (error) => complaints.push(error.stack));
        await page.goto(example.url);
        await page.getByRole("link", { name: "Install the app for your agency" }).click();
        await page.getByRole("link", { name: /^All locations/ }).click();
        await page.getByRole("button", { name: "Read everything" }).waitFor();
        await example.sending.settled();
        sandbox.faults.add("status=500", { locationId: BROKEN, operation: "subscriptions.list", times: 1_000_000 });
        sandbox.faults.add("status=401", { locationId: GONE, times: 1_000_000 });
        await page.getByRole("button", { name: "Read everything" }).click();
        const row = (location) => page.locator("#locations tr", { has: page.locator("code", { hasText: new RegExp(`^${location}$`) }) });
        await row(LOCATIONS[0]).locator(".done").waitFor();
        await row(GONE).locator(".revoked").waitFor();
        await row(BROKEN).locator(".why", { hasText: "500" }).waitFor();
        assert.match(await row(LOCATIONS[0]).innerText(), /orders 130 ✓/);
        assert.equal(await page.locator("#state").innerText(), "running");
        // Another run of the agency has to wait until this one ends, and the page says so.
        await page.getByRole("button", { name: "Read what is new" }).click();
        await page.locator("#notice", { hasText: "has not ended" }).waitFor();
        sandbox.faults.clear();
        sandbox.install({ company: true });
        await example.sending.settled();
        await page.getByRole("button", { name: "Resume" }).click();
        await page.locator("#state", { hasText: "ended" }).waitFor();
        await page.getByRole("button", { name: /^done 6$/ }).click();
        await row(GONE).locator(".done").waitFor();
        assert.equal(await page.locator("#locations tr").count(), LOCATIONS.length);
        await page.locator("#money tr").first().waitFor();
        // Whoever removes the app is not asked any more.
        sandbox.uninstall({ locationId: GONE });
        await example.sending.settled();
        await page.getByRole("button", { name: "Read what is new" }).click();
        await page.getByRole("button", { name: /^done 5$/ }).waitFor();
        await page.locator("#state", { hasText: "ended" }).waitFor();
        assert.equal(await page.locator("#locations tr").count(), LOCATIONS.length - 1);
        const { violations } = await page.evaluate(`(async () => { ${await axe()}; return axe.run(); })()`);
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
        assert.deepEqual(complaints, []);
    } finally {
        await browser.close();
    }
});

async function axe() {
    const { readFile } = await import("node:fs/promises");
    return readFile(tool.resolve("axe-core/axe.min.js"), "utf8");
}
