use crate::support::{id, read, Api, NOW};
use ghl_payments::endpoint::{Method, ALL};
use ghl_payments::sandbox::{Limits, Options, Request, TokenOptions};
use serde_json::{json, Value};

fn without(mut request: Request, name: &str) -> Request {
    request.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    request
}

fn with(request: Request, name: &str, value: &str) -> Request {
    let mut request = without(request, name);
    request.headers.push((name.into(), value.into()));
    request
}

#[test]
fn all_operations_are_reached_and_need_a_token_a_version_and_their_scope() {
    let mut api = Api::new();
    let order = id(&api.order("unpaid"));
    let none = api.sandbox.token(&TokenOptions { scopes: Some(vec![]), location: None }).unwrap();
    for operation in ALL {
        let path = match operation.path.find('{') {
            Some(at) => format!("{}{order}{}", &operation.path[..at], operation.path.split('}').nth(1).unwrap()),
            None => operation.path.to_owned(),
        };
        let request = api.request(operation.method.as_str(), &path, None);
        let mut answer = |request: &Request| read(&api.sandbox.handle(request, NOW));
        // Nothing but the parameters is wrong here, so the operation itself has been reached.
        let (status, body) = answer(&request);
        assert_eq!((status, body["message"].is_array()), (422, true), "{} {body}", operation.id);
        let (status, body) = answer(&without(request.clone(), "authorization"));
        assert_eq!((status, &body["statusCode"]), (401, &401.into()), "{}", operation.id);
        let (status, body) = answer(&without(request.clone(), "version"));
        assert_eq!((status, &body["message"]), (401, &"version header was not found.".into()));
        assert_eq!(answer(&with(request.clone(), "version", "2020-01-01")).0, 400);
        let (status, body) = answer(&with(request.clone(), "authorization", &format!("Bearer {none}")));
        if operation.scope.is_some() {
            assert_eq!(
                (status, &body["message"]),
                (401, &"The token is not authorized for this scope.".into()),
                "{}",
                operation.id
            );
        } else {
            assert_eq!(status, 422);
        }
    }
}

#[test]
fn a_wrong_token_is_refused_word_for_word() {
    let mut api = Api::new();
    api.token = "pit-00000000-0000-4000-8000-000000000000".into();
    let refusal =
        json!({ "statusCode": 401, "message": "Invalid token: access token is invalid", "error": "Unauthorized" });
    assert_eq!(api.get("/payments/orders", ""), (401, refusal));
}

#[test]
fn a_token_opens_its_scopes_and_its_location_only() {
    let options = Options { locations: vec!["home".into(), "away".into()], ..Options::new(7, NOW) };
    let mut api = Api::with(options);
    let token = TokenOptions { location: None, scopes: Some(vec!["payments/orders.readonly".into()]) };
    api.token = api.sandbox.token(&token).unwrap();
    assert_eq!(api.get("/payments/orders", "").0, 200);
    assert_eq!(api.get("/payments/transactions", "").0, 401);
    api.location = "away".into();
    let (status, body) = api.get("/payments/orders", "");
    assert_eq!((status, &body["error"]), (403, &"Forbidden".into()));
    let body = json!({ "mode": "cash", "altId": "away", "altType": "location" });
    api.token = api.sandbox.token(&TokenOptions::default()).unwrap();
    assert_eq!(api.call("POST", "/payments/orders/x/record-payment", Some(&body)).0, 403);
    assert_eq!(api.call("GET", "/payments/custom-provider/connect?locationId=away", None).0, 403);
    let body = json!({ "supportsSubscriptionSchedules": true, "companyId": "another-company" });
    assert_eq!(api.call("PUT", "/payments/custom-provider/capabilities", Some(&body)).0, 403);
    assert!(api.sandbox.token(&TokenOptions { location: Some("none".into()), scopes: None }).is_err());
    assert!(api.sandbox.token(&TokenOptions { location: None, scopes: Some(vec!["x".into()]) }).is_err());
}

#[test]
fn another_scheme_than_bearer_is_refused_in_the_shape_of_oauth() {
    let mut api = Api::new();
    let request = with(api.request("GET", "/payments/orders", None), "authorization", "Basic dXNlcg==");
    let (status, body) = read(&api.sandbox.handle(&request, NOW));
    assert_eq!((status, &body["error"]), (401, &"Unauthorized".into()));
    assert!(body["error_description"].is_string());
}

#[test]
fn an_order_needs_an_alt_type_although_undocumented() {
    let mut api = Api::new();
    let order = id(&api.order("paid"));
    let url = format!("/payments/orders/{order}?altId={}", api.location);
    let (status, body) = api.call("GET", &url, None);
    let message = json!(["altType must be one of the following values: location"]);
    assert_eq!((status, &body["message"], &body["error"]), (422, &message, &"Unprocessable Entity".into()));
    assert!(body["traceId"].is_string());
}

#[test]
fn every_fault_of_a_query_is_named() {
    let mut api = Api::new();
    let url = "/payments/orders?limit=ten&offset=-1&startAt=2026-13-01&paymentStatus=open&colour=red&status=a&status=b";
    let (status, body) = api.call("GET", url, None);
    assert_eq!(status, 422);
    assert_eq!(
        body["message"],
        json!([
            "property colour should not exist",
            "status must be a string",
            "altId must be a string",
            "paymentStatus must be one of the following values: paid, unpaid, refunded, partially_paid",
            "startAt must be a valid ISO 8601 date string",
            "limit must be a whole number not less than 0",
            "offset must be a whole number not less than 0",
        ])
    );
}

#[test]
fn parameters_that_no_operation_documents_are_refused_everywhere() {
    let mut api = Api::new();
    for operation in ALL {
        let path = operation.path.split('{').next().unwrap().to_owned();
        let id = if operation.path.contains('{') { "x" } else { "" };
        let rest = operation.path.split('}').nth(1).unwrap_or_default();
        let url = format!("{path}{id}{rest}?invented=1");
        let body = (operation.method != Method::Get).then(|| json!({ "invented": 1 }));
        let (status, answer) = api.call(operation.method.as_str(), &url, body.as_ref());
        let expected = 1 + usize::from(operation.body.is_some());
        let named = answer["message"]
            .as_array()
            .map_or(0, |list| list.iter().filter(|message| **message == "property invented should not exist").count());
        assert_eq!((status, named), (422, expected), "{} {answer}", operation.id);
    }
}

#[test]
fn bodies_that_are_no_json_objects_are_refused() {
    let mut api = Api::new();
    let mut request = api.request("POST", "/payments/coupon", Some(&json!({})));
    request.body = b"{\"altId\":".to_vec();
    assert_eq!(api.sandbox.handle(&request, NOW).status, 400);
    request.body = b"[1]".to_vec();
    assert_eq!(api.sandbox.handle(&request, NOW).status, 422);
    let request = without(api.request("POST", "/payments/coupon", Some(&json!({ "name": "x" }))), "content-type");
    let (status, body) = read(&api.sandbox.handle(&request, NOW));
    assert!(status == 422 && body["message"].to_string().contains("name must be a string"));
}

#[test]
fn unknown_routes_are_404() {
    let mut api = Api::new();
    for (method, path) in [
        ("GET", "/payments/order"),
        ("GET", "/payments/orders/"),
        ("PATCH", "/payments/orders"),
        ("GET", "/payments/orders/x/y/z"),
        ("GET", "/"),
    ] {
        let (status, body) = api.call(method, path, None);
        assert_eq!((status, &body["error"], &body["statusCode"]), (404, &"Not Found".into(), &404.into()));
    }
}

#[test]
fn version_3_has_its_own_errors_and_the_same_answers() {
    let mut api = Api::new();
    let url = format!("/payments/orders?altId={}", api.location);
    let request = with(api.request("GET", &url, None), "version", "v3");
    assert_eq!(api.sandbox.handle(&request, NOW).status, 200);
    let request = with(api.request("GET", "/payments/orders", None), "version", "v3");
    let (status, body) = read(&api.sandbox.handle(&request, NOW));
    assert_eq!((status, &body["error"]["code"]), (422, &"UNPROCESSABLE_ENTITY".into()));
    assert_eq!(body["error"]["details"], json!(["altId must be a string"]));
}

#[test]
fn the_url_may_carry_an_origin_and_encoded_ids() {
    let mut api = Api::new();
    let order = id(&api.order("paid"));
    let encoded = order.replacen('6', "%36", 1);
    let url = format!(
        "https://services.leadconnectorhq.com/payments/orders/{encoded}?altId={}&altType=location#x",
        api.location
    );
    assert_eq!(api.call("GET", &url, None).0, 200);
}

#[test]
fn the_101st_request_of_ten_seconds_is_429() {
    let mut api = Api::exactly(Options::new(7, NOW));
    let left = |response: &ghl_payments::sandbox::Response| {
        response.header("x-ratelimit-remaining").unwrap().parse::<u32>().unwrap()
    };
    let url = format!("/payments/orders?altId={}", api.location);
    for i in 1..=100 {
        let response = api.raw("GET", &url, None);
        assert_eq!((response.status, left(&response)), (200, 100 - i));
    }
    let response = api.raw("GET", &url, None);
    assert_eq!((response.status, left(&response)), (429, 0));
    for (name, value) in [
        ("x-ratelimit-limit-daily", "200000"),
        ("x-ratelimit-daily-remaining", "199900"),
        ("x-ratelimit-interval-milliseconds", "10000"),
        ("x-ratelimit-max", "100"),
    ] {
        assert_eq!(response.header(name), Some(value));
    }
    api.now += 9_999.0;
    assert_eq!(api.raw("GET", &url, None).status, 429);
    api.sandbox.advance(1.0);
    let response = api.raw("GET", &url, None);
    assert_eq!((response.status, left(&response)), (200, 99));
    assert_eq!(response.header("x-ratelimit-daily-remaining"), Some("199899"));
}

#[test]
fn the_day_has_its_own_limit_and_locations_have_theirs() {
    let limits = Limits { max: 100, interval_ms: 10, daily: 5 };
    let options = Options { limits, locations: vec!["one".into(), "two".into()], ..Options::new(7, NOW) };
    let mut api = Api::exactly(options);
    let status = |api: &mut Api| {
        api.now += 20.0;
        api.get("/payments/orders", "").0
    };
    for _ in 0..5 {
        assert_eq!(status(&mut api), 200);
    }
    assert_eq!(status(&mut api), 429);
    let first = api.token.clone();
    api.token = api.sandbox.token(&TokenOptions { location: Some("two".into()), scopes: None }).unwrap();
    api.location = "two".into();
    assert_eq!(status(&mut api), 200);
    (api.token, api.location) = (first, "one".into());
    api.sandbox.advance(86_400_000.0);
    assert_eq!(status(&mut api), 200);
}

#[test]
fn every_answer_is_json_and_tells_the_limits() {
    let mut api = Api::new();
    let unauthorized = without(api.request("GET", "/payments/orders", None), "authorization");
    let mut answers = vec![api.sandbox.handle(&unauthorized, NOW)];
    for url in ["/payments/orders", "/payments/orders?altId=other", "/nothing", "/payments/coupon/list"] {
        answers.push(api.raw("GET", url, None));
    }
    answers.push(api.faulty("status=503", "GET", "/payments/orders", None));
    for answer in answers {
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(answer.headers.iter().filter(|(name, _)| name.starts_with("x-ratelimit-")).count(), 5);
        assert!(serde_json::from_slice::<Value>(&answer.body).is_ok());
    }
}

#[test]
fn the_log_shows_what_was_sent_without_secrets() {
    let mut api = Api::new();
    let url = format!("/payments/custom-provider/connect?locationId={}", api.location);
    let keys = json!({ "live": { "apiKey": "very-secret", "publishableKey": "pk" } });
    api.raw("POST", &url, Some(&keys));
    api.raw("GET", "/nowhere?a=%20b", None);
    let text = api.sandbox.requests_json();
    assert!(!text.contains("very-secret") && !text.contains(&api.token));
    let log: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&log[0]["operation"], &log[0]["status"]), (&"customProvider.connect".into(), &200.into()));
    assert_eq!(log[0]["body"]["live"], json!({ "apiKey": "[redacted]", "publishableKey": "pk" }));
    assert_eq!((&log[1]["query"], &log[1]["operation"]), (&json!([["a", " b"]]), &Value::Null));
    for _ in 0..2500 {
        api.raw("GET", "/nowhere", None);
    }
    assert_eq!(api.sandbox.requests().len(), 1000);
}
