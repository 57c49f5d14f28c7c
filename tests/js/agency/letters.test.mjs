// Messages that the queue itself gives up: they end in its dead letter queue, and their location comes to the line again by itself.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { compare } from "../support/agency.mjs";
import { startSync } from "../support/agency-worker.mjs";

/** Objects that cannot be reached while there is a file of their name, as after a deployment that broke them. */
const LAME = `
    export class LameLocation extends Location {
        async begin(message) {
            if (await this.env.FILES.head("lame/" + message.location)) throw new Error("out of reach");
            return super.begin(message);
        }
    }
`;

let sync;
before(async () => {
    sync = await startSync({
        sandbox: { locations: 3, size: 120, limits: "lifted" },
        queue: { maxRetries: 1 },
        objects: { LOCATIONS: "LameLocation", COMPANIES: "GhlCompany", TOKENS: "TokenKeeper" },
        more: `import { GhlLocation as Location } from "ghl-payments/cloudflare";${LAME}`,
    });
});
after(() => sync?.stop());

test("while one location is out of reach the others end; its letters are sent again until it is there", async () => {
    const [lame, ...others] = sync.sandbox.locations;
    const files = await sync.agency.files();
    await files.put(`lame/${lame}`, "");
    const run = await sync.start();
    const stateOf = ({ locations }, location) => locations.find((entry) => entry.location === location);
    await sync.when(run, (status) => others.every((location) => stateOf(status, location).state === "done"), "the others end");
    // The queue has tried it twice and given it up: its place is in the line, until it is due again.
    const given = await sync.when(run, (status) => stateOf(status, lame).reason !== undefined, "its message ends in the dead letter queue");
    const { state, reason, records } = stateOf(given, lame);
    assert.deepEqual([["waiting", "running"].includes(state), reason, records], [true, "its object could not be reached", 0]);
    await files.delete(`lame/${lame}`);
    const { counts } = await sync.ended(run);
    assert.deepEqual(counts, { waiting: 0, running: 0, done: 3, failed: 0, revoked: 0 });
    const { d1, r2 } = await compare(sync.agency, sync.sandbox, { run, exact: true });
    for (const { missing, double, unknown } of [d1, r2]) assert.deepEqual([missing, double, unknown], [[], [], []]);
});
