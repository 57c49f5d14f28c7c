//! The rate limits of a location and the headers that tell of them.

use crate::sandbox::text::digits;

/// How many requests a location may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests in one interval.
    pub max: u32,
    /// Length of the interval in milliseconds.
    pub interval_ms: u32,
    /// Requests in a day.
    pub daily: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max: 100, interval_ms: 10_000, daily: 200_000 }
    }
}

/// What a location has used.
#[derive(Debug, Clone, Default)]
pub struct Usage {
    interval: Window,
    day: Window,
}

#[derive(Debug, Clone, Default)]
struct Window {
    start: Option<f64>,
    used: u32,
}

impl Window {
    /// Opens a new window where the old one is over.
    fn turn(&mut self, now: f64, length: f64) {
        if self.start.is_none_or(|start| now - start >= length) {
            *self = Self { start: Some(now), used: 0 };
        }
    }
}

impl Usage {
    /// Counts a request; `false` where it is one too many. A refused request is not counted.
    pub fn take(&mut self, limits: Limits, now: f64) -> bool {
        self.interval.turn(now, f64::from(limits.interval_ms));
        self.day.turn(now, 86_400_000.0);
        let free = self.interval.used < limits.max && self.day.used < limits.daily;
        if free {
            self.interval.used += 1;
            self.day.used += 1;
        }
        free
    }

    /// The five headers.
    pub fn headers(&self, limits: Limits) -> [(&'static str, String); 5] {
        let text = |number: u32| digits(number.into(), 1);
        let left = |limit: u32, used: u32| text(limit.saturating_sub(used));
        [
            ("x-ratelimit-limit-daily", text(limits.daily)),
            ("x-ratelimit-daily-remaining", left(limits.daily, self.day.used)),
            ("x-ratelimit-interval-milliseconds", text(limits.interval_ms)),
            ("x-ratelimit-max", text(limits.max)),
            ("x-ratelimit-remaining", left(limits.max, self.interval.used)),
        ]
    }
}
