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
function till(options = {}, of = {}) {
    const sandbox = createSandbox({ seed: 11, size: 2, rateLimit: { max: 1_000_000, daily: 10_000_000 }, ...of });
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
    assert.deepEqual([data.recorded, data.matchedBy, data.attempts, response.attempts], [true, "answer", 1, 1]);
    assert.match(data.reference, /^[0-9a-z]{30}$/);
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
        assert.equal(done.matchedBy, "reference", fault);
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
    assert.deepEqual([error.name, error.outcome, written()], ["ServerError", "not_sent", 0], "nobody knows its reference");
});

test("a job that runs again and cannot look does not say that its payment was not sent", async () => {
    for (const fault of ["status=401", "status=503", "drop", "html=200"]) {
        const { sandbox, payments, order, held, written } = till({ maxRetries: 0 });
        const before = held().length;
        const once = { reference: "job-1" };
        const body = { mode: "cash", amount: order.amount };
        assert.equal((await payments.orders.recordPaymentOnce(order._id, body, once)).recorded, true);
        sandbox.faults.add(fault, { operation: "transactions.list" });
        const error = await failure(payments.orders.recordPaymentOnce(order._id, body, once));
        assert.deepEqual([error.outcome, error.attempts, held().length, written()], ["unknown", 0, before + 1, 1], fault);
        const again = await payments.orders.recordPaymentOnce(order._id, body, once);
        assert.deepEqual([again.recorded, again.matchedBy, written()], [true, "reference", 1], fault);
    }
});

test("where the server counts a transaction that it does not show, the payment is not sent again", async () => {
    const other = (at, entityId) => ({
        _id: String(at).padStart(24, "e"),
        ...{ entityId, amount: 1, status: "succeeded", paymentProviderType: "stripe", chargeSnapshot: { id: "ch" } },
    });
    for (const shows of [() => [], (order) => Array.from({ length: 10 }, (_, at) => other(at, order._id))]) {
        const { sandbox, order, held, written } = till();
        const before = held().length;
        const fetch = async (url, init) => {
            const answer = await sandbox.fetch(url, init);
            if (init.method === "POST") throw new TypeError("fetch failed");
            if (!new URL(url).pathname.endsWith("/transactions")) return answer;
            const { totalCount } = await answer.json();
            return Response.json({ data: shows(order), totalCount: totalCount + 30 });
        };
        const settings = { token: sandbox.token(), locationId: sandbox.locationId, fetch, retryDelayMs: 1 };
        const payments = new PaymentsClient(settings);
        const pay = (once) => failure(payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 5 }, once));
        // It may be that of an earlier run of the job.
        const job = await pay({ reference: "job-1" });
        assert.deepEqual([job.code, job.outcome, held().length, written()], ["ambiguous_payment", "unknown", before, 0]);
        assert.match(job.message, /counts more transactions of the order than it shows/);
        const error = await pay();
        assert.deepEqual([error.code, error.outcome, held().length, written()], ["ambiguous_payment", "unknown", before + 1, 1]);
    }
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

const ECHOES = ["meta", "snapshot", "notes"];

test(`in ${RUNS} runs with random faults a payment is recorded once and taken for no other`, { timeout: 300_000 }, async () => {
    const ends = { recorded: 0, "not recorded": 0, refused: 0, unknown: 0 };
    let more = 0;
    let mistaken = 0;
    const wrong = [];
    for (let run = 0; run < RUNS; run += 1) {
        const random = numbers(run + 1);
        const { sandbox, order, held } = till({}, { echo: ECHOES[run % 3] });
        const known = held().map(({ _id }) => _id);
        // Faults for any request, at any step: a plan is a fault for the n-th of them.
        const plan = Array.from({ length: random(12) }, () => (random(2) ? FAULTS[random(FAULTS.length)] : undefined));
        // Somebody else pays when the first payment arrives, in one of ten runs.
        let rival = random(10) === 0 ? "second-payer; " : "";
        const { fetch } = sandbox;
        const client = new PaymentsClient({
            token: sandbox.token(),
            locationId: sandbox.locationId,
            retryDelayMs: 1,
            fetch: (url, init) => {
                const fault = plan.shift() ?? "";
                const paying = init.method === "POST";
                if (fault + (paying ? rival : "") !== "") sandbox.faults.add((paying ? rival : "") + fault);
                if (paying) rival = "";
                return fetch(url, init);
            },
        });
        const amount = Math.floor(order.amount * 25) / 100;
        // A part of what is due, so that a second payment would fit.
        const body = { mode: "cash", amount, isPartialPayment: true };
        const once = run % 2 ? { reference: `job-${run}`, referenceInNotes: true, since: new Date(sandbox.state().now) } : {};
        const said = await client.orders.recordPaymentOnce(order._id, body, once).catch((error) => error);
        const added = held().filter(({ _id }) => !known.includes(_id));
        const ours = added.filter(({ chargeSnapshot }) => chargeSnapshot.notes !== "taken at the counter");
        if (ours.length > 1) more += 1;
        const [end, right] =
            said instanceof Error
                ? said.outcome === "unknown"
                    ? // Sent again by its caller, it could be recorded twice.
                      ["unknown", (!said.retryable || said.attempts === 0) && (said.candidates ?? []).every((id) => added.some(({ _id }) => _id === id))]
                    : ["refused", ours.length === 0]
                : said.recorded
                  ? ["recorded", ours.length === 1]
                  : ["not recorded", ours.length === 0];
        if (said.transaction && !ours.some(({ _id }) => _id === said.transaction._id)) mistaken += 1;
        ends[end] += 1;
        if (!right) wrong.push(`run ${run}: ${said.message ?? JSON.stringify(said)}, ${ours.length} added`);
    }
    const counts = Object.entries(ends).map(([end, count]) => `${count} ${end}`);
    console.log(
        `figure: ${RUNS} runs of recordPaymentOnce from JavaScript with random faults and a second payer in one of ten: ` +
            `${more} sent twice, ${mistaken} taken for ours that are not, ${wrong.length} wrong answers; ${counts.join(", ")}`,
    );
    assert.deepEqual([more, mistaken, wrong], [0, 0, []]);
    // The kinds of end that are not rare are met.
    assert.ok(ends.recorded > RUNS / 4 && ends.refused > 0 && ends.unknown > 0, JSON.stringify(ends));
});

test("with a reference of the caller's the call can be made again, also by another process", async () => {
    for (const echo of ["meta", "snapshot"]) {
        const { payments, sandbox, order, written } = till({}, { echo });
        const body = { mode: "cash", amount: 5, meta: { cashier: "k-1" } };
        const first = await payments.orders.recordPaymentOnce(order._id, body, { reference: "job-1" });
        assert.deepEqual([first.matchedBy, first.attempts, first.reference], ["answer", 1, "job-1"]);
        const settings = { token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch };
        const again = await new PaymentsClient(settings).orders.recordPaymentOnce(order._id, body, { reference: "job-1" });
        assert.deepEqual([again.recorded, again.matchedBy, again.attempts, written()], [true, "reference", 0, 1], echo);
        assert.equal(again.transaction.amount, 5);
        const { meta } = sandbox.requests.find(({ method }) => method === "POST").body;
        assert.deepEqual(meta, { reference: "job-1", cashier: "k-1" });
    }
});

test("where no reference is shown the call is unknown instead of sent, with the candidates and since when", async () => {
    const { payments, sandbox, order, held, written } = till({}, { echo: "none" });
    const body = { mode: "cash", amount: 5 };
    const pay = (once) => payments.orders.recordPaymentOnce(order._id, body, once);
    await pay({ reference: "job-1" });
    const error = await failure(pay({ reference: "job-1" }));
    const [{ _id }] = held();
    assert.deepEqual([error.name, error.code, error.outcome], ["PaymentsError", "ambiguous_payment", "unknown"]);
    assert.deepEqual([error.candidates, error.retryable, error.attempts, written()], [[_id], false, 0, 1]);
    // Further than the clocks may be apart.
    sandbox.advance(400_000);
    const { now } = sandbox.state();
    assert.equal((await pay({ reference: "job-2", since: new Date(now) })).attempts, 1);
    assert.equal((await failure(pay({ reference: "job-3", since: now }))).candidates.length, 1);
    sandbox.advance(400_000);
    assert.equal((await pay({ reference: "job-3", since: sandbox.state().now })).attempts, 1);
});

test("the reference is shown in the notes, too, and what stood there stays", async () => {
    const { payments, sandbox, order, held } = till({}, { echo: "notes" });
    const body = { mode: "cash", amount: 5, notes: "for the sofa" };
    const once = { reference: "job-1", referenceInNotes: true };
    sandbox.faults.add("second-payer; applied-then=drop", { operation: "orders.recordPayment" });
    const done = await payments.orders.recordPaymentOnce(order._id, body, once);
    assert.deepEqual([done.matchedBy, done.attempts], ["reference", 1]);
    assert.equal(held()[0].chargeSnapshot.notes, "for the sofa\n[ref job-1]");
    assert.equal(done.transaction._id, held()[0]._id);
    // Ends alike.
    const other = await payments.orders.recordPaymentOnce(order._id, body, { ...once, reference: "job-12" });
    assert.deepEqual([other.matchedBy, other.attempts], ["answer", 1]);
});

test("several payments that could be it are named, and none is sent again", async () => {
    const { payments, sandbox, order, held, written } = till({}, { echo: "none" });
    sandbox.faults.add("second-payer=alike; applied-then=drop", { operation: "orders.recordPayment" });
    const error = await failure(payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 5 }));
    assert.deepEqual([error.outcome, error.candidates, written()], ["unknown", held().slice(0, 2).map(({ _id }) => _id), 1]);
});

test("what is wrong with reference and since is said before anything is sent", async () => {
    const { payments, sandbox, order } = till();
    const pay = (once, body = {}) => failure(payments.orders.recordPaymentOnce(order._id, { mode: "cash", ...body }, once));
    for (const [once, path, body] of [
        [{ reference: "" }, "reference"],
        [{ reference: 5 }, "reference"],
        [{ reference: "a]b" }, "reference"],
        [{ reference: "x".repeat(129) }, "reference"],
        [{ since: "soon" }, "since"],
        [{ since: null }, "since"],
        [{ since: new Date(NaN) }, "since"],
        [{ since: "2026-11-31" }, "since"],
        [{ since: "2026-02-29T12:00:00Z" }, "since"],
        [{ referenceInNotes: "yes" }, "referenceInNotes"],
        [{ refrence: "a" }, "refrence"],
        [{ reference: "a" }, "meta.reference", { meta: { reference: "b" } }],
        [{}, "meta.reference", { meta: { reference: "b" } }],
    ]) {
        const error = await pay(once, body);
        assert.deepEqual([error.name, error.issues?.map((issue) => issue.path)], ["ValidationError", [path]], JSON.stringify(once));
    }
    assert.equal((await failure(payments.orders.get(order._id, { reference: "a" }))).name, "ValidationError");
    assert.equal(sandbox.requests.length, 0);
});

/** A client whose requests are answered in this order by name; the last answer of a name repeats. */
function scripted(answers, options = {}, once = {}) {
    const left = structuredClone({ single: [{ _id: "new" }], ...answers });
    const sent = [];
    const fetch = async (url, { method }) => {
        const { pathname } = new URL(url);
        const read = pathname.includes("/transactions/") ? "single" : pathname.endsWith("/transactions") ? "look" : "ask";
        const name = method === "POST" ? "record" : read;
        sent.push(name);
        const answer = left[name].length > 1 ? left[name].shift() : left[name][0];
        if (answer === "drop") throw new TypeError("fetch failed");
        const { status = 200, ...body } = answer;
        return Response.json(body, { status });
    };
    const payments = new PaymentsClient({ token: "t", locationId: "l", retryDelayMs: 1, fetch, ...options });
    const call = payments.orders.recordPaymentOnce("653f6ba4d84bcc7b3d5bb8a1", { mode: "cash", amount: 5 }, once);
    return { call, sent };
}

const NO_TRANSACTIONS = { data: [], totalCount: 0 };

/** A list with one transaction of the same amount and mode. */
function taken(more = {}) {
    const snapshot = { chargeSnapshot: { mode: "cash" }, ...more };
    return { data: [{ _id: "new", amount: 5, status: "succeeded", ...snapshot }], totalCount: 1 };
}

test("an error after which the payment may be there is not for sending again", async () => {
    const { call } = scripted({ look: [NO_TRANSACTIONS, { status: 503 }], record: ["drop"], ask: [{ _id: "a" }] });
    const error = await failure(call);
    assert.deepEqual([error.name, error.outcome, error.retryable], ["ServerError", "unknown", false]);
    assert.match(error.message, /the payment was sent, and then it could not be looked for: transactions\.list: /);
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
        const look = [NO_TRANSACTIONS, NO_TRANSACTIONS, taken()];
        const took = await scripted({ look, record: [answer], ask }).call;
        assert.deepEqual([took.transaction, took.matchedBy], [taken().data[0], "amount"]);
        const not = scripted({ look: [NO_TRANSACTIONS], record: [answer], ask }, { maxRetries: 0 });
        assert.equal((await not.call).recorded, false, JSON.stringify(answer));
    }
});

test("amounts are compared as money, and what cannot be told is not taken", async () => {
    const three = { look: [NO_TRANSACTIONS], record: ["drop"], ask: [{ _id: "a", paymentStatus: "unpaid" }] };
    for (const [more, matchedBy] of [
        [{}, "amount"],
        [{ amount: "5.00" }, "amount"],
        [{ amount: 5.000000000000001 }, "amount"],
        [{ status: "captured" }, "amount"],
        [{ chargeSnapshot: '{"mode":"cash","notes":""}' }, "amount"],
        [{ amount: "1,005.00" }, undefined],
        [{ amount: null }, undefined],
        [{ status: "something new" }, undefined],
        [{ chargeSnapshot: null }, undefined],
        [{ chargeSnapshot: { mode: "cash", notes: "of somebody else" } }, undefined],
    ]) {
        const { call, sent } = scripted({ ...three, look: [NO_TRANSACTIONS, taken(more)] });
        const said = await call.catch((error) => error);
        const text = JSON.stringify(more);
        assert.deepEqual([said.matchedBy, said.outcome], [matchedBy, matchedBy ? undefined : "unknown"], text);
        assert.deepEqual(said.candidates, matchedBy ? undefined : ["new"], text);
        assert.equal(sent.filter((name) => name === "record").length, 1, text);
    }
    for (const more of [
        { amount: 4 },
        { status: "failed" },
        { status: "refunded" },
        { amountRefunded: 5 },
        { entityId: "of another order" },
        { chargeSnapshot: { mode: "card" } },
        { chargeSnapshot: {}, paymentProviderType: "stripe" },
        { chargeSnapshot: { mode: "cash", meta: { reference: "of somebody else" } } },
    ]) {
        const { call } = scripted({ ...three, look: [NO_TRANSACTIONS, taken(more)] }, { maxRetries: 0 });
        assert.equal((await call).recorded, false, JSON.stringify(more));
    }
});

test("a reference is found as JSON text, in either answer, and beside whatever else is there", async () => {
    for (const [more, single] of [
        [{ meta: { reference: "r-1" } }, {}],
        [{ chargeSnapshot: { mode: "cash", meta: '{"reference":"r-1"}' }, notes: "paid" }, {}],
        [{ chargeSnapshot: '{"mode":"cash","notes":"a\\n[ref r-1]"}' }, {}],
        [{}, { meta: { deep: 1, reference: "r-1" } }],
        [{}, { chargeSnapshot: { meta: { reference: "r-1" } } }],
    ]) {
        const answers = { look: [taken(more)], single: [{ _id: "new", ...single }], record: ["drop"], ask: [{ _id: "a" }] };
        const { call, sent } = scripted(answers, {}, { reference: "r-1" });
        const text = JSON.stringify([more, single]);
        const requests = Object.keys(single).length > 0 ? ["look", "single"] : ["look"];
        assert.deepEqual([(await call).matchedBy, sent], ["reference", requests], text);
    }
});

test("a reference that was used for another amount or mode sends nothing, and says so", async () => {
    const { payments, order, held } = till();
    const once = { reference: "job-1", referenceInNotes: true };
    const first = { mode: "cash", amount: 5, isPartialPayment: true };
    assert.equal((await payments.orders.recordPaymentOnce(order._id, first, once)).matchedBy, "answer");
    const before = held().length;
    for (const other of [{ ...first, amount: 7 }, { ...first, amount: 5.01 }, { ...first, mode: "other" }]) {
        const error = await failure(payments.orders.recordPaymentOnce(order._id, other, once));
        assert.deepEqual([error.code, error.outcome, held().length], ["ambiguous_payment", "unknown", before]);
        assert.match(error.message, /a transaction shows the reference, but has another amount or mode/);
        assert.equal(error.candidates.length, 1);
    }
    const again = await payments.orders.recordPaymentOnce(order._id, first, once);
    assert.deepEqual([again.recorded, again.matchedBy, again.attempts, held().length], [true, "reference", 0, before]);
});

test("a reference that was used for another amount or mode sends nothing, also where only a single read shows it", async () => {
    for (const echo of ["meta", "snapshot"]) {
        const { payments, sandbox, order, held, written } = till({}, { echo });
        const pay = (mode, amount, once) => payments.orders.recordPaymentOnce(order._id, { mode, amount, isPartialPayment: true }, once);
        assert.equal((await pay("cash", 5, { reference: "job-1" })).matchedBy, "answer");
        const [{ _id }] = held();
        for (const ms of [0, 400_000]) {
            sandbox.advance(ms);
            const since = ms > 0 ? { since: sandbox.state().now } : {};
            for (const [mode, amount] of [["cash", 6], ["cash", 5.01], ["other", 5], ["other", 6]]) {
                const error = await failure(pay(mode, amount, { reference: "job-1", ...since }));
                assert.deepEqual([error.code, error.candidates, written()], ["ambiguous_payment", [_id], 1], `${echo} ${mode} ${amount} ${ms}`);
                assert.match(error.message, /a transaction shows the reference, but has another amount or mode/);
            }
            const again = await pay("cash", 5, { reference: "job-1", ...since });
            assert.deepEqual([again.matchedBy, again.attempts, written()], ["reference", 0, 1], echo);
        }
        // Another reference is another payment.
        assert.equal((await pay("cash", 6, { reference: "job-2" })).matchedBy, "answer");
    }
});

test("a reference whose payment of another amount was refunded sends nothing", async () => {
    const look = [{ data: [{ _id: "new", amount: 7, status: "refunded", chargeSnapshot: { mode: "cash" } }], totalCount: 1 }];
    const { call, sent } = scripted({ look, single: [{ _id: "new", meta: { reference: "r-1" } }] }, {}, { reference: "r-1" });
    const error = await failure(call);
    assert.deepEqual([error.code, error.candidates, sent], ["ambiguous_payment", ["new"], ["look", "single"]]);
    assert.match(error.message, /refunded or canceled since/);
});

test("before a payment is sent what another provider took or what failed is not read on its own", async () => {
    const look = (more) => [{ data: [{ _id: "new", amount: 7, status: "succeeded", ...more }], totalCount: 1 }];
    for (const [more, reads] of [
        [{ chargeSnapshot: { mode: "card" } }, 1],
        [{ chargeSnapshot: {} }, 1],
        [{ chargeSnapshot: { mode: "cash" }, status: "refunded" }, 1],
        [{ chargeSnapshot: { mode: "cash" }, status: "failed" }, 0],
        [{ chargeSnapshot: {}, paymentProviderType: "stripe" }, 0],
        [{ chargeSnapshot: { mode: "cash", meta: { reference: "of another job" } } }, 0],
    ]) {
        const { call, sent } = scripted({ look: look(more), record: [{ success: true }] }, {}, { reference: "r-1" });
        assert.deepEqual([(await call).matchedBy, sent], ["answer", ["look", ...Array(reads).fill("single"), "record"]], JSON.stringify(more));
    }
});

test("a job that is run again with its time is not paid twice, whatever the clocks say", async () => {
    for (const apart of [-240_000, 0, 240_000]) {
        const now = Date.now();
        const { payments, order, held } = till({}, { now: () => now - apart, echo: "none" });
        const before = held().length;
        const payment = { mode: "cash", amount: 5, isPartialPayment: true };
        const once = { reference: "job-1", referenceInNotes: true, since: new Date(now) };
        assert.equal((await payments.orders.recordPaymentOnce(order._id, payment, once)).recorded, true);
        const error = await failure(payments.orders.recordPaymentOnce(order._id, payment, once));
        assert.deepEqual([error.code, held().length], ["ambiguous_payment", before + 1], String(apart));
    }
});

test("where it is not recorded, the reason is that of the last attempt", async () => {
    for (const [fault, code] of [["drop", "network_error"], ["status=503", "server_error"]]) {
        const { sandbox, payments, order } = till();
        sandbox.faults.add(fault, { operation: "orders.recordPayment", times: 9 });
        const { recorded, attempts, reason } = await payments.orders.recordPaymentOnce(order._id, { mode: "cash" });
        assert.deepEqual([recorded, attempts, reason.code], [false, 3, code]);
        assert.match(reason.message, /orders\.recordPayment: /);
    }
});

test("a typing error in its options lists all options that it has", async () => {
    const { payments, order } = till();
    const error = await failure(payments.orders.recordPaymentOnce(order._id, { mode: "cash" }, { ref: "j" }));
    assert.match(error.message, /known are reference, referenceInNotes, since, signal, /);
    const other = await failure(payments.orders.recordPayment(order._id, { mode: "cash" }, { reference: "j" }));
    assert.match(other.message, /reference is no field here; known are signal, /);
});

test("a payment whose notes only speak of the reference is not taken for it, and none is sent", async () => {
    for (const notes of ["in place of [ref job-8], which bounced", "job-8", "[ref job-8] was for the sofa"]) {
        const { payments, order, held, written } = till();
        const payment = { mode: "cash", amount: 5, isPartialPayment: true };
        await payments.orders.recordPayment(order._id, { ...payment, notes });
        const error = await failure(
            payments.orders.recordPaymentOnce(order._id, payment, { reference: "job-8", referenceInNotes: true }),
        );
        assert.deepEqual([error.code, error.candidates, written()], ["ambiguous_payment", [held()[0]._id], 1], notes);
    }
});

test("a reference counts whenever it was recorded, and a time that lies ahead of the server's is refused", async () => {
    const payment = { mode: "cash", amount: 5, isPartialPayment: true };
    for (const echo of ["meta", "snapshot", "notes", "none"]) {
        const { payments, sandbox, order, written } = till({}, { echo });
        const now = Date.parse(sandbox.state().now);
        for (const ahead of [360_000, 3_600_000, 3e12]) {
            const once = { reference: "job-1", since: new Date(now + ahead) };
            const error = await failure(payments.orders.recordPaymentOnce(order._id, payment, once));
            assert.deepEqual([error.name, error.issues?.[0]?.path, error.outcome, written()], ["ValidationError", "since", "not_sent", 0], echo);
        }
        const done = await payments.orders.recordPaymentOnce(order._id, payment, { reference: "job-1", referenceInNotes: true });
        assert.equal(done.matchedBy, "answer");
    }
    const { payments, sandbox, order, written } = till({}, { echo: "meta" });
    assert.equal((await payments.orders.recordPaymentOnce(order._id, payment, { reference: "job-1" })).attempts, 1);
    sandbox.advance(3_600_000);
    const late = { reference: "job-1", since: sandbox.state().now };
    const again = await payments.orders.recordPaymentOnce(order._id, payment, late);
    assert.deepEqual([again.matchedBy, again.attempts, written()], ["reference", 0, 1]);
});

test("a payment of which a part went back may be the job's: none is sent", async () => {
    const { payments, order, held, written, sandbox } = till({}, { echo: "none" });
    const payment = { mode: "cash", amount: 5, isPartialPayment: true };
    await payments.orders.recordPaymentOnce(order._id, payment, { reference: "job-1" });
    const refunding = async (url, init) => {
        const answer = await sandbox.fetch(url, init);
        if (!url.includes("/payments/transactions?")) return answer;
        const body = await answer.json();
        for (const record of body.data) if (record._id === held()[0]._id) record.amountRefunded = 2;
        return Response.json(body);
    };
    const other = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: refunding });
    const error = await failure(other.orders.recordPaymentOnce(order._id, payment, { reference: "job-1" }));
    assert.deepEqual([error.code, error.candidates, written()], ["ambiguous_payment", [held()[0]._id], 1]);
});

test("of calls with one reference one is under way at a time: a button that is pressed twice records once", async () => {
    const { payments, order, held, written } = till({ limiter: false });
    const before = held().length;
    const pressed = Array.from({ length: 5 }, () => {
        return payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 1 }, { reference: "job-1" });
    });
    const other = payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 1 }, { reference: "job-2" });
    const done = await Promise.all([...pressed, other]);
    assert.deepEqual([held().length, written()], [before + 2, 2]);
    assert.ok(done.every(({ recorded }) => recorded));
    assert.deepEqual(done.map(({ attempts }) => attempts).sort(), [0, 0, 0, 0, 1, 1]);
});

test("a wall clock that is set ahead, or stands, gives the turn of a payment that is under way to no other press", async () => {
    for (const set of [3_600_000, -3_600_000, NaN]) {
        const { sandbox, order, held, written } = till();
        const before = held().length;
        const fetch = async (url, init) => {
            const answer = await sandbox.fetch(url, init);
            if (init.method === "POST") await new Promise((resolve) => setTimeout(resolve, 300));
            return answer;
        };
        const settings = { token: sandbox.token(), locationId: sandbox.locationId, fetch, retryDelayMs: 1 };
        const payments = new PaymentsClient(settings);
        const press = () => payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 1 }, { reference: "job-1" });
        const { now } = Date;
        const first = press();
        await new Promise((resolve) => setTimeout(resolve, 100));
        const stands = now();
        Date.now = () => (Number.isNaN(set) ? stands : now() + set);
        try {
            const done = await Promise.all([first, press()]);
            assert.deepEqual(done.map(({ attempts }) => attempts), [1, 0], String(set));
            assert.deepEqual([held().length, written()], [before + 1, 1], String(set));
        } finally {
            Date.now = now;
        }
    }
});

test("who presses again is not let in before a payment that was recorded can be seen in the list", async () => {
    const { sandbox, order, held, written } = till();
    const there = held().map(({ _id }) => _id);
    let recorded = Infinity;
    const fetch = async (url, init) => {
        const answer = await sandbox.fetch(url, init);
        if (init.method === "POST") recorded = performance.now();
        if (!new URL(url).pathname.endsWith("/transactions") || performance.now() > recorded + 200) return answer;
        const { data } = await answer.json();
        const early = data.filter(({ _id }) => there.includes(_id));
        return Response.json({ data: early, totalCount: early.length });
    };
    const payments = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch, retryDelayMs: 100 });
    const press = () => payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 1 }, { reference: "job-1", referenceInNotes: true });
    const done = await Promise.all([press(), press()]);
    assert.deepEqual([done.map(({ attempts }) => attempts), held().length, written()], [[1, 0], there.length + 1, 1]);
});

test("who presses again is not let in before the payment of a call that was given up can be seen", async () => {
    for (const [given, code] of [[(signal) => ({ signal }), "aborted"], [() => ({ deadlineMs: 100 }), "timeout"]]) {
        const { sandbox, payments, order, held, written } = till({ retryDelayMs: 200 });
        const before = held().length;
        sandbox.faults.add("late=300", { operation: "orders.recordPayment" });
        const stop = new AbortController();
        const press = (options) =>
            payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 1 }, { reference: "job-1", ...options });
        const first = failure(press(given(stop.signal)));
        const second = press();
        setTimeout(() => stop.abort(), 100);
        const { outcome, ...error } = await first;
        assert.deepEqual([error.code, outcome], [code, "unknown"]);
        const { recorded, matchedBy } = await second;
        assert.deepEqual([recorded, matchedBy, held().length, written()], [true, "reference", before + 1, 1], code);
    }
});

test("a call with the same reference that will never end is not waited for longer than it said, and one that waits can be aborted", async () => {
    let answers = 0;
    const { sandbox } = till();
    // Not even its time limit fires: the request of a Worker has ended.
    const dead = { fetch: (...args) => (++answers === 1 ? new Promise(() => {}) : sandbox.fetch(...args)) };
    const { setTimeout: timer } = globalThis;
    const { payments, order, held } = till({ ...dead, timeoutMs: 2000, token: sandbox.token() });
    const once = (options) => payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 1 }, { reference: "job-1", ...options });
    globalThis.setTimeout = () => 0;
    try {
        once().catch(() => {});
        while (answers === 0) await undefined;
    } finally {
        globalThis.setTimeout = timer;
    }
    const late = await failure(once({ deadlineMs: 200 }));
    assert.deepEqual([late.code, late.outcome], ["timeout", "unknown"]);
    const stop = new AbortController();
    const stopped = failure(once({ signal: stop.signal }));
    timer(() => stop.abort(), 50);
    assert.deepEqual([(await stopped).code], ["aborted"]);
    assert.equal((await once()).recorded, true);
    assert.equal(held().length, 0, "the payment is in the sandbox of that fetch");
    assert.equal(sandbox.requests.filter(({ operation }) => operation === "orders.recordPayment").length, 1);
});

test("two clients of one process that record under one reference at once make one payment", async () => {
    for (const echo of ["meta", "none"]) {
        const { sandbox, payments, order, written } = till({}, { echo });
        const settings = { token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch, retryDelayMs: 1 };
        const clients = [payments, new PaymentsClient(settings), new PaymentsClient({ ...settings, limiter: false })];
        const once = { reference: `job of ${echo}`, referenceInNotes: true };
        const pay = (client) => client.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 5 }, once);
        const ends = await Promise.allSettled(clients.map(pay));
        assert.equal(written(), 1, echo);
        // Where no reference is shown the later ones cannot know whose payment it is.
        for (const { value, reason } of ends) assert.ok(value?.recorded ?? reason.outcome === "unknown", String(reason));
        assert.equal(ends.filter(({ value }) => value?.attempts === 1).length, 1, echo);
    }
});

test("a call that never ends keeps its turn no longer than it may take, in whatever client", async () => {
    const { sandbox, payments, order, written } = till({ timeoutMs: 50, maxRetries: 0 });
    const settings = { token: sandbox.token(), locationId: sandbox.locationId, retryDelayMs: 1 };
    // As in a Worker whose request has ended: not even its timers come.
    const { setTimeout } = globalThis;
    globalThis.setTimeout = () => 0;
    const dead = new PaymentsClient({ ...settings, timeoutMs: 50, fetch: () => new Promise(() => {}) });
    void dead.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 5 }, { reference: "job of the dead" });
    for (let turn = 0; turn < 100; turn += 1) await undefined;
    // No time passes for the second one either, until it has waited for the turn of the first.
    const timers = [];
    globalThis.setTimeout = (...timer) => timers.push(timer);
    const second = payments.orders.recordPaymentOnce(order._id, { mode: "cash", amount: 5 }, { reference: "job of the dead" });
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    globalThis.setTimeout = setTimeout;
    assert.deepEqual([sandbox.requests.length, timers.length > 0], [0, true]);
    for (const timer of timers) setTimeout(...timer);
    const done = await second;
    assert.deepEqual([done.matchedBy, written()], ["answer", 1]);
});

test("an amount that is undefined is refused, and all that is due is what no amount at all means", async () => {
    for (const method of ["recordPaymentOnce", "recordPayment"]) {
        const { sandbox, payments, order, held, written } = till();
        const amountOf = (cart) => cart.amount;
        class Payment {
            mode = "cash";
            get amount() {
                return undefined;
            }
        }
        for (const body of [
            { mode: "cash", amount: amountOf({}) },
            { toJSON: () => ({ mode: "cash", amount: undefined }) },
            new Payment(),
        ]) {
            const error = await failure(payments.orders[method](order._id, body));
            assert.deepEqual([error.name, error.outcome, error.issues.map(({ path }) => path)], ["ValidationError", "not_sent", ["amount"]]);
            assert.match(error.message, /amount must be a number, found undefined: leave the field out to record all that is due/);
        }
        assert.equal(sandbox.requests.length, 0);
        const before = held().length;
        await payments.orders[method](order._id, { mode: "cash" });
        assert.deepEqual([held().length, written()], [before + 1, 1]);
    }
});
