//! What is stored of a location's sync, and how it reads.

use super::stream::Stream;
use crate::json::{field, items, rounded_up, text_field, Object};

/// How much is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// The whole lists, and what has disappeared from them.
    #[default]
    Full,
    /// What was created lately; the whole lists only where they were not read for long.
    Window,
}

/// Where a location stands in its run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// No run has begun.
    #[default]
    Idle,
    /// It has a slot and is at work.
    Running,
    /// It has given its slot back and is in the line.
    Waiting,
    /// All lists were read.
    Done,
    /// It was given up, for [`Location::reason`].
    Failed,
    /// Its tokens are refused for good: the app has to be installed again.
    Revoked,
}

/// The names in the state and in the view.
const PHASES: [(Phase, &str); 6] = [
    (Phase::Idle, "idle"),
    (Phase::Running, "running"),
    (Phase::Waiting, "waiting"),
    (Phase::Done, "done"),
    (Phase::Failed, "failed"),
    (Phase::Revoked, "revoked"),
];

impl Phase {
    /// Its name.
    pub fn name(self) -> &'static str {
        PHASES.iter().find(|(phase, _)| *phase == self).map_or("", |(_, name)| name)
    }

    /// Whether the run is over for the location.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Revoked)
    }
}

/// How far one list was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which.
    pub stream: Stream,
    /// Whether the whole list is read, and what is missing in it asked for by id.
    pub full: bool,
    /// The parameter `startAt`; empty where the list is read from its front to its end.
    pub start_at: String,
    /// When its first chunk was asked for; 0 before that.
    pub began: u64,
    /// Where the list goes on; empty before the first chunk and behind the last.
    pub cursor: String,
    /// Whether the list has ended.
    pub listed: bool,
    /// Whether nothing is left to do.
    pub done: bool,
    /// Up to which id those that were missing are checked.
    pub after: String,
    /// The number of the next part of its file.
    pub seq: u64,
    /// How many pages were read.
    pub pages: u64,
    /// How many records were stored, each once.
    pub records: u64,
    /// How many were read and not stored, as they are no records of this location.
    pub left_out: u64,
    /// How many records turned out to be deleted.
    pub deleted: u64,
    /// How many parts were written, and their bytes.
    pub files: u64,
    /// Bytes of those parts.
    pub bytes: u64,
    /// How many records the list held by its own account when it was begun.
    pub first_total: u64,
    /// The same when it was asked last.
    pub total: u64,
    /// How many records stood in the pages since the list was begun, those that the run knew among them.
    pub walked: u64,
    /// How many chunks in a row held nothing.
    pub idle: u64,
    /// How often in a row it has failed.
    pub attempts: u64,
    /// It is not asked for before.
    pub until: u64,
    /// What failed last; empty where nothing has since.
    pub reason: String,
}

impl Reading {
    pub(super) fn new(stream: Stream, full: bool, start_at: String) -> Self {
        Self {
            stream,
            full,
            start_at,
            began: 0,
            cursor: String::new(),
            listed: false,
            done: false,
            after: String::new(),
            seq: 0,
            pages: 0,
            records: 0,
            left_out: 0,
            deleted: 0,
            files: 0,
            bytes: 0,
            first_total: 0,
            total: 0,
            walked: 0,
            idle: 0,
            attempts: 0,
            until: 0,
            reason: String::new(),
        }
    }

    fn put(&self, out: &mut Object) {
        out.text("stream", self.stream.name());
        out.truth("full", self.full);
        out.truth("listed", self.listed);
        out.truth("done", self.done);
        for (name, text) in [("startAt", &self.start_at), ("cursor", &self.cursor), ("after", &self.after)] {
            out.text(name, text);
        }
        out.text("reason", &self.reason);
        self.put_numbers(out);
    }

    fn read(json: &[u8]) -> Option<Self> {
        let mut reading =
            Self::new(Stream::of(&text_field(json, "stream"))?, truth(json, "full"), text_field(json, "startAt"));
        reading.cursor = text_field(json, "cursor");
        reading.after = text_field(json, "after");
        reading.reason = text_field(json, "reason");
        reading.listed = truth(json, "listed");
        reading.done = truth(json, "done");
        reading.read_numbers(json);
        Some(reading)
    }
}

/// Writes and reads the numbers of a struct as members of an object, each under the name of its field.
macro_rules! numbers {
    ($of:ty: $($field:ident)*) => {
        impl $of {
            fn put_numbers(&self, out: &mut Object) {
                for (name, number) in [$((stringify!($field), self.$field)),*] {
                    out.number(name, Some(number as f64));
                }
            }

            fn read_numbers(&mut self, json: &[u8]) {
                for (name, into) in [$((stringify!($field), &mut self.$field)),*] {
                    *into = number(json, name);
                }
            }
        }
    };
}

numbers!(Reading: began seq pages records left_out deleted files bytes first_total total walked idle attempts until);
numbers!(Location: started slice resumed noted trailing_ms full_every_ms slice_pages used turn until limited_until attempts refused
    refused_since failures hint_at hint_attempts);

/// A location's sync. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The run that is carried out, or was last; empty where there was none.
    pub run: String,
    /// The company whose run it is.
    pub company: String,
    /// The location's id.
    pub location: String,
    /// When the run was started: one that was started before is late.
    pub started: u64,
    /// The turn that was begun last: each one that the company gives is one higher.
    pub slice: u64,
    /// When somebody has said last that the run is to go on at once; 0 where nobody has.
    pub resumed: u64,
    /// The time of the last step: those that are noted here are by the same clock.
    pub noted: u64,
    /// Where it stands.
    pub phase: Phase,
    /// Whether the company knows that it has ended.
    pub reported: bool,
    /// How much is read.
    pub mode: Mode,
    /// Whether each order is read by its id as well.
    pub details: bool,
    /// How far back a window goes behind the last pass, in milliseconds.
    pub trailing_ms: u64,
    /// When a whole pass is due again, in milliseconds.
    pub full_every_ms: u64,
    /// How many pages a turn has while others wait.
    pub slice_pages: u64,
    /// The lists of the run, in their order.
    pub readings: Vec<Reading>,
    /// When the last pass of each list began that came to its end; 0 where none has.
    pub passed: [u64; 4],
    /// The same of whole passes.
    pub whole: [u64; 4],
    /// How many pages the turn has used.
    pub used: u64,
    /// When the turn began.
    pub turn: u64,
    /// Nothing is sent for the run before.
    pub until: u64,
    /// Until when HighLevel's own limits let nothing through; 0 where they do not, or are over.
    pub limited_until: u64,
    /// How often it has failed, apart from its lists, since something was read.
    pub attempts: u64,
    /// How often the limits have stopped it since something was read.
    pub refused: u64,
    /// When they did so first since then; 0 where they have not.
    pub refused_since: u64,
    /// How often it has failed in this run.
    pub failures: u64,
    /// What failed last; empty where nothing has since.
    pub reason: String,
    /// Which lists webhooks have hinted at.
    pub hints: [bool; 4],
    /// When they are followed; 0 where there are none.
    pub hint_at: u64,
    /// How often following them has failed.
    pub hint_attempts: u64,
    /// The lists that are read because of hints.
    pub hinted: Vec<Reading>,
}

impl Location {
    /// As text, which holds no secret.
    pub fn text(&self) -> String {
        let mut out = Object::new();
        let texts =
            [("run", &self.run), ("company", &self.company), ("location", &self.location), ("reason", &self.reason)];
        for (name, text) in texts {
            out.text(name, text);
        }
        out.text("phase", self.phase.name());
        out.truth("reported", self.reported);
        out.truth("window", self.mode == Mode::Window);
        out.truth("details", self.details);
        self.put_numbers(&mut out);
        out.open("streams", '{');
        for stream in Stream::ALL {
            let at = stream.index();
            out.open(stream.name(), '{');
            out.number("passed", self.passed.get(at).map(|ms| *ms as f64));
            out.number("whole", self.whole.get(at).map(|ms| *ms as f64));
            out.truth("hint", self.hints.get(at) == Some(&true));
            out.close('}');
        }
        out.close('}');
        for (name, list) in [("readings", &self.readings), ("hinted", &self.hinted)] {
            out.open(name, '[');
            for reading in list {
                out.item();
                reading.put(&mut out);
                out.close('}');
            }
            out.close(']');
        }
        out.finish()
    }

    /// Reads what [`Self::text`] wrote; an empty text is a location that knows nothing.
    pub fn read(text: &str) -> Self {
        let json = text.as_bytes();
        let phase = text_field(json, "phase");
        let list = |name| items(field(json, name)).filter_map(|(_, reading)| Reading::read(reading)).collect();
        let streams = field(json, "streams");
        let about = |stream: Stream| field(streams, stream.name());
        let mut location = Self {
            run: text_field(json, "run"),
            company: text_field(json, "company"),
            location: text_field(json, "location"),
            reason: text_field(json, "reason"),
            phase: PHASES.iter().find(|(_, name)| *name == phase).map(|(phase, _)| *phase).unwrap_or_default(),
            reported: truth(json, "reported"),
            mode: if truth(json, "window") { Mode::Window } else { Mode::Full },
            details: truth(json, "details"),
            readings: list("readings"),
            hinted: list("hinted"),
            passed: Stream::ALL.map(|stream| number(about(stream), "passed")),
            whole: Stream::ALL.map(|stream| number(about(stream), "whole")),
            hints: Stream::ALL.map(|stream| truth(about(stream), "hint")),
            ..Self::default()
        };
        location.read_numbers(json);
        location
    }
}

fn number(json: &[u8], name: &str) -> u64 {
    rounded_up(field(json, name))
}

fn truth(json: &[u8], name: &str) -> bool {
    field(json, name) == b"true"
}
