//! Typed client for the HighLevel (GoHighLevel, LeadConnector) Payments API.

// On wasm32 the code that wasm-bindgen generates needs an exception; the lint of Cargo.toml makes it explicit there.
#![cfg_attr(not(target_arch = "wasm32"), forbid(unsafe_code))]
// A panic takes the wasm instance with it. The sandbox and the tests may.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::unreachable, clippy::todo))]

#[cfg(all(any(feature = "npm", feature = "npm-sandbox"), target_arch = "wasm32"))]
mod bindings;
pub mod call;
#[cfg(test)]
mod chance;
mod client;
pub mod core;
#[cfg(feature = "edge")]
pub mod edge;
pub mod endpoint;
mod json;
pub mod model;
#[cfg(feature = "edge")]
pub mod oauth;
#[cfg(feature = "provider")]
pub mod provider;
#[cfg(feature = "sandbox")]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::unreachable)]
pub mod sandbox;
pub mod shape;
#[cfg(feature = "edge")]
pub mod sync;
pub mod transport;
#[cfg(feature = "edge")]
pub mod webhook;

pub use call::OnceOptions;
pub use client::{Client, MatchedBy, Page, Paged, Pages, PaymentRecorded, Records, Reply};

/// The programs in the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
