// Which messages a payment page takes, what it makes of them, and what it answers.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test, { afterEach, beforeEach } from "node:test";
import { CheckoutError, frameHeaders, openCheckout } from "ghl-payments/checkout";
import { framed } from "./checkout-stub.mjs";
import { mutants, Random } from "./checkout-fuzz.mjs";

const MESSAGES = JSON.parse(readFileSync(new URL("../../fixtures/provider/messages.json", import.meta.url), "utf8"));
const PAYMENT = MESSAGES.payment_props_real_order;
const SETUP = MESSAGES.setup_props;

let page;
beforeEach(() => (page = framed()));
afterEach(() => page.restore());

/** What a page gets of a message; undefined where it does not take it. */
async function taken(message, options = {}) {
    const stop = new AbortController();
    const opened = openCheckout({ signal: stop.signal, ...options });
    page.say(message);
    stop.abort("not taken");
    return opened.catch((reason) => assert.equal(reason, "not taken"));
}

/** Why a page does not take a message. */
async function refusal(message, options = {}) {
    const opened = openCheckout({ readyEveryMs: 1, timeoutMs: 1, ...options });
    page.say(message);
    const error = await opened.then(() => assert.fail("it was taken"), (error) => error);
    assert.equal(error.code, "timeout");
    return error.message.slice(error.message.indexOf("Seen: ") + 6);
}

const code = (wanted) => (error) => error instanceof CheckoutError && error.name === "CheckoutError" && error.code === wanted;

test("each sample is accepted or ignored as its kind demands, as text and as object, and loses no field", async () => {
    let lost = 0;
    let accepted = 0;
    for (const [name, message] of Object.entries(MESSAGES)) {
        for (const form of [message, JSON.stringify(message)]) {
            const checkout = await taken(form);
            const kind = name.startsWith("payment_props") ? "payment" : name === "setup_props" ? "setup" : undefined;
            assert.equal(checkout?.kind, kind, name);
            if (!checkout) continue;
            accepted += 1;
            const expected = structuredClone(message);
            if (name.includes("legacy")) expected.productDetails = [expected.productDetails];
            lost += JSON.stringify(checkout.props) === JSON.stringify(expected) ? 0 : 1;
            assert.deepEqual(checkout.props, expected, name);
            assert.notEqual(checkout.props, form);
        }
    }
    assert.deepEqual([accepted, lost], [8, 0]);
    console.log(`figure: checkout messages: ${Object.keys(MESSAGES).length} samples, ${accepted / 2} taken as props, ${lost} with lost fields`);
});

test("texts and numbers are repaired as in the client, at every depth, and unknown fields stay", async () => {
    const { props, amount } = await taken({
        ...PAYMENT,
        amount: "10.50",
        transactionId: 77,
        orderId: null,
        productDetails: { _id: 5, qty: "2", isTaxesEnabled: "true", taxes: { rate: "0.08" }, prices: [{ amount: "1e2" }, {}], own: "7" },
        contact: { id: 12, name: "1", shippingAddress: { zipCode: 10001, own: 1 } },
        mode: "layaway",
        more: { amount: "1" },
    });
    assert.equal(props.amount, 10.5);
    assert.deepEqual(amount, { major: 10.5, minor: 1050, currency: "USD" });
    assert.equal(props.transactionId, "77");
    assert.equal(props.orderId, null);
    const product = { _id: "5", qty: 2, isTaxesEnabled: true, taxes: [{ rate: 0.08 }], prices: [{ amount: 100 }, {}], own: "7" };
    assert.deepEqual(props.productDetails, [product]);
    assert.deepEqual(props.contact, { id: "12", name: "1", shippingAddress: { zipCode: "10001", own: 1 } });
    assert.deepEqual([props.mode, props.more], ["layaway", { amount: "1" }]);
});

test("what may be left out and is wrong stays as it came, and keeps nobody from paying", async () => {
    const odd = { productDetails: "none", contact: [], name: {}, image: false, language: 1.5, orderId: [1] };
    const { props } = await taken({ ...PAYMENT, ...odd });
    for (const [name, value] of Object.entries(odd)) assert.deepEqual(props[name], value, name);
    for (const name of ["productDetails", "contact", "name", "description", "image", "orderId", "invoiceId", "language"]) {
        for (const value of [undefined, null]) assert.equal((await taken({ ...PAYMENT, [name]: value })).kind, "payment", name);
    }
});

test("props that lack something are not taken, and the timeout names field, expectation and what is there", async () => {
    for (const [props, required] of [
        [PAYMENT, { publishableKey: "string", amount: "number", currency: "string", mode: "string", transactionId: "string", locationId: "string" }],
        [SETUP, { publishableKey: "string", currency: "string", mode: "string", locationId: "string" }],
    ]) {
        for (const [name, kind] of Object.entries(required)) {
            const { [name]: _, ...without } = props;
            assert.equal(await refusal(without), `https://app.gohighlevel.com: ${name}: undefined is no ${kind}`);
            for (const [value, found] of [[null, "null"], [[], "list"], [{}, "object"], [true, "boolean"]]) {
                assert.match(await refusal({ ...props, [name]: value }), new RegExp(`${name}: ${found} is no ${kind}`));
            }
        }
    }
    for (const contact of [undefined, null, "CONTACT", [], {}, { id: null }, { name: "x" }]) {
        assert.match(await refusal({ ...SETUP, contact }), /: contact\.id: \w+ is no string/);
    }
    for (const amount of ["1,000.00", "", " ", "10 USD", "0x10", "ten"]) {
        assert.match(await refusal({ ...PAYMENT, amount }), /amount: string is no number/);
    }
});

test("an amount that its currency does not have is refused rather than rounded", async () => {
    for (const [amount, currency] of [
        [10.555, "USD"], [10.5, "jpy"], [0.0001, "EUR"], [1.2345, "KWD"], [-1, "USD"], [1e13, "USD"], [1e300, "USD"], [1, "US"],
        [1, "DOLLARS"], [1, ""], [1, "F C"], [1, "U$D"],
    ]) {
        assert.match(await refusal({ ...PAYMENT, amount, currency }), /amount: \S+ is no /, `${amount} ${currency}`);
    }
    assert.match(await refusal(`{"type":"payment_initiate_props","publishableKey":"p","amount":1e999,"currency":"usd","mode":"payment","transactionId":"t","locationId":"l"}`), /amount: Infinity/);
});

test("digits that the server would refuse are not rounded away, however large the amount is", async () => {
    // As tests/edge and src/provider/money.rs have it: noise is below a billionth, and no digit among the first four.
    for (const [amount, currency] of [
        [5000000.004, "USD"], [123456789.015, "USD"], [99999999.999, "EUR"], [1e11 + 0.001, "GBP"], [5000000000.5, "JPY"],
        [3000000000.4, "KRW"], [123456789.0004, "KWD"], [600000000000.001, "USD"], [1e12, "CLF"], [950000000000, "UYW"],
    ]) {
        for (const value of [amount, `${amount}`]) {
            assert.match(await refusal({ ...PAYMENT, amount: value, currency }), /amount: \S+ is no /, `${value} ${currency}`);
        }
    }
    for (const [amount, currency, minor] of [
        [5000000.01, "USD", 500000001], [600000000000.03, "USD", 60000000000003], [799999999999.97, "USD", 79999999999997],
        [123456789.01 + 1e-8, "USD", 12345678901], [900000000000, "CLF", 9e15], [1e12, "JPY", 1e12],
    ]) {
        assert.equal((await taken({ ...PAYMENT, amount, currency })).amount.minor, minor, `${amount} ${currency}`);
    }
});

/** ISO 4217's minor units, typed from its list for this test. */
const DIGITS = { USD: 2, EUR: 2, GBP: 2, CHF: 2, INR: 2, MXN: 2, HUF: 2, JPY: 0, KRW: 0, CLP: 0, ISK: 0, VND: 0, XOF: 0, UGX: 0, PYG: 0, KWD: 3, BHD: 3, TND: 3, JOD: 3, OMR: 3, IQD: 3, LYD: 3, CLF: 4 };

test("amounts are exact in the currency's own decimals, with binary noise taken off", async () => {
    const random = new Random(16);
    let amounts = 0;
    for (const [currency, digits] of Object.entries(DIGITS)) {
        for (let i = 0; i < 200; i += 1) {
            const minor = i === 0 ? 0 : random.below(i % 2 ? 1_000 : 100_000_000_000);
            const text = digits ? `${Math.floor(minor / 10 ** digits)}.${String(minor % 10 ** digits).padStart(digits, "0")}` : `${minor}`;
            const { amount } = await taken({ ...PAYMENT, amount: i % 3 ? Number(text) : text, currency: i % 2 ? currency : currency.toLowerCase() });
            assert.deepEqual(amount, { major: Number(text), minor, currency }, `${text} ${currency}`);
            amounts += 1;
        }
    }
    for (const [amount, minor] of [[0.1 + 0.2, 30], [1.1 * 3, 330], [4.35, 435], [1.15, 115], [8.2 - 0.2, 800], [1e12, 1e14], [999999999999.99, 99999999999999]]) {
        assert.equal((await taken({ ...PAYMENT, amount })).amount.minor, minor);
    }
    assert.equal((await taken({ ...PAYMENT, amount: 0.1 + 0.2 })).amount.major, 0.3);
    console.log(`figure: checkout amounts: ${amounts} of ${Object.keys(DIGITS).length} currencies exact`);
});

test("100,000 fuzzed messages: none is taken, none throws, and the real one still is", async () => {
    const random = new Random(4217);
    const stop = new AbortController();
    const opened = openCheckout({ signal: stop.signal, addCardOnFile: true });
    let state = "waiting";
    opened.then(() => (state = "taken"), () => (state = "ended"));
    const failures = [];
    // A listener that throws does not reach its caller, in browsers as here.
    const crash = (error) => failures.push(error);
    process.on("uncaughtException", crash);
    let count = 0;
    for (const message of mutants(random, [PAYMENT, SETUP, MESSAGES.payment_props_doc_full], 100_000)) {
        page.say(message);
        count += 1;
        if (count % 5_000 === 0) {
            await new Promise(setImmediate);
            assert.equal(state, "waiting", `message ${count}: ${JSON.stringify(message)}`);
        }
    }
    page.say(PAYMENT);
    assert.equal((await opened).props.transactionId, PAYMENT.transactionId);
    await new Promise(setImmediate);
    process.off("uncaughtException", crash);
    assert.deepEqual([failures, count], [[], 100_000]);
    assert.deepEqual(page.answers(), []);
    console.log(`figure: checkout fuzz: ${count} messages, ${failures.length} crashes, 0 taken`);
});

test("only the window around the page is heard, and of it only the origins that are allowed", async () => {
    const stop = new AbortController();
    const opened = openCheckout({ signal: stop.signal });
    for (const source of [null, undefined, {}, globalThis, { postMessage: () => assert.fail("answered a stranger") }]) {
        page.say(PAYMENT, { source: source ?? null });
    }
    stop.abort("nobody");
    await assert.rejects(opened, (reason) => reason === "nobody");

    const origins = ["https://app.gohighlevel.com", "https://*.leadconnectorhq.com", "*.msgsndr.com", "http://localhost:8080", "HTTPS://App.Agency.com"];
    const asked = async (from) => {
        const stop = new AbortController();
        const opened = openCheckout({ origins, signal: stop.signal });
        page.say(PAYMENT, { from });
        stop.abort();
        return opened.then(() => true, () => false);
    };
    for (const fine of ["https://app.gohighlevel.com", "https://a.leadconnectorhq.com", "https://a.b.leadconnectorhq.com", "https://app.msgsndr.com", "http://localhost:8080", "https://app.agency.com"]) {
        assert.equal(await asked(fine), true, fine);
    }
    for (const wrong of ["http://app.gohighlevel.com", "https://gohighlevel.com", "https://leadconnectorhq.com", "https://evilleadconnectorhq.com", "https://a.leadconnectorhq.com.evil.com", "https://a.leadconnectorhq.com:8443", "http://app.msgsndr.com", "http://localhost:8081", "https://appXgohighlevel.com", "null", ""]) {
        assert.equal(await asked(wrong), false, wrong);
    }
});

test("the answer goes, as JSON text, to the origin of the first valid props", async () => {
    const opened = openCheckout();
    page.say({ ...PAYMENT, amount: "none" }, { from: "https://evil.example" });
    page.say(PAYMENT, { from: "https://pay.agency.example" });
    const checkout = await opened;
    assert.equal(checkout.origin, "https://pay.agency.example");
    checkout.succeed("ch_1");
    assert.deepEqual(page.answers(), [
        { data: '{"type":"custom_element_success_response","chargeId":"ch_1"}', target: "https://pay.agency.example" },
    ]);
    const hidden = openCheckout();
    page.say(PAYMENT, { from: "null" });
    (await hidden).cancel();
    assert.deepEqual(page.answers()[1], { data: '{"type":"custom_element_close_response"}', target: "*" });
});

test("there is one answer; a chargeId is there for a payment and for nothing else", async () => {
    const payment = await taken(PAYMENT);
    for (const wrong of [undefined, null, "", "  ", 7, {}]) assert.throws(() => payment.succeed(wrong), code("invalid_argument"));
    for (const wrong of [undefined, "", new Error("x")]) assert.throws(() => payment.fail(wrong), code("invalid_argument"));
    assert.deepEqual(page.answers(), []);
    payment.fail("Card declined");
    for (const again of [() => payment.succeed("c"), () => payment.fail("x"), () => payment.cancel()]) {
        assert.throws(again, code("answered"));
    }
    assert.deepEqual(page.answers().map(({ data }) => JSON.parse(data)), [
        { type: "custom_element_error_response", error: { description: "Card declined" } },
    ]);
    const setup = await taken(SETUP);
    assert.equal(setup.amount, undefined);
    assert.throws(() => setup.succeed("ch_1"), code("invalid_argument"));
    setup.succeed();
    assert.equal(page.answers().at(-1).data, '{"type":"custom_element_success_response"}');
});

test("later props change nothing: not the same again, not those of another payment", async () => {
    const opened = openCheckout();
    page.say(PAYMENT);
    page.say({ ...PAYMENT, amount: 999, transactionId: "other" });
    const checkout = await opened;
    page.say({ ...PAYMENT, amount: 999 });
    page.say(SETUP, { from: "https://evil.example" });
    assert.deepEqual([checkout.kind, checkout.amount.minor, checkout.props.transactionId], ["payment", 100, PAYMENT.transactionId]);
    checkout.succeed("ch_1");
    assert.deepEqual(page.answers().map(({ target }) => target), ["https://app.gohighlevel.com"]);
    assert.equal(page.listeners(), 0);
});

test("ready is JSON text, comes after the listener, and again until the props are there", async () => {
    let listening;
    const { parent } = globalThis;
    const post = parent.postMessage;
    parent.postMessage = (...words) => {
        listening ??= page.listeners();
        post(...words);
    };
    const opened = openCheckout({ readyEveryMs: 1, addCardOnFile: true });
    assert.deepEqual([listening, page.posted.length], [1, 1]);
    while (page.posted.length < 4) await new Promise((resolve) => setTimeout(resolve, 1));
    page.say(PAYMENT);
    await opened;
    const asked = page.posted.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(page.posted.length, asked);
    const ready = { type: "custom_provider_ready", loaded: true, addCardOnFileSupported: true };
    for (const { data, target } of page.posted) assert.deepEqual([JSON.parse(data), target], [ready, "*"]);
    await taken(PAYMENT);
    assert.equal(page.posted.at(-1).data, '{"type":"custom_provider_ready","loaded":true}');
});

test("the timeout lists what to check in its order, and what came instead", async () => {
    const opened = openCheckout({ readyEveryMs: 1, timeoutMs: 5, origins: ["https://app.gohighlevel.com"] });
    page.say(PAYMENT, { from: "https://other.example" });
    page.say(PAYMENT, { source: {}, from: "https://frame.example" });
    page.say({ ...PAYMENT, amount: null });
    page.say({ ...PAYMENT, amount: null });
    page.say({ type: "webpackOk" }, { source: {} });
    const error = await opened.catch((error) => error);
    assert.ok(code("timeout")(error));
    assert.match(error.message, /1 ready is JSON text.*2 provider connected in this sub-account.*3 default for its mode.*4 openCheckout called early.*5 no calendar, payment link or store/s);
    const seen = error.message.slice(error.message.indexOf("Seen: ") + 6).split("; ");
    assert.deepEqual(seen, [
        "https://other.example: other origin",
        "https://frame.example: other window",
        "https://app.gohighlevel.com: amount: null is no number",
    ]);
    assert.equal(page.listeners(), 0);
    const asked = page.posted.length;
    await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(page.posted.length, asked);
});

test("a signal ends the wait with its reason, before and while it lasts", async () => {
    const reason = new Error("left");
    await assert.rejects(openCheckout({ signal: AbortSignal.abort(reason) }), reason);
    assert.deepEqual([page.posted, page.listeners()], [[], 0]);
    const stop = new AbortController();
    const opened = openCheckout({ signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(opened, reason);
    assert.equal(page.listeners(), 0);
});

test("a page in no frame, and arguments that mean nothing, are refused at once", async () => {
    for (const options of [{ readyEveryMs: 0 }, { timeoutMs: 0 }, { readyEveryMs: Number.NaN }, { timeoutMs: -1 }, { origins: ["https://a.example/"] }, { origins: ["nonsense with spaces"] }]) {
        await assert.rejects(openCheckout(options), code("invalid_argument"), JSON.stringify(options));
    }
    page.restore();
    await assert.rejects(openCheckout(), code("not_framed"));
    globalThis.parent = globalThis;
    await assert.rejects(openCheckout(), code("not_framed"));
    delete globalThis.parent;
});

test("the headers let anybody frame the page, or those that are named, and nothing else gets in", () => {
    assert.deepEqual(frameHeaders(), { "content-security-policy": "frame-ancestors *" });
    const origins = ["https://app.gohighlevel.com", "https://*.leadconnectorhq.com", "http://localhost:8788"];
    assert.deepEqual(frameHeaders({ origins }), { "content-security-policy": `frame-ancestors ${origins.join(" ")}` });
    assert.doesNotThrow(() => new Headers(frameHeaders({ origins })));
    for (const wrong of ["https://a.example; script-src *", "https://a.example\r\nx: y", "*", "https://a.example/path", "'none'", "javascript:alert(1)", ""]) {
        assert.throws(() => frameHeaders({ origins: [wrong] }), code("invalid_argument"), wrong);
    }
});

test("origins that are no list of origins are refused, and are never taken for all of them", async () => {
    for (const origins of ["https://app.gohighlevel.com", "x", "", 5, 0, false, {}, { length: 0 }, new Set(["https://a.example"]), [""], [{}], [["a", "b"]]]) {
        await assert.rejects(openCheckout({ origins }), code("invalid_argument"), JSON.stringify(origins));
        assert.throws(() => frameHeaders({ origins }), code("invalid_argument"), JSON.stringify(origins));
    }
    assert.equal(page.listeners(), 0);
    // What reads like one is one, and throws in no listener.
    const failures = [];
    const crash = (error) => failures.push(error);
    process.on("uncaughtException", crash);
    const opened = openCheckout({ origins: [5, ["https://app.gohighlevel.com"]] });
    page.say(PAYMENT);
    assert.equal((await opened).kind, "payment");
    await new Promise(setImmediate);
    process.off("uncaughtException", crash);
    assert.deepEqual(failures, []);
});

test("what strangers post does not blow up the timeout's message", async () => {
    const opened = openCheckout({ readyEveryMs: 1, timeoutMs: 1, origins: ["https://app.gohighlevel.com"] });
    page.say({ ...PAYMENT, currency: "X".repeat(100_000) });
    for (let i = 0; i < 2_000; i += 1) page.say(PAYMENT, { from: `https://${i}.example` });
    const { message } = await opened.catch((error) => error);
    assert.match(message, /X{50}.*https:\/\/0\.example: other origin; https:\/\/1\.example/);
    assert.ok(message.length < 2_500, `${message.length}`);
});
