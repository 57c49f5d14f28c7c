import assert from "node:assert/strict";
import { test } from "node:test";
import { createSandbox } from "ghl-payments/sandbox";

const charges = new Set();

/** The code under test: a queryUrl. */
async function queryUrl(request) {
    const { type, apiKey, chargeId } = await request.json();
    if (apiKey !== "secret_1") return Response.json({ message: "unknown apiKey" }, { status: 401 });
    if (type !== "verify") return Response.json({ message: "unknown type" }, { status: 400 });
    return Response.json({ success: charges.has(chargeId) });
}

const post = (checkout, message) => checkout.receive(JSON.stringify(message));

test("a payment whose answer gets lost is paid once HighLevel asks again", async () => {
    const sandbox = createSandbox({ seed: 7, queries: { fetch: queryUrl } });
    sandbox.connectProvider({ live: { apiKey: "secret_1", publishableKey: "pk_1" } });
    const order = sandbox.createOrder();

    const checkout = await sandbox.checkout({ orderId: order._id, faults: ["lost-answer"] });
    const { toFrame } = await post(checkout, { type: "custom_provider_ready", loaded: true });
    const { amount, currency } = JSON.parse(toFrame[0].data);
    assert.deepEqual([amount, currency], [order.amount, "usd"]);

    charges.add("ch_1");
    const lost = await post(checkout, { type: "custom_element_success_response", chargeId: "ch_1" });
    assert.equal(lost.state, "pending");
    assert.equal((await checkout.verify()).state, "succeeded");
    const [location] = sandbox.state().locations;
    assert.equal(location.orders.find(({ _id }) => _id === order._id).paymentStatus, "paid");
});

test("what is wrong with an answer is said", async () => {
    const answer = async () => Response.json({ success: "yes" });
    const sandbox = createSandbox({ seed: 7, queries: { fetch: answer } });
    const checkout = await sandbox.checkout();
    await post(checkout, { type: "custom_provider_ready", loaded: true });
    const { issues } = await post(checkout, { type: "custom_element_success_response", chargeId: "ch_1" });
    assert.equal(`${issues[0].path} ${issues[0].message}`, "success must be true or false");
});
