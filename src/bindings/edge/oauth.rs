//! The exports for OAuth.
