//! When a request of one location may go out, and how that survives a restart.
//!
//! The burst limit is the client's own [`Limiter`]. Besides it the limit of the day is counted here, hour by hour: HighLevel
//! does not say when its day begins, so a request counts until a whole day is over behind the hour of its answer. Where
//! answers say how many are left, they are believed.

use crate::call::{Limiter, Ticket, Turn};
use crate::core::{RateLimit, RetryAfter};
use crate::json::{field, items, push_decimal, rounded_up, Object};

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
        let mut numbers = items(field(json, "hours")).map(|(_, number)| rounded_up(number));
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
        let mut text = String::from("[");
        for (hour, count) in &self.hours {
            for number in [hour, count] {
                if text.len() > 1 {
                    text.push(',');
                }
                push_decimal(&mut text, *number);
            }
        }
        text.push(']');
        out.json("hours", &text);
        out.close('}');
    }

    /// Forgets what is over; after the clock was set back what lies ahead counts as of now.
    fn used(&mut self, now: u64) -> u64 {
        let this = now / HOUR_MS;
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
