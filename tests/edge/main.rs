//! The edge's decisions, from outside.

mod oracle;
mod proxy;
#[cfg(not(target_arch = "wasm32"))]
mod query;
#[cfg(not(target_arch = "wasm32"))]
mod webhook;
