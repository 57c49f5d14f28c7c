//! The seam between what decides and what does I/O.

use crate::call::{Event, Interrupted, Surroundings, TokenRequest};
use crate::core::{Error, Request, Response};
use crate::endpoint::Operation;
use std::future::Future;

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

    /// A clock that nobody sets, in milliseconds from any moment: by it calls of `record_payment_once` with one reference wait for
    /// each other, whatever becomes of the wall clock. That is the default.
    fn steady_ms(&self) -> f64 {
        self.now_ms()
    }

    /// The `Date` of the last answer, in milliseconds since 1970 (see [`http_date`](crate::core::http_date)), where it has one
    /// that can be read. With it a job whose clock is ahead of HighLevel's is found out before it records a payment.
    fn server_time_ms(&self) -> Option<f64> {
        None
    }

    /// A random number from 0 to below 1.
    fn random(&self) -> f64;

    /// The token for the next attempt. Where one was refused, `Ok(None)` means that there is no other. The call gives up
    /// when the time that the request names is over.
    fn token(&self, wanted: TokenRequest<'_>) -> impl Future<Output = Result<Option<String>, Error>>;

    /// Is told what happens; does nothing by default.
    fn event(&self, operation: &'static Operation, event: Event<'_>) {
        let _ = (operation, event);
    }
}

/// A call sees of its transport what needs no waiting.
impl<T: Transport> Surroundings for T {
    fn now_ms(&self) -> f64 {
        Transport::now_ms(self)
    }

    fn steady_ms(&self) -> f64 {
        Transport::steady_ms(self)
    }

    fn server_time_ms(&self) -> Option<f64> {
        Transport::server_time_ms(self)
    }

    fn random(&self) -> f64 {
        Transport::random(self)
    }

    fn event(&self, operation: &'static Operation, event: Event<'_>) {
        Transport::event(self, operation, event);
    }
}
