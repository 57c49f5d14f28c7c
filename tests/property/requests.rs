//! Requests: every issue is found, and what passes goes out unchanged.

use crate::cases;
use crate::document::{Choices, Document, Key};
use ghl_payments::core::{build, Config};
use ghl_payments::endpoint::{Operation, ALL, GET_ORDER};
use ghl_payments::shape::{validate, Kind, Record, Rule};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{json, Map, Value};

const LOCATION: &str = "3SwdhCu3svxI8AKsPJt6";

/// Filled from the client's `locationId` where they are left out.
const ACCOUNT: [&str; 3] = ["altId", "altType", "locationId"];

fn config() -> Config {
    Config { location_id: Some(LOCATION.into()), ..Config::default() }
}

impl Choices<'_> {
    /// A request, and where it breaks its table.
    fn request(&mut self, record: &'static Record, path: &str, issues: &mut Vec<String>) -> Document {
        let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let mut members: Vec<(Key, Document)> = Vec::new();
        for field in record.fields() {
            let member = match self.below(if field.required { 9 } else { 5 }) {
                0 if !field.required => continue,
                7 => self.violating(field.kind, &at(field.name), issues),
                3 if !field.required => self.violating(field.kind, &at(field.name), issues),
                8 => {
                    issues.push(at(field.name));
                    continue;
                }
                _ => self.fitting(field.kind, &at(field.name), issues),
            };
            members.push((Key::plain(field.name), member));
        }
        if self.below(6) == 5 {
            let name = self.of(&["amout", "Amount", "", "_id", "\u{e9}"]);
            issues.push(at(name));
            members.push((Key::plain(name), Document::Null));
        }
        let member = |index: u16| {
            let name = record.name(index);
            members.iter().find(|(key, _)| key.meant == name).map(|(_, member)| member)
        };
        for rule in record.rules {
            match *rule {
                Rule::OneOf(list) => {
                    let filled = |index: &u16| ACCOUNT.contains(&record.name(*index));
                    if !list.iter().any(|index| member(*index).is_some() || filled(index)) {
                        issues.push(path.to_owned());
                    }
                }
                Rule::Only { field, when, is } => {
                    if member(field).is_some() && member(when) != Some(&Document::Text(is.into())) {
                        issues.push(at(record.name(field)));
                    }
                }
                Rule::Needs { field, when, is } => {
                    if member(field).is_none() && member(when) == Some(&Document::Text(is.into())) {
                        issues.push(at(record.name(field)));
                    }
                }
                Rule::Percent { field, when, is } => {
                    // Percent may have any decimals, and nothing else that is wrong with it is.
                    let precise = |number: &str| matches!(number, "0.00001" | "59.50001");
                    if matches!(member(field), Some(Document::Number(number)) if precise(number))
                        && member(when) == Some(&Document::Text(is.into()))
                    {
                        issues.retain(|issue| *issue != at(record.name(field)));
                    }
                }
            }
        }
        Document::Object(members)
    }

    fn fitting(&mut self, kind: &'static Kind, path: &str, issues: &mut Vec<String>) -> Document {
        let text = |text: &str| Document::Text(text.into());
        let number = |number: &str| Document::Number(number.into());
        match kind {
            Kind::Text => Document::Text(self.text()),
            Kind::Id => text(self.of(&["653f6ba4d84bcc7b3d5bb8a1", "a b", "\u{e9}&=?/#%+", "\\\"", "-"])),
            Kind::Number => number(self.of(&["0", "-1.5", "1e3"])),
            Kind::Amount => number(self.of(&["1", "0.01", "59.5", "1e3", "0.0001", "1000000000000", "1.10"])),
            Kind::Percent | Kind::Positive => number(self.of(&["1", "33.333333", "1e-9"])),
            Kind::Count => number(self.of(&["0", "1", "100", "4294967295"])),
            Kind::Whole => number(self.of(&["0", "1e3", "1e21", "1.7976931348623157e308"])),
            Kind::Boolean => Document::Boolean(self.below(2) == 1),
            Kind::Timestamp => text(self.of(&[
                "2024-02-29T23:59:59Z",
                "2024-02-01T09:00:00.000Z",
                "2024-12-31T00:00:00+05:30",
                "2000-02-29T09:00:00Z",
            ])),
            Kind::Date => text(self.of(&["2024-02-29", "2024-12-31", "2024-02-01T09:00:00.000Z"])),
            Kind::Https => text(self.of(&["https://example.com", "https://example.com/a?b=c&d#e"])),
            Kind::Slug => text(self.of(&["a", "my-provider", "a--b"])),
            Kind::TextOrList if self.below(2) == 0 => text("a,b"),
            Kind::TextOrList => Document::List(vec![text("a b"), text("c")]),
            Kind::Choice(texts) => text(self.of(texts)),
            Kind::Json | Kind::Map => Document::Object(vec![(Key::plain("a"), Document::List(vec![Document::Null]))]),
            Kind::Object(record) => self.request(record, path, issues),
            Kind::List(_) if self.below(3) == 2 => Document::List(Vec::new()),
            Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item) => {
                let mut item = |index| self.fitting(item, &format!("{path}[{index}]"), issues);
                Document::List((0..2).map(&mut item).collect())
            }
        }
    }

    fn violating(&mut self, kind: &'static Kind, path: &str, issues: &mut Vec<String>) -> Document {
        if let (Kind::TextOrList, 0) = (kind, self.below(2)) {
            issues.extend([format!("{path}[0]"), format!("{path}[2]")]);
            let texts = [Document::Number("1".into()), Document::Text("a".into()), Document::Text(String::new())];
            return Document::List(texts.into());
        }
        issues.push(path.to_owned());
        if matches!(kind, Kind::Filled(_) | Kind::TextOrList) && self.below(3) == 1 {
            return Document::List(Vec::new());
        }
        let numbers: &[&str] = match kind {
            Kind::Number => &["1e999"],
            Kind::Amount => &["0", "-0", "-1", "0.000", "0e5", "1e999", "0.00001", "59.50001", "1e21", "1000000000001"],
            Kind::Percent => &["0", "-1", "1e999", "1e21"],
            Kind::Positive => &["0", "-1", "1e999"],
            Kind::Count => &["-1", "0.5", "1e2", "-0", "4294967296", "1e21"],
            Kind::Whole => &["-1", "0.5", "1e-3", "1e999"],
            _ => &["5", "-1.5"],
        };
        let texts: &[&str] = match kind {
            Kind::Text | Kind::Json => return Document::Null,
            Kind::Id => {
                &["", " ", "a\\nb", "\\u0000", "\\u0009", "\\u0085", "\u{a0}", "\u{feff}", "\\u200b", "a\\ud800"]
            }
            Kind::TextOrList => &["", " ", "a\\nb", "\\u0000", ",", "a,,b", "a,\u{a0}"],
            Kind::Timestamp => &[
                "2024-02-01",
                "2023-02-29T00:00:00Z",
                "1900-02-29T00:00:00Z",
                "2024-02-01T24:00:00Z",
                "2024-02-01 09:00:00Z",
                "now",
                "",
            ],
            Kind::Date => {
                &["2024-02-30", "2024-13-01", "2024-00-01", "2024-2-1", "24-02-01", "01/02/2024", "2024-02-01T", ""]
            }
            Kind::Https => {
                &["http://example.com", "https://", "example.com", "https://exa mple.com", "javascript:alert(1)"]
            }
            Kind::Slug => &["", "-a", "a-", "A", "a_b", "a1", "\u{e9}"],
            Kind::Choice(_) => &["", "Cash ", "LOCATION", "locatio", "locationn"],
            _ => &["1", "true", "", "{}"],
        };
        match self.below(4) {
            0 => Document::Null,
            1 => Document::Number(self.of(numbers).into()),
            _ => Document::Text(self.of(texts).into()),
        }
    }
}

/// What an operation takes from its caller.
fn takes(operation: &'static Operation) -> Option<&'static Record> {
    operation.body.or(operation.query)
}

fn id_of(operation: &'static Operation) -> Option<&'static str> {
    operation.path.contains('{').then_some("653f6ba4d84bcc7b3d5bb8a1")
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            assert!(byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), "{} in {text}", byte as char);
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

fn query_of(url: &str) -> Map<String, Value> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (decoded(name), decoded(value).into()))
        .collect()
}

/// A parameter as it stands in a query.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(as_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// A value with its numbers as doubles: `1e3` may go out as `1000`.
fn in_doubles(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(in_doubles).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, in_doubles(value))).collect(),
        value => value,
    }
}

/// What the caller gave together with what the client fills in.
fn filled(mut given: Map<String, Value>, record: Option<&'static Record>) -> Map<String, Value> {
    let location = given.get("altId").or(given.get("locationId")).cloned().unwrap_or(LOCATION.into());
    for field in record.into_iter().flat_map(Record::fields) {
        let value = match field.name {
            _ if given.contains_key("companyId") => continue,
            "altId" | "locationId" => location.clone(),
            "altType" => "location".into(),
            _ => continue,
        };
        given.entry(field.name).or_insert(value);
    }
    given
}

/// White space, and what has no width.
fn invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn validation_lists_exactly_what_breaks_the_table(
        choices in vec(any::<u8>(), 0..120),
        operation in select(ALL.to_vec()),
        spread in any::<bool>(),
    ) {
        let Some(record) = takes(operation) else { return Ok(()) };
        let mut issues = Vec::new();
        let document = Choices(&choices).request(record, "", &mut issues);
        let json = document.write(if spread { "\n " } else { "" });
        let found = match validate(&json, record, true) {
            Ok(_) => Vec::new(),
            Err(found) => found,
        };
        prop_assert!(found.iter().all(|issue| !issue.message.is_empty()));
        let mut found: Vec<String> = found.into_iter().map(|issue| issue.path).collect();
        found.sort();
        issues.sort();
        prop_assert_eq!(found, issues, "{} {}", operation.name, json);
    }

    #[test]
    fn what_passes_goes_out_unchanged_with_the_account_filled_in(
        choices in vec(any::<u8>(), 0..120),
        operation in select(ALL.to_vec()),
    ) {
        let mut issues = Vec::new();
        let document = takes(operation).map(|record| Choices(&choices).request(record, "", &mut issues));
        let json = document.as_ref().map(|document| document.write(" "));
        let built = build(operation, id_of(operation), json.as_deref(), &config());
        prop_assert_eq!(built.is_ok(), issues.is_empty());
        let Ok(request) = built else { return Ok(()) };
        let given = match json.as_deref().map(serde_json::from_str) {
            Some(Ok(Value::Object(given))) => given,
            // Half a surrogate pair is no Unicode text: it cannot come from a caller.
            Some(Err(_)) => return Ok(()),
            _ => Map::new(),
        };
        let (asked, sent) = if operation.body.is_some() { (Map::new(), given) } else { (given, Map::new()) };
        let query: Map<_, _> =
            filled(asked, operation.query).iter().map(|(name, value)| (name.clone(), as_text(value).into())).collect();
        prop_assert_eq!(query_of(&request.url), query, "{}", request.url);
        let body = request.body.as_deref().map(|body| in_doubles(serde_json::from_str(body).expect(body)));
        prop_assert_eq!(body, operation.body.map(|record| in_doubles(filled(sent, Some(record)).into())));
        prop_assert_eq!(request.method, operation.method);
        prop_assert!(!request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")));
    }

    #[test]
    fn an_id_is_one_path_segment_or_refused(id in any::<String>(), tame in "[a-z./%\\\\?#\u{e9} ]{0,6}", which in any::<bool>()) {
        let id = if which { id } else { tame };
        let refused = id.trim_matches(invisible).is_empty()
            || id == "."
            || id == ".."
            || id.len() > 256
            || id.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fffd}'));
        match build(&GET_ORDER, Some(&id), None, &config()) {
            Ok(request) => {
                prop_assert!(!refused);
                let path = request.url.split('?').next().unwrap();
                let segment = path.strip_prefix("https://services.leadconnectorhq.com/payments/orders/").unwrap();
                prop_assert_eq!(decoded(segment), id);
            }
            Err(issues) => {
                prop_assert!(refused);
                prop_assert_eq!(issues.iter().map(|issue| issue.path.as_str()).collect::<Vec<_>>(), ["orderId"]);
            }
        }
    }

    #[test]
    fn any_text_as_parameters_is_built_or_refused(json in any::<String>(), tokens in vec(select(vec![
        "{", "}", "[", "]", ",", ":", "\"altId\"", "\"mode\"", "\"cash\"", "1", "-", "null", "true", "\"\\u0061\"", "\"",
    ]), 0..12), operation in select(ALL.to_vec())) {
        for json in [json, tokens.concat()] {
            if let Ok(request) = build(operation, id_of(operation), Some(&json), &config()) {
                if let Some(body) = request.body {
                    prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&body).is_ok(), "{}", body);
                }
            }
        }
    }
}

#[test]
fn an_id_that_shows_nothing_is_refused_in_paths_parameters_and_options() {
    // U+00A0 and U+0085 passed once, which a property noticed only when its seed came upon them.
    for id in ["", " ", "\u{a0}", "\u{85}", "\u{2003}", "\u{3000}", "\u{feff}", "\u{200b}\u{2060}", "a\u{80}", "a\u{0}"]
    {
        let paths = |id: Option<&str>, json: &serde_json::Value, config: &Config| -> Vec<String> {
            let issues = build(&GET_ORDER, id, Some(&json.to_string()), config).expect_err(id.unwrap_or("an id"));
            issues.into_iter().map(|issue| issue.path).collect()
        };
        assert_eq!(paths(Some(id), &json!({}), &config()), ["orderId"], "{id:?}");
        assert_eq!(paths(Some("1"), &json!({ "altId": id }), &config()), ["altId"], "{id:?}");
        let located = Config { location_id: Some(id.to_owned()), ..Config::default() };
        assert_eq!(paths(Some("1"), &json!({}), &located), ["locationId"], "{id:?}");
    }
}

#[test]
fn a_location_that_is_wrong_is_not_missing_as_well() {
    let operation = ALL.iter().find(|operation| operation.name == "customProvider.updateCapabilities").unwrap();
    for (operation, id, json) in [
        (&GET_ORDER, Some("1"), json!({ "altId": 5 })),
        (&GET_ORDER, Some("1"), json!({ "locationId": "" })),
        (*operation, None, json!({ "supportsSubscriptionSchedules": true, "locationId": "\u{a0}" })),
    ] {
        let issues = build(operation, id, Some(&json.to_string()), &Config::default()).unwrap_err();
        assert_eq!(issues.len(), 1, "{json} {issues:?}");
        assert!(json.get(&issues[0].path).is_some(), "{json} {issues:?}");
    }
}

#[test]
fn an_empty_list_is_refused_where_it_would_ask_for_nothing() {
    let refused = |name: &str, id: Option<&str>, json: Value| {
        let operation = ALL.iter().find(|operation| operation.name == name).unwrap();
        let issues = build(operation, id, Some(&json.to_string()), &config()).err().unwrap_or_default();
        issues.into_iter().map(|issue| [issue.path, issue.message].join(" ")).collect::<Vec<_>>()
    };
    let coupon = |field: &str, list: Value| {
        let mut json = json!({ "id": "1", "name": "x", "code": "x", "discountType": "amount", "discountValue": 5,
            "startDate": "2024-06-01T00:00:00Z" });
        json[field] = list;
        json
    };
    for field in ["productIds", "priceIds", "variantIds"] {
        let expected = [format!("{field} must not be an empty list: leave it out instead")];
        assert_eq!(refused("coupons.update", None, coupon(field, json!([]))), expected);
        assert_eq!(refused("coupons.update", None, coupon(field, json!(["a", ""]))).len(), 1);
        assert_eq!(refused("coupons.update", None, coupon(field, json!(["a"]))), [""; 0]);
    }
    let orders = |list: Value| refused("orders.list", None, json!({ "funnelProductIds": list }));
    assert_eq!(orders(json!([])), ["funnelProductIds must not be an empty list: leave it out instead"]);
    for list in [json!([""]), json!(["a", "\u{a0}"]), json!(""), json!(","), json!("a,,b"), json!("a, ")] {
        assert_eq!(orders(list.clone()).len(), 1, "{list}");
    }
    for list in [json!(["a"]), json!("a"), json!("a,b"), json!("a, b")] {
        assert_eq!(orders(list.clone()), [""; 0], "{list}");
    }
    let delivery = |items: Value| {
        refused(
            "orders.createFulfillment",
            Some("1"),
            json!({ "trackings": [], "items": items, "notifyCustomer": true }),
        )
    };
    assert_eq!(delivery(json!([])), ["items must not be an empty list: name at least one item"]);
    assert_eq!(delivery(json!([{ "priceId": "1", "qty": 1 }])), [""; 0], "a delivery may have no tracking");
}

#[test]
fn without_a_location_every_operation_says_once_where_to_set_it() {
    for operation in ALL {
        // The plainest request breaks a rule here and there: the missing location is listed beside that.
        let json = takes(operation).map(|record| Choices(&[]).request(record, "", &mut Vec::new()).write(""));
        let issues = build(operation, id_of(operation), json.as_deref(), &Config::default()).unwrap_err();
        let located: Vec<_> = issues.iter().filter(|issue| issue.path == "locationId").collect();
        assert_eq!(located.len(), 1, "{}: {issues:?}", operation.name);
        assert!(located[0].message.contains("new PaymentsClient({ locationId })"), "{}", located[0].message);
    }
}

#[test]
fn a_body_that_breaks_its_table_in_many_places_has_them_all_listed() {
    let operation = ALL.iter().find(|operation| operation.name == "orders.recordPayment").unwrap();
    let json = json!({"mode": "bitcoin", "amount": 0, "card": {"type": "amex", "last4": ""}, "amout": 1, "meta": []});
    let issues = build(operation, Some(".."), Some(&json.to_string()), &config()).unwrap_err();
    let mut paths: Vec<_> = issues.iter().map(|issue| issue.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["amount", "amout", "card", "card.last4", "card.type", "meta", "mode", "orderId"]);
}

#[test]
fn parameters_that_are_no_json_are_refused() {
    let operation = ALL.iter().find(|operation| operation.name == "customProvider.disconnect").unwrap();
    assert!(build(operation, None, Some(r#" {"liveMode":true} "#), &config()).is_ok());
    for json in
        [r#"{"liveMode":true} x"#, r#"{"liveMode":true}}"#, r#"{"liveMode":true"#, r#"{"liveMode":true,}"#, "", "null"]
    {
        assert!(build(operation, None, Some(json), &config()).is_err(), "{json}");
    }
}
