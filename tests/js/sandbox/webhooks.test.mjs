// The sandbox's webhooks: signed by keys of its own, about what it holds, sent when something happens.

import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { startSandbox, startSandboxAs } from "../support/support.mjs";

const TYPES = [
    ...["OrderCreate", "OrderStatusUpdate"],
    ...["InvoiceCreate", "InvoiceUpdate", "InvoiceSent", "InvoicePaid", "InvoicePartiallyPaid", "InvoiceVoid", "InvoiceDelete"],
    ...["ProductCreate", "ProductUpdate", "ProductDelete", "PriceCreate", "PriceUpdate", "PriceDelete"],
    ...["INSTALL", "UNINSTALL", "PLAN_CHANGE"],
];

async function read(request) {
    const bytes = new Uint8Array(await request.clone().arrayBuffer());
    return { bytes, body: JSON.parse(new TextDecoder().decode(bytes)), headers: request.headers };
}

/** Whether a signature is that of the bytes; by node:crypto, which the sandbox does not use. */
function signed({ bytes, headers }, pem, header = "x-ghl-signature") {
    const key = createPublicKey(pem);
    const signature = Buffer.from(headers.get(header) ?? "", "base64");
    return verify(key.asymmetricKeyType === "rsa" ? "sha256" : null, bytes, key, signature);
}

/** An app that takes webhooks; answers what `status` gives. */
function receiver(status = () => 200) {
    const seen = [];
    const fetch = async (request) => {
        const { body } = await read(request);
        seen.push(body);
        return new Response(null, { status: status(body, seen.length) });
    };
    return { seen, fetch, types: () => seen.map(({ type }) => type) };
}

const URL_OF_APP = "https://app.example.com/hooks";

test("each type is a signed POST about the sandbox's own records", async () => {
    const sandbox = createSandbox();
    const pem = await sandbox.webhookKeys.ed25519();
    for (const type of TYPES) {
        const request = await sandbox.webhook(type);
        assert.deepEqual([request.method, request.headers.get("content-type")], ["POST", "application/json"], type);
        const webhook = await read(request);
        assert.ok(signed(webhook, pem), type);
        assert.equal(webhook.headers.get("x-wh-signature"), null);
        assert.equal(webhook.body.type, type);
        assert.match(webhook.body.webhookId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.match(webhook.body.timestamp, /^2026-11-01T12:00:00\.\d{3}Z$/);
        assert.equal(webhook.body.locationId ?? webhook.body.altId, sandbox.locationId, type);
    }
});

test("an order, an invoice and the app are those that the API knows", async () => {
    const sandbox = createSandbox();
    const client = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
    const [newest] = (await client.orders.list({ limit: 1 })).data;
    const order = (await read(await sandbox.webhook("OrderCreate"))).body;
    assert.equal(order._id, newest._id);
    const whole = await client.orders.get(order._id);
    for (const name of ["status", "amount", "currency", "contactId", "amountSummary", "contactSnapshot", "source", "items"]) {
        assert.deepEqual(order[name], whole[name], name);
    }
    const [paid] = (await client.orders.list({ paymentStatus: "paid", limit: 1 })).data;
    assert.equal((await read(await sandbox.webhook("OrderStatusUpdate", { id: paid._id }))).body.status, "completed");
    const invoice = (await read(await sandbox.webhook("InvoicePaid"))).body;
    assert.deepEqual([invoice.status, invoice.amountDue, invoice.amountPaid], ["paid", 0, invoice.total]);
    const [transaction] = (await client.transactions.list({ entityId: invoice._id })).data;
    assert.equal(transaction.amount, invoice.total);
    const product = (await read(await sandbox.webhook("ProductUpdate", { id: order.items[0].product._id }))).body;
    assert.equal(product.name, order.items[0].product.name);
    const install = (await read(await sandbox.webhook("INSTALL"))).body;
    assert.deepEqual([install.appId, install.installType], [sandbox.app.appId, "Location"]);
    const agency = (await read(await sandbox.webhook("INSTALL", { id: sandbox.companyId }))).body;
    assert.deepEqual([agency.installType, agency.companyId, "locationId" in agency], ["Company", sandbox.companyId, false]);
});

test("fields, id, time, envelope and address are as asked", async () => {
    const sandbox = createSandbox();
    const request = await sandbox.webhook("InvoicePaid", {
        url: "http://127.0.0.1:8788/webhooks?x=1",
        data: { total: 5, type: undefined, name: { deep: ["ä"] } },
        webhookId: "w-1",
        timestamp: Date.UTC(2026, 10, 2),
    });
    assert.equal(request.url, "http://127.0.0.1:8788/webhooks?x=1");
    const { body } = await read(request);
    assert.deepEqual([body.total, body.name, body.webhookId, body.timestamp], [5, { deep: ["ä"] }, "w-1", "2026-11-02T00:00:00.000Z"]);
    assert.equal("type" in body, false);
    const bare = (await read(await sandbox.webhook("OrderCreate", { webhookId: null, timestamp: null }))).body;
    assert.deepEqual(["webhookId" in bare, "timestamp" in bare], [false, false]);
    const wrapped = (await read(await sandbox.webhook("OrderCreate", { envelope: true }))).body;
    assert.deepEqual(Object.keys(wrapped), ["type", "timestamp", "webhookId", "data"]);
    assert.equal(wrapped.data._id, bare._id);
    const foreign = (await read(await sandbox.webhook("ContactCreate", { data: { id: "c" } }))).body;
    assert.deepEqual([foreign.type, foreign.id], ["ContactCreate", "c"]);
    const ids = new Set();
    for (let i = 0; i < 100; i += 1) ids.add((await read(await sandbox.webhook("PriceCreate"))).body.webhookId);
    assert.equal(ids.size, 100);
});

test("ids are others in each sandbox, and follow from a seed that is given", async () => {
    const idsOf = async (sandbox) => {
        const ids = [];
        for (let i = 0; i < 3; i += 1) ids.push((await read(await sandbox.webhook("OrderCreate"))).body.webhookId);
        return ids;
    };
    const [one, two] = [await idsOf(createSandbox()), await idsOf(createSandbox())];
    assert.equal(new Set([...one, ...two]).size, 6, "an app that remembers ids would drop the second's");
    assert.deepEqual(await idsOf(createSandbox({ seed: 7 })), await idsOf(createSandbox({ seed: 7 })));
    assert.notDeepEqual(await idsOf(createSandbox({ seed: 7 })), await idsOf(createSandbox({ seed: 8 })));
    // A reset is no new sandbox.
    for (const seed of [undefined, 7]) {
        const sandbox = createSandbox(seed === undefined ? {} : { seed });
        const before = await idsOf(sandbox);
        sandbox.reset();
        assert.equal(new Set([...before, ...(await idsOf(sandbox))]).size, 6, `seed ${seed}`);
    }
    // Those that are sent are as new as those that are made by hand.
    const sent = async (sandbox) => {
        const app = receiver();
        const sending = sandbox.webhooks({ url: URL_OF_APP, fetch: app.fetch });
        sandbox.createOrder();
        await sending.settled();
        return app.seen[0].webhookId;
    };
    assert.notEqual(await sent(createSandbox()), await sent(createSandbox()));
});

test("servers that are started without a seed send other ids, and with one the same", async () => {
    const bodies = [];
    const server = createServer(async (incoming, outgoing) => {
        const parts = [];
        for await (const part of incoming) parts.push(part);
        bodies.push(JSON.parse(Buffer.concat(parts)));
        outgoing.end();
        server.emit("webhook");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${server.address().port}/hooks`;
    try {
        for (const seed of [[], [], ["--seed", "7"], ["--seed", "7"]]) {
            const sandbox = await startSandboxAs("--webhooks", url, ...seed);
            try {
                const { baseUrl, locationId, token } = sandbox;
                const client = new PaymentsClient({ baseUrl, locationId, token });
                const [order] = (await client.orders.list({ paymentStatus: "unpaid", limit: 1 })).data;
                const arrived = once(server, "webhook");
                await client.orders.recordPayment(order._id, { mode: "cash" });
                await arrived;
            } finally {
                await sandbox.stop();
            }
        }
        const [one, two, three, four] = bodies.map(({ webhookId }) => webhookId);
        assert.equal(new Set([one, two, three]).size, 3);
        assert.equal(four, three);
    } finally {
        server.close();
    }
});

test("signatures are made, left out or broken as asked", async () => {
    const sandbox = createSandbox();
    const keys = [await sandbox.webhookKeys.ed25519(), await sandbox.webhookKeys.rsa()];
    const headers = ["x-ghl-signature", "x-wh-signature"];
    for (const [options, wanted] of [
        [{}, [true, null]],
        [{ signature: "rsa" }, [null, true]],
        [{ signature: "both" }, [true, true]],
        [{ signature: "none" }, [null, null]],
        [{ signature: "N/A" }, [false, false]],
        [{ signature: "both", tampered: "body" }, [false, false]],
        [{ signature: "both", tampered: "signature" }, [false, false]],
    ]) {
        const webhook = await read(await sandbox.webhook("OrderCreate", options));
        const found = headers.map((header, at) => (webhook.headers.has(header) ? signed(webhook, keys[at], header) : null));
        assert.deepEqual(found, wanted, JSON.stringify(options));
    }
    assert.equal(createPublicKey(keys[1]).asymmetricKeyDetails.modulusLength, 4096);
    assert.equal(await createSandbox().webhookKeys.ed25519(), keys[0], "the same seed");
    assert.notEqual(await createSandbox({ seed: 8 }).webhookKeys.ed25519(), keys[0]);
});

test("options that are wrong are named", async () => {
    const sandbox = createSandbox();
    for (const [options, message] of [
        [{ signature: "hmac" }, /signature must be one of/],
        [{ tampered: true }, /tampered must be one of/],
        [{ envelope: "yes" }, /envelope must be true or false/],
        [{ timestamp: "now" }, /timestamp must be a time/],
        [{ locationId: "elsewhere" }, /no location "elsewhere"/],
        [{ id: "nothing" }, /no record nothing for OrderCreate/],
        [{ body: {} }, /no option "body"/],
    ]) {
        await assert.rejects(sandbox.webhook("OrderCreate", options), message);
    }
    for (const options of [{}, { url: "/hooks" }, { url: URL_OF_APP, tries: 0 }, { url: URL_OF_APP, fetch: 1 }]) {
        assert.throws(() => sandbox.webhooks(options), /webhooks/);
    }
    assert.throws(() => sandbox.faults.add("status=500", { operation: "webhooks" }), /no fault of webhooks/);
});

test("what happens is sent: an order, its payment, the installation and the removal of the app", async () => {
    const sandbox = createSandbox();
    const app = receiver();
    const client = new PaymentsClient({ token: sandbox.token(), locationId: sandbox.locationId, fetch: sandbox.fetch });
    sandbox.createOrder();
    const sending = sandbox.webhooks({ url: URL_OF_APP, fetch: app.fetch });
    const order = sandbox.createOrder();
    await client.orders.recordPayment(order._id, { mode: "cash" });
    await client.orders.list();
    const { clientId } = sandbox.app;
    const query = new URLSearchParams({
        response_type: "code",
        client_id: clientId,
        redirect_uri: "https://app.example.com/callback",
        scope: "payments/orders.readonly",
    });
    await sandbox.fetch(`/oauth/chooselocation?${query}`);
    sandbox.uninstall({ locationId: sandbox.locationId });
    await sending.settled();
    assert.deepEqual(app.types(), ["OrderCreate", "OrderStatusUpdate", "INSTALL", "UNINSTALL"]);
    assert.deepEqual([app.seen[0]._id, app.seen[0].status], [order._id, "pending"]);
    assert.deepEqual([app.seen[1]._id, app.seen[1].status], [order._id, "completed"]);
    assert.deepEqual(
        sending.deliveries.map(({ attempt, status }) => [attempt, status]),
        Array(4).fill([1, 200]),
    );
    sending.close();
    sandbox.createOrder();
    await sending.settled();
    assert.equal(app.seen.length, 4);
});

test("an agency's installation is told of for itself and for each location", async () => {
    const locations = Array.from({ length: 500 }, (_, at) => `location${at}`);
    const sandbox = createSandbox({ locations, size: 0 });
    const app = receiver();
    const sending = sandbox.webhooks({ url: URL_OF_APP, fetch: app.fetch });
    sandbox.install({ company: true });
    await sending.settled();
    assert.deepEqual(
        app.seen.map(({ locationId }) => locationId),
        [undefined, ...locations],
    );
});

test("one that is refused comes again with the same id and body, until it is taken or given up", async () => {
    const sandbox = createSandbox();
    const app = receiver((_, count) => (count < 3 ? 500 : 204));
    const sending = sandbox.webhooks({ url: URL_OF_APP, fetch: app.fetch, retryMs: 1 });
    sandbox.createOrder();
    await sending.settled();
    assert.equal(app.seen.length, 3);
    assert.deepEqual(app.seen[2], app.seen[0]);
    const deaf = receiver(() => 429);
    const given = sandbox.webhooks({ url: URL_OF_APP, fetch: deaf.fetch, retryMs: 1, tries: 4 });
    sandbox.createOrder();
    await given.settled();
    assert.deepEqual(
        given.deliveries.map(({ attempt, status }) => [attempt, status]),
        [1, 2, 3, 4].map((attempt) => [attempt, 429]),
    );
    const gone = sandbox.webhooks({ url: URL_OF_APP, fetch: () => Promise.reject(new TypeError("gone")), tries: 1 });
    sandbox.createOrder();
    await gone.settled();
    assert.equal(gone.deliveries[0].status, null);
});

test("faults deliver twice, late, out of order or never", async () => {
    const sandbox = createSandbox();
    const app = receiver();
    const sending = sandbox.webhooks({ url: URL_OF_APP, fetch: app.fetch });
    const order = async (fault, options) => {
        if (fault) sandbox.faults.add(fault, { operation: "webhooks", ...options });
        return sandbox.createOrder()._id;
    };
    const ids = [
        await order("twice"),
        await order("out-of-order"),
        await order(),
        await order("drop"),
        await order("late=30"),
        await order(),
    ];
    await sending.settled();
    assert.deepEqual(
        app.seen.map(({ _id }) => ids.indexOf(_id)),
        [0, 0, 2, 1, 5, 4],
    );
    assert.equal(app.seen[0].webhookId, app.seen[1].webhookId);
    sandbox.faults.add("twice", { operation: "webhooks.INSTALL" });
    sandbox.createOrder();
    sandbox.install();
    await sending.settled();
    assert.deepEqual(app.types().slice(-3), ["OrderCreate", "INSTALL", "INSTALL"]);
    sandbox.faults.add("drop", { operation: "webhooks", times: 9 });
    sandbox.faults.clear();
    sandbox.createOrder();
    await sending.settled();
    assert.equal(app.types().at(-1), "OrderCreate");
});

test("the server sends them to the address that it is given, signed with the key that it prints", async () => {
    const bodies = [];
    const server = createServer(async (incoming, outgoing) => {
        const parts = [];
        for await (const part of incoming) parts.push(part);
        bodies.push({ bytes: Buffer.concat(parts), headers: new Headers(incoming.headers) });
        outgoing.end();
        server.emit("webhook");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const sandbox = await startSandbox("--webhooks", `http://127.0.0.1:${server.address().port}/hooks`);
    try {
        const { baseUrl, locationId, token, webhookKey } = sandbox;
        const client = new PaymentsClient({ baseUrl, locationId, token });
        const [order] = (await client.orders.list({ paymentStatus: "unpaid", limit: 1 })).data;
        const arrived = once(server, "webhook");
        await client.orders.recordPayment(order._id, { mode: "cash" });
        await arrived;
        const pem = `-----BEGIN PUBLIC KEY-----\n${webhookKey}\n-----END PUBLIC KEY-----\n`;
        assert.ok(signed(bodies[0], pem));
        assert.equal(JSON.parse(bodies[0].bytes)._id, order._id);
    } finally {
        await sandbox.stop();
        server.close();
    }
});
