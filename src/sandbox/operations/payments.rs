//! Payments recorded on orders by hand.

use crate::json::joined;
use crate::sandbox::account::rows::{Owner, Paid, Provider, Recorded, TransactionRow, MODES};
use crate::sandbox::account::state::Account;
use crate::sandbox::amount::{decimal, minor};
use crate::sandbox::http::check::{may, must, Rule, Spec, ALT_TYPE};
use crate::sandbox::http::fault::Rival;
use crate::sandbox::http::refusal::{Outcome, Refusal, Reply, Shape};
use crate::sandbox::operations::call::{Call, Handler};
use crate::sandbox::operations::orders;
use serde_json::{Map, Value};

/// The operations that are done here.
pub const HANDLERS: &[Handler] = &[("record-order-payment", &RECORD, record)];

/// `POST /payments/orders/{orderId}/record-payment`
pub static RECORD: Spec = Spec {
    query: &[],
    body: &[
        must("altId", Rule::Text),
        must("altType", ALT_TYPE),
        must("mode", Rule::Choice(&MODES)),
        may(
            "card",
            Rule::Record(&[must("type", Rule::Choice(&["visa", "mastercard", "other"])), must("last4", Rule::Text)]),
        ),
        may("cheque", Rule::Record(&[must("number", Rule::Text)])),
        may("notes", Rule::AnyText),
        may("amount", Rule::Amount),
        may("meta", Rule::Map),
        may("isPartialPayment", Rule::Flag),
    ],
};

/// Records a payment: the order owes less, and there is a transaction of it.
pub fn record(call: &mut Call<'_>) -> Outcome {
    let index = orders::find(call.account, &call.id)?;
    let body = &call.body;
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let order = &call.account.orders[index];
    if order.due() == 0 {
        return Err(Refusal::new(400, "The order is already paid"));
    }
    if call.account.checkouts.iter().any(|(order, until)| *order == call.id && call.now < *until) {
        return Err(Refusal {
            shape: Shape::HttpException,
            ..Refusal::new(409, "Payment recording already in progress")
        });
    }
    let amount = amount(call.account, index, body.get("amount"), body.get("isPartialPayment"))?;
    let mode = mode_of(body);
    let recorded = Recorded {
        cheque: text(body.get("cheque").and_then(|cheque| cheque.get("number"))),
        card: body.get("card").cloned(),
        notes: text(body.get("notes")),
        meta: body.get("meta").and_then(Value::as_object).cloned(),
        echo: call.echo,
    };
    push(call.account, index, call.now, (amount, Paid::Succeeded), mode, recorded);
    Ok(Reply::object(&|out| out.flag("success", true)))
}

/// Adds a transaction of an order that was paid by hand, or that failed.
fn push(account: &mut Account, index: usize, now: i64, paid: (u32, Paid), mode: u8, recorded: Recorded) {
    let (amount, state) = paid;
    account.transactions.push(TransactionRow {
        created: now,
        amount,
        refunded: 0,
        owner: Owner::Order(index as u32),
        state,
        provider: Provider::Manual(mode),
        recorded: Some(Box::new(recorded)),
    });
    if state == Paid::Succeeded {
        let order = &mut account.orders[index];
        order.paid += amount;
        order.updated = now;
    }
}

/// The number of a mode in [`MODES`].
fn mode_of(body: &Map<String, Value>) -> u8 {
    MODES.iter().position(|mode| Some(*mode) == body.get("mode").and_then(Value::as_str)).unwrap_or(4) as u8
}

/// Somebody else pays an order as a request for the same order is about to, if as much as that is due.
pub fn rival(account: &mut Account, order: &str, body: &Map<String, Value>, now: i64, rival: Rival) {
    let Ok(index) = orders::find(account, order) else { return };
    let Ok(amount) = amount(account, index, body.get("amount"), body.get("isPartialPayment")) else { return };
    let state = if rival == Rival::Failure { Paid::Failed } else { Paid::Succeeded };
    let notes = if rival == Rival::Payer { "taken at the counter" } else { "" };
    if amount > 0 {
        let recorded = Recorded { notes: notes.into(), ..Recorded::default() };
        push(account, index, now, (amount, state), mode_of(body), recorded);
    }
}

/// The amount of a payment in minor units.
fn amount(account: &Account, index: usize, amount: Option<&Value>, partial: Option<&Value>) -> Result<u32, Refusal> {
    let due = account.orders[index].due();
    let partial = partial.and_then(Value::as_bool).unwrap_or(false);
    let Some(amount) = amount.and_then(Value::as_f64) else {
        if partial {
            return Err(Refusal::parameter("amount is required for a partial payment"));
        }
        return Ok(due);
    };
    let wanted = minor(amount);
    if wanted < 1.0 {
        return Err(Refusal::parameter("amount must be a positive number"));
    }
    if wanted > f64::from(due) {
        let due = decimal(due);
        return Err(Refusal::parameter(&joined(&["amount must not be greater than the amount due (", &due, ")"])));
    }
    Ok(wanted as u32)
}
