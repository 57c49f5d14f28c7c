//! What a company decides: whose turn it is, who was lost, whether anything moves.
//!
//! The line is first come, first served. Whoever has used up its turn goes to its end, whoever failed comes back after a pause
//! of its own, so that neither a big location nor a broken one makes others wait. A company never looks at its whole line: the
//! heads that are passed in are enough.

use super::location::{backoff, MAX_PAUSE_MS};

/// Who was at work and has said nothing for so many milliseconds is sent its message again, which changes nothing where it still is.
const SILENT_MS: u64 = 60_000;

/// The same of who has not spoken since its message was sent, which may be lost: a location speaks when its turn begins. The next
/// pauses are longer each.
const UNANSWERED_MS: u64 = 3_000;

/// As often as that; then its slot is given to others.
const MAX_SENT: u64 = 5;

/// A run in which nothing was read or ended for so many milliseconds stands still.
const STALLED_MS: u64 = 300_000;

/// How often in a row a location may not be reached before it is given up.
const MAX_ATTEMPTS: u64 = 6;

/// So often a location is looked at again that names a time which no pause reaches: its clock is ahead, or was.
const UNBELIEVED_MS: u64 = 300_000;

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
/// enough. Whoever would wait for longer than anybody is made to was placed by a clock that was ahead, and is due.
pub fn admit(parallel: u64, running: u64, waiting: &[Waiting], now: u64) -> Admitted {
    let mut admitted = Admitted::default();
    let free = parallel.max(1).saturating_sub(running);
    for one in waiting {
        if admitted.start.len() as u64 >= free {
            break;
        }
        if one.due > now && one.due - now <= MAX_PAUSE_MS {
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
        Arrival::Until(due) => {
            let due = if due > now + MAX_PAUSE_MS { now + UNBELIEVED_MS } else { due.max(now) };
            Placed { due, attempts: 0, ended: false }
        }
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

/// For how long nothing has to be heard of one, in milliseconds, whose message was sent so often since it spoke.
fn patience(sent: u64) -> u64 {
    match sent {
        0 => SILENT_MS,
        _ => (UNANSWERED_MS * 3_u64.pow(sent.min(4) as u32 - 1)).min(SILENT_MS),
    }
}

/// Looks at all that have a slot. `moved`: when anything was read or ended last.
pub fn watch(running: &[Running], moved: u64, now: u64) -> Watched {
    let mut watched = Watched::default();
    let mut next = if running.is_empty() { 0 } else { now + SILENT_MS };
    for one in running {
        let due = one.heard + patience(one.sent);
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_796_025_600_000;

    fn line(dues: &[u64]) -> Vec<Waiting> {
        dues.iter().enumerate().map(|(i, due)| Waiting { location: format!("loc{i}"), due: *due }).collect()
    }

    #[test]
    fn free_slots_go_to_the_head_of_the_line_and_nobody_starts_before_it_is_due() {
        let dues = [NOW - 5, NOW, NOW + 1, NOW + 9];
        for (parallel, running, start, wake_at) in [
            (64, 0, &["loc0", "loc1"][..], NOW + 1),
            (64, 62, &["loc0", "loc1"], 0),
            (64, 61, &["loc0", "loc1"], NOW + 1),
            (64, 63, &["loc0"], 0),
            (64, 64, &[], 0),
            (64, 99, &[], 0),
            (0, 0, &["loc0"], 0),
        ] {
            let admitted = admit(parallel, running, &line(&dues), NOW);
            assert_eq!(
                (admitted.start, admitted.wake_at),
                (start.iter().map(|&s| s.into()).collect(), wake_at),
                "{parallel} {running}"
            );
        }
        assert_eq!(admit(64, 0, &[], NOW), Admitted::default());
    }

    #[test]
    fn who_was_placed_by_a_clock_that_was_ahead_is_due() {
        let (hour, day, year) = (3_600_000, 86_400_000, 31_536_000_000);
        let admitted = admit(64, 0, &line(&[NOW + hour + 1, NOW + day, NOW + year]), NOW);
        assert_eq!((admitted.start.len(), admitted.wake_at), (3, 0));
        let admitted = admit(64, 0, &line(&[NOW, NOW + hour, NOW + year]), NOW);
        assert_eq!(
            (admitted.start, admitted.wake_at),
            (vec!["loc0".to_owned()], NOW + hour),
            "behind those that are right"
        );
    }

    #[test]
    fn the_line_is_first_come_first_served_and_who_cannot_be_reached_comes_back_later_until_it_is_given_up() {
        assert_eq!(place(Arrival::New, 5, NOW), Placed { due: NOW, attempts: 0, ended: false });
        assert_eq!(place(Arrival::Yield, 5, NOW), Placed { due: NOW, attempts: 0, ended: false });
        assert_eq!(place(Arrival::Until(NOW + 7), 5, NOW), Placed { due: NOW + 7, attempts: 0, ended: false });
        assert_eq!(place(Arrival::Until(NOW - 7), 5, NOW).due, NOW, "not before those that wait already");
        assert_eq!(place(Arrival::Until(NOW + 3_600_000), 0, NOW).due, NOW + 3_600_000, "the longest pause");
        for ahead in [3_600_001, 86_400_000, 365 * 86_400_000, 8_000_000_000_000_000] {
            assert_eq!(
                place(Arrival::Until(NOW + ahead), 0, NOW).due,
                NOW + 300_000,
                "a clock that is {ahead} ms ahead"
            );
        }
        let mut placed = Placed { due: 0, attempts: 0, ended: false };
        let mut pauses = Vec::new();
        while !placed.ended {
            placed = place(Arrival::Unreached, placed.attempts, NOW);
            pauses.push(placed.due - NOW);
        }
        assert_eq!(pauses, [5_000, 10_000, 20_000, 40_000, 80_000, 160_000]);
    }

    #[test]
    fn who_is_silent_is_sent_its_message_again_and_then_is_lost() {
        let one = |location: &str, ago: u64, sent| Running { location: location.into(), heard: NOW - ago, sent };
        let running = [
            one("working", 59_990, 0),
            one("silent", 60_000, 0),
            one("sent", 2_999, 1),
            one("unanswered", 3_000, 1),
            one("twice", 8_999, 2),
            one("thrice", 26_999, 3),
            one("lost", 75_000, 5),
        ];
        let watched = watch(&running, NOW, NOW);
        assert_eq!((watched.again, watched.lost), (vec!["silent".into(), "unanswered".into()], vec!["lost".into()]));
        assert_eq!((watched.stalled, watched.wake_at), (false, NOW + 1));
        assert_eq!(watch(&running[..1], NOW, NOW).wake_at, NOW + 10);
        assert_eq!(watch(&[], NOW, NOW), Watched::default());
    }

    #[test]
    fn a_run_in_which_nothing_moves_stands_still() {
        assert!(!watch(&[], NOW - 299_999, NOW).stalled);
        assert!(watch(&[], NOW - 300_000, NOW).stalled);
        assert!(!watch(&[], NOW + 5, NOW).stalled, "after the clock was set back");
    }
}
