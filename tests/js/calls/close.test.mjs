// `close()` and `using`: the memory of a client is given back, calls under way go on, later ones are refused.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { PaymentsClient, ValidationError } from "ghl-payments";
import { PACKAGE } from "../support/support.mjs";
import { ANY_ANSWER, failure, ID, LOCATION, stub, thrown, TOKEN } from "../support/stub.mjs";

const { initSync } = await import(pathToFileURL(join(PACKAGE, "core.js")));
const memory = () => Object.values(initSync()).find((value) => value instanceof WebAssembly.Memory).buffer.byteLength;

/** Makes clients that would fill 40 MB together. */
async function many(close) {
    for (let i = 0; i < 10_000; i++) {
        close(new PaymentsClient({ token: TOKEN, locationId: LOCATION, userAgent: "a".repeat(4000) }));
        await undefined;
    }
}

test("closed clients leave no memory behind", async () => {
    await many((payments) => payments.close());
    const before = memory();
    await many((payments) => payments.close());
    assert.equal(memory(), before);
});

test("what using calls closes too", async () => {
    // What compilers and polyfills take where the runtime does not know it.
    const dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
    const before = memory();
    await many((payments) => payments[dispose]());
    assert.equal(memory(), before);
});

test("calls under way go on, later ones are refused before anything is sent", async () => {
    let answer;
    const { payments, requests } = stub(() => new Promise((resolve) => (answer = resolve)));
    const underWay = payments.orders.get(ID);
    while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve));
    payments.close();
    payments.close();
    const late = await failure(payments.orders.get(ID));
    assert.ok(late instanceof ValidationError, String(late));
    assert.equal(late.outcome, "not_sent");
    assert.match(late.message, /closed/);
    answer(Response.json(ANY_ANSWER));
    assert.equal((await underWay)._id, ID);
    assert.equal(requests.length, 1);
});

test("a call that was made before goes on, also where it was not sent yet", async () => {
    const { payments, requests } = stub(ANY_ANSWER);
    const call = payments.orders.get(ID);
    payments.close();
    assert.equal((await call)._id, ID);
    assert.equal(requests.length, 1);
});

test("the further pages of a list are later calls", async () => {
    const { payments } = stub({ data: [{ _id: "a" }], totalCount: 2 });
    const page = await payments.orders.list();
    payments.close();
    assert.match((await failure(page.getNextPage())).message, /closed/);
});

test("the limits of a closed client can be shared no more; those shared before stay", async () => {
    const first = stub(ANY_ANSWER);
    const second = stub(ANY_ANSWER, { limiter: first.payments });
    first.payments.close();
    assert.equal((await second.payments.orders.get(ID))._id, ID);
    const { issues } = thrown(() => stub(ANY_ANSWER, { limiter: first.payments }));
    assert.deepEqual(issues, [{ path: "limiter", message: "was closed" }]);
});
