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

/** An app that hears of what happens in a sandbox, with two locations of one company. */
function hearing() {
    const locations = ["locationOne000000000", "locationTwo000000000"];
    const sandbox = createSandbox({ seed: 7, size: 1, locations, now: Date.UTC(2026, 10, 30) });
    const { clientId, clientSecret } = sandbox.app;
    const oauth = createOAuth({
        clientId, clientSecret, redirectUri: "https://app.example/callback", scopes: SCOPES, store: memoryStore({ now: sandbox.now }),
        fetch: sandbox.fetch, now: sandbox.now,
    });
    const bodies = [];
    const fetch = async (request) => {
        bodies.push(await request.json());
        await oauth.onInstall(bodies.at(-1));
        return new Response();
    };
    const sending = sandbox.webhooks({ url: "https://app.example/webhooks", fetch });
    /** Does something elsewhere, a second later, and waits until the app has heard of it. */
    const elsewhere = async (doIt) => {
        sandbox.advance(1000);
        doIt();
        await sending.settled();
        sandbox.advance(1000);
    };
    const asked = (from = 0) => sandbox.requests.slice(from).map(({ operation }) => operation);
    /** Whether the app can read what the location holds; a token that is refused is asked for anew, as a client does. */
    const reads = async (locationId) => {
        const payments = new PaymentsClient({ token: oauth.token, locationId, fetch: sandbox.fetch });
        return payments.orders.list({ limit: 1 }).then(() => true, (error) => {
            if (error.name === "AuthenticationError" || error.cause?.code === "needs_install" || error.code === "needs_install") return false;
            throw error;
        });
    };
    return { sandbox, oauth, elsewhere, asked, reads, locations, bodies };
}

test("a location that installs the app by itself has it, also once its agency has installed or removed it", async () => {
    for (const first of [true, false]) {
        const { sandbox, elsewhere, reads, locations: [one, two] } = hearing();
        const own = () => elsewhere(() => sandbox.install({ locationIds: [two] }));
        const agency = () => elsewhere(() => sandbox.install({ company: true, locationIds: [one] }));
        await (first ? agency() : own());
        assert.deepEqual([await reads(one), await reads(two)], [first, !first]);
        await (first ? own() : agency());
        assert.deepEqual([await reads(one), await reads(two)], [true, true], "both ways");
        await elsewhere(() => sandbox.uninstall());
        assert.deepEqual([await reads(one), await reads(two)], [false, true], "the agency's is gone");
        await elsewhere(() => sandbox.uninstall({ locationId: two }));
        assert.deepEqual([await reads(one), await reads(two)], [false, false]);
    }
});

test("a location of an agency that removes the app alone and installs it again has it, by itself or by the agency", async () => {
    for (const again of [{ company: false }, { company: true }]) {
        const { sandbox, elsewhere, reads, locations: [one, two] } = hearing();
        await elsewhere(() => sandbox.install({ company: true }));
        assert.deepEqual([await reads(one), await reads(two)], [true, true]);
        await elsewhere(() => sandbox.uninstall({ locationId: two }));
        assert.deepEqual([await reads(one), await reads(two)], [true, false]);
        await elsewhere(() => sandbox.install({ ...again, locationIds: [two] }));
        assert.deepEqual([await reads(one), await reads(two)], [true, true], JSON.stringify(again));
        await elsewhere(() => sandbox.uninstall());
        assert.deepEqual([await reads(one), await reads(two)], [false, !again.company], JSON.stringify(again));
    }
});

test("a location that had both ways keeps the one that is left, and an agency's removal finds what is a location's own", async () => {
    const { sandbox, elsewhere, reads, locations: [one] } = hearing();
    await elsewhere(() => sandbox.install({ company: true }));
    assert.equal(await reads(one), true);
    // It has its token from the agency when it installs the app by itself as well.
    await elsewhere(() => sandbox.install({ locationIds: [one] }));
    assert.equal(await reads(one), true);
    await elsewhere(() => sandbox.uninstall());
    assert.equal(await reads(one), true);
    await elsewhere(() => sandbox.install({ company: true }));
    assert.equal(await reads(one), true);
});

test("a reconnect that is refused ends with needs_install, and is not asked for again within a minute", async () => {
    const { sandbox, oauth, elsewhere, asked, reads, locations: [one, two] } = hearing();
    await elsewhere(() => sandbox.install({ company: true, locationIds: [one] }));
    assert.equal(await reads(one), true);
    // A webhook that is wrong, or late: the location has no app in any way.
    await oauth.onInstall({ type: "INSTALL", locationId: two, companyId: sandbox.companyId });
    sandbox.advance(61_000);
    const from = sandbox.requests.length;
    assert.equal((await failure(oauth.token(two))).code, "needs_install");
    assert.deepEqual(asked(from), ["oauth.locationToken", "oauth.reconnect"]);
    for (let i = 0; i < 3; i++) assert.equal((await failure(oauth.token(two))).code, "needs_install");
    // Who logs the error of a client reads it there.
    const payments = new PaymentsClient({ token: oauth.token, locationId: two, fetch: sandbox.fetch });
    const { name, reason } = JSON.parse(JSON.stringify(await failure(payments.orders.list())));
    assert.deepEqual([name, reason], ["AuthenticationError", "needs_install"]);
    assert.deepEqual(asked(from + 2), Array(4).fill("oauth.locationToken"));
    sandbox.advance(61_000);
    assert.equal((await failure(oauth.token(two))).code, "needs_install");
    assert.deepEqual(asked(from + 6), ["oauth.locationToken", "oauth.reconnect"]);
    // What nobody has told of is no reason to ask for it.
    const unknown = hearing();
    await unknown.elsewhere(() => unknown.sandbox.install({ company: true, locationIds: [one] }));
    assert.equal(await unknown.reads(one), true);
    const before = unknown.sandbox.requests.length;
    assert.equal((await failure(unknown.oauth.token(two, { companyId: unknown.sandbox.companyId }))).code, "needs_install");
    assert.ok(!unknown.asked(before).includes("oauth.reconnect"));
});

test("webhooks that change places leave no location without a token that has the app", async () => {
    const { sandbox, oauth, elsewhere, reads, bodies, locations: [one] } = hearing();
    await elsewhere(() => sandbox.install({ locationIds: [one] }));
    assert.equal(await reads(one), true);
    // The location removes it, the agency installs it, and the first of the two is heard of last.
    const at = bodies.length;
    sandbox.advance(1000);
    const uninstall = { type: "UNINSTALL", locationId: one, companyId: sandbox.companyId, timestamp: new Date(sandbox.now()).toISOString() };
    sandbox.faults.add("drop", { operation: "webhooks.UNINSTALL" });
    await elsewhere(() => sandbox.uninstall({ locationId: one }));
    await elsewhere(() => sandbox.install({ company: true }));
    assert.ok(bodies.length > at && bodies.slice(at).every(({ type }) => type === "INSTALL"));
    await oauth.onInstall(uninstall);
    const found = [await reads(one), await reads(one)];
    assert.equal(found.at(-1), true, JSON.stringify(found));
});

test("a company's token without the scope for it is not refreshed in vain", async () => {
    const { sandbox, oauth, install } = start("2021-07-28", ["payments/orders.readonly"]);
    await install(`company_id=${sandbox.companyId}`);
    const before = sandbox.requests.length;
    const error = await failure(oauth.token(sandbox.locationId));
    assert.equal(error.code, "company_token_refused");
    assert.match(error.message, /scope/);
    assert.equal(sandbox.requests.length, before + 1);
});
