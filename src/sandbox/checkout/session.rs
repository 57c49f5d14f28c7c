//! One payment page in HighLevel's checkout: from the pending transaction to the last message of its frame.

use crate::sandbox::checkout::fault::{take, Arrival, Fault};
use crate::sandbox::checkout::judge::{message, Message, Posted};
use crate::sandbox::checkout::rows::{Purpose, State};
use crate::sandbox::checkout::timeline::{Issues, FROM_FRAME, TO_FRAME, WITHIN};
use crate::sandbox::checkout::world::{Note, Step, World};
use crate::sandbox::json::json;
use crate::sandbox::object::object;
use crate::sandbox::operations::{subscriptions, transactions};
use serde_json::{Map, Value};

impl World<'_> {
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
}
