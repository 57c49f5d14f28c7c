import { invalid } from "../client/input.js";
import { inTime } from "../edge/in-time.js";
import { pause } from "../exchange.js";
import { AgencyError } from "./agency-error.js";
import { STORE_MS, type SyncFile, type SyncStream } from "./database.js";

/** What the sync uses of an R2 bucket. */
export interface R2Like {
    /**
     * Writes an object; `null` where a condition does not hold.
     *
     * @param key Its name.
     * @param value What is in it.
     * @param options Checksum, conditions, what it is.
     */
    put(key: string, value: Uint8Array | string, options?: never): Promise<unknown>;
    /**
     * Reads an object.
     *
     * @param key Its name.
     */
    get(key: string): Promise<R2TextLike | null>;
}

/** What the sync uses of an object in R2. */
export interface R2TextLike {
    /** Its text. */
    text(): Promise<string>;
}

/** The R2 bucket of a sync. */
export interface FilesEnv {
    /** The bucket. */
    FILES: R2Like;
}

/** In which format records are written to R2. */
export interface FileFormat {
    /** How names end, such as `ndjson.gz`. */
    ending: string;
    /** The media type. */
    type: string;
    /**
     * The bytes of a file.
     *
     * @param part Its records.
     */
    write(part: FilePart): Promise<Uint8Array> | Uint8Array;
}

/** The records of a file, in both forms in which they are at hand. */
export interface FilePart {
    /** As HighLevel sent them: JSON, one record a line. */
    lines: string;
    /** As D1 gets them: JSON text of `[[id, created, updated, status, amount, currency, refunded, source, live, body]]`. */
    rows: string;
    /** The location that they belong to. */
    location: string;
}

/** JSON, one record a line, gzip: what every part is unless another format is chosen. */
export const NDJSON: FileFormat = {
    ending: "ndjson.gz",
    type: "application/gzip",
    async write({ lines }) {
        const zipped = new Blob([lines]).stream().pipeThrough(new CompressionStream("gzip"));
        return new Uint8Array(await new Response(zipped).arrayBuffer());
    },
};

/** What is used of hyparquet-writer. */
export interface ParquetLibrary {
    /**
     * Writes a file.
     *
     * @param options Its columns.
     */
    parquetWriteBuffer(options: {
        /** The columns. */
        columnData: never[];
    }): ArrayBuffer;
}

/** The columns of a Parquet file behind `location`, in the order of a row. */
const COLUMNS = [
    ["id", "STRING"],
    ["created", "TIMESTAMP"],
    ["updated", "TIMESTAMP"],
    ["status", "STRING"],
    ["amount", "INT64"],
    ["currency", "STRING"],
    ["refunded", "INT64"],
    ["source", "STRING"],
    ["live", "BOOLEAN"],
    ["body", "STRING"],
] as const;

/**
 * Files as Parquet, with the columns of the tables in D1 (amounts in minor units, times as timestamps, the record as JSON in `body`),
 * instead of one JSON record a line. The package brings no library for it: `npm install hyparquet-writer`.
 *
 * ```ts
 * import { configureAgency, parquetFiles, type ParquetLibrary } from "ghl-payments/cloudflare";
 *
 * // import * as hyparquet from "hyparquet-writer";
 * declare const hyparquet: ParquetLibrary;
 *
 * configureAgency({ files: parquetFiles(hyparquet) });
 * ```
 *
 * @param library The module `hyparquet-writer`.
 */
export function parquetFiles(library: ParquetLibrary): FileFormat {
    if (typeof library?.parquetWriteBuffer !== "function") {
        throw invalid("library", 'must be the module hyparquet-writer: import * as hyparquet from "hyparquet-writer"');
    }
    return {
        ending: "parquet",
        type: "application/vnd.apache.parquet",
        write({ rows, location }) {
            const all = JSON.parse(rows) as unknown[][];
            const own = { name: "location", type: "STRING", nullable: false, data: all.map(() => location) };
            const others = COLUMNS.map(([name, type], column) => ({
                name,
                type,
                nullable: name !== "id",
                data: all.map((row) => cell(type, row[column])),
            }));
            return new Uint8Array(library.parquetWriteBuffer({ columnData: [own, ...others] as never[] }));
        },
    };
}

function cell(type: string, value: unknown): unknown {
    if (value === null || value === undefined) return null;
    if (type === "INT64") return BigInt(value as number);
    if (type === "TIMESTAMP") return new Date(value as number);
    if (type === "BOOLEAN") return Boolean(value);
    return typeof value === "string" ? value : JSON.stringify(value);
}

/**
 * Writes a part of a run: `run/stream/location/seq.ndjson.gz`. Whoever writes the same number again replaces it; nothing refers to it
 * before the manifest does. R2 refuses bytes that do not have the checksum.
 */
export async function putPart(
    env: FilesEnv,
    given: FilePart & { run: string; stream: SyncStream; seq: number; format?: FileFormat | undefined },
): Promise<SyncFile> {
    const { run, stream, location, seq, format = NDJSON, lines, rows } = given;
    const folder = [segment("run", run), segment("stream", stream), segment("location", location)].join("/");
    const name = `${folder}/${`${seq}`.padStart(6, "0")}.${format.ending}`;
    const bytes = await format.write({ lines, rows, location });
    const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
    const files = bucket(env);
    await again(() => files.put(name, bytes, { sha256, httpMetadata: { contentType: format.type } } as never));
    return { name, bytes: bytes.length, sha256, records: lineCount(lines) };
}

/** The name of a run's manifest. */
export function manifestName(run: string): string {
    return `${segment("run", run)}/manifest.json`;
}

/**
 * Writes the manifest of a run, unless there is one. `false`: there is another one, which stays. Whoever writes the same again, since
 * the answer was lost, gets `true`.
 */
export async function putManifest(env: FilesEnv, run: string, manifest: object): Promise<boolean> {
    const files = bucket(env);
    const name = manifestName(run);
    const text = JSON.stringify(manifest);
    const options = { onlyIf: { etagDoesNotMatch: "*" }, httpMetadata: { contentType: "application/json" } };
    if ((await again(() => files.put(name, text, options as never))) !== null) return true;
    return (await manifestText(env, run)) === text;
}

/** The text of a run's manifest, or `null` while there is none. */
export async function manifestText(env: FilesEnv, run: string): Promise<string | null> {
    const files = bucket(env);
    const name = manifestName(run);
    // The body may break off as well.
    return again(async () => (await files.get(name))?.text() ?? null);
}

function bucket(env: FilesEnv): R2Like {
    const { FILES } = env ?? {};
    if (typeof FILES?.put !== "function") throw invalid("env.FILES", "must be the binding of an R2 bucket");
    return FILES;
}

/** A part of a name that begins no other folder. */
function segment(name: string, text: string): string {
    if (!/^[\w-][\w.-]{0,127}$/.test(text)) throw invalid(name, "must be letters, digits, points, _ and -, at most 128 of them");
    return text;
}

/** How many lines a text has; the last one may lack its end. */
function lineCount(lines: string): number {
    let count = lines === "" || lines.endsWith("\n") ? 0 : 1;
    for (let at = lines.indexOf("\n"); at >= 0; at = lines.indexOf("\n", at + 1)) count++;
    return count;
}

function hex(digest: ArrayBuffer): string {
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** How long to wait before something is asked of R2 again, in milliseconds. */
const AGAIN_MS = [200, 1000];

/** Does what may be done again, and does it again while R2 is away for a moment. */
async function again<T>(call: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
        try {
            return await inTime(STORE_MS, call);
        } catch (cause) {
            const ms = AGAIN_MS[tries];
            if (ms === undefined) throw new AgencyError({ code: "files_failed", message: "the R2 bucket failed", retryable: true }, cause);
            await pause(ms);
        }
    }
}
