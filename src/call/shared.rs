//! The rate limits that calls share.

use super::limiter::Limiter;
use std::ops::DerefMut;
#[cfg(target_arch = "wasm32")]
pub(crate) use std::rc::Rc as Shared;
// So that a future of a native transport can move to another thread.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use std::sync::Arc as Shared;

#[cfg(target_arch = "wasm32")]
type Locked = std::cell::RefCell<Limiter>;
#[cfg(not(target_arch = "wasm32"))]
type Locked = std::sync::Mutex<Limiter>;

/// The rate limits that calls keep to. Clients that share it, because they act for the same app, keep to them together.
#[derive(Debug, Clone, Default)]
pub struct RateLimiter {
    limiter: Shared<Locked>,
}

impl RateLimiter {
    /// HighLevel's documented limits, until an answer names others.
    pub fn new() -> Self {
        Self::default()
    }

    #[cfg(target_arch = "wasm32")]
    pub(super) fn lock(&self) -> impl DerefMut<Target = Limiter> + '_ {
        self.limiter.borrow_mut()
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn lock(&self) -> impl DerefMut<Target = Limiter> + '_ {
        self.limiter.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
