//! The Rust-facing client.

mod calls;
mod drive;
mod once;
mod pages;

pub use calls::{Client, Reply};
pub use once::{MatchedBy, PaymentRecorded};
pub use pages::{Page, Paged, Pages, Records};
