//! What HighLevel says about its limits.

use serde::Serialize;

/// The `X-RateLimit-*` headers of an answer. HighLevel allows 100 requests in 10 s and 200,000 a day for an app and a
/// location (protocol: burst and daily limit).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RateLimit {
    /// Requests allowed in one interval (`X-RateLimit-Max`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// Requests left in this interval (`X-RateLimit-Remaining`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<f64>,
    /// Length of the interval in milliseconds (`X-RateLimit-Interval-Milliseconds`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<f64>,
    /// Requests allowed in a day (`X-RateLimit-Limit-Daily`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_limit: Option<f64>,
    /// Requests left today (`X-RateLimit-Daily-Remaining`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_remaining: Option<f64>,
}

impl RateLimit {
    /// Reads the headers; `None` if there is none of them.
    pub fn read(header: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let mut limits = Self::default();
        let mut named = false;
        let mut number = |name: &str, into: &mut Option<f64>| {
            *into = header(name).and_then(|text| whole(&text));
            named |= into.is_some();
        };
        number("x-ratelimit-max", &mut limits.limit);
        number("x-ratelimit-remaining", &mut limits.remaining);
        number("x-ratelimit-interval-milliseconds", &mut limits.interval_ms);
        number("x-ratelimit-limit-daily", &mut limits.daily_limit);
        number("x-ratelimit-daily-remaining", &mut limits.daily_remaining);
        named.then_some(limits)
    }
}

/// A whole number of at most 15 digits, spaces around it allowed.
pub(crate) fn whole(text: &str) -> Option<f64> {
    let text = text.as_bytes().trim_ascii();
    let fits = matches!(text.len(), 1..=15) && text.iter().all(u8::is_ascii_digit);
    fits.then(|| text.iter().fold(0u64, |n, b| n * 10 + u64::from(b - b'0')) as f64)
}
