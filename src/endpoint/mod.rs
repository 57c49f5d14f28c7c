//! The 23 operations of the Payments API: one file per resource, one constant per operation, and the ledger [`ALL`].
//!
//! An endpoint is constants plus types: its [`Operation`] says everything that building the request, deciding on a
//! retry and reading the answer need.

mod coupons;
mod custom_provider;
mod integrations;
mod operation;
mod orders;
mod subscriptions;
mod transactions;

pub use coupons::*;
pub use custom_provider::*;
pub use integrations::*;
pub use operation::*;
pub use orders::*;
pub use subscriptions::*;
pub use transactions::*;

/// The ledger: every operation of the API, in the order of HighLevel's documentation. The JavaScript side calls an
/// operation by its index here.
pub static ALL: [&Operation; 23] = [
    &CREATE_WHITELABEL,
    &LIST_WHITELABEL,
    &LIST_ORDERS,
    &GET_ORDER,
    &RECORD_PAYMENT,
    &CREATE_FULFILLMENT,
    &LIST_FULFILLMENTS,
    &LIST_NOTES,
    &LIST_TRANSACTIONS,
    &GET_TRANSACTION,
    &LIST_SUBSCRIPTIONS,
    &GET_SUBSCRIPTION,
    &LIST_COUPONS,
    &GET_COUPON,
    &CREATE_COUPON,
    &UPDATE_COUPON,
    &DELETE_COUPON,
    &CREATE_PROVIDER,
    &DELETE_PROVIDER,
    &GET_PROVIDER_CONFIG,
    &CONNECT_PROVIDER,
    &DISCONNECT_PROVIDER,
    &UPDATE_CAPABILITIES,
];
