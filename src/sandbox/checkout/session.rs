//! One payment page in HighLevel's checkout: from the pending transaction to the last message of its frame.

use crate::sandbox::account::state::Account;
use crate::sandbox::checkout::fault::{take, Arrival, Fault, Quirks};
use crate::sandbox::checkout::judge::{message, Meaning, Message, Posted};
use crate::sandbox::checkout::query::Purpose;
use crate::sandbox::checkout::settle::text;
use crate::sandbox::checkout::timeline::{Issues, FROM_FRAME, TO_FRAME, WITHIN};
use crate::sandbox::checkout::{Note, Step, World};
use crate::sandbox::json::json;
use crate::sandbox::object::object;
use crate::sandbox::operations::{orders, subscriptions, transactions};
use serde_json::{Map, Value};

/// Where a checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The frame is there and has not said ready.
    Open,
    /// It has.
    Ready,
    /// It has said success, the provider's server is asked.
    Verifying,
    /// Paid, or the payment method is saved.
    Succeeded,
    /// The provider does not know yet, or has not answered.
    Pending,
    /// It did not work.
    Failed,
    /// The payer has left.
    Closed,
}

impl State {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Ready => "ready",
            Self::Verifying => "verifying",
            Self::Succeeded => "succeeded",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Closed => "closed",
        }
    }
}

/// A checkout.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Index of its location.
    pub location: usize,
    /// Live money.
    pub live: bool,
    /// Index of its contact.
    pub contact: u32,
    /// Index of the order; none where a payment method is saved.
    pub order: Option<u32>,
    /// The id of the invoice that is paid instead of an order.
    pub invoice: Option<String>,
    /// Index of the pending transaction.
    pub transaction: Option<u32>,
    /// Index of the subscription that begins.
    pub subscription: Option<u32>,
    /// Where it stands.
    pub state: State,
    /// Until when it keeps payments of the order from being recorded by hand.
    pub lock: Option<i64>,
    /// How HighLevel behaves.
    pub quirks: Quirks,
    /// What is still to go wrong.
    pub faults: Vec<Fault>,
    /// The page.
    pub url: String,
    /// What the frame is to get.
    pub props: Map<String, Value>,
    /// The charge that the frame has named.
    pub charge: Option<String>,
    /// Whether the frame has said success.
    pub said: bool,
    /// How many ready messages came.
    pub readies: u32,
    /// How many verify calls are not answered yet.
    pub asked: u32,
    /// What the latest verify call said.
    pub heard: Option<Meaning>,
}

impl Session {
    /// Whether a payment method is saved.
    pub fn setup(&self) -> bool {
        self.order.is_none()
    }
}

impl World<'_> {
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

    /// The index of the checkout with this id.
    pub fn session(&self, options: &Map<String, Value>) -> Result<usize, String> {
        let id = text(options, "id").unwrap_or_default();
        let found = self.side.sessions.iter().position(|session| session.id == id);
        found.ok_or_else(|| crate::json::joined(&["the sandbox has no checkout \"", id, "\""]))
    }

    /// What the frame has posted.
    pub fn receive(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let at = self.session(options)?;
        let posted = match (options.get("text"), options.get("data")) {
            (Some(Value::String(text)), _) => Posted::Text(text.clone()),
            (_, data) => Posted::Object(data.cloned().unwrap_or_default()),
        };
        let session = &self.side.sessions[at];
        let (setup, state) = (session.setup(), session.state);
        let (meaning, value, mut issues) = message(&posted, session.quirks.reads_objects, Some(setup));
        let over = !matches!(state, State::Open | State::Ready);
        if over && meaning != Message::Other {
            issues.warning(
                "",
                "comes after the last message of this checkout, and is ignored: there is one success, error or close",
            );
        }
        if !over && state == State::Open && matches!(meaning, Message::Success(_)) {
            issues.warning("", "comes before any ready message");
        }
        let kind = value.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let shown_issues = issues.0.clone();
        self.note_of(at, Note { issues: issues.0, ..Note::new("message", FROM_FRAME, &kind, value) });
        let mut step = Step { issues: shown_issues, ..Step::default() };
        if !over {
            match meaning {
                Message::Other => {}
                Message::Ready(cards) => self.ready(at, cards, &mut step),
                Message::Success(charge) => self.success(at, charge, &mut step),
                Message::Error(shown) => {
                    step.shown = Some(shown);
                    self.end(at, State::Failed);
                }
                Message::Close => self.end(at, State::Closed),
            }
        }
        self.finish(at, &mut step);
        Ok(step)
    }

    /// Adds to a step where its checkout stands.
    pub fn finish(&self, at: usize, step: &mut Step) {
        let state = self.side.sessions[at].state;
        step.state = Some(state);
        step.remove = !matches!(state, State::Open | State::Ready);
    }

    fn ready(&mut self, at: usize, cards: bool, step: &mut Step) {
        let session = &mut self.side.sessions[at];
        session.readies += 1;
        if session.readies <= session.quirks.deaf {
            return;
        }
        if session.setup() && !cards {
            let mut issues = Issues::default();
            issues
                .error("addCardOnFileSupported", "must be true: HighLevel sends setup_initiate_props to no other page");
            self.remark(at, "setup_initiate_props", issues, step);
            return;
        }
        let first = session.state == State::Open;
        session.state = State::Ready;
        let never = take(&mut session.faults, |fault| fault == Fault::PropsNever).is_some();
        if never {
            session.quirks.arrival = Arrival::Never;
        }
        let quirks = session.quirks;
        let (props, kind) =
            (Value::Object(session.props.clone()), session.props["type"].as_str().unwrap_or_default().to_owned());
        let after = if quirks.arrival == Arrival::Late { quirks.late_ms } else { 0.0 };
        let times = match quirks.arrival {
            Arrival::Never => 0,
            Arrival::Double => 2,
            Arrival::Once | Arrival::Late => 1,
        };
        for _ in 0..times {
            let data =
                if quirks.object { props.clone() } else { String::from_utf8(json(&props)).unwrap_or_default().into() };
            step.to_frame.push(object! { "data": data, "afterMs": after });
            self.note_of(at, Note::new("message", TO_FRAME, &kind, props.clone()));
        }
        let session = &mut self.side.sessions[at];
        let wanted = first && times > 0 && !session.setup();
        if wanted && take(&mut session.faults, |fault| fault == Fault::VerifyBeforeSuccess).is_some() {
            self.verify(at, true, step);
        }
    }

    fn success(&mut self, at: usize, charge: Option<String>, step: &mut Step) {
        let session = &mut self.side.sessions[at];
        session.state = State::Verifying;
        session.said = true;
        if session.setup() {
            self.list_again(at, step);
            return;
        }
        session.charge.clone_from(&charge);
        let transaction = session.transaction.map(|at| at as usize);
        let location = session.location;
        if let Some(transaction) = transaction {
            self.accounts[location].note_charge(transaction, charge.as_deref(), None, self.now);
        }
        let twice = take(&mut self.side.sessions[at].faults, |fault| fault == Fault::VerifyTwice).is_some();
        self.verify(at, false, step);
        if twice {
            self.verify(at, false, step);
        }
    }

    /// The dialog that asked for a payment method lists the methods again.
    fn list_again(&mut self, at: usize, step: &mut Step) {
        let session = &self.side.sessions[at];
        let (location, live, id) = (session.location, session.live, session.id.clone());
        let contact = self.accounts[location].contact(session.contact).id.clone();
        let body = self.list_body(location, &contact);
        let asked = self.ask(location, live, Purpose::Saved, body, Some(id));
        self.asked(at, asked, step);
    }

    /// Hands out what a checkout asks; where the provider was disconnected in the meantime, nothing is decided.
    fn asked(&mut self, at: usize, asked: Option<Value>, step: &mut Step) {
        if asked.is_none() {
            self.side.sessions[at].state = State::Pending;
            self.side.sessions[at].asked = 0;
            let mut issues = Issues::default();
            issues.error("", "the custom provider was disconnected: there is nobody to ask");
            self.remark(at, "pending", issues, step);
        }
        step.queries.extend(asked);
    }

    /// HighLevel asks about the charge, or for the saved methods, again.
    pub fn verify_again(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let at = self.session(options)?;
        let session = &mut self.side.sessions[at];
        if !session.said {
            return Err("there is nothing to verify: the frame has not said success".into());
        }
        let setup = session.setup();
        if matches!(session.state, State::Pending | State::Failed) {
            session.state = State::Verifying;
        }
        let mut step = Step::default();
        if setup {
            self.list_again(at, &mut step);
        } else {
            self.verify(at, false, &mut step);
        }
        self.finish(at, &mut step);
        Ok(step)
    }

    fn verify(&mut self, at: usize, early: bool, step: &mut Step) {
        let session = &mut self.side.sessions[at];
        let Some(transaction) = session.transaction.map(|at| at as usize) else { return };
        session.asked += u32::from(!early);
        let (location, live, id, subscription) =
            (session.location, session.live, session.id.clone(), session.subscription);
        let account = &self.accounts[location];
        let transaction = transactions::id_of(account, transaction);
        // An early call knows no charge; HighLevel's own id stands in for it, as some providers post it anyway.
        let charge = session.charge.clone().filter(|_| !early).unwrap_or_else(|| transaction.clone());
        let subscription = subscription.map(|at| subscriptions::id_of(account, at as usize));
        let empty = session.quirks.empty_ids.then(String::new);
        let mut body = Map::new();
        let mut put = |name: &str, value: String| body.insert(name.into(), value.into());
        put("type", "verify".into());
        put("transactionId", transaction);
        put("chargeId", charge);
        if let Some(id) = subscription.or(empty) {
            put("subscriptionId", id);
        }
        let asked = self.ask(location, live, Purpose::Verify { early }, body, Some(id));
        if early {
            step.queries.extend(asked);
        } else {
            self.asked(at, asked, step);
        }
    }

    /// The payer leaves.
    pub fn close(&mut self, options: &Map<String, Value>) -> Result<Step, String> {
        let at = self.session(options)?;
        if matches!(self.side.sessions[at].state, State::Open | State::Ready) {
            self.end(at, State::Closed);
        }
        let mut step = Step::default();
        self.finish(at, &mut step);
        Ok(step)
    }

    /// Ends a checkout without a charge.
    fn end(&mut self, at: usize, state: State) {
        let session = &mut self.side.sessions[at];
        session.state = state;
        let (location, transaction) = (session.location, session.transaction);
        if let (State::Failed, Some(transaction)) = (state, transaction) {
            self.accounts[location].fail(transaction as usize, self.now);
        }
        self.release(at);
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
