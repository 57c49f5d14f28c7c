// The sandbox from JavaScript: what `createSandbox` gives, that it depends on its seed alone, and every kind of fault.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox, DroppedConnection } from "ghl-payments/sandbox";
import { failure } from "../support/stub.mjs";

function start(options, clientOptions) {
    const sandbox = createSandbox(options);
    const { locationId, fetch } = sandbox;
    const token = sandbox.token();
    const payments = new PaymentsClient({ token, locationId, fetch, maxRetries: 0, ...clientOptions });
    return { sandbox, payments };
}

/** A call without the client, so that nothing repairs or retries what comes back. */
function raw(sandbox, path, { fault, method = "GET", body, filter = "&limit=3", ...init } = {}) {
    const headers = { authorization: `Bearer ${sandbox.token()}`, version: "2021-07-28" };
    if (fault !== undefined) headers["x-sandbox-fault"] = fault;
    if (body !== undefined) headers["content-type"] = "application/json";
    const query = method === "GET" ? `?altId=${sandbox.locationId}&altType=location${filter}` : "";
    const sent = body && JSON.stringify({ altId: sandbox.locationId, altType: "location", ...body });
    return sandbox.fetch(path + query, { method, headers, body: sent, ...init });
}

async function unpaid(payments) {
    return (await payments.orders.list({ paymentStatus: "unpaid", limit: 1 })).data[0];
}

test("it has the members that are promised", () => {
    const { sandbox } = start();
    for (const name of ["fetch", "token", "state", "reset", "advance"]) assert.equal(typeof sandbox[name], "function");
    assert.deepEqual(Object.keys(sandbox.faults), ["add", "clear"]);
    assert.deepEqual(sandbox.requests, []);
    assert.match(sandbox.token(), /^pit-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(sandbox.locationId, /^[A-Za-z0-9]{20}$/);
});

test("the same seed and calls give byte-identical answers, another seed does not", async () => {
    async function run(seed) {
        const { sandbox, payments } = start({ seed });
        const out = [sandbox.token()];
        for (const name of ["orders", "transactions", "subscriptions", "coupon/list", "nothing"]) {
            const response = await raw(sandbox, `/payments/${name}`);
            out.push(response.status, JSON.stringify([...response.headers]), await response.text());
        }
        const order = await unpaid(payments);
        await payments.orders.recordPayment(order._id, { mode: "cash", amount: 1, isPartialPayment: true });
        const last = await raw(sandbox, `/payments/orders/${order._id}`, { fault: "drift=quoted", filter: "" });
        out.push(await last.text(), JSON.stringify(sandbox.state()));
        return out;
    }
    assert.deepEqual(await run(7), await run(7));
    assert.notDeepEqual(await run(7), await run(8));
});

test("every way to hand over a request is read alike", async () => {
    const { sandbox } = start();
    const url = `https://services.leadconnectorhq.com/payments/coupon?altId=${sandbox.locationId}&altType=location&code=news5`;
    const headers = { Authorization: `Bearer ${sandbox.token()}`, Version: "2021-07-28" };
    const ways = [
        [url, { headers }],
        [new URL(url), { headers: new Headers(headers) }],
        [new Request(url, { headers })],
        [new Request(url), { headers: Object.entries(headers) }],
        [url.slice("https://services.leadconnectorhq.com".length), { headers, method: "get" }],
    ];
    for (const way of ways) {
        const response = await sandbox.fetch(...way);
        assert.equal(response.status, 200);
        assert.equal((await response.json()).code, "NEWS5");
    }
    const body = JSON.stringify({ id: "x", altId: sandbox.locationId, altType: "location" });
    const json = { ...headers, "Content-Type": "application/json" };
    const bytes = new TextEncoder().encode(body);
    for (const sent of [body, bytes, bytes.buffer, new Blob([body]), new Response(body).body]) {
        const init = { method: "DELETE", headers: json, body: sent, duplex: "half" };
        const response = await sandbox.fetch("/payments/coupon", init);
        assert.equal((await response.json()).message, "Coupon not found");
    }
    await assert.rejects(sandbox.fetch("/x", { method: "GET", body: "x" }), TypeError);
    await assert.rejects(sandbox.fetch("no url"), TypeError);
});

test("state is a copy that follows the calls, and reset brings the beginning back", async () => {
    const { sandbox, payments } = start();
    const before = sandbox.state();
    assert.equal(before.locations[0].orders.length, 300);
    before.locations[0].orders.length = 0;
    const order = await unpaid(payments);
    await payments.orders.recordPayment(order._id, { mode: "cheque", cheque: { number: "1" } });
    const [location] = sandbox.state().locations;
    assert.equal(location.orders.find((own) => own._id === order._id).paymentStatus, "paid");
    assert.equal(location.transactions[0].entityId, order._id);
    sandbox.reset();
    assert.equal(JSON.stringify(sandbox.state()), JSON.stringify(createSandbox().state()));
    assert.equal((await payments.orders.get(order._id)).paymentStatus, "unpaid", "tokens stay valid");
});

test("locations are apart and a token opens its own", async () => {
    const { sandbox, payments } = start({ locations: ["one", "two"], size: 20 });
    assert.equal(sandbox.locationId, "one");
    const two = { locationId: "two" };
    assert.equal((await failure(payments.orders.list({}, two))).status, 403);
    const other = new PaymentsClient({ token: sandbox.token(two), locationId: "two", fetch: sandbox.fetch });
    assert.equal((await other.orders.list()).totalCount, 20);
    const narrow = sandbox.token({ scopes: ["payments/coupons.readonly"] });
    const reader = new PaymentsClient({ token: narrow, locationId: "one", fetch: sandbox.fetch });
    assert.ok((await reader.coupons.list()).totalCount > 0);
    assert.equal((await failure(reader.orders.list())).status, 401);
});

test("the limits are told by five headers, refuse with 429, and follow the clock", async () => {
    const { sandbox } = start({ rateLimit: { max: 2, daily: 3 } });
    const left = (response) => response.headers.get("x-ratelimit-remaining");
    const first = await raw(sandbox, "/payments/orders");
    assert.deepEqual(
        ["limit-daily", "daily-remaining", "interval-milliseconds", "max", "remaining"].map((name) =>
            first.headers.get(`x-ratelimit-${name}`),
        ),
        ["3", "2", "10000", "2", "1"],
    );
    assert.equal(left(await raw(sandbox, "/payments/orders")), "0");
    assert.equal((await raw(sandbox, "/payments/orders")).status, 429);
    sandbox.advance(10_000);
    assert.equal((await raw(sandbox, "/payments/orders")).status, 200);
    sandbox.advance(10_000);
    assert.equal((await raw(sandbox, "/payments/orders")).status, 429, "the day is used up");
    sandbox.advance(86_400_000);
    assert.equal((await raw(sandbox, "/payments/orders")).status, 200);
});

test("the clock can be handed in, stands still without, and moves on demand", async () => {
    let now = Date.UTC(2026, 5, 1);
    const { sandbox, payments } = start({ now: () => now });
    const order = await unpaid(payments);
    now += 60_000;
    await payments.orders.recordPayment(order._id, { mode: "cash" });
    assert.equal((await payments.orders.get(order._id)).updatedAt, "2026-06-01T00:01:00.000Z");
    assert.equal(createSandbox({ now: new Date(0) }).state().now, "1970-01-01T00:00:00.000Z");
    const still = start().sandbox;
    const code = async () => (await (await raw(still, "/payments/coupon/list")).json()).data[0].status;
    assert.equal(await code(), "scheduled");
    still.advance(100 * 86_400_000);
    assert.equal(await code(), "expired");
});

const ORDERS = "/payments/orders";

test("faults that answer something else", async () => {
    for (const [fault, status, type, part] of [
        ["status=503", 503, "json", "Service Unavailable"],
        ["status=429; retry-after=7", 429, "json", "Too Many Requests"],
        ["status=401; shape=oauth", 401, "json", "error_description"],
        ["status=400; shape=standard", 400, "json", `"statusCode":400`],
        ["status=400; shape=http-exception", 400, "json", `"name":"HttpException"`],
        ["status=400; shape=message", 400, "json", `{"message"`],
        ["status=400; shape=v3", 400, "json", `"code":"BAD_REQUEST"`],
        ["html=200", 200, "html", "<!DOCTYPE html>"],
        ["html=403", 403, "html", "error code: 1010"],
        ["status=204", 204, "", ""],
    ]) {
        const { sandbox } = start();
        const response = await raw(sandbox, ORDERS, { fault });
        assert.equal(response.status, status, fault);
        assert.ok((response.headers.get("content-type") ?? "").includes(type), fault);
        assert.ok((await response.text()).includes(part), fault);
        assert.equal(response.headers.get("retry-after"), fault.includes("retry") ? "7" : null);
        assert.equal(response.headers.get("x-sandbox-fault"), fault);
    }
});

test("faults that leave the documentation", async () => {
    for (const [drift, sees] of [
        ["quoted", (page) => typeof page.totalCount === "string" && typeof page.data[0].amount === "string"],
        ["numeric", (page) => page.data[0].contactId === 12345],
        ["null", (page) => page.data[0].amount === null && page.data[0]._id.length === 24],
        ["missing", (page) => Object.keys(page.data[0]).join() === "_id"],
        ["unknown", (page) => page.data[0].sandboxDrift.flag === true],
        ["enum", (page) => page.data[0].status.endsWith("_2")],
        ["wrong", (page) => typeof page.data[0].amount === "object"],
        ["top", (page) => page.data === "drift"],
    ]) {
        const response = await raw(start().sandbox, ORDERS, { fault: `drift=${drift}` });
        assert.equal(response.status, 200, drift);
        assert.ok(sees(await response.json()), drift);
    }
    const { sandbox, payments } = start();
    const order = await unpaid(payments);
    const single = await (await raw(sandbox, `${ORDERS}/${order._id}`, { fault: "drift=single", filter: "" })).json();
    assert.equal(typeof single.items._id, "string", "one object for a list");
    const truncated = await (await raw(sandbox, ORDERS, { fault: "truncated" })).text();
    assert.throws(() => JSON.parse(truncated), SyntaxError);
});

test("faults that break off, hang and delay, until the caller gives up", async () => {
    const { sandbox } = start();
    const broken = await failure(raw(sandbox, ORDERS, { fault: "drop" }));
    assert.ok(broken instanceof DroppedConnection && broken instanceof TypeError);
    for (const fault of ["hang", "delay=60000"]) {
        const reason = new Error("enough");
        const controller = new AbortController();
        const call = failure(raw(sandbox, ORDERS, { fault, signal: controller.signal }));
        setImmediate(() => controller.abort(reason));
        assert.equal(await call, reason, fault);
    }
    const aborted = AbortSignal.abort(new Error("before"));
    assert.equal((await failure(raw(sandbox, ORDERS, { signal: aborted }))).message, "before");
    assert.equal((await raw(sandbox, ORDERS, { fault: "delay=1" })).status, 200);
});

test("faults that do it and say otherwise", async () => {
    for (const [fault, outcome] of [
        ["applied-then=500", (answer) => answer.status === 500],
        ["applied-then=drop", (answer) => answer instanceof DroppedConnection],
        ["truncated", (answer) => answer.status === 200],
    ]) {
        const { sandbox, payments } = start();
        const order = await unpaid(payments);
        const url = `${ORDERS}/${order._id}/record-payment`;
        const answer = await raw(sandbox, url, { fault, method: "POST", body: { mode: "cash" } }).catch((error) => error);
        assert.ok(outcome(answer), fault);
        assert.equal((await payments.orders.get(order._id)).paymentStatus, "paid", fault);
    }
});

test("an open checkout answers 409 for five minutes", async () => {
    const { sandbox, payments } = start();
    const order = await unpaid(payments);
    sandbox.faults.add("checkout", { operation: "orders.recordPayment" });
    const pay = () => payments.orders.recordPayment(order._id, { mode: "cash" });
    assert.equal((await failure(pay())).name, "ConflictError");
    assert.equal((await failure(pay())).name, "ConflictError");
    sandbox.advance(300_000);
    assert.equal((await pay()).success, true);
});

test("recorded payments show what was sent along where the sandbox is told to, and others pay on demand", async () => {
    for (const [echo, single, listed, notes] of [
        ["meta", "r-1", undefined, "ours"],
        ["snapshot", undefined, "r-1", "ours"],
        ["notes", undefined, undefined, "ours"],
        ["none", undefined, undefined, ""],
    ]) {
        const sandbox = createSandbox({ seed: 7, echo });
        const payments = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
        const order = await unpaid(payments);
        sandbox.faults.add("second-payer; failed-payment", { operation: "orders.recordPayment" });
        const body = { mode: "cash", amount: 5, notes: "ours", meta: { reference: "r-1" } };
        await payments.orders.recordPayment(order._id, body);
        const [ours, failed, theirs] = (await payments.transactions.list({ entityId: order._id })).data;
        const { meta } = await payments.transactions.get(ours._id);
        const { chargeSnapshot } = ours;
        assert.deepEqual([meta?.reference, chargeSnapshot.meta?.reference, chargeSnapshot.notes], [single, listed, notes]);
        assert.deepEqual([failed.status, failed.amount, theirs.status, theirs.amount], ["failed", 5, "succeeded", 5]);
    }
    assert.throws(() => createSandbox({ echo: "loud" }), /echo must be one of meta, snapshot, notes, none/);
});

test("a script lays faults out for operations and times", async () => {
    const { sandbox, payments } = start();
    sandbox.faults.add("status=500", { operation: "orders.list", times: 2 });
    assert.ok(await payments.coupons.list());
    for (let i = 0; i < 2; i += 1) assert.equal((await failure(payments.orders.list())).status, 500);
    assert.ok(await payments.orders.list());
    sandbox.faults.add("drop");
    sandbox.faults.clear();
    assert.ok(await payments.orders.list());
});

test("what makes no sense is refused by name", () => {
    for (const [options, error, part] of [
        [{ seed: "7" }, TypeError, "seed must be a number"],
        [{ seed: 1.5 }, RangeError, "seed must be a whole number"],
        [{ seed: -1 }, RangeError, "seed"],
        [{ size: 1e9 }, RangeError, "size must be a whole number from 0 to 1000000"],
        [{ now: "today" }, TypeError, "now must be a time"],
        [{ now: new Date("x") }, TypeError, "now must be a time"],
        [{ now: () => "x" }, TypeError, "now must be a time"],
        [{ locations: "one" }, TypeError, "locations"],
        [{ locations: [""] }, TypeError, "locations"],
        [{ locations: ["a", "a"] }, TypeError, "locations"],
        [{ rateLimit: 5 }, TypeError, "rateLimit"],
        [{ rateLimit: { max: 0 } }, RangeError, "rateLimit.max"],
        [{ sizes: 3 }, TypeError, `no option "sizes"`],
        [null, TypeError, "options"],
    ]) {
        assert.throws(
            () => createSandbox(options),
            (thrown) => thrown instanceof error && thrown.message.includes(part),
            JSON.stringify(options),
        );
    }
    const sandbox = createSandbox({ size: 0 });
    for (const [call, part] of [
        [() => sandbox.token({ locationId: "nowhere" }), "nowhere"],
        [() => sandbox.token({ scopes: ["payments/everything"] }), "payments/everything"],
        [() => sandbox.token({ scopes: "payments/orders.readonly" }), "scopes"],
        [() => sandbox.token({ location: "x" }), "location"],
        [() => sandbox.advance(-1), "ms"],
        [() => sandbox.advance(Number.NaN), "ms"],
        [() => sandbox.faults.add("explode"), "explode"],
        [() => sandbox.faults.add("status=500\n"), "fault"],
        [() => sandbox.faults.add("drop", { operation: "orders.burn" }), "orders.burn"],
        [() => sandbox.faults.add("drop", { times: 0 }), "times"],
    ]) {
        assert.throws(call, (thrown) => thrown instanceof Error && thrown.message.includes(part), part);
    }
});
