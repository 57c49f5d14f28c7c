//! What the client promises when things go wrong, held against what the sandbox really did, in virtual time.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../contract/examples.rs"]
mod examples;
mod lifetimes;
mod limits;
mod once;
mod outcomes;
mod pages;
mod world;
