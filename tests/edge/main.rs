//! The edge's decisions, from outside.

#[path = "../../src/chance.rs"]
mod chance;
#[cfg(not(target_arch = "wasm32"))]
mod messages;
#[path = "../contract/operations.rs"]
mod operations;
mod oracle;
mod proxy;
#[cfg(not(target_arch = "wasm32"))]
mod query;
#[cfg(not(target_arch = "wasm32"))]
mod webhook;
