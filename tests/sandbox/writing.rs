use crate::support::{cents, id, text, Api};
use serde_json::{json, Value};

fn record(api: &mut Api, order: &Value, body: Value) -> (u16, Value) {
    api.send("POST", &format!("/payments/orders/{}/record-payment", id(order)), body)
}

fn again(api: &mut Api, order: &Value) -> Value {
    api.ok(&format!("/payments/orders/{}", id(order)), "")
}

fn payments(api: &mut Api, order: &Value) -> Vec<Value> {
    let list = api.ok("/payments/transactions", &format!("entityId={}", id(order)));
    list["data"].as_array().unwrap().clone()
}

#[test]
fn a_full_payment_completes_the_order() {
    let mut api = Api::new();
    let order = api.order("unpaid");
    let before = payments(&mut api, &order).len();
    let total = api.ok("/payments/transactions", "")["totalCount"].as_f64().unwrap();
    api.now += 60_000.0;
    let body =
        json!({ "mode": "cheque", "cheque": { "number": "129-129" }, "notes": "by post", "meta": { "till": 3 } });
    assert_eq!(record(&mut api, &order, body), (200, json!({ "success": true })));
    let after = again(&mut api, &order);
    assert_eq!((&after["paymentStatus"], &after["status"]), (&"paid".into(), &"completed".into()));
    assert_eq!(after["updatedAt"], "2026-11-01T12:01:00.000Z");
    let list = api.ok("/payments/orders", "paymentStatus=paid&limit=1000");
    assert!(list["data"].as_array().unwrap().iter().any(|paid| paid["_id"] == order["_id"]));
    let own = payments(&mut api, &order);
    assert_eq!(own.len(), before + 1);
    assert_eq!(
        own[0]["chargeSnapshot"],
        json!({ "mode": "cheque", "cheque": { "number": "129-129" }, "notes": "by post" })
    );
    assert_eq!((&own[0]["status"], &own[0]["amount"]), (&"succeeded".into(), &order["amount"]));
    assert_eq!(own[0]["paymentProviderType"], "manual");
    let newest = api.ok("/payments/transactions", "limit=1");
    assert_eq!((&newest["data"][0]["_id"], newest["totalCount"].as_f64()), (&own[0]["_id"], Some(total + 1.0)));
    let detail = api.ok(&format!("/payments/transactions/{}", id(&own[0])), "");
    assert_eq!(detail["meta"], json!({ "till": 3 }));
}

#[test]
fn partial_payments_add_up() {
    let mut api = Api::new();
    let order = api.order("unpaid");
    let total = cents(&order["amount"]);
    let part = json!({ "mode": "cash", "amount": 5.25, "isPartialPayment": true });
    assert_eq!(record(&mut api, &order, part).0, 200);
    assert_eq!(again(&mut api, &order)["paymentStatus"], "partially_paid");
    let rest = (total - 525) as f64 / 100.0;
    let card = json!({ "mode": "card", "card": { "type": "visa", "last4": "4242" }, "amount": rest });
    assert_eq!(record(&mut api, &order, card).0, 200);
    assert_eq!(again(&mut api, &order)["paymentStatus"], "paid");
    let own = payments(&mut api, &order);
    assert_eq!(own[0]["paymentMethod"], json!({ "card": { "brand": "visa", "last4": "4242" } }));
    let sum: i64 = own.iter().filter(|own| own["status"] == "succeeded").map(|own| cents(&own["amount"])).sum();
    assert_eq!(sum, total);
}

#[test]
fn a_payment_without_an_amount_pays_what_is_due() {
    let mut api = Api::new();
    let order = api.order("partially_paid");
    let paid = cents(&payments(&mut api, &order)[0]["amount"]);
    assert_eq!(record(&mut api, &order, json!({ "mode": "bank_transfer" })).0, 200);
    let own = payments(&mut api, &order);
    assert_eq!(cents(&own[0]["amount"]), cents(&order["amount"]) - paid);
}

#[test]
fn refused_payments_change_nothing() {
    let mut api = Api::new();
    let (order, paid) = (api.order("unpaid"), api.order("paid"));
    let before = api.sandbox.state_json();
    let more = order["amount"].as_f64().unwrap() + 0.01;
    for (order, body, status, part) in [
        (&order, json!({ "mode": "cash", "amount": more }), 422, "must not be greater than the amount due"),
        (&order, json!({ "mode": "cash", "amount": 0 }), 422, "amount must be a positive number"),
        (&order, json!({ "mode": "cash", "amount": -1 }), 422, "amount must be a positive number"),
        (&order, json!({ "mode": "cash", "amount": "5" }), 422, "amount must be a positive number"),
        (&order, json!({ "mode": "cash", "isPartialPayment": true }), 422, "amount is required"),
        (&order, json!({ "mode": "bitcoin" }), 422, "mode must be one of the following values: cash, card"),
        (&order, json!({}), 422, "mode must be one of"),
        (&order, json!({ "mode": "card", "card": { "type": "amex" } }), 422, "card.last4 must be a string"),
        (&paid, json!({ "mode": "cash" }), 400, "already paid"),
        (&json!({ "_id": "5e2d4c8e0e8b4e001c1c4f5d" }), json!({ "mode": "cash" }), 404, "Order not found"),
    ] {
        let (found, answer) = record(&mut api, order, body);
        assert_eq!(found, status, "{answer}");
        assert!(answer["message"].to_string().contains(part), "{answer}");
        assert!(answer["traceId"].is_string());
    }
    assert_eq!(api.sandbox.state_json(), before);
}

#[test]
fn fulfillments_count_against_the_ordered_quantities() {
    let mut api = Api::new();
    let orders = api.all("/payments/orders");
    let many = orders.iter().filter(|order| order["fulfillmentStatus"] == "unfulfilled").find_map(|order| {
        let detail = again(&mut api, order);
        let items = detail["items"].as_array().unwrap();
        (items.len() > 1 && items.iter().any(|item| item["qty"].as_f64() > Some(1.0))).then_some(detail.clone())
    });
    let order = many.expect("an order of several pieces");
    let items: Vec<Value> = order["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| json!({ "priceId": item["price"]["_id"], "qty": item["qty"] }))
        .collect();
    let path = format!("/payments/orders/{}/fulfillments", id(&order));
    let body = |items: Value| json!({ "trackings": [{ "trackingNumber": "1Z", "shippingCarrier": "UPS" }], "items": items, "notifyCustomer": true });
    let at = items.iter().position(|item| item["qty"].as_f64() > Some(1.0)).unwrap();
    let one = json!([{ "priceId": items[at]["priceId"], "qty": 1 }]);
    let (status, answer) = api.send("POST", &path, body(one.clone()));
    assert_eq!((status, &answer["status"]), (200, &true.into()));
    assert_eq!(answer["data"]["items"][0]["qty"], 1);
    assert_eq!(answer["data"]["trackings"][0]["trackingNumber"], "1Z");
    assert_eq!(again(&mut api, &order)["fulfillmentStatus"], "partially_fulfilled");

    let (status, answer) = api.send("POST", &path, body(json!(items)));
    assert_eq!(status, 422, "{answer}");
    assert!(answer["message"][0].as_str().unwrap().contains("quantity left to fulfill"));

    let mut rest = items.clone();
    rest[at]["qty"] = json!(rest[at]["qty"].as_f64().unwrap() - 1.0);
    assert_eq!(api.send("POST", &path, body(json!(rest))).0, 200);
    assert_eq!(again(&mut api, &order)["fulfillmentStatus"], "fulfilled");
    assert_eq!(api.send("POST", &path, body(one)).0, 422);
    let list = api.ok(&path, "");
    assert_eq!(list["data"].as_array().unwrap().len(), 2);

    for wrong in [json!([]), json!([{ "priceId": "no-price", "qty": 1 }]), json!([{ "priceId": "x", "qty": 0 }])] {
        assert_eq!(api.send("POST", &path, body(wrong)).0, 422);
    }
}

fn coupon(code: &str) -> Value {
    json!({
        "name": "Launch", "code": code, "discountType": "percentage", "discountValue": 12.5,
        "startDate": "2026-11-10T00:00:00.000Z", "endDate": "2026-11-20T00:00:00.000Z", "limitPerCustomer": true,
        "applyToFuturePayments": true,
        "applyToFuturePaymentsConfig": { "type": "fixed", "duration": 3, "durationType": "months" },
        "productIds": ["6241712be68f7a98102ba272"],
    })
}

#[test]
fn a_coupon_lives_from_creation_to_deletion() {
    let mut api = Api::new();
    let count = api.ok("/payments/coupon/list", "")["totalCount"].as_f64().unwrap();
    let (status, created) = api.send("POST", "/payments/coupon", coupon("NEW2026"));
    assert_eq!((status, &created["status"]), (201, &"scheduled".into()));
    assert_eq!((&created["limitPerCustomer"], &created["usageCount"]), (&json!(1), &json!(0)));
    assert!(created["traceId"].is_string());
    let newest = api.ok("/payments/coupon/list", "limit=1");
    assert_eq!((&newest["data"][0]["_id"], newest["totalCount"].as_f64()), (&created["_id"], Some(count + 1.0)));
    let by_id = api.ok("/payments/coupon", &format!("id={}", id(&created)));
    assert_eq!(api.ok("/payments/coupon", "code=new2026")["_id"], by_id["_id"]);

    api.sandbox.advance(12.0 * 86_400_000.0);
    assert_eq!(api.ok("/payments/coupon", "code=NEW2026")["status"], "active");
    api.sandbox.advance(12.0 * 86_400_000.0);
    assert_eq!(api.ok("/payments/coupon", "code=NEW2026")["status"], "expired");

    let mut changed = coupon("CHANGED");
    changed["id"] = created["_id"].clone();
    changed["discountType"] = "amount".into();
    changed.as_object_mut().unwrap().remove("endDate");
    let (status, updated) = api.send("PUT", "/payments/coupon", changed);
    assert_eq!((status, &updated["code"], &updated["_id"]), (200, &"CHANGED".into(), &created["_id"]));
    assert_eq!((updated.get("endDate"), &updated["createdAt"]), (None, &created["createdAt"]));
    assert_eq!(api.get("/payments/coupon", "code=NEW2026").0, 404);

    let (status, deleted) = api.send("DELETE", "/payments/coupon", json!({ "id": created["_id"] }));
    assert_eq!((status, &deleted["success"]), (200, &true.into()));
    assert_eq!(api.get("/payments/coupon", &format!("id={}", id(&created))).0, 404);
    assert_eq!(api.send("DELETE", "/payments/coupon", json!({ "id": created["_id"] })).0, 404);
    assert_eq!(api.ok("/payments/coupon/list", "")["totalCount"].as_f64(), Some(count));
}

#[test]
fn coupons_that_make_no_sense_are_refused() {
    let mut api = Api::new();
    let before = api.sandbox.state_json();
    let wrong = |name: &str, value: Value| {
        let mut body = coupon("OTHER");
        body[name] = value;
        body
    };
    let money = |value: f64| {
        let mut body = wrong("discountValue", json!(value));
        body["discountType"] = json!("amount");
        body
    };
    for (body, part) in [
        (coupon("welcome10"), "code is already used"),
        (wrong("endDate", json!("2026-11-09")), "endDate must be after startDate"),
        (wrong("startDate", json!("2026-02-30")), "startDate must be a valid ISO 8601 date string"),
        (wrong("discountValue", json!(101)), "discountValue must not be greater than 100"),
        (money(0.1 + 0.2), "discountValue must be a number with at most 4 decimal places"),
        (money(1e21), "discountValue must be a number with at most 4 decimal places"),
        (wrong("productIds", json!([])), "productIds must be an array of texts"),
        (wrong("priceIds", json!([""])), "priceIds must be an array of texts"),
        (wrong("discountType", json!("half")), "discountType must be one of"),
        (wrong("applyToFuturePaymentsConfig", json!({ "type": "fixed" })), "durationType"),
        (wrong("applyToFuturePaymentsConfig", json!([{ "type": "forever" }])), "must be an object"),
        (wrong("limitPerCustomer", json!(1)), "limitPerCustomer must be a boolean value"),
        (wrong("productIds", json!("one")), "productIds must be an array"),
        (wrong("colour", json!("red")), "property colour should not exist"),
    ] {
        let (status, answer) = api.send("POST", "/payments/coupon", body);
        assert_eq!(status, 422, "{answer}");
        assert!(answer["message"].to_string().contains(part), "{part}: {answer}");
    }
    let mut body = coupon("WELCOME10");
    body["id"] = "000000000000000000000000".into();
    assert_eq!(api.send("PUT", "/payments/coupon", body).0, 404);
    assert_eq!(api.get("/payments/coupon", "").0, 422);
    assert_eq!(api.sandbox.state_json(), before);
}

#[test]
fn a_custom_provider_lives_from_creation_to_deletion() {
    let mut api = Api::new();
    let query = format!("?locationId={}", api.location);
    let url = |name: &str| format!("/payments/custom-provider/{name}{query}");
    let create = json!({
        "name": "My Pay", "description": "Cards", "paymentsUrl": "https://pay.example.com/iframe",
        "queryUrl": "https://pay.example.com/query", "imageUrl": "https://pay.example.com/logo.png",
        "supportsSubscriptionSchedule": false,
    });
    let keys = json!({ "live": { "apiKey": "secret-live", "publishableKey": "pk-live" } });
    let test = json!({ "test": { "apiKey": "secret-test", "publishableKey": "pk-test" } });

    assert_eq!(api.call("DELETE", &url("provider"), None), (200, json!({ "success": true })));
    assert_eq!(api.call("GET", &url("connect"), None).0, 400);
    assert_eq!(api.call("POST", &url("connect"), Some(&keys)).0, 422, "connect comes after create");
    assert_eq!(api.call("DELETE", &url("provider"), None).0, 400);

    let (status, created) = api.call("POST", &url("provider"), Some(&create));
    assert_eq!((status, &created["name"], &created["deleted"]), (200, &"My Pay".into(), &false.into()));
    assert_eq!(created["locationId"], api.location.as_str());
    let (status, connected) = api.call("POST", &url("connect"), Some(&keys));
    assert_eq!((status, &connected["_id"]), (200, &created["_id"]));
    assert_eq!(connected["paymentProvider"]["live"]["apiKey"], "secret-live");
    assert!(connected["paymentProvider"]["test"].get("apiKey").is_none());
    assert_eq!(api.call("POST", &url("connect"), Some(&test)).0, 200);
    let (_, config) = api.call("GET", &url("connect"), None);
    assert_eq!(config["paymentProvider"]["live"]["publishableKey"], "pk-live");
    assert_eq!(config["paymentProvider"]["test"]["apiKey"], "secret-test");

    assert_eq!(api.call("POST", &url("disconnect"), Some(&json!({ "liveMode": true }))).1, json!({ "success": true }));
    let (_, config) = api.call("GET", &url("connect"), None);
    assert!(config["paymentProvider"]["live"].get("apiKey").is_none());
    assert!(config["paymentProvider"]["test"]["apiKey"].is_string());

    let body = json!({ "supportsSubscriptionSchedules": true, "locationId": api.location });
    assert_eq!(api.call("PUT", "/payments/custom-provider/capabilities", Some(&body)).0, 200);
    let (_, config) = api.call("GET", &url("connect"), None);
    assert_eq!(config["paymentProvider"]["supportsSubscriptionSchedule"], true);
    let company = json!({ "supportsSubscriptionSchedules": false, "companyId": api.sandbox.company() });
    assert_eq!(api.call("PUT", "/payments/custom-provider/capabilities", Some(&company)).0, 200);

    for (method, url, body) in [
        ("POST", url("connect"), json!({})),
        ("POST", url("connect"), json!({ "live": { "apiKey": "x" } })),
        ("POST", url("disconnect"), json!({ "liveMode": "yes" })),
        ("POST", url("provider"), json!({ "name": "x" })),
        ("PUT", "/payments/custom-provider/capabilities".into(), json!({ "supportsSubscriptionSchedules": true })),
    ] {
        assert_eq!(api.call(method, &url, Some(&body)).0, 422, "{method} {url} {body}");
    }
}

#[test]
fn a_white_label_integration_is_created_once() {
    let mut api = Api::new();
    let path = "/payments/integrations/provider/whitelabel";
    let body = json!({
        "uniqueName": "easy-direct", "title": "Easy Direct", "provider": "nmi", "description": "Cards",
        "imageUrl": "https://example.com/logo.png",
    });
    let (status, created) = api.send("POST", path, body.clone());
    assert_eq!((status, &created["route"], &created["altType"]), (200, &"easy-direct".into(), &"location".into()));
    let all = api.ok(path, "");
    assert_eq!((all["providers"].as_array().unwrap().len(), &all["providers"][0]), (3, &created));
    assert_eq!(api.send("POST", path, body.clone()).0, 422);
    for (name, value) in [("uniqueName", "Easy"), ("uniqueName", "-easy"), ("provider", "stripe"), ("imageUrl", "logo")]
    {
        let mut wrong = body.clone();
        wrong[name] = value.into();
        let (status, answer) = api.send("POST", path, wrong);
        assert!(status == 422 && answer["message"][0].as_str().unwrap().starts_with(name), "{answer}");
    }
}

#[test]
fn subscriptions_are_paid_as_time_goes_on() {
    let mut api = Api::new();
    let active = |api: &mut Api| {
        let all = api.all("/payments/subscriptions");
        all.into_iter().filter(|subscription| subscription["status"] == "active").collect::<Vec<_>>()
    };
    let trials = |api: &mut Api| {
        let all = api.all("/payments/subscriptions");
        all.into_iter().filter(|subscription| subscription["status"] == "trialing").count()
    };
    let before = api.ok("/payments/transactions", "")["totalCount"].as_f64().unwrap();
    let count = active(&mut api).len();
    let tried = trials(&mut api);
    assert!(count > 20 && tried > 0);
    api.sandbox.advance(32.0 * 86_400_000.0);
    let after = api.all("/payments/transactions");
    assert!(after.len() as f64 > before + count as f64 / 2.0, "{before} {}", after.len());
    assert!(after[0]["subscriptionId"].is_string() && text(&after[0], "createdAt") > "2026-11-01T12");
    assert!(after.windows(2).all(|pair| text(&pair[0], "createdAt") >= text(&pair[1], "createdAt")));
    assert_eq!((trials(&mut api), active(&mut api).len()), (0, count + tried));
    api.sandbox.advance(32.0 * 86_400_000.0);
    let later = api.ok("/payments/transactions", "")["totalCount"].as_f64().unwrap();
    assert!(later > after.len() as f64 + count as f64 / 2.0, "the month after is paid as well");
}
