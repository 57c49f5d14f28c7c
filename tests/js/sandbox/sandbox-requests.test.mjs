// `sandbox.requests`: what was sent, without its secrets.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { METHODS } from "../support/operations.mjs";
import { call, ID, TOKEN } from "../support/stub.mjs";

function start(options) {
    const sandbox = createSandbox();
    const { locationId, fetch } = sandbox;
    const payments = new PaymentsClient({ token: sandbox.token(), locationId, fetch, maxRetries: 0, ...options });
    return { sandbox, payments };
}

test("what each method sends is listed, and no token or key is in it", async () => {
    const { sandbox, payments } = start();
    for (const name of METHODS) await call(payments, name).catch(() => {});
    const { requests } = sandbox;
    assert.deepEqual(
        requests.map((request) => request.operation),
        METHODS,
    );
    for (const { operation, headers, at } of requests) {
        assert.equal(headers.authorization, "[redacted]", operation);
        assert.equal(headers.version, "2021-07-28", operation);
        assert.match(at, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, operation);
    }
    const text = JSON.stringify(requests);
    for (const secret of [sandbox.token(), "secret-api-key", "Bearer"]) assert.ok(!text.includes(secret), secret);
    const [connect] = requests.filter((request) => request.operation === "customProvider.connect");
    assert.deepEqual(connect.body, { live: { apiKey: "[redacted]", publishableKey: "p" } });
});

test("a request is listed as it was sent, with the status of its answer", async () => {
    const { sandbox, payments } = start({ headers: { "X-Till": "3" } });
    await payments.orders.list({ limit: 5, search: "a & b" });
    await payments.orders.recordPayment(ID, { mode: "cash", amount: 5, notes: "ü" }).catch(() => {});
    const [list, payment] = sandbox.requests;
    assert.deepEqual([list.method, list.path, list.body, list.status], ["GET", "/payments/orders", null, 200]);
    assert.deepEqual(Object.fromEntries(list.query), {
        altId: sandbox.locationId,
        altType: "location",
        limit: "5",
        locationId: sandbox.locationId,
        search: "a & b",
    });
    assert.equal(list.headers["x-till"], "3");
    assert.deepEqual([payment.method, payment.path], ["POST", `/payments/orders/${ID}/record-payment`]);
    assert.equal(payment.status, 404);
    assert.deepEqual(payment.body, {
        altId: sandbox.locationId,
        altType: "location",
        mode: "cash",
        amount: 5,
        notes: "ü",
    });
});

test("a wrong token, a cookie and a body that is no JSON are not listed", async () => {
    const { sandbox, payments } = start({ token: TOKEN, headers: { Cookie: "session=s3cret" } });
    await payments.orders.list().catch(() => {});
    await sandbox.fetch("/payments/coupon", { method: "POST", body: `{"apiKey":"k3y",` });
    await sandbox.fetch("/elsewhere");
    const { requests } = sandbox;
    assert.deepEqual(
        requests.map(({ operation, status, body }) => [operation, status, body]),
        [
            ["orders.list", 401, null],
            ["coupons.create", 401, null],
            [null, 404, null],
        ],
    );
    const text = JSON.stringify(requests);
    for (const secret of [TOKEN, "s3cret", "k3y"]) assert.ok(!text.includes(secret), secret);
});

test("the list is a copy, keeps the latest 1000, and reset empties it", async () => {
    const { sandbox } = start();
    await sandbox.fetch("/first");
    sandbox.requests.pop();
    assert.equal(sandbox.requests.length, 1);
    for (let i = 0; i < 1000; i += 1) await sandbox.fetch(`/${i}`);
    const { requests } = sandbox;
    assert.deepEqual([requests.length, requests[0].path, requests.at(-1).path], [1000, "/0", "/999"]);
    sandbox.reset();
    assert.deepEqual(sandbox.requests, []);
});
