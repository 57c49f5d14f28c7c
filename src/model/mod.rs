//! What the API sends and takes: data only, one file per resource.
//!
//! Every field is declared here and nowhere else; see [`ghl_payments_derive::model`]. Conventions:
//! - amounts are **major units** (`59.5` is 59.50) unless a field says otherwise; times are ISO 8601 texts with
//!   milliseconds and `Z`;
//! - fields of answers may be absent or null, except the few without which a record has no identity;
//! - lists of texts in answers are open: the known values complete in an editor, any text is accepted.

mod coupon;
mod custom_provider;
mod fulfillment;
mod note;
mod order;
mod product;
mod subscription;
mod transaction;
mod whitelabel;

pub use coupon::*;
pub use custom_provider::*;
pub use fulfillment::*;
pub use note::*;
pub use order::*;
pub use product::*;
pub use subscription::*;
pub use transaction::*;
pub use whitelabel::*;

use ghl_payments_derive::choices;

/// A value for which HighLevel publishes no schema.
pub type Json = serde_json::Value;

/// An object for whose fields HighLevel publishes no schema.
pub type JsonObject = serde_json::Map<String, Json>;

/// What kind of account an `altId` names. The Payments API serves locations (sub-accounts).
#[choices]
pub enum AltType {
    /// A location, also called sub-account.
    Location,
}
