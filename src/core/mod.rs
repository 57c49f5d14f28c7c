//! Builds requests, reads answers, decides on retries and pages.
//!
//! Nothing here does I/O: time and randomness are arguments, sending is the caller's. Everything is a function of its
//! input and tested without a network.

// What is marked `#[inline(always)]` here and in the transport has one caller: apart from it, what it gives would go
// through memory, which is more code.
mod config;
mod error;
mod limiter;
mod once;
mod page;
mod rate;
mod request;
mod response;
mod retry;
mod url;

pub use config::{CallOptions, Config, MAX_ID_LENGTH};
pub use error::{Error, ErrorKind, Outcome};
pub use limiter::{Limiter, Ticket, Turn};
pub use once::{Once, Step};
pub use page::{hash, Pager};
pub use rate::RateLimit;
pub use request::{build, Request};
pub(crate) use response::read_masked;
pub use response::{read, Answer, Response};
pub use retry::{asked_ms, decide, outcome, retry_after_ms, retryable, Failure};
pub use url::{base_url, encode_component};
