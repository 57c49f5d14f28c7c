//! What a provider tells HighLevel of its own accord.
//!
//! `POST https://backend.leadconnectorhq.com/payments/custom-provider/webhook`, which knows the sender by `apiKey` and
//! `locationId` in the body: no signature, no token. HighLevel's changelog speaks of further events that are documented
//! nowhere, so an event of any name may be pushed; of those in [`EVENTS`] it is known what they must carry.

use super::money::{Amount, Unit};
use super::snapshot::{ChargeSnapshot, SubscriptionSnapshot, LATEST_SECONDS};
use crate::json::{amount, field, is_whole, joined, members, put, quote, rounded_up, text_field, unescape};
use crate::shape::{validate, Issue, Kind, Record, Shape};
use ghl_payments_derive::model;

/// Where pushes go.
pub const BASE_URL: &str = "https://backend.leadconnectorhq.com";

/// The path of the webhook below [`BASE_URL`].
pub const PATH: &str = "/payments/custom-provider/webhook";

/// A push, as it is sent.
///
/// Source: HighLevel's article "How to build a custom payments integration on the platform", section 11.
#[model(request)]
pub struct Push {
    /// What has happened: one of [`EVENTS`], or another name.
    #[shape(
        id,
        known(
            "payment.captured",
            "subscription.charged",
            "subscription.trialing",
            "subscription.active",
            "subscription.updated"
        )
    )]
    pub event: String,
    /// The location that the payment belongs to: 20 characters.
    #[shape(id)]
    pub location_id: String,
    /// The secret by which HighLevel knows the provider: that which was connected for the mode of the payment.
    #[shape(id, secret)]
    pub api_key: String,
    /// The gateway's id of the charge, as it was given to the checkout; of a trial without a charge, the id that was given there.
    #[shape(id)]
    pub charge_id: Option<String>,
    /// HighLevel's id of the transaction, as it came with the props or with `verify`.
    #[shape(id)]
    pub ghl_transaction_id: Option<String>,
    /// HighLevel's id of the subscription, as it came with the props, with `verify` or with `create_subscription`.
    #[shape(id)]
    pub ghl_subscription_id: Option<String>,
    /// Id of the marketplace app that is the provider.
    #[shape(id)]
    pub marketplace_app_id: Option<String>,
    /// The charge, by default with its amount in minor units.
    pub charge_snapshot: Option<ChargeSnapshot>,
    /// The subscription.
    pub subscription_snapshot: Option<SubscriptionSnapshot>,
}

/// An event whose fields are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushEvent {
    /// Its name on the wire.
    pub name: &'static str,
    /// When it is sent.
    pub when: &'static str,
    /// What it must carry beside `event`, `locationId` and `apiKey`.
    pub mandatory: &'static [&'static str],
}

/// Declares the events, each once.
macro_rules! events {
    ($(#[doc = $doc:literal] $name:literal: $($field:literal)*;)*) => {
        /// The events whose fields are known.
        pub static EVENTS: &[PushEvent] = &[$(PushEvent {
            name: $name,
            when: $doc,
            mandatory: &[$($field),*],
        },)*];

        /// For `models.d.ts`: what each event must carry.
        #[cfg(all(feature = "npm", target_arch = "wasm32"))]
        #[allow(dead_code, reason = "what wasm-bindgen makes of it is not counted as a use")]
        pub(crate) const TYPESCRIPT: &str = concat!(
            "/** What a push of each event must carry, beside `event`, `locationId` and `apiKey`. */\n",
            "export interface PushFields {\n",
            $("    /**", $doc, " */\n    \"", $name, "\": never", $(" | \"", $field, "\"",)* ";\n",)*
            "}\n"
        );
    };
}

events! {
    /// A payment that `verify` left pending is final.
    "payment.captured": "chargeId" "ghlTransactionId" "chargeSnapshot";
    /// A subscription was charged: after every recurring charge, and after the first one too for a full history.
    "subscription.charged": "chargeId" "ghlSubscriptionId" "subscriptionSnapshot" "chargeSnapshot";
    /// A trial has begun without a charge.
    "subscription.trialing": "chargeId" "ghlTransactionId" "ghlSubscriptionId" "marketplaceAppId";
    /// The first charge of a subscription has succeeded.
    "subscription.active": "chargeId" "ghlTransactionId" "ghlSubscriptionId" "marketplaceAppId";
    /// The state of a subscription changed, also by its end (`canceled`, `expired`) or for want of money (`unpaid`).
    "subscription.updated": "ghlSubscriptionId" "subscriptionSnapshot";
}

/// Who pushes.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    /// The secret that was connected for the mode of the payment; nothing where only the rest is to be looked at.
    pub api_key: Option<&'a str>,
    /// Id of the marketplace app, for the events that must name it; empty where each push names it itself.
    pub marketplace_app_id: &'a str,
    /// The unit in which amounts are sent.
    pub unit: Unit,
}

/// A push that may be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The body. It holds the secret.
    pub body: String,
    /// The location.
    pub location_id: String,
    /// `live` or `test`; empty where the push names none.
    pub mode: String,
    /// The subscription, of whose pushes the order counts; empty where it is about none.
    pub subscription_id: String,
    /// Whether it says that the subscription has ended.
    pub ends: bool,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("body", &"[redacted]")
            .field("location_id", &self.location_id)
            .field("mode", &self.mode)
            .field("subscription_id", &self.subscription_id)
            .field("ends", &self.ends)
            .finish()
    }
}

/// The states in which a subscription stays.
pub const ENDED: &[&str] = &["canceled", "expired"];

const RECORD: Option<&Record> = match Push::KIND {
    Kind::Object(record) => Some(record),
    _ => None,
};

/// Makes the body of a push from what a caller gives: JSON text with the fields of [`Push`] but `apiKey`, and with `mode`.
///
/// `chargeSnapshot.amount` is a number in the unit in which it is sent, or an object `{minor, currency}` or `{major,
/// currency}` that becomes one. Of the [`EVENTS`] everything that is missing and everything unknown is an [`Issue`]; of any
/// other event the known fields are checked and the others sent as they are. Times have to be unix seconds.
pub fn prepare(push: &str, sender: &Sender<'_>) -> Result<Prepared, Vec<Issue>> {
    let json = push.as_bytes();
    let mut issues = Vec::new();
    let mut wrong = |path: &str, message: &str| issues.push(Issue::new(path, message));
    let event = text_field(json, "event");
    let known = EVENTS.iter().find(|known| known.name == event);
    let mode = text_field(json, "mode");
    if !field(json, "mode").is_empty() && !matches!(mode.as_str(), "live" | "test") {
        wrong("mode", "must be live or test");
    }
    let mut own = String::new();
    let mut others = String::new();
    let mut named = Vec::new();
    for (key, value) in members(json) {
        let name = unescape(key);
        // What was scanned is UTF-8.
        let value = core::str::from_utf8(value).unwrap_or_default();
        match name.as_str() {
            "mode" => continue,
            "apiKey" => {
                wrong("apiKey", "is the provider's own: give it to createProvider()");
                continue;
            }
            "chargeSnapshot" if value.starts_with('{') => {
                put_name(&mut own, &name);
                put_snapshot(&mut own, value, sender.unit, &mut wrong);
            }
            _ if known.is_some() || RECORD.is_some_and(|record| record.index(&name).is_some()) => {
                put_name(&mut own, &name);
                put(&mut own, value);
            }
            _ => {
                put_name(&mut others, &name);
                put(&mut others, value);
            }
        }
        named.push(name);
    }
    let is_there = |name: &str| named.iter().any(|there| there == name);
    for name in known.map_or(&[] as &[&str], |known| known.mandatory) {
        let given = *name == "marketplaceAppId" && !sender.marketplace_app_id.is_empty();
        if given && !is_there(name) {
            put_name(&mut own, name);
            quote(&mut own, sender.marketplace_app_id);
        } else if !given && !is_there(name) {
            wrong(name, &joined(&["is required with event \"", &event, "\""]));
        }
    }
    let (charge, told) = (text_field(json, "chargeId"), text_field(field(json, "chargeSnapshot"), "chargeId"));
    if known.is_some() && !charge.is_empty() && !told.is_empty() && charge != told {
        wrong("chargeSnapshot.chargeId", "must be the same as chargeId: a push is about one charge");
    }
    for (snapshot, names) in [
        ("chargeSnapshot", &["chargedAt"] as &[&str]),
        ("subscriptionSnapshot", &["trialEnd", "createdAt", "nextCharge"]),
    ] {
        for name in names {
            if rounded_up(number(field(json, snapshot), name)) > LATEST_SECONDS {
                wrong(&joined(&[snapshot, ".", name]), "must be unix seconds; this is too large, as milliseconds are");
            }
        }
    }
    put_name(&mut own, "apiKey");
    quote(&mut own, sender.api_key.unwrap_or("-"));
    // What is no object is called so.
    let object = joined(&["{", &own, "}"]);
    let text = if json.trim_ascii_start().starts_with(b"{") { &object } else { push };
    let mut body = String::new();
    match RECORD.map(|record| validate(text, record, false)) {
        Some(Ok(accepted)) => body = accepted.written(text),
        Some(Err(found)) if found.iter().any(|issue| issue.path.is_empty()) => issues = found,
        // Of an event that lacks something the place is said once.
        Some(Err(found)) => {
            let is_new = |issue: &Issue| issues.iter().all(|known| known.path != issue.path);
            let found: Vec<Issue> = found.into_iter().filter(is_new).collect();
            issues.extend(found);
        }
        None => {}
    }
    if !issues.is_empty() {
        return Err(issues);
    }
    if !others.is_empty() {
        body.pop();
        put(&mut body, ",");
        put(&mut body, &others);
        put(&mut body, "}");
    }
    let status = text_field(field(json, "subscriptionSnapshot"), "status");
    Ok(Prepared {
        body,
        location_id: text_field(json, "locationId"),
        mode,
        subscription_id: text_field(json, "ghlSubscriptionId"),
        ends: event == "subscription.updated" && ENDED.contains(&status.as_str()),
    })
}

/// Begins a member of an object that is written without its braces.
fn put_name(out: &mut String, name: &str) {
    if !out.is_empty() {
        put(out, ",");
    }
    quote(out, name);
    put(out, ":");
}

/// The number that a field is; nothing where it is none.
fn number<'a>(json: &'a [u8], name: &str) -> &'a [u8] {
    let value = field(json, name);
    match value {
        [b'-' | b'0'..=b'9', ..] => value,
        _ => b"",
    }
}

/// The snapshot of a charge, with its amount in the unit in which it is sent.
fn put_snapshot(out: &mut String, snapshot: &str, unit: Unit, wrong: &mut dyn FnMut(&str, &str)) {
    let mut inside = String::new();
    for (key, value) in members(snapshot.as_bytes()) {
        let name = unescape(key);
        put_name(&mut inside, &name);
        let value = core::str::from_utf8(value).unwrap_or_default();
        if name != "amount" {
            put(&mut inside, value);
        } else if value.starts_with('{') {
            match converted(value.as_bytes(), unit) {
                Ok(amount) => put(&mut inside, &amount),
                Err((at, message)) => {
                    wrong(&joined(&["chargeSnapshot.amount", at]), message);
                    put(&mut inside, "1");
                }
            }
        } else {
            // A whole number of cents with decimals behind is an amount in the other unit.
            let digits = number(snapshot.as_bytes(), "amount");
            if unit == Unit::Minor && amount(digits).is_ok() && !is_whole(digits) {
                wrong("chargeSnapshot.amount", "must be a whole number of minor units, or { major, currency }");
            }
            put(&mut inside, value);
        }
    }
    put(out, "{");
    put(out, &inside);
    put(out, "}");
}

/// An amount as [`Amount::read`] takes it, in the wanted unit; otherwise where something is wrong, and what.
fn converted(money: &[u8], unit: Unit) -> Result<String, (&'static str, &'static str)> {
    let amount = Amount::read(money).map_err(|(at, error)| (at, error.message()))?;
    if amount.minor == 0 {
        return Err(("", "must be above 0"));
    }
    Ok(amount.in_unit(unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Json;
    use serde_json::json;

    const SENDER: Sender<'_> = Sender { api_key: Some("key"), marketplace_app_id: "app", unit: Unit::Minor };

    fn prepared(push: &Json, unit: Unit) -> Result<Json, Vec<(String, String)>> {
        let sender = Sender { unit, ..SENDER };
        let prepared = prepare(&push.to_string(), &sender)
            .map_err(|issues| issues.into_iter().map(|issue| (issue.path, issue.message)).collect::<Vec<_>>())?;
        Ok(serde_json::from_str(&prepared.body).expect("JSON"))
    }

    fn captured(amount: &Json) -> Json {
        json!({
            "event": "payment.captured", "locationId": "l", "chargeId": "c", "ghlTransactionId": "t",
            "chargeSnapshot": { "status": "succeeded", "amount": amount, "chargeId": "c", "chargedAt": 1_724_217_600 },
        })
    }

    fn paths(push: &Json) -> Vec<String> {
        prepared(push, Unit::Minor).expect_err("refused").into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn an_amount_leaves_in_the_unit_that_was_chosen_by_the_decimals_of_its_currency() {
        for (amount, minor, major) in [
            (json!({ "minor": 1050, "currency": "usd" }), json!(1050), json!(10.5)),
            (json!({ "major": 10.5, "currency": "USD" }), json!(1050), json!(10.5)),
            (json!({ "major": 19.99, "minor": 1999, "currency": "EUR" }), json!(1999), json!(19.99)),
            (json!({ "minor": 500, "currency": "JPY" }), json!(500), json!(500)),
            (json!({ "major": 1.234, "currency": "KWD" }), json!(1234), json!(1.234)),
            (json!({ "major": 0.1 + 0.2, "currency": "USD" }), json!(30), json!(0.3)),
        ] {
            let sent = |unit| prepared(&captured(&amount), unit).expect("sent")["chargeSnapshot"]["amount"].clone();
            assert_eq!((sent(Unit::Minor), sent(Unit::Major)), (minor, major), "{amount}");
        }
        for (amount, at) in [
            (json!(10.5), ""),
            (json!(0), ""),
            (json!("10"), ""),
            (json!({ "minor": 10.5, "currency": "USD" }), ".minor"),
            (json!({ "minor": -1, "currency": "USD" }), ".minor"),
            (json!({ "major": 10.505, "currency": "USD" }), ".major"),
            (json!({ "major": 10.5, "currency": "JPY" }), ".major"),
            (json!({ "currency": "JPY" }), ".major"),
            (json!({ "major": 0, "currency": "USD" }), ""),
            (json!({ "major": 10.5, "minor": 1000, "currency": "USD" }), ""),
            (json!({ "major": "10,5", "currency": "USD" }), ".major"),
            (json!({ "minor": 10 }), ".currency"),
            (json!({ "minor": 10, "currency": "dollar" }), ".currency"),
        ] {
            assert_eq!(paths(&captured(&amount)), [format!("chargeSnapshot.amount{at}")], "{amount}");
        }
        assert_eq!(
            prepared(&captured(&json!(10.5)), Unit::Major).expect("sent")["chargeSnapshot"]["amount"],
            json!(10.5)
        );
    }

    #[test]
    fn every_event_says_what_it_lacks() {
        for event in EVENTS {
            let bare = json!({ "event": event.name, "locationId": "l" });
            let mut expected = event.mandatory.to_vec();
            expected.retain(|name| *name != "marketplaceAppId");
            assert_eq!(paths(&bare), expected, "{}", event.name);
            let issues = prepare(&bare.to_string(), &Sender { marketplace_app_id: "", ..SENDER }).expect_err("refused");
            assert_eq!(issues.len(), event.mandatory.len(), "{}", event.name);
        }
        assert_eq!(paths(&json!({})), ["event", "locationId"]);
        assert_eq!(paths(&json!([])), [""]);
        assert_eq!(paths(&json!("payment.captured")), [""]);
        let mut push = captured(&json!(1));
        push["apiKey"] = json!("k");
        push["mode"] = json!("LIVE");
        push["extra"] = json!(1);
        push["locationId"] = json!(" ");
        assert_eq!(paths(&push), ["mode", "apiKey", "extra", "locationId"]);
    }

    #[test]
    fn a_push_is_about_one_charge() {
        let mut push = captured(&json!(1));
        push["chargeId"] = json!("another");
        assert_eq!(paths(&push), ["chargeSnapshot.chargeId"]);
        let charged = json!({
            "event": "subscription.charged", "locationId": "l", "ghlSubscriptionId": "g", "chargeId": "another",
            "chargeSnapshot": push["chargeSnapshot"], "subscriptionSnapshot": { "id": "s", "status": "active" },
        });
        assert_eq!(paths(&charged), ["chargeSnapshot.chargeId"]);
        // Of an event that nobody knows yet nothing of the kind is known either.
        push["event"] = json!("payment.disputed");
        assert!(prepared(&push, Unit::Minor).is_ok());
    }

    #[test]
    fn times_are_seconds() {
        let mut push = captured(&json!(1));
        push["chargeSnapshot"]["chargedAt"] = json!(1_724_217_600_000_u64);
        assert_eq!(paths(&push), ["chargeSnapshot.chargedAt"]);
        push["chargeSnapshot"]["chargedAt"] = json!(1.5);
        assert_eq!(paths(&push), ["chargeSnapshot.chargedAt"]);
        push["chargeSnapshot"]["chargedAt"] = json!("2024-08-21");
        assert_eq!(paths(&push), ["chargeSnapshot.chargedAt"]);
    }

    #[test]
    fn an_event_that_nobody_knows_yet_is_sent_with_all_of_its_fields() {
        let push =
            json!({ "event": "payment.disputed", "locationId": "l", "chargeId": "c", "reason": { "code": [1] } });
        let mut expected = push.clone();
        expected["apiKey"] = json!("key");
        assert_eq!(prepared(&push, Unit::Minor), Ok(expected));
        let wrong = json!({ "event": "payment.disputed", "locationId": 7, "chargeId": "", "reason": 1 });
        assert_eq!(paths(&wrong), ["chargeId", "locationId"]);
    }

    #[test]
    fn the_end_of_a_subscription_is_known_by_its_status() {
        let push = |event: &str, status: &str| {
            let push = json!({
                "event": event, "locationId": "l", "mode": "test", "ghlSubscriptionId": "s", "chargeId": "c",
                "subscriptionSnapshot": { "id": "s", "status": status, "trialEnd": 0 },
                "chargeSnapshot": { "status": "succeeded", "amount": 1, "chargeId": "c", "chargedAt": 1 },
            });
            prepare(&push.to_string(), &SENDER).expect("sent")
        };
        for (event, status, ends) in [
            ("subscription.updated", "canceled", true),
            ("subscription.updated", "expired", true),
            ("subscription.updated", "unpaid", false),
            ("subscription.charged", "canceled", false),
        ] {
            let push = push(event, status);
            assert_eq!((push.ends, &*push.subscription_id, &*push.mode), (ends, "s", "test"), "{event} {status}");
            assert!(!push.body.contains("mode"));
        }
    }

    #[test]
    fn without_a_secret_the_rest_is_looked_at() {
        let sender = Sender { api_key: None, ..SENDER };
        assert_eq!(prepare(&captured(&json!(1)).to_string(), &sender).expect("whole").location_id, "l");
        let spaces = Sender { api_key: Some(" "), ..SENDER };
        assert_eq!(prepare(&captured(&json!(1)).to_string(), &spaces).expect_err("no key")[0].path, "apiKey");
    }
}
