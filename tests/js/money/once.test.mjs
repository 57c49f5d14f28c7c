// orders.recordPaymentOnce: whatever is lost on the way, the order has one payment more or none, and the answer says
// which.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { failure } from "../support/stub.mjs";

const RUNS = 500;
const FAULTS = [
    "status=500",
    "status=503",
    "status=429; retry-after=0",
    "applied-then=500",
    "applied-then=drop",
    "drop",
    "truncated",
    "html=200",
    "html=403",
    "checkout",
];

/** A client, an order that is not paid, and how many payments the sandbox holds of it. */
function till(options = {}) {
    const sandbox = createSandbox({ seed: 11, size: 2, rateLimit: { max: 1_000_000, daily: 10_000_000 } });
    const [location] = sandbox.state().locations;
    const order = location.orders.find((order) => order.paymentStatus === "unpaid");
    const settings = { token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch, retryDelayMs: 1 };
    const payments = new PaymentsClient({ ...settings, ...options });
    const held = () => sandbox.state().locations[0].transactions.filter(({ entityId }) => entityId === order._id);
    const written = () => sandbox.requests.filter(({ operation }) => operation === "orders.recordPayment").length;
    return { sandbox, payments, order, held, written };
}

test("without faults a payment is recorded with one write", async () => {
    const { payments, order, held, written } = till();
    const before = held().length;
    const { data, response } = await payments.orders
        .recordPaymentOnce(order._id, { mode: "cash", amount: order.amount })
        .withResponse();
    assert.deepEqual([data.recorded, data.attempts, response.attempts], [true, 1, 1]);
    assert.deepEqual([held().length, written()], [before + 1, 1]);
    const paid = await failure(payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: order.amount }));
    assert.deepEqual([paid.name, paid.outcome, held().length], ["InvalidRequestError", "rejected", before + 1]);
});

test("a payment that was recorded although its answer was lost is found and not sent again", async () => {
    const lost = ["applied-then=500", "applied-then=503", "applied-then=drop", "applied-then=hang", "truncated"];
    for (const fault of lost) {
        const { sandbox, payments, order, held, written } = till({ timeoutMs: 500 });
        const before = held().length;
        sandbox.faults.add(fault, { operation: "orders.recordPayment" });
        const done = await payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: order.amount });
        assert.deepEqual([done.recorded, done.attempts, held().length, written()], [true, 1, before + 1, 1], fault);
        assert.deepEqual([done.transaction.entityId, done.transaction.amount], [order._id, order.amount], fault);
        assert.ok(held().some(({ _id }) => _id === done.transaction._id));
    }
});

test("a payment that was not recorded is sent again once that is known", async () => {
    for (const fault of ["status=500", "status=504", "drop", "hang", "html=200"]) {
        const { sandbox, payments, order, held, written } = till({ timeoutMs: 500 });
        const before = held().length;
        sandbox.faults.add(fault, { operation: "orders.recordPayment" });
        const done = await payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: order.amount });
        assert.deepEqual([done.recorded, done.attempts, held().length, written()], [true, 2, before + 1, 2], fault);
    }
});

test("nothing is sent where the transactions of the order cannot be read", async () => {
    const { sandbox, payments, order, written } = till();
    sandbox.faults.add("status=503", { operation: "transactions.list", times: 9 });
    const error = await failure(payments.orders.recordPaymentOnce(order._id, { mode: "cash" }));
    assert.deepEqual([error.name, error.outcome, written()], ["ServerError", "not_sent", 0]);
});

test("where nobody can say what happened, the error says so", async () => {
    const { sandbox, payments, order, held } = till();
    const before = held().length;
    let sent = false;
    const { fetch } = sandbox;
    const unlucky = new PaymentsClient({
        token: sandbox.token(),
        locationId: sandbox.locationId,
        retryDelayMs: 1,
        fetch: (url, init) => {
            if (sent) sandbox.faults.add("status=503");
            if (init.method === "POST") {
                sent = true;
                sandbox.faults.add("applied-then=drop");
            }
            return fetch(url, init);
        },
    });
    const body = { mode: "cash", amount: order.amount };
    const error = await failure(unlucky.orders.recordPaymentOnce(order._id, body));
    assert.deepEqual([error.outcome, held().length], ["unknown", before + 1]);
    sandbox.faults.clear();
    // Asked later, it is plain.
    assert.equal((await payments.orders.get(order._id)).paymentStatus, "paid");
});

test("an abort while the outcome is not known leaves it unknown", async () => {
    const controller = new AbortController();
    const { sandbox, order, held, written } = till();
    const before = held().length;
    const { fetch } = sandbox;
    const patient = new PaymentsClient({
        token: sandbox.token(),
        locationId: sandbox.locationId,
        retryDelayMs: 60_000,
        fetch: (url, init) => {
            if (init.method === "POST") setTimeout(() => controller.abort(), 20);
            return fetch(url, init);
        },
    });
    sandbox.faults.add("applied-then=500", { operation: "orders.recordPayment" });
    const body = { mode: "cash", amount: order.amount };
    const error = await failure(patient.orders.recordPaymentOnce(order._id, body, { signal: controller.signal }));
    assert.deepEqual([error.name, error.outcome, written()], ["AbortedError", "unknown", 1]);
    assert.equal(held().length, before + 1);
});

test("what is wrong with the body is said before anything is sent", async () => {
    const { sandbox, payments, order } = till();
    const error = await failure(payments.orders.recordPaymentOnce(order._id, { mode: "barter" }));
    assert.deepEqual([error.name, error.outcome, sandbox.requests.length], ["ValidationError", "not_sent", 0]);
});

/** Numbers from a seed (xorshift). */
function numbers(seed) {
    let state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
    return (below) => {
        state = BigInt.asUintN(64, state ^ (state << 13n));
        state ^= state >> 7n;
        state = BigInt.asUintN(64, state ^ (state << 17n));
        return Number((state >> 11n) % BigInt(below));
    };
}

test(`in ${RUNS} runs with random faults a payment is never recorded twice`, { timeout: 300_000 }, async () => {
    const ends = { recorded: 0, "not recorded": 0, refused: 0, unknown: 0 };
    let more = 0;
    const wrong = [];
    for (let run = 0; run < RUNS; run += 1) {
        const random = numbers(run + 1);
        const { sandbox, order, held } = till();
        const before = held().length;
        // Faults for any request, at any step: a plan is a fault for the n-th of them.
        const plan = Array.from({ length: random(12) }, () => (random(2) ? FAULTS[random(FAULTS.length)] : undefined));
        const { fetch } = sandbox;
        const client = new PaymentsClient({
            token: sandbox.token(),
            locationId: sandbox.locationId,
            retryDelayMs: 1,
            fetch: (url, init) => {
                const fault = plan.shift();
                if (fault !== undefined) sandbox.faults.add(fault);
                return fetch(url, init);
            },
        });
        const amount = Math.floor(order.amount * 25) / 100;
        // A part of what is due, so that a second payment would fit.
        const body = { mode: "cash", amount, isPartialPayment: true };
        const said = await client.orders.recordPaymentOnce(order._id, body).catch((error) => error);
        const added = held().length - before;
        if (added > 1) more += 1;
        const [end, right] =
            said instanceof Error
                ? said.outcome === "unknown"
                    ? // Sent again by its caller, it would take this payment for one that was there before.
                      ["unknown", !said.retryable]
                    : ["refused", added === 0]
                : said.recorded
                  ? ["recorded", added === 1]
                  : ["not recorded", added === 0];
        ends[end] += 1;
        if (!right) wrong.push(`run ${run}: ${said.message ?? JSON.stringify(said)}, ${added} added`);
    }
    const counts = Object.entries(ends).map(([end, count]) => `${count} ${end}`);
    console.log(
        `figure: ${RUNS} runs of recordPaymentOnce from JavaScript with random faults: ` +
            `${more} with more than one payment, ${wrong.length} wrong answers; ${counts.join(", ")}`,
    );
    assert.deepEqual([more, wrong], [0, []]);
    // The kinds of end that are not rare are met.
    assert.ok(ends.recorded > RUNS / 4 && ends.refused > 0 && ends.unknown > 0, JSON.stringify(ends));
});

/** A client whose requests are answered in this order by name; the last answer of a name repeats. */
function scripted(answers, options = {}) {
    const left = structuredClone(answers);
    const sent = [];
    const fetch = async (url, { method }) => {
        const { pathname } = new URL(url);
        const name = method === "POST" ? "record" : pathname.endsWith("/transactions") ? "look" : "ask";
        sent.push(name);
        const answer = left[name].length > 1 ? left[name].shift() : left[name][0];
        if (answer === "drop") throw new TypeError("fetch failed");
        const { status = 200, ...body } = answer;
        return Response.json(body, { status });
    };
    const payments = new PaymentsClient({ token: "t", locationId: "l", retryDelayMs: 1, fetch, ...options });
    const call = payments.orders.recordPaymentOnce("653f6ba4d84bcc7b3d5bb8a1", { mode: "cash", amount: 5 });
    return { call, sent };
}

const NO_TRANSACTIONS = { data: [], totalCount: 0 };

test("an error after which the payment may be there is not for sending again", async () => {
    const { call } = scripted({ look: [NO_TRANSACTIONS, { status: 503 }], record: ["drop"], ask: [{ _id: "a" }] });
    const error = await failure(call);
    assert.deepEqual([error.name, error.outcome, error.retryable], ["ServerError", "unknown", false]);
});

test("a refusal of the second attempt does not undo a first one that took", async () => {
    const { call, sent } = scripted({
        look: [NO_TRANSACTIONS],
        record: ["drop", { status: 409, message: "being paid" }],
        ask: [{ _id: "a", paymentStatus: "unpaid" }, { _id: "a", paymentStatus: "paid" }],
    });
    const error = await failure(call);
    assert.deepEqual([error.name, error.outcome, error.retryable], ["ConflictError", "unknown", false]);
    assert.equal(sent.filter((name) => name === "record").length, 2);
});

test("deadlineMs bounds the waits between its requests too", async () => {
    const { call, sent } = scripted(
        { look: [NO_TRANSACTIONS], record: ["drop"], ask: [{ _id: "a" }] },
        { retryDelayMs: 60_000, deadlineMs: 1000 },
    );
    const error = await failure(call);
    assert.deepEqual([error.name, error.outcome, error.retryable, error.attempts], ["TimeoutError", "unknown", false, 1]);
    assert.match(error.message, /^orders\.recordPaymentOnce .*deadlineMs/);
    assert.deepEqual(sent, ["look", "record"]);
});

// A limit of what can be known, which the documentation names: who does more than that waits longer between its looks.
test("a payment that a server carries out after all looks is sent a second time, and not with maxRetries 0", async () => {
    const answers = { look: [NO_TRANSACTIONS], record: ["drop", { success: true }], ask: [{ _id: "a" }] };
    const again = scripted(answers);
    assert.equal((await again.call).recorded, true);
    assert.equal(again.sent.filter((name) => name === "record").length, 2);
    const once = scripted(answers, { maxRetries: 0 });
    assert.equal((await once.call).recorded, false);
    assert.equal(once.sent.filter((name) => name === "record").length, 1);
});

test("an answer that does not say that the payment was recorded is looked after", async () => {
    for (const answer of [{}, { error: "x" }, { success: null }, { success: false }]) {
        const ask = [{ _id: "a", paymentStatus: "unpaid" }];
        const found = { data: [{ _id: "new" }], totalCount: 1 };
        const took = scripted({ look: [NO_TRANSACTIONS, NO_TRANSACTIONS, found], record: [answer], ask });
        assert.deepEqual((await took.call).transaction, { _id: "new" });
        const not = scripted({ look: [NO_TRANSACTIONS], record: [answer], ask }, { maxRetries: 0 });
        assert.equal((await not.call).recorded, false, JSON.stringify(answer));
    }
});
