//! How a checkout begins: the order, the subscription and the pending transaction that it is of.

use crate::json::joined;
use crate::sandbox::account::catalog::SOURCES;
use crate::sandbox::account::rows::{Keys, Owner, PlanRow, Provider, ProviderRow};
use crate::sandbox::account::state::Account;
use crate::sandbox::calendar::{DAY, MINUTE};
use crate::sandbox::checkout::fault::Quirks;
use crate::sandbox::checkout::props;
use crate::sandbox::checkout::rows::{Session, State};
use crate::sandbox::checkout::settle::{inner, text};
use crate::sandbox::checkout::timeline::WITHIN;
use crate::sandbox::checkout::world::{Draft, Note, World};
use crate::sandbox::operations::{orders, subscriptions};
use crate::sandbox::rng::{key, Rng};
use serde_json::{Map, Value};

/// How long a checkout keeps payments of its order from being recorded by hand.
const LOCK: i64 = 5 * MINUTE;
/// How many checkouts are kept; the oldest go first.
const SESSIONS: usize = 10_000;

impl World<'_> {
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
        if let Some(plan) = inner(options, "subscription") {
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
            let free_until = (plan.1 > 0).then(|| self.now + i64::from(plan.1) * DAY);
            let row = PlanRow { free_until, ..PlanRow::default() };
            return Ok((order, Some(self.begin_subscription(location, order, (plan.0, plan.1 > 0), row))));
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
    pub fn begin(&mut self, options: &Map<String, Value>) -> Result<Value, String> {
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
    pub fn connect(&mut self, options: &Map<String, Value>) -> Result<(), String> {
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
                    let (api_key, publishable_key) = (field("apiKey"), field("publishableKey"));
                    *keys = Some(Keys { api_key, publishable_key, given: true });
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
}

/// The invoice that is the source of an order.
fn invoice_id(account: &Account, order: usize) -> Option<String> {
    let row = account.orders.get(order)?;
    let invoice = SOURCES[usize::from(row.source)].kind == "invoice";
    invoice.then(|| account.ids().invoices.id(row.created, order))
}
