//! What a location does next, and what comes of it.

use super::day::{day, instant};
use super::state::{Location, Mode, Phase, Reading};
use super::stream::Stream;
use crate::json::{joined, put};

/// How far back a window goes behind the last pass where nobody says another time: orders that are paid, refunded or canceled
/// late are still found.
const TRAILING_MS: u64 = 7 * DAY_MS;

/// When a whole pass is due again where nobody says another time.
const FULL_EVERY_MS: u64 = 7 * DAY_MS;

const DAY_MS: u64 = 86_400_000;

/// How many pages a turn has while others wait, where nobody says another number: half of what the burst limit lets through in
/// an interval.
const SLICE_PAGES: u64 = 50;

/// How long a turn lasts at the most while others wait: a server that is slow must not hold a slot.
const SLICE_MS: u64 = 20_000;

/// How many pages are one chunk: read, stored and counted as one.
const CHUNK_PAGES: u64 = 10;

/// How many records of a chunk are looked up by id.
const CHUNK_IDS: u64 = 100;

/// How often in a row a location may fail before it is given up.
const MAX_ATTEMPTS: u64 = 6;

/// How often in a row the limits may stop it.
const MAX_REFUSED: u64 = 40;

/// For how long they may: longer than any day.
const MAX_REFUSED_MS: u64 = DAY_MS + 2 * 3_600_000;

/// The first pause behind a failure; each further one doubles.
const BACKOFF_MS: u64 = 5_000;

/// The longest one.
const MAX_BACKOFF_MS: u64 = 300_000;

/// A pause of so many milliseconds is not worth a slot of its own; where it is longer, the slot is given back.
const SHORT_MS: u64 = 5_000;

/// A pause that is longer than so many milliseconds is one for the limit of the day.
const LONG_MS: u64 = 60_000;

/// For a longer one a run does not wait, as the company's next one could not begin: that one reads the location.
pub(super) const MAX_PAUSE_MS: u64 = 3_600_000;

/// So long hints are gathered before they are followed.
const HINT_DELAY_MS: u64 = 2_000;

/// Hints are followed once in so many milliseconds at the most.
const HINT_EVERY_MS: u64 = 30_000;

/// How far back a window goes that follows a hint.
const HINT_TRAILING_MS: u64 = DAY_MS;

/// How many chunks in a row may bring nothing before a list is taken for one that does not end.
const MAX_IDLE: u64 = 3;

/// A list may grow while it is read, but not to more than so many times as many records as it had, and some.
const MAX_GROWTH: u64 = 4;
const MAX_GROWN: u64 = 10_000;

/// What a list may lack of its own total before something is wrong with the list.
const MAX_MISSING: u64 = 100;

/// How many characters of a reason are kept.
const MAX_REASON: usize = 300;

/// What a company's message says.
#[derive(Debug, Clone, Copy)]
pub struct Start<'s> {
    /// The run.
    pub run: &'s str,
    /// The company whose run it is.
    pub company: &'s str,
    /// The location.
    pub location: &'s str,
    /// When the run was started.
    pub started: u64,
    /// Which of the location's turns in the run this is, from 0 on.
    pub slice: u64,
    /// The lists, in the order in which they are read.
    pub streams: &'s [Stream],
    /// How much is read.
    pub mode: Mode,
    /// Whether each order is read by its id as well.
    pub details: bool,
    /// How far back a window goes; `None`: seven days.
    pub trailing_ms: Option<u64>,
    /// When a whole pass is due again; `None`: after seven days.
    pub full_every_ms: Option<u64>,
    /// How many pages a turn has; `None`: 50.
    pub slice_pages: Option<u64>,
    /// When somebody has said last that the run is to go on at once; 0: nobody has.
    pub resumed: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The location is at work from now on. An unfinished run of this name is dropped, if one is named.
    Begun(String),
    /// The message came twice or late: nothing changes.
    Same,
    /// The turn is the same one, but what it waits for is over.
    Resumed,
}

/// One piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The run that its records are marked with; `hint` where it follows a webhook.
    pub run: String,
    /// Whether it follows a webhook: then its records belong to no run's files.
    pub hint: bool,
    /// The list.
    pub stream: Stream,
    /// The number of the part.
    pub seq: u64,
    /// The parameter `startAt`, empty where there is none.
    pub start_at: String,
    /// Where the list goes on; empty at its start. Of a check: behind which id.
    pub from: String,
    /// How many records stood in the pages of the list so far.
    pub walked: u64,
    /// How many pages, or how many ids, it has at the most.
    pub most: u64,
    /// Whether each of its records is read by its id as well.
    pub details: bool,
}

/// What a location is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Read pages of a list.
    Read(Job),
    /// Ask by id for records of which the list said nothing.
    Verify(Job),
    /// Wait until then, and keep the slot.
    Wait(u64),
    /// Give the slot back; the next turn may be from then on, 0: at once.
    Yield(u64),
    /// Tell the company that the run is over here.
    Ended,
    /// Nothing, until then; 0: until somebody comes.
    Rest(u64),
}

/// A part of a file that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its size.
    pub bytes: u64,
}

/// What a chunk of pages has brought.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'c> {
    /// The run, as the job said it.
    pub run: &'c str,
    /// As the job said it.
    pub hint: bool,
    /// The list.
    pub stream: Stream,
    /// As the job said it.
    pub seq: u64,
    /// How many pages were read.
    pub pages: u64,
    /// How many records stood in them.
    pub records: u64,
    /// How many of them this run had not met before.
    pub fresh: u64,
    /// How many of those were not stored, as they are no records of this location.
    pub left_out: u64,
    /// How many records the list holds by its own account, if it says so.
    pub total: Option<u64>,
    /// Where the list goes on; empty where it has ended.
    pub cursor: &'c str,
    /// The part that was written, if one was.
    pub file: Option<File>,
}

/// What a check by id has brought.
#[derive(Debug, Clone, Copy)]
pub struct Verified<'v> {
    /// The run, as the job said it.
    pub run: &'v str,
    /// The list.
    pub stream: Stream,
    /// As the job said it.
    pub seq: u64,
    /// Up to which id; empty where none is left.
    pub after: &'v str,
    /// How many were there after all, and were stored in this run's files for the first time.
    pub fresh: u64,
    /// How many are deleted.
    pub deleted: u64,
    /// The part that was written, if one was.
    pub file: Option<File>,
}

/// Why a location could not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Its tokens are refused for good.
    Revoked,
    /// The limits are used up, or the server has said 429; for so many milliseconds, if somebody knows.
    Limited(Option<u64>),
    /// This list cannot be read: the server fails, or its answers cannot be used.
    List(Stream),
    /// Anything else, such as what stores the records.
    Failed,
}

impl Location {
    /// A message of the company. It may come twice, late, or behind a later one.
    pub fn start(&mut self, start: &Start<'_>, now: u64) -> Started {
        if start.run == self.run {
            let resumed = start.resumed != self.resumed && start.slice >= self.slice;
            if resumed {
                self.set_clock(now);
                self.resume(start.resumed);
            }
            let again = start.slice > self.slice && !matches!(self.phase, Phase::Done);
            if !again {
                return if resumed { Started::Resumed } else { Started::Same };
            }
            self.set_clock(now);
            if self.phase.is_end() {
                // Somebody wants what was given up to be tried again. What it stored is forgotten once its end is known, so that
                // it begins anew then; the parts that were written stay as they are.
                let forgotten = self.reported;
                self.readings.iter_mut().for_each(|reading| reading.try_again(forgotten));
                self.advanced();
            }
            self.take_turn(start.slice, now);
            return Started::Begun(String::new());
        }
        let is_late = start.started < self.started || (start.started == self.started && *start.run < *self.run);
        if is_late {
            return Started::Same;
        }
        self.set_clock(now);
        let unfinished = matches!(self.phase, Phase::Running | Phase::Waiting);
        let dropped = if unfinished { std::mem::take(&mut self.run) } else { String::new() };
        self.run = start.run.into();
        self.company = start.company.into();
        self.location = start.location.into();
        self.started = start.started;
        self.mode = start.mode;
        self.details = start.details;
        self.trailing_ms = start.trailing_ms.unwrap_or(TRAILING_MS);
        self.full_every_ms = start.full_every_ms.unwrap_or(FULL_EVERY_MS);
        self.slice_pages = start.slice_pages.unwrap_or(SLICE_PAGES).max(1);
        self.readings = Vec::new();
        for stream in start.streams {
            if self.readings.iter().all(|reading| reading.stream != *stream) {
                let reading = self.pass(*stream, now);
                self.readings.push(reading);
            }
        }
        self.failures = 0;
        self.advanced();
        self.resumed = start.resumed;
        self.take_turn(start.slice, now);
        Started::Begun(dropped)
    }

    /// Nothing is waited for any longer but what HighLevel itself asks for.
    fn resume(&mut self, resumed: u64) {
        self.resumed = resumed;
        self.until = self.until.min(self.limited_until);
        self.readings.iter_mut().for_each(|reading| reading.until = 0);
    }

    /// Where the clock was set back, what was noted of times to come would be as much further away: a pause could last for years.
    /// It begins anew instead, and what has begun is as old as it was.
    fn set_clock(&mut self, now: u64) {
        let ahead = self.noted.saturating_sub(now);
        self.noted = now;
        if ahead == 0 {
            return;
        }
        let of_lists = self.readings.iter_mut().chain(&mut self.hinted);
        let of_lists = of_lists.flat_map(|reading| [&mut reading.began, &mut reading.until]);
        let own =
            [&mut self.turn, &mut self.until, &mut self.limited_until, &mut self.refused_since, &mut self.hint_at];
        for time in of_lists.chain(own) {
            if *time > now {
                *time = (*time - ahead).max(1);
            }
        }
    }

    fn take_turn(&mut self, slice: u64, now: u64) {
        self.phase = Phase::Running;
        self.reported = false;
        self.slice = slice;
        self.used = 0;
        self.turn = now;
    }

    /// How a list is read in this run.
    fn pass(&self, stream: Stream, now: u64) -> Reading {
        let [passed, whole] = [&self.passed, &self.whole].map(|times| times.get(stream.index()).copied().unwrap_or(0));
        // A pass that has yet to begin was one by a wrong clock: what was created since its real time is unknown.
        let is_wrong = passed.max(whole) > now;
        let is_due = whole == 0 || is_wrong || now.saturating_sub(whole) >= self.full_every_ms;
        if self.mode == Mode::Full || !stream.takes_start() || is_due {
            return Reading::new(stream, true, String::new());
        }
        Reading::new(stream, false, day(passed.saturating_sub(self.trailing_ms)))
    }

    /// A webhook says that something has changed, in one list or in any. Gives when it is followed; 0: it is not, as the next run
    /// reads everything anyway.
    pub fn hint(&mut self, stream: Option<Stream>, now: u64) -> u64 {
        self.set_clock(now);
        let mut noted = false;
        for one in Stream::ALL {
            let at = one.index();
            let is_known = self.passed.get(at).is_some_and(|passed| *passed > 0);
            if let (Some(hint), true) = (self.hints.get_mut(at), is_known && stream.is_none_or(|only| only == one)) {
                *hint = true;
                noted = true;
            }
        }
        if noted && self.hint_at == 0 {
            self.hint_at = now + HINT_DELAY_MS;
        }
        if noted {
            self.hint_at
        } else {
            0
        }
    }

    /// What is to be done now. `others_wait`: other locations wait for a slot.
    pub fn next(&mut self, now: u64, others_wait: bool) -> Then {
        self.set_clock(now);
        if let Some(job) = self.follow_hints(now) {
            return Then::Read(job);
        }
        match self.phase {
            Phase::Idle => return Then::Rest(self.hint_at),
            Phase::Done | Phase::Failed | Phase::Revoked if self.reported => return Then::Rest(self.hint_at),
            Phase::Done | Phase::Failed | Phase::Revoked => return Then::Ended,
            Phase::Waiting => return Then::Yield(self.until),
            Phase::Running => {}
        }
        let Some(at) = self.current() else {
            self.phase = Phase::Done;
            self.reason = String::new();
            return Then::Ended;
        };
        let mut until = self.until;
        if let Some(reading) = self.readings.get_mut(at) {
            if reading.attempts >= MAX_ATTEMPTS {
                let reason = std::mem::take(&mut reading.reason);
                self.end(Phase::Failed, &reason);
                return Then::Ended;
            }
            until = until.max(reading.until);
        }
        if until > now {
            // Also where its turn has just begun: somebody may have had it begun before its time.
            return if until - now > SHORT_MS { self.give_back(until) } else { Then::Wait(until) };
        }
        let is_used = self.used >= self.slice_pages || now.saturating_sub(self.turn) >= SLICE_MS;
        if others_wait && self.used > 0 && is_used {
            return self.give_back(0);
        }
        let (run, details) = (self.run.clone(), self.details);
        let left = self.slice_pages.saturating_sub(self.used);
        let Some(reading) = self.readings.get_mut(at) else { return Then::Rest(0) };
        if reading.began == 0 {
            reading.began = now.max(1);
        }
        let details = details && reading.stream == Stream::Orders;
        let most = if reading.listed {
            CHUNK_IDS
        } else if details {
            1
        } else if left == 0 {
            CHUNK_PAGES
        } else {
            left.min(CHUNK_PAGES)
        };
        let is_check = reading.listed;
        let job = Job {
            run,
            hint: false,
            stream: reading.stream,
            seq: reading.seq,
            start_at: reading.start_at.clone(),
            from: if is_check { reading.after.clone() } else { reading.cursor.clone() },
            walked: reading.walked,
            most,
            details,
        };
        if is_check {
            Then::Verify(job)
        } else {
            Then::Read(job)
        }
    }

    /// The list that is read: of those that are not done the first one that has failed least. So one that cannot be read keeps
    /// no other from being read.
    fn current(&self) -> Option<usize> {
        let left = self.readings.iter().enumerate().filter(|(_, reading)| !reading.done);
        left.min_by_key(|(_, reading)| reading.attempts).map(|(at, _)| at)
    }

    fn give_back(&mut self, until: u64) -> Then {
        self.phase = Phase::Waiting;
        self.until = until;
        Then::Yield(until)
    }

    /// The next chunk because of hints, if there are any that are due.
    fn follow_hints(&mut self, now: u64) -> Option<Job> {
        if self.hint_at == 0 || self.hint_at > now {
            return None;
        }
        if self.hinted.is_empty() {
            for stream in Stream::ALL {
                let at = stream.index();
                if self.hints.get_mut(at).is_some_and(std::mem::take) {
                    let passed = self.passed.get(at).copied().unwrap_or(0).min(now);
                    let start =
                        if stream.takes_start() { day(passed.saturating_sub(HINT_TRAILING_MS)) } else { String::new() };
                    self.hinted.push(Reading::new(stream, false, start));
                }
            }
        }
        let reading = self.hinted.first()?;
        let details = self.details && reading.stream == Stream::Orders;
        Some(Job {
            run: "hint".into(),
            hint: true,
            stream: reading.stream,
            seq: reading.seq,
            start_at: reading.start_at.clone(),
            from: reading.cursor.clone(),
            walked: reading.walked,
            most: if details { 1 } else { CHUNK_PAGES },
            details,
        })
    }

    /// A chunk was stored. `false`: it is none that is waited for, as another run has begun meanwhile or it is told twice.
    pub fn read_chunk(&mut self, chunk: &Chunk<'_>, now: u64) -> bool {
        if chunk.hint {
            return self.read_hinted(chunk, now);
        }
        let at = self.current();
        let (is_run, used) = (chunk.run == self.run && !self.phase.is_end(), chunk.pages);
        let Some(reading) = at.and_then(|at| self.readings.get_mut(at)) else { return false };
        if !is_run || reading.listed || reading.stream != chunk.stream || reading.seq != chunk.seq {
            return false;
        }
        reading.take(chunk);
        let problem = reading.problem();
        if let Some(problem) = problem {
            // Whoever wants it tried again has it read from its front; what is known is not stored twice.
            reading.begin_again();
            reading.attempts = MAX_ATTEMPTS;
            put(&mut reading.reason, problem);
        }
        if let (true, None) = (reading.listed && !reading.full, problem) {
            reading.done = true;
            let (stream, began) = (reading.stream, reading.began);
            self.note_pass(stream, began, false);
        }
        self.used += used.max(1);
        self.advanced();
        true
    }

    /// Something was read: what failed before is over.
    fn advanced(&mut self) {
        self.limited_until = 0;
        self.attempts = 0;
        self.refused = 0;
        self.refused_since = 0;
        self.until = 0;
        self.reason = String::new();
    }

    fn read_hinted(&mut self, chunk: &Chunk<'_>, now: u64) -> bool {
        self.set_clock(now);
        let Some(reading) = self.hinted.first_mut() else { return false };
        if reading.stream != chunk.stream || reading.seq != chunk.seq {
            return false;
        }
        reading.take(chunk);
        self.hint_attempts = 0;
        if reading.listed || reading.problem().is_some() {
            self.hinted.remove(0);
        }
        if self.hinted.is_empty() {
            self.rest_of_hints(now);
        }
        true
    }

    /// Hints that came meanwhile are followed later.
    fn rest_of_hints(&mut self, now: u64) {
        let more = self.hints.iter().any(|hint| *hint);
        self.hint_at = if more { now + HINT_EVERY_MS } else { 0 };
    }

    /// A check by id is over. `false`: as of [`Self::read_chunk`].
    pub fn verified(&mut self, verified: &Verified<'_>) -> bool {
        let at = self.current();
        let is_run = verified.run == self.run && !self.phase.is_end();
        let Some(reading) = at.and_then(|at| self.readings.get_mut(at)) else { return false };
        if !is_run || !reading.listed || reading.stream != verified.stream || reading.seq != verified.seq {
            return false;
        }
        reading.put_file(verified.file);
        reading.failed_no_more();
        reading.records += verified.fresh;
        reading.deleted += verified.deleted;
        reading.after = verified.after.into();
        let (stream, began) = (reading.stream, reading.began);
        if verified.after.is_empty() {
            reading.done = true;
            self.note_pass(stream, began, true);
        }
        self.used += 1;
        self.advanced();
        true
    }

    fn note_pass(&mut self, stream: Stream, began: u64, whole: bool) {
        if let Some(passed) = self.passed.get_mut(stream.index()) {
            *passed = began;
        }
        if let (Some(last), true) = (self.whole.get_mut(stream.index()), whole) {
            *last = began;
        }
    }

    /// It could not go on, for a reason that holds no token. `hint`: what failed followed a hint. `run`: whose work it was.
    pub fn failed(&mut self, run: &str, hint: bool, failure: Failure, message: &str, now: u64) -> Then {
        self.set_clock(now);
        if hint {
            return self.hint_failed(failure, now);
        }
        if run != self.run || self.phase != Phase::Running {
            return self.next(now, false);
        }
        self.failures += 1;
        let mut reason = String::new();
        for character in message.chars().take(MAX_REASON) {
            reason.push(if character.is_control() { ' ' } else { character });
        }
        let pause = match failure {
            Failure::Revoked => {
                self.end(Phase::Revoked, &reason);
                return Then::Ended;
            }
            Failure::List(stream) => {
                // Asking counts for the turn as well: a server that is slow to fail must not hold a slot.
                self.used += 1;
                return self.list_failed(stream, reason, now);
            }
            Failure::Limited(Some(ms)) if ms > MAX_PAUSE_MS => {
                let until = instant(now.saturating_add(ms));
                self.end(Phase::Failed, &joined(&["limited until ", &until, ": ", &reason]));
                return Then::Ended;
            }
            Failure::Limited(ms) => {
                if self.refused_since == 0 {
                    self.refused_since = now;
                }
                // The limit of the day is nobody's fault; it is over on the next day.
                self.refused += u64::from(ms.is_none_or(|ms| ms < LONG_MS));
                let ms = ms.unwrap_or(BACKOFF_MS);
                self.limited_until = now + ms;
                ms
            }
            Failure::Failed => {
                self.attempts += 1;
                backoff(self.attempts)
            }
        };
        self.reason = reason;
        let is_refused = self.refused_since > 0 && now.saturating_sub(self.refused_since) > MAX_REFUSED_MS;
        if self.attempts >= MAX_ATTEMPTS || self.refused >= MAX_REFUSED || is_refused {
            self.phase = Phase::Failed;
            self.reported = false;
            return Then::Ended;
        }
        self.until = now + pause.max(1);
        if pause <= SHORT_MS && failure != Failure::Failed {
            return Then::Wait(self.until);
        }
        self.give_back(self.until)
    }

    /// The other lists come first; the location has to wait only where each of those that are left has failed as often.
    fn list_failed(&mut self, stream: Stream, reason: String, now: u64) -> Then {
        if let Some(reading) = self.readings.iter_mut().find(|reading| reading.stream == stream && !reading.done) {
            reading.attempts += 1;
            reading.until = now + backoff(reading.attempts);
            reading.reason = reason;
        }
        let next = self.current().and_then(|at| self.readings.get(at));
        match next.filter(|next| next.attempts < MAX_ATTEMPTS).map_or(0, |next| next.until) {
            until if until > now => self.give_back(until),
            _ => self.next(now, false),
        }
    }

    /// What failed last, and was not made up for; empty where nothing is.
    pub fn problem(&self) -> &str {
        let left = self.readings.iter().filter(|reading| !reading.done).map(|reading| &*reading.reason);
        [&*self.reason].into_iter().chain(left).find(|reason| !reason.is_empty()).unwrap_or_default()
    }

    fn hint_failed(&mut self, failure: Failure, now: u64) -> Then {
        self.hint_attempts += 1;
        let pause = match failure {
            Failure::Limited(Some(ms)) => ms,
            _ => backoff(self.hint_attempts),
        };
        if failure == Failure::Revoked || self.hint_attempts >= MAX_ATTEMPTS {
            // The next run finds what they were about.
            self.hinted = Vec::new();
            self.hint_attempts = 0;
            self.rest_of_hints(now);
        } else {
            self.hint_at = now + pause.clamp_to(1, DAY_MS);
        }
        self.next(now, false)
    }

    fn end(&mut self, phase: Phase, reason: &str) {
        self.phase = phase;
        self.reported = false;
        self.reason = String::new();
        put(&mut self.reason, reason);
    }

    /// The company knows that the run is over here.
    pub fn reported(&mut self, run: &str) {
        self.reported |= run == self.run && self.phase.is_end();
    }
}

/// The pause behind a failure, of so many in a row.
pub(super) fn backoff(attempts: u64) -> u64 {
    let doubled = BACKOFF_MS << attempts.saturating_sub(1).min(16);
    doubled.min(MAX_BACKOFF_MS)
}

/// `clamp` of integers can panic with its bounds in the message.
trait ClampTo {
    fn clamp_to(self, least: Self, most: Self) -> Self;
}

impl ClampTo for u64 {
    fn clamp_to(self, least: Self, most: Self) -> Self {
        self.max(least).min(most)
    }
}

impl Reading {
    fn take(&mut self, chunk: &Chunk<'_>) {
        self.pages += chunk.pages;
        self.failed_no_more();
        self.records += chunk.fresh.saturating_sub(chunk.left_out);
        self.left_out += chunk.left_out;
        self.put_file(chunk.file);
        if let Some(total) = chunk.total {
            self.total = total;
            if self.walked == 0 {
                self.first_total = total;
            }
        }
        self.walked += chunk.records;
        self.idle = if chunk.records == 0 { self.idle + 1 } else { 0 };
        self.listed = chunk.cursor.is_empty();
        self.cursor = chunk.cursor.into();
    }

    /// From where it was; `forgotten`: as if nothing had been read, but for the names of parts.
    fn try_again(&mut self, forgotten: bool) {
        self.failed_no_more();
        if forgotten {
            let (start_at, seq) = (std::mem::take(&mut self.start_at), self.seq);
            *self = Self { seq, ..Self::new(self.stream, self.full, start_at) };
        }
    }

    fn failed_no_more(&mut self) {
        self.attempts = 0;
        self.until = 0;
        self.reason = String::new();
    }

    fn begin_again(&mut self) {
        self.cursor = String::new();
        self.listed = false;
        self.walked = 0;
        self.idle = 0;
    }

    fn put_file(&mut self, file: Option<File>) {
        self.seq += 1;
        if let Some(file) = file {
            self.files += 1;
            self.bytes += file.bytes;
        }
    }

    /// What makes a list one that cannot be believed: it does not end, or ends before it should.
    fn problem(&self) -> Option<&'static str> {
        let (first, last) = (self.first_total, self.total);
        if !self.listed
            && (self.idle >= MAX_IDLE || self.walked > first.saturating_mul(MAX_GROWTH).saturating_add(MAX_GROWN))
        {
            return Some("the list does not end: its pages repeat what was read, or hold more than it can have");
        }
        let missing = first.min(last).saturating_sub(self.records + self.left_out);
        if self.listed && missing > MAX_MISSING && missing > self.records + self.left_out {
            return Some("the list ended long before its own total");
        }
        None
    }
}
