//! HighLevel's side of the custom provider protocol: what its checkout tells the frame of a payment page, what its server
//! asks of the provider's, and what the answers and the provider's pushes do to orders, transactions and subscriptions.
//!
//! Written from HighLevel's article "How to build a custom payments integration on the platform" (155000002620) and from
//! what integrators have published. Nothing here reaches the network: a query is handed out, and its answer handed in.

pub mod fault;
pub mod judge;
mod props;
pub mod push;
mod query;
mod session;
mod settle;
mod timeline;

use crate::json::joined;
use crate::sandbox::account::catalog::{AFTER_TRIAL, CURRENCIES, ONE_TIME, PRICES, SOURCES};
use crate::sandbox::account::rows::{Keys, Line, OrderRow, Owner, PlanRow, Provider, ProviderRow, SubscriptionRow};
use crate::sandbox::account::state::Account;
use crate::sandbox::amount::major;
use crate::sandbox::calendar::{iso, MINUTE};
use crate::sandbox::checkout::timeline::{Entry, Issue, Timeline, Way, WITHIN};
use crate::sandbox::json::{json, Json, Members, Text};
use crate::sandbox::object::object;
use crate::sandbox::operations::{orders, subscriptions, transactions};
use crate::sandbox::rng::{key, Rng};
use fault::{Fault, Quirks};
use query::Query;
use serde_json::{Map, Value};
use session::{Session, State};
use settle::text;

/// How long a checkout keeps payments of its order from being recorded by hand.
const LOCK: i64 = 5 * MINUTE;
/// How many checkouts are kept; the oldest go first.
const SESSIONS: usize = 10_000;

/// What HighLevel's side remembers beside the accounts.
#[derive(Debug, Default)]
pub struct Side {
    sessions: Vec<Session>,
    queries: Vec<Query>,
    timeline: Timeline,
    /// How many queries were made.
    asked: u64,
    /// How many checkouts were begun.
    begun: u64,
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
struct Note {
    kind: &'static str,
    way: Way,
    name: String,
    checkout: Option<String>,
    body: Value,
    status: Option<u16>,
    issues: Vec<Issue>,
}

impl Note {
    fn new(kind: &'static str, way: Way, name: &str, body: Value) -> Self {
        Self { kind, way, name: name.into(), checkout: None, body, status: None, issues: Vec::new() }
    }
}

/// What a call has brought about.
#[derive(Debug, Default)]
pub struct Step {
    state: Option<State>,
    to_frame: Vec<Value>,
    remove: bool,
    shown: Option<String>,
    issues: Vec<Issue>,
    queries: Vec<Value>,
    result: Option<Value>,
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
struct Draft {
    contact: u32,
    source: u8,
    currency: u8,
    live: bool,
    /// Its price; otherwise it has no lines and this amount.
    price: Option<u8>,
    amount: u32,
    /// Nothing is to be paid now.
    free: bool,
}

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

    /// The index of the location that options name.
    fn location(&self, options: &Map<String, Value>) -> Result<usize, String> {
        let Some(id) = text(options, "locationId") else { return Ok(0) };
        let found = self.accounts.iter().position(|account| account.location == id);
        found.ok_or_else(|| joined(&["the sandbox has no location \"", id, "\""]))
    }

    /// What a timeline must not hold: the keys of a location.
    fn secrets(&self, location: usize) -> Vec<String> {
        let provider = self.accounts[location].provider.as_ref();
        let keys = provider.into_iter().flat_map(|provider| [&provider.live, &provider.test]);
        keys.flatten().map(|keys| keys.api_key.clone()).collect()
    }

    fn note(&mut self, location: usize, note: Note) {
        let Note { kind, way, name, checkout, body, status, issues } = note;
        let secrets = self.secrets(location);
        let location = self.accounts[location].location.clone();
        self.side.timeline.add(self.now, Entry { kind, way, name, checkout, location, body, status, issues }, &secrets);
    }

    /// Notes something of a checkout.
    fn note_of(&mut self, at: usize, note: Note) {
        let session = &self.side.sessions[at];
        let (location, id) = (session.location, session.id.clone());
        self.note(location, Note { checkout: Some(id), ..note });
    }

    /// Notes that a subscription has another status, or may have.
    fn note_plan(&mut self, location: usize, subscription: usize) {
        let account = &self.accounts[location];
        let status = account.subscriptions[subscription].status;
        let body = object! { "subscriptionId": subscriptions::id_of(account, subscription), "status": status };
        self.note(location, Note::new("state", WITHIN, &joined(&["subscription ", status]), body));
    }

    /// The id of the checkout of a transaction.
    fn checkout_of(&self, location: usize, transaction: &str) -> Option<String> {
        let account = &self.accounts[location];
        let index = transactions::find(account, transaction)? as u32;
        let found = self.side.sessions.iter().find(|own| own.location == location && own.transaction == Some(index));
        found.map(|session| session.id.clone())
    }

    /// A transaction is paid; true if it was not before.
    fn pay(&mut self, location: usize, transaction: usize) -> bool {
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
    fn settle_sessions(&mut self, location: usize, transaction: usize, paid: bool) {
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
    fn add_order(&mut self, location: usize, draft: Draft) -> usize {
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
    fn plan(&self, location: usize, options: &Map<String, Value>) -> Result<(u8, u32), String> {
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

    /// Adds the subscription that begins with an order; gives its index.
    fn begin_subscription(&mut self, location: usize, order: usize, price: u8, trial: bool) -> usize {
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
        account.plans.push(PlanRow { subscription: index as u32, ..PlanRow::default() });
        index
    }

    /// The order that options name, by its id or by that of the invoice that is its source.
    fn named(&self, location: usize, options: &Map<String, Value>) -> Result<Option<usize>, String> {
        let account = &self.accounts[location];
        let (found, what, id) = match (text(options, "orderId"), text(options, "invoiceId")) {
            (Some(id), _) => (orders::find(account, id).ok(), "order", id),
            (None, Some(id)) => {
                let at = account.ids().invoices.index(id);
                (at.filter(|at| invoice_id(account, *at).as_deref() == Some(id)), "invoice of an order", id)
            }
            (None, None) => return Ok(None),
        };
        let index = found.ok_or_else(|| joined(&["the location has no ", what, " \"", id, "\""]))?;
        if account.orders[index].due() == 0 {
            return Err("the order is already paid".into());
        }
        Ok(Some(index))
    }

    /// The order that a checkout is of, and the subscription that begins with it; both are made where there are none.
    fn subject(
        &mut self,
        location: usize,
        options: &Map<String, Value>,
        (named, live, contact): (Option<usize>, bool, Option<u32>),
    ) -> Result<(usize, Option<usize>), String> {
        if let Some(plan) = settle::inner(options, "subscription") {
            let plan = self.plan(location, plan)?;
            let source = SOURCES.iter().position(|source| source.sub_type == "saas_subscription");
            let contact = contact.unwrap_or_else(|| self.any_contact(location));
            let draft = Draft {
                contact,
                source: source.unwrap_or_default() as u8,
                live,
                price: Some(plan.0),
                free: plan.1 > 0,
                ..Draft::default()
            };
            let order = self.add_order(location, draft);
            return Ok((order, Some(self.begin_subscription(location, order, plan.0, plan.1 > 0))));
        }
        let index = named.unwrap_or_else(|| {
            let index = orders::create(&mut self.accounts[location], self.now, false);
            self.side.events.push((location, index, "OrderCreate"));
            index
        });
        let account = &mut self.accounts[location];
        let row = &mut account.orders[index];
        if row.paid > 0 && row.live != live {
            return Err("a part of the order was paid in the other mode".into());
        }
        row.live = live;
        if let (None, Some(contact)) = (named, contact) {
            row.contact = contact;
        }
        let subscription = subscriptions::of_order(account, index as u32);
        Ok((index, subscription.filter(|at| account.subscriptions[*at].provider == Provider::Custom)))
    }

    /// One of the contacts, another one each time.
    fn any_contact(&self, location: usize) -> u32 {
        let account = &self.accounts[location];
        Rng::new(key(account.key, "payers"), self.side.begun).below(account.contacts.len()) as u32
    }

    /// Opens a payment page.
    fn begin(&mut self, options: &Map<String, Value>) -> Result<Value, String> {
        let location = self.location(options)?;
        let setup = options.get("setup") == Some(&Value::Bool(true));
        let named = self.named(location, options)?;
        let given = [setup, options.contains_key("subscription"), named.is_some()];
        if given.into_iter().filter(|given| *given).count() > 1 {
            return Err(
                "a checkout is of an order or an invoice, or begins a subscription, or is a setup: give one of them"
                    .into(),
            );
        }
        let account = &self.accounts[location];
        let live = self.mode(location, options, named.is_none_or(|order| account.orders[order].live))?;
        let contact = match text(options, "contactId") {
            Some(id) => {
                Some(account.contact_index(id).ok_or_else(|| joined(&["the location has no contact \"", id, "\""]))?)
            }
            None => None,
        };
        let (mut order, mut subscription, mut transaction, mut lock) = (None, None, None, None);
        if !setup {
            let (index, begins) = self.subject(location, options, (named, live, contact))?;
            let account = &mut self.accounts[location];
            let due = account.orders[index].due();
            transaction = Some(account.begin_charge(Owner::Order(index as u32), due, self.now));
            account.checkouts.retain(|(_, until)| *until > self.now);
            let until = self.now + LOCK;
            let id = orders::id_of(account, index);
            account.checkouts.push((id, until));
            (order, subscription, lock) = (Some(index), begins, Some(until));
        }
        let contact = match order {
            Some(index) => self.accounts[location].orders[index].contact,
            None => contact.unwrap_or_else(|| self.any_contact(location)),
        };
        let account = &self.accounts[location];
        let provider = account.provider.as_ref();
        let url = account.addresses[0].clone().or_else(|| provider.map(|provider| provider.texts[2].clone()));
        let keys = provider.and_then(|provider| provider.keys(live));
        let publishable_key = keys.map(|keys| keys.publishable_key.clone()).unwrap_or_default();
        self.side.begun += 1;
        let mut session = Session {
            id: joined(&["chk_", &Rng::new(key(self.seed, "checkouts"), self.side.begun).hex(24)]),
            location,
            live,
            contact,
            order: order.map(|at| at as u32),
            invoice: order.filter(|_| options.contains_key("invoiceId")).and_then(|at| invoice_id(account, at)),
            transaction: transaction.map(|at| at as u32),
            subscription: subscription.map(|at| at as u32),
            state: State::Open,
            lock,
            quirks: Quirks::read(options),
            faults: std::mem::take(&mut self.faults),
            url: url.unwrap_or_default(),
            props: Map::new(),
            charge: None,
            said: false,
            readies: 0,
            asked: 0,
            heard: None,
        };
        session.props = props::props(account, &session, &publishable_key);
        let value = self.session_value(&session);
        if self.side.sessions.len() >= SESSIONS {
            self.side.sessions.remove(0);
        }
        self.side.sessions.push(session);
        let kind = if setup { "setup opened" } else { "checkout opened" };
        self.note_of(self.side.sessions.len() - 1, Note::new("state", WITHIN, kind, Value::Null));
        Ok(value)
    }

    /// Sets up the custom provider of a location without the API.
    fn connect(&mut self, options: &Map<String, Value>) -> Result<(), String> {
        let location = self.location(options)?;
        let now = self.now;
        let account = &mut self.accounts[location];
        if account.provider.is_none() {
            let number = account.next_made();
            let texts = ["Example Pay", "", "https://pay.example.com/checkout", "https://pay.example.com/query", ""];
            account.provider = Some(ProviderRow {
                id: account.ids().others.id(now, number),
                texts: texts.map(str::to_owned),
                created: now,
                updated: now,
                live: None,
                test: None,
                schedules: false,
            });
        }
        for (at, name) in ["paymentsUrl", "queryUrl"].into_iter().enumerate() {
            if let Some(url) = text(options, name) {
                account.addresses[at] = Some(url.into());
            }
        }
        let Some(provider) = &mut account.provider else { return Ok(()) };
        for (name, keys) in [("live", &mut provider.live), ("test", &mut provider.test)] {
            match options.get(name) {
                Some(Value::Object(fields)) => {
                    let field = |name: &str| text(fields, name).unwrap_or_default().to_owned();
                    *keys = Some(Keys { api_key: field("apiKey"), publishable_key: field("publishableKey") });
                }
                Some(Value::Null) => *keys = None,
                _ => {}
            }
        }
        if let Some(schedules) = options.get("supportsSubscriptionSchedules").and_then(Value::as_bool) {
            provider.schedules = schedules;
        }
        provider.updated = now;
        Ok(())
    }

    /// The payments of subscriptions for which the provider has to charge by now, each once.
    fn due(&mut self) -> Value {
        let mut all = Vec::new();
        for location in 0..self.accounts.len() {
            for at in 0..self.accounts[location].plans.len() {
                let account = &mut self.accounts[location];
                let plan = &mut account.plans[at];
                let Some(next) = plan.next.filter(|next| *next <= self.now && plan.told != Some(*next)) else {
                    continue;
                };
                plan.told = Some(next);
                let index = plan.subscription as usize;
                let account = &self.accounts[location];
                let row = &account.subscriptions[index];
                let currency = account.orders[row.order as usize].currency;
                let due = object! {
                    "subscriptionId": subscriptions::id_of(account, index),
                    "locationId": account.location.as_str(),
                    "providerSubscriptionId": subscriptions::gateway_id(account, index),
                    "dueAt": iso(next),
                    "amount": major(PRICES[usize::from(row.price)].minor),
                    "currency": CURRENCIES[usize::from(currency)].0,
                };
                self.note(location, Note::new("due", WITHIN, "subscription.charged", due.clone()));
                all.push(due);
            }
        }
        Value::Array(all)
    }
}

/// The invoice that is the source of an order.
fn invoice_id(account: &Account, order: usize) -> Option<String> {
    let row = account.orders.get(order)?;
    let invoice = SOURCES[usize::from(row.source)].kind == "invoice";
    invoice.then(|| account.ids().invoices.id(row.created, order))
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
    let amount =
        options.get("amount").and_then(Value::as_f64).map(|amount| crate::sandbox::amount::minor(amount) as u32);
    let judged = judge::answer(query, &answer, judge::Known { amount, now: None });
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
