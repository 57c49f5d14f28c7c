import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { judge, startSandbox, startWorker } from "../support/support.mjs";

/** A Worker as a developer writes it. Routes: all methods, and one call that reports what it got. */
const WORKER = `
    import * as library from "ghl-payments";
    import { callAllMethods } from "../support/all-methods.mjs";

    // Made once, outside of any request, as a Worker does it.
    const early = new library.PaymentsClient({ token: "t", locationId: "l", maxRetries: 0 });

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

test("all 23 methods do what they promise in workerd", async () => {
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
