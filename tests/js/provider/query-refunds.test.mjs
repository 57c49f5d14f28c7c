// Refunds: never more than the charge, whoever asks at once, whatever is lost on the way.

import assert from "node:assert/strict";
import test from "node:test";
import { accountLookup, createQueryHandler, failed, memoryStore, succeeded } from "ghl-payments/edge";

const KEY = "sk_live_0123456789";
const ACCOUNT = { locationId: "3SwdhCu3svxI8AKsPJt6", mode: "live" };

/** A gateway that knows a refund again by its key. */
function gateway() {
    const refunds = new Map();
    return {
        refunds,
        refund(key, minor) {
            if (!refunds.has(key)) refunds.set(key, minor);
            return { id: `re_${[...refunds.keys()].indexOf(key)}` };
        },
        total: () => [...refunds.values()].reduce((sum, minor) => sum + minor, 0),
    };
}

function make({ charged = 10_000, currency = "USD", ...options } = {}) {
    const bank = gateway();
    const asked = [];
    const handler = createQueryHandler({
        lookup: accountLookup([{ ...ACCOUNT, apiKey: KEY }]),
        verify: (q) => succeeded(q, { charge: { amount: { minor: charged, currency } } }),
        async refund(q) {
            asked.push(q);
            return succeeded(q, bank.refund(q.idempotencyKey, q.amount.minor));
        },
        onEvent: () => {},
        ...options,
    });
    const post = async (body) => {
        const response = await handler(new Request("https://p.test/", { method: "POST", body: JSON.stringify({ apiKey: KEY, ...body }) }));
        return { status: response.status, ...(await response.json()) };
    };
    return {
        bank, asked, post,
        paid: () => post({ type: "verify", transactionId: "t", chargeId: "c" }),
        refund: (amount, more = { chargeId: "c" }) => post({ type: "refund", transactionId: "t", amount, ...more }),
    };
}

test("parts are given back until nothing is left", async () => {
    const { paid, refund, bank, asked } = make();
    await paid();
    assert.deepEqual(await refund(60), { status: 200, success: true, id: "re_0", amount: 60, currency: "USD" });
    assert.deepEqual(asked[0].charge.left, { major: 100, minor: 10_000, currency: "USD" });
    const over = await refund(40.01);
    assert.deepEqual([over.status, over.success], [200, false]);
    assert.match(over.message, /no more than 40 USD/);
    assert.equal((await refund(20)).success, true);
    // The same amount again is another refund.
    assert.equal((await refund(20)).success, true);
    assert.equal((await refund(0.01)).success, false);
    assert.deepEqual([bank.total(), asked.length], [10_000, 3]);
});

test("of many at once those that fit are made", async () => {
    const { paid, refund, bank } = make();
    await paid();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refund(30)));
    assert.deepEqual([answers.filter(({ success }) => success).length, bank.total()], [3, 9000]);
});

test("a refund whose handler threw after the gateway had made it is made once", async () => {
    let throws = true;
    const bank = gateway();
    const { paid, refund } = make({
        refund(q) {
            const made = bank.refund(q.idempotencyKey, q.amount.minor);
            if (throws) throw new Error("the answer was lost");
            return succeeded(q, made);
        },
    });
    await paid();
    const first = await refund(60);
    assert.deepEqual([first.status, first.success, first.code], [500, false, "handler_failed"]);
    // It may have been made: what it asked for is not given to others.
    throws = false;
    const other = await refund(50);
    assert.equal(other.success, false);
    assert.match(other.message, /whether an earlier refund was made is not known/);
    assert.equal((await refund(40)).success, true);
    // The same again is the same one.
    assert.equal((await refund("60.00")).success, true);
    assert.equal(bank.total(), 10_000);
    assert.equal((await refund(0.01)).success, false);
    assert.equal(bank.total(), 10_000);
});

test("a refund without a known end counts once, also where the gateway tells of it", async () => {
    for (const made of [true, false]) {
        const bank = gateway();
        const asked = [];
        let throws = true;
        const { refund } = make({
            findCharge: () => ({ amount: { minor: 5000, currency: "USD" }, refunded: { minor: bank.total(), currency: "USD" } }),
            refund(q) {
                asked.push(q);
                if (throws && !made) throw new Error("before the gateway was asked");
                const given = bank.refund(q.idempotencyKey, q.amount.minor);
                if (throws) throw new Error("the answer was lost");
                return succeeded(q, given);
            },
        });
        assert.equal((await refund(30)).status, 500);
        throws = false;
        assert.match((await refund(20.01)).message, /no more than 20 USD.*whether an earlier refund was made is not known/);
        assert.equal((await refund(20)).success, true, `made: ${made}`);
        // The open one is held to nothing that is told by now.
        assert.deepEqual([await refund(30), bank.total()], [{ status: 200, success: true, id: made ? "re_0" : "re_1", amount: 30, currency: "USD" }, 5000]);
        assert.deepEqual([asked[0].idempotencyKey, asked.length], [asked[2].idempotencyKey, 3]);
        assert.equal(asked[2].charge.left.minor, 3000);
        assert.match((await refund(0.01)).message, /no more than 0 USD can be refunded$/);
    }
});

test("what was given back elsewhere before a refund lost its answer is not taken for it", async () => {
    let throws = true;
    const bank = gateway();
    bank.refund("in the dashboard", 2000);
    const { refund } = make({
        findCharge: () => ({ amount: { minor: 5000, currency: "USD" }, refunded: { minor: bank.total(), currency: "USD" } }),
        refund(q) {
            if (throws) throw new Error("before the gateway was asked");
            return succeeded(q, bank.refund(q.idempotencyKey, q.amount.minor));
        },
    });
    assert.equal((await refund(25)).status, 500);
    throws = false;
    assert.match((await refund(6)).message, /no more than 5 USD/);
    assert.equal((await refund(5)).success, true);
    assert.equal((await refund(25)).success, true);
    assert.equal(bank.total(), 5000);
});

test("a refund that failed for good leaves its amount to others", async () => {
    let answer = () => failed("Insufficient balance");
    const keys = [];
    const { paid, refund } = make({ refund: (q) => (keys.push(q.idempotencyKey), answer(q)) });
    await paid();
    assert.deepEqual(await refund(100), { status: 200, success: false, message: "Insufficient balance" });
    answer = (q) => succeeded(q, { id: "r" });
    assert.equal((await refund(100)).success, true);
    assert.notEqual(keys[0], keys[1]);
});

test("a charge is found by its transaction where the refund names no other", async () => {
    const { paid, refund, asked, post } = make({ chargePayment: (q) => succeeded(q, { chargeId: "off" }) });
    await paid();
    assert.equal((await refund(100.01, {})).success, false);
    assert.equal((await refund(10, {})).success, true);
    assert.equal(asked[0].chargeId, "c");
    assert.equal((await refund(90.01)).success, false);
    await post({ type: "charge_payment", transactionId: "t9", contactId: "x", paymentMethodId: "pm", amount: 5, currency: "usd" });
    for (const more of [{ transactionId: "t9" }, { transactionId: "t9", chargeId: "off" }]) {
        assert.equal((await refund(5.01, more)).success, false, JSON.stringify(more));
    }
    assert.equal((await refund(5, { transactionId: "t9" })).success, true);
    assert.equal((await refund(0.01, { transactionId: "t9", chargeId: "off" })).success, false);
});

test("the first charge of a subscription can be given back too", async () => {
    const { post, refund } = make({
        createSubscription: (q) => succeeded(q, { charge: { chargeId: "first" }, subscription: { id: "s", status: "active" } }),
    });
    const create = { type: "create_subscription", locationId: ACCOUNT.locationId, contactId: "x", paymentMethodId: "pm", subscriptionId: "s", transactionId: "ts" };
    assert.equal((await post({ ...create, startDate: "2026-11-30", currency: "JPY", amount: 500, recurringAmount: "500" })).success, true);
    assert.match((await refund(501, { transactionId: "ts" })).message, /500 JPY/);
    assert.equal((await refund(500, { transactionId: "ts" })).success, true);
});

test("what the gateway tells of a charge counts before what is remembered", async () => {
    const asked = [];
    const found = { amount: { minor: 5000, currency: "EUR" }, refunded: { minor: 4000, currency: "EUR" } };
    const { refund, paid } = make({ findCharge: (q) => (asked.push(q), q.chargeId === "none" ? null : found) });
    await paid();
    assert.match((await refund(10.01)).message, /no more than 10 EUR/);
    assert.equal((await refund(10)).currency, "EUR");
    assert.deepEqual([asked[0].chargeId, asked[0].amount, "apiKey" in asked[0]], ["c", { major: 10.01 }, false]);
    assert.match((await refund(1, { chargeId: "none" })).message, /not known/);
    const broken = make({ findCharge: () => { throw new Error("x"); } });
    assert.equal((await broken.refund(1)).status, 500);
});

const USD = (minor) => ({ minor, currency: "USD" });

test("what cannot be read of a charge is no limit, so nothing is given back", async () => {
    for (const refunded of [{ minor: "400", currency: "USD" }, { minor: 400 }, USD(400.5), 400, { major: -5, currency: "USD" }, USD(1e15), USD(NaN), null, "x", { minor: 1, currency: "EUR" }]) {
        for (const found of [{ amount: USD(1000), refunded }, { amount: refunded }]) {
            if (refunded?.currency === "EUR" && found.refunded === undefined) continue;
            const { refund, asked } = make({ findCharge: () => found });
            const { status, code } = await refund(10);
            assert.deepEqual([status, code, asked.length], [500, "invalid_answer", 0], JSON.stringify(found));
        }
    }
    const { refund } = make({ findCharge: () => ({ amount: USD(1000), refunded: undefined }) });
    assert.equal((await refund(10)).success, true);
});

test("an account that a refund without an apiKey is said to belong to must be one", async () => {
    const keyless = { type: "refund", transactionId: "t", chargeId: "c", amount: 1, apiKey: undefined };
    for (const account of [{}, "x", true, 5, { locationId: ACCOUNT.locationId }, { ...ACCOUNT, mode: "LIVE" }, { mode: "live" }, { ...ACCOUNT, locationId: "" }]) {
        const { post, paid, asked } = make({ refundWithoutApiKey: () => account });
        await paid();
        const { status, code } = await post(keyless);
        assert.deepEqual([status, code, asked.length], [500, "handler_failed", 0], JSON.stringify(account));
    }
});

test("a row that cannot be read is not taken for an empty one", async () => {
    const rows = new Map();
    const verifies = { run: async (id, work) => work({ get: async () => rows.get(id) ?? null, put: async (row) => void rows.set(id, row) }) };
    const events = [];
    const { paid, refund, asked } = make({ verifies, onEvent: (event) => events.push(event) });
    await paid();
    assert.equal((await refund(40)).success, true);
    const whole = [...rows];
    const texts = ["garbage", "[]", "{}", "null", '{"charge":5}', '{"answers":[],"attempts":[{"of":"x"}]}', '{"answers":[5],"attempts":[]}', '{"answers":[],"attempts":[],"refunded":"-1"}', "", 5, undefined];
    for (let cut = 0.1; cut < 1; cut += 0.1) texts.push(cut);
    for (const text of texts) {
        rows.clear();
        for (const [id, { value }] of whole) rows.set(id, { value: typeof text === "number" && text < 1 ? value.slice(0, text * value.length) : text });
        const before = JSON.stringify([...rows]);
        for (const answer of [await refund(10), await refund(10, {}), await paid()]) assert.deepEqual([answer.status, answer.code], [503, "store_failed"], `${text}`);
        assert.equal(JSON.stringify([...rows]), before);
    }
    assert.equal(asked.length, 1);
    assert.match(events.at(-1).error.message, /cannot be read/);
});

/** A store of which one call fails: it rejects or throws, or never comes back. */
function faulty({ run, put, hangs = false, throws = false }) {
    const inner = memoryStore();
    const [counted, fail] = [{ run: 0, put: 0 }, () => (hangs ? new Promise(() => {}) : Promise.reject(new Error("down")))];
    return {
        inner,
        run: (id, work) => {
            if (++counted.run === run) {
                if (throws) throw new Error("down");
                return fail();
            }
            return inner.run(id, (tx) => work({ get: () => tx.get(), put: (row) => (++counted.put === put ? fail() : tx.put(row)) }));
        },
    };
}

const CHARGE = { type: "charge_payment", transactionId: "t", contactId: "x", paymentMethodId: "pm", amount: 10, currency: "USD" };
const CREATE = { ...CHARGE, type: "create_subscription", locationId: ACCOUNT.locationId, subscriptionId: "s", startDate: "2026-11-30", recurringAmount: 10 };
const MADE = {
    chargePayment: (q) => succeeded(q, { chargeId: "c" }),
    createSubscription: (q) => succeeded(q, { charge: { chargeId: "c" }, subscription: { id: "s", status: "active" } }),
};

test("whichever write is lost, a charge that was answered has its limit", async () => {
    for (const request of [CHARGE, CREATE, { type: "verify", transactionId: "t", chargeId: "c" }]) {
        for (const fault of [1, 2, 3, 4, 5].flatMap((at) => [{ run: at }, { put: at }, { run: at, throws: true }, { run: at, hangs: true }, { put: at, hangs: true }])) {
            const verifies = faulty(fault);
            const options = { ...MADE, charged: 1000, timeoutMs: 50, refund: undefined };
            const first = await make({ ...options, verifies }).post(request);
            if (!first.success) continue;
            // Another process, with refunds, over what was stored.
            const name = `${request.type} ${JSON.stringify(fault)}`;
            for (const more of [{ chargeId: "c" }, {}]) {
                const next = make({ ...options, verifies: { run: verifies.inner.run }, refund: (q) => succeeded(q, { id: "r" }) });
                if (fault.put !== undefined && fault.hangs) continue; // Its turn is held by who hangs.
                assert.equal((await next.refund(500, more)).success, false, name);
            }
        }
    }
});

test("what was lost elsewhere is written again with the answer", async () => {
    for (const request of [CHARGE, CREATE, { type: "verify", transactionId: "t", chargeId: "c" }]) {
        const rows = new Map();
        const verifies = { run: async (id, work) => work({ get: async () => rows.get(id) ?? null, put: async (row) => void rows.set(id, row) }) };
        const { post } = make({ ...MADE, charged: 1000, verifies });
        assert.equal((await post(request)).success, true);
        const whole = JSON.stringify([...rows].sort());
        const main = { charge_payment: "transaction:", create_subscription: "subscription:", verify: "charge:" }[request.type];
        for (const id of rows.keys()) if (!id.includes(main)) rows.delete(id);
        assert.equal((await post(request)).success, true);
        assert.equal(JSON.stringify([...rows].sort()), whole, request.type);
    }
});

test("a refund whose end could not be noted lends its key to no other", async () => {
    for (const failing of [[4], [4, 5]]) {
        const inner = memoryStore();
        let puts = 0;
        const put = (tx) => (row) => (failing.includes(++puts) ? Promise.reject(new Error("full")) : tx.put(row));
        const verifies = { run: (id, work) => inner.run(id, (tx) => work({ get: () => tx.get(), put: put(tx) })) };
        const { paid, refund, bank } = make({ verifies, charged: 1000 });
        await paid();
        let told = 0;
        for (let i = 0; i < 2; i++) if ((await refund(4)).success) told += 400;
        assert.equal(bank.total(), told, `puts ${failing}`);
    }
});

test("a refund that ended behind the time is answered with its own end", async () => {
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    for (const [amount, wait] of [[4, 300], [10, 300], [4, 0]]) {
        let made = 0;
        const { paid, refund } = make({
            charged: 1000,
            timeoutMs: 100,
            async refund(q) {
                made++;
                if (made === 1) await pause(250);
                return succeeded(q, { id: `re_${made}` });
            },
        });
        await paid();
        assert.equal((await refund(amount)).status, 504);
        await pause(wait);
        // It may come while the first is still at work, and be too late itself.
        let again = await refund(amount);
        while (again.status === 504) again = await refund(amount);
        assert.deepEqual([again.success, again.id, made], [true, "re_1", 1]);
        // Behind that it is another one.
        assert.equal((await refund(4)).success, amount === 4);
        assert.equal(made, amount === 4 ? 2 : 1);
    }
});

test("of a charge that nobody knows the major units are all that there is", async () => {
    const { refund, asked } = make({ refund: (q) => (asked.push(q), succeeded(q, { id: "r", amount: { major: q.amount.major, currency: "usd" } })) });
    assert.deepEqual(await refund(12.5), { status: 200, success: true, id: "r", amount: 12.5, currency: "USD" });
    assert.deepEqual([asked[0].amount, asked[0].charge], [{ major: 12.5 }, undefined]);
});

test("decimals that the currency has not are refused, not rounded", async () => {
    const { paid, refund } = make({ charged: 500, currency: "JPY" });
    await paid();
    assert.match((await refund(10.5)).message, /whole number/);
    assert.equal((await refund(500)).success, true);
});

test("a refund without an apiKey is refused, unless somebody finds its account", async () => {
    const keyless = { type: "refund", transactionId: "t", amount: 1, apiKey: undefined };
    const { post, asked } = make();
    assert.equal((await post(keyless)).status, 401);
    const seen = [];
    const allowed = make({ refundWithoutApiKey: (q) => (seen.push(q), q.transactionId === "t" ? ACCOUNT : null) });
    await allowed.paid();
    assert.equal((await allowed.post(keyless)).success, true);
    assert.deepEqual(seen, [{ type: "refund", transactionId: "t", amount: { major: 1 } }]);
    assert.equal((await allowed.post({ ...keyless, transactionId: "other" })).status, 401);
    assert.equal((await allowed.post({ ...keyless, apiKey: "wrong" })).status, 401);
    // And nothing else may come without.
    assert.equal((await allowed.post({ type: "verify", transactionId: "t", chargeId: "c", apiKey: undefined })).status, 401);
    assert.equal(asked.length, 0);
});

test("whatever happens, and whoever asks at once, the gateway never gives back more than was charged", async () => {
    let seed = 7;
    const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    let runs = 0;
    for (let round = 0; round < 200; round++) {
        const bank = gateway();
        const charged = 1 + Math.floor(random() * 20_000);
        const { paid, refund } = make({
            charged,
            verifies: memoryStore(),
            async refund(q) {
                if (random() < 0.2) throw new Error("before");
                if (random() < 0.2 && !bank.refunds.has(q.idempotencyKey)) return failed("declined");
                const made = bank.refund(q.idempotencyKey, q.amount.minor);
                if (random() < 0.3) throw new Error("behind");
                return random() < 0.05 ? { nonsense: true } : succeeded(q, made);
            },
        });
        await paid();
        let told = 0;
        const amounts = Array.from({ length: 12 }, () => 1 + Math.floor(random() * charged));
        for (let i = 0; i < amounts.length; i += 3) {
            const answers = await Promise.all(amounts.slice(i, i + 3).map((minor) => refund(minor / 100)));
            answers.forEach(({ success }, j) => (told += success ? amounts[i + j] : 0));
            runs += 3;
        }
        assert.ok(bank.total() <= charged && told <= bank.total(), `round ${round}: ${bank.total()} of ${charged}, told ${told}`);
    }
    console.log(`figure: queryUrl: ${runs} refunds with faults, three at once: 0 beyond the charge`);
});

/** A gateway's own books, as `findCharge` tells them. */
const books = (bank, charged = 1000) => () => ({
    amount: { minor: charged, currency: "USD" },
    refunded: { minor: bank.total(), currency: "USD" },
});

/** A store whose writes are made, but whose answers `lose(number)` loses. */
function losing(lose) {
    const inner = memoryStore();
    let writes = 0;
    return {
        run: (id, work) =>
            inner.run(id, (tx) =>
                work({
                    get: () => tx.get(),
                    async put(row) {
                        await tx.put(row);
                        if (lose(++writes)) throw new Error("the connection was lost behind the write");
                    },
                }),
            ),
        writes: () => writes,
    };
}

test("with its charge or without, a refund is held to what is left of it", async () => {
    for (const told of [true, false]) {
        for (const forms of [[{ chargeId: "c" }, {}], [{}, { chargeId: "c" }]]) {
            for (const atOnce of [true, false]) {
                const bank = gateway();
                const { refund } = make({
                    findCharge: () => (told ? books(bank)() : { amount: { minor: 1000, currency: "USD" } }),
                    refund: (q) => succeeded(q, bank.refund(q.idempotencyKey, q.amount.minor)),
                });
                const answers = atOnce
                    ? await Promise.all(forms.map((form) => refund(8, form)))
                    : [await refund(8, forms[0]), await refund(8, forms[1])];
                const what = JSON.stringify({ told, forms, atOnce });
                assert.deepEqual(answers.map(({ success }) => success).sort(), [false, true], what);
                assert.equal(bank.total(), 800, what);
                assert.equal((await refund(2, forms[0])).success, true, what);
                assert.equal((await refund(0.01, forms[1])).success, false, what);
            }
        }
    }
});

test("begun in one form and asked for again in the other, it is the same refund", async () => {
    for (const forms of [[{ chargeId: "c" }, {}], [{}, { chargeId: "c" }]]) {
        const bank = gateway();
        let throws = true;
        const { refund } = make({
            findCharge: books(bank),
            refund(q) {
                const made = bank.refund(q.idempotencyKey, q.amount.minor);
                if (throws) throw new Error("the answer was lost");
                return succeeded(q, made);
            },
        });
        assert.equal((await refund(4, forms[0])).status, 500);
        throws = false;
        assert.equal((await refund(4, forms[1])).success, true);
        assert.equal(bank.total(), 400, JSON.stringify(forms));
    }
});

test("whichever answer of the store is lost, what was answered 503 is not made a second time", async () => {
    for (let at = 1; at <= 8; at++) {
        // One answer is lost, or two that follow each other.
        for (const many of [1, 2]) {
            const bank = gateway();
            const store = losing((number) => number >= at && number < at + many);
            const { refund } = make({
                verifies: store,
                findCharge: books(bank),
                refund: (q) => succeeded(q, bank.refund(q.idempotencyKey, q.amount.minor)),
            });
            let answer;
            for (let tries = 0; tries < 6 && !answer?.success; tries++) answer = await refund(4);
            assert.equal(answer.success, true, `${at} ${many}`);
            assert.equal(bank.total(), 400, `write ${at}, ${many} lost`);
        }
    }
});

test("a refund that ended behind the time is given once, also where the answer of that write is lost", async () => {
    for (let at = 1; at <= 8; at++) {
        const bank = gateway();
        const store = losing((number) => number === at);
        let wait = 150;
        const { refund } = make({
            verifies: store,
            timeoutMs: 60,
            findCharge: books(bank),
            async refund(q) {
                const made = bank.refund(q.idempotencyKey, q.amount.minor);
                const ms = wait;
                wait = 0;
                await new Promise((resolve) => setTimeout(resolve, ms));
                return succeeded(q, made);
            },
        });
        let answer;
        for (let tries = 0; tries < 8 && !answer?.success; tries++) {
            answer = await refund(4);
            await new Promise((resolve) => setTimeout(resolve, 250));
        }
        assert.equal(answer.success, true, `${at}`);
        assert.equal(bank.total(), 400, `write ${at} lost`);
    }
});

test("the end of a refund does not wait until its row is given back", async () => {
    const bank = gateway();
    const inner = memoryStore();
    const store = {
        async run(id, work) {
            const result = await inner.run(id, work);
            if (store.hangs && bank.refunds.size > 0) await new Promise(() => {});
            return result;
        },
        hangs: true,
    };
    const { paid, refund } = make({ verifies: store, timeoutMs: 400, refund: (q) => succeeded(q, bank.refund(q.idempotencyKey, q.amount.minor)) });
    await paid();
    assert.equal((await refund(40)).success, true);
    assert.equal(bank.total(), 4000);
});

test("a gateway that does not find a charge of which a refund was begun fails nothing", async () => {
    const bank = gateway();
    let finds = true;
    let throws = true;
    const { refund } = make({
        findCharge: () => (finds ? books(bank)() : null),
        refund(q) {
            const made = bank.refund(q.idempotencyKey, q.amount.minor);
            if (throws) throw new Error("the answer was lost");
            return succeeded(q, made);
        },
    });
    finds = false;
    assert.deepEqual([(await refund(4)).success, bank.total()], [false, 0]);
    finds = true;
    assert.equal((await refund(4)).status, 500);
    [finds, throws] = [false, false];
    const answer = await refund(4);
    assert.deepEqual([answer.status, answer.code, answer.failed], [500, "invalid_answer", undefined]);
    finds = true;
    assert.equal((await refund(4)).success, true);
    assert.equal(bank.total(), 400);
});

test("a store that does its work again, as one that repeats a transaction does, makes the refund once", async () => {
    const inner = memoryStore();
    let again = true;
    const store = {
        run: (id, work) =>
            inner.run(id, async (tx) => {
                const before = await tx.get();
                const result = await work(tx);
                // The transaction met another one: everything in it is undone, and done anew.
                if (!again) return result;
                await tx.put(before ?? { value: "" });
                return work(tx);
            }),
    };
    const { paid, refund, bank } = make({ verifies: store });
    await paid();
    assert.equal((await refund(40)).success, true);
    assert.equal(bank.total(), 4000);
    again = false;
    assert.equal((await refund(40)).success, true);
    assert.equal(bank.total(), 8000);
});

test("a provider may be an object of a class, with dates of any realm", async () => {
    const { runInNewContext } = await import("node:vm");
    class Snapshot {
        constructor() {
            Object.assign(this, { id: "sub_1", status: "active", nextCharge: new Date(1_726_896_000_000) });
        }
    }
    class Provider {
        #asked = [];
        get asked() {
            return this.#asked;
        }
        lookup() {
            return this && { ...ACCOUNT };
        }
        verify(q) {
            this.#asked.push(q.chargeId);
            const amount = { minor: 1000, currency: "USD" };
            const chargedAt = runInNewContext("new Date(1724217600000)");
            return succeeded(q, { charge: { amount, chargedAt }, subscription: new Snapshot() });
        }
        onEvent({ type }) {
            this.#asked.push(type);
        }
    }
    const own = new Provider();
    const handler = createQueryHandler(own);
    const body = JSON.stringify({ type: "verify", apiKey: KEY, transactionId: "t", chargeId: "c", subscriptionId: "s" });
    const answer = await (await handler(new Request("https://p.test/", { method: "POST", body }))).json();
    assert.equal(answer.success, true);
    assert.equal(answer.chargeSnapshot.chargedAt, 1_724_217_600);
    assert.equal(answer.subscriptionSnapshot.nextCharge, 1_726_896_000);
    assert.deepEqual(own.asked, ["c", "answered"]);
});

test("a router's getter that throws is no waitUntil", async () => {
    const handler = createQueryHandler({ lookup: accountLookup([{ ...ACCOUNT, apiKey: KEY }]), verify: () => failed(), onEvent: () => {} });
    const context = {
        get waitUntil() {
            throw new Error("there is no ExecutionContext");
        },
    };
    const body = JSON.stringify({ type: "verify", apiKey: KEY, transactionId: "t", chargeId: "c" });
    const response = await handler(new Request("https://p.test/", { method: "POST", body }), {}, context);
    assert.equal(response.status, 200);
});
