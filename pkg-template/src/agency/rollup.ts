import { Findings, invalid } from "../client/input.js";
import { called } from "../edge/module.js";
import { currencyDecimals } from "../edge-core.js";
import { AgencyError } from "./agency-error.js";
import { ask, databases, type DatabaseEnv } from "./database.js";
import { isId } from "./messages.js";

/** What is added up, over which time, and how it is told apart. */
export interface RollupOptions {
    /**
     * From when records count, by when they were created: a `Date`, milliseconds since 1970, or text in ISO 8601 with its offset; a
     * day such as `2026-11-01` is its first moment in `timeZone`.
     */
    from: string | number | Date;
    /** Until when; what was created at that moment does not count any more. `from` and `to` of two months in a row are the same. */
    to: string | number | Date;
    /** What each row is about; currencies are apart in any case. */
    by: RollupBy;
    /** Which records: by default `transactions`, what was paid. Of `orders` the completed ones, of `subscriptions` one payment of each active one. */
    stream?: RollupStream | undefined;
    /** Only the locations of this company. */
    company?: string | undefined;
    /** Only these locations. */
    locations?: readonly string[] | undefined;
    /** `live` money by default; records that do not say count as live. */
    mode?: "live" | "test" | "all" | undefined;
    /** In which zone days begin, such as `America/New_York`; `UTC` by default. */
    timeZone?: string | undefined;
}

/** What a row of a roll-up is about. `source` is where something was sold: funnel, invoice, payment_link ... */
export type RollupBy = "day" | "location" | "source" | "currency";

/** What can be added up. */
export type RollupStream = "transactions" | "orders" | "subscriptions";

/** A row of a roll-up. Amounts are exact, in whole minor units of the currency. */
export interface RollupRow {
    /** The day (`2026-11-30`), the location, the source or the currency; `null` where a record does not say. */
    key: string | null;
    /** Three letters, upper case; `null` where records do not say, and then there is no amount either. */
    currency: string | null;
    /** How many digits amounts of the currency have behind the point, by ISO 4217: 2 for USD, 0 for JPY, 3 for KWD. */
    decimals: number;
    /** How many records there are in any state. */
    records: number;
    /** How many of them count: what was paid, in part or whole paid back later or not. */
    count: number;
    /** What those amount to, refunds not taken off. */
    amount: number;
    /** What was paid back of it until now, whenever that was. */
    refunded: number;
    /** What is left: `amount - refunded`. */
    net: number;
    /** How many of those that count have no amount that could be read: they are not in the sums. */
    unreadable: number;
}

/** By which status a record counts. What HighLevel adds later does not, until somebody knows what it means. */
const COUNTED: Record<RollupStream, readonly string[]> = {
    transactions: ["succeeded", "captured", "refunded"],
    orders: ["completed"],
    subscriptions: ["active"],
};

const DAY_MS = 86_400_000;

/** All offsets of time zones are multiples of it. */
const QUARTER_MS = 900_000;

/** By what the database groups. */
const GROUPS = {
    location: "location",
    source: "source",
    currency: "upper(currency)",
};

/** A group as a database gives it; sums are text, since a number of JavaScript does not hold all of them. */
interface Group {
    key: string | number | null;
    currency: string | null;
    records: number;
    count: number;
    amount: string;
    refunded: string;
    unreadable: number;
}

/** A group of all databases. */
interface Sum extends Pick<RollupRow, "key" | "currency" | "records" | "count" | "unreadable"> {
    amount: bigint;
    refunded: bigint;
}

/**
 * Adds up what a sync has read, over all databases and locations: in minor units, currencies apart, refunds apart, without what was
 * deleted. A refund counts where its transaction does, since HighLevel does not say when money was paid back; a transaction that is
 * `refunded` and does not say how much of it counts as paid back whole.
 *
 * A record whose `createdAt` cannot be read lies in no time, and so in no row: `SELECT * FROM transactions WHERE created IS NULL AND
 * deleted_at IS NULL` finds them, in each database. A later reading that has the time brings them back.
 *
 * Rejects with a ValidationError, or with an {@link AgencyError}: `database_failed`, `database_not_migrated`, or `sum_too_large` where a
 * sum is above 9,007,199,254,740,991 minor units.
 *
 * ```ts
 * import { rollup, type AgencyEnv } from "ghl-payments/cloudflare";
 *
 * export const november = (env: AgencyEnv) => rollup(env, { from: "2026-11-01", to: "2026-12-01", by: "day" });
 * // [{ key: "2026-11-01", currency: "USD", decimals: 2, records: 12, count: 10, amount: 123450, refunded: 1000, net: 122450, unreadable: 0 }, ...]
 * ```
 *
 * @param env The environment of the Worker, of which the databases are used.
 * @param options What is added up.
 */
export async function rollup(env: DatabaseEnv, options: RollupOptions): Promise<RollupRow[]> {
    const { by, stream, company, locations, mode, from, to, zone } = read(options);
    const step = zone === undefined ? DAY_MS : QUARTER_MS;
    const key = by === "day" ? `created / ${step}` : GROUPS[by];
    const counts = `status IN (${COUNTED[stream].map((status) => `'${status}'`).join(", ")})`;
    const conditions = ["created >= ?1", "created < ?2", "deleted_at IS NULL"];
    const values: unknown[] = [from, to];
    if (mode !== "all") conditions.push(mode === "live" ? "live IS NOT 0" : "live = 0");
    if (company !== undefined) {
        values.push(company);
        conditions.push(`location IN (SELECT location FROM locations WHERE company = ?${values.length})`);
    }
    if (locations !== undefined) {
        values.push(JSON.stringify(locations));
        conditions.push(`location IN (SELECT value FROM json_each(?${values.length}))`);
    }
    // Who is "refunded" without an amount, or with 0, got all of it back. Of a payment that could not be read nothing is in a sum: what
    // was paid back of it would be taken off others.
    const sql = `
        SELECT key, currency, count(*) AS records, coalesce(sum(counts), 0) AS count,
            CAST(coalesce(sum(amount) FILTER (WHERE counts), 0) AS TEXT) AS amount,
            CAST(coalesce(sum(iif(status = 'refunded' AND coalesce(refunded, 0) = 0, amount, abs(refunded))) FILTER (WHERE counts AND amount IS NOT NULL), 0) AS TEXT)
                AS refunded,
            count(*) FILTER (WHERE counts AND amount IS NULL) AS unreadable
        FROM (
            SELECT ${key} AS key, upper(currency) AS currency, status, amount, refunded, coalesce(${counts}, 0) AS counts
            FROM ${stream} WHERE ${conditions.join(" AND ")}
        ) GROUP BY 1, 2`;
    const found = await Promise.all(databases(env).map((db) => groups(db, sql, values)));

    const sums = new Map<string, Sum>();
    for (const group of found.flat()) {
        const name = by === "day" ? dayOf((group.key as number) * step, zone) : (group.key as string | null);
        const id = JSON.stringify([name, group.currency]);
        const sum = sums.get(id) ?? { key: name, currency: group.currency, records: 0, count: 0, unreadable: 0, amount: 0n, refunded: 0n };
        sums.set(id, sum);
        sum.records += group.records;
        sum.count += group.count;
        sum.unreadable += group.unreadable;
        sum.amount += BigInt(group.amount);
        sum.refunded += BigInt(group.refunded);
    }
    return [...sums.values()].sort(byKey).map(({ key, currency, records, count, unreadable, amount, refunded }) => ({
        key, currency, records, count,
        decimals: called(() => currencyDecimals(currency ?? "")),
        amount: exact(amount, key, currency),
        refunded: exact(refunded, key, currency),
        net: exact(amount - refunded, key, currency),
        unreadable,
    }));
}

/** The options of a roll-up, as they are used. */
interface Wanted extends Required<Pick<RollupOptions, "by" | "stream" | "mode">>, Pick<RollupOptions, "company" | "locations"> {
    from: number;
    to: number;
    /** None for UTC. */
    zone: Intl.DateTimeFormat | undefined;
}

const MODES = ["live", "test", "all"];

const KNOWN = "from, to, by, stream, company, locations, mode, timeZone";

function read(options: RollupOptions): Wanted {
    if (typeof options !== "object" || options === null) throw invalid("", "the options must be an object");
    const found = new Findings();
    const { from, to, by, stream = "transactions", company, locations, mode = "live", timeZone = "UTC", ...others } = options;
    for (const name of Object.keys(others)) found.add(name, `is no option here; known are ${KNOWN}`);
    const zone = zoneOf(timeZone, found);
    const [begin, end] = [instant("from", from, zone, found), instant("to", to, zone, found)];
    if (end < begin) found.add("to", "must not be before from");
    if (!["day", ...Object.keys(GROUPS)].includes(by)) found.add("by", `must be one of day, ${Object.keys(GROUPS).join(", ")}`);
    if (!Object.keys(COUNTED).includes(stream)) found.add("stream", `must be one of ${Object.keys(COUNTED).join(", ")}`);
    if (!MODES.includes(mode)) found.add("mode", "must be live, test or all");
    if (company !== undefined && !isId(company)) found.add("company", "must be the id of a company: letters, digits, _ and -");
    if (locations !== undefined) {
        if (!Array.isArray(locations)) found.add("locations", "must be a list of ids of locations");
        for (const [i, location] of (Array.isArray(locations) ? locations : []).entries()) {
            if (!isId(location)) found.add(`locations[${i}]`, "must be the id of a location: letters, digits, _ and -");
        }
    }
    if (found.issues.length > 0) throw found.error();
    return { by, stream, company, locations, mode, from: begin, to: end, zone };
}

async function groups(db: ReturnType<typeof databases>[number], sql: string, values: unknown[]): Promise<Group[]> {
    try {
        return await ask<Group>(db, sql, ...values);
    } catch (error) {
        // Even the integers of the database are not large enough.
        if (/integer overflow/i.test(String((error as AgencyError).cause))) throw tooLarge();
        throw error;
    }
}

/** In the order of keys, then of currencies; what has none is last. */
function byKey(a: Sum, b: Sum): number {
    return order(a.key, b.key) || order(a.currency, b.currency);
}

function order(a: string | null, b: string | null): number {
    if (a === b) return 0;
    if (a === null || b === null) return a === null ? 1 : -1;
    return a < b ? -1 : 1;
}

function exact(sum: bigint, key: string | null, currency: string | null): number {
    const number = Number(sum);
    if (!Number.isSafeInteger(number)) throw tooLarge(`${key}, ${currency}: `);
    return number;
}

function tooLarge(where = ""): AgencyError {
    const message = `${where}the sum is too large to be exact as a number: add up a shorter time, or fewer locations`;
    return new AgencyError({ code: "sum_too_large", message });
}

/** What tells the parts of a date in a zone; none for UTC. */
function zoneOf(timeZone: unknown, found: Findings): Intl.DateTimeFormat | undefined {
    if (timeZone === "UTC") return undefined;
    try {
        // Some runtimes take offsets as well, also such as no zone has.
        if (typeof timeZone !== "string" || /^[+-](?!\d\d(:?(00|15|30|45))?$)/.test(timeZone)) throw new RangeError();
        const numeric = "numeric";
        return new Intl.DateTimeFormat("en-US", {
            timeZone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23",
            year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric,
        });
    } catch {
        return found.add("timeZone", "must be the name of a time zone, such as Europe/Berlin");
    }
}

/** A clock on the wall of a zone, read as if it were in UTC. */
function wall(time: number, zone: Intl.DateTimeFormat | undefined): number {
    if (zone === undefined) return time;
    const parts: Record<string, number> = {};
    for (const { type, value } of zone.formatToParts(time)) parts[type] = Number(value);
    return Date.UTC(parts["year"]!, parts["month"]! - 1, parts["day"], parts["hour"], parts["minute"], parts["second"]);
}

/** The day on which a time is, as `2026-11-30`. */
function dayOf(time: number, zone: Intl.DateTimeFormat | undefined): string {
    return new Date(wall(time, zone)).toISOString().slice(0, 10);
}

/** A time in milliseconds since 1970; NaN where it is none. */
function instant(name: string, value: unknown, zone: Intl.DateTimeFormat | undefined, found: Findings): number {
    const isDay = typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
    const isInstant = typeof value === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value);
    const isTime = typeof value === "number" || value instanceof Date;
    const time = isDay || isInstant || isTime ? new Date(value as string | number | Date).getTime() : NaN;
    // `2026-02-30` is a day in March to some runtimes.
    if (!(time >= 0) || (isDay && dayOf(time, undefined) !== value)) {
        found.add(name, "must be a Date, milliseconds since 1970, a day such as 2026-11-01, or a time such as 2026-11-01T09:00:00Z");
        return NaN;
    }
    if (!isDay) return time;
    // The offset may change that night. Of the moments that it gives, the day begins with the first one that is in it: where there
    // is no midnight, that is the end of the gap. A day that a zone has left out, when it went over the date line, begins and ends
    // with the next one.
    const moments = [time];
    while (moments.length < 4) moments.push(time - (wall(moments.at(-1)!, zone) - moments.at(-1)!));
    return Math.min(...moments.filter((moment) => dayOf(moment, zone) >= value));
}
