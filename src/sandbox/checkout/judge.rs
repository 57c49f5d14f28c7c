//! What is wrong with what a provider says: messages of its frame, answers of its queryUrl, pushes.
//!
//! The rules are written from HighLevel's article "How to build a custom payments integration on the platform"
//! (155000002620) and not from the tables of `provider`, so that a provider built on those meets a second opinion.

use crate::json::joined;
use crate::sandbox::amount::{decimal, major};
use crate::sandbox::checkout::settle::{inner, text};
use crate::sandbox::checkout::timeline::Issues;
use crate::sandbox::json::parse;
use crate::sandbox::text::{digits, separated};
use serde_json::{Map, Value};

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Agreed.
    Success,
    /// Refused.
    Failed,
    /// Not decided yet.
    Pending,
    /// No answer that HighLevel can use.
    None,
}

impl Meaning {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::None => "none",
        }
    }
}

/// An answer of a queryUrl, as it came.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status; `None` where there was no answer.
    pub status: Option<u16>,
    /// The body.
    pub text: String,
    /// Why there is no answer.
    pub failure: Option<String>,
}

/// What HighLevel makes of an answer.
#[derive(Debug)]
pub struct Judged {
    /// What it means.
    pub meaning: Meaning,
    /// The body, null where it is no JSON.
    pub value: Value,
    /// What is wrong with it.
    pub issues: Issues,
}

/// What is known of the payment that a query is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    /// Its amount in minor units.
    pub amount: Option<u32>,
    /// Its currency.
    pub currency: Option<&'static str>,
    /// The time, in unix seconds.
    pub now: Option<f64>,
    /// Since when HighLevel knows of it, in unix seconds: nothing was charged before.
    pub since: Option<f64>,
    /// Until when nothing is charged, in unix seconds: the end of a trial, or a start in the future.
    pub free_until: Option<f64>,
}

/// How far the clocks of a provider and of HighLevel may differ, in seconds.
const DRIFT: f64 = 86_400.0;

/// Judges the answer to a query.
pub fn answer(query: &Map<String, Value>, answer: &Answer, known: Known) -> Judged {
    let mut issues = Issues::default();
    let kind = text(query, "type").unwrap_or_default();
    let value = parse(answer.text.as_bytes());
    let Some(status) = answer.status else {
        let why = answer.failure.as_deref().unwrap_or("there is no answer");
        issues.error("", why);
        return Judged { meaning: Meaning::None, value: Value::Null, issues };
    };
    if !(200..300).contains(&status) {
        let said = value.as_ref().and_then(Value::as_object).and_then(|fields| text(fields, "message"));
        let said = said.map(|said| joined(&[" (\"", said, "\")"])).unwrap_or_default();
        let cause = cause(status, kind);
        issues.error("", &joined(&["status ", &digits(status.into(), 1), said.as_str(), ": ", cause]));
        return Judged { meaning: Meaning::None, value: value.unwrap_or_default(), issues };
    }
    let Some(value) = value else {
        issues.error("", "the answer is no JSON");
        return Judged { meaning: Meaning::None, value: Value::Null, issues };
    };
    let meaning = match (&value, kind) {
        (Value::Array(list), "list_payment_methods") => {
            methods(list, &mut issues);
            Meaning::Success
        }
        (_, "list_payment_methods") => {
            issues.error("", "the answer must be a bare list, [] where there are no payment methods");
            Meaning::None
        }
        (Value::Object(fields), "cancel_subscription") => cancelled(fields, &mut issues),
        (Value::Object(fields), "refund") => refunded(query, fields, &mut issues),
        (Value::Object(fields), "verify") => verified(query, fields, known, &mut issues),
        (Value::Object(fields), "charge_payment") => charged(fields, known, &mut issues),
        (Value::Object(fields), "create_subscription") => subscribed(fields, known, &mut issues),
        _ => {
            issues.error("", "the answer must be an object");
            Meaning::None
        }
    };
    Judged { meaning, value, issues }
}

/// What a status other than 2xx comes from, as far as it tells.
fn cause(status: u16, kind: &str) -> &'static str {
    match status {
        300..=399 => "a redirect is not followed: register the address where it ends",
        401 | 403 => "the apiKey, or its location, is not known there",
        404 | 405 | 410 | 501 => "there is no such route for POST: look at the path of the queryUrl",
        413 | 415 => "the route does not take this body as JSON",
        429 => "the queryUrl holds HighLevel to a rate",
        // There is no body for it.
        422 if kind == "cancel_subscription" => "the subscription was not canceled",
        502..=504 => "nothing behind the queryUrl answered in time: whether money moved is not known",
        500.. => "the queryUrl's own code failed: whether money moved is not known",
        _ => "the request was not understood; what is understood and refused is answered with 200 and a body that says so",
    }
}

/// What `success` and `failed` say together.
fn decided(fields: &Map<String, Value>, issues: &mut Issues) -> Meaning {
    let mut flag = |name: &str| match fields.get(name) {
        None => None,
        Some(Value::Bool(flag)) => Some(*flag),
        Some(_) => {
            issues.error(name, "must be true or false");
            None
        }
    };
    match (flag("success"), flag("failed")) {
        (Some(true), Some(true)) => {
            issues.error("failed", "success and failed are both true, which means nothing");
            Meaning::None
        }
        (Some(true), _) => Meaning::Success,
        (_, Some(true)) => Meaning::Failed,
        (Some(false), _) => Meaning::Pending,
        (None, _) => {
            issues.error("success", "must be there, or failed must be true");
            Meaning::None
        }
    }
}

fn verified(query: &Map<String, Value>, fields: &Map<String, Value>, known: Known, issues: &mut Issues) -> Meaning {
    let meaning = decided(fields, issues);
    let charge = inner(fields, "chargeSnapshot");
    if let Some(charge) = charge {
        let statuses = ["succeeded", "failed", "pending"];
        snapshot("chargeSnapshot", charge, &statuses, known, issues);
        contradiction(meaning, charge, issues);
        let (asked, given) = (text(query, "chargeId"), text(charge, "chargeId"));
        if given.is_some() && asked != given {
            issues.warning("chargeSnapshot.chargeId", "is another charge than the one that was asked about");
        }
    }
    if text(query, "subscriptionId").is_some() && meaning == Meaning::Success {
        let pair = inner(fields, "subscriptionSnapshot").zip(text(fields, "subscriptionStatus"));
        let Some((snapshot, status)) = pair else {
            let text = "subscriptionStatus and subscriptionSnapshot must be there: without them the subscription stays \"incomplete\"";
            issues.error("subscriptionSnapshot", text);
            return meaning;
        };
        one_of("subscriptionStatus", status, &["active", "trialing"], issues);
        plan("subscriptionSnapshot", snapshot, &PUSHED, known, issues);
        if text(snapshot, "status").is_some_and(|own| own != status) {
            issues.warning("subscriptionSnapshot.status", "differs from subscriptionStatus");
        }
        if charge.is_none() && status == "active" {
            issues.warning("chargeSnapshot", "is missing: only a trial has no charge");
        }
    }
    meaning
}

fn charged(fields: &Map<String, Value>, known: Known, issues: &mut Issues) -> Meaning {
    let meaning = decided(fields, issues);
    if meaning == Meaning::Success && text(fields, "chargeId").is_none() {
        issues.error("chargeId", "must be text that is not empty: refunds name the charge by it");
    }
    same_charge("", fields, issues);
    match inner(fields, "chargeSnapshot") {
        Some(charge) => {
            let statuses = ["succeeded", "failed", "pending", "processing"];
            snapshot("chargeSnapshot", charge, &statuses, known, issues);
            contradiction(meaning, charge, issues);
        }
        None if meaning == Meaning::Success => issues.warning("chargeSnapshot", "is missing"),
        None => {}
    }
    meaning
}

fn subscribed(fields: &Map<String, Value>, known: Known, issues: &mut Issues) -> Meaning {
    const CREATED: [&str; 7] = ["scheduled", "trialing", "active", "expired", "canceled", "unpaid", "incomplete"];
    let meaning = decided(fields, issues);
    if let Some(transaction) = inner(fields, "transaction") {
        if text(transaction, "chargeId").is_none() {
            issues.error("transaction.chargeId", "must be text that is not empty");
        }
        same_charge("transaction.", transaction, issues);
        if let Some(charge) = inner(transaction, "chargeSnapshot") {
            let statuses = ["succeeded", "failed", "pending", "processing"];
            snapshot("transaction.chargeSnapshot", charge, &statuses, known, issues);
        }
    }
    if meaning != Meaning::Success {
        return meaning;
    }
    let subscription = inner(fields, "subscription");
    let Some(snapshot) = subscription.and_then(|fields| inner(fields, "subscriptionSnapshot")) else {
        issues.error(
            "subscription",
            "must hold subscriptionId and subscriptionSnapshot: there is no verify call in this flow",
        );
        return meaning;
    };
    if subscription.and_then(|fields| text(fields, "subscriptionId")).is_none() {
        issues.error("subscription.subscriptionId", "must be text that is not empty");
    }
    plan("subscription.subscriptionSnapshot", snapshot, &CREATED, known, issues);
    meaning
}

fn cancelled(fields: &Map<String, Value>, issues: &mut Issues) -> Meaning {
    match fields.get("status").and_then(Value::as_str) {
        Some("canceled") => Meaning::Success,
        Some("cancelled") => {
            issues.error("status", "is spelled \"canceled\"");
            Meaning::None
        }
        _ => {
            issues.error("status", "must be \"canceled\" once it is");
            Meaning::Failed
        }
    }
}

fn refunded(query: &Map<String, Value>, fields: &Map<String, Value>, issues: &mut Issues) -> Meaning {
    let meaning = match decided(fields, issues) {
        // `success: false` is a refusal here: nothing tells of a refund later.
        Meaning::Pending => Meaning::Failed,
        meaning => meaning,
    };
    if meaning == Meaning::Success {
        if text(fields, "id").is_none() {
            issues.error("id", "must be the id of the refund");
        }
        let number = |fields: &Map<String, Value>| fields.get("amount").and_then(Value::as_f64);
        match (number(query), number(fields)) {
            (_, None) => issues.error("amount", "must be the number of major units that were paid back"),
            (Some(asked), Some(given)) if asked != given => {
                issues.error("amount", "must be what was asked for, in major units");
            }
            _ => {}
        }
        if text(fields, "currency").is_none() {
            issues.warning("currency", "is missing");
        }
    } else if text(fields, "message").is_none() {
        issues.warning("message", "is missing: nobody learns why");
    }
    meaning
}

/// How many characters a text has: the bytes that do not go on with one. (`chars().count()` is cut out of the module.)
fn characters(text: &str) -> usize {
    text.bytes().filter(|byte| byte & 0xc0 != 0x80).count()
}

fn methods(list: &[Value], issues: &mut Issues) {
    for (at, method) in list.iter().enumerate() {
        let at = digits(at as u64, 1);
        let path = |name: &str| joined(&["[", &at, "]", name]);
        let Some(fields) = method.as_object() else {
            issues.error(&path(""), "must be an object");
            continue;
        };
        if text(fields, "id").is_none() {
            issues.error(&path(".id"), "must be text that is not empty: charges name the method by it");
        }
        for name in ["type", "title"] {
            if text(fields, name).is_none() {
                issues.warning(&path(&joined(&[".", name])), "is missing");
            }
        }
        if text(fields, "title").is_some_and(|title| characters(title) > 20) {
            issues.warning(&path(".title"), "has more than 20 characters");
        }
        let fine = |expiry: &str| {
            let bytes = expiry.as_bytes();
            bytes.len() == 5 && bytes[2] == b'/' && bytes.iter().filter(|byte| byte.is_ascii_digit()).count() == 4
        };
        if text(fields, "expiry").is_some_and(|expiry| !fine(expiry)) {
            issues.warning(&path(".expiry"), "must read MM/YY");
        }
    }
}

/// Judges a charge.
fn snapshot(at: &str, fields: &Map<String, Value>, statuses: &[&str], known: Known, issues: &mut Issues) {
    let path = |name: &str| joined(&[at, ".", name]);
    match text(fields, "status") {
        Some(status) => one_of(&path("status"), status, statuses, issues),
        None => issues.error(&path("status"), "must be text"),
    }
    match (fields.get("amount").and_then(Value::as_f64), known.amount) {
        (None, _) => issues.error(&path("amount"), "must be a number"),
        (Some(amount), _) if amount <= 0.0 => {
            issues.error(&path("amount"), "must be above 0: where nothing was charged the snapshot is left out");
        }
        (Some(amount), Some(minor)) if amount != major(minor) && amount != f64::from(minor) => {
            let (major, minor) = (decimal(minor), digits(minor.into(), 1));
            let text = joined(&["is neither ", &major, " (major units) nor ", &minor, " (minor units)"]);
            // HighLevel shows the amount of its own record.
            issues.warning(&path("amount"), &text);
        }
        _ => {}
    }
    if let (Some(given), Some(currency)) = (text(fields, "currency"), known.currency) {
        if !given.eq_ignore_ascii_case(currency) {
            issues.error(&path("currency"), &joined(&["is another one than that of the payment, ", currency]));
        }
    }
    let charged = seconds(&path("chargedAt"), fields.get("chargedAt"), issues);
    clock(&path("chargedAt"), charged, known.since, known, issues);
    if text(fields, "chargeId").is_none() {
        issues.warning(&path("chargeId"), "is missing");
    }
}

/// The statuses of subscriptions in verify answers and pushes.
const PUSHED: [&str; 6] = ["trialing", "active", "expired", "canceled", "unpaid", "pending"];

/// Judges a subscription.
fn plan(at: &str, fields: &Map<String, Value>, statuses: &[&str], known: Known, issues: &mut Issues) {
    let path = |name: &str| joined(&[at, ".", name]);
    match text(fields, "status") {
        Some(status) => one_of(&path("status"), status, statuses, issues),
        None => issues.error(&path("status"), "must be text"),
    }
    if text(fields, "id").is_none() {
        issues.error(&path("id"), "must be the provider's id of the subscription");
    }
    let status = text(fields, "status").unwrap_or_default();
    let runs = matches!(status, "active" | "trialing");
    for name in ["trialEnd", "createdAt", "nextCharge"] {
        let given = fields.get(name);
        // What is charged no more has no next charge.
        if name == "nextCharge" && given.is_none() && !runs && status != "scheduled" {
            continue;
        }
        let at = seconds(&path(name), given, issues);
        if name == "createdAt" {
            clock(&path(name), at, None, known, issues);
        }
    }
    if status == "active" {
        still_free(&path("status"), known, issues);
    }
    let next = fields.get("nextCharge").and_then(Value::as_f64).filter(|next| *next > 0.0);
    if runs && next.zip(known.now).is_some_and(|(next, now)| next < now) {
        issues.warning(&path("nextCharge"), "lies in the past");
    }
}

fn one_of(path: &str, value: &str, list: &[&str], issues: &mut Issues) {
    if value == "cancelled" {
        issues.error(path, "is spelled \"canceled\"");
    } else if !list.contains(&value) {
        let list = separated(&mut list.iter().copied(), ", ");
        issues.error(path, &joined(&["\"", value, "\" is none of ", &list]));
    }
}

/// A time; none where it is missing, or is no time in unix seconds.
fn seconds(path: &str, value: Option<&Value>, issues: &mut Issues) -> Option<f64> {
    match value {
        Some(Value::Number(number)) => {
            let at = number.as_f64().unwrap_or_default();
            if at <= 1e11 {
                return Some(at);
            }
            issues.error(path, "must be in unix seconds; this looks like milliseconds");
        }
        Some(_) => issues.error(path, "must be a number of unix seconds"),
        None => issues.warning(path, "is missing"),
    }
    None
}

/// Tells of a time that has not come yet by the sandbox's clock, or that lies before what it is about.
fn clock(path: &str, at: Option<f64>, since: Option<f64>, known: Known, issues: &mut Issues) {
    let (Some(at), Some(now)) = (at, known.now) else { return };
    let wrong = if at > now + DRIFT {
        "lies in the future"
    } else if since.is_some_and(|since| at < since - DRIFT) {
        "lies before the payment was asked for"
    } else {
        return;
    };
    let today = crate::sandbox::calendar::iso(now as i64 * 1000);
    let text =
        [wrong, " by the sandbox's clock (", &today, "): let the provider read that one, now: () => sandbox.now()"];
    issues.warning(path, &joined(&text));
}

/// Tells of a subscription that is said to be paid for while nothing is to be charged yet.
fn still_free(path: &str, known: Known, issues: &mut Issues) {
    let Some(until) = known.free_until.filter(|until| known.now.is_some_and(|now| now < *until)) else { return };
    let until = crate::sandbox::calendar::iso(until as i64 * 1000);
    let text = [
        "is active, and nothing is charged until ",
        &until,
        ": say trialing while a trial runs, scheduled before the start date",
    ];
    issues.error(path, &joined(&text));
}

/// Tells of a charge that is another one than its snapshot's.
fn same_charge(at: &str, fields: &Map<String, Value>, issues: &mut Issues) {
    let snapshot = inner(fields, "chargeSnapshot").and_then(|charge| text(charge, "chargeId"));
    if let (Some(own), Some(snapshot)) = (text(fields, "chargeId"), snapshot) {
        if own != snapshot {
            issues.warning(&joined(&[at, "chargeSnapshot.chargeId"]), "is another charge than chargeId");
        }
    }
}

fn contradiction(meaning: Meaning, charge: &Map<String, Value>, issues: &mut Issues) {
    let status = text(charge, "status").unwrap_or_default();
    let fits = match meaning {
        Meaning::Success => status == "succeeded",
        Meaning::Failed => status == "failed",
        Meaning::Pending => matches!(status, "pending" | "processing"),
        Meaning::None => true,
    };
    if !fits {
        let text = joined(&["\"", status, "\" contradicts success and failed, which HighLevel goes by"]);
        issues.warning("chargeSnapshot.status", &text);
    }
}

/// What a message of the frame means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Nothing that HighLevel knows.
    Other,
    /// The listener is up; whether cards can be saved.
    Ready(bool),
    /// The money is there, or the method is saved; the charge.
    Success(Option<String>),
    /// It did not work: the text for the payer.
    Error(String),
    /// The payer has left.
    Close,
}

/// What is posted.
#[derive(Debug, Clone)]
pub enum Posted {
    /// Text.
    Text(String),
    /// Anything else, as JSON would show it.
    Object(Value),
}

/// Reads a message of the frame.
pub fn message(posted: &Posted, reads_objects: bool, setup: Option<bool>) -> (Message, Value, Issues) {
    let mut issues = Issues::default();
    let value = match posted {
        Posted::Text(text) => match parse(text.as_bytes()) {
            Some(value) => value,
            None => {
                issues.warning("", "Unable to parse event message: it is no JSON text");
                return (Message::Other, Value::from(text.as_str()), issues);
            }
        },
        Posted::Object(value) => {
            let known = value.get("type").and_then(Value::as_str).is_some_and(|kind| TYPES.contains(&kind));
            if !reads_objects {
                let text = "Unable to parse event message: HighLevel's checkout reads JSON text, so post JSON.stringify(message)";
                if known {
                    issues.error("", text);
                } else {
                    issues.warning("", text);
                }
                return (Message::Other, value.clone(), issues);
            }
            value.clone()
        }
    };
    let meaning = read(&value, setup, &mut issues);
    (meaning, value, issues)
}

const TYPES: [&str; 4] = [
    "custom_provider_ready",
    "custom_element_success_response",
    "custom_element_error_response",
    "custom_element_close_response",
];

fn read(value: &Value, setup: Option<bool>, issues: &mut Issues) -> Message {
    let Some(fields) = value.as_object() else {
        issues.warning("", "is no object: HighLevel's checkout ignores it");
        return Message::Other;
    };
    match text(fields, "type").unwrap_or_default() {
        "custom_provider_ready" => {
            let cards = fields.get("addCardOnFileSupported");
            if cards.is_some_and(|cards| !cards.is_boolean()) {
                issues.error("addCardOnFileSupported", "must be true or false");
            }
            if fields.get("loaded") != Some(&Value::Bool(true)) {
                issues.error("loaded", "must be true: HighLevel sends no props without it");
                return Message::Other;
            }
            Message::Ready(cards == Some(&Value::Bool(true)))
        }
        "custom_element_success_response" => match (fields.get("chargeId"), setup) {
            (None, Some(false)) => {
                issues.error("chargeId", "must be there: HighLevel verifies the payment by it");
                Message::Other
            }
            (None, _) => Message::Success(None),
            (Some(_), Some(true)) => {
                issues.warning("chargeId", "belongs to payments: a saved payment method has none");
                Message::Success(None)
            }
            (Some(Value::String(id)), _) if !id.is_empty() => Message::Success(Some(id.clone())),
            (Some(_), _) => {
                issues.error("chargeId", "must be text that is not empty");
                Message::Other
            }
        },
        "custom_element_error_response" => {
            let shown = inner(fields, "error").and_then(|error| text(error, "description"));
            if shown.is_none() {
                issues.error("error.description", "must be the text for the payer: { error: { description } }");
            }
            Message::Error(shown.unwrap_or_default().to_owned())
        }
        "custom_element_close_response" => Message::Close,
        kind => {
            if kind.starts_with("custom_") {
                issues
                    .error("type", &joined(&["\"", kind, "\" is none of ", &separated(&mut TYPES.into_iter(), ", ")]));
            }
            Message::Other
        }
    }
}

/// The events that a provider pushes, with what each must carry beside `event`, `locationId` and `apiKey`.
pub const EVENTS: [(&str, &[&str]); 5] = [
    ("payment.captured", &["chargeId", "ghlTransactionId", "chargeSnapshot"]),
    ("subscription.trialing", &["chargeId", "ghlTransactionId", "ghlSubscriptionId", "marketplaceAppId"]),
    ("subscription.active", &["chargeId", "ghlTransactionId", "ghlSubscriptionId", "marketplaceAppId"]),
    ("subscription.updated", &["ghlSubscriptionId", "subscriptionSnapshot"]),
    ("subscription.charged", &["chargeId", "ghlSubscriptionId", "subscriptionSnapshot", "chargeSnapshot"]),
];

/// Judges the form of a push.
pub fn push(fields: &Map<String, Value>, known: Known) -> Issues {
    let mut issues = Issues::default();
    for name in ["event", "locationId", "apiKey"] {
        if text(fields, name).is_none() {
            issues.error(name, "must be text that is not empty");
        }
    }
    let event = text(fields, "event").unwrap_or_default();
    let Some((_, mandatory)) = EVENTS.iter().find(|(name, _)| *name == event) else {
        if !event.is_empty() {
            let names = separated(&mut EVENTS.iter().map(|(name, _)| *name), ", ");
            issues.error("event", &joined(&["\"", event, "\" is none of ", &names]));
        }
        return issues;
    };
    for name in *mandatory {
        let fine =
            if name.ends_with("Snapshot") { inner(fields, name).is_some() } else { text(fields, name).is_some() };
        if !fine {
            let what = if name.ends_with("Snapshot") { "must be an object" } else { "must be text that is not empty" };
            issues.error(name, what);
        }
    }
    same_charge("", fields, &mut issues);
    if event == "subscription.active" {
        still_free("event", known, &mut issues);
    }
    if let Some(charge) = inner(fields, "chargeSnapshot") {
        snapshot("chargeSnapshot", charge, &["succeeded", "failed", "pending"], known, &mut issues);
    }
    if let Some(subscription) = inner(fields, "subscriptionSnapshot") {
        plan("subscriptionSnapshot", subscription, &PUSHED, known, &mut issues);
    }
    issues
}
