//! What a call sees of the outside, and how it is told what happened there.

use crate::core::{Error, RateLimit};
use crate::endpoint::Operation;
use crate::shape::Drift;

/// How an attempt can fail without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// The connection failed or was dropped.
    Network,
    /// The time was over.
    Timeout,
    /// The caller aborted.
    Aborted,
    /// The transport refused before it sent anything, as it would again: there is none, or it cannot take the request.
    Refused,
}

/// An attempt that ended without a whole answer.
#[derive(Debug, Clone)]
pub struct Interrupted {
    /// How it ended.
    pub how: Interruption,
    /// Whether the request may have left this process.
    pub sent: bool,
    /// The status, if the head of an answer came.
    pub status: Option<u16>,
    /// What happened, for people; without secrets.
    pub message: &'static str,
}

/// Something that happened during a call, for logs and metrics. It never holds a token.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// An attempt begins.
    Request {
        /// How many were made with this one.
        attempt: u32,
    },
    /// An answer came.
    Response {
        /// How many attempts were made.
        attempt: u32,
        /// Its status.
        status: u16,
        /// Milliseconds since the attempt began.
        duration_ms: f64,
    },
    /// An answer named the limits.
    RateLimit(RateLimit),
    /// The call will be sent again.
    Retry {
        /// How many attempts were made.
        attempt: u32,
        /// Milliseconds until then.
        delay_ms: f64,
        /// Why.
        reason: &'a Error,
    },
    /// An answer differed from its shape.
    Drift(&'a Drift),
}

/// Which token a call needs.
#[derive(Clone, Copy)]
pub struct TokenRequest<'a> {
    /// The one that was answered with 401: another one is wanted. It must not be logged.
    pub refused: Option<&'a str>,
    /// The location that the call is about, if it is about one.
    pub location_id: Option<&'a str>,
    /// For how many milliseconds it is waited for; may be infinite.
    pub timeout_ms: f64,
}

impl std::fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { location_id, timeout_ms, .. } = self;
        let mut shown = f.debug_struct("TokenRequest");
        shown.field("location_id", location_id).field("timeout_ms", timeout_ms).finish_non_exhaustive()
    }
}

/// What a call sees of the outside without waiting for it.
pub(crate) trait Surroundings {
    /// The wall clock, in milliseconds since 1970.
    fn now_ms(&self) -> f64;

    /// A clock that nobody sets, in milliseconds from any moment, where there is one; otherwise the wall clock.
    fn steady_ms(&self) -> f64;

    /// What the server's clock said with its last answer, in milliseconds since 1970, where it can be known.
    fn server_time_ms(&self) -> Option<f64>;

    /// A random number from 0 to below 1.
    fn random(&self) -> f64;

    /// Is told what happens.
    fn event(&self, operation: &'static Operation, event: Event<'_>);
}
