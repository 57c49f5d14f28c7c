//! JSON text, as it travels: read, taken apart and written, without building values.
//!
//! Nothing here knows of HighLevel, of shapes or of requests.

#[cfg(any(test, all(feature = "npm", target_arch = "wasm32")))]
mod ascii;
mod decimal;
#[cfg(any(feature = "provider", all(feature = "fetch", target_arch = "wasm32")))]
mod object;
mod parts;
mod percent;
mod plain;
mod scan;
mod write;

#[cfg(all(feature = "npm", target_arch = "wasm32"))]
pub(crate) use ascii::to_ascii;
#[cfg(feature = "provider")]
pub(crate) use decimal::is_zero;
pub(crate) use decimal::{amount, is_whole, number_is_finite, push_amount, rounded_up, NoAmount};
#[cfg(any(feature = "provider", all(feature = "fetch", target_arch = "wasm32")))]
pub(crate) use object::Object;
#[cfg(feature = "provider")]
pub(crate) use parts::last_field;
#[cfg(feature = "edge")]
pub(crate) use parts::whole_numbers;
pub(crate) use parts::{field, items, items_or_self, json_text, members, text_field};
pub use percent::encode_component;
pub(crate) use plain::Plain;
pub use scan::Fault;
pub(crate) use scan::{unescape, Scanner, Stop};
pub(crate) use write::{joined, push_decimal, put, quote};
