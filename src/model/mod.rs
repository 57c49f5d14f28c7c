//! What the API sends and takes: data only, one file per resource.
//!
//! Every field is declared here and nowhere else; see [`ghl_payments_derive::model`]. Conventions:
//! - amounts are **major units** (`59.5` is 59.50) unless a field says otherwise; times are ISO 8601 texts with
//!   milliseconds and `Z`;
//! - fields of answers may be absent or null, except the few without which a record has no identity;
//! - lists of texts in answers are open: the known values complete in an editor, any text is accepted.

mod common;
mod coupon;
mod custom_provider;
mod fulfillment;
mod note;
mod order;
mod product;
mod subscription;
mod transaction;
mod whitelabel;

pub use common::*;
pub use coupon::*;
pub use custom_provider::*;
pub use fulfillment::*;
pub use note::*;
pub use order::*;
pub use product::*;
pub use subscription::*;
pub use transaction::*;
pub use whitelabel::*;
