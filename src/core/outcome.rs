//! What one attempt proves: pure functions of how it failed.

use super::error::Outcome;
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
        // A server refuses with a 4xx; 307 and 308 ask for the same request elsewhere.
        Failure::Status(307 | 308 | 400..=407 | 409..=499) => Outcome::Rejected,
        Failure::Status(_) if safety == Safety::Read => Outcome::Rejected,
        // 408: what gave up waiting may stand in front of a server that did not. 303 is how many a server says that it has
        // acted. What else a proxy makes up, the request may have got through it.
        Failure::Status(_) => Outcome::Unknown,
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
            (Failure::Status(302), Rejected, Unknown),
            (Failure::Status(303), Rejected, Unknown),
            (Failure::Status(304), Rejected, Unknown),
            (Failure::Status(307), Rejected, Rejected),
            (Failure::Status(308), Rejected, Rejected),
            (Failure::Status(0), Rejected, Unknown),
            (Failure::Status(103), Rejected, Unknown),
            (Failure::Status(600), Rejected, Unknown),
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
}
