//! The turn that an attempt waits for.

use super::Transport;
use crate::core::{hash, Config, End, Limiter, Ticket, Turn};
#[cfg(not(target_arch = "wasm32"))]
use std::sync::{Arc, Mutex, PoisonError};
#[cfg(target_arch = "wasm32")]
use std::{cell::RefCell, rc::Rc};

/// The rate limits that calls keep to. Clients that share it, because they act for the same app, keep to them together.
#[derive(Debug, Clone, Default)]
pub struct RateLimiter {
    #[cfg(target_arch = "wasm32")]
    limiter: Rc<RefCell<Limiter>>,
    // So that a future of a native transport can move to another thread.
    #[cfg(not(target_arch = "wasm32"))]
    limiter: Arc<Mutex<Limiter>>,
}

impl RateLimiter {
    /// HighLevel's documented limits, until an answer names others.
    pub fn new() -> Self {
        Self::default()
    }

    #[cfg(target_arch = "wasm32")]
    fn with<R>(&self, act: impl FnOnce(&mut Limiter) -> R) -> R {
        act(&mut self.limiter.borrow_mut())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn with<R>(&self, act: impl FnOnce(&mut Limiter) -> R) -> R {
        act(&mut self.limiter.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How the wait for a turn ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    Turn,
    Aborted,
    /// It would not come before the deadline.
    Late,
}

/// The turns of one call. What it holds is given back also where its future is dropped.
pub(crate) struct Turns<'a, T: Transport> {
    transport: &'a T,
    limiter: Option<&'a RateLimiter>,
    ticket: Ticket,
    flying: bool,
}

impl<'a, T: Transport> Turns<'a, T> {
    pub fn new(transport: &'a T, limiter: Option<&'a RateLimiter>, config: &Config) -> Self {
        let location = config.location_id.as_deref().unwrap_or_default();
        Self { transport, limiter, ticket: Ticket::new(hash(location.as_bytes()), config.background), flying: false }
    }

    /// Waits until the request may go out.
    pub async fn next(&mut self, deadline: f64) -> Waited {
        let Some(limiter) = self.limiter else { return Waited::Turn };
        loop {
            let now = self.transport.now_ms();
            let turn = limiter.with(|limiter| limiter.ask(&mut self.ticket, now as u64));
            let Turn::Wait(ms) = turn else {
                self.flying = true;
                return Waited::Turn;
            };
            if now + f64::from(ms) >= deadline {
                return Waited::Late;
            }
            if !self.transport.sleep(f64::from(ms)).await {
                return Waited::Aborted;
            }
        }
    }

    /// The request has ended.
    pub fn done(&mut self, end: End) {
        if let (Some(limiter), true) = (self.limiter, std::mem::take(&mut self.flying)) {
            let now = self.transport.now_ms() as u64;
            limiter.with(|limiter| limiter.done(&self.ticket, now, end));
        }
    }
}

impl<T: Transport> Drop for Turns<'_, T> {
    fn drop(&mut self) {
        self.done(End::Lost);
        if let Some(limiter) = self.limiter {
            let now = self.transport.now_ms() as u64;
            limiter.with(|limiter| limiter.leave(&self.ticket, now));
        }
    }
}
