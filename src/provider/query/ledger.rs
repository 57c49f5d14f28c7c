//! What is remembered of a charge: what was answered for good, what was begun without a known end, what was given back.
//!
//! A ledger is a row of text that the caller keeps, and on which one works at a time. Requests that may move money are noted in
//! it before the provider's code is asked, under a key that the same request gets again as long as its end is not known: a
//! gateway that is given the key as its own idempotency key then does it once.

use super::answer::{answer, not_supported, Answer, Ended};
use super::refusal::{Refusal, RefusalCode};
use super::Action;
use crate::json::{field, items, joined, json_text, members, push_amount, put, text_field, Object};
use crate::provider::money::{ten_thousandths, Amount, Currency, MoneyError, Unit};
use crate::shape::Issue;

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
    /// The charge of a transaction.
    charge_id: String,
    /// What was charged.
    amount: Option<Amount>,
    /// What was given back, in ten-thousandths.
    refunded: u64,
}

impl Ledger {
    fn read(row: &str) -> Self {
        let row = row.as_bytes();
        let mut ledger = Self {
            charge_id: text_field(row, "chargeId"),
            amount: Amount::read(field(row, "amount")).ok(),
            refunded: parts(&text_field(row, "refunded")),
            ..Self::default()
        };
        for (_, one) in items(field(row, "answers")) {
            ledger.answers.push((text_field(one, "of"), text_field(one, "body")));
        }
        for (_, one) in items(field(row, "attempts")) {
            ledger.attempts.push(Attempt { of: text_field(one, "of"), key: text_field(one, "key") });
        }
        ledger
    }

    fn text(&self) -> String {
        let mut out = Object::new();
        out.optional_text("chargeId", Some(&*self.charge_id).filter(|id| !id.is_empty()));
        if let Some(amount) = &self.amount {
            out.json("amount", &amount.json());
        }
        if self.refunded > 0 {
            out.text("refunded", &decimal(self.refunded));
        }
        out.open("answers", '[');
        for (of, body) in &self.answers {
            out.item();
            out.text("of", of);
            out.text("body", body);
            out.close('}');
        }
        out.close(']');
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
        Action::CreateSubscription => joined(&["subscribe\n", &text("paymentMethodId"), "\n", major]),
        Action::Refund => joined(&[REFUND, &decimal(parts(major))]),
        Action::ListPaymentMethods | Action::CancelSubscription => String::new(),
    }
}

const REFUND: &str = "refund\n";

/// Under which name a request is to be remembered, within its location and mode; nothing where it is not.
///
/// Of a refund that names no charge it is that of its transaction, until `row`, the row of that name, tells its charge.
pub fn row_id(action: Action, asked: &str, row: Option<&str>) -> Option<String> {
    let (asked, row) = (asked.as_bytes(), row.unwrap_or_default());
    let (kind, name) = match action {
        Action::Verify => ("charge", "chargeId"),
        Action::ChargePayment => ("transaction", "transactionId"),
        Action::CreateSubscription => ("subscription", "subscriptionId"),
        Action::Refund => {
            let named = json_text(field(asked, "chargeId")).unwrap_or_else(|| Ledger::read(row).charge_id);
            if !named.is_empty() {
                return Some(joined(&["charge:", &named]));
            }
            ("transaction", "transactionId")
        }
        Action::ListPaymentMethods | Action::CancelSubscription => return None,
    };
    Some(joined(&[kind, ":", &text_field(asked, name)]))
}

/// A refund that names no charge with the one that `row`, the row of its transaction, tells; nothing where there is none to add.
pub fn with_charge(action: Action, asked: &str, row: &str) -> Option<String> {
    let charge_id = Ledger::read(row).charge_id;
    if action != Action::Refund || charge_id.is_empty() || !field(asked.as_bytes(), "chargeId").is_empty() {
        return None;
    }
    let mut more = Object::new();
    more.text("chargeId", &charge_id);
    Some(with(asked.as_bytes(), &more.finish()))
}

/// What comes first.
#[derive(Debug, Clone, PartialEq)]
pub struct Begin {
    /// The row, where it is to be stored before the provider's code is asked.
    pub row: Option<String>,
    /// The request for the provider's code, as JSON text, or the answer where that is not needed.
    pub then: Result<String, Answer>,
}

/// Begins with a request.
///
/// `row` is what is stored, `key` is new and random, `known` is what the provider's code tells of a charge that is to be
/// refunded, `{amount, refunded?}` as JSON text, if it does.
pub fn begin(action: Action, asked: &str, row: &str, key: &str, known: Option<&str>) -> Begin {
    let mut ledger = Ledger::read(row);
    let json = asked.as_bytes();
    let of = name_of(action, json);
    if let Some((_, body)) = ledger.answers.iter().find(|(other, _)| *other == of) {
        let ended = if field(body.as_bytes(), "failed") == b"true" { Ended::Failed } else { Ended::Succeeded };
        let answer = Answer { status: 200, body: body.clone(), ended, charge_id: None, amount: None };
        return Begin { row: None, then: Err(answer) };
    }
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
        return Begin { row: None, then: Ok(with(json, &more.finish())) };
    }
    let open = ledger.attempts.iter().find(|attempt| attempt.of == of).cloned();
    if action == Action::Refund {
        if let Err(message) = refund(&mut ledger, json, (&of, open.is_some()), known, &mut more) {
            return Begin { row: None, then: Err(refused(&message)) };
        }
    }
    let mut row = None;
    if action == Action::CancelSubscription || action == Action::ListPaymentMethods {
        return Begin { row, then: Ok(asked.to_owned()) };
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
    Begin { row, then: Ok(with(json, &more.finish())) }
}

/// Holds a refund to its charge, and adds what is known of that; `of` is what it is remembered by, and whether it was begun before.
fn refund(
    ledger: &mut Ledger,
    asked: &[u8],
    (of, again): (&str, bool),
    known: Option<&str>,
    more: &mut Object,
) -> Result<(), String> {
    let unclear =
        |(_, error): (_, MoneyError)| joined(&["what is known of this charge is no amount: it ", error.message()]);
    let (mut charged, mut told) = (ledger.amount, 0);
    if let Some(known) = known.map(str::as_bytes) {
        charged = Some(Amount::read(field(known, "amount")).map_err(unclear)?);
        let refunded = field(known, "refunded");
        if !refunded.is_empty() && refunded != b"null" {
            told = parts(&Amount::read(refunded).map_err(unclear)?.major());
        }
    }
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
    /// What is to be written elsewhere, so that a refund finds its charge.
    pub after: Vec<After>,
}

/// Ends a request with what the provider's code gave; `asked` is what it was given.
pub fn end(action: Action, asked: &str, row: &str, outcome: &str, unit: Unit, now: f64) -> End {
    let answer = answer(action, asked, outcome, unit, now);
    let mut end = End { answer, row: None, after: Vec::new() };
    let Ok(answer) = &end.answer else { return end };
    // Without an end it stays begun.
    if answer.ended == Ended::Pending || row_id(action, asked, None).is_none() {
        return end;
    }
    let json = asked.as_bytes();
    let mut ledger = Ledger::read(row);
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
        let mut facts = Object::new();
        facts.text("chargeId", charge_id);
        if action == Action::Verify {
            ledger.amount = answer.amount.or(ledger.amount);
        } else if let Some(amount) = &answer.amount {
            let mut facts = Object::new();
            facts.json("amount", &amount.json());
            end.after.push(After { row_id: joined(&["charge:", charge_id]), facts: facts.finish() });
        }
        if action == Action::ChargePayment {
            ledger.charge_id.clone_from(charge_id);
        } else {
            let row_id = joined(&["transaction:", &text_field(json, "transactionId")]);
            end.after.push(After { row_id, facts: facts.finish() });
        }
    }
    if ledger != before {
        end.row = Some(ledger.text());
    }
    end
}

/// Writes facts into a row: the charge of a transaction, the amount of a charge. Gives the row if that changes it.
pub fn set(row: &str, facts: &str) -> Option<String> {
    let mut ledger = Ledger::read(row);
    let before = ledger.clone();
    let facts = facts.as_bytes();
    let charge_id = text_field(facts, "chargeId");
    if !charge_id.is_empty() {
        ledger.charge_id = charge_id;
    }
    ledger.amount = Amount::read(field(facts, "amount")).ok().or(ledger.amount);
    (ledger != before).then(|| ledger.text())
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let status = refusal.code.status();
        Self { status, body: refusal.body(), ended: Ended::Pending, charge_id: None, amount: None }
    }
}

impl From<RefusalCode> for Answer {
    fn from(code: RefusalCode) -> Self {
        Refusal::from(code).into()
    }
}
