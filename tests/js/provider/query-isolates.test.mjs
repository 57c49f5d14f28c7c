// The queryUrl in two isolates of the real workerd that share a store: one charge is verified once, refunds stay within it.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { bundleWorker, tool } from "../support/support.mjs";

const KEY = "sk_live_isolates";
const LOCATION = "3SwdhCu3svxI8AKsPJt6";

/** The gateway is a table: what it was asked, and what it gave back by which key. */
const WORKER = `
    import { accountLookup, createQueryHandler, d1Store, durableStore, pending, succeeded } from "ghl-payments/edge";
    export { TokenKeeper } from "ghl-payments/cloudflare";
    const lookup = accountLookup([{ locationId: "${LOCATION}", mode: "live", apiKey: "${KEY}" }]);
    export default {
        async fetch(request, env, ctx) {
            const { DB } = env;
            const sql = (query, ...values) => DB.prepare(query).bind(...values).all().then(({ results }) => results);
            const { pathname } = new URL(request.url);
            if (pathname === "/schema") {
                await sql("CREATE TABLE asked (charge TEXT)");
                await sql("CREATE TABLE refunds (key TEXT PRIMARY KEY, charge TEXT, minor INTEGER)");
                return new Response();
            }
            if (pathname === "/books") {
                return Response.json({
                    asked: await sql("SELECT charge, COUNT(*) AS times FROM asked GROUP BY charge"),
                    refunds: await sql("SELECT charge, SUM(minor) AS minor FROM refunds GROUP BY charge"),
                });
            }
            return createQueryHandler({
                lookup,
                verifies: pathname === "/d1" ? d1Store(DB, { table: "charges" }) : durableStore(env.CHARGES),
                async verify(q) {
                    await sql("INSERT INTO asked VALUES (?)", q.chargeId);
                    await new Promise((resolve) => setTimeout(resolve, 30));
                    if (q.chargeId.startsWith("pending")) return pending();
                    return succeeded(q, { charge: { amount: { minor: 10000, currency: "USD" } } });
                },
                async refund(q) {
                    await sql("INSERT INTO refunds VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING", q.idempotencyKey, q.chargeId, q.amount.minor);
                    if (q.amount.minor === 1111) throw new Error("the answer was lost");
                    return succeeded(q, { id: q.idempotencyKey });
                },
            })(request, ctx);
        },
    };
`;

let folder;
let world;
let workers;

before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ghl-query-"));
    const { Miniflare } = tool("miniflare");
    const modules = await bundleWorker(WORKER);
    const isolate = (name) => ({
        name,
        modules,
        compatibilityDate: "2026-01-01",
        d1Databases: { DB: "books" },
        durableObjects: { CHARGES: name === "one" ? { className: "TokenKeeper", useSQLite: true } : { className: "TokenKeeper", scriptName: "one", useSQLite: true } },
    });
    world = new Miniflare({ workers: [isolate("one"), isolate("two")], d1Persist: folder, durableObjectsPersist: folder });
    workers = [await world.getWorker("one"), await world.getWorker("two")];
    await workers[0].fetch("https://p.test/schema");
});

after(async () => {
    await world?.dispose();
    rmSync(folder, { recursive: true, force: true });
});

async function post(at, store, body) {
    const response = await workers[at % 2].fetch(`https://p.test/${store}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ apiKey: KEY, transactionId: "t", ...body }),
    });
    return { status: response.status, ...(await response.json()) };
}

const books = async (name, charge) => {
    const all = await (await workers[0].fetch("https://p.test/books")).json();
    return all[name].find((row) => row.charge === charge);
};

for (const store of ["d1", "durable"]) {
    test(`${store}: of twenty verifies at once in two isolates the gateway hears one, and the answer stays`, async () => {
        const charge = `paid-${store}`;
        const verify = (at) => post(at, store, { type: "verify", chargeId: charge });
        const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => verify(at)));
        assert.ok(answers.every(({ status, success }) => status === 200 && success));
        assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
        assert.deepEqual(await verify(1), answers[0]);
        assert.deepEqual(await books("asked", charge), { charge, times: 1 });
        const open = (at) => post(at, store, { type: "verify", chargeId: `pending-${store}` });
        assert.deepEqual([(await open(0)).success, (await open(1)).success], [false, false]);
        assert.equal((await books("asked", `pending-${store}`)).times, 2);
    });

    test(`${store}: refunds at once in two isolates stay within the charge, also where an answer is lost`, async () => {
        const charge = `paid-${store}`;
        const refund = (at, amount) => post(at, store, { type: "refund", chargeId: charge, amount });
        const lost = await Promise.all([refund(0, 11.11), refund(1, 11.11)]);
        assert.deepEqual(lost.map(({ status }) => status), [500, 500]);
        const answers = await Promise.all(Array.from({ length: 8 }, (_, at) => refund(at, 30)));
        assert.equal(answers.filter(({ success }) => success).length, 2);
        assert.deepEqual(await books("refunds", charge), { charge, minor: 7111 });
    });
}
