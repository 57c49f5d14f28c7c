//! Any `Retry-After` and any limits: a finite wait that is not in the past, never longer than the cap of a decision.
//!
//! The first line is the header, the second one the interval of the limit.
#![no_main]

use ghl_payments::call::decide;
use ghl_payments::core::{Error, ErrorKind, Outcome, RateLimit, RetryAfter};
use libfuzzer_sys::fuzz_target;

/// 2024-06-01T00:00:00Z
const NOW: f64 = 1_717_200_000_000.0;

fuzz_target!(|input: &str| {
    let (header, interval) = input.split_once('\n').unwrap_or((input, ""));
    let retry_after = RetryAfter::read(&|name| (name == "retry-after").then(|| header.to_owned()));
    let retry_after_ms = retry_after.map(|after| after.ms(NOW));
    assert!(retry_after_ms.is_none_or(|ms| ms.is_finite() && ms >= 0.0 && ms.fract() == 0.0), "{retry_after_ms:?}");
    match retry_after {
        Some(RetryAfter::In(ms)) => {
            // The milliseconds of a number that the standard library reads as well.
            let seconds = header.trim_ascii().parse::<f64>().expect("seconds");
            let expected = (seconds * 1000.0).min(f64::MAX);
            assert!((ms - expected).abs() <= 1.0 + expected * 1e-12, "{header:?}: {ms}");
        }
        // The year 9999 ends the dates that are read.
        Some(RetryAfter::At(at)) => assert!((0.0..253_402_300_801_000.0).contains(&at), "{header:?}"),
        None => {
            let digits = header.trim_ascii().bytes();
            assert!(digits.len() == 0 || !digits.clone().all(|byte| byte.is_ascii_digit()), "{header:?}");
        }
    }
    let limit = RateLimit::read(&|name| name.ends_with("milliseconds").then(|| interval.to_owned()));
    let interval_ms = limit.and_then(|limit| limit.interval_ms);
    assert!(interval_ms.is_none_or(|ms| ms.is_finite() && ms >= 0.0), "{interval_ms:?}");
    for kind in [ErrorKind::RateLimit, ErrorKind::Server, ErrorKind::Network] {
        for retries in [0, 1, 8] {
            let mut error = Error::new(kind, None, Outcome::Unknown, String::new());
            error.retryable = true;
            (error.retry_after_ms, error.rate_limit) = (retry_after_ms, limit);
            if let Some(ms) = decide(&error, retries, 8, 500, 0.5) {
                assert!((0.0..=60_000.0).contains(&ms) && retries < 8, "{ms}");
            } else {
                let asked = [retry_after_ms, interval_ms].into_iter().flatten().any(|ms| ms > 60_000.0);
                assert!(retries >= 8 || asked, "{header:?} {interval:?}");
            }
        }
    }
});
