//! What HighLevel's webhooks say, made of what the locations hold.
//!
//! The fields are those of HighLevel's published examples (`docs/webhook events` of its public documentation) and of an
//! `INSTALL` that an integrator has published. Signing and sending are left to whoever has a network.

use crate::json::joined;
use crate::sandbox::account::catalog::{CURRENCIES, PRICES, PRODUCTS};
use crate::sandbox::account::deleted::Stream;
use crate::sandbox::account::rows::{Owner, TransactionRow};
use crate::sandbox::account::state::{invoice_name, Account};
use crate::sandbox::calendar::{iso, DAY};
use crate::sandbox::http::auth::Resource;
use crate::sandbox::json::{text_of, Members};
use crate::sandbox::oauth::app::App;
use crate::sandbox::operations::orders;
use crate::sandbox::operations::transactions::{self, Facts};
use crate::sandbox::rng::{key, Rng};

/// The body of an event about an order.
pub fn order(account: &Account, index: usize, kind: &str) -> String {
    let row = &account.orders[index];
    text_of(&|out| {
        out.text("type", kind);
        out.text("locationId", &account.location);
        orders::parts(account, index, out);
        out.list("taxSummary", usize::from(row.tax > 0), &|_, out| {
            out.text("_id", &account.ids().others.id(account.opened, 0));
            out.text("name", "8%");
            out.text("calculation", "exclusive");
            out.number("rate", 8.0);
            out.money("amount", row.tax);
        });
    })
}

/// The body of an event about the app: its installation, its removal, another plan.
pub fn app(app: &App, company: &str, resource: &Resource, kind: &str) -> String {
    let location = match resource {
        Resource::Location(id) => Some(id.as_str()),
        Resource::Company => None,
    };
    text_of(&|out| {
        out.text("type", kind);
        out.text("appId", &app.id);
        out.maybe("locationId", location);
        if kind != "UNINSTALL" || location.is_none() {
            out.text("companyId", company);
        }
        match kind {
            "INSTALL" => {
                out.text("versionId", &app.id);
                out.text("installType", if location.is_some() { "Location" } else { "Company" });
                out.text("userId", &app.user);
                out.text("planId", &app.plan);
                out.text("companyName", "Sandbox Agency");
                out.flag("isWhitelabelCompany", false);
                out.raw("whitelabelDetails", r#"{"logoUrl":"","domain":""}"#);
                out.raw("trial", "{}");
            }
            "PLAN_CHANGE" => {
                out.text("userId", &app.user);
                out.text("currentPlanId", &app.plan);
                out.text("newPlanId", &Rng::new(key(0, &app.plan), 0).hex(24));
            }
            _ => {}
        }
    })
}

/// The body of an event about a record of a location: about the one with this id, or about the latest that fits. `None`
/// is an id that there is not, or a location without such a record.
pub fn record(account: &Account, kind: &str, id: Option<&str>) -> Option<String> {
    if kind.starts_with("Order") {
        let index = match id {
            Some(id) => orders::find(account, id).ok()?,
            None => (0..account.orders.len()).rev().find(|index| !account.deleted.has(Stream::Orders, *index))?,
        };
        return Some(order(account, index, kind));
    }
    if kind.starts_with("Invoice") {
        let fits = |row: &&TransactionRow| {
            matches!(row.owner, Owner::Invoice(_)) && id.is_none_or(|id| transactions::entity_id(account, row) == id)
        };
        let row = account.transactions.iter().rev().find(fits)?;
        return Some(text_of(&|out| invoice(account, row, kind, out)));
    }
    if kind.starts_with("Product") {
        let index = (0..PRODUCTS.len()).find(|at| id.is_none_or(|id| account.product_id(*at) == id))?;
        return Some(text_of(&|out| product(account, index, kind, out)));
    }
    if kind.starts_with("Price") {
        let index = (0..PRICES.len() as u8).find(|at| id.is_none_or(|id| account.price_id(*at, 0) == id))?;
        return Some(text_of(&|out| price(account, index, kind, out)));
    }
    Some(text_of(&|out| {
        out.text("type", kind);
        out.text("locationId", &account.location);
    }))
}

/// An invoice that stands for itself, as it was when the event happened: `row` is the payment that ended it.
fn invoice(account: &Account, row: &TransactionRow, kind: &str, out: &mut Members<'_>) {
    let (status, paid) = match kind {
        "InvoicePaid" => ("paid", row.amount),
        "InvoicePartiallyPaid" => ("partially_paid", row.amount / 2),
        "InvoiceSent" => ("sent", 0),
        "InvoiceVoid" => ("void", 0),
        "InvoiceDelete" => ("delete", 0),
        _ => ("draft", 0),
    };
    let facts = Facts::of(account, row);
    let currency = CURRENCIES[usize::from(facts.currency)].0;
    let day = |ms: i64| iso(ms).get(..10).unwrap_or_default().to_owned();
    out.text("type", kind);
    out.text("_id", &transactions::entity_id(account, row));
    out.text("status", status);
    out.flag("liveMode", facts.live);
    out.money("amountPaid", paid);
    account.owned(out);
    out.text("name", "New Invoice");
    out.raw(
        "businessDetails",
        r#"{"name":"Sandbox Agency","address":"1 Example Street","phoneNo":"+12025550100","website":"https://shop.example.com","logoUrl":"","customValues":[]}"#,
    );
    let printed = invoice_name(transactions::invoice_number(row.owner));
    out.text("invoiceNumber", printed.get(4..).unwrap_or_default());
    out.text("currency", currency);
    account.contact_details(out, facts.contact);
    out.text("issueDate", &day(row.created));
    out.text("dueDate", &day(row.created + 14 * DAY));
    out.raw("discount", r#"{"type":"fixed","value":0}"#);
    out.list("invoiceItems", 1, &|_, out| {
        out.raw("taxes", "[]");
        out.text("_id", &account.line_id(0));
        out.text("productId", &account.product_id(0));
        out.text("priceId", &account.price_id(0, facts.currency));
        out.text("currency", currency);
        out.text("name", &PRICES[0].title());
        out.number("qty", 1.0);
        out.money("amount", row.amount);
    });
    out.money("total", row.amount);
    out.text("title", "INVOICE");
    out.money("amountDue", row.amount - paid);
    out.time("createdAt", row.created);
    out.time("updatedAt", row.created);
    let mut summary = out.object("totalSummary");
    summary.money("subTotal", row.amount);
    summary.money("discount", 0);
    summary.end();
}

fn product(account: &Account, index: usize, kind: &str, out: &mut Members<'_>) {
    let seed = &PRODUCTS[index];
    out.text("type", kind);
    account.entry(out, &account.product_id(index), seed.name);
    out.text("description", seed.description);
    out.raw("variants", "[]");
    out.raw("medias", "[]");
    out.text("productType", seed.kind);
    out.flag("availableInStore", true);
    out.text("userId", &account.user());
    out.text("image", &joined(&["https://assets.example.com/products/", seed.slug, ".png"]));
}

fn price(account: &Account, index: u8, kind: &str, out: &mut Members<'_>) {
    let seed = &PRICES[usize::from(index)];
    out.text("type", kind);
    account.entry(out, &account.price_id(index, 0), seed.name);
    out.raw("membershipOffers", "[]");
    out.raw("variantOptionIds", "[]");
    out.text("product", &account.product_id(seed.product));
    out.text("userId", &account.user());
    out.text("priceType", if seed.interval.is_some() { "recurring" } else { "one_time" });
    out.text("currency", CURRENCIES[0].0);
    out.money("amount", seed.minor);
    if let Some(interval) = seed.interval {
        let mut recurring = out.object("recurring");
        recurring.text("interval", interval);
        recurring.number("intervalCount", 1.0);
        recurring.end();
    }
    out.flag("trackInventory", false);
}
