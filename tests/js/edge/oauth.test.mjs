// OAuth of an app: installations, tokens, recovery. In Node, with the store in memory unless a test says otherwise.

import assert from "node:assert/strict";
import test from "node:test";
import { inspect } from "node:util";
import { createOAuth, memoryStore, OAuthError, PaymentsClient, ValidationError } from "ghl-payments/edge";
import { CLIENT_ID, CLIENT_SECRET, COMPANY, highlevel } from "../support/highlevel.mjs";
import { failure, LOCATION, thrown } from "../support/stub.mjs";

const REDIRECT = "https://app.example/callback";
const KEY = "0123456789abcdef0123456789abcdef";
const DAY = 86_400_000;
const account = { locationId: LOCATION, companyId: COMPANY };

/** An app with its HighLevel, and a clock that can be moved. */
function start(options = {}, world = {}) {
    const clock = { ms: Date.now() };
    const now = () => clock.ms;
    const server = highlevel({ now, ...world });
    const store = memoryStore();
    const settings = {
        clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT, scopes: ["payments/orders.readonly"],
        store, encryptionKey: KEY, fetch: server.fetch, now, ...options,
    };
    return { server, clock, store: settings.store, settings, oauth: createOAuth(settings) };
}

/** A browser that goes to the address, allows it, and comes back. */
async function browse(oauth, code, { state, cookie = true } = {}) {
    const { url, headers } = await oauth.authorizeUrl({ state });
    const back = new URL(REDIRECT);
    back.searchParams.set("code", code);
    back.searchParams.set("state", new URL(url).searchParams.get("state"));
    return new Request(back, { headers: cookie ? { cookie: `a=b; ${headers.get("set-cookie").split(";")[0]}; c=d` } : {} });
}

async function install(world, who = account) {
    return world.oauth.callback(await browse(world.oauth, world.server.code(who)));
}

test("a location is installed, and its token is refreshed before it ends", async () => {
    const world = start();
    const { oauth, server, clock } = world;
    const installed = await oauth.callback(await browse(oauth, server.code(account), { state: "/orders?é" }));
    const { headers, ...about } = installed;
    assert.deepEqual(about, {
        userType: "Location", companyId: COMPANY, locationId: LOCATION, userId: "user-1", scopes: ["payments/orders.readonly"],
        isBulkInstallation: false, approvedLocations: [], state: "/orders?é",
    });
    assert.match(headers.get("set-cookie"), /^__Host-ghl-oauth-[\w-]{8}=; Path=\/; Max-Age=0; HttpOnly; SameSite=Lax; Secure$/);
    const first = await oauth.token(LOCATION);
    assert.equal(await oauth.token(LOCATION), first);
    assert.equal(server.posts.length, 1);
    clock.ms += DAY - 200_000;
    const second = await oauth.token(LOCATION);
    assert.notEqual(second, first);
    assert.deepEqual(server.posts.map(({ path, fields }) => [path, fields.grant_type, fields.user_type]), [
        ["/oauth/token", "authorization_code", undefined],
        ["/oauth/token", "refresh_token", "Location"],
    ]);
    assert.equal(server.posts[0].headers.version, "2021-07-28");
});

test("v3 speaks in camel case", async () => {
    const world = start({ apiVersion: "v3" });
    await install(world);
    world.clock.ms += DAY;
    assert.match(await world.oauth.token(LOCATION), /^access-/);
    assert.deepEqual(Object.keys(world.server.posts[1].fields), ["clientId", "clientSecret", "grantType", "refreshToken", "userType"]);
    assert.equal(world.server.posts[1].headers.version, "v3");
});

test("many who ask at once cause one request; a refused token is replaced once", async () => {
    const world = start();
    await install(world);
    const { oauth, server, clock } = world;
    clock.ms += DAY;
    const tokens = await Promise.all(Array.from({ length: 50 }, () => oauth.token(LOCATION)));
    assert.equal(new Set(tokens).size, 1);
    assert.equal(server.posts.length, 2);
    const refused = tokens[0];
    const others = await Promise.all(Array.from({ length: 50 }, () => oauth.token(LOCATION, { refused })));
    assert.equal(new Set(others).size, 1);
    assert.notEqual(others[0], refused);
    assert.equal(server.posts.length, 3);
    // Who comes later with the old one gets what is known.
    assert.equal(await oauth.token({ locationId: LOCATION, refused }), others[0]);
    assert.equal(server.posts.length, 3);
});

test("it is what a client takes for its token", async () => {
    const world = start();
    await install(world);
    const { oauth, server } = world;
    const seen = [];
    const fetch = async (_url, { headers }) => {
        seen.push(headers.Authorization);
        return seen.length === 1 ? Response.json({ message: "Invalid JWT" }, { status: 401 }) : Response.json({ _id: "a" });
    };
    const { token } = oauth;
    const payments = new PaymentsClient({ token, locationId: LOCATION, fetch });
    assert.equal((await payments.orders.get("a"))._id, "a");
    assert.equal(new Set(seen).size, 2);
    assert.equal(server.posts.length, 2);
});

test("a state counts once, for its browser, for ten minutes, and only if it was signed here", async () => {
    const world = start();
    const { oauth, server, clock } = world;
    const request = () => browse(oauth, server.code(account));
    const code = async (request) => (await failure(oauth.callback(request))).code;
    const used = await request();
    await oauth.callback(used.clone());
    assert.equal(await code(used), "state_replayed");
    assert.equal(await code(await browse(oauth, "x", { cookie: false })), "state_foreign");
    const [mine, other] = [await request(), await request()];
    assert.equal(await code(new Request(mine.url, { headers: other.headers })), "state_foreign");
    const changed = new URL((await request()).url);
    const [payload, signature] = changed.searchParams.get("state").split(".");
    for (const state of [`${payload}.`, `.${signature}`, `${payload}.${signature}.x`, `${payload}.${signature.slice(0, -2)}AA`, "x", "%", `${payload}x.${signature}`]) {
        changed.searchParams.set("state", state);
        assert.equal(await code(new Request(changed, { headers: mine.headers })), "state_invalid", state);
    }
    const late = await request();
    clock.ms += 600_000;
    assert.equal(await code(late), "state_expired");
    assert.equal(await code(new Request(`${REDIRECT}?code=x`)), "state_missing");
    assert.equal(await code(new Request(`${REDIRECT}?code=x&state=`)), "state_invalid");
    // Another app's signature.
    const foreign = start({ clientSecret: "another-secret" });
    assert.equal(await code(await browse(foreign.oauth, "x")), "state_invalid");
    assert.equal(server.posts.length, 1);
});

test("what HighLevel says in place of a code is said, and a code is exchanged once", async () => {
    const world = start();
    const { oauth, server } = world;
    const denied = await browse(oauth, "x");
    const url = new URL(denied.url);
    url.searchParams.delete("code");
    const missing = await failure(oauth.callback(new Request(url, { headers: denied.headers })));
    assert.equal(missing.code, "code_missing");
    const error = await failure(oauth.callback(new Request(`${REDIRECT}?error=access_denied&error_description=no+thanks`)));
    assert.deepEqual([error.code, error.messages], ["authorization_denied", ["access_denied", "no thanks"]]);
    const code = server.code(account);
    await oauth.callback(await browse(oauth, code));
    assert.equal((await failure(oauth.callback(await browse(oauth, code)))).code, "code_rejected");
    server.fault = () => "drop after";
    const lost = await failure(oauth.callback(await browse(oauth, server.code(account))));
    assert.deepEqual([lost.code, lost.retryable], ["network_error", false]);
    assert.equal(server.posts.length, 3);
});

test("callbacks of the marketplace count only where the app says so", async () => {
    const world = start({ unsolicited: true });
    const { locationId } = await world.oauth.callback(new Request(`${REDIRECT}?code=${world.server.code(account)}`));
    assert.equal(locationId, LOCATION);
    assert.equal((await failure(world.oauth.callback(new Request(`${REDIRECT}?code=x&state=x`)))).code, "state_invalid");
});

test("a callback can send the browser on", async () => {
    const world = start();
    const { oauth, server } = world;
    const response = await oauth.callback(await browse(oauth, server.code(account), { state: "here" }), {
        redirectTo: ({ locationId, state }) => `/done?at=${locationId}&state=${state}`,
    });
    assert.equal(response.status, 302);
    assert.equal(response.headers.get("location"), `https://app.example/done?at=${LOCATION}&state=here`);
    assert.match(response.headers.get("set-cookie"), /Max-Age=0/);
    const begin = (await oauth.authorizeUrl()).redirect();
    assert.equal(begin.status, 302);
    assert.match(begin.headers.get("location"), /^https:\/\/marketplace\.gohighlevel\.com\/oauth\/chooselocation\?response_type=code&client_id=app-1&/);
    assert.match(begin.headers.get("set-cookie"), /^__Host-ghl-oauth-[\w-]{8}=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/);
    assert.equal(`${await oauth.authorizeUrl()}`.startsWith("https://"), true);
});

test("on a loopback host the cookie does without TLS", async () => {
    const { oauth } = start({ redirectUri: "http://localhost:8787/callback" });
    const { headers } = await oauth.authorizeUrl();
    assert.match(headers.get("set-cookie"), /^ghl-oauth-[\w-]{8}=[\w-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/);
});

test("an answer that is lost is asked for again within the grace, and reconnected where there is none", async () => {
    for (const graceMs of [30_000, 0]) {
        const world = start({}, { graceMs });
        await install(world);
        const { oauth, server, clock } = world;
        clock.ms += DAY;
        let dropped = 0;
        server.fault = ({ fields }) => (fields.grant_type === "refresh_token" && dropped++ === 0 ? "drop after" : undefined);
        assert.ok(server.accepts(await oauth.token(LOCATION)));
        const paths = server.posts.slice(1).map(({ path }) => path);
        const strict = ["/oauth/token", "/oauth/token", "/oauth/reconnect", "/oauth/token"];
        assert.deepEqual(paths, graceMs > 0 ? strict.slice(0, 2) : strict);
        clock.ms += DAY;
        assert.ok(server.accepts(await oauth.token(LOCATION)), "what is stored is not the dead one");
    }
});

test("a wrong secret, a firewall and an endpoint that is down lose nothing", async () => {
    const world = start();
    await install(world);
    const { server, clock, settings } = world;
    clock.ms += DAY;
    const wrong = createOAuth({ ...settings, clientSecret: "wrong-secret", encryptionKey: [KEY, CLIENT_SECRET] });
    assert.deepEqual(await failed(wrong), ["client_rejected", 401, false]);
    server.fault = () => new Response("<html>error code: 1010</html>", { status: 403 });
    assert.deepEqual(await failed(world.oauth), ["unexpected_answer", 403, false]);
    server.fault = () => new Response("", { status: 503 });
    assert.deepEqual(await failed(world.oauth), ["endpoint_failed", 503, true]);
    server.fault = () => "drop";
    assert.deepEqual(await failed(world.oauth), ["network_error", undefined, true]);
    server.fault = () => Response.json({}, { status: 429, headers: { "retry-after": "60" } });
    assert.deepEqual(await failed(world.oauth), ["rate_limited", 429, true]);
    server.fault = () => undefined;
    assert.ok(server.accepts(await world.oauth.token(LOCATION)));
    assert.equal(server.posts.filter(({ path }) => path === "/oauth/reconnect").length, 0);
});

async function failed(oauth, wanted) {
    const { code, status, retryable } = await failure(oauth.token(LOCATION, wanted));
    return [code, status, retryable];
}

test("an app that was removed has to be installed again, and then works", async () => {
    const world = start();
    await install(world);
    const { oauth, server, clock } = world;
    server.remove(account);
    clock.ms += DAY;
    assert.deepEqual(await failed(oauth), ["needs_install", 400, false]);
    const before = server.posts.length;
    assert.deepEqual(await failed(oauth), ["needs_install", undefined, false]);
    assert.equal(server.posts.length, before, "nobody is asked for nothing");
    await install(world);
    assert.ok(server.accepts(await oauth.token(LOCATION)));
});

test("a token that was on its way while its location was forgotten is not kept", async () => {
    const inner = memoryStore();
    let held;
    let open;
    const store = {
        async run(id, work) {
            const gate = held;
            const done = await inner.run(id, work);
            await gate;
            return done;
        },
    };
    const world = start({ store });
    await install(world);
    world.clock.ms += DAY;
    held = new Promise((resolve) => (open = resolve));
    const late = world.oauth.token(LOCATION);
    // Until the row has the new tokens, which nobody was given yet.
    while (world.server.posts.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    held = undefined;
    await world.oauth.forget(LOCATION);
    open();
    assert.ok(world.server.accepts(await late));
    assert.deepEqual(await failed(world.oauth), ["needs_install", undefined, false]);
});

test("UNINSTALL and forget delete what is stored; reconnect brings it back", async () => {
    const world = start();
    await install(world);
    const { oauth, store } = world;
    await oauth.onInstall({ type: "UNINSTALL", locationId: LOCATION, companyId: COMPANY });
    assert.equal(await store.run(`location:${LOCATION}`, (tx) => tx.get()), null);
    assert.deepEqual(await failed(oauth), ["needs_install", undefined, false]);
    await oauth.reconnect(LOCATION);
    assert.ok(world.server.accepts(await oauth.token(LOCATION)));
    await oauth.forget(LOCATION);
    assert.deepEqual(await failed(oauth), ["needs_install", undefined, false]);
});

test("a bulk installation: webhooks before the token, after it, and none at all", async () => {
    const world = start();
    const { oauth, server } = world;
    const [early, late, named] = ["locationEarly", "locationLate", "locationNamed"];
    for (const id of [early, late, named]) server.install(id);
    const event = (locationId) => ({ type: "INSTALL", installType: "Location", locationId, companyId: COMPANY });
    await oauth.onInstall(event(early));
    assert.equal(server.posts.length, 0);
    const installed = await install(world, { companyId: COMPANY, approvedLocations: [named] });
    assert.deepEqual([installed.userType, installed.isBulkInstallation], ["Company", true]);
    await oauth.onInstall({ type: "INSTALL", data: event(late) });
    const asked = () => server.posts.filter(({ path }) => path === "/oauth/locationToken").map(({ fields }) => fields.locationId);
    assert.deepEqual(asked(), [late]);
    for (const id of [early, late, named]) assert.ok(server.accepts(await oauth.token(id)), id);
    assert.deepEqual(asked(), [late, early, named]);
    world.clock.ms += DAY;
    assert.ok(server.accepts(await oauth.token(late)));
    assert.deepEqual(asked(), [late, early, named, late]);
    server.install("locationUnknown");
    assert.equal((await failure(oauth.token("locationUnknown"))).code, "needs_install");
    assert.ok(server.accepts(await oauth.token("locationUnknown", { companyId: COMPANY })));
    assert.ok(server.accepts(await oauth.token({ companyId: COMPANY })));
    // An installation of its own is worth more than its company's.
    await install(world);
    await oauth.onInstall(event(LOCATION));
    assert.equal(asked().includes(LOCATION), false);
});

test("a company's token that is refused is refreshed, once", async () => {
    const world = start();
    const { oauth, server } = world;
    server.install("l1");
    await install(world, { companyId: COMPANY });
    let refusals = 1;
    server.fault = ({ path }) => {
        return path === "/oauth/locationToken" && refusals-- > 0 ? Response.json({ message: "Invalid token" }, { status: 401 }) : undefined;
    };
    assert.ok(server.accepts(await oauth.token("l1", { companyId: COMPANY })));
    refusals = 9;
    assert.equal((await failure(oauth.token("l1", { refused: await oauth.token("l1") }))).code, "company_token_refused");
});

test("rows are encrypted, bound to their account, and keys can be replaced", async () => {
    const rows = new Map();
    const inner = memoryStore();
    const store = {
        run: (id, work) => inner.run(id, (tx) => work({ get: tx.get, put: async (row) => (rows.set(id, row.value), tx.put(row)) })),
    };
    const world = start({ store });
    await install(world);
    const id = `location:${LOCATION}`;
    assert.match(rows.get(id), /^1\.[\w-]{8}\.[\w-]{16}\.[\w-]+$/);
    assert.doesNotMatch(rows.get(id), /access|refresh/);
    const again = (options) => createOAuth({ ...world.settings, ...options });
    const newer = "another-key-another-key-another";
    const rotated = again({ encryptionKey: [newer, KEY] });
    const token = await rotated.token(LOCATION);
    const old = rows.get(id);
    await rotated.token(LOCATION, { refused: token });
    assert.notEqual(rows.get(id).split(".")[1], old.split(".")[1], "written with the newest key");
    assert.equal((await failure(again({ encryptionKey: KEY }).token(LOCATION))).code, "row_unreadable");
    assert.ok(await again({ encryptionKey: new TextEncoder().encode(newer) }).token(LOCATION));
    // A row that is moved to another account does not open.
    await inner.run("location:other", (tx) => tx.put({ value: rows.get(id) }));
    assert.equal((await failure(rotated.token("other"))).code, "row_unreadable");
    await inner.run("location:other", (tx) => tx.put({ value: `${rows.get(id).slice(0, -2)}AA` }));
    assert.equal((await failure(rotated.token("other"))).code, "row_unreadable");
    await inner.run("location:other", (tx) => tx.put({ value: "x" }));
    assert.equal((await failure(rotated.token("other"))).code, "row_unreadable");
    // Without a key of its own the client secret is the key, and stays one that reads.
    const plain = start({ store, encryptionKey: undefined });
    await install(plain);
    assert.doesNotMatch(rows.get(id), /access|refresh/);
    assert.ok(await createOAuth({ ...plain.settings, encryptionKey: KEY }).token(LOCATION));
});

test("wrong options and arguments are ValidationErrors that name the field and quote no secret", async () => {
    const world = start();
    const issues = (options) => {
        const error = thrown(() => createOAuth({ ...world.settings, ...options }));
        assert.ok(error instanceof ValidationError, `${error}`);
        assert.doesNotMatch(inspect(error), new RegExp(`${CLIENT_SECRET}|${KEY}|short-key`));
        return error.issues.map(({ path }) => path);
    };
    const inherited = Object.assign(Object.create({ baseUrl: "https://api.example" }), world.settings);
    assert.deepEqual(thrown(() => createOAuth(inherited)).issues.map(({ path }) => path), ["baseUrl"]);
    for (const [options, path] of [
        [{ clientId: undefined }, "clientId"],
        [{ clientSecret: "" }, "clientSecret"],
        [{ clientSecret: 7 }, "clientSecret"],
        [{ redirectUri: "http://app.example/callback" }, "redirectUri"],
        [{ redirectUri: "/callback" }, "redirectUri"],
        [{ scopes: [] }, "scopes"],
        [{ scopes: undefined }, "scopes"],
        [{ store: undefined }, "store"],
        [{ store: {} }, "store"],
        [{ encryptionKey: "short-key" }, "encryptionKey"],
        [{ encryptionKey: [] }, "encryptionKey"],
        [{ encryptionKey: [KEY, "short-key"] }, "encryptionKey"],
        [{ encryptionKey: 7 }, "encryptionKey"],
        [{ fetch: "x" }, "fetch"],
        [{ now: 7 }, "now"],
        [{ apiVersion: "v\n3" }, "apiVersion"],
        [{ baseUrl: "http://api.example" }, "baseUrl"],
        [{ userType: "Agency" }, "userType"],
        [{ timeoutMs: -1 }, "timeoutMs"],
        [{ unsolicited: "yes" }, "unsolicited"],
        [{ secret: "x" }, "secret"],
    ]) {
        assert.deepEqual(issues(options), [path], JSON.stringify(options));
    }
    assert.deepEqual(issues({ clientId: undefined, store: 7 }).sort(), ["clientId", "store"]);
    assert.ok(thrown(() => createOAuth()) instanceof ValidationError);
    assert.ok(thrown(() => createOAuth(null)) instanceof ValidationError);
    const { oauth } = world;
    for (const [call, path] of [
        [oauth.token(), "locationId"],
        [oauth.token(""), "locationId"],
        [oauth.token(7), "locationId"],
        [oauth.token("a b"), "locationId"],
        [oauth.token({}), "locationId"],
        [oauth.token(LOCATION, { companyId: "" }), "companyId"],
        [oauth.reconnect(), "locationId"],
        [oauth.reconnect({}), "companyId"],
        [oauth.forget(null), "locationId"],
        [oauth.onInstall(), ""],
        [oauth.onInstall({ type: "OrderCreate" }), "type"],
        [oauth.onInstall({ type: "INSTALL" }), "locationId"],
        [oauth.onInstall({ type: "INSTALL", locationId: "a b", companyId: COMPANY }), "locationId"],
        [oauth.authorizeUrl({ state: 7 }), "state"],
        [oauth.authorizeUrl({ state: "x".repeat(1025) }), "state"],
    ]) {
        const error = await failure(call);
        assert.ok(error instanceof ValidationError, `${path}: ${error}`);
        assert.deepEqual(error.issues.map((issue) => issue.path), [path]);
    }
});

test("a store that fails is said to have failed, and loses no token that was already answered", async () => {
    const inner = memoryStore();
    let failing = 0;
    const store = {
        run: (id, work) => inner.run(id, (tx) => work({
            get: tx.get,
            put: async (row) => {
                if (failing > 0 && --failing >= 0) throw new Error("the disk is full");
                return tx.put(row);
            },
        })),
    };
    const world = start({ store });
    await install(world);
    const { oauth, server, clock } = world;
    clock.ms += DAY;
    // The intent is written, the answer is not: not at once, and not on the first further try.
    let intents = 0;
    server.fault = ({ fields }) => {
        if (fields.grant_type === "refresh_token" && intents++ === 0) failing = 4;
        return undefined;
    };
    assert.ok(server.accepts(await oauth.token(LOCATION)));
    assert.deepEqual(server.posts.map(({ path }) => path), ["/oauth/token", "/oauth/token"]);
    clock.ms += DAY;
    assert.ok(server.accepts(await oauth.token(LOCATION)));
    assert.equal(server.posts.length, 3);
    const dead = start({ store: { run: () => Promise.reject(new Error("no database")) } });
    const error = await failure(dead.oauth.token(LOCATION));
    assert.deepEqual([error.code, error.retryable, error.cause.message], ["store_failed", true, "no database"]);
});

test("no error, printout or JSON text holds a secret", async () => {
    const world = start();
    const { oauth, server, clock } = world;
    await install(world);
    const shown = [inspect(oauth, { depth: 9, showHidden: true }), JSON.stringify(oauth)];
    clock.ms += DAY;
    server.fault = ({ fields }) => {
        const text = Object.values(fields).join(" ");
        return Response.json({ error: "invalid_grant", error_description: text }, { status: 400 });
    };
    const error = await failure(oauth.token(LOCATION));
    assert.ok(OAuthError.is(error) && error instanceof OAuthError);
    shown.push(inspect(error, { depth: 9 }), JSON.stringify(error), error.stack, `${error}`);
    server.fault = () => Response.json({ refresh_token: "refresh-x" });
    const installing = await failure(install(world));
    assert.match(installing.message, /access_token is missing/);
    shown.push(inspect(installing, { depth: 9 }));
    for (const text of shown) assert.doesNotMatch(text, /access-\d|refresh-[\dx]|code-\d|client-secret/);
});

test("what webhooks tell of and no callback brings is reconnected by token() itself, once a minute where HighLevel refuses", async () => {
    const company = { companyId: COMPANY };
    const asked = ({ server }) => server.posts.map(({ path, fields }) => `${path} ${fields.locationId ?? fields.companyId ?? ""}`.trim());
    const reconnects = (world) => asked(world).filter((line) => line.startsWith("/oauth/reconnect"));
    for (const event of [{ locationId: LOCATION }, { locationId: LOCATION, companyId: COMPANY }]) {
        const world = start();
        const { oauth, server, clock } = world;
        const installed = { type: "INSTALL", ...event };
        await oauth.onInstall(installed);
        assert.equal(server.posts.length, 0);
        assert.equal((await failure(oauth.token(LOCATION))).code, "needs_install");
        const before = server.posts.length;
        assert.equal(reconnects(world).length, event.companyId ? 2 : 1, "HighLevel was asked");
        assert.equal((await failure(oauth.token(LOCATION))).code, "needs_install");
        assert.equal(server.posts.length, before, "not again at once");
        // By hand at once, with a new INSTALL at once, and else after a minute.
        assert.equal((await failure(oauth.reconnect(LOCATION))).code, "needs_install");
        assert.ok(server.posts.length > before);
        server.install(LOCATION);
        clock.ms += 1000;
        await oauth.onInstall(installed);
        assert.ok(server.accepts(await oauth.token(LOCATION)));
        assert.equal(asked(world).at(-2), `/oauth/reconnect ${LOCATION}`);
    }
    const late = start();
    await late.oauth.onInstall({ type: "INSTALL", ...account });
    await failure(late.oauth.token(LOCATION));
    late.server.install(LOCATION);
    late.clock.ms += 61_000;
    assert.ok(late.server.accepts(await late.oauth.token(LOCATION)), "after a minute it is asked again");
    // A company, and a location under it.
    const world = start();
    world.server.grant(company);
    world.server.install(LOCATION);
    await world.oauth.onInstall({ type: "INSTALL", ...company });
    await world.oauth.onInstall({ type: "INSTALL", ...account });
    assert.equal(world.server.posts.length, 0);
    assert.ok(world.server.accepts(await world.oauth.token(LOCATION)));
    assert.deepEqual(asked(world), [`/oauth/reconnect ${COMPANY}`, "/oauth/token", `/oauth/locationToken ${LOCATION}`]);
    // By hand, also where only the location has told of its company.
    const byHand = start();
    byHand.server.install(LOCATION);
    await byHand.oauth.onInstall({ type: "INSTALL", ...account });
    await byHand.oauth.reconnect(LOCATION);
    assert.ok(byHand.server.accepts(await byHand.oauth.token(LOCATION)));
    // What nobody has told of is not asked for.
    assert.equal((await failure(start().oauth.token(LOCATION, company))).code, "needs_install");
});

test("an UNINSTALL that is older than the installation changes nothing", async () => {
    const world = start();
    await install(world);
    const { oauth, clock, server } = world;
    const gone = (ms) => oauth.onInstall({ type: "UNINSTALL", ...account, timestamp: new Date(ms).toISOString() });
    await gone(clock.ms - 1000);
    assert.ok(server.accepts(await oauth.token(LOCATION)));
    await oauth.onInstall({ type: "UNINSTALL", timestamp: new Date(clock.ms - 1000).toISOString(), data: account });
    assert.ok(server.accepts(await oauth.token(LOCATION)));
    // A refresh makes no installation of it.
    const at = clock.ms;
    clock.ms += DAY;
    await oauth.token(LOCATION);
    await gone(at + 1);
    assert.deepEqual(await failed(oauth), ["needs_install", undefined, false]);
});

test("an event whose timestamp lies in the future is as one of some minutes from now", async () => {
    for (const timestamp of ["2999-01-01T00:00:00.000Z", 32_503_680_000_000]) {
        const world = start();
        const { oauth, clock, server } = world;
        await install(world);
        await oauth.onInstall({ type: "INSTALL", ...account, timestamp });
        clock.ms += 301_000;
        await oauth.onInstall({ type: "UNINSTALL", ...account, timestamp: new Date(clock.ms).toISOString() });
        assert.deepEqual(await failed(oauth), ["needs_install", undefined, false]);
        await oauth.onInstall({ type: "UNINSTALL", ...account, timestamp });
        clock.ms += 301_000;
        await install(world);
        assert.ok(server.accepts(await oauth.token(LOCATION)));
    }
});

test("when a company removes the app, its locations' tokens are gone, until it is installed again", async () => {
    const world = start();
    const { oauth, server, clock, settings } = world;
    // By itself the location has no app.
    server.reconnects = false;
    server.install(LOCATION);
    await install(world, { companyId: COMPANY });
    await oauth.onInstall({ type: "INSTALL", ...account });
    const first = await oauth.token(LOCATION);
    const other = createOAuth(settings);
    assert.equal(await other.token(LOCATION), first);
    const posts = server.posts.length;
    await oauth.onInstall({ type: "UNINSTALL", companyId: COMPANY, timestamp: new Date(clock.ms - 1).toISOString() });
    assert.equal(await oauth.token(LOCATION), first, "an older event");
    clock.ms += 1000;
    const event = { type: "UNINSTALL", companyId: COMPANY, timestamp: new Date(clock.ms).toISOString() };
    await oauth.onInstall(event);
    assert.deepEqual(await failed(oauth), ["needs_install", 400, false]);
    assert.deepEqual(server.posts.slice(posts).map(({ path }) => path), ["/oauth/reconnect"], "whether it has the app by itself, and nothing else");
    assert.deepEqual(await failed(oauth), ["needs_install", undefined, false]);
    clock.ms += 61_000;
    assert.deepEqual(await failed(other), ["needs_install", undefined, false]);
    assert.deepEqual(await failed(other, { companyId: COMPANY }), ["needs_install", undefined, false]);
    assert.equal(server.posts.length, posts + 1, "HighLevel is not asked again");
    clock.ms += 1000;
    await install(world, { companyId: COMPANY });
    await oauth.onInstall({ type: "INSTALL", ...account });
    const second = await oauth.token(LOCATION);
    assert.ok(second !== first && server.accepts(second));
    await oauth.onInstall(event);
    assert.equal(await oauth.token(LOCATION), second, "it comes again, late");
    await oauth.forget({ companyId: COMPANY });
    assert.deepEqual(await failed(oauth), ["needs_install", 400, false]);
    assert.deepEqual(await failed(oauth), ["needs_install", undefined, false]);
});

test("where the endpoint is down when a company has removed the app, its locations are asked for again later", async () => {
    const world = start();
    const { oauth, server, clock } = world;
    server.install(LOCATION);
    await install(world, { companyId: COMPANY });
    await oauth.onInstall({ type: "INSTALL", ...account });
    await oauth.token(LOCATION);
    clock.ms += 1000;
    await oauth.onInstall({ type: "UNINSTALL", companyId: COMPANY, timestamp: new Date(clock.ms).toISOString() });
    server.fault = () => new Response(null, { status: 503 });
    assert.deepEqual(await failed(oauth), ["endpoint_failed", 503, true]);
    server.fault = () => undefined;
    assert.ok(server.accepts(await oauth.token(LOCATION)), "by itself it has the app");
    assert.equal(server.posts.at(-2).path, "/oauth/reconnect");
});

test("where the key is lost, token() says so, and reconnect(), the callback and forget() work", async () => {
    for (const repair of [({ oauth }) => oauth.reconnect(LOCATION), install]) {
        const world = start();
        await install(world);
        const again = { ...world, oauth: createOAuth({ ...world.settings, encryptionKey: "another-key-another-key" }) };
        const error = await failure(again.oauth.token(LOCATION));
        assert.equal(error.code, "row_unreadable");
        assert.match(error.message, /reconnect\(\) or forget\(\)/);
        await repair(again);
        assert.ok(again.server.accepts(await again.oauth.token(LOCATION)));
        await world.oauth.forget(LOCATION);
        assert.deepEqual(await failed(createOAuth(world.settings)), ["needs_install", undefined, false]);
    }
});

test("a callback sends nobody to another origin that the app does not write out", async () => {
    const world = start();
    const { oauth, server } = world;
    const go = async (redirectTo) => oauth.callback(await browse(oauth, server.code(account)), { redirectTo });
    for (const target of ["//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", " //evil.example", "https:\\\\evil.example", "javascript:alert(1)", "http://"]) {
        const error = await failure(go(target));
        assert.ok(error instanceof ValidationError, `${target}: ${error}`);
        assert.deepEqual(error.issues.map(({ path }) => path), ["redirectTo"]);
    }
    for (const [target, location] of [["/a//b?c", "https://app.example/a//b?c"], ["a", "https://app.example/a"], ["https://shop.example/x", "https://shop.example/x"]]) {
        assert.equal((await go(() => target)).headers.get("location"), location);
    }
});

test("a store with one lock for all ids does not hang", async () => {
    const inner = memoryStore();
    let last = Promise.resolve();
    const store = {
        run(id, work) {
            const turn = last.then(() => inner.run(id, work));
            last = turn.catch(() => {});
            return turn;
        },
    };
    const world = start({ store });
    const { oauth, server } = world;
    server.install(LOCATION);
    server.install("another");
    await install(world, { companyId: COMPANY, approvedLocations: ["another"] });
    await oauth.onInstall({ type: "INSTALL", ...account });
    for (const id of [LOCATION, "another"]) assert.ok(server.accepts(await oauth.token(id)));
    server.reconnects = false;
    await oauth.onInstall({ type: "UNINSTALL", companyId: COMPANY });
    assert.equal((await failure(oauth.token("another"))).code, "needs_install");
});

test("under a clock of its own a state counts once, and rows in memory expire by that clock", async () => {
    let ms = Date.UTC(2020, 0, 1);
    const now = () => ms;
    for (const store of [memoryStore(), memoryStore({ now })]) {
        const world = start({ store, now }, { now });
        const request = await browse(world.oauth, world.server.code(account));
        await world.oauth.callback(request.clone());
        assert.equal((await failure(world.oauth.callback(request))).code, "state_replayed");
    }
    const store = memoryStore({ now });
    await store.run("a", (tx) => tx.put({ value: "x", expiresAt: ms + 1 }));
    assert.ok(await store.run("a", (tx) => tx.get()));
    ms += 1;
    assert.equal(await store.run("a", (tx) => tx.get()), null);
});

test("a webhook of another app is refused", async () => {
    const { oauth } = start({ clientId: "6653f0a1-lx8k" });
    for (const type of ["INSTALL", "UNINSTALL"]) {
        const error = await failure(oauth.onInstall({ type, appId: "another", ...account }));
        assert.deepEqual(error.issues?.map(({ path }) => path), ["appId"]);
        await oauth.onInstall({ type, appId: "6653f0a1", ...account });
        await oauth.onInstall({ type, ...account });
    }
    await start({ clientId: "6653f0a1" }).oauth.onInstall({ type: "INSTALL", appId: "another", ...account });
});

test("a clock that is none never makes what is stored count as nothing", async () => {
    const world = start();
    await install(world);
    for (const now of [async () => Date.now(), () => Number.NaN, () => "1764460800000", () => undefined]) {
        assert.throws(() => createOAuth({ ...world.settings, now }), (error) => error.name === "ValidationError" && error.issues[0].path === "now");
        assert.throws(() => memoryStore({ now }), (error) => error.name === "ValidationError" && error.issues[0].path === "now");
    }
    let time = Date.now();
    const oauth = createOAuth({ ...world.settings, now: () => time });
    time = Number.NaN;
    await assert.rejects(oauth.token(LOCATION), (error) => error.name === "ValidationError" && error.issues[0].path === "now");
    time = Date.now();
    assert.ok(world.server.accepts(await oauth.token(LOCATION)));
});
