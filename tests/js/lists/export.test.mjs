// `npx ghl-payments export`: all records of a location into files, through interruptions, changes and wrong words.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, appendFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import test, { after } from "node:test";
import { pathToFileURL } from "node:url";
import { createSandbox } from "ghl-payments/sandbox";
import { serve } from "../support/highlevel.mjs";
import { PACKAGE, tool } from "../support/support.mjs";

const folder = mkdtempSync(join(tmpdir(), "export-"));
const servers = [];

after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
});

/** A location over HTTP, without a rate limit unless one is named. `before` may answer, or do something, before each request. */
async function start({ size = 250, rateLimit = { max: 1e6, daily: 1e6 }, before = () => {} } = {}) {
    const sandbox = createSandbox({ seed: 5, size, now: Date.now, rateLimit });
    const account = { sandbox, requests: 0, before };
    const fetch = async (url, init) => {
        account.requests++;
        return (await account.before(url)) ?? sandbox.fetch(url, init);
    };
    const server = await serve({ fetch });
    servers.push(server);
    return Object.assign(account, { baseUrl: server.baseUrl, location: sandbox.locationId, token: sandbox.token() });
}

let folders = 0;
const fresh = () => join(folder, `${++folders}`);

function begin(account, out, words, { cli = join(PACKAGE, "cli/cli.js"), flags = [], env = {} } = {}) {
    const all = ["export", "--location", account.location, "--base-url", account.baseUrl, "--out", out, ...words];
    const child = spawn(process.execPath, [...flags, cli, ...all], {
        env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: undefined, GHL_TOKEN: account.token, ...env },
    });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (output[name] += text));
    return { child, ended: once(child, "close").then(([code, signal]) => ({ code, signal, ...output })) };
}

const run = (...given) => begin(...given).ended;
const lines = (path) => readFileSync(path, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
const manifest = (out) => JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));

async function all(account, path, key) {
    const found = [];
    for (let offset = 0; ; offset += 100) {
        const url = `${account.baseUrl}/payments/${path}?altId=${account.location}&altType=location&limit=100&offset=${offset}`;
        const response = await account.sandbox.fetch(url, { headers: { authorization: `Bearer ${account.token}`, version: "2021-07-28" } });
        const records = (await response.json())[key];
        found.push(...records);
        if (records.length < 100) return found;
    }
}

test("every stream is written whole, with a manifest that names sizes and hashes", async () => {
    const account = await start();
    const out = fresh();
    const { code, stderr, stdout } = await run(account, out, ["--stream", "all"]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "");
    const { streams, location } = manifest(out);
    assert.equal(location, account.location);
    for (const [stream, path] of [["orders", "orders"], ["transactions", "transactions"], ["subscriptions", "subscriptions"], ["coupons", "coupon/list"]]) {
        const expected = await all(account, path, "data");
        const found = lines(join(out, `${stream}.ndjson`));
        assert.deepEqual(found.map(({ _id }) => _id).sort(), expected.map(({ _id }) => _id).sort(), stream);
        assert.equal(streams[stream].records, expected.length);
        const [{ file, bytes, sha256 }] = streams[stream].files;
        const content = readFileSync(join(out, file));
        assert.deepEqual([bytes, sha256], [content.length, createHash("sha256").update(content).digest("hex")]);
    }
    for (const left of ["export.lock", "orders.state.json", "orders.ndjson.part"]) assert.equal(existsSync(join(out, left)), false, left);
    // What is there is not asked for again.
    const { requests } = account;
    assert.equal((await run(account, out, ["--stream", "all"])).code, 0);
    assert.equal(account.requests, requests);
    assert.equal((await run(account, out, ["--stream", "coupons", "--fresh"])).code, 0);
    assert.ok(account.requests > requests);
    assert.deepEqual(Object.keys(manifest(out).streams).sort(), ["coupons", "orders", "subscriptions", "transactions"]);
});

test("killed at any moment, with orders arriving meanwhile, it has each order that was there throughout exactly once", async () => {
    const account = await start({ size: 1200 });
    const before = (await all(account, "orders", "data")).map(({ _id }) => _id);
    const out = fresh();
    let [kills, runs] = [0, 0];
    for (let code; code !== 0; runs++) {
        assert.ok(runs < 40, "it gets nowhere");
        const { child, ended } = begin(account, out, ["--stream", "orders"]);
        let pages = 0;
        account.before = () => {
            account.sandbox.createOrder();
            if (++pages === 2 + (runs % 3)) child.kill("SIGKILL");
        };
        ({ code } = await ended);
        if (code === null) kills++;
        // What a process writes behind its last state does not count.
        const part = join(out, "orders.ndjson.part");
        if (code === null && runs % 2 === 0 && existsSync(part)) appendFileSync(part, '{"_id":"half a rec');
    }
    const found = lines(join(out, "orders.ndjson")).map(({ _id }) => _id);
    assert.equal(new Set(found).size, found.length, "none twice");
    assert.deepEqual(before.filter((id) => !found.includes(id)), [], "none is missing");
    assert.equal(manifest(out).streams.orders.records, found.length);
    console.log(`figure: export: ${kills} SIGKILLs in an export of ${before.length} orders with inserts: 0 missing, 0 twice`);
    assert.ok(kills > 3);
});

test("a list that ends before the records that HighLevel counts is told, and stands in the manifest", async () => {
    const account = await start();
    account.before = async (url) => {
        const { pathname, searchParams } = new URL(url);
        if (pathname !== "/payments/orders") return undefined;
        searchParams.delete("offset");
        const first = await account.sandbox.fetch(`https://sandbox.invalid${pathname}?${searchParams}`, {
            headers: { authorization: `Bearer ${account.token}`, version: "2021-07-28" },
        });
        return Response.json(await first.json());
    };
    const out = fresh();
    const { code, stderr } = await run(account, out, ["--stream", "orders,coupons"]);
    assert.equal(code, 0, stderr);
    const { orders, coupons } = manifest(out).streams;
    assert.deepEqual([orders.records, orders.counted], [100, 250]);
    assert.match(stderr, /100 orders; HighLevel counts 250, but its list ended before/);
    assert.equal(coupons.counted, undefined);
});

test("Ctrl-C ends it with code 130, and the same command goes on", async () => {
    const account = await start({ size: 700 });
    const out = fresh();
    const { child, ended } = begin(account, out, ["--stream", "orders"]);
    let pages = 0;
    account.before = async () => {
        if (++pages === 3) child.kill("SIGINT");
        if (pages >= 3) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /goes on from here/);
    assert.ok(statSync(join(out, "orders.ndjson.part")).size > 0);
    pages = -1000;
    assert.equal((await run(account, out, ["--stream", "orders"])).code, 0);
    assert.equal(lines(join(out, "orders.ndjson")).length, 700);
});

test("CSV and Parquet hold every field of every record", async () => {
    // Beside the package, as an application has it.
    const modules = join(folder, "app", "node_modules");
    mkdirSync(modules, { recursive: true });
    cpSync(PACKAGE, join(modules, "ghl-payments"), { recursive: true });
    const cli = join(modules, "ghl-payments/cli/cli.js");
    const account = await start({ size: 30 });
    const out = fresh();
    const missing = await run(account, out, ["--stream", "orders", "--format", "csv,parquet"], { cli });
    assert.deepEqual([missing.code, account.requests], [2, 0]);
    assert.match(missing.stderr, /npm install hyparquet-writer/);
    const tools = dirname(dirname(tool.resolve("esbuild/package.json")));
    for (const name of ["hyparquet", "hyparquet-writer"]) symlinkSync(join(tools, name), join(modules, name));
    const { code, stderr } = await run(account, out, ["--stream", "orders", "--format", "csv,parquet"], { cli });
    assert.equal(code, 0, stderr);
    const records = lines(join(out, "orders.ndjson"));
    const { parquetReadObjects } = await import(pathToFileURL(join(tools, "hyparquet/src/index.js")).href);
    const { buffer, byteOffset, byteLength } = readFileSync(join(out, "orders.parquet"));
    const read = await parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + byteLength) });
    const there = (row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined && value !== null));
    assert.deepEqual(read.map(there), records.map(there));
    const rows = parsed(readFileSync(join(out, "orders.csv"), "utf8"));
    const [names, ...cells] = rows;
    assert.deepEqual([...names].sort(), [...new Set(records.flatMap((record) => Object.keys(there(record))))].sort());
    assert.equal(cells.length, records.length);
    for (const [i, record] of records.entries()) {
        for (const [j, name] of names.entries()) {
            const value = record[name] ?? "";
            assert.equal(cells[i][j], typeof value === "object" ? JSON.stringify(value) : `${value}`, `${i} ${name}`);
        }
    }
});

/** CSV by RFC 4180, read one character after the other. */
function parsed(text) {
    const rows = [[]];
    let [cell, quoted] = ["", false];
    for (let i = 0; i < text.length; i++) {
        const char = text[i];
        if (quoted && char === '"' && text[i + 1] === '"') (cell += char), i++;
        else if (char === '"') quoted = !quoted;
        else if (!quoted && char === ",") rows.at(-1).push(cell), (cell = "");
        else if (!quoted && char === "\r") rows.at(-1).push(cell), (cell = ""), rows.push([]), i++;
        else cell += char;
    }
    return rows.slice(0, -1);
}

test("texts that a spreadsheet would run get an apostrophe", async () => {
    const account = await start({ size: 3 });
    account.before = async (url) => {
        const answer = await account.sandbox.fetch(url, { headers: { authorization: `Bearer ${account.token}`, version: "2021-07-28" } });
        const body = await answer.json();
        body.data[0].contactName = '=HYPERLINK("http://evil")';
        return Response.json(body);
    };
    const out = fresh();
    assert.equal((await run(account, out, ["--stream", "orders", "--format", "csv"])).code, 0);
    assert.ok(readFileSync(join(out, "orders.csv"), "utf8").includes(`"'=HYPERLINK(""http://evil"")"`));
    assert.equal(lines(join(out, "orders.ndjson"))[0].contactName, '=HYPERLINK("http://evil")');
});

test("the heap does not grow with the number of records", async () => {
    const account = await start({ size: 20_000 });
    const out = fresh();
    const { code, stderr } = await run(account, out, ["--stream", "orders", "--format", "csv", "--quiet"], { flags: ["--max-old-space-size=24"] });
    assert.equal(code, 0, stderr.slice(0, 400));
    assert.equal(stderr, "");
    assert.equal(manifest(out).streams.orders.records, 20_000);
    const { bytes } = manifest(out).streams.orders.files[0];
    console.log(`figure: export: ${bytes} bytes of orders in a heap of 24 MB`);
    assert.ok(bytes > 12e6);
});

test("what HighLevel refuses ends it with code 1, a reason and no token", async () => {
    const account = await start();
    const out = fresh();
    const { code, stderr, stdout } = await run({ ...account, token: "pit-secret-of-nobody" }, out, ["--stream", "orders"]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /401/);
    assert.doesNotMatch(stderr, /secret-of-nobody/);
    assert.equal((await run(account, out, ["--stream", "orders"])).code, 0, "with a good one it goes on");
});

test("wrong words end it with code 2, and say which", async () => {
    const account = await start();
    const words = ["--stream", "orders"];
    for (const [given, said, env] of [
        [["--stream", "order"], /--stream takes some of orders, .*"order"/],
        [[], /--stream/],
        [[...words, "--format", "xml"], /--format takes some of ndjson/],
        [[...words, "--filter", "limit=5"], /--filter limit/],
        [[...words, "--filter", "status"], /name=value/],
        [[...words, "--filter", "__proto__=x"], /__proto__/],
        [[...words, "--filter", "altId=locationOfOthers00000"], /--location/],
        [["--stream", "all", "--filter", "status=completed"], /--stream transactions.*status/],
        [[...words, "--filter", "no_such=1"], /no_such/],
        [[...words, "--verbose"], /--verbose/],
        [[...words, "extra"], /extra/],
        [words, /GHL_TOKEN/, { GHL_TOKEN: "" }],
        [[...words, "--base-url", "nowhere"], /baseUrl/],
    ]) {
        const { code, stderr } = await run(account, fresh(), given, { env });
        assert.equal(code, 2, `${given}: ${stderr}`);
        assert.match(stderr.split("\n\n")[0], said, `${given}`);
    }
    assert.equal(account.requests, 0);
    assert.match((await run(account, fresh(), ["--help"])).stdout, /GHL_TOKEN/);
});

test("another export in the folder, another process, and a file that lost bytes are refused, and nothing is touched", async () => {
    const account = await start({ size: 400 });
    const out = fresh();
    assert.equal((await run(account, out, ["--stream", "orders"])).code, 0);
    const kept = readFileSync(join(out, "orders.ndjson"), "utf8");
    const other = await run(account, out, ["--stream", "orders", "--filter", "paymentMode=live"]);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /another export of orders/);
    assert.equal(readFileSync(join(out, "orders.ndjson"), "utf8"), kept);

    const busy = fresh();
    let first;
    let second;
    account.before = async () => {
        account.before = () => {};
        second = await run(account, busy, ["--stream", "orders"]);
    };
    first = await run(account, busy, ["--stream", "orders"]);
    assert.deepEqual([first.code, second.code], [0, 1]);
    assert.match(second.stderr, /exports into this folder/);

    const short = fresh();
    const { child, ended } = begin(account, short, ["--stream", "orders"]);
    let pages = 0;
    account.before = () => void (++pages === 3 && child.kill("SIGKILL"));
    await ended;
    account.before = () => {};
    writeFileSync(join(short, "orders.ndjson.part"), "");
    const cut = await run(account, short, ["--stream", "orders"]);
    assert.deepEqual([cut.code, /shorter than what was written/.test(cut.stderr)], [1, true], cut.stderr);
    assert.equal((await run(account, short, ["--stream", "orders", "--fresh"])).code, 0);
});

test("what was written is looked at again: files that are gone or changed, and states that are none", async () => {
    const account = await start({ size: 40 });
    const out = fresh();
    const words = ["--stream", "orders", "--format", "csv"];
    assert.equal((await run(account, out, words)).code, 0);
    const [ndjson, csv, manifestOf] = ["orders.ndjson", "orders.csv", "manifest.json"].map((name) => join(out, name));
    const good = Object.fromEntries([ndjson, csv, manifestOf].map((path) => [path, readFileSync(path)]));
    const { requests } = account;
    for (const [path, content, said] of [
        [ndjson, undefined, /orders\.ndjson is gone/],
        [ndjson, good[ndjson].subarray(0, 100), /orders\.ndjson was changed/],
        [manifestOf, "{}", /manifest\.json is not what/],
        [manifestOf, "[]", /manifest\.json is not what/],
        [manifestOf, "5", /manifest\.json is not what/],
        [manifestOf, `${good[manifestOf]}`.replace(account.location, "another0000000000000"), /location another/],
        [manifestOf, `${good[manifestOf]}`.replace('"version": 1', '"version": 9'), /manifest\.json is not what/],
        [manifestOf, `${good[manifestOf]}`.replace('"orders.csv"', '"../orders.csv"'), /manifest\.json is not what/],
    ]) {
        for (const [name, bytes] of Object.entries(good)) writeFileSync(name, bytes);
        if (content === undefined) rmSync(path);
        else writeFileSync(path, content);
        const { code, stderr } = await run(account, out, words);
        assert.equal(code, 1, `${path}: ${stderr}`);
        assert.match(stderr, said);
    }
    // A table is made again of the records.
    for (const content of [undefined, "x"]) {
        for (const [name, bytes] of Object.entries(good)) writeFileSync(name, bytes);
        if (content === undefined) rmSync(csv);
        else writeFileSync(csv, content);
        const { code, stderr } = await run(account, out, ["--stream", "orders"]);
        assert.equal(code, 0, stderr);
        assert.match(stderr, /as of 20.*not asked for again \(--stream orders --fresh/);
        assert.deepEqual(readFileSync(csv), good[csv]);
    }
    assert.equal(account.requests, requests);

    const half = fresh();
    mkdirSync(half);
    for (const state of ["{}", "[]", "no", '{"version":1,"of":"","ended":false,"records":1,"bytes":-5,"startedAt":""}']) {
        writeFileSync(join(half, "orders.state.json"), state);
        const { code, stderr } = await run(account, half, words);
        assert.deepEqual([code, /orders\.state\.json is not what/.test(stderr)], [1, true], `${state}: ${stderr}`);
    }
    rmSync(join(half, "orders.state.json"));
    writeFileSync(join(half, "mine.txt"), "mine");
    symlinkSync(join(half, "mine.txt"), join(half, "orders.ndjson.part"));
    symlinkSync(join(half, "mine.txt"), join(half, "manifest.json.next"));
    assert.equal((await run(account, half, words)).code, 1);
    rmSync(join(half, "orders.ndjson.part"));
    assert.equal((await run(account, half, words)).code, 0);
    assert.equal(readFileSync(join(half, "mine.txt"), "utf8"), "mine");
});
