// Holds the models against a real account: `GHL_TOKEN=... GHL_LOCATION=... cargo xtask test live`.
//
//   GHL_TOKEN, GHL_LOCATION   a private integration token, and the sub-account that it opens
//   GHL_ALLOW_WRITES=1        also creates, changes and deletes a coupon that nobody can redeem; nothing is written without it
//   GHL_ORDER                 with GHL_ALLOW_WRITES: an order of which 1.00 is recorded as paid, which cannot be undone
//   GHL_API_VERSION           the `Version` header, such as v3
//   GHL_BASE_URL              another address than HighLevel's, such as that of the sandbox
//
// Prints ids and names of fields, but no other value of the account: a report can be shown to others.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test, { before } from "node:test";
import {
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    PaymentsClient,
    PaymentsError,
    PermissionError,
} from "ghl-payments";

const { GHL_TOKEN, GHL_LOCATION, GHL_BASE_URL, GHL_API_VERSION, GHL_ORDER } = process.env;
const writes = process.env.GHL_ALLOW_WRITES === "1";
const UNKNOWN_ID = "000000000000000000000000";

const drifts = new Set();
let payments;

before(() => {
    assert.ok(GHL_TOKEN && GHL_LOCATION, "GHL_TOKEN and GHL_LOCATION are set");
    payments = new PaymentsClient({
        token: GHL_TOKEN,
        locationId: GHL_LOCATION,
        ...(GHL_BASE_URL ? { baseUrl: GHL_BASE_URL } : {}),
        ...(GHL_API_VERSION ? { apiVersion: GHL_API_VERSION } : {}),
        // A private token of a developer sandbox account may send 25 requests in 10 s: wait instead of giving up.
        maxRetries: 5,
        fetch: guarded,
        onEvent(event) {
            if (event.type !== "drift") return;
            const { operation, path, expected, found, repaired } = event;
            // One line for a field of all records.
            const field = path.replace(/\[\d+\]/g, "[]");
            drifts.add(`${operation.id}: ${field}: expected ${expected}, found ${found}${repaired ? ", repaired" : ""}`);
        },
    });
});

/** Lets nothing but reading out, unless writes are allowed: whatever a test here may do by mistake. */
function guarded(url, init) {
    if (init.method !== "GET" && !writes) throw new Error(`${init.method} is refused: GHL_ALLOW_WRITES is not 1`);
    return fetch(url, init);
}

test("nothing but reading leaves", { skip: writes && "GHL_ALLOW_WRITES is 1" }, () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
        assert.throws(() => guarded("http://127.0.0.1:1/", { method }), /is refused/);
    }
});

/** The answer of a call, or an error that says what failed without a value of the account. */
async function answer(call) {
    try {
        return await call;
    } catch (error) {
        throw error instanceof PaymentsError ? new Error(summary(error)) : error;
    }
}

function summary({ name, code, status, outcome, operation, path, expected, found }) {
    const place = path === undefined ? "" : ` at ${path}: expected ${expected}, found ${found}`;
    return `${operation?.id}: ${name} (${code}, status ${status}, outcome ${outcome})${place}`;
}

/** Skips a test whose operation the token may not call; other errors are failures. */
async function allowed(t, call) {
    try {
        return await call;
    } catch (error) {
        if (error instanceof PermissionError || error instanceof AuthenticationError) {
            t.skip(`the token lacks the scope of ${error.operation?.id}`);
            return undefined;
        }
        return answer(Promise.reject(error));
    }
}

test("the token opens the location, and the answer names the rate limit", async (t) => {
    const { data, response } = await answer(payments.orders.list({ limit: 1 }).withResponse());
    assert.equal(typeof data.totalCount, "number");
    const { rateLimit } = response;
    t.diagnostic(
        rateLimit ? `rate limit: ${rateLimit.limit} in ${rateLimit.intervalMs} ms` : "the answer names no rate limit",
    );
});

/** The newest record of each list. */
const newest = {};

for (const resource of ["orders", "transactions", "subscriptions", "coupons"]) {
    test(`${resource}.list: two pages, no record twice`, async (t) => {
        const first = await allowed(t, payments[resource].list({ limit: 10 }));
        if (first === undefined) return;
        t.diagnostic(`${first.totalCount} ${resource}`);
        const second = first.hasNextPage() ? (await answer(first.getNextPage())).data : [];
        const ids = [...first.data, ...second].map((record) => record._id);
        assert.ok(ids.every((id) => typeof id === "string" && id !== ""));
        assert.equal(new Set(ids).size, ids.length);
        assert.ok(first.data.length === Math.min(10, first.totalCount));
        newest[resource] = first.data[0];
    });
}

/** A test about the newest record of a list, left out where there is none. */
function about(resource, title, act) {
    test(title, async (t) => {
        if (newest[resource] === undefined) return t.skip(`the account shows no ${resource}`);
        await act(newest[resource], t);
    });
}

for (const resource of ["orders", "transactions", "subscriptions"]) {
    about(resource, `${resource}.get: the record of the list`, async (record, t) => {
        const found = await allowed(t, payments[resource].get(record._id));
        if (found === undefined) return;
        assert.equal(found._id, record._id);
        assert.ok(found.amount === record.amount, "both name the same amount");
    });
}

about("coupons", "coupons.get: by id and by code", async (coupon) => {
    assert.ok((await answer(payments.coupons.get({ id: coupon._id })))._id === coupon._id);
    assert.ok((await answer(payments.coupons.get({ code: coupon.code })))._id === coupon._id);
});

about("orders", "orders.listNotes: a list, or an object that holds one", async (order, t) => {
    const notes = await allowed(t, payments.orders.listNotes(order._id));
    if (notes !== undefined) t.diagnostic(`notes come as ${Array.isArray(notes) ? "a list" : Object.keys(notes)}`);
});

about("orders", "orders.listFulfillments: a list", async (order, t) => {
    const fulfillments = await allowed(t, payments.orders.listFulfillments(order._id));
    if (fulfillments !== undefined) assert.ok(Array.isArray(fulfillments.data));
});

for (const [name, call] of [
    ["customProvider.getConfig", () => payments.customProvider.getConfig()],
    ["integrations.listWhitelabel", () => payments.integrations.listWhitelabel()],
]) {
    test(`${name}: a record, or a clear no`, async (t) => {
        try {
            await call();
        } catch (error) {
            if (error instanceof NotFoundError || error instanceof InvalidRequestError) {
                return t.diagnostic(`there is none: status ${error.status}`);
            }
            await allowed(t, Promise.reject(error));
        }
    });
}

test("an order that does not exist is a clear no", async () => {
    const error = await payments.orders.get(UNKNOWN_ID).then(
        () => assert.fail("it was found"),
        (error) => error,
    );
    assert.ok(error instanceof NotFoundError || error instanceof InvalidRequestError, summary(error));
    assert.equal(error.outcome, "rejected");
});

test("coupons: create, read, change, delete", { skip: !writes && "GHL_ALLOW_WRITES is not 1" }, async () => {
    // It starts in a year, so that nobody redeems it meanwhile.
    const start = new Date(Date.now() + 365 * 86_400_000);
    const body = {
        name: "ghl-payments live suite",
        code: `LIVE-${randomUUID().slice(0, 8).toUpperCase()}`,
        discountType: "percentage",
        discountValue: 5,
        startDate: start.toISOString(),
        endDate: new Date(start.getTime() + 86_400_000).toISOString(),
    };
    const { _id: id } = await answer(payments.coupons.create(body));
    try {
        assert.equal((await answer(payments.coupons.get({ code: body.code })))._id, id);
        await answer(payments.coupons.update(id, { ...body, discountValue: 7.5 }));
        assert.equal((await answer(payments.coupons.get({ id }))).discountValue, 7.5);
    } finally {
        await answer(payments.coupons.delete(id));
    }
    const again = await payments.coupons.get({ id }).then(
        () => "it is still there",
        (error) => error.outcome,
    );
    assert.equal(again, "rejected");
});

const noOrder = !(writes && GHL_ORDER) && "GHL_ALLOW_WRITES is not 1, or GHL_ORDER names no order";

test("orders.recordPayment: one transaction more, and where its reference comes back", { skip: noOrder }, async (t) => {
    const all = () => answer(payments.transactions.list({ entityId: GHL_ORDER, limit: 100 }).toArray({ limit: 1000 }));
    const earlier = new Set((await all()).map((transaction) => transaction._id));
    const reference = randomUUID();
    const notes = `ghl-payments live suite ${reference}`;
    const body = { mode: "other", amount: 1, isPartialPayment: true, notes, meta: { reference } };
    await answer(payments.orders.recordPayment(GHL_ORDER, body));
    const added = (await all()).filter((transaction) => !earlier.has(transaction._id));
    assert.equal(added.length, 1);
    assert.equal(added[0].amount, 1);
    const single = await answer(payments.transactions.get(added[0]._id));
    for (const [place, value] of [
        ["chargeSnapshot in the list", added[0].chargeSnapshot],
        ["chargeSnapshot of the transaction", single.chargeSnapshot],
        ["meta of the transaction", single.meta],
    ]) {
        t.diagnostic(`${place}: ${JSON.stringify(value ?? null).includes(reference) ? "holds" : "lacks"} the reference`);
    }
});

test("every answer had the shape of the models", () => {
    assert.deepEqual([...drifts].sort(), []);
});
