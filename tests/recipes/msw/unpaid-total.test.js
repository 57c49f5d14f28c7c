import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import { createSandbox } from "ghl-payments/sandbox";
import { unpaidTotal } from "./unpaid-total.js";

const sandbox = createSandbox({ seed: 7 });
const account = { token: sandbox.token(), locationId: sandbox.locationId };

const server = setupServer(
    http.all("https://services.leadconnectorhq.com/*", ({ request }) =>
        // It rejects only to drop a connection on demand.
        sandbox.fetch(request).catch(() => HttpResponse.error()),
    ),
);

before(() => server.listen({ onUnhandledRequest: "error" }));
beforeEach(() => sandbox.reset());
after(() => server.close());

test("the unpaid orders of the account are summed, page after page", async () => {
    const [location] = sandbox.state().locations;
    const unpaid = location.orders.filter((order) => order.paymentStatus === "unpaid");
    const cents = unpaid.reduce((sum, order) => sum + Math.round(order.amount * 100), 0);
    assert.equal(await unpaidTotal(account), cents / 100);
});

test("a connection that breaks is opened again", async () => {
    const total = await unpaidTotal(account);
    sandbox.faults.add("drop");
    assert.equal(await unpaidTotal(account), total);
});

test("a wrong token is refused as the real API refuses it", async () => {
    await assert.rejects(unpaidTotal({ ...account, token: "wrong" }), { name: "AuthenticationError", status: 401 });
});
