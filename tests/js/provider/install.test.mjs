// Setting a provider up in a location, and taking it out: only what differs, whatever broke half-way.

import assert from "node:assert/strict";
import test from "node:test";
import { createProvider, PaymentsClient } from "ghl-payments/edge";
import { createSandbox } from "ghl-payments/sandbox";
import { failure } from "../support/stub.mjs";

const APP = "65f0b217a05c774da7f1efa5";

const WANTED = {
    name: "Toy Gateway",
    description: "Cards, for practice",
    paymentsUrl: "https://gateway.example/pay",
    queryUrl: "https://gateway.example/query",
    imageUrl: "https://gateway.example/logo.png",
    live: { publishableKey: "pk_live_1234567" },
    test: { publishableKey: "pk_test_1234567" },
    capabilities: { supportsSubscriptionSchedules: true },
};

const READS = ["getConfig"];

/** A sandbox in which no provider is set up, and one that is to be. */
async function make(options = {}) {
    const sandbox = createSandbox({ now: Date.now });
    const { locationId } = sandbox;
    const oauth = { token: () => sandbox.token() };
    const provider = createProvider({
        apiKeys: { live: "sk_live_1234567", test: "sk_test_1234567" },
        marketplaceAppId: APP,
        fetch: sandbox.fetch,
        api: { retryDelayMs: 1, maxRetries: 0 },
        ...options,
    });
    /** What was asked since the last call of it. */
    let seen = 0;
    const asked = () => {
        const made = sandbox.requests.slice(seen).map(({ operation }) => operation?.replace("customProvider.", ""));
        seen = sandbox.requests.length;
        return made;
    };
    const client = new PaymentsClient({ token: sandbox.token(), locationId, fetch: sandbox.fetch, maxRetries: 0 });
    await client.customProvider.delete();
    asked();
    return {
        sandbox, locationId, oauth, asked,
        install: (wanted = WANTED) => provider.install(oauth, locationId, wanted),
        uninstall: () => provider.uninstall(oauth, locationId),
        config: () => client.customProvider.getConfig(),
    };
}

/** Whether everything is as it was wanted, and there once. */
async function whole({ config, locationId }, wanted = WANTED) {
    const { paymentProvider, ...rest } = await config();
    assert.equal(rest.locationId, locationId);
    for (const name of ["name", "description", "paymentsUrl", "queryUrl", "imageUrl"]) assert.equal(rest[name], wanted[name]);
    for (const mode of ["live", "test"]) {
        const { apiKey, publishableKey } = paymentProvider[mode];
        assert.deepEqual({ apiKey, publishableKey }, { apiKey: `sk_${mode}_1234567`, publishableKey: wanted[mode].publishableKey });
    }
    assert.equal(paymentProvider.supportsSubscriptionSchedule, wanted.capabilities.supportsSubscriptionSchedules);
}

test("it is created, connected live and test, and a second time nothing is changed", async () => {
    const made = await make();
    const first = await made.install();
    assert.deepEqual(first, { locationId: made.locationId, changed: ["created", "connected"] });
    assert.deepEqual(made.asked(), ["getConfig", "create", "getConfig", "connect"]);
    await whole(made);
    made.asked();
    assert.deepEqual((await made.install()).changed, []);
    assert.deepEqual(made.asked(), READS);
});

test("only what differs is changed", async () => {
    const made = await make();
    await made.install();
    made.asked();
    for (const [changes, changed, calls] of [
        [{ name: "Toy" }, ["updated"], ["getConfig", "create", "getConfig"]],
        [{ test: { publishableKey: "pk_test_7654321" } }, ["connected"], ["getConfig", "connect"]],
        [{ capabilities: { supportsSubscriptionSchedules: false } }, ["capabilities"], ["getConfig", "updateCapabilities"]],
    ]) {
        const wanted = { ...WANTED, ...changes };
        assert.deepEqual((await made.install(wanted)).changed, changed);
        assert.deepEqual(made.asked(), calls);
        await whole(made, wanted);
        await made.install();
        made.asked();
    }
});

test("a mode that is left out stays as it is", async () => {
    const made = await make();
    const { live, ...rest } = WANTED;
    assert.deepEqual((await made.install(rest)).changed, ["created", "connected"]);
    assert.equal((await made.config()).paymentProvider.live.apiKey, undefined);
    await made.install({ ...rest, test: undefined, live });
    await whole(made);
    assert.deepEqual((await made.install(rest)).changed, []);
});

test("whatever breaks at any step, the next try finishes it, and there is one provider", async () => {
    const FAULTS = ["status=503", "status=429", "status=401", "drop", "applied-then=500", "applied-then=drop", "applied-then=html", "html=200", "truncated"];
    const STEPS = ["getConfig", "create", "connect", "updateCapabilities"];
    let runs = 0;
    let broke = 0;
    for (const fault of FAULTS) {
        for (const step of STEPS) {
            const made = await make();
            if (step === "updateCapabilities") await made.install({ ...WANTED, capabilities: undefined });
            made.sandbox.faults.add(fault, { operation: `customProvider.${step}` });
            const outcome = await made.install().catch((error) => error);
            if (outcome instanceof Error) {
                broke++;
                assert.ok(["not_sent", "rejected", "unknown", "applied"].includes(outcome.outcome), `${fault} at ${step}: ${outcome}`);
                await made.install();
            }
            await whole(made);
            assert.deepEqual((await made.install()).changed, [], `${fault} at ${step}`);
            runs++;
        }
    }
    console.log(`figure: installation: ${runs} faults at ${STEPS.length} steps, ${broke} failed at first, all whole after one more try`);
    assert.ok(broke > 20, `${broke}`);
});

test("taken out, nothing is left, and a second time nothing is changed, also after faults at any step", async () => {
    const FAULTS = ["status=503", "drop", "applied-then=500", "applied-then=drop"];
    for (const fault of [undefined, ...FAULTS]) {
        for (const step of fault === undefined ? ["none"] : ["getConfig", "disconnect", "delete"]) {
            const made = await make();
            await made.install();
            if (fault !== undefined) made.sandbox.faults.add(fault, { operation: `customProvider.${step}` });
            const first = await made.uninstall().catch((error) => error);
            if (fault === undefined) assert.deepEqual(first, { locationId: made.locationId, changed: ["disconnected", "deleted"] });
            if (first instanceof Error) await made.uninstall();
            await failure(made.config());
            assert.deepEqual((await made.uninstall()).changed, [], `${fault} at ${step}`);
        }
    }
});

test("whoever was faster is no failure", async () => {
    const made = await make();
    await made.install();
    made.sandbox.faults.add("applied-then=drop", { operation: "customProvider.delete" });
    const both = await Promise.allSettled([made.uninstall(), made.uninstall()]);
    assert.ok(both.some(({ status }) => status === "fulfilled"));
    await failure(made.config());
});

test("only an answer that says so means that there is no provider", async () => {
    const made = await make();
    await made.install();
    const { sandbox, oauth, locationId } = made;
    const answering = (status, message, path = /connect$/) => {
        const fetch = async (url, init) => {
            const { pathname } = new URL(url);
            const own = init.method === "GET" ? /connect$/ : init.method === "DELETE" ? /provider$/ : undefined;
            return own?.test(pathname) && path.test(pathname) ? Response.json({ message }, { status }) : sandbox.fetch(url, init);
        };
        return createProvider({ apiKey: "sk_live_1234567", marketplaceAppId: APP, fetch, api: { maxRetries: 0 } });
    };
    for (const status of [400, 402, 405, 406, 408, 409, 410, 413, 418, 422, 423, 451, 501]) {
        for (const message of ["altId must be a string", ["Location not found"], undefined]) {
            const provider = answering(status, message);
            made.asked();
            assert.equal((await failure(provider.uninstall(oauth, locationId))).status, status, `${status} ${message}`);
            assert.equal((await failure(provider.install(oauth, locationId, WANTED))).status, status, `${status} ${message}`);
            // Nor is one deleted where the deletion was refused.
            const refused = await failure(answering(status, message, /provider$/).uninstall(oauth, locationId));
            assert.equal(refused.status, status);
            assert.ok(!made.asked().includes("create"));
            await made.config();
        }
    }
    for (const [status, message] of [
        [404, "Not Found"], [404, undefined], [400, "There is no config for this locationId and marketplaceAppId"],
        [422, ["No custom provider in this location"]], [400, "Provider not found"], [422, "The config does not exist"],
    ]) {
        assert.deepEqual((await answering(status, message).uninstall(oauth, locationId)).changed, [], `${status} ${message}`);
    }
});

test("a token that may not do it, or none, is the client's error, and nothing is changed", async () => {
    const made = await make();
    const readonly = made.sandbox.token({ scopes: ["payments/custom-provider.readonly"] });
    const provider = createProvider({ apiKey: "sk_live_1234567", marketplaceAppId: APP, fetch: made.sandbox.fetch, api: { maxRetries: 0 } });
    const error = await failure(provider.install({ token: () => readonly }, made.locationId, WANTED));
    assert.ok(["AuthenticationError", "PermissionError"].includes(error.name), error.name);
    await failure(made.config());
});

test("HighLevel's other forms of a config are read: fields in providerConfig, objects as text, one that was deleted", async () => {
    const FORMS = {
        nested: (config) => ({ traceId: "t", providerConfig: config }),
        text: (config) => ({ ...config, paymentProvider: JSON.stringify(config.paymentProvider) }),
        deleted: (config) => ({ ...config, deleted: true }),
        empty: () => ({ traceId: "t" }),
    };
    for (const [name, form] of Object.entries(FORMS)) {
        const made = await make();
        await made.install();
        const calls = [];
        const provider = createProvider({
            apiKeys: { live: "sk_live_1234567", test: "sk_test_1234567" },
            marketplaceAppId: APP,
            fetch: async (url, init) => {
                calls.push(`${init.method} ${new URL(url).pathname.split("/").at(-1)}`);
                const response = await made.sandbox.fetch(url, init);
                return init.method === "GET" ? Response.json(form(await response.json())) : response;
            },
        });
        const { changed } = await provider.install(made.oauth, made.locationId, WANTED);
        const there = name === "nested" || name === "text";
        assert.deepEqual(changed, there ? [] : ["created", "connected", "capabilities"], name);
        assert.equal(calls.length, there ? 1 : 5, `${name}: ${calls}`);
    }
});

test("what is wrong is named before anything is asked", async () => {
    const made = await make();
    const paths = async (wanted) => (await failure(made.install(wanted))).issues.map(({ path }) => path);
    assert.deepEqual(await paths({}), ["name", "description", "paymentsUrl", "queryUrl", "imageUrl", "live"]);
    assert.deepEqual(await paths({ ...WANTED, live: {}, logo: "x", capabilities: { supportsSubscriptionSchedules: "yes" } }), [
        "capabilities.supportsSubscriptionSchedules", "logo", "live.publishableKey",
    ]);
    assert.equal(made.asked().length, 0);
    const provider = createProvider({ apiKey: "k", marketplaceAppId: APP });
    assert.equal((await failure(provider.install(undefined, "l", WANTED))).issues[0].path, "oauth");
    assert.equal((await failure(provider.install(made.oauth, "", WANTED))).issues[0].path, "locationId");
    assert.equal((await failure(provider.uninstall({}, "l"))).issues[0].path, "oauth");
    // The client's own check: HighLevel takes https addresses only.
    assert.deepEqual(await paths({ ...WANTED, paymentsUrl: "http://gateway.example/pay" }), ["paymentsUrl"]);
});
