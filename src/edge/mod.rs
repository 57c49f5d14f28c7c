//! The decisions of a server in front of HighLevel: a proxy that keeps the token off the page, and a provider's pushes.

pub mod proxy;
pub mod push;
