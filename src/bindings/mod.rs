//! The surface that the npm package's JavaScript stands on.

#[cfg(feature = "npm")]
mod client;
#[cfg(feature = "npm-edge")]
mod edge;
#[cfg(feature = "npm")]
mod options;
#[cfg(feature = "npm")]
mod pages;
#[cfg(feature = "npm")]
mod values;

#[cfg(feature = "npm-sandbox")]
mod sandbox;
