//! The edge's decisions, from outside.

mod oracle;
mod proxy;
