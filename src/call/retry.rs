//! Whether and when a failed call is sent again: pure functions of what is known.

use crate::core::{Error, ErrorKind};

/// The longest backoff that the client chooses itself, in milliseconds.
const MAX_BACKOFF_MS: f64 = 8_000.0;

/// The longest wait that a server may ask for; beyond it the error goes to the caller, who can read `retryAfterMs`.
const MAX_REQUESTED_WAIT_MS: f64 = 60_000.0;

/// Milliseconds that the server asks to wait: in `Retry-After`, else, with a 429, the interval of its limit. 0 where it asks
/// for nothing.
pub fn asked_ms(error: &Error) -> f64 {
    let limits = error.rate_limit.as_ref().filter(|_| error.kind == ErrorKind::RateLimit);
    error.retry_after_ms.or(limits.and_then(|limits| limits.interval_ms)).unwrap_or(0.0)
}

/// In how many milliseconds a call that failed is sent again; `None`: it is not. `retries` is how often that was done
/// before, which is less than how often it was sent where a token was replaced; `max_retries` is how often it may be done,
/// `delay_ms` the first backoff, `random` from 0 to below 1.
pub fn decide(error: &Error, retries: u32, max_retries: u32, delay_ms: u32, random: f64) -> Option<f64> {
    let asked = asked_ms(error);
    if !error.retryable || retries >= max_retries || asked > MAX_REQUESTED_WAIT_MS {
        return None;
    }
    let mut backoff = f64::from(delay_ms);
    for _ in 0..retries {
        backoff *= 2.0;
    }
    let backoff = backoff.min(MAX_BACKOFF_MS);
    // Half fixed, half random, so that clients that failed together do not come back together.
    Some(asked.max(backoff / 2.0 + backoff / 2.0 * random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{Outcome, RateLimit};

    fn failed(kind: ErrorKind) -> Error {
        let mut error = Error::new(kind, None, Outcome::Rejected, String::new());
        error.retryable = true;
        error
    }

    #[test]
    fn backoff_doubles_up_to_its_cap_and_jitter_takes_at_most_half() {
        let error = failed(ErrorKind::Network);
        for (retries, expected) in [(0, 500.0), (1, 1000.0), (2, 2000.0), (4, 8000.0), (8, 8000.0)] {
            assert_eq!(decide(&error, retries, 9, 500, 1.0), Some(expected));
            assert_eq!(decide(&error, retries, 9, 500, 0.0), Some(expected / 2.0));
        }
        assert_eq!(decide(&error, 5000, u32::MAX, 0, 0.5), Some(0.0));
        assert_eq!(decide(&error, 5000, u32::MAX, u32::MAX, 1.0), Some(8000.0));
    }

    #[test]
    fn the_budget_ends_the_retries_and_counts_nothing_else() {
        let mut error = failed(ErrorKind::Timeout);
        assert_eq!(decide(&error, 2, 2, 500, 0.5), None);
        assert_eq!(decide(&error, 0, 0, 500, 0.5), None);
        error.attempts = 9;
        assert!(decide(&error, 1, 2, 500, 0.5).is_some(), "attempts with a fresh token are no retries");
        error.retryable = false;
        assert_eq!(decide(&error, 0, 9, 500, 0.5), None);
    }

    #[test]
    fn the_server_may_ask_for_a_wait_up_to_a_minute() {
        let asked = |kind, retry_after_ms| {
            let mut error = failed(kind);
            error.retry_after_ms = retry_after_ms;
            error.rate_limit = Some(RateLimit { interval_ms: Some(10_000.0), ..RateLimit::default() });
            decide(&error, 0, 9, 500, 1.0)
        };
        assert_eq!(asked(ErrorKind::RateLimit, Some(3000.0)), Some(3000.0));
        assert_eq!(asked(ErrorKind::RateLimit, Some(0.0)), Some(500.0));
        assert_eq!(asked(ErrorKind::RateLimit, Some(60_000.0)), Some(60_000.0));
        assert_eq!(asked(ErrorKind::RateLimit, Some(86_400_000.0)), None);
        assert_eq!(asked(ErrorKind::RateLimit, None), Some(10_000.0));
        assert_eq!(asked(ErrorKind::Server, None), Some(500.0));
        assert_eq!(asked(ErrorKind::Server, Some(2000.0)), Some(2000.0));
    }
}
