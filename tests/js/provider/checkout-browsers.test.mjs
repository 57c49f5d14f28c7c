// The payment page in frames of real browsers, on other sites than the page around it: Chromium and Firefox.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname } from "node:path";
import test, { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { frameHeaders } from "ghl-payments/checkout";
import { launch } from "../support/chromium.mjs";
import { tool } from "../support/support.mjs";
import { firefox } from "../support/webdriver.mjs";

const MESSAGES = JSON.parse(readFileSync(new URL("../../fixtures/provider/messages.json", import.meta.url), "utf8"));
const PAYMENT = MESSAGES.payment_props_real_order;
const SETUP = MESSAGES.setup_props;
const HERE = dirname(fileURLToPath(import.meta.url));
const MANY = 100_000;

const servers = [];
const sites = {};
const browsers = {};

/** A site of its own that serves one bundled script, at every path. */
async function serve(name, host, headers) {
    const bundle = await tool("esbuild").build({
        entryPoints: [`${HERE}/checkout-${name}.mjs`],
        bundle: true,
        write: false,
        format: "esm",
        minify: true,
        logLevel: "error",
    });
    const script = bundle.outputFiles[0].text;
    const server = createServer((request, response) => {
        const isScript = request.url === "/script.js";
        response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html", ...headers });
        const html = "<!doctype html><meta charset=utf-8><title>-</title><link rel=icon href=data:,><body><script type=module src=/script.js></script>";
        response.end(isScript ? script : html);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    sites[name] = `http://${host}:${server.address().port}`;
}

before(async () => {
    await serve("page", "127.0.0.1", frameHeaders());
    await serve("hostile", "127.0.0.1");
    // Another site, not only another port.
    await serve("around", "localhost");
    const around = `${sites.around}/?${new URLSearchParams({ page: sites.page, hostile: sites.hostile })}`;

    const chromium = await launch(tool("playwright-core").chromium);
    const page = await chromium.newPage();
    await page.goto(around);
    browsers.Chromium = {
        close: () => chromium.close(),
        run: (script) => page.evaluate(`(() => { ${script} })()`),
        title: async (url) => {
            const other = await chromium.newPage();
            await other.goto(url);
            await other.waitForFunction(() => document.title !== "-");
            const title = await other.title();
            await other.close();
            return title;
        },
    };
    assert.ok(process.env.GECKODRIVER, "GECKODRIVER must name a geckodriver");
    const fox = await firefox(process.env.GECKODRIVER, { width: 1280, height: 900, scheme: "light" });
    await fox.open(around);
    browsers.Firefox = {
        close: () => fox.close(),
        run: (script) => fox.run(script),
        title: async (url) => {
            await fox.open(url);
            const title = await fox.until("a title", async () => {
                const title = await fox.run("return document.title");
                return title !== "-" && title;
            });
            await fox.open(around);
            return title;
        },
    };
});

after(async () => {
    for (const browser of Object.values(browsers)) await browser.close();
    for (const server of servers) {
        server.closeAllConnections();
        server.close();
    }
});

let calls = 0;

for (const name of ["Chromium", "Firefox"]) {
    /** Runs a scenario in the page around. */
    async function play(scenario, ...words) {
        const browser = browsers[name];
        const id = (calls += 1);
        await browser.run(`window.start(${[id, scenario, ...words].map((word) => JSON.stringify(word) ?? "undefined").join(", ")})`);
        for (const end = Date.now() + 110_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
            const result = JSON.parse(await browser.run(`return JSON.stringify(window.results[${id}] ?? null)`));
            if (result?.error) throw new Error(`${name}: ${result.error}`);
            if (result) return result.value;
        }
        throw new Error(`${name}: ${scenario} does not end`);
    }
    const it = (title, run) => test(`${name}: ${title}`, { timeout: 120_000 }, run);

    it("a payment: the order is paid, the frame is gone, and nothing was said twice", async () => {
        const { state, order, removed, received, asked, props } = await play("play", "succeed");
        assert.deepEqual([state, order.paymentStatus, removed, asked], ["succeeded", "paid", true, ["verify"]]);
        const minor = Math.round(order.amount * 100);
        assert.deepEqual(received.at(-1), { type: "custom_element_success_response", chargeId: `ch_${minor}` });
        assert.deepEqual(new Set(received.slice(0, -1).map(({ type }) => type)), new Set(["custom_provider_ready"]));
        assert.equal(props.amount, order.amount);
    });

    it("a declined card and a payer who gives up: the order stays unpaid", async () => {
        const declined = await play("play", "decline");
        assert.deepEqual([declined.state, declined.order.paymentStatus, declined.asked], ["failed", "unpaid", []]);
        assert.deepEqual(declined.shown, ["Card declined"]);
        const cancelled = await play("play", "cancel");
        assert.deepEqual([cancelled.state, cancelled.order.paymentStatus, cancelled.removed], ["closed", "unpaid", true]);
        assert.deepEqual(await play("leave"), { state: "closed", again: "closed", removed: true });
    });

    it("a card on file: a set-up without amount and charge", async () => {
        const options = { addCardOnFile: true };
        const { state, received } = await play("play", "succeed", { options, checkout: { setup: true } });
        assert.equal(state, "succeeded");
        assert.deepEqual(received[0], { type: "custom_provider_ready", loaded: true, addCardOnFileSupported: true });
        assert.deepEqual(received.at(-1), { type: "custom_element_success_response" });
    });

    it("a payment goes through with every quirk of HighLevel's checkout", async () => {
        for (const quirks of [
            { form: "object" },
            { props: "double" },
            { props: "late", lateMs: 300 },
            { deaf: 3 },
            { productDetails: "object", currency: "upper", emptyIds: true },
            { productDetails: "full", fullContact: true, undocumented: false },
        ]) {
            const { state, order } = await play("play", "succeed", { options: { readyEveryMs: 50 }, checkout: { quirks } });
            assert.deepEqual([state, order.paymentStatus], ["succeeded", "paid"], JSON.stringify(quirks));
        }
    });

    it("what the provider's server says decides, not the page", async () => {
        for (const [verified, expected] of [[{ success: false }, "pending"], [{ failed: true }, "failed"]]) {
            const { state, order, removed } = await play("play", "succeed", { verified });
            assert.deepEqual([state, order.paymentStatus, removed], [expected, "unpaid", true]);
        }
        assert.deepEqual(await play("own"), { before: [true, "Pay here"], state: "succeeded", removed: true });
    });

    it("a redirect in a popup comes back with its result, and closing it is noticed", async () => {
        const { state, received, told } = await play("play", "redirect");
        assert.equal(state, "succeeded", JSON.stringify(told));
        assert.match(received.at(-1).chargeId, /^ch_\d+$/);
        const left = await play("play", "leave");
        assert.equal(left.told.find(({ popup }) => popup).popup.code, "popup_closed");
        assert.equal(left.state, "failed");
        const script = await play("play", "script");
        const { popup, crashed } = script.told.find(({ popup }) => popup);
        assert.deepEqual([popup.code, crashed], ["invalid_argument", false]);
    });

    it("a popup that the browser blocks is an error that says so", async () => {
        const attributes = { sandbox: "allow-scripts allow-same-origin" };
        const { told, answer } = await play("by", [PAYMENT], { act: "redirect", attributes });
        assert.equal(told.find(({ popup }) => popup).popup.code, "popup_blocked");
        assert.match(answer, /Not confirmed/);
    });

    it("each sample of props is taken, as text and as object, by kind and with all its fields", async () => {
        for (const [sample, props] of Object.entries(MESSAGES).filter(([sample]) => sample.includes("props"))) {
            for (const form of [props, JSON.stringify(props)]) {
                const { opened } = await play("by", [form]);
                const whole = sample.includes("legacy") ? { ...props, productDetails: [props.productDetails] } : props;
                assert.deepEqual(opened.props, whole, sample);
                assert.equal(opened.kind, props === SETUP ? "setup" : "payment");
                assert.equal(opened.origin, sites.around);
            }
        }
    });

    it("late and double props, and those of another payment, change nothing", async () => {
        const late = await play("late", PAYMENT);
        assert.deepEqual([late.opened.amount.minor, late.more], [100, 0]);
        const other = { ...PAYMENT, amount: 999, transactionId: "other" };
        const { opened, told, ready } = await play("by", [PAYMENT, PAYMENT, other, SETUP], { act: "twice" });
        assert.deepEqual([opened.props.transactionId, told.filter(({ opened }) => opened).length], [PAYMENT.transactionId, 1]);
        assert.deepEqual(told.filter(({ twice }) => twice).map(({ twice }) => twice), ["answered", "answered", "answered"]);
        assert.deepEqual(ready, ['{"type":"custom_provider_ready","loaded":true}']);
    });

    it("props from an origin that is not allowed are not taken, and the timeout says from where they came", async () => {
        const options = { origins: ["https://app.gohighlevel.com", "https://*.leadconnectorhq.com"], timeoutMs: 200 };
        const { opened } = await play("by", [PAYMENT], { options });
        assert.equal(opened.code, "timeout");
        assert.ok(opened.message.endsWith(`Seen: ${sites.around}: other origin`), opened.message);
        const fine = await play("by", [PAYMENT], { options: { origins: [sites.around] } });
        assert.equal(fine.opened.kind, "payment");
    });

    it("hostile frames beside it and messages without sense: none is taken, nothing crashes", async () => {
        const { posted, stranger, before, opened, asked } = await play("hostile", [PAYMENT, SETUP], MANY);
        assert.deepEqual([posted, before], [MANY, []]);
        assert.ok(stranger >= 4_000, `${stranger}`);
        assert.deepEqual([opened.props.transactionId, opened.amount.minor], [PAYMENT.transactionId, 100]);
        // What the page posts reaches nobody but the window around it.
        assert.deepEqual(asked, []);
        console.log(`figure: checkout in ${name}: ${posted + stranger} hostile messages, 0 taken, ${before.length} crashes`);
    });

    it("who frames the page is who it talks to: the server decides, not the props", async () => {
        assert.deepEqual(await play("nested", PAYMENT), { type: "custom_element_success_response", chargeId: "ch_100000000" });
    });

    it("a page in no frame is told so", async () => {
        const { refused } = JSON.parse(await browsers[name].title(`${sites.page}/page`));
        assert.equal(refused.code, "not_framed");
    });
}
