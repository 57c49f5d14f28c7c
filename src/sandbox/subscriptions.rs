//! Subscriptions.

use super::account::{major, Account, Owner, Paid, Provider, SubscriptionRow};
use super::calendar::{date, iso, DAY};
use super::catalog::{CURRENCIES, PRICES, SOURCES};
use super::check::{may, must, Query, Rule, Spec, ALT_TYPE};
use super::http::{Outcome, Refusal, Reply};
use super::json::value;
use super::object::{object, set};
use super::page::{filters, page, Common, Search, Wanted};
use super::transactions::{connected_account, ip_address};
use super::Call;
use crate::model::{RecurrenceRule, Schedule, Subscription, SubscriptionList, SubscriptionSummary};
use crate::shape::joined;
use serde_json::Value;

/// `GET /payments/subscriptions`
pub static LIST: Spec = Spec {
    query: &[
        must("altId", Rule::Text),
        must("altType", ALT_TYPE),
        may("entityId", Rule::Text),
        may("paymentMode", Rule::Text),
        may("startAt", Rule::Date),
        may("endAt", Rule::Date),
        may("entitySourceType", Rule::Text),
        may("search", Rule::AnyText),
        may("contactId", Rule::Text),
        may("id", Rule::Text),
        may("limit", Rule::Whole(0)),
        may("offset", Rule::Whole(0)),
        may("getPaymentsCollectedCount", Rule::Flag),
    ],
    body: &[],
};

/// `GET /payments/subscriptions/{subscriptionId}`
pub static GET: Spec = Spec { query: &[must("altId", Rule::Text), must("altType", ALT_TYPE)], body: &[] };

const FILTERS: [&str; 8] =
    ["entityId", "paymentMode", "startAt", "endAt", "entitySourceType", "search", "contactId", "id"];

/// Lists subscriptions.
pub fn list(call: &mut Call<'_>) -> Outcome {
    let account = &*call.account;
    let filter = filters(&call.query, &FILTERS).then(|| Filter::new(account, &call.query));
    let keep = filter.as_ref().map(|filter| move |row: usize| filter.keeps(row));
    let keep = keep.as_ref().map(|keep| keep as &dyn Fn(usize) -> bool);
    let page = page(account.subscriptions.len(), &call.query, 10, keep);
    let count = call.query.get("getPaymentsCollectedCount") == Some("true");
    let list = SubscriptionList {
        data: page.rows.iter().map(|row| summary(account, *row)).collect(),
        total_count: page.total as f64,
    };
    if !count {
        return Ok(Reply::ok(&list));
    }
    let mut answer = value(&list);
    for (at, row) in page.rows.into_iter().enumerate() {
        // The models have no field for the count: HighLevel does not document what it is called.
        if let Some(record) = answer.get_mut("data").and_then(|data| data.get_mut(at)) {
            set(record, "paymentsCollectedCount", Value::from(collected(account, row)));
        }
    }
    Ok(Reply::ok(&answer))
}

/// How many payments a subscription has brought in.
fn collected(account: &Account, index: usize) -> f64 {
    let order = account.subscriptions[index].order;
    let own = account.transactions.iter().filter(|row| match row.owner {
        Owner::Order(other) => other == order,
        Owner::Renewal(other, _) => other as usize == index,
        Owner::Invoice(_) => false,
    });
    own.filter(|row| row.state == Paid::Succeeded).count() as f64
}

struct Filter<'a> {
    account: &'a Account,
    query: &'a Query,
    common: Common,
    contact: Wanted<u32>,
    id: Wanted<usize>,
    search: Option<Search>,
}

impl<'a> Filter<'a> {
    fn new(account: &'a Account, query: &'a Query) -> Self {
        Self {
            account,
            query,
            common: Common::of(query),
            contact: Wanted::of(query.get("contactId"), |id| account.contact_index(id)),
            id: Wanted::of(query.get("id"), |id| find_any(account, id)),
            search: Search::of(account, query),
        }
    }

    fn keeps(&self, index: usize) -> bool {
        let row = &self.account.subscriptions[index];
        let order = &self.account.orders[row.order as usize];
        let source = &SOURCES[usize::from(order.source)];
        self.common.keeps(row.created, order.live)
            && self.query.get("entitySourceType").is_none_or(|wanted| wanted == source.kind)
            && self.query.get("entityId").is_none_or(|id| order_id(self.account, row) == id)
            && self.contact.keeps(Some(&order.contact))
            && self.id.keeps(Some(&index))
            && self.search.as_ref().is_none_or(|search| {
                search.finds_contact(order.contact)
                    || search.finds_source(order.source, row.order as usize)
                    || search.finds_product(row.price)
            })
    }
}

/// Reads one subscription.
pub fn get(call: &mut Call<'_>) -> Outcome {
    let index = find(call.account, &call.id).ok_or_else(|| Refusal::not_found("Subscription"))?;
    Ok(Reply::ok(&detail(call.account, index, &call.trace)))
}

/// The index of the subscription with this id of HighLevel's.
fn find(account: &Account, id: &str) -> Option<usize> {
    let ids = account.ids().subscriptions;
    ids.index(id).filter(|index| account.subscriptions.get(*index).is_some_and(|row| ids.id(row.created, *index) == id))
}

/// The index of the subscription with this id of HighLevel's or of the payment provider's.
pub fn find_any(account: &Account, id: &str) -> Option<usize> {
    find(account, id).or_else(|| (0..account.subscriptions.len()).find(|index| gateway_id(account, *index) == id))
}

/// The index of the subscription that began with an order.
pub fn of_order(account: &Account, order: u32) -> Option<usize> {
    account.subscriptions.binary_search_by_key(&order, |row| row.order).ok()
}

/// The payment provider's id of a subscription.
pub fn gateway_id(account: &Account, index: usize) -> String {
    let mut rng = account.rng("gateway subscriptions", index);
    match account.subscriptions[index].provider {
        Provider::Paypal => joined(&["I-", &rng.text(12).to_ascii_uppercase()]),
        _ => joined(&["sub_1", &rng.text(23)]),
    }
}

fn order_id(account: &Account, row: &SubscriptionRow) -> String {
    account.ids().orders.id(account.orders[row.order as usize].created, row.order as usize)
}

fn snapshot(account: &Account, index: usize) -> Value {
    let row = &account.subscriptions[index];
    let id = gateway_id(account, index);
    let price = &PRICES[usize::from(row.price)];
    if row.provider == Provider::Paypal {
        return object! {
            "id": id,
            "status": row.status.to_ascii_uppercase(),
            "status_update_time": iso(row.updated),
            "start_time": iso(row.created),
            "quantity": "1",
        };
    }
    object! {
        "id": id,
        "object": "subscription",
        "status": row.status,
        "start_date": row.created / 1000,
        "current_period_end": row.next.map(|next| next / 1000),
        "trial_end": row.trial.then(|| (row.created + 14 * DAY) / 1000),
        "canceled_at": row.canceled.map(|at| at / 1000),
        "cancel_at_period_end": false,
        "plan": object! { "amount": price.minor, "interval": price.interval, "interval_count": 1 },
    }
}

/// The subscription as lists have it.
pub fn summary(account: &Account, index: usize) -> SubscriptionSummary {
    let row = &account.subscriptions[index];
    let order = &account.orders[row.order as usize];
    let contact = account.contact(order.contact);
    let source = account.order_source(row.order as usize);
    SubscriptionSummary {
        id: account.ids().subscriptions.id(row.created, index),
        alt_id: Some(account.location.clone()),
        alt_type: Some("location".into()),
        contact_name: Some(contact.name()),
        contact_id: Some(contact.id),
        contact_email: Some(contact.email),
        currency: Some(CURRENCIES[usize::from(order.currency)].0.into()),
        amount: Some(major(PRICES[usize::from(row.price)].minor)),
        status: Some(row.status.into()),
        live_mode: Some(order.live),
        entity_type: Some("order".into()),
        entity_id: Some(order_id(account, row)),
        entity_source_type: source.kind,
        entity_source_name: source.name,
        entity_source_id: source.id,
        entity_source_meta: source.meta,
        subscription_id: Some(gateway_id(account, index)),
        subscription_snapshot: Some(snapshot(account, index)),
        payment_provider_type: Some(row.provider.name().into()),
        payment_provider_connected_account: connected_account(account, row.provider),
        ip_address: Some(ip_address(account, order.contact)),
        created_at: Some(iso(row.created)),
        updated_at: Some(iso(row.updated)),
        ..SubscriptionSummary::default()
    }
}

fn detail(account: &Account, index: usize, trace: &str) -> Subscription {
    let row = &account.subscriptions[index];
    let order = &account.orders[row.order as usize];
    let summary = summary(account, index);
    let price = &PRICES[usize::from(row.price)];
    let mut rng = account.rng("customers", order.contact as usize);
    let rule = RecurrenceRule {
        interval_type: price.interval.map(|interval| joined(&[interval, "ly"])),
        interval: Some(1.0),
        start_date: Some(date(row.created)),
        start_time: iso(row.created).get(11..19).map(str::to_owned),
        ..RecurrenceRule::default()
    };
    Subscription {
        id: summary.id,
        alt_type: summary.alt_type,
        alt_id: summary.alt_id,
        contact_id: summary.contact_id,
        contact_snapshot: Some(account.contact_snapshot(order.contact)),
        currency: summary.currency,
        amount: summary.amount,
        status: summary.status,
        live_mode: summary.live_mode,
        entity_type: summary.entity_type,
        entity_id: summary.entity_id,
        entity_source: Some(account.order_source(row.order as usize)),
        subscription_id: summary.subscription_id,
        subscription_snapshot: summary.subscription_snapshot,
        payment_provider: Some(object! {
            "type": row.provider.name(),
            "connectedAccount": object! { "_id": connected_account(account, row.provider) },
        }),
        ip_address: summary.ip_address,
        created_at: summary.created_at,
        updated_at: summary.updated_at,
        meta: Some(object! {}),
        mark_as_test: Some(!order.live),
        schedule: Some(Schedule { execute_at: None, rrule: Some(rule) }),
        auto_payment: Some(object! { "customerId": rng.text(14), "paymentMethodId": rng.text(24) }),
        recurring_product: Some(object! {
            "_id": account.line_id(row.price),
            "locationId": account.location.as_str(),
            "name": price.title(),
            "product": value(&account.product(price.product)),
            "price": value(&account.price(row.price, order.currency)),
            "qty": 1,
        }),
        line_item_details: Some(object! {
            "productId": account.product_id(price.product),
            "priceId": account.price_id(row.price, order.currency),
        }),
        canceled_at: row.canceled.map(iso),
        canceled_by: row.canceled.map(|_| account.rng("users", 0).text(20)),
        trace_id: Some(trace.into()),
        ..Subscription::default()
    }
}
