// One store, many isolates of the real workerd: a refresh token is used once, whoever asks, and no crash loses an installation.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { CLIENT_ID, CLIENT_SECRET, COMPANY, highlevel, serve } from "../support/highlevel.mjs";
import { account, startIsolates } from "../support/isolates.mjs";
import { LOCATION } from "../support/stub.mjs";

/** With `--all` as many as the figures promise; otherwise as few as still say something. */
const ALL = process.env.GHL_APPS === "all";
const ISOLATES = 8;
const ROUNDS = ALL ? 1000 : 60;
const KILLS = ALL ? 200 : 16;
const INSTALLS = ALL ? 500 : 120;

const STORES = ["durable", "d1"];

/** The stub over HTTP, and isolates that ask it. */
async function start(options, world) {
    const endpoints = highlevel(world);
    const server = await serve(endpoints);
    const begin = () => startIsolates({ ...options, baseUrl: server.baseUrl, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET });
    return { endpoints, server, begin };
}

async function installed(isolates, endpoints, who = account) {
    const { value, message } = await isolates.ask(0, `/callback?code=${endpoints.code(who)}`);
    assert.ok(value, message);
}

/** How often tokens were asked for with a refresh token, and how often with one that another one had followed. */
function counted(endpoints) {
    const counts = { calls: 0, dead: 0 };
    endpoints.fault = ({ path, fields }) => {
        if (path === "/oauth/token" && fields.grant_type === "refresh_token") {
            counts.calls++;
            if (endpoints.live.get(`location:${LOCATION}`) !== fields.refresh_token) counts.dead++;
        }
        if (path === "/oauth/reconnect") counts.dead++;
        return undefined;
    };
    return counts;
}

for (const store of STORES) {
    for (const graceMs of [0, 30_000]) {
        const mode = `${graceMs > 0 ? "grace" : "strict"}, ${store === "d1" ? "D1" : "Durable Objects"}`;
        test(`${ISOLATES} isolates that want another token at once make one request (${mode})`, async () => {
            const { endpoints, server, begin } = await start({ count: ISOLATES, store }, { graceMs });
            const isolates = await begin();
            try {
                await installed(isolates, endpoints);
                const counts = counted(endpoints);
                let current = (await isolates.ask(0, `/token?location=${LOCATION}`)).value;
                for (let round = 0; round < ROUNDS; round++) {
                    const path = `/token?location=${LOCATION}&refused=${current}`;
                    const told = await Promise.all(Array.from({ length: ISOLATES }, (_, i) => isolates.ask(i, path)));
                    const tokens = new Set(told.map(({ value, message }) => value ?? message));
                    assert.equal(tokens.size, 1, `round ${round}: ${[...tokens].join(", ")}`);
                    const [token] = tokens;
                    assert.ok(token !== current && endpoints.accepts(token), `round ${round}: ${token}`);
                    current = token;
                }
                const each = (counts.calls / ROUNDS).toFixed(2);
                console.log(`figure: oauth: ${ROUNDS} rounds x ${ISOLATES} isolates, ${mode}: ${each} token calls a round, ${counts.dead} dead tokens stored`);
                assert.deepEqual(counts, { calls: ROUNDS, dead: 0 });
            } finally {
                await isolates.dispose();
                server.close();
            }
        });
    }
}

/** Where the runtime is killed, and how a test gets there. */
const PHASES = ["intent stored, endpoint not asked", "endpoint has answered, answer lost", "answer there, not stored", "stored, not given"];

test("SIGKILL anywhere in a refresh loses no location", async () => {
    let killed = 0;
    const lost = [];
    const phases = PHASES.map(() => 0);
    for (const [number, store] of STORES.entries()) {
        const persist = mkdtempSync(join(tmpdir(), "oauth-"));
        const { endpoints, server, begin } = await start({ count: 1, store, hooks: true, lease: 1000, persist });
        let kill = () => {};
        /** Counts the writes of a refresh, and stops at the one that is wanted. */
        let wanted;
        let writes = 0;
        const answer = endpoints.answer;
        endpoints.fault = async ({ path, fields }) => {
            const [, at] = /^\/hook\/(\w+)$/.exec(path) ?? [];
            const refreshes = fields.grant_type === "refresh_token";
            if (at === "before") writes++;
            const here =
                (wanted === 0 && at === "behind" && writes === 1) ||
                (wanted === 1 && refreshes) ||
                (wanted === 2 && at === "before" && writes === 2) ||
                (wanted === 3 && at === "behind" && writes === 2);
            if (here) {
                if (wanted === 1) answer({ path, fields, headers: {} });
                phases[wanted]++;
                wanted = undefined;
                kill();
                return new Promise(() => {});
            }
            return at ? new Response("go on") : undefined;
        };
        let isolates = await begin();
        try {
            await installed(isolates, endpoints);
            let { value: current } = await isolates.ask(0, `/token?location=${LOCATION}`);
            for (let i = 0; i < KILLS / STORES.length; i++) {
                // Both kinds of servers in turn; one without a grace has only the reconnect.
                endpoints.graceMs = i % 2 === 0 ? 0 : 30_000;
                const phase = (i >> 1) % PHASES.length;
                const ended = new Promise((resolve) => {
                    kill = () => {
                        isolates.kill();
                        killed++;
                        resolve();
                    };
                });
                [wanted, writes] = [phase, 0];
                const asked = isolates.ask(0, `/token?location=${LOCATION}&refused=${current}`).catch(() => {});
                await ended;
                await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 100))]);
                await isolates.dispose().catch(() => {});
                isolates = await begin();
                const { value, message } = await isolates.ask(0, `/token?location=${LOCATION}&refused=${current}`);
                if (value === undefined || value === current || !endpoints.accepts(value)) lost.push(`${store}, ${PHASES[phase]}: ${message}`);
                // What is stored is what counts, and not its predecessor.
                endpoints.graceMs = 0;
                const next = await isolates.ask(0, `/token?location=${LOCATION}&refused=${value}`);
                if (!endpoints.accepts(next.value)) lost.push(`${store}, ${PHASES[phase]}, afterwards: ${next.message}`);
                current = next.value;
            }
        } finally {
            await isolates.dispose().catch(() => {});
            server.close();
            rmSync(persist, { recursive: true, force: true });
        }
        assert.equal(number < STORES.length, true);
    }
    console.log(`figure: oauth: ${killed} SIGKILLs of workerd over ${PHASES.length} phases (${phases.join(", ")}): ${lost.length} locations lost`);
    assert.deepEqual(lost, []);
    assert.equal(killed, KILLS);
});

test(`${INSTALLS} INSTALLs at once are one token call each, and no 429`, async () => {
    const count = 4;
    const { endpoints, server, begin } = await start({ count, store: "durable" });
    const isolates = await begin();
    try {
        await installed(isolates, endpoints, { companyId: COMPANY });
        const locations = Array.from({ length: INSTALLS }, (_, i) => `location${i}`);
        for (const location of locations) endpoints.install(location);
        // Half of them are delivered in two isolates at once.
        const events = locations.flatMap((location, i) => (i % 2 === 0 ? [[location, i % count]] : [[location, i % count], [location, (i + 1) % count]]));
        // All deliveries of one event name the time of that event. One whose connection breaks, of 750 at once to one machine,
        // comes again, as HighLevel does it.
        const timestamp = new Date().toISOString();
        const deliver = async (location, isolate, tries = 1) => {
            try {
                return await isolates.ask(isolate, `/install?location=${location}&company=${COMPANY}&timestamp=${timestamp}`);
            } catch (error) {
                if (tries === 5) throw error;
                await pause(100 * tries);
                return deliver(location, isolate, tries + 1);
            }
        };
        const told = await Promise.all(events.map(([location, isolate]) => deliver(location, isolate)));
        assert.deepEqual(told.filter(({ code, message }) => code ?? message), []);
        // Again, after their tokens are there: a delivery that comes late is no other installation.
        await Promise.all(locations.slice(0, 20).map((location, i) => deliver(location, i % count)));
        const tokens = await Promise.all(locations.map((location, i) => isolates.ask((i + 2) % count, `/token?location=${location}`)));
        assert.ok(tokens.every(({ value }) => endpoints.accepts(value)));
        const asked = endpoints.posts.filter(({ path }) => path === "/oauth/locationToken").map(({ fields }) => fields.locationId);
        const each = (asked.length / INSTALLS).toFixed(2);
        console.log(`figure: oauth: ${INSTALLS} INSTALLs at once (${events.length + 20} deliveries, ${count} isolates): ${each} token calls each, ${endpoints.refused} answers of 429`);
        assert.deepEqual([asked.length, new Set(asked).size, endpoints.refused], [INSTALLS, INSTALLS, 0]);
    } finally {
        await isolates.dispose();
        server.close();
    }
});

test("a request that ends in the middle of a refresh does not stop the next one", async () => {
    for (const store of STORES) {
        const { endpoints, server, begin } = await start({ count: 1, store, lease: 1000 });
        const isolates = await begin();
        try {
            await installed(isolates, endpoints);
            const { value } = await isolates.ask(0, `/token?location=${LOCATION}`);
            const path = `?location=${LOCATION}&refused=${value}`;
            // Never answered: nothing of the request that asked is left by then.
            let hung = 0;
            endpoints.fault = ({ fields }) => (fields.grant_type === "refresh_token" && hung++ === 0 ? new Promise(() => {}) : undefined);
            await isolates.ask(0, `/abandon${path}`);
            const next = await isolates.ask(0, `/token${path}`);
            assert.ok(next.value !== value && endpoints.accepts(next.value), `${store}: ${next.message}`);
        } finally {
            await isolates.dispose();
            server.close();
        }
    }
});
