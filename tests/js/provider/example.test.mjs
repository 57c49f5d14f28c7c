// The provider of examples/provider in workerd, in HighLevel's checkout as the sandbox plays it, in Chromium and in Firefox.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import test, { after, before, describe } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { serveSandbox } from "ghl-payments/sandbox";
import { launch } from "../support/chromium.mjs";
import { PACKAGE, tool } from "../support/support.mjs";
import { firefox } from "../support/webdriver.mjs";

const PROGRAM = join(process.env.GHL_REPO_ROOT, "examples/run.mjs");
const { start } = await import(pathToFileURL(PROGRAM));
const { listen } = await import(pathToFileURL(join(PACKAGE, "cli/node-http.js")));

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** HighLevel's checkout, as a page. */
const HOST = `
    import { connectSandbox, HighLevelFrame } from "ghl-payments/sandbox";
    const sandbox = connectSandbox(location.origin);
    globalThis.begin = async (options) => {
        document.body.dataset.state = "";
        const session = await sandbox.checkout(options);
        const frame = new HighLevelFrame({ session, container: document.body });
        frame.done.then((state) => (document.body.dataset.state = state));
        const { id, orderId, transactionId, subscriptionId } = session;
        return { id, orderId, transactionId, subscriptionId };
    };
    document.body.dataset.ready = "yes";
`;

let example;
let host;

before(async () => {
    example = await start("provider");
    const { outputFiles } = await tool("esbuild").build({
        stdin: { contents: HOST, resolveDir: dirname(fileURLToPath(import.meta.url)), loader: "js" },
        bundle: true,
        write: false,
        format: "esm",
        logLevel: "error",
    });
    const page = '<!doctype html><title>HighLevel</title><link rel="icon" href="data:,"><body><script type="module" src="/host.js"></script>';
    const pages = {
        "/": new Blob([page], { type: "text/html" }),
        "/host.js": new Blob([outputFiles[0].text], { type: "text/javascript" }),
    };
    const steer = serveSandbox(example.sandbox);
    host = await listen((request) => {
        const found = pages[new URL(request.url).pathname];
        return found === undefined ? steer(request) : new Response(found);
    }, { port: 0 });
});

after(async () => {
    await host?.close();
    await example?.stop();
});

/** Both browsers, with the same hands. */
const BROWSERS = {
    async chromium() {
        const browser = await launch(tool("playwright-core").chromium);
        const page = await browser.newPage();
        const complaints = [];
        page.on("pageerror", (error) => complaints.push(error.stack));
        await page.goto(host.url);
        await page.locator("body[data-ready]").waitFor({ state: "attached" });
        const frame = page.frameLocator("iframe");
        return {
            begin: (options) => page.evaluate((given) => globalThis.begin(given), options),
            choose: (token) => frame.locator("#token").selectOption(token),
            click: (name, { twice = false } = {}) => frame.locator(`#${name}`)[twice ? "dblclick" : "click"](),
            said: (text) => frame.locator("#said", { hasText: text }).waitFor(),
            ended: async () => {
                await page.locator('body:not([data-state=""])').waitFor({ state: "attached" });
                return page.locator("body").getAttribute("data-state");
            },
            complaints: () => complaints,
            close: () => browser.close(),
        };
    },
    async firefox() {
        const page = await firefox(process.env.GECKODRIVER, { width: 800, height: 600, scheme: "light" });
        await page.open(host.url);
        await page.until("the page", () => page.run("return document.body.dataset.ready"));
        const inFrame = async (act) => {
            await page.enter("iframe");
            try {
                return await act();
            } finally {
                await page.leave();
            }
        };
        return {
            begin: (options) => page.run("return globalThis.begin(arguments[0])", options),
            choose: (token) => inFrame(() => page.click(`option[value=${token}]`)),
            async click(name, { twice = false } = {}) {
                await inFrame(async () => {
                    await page.see(`#${name}`);
                    if (!twice) return page.click(`#${name}`);
                    // As quick as a hand cannot be: both in one turn.
                    await page.run("const it = document.getElementById(arguments[0]); it.click(); it.click();", name);
                });
            },
            said: (text) => inFrame(() => page.see("#said", text)),
            async ended() {
                await page.until("the end of the checkout", () => page.run("return document.body.dataset.state"));
                return page.run("return document.body.dataset.state");
            },
            complaints: page.problems,
            close: page.close,
        };
    },
};

const rows = async (sql, ...values) => (await example.db.prepare(sql).bind(...values).all()).results;
const chargesOf = (transactionId) => rows("SELECT * FROM charges WHERE reference = ?", transactionId);
const found = (kind, id) => example.sandbox.state().locations[0][kind].find(({ _id }) => _id === id);

/** Lets time pass for HighLevel and for the provider. */
async function pass(ms) {
    example.sandbox.advance(ms);
    await example.cron();
}

/** What HighLevel's side found fault with. */
const faults = () => example.sandbox.timeline().flatMap(({ type, issues }) => issues.map(({ path, message, level }) => `${level} ${type} ${path} ${message}`));

for (const [name, open] of Object.entries(BROWSERS)) {
    describe(`in ${name}`, { timeout: 240_000 }, () => {
        let browser;
        const pay = async (options, token, click) => {
            const begun = await browser.begin(options);
            await browser.choose(token);
            await browser.click("pay", click);
            return begun;
        };
        before(async () => {
            browser = await open();
        });
        after(() => browser?.close());

        test("pay, with a double click: one charge, and the order is paid", async () => {
            const { orderId, transactionId } = await pay({}, "tok_pays", { twice: true });
            assert.equal(await browser.ended(), "succeeded");
            const charges = await chargesOf(transactionId);
            assert.deepEqual(charges.map(({ status }) => status), ["succeeded"]);
            const order = found("orders", orderId);
            assert.deepEqual([order.paymentStatus, Math.round(order.amount * 100)], ["paid", charges[0].amount]);
            assert.equal(found("transactions", transactionId).status, "succeeded");
        });

        test("declined, the payer tries another card", async () => {
            const { orderId, transactionId } = await pay({}, "tok_declined");
            await browser.said("declined");
            assert.deepEqual((await chargesOf(transactionId)).map(({ status }) => status), ["failed"]);
            assert.notEqual(found("orders", orderId).paymentStatus, "paid");
            await browser.choose("tok_pays");
            await browser.click("pay");
            assert.equal(await browser.ended(), "succeeded");
            assert.deepEqual((await chargesOf(transactionId)).map(({ status }) => status), ["succeeded"]);
            assert.equal(found("orders", orderId).paymentStatus, "paid");
        });

        test("cancelled, nothing is charged", async () => {
            const { orderId, transactionId } = await browser.begin({});
            await browser.click("cancel");
            assert.equal(await browser.ended(), "closed");
            assert.deepEqual(await chargesOf(transactionId), []);
            assert.notEqual(found("orders", orderId).paymentStatus, "paid");
        });

        test("pending, then captured", async () => {
            const { id, orderId } = await pay({}, "tok_later");
            assert.equal(await browser.ended(), "pending");
            assert.notEqual(found("orders", orderId).paymentStatus, "paid");
            await pass(2 * MINUTE);
            assert.equal((await example.sandbox.session(id)).state, "succeeded");
            assert.equal(found("orders", orderId).paymentStatus, "paid");
            assert.deepEqual(await rows("SELECT * FROM outbox"), []);
        });

        test("refunded in two parts, and never more than was paid", async () => {
            const { transactionId } = await pay({}, "tok_pays");
            assert.equal(await browser.ended(), "succeeded");
            const [{ id, amount }] = await chargesOf(transactionId);
            const part = Math.floor(amount / 3);
            const refund = (minor) => example.sandbox.refund({ transactionId, amount: minor / 100, evenTooMuch: true });
            assert.equal((await refund(part)).success, true);
            assert.equal((await refund(amount - part + 1)).success, false);
            assert.equal((await refund(amount - part)).success, true);
            assert.equal((await refund(1)).success, false);
            const refunds = await rows("SELECT amount FROM refunds WHERE charge_id = ?", id);
            assert.equal(refunds.reduce((sum, one) => sum + one.amount, 0), amount);
        });

        test("subscribed, charged for three months, cancelled", async () => {
            const { transactionId, subscriptionId } = await pay({ subscription: {} }, "tok_pays");
            assert.equal(await browser.ended(), "succeeded");
            assert.equal(found("subscriptions", subscriptionId).status, "active");
            const [{ amount }] = await chargesOf(transactionId);
            const paid = () => rows("SELECT * FROM charges WHERE reference LIKE ? AND status = 'succeeded'", `${subscriptionId}/%`);
            for (const month of [1, 2, 3]) {
                await pass(31 * DAY);
                assert.equal((await paid()).length, month);
            }
            assert.ok((await paid()).every((charge) => charge.amount === amount));
            const { transactions } = example.sandbox.state().locations[0];
            const own = (await paid()).map(({ id }) => id);
            assert.equal(transactions.filter(({ chargeId, status }) => own.includes(chargeId) && status === "succeeded").length, 3);
            assert.equal((await example.sandbox.cancelSubscription({ subscriptionId })).success, true);
            assert.equal(found("subscriptions", subscriptionId).status, "canceled");
            await pass(31 * DAY);
            assert.equal((await paid()).length, 3);
        });

        test("a card is saved, listed, charged, and begins a subscription", async () => {
            const { contactId } = example.sandbox.createOrder();
            await pay({ setup: true, contactId }, "tok_pays", { twice: true });
            assert.equal(await browser.ended(), "succeeded");
            const { methods } = await example.sandbox.listPaymentMethods({ contactId });
            assert.deepEqual(methods.map(({ title, subTitle }) => `${title} ${subTitle}`), ["Visa **** 4242"]);
            const [{ id: paymentMethodId }] = methods;
            const charged = await example.sandbox.charge({ contactId, paymentMethodId, amount: 12.5, currency: "USD" });
            assert.equal(charged.success, true);
            assert.deepEqual((await chargesOf(charged.transactionId)).map(({ amount }) => amount), [1250]);
            const begun = await example.sandbox.createSubscription({ contactId, paymentMethodId });
            assert.deepEqual([begun.success, begun.subscriptionStatus], [true, "active"]);
            await pass(31 * DAY);
            assert.equal((await rows("SELECT * FROM charges WHERE reference LIKE ?", `${begun.subscriptionId}/%`)).length, 1);
            await example.sandbox.cancelSubscription({ subscriptionId: begun.subscriptionId });
        });

        test("HighLevel's side has nothing to find fault with, and the pages neither", () => {
            assert.deepEqual(faults().filter((fault) => !/more than/.test(fault)), []);
            assert.deepEqual(browser.complaints(), []);
        });
    });
}

describe("whoever is not HighLevel", () => {
    const post = (path, body, headers = {}) =>
        fetch(`${example.url}${path}`, {
            method: "POST",
            headers: { "content-type": "application/json", ...headers },
            body: JSON.stringify(body),
        });

    test("cannot pay less, with another card, for another location, or from another site", async () => {
        const session = await example.sandbox.checkout({ mode: "test" });
        const { publishableKey, transactionId } = session.props;
        const good = { publishableKey, transactionId, token: "tok_pays" };
        for (const [body, status] of [
            [{ ...good, publishableKey: publishableKey.replace(/.$/, (end) => (end === "0" ? "1" : "0")) }, 400],
            [{ ...good, publishableKey: publishableKey.replace("pk_test", "pk_live") }, 400],
            [{ ...good, publishableKey: publishableKey.replace("pk_", "sk_") }, 400],
            [{ ...good, publishableKey: undefined }, 400],
            [{ ...good, token: "constructor" }, 400],
            [{ ...good, token: "tok_free" }, 400],
            [{ ...good, transactionId: "f".repeat(24) }, 404],
            [{ ...good, transactionId: 7 }, 400],
            [[], 400],
            [null, 400],
        ]) {
            assert.equal((await post("/charges", body)).status, status, JSON.stringify(body));
        }
        assert.equal((await post("/charges", good, { "content-type": "text/plain" })).status, 400);
        assert.deepEqual(await chargesOf(transactionId), []);
        const cheap = await (await post("/charges", { ...good, amount: 0.01, currency: "JPY" })).json();
        const [charge] = await chargesOf(transactionId);
        assert.deepEqual([cheap.chargeId, charge.amount], [charge.id, Math.round(session.props.amount * 100)]);
    });

    test("cannot charge twice, however many ask at the same time", async () => {
        const session = await example.sandbox.checkout({ mode: "test" });
        const { publishableKey, transactionId } = session.props;
        const answers = await Promise.all(Array.from({ length: 20 }, () => post("/charges", { publishableKey, transactionId, token: "tok_pays" })));
        const ids = new Set(await Promise.all(answers.map(async (answer) => (await answer.json()).chargeId)));
        assert.deepEqual([ids.size, (await chargesOf(transactionId)).length], [1, 1]);
    });

    test("cannot pay one order with the charge of another, or live with test money", async () => {
        const [one, other, live] = await Promise.all(["test", "test", "live"].map((mode) => example.sandbox.checkout({ mode })));
        const { publishableKey, transactionId } = one.props;
        const { chargeId } = await (await post("/charges", { publishableKey, transactionId, token: "tok_pays" })).json();
        for (const session of [other, live]) {
            await session.receive('{"type":"custom_provider_ready","loaded":true}');
            const { state } = await session.receive(JSON.stringify({ type: "custom_element_success_response", chargeId }));
            assert.equal(state, "failed");
            assert.notEqual(found("orders", session.orderId).paymentStatus, "paid");
        }
        const trick = await (await post("/charges", { publishableKey, transactionId: live.transactionId, token: "tok_pays" })).json();
        const again = await live.verify();
        assert.ok(trick.chargeId === undefined || again.state === "failed");
        assert.notEqual(found("orders", live.orderId).paymentStatus, "paid");
    });

    test("learns nothing at the queryUrl", async () => {
        for (const apiKey of ["", "sk_live_x", `sk_live_${example.sandbox.locationId}_${"0".repeat(64)}`]) {
            const answer = await post("/query", { type: "verify", apiKey, transactionId: "t", chargeId: "c" });
            assert.ok([400, 401].includes(answer.status));
        }
        assert.equal((await fetch(`${example.url}/query`)).status, 404);
    });
});

test("a push that HighLevel cannot take waits in the outbox, and is told later, once", async () => {
    const session = await example.sandbox.checkout({ mode: "test" });
    const { publishableKey, transactionId } = session.props;
    const asked = { publishableKey, transactionId, token: "tok_later" };
    const headers = { "content-type": "application/json" };
    const { chargeId } = await (await fetch(`${example.url}/charges`, { method: "POST", headers, body: JSON.stringify(asked) })).json();
    await session.receive('{"type":"custom_provider_ready","loaded":true}');
    await session.receive(JSON.stringify({ type: "custom_element_success_response", chargeId }));
    example.sandbox.faults.add("status=503", { operation: "customProvider.push", times: 3 });
    await pass(2 * MINUTE);
    assert.equal((await rows("SELECT * FROM outbox")).length, 1);
    assert.equal(session.state, "pending");
    await pass(MINUTE);
    assert.equal((await example.sandbox.session(session.id)).state, "succeeded");
    assert.deepEqual(await rows("SELECT * FROM outbox"), []);
});

test("the command prints what to open, and Ctrl+C ends it cleanly", async () => {
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const port = String(free.address().port);
    await once(free.close(), "close");
    const child = spawn(process.execPath, [PROGRAM, "provider", "--port", port], {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, NODE_OPTIONS: "" },
    });
    const ended = once(child, "exit");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const [, url] = /^open (http:\/\/127\.0\.0\.1:\d+\/#\/checkout)$/.exec((await lines.next()).value) ?? [];
    assert.ok(url, "it begins with the address of the demo's checkout");
    assert.match((await lines.next()).value, new RegExp(`http://127\\.0\\.0\\.1:${port}/`));
    assert.equal((await fetch(url)).status, 200);
    const page = await fetch(`http://127.0.0.1:${port}/pay`);
    assert.deepEqual([page.status, page.headers.get("content-security-policy"), page.headers.get("x-frame-options")], [200, "frame-ancestors *", null]);
    child.kill("SIGINT");
    assert.deepEqual(await ended, [0, null]);
});
