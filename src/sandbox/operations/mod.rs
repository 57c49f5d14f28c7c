//! The operations, one file per resource, and what they share.

pub mod call;
pub mod coupons;
pub mod fulfillments;
pub mod gateway;
pub mod orders;
pub mod page;
pub mod payments;
pub mod provider;
pub mod records;
pub mod routes;
pub mod snapshot;
pub mod subscriptions;
pub mod transactions;
pub mod whitelabel;
