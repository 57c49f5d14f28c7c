// Nothing that calls share is held for ever: tokens that never come, calls that never end, clocks that are set.

import assert from "node:assert/strict";
import { join } from "node:path";
import test, { mock } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { ANY_ANSWER, failure, ID, LOCATION, stub, TOKEN } from "../support/stub.mjs";
import { PACKAGE } from "../support/support.mjs";

/** A token function that notes what it is told, and answers its n-th question with what `give(n)` gives. */
function source(give) {
    const asked = [];
    const token = (context) => {
        asked.push(context);
        return give(asked.length);
    };
    return { asked, token };
}

const never = () => new Promise(() => {});
const authorizations = (requests) => requests.map(({ headers }) => headers.get("authorization"));

test("a token function that hangs hangs its caller, not the client", async () => {
    const { asked, token } = source((times) => (times === 1 ? never() : "tok"));
    const { payments, requests } = stub(ANY_ANSWER, { token, timeoutMs: 60 });
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome], ["TimeoutError", "not_sent"]);
    for (let i = 0; i < 3; i += 1) await payments.orders.get(ID);
    assert.deepEqual([asked.length, requests.length], [2, 3]);
});

test("calls that share a hanging token function with its caller ask it once more, in time", async () => {
    const { asked, token } = source((times) => (times === 1 ? never() : "tok"));
    const { payments, requests } = stub(ANY_ANSWER, { token, timeoutMs: 400 });
    const [first, ...others] = await Promise.allSettled(Array.from({ length: 50 }, () => payments.orders.get(ID)));
    assert.equal(first.reason?.name, "TimeoutError");
    assert.deepEqual([...new Set(others.map(({ status }) => status))], ["fulfilled"]);
    assert.deepEqual([asked.length, requests.length], [2, 49]);
});

test("a refresh that hangs does not keep the refused token's callers for ever", async () => {
    const { asked, token } = source((times) => (times === 2 ? never() : `tok-${times}`));
    const answer = ({ headers }) =>
        headers.get("authorization") === "Bearer tok-3" ? Response.json(ANY_ANSWER) : new Response("{}", { status: 401 });
    const { payments } = stub(answer, { token, timeoutMs: 60 });
    const error = await failure(payments.orders.get(ID));
    assert.deepEqual([error.name, error.outcome, error.attempts], ["TimeoutError", "rejected", 1]);
    await payments.orders.get(ID);
    assert.deepEqual(
        asked.map(({ refused }) => refused),
        [undefined, "tok-1", "tok-1"],
    );
});

test("an answer that comes late is used by who still waits for it, and never in place of a newer token", async () => {
    let late;
    const { asked, token } = source((times) => (times === 1 ? new Promise((resolve) => (late = resolve)) : "new"));
    const { payments, requests } = stub(ANY_ANSWER, { token, timeoutMs: 30_000 });
    const patient = payments.orders.get(ID);
    // It does not wait for half a minute, so it asks itself.
    await payments.orders.get(ID, { timeoutMs: 20 });
    late("old");
    await patient;
    await payments.orders.get(ID);
    assert.deepEqual(authorizations(requests), ["Bearer new", "Bearer old", "Bearer new"]);
    assert.equal(asked.length, 2);
});

test("a late answer is kept where no newer token has come", async () => {
    let late;
    const { asked, token } = source((times) => (times === 1 ? new Promise((resolve) => (late = resolve)) : never()));
    const { payments, requests } = stub(ANY_ANSWER, { token, timeoutMs: 30_000 });
    const patient = payments.orders.get(ID);
    assert.equal((await failure(payments.orders.get(ID, { timeoutMs: 20 }))).name, "TimeoutError");
    late("late");
    await patient;
    await payments.orders.get(ID);
    assert.deepEqual(authorizations(requests), ["Bearer late", "Bearer late"]);
    assert.equal(asked.length, 2);
});

test("the token function is told the location, and which token was refused", async () => {
    const { asked, token } = source((times) => `tok-${times}`);
    const answer = ({ headers }, before) =>
        before === 0 ? new Response("{}", { status: 401 }) : Response.json({ ...ANY_ANSWER, for: headers.get("authorization") });
    const { payments } = stub(answer, { token });
    const order = await payments.orders.get(ID);
    assert.equal(order.for, "Bearer tok-2");
    assert.deepEqual(asked, [{ locationId: LOCATION }, { locationId: LOCATION, refused: "tok-1" }]);
});

test("each location has its own token, whether options or parameters name it", async () => {
    const { asked, token } = source((times) => `tok-${times}`);
    const { payments, requests } = stub(ANY_ANSWER, { token });
    await Promise.all([
        payments.orders.get(ID),
        payments.orders.get(ID, { locationId: "other" }),
        payments.orders.list({ altId: "third" }),
        payments.orders.get(ID, { locationId: "other" }),
    ]);
    await payments.orders.list({ altId: "other" });
    await payments.orders.get(ID);
    await payments.customProvider.updateCapabilities({ companyId: "c", supportsSubscriptionSchedules: true });
    assert.deepEqual(asked, [{ locationId: LOCATION }, { locationId: "other" }, { locationId: "third" }]);
    const expected = { [LOCATION]: "tok-1", other: "tok-2", third: "tok-3" };
    for (const { url, headers } of requests.slice(0, -1)) {
        assert.equal(headers.get("authorization"), `Bearer ${expected[url.searchParams.get("altId")]}`);
    }
});

test("a refused token of one location is not replaced by that of another", async () => {
    const { asked, token } = source((times) => `tok-${times}`);
    const answer = ({ headers }) =>
        headers.get("authorization") === "Bearer tok-2" ? new Response("{}", { status: 401 }) : Response.json(ANY_ANSWER);
    const { payments } = stub(answer, { token });
    await payments.orders.get(ID);
    await Promise.all(Array.from({ length: 50 }, () => payments.orders.get(ID, { locationId: "other" })));
    await payments.orders.get(ID);
    assert.deepEqual(asked, [
        { locationId: LOCATION },
        { locationId: "other" },
        { locationId: "other", refused: "tok-2" },
    ]);
});

test("tokens are kept for a thousand locations; for more the function is asked again", async () => {
    const { asked, token } = source((times) => `tok-${times}`);
    const { payments } = stub(ANY_ANSWER, { token });
    const get = (index) => payments.orders.get(ID, { locationId: `location-${index}` });
    for (let i = 0; i < 1001; i += 1) await get(i);
    for (let i = 1; i < 1001; i += 1) await get(i);
    assert.equal(asked.length, 1001);
    await get(0);
    assert.equal(asked.length, 1002);
});

test("clients that share a token function share its answers, but not where one of them refuses them", async () => {
    const asked = [];
    const token = async (context) => {
        asked.push(context.refused);
        await wait(20);
        return context.refused === undefined ? "tok-1" : "tok-2";
    };
    let valid = "Bearer tok-1";
    const answer = ({ headers }) =>
        Response.json(ANY_ANSWER, { status: headers.get("authorization") === valid ? 200 : 401 });
    const [one, two, three] = [1, 2, 3].map(() => stub(answer, { token }));
    await Promise.all([one.payments.orders.get(ID), two.payments.orders.get(ID)]);
    assert.deepEqual(asked, [undefined]);
    valid = "Bearer tok-2";
    // While the third asks for a first token, the others need another one than that.
    await Promise.all([three, one, two].map(({ payments }) => payments.orders.get(ID)));
    assert.deepEqual(authorizations(one.requests), ["Bearer tok-1", "Bearer tok-1", "Bearer tok-2"]);
    assert.deepEqual(asked.slice(0, 3), [undefined, undefined, "tok-1"]);
});

test("a slow token function is asked once, however long its callers wait", async () => {
    // Longer than the silence after which the caller of a token function is taken for gone.
    const { asked, token } = source(async () => {
        await wait(1500);
        return "tok";
    });
    const { payments, requests } = stub(ANY_ANSWER, { token });
    await Promise.all(Array.from({ length: 50 }, () => payments.orders.get(ID)));
    assert.deepEqual([asked.length, requests.length], [1, 50]);
});

test("a call that can get no turn in ten minutes is a TimeoutError that was not sent", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const headers = { "x-ratelimit-max": "1", "x-ratelimit-interval-milliseconds": "60000" };
    const { payments, requests } = stub(() => Response.json(ANY_ANSWER, { headers }), { limiter: undefined });
    await payments.orders.get(ID);
    const calls = Array.from({ length: 20 }, () => payments.orders.get(ID));
    const patient = payments.orders.get(ID, { deadlineMs: 3_600_000 });
    let ended = false;
    const ends = Promise.allSettled([...calls, patient]).finally(() => (ended = true));
    while (!ended) {
        for (let i = 0; i < 4; i += 1) await new Promise(setImmediate);
        t.mock.timers.tick(250);
        assert.ok(Date.now() < 1_800_000, "the calls never end");
    }
    const settled = await ends;
    const refused = settled.filter(({ status }) => status === "rejected");
    assert.ok(refused.length >= 9 && refused.length <= 12, `${refused.length}`);
    for (const { reason } of refused) {
        assert.deepEqual([reason.name, reason.outcome, reason.attempts, reason.retryable], ["TimeoutError", "not_sent", 0, true]);
        assert.match(reason.message, /ten minutes/);
    }
    assert.equal(settled.at(-1).status, "fulfilled");
    // The first call was sent as well.
    assert.equal(requests.length, 1 + settled.length - refused.length);
});

test("a fresh token is no retry", async () => {
    for (const [statuses, maxRetries, succeeds] of [
        [[401, 503, 200], 1, true],
        [[503, 401, 200], 1, true],
        [[401, 200], 0, true],
        [[401, 503, 503], 1, false],
    ]) {
        let asked = 0;
        const { payments, requests } = stub((_, before) => Response.json(ANY_ANSWER, { status: statuses[before] }), {
            token: () => `tok-${asked++}`,
            maxRetries,
        });
        const call = payments.orders.get(ID);
        if (succeeds) assert.equal((await call.withResponse()).response.attempts, statuses.length);
        else assert.equal((await failure(call)).name, "ServerError");
        assert.equal(requests.length, statuses.length, `${statuses}`);
    }
});

test("without limits in its answers a server is sent 100 requests in 10 s, as documented", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const { payments, requests } = stub(ANY_ANSWER, { token: TOKEN, limiter: undefined });
    await payments.orders.get(ID);
    const calls = Promise.all(Array.from({ length: 150 }, () => payments.orders.get(ID)));
    let ended = false;
    void calls.then(() => (ended = true));
    while (!ended) {
        for (let i = 0; i < 4; i += 1) await new Promise(setImmediate);
        if (Date.now() < 10_000) assert.ok(requests.length <= 100, `${requests.length} after ${Date.now()} ms`);
        t.mock.timers.tick(100);
        assert.ok(Date.now() < 60_000, "the calls never end");
    }
    assert.equal(requests.length, 151);
    assert.ok(Date.now() >= 10_000);
});

test("a call whose clock throws is rejected", async (t) => {
    const { payments, requests } = stub(ANY_ANSWER);
    await payments.orders.get(ID);
    const broken = t.mock.method(Date, "now", () => {
        throw new Error("no time");
    });
    const call = failure(payments.orders.get(ID));
    for (let i = 0; i < 4; i += 1) await new Promise(setImmediate);
    broken.mock.restore();
    const error = await call;
    assert.deepEqual([error.code, error.outcome, error.cause.message, requests.length], ["internal", "not_sent", "no time", 1]);
    await payments.orders.get(ID);
});

test("how long a call is missed is of the call, not of the most patient one", async () => {
    const { Engine } = await import(pathToFileURL(join(PACKAGE, "client/engine.js")).href);
    const engine = new Engine({});
    const minute = 60_000;
    let now = 1_700_000_000_000;
    const clock = mock.method(Date, "now", () => now);
    try {
        const patient = { timeoutMs: 60 * minute };
        const usual = { timeoutMs: 30_000 };
        engine.heardOf(patient);
        engine.heardOf(usual);
        const after = (minutes) => {
            now += minutes * minute;
            const other = { timeoutMs: 1 };
            engine.heardOf(other);
            engine.pending.delete(other);
            return [patient, usual].filter((call) => engine.pending.has(call));
        };
        assert.deepEqual([after(11), after(11), after(110), after(121)], [[patient, usual], [patient], [patient], []]);
    } finally {
        clock.mock.restore();
    }
});

/** What an answer of this status and these headers fails with. */
async function refusal(status, headers) {
    const { payments } = stub(() => new Response("", { status, headers }), { maxRetries: 0 });
    return failure(payments.orders.get(ID));
}

test("numbers of headers reach the caller whole, however large they are", async () => {
    for (const seconds of [5_000_000, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 43, 1e12]) {
        const error = await refusal(429, { "retry-after": `${seconds}` });
        assert.equal(error.retryAfterMs, seconds * 1000);
        assert.equal((await refusal(503, { "retry-after-ms": `${seconds}` })).retryAfterMs, seconds);
    }
    for (const number of [2 ** 31, 2 ** 32 + 7, 2 ** 53 - 1, 2 ** 53, 1e15]) {
        const error = await refusal(429, {
            "x-ratelimit-max": `${number}`,
            "x-ratelimit-remaining": `${number - 1}`,
            "x-ratelimit-interval-milliseconds": `${number}`,
            "x-ratelimit-limit-daily": `${number}`,
            "x-ratelimit-daily-remaining": `${number - 1}`,
        });
        assert.deepEqual(error.rateLimit, {
            limit: number,
            remaining: number - 1,
            intervalMs: number,
            dailyLimit: number,
            dailyRemaining: number - 1,
        });
    }
    for (const text of ["1000000000000000000000", "99999999999999999999", "9".repeat(400)]) {
        const error = await refusal(429, { "retry-after": text, "x-ratelimit-limit-daily": text });
        assert.ok(error.retryAfterMs >= 2 ** 63 && error.rateLimit.dailyLimit >= 2 ** 63, `${text}: ${error.retryAfterMs}`);
        assert.equal(error.attempts, 1);
    }
});

test("Retry-After takes decimals, milliseconds, and dates by the server's own clock", async () => {
    const hour = 3_600_000;
    const date = (ms) => new Date(Date.now() + ms).toUTCString();
    for (const [headers, expected] of [
        [{ "retry-after": "1.5" }, 1500],
        [{ "retry-after": "0.25" }, 250],
        [{ "retry-after-ms": "40", "retry-after": "9" }, 40],
        [{ "retry-after": date(hour + 10_000), date: date(hour) }, 10_000],
        [{ "retry-after": date(10_000 - hour), date: date(-hour) }, 10_000],
        [{ "retry-after": date(-hour), date: date(hour) }, 0],
    ]) {
        const { retryAfterMs } = await refusal(503, headers);
        assert.ok(Math.abs(retryAfterMs - expected) <= 1000 && (headers.date || retryAfterMs === expected), `${retryAfterMs}`);
    }
});
