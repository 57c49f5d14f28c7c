//! Orders, and the notes on them.

use super::account::{major, Account};
use super::calendar::{iso, HOUR};
use super::catalog::{COUPONS, CURRENCIES, PRICES, SOURCES};
use super::check::{may, must, Param, Query, Rule, Spec, ALT_TYPE};
use super::http::{Outcome, Refusal, Reply};
use super::object::object;
use super::page::{filters, page, Common, Search, Wanted};
use super::Call;
use crate::model::{AmountSummary, Order, OrderItem, OrderList, OrderSummary};
use serde_json::Value;

/// `GET /payments/orders`
pub static LIST: Spec = Spec {
    query: &[
        must("altId", Rule::Text),
        may("altType", ALT_TYPE),
        may("locationId", Rule::Text),
        may("status", Rule::Text),
        may("paymentStatus", Rule::Choice(&["paid", "unpaid", "refunded", "partially_paid"])),
        may("paymentMode", Rule::Text),
        may("startAt", Rule::Date),
        may("endAt", Rule::Date),
        may("search", Rule::AnyText),
        may("contactId", Rule::Text),
        may("funnelProductIds", Rule::Text),
        may("sourceId", Rule::Text),
        may("limit", Rule::Whole(0)),
        may("offset", Rule::Whole(0)),
    ],
    body: &[],
};

/// `GET /payments/orders/{orderId}`: `altType` is not documented and yet required.
pub static GET: Spec =
    Spec { query: &[must("altId", Rule::Text), must("altType", ALT_TYPE), may("locationId", Rule::Text)], body: &[] };

/// The query of what belongs to one order.
const OF_ORDER: &[Param] = &[must("altId", Rule::Text), must("altType", ALT_TYPE)];

/// `GET /payments/orders/{orderId}/notes`, `GET /payments/orders/{orderId}/fulfillments`
pub static PARTS: Spec = Spec { query: OF_ORDER, body: &[] };

const FILTERS: [&str; 9] = [
    "status",
    "paymentStatus",
    "paymentMode",
    "startAt",
    "endAt",
    "search",
    "contactId",
    "funnelProductIds",
    "sourceId",
];

/// Lists orders.
pub fn list(call: &mut Call<'_>) -> Outcome {
    let account = &*call.account;
    let filter = filters(&call.query, &FILTERS).then(|| Filter::new(account, &call.query));
    let keep = filter.as_ref().map(|filter| move |row: usize| filter.keeps(row));
    let page = page(account.orders.len(), &call.query, 10, keep.as_ref().map(|keep| keep as &dyn Fn(usize) -> bool));
    Ok(Reply::ok(&OrderList {
        data: page.rows.into_iter().map(|row| summary(account, row)).collect(),
        total_count: page.total as f64,
    }))
}

/// The filters of the list, made ready once.
struct Filter<'a> {
    account: &'a Account,
    query: &'a Query,
    common: Common,
    contact: Wanted<u32>,
    /// For each price whether it is asked for.
    prices: Option<Vec<bool>>,
    search: Option<Search>,
}

impl<'a> Filter<'a> {
    fn new(account: &'a Account, query: &'a Query) -> Self {
        let prices = query.get("funnelProductIds").map(|text| {
            let ids: Vec<&str> = text.split(',').map(str::trim).collect();
            let wanted = |price: usize| {
                let (line, product) = (account.line_id(price as u8), account.product_id(PRICES[price].product));
                ids.contains(&line.as_str()) || ids.contains(&product.as_str())
            };
            (0..PRICES.len()).map(wanted).collect()
        });
        Self {
            account,
            query,
            common: Common::of(query),
            contact: Wanted::of(query.get("contactId"), |id| account.contact_index(id)),
            prices,
            search: Search::of(account, query),
        }
    }

    fn keeps(&self, index: usize) -> bool {
        let row = &self.account.orders[index];
        let text = |name: &str, own: &str| self.query.get(name).is_none_or(|wanted| wanted == own);
        self.common.keeps(row.created, row.live)
            && text("status", row.status())
            && text("paymentStatus", row.payment_status())
            && self.contact.keeps(Some(&row.contact))
            && self
                .prices
                .as_ref()
                .is_none_or(|prices| row.lines.iter().any(|line| line.qty > 0 && prices[usize::from(line.price)]))
            && self.query.get("sourceId").is_none_or(|id| source_is(self.account, index, id))
            && self
                .search
                .as_ref()
                .is_none_or(|search| search.finds_contact(row.contact) || named(self.account, index, search))
    }
}

/// Whether an order came from the source with this id.
fn source_is(account: &Account, index: usize, id: &str) -> bool {
    let row = &account.orders[index];
    if SOURCES[usize::from(row.source)].kind == "invoice" {
        return account.ids().invoices.index(id) == Some(index) && account.ids().invoices.id(row.created, index) == id;
    }
    account.order_source(index).id.as_deref() == Some(id)
}

/// Whether a text is part of the name of an order's source or of one of its products, or is its id.
fn named(account: &Account, index: usize, search: &Search) -> bool {
    let row = &account.orders[index];
    search.finds_source(row.source, index)
        || row.lines.iter().any(|line| line.qty > 0 && search.finds_product(line.price))
        || search.is(24, || account.ids().orders.id(row.created, index))
}

/// Reads one order.
pub fn get(call: &mut Call<'_>) -> Outcome {
    let index = find(call.account, &call.id)?;
    Ok(Reply::ok(&detail(call.account, index, &call.trace)))
}

/// Lists the notes of an order. HighLevel publishes no schema; the shape is that of the fulfillments beside it.
pub fn notes(call: &mut Call<'_>) -> Outcome {
    const TEXTS: [&str; 5] = [
        "Asked for the invoice to be sent to the accountant",
        "Prefers a call before the delivery",
        "Paid at the second attempt",
        "Wants to be told when the item is in stock again",
        "Gift: leave the price out of the parcel",
    ];
    let index = find(call.account, &call.id)?;
    let row = &call.account.orders[index];
    let mut rng = call.account.rng("notes", index);
    let count = rng.pick(&[0, 0, 1, 1, 2]);
    let notes: Vec<Value> = (0..count)
        .map(|i| {
            let created = row.created + rng.between(1, 60) * HOUR;
            object! {
                "_id": call.account.ids().others.id(created, 100 + index * 4 + i),
                "orderId": call.id.as_str(),
                "altId": call.account.location.as_str(),
                "altType": "location",
                "body": rng.pick(&TEXTS),
                "userId": call.account.rng("users", 0).text(20),
                "createdAt": iso(created.min(call.now)),
            }
        })
        .collect();
    Ok(Reply::ok(&object! { "status": true, "data": notes }))
}

/// The index of the order with this id.
pub fn find(account: &Account, id: &str) -> Result<usize, Refusal> {
    let ids = account.ids().orders;
    ids.index(id)
        .filter(|index| account.orders.get(*index).is_some_and(|row| ids.id(row.created, *index) == id))
        .ok_or_else(|| Refusal::not_found("Order"))
}

/// The order as lists have it.
pub fn summary(account: &Account, index: usize) -> OrderSummary {
    let row = &account.orders[index];
    let contact = account.contact(row.contact);
    let source = account.order_source(index);
    let products = |recurring: bool| {
        let lines = row.lines.iter().filter(|line| line.qty > 0);
        Some(lines.filter(|line| PRICES[usize::from(line.price)].interval.is_some() == recurring).count() as f64)
    };
    OrderSummary {
        id: account.ids().orders.id(row.created, index),
        alt_id: Some(account.location.clone()),
        alt_type: Some("location".into()),
        contact_name: Some(contact.name()),
        contact_id: Some(contact.id),
        contact_email: Some(contact.email),
        currency: Some(CURRENCIES[usize::from(row.currency)].0.into()),
        amount: Some(major(row.total())),
        subtotal: Some(major(row.subtotal)),
        discount: Some(major(row.discount)),
        status: Some(row.status().into()),
        payment_status: Some(row.payment_status().into()),
        live_mode: Some(row.live),
        total_products: Some(row.lines.iter().filter(|line| line.qty > 0).count() as f64),
        source_type: source.kind,
        source_name: source.name,
        source_id: source.id,
        source_meta: source.meta,
        coupon_code: row.coupon.map(|coupon| COUPONS[usize::from(coupon)].1.into()),
        created_at: Some(iso(row.created)),
        updated_at: Some(iso(row.updated)),
        source_sub_type: source.sub_type,
        fulfillment_status: Some(row.fulfillment_status().into()),
        onetime_products: products(false),
        recurring_products: products(true),
        created_by: created_by(account, row.source),
    }
}

/// The user behind what a person has entered.
pub fn created_by(account: &Account, source: u8) -> Option<String> {
    SOURCES[usize::from(source)].manual.then(|| account.rng("users", 0).text(20))
}

fn detail(account: &Account, index: usize, trace: &str) -> Order {
    let row = &account.orders[index];
    let mut rng = account.rng("order details", index);
    let lines = row.lines.iter().filter(|line| line.qty > 0);
    let items = lines.map(|line| {
        let price = &PRICES[usize::from(line.price)];
        OrderItem {
            id: Some(account.line_id(line.price)),
            name: Some(price.title()),
            qty: Some(f64::from(line.qty)),
            product: Some(account.product(price.product)),
            price: Some(account.price(line.price, row.currency)),
            authorize_amount: Some(0.0),
            location_id: Some(account.location.clone()),
        }
    });
    Order {
        id: account.ids().orders.id(row.created, index),
        alt_id: Some(account.location.clone()),
        alt_type: Some("location".into()),
        contact_id: Some(account.contact(row.contact).id),
        currency: Some(CURRENCIES[usize::from(row.currency)].0.into()),
        amount: Some(major(row.total())),
        status: Some(row.status().into()),
        payment_status: Some(row.payment_status().into()),
        live_mode: Some(row.live),
        created_at: Some(iso(row.created)),
        updated_at: Some(iso(row.updated)),
        fulfillment_status: Some(row.fulfillment_status().into()),
        contact_snapshot: Some(account.contact_snapshot(row.contact)),
        amount_summary: Some(AmountSummary {
            subtotal: Some(major(row.subtotal)),
            discount: Some(major(row.discount)),
            tax: Some(major(row.tax)),
            shipping: Some(major(row.shipping)),
        }),
        source: Some(account.order_source(index)),
        items: Some(items.collect()),
        coupon: row.coupon.map(|coupon| {
            object! {
                "_id": account.coupon_ids[usize::from(coupon)].as_str(),
                "code": COUPONS[usize::from(coupon)].1,
            }
        }),
        tracking_id: Some(rng.uuid()),
        fingerprint: Some(rng.uuid()),
        meta: Some(object! { "couponSessionExpired": false }),
        mark_as_test: Some(!row.live),
        trace_id: Some(trace.into()),
        automatic_taxes_calculated: Some(row.tax > 0),
        tax_calculation_provider: (row.tax > 0).then(|| "taxjar".into()),
        created_by: created_by(account, row.source),
    }
}
