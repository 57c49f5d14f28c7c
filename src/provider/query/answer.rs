//! From what a provider's code gives to the answer that HighLevel reads.

use super::refusal::RefusalCode;
use super::Action;
use crate::json::{field, items, joined, json_text, members, push_decimal, put, rounded_up, text_field, Object};
use crate::provider::money::{Amount, Unit};
use crate::provider::snapshot::LATEST_SECONDS;
use crate::shape::{validate, Issue, Kind, Shape};
use ghl_payments_derive::model;
use serde_json::Value as Json;

/// In which unit the amounts of snapshots stand unless the provider says otherwise: that of HighLevel's own examples, minor in
/// answers to verify (as in pushes), major in answers to `charge_payment` and `create_subscription`. The sources disagree; the
/// totals that HighLevel shows come from its own records.
pub fn unit_of(action: Action) -> Unit {
    if action == Action::Verify {
        Unit::Minor
    } else {
        Unit::Major
    }
}

/// A charge, as a provider's code tells of it.
#[model(request, default)]
pub struct ChargeDetails {
    /// The gateway's id of the charge. Of verify it may be left out: it is the one that was asked about.
    #[shape(id)]
    pub charge_id: Option<String>,
    /// The gateway's id of the payment, where that is another one.
    #[shape(id)]
    pub id: Option<String>,
    /// What was charged. Where HighLevel named the amount it may be left out.
    #[shape(ts("AmountInput"))]
    pub amount: Option<Json>,
    /// When it was charged: unix seconds, or a `Date`. Now, if left out.
    #[shape(whole, ts("number | Date"))]
    pub charged_at: Option<f64>,
    /// State of a charge that is pending; default `pending`.
    #[shape(id, known("pending", "processing"))]
    pub status: Option<String>,
    /// For people.
    pub message: Option<String>,
}

/// A subscription, as a provider's code tells of it.
#[model(request)]
pub struct SubscriptionDetails {
    /// The gateway's id of the subscription.
    #[shape(id)]
    pub id: String,
    /// State of the subscription. Of verify it is `active` or `trialing`.
    #[shape(id, known("active", "trialing", "scheduled", "incomplete", "unpaid", "expired", "canceled"))]
    pub status: String,
    /// When the trial ends: unix seconds, or a `Date`. It is needed while it is `trialing`.
    #[shape(whole, ts("number | Date"))]
    pub trial_end: Option<f64>,
    /// When it was created: unix seconds, or a `Date`. Now, if left out.
    #[shape(whole, ts("number | Date"))]
    pub created_at: Option<f64>,
    /// When it is charged next: unix seconds, or a `Date`; left out where it is charged no more.
    #[shape(whole, ts("number | Date"))]
    pub next_charge: Option<f64>,
}

/// What a provider's code says about a payment or a subscription.
#[model(request, default)]
pub struct PaymentDetails {
    /// The charge; none where a trial begins without one.
    pub charge: Option<ChargeDetails>,
    /// The subscription.
    pub subscription: Option<SubscriptionDetails>,
    /// For people.
    pub message: Option<String>,
}

/// What a provider's code says about a refund.
#[model(request)]
pub struct RefundDetails {
    /// The gateway's id of the refund.
    #[shape(id)]
    pub id: String,
    /// What was given back. Where the currency of the charge is known it may be left out: it is what was asked for.
    #[shape(ts("AmountInput"))]
    pub amount: Option<Json>,
    /// For people.
    pub message: Option<String>,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was done.
    Succeeded,
    /// It was not done, and will not be.
    Failed,
    /// Not yet known.
    Pending,
}

/// What HighLevel is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The HTTP status: 200 also where a payment has failed.
    pub status: u16,
    /// The body, as JSON text.
    pub body: String,
    /// How it ended.
    pub ended: Ended,
    /// The gateway's id of the charge that was made or verified.
    pub charge_id: Option<String>,
    /// What was charged, or given back.
    pub amount: Option<Amount>,
    /// Why it is none, where it is a refusal.
    pub code: Option<RefusalCode>,
    /// What is wrong then.
    pub issues: Vec<Issue>,
}

impl Answer {
    pub(super) fn new(body: String, ended: Ended) -> Self {
        Self { status: 200, body, ended, charge_id: None, amount: None, code: None, issues: Vec::new() }
    }
}

/// The answer to a request.
///
/// `asked` is [`Query::asked`](super::Query::asked) of it, `outcome` is `{result, message?, details?}` as JSON text, where the
/// `result` is `succeeded`, `failed` or `pending` and the details are [`PaymentDetails`], [`ChargeDetails`], [`RefundDetails`] or
/// a list of payment methods. `now` is in unix seconds.
///
/// # Errors
/// What is wrong with the outcome: it is no answer to what was asked.
pub fn answer(action: Action, asked: &str, outcome: &str, unit: Unit, now: f64) -> Result<Answer, Vec<Issue>> {
    let (asked, outcome) = (asked.as_bytes(), outcome.as_bytes());
    let ended = match text_field(outcome, "result").as_str() {
        "succeeded" => Ended::Succeeded,
        "failed" => Ended::Failed,
        "pending" => Ended::Pending,
        _ => return Err(vec![Issue::new("", "must be what succeeded(), failed() or pending() gives")]),
    };
    let mut writer = Writer { asked, unit, now, issues: Vec::new() };
    let message = json_text(field(outcome, "message"));
    let details = core::str::from_utf8(field(outcome, "details")).unwrap_or_default();
    let answer = writer.write(action, ended, message.as_deref(), if details.is_empty() { "{}" } else { details });
    if writer.issues.is_empty() {
        Ok(answer)
    } else {
        Err(writer.issues)
    }
}

/// The answer where a capability is missing: no methods, or a failure.
pub fn not_supported(action: Action) -> Answer {
    let outcome = match action {
        Action::ListPaymentMethods => r#"{"result":"succeeded","details":[]}"#,
        _ => r#"{"result":"failed","message":"this provider does not support it"}"#,
    };
    let nothing = Answer::new(String::new(), Ended::Failed);
    answer(action, "{}", outcome, unit_of(action), 0.0).unwrap_or(nothing)
}

/// The most letters of a title.
const MAX_TITLE: usize = 20;

struct Writer<'a> {
    asked: &'a [u8],
    unit: Unit,
    now: f64,
    issues: Vec<Issue>,
}

impl Writer<'_> {
    fn issue(&mut self, path: &str, message: &str) {
        self.issues.push(Issue::new(path, message));
    }

    /// Whether the details have their shape.
    fn fits(&mut self, details: &str, kind: &'static Kind) -> bool {
        let Kind::Object(record) = kind else { return true };
        match validate(details, record, false) {
            Ok(_) => true,
            Err(issues) => {
                self.issues.extend(issues);
                false
            }
        }
    }

    fn write(&mut self, action: Action, ended: Ended, message: Option<&str>, details: &str) -> Answer {
        let mut answer = Answer::new(String::new(), ended);
        let kind: &'static Kind = match action {
            Action::Verify | Action::CreateSubscription if ended == Ended::Succeeded => &PaymentDetails::KIND,
            Action::Refund if ended == Ended::Succeeded => &RefundDetails::KIND,
            Action::ListPaymentMethods => &Kind::Json,
            _ => &ChargeDetails::KIND,
        };
        let allowed = match ended {
            Ended::Succeeded => true,
            Ended::Failed => action != Action::ListPaymentMethods,
            Ended::Pending => matches!(action, Action::Verify | Action::ChargePayment | Action::CreateSubscription),
        };
        if !allowed {
            self.issue("", "is no answer to this question: it has no such end");
        }
        if !allowed || !self.fits(details, kind) {
            return answer;
        }
        let details = details.as_bytes();
        if action == Action::ListPaymentMethods {
            answer.body = self.methods(details);
            return answer;
        }
        let said = json_text(field(details, "message"));
        let message = message.or(said.as_deref());
        let mut out = Object::new();
        match (action, ended) {
            (Action::CancelSubscription, Ended::Succeeded) => out.text("status", "canceled"),
            (Action::CancelSubscription, _) => {
                // No body says that it failed, so the status has to.
                answer.status = 422;
                out.truth("success", false);
            }
            (Action::Verify, Ended::Failed) => out.truth("failed", true),
            (Action::Verify, Ended::Pending) => out.truth("success", false),
            (Action::Refund, _) => out.truth("success", ended == Ended::Succeeded),
            _ => {
                out.truth("success", ended == Ended::Succeeded);
                out.truth("failed", ended == Ended::Failed);
            }
        }
        if action != Action::CancelSubscription || ended != Ended::Succeeded {
            out.optional_text("message", message.filter(|text| !text.is_empty()));
        }
        match action {
            Action::Verify if ended == Ended::Succeeded => {
                answer.charge_id = json_text(field(self.asked, "chargeId"));
                answer.amount = self.charge(&mut out, details, "charge", false);
                if field(self.asked, "kind") == b"\"subscription\"" {
                    let given = field(details, "subscription");
                    let status = text_field(given, "status");
                    if given.is_empty() {
                        self.issue("subscription", "is required: the request names a subscription");
                    } else if !matches!(status.as_str(), "active" | "trialing") {
                        self.issue("subscription.status", "must be active or trialing");
                    }
                    out.text("subscriptionStatus", &status);
                    self.subscription(&mut out, given);
                }
            }
            Action::ChargePayment => {
                let charge_id = json_text(field(details, "chargeId"));
                if charge_id.is_none() && ended != Ended::Failed {
                    self.issue("chargeId", "is required: refunds and pushes name it");
                }
                out.optional_text("chargeId", charge_id.as_deref());
                if ended != Ended::Failed {
                    answer.amount = self.snapshot(&mut out, details, "", ended == Ended::Pending);
                }
                answer.charge_id = charge_id;
            }
            Action::CreateSubscription if ended == Ended::Succeeded => {
                let charge = field(details, "charge");
                if !charge.is_empty() {
                    answer.charge_id = json_text(field(charge, "chargeId"));
                    if answer.charge_id.is_none() {
                        self.issue("charge.chargeId", "is required: refunds and pushes name it");
                    }
                    out.open("transaction", '{');
                    out.optional_text("chargeId", answer.charge_id.as_deref());
                    answer.amount = self.charge(&mut out, details, "charge", false);
                    out.close('}');
                }
                let given = field(details, "subscription");
                self.created(given);
                out.open("subscription", '{');
                out.text("subscriptionId", &text_field(given, "id"));
                self.subscription(&mut out, given);
                out.close('}');
            }
            Action::Refund if ended == Ended::Succeeded => {
                out.text("id", &text_field(details, "id"));
                answer.amount = self.refunded(&mut out, details);
            }
            _ => {}
        }
        answer.body = out.finish();
        answer
    }

    /// The snapshot of the charge in a field of the details, if it has one.
    fn charge(&mut self, out: &mut Object, details: &[u8], name: &str, pending: bool) -> Option<Amount> {
        let charge = field(details, name);
        if charge.is_empty() {
            return None;
        }
        self.snapshot(out, charge, "charge.", pending)
    }

    fn snapshot(&mut self, out: &mut Object, charge: &[u8], at: &str, pending: bool) -> Option<Amount> {
        let given = field(charge, "amount");
        let expected = Amount::read(field(self.asked, "amount")).ok();
        let amount = match expected {
            Some(expected) if given.is_empty() => Ok(expected),
            _ => Amount::read(given),
        };
        let amount = match amount {
            Ok(amount) => amount,
            Err(_) if given.is_empty() => {
                self.issue(&joined(&[at, "amount"]), "is required");
                return None;
            }
            Err((field, error)) => {
                self.issue(&joined(&[at, "amount", field]), error.message());
                return None;
            }
        };
        if amount.minor == 0 {
            self.issue(&joined(&[at, "amount"]), "must be above 0: leave the charge out where nothing was charged");
        }
        if expected.is_some_and(|expected| expected.currency != amount.currency) {
            self.issue(&joined(&[at, "amount.currency"]), "must be that of the request");
        }
        let charge_id = json_text(field(charge, "chargeId")).or_else(|| json_text(field(self.asked, "chargeId")));
        let charge_id = charge_id.unwrap_or_default();
        let status = json_text(field(charge, "status"));
        if status.is_some() && !pending {
            self.issue(&joined(&[at, "status"]), "is only for a charge that is pending()");
        }
        out.open("chargeSnapshot", '{');
        out.text("id", json_text(field(charge, "id")).as_deref().unwrap_or(&charge_id));
        out.text("status", if pending { status.as_deref().unwrap_or("pending") } else { "succeeded" });
        out.json("amount", &amount.in_unit(self.unit));
        out.text("chargeId", &charge_id);
        let now = self.now;
        self.time(out, charge, at, "chargedAt", Some(now));
        out.close('}');
        Some(amount)
    }

    /// Whether a subscription that was created has begun, or will.
    fn created(&mut self, given: &[u8]) {
        if given.is_empty() {
            self.issue("subscription", "is required");
        } else if !matches!(&*text_field(given, "status"), "active" | "trialing" | "scheduled" | "incomplete") {
            self.issue(
                "subscription.status",
                "must be active, trialing, scheduled or incomplete; else it has failed()",
            );
        }
    }

    fn subscription(&mut self, out: &mut Object, given: &[u8]) {
        let status = text_field(given, "status");
        let trial = field(given, "trialEnd");
        if status == "trialing" && (trial.is_empty() || trial == b"0") {
            self.issue("subscription.trialEnd", "is required while it is trialing");
        }
        let now = self.now;
        out.open("subscriptionSnapshot", '{');
        out.text("id", &text_field(given, "id"));
        out.text("status", &status);
        self.time(out, given, "subscription.", "trialEnd", Some(0.0));
        self.time(out, given, "subscription.", "createdAt", Some(now));
        self.time(out, given, "subscription.", "nextCharge", None);
        out.close('}');
    }

    /// A time in unix seconds.
    fn time(&mut self, out: &mut Object, given: &[u8], at: &str, name: &str, otherwise: Option<f64>) {
        let value = core::str::from_utf8(field(given, name)).unwrap_or_default();
        if value.is_empty() {
            out.number(name, otherwise);
            return;
        }
        // Whole and from 0, as its shape was checked.
        if rounded_up(value.as_bytes()) > LATEST_SECONDS {
            self.issue(&joined(&[at, name]), "must be unix seconds or a Date, and looks like milliseconds");
        }
        out.json(name, value);
    }

    fn refunded(&mut self, out: &mut Object, details: &[u8]) -> Option<Amount> {
        let given = field(details, "amount");
        let asked = field(self.asked, "amount");
        match Amount::read(if given.is_empty() { asked } else { given }) {
            Ok(amount) => {
                out.json("amount", &amount.major());
                out.text("currency", amount.currency.as_str());
                Some(amount)
            }
            Err((field, error)) if !given.is_empty() => {
                self.issue(&joined(&["amount", field]), error.message());
                None
            }
            // The currency is not known.
            Err(_) => {
                let major = core::str::from_utf8(field(asked, "major")).unwrap_or_default();
                if !major.is_empty() {
                    out.json("amount", major);
                }
                None
            }
        }
    }

    fn methods(&mut self, list: &[u8]) -> String {
        let mut out = String::from("[");
        if list.first() != Some(&b'[') {
            self.issue("", "must be a list of payment methods");
            return out;
        }
        for (index, (_, method)) in items(list).enumerate() {
            let before = self.issues.len();
            if self.fits(core::str::from_utf8(method).unwrap_or_default(), &super::PaymentMethod::KIND) {
                let expiry = text_field(method, "expiry");
                if !expiry.is_empty() && !is_expiry(expiry.as_bytes()) {
                    self.issue("expiry", "must be MM/YY, such as 02/29");
                }
            }
            for issue in self.issues.iter_mut().skip(before) {
                let mut path = String::from("[");
                push_decimal(&mut path, index as u64);
                put(&mut path, if issue.path.is_empty() { "]" } else { "]." });
                put(&mut path, &issue.path);
                issue.path = path;
            }
            let mut one = Object::new();
            for (name, value) in members(method) {
                let name = core::str::from_utf8(name).unwrap_or_default();
                let text = json_text(value).unwrap_or_default();
                // The list shows no more of a title.
                let shown = if name == "title" { first(&text, MAX_TITLE) } else { &text };
                one.text(name, shown);
            }
            put(&mut out, if index > 0 { "," } else { "" });
            put(&mut out, &one.finish());
        }
        out.push(']');
        out
    }
}

/// The first letters of a text.
fn first(text: &str, letters: usize) -> &str {
    let end = text.char_indices().nth(letters).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

fn is_expiry(text: &[u8]) -> bool {
    match *text {
        [tens, ones, b'/', decade, year] => {
            matches!((tens, ones), (b'0', b'1'..=b'9') | (b'1', b'0'..=b'2'))
                && decade.is_ascii_digit()
                && year.is_ascii_digit()
        }
        _ => false,
    }
}
