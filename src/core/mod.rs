//! Builds one request, reads one answer.
//!
//! Nothing here does I/O: time and randomness are arguments, sending is the caller's. Everything is a function of its
//! input and tested without a network.

// What is marked `#[inline(always)]` here and in the transport has one caller: apart from it, what it gives would go
// through memory, which is more code.
mod config;
mod error;
#[cfg(feature = "edge")]
mod instant;
mod outcome;
#[cfg(any(all(test, feature = "provider"), all(feature = "fetch", target_arch = "wasm32")))]
mod plain;
mod rate;
mod request;
mod response;
mod retry_after;
mod url;

pub use crate::json::encode_component;
#[cfg(feature = "edge")]
pub(crate) use config::is_header_value;
pub use config::{CallOptions, Config, MAX_ID_LENGTH};
#[cfg(feature = "edge")]
pub use config::{DEFAULT_API_VERSION, DEFAULT_BASE_URL};
pub(crate) use error::report;
pub use error::{Error, ErrorKind, Outcome};
#[cfg(feature = "edge")]
pub(crate) use instant::instant_ms;
pub use outcome::{outcome, retryable, Failure};
#[cfg(all(feature = "fetch", target_arch = "wasm32"))]
pub(crate) use plain::plain_error;
#[cfg(all(feature = "npm", target_arch = "wasm32"))]
pub(crate) use plain::{put_drift, put_limits, put_operation, put_rate_limit};
pub use rate::RateLimit;
#[cfg(all(feature = "npm", target_arch = "wasm32"))]
pub(crate) use request::build_after;
#[cfg(feature = "edge")]
pub(crate) use request::names_account;
pub use request::{build, Request};
#[cfg(feature = "edge")]
pub(crate) use response::{explain, mask, spelled, WEB_PAGE};
pub(crate) use response::{lacks_scope, read_masked};
pub use response::{read, Answer, Response};
pub(crate) use retry_after::days_since_1970;
pub use retry_after::{http_date, RetryAfter};
pub use url::base_url;
pub(crate) use url::parted;
#[cfg(feature = "edge")]
pub(crate) use url::{base_url_problem, without_slashes};
