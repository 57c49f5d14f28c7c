//! Any `Retry-After` and any limits: a finite wait that is not in the past, never longer than the cap of a decision.
//!
//! The first line is the header, the second one the interval of the limit.
#![no_main]

use ghl_payments::core::{decide, retry_after_ms, Attempt, Decision, Failure, RateLimit};
use ghl_payments::endpoint::Safety;
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
    for failure in [Failure::Status(429), Failure::Status(503), Failure::Network] {
        for attempts in [1, 2, 9] {
            let decision = decide(&Attempt {
                safety: Safety::Read,
                failure,
                attempts,
                max_retries: 8,
                delay_ms: 500,
                retry_after_ms,
                interval_ms,
                random: 0.5,
            });
            match decision {
                Decision::RetryAfter(ms) => assert!((0.0..=60_000.0).contains(&ms) && attempts <= 8, "{ms}"),
                Decision::GiveUp => {
                    let asked = [retry_after_ms, interval_ms].into_iter().flatten().any(|ms| ms > 60_000.0);
                    assert!(attempts > 8 || asked, "{header:?} {interval:?}");
                }
            }
        }
    }
});
