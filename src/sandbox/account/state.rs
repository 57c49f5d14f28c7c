//! What one location holds: compact rows, from which the records are written when they are asked for.
//! Rows keep 100,000 orders small and quick to start; every other field follows from the account's key.

use crate::json::joined;
use crate::sandbox::account::catalog::{SourceSeed, CURRENCIES, FIRST, LAST, PLACES, PRICES, PRODUCTS, SOURCES};
use crate::sandbox::account::deleted::Deleted;
use crate::sandbox::account::rows::{
    ChargeRow, CouponRow, FulfillmentRow, OrderRow, Owner, Paid, PlanRow, Provider, ProviderRow, SubscriptionRow,
    TransactionRow, WhitelabelRow,
};
use crate::sandbox::json::{object, Members};
use crate::sandbox::rng::{key, Ids, Rng};
use crate::sandbox::text::{digits, holds};
use std::collections::BinaryHeap;

/// A contact.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Id of 20 characters.
    pub id: String,
    /// First and last name.
    pub name: String,
    /// Address that nobody has.
    pub email: String,
    first: &'static str,
    last: &'static str,
    /// The last digits of a number that nobody has.
    line: usize,
    place: usize,
}

impl Contact {
    /// City, state, postal code and country.
    pub fn place(&self) -> (&'static str, &'static str, &'static str, &'static str) {
        PLACES[self.place]
    }

    /// A number that nobody has.
    pub fn phone(&self) -> String {
        joined(&["+1202555", &digits(self.line as u64, 4)])
    }

    /// Whether a text is part of the name or the address.
    pub fn matches(&self, needle: &str) -> bool {
        holds(&self.name, needle) || holds(&self.email, needle)
    }
}

/// What is random about the source of orders.
#[derive(Debug, Clone)]
struct Source {
    id: String,
    /// `meta` as JSON text.
    meta: String,
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
    /// Its contacts.
    pub contacts: Vec<Contact>,
    /// What is random about [`SOURCES`].
    sources: Vec<Source>,
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
    /// What was deleted of orders, transactions and subscriptions.
    pub deleted: Deleted,
    /// Ids of orders with an open checkout, and until when it holds them.
    pub checkouts: Vec<(String, i64)>,
    /// The custom provider of the sandbox's app.
    pub provider: Option<ProviderRow>,
    /// Addresses instead of the provider's paymentsUrl and queryUrl.
    pub addresses: [Option<String>; 2],
    /// What the custom provider has said of transactions, in their order.
    pub charges: Vec<ChargeRow>,
    /// What it has said of subscriptions, in their order.
    pub plans: Vec<PlanRow>,
    /// Oldest first.
    pub whitelabel: Vec<WhitelabelRow>,
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
        let mut new = Self {
            location: location.into(),
            key: account,
            opened,
            contacts: Vec::new(),
            sources: Vec::new(),
            orders: Vec::new(),
            transactions: Vec::new(),
            subscriptions: Vec::new(),
            coupons: Vec::new(),
            coupon_ids: Vec::new(),
            fulfillments: Vec::new(),
            deleted: Deleted::default(),
            checkouts: Vec::new(),
            provider: None,
            addresses: [None, None],
            charges: Vec::new(),
            plans: Vec::new(),
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
        };
        new.sources = SOURCES.iter().map(|seed| new.made_source(seed)).collect();
        new
    }

    /// Adds a transaction of the custom provider that is not decided yet; gives its index.
    pub fn begin_charge(&mut self, owner: Owner, amount: u32, now: i64) -> usize {
        let index = self.transactions.len();
        self.transactions.push(TransactionRow {
            created: now,
            amount,
            refunded: 0,
            owner,
            state: Paid::Pending,
            provider: Provider::Custom,
            recorded: None,
        });
        self.charges.push(ChargeRow { transaction: index as u32, updated: now, ..ChargeRow::default() });
        index
    }

    /// What the custom provider has said of a transaction.
    pub fn charge_of(&self, transaction: usize) -> Option<&ChargeRow> {
        let at = self.charges.binary_search_by_key(&(transaction as u32), |row| row.transaction).ok()?;
        self.charges.get(at)
    }

    /// What the custom provider has said of a subscription.
    pub fn plan_of(&self, subscription: usize) -> Option<&PlanRow> {
        let at = self.plans.binary_search_by_key(&(subscription as u32), |row| row.subscription).ok()?;
        self.plans.get(at)
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

    /// Makes its contacts.
    pub fn fill_contacts(&mut self, count: usize) {
        let made = (0..count).map(|index| {
            let mut rng = self.rng("contacts", index);
            let (first, last) = (rng.pick(&FIRST), rng.pick(&LAST));
            let email = joined(&[first, ".", last, &digits(index as u64, 1), "@example.com"]).to_ascii_lowercase();
            Contact {
                id: rng.text(20),
                name: joined(&[first, " ", last]),
                email,
                line: 100 + rng.below(100),
                place: rng.below(PLACES.len()),
                first,
                last,
            }
        });
        self.contacts = made.collect();
    }

    /// A contact.
    pub fn contact(&self, index: u32) -> &Contact {
        &self.contacts[index as usize]
    }

    /// The contact with this id.
    pub fn contact_index(&self, id: &str) -> Option<u32> {
        self.contacts.iter().position(|contact| contact.id == id).map(|index| index as u32)
    }

    /// Adds what every record begins with.
    pub fn begin(&self, out: &mut Members<'_>, id: &str, contact: u32, (created, updated): (i64, i64)) {
        out.text("_id", id);
        self.owned(out);
        out.text("contactId", &self.contact(contact).id);
        out.time("createdAt", created);
        out.time("updatedAt", updated);
    }

    /// Adds the location that a record belongs to.
    pub fn owned(&self, out: &mut Members<'_>) {
        out.text("altId", &self.location);
        out.text("altType", "location");
    }

    /// Adds what lists say of a contact.
    pub fn name_contact(&self, out: &mut Members<'_>, index: u32) {
        let contact = self.contact(index);
        out.text("contactName", &contact.name);
        out.text("contactEmail", &contact.email);
    }

    /// Adds `contactSnapshot`.
    pub fn contact_snapshot(&self, out: &mut Members<'_>, index: u32) {
        let contact = self.contact(index);
        let (city, state, postal_code, country) = PLACES[contact.place];
        let mut out = out.object("contactSnapshot");
        out.text("id", &contact.id);
        out.text("locationId", &self.location);
        out.text("firstName", contact.first);
        out.text("lastName", contact.last);
        out.text("name", &contact.name);
        out.text("email", &contact.email);
        out.text("phone", &contact.phone());
        out.text("type", "lead");
        out.flag("dnd", false);
        out.text("city", city);
        out.text("state", state);
        out.text("postalCode", postal_code);
        out.text("country", country);
        out.raw("tags", r#"["customer"]"#);
        out.time("dateAdded", self.opened + i64::from(index) * 60_000);
        out.end();
    }

    /// Adds `contactDetails`, which invoices have instead.
    pub fn contact_details(&self, out: &mut Members<'_>, index: u32) {
        let contact = self.contact(index);
        let (city, state, postal_code, country) = PLACES[contact.place];
        let mut out = out.object("contactDetails");
        out.text("id", &contact.id);
        out.text("name", &contact.name);
        out.text("email", &contact.email);
        out.text("phoneNo", &contact.phone());
        out.raw("customFields", "[]");
        let mut address = out.object("address");
        address.text("countryCode", country);
        address.text("addressLine1", "1 Example Street");
        address.text("city", city);
        address.text("state", state);
        address.text("postalCode", postal_code);
        address.end();
        out.raw("additionalEmails", "[]");
        out.end();
    }

    /// The id of the user behind what a person does.
    pub fn user(&self) -> String {
        self.rng("users", 0).text(20)
    }

    fn made_source(&self, seed: &SourceSeed) -> Source {
        let mut rng = self.rng("sources", seed.group as usize);
        let id = rng.text(20);
        let funnel = matches!(seed.kind, "funnel" | "website" | "membership");
        let (page, step) = if funnel { (rng.text(20), rng.uuid()) } else { (String::new(), String::new()) };
        let meta = object(&|out| {
            if funnel {
                out.text("domain", "shop.example.com");
                out.text("pageId", &page);
                out.text("pageUrl", &joined(&["/", seed.sub_type]));
                out.text("stepId", &step);
            }
        });
        Source { id, meta: String::from_utf8(meta).unwrap_or_default() }
    }

    /// The id of the source of an order, unless that is an invoice.
    pub fn source_id(&self, source: u8) -> &str {
        &self.sources[usize::from(source)].id
    }

    /// Adds a source under the names that a record has for its type, sub-type, id, name and meta; one without a name is
    /// left out. Invoices have their own id and number for each order.
    pub fn source(&self, out: &mut Members<'_>, names: [&str; 5], source: u8, number: usize, created: i64) {
        let seed = &SOURCES[usize::from(source)];
        let made = &self.sources[usize::from(source)];
        let [kind, sub_type, id, name, meta] = names;
        out.text(kind, seed.kind);
        if !sub_type.is_empty() {
            out.text(sub_type, seed.sub_type);
        }
        if seed.kind == "invoice" {
            let printed = invoice_name(number);
            out.text(id, &self.ids.invoices.id(created, number));
            out.text(name, &printed);
            if !meta.is_empty() {
                invoice_meta(out, meta, &printed);
            }
        } else {
            out.text(id, &made.id);
            out.text(name, seed.name);
            if !meta.is_empty() {
                out.raw(meta, &made.meta);
            }
        }
    }

    /// Adds the `meta` of a source alone.
    pub fn source_meta(&self, out: &mut Members<'_>, source: u8, number: usize) {
        if SOURCES[usize::from(source)].kind == "invoice" {
            invoice_meta(out, "meta", &invoice_name(number));
        } else {
            out.raw("meta", &self.sources[usize::from(source)].meta);
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

    /// Adds what products and prices begin with.
    pub fn entry(&self, out: &mut Members<'_>, id: &str, name: &str) {
        out.text("_id", id);
        out.text("locationId", &self.location);
        out.text("name", name);
        out.time("createdAt", self.opened);
        out.time("updatedAt", self.opened);
    }

    /// Adds the product and the price of a line as `product` and `price`.
    pub fn article(&self, out: &mut Members<'_>, index: u8, currency: u8) {
        let price = &PRICES[usize::from(index)];
        let seed = &PRODUCTS[price.product];
        let product = self.product_id(price.product);
        let mut inner = out.object("product");
        self.entry(&mut inner, &product, seed.name);
        inner.text("description", seed.description);
        inner.text("productType", seed.kind);
        inner.flag("availableInStore", true);
        inner.text("image", &joined(&["https://assets.example.com/products/", seed.slug, ".png"]));
        inner.flag("isTaxesEnabled", false);
        for none in ["variants", "collectionIds", "taxes"] {
            inner.raw(none, "[]");
        }
        inner.text("slug", seed.slug);
        inner.end();
        let mut inner = out.object("price");
        self.entry(&mut inner, &self.price_id(index, currency), price.name);
        inner.raw("membershipOffers", "[]");
        inner.raw("variantOptionIds", "[]");
        inner.text("product", &product);
        inner.text("type", if price.interval.is_some() { "recurring" } else { "one_time" });
        inner.text("currency", CURRENCIES[usize::from(currency)].0);
        inner.money("amount", price.minor);
        if let Some(interval) = price.interval {
            let mut recurring = inner.object("recurring");
            recurring.text("interval", interval);
            recurring.number("intervalCount", 1.0);
            recurring.end();
        }
        inner.flag("trackInventory", false);
        inner.end();
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

/// The names of a source where it is a record of its own.
pub const SOURCE: [&str; 5] = ["type", "subType", "id", "name", "meta"];

fn invoice_meta(out: &mut Members<'_>, name: &str, printed: &str) {
    let mut meta = out.object(name);
    meta.text("invoiceNumber", printed.get(4..).unwrap_or_default());
    meta.text("invoiceNumberPrefix", "INV-");
    meta.flag("verifyMinimumValueToPay", true);
    meta.end();
}

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
