//! What the records of several resources have in common.

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
