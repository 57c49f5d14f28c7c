//! What a company decides: whose turn it is, who was lost, whether anything moves.
//!
//! The line is first come, first served. Whoever has used up its turn goes to its end, whoever failed comes back after a pause
//! of its own, so that neither a big location nor a broken one makes others wait. A company never looks at its whole line: the
//! heads that are passed in are enough.

use super::location::backoff;

/// Who has said nothing for so many milliseconds is sent its message again, which changes nothing where it is at work.
const SILENT_MS: u64 = 60_000;

/// As often as that; then its slot is given to others.
const MAX_SENT: u64 = 5;

/// A run in which nothing was read, ended or admitted for so many milliseconds stands still.
const STALLED_MS: u64 = 300_000;

/// How often in a row a location may not be reached before it is given up.
const MAX_ATTEMPTS: u64 = 6;

/// One at the head of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The location's id.
    pub location: String,
    /// When its turn may be, at the earliest, in milliseconds since 1970.
    pub due: u64,
}

/// Who is to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// The locations, in this order.
    pub start: Vec<String>,
    /// When to look again even if nobody reports; 0: not at all.
    pub wake_at: u64,
}

/// Gives free slots to those at the head of the line, which is passed in by `due`, the earliest first: `parallel` of them is
/// enough.
pub fn admit(parallel: u64, running: u64, waiting: &[Waiting], now: u64) -> Admitted {
    let mut admitted = Admitted::default();
    let free = parallel.max(1).saturating_sub(running);
    for one in waiting {
        if admitted.start.len() as u64 >= free {
            break;
        }
        if one.due > now {
            admitted.wake_at = one.due;
            break;
        }
        admitted.start.push(one.location.clone());
    }
    admitted
}

/// Why a location comes to the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// It is new in the run, or somebody wants it to be tried again.
    New,
    /// It has used up its turn.
    Yield,
    /// It has given its slot back until a time that it named itself, 0 if none.
    Until(u64),
    /// It could not be reached.
    Unreached,
}

/// Where in the line a location stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// When its turn may be, at the earliest. The line is sorted by it.
    pub due: u64,
    /// How often in a row it could not be reached.
    pub attempts: u64,
    /// Whether it is given up.
    pub ended: bool,
}

/// Puts a location into the line. `attempts`: how often in a row it could not be reached before.
pub fn place(arrival: Arrival, attempts: u64, now: u64) -> Placed {
    match arrival {
        Arrival::New | Arrival::Yield => Placed { due: now, attempts: 0, ended: false },
        Arrival::Until(due) => Placed { due: due.max(now), attempts: 0, ended: false },
        Arrival::Unreached => {
            let attempts = attempts + 1;
            Placed { due: now + backoff(attempts), attempts, ended: attempts >= MAX_ATTEMPTS }
        }
    }
}

/// One that has a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The location's id.
    pub location: String,
    /// When it reported last, or its message was sent last, in milliseconds since 1970.
    pub heard: u64,
    /// How often its message was sent again since it reported.
    pub sent: u64,
}

/// What a look at those that have a slot has shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    /// Whose message is to be sent again.
    pub again: Vec<String>,
    /// Who is taken to the line as not reached.
    pub lost: Vec<String>,
    /// Whether nothing moves.
    pub stalled: bool,
    /// When to look again; 0 where nobody has a slot.
    pub wake_at: u64,
}

/// Looks at all that have a slot. `moved`: when anything was read, ended or admitted last.
pub fn watch(running: &[Running], moved: u64, now: u64) -> Watched {
    let mut watched = Watched::default();
    let mut next = if running.is_empty() { 0 } else { now + SILENT_MS };
    for one in running {
        let due = one.heard + SILENT_MS;
        if due > now {
            next = next.min(due);
        } else if one.sent >= MAX_SENT {
            watched.lost.push(one.location.clone());
        } else {
            watched.again.push(one.location.clone());
        }
    }
    watched.stalled = now.saturating_sub(moved) >= STALLED_MS;
    watched.wake_at = next;
    watched
}
