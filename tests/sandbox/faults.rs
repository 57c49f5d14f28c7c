use crate::support::{id, read, text, Api, NOW};
use ghl_payments::sandbox::{Echo, End, Options};
use serde_json::{json, Value};

fn orders(api: &Api) -> String {
    format!("/payments/orders?altId={}&altType=location&limit=5", api.location)
}

#[test]
fn a_status_on_demand_does_nothing_else() {
    let mut api = Api::new();
    let order = api.order("unpaid");
    let before = api.sandbox.state_json();
    let url = format!("/payments/orders/{}/record-payment", id(&order));
    let body = json!({ "mode": "cash", "altId": api.location, "altType": "location" });
    for status in [400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504] {
        let response = api.faulty(&format!("status={status}"), "POST", &url, Some(&body));
        let (found, answer) = read(&response);
        assert_eq!((found, &answer["statusCode"]), (status, &status.into()));
        assert!(answer["message"].is_string() && answer["traceId"].is_string());
    }
    let response = api.faulty("status=429; retry-after=2", "POST", &url, Some(&body));
    assert_eq!((response.status, response.header("retry-after")), (429, Some("2")));
    assert_eq!(api.sandbox.state_json(), before);
}

#[test]
fn every_error_shape_is_to_be_had() {
    let mut api = Api::new();
    let url = orders(&api);
    for (shape, fields) in [
        ("standard", vec!["error", "message", "statusCode", "traceId"]),
        ("http-exception", vec!["message", "name", "status", "traceId"]),
        ("message", vec!["message"]),
        ("oauth", vec!["error", "error_description"]),
        ("v3", vec!["error"]),
    ] {
        let (status, body) = read(&api.faulty(&format!("status=400; shape={shape}"), "GET", &url, None));
        let found: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!((status, found), (400, fields), "{shape}");
    }
}

#[test]
fn applied_then_does_it_and_says_otherwise() {
    for (fault, status, end) in [
        ("applied-then=500", 500, End::Normal),
        ("applied-then=504", 504, End::Normal),
        ("applied-then=drop", 200, End::Drop),
        ("applied-then=hang", 200, End::Hang),
        ("applied-then=html", 200, End::Normal),
    ] {
        let mut api = Api::new();
        let order = api.order("unpaid");
        let url = format!("/payments/orders/{}/record-payment", id(&order));
        let body = json!({ "mode": "cash", "altId": api.location, "altType": "location" });
        let response = api.faulty(fault, "POST", &url, Some(&body));
        assert_eq!((response.status, response.end), (status, end));
        let after = api.ok(&format!("/payments/orders/{}", id(&order)), "");
        assert_eq!(after["paymentStatus"], "paid", "{fault}");
        let refused = api.faulty(fault, "POST", &url, Some(&body));
        assert_eq!((refused.status, refused.end), (400, End::Normal), "a refusal stays one");
    }
}

#[test]
fn late_does_it_after_the_connection_has_broken() {
    let mut api = Api::new();
    let order = api.order("unpaid");
    let order = format!("/payments/orders/{}", id(&order));
    let body = json!({ "mode": "cash", "altId": api.location, "altType": "location" });
    let response = api.faulty("late=2000", "POST", &format!("{order}/record-payment"), Some(&body));
    assert_eq!(response.end, End::Drop);
    api.sandbox.advance(1900.0);
    assert_eq!(api.ok(&order, "")["paymentStatus"], "unpaid");
    api.sandbox.advance(100.0);
    assert_eq!(api.ok(&order, "")["paymentStatus"], "paid");
}

#[test]
fn html_comes_with_200_and_with_403() {
    let mut api = Api::new();
    let url = orders(&api);
    for (fault, status, part) in [("html=200", 200, "HighLevel"), ("html", 200, "HighLevel"), ("html=403", 403, "1010")]
    {
        let response = api.faulty(fault, "GET", &url, None);
        let page = String::from_utf8(response.body.clone()).unwrap();
        assert_eq!((response.status, response.header("content-type")), (status, Some("text/html; charset=utf-8")));
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains(part));
    }
}

#[test]
fn a_truncated_body_is_no_json() {
    let mut api = Api::new();
    let url = orders(&api);
    let response = api.faulty("truncated", "GET", &url, None);
    assert_eq!(response.status, 200);
    assert!(response.body.starts_with(b"{\"data\"") && serde_json::from_slice::<Value>(&response.body).is_err());
}

#[test]
fn what_the_transport_has_to_do_is_handed_to_it() {
    let mut api = Api::new();
    let url = orders(&api);
    let response = api.faulty("delay=1500", "GET", &url, None);
    assert_eq!((response.status, response.delay_ms, response.end), (200, 1500, End::Normal));
    assert_eq!(api.faulty("hang", "GET", &url, None).end, End::Hang);
    assert_eq!(api.faulty("delay=20;drop", "GET", &url, None).end, End::Drop);
    let response = api.faulty("delay=30; status=503", "GET", &url, None);
    assert_eq!((response.status, response.delay_ms), (503, 30));
}

#[test]
fn drift_bends_the_answer_in_one_way_each() {
    let mut api = Api::new();
    let url = orders(&api);
    let straight = read(&api.raw("GET", &url, None)).1;
    let mut bent = |drift: &str| read(&api.faulty(&format!("drift={drift}"), "GET", &url, None)).1;
    let first = &straight["data"][0];

    let quoted = bent("quoted");
    assert_eq!(text(&quoted["data"][0], "amount"), first["amount"].to_string());
    assert_eq!(text(&quoted["data"][0], "liveMode"), first["liveMode"].to_string());
    assert_eq!(quoted["totalCount"], "300");
    let null = bent("null");
    assert_eq!((&null["data"][0]["_id"], &null["data"][0]["amount"]), (&first["_id"], &Value::Null));
    assert_eq!(bent("missing")["data"][0], json!({ "_id": first["_id"] }));
    let unknown = bent("unknown");
    assert!(unknown["data"][4]["sandboxDrift"].is_object() && unknown["data"][4]["amount"].is_number());
    assert_eq!(text(&bent("enum")["data"][0], "status"), format!("{}_2", text(first, "status")));
    assert!(bent("wrong")["data"][0]["amount"].is_object());
    assert!(bent("numeric")["data"][0]["contactId"].is_number());
    assert!(bent("top")["data"].is_string());

    let order = format!("/payments/orders/{}?altId={}&altType=location", id(first), api.location);
    assert!(read(&api.faulty("drift=single", "GET", &order, None)).1["items"].is_object());
    let list = format!("/payments/integrations/provider/whitelabel?altId={}&altType=location", api.location);
    assert!(read(&api.faulty("drift=single", "GET", &list, None)).1["providers"].is_object());
}

#[test]
fn a_fault_that_there_is_not_is_named() {
    let mut api = Api::new();
    let url = orders(&api);
    for fault in ["status=99", "status=abc", "drift=sideways", "explode", "delay=soon", "hang=1", "status=500;shape=x"]
    {
        let (status, body) = read(&api.faulty(fault, "GET", &url, None));
        assert!(status == 400 && text(&body, "message").contains("is not a fault"), "{fault}: {body}");
    }
}

#[test]
fn a_script_lays_faults_out_in_advance() {
    let mut api = Api::new();
    let url = orders(&api);
    api.sandbox.plan_fault("status=503", Some("transactions.list".into()), 1).unwrap();
    api.sandbox.plan_fault("status=500", None, 2).unwrap();
    let statuses: Vec<u16> = (0..3).map(|_| api.raw("GET", &url, None).status).collect();
    assert_eq!(statuses, [500, 500, 200]);
    assert_eq!(api.get("/payments/transactions", "").0, 503);
    assert_eq!(api.get("/payments/transactions", "").0, 200);
    api.sandbox.plan_fault("hang", None, 5).unwrap();
    api.sandbox.clear_faults();
    assert_eq!(api.raw("GET", &url, None).status, 200);
    assert!(api.sandbox.plan_fault("status=500", Some("orders.burn".into()), 1).is_err());
    assert!(api.sandbox.plan_fault("burn", None, 1).is_err());
}

/// Records a payment with a fault; gives the transactions that the order got by it, newest first.
fn recorded(api: &mut Api, fault: &str) -> Vec<Value> {
    let order = id(&api.order("unpaid"));
    let url = format!("/payments/orders/{order}/record-payment");
    let mut body = json!({ "mode": "cash", "amount": 5, "notes": "ours", "meta": { "reference": "r-1" } });
    body["altId"] = api.location.clone().into();
    body["altType"] = "location".into();
    let before = api.ok("/payments/transactions", &format!("entityId={order}"))["totalCount"].as_u64().unwrap();
    api.faulty(fault, "POST", &url, Some(&body));
    let list = api.ok("/payments/transactions", &format!("entityId={order}&limit=100"));
    let added = list["totalCount"].as_u64().unwrap() - before;
    list["data"].as_array().unwrap()[..added as usize].to_vec()
}

#[test]
fn others_pay_the_same_order_on_demand() {
    for (fault, statuses, notes) in [
        ("second-payer", vec!["succeeded", "succeeded"], vec!["ours", "taken at the counter"]),
        ("second-payer=alike; echo=none", vec!["succeeded", "succeeded"], vec!["", ""]),
        ("second-payer; drop", vec!["succeeded"], vec!["taken at the counter"]),
        ("failed-payment; status=500", vec!["failed"], vec![""]),
        ("failed-payment", vec!["succeeded", "failed"], vec!["ours", ""]),
    ] {
        let found = recorded(&mut Api::new(), fault);
        let of = |field: fn(&Value) -> &Value| -> Vec<String> {
            found.iter().map(|record| field(record).as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(of(|record| &record["status"]), statuses, "{fault}");
        assert_eq!(of(|record| &record["chargeSnapshot"]["notes"]), notes, "{fault}");
        for record in &found {
            assert_eq!((&record["amount"], &record["chargeSnapshot"]["mode"]), (&json!(5), &json!("cash")), "{fault}");
        }
    }
    // A payment that failed pays nothing.
    let mut api = Api::new();
    let order = id(&api.order("unpaid"));
    recorded(&mut api, "failed-payment; drop");
    assert_eq!(api.ok(&format!("/payments/orders/{order}"), "")["paymentStatus"], "unpaid");
}

#[test]
fn what_was_sent_along_is_shown_where_the_sandbox_is_told_to() {
    for (echo, single, listed, notes) in [
        (Echo::Meta, true, false, "ours"),
        (Echo::Snapshot, false, true, "ours"),
        (Echo::Notes, false, false, "ours"),
        (Echo::None, false, false, ""),
    ] {
        let mut api = Api::with(Options { echo, ..Options::new(7, NOW) });
        let summary = recorded(&mut api, "").remove(0);
        let detail = api.ok(&format!("/payments/transactions/{}", id(&summary)), "");
        let found = (detail["meta"]["reference"] == "r-1", summary["chargeSnapshot"]["meta"]["reference"] == "r-1");
        assert_eq!((found, &summary["chargeSnapshot"]["notes"]), ((single, listed), &json!(notes)), "{echo:?}");
        // A fault has the last word, also where the payment is made late.
        assert_eq!(recorded(&mut api, "echo=none")[0]["chargeSnapshot"]["notes"], "");
    }
}
