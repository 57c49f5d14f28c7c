//! The figures of the sandbox: every operation has state, and how many refusals and faults there are.

use crate::support::{id, read, text, Api};
use ghl_payments::endpoint::ALL;
use ghl_payments::sandbox::{End, Response, TokenOptions};
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// What a case of the table asks for.
enum Ask {
    /// A GET of a path and a query behind `altId` and `altType`.
    Get(String, &'static str),
    /// A write with `altId` and `altType` in its body.
    Send(&'static str, String, Value),
    /// A call whose URL holds everything.
    Raw(&'static str, String, Option<Value>),
    /// A call with a header more.
    With(&'static str, &'static str),
    /// An order list with a fault.
    Fault(&'static str),
}

struct Case {
    name: &'static str,
    ask: Ask,
    status: u16,
    /// What the body holds.
    part: &'static str,
}

fn case(name: &'static str, ask: Ask, status: u16, part: &'static str) -> Case {
    Case { name, ask, status, part }
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn refusals(order: &str, paid: &str, location: &str) -> Vec<Case> {
    let record = |order: &str, body: Value| Ask::Send("POST", format!("/payments/orders/{order}/record-payment"), body);
    let fulfil = |items: Value| {
        let body = json!({ "trackings": [], "items": items, "notifyCustomer": false });
        Ask::Send("POST", format!("/payments/orders/{order}/fulfillments"), body)
    };
    let coupon = |field: &str, value: Value| {
        let mut body = json!({
            "name": "x", "code": "UNUSED", "discountType": "percentage", "discountValue": 5,
            "startDate": "2026-11-02T00:00:00.000Z",
        });
        body[field] = value;
        Ask::Send("POST", "/payments/coupon".into(), body)
    };
    let provider = |name: &str| format!("/payments/custom-provider/{name}?locationId={location}");
    let list = |query| Ask::Get("/payments/orders".into(), query);
    vec![
        case("no token", Ask::With("authorization", ""), 401, "token is missing"),
        case("unknown token", Ask::With("authorization", "Bearer pit-x"), 401, "Invalid token"),
        case("another scheme", Ask::With("authorization", "Basic eA=="), 401, "error_description"),
        case("no version", Ask::With("version", ""), 401, "version header was not found"),
        case("unknown version", Ask::With("version", "1999-01-01"), 400, "Invalid API version"),
        case("another location", Ask::Raw("GET", "/payments/orders?altId=x".into(), None), 403, "location"),
        case(
            "another company",
            {
                let body = json!({ "supportsSubscriptionSchedules": true, "companyId": "x" });
                Ask::Raw("PUT", "/payments/custom-provider/capabilities".into(), Some(body))
            },
            403,
            "location",
        ),
        case("unknown route", Ask::Raw("GET", "/payments/nothing".into(), None), 404, "Cannot GET"),
        case("wrong method", Ask::Raw("DELETE", "/payments/orders".into(), None), 404, "Cannot DELETE"),
        case("missing altId", Ask::Raw("GET", "/payments/orders".into(), None), 422, "altId must be a string"),
        case(
            "missing altType",
            Ask::Raw("GET", format!("/payments/orders/{order}?altId={location}"), None),
            422,
            "altType must be one of",
        ),
        case("unknown parameter", list("colour=red"), 422, "colour should not exist"),
        case("limit that is no number", list("limit=ten"), 422, "limit must be a whole number"),
        case("negative offset", list("offset=-1"), 422, "offset must be a whole number"),
        case("impossible date", list("startAt=2026-02-30"), 422, "startAt must be a valid ISO 8601"),
        case("unknown payment status", list("paymentStatus=open"), 422, "paymentStatus must be one of"),
        case("parameter twice", list("status=a&status=b"), 422, "status must be a string"),
        case("unknown order", Ask::Get("/payments/orders/000000000000000000000000".into(), ""), 404, "HttpException"),
        case("unknown transaction", Ask::Get("/payments/transactions/x".into(), ""), 404, "Transaction not found"),
        case("unknown subscription", Ask::Get("/payments/subscriptions/x".into(), ""), 404, "Subscription not found"),
        case("unknown coupon", Ask::Get("/payments/coupon".into(), "code=NONE"), 404, "Coupon not found"),
        case("coupon without id and code", Ask::Get("/payments/coupon".into(), ""), 422, "code must be a string"),
        case("payment of an unknown order", record("x", json!({ "mode": "cash" })), 404, "Order not found"),
        case("payment of a paid order", record(paid, json!({ "mode": "cash" })), 400, "already paid"),
        case(
            "overpayment",
            record(order, json!({ "mode": "cash", "amount": 1e6 })),
            422,
            "greater than the amount due",
        ),
        case("payment of nothing", record(order, json!({ "mode": "cash", "amount": 0 })), 422, "positive number"),
        case(
            "payment with the noise of binary fractions",
            record(order, json!({ "mode": "cash", "amount": 0.1 + 0.2 })),
            422,
            "at most 4 decimal places",
        ),
        case("amount as text", record(order, json!({ "mode": "cash", "amount": "5" })), 422, "positive number"),
        case("unknown mode", record(order, json!({ "mode": "bitcoin" })), 422, "mode must be one of"),
        case("card without digits", record(order, json!({ "mode": "card", "card": { "type": "visa" } })), 422, "last4"),
        case(
            "partial payment of no amount",
            record(order, json!({ "mode": "cash", "isPartialPayment": true })),
            422,
            "amount is required",
        ),
        case("fulfillment of nothing", fulfil(json!([])), 422, "items should not be empty"),
        case(
            "fulfillment of a foreign price",
            fulfil(json!([{ "priceId": "x", "qty": 1 }])),
            422,
            "not a price of this",
        ),
        case("code in use", coupon("code", json!("welcome10")), 422, "code is already used"),
        case("end before start", coupon("endDate", json!("2026-11-01")), 422, "endDate must be after"),
        case("more than all", coupon("discountValue", json!(101)), 422, "not be greater than 100"),
        case("unknown discount type", coupon("discountType", json!("half")), 422, "discountType must be one of"),
        case("limit as number", coupon("limitPerCustomer", json!(1)), 422, "must be a boolean value"),
        case("unknown field", coupon("colour", json!("red")), 422, "colour should not exist"),
        case(
            "change of an unknown coupon",
            {
                let body = json!({ "id": "x", "name": "x", "code": "Y", "discountType": "amount", "discountValue": 1,
                "startDate": "2026-11-02T00:00:00.000Z" });
                Ask::Send("PUT", "/payments/coupon".into(), body)
            },
            404,
            "Coupon not found",
        ),
        case(
            "deletion of an unknown coupon",
            Ask::Send("DELETE", "/payments/coupon".into(), json!({ "id": "x" })),
            404,
            "Coupon not found",
        ),
        case("keys of no mode", Ask::Raw("POST", provider("connect"), Some(json!({}))), 422, "live must be an object"),
        case(
            "keys that are half",
            Ask::Raw("POST", provider("connect"), Some(json!({ "live": { "apiKey": "x" } }))),
            422,
            "publishableKey must be a string",
        ),
        case(
            "provider without URLs",
            Ask::Raw("POST", provider("provider"), Some(json!({ "name": "x" }))),
            422,
            "queryUrl must be a URL",
        ),
        case(
            "integration with a wrong name",
            {
                let body = json!({ "uniqueName": "Not a slug", "title": "x", "provider": "nmi", "description": "",
                "imageUrl": "https://example.com/x.png" });
                Ask::Send("POST", "/payments/integrations/provider/whitelabel".into(), body)
            },
            422,
            "uniqueName must hold",
        ),
        case(
            "body that is a list",
            Ask::Raw("POST", "/payments/coupon".into(), Some(json!([]))),
            422,
            "must be an object",
        ),
    ]
}

fn faults() -> Vec<Case> {
    let fault = |text: &'static str, status, part| case(text, Ask::Fault(text), status, part);
    vec![
        fault("status=400", 400, "Bad Request"),
        fault("status=401", 401, "Unauthorized"),
        fault("status=409", 409, "Conflict"),
        fault("status=429; retry-after=2", 429, "Too Many Requests"),
        fault("status=500", 500, "Internal Server Error"),
        fault("status=503; delay=20", 503, "Service Unavailable"),
        fault("status=422; shape=http-exception", 422, "HttpException"),
        fault("status=404; shape=message", 404, "{\"message\""),
        fault("status=401; shape=oauth", 401, "error_description"),
        fault("status=400; shape=v3", 400, "\"code\":\"BAD_REQUEST\""),
        fault("html=200", 200, "<!DOCTYPE html>"),
        fault("html=403", 403, "error code: 1010"),
        fault("truncated", 200, "{\"data\""),
        fault("applied-then=500", 500, "Internal Server Error"),
        fault("applied-then=html", 200, "<!DOCTYPE html>"),
        fault("applied-then=drop", 200, ""),
        fault("applied-then=hang", 200, ""),
        fault("drop", 0, ""),
        fault("hang", 0, ""),
        fault("drift=quoted", 200, "\"totalCount\":\"300\""),
        fault("drift=numeric", 200, "\"contactId\":12345"),
        fault("drift=null", 200, "\"amount\":null"),
        fault("drift=missing", 200, "{\"_id\""),
        fault("drift=unknown", 200, "sandboxDrift"),
        fault("drift=single", 200, "\"data\""),
        fault("drift=enum", 200, "_2\""),
        fault("drift=wrong", 200, "{\"value\":1}"),
        fault("drift=top", 200, "\"data\":\"drift\""),
        fault("status=99", 400, "is not a fault"),
    ]
}

fn ask(api: &mut Api, ask: &Ask) -> Response {
    let orders = format!("/payments/orders?altId={}&altType=location", api.location);
    match ask {
        Ask::Get(path, query) => {
            let url = format!("{path}?altId={}&altType=location&{query}", api.location);
            api.raw("GET", &url, None)
        }
        Ask::Send(method, path, body) => {
            let mut body = body.clone();
            body["altId"] = api.location.clone().into();
            body["altType"] = "location".into();
            api.raw(method, path, Some(&body))
        }
        Ask::Raw(method, url, body) => api.raw(method, url, body.as_ref()),
        Ask::With(name, value) => {
            let mut request = api.request("GET", &orders, None);
            request.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
            request.headers.push(((*name).into(), (*value).into()));
            let now = api.now;
            api.sandbox.handle(&request, now)
        }
        Ask::Fault(text) => api.faulty(text, "GET", &orders, None),
    }
}

#[test]
fn at_least_40_refusals_and_faults_are_as_they_should_be() {
    let mut api = Api::new();
    let (order, paid) = (id(&api.order("unpaid")), id(&api.order("paid")));
    let before = api.sandbox.state_json();
    let refusals = refusals(&order, &paid, &api.location);
    let faults = faults();
    for case in refusals.iter().chain(&faults) {
        let response = ask(&mut api, &case.ask);
        let body = String::from_utf8_lossy(&response.body).into_owned();
        assert_eq!(response.status, case.status, "{}: {body}", case.name);
        assert!(body.contains(case.part), "{}: {body}", case.name);
        let broken = ["drop", "hang"].iter().any(|end| case.name.ends_with(end));
        assert_eq!(response.end != End::Normal, broken, "{}", case.name);
    }
    assert_eq!(api.sandbox.state_json(), before, "none of them changes anything");
    let names: BTreeSet<&str> = refusals.iter().chain(&faults).map(|case| case.name).collect();
    println!("{} refusals and {} faults", refusals.len(), faults.len());
    assert_eq!(names.len(), refusals.len() + faults.len(), "each case once");
    assert!(names.len() >= 40);
}

#[test]
fn a_scope_that_a_token_lacks_is_missed() {
    let mut api = Api::new();
    let scopes = Some(vec!["payments/coupons.readonly".into()]);
    api.token = api.sandbox.token(&TokenOptions { location: None, scopes }).unwrap();
    assert_eq!(api.get("/payments/coupon/list", "").0, 200);
    assert_eq!(api.get("/payments/orders", "").0, 401);
}

#[test]
fn an_open_checkout_keeps_payments_from_being_recorded_for_five_minutes() {
    let mut api = Api::new();
    let order = id(&api.order("unpaid"));
    let url = format!("/payments/orders/{order}/record-payment");
    let body = json!({ "mode": "cash", "altId": api.location, "altType": "location" });
    let (status, answer) = read(&api.faulty("checkout", "POST", &url, Some(&body)));
    assert_eq!((status, text(&answer, "message")), (409, "Payment recording already in progress"));
    assert_eq!(api.call("POST", &url, Some(&body)).0, 409, "it stays open");
    api.sandbox.advance(5.0 * 60_000.0);
    assert_eq!(api.call("POST", &url, Some(&body)).0, 200);
}

/// What an operation was seen to do: its id, once a later read shows its write or it reads what a write has changed.
struct Seen(BTreeSet<&'static str>);

impl Seen {
    fn saw(&mut self, operation: &'static str, fine: bool) {
        assert!(fine, "{operation} has no state");
        assert!(ALL.iter().any(|own| own.id == operation), "{operation} is not in the ledger");
        self.0.insert(operation);
    }
}

fn total(api: &mut Api, path: &str, query: &str) -> f64 {
    api.ok(path, query)["totalCount"].as_f64().unwrap()
}

#[test]
fn every_operation_has_state() {
    let mut seen = Seen(BTreeSet::new());
    let mut api = Api::new();
    api.now += 60_000.0;
    orders_have_state(&mut api, &mut seen);
    subscriptions_have_state(&mut api, &mut seen);
    coupons_have_state(&mut api, &mut seen);
    providers_have_state(&mut api, &mut seen);
    println!("{}/{} operations stateful", seen.0.len(), ALL.len());
    let missing: Vec<&str> = ALL.iter().map(|own| own.id).filter(|own| !seen.0.contains(own)).collect();
    assert!(missing.is_empty(), "without state: {missing:?}");
}

fn orders_have_state(api: &mut Api, seen: &mut Seen) {
    let unpaid = total(api, "/payments/orders", "paymentStatus=unpaid");
    let payments = total(api, "/payments/transactions", "");
    let order = api.order("unpaid");
    let path = format!("/payments/orders/{}", id(&order));
    let (status, _) = api.send("POST", &format!("{path}/record-payment"), json!({ "mode": "cash" }));
    seen.saw("list-orders", total(api, "/payments/orders", "paymentStatus=unpaid") == unpaid - 1.0);
    seen.saw("get-order-by-id", api.ok(&path, "")["paymentStatus"] == "paid");
    let newest = api.ok("/payments/transactions", "limit=1");
    let mine = newest["data"][0]["entityId"] == order["_id"];
    seen.saw("list-transactions", newest["totalCount"] == payments + 1.0 && mine);
    let one = api.ok(&format!("/payments/transactions/{}", id(&newest["data"][0])), "");
    seen.saw("get-transaction-by-id", one["amount"] == order["amount"] && one["entityId"] == order["_id"]);
    seen.saw("record-order-payment", status == 200 && mine);

    let item = api.ok(&path, "")["items"][0].clone();
    let items = json!([{ "priceId": item["price"]["_id"], "qty": item["qty"] }]);
    let body = json!({ "trackings": [{ "trackingNumber": "7" }], "items": items, "notifyCustomer": true });
    let (status, created) = api.send("POST", &format!("{path}/fulfillments"), body);
    let list = api.ok(&format!("{path}/fulfillments"), "");
    seen.saw("create-order-fulfillment", status == 200 && api.ok(&path, "")["fulfillmentStatus"] != "unfulfilled");
    seen.saw("list-order-fulfillment", list["data"][0] == created["data"]);

    // No operation writes notes: they belong to their order, and another seed has others.
    let notes = |api: &mut Api| {
        let mut all = Vec::new();
        for order in api.all("/payments/orders").iter().take(20) {
            let list = api.ok(&format!("/payments/orders/{}/notes", id(order)), "");
            for note in list["data"].as_array().unwrap() {
                assert_eq!(note["orderId"], order["_id"]);
                all.push(note.clone());
            }
        }
        all
    };
    let own = notes(api);
    seen.saw("list-order-notes", !own.is_empty() && own == notes(api));
}

fn subscriptions_have_state(api: &mut Api, seen: &mut Seen) {
    let trials = |api: &mut Api| -> Vec<Value> {
        api.all("/payments/subscriptions").into_iter().filter(|own| own["status"] == "trialing").collect()
    };
    let trial = trials(api)[0].clone();
    let path = format!("/payments/subscriptions/{}", id(&trial));
    let before = api.ok(&path, "")["status"] == "trialing";
    api.sandbox.advance(32.0 * 86_400_000.0);
    seen.saw("list-subscriptions", trials(api).is_empty());
    seen.saw("get-subscription-by-id", before && api.ok(&path, "")["status"] == "active");
}

fn coupons_have_state(api: &mut Api, seen: &mut Seen) {
    let count = total(api, "/payments/coupon/list", "");
    let mut body = json!({
        "name": "x", "code": "STATE", "discountType": "amount", "discountValue": 5,
        "startDate": "2026-11-02T00:00:00.000Z",
    });
    let (_, created) = api.send("POST", "/payments/coupon", body.clone());
    seen.saw("create-coupon", api.ok("/payments/coupon", "code=STATE")["_id"] == created["_id"]);
    seen.saw("list-coupons", total(api, "/payments/coupon/list", "") == count + 1.0);
    (body["id"], body["name"]) = (created["_id"].clone(), "y".into());
    api.send("PUT", "/payments/coupon", body);
    let read = api.ok("/payments/coupon", &format!("id={}", id(&created)));
    seen.saw("update-coupon", read["name"] == "y");
    seen.saw("get-coupon", read["code"] == "STATE" && read["createdAt"] == created["createdAt"]);
    api.send("DELETE", "/payments/coupon", json!({ "id": created["_id"] }));
    seen.saw("delete-coupon", api.get("/payments/coupon", "code=STATE").0 == 404);
}

fn providers_have_state(api: &mut Api, seen: &mut Seen) {
    let query = format!("?locationId={}", api.location);
    let url = |name: &str| format!("/payments/custom-provider/{name}{query}");
    let config = |api: &mut Api| api.call("GET", &url("connect"), None);
    api.call("DELETE", &url("provider"), None);
    seen.saw("delete-integration", config(api).0 == 400);
    let body = json!({
        "name": "State Pay", "description": "", "paymentsUrl": "https://pay.example.com/a",
        "queryUrl": "https://pay.example.com/b", "imageUrl": "https://pay.example.com/c.png",
        "supportsSubscriptionSchedule": false,
    });
    api.call("POST", &url("provider"), Some(&body));
    seen.saw("create-integration", config(api).1["name"] == "State Pay");
    let keys = json!({ "live": { "apiKey": "k", "publishableKey": "p" } });
    api.call("POST", &url("connect"), Some(&keys));
    seen.saw("create-config", config(api).1["paymentProvider"]["live"]["apiKey"] == "k");
    let body = json!({ "supportsSubscriptionSchedules": true, "locationId": api.location });
    api.call("PUT", "/payments/custom-provider/capabilities", Some(&body));
    let provider = config(api).1["paymentProvider"].clone();
    seen.saw("custom-provider-marketplace-app-update-capabilities", provider["supportsSubscriptionSchedule"] == true);
    api.call("POST", &url("disconnect"), Some(&json!({ "liveMode": true })));
    let after = config(api).1["paymentProvider"].clone();
    seen.saw("disconnect-config", after["live"].get("apiKey").is_none());
    seen.saw("fetch-config", provider != after);

    let path = "/payments/integrations/provider/whitelabel";
    let body = json!({ "uniqueName": "state-pay", "title": "x", "provider": "nmi", "description": "",
        "imageUrl": "https://example.com/x.png" });
    let (status, created) = api.send("POST", path, body);
    let list = api.ok(path, "");
    seen.saw("create-integration provider", status == 200 && list["providers"][0] == created);
    seen.saw("list-integration-providers", list["providers"].as_array().is_some_and(|list| list.len() == 3));
}
