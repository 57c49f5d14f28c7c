//! What HighLevel's server asks of a provider's queryUrl, and what it does with the answers.

use crate::json::joined;
use crate::sandbox::account::catalog::{CURRENCIES, INVOICE, PRICES};
use crate::sandbox::account::rows::{Owner, Paid, PlanRow, Provider};
use crate::sandbox::amount::{is_money, major, minor};
use crate::sandbox::calendar::{self, iso, DAY};
use crate::sandbox::checkout::fault::{take, Fault};
use crate::sandbox::checkout::judge::{answer, Answer, Judged, Known, Meaning};
use crate::sandbox::checkout::props::recurring_item;
use crate::sandbox::checkout::rows::{Purpose, Query, State};
use crate::sandbox::checkout::settle::{inner, text, TWICE};
use crate::sandbox::checkout::timeline::{hide, hide_text, Issues, FROM_PROVIDER, TO_PROVIDER, WITHIN};
use crate::sandbox::checkout::world::{Draft, Note, Step, World};
use crate::sandbox::json::json;
use crate::sandbox::object::{object, put};
use crate::sandbox::operations::{orders, subscriptions, transactions};
use serde_json::{Map, Value};

/// What is said where an answer cannot be used and the key was not connected by anybody.
const SEEDED: &str = "is that of the provider with which the sandbox begins: connect your own keys for this mode with connectProvider or customProvider.connect";

/// A time in unix seconds.
pub fn unix(ms: i64) -> f64 {
    (ms / 1000) as f64
}

impl World<'_> {
    /// Makes a query ready to be sent; nothing where the provider is not connected any more.
    pub fn ask(
        &mut self,
        location: usize,
        live: bool,
        purpose: Purpose,
        mut body: Map<String, Value>,
        checkout: Option<String>,
    ) -> Option<Value> {
        let session = self.side.sessions.iter_mut().find(|session| Some(&session.id) == checkout.as_ref());
        let faults = match session {
            Some(session) => &mut session.faults,
            None => &mut self.faults,
        };
        let fault = take(faults, Fault::is_of_queries);
        let account = &self.accounts[location];
        let provider = account.provider.as_ref()?;
        let url = account.addresses[1].clone().unwrap_or_else(|| provider.texts[3].clone());
        let keys = provider.keys(live)?;
        let (key, seeded) = (keys.api_key.clone(), !keys.given);
        let key = if fault == Some(Fault::WrongApiKey) { joined(&["wrong_", &key]) } else { key };
        self.side.asked += 1;
        let number = self.side.asked;
        let kind = text(&body, "type").unwrap_or_default().to_owned();
        let query = Query { number, location, purpose, body: body.clone(), fault, seeded, checkout: checkout.clone() };
        self.side.queries.push(query);
        put(&mut body, "apiKey", key.into());
        let body = Value::Object(body);
        let sent = String::from_utf8(json(&body)).unwrap_or_default();
        let note = Note { checkout, ..Note::new("query", TO_PROVIDER, &kind, body) };
        self.note(location, note);
        let fault = fault.map(Fault::name);
        Some(object! { "number": number, "url": url, "body": sent, "fault": fault })
    }

    /// What came of a query: `{ number, status?, text?, failure? }`.
    pub fn answered(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let number = options.get("number").and_then(Value::as_f64).unwrap_or_default();
        let found = self.side.queries.iter().position(|query| query.number as f64 == number);
        let query = found.map(|at| self.side.queries.remove(at));
        // After a reset nobody knows of it any more.
        let query = query.ok_or_else(|| "the sandbox was reset while a query was on its way".to_owned())?;
        let given = Answer {
            status: options.get("status").and_then(Value::as_f64).map(|status| status as u16),
            text: text(options, "text").unwrap_or_default().to_owned(),
            failure: text(options, "failure").map(str::to_owned),
        };
        let mut judged = answer(&query.body, &given, self.known(&query));
        if query.fault == Some(Fault::WrongApiKey) {
            // To refuse it is right, in whatever way.
            judged.issues = Issues::default();
            if judged.meaning == Meaning::Success {
                judged.issues.error("apiKey", "is not the provider's, and yet the answer agrees");
            }
            judged.meaning = Meaning::None;
        }
        if query.seeded && judged.meaning == Meaning::None {
            judged.issues.warning("apiKey", SEEDED);
        }
        let at = query.checkout.as_ref().and_then(|id| self.side.sessions.iter().position(|session| session.id == *id));
        if let (Purpose::Verify { early: false }, Some(at)) = (query.purpose, at) {
            let session = &mut self.side.sessions[at];
            let agreed = session.heard == Some(Meaning::Success);
            if agreed && matches!(judged.meaning, Meaning::Failed | Meaning::Pending) {
                judged.issues.error("", "was agreed to before: verify must say the same of a charge each time");
            }
            if judged.meaning != Meaning::None && !agreed {
                session.heard = Some(judged.meaning);
            }
        }
        if let (Purpose::Verify { early: true }, Meaning::Success) = (query.purpose, judged.meaning) {
            judged.issues.error("success", "is said of a payment that the frame has not finished");
        }
        let secrets = self.secrets(query.location);
        for issue in &mut judged.issues.0 {
            hide_text(&mut issue.message, &secrets);
        }
        let kind = text(&query.body, "type").unwrap_or_default().to_owned();
        let value = if given.status.is_some() && judged.value.is_null() && !given.text.is_empty() {
            Value::from(given.text.as_str())
        } else {
            judged.value.clone()
        };
        let note = Note {
            checkout: query.checkout.clone(),
            status: given.status,
            issues: judged.issues.0.clone(),
            ..Note::new("answer", FROM_PROVIDER, &kind, value)
        };
        self.note(query.location, note);
        let mut step = Step::default();
        let extra = self.apply(&query, &judged, at, &mut step);
        step.issues.extend(judged.issues.0.iter().cloned());
        if let Some(at) = at {
            self.finish(at, &mut step);
        }
        step.result = Some(self.result(&query, &judged, &given, extra));
        Ok(step)
    }

    /// What is known of what a query is about.
    fn known(&self, query: &Query) -> Known {
        let account = &self.accounts[query.location];
        let transaction = match query.purpose {
            Purpose::Verify { .. } => {
                let id = text(&query.body, "transactionId").unwrap_or_default();
                transactions::find(account, id)
            }
            Purpose::Charge(at) | Purpose::Create(_, at) => Some(at as usize),
            _ => None,
        };
        let row = transaction.map(|at| &account.transactions[at]);
        let subscription = match query.purpose {
            Purpose::Create(at, _) => Some(at as usize),
            _ => text(&query.body, "subscriptionId").and_then(|id| subscriptions::find(account, id)),
        };
        let free_until = subscription.and_then(|at| account.plan_of(at)).and_then(|plan| plan.free_until);
        Known {
            amount: row.map(|row| row.amount),
            currency: row.map(|row| CURRENCIES[usize::from(transactions::Facts::of(account, row).currency)].0),
            now: Some(unix(self.now)),
            since: row.map(|row| unix(row.created)),
            free_until: free_until.map(unix),
        }
    }

    /// What a query says as its caller sees it.
    fn result(&self, query: &Query, judged: &Judged, given: &Answer, extra: Map<String, Value>) -> Value {
        let secrets = self.secrets(query.location);
        let mut value = judged.value.clone();
        hide(&mut value, &secrets);
        let said = judged.value.as_object().and_then(|fields| text(fields, "message")).unwrap_or_default();
        let message = match (&given.failure, judged.meaning) {
            (Some(failure), _) => failure.clone(),
            (None, Meaning::None) if said.is_empty() => {
                judged.issues.0.first().map(|issue| issue.message.clone()).unwrap_or_default()
            }
            _ => said.to_owned(),
        };
        let mut message = Value::from(message);
        hide(&mut message, &secrets);
        let mut out = extra;
        put(&mut out, "success", (judged.meaning == Meaning::Success).into());
        put(&mut out, "failed", (judged.meaning == Meaning::Failed).into());
        put(&mut out, "message", message);
        put(&mut out, "answer", value);
        put(&mut out, "status", given.status.map_or(Value::Null, Value::from));
        Value::Object(out)
    }

    fn apply(&mut self, query: &Query, judged: &Judged, at: Option<usize>, step: &mut Step) -> Map<String, Value> {
        let none = Map::new();
        let fields = judged.value.as_object().unwrap_or(&none);
        let (location, now, meaning) = (query.location, self.now, judged.meaning);
        let mut out = Map::new();
        match query.purpose {
            Purpose::Verify { early } => {
                if let Some(at) = at {
                    self.verified(at, early, meaning, fields, step);
                }
            }
            Purpose::Methods => {
                let methods = judged.value.as_array().filter(|_| meaning == Meaning::Success).cloned();
                put(&mut out, "methods", Value::Array(methods.unwrap_or_default()));
            }
            Purpose::Saved => {
                if let Some(at) = at {
                    let any = judged.value.as_array().is_some_and(|list| !list.is_empty());
                    let state = match meaning {
                        Meaning::Success if any => State::Succeeded,
                        Meaning::Success => {
                            let mut issues = Issues::default();
                            issues.error("", "the payment method that was saved is not in list_payment_methods");
                            self.remark(at, "setup", issues, step);
                            State::Failed
                        }
                        // It may be saved; nobody has said so.
                        _ => State::Pending,
                    };
                    self.reach(at, state);
                }
            }
            Purpose::Charge(transaction) => {
                let transaction = transaction as usize;
                self.charged(location, transaction, meaning, fields);
                out = self.charge_facts(location, transaction);
            }
            Purpose::Create(subscription, transaction) => {
                let (subscription, transaction) = (subscription as usize, transaction as usize);
                self.created(location, subscription, transaction, meaning, fields);
                out = self.charge_facts(location, transaction);
                self.plan_facts(location, subscription, &mut out);
            }
            Purpose::Cancel(subscription) => {
                let subscription = subscription as usize;
                if meaning == Meaning::Success {
                    self.accounts[location].follow(subscription, Some("canceled"), None, now);
                    self.note_plan(location, subscription);
                }
                self.plan_facts(location, subscription, &mut out);
            }
            Purpose::Refund(transaction, wanted) => {
                let transaction = transaction as usize;
                let id = text(fields, "id");
                let account = &mut self.accounts[location];
                let row = &account.transactions[transaction];
                if meaning == Meaning::Success {
                    if wanted > row.amount - row.refunded {
                        let mut issues = Issues::default();
                        issues.error("amount", "more was paid back than the transaction has left");
                        step.issues.extend(issues.0.iter().cloned());
                        let note = Note { issues: issues.0, ..Note::new("state", WITHIN, "refund", Value::Null) };
                        self.note(location, note);
                    }
                    self.accounts[location].pay_back(transaction, wanted, id, now);
                    let account = &self.accounts[location];
                    let body = object! {
                        "transactionId": transactions::id_of(account, transaction),
                        "amountRefunded": major(account.transactions[transaction].refunded),
                    };
                    self.note(location, Note::new("state", WITHIN, "transaction refunded", body));
                }
                let refunded = self.accounts[location].transactions[transaction].refunded;
                put(&mut out, "refundId", id.map_or(Value::Null, Value::from));
                put(&mut out, "amountRefunded", major(refunded).into());
            }
        }
        out
    }

    fn verified(&mut self, at: usize, early: bool, meaning: Meaning, fields: &Map<String, Value>, step: &mut Step) {
        let now = self.now;
        let session = &mut self.side.sessions[at];
        session.asked -= u32::from(!early && session.asked > 0);
        let (location, waiting, state) = (session.location, session.asked, session.state);
        let (subscription, charge) = (session.subscription, session.charge.clone());
        let Some(transaction) = session.transaction.map(|at| at as usize) else { return };
        let snapshot = inner(fields, "chargeSnapshot");
        let account = &mut self.accounts[location];
        match meaning {
            Meaning::Success => {
                account.note_charge(transaction, charge.as_deref(), snapshot, now);
                if self.accounts[location].has_paid_another(transaction, charge.as_deref()) {
                    let mut issues = Issues::default();
                    issues.warning("chargeId", TWICE);
                    self.remark(at, "verify", issues, step);
                }
                let paid = self.pay(location, transaction);
                if let Some(subscription) = subscription {
                    // Without the pair it stays as it is.
                    let pair = text(fields, "subscriptionStatus").zip(inner(fields, "subscriptionSnapshot"));
                    if let Some((status, plan)) = pair {
                        let known = matches!(status, "active" | "trialing");
                        let account = &mut self.accounts[location];
                        if known && account.subscriptions[subscription as usize].status == "incomplete" {
                            account.follow(subscription as usize, Some(status), Some(plan), now);
                            self.note_plan(location, subscription as usize);
                        }
                    }
                }
                if paid || !early {
                    self.reach(at, State::Succeeded);
                }
            }
            Meaning::Failed => {
                account.fail(transaction, now);
                // An early call says nothing of the payment that is still to come, and other calls may say more.
                if !early && waiting == 0 && state == State::Verifying {
                    account.note_charge(transaction, charge.as_deref(), snapshot, now);
                    let said = text(fields, "message").unwrap_or("The payment has failed");
                    step.shown = Some(said.to_owned());
                    self.reach(at, State::Failed);
                }
            }
            Meaning::Pending | Meaning::None => {
                if !early && waiting == 0 && state == State::Verifying {
                    self.reach(at, State::Pending);
                }
            }
        }
    }

    fn charged(&mut self, location: usize, transaction: usize, meaning: Meaning, fields: &Map<String, Value>) {
        let now = self.now;
        let account = &mut self.accounts[location];
        account.note_charge(transaction, text(fields, "chargeId"), inner(fields, "chargeSnapshot"), now);
        match meaning {
            Meaning::Success => {
                self.pay(location, transaction);
            }
            Meaning::Failed => account.fail(transaction, now),
            Meaning::Pending | Meaning::None => {}
        }
    }

    fn created(
        &mut self,
        location: usize,
        subscription: usize,
        transaction: usize,
        meaning: Meaning,
        fields: &Map<String, Value>,
    ) {
        let now = self.now;
        let account = &mut self.accounts[location];
        match meaning {
            Meaning::Success => {
                let charge = inner(fields, "transaction");
                if let Some(charge) = charge {
                    let snapshot = inner(charge, "chargeSnapshot");
                    account.note_charge(transaction, text(charge, "chargeId"), snapshot, now);
                    let status = snapshot.and_then(|snapshot| text(snapshot, "status")).unwrap_or("succeeded");
                    match status {
                        "succeeded" => {
                            self.pay(location, transaction);
                        }
                        "failed" => account.fail(transaction, now),
                        _ => {}
                    }
                } else if account.transactions[transaction].amount == 0 {
                    self.pay(location, transaction);
                }
                let plan = inner(fields, "subscription").and_then(|fields| inner(fields, "subscriptionSnapshot"));
                if let Some(plan) = plan {
                    let account = &mut self.accounts[location];
                    account.follow(subscription, text(plan, "status"), Some(plan), now);
                    self.note_plan(location, subscription);
                }
            }
            Meaning::Failed => account.fail(transaction, now),
            Meaning::Pending | Meaning::None => {}
        }
    }

    fn charge_facts(&self, location: usize, transaction: usize) -> Map<String, Value> {
        let account = &self.accounts[location];
        let mut out = Map::new();
        if let Owner::Order(order) = account.transactions[transaction].owner {
            put(&mut out, "orderId", orders::id_of(account, order as usize).into());
        }
        put(&mut out, "transactionId", transactions::id_of(account, transaction).into());
        let charge = account.charge_of(transaction).and_then(|row| row.id.clone());
        put(&mut out, "chargeId", charge.map_or(Value::Null, Value::from));
        out
    }

    fn plan_facts(&self, location: usize, subscription: usize, out: &mut Map<String, Value>) {
        let account = &self.accounts[location];
        put(out, "subscriptionId", subscriptions::id_of(account, subscription).into());
        put(out, "subscriptionStatus", account.subscriptions[subscription].status.into());
    }

    /// The body of `list_payment_methods`.
    pub fn list_body(&self, location: usize, contact: &str) -> Map<String, Value> {
        let mut body = Map::new();
        put(&mut body, "type", "list_payment_methods".into());
        put(&mut body, "locationId", self.accounts[location].location.as_str().into());
        put(&mut body, "contactId", contact.into());
        body
    }

    fn asked_step(&mut self, location: usize, live: bool, purpose: Purpose, body: Map<String, Value>) -> Step {
        let mut step = Step::default();
        let asked = self.ask(location, live, purpose, body, None);
        step.queries.extend(asked);
        step
    }

    /// `list_payment_methods`
    pub fn list_methods(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let (location, contact) = self.payer(options)?;
        let live = self.mode(location, options, true)?;
        let contact = self.accounts[location].contact(contact).id.clone();
        let body = self.list_body(location, &contact);
        Ok(self.asked_step(location, live, Purpose::Methods, body))
    }

    /// The location and the contact that options name.
    fn payer(&self, options: &Map<String, Value>) -> Result<(usize, u32), String> {
        let location = self.location(options)?;
        let id = text(options, "contactId").unwrap_or_default();
        let contact = self.accounts[location].contact_index(id);
        Ok((location, contact.ok_or_else(|| joined(&["the location has no contact \"", id, "\""]))?))
    }

    /// `charge_payment`, for an invoice.
    pub fn charge(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let (location, contact) = self.payer(options)?;
        let live = self.mode(location, options, true)?;
        let (amount, currency) = money(options)?;
        let draft = Draft { contact, source: INVOICE, currency, live, amount, ..Draft::default() };
        let order = self.add_order(location, draft);
        let account = &mut self.accounts[location];
        let transaction = account.begin_charge(Owner::Order(order as u32), amount, self.now);
        let description = text(options, "description");
        let invoice = crate::sandbox::account::state::invoice_name(order);
        let mut body = Map::new();
        put(&mut body, "type", "charge_payment".into());
        put(&mut body, "paymentMethodId", text(options, "paymentMethodId").unwrap_or_default().into());
        put(&mut body, "contactId", account.contact(contact).id.as_str().into());
        put(&mut body, "transactionId", transactions::id_of(account, transaction).into());
        put(&mut body, "chargeDescription", description.unwrap_or(&invoice).into());
        put(&mut body, "amount", major(amount).into());
        put(&mut body, "currency", CURRENCIES[usize::from(currency)].0.into());
        Ok(self.asked_step(location, live, Purpose::Charge(transaction as u32), body))
    }

    /// `create_subscription`
    pub fn create_subscription(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let (location, contact) = self.payer(options)?;
        let live = self.mode(location, options, true)?;
        if !self.accounts[location].provider.as_ref().is_some_and(|provider| provider.schedules) {
            return Err("the custom provider does not support subscription schedules: say so with customProvider.updateCapabilities".into());
        }
        let plan = self.plan(location, options)?;
        let today = iso(self.now).get(..10).unwrap_or_default().to_owned();
        let start = text(options, "startDate").unwrap_or(&today).to_owned();
        let Some((begins, true)) = calendar::parse(&start) else {
            return Err("startDate must be a date such as 2026-11-30".into());
        };
        let midnight = self.now - self.now.rem_euclid(DAY);
        if begins < midnight {
            return Err(joined(&["startDate must not lie in the past: the sandbox's clock stands at ", &today]));
        }
        let scheduled = begins > midnight;
        let draft = Draft {
            contact,
            source: INVOICE,
            live,
            price: Some(plan.0),
            free: plan.1 > 0 || scheduled,
            ..Draft::default()
        };
        let order = self.add_order(location, draft);
        let cycles = options.get("totalCycles").and_then(Value::as_f64).unwrap_or_default() as u32;
        let first = if scheduled { begins } else { self.now } + i64::from(plan.1) * DAY;
        let row = PlanRow { cycles, free_until: (first > self.now).then_some(first), ..PlanRow::default() };
        let subscription = self.begin_subscription(location, order, (plan.0, plan.1 > 0), row);
        let account = &mut self.accounts[location];
        let amount = account.orders[order].total();
        let transaction = account.begin_charge(Owner::Order(order as u32), amount, self.now);
        let price = PRICES[usize::from(plan.0)].minor;
        let recurring: Value = if text(options, "recurringAmount") == Some("text") {
            crate::sandbox::amount::decimal(price).into()
        } else {
            major(price).into()
        };
        let details = if text(options, "productDetails") == Some("empty") {
            object! {}
        } else {
            recurring_item(account, plan.0, 0, plan.1, cycles)
        };
        let mut body = Map::new();
        put(&mut body, "type", "create_subscription".into());
        put(&mut body, "locationId", account.location.as_str().into());
        put(&mut body, "contactId", account.contact(contact).id.as_str().into());
        put(&mut body, "paymentMethodId", text(options, "paymentMethodId").unwrap_or_default().into());
        put(&mut body, "subscriptionId", subscriptions::id_of(account, subscription).into());
        put(&mut body, "transactionId", transactions::id_of(account, transaction).into());
        put(&mut body, "startDate", start.into());
        put(&mut body, "currency", CURRENCIES[0].0.into());
        put(&mut body, "amount", major(amount).into());
        put(&mut body, "recurringAmount", recurring);
        put(&mut body, "isSchedule", scheduled.into());
        put(&mut body, "productDetails", Value::Array(vec![details]));
        let purpose = Purpose::Create(subscription as u32, transaction as u32);
        Ok(self.asked_step(location, live, purpose, body))
    }

    /// `cancel_subscription`
    pub fn cancel_subscription(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let location = self.location(options)?;
        let id = text(options, "subscriptionId").unwrap_or_default();
        let account = &self.accounts[location];
        let index = subscriptions::find(account, id);
        let index = index.ok_or_else(|| joined(&["the location has no subscription \"", id, "\""]))?;
        let row = &account.subscriptions[index];
        if row.provider != Provider::Custom {
            return Err("the subscription is not one of the custom provider".into());
        }
        let live = self.mode_of(location, account.orders[row.order as usize].live)?;
        let mut body = Map::new();
        put(&mut body, "type", "cancel_subscription".into());
        put(&mut body, "subscriptionId", id.into());
        Ok(self.asked_step(location, live, Purpose::Cancel(index as u32), body))
    }

    /// `refund`
    pub fn refund(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let location = self.location(options)?;
        let id = text(options, "transactionId").unwrap_or_default();
        let account = &self.accounts[location];
        let index = transactions::find(account, id);
        let index = index.ok_or_else(|| joined(&["the location has no transaction \"", id, "\""]))?;
        let row = &account.transactions[index];
        if row.provider != Provider::Custom {
            return Err("the transaction is not one of the custom provider".into());
        }
        if !matches!(row.state, Paid::Succeeded | Paid::Refunded) {
            return Err(joined(&[
                "the transaction is ",
                transactions::status(row),
                ": only what is paid can be paid back",
            ]));
        }
        let left = row.amount - row.refunded;
        let anyway = options.get("evenTooMuch") == Some(&Value::Bool(true));
        let wanted = match options.get("amount") {
            Some(_) => cents(options)?,
            None => left,
        };
        if !anyway && (wanted > left || left == 0) {
            return Err(joined(&[
                "amount must not be greater than what is left of the transaction (",
                &crate::sandbox::amount::decimal(left),
                ")",
            ]));
        }
        let live = self.mode_of(location, transactions::Facts::of(account, row).live)?;
        let charge = account.charge_of(index).and_then(|row| row.id.clone());
        let mut body = Map::new();
        put(&mut body, "type", "refund".into());
        put(&mut body, "amount", major(wanted).into());
        put(&mut body, "transactionId", id.into());
        if let Some(charge) = charge {
            put(&mut body, "chargeId", charge.into());
        }
        Ok(self.asked_step(location, live, Purpose::Refund(index as u32, wanted), body))
    }

    /// The mode of a record, if its keys are still connected.
    fn mode_of(&self, location: usize, live: bool) -> Result<bool, String> {
        let mut options = Map::new();
        put(&mut options, "mode", if live { "live" } else { "test" }.into());
        self.mode(location, &options, live)
    }
}

/// `amount` in minor units.
fn cents(options: &Map<String, Value>) -> Result<u32, String> {
    let amount = options.get("amount").and_then(Value::as_f64).unwrap_or_default();
    let cents = minor(amount);
    if !is_money(amount) || cents / 100.0 != amount || cents > 1e9 {
        return Err("amount must be a positive number of major units with at most 2 decimals".into());
    }
    Ok(cents as u32)
}

/// `amount` in minor units, and the index of `currency`.
fn money(options: &Map<String, Value>) -> Result<(u32, u8), String> {
    let code = text(options, "currency").unwrap_or(CURRENCIES[0].0);
    let found = CURRENCIES.iter().position(|(own, _)| own.eq_ignore_ascii_case(code));
    let Some(currency) = found else {
        return Err("currency must be one of USD, EUR, GBP, AUD, CAD".into());
    };
    Ok((cents(options)?, currency as u8))
}
