// What the agency sync leaves in D1 and R2: exactly once, whatever comes twice, late or without an answer; in one database or two;
// files that can be checked, and a manifest that is written once.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import test, { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { row, startStore } from "../support/agency-store.mjs";
import { tool } from "../support/support.mjs";

const LOCATION = "3SwdhCu3svxI8AKsPJt6";
const STREAMS = ["orders", "transactions", "subscriptions", "coupons"];

let store;
before(async () => {
    store = await startStore();
});
after(() => store?.stop());

let number = 0;
/** Somewhere that no other test writes to. */
const where = (stream = "transactions") => ({ stream, location: `location${++number}`, run: "run-1" });
const write = (at, rows, now = 1000) => store.call("writeRows", { ...at, rows: JSON.stringify(rows), now });
const read = ({ stream, location }) => store.rows(`SELECT * FROM ${stream} WHERE location = ? ORDER BY id`, { values: [location] });

test("a row of each stream is written as it is, amounts to the last unit, bodies to the last character", async () => {
    for (const stream of STREAMS) {
        const at = where(stream);
        const body = JSON.stringify({ _id: "b", name: 'O\'Brien "\\ \u0000 \u{1f4b6} [],{}', big: 1 }).replace("1}", "12345678901234567890.10}");
        await write(at, [
            row("a", { amount: 9_007_199_254_740_991, currency: "JPY", refunded: 1 }),
            row("b", { amount: 1005, currency: "KWD", live: 0, body }),
            row("c", { created: null, updated: null, status: null, amount: null, currency: null, source: null, live: null }),
        ]);
        const [a, b, c] = await read(at);
        assert.deepEqual(a, {
            location: at.location, id: "a", created: 1_700_000_000_000, updated: 1_700_000_000_000, status: "succeeded",
            amount: 9_007_199_254_740_991, currency: "JPY", refunded: 1, source: "funnel", live: 1, body: '{"_id":"a"}',
            seen_run: "run-1", seen_at: 1000, deleted_at: null,
        });
        assert.deepEqual([b.amount, b.currency, b.refunded, b.live, b.body], [1005, "KWD", null, 0, body]);
        assert.deepEqual([c.created, c.updated, c.status, c.amount, c.currency, c.source, c.live], Array(7).fill(null));
        // As money is added up in SQL.
        const [{ type }] = await store.rows(`SELECT typeof(amount) AS type FROM ${stream} WHERE location = ? AND id = 'a'`, { values: [at.location] });
        assert.equal(type, "integer");
    }
});

test("written twice it is there once, and a later reading replaces what was there but for the time it was created", async () => {
    const at = where();
    await write(at, [row("a"), row("b")]);
    const before = await read(at);
    await write(at, [row("a"), row("b")]);
    assert.deepEqual(await read(at), before);
    await write({ ...at, run: "run-2" }, [row("a", { created: null, updated: 1_700_000_000_001, status: "refunded", amount: null, refunded: 5 })], 2000);
    const [a, b] = await read(at);
    assert.deepEqual(
        [a.created, a.updated, a.status, a.amount, a.refunded, a.seen_run, a.seen_at],
        [1_700_000_000_000, 1_700_000_000_001, "refunded", null, 5, "run-2", 2000],
    );
    assert.deepEqual(b, before[1]);
});

test("a time of creation that could not be read first is taken from a later reading, and stays then", async () => {
    for (const whole of [true, false]) {
        const at = where();
        const created = 1_790_000_000_000;
        const later = (rows, run, now) => store.call("writeRows", { ...at, run, rows: JSON.stringify(rows), now, whole });
        // The body of one is too large for D1, so that nothing else of it changes.
        await write(at, [row("a", { created: null }), row("b", { created: null, body: null }), row("c", { created: null }), row("d")]);
        await later([row("a", { created }), row("b", { created, body: null, updated: null }), row("c", { created: null }), row("d", { created })], "run-2", 2000);
        const times = async () => (await read(at)).map(({ created }) => created);
        assert.deepEqual(await times(), [created, created, null, 1_700_000_000_000]);
        await later([row("a", { created: null }), row("b", { created: created + 1 })], "run-3", 3000);
        assert.deepEqual(await times(), [created, created, null, 1_700_000_000_000]);
    }
    // The time costs its own index once, and nothing where there is nothing to correct.
    const at = where();
    const cost = async (rows, now) => (await store.ask({ name: "writeRows", args: [{ ...at, rows: JSON.stringify(rows), now }] })).written;
    await cost([row("a", { created: null }), row("b")], 1000);
    const [plain, corrected] = [await cost([row("a", { created: null }), row("b")], 2000), await cost([row("a"), row("b")], 3000)];
    assert.ok(plain === 2 && corrected > plain, `${plain}, ${corrected}`);
});

test("a window leaves alone what it has seen before, and writes what is new, has changed or is back", async () => {
    const at = where();
    const rows = [row("a"), row("b"), row("c"), row("d", { body: null })];
    await write(at, rows);
    await store.call("markDeleted", { ...at, run: "run-2", ids: ["c"], now: 1500 });
    const window = [row("a"), row("b", { refunded: 1 }), row("c"), row("d", { body: null }), row("e")];
    await store.call("writeRows", { ...at, run: "run-3", rows: JSON.stringify(window), now: 2000, whole: false });
    const seen = (await read(at)).map(({ id, seen_run, seen_at, deleted_at }) => [id, seen_run, seen_at, deleted_at]);
    assert.deepEqual(seen, [["a", "run-1", 1000, null], ...["b", "c"].map((id) => [id, "run-3", 2000, null]), ["d", "run-1", 1000, null], ["e", "run-3", 2000, null]]);
    await store.call("writeRows", { ...at, run: "late", rows: JSON.stringify([row("b", { refunded: 9 })]), now: 1999, whole: false });
    assert.equal((await read(at))[1].refunded, 1);
});

test("what arrives late takes the place of nothing that was read after it", async () => {
    const at = where();
    await write({ ...at, run: "run-2" }, [row("a", { status: "refunded" })], 2000);
    await write(at, [row("a", { status: "pending" }), row("b")], 1000);
    const rows = await read(at);
    assert.deepEqual(rows.map(({ id, status, seen_run }) => [id, status, seen_run]), [["a", "refunded", "run-2"], ["b", "succeeded", "run-1"]]);
});

test("what a full pass did not see is found page by page, marked once, and comes back when it is seen again", async () => {
    const at = where();
    const full = { ...at, run: "run-2" };
    await write(at, ["a", "b", "c", "d", "e"].map((id) => row(id)));
    await write(full, [row("b")], 2000);
    const unseen = (after, limit = 2) => store.call("unseen", { ...full, after, limit });
    assert.deepEqual([await unseen(undefined), await unseen("c"), await unseen("e")], [["a", "c"], ["d", "e"], []]);
    assert.deepEqual(await store.call("unseen", { ...full, stream: "orders", limit: 9 }), []);

    // One of them was seen meanwhile, one is seen right after; neither is deleted.
    await write({ ...at, run: "hint" }, [row("d")], 3000);
    const marked = async (ids, now) => store.call("markDeleted", { ...full, ids, now });
    assert.equal(await marked(["a", "b", "d"], 2500), 1);
    assert.deepEqual([await marked(["a"], 9000), await marked([], 9000)], [0, 0]);
    const deleted = async () => (await read(at)).map(({ id, deleted_at }) => [id, deleted_at]);
    assert.deepEqual(await deleted(), [["a", 2500], ["b", null], ["c", null], ["d", null], ["e", null]]);
    assert.deepEqual(await unseen(undefined, 9), ["c", "d", "e"]);

    await write({ ...at, run: "run-3" }, [row("a")], 4000);
    assert.deepEqual((await deleted())[0], ["a", null]);
});

test("what a clock has written that was ahead is written again, and found to be deleted, once the clock is right", async () => {
    const now = 1_796_000_000_000;
    for (const ahead of [3_600_001, 86_400_000, 974 * 31_536_000_000]) {
        for (const whole of [true, false]) {
            const at = where();
            await write({ ...at, run: "ahead" }, ["a", "b", "c"].map((id) => row(id)), now + ahead);
            await store.call("writeRows", { ...at, run: "run-2", rows: JSON.stringify([row("a", { refunded: 7 })]), now, whole });
            assert.equal(await store.call("markDeleted", { ...at, run: "run-2", ids: ["b"], now }), 1);
            const rows = (await read(at)).map(({ id, refunded, seen_at, deleted_at }) => [id, refunded, seen_at, deleted_at]);
            assert.deepEqual(rows, [["a", 7, now, null], ["b", null, now + ahead, now], ["c", null, now + ahead, null]], `${ahead}`);
        }
    }
});

test("a run that a clock has noted which was ahead is noted as ended, and stays so", async () => {
    const run = "run-ahead";
    const state = async () => {
        const [{ state, manifest }] = await store.rows("SELECT state, manifest FROM runs WHERE run = ?", { values: [run] });
        return [state, manifest];
    };
    for (const ahead of [1000, 3_600_001, 974 * 31_536_000_000]) {
        await store.call("noteRun", { ...RUN, run, now: 5000 + ahead });
        await store.call("noteRun", { ...RUN, run, state: "stalled", now: 5000 });
        assert.deepEqual(await state(), [ahead > 3_600_000 ? "stalled" : "running", null], `${ahead}`);
        await store.call("noteRun", { ...RUN, run, state: "ended", endedAt: 9, manifest: "m", now: 5500 });
        await store.call("noteRun", { ...RUN, run, now: 7000 });
        assert.deepEqual(await state(), ["ended", "m"], `${ahead}`);
        await store.rows("DELETE FROM runs WHERE run = ?", { values: [run] });
    }
});

test("a chunk larger than a parameter of D1 is written in pieces; a record larger than a row keeps all but its body", async () => {
    const at = where("orders");
    const body = (i, length) => JSON.stringify({ _id: `${i}`, text: "\u{1f4b6}".repeat(length / 4) });
    const rows = Array.from({ length: 1000 }, (_, i) => row(`${i}`.padStart(4, "0"), { amount: i, body: body(i, 6000) }));
    rows[500] = row("0500", { amount: 500, body: body(500, 1_500_000) });
    rows[600] = row("0600", { amount: 600, body: body(600, 3_000_000) });
    await write(at, rows);
    const [sum] = await store.rows(
        "SELECT count(*) AS count, sum(amount) AS amount, count(body) AS bodies, max(length(CAST(body AS BLOB))) AS longest FROM orders WHERE location = ?",
        { values: [at.location] },
    );
    assert.deepEqual(sum, { count: 1000, amount: 499_500, bodies: 999, longest: Buffer.byteLength(rows[500][9]) });
    const [{ body: last }] = await store.rows("SELECT body FROM orders WHERE location = ? AND id = '0999'", { values: [at.location] });
    assert.equal(last, rows[999][9]);
});

const LOST = { binding: "DB", method: "all", message: "D1_ERROR: Network connection lost." };

test("a lost answer of D1 is asked for again, and what it was about is there once", async () => {
    const at = where();
    const rows = JSON.stringify([row("a"), row("b")]);
    const given = { ...at, rows, now: 1000 };
    const { answers, calls } = await store.ask({ name: "writeRows", args: [given], loss: { ...LOST, times: 2 } });
    // One more looks for rows without a time.
    assert.deepEqual([answers, calls], [[{}], 3 + 1]);
    assert.equal((await read(at)).length, 2);
    const late = await store.ask({ name: "markDeleted", args: [{ ...at, run: "run-2", ids: ["a"], now: 2000 }], loss: { ...LOST, times: 1 } });
    assert.deepEqual(late.answers, [{ value: 1 }]);
    assert.deepEqual((await read(at)).map(({ deleted_at }) => deleted_at), [2000, null]);

    const { answers: [{ error }], calls: asked } = await store.ask({ name: "writeRows", args: [given], loss: { ...LOST, times: 99 } });
    assert.deepEqual([error.name, error.code, error.retryable, asked], ["AgencyError", "database_failed", true, 3]);
});

test("what fails for good is asked once, and says why and what to do; no record is in it", async () => {
    const bad = { ...where(), rows: JSON.stringify([row("a", { amount: "ten", body: "secret" })]), now: 1 };
    const { answers: [{ error }], calls } = await store.ask({ name: "writeRows", args: [bad], loss: { ...LOST, times: 0 } });
    assert.deepEqual([error.code, error.retryable, calls], ["database_failed", false, 1]);
    assert.doesNotMatch(error.json + error.message, /secret/);
    assert.deepEqual(await read(bad), []);

    const empty = await startStore({ migrated: false });
    try {
        await assert.rejects(
            empty.call("writeRows", { ...where(), rows: "[]", now: 1 }),
            ({ code, message, retryable }) => code === "database_not_migrated" && /wrangler d1 migrations apply/.test(message) && !retryable,
        );
    } finally {
        await empty.stop();
    }
    await assert.rejects(store.call("writeRows", { ...where("orders; DROP TABLE orders"), rows: "[]", now: 1 }), ({ issues: [{ path }] }) => path === "stream");
});

test("with two databases each location is in one of them, both are used, and the same ones are found again", async () => {
    const two = await startStore({ databases: 2 });
    try {
        const locations = Array.from({ length: 40 }, (_, i) => `location${i}`);
        const call = (name, location, more) => two.call(name, { stream: "orders", location, run: "run-1", ...more });
        for (const location of locations) await call("writeRows", location, { rows: JSON.stringify([row("a"), row("b")]), now: 1 });
        await two.call("noteLocations", "company", locations);
        const held = await Promise.all(
            two.names.map((database) => two.rows("SELECT location, count(*) AS count FROM orders GROUP BY location", { database })),
        );
        const of = (rows) => rows.map(({ location }) => location);
        assert.deepEqual(held.flatMap(of).sort(), [...locations].sort());
        assert.ok(held.every((rows) => rows.length >= 8 && rows.every(({ count }) => count === 2)), JSON.stringify(held.map(({ length }) => length)));
        for (const [i, database] of two.names.entries()) {
            const noted = await two.rows("SELECT location FROM locations ORDER BY location", { database });
            assert.deepEqual(of(noted), of(held[i]).sort());
        }

        // A later run finds them where they are.
        const [, [{ location }]] = held;
        assert.deepEqual(await call("unseen", location, { run: "run-2", limit: 9 }), ["a", "b"]);
        await call("markDeleted", location, { run: "run-2", ids: ["b"], now: 5 });
        await call("writeRows", location, { run: "run-2", rows: JSON.stringify([row("a")]), now: 6 });
        const rows = await two.rows("SELECT id, deleted_at, seen_run FROM orders WHERE location = ?", { database: two.names[1], values: [location] });
        assert.deepEqual(rows, [{ id: "a", deleted_at: null, seen_run: "run-2" }, { id: "b", deleted_at: 5, seen_run: "run-1" }]);

        const money = await two.call("rollup", { from: 0, to: 2e12, by: "currency", stream: "orders", company: "company" });
        assert.equal(money.length, 1);
        assert.equal(money[0].records, 79);
    } finally {
        await two.stop();
    }
});

const RUN = { run: "run-1", company: "company", mode: "full", streams: ["orders"], state: "running", startedAt: 1, records: 0, counts: { waiting: 3 }, now: 1 };

test("databases that were others before are refused, and so are those whose names have a gap", async () => {
    const two = await startStore({ databases: 2 });
    try {
        await two.call("noteRun", RUN);
        // A run is noted often: then one row is written, that of the run.
        const { answers, written } = await two.ask({ name: "noteRun", args: [{ ...RUN, now: 2 }] });
        assert.deepEqual([answers, written], [[{}], 1]);
        const refused = ({ code, retryable }) => code === "databases_changed" && !retryable;
        await two.rows("UPDATE shard SET count = 3", { database: "DB_1" });
        await assert.rejects(two.call("noteRun", { ...RUN, now: 3 }), refused);
        await two.rows("UPDATE shard SET count = 2, number = 0", { database: "DB_1" });
        await assert.rejects(two.call("noteRun", { ...RUN, now: 3 }), refused);
    } finally {
        await two.stop();
    }
    for (const [names, path] of [[["DB_0", "DB_2"], "env"], [["DB_1"], "env"], [["DB", "DB_0"], "env"], [["OTHER"], "env.DB"]]) {
        const wrong = await startStore({ names, migrated: false });
        try {
            await assert.rejects(wrong.call("noteRun", RUN), (error) => error.issues?.[0].path === path, names.join(", "));
        } finally {
            await wrong.stop();
        }
    }
});

test("of two rows about a run the younger one stays, and files are seen once the manifest is there", async () => {
    const run = "run-of-files";
    const files = STREAMS.map((stream, i) => ({ name: `${run}/${stream}/locationX/00000${i}.ndjson.gz`, bytes: 10, sha256: "ab", records: i }));
    const seen = () => store.rows("SELECT name, stream, location, seq, records FROM manifest_files WHERE run = ? ORDER BY seq", { values: [run] });
    await store.call("noteRun", { ...RUN, run });
    await store.call("noteFiles", run, files);
    await store.call("noteFiles", run, files);
    assert.deepEqual(await seen(), []);
    const ended = { ...RUN, run, state: "ended", endedAt: 9, records: 6, counts: { done: 3 }, manifest: `${run}/manifest.json`, now: 9 };
    await store.call("noteRun", ended);
    await store.call("noteRun", { ...RUN, run, now: 5 });
    const [row] = await store.rows("SELECT * FROM runs WHERE run = ?", { values: [run] });
    assert.deepEqual(row, {
        run, company: "company", mode: "full", streams: '["orders"]', state: "ended", started_at: 1, ended_at: 9, records: 6,
        counts: '{"done":3}', manifest: `${run}/manifest.json`, noted_at: 9,
    });
    assert.deepEqual(await seen(), STREAMS.map((stream, seq) => ({ name: files[seq].name, stream, location: "locationX", seq, records: seq })));
});

const LINES = '{"_id":"a","name":"\u{1f4b6}"}\n{"_id":"b"}\n';
const part = (more) => ({ run: "run-1", stream: "orders", location: LOCATION, seq: 1, lines: LINES, rows: JSON.stringify([row("a"), row("b")]), ...more });

test("a run that has not begun after all is forgotten; one with a manifest is not", async () => {
    const row = (run) => ({ run, company: "c", mode: "full", streams: ["orders"], state: "running", startedAt: 1, records: 0, counts: {}, now: 1 });
    for (const run of ["drop-1", "drop-2", "drop-3"]) await store.call("noteRun", row(run));
    await store.call("noteRun", { ...row("drop-2"), manifest: "drop-2/manifest.json", now: 2 });
    for (const run of ["drop-1", "drop-1", "drop-2", "unknown"]) await store.call("dropRun", run);
    const left = await store.rows("SELECT run FROM runs WHERE run LIKE 'drop-%' ORDER BY run");
    assert.deepEqual(left.map(({ run }) => run), ["drop-2", "drop-3"]);
});

test("a part is its lines, compressed, under a name by its number; a redo replaces it, and R2 keeps its checksum", async () => {
    const bucket = await store.files();
    const made = await store.call("putPart", part({ lines: '{"_id":"old"}\n' }));
    const again = await store.call("putPart", part());
    assert.equal(again.name, `run-1/orders/${LOCATION}/000001.ndjson.gz`);
    assert.deepEqual([made.name, made.records, again.records], [again.name, 1, 2]);
    const object = await bucket.get(again.name);
    const bytes = Buffer.from(await object.arrayBuffer());
    assert.equal(gunzipSync(bytes).toString(), LINES);
    assert.deepEqual([again.bytes, again.sha256], [bytes.length, createHash("sha256").update(bytes).digest("hex")]);
    assert.equal(Buffer.from(object.checksums.sha256).toString("hex"), again.sha256);
    // The same records are the same bytes, whenever they are written.
    assert.equal((await store.call("putPart", part({ seq: 2 }))).sha256, again.sha256);
    assert.equal((await store.call("putPart", part({ seq: 3, lines: LINES.trimEnd() }))).records, 2);
    for (const [name, text] of [["location", "../x"], ["location", "a/b"], ["run", ""], ["run", ".."], ["location", "a\nb"]]) {
        await assert.rejects(store.call("putPart", part({ [name]: text })), (error) => error.issues?.[0].path === name, text);
    }
});

test("a lost answer of R2 is asked for again; a bucket that stays away is an error that says so", async () => {
    const loss = { binding: "FILES", method: "put", message: "put: We encountered an internal error. Please try again. (10001)" };
    const { answers: [{ value }], calls } = await store.ask({ name: "putPart", args: [part({ seq: 9 })], loss: { ...loss, times: 1 } });
    assert.deepEqual([value.records, calls], [2, 2]);
    const { answers: [{ error }] } = await store.ask({ name: "putPart", args: [part({ seq: 9 })], loss: { ...loss, times: 99 } });
    assert.deepEqual([error.code, error.retryable], ["files_failed", true]);

    // The manifest is there, though nobody heard of it: the second time it is one's own.
    const manifest = { version: 1, run: "lost", locations: [] };
    const told = await store.ask({ name: "putManifest", args: ["lost", manifest], loss: { ...loss, times: 2 } });
    assert.deepEqual(told.answers, [{ value: true }]);
});

test("of many that write the manifest of a run at once one does, and the others learn that it is there", async () => {
    const bucket = await store.files();
    assert.equal(await store.call("manifestText", "run-m"), null);
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => store.call("putManifest", "run-m", { writer: i })));
    assert.equal(all.filter(Boolean).length, 1, JSON.stringify(all));
    const text = await (await bucket.get("run-m/manifest.json")).text();
    assert.deepEqual(JSON.parse(text), { writer: all.indexOf(true) });
    assert.equal(await store.call("manifestText", "run-m"), text);
    // Written again it is still one's own, and changes nothing.
    assert.equal(await store.call("putManifest", "run-m", { writer: all.indexOf(true) }), true);
    assert.equal(await store.call("putManifest", "run-m", { writer: "late" }), false);
    assert.equal(await (await bucket.get("run-m/manifest.json")).text(), text);
});

test("as Parquet a part has the columns of the tables, amounts exact and times as times", async () => {
    const bucket = await store.files();
    const rows = [
        row("a", { amount: 9_007_199_254_740_991, currency: "JPY", refunded: 5 }),
        row("b", { created: null, updated: null, status: null, amount: null, currency: null, source: null, live: null }),
        row("c", { live: 0 }),
    ];
    const given = part({ run: "run-p", rows: JSON.stringify(rows), lines: "{}\n{}\n{}\n" });
    const { answers: [{ value, error }] } = await store.ask({ name: "putPart", args: [given], format: "parquet" });
    assert.equal(error, undefined);
    assert.deepEqual([value.name, value.records], [`run-p/orders/${LOCATION}/000001.parquet`, 3]);
    const bytes = await (await bucket.get(value.name)).arrayBuffer();
    assert.equal(createHash("sha256").update(Buffer.from(bytes)).digest("hex"), value.sha256);
    const hyparquet = join(dirname(tool.resolve("hyparquet-writer")), "../../hyparquet/src/index.js");
    const { parquetReadObjects } = await import(pathToFileURL(hyparquet).href);
    const read = await parquetReadObjects({ file: bytes });
    const created = new Date(1_700_000_000_000);
    assert.deepEqual(read[0], {
        location: LOCATION, id: "a", created, updated: created, status: "succeeded", amount: 9_007_199_254_740_991n, currency: "JPY",
        refunded: 5n, source: "funnel", live: true, body: '{"_id":"a"}',
    });
    const none = Object.entries(read[1]).filter(([, value]) => value === null || value === undefined).map(([name]) => name);
    assert.deepEqual(none, ["created", "updated", "status", "amount", "currency", "refunded", "source", "live"]);
    assert.equal(read[2].live, false);
});
