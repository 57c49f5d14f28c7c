import { createHash } from "node:crypto";
import { constants, createReadStream, existsSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { mkdir, open, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PaymentsClient, PaymentsError, ValidationError, type PagePromise } from "../entries/index.js";
import { inProgress, type Progress } from "./progress.js";
import { converted, parquet, type TableFormat } from "./tables.js";
import { UsageError } from "./usage.js";

export const EXPORT_USAGE = `Usage: GHL_TOKEN=... ghl-payments export --location <id> --stream <names> --out <dir> [options]

Writes all records of one location into files. Stopped in any way, it goes on where it was when it is called again. What is
there as a whole is not asked for again: for newer records take another folder, or --fresh.

  --location <id>
               the location, 20 characters
  --stream <names>
               orders, transactions, subscriptions, coupons: some with commas between, or all
  --out <dir>  where the files are written; it is made when it is not there
  --format <names>
               ndjson (which is always written), csv, parquet: some with commas between (default ndjson);
               parquet needs the package hyparquet-writer beside this one
  --filter <name>=<value>
               a parameter of the list, such as paymentMode=live or startAt=2026-01-01; more than once
  --base-url <url>
               the API, or a sandbox that stands in for it
  --fresh      throw away what earlier calls have left in the folder for these streams
  --quiet      say nothing but errors
  --help       show this

The token is read from the environment variable GHL_TOKEN. Exit codes: 0 all is there, 1 it stopped (it says
why; call it again), 2 the words are wrong, 130 interrupted.
`;

/** The lists that can be exported. */
const STREAMS = ["orders", "transactions", "subscriptions", "coupons"] as const;
type Stream = (typeof STREAMS)[number];

const FORMATS = ["ndjson", "csv", "parquet"] as const;
type Format = (typeof FORMATS)[number];

/** HighLevel gives no more in a page. */
const PAGE = 100;

/** Long exports meet the rate limit, and servers that rest, more than once. */
const MAX_RETRIES = 8;

interface Settings {
    location: string;
    streams: Stream[];
    out: string;
    formats: Format[];
    filters: Record<string, string>;
    baseUrl: string | undefined;
    fresh: boolean;
    quiet: boolean;
}

/** How far an export of a stream has come, beside its file. Written after the records that it counts. */
interface State {
    version: 1;
    /** What the export is of: another one in the same place is refused. */
    of: string;
    /** Where the list goes on; absent before the first page and behind the last. */
    cursor?: string;
    /** Whether the list has ended. */
    ended: boolean;
    records: number;
    /** How many there are by HighLevel's count, where the list ended before them. */
    counted?: number;
    /** How many bytes of the file belong to those records: what follows them was cut off. */
    bytes: number;
    startedAt: string;
}

/** What the manifest says of a file. */
interface Written {
    file: string;
    bytes: number;
    sha256: string;
}

/** What the manifest says of a stream. */
interface Exported {
    of: string;
    records: number;
    /** How many there are by HighLevel's count, where its list ended before them. */
    counted?: number;
    files: Written[];
    startedAt: string;
    finishedAt: string;
}

interface Manifest {
    version: 1;
    location: string;
    streams: Partial<Record<Stream, Exported>>;
}

/** Carries out `ghl-payments export`; gives the exit code. */
export async function exportCommand(words: string[]): Promise<number> {
    const settings = read(words);
    if (settings === "help") {
        process.stdout.write(EXPORT_USAGE);
        return 0;
    }
    const token = process.env["GHL_TOKEN"];
    if (!token) throw new UsageError("the environment variable GHL_TOKEN holds no token");
    // What is not there is said before hours of work.
    if (settings.formats.includes("parquet")) await parquet();
    const client = opened(token, settings);
    await checkFilters(settings);
    await mkdir(settings.out, { recursive: true });
    const unlock = lock(settings.out);
    const stop = new AbortController();
    const interrupt = () => stop.abort();
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", interrupt);
    try {
        for (const stream of settings.streams) await exportStream(client, stream, settings, stop.signal);
        return 0;
    } catch (error) {
        if (stop.signal.aborted) {
            console.error("ghl-payments: interrupted; the same command goes on from here");
            return 130;
        }
        if (!(error instanceof PaymentsError)) throw error;
        console.error(`ghl-payments: ${error.message}\nghl-payments: the same command goes on from here`);
        return 1;
    } finally {
        client.close();
        process.off("SIGINT", interrupt);
        process.off("SIGTERM", interrupt);
        unlock();
    }
}

/** A filter that one of the streams does not take is told before any of them is read. */
async function checkFilters({ location, streams, filters }: Settings): Promise<void> {
    const client = new PaymentsClient({ token: "none", locationId: location, maxRetries: 0, fetch: async () => new Response(null, { status: 403 }) });
    for (const stream of streams) {
        try {
            await (client[stream].list as (params: object) => PromiseLike<unknown>)({ ...filters, limit: PAGE });
        } catch (error) {
            if (error instanceof ValidationError) throw new UsageError(`--stream ${stream}: ${error.message}`);
        }
    }
    client.close();
}

function opened(token: string, { location, baseUrl }: Settings): PaymentsClient {
    try {
        return new PaymentsClient({ token, locationId: location, ...(baseUrl !== undefined && { baseUrl }), maxRetries: MAX_RETRIES });
    } catch (error) {
        throw error instanceof ValidationError ? new UsageError(error.message) : error;
    }
}

function read(words: string[]): Settings | "help" {
    const text = { type: "string" } as const;
    const flag = { type: "boolean" } as const;
    let values;
    try {
        ({ values } = parseArgs({
            args: words,
            options: {
                location: text, stream: text, out: text, format: text, "base-url": text,
                filter: { type: "string", multiple: true }, fresh: flag, quiet: flag, help: { type: "boolean", short: "h" },
            },
        }));
    } catch (error) {
        throw new UsageError((error as Error).message);
    }
    if (values.help) return "help";
    const { location, out, stream, format = "ndjson", filter = [], "base-url": baseUrl, fresh = false, quiet = false } = values;
    if (!location) throw new UsageError("--location is missing: the location's id");
    if (!out) throw new UsageError("--out is missing: the folder for the files");
    const streams = stream === "all" ? [...STREAMS] : some("--stream", STREAMS, stream);
    const filters: Record<string, string> = {};
    for (const given of filter) {
        const [name, value] = given.split(/=(.*)/s, 2);
        if (!name || value === undefined) throw new UsageError("--filter takes name=value, such as paymentMode=live");
        if (["limit", "offset", "cursor"].includes(name)) throw new UsageError(`--filter ${name}: the pages are this command's own`);
        if (["altId", "altType", "locationId"].includes(name)) throw new UsageError(`--filter ${name}: the location is that of --location`);
        if (!/^[a-z]\w*$/i.test(name)) throw new UsageError(`--filter ${name}: is no parameter of a list`);
        filters[name] = value;
    }
    return { location, streams, out, formats: some("--format", FORMATS, format), filters, baseUrl, fresh, quiet };
}

function some<T extends string>(option: string, known: readonly T[], given = ""): T[] {
    const names = [...new Set(given.split(",").map((name) => name.trim()))] as T[];
    const wrong = names.find((name) => !known.includes(name));
    if (wrong !== undefined) throw new UsageError(`${option} takes some of ${known.join(", ")}, with commas between; not "${wrong}"`);
    return names;
}

/** Keeps a second process out of the folder. One that was killed leaves its lock, but not its process. */
function lock(folder: string): () => void {
    const path = join(folder, "export.lock");
    try {
        const holder = Number(readFileSync(path, "utf8"));
        if (holder > 0 && holder !== process.pid && lives(holder)) {
            throw new Error(`process ${holder} exports into this folder; if it does not, delete ${path}`);
        }
        unlinkSync(path);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    writeFileSync(path, `${process.pid}`, { flag: "wx" });
    return () => rmSync(path, { force: true });
}

function lives(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch (error) {
        return (error as NodeJS.ErrnoException).code === "EPERM";
    }
}

async function exportStream(client: PaymentsClient, stream: Stream, settings: Settings, signal: AbortSignal): Promise<void> {
    const { location, out, filters, baseUrl = "", formats, fresh } = settings;
    const path = (name: string) => join(out, name);
    const [part, statePath, manifestPath] = [path(`${stream}.ndjson.part`), path(`${stream}.state.json`), path("manifest.json")];
    const of = JSON.stringify({ stream, location, baseUrl, filters: Object.entries(filters).sort() });
    const manifest = (await json(manifestPath, isManifest)) ?? { version: 1, location, streams: {} };
    if (manifest.location !== location) throw new Error(`${out} holds an export of location ${manifest.location}: use another folder`);
    if (fresh) {
        for (const old of [part, statePath]) rmSync(old, { force: true });
        delete manifest.streams[stream];
        await store(manifestPath, manifest);
    }
    const kept = manifest.streams[stream];
    const state = kept ? undefined : await json(statePath, isState);
    for (const other of [kept?.of, state?.of]) {
        if (other === undefined || other === of) continue;
        throw new Error(`${out} holds another export of ${stream} (${other}): use another folder, or --fresh`);
    }
    const progress = inProgress(stream, settings.quiet);
    let exported = kept && { ...kept, files: await whole(stream, out, kept.files) };
    if (!exported) {
        const done = state?.ended ? state : await fetched(client, stream, settings, { part, statePath, of, state, progress, signal });
        const file = `${stream}.ndjson`;
        // A process that ended between the two lines finds the file under its name.
        if (existsSync(part)) await rename(part, path(file));
        exported = {
            of, records: done.records, ...(done.counted !== undefined && { counted: done.counted }), files: [await written(out, file)],
            startedAt: done.startedAt, finishedAt: new Date().toISOString(),
        };
    }
    const wanted = [...formats, ...(kept?.files ?? []).map(({ file }) => file.slice(stream.length + 1) as Format)];
    for (const format of new Set(wanted)) {
        if (format === "ndjson" || exported.files.some(({ file }) => file === `${stream}.${format}`)) continue;
        const file = `${stream}.${format}`;
        progress.say(`writing ${file}`);
        await converted(format as TableFormat, path(`${stream}.ndjson`), path(`${file}.part`), signal);
        await rename(path(`${file}.part`), path(file));
        exported.files.push(await written(out, file));
    }
    manifest.streams[stream] = exported;
    await store(manifestPath, manifest);
    rmSync(statePath, { force: true });
    const since = kept ? ` as of ${kept.finishedAt}, not asked for again (--stream ${stream} --fresh exports them anew)` : "";
    const short = exported.counted === undefined ? "" : `; HighLevel counts ${exported.counted}, but its list ended before`;
    progress.end(`${exported.records} ${stream}${short}: ${exported.files.map(({ file }) => file).join(", ")}${since}`);
}

interface Place {
    part: string;
    statePath: string;
    of: string;
    state: State | undefined;
    progress: Progress;
    signal: AbortSignal;
}

/** Reads the list to its end, page after page into the file. */
async function fetched(client: PaymentsClient, stream: Stream, { filters }: Settings, place: Place): Promise<State> {
    const { part, statePath, progress, signal } = place;
    const state: State = place.state ?? {
        version: 1, of: place.of, ended: false, records: 0, bytes: 0, startedAt: new Date().toISOString(),
    };
    // Not through a link, into a file that is somebody else's.
    const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
    const file = await open(part, O_RDWR | O_CREAT | (O_NOFOLLOW ?? 0), 0o644);
    try {
        if ((await file.stat()).size < state.bytes) {
            throw new Error(`${part} is shorter than what was written to it: start again with --fresh`);
        }
        await file.truncate(state.bytes);
        const list = client[stream].list as (params: object, options: object) => PagePromise<object>;
        const params = { ...filters, limit: PAGE, ...(state.cursor !== undefined && { cursor: state.cursor }) };
        for await (const page of list(params, { signal }).pages()) {
            const lines = page.data.map((record) => `${JSON.stringify(record)}\n`).join("");
            const bytes = Buffer.from(lines);
            for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, state.bytes + at)).bytesWritten;
            // The records are on the disk before the state that counts them.
            await file.datasync();
            state.bytes += bytes.length;
            state.records += page.data.length;
            state.ended = !page.hasNextPage();
            if (page.cursor === undefined) delete state.cursor;
            else state.cursor = page.cursor;
            if (page.incomplete) state.counted = page.totalCount;
            await store(statePath, state);
            progress.tell(state.records, page.totalCount, state.bytes);
            if (signal.aborted && !state.ended) throw signal.reason;
        }
    } finally {
        await file.close();
    }
    return state;
}

/** A file's place in the manifest. */
async function written(folder: string, file: string): Promise<Written> {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of createReadStream(join(folder, file)) as AsyncIterable<Buffer>) {
        hash.update(chunk);
        bytes += chunk.length;
    }
    return { file, bytes, sha256: hash.digest("hex") };
}

/** Those of a stream's files that are what the manifest says. A table can be made again, the records themselves cannot. */
async function whole(stream: Stream, folder: string, files: Written[]): Promise<Written[]> {
    const good: Written[] = [];
    for (const said of files) {
        const path = join(folder, said.file);
        const there = existsSync(path) ? await written(folder, said.file) : undefined;
        if (there?.bytes === said.bytes && there.sha256 === said.sha256) good.push(said);
        else if (said.file.endsWith(".ndjson")) {
            throw new Error(`${path} ${there ? "was changed since it was written" : "is gone"}: --stream ${stream} --fresh exports it anew`);
        }
    }
    return good;
}

/** Replaces a file as a whole, or not at all. */
async function store(path: string, value: object): Promise<void> {
    const next = `${path}.next`;
    rmSync(next, { force: true });
    await writeFile(next, `${JSON.stringify(value, undefined, 2)}\n`, { flush: true, flag: "wx" });
    await rename(next, path);
}

/** A file of this command's own, if it is there; an error if it holds something else. */
async function json<T>(path: string, is: (value: unknown) => value is T): Promise<T | undefined> {
    let text;
    try {
        text = await readFile(path, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    }
    try {
        const value: unknown = JSON.parse(text);
        if (is(value)) return value;
    } catch {
        // No JSON.
    }
    throw new Error(`${path} is not what this command has written: delete it, and export anew with --fresh`);
}

const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const fieldsOf = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;

function isState(value: unknown): value is State {
    const { version, of, cursor, ended, records, bytes, startedAt } = fieldsOf(value);
    const counts = isCount(records) && isCount(bytes) && typeof ended === "boolean";
    return version === 1 && isText(of) && isText(startedAt) && counts && (cursor === undefined || isText(cursor));
}

function isManifest(value: unknown): value is Manifest {
    const { version, location, streams } = fieldsOf(value);
    return version === 1 && isText(location) && typeof streams === "object" && streams !== null && Object.values(streams).every(isExported);
}

function isExported(value: unknown): value is Exported {
    const { of, records, files, startedAt, finishedAt } = fieldsOf(value);
    const isWritten = (one: unknown) => {
        const { file, bytes, sha256 } = fieldsOf(one);
        return isText(file) && /^[a-z]+\.(ndjson|csv|parquet)$/.test(file) && isCount(bytes) && isText(sha256);
    };
    return isText(of) && isCount(records) && isText(startedAt) && isText(finishedAt) && Array.isArray(files) && files.every(isWritten);
}
