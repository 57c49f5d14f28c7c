import { syncAdmit, type Admitted, type AdmitGiven, type Placed, type PlaceGiven, type SyncStream, type Watched, type WatchGiven } from "../edge-core.js";
import { AHEAD_MS } from "../edge/clock.js";
import { inTime } from "../edge/in-time.js";
import { called } from "../edge/module.js";
import { random } from "../edge/vault.js";
import { settingsOf, STATES, type AgencyCounts, type AgencyEnv, type AgencyLocationState, type AgencyLocationStatus, type AgencyManifest, type AgencyManifestLocation, type AgencyMessage, type AgencyMode, type AgencyStatus, type AgencyStatusOptions, type Settings } from "./config.js";
import { AgencyError } from "./agency-error.js";
import { dropRun, noteFiles, noteLocations, noteRun, type DatabaseEnv, type SyncFile } from "./database.js";
import { manifestName, putManifest } from "./files.js";
import { messageOf, nameOf } from "./names.js";
import { isId, runName, type CompanyObject, type Heard, type Home, type Refused, type Report, type Wanted } from "./messages.js";
import { Tables, type AgencyState } from "./storage.js";

/** A run, as it is stored. */
interface RunRow {
    run: string;
    company: string;
    mode: AgencyMode;
    streams: string;
    details: number;
    /** `starting`: nothing of it has begun. `ending`: nothing of it changes any more, but its manifest is not there yet. */
    state: "starting" | "running" | "stalled" | "ending" | "ended";
    /** When it began. */
    started: number;
    /** Behind which of the company's runs it comes; see `#next`. */
    rank: number;
    ended: number | null;
    /** When anything moved. */
    moved: number;
    /** Whether something of it was ended by `cancel`. */
    canceled: number;
}

/** A location of a run, as it is stored. */
interface LineRow {
    location: string;
    state: AgencyLocationState;
    /** Behind which runs of the location this one comes: messages of any before are late. */
    rank: number;
    /** When its turn may be; the line is sorted by it. */
    due: number;
    /** Which turn it is. */
    slice: number;
    /** How often in a row it could not be reached. */
    attempts: number;
    /** When it was heard of, or was sent its message. */
    heard: number;
    /** When it was heard of. */
    spoke: number;
    /** How often it was sent its message since. */
    sent: number;
    records: number;
    failures: number;
    streams: string;
    reason: string | null;
    files: string;
}

const SCHEMA = [
    // `at`: when that was said, in milliseconds since 1970.
    "CREATE TABLE IF NOT EXISTS locations (location TEXT PRIMARY KEY, has INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    `CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, company TEXT NOT NULL, mode TEXT NOT NULL, streams TEXT NOT NULL, details INTEGER NOT NULL,
        state TEXT NOT NULL, started INTEGER NOT NULL, rank INTEGER NOT NULL, ended INTEGER, moved INTEGER NOT NULL,
        canceled INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`,
    `CREATE TABLE IF NOT EXISTS line (run TEXT NOT NULL, location TEXT NOT NULL, rank INTEGER NOT NULL, due INTEGER NOT NULL,
        state TEXT NOT NULL DEFAULT 'waiting', slice INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
        heard INTEGER NOT NULL DEFAULT 0, spoke INTEGER NOT NULL DEFAULT 0, sent INTEGER NOT NULL DEFAULT 0,
        records INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,
        streams TEXT NOT NULL DEFAULT '{}', reason TEXT, files TEXT NOT NULL DEFAULT '[]', PRIMARY KEY (run, location)) WITHOUT ROWID`,
    "CREATE INDEX IF NOT EXISTS line_due ON line (run, state, due, location)",
    "CREATE TABLE IF NOT EXISTS homes (location TEXT PRIMARY KEY, company TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS companies (company TEXT PRIMARY KEY, streams TEXT NOT NULL, details INTEGER NOT NULL) WITHOUT ROWID",
];

/** How many runs are remembered. */
const RUNS = 20;

/** For so long, in milliseconds, the databases may take before a run begins. */
const STARTING_MS = 120_000;

/** A queue takes so many messages at once. */
const BATCH = 100;

/** Where nobody is at work and the next one is due so many milliseconds later, the run does not stand still, it rests. */
const REST_MS = 600_000;

/** How often the run is noted in D1 and in the log, in milliseconds. */
const NOTE_MS = 15_000;

/** When it looks first whether those speak whose messages were sent, in milliseconds. */
const FIRST_LOOK_MS = 3_000;

/** When something is tried again that failed, in milliseconds. */
const AGAIN_MS = 5_000;

/** For so long, in milliseconds, the queue may take to take messages. */
const SEND_MS = 20_000;

/** Over how many milliseconds the pace is measured. */
const PACE_MS = 30_000;

/** How far a clock may be set back, in milliseconds, before it is taken for one that was ahead. */
const SET_BACK_MS = 5_000;

/** Why a location is revoked that has the app no more. */
const REMOVED = "the app was removed";

/** How many locations a page of the status has without a word, and at the most. */
const PAGE = 100;
const MAX_PAGE = 1000;

/** The runs of one company: what a `GhlCompany` does. */
export class Managing implements CompanyObject {
    readonly #env: AgencyEnv & DatabaseEnv;
    readonly #settings: Settings;
    readonly #tables: Tables;
    /** How many records there were when, to measure the pace. */
    #paces: { at: number; records: number }[] = [];
    /** The latest time that was read, and the one of them that is stored. */
    #latest: number;
    #stored: number;
    #noted = 0;

    /**
     * The runtime makes the objects.
     *
     * @param state What it gives each of them.
     * @param env The Worker's bindings.
     */
    constructor({ storage }: AgencyState, env: unknown) {
        this.#env = env as AgencyEnv & DatabaseEnv;
        this.#settings = settingsOf(this.#env);
        this.#tables = new Tables(storage, SCHEMA);
        this.#latest = this.#stored = Number(this.#tables.kept("clock") ?? 0);
    }

    /** @internal Begins a run. */
    async start({ company, streams, mode, details, locations: given }: Wanted): Promise<{ run: string } | Refused> {
        const active = await this.#present();
        if (active) return refused("run_active", `the company has a run that has not ended: ${active.run}`, active.run);
        const own = given ?? (await this.#locations(company));
        if ("refused" in own) return own;
        if (own.length === 0) {
            return refused("no_locations", "no location is known: name them, or let agencyInstalled(env, event) take the INSTALL webhooks, or set locations in configureAgency");
        }
        // Whoever has asked at the same time has begun it meanwhile.
        const other = this.#active();
        if (other) return refused("run_active", `the company has a run that has not ended: ${other.run}`, other.run);
        const now = this.#now();
        const run = runName(company, now, random(9).toLowerCase().replace(/[^a-z0-9]/g, "0").slice(0, 6));
        const locations = [...new Set(own)];
        this.#tables.together(() => {
            const rank = this.#next(now);
            const about = [run, company, mode, JSON.stringify(streams), details ? 1 : 0];
            this.#tables.rows("INSERT INTO runs VALUES (?, ?, ?, ?, ?, 'starting', ?, ?, NULL, ?, 0)", ...about, now, rank, now);
            for (let at = 0; at < locations.length; at += 5000) {
                const some = JSON.stringify(locations.slice(at, at + 5000));
                this.#tables.rows("INSERT INTO line (run, location, rank, due) SELECT ?1, value, ?2, ?3 FROM json_each(?4)", run, rank, now, some);
            }
            // Who is installed while it goes on is one of a run of all locations.
            if (given === undefined) this.#tables.keep("open", run);
            const old = "SELECT run FROM runs ORDER BY rank DESC LIMIT -1 OFFSET ?";
            this.#tables.rows(`DELETE FROM line WHERE run IN (${old})`, RUNS);
            this.#tables.rows(`DELETE FROM runs WHERE run IN (${old})`, RUNS);
        });
        try {
            // A crash from here on leaves nothing that is in the way of the next one.
            await this.#tables.wakeIn(STARTING_MS);
            // Where the tables are not as they must be, nothing begins.
            await this.#note(run, undefined, true);
            if (this.#run(run) === undefined) return this.#gone(run);
            await noteLocations(this.#env, company, locations, given === undefined ? [] : this.#strangers(locations));
        } catch (cause) {
            if (this.#run(run) === undefined) return this.#gone(run);
            await this.#undo(run);
            const { code, message } = AgencyError.is(cause) ? cause : { code: "database_failed" as const, message: `the databases cannot be used: ${messageOf(cause)}` };
            return refused(code, message);
        }
        const [begun] = this.#tables.rows("UPDATE runs SET state = 'running', moved = ?2 WHERE run = ?1 AND state = 'starting' RETURNING 1", run, this.#now());
        if (begun === undefined) return this.#gone(run);
        // Whoever is named once is known from then on, so that runs that name nobody read it as well; but who was removed meanwhile.
        if (given !== undefined) {
            this.#tables.rows(
                `INSERT INTO locations SELECT value, 1, ?1 FROM json_each(?2)
                WHERE value NOT IN (SELECT location FROM line WHERE run = ?3 AND state = 'revoked')
                ON CONFLICT (location) DO UPDATE SET has = 1, at = excluded.at WHERE has = 0`,
                now, JSON.stringify(locations), run,
            );
        }
        this.#paces = [];
        this.#log("started", { run, mode, streams: streams.join(","), locations: locations.length });
        await this.#tables.wakeIn(0);
        return { run };
    }

    /** @internal Takes what a location tells. */
    async report({ run, location, slice, event, state, view, due, files }: Report): Promise<Heard> {
        const now = this.#now();
        const { isOut, admits } = this.#tables.together(() => {
            const row = this.#run(run);
            const line = this.#line(run, location);
            // Of a run that is over, for all or for this one, or what was told before: it changes nothing, and nobody works any longer
            // than his turn.
            if (row === undefined || line === undefined || row.state === "ending" || row.state === "ended" || isOver(line.state)) return { isOut: true };
            // An older turn only tells how far it is, or that everything is read: whatever else it ended with is tried again.
            if (event === "over" && state !== "done" && slice < line.slice) return {};
            const is = event === "over" ? state! : event === "yielded" && slice === line.slice ? "waiting" : line.state;
            const place = is === "waiting" && line.state !== "waiting" ? this.#decide<Placed>("place", { now, event: "yield", attempts: 0, until: due }) : undefined;
            const { streams, records, failures, reason } = view;
            this.#tables.rows(
                `UPDATE line SET state = ?3, due = ?4, attempts = 0, heard = ?5, spoke = ?5, sent = 0, records = ?6, failures = ?7, streams = ?8, reason = ?9, files = ?10
                WHERE run = ?1 AND location = ?2`,
                run, location, is, place?.due ?? line.due, now, records, failures, JSON.stringify(streams), reason ?? null,
                event === "over" ? JSON.stringify(files ?? []) : line.files,
            );
            const changed = is !== line.state;
            if (changed || records !== line.records) this.#moved(row, now);
            if (changed && event === "over") {
                this.#log(state!, { run, location, records, failures: failures || undefined, reason });
            }
            return { admits: changed };
        });
        if (admits) await this.#admit(run);
        return { othersWait: isOut === true || this.#othersWait(run, now) };
    }

    /** @internal A message could not be delivered: its location comes to the line again. */
    async undeliverable({ run, location, slice }: AgencyMessage): Promise<void> {
        const line = this.#line(run, location);
        if (line?.state !== "running" || line.slice !== slice) return;
        this.#lost(run, line, "its object could not be reached");
        await this.#admit(run);
    }

    /** @internal What is known of a run. */
    async status(run: string, { after = "", limit = PAGE, state }: AgencyStatusOptions): Promise<AgencyStatus | Refused> {
        const row = this.#run(run);
        if (row === undefined) return unknown(run);
        const now = this.#settings.now();
        const most = Math.min(Math.max(1, limit), MAX_PAGE);
        const lines = this.#tables.rows<LineRow>(
            `SELECT * FROM line WHERE run = ?1 AND location > ?2 ${state === undefined ? "" : "AND state = ?4"} ORDER BY location LIMIT ?3`,
            ...[run, after, most + 1, ...(state === undefined ? [] : [state])],
        );
        const page = lines.slice(0, most);
        const counts = this.#counts(run);
        const records = this.#records(run);
        const over = (row.ended ?? now) - row.started;
        return {
            run,
            company: row.company,
            mode: row.mode,
            streams: JSON.parse(row.streams) as SyncStream[],
            state: row.state === "ending" || row.state === "starting" ? "running" : row.state,
            startedAt: row.started,
            ...(row.state === "ended" && { endedAt: row.ended!, manifest: manifestName(run) }),
            counts,
            records,
            ...(row.canceled === 1 && { canceled: true }),
            recordsPerSecond: row.ended === null ? this.#pace(now, records, row.started) : perSecond(records, over),
            locations: page.map((line) => statusOf(line, now)),
            ...(lines.length > most && { next: page.at(-1)!.location }),
        };
    }

    /**
     * @internal Puts locations that have failed, or were revoked, back into the line; those that have removed the app, or have come to
     * another company, only by name. Of a run that has ended, whose manifest stays as it is, they are a new run.
     */
    async retry(run: string, locations: readonly string[] | undefined): Promise<{ run: string } | Refused> {
        const row = this.#run(run);
        if (row === undefined) return unknown(run);
        const which = locations === undefined ? "NOT IN (SELECT location FROM locations WHERE has = 0)" : "IN (SELECT value FROM json_each(?2))";
        const query = `SELECT location FROM line WHERE run = ?1 AND state IN ('failed', 'revoked') AND location ${which}`;
        const named = locations === undefined ? [] : [JSON.stringify(locations)];
        const failed = this.#tables.rows<{ location: string }>(query, run, ...named).map(({ location }) => location);
        if (failed.length === 0) return { run };
        if (row.state === "ending" || row.state === "ended") {
            const { company, mode, details } = row;
            return this.start({ company, mode, details: details === 1, streams: JSON.parse(row.streams) as SyncStream[], locations: failed });
        }
        this.#again(run, failed);
        await this.#admit(run);
        return { run };
    }

    /** @internal Sends the messages of all that are at work again. */
    async resume(run: string): Promise<{ run: string } | Refused> {
        const row = this.#run(run);
        if (row === undefined) return unknown(run);
        if (row.state === "ended" || row.state === "starting") return { run };
        const now = this.#now();
        this.#tables.together(() => {
            this.#tables.rows("UPDATE line SET due = min(due, ?2) WHERE run = ?1 AND state = 'waiting'", run, now);
            // Each location hears of it with its next message, however long it is in line.
            this.#tables.keep("resumed", JSON.stringify([run, now]));
            this.#moved(row, now);
        });
        this.#log("resumed", { run });
        await this.#send(run, this.#tables.rows<LineRow>("SELECT * FROM line WHERE run = ? AND state = 'running'", run));
        await this.#admit(run);
        await this.#tables.wakeIn(0);
        return { run };
    }

    /** @internal Ends a run: whatever has not ended has failed. One of which nothing has begun is forgotten. */
    async cancel(run: string): Promise<{ run: string } | Refused> {
        const row = this.#run(run);
        if (row === undefined) return unknown(run);
        if (row.state === "ended" || row.state === "ending") return { run };
        this.#log("canceled", { run });
        if (row.state === "starting") {
            this.#tables.keep("canceled", run);
            await this.#undo(run);
            return { run };
        }
        this.#tables.together(() => {
            const left = "UPDATE line SET state = 'failed', reason = 'canceled' WHERE run = ? AND state IN ('waiting', 'running') RETURNING 1";
            if (this.#tables.rows(left, run).length > 0) this.#tables.rows("UPDATE runs SET canceled = 1 WHERE run = ?", run);
        });
        await this.#tables.wakeIn(0);
        return { run };
    }

    /** @internal A location has the app since then, or has it no more; without a location the company has it no more. */
    async installed(company: string, location: string | undefined, has: boolean, at: number): Promise<void> {
        const now = this.#now();
        const latest = now + AHEAD_MS;
        const gone = Number(this.#tables.kept("gone") ?? 0);
        if (location === undefined) {
            if (has) return;
            if (at > gone || gone > latest) this.#tables.keep("gone", `${at}`);
            this.#tables.rows("UPDATE locations SET has = 0, at = ?1 WHERE at <= ?1 OR at > ?2", at, latest);
            // Those that are known from elsewhere, such as the hook, as well; but not of a run that has begun since.
            const others = "location NOT IN (SELECT location FROM locations WHERE has = 1) AND (?3 >= started OR location IN (SELECT location FROM locations))";
            return this.#removed(others, at, now);
        }
        const newest = has && at < gone && gone <= latest ? undefined : this.#tables.row(
            `INSERT INTO locations VALUES (?1, ?2, ?3)
            ON CONFLICT (location) DO UPDATE SET has = excluded.has, at = excluded.at WHERE excluded.at >= at OR at > ?4 RETURNING 1`,
            location, has ? 1 : 0, at, latest,
        );
        if (newest === undefined) return this.#log("outdated", { location, type: has ? "INSTALL" : "UNINSTALL" });
        if (!has) return this.#removed("location = ?3", location, now);
        const active = this.#active();
        if (active === undefined) return this.#readAgain(company, location);
        if (active.state === "ending") return;
        const state = this.#line(active.run, location)?.state;
        const isWanted = this.#tables.kept("open") === active.run || this.#last(location)?.was === "revoked";
        if (state === undefined && isWanted) {
            // Where D1 fails, the event comes again.
            await noteLocations(this.#env, company, [location]);
            // Its object may know a run that has begun since this one, as that of the company which it was in.
            const insert = `INSERT INTO line (run, location, rank, due) SELECT run, ?2, ?3, ?4 FROM runs
                WHERE run = ?1 AND state NOT IN ('ending', 'ended') ON CONFLICT DO NOTHING RETURNING 1`;
            const [added] = this.#tables.together(() => this.#tables.rows(insert, active.run, location, this.#next(now), now));
            if (added !== undefined) this.#log("added", { run: active.run, location });
        } else if (state === "revoked") {
            this.#again(active.run, [location]);
        }
        await this.#admit(active.run);
    }

    /** A location that was revoked in the last of its runs, which have all ended, is read in a new one. */
    async #readAgain(company: string, location: string): Promise<void> {
        const last = this.#last(location);
        if (last?.was !== "revoked") return;
        const { mode, details, streams } = last;
        const begun = await this.start({ company, mode, details: details === 1, streams: JSON.parse(streams) as SyncStream[], locations: [location] });
        // The event comes again.
        if ("refused" in begun) throw new Error(begun.refused.message);
    }

    /** The last run that a location was in, and what it was then. */
    #last(location: string): (RunRow & { was: AgencyLocationState }) | undefined {
        return this.#tables.row(
            "SELECT runs.*, line.state AS was FROM line JOIN runs USING (run) WHERE location = ? ORDER BY runs.rank DESC LIMIT 1",
            location,
        );
    }

    /** Locations that have the app no more are over in the run that goes on: their objects may be at work for another company. */
    async #removed(which: string, value: string | number, now: number): Promise<void> {
        const row = this.#active();
        if (row === undefined || row.state === "ending") return;
        const { run } = row;
        const removed = this.#tables.rows<LineRow>(
            `UPDATE line SET state = 'revoked', reason = ?2 FROM (SELECT started FROM runs WHERE run = ?1)
            WHERE run = ?1 AND state IN ('waiting', 'running') AND ${which} RETURNING *`,
            run, REMOVED, value,
        );
        if (removed.length === 0) return;
        for (const { location, records } of removed) this.#log("revoked", { run, location, records, reason: REMOVED });
        if (row.state !== "starting") this.#moved(row, now);
        await this.#admit(run);
        await this.#tables.wakeIn(0);
    }

    /** @internal Looks after its runs, as its alarm does; gives whether there is one. */
    async tend(): Promise<boolean> {
        const active = this.#active() !== undefined;
        if (active) await this.#tables.wakeIn(0);
        return active;
    }

    /** @internal Notes a company. */
    async register(company: string, streams: readonly SyncStream[], details: boolean): Promise<void> {
        this.#tables.rows("INSERT OR REPLACE INTO companies VALUES (?, ?, ?)", company, JSON.stringify(streams), details ? 1 : 0);
    }

    /** @internal Of which company each location was; from then on it is of the given one, unless it came to another one later. */
    async home(locations: readonly string[], company: string | undefined, at: number): Promise<Home[]> {
        const latest = this.#settings.now() + AHEAD_MS;
        return this.#tables.together(() => {
            const asked = JSON.stringify(locations);
            const query = "SELECT * FROM homes WHERE location IN (SELECT value FROM json_each(?))";
            const known = () => new Map(this.#tables.rows<{ location: string; company: string }>(query, asked).map(({ location, company }) => [location, company]));
            const was = known();
            if (company !== undefined) {
                this.#tables.rows(
                    `INSERT INTO homes SELECT value, ?1, ?2 FROM json_each(?3) WHERE true
                    ON CONFLICT (location) DO UPDATE SET company = excluded.company, at = excluded.at WHERE excluded.at >= at OR at > ?4`,
                    company, at, asked, latest,
                );
            }
            const is = known();
            return locations.map((location) => ({ was: was.get(location), is: is.get(location) }));
        });
    }

    /** @internal All companies. */
    async registered(): Promise<Pick<Wanted, "company" | "streams" | "details">[]> {
        const rows = this.#tables.rows<{ company: string; streams: string; details: number }>("SELECT * FROM companies ORDER BY company");
        return rows.map(({ company, streams, details }) => ({ company, streams: JSON.parse(streams) as SyncStream[], details: details === 1 }));
    }

    /** Looks after its runs, and says when to look again. */
    async alarm(): Promise<void> {
        this.#tables.woken();
        const row = this.#active();
        if (row === undefined) return;
        try {
            await this.#look(row);
        } catch (cause) {
            // An alarm that throws is tried only some times, and then never again.
            this.#log("broken", { run: row.run, error: nameOf(cause) });
            await this.#tables.wakeIn(AGAIN_MS);
        }
    }

    async #look(row: RunRow): Promise<void> {
        const { run } = row;
        if (row.state === "ending") return this.#finish(row);
        const now = this.#now();
        if (row.state === "starting") {
            if ((await this.#present()) !== undefined) await this.#tables.wakeIn(row.moved + STARTING_MS - now);
            return;
        }
        const running = this.#tables.rows<LineRow>("SELECT * FROM line WHERE run = ? AND state = 'running'", run);
        const { again, lost, stalled, wakeAt } = this.#decide<Watched>("watch", {
            now, moved: row.moved, running: running.map(({ location, heard, sent }) => ({ location, heard, sent })),
        });
        for (const line of running) if (lost.includes(line.location)) this.#lost(run, line, "its object did not answer");
        const silent = running.filter(({ location }) => again.includes(location));
        if (silent.length > 0) this.#log("again", { run, locations: silent.length });
        await this.#send(run, silent);
        const wait = await this.#admit(run);
        const counts = this.#counts(run);
        if (counts.waiting + counts.running === 0) {
            // Not before it began, also where the clock was set back.
            this.#tables.rows("UPDATE runs SET state = 'ending', ended = max(?2, started) WHERE run = ?1", run, now);
            return this.#finish(this.#run(run)!);
        }
        // Who waits for the limit of the day does so for hours, and is nobody's trouble.
        const rests = counts.running === 0 && (wait ?? 0) - now > REST_MS;
        const stands = stalled && !rests;
        if (stands && row.state === "running") {
            this.#tables.rows("UPDATE runs SET state = 'stalled' WHERE run = ?", run);
            const left = counts.waiting + counts.running;
            this.#log("stalled", { run, since: new Date(row.moved).toISOString(), left });
            await this.#settings.stalled({ run, company: row.company, since: row.moved, left });
        }
        if (Date.now() - this.#noted > NOTE_MS) await this.#note(run);
        await this.#tables.wakeIn(Math.min(NOTE_MS, (wakeAt ?? Infinity) - now, (wait ?? Infinity) - now));
    }

    /** Everything has ended: first the files are noted, then the manifest makes the run one, and then it has ended. */
    async #finish(row: RunRow): Promise<void> {
        const { run, company, mode, started, ended } = row;
        const streams = JSON.parse(row.streams) as SyncStream[];
        const lines = this.#tables.rows<LineRow>("SELECT * FROM line WHERE run = ? ORDER BY location", run);
        const locations = lines.map(manifestOf);
        const manifest: AgencyManifest = {
            version: 1,
            run,
            company,
            mode,
            streams,
            startedAt: new Date(started).toISOString(),
            endedAt: new Date(ended!).toISOString(),
            counts: this.#counts(run),
            records: locations.reduce((sum, { records }) => sum + records, 0),
            ...(row.canceled === 1 && { canceled: true }),
            locations,
        };
        try {
            await noteFiles(this.#env, run, locations.flatMap(({ files }) => files));
            if (!(await putManifest(this.#env, run, manifest))) this.#log("manifest", { run, problem: "another one was there, and stays" });
            await this.#note(run, manifestName(run));
        } catch (cause) {
            this.#log("unfinished", { run, error: nameOf(cause) });
            await this.#tables.wakeIn(AGAIN_MS);
            return;
        }
        this.#tables.rows("UPDATE runs SET state = 'ended' WHERE run = ?", run);
        const { done, failed, revoked } = manifest.counts;
        this.#log("ended", { run, seconds: Math.round((ended! - started) / 1000), records: manifest.records, done, failed, revoked });
    }

    /** Gives free slots to those at the head of the line. Gives when the next one may start, if nobody ends before. */
    async #admit(run: string): Promise<number | undefined> {
        const now = this.#now();
        const { parallel } = this.#settings;
        const row = this.#run(run);
        if (row === undefined || row.state === "starting" || row.state === "ending" || row.state === "ended") return undefined;
        // No await before the rows are written: whoever admits at the same time sees them.
        const running = this.#tables.row<{ count: number }>("SELECT count(*) AS count FROM line WHERE run = ? AND state = 'running'", run)!.count;
        const heads = "SELECT location, due FROM line WHERE run = ? AND state = 'waiting' ORDER BY due, location LIMIT ?";
        const waiting = this.#tables.rows<{ location: string; due: number }>(heads, run, Math.max(1, parallel - running));
        const { start, wakeAt } = this.#decide<Admitted>("admit", { now, parallel, running, waiting });
        if (start.length > 0) {
            const lines = this.#tables.rows<LineRow>(
                `UPDATE line SET state = 'running', slice = slice + 1, heard = ?2, sent = 0
                WHERE run = ?1 AND location IN (SELECT value FROM json_each(?3)) RETURNING *`,
                run, now, JSON.stringify(start),
            );
            await this.#send(run, lines);
        }
        const busy = start.length > 0 || running > 0;
        const look = start.length > 0 ? FIRST_LOOK_MS : NOTE_MS;
        await this.#tables.wakeIn(Math.min(busy ? look : Infinity, wakeAt === undefined ? (busy ? Infinity : 0) : wakeAt - now));
        return wakeAt;
    }

    /** Sends the messages of locations that have a slot. One that does not leave is sent by the watch. */
    async #send(run: string, lines: LineRow[]): Promise<void> {
        const row = this.#run(run);
        if (row === undefined || lines.length === 0) return;
        const now = this.#now();
        const { company, mode } = row;
        const streams = JSON.parse(row.streams) as SyncStream[];
        const othersWait = this.#othersWait(run, now);
        const [of, resumed] = JSON.parse(this.#tables.kept("resumed") ?? "[]") as [run?: string, at?: number];
        for (let at = 0; at < lines.length; at += BATCH) {
            const some = lines.slice(at, at + BATCH);
            const messages = some.map(({ location, slice, rank }) => ({
                body: {
                    type: "sync" as const, company, run, location, slice, started: rank, streams, mode, details: row.details === 1, othersWait,
                    ...(of === run && { resumed }),
                },
            }));
            try {
                await inTime(SEND_MS, () => this.#env.SYNC.sendBatch(messages));
                const names = JSON.stringify(some.map(({ location }) => location));
                this.#tables.rows("UPDATE line SET heard = ?2, sent = sent + 1 WHERE run = ?1 AND state = 'running' AND location IN (SELECT value FROM json_each(?3))", run, now, names);
            } catch (cause) {
                this.#log("unsent", { run, locations: some.length, error: nameOf(cause) });
                for (const line of some) this.#lost(run, line, "the queue did not take its message");
            }
        }
    }

    /** A location was not reached: later once more, or never again. */
    #lost(run: string, { location, slice, attempts }: LineRow, reason: string): void {
        const now = this.#now();
        const { due, ended, ...placed } = this.#decide<Placed>("place", { now, event: "failed", attempts });
        this.#tables.rows(
            `UPDATE line SET state = ?4, due = ?5, attempts = ?6, reason = ?7
            WHERE run = ?1 AND location = ?2 AND slice = ?3 AND state = 'running'`,
            run, location, slice, ended ? "failed" : "waiting", due, placed.attempts, reason,
        );
        this.#log("lost", { run, location, attempts: placed.attempts, reason });
    }

    /** A run was undone while it began; its row in D1 may have been written since. */
    async #gone(run: string): Promise<Refused> {
        await this.#undo(run);
        if (this.#tables.kept("canceled") === run) return refused("run_canceled", "the run was canceled while it began");
        return refused("database_failed", "the databases took too long");
    }

    /** Nothing of a run has begun: nobody hears of it again. */
    async #undo(run: string): Promise<void> {
        this.#tables.together(() => {
            this.#tables.rows("DELETE FROM line WHERE run = ?", run);
            this.#tables.rows("DELETE FROM runs WHERE run = ?", run);
        });
        await dropRun(this.#env, run).catch((cause: unknown) => this.#log("unnoted", { run, error: nameOf(cause) }));
    }

    /** Puts locations back into the line as new ones. */
    #again(run: string, locations: readonly string[]): void {
        const now = this.#now();
        // With a turn of its own: what the one before tells late is of no interest.
        this.#tables.rows(
            `UPDATE line SET state = 'waiting', slice = slice + 1, due = ?2, attempts = 0, failures = 0, reason = NULL
            WHERE run = ?1 AND location IN (SELECT value FROM json_each(?3)) AND state IN ('failed', 'revoked')`,
            run, now, JSON.stringify(locations),
        );
        this.#log("retried", { run, locations: locations.length });
    }

    /** `must`: where D1 fails, so does this. */
    async #note(run: string, manifest?: string, must = manifest !== undefined): Promise<void> {
        this.#noted = Date.now();
        const now = this.#settings.now();
        const row = this.#run(run)!;
        const [records, counts] = [this.#records(run), this.#counts(run)];
        const streams = JSON.parse(row.streams) as SyncStream[];
        const ended = manifest !== undefined;
        if (!must) this.#log("working", { run, records, perSecond: Math.round(this.#pace(now, records, row.started)), ...counts });
        const state = ended ? "ended" : row.state === "starting" ? "running" : row.state;
        const noted = { run, company: row.company, mode: row.mode, streams, state, startedAt: row.started, records, counts, manifest, now };
        try {
            await noteRun(this.#env, { ...noted, ...(ended && { endedAt: row.ended! }) });
        } catch (cause) {
            if (must) throw cause;
            this.#log("unnoted", { run, error: nameOf(cause) });
        }
    }

    async #locations(company: string): Promise<readonly string[] | Refused> {
        const known = this.#tables.rows<{ location: string }>("SELECT location FROM locations WHERE has = 1 ORDER BY location");
        if (known.length > 0) return known.map(({ location }) => location);
        const named: unknown = (await this.#settings.locations(company)) ?? [];
        if (Array.isArray(named) && named.every(isId)) return named;
        return refused("bad_locations", "the function locations of configureAgency must give a list of ids of locations: letters, digits, _ and -");
    }

    /** Those of which nobody has said that the company has them. */
    #strangers(locations: readonly string[]): string[] {
        const query = "SELECT value AS location FROM json_each(?) WHERE value NOT IN (SELECT location FROM locations WHERE has = 1)";
        return this.#tables.rows<{ location: string }>(query, JSON.stringify(locations)).map(({ location }) => location);
    }

    /** The run that has not ended, unless what has begun it is gone. */
    async #present(): Promise<RunRow | undefined> {
        const row = this.#active();
        if (row?.state !== "starting") return row;
        const left = row.moved + STARTING_MS - this.#settings.now();
        if (left > 0 && left <= STARTING_MS) return row;
        this.#log("unstarted", { run: row.run });
        await this.#undo(row.run);
        return undefined;
    }

    #active(): RunRow | undefined {
        return this.#tables.row<RunRow>("SELECT * FROM runs WHERE state <> 'ended' ORDER BY rank DESC LIMIT 1");
    }

    #run(run: string): RunRow | undefined {
        return this.#tables.row<RunRow>("SELECT * FROM runs WHERE run = ?", run);
    }

    #line(run: string, location: string): LineRow | undefined {
        return this.#tables.row<LineRow>("SELECT * FROM line WHERE run = ? AND location = ?", run, location);
    }

    /** The rank of something that comes behind all before: the time, or later, where a clock was ahead. */
    #next(now: number): number {
        const next = Math.max(now, Number(this.#tables.kept("rank") ?? 0) + 1);
        this.#tables.keep("rank", `${next}`);
        return next;
    }

    /** The time. Where the clock was ahead and is right again, what waits for a later time comes as much sooner. */
    #now(): number {
        const now = this.#settings.now();
        const back = this.#latest - now;
        if (back > SET_BACK_MS) {
            this.#log("clock", { back });
            this.#tables.together(() => {
                const going = "run IN (SELECT run FROM runs WHERE state <> 'ended')";
                this.#tables.rows(`UPDATE line SET due = max(0, due - ?2), heard = min(heard, ?1), spoke = min(spoke, ?1) WHERE ${going}`, now, back);
                this.#tables.rows("UPDATE runs SET moved = min(moved, ?1) WHERE state <> 'ended'", now);
            });
            this.#paces = [];
        }
        if (back > SET_BACK_MS || now - this.#stored > SET_BACK_MS) {
            this.#stored = now;
            this.#tables.keep("clock", `${now}`);
        }
        this.#latest = back > SET_BACK_MS ? now : Math.max(this.#latest, now);
        return now;
    }

    #moved({ run, state }: RunRow, now: number): void {
        if (state === "stalled") this.#log("moving", { run });
        this.#tables.rows("UPDATE runs SET moved = ?2, state = 'running' WHERE run = ?1", run, now);
    }

    #counts(run: string): AgencyCounts {
        const rows = this.#tables.rows<{ state: AgencyLocationState; count: number }>("SELECT state, count(*) AS count FROM line WHERE run = ? GROUP BY state", run);
        const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as AgencyCounts;
        for (const { state, count } of rows) counts[state] = count;
        return counts;
    }

    #records(run: string): number {
        return this.#tables.row<{ sum: number }>("SELECT coalesce(sum(records), 0) AS sum FROM line WHERE run = ?", run)!.sum;
    }

    #othersWait(run: string, now: number): boolean {
        return this.#tables.row("SELECT 1 FROM line WHERE run = ? AND state = 'waiting' AND due <= ? LIMIT 1", run, now) !== undefined;
    }

    /** Records in a second. */
    #pace(now: number, records: number, started: number): number {
        this.#paces = this.#paces.filter(({ at }) => now - at <= PACE_MS && at <= now);
        const first = this.#paces[0] ?? { at: started, records: now - started <= PACE_MS ? 0 : records };
        if (now - (this.#paces.at(-1)?.at ?? 0) >= 1000) this.#paces.push({ at: now, records });
        return perSecond(records - first.records, now - first.at);
    }

    #decide<T>(step: string, given: AdmitGiven | PlaceGiven | WatchGiven): T {
        return JSON.parse(called(() => syncAdmit(step, JSON.stringify(given)))) as T;
    }

    #log(event: string, fields: Record<string, string | number | undefined>): void {
        this.#settings.log({ event, ...fields });
    }
}

function perSecond(records: number, ms: number): number {
    return ms <= 0 ? 0 : Math.round((records * 10_000) / ms) / 10;
}

function isOver(state: AgencyLocationState): boolean {
    return state !== "waiting" && state !== "running";
}

function statusOf(line: LineRow, now: number): AgencyLocationStatus {
    const { location, state, streams, records, reason, spoke, failures, due } = line;
    return {
        location,
        state,
        streams: JSON.parse(streams) as AgencyLocationStatus["streams"],
        records,
        ...(reason !== null && { reason }),
        heard: spoke,
        failures,
        ...(state === "waiting" && due > now && { due }),
    };
}

/** Only lists that were read to their end have files that say something as a whole. */
function manifestOf(line: LineRow): AgencyManifestLocation {
    const { location, state, reason } = line;
    const streams = JSON.parse(line.streams) as AgencyLocationStatus["streams"];
    const isWhole = ({ name }: SyncFile) => streams[name.split("/")[1] as SyncStream]?.done === true;
    const files = (JSON.parse(line.files) as SyncFile[]).filter(isWhole);
    const records = files.reduce((sum, file) => sum + file.records, 0);
    return { location, state, streams, records, ...(reason !== null && { reason }), files };
}

function refused(code: Refused["refused"]["code"], message: string, run?: string): Refused {
    return { refused: { code, message, ...(run !== undefined && { run }) } };
}

function unknown(run: string): Refused {
    return refused("unknown_run", `there is no run of the name ${run}, or it is forgotten`);
}
