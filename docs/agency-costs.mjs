// What the sync of an agency costs at Cloudflare: node docs/agency-costs.mjs [--locations 100,1000,10000] [--runs 4] [--write]
//
// The prices are Cloudflare's, what a run uses is measured in workerd (tests/js/agency/costs.test.mjs, which fails when this file is
// more than a tenth away from it), everything else is assumed here by name. `--write` puts the table into docs/agency.md.

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const MILLION = 1_000_000;

/**
 * Cloudflare's prices in US dollars beyond what the Workers Paid plan includes each month, as on its pricing pages in the copies of
 * 2026 that were read on 2026-11-30. Cloudflare rounds up to the next unit; so does this.
 */
export const PRICES = {
    workerRequests: { name: "Worker requests", included: 10 * MILLION, unit: MILLION, price: 0.3, page: "workers" },
    queueOperations: { name: "Queue operations", included: MILLION, unit: MILLION, price: 0.4, page: "queues" },
    objectRequests: { name: "Durable Object requests", included: MILLION, unit: MILLION, price: 0.15, page: "durable-objects" },
    objectGbSeconds: { name: "Durable Object duration, GB-s", included: 400_000, unit: MILLION, price: 12.5, page: "durable-objects" },
    objectRowsRead: { name: "Durable Object rows read", included: 25_000 * MILLION, unit: MILLION, price: 0.001, page: "durable-objects" },
    objectRowsWritten: { name: "Durable Object rows written", included: 50 * MILLION, unit: MILLION, price: 1, page: "durable-objects" },
    objectGb: { name: "Durable Object storage, GB", included: 5, unit: 1, price: 0.2, page: "durable-objects" },
    rowsRead: { name: "D1 rows read", included: 25_000 * MILLION, unit: MILLION, price: 0.001, page: "d1" },
    rowsWritten: { name: "D1 rows written", included: 50 * MILLION, unit: MILLION, price: 1, page: "d1" },
    databaseGb: { name: "D1 storage, GB", included: 5, unit: 1, price: 0.75, page: "d1" },
    classA: { name: "R2 class A operations (writes)", included: MILLION, unit: MILLION, price: 4.5, page: "r2" },
    classB: { name: "R2 class B operations (reads)", included: 10 * MILLION, unit: MILLION, price: 0.36, page: "r2" },
    fileGb: { name: "R2 storage, GB", included: 10, unit: 1, price: 0.015, page: "r2" },
};

/** The Workers Paid plan. */
const PLAN = 5;

/** Where the prices are. */
export const PAGES = {
    workers: "https://developers.cloudflare.com/workers/platform/pricing/",
    queues: "https://developers.cloudflare.com/queues/platform/pricing/",
    "durable-objects": "https://developers.cloudflare.com/durable-objects/platform/pricing/",
    d1: "https://developers.cloudflare.com/d1/platform/pricing/",
    r2: "https://developers.cloudflare.com/r2/pricing/",
};

/** What a location of the sheet holds: an account of the sandbox of this size. */
export const ACCOUNT = { orders: 1000, records: 3462 };

/** What a run uses for each location: the first one, another `full` one, a `window`. Bytes are what there is afterwards. */
export const USED = {
    first: {
        requests: 37.5, messages: 1, objectRequests: 6, objectRowsRead: 24_900, objectRowsWritten: 3610, rowsRead: 6940,
        rowsWritten: 10_370, classA: 7.25, fileBytes: 455_000, databaseBytes: 1_750 * 3462,
    },
    full: {
        requests: 37.5, messages: 1, objectRequests: 5.25, objectRowsRead: 24_900, objectRowsWritten: 3600, rowsRead: 10_400,
        rowsWritten: 3470, classA: 7.25, fileBytes: 455_000, databaseBytes: 1_750 * 3462,
    },
    window: {
        requests: 4, messages: 1, objectRequests: 4.25, objectRowsRead: 254, objectRowsWritten: 72, rowsRead: 279,
        rowsWritten: 29, classA: 4.25, fileBytes: 17_900, databaseBytes: 1_750 * 3462,
    },
};

/** What nobody can measure here. */
export const ASSUMED = {
    days: 30,
    /** A window has a whole pass in it so often. */
    daysBetweenWholes: 7,
    /** For how long HighLevel thinks about a page, in seconds: for so long its location's object is awake. */
    answerSeconds: 0.5,
    /** An object that is at work tells its company so often, in seconds. */
    reportSeconds: 3,
    /** What each object is paid for while it is awake, in GB. */
    objectGb: 0.128,
    /** How many records come new into a location each day. */
    newRecords: 10,
    /** How many rows D1 writes for a new record: the row and its two indexes. */
    rowsOfNew: 3,
    /** What an object holds between two runs, in GB. */
    objectStorageGb: 0.0001,
    /** For how many days files are kept. */
    keptDays: 30,
    /** Operations of a queue for each message: write, read, delete. */
    operations: 3,
    /** How many locations work at the same time. */
    parallel: 64,
};

/** What each of `locations` uses in a month of so many runs a day, and what the first run uses. */
export function monthly({ locations, runs }) {
    const a = ASSUMED;
    const wholes = a.days / a.daysBetweenWholes;
    const windows = a.days * runs - wholes;
    return { first: amounts(locations, [[USED.first, 1]]), month: amounts(locations, [[USED.full, wholes], [USED.window, windows]], a.newRecords * a.days) };
}

function amounts(locations, kinds, newRecords = 0) {
    const a = ASSUMED;
    const sum = (of) => locations * kinds.reduce((all, [used, times]) => all + times * of(used), 0);
    const seconds = sum(({ requests }) => requests * a.answerSeconds);
    const messages = sum((used) => used.messages);
    // The company is awake while its run is on.
    const companySeconds = seconds / Math.min(a.parallel, locations);
    return {
        requests: sum(({ requests }) => requests),
        workerRequests: messages,
        queueOperations: messages * a.operations,
        objectRequests: sum((used) => used.objectRequests) + seconds / a.reportSeconds,
        objectGbSeconds: (seconds + companySeconds) * a.objectGb,
        objectRowsRead: sum((used) => used.objectRowsRead),
        objectRowsWritten: sum((used) => used.objectRowsWritten) + locations * newRecords,
        objectGb: locations * a.objectStorageGb,
        rowsRead: sum((used) => used.rowsRead),
        rowsWritten: sum((used) => used.rowsWritten) + locations * newRecords * a.rowsOfNew,
        databaseGb: (locations * USED.full.databaseBytes) / 1e9,
        classA: sum((used) => used.classA),
        classB: 0,
        fileGb: (sum((used) => used.fileBytes) * (a.keptDays / a.days)) / 1e9,
        awakeHours: (seconds + companySeconds) / 3600,
        hours: companySeconds / 3600,
    };
}

/** Dollars, of one kind of use. */
export function cost(kind, amount) {
    const { included, unit, price } = PRICES[kind];
    return Math.ceil(Math.max(0, amount - included) / unit) * price;
}

/** What is paid for by the month, and not by the run. */
const STORED = ["objectGb", "databaseGb", "fileGb"];

/** Dollars, of a run by itself. */
export function once(used) {
    return Object.keys(PRICES).reduce((sum, kind) => sum + (STORED.includes(kind) ? 0 : cost(kind, used[kind])), 0);
}

/** Dollars, of a month. */
export function total(used) {
    return Object.keys(PRICES).reduce((sum, kind) => sum + cost(kind, used[kind]), PLAN);
}

const dollars = (amount) => `$${amount.toFixed(2)}`;

function short(amount) {
    for (const [size, sign] of [[1e9, "G"], [1e6, "M"], [1e3, "k"]]) if (amount >= size) return `${Number((amount / size).toPrecision(3))}${sign}`;
    return `${Number(amount.toPrecision(2))}`;
}

/** The sheet, as it stands in docs/agency.md. */
export function sheet({ locations = [100, 1000, 10_000], runs = 4 } = {}) {
    const { answerSeconds, daysBetweenWholes, newRecords, keptDays, parallel } = ASSUMED;
    const all = locations.map((count) => monthly({ locations: count, runs }));
    const line = (name, cells) => `| ${[name, ...cells].join(" | ")} |`;
    const kinds = Object.entries(PRICES).filter(([kind]) => all.some(({ month }) => month[kind] > 0));
    const each = (kind) => all.map(({ month }) => `${short(month[kind])}${cost(kind, month[kind]) > 0 ? `, ${dollars(cost(kind, month[kind]))}` : ""}`);
    const price = ({ included, unit, price, page }) => `${short(included)}, then $${price}${unit === 1 ? "" : ` / ${short(unit)}`} ([${page}](${PAGES[page]}))`;
    return [
        `A month of ${runs} \`window\` runs a day, of which one in ${daysBetweenWholes} days reads everything, of locations with ${ACCOUNT.records}`,
        `records each (${ACCOUNT.orders} of them orders) and ${newRecords} new ones a day; HighLevel answers within ${answerSeconds} s, files are kept for ${keptDays} days.`,
        "",
        line("a month", [...locations.map((count) => `${count.toLocaleString("en-US")} locations`), "included, then"]),
        line("---", [...locations.map(() => "---:"), "---"]),
        line("requests to HighLevel", [...all.map(({ month }) => short(month.requests)), "not Cloudflare's"]),
        line("hours that objects are awake", [...all.map(({ month }) => short(month.awakeHours)), "paid for as GB-s"]),
        ...kinds.map(([kind, of]) => line(of.name, [...each(kind), price(of)])),
        line("**together, with the plan**", [...all.map(({ month }) => `**${dollars(total(month))}**`), `$${PLAN} for the plan`]),
        ...[1, 24].filter((other) => other !== runs).map((other) => {
            const totals = locations.map((count) => dollars(total(monthly({ locations: count, runs: other }).month)));
            return line(`the same with ${other === 1 ? "one run" : `${other} runs`} a day`, [...totals, ""]);
        }),
        line("the first run, besides", [...all.map(({ first }) => dollars(once(first))), "in a month in which nothing else is used"]),
        line(`the first run takes, at ${parallel} locations at once`, [...all.map(({ first }) => `${short(first.hours * 60)} min`), "more where a location reaches its limit"]),
    ].join("\n");
}

const BEGIN = "<!-- made by `node docs/agency-costs.mjs --write` -->\n";
const END = "\n<!-- the end of what was made -->";

/** A text with another sheet between its marks. */
export function placed(text, made) {
    const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
    if (begin < 0 || end < begin) throw new Error(`docs/agency.md must hold ${BEGIN.trim()} and ${END.trim()}`);
    return text.slice(0, begin + BEGIN.length) + made + text.slice(end);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const text = { type: "string" };
    const { values } = parseArgs({ options: { locations: text, runs: text, write: { type: "boolean" } } });
    const locations = values.locations?.split(",").map(Number);
    const runs = values.runs === undefined ? undefined : Number(values.runs);
    if (![...(locations ?? []), runs ?? 1].every((number) => number > 0)) {
        console.error("usage: node docs/agency-costs.mjs [--locations 100,1000,10000] [--runs 4] [--write]");
        process.exit(2);
    }
    const made = sheet({ locations, runs });
    if (values.write) {
        const file = new URL("agency.md", import.meta.url);
        writeFileSync(file, placed(readFileSync(file, "utf8"), made));
    } else console.log(made);
}
