//! The exports for the sync of a company's locations. `pkg-template/src/agency` carries out what they say.

use crate::call::Turn;
use crate::json::{field, items, joined, json_text, rounded_up, text_field, Object};
use crate::shape::put_issues;
use crate::sync::{
    admit, place, rows, shard, watch, Arrival, Asked, Chunk, Failure, File, Gate, Job, Location, Mode, Phase, Running,
    Start, Started, Stream, Then, Verified, Waiting,
};
use wasm_bindgen::prelude::*;

/// What is given to the steps, and what they give.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** A list that a sync reads. */
export type SyncStream = "orders" | "transactions" | "subscriptions" | "coupons";
/** @internal How much a sync reads: the whole lists and what has disappeared from them, or what was created lately. */
export type SyncMode = "full" | "window";
/** @internal Where a location stands in its run. */
export type SyncPhase = "idle" | "running" | "waiting" | "done" | "failed" | "revoked";

/** @internal `start`: the company's message. Times are milliseconds since 1970, as everywhere here. */
export interface SyncStartGiven {
    now: number;
    run: string;
    company: string;
    location: string;
    /** When the run was started; of two runs the later one counts. */
    started: number;
    /** Which of the location's turns in the run this is, from 0 on: each further turn, and each retry, has one higher. */
    slice: number;
    streams: readonly SyncStream[];
    mode: SyncMode;
    /** Whether each order is read by its id as well. */
    details?: boolean | undefined;
    /** How far back a window goes; default seven days. */
    trailingMs?: number | undefined;
    /** When a whole pass is due again; default seven days. */
    fullEveryMs?: number | undefined;
    /** How many pages a turn has while others wait; default 50. */
    slicePages?: number | undefined;
    /** When somebody has said last that the run is to go on at once: what it waits for is over then, but for HighLevel's limits. */
    resumed?: number | undefined;
}
/** @internal `same`: no turn begins, as the message came twice or late; its `state` is left out where nothing has changed. `dropped`: a run that had not ended, and is over. */
export type SyncStarted = { state: string; same?: undefined; dropped?: string } | { same: true; state?: string };

/** @internal `hint`: a webhook says that something has changed, in one list or in any. */
export interface SyncHintGiven {
    now: number;
    stream?: SyncStream | undefined;
}
/** @internal `until`: when it is followed, so that an alarm can be set; without it nothing was noted. */
export interface SyncHinted {
    state: string;
    wake: boolean;
    until?: number;
}

/** @internal `next`: `othersWait` says whether other locations wait for a slot. */
export interface SyncNextGiven {
    now: number;
    othersWait: boolean;
}
/** @internal Which piece of work: what is told of it later names these four as they are here. */
export interface SyncWork {
    /** The run to mark its records with; `hint` where it follows a webhook. */
    run: string;
    stream: SyncStream;
    /** The number of the part. */
    seq: number;
    /** It follows a webhook: rows are stored, but neither parts of files nor ids that were seen. */
    hint?: true;
}
/** @internal What a location is to do. */
export type SyncThen =
    | ({
          /** Read pages of 100 records, filter those that were seen, store; then `read`. */
          do: "read";
          state: string;
          startAt?: string;
          cursor?: string;
          /** How many records stood in the pages before. */
          walked: number;
          /** How many pages at the most. */
          pages: number;
          /** Each record is read by its id as well, and stored as that gives it. */
          details?: true;
      } & SyncWork)
    | ({
          /** Ask by id for up to `limit` candidates behind `after`; then `verified`. */
          do: "verify";
          state: string;
          after?: string;
          limit: number;
      } & SyncWork)
    | { /** Nothing before `until`; the slot is kept. */ do: "wait"; state: string; until: number }
    | { /** The slot goes back to the company, which may give the next turn from `until` on. */ do: "yield"; state: string; until?: number }
    | { /** The run is over here: report it, then `reported`. */ do: "ended"; state: string }
    | {
          /** Nothing to do, before `until` if it is there. */
          do: "rest";
          state: string;
          until?: number;
      };

/** @internal A part that was written. */
export interface SyncFileGiven {
    bytes: number;
}
/** @internal `read`: a chunk is stored. */
export interface SyncReadGiven extends SyncWork {
    now: number;
    /** How many pages were read. */
    pages: number;
    /** How many records stood in them. */
    records: number;
    /** How many of them this run had not met before. */
    fresh: number;
    /** How many of the fresh ones were not stored, as they are no records of this location. */
    leftOut?: number;
    /** `totalCount` of the last page. */
    total?: number | undefined;
    /** Where the list goes on; left out where it has ended. */
    cursor?: string | undefined;
    file?: SyncFileGiven | undefined;
}
/** @internal `verified`: a check by id is stored. */
export interface SyncVerifiedGiven extends SyncWork {
    now: number;
    /** Up to which id; left out where none is left. */
    after?: string | undefined;
    /** How many are there after all, and in this run's files for the first time. */
    fresh: number;
    /** How many are deleted. */
    deleted: number;
    file?: SyncFileGiven | undefined;
}
/** @internal `stale`: the work was not counted, as it is told twice or another run has begun; throw away what it stored in the object. */
export interface SyncCommitted {
    state: string;
    stale?: true;
}
/** @internal Why a location could not go on: its tokens are refused for good; the limits; the server; its answers; what stores them. */
export type SyncFailureKind = "revoked" | "limited" | "server" | "answer" | "store";
/** @internal `failed`: gives what is to be done, which may be further work. */
export interface SyncFailedGiven {
    now: number;
    /** The run of the work that failed. */
    run: string;
    hint?: true | undefined;
    kind: SyncFailureKind;
    /** Why, without a token. */
    message: string;
    retryAfterMs?: number | undefined;
}
/** @internal `reported`: the company knows that this run is over here. */
export interface SyncReportedGiven {
    now: number;
    run: string;
}
/** @internal How far one list is. */
export interface SyncProgress {
    /** Whether the whole list is read, and what is missing in it asked for by id. */
    pass: "full" | "window";
    pages: number;
    records: number;
    deleted: number;
    /** How many parts were written, and their bytes. */
    files: number;
    bytes: number;
    done: boolean;
    /** How many records the list holds by its own account. */
    total?: number;
}
/** @internal `view`: what is reported and shown. */
export interface SyncView {
    run: string;
    company: string;
    location: string;
    slice: number;
    state: SyncPhase;
    streams: Partial<Record<SyncStream, SyncProgress>>;
    /** Sums over the lists. */
    pages: number;
    records: number;
    deleted: number;
    files: number;
    bytes: number;
    /** How often it has failed in the run. */
    failures: number;
    /** What failed last, if nothing was read since. */
    reason?: string;
    /** Nothing happens before. */
    until?: number;
}

/** @internal `ask`: `number` is that of the caller's last answer, left out the first time. */
export interface GateAskGiven {
    now: number;
    number?: number | undefined;
    background: boolean;
    timeoutMs: number;
}
/** @internal `day`: it is the limit of the day that is waited for; it can take hours. */
export interface GateAsked {
    state: string;
    number: number;
    go: boolean;
    waitMs?: number;
    day?: true;
}
/** @internal `done`: a request that had its turn has ended; `status` 0 where no answer came. Header names are lower case. */
export interface GateDoneGiven {
    now: number;
    number: number;
    status: number;
    headers: Readonly<Record<string, string>>;
}
/** @internal `leave`: a caller that waits gives up. */
export interface GateLeaveGiven {
    now: number;
    number: number;
}

/** @internal What became of records: the first line of what `syncRows` gives. */
export interface SyncRows {
    count: number;
    /** How many records are not among them, unless all are. */
    leftOut?: number;
    /** What is wrong, by place: records without an id or of another location are left out. */
    issues?: { path: string; message: string }[];
}

/** @internal `admit`: the heads of the line, by `due`. */
export interface AdmitGiven {
    now: number;
    parallel: number;
    running: number;
    waiting: readonly { location: string; due: number }[];
}
/** @internal Who is to start. */
export interface Admitted {
    start: string[];
    wakeAt?: number;
}
/** @internal `place`: `failed` is a location that could not be reached; `until` is what a location named that gives its slot back. */
export interface PlaceGiven {
    now: number;
    event: "new" | "yield" | "failed";
    /** How often in a row it could not be reached. */
    attempts: number;
    until?: number | undefined;
}
/** @internal Where in the line a location stands; `ended`: it is given up. */
export interface Placed {
    due: number;
    attempts: number;
    ended?: true;
}
/** @internal `watch`: all that have a slot; `heard` when it reported last or was sent its message, `sent` how often that was since. */
export interface WatchGiven {
    now: number;
    running: readonly { location: string; heard: number; sent: number }[];
    /** When anything was read or ended last. */
    moved: number;
}
/** @internal `again`: their messages are sent again. `lost`: they go to the line as `failed`. */
export interface Watched {
    again: string[];
    lost: string[];
    stalled: boolean;
    wakeAt?: number;
}
"#;

/// One step of a location's sync. `given` and what comes of it are JSON text: see the types `Sync...Given` of each step.
/// `state` is what the last step gave, empty at first; it has to be stored with what the step is about.
///
/// The steps are `start`, `hint`, `next`, `read`, `verified`, `failed`, `reported` and `view`.
#[wasm_bindgen(js_name = syncStep)]
pub fn sync_step(step: &str, given: &str, state: &str) -> String {
    let json = given.as_bytes();
    let now = number(json, "now");
    let mut at = Location::read(state);
    let mut out = Object::new();
    match step {
        "start" => {
            let streams: Vec<Stream> = texts(json, "streams").iter().filter_map(|name| Stream::of(name)).collect();
            let (run, company, location) =
                (text_field(json, "run"), text_field(json, "company"), text_field(json, "location"));
            let start = Start {
                run: &run,
                company: &company,
                location: &location,
                started: number(json, "started"),
                slice: number(json, "slice"),
                streams: &streams,
                mode: if text_field(json, "mode") == "window" { Mode::Window } else { Mode::Full },
                details: is_true(json, "details"),
                trailing_ms: optional(json, "trailingMs"),
                full_every_ms: optional(json, "fullEveryMs"),
                slice_pages: optional(json, "slicePages"),
                resumed: number(json, "resumed"),
            };
            let started = at.start(&start, now);
            if started != Started::Same {
                out.text("state", &at.text());
            }
            match started {
                Started::Begun(dropped) => put_filled(&mut out, "dropped", &dropped),
                Started::Same | Started::Resumed => out.truth("same", true),
            }
        }
        "hint" => {
            let until = at.hint(Stream::of(&text_field(json, "stream")), now);
            out.text("state", &at.text());
            out.truth("wake", until > 0);
            put_time(&mut out, "until", until);
        }
        "next" => {
            let then = at.next(now, is_true(json, "othersWait"));
            put_then(&mut out, &then, &at);
        }
        "read" => {
            let (run, cursor) = (text_field(json, "run"), text_field(json, "cursor"));
            let counted = Stream::of(&text_field(json, "stream")).is_some_and(|stream| {
                let chunk = Chunk {
                    run: &run,
                    hint: is_true(json, "hint"),
                    stream,
                    seq: number(json, "seq"),
                    pages: number(json, "pages"),
                    records: number(json, "records"),
                    fresh: number(json, "fresh"),
                    left_out: number(json, "leftOut"),
                    total: optional(json, "total"),
                    cursor: &cursor,
                    file: file(json),
                };
                at.read_chunk(&chunk, now)
            });
            put_committed(&mut out, &at, counted);
        }
        "verified" => {
            let (run, after) = (text_field(json, "run"), text_field(json, "after"));
            let counted = Stream::of(&text_field(json, "stream")).is_some_and(|stream| {
                at.verified(&Verified {
                    run: &run,
                    stream,
                    seq: number(json, "seq"),
                    after: &after,
                    fresh: number(json, "fresh"),
                    deleted: number(json, "deleted"),
                    file: file(json),
                })
            });
            put_committed(&mut out, &at, counted);
        }
        "failed" => {
            let failure = match &*text_field(json, "kind") {
                "revoked" => Failure::Revoked,
                "limited" => Failure::Limited(optional(json, "retryAfterMs")),
                "server" | "answer" => Stream::of(&text_field(json, "stream")).map_or(Failure::Failed, Failure::List),
                _ => Failure::Failed,
            };
            let message = text_field(json, "message");
            let then = at.failed(&text_field(json, "run"), is_true(json, "hint"), failure, &message, now);
            put_then(&mut out, &then, &at);
        }
        "reported" => {
            at.reported(&text_field(json, "run"));
            out.text("state", &at.text());
        }
        _ => put_view(&mut out, &at),
    }
    out.finish()
}

/// One step of the limits of a location: `ask`, `done`, `leave`, and `restart` where the object has begun anew. See the types
/// `Gate...Given`. Each gives the `state`, which is stored with each request that goes out or has ended.
#[wasm_bindgen(js_name = syncGate)]
pub fn sync_gate(step: &str, given: &str, state: &str) -> String {
    let json = given.as_bytes();
    let now = number(json, "now");
    let caller = number(json, "number");
    let mut gate = Gate::read(state);
    let mut out = Object::new();
    match step {
        "ask" => {
            let Asked { number, turn, day } =
                gate.ask(caller, is_true(json, "background"), self::number(json, "timeoutMs"), now);
            out.number("number", Some(number as f64));
            out.truth("go", turn == Turn::Go);
            if let Turn::Wait(ms) = turn {
                out.number("waitMs", Some(f64::from(ms)));
            }
            if day {
                out.truth("day", true);
            }
        }
        "done" => {
            let headers = field(json, "headers");
            gate.done(caller, number(json, "status") as u16, &|name| json_text(field(headers, name)), now);
        }
        "leave" => gate.leave(caller, now),
        _ => gate.restart(now),
    }
    out.text("state", &gate.text());
    out.finish()
}

/// Rows and lines of records: `records` is the JSON text of a list, `location` the one that they were asked of. Throws text where
/// `records` is no list.
///
/// The first line of what it gives is a `SyncRows`. The second one are the rows: a JSON list with `[id, created, updated, status,
/// amount, currency, refunded, source, live, body]` for each record. The other lines are the records themselves, one on each. In one
/// JSON text the bodies would be quoted twice, which was two thirds of the time.
#[wasm_bindgen(js_name = syncRows)]
pub fn sync_rows(stream: &str, records: &str, location: &str) -> Result<String, JsValue> {
    let stream = Stream::of(stream).unwrap_or(Stream::Orders);
    let rows = rows(stream, records, location).map_err(|_| JsValue::from_str("the records are no JSON list"))?;
    let mut out = Object::new();
    out.number("count", Some(rows.count as f64));
    out.number("leftOut", Some(rows.left_out as f64).filter(|left_out| *left_out > 0.0));
    if !rows.issues.is_empty() {
        put_issues(&mut out, &rows.issues);
    }
    Ok(joined(&[&out.finish(), "\n", &rows.rows, "\n", &rows.lines]))
}

/// A decision of a company: `admit`, `place` or `watch`. See the types `AdmitGiven`, `PlaceGiven` and `WatchGiven`.
#[wasm_bindgen(js_name = syncAdmit)]
pub fn sync_admit(step: &str, given: &str) -> String {
    let json = given.as_bytes();
    let now = number(json, "now");
    let mut out = Object::new();
    match step {
        "admit" => {
            let waiting: Vec<Waiting> = items(field(json, "waiting"))
                .map(|(_, one)| Waiting { location: text_field(one, "location"), due: number(one, "due") })
                .collect();
            let admitted = admit(number(json, "parallel"), number(json, "running"), &waiting, now);
            out.texts("start", &admitted.start);
            put_time(&mut out, "wakeAt", admitted.wake_at);
        }
        "place" => {
            let arrival = match (&*text_field(json, "event"), optional(json, "until")) {
                ("failed", None) => Arrival::Unreached,
                ("new", _) => Arrival::New,
                (_, Some(until)) => Arrival::Until(until),
                _ => Arrival::Yield,
            };
            let placed = place(arrival, number(json, "attempts"), now);
            out.number("due", Some(placed.due as f64));
            out.number("attempts", Some(placed.attempts as f64));
            if placed.ended {
                out.truth("ended", true);
            }
        }
        _ => {
            let running: Vec<Running> = items(field(json, "running"))
                .map(|(_, one)| Running {
                    location: text_field(one, "location"),
                    heard: number(one, "heard"),
                    sent: number(one, "sent"),
                })
                .collect();
            let watched = watch(&running, number(json, "moved"), now);
            out.texts("again", &watched.again);
            out.texts("lost", &watched.lost);
            out.truth("stalled", watched.stalled);
            put_time(&mut out, "wakeAt", watched.wake_at);
        }
    }
    out.finish()
}

/// Which of `count` databases holds the rows of a location, from 0 on.
#[wasm_bindgen(js_name = syncShard)]
pub fn sync_shard(location: &str, count: u32) -> u32 {
    shard(location, count)
}

fn number(json: &[u8], name: &str) -> u64 {
    rounded_up(field(json, name))
}

/// A number, if there is one.
fn optional(json: &[u8], name: &str) -> Option<u64> {
    let value = field(json, name);
    value.first().is_some_and(u8::is_ascii_digit).then(|| rounded_up(value))
}

fn is_true(json: &[u8], name: &str) -> bool {
    field(json, name) == b"true"
}

fn texts(json: &[u8], name: &str) -> Vec<String> {
    items(field(json, name)).filter_map(|(_, text)| json_text(text)).collect()
}

fn file(json: &[u8]) -> Option<File> {
    let file = field(json, "file");
    (file.first() == Some(&b'{')).then(|| File { bytes: number(file, "bytes") })
}

/// A time, unless it is 0.
fn put_time(out: &mut Object, name: &str, ms: u64) {
    out.number(name, Some(ms as f64).filter(|_| ms > 0));
}

fn put_filled(out: &mut Object, name: &str, text: &str) {
    out.optional_text(name, Some(text).filter(|text| !text.is_empty()));
}

fn put_committed(out: &mut Object, at: &Location, counted: bool) {
    out.text("state", &at.text());
    if !counted {
        out.truth("stale", true);
    }
}

fn put_then(out: &mut Object, then: &Then, at: &Location) {
    let name = match then {
        Then::Read(job) => {
            put_job(out, job);
            put_filled(out, "startAt", &job.start_at);
            put_filled(out, "cursor", &job.from);
            out.number("walked", Some(job.walked as f64));
            out.number("pages", Some(job.most as f64));
            if job.details {
                out.truth("details", true);
            }
            "read"
        }
        Then::Verify(job) => {
            put_job(out, job);
            put_filled(out, "after", &job.from);
            out.number("limit", Some(job.most as f64));
            "verify"
        }
        Then::Wait(until) => {
            put_time(out, "until", *until);
            "wait"
        }
        Then::Yield(until) => {
            put_time(out, "until", *until);
            "yield"
        }
        Then::Ended => "ended",
        Then::Rest(until) => {
            put_time(out, "until", *until);
            "rest"
        }
    };
    out.text("do", name);
    out.text("state", &at.text());
}

fn put_job(out: &mut Object, job: &Job) {
    out.text("run", &job.run);
    out.text("stream", job.stream.name());
    out.number("seq", Some(job.seq as f64));
    if job.hint {
        out.truth("hint", true);
    }
}

fn put_view(out: &mut Object, at: &Location) {
    out.text("run", &at.run);
    out.text("company", &at.company);
    out.text("location", &at.location);
    out.text("state", at.phase.name());
    out.number("slice", Some(at.slice as f64));
    let mut sums = [0; 5];
    out.open("streams", '{');
    for reading in &at.readings {
        out.open(reading.stream.name(), '{');
        out.text("pass", if reading.full { "full" } else { "window" });
        let counts = [reading.pages, reading.records, reading.deleted, reading.files, reading.bytes];
        for ((name, count), sum) in COUNTS.iter().zip(counts).zip(&mut sums) {
            out.number(name, Some(count as f64));
            *sum += count;
        }
        out.truth("done", reading.done);
        put_time(out, "total", reading.total);
        out.close('}');
    }
    out.close('}');
    for (name, sum) in COUNTS.iter().zip(sums) {
        out.number(name, Some(sum as f64));
    }
    out.number("failures", Some(at.failures as f64));
    put_filled(out, "reason", at.problem());
    if matches!(at.phase, Phase::Running | Phase::Waiting) {
        put_time(out, "until", at.until);
    }
}

/// The numbers of a list's progress, and their sums.
const COUNTS: [&str; 5] = ["pages", "records", "deleted", "files", "bytes"];
