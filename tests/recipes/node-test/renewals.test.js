import assert from "node:assert/strict";
import { test } from "node:test";
import { accountLookup, createProvider, createQueryHandler, failed, succeeded } from "ghl-payments/edge";
import { createSandbox } from "ghl-payments/sandbox";

const DAY = 86_400_000;

test("a trial of a week, and then a charge every month", async () => {
    const apiKey = "secret_1";
    // The time is the sandbox's, for the handler and for the gateway.
    const now = () => sandbox.now();
    const seconds = () => Math.floor(now() / 1000);
    const plans = new Map();
    const sandbox = createSandbox({ seed: 7, queries: { fetch: (request) => queryUrl(request) } });
    const { locationId } = sandbox;
    const queryUrl = createQueryHandler({
        now,
        lookup: accountLookup([{ locationId, mode: "live", apiKey }]),
        verify(q) {
            const plan = plans.get(q.chargeId);
            // Nothing is charged at first, so that there is no charge to speak of.
            return plan && q.kind === "subscription" ? succeeded(q, { subscription: plan }) : failed("unknown");
        },
    });
    const provider = createProvider({ apiKey, marketplaceAppId: sandbox.app.appId, fetch: sandbox.fetch });
    sandbox.connectProvider({ live: { apiKey, publishableKey: "pk_1" } });

    const checkout = await sandbox.checkout({ subscription: { trialDays: 7 } });
    await checkout.receive(JSON.stringify({ type: "custom_provider_ready", loaded: true }));
    const [createdAt, trialEnd] = [seconds(), seconds() + 7 * 86_400];
    plans.set("sub_1", { id: "sub_1", status: "trialing", trialEnd, createdAt, nextCharge: trialEnd });
    // In the page: checkout.succeed("sub_1"), an id of your own that verify asks about.
    const { state, issues } = await checkout.receive(JSON.stringify({ type: "custom_element_success_response", chargeId: "sub_1" }));
    assert.deepEqual([state, issues], ["succeeded", []]);

    const due = sandbox.advance(70 * DAY);
    assert.deepEqual(due.map(({ dueAt }) => dueAt.slice(0, 10)), ["2026-11-08", "2026-12-08", "2027-01-08"]);
    for (const [at, { subscriptionId, amount, currency, dueAt }] of due.entries()) {
        const next = new Date(dueAt);
        next.setUTCMonth(next.getUTCMonth() + 1);
        await provider.push("subscription.charged", {
            locationId,
            chargeId: `ch_${at}`,
            ghlSubscriptionId: subscriptionId,
            chargeSnapshot: { chargeId: `ch_${at}`, status: "succeeded", amount: { major: amount, currency }, chargedAt: seconds() },
            subscriptionSnapshot: { id: "sub_1", status: "active", trialEnd, createdAt, nextCharge: next.getTime() / 1000 },
        });
    }
    // Nobody has pushed about the payment of February when that of March is due.
    sandbox.advance(30 * DAY);
    assert.deepEqual(sandbox.advance(30 * DAY).map(({ overdue }) => overdue), [1]);
    assert.equal(sandbox.timeline().filter(({ type }) => type === "payment overdue").length, 1);
});
