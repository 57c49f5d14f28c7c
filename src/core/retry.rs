//! Whether and when a failed call is sent again: pure functions of what is known.

use super::error::{Error, ErrorKind, Outcome};
use super::rate::whole;
use crate::endpoint::Safety;

/// How an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The server answered with this status, which is not 2xx.
    Status(u16),
    /// A 2xx status came, its body did not.
    BodyLost,
    /// A 2xx answer that is not what the endpoint promises.
    Undecodable,
    /// No answer came: the connection failed or was dropped.
    Network,
    /// No answer came in time.
    Timeout,
    /// The caller aborted it while it was under way.
    Aborted,
    /// It failed before anything was sent.
    NotSent,
}

/// The longest backoff that the client chooses itself, in milliseconds.
const MAX_BACKOFF_MS: f64 = 8_000.0;

/// The longest wait that a server may ask for; beyond it the error goes to the caller, who can read `retryAfterMs`.
const MAX_REQUESTED_WAIT_MS: f64 = 60_000.0;

/// Whether the operation was carried out, as far as can be known from one attempt.
pub fn outcome(safety: Safety, failure: Failure) -> Outcome {
    match failure {
        Failure::NotSent => Outcome::NotSent,
        Failure::BodyLost | Failure::Undecodable => Outcome::Applied,
        Failure::Network | Failure::Timeout | Failure::Aborted => Outcome::Unknown,
        // 408: what gave up waiting may stand in front of a server that did not.
        Failure::Status(408 | 500..=599) if safety != Safety::Read => Outcome::Unknown,
        Failure::Status(_) => Outcome::Rejected,
    }
}

/// Whether sending the same call again is safe and may help.
pub fn retryable(safety: Safety, failure: Failure) -> bool {
    match failure {
        // The server surely did not act.
        Failure::Status(429) | Failure::NotSent => true,
        Failure::Undecodable | Failure::Aborted => false,
        Failure::Status(408 | 500..=599) | Failure::Network | Failure::Timeout => safety != Safety::NonIdempotentWrite,
        Failure::BodyLost => safety == Safety::Read,
        Failure::Status(_) => false,
    }
}

/// Milliseconds that the server asks to wait: in `Retry-After`, else, with a 429, the interval of its limit. 0 where it asks
/// for nothing.
pub fn asked_ms(error: &Error) -> f64 {
    let limits = error.rate_limit.as_ref().filter(|_| error.kind == ErrorKind::RateLimit);
    error.retry_after_ms.or(limits.and_then(|limits| limits.interval_ms)).unwrap_or(0.0)
}

/// In how many milliseconds a call that failed, and was sent as often as the error says, is sent again; `None`: it is not.
/// `max_retries` is how often that may be at the most, `delay_ms` the first backoff, `random` from 0 to below 1.
pub fn decide(error: &Error, max_retries: u32, delay_ms: u32, random: f64) -> Option<f64> {
    let asked = asked_ms(error);
    if !error.retryable || error.attempts > max_retries || asked > MAX_REQUESTED_WAIT_MS {
        return None;
    }
    let mut backoff = f64::from(delay_ms);
    for _ in 1..error.attempts {
        backoff *= 2.0;
    }
    let backoff = backoff.min(MAX_BACKOFF_MS);
    // Half fixed, half random, so that clients that failed together do not come back together.
    Some(asked.max(backoff / 2.0 + backoff / 2.0 * random))
}

/// Milliseconds that a `Retry-After` header asks for: seconds, or a date (RFC 9110, IMF-fixdate) against `now_ms`, the
/// wall clock in milliseconds since 1970. A date in the past is 0; what cannot be read is `None`.
pub fn retry_after_ms(text: &str, now_ms: f64) -> Option<f64> {
    match whole(text) {
        Some(seconds) => Some(seconds * 1000.0),
        None => http_date(text.as_bytes()).map(|seconds| (f64::from(seconds) * 1000.0 - now_ms).max(0.0)),
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` in seconds since 1970.
fn http_date(text: &[u8]) -> Option<u32> {
    const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
    // What is no number comes out too large for its check below.
    let number = |at: usize, digits: usize| {
        let digits = text.get(at..at + digits).unwrap_or(b"x");
        digits.iter().fold(0u32, |n, b| if b.is_ascii_digit() { n * 10 + u32::from(b - b'0') } else { 1 << 20 })
    };
    let name = text.get(8..11)?;
    let month = MONTHS.chunks_exact(3).position(|known| known == name)? as u32 + 1;
    let (day, year) = (number(5, 2), number(12, 4));
    let (hours, minutes, seconds) = (number(17, 2), number(20, 2), number(23, 2));
    let fixed = text.len() == 29 && text.ends_with(b" GMT");
    let fits = day <= 31 && hours < 24 && minutes < 60 && seconds <= 60 && (1970..2106).contains(&year);
    if !fixed || !fits || day == 0 {
        return None;
    }
    // Days since 1970, with March as the first month of the year: leap days then come last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Some(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::RateLimit;
    use Safety::{IdempotentWrite, NonIdempotentWrite, Read};

    const ALL: [Safety; 3] = [Read, IdempotentWrite, NonIdempotentWrite];

    #[test]
    fn a_write_that_charges_or_creates_goes_out_again_only_when_the_server_surely_did_not_act() {
        for (failure, expected) in [
            (Failure::Status(429), [true, true, true]),
            (Failure::Status(408), [true, true, false]),
            (Failure::Status(500), [true, true, false]),
            (Failure::Status(503), [true, true, false]),
            (Failure::Network, [true, true, false]),
            (Failure::Timeout, [true, true, false]),
            (Failure::BodyLost, [true, false, false]),
            (Failure::Undecodable, [false, false, false]),
            (Failure::Aborted, [false, false, false]),
            (Failure::NotSent, [true, true, true]),
            (Failure::Status(400), [false, false, false]),
            (Failure::Status(401), [false, false, false]),
            (Failure::Status(404), [false, false, false]),
            (Failure::Status(409), [false, false, false]),
            (Failure::Status(422), [false, false, false]),
            (Failure::Status(302), [false, false, false]),
        ] {
            assert_eq!(ALL.map(|safety| retryable(safety, failure)), expected, "{failure:?}");
        }
    }

    #[test]
    fn outcome_says_what_one_attempt_proves() {
        use Outcome::{Applied, NotSent, Rejected, Unknown};
        for (failure, read, write) in [
            (Failure::NotSent, NotSent, NotSent),
            (Failure::Status(400), Rejected, Rejected),
            (Failure::Status(408), Rejected, Unknown),
            (Failure::Status(429), Rejected, Rejected),
            (Failure::Status(500), Rejected, Unknown),
            (Failure::Status(504), Rejected, Unknown),
            (Failure::Status(302), Rejected, Rejected),
            (Failure::Network, Unknown, Unknown),
            (Failure::Timeout, Unknown, Unknown),
            (Failure::Aborted, Unknown, Unknown),
            (Failure::BodyLost, Applied, Applied),
            (Failure::Undecodable, Applied, Applied),
        ] {
            assert_eq!(outcome(Read, failure), read, "{failure:?}");
            assert_eq!(outcome(IdempotentWrite, failure), write, "{failure:?}");
            assert_eq!(outcome(NonIdempotentWrite, failure), write, "{failure:?}");
        }
    }

    fn failed(kind: ErrorKind, attempts: u32) -> Error {
        let mut error = Error::new(kind, None, Outcome::Rejected, String::new());
        (error.retryable, error.attempts) = (true, attempts);
        error
    }

    #[test]
    fn backoff_doubles_up_to_its_cap_and_jitter_takes_at_most_half() {
        for (attempts, expected) in [(1, 500.0), (2, 1000.0), (3, 2000.0), (5, 8000.0), (9, 8000.0)] {
            let error = failed(ErrorKind::Network, attempts);
            assert_eq!(decide(&error, 9, 500, 1.0), Some(expected));
            assert_eq!(decide(&error, 9, 500, 0.0), Some(expected / 2.0));
        }
        assert_eq!(decide(&failed(ErrorKind::Network, 5000), u32::MAX, 0, 0.5), Some(0.0));
    }

    #[test]
    fn the_budget_ends_the_retries() {
        assert_eq!(decide(&failed(ErrorKind::Timeout, 3), 2, 500, 0.5), None);
        assert_eq!(decide(&failed(ErrorKind::Timeout, 1), 0, 500, 0.5), None);
        let mut never = failed(ErrorKind::Timeout, 1);
        never.retryable = false;
        assert_eq!(decide(&never, 9, 500, 0.5), None);
    }

    #[test]
    fn the_server_may_ask_for_a_wait_up_to_a_minute() {
        let asked = |kind, retry_after_ms| {
            let mut error = failed(kind, 1);
            error.retry_after_ms = retry_after_ms;
            error.rate_limit = Some(RateLimit { interval_ms: Some(10_000.0), ..RateLimit::default() });
            decide(&error, 9, 500, 1.0)
        };
        assert_eq!(asked(ErrorKind::RateLimit, Some(3000.0)), Some(3000.0));
        assert_eq!(asked(ErrorKind::RateLimit, Some(0.0)), Some(500.0));
        assert_eq!(asked(ErrorKind::RateLimit, Some(60_000.0)), Some(60_000.0));
        assert_eq!(asked(ErrorKind::RateLimit, Some(86_400_000.0)), None);
        assert_eq!(asked(ErrorKind::RateLimit, None), Some(10_000.0));
        assert_eq!(asked(ErrorKind::Server, None), Some(500.0));
        assert_eq!(asked(ErrorKind::Server, Some(2000.0)), Some(2000.0));
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_as_a_date() {
        let now = 784_111_777_000.0;
        for (text, expected) in [
            ("3", Some(3000.0)),
            (" 0 ", Some(0.0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000.0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0.0)),
            ("Mon, 01 Jan 1990 00:00:00 GMT", Some(0.0)),
            ("Thu, 29 Feb 1996 00:00:00 GMT", Some(825_552_000_000.0 - now)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 32 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(retry_after_ms(text, now), expected, "{text}");
        }
    }
}
