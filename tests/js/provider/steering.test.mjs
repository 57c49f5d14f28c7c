// A sandbox over HTTP: the same interface, for whoever may steer it.

import assert from "node:assert/strict";
import test, { after } from "node:test";
import { createSandbox, connectSandbox, SandboxConnectionError, serveSandbox } from "ghl-payments/sandbox";
import { PaymentsClient } from "ghl-payments";
import { startSandbox } from "../support/support.mjs";
import { failure } from "../support/stub.mjs";
import { listen } from "./serve.mjs";
import { connect, gateway, KEYS, READY, success } from "./toy.mjs";

const servers = [];
after(() => Promise.all(servers.map((server) => server.close())));

async function serve(handle) {
    const server = await listen(handle);
    servers.push(server);
    return server.url;
}

test("a payment, a refund, a subscription and its clock over HTTP", async () => {
    const toy = gateway();
    const queryUrl = await serve(toy.handle);
    const local = createSandbox({ seed: 7, size: 20 });
    connect(local);
    const url = await serve(serveSandbox(local));
    const sandbox = connectSandbox(url);
    const { locationId, app, now } = await sandbox.info();
    assert.deepEqual([locationId, app.appId, now], [local.locationId, local.app.appId, local.now()]);
    await sandbox.connectProvider({ queryUrl });

    const order = await sandbox.createOrder();
    const session = await sandbox.checkout({ orderId: order._id, faults: ["lost-query"] });
    assert.deepEqual([session.kind, session.state, session.orderId], ["payment", "open", order._id]);
    const step = await session.receive(READY);
    assert.deepEqual(JSON.parse(step.toFrame[0].data), session.props);
    const refused = await session.receive({ type: "custom_provider_ready", loaded: true });
    assert.match(refused.issues[0].message, /Unable to parse event message/);
    const { transactionId } = session;
    const charge = toy.charge({ amount: session.props.amount * 100, currency: "usd", transactionId });
    assert.equal((await session.receive(success(charge.id))).state, "pending");
    assert.equal((await session.verify()).state, "succeeded");
    assert.equal((await (await sandbox.session(session.id)).close()).state, "succeeded");
    assert.equal((await sandbox.refund({ transactionId, amount: 1 })).amountRefunded, 1);

    const token = await sandbox.token();
    const payments = new PaymentsClient({ token, locationId, baseUrl: url });
    assert.equal((await payments.orders.get(order._id)).paymentStatus, "paid");

    const { contactId } = order;
    const paymentMethodId = toy.save(contactId);
    assert.equal((await sandbox.listPaymentMethods({ contactId })).methods.length, 1);
    assert.equal((await sandbox.charge({ contactId, paymentMethodId, amount: 3 })).success, true);
    const { subscriptionId, subscriptionStatus } = await sandbox.createSubscription({ contactId, paymentMethodId });
    assert.equal(subscriptionStatus, "active");
    const due = await sandbox.advance(31 * 86_400_000);
    assert.deepEqual(due.map((payment) => payment.subscriptionId), [subscriptionId]);
    assert.ok((await sandbox.now()) >= now + 31 * 86_400_000);
    assert.equal((await sandbox.cancelSubscription({ subscriptionId })).subscriptionStatus, "canceled");
    const timeline = await sandbox.timeline();
    assert.deepEqual(timeline, local.timeline());
    assert.ok(timeline.length > 10 && !JSON.stringify(timeline).includes(KEYS.live.apiKey));
    assert.equal((await sandbox.timeline({ after: timeline.length - 1 })).length, 1);
});

test("where there is no sandbox, the error names the address and has a type", async () => {
    const server = await listen(async () => new Response());
    await server.close();
    const { url } = server;
    const nobody = await failure(connectSandbox(`${url}/`).info());
    assert.ok(nobody instanceof SandboxConnectionError, nobody.name);
    assert.deepEqual([nobody.name, nobody.url, nobody.status], ["SandboxConnectionError", url, undefined]);
    assert.ok(nobody.message.includes(url) && nobody.message.includes("ECONNREFUSED"), nobody.message);
    assert.equal(nobody.cause.message, "fetch failed");

    const fetch = async () => { throw null; };
    const named = await failure(connectSandbox("http://me:secret@127.0.0.1:1", { fetch }).now());
    assert.ok(named instanceof SandboxConnectionError && !JSON.stringify([named.message, named.url]).includes("secret"));
    const other = await failure(connectSandbox(url, { fetch: async () => new Response("<html>", { status: 404 }) }).now());
    assert.deepEqual([other.name, other.url, other.status], ["SandboxConnectionError", url, 404]);
    // What the sandbox itself refuses is no failure of the connection.
    const refused = connectSandbox(await serve(serveSandbox(createSandbox({ size: 1 }))));
    assert.equal((await failure(refused.checkout({ orderId: "x" }))) instanceof SandboxConnectionError, false);
});

test("install, uninstall, faults, requests, state and reset over HTTP", async () => {
    const local = createSandbox({ seed: 7, size: 5 });
    const url = await serve(serveSandbox(local));
    const sandbox = connectSandbox(`${url}/`);
    const events = [];
    const sending = local.webhooks({ url: "https://app.example.com", fetch: async (request) => (events.push((await request.json()).type), new Response()) });
    await sandbox.install();
    await sandbox.uninstall({ locationId: local.locationId });
    await sending.settled();
    sending.close();
    assert.deepEqual(events, ["INSTALL", "UNINSTALL"]);
    const payments = new PaymentsClient({ token: await sandbox.token(), locationId: local.locationId, baseUrl: url, maxRetries: 0 });
    await sandbox.addFault("status=503", { operation: "orders.list" });
    assert.equal((await failure(payments.orders.list())).status, 503);
    await sandbox.addFault("status=503");
    await sandbox.clearFaults();
    assert.equal((await payments.orders.list()).totalCount, 5);
    assert.deepEqual((await sandbox.requests()).map(({ status }) => status), [503, 200]);
    await sandbox.createOrder({ paid: true });
    assert.equal((await sandbox.state()).locations[0].orders.length, 6);
    await sandbox.reset();
    assert.equal((await sandbox.state()).locations[0].orders.length, 5);
});

test("what is wrong is said as in this process", async () => {
    const local = createSandbox({ seed: 7, size: 5 });
    const remote = connectSandbox(await serve(serveSandbox(local)));
    for (const call of [
        (sandbox) => sandbox.checkout({ orderId: "x" }),
        (sandbox) => sandbox.checkout({ colour: "x" }),
        (sandbox) => sandbox.refund({ transactionId: "x" }),
        (sandbox) => sandbox.charge({ contactId: "x", paymentMethodId: "x", amount: -1 }),
        async (sandbox) => sandbox.advance("soon"),
        async (sandbox) => sandbox.uninstall({ locationId: "x" }),
    ]) {
        const [there, here] = await Promise.all([failure(call(remote)), failure(call(local))]);
        assert.equal(there.message, here.message, String(call));
    }
    assert.throws(() => connectSandbox("localhost"), /absolute http or https URL/);
    assert.throws(() => connectSandbox("http://localhost", { token: "x" }), /has no option "token"/);
    assert.throws(() => serveSandbox(local, { cors: "yes" }), /cors must be true or false/);
    const other = connectSandbox(await serve(async () => new Response("<html>", { status: 404 })));
    assert.match((await failure(other.now())).message, /is no sandbox/);
});

/** What the handler answers, without a network: status and whether it did something. */
async function ask(options, { url = "http://127.0.0.1:8787/sandbox/createOrder", method = "POST", headers = {}, body = "{}" } = {}) {
    const sandbox = createSandbox({ seed: 7, size: 1 });
    const json = { "content-type": "application/json" };
    const init = { method, headers: { ...json, ...headers }, ...(method === "POST" && { body }) };
    const response = await serveSandbox(sandbox, options)(new Request(url, init));
    return { status: response.status, done: sandbox.state().locations[0].orders.length === 2, response };
}

test("steering is for programs, pages of its own and whoever has the secret", async () => {
    const elsewhere = "http://sandbox.example:8787/sandbox/createOrder";
    for (const [options, request, status] of [
        [{}, {}, 200],
        [{}, { url: "http://localhost:8787/sandbox/createOrder" }, 200],
        [{}, { url: "http://[::1]:8787/sandbox/createOrder" }, 200],
        [{}, { headers: { origin: "http://127.0.0.1:8787" } }, 200],
        [{}, { headers: { origin: "http://127.0.0.1:3000" } }, 403],
        [{}, { headers: { origin: "https://evil.example" } }, 403],
        [{}, { headers: { origin: "null" } }, 403],
        // A page whose name was made to lead to this machine is of the same origin, and yet of another machine.
        [{}, { url: elsewhere, headers: { origin: "http://sandbox.example:8787" } }, 403],
        [{}, { url: elsewhere }, 403],
        [{}, { url: "http://127.0.0.1.evil.example/sandbox/createOrder" }, 403],
        [{}, { headers: { "content-type": "text/plain" } }, 415],
        [{}, { headers: { "content-type": "application/x-www-form-urlencoded" } }, 415],
        [{}, { method: "GET" }, 405],
        [{}, { body: "{" }, 400],
        [{}, { body: "[]" }, 400],
        [{}, { body: `{"x":"${"x".repeat(1_000_001)}"}` }, 413],
        [{}, { url: "http://127.0.0.1:8787/sandbox/fetch" }, 404],
        [{}, { url: "http://127.0.0.1:8787/sandbox/constructor" }, 404],
        [{ cors: true }, { headers: { origin: "https://evil.example" } }, 200],
        [{ cors: true }, { url: elsewhere, headers: { origin: "http://sandbox.example:8787" } }, 403],
        [{ secret: "s3cret" }, {}, 401],
        [{ secret: "s3cret" }, { headers: { authorization: "Bearer s3cre" } }, 401],
        [{ secret: "s3cret" }, { url: elsewhere, headers: { authorization: "Bearer s3cret" } }, 200],
        [{ secret: "s3cret" }, { url: elsewhere, headers: { authorization: "Bearer s3cret", origin: "https://evil.example" } }, 403],
    ]) {
        const { status: found, done } = await ask(options, request);
        assert.deepEqual([found, done], [status, status === 200], JSON.stringify([options, request]).slice(0, 200));
    }
});

test("pages of other origins get their answer, preflight included, with cors only", async () => {
    const origin = "https://demo.example";
    const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
    const asked = await ask({ cors: true }, { method: "OPTIONS", headers: { origin, ...preflight } });
    assert.deepEqual([asked.status, asked.response.headers.get("access-control-allow-headers"), asked.done], [204, "content-type", false]);
    const { response } = await ask({ cors: true }, { headers: { origin } });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.equal((await ask({}, { headers: { origin } })).response.headers.get("access-control-allow-origin"), null);
});

test("a secret is sent, and opens", async () => {
    const url = await serve(serveSandbox(createSandbox({ size: 1 }), { secret: "s3cret" }));
    assert.equal(typeof (await connectSandbox(url, { secret: "s3cret" }).now()), "number");
    assert.match((await failure(connectSandbox(url).now())).message, /secret is missing/);
});

test("npx ghl-payments sandbox is steered, and follows the real clock and what is added to it", async () => {
    const served = await startSandbox("--size", "5");
    try {
        const sandbox = connectSandbox(served.baseUrl);
        const { locationId, app } = await sandbox.info();
        assert.deepEqual([locationId, app.clientId], [served.locationId, served.clientId]);
        const before = await sandbox.now();
        await sandbox.advance(86_400_000);
        assert.ok((await sandbox.now()) >= before + 86_400_000);
        assert.equal((await sandbox.checkout()).state, "open");
    } finally {
        await served.stop();
    }
});
