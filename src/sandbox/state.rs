//! Everything that the locations hold, in one value.

use super::account::Account;
use super::calendar::iso;
use super::{coupons, fulfillments, orders, provider, subscriptions, transactions};
use crate::model::{
    Coupon, CustomProviderConfig, Fulfillment, OrderSummary, SubscriptionSummary, TransactionSummary,
    WhitelabelProvider,
};
use serde::Serialize;

/// The state of a sandbox.
#[derive(Serialize)]
pub struct State<'a> {
    now: String,
    locations: Vec<Location<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(rename = "locationId")]
    id: &'a str,
    orders: Vec<OrderSummary>,
    transactions: Vec<TransactionSummary>,
    subscriptions: Vec<SubscriptionSummary>,
    coupons: Vec<Coupon>,
    fulfillments: Vec<OfOrder>,
    custom_provider: Option<CustomProviderConfig>,
    whitelabel: Vec<WhitelabelProvider>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OfOrder {
    order_id: String,
    fulfillment: Fulfillment,
}

impl<'a> State<'a> {
    /// The state at a time.
    pub fn of(accounts: &'a [Account], now: i64, app: &str) -> Self {
        let location = |account: &'a Account| Location {
            id: &account.location,
            orders: newest(account.orders.len(), |row| orders::summary(account, row)),
            transactions: newest(account.transactions.len(), |row| transactions::summary(account, row)),
            subscriptions: newest(account.subscriptions.len(), |row| subscriptions::summary(account, row)),
            coupons: newest(account.coupons.len(), |row| coupons::record(&account.coupons[row], now)),
            fulfillments: newest(account.fulfillments.len(), |row| {
                let order = account.fulfillments[row].order as usize;
                OfOrder {
                    order_id: account.ids().orders.id(account.orders[order].created, order),
                    fulfillment: fulfillments::fulfillment(account, row),
                }
            }),
            custom_provider: account.provider.as_ref().map(|row| provider::record(row, app)),
            whitelabel: account.whitelabel.iter().rev().cloned().collect(),
        };
        Self { now: iso(now), locations: accounts.iter().map(location).collect() }
    }
}

/// The records of so many rows, newest first.
fn newest<T>(rows: usize, record: impl Fn(usize) -> T) -> Vec<T> {
    (0..rows).rev().map(record).collect()
}
