// An error can be logged and carried: JSON, structured clones, other copies of the package.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PaymentsClient, PaymentsError } from "ghl-payments";
import * as library from "ghl-payments";
import { ANY_ANSWER, failure, ID, stub, thrown, TOKEN } from "../support/stub.mjs";

/** One error of each class, as calls give them. */
async function everyError() {
    const errors = [];
    for (const status of [400, 401, 403, 404, 409, 429, 500]) {
        const headers = { "x-ratelimit-max": "100", "retry-after": "7" };
        const body = { message: ["no", `status ${status}`], traceId: "t-1", deep: { a: [1, { b: "ü" }] } };
        const { payments } = stub(() => Response.json(body, { status, headers }), { maxRetries: 0 });
        errors.push(await failure(payments.orders.recordPayment(ID, { mode: "cash" })));
    }
    const cause = new TypeError("dropped");
    const drop = () => Promise.reject(cause);
    errors.push(await failure(stub(drop, { maxRetries: 0 }).payments.orders.recordPayment(ID, { mode: "cash" })));
    errors.push(await failure(stub(() => new Promise(() => {}), { timeoutMs: 1, maxRetries: 0 }).payments.orders.get(ID)));
    errors.push(await failure(stub({}).payments.orders.get(ID, { signal: AbortSignal.abort() })));
    errors.push(await failure(stub(() => new Response("<html>"), {}).payments.orders.get(ID)));
    errors.push(thrown(() => new PaymentsClient({ token: TOKEN, timeoutMs: -1, nope: 1 })));
    return errors;
}

/** Everything that an error tells, but for the cause and the place in the code. */
function told(error) {
    const { name, message, code, outcome, status, messages, traceId, retryable, attempts, operation, body } = error;
    const { retryAfterMs, rateLimit, candidates, issues, path, expected, found, recordId } = error;
    return { recordId, name, message, code, outcome, status, messages, traceId, retryable, attempts, operation, body, retryAfterMs, rateLimit, candidates, issues, path, expected, found };
}

const CARRIERS = {
    "JSON text as it came": (error) => JSON.stringify(error),
    "JSON text": (error) => JSON.parse(JSON.stringify(error)),
    "JSON text of what holds it": (error) => JSON.parse(JSON.stringify({ at: [error] })).at[0],
    "a structured clone": (error) => structuredClone(error.toJSON()),
    "a port": (error) =>
        new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port2.onmessage = ({ data }) => {
                port1.close();
                resolve(data);
            };
            port1.postMessage(error.toJSON());
        }),
};

for (const [what, carry] of Object.entries(CARRIERS)) {
    test(`an error of every class comes back whole from ${what}`, async () => {
        const errors = await everyError();
        assert.equal(new Set(errors.map(({ name }) => name)).size, 12);
        for (const error of errors) {
            const carried = await carry(error);
            assert.equal((typeof carried === "string" ? JSON.parse(carried) : carried).message, error.message);
            const back = PaymentsError.from(carried);
            assert.ok(back instanceof library[error.name] && back instanceof Error && back !== error);
            assert.deepEqual(told(back), told(error));
            assert.ok(PaymentsError.is(back) && library[error.name].is(back));
            // Once more, and the same comes out.
            assert.deepEqual(back.toJSON(), error.toJSON());
        }
    });
}

test("whatever the body holds, an error can be written, and what is written stays small", async () => {
    const deep = (levels) => `${'{"a":['.repeat(levels)}1${"]}".repeat(levels)}`;
    const bodies = [deep(1), deep(40), deep(60), '{"__proto__":{"x":1},"constructor":1}', `[${"1,".repeat(30_000)}1]`, '"text"', "<html>", ""];
    for (const body of bodies) {
        const error = await failure(stub(() => new Response(body, { status: 404 })).payments.orders.get(ID));
        const text = JSON.stringify(error);
        assert.equal(JSON.parse(text).message, error.message);
        const back = PaymentsError.from(JSON.parse(text));
        assert.deepEqual([back.name, back.status, back.outcome], ["NotFoundError", 404, "rejected"]);
        structuredClone(error.toJSON());
    }
    // A large body costs the other fields nothing.
    const wide = JSON.stringify({ message: "no", list: Array(30_000).fill(1) });
    const limited = await failure(stub(() => new Response(wide, { status: 429, headers: { "x-ratelimit-max": "100" } }), { maxRetries: 0 }).payments.orders.get(ID));
    assert.deepEqual(PaymentsError.from(JSON.parse(JSON.stringify(limited))).rateLimit, limited.rateLimit);
    assert.equal(limited.rateLimit.limit, 100);
    // A body that somebody put in by hand: no depth, width or cycle of it is too much.
    let bottomless = {};
    for (let i = 0; i < 100_000; i += 1) bottomless = { in: bottomless };
    const cyclic = { list: [] };
    for (let i = 0; i < 50; i += 1) cyclic.list.push(cyclic);
    const hostile = {
        get a() {
            throw new Error("no");
        },
        b: 5n,
        c: () => 1,
        d: Number.NaN,
        e: Proxy.revocable({}, {}),
    };
    hostile.e.revoke();
    for (const body of [bottomless, cyclic, hostile, hostile.e.proxy, Array(1_000_000).fill(0)]) {
        const error = PaymentsError.from({ name: "ServerError", code: "server_error", outcome: "unknown", message: "m", body });
        Object.assign(error, { body });
        const text = JSON.stringify(error);
        assert.ok(text.length < 1_000_000 && JSON.parse(text).message === "m");
    }
});

test("neither the cause nor a secret of it is in what is written", async () => {
    const cause = Object.assign(new Error("Bearer of-somebody-else"), { key: "of-somebody-else" });
    const { payments } = stub(() => Promise.reject(cause), { maxRetries: 0 });
    const error = await failure(payments.orders.get(ID));
    assert.equal(error.cause, cause);
    assert.ok(!JSON.stringify(error).includes("of-somebody-else"));
    assert.ok(!("cause" in error.toJSON() || "stack" in error.toJSON()));
});

test("why the token function failed is in what is written, and comes back from it", async () => {
    const thrown = (code) => Object.assign(new Error("the app is not installed there"), { code, retryable: false });
    const of = async (code) => failure(stub(ANY_ANSWER, { token: () => Promise.reject(thrown(code)) }).payments.orders.get(ID));
    const error = await of("needs_install");
    assert.deepEqual([error.name, error.reason, error.cause.code], ["AuthenticationError", "needs_install", "needs_install"]);
    assert.equal(JSON.parse(JSON.stringify(error)).reason, "needs_install");
    assert.equal(PaymentsError.from(JSON.stringify(error)).reason, "needs_install");
    // What is no name may be somebody's secret, or nothing.
    for (const code of [undefined, null, 20, "", "pit-8f6a7c1e-0d3b", "live_api_03e5805bc294", "Bearer x", "a".repeat(65), { toString: () => "gone" }]) {
        const other = await of(code);
        assert.ok(!("reason" in other) && !("reason" in other.toJSON()), String(code));
    }
});

test("an error names the record that its call was about, whatever went wrong", async () => {
    const payment = { mode: "cash", amount: 5 };
    const refused = () => new Response("{}", { status: 400 });
    for (const [answer, act] of [
        [refused, (payments) => payments.orders.recordPayment(ID, payment)],
        [refused, (payments) => payments.orders.recordPaymentOnce(ID, payment, { reference: "job-1" })],
        [refused, (payments) => payments.transactions.get(ID)],
        [refused, (payments) => payments.orders.listNotes(ID)],
        [refused, (payments) => payments.coupons.get({ id: ID })],
        [refused, (payments) => payments.coupons.delete(ID)],
        [refused, (payments) => payments.coupons.update(ID, { name: "n", code: "C", discountType: "amount", discountValue: 1, startDate: "2027-01-01T00:00:00Z" })],
        // Nothing was sent: the core has refused it, or the facade.
        [refused, (payments) => payments.orders.recordPayment(ID, { ...payment, amount: -1 })],
        [refused, (payments) => payments.orders.recordPayment(ID, { ...payment, amount: NaN })],
        [refused, (payments) => payments.orders.get(ID, { nope: 1 })],
        [refused, (payments) => payments.orders.get(ID, { signal: AbortSignal.abort() })],
        [() => Promise.reject(new TypeError("dropped")), (payments) => payments.orders.recordPayment(ID, payment)],
        [() => new Response("<html>"), (payments) => payments.orders.get(ID)],
    ]) {
        const error = await failure(act(stub(answer, { maxRetries: 0 }).payments));
        assert.equal(error.recordId, ID, `${act}`);
        assert.equal(JSON.parse(JSON.stringify(error)).recordId, ID);
        assert.equal(PaymentsError.from(JSON.stringify(error)).recordId, ID);
    }
});

test("an error of a call that names no record has no id of one", async () => {
    const { payments } = stub(() => new Response("{}", { status: 400 }));
    for (const act of [
        () => payments.orders.list({ search: "x" }),
        () => payments.coupons.get({ code: "SPRING" }),
        () => payments.customProvider.getConfig(),
        () => payments.orders.get(""),
        () => payments.orders.get(undefined),
        () => payments.orders.get("a".repeat(257)),
    ]) {
        const error = await failure(act());
        assert.ok(!("recordId" in error) && !("recordId" in error.toJSON()), `${act}`);
    }
});

test("what is no error of ours says so: its outcome is unknown, and it is the cause", () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const [value, message] of [
        [new Error("boom"), "boom"],
        [Object.assign(new Error("x"), { name: "TimeoutError", code: "ETIMEDOUT" }), "x"],
        [new DOMException("late", "TimeoutError"), "late"],
        [{ message: "plain", name: "NotFoundError" }, "plain"],
        [{ code: "not_found", outcome: "maybe" }, "an unknown error"],
        ["text", "text"],
        ["{not JSON", "{not JSON"],
        [5, "an unknown error"],
        [null, "an unknown error"],
        [undefined, "an unknown error"],
        [[], "an unknown error"],
        [revoked.proxy, "an unknown error"],
    ]) {
        const error = PaymentsError.from(value);
        assert.deepEqual([error.name, error.code, error.outcome, error.message], ["PaymentsError", "unknown", "unknown", message]);
        assert.equal(error.cause, value === undefined ? undefined : value);
        assert.deepEqual([error.messages, error.attempts, error.retryable], [[], 0, false]);
        assert.equal(JSON.parse(JSON.stringify(error)).message, message);
    }
});

test("wrong fields of what was carried do not come through", () => {
    const given = { name: "ValidationError", code: "c", outcome: "not_sent", message: "m" };
    const wrong = { ...given, status: "404", messages: [5], retryable: "yes", attempts: "2", issues: [{ path: 1 }], operation: [], candidates: "x" };
    const error = PaymentsError.from(wrong);
    assert.ok(error instanceof library.ValidationError);
    assert.deepEqual([error.status, error.messages, error.retryable, error.attempts], [undefined, [], false, 0]);
    assert.deepEqual([error.issues, error.operation, error.candidates], [[], undefined, undefined]);
    for (const name of ["constructor", "__proto__", "toString", "QuotaError"]) {
        const error = PaymentsError.from({ ...given, name });
        assert.deepEqual([error.constructor, error.code, error.name], [PaymentsError, "c", name]);
    }
});

test("an error of another copy of the package is known, and can be taken over", async () => {
    const installed = dirname(fileURLToPath(import.meta.resolve("ghl-payments")));
    const folder = mkdtempSync(join(tmpdir(), "second-copy-"));
    try {
        cpSync(installed, folder, { recursive: true });
        const second = await import(pathToFileURL(join(folder, "index.js")));
        const { payments } = stub(() => Response.json({ message: "gone" }, { status: 404 }));
        const error = await failure(payments.orders.get(ID));
        assert.ok(!(error instanceof second.PaymentsError));
        assert.ok(second.PaymentsError.is(error) && second.NotFoundError.is(error) && !second.TimeoutError.is(error));
        const taken = second.PaymentsError.from(error);
        assert.ok(taken instanceof second.NotFoundError);
        assert.deepEqual(told(taken), told(error));
        const late = await failure(stub(() => Promise.reject(new Error("x")), { maxRetries: 0 }).payments.orders.get(ID));
        assert.equal(second.PaymentsError.from(late).cause, late.cause);
        // Two copies share no limits: the modules are apart.
        const limiter = new second.PaymentsClient({ token: TOKEN });
        assert.match(thrown(() => new PaymentsClient({ token: TOKEN, limiter })).message, /two copies of the package/);
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test("is tells errors of this package from everything else, also behind a Proxy and taken off its class", async () => {
    const error = await failure(stub(() => new Response("", { status: 404 })).payments.orders.get(ID));
    const { is } = PaymentsError;
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const value of [error, new Proxy(error, {})]) assert.ok(PaymentsError.is(value) && is(value) && library.NotFoundError.is(value));
    assert.deepEqual([error, new Error("x"), null, undefined, 5, "x", {}, revoked.proxy, error.toJSON()].filter(PaymentsError.is), [error]);
    assert.equal(library.TimeoutError.is(error), false);
});
