// Attacks on the proxy, each in Node, in workerd and in Deno; and by bytes that no Request holds, over a socket.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import * as library from "ghl-payments/edge";
import { perform } from "./attacks.mjs";
import { PACKAGE, startWorker, tool } from "../support/support.mjs";

const { listen } = await import(pathToFileURL(join(PACKAGE, "cli/node-http.js")).href);
const here = dirname(fileURLToPath(import.meta.url));
const RUNNING = { timeout: 300_000 };

function judge({ figures, wrong }, runtime) {
    const { attacks, escapes, calls, tokens, refused } = figures;
    console.log(
        `figure: proxy: ${attacks} attacks in ${runtime}, ${refused} refused, ${escapes} escapes, ` +
            `${calls} calls of HighLevel for what it refuses, ${tokens} answers with bytes of a token`,
    );
    assert.deepEqual(wrong, []);
    assert.ok(attacks >= 120, `${attacks} attacks`);
}

test("no attack escapes in Node", RUNNING, async () => judge(await perform(library), "Node"));

test("no attack escapes in workerd", RUNNING, async (t) => {
    const worker = await startWorker(`
        import * as library from "ghl-payments/edge";
        import { perform } from "../edge/attacks.mjs";
        export default { fetch: async () => Response.json(await perform(library)) };
    `);
    t.after(() => worker.dispose());
    const response = await worker.dispatchFetch("http://worker.test/");
    judge(await response.json(), "workerd");
});

test("no attack escapes in Deno", RUNNING, async () => {
    const program = `
        import * as library from ${JSON.stringify(pathToFileURL(join(PACKAGE, "edge.js")).href)};
        import { perform } from ${JSON.stringify(pathToFileURL(join(here, "attacks.mjs")).href)};
        console.log(JSON.stringify(await perform(library)));
    `;
    const deno = join(dirname(tool.resolve("deno/package.json")), "bin.cjs");
    const run = promisify(execFile)(process.execPath, [deno, "eval", "--no-config", program], {
        cwd: here,
        env: { ...process.env, NODE_OPTIONS: "", DENO_NO_UPDATE_CHECK: "1" },
        maxBuffer: 1 << 24,
    });
    judge(JSON.parse((await run).stdout), "Deno");
});

/** Writes bytes to a server and gives the first line of its answer. */
function written(port, text) {
    return new Promise((resolve, reject) => {
        const socket = connect(port, "127.0.0.1", () => socket.end(text));
        let answer = "";
        socket.on("data", (data) => {
            answer += data;
        });
        socket.on("close", () => resolve(answer.split("\r\n")[0]));
        socket.on("error", reject);
    });
}

test("bytes that no Request holds do not get through a server", RUNNING, async (t) => {
    const sent = [];
    const proxy = library.createProxy({
        authorize: () => ({ locationId: "ve9EPM428h8vShlRW1KT", operations: ["orders.list", "orders.get", "coupons.list"] }),
        token: () => "pit-secret",
        limiter: false,
        fetch: async (url) => {
            sent.push(new URL(url).pathname);
            return Response.json({ _id: "a", data: [], totalCount: 0 });
        },
    });
    const server = await listen(proxy, { port: 0, host: "127.0.0.1" });
    t.after(() => server.close());
    const { port } = new URL(server.url);
    const get = (target, method = "GET", more = "") => `${method} ${target} HTTP/1.1\r\nHost: app.example\r\n${more}Connection: close\r\n\r\n`;
    const tried = [
        get("/api/payments/../oauth/token"),
        get("/api/payments/orders/../../../oauth/token"),
        get("/api/payments/orders/..%2f..%2f"),
        get("/api/payments\\..\\..\\oauth"),
        get("//evil.example/api/payments/orders"),
        get("/api/payments/orders/%00"),
        get("/api/payments/orders", "TRACE"),
        get("/api/payments/orders", "HEAD"),
        get("/api/payments/orders", "GET", "Upgrade: websocket\r\nConnection: Upgrade\r\n"),
        get("/api/payments/orders", "GET", "Origin: null\r\n"),
        get("/api/payments/orders", "GET", "Origin: http://app.example\r\nOrigin: http://evil.example\r\n"),
        get("/api/payments/orders?altId=a&altId=b"),
    ];
    const statuses = [];
    for (const text of tried) statuses.push(await written(Number(port), text));
    assert.deepEqual(sent, []);
    assert.ok(
        statuses.every((line) => line === "" || / (4\d\d|501) /.test(line)),
        statuses.join("\n"),
    );
    console.log(`figure: proxy: ${tried.length} attacks over a socket, ${sent.length} calls of HighLevel`);
    assert.match(await written(Number(port), get("/api/payments/orders?limit=1")), / 200 /);
    assert.deepEqual(sent, ["/payments/orders"]);
});
