//! What the proxy promises, one function after the other; `tests/edge` holds it against an oracle of its own.

use super::writes::writes;
use super::*;
use crate::core::{Error, ErrorKind, Outcome, RateLimit};
use crate::endpoint::{Operation, ALL, CREATE_COUPON, GET_ORDER, LIST_ORDERS, RECORD_PAYMENT};
use serde_json::{json, Value};

const LOCATION: &str = "ve9EPM428h8vShlRW1KT";
const ORDER: &str = "653f6ba4d84bcc7b3d5bb8a1";

fn settings() -> Settings {
    let origins = vec!["https://shop.example".into(), "http://localhost:5173".into()];
    Settings { base_path: "/api/".into(), origins }.check().expect("settings")
}

fn entered(method: &str, path: &str, headers: &[(&str, &str)]) -> Entry {
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    enter(&settings(), &Head { method, origin: "https://app.example", path, header: &header })
}

fn refused(method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, &'static str) {
    let answer = entered(method, path, headers).route.expect_err("refused");
    (answer.status, answer.code)
}

fn route(method: &str, path: &str) -> Route {
    entered(method, path, &[("content-type", "application/json")]).route.expect("a route")
}

fn all() -> Grant {
    Grant { location_id: LOCATION.into(), operations: Granted::Named(ALL.to_vec()) }
}

fn reads() -> Grant {
    Grant { location_id: LOCATION.into(), operations: Granted::Read }
}

fn list(query: &str) -> Result<Rebuilt, Refusal> {
    rebuild(&route("GET", "/api/payments/orders"), query, b"", &all(), true)
}

fn pay(body: &[u8]) -> Result<Rebuilt, Refusal> {
    rebuild(&route("POST", &format!("/api/payments/orders/{ORDER}/record-payment")), "", body, &all(), true)
}

fn paths(refusal: &Refusal) -> Vec<&str> {
    refusal.issues.iter().map(|issue| issue.path.as_str()).collect()
}

#[test]
fn every_operation_of_the_ledger_has_its_route_and_nothing_else_has() {
    for operation in ALL {
        let path = format!("/api{}", operation.path.replace("{orderId}", ORDER));
        let path = path.replace("{transactionId}", ORDER).replace("{subscriptionId}", "sub_1-A");
        let found = route(operation.method.as_str(), &path);
        assert_eq!(found.operation.id, operation.id);
        assert_eq!(found.id.is_some(), operation.path.contains('{'), "{path}");
        for wrong in [format!("{path}/"), format!("{path}/x/y"), format!("/api/{path}"), path.to_uppercase()] {
            assert_eq!(refused(operation.method.as_str(), &wrong, &[]).0, 404, "{wrong}");
        }
    }
    for path in [
        "",
        "/",
        "/api",
        "/api/",
        "/api//payments/orders",
        "/payments/orders",
        "/apix/payments/orders",
        "/api/payments/orders/a%2fb",
        "/api/payments/orders/a%00",
        "/api/payments/orders/%252e%252e",
        "/api/payments/orders/a;b",
        "/api/payments/orders/a.b",
        "/api/payments/orders/..",
        "/api/payments/orders//notes",
        "/api/payments/orders/a\\b",
        "/api/payments/orders/caf\u{e9}",
        "/api/payments%2Forders",
        "/api/payments/orders;a=b",
        &format!("/api/payments/orders/{}", "a".repeat(65)),
    ] {
        assert_eq!(refused("GET", path, &[]), (404, "no_route"), "{path}");
    }
}

#[test]
fn other_methods_upgrades_and_overrides_are_refused() {
    for method in ["HEAD", "TRACE", "PATCH", "CONNECT", "OPTIONS", "get", "PUT", "GET "] {
        let answer = entered(method, "/api/payments/orders", &[]).route.expect_err("refused");
        assert_eq!((answer.status, answer.code), (405, "method_not_allowed"), "{method}");
        assert!(answer.headers.contains(&("allow", "GET".into())));
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override", "upgrade"] {
        assert_eq!(refused("GET", "/api/payments/orders", &[(name, "DELETE")]).0, 405, "{name}");
    }
    let allow = entered("PATCH", "/api/payments/coupon", &[]).route.expect_err("refused").headers;
    assert!(allow.contains(&("allow", "GET, POST, PUT, DELETE".into())), "{allow:?}");
}

#[test]
fn only_pages_of_its_own_and_of_listed_origins_may_ask() {
    let asks = |method: &str, headers: &[(&str, &str)]| {
        let json = [headers, &[("content-type", "application/json")]].concat();
        let entry = entered(method, "/api/payments/coupon", &json);
        let allowed = entry.route.as_ref().map_or_else(|answer| answer.code != "origin_not_allowed", |_| true);
        (allowed, entry.origin)
    };
    for method in ["GET", "POST", "DELETE"] {
        for headers in [
            &[][..],
            &[("origin", "https://app.example")],
            &[("origin", "https://app.example"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(asks(method, headers), (true, None), "{method} {headers:?}");
        }
        for origin in ["https://shop.example", "http://localhost:5173"] {
            let headers = [("origin", origin), ("sec-fetch-site", "cross-site")];
            assert_eq!(asks(method, &headers), (true, Some(origin.into())));
        }
        for headers in [
            &[("origin", "null")][..],
            &[("origin", "")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://app.example"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://app.example.evil.example")],
            &[("origin", "http://app.example")],
            &[("origin", "https://app.example:444")],
            &[("origin", "https://app.example, https://evil.example")],
            &[("origin", "https://SHOP.example")],
            &[("origin", "https://shop.example/")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "")],
        ] {
            assert_eq!(asks(method, headers), (false, None), "{method} {headers:?}");
        }
    }
    assert!(asks("GET", &[("sec-fetch-site", "none")]).0);
    assert!(!asks("POST", &[("sec-fetch-site", "none")]).0);
    // Something in front of the server ends TLS.
    let header = |name: &str| (name == "origin").then(|| "https://app.example".to_owned());
    let head = Head { method: "GET", origin: "http://app.example", path: "/api/payments/orders", header: &header };
    assert!(enter(&settings(), &head).route.is_ok());
}

#[test]
fn a_preflight_is_answered_for_listed_origins_alone() {
    let asks = |origin, path| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "content-type,version"),
        ];
        entered("OPTIONS", path, &headers)
    };
    let entry = asks("https://shop.example", "/api/payments/coupon");
    assert!(entry.cors().contains(&("access-control-allow-origin", "https://shop.example".into())));
    let answer = entry.route.expect_err("an answer");
    assert_eq!((answer.status, answer.body.len(), answer.code), (204, 0, ""));
    assert!(answer.headers.contains(&("access-control-allow-methods", "GET, POST, PUT, DELETE".into())));
    assert!(answer.headers.contains(&("access-control-allow-headers", "content-type,version".into())));
    assert_eq!(asks("https://shop.example", "/api/payments/x").route.expect_err("none").status, 404);
    for origin in ["https://evil.example", "null"] {
        let entry = asks(origin, "/api/payments/coupon");
        assert!(entry.cors().is_empty());
        assert_eq!(entry.route.expect_err("refused").status, 403);
    }
    assert_eq!(asks("https://app.example", "/api/payments/coupon").route.expect_err("refused").status, 405);
}

#[test]
fn a_write_is_declared_as_json_in_utf_8() {
    let declared = |headers: &[(&str, &str)]| entered("POST", "/api/payments/coupon", headers).route.map(|_| ());
    for value in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
    ] {
        assert!(declared(&[("content-type", value)]).is_ok(), "{value}");
    }
    for value in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "text/plain; application/json",
        "application/jsonp",
        "application/json; a=b",
        "application/merge-patch+json",
    ] {
        assert_eq!(declared(&[("content-type", value)]).expect_err("refused").status, 415, "{value}");
    }
    assert_eq!(declared(&[]).expect_err("refused").status, 415);
    let gzip = [("content-type", "application/json"), ("content-encoding", "gzip")];
    assert_eq!(declared(&gzip).expect_err("refused").status, 415);
}

#[test]
fn a_grant_holds_what_it_names_and_nothing_more() {
    let read = Grant::read(r#"{"locationId":"a"}"#).expect("a grant");
    for operation in ALL {
        assert_eq!(read.permits(operation).is_ok(), !writes(operation), "{}", operation.name);
    }
    let named =
        Grant::read(r#"{"locationId":"a","operations":["orders.get","orders.recordPayment"]}"#).expect("a grant");
    assert!(named.permits(&GET_ORDER).is_ok() && named.permits(&RECORD_PAYMENT).is_ok());
    assert_eq!(named.permits(&LIST_ORDERS).expect_err("refused").reason, Reason::NotGranted);
    let once = Grant::read(r#"{"locationId":"a","operations":["orders.recordPaymentOnce"]}"#).expect("a grant");
    let held: Vec<_> =
        ALL.iter().filter(|operation| once.permits(operation).is_ok()).map(|operation| operation.name).collect();
    assert_eq!(held, ["orders.get", "orders.recordPayment", "transactions.list", "transactions.get"]);
    let none = Grant::read(r#"{"locationId":"a","operations":[]}"#).expect("a grant");
    assert!(ALL.iter().all(|operation| none.permits(operation).is_err()));
    for (json, path) in [
        ("{}", "locationId"),
        (r#"{"locationId":""}"#, "locationId"),
        (r#"{"locationId":5}"#, "locationId"),
        (r#"{"locationId":"a\u0000"}"#, "locationId"),
        (r#"{"locationId":"a","operations":"write"}"#, "operations"),
        (r#"{"locationId":"a","operations":null}"#, "operations"),
        (r#"{"locationId":"a","operations":true}"#, "operations"),
        (r#"{"locationId":"a","operations":{}}"#, "operations"),
        (r#"{"locationId":"a","operations":["orders.*"]}"#, "operations"),
        (r#"{"locationId":"a","operations":["orders.get",["read"]]}"#, "operations"),
        (r#"{"locationId":"a","operations":["read"]}"#, "operations"),
        (r#"{"locationId":"a","operations":["orders.recordPaymentTwice"]}"#, "operations"),
    ] {
        let issues = Grant::read(json).expect_err(json);
        assert_eq!(issues[0].path, path, "{json}");
    }
}

#[test]
fn a_query_is_closed_and_names_the_grants_location_or_none() {
    let same =
        format!("altId={LOCATION}&altType=location&locationId={LOCATION}&limit=5&search=a%26b+c%3B&status=paid%20x");
    let rebuilt = list(&same).expect("rebuilt");
    assert_eq!(rebuilt.params, r#"{"limit":5,"search":"a&b c;","status":"paid x"}"#);
    assert_eq!(list("").expect("rebuilt").params, "{}");
    for (query, path) in [
        ("altId[]=x", "altId[]"),
        ("ALTID=x", "ALTID"),
        ("a%6CtId=x", "a%6CtId"),
        ("altId%00=x", "altId%00"),
        ("limit=1&limit=2", "limit"),
        ("altType=company", "altType"),
        ("altType=", "altType"),
        ("search=a;b", "search"),
        ("search=%00", "search"),
        ("search=%ff", "search"),
        ("search=%4", "search"),
        ("search=%zz", "search"),
        ("search=%+1", "search"),
        ("limit=01", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e1", "limit"),
        ("limit=", "limit"),
        ("limit=4294967296", "limit"),
        ("contactId=", "contactId"),
        ("startAt=yesterday", "startAt"),
        ("_method=DELETE", "_method"),
        ("&limit=1", ""),
        ("=x", ""),
        ("constructor=x", "constructor"),
        ("__proto__=x", "__proto__"),
    ] {
        let refusal = list(query).expect_err(query);
        assert_eq!((refusal.reason.status(false), paths(&refusal)), (422, vec![path]), "{query}");
    }
    for query in [
        "altId=other",
        "locationId=other",
        "altId=",
        &format!("altId={LOCATION}%20"),
        &format!("altId={LOCATION}&altId=other"),
    ] {
        let refusal = list(query).expect_err(query);
        assert_eq!(paths(&refusal).len(), 1, "{query}");
        assert!(matches!(refusal.reason.status(false), 403 | 422), "{query}");
    }
    assert_eq!(list("altId=other").expect_err("other").reason, Reason::OtherLocation);
}

#[test]
fn everything_that_is_wrong_is_listed_at_once() {
    let refusal = list("ALTID=x&limit=a&limit=b&startAt=never&altType=company&search=%ff").expect_err("refused");
    assert_eq!(paths(&refusal), ["ALTID", "limit", "altType", "search", "limit", "startAt"]);
    let answer = refusal.answer();
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(body["message"][0], "ALTID is no query parameter here");
    assert_eq!(body["issues"][2], json!({ "path": "altType", "message": "must be \"location\"" }));
    let refusal = pay(br#"{"mode":"cheque","amount":-1,"x":1,"x":2,"altType":"company","meta":{"a":1,"a":2}}"#)
        .expect_err("refused");
    assert_eq!(paths(&refusal), ["x", "altType", "meta.a", "amount", "x", "x"]);
}

#[test]
fn a_body_is_written_anew() {
    let body = format!(
        " {{ \"mode\" : \"ca\\u0073h\" ,\n\"amount\":0.30000000000000004, \"meta\": {{ \"a\" : [ 1 , \"\\/\\u00e9\u{e9}\\n\", null ] , \"b\":{{}} }}, \
         \"altId\" : \"{LOCATION}\", \"altType\":\"location\" }} "
    );
    let rebuilt = pay(body.as_bytes()).expect("rebuilt");
    let expected = "{\"mode\":\"cash\",\"amount\":0.30000000000000004,\"meta\":{\"a\":[1,\"/\u{e9}\u{e9}\\u000a\",null],\"b\":{}}}";
    assert_eq!(rebuilt.params, expected);
    assert_eq!(rebuilt.id.as_deref(), Some(ORDER));
}

#[test]
fn a_body_that_two_readers_may_understand_in_two_ways_is_refused() {
    let cases: [(&[u8], u16); 24] = [
        (b"", 422),
        (b"[]", 422),
        (b"null", 422),
        (b"\xef\xbb\xbf{\"mode\":\"cash\"}", 422),
        (b"{\"mode\":\"cash\",\"notes\":\"\xff\"}", 422),
        (b"{\"mode\":\"cash\",\"notes\":\"\xed\xa0\x80\"}", 422),
        (br#"{"mode":"cash","notes":"\ud800"}"#, 422),
        (br#"{"mode":"cash","notes":"\u0000"}"#, 422),
        (br#"{"mode":"cash","mode":"card"}"#, 422),
        (br#"{"mode":"cash","mod\u0065":"card"}"#, 422),
        (br#"{"mod\u0065":"cash"}"#, 422),
        (br#"{"mode":"cash","__proto__":{"altId":"x"}}"#, 422),
        (br#"{"mode":"cash","meta":{"__proto__":1}}"#, 422),
        (br#"{"mode":"cash","meta":{"a":{"b":1,"b":2}}}"#, 422),
        (br#"{"mode":["cash"]}"#, 422),
        (br#"{"mode":"cash"}{}"#, 422),
        (br#"{"mode":"cash",}"#, 422),
        (b"{'mode':'cash'}", 422),
        (br#"{"mode":"cash","altId":"other"}"#, 403),
        (br#"{"mode":"cash","altId":["ve9EPM428h8vShlRW1KT"]}"#, 422),
        (br#"{"mode":"cash","altId":null}"#, 422),
        (br#"{"mode":"cash","altType":"company"}"#, 422),
        (br#"{"mode":"cash","companyId":"x"}"#, 422),
        (br#"{"mode":"cash","altId[]":"x"}"#, 422),
    ];
    for (body, status) in cases {
        let refusal = pay(body).expect_err("refused");
        assert_eq!(refusal.reason.status(false), status, "{}", String::from_utf8_lossy(body));
        assert!(!refusal.issues.is_empty());
    }
    let deep = format!("{{\"mode\":\"cash\",\"meta\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    assert_eq!(pay(deep.as_bytes()).expect_err("deep").reason.status(false), 422);
    let many: String = (0..300).map(|i| format!("\"f{i}\":1,")).collect();
    let many = format!("{{\"mode\":\"cash\",\"meta\":{{{many}\"z\":1}}}}");
    assert_eq!(pay(many.as_bytes()).expect_err("many").reason.status(false), 422);
}

#[test]
fn a_grant_is_for_a_location_and_never_for_its_company() {
    let put =
        |body: &[u8]| rebuild(&route("PUT", "/api/payments/custom-provider/capabilities"), "", body, &all(), false);
    assert!(put(br#"{"supportsSubscriptionSchedules":true}"#).is_ok());
    let refusal = put(br#"{"supportsSubscriptionSchedules":true,"companyId":"c"}"#).expect_err("refused");
    assert_eq!((refusal.reason, paths(&refusal)), (Reason::OtherLocation, vec!["companyId"]));
}

#[test]
fn an_operation_without_a_body_takes_none_and_one_with_a_body_only_its_own_query() {
    let delete = |query: &str, body: &[u8]| {
        rebuild(&route("DELETE", "/api/payments/custom-provider/provider"), query, body, &all(), false)
    };
    assert!(delete(&format!("locationId={LOCATION}"), b"").is_ok());
    assert_eq!(delete("", b"{}").expect_err("refused").reason, Reason::Parameters);
    assert_eq!(delete("locationId=x", b"").expect_err("refused").reason, Reason::OtherLocation);
    let connect = |query: &str| {
        let body = br#"{"test":{"apiKey":"k","publishableKey":"p"}}"#;
        rebuild(&route("POST", "/api/payments/custom-provider/connect"), query, body, &all(), false)
    };
    assert!(connect(&format!("locationId={LOCATION}")).is_ok());
    assert_eq!(connect("locationId=other").expect_err("refused").reason, Reason::OtherLocation);
    assert_eq!(connect("altId=x").expect_err("refused").reason, Reason::Parameters);
    assert!(rebuild(&route("GET", "/api/payments/orders"), "", b"", &reads(), false).is_ok());
    let refusal = rebuild(&route("POST", "/api/payments/coupon"), "", b"{}", &reads(), false).expect_err("refused");
    assert_eq!(refusal.reason, Reason::NotGranted);
}

#[test]
fn a_write_that_names_a_record_comes_with_the_read_of_it() {
    let coupon =
        r#""name":"n","code":"c","discountType":"amount","discountValue":1,"startDate":"2024-06-01T00:00:00Z""#;
    let order = format!("/api/payments/orders/{ORDER}/record-payment");
    let fulfil = format!("/api/payments/orders/{ORDER}/fulfillments");
    for (method, path, body, expected) in [
        ("POST", order.as_str(), r#"{"mode":"cash"}"#.to_owned(), Some(("orders.get", Some(ORDER), "{}"))),
        (
            "POST",
            fulfil.as_str(),
            r#"{"trackings":[],"items":[{"priceId":"a","qty":1}],"notifyCustomer":false}"#.to_owned(),
            Some(("orders.get", Some(ORDER), "{}")),
        ),
        (
            "PUT",
            "/api/payments/coupon",
            format!(r#"{{"id":"c\"1",{coupon}}}"#),
            Some(("coupons.get", None, r#"{"id":"c\"1"}"#)),
        ),
        ("DELETE", "/api/payments/coupon", r#"{"id":"c1"}"#.to_owned(), Some(("coupons.get", None, r#"{"id":"c1"}"#))),
        ("POST", "/api/payments/coupon", format!("{{{coupon}}}"), None),
    ] {
        let rebuilt = rebuild(&route(method, path), "", body.as_bytes(), &all(), false);
        let rebuilt = rebuilt.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
        let check =
            rebuilt.check.as_ref().map(|check| (check.operation.name, check.id.as_deref(), check.params.as_str()));
        assert_eq!(check, expected, "{path}");
        assert!(rebuild(&route(method, path), "", body.as_bytes(), &all(), true).expect("rebuilt").check.is_none());
    }
    assert!(list("").expect("rebuilt").check.is_none());
}

fn came(operation: &'static Operation, body: &str, grant: &Grant) -> Answer {
    let tokens = ["tok-1", "sec/ret"];
    let (location_id, keys) = (LOCATION, grant.shows_keys());
    succeeded(operation, Came { status: 200, body: body.into(), rate_limit: None, tokens: &tokens, location_id, keys })
}

#[test]
fn a_record_of_another_location_is_none() {
    let own = format!(r#"{{"_id":"a","altId":"{LOCATION}","contactSnapshot":{{"altId":"x"}},"locationId":null}}"#);
    assert_eq!(came(&GET_ORDER, &own, &all()).body, own.as_bytes());
    for body in [
        r#"{"_id":"a","altId":"other"}"#,
        r#"{"_id":"a","locationId":"other"}"#,
        r#"{"altId":"ve9EPM428h8vShlRW1KT","altId":"other"}"#,
        r#"{"data":[{"altId":"ve9EPM428h8vShlRW1KT"},{"altId":"other"}],"totalCount":2}"#,
        r#"{"data":{"altId":"other"}}"#,
        r#"[{"altId":"other"}]"#,
    ] {
        let answer = came(&GET_ORDER, body, &all());
        assert_eq!((answer.status, answer.code), (404, "foreign_record"), "{body}");
        assert!(!answer.body.windows(5).any(|part| part == b"other"));
        // A write has happened.
        let answer = came(&CREATE_COUPON, body, &all());
        assert_eq!((answer.status, answer.code, answer.body.len()), (200, "foreign_record", 0), "{body}");
    }
}

#[test]
fn no_token_is_in_an_answer_and_keys_are_for_who_was_named_them() {
    let body = r#"{"a":"Bearer tok-1","b":"to\u006b-1","c":"sec\/ret","d":"\\tok-1","e":"tok-2"}"#;
    let expected = r#"{"a":"Bearer [redacted]","b":"[redacted]","c":"[redacted]","d":"\\[redacted]","e":"tok-2"}"#;
    assert_eq!(String::from_utf8(came(&GET_ORDER, body, &all()).body).expect("text"), expected);
    let config = r#"{"paymentProvider":{"live":{"apiKey":"key"}}}"#;
    let get = &crate::endpoint::GET_PROVIDER_CONFIG;
    assert_eq!(came(get, config, &all()).body, config.as_bytes());
    let masked = String::from_utf8(came(get, config, &reads()).body).expect("text");
    assert_eq!(masked, r#"{"paymentProvider":{"live":{"apiKey":"[redacted]"}}}"#);
}

fn failure(
    operation: &'static Operation,
    kind: ErrorKind,
    status: Option<u16>,
    outcome: Outcome,
) -> (u16, &'static str) {
    let mut error = Error::new(kind, Some(operation), outcome, String::new());
    error.status = status;
    let answer = failed(operation, &error);
    (answer.status, answer.code)
}

#[test]
fn the_status_of_a_failure_says_no_more_than_is_known() {
    use ErrorKind::{Authentication, Conflict, Network, Other, Server, Timeout};
    use Outcome::{Applied, NotSent, Rejected, Unknown};
    for (kind, status, outcome, read, write) in [
        (Conflict, Some(409), Rejected, (409, ""), (409, "")),
        (Server, Some(503), Unknown, (503, ""), (503, "")),
        (Authentication, Some(401), Rejected, (401, ""), (401, "")),
        (Authentication, None, NotSent, (502, "token_failed"), (424, "token_failed")),
        (Network, None, NotSent, (503, "upstream_not_reached"), (424, "upstream_not_reached")),
        (Timeout, None, NotSent, (503, "upstream_not_reached"), (424, "upstream_not_reached")),
        (Network, None, Unknown, (502, "upstream_failed"), (502, "upstream_failed")),
        (Timeout, None, Unknown, (504, "upstream_timeout"), (504, "upstream_timeout")),
        (Network, Some(200), Applied, (502, "upstream_failed"), (200, "upstream_not_readable")),
        (Timeout, Some(201), Applied, (504, "upstream_timeout"), (200, "upstream_not_readable")),
        (Network, Some(422), Rejected, (422, ""), (422, "")),
        (Other, Some(302), Unknown, (502, "upstream_redirect"), (502, "upstream_redirect")),
        (Other, Some(0), Unknown, (502, "upstream_redirect"), (502, "upstream_redirect")),
    ] {
        assert_eq!(failure(&GET_ORDER, kind, status, outcome), read, "{kind:?} {status:?}");
        assert_eq!(failure(&RECORD_PAYMENT, kind, status, outcome), write, "{kind:?} {status:?}");
    }
}

#[test]
fn a_write_whose_record_could_not_be_read_was_not_sent() {
    for (status, expected) in
        [(404, 404), (403, 403), (429, 429), (401, 401), (408, 424), (500, 424), (200, 424), (302, 424)]
    {
        let mut error = Error::new(ErrorKind::Server, Some(&GET_ORDER), Outcome::Rejected, String::new());
        error.status = Some(status);
        assert_eq!(failed_check(&GET_ORDER, true, &error).status, expected, "{status}");
    }
}

#[test]
fn messages_trace_id_and_limits_go_on() {
    let mut error = Error::new(ErrorKind::RateLimit, Some(&GET_ORDER), Outcome::Rejected, String::new());
    error.status = Some(429);
    error.messages = vec!["slow \"down\"".into()];
    error.trace_id = Some("t-1".into());
    error.retry_after_ms = Some(1500.0);
    error.rate_limit = Some(RateLimit { limit: Some(100.0), remaining: Some(0.0), ..RateLimit::default() });
    let answer = failed(&GET_ORDER, &error);
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(body, json!({ "statusCode": 429, "message": ["slow \"down\""], "traceId": "t-1" }));
    for (name, value) in [
        ("retry-after", "2"),
        ("x-ratelimit-max", "100"),
        ("x-ratelimit-remaining", "0"),
        ("cache-control", "private, no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-type", "application/json"),
    ] {
        assert!(answer.headers.contains(&(name, value.into())), "{name}");
    }
}

#[test]
fn a_token_that_nobody_can_give_is_no_failure_to_be_tried_again() {
    let answer = without_token("needs_install");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((answer.status, answer.code), (424, "token_failed"));
    let messages = json!(["needs_install", "the proxy got no token for this location; nothing was changed"]);
    assert_eq!(body, json!({ "statusCode": 424, "code": "needs_install", "message": messages }));
}

#[test]
fn a_write_whose_answer_cannot_be_read_stays_applied_and_a_web_page_stays_unknown() {
    let read = |operation, body: &str| {
        let response = crate::core::Response { status: 200, body: body.into(), ..Default::default() };
        let error = crate::core::read(operation, response, false, &["tok-1"], 0.0).expect_err("an error");
        failed(operation, &error)
    };
    let answer = read(&RECORD_PAYMENT, "{\"success\":tr tok-1");
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"{\"success\":tr [redacted]"[..]));
    assert_eq!(read(&RECORD_PAYMENT, "<html>").status, 502);
    assert_eq!(read(&GET_ORDER, "<html>").status, 502);
    // What was no UTF-8 would be readable by now.
    let response = crate::core::Response { status: 200, body: b"{\"a\":\"\xff\"}".to_vec(), ..Default::default() };
    let error = crate::core::read(&RECORD_PAYMENT, response, false, &[], 0.0).expect_err("an error");
    assert_eq!(failed(&RECORD_PAYMENT, &error).body, b"");
}

#[test]
fn settings_that_would_open_the_proxy_are_refused() {
    let path = |path: &str| Settings { base_path: path.into(), origins: vec![] }.check();
    for (given, kept) in [("/api", "/api"), ("/api/", "/api"), ("/", ""), ("", ""), ("/a/b", "/a/b")] {
        assert_eq!(path(given).expect(given).base_path, kept);
    }
    for wrong in ["api", "//api", "/a/../b", "/a?b", "/a%2fb", "/a b", "https://x.example/api", "/a\\b"] {
        assert_eq!(path(wrong).expect_err(wrong)[0].path, "basePath", "{wrong}");
    }
    let origin = |origin: &str| Settings { base_path: String::new(), origins: vec![origin.into()] }.check();
    for right in ["https://a.example", "https://a.example:8443", "http://localhost:3000", "http://127.0.0.1:1"] {
        assert!(origin(right).is_ok(), "{right}");
    }
    for wrong in [
        "",
        "*",
        "null",
        "a.example",
        "https://*.example",
        "https://a.example/",
        "https://a.example/x",
        "http://a.example",
        "HTTPS://a.example",
        "https://A.example",
        "https://a.example?x",
    ] {
        assert_eq!(origin(wrong).expect_err(wrong)[0].path, "origins", "{wrong}");
    }
}
