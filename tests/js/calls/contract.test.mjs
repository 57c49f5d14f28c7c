// The second opinion itself: it must find what is wrong, and it must see every exchange.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { before } from "node:test";
import { fileURLToPath } from "node:url";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { Contract } from "../../contract/contract.mjs";
import { METHODS } from "../support/operations.mjs";
import { call } from "../support/stub.mjs";
import { tool } from "../support/support.mjs";

const CONTRACT = fileURLToPath(new URL("../../contract/", import.meta.url));
const contract = new Contract(tool);
/** A correct exchange of each method, as it went. */
const exchanges = new Map();

before(async () => {
    const sandbox = createSandbox();
    let last;
    const payments = new PaymentsClient({
        token: sandbox.token(),
        locationId: sandbox.locationId,
        fetch: async (url, init) => {
            const response = await sandbox.fetch(url, init);
            const { method, headers, body = "" } = init;
            const answer = { status: response.status, headers: [...response.headers] };
            answer.body = await response.clone().text();
            last = { request: { method, url, headers: [...new Headers(headers)], body }, answer };
            return response;
        },
    });
    for (const name of METHODS) {
        await call(payments, name).catch(() => {});
        exchanges.set(name, last);
    }
    const { data } = await payments.orders.list({ paymentStatus: "unpaid" });
    await payments.orders.get(data[0]._id);
    exchanges.set("orders.get", last);
    await payments.transactions.list({ limit: 3 });
    exchanges.set("transactions.list", last);
});

function copy(name) {
    return structuredClone(exchanges.get(name));
}

function header(list, name, value) {
    const rest = list.filter(([key]) => key !== name);
    return value === undefined ? rest : [...rest, [name, value]];
}

function query(url, change) {
    const changed = new URL(url);
    change(changed.searchParams);
    return changed.href;
}

test("a correct exchange of each method passes", () => {
    for (const [name, { request, answer }] of exchanges) {
        assert.deepEqual(contract.request(request), [], name);
        assert.deepEqual(contract.answer(request, answer), [], name);
    }
    assert.deepEqual([...exchanges.keys()], METHODS);
});

test("what is wrong with a request is found", () => {
    const params = (name, change) => [name, (request) => (request.url = query(request.url, change))];
    const path = (name, from, to) => [name, (request) => (request.url = request.url.replace(from, to))];
    const headers = (name, key, value) => [
        name,
        (request) => (request.headers = header(request.headers, key, value)),
    ];
    const body = (name, change) => [
        name,
        (request) => {
            const value = JSON.parse(request.body);
            change(value);
            request.body = JSON.stringify(value);
        },
    ];
    for (const [[name, change], expected] of [
        [path("orders.list", "/orders", "/order"), /no such operation/],
        [["orders.list", (request) => (request.method = "PUT")], /no such operation/],
        [path("orders.get", /orders\/\w+/, "orders/%zz"), /path: orderId is %zz/],
        [params("orders.list", (query) => query.append("colour", "red")), /query: colour is unknown/],
        [params("orders.list", (query) => query.append("limit", "5")), /query: limit stands there twice/],
        [params("orders.list", (query) => query.set("limit", "many")), /query: limit must be integer/],
        [params("orders.list", (query) => query.set("limit", "-1")), /query: limit must be >= 0/],
        [params("orders.list", (query) => query.set("limit", "1.5")), /query: limit must be integer/],
        [params("orders.list", (query) => query.set("paymentStatus", "due")), /query: paymentStatus must be equal to/],
        [params("orders.list", (query) => query.set("startAt", "1 May")), /query: startAt must match format "date"/],
        [params("orders.list", (query) => query.set("endAt", "2026-05-01T00:00:00Z")), /query: endAt must match/],
        [params("orders.get", (query) => query.delete("altType")), /query: altType is missing/],
        [params("orders.get", (query) => query.set("altId", "")), /query: altId must NOT have fewer than 1/],
        [params("subscriptions.list", (query) => query.set("getPaymentsCollectedCount", "yes")), /must be boolean/],
        [params("coupons.get", (query) => query.delete("code")), /query: one of id, code is missing/],
        [params("customProvider.getConfig", (query) => query.delete("locationId")), /query: locationId is missing/],
        [headers("orders.list", "version"), /header: Version is missing/],
        [headers("orders.list", "version", "1"), /header: Version must match pattern/],
        [headers("orders.list", "authorization"), /header: Authorization/],
        [headers("orders.list", "authorization", "Basic x"), /header: Authorization/],
        [headers("orders.list", "accept", "text/html"), /header: Accept/],
        [headers("orders.list", "content-type", "application/json"), /header: Content-Type/],
        [headers("coupons.create", "content-type"), /header: Content-Type/],
        [["orders.list", (request) => (request.body = "{}")], /body: there must be none/],
        [["coupons.create", (request) => (request.body = "")], /body: missing/],
        [["coupons.create", (request) => (request.body = "{")], /body: not JSON/],
        [body("coupons.create", (body) => (body.colour = 1)), /body must NOT have additional properties \(colour\)/],
        [body("coupons.create", (body) => delete body.altId), /body must have required property 'altId'/],
        [body("coupons.create", (body) => (body.discountValue = "5")), /body\/discountValue must be number/],
        [body("coupons.create", (body) => (body.startDate = "soon")), /body\/startDate must match format/],
        [body("coupons.update", (body) => delete body.id), /required property 'id'/],
        [body("orders.recordPayment", (body) => (body.mode = "gold")), /body\/mode must be equal to one of/],
        [body("orders.recordPayment", (body) => (body.card = { type: "visa", last4: "4242" })), /body\/card/],
        [body("orders.createFulfillment", (body) => (body.items[0].qty = 1.5)), /items\/0\/qty must be integer/],
        [body("customProvider.connect", (body) => delete body.live), /required property 'live'/],
        [body("customProvider.create", (body) => (body.queryUrl = "http://a.example/")), /queryUrl must match/],
    ]) {
        const { request } = copy(name);
        change(request);
        const found = contract.request(request);
        assert.ok(
            found.some((violation) => expected.test(violation)),
            `${name}: expected ${expected}, found ${JSON.stringify(found)}`,
        );
    }
});

test("a proxy may add the token, HighLevel itself must be sent it", () => {
    const { request } = copy("orders.list");
    request.headers = header(request.headers, "authorization");
    assert.equal(contract.request(request).length, 1);
    request.url = request.url.replace("https://services.leadconnectorhq.com", "https://shop.example/api");
    assert.deepEqual(contract.request(request), []);
});

test("what is wrong with an answer is found", () => {
    const body = (name, change) => [
        name,
        (answer) => {
            const value = JSON.parse(answer.body);
            change(value);
            answer.body = JSON.stringify(value);
        },
    ];
    const refused = (body) => [
        "orders.list",
        (answer) => Object.assign(answer, { status: 400, body: JSON.stringify(body) }),
    ];
    const headers = (name, key, value) => [name, (answer) => (answer.headers = header(answer.headers, key, value))];
    for (const [[name, change], expected] of [
        [body("orders.list", (body) => (body.data[0].amount = "5")), /body\/data\/0\/amount must be number/],
        [body("orders.list", (body) => (body.data[0].amont = 5)), /must NOT have additional properties \(amont\)/],
        [body("orders.list", (body) => delete body.data[0].sourceType), /required property 'sourceType'/],
        [body("orders.list", (body) => (body.data[0].createdAt = "today")), /createdAt must match format/],
        [body("orders.list", (body) => (body.data[0].paymentStatus = "due")), /paymentStatus must be equal to/],
        [body("orders.list", (body) => (body.data[0].altId = null)), /altId must be string/],
        [body("orders.list", (body) => delete body.totalCount), /required property 'totalCount'/],
        [body("orders.get", (body) => (body.items[0].qty = "1")), /items\/0\/qty must be number/],
        [body("orders.get", (body) => (body.amountSummary.subtotal = null)), /subtotal must be number/],
        [body("transactions.list", (body) => (body.data[1].currencyOptions = "USD")), /currencyOptions must be/],
        [body("coupons.create", (body) => (body.limitPerCustomer = true)), /limitPerCustomer must be number/],
        [["coupons.create", (answer) => (answer.status = 202)], /status 202 is not described/],
        [["coupons.create", (answer) => (answer.status = 200)], /status 200 is not described/],
        [["orders.list", (answer) => (answer.body = answer.body.slice(1))], /the body is not JSON/],
        [headers("orders.list", "content-type", "text/html"), /content-type is "text\/html"/],
        [headers("orders.list", "x-ratelimit-remaining"), /X-RateLimit-Remaining must be integer/],
        [refused({ error: 7 }), /answer 400: body/],
        [refused({ message: "no", at: 1 }), /answer 400: body/],
        [refused({ statusCode: 422, message: "no" }), /the body names another status/],
    ]) {
        const { request, answer } = copy(name);
        change(answer);
        const found = contract.answer(request, answer);
        assert.ok(
            found.some((violation) => expected.test(violation)),
            `${name}: expected ${expected}, found ${JSON.stringify(found)}`,
        );
    }
});

test("an answer is let off for the fault that it names, and for none other", async () => {
    const sandbox = createSandbox();
    const { request } = copy("orders.list");
    const headers = header(header(request.headers, "authorization"), "authorization", `Bearer ${sandbox.token()}`);
    const judged = async (fault) => {
        sandbox.faults.add(fault);
        const response = await sandbox.fetch(new Request(request.url, { headers }));
        const { status } = response;
        return contract.answer(request, { status, headers: [...response.headers], body: await response.text() });
    };
    for (const fault of ["html=200", "html=403", "truncated", "drift=quoted", "delay=1;drift=enum"]) {
        assert.equal(await judged(fault), undefined, fault);
    }
    for (const shape of ["standard", "http-exception", "message", "oauth", "v3"]) {
        assert.deepEqual(await judged(`status=503;shape=${shape}`), [], shape);
    }
    assert.deepEqual(await judged("delay=1"), []);
});

test("every request of a client and every answer of a sandbox is recorded and judged, whoever starts them", () => {
    const folder = mkdtempSync(join(tmpdir(), "ghl-exchanges-"));
    const checked = (program) => {
        const suite = join(folder, "suite");
        mkdirSync(suite);
        const environment = {
            ...process.env,
            GHL_EXCHANGES: suite,
            NODE_OPTIONS: `--import=${new URL("../../contract/preload.mjs", import.meta.url)}`,
            NODE_TEST_CONTEXT: undefined,
        };
        const options = { cwd: dirname(fileURLToPath(import.meta.url)), encoding: "utf8", env: environment };
        const ran = spawnSync(process.execPath, ["--input-type=module", "--eval", program], options);
        assert.equal(ran.status, 0, ran.stderr);
        const { status, stdout } = spawnSync(process.execPath, [join(CONTRACT, "check.mjs"), folder], options);
        rmSync(suite, { recursive: true });
        return { status, stdout };
    };
    const start = `
        import { PaymentsClient } from "ghl-payments";
        import { createSandbox } from "ghl-payments/sandbox";
        const sandbox = createSandbox();
        const { locationId, fetch } = sandbox;
        const client = (options) => new PaymentsClient({ token: sandbox.token(), locationId, fetch, ...options });
    `;
    const fine = checked(`${start}
        await client().orders.list({ limit: 1 });
        await client({ fetch: async () => Response.json({ _id: "a" }) }).orders.get("a");
        globalThis.fetch = fetch;
        await client({ fetch: undefined }).coupons.list();
        sandbox.faults.add("drift=quoted");
        await client().orders.list({ limit: 1 });
    `);
    assert.match(fine.stdout, /^4 requests and 2 answers checked against the contract, 0 violations \(0 .* 1 answers/m);
    assert.equal(fine.status, 0);
    const sent = checked(`${start} await client({ apiVersion: "1" }).orders.list({ limit: 1 }).catch(() => {});`);
    assert.match(sent.stdout, /list-orders: header: Version must match pattern/);
    assert.match(sent.stdout, /^1 requests and 1 answers checked against the contract, 1 violations/m);
    assert.equal(sent.status, 1);
    const silent = checked("");
    assert.match(silent.stdout, /nothing was recorded/);
    assert.equal(silent.status, 1);
    rmSync(folder, { recursive: true });
});
