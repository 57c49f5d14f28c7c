// Seeded runs of a provider against HighLevel's side, with faults at every step: whatever is lost, late or twice, in the end the
// provider's charges, HighLevel's transactions and its orders agree.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { CLOSE, connect, failed, gateway, READY, success } from "./toy.mjs";

/** With `--all` more than the figures promise; the others are quick. */
const RUNS = process.env.GHL_APPS === "all" ? 5000 : 1000;
const DAY = 86_400_000;

/** Numbers that look random and follow from the seed (mulberry32). */
function randomOf(seed) {
    let state = seed >>> 0;
    const next = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const below = (limit) => Math.floor(next() * limit);
    const pick = (list) => list[below(list.length)];
    return { below, pick, chance: (percent) => below(100) < percent };
}

/** What may go wrong on the way to the provider. */
const QUERY_FAULTS = ["wrong-api-key", "slow-query", "lost-answer", "lost-query"];
const CHECKOUT_FAULTS = [...QUERY_FAULTS, "verify-twice", "verify-before-success", "props-never"];
/** What may go wrong with a push. */
const PUSH_FAULTS = ["status=503", "status=429", "drop", "applied-then=500", "applied-then=drop", "html=502"];

function start(seed) {
    const random = randomOf(seed);
    const unit = random.pick(["minor", "major"]);
    const toy = gateway({ now: () => sandbox.now(), unit });
    // In turn the one that was written by hand and the package's own.
    let fetch = toy.handle;
    const sandbox = createSandbox({ seed, size: 4, rateLimit: { max: 1e6 }, queries: { fetch: (request) => fetch(request) } });
    if (seed % 2 === 0) fetch = toy.handler(sandbox.locationId);
    const provider = connect(sandbox, { unit });
    const { locationId } = sandbox;
    const payments = new PaymentsClient({ token: sandbox.token(), locationId, fetch: sandbox.fetch, maxRetries: 0, limiter: false });
    /** What HighLevel is to be told, in order. */
    const outbox = [];
    return { random, toy, sandbox, provider, payments, locationId, outbox, orders: [], saved: new Map(), faults: new Map() };
}

/** Some faults, and how often each was asked for. */
function faultsOf({ random, faults }, known) {
    const chosen = random.chance(60) ? [random.pick(known)] : [];
    if (random.chance(15)) chosen.push(random.pick(known));
    for (const fault of chosen) faults.set(fault, (faults.get(fault) ?? 0) + 1);
    return chosen;
}

function quirksOf({ random }) {
    return {
        currency: random.pick(["lower", "upper"]),
        productDetails: random.pick(["empty", "object", "full"]),
        form: random.pick(["text", "object"]),
        props: random.pick(["once", "once", "once", "late", "double", "never"]),
        deaf: random.pick([0, 0, 0, 1, 2]),
        emptyIds: random.chance(50),
        undocumented: random.chance(50),
        fullContact: random.chance(50),
    };
}

/** The frame says ready until the props come, and gives up after a while. */
async function props({ random }, session) {
    if (random.chance(10)) await session.receive(JSON.parse(READY));
    for (let tries = 0; tries < 4; tries++) {
        const { toFrame } = await session.receive(READY);
        const [first] = toFrame;
        if (first !== undefined) return typeof first.data === "string" ? JSON.parse(first.data) : first.data;
    }
    return undefined;
}

/** The payer goes through a payment page, and whatever can happen there happens. */
async function pay(world, options) {
    const { random, sandbox, toy, outbox } = world;
    const session = await sandbox.checkout({ ...options, quirks: quirksOf(world), faults: faultsOf(world, CHECKOUT_FAULTS) });
    const given = await props(world, session);
    if (given === undefined) {
        if (random.chance(50)) await session.close();
        return;
    }
    const { amount, currency, transactionId, subscriptionId } = given;
    const locked = await world.payments.orders.recordPayment(session.orderId, { mode: "cash" }).catch((error) => error.status);
    assert.ok([409, 400].includes(locked), "the open checkout keeps the order");
    const fate = random.below(100);
    if (fate < 10) return void (await session.receive(CLOSE));
    if (fate < 25) {
        toy.charge({ amount: Math.round(amount * 100), currency, transactionId, status: "failed" });
        return void (await session.receive(failed("Card was declined")));
    }
    const plan =
        subscriptionId &&
        toy.subscribe({ ghlId: subscriptionId, amount: 4900, currency, trialDays: options.subscription.trialDays ?? 0 });
    const { orderId } = session;
    // Who pays the same order again is not charged again: the charge goes with the transaction that asks for it now.
    let charge = [...toy.charges.values()].find((own) => own.orderId === orderId && own.status !== "failed");
    if (charge !== undefined) charge.transactionId = transactionId;
    else if (amount > 0) {
        const status = random.chance(20) ? "pending" : "succeeded";
        charge = Object.assign(toy.charge({ amount: Math.round(amount * 100), currency, transactionId, subscriptionId, status }), { orderId });
    }
    if (plan) outbox.push({ kind: "begin", plan, charge, transactionId });
    if (fate < 40) return; // The page is closed before it could say anything.
    const chargeId = charge?.id ?? plan.id;
    await session.receive(success(chargeId));
    if (random.chance(15)) await session.receive(success(chargeId));
    if (random.chance(15)) await session.receive(failed("late"));
    if (random.chance(30)) await session.verify();
}

const actions = {
    async order(world) {
        const order = world.sandbox.createOrder();
        world.orders.push(order._id);
        await pay(world, { orderId: order._id });
    },
    async again(world) {
        if (world.orders.length === 0) return;
        const orderId = world.random.pick(world.orders);
        const { paymentStatus } = await world.payments.orders.get(orderId);
        if (paymentStatus === "unpaid") await pay(world, { orderId });
    },
    subscribe: (world) => pay(world, { subscription: world.random.chance(30) ? { trialDays: 14 } : {} }),
    async card(world) {
        const { random, sandbox, toy, saved } = world;
        const { contactId } = sandbox.createOrder();
        const session = await sandbox.checkout({ setup: true, contactId, quirks: quirksOf(world), faults: faultsOf(world, QUERY_FAULTS) });
        if ((await props(world, session)) === undefined) return;
        const method = toy.save(contactId);
        saved.set(contactId, method);
        if (random.chance(80)) await session.receive(success());
    },
    async charge(world) {
        const { random, sandbox, saved } = world;
        if (saved.size === 0) return;
        const [contactId, paymentMethodId] = random.pick([...saved]);
        const amount = (1 + random.below(50_000)) / 100;
        await sandbox.charge({ contactId, paymentMethodId, amount, faults: faultsOf(world, QUERY_FAULTS) });
    },
    async recur(world) {
        const { random, sandbox, toy, saved, outbox } = world;
        if (saved.size === 0) return;
        const [contactId, paymentMethodId] = random.pick([...saved]);
        const trialDays = random.chance(30) ? 14 : 0;
        const { subscriptionId, transactionId } = await sandbox.createSubscription({
            ...{ contactId, paymentMethodId, trialDays, faults: faultsOf(world, QUERY_FAULTS) },
        });
        const plan = toy.subscriptions.get(subscriptionId);
        if (plan === undefined) return;
        const charge = [...toy.charges.values()].find((own) => own.transactionId === transactionId);
        outbox.push({ kind: "begin", plan, charge, transactionId });
    },
    async month(world) {
        const { random, sandbox, toy, outbox } = world;
        sandbox.advance(31 * DAY);
        const now = sandbox.now() / 1000;
        // The provider's own clock, whatever HighLevel believes.
        for (const plan of toy.subscriptions.values()) {
            if (!["active", "trialing", "unpaid"].includes(plan.status) || plan.nextCharge > now) continue;
            const status = random.chance(20) ? "failed" : "succeeded";
            const charge = toy.charge({ amount: plan.amount, currency: plan.currency, subscriptionId: plan.ghlId, status });
            plan.status = status === "failed" ? "unpaid" : "active";
            plan.nextCharge = Math.floor(now) + 30 * 86_400;
            outbox.push({ kind: "charged", plan: { ...plan }, charge });
        }
    },
    async cancel(world) {
        const { random, sandbox, toy } = world;
        const running = [...toy.subscriptions.values()].filter(({ status }) => status !== "canceled");
        if (running.length === 0) return;
        const { ghlId } = random.pick(running);
        await sandbox.cancelSubscription({ subscriptionId: ghlId, faults: faultsOf(world, QUERY_FAULTS) });
    },
    async refund(world) {
        const { random, sandbox } = world;
        const { transactions } = sandbox.state().locations[0];
        const paid = transactions.filter((row) => row.paymentProviderType === "custom-provider" && row.status === "succeeded" && row.amount > 0);
        if (paid.length === 0) return;
        const { _id: transactionId, amount, amountRefunded } = random.pick(paid);
        const left = Math.round((amount - amountRefunded) * 100);
        const part = random.chance(50) ? {} : { amount: (1 + random.below(left)) / 100 };
        // A refund whose answer is lost may have been made, and no call and no push of the protocol tells: that is the one gap
        // which neither side can close, so its faults are those that the provider has not obeyed.
        const faults = faultsOf(world, ["wrong-api-key", "lost-query"]);
        const first = await sandbox.refund({ transactionId, ...part, faults });
        if (!first.success && random.chance(50)) await sandbox.refund({ transactionId, ...part });
        const much = await sandbox.refund({ transactionId, amount: amount + 1, evenTooMuch: true });
        assert.equal(much.success, false, "more than there is is never paid back");
    },
    async push(world) {
        await tell(world);
    },
};

/** What happens, the frequent more than once. */
const NAMES = [...Object.keys(actions), "order", "order", "subscribe", "month", "push", "push"];

/** Pushes what is due to be told; gives how much of it could not be. */
async function tell({ random, toy, sandbox, provider, locationId, outbox, faults }, calm = false) {
    const common = { locationId, mode: "live" };
    const send = async (event, body) => {
        if (!calm && random.chance(40)) {
            const fault = random.pick(PUSH_FAULTS);
            faults.set(fault, (faults.get(fault) ?? 0) + 1);
            sandbox.faults.add(fault, { operation: "customProvider.push", times: 1 + random.below(4) });
        }
        try {
            await provider.push(event, { ...common, ...body });
        } finally {
            sandbox.faults.clear();
        }
    };
    const late = [];
    for (const entry of outbox.splice(0)) {
        const { kind, plan, charge, transactionId } = entry;
        // What waits behind something of the same subscription keeps its place.
        if (late.some((other) => other.plan.ghlId === plan.ghlId)) {
            late.push(entry);
            continue;
        }
        const ghlSubscriptionId = plan.ghlId;
        try {
            if (kind === "begin") {
                if (charge?.status === "pending") charge.status = "succeeded";
                const trialing = charge === undefined;
                const event = trialing ? "subscription.trialing" : "subscription.active";
                await send(event, { chargeId: charge?.id ?? plan.id, ghlTransactionId: charge?.transactionId ?? transactionId, ghlSubscriptionId });
            } else {
                const subscriptionSnapshot = toy.plan(plan);
                await send("subscription.charged", { chargeId: charge.id, ghlSubscriptionId, subscriptionSnapshot, chargeSnapshot: toy.pushed(charge) });
            }
        } catch {
            late.push(entry);
        }
    }
    outbox.unshift(...late);
    return late.length;
}

/** Everything that is still open is decided, and told until HighLevel has it. */
async function settle(world) {
    const { toy, provider, locationId, sandbox } = world;
    sandbox.faults.clear();
    assert.equal(await tell(world, true), 0);
    for (const charge of toy.charges.values()) {
        if (charge.status === "pending") charge.status = "succeeded";
        if (charge.transactionId === undefined || charge.status !== "succeeded") continue;
        await provider.push("payment.captured", {
            ...{ locationId, mode: "live", chargeId: charge.id, ghlTransactionId: charge.transactionId },
            chargeSnapshot: toy.pushed(charge),
        });
    }
    for (const plan of toy.subscriptions.values()) {
        const subscriptionSnapshot = toy.plan(plan);
        await provider.push("subscription.updated", { locationId, mode: "live", ghlSubscriptionId: plan.ghlId, subscriptionSnapshot });
    }
}

/** What does not agree. */
function disagreements({ toy, sandbox }) {
    const { orders, transactions, subscriptions } = sandbox.state().locations[0];
    const own = transactions.filter((row) => row.paymentProviderType === "custom-provider" && row.amount > 0);
    const wrong = [];
    const say = (what, ...values) => wrong.push(`${what}: ${JSON.stringify(values)}`);
    const moved = [...toy.charges.values()].filter(({ status }) => status === "succeeded");
    for (const charge of moved) {
        const rows = own.filter((row) => row.chargeId === charge.id && ["succeeded", "refunded"].includes(row.status));
        if (rows.length !== 1) {
            say("a charge without its one transaction", charge, rows);
            continue;
        }
        const [row] = rows;
        if (Math.round(row.amount * 100) !== charge.amount) say("another amount", charge, row.amount);
        if (Math.round(row.amountRefunded * 100) !== charge.refunded) say("another refund", charge, row.amountRefunded);
        if (row.currency !== charge.currency) say("another currency", charge, row.currency);
        if ((row.status === "refunded") !== (charge.refunded === charge.amount)) say("another status", charge, row.status);
        if (row.entityType !== "order") continue;
        const order = orders.find(({ _id }) => _id === row.entityId);
        const wanted = charge.refunded === charge.amount ? "refunded" : "paid";
        if (order.paymentStatus !== wanted) say("a charge without a paid order", charge, order.paymentStatus);
    }
    for (const row of own) {
        const paid = ["succeeded", "refunded"].includes(row.status);
        const charge = toy.charges.get(row.chargeId);
        if (paid && charge?.status !== "succeeded") say("a paid transaction without a charge", row, charge);
        if (!paid && moved.some(({ transactionId }) => transactionId === row._id)) say("a charge of an unpaid transaction", row);
    }
    for (const order of orders) {
        const rows = transactions.filter((row) => row.entityId === order._id && ["succeeded", "refunded"].includes(row.status));
        const paid = rows.reduce((sum, { amount }) => sum + Math.round(amount * 100), 0);
        const wanted = Math.round(order.amount * 100);
        if (["paid", "refunded"].includes(order.paymentStatus) ? paid !== wanted : paid !== 0 && paid >= wanted) {
            if (rows.some(({ paymentProviderType }) => paymentProviderType === "custom-provider")) say("an order that does not add up", order, paid);
        }
    }
    for (const plan of toy.subscriptions.values()) {
        const row = subscriptions.find(({ _id }) => _id === plan.ghlId);
        if (row.status !== plan.status) say("a subscription in another state", plan, row.status);
        const charges = moved.filter(({ subscriptionId }) => subscriptionId === plan.ghlId).length;
        const rows = own.filter(({ subscriptionId, status }) => subscriptionId === plan.id && ["succeeded", "refunded"].includes(status)).length;
        if (charges !== rows) say("charges of a subscription", plan, charges, rows);
    }
    for (const failure of toy.failures) say("the queryUrl failed", failure, String(failure.error));
    return { wrong, charges: moved.length, refunds: moved.filter(({ refunded }) => refunded > 0).length };
}

test(`${RUNS} runs with faults at every step: charges, transactions and orders agree`, async () => {
    const total = { steps: 0, charges: 0, refunds: 0, faults: new Map(), bad: [] };
    for (let seed = 1; seed <= RUNS; seed++) {
        const world = start(seed);
        const steps = 8 + world.random.below(13);
        for (let step = 0; step < steps; step++) {
            const name = world.random.pick(NAMES);
            try {
                await actions[name](world);
            } catch (error) {
                error.message = `run ${seed}, step ${step} (${name}): ${error.message}`;
                throw error;
            }
        }
        await settle(world);
        const { wrong, charges, refunds } = disagreements(world);
        if (wrong.length > 0) total.bad.push(`run ${seed}: ${wrong.join("; ")}`);
        total.steps += steps;
        total.charges += charges;
        total.refunds += refunds;
        for (const [fault, count] of world.faults) total.faults.set(fault, (total.faults.get(fault) ?? 0) + count);
    }
    const faults = [...total.faults.values()].reduce((sum, count) => sum + count, 0);
    console.log(
        `figure: provider: ${RUNS} runs, ${total.steps} steps, ${faults} faults of ${total.faults.size} kinds, ${total.charges} charges, ` +
            `${total.refunds} of them paid back in part or whole: ${total.bad.length} runs that disagree`,
    );
    assert.deepEqual(total.bad.slice(0, 3), []);
    assert.equal(total.faults.size, CHECKOUT_FAULTS.length + PUSH_FAULTS.length, "each kind of fault has happened");
});
