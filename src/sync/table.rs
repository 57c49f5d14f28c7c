//! The table of a location: what it does next, whatever has come.

use super::*;
use crate::chance::Chance;
use std::fmt::Write as _;

/// 2026-11-30T08:00:00Z
pub(super) const NOW: u64 = 1_796_025_600_000;
const DAY: u64 = 86_400_000;

pub(super) fn start(run: &str) -> Start<'_> {
    Start {
        run,
        company: "comp",
        location: "loc",
        started: NOW,
        slice: 0,
        streams: &Stream::ALL,
        mode: Mode::Full,
        details: false,
        trailing_ms: None,
        full_every_ms: None,
        slice_pages: None,
        resumed: 0,
    }
}

fn begun(start: &Start<'_>) -> Location {
    let mut at = Location::default();
    assert_eq!(at.start(start, NOW), Started::Begun(String::new()));
    at
}

fn job(then: Then) -> Job {
    match then {
        Then::Read(job) | Then::Verify(job) => job,
        other => panic!("{other:?} is no work"),
    }
}

fn chunk<'c>(job: &'c Job, records: u64, cursor: &'c str) -> Chunk<'c> {
    Chunk {
        run: &job.run,
        hint: job.hint,
        stream: job.stream,
        seq: job.seq,
        pages: records.div_ceil(100).max(1),
        records,
        fresh: records,
        left_out: 0,
        total: Some(records),
        cursor,
        file: Some(File { bytes: 10 }),
    }
}

fn check<'v>(job: &'v Job, after: &'v str) -> Verified<'v> {
    Verified { run: &job.run, stream: job.stream, seq: job.seq, after, fresh: 0, deleted: 1, file: None }
}

/// Carries out whatever it wants from `now` on, each list with one chunk of 30 records and one candidate; gives what that was.
fn carry_out(at: &mut Location, now: u64) -> String {
    let mut log = String::new();
    for _ in 0..50 {
        // Each step begins from text, as in the object.
        *at = Location::read(&at.text());
        match at.next(now, false) {
            Then::Read(job) => {
                write!(log, "{} {}{} ", job.stream.name(), job.start_at, if job.hint { "hint" } else { "" }).unwrap();
                assert!(at.read_chunk(&chunk(&job, 30, ""), now));
            }
            Then::Verify(job) => {
                write!(log, "check {} ", job.stream.name()).unwrap();
                assert!(at.verified(&check(&job, "")));
            }
            Then::Ended => {
                write!(log, "ended ").unwrap();
                at.reported(&at.run.clone());
            }
            Then::Rest(0) => return log,
            other => {
                write!(log, "{other:?}").unwrap();
                return log;
            }
        }
    }
    panic!("it does not end: {log}");
}

const FULL: &str = "orders  check orders transactions  check transactions subscriptions  check subscriptions coupons  check coupons ended ";

#[test]
fn a_full_run_reads_every_list_and_asks_for_what_it_did_not_name() {
    let mut at = begun(&start("r1"));
    assert_eq!(carry_out(&mut at, NOW), FULL);
    assert_eq!((at.phase, at.passed, at.whole), (Phase::Done, [NOW; 4], [NOW; 4]));
    let orders = &at.readings[0];
    assert_eq!((orders.records, orders.deleted, orders.pages, orders.files, orders.bytes), (30, 1, 1, 1, 10));
}

#[test]
fn a_window_goes_back_behind_the_last_pass_and_what_takes_no_first_day_is_read_whole() {
    let mut at = begun(&start("r1"));
    carry_out(&mut at, NOW);
    let window = |run, now, full_every_ms| Start { mode: Mode::Window, started: now, full_every_ms, ..start(run) };
    let now = NOW + 2 * DAY;
    assert_eq!(at.start(&window("r2", now, None), now), Started::Begun(String::new()));
    let log = "orders 2026-11-23 transactions 2026-11-23 subscriptions 2026-11-23 coupons  check coupons ended ";
    assert_eq!(carry_out(&mut at, now), log);
    assert_eq!((at.passed, at.whole), ([now; 4], [NOW, NOW, NOW, now]));
    // The window goes back behind the last pass, not behind the last whole one.
    let now = NOW + 6 * DAY;
    at.start(&Start { trailing_ms: Some(DAY), ..window("r3", now, None) }, now);
    assert!(carry_out(&mut at, now).starts_with("orders 2026-12-01 "));
    // Seven days after the whole one it is due again; where another time is named, by that.
    let now = NOW + 7 * DAY;
    at.start(&window("r4", now, None), now);
    assert_eq!(carry_out(&mut at, now), FULL);
    at.start(&window("r5", now + DAY, Some(DAY)), now + DAY);
    assert_eq!(carry_out(&mut at, now + DAY), FULL);
}

#[test]
fn a_list_that_was_never_read_is_read_whole_whatever_the_mode() {
    let orders = [Stream::Orders];
    let mut at = begun(&Start { streams: &orders, ..start("r1") });
    carry_out(&mut at, NOW);
    at.start(&Start { mode: Mode::Window, started: NOW + DAY, ..start("r2") }, NOW + DAY);
    let log = carry_out(&mut at, NOW + DAY);
    assert!(log.starts_with("orders 2026-11-23 transactions  check transactions "), "{log}");
}

#[test]
fn lists_are_read_in_the_order_that_was_asked_for_and_once() {
    let streams = [Stream::Coupons, Stream::Orders, Stream::Coupons];
    let mut at = begun(&Start { streams: &streams, ..start("r1") });
    assert_eq!(carry_out(&mut at, NOW), "coupons  check coupons orders  check orders ended ");
}

#[test]
fn a_message_that_comes_twice_late_or_behind_a_later_one_changes_nothing() {
    let mut at = begun(&start("r1"));
    let first = job(at.next(NOW, false));
    assert!(at.read_chunk(&chunk(&first, 1000, "c1"), NOW));
    let before = at.clone();
    assert_eq!(at.start(&start("r1"), NOW + 1), Started::Same, "twice");
    assert_eq!(at.start(&Start { started: NOW - 1, ..start("r0") }, NOW + 1), Started::Same, "a run from before");
    assert_eq!(at.start(&Start { slice: 7, started: NOW - 1, ..start("r0") }, NOW + 1), Started::Same);
    assert_eq!(at.start(&start("r0"), NOW + 1), Started::Same, "of two that began at the same time the name decides");
    assert_eq!(at, before);
    assert_eq!(at.clone().start(&start("r2"), NOW + 1), Started::Begun("r1".into()));
    carry_out(&mut at, NOW);
    let before = at.clone();
    for slice in [0, 1, 9] {
        assert_eq!(at.start(&Start { slice, ..start("r1") }, NOW + 1), Started::Same, "what is done is done");
    }
    assert_eq!(at, before);
}

#[test]
fn a_later_run_takes_the_place_of_one_that_has_not_ended_and_nothing_of_that_counts_for_it() {
    let mut at = begun(&start("r1"));
    let old = job(at.next(NOW, false));
    let later = Start { started: NOW + 1, ..start("r2") };
    assert_eq!(at.start(&later, NOW + 1), Started::Begun("r1".into()));
    let before = at.clone();
    assert!(!at.read_chunk(&chunk(&old, 30, ""), NOW + 2), "the chunk of the other run");
    assert_eq!(at, before);
    assert_eq!(carry_out(&mut at, NOW + 3), FULL);
}

#[test]
fn a_chunk_counts_once_and_only_the_one_that_is_waited_for() {
    let mut at = begun(&start("r1"));
    let first = job(at.next(NOW, false));
    assert_eq!((first.most, first.from.as_str(), first.seq), (10, "", 0));
    assert!(at.read_chunk(&chunk(&first, 1000, "c1"), NOW));
    let before = at.clone();
    assert!(!at.read_chunk(&chunk(&first, 1000, "c1"), NOW), "twice");
    let other = Job { stream: Stream::Coupons, seq: 1, ..first.clone() };
    assert!(!at.read_chunk(&chunk(&other, 1, ""), NOW), "another list");
    let early = Job { seq: 1, ..first.clone() };
    assert!(!at.verified(&check(&early, "")), "a check before the list has ended");
    assert_eq!(at, before);
    let second = job(at.next(NOW, false));
    assert_eq!((second.from.as_str(), second.seq, first.walked, second.walked), ("c1", 1, 0, 1000));
    // Cut off before it was told: the same work again, also from what was stored.
    assert_eq!(job(Location::read(&at.text()).next(NOW, false)), second);
}

#[test]
fn candidates_are_asked_for_in_bounded_numbers_until_none_is_left() {
    let streams = [Stream::Orders];
    let mut at = begun(&Start { streams: &streams, ..start("r1") });
    let list = job(at.next(NOW, false));
    at.read_chunk(&chunk(&list, 30, ""), NOW);
    let first = job(at.next(NOW, false));
    assert_eq!((first.most, first.from.as_str(), first.seq), (100, "", 1));
    let verified = Verified { fresh: 3, deleted: 97, file: Some(File { bytes: 5 }), ..check(&first, "id100") };
    assert!(at.verified(&verified));
    assert!(!at.verified(&verified), "twice");
    let second = job(at.next(NOW, false));
    assert_eq!((second.from.as_str(), second.seq), ("id100", 2));
    assert!(at.verified(&Verified { deleted: 0, ..check(&second, "") }));
    assert_eq!(at.next(NOW, false), Then::Ended);
    let orders = &at.readings[0];
    assert_eq!((orders.records, orders.deleted, orders.files, orders.bytes), (33, 97, 2, 15));
}

#[test]
fn the_end_is_told_until_the_company_knows_it() {
    let streams = [Stream::Coupons];
    let mut at = begun(&Start { streams: &streams, ..start("r1") });
    let list = job(at.next(NOW, false));
    at.read_chunk(&chunk(&list, 30, ""), NOW);
    let last = job(at.next(NOW, false));
    at.verified(&check(&last, ""));
    assert_eq!((at.next(NOW, true), at.next(NOW, true)), (Then::Ended, Then::Ended));
    at.reported("another");
    assert_eq!(at.next(NOW, true), Then::Ended);
    at.reported("r1");
    assert_eq!(at.next(NOW, true), Then::Rest(0));
}

#[test]
fn a_turn_that_is_used_up_ends_only_while_others_wait() {
    let slice = Start { slice_pages: Some(25), ..start("r1") };
    let mut at = begun(&slice);
    for (pages, next) in [(10, 10), (10, 5), (5, 0)] {
        let one = job(at.next(NOW, true));
        at.read_chunk(&Chunk { pages, total: Some(100_000), ..chunk(&one, pages * 100, "c") }, NOW);
        if next > 0 {
            assert_eq!(job(at.next(NOW, true)).most, next);
        }
    }
    assert_eq!(job(at.clone().next(NOW, false)).most, 10, "nobody waits");
    assert_eq!(at.next(NOW, true), Then::Yield(0));
    assert_eq!(at.next(NOW, false), Then::Yield(0), "until it gets another turn");
    assert_eq!(at.start(&slice, NOW), Started::Same, "the message of the turn that is over");
    assert_eq!(at.start(&Start { slice: 1, ..slice }, NOW), Started::Begun(String::new()));
    assert_eq!(job(at.next(NOW, true)).most, 10);
    // A server that is slow uses its turn up by time; one chunk it gets in any case.
    assert!(matches!(at.next(NOW + DAY, true), Then::Read(_)));
    let one = job(at.next(NOW + DAY, true));
    at.read_chunk(&Chunk { pages: 1, total: Some(100_000), ..chunk(&one, 100, "c") }, NOW + DAY);
    assert_eq!(at.next(NOW + DAY, true), Then::Yield(0));
}

#[test]
fn what_fails_gives_its_slot_back_and_is_given_up_when_it_has_failed_too_often_in_a_row() {
    let mut at = begun(&start("r1"));
    let mut pauses = Vec::new();
    let mut now = NOW;
    for slice in 1.. {
        match at.failed("r1", false, Failure::Failed, "the server\nis down", now) {
            Then::Yield(until) => {
                pauses.push(until - now);
                assert_eq!(at.reason, "the server is down");
                now = until;
                at.start(&Start { slice, ..start("r1") }, now);
            }
            then => {
                assert_eq!((then, at.phase), (Then::Ended, Phase::Failed));
                break;
            }
        }
    }
    assert_eq!(pauses, [5_000, 10_000, 20_000, 40_000, 80_000]);
    assert_eq!((at.failures, at.reason.as_str()), (6, "the server is down"));
    // Whoever reads something in between is not given up.
    let mut at = begun(&start("r1"));
    for round in 0..20 {
        assert!(matches!(at.failed("r1", false, Failure::Failed, "x", NOW), Then::Yield(_)));
        at.start(&Start { slice: round + 1, ..start("r1") }, NOW + DAY);
        let one = job(at.next(NOW + DAY, false));
        at.read_chunk(&Chunk { total: Some(100_000), ..chunk(&one, 100, "c") }, NOW);
        assert_eq!((at.attempts, at.reason.as_str()), (0, ""));
    }
    assert_eq!(at.failures, 20);
}

#[test]
fn who_was_given_up_or_revoked_can_be_tried_again_from_where_it_was_or_anew_once_that_is_forgotten() {
    for (failure, phase) in [(Failure::Revoked, Phase::Revoked), (Failure::Failed, Phase::Failed)] {
        for reported in [false, true] {
            let mut at = begun(&start("r1"));
            let one = job(at.next(NOW, false));
            at.read_chunk(&Chunk { total: Some(5000), ..chunk(&one, 1000, "c1") }, NOW);
            while !at.phase.is_end() {
                at.failed("r1", false, failure, "why", NOW);
                at.phase = if at.phase == Phase::Waiting { Phase::Running } else { at.phase };
            }
            assert_eq!((at.phase, at.next(NOW, false)), (phase, Then::Ended));
            if reported {
                at.reported("r1");
            }
            assert_eq!(at.start(&start("r1"), NOW), Started::Same, "the message of the turn that is over");
            assert_eq!(at.start(&Start { slice: 1, ..start("r1") }, NOW), Started::Begun(String::new()));
            let next = job(at.next(NOW, false));
            let (from, records) = if reported { ("", 0) } else { ("c1", 1000) };
            assert_eq!((next.from.as_str(), next.seq, at.readings[0].records), (from, 1, records));
            assert_eq!((at.attempts, at.reason.as_str()), (0, ""));
        }
    }
}

#[test]
fn the_limits_make_it_wait_and_the_limit_of_the_day_gives_the_slot_to_others() {
    let limited = |at: &mut Location, ms, now| at.failed("r1", false, Failure::Limited(ms), "429", now);
    let mut at = begun(&start("r1"));
    assert_eq!(limited(&mut at, Some(2_000), NOW), Then::Wait(NOW + 2_000));
    assert_eq!(at.next(NOW + 1_999, true), Then::Wait(NOW + 2_000));
    assert!(matches!(at.next(NOW + 2_000, true), Then::Read(_)));
    assert_eq!(limited(&mut at, None, NOW), Then::Wait(NOW + 5_000));
    assert_eq!(limited(&mut at, Some(9_000), NOW), Then::Yield(NOW + 9_000));
    // Six times in ten minutes, for a day: nobody's fault.
    let mut now = NOW;
    for slice in 1..150 {
        at.start(&Start { slice, ..start("r1") }, now);
        assert_eq!(limited(&mut at, Some(600_000), now), Then::Yield(now + 600_000));
        now += 600_000;
    }
    // A server that never lets anything through is given up all the same.
    let mut turns = 150;
    while at.phase != Phase::Failed {
        at.start(&Start { slice: turns, ..start("r1") }, now);
        limited(&mut at, Some(600_000), now);
        (turns, now) = (turns + 1, now + 600_000);
    }
    assert!(turns < 170, "{turns}");
    let mut at = begun(&start("r1"));
    let waits = (0..100).take_while(|_| limited(&mut at, Some(1_000), NOW) != Then::Ended).count();
    assert_eq!((waits, at.phase), (39, Phase::Failed));
}

#[test]
fn who_is_limited_for_long_gives_the_slot_back_each_time_that_it_gets_one() {
    let mut at = begun(&start("r1"));
    let until = NOW + 1_800_000;
    assert_eq!(at.failed("r1", false, Failure::Limited(Some(1_800_000)), "429", NOW), Then::Yield(until));
    for slice in 1..4 {
        // Somebody resumes the run, and it is begun before its time.
        assert_eq!(at.start(&Start { slice, ..start("r1") }, NOW + slice), Started::Begun(String::new()));
        assert_eq!(at.next(NOW + slice, true), Then::Yield(until));
        assert_eq!(at.phase, Phase::Waiting);
    }
    at.start(&Start { slice: 4, ..start("r1") }, until);
    assert!(matches!(at.next(until, true), Then::Read(_)));
}

#[test]
fn a_run_that_is_resumed_waits_for_nothing_but_the_limits_of_highlevel() {
    // A list, and what stores the records: a turn that comes before its time goes on at once.
    for failure in [Failure::List(Stream::Orders), Failure::Failed] {
        let streams = [Stream::Orders];
        let orders = Start { streams: &streams, ..start("r1") };
        let mut at = begun(&orders);
        assert_eq!(at.failed("r1", false, failure, "503", NOW), Then::Yield(NOW + 5_000));
        at.start(&Start { slice: 1, ..orders }, NOW);
        assert_eq!(at.next(NOW, true), Then::Wait(NOW + 5_000), "nobody has resumed it");
        assert_eq!(at.failed("r1", false, failure, "503", NOW), Then::Yield(NOW + 10_000));
        let resumed = Start { slice: 2, resumed: NOW + 1, ..orders };
        at = Location::read(&at.text());
        assert_eq!(at.start(&resumed, NOW + 1), Started::Begun(String::new()));
        assert!(matches!(at.next(NOW + 1, true), Then::Read(_)));
        assert_eq!(at.failures, 2);
        // The same message again: what has failed since waits.
        let until = match at.failed("r1", false, failure, "503", NOW + 1) {
            Then::Yield(until) => until,
            other => panic!("{other:?}"),
        };
        assert_eq!(at.start(&resumed, NOW + 2), Started::Same);
        assert_eq!(at.next(NOW + 2, true), Then::Yield(until));
        // One that is at work is sent the message of its turn again; also by a clock that was set back.
        let later = Start { resumed: NOW - DAY, ..resumed };
        assert_eq!((at.start(&later, NOW + 3), at.start(&later, NOW + 4)), (Started::Resumed, Started::Same));
        assert_eq!(at.next(NOW + 4, true), Then::Yield(0), "it gets its next turn at once");
        let early = Start { slice: 1, resumed: NOW + 9, ..orders };
        assert_eq!(at.start(&early, NOW + 4), Started::Same, "the message of a turn that is over");
    }
    // While it keeps its slot.
    let mut at = begun(&start("r1"));
    at.failed("r1", false, Failure::Limited(Some(2_000)), "429", NOW);
    assert_eq!(at.start(&Start { resumed: NOW, ..start("r1") }, NOW), Started::Resumed);
    assert_eq!(at.next(NOW, true), Then::Wait(NOW + 2_000));
    // The limit of the day.
    let hour = 3_600_000;
    assert_eq!(at.failed("r1", false, Failure::Limited(Some(hour)), "429", NOW), Then::Yield(NOW + hour));
    at.start(&Start { slice: 1, resumed: NOW + 5, ..start("r1") }, NOW + 5);
    assert_eq!(at.next(NOW + 5, true), Then::Yield(NOW + hour));
    // What it failed with behind that is none.
    at.start(&Start { slice: 2, resumed: NOW + 5, ..start("r1") }, NOW + hour);
    assert_eq!(at.failed("r1", false, Failure::Failed, "D1", NOW + hour), Then::Yield(NOW + hour + 5_000));
    at.start(&Start { slice: 3, resumed: NOW + hour, ..start("r1") }, NOW + hour);
    assert!(matches!(at.next(NOW + hour, true), Then::Read(_)));
}

#[test]
fn a_clock_that_was_ahead_makes_nothing_wait_longer_than_it_was_to() {
    for ahead in [30_000, 3_600_000, DAY, 400 * DAY] {
        let wrong = NOW + ahead;
        for failure in [Failure::List(Stream::Orders), Failure::Failed, Failure::Limited(Some(60_000))] {
            let streams = [Stream::Orders];
            let orders = Start { streams: &streams, ..start("r1") };
            let mut at = Location::default();
            at.start(&orders, wrong);
            let Then::Yield(until) = at.failed("r1", false, failure, "503", wrong) else { panic!("{failure:?}") };
            let pause = until - wrong;
            at = Location::read(&at.text());
            at.start(&Start { slice: 1, ..orders }, NOW);
            // It is at the head of the line, by a company whose clock is right.
            let told = at.next(NOW, true);
            assert!(told == Then::Yield(NOW + pause) || told == Then::Wait(NOW + pause), "{ahead}: {told:?}");
            at.start(&Start { slice: 2, ..orders }, NOW + pause);
            assert!(matches!(at.next(NOW + pause, true), Then::Read(_)), "{ahead}");
        }
        // A turn, which is over by time as well.
        let mut at = Location::default();
        at.start(&start("r1"), wrong);
        let one = job(at.next(wrong, true));
        at.read_chunk(&Chunk { pages: 1, total: Some(100_000), ..chunk(&one, 100, "c") }, wrong);
        assert!(matches!(at.next(NOW, true), Then::Read(_)));
        assert_eq!(at.next(NOW + 20_000, true), Then::Yield(0));
        // A hint.
        let mut at = begun(&start("r1"));
        carry_out(&mut at, NOW);
        assert_eq!(at.hint(None, wrong), wrong + 2_000);
        assert_eq!((at.hint(None, NOW), at.next(NOW, false)), (NOW + 2_000, Then::Rest(NOW + 2_000)));
        assert!(matches!(at.next(NOW + 2_000, false), Then::Read(Job { hint: true, .. })));
    }
}

#[test]
fn a_list_that_was_read_by_a_clock_that_was_ahead_is_read_whole_again() {
    let mut at = Location::default();
    at.start(&start("r1"), NOW + 400 * DAY);
    carry_out(&mut at, NOW + 400 * DAY);
    assert_eq!(at.passed, [NOW + 400 * DAY; 4]);
    let due = at.hint(Some(Stream::Orders), NOW + DAY);
    assert_eq!(carry_out(&mut at, due), "orders 2026-11-30hint ", "and not a day of the next year");
    at.start(&Start { mode: Mode::Window, started: NOW + DAY, ..start("r2") }, NOW + DAY);
    assert_eq!(carry_out(&mut at, NOW + DAY), FULL);
    assert_eq!((at.passed, at.whole), ([NOW + DAY; 4], [NOW + DAY; 4]));
    at.start(&Start { mode: Mode::Window, started: NOW + 2 * DAY, ..start("r3") }, NOW + 2 * DAY);
    assert!(carry_out(&mut at, NOW + 2 * DAY).starts_with("orders 2026-11-24 "));
}

#[test]
fn who_is_limited_for_longer_than_an_hour_ends_and_says_until_when() {
    for (ms, reason) in [
        (3_600_001, "limited until 2026-11-30T09:00:01Z: 429"),
        (57_600_000, "limited until 2026-12-01T00:00:00Z: 429"),
        (DAY * 365, "limited until 2027-11-30T08:00:00Z: 429"),
        (u64::MAX, "limited until 9999-12-31T23:59:59Z: 429"),
    ] {
        let mut at = begun(&start("r1"));
        assert_eq!(at.failed("r1", false, Failure::Limited(Some(ms)), "429", NOW), Then::Ended);
        assert_eq!(at.next(NOW, true), Then::Ended);
        assert_eq!((at.phase, at.problem()), (Phase::Failed, reason));
        at.reported("r1");
        // The next run picks it up.
        at.start(&Start { started: NOW + 1, ..start("r2") }, NOW + 1);
        assert!(matches!(at.next(NOW + 1, true), Then::Read(_)), "{reason}");
    }
    let mut at = begun(&start("r1"));
    let hour = 3_600_000;
    assert_eq!(at.failed("r1", false, Failure::Limited(Some(hour)), "429", NOW), Then::Yield(NOW + hour));
}

#[test]
fn a_list_that_fails_keeps_no_other_from_being_read_and_is_tried_again_behind_them() {
    for failing in Stream::ALL {
        let mut at = begun(&start("r1"));
        let (mut now, mut slice, mut tries) = (NOW, 0, 0);
        loop {
            at = Location::read(&at.text());
            match at.next(now, true) {
                Then::Read(job) if job.stream == failing => {
                    tries += 1;
                    at.failed("r1", false, Failure::List(failing), "503", now);
                    assert!(tries == 1 || at.readings.iter().filter(|reading| !reading.done).count() == 1);
                }
                Then::Read(job) => assert!(at.read_chunk(&chunk(&job, 30, ""), now)),
                Then::Verify(job) => assert!(at.verified(&check(&job, ""))),
                Then::Wait(until) => now = until,
                Then::Yield(until) => {
                    (slice, now) = (slice + 1, now.max(until));
                    at.start(&Start { slice, ..start("r1") }, now);
                }
                _ => break,
            }
        }
        assert_eq!((at.phase, at.problem(), tries, at.failures), (Phase::Failed, "503", 6, 6));
        for reading in &at.readings {
            assert_eq!(
                (reading.done, reading.records),
                if reading.stream == failing { (false, 0) } else { (true, 30) }
            );
        }
        // It is tried again, and comes back: nothing of the failures is left.
        at.start(&Start { slice: slice + 1, ..start("r1") }, now);
        assert_eq!(carry_out(&mut at, now), format!("{0}  check {0} ended ", failing.name()));
        assert_eq!((at.phase, at.problem()), (Phase::Done, ""));
    }
}

#[test]
fn where_every_list_fails_each_is_asked_for_once_before_it_waits() {
    let mut at = begun(&start("r1"));
    let mut now = NOW;
    let mut rounds = Vec::new();
    for slice in 1..100 {
        let mut asked = 0;
        let until = loop {
            match at.next(now, false) {
                Then::Read(job) => {
                    asked += 1;
                    at.failed("r1", false, Failure::List(job.stream), "500", now);
                }
                Then::Yield(until) => break until,
                _ => break 0,
            }
        };
        rounds.push((asked, until.saturating_sub(now) / 1000));
        if until == 0 {
            break;
        }
        now = until;
        at.start(&Start { slice, ..start("r1") }, now);
    }
    assert_eq!(rounds, [(4, 5), (4, 10), (4, 20), (4, 40), (4, 80), (4, 0)]);
    assert_eq!((at.phase, at.problem()), (Phase::Failed, "500"));
}

#[test]
fn a_list_that_cannot_be_believed_keeps_no_other_from_being_read() {
    let mut at = begun(&start("r1"));
    let orders = job(at.next(NOW, false));
    at.read_chunk(&Chunk { total: Some(5_000), ..chunk(&orders, 10, "") }, NOW);
    let log = "transactions  check transactions subscriptions  check subscriptions coupons  check coupons ended ";
    assert_eq!(carry_out(&mut at, NOW), log);
    assert_eq!((at.phase, at.reason.as_str()), (Phase::Failed, "the list ended long before its own total"));
}

#[test]
fn what_is_left_out_does_not_count_as_read_and_is_not_missing_either() {
    let mut at = begun(&start("r1"));
    let one = job(at.next(NOW, false));
    at.read_chunk(&Chunk { left_out: 900, ..chunk(&one, 1_000, "") }, NOW);
    assert_eq!((at.readings[0].records, at.readings[0].left_out, at.readings[0].attempts), (100, 900, 0));
    assert!(at.readings[0].listed);
}

#[test]
fn a_failure_of_another_run_or_of_one_that_has_ended_changes_nothing() {
    let mut at = begun(&start("r2"));
    let before = at.clone();
    assert!(matches!(at.failed("r1", false, Failure::Revoked, "x", NOW), Then::Read(_)));
    assert_eq!((at.phase, at.failures), (before.phase, 0));
    carry_out(&mut at, NOW);
    let before = at.clone();
    assert_eq!(at.failed("r2", false, Failure::Failed, "x", NOW), Then::Rest(0));
    assert_eq!(at, before);
}

#[test]
fn a_reason_is_short_and_on_one_line() {
    let mut at = begun(&start("r1"));
    at.failed("r1", false, Failure::Revoked, &"a\u{0}\r\n\u{e9}".repeat(500), NOW);
    assert_eq!(at.reason.chars().count(), 300);
    assert!(!at.reason.contains(char::is_control));
}

#[test]
fn a_list_that_does_not_end_is_given_up_and_read_from_its_front_when_it_is_tried_again() {
    // It holds ever new records, though it said that there are 50.
    let streams = [Stream::Orders];
    let mut at = begun(&Start { streams: &streams, ..start("r1") });
    let mut chunks = 0;
    while !at.phase.is_end() {
        let one = job(at.next(NOW, false));
        at.read_chunk(&Chunk { total: Some(50), ..chunk(&one, 1000, "more") }, NOW);
        chunks += 1;
        assert!(chunks < 100);
        at.next(NOW, false);
    }
    assert_eq!((at.phase, chunks), (Phase::Failed, 11));
    assert!(at.reason.contains("does not end"), "{}", at.reason);
    at.start(&Start { slice: 1, ..start("r1") }, NOW);
    let next = job(at.next(NOW, false));
    assert_eq!((next.from.as_str(), next.seq), ("", 11));
    // Or its pages bring nothing.
    let mut at = begun(&Start { streams: &streams, ..start("r1") });
    for _ in 0..3 {
        let one = job(at.next(NOW, false));
        at.read_chunk(&Chunk { file: None, ..chunk(&one, 0, "more") }, NOW);
    }
    assert_eq!(at.next(NOW, false), Then::Ended);
    assert_eq!(at.phase, Phase::Failed);
    // One that grows while it is read is fine, and so is one whose records the run has met before.
    let mut at = begun(&start("r1"));
    for total in 1..100 {
        let one = job(at.next(NOW, false));
        at.read_chunk(&Chunk { total: Some(50_000 + total * 500), fresh: 0, ..chunk(&one, 1000, "more") }, NOW);
    }
    assert_eq!(at.phase, Phase::Running);
}

#[test]
fn a_list_that_ends_long_before_its_own_total_is_not_taken_for_whole() {
    for (records, total, phase) in
        [(100, 5_000, Phase::Failed), (0, 101, Phase::Failed), (0, 100, Phase::Running), (4_000, 5_000, Phase::Running)]
    {
        let streams = [Stream::Orders];
        let mut at = begun(&Start { streams: &streams, ..start("r1") });
        let one = job(at.next(NOW, false));
        at.read_chunk(&Chunk { total: Some(total), ..chunk(&one, records, "") }, NOW);
        at.next(NOW, false);
        assert_eq!(at.phase, phase, "{records} of {total}");
        assert_eq!(at.passed[0], 0);
    }
    // It was long when it was begun, and its records were deleted meanwhile.
    let mut at = begun(&start("r1"));
    let one = job(at.next(NOW, false));
    at.read_chunk(&Chunk { total: Some(90_000), ..chunk(&one, 1000, "c") }, NOW);
    let two = job(at.next(NOW, false));
    at.read_chunk(&Chunk { total: Some(900), ..chunk(&two, 0, "") }, NOW);
    assert_eq!(at.phase, Phase::Running);
}

#[test]
fn details_are_read_page_by_page_and_of_orders_alone() {
    let mut at = begun(&Start { details: true, ..start("r1") });
    let mut seen = Vec::new();
    while let Then::Read(job) | Then::Verify(job) = at.next(NOW, false) {
        seen.push((job.stream, job.details, job.most));
        if !at.read_chunk(&chunk(&job, 30, ""), NOW) {
            at.verified(&check(&job, ""));
        }
    }
    assert_eq!(seen[..3], [(Stream::Orders, true, 1), (Stream::Orders, true, 100), (Stream::Transactions, false, 10)]);
}

#[test]
fn a_hint_is_followed_by_a_window_of_its_list_whether_a_run_is_on_its_way_or_not() {
    let mut at = Location::default();
    assert_eq!(at.hint(None, NOW), 0, "nothing was ever read: the first run reads everything");
    at.start(&start("r1"), NOW);
    assert_eq!(at.hint(Some(Stream::Orders), NOW), 0);
    carry_out(&mut at, NOW);
    let now = NOW + 3 * DAY;
    let due = at.hint(Some(Stream::Orders), now);
    assert_eq!((due, at.hint(Some(Stream::Coupons), now + 1)), (now + 2_000, due), "they are gathered");
    assert_eq!(at.next(now + 1, false), Then::Rest(due));
    assert_eq!(carry_out(&mut at, due), "orders 2026-11-29hint coupons hint ");
    assert_eq!((at.passed, at.phase), ([NOW; 4], Phase::Done), "the next window is not shorter for it");
    // While a run waits for its turn, and while it is at work.
    let now = NOW + 4 * DAY;
    at.start(&Start { started: now, ..start("r2") }, now);
    let due = at.hint(Some(Stream::Transactions), now);
    assert!(matches!(at.next(now, false), Then::Read(Job { hint: false, .. })));
    let hinted = job(at.next(due, false));
    assert_eq!((hinted.run.as_str(), hinted.hint, hinted.stream), ("hint", true, Stream::Transactions));
    assert!(at.read_chunk(&chunk(&hinted, 30, ""), due));
    assert!(!at.read_chunk(&chunk(&hinted, 30, ""), due));
    assert_eq!(carry_out(&mut at, due), FULL);
    assert_eq!(at.readings[1].records, 30, "what a hint brings is no part of the run");
}

#[test]
fn hints_that_come_while_one_is_followed_wait_for_the_next_time() {
    let mut at = begun(&start("r1"));
    carry_out(&mut at, NOW);
    let due = at.hint(Some(Stream::Orders), NOW);
    let one = job(at.next(due, false));
    at.hint(Some(Stream::Orders), due);
    at.read_chunk(&chunk(&one, 30, ""), due);
    assert_eq!(at.next(due, false), Then::Rest(due + 30_000));
    assert_eq!(carry_out(&mut at, due + 30_000), "orders 2026-11-29hint ");
}

#[test]
fn a_hint_that_cannot_be_followed_is_given_up_and_stops_no_run() {
    let mut at = begun(&start("r1"));
    carry_out(&mut at, NOW);
    let mut now = at.hint(None, NOW);
    let mut waits = 0;
    while let Then::Read(job) = at.next(now, false) {
        assert!(job.hint);
        if let Then::Rest(until) = at.failed(&job.run, true, Failure::Failed, "x", now) {
            now = until.max(now);
        }
        waits += 1;
    }
    assert_eq!((waits, at.next(now, false), at.phase, at.failures), (6, Then::Rest(0), Phase::Done, 0));
    let due = at.hint(None, now);
    let one = job(at.next(due, false));
    assert_eq!(at.failed(&one.run, true, Failure::Revoked, "x", due), Then::Rest(0));
}

#[test]
fn every_state_reads_as_it_was_written_and_any_other_text_is_a_location_that_knows_nothing() {
    let mut at = begun(&Start { details: true, mode: Mode::Window, ..start("r\"1\u{e9}") });
    let one = job(at.next(NOW, false));
    at.read_chunk(&Chunk { total: Some(5000), ..chunk(&one, 1000, "c1") }, NOW);
    at.passed = [1, 2, 3, 4];
    at.whole = [5, 6, 7, 8];
    let due = at.hint(Some(Stream::Coupons), NOW);
    at.next(due, false);
    at.failed("r\"1\u{e9}", false, Failure::Failed, "why\\", NOW);
    assert_eq!(Location::read(&at.text()), at);
    assert!(!at.hinted.is_empty() && at.until > 0 && !at.reason.is_empty());
    for text in ["", "{}", "[]", "nonsense", "{\"phase\":7}"] {
        assert_eq!(Location::read(text), Location::default(), "{text}");
    }
}

#[test]
fn whatever_is_cut_off_doubled_late_or_fails_every_record_counts_once_and_the_run_ends() {
    for seed in 0..300 {
        let mut chance = Chance(seed);
        let sizes: Vec<u64> = (0..4).map(|_| chance.below(6_000)).collect();
        let mut stored = String::new();
        let (mut slice, mut now, mut counted, mut hinted, mut steps) = (0, NOW, [0; 4], 0, 0);
        let mut messages = vec![0];
        let mut told: Option<(Job, Chunk<'static>)> = None;
        loop {
            steps += 1;
            assert!(steps < 20_000, "seed {seed} does not end: {stored}");
            now += chance.below(3_000);
            let mut at = Location::read(&stored);
            // A message comes again, whichever, in whatever order.
            if at.phase == Phase::Idle || chance.below(5) == 0 {
                let which = messages[chance.below(messages.len() as u64) as usize];
                at.start(&Start { slice: which, ..start("r1") }, now);
            }
            if chance.below(40) == 0 {
                at.hint(None, now);
            }
            // What was told already is told again.
            if let (Some((job, chunk)), 0) = (&told, chance.below(4)) {
                assert!(!at.read_chunk(&Chunk { run: &job.run, ..*chunk }, now), "seed {seed}: twice");
            }
            let then = at.next(now, chance.below(2) == 0);
            // It dies before anything is stored.
            if chance.below(6) == 0 {
                continue;
            }
            match then {
                Then::Read(job) if chance.below(8) == 0 => {
                    let failure = if chance.below(2) == 0 {
                        Failure::Failed
                    } else {
                        Failure::Limited(Some(chance.below(90_000)))
                    };
                    at.failed(&job.run, job.hint, failure, "why", now);
                }
                Then::Read(job) => {
                    let list = job.stream as usize;
                    let (from, size) = (job.from.parse().unwrap_or(0), sizes[list]);
                    let to = size.min(from + job.most * 100);
                    let cursor: &'static str = if to == size { "" } else { to.to_string().leak() };
                    let chunk = Chunk {
                        run: "",
                        hint: job.hint,
                        stream: job.stream,
                        seq: job.seq,
                        pages: (to - from).div_ceil(100).max(1),
                        records: to - from,
                        fresh: to - from,
                        left_out: 0,
                        total: Some(size),
                        cursor,
                        file: None,
                    };
                    assert!(at.read_chunk(&Chunk { run: &job.run, ..chunk }, now), "seed {seed}");
                    if job.hint {
                        hinted += 1;
                    } else {
                        counted[list] += to - from;
                    }
                    told = Some((job, chunk));
                }
                Then::Verify(job) => assert!(at.verified(&check(&job, if chance.below(2) == 0 { "" } else { "more" }))),
                Then::Wait(until) => now = until,
                Then::Yield(until) => {
                    slice += 1;
                    messages.push(slice);
                    now = now.max(until);
                    at.start(&Start { slice, ..start("r1") }, now);
                }
                Then::Ended if at.phase == Phase::Failed => {
                    // Somebody has it tried again before it was told.
                    slice += 1;
                    messages.push(slice);
                }
                Then::Ended => {
                    if chance.below(3) == 0 {
                        at.reported("r1");
                    }
                }
                Then::Rest(until) if until > 0 => now = now.max(until),
                Then::Rest(_) => {
                    assert_eq!((at.phase, counted.as_slice()), (Phase::Done, sizes.as_slice()), "seed {seed}");
                    assert_eq!(
                        at.readings.iter().map(|reading| reading.records).collect::<Vec<_>>(),
                        sizes,
                        "seed {seed}"
                    );
                    break;
                }
            }
            stored = at.text();
        }
        assert!(hinted < 4_000);
    }
}
