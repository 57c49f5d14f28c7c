// The sandbox plays HighLevel's OAuth: through `sandbox.fetch`, over real HTTP, and as a page in a browser sees it.

import assert from "node:assert/strict";
import test from "node:test";
import { PaymentsClient } from "ghl-payments";
import { createSandbox } from "ghl-payments/sandbox";
import { startSandbox } from "../support/support.mjs";

const REDIRECT = "http://127.0.0.1:8788/oauth/callback";
const SCOPES = ["payments/orders.readonly", "payments/orders.collectPayment", "oauth.readonly", "oauth.write"];

/** The address that an app sends a person to. */
function authorizeUrl(app, more = {}, host = "https://marketplace.gohighlevel.com") {
    const url = new URL("/oauth/chooselocation", host);
    const query = { response_type: "code", client_id: app.clientId, redirect_uri: REDIRECT, scope: SCOPES.join(" "), ...more };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
}

async function approve(sandbox, more) {
    const response = await sandbox.fetch(authorizeUrl(sandbox.app, more), { redirect: "manual" });
    assert.equal(response.status, 302);
    return new URL(response.headers.get("location")).searchParams.get("code");
}

async function token(sandbox, fields, host = "https://services.leadconnectorhq.com") {
    const { clientId, clientSecret } = sandbox.app;
    const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...fields });
    const response = await sandbox.fetch(`${host}/oauth/token`, { method: "POST", body });
    return { status: response.status, ...(await response.json()) };
}

/** A new code for the agency's installation. */
async function reconnect(sandbox) {
    const { clientId: clientKey, clientSecret } = sandbox.app;
    const body = JSON.stringify({ clientKey, clientSecret, companyId: sandbox.companyId });
    const response = await sandbox.fetch("/oauth/reconnect", { method: "POST", headers: { "content-type": "application/json" }, body });
    return (await response.json()).authorizationCode;
}

const exchange = (sandbox, code) => token(sandbox, { grant_type: "authorization_code", code });
const refresh = (sandbox, text) => token(sandbox, { grant_type: "refresh_token", refresh_token: text });

test("an approval gives a code, the code tokens, and the token opens the payments of its location", async () => {
    const sandbox = createSandbox({ locations: ["one", "two"] });
    const pair = await exchange(sandbox, await approve(sandbox, { location_id: "two" }));
    assert.deepEqual(
        [pair.status, pair.token_type, pair.expires_in, pair.userType, pair.locationId, pair.companyId],
        [200, "Bearer", 86399, "Location", "two", sandbox.companyId],
    );
    const client = (locationId) => new PaymentsClient({ token: pair.access_token, locationId, fetch: sandbox.fetch });
    assert.ok((await client("two").orders.list({ limit: 1 })).data.length);
    await assert.rejects(client("one").orders.list(), { name: "PermissionError" });
    await assert.rejects(client("two").coupons.list(), { name: "AuthenticationError" });
    sandbox.advance(86_400_000);
    await assert.rejects(client("two").orders.list(), { name: "AuthenticationError" });
});

test("rotation is as the option says", async () => {
    for (const [rotation, wanted] of [
        ["strict", 400],
        ["grace", 200],
        [60_000, 200],
        [0, 400],
    ]) {
        const sandbox = createSandbox({ rotation });
        const pair = await exchange(sandbox, await approve(sandbox));
        await refresh(sandbox, pair.refresh_token);
        assert.equal((await refresh(sandbox, pair.refresh_token)).status, wanted, rotation);
        sandbox.advance(60_000);
        assert.equal((await refresh(sandbox, pair.refresh_token)).status, 400, rotation);
    }
});

test("a token endpoint that breaks after rotating is one whose old token is dead", async () => {
    const sandbox = createSandbox({ rotation: "strict" });
    const pair = await exchange(sandbox, await approve(sandbox));
    sandbox.faults.add("applied-then=drop", { operation: "oauth.token" });
    await assert.rejects(refresh(sandbox, pair.refresh_token), { name: "DroppedConnection" });
    assert.equal((await refresh(sandbox, pair.refresh_token)).error, "invalid_grant");
    const { clientId, clientSecret } = sandbox.app;
    const response = await sandbox.fetch("/oauth/reconnect", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ clientKey: clientId, clientSecret, locationId: sandbox.locationId }),
    });
    const { authorizationCode, expiresAt } = await response.json();
    assert.ok(Date.parse(expiresAt));
    assert.equal((await exchange(sandbox, authorizationCode)).status, 200);
});

test("an agency's installation gives tokens for 500 locations, at the pace that its limit allows", async () => {
    const locations = Array.from({ length: 500 }, (_, at) => `location${at}`);
    const sandbox = createSandbox({ locations, size: 0, now: Date.UTC(2026, 10, 1) });
    const agency = await exchange(sandbox, await approve(sandbox, { company_id: sandbox.companyId }));
    assert.equal(agency.approvedLocations.length, 500);
    const statuses = {};
    for (const locationId of locations) {
        const response = await sandbox.fetch("/oauth/locationToken", {
            method: "POST",
            headers: { authorization: `Bearer ${agency.access_token}`, version: "2021-07-28" },
            body: new URLSearchParams({ companyId: sandbox.companyId, locationId }),
        });
        statuses[response.status] = (statuses[response.status] ?? 0) + 1;
    }
    // One of the hundred was the exchange.
    assert.deepEqual(statuses, { 201: 99, 429: 401 });
});

test("what is installed and removed without a browser has its tokens as well", async () => {
    const sandbox = createSandbox({ locations: ["one", "two"] });
    sandbox.install({ locationIds: ["two"] });
    const body = JSON.stringify({ clientKey: sandbox.app.clientId, clientSecret: sandbox.app.clientSecret, locationId: "two" });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    const { authorizationCode } = await (await sandbox.fetch("/oauth/reconnect", init)).json();
    const pair = await exchange(sandbox, authorizationCode);
    assert.equal(pair.locationId, "two");
    sandbox.uninstall({ locationId: "two" });
    assert.equal((await refresh(sandbox, pair.refresh_token)).status, 400);
    assert.equal((await sandbox.fetch("/oauth/reconnect", init)).status, 400);
    assert.throws(() => sandbox.uninstall({ locationId: "two" }), /not installed in two/);
    assert.throws(() => sandbox.install({ locationIds: ["three"] }), /no location "three"/);
    assert.throws(() => sandbox.install({ locations: ["one"] }), /no option "locations"/);
});

test("an agency that installs the app in further locations keeps it in those before", async () => {
    const sandbox = createSandbox({ locations: ["one", "two", "three"], size: 0 });
    const seen = [];
    const sending = sandbox.webhooks({ url: "https://app.example.com/hooks", fetch: async (request) => {
        const { type, locationId } = await request.json();
        seen.push(`${type} ${locationId ?? "agency"}`);
        return new Response();
    } });
    const approved = async () => {
        const agency = await exchange(sandbox, await reconnect(sandbox));
        return agency.approvedLocations;
    };
    sandbox.install({ company: true, locationIds: ["one"] });
    sandbox.install({ company: true, locationIds: ["two", "one"] });
    assert.deepEqual(await approved(), ["one", "two"]);
    sandbox.uninstall({ locationId: "one" });
    assert.deepEqual(await approved(), ["two"]);
    assert.throws(() => sandbox.uninstall({ locationId: "one" }), /not installed in one/);
    // A person who approves at HighLevel's page adds as well.
    await approve(sandbox, { company_id: sandbox.companyId, location_id: "three" });
    assert.deepEqual(await approved(), ["two", "three"]);
    // All, those to come included, are not made fewer by naming some.
    sandbox.install({ company: true });
    sandbox.install({ company: true, locationIds: ["one"] });
    assert.deepEqual((await approved()).toSorted(), ["one", "three", "two"]);
    await sending.settled();
    const named = ["INSTALL agency", "INSTALL one", "INSTALL agency", "INSTALL two", "INSTALL one", "UNINSTALL one", "INSTALL agency", "INSTALL three"];
    assert.deepEqual(seen.slice(0, named.length), named);
    sandbox.uninstall();
    sandbox.install({ company: true, locationIds: ["three"] });
    assert.deepEqual(await approved(), ["three"], "an installation that was removed leaves nothing");
});

test("options that are wrong are named", () => {
    for (const [options, message] of [
        [{ rotation: "lax" }, /rotation must be/],
        [{ rotation: -1 }, /rotation must be a whole number/],
        [{ app: { clientId: "" } }, /app\.clientId must be text/],
        [{ app: { id: "x" } }, /app has no option "id"/],
        [{ app: { redirectUris: "https://a.example" } }, /app\.redirectUris must be text/],
    ]) {
        assert.throws(() => createSandbox(options), message);
    }
});

test("over HTTP a person chooses on a page, and a program is approved at once", async () => {
    const server = await startSandbox();
    try {
        const app = { clientId: server.clientId, clientSecret: server.clientSecret };
        const url = authorizeUrl(app, { state: "a&b" }, server.baseUrl);
        const page = await fetch(url, { headers: { accept: "text/html" } });
        assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
        const [, link] = /href="([^"]+location_id[^"]+)"/.exec(await page.text());
        const chosen = new URL(link.replaceAll("&amp;", "&"), url);
        for (const address of [chosen, url]) {
            const response = await fetch(address, { redirect: "manual" });
            assert.equal(response.status, 302);
            const to = new URL(response.headers.get("location"));
            assert.deepEqual([to.origin + to.pathname, to.searchParams.get("state")], [REDIRECT, "a&b"]);
            const sandbox = { app, fetch };
            const fields = { grant_type: "authorization_code", code: to.searchParams.get("code") };
            const pair = await token(sandbox, fields, server.baseUrl);
            assert.deepEqual([pair.status, pair.locationId], [200, server.locationId]);
        }
    } finally {
        await server.stop();
    }
});

test("the list of requests shows the fields of a token request, and none of its secrets", async () => {
    const sandbox = createSandbox();
    const code = await approve(sandbox);
    const pair = await exchange(sandbox, code);
    await refresh(sandbox, pair.refresh_token);
    const { requests } = sandbox;
    assert.deepEqual(
        requests.map(({ operation, body }) => [operation, body?.grant_type]),
        [
            ["oauth.chooseLocation", undefined],
            ["oauth.token", "authorization_code"],
            ["oauth.token", "refresh_token"],
        ],
    );
    const text = JSON.stringify(requests);
    for (const secret of [code, pair.access_token, pair.refresh_token, sandbox.app.clientSecret]) {
        assert.ok(!text.includes(secret));
    }
});
