//! The rate limits that calls share.

use crate::core::Limiter;
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
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Limiter) -> R) -> R {
        act(&mut self.limiter.borrow_mut())
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Limiter) -> R) -> R {
        act(&mut self.limiter.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
