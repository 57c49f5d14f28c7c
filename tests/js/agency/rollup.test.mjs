// The roll-up of money over all locations: exact to the minor unit, currencies and refunds apart, without what is gone.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { row, startStore } from "../support/agency-store.mjs";

let store;
before(async () => {
    store = await startStore({ databases: 2 });
});
after(() => store?.stop());

const at = (text) => Date.parse(text);
const write = (location, rows, stream = "transactions") =>
    store.call("writeRows", { stream, location, run: "run-1", rows: JSON.stringify(rows), now: 1 });
const rollup = (options) => store.call("rollup", { from: "2026-11-01", to: "2026-12-01", by: "currency", ...options });
const DECIMALS = { JPY: 0, KWD: 3 };
const NONE = { records: 0, count: 0, amount: 0, refunded: 0, net: 0, unreadable: 0 };
/** Rows without what is 0 in them. */
const short = (rows) =>
    rows.map(({ key, currency, decimals, ...others }) => {
        assert.equal(decimals, DECIMALS[currency] ?? 2);
        assert.deepEqual(Object.keys(others).sort(), Object.keys(NONE).sort());
        return [key, currency, Object.fromEntries(Object.entries(others).filter(([, value]) => value !== 0))];
    });

test("currencies with none, two and three decimals, and refunds, are each their own sum to the last unit", async () => {
    const created = at("2026-11-05T10:00:00Z");
    await write("money-a", [
        row("1", { created, amount: 1999 }),
        row("2", { created, amount: 1, currency: "usd" }),
        row("3", { created, amount: 500, refunded: 120 }),
        row("4", { created, amount: 700, refunded: 700, status: "refunded" }),
        row("5", { created, amount: 300, status: "refunded" }),
        row("6", { created, amount: 9_999, status: "failed" }),
        row("7", { created, amount: 9_999, status: "pending" }),
        row("8", { created, amount: 50, status: "captured" }),
        row("9", { created, amount: 9_999, status: null }),
    ]);
    await write("money-b", [
        row("1", { created, amount: 9_007_199_254_740_990, currency: "JPY" }),
        row("2", { created, amount: 1, currency: "JPY" }),
        row("3", { created, amount: 10_505, currency: "KWD", refunded: 5 }),
        row("4", { created, amount: null, currency: "KWD" }),
        row("5", { created, amount: null, currency: null }),
    ]);
    const locations = ["money-a", "money-b"];
    assert.deepEqual(short(await rollup({ locations })), [
        ["JPY", "JPY", { records: 2, count: 2, amount: 9_007_199_254_740_991, net: 9_007_199_254_740_991 }],
        ["KWD", "KWD", { records: 2, count: 2, amount: 10_505, refunded: 5, net: 10_500, unreadable: 1 }],
        ["USD", "USD", { records: 9, count: 6, amount: 3550, refunded: 1120, net: 2430 }],
        [null, null, { records: 1, count: 1, unreadable: 1 }],
    ]);
});

test("what was paid back is taken off what was paid, and off nothing else", async () => {
    const created = at("2026-11-05T10:00:00Z");
    const sums = {
        "whole, and how much is 0": [{ amount: 700, refunded: 0, status: "refunded" }, { amount: 700, refunded: 700 }],
        "whole, and how much is not said": [{ amount: 700, status: "refunded" }, { amount: 700, refunded: 700 }],
        "a part of it": [{ amount: 700, refunded: 200, status: "refunded" }, { amount: 700, refunded: 200, net: 500 }],
        "written below 0": [{ amount: 700, refunded: -200 }, { amount: 700, refunded: 200, net: 500 }],
        "nothing": [{ amount: 700, refunded: 0 }, { amount: 700, net: 700 }],
        "of a payment that could not be read": [{ amount: null, refunded: 400 }, { unreadable: 1 }],
        "whole, of a payment that could not be read": [{ amount: null, refunded: 400, status: "refunded" }, { unreadable: 1 }],
        "of what does not count": [{ amount: 700, refunded: 400, status: "failed" }, { count: 0 }],
    };
    await write("refunds", Object.entries(sums).map(([source, [record]], i) => row(`${i}`, { created, source, ...record })));
    const expected = Object.entries(sums).map(([source, [, sum]]) => {
        const all = { records: 1, count: 1, ...sum };
        return [source, "USD", Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0))];
    });
    const found = short(await rollup({ by: "source", locations: ["refunds"] }));
    assert.deepEqual(Object.fromEntries(found.map(([key, ...others]) => [key, others])), Object.fromEntries(expected.map(([key, ...others]) => [key, others])));
});

test("a sum that no number holds is an error that says where, and never a sum that is nearly right", async () => {
    const created = at("2026-11-05T10:00:00Z");
    const most = { created, amount: 9_007_199_254_740_991, currency: "JPY" };
    await write("large-a", [row("1", most)]);
    await write("large-b", [row("1", { ...most, amount: 1 }), row("2", { ...most, amount: 5, currency: "USD" })]);
    const refused = (where) => ({ name, code, message, retryable }) => name === "AgencyError" && code === "sum_too_large" && where.test(message) && !retryable;
    await assert.rejects(rollup({ locations: ["large-a", "large-b"] }), refused(/^JPY, JPY: /));
    assert.equal((await rollup({ locations: ["large-a"] }))[0].amount, 9_007_199_254_740_991);
    // Larger than the integers of the database, too.
    await write("larger", Array.from({ length: 1100 }, (_, i) => row(`${i}`, most)));
    await assert.rejects(rollup({ locations: ["larger"] }), refused(/too large/));
});

test("what is deleted, is for a test or lies outside of the time does not count; the end is not in it", async () => {
    const inside = at("2026-11-15T00:00:00Z");
    const location = "bounds";
    await write(location, [
        row("first", { created: at("2026-11-01T00:00:00Z"), amount: 1 }),
        row("last", { created: at("2026-12-01T00:00:00Z") - 1, amount: 2 }),
        row("before", { created: at("2026-11-01T00:00:00Z") - 1, amount: 4 }),
        row("behind", { created: at("2026-12-01T00:00:00Z"), amount: 8 }),
        row("test", { created: inside, amount: 16, live: 0 }),
        row("unknown", { created: inside, amount: 32, live: null }),
        row("deleted", { created: inside, amount: 64 }),
        row("timeless", { created: null, amount: 128 }),
    ]);
    await store.call("markDeleted", { stream: "transactions", location, run: "run-2", ids: ["deleted"], now: 2 });
    const sum = async (options) => (await rollup({ locations: [location], ...options })).reduce((all, { amount }) => all + amount, 0);
    assert.equal(await sum(), 1 + 2 + 32);
    assert.equal(await sum({ mode: "test" }), 16);
    assert.equal(await sum({ mode: "all" }), 1 + 2 + 16 + 32);
    assert.equal(await sum({ to: new Date("2026-12-01T00:00:01+00:00").getTime() }), 1 + 2 + 8 + 32);
    assert.equal(await sum({ from: "2026-11-01T00:00:00.001Z" }), 2 + 32);
    assert.equal(await sum({ from: "2026-12-01" }), 0);
});

test("by location, by source and by company, over both databases", async () => {
    const created = at("2026-11-20T00:00:00Z");
    const companies = { one: ["shop-a", "shop-b", "shop-c"], two: ["shop-d"] };
    for (const [company, locations] of Object.entries(companies)) {
        await store.call("noteLocations", company, locations);
        for (const [i, location] of locations.entries()) {
            await write(location, [
                row("1", { created, amount: 100 * (i + 1), source: "funnel" }),
                row("2", { created, amount: 7, source: null, currency: "EUR" }),
                row("3", { created, amount: 3, source: "payment_link", refunded: 1 }),
            ]);
        }
    }
    assert.deepEqual(short(await rollup({ by: "location", company: "one" })), [
        ["shop-a", "EUR", { records: 1, count: 1, amount: 7, net: 7 }],
        ["shop-a", "USD", { records: 2, count: 2, amount: 103, refunded: 1, net: 102 }],
        ["shop-b", "EUR", { records: 1, count: 1, amount: 7, net: 7 }],
        ["shop-b", "USD", { records: 2, count: 2, amount: 203, refunded: 1, net: 202 }],
        ["shop-c", "EUR", { records: 1, count: 1, amount: 7, net: 7 }],
        ["shop-c", "USD", { records: 2, count: 2, amount: 303, refunded: 1, net: 302 }],
    ]);
    assert.deepEqual(short(await rollup({ by: "source", company: "one" })), [
        ["funnel", "USD", { records: 3, count: 3, amount: 600, net: 600 }],
        ["payment_link", "USD", { records: 3, count: 3, amount: 9, refunded: 3, net: 6 }],
        [null, "EUR", { records: 3, count: 3, amount: 21, net: 21 }],
    ]);
    assert.equal((await rollup({ by: "location", company: "two" })).length, 2);
    assert.deepEqual(await rollup({ by: "location", company: "nobody" }), []);
    // A location that moves to another company takes its money with it.
    await store.call("noteLocations", "two", ["shop-c"]);
    const moved = await rollup({ by: "location", company: "two" });
    assert.deepEqual([...new Set(moved.map(({ key }) => key))], ["shop-c", "shop-d"]);
});

test("orders count when they are completed, subscriptions while they are active", async () => {
    const created = at("2026-11-20T00:00:00Z");
    await write("streams", [row("1", { created, status: "completed" }), row("2", { created, status: "pending" })], "orders");
    await write("streams", [row("1", { created, status: "active", amount: 5 }), row("2", { created, status: "canceled" })], "subscriptions");
    const sum = async (stream) => short(await rollup({ stream, locations: ["streams"] }));
    assert.deepEqual(await sum("orders"), [["USD", "USD", { records: 2, count: 1, amount: 1000, net: 1000 }]]);
    assert.deepEqual(await sum("subscriptions"), [["USD", "USD", { records: 2, count: 1, amount: 5, net: 5 }]]);
    assert.deepEqual(await sum("transactions"), []);
});

test("days are those of the zone, also where the clocks change", async () => {
    const location = "days";
    const moments = {
        "2026-10-31T23:30:00-04:00": 1,
        "2026-11-01T00:00:00-04:00": 2,
        "2026-11-01T01:30:00-04:00": 4,
        "2026-11-01T01:30:00-05:00": 8,
        "2026-11-01T23:59:59-05:00": 16,
        "2026-11-02T00:00:00-05:00": 32,
    };
    await write(location, Object.entries(moments).map(([time, amount], i) => row(`${i}`, { created: at(time), amount })));
    const days = async (options) => (await rollup({ by: "day", locations: [location], ...options })).map(({ key, amount }) => [key, amount]);
    const timeZone = "America/New_York";
    assert.deepEqual(await days({ from: "2026-10-31", to: "2026-11-03", timeZone }), [["2026-10-31", 1], ["2026-11-01", 30], ["2026-11-02", 32]]);
    assert.deepEqual(await days({ from: "2026-11-01", to: "2026-11-02", timeZone }), [["2026-11-01", 30]]);
    // 00:30 there, five hours and three quarters before UTC.
    assert.deepEqual(await days({ from: "2026-11-02", to: "2026-11-03", timeZone: "Asia/Kathmandu" }), [["2026-11-02", 16 + 32]]);
    assert.deepEqual(await days({ from: "2026-11-01", to: "2026-11-03" }), [["2026-11-01", 1 + 2 + 4 + 8], ["2026-11-02", 16 + 32]]);
});

test("a day begins with its first moment, also where there is no midnight or there are two", async () => {
    const location = "midnights";
    const zones = [
        ["Asia/Beirut", "2024-03-31", "2024-03-30T22:00:00Z"],
        ["America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"],
        ["America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"],
        ["Pacific/Auckland", "2026-04-05", "2026-04-04T11:00:00Z"],
        ["Pacific/Auckland", "2026-09-27", "2026-09-26T12:00:00Z"],
        ["Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z"],
        ["America/Los_Angeles", "2026-03-08", "2026-03-08T08:00:00Z"],
        ["UTC", "2026-03-08", "2026-03-08T00:00:00Z"],
        // Days that never were, since the zone went over the date line: they begin with the next one.
        ["Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z"],
        ["Pacific/Kwajalein", "1993-08-21", "1993-08-21T12:00:00Z"],
    ];
    await write(location, zones.flatMap(([, , begin], i) => [row(`${i}-0`, { created: at(begin) - 1, amount: 1 }), row(`${i}-1`, { created: at(begin), amount: 2 })]));
    for (const [timeZone, from, begin] of zones) {
        const sum = async (from) => (await rollup({ locations: [location], from, to: at(begin) + 1000, timeZone })).map(({ amount }) => amount);
        assert.deepEqual([await sum(from), await sum(begin)], [[2], [2]], `${timeZone} ${from}`);
        const until = await rollup({ locations: [location], from: at(begin) - 1, to: from, timeZone });
        assert.deepEqual(until.map(({ amount }) => amount), [1], `until ${timeZone} ${from}`);
    }
});

test("what is wrong with the options is said before anything is asked", async () => {
    for (const [path, options] of [
        ["by", { by: "month" }], ["by", { by: undefined }], ["by", { by: "constructor" }],
        ["stream", { stream: "coupons" }], ["mode", { mode: "live' OR 1" }], ["timeZone", { timeZone: "Mars/Olympus" }],
        ["from", { from: "2026-02-30" }], ["from", { from: "yesterday" }], ["from", { from: undefined }], ["from", { from: "2026-11-01T00:00:00" }],
        ["from", { from: -1 }], ["to", { to: "2026-10-01" }], ["to", { to: null }], ["by", { by: ["day"] }],
        ["timeZone", { timeZone: null }], ["timeZone", { timeZone: 5 }], ["timeZone", { timeZone: "+05:31" }],
        ["company", { company: null }], ["company", { company: 5 }], ["company", { company: "" }], ["company", { company: "' OR 1=1 --" }],
        ["locations", { locations: "L1" }], ["locations", { locations: null }], ["locations", { locations: {} }],
        ["locations[1]", { locations: ["L1", 5] }], ["timezone", { timezone: "America/New_York" }], ["streams", { streams: ["orders"] }],
    ]) {
        await assert.rejects(
            rollup(options),
            ({ name, issues }) => name === "ValidationError" && issues.length === 1 && issues[0].path === path,
            JSON.stringify(options),
        );
    }
    const paths = async (options) => {
        const error = await store.call("rollup", options).then(assert.fail, (error) => error);
        assert.equal(error.name, "ValidationError");
        return error.issues.map(({ path }) => path).sort();
    };
    assert.deepEqual(await paths({}), ["by", "from", "to"]);
    const wrong = { from: "x", to: "y", by: "z", company: 5, locations: 5, stream: 5, mode: 5, timeZone: "Mars/Olympus", more: 5 };
    assert.deepEqual(await paths(wrong), Object.keys(wrong).sort());
    for (const options of [null, 5, "2026"]) assert.deepEqual(await paths(options), [""]);
});
