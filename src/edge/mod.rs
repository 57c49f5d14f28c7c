//! The decisions of a proxy that keeps the token off the page.

pub mod proxy;
