// A run from its start to its manifest: every record is in D1 and in R2 once.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { assertOnce, startSync } from "../support/agency-worker.mjs";
import { STREAMS } from "../support/agency.mjs";

const SIZE = 2300;

let sync;
before(async () => {
    sync = await startSync({ sandbox: { locations: 5, size: SIZE, limits: "lifted" } });
});
after(() => sync?.stop());

test("a full run brings every record of every location into D1 and R2, once", async () => {
    const run = await sync.start();
    const status = await sync.ended(run);
    assert.deepEqual(status.counts, { waiting: 0, running: 0, done: 5, failed: 0, revoked: 0 });
    const exported = await sync.exported(run);
    for (const stream of STREAMS) {
        const rows = await sync.rows(`SELECT location, id, seen_run, deleted_at FROM ${stream}`);
        assert.ok(rows.length > 0, stream);
        assert.ok(rows.every((row) => row.seen_run === run && row.deleted_at === null));
        assertOnce(exported[stream].map(({ _id }) => _id), rows.map(({ id }) => id), stream);
        console.log(`figure: agency: ${stream}: ${rows.length} records in D1, ${exported[stream].length} in R2`);
    }
    const [{ count }] = await sync.rows("SELECT count(*) AS count FROM orders");
    assert.equal(count, 5 * SIZE);
    const seconds = (status.endedAt - status.startedAt) / 1000;
    console.log(`figure: agency: ${status.records} records in ${seconds} s`);
});
