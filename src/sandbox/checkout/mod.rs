//! HighLevel's side of the custom provider protocol: what its checkout tells the frame of a payment page, what its server
//! asks of the provider's, and what the answers and the provider's pushes do to orders, transactions and subscriptions.
//!
//! Written from HighLevel's article "How to build a custom payments integration on the platform" (155000002620) and from
//! what integrators have published. Nothing here reaches the network: a query is handed out, and its answer handed in.

mod begin;
mod fault;
mod judge;
mod props;
pub mod push;
mod query;
mod rows;
mod session;
mod settle;
mod timeline;
mod world;

use crate::json::joined;
use crate::sandbox::account::catalog::{CURRENCIES, PRICES};
use crate::sandbox::amount::{major, minor};
use crate::sandbox::calendar::iso;
use crate::sandbox::json::{json, Json, Members, Text};
use crate::sandbox::object::object;
use crate::sandbox::operations::subscriptions;
use fault::Fault;
use serde_json::{Map, Value};
use settle::text;
use timeline::{Issues, WITHIN};
use world::Note;
pub use world::{Side, World};

impl World<'_> {
    /// Does what HighLevel's side is asked; the answer is JSON text. The error says what is wrong with the options.
    pub fn run(&mut self, what: &str, options: &Map<String, Value>) -> Result<String, String> {
        self.faults = Fault::list(options)?;
        for account in self.accounts.iter_mut() {
            account.settle(self.now);
        }
        let step = match what {
            "checkout" => return self.begin(options).map(|value| written(&value)),
            "session" => {
                let at = self.session(options)?;
                return Ok(written(&self.session_value(&self.side.sessions[at])));
            }
            "connect" => return self.connect(options).map(|()| String::new()),
            "due" => return Ok(written(&self.due())),
            "timeline" => {
                let after = options.get("after").and_then(Value::as_f64).unwrap_or_default();
                return Ok(self.side.timeline.json(after as u64));
            }
            "receive" => self.receive(options),
            "verify" => self.verify_again(options),
            "close" => self.close(options),
            "answered" => self.answered(options),
            "methods" => self.list_methods(options),
            "charge" => self.charge(options),
            "subscribe" => self.create_subscription(options),
            "cancel" => self.cancel_subscription(options),
            "refund" => self.refund(options),
            _ => return Err(joined(&["HighLevel's side cannot do \"", what, "\""])),
        }?;
        Ok(written(&step))
    }

    /// The payments of subscriptions for which the provider has to charge by now, each once, the oldest of a subscription
    /// first. Those that were told a day ago or longer, and about which nothing was pushed, are noted as overdue.
    fn due(&mut self) -> Value {
        let mut all = Vec::new();
        for location in 0..self.accounts.len() {
            for at in 0..self.accounts[location].plans.len() {
                let index = self.accounts[location].plans[at].subscription as usize;
                let (dates, overdue, missed) = self.accounts[location].come_due(at, self.now);
                for at in missed {
                    self.overdue(location, index, at);
                }
                for date in dates {
                    let account = &self.accounts[location];
                    let row = &account.subscriptions[index];
                    let currency = account.orders[row.order as usize].currency;
                    let due = object! {
                        "subscriptionId": subscriptions::id_of(account, index),
                        "locationId": account.location.as_str(),
                        "providerSubscriptionId": subscriptions::gateway_id(account, index),
                        "dueAt": iso(date),
                        "amount": major(PRICES[usize::from(row.price)].minor),
                        "currency": CURRENCIES[usize::from(currency)].0,
                        "overdue": overdue,
                    };
                    self.note(location, Note::new("due", WITHIN, "subscription.charged", due.clone()));
                    all.push(due);
                }
            }
        }
        Value::Array(all)
    }

    /// Notes that nothing was pushed about a payment that was told to be due.
    fn overdue(&mut self, location: usize, subscription: usize, at: i64) {
        let id = subscriptions::id_of(&self.accounts[location], subscription);
        let mut issues = Issues::default();
        issues.warning(
            "",
            "is due and nothing was pushed about it: push subscription.charged, also of a charge that has failed",
        );
        let body = object! { "subscriptionId": id, "dueAt": iso(at) };
        self.note(location, Note { issues: issues.0, ..Note::new("state", WITHIN, "payment overdue", body) });
    }
}

fn written(value: &dyn Json) -> String {
    String::from_utf8(json(value)).unwrap_or_default()
}

/// What is wrong with a message of a frame, as JSON text: `{ text? | data?, setup? }`.
pub fn check_message(options: &Map<String, Value>) -> String {
    let posted = match options.get("text") {
        Some(Value::String(text)) => judge::Posted::Text(text.clone()),
        _ => judge::Posted::Object(options.get("data").cloned().unwrap_or_default()),
    };
    let setup = options.get("setup").and_then(Value::as_bool);
    written(&judge::message(&posted, false, setup).2 .0)
}

/// What is wrong with the answer to a query, as JSON text: `{ query, status?, text?, failure?, amount? }`, the amount in
/// major units.
pub fn check_answer(options: &Map<String, Value>) -> String {
    let none = Map::new();
    let query = options.get("query").and_then(Value::as_object).unwrap_or(&none);
    let answer = judge::Answer {
        status: options.get("status").and_then(Value::as_f64).map(|status| status as u16),
        text: text(options, "text").unwrap_or_default().to_owned(),
        failure: text(options, "failure").map(str::to_owned),
    };
    let amount = options.get("amount").and_then(Value::as_f64).map(|amount| minor(amount) as u32);
    let judged = judge::answer(query, &answer, judge::Known { amount, ..judge::Known::default() });
    let mut text = Text::default();
    let mut members = Members::new(&mut text);
    members.text("meaning", judged.meaning.name());
    members.add("issues", &judged.issues.0);
    members.end();
    String::from_utf8(text.into_bytes()).unwrap_or_default()
}

/// What is wrong with a push, as JSON text: `{ push }`.
pub fn check_push(options: &Map<String, Value>) -> String {
    let none = Map::new();
    let push = options.get("push").and_then(Value::as_object).unwrap_or(&none);
    written(&judge::push(push, judge::Known::default()).0)
}
