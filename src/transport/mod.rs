//! The seam to the outside: sending, sleeping, the clock, randomness and the token.

#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
mod fetch;
mod seam;
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
mod thrown;

pub use crate::call::{Event, Interrupted, Interruption, RateLimiter, TokenRequest};
#[cfg(all(feature = "npm", target_arch = "wasm32"))]
pub(crate) use fetch::{steady, Listener, Wiring};
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
pub use fetch::{FetchTransport, TokenSource};
pub use seam::Transport;
