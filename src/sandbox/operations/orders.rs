//! Orders, and the notes on them.

use crate::sandbox::account::catalog::{COUPONS, CURRENCIES, ONE_TIME, PRICES, PRODUCTS, SOURCES};
use crate::sandbox::account::deleted::Stream;
use crate::sandbox::account::rows::{Line, OrderRow, Owner, Paid, Provider, TransactionRow};
use crate::sandbox::account::state::{Account, SOURCE};
use crate::sandbox::calendar::HOUR;
use crate::sandbox::http::check::{may, must, Param, Query, Rule, Spec, ALT_TYPE};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::operations::call::{Call, Handler};
use crate::sandbox::operations::page::{filters, Common, Search, Wanted};

/// The operations that are done here.
pub const HANDLERS: &[Handler] =
    &[("list-orders", &LIST, list), ("get-order-by-id", &GET, get), ("list-order-notes", &PARTS, notes)];

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
    let keep = keep.as_ref().map(|keep| keep as &dyn Fn(usize) -> bool);
    let page = account.page(Stream::Orders, &call.query, keep);
    Ok(page.reply(&|row, out| summary(account, row, out)))
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
    account.source_id(row.source) == id
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
    Ok(Reply::object(&|out| detail(call.account, index, &call.trace, out)))
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
    let notes: Vec<(i64, &str)> =
        (0..count).map(|_| (row.created + rng.between(1, 60) * HOUR, rng.pick(&TEXTS))).collect();
    Ok(Reply::object(&|out| {
        out.flag("status", true);
        out.list("data", notes.len(), &|at, out| {
            let (created, text) = notes[at];
            out.text("_id", &call.account.ids().others.id(created, 100 + index * 4 + at));
            out.text("orderId", &call.id);
            call.account.owned(out);
            out.text("body", text);
            out.text("userId", &call.account.user());
            out.time("createdAt", created.min(call.now));
        });
    }))
}

/// The source of the orders that are made while the sandbox runs: the store of the website.
const STORE: u8 = 3;

/// A customer orders something now, and pays for it if told; gives the index of the order.
pub fn create(account: &mut Account, now: i64, paid: bool) -> usize {
    let index = account.orders.len();
    let mut rng = account.rng("orders to come", index);
    let price = rng.below(ONE_TIME);
    let physical = PRODUCTS[PRICES[price].product].kind == "PHYSICAL";
    let qty = if physical { 1 + rng.below(4) as u8 } else { 1 };
    let row = OrderRow {
        created: now,
        updated: now,
        contact: rng.below(account.contacts.len()) as u32,
        source: STORE,
        currency: 0,
        live: true,
        lines: [Line { price: price as u8, qty, fulfilled: 0 }, Line::default(), Line::default()],
        subtotal: PRICES[price].minor * u32::from(qty),
        discount: 0,
        tax: 0,
        shipping: if physical { 495 } else { 0 },
        coupon: None,
        paid: 0,
        refunded: 0,
    };
    account.orders.push(row);
    if paid {
        pay(account, index, now);
    }
    index
}

/// A customer pays what is due of an order.
pub fn pay(account: &mut Account, index: usize, now: i64) {
    let row = &mut account.orders[index];
    let amount = row.due();
    row.paid += amount;
    row.updated = now;
    account.transactions.push(TransactionRow {
        created: now,
        amount,
        refunded: 0,
        owner: Owner::Order(index as u32),
        state: Paid::Succeeded,
        provider: Provider::Stripe,
        recorded: None,
    });
}

/// The index of the order with this id.
pub fn find(account: &Account, id: &str) -> Result<usize, Refusal> {
    let ids = account.ids().orders;
    ids.index(id)
        .filter(|index| account.orders.get(*index).is_some_and(|row| ids.id(row.created, *index) == id))
        .filter(|index| !account.deleted.has(Stream::Orders, *index))
        .ok_or_else(|| Refusal::not_found("Order"))
}

/// The id of an order.
pub fn id_of(account: &Account, index: usize) -> String {
    account.ids().orders.id(account.orders[index].created, index)
}

/// Adds what the list and the single order have in common.
fn common(account: &Account, index: usize, out: &mut Members<'_>) {
    let row = &account.orders[index];
    account.begin(out, &account.ids().orders.id(row.created, index), row.contact, (row.created, row.updated));
    out.text("currency", CURRENCIES[usize::from(row.currency)].0);
    out.money("amount", row.total());
    out.text("status", row.status());
    out.text("paymentStatus", row.payment_status());
    out.flag("liveMode", row.live);
    out.text("fulfillmentStatus", row.fulfillment_status());
    // What a person has entered.
    if SOURCES[usize::from(row.source)].manual {
        out.text("createdBy", &account.user());
    }
}

/// Adds the order as lists have it.
pub fn summary(account: &Account, index: usize, out: &mut Members<'_>) {
    const NAMES: [&str; 5] = ["sourceType", "sourceSubType", "sourceId", "sourceName", "sourceMeta"];
    let row = &account.orders[index];
    common(account, index, out);
    account.name_contact(out, row.contact);
    account.source(out, NAMES, row.source, index, row.created);
    out.money("subtotal", row.subtotal);
    out.money("discount", row.discount);
    if let Some(coupon) = row.coupon {
        out.text("couponCode", COUPONS[usize::from(coupon)].1);
    }
    let (mut products, mut recurring) = (0_u8, 0_u8);
    for line in row.lines.iter().filter(|line| line.qty > 0) {
        products += 1;
        recurring += u8::from(PRICES[usize::from(line.price)].interval.is_some());
    }
    out.number("totalProducts", products.into());
    out.number("onetimeProducts", (products - recurring).into());
    out.number("recurringProducts", recurring.into());
}

/// Adds what the single order and the webhooks about it have in common.
pub fn parts(account: &Account, index: usize, out: &mut Members<'_>) {
    let row = &account.orders[index];
    common(account, index, out);
    account.contact_snapshot(out, row.contact);
    let mut amounts = out.object("amountSummary");
    amounts.money("subtotal", row.subtotal);
    amounts.money("discount", row.discount);
    amounts.money("tax", row.tax);
    amounts.money("shipping", row.shipping);
    amounts.end();
    let mut source = out.object("source");
    account.source(&mut source, SOURCE, row.source, index, row.created);
    source.end();
    let lines = row.lines.iter().filter(|line| line.qty > 0).count();
    out.list("items", lines, &|at, out| {
        let line = row.lines[at];
        out.text("_id", &account.line_id(line.price));
        out.text("name", &PRICES[usize::from(line.price)].title());
        out.number("qty", line.qty.into());
        account.article(out, line.price, row.currency);
        out.number("authorizeAmount", 0.0);
        out.text("locationId", &account.location);
    });
}

/// Adds the single order.
fn detail(account: &Account, index: usize, trace: &str, out: &mut Members<'_>) {
    let row = &account.orders[index];
    let mut rng = account.rng("order details", index);
    parts(account, index, out);
    if let Some(coupon) = row.coupon {
        let coupon = usize::from(coupon);
        let mut inner = out.object("coupon");
        inner.text("_id", &account.coupon_ids[coupon]);
        inner.text("code", COUPONS[coupon].1);
        inner.end();
    }
    out.text("trackingId", &rng.uuid());
    out.text("fingerprint", &rng.uuid());
    out.raw("meta", r#"{"couponSessionExpired":false}"#);
    out.flag("markAsTest", !row.live);
    out.text("traceId", trace);
    out.flag("automaticTaxesCalculated", row.tax > 0);
    if row.tax > 0 {
        out.text("taxCalculationProvider", "taxjar");
    }
}
