//! What is remembered of a charge: what was answered for good, what was begun without a known end, what was given back.
//!
//! A ledger is a row of text that the caller keeps, and on which one works at a time. Requests that may move money are noted in
//! it before the provider's code is asked, under a key that the same request gets again as long as its end is not known: a
//! gateway that is given the key as its own idempotency key then does it once.

use super::answer::{answer, not_supported, Answer, Ended};
use super::refusal::{Refusal, RefusalCode};
use super::Action;
use crate::json::{field, items, joined, json_text, members, push_amount, put, text_field, Object};
use crate::provider::money::{ten_thousandths, Amount, Currency, Unit};
use crate::shape::{check, Issue, Kind};

/// How many answers about one charge are remembered.
const MAX_ANSWERS: usize = 100;

/// What was begun, and whose end is not known.
#[derive(Debug, Clone, Default, PartialEq)]
struct Attempt {
    /// The request.
    of: String,
    /// Its key.
    key: String,
}

/// What is remembered of a charge, a transaction or a subscription.
#[derive(Debug, Clone, Default, PartialEq)]
struct Ledger {
    /// Final answers, each behind its request.
    answers: Vec<(String, String)>,
    attempts: Vec<Attempt>,
    /// The end of refunds that nobody heard, because it came behind the time: each behind its request, and given once.
    unheard: Vec<(String, String)>,
    /// The row that tells the charge of a transaction, where this one does not.
    from: String,
    /// The charge of a transaction.
    charge_id: String,
    /// What was charged.
    amount: Option<Amount>,
    /// What was given back, in ten-thousandths.
    refunded: u64,
}

impl Ledger {
    /// Reads a row; an empty one is new. Nothing where it is not what [`Ledger::text`] wrote: as an empty one it would let a
    /// charge be given back twice.
    fn read(row: &str) -> Option<Self> {
        let row = row.as_bytes();
        let mut ledger = Self::default();
        if row.is_empty() {
            return Some(ledger);
        }
        if check(&mut row.to_vec(), &Kind::Map).is_err() || row.first() != Some(&b'{') {
            return None;
        }
        let optional = |name: &str| match field(row, name) {
            b"" => Some(String::new()),
            value => json_text(value).filter(|text| !text.is_empty()),
        };
        let list = |name: &str| Some(field(row, name)).filter(|value| value.first() == Some(&b'['));
        ledger.charge_id = optional("chargeId")?;
        ledger.from = optional("from")?;
        let refunded = optional("refunded")?;
        if !refunded.is_empty() {
            ledger.refunded = ten_thousandths(&refunded).ok()?;
        }
        let amount = field(row, "amount");
        if !amount.is_empty() {
            ledger.amount = Some(Amount::read(amount).ok()?);
        }
        ledger.answers = answers(list("answers")?)?;
        for (_, one) in items(list("attempts")?) {
            let key = json_text(field(one, "key")).filter(|key| !key.is_empty())?;
            ledger.attempts.push(Attempt { of: json_text(field(one, "of"))?, key });
        }
        if !field(row, "unheard").is_empty() {
            ledger.unheard = answers(list("unheard")?)?;
        }
        Some(ledger)
    }

    /// Whether refunds were begun or made by this row.
    fn has_refunds(&self) -> bool {
        let begun = self.attempts.iter().any(|attempt| attempt.of.starts_with(REFUND));
        begun || self.refunded > 0 || !self.unheard.is_empty()
    }

    fn text(&self) -> String {
        let mut out = Object::new();
        for (name, id) in [("chargeId", &*self.charge_id), ("from", &*self.from)] {
            out.optional_text(name, Some(id).filter(|id| !id.is_empty()));
        }
        if let Some(amount) = &self.amount {
            out.json("amount", &amount.json());
        }
        if self.refunded > 0 {
            out.text("refunded", &decimal(self.refunded));
        }
        put_answers(&mut out, "answers", &self.answers);
        if !self.unheard.is_empty() {
            put_answers(&mut out, "unheard", &self.unheard);
        }
        out.open("attempts", '[');
        for Attempt { of, key } in &self.attempts {
            out.item();
            out.text("of", of);
            out.text("key", key);
            out.close('}');
        }
        out.close(']');
        out.finish()
    }
}

fn answers(list: &[u8]) -> Option<Vec<(String, String)>> {
    let mut out = Vec::new();
    for (_, one) in items(list) {
        let body = json_text(field(one, "body")).filter(|body| body.as_bytes().first() == Some(&b'{'))?;
        out.push((json_text(field(one, "of"))?, body));
    }
    Some(out)
}

fn put_answers(out: &mut Object, name: &str, answers: &[(String, String)]) {
    out.open(name, '[');
    for (of, body) in answers {
        out.item();
        out.text("of", of);
        out.text("body", body);
        out.close('}');
    }
    out.close(']');
}

/// Ten-thousandths as a decimal number.
fn decimal(parts: u64) -> String {
    let mut out = String::new();
    push_amount(&mut out, parts);
    out
}

fn parts(number: &str) -> u64 {
    ten_thousandths(number).unwrap_or(0)
}

/// What a request is remembered by: what makes two of them the same one. No id holds a line break.
fn name_of(action: Action, asked: &[u8]) -> String {
    let text = |name: &str| text_field(asked, name);
    let amount = field(asked, "amount");
    let major = core::str::from_utf8(field(amount, "major")).unwrap_or_default();
    match action {
        Action::Verify => joined(&[&text("transactionId"), "\n", &text("subscriptionId")]),
        Action::ChargePayment => {
            joined(&["charge\n", &text("paymentMethodId"), "\n", major, "\n", &text_field(amount, "currency")])
        }
        Action::CreateSubscription => {
            joined(&["subscribe\n", &text("paymentMethodId"), "\n", major, "\n", &text_field(amount, "currency")])
        }
        Action::Refund => joined(&[REFUND, &decimal(parts(major))]),
        Action::ListPaymentMethods | Action::CancelSubscription => String::new(),
    }
}

const REFUND: &str = "refund\n";

/// Under which name a request is to be remembered, within its location and mode; nothing where it is not. Of a refund that names
/// no charge it is that of its transaction, unless [`find`] tells another one.
pub fn row_id(action: Action, asked: &str) -> Option<String> {
    let asked = asked.as_bytes();
    let (kind, name) = match action {
        Action::Refund if field(asked, "chargeId").is_empty() => ("transaction", "transactionId"),
        Action::Verify | Action::Refund => ("charge", "chargeId"),
        Action::ChargePayment => ("transaction", "transactionId"),
        Action::CreateSubscription => ("subscription", "subscriptionId"),
        Action::ListPaymentMethods | Action::CancelSubscription => return None,
    };
    Some(joined(&[kind, ":", &text_field(asked, name)]))
}

/// What is to be written before anything is done: where a refund will find the charge of a subscription that is created, also if
/// nothing but the row of the subscription can be written later.
pub fn pointer(action: Action, asked: &str) -> Option<After> {
    if action != Action::CreateSubscription {
        return None;
    }
    let mut facts = Object::new();
    facts.text("from", &row_id(action, asked)?);
    Some(After { row_id: transaction(asked.as_bytes()), facts: facts.finish() })
}

/// The name of the row of a request's transaction: the first that a refund has to [`find`] its charge in.
pub fn transaction_row(action: Action, asked: &str) -> Option<String> {
    (action == Action::Refund).then(|| transaction(asked.as_bytes()))
}

fn transaction(asked: &[u8]) -> String {
    joined(&["transaction:", &text_field(asked, "transactionId")])
}

/// What a row tells of the charge that is to be refunded.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The request, with the charge if the row tells it.
    pub asked: String,
    /// The row in which the refund is to be remembered, whether or not it names its charge.
    pub id: String,
    /// What is to be written into the row that was looked into before anything is done, for [`set`]: the charge that the refund
    /// names, so that one which does not name it is remembered in the same row.
    pub point: Option<String>,
    /// What is known of the charge, for [`set`].
    pub facts: Option<String>,
    /// The row to look into next.
    pub from: Option<String>,
}

/// Looks into a row for the charge of a refund. A charge that was made is in the row of what made it, in one piece with its answer;
/// the row of the charge itself is written later and may be lost.
///
/// # Errors
/// [`RefusalCode::StoreFailed`] where the row cannot be read.
pub fn find(asked: &str, row: &str) -> Result<Found, RefusalCode> {
    let ledger = Ledger::read(row).ok_or(RefusalCode::StoreFailed)?;
    let mut found = Found { asked: asked.to_owned(), id: String::new(), point: None, facts: None, from: None };
    let named = text_field(asked.as_bytes(), "chargeId");
    if named.is_empty() && !ledger.charge_id.is_empty() {
        let mut more = Object::new();
        more.text("chargeId", &ledger.charge_id);
        found.asked = with(asked.as_bytes(), &more.finish());
    }
    let mut amount = ledger.amount.filter(|_| named.is_empty() || named == ledger.charge_id);
    if ledger.charge_id.is_empty() {
        // It was begun and its end could not be noted: what was asked for is all that it can have been.
        for attempt in &ledger.attempts {
            let mut of = attempt.of.split('\n');
            if let (Some("charge" | "subscribe"), _, Some(major), Some(currency)) =
                (of.next(), of.next(), of.next(), of.next())
            {
                amount = amount.or(Currency::read(currency).and_then(|known| Amount::of_major(major, known)).ok());
            }
        }
    }
    found.facts = amount.map(|amount| {
        let mut facts = Object::new();
        facts.json("amount", &amount.json());
        facts.finish()
    });
    // A row with refunds in it stays theirs, whatever is learnt of the charge behind them.
    let stays = ledger.has_refunds();
    if !stays && !named.is_empty() && ledger == Ledger::default() {
        let mut facts = Object::new();
        facts.text("chargeId", &named);
        found.point = Some(facts.finish());
    }
    found.id =
        if stays { transaction(asked.as_bytes()) } else { row_id(Action::Refund, &found.asked).unwrap_or_default() };
    found.from = Some(ledger.from).filter(|from| !stays && !from.is_empty() && found.facts.is_none());
    Ok(found)
}

/// What comes first.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// The row, where it is to be stored before the provider's code is asked.
    pub row: Option<String>,
    /// The request for the provider's code, as JSON text, or the answer where that is not needed.
    pub then: Result<String, Answer>,
    /// What is to be written elsewhere, once more: nobody knows whether it was.
    pub after: Vec<After>,
}

impl Begin {
    fn answered(answer: Answer) -> Self {
        Self { row: None, then: Err(answer), after: Vec::new() }
    }
}

/// Begins with a request.
///
/// `row` is what is stored, `key` is new and random, `known` is what the provider's code tells of a charge that is to be
/// refunded, `{amount, refunded?}` as JSON text, or `null` where it knows of none, if it does.
pub fn begin(action: Action, asked: &str, row: &str, key: &str, known: Option<&str>) -> Begin {
    let Some(mut ledger) = Ledger::read(row) else { return Begin::answered(RefusalCode::StoreFailed.into()) };
    let json = asked.as_bytes();
    let of = name_of(action, json);
    if let Some((_, body)) = ledger.answers.iter().find(|(other, _)| *other == of) {
        let mut begin = Begin::answered(again(body));
        if matches!(&begin.then, Err(answer) if answer.ended == Ended::Succeeded) {
            begin.after = elsewhere_again(action, json, body.as_bytes(), &ledger);
        }
        return begin;
    }
    if let Some(at) = ledger.unheard.iter().position(|(other, _)| *other == of) {
        let (_, body) = ledger.unheard.remove(at);
        return Begin { row: Some(ledger.text()), ..Begin::answered(again(&body)) };
    }
    if known == Some("null") {
        // A gateway that knows nothing of a charge does not take back what was begun: that may have moved money.
        if ledger.has_refunds() {
            let issues = vec![Issue::new("", "null, though a refund of this charge was begun or made")];
            return Begin::answered(Refusal { code: RefusalCode::InvalidAnswer, issues }.into());
        }
        return Begin::answered(refused("this charge is not known here"));
    }
    let told = match known.map(|known| read_told(known.as_bytes())).transpose() {
        Ok(told) => told,
        Err(issues) => return Begin::answered(Refusal { code: RefusalCode::InvalidAnswer, issues }.into()),
    };
    let mut more = Object::new();
    if action == Action::Verify {
        let mut others: Vec<String> = Vec::new();
        for (other, body) in &ledger.answers {
            let transaction = other.split('\n').next().unwrap_or_default();
            if field(body.as_bytes(), "success") == b"true" && transaction != text_field(json, "transactionId") {
                others.push(transaction.to_owned());
            }
        }
        more.texts("otherTransactions", &others);
        return Begin { row: None, then: Ok(with(json, &more.finish())), after: Vec::new() };
    }
    let open = ledger.attempts.iter().find(|attempt| attempt.of == of).cloned();
    if action == Action::Refund {
        if let Err(message) = refund(&mut ledger, json, (&of, open.is_some()), told, &mut more) {
            return Begin::answered(refused(&message));
        }
    }
    let mut row = None;
    if action == Action::CancelSubscription || action == Action::ListPaymentMethods {
        return Begin { row, then: Ok(asked.to_owned()), after: Vec::new() };
    }
    let key = open.map_or_else(
        || {
            ledger.attempts.push(Attempt { of, key: key.to_owned() });
            row = Some(ledger.text());
            key.to_owned()
        },
        |attempt| attempt.key,
    );
    more.text("idempotencyKey", &key);
    Begin { row, then: Ok(with(json, &more.finish())), after: Vec::new() }
}

/// What was answered before.
fn again(body: &str) -> Answer {
    let ended = if field(body.as_bytes(), "failed") == b"true" { Ended::Failed } else { Ended::Succeeded };
    Answer::new(body.to_owned(), ended)
}

/// What the provider's code tells of a charge: what was charged, and in ten-thousandths what was given back. What cannot be read is
/// no limit, and not nothing.
fn read_told(known: &[u8]) -> Result<(Amount, u64), Vec<Issue>> {
    let read = |name: &str| {
        Amount::read(field(known, name))
            .map_err(|(place, error)| vec![Issue::new(&joined(&[name, place]), error.message())])
    };
    let amount = read("amount")?;
    if field(known, "refunded").is_empty() {
        return Ok((amount, 0));
    }
    let refunded = read("refunded")?;
    if refunded.currency != amount.currency {
        return Err(vec![Issue::new("refunded.currency", "must be that of the amount")]);
    }
    Ok((amount, parts(&refunded.major())))
}

/// Holds a refund to its charge, and adds what is known of that; `of` is what it is remembered by, and whether it was begun before.
fn refund(
    ledger: &mut Ledger,
    asked: &[u8],
    (of, again): (&str, bool),
    told: Option<(Amount, u64)>,
    more: &mut Object,
) -> Result<(), String> {
    let (charged, told) = told.map_or((ledger.amount, 0), |(amount, refunded)| (Some(amount), refunded));
    // While nothing is open, what is told is settled. What is told beyond that later may be what was begun by then.
    if ledger.attempts.is_empty() {
        ledger.refunded = ledger.refunded.max(told);
    }
    let Some(charged) = charged else { return Ok(()) };
    let wanted = core::str::from_utf8(field(field(asked, "amount"), "major")).unwrap_or_default();
    let amount = Amount::of_major(wanted, charged.currency);
    let amount = amount.map_err(|error| joined(&["the amount ", error.message()]))?;
    // A refund without a known end counts once: either it is in what is told, or it is still to come.
    let (mut begun, mut others) = (0_u64, 0_u64);
    for attempt in &ledger.attempts {
        let amount = attempt.of.strip_prefix(REFUND).map_or(0, parts);
        begun = begun.saturating_add(amount);
        if attempt.of != of {
            others = others.saturating_add(amount);
        }
    }
    let given_back = told.saturating_sub(begun).max(ledger.refunded);
    let left = parts(&charged.major()).saturating_sub(given_back).saturating_sub(others);
    // What was begun within the limit may be asked for again, whatever is told by now: its key has it made once.
    if !again && parts(wanted) > left {
        let why =
            if others > 0 { "; whether an earlier refund was made is not known: ask for that one again" } else { "" };
        let currency = charged.currency.as_str();
        return Err(joined(&["of this charge no more than ", &*decimal(left), " ", currency, " can be refunded", why]));
    }
    more.json("amount", &amount.json());
    more.open("charge", '{');
    more.json("amount", &charged.json());
    more.json("refunded", &of_parts(given_back, charged.currency));
    more.json("left", &of_parts(left, charged.currency));
    more.close('}');
    Ok(())
}

fn of_parts(parts: u64, currency: Currency) -> String {
    Amount::of_major(&decimal(parts), currency).unwrap_or(Amount { minor: 0, currency }).json()
}

fn refused(message: &str) -> Answer {
    let mut outcome = Object::new();
    outcome.text("result", "failed");
    outcome.text("message", message);
    answer(Action::Refund, "{}", &outcome.finish(), Unit::Major, 0.0).unwrap_or_else(|_| not_supported(Action::Refund))
}

/// An object with the members of another one in place of its own.
fn with(object: &[u8], more: &str) -> String {
    let mut out = String::from(more);
    out.pop();
    for (name, value) in members(object) {
        if field(more.as_bytes(), core::str::from_utf8(name).unwrap_or_default()).is_empty() {
            let (name, value) = (core::str::from_utf8(name), core::str::from_utf8(value));
            let comma = if out.len() > 1 { ",\"" } else { "\"" };
            for part in [comma, name.unwrap_or_default(), "\":", value.unwrap_or_default()] {
                put(&mut out, part);
            }
        }
    }
    out.push('}');
    out
}

/// Another row that is to be changed after the answer is known.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    /// Its name, within the location and mode.
    pub row_id: String,
    /// What [`set`] writes into it.
    pub facts: String,
}

/// What comes last.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// The answer, or what is wrong with the outcome.
    pub answer: Result<Answer, Vec<Issue>>,
    /// The row, where it is to be stored.
    pub row: Option<String>,
    /// The row in its place, where the answer comes behind the time and nobody hears it: the same refund gets it when it is asked
    /// for again, and is no other one.
    pub unheard: Option<String>,
    /// What is to be written elsewhere, so that a refund finds its charge.
    pub after: Vec<After>,
}

/// What other rows are told of a charge that was made or verified.
fn elsewhere(action: Action, asked: &[u8], charge_id: &str, amount: Option<Amount>) -> Vec<After> {
    let mut after = Vec::new();
    let amount = amount.map(|amount| amount.json());
    if let (Some(amount), true) = (&amount, action != Action::Verify) {
        let mut facts = Object::new();
        facts.json("amount", amount);
        after.push(After { row_id: joined(&["charge:", charge_id]), facts: facts.finish() });
    }
    if action != Action::ChargePayment {
        let mut facts = Object::new();
        facts.text("chargeId", charge_id);
        if let Some(amount) = &amount {
            facts.json("amount", amount);
        }
        after.push(After { row_id: transaction(asked), facts: facts.finish() });
    }
    after
}

/// The same from what is remembered.
fn elsewhere_again(action: Action, asked: &[u8], body: &[u8], ledger: &Ledger) -> Vec<After> {
    let charge_id = match action {
        Action::Verify => text_field(asked, "chargeId"),
        Action::CreateSubscription => text_field(field(body, "transaction"), "chargeId"),
        _ => text_field(body, "chargeId"),
    };
    if charge_id.is_empty() {
        return Vec::new();
    }
    let known = ledger.amount.filter(|_| action == Action::Verify || charge_id == ledger.charge_id);
    let asked_for = Amount::read(field(asked, "amount")).ok();
    elsewhere(action, asked, &charge_id, known.or(asked_for))
}

/// Ends a request with what the provider's code gave; `asked` is what it was given.
pub fn end(action: Action, asked: &str, row: &str, outcome: &str, unit: Unit, now: f64) -> End {
    let answer = answer(action, asked, outcome, unit, now);
    let mut end = End { answer, row: None, unheard: None, after: Vec::new() };
    let Ok(answer) = &end.answer else { return end };
    // Without an end it stays begun.
    if answer.ended == Ended::Pending || row_id(action, asked).is_none() {
        return end;
    }
    let json = asked.as_bytes();
    // It was read before, where the request began.
    let mut ledger = Ledger::read(row).unwrap_or_default();
    let before = ledger.clone();
    let key = text_field(json, "idempotencyKey");
    let of = if action == Action::Verify {
        name_of(action, json)
    } else {
        // By its key: the amount of a refund may be written in another way now.
        let attempt = ledger.attempts.iter().position(|attempt| attempt.key == key);
        attempt.map_or_else(|| name_of(action, json), |at| ledger.attempts.remove(at).of)
    };
    let succeeded = answer.ended == Ended::Succeeded;
    let lasts = match action {
        Action::Verify => true,
        Action::Refund => false,
        // What has failed may be tried once more.
        _ => succeeded,
    };
    if lasts && ledger.answers.len() < MAX_ANSWERS {
        ledger.answers.push((of.clone(), answer.body.clone()));
    }
    if succeeded && action == Action::Refund {
        let given = answer.amount.map(|amount| parts(&amount.major()));
        ledger.refunded += given.unwrap_or_else(|| of.strip_prefix(REFUND).map_or(0, parts));
    }
    if let (true, Some(charge_id)) = (succeeded && action != Action::Refund, &answer.charge_id) {
        // In one piece with the answer; what stands elsewhere can be written again from it.
        ledger.amount = answer.amount.or(ledger.amount);
        if action != Action::Verify {
            ledger.charge_id.clone_from(charge_id);
        }
        end.after = elsewhere(action, json, charge_id, answer.amount);
    }
    if ledger != before {
        end.row = Some(ledger.text());
        if succeeded && action == Action::Refund {
            ledger.unheard.push((of, answer.body.clone()));
            end.unheard = Some(ledger.text());
        }
    }
    end
}

/// Writes facts into a row: the charge of a transaction, or where it is told; the amount of a charge, unless the row has one. Gives
/// the row if that changes it.
///
/// # Errors
/// [`RefusalCode::StoreFailed`] where the row cannot be read.
pub fn set(row: &str, facts: &str) -> Result<Option<String>, RefusalCode> {
    let mut ledger = Ledger::read(row).ok_or(RefusalCode::StoreFailed)?;
    let before = ledger.clone();
    let facts = facts.as_bytes();
    let (charge_id, from) = (text_field(facts, "chargeId"), text_field(facts, "from"));
    if !charge_id.is_empty() && charge_id != ledger.charge_id {
        ledger.charge_id = charge_id;
        ledger.amount = None;
    }
    if !from.is_empty() {
        ledger.from = from;
    }
    ledger.amount = ledger.amount.or(Amount::read(field(facts, "amount")).ok());
    Ok((ledger != before).then(|| ledger.text()))
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let (status, body, code) = (refusal.code.status(), refusal.body(), Some(refusal.code));
        Self { status, body, ended: Ended::Pending, charge_id: None, amount: None, code, issues: refusal.issues }
    }
}

impl From<RefusalCode> for Answer {
    fn from(code: RefusalCode) -> Self {
        Refusal::from(code).into()
    }
}
