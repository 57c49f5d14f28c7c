//! Subscriptions.

use crate::json::joined;
use crate::sandbox::account::catalog::{CURRENCIES, PRICES, SOURCES};
use crate::sandbox::account::deleted::Stream;
use crate::sandbox::account::rows::{Owner, Paid, Provider, SubscriptionRow};
use crate::sandbox::account::state::{Account, SOURCE};
use crate::sandbox::calendar::{iso, DAY};
use crate::sandbox::http::check::{may, must, Query, Rule, Spec, ALT_TYPE};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::operations::call::{Call, Handler};
use crate::sandbox::operations::gateway::{connected_account, ip_address, provider};
use crate::sandbox::operations::page::{filters, Common, Search, Wanted};

/// The operations that are done here.
pub const HANDLERS: &[Handler] = &[("list-subscriptions", &LIST, list), ("get-subscription-by-id", &GET, get)];

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
    let page = account.page(Stream::Subscriptions, &call.query, keep);
    let count = call.query.get("getPaymentsCollectedCount") == Some("true");
    Ok(page.reply(&|row, out| {
        summary(account, row, out);
        if count {
            // HighLevel does not document what it is called.
            out.number("paymentsCollectedCount", collected(account, row));
        }
    }))
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
    Ok(Reply::object(&|out| detail(call.account, index, &call.trace, out)))
}

/// The index of the subscription with this id of HighLevel's.
pub fn find(account: &Account, id: &str) -> Option<usize> {
    let ids = account.ids().subscriptions;
    ids.index(id)
        .filter(|index| account.subscriptions.get(*index).is_some_and(|row| ids.id(row.created, *index) == id))
        .filter(|index| !account.deleted.has(Stream::Subscriptions, *index))
}

/// The index of the subscription with this id of HighLevel's or of the payment provider's.
pub fn find_any(account: &Account, id: &str) -> Option<usize> {
    let named = |index: &usize| !id.is_empty() && gateway_id(account, *index) == id;
    find(account, id).or_else(|| (0..account.subscriptions.len()).find(named))
}

/// The index of the subscription that began with an order.
pub fn of_order(account: &Account, order: u32) -> Option<usize> {
    account.subscriptions.binary_search_by_key(&order, |row| row.order).ok()
}

/// HighLevel's id of a subscription.
pub fn id_of(account: &Account, index: usize) -> String {
    account.ids().subscriptions.id(account.subscriptions[index].created, index)
}

/// The payment provider's id of a subscription; of a custom provider what it has said, empty while it has said nothing.
pub fn gateway_id(account: &Account, index: usize) -> String {
    if account.subscriptions[index].provider == Provider::Custom {
        let snapshot = account.plan_of(index).and_then(|plan| plan.snapshot.as_ref());
        return snapshot.and_then(|fields| fields.get("id")?.as_str()).unwrap_or_default().to_owned();
    }
    let mut rng = account.rng("gateway subscriptions", index);
    match account.subscriptions[index].provider {
        Provider::Paypal => joined(&["I-", &rng.text(12).to_ascii_uppercase()]),
        _ => joined(&["sub_1", &rng.text(23)]),
    }
}

fn order_id(account: &Account, row: &SubscriptionRow) -> String {
    account.ids().orders.id(account.orders[row.order as usize].created, row.order as usize)
}

/// Adds `subscriptionId` and `subscriptionSnapshot`.
fn snapshot(account: &Account, index: usize, out: &mut Members<'_>) {
    let row = &account.subscriptions[index];
    let id = gateway_id(account, index);
    let price = &PRICES[usize::from(row.price)];
    out.maybe("subscriptionId", Some(id.as_str()).filter(|id| !id.is_empty()));
    let mut out = out.object("subscriptionSnapshot");
    if row.provider == Provider::Custom {
        let snapshot = account.plan_of(index).and_then(|plan| plan.snapshot.as_ref());
        for (name, value) in snapshot.into_iter().flatten() {
            out.add(name, value);
        }
        out.end();
        return;
    }
    out.text("id", &id);
    if row.provider == Provider::Paypal {
        out.text("status", &row.status.to_ascii_uppercase());
        out.time("status_update_time", row.updated);
        out.time("start_time", row.created);
        out.text("quantity", "1");
    } else {
        let mut seconds = |name: &str, at: Option<i64>| out.add(name, &at.map(|at| (at / 1000) as f64));
        seconds("start_date", Some(row.created));
        seconds("current_period_end", row.next);
        seconds("trial_end", row.trial.then_some(row.created + 14 * DAY));
        seconds("canceled_at", row.canceled);
        out.text("object", "subscription");
        out.text("status", row.status);
        out.flag("cancel_at_period_end", false);
        let mut plan = out.object("plan");
        plan.number("amount", price.minor.into());
        plan.add("interval", &price.interval);
        plan.number("interval_count", 1.0);
        plan.end();
    }
    out.end();
}

/// Adds what the list and the single subscription have in common.
fn common(account: &Account, index: usize, out: &mut Members<'_>) {
    let row = &account.subscriptions[index];
    let order = &account.orders[row.order as usize];
    let id = account.ids().subscriptions.id(row.created, index);
    account.begin(out, &id, order.contact, (row.created, row.updated));
    out.text("currency", CURRENCIES[usize::from(order.currency)].0);
    out.money("amount", PRICES[usize::from(row.price)].minor);
    out.text("status", row.status);
    out.flag("liveMode", order.live);
    out.text("entityType", "order");
    out.text("entityId", &order_id(account, row));
    snapshot(account, index, out);
    out.text("ipAddress", &ip_address(account, order.contact));
}

/// Adds the subscription as lists have it.
pub fn summary(account: &Account, index: usize, out: &mut Members<'_>) {
    const NAMES: [&str; 5] = ["entitySourceType", "", "entitySourceId", "entitySourceName", "entitySourceMeta"];
    let row = &account.subscriptions[index];
    let order = &account.orders[row.order as usize];
    common(account, index, out);
    account.name_contact(out, order.contact);
    account.source(out, NAMES, order.source, row.order as usize, order.created);
    out.text("paymentProviderType", row.provider.name());
    out.maybe("paymentProviderConnectedAccount", connected_account(account, row.provider).as_deref());
}

/// Adds the single subscription.
fn detail(account: &Account, index: usize, trace: &str, out: &mut Members<'_>) {
    let row = &account.subscriptions[index];
    let order = &account.orders[row.order as usize];
    let price = &PRICES[usize::from(row.price)];
    let mut rng = account.rng("customers", order.contact as usize);
    common(account, index, out);
    account.contact_snapshot(out, order.contact);
    let mut entity = out.object("entitySource");
    account.source(&mut entity, SOURCE, order.source, row.order as usize, order.created);
    entity.end();
    provider(account, row.provider, out);
    out.raw("meta", "{}");
    out.flag("markAsTest", !order.live);
    let begun = iso(row.created);
    let mut schedule = out.object("schedule");
    let mut rule = schedule.object("rrule");
    if let Some(interval) = price.interval {
        rule.text("intervalType", &joined(&[interval, "ly"]));
    }
    rule.number("interval", 1.0);
    rule.maybe("startDate", begun.get(..10));
    rule.maybe("startTime", begun.get(11..19));
    rule.end();
    schedule.end();
    let mut auto = out.object("autoPayment");
    // Of a custom provider nobody but itself knows them.
    if row.provider != Provider::Custom {
        auto.text("customerId", &rng.text(14));
        auto.text("paymentMethodId", &rng.text(24));
    }
    auto.end();
    let mut product = out.object("recurringProduct");
    product.text("_id", &account.line_id(row.price));
    product.text("locationId", &account.location);
    product.text("name", &price.title());
    account.article(&mut product, row.price, order.currency);
    product.number("qty", 1.0);
    product.end();
    let mut line = out.object("lineItemDetails");
    line.text("productId", &account.product_id(price.product));
    line.text("priceId", &account.price_id(row.price, order.currency));
    line.end();
    if let Some(canceled) = row.canceled {
        out.time("canceledAt", canceled);
        out.text("canceledBy", &account.user());
    }
    out.text("traceId", trace);
}
