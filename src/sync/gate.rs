//! When a request of one location may go out, and how that survives a restart.
//!
//! The burst limit is the client's own [`Limiter`]. Besides it the limit of the day is counted here, hour by hour: HighLevel
//! does not say when its day begins, so a request counts until a whole day is over behind the hour of its answer. Where
//! answers say how many are left, they are believed.

use crate::call::{Limiter, Ticket, Turn};
use crate::core::{RateLimit, RetryAfter};
use crate::json::{field, push_decimal, rounded_up, whole_numbers, Object};

/// Requests that HighLevel documents for a day. They hold until an answer names others.
const DAY_LIMIT: u64 = 200_000;

/// One in so many requests of a day is left to interactive calls.
const RESERVE: u64 = 20;

const HOUR_MS: u64 = 3_600_000;

/// So many hours a request counts, its own among them.
const HOURS: u64 = 25;

/// Where the day's requests are used up, one may go out in so many milliseconds: its answer says whether the server's day has
/// begun anew.
const PROBE_MS: u64 = 600_000;

/// Answers come in another order than the requests: so much less than what was counted proves nothing.
const SLACK: u64 = 1_000;

/// The only location of a gate's limiter.
const HERE: u64 = 0;

/// What a request is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The number of the caller, by which it asks again and says that it has ended.
    pub number: u64,
    /// Whether it may go out now, or when it is to ask again.
    pub turn: Turn,
    /// Whether it is the limit of the day that it waits for.
    pub day: bool,
}

/// The limits of one location.
#[derive(Debug)]
pub struct Gate {
    limiter: Limiter,
    day: Day,
}

impl Gate {
    /// Reads what [`Self::text`] wrote; of any other text comes a gate that knows nothing.
    pub fn read(text: &str) -> Self {
        let json = text.as_bytes();
        let burst = core::str::from_utf8(field(json, "burst")).unwrap_or_default();
        Self { limiter: Limiter::restored(HERE, burst), day: Day::read(field(json, "day")) }
    }

    /// As text, to be stored with each request.
    pub fn text(&self) -> String {
        let mut out = Object::new();
        out.json("burst", &self.limiter.snapshot(HERE));
        self.day.put(&mut out);
        out.finish()
    }

    /// Whoever sent or waited is gone. What was under way counts, for one interval from now on at the most; what has ended before
    /// counts as long as it would have without a restart.
    pub fn restart(&mut self, now: u64) {
        let flown = self.limiter.restarted(HERE, now);
        self.day.count(now, flown as u64);
    }

    /// Asks for a turn, for an attempt that takes `timeout_ms` at the most. `number`: the one that the caller got when it asked
    /// before, 0 the first time. `background`: calls that are not go first.
    pub fn ask(&mut self, number: u64, background: bool, timeout_ms: u64, now: u64) -> Asked {
        let mut ticket = Ticket::numbered(HERE, background, number);
        let under_way = self.limiter.under_way(HERE, now) as u64;
        let closed = self.day.closed(background, under_way, now);
        let turn = self.limiter.ask(&mut ticket, now, timeout_ms);
        let number = ticket.number();
        if let (true, Some(ms)) = (turn == Turn::Go, closed) {
            // It has its place in the line, and takes no slot.
            self.limiter.give_back(&ticket, now);
            return Asked { number, turn: Turn::Wait(ms), day: true };
        }
        if turn == Turn::Go {
            self.day.sent(background, under_way, now);
        }
        let turn = match (turn, closed) {
            (Turn::Wait(ms), Some(closed)) => Turn::Wait(ms.max(closed)),
            (turn, _) => turn,
        };
        Asked { number, turn, day: closed.is_some() }
    }

    /// A request that had its turn has ended: with this status, 0 where no answer came. `header` is asked for headers by their
    /// names in lower case.
    pub fn done(&mut self, number: u64, status: u16, header: &dyn Fn(&str) -> Option<String>, now: u64) {
        let named = RateLimit::read(header);
        let refused = (status == 429).then(|| {
            let asked = RetryAfter::read(header).map(|after| after.ms(now as f64));
            asked.or(named.and_then(|named| named.interval_ms)).unwrap_or(0.0) as u64
        });
        let ticket = Ticket::numbered(HERE, false, number);
        self.limiter.done(&ticket, now, named.as_ref(), refused);
        let under_way = self.limiter.under_way(HERE, now) as u64;
        self.day.count(now, 1);
        if let Some(named) = named {
            self.day.learn(&named, under_way, now);
        }
    }

    /// A caller that waits gives up.
    pub fn leave(&mut self, number: u64, now: u64) {
        for background in [false, true] {
            self.limiter.leave(&Ticket::numbered(HERE, background, number), now);
        }
    }
}

/// What was used of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Day {
    limit: u64,
    /// The hour since 1970 and how many requests were answered in it, the earliest first.
    hours: Vec<(u64, u64)>,
    /// When one more may find out whether a new day has begun.
    probe_at: u64,
}

impl Day {
    fn read(json: &[u8]) -> Self {
        let limit = rounded_up(field(json, "limit"));
        let mut numbers = whole_numbers(field(json, "hours"));
        let mut hours = Vec::new();
        while let (Some(hour), Some(count)) = (numbers.next(), numbers.next()) {
            if (hours.len() as u64) < HOURS {
                hours.push((hour, count));
            }
        }
        let probe_at = rounded_up(field(json, "probe"));
        Self { limit: if limit == 0 { DAY_LIMIT } else { limit }, hours, probe_at }
    }

    fn put(&self, out: &mut Object) {
        out.open("day", '{');
        out.number("limit", Some(self.limit as f64));
        out.number("probe", Some(self.probe_at as f64));
        let mut text = String::from("\"");
        for (hour, count) in &self.hours {
            for number in [hour, count] {
                if text.len() > 1 {
                    text.push(',');
                }
                push_decimal(&mut text, *number);
            }
        }
        text.push('"');
        out.json("hours", &text);
        out.close('}');
    }

    /// Forgets what is over; after the clock was set back what lies ahead counts as of now.
    fn used(&mut self, now: u64) -> u64 {
        let this = now / HOUR_MS;
        self.probe_at = self.probe_at.min(now + PROBE_MS);
        self.hours.retain_mut(|(hour, _)| {
            *hour = (*hour).min(this);
            *hour + HOURS > this
        });
        self.hours.iter().map(|(_, count)| *count).sum()
    }

    fn count(&mut self, now: u64, more: u64) {
        self.used(now);
        let this = now / HOUR_MS;
        match self.hours.last_mut() {
            Some((hour, count)) if *hour == this => *count += more,
            _ if more > 0 => self.hours.push((this, more)),
            _ => {}
        }
    }

    /// In how many milliseconds to ask again, where the day's requests are used up.
    fn closed(&mut self, background: bool, under_way: u64, now: u64) -> Option<u32> {
        let used = self.used(now) + under_way;
        let most = if background { self.limit - self.limit / RESERVE } else { self.limit };
        // One of the background may go on: where only the reserve is left, it finds out by that.
        if used < most || self.probe_at <= now && (used < self.limit || !background) {
            return None;
        }
        let free = self.hours.first().map_or(PROBE_MS, |(hour, _)| ((hour + HOURS) * HOUR_MS).saturating_sub(now));
        let probe = self.probe_at.saturating_sub(now);
        Some(free.min(if probe == 0 { PROBE_MS } else { probe }).max(1) as u32)
    }

    /// A request goes out: whether it is the one that finds out.
    fn sent(&mut self, background: bool, under_way: u64, now: u64) {
        let most = if background { self.limit - self.limit / RESERVE } else { self.limit };
        if self.used(now) + under_way >= most {
            self.probe_at = now + PROBE_MS;
        }
    }

    fn learn(&mut self, named: &RateLimit, under_way: u64, now: u64) {
        if let Some(limit) = named.daily_limit {
            self.limit = (limit as u64).max(1);
        }
        let Some(left) = named.daily_remaining else { return };
        let counted = self.used(now);
        let theirs = self.limit.saturating_sub(left as u64);
        if theirs > counted + under_way {
            // Others use the same limit.
            self.count(now, theirs - counted - under_way);
        }
        // Where the server has counted much less, its day has begun behind what is counted here: the earliest hours are over.
        let mut more = counted.saturating_sub(theirs + under_way);
        if more > SLACK.min(self.limit / RESERVE) {
            for (_, count) in &mut self.hours {
                let over = more.min(*count);
                *count -= over;
                more -= over;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::counting_server::CountingServer as Server;

    const NOW: u64 = 1_796_025_600_000;
    const TIMEOUT: u64 = 30_000;
    const INTERVAL: u64 = 10_000;

    /// A gate that is written and read again at every step, as the object does it.
    #[derive(Default)]
    struct Kept(String);

    impl Kept {
        fn with<T>(&mut self, work: impl FnOnce(&mut Gate) -> T) -> T {
            let mut gate = Gate::read(&self.0);
            let done = work(&mut gate);
            self.0 = gate.text();
            assert_eq!(Gate::read(&self.0).text(), self.0);
            done
        }

        fn ask(&mut self, background: bool, now: u64) -> Asked {
            self.with(|gate| gate.ask(0, background, TIMEOUT, now))
        }

        fn done(&mut self, number: u64, status: u16, headers: &[(&str, &str)], now: u64) {
            let header =
                |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
            self.with(|gate| gate.done(number, status, &header, now));
        }

        /// Requests that go out and are answered at once, as many as do; how many that were.
        fn send(&mut self, background: bool, most: usize, now: u64) -> usize {
            (0..most)
                .take_while(|_| {
                    let asked = self.ask(background, now);
                    match asked.turn {
                        Turn::Go => self.done(asked.number, 200, &[], now),
                        Turn::Wait(_) => self.with(|gate| gate.leave(asked.number, now)),
                    }
                    asked.turn == Turn::Go
                })
                .count()
        }
    }

    #[test]
    fn what_was_sent_before_a_restart_counts_as_long_as_it_would_have_and_no_longer() {
        let mut gate = Kept::default();
        assert_eq!(gate.send(false, 60, NOW), 60);
        assert_eq!(gate.send(false, 40, NOW + 4_000), 40);
        gate.with(|gate| gate.restart(NOW + 9_000));
        assert_eq!(gate.send(false, 1, NOW + INTERVAL - 1), 0);
        assert_eq!(gate.send(false, 100, NOW + INTERVAL), 60);
        assert_eq!(gate.send(false, 100, NOW + 4_000 + INTERVAL), 40);
    }

    #[test]
    fn an_object_that_rested_long_enough_does_not_wait_after_a_restart() {
        let mut gate = Kept::default();
        assert_eq!(gate.send(false, 200, NOW), 100);
        gate.with(|gate| gate.restart(NOW + INTERVAL));
        assert_eq!(gate.send(false, 200, NOW + INTERVAL), 100);
        let mut fresh = Kept::default();
        fresh.with(|gate| gate.restart(NOW));
        assert_eq!(fresh.send(false, 200, NOW), 100);
    }

    #[test]
    fn what_was_under_way_when_it_died_holds_its_slot_for_one_interval_and_nothing_else() {
        let mut gate = Kept::default();
        for _ in 0..7 {
            assert_eq!(gate.ask(true, NOW).turn, Turn::Go);
        }
        let late = gate.ask(true, NOW);
        gate.with(|gate| gate.restart(NOW + 2_000));
        assert_eq!(gate.send(false, 200, NOW + 2_000), 92, "the eight may have been counted until now");
        // Nobody tells the end of those any more; one that is told all the same frees nothing twice.
        gate.done(late.number, 200, &[], NOW + 2_001);
        assert_eq!(gate.send(false, 1, NOW + 2_000 + INTERVAL - 1), 0);
        assert_eq!(gate.send(false, 200, NOW + 2_000 + INTERVAL), 100);
        // One whose time was over long before the restart holds nothing any more.
        let mut gate = Kept::default();
        gate.ask(true, NOW);
        gate.with(|gate| gate.restart(NOW + TIMEOUT + INTERVAL));
        assert_eq!(gate.send(false, 200, NOW + TIMEOUT + INTERVAL), 100);
    }

    #[test]
    fn after_a_restart_it_says_when_the_first_slot_is_free() {
        let mut gate = Kept::default();
        assert_eq!(gate.with(|gate| gate.ask(0, false, 500, NOW)).turn, Turn::Go);
        assert_eq!(gate.send(false, 99, NOW + INTERVAL), 99);
        gate.with(|gate| gate.restart(NOW + INTERVAL + 400));
        assert_eq!(gate.ask(false, NOW + INTERVAL + 400).turn, Turn::Wait(100));
    }

    #[test]
    fn what_was_under_way_when_it_died_counts_for_the_day() {
        let mut gate = Kept::default();
        let asked = gate.ask(false, NOW);
        gate.done(asked.number, 200, &[("x-ratelimit-limit-daily", "100")], NOW);
        (0..60).for_each(|_| assert_eq!(gate.ask(false, NOW).turn, Turn::Go));
        gate.with(|gate| gate.restart(NOW));
        assert_eq!(
            gate.send(false, 200, NOW + INTERVAL),
            40,
            "39 are left, and one more finds out whether a new day has begun"
        );
    }

    #[test]
    fn whoever_waited_when_it_died_stands_in_nobodys_way_and_numbers_do_not_come_twice() {
        let mut gate = Kept::default();
        gate.send(false, 100, NOW);
        let waiting: Vec<Asked> = (0..95).map(|_| gate.ask(false, NOW + INTERVAL - 100)).collect();
        assert!(waiting.iter().all(|asked| matches!(asked.turn, Turn::Wait(_))));
        gate.with(|gate| gate.restart(NOW + INTERVAL));
        let next = gate.ask(true, NOW + INTERVAL);
        assert_eq!(next.turn, Turn::Go);
        assert!(waiting.iter().all(|asked| asked.number < next.number));
    }

    #[test]
    fn a_429_closes_the_gate_also_over_a_restart() {
        let mut gate = Kept::default();
        let asked = gate.ask(true, NOW);
        gate.done(asked.number, 429, &[("retry-after", "8")], NOW);
        gate.with(|gate| gate.restart(NOW + 1_000));
        assert_eq!(gate.send(false, 1, NOW + 7_999), 0);
        assert_eq!(gate.send(false, 1, NOW + 8_000), 1);
        // One that names no time closes it for its interval, where it names that.
        let asked = gate.ask(true, NOW + 20_000);
        gate.done(asked.number, 429, &[("x-ratelimit-interval-milliseconds", "5000")], NOW + 20_000);
        assert_eq!(gate.send(false, 1, NOW + 24_999), 0);
    }

    #[test]
    fn limits_that_answers_name_are_kept() {
        let mut gate = Kept::default();
        let asked = gate.ask(true, NOW);
        let headers =
            [("x-ratelimit-max", "25"), ("x-ratelimit-interval-milliseconds", "2000"), ("x-ratelimit-remaining", "24")];
        gate.done(asked.number, 200, &headers, NOW);
        gate.with(|gate| gate.restart(NOW));
        assert_eq!(gate.send(false, 200, NOW + 1), 24);
        assert_eq!(gate.send(false, 200, NOW + 2_001), 25);
    }

    #[test]
    fn interactive_calls_keep_a_reserve_of_the_burst_and_of_the_day() {
        let mut gate = Kept::default();
        assert_eq!(gate.send(true, 200, NOW), 89);
        assert_eq!(gate.send(false, 200, NOW), 11);
        // Of the day: here one of 1,000 requests.
        let mut gate = Kept::default();
        let asked = gate.ask(true, NOW);
        gate.done(asked.number, 200, &[("x-ratelimit-limit-daily", "1000")], NOW);
        let mut now = NOW;
        let mut background = 1;
        while background < 950 {
            now += INTERVAL;
            background += gate.send(true, 950 - background, now);
        }
        now += INTERVAL;
        let asked = gate.ask(true, now);
        assert_eq!(asked.turn, Turn::Go, "one that finds out whether a new day has begun");
        gate.done(asked.number, 200, &[], now);
        let asked = gate.ask(true, now);
        assert!(asked.day && matches!(asked.turn, Turn::Wait(ms) if ms > 500_000), "{asked:?}");
        assert_eq!(gate.send(false, 30, now), 30);
        assert_eq!(gate.send(false, 30, now + INTERVAL), 19);
        // Nothing is left. It counts for a day and up to an hour more, also over a restart.
        gate.with(|gate| gate.restart(now + INTERVAL));
        assert_eq!(gate.send(true, 1, now + 4 * PROBE_MS), 0, "who finds out takes from the reserve alone");
        assert_eq!(gate.send(true, 1, NOW + 25 * HOUR_MS - 1), 0);
        assert_eq!(gate.send(true, 100, NOW + 25 * HOUR_MS), 89);
    }

    #[test]
    fn the_day_of_the_server_counts_where_it_says_so() {
        let daily = |left: &'static str| [("x-ratelimit-limit-daily", "2000"), ("x-ratelimit-daily-remaining", left)];
        // Others use the same limit.
        let mut gate = Kept::default();
        let asked = gate.ask(true, NOW);
        gate.done(asked.number, 200, &daily("90"), NOW);
        let asked = gate.ask(true, NOW + 1);
        assert_eq!(asked.turn, Turn::Go, "the one that finds out");
        gate.done(asked.number, 200, &daily("89"), NOW + 1);
        assert!(matches!(gate.ask(true, NOW + 2).turn, Turn::Wait(_)));
        assert_eq!(gate.send(false, 5, NOW + 2), 5);
        // Its day has begun anew, at a time that it did not say: the next one that finds out opens the gate.
        let later = NOW + 3 * HOUR_MS;
        let asked = gate.ask(true, later);
        assert_eq!(asked.turn, Turn::Go);
        gate.done(asked.number, 200, &daily("1999"), later);
        assert_eq!(gate.send(true, 200, later + INTERVAL), 89);
        // Answers that come in another order than their requests open nothing.
        let mut gate = Kept::default();
        let asked = gate.ask(true, NOW);
        gate.done(asked.number, 200, &daily("100"), NOW);
        let asked = gate.ask(false, NOW);
        gate.done(asked.number, 200, &daily("130"), NOW);
        assert_eq!(gate.ask(true, NOW).turn, Turn::Go, "the one that finds out");
        assert!(gate.ask(true, NOW).day);
    }

    #[test]
    fn a_clock_that_is_set_back_closes_nothing_for_longer() {
        let mut gate = Kept::default();
        gate.send(false, 100, NOW);
        let back = NOW - 9 * HOUR_MS;
        gate.with(|gate| gate.restart(back));
        assert_eq!(gate.send(false, 1, back + INTERVAL), 1);
        // The same of a day that is used up.
        let mut gate = Kept::default();
        let asked = gate.ask(false, NOW);
        gate.done(asked.number, 200, &[("x-ratelimit-limit-daily", "100")], NOW);
        assert_eq!(gate.send(false, 99, NOW), 99);
        gate.send(false, 1, back);
        assert_eq!(gate.send(false, 89, back + 25 * HOUR_MS), 89);
        // The one that finds out, too.
        for ahead in [HOUR_MS, 24 * HOUR_MS, 9_000 * HOUR_MS] {
            let mut gate = Kept::default();
            let asked = gate.ask(false, NOW + ahead);
            gate.done(asked.number, 200, &[("x-ratelimit-limit-daily", "100")], NOW + ahead);
            assert_eq!(gate.send(false, 99, NOW + ahead), 99);
            let later = NOW + ahead + INTERVAL;
            assert_eq!(gate.send(false, 9, later), 1, "it finds out that nothing has begun anew");
            assert_eq!(gate.send(false, 9, NOW), 0);
            assert_eq!(gate.send(false, 9, NOW + PROBE_MS), 1, "{ahead}");
        }
    }

    #[test]
    fn what_nobody_wrote_is_a_gate_that_knows_nothing() {
        for text in ["", "{}", "[]", "x", "{\"burst\":{\"interval\":0},\"day\":[]}", "{\"burst\":{\"interval\":1e99}}"]
        {
            assert_eq!(Kept(text.into()).send(false, 200, NOW), 100, "{text}");
        }
    }

    #[test]
    fn the_text_stays_short() {
        let mut gate = Kept::default();
        for i in 0..3_000 {
            gate.send(i % 2 == 0, 40, NOW + i * 1_000);
        }
        assert!(gate.0.len() < 2_000, "{}", gate.0.len());
    }

    /// A sync of so many pages, one after the other, and somebody who asks for something now and then. Gives when it was over and
    /// how long anybody had to wait who asked.
    fn sync(pages: u64, latency: u64, restart_every: u64, server: &mut Server) -> (u64, u64) {
        let mut gate = Kept::default();
        let (mut now, mut left, mut longest, mut next_call, mut next_restart) =
            (NOW, pages, 0, NOW + 700, NOW + restart_every);
        while left > 0 {
            if restart_every > 0 && now >= next_restart {
                // It dies with a request under way and is back half a second later.
                if gate.ask(true, now).turn == Turn::Go {
                    server.take(now + latency / 3);
                }
                now += 500;
                gate.with(|gate| gate.restart(now));
                next_restart = now + restart_every;
            }
            if now >= next_call {
                let began = now;
                let mut number = 0;
                loop {
                    let asked = gate.with(|gate| gate.ask(number, false, TIMEOUT, now));
                    number = asked.number;
                    let Turn::Wait(ms) = asked.turn else { break };
                    now += u64::from(ms);
                }
                server.take(now);
                gate.done(number, 200, &[], now);
                longest = longest.max(now - began);
                next_call = now + 1_300;
            }
            let asked = gate.ask(true, now);
            let Turn::Wait(ms) = asked.turn else {
                server.take(now + latency / 3);
                now += latency;
                gate.done(asked.number, 200, &[], now);
                left -= 1;
                continue;
            };
            gate.with(|gate| gate.leave(asked.number, now));
            now += u64::from(ms);
        }
        (now - NOW, longest)
    }

    #[test]
    fn one_location_needs_hardly_longer_than_it_must_and_is_never_refused() {
        let mut worst = 0.0_f64;
        for (offset, restart_every) in [(0, 7_000), (3_333, 0)] {
            let mut server = Server::new(offset);
            let (took, longest) = sync(2_500, 20, restart_every, &mut server);
            assert_eq!(server.refused, 0);
            assert_eq!(longest, 0, "whoever asks goes at once");
            // A hundred at once, then a hundred in each further interval.
            let shortest = (server.seen.len() as f64 / 100.0 - 1.0) * INTERVAL as f64;
            let ratio = took as f64 / shortest;
            assert!(ratio <= 1.2, "{ratio} after restarts every {restart_every} ms");
            worst = worst.max(ratio);
        }
        println!("figure: one location of 2,500 pages at 100 requests in 10 s, restarts and interactive calls among them: 0 answers of 429, at most {worst:.2} times the shortest possible time");
    }
}
