use crate::support::{cents, id, text, Api, NOW};
use ghl_payments::sandbox::{Options, Sandbox};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

#[test]
fn an_account_has_enough_to_look_real() {
    let mut api = Api::new();
    let (orders, transactions) = (api.all("/payments/orders"), api.all("/payments/transactions"));
    let (subscriptions, coupons) = (api.all("/payments/subscriptions"), api.all("/payments/coupon/list"));
    assert!(orders.len() >= 250 && transactions.len() >= 300, "{} {}", orders.len(), transactions.len());
    assert!(subscriptions.len() >= 40 && coupons.len() >= 20, "{} {}", subscriptions.len(), coupons.len());
    let values = |list: &[Value], name: &str| -> HashSet<String> {
        list.iter().map(|record| text(record, name).to_owned()).collect()
    };
    assert_eq!(values(&orders, "paymentStatus").len(), 4);
    assert_eq!(values(&orders, "fulfillmentStatus").len(), 3);
    assert!(values(&orders, "sourceType").len() >= 8 && values(&orders, "currency").len() >= 3);
    assert_eq!(values(&transactions, "status").len(), 3);
    assert!(values(&subscriptions, "status").len() >= 5, "{:?}", values(&subscriptions, "status"));
    assert_eq!(values(&coupons, "status").len(), 3);
    let dollars = orders.iter().filter(|order| order["currency"] == "USD").count();
    assert!(dollars * 100 > orders.len() * 70 && dollars < orders.len());
    let state: Value = serde_json::from_str(&api.sandbox.state_json()).unwrap();
    let location = &state["locations"][0];
    assert!(location["fulfillments"].as_array().unwrap().len() >= 10);
    assert!(location["customProvider"]["paymentProvider"]["live"]["apiKey"].is_string());
    assert_eq!(location["whitelabel"].as_array().unwrap().len(), 2);
}

#[test]
fn amounts_of_orders_and_transactions_agree() {
    for seed in 0..4 {
        let mut api = Api::with(Options::new(seed, NOW));
        let mut of: HashMap<String, Vec<Value>> = HashMap::new();
        for transaction in api.all("/payments/transactions") {
            of.entry(text(&transaction, "entityId").into()).or_default().push(transaction);
        }
        for order in api.all("/payments/orders") {
            let own = || of.get(&id(&order)).into_iter().flatten();
            let sum = |status: &str| own().filter(|t| t["status"] == status).map(|t| cents(&t["amount"])).sum::<i64>();
            let total = cents(&order["amount"]);
            assert!(total > 0);
            match text(&order, "paymentStatus") {
                "paid" => assert_eq!(sum("succeeded"), total, "{order}"),
                "refunded" => assert_eq!(sum("refunded"), total, "{order}"),
                "partially_paid" => {
                    assert!((1..total).contains(&sum("succeeded")), "{order}");
                }
                "unpaid" => {
                    assert_eq!(order["status"], "pending");
                    assert!(own().all(|transaction| transaction["status"] == "failed"), "{order}");
                }
                other => panic!("{other}"),
            }
            for transaction in own() {
                for name in ["currency", "contactId", "liveMode"] {
                    assert_eq!(transaction[name], order[name]);
                }
                assert_eq!(transaction["entitySourceId"], order["sourceId"]);
                assert!(text(transaction, "createdAt") > text(&order, "createdAt"));
            }
        }
    }
}

#[test]
fn the_items_of_an_order_add_up_to_its_amount() {
    let mut api = Api::new();
    for order in api.all("/payments/orders") {
        let detail = api.ok(&format!("/payments/orders/{}", id(&order)), "");
        let items = detail["items"].as_array().unwrap();
        let sum: i64 =
            items.iter().map(|item| cents(&item["price"]["amount"]) * item["qty"].as_f64().unwrap() as i64).sum();
        let part = |name: &str| cents(&detail["amountSummary"][name]);
        assert_eq!(part("subtotal"), sum);
        assert_eq!(cents(&detail["amount"]), sum - part("discount") + part("tax") + part("shipping"));
        assert_eq!(order["totalProducts"], items.len());
        for name in ["amount", "status", "paymentStatus", "fulfillmentStatus", "contactId", "createdAt", "updatedAt"] {
            assert_eq!(detail[name], order[name]);
        }
    }
}

#[test]
fn snapshots_have_the_units_of_their_provider() {
    let mut api = Api::new();
    for transaction in api.all("/payments/transactions") {
        let snapshot = &transaction["chargeSnapshot"];
        match text(&transaction, "paymentProviderType") {
            "stripe" => {
                assert_eq!(snapshot["amount"], cents(&transaction["amount"]));
                assert_eq!(text(snapshot, "currency"), text(&transaction, "currency").to_lowercase());
                assert!(text(&transaction, "chargeId").starts_with("ch_"));
            }
            "manual" => {
                assert!(["cash", "card", "cheque", "bank_transfer", "other"].contains(&text(snapshot, "mode")));
                assert!(snapshot["cheque"]["number"].is_string() && snapshot["notes"].is_string());
                assert!(transaction.get("chargeId").is_none());
            }
            _ => {}
        }
    }
}

#[test]
fn subscriptions_agree_with_their_orders_and_payments() {
    let mut api = Api::new();
    let orders = api.all("/payments/orders");
    for subscription in api.all("/payments/subscriptions") {
        let order = orders.iter().find(|order| order["_id"] == subscription["entityId"]).expect("order");
        assert_eq!(order["recurringProducts"], 1);
        assert_eq!(order["contactId"], subscription["contactId"]);
        let query = format!("subscriptionId={}&limit=100", text(&subscription, "subscriptionId"));
        let payments = api.ok("/payments/transactions", &query)["data"].as_array().unwrap().clone();
        let succeeded = payments.iter().filter(|payment| payment["status"] == "succeeded").count();
        match text(&subscription, "status") {
            "incomplete" | "incomplete_expired" => {
                assert_eq!((succeeded, order["paymentStatus"].as_str()), (0, Some("unpaid")));
            }
            "past_due" | "unpaid" => assert_eq!(payments[0]["status"], "failed"),
            _ => assert!(succeeded >= 1 && order["paymentStatus"] == "paid"),
        }
        for payment in payments.iter().filter(|payment| payment["entityType"] == "invoice") {
            assert_eq!(payment["amount"], subscription["amount"]);
        }
        let detail = api.ok(&format!("/payments/subscriptions/{}", id(&subscription)), "");
        assert_eq!(detail["canceledAt"].is_string(), subscription["status"] == "canceled");
    }
}

#[test]
fn ids_and_times_have_the_shape_of_the_real_ones() {
    let mut api = Api::new();
    let mut seen = HashSet::new();
    for path in ["/payments/orders", "/payments/transactions", "/payments/subscriptions", "/payments/coupon/list"] {
        let mut last = String::from("9999");
        for record in api.all(path) {
            let own = id(&record);
            assert!(own.len() == 24 && own.bytes().all(|b| b.is_ascii_hexdigit()), "{own}");
            assert!(seen.insert(own), "{record}");
            assert_eq!(text(&record, "altId"), api.location);
            let created = text(&record, "createdAt").to_owned();
            assert!(created <= last, "newest first: {created} after {last}");
            assert!(("2025-09".."2026-11-01T12:00:00").contains(&created.as_str()), "{created}");
            assert!(text(&record, "updatedAt") >= created.as_str() && text(&record, "updatedAt") < "2026-11-01T12:00");
            last = created;
        }
    }
    assert_eq!(api.location.len(), 20);
}

#[test]
fn the_same_seed_and_calls_give_the_same_bytes() {
    let run = |seed: u64| {
        let mut api = Api::with(Options::new(seed, NOW));
        let mut bytes = Vec::new();
        let unpaid = api.order("unpaid");
        let path = format!("/payments/orders/{}/record-payment", id(&unpaid));
        let paid = serde_json::json!({ "altId": api.location, "altType": "location", "mode": "cash" });
        let urls: Vec<String> = ["orders", "transactions", "subscriptions", "coupon/list", "orders?wrong=1"]
            .iter()
            .map(|name| format!("/payments/{name}?altId={}&altType=location&limit=100", api.location))
            .collect();
        for (method, url, body) in
            urls.iter().map(|url| ("GET", url, None)).chain([("POST", &path, Some(&paid)), ("GET", &urls[1], None)])
        {
            let response = api.raw(method, url, body);
            bytes.push(format!("{:?} {:?}", response.headers, String::from_utf8(response.body)));
        }
        (bytes, api.token, api.sandbox.state_json())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn steady_time_depends_on_the_calls_alone() {
    let run = |clock: f64| {
        let mut api = Api::with(Options { steady: true, ..Options::new(7, NOW) });
        api.now = clock;
        let order = api.order("unpaid");
        let path = format!("/payments/orders/{}/record-payment", id(&order));
        api.send("POST", &path, serde_json::json!({ "mode": "cash" }));
        api.sandbox.advance(3_600_000.0);
        api.all("/payments/transactions")
    };
    assert_eq!(run(NOW), run(NOW + 98_765.0));
}

#[test]
fn reset_brings_the_beginning_back() {
    let mut api = Api::new();
    let before = api.sandbox.state_json();
    let order = api.order("unpaid");
    api.send("POST", &format!("/payments/orders/{}/record-payment", id(&order)), serde_json::json!({ "mode": "cash" }));
    api.sandbox.advance(40.0 * 86_400_000.0);
    assert_ne!(api.sandbox.state_json(), before);
    api.sandbox.reset();
    assert_eq!(api.sandbox.state_json(), before);
    assert!(api.sandbox.requests().is_empty());
    assert_eq!(api.get("/payments/orders", "").0, 200, "tokens stay valid");
}

#[test]
fn a_large_account_starts_and_pages_quickly() {
    let started = std::time::Instant::now();
    let mut api = Api::with(Options { size: Some(100_000), ..Options::new(7, NOW) });
    let start = started.elapsed();
    let page = |api: &mut Api, offset: usize| {
        let started = std::time::Instant::now();
        for _ in 0..20 {
            let page = api.ok("/payments/orders", &format!("limit=20&offset={offset}"));
            assert_eq!((page["data"].as_array().unwrap().len(), &page["totalCount"]), (20, &Value::from(100_000)));
        }
        started.elapsed()
    };
    let (first, last) = (page(&mut api, 0), page(&mut api, 99_980));
    // Without optimisation; generous, because other programs use the machine as well.
    assert!(start.as_secs_f64() < 20.0, "{start:?}");
    assert!(last < first * 5 + std::time::Duration::from_millis(50), "{first:?} {last:?}");
}

#[test]
fn an_empty_account_answers_empty_lists() {
    let mut api = Api::with(Options { size: Some(0), ..Options::new(7, NOW) });
    for name in ["orders", "transactions", "subscriptions"] {
        let page = api.ok(&format!("/payments/{name}"), "search=x");
        assert_eq!(page, serde_json::json!({ "data": [], "totalCount": 0 }));
    }
}

#[test]
fn locations_are_apart() {
    let options =
        Options { locations: vec!["first-location".into(), "second-location".into()], ..Options::new(7, NOW) };
    let mut api = Api::with(options);
    assert_eq!(api.location, "first-location");
    let first = api.all("/payments/orders");
    api.token = api
        .sandbox
        .token(&ghl_payments::sandbox::TokenOptions { location: Some("second-location".into()), ..Default::default() })
        .unwrap();
    api.location = "second-location".into();
    let second = api.all("/payments/orders");
    assert!(first.iter().all(|order| second.iter().all(|other| other["_id"] != order["_id"])));
    assert!(Sandbox::new(Options::new(1, NOW)).location() != Sandbox::new(Options::new(2, NOW)).location());
}
