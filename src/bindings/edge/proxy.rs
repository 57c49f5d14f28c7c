//! The exports for the proxy.
