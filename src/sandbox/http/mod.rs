//! What stands between a caller and the operations: requests judged, faults, limits, the log.

pub mod auth;
pub mod check;
pub mod drift;
pub mod fault;
pub mod limits;
pub mod log;
pub mod message;
pub mod refusal;
pub mod secret;
