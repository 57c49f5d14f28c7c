//! The queryUrl, from outside: what is asked, what is answered, and what is remembered of a charge.

use ghl_payments::provider::money::Unit;
use ghl_payments::provider::query::{
    answer, begin, end, find, not_supported, row_id, set, unit_of, Action, CancelSubscriptionRequest,
    CancelSubscriptionResponse, ChargePaymentRequest, ChargePaymentResponse, CreateSubscriptionRequest,
    CreateSubscriptionResponse, Ended, ListPaymentMethodsRequest, PaymentMethod, Query, RefundRequest, RefundResponse,
    RefusalCode, VerifyRequest, VerifyResponse,
};
use ghl_payments::shape::{check, decode};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::{json, Map, Value};
use std::collections::BTreeMap;

fn samples(ending: &str) -> Vec<(Action, String, Value)> {
    let all: Map<String, Value> =
        serde_json::from_str(include_str!("../fixtures/provider/queries.json")).expect("fixtures");
    let of = |(name, body): (String, Value)| {
        let (first, _) = name.split_once(ending)?;
        let action = match first {
            "cancel" => Action::CancelSubscription,
            "charge" => Action::ChargePayment,
            "create_subscription" => Action::CreateSubscription,
            "list" => Action::ListPaymentMethods,
            "refund" => Action::Refund,
            "verify" => Action::Verify,
            other => panic!("{other}"),
        };
        Some((action, name, body))
    };
    all.into_iter().filter_map(of).collect()
}

/// All numbers as doubles, which is what JSON means by them.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(list) => list.iter().map(plain).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

/// The typed record and back.
fn through<T: DeserializeOwned + Serialize>(body: &Value, action: Action, is_request: bool) -> Value {
    let mut bytes = body.to_string().into_bytes();
    let checked = check(&mut bytes, if is_request { action.request() } else { action.response() }).expect("JSON");
    let typed: T = decode(&bytes, &checked).expect("typed");
    plain(&serde_json::to_value(typed).expect("JSON"))
}

fn request_through(action: Action, body: &Value) -> Value {
    match action {
        Action::Verify => through::<VerifyRequest>(body, action, true),
        Action::ListPaymentMethods => through::<ListPaymentMethodsRequest>(body, action, true),
        Action::ChargePayment => through::<ChargePaymentRequest>(body, action, true),
        Action::CreateSubscription => through::<CreateSubscriptionRequest>(body, action, true),
        Action::CancelSubscription => through::<CancelSubscriptionRequest>(body, action, true),
        Action::Refund => through::<RefundRequest>(body, action, true),
    }
}

fn response_through(action: Action, body: &Value) -> Value {
    match action {
        Action::Verify => through::<VerifyResponse>(body, action, false),
        Action::ListPaymentMethods => through::<Vec<PaymentMethod>>(body, action, false),
        Action::ChargePayment => through::<ChargePaymentResponse>(body, action, false),
        Action::CreateSubscription => through::<CreateSubscriptionResponse>(body, action, false),
        Action::CancelSubscription => through::<CancelSubscriptionResponse>(body, action, false),
        Action::Refund => through::<RefundResponse>(body, action, false),
    }
}

fn asked(body: &Value) -> Value {
    let query = Query::read(body.to_string().as_bytes()).expect("a request");
    serde_json::from_str(&query.asked.expect("no issues")).expect("JSON")
}

#[test]
fn no_sample_loses_a_field_on_its_way_to_the_handler() {
    let all = samples("_request");
    assert_eq!(all.len(), 7);
    for (action, name, body) in all {
        let query = Query::read(body.to_string().as_bytes()).expect(&name);
        assert_eq!((query.action, query.api_key.as_deref()), (Some(action), body["apiKey"].as_str()), "{name}");
        assert!(!format!("{query:?}").contains("API_KEY"), "{query:?}");
        let mut left = asked(&body).as_object().expect("an object").clone();
        for (field, value) in body.as_object().expect("an object") {
            match field.as_str() {
                "apiKey" => assert!(!left.contains_key(field), "{name}"),
                "amount" | "recurringAmount" => {
                    let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
                    assert_eq!(left.remove(field).expect(field)["major"].as_f64(), number, "{name}");
                }
                _ => assert_eq!(left.remove(field).as_ref(), Some(value), "{name}: {field}"),
            }
        }
        let kind = (action == Action::Verify).then(|| ("kind".to_owned(), json!("subscription")));
        assert_eq!(left, kind.into_iter().collect(), "{name}");
        // As a record of its own, too.
        let mut expected = plain(&body);
        if let Some(text) = expected["recurringAmount"].as_str() {
            expected["recurringAmount"] = json!(text.parse::<f64>().expect("a number"));
        }
        assert_eq!(request_through(action, &body), expected, "{name}");
    }
}

#[test]
fn every_sample_of_an_answer_has_the_shape_of_its_action() {
    let all = samples("_response");
    assert_eq!(all.len(), 9);
    for (action, name, body) in all {
        let mut bytes = body.to_string().into_bytes();
        let checked = check(&mut bytes, action.response()).expect(&name);
        assert_eq!(checked.drift_count, 0, "{name}: {checked:?}");
        assert_eq!(response_through(action, &body), plain(&body), "{name}");
    }
}

/// The answer to a sample request.
fn answered(action: Action, outcome: &Value) -> Result<(u16, Value, Ended), Vec<String>> {
    let request = samples("_request").into_iter().find(|(other, ..)| *other == action).expect("a sample").2;
    let answer = answer(action, &asked(&request).to_string(), &outcome.to_string(), unit_of(action), 1_724_217_600.0)
        .map_err(|issues| issues.into_iter().map(|issue| issue.path).collect::<Vec<_>>())?;
    Ok((answer.status, serde_json::from_str(&answer.body).expect("JSON"), answer.ended))
}

#[test]
fn what_a_handler_says_becomes_the_answers_of_the_samples() {
    let sample = |name: &str| samples("_response").into_iter().find(|(_, other, _)| other == name).expect(name).2;
    let mut verified = sample("verify_response_subscription");
    verified.as_object_mut().expect("an object").remove("message");
    let charge = json!({
        "id": "payment-id", "chargeId": "your_charge_id", "chargedAt": 1_724_217_600,
        "amount": { "major": "100.00", "currency": "usd" },
    });
    let subscription = json!({ "id": "your_subscription_id", "status": "active", "nextCharge": 1_726_896_000 });
    let outcome = json!({ "result": "succeeded", "details": { "charge": charge, "subscription": subscription } });
    assert_eq!(answered(Action::Verify, &outcome), Ok((200, verified, Ended::Succeeded)));
    let failed = json!({ "result": "failed", "message": "" });
    assert_eq!(answered(Action::Verify, &failed), Ok((200, sample("verify_response_failed"), Ended::Failed)));
    let pending = json!({ "result": "pending" });
    assert_eq!(answered(Action::Verify, &pending), Ok((200, sample("verify_response_pending"), Ended::Pending)));

    let charged = json!({ "result": "succeeded", "details": {
        "chargeId": "pay_r8167s62b", "id": "payment-id", "message": "Success or Failure message", "chargedAt": 1_724_217_600,
    } });
    let (_, body, _) = answered(Action::ChargePayment, &charged).expect("an answer");
    assert_eq!(plain(&body), plain(&sample("charge_response")));

    let created = json!({ "result": "succeeded", "details": {
        "message": "Subscription created",
        "charge": { "chargeId": "1234567890" },
        "subscription": {
            "id": "1234567890", "status": "active", "trialEnd": 1_724_217_600, "nextCharge": 1_726_896_000,
        },
    } });
    let (_, body, _) = answered(Action::CreateSubscription, &created).expect("an answer");
    let mut expected = plain(&sample("create_subscription_response"));
    // Only this example has them.
    let snapshot = expected["transaction"]["chargeSnapshot"].as_object_mut().expect("an object");
    snapshot.retain(|name, _| name != "currency" && name != "createdAt");
    assert_eq!(plain(&body), expected);

    let refunded = json!({ "result": "succeeded", "message": "Refund successful", "details": {
        "id": "REFUND_ID", "amount": { "minor": 5000, "currency": "USD" },
    } });
    let (_, body, _) = answered(Action::Refund, &refunded).expect("an answer");
    assert_eq!(plain(&body), plain(&sample("refund_response")));

    let listed = json!({ "result": "succeeded", "details": sample("list_response") });
    assert_eq!(answered(Action::ListPaymentMethods, &listed), Ok((200, sample("list_response"), Ended::Succeeded)));
    let canceled = json!({ "result": "succeeded" });
    assert_eq!(answered(Action::CancelSubscription, &canceled), Ok((200, sample("cancel_response"), Ended::Succeeded)));
}

#[test]
fn what_is_no_answer_names_what_is_wrong() {
    let subscription = json!({ "id": "s", "status": "active" });
    let charge = |amount: Value| json!({ "charge": { "amount": amount }, "subscription": subscription });
    let ten = json!({ "minor": 1000, "currency": "USD" });
    for (action, result, details, paths) in [
        (Action::Verify, "paid", json!({}), &[""][..]),
        (Action::Verify, "succeeded", json!({}), &["subscription"]),
        (Action::Verify, "succeeded", json!({ "charge": {}, "subscription": subscription }), &["charge.amount"]),
        (Action::Verify, "succeeded", charge(json!(10)), &["charge.amount.currency"]),
        (Action::Verify, "succeeded", charge(json!({ "major": 1, "currency": "US" })), &["charge.amount.currency"]),
        (Action::Verify, "succeeded", charge(json!({ "minor": 1.5, "currency": "USD" })), &["charge.amount.minor"]),
        (Action::Verify, "succeeded", charge(json!({ "major": 1.005, "currency": "USD" })), &["charge.amount.major"]),
        (
            Action::Verify,
            "succeeded",
            json!({ "subscription": { "id": "s", "status": "unpaid" } }),
            &["subscription.status"],
        ),
        (
            Action::Verify,
            "succeeded",
            json!({ "subscription": { "id": "s", "status": "trialing" } }),
            &["subscription.trialEnd"],
        ),
        (
            Action::Verify,
            "succeeded",
            json!({ "subscription": { "id": "s", "status": "active", "nextCharge": 1_726_896_000_000_u64 } }),
            &["subscription.nextCharge"],
        ),
        (
            Action::Verify,
            "succeeded",
            json!({ "subscription": subscription, "charge": { "amount": ten, "status": "pending" } }),
            &["charge.status"],
        ),
        (Action::Verify, "succeeded", json!({ "success": true }), &["success"]),
        (Action::ChargePayment, "succeeded", json!({}), &["chargeId"]),
        (Action::ChargePayment, "succeeded", json!({ "chargeId": 7 }), &["chargeId"]),
        (Action::ChargePayment, "pending", json!({}), &["chargeId"]),
        (
            Action::ChargePayment,
            "succeeded",
            json!({ "chargeId": "c", "amount": { "minor": 1000, "currency": "EUR" } }),
            &["amount.currency"],
        ),
        (Action::CreateSubscription, "succeeded", json!({}), &["subscription"]),
        (
            Action::CreateSubscription,
            "succeeded",
            json!({ "charge": {}, "subscription": subscription }),
            &["charge.chargeId"],
        ),
        (Action::Refund, "succeeded", json!({}), &["id"]),
        (Action::Refund, "pending", json!({}), &[""]),
        (Action::CancelSubscription, "pending", json!({}), &[""]),
        (Action::ListPaymentMethods, "failed", json!([]), &[""]),
        (Action::ListPaymentMethods, "succeeded", json!({}), &[""]),
        (
            Action::ListPaymentMethods,
            "succeeded",
            json!([{ "id": "p", "type": "card", "title": "x" }]),
            &["[0].subTitle"],
        ),
        (
            Action::ListPaymentMethods,
            "succeeded",
            json!([{ "id": "p", "type": "card", "title": "x", "subTitle": "", "expiry": "2/29" }]),
            &["[0].expiry"],
        ),
    ] {
        let outcome = json!({ "result": result, "details": details });
        let found = answered(action, &outcome).expect_err(&outcome.to_string());
        assert_eq!(found, paths, "{outcome}");
    }
}

#[test]
fn what_is_missing_or_of_another_kind_is_named() {
    let required: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("verify", &["transactionId", "chargeId"][..]),
        ("list_payment_methods", &["locationId", "contactId"]),
        ("charge_payment", &["paymentMethodId", "contactId", "transactionId", "amount", "currency"]),
        (
            "create_subscription",
            &[
                "locationId",
                "contactId",
                "paymentMethodId",
                "subscriptionId",
                "transactionId",
                "startDate",
                "currency",
                "amount",
                "recurringAmount",
            ],
        ),
        ("cancel_subscription", &["subscriptionId"]),
        ("refund", &["amount", "transactionId"]),
    ]);
    let issues = |body: &Value| match Query::read(body.to_string().as_bytes()).expect("an object").asked {
        Ok(_) => Vec::new(),
        Err(refusal) => {
            assert_eq!((refusal.code, refusal.code.status()), (RefusalCode::InvalidQuery, 400));
            refusal.issues.into_iter().map(|issue| issue.path).collect::<Vec<_>>()
        }
    };
    for (action, name, body) in samples("_request") {
        for field in body.as_object().expect("an object").keys().filter(|field| *field != "type") {
            let changed = |value: Option<Value>| {
                let mut body = body.clone();
                let fields = body.as_object_mut().expect("an object");
                fields.remove(field);
                fields.extend(value.map(|value| (field.clone(), value)));
                issues(&body)
            };
            let is_required = required[action.name()].contains(&field.as_str());
            let expected = if is_required { vec![field.clone()] } else { Vec::new() };
            assert_eq!(changed(None), expected, "{name} without {field}");
            assert_eq!(changed(Some(Value::Null)), expected, "{name} with null for {field}");
            assert_eq!(changed(Some(json!(""))), expected, "{name} with nothing in {field}");
            if !["apiKey", "productDetails"].contains(&field.as_str()) {
                for wrong in [json!([]), json!({}), json!({ "x": 1 }), json!([1])] {
                    assert_eq!(
                        changed(Some(wrong.clone())),
                        std::slice::from_ref(field),
                        "{name} with {wrong} for {field}"
                    );
                }
            }
            if ["amount", "recurringAmount"].contains(&field.as_str()) {
                for wrong in [json!(-1), json!("1,0"), json!("abc"), json!(1e13), json!(1.000_01), json!(true)] {
                    assert_eq!(
                        changed(Some(wrong.clone())),
                        std::slice::from_ref(field),
                        "{name} with {wrong} for {field}"
                    );
                }
            }
            if field.ends_with("Id") && field != "locationId" {
                for wrong in ["a\nb", "\u{0}", &"x".repeat(256), "\u{200b}"] {
                    let optional = wrong == "\u{200b}" && !is_required;
                    let expected = if optional { Vec::new() } else { vec![field.clone()] };
                    assert_eq!(changed(Some(json!(wrong))), expected, "{name} with {wrong:?} for {field}");
                }
            }
        }
    }
    let twice = br#"{"type":"refund","apiKey":"k","transactionId":"t","amount":1,"amount":100}"#;
    assert!(Query::read(twice).expect("an object").asked.is_err());
    let broken = br#"{"type":"refund","apiKey":"k","transactionId":"t\ud800","amount":1}"#;
    assert!(Query::read(broken).expect("an object").asked.is_err());
    for body in ["", "null", "[]", "7", "{", "\"verify\"", "{\"type\":\"verify\"}x", "<html>"] {
        assert_eq!(Query::read(body.as_bytes()).expect_err(body).code, RefusalCode::Malformed);
    }
}

#[test]
fn amounts_have_the_decimals_of_their_currency() {
    let charge = |amount: Value, currency: &str| {
        let body = json!({
            "type": "charge_payment", "apiKey": "k", "paymentMethodId": "p", "contactId": "c", "transactionId": "t",
            "amount": amount, "currency": currency,
        });
        let query = Query::read(body.to_string().as_bytes()).expect("an object");
        let asked = query.asked.map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
        asked.map(|asked| asked["amount"].clone()).map_err(|refusal| refusal.issues[0].path.clone())
    };
    for (amount, currency, minor) in [
        (json!(10.5), "usd", 1050),
        (json!("80.00"), "EUR", 8000),
        (json!(500), "jpy", 500),
        (json!(1.234), "KWD", 1234),
    ] {
        let found = charge(amount.clone(), currency).expect("an amount");
        assert_eq!((&found["minor"], &found["currency"]), (&json!(minor), &json!(currency.to_uppercase())), "{amount}");
    }
    for (amount, currency, path) in [
        (json!(10.5), "JPY", "amount"),
        (json!(10.505), "USD", "amount"),
        (json!(0), "USD", "amount"),
        (json!(10), "dollar", "currency"),
        (json!(10), "\u{20ac}", "currency"),
    ] {
        assert_eq!(charge(amount.clone(), currency), Err(path.to_owned()), "{amount} {currency}");
    }
    // Nothing is due at the start of a trial.
    let create = |(action, ..): &(Action, String, Value)| *action == Action::CreateSubscription;
    let (_, _, mut create) = samples("_request").into_iter().find(create).expect("a sample");
    create["amount"] = json!(0);
    assert_eq!(asked(&create)["amount"]["minor"], json!(0));
}

#[test]
fn a_missing_capability_has_an_answer_of_its_own() {
    for action in Action::ALL {
        let answer = not_supported(action);
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        match action {
            Action::ListPaymentMethods => assert_eq!((answer.status, body), (200, json!([]))),
            Action::CancelSubscription => assert_eq!((answer.status, &body["success"]), (422, &json!(false))),
            Action::Refund => assert_eq!((answer.status, &body["success"]), (200, &json!(false))),
            _ => assert_eq!((answer.status, &body["failed"]), (200, &json!(true)), "{action:?}"),
        }
    }
}

fn verify(transaction: &str, subscription: Option<&str>) -> String {
    let body = json!({
        "type": "verify", "apiKey": "k", "transactionId": transaction, "chargeId": "c", "subscriptionId": subscription,
    });
    asked(&body).to_string()
}

#[test]
fn a_final_verify_stays_and_a_pending_one_is_asked_again() {
    let first = verify("t", None);
    assert_eq!(row_id(Action::Verify, &first).as_deref(), Some("charge:c"));
    let begun = begin(Action::Verify, &first, "", "k1", None).then.expect("to be asked");
    let told = end(Action::Verify, &begun, "", r#"{"result":"pending"}"#, Unit::Minor, 0.0);
    assert_eq!((told.row, told.after.len()), (None, 0));
    let paid =
        json!({ "result": "succeeded", "details": { "charge": { "amount": { "minor": 1000, "currency": "USD" } } } });
    let told = end(Action::Verify, &begun, "", &paid.to_string(), Unit::Minor, 5.0);
    let (row, body) = (told.row.expect("a row"), told.answer.expect("an answer").body);
    assert_eq!(told.after[0].row_id, "transaction:t");
    let again = begin(Action::Verify, &first, &row, "k2", None).then.expect_err("an answer");
    assert_eq!((again.body, again.ended), (body, Ended::Succeeded));
    // Another transaction, or the subscription of it, is another question.
    for other in [verify("t2", None), verify("t", Some("s"))] {
        let begun = begin(Action::Verify, &other, &row, "k3", None).then.expect("to be asked");
        let others = &serde_json::from_str::<Value>(&begun).expect("JSON")["otherTransactions"];
        let expected = if other.contains("t2") { json!(["t"]) } else { json!([]) };
        assert_eq!(*others, expected);
    }
    // The refund that names only the transaction finds the charge.
    let pointer = set("", &told.after[0].facts).expect("read").expect("a row");
    let refund = json!({ "type": "refund", "apiKey": "k", "transactionId": "t", "amount": 10.01 });
    let refund = asked(&refund).to_string();
    let found = find(&refund, &pointer).expect("read");
    assert_eq!(row_id(Action::Refund, &found.asked).as_deref(), Some("charge:c"));
    let refund = found.asked;
    let refused = begin(Action::Refund, &refund, &row, "k", None).then.expect_err("too much");
    assert!(refused.body.contains("no more than 10 USD"), "{}", refused.body);
}

/// A gateway that knows a refund again by its key, and that does what it is asked even where its answer is lost.
#[derive(Default)]
struct Gateway {
    refunds: BTreeMap<String, u64>,
}

impl Gateway {
    fn total(&self) -> u64 {
        self.refunds.values().sum()
    }
}

#[derive(Debug, Clone, Copy)]
enum Happens {
    Refunded,
    Declined,
    DoneAndThrew,
    ThrewBefore,
    Died,
    /// Somebody gives money back in the gateway's own dashboard, while no refund is open.
    Elsewhere,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn refunds_never_exceed_the_charge_whatever_happens(
        charged in 1_u64..10_000,
        told: bool,
        steps in prop::collection::vec((1_u64..6_000, prop::sample::select(vec![
            Happens::Refunded, Happens::Declined, Happens::DoneAndThrew, Happens::ThrewBefore, Happens::Died,
            Happens::Elsewhere,
        ])), 1..30),
    ) {
        let mut row = set("", &json!({ "amount": { "minor": charged, "currency": "USD" } }).to_string()).expect("read").expect("a row");
        let mut gateway = Gateway::default();
        let mut answered = 0;
        let mut open = BTreeMap::new();
        for (at, (minor, happens)) in steps.into_iter().enumerate() {
            if let Happens::Elsewhere = happens {
                if told && open.is_empty() && gateway.total() + minor <= charged {
                    gateway.refunds.insert(format!("elsewhere-{at}"), minor);
                }
                continue;
            }
            let body = json!({
                "type": "refund", "apiKey": "k", "transactionId": "t", "chargeId": "c", "amount": minor as f64 / 100.0,
            });
            let known = json!({
                "amount": { "minor": charged, "currency": "USD" },
                "refunded": { "minor": gateway.total(), "currency": "USD" },
            });
            let known = told.then(|| known.to_string());
            let begun = begin(Action::Refund, &asked(&body).to_string(), &row, &format!("key-{at}"), known.as_deref());
            row = begun.row.unwrap_or(row);
            // One more is made exactly where it fits beside what was given back and what is open.
            let unknown: u64 = open.iter().filter(|(_, key)| !gateway.refunds.contains_key(*key)).map(|(minor, _)| minor).sum();
            let fits = open.contains_key(&minor) || gateway.total() + unknown + minor <= charged;
            prop_assert_eq!(begun.then.is_ok(), fits, "{} of {}: {:?}", minor, charged, begun.then);
            let Ok(wanted) = begun.then else { continue };
            let question: Value = serde_json::from_str(&wanted).expect("JSON");
            let key = question["idempotencyKey"].as_str().expect("a key").to_owned();
            prop_assert_eq!(open.entry(minor).or_insert_with(|| key.clone()), &key);
            let outcome = match happens {
                Happens::Refunded | Happens::DoneAndThrew => {
                    gateway.refunds.entry(key).or_insert(minor);
                    json!({ "result": "succeeded", "details": { "id": "re" } })
                }
                // What was done before under this key is no failure.
                Happens::Declined if gateway.refunds.contains_key(&key) => json!({ "result": "succeeded", "details": { "id": "re" } }),
                Happens::Declined => json!({ "result": "failed", "message": "no" }),
                Happens::ThrewBefore | Happens::Died | Happens::Elsewhere => json!(null),
            };
            if matches!(happens, Happens::Refunded | Happens::Declined) {
                let ended = end(Action::Refund, &wanted, &row, &outcome.to_string(), Unit::Major, 0.0);
                if ended.answer.expect("an answer").ended == Ended::Succeeded {
                    answered += minor;
                }
                row = ended.row.expect("a change");
                open.remove(&minor);
            }
            prop_assert!(gateway.total() <= charged, "{} of {charged}", gateway.total());
            prop_assert!(answered <= gateway.total());
        }
    }

    #[test]
    fn whatever_comes_is_read_without_a_crash_and_never_shows_the_api_key(
        start in prop::sample::select(samples("_request")),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = start.2.to_string().into_bytes();
        for (at, byte) in cuts {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(query) = Query::read(&bytes) {
            match &query.asked {
                Ok(asked) => {
                    let asked: Value = serde_json::from_str(asked).expect("JSON");
                    prop_assert!(asked.get("apiKey").is_none());
                }
                Err(refusal) => {
                    let body: Value = serde_json::from_str(&refusal.body()).expect("JSON");
                    prop_assert_eq!(&body["success"], &json!(false));
                }
            }
        }
    }

    #[test]
    fn amounts_of_requests_are_exact(minor in 1_u64..1_000_000_000_000, currency in prop::sample::select(vec![("USD", 100.0), ("JPY", 1.0), ("KWD", 1000.0), ("CLF", 10_000.0)])) {
        let (currency, unit) = currency;
        let body = json!({
            "type": "charge_payment", "apiKey": "k", "paymentMethodId": "p", "contactId": "c", "transactionId": "t",
            "amount": minor as f64 / unit, "currency": currency.to_lowercase(),
        });
        let asked = asked(&body);
        prop_assert_eq!(&asked["amount"]["minor"], &json!(minor));
        prop_assert_eq!(asked["amount"]["major"].as_f64(), body["amount"].as_f64());
    }
}
