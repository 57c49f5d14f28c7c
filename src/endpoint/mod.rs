//! The operations of the Payments API: one file per resource, one constant per operation, and the ledger [`ALL`].
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

/// The operations of each resource, in the order of HighLevel's documentation.
const RESOURCES: [&[&Operation]; 6] = [
    integrations::OPERATIONS,
    orders::OPERATIONS,
    transactions::OPERATIONS,
    subscriptions::OPERATIONS,
    coupons::OPERATIONS,
    custom_provider::OPERATIONS,
];

/// The ledger: every operation of the API.
pub static ALL: [&Operation; count()] = all();

/// Shows a visitor the endpoint of every operation, in the order of [`ALL`]: for a program that does something with the types of
/// each, such as a test.
pub fn visit(visitor: &mut impl Visitor) {
    integrations::visit(visitor);
    orders::visit(visitor);
    transactions::visit(visitor);
    subscriptions::visit(visitor);
    coupons::visit(visitor);
    custom_provider::visit(visitor);
}

const fn count() -> usize {
    let (mut count, mut resource) = (0, 0);
    while resource < RESOURCES.len() {
        count += RESOURCES[resource].len();
        resource += 1;
    }
    count
}

const fn all() -> [&'static Operation; count()] {
    let mut all = [RESOURCES[0][0]; count()];
    let (mut at, mut resource) = (0, 0);
    while resource < RESOURCES.len() {
        let mut index = 0;
        while index < RESOURCES[resource].len() {
            all[at] = RESOURCES[resource][index];
            at += 1;
            index += 1;
        }
        resource += 1;
    }
    all
}
