import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { judge, startSandbox, startWorker } from "../support/support.mjs";

/** A Worker as a developer writes it. Routes: all methods, and one call that reports what it got. */
const WORKER = `
    import * as library from "ghl-payments";
    import { callAllMethods } from "../support/all-methods.mjs";

    // Made once, outside of any request, as a Worker does it.
    const early = new library.PaymentsClient({ token: "t", locationId: "l", maxRetries: 0 });

    const SMALL = JSON.stringify({ _id: "a", note: "é" });
    const PAGE = JSON.stringify({ _id: "a", filler: "é".repeat(150_000) });
    const JSON_TYPE = { "content-type": "application/json" };

    /** A body of a connection: what is written into it comes out of it piece by piece. */
    function piped(text, size, end = (writer) => writer.close()) {
        const { readable, writable } = new IdentityTransformStream();
        const writer = writable.getWriter();
        const write = async () => {
            const bytes = new TextEncoder().encode(text);
            for (let at = 0; at < bytes.length; at += size) await writer.write(bytes.subarray(at, at + size));
            await end(writer);
        };
        write().catch(() => {});
        return readable;
    }

    /** Answers whose bodies come in different ways: what a client makes of them, and in how many pieces it reads them. */
    const BODIES = {
        small: () => [SMALL],
        page: () => [PAGE],
        declared: () => [PAGE, { "content-length": String(new TextEncoder().encode(PAGE).length) }],
        // As an answer that was compressed may have it.
        "declared as too short": () => [PAGE, { "content-length": "20000" }],
        "declared as too long": () => [SMALL, { "content-length": "300000" }],
        "in small pieces": () => [piped(PAGE, 4096)],
        "byte by byte": () => [piped(SMALL, 1)],
        empty: () => [""],
        "a stream of JavaScript's": () => [new Blob([PAGE]).stream().pipeThrough(new TransformStream())],
        "longer than allowed": () => [piped(PAGE.repeat(10), 4096)],
        breaks: () => [piped(PAGE, 4096, (writer) => writer.abort(new Error("dropped")))],
        hangs: () => [piped(SMALL.slice(0, 9), 4096, () => new Promise(() => {}))],
    };

    async function readBodies(settings) {
        const read = ReadableStreamBYOBReader.prototype.readAtLeast;
        let pieces;
        ReadableStreamBYOBReader.prototype.readAtLeast = function (...given) {
            pieces += 1;
            return read.apply(this, given);
        };
        const found = {};
        for (const [name, make] of Object.entries(BODIES)) {
            pieces = 0;
            const fetch = async () => {
                const [body, headers] = make();
                return new Response(body, { headers: { ...JSON_TYPE, ...headers } });
            };
            const options = { ...settings, fetch, timeoutMs: 1000, maxResponseBytes: 400_000 };
            const call = new library.PaymentsClient(options).orders.get("a");
            const outcome = await call.then((order) => (order.filler ?? order.note).length, (error) => error.name);
            found[name] = [outcome, pieces];
        }
        ReadableStreamBYOBReader.prototype.readAtLeast = read;
        return found;
    }

    export default {
        async fetch(request, env) {
            const { pathname } = new URL(request.url);
            if (pathname === "/all") return Response.json(await callAllMethods(library, env));
            const settings = { ...env, maxRetries: 0 };
            if (pathname === "/user-agent") {
                const seen = [];
                const fetch = async (url, init) => (seen.push(init.headers), Response.json({ _id: "a" }));
                await new library.PaymentsClient({ ...settings, fetch }).orders.get("a");
                return Response.json(seen[0]);
            }
            if (pathname === "/wrong-token") {
                const payments = new library.PaymentsClient({ ...settings, token: "wrong" });
                return Response.json(await payments.orders.get("a").catch((error) => ({ ...error, name: error.name })));
            }
            if (pathname === "/validation") {
                return Response.json(await early.orders.get("..").catch((error) => ({ ...error, name: error.name })));
            }
            if (pathname === "/bodies") return Response.json(await readBodies(settings));
            if (pathname === "/timeout") {
                const fetch = () => new Promise(() => {});
                const payments = new library.PaymentsClient({ ...settings, fetch, timeoutMs: 5 });
                return Response.json(await payments.orders.get("a").catch((error) => ({ ...error, name: error.name })));
            }
            return new Response("no such route", { status: 404 });
        },
    };
`;

let sandbox;
let worker;

before(async () => {
    sandbox = await startSandbox();
    const { baseUrl, token, locationId } = sandbox;
    worker = await startWorker(WORKER, { bindings: { baseUrl, token, locationId } });
});

after(async () => {
    await worker?.dispose();
    await sandbox?.stop();
});

async function ask(path) {
    const response = await worker.dispatchFetch(`http://worker.test${path}`);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
}

test("all methods do what they promise in workerd", async () => {
    judge(await ask("/all"), "workerd");
});

test("a call names its User-Agent, which workerd does not add by itself", async () => {
    assert.match((await ask("/user-agent"))["User-Agent"], /^ghl-payments\/\d+\.\d+\.\d+/);
});

test("a wrong token is an AuthenticationError", async () => {
    const error = await ask("/wrong-token");
    assert.deepEqual([error.name, error.status, error.outcome], ["AuthenticationError", 401, "rejected"]);
});

test("a client that was made outside of a request works inside of one", async () => {
    const error = await ask("/validation");
    assert.deepEqual([error.name, error.outcome, error.issues[0].path], ["ValidationError", "not_sent", "orderId"]);
});

test("no answer in time is a TimeoutError", async () => {
    const error = await ask("/timeout");
    assert.deepEqual([error.name, error.attempts], ["TimeoutError", 1]);
});

test("bodies are read whole and in few pieces, however they come; the limit, the time and a lost connection end them", async () => {
    assert.deepEqual(await ask("/bodies"), {
        small: [1, 1],
        page: [150_000, 3],
        declared: [150_000, 1],
        "declared as too short": [150_000, 3],
        "declared as too long": [1, 1],
        "in small pieces": [150_000, 3],
        "byte by byte": [1, 1],
        empty: ["DecodeError", 1],
        "a stream of JavaScript's": [150_000, 0],
        "longer than allowed": ["DecodeError", 3],
        breaks: ["NetworkError", 3],
        hangs: ["TimeoutError", 1],
    });
});
