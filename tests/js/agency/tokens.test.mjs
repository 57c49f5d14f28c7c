// The tokens are those of the edge kit's OAuth: one installation for the company, a token for each location; none of them is anywhere
// but encrypted in its keeper.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { startSync } from "../support/agency-worker.mjs";

/** Notes every token that goes over the wire. */
const OPTIONS = `{
    fetch: async (url, init) => {
        const authorization = new Headers(init.headers).get("authorization");
        if (authorization) tokens.add(authorization.replace(/^Bearer /, ""));
        return fetch(url, init);
    },
}`;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 4, size: 150, limits: "lifted", install: true },
        options: OPTIONS,
        classes: `
            export { GhlCompany, GhlLocation, TokenKeeper } from "ghl-payments/cloudflare";
            globalThis.tokens = new Set();
        `,
        routes: `
            "/tokens": () => [...tokens],
            "/misset": async (env, { company, set }) => startAgencySync({ ...env, ...set }, { company }),
        `,
    });
});
after(() => sync?.stop());

const install = (locationId, type = "INSTALL") => {
    const { companyId, app } = sync.sandbox;
    return sync.ask("/installed", { type, appId: app.clientId.split("-")[0], companyId, locationId, timestamp: new Date().toISOString() });
};

test("locations that INSTALL webhooks have told of are synced with their company's tokens", async () => {
    for (const location of sync.sandbox.locations) await install(location);
    const run = await sync.start({ company: sync.sandbox.companyId, locations: undefined, streams: ["orders"] });
    const status = await sync.ended(run);
    assert.deepEqual([status.counts.done, status.records], [4, 600], JSON.stringify(status));
});

test("one that is uninstalled meanwhile is revoked and the run goes on; installed again it comes back", async () => {
    const [gone, ...others] = sync.sandbox.locations;
    await sync.sandbox.uninstall({ locationId: gone });
    await install(gone, "UNINSTALL");
    const run = await sync.start({ company: sync.sandbox.companyId, locations: [gone, ...others], streams: ["orders"] });
    const status = await sync.ended(run);
    assert.deepEqual([status.counts.done, status.counts.revoked], [3, 1], JSON.stringify(status.locations));
    const manifest = await sync.manifest(run);
    const about = manifest.locations.find(({ location }) => location === gone);
    assert.equal(about.state, "revoked");
    assert.match(about.reason, /token/);
    await sync.sandbox.install({ company: true, locationIds: [gone] });
    await install(gone);
    // The installation has begun a run of it already, which is named instead.
    const again = await sync.ask("/retry", { run }).then(({ run }) => run, ({ run }) => run);
    assert.deepEqual((await sync.ended(again)).locations.map(({ location, state }) => [location, state]), [[gone, "done"]]);
});

test("an event of another app is taken, and changes nothing", async () => {
    const { companyId } = sync.sandbox;
    for (const type of ["INSTALL", "UNINSTALL"]) {
        await sync.ask("/installed", { type, appId: "another", companyId, locationId: "location0", timestamp: new Date().toISOString() });
        await sync.ask("/installed", { type, data: { appId: "another", companyId, locationId: "stranger" } });
    }
    assert.ok(sync.agency.lines.some(({ line }) => /event=foreign type=INSTALL location=stranger/.test(line)));
    const { locations } = await sync.ended(await sync.start({ company: companyId, locations: undefined, streams: ["coupons"] }));
    assert.deepEqual(locations.map(({ location, state }) => [location, state]), sync.sandbox.locations.map((location) => [location, "done"]));
});

test("what is wrong with a variable or a binding is told under its own name and that of the option", async () => {
    for (const [variable, value, option] of [
        ["GHL_CLIENT_ID", "", "clientId"],
        ["GHL_CLIENT_SECRET", "", "clientSecret"],
        ["GHL_REDIRECT_URI", "nowhere", "redirectUri"],
        ["GHL_SCOPES", "", "scopes"],
        ["ENCRYPTION_KEY", "short", "encryptionKey"],
        ["GHL_BASE_URL", "http://example.com", "baseUrl"],
        ["TOKENS", {}, "namespace"],
    ]) {
        const wrong = sync.ask("/misset", { company: sync.sandbox.companyId, set: { [variable]: value } });
        await assert.rejects(wrong, ({ name, message, issues }) => {
            assert.deepEqual([name, issues?.map(({ path }) => path)], ["ValidationError", [`env.${variable}`]], `${variable}: ${message}`);
            assert.match(message, new RegExp(`^env\\.${variable} \\(the option ${option}\\) `));
            return true;
        });
    }
    const unbound = sync.ask("/misset", { company: sync.sandbox.companyId, set: { TOKENS: null } });
    await assert.rejects(unbound, ({ issues }) => issues[0].path === "env.TOKENS");
});

test("no token is in state, files, tables or logs", async () => {
    const tokens = await sync.ask("/tokens", {});
    assert.ok(tokens.length >= 4);
    const { clientSecret } = sync.sandbox.app;
    await sync.agency.kill();
    const { folder, lines } = sync.agency;
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    assert.ok(files.some(({ name }) => name.endsWith(".sqlite")));
    for (const { parentPath, path = parentPath, name } of files) {
        const content = readFileSync(join(path, name), "latin1");
        for (const secret of [...tokens, clientSecret]) assert.ok(!content.includes(secret), name);
    }
    for (const { line } of lines) for (const secret of [...tokens, clientSecret]) assert.ok(!line.includes(secret), line);
});
