//! Transactions.

use crate::json::joined;
use crate::model::JsonObject;
use crate::sandbox::account::catalog::{CURRENCIES, INVOICE, SOURCES};
use crate::sandbox::account::deleted::Stream;
use crate::sandbox::account::rows::{Owner, Paid, Provider, TransactionRow, MODES};
use crate::sandbox::account::state::{Account, OWN_INVOICES, RENEWALS, SOURCE};
use crate::sandbox::amount::decimal;
use crate::sandbox::echo::Echo;
use crate::sandbox::http::check::{may, must, Query, Rule, Spec, ALT_TYPE};
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply};
use crate::sandbox::json::Members;
use crate::sandbox::operations::call::{Call, Handler};
use crate::sandbox::operations::gateway::{connected_account, ip_address, provider};
use crate::sandbox::operations::page::{filters, Common, Search, Wanted};
use crate::sandbox::operations::{orders, subscriptions};
use crate::sandbox::text::digits;

/// The operations that are done here.
pub const HANDLERS: &[Handler] = &[("list-transactions", &LIST, list), ("get-transaction-by-id", &GET, get)];

/// `GET /payments/transactions`
pub static LIST: Spec = Spec {
    query: &[
        must("altId", Rule::Text),
        must("altType", ALT_TYPE),
        may("locationId", Rule::Text),
        may("paymentMode", Rule::Text),
        may("startAt", Rule::Date),
        may("endAt", Rule::Date),
        may("entitySourceType", Rule::Text),
        may("entitySourceSubType", Rule::Text),
        may("search", Rule::AnyText),
        may("subscriptionId", Rule::Text),
        may("entityId", Rule::Text),
        may("contactId", Rule::Text),
        may("limit", Rule::Whole(0)),
        may("offset", Rule::Whole(0)),
    ],
    body: &[],
};

/// `GET /payments/transactions/{transactionId}`
pub static GET: Spec =
    Spec { query: &[must("altId", Rule::Text), must("altType", ALT_TYPE), may("locationId", Rule::Text)], body: &[] };

const FILTERS: [&str; 9] = [
    "paymentMode",
    "startAt",
    "endAt",
    "entitySourceType",
    "entitySourceSubType",
    "search",
    "subscriptionId",
    "entityId",
    "contactId",
];

/// Lists transactions.
pub fn list(call: &mut Call<'_>) -> Outcome {
    let account = &*call.account;
    let filter = filters(&call.query, &FILTERS).then(|| Filter::new(account, &call.query));
    let keep = filter.as_ref().map(|filter| move |row: usize| filter.keeps(row));
    let keep = keep.as_ref().map(|keep| keep as &dyn Fn(usize) -> bool);
    let page = account.page(Stream::Transactions, &call.query, keep);
    Ok(page.reply(&|row, out| summary(account, row, out)))
}

/// The filters of the list, made ready once.
struct Filter<'a> {
    account: &'a Account,
    query: &'a Query,
    common: Common,
    contact: Wanted<u32>,
    subscription: Wanted<usize>,
    /// The order with the `entityId` asked for.
    order: Option<usize>,
    /// The number of the invoice that it may name instead.
    invoice: Option<usize>,
    search: Option<Search>,
}

impl<'a> Filter<'a> {
    fn new(account: &'a Account, query: &'a Query) -> Self {
        Self {
            account,
            query,
            common: Common::of(query),
            contact: Wanted::of(query.get("contactId"), |id| account.contact_index(id)),
            subscription: Wanted::of(query.get("subscriptionId"), |id| subscriptions::find_any(account, id)),
            order: query.get("entityId").and_then(|id| orders::find(account, id).ok()),
            invoice: query.get("entityId").and_then(|id| account.ids().invoices.index(id)),
            search: Search::of(account, query),
        }
    }

    fn keeps(&self, index: usize) -> bool {
        let row = &self.account.transactions[index];
        let facts = Facts::of(self.account, row);
        let source = &SOURCES[usize::from(facts.source)];
        let text = |name: &str, own: &str| self.query.get(name).is_none_or(|wanted| wanted == own);
        self.common.keeps(row.created, facts.live)
            && text("entitySourceType", source.kind)
            && text("entitySourceSubType", source.sub_type)
            && self.contact.keeps(Some(&facts.contact))
            && self.subscription.keeps(subscription(self.account, row).as_ref())
            && self.query.get("entityId").is_none_or(|id| match row.owner {
                Owner::Order(order) => self.order == Some(order as usize),
                // The id's counter first: it tells nearly all apart without making an id.
                owner => self.invoice == Some(invoice_number(owner)) && entity_id(self.account, row) == id,
            })
            && self
                .search
                .as_ref()
                .is_none_or(|search| search.finds_contact(facts.contact) || named(self.account, row, index, search))
    }
}

/// Whether a text is part of the name of a transaction's source, or is an id of it.
fn named(account: &Account, row: &TransactionRow, index: usize, search: &Search) -> bool {
    let (source, number) = match row.owner {
        Owner::Invoice(_) => (INVOICE, invoice_number(row.owner)),
        Owner::Order(order) => (account.orders[order as usize].source, order as usize),
        Owner::Renewal(subscription, _) => {
            let order = account.subscriptions[subscription as usize].order as usize;
            (account.orders[order].source, order)
        }
    };
    let charge = match row.provider {
        Provider::Stripe => 27,
        Provider::Paypal => 17,
        Provider::AuthorizeNet => 11,
        Provider::Manual(_) => usize::MAX,
        Provider::Custom => search.length(),
    };
    search.finds_source(source, number)
        || search.is(charge, || charge_id(account, row, index).unwrap_or_default())
        || search.is(24, || account.ids().transactions.id(row.created, index))
}

/// Reads one transaction.
pub fn get(call: &mut Call<'_>) -> Outcome {
    let account = &*call.account;
    let index = find(account, &call.id).ok_or_else(|| Refusal::not_found("Transaction"))?;
    Ok(Reply::object(&|out| detail(account, index, &call.trace, out)))
}

/// The index of the transaction with this id.
pub fn find(account: &Account, id: &str) -> Option<usize> {
    let ids = account.ids().transactions;
    ids.index(id)
        .filter(|index| account.transactions.get(*index).is_some_and(|row| ids.id(row.created, *index) == id))
        .filter(|index| !account.deleted.has(Stream::Transactions, *index))
}

/// The id of a transaction.
pub fn id_of(account: &Account, index: usize) -> String {
    account.ids().transactions.id(account.transactions[index].created, index)
}

/// What a transaction has from the order, subscription or invoice that it is for.
pub struct Facts {
    /// Index of its contact.
    pub contact: u32,
    /// Index of its currency.
    pub currency: u8,
    /// Live money.
    pub live: bool,
    source: u8,
}

impl Facts {
    /// Reads them.
    pub fn of(account: &Account, row: &TransactionRow) -> Self {
        let order = match row.owner {
            Owner::Order(order) => order,
            Owner::Renewal(subscription, _) => account.subscriptions[subscription as usize].order,
            Owner::Invoice(number) => {
                let mut rng = account.rng("invoices", number as usize);
                let contact = rng.below(account.contacts.len()) as u32;
                let currency = u8::from(rng.chance(8));
                return Self { contact, currency, live: rng.chance(92), source: INVOICE };
            }
        };
        let order = &account.orders[order as usize];
        Self { contact: order.contact, currency: order.currency, live: order.live, source: order.source }
    }
}

pub fn invoice_number(owner: Owner) -> usize {
    match owner {
        Owner::Order(order) => order as usize,
        Owner::Invoice(number) => OWN_INVOICES + number as usize,
        Owner::Renewal(subscription, number) => {
            // The counter of an id has 24 bits.
            (RENEWALS + subscription as usize * 64 + usize::from(number % 64)) & 0xff_ffff
        }
    }
}

/// `entityId`
pub fn entity_id(account: &Account, row: &TransactionRow) -> String {
    match row.owner {
        Owner::Order(order) => account.ids().orders.id(account.orders[order as usize].created, order as usize),
        owner => account.ids().invoices.id(row.created, invoice_number(owner)),
    }
}

/// Number and time of the invoice that may be the source of a transaction.
fn source(account: &Account, row: &TransactionRow) -> (usize, i64) {
    let order = match row.owner {
        Owner::Order(order) => order,
        Owner::Renewal(subscription, _) => account.subscriptions[subscription as usize].order,
        Owner::Invoice(_) => return (invoice_number(row.owner), row.created),
    };
    (order as usize, account.orders[order as usize].created)
}

/// The index of the subscription that a transaction belongs to.
fn subscription(account: &Account, row: &TransactionRow) -> Option<usize> {
    match row.owner {
        Owner::Order(order) => subscriptions::of_order(account, order),
        Owner::Renewal(subscription, _) => Some(subscription as usize),
        Owner::Invoice(_) => None,
    }
}

fn charge_id(account: &Account, row: &TransactionRow, index: usize) -> Option<String> {
    let mut rng = account.rng("charges", index);
    match row.provider {
        Provider::Stripe => Some(joined(&["ch_3", &rng.text(23)])),
        Provider::Paypal => Some(rng.text(17).to_ascii_uppercase()),
        Provider::AuthorizeNet => Some(joined(&["60", &digits(rng.below(1_000_000_000) as u64, 9)])),
        Provider::Manual(_) => None,
        Provider::Custom => account.charge_of(index)?.id.clone(),
    }
}

/// Adds `chargeId` and `chargeSnapshot`.
fn charge(account: &Account, row: &TransactionRow, index: usize, facts: &Facts, out: &mut Members<'_>) {
    let currency = CURRENCIES[usize::from(facts.currency)].0;
    let id = charge_id(account, row, index);
    out.maybe("chargeId", id.as_deref());
    let id = id.unwrap_or_default();
    let mut out = out.object("chargeSnapshot");
    let failed = row.state == Paid::Failed;
    let amount = f64::from(row.amount);
    match row.provider {
        Provider::Stripe => {
            out.text("id", &joined(&["pi_", id.get(3..).unwrap_or_default()]));
            out.text("object", "payment_intent");
            out.number("amount", amount);
            out.number("amount_received", if failed { 0.0 } else { amount });
            out.text("currency", &currency.to_ascii_lowercase());
            out.number("created", (row.created / 1000) as f64);
            out.flag("livemode", facts.live);
            out.text("status", if failed { "requires_payment_method" } else { "succeeded" });
            let mut charges = out.object("charges");
            charges.text("object", "list");
            charges.flag("has_more", false);
            charges.list("data", 1, &|_, out| {
                out.text("id", &id);
                out.text("object", "charge");
                out.number("amount", amount);
                out.number("amount_refunded", row.refunded.into());
                out.flag("paid", !failed);
            });
            charges.end();
        }
        Provider::Paypal => {
            out.text("id", &id);
            out.text("status", if failed { "DECLINED" } else { "COMPLETED" });
            let mut amount = out.object("amount");
            amount.text("value", &decimal(row.amount));
            amount.text("currency_code", currency);
            amount.end();
            out.time("create_time", row.created);
        }
        Provider::AuthorizeNet => {
            out.text("transId", &id);
            out.text("responseCode", if failed { "2" } else { "1" });
            out.money("authAmount", row.amount);
        }
        Provider::Custom => {
            let snapshot = account.charge_of(index).and_then(|charge| charge.snapshot.as_ref());
            for (name, value) in snapshot.into_iter().flatten() {
                out.add(name, value);
            }
        }
        Provider::Manual(mode) => {
            let mode = MODES[usize::from(mode) % MODES.len()];
            let (number, notes) = match &row.recorded {
                Some(recorded) if recorded.echo == Echo::None => (recorded.cheque.clone(), String::new()),
                Some(recorded) => (recorded.cheque.clone(), recorded.notes.clone()),
                None if mode == "cheque" => (cheque(account, index), joined(&["paid by ", mode])),
                None => (String::new(), joined(&["paid by ", mode])),
            };
            out.text("mode", mode);
            let mut cheque = out.object("cheque");
            cheque.text("number", &number);
            cheque.end();
            out.text("notes", &notes);
            if let Some(card) = row.recorded.as_ref().and_then(|recorded| recorded.card.as_ref()) {
                out.add("card", card);
            }
            if let Some(meta) = meta(row, Echo::Snapshot) {
                out.add("meta", meta);
            }
        }
    }
    out.end();
}

/// What the caller who recorded a payment sent as `meta`, if it is shown there.
fn meta(row: &TransactionRow, echo: Echo) -> Option<&JsonObject> {
    row.recorded.as_ref().filter(|recorded| recorded.echo == echo)?.meta.as_ref()
}

/// The number of a cheque.
fn cheque(account: &Account, index: usize) -> String {
    let mut rng = account.rng("cheques", index);
    let (first, second) = (100 + rng.below(900), 100_000 + rng.below(900_000));
    joined(&[&digits(first as u64, 3), "-", &digits(second as u64, 6)])
}

/// Adds `paymentMethod`.
fn payment_method(account: &Account, row: &TransactionRow, contact: u32, out: &mut Members<'_>) {
    let mut out = out.object("paymentMethod");
    if let Some(card) = row.recorded.as_ref().and_then(|recorded| recorded.card.as_ref()) {
        let mut out = out.object("card");
        out.add("brand", &card.get("type"));
        out.add("last4", &card.get("last4"));
        out.end();
    } else if matches!(row.provider, Provider::Stripe | Provider::AuthorizeNet) {
        let mut rng = account.rng("cards", contact as usize);
        let mut out = out.object("card");
        out.text("brand", rng.pick(&["visa", "visa", "mastercard", "amex", "discover"]));
        out.text("last4", &digits(rng.below(10_000) as u64, 4));
        out.end();
    }
    out.end();
}

/// `status`
pub fn status(row: &TransactionRow) -> &'static str {
    match row.state {
        Paid::Succeeded => "succeeded",
        Paid::Failed => "failed",
        Paid::Refunded => "refunded",
        Paid::Pending => "pending",
    }
}

fn updated(account: &Account, row: &TransactionRow, index: usize) -> i64 {
    match row.provider {
        Provider::Manual(_) => row.created,
        Provider::Custom => account.charge_of(index).map_or(row.created, |charge| charge.updated),
        _ => row.created + 1331,
    }
}

fn entity_type(row: &TransactionRow) -> &'static str {
    match row.owner {
        Owner::Order(_) => "order",
        Owner::Renewal(..) | Owner::Invoice(_) => "invoice",
    }
}

/// Adds what the list and the single transaction have in common.
fn common(account: &Account, index: usize, facts: &Facts, out: &mut Members<'_>) {
    let row = &account.transactions[index];
    let id = account.ids().transactions.id(row.created, index);
    account.begin(out, &id, facts.contact, (row.created, updated(account, row, index)));
    out.text("currency", CURRENCIES[usize::from(facts.currency)].0);
    out.money("amount", row.amount);
    out.text("status", status(row));
    out.flag("liveMode", facts.live);
    out.text("entityType", entity_type(row));
    out.text("entityId", &entity_id(account, row));
    if let Some(at) = subscription(account, row) {
        let id = subscriptions::gateway_id(account, at);
        out.maybe("subscriptionId", Some(id.as_str()).filter(|id| !id.is_empty()));
    }
    charge(account, row, index, facts, out);
    if matches!(row.provider, Provider::Manual(_)) {
        out.text("createdBy", &account.user());
    } else {
        out.text("ipAddress", &ip_address(account, facts.contact));
    }
    out.money("amountRefunded", row.refunded);
}

/// Adds the transaction as lists have it.
pub fn summary(account: &Account, index: usize, out: &mut Members<'_>) {
    const NAMES: [&str; 5] =
        ["entitySourceType", "entitySourceSubType", "entitySourceId", "entitySourceName", "entitySourceMeta"];
    let row = &account.transactions[index];
    let facts = Facts::of(account, row);
    let (number, created) = source(account, row);
    common(account, index, &facts, out);
    account.name_contact(out, facts.contact);
    account.source(out, NAMES, facts.source, number, created);
    let (code, symbol) = CURRENCIES[usize::from(facts.currency)];
    let mut currency = out.object("currencyOptions");
    currency.text("code", code);
    currency.text("symbol", symbol);
    currency.end();
    out.text("paymentProviderType", row.provider.name());
    out.maybe("paymentProviderConnectedAccount", connected_account(account, row.provider).as_deref());
    out.raw("paymentProviders", "[]");
    out.raw("giftCardsMetadata", "[]");
    payment_method(account, row, facts.contact, out);
    if row.state != Paid::Pending {
        out.time("fulfilledAt", updated(account, row, index));
    }
}

/// Adds the single transaction.
fn detail(account: &Account, index: usize, trace: &str, out: &mut Members<'_>) {
    let row = &account.transactions[index];
    let facts = Facts::of(account, row);
    let (number, created) = source(account, row);
    common(account, index, &facts, out);
    account.contact_snapshot(out, facts.contact);
    if entity_type(row) == "invoice" {
        out.text("invoiceId", &entity_id(account, row));
    }
    let mut entity = out.object("entitySource");
    account.source(&mut entity, SOURCE, facts.source, number, created);
    entity.end();
    match meta(row, Echo::Meta) {
        Some(meta) => out.add("meta", meta),
        None => account.source_meta(out, facts.source, number),
    }
    provider(account, row.provider, out);
    out.flag("markAsTest", !facts.live);
    out.flag("isParent", false);
    if matches!(row.state, Paid::Succeeded | Paid::Refunded) {
        out.text("receiptId", &account.rng("receipts", index).hex(24));
    }
    out.flag("qboSynced", false);
    out.text("traceId", trace);
}
