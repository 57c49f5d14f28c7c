//! The seam to the outside: sending, sleeping, the clock, randomness and the token.

mod call;
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
mod fetch;
mod limits;
mod once;
mod run;
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
mod thrown;

pub(crate) use call::{drive, Call};
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
pub use fetch::{FetchTransport, TokenSource};
#[cfg(all(feature = "npm", target_arch = "wasm32"))]
pub(crate) use fetch::{Listener, Wiring};
pub use limits::RateLimiter;
pub(crate) use limits::Shared;
#[cfg(all(feature = "npm", target_arch = "wasm32"))]
pub(crate) use run::{Ask, Done, Told};

use crate::core::{Error, RateLimit, Request, Response};
use crate::endpoint::Operation;
use crate::shape::Drift;
use std::future::Future;

/// How an attempt can fail without a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// The connection failed or was dropped.
    Network,
    /// The time was over.
    Timeout,
    /// The caller aborted.
    Aborted,
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

/// Carries requests. On wasm32 `FetchTransport` does it in browsers, Workers and Node; elsewhere bring your own.
pub trait Transport {
    /// Sends one request. `token` goes into `Authorization: Bearer`; redirects must not be followed with it.
    fn send(
        &self,
        request: &Request,
        token: Option<&str>,
        timeout_ms: u32,
    ) -> impl Future<Output = Result<Response, Interrupted>>;

    /// Waits; `false` when the caller aborted meanwhile.
    fn sleep(&self, ms: f64) -> impl Future<Output = bool>;

    /// The wall clock, in milliseconds since 1970.
    fn now_ms(&self) -> f64;

    /// A random number from 0 to below 1.
    fn random(&self) -> f64;

    /// The token for the next attempt. `rejected` is the one that was answered with 401: `Ok(None)` then means that
    /// there is no other.
    fn token(&self, rejected: Option<&str>) -> impl Future<Output = Result<Option<String>, Error>>;

    /// Is told what happens; does nothing by default.
    fn event(&self, operation: &'static Operation, event: Event<'_>) {
        let _ = (operation, event);
    }
}
