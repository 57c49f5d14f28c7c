// What the other suites stand on: storage, alarms, rows and files outlive a SIGKILL; messages that nobody takes end in the
// dead letter queue; a sandbox of many locations serves each of them.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { PaymentsClient } from "ghl-payments";
import { serveLocations, startAgency } from "../support/agency.mjs";

const SOURCE = `
    import { DurableObject } from "cloudflare:workers";
    import { PaymentsClient } from "ghl-payments";
    export class Counter extends DurableObject {
        async begin(ms) {
            this.ctx.storage.sql.exec("create table if not exists noted (orders integer)");
            await this.ctx.storage.setAlarm(Date.now() + ms);
        }
        async alarm() {
            const { GHL_BASE_URL: baseUrl, LOCATION: locationId, TOKEN: token } = this.env;
            const client = new PaymentsClient({ baseUrl, locationId, token });
            const { totalCount } = await client.orders.list({ limit: 1 });
            this.ctx.storage.sql.exec("insert into noted values (?)", totalCount);
            console.log("alarm " + this.count());
            await this.ctx.storage.setAlarm(Date.now() + 50);
        }
        count() {
            return this.ctx.storage.sql.exec("select count(*) as count from noted").one().count;
        }
    }
    const letters = [];
    export default {
        async fetch(request, env) {
            const { pathname } = new URL(request.url);
            const counter = env.COUNTER.getByName("one");
            if (pathname === "/begin") await counter.begin(50);
            if (pathname === "/write") {
                await env.DB_1.prepare("create table if not exists kept (value text)").run();
                await env.DB_1.prepare("insert into kept values ('row')").run();
                await env.FILES.put("kept", "file");
                await env.SYNC.send({ poisoned: true });
            }
            return Response.json({ letters });
        },
        async queue(batch) {
            for (const message of batch.messages) {
                if (batch.queue === "dead") letters.push(message.body);
                else message.retry();
            }
        },
    };
`;

let sandbox;
let agency;
before(async () => {
    sandbox = await serveLocations({ locations: 3, size: 120 });
    const [LOCATION] = sandbox.locations;
    const bindings = { LOCATION, TOKEN: sandbox.tokens[LOCATION] };
    const queue = { maxRetries: 1 };
    agency = await startAgency({ source: SOURCE, objects: { COUNTER: "Counter" }, sandbox, bindings, databases: 2, queue });
});
after(async () => {
    await agency?.stop();
    await sandbox?.stop();
});

test("each location of the sandbox is served over HTTP, with a token of its own", async () => {
    for (const locationId of sandbox.locations) {
        const client = new PaymentsClient({ baseUrl: sandbox.url, locationId, token: sandbox.tokens[locationId] });
        const page = await client.orders.list({ limit: 100 });
        assert.deepEqual([page.data.length, page.totalCount, page.data[0].altId], [100, 120, locationId]);
    }
});

test("after SIGKILL and restart an alarm goes on by itself, and storage, rows and files are there", async () => {
    const beats = agency.logged((line) => line === "alarm 2");
    await agency.ask("/begin", {});
    await agency.ask("/write", {});
    await beats;
    await agency.kill();
    const goesOn = agency.logged((line) => line.startsWith("alarm "));
    await agency.restart();
    const [, count] = /^alarm (\d+)$/.exec(await goesOn);
    // The second one may have been killed before what it had written was there: then it comes again.
    assert.ok(Number(count) >= 2, `alarm ${count}`);
    assert.deepEqual(await agency.rows("DB_1", "select value from kept"), [{ value: "row" }]);
    assert.equal(await (await (await agency.files()).get("kept")).text(), "file");
    assert.ok(agency.memory() > 10_000_000);
});

test("what is refused too often ends in the dead letter queue", async () => {
    await agency.ask("/write", {});
    for (;;) {
        const { letters } = await agency.ask("/");
        if (letters.length > 0) return assert.deepEqual(letters, [{ poisoned: true }]);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
});
