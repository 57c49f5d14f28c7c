// The databases and the files of an agency sync in the real workerd, without the sync: what the package's own functions write and
// read there. An answer can be lost behind the work that it is about.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { statementsOf } from "./agency.mjs";
import { PACKAGE, startWorker, tool } from "./support.mjs";

/** The build of hyparquet-writer that a Worker's bundler finds. */
const PARQUET = join(dirname(tool.resolve("hyparquet-writer")), "index.js");

const SOURCE = `
    import "ghl-payments/cloudflare";
    import "ghl-payments/edge";
    import * as database from ${JSON.stringify(join(PACKAGE, "agency/database.js"))};
    import * as files from ${JSON.stringify(join(PACKAGE, "agency/files.js"))};
    import * as hyparquet from ${JSON.stringify(PARQUET)};
    import * as rollup from ${JSON.stringify(join(PACKAGE, "agency/rollup.js"))};

    const functions = { ...database, ...files, ...rollup };

    /** A binding of which the first calls of a method are carried out, and their answers lost. Counts what D1 says that it costs. */
    function lossy(target, method, { times, message }, counts) {
        return new Proxy(target, {
            get(_, name) {
                const value = target[name];
                if (typeof value !== "function") return value;
                return (...args) => {
                    if (name === "prepare" || name === "bind") return lossy(value.apply(target, args), method, { times, message }, counts);
                    if (name !== method) return value.apply(target, args);
                    counts.calls++;
                    const lost = counts.calls <= times;
                    return value.apply(target, args).then((answer) => {
                        counts.read += answer?.meta?.rows_read ?? 0;
                        counts.written += answer?.meta?.rows_written ?? 0;
                        if (lost) throw new Error(message);
                        return answer;
                    });
                };
            },
        });
    }

    export default {
        async fetch(request, bindings) {
            const { name, args, loss, format, repeat = 1 } = await request.json();
            const env = { ...bindings };
            const counts = { calls: 0, read: 0, written: 0 };
            const watched = loss ? [loss] : Object.keys(bindings).filter((name) => name.startsWith("DB")).map((binding) => ({ binding, method: "all", times: 0 }));
            for (const each of watched) env[each.binding] = lossy(bindings[each.binding], each.method, each, counts);
            if (format === "parquet") args[0].format = files.parquetFiles(hyparquet);
            const call = () => functions[name](env, ...args);
            const told = await Promise.allSettled(Array.from({ length: repeat }, call));
            const answers = told.map(({ value, reason }) =>
                reason === undefined
                    ? { value }
                    : { error: { name: reason.name, code: reason.code, message: reason.message, retryable: reason.retryable, issues: reason.issues, json: JSON.stringify(reason) } },
            );
            return Response.json({ answers, ...counts });
        },
    };
`;

/**
 * The store with `databases` of them (`DB`, or `DB_0` and so on), migrated unless told otherwise.
 */
export async function startStore({ databases = 1, names, migrated = true } = {}) {
    const all = names ?? (databases === 1 ? ["DB"] : Array.from({ length: databases }, (_, i) => `DB_${i}`));
    const worker = await startWorker(SOURCE, {
        d1Databases: Object.fromEntries(all.map((name) => [name, name.toLowerCase()])),
        r2Buckets: { FILES: "files" },
    });
    const migrations = join(PACKAGE, "migrations");
    const migrate = async () => {
        for (const name of all) {
            const db = await worker.getD1Database(name);
            for (const file of readdirSync(migrations).sort()) {
                for (const sql of statementsOf(readFileSync(join(migrations, file), "utf8"))) await db.prepare(sql).run();
            }
        }
    };
    if (migrated) await migrate();
    const ask = async (given) => {
        const response = await worker.dispatchFetch("https://store.example/", { method: "POST", body: JSON.stringify(given) });
        if (!response.ok) throw new Error(await response.text());
        return response.json();
    };
    return {
        names: all,
        migrate,
        /** What each of several calls at once gives, how often the binding was called, and how many rows that read and wrote. */
        ask,
        /** What one call gives; throws what it rejects with. */
        async call(name, ...args) {
            const { answers: [{ value, error }] } = await ask({ name, args });
            if (error !== undefined) throw Object.assign(new Error(error.message), error);
            return value;
        },
        /** The rows that a query gives. */
        async rows(sql, { database = all[0], values = [] } = {}) {
            const db = await worker.getD1Database(database);
            return (await db.prepare(sql).bind(...values).all()).results;
        },
        files: () => worker.getR2Bucket("FILES"),
        stop: () => worker.dispose(),
    };
}

/** A row as `syncRows` gives it. */
export function row(id, { created = 1_700_000_000_000, updated = created, status = "succeeded", amount = 1000, currency = "USD", refunded = null, source = "funnel", live = 1, body } = {}) {
    return [id, created, updated, status, amount, currency, refunded, source, live, body ?? JSON.stringify({ _id: id })];
}
