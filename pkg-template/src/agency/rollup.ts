import { invalid } from "../client/input.js";
import { called } from "../edge/module.js";
import { currencyDecimals } from "../edge-core.js";
import { AgencyError } from "./agency-error.js";
import { ask, databases, type DatabaseEnv } from "./database.js";

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
 * deleted. A refund counts where its transaction does, since HighLevel does not say when money was paid back.
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
    const { by, stream = "transactions", company, locations, mode = "live", timeZone = "UTC" } = options ?? {};
    const counted = Object.hasOwn(COUNTED, stream) ? COUNTED[stream] : undefined;
    if (counted === undefined) throw invalid("stream", `must be one of ${Object.keys(COUNTED).join(", ")}`);
    if (by !== "day" && !Object.hasOwn(GROUPS, by)) throw invalid("by", `must be one of day, ${Object.keys(GROUPS).join(", ")}`);
    if (!["live", "test", "all"].includes(mode)) throw invalid("mode", "must be live, test or all");
    const zone = zoneOf(timeZone);
    const from = instant("from", options.from, zone);
    const to = instant("to", options.to, zone);
    if (to < from) throw invalid("to", "must not be before from");

    const step = zone === undefined ? DAY_MS : QUARTER_MS;
    const key = by === "day" ? `created / ${step}` : GROUPS[by];
    const counts = `status IN (${counted.map((status) => `'${status}'`).join(", ")})`;
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
    // Who is "refunded" without an amount got all of it back.
    const sql = `
        SELECT key, currency, count(*) AS records, coalesce(sum(counts), 0) AS count,
            CAST(coalesce(sum(amount) FILTER (WHERE counts), 0) AS TEXT) AS amount,
            CAST(coalesce(sum(coalesce(refunded, iif(status = 'refunded', amount, 0))) FILTER (WHERE counts), 0) AS TEXT) AS refunded,
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
function zoneOf(timeZone: string): Intl.DateTimeFormat | undefined {
    if (timeZone === "UTC") return undefined;
    try {
        const numeric = "numeric";
        return new Intl.DateTimeFormat("en-US", {
            timeZone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23",
            year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric,
        });
    } catch {
        throw invalid("timeZone", "must be the name of a time zone, such as Europe/Berlin");
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

/** A time in milliseconds since 1970. */
function instant(name: string, value: unknown, zone: Intl.DateTimeFormat | undefined): number {
    const isDay = typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
    const isInstant = typeof value === "string" && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(value);
    const isTime = typeof value === "number" || value instanceof Date;
    const time = isDay || isInstant || isTime ? new Date(value as string | number | Date).getTime() : NaN;
    // `2026-02-30` is a day in March to some runtimes.
    if (!(time >= 0) || (isDay && dayOf(time, undefined) !== value)) {
        throw invalid(name, "must be a Date, milliseconds since 1970, a day such as 2026-11-01, or a time such as 2026-11-01T09:00:00Z");
    }
    if (!isDay) return time;
    // The offset may change that night. Of the moments that it gives, the day begins with the first one that is in it: where there
    // is no midnight, that is the end of the gap.
    const moments = [time];
    while (moments.length < 4) moments.push(time - (wall(moments.at(-1)!, zone) - moments.at(-1)!));
    return Math.min(...moments.filter((moment) => dayOf(moment, zone) === value));
}
