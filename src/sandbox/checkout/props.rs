//! What HighLevel's checkout tells the frame: the props of a payment or of a card to be saved.

use crate::sandbox::account::catalog::{CURRENCIES, PRICES};
use crate::sandbox::account::rows::Line;
use crate::sandbox::account::state::Account;
use crate::sandbox::amount::major;
use crate::sandbox::checkout::fault::{Details, Quirks};
use crate::sandbox::checkout::rows::Session;
use crate::sandbox::object::{object, put};
use crate::sandbox::operations::{orders, subscriptions, transactions};
use serde_json::{Map, Value};

/// The code of a currency as props write it.
fn code(currency: u8, upper: bool) -> String {
    let code = CURRENCIES[usize::from(currency)].0;
    if upper {
        code.into()
    } else {
        code.to_ascii_lowercase()
    }
}

/// The props of a session.
pub fn props(account: &Account, session: &Session, publishable_key: &str) -> Map<String, Value> {
    let quirks = &session.quirks;
    let mut out = Map::new();
    let mut text = |name: &str, value: &str| put(&mut out, name, Value::from(value));
    let Some(index) = session.order.map(|order| order as usize) else {
        text("type", "setup_initiate_props");
        text("publishableKey", publishable_key);
        text("currency", &code(0, quirks.upper));
        text("mode", "setup");
        text("locationId", &account.location);
        put(&mut out, "contact", contact(account, session.contact, quirks, false));
        return out;
    };
    let order = &account.orders[index];
    let order_id = orders::id_of(account, index);
    let transaction = session.transaction.map(|at| at as usize);
    let subscription = session.subscription.map(|at| subscriptions::id_of(account, at as usize));
    text("type", "payment_initiate_props");
    text("publishableKey", publishable_key);
    text("currency", &code(order.currency, quirks.upper));
    text("mode", if subscription.is_some() { "subscription" } else { "payment" });
    if quirks.undocumented {
        for name in ["name", "description", "image"] {
            text(name, "");
        }
        text("language", "en-US");
        text("invoiceId", session.invoice.as_deref().unwrap_or_default());
    }
    // An invoice is no order.
    text("orderId", if session.invoice.is_some() { "" } else { &order_id });
    text("transactionId", &transaction.map(|at| transactions::id_of(account, at)).unwrap_or_default());
    match subscription {
        Some(id) => text("subscriptionId", &id),
        None if quirks.empty_ids => text("subscriptionId", ""),
        None => {}
    }
    text("locationId", &account.location);
    let amount = transaction.map_or(0, |at| account.transactions[at].amount);
    put(&mut out, "amount", major(amount).into());
    put(&mut out, "contact", contact(account, session.contact, quirks, true));
    let lines = order.lines.iter().filter(|line| line.qty > 0);
    let details = match quirks.details {
        Details::Empty => Value::Array(vec![object! {}]),
        Details::Object => {
            let price = order.lines[0].price;
            object! {
                "productId": account.product_id(PRICES[usize::from(price)].product),
                "priceId": account.price_id(price, order.currency),
            }
        }
        Details::Full => lines.map(|line| item(account, *line, order.currency, quirks.upper)).collect(),
    };
    put(&mut out, "productDetails", details);
    out
}

fn contact(account: &Account, index: u32, quirks: &Quirks, payment: bool) -> Value {
    let contact = account.contact(index);
    let mut out = object! { "id": contact.id.as_str(), "name": contact.name.as_str(), "email": contact.email.as_str() };
    let Value::Object(fields) = &mut out else { return out };
    if quirks.full_contact {
        put(fields, "contact", contact.phone().into());
    }
    if payment {
        let (city, state, zip, country) = contact.place();
        let address = object! {
            "city": city, "country": country, "line1": "1 Example Street", "zipCode": zip, "state": state,
        };
        put(
            fields,
            "shippingAddress",
            if quirks.full_contact {
                address
            } else {
                object! {}
            },
        );
    }
    out
}

/// One line of an order; amounts of prices are minor units here, as HighLevel's article says.
fn item(account: &Account, line: Line, currency: u8, upper: bool) -> Value {
    let seed = &PRICES[usize::from(line.price)];
    let price = account.price_id(line.price, currency);
    let entry = object! {
        "_id": price.as_str(),
        "name": seed.name,
        "type": if seed.interval.is_some() { "recurring" } else { "onetime" },
        "currency": code(currency, upper),
        "amount": seed.minor,
        "setupFee": 0,
    };
    object! {
        "_id": account.line_id(line.price),
        "isTaxesEnabled": false,
        "taxes": Value::Array(Vec::new()),
        "name": seed.title(),
        "qty": line.qty,
        "productId": account.product_id(seed.product),
        "priceId": price,
        "prices": Value::Array(vec![entry]),
    }
}

/// The line of a subscription as `create_subscription` has it; amounts are major units there.
pub fn recurring_item(account: &Account, price: u8, currency: u8, trial_days: u32, cycles: u32) -> Value {
    let seed = &PRICES[usize::from(price)];
    let id = account.price_id(price, currency);
    let product = account.product_id(seed.product);
    let entry = object! {
        "_id": id.as_str(),
        "name": seed.name,
        "type": "recurring",
        "currency": code(currency, true),
        "amount": major(seed.minor),
        "setupFee": 0,
        "recurring": object! { "interval": seed.interval.unwrap_or("month"), "intervalCount": 1 },
        "trialPeriod": trial_days,
        "totalCycles": cycles,
    };
    object! {
        "_id": product.as_str(),
        "name": seed.title(),
        "qty": 1,
        "productId": product.as_str(),
        "priceId": id,
        "prices": Value::Array(vec![entry]),
    }
}
