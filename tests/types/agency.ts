// The sync of an agency: an environment as Cloudflare types it fits, results are typed, and what does not exist is refused.

import {
    agencyStatus,
    configureAgency,
    locationFetch,
    parquetFiles,
    rollup,
    startAgencySync,
    type AgencyEnv,
    type AgencyStatus,
    type DatabaseEnv,
    type GhlCompany,
    type GhlLocation,
    type RollupRow,
    type TokenKeeper,
    type WebhookLedger,
} from "ghl-payments/cloudflare";
import { PaymentsClient, durableSeen, durableStore } from "ghl-payments/edge";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Equal<A, B>): void {}

/** As in Cloudflare's own types, as far as the sync uses them. */
declare class Statement {
    bind(...values: unknown[]): Statement;
    all<T = Record<string, unknown>>(): Promise<{ results: T[]; success: true; meta: { rows_written: number } }>;
}
declare class Database {
    prepare(query: string): Statement;
    batch<T = unknown>(statements: Statement[]): Promise<{ results: T[] }[]>;
}
interface StoredObject {
    key: string;
}
interface StoredBody extends StoredObject {
    text(): Promise<string>;
}
declare class Bucket {
    get(key: string, options: { onlyIf: object }): Promise<StoredBody | StoredObject | null>;
    get(key: string, options?: object): Promise<StoredBody | null>;
    put(key: string, value: ArrayBuffer | ArrayBufferView | string | null, options?: { onlyIf: object }): Promise<StoredObject | null>;
    put(key: string, value: ArrayBuffer | ArrayBufferView | string | null, options?: { sha256?: ArrayBuffer | string }): Promise<StoredObject>;
}
declare class ObjectId {
    readonly name?: string;
    equals(other: ObjectId): boolean;
}
declare class Namespace {
    idFromName(name: string): ObjectId;
    get(id: ObjectId, options?: { locationHint?: string }): { fetch(input: string): Promise<Response> };
}
/** A namespace whose class is named: it takes what has Cloudflare's mark of a Durable Object, and nothing else. */
interface Branded {
    __DURABLE_OBJECT_BRAND: never;
}
declare class NamespaceOf<T extends Branded> {
    idFromName(name: string): ObjectId;
    get(id: ObjectId, options?: { locationHint?: string }): { fetch(input: string): Promise<Response>; is: T };
}
interface TypedEnv extends Omit<Env, "LOCATIONS" | "COMPANIES" | "TOKENS"> {
    LOCATIONS: NamespaceOf<GhlLocation>;
    COMPANIES: NamespaceOf<GhlCompany>;
    TOKENS: NamespaceOf<TokenKeeper>;
    LEDGER: NamespaceOf<WebhookLedger>;
    // @ts-expect-error: no class of Durable Objects.
    OTHERS: NamespaceOf<PaymentsClient>;
}
interface Env {
    LOCATIONS: Namespace;
    COMPANIES: Namespace;
    TOKENS: Namespace;
    SYNC: { sendBatch(messages: Iterable<{ body: unknown; delaySeconds?: number }>, options?: { delaySeconds?: number }): Promise<void> };
    DB: Database;
    FILES: Bucket;
    GHL_CLIENT_ID: string;
    OTHER: string;
}
interface ShardedEnv extends Omit<Env, "DB"> {
    DB_0: Database;
    DB_1: Database;
}
declare const env: Env;
declare const sharded: ShardedEnv;
declare const typed: TypedEnv;

export async function use(): Promise<void> {
    const run = await startAgencySync(env, { company: "c", streams: ["orders", "coupons"], mode: "window", locations: ["l"], details: true });
    same<typeof run, string>(true);
    await startAgencySync(sharded, { company: "c" });
    await startAgencySync(typed, { company: "c" });
    console.log(durableStore(typed.TOKENS), durableSeen(typed.LEDGER));
    const status = await agencyStatus(env, run, { after: "l", limit: 10, state: "failed" });
    same<typeof status, AgencyStatus>(true);
    same<AgencyStatus["canceled"], true | undefined>(true);
    same<typeof status.state, "running" | "stalled" | "ended">(true);
    const rows = await rollup(env, { from: new Date(), to: 1, by: "day", stream: "orders", mode: "all", timeZone: "UTC", locations: ["l"], company: "c" });
    same<typeof rows, RollupRow[]>(true);
    same<RollupRow["amount"], number>(true);
    same<RollupRow["key"], string | null>(true);
    await rollup(sharded, { from: "2026-11-01", to: "2026-12-01", by: "currency" });
    const agency: AgencyEnv = env;
    const databases: DatabaseEnv = sharded;
    console.log(agency, databases);
    new PaymentsClient({ token: "t", locationId: "l", fetch: locationFetch(env), limiter: false });
    configureAgency({
        token: (location, { company, refused }, env: Env) => `${location}${company}${refused ?? ""}${env.OTHER}`,
        locations: async (company, env: Env) => [company, env.OTHER],
        files: parquetFiles({ parquetWriteBuffer: ({ columnData }) => new ArrayBuffer(columnData.length) }),
        onStalled: ({ run, left }) => console.log(run, left),
    });

    configureAgency<Env>({ onStalled: (_, { OTHER }) => console.log(OTHER) });
    configureAgency((env: Env) => ({ deadLetterQueue: env.OTHER, onStalled: (_, { OTHER }) => console.log(OTHER) }));
    configureAgency({ onStalled: (_, { GHL_BASE_URL }) => console.log(GHL_BASE_URL) });
    // @ts-expect-error: an environment whose type is not named has what the sync needs, and no more.
    configureAgency({ onStalled: (_, { OTHER }) => console.log(OTHER) });

    // @ts-expect-error: there is no such list.
    await startAgencySync(env, { company: "c", streams: ["invoices"] });
    // @ts-expect-error: nor such a mode.
    await startAgencySync(env, { company: "c", mode: "incremental" });
    // @ts-expect-error: whose locations?
    await startAgencySync(env, { streams: ["orders"] });
    // @ts-expect-error: the queue is missing.
    await startAgencySync({ ...env, SYNC: undefined }, { company: "c" });
    // @ts-expect-error: money is not added up by month.
    await rollup(env, { from: 0, to: 1, by: "month" });
    // @ts-expect-error: of coupons there is none.
    await rollup(env, { from: 0, to: 1, by: "day", stream: "coupons" });
    // @ts-expect-error: over which time?
    await rollup(env, { by: "day" });
    // @ts-expect-error: an environment without a database.
    await rollup({ OTHER: "x" }, { from: 0, to: 1, by: "day" });
}
