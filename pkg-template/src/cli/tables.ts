import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { UsageError } from "./usage.js";

/** What a file of records, one a line, can be converted to. */
export type TableFormat = "csv" | "parquet";

/** What the values of a column are, as far as Parquet tells them apart. */
type ColumnType = "BOOLEAN" | "DOUBLE" | "STRING" | "JSON";

/** As many rows of a Parquet file are in memory at a time. */
const ROW_GROUP = 10_000;

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;

type Row = Record<string, unknown>;

/** Converts a file of records, one a line, in a constant amount of memory. Every field of any record is a column. */
export async function converted(format: TableFormat, from: string, to: string, signal: AbortSignal): Promise<void> {
    const columns = new Map<string, ColumnType>();
    for await (const row of rows(from, signal)) {
        for (const [name, value] of Object.entries(row)) {
            if (value === null) continue;
            const type = typeOf(value);
            const before = columns.get(name) ?? type;
            columns.set(name, before === type ? type : "JSON");
        }
    }
    if (format === "parquet") await toParquet(await parquet(), columns, from, to, signal);
    else await toCsv([...columns.keys()], from, to, signal);
}

async function* rows(file: string, signal: AbortSignal): AsyncGenerator<Row, void, undefined> {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
        signal.throwIfAborted();
        if (line !== "") yield JSON.parse(line) as Row;
    }
}

function typeOf(value: unknown): ColumnType {
    const types: Record<string, ColumnType> = { boolean: "BOOLEAN", number: "DOUBLE", string: "STRING" };
    return types[typeof value] ?? "JSON";
}

async function toCsv(names: string[], from: string, to: string, signal: AbortSignal): Promise<void> {
    const out = createWriteStream(to);
    const failed = once(out, "error").then(([error]) => Promise.reject(error as Error));
    failed.catch(() => {});
    const write = async (values: unknown[]) => {
        if (!out.write(`${values.map(cell).join(",")}\r\n`)) await Promise.race([once(out, "drain"), failed]);
    };
    await write(names);
    for await (const row of rows(from, signal)) await write(names.map((name) => row[name]));
    out.end();
    await Promise.race([once(out, "finish"), failed]);
}

/** RFC 4180; what a spreadsheet would run gets an apostrophe in front. */
function cell(value: unknown): string {
    if (value === undefined || value === null) return "";
    if (typeof value !== "string" && typeof value !== "object") return `${value as number}`;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const safe = FORMULA.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** What is used of hyparquet-writer. */
interface Parquet {
    fileWriter(path: string): object;
    schemaFromColumnData(columns: { columnData: Column[] }): object[];
    ParquetWriter: new (options: { writer: object; schema: object[] }) => {
        write(group: { columnData: Column[]; rowGroupSize: number }): void | Promise<void>;
        finish(): void | Promise<void>;
    };
}

interface Column {
    name: string;
    data: unknown[];
    type: ColumnType;
    nullable: true;
}

/** The library that writes Parquet; a {@link UsageError} where it is not installed. */
export async function parquet(): Promise<Parquet> {
    const name = "hyparquet-writer";
    try {
        return (await import(name)) as Parquet;
    } catch {
        throw new UsageError(`--format parquet needs ${name}, which this package does not bring: npm install ${name}`);
    }
}

async function toParquet(library: Parquet, columns: Map<string, ColumnType>, from: string, to: string, signal: AbortSignal): Promise<void> {
    let group: Row[] = [];
    const columnData = (): Column[] =>
        [...columns].map(([name, type]) => ({
            name, type, nullable: true,
            data: group.map((row) => row[name] ?? undefined),
        }));
    const schema = library.schemaFromColumnData({ columnData: columnData() });
    const writer = new library.ParquetWriter({ writer: library.fileWriter(to), schema });
    const flush = async () => {
        await writer.write({ columnData: columnData(), rowGroupSize: ROW_GROUP });
        group = [];
    };
    for await (const row of rows(from, signal)) {
        group.push(row);
        if (group.length === ROW_GROUP) await flush();
    }
    if (group.length > 0) await flush();
    await writer.finish();
}
