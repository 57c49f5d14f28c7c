//! What one attempt proves: pure functions of how it failed.

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
