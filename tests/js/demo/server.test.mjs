// What serves the demo page.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer, get } from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT, serve } from "./server.mjs";
import { url } from "./walk.mjs";

const text = async (path) => (await fetch(new URL(path, url))).text();

function read(path, headers = {}) {
    return new Promise((resolve, reject) => {
        // Not fetch: it would tidy the path up before it is sent.
        const { hostname, port } = new URL(url);
        get({ hostname, port, path, headers }, (response) => {
            response.resume().once("end", () => resolve({ status: response.statusCode, headers: response.headers }));
        }).once("error", reject);
    });
}

describe("the server", () => {
    test("serves the page with its types, compressed, under a strict policy; only hashed names are kept by browsers", async () => {
        const html = await text("/");
        const [style] = /style-[0-9A-Z]{8}\.css/.exec(html);
        const [script] = /boot-[0-9A-Z]{8}\.js/.exec(html);
        const types = {
            "/": ["text/html; charset=utf-8", "no-cache"],
            "/config.json": ["application/json; charset=utf-8", "no-cache"],
            [`/${style}`]: ["text/css; charset=utf-8", "max-age=31536000, immutable"],
            [`/${script}`]: ["text/javascript; charset=utf-8", "max-age=31536000, immutable"],
        };
        for (const [path, [type, cache]] of Object.entries(types)) {
            const { status, headers } = await read(path);
            assert.equal(status, 200, path);
            assert.equal(headers["content-type"], type, path);
            assert.equal(headers["cache-control"], cache, path);
            assert.equal(headers["x-content-type-options"], "nosniff", path);
        }
        const policy = (await read("/")).headers["content-security-policy"].split("; ");
        for (const part of [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ]) {
            assert.ok(policy.includes(part), part);
        }
        assert.doesNotMatch(html, /<script(?![^>]* src=)|<style| style=| on\w+=/, "no inline script or style");
        const plain = await read(`/${style}`);
        for (const [accepted, encoding] of [
            ["gzip, br", "br"],
            ["gzip", "gzip"],
            ["br;q=0, gzip", "gzip"],
            ["", undefined],
        ]) {
            const { headers } = await read(`/${style}`, { "accept-encoding": accepted });
            assert.equal(headers["content-encoding"], encoding, accepted);
            if (encoding) assert.ok(Number(headers["content-length"]) < Number(plain.headers["content-length"]) / 2);
        }
        const { etag } = (await read("/")).headers;
        const again = await read("/", { "if-none-match": etag });
        assert.equal(again.status, 304);
    });

    test("serves nothing beside it", async () => {
        const paths = [
            "/..%2fpkg%2fpackage.json",
            "/../Cargo.toml",
            "/..%2fCargo.toml",
            "/%2e%2e%2fCargo.lock",
            "/..%5cCargo.toml",
            "/serve.mjs",
            "/app.js",
            "/views/orders.js",
            "/pkg/index.js",
            "/%00.js",
            "/%ff.js",
            "/nothing.js",
        ];
        for (const path of paths) assert.equal((await read(path)).status, 404, path);
    });

    test("adds the token for its own page only", async () => {
        const headers = { version: "2021-07-28" };
        const path = "/api/payments/orders?limit=1&altType=location";
        assert.equal((await read(path, headers)).status, 200);
        assert.equal((await read(path, { ...headers, authorization: "Bearer wrong" })).status, 401);
        assert.equal((await read(path, { ...headers, "sec-fetch-site": "cross-site" })).status, 403);
    });

    test("says that a port is taken", async () => {
        const port = new URL(url).port;
        const second = spawn(process.execPath, [join(ROOT, "www/serve.mjs"), "--port", port]);
        let output = "";
        second.stderr.on("data", (chunk) => (output += chunk));
        const code = await new Promise((resolve) => second.once("exit", resolve));
        assert.equal(code, 1);
        assert.match(output, new RegExp(`Port ${port} is taken`));
    });
});

describe("your own account", () => {
    test("gets its token from the server, which the page never sees", async () => {
        const seen = [];
        const upstream = createServer((request, response) => {
            seen.push({ path: request.url, authorization: request.headers.authorization });
            response.writeHead(200, { "content-type": "application/json", "set-cookie": "a=b" });
            response.end('{"data":[],"totalCount":0}');
        });
        await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
        const own = await serve(["--upstream", `http://127.0.0.1:${upstream.address().port}`], {
            GHL_TOKEN: "token-of-the-walk",
            GHL_LOCATION: "location-of-the-walk",
        });
        const response = await fetch(`${own}api/payments/orders?limit=1`, { headers: { version: "2021-07-28" } });
        assert.deepEqual(await response.json(), { data: [], totalCount: 0 });
        assert.equal(response.headers.get("set-cookie"), null);
        const place = "locationId=location-of-the-walk&altId=location-of-the-walk&altType=location";
        const path = `/payments/orders?limit=1&${place}`;
        assert.deepEqual(seen, [{ path, authorization: "Bearer token-of-the-walk" }]);
        const foreign = await fetch(`${own}api/payments/orders?altId=another`);
        assert.equal(foreign.status, 403);
        // What a page sends in its place counts for nothing.
        await fetch(`${own}api/payments/orders`, { headers: { authorization: "Bearer wrong", "x-sandbox-fault": "drop" } });
        assert.deepEqual(
            seen.map(({ authorization }) => authorization),
            Array(2).fill("Bearer token-of-the-walk"),
        );
        const config = await (await fetch(`${own}config.json`)).text();
        assert.deepEqual(JSON.parse(config), { apiBase: "/api", locationId: "location-of-the-walk", sandbox: false });
        upstream.close();
        await assert.rejects(
            serve(["--upstream", "https://services.example.com"], { GHL_TOKEN: "" }),
            /needs GHL_TOKEN/,
        );
        await assert.rejects(
            serve(["--upstream", "http://example.com"], { GHL_TOKEN: "x", GHL_LOCATION: "y" }),
            /must be https/,
        );
    });
});
