//! Transactions.

use super::account::{decimal, major, Account, Owner, Paid, Provider, TransactionRow, MODES, OWN_INVOICES, RENEWALS};
use super::calendar::iso;
use super::catalog::{CURRENCIES, INVOICE, SOURCES};
use super::check::{may, must, Query, Rule, Spec, ALT_TYPE};
use super::http::{Outcome, Refusal, Reply};
use super::json::digits;
use super::object::{object, set};
use super::page::{filters, page, Common, Search, Wanted};
use super::{orders, subscriptions, Call};
use crate::model::{CurrencyOptions, OrderSource, Transaction, TransactionList, TransactionSummary};
use crate::shape::joined;
use serde_json::Value;

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
    let page = page(account.transactions.len(), &call.query, 10, keep);
    Ok(Reply::ok(&TransactionList {
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
    };
    search.finds_source(source, number)
        || search.is(charge, || charge_id(account, row, index).unwrap_or_default())
        || search.is(24, || account.ids().transactions.id(row.created, index))
}

/// Reads one transaction.
pub fn get(call: &mut Call<'_>) -> Outcome {
    let account = &*call.account;
    let ids = account.ids().transactions;
    let index = ids
        .index(&call.id)
        .filter(|index| account.transactions.get(*index).is_some_and(|row| ids.id(row.created, *index) == call.id))
        .ok_or_else(|| Refusal::not_found("Transaction"))?;
    Ok(Reply::ok(&detail(account, index, &call.trace)))
}

/// What a transaction has from the order, subscription or invoice that it is for.
struct Facts {
    contact: u32,
    currency: u8,
    live: bool,
    source: u8,
}

impl Facts {
    fn of(account: &Account, row: &TransactionRow) -> Self {
        let order = match row.owner {
            Owner::Order(order) => order,
            Owner::Renewal(subscription, _) => account.subscriptions[subscription as usize].order,
            Owner::Invoice(number) => {
                let mut rng = account.rng("invoices", number as usize);
                let contact = rng.below(account.contacts as usize) as u32;
                let currency = u8::from(rng.chance(8));
                return Self { contact, currency, live: rng.chance(92), source: INVOICE };
            }
        };
        let order = &account.orders[order as usize];
        Self { contact: order.contact, currency: order.currency, live: order.live, source: order.source }
    }
}

fn invoice_number(owner: Owner) -> usize {
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

fn source(account: &Account, row: &TransactionRow) -> OrderSource {
    match row.owner {
        Owner::Order(order) => account.order_source(order as usize),
        Owner::Renewal(subscription, _) => {
            account.order_source(account.subscriptions[subscription as usize].order as usize)
        }
        Owner::Invoice(_) => account.source(INVOICE, invoice_number(row.owner), row.created),
    }
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
    }
}

fn charge_snapshot(account: &Account, row: &TransactionRow, index: usize, facts: &Facts) -> Value {
    let currency = CURRENCIES[usize::from(facts.currency)].0;
    let charge = charge_id(account, row, index).unwrap_or_default();
    let failed = row.state == Paid::Failed;
    match row.provider {
        Provider::Stripe => {
            let status = if failed { "requires_payment_method" } else { "succeeded" };
            let amount = row.amount;
            object! {
                "id": joined(&["pi_", charge.get(3..).unwrap_or_default()]),
                "object": "payment_intent",
                "amount": amount,
                "amount_received": if failed { 0 } else { amount },
                "currency": currency.to_ascii_lowercase(),
                "created": row.created / 1000,
                "livemode": facts.live,
                "status": status,
                "charges": object! {
                    "object": "list",
                    "has_more": false,
                    "data": vec![object! {
                        "id": charge,
                        "object": "charge",
                        "amount": amount,
                        "amount_refunded": row.refunded,
                        "paid": !failed,
                    }],
                },
            }
        }
        Provider::Paypal => object! {
            "id": charge,
            "status": if failed { "DECLINED" } else { "COMPLETED" },
            "amount": object! { "value": decimal(row.amount), "currency_code": currency },
            "create_time": iso(row.created),
        },
        Provider::AuthorizeNet => {
            object! {
                "transId": charge,
                "responseCode": if failed { "2" } else { "1" },
                "authAmount": major(row.amount),
            }
        }
        Provider::Manual(mode) => {
            let mode = MODES[usize::from(mode) % MODES.len()];
            let mut rng = account.rng("cheques", index);
            let mut number = || {
                let (first, second) = (100 + rng.below(900), 100_000 + rng.below(900_000));
                joined(&[&digits(first as u64, 3), "-", &digits(second as u64, 6)])
            };
            let Some(recorded) = &row.recorded else {
                let number = if mode == "cheque" { number() } else { String::new() };
                return object! {
                    "mode": mode,
                    "cheque": object! { "number": number },
                    "notes": joined(&["paid by ", mode]),
                };
            };
            let mut out = object! {
                "mode": mode,
                "cheque": object! { "number": recorded.cheque.as_str() },
                "notes": recorded.notes.as_str(),
            };
            if let Some(card) = &recorded.card {
                set(&mut out, "card", card.clone());
            }
            out
        }
    }
}

fn payment_method(account: &Account, row: &TransactionRow) -> Value {
    if let Some(card) = row.recorded.as_ref().and_then(|recorded| recorded.card.as_ref()) {
        return object! {
            "card": object! { "brand": card.get("type").cloned(), "last4": card.get("last4").cloned() },
        };
    }
    match row.provider {
        Provider::Stripe | Provider::AuthorizeNet => {
            let contact = Facts::of(account, row).contact;
            let mut rng = account.rng("cards", contact as usize);
            let brand = rng.pick(&["visa", "visa", "mastercard", "amex", "discover"]);
            object! { "card": object! { "brand": brand, "last4": digits(rng.below(10_000) as u64, 4) } }
        }
        Provider::Paypal | Provider::Manual(_) => object! {},
    }
}

/// The account at the payment provider.
pub fn connected_account(account: &Account, provider: Provider) -> Option<String> {
    (!matches!(provider, Provider::Manual(_))).then(|| account.rng(provider.name(), 0).hex(24))
}

/// The address of a contact's computer, out of the range for examples.
pub fn ip_address(account: &Account, contact: u32) -> String {
    joined(&["203.0.113.", &digits(1 + account.rng("addresses", contact as usize).below(254) as u64, 1)])
}

fn status(row: &TransactionRow) -> &'static str {
    match row.state {
        Paid::Succeeded => "succeeded",
        Paid::Failed => "failed",
        Paid::Refunded => "refunded",
    }
}

fn updated(row: &TransactionRow) -> i64 {
    row.created + if matches!(row.provider, Provider::Manual(_)) { 0 } else { 1331 }
}

fn entity_type(row: &TransactionRow) -> &'static str {
    match row.owner {
        Owner::Order(_) => "order",
        Owner::Renewal(..) | Owner::Invoice(_) => "invoice",
    }
}

/// The transaction as lists have it.
pub fn summary(account: &Account, index: usize) -> TransactionSummary {
    let row = &account.transactions[index];
    let facts = Facts::of(account, row);
    let contact = account.contact(facts.contact);
    let source = source(account, row);
    let online = !matches!(row.provider, Provider::Manual(_));
    let (code, symbol) = CURRENCIES[usize::from(facts.currency)];
    TransactionSummary {
        id: account.ids().transactions.id(row.created, index),
        alt_id: Some(account.location.clone()),
        alt_type: Some("location".into()),
        contact_name: Some(contact.name()),
        contact_id: Some(contact.id),
        contact_email: Some(contact.email),
        currency: Some(code.into()),
        currency_options: Some(CurrencyOptions { code: Some(code.into()), symbol: Some(symbol.into()) }),
        amount: Some(major(row.amount)),
        status: Some(status(row).into()),
        live_mode: Some(facts.live),
        entity_type: Some(entity_type(row).into()),
        entity_id: Some(entity_id(account, row)),
        entity_source_type: source.kind,
        entity_source_sub_type: source.sub_type,
        entity_source_name: source.name,
        entity_source_id: source.id,
        entity_source_meta: source.meta,
        subscription_id: subscription(account, row).map(|at| subscriptions::gateway_id(account, at)),
        charge_id: charge_id(account, row, index),
        charge_snapshot: Some(charge_snapshot(account, row, index, &facts)),
        payment_provider_type: Some(row.provider.name().into()),
        payment_provider_connected_account: connected_account(account, row.provider),
        payment_providers: Some(Vec::new()),
        gift_cards_metadata: Some(Vec::new()),
        ip_address: online.then(|| ip_address(account, facts.contact)),
        created_at: Some(iso(row.created)),
        updated_at: Some(iso(updated(row))),
        amount_refunded: Some(major(row.refunded)),
        payment_method: Some(payment_method(account, row)),
        fulfilled_at: Some(iso(updated(row))),
        created_by: (!online).then(|| account.rng("users", 0).text(20)),
        ..TransactionSummary::default()
    }
}

fn detail(account: &Account, index: usize, trace: &str) -> Transaction {
    let row = &account.transactions[index];
    let facts = Facts::of(account, row);
    let summary = summary(account, index);
    let source = source(account, row);
    let mut payment_provider = object! { "type": row.provider.name() };
    if let Some(id) = connected_account(account, row.provider) {
        set(&mut payment_provider, "connectedAccount", object! { "_id": id });
    }
    let own_meta = row.recorded.as_ref().and_then(|recorded| recorded.meta.clone());
    Transaction {
        id: summary.id,
        alt_type: summary.alt_type,
        alt_id: summary.alt_id,
        contact_id: summary.contact_id,
        contact_snapshot: Some(account.contact_snapshot(facts.contact)),
        currency: summary.currency,
        amount: summary.amount,
        status: summary.status,
        live_mode: summary.live_mode,
        created_at: summary.created_at,
        updated_at: summary.updated_at,
        entity_type: summary.entity_type,
        invoice_id: (entity_type(row) == "invoice").then(|| entity_id(account, row)),
        entity_id: summary.entity_id,
        meta: own_meta.map(Value::Object).or_else(|| source.meta.clone()),
        entity_source: Some(source),
        charge_id: summary.charge_id,
        charge_snapshot: summary.charge_snapshot,
        subscription_id: summary.subscription_id,
        payment_provider: Some(payment_provider),
        ip_address: summary.ip_address,
        mark_as_test: Some(!facts.live),
        is_parent: Some(false),
        amount_refunded: summary.amount_refunded,
        receipt_id: (row.state != Paid::Failed).then(|| account.rng("receipts", index).hex(24)),
        qbo_synced: Some(false),
        trace_id: Some(trace.into()),
        created_by: summary.created_by,
        ..Transaction::default()
    }
}
