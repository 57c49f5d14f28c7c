// What a user of the sandbox is told: of trials, of payments that are due, of a clock that is not the sandbox's, of a provider that
// nobody has connected.

import assert from "node:assert/strict";
import test from "node:test";
import { accountLookup, createQueryHandler, failed as declined, pending, succeeded } from "ghl-payments/edge";
import { createSandbox } from "ghl-payments/sandbox";
import { failure } from "../support/stub.mjs";
import { connect, gateway, KEYS, READY, success } from "./toy.mjs";

const DAY = 86_400_000;
const levels = (issues) => issues.map(({ path, level }) => `${level} ${path}`);

/** A sandbox with a gateway that is connected; `clock` is the gateway's. */
function start({ clock, ...options } = {}) {
    const toy = gateway({ now: clock ?? (() => sandbox.now()) });
    const sandbox = createSandbox({ seed: 7, size: 30, rateLimit: { max: 100_000 }, queries: { fetch: toy.handle }, ...options });
    return { sandbox, toy, provider: connect(sandbox), locationId: sandbox.locationId };
}

async function pay(session, toy) {
    await session.receive(READY);
    const { amount, currency, transactionId, subscriptionId } = session.props;
    const charge = toy.charge({ amount: Math.round(amount * 100), currency, transactionId, subscriptionId });
    return { charge, step: await session.receive(success(charge.id)) };
}

/** A subscription of 49.00 a month that is paid for. */
async function subscribed(all) {
    const session = await all.sandbox.checkout({ subscription: {} });
    const plan = all.toy.subscribe({ ghlId: session.subscriptionId, amount: 4900, currency: "USD" });
    await pay(session, all.toy);
    return { session, plan };
}

/** Charges a payment, says when the next one is, and pushes it. */
async function chargeDue({ toy, provider, locationId }, plan, { status = "succeeded", next = plan.nextCharge + 30 * 86_400 } = {}) {
    const charge = toy.charge({ amount: 4900, currency: "USD", subscriptionId: plan.ghlId, status });
    plan.nextCharge = next;
    await provider.push("subscription.charged", {
        ...{ locationId, mode: "live", chargeId: charge.id, ghlSubscriptionId: plan.ghlId },
        ...{ subscriptionSnapshot: toy.plan(plan), chargeSnapshot: toy.pushed(charge) },
    });
}

const overdue = (sandbox) => sandbox.timeline().filter(({ type }) => type === "payment overdue");

test("several periods at once: every payment that is due is told, each once, whatever is pushed in between", async () => {
    const all = start();
    const { sandbox } = all;
    const { plan } = await subscribed(all);
    const due = sandbox.advance(93 * DAY);
    assert.deepEqual(due.map(({ dueAt }) => dueAt.slice(0, 10)), ["2026-12-01", "2027-01-01", "2027-02-01"]);
    assert.deepEqual(due.map((payment) => payment.overdue), [0, 0, 0]);
    assert.deepEqual(sandbox.advance(0), []);
    for (const _ of due) {
        await chargeDue(all, plan);
        assert.deepEqual(sandbox.advance(0), [], "what was told is not told again by another count of the months");
    }
    assert.equal(sandbox.advance(30 * DAY).length, 1);
    assert.deepEqual(overdue(sandbox), []);
});

test("a provider that charges one payment for several periods hears of the next one", async () => {
    const all = start();
    const { plan } = await subscribed(all);
    assert.equal(all.sandbox.advance(93 * DAY).length, 3);
    await chargeDue(all, plan, { next: plan.nextCharge + 120 * 86_400 });
    assert.deepEqual(all.sandbox.advance(50 * DAY), []);
    assert.equal(all.sandbox.advance(10 * DAY).length, 1);
});

test("payments about which nothing is pushed are told as overdue, and the later ones still come", async () => {
    const all = start();
    const { sandbox } = all;
    const { plan } = await subscribed(all);
    assert.deepEqual(sandbox.advance(31 * DAY).map((due) => due.overdue), [0]);
    assert.deepEqual(overdue(sandbox), []);
    assert.deepEqual(sandbox.advance(31 * DAY).map((due) => due.overdue), [1]);
    assert.deepEqual(sandbox.advance(31 * DAY).map((due) => due.overdue), [2]);
    const told = overdue(sandbox);
    assert.deepEqual(told.map(({ body }) => [body.subscriptionId, body.dueAt.slice(0, 10)]), [[plan.ghlId, "2026-12-01"], [plan.ghlId, "2027-01-01"]]);
    assert.match(told[0].issues[0].message, /nothing was pushed about it: push subscription\.charged/);
    // One that has failed was pushed about; a later try is another date for it, and is told.
    const next = start();
    const { plan: other } = await subscribed(next);
    next.sandbox.advance(31 * DAY);
    await chargeDue(next, other, { status: "failed", next: other.nextCharge + 3 * 86_400 });
    assert.deepEqual(next.sandbox.advance(3 * DAY).map((due) => due.overdue), [0]);
    assert.deepEqual(overdue(next.sandbox), []);
});

test("a subscription with a last payment is due no more often than that", async () => {
    const { sandbox, toy } = start();
    const { contactId } = sandbox.createOrder();
    const paymentMethodId = toy.save(contactId);
    await sandbox.createSubscription({ contactId, paymentMethodId, totalCycles: 3 });
    assert.equal(sandbox.advance(200 * DAY).length, 2);
});

/** What verify answers about a subscription with a trial of seven days. */
async function trial(answer) {
    const sandbox = createSandbox({ seed: 7, size: 5, queries: { fetch: async () => Response.json(answer(sandbox)) } });
    connect(sandbox);
    const session = await sandbox.checkout({ subscription: { trialDays: 7 } });
    await session.receive(READY);
    return levels((await session.receive(success("sub_1"))).issues);
}
const snapshot = (sandbox, status, days) => {
    const createdAt = Math.floor(sandbox.now() / 1000);
    return { id: "sub_1", status, trialEnd: createdAt + 7 * 86_400, createdAt, nextCharge: createdAt + days * 86_400 };
};

test("a trial that is answered as if it were paid is told", async () => {
    const charge = (sandbox) => ({ id: "c", status: "succeeded", amount: 0, chargeId: "sub_1", chargedAt: Math.floor(sandbox.now() / 1000) });
    const answer = (status, more = () => ({})) => (sandbox) => ({
        ...{ success: true, failed: false, subscriptionStatus: status, subscriptionSnapshot: snapshot(sandbox, status, 7) },
        ...more(sandbox),
    });
    assert.deepEqual(await trial(answer("trialing")), []);
    assert.deepEqual(await trial(answer("trialing", (sandbox) => ({ chargeSnapshot: charge(sandbox) }))), ["error chargeSnapshot.amount"]);
    const active = await trial(answer("active", (sandbox) => ({ chargeSnapshot: charge(sandbox) })));
    assert.deepEqual(active, ["error chargeSnapshot.amount", "error subscriptionSnapshot.status"]);

    const { sandbox, toy, provider, locationId } = start();
    const { contactId } = sandbox.createOrder();
    const paymentMethodId = toy.save(contactId);
    for (const [options, status, issues] of [
        [{ trialDays: 7 }, "active", ["error subscription.subscriptionSnapshot.status"]],
        [{ trialDays: 7 }, "trialing", []],
        [{ startDate: "2026-12-24" }, "active", ["error subscription.subscriptionSnapshot.status"]],
        [{ startDate: "2026-12-24" }, "scheduled", []],
        [{}, "active", []],
    ]) {
        const subscribe = toy.subscriptions.set;
        toy.subscriptions.set = (id, made) => subscribe.call(toy.subscriptions, id, Object.assign(made, { status }));
        const made = await sandbox.createSubscription({ contactId, paymentMethodId, ...options });
        toy.subscriptions.set = subscribe;
        assert.deepEqual(levels(made.issues), issues, JSON.stringify([options, status]));
    }

    const session = await sandbox.checkout({ subscription: { trialDays: 7 } });
    const begun = toy.subscribe({ ghlId: session.subscriptionId, amount: 4900, currency: "USD", trialDays: 7 });
    await session.receive(READY);
    await session.receive(success(begun.id));
    const ids = { locationId, mode: "live", chargeId: begun.id, ghlSubscriptionId: session.subscriptionId, ghlTransactionId: session.transactionId };
    const pushed = () => levels(sandbox.timeline().findLast(({ kind }) => kind === "push").issues);
    await provider.push("subscription.active", ids);
    assert.deepEqual(pushed(), ["error event"]);
    sandbox.advance(8 * DAY);
    await chargeDue({ toy, provider, locationId }, Object.assign(begun, { status: "active" }));
    assert.deepEqual(pushed(), []);
    await provider.push("subscription.active", ids);
    assert.deepEqual(pushed(), []);
});

test("a handler that says 0 was charged is told to leave the charge out", async () => {
    const seen = [];
    const handler = createQueryHandler({
        lookup: accountLookup([{ locationId: "3SwdhCu3svxI8AKsPJt6", mode: "live", apiKey: "k" }]),
        verify: (q) => succeeded(q, { charge: { amount: { minor: 0, currency: "USD" } } }),
        onEvent: (event) => seen.push(event),
    });
    const body = JSON.stringify({ type: "verify", apiKey: "k", transactionId: "6578278e879ad2646715ba9c", chargeId: "c" });
    const response = await handler(new Request("https://pay.example/query", { method: "POST", headers: { "content-type": "application/json" }, body }));
    assert.equal(response.status, 500);
    assert.deepEqual(seen.map(({ type, issues }) => [type, issues.map(({ path }) => path)]), [["failed", ["charge.amount"]]]);
    assert.match(seen[0].issues[0].message, /above 0: leave the charge out/);
});

test("a provider with another clock than the sandbox's is told so", async () => {
    for (const [days, issues] of [[29, ["warning chargeSnapshot.chargedAt"]], [-29, ["warning chargeSnapshot.chargedAt"]], [0, []]]) {
        const all = start({ clock: () => Date.UTC(2026, 10, 1, 12) + days * DAY });
        const { step } = await pay(await all.sandbox.checkout(), all.toy);
        assert.deepEqual(levels(step.issues), issues, `${days} days`);
        if (issues.length > 0) assert.match(step.issues[0].message, /2026-11-01T12:00.*now: \(\) => sandbox\.now\(\)/);
    }
    const late = start({ clock: () => Date.UTC(2026, 11, 1) });
    const session = await late.sandbox.checkout({ subscription: {} });
    late.toy.subscribe({ ghlId: session.subscriptionId, amount: 4900, currency: "USD" });
    const { step } = await pay(session, late.toy);
    assert.deepEqual(levels(step.issues), ["warning chargeSnapshot.chargedAt", "warning subscriptionSnapshot.createdAt"]);
});

test("a push that contradicts itself is told, and one of an end needs no next charge", async () => {
    const { checks } = createSandbox({ size: 1 });
    const chargeSnapshot = { status: "succeeded", amount: 1050, chargeId: "ch_2", chargedAt: 1_724_217_600 };
    const ids = { locationId: "l", apiKey: "k", chargeId: "ch_1", ghlTransactionId: "t" };
    assert.deepEqual(levels(checks.push({ event: "payment.captured", ...ids, chargeSnapshot })), ["warning chargeSnapshot.chargeId"]);
    assert.deepEqual(levels(checks.push({ event: "payment.captured", ...ids, chargeSnapshot: { ...chargeSnapshot, chargeId: "ch_1" } })), []);
    for (const [status, issues] of [["canceled", []], ["expired", []], ["unpaid", []], ["active", ["warning subscriptionSnapshot.nextCharge"]]]) {
        const subscriptionSnapshot = { id: "s", status, trialEnd: 0, createdAt: 1_724_217_600 };
        const push = { event: "subscription.updated", locationId: "l", apiKey: "k", ghlSubscriptionId: "s", subscriptionSnapshot };
        assert.deepEqual(levels(checks.push(push)), issues, status);
    }

    const euros = createSandbox({ seed: 7, size: 5, queries: { fetch: async () => Response.json({
        ...{ success: true, failed: false, chargeId: "c" },
        chargeSnapshot: { id: "c", status: "succeeded", amount: 3, chargeId: "d", currency: "eur", chargedAt: Math.floor(euros.now() / 1000) },
    }) } });
    connect(euros);
    const { contactId } = euros.createOrder();
    const { issues } = await euros.charge({ contactId, paymentMethodId: "pm_1", amount: 3 });
    assert.deepEqual(levels(issues), ["warning chargeSnapshot.chargeId", "error chargeSnapshot.currency"]);
});

test("a subscription does not begin in the past", async () => {
    const { sandbox, toy } = start();
    const { contactId } = sandbox.createOrder();
    const paymentMethodId = toy.save(contactId);
    for (const startDate of ["2020-01-01", "2026-10-31"]) {
        const error = await failure(sandbox.createSubscription({ contactId, paymentMethodId, startDate }));
        assert.match(error.message, /startDate must not lie in the past: the sandbox's clock stands at 2026-11-01/);
    }
    assert.equal((await sandbox.createSubscription({ contactId, paymentMethodId, startDate: "2026-11-01" })).success, true);
    assert.equal((await sandbox.createSubscription({ contactId, paymentMethodId, startDate: "2026-11-02" })).success, true);
});

test("what HighLevel's server asks by default is no drift for the package's own handler", async () => {
    const drift = [];
    const handler = createQueryHandler({
        lookup: (apiKey) => ({ locationId: sandbox.locationId, mode: apiKey === KEYS.live.apiKey ? "live" : "test" }),
        verify: () => pending(),
        createSubscription: () => declined("not today"),
        onEvent: ({ type }) => type === "drift" && drift.push(type),
    });
    const asked = [];
    const fetch = async (request) => (asked.push(await request.clone().json()), handler(request));
    const sandbox = createSandbox({ seed: 7, size: 5, queries: { fetch } });
    connect(sandbox);
    const { contactId } = sandbox.createOrder();
    await sandbox.createSubscription({ contactId, paymentMethodId: "pm_1" });
    assert.deepEqual([asked[0].recurringAmount, drift], [49, []]);
    await sandbox.createSubscription({ contactId, paymentMethodId: "pm_1", recurringAmount: "text" });
    assert.deepEqual([asked[1].recurringAmount, drift], ["49.00", ["drift"]]);
});

test("the mode that somebody has connected comes before the keys with which a sandbox begins, and those are told", async () => {
    const sandbox = createSandbox({ seed: 7, size: 5, queries: { fetch: async () => new Response(null, { status: 401 }) } });
    const { publishableKey } = KEYS.test;
    sandbox.connectProvider({ test: KEYS.test });
    const session = await sandbox.checkout();
    assert.equal(session.props.publishableKey, publishableKey);
    assert.equal((await sandbox.checkout({ setup: true })).props.publishableKey, publishableKey);
    const order = sandbox.createOrder();
    assert.equal((await sandbox.checkout({ orderId: order._id })).props.publishableKey, publishableKey);
    await session.receive(READY);
    const own = await session.receive(success("c"));
    assert.ok(own.issues.every(({ path }) => path !== "apiKey"));

    const live = await sandbox.checkout({ mode: "live" });
    await live.receive(READY);
    const { issues } = await live.receive(success("c"));
    assert.match(issues.find(({ path }) => path === "apiKey").message, /with which the sandbox begins: connect your own/);
    assert.deepEqual((await sandbox.listPaymentMethods({ contactId: order.contactId })).issues.map(({ path }) => path), [""]);

    sandbox.connectProvider({ live: KEYS.live });
    assert.equal((await sandbox.checkout()).props.publishableKey, KEYS.live.publishableKey, "both are connected: live");
    const fresh = createSandbox({ seed: 7, size: 5 });
    assert.match((await fresh.checkout()).props.publishableKey, /^pk_live_/);
});

test("a list of accounts that knows nobody, or a mode that there is not, is refused", () => {
    const account = { locationId: "l", mode: "test", apiKey: "k" };
    assert.throws(() => accountLookup([]), /must be a list of accounts that is not empty/);
    assert.throws(() => accountLookup(undefined), /must be a list of accounts/);
    assert.throws(() => accountLookup([account, { ...account, mode: "prod" }]), /\[1\]\.mode must be live or test/);
    assert.throws(() => accountLookup([{ ...account, locationId: "" }]), /\[0\]\.locationId must be text/);
});
