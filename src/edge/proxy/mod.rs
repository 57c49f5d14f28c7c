//! A proxy between a page and HighLevel, which holds the token: it rebuilds requests and forwards none.
//!
//! A request becomes an operation, an id and parameters, which are checked closed against the ledger
//! ([`endpoint::ALL`](crate::endpoint::ALL)); from these the client's own builder makes the request that leaves. No header, no
//! text of the URL and no byte of the body of the caller's request travels. Of the answer status, messages, limits and checked
//! JSON go back, nothing else.
//!
//! 1. [`enter`] judges where a request comes from and finds its operation, without reading its body.
//! 2. [`Grant::permits`] says whether whoever asks may do that.
//! 3. [`rebuild`] takes query and body apart and lists everything that is wrong with them.
//! 4. [`succeeded`] and [`failed`] make the answer: so that on the page the classes of the errors and their outcome are as true
//!    as without a proxy.

mod answer;
mod body;
mod enter;
mod findings;
mod grant;
mod query;
mod rebuild;
mod refusal;
mod settings;
mod token;
mod upstream;
mod writes;

pub use answer::Answer;
pub use enter::{enter, Entry, Head, Route};
#[cfg(all(feature = "npm-edge", target_arch = "wasm32"))]
pub(crate) use grant::named_so;
pub use grant::{Grant, Granted};
pub use rebuild::{rebuild, Check, Rebuilt};
pub use refusal::{Reason, Refusal};
pub use settings::Settings;
#[cfg(all(feature = "npm-edge", target_arch = "wasm32"))]
pub(crate) use upstream::TOKEN_FAILED;
pub use upstream::{failed, failed_check, is_foreign, is_own, succeeded, without_token, Came};

#[cfg(test)]
mod tests;
