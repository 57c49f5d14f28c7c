//! What the client promises when things go wrong, held against what the sandbox really did, in virtual time.
#![cfg(not(target_arch = "wasm32"))]

mod lifetimes;
mod limits;
mod once;
#[path = "../contract/operations.rs"]
mod operations;
mod outcomes;
mod pages;
mod world;
