// HighLevel's side of the custom provider protocol: what its checkout and its server do with what a provider says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { failure } from "../support/stub.mjs";
import { CLOSE, connect, failed, gateway, KEYS, READY, success } from "./toy.mjs";

const SAMPLES = JSON.parse(readFileSync(new URL("../../fixtures/provider/samples.json", import.meta.url), "utf8"));
const DAY = 86_400_000;

/** A sandbox, a gateway that answers its queries, and what reads the API. */
function start({ gateway: given = {}, queries = {}, kit = false, ...options } = {}) {
    const toy = gateway({ now: () => sandbox.now(), ...given });
    const own = kit ? (request) => (handler ??= toy.handler(sandbox.locationId))(request) : toy.handle;
    let handler;
    const sandbox = createSandbox({ seed: 7, size: 30, rateLimit: { max: 100_000 }, queries: { fetch: own, ...queries }, ...options });
    const provider = connect(sandbox);
    const { locationId, fetch } = sandbox;
    const payments = new PaymentsClient({ token: sandbox.token(), locationId, fetch, maxRetries: 0, limiter: false });
    return { sandbox, toy, provider, payments, locationId };
}

/** The frame pays: what it charges at the gateway, and what it posts. */
async function pay(session, toy, status = "succeeded") {
    await session.receive(READY);
    const { amount, currency, transactionId, subscriptionId } = session.props;
    const charge = toy.charge({ amount: Math.round(amount * 100), currency, transactionId, subscriptionId, status });
    return { charge, step: await session.receive(success(charge.id)) };
}

/** The gateway's queryUrl: written by hand, and by the package. */
const BOTH = [["by hand", false], ["createQueryHandler", true]];
const levels = (issues) => issues.map(({ path, level }) => `${level} ${path}`);
const record = { mode: "cash" };

for (const [by, kit] of BOTH) {
    test(`a payment: a pending transaction first, then a paid order that the API shows (${by})`, async () => {
        const { sandbox, toy, payments } = start({ kit });
        const order = sandbox.createOrder();
        const session = await sandbox.checkout({ orderId: order._id });
        assert.deepEqual([session.kind, session.state, session.orderId], ["payment", "open", order._id]);
        const pending = await payments.transactions.get(session.transactionId);
        assert.deepEqual([pending.status, pending.amount, pending.entityId], ["pending", order.amount, order._id]);
        assert.equal((await payments.orders.get(order._id)).paymentStatus, "unpaid");

        const ready = await session.receive(READY);
        assert.deepEqual([ready.state, ready.remove, ready.issues], ["ready", false, []]);
        const [{ data, afterMs }] = ready.toFrame;
        assert.equal(afterMs, 0);
        assert.deepEqual(JSON.parse(data), session.props);
        assert.deepEqual([session.props.amount, session.props.currency, session.props.mode], [order.amount, "usd", "payment"]);

        const { charge, step } = await pay(session, toy);
        assert.deepEqual([step.state, step.remove, step.issues], ["succeeded", true, []]);
        assert.equal(session.state, "succeeded");
        const paid = await payments.transactions.get(session.transactionId);
        assert.deepEqual([paid.status, paid.chargeId, paid.chargeSnapshot.status], ["succeeded", charge.id, "succeeded"]);
        const { paymentStatus, status } = await payments.orders.get(order._id);
        assert.deepEqual([paymentStatus, status], ["paid", "completed"]);
        assert.deepEqual(toy.asked, [{ type: "verify", transactionId: session.transactionId, chargeId: charge.id, apiKey: KEYS.live.apiKey }]);
        await assert.rejects(sandbox.checkout({ orderId: order._id }), /already paid/);
    });
}

test("an open checkout keeps payments from being recorded: until success, failure or close, and for five minutes", async () => {
    const { sandbox, toy, payments } = start();
    const locked = async (order) => {
        const error = await payments.orders.recordPayment(order._id, record).then(() => null, (error) => error);
        return error && [error.status, ...error.messages];
    };
    const LOCKED = [409, "Payment recording already in progress"];
    for (const [end, rest] of [
        [(session) => session.close(), null],
        [(session) => session.receive(CLOSE), null],
        [(session) => session.receive(failed("declined")), null],
        [(session) => pay(session, toy, "failed"), null],
        [() => sandbox.advance(5 * 60_000), null],
        [(session) => pay(session, toy), [400, "The order is already paid"]],
        [(session) => pay(session, toy, "pending"), LOCKED],
        [() => sandbox.advance(4 * 60_000), LOCKED],
    ]) {
        const order = sandbox.createOrder();
        const session = await sandbox.checkout({ orderId: order._id });
        assert.deepEqual(await locked(order), LOCKED);
        await end(session);
        assert.deepEqual(await locked(order), rest, String(end));
    }
});

test("every quirk of the props is there on demand, and only there", async () => {
    const { sandbox } = start({ size: 300 });
    const props = async (options) => {
        const session = await sandbox.checkout(options);
        const { toFrame } = await session.receive(READY);
        return { session, toFrame, props: toFrame[0] && (typeof toFrame[0].data === "string" ? JSON.parse(toFrame[0].data) : toFrame[0].data) };
    };
    const plain = (await props()).props;
    assert.deepEqual(Object.keys(plain).sort(), Object.keys(SAMPLES.iframe_payment_props_real_order).sort());
    assert.deepEqual([plain.productDetails, plain.contact.shippingAddress, plain.contact.contact], [[{}], {}, undefined]);
    assert.equal((await props({ quirks: { currency: "upper" } })).props.currency, "USD");
    assert.ok("priceId" in (await props({ quirks: { productDetails: "object" } })).props.productDetails);
    const full = (await props({ quirks: { productDetails: "full", fullContact: true, undocumented: false } })).props;
    assert.equal(full.productDetails[0].prices[0].type, "onetime");
    assert.deepEqual(
        [...Object.keys(full), "subscriptionId"].sort(),
        Object.keys(SAMPLES.iframe_payment_props_doc_full).sort(),
    );
    assert.deepEqual(Object.keys(full.contact).sort(), Object.keys(SAMPLES.iframe_payment_props_doc_full.contact).sort());
    assert.equal(typeof (await props({ quirks: { form: "object" } })).toFrame[0].data, "object");
    assert.deepEqual((await props({ quirks: { props: "late", lateMs: 700 } })).toFrame.map(({ afterMs }) => afterMs), [700]);
    assert.equal((await props({ quirks: { props: "double" } })).toFrame.length, 2);
    assert.equal((await props({ quirks: { props: "never" } })).toFrame.length, 0);
    assert.equal((await props({ faults: ["props-never"] })).toFrame.length, 0);
    assert.equal((await props({ quirks: { emptyIds: true } })).props.subscriptionId, "");

    const deaf = await sandbox.checkout({ quirks: { deaf: 2 } });
    const heard = [];
    for (let i = 0; i < 4; i++) heard.push((await deaf.receive(READY)).toFrame.length);
    assert.deepEqual(heard, [0, 0, 1, 1]);

    const setup = await props({ setup: true });
    assert.deepEqual(Object.keys(setup.props).sort(), Object.keys(SAMPLES.iframe_setup_props).sort());
    assert.deepEqual([setup.session.kind, setup.session.orderId, setup.session.transactionId], ["setup", null, null]);

    const invoiced = sandbox.state().locations[0].orders.find((order) => order.sourceType === "invoice" && order.paymentStatus === "unpaid");
    const invoice = (await props({ invoiceId: invoiced.sourceId })).props;
    assert.deepEqual([invoice.orderId, invoice.invoiceId], ["", invoiced.sourceId]);
    assert.equal((await sandbox.checkout()).paymentsUrl, "http://127.0.0.1:9/pay");
});

test("placeholders in paymentsUrl stay as they are", async () => {
    const { sandbox } = start();
    const paymentsUrl = "https://pay.example.com/?charge={chargeId}&amount={amount}&location={locationId}";
    sandbox.connectProvider({ paymentsUrl });
    assert.equal((await sandbox.checkout()).paymentsUrl, paymentsUrl);
});

test("messages that are no JSON text are not understood, and those of others are left alone", async () => {
    const { sandbox } = start();
    const session = await sandbox.checkout();
    for (const [data, wanted] of [
        [{ type: "custom_provider_ready", loaded: true }, ["error "]],
        [{ source: "react-devtools" }, ["warning "]],
        ["webpackHotUpdate", ["warning "]],
        ["", ["warning "]],
        [undefined, ["warning "]],
        [null, ["warning "]],
        [12n, ["warning "]],
        ['"custom_provider_ready"', ["warning "]],
        ['{"type":"custom_provider_ready"}', ["error loaded"]],
        ['{"type":"custom_provider_ready","loaded":"true"}', ["error loaded"]],
        ['{"type":"custom_provider_raedy","loaded":true}', ["error type"]],
        ['{"type":"analytics"}', []],
        ['{"type":"custom_element_success_response"}', ["error chargeId"]],
        ['{"type":"custom_element_success_response","chargeId":7}', ["error chargeId"]],
        ['{"type":"custom_element_success_response","chargeId":""}', ["error chargeId"]],
        ['{"type":"custom_element_success_response","data":{"chargeId":"ch_1"}}', ["error chargeId"]],
    ]) {
        const step = await session.receive(data);
        assert.deepEqual([step.state, step.toFrame, levels(step.issues)], ["open", [], wanted], String(data));
    }
    const reads = await sandbox.checkout({ quirks: { readsObjects: true } });
    assert.equal((await reads.receive({ type: "custom_provider_ready", loaded: true })).toFrame.length, 1);
});

test("there is one last message: what comes after it changes nothing", async () => {
    const { sandbox, toy, payments } = start();
    const session = await sandbox.checkout();
    await session.receive(failed("Card was declined"));
    assert.equal(session.state, "failed");
    const charge = toy.charge({ amount: 1, currency: "usd", transactionId: session.transactionId });
    for (const message of [success(charge.id), failed("again"), CLOSE, READY]) {
        const { state, issues, shown, toFrame } = await session.receive(message);
        assert.deepEqual([state, levels(issues), shown, toFrame], ["failed", ["warning "], null, []]);
    }
    assert.equal((await payments.transactions.get(session.transactionId)).status, "failed");
    assert.equal(toy.asked.length, 0);
});

test("an error shows its description, and one in another form shows nothing and is told", async () => {
    const { sandbox } = start();
    const step = await (await sandbox.checkout()).receive(failed("Card was declined"));
    assert.deepEqual([step.shown, step.remove, step.issues], ["Card was declined", true, []]);
    const wrong = await (await sandbox.checkout()).receive('{"type":"custom_element_error_response","error":"declined"}');
    assert.deepEqual([wrong.state, wrong.shown, levels(wrong.issues)], ["failed", "", ["error error.description"]]);
});

/** What verify answers, and what becomes of the checkout, the transaction and the order. */
const VERIFIED = [
    [SAMPLES.query_verify_resp_success, "succeeded", "succeeded", "paid", []],
    [SAMPLES.query_verify_resp_failed, "failed", "failed", "unpaid", []],
    [SAMPLES.query_verify_resp_pending, "pending", "pending", "unpaid", []],
    [{ success: true, failed: true }, "pending", "pending", "unpaid", ["error failed"]],
    [{ success: "true" }, "pending", "pending", "unpaid", ["error success", "error success"]],
    [{}, "pending", "pending", "unpaid", ["error success"]],
    [[], "pending", "pending", "unpaid", ["error "]],
    [null, "pending", "pending", "unpaid", ["error "]],
    [new Response("<html>", { headers: { "content-type": "text/html" } }), "pending", "pending", "unpaid", ["error "]],
    [Response.json({ success: true }, { status: 500 }), "pending", "pending", "unpaid", ["error "]],
    [new Response(null, { status: 302, headers: { location: "https://evil.example/" } }), "pending", "pending", "unpaid", ["error "]],
    [new Response(`{"success":true,"x":"${"x".repeat(3000)}"}`), "pending", "pending", "unpaid", ["error "]],
    [new Error("connect ECONNREFUSED https://user:secret@host/"), "pending", "pending", "unpaid", ["error "]],
    [new Promise(() => {}), "pending", "pending", "unpaid", ["error "]],
];

for (const [number, [answer, state, transaction, order, issues]] of VERIFIED.entries()) {
    test(`verify answer ${number}: ${state}`, async () => {
        const fetch = async () => {
            if (answer instanceof Error) throw answer;
            const given = await answer;
            return given instanceof Response ? given : Response.json(given);
        };
        const { sandbox, payments } = start({ queries: { fetch, timeoutMs: 50, maxBytes: 2000 } });
        const session = await sandbox.checkout();
        await session.receive(READY);
        const step = await session.receive(success("ch_1"));
        assert.deepEqual([step.state, levels(step.issues)], [state, issues]);
        assert.equal((await payments.transactions.get(session.transactionId)).status, transaction);
        assert.equal((await payments.orders.get(session.orderId)).paymentStatus, order);
        assert.ok(!JSON.stringify([sandbox.timeline(), step]).includes("secret"), "no secret is told");
    });
}

test("a verify call that was not answered can be made again; what was agreed to stays", async () => {
    let answer = { success: false };
    const { sandbox, payments } = start({ queries: { fetch: async () => Response.json(answer) } });
    const session = await sandbox.checkout();
    await assert.rejects(session.verify(), /has not said success/);
    await session.receive(READY);
    assert.equal((await session.receive(success("ch_1"))).state, "pending");
    answer = { success: true };
    assert.equal((await session.verify()).state, "succeeded");
    answer = { failed: true };
    const step = await session.verify();
    assert.deepEqual([step.state, levels(step.issues)], ["succeeded", ["error "]]);
    assert.equal((await payments.transactions.get(session.transactionId)).status, "succeeded");
});

test("pending, then captured by a push, as often as it comes", async () => {
    const { sandbox, toy, provider, payments, locationId } = start();
    const session = await sandbox.checkout();
    const { charge } = await pay(session, toy, "pending");
    assert.equal(session.state, "pending");
    charge.status = "succeeded";
    const push = () =>
        provider.push("payment.captured", {
            ...{ locationId, mode: "live", chargeId: charge.id, ghlTransactionId: session.transactionId },
            chargeSnapshot: toy.pushed(charge),
        });
    await push();
    await push();
    const transaction = await payments.transactions.get(session.transactionId);
    assert.deepEqual([transaction.status, transaction.chargeSnapshot.chargeId], ["succeeded", charge.id]);
    const order = await payments.orders.get(session.orderId);
    assert.equal(order.paymentStatus, "paid");
    assert.equal((await sandbox.session(session.id)).state, "succeeded");
    assert.equal((await payments.transactions.list({ entityId: session.orderId })).totalCount, 1);
});

test("a charge that pays a second transaction is told", async () => {
    const { sandbox, provider, locationId, toy } = start({ queries: { fetch: async () => Response.json({ success: true }) } });
    const [first, second, third] = [await sandbox.checkout(), await sandbox.checkout(), await sandbox.checkout()];
    assert.deepEqual((await first.receive(success("ch_1"))).issues.map(({ path }) => path), [""]);
    assert.deepEqual((await second.receive(success("ch_1"))).issues.map(({ path }) => path), ["", "chargeId"]);
    const charge = toy.charge({ amount: 1, currency: "USD" });
    const chargeSnapshot = { ...toy.pushed(charge), chargeId: "ch_1" };
    await provider.push("payment.captured", { locationId, mode: "live", chargeId: "ch_1", ghlTransactionId: third.transactionId, chargeSnapshot });
    const { issues } = sandbox.timeline().findLast(({ kind }) => kind === "push");
    assert.deepEqual(levels(issues), ["warning chargeSnapshot.amount", "warning chargeId"]);
});

test("a subscription needs its pair, otherwise it stays incomplete", async () => {
    const { sandbox, toy, payments } = start();
    const session = await sandbox.checkout({ subscription: {} });
    const { mode, subscriptionId, amount } = session.props;
    assert.deepEqual([mode, subscriptionId, amount], ["subscription", session.subscriptionId, 49]);
    assert.equal((await payments.subscriptions.get(subscriptionId)).status, "incomplete");
    const { step } = await pay(session, toy);
    assert.deepEqual([step.state, levels(step.issues)], ["succeeded", ["error subscriptionSnapshot"]]);
    assert.equal((await payments.subscriptions.get(subscriptionId)).status, "incomplete");
    assert.equal((await payments.orders.get(session.orderId)).paymentStatus, "paid");

    const whole = await sandbox.checkout({ subscription: {} });
    const begun = toy.subscribe({ ghlId: whole.subscriptionId, amount: 4900, currency: "USD" });
    assert.deepEqual((await pay(whole, toy)).step.issues, []);
    const subscription = await payments.subscriptions.get(whole.subscriptionId);
    assert.deepEqual([subscription.status, subscription.subscriptionId], ["active", begun.id]);
    assert.equal(subscription.subscriptionSnapshot.nextCharge, begun.nextCharge);
});

test("a trial costs nothing at first, and is trialing", async () => {
    const { sandbox, toy, payments } = start();
    const session = await sandbox.checkout({ subscription: { trialDays: 14 } });
    assert.equal(session.props.amount, 0);
    const begun = toy.subscribe({ ghlId: session.subscriptionId, amount: 4900, currency: "USD", trialDays: 14 });
    await session.receive(READY);
    const step = await session.receive(success(begun.id));
    assert.deepEqual([step.state, step.issues], ["succeeded", []]);
    assert.equal((await payments.subscriptions.get(session.subscriptionId)).status, "trialing");
});

/** Charges what is due, as the provider's own clock does. */
async function tick({ sandbox, toy, provider, locationId }, ms) {
    const due = sandbox.advance(ms);
    for (const { subscriptionId, amount } of due) {
        const plan = toy.subscriptions.get(subscriptionId);
        const charge = toy.charge({ amount: Math.round(amount * 100), currency: "USD", subscriptionId });
        plan.nextCharge += 30 * 86_400;
        plan.status = "active";
        await provider.push("subscription.charged", {
            ...{ locationId, mode: "live", chargeId: charge.id, ghlSubscriptionId: subscriptionId },
            ...{ subscriptionSnapshot: toy.plan(plan), chargeSnapshot: toy.pushed(charge) },
        });
    }
    return due;
}

for (const [by, kit] of BOTH) {
    test(`three months of a subscription: due, charged, and each charge one transaction; then it is canceled (${by})`, async () => {
        const all = start({ kit });
        const { sandbox, toy, payments } = all;
        const session = await sandbox.checkout({ subscription: {} });
        const begun = toy.subscribe({ ghlId: session.subscriptionId, amount: 4900, currency: "USD" });
        await pay(session, toy);
        assert.deepEqual(sandbox.advance(29 * DAY), []);
        const dues = [];
        for (const days of [2, 30, 30]) dues.push(...(await tick(all, days * DAY)));
        assert.equal(dues.length, 3);
        assert.deepEqual([dues[0].amount, dues[0].currency, dues[0].providerSubscriptionId], [49, "USD", begun.id]);
        assert.equal(dues[0].dueAt, "2026-12-01T12:00:00.000Z");
        assert.deepEqual(sandbox.advance(0), [], "each is told once");
        const list = await payments.transactions.list({ subscriptionId: session.subscriptionId });
        assert.deepEqual(list.data.map(({ status, amount }) => `${status} ${amount}`), Array(4).fill("succeeded 49"));

        const canceled = await sandbox.cancelSubscription({ subscriptionId: session.subscriptionId });
        assert.deepEqual([canceled.success, canceled.subscriptionStatus, canceled.issues], [true, "canceled", []]);
        assert.equal((await payments.subscriptions.get(session.subscriptionId)).status, "canceled");
        assert.deepEqual(await tick(all, 40 * DAY), []);
    });
}

test("a push of a charge that is known, or of a failed one, makes no second payment", async () => {
    const { sandbox, toy, provider, payments, locationId } = start();
    const session = await sandbox.checkout({ subscription: {} });
    const plan = toy.subscribe({ ghlId: session.subscriptionId, amount: 4900, currency: "USD" });
    const { charge } = await pay(session, toy);
    const push = (charge, status) =>
        provider.push("subscription.charged", {
            ...{ locationId, mode: "live", chargeId: charge.id, ghlSubscriptionId: session.subscriptionId },
            ...{ subscriptionSnapshot: { ...toy.plan(plan), status }, chargeSnapshot: toy.pushed(charge) },
        });
    const list = async () => {
        const { data } = await payments.transactions.list({ subscriptionId: session.subscriptionId });
        return data.map(({ status }) => status);
    };
    await push(charge, "active");
    assert.deepEqual(await list(), ["succeeded"]);
    const second = toy.charge({ amount: 4900, currency: "USD", subscriptionId: session.subscriptionId, status: "failed" });
    await push(second, "unpaid");
    await push(second, "unpaid");
    assert.deepEqual(await list(), ["failed", "succeeded"]);
    assert.equal((await payments.subscriptions.get(session.subscriptionId)).status, "unpaid");
    second.status = "succeeded";
    await push(second, "active");
    assert.deepEqual(await list(), ["succeeded", "succeeded"]);
    assert.equal((await payments.subscriptions.get(session.subscriptionId)).status, "active");
});

for (const [by, kit] of BOTH) {
    test(`a card on file: saved in a frame, listed, charged, subscribed with (${by})`, async () => {
        const { sandbox, toy, payments } = start({ kit });
        const { contactId } = sandbox.createOrder();
        const setup = await sandbox.checkout({ setup: true, contactId });
        const silent = await setup.receive('{"type":"custom_provider_ready","loaded":true}');
        assert.deepEqual([silent.toFrame, levels(silent.issues)], [[], ["error addCardOnFileSupported"]]);
        await setup.receive(READY);
        const lost = await setup.receive(success());
        assert.deepEqual([lost.state, levels(lost.issues)], ["failed", ["error "]], "what was saved has to be listed");

        const unheard = await sandbox.checkout({ setup: true, contactId, faults: ["lost-query"] });
        await assert.rejects(unheard.verify(), /has not said success/);
        await unheard.receive(READY);
        assert.equal((await unheard.receive(success())).state, "pending");
        assert.equal((await unheard.verify()).state, "failed");

        const saved = await sandbox.checkout({ setup: true, contactId });
        await saved.receive(READY);
        const paymentMethodId = toy.save(contactId);
        const step = await saved.receive(success());
        assert.deepEqual([step.state, step.issues], ["succeeded", []]);

        const listed = await sandbox.listPaymentMethods({ contactId });
        assert.deepEqual([listed.success, listed.methods.map(({ id }) => id), listed.issues], [true, [paymentMethodId], []]);

        const charged = await sandbox.charge({ contactId, paymentMethodId, amount: 10.5, currency: "EUR", description: "Invoice - 1" });
        assert.deepEqual([charged.success, charged.failed, charged.issues], [true, false, []]);
        assert.equal((await payments.orders.get(charged.orderId)).paymentStatus, "paid");
        const transaction = await payments.transactions.get(charged.transactionId);
        assert.deepEqual([transaction.amount, transaction.currency, transaction.chargeId], [10.5, "EUR", charged.chargeId]);
        const request = toy.asked.at(-1);
        assert.deepEqual(Object.keys(request).sort(), Object.keys(SAMPLES.query_charge_request).sort());

        const refused = await sandbox.charge({ contactId, paymentMethodId: "pm_unknown", amount: 1 });
        assert.deepEqual([refused.success, refused.failed, refused.message], [false, true, "no such payment method"]);
        assert.equal((await payments.transactions.get(refused.transactionId)).status, "failed");

        const begun = await sandbox.createSubscription({ contactId, paymentMethodId });
        assert.deepEqual([begun.success, begun.subscriptionStatus, begun.issues], [true, "active", []]);
        assert.deepEqual(Object.keys(toy.asked.at(-1)).sort(), Object.keys(SAMPLES.query_create_subscription_request).sort());
        assert.equal((await payments.orders.get(begun.orderId)).paymentStatus, "paid");

        const forms = await sandbox.createSubscription({ contactId, paymentMethodId, recurringAmount: "number", productDetails: "empty" });
        assert.equal(forms.success, true);
        assert.deepEqual([toy.asked.at(-1).recurringAmount, toy.asked.at(-1).productDetails], [49, [{}]]);

        const later = await sandbox.createSubscription({ contactId, paymentMethodId, startDate: "2026-12-24" });
        assert.deepEqual([later.subscriptionStatus, toy.asked.at(-1).isSchedule, toy.asked.at(-1).amount], ["scheduled", true, 0]);
        sandbox.connectProvider({ supportsSubscriptionSchedules: false });
        await assert.rejects(sandbox.createSubscription({ contactId, paymentMethodId }), /updateCapabilities/);
    });
}

for (const [by, kit] of BOTH) {
    test(`refunds: in parts, the rest, never more than there is (${by})`, async () => {
        const { sandbox, toy, payments } = start({ kit });
        const { step, charge } = await pay(await sandbox.checkout(), toy);
        assert.equal(step.state, "succeeded");
        const { transactionId } = charge;
        const [total, state] = [charge.amount / 100, async () => {
            const { status, amountRefunded } = await payments.transactions.get(transactionId);
            return [status, amountRefunded];
        }];
        const first = await sandbox.refund({ transactionId, amount: 1.25 });
        assert.deepEqual([first.success, first.amountRefunded, first.issues], [true, 1.25, []]);
        assert.deepEqual(await state(), ["succeeded", 1.25]);
        await assert.rejects(sandbox.refund({ transactionId, amount: total }), /must not be greater than what is left/);
        const much = await sandbox.refund({ transactionId, amount: total, evenTooMuch: true });
        assert.deepEqual([much.success, much.failed, much.amountRefunded], [false, true, 1.25], "the provider refuses as well");
        const rest = await sandbox.refund({ transactionId });
        assert.deepEqual([rest.success, rest.amountRefunded], [true, total]);
        assert.deepEqual(await state(), ["refunded", total]);
        assert.equal(charge.refunded, charge.amount);
        const { entityId } = await payments.transactions.get(transactionId);
        assert.equal((await payments.orders.get(entityId)).paymentStatus, "refunded");
        await assert.rejects(sandbox.refund({ transactionId }), /what is left of the transaction \(0.00\)/);
        assert.equal(toy.asked.filter(({ type }) => type === "refund").length, 3);
    });
}

test("verify twice: both at once, and one payment", async () => {
    const { sandbox, toy, payments } = start();
    const session = await sandbox.checkout({ faults: ["verify-twice"] });
    const { step } = await pay(session, toy);
    assert.deepEqual([toy.asked.length, step.state, step.issues], [2, "succeeded", []]);
    const order = await payments.orders.get(session.orderId);
    assert.equal(order.paymentStatus, "paid");

    let calls = 0;
    const { sandbox: other } = start({ queries: { fetch: async () => Response.json(calls++ === 0 ? { success: true } : { failed: true }) } });
    const unsteady = await other.checkout({ faults: ["verify-twice"] });
    await unsteady.receive(READY);
    const twice = await unsteady.receive(success("ch_1"));
    assert.deepEqual([twice.state, levels(twice.issues)], ["succeeded", ["error "]], "once agreed, it has to agree again");
});

test("verify before success: a provider that agrees to it is told, one that waits is paid later", async () => {
    const { sandbox, toy } = start();
    const session = await sandbox.checkout({ faults: ["verify-before-success"] });
    const ready = await session.receive(READY);
    assert.deepEqual([ready.state, ready.issues], ["ready", []]);
    assert.equal(toy.asked[0].chargeId, session.transactionId);
    assert.equal((await pay(session, toy)).step.state, "succeeded");

    const { sandbox: other } = start({ queries: { fetch: async () => Response.json({ success: true }) } });
    const wrong = await (await other.checkout({ faults: ["verify-before-success"] })).receive(READY);
    assert.deepEqual(levels(wrong.issues), ["error success"]);
});

test("a wrong apiKey: who refuses it is asked again, who takes it is told", async () => {
    const { sandbox, toy } = start();
    const session = await sandbox.checkout({ faults: ["wrong-api-key"] });
    const { step } = await pay(session, toy);
    assert.deepEqual([step.state, step.issues], ["pending", []]);
    assert.notEqual(toy.asked[0].apiKey, KEYS.live.apiKey);
    assert.equal((await session.verify()).state, "succeeded");

    const { sandbox: other, payments } = start({ queries: { fetch: async () => Response.json({ success: true }) } });
    const open = await other.checkout({ faults: ["wrong-api-key"] });
    await open.receive(READY);
    const taken = await open.receive(success("ch_1"));
    assert.deepEqual([taken.state, levels(taken.issues)], ["pending", ["error apiKey"]]);
    assert.equal((await payments.transactions.get(open.transactionId)).status, "pending");
});

for (const [fault, asked] of [["slow-query", 1], ["lost-answer", 1], ["lost-query", 0]]) {
    test(`${fault}: the checkout stays pending, and the next call decides`, async () => {
        const { sandbox, toy } = start();
        const session = await sandbox.checkout({ faults: [fault] });
        const { step } = await pay(session, toy);
        assert.deepEqual([step.state, levels(step.issues), toy.asked.length], ["pending", ["error "], asked]);
        assert.equal((await session.verify()).state, "succeeded");
    });
}

test("faults of the server's own queries", async () => {
    const { sandbox, toy, provider, payments, locationId } = start();
    const { contactId } = sandbox.createOrder();
    const paymentMethodId = toy.save(contactId);
    const lost = await sandbox.charge({ contactId, paymentMethodId, amount: 5, faults: ["lost-answer"] });
    assert.deepEqual([lost.success, lost.failed, lost.status], [false, false, null]);
    assert.equal((await payments.transactions.get(lost.transactionId)).status, "pending");
    const [charge] = toy.charges.values();
    const { transactionId: ghlTransactionId, id: chargeId } = charge;
    await provider.push("payment.captured", { locationId, mode: "live", chargeId, ghlTransactionId, chargeSnapshot: toy.pushed(charge) });
    assert.equal((await payments.orders.get(lost.orderId)).paymentStatus, "paid");
});

/** A push, sent as it stands. */
async function push(sandbox, body, headers = { "content-type": "application/json" }) {
    const url = "https://backend.leadconnectorhq.com/payments/custom-provider/webhook";
    const response = await sandbox.fetch(url, { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) });
    const answer = await response.json();
    return { status: response.status, messages: [answer.message].flat() };
}

test("pushes are received, or refused with a reason", async () => {
    const { sandbox, toy, locationId } = start({ locations: ["LOCATION_ONE", "LOCATION_TWO"] });
    const session = await sandbox.checkout();
    const subscribing = await sandbox.checkout({ subscription: {} });
    const testing = await sandbox.checkout({ mode: "test" });
    const stripe = sandbox.state().locations[0];
    const common = { locationId, apiKey: KEYS.live.apiKey };
    const chargeSnapshot = { status: "succeeded", amount: session.props.amount * 100, chargeId: "ch_1", chargedAt: 1793534400 };
    const subscriptionSnapshot = { id: "sub_1", status: "active", trialEnd: 0, createdAt: 1793534400, nextCharge: 1796126400 };
    const captured = { ...common, event: "payment.captured", chargeId: "ch_1", ghlTransactionId: session.transactionId, chargeSnapshot };
    const active = {
        ...{ ...common, event: "subscription.active", chargeId: "ch_2", ghlTransactionId: subscribing.transactionId },
        ...{ ghlSubscriptionId: subscribing.subscriptionId, marketplaceAppId: sandbox.app.appId },
    };
    const updated = { ...common, event: "subscription.updated", ghlSubscriptionId: subscribing.subscriptionId, subscriptionSnapshot };
    const charged = { ...updated, event: "subscription.charged", chargeId: "ch_3", chargeSnapshot };
    for (const [name, body, status, reason] of [
        ["no JSON", "{", 400, "The body is not valid JSON"],
        ["no object", "[]", 422, "the body must be an object"],
        ["nothing", {}, 422, "event must be text"],
        ["an event that there is not", { ...captured, event: "payment.refunded" }, 422, '"payment.refunded" is none of'],
        ["no charge", { ...captured, chargeId: undefined }, 422, "chargeId must be text"],
        ["no snapshot", { ...captured, chargeSnapshot: undefined }, 422, "chargeSnapshot must be an object"],
        ["milliseconds", { ...captured, chargeSnapshot: { ...chargeSnapshot, chargedAt: 1793534400000 } }, 422, "unix seconds"],
        ["no transaction", { ...captured, ghlTransactionId: undefined }, 422, "ghlTransactionId must be text"],
        ["a transaction that there is not", { ...captured, ghlTransactionId: "0".repeat(24) }, 404, "Transaction not found"],
        ["another provider's", { ...captured, ghlTransactionId: stripe.transactions.find(({ paymentProviderType }) => paymentProviderType === "stripe")._id }, 422, "is not a transaction of the custom provider"],
        ["no app", { ...active, marketplaceAppId: undefined }, 422, "marketplaceAppId must be text"],
        ["another app", { ...active, marketplaceAppId: "x" }, 401, "marketplaceAppId"],
        ["another subscription's transaction", { ...active, ghlTransactionId: session.transactionId }, 422, "does not belong"],
        ["no apiKey", { ...captured, apiKey: undefined }, 422, "apiKey must be text"],
        ["a wrong apiKey", { ...captured, apiKey: "x" }, 401, "Invalid apiKey"],
        ["the other mode's apiKey", { ...captured, apiKey: KEYS.test.apiKey }, 401, "other mode"],
        ["the other mode's transaction", { ...captured, ghlTransactionId: testing.transactionId }, 401, "other mode"],
        ["another location", { ...captured, locationId: "LOCATION_TWO" }, 401, "Invalid apiKey"],
        ["no location of the sandbox", { ...captured, locationId: "LOCATION_X" }, 401, "Invalid apiKey"],
        ["cancelled", { ...updated, subscriptionSnapshot: { ...subscriptionSnapshot, status: "cancelled" } }, 422, 'spelled "canceled"'],
        ["captured", captured, 200, "received"],
        ["active", active, 200, "received"],
        ["updated", updated, 200, "received"],
        ["charged", charged, 200, "received"],
    ]) {
        const { status: found, messages } = await push(sandbox, body);
        assert.deepEqual([found, messages.some((message) => message.includes(reason))], [status, true], `${name}: ${messages}`);
    }
    assert.equal((await push(sandbox, captured, {})).status, 422, "it has to be declared as JSON");
    assert.equal(toy.asked.length, 0);
    const pushes = sandbox.timeline().filter(({ kind }) => kind === "push");
    assert.deepEqual([pushes.length, pushes.filter(({ status }) => status === 200).length], [25, 4]);
});

test("HighLevel's own samples: requests have the fields of the sandbox's, answers and pushes are taken", async () => {
    let played = 0;
    const { checks } = createSandbox({ size: 1 });
    const errors = (issues) => issues.filter(({ level }) => level === "error");
    for (const name of ["iframe_ready_min", "iframe_ready_card_on_file", "iframe_success", "iframe_error", "iframe_close"]) {
        assert.deepEqual(checks.message(JSON.stringify(SAMPLES[name]), "payment"), [], name);
        played++;
    }
    assert.deepEqual(checks.message(JSON.stringify(SAMPLES.iframe_setup_success), "setup"), []);
    assert.equal(errors(checks.message(JSON.stringify(SAMPLES.iframe_setup_success), "payment")).length, 1);
    played++;
    const answered = (request, answer) => checks.answer(SAMPLES[request], { status: 200, text: JSON.stringify(SAMPLES[answer]) });
    for (const [request, answer, meaning] of [
        ["query_verify_request", "query_verify_resp_subscription", "success"],
        ["query_verify_request", "query_verify_resp_failed", "failed"],
        ["query_verify_request", "query_verify_resp_pending", "pending"],
        ["query_list_request", "query_list_response", "success"],
        ["query_charge_request", "query_charge_response", "success"],
        ["query_create_subscription_request", "query_create_subscription_response", "success"],
        ["query_create_subscription_request_no_recurring", "query_create_subscription_response", "success"],
        ["query_cancel_request", "query_cancel_response", "success"],
        ["query_refund_request", "query_refund_response", "success"],
    ]) {
        const judged = answered(request, answer);
        assert.deepEqual([judged.meaning, errors(judged.issues)], [meaning, []], answer);
        played++;
    }
    const { subscriptionId: _, ...once } = SAMPLES.query_verify_request;
    const { meaning, issues } = checks.answer(once, { status: 200, text: JSON.stringify(SAMPLES.query_verify_resp_success) });
    assert.deepEqual([meaning, issues], ["success", []]);
    played++;
    for (const name of Object.keys(SAMPLES).filter((name) => name.startsWith("push_"))) {
        assert.deepEqual(errors(checks.push(SAMPLES[name])), [], name);
        played++;
    }
    assert.equal(played, 20);
});

test("what HighLevel's server asks has the fields of HighLevel's own samples, and their kinds", async () => {
    const { sandbox, toy } = start();
    const { contactId } = sandbox.createOrder();
    const paymentMethodId = toy.save(contactId);
    const session = await sandbox.checkout({ subscription: {} });
    toy.subscribe({ ghlId: session.subscriptionId, amount: 4900, currency: "USD" });
    await pay(session, toy);
    await sandbox.listPaymentMethods({ contactId });
    await sandbox.charge({ contactId, paymentMethodId, amount: 100, description: "Invoice - 1" });
    await sandbox.createSubscription({ contactId, paymentMethodId, totalCycles: 12, recurringAmount: "text" });
    await sandbox.createSubscription({ contactId, paymentMethodId, productDetails: "empty" });
    await sandbox.refund({ transactionId: session.transactionId, amount: 1.5 });
    await sandbox.cancelSubscription({ subscriptionId: session.subscriptionId });
    const kinds = (value) =>
        Object.fromEntries(Object.entries(value).map(([name, field]) => [name, Array.isArray(field) ? field.map(kinds) : typeof field]));
    const names = ["verify", "list", "charge", "create_subscription", "create_subscription_no_recurring", "refund", "cancel"];
    for (const [at, name] of names.entries()) {
        const sample = SAMPLES[`query_${name.replace("_no_recurring", "")}_request${name.includes("_no_") ? "_no_recurring" : ""}`];
        const { isSchedule: _, ...asked } = kinds(toy.asked[at]);
        const { isSchedule: __, ...wanted } = kinds(sample);
        if (Array.isArray(wanted.productDetails?.[0]?.prices)) {
            // What a price once was is not there for all prices.
            for (const { prices } of wanted.productDetails) for (const price of prices) {
                delete price.compareAtPrice;
                price.recurring = "object";
            }
        }
        assert.deepEqual(asked, wanted, name);
    }
    assert.deepEqual(toy.asked.length, names.length);
});

test("the samples of pushes, sent about the sandbox's own records, do what they say", async () => {
    const { sandbox, payments, locationId } = start();
    const own = (sample, ids) => ({ ...sample, locationId, apiKey: KEYS.live.apiKey, ...ids });
    const session = await sandbox.checkout();
    await push(sandbox, own(SAMPLES.push_payment_captured, { ghlTransactionId: session.transactionId }));
    assert.equal((await payments.orders.get(session.orderId)).paymentStatus, "paid");

    const begun = await sandbox.checkout({ subscription: {} });
    const { transactionId: ghlTransactionId, subscriptionId: ghlSubscriptionId } = begun;
    const status = async () => (await payments.subscriptions.get(ghlSubscriptionId)).status;
    const app = { marketplaceAppId: sandbox.app.appId };
    await push(sandbox, own(SAMPLES.push_subscription_trialing, { ghlTransactionId, ghlSubscriptionId, ...app }));
    assert.equal(await status(), "trialing");
    assert.equal((await payments.transactions.get(ghlTransactionId)).status, "pending");
    await push(sandbox, own(SAMPLES.push_subscription_charged, { ghlSubscriptionId }));
    assert.equal(await status(), "active");
    assert.equal((await payments.transactions.get(ghlTransactionId)).status, "succeeded");
    await push(sandbox, own(SAMPLES.push_subscription_updated_canceled, { ghlSubscriptionId }));
    assert.equal(await status(), "canceled");
    await push(sandbox, own(SAMPLES.push_subscription_charged, { ghlSubscriptionId, chargeId: "LATE" }));
    assert.equal(await status(), "canceled", "what has ended does not begin again");
});

test("the timeline tells everything in order, without secrets", async () => {
    const { sandbox, toy } = start();
    const session = await sandbox.checkout();
    await session.receive(JSON.stringify({ type: "analytics", note: `my key is ${KEYS.live.apiKey}`, clientSecret: "hush" }));
    await pay(session, toy);
    await sandbox.refund({ transactionId: session.transactionId, amount: 1 });
    const all = sandbox.timeline();
    assert.deepEqual(
        all.map(({ kind, type }) => `${kind} ${type}`),
        [
            ...["state checkout opened", "message analytics", "message custom_provider_ready", "message payment_initiate_props"],
            ...["message custom_element_success_response", "query verify", "answer verify", "state transaction paid"],
            ...["state succeeded", "query refund", "answer refund", "state transaction refunded"],
        ],
    );
    assert.deepEqual(all.at(-1).body, { transactionId: session.transactionId, amountRefunded: 1 });
    assert.deepEqual(all.map(({ number }) => number), all.map((_, index) => index + 1));
    assert.deepEqual(sandbox.timeline({ after: 9 }), all.slice(9));
    const text = JSON.stringify(all);
    for (const secret of [KEYS.live.apiKey, KEYS.test.apiKey, "hush"]) assert.ok(!text.includes(secret), secret);
    assert.ok(all.every(({ at }) => at.startsWith("2026-11-01T12:00:00")));
    sandbox.reset();
    assert.deepEqual(sandbox.timeline(), []);
    await assert.rejects(session.receive(READY), /no checkout/);
});

test("a reset while a query is on its way is said, and changes nothing", async () => {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    const { sandbox } = start({ queries: { fetch: async () => (await held, Response.json({ success: true })) } });
    const session = await sandbox.checkout();
    await session.receive(READY);
    const verifying = session.receive(success("ch_1"));
    sandbox.reset();
    release();
    await assert.rejects(verifying, /was reset/);
});

test("webhooks tell of orders that are made and paid so", async () => {
    const { sandbox, toy } = start();
    const seen = [];
    const sending = sandbox.webhooks({
        url: "https://app.example.com/hooks",
        fetch: async (request) => (seen.push(await request.json()), new Response(null, { status: 200 })),
    });
    const session = await sandbox.checkout();
    await pay(session, toy);
    await sending.settled();
    sending.close();
    assert.deepEqual(seen.map(({ type, _id }) => [type, _id]), [["OrderCreate", session.orderId], ["OrderStatusUpdate", session.orderId]]);
});

test("a provider that was disconnected while its page was open is not asked, and nothing is decided", async () => {
    const { sandbox, toy } = start();
    const session = await sandbox.checkout();
    await session.receive(READY);
    sandbox.connectProvider({ live: null });
    const step = await session.receive(success("ch_1"));
    assert.deepEqual([step.state, levels(step.issues), toy.asked.length], ["pending", ["error "], 0]);
    sandbox.connectProvider({ live: KEYS.live });
    assert.equal((await session.verify()).state, "pending");
    assert.equal(toy.asked.length, 1);
});

test("what makes no sense is refused, and names the field", async () => {
    const { sandbox } = start();
    const { contactId } = sandbox.createOrder();
    const paymentMethodId = "pm_1";
    for (const [call, message] of [
        [() => sandbox.checkout({ order: "x" }), /has no option "order"/],
        [() => sandbox.checkout({ orderId: "x" }), /no order "x"/],
        [() => sandbox.checkout({ invoiceId: "x" }), /no invoice of an order "x"/],
        [() => sandbox.checkout({ locationId: "x" }), /no location "x"/],
        [() => sandbox.checkout({ contactId: "x" }), /no contact "x"/],
        [() => sandbox.checkout({ mode: "real" }), /mode must be one of live, test/],
        [() => sandbox.checkout({ setup: true, subscription: {} }), /give one of them/],
        [() => sandbox.checkout({ subscription: { priceId: "x" } }), /no recurring price "x"/],
        [() => sandbox.checkout({ subscription: { days: 1 } }), /has no option "days"/],
        [() => sandbox.checkout({ quirks: { currency: "x" } }), /quirks.currency must be one of/],
        [() => sandbox.checkout({ quirks: { colour: "x" } }), /has no option "colour"/],
        [() => sandbox.checkout({ faults: ["x"] }), /faults must be one of/],
        [() => sandbox.session("x"), /no checkout "x"/],
        [() => sandbox.charge({ contactId, paymentMethodId, amount: 0 }), /amount must be a number above 0/],
        [() => sandbox.charge({ contactId, paymentMethodId, amount: 1.005 }), /at most 2 decimals/],
        [() => sandbox.charge({ contactId, paymentMethodId, amount: 1, currency: "JPY" }), /currency must be one of USD/],
        [() => sandbox.charge({ contactId, amount: 1 }), /paymentMethodId must be text/],
        [() => sandbox.refund({ transactionId: "x" }), /no transaction "x"/],
        [() => sandbox.cancelSubscription({ subscriptionId: "x" }), /no subscription "x"/],
        [() => sandbox.createSubscription({ contactId, paymentMethodId, startDate: "soon" }), /startDate must be a date/],
        [async () => sandbox.connectProvider({ queryUrl: "/query" }), /queryUrl must be an absolute/],
        [async () => sandbox.connectProvider({ live: { apiKey: "" } }), /live.apiKey must be text/],
        [async () => createSandbox({ queries: { timeout: 1 } }), /has no option "timeout"/],
        [async () => sandbox.advance(-1), /ms must be a number/],
    ]) {
        assert.match((await failure(call())).message, message, String(call));
    }
    const before = sandbox.state().locations[0].orders.length;
    await failure(sandbox.checkout({ subscription: { priceId: "x" } }));
    assert.equal(sandbox.state().locations[0].orders.length, before, "nothing is half made");
});

test("without a provider, or without its keys, there is no checkout, and it says what to do", async () => {
    const { sandbox } = start();
    sandbox.connectProvider({ live: null });
    assert.equal((await sandbox.checkout()).props.publishableKey, KEYS.test.publishableKey);
    await assert.rejects(sandbox.checkout({ mode: "live" }), /no keys for live: connect them with customProvider.connect/);
    const { payments, sandbox: bare } = start();
    await payments.customProvider.delete();
    await assert.rejects(bare.checkout(), /customProvider.create/);
});

test("an answer with another status than 200 names its cause", () => {
    const { checks } = createSandbox({ size: 1 });
    for (const [type, status, cause] of [
        ["verify", 302, /register the address where it ends/],
        ["verify", 400, /a body that says so/],
        ["verify", 401, /apiKey/],
        ["refund", 403, /apiKey/],
        ["verify", 404, /no such route/],
        ["list_payment_methods", 405, /no such route/],
        ["verify", 415, /as JSON/],
        ["verify", 429, /rate/],
        ["cancel_subscription", 422, /was not canceled/],
        ["verify", 422, /a body that says so/],
        ["charge_payment", 500, /own code failed/],
        ["verify", 504, /answered in time/],
        ["verify", 599, /own code failed/],
    ]) {
        const { meaning, issues } = checks.answer({ type }, { status, text: '{"message":"no"}' });
        assert.deepEqual([meaning, issues.length, issues[0].level], ["none", 1, "error"]);
        assert.ok(issues[0].message.startsWith(`status ${status} ("no"): `), issues[0].message);
        assert.match(issues[0].message, cause, `${type} ${status}`);
    }
});
