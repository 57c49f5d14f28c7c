// OAuth against the sandbox, which knows nothing of how it is done here: both versions, locations and companies.

import assert from "node:assert/strict";
import test from "node:test";
import { createOAuth, memoryStore, PaymentsClient } from "ghl-payments/edge";
import { createSandbox } from "ghl-payments/sandbox";
import { failure } from "../support/stub.mjs";

const SCOPES = ["payments/orders.readonly", "oauth.write"];

function start(apiVersion, scopes = SCOPES) {
    const sandbox = createSandbox({ seed: 7 });
    const { clientId, clientSecret } = sandbox.app;
    const redirectUri = "https://app.example/callback";
    const oauth = createOAuth({ clientId, clientSecret, redirectUri, scopes, apiVersion, store: memoryStore(), fetch: sandbox.fetch });
    /** What a browser does whose user chooses an account. */
    const install = async (choice) => {
        const { url, headers } = await oauth.authorizeUrl({ state: "back" });
        const allowed = await sandbox.fetch(`${url}&${choice}`, { redirect: "manual" });
        assert.equal(allowed.status, 302);
        const [cookie] = headers.get("set-cookie").split(";");
        return oauth.callback(new Request(allowed.headers.get("location"), { headers: { cookie } }));
    };
    const orders = async () => {
        const payments = new PaymentsClient({ token: oauth.token, locationId: sandbox.locationId, fetch: sandbox.fetch });
        return (await payments.orders.list({ limit: 1 })).totalCount;
    };
    return { sandbox, oauth, install, orders };
}

for (const apiVersion of ["2021-07-28", "v3"]) {
    test(`a location installs, refreshes, loses an answer and reconnects (${apiVersion})`, async () => {
        const { sandbox, oauth, install, orders } = start(apiVersion);
        const { locationId } = sandbox;
        const { headers: _, ...about } = await install(`location_id=${locationId}`);
        assert.deepEqual([about.userType, about.locationId, about.companyId, about.state], ["Location", locationId, sandbox.companyId, "back"]);
        assert.ok((await orders()) > 0);
        const first = await oauth.token(locationId);
        const second = await oauth.token(locationId, { refused: first });
        assert.notEqual(second, first);
        sandbox.faults.add("applied-then=drop", { operation: "oauth.token" });
        const third = await oauth.token(locationId, { refused: second });
        assert.ok(third !== second && third !== first);
        await oauth.reconnect(locationId);
        assert.notEqual(await oauth.token(locationId), third);
        assert.ok((await orders()) > 0);
    });

    test(`a company installs, and its location gets a token of its own (${apiVersion})`, async () => {
        const { sandbox, oauth, install, orders } = start(apiVersion);
        const { locationId, companyId } = sandbox;
        const about = await install(`company_id=${companyId}`);
        assert.deepEqual([about.userType, about.companyId], ["Company", companyId]);
        await oauth.onInstall({ type: "INSTALL", locationId, companyId });
        assert.ok((await orders()) > 0);
    });
}

test("a company's token without the scope for it is not refreshed in vain", async () => {
    const { sandbox, oauth, install } = start("2021-07-28", ["payments/orders.readonly"]);
    await install(`company_id=${sandbox.companyId}`);
    const before = sandbox.requests.length;
    const error = await failure(oauth.token(sandbox.locationId));
    assert.equal(error.code, "company_token_refused");
    assert.match(error.message, /scope/);
    assert.equal(sandbox.requests.length, before + 1);
});
