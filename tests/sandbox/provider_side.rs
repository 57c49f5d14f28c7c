//! HighLevel's side of the custom provider protocol: the state rules.

use crate::support::NOW;
use ghl_payments::sandbox::{Options, Request, Sandbox};
use serde_json::{json, Value};

/// A sandbox whose provider answers what it is told to.
struct Side {
    sandbox: Sandbox,
    key: String,
}

impl Side {
    fn new() -> Self {
        let mut sandbox = Sandbox::new(Options { size: Some(12), steady: true, ..Options::new(7, NOW) });
        let key = "live_key".to_owned();
        let keys = json!({ "live": { "apiKey": key, "publishableKey": "pk" }, "supportsSubscriptionSchedules": true });
        ask(&mut sandbox, "connect", keys);
        Self { sandbox, key }
    }

    fn ask(&mut self, what: &str, options: Value) -> Value {
        ask(&mut self.sandbox, what, options)
    }

    /// Hands in the answers to what a step asks.
    fn answer(&mut self, step: &Value, answer: &Value) -> Value {
        let mut last = step.clone();
        for query in step["queries"].as_array().expect("queries") {
            let given = json!({ "number": query["number"], "status": 200, "text": answer.to_string() });
            last = self.ask("answered", given);
        }
        last
    }

    /// A checkout whose frame has said success.
    fn paid(&mut self, options: Value, answer: &Value) -> (Value, Value) {
        let session = self.ask("checkout", options);
        let text = json!({ "type": "custom_element_success_response", "chargeId": "ch_1" }).to_string();
        let step = self.ask("receive", json!({ "id": session["id"], "text": text }));
        let step = self.answer(&step, answer);
        (session, step)
    }

    fn push(&mut self, mut body: Value) -> u16 {
        body["apiKey"] = Value::from(self.key.clone());
        body["locationId"] = Value::from(self.sandbox.location());
        let request = Request {
            method: "POST".into(),
            url: "/payments/custom-provider/webhook".into(),
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        };
        self.sandbox.handle(&request, NOW).status
    }

    fn record(&self, kind: &str, id: &Value) -> Value {
        let state: Value = serde_json::from_str(&self.sandbox.state_json()).expect("JSON");
        let all = state["locations"][0][kind].as_array().expect("records").clone();
        all.into_iter().find(|record| record["_id"] == *id).expect("the record")
    }

    fn status(&self, session: &Value) -> [Value; 2] {
        let transaction = self.record("transactions", &session["transactionId"])["status"].clone();
        [transaction, self.record("orders", &session["orderId"])["paymentStatus"].clone()]
    }
}

fn ask(sandbox: &mut Sandbox, what: &str, options: Value) -> Value {
    let answer =
        sandbox.high_level(what, options.as_object().expect("options")).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_str(&answer).unwrap_or_default()
}

fn refused(side: &mut Side, what: &str, options: Value) -> String {
    side.sandbox.high_level(what, options.as_object().expect("options")).expect_err("a refusal")
}

#[test]
fn what_verify_says_is_what_the_records_say() {
    for (answer, state, records) in [
        (json!({ "success": true }), "succeeded", ["succeeded", "paid"]),
        (json!({ "failed": true }), "failed", ["failed", "unpaid"]),
        (json!({ "success": false }), "pending", ["pending", "unpaid"]),
        (json!({ "success": false, "failed": false }), "pending", ["pending", "unpaid"]),
        (json!({ "success": true, "failed": true }), "pending", ["pending", "unpaid"]),
    ] {
        let mut side = Side::new();
        let (session, step) = side.paid(json!({}), &answer);
        assert_eq!(step["state"], state, "{answer}");
        assert_eq!(side.status(&session), records, "{answer}");
    }
}

#[test]
fn money_that_is_there_stays() {
    let mut side = Side::new();
    let (session, _) = side.paid(json!({}), &json!({ "success": true }));
    for answer in [json!({ "failed": true }), json!({ "success": false }), json!("nonsense")] {
        let step = side.ask("verify", json!({ "id": session["id"] }));
        side.answer(&step, &answer);
        assert_eq!(side.status(&session), ["succeeded", "paid"], "{answer}");
    }
    let failed = json!({ "status": "failed", "amount": 1, "chargeId": "ch_1", "chargedAt": 1 });
    let push = json!({ "event": "payment.captured", "chargeId": "ch_1", "ghlTransactionId": session["transactionId"], "chargeSnapshot": failed });
    assert_eq!(side.push(push), 200);
    assert_eq!(side.status(&session), ["succeeded", "paid"]);
}

#[test]
fn a_failed_payment_may_still_be_captured_and_no_transaction_is_paid_twice() {
    let mut side = Side::new();
    let (session, _) = side.paid(json!({}), &json!({ "failed": true }));
    let captured = |charge: &str| {
        let snapshot = json!({ "status": "succeeded", "amount": 1, "chargeId": charge, "chargedAt": 1 });
        json!({ "event": "payment.captured", "chargeId": charge, "ghlTransactionId": session["transactionId"], "chargeSnapshot": snapshot })
    };
    for charge in ["ch_1", "ch_1", "ch_2"] {
        assert_eq!(side.push(captured(charge)), 200);
        assert_eq!(side.status(&session), ["succeeded", "paid"]);
    }
    let order = side.record("orders", &session["orderId"]);
    let transaction = side.record("transactions", &session["transactionId"]);
    assert_eq!(transaction["amount"], order["amount"]);
    assert_eq!(transaction["chargeId"], "ch_1", "another charge of a paid transaction is not its own");
    let timeline = side.ask("timeline", json!({}));
    let last = timeline.as_array().and_then(|entries| entries.last()).expect("an entry");
    let paths: Vec<&Value> = last["issues"].as_array().expect("issues").iter().map(|issue| &issue["path"]).collect();
    assert!(paths.contains(&&json!("chargeId")), "{last}");
}

#[test]
fn a_subscription_follows_its_provider_until_it_ends() {
    let plan = |status: &str| json!({ "id": "sub_1", "status": status, "trialEnd": 0, "createdAt": 1_793_534_400, "nextCharge": 1_796_126_400 });
    let pair = json!({ "success": true, "subscriptionStatus": "active", "subscriptionSnapshot": plan("active") });
    let mut side = Side::new();
    let (alone, _) = side.paid(json!({ "subscription": {} }), &json!({ "success": true }));
    assert_eq!(side.record("subscriptions", &alone["subscriptionId"])["status"], "incomplete");
    let (session, step) = side.paid(json!({ "subscription": {} }), &pair);
    assert_eq!(step["state"], "succeeded");
    let id = session["subscriptionId"].clone();
    assert_eq!(side.record("subscriptions", &id)["status"], "active");
    for (status, wanted) in [
        ("unpaid", "unpaid"),
        ("active", "active"),
        ("pending", "pending"),
        ("expired", "expired"),
        ("active", "expired"),
    ] {
        let push =
            json!({ "event": "subscription.updated", "ghlSubscriptionId": id, "subscriptionSnapshot": plan(status) });
        assert_eq!(side.push(push), 200);
        assert_eq!(side.record("subscriptions", &id)["status"], wanted, "{status}");
    }
    // Nothing is due of what has ended.
    side.sandbox.advance(40.0 * 86_400_000.0);
    assert_eq!(side.ask("due", json!({})), json!([]));
}

#[test]
fn a_payment_is_due_once_and_again_after_the_next_charge() {
    let next = |months: i64| 1_793_534_400 + months * 2_592_000;
    let plan = |months| json!({ "id": "sub_1", "status": "active", "trialEnd": 0, "createdAt": 1_793_534_400, "nextCharge": next(months) });
    let mut side = Side::new();
    let pair = json!({ "success": true, "subscriptionStatus": "active", "subscriptionSnapshot": plan(1) });
    let (session, _) = side.paid(json!({ "subscription": {} }), &pair);
    assert_eq!(side.ask("due", json!({})), json!([]));
    side.sandbox.advance(31.0 * 86_400_000.0);
    let due = side.ask("due", json!({}));
    assert_eq!(due[0]["subscriptionId"], session["subscriptionId"]);
    assert_eq!(due[0]["amount"], 49.0);
    assert_eq!(side.ask("due", json!({})), json!([]));
    let charge = json!({ "status": "succeeded", "amount": 4900, "chargeId": "ch_2", "chargedAt": 1_796_126_400 });
    let push = json!({
        "event": "subscription.charged", "chargeId": "ch_2", "ghlSubscriptionId": session["subscriptionId"],
        "subscriptionSnapshot": plan(2), "chargeSnapshot": charge,
    });
    assert_eq!([side.push(push.clone()), side.push(push)], [200, 200]);
    side.sandbox.advance(30.0 * 86_400_000.0);
    assert_eq!(side.ask("due", json!({})).as_array().map(Vec::len), Some(1));
}

#[test]
fn payment_methods_are_judged() {
    let mut side = Side::new();
    let contact = side.ask("checkout", json!({}))["props"]["contact"]["id"].clone();
    for (methods, wanted) in [
        (json!([]), json!([])),
        (json!([{ "id": "pm_1", "type": "card", "title": "Visa", "expiry": "02/29" }]), json!([])),
        (json!([{ "id": "pm_1", "type": "card", "title": "Visa", "expiry": "2/2029" }]), json!(["[0].expiry"])),
        (json!([{ "id": "pm_1", "type": "card", "title": "Visa ending in 1111 of mine" }]), json!(["[0].title"])),
        (json!([{ "id": 1, "type": "card", "title": "Visa" }, 2]), json!(["[0].id", "[1]"])),
        (json!({ "data": [] }), json!([""])),
    ] {
        let step = side.ask("methods", json!({ "contactId": contact }));
        let step = side.answer(&step, &methods);
        let paths: Vec<&Value> =
            step["issues"].as_array().expect("issues").iter().map(|issue| &issue["path"]).collect();
        assert_eq!(json!(paths), wanted, "{methods}");
    }
}

#[test]
fn refunds_stay_within_the_transaction() {
    let mut side = Side::new();
    let (session, _) = side.paid(json!({}), &json!({ "success": true }));
    let id = session["transactionId"].clone();
    let total = side.record("transactions", &id)["amount"].as_f64().expect("amount");
    let mut refund = |amount: f64| {
        let step = side.ask("refund", json!({ "transactionId": id, "amount": amount, "evenTooMuch": true }));
        let answer = json!({ "success": true, "message": "", "id": "re", "amount": amount, "currency": "USD" });
        let step = side.answer(&step, &answer);
        (step["result"]["amountRefunded"].as_f64().expect("a number"), step["issues"].as_array().map(Vec::len))
    };
    assert_eq!(refund(1.5), (1.5, Some(0)));
    assert_eq!(refund(1.5), (3.0, Some(0)), "the same again is another one");
    assert_eq!(refund(total), (total, Some(1)), "no more than there is, and it is said");
    assert_eq!(side.record("transactions", &id)["status"], "refunded");
    assert_eq!(side.record("orders", &session["orderId"])["paymentStatus"], "refunded");
    assert!(refused(&mut side, "refund", json!({ "transactionId": id })).contains("what is left"));
}

#[test]
fn a_wrong_key_in_a_query_is_not_the_providers_and_never_shown() {
    let mut side = Side::new();
    let session = side.ask("checkout", json!({ "faults": ["wrong-api-key"] }));
    let text = json!({ "type": "custom_element_success_response", "chargeId": "ch_1" }).to_string();
    let step = side.ask("receive", json!({ "id": session["id"], "text": text }));
    let sent: Value = serde_json::from_str(step["queries"][0]["body"].as_str().expect("text")).expect("JSON");
    assert_ne!(sent["apiKey"], "live_key");
    let step = side.answer(&step, &json!({ "success": true, "message": "thank you for live_key" }));
    assert_eq!(step["state"], "pending");
    assert_eq!(step["issues"][0]["path"], "apiKey");
    let timeline = side.ask("timeline", json!({})).to_string();
    assert!(!timeline.contains("live_key"), "{timeline}");
    assert!(!format!("{:?}", side.sandbox).contains("live_key"), "Debug shows no key");
}
