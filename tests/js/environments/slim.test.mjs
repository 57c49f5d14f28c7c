import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { initialize, NotFoundError, PaymentsClient, ValidationError } from "ghl-payments/slim";

const bytes = readFileSync(createRequire(import.meta.url).resolve("ghl-payments/core.wasm"));
const options = { token: "t", locationId: "3SwdhCu3svxI8AKsPJt6" };

test("before initialize there is no client, and a module that does not start can be followed by one that does", () => {
    const missing = { name: "PaymentsError", code: "not_initialized", outcome: "not_sent", message: /initialize\(module\)/ };
    assert.throws(() => new PaymentsClient(options), missing);
    assert.throws(() => initialize(new TextEncoder().encode("<!doctype html>")), { code: "unsupported_runtime" });
    assert.throws(() => new PaymentsClient(options), missing);
});

test("after initialize with the bytes of core.wasm there is one", async () => {
    initialize(bytes);
    const fetch = async (url) =>
        url.includes("/orders/a?")
            ? Response.json({ _id: "a", amount: "5" })
            : Response.json({ message: "no" }, { status: 404 });
    const payments = new PaymentsClient({ ...options, fetch });
    assert.deepEqual(await payments.orders.get("a"), { _id: "a", amount: 5 });
    await assert.rejects(payments.orders.get("b"), NotFoundError);
    await assert.rejects(payments.orders.get(".."), ValidationError);
});

test("a module that another realm has compiled is one, as Next's edge runtime imports it", async () => {
    const module = runInNewContext("new WebAssembly.Module(bytes)", { bytes });
    assert.ok(!(module instanceof WebAssembly.Module));
    // A copy that is not initialized yet.
    const { initialize, PaymentsClient } = createRequire(import.meta.url)("ghl-payments/slim");
    initialize(module);
    const payments = new PaymentsClient({ ...options, fetch: async () => Response.json({ _id: "a" }) });
    assert.deepEqual(await payments.orders.get("a"), { _id: "a" });
});

test("the slim entry holds no wasm of its own", async () => {
    const source = readFileSync(fileURLToPath(import.meta.resolve("ghl-payments/slim")), "utf8");
    assert.match(source, /core\.js/);
    assert.doesNotMatch(source, /bytes\.js|index\.js/);
});
