//! An answer of the proxy.

use crate::core::RateLimit;
use crate::json::push_decimal;

/// An answer of the proxy: nothing of HighLevel's is in its headers but numbers and the time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// All headers, but those that [`Entry::cors`](super::Entry::cors) gives.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// What is to be reported beside the answer, as a stable code in snake case; empty if nothing.
    pub code: &'static str,
}

impl Answer {
    pub(super) fn new(status: u16, body: Vec<u8>, code: &'static str) -> Self {
        let mut answer = Self { status, headers: Vec::new(), body, code };
        answer.header("cache-control", "private, no-store");
        answer.header("vary", "origin");
        answer.header("x-content-type-options", "nosniff");
        if status != 204 {
            answer.header("content-type", "application/json");
        }
        answer
    }

    #[inline(never)]
    pub(super) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.push((name, value.into()));
    }

    #[inline(never)]
    pub(super) fn number(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            let mut text = String::new();
            push_decimal(&mut text, value as u64);
            self.header(name, &text);
        }
    }

    /// The limits that HighLevel named: the page's client spaces its calls by them.
    pub(super) fn limits(&mut self, limits: Option<&RateLimit>) {
        if let Some(limits) = limits {
            self.number("x-ratelimit-max", limits.limit);
            self.number("x-ratelimit-remaining", limits.remaining);
            self.number("x-ratelimit-interval-milliseconds", limits.interval_ms);
            self.number("x-ratelimit-limit-daily", limits.daily_limit);
            self.number("x-ratelimit-daily-remaining", limits.daily_remaining);
        }
    }

    /// The headers with which a page of a listed origin may read it.
    pub(super) fn cors(&mut self, origin: &str) {
        self.header("access-control-allow-origin", origin);
        // So that the page can send the cookie by which `authorize` may know it.
        self.header("access-control-allow-credentials", "true");
        self.header(
            "access-control-expose-headers",
            "date, retry-after, x-ratelimit-limit-daily, x-ratelimit-daily-remaining, x-ratelimit-interval-milliseconds, \
             x-ratelimit-max, x-ratelimit-remaining",
        );
    }
}
