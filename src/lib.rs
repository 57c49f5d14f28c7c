//! Typed client for the HighLevel (GoHighLevel, LeadConnector) Payments API.

#[cfg(all(any(feature = "npm", feature = "npm-sandbox"), target_arch = "wasm32"))]
mod bindings;
mod client;
pub mod core;
pub mod endpoint;
pub mod model;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod shape;
pub mod transport;

pub use client::{Client, Reply};
