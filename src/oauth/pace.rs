//! When a company's tokens for its locations may be asked for, so that 500 installations at once get no 429.
//!
//! HighLevel allows 100 requests in 10 s for an app and a company. A client's limiter keeps to that by what it was
//! answered, in one process; installations arrive in many. So the turns are spread evenly, and the row that they are taken
//! from is shared by all: one number, the time of the next turn. Nobody has to give a turn back.

use super::row::{put_line, Lines};
use crate::core::RateLimit;
use crate::json::push_decimal;

/// Requests, and milliseconds in which they are allowed (protocol: rate limits).
const LIMIT: f64 = 100.0;
const INTERVAL_MS: f64 = 10_000.0;

/// So much of the limit is used: the rest is for what bunches up on its way, and for others with the same token.
const SHARE: f64 = 0.85;

/// One in so many turns may be taken at once.
const BURST: f64 = 20.0;

/// The longest time for which a server may close the way, in milliseconds.
const MAX_CLOSED_MS: f64 = 60_000.0;

/// So far apart the clocks may be of those who share a row, in milliseconds.
const APART_MS: f64 = 2000.0;

/// The turns of one company.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// When the next turn is, in milliseconds since 1970, if those before it were taken evenly.
    next: f64,
    limit: f64,
    interval_ms: f64,
    /// When it was written, by the clock of who wrote it; 0 where an older version did.
    written: f64,
}

impl Pace {
    /// Reads a row; what is none is a fresh start.
    pub fn read(text: &str) -> Self {
        let mut lines = Lines(text);
        let (next, limit, interval_ms, written) = (lines.number(), lines.number(), lines.number(), lines.number());
        if limit < 1.0 || interval_ms < 1.0 {
            return Self { next: 0.0, limit: LIMIT, interval_ms: INTERVAL_MS, written: 0.0 };
        }
        Self { next, limit, interval_ms, written }
    }

    /// As a row.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for number in [self.next, self.limit, self.interval_ms, self.written] {
            push_decimal(&mut out, number as u64);
            put_line(&mut out, "");
        }
        out
    }

    /// What was written by a clock that is ahead counts from now on: the row says how long the line is, not when it ends.
    fn look(&mut self, now: f64) {
        if self.written == 0.0 {
            self.next = self.next.min(now + MAX_CLOSED_MS);
        } else if self.written > now + APART_MS {
            self.next = self.next.min(now + (self.next - self.written).max(0.0));
            self.written = now;
        }
        self.written = self.written.max(now);
    }

    /// Takes a turn: milliseconds until it is.
    pub fn take(&mut self, now: f64) -> f64 {
        self.look(now);
        let spacing = (self.interval_ms / (self.limit * SHARE)).ceil();
        // Whoever changed the row must not leave the turns hours away.
        let latest = now + 3_600_000.0;
        let at = self.next.min(latest).max(now - (self.limit / BURST).floor() * spacing);
        self.next = at + spacing;
        (at - now).max(0.0)
    }

    /// An answer has named other limits, or was a 429 that wants no other request for so many milliseconds. Gives whether
    /// anything has changed.
    #[allow(clippy::manual_clamp, reason = "clamp can panic with numbers in its message, which is 17 KB of wasm")]
    pub fn learn(&mut self, now: f64, named: Option<&RateLimit>, refused: Option<f64>) -> bool {
        self.look(now);
        let before = self.clone();
        if let Some(named) = named {
            self.limit = named.limit.unwrap_or(self.limit).max(1.0);
            self.interval_ms = named.interval_ms.unwrap_or(self.interval_ms).min(MAX_CLOSED_MS).max(1.0);
        }
        if let Some(ms) = refused {
            // Behind those whose turns are over: the next ones are spread from there on.
            self.next = self.next.max(now + ms.min(MAX_CLOSED_MS).max(self.interval_ms));
        }
        *self != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The most turns in any interval, if each is late by up to `late` ms.
    fn most(turns: &[f64], interval: f64) -> usize {
        turns
            .iter()
            .map(|from| turns.iter().filter(|at| **at >= *from && **at < from + interval).count())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn five_hundred_at_once_are_never_one_too_many_however_they_bunch_up() {
        let mut pace = Pace::read("");
        let turns: Vec<f64> = (0..500).map(|_| pace.take(1e12)).collect();
        assert!(most(&turns, INTERVAL_MS) <= 92, "{}", most(&turns, INTERVAL_MS));
        // Each arrives up to half a second late.
        let late: Vec<f64> = turns.iter().enumerate().map(|(i, at)| at + (i * 7919 % 500) as f64).collect();
        assert!(most(&late, INTERVAL_MS) < 100, "{}", most(&late, INTERVAL_MS));
        assert!(turns[499] < 62_000.0, "{}", turns[499]);
        assert_eq!(turns[0], 0.0);
    }

    #[test]
    fn who_comes_alone_does_not_wait_and_rows_go_from_hand_to_hand() {
        let mut row = String::new();
        for i in 0..50 {
            let mut pace = Pace::read(&row);
            assert_eq!(pace.take(f64::from(i) * 200.0), 0.0);
            row = pace.text();
        }
    }

    #[test]
    fn limits_are_learned_and_a_429_closes_the_way_for_all() {
        let mut pace = Pace::read("");
        let named = RateLimit { limit: Some(25.0), interval_ms: Some(10_000.0), ..RateLimit::default() };
        assert!(pace.learn(0.0, Some(&named), None) && !pace.learn(0.0, Some(&named), None));
        let turns: Vec<f64> = (0..100).map(|_| pace.take(0.0)).collect();
        assert!(most(&turns, 10_000.0) < 25, "{}", most(&turns, 10_000.0));
        let mut pace = Pace::read("");
        assert!(pace.learn(1000.0, None, Some(0.0)));
        assert_eq!(pace.take(1000.0), 10_000.0);
        let mut pace = Pace::read(&pace.text());
        assert!(pace.take(1000.0) > 10_000.0);
    }

    #[test]
    fn a_clock_that_was_ahead_makes_nobody_wait_by_as_much() {
        for ahead in [0.0, 2000.0, 2001.0, 20_000.0, 60_000.0, 3_600_000.0, 1e10] {
            let now = 1e12;
            let allowed = if ahead > APART_MS { 0.0 } else { ahead };
            let mut alone = Pace::read("");
            alone.take(now + ahead);
            let mut alone = Pace::read(&alone.text());
            assert!(alone.take(now) <= allowed, "{ahead}");
            // The line that was there is still one, and so is what a 429 has closed.
            let mut line = Pace::read("");
            let last = (0..200).map(|_| line.take(now + ahead)).fold(0.0, f64::max);
            let next = Pace::read(&line.text()).take(now);
            assert!((last..=last + 200.0 + allowed).contains(&next), "{ahead}: {next} behind {last}");
            let mut closed = Pace::read("");
            assert!(closed.learn(now + ahead, None, Some(30_000.0)));
            let mut closed = Pace::read(&closed.text());
            assert!((30_000.0..=30_000.0 + allowed).contains(&closed.take(now)), "{ahead}");
            // Who learns of a limit repairs it as well, and nobody else is let down by it.
            let mut learned = Pace::read(&line.text());
            assert!(learned.learn(now, None, Some(0.0)) || next > 10_000.0);
            assert!(Pace::read(&learned.text()).take(now) <= last + 20_000.0 + allowed, "{ahead}");
        }
        // A row of an older version says nothing of its clock.
        assert!(Pace::read("1000003600000\n100\n10000\n").take(1e12) <= MAX_CLOSED_MS);
    }

    #[test]
    fn clocks_that_differ_by_a_second_keep_to_the_limit() {
        let mut row = String::new();
        let mut turns: Vec<f64> = Vec::new();
        for i in 0..500 {
            let now = 1e12 + f64::from(i % 2) * 1000.0;
            let mut pace = Pace::read(&row);
            // By the clock of neither: whoever is ahead began as much earlier.
            turns.push(1e12 + pace.take(now));
            row = pace.text();
        }
        assert!(turns.iter().copied().fold(0.0, f64::max) >= 1e12 + 50_000.0);
        assert!(most(&turns, INTERVAL_MS) <= 110, "{}", most(&turns, INTERVAL_MS));
    }

    #[test]
    fn nothing_makes_it_wait_for_hours() {
        for row in ["\n", "0\n0\n0\n", "99999999999999\n1\n1\n", "99999999999999"] {
            assert!(Pace::read(row).take(0.0) <= 3_600_000.0, "{row}");
        }
    }
}
