//! Whether and when a failed call is sent again: pure functions of what is known.

use super::error::Outcome;
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

/// What the decision needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// What sending again would do.
    pub safety: Safety,
    /// How it failed.
    pub failure: Failure,
    /// How often it was sent so far, from 1.
    pub attempts: u32,
    /// How often it may be sent again at the most.
    pub max_retries: u32,
    /// Milliseconds of the first backoff.
    pub delay_ms: u32,
    /// What the server asks for, from [`retry_after_ms`].
    pub retry_after_ms: Option<f64>,
    /// The interval of the rate limit in milliseconds, if the answer named it.
    pub interval_ms: Option<f64>,
    /// A random number from 0 to below 1.
    pub random: f64,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// Report it.
    GiveUp,
    /// Send it again after this many milliseconds.
    RetryAfter(f64),
}

/// Decides whether a failed call is sent again.
pub fn decide(attempt: &Attempt) -> Decision {
    if attempt.attempts > attempt.max_retries || !retryable(attempt.safety, attempt.failure) {
        return Decision::GiveUp;
    }
    let interval = attempt.interval_ms.filter(|_| attempt.failure == Failure::Status(429));
    let asked = attempt.retry_after_ms.or(interval).unwrap_or(0.0);
    let delay = wait(asked, attempt.attempts, attempt.delay_ms, attempt.random);
    delay.map_or(Decision::GiveUp, Decision::RetryAfter)
}

/// Milliseconds before what may be sent again is sent again; `None` where the server wants more than it gets. `asked` is
/// what it asks for, 0 where it asks for nothing.
// Its caller's: apart, what it gives would go through memory, which is more code.
#[inline(always)]
pub(crate) fn wait(asked: f64, attempts: u32, delay_ms: u32, random: f64) -> Option<f64> {
    if asked > MAX_REQUESTED_WAIT_MS {
        return None;
    }
    let mut backoff = f64::from(delay_ms);
    for _ in 1..attempts {
        backoff *= 2.0;
    }
    let backoff = backoff.min(MAX_BACKOFF_MS);
    // Half fixed, half random, so that clients that failed together do not come back together.
    let backoff = backoff / 2.0 + backoff / 2.0 * random;
    Some(asked.max(backoff))
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

    fn attempt(failure: Failure, attempts: u32) -> Attempt {
        Attempt {
            safety: Read,
            failure,
            attempts,
            max_retries: 9,
            delay_ms: 500,
            retry_after_ms: None,
            interval_ms: None,
            random: 1.0,
        }
    }

    #[test]
    fn backoff_doubles_up_to_its_cap_and_jitter_takes_at_most_half() {
        for (attempts, expected) in [(1, 500.0), (2, 1000.0), (3, 2000.0), (5, 8000.0), (9, 8000.0)] {
            assert_eq!(decide(&attempt(Failure::Network, attempts)), Decision::RetryAfter(expected));
            let low = Attempt { random: 0.0, ..attempt(Failure::Network, attempts) };
            assert_eq!(decide(&low), Decision::RetryAfter(expected / 2.0));
        }
    }

    #[test]
    fn the_budget_ends_the_retries() {
        let last = Attempt { max_retries: 2, ..attempt(Failure::Timeout, 3) };
        assert_eq!(decide(&last), Decision::GiveUp);
        let none = Attempt { max_retries: 0, ..attempt(Failure::Timeout, 1) };
        assert_eq!(decide(&none), Decision::GiveUp);
    }

    #[test]
    fn the_server_may_ask_for_a_wait_up_to_a_minute() {
        let limited = attempt(Failure::Status(429), 1);
        let asked = |ms| decide(&Attempt { retry_after_ms: Some(ms), interval_ms: Some(10_000.0), ..limited });
        assert_eq!(asked(3000.0), Decision::RetryAfter(3000.0));
        assert_eq!(asked(0.0), Decision::RetryAfter(500.0));
        assert_eq!(asked(86_400_000.0), Decision::GiveUp);
        let interval = Attempt { interval_ms: Some(10_000.0), ..limited };
        assert_eq!(decide(&interval), Decision::RetryAfter(10_000.0));
        let server = Attempt { interval_ms: Some(10_000.0), ..attempt(Failure::Status(503), 1) };
        assert_eq!(decide(&server), Decision::RetryAfter(500.0));
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
