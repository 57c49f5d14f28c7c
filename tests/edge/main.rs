//! The edge's decisions, from outside.

#[path = "../contract/examples.rs"]
mod examples;
#[cfg(not(target_arch = "wasm32"))]
mod messages;
mod oracle;
mod proxy;
#[cfg(not(target_arch = "wasm32"))]
mod query;
#[cfg(not(target_arch = "wasm32"))]
mod webhook;
