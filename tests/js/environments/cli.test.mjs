// `npx ghl-payments sandbox`: over real HTTP, from its start to Ctrl-C.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { afterEach } from "node:test";
import { PaymentsClient } from "ghl-payments";
import { connectSandbox } from "ghl-payments/sandbox";
import { failure } from "../support/stub.mjs";
import { PACKAGE } from "../support/support.mjs";

const children = new Set();

afterEach(() => children.forEach((child) => child.kill("SIGKILL")));

function command(...words) {
    const child = spawn(process.execPath, [join(PACKAGE, "cli/cli.js"), ...words], {
        env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: undefined },
    });
    children.add(child);
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
    const ended = once(child, "close").then(([code, signal]) => {
        children.delete(child);
        return { code, signal, ...output };
    });
    return { child, ended };
}

async function serve(...options) {
    const { child, ended } = command("sandbox", "--port", "0", ...options);
    const facts = {};
    for await (const line of createInterface({ input: child.stdout })) {
        const [, name, value] = /^(.+?): +(\S+)$/.exec(line) ?? [];
        facts[name] = value;
        if (name === "token") break;
    }
    const { "base URL": baseUrl, "location id": locationId, token } = facts;
    assert.ok(token, "it has started");
    const client = (options) => new PaymentsClient({ baseUrl, locationId, token, maxRetries: 0, ...options });
    return { child, ended, baseUrl, locationId, token, client };
}

test("it prints where it is and a token that works", async () => {
    const { baseUrl, client } = await serve("--seed", "7", "--size", "40");
    assert.match(baseUrl, /^http:\/\/127\.0\.0\.1:\d+$/);
    const page = await client().orders.list({ limit: 5 });
    assert.deepEqual([page.data.length, page.totalCount], [5, 40]);
});

test("the same seed is the same account", async () => {
    const [one, two, other] = await Promise.all([serve("--seed=9"), serve("--seed", "9"), serve("--seed", "10")]);
    assert.deepEqual([one.locationId, one.token], [two.locationId, two.token]);
    assert.notEqual(one.locationId, other.locationId);
});

test("there are as many locations as were asked for, and the clock stands at the time that was given", async () => {
    const { child, ended } = command("sandbox", "--port", "0", "--locations", "3", "--size=2", "--now", "2026-03-01T10:00:00Z");
    const ids = [];
    let base;
    for await (const line of createInterface({ input: child.stdout })) {
        const [, name, value] = /^(.+?): +(\S+)$/.exec(line) ?? [];
        if (name === "location id") ids.push(value);
        if (name === "base URL") base = value;
        if (name === "token") break;
    }
    const alone = await serve("--size=2");
    assert.equal(ids[0], alone.locationId);
    assert.equal(new Set(ids).size, 3);
    const sandbox = connectSandbox(base);
    assert.equal(Math.abs((await sandbox.now()) - Date.parse("2026-03-01T10:00:00Z")) < 1000, true);
    for (const locationId of ids) {
        assert.match(locationId, /^[A-Za-z0-9]{20}$/);
        const token = await sandbox.token({ locationId });
        const page = await new PaymentsClient({ baseUrl: base, locationId, token, maxRetries: 0 }).orders.list();
        assert.equal(page.totalCount, 2);
    }
    child.kill("SIGINT");
    await ended;
    for (const wrong of [["--now", "yesterday"], ["--now"], ["--locations", "0"], ["--locations", "2000"]]) {
        assert.equal((await command("sandbox", ...wrong).ended).code, 2, wrong.join(" "));
    }
});

for (const signal of ["SIGINT", "SIGTERM"]) {
    test(`${signal} stops it at once, with open connections and calls, and exit code 0`, async () => {
        const { child, ended, baseUrl, client } = await serve();
        const idle = connect(new URL(baseUrl).port, "127.0.0.1");
        idle.on("error", () => {});
        await once(idle, "connect");
        const hanging = failure(client({ headers: { "x-sandbox-fault": "hang" } }).orders.list());
        await client().orders.list();
        child.kill(signal);
        const { code, signal: killed, stderr } = await ended;
        assert.deepEqual([code, killed, stderr], [0, null, ""]);
        assert.equal((await hanging).name, "NetworkError");
    });
}

test("a port that is taken is said clearly", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    const { code, stderr, stdout } = await command("sandbox", "--port", String(port)).ended;
    server.close();
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, `ghl-payments: port ${port} is taken\n`);
});

test("help is given, and what makes no sense is refused with it", async () => {
    const help = await command("--help").ended;
    assert.deepEqual([help.code, help.stderr], [0, ""]);
    for (const option of ["--port", "--seed", "--size", "--cors"]) assert.ok(help.stdout.includes(option));
    for (const [words, part] of [
        [[], "a command is missing"],
        [["serve"], `unknown command "serve"`],
        [["sandbox", "--port"], "--port takes a whole number from 0 to 65535"],
        [["sandbox", "--port", "70000"], "--port"],
        [["sandbox", "--seed=x"], "--seed"],
        [["sandbox", "--size", "-1"], "--size"],
        [["sandbox", "--verbose"], `unknown argument "--verbose"`],
    ]) {
        const { code, stderr, stdout } = await command(...words).ended;
        assert.deepEqual([code, stdout], [2, ""], words.join(" "));
        assert.ok(stderr.includes(part) && stderr.includes("Usage:"), stderr);
    }
});

test("a dropped connection is one, before and after it is done", async () => {
    const { baseUrl, token, locationId, client } = await serve();
    const broken = await failure(client({ headers: { "x-sandbox-fault": "drop" } }).orders.list());
    assert.deepEqual([broken.name, broken.outcome], ["NetworkError", "unknown"]);

    const [order] = (await client().orders.list({ paymentStatus: "unpaid", limit: 1 })).data;
    const body = JSON.stringify({ altId: locationId, altType: "location", mode: "cash" });
    const headers = {
        authorization: `Bearer ${token}`,
        version: "2021-07-28",
        "content-type": "application/json",
        "x-sandbox-fault": "applied-then=drop",
    };
    const url = `${baseUrl}/payments/orders/${order._id}/record-payment`;
    assert.ok((await failure(fetch(url, { method: "POST", headers, body }))) instanceof TypeError);
    assert.equal((await client().orders.get(order._id)).paymentStatus, "paid");
});

test("pages of other origins may call it only with --cors", async () => {
    const [closed, open] = await Promise.all([serve(), serve("--cors")]);
    const ask = ({ baseUrl }) => fetch(`${baseUrl}/payments/orders`);
    assert.equal((await ask(closed)).headers.get("access-control-allow-origin"), null);
    assert.equal((await ask(open)).headers.get("access-control-allow-origin"), "*");
});
