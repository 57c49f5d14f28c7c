// Which locations a company has: by runs that name them, by INSTALL and UNINSTALL in any order, with and without a company.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { COMPANY, startSync } from "../support/agency-worker.mjs";

const OTHER = "company0000000000002";

let sync;
before(async () => {
    sync = await startSync({ sandbox: { locations: 4, size: 12, limits: "lifted" } });
});
after(() => sync?.stop());

const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
const installed = (event) => sync.ask("/installed", event);
/** The locations that a run has read which names none, and how they ended. */
const read = async (options = {}) => {
    const { locations } = await sync.ended(await sync.start({ streams: ["coupons"], locations: undefined, ...options }));
    return Object.fromEntries(locations.map(({ location, state }) => [location, state]));
};
const DONE = { location0: "done", location1: "done" };

test("a location that a run has named is read by those that name none, and by cron", async () => {
    await sync.ended(await sync.start({ streams: ["coupons"], locations: ["location0"] }));
    await sync.ended(await sync.start({ streams: ["coupons"], locations: ["location1"] }));
    assert.deepEqual(await read(), DONE);
    await sync.agency.cron();
    const run = await sync.until(async () => (await sync.rows("SELECT run FROM runs WHERE mode = 'window'"))[0]?.run, "cron begins a run");
    assert.equal((await sync.ended(run)).counts.done, 2);
});

test("an UNINSTALL that names no company takes the location away, one that is late does not", async () => {
    await installed({ type: "INSTALL", companyId: COMPANY, locationId: "location2", timestamp: at(0) });
    assert.deepEqual(await read(), { ...DONE, location2: "done" });
    await installed({ type: "UNINSTALL", appId: "a", locationId: "location2", timestamp: at(-60) });
    assert.deepEqual(await read(), { ...DONE, location2: "done" });
    await installed({ type: "UNINSTALL", appId: "a", locationId: "location2", timestamp: at(1) });
    assert.deepEqual(await read(), DONE);
    await installed({ type: "INSTALL", companyId: COMPANY, locationId: "location2", timestamp: at(0.5) });
    assert.deepEqual(await read(), DONE, "an INSTALL from before");
    await installed({ type: "UNINSTALL", appId: "a", locationId: "location1", timestamp: at(1) });
    assert.deepEqual(await read(), { location0: "done" });
    await installed({ type: "UNINSTALL", appId: "a", locationId: "nobody000", timestamp: at(1) });
    assert.ok(sync.agency.lines.some(({ line }) => /event=homeless type=UNINSTALL location=nobody000/.test(line)));
});

test("a location that is another company's is not taken for a mistake of its id", async () => {
    const money = () => sync.rows("SELECT company FROM locations WHERE location = 'location0'");
    await assert.rejects(() => sync.start({ company: OTHER, locations: ["location3", "location0"] }), { code: "other_company", message: /location0.*company0000000000001/ });
    assert.deepEqual(await money(), [{ company: COMPANY }]);
    assert.deepEqual(await sync.rows("SELECT company FROM locations WHERE location = 'location3'"), []);
    await installed({ type: "INSTALL", companyId: OTHER, locationId: "location0", timestamp: at(2) });
    assert.deepEqual(await read({ company: OTHER }), { location0: "done" });
    assert.deepEqual(await money(), [{ company: OTHER }]);
    await assert.rejects(() => read(), { code: "no_locations" });
});

test("one that was revoked in a run that has ended is read when it is installed again", async () => {
    await sync.sandbox.addFault("status=401", { locationId: "location3", times: 2 });
    const run = await sync.start({ streams: ["coupons"], locations: ["location3"] });
    assert.equal((await sync.ended(run)).counts.revoked, 1);
    await installed({ type: "INSTALL", companyId: COMPANY, locationId: "location3", timestamp: at(3) });
    const next = await sync.until(async () => {
        const [last] = await sync.rows("SELECT run FROM runs WHERE company = ? ORDER BY started_at DESC LIMIT 1", COMPANY);
        return last.run !== run && last.run;
    }, "there is a new run");
    const { locations } = await sync.ended(next);
    assert.deepEqual(locations.map(({ location, state }) => [location, state]), [["location3", "done"]]);
    await installed({ type: "INSTALL", companyId: COMPANY, locationId: "location3", timestamp: at(4) });
    assert.equal((await sync.rows("SELECT run FROM runs WHERE company = ? ORDER BY started_at DESC LIMIT 1", COMPANY))[0].run, next, "it is not read for nothing");
});
