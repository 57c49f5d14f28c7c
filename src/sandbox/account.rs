//! What one location holds: compact rows, from which the records of [`crate::model`] are made when they are asked for.
//! Rows keep 100,000 orders small and quick to start; every other field follows from the account's key.

use super::calendar::{add_months, iso, DAY};
use super::catalog::{CURRENCIES, FIRST, LAST, PLACES, PRICES, PRODUCTS, SOURCES};
use super::json::digits;
use super::object::object;
use super::page::holds;
use super::rng::{key, Ids, Rng};
use crate::model::{FulfillmentTracking, JsonObject, OrderSource, Price, Product, Recurring, WhitelabelProvider};
use crate::shape::joined;
use serde_json::Value;
use std::collections::BinaryHeap;

/// One line of an order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Line {
    /// Index of its price.
    pub price: u8,
    /// Pieces ordered; 0 is no line.
    pub qty: u8,
    /// Pieces delivered.
    pub fulfilled: u8,
}

/// An order. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// When it was created.
    pub created: i64,
    /// When it was last changed.
    pub updated: i64,
    /// Index of its contact.
    pub contact: u32,
    /// Index of its source.
    pub source: u8,
    /// Index of its currency.
    pub currency: u8,
    /// Live money.
    pub live: bool,
    /// Its lines.
    pub lines: [Line; 3],
    /// Before discount, tax and shipping.
    pub subtotal: u32,
    /// Discount.
    pub discount: u32,
    /// Tax.
    pub tax: u32,
    /// Shipping.
    pub shipping: u32,
    /// Index of the seeded coupon.
    pub coupon: Option<u8>,
    /// What was paid.
    pub paid: u32,
    /// What was paid back.
    pub refunded: u32,
}

impl OrderRow {
    /// The amount of the order.
    pub fn total(&self) -> u32 {
        self.subtotal + self.tax + self.shipping - self.discount
    }

    /// What is still to be paid.
    pub fn due(&self) -> u32 {
        self.total().saturating_sub(self.paid)
    }

    /// `paymentStatus`
    pub fn payment_status(&self) -> &'static str {
        match (self.paid, self.refunded) {
            (0, _) if self.total() > 0 => "unpaid",
            (paid, refunded) if refunded > 0 && refunded >= paid => "refunded",
            (paid, _) if paid >= self.total() => "paid",
            _ => "partially_paid",
        }
    }

    /// `status`
    pub fn status(&self) -> &'static str {
        match self.payment_status() {
            "unpaid" => "pending",
            // A booking is complete although a part of it is paid at the appointment.
            "partially_paid" if SOURCES[usize::from(self.source)].kind != "calendar" => "pending",
            _ => "completed",
        }
    }

    /// `fulfillmentStatus`
    pub fn fulfillment_status(&self) -> &'static str {
        if self.lines.iter().all(|line| line.fulfilled == 0) {
            "unfulfilled"
        } else if self.lines.iter().all(|line| line.fulfilled == line.qty) {
            "fulfilled"
        } else {
            "partially_fulfilled"
        }
    }
}

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// An order.
    Order(u32),
    /// A later payment of a subscription: its index and the payment's number.
    Renewal(u32, u16),
    /// An invoice without an order.
    Invoice(u32),
}

/// The state of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    /// The money is there.
    Succeeded,
    /// It was refused.
    Failed,
    /// It went back.
    Refunded,
}

/// Who took the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// Stripe.
    Stripe,
    /// PayPal.
    Paypal,
    /// Authorize.net.
    AuthorizeNet,
    /// A person, in this way: an index of [`MODES`].
    Manual(u8),
}

/// Ways to pay a person.
pub const MODES: [&str; 5] = ["cash", "card", "cheque", "bank_transfer", "other"];

impl Provider {
    /// `paymentProviderType`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Paypal => "paypal",
            Self::AuthorizeNet => "authorize-net",
            Self::Manual(_) => "manual",
        }
    }
}

/// What was said when a payment was recorded by hand.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// Number of the cheque.
    pub cheque: String,
    /// Brand and last digits of the card.
    pub card: Option<Value>,
    /// The note.
    pub notes: String,
    /// The caller's own data.
    pub meta: Option<JsonObject>,
}

/// A transaction. Amounts are minor units.
#[derive(Debug, Clone)]
pub struct TransactionRow {
    /// When it was created.
    pub created: i64,
    /// The amount.
    pub amount: u32,
    /// What was paid back.
    pub refunded: u32,
    /// What it is for.
    pub owner: Owner,
    /// Its state.
    pub state: Paid,
    /// Who took the money.
    pub provider: Provider,
    /// What was said when it was recorded.
    pub recorded: Option<Box<Recorded>>,
}

/// A subscription.
#[derive(Debug, Clone)]
pub struct SubscriptionRow {
    /// When it was created.
    pub created: i64,
    /// When it was last changed.
    pub updated: i64,
    /// Index of the order that it began with.
    pub order: u32,
    /// Index of the price of each payment.
    pub price: u8,
    /// Its state.
    pub status: &'static str,
    /// How many payments followed the first one.
    pub renewals: u16,
    /// When the next payment is due; `None` when there will be none.
    pub next: Option<i64>,
    /// When it was canceled.
    pub canceled: Option<i64>,
    /// Whether it began with a trial of 14 days.
    pub trial: bool,
    /// Who charges it.
    pub provider: Provider,
}

impl SubscriptionRow {
    /// When the `number`th payment after the first one is due.
    pub fn payment(&self, number: u16) -> i64 {
        let count = i64::from(number) - i64::from(self.trial);
        let start = self.created + if self.trial { 14 * DAY } else { 0 };
        match PRICES[usize::from(self.price)].interval {
            Some("week") => start + count * 7 * DAY,
            Some("year") => add_months(start, count * 12),
            _ => add_months(start, count),
        }
    }
}

/// A coupon.
#[derive(Debug, Clone)]
pub struct CouponRow {
    /// Its record; the state in it is not kept up to date, see [`CouponRow::status`].
    pub record: crate::model::Coupon,
    /// When it was created.
    pub created: i64,
    /// When it begins to count.
    pub start: i64,
    /// When it ceases to count.
    pub end: Option<i64>,
}

impl CouponRow {
    /// `status`
    pub fn status(&self, now: i64) -> &'static str {
        if now < self.start {
            "scheduled"
        } else if self.end.is_some_and(|end| end < now) {
            "expired"
        } else {
            "active"
        }
    }
}

/// A delivery.
#[derive(Debug, Clone)]
pub struct FulfillmentRow {
    /// When it was reported.
    pub created: i64,
    /// Index of its order.
    pub order: u32,
    /// Pieces of each line of the order.
    pub pieces: [u8; 3],
    /// How it can be followed.
    pub trackings: Vec<FulfillmentTracking>,
}

/// The keys of one mode of a custom provider.
#[derive(Debug, Clone)]
pub struct Keys {
    /// The secret.
    pub api_key: String,
    /// The public key.
    pub publishable_key: String,
}

/// A custom payment provider.
#[derive(Debug, Clone)]
pub struct ProviderRow {
    /// Its record without the keys.
    pub record: crate::model::CustomProviderConfig,
    /// Keys for live money.
    pub live: Option<Keys>,
    /// Keys for the test mode.
    pub test: Option<Keys>,
    /// Whether it can charge on a schedule.
    pub schedules: bool,
}

/// A contact.
#[derive(Debug)]
pub struct Contact {
    /// Id of 20 characters.
    pub id: String,
    /// First name.
    pub first: &'static str,
    /// Last name.
    pub last: &'static str,
    /// Address that nobody has.
    pub email: String,
    /// The last digits of a number that nobody has.
    line: usize,
    place: usize,
}

impl Contact {
    /// First and last name.
    pub fn name(&self) -> String {
        joined(&[self.first, " ", self.last])
    }

    /// Whether a text is part of the name or the address.
    pub fn matches(&self, needle: &str) -> bool {
        holds(&self.name(), needle) || holds(&self.email, needle)
    }
}

/// The ids of every kind of record.
#[derive(Debug, Clone, Copy)]
pub struct AllIds {
    /// Orders.
    pub orders: Ids,
    /// Transactions.
    pub transactions: Ids,
    /// Subscriptions.
    pub subscriptions: Ids,
    /// Invoices, also those behind orders.
    pub invoices: Ids,
    /// Fulfillments.
    pub fulfillments: Ids,
    /// Coupons.
    pub coupons: Ids,
    /// Products.
    pub products: Ids,
    /// Prices.
    pub prices: Ids,
    /// Lines: the same product in the same funnel.
    pub lines: Ids,
    /// Everything of which there are few.
    pub others: Ids,
}

/// One location.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub location: String,
    /// From what all its random values follow.
    pub key: u64,
    /// When its catalogue was made: before the first order.
    pub opened: i64,
    /// How many contacts it has.
    pub contacts: u32,
    /// Oldest first.
    pub orders: Vec<OrderRow>,
    /// Oldest first.
    pub transactions: Vec<TransactionRow>,
    /// Oldest first.
    pub subscriptions: Vec<SubscriptionRow>,
    /// Oldest first.
    pub coupons: Vec<CouponRow>,
    /// Ids of the seeded coupons, which orders keep when a coupon is deleted.
    pub coupon_ids: Vec<String>,
    /// Oldest first.
    pub fulfillments: Vec<FulfillmentRow>,
    /// Ids of orders with an open checkout, and until when it holds them.
    pub checkouts: Vec<(String, i64)>,
    /// The custom provider of the sandbox's app.
    pub provider: Option<ProviderRow>,
    /// Oldest first.
    pub whitelabel: Vec<WhitelabelProvider>,
    /// How many coupons, providers ... were made so far: numbers their ids.
    pub made: usize,
    /// When the next payment of any subscription is due.
    pub next_due: Option<i64>,
    ids: AllIds,
}

impl Account {
    /// An empty location.
    pub fn new(seed: u64, location: &str, opened: i64) -> Self {
        let account = key(key(seed, "location"), location);
        let ids = |kind| Ids::new(account, kind);
        Self {
            location: location.into(),
            key: account,
            opened,
            contacts: 0,
            orders: Vec::new(),
            transactions: Vec::new(),
            subscriptions: Vec::new(),
            coupons: Vec::new(),
            coupon_ids: Vec::new(),
            fulfillments: Vec::new(),
            checkouts: Vec::new(),
            provider: None,
            whitelabel: Vec::new(),
            made: 0,
            next_due: None,
            ids: AllIds {
                orders: ids("orders"),
                transactions: ids("transactions"),
                subscriptions: ids("subscriptions"),
                invoices: ids("invoices"),
                fulfillments: ids("fulfillments"),
                coupons: ids("coupons"),
                products: ids("products"),
                prices: ids("prices"),
                lines: ids("lines"),
                others: ids("others"),
            },
        }
    }

    /// The ids of its records.
    pub fn ids(&self) -> &AllIds {
        &self.ids
    }

    /// The random values of one record of a kind.
    pub fn rng(&self, kind: &str, index: usize) -> Rng {
        Rng::new(key(self.key, kind), index as u64)
    }

    /// The number of the next record of a kind of which there are few.
    pub fn next_made(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    /// A contact.
    pub fn contact(&self, index: u32) -> Contact {
        let mut rng = self.rng("contacts", index as usize);
        let (first, last) = (rng.pick(&FIRST), rng.pick(&LAST));
        let email = joined(&[first, ".", last, &digits(index.into(), 1), "@example.com"]).to_ascii_lowercase();
        Contact { id: rng.text(20), email, line: 100 + rng.below(100), place: rng.below(PLACES.len()), first, last }
    }

    /// The contact with this id.
    pub fn contact_index(&self, id: &str) -> Option<u32> {
        (0..self.contacts).find(|index| self.contact(*index).id == id)
    }

    /// `contactSnapshot`
    pub fn contact_snapshot(&self, index: u32) -> Value {
        let contact = self.contact(index);
        let (city, state, postal_code, country) = PLACES[contact.place];
        object! {
            "id": contact.id.as_str(),
            "locationId": self.location.as_str(),
            "firstName": contact.first,
            "lastName": contact.last,
            "name": contact.name(),
            "email": contact.email.as_str(),
            "phone": joined(&["+1202555", &digits(contact.line as u64, 4)]),
            "type": "lead",
            "dnd": false,
            "city": city,
            "state": state,
            "postalCode": postal_code,
            "country": country,
            "tags": vec!["customer"],
            "dateAdded": iso(self.opened + i64::from(index) * 60_000),
        }
    }

    /// The source of an order.
    pub fn order_source(&self, order: usize) -> OrderSource {
        let row = &self.orders[order];
        self.source(row.source, order, row.created)
    }

    /// A source; invoices have their own id and number for each order.
    pub fn source(&self, source: u8, number: usize, created: i64) -> OrderSource {
        let seed = &SOURCES[usize::from(source)];
        let mut rng = self.rng("sources", seed.group as usize);
        let (id, name, meta) = if seed.kind == "invoice" {
            let name = invoice_name(number);
            let meta = object! {
                "invoiceNumber": name.get(4..),
                "invoiceNumberPrefix": "INV-",
                "verifyMinimumValueToPay": true,
            };
            (self.ids.invoices.id(created, number), name, meta)
        } else {
            let id = rng.text(20);
            let meta = match seed.kind {
                "funnel" | "website" | "membership" => {
                    object! {
                        "domain": "shop.example.com",
                        "pageId": rng.text(20),
                        "pageUrl": joined(&["/", seed.sub_type]),
                        "stepId": rng.uuid(),
                    }
                }
                _ => object! {},
            };
            (id, seed.name.to_owned(), meta)
        };
        OrderSource {
            kind: Some(seed.kind.into()),
            sub_type: Some(seed.sub_type.into()),
            id: Some(id),
            name: Some(name),
            meta: Some(meta),
        }
    }

    /// The id of a product.
    pub fn product_id(&self, product: usize) -> String {
        self.ids.products.id(self.opened, product)
    }

    /// The id of a price in a currency.
    pub fn price_id(&self, price: u8, currency: u8) -> String {
        self.ids.prices.id(self.opened, usize::from(price) * 8 + usize::from(currency))
    }

    /// The id of a line with this price.
    pub fn line_id(&self, price: u8) -> String {
        self.ids.lines.id(self.opened, usize::from(price))
    }

    /// A product.
    pub fn product(&self, index: usize) -> Product {
        let seed = &PRODUCTS[index];
        Product {
            id: Some(self.product_id(index)),
            description: Some(seed.description.into()),
            variants: Some(Vec::new()),
            location_id: Some(self.location.clone()),
            name: Some(seed.name.into()),
            product_type: Some(seed.kind.into()),
            available_in_store: Some(true),
            created_at: Some(iso(self.opened)),
            updated_at: Some(iso(self.opened)),
            image: Some(joined(&["https://assets.example.com/products/", seed.slug, ".png"])),
            collection_ids: Some(Vec::new()),
            is_taxes_enabled: Some(false),
            taxes: Some(Vec::new()),
            slug: Some(seed.slug.into()),
            ..Product::default()
        }
    }

    /// A price in a currency.
    pub fn price(&self, index: u8, currency: u8) -> Price {
        let seed = &PRICES[usize::from(index)];
        Price {
            id: Some(self.price_id(index, currency)),
            membership_offers: Some(Vec::new()),
            variant_option_ids: Some(Vec::new()),
            location_id: Some(self.location.clone()),
            product: Some(self.product_id(seed.product)),
            name: Some(seed.name.into()),
            kind: Some(if seed.interval.is_some() { "recurring" } else { "one_time" }.into()),
            currency: Some(CURRENCIES[usize::from(currency)].0.into()),
            amount: Some(major(seed.minor)),
            recurring: seed
                .interval
                .map(|interval| Recurring { interval: Some(interval.into()), interval_count: Some(1.0) }),
            created_at: Some(iso(self.opened)),
            updated_at: Some(iso(self.opened)),
            track_inventory: Some(false),
            ..Price::default()
        }
    }

    /// Brings the subscriptions up to a time: what is due is paid.
    pub fn settle(&mut self, now: i64) {
        if self.next_due.is_none_or(|due| due > now) {
            return;
        }
        let mut due = Vec::new();
        for index in 0..self.subscriptions.len() {
            renew(&mut self.subscriptions[index], index as u32, now, &mut due);
        }
        in_order(&mut due, |row| row.created);
        self.transactions.extend(due);
        self.next_due = self.subscriptions.iter().filter_map(|row| row.next).min();
    }
}

/// Adds the payments of a subscription that are due by `now`.
pub fn renew(row: &mut SubscriptionRow, index: u32, now: i64, out: &mut Vec<TransactionRow>) {
    while let Some(due) = row.next.filter(|due| *due <= now) {
        row.renewals += 1;
        row.updated = due;
        row.status = "active";
        row.next = Some(row.payment(row.renewals + 1));
        out.push(TransactionRow {
            created: due,
            amount: PRICES[usize::from(row.price)].minor,
            refunded: 0,
            owner: Owner::Renewal(index, row.renewals),
            state: Paid::Succeeded,
            provider: row.provider,
            recorded: None,
        });
    }
}

/// Numbers of invoices: those of orders start at 0, those without an order here.
pub const OWN_INVOICES: usize = 0x40_0000;
/// Numbers of the invoices of later payments of subscriptions start here.
pub const RENEWALS: usize = 0x80_0000;

/// What is printed on an invoice: `INV-` and six digits.
pub fn invoice_name(number: usize) -> String {
    let number = if number < OWN_INVOICES { number + 1 } else { 500_001 + number - OWN_INVOICES };
    joined(&["INV-", &digits(number as u64, 6)])
}

/// Puts rows in the order of their times; those of the same time stay as they are.
pub fn in_order<T>(rows: &mut Vec<T>, time: impl Fn(&T) -> i64) {
    // The pairs are sorted instead of the rows, so that the program holds one sort and not one for each kind of row; a
    // heap's is the smallest.
    let order: BinaryHeap<(i64, u32)> = rows.iter().zip(0..).map(|(row, at)| (time(row), at)).collect();
    let mut old: Vec<Option<T>> = rows.drain(..).map(Some).collect();
    rows.extend(order.into_sorted_vec().into_iter().filter_map(|(_, at)| old[at as usize].take()));
}

/// Minor units as text: `59.50`.
pub fn decimal(minor: u32) -> String {
    joined(&[&digits((minor / 100).into(), 1), ".", &digits((minor % 100).into(), 2)])
}

/// Minor units as the API writes amounts.
pub fn major(minor: u32) -> f64 {
    f64::from(minor) / 100.0
}

/// An amount of the API in minor units.
pub fn minor(major: f64) -> f64 {
    (major * 100.0).round()
}
