//! Any `Retry-After` and any limits: a finite wait that is not in the past, never longer than the cap of a decision.
//!
//! The first line is the header, the second one the interval of the limit.
#![no_main]

use ghl_payments::call::decide;
use ghl_payments::core::{retry_after_ms, Error, ErrorKind, Outcome, RateLimit};
use libfuzzer_sys::fuzz_target;

/// 2024-06-01T00:00:00Z
const NOW: f64 = 1_717_200_000_000.0;

fuzz_target!(|input: &str| {
    let (header, interval) = input.split_once('\n').unwrap_or((input, ""));
    let retry_after_ms = retry_after_ms(header, NOW);
    assert!(retry_after_ms.is_none_or(|ms| ms.is_finite() && ms >= 0.0), "{retry_after_ms:?}");
    if let Some(ms) = retry_after_ms {
        let seconds = header.trim().parse::<u64>().is_ok();
        // RFC 9110 knows nothing between a number and a date of 29 characters, whose day of the week nobody needs.
        assert!(seconds || header.len() == 29 && header.ends_with(" GMT"), "{header:?}");
        // The year 2106 ends the dates that are read.
        assert!(seconds || NOW + ms < 4_294_967_296_000.0 + 1.0, "{header:?}");
    }
    let limit = RateLimit::read(&|name| name.ends_with("milliseconds").then(|| interval.to_owned()));
    let interval_ms = limit.and_then(|limit| limit.interval_ms);
    assert!(interval_ms.is_none_or(|ms| ms.is_finite() && ms >= 0.0), "{interval_ms:?}");
    for kind in [ErrorKind::RateLimit, ErrorKind::Server, ErrorKind::Network] {
        for attempts in [1, 2, 9] {
            let mut error = Error::new(kind, None, Outcome::Unknown, String::new());
            (error.retryable, error.attempts) = (true, attempts);
            (error.retry_after_ms, error.rate_limit) = (retry_after_ms, limit);
            if let Some(ms) = decide(&error, 8, 500, 0.5) {
                assert!((0.0..=60_000.0).contains(&ms) && attempts <= 8, "{ms}");
            } else {
                let asked = [retry_after_ms, interval_ms].into_iter().flatten().any(|ms| ms > 60_000.0);
                assert!(attempts > 8 || asked, "{header:?} {interval:?}");
            }
        }
    }
});
