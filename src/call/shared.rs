//! What calls share.

use super::limiter::Limiter;
use std::ops::DerefMut;
#[cfg(target_arch = "wasm32")]
pub(crate) use std::rc::Rc as Shared;
// So that a future of a native transport can move to another thread.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use std::sync::Arc as Shared;

#[cfg(target_arch = "wasm32")]
use std::cell::RefCell as Lock;
#[cfg(not(target_arch = "wasm32"))]
use std::sync::Mutex as Lock;

/// One value of all its clones.
#[derive(Debug, Default)]
pub(super) struct Common<T>(Shared<Lock<T>>);

impl<T> Clone for Common<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Common<T> {
    #[cfg(target_arch = "wasm32")]
    pub(super) fn lock(&self) -> impl DerefMut<Target = T> + '_ {
        self.0.borrow_mut()
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(super) fn lock(&self) -> impl DerefMut<Target = T> + '_ {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The rate limits that calls keep to. Clients that share it, because they act for the same app, keep to them together.
#[derive(Debug, Clone, Default)]
pub struct RateLimiter {
    limiter: Common<Limiter>,
}

impl RateLimiter {
    /// HighLevel's documented limits, until an answer names others.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a new one would do in its place, at a time in milliseconds since 1970.
    pub fn rests(&self, now: f64) -> bool {
        self.lock().rests(now as u64)
    }

    pub(super) fn lock(&self) -> impl DerefMut<Target = Limiter> + '_ {
        self.limiter.lock()
    }
}
