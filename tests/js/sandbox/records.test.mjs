// What the people of a location do while somebody reads it: records change and go, and one location fails while the others work.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { connectSandbox, createSandbox, serveSandbox } from "ghl-payments/sandbox";

const STREAMS = ["orders", "transactions", "subscriptions", "coupons"];

/** A sandbox of two locations, steered over HTTP, and a client of each. */
function start(options = {}) {
    const sandbox = createSandbox({ locations: ["first", "second"], size: 120, ...options });
    const handle = serveSandbox(sandbox);
    const remote = connectSandbox("http://127.0.0.1:8787", { fetch: (url, init) => handle(new Request(url, init)) });
    const client = (locationId) =>
        new PaymentsClient({ locationId, token: sandbox.token({ locationId }), fetch: sandbox.fetch, maxRetries: 0, limiter: false });
    return { sandbox, remote, first: client("first"), second: client("second") };
}

const listed = (client, stream) => client[stream].list({ limit: 100 }).toArray({ limit: 10_000 });
const ids = (records) => records.map(({ _id }) => _id);
const one = (client, stream, id) => (stream === "coupons" ? client.coupons.get({ id }) : client[stream].get(id));

for (const stream of STREAMS) {
    test(`${stream}: records are those of the list, also once some were deleted`, async () => {
        const { sandbox, remote, first, second } = start();
        const before = await listed(first, stream);
        assert.ok(before.length > 3);
        assert.deepEqual(ids(await remote.records({ stream, locationId: "first" })), ids(before));
        const [latest, , third] = before;
        assert.equal((await remote.deleteRecord({ stream, id: third._id }))._id, third._id);
        assert.equal(sandbox.deleteRecord({ stream })._id, latest._id);
        const expected = ids(before).filter((id) => id !== latest._id && id !== third._id);
        const page = await first[stream].list({ limit: 1 });
        assert.deepEqual([page.totalCount, page.data[0]._id], [expected.length, expected[0]]);
        assert.deepEqual(ids(await listed(first, stream)), expected);
        assert.deepEqual(ids(await remote.records({ stream })), expected);
        assert.deepEqual(ids(sandbox.state().locations[0][stream]), expected);
        await assert.rejects(one(first, stream, third._id), { name: "NotFoundError" });
        assert.equal((await one(first, stream, expected[0]))._id, expected[0]);
        assert.throws(() => sandbox.deleteRecord({ stream, id: third._id }), /no such record/);
        const other = sandbox.records({ stream, locationId: "second" });
        assert.deepEqual(ids(await listed(second, stream)), ids(other));
    });
}

test("what is deleted is back after reset, and cannot be paid meanwhile", async () => {
    const { sandbox, first } = start();
    const order = sandbox.createOrder();
    sandbox.deleteRecord({ stream: "orders", id: order._id });
    await assert.rejects(first.orders.recordPayment(order._id, { mode: "cash", amount: order.amount }), { name: "NotFoundError" });
    assert.notEqual(JSON.parse(await (await sandbox.webhook("OrderCreate")).text())._id, order._id);
    const before = sandbox.records({ stream: "orders" }).length;
    sandbox.deleteRecord({ stream: "orders" });
    sandbox.reset();
    assert.equal(sandbox.records({ stream: "orders" }).length, before);
});

test("an order is paid and then refunded, a transaction refunded, a subscription canceled, a coupon redeemed", async () => {
    const { sandbox, remote, first } = start();
    const { _id: id } = sandbox.createOrder();
    assert.equal((await remote.changeRecord({ stream: "orders", id })).paymentStatus, "paid");
    const [paid] = await listed(first, "transactions");
    assert.deepEqual([paid.entityId, paid.status], [id, "succeeded"]);
    assert.equal(sandbox.changeRecord({ stream: "orders", id }).paymentStatus, "refunded");
    assert.equal((await first.orders.get(id)).paymentStatus, "refunded");
    assert.equal((await first.transactions.get(paid._id)).status, "refunded");

    const open = sandbox.records({ stream: "transactions" }).find(({ status }) => status === "succeeded");
    const refunded = sandbox.changeRecord({ stream: "transactions", id: open._id });
    assert.deepEqual([refunded.status, refunded.amountRefunded], ["refunded", open.amount]);
    const failed = sandbox.records({ stream: "transactions" }).find(({ status }) => status === "failed");
    assert.equal(sandbox.changeRecord({ stream: "transactions", id: failed._id }).status, "failed");

    const running = sandbox.records({ stream: "subscriptions" }).find(({ status }) => status === "active");
    assert.equal(sandbox.changeRecord({ stream: "subscriptions", id: running._id }).status, "canceled");
    sandbox.advance(400 * 86_400_000);
    assert.equal((await first.subscriptions.get(running._id)).status, "canceled");

    const [coupon] = sandbox.records({ stream: "coupons" });
    assert.equal(sandbox.changeRecord({ stream: "coupons", id: coupon._id }).usageCount, coupon.usageCount + 1);
});

test("who changes an order's status is told of by a webhook, as by a payment that is recorded", async () => {
    const { sandbox } = start();
    const seen = [];
    const sending = sandbox.webhooks({
        url: "https://app.example/hooks",
        fetch: async (request) => {
            seen.push((await request.json()).type);
            return new Response();
        },
    });
    const { _id: id } = sandbox.createOrder();
    sandbox.changeRecord({ stream: "orders", id });
    sandbox.changeRecord({ stream: "coupons" });
    await sending.settled();
    assert.deepEqual(seen, ["OrderCreate", "OrderStatusUpdate"]);
});

test("a location fails for as long as it is told to, and the others work", async () => {
    const { sandbox, remote, first, second } = start();
    const times = 4_294_967_295;
    await remote.addFault("status=401", { locationId: "first", operation: "orders.list", times });
    for (let i = 0; i < 3; i++) {
        await assert.rejects(first.orders.list(), { name: "AuthenticationError" });
        assert.equal((await second.orders.list()).totalCount, 120);
    }
    assert.ok((await first.coupons.list()).totalCount > 0);
    await remote.clearFaults();
    assert.equal((await first.orders.list()).totalCount, 120);
    await assert.rejects(remote.addFault("status=500", { locationId: "third" }), /no location "third"/);
});

test("endless: a list answers the same page for ever, with records that it really has", async () => {
    const { sandbox, first } = start();
    sandbox.faults.add("endless", { locationId: "first", operation: "orders.list", times: 1000 });
    const [one, two] = await Promise.all([0, 100].map((offset) => first.orders.list({ limit: 100, offset })));
    assert.deepEqual(ids(one.data), ids(two.data));
    assert.equal(one.totalCount, 1_000_000_000);
});

test("what there is not is refused with its name", () => {
    const { sandbox } = start();
    assert.throws(() => sandbox.records({ stream: "contacts" }), /records: stream must be one of orders, transactions/);
    assert.throws(() => sandbox.records({ stream: "orders", locationId: "third" }), /no location "third"/);
    assert.throws(() => sandbox.changeRecord({ stream: "orders", id: "0".repeat(24) }), /no such record/);
    assert.throws(() => sandbox.changeRecord({ stream: "orders", ids: [] }), /no option "ids"/);
});
