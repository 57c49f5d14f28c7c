// A popup is opened in the click, its result is that of its own page, and nothing else opens or answers.

import assert from "node:assert/strict";
import test, { afterEach, beforeEach } from "node:test";
import { closePopup, openPopup } from "ghl-payments/checkout";
import { framed } from "./checkout-stub.mjs";

const HERE = "https://pay.example";
let page;
let popup;
let opened;

beforeEach(() => {
    page = framed();
    opened = [];
    popup = { closed: false, location: { replace: (href) => void opened.push(href) }, close: () => (popup.closed = true) };
    Object.assign(globalThis, {
        location: new URL(`${HERE}/checkout?x=1`),
        open: (...words) => {
            opened.push(words);
            return popup;
        },
    });
});
afterEach(() => {
    page.restore();
    for (const name of ["location", "open", "opener", "close"]) delete globalThis[name];
});

const result = (data, from = HERE, source = popup) => page.say({ type: "ghl-payments", result: data }, { source, from });
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

test("the window is opened in the click, before anything is awaited, also where the address comes later", async () => {
    let arrive;
    const answer = openPopup(new Promise((resolve) => (arrive = resolve)));
    assert.deepEqual(opened, [["", "_blank", "popup,width=480,height=720"]]);
    arrive("/3ds?id=1");
    await soon();
    assert.deepEqual(opened[1], `${HERE}/3ds?id=1`);
    result({ charge: "ch_1" });
    assert.deepEqual(await answer, { charge: "ch_1" });
    assert.deepEqual([popup.closed, page.listeners()], [true, 0]);
});

test("only the popup answers, from an origin that is allowed, and only with a result", async () => {
    const answer = openPopup("https://bank.example/", { origins: ["https://*.return.example"] });
    await soon();
    result("forged", "https://a.return.example", {});
    result("bank", "https://bank.example");
    result("own", HERE);
    page.say({ type: "other", result: "x" }, { source: popup, from: "https://a.return.example" });
    page.say(null, { source: popup, from: "https://a.return.example" });
    result("right", "https://a.return.example");
    assert.equal(await answer, "right");
});

test("a window that the browser does not open, and one that is closed, are errors of their own", async () => {
    globalThis.open = () => null;
    await assert.rejects(openPopup("/3ds"), { name: "CheckoutError", code: "popup_blocked" });
    globalThis.open = () => popup;
    const answer = openPopup("/3ds");
    popup.closed = true;
    await assert.rejects(answer, { name: "CheckoutError", code: "popup_closed" });
    // What was posted before it closed counts.
    popup.closed = false;
    const late = openPopup("/3ds");
    await soon();
    popup.closed = true;
    setTimeout(() => result("posted before"), 300);
    assert.equal(await late, "posted before");
});

test("an address that is none of the web, a failed promise and a signal close the window again", async () => {
    for (const url of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "blob:https://x/1"]) {
        popup.closed = false;
        await assert.rejects(openPopup(url), { code: "invalid_argument" }, url);
        assert.equal(popup.closed, true);
    }
    popup.closed = false;
    await assert.rejects(openPopup(Promise.reject(new Error("no session"))), /no session/);
    assert.equal(popup.closed, true);
    popup.closed = false;
    const stop = new AbortController();
    const answer = openPopup("/3ds", { signal: stop.signal });
    await soon();
    stop.abort(new Error("left"));
    await assert.rejects(answer, /left/);
    assert.deepEqual([popup.closed, page.listeners()], [true, 0]);
});

test("while the address is still to come, a signal and the payer who closes the window end the wait", async () => {
    const never = () => new Promise(() => {});
    const reason = new Error("left");
    await assert.rejects(openPopup(never(), { signal: AbortSignal.abort(reason) }), reason);
    assert.equal(popup.closed, true);
    popup.closed = false;
    const stop = new AbortController();
    let arrive;
    const answer = openPopup(new Promise((resolve) => (arrive = resolve)), { signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(answer, reason);
    assert.deepEqual([popup.closed, page.listeners()], [true, 0]);
    const before = opened.length;
    arrive("/3ds");
    await soon();
    assert.equal(opened.length, before, "an address that comes later is not loaded");
    popup.closed = false;
    const left = openPopup(never());
    popup.closed = true;
    await assert.rejects(left, { name: "CheckoutError", code: "popup_closed" });
    assert.equal(page.listeners(), 0);
    // A failure that comes after the end is nobody's: neither thrown nor unhandled.
    popup.closed = false;
    const failing = openPopup(soon().then(() => Promise.reject(new Error("too late"))), { signal: AbortSignal.abort(reason) });
    await assert.rejects(failing, reason);
    await soon();
    await soon();
});

test("the page at the end hands its result over and closes; where nobody is there, it says so", () => {
    globalThis.opener = null;
    assert.throws(() => closePopup("x"), { name: "CheckoutError", code: "no_opener" });
    const posted = [];
    let closed = 0;
    Object.assign(globalThis, { opener: { postMessage: (...words) => void posted.push(words) }, close: () => (closed += 1) });
    closePopup({ charge: "ch_1" });
    closePopup("other", "https://elsewhere.example");
    assert.deepEqual(posted, [
        [{ type: "ghl-payments", result: { charge: "ch_1" } }, HERE],
        [{ type: "ghl-payments", result: "other" }, "https://elsewhere.example"],
    ]);
    assert.equal(closed, 2);
});
