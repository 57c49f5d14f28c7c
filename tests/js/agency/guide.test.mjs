// The Worker of docs/agency.md as it stands there, with what its configuration binds; and no token in anything that it leaves behind.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import test, { after, before } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { serveLocations, startAgency } from "../support/agency.mjs";
import { tool } from "../support/support.mjs";

const guide = readFileSync(join(process.env.GHL_REPO_ROOT, "docs/agency.md"), "utf8");
const blocks = (language) => [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, code]) => code);
const [worker, payment] = blocks("ts");
const reading = blocks("js").find((code) => code.includes("manifest.json"));
const [config, { compilerOptions }] = blocks("jsonc").map((text) => JSON.parse(text.replace(/^\/\/.*$/gm, "")));
const [query] = blocks("sql");

/** Behind the guide's Worker: its tokens, and its piece about the files as a function. */
const SOURCE = `
    import { configureAgency } from "ghl-payments/cloudflare";
    import guide from "guide";
    export * from "guide";

    configureAgency({ token: (location, context, env) => JSON.parse(env.TOKENS_OF)[location] });

    async function reading(env, run, console) {
        ${reading}
    }
    export default {
        ...guide,
        async fetch(request, env, ctx) {
            const { pathname, searchParams } = new URL(request.url);
            if (pathname !== "/reading") {
                const authorization = request.headers.get("authorization") ?? (pathname === "/bare" ? "" : "Bearer " + env.ADMIN_SECRET);
                return guide.fetch(new Request(request, { headers: { authorization } }), env, ctx);
            }
            const lines = [];
            await reading(env, searchParams.get("run"), { log: (...words) => lines.push(words) });
            return Response.json(lines);
        },
    };
`;

/** Where its imports are found. */
const folder = mkdtempSync(join(dirname(fileURLToPath(import.meta.url)), "guide-"));

let sandbox;
let agency;
before(async () => {
    const file = join(folder, "worker.ts");
    writeFileSync(file, worker);
    sandbox = await serveLocations({ locations: 3, size: 150 });
    const objects = Object.fromEntries(config.durable_objects.bindings.map(({ name, class_name }) => [name, class_name]));
    const bindings = { TOKENS_OF: JSON.stringify(sandbox.tokens), ADMIN_SECRET: "only for this test", LOCATIONS_OF: sandbox.locations.join() };
    // The guide's sync reads the locations that INSTALL webhooks have told of; here they are told of by a hook.
    const source = SOURCE.replace("configureAgency({", "configureAgency({ locations: (company, env) => env.LOCATIONS_OF.split(','),");
    agency = await startAgency({ source: source.replaceAll('"guide"', JSON.stringify(file)), objects, sandbox, bindings });
    await agency.migrate();
});
after(async () => {
    await agency?.stop();
    await sandbox?.stop();
    rmSync(folder, { recursive: true });
});

test("what the configuration binds is what the Worker exports and the sync asks for", () => {
    const { durable_objects, migrations, queues, d1_databases, r2_buckets } = config;
    const classes = durable_objects.bindings.map(({ class_name }) => class_name).sort();
    assert.deepEqual([...migrations[0].new_sqlite_classes].sort(), classes);
    for (const name of classes) assert.match(worker, new RegExp(`export \\{[^}]*\\b${name}\\b`));
    const bound = [...durable_objects.bindings.map(({ name }) => name), queues.producers[0].binding, d1_databases[0].binding, r2_buckets[0].binding];
    assert.deepEqual(bound.sort(), ["COMPANIES", "DB", "FILES", "LEDGER", "LOCATIONS", "SYNC", "TOKENS"]);
    assert.equal(d1_databases[0].migrations_dir, "node_modules/ghl-payments/migrations");
});

test("it is TypeScript that its own, strict configuration takes", () => {
    const ts = tool("typescript");
    const { options, errors } = ts.convertCompilerOptionsFromJson(compilerOptions, folder);
    assert.deepEqual([errors, options.strict, options.noEmit], [[], true, true]);
    // What takes a payment stands in the same file.
    const whole = worker + payment;
    writeFileSync(join(folder, "whole.ts"), whole);
    const problems = ts.getPreEmitDiagnostics(ts.createProgram([join(folder, "whole.ts")], options));
    assert.deepEqual(problems.map(({ start, messageText }) => [whole.slice(start).split("\n")[0], ts.flattenDiagnosticMessageText(messageText, " ")]), []);
});

test("it runs from the start to the manifest, says how far it is, and adds the money up; its secret is needed", async () => {
    const company = "company0000000000001";
    const { run } = await agency.ask(`/start?company=${company}`);
    let status;
    do {
        await pause(50);
        status = await agency.ask(`/status?run=${run}`);
    } while (status.state !== "ended");
    assert.deepEqual([status.counts.done, status.locations.length], [3, 3]);
    for (const { streams } of status.locations) {
        for (const { pass, pages, records, deleted, files, bytes, total, done } of Object.values(streams)) {
            assert.deepEqual([pass, deleted, done], ["full", 0, true]);
            assert.ok(pages > 0 && files > 0 && bytes > 0 && records === total);
        }
    }
    const lines = await agency.ask(`/reading?run=${run}`);
    const records = lines.reduce((sum, [, count]) => sum + count, 0);
    assert.equal(records, status.records);
    assert.ok(lines.every(([name, , sha256]) => name.startsWith(`${run}/`) && /^[0-9a-f]{64}$/.test(sha256)));
    const money = await agency.ask("/money?from=2000-01-01&to=2100-01-01&by=location");
    assert.deepEqual([...new Set(money.map(({ key }) => key))], [...sandbox.locations].sort());
    assert.ok(money.every(({ net, amount, refunded }) => net === amount - refunded));
    // The same in the guide's SQL, of what was paid and not wholly paid back, for all time.
    const rows = await agency.rows("DB", query.replace("unixepoch('2026-11-01')", "0"));
    assert.ok(rows.length > 0 && rows.every(({ location }) => sandbox.locations.includes(location)));
    await assert.rejects(agency.ask(`/bare`), /401/);
    const text = (name) => agency.ask(`/files?name=${name}`);
    assert.equal((await text(`${run}/manifest.json`)).run, run);
    const file = await agency.fetch(`/files?name=${lines[0][0]}`);
    assert.equal(gunzipSync(Buffer.from(await file.arrayBuffer())).toString().trim().split("\n").length, lines[0][1]);
    assert.equal((await agency.fetch("/files?name=none")).status, 404);
});

test("a run is canceled, tried again and got going by its routes", async () => {
    await sandbox.addFault("status=503", { locationId: sandbox.locations[0], times: 1000 });
    const { run } = await agency.ask("/start?company=company0000000000001");
    assert.deepEqual(await agency.ask(`/resume?run=${run}`), { run });
    const active = await agency.fetch("/start?company=company0000000000001");
    assert.deepEqual([active.status, (await active.json()).code], [409, "run_active"]);
    assert.deepEqual(await agency.ask(`/cancel?run=${run}`), { run });
    const ended = async (run) => {
        for (;;) {
            const status = await agency.ask(`/status?run=${run}`);
            if (status.state === "ended") return status;
            await pause(50);
        }
    };
    const { canceled, counts } = await ended(run);
    assert.ok(canceled && counts.failed > 0);
    await sandbox.clearFaults();
    const { run: again } = await agency.ask(`/retry?run=${run}`);
    assert.ok(again !== run);
    assert.equal((await ended(again)).counts.done, counts.failed);
});

test("what is wrong with a request, or in its way, is an answer with a fitting status", async () => {
    const cases = [
        ["/oauth/callback?error=access_denied&error_description=no", 400, "authorization_denied"],
        ["/oauth/callback?code=stolen&state=made-up", 400, "state_invalid"],
        ["/start?company=a/b", 400, "company"],
        ["/start", 400, "company"],
        ["/status?run=company1-20261130T000000000Z-aaaaaa", 404, "unknown_run"],
        ["/status?run=nonsense", 400, "run"],
        ["/cancel?run=company1-20261130T000000000Z-aaaaaa", 404, "unknown_run"],
        ["/retry", 400, "run"],
        ["/money?from=yesterday&to=2026-12-01&by=day", 400, "from"],
        ["/files", 404],
        ["/nothing", 404],
    ];
    for (const [path, status, what] of cases) {
        const answer = await agency.fetch(path);
        assert.equal(answer.status, status, path);
        if (what === undefined) continue;
        const { code, issues } = await answer.json();
        assert.equal(issues?.[0].path ?? code, what, path);
    }
});

test("the guide lists every log line that there is", () => {
    const sources = join(process.env.GHL_REPO_ROOT, "pkg-template/src/agency");
    const text = readdirSync(sources).map((name) => readFileSync(join(sources, name), "utf8")).join("");
    const written = [...text.matchAll(/#log\("(\w+)"|log\(\{ event: "(\w+)"/g)].map(([, own, other]) => own ?? other);
    // What became of a location, and why it could not go on, are named by the module.
    const named = ["done", "failed", "revoked", "limited", "server", "answer", "store"];
    const [, table] = guide.match(/^### Log lines$(.*?)^## /ms);
    assert.ok(written.length > 20);
    assert.deepEqual([...written, ...named].filter((name) => !table.includes(`\`${name}\``)), []);
});

test("no token is in the database, the files, the objects' storage or the log", () => {
    const tokens = Object.values(sandbox.tokens);
    assert.equal(new Set(tokens).size, 3);
    let bytes = 0;
    const search = (what, content) => {
        bytes += content.length;
        for (const token of tokens) assert.ok(!content.includes(token), `${what} holds a token`);
    };
    for (const name of readdirSync(agency.folder, { recursive: true })) {
        const file = join(agency.folder, name);
        if (statSync(file).isFile()) search(name, readFileSync(file));
    }
    search("the log", agency.lines.map(({ line }) => line).join("\n"));
    assert.ok(agency.lines.length > 0 && bytes > 100_000);
    console.log(`figure: agency: no token in ${bytes} bytes of databases, files, objects and log`);
});
