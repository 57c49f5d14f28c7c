//! HighLevel's side at work: its records, and what is done to them in more than one place.

use crate::json::joined;
use crate::sandbox::account::catalog::{AFTER_TRIAL, ONE_TIME, PRICES};
use crate::sandbox::account::rows::{Line, OrderRow, Owner, PlanRow, Provider, SubscriptionRow};
use crate::sandbox::account::state::Account;
use crate::sandbox::amount::major;
use crate::sandbox::checkout::fault::Fault;
use crate::sandbox::checkout::rows::{Query, Session, State};
use crate::sandbox::checkout::settle::text;
use crate::sandbox::checkout::timeline::{Entry, Issue, Issues, Timeline, Way, WITHIN};
use crate::sandbox::json::{Json, Members, Text};
use crate::sandbox::object::object;
use crate::sandbox::operations::{orders, subscriptions, transactions};
use serde_json::{Map, Value};

/// What HighLevel's side remembers beside the accounts.
#[derive(Debug, Default)]
pub struct Side {
    /// The checkouts, the oldest first.
    pub sessions: Vec<Session>,
    /// The queries that are on their way.
    pub queries: Vec<Query>,
    /// What was said.
    pub timeline: Timeline,
    /// How many queries were made.
    pub asked: u64,
    /// How many checkouts were begun.
    pub begun: u64,
    /// Events that are to be told: location, order, and its type.
    pub events: Vec<(usize, usize, &'static str)>,
}

/// HighLevel's side at work.
pub struct World<'a> {
    /// What it remembers.
    pub side: &'a mut Side,
    /// The locations.
    pub accounts: &'a mut [Account],
    /// The time.
    pub now: i64,
    /// The id of the marketplace app.
    pub app: &'a str,
    /// From what ids follow.
    pub seed: u64,
    /// What is to go wrong with the queries of this call.
    pub faults: Vec<Fault>,
}

/// An entry of the timeline on its way.
pub struct Note {
    /// What it is.
    pub kind: &'static str,
    /// Who says it, and to whom.
    pub way: Way,
    /// The type of the message, or what has changed.
    pub name: String,
    /// The id of the checkout that it belongs to.
    pub checkout: Option<String>,
    /// What was said.
    pub body: Value,
    /// The status of an answer.
    pub status: Option<u16>,
    /// What is wrong.
    pub issues: Vec<Issue>,
}

impl Note {
    /// One with these and nothing else.
    pub fn new(kind: &'static str, way: Way, name: &str, body: Value) -> Self {
        Self { kind, way, name: name.into(), checkout: None, body, status: None, issues: Vec::new() }
    }
}

/// What a call has brought about.
#[derive(Debug, Default)]
pub struct Step {
    /// Where the checkout stands.
    pub state: Option<State>,
    /// What is to be posted to the frame.
    pub to_frame: Vec<Value>,
    /// Whether the frame is removed.
    pub remove: bool,
    /// What the payer is shown.
    pub shown: Option<String>,
    /// What is wrong.
    pub issues: Vec<Issue>,
    /// What is to be asked of the provider.
    pub queries: Vec<Value>,
    /// What a query has come to.
    pub result: Option<Value>,
}

impl Json for Step {
    fn write(&self, out: &mut Text) {
        let mut members = Members::new(out);
        members.add("state", &self.state.map(State::name).map(str::to_owned));
        members.add("toFrame", &self.to_frame);
        members.flag("remove", self.remove);
        members.add("shown", &self.shown);
        members.add("issues", &self.issues);
        members.add("queries", &self.queries);
        members.add("result", &self.result);
        members.end();
    }
}

/// What an order is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Draft {
    /// Index of its contact.
    pub contact: u32,
    /// Index of its source.
    pub source: u8,
    /// Index of its currency.
    pub currency: u8,
    /// Live money.
    pub live: bool,
    /// Its price; otherwise it has no lines and this amount.
    pub price: Option<u8>,
    /// Its amount, where it has no price.
    pub amount: u32,
    /// Nothing is to be paid now.
    pub free: bool,
}

impl World<'_> {
    /// The index of the location that options name.
    pub fn location(&self, options: &Map<String, Value>) -> Result<usize, String> {
        let Some(id) = text(options, "locationId") else { return Ok(0) };
        let found = self.accounts.iter().position(|account| account.location == id);
        found.ok_or_else(|| joined(&["the sandbox has no location \"", id, "\""]))
    }

    /// What a timeline must not hold: the keys of a location.
    pub fn secrets(&self, location: usize) -> Vec<String> {
        let provider = self.accounts[location].provider.as_ref();
        let keys = provider.into_iter().flat_map(|provider| [&provider.live, &provider.test]);
        keys.flatten().map(|keys| keys.api_key.clone()).collect()
    }

    /// Adds an entry to the timeline.
    pub fn note(&mut self, location: usize, note: Note) {
        let Note { kind, way, name, checkout, body, status, issues } = note;
        let secrets = self.secrets(location);
        let location = self.accounts[location].location.clone();
        self.side.timeline.add(self.now, Entry { kind, way, name, checkout, location, body, status, issues }, &secrets);
    }

    /// Notes something of a checkout.
    pub fn note_of(&mut self, at: usize, note: Note) {
        let session = &self.side.sessions[at];
        let (location, id) = (session.location, session.id.clone());
        self.note(location, Note { checkout: Some(id), ..note });
    }

    /// Notes that a subscription has another status, or may have.
    pub fn note_plan(&mut self, location: usize, subscription: usize) {
        let account = &self.accounts[location];
        let status = account.subscriptions[subscription].status;
        let body = object! { "subscriptionId": subscriptions::id_of(account, subscription), "status": status };
        self.note(location, Note::new("state", WITHIN, &joined(&["subscription ", status]), body));
    }

    /// The id of the checkout of a transaction.
    pub fn checkout_of(&self, location: usize, transaction: &str) -> Option<String> {
        let account = &self.accounts[location];
        let index = transactions::find(account, transaction)? as u32;
        let found = self.side.sessions.iter().find(|own| own.location == location && own.transaction == Some(index));
        found.map(|session| session.id.clone())
    }

    /// A transaction is paid; true if it was not before.
    pub fn pay(&mut self, location: usize, transaction: usize) -> bool {
        let account = &mut self.accounts[location];
        let order = match account.transactions[transaction].owner {
            Owner::Order(order) => Some(order as usize),
            _ => None,
        };
        let before = order.map(|order| account.orders[order].status());
        if !account.pay(transaction, self.now) {
            return false;
        }
        let after = order.map(|order| account.orders[order].status());
        if let (Some(order), true) = (order, before != after) {
            self.side.events.push((location, order, "OrderStatusUpdate"));
        }
        let id = transactions::id_of(&self.accounts[location], transaction);
        let checkout = self.checkout_of(location, &id);
        let row = &self.accounts[location].transactions[transaction];
        let body = object! { "transactionId": id, "amount": major(row.amount) };
        self.note(location, Note { checkout, ..Note::new("state", WITHIN, "transaction paid", body) });
        true
    }

    /// The checkouts of a transaction that is decided without their verify call.
    pub fn settle_sessions(&mut self, location: usize, transaction: usize, paid: bool) {
        for at in 0..self.side.sessions.len() {
            let session = &self.side.sessions[at];
            let own = session.location == location && session.transaction == Some(transaction as u32);
            if own && (session.state == State::Pending || paid && session.state != State::Succeeded) {
                self.side.sessions[at].state = if paid { State::Succeeded } else { State::Failed };
                self.release(at);
            }
        }
    }

    /// Adds an order; gives its index.
    pub fn add_order(&mut self, location: usize, draft: Draft) -> usize {
        let now = self.now;
        let account = &mut self.accounts[location];
        let mut lines = [Line::default(); 3];
        let mut subtotal = draft.amount;
        if let Some(price) = draft.price {
            lines[0] = Line { price, qty: 1, fulfilled: 0 };
            subtotal = PRICES[usize::from(price)].minor;
        }
        account.orders.push(OrderRow {
            created: now,
            updated: now,
            contact: draft.contact,
            source: draft.source,
            currency: draft.currency,
            live: draft.live,
            lines,
            subtotal,
            discount: if draft.free { subtotal } else { 0 },
            tax: 0,
            shipping: 0,
            coupon: None,
            paid: 0,
            refunded: 0,
        });
        let index = account.orders.len() - 1;
        self.side.events.push((location, index, "OrderCreate"));
        index
    }

    /// The price and the days of trial that options name.
    pub fn plan(&self, location: usize, options: &Map<String, Value>) -> Result<(u8, u32), String> {
        let account = &self.accounts[location];
        let price = match text(options, "priceId") {
            None => AFTER_TRIAL as u8,
            Some(id) => {
                let found = (ONE_TIME..PRICES.len()).find(|at| account.price_id(*at as u8, 0) == id);
                found.ok_or_else(|| joined(&["the location has no recurring price \"", id, "\""]))? as u8
            }
        };
        let days = options.get("trialDays").and_then(Value::as_f64).unwrap_or_default();
        Ok((price, days as u32))
    }

    /// Adds the subscription that begins with an order: its price, whether it is tried first, and what is known of its
    /// payments. Gives its index.
    pub fn begin_subscription(
        &mut self,
        location: usize,
        order: usize,
        (price, trial): (u8, bool),
        plan: PlanRow,
    ) -> usize {
        let now = self.now;
        let account = &mut self.accounts[location];
        let index = account.subscriptions.len();
        account.subscriptions.push(SubscriptionRow {
            created: now,
            updated: now,
            order: order as u32,
            price,
            status: "incomplete",
            renewals: 0,
            // The provider counts the days, not HighLevel.
            next: None,
            canceled: None,
            trial,
            provider: Provider::Custom,
        });
        account.plans.push(PlanRow { subscription: index as u32, ..plan });
        index
    }

    /// Whether a mode is live: as told, otherwise as `preferred` if its keys are connected, otherwise the other one. Keys that
    /// somebody has connected come before those with which the sandbox begins: who connects one mode means that one. The error
    /// says what is not set up.
    pub fn mode(&self, location: usize, options: &Map<String, Value>, preferred: bool) -> Result<bool, String> {
        let Some(provider) = &self.accounts[location].provider else {
            return Err("the location has no custom provider: create one with customProvider.create".into());
        };
        let live = match text(options, "mode") {
            Some(mode) => mode == "live",
            None => {
                let given = |live: bool| provider.keys(live).is_some_and(|keys| keys.given);
                let fits = given(preferred) || provider.keys(preferred).is_some() && !given(!preferred);
                if fits {
                    preferred
                } else {
                    !preferred
                }
            }
        };
        if provider.keys(live).is_none() {
            let mode = if live { "live" } else { "test" };
            return Err(joined(&[
                "the custom provider has no keys for ",
                mode,
                ": connect them with customProvider.connect",
            ]));
        }
        Ok(live)
    }

    /// The index of the checkout with this id.
    pub fn session(&self, options: &Map<String, Value>) -> Result<usize, String> {
        let id = text(options, "id").unwrap_or_default();
        let found = self.side.sessions.iter().position(|session| session.id == id);
        found.ok_or_else(|| crate::json::joined(&["the sandbox has no checkout \"", id, "\""]))
    }

    /// The checkout as callers see it.
    pub fn session_value(&self, session: &Session) -> Value {
        let account = &self.accounts[session.location];
        let order = session.order.map(|at| orders::id_of(account, at as usize));
        let transaction = session.transaction.map(|at| transactions::id_of(account, at as usize));
        let subscription = session.subscription.map(|at| subscriptions::id_of(account, at as usize));
        object! {
            "id": session.id.as_str(),
            "kind": if session.setup() { "setup" } else { "payment" },
            "paymentsUrl": session.url.as_str(),
            "props": Value::Object(session.props.clone()),
            "locationId": account.location.as_str(),
            "orderId": order,
            "transactionId": transaction,
            "subscriptionId": subscription,
            "state": session.state.name(),
        }
    }

    /// Adds to a step where its checkout stands.
    pub fn finish(&self, at: usize, step: &mut Step) {
        let state = self.side.sessions[at].state;
        step.state = Some(state);
        step.remove = !matches!(state, State::Open | State::Ready);
    }

    /// A checkout has come to its end.
    pub fn reach(&mut self, at: usize, state: State) {
        let session = &mut self.side.sessions[at];
        if session.state == state {
            return;
        }
        session.state = state;
        if matches!(state, State::Succeeded | State::Failed) {
            self.release(at);
        }
        self.note_of(at, Note::new("state", WITHIN, state.name(), Value::Null));
    }

    /// Lets payments of the order be recorded again.
    pub fn release(&mut self, at: usize) {
        let session = &mut self.side.sessions[at];
        let (Some(until), Some(order)) = (session.lock.take(), session.order) else { return };
        let account: &mut Account = &mut self.accounts[session.location];
        let order = orders::id_of(account, order as usize);
        if let Some(own) = account.checkouts.iter().position(|(id, other)| *id == order && *other == until) {
            account.checkouts.remove(own);
        }
    }

    /// Notes something that HighLevel makes of a checkout, and tells the caller.
    pub fn remark(&mut self, at: usize, name: &str, issues: Issues, step: &mut Step) {
        step.issues.extend(issues.0.iter().cloned());
        self.note_of(at, Note { issues: issues.0, ..Note::new("state", WITHIN, name, Value::Null) });
    }
}
