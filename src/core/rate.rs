//! What HighLevel says about its limits.

use super::retry_after::decimal;
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
            *into = header(name).and_then(|text| limit_of(&text));
            named |= into.is_some();
        };
        // A limit of nothing would be none at all: no call could ever be made.
        number("x-ratelimit-max", &mut limits.limit);
        limits.limit = limits.limit.filter(|limit| *limit > 0.0);
        number("x-ratelimit-remaining", &mut limits.remaining);
        number("x-ratelimit-interval-milliseconds", &mut limits.interval_ms);
        number("x-ratelimit-limit-daily", &mut limits.daily_limit);
        number("x-ratelimit-daily-remaining", &mut limits.daily_remaining);
        named.then_some(limits)
    }
}

/// A whole number from 0.
fn limit_of(text: &str) -> Option<f64> {
    decimal(text, 1.0).filter(|_| !text.as_bytes().iter().any(|byte| *byte == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_read() {
        for (text, expected) in [
            ("0", Some(0.0)),
            (" 100 ", Some(100.0)),
            ("4294967297", Some(4_294_967_297.0)),
            ("9007199254740991", Some(9_007_199_254_740_991.0)),
            ("1000000000000000", Some(1e15)),
            ("1000000000000000000000", Some(1e21)),
            ("1.5", None),
            ("-1", None),
            ("", None),
        ] {
            let limits = RateLimit::read(&|name| (name == "x-ratelimit-limit-daily").then(|| text.to_owned()));
            assert_eq!(limits.and_then(|limits| limits.daily_limit), expected, "{text}");
        }
    }
}
