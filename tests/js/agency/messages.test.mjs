// What the queue delivers twice, late or out of order changes nothing; what it cannot deliver, and what is not of the sync.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { assertOnce, COMPANY, startSync } from "../support/agency-worker.mjs";

let sync;
before(async () => {
    sync = await startSync({ sandbox: { locations: 3, size: 600, limits: "lifted" }, queue: { maxRetries: 1 } });
});
after(() => sync?.stop());

const all = () => sync.rows("SELECT location, id, seen_run FROM orders ORDER BY location, id");
const lists = async () => (await sync.sandbox.requests()).length;

/** The message of a turn. */
const message = (run, location, slice, more = {}) => ({
    type: "sync", company: COMPANY, run, location, slice, streams: ["orders"], mode: "full", details: false, othersWait: false,
    started: Date.parse(run.replace(/^.*-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-.*$/, "$1-$2-$3T$4:$5:$6.$7Z")),
    ...more,
});

test("a message that comes again, at once or after the run, is acknowledged and changes nothing", async () => {
    const first = await sync.start({ streams: ["orders"] });
    const again = Array.from({ length: 3 }, () => sync.sandbox.locations.map((location) => message(first, location, 1))).flat();
    const { ends } = await sync.ask("/deliver", { bodies: again });
    assert.deepEqual(new Set(ends), new Set(["ack"]));
    await sync.ended(first);
    const exported = await sync.exported(first);
    assertOnce(exported.orders.map(({ altId, _id }) => altId + _id), (await all()).map(({ location, id }) => location + id));
    assert.equal(exported.orders.length, 1800);

    const second = await sync.start({ streams: ["orders"] });
    const ended = await sync.ended(second);
    const [rows, asked] = [await all(), await lists()];
    assert.ok(rows.every((row) => row.seen_run === second));
    // Of the run before, of turns that were, and of one that nobody gave.
    const late = sync.sandbox.locations.flatMap((location) => [message(second, location, 1), message(first, location, 1), message(first, location, 7)]);
    assert.deepEqual(new Set((await sync.ask("/deliver", { bodies: late })).ends), new Set(["ack"]));
    await pause(500);
    assert.deepEqual([await all(), await lists()], [rows, asked]);
    assert.deepEqual((await sync.status(second)).locations, ended.locations);
});

test("what is not of the sync is left alone, and nothing in a message is trusted", async () => {
    const run = await sync.start({ streams: ["orders"], locations: ["location0"] });
    const { locations } = await sync.ended(run);
    const good = message(run, "location0", 9);
    const bodies = [
        null, "text", {}, { type: "other" }, { ...good, location: "../x" }, { ...good, location: "" }, { ...good, run: "none" },
        { ...good, company: undefined }, { ...good, slice: "1" }, { ...good, streams: "orders" }, { ...good, started: null },
    ];
    const { ends } = await sync.ask("/deliver", { bodies });
    assert.deepEqual(ends, bodies.map(() => "none"));
    assert.deepEqual((await sync.status(run)).locations, locations);
});

test("a location whose message ended in the dead letter queue comes to the line again", async () => {
    const run = await sync.start({ streams: ["orders"], locations: ["location1"] });
    const dead = await sync.ask("/deliver", { queue: "dead", bodies: [message(run, "location1", 1), message(run, "location1", 5)] });
    assert.deepEqual(dead.ends, ["ack", "ack"]);
    const status = await sync.ended(run);
    assert.equal(status.counts.done, 1);
    // Again, when it is over.
    await sync.ask("/deliver", { queue: "dead", bodies: [message(run, "location1", 1)] });
    assert.deepEqual((await sync.status(run)).counts, status.counts);
});

test("what is wrong is said at once, and nothing begins", async () => {
    const refused = async (options, fits) => assert.rejects(() => sync.ask("/start", options), fits);
    await refused({ company: "a b", streams: ["orders", "notes"], mode: "half", locations: ["x", "y/z"], detail: true }, ({ name, issues }) => {
        assert.equal(name, "ValidationError");
        assert.deepEqual(issues.map(({ path }) => path), ["detail", "company", "streams[1]", "mode", "locations[1]"]);
        return true;
    });
    await refused({ company: "company2" }, { name: "AgencyError", code: "no_locations" });
    await assert.rejects(() => sync.status("company2-20261130T000000000Z-aaaaaa"), { code: "unknown_run" });
    await assert.rejects(() => sync.status("nonsense"), { name: "ValidationError" });
    const run = await sync.start({ streams: ["orders"] });
    await refused({ company: COMPANY, locations: ["location0"] }, ({ code, run: active }) => code === "run_active" && active === run);
    await sync.ended(run);
});
