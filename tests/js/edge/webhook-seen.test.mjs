// Deliveries that come four times each, over two isolates of the real workerd that is killed meanwhile: each is handled once.

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { d1Seen, d1Store } from "ghl-payments/edge";
import { bundleWorker, tool } from "../support/support.mjs";

/** With `--all` as many as the figures promise; otherwise as few as still say something. */
const ALL = process.env.GHL_APPS === "all";
const IDS = ALL ? 10_000 : 300;
const KILLS = ALL ? 20 : 3;
const TIMES = 4;
/** How many deliveries are under way at once. */
const AT_ONCE = 32;

const PAIR = generateKeyPairSync("ed25519");
const KEY = PAIR.publicKey.export({ type: "spki", format: "pem" });

/**
 * Two handlers, one on D1 and one on Durable Objects. What the first one writes joins the mark of the store, what the second one
 * writes comes before it.
 */
const WORKER = `
    import { createWebhookHandler, d1Seen, durableSeen } from "ghl-payments/edge";
    export { WebhookLedger } from "ghl-payments/cloudflare";
    const SCHEMA = [
        "CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, count INTEGER NOT NULL)",
        "CREATE TABLE IF NOT EXISTS runs (id TEXT NOT NULL, run TEXT PRIMARY KEY, ended INTEGER NOT NULL)",
    ];
    export default {
        async fetch(request, { DB, LEDGER, KEY }) {
            const options = { keys: [KEY], leaseMs: 1000 };
            const { pathname } = new URL(request.url);
            if (pathname === "/d1") {
                const effect = (id) => DB.prepare(
                    "INSERT INTO effects VALUES (?1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1",
                ).bind(id);
                const on = { OrderCreate: (event, { id }) => [effect(id)] };
                return createWebhookHandler({ ...options, on, seen: d1Seen(DB) })(request);
            }
            if (pathname === "/durable") {
                const on = {
                    async OrderCreate(event, { id }) {
                        const run = crypto.randomUUID();
                        await DB.prepare("INSERT INTO runs VALUES (?1, ?2, 0)").bind(id, run).run();
                        await DB.prepare("UPDATE runs SET ended = 1 WHERE run = ?1").bind(run).run();
                    },
                };
                return createWebhookHandler({ ...options, on, seen: durableSeen(LEDGER, { shards: 4 }) })(request);
            }
            if (pathname === "/schema") await DB.batch(SCHEMA.map((sql) => DB.prepare(sql)));
            const rows = async (sql) => (await DB.prepare(sql).all()).results;
            return Response.json({
                effects: await rows("SELECT count, COUNT(*) AS ids FROM effects GROUP BY count"),
                runs: await rows("SELECT ended, COUNT(*) AS ids FROM (SELECT id, SUM(ended) AS ended FROM runs GROUP BY id) GROUP BY ended"),
                broken: await rows("SELECT COUNT(*) AS runs FROM runs WHERE ended = 0"),
            });
        },
    };
`;

let modules;
let folder;
let world;

async function start() {
    const { Miniflare } = tool("miniflare");
    const worker = (name) => ({
        name,
        modules,
        bindings: { KEY },
        d1Databases: { DB: "db" },
        durableObjects: { LEDGER: { className: "WebhookLedger", scriptName: "a", useSQLite: true } },
        compatibilityDate: "2025-09-01",
    });
    const miniflare = new Miniflare({
        workers: [worker("a"), worker("b")],
        d1Persist: join(folder, "d1"),
        durableObjectsPersist: join(folder, "objects"),
    });
    await miniflare.ready;
    return { miniflare, isolates: [await miniflare.getWorker("a"), await miniflare.getWorker("b")] };
}

/** The processes of workerd that this process has started. */
function children() {
    const parent = (pid) => {
        try {
            const status = readFileSync(`/proc/${pid}/status`, "utf8");
            return /^Name:\s+workerd$/m.test(status) && Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
        } catch {
            return undefined;
        }
    };
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parent(name) === process.pid).map(Number);
}

before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ghl-webhooks-"));
    modules = await bundleWorker(WORKER);
    world = await start();
    await ask("/schema");
});

after(async () => {
    await world?.miniflare.dispose();
    rmSync(folder, { recursive: true, force: true });
});

async function ask(path) {
    const response = await world.isolates[0].fetch(`http://worker.test${path}`);
    assert.equal(response.status, 200, await response.clone().text());
    return response.json();
}

/** Kills workerd at once, and starts another one on what it has left. */
async function kill() {
    const dead = children();
    assert.equal(dead.length, 1, "one workerd to kill");
    const { miniflare } = world;
    process.kill(dead[0], "SIGKILL");
    await miniflare.dispose().catch(() => {});
    return start();
}

/** Delivers each id four times, in any order, each until it is answered with 2xx, as HighLevel does. */
async function deliver(path, prefix, count) {
    const bodies = Array.from({ length: count }, (_, index) => {
        const body = JSON.stringify({ type: "OrderCreate", _id: `o${index}`, webhookId: `${prefix}-${index}` });
        return { body, headers: { "x-ghl-signature": sign(null, Buffer.from(body), PAIR.privateKey).toString("base64") } };
    });
    // Neighbours come close together, so that several are under way at once.
    const queue = bodies.flatMap((one, index) => Array.from({ length: TIMES }, (_, time) => ({ one, at: index + ((time * 7) % 23), time })));
    queue.sort((a, b) => a.at - b.at);
    const answers = {};
    const killAt = new Set(Array.from({ length: KILLS }, (_, index) => Math.floor((queue.length * (index + 1)) / (KILLS + 1))));
    let next = 0;
    let killed = 0;
    let restarting;
    const one = async () => {
        while (next < queue.length) {
            const place = next++;
            if (killAt.has(place) && process.platform === "linux") {
                restarting = kill();
                world = await restarting;
                restarting = undefined;
                killed += 1;
            }
            const { one: { body, headers }, time } = queue[place];
            for (;;) {
                await restarting;
                let status;
                try {
                    const response = await world.isolates[time % 2].fetch(`http://worker.test${path}`, { method: "POST", body, headers });
                    ({ status } = response);
                    await response.arrayBuffer();
                } catch {
                    status = "lost";
                }
                answers[status] = (answers[status] ?? 0) + 1;
                if (status === 200) break;
                await new Promise((resolve) => setTimeout(resolve, 200));
            }
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    const listed = Object.entries(answers).map(([status, times]) => `${times} ${status}`).join(", ");
    return { killed, listed, answers };
}

test("a claim and a lease that a clock far ahead has given in D1 hold nobody off", async () => {
    const db = await world.miniflare.getD1Database("DB", "a");
    const ahead = (table, column, id, ms) =>
        db.prepare(`UPDATE ${table} SET ${column} = ${column} + ?2 WHERE id = ?1`).bind(id, ms).run();
    const seen = d1Seen(db);
    for (const [id, ms, state] of [["day", 86_400_000, "claimed"], ["hour", 3_600_000, "claimed"], ["minute", 60_000, "busy"]]) {
        assert.equal((await seen.claim(id, 1000)).state, "claimed");
        await ahead("webhook_deliveries", "until", id, ms);
        assert.equal((await seen.claim(id, 1000)).state, state, id);
    }
    const { token } = await seen.claim("done", 1000);
    assert.equal(await seen.done("done", token, 1000), true);
    await ahead("webhook_deliveries", "until", "done", 86_400_000);
    assert.equal((await seen.claim("done", 1000)).state, "done");
    // A row of tokens whose holder was killed.
    const store = d1Store(db);
    await store.run("location:a", (tx) => tx.put({ value: "kept" }));
    await db.prepare("UPDATE ghl_payments_tokens SET lease = 'dead', lease_until = ?1").bind(Date.now() + 3_600_000).run();
    assert.equal((await store.run("location:a", (tx) => tx.get())).value, "kept");
});

test("with D1 each delivery takes effect exactly once, kills included", async () => {
    const { killed, listed, answers } = await deliver("/d1", "d1", IDS);
    const { effects } = await ask("/");
    console.log(
        `figure: webhooks on D1: ${IDS} ids x ${TIMES} deliveries over 2 isolates, ${killed} SIGKILLs of workerd: ` +
            `${effects.find(({ count }) => count === 1)?.ids ?? 0} ids took effect once, ${effects.filter(({ count }) => count > 1).length} twice ` +
            `(answers: ${listed})`,
    );
    assert.deepEqual(effects, [{ count: 1, ids: IDS }]);
    assert.ok(answers[200] === IDS * TIMES);
});

test("with Durable Objects each delivery is handled to its end once, but for what a kill cut off between end and mark", async () => {
    const { killed, listed } = await deliver("/durable", "do", IDS);
    const { runs, broken } = await ask("/");
    const of = (ended) => runs.find((row) => row.ended === ended)?.ids ?? 0;
    const again = IDS - of(1);
    console.log(
        `figure: webhooks on Durable Objects: ${IDS} ids x ${TIMES} deliveries over 2 isolates, ${killed} SIGKILLs of workerd: ` +
            `${of(1)} ids handled once, ${again} a second time after a kill between end and mark, ${of(0)} never; ` +
            `${broken[0].runs} runs were cut off and made up for (answers: ${listed})`,
    );
    assert.equal(of(0), 0);
    assert.equal(runs.reduce((sum, { ids }) => sum + ids, 0), IDS);
    // Only what was under way when it was killed can be handled a second time.
    assert.ok(again <= killed * AT_ONCE);
});

test("without kills Durable Objects handle each delivery once", async () => {
    const { runs: before } = await ask("/");
    const count = Math.min(IDS, 300);
    const bodies = Array.from({ length: count }, (_, index) => {
        const body = JSON.stringify({ type: "OrderCreate", _id: `c${index}`, webhookId: `calm-${index}` });
        return { body, headers: { "x-ghl-signature": sign(null, Buffer.from(body), PAIR.privateKey).toString("base64") } };
    });
    const send = async ({ body, headers }, time) => {
        for (;;) {
            const response = await world.isolates[time % 2].fetch("http://worker.test/durable", { method: "POST", body, headers });
            await response.arrayBuffer();
            if (response.status === 200) return;
            assert.equal(response.status, 429);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    };
    for (let index = 0; index < count; index += 8) {
        const some = bodies.slice(index, index + 8).flatMap((one) => Array.from({ length: TIMES }, (_, time) => send(one, time)));
        await Promise.all(some);
    }
    const { runs } = await ask("/");
    const more = (row) => row.ids - (before.find(({ ended }) => ended === row.ended)?.ids ?? 0);
    assert.deepEqual(runs.map((row) => [row.ended, more(row)]).filter(([, ids]) => ids > 0), [[1, count]]);
    console.log(`figure: webhooks on Durable Objects, no kills: ${count} ids x ${TIMES} deliveries, all four at once over 2 isolates: each handled once`);
});
