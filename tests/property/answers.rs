//! Answers: what is accepted, what is repaired, what is refused.

use crate::cases;
use crate::document::{Choices, Document};
use crate::oracle::judge;
use crate::tables::{answers, kinds, WIDE};
use ghl_payments::core::{read, Response};
use ghl_payments::endpoint::{GET_ORDER, LIST_COUPONS, LIST_NOTES, LIST_ORDERS, LIST_WHITELABEL};
use ghl_payments::shape::{check, Checked, Drift, Fault, Kind, Record};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, Index};
use serde_json::{json, Value};

/// What makes a document; shorter is plainer.
fn choices() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..600)
}

/// One of the kinds; proptest prints its number, not its whole table.
#[derive(Clone, Copy)]
struct Chosen(usize);

impl std::fmt::Debug for Chosen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "kinds()[{}]", self.0)
    }
}

impl Chosen {
    fn kind(self) -> &'static Kind {
        kinds()[self.0]
    }
}

fn kind() -> impl Strategy<Value = Chosen> {
    (0..kinds().len()).prop_map(Chosen)
}

/// A document for a kind, and what stands around it.
fn document(choices: &[u8], kind: &'static Kind) -> (Document, String) {
    let mut choices = Choices(choices);
    let space = choices.space();
    let document = choices.answer(kind);
    let text = document.write(space);
    (document, text)
}

/// Whether bytes are JSON, by another parser: it looks at neither surrogates nor the size of numbers, as `JSON.parse`.
fn is_json(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    text.is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

/// How deep the brackets of JSON go.
fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut text, mut escape) = (0usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escape => escape = false,
            b'\\' => escape = text,
            b'"' => text = !text,
            b'{' | b'[' if !text => depth += 1,
            b'}' | b']' if !text => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Why a document that is JSON is still no answer.
fn no_answer(document: &Document, kind: &'static Kind, drifts: &[Drift]) -> bool {
    match (kind, document) {
        (Kind::Object(record), Document::Object(_)) => record.fields().any(|field| {
            let list = matches!(field.kind, Kind::List(_) | Kind::Filled(_) | Kind::OneOrList(_));
            field.required && list && drifts.iter().any(|drift| !drift.repaired && drift.path == field.name)
        }),
        (Kind::Json, Document::Object(_) | Document::List(_)) => false,
        _ => true,
    }
}

/// Checks bytes and holds the verdict against the other parser.
fn verdict(bytes: &[u8], kind: &'static Kind) -> Result<(Vec<u8>, Checked), Fault> {
    let mut checked_bytes = bytes.to_vec();
    let result = check(&mut checked_bytes, kind);
    match &result {
        Ok(_) | Err(Fault::Top { .. }) => assert!(is_json(bytes) && depth(bytes) <= 128, "{result:?}"),
        Err(Fault::Depth { .. }) => assert!(depth(bytes) > 128),
        Err(Fault::Syntax { at, end, .. }) => {
            assert!(!is_json(bytes), "{result:?}");
            assert_eq!(*end, *at >= bytes.len(), "{result:?}");
        }
        Err(Fault::Utf8 { at }) => {
            assert!(std::str::from_utf8(&bytes[..*at]).is_ok(), "{result:?}");
            assert!(std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == *at), "{result:?}");
        }
    }
    result.map(|checked| (checked_bytes, checked))
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn a_document_is_repaired_where_that_is_certain_and_is_otherwise_unchanged(
        choices in choices(),
        kind in kind(),
    ) {
        let kind = kind.kind();
        let (document, text) = document(&choices, kind);
        let (delivered, drifts) = judge(&document, kind);
        match verdict(text.as_bytes(), kind) {
            Ok((bytes, checked)) => {
                prop_assert!(!no_answer(&document, kind, &drifts), "accepted: {}", text);
                prop_assert_eq!(Document::value(&bytes), Document::value(delivered.write("").as_bytes()), "{}", text);
                prop_assert_eq!(checked.drift_count, drifts.len());
                prop_assert_eq!(&checked.drifts, &drifts, "{}", text);
                let silent = checked.duplicates || matches!(kind, Kind::Object(record) if one_or_list(record));
                if !silent && drifts.iter().all(|drift| !drift.repaired) {
                    prop_assert_eq!(bytes, text.into_bytes());
                }
            }
            Err(fault) => {
                prop_assert!(matches!(fault, Fault::Top { .. }), "{:?}: {}", fault, text);
                prop_assert!(no_answer(&document, kind, &drifts), "refused: {}", text);
            }
        }
    }

    #[test]
    fn a_repaired_document_has_nothing_left_to_repair(choices in choices(), kind in kind()) {
        let kind = kind.kind();
        let (_, text) = document(&choices, kind);
        if let Ok((bytes, first)) = verdict(text.as_bytes(), kind) {
            let (again, second) = verdict(&bytes, kind).expect("still an answer");
            prop_assert_eq!(again, bytes);
            let kept: Vec<_> = first.drifts.into_iter().filter(|drift| !drift.repaired).collect();
            prop_assert_eq!(second.drifts, kept);
        }
    }

    #[test]
    fn rust_callers_get_every_answer_without_unrepaired_drift_and_the_values_that_javascript_gets(
        choices in choices(),
        index in 0..answers().len(),
    ) {
        let answer = &answers()[index];
        let kind = &answer.operation.answer;
        let (_, text) = document(&choices, kind);
        if let Ok((bytes, checked)) = verdict(text.as_bytes(), kind) {
            match (checked.unrepaired(), (answer.decode)(&bytes, &checked)) {
                (None, Ok(decoded)) => {
                    prop_assert_eq!(plain(decoded, kind), plain(Document::value(&bytes), kind), "{}", text);
                }
                (None, Err(error)) => prop_assert!(false, "{} does not decode: {}: {}", answer.operation.name, error, text),
                (Some(drift), Ok(_)) => prop_assert!(false, "decoded in spite of {:?}: {}", drift, text),
                (Some(_), Err(_)) => {}
            }
        }
    }

    #[test]
    fn every_beginning_of_a_document_is_a_fault(choices in choices(), kind in kind(), cuts in vec(any::<Index>(), 1..20)) {
        let kind = kind.kind();
        let (document, text) = document(&choices, kind);
        if matches!(document, Document::Object(_) | Document::List(_)) {
            for cut in cuts {
                let beginning = &text.as_bytes()[..cut.index(text.len())];
                let fault = verdict(beginning, kind).expect_err("a beginning");
                prop_assert!(!matches!(fault, Fault::Top { .. }), "{:?}", fault);
            }
        }
    }

    #[test]
    fn bytes_are_an_answer_only_if_they_are_json(bytes in vec(any::<u8>(), 0..200), kind in kind()) {
        let kind = kind.kind();
        let _ = verdict(&bytes, kind);
    }

    #[test]
    fn a_document_with_changed_bytes_is_an_answer_only_if_it_is_still_json(
        choices in choices(),
        kind in kind(),
        changes in vec((any::<Index>(), any::<u8>(), 0..4u8), 1..6),
    ) {
        let kind = kind.kind();
        let mut bytes = document(&choices, kind).1.into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if bytes.len() > 1 => { bytes.remove(at); }
                _ => bytes.insert(at, b"{}[]\",:\\u0e-. tfn"[usize::from(byte) % 17]),
            }
        }
        let _ = verdict(&bytes, kind);
    }

    #[test]
    fn tokens_in_any_order_are_an_answer_only_if_they_are_json(
        tokens in vec(select(vec![
            "{", "}", "[", "]", ",", ":", "\"_id\"", "\"data\"", "\"totalCount\"", "\"a\"", "\"\\u0064ata\"", "1", "-",
            "01", "1.5", ".5", "1.", "1e3", "1e", "tru", "true", "false", "null", "\"\\ud800\"", "\"\\x\"", "\"", " ", "\n", "\u{b}",
        ]), 0..24),
        kind in kind(),
    ) {
        let kind = kind.kind();
        let _ = verdict(tokens.concat().as_bytes(), kind);
    }

    #[test]
    fn what_looks_like_a_number_is_one_only_if_json_has_it(number in "[-+]?[.0-9]{0,4}([eE.][-+0-9]{0,3})?", space in " ?") {
        let order = format!(r#"{{"_id":"1","amount":{number}{space},"x":{number},"meta":{{"x":[{number}]}}}}"#);
        let _ = verdict(order.as_bytes(), &GET_ORDER.answer);
        for page in [
            format!(r#"{{"data":[{{"_id":"1","amount":{number}{space}}}],"totalCount":1}}"#),
            format!(r#"{{"data":[],"totalCount":{number}{space}}}"#),
            format!(r#"{{"data":[{{"x":{number},"y":[{number}{space}]}}]}}"#),
        ] {
            let _ = verdict(page.as_bytes(), &LIST_ORDERS.answer);
        }
    }

    #[test]
    fn whatever_a_refusal_says_it_is_read_to_its_end_and_told_without_secrets(
        parts in vec(select(vec![
            "\\", "\\u", "\\u00", "\\ud83d", "u", "1", "23", "n", "\"", "{", "}", "[", "]", ":", ",", "<", "é", "message",
            "secret-token", "secret\\u002dtoken", " ", "\n",
        ]), 0..24),
        status in select(vec![200u16, 400, 401, 429, 500, 502]),
        strict in any::<bool>(),
    ) {
        let text = parts.concat();
        for body in [text.clone(), format!(r#"{{"message":"{text}"}}"#), format!(r#"{{"message":["{text}"],"error":"{text}"}}"#)] {
            let response = Response { status, body: body.clone().into_bytes(), ..Response::default() };
            if let Err(error) = read(&GET_ORDER, response, strict, &["secret-token"], 0.0) {
                prop_assert!(!format!("{error:?}").contains("secret-token"), "{}", body);
            }
        }
    }

    #[test]
    fn a_number_is_reported_as_too_large_if_and_only_if_a_double_cannot_hold_it(
        digits in "(0|[0-9]{1,30})",
        fraction in "(\\.[0-9]{1,30})?",
        exponent in -40..=40i32,
        negative in any::<bool>(),
    ) {
        // Around the largest double, wherever the point stands.
        let whole = digits.trim_start_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        let exponent = 308 - whole.len() as i32 + exponent / 20;
        let number = format!("{}{whole}{fraction}e{exponent}", if negative { "-" } else { "" });
        let size = number.parse::<f64>().expect("a number").abs();
        let text = format!(r#"{{"_id":"1","amount":{number},"meta":{{"x":[{number}]}}}}"#);
        let (_, checked) = verdict(text.as_bytes(), &GET_ORDER.answer).expect("an order");
        let quoted = format!(r#"{{"_id":"1","amount":"{number}"}}"#);
        let (_, repaired) = verdict(quoted.as_bytes(), &GET_ORDER.answer).expect("an order");
        prop_assert_eq!(checked.drift_count, if size.is_finite() { 0 } else { 2 }, "{}", number);
        prop_assert_eq!(repaired.drifts[0].repaired, size.is_finite(), "{}", number);
    }
}

/// A record of the order list: each choice is a member, with a key and a value that may be written in odd ways.
fn members(choices: &[(u8, u8)]) -> String {
    let keys = [
        r#""_id""#,
        r#""amount""#,
        r#""amounu""#,
        r#""\u0061mount""#,
        r#""currency""#,
        r#""status" "#,
        r#""subtotal""#,
        r#""contactEmail""#,
        r#""totalProducts""#,
        r#""liveMode""#,
        r#""sourceMeta""#,
        r#""fulfillmentStatus""#,
        r#""fulfillmentStatut""#,
        r#""x""#,
    ];
    let values = [
        "0",
        "12.5",
        "01",
        "1.",
        ".5",
        "-3",
        "1e3",
        "1e999",
        "7 ",
        r#""a text of some length""#,
        r#""5""#,
        r#""""#,
        r#""é""#,
        r#""a \" b""#,
        "\"a\tb\"",
        "null",
        "true",
        "tru",
        r#"{"domain":"a.example","pageId":1}"#,
        "[1,2]",
        "{}",
    ];
    let member = |(key, value): &(u8, u8)| {
        format!("{}:{}", keys[usize::from(*key) % keys.len()], values[usize::from(*value) % values.len()])
    };
    format!("{{{}}}", choices.iter().map(member).collect::<Vec<_>>().join(","))
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn what_one_record_looks_like_does_not_change_what_is_said_of_the_next(
        first in vec((any::<u8>(), any::<u8>()), 0..8),
        changes in vec((any::<Index>(), any::<u8>(), any::<u8>(), any::<bool>()), 1..5),
    ) {
        // Each record is the one before with one member changed.
        let mut records = vec![first];
        for (at, key, value, both) in changes {
            let mut next = records.last().cloned().unwrap_or_default();
            if next.is_empty() {
                next.push((key, value));
            } else {
                let at = at.index(next.len());
                next[at] = (if both { key } else { next[at].0 }, value);
            }
            records.push(next);
        }
        let page = |records: &[Vec<(u8, u8)>]| {
            let records: Vec<_> = records.iter().map(|record| members(record)).collect();
            format!(r#"{{"data":[{}],"totalCount":9}}"#, records.join(","))
        };
        let together = verdict(page(&records).as_bytes(), &LIST_ORDERS.answer);
        let alone: Vec<_> =
            records.iter().map(|record| verdict(page(std::slice::from_ref(record)).as_bytes(), &LIST_ORDERS.answer)).collect();
        let Ok((bytes, checked)) = together else {
            prop_assert!(alone.iter().any(Result::is_err), "{}", page(&records));
            return Ok(());
        };
        let mut drifts = Vec::new();
        let mut values = Vec::new();
        for (index, verdict) in alone.into_iter().enumerate() {
            let (bytes, checked) = verdict.expect("a page of one record");
            values.push(Document::value(&bytes)["data"][0].clone());
            drifts.extend(checked.drifts.into_iter().map(|drift| {
                Drift { path: drift.path.replacen("data[0]", &format!("data[{index}]"), 1), ..drift }
            }));
        }
        prop_assert_eq!(checked.drifts, drifts, "{}", page(&records));
        prop_assert_eq!(&Document::value(&bytes)["data"], &Value::from(values));
    }
}

/// Whether an object becomes a list without a word: HighLevel documents both. So does a value that a later one of the
/// same key replaces.
fn one_or_list(record: &Record) -> bool {
    record.fields().any(|field| matches!(field.kind, Kind::OneOrList(_)))
}

/// A value reduced to what its shape promises: no unknown fields, no nulls that may be absent, numbers as doubles.
fn plain(value: Value, kind: &'static Kind) -> Value {
    match (value, kind) {
        (Value::Object(fields), Kind::Object(record)) => {
            let known = |(name, value): (String, Value)| {
                let field = record.fields().find(|field| field.name == name)?;
                (!value.is_null()).then(|| (name, plain(value, field.kind)))
            };
            Value::Object(fields.into_iter().filter_map(known).collect())
        }
        (Value::Array(items), Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item)) => {
            items.into_iter().map(|value| plain(value, item)).collect()
        }
        (Value::Number(number), Kind::Number) => json!(number.as_f64()),
        (value, _) => value,
    }
}

fn checked(text: &str, kind: &'static Kind) -> (Value, Vec<(String, &'static str, bool)>) {
    let (bytes, checked) = verdict(text.as_bytes(), kind).expect(text);
    let drifts = checked.drifts.into_iter().map(|drift| (drift.path, drift.found, drift.repaired)).collect();
    (Document::value(&bytes), drifts)
}

fn drift(path: &str, found: &'static str, repaired: bool) -> (String, &'static str, bool) {
    (path.into(), found, repaired)
}

/// As a Rust caller gets it.
fn order(bytes: &[u8], checked: &Checked) -> Value {
    let answers = answers();
    let answer = answers.iter().find(|answer| answer.operation.name == "orders.get").expect("listed");
    (answer.decode)(bytes, checked).expect("an order")
}

#[test]
fn every_beginning_of_a_real_answer_is_a_fault() {
    let order = r#"{"_id":"653f6ba4d84bcc7b3d5bb8a1","amount":59.5,"items":[{"name":"Shirt \u00e9 – \"S\"","qty":"2"}],"meta":{"a":[true,false,null,-1.5e3]}}"#;
    assert!(verdict(order.as_bytes(), &GET_ORDER.answer).is_ok());
    for end in 0..order.len() {
        let fault = verdict(&order.as_bytes()[..end], &GET_ORDER.answer).expect_err("a beginning");
        assert!(matches!(fault, Fault::Syntax { .. } | Fault::Utf8 { .. }), "{end}: {fault:?}");
    }
}

#[test]
fn a_byte_means_the_same_wherever_it_stands_in_a_text() {
    // Texts are read in words of eight bytes with a tail.
    for byte in 0..=u8::MAX {
        for at in 0..=17 {
            let mut text = b"{\"_id\":\"abcdefghijklmnopq\"}".to_vec();
            text.insert(8 + at, byte);
            let _ = verdict(&text, &GET_ORDER.answer);
        }
    }
}

#[test]
fn a_key_is_known_however_it_is_written() {
    let (value, drifts) =
        checked(r#"{"\u005fid":7,"\u0061\u006d\u006f\u0075\u006e\u0074":"5","currency\u0000":1}"#, &GET_ORDER.answer);
    assert_eq!(value, json!({"_id": "7", "amount": 5, "currency\0": 1}));
    assert_eq!(drifts, [drift("_id", "number", true), drift("amount", "text", true)]);
}

#[test]
fn of_a_key_that_comes_twice_the_last_one_counts() {
    for (text, value, drifts) in [
        (r#"{"_id":"1","amount":{},"amount":2}"#, json!({"_id": "1", "amount": 2}), vec![]),
        (
            r#"{"_id":"1","amount":2,"amount":{}}"#,
            json!({"_id": "1", "amount": {}}),
            vec![drift("amount", "object", false)],
        ),
        (
            r#"{"_id":"1","amount":"3","amount":"4"}"#,
            json!({"_id": "1", "amount": 4}),
            vec![drift("amount", "text", true)],
        ),
        (r#"{"_id":1,"_i\u0064":"2"}"#, json!({"_id": "2"}), vec![]),
        (
            r#"{"_id":"1","items":[{"qty":{}}],"amount":[],"items":[]}"#,
            json!({"_id": "1", "amount": [], "items": []}),
            vec![drift("amount", "list", false)],
        ),
    ] {
        assert_eq!(checked(text, &GET_ORDER.answer), (value.clone(), drifts), "{text}");
        let (bytes, checked) = verdict(text.as_bytes(), &GET_ORDER.answer).unwrap();
        if checked.unrepaired().is_none() {
            assert_eq!(order(&bytes, &checked)["_id"], value["_id"]);
        }
    }
}

#[test]
fn a_record_may_have_more_fields_than_a_word_has_bits() {
    static KIND: Kind = Kind::Object(&WIDE);
    let names: Vec<&str> = WIDE.fields().map(|field| field.name).collect();
    assert_eq!((names.len(), names[69]), (70, "69"));
    let (_, drifts) = checked("{}", &KIND);
    assert_eq!(drifts, names.iter().map(|name| drift(name, "nothing", false)).collect::<Vec<_>>());
    for missing in [0, 63, 64, 69] {
        let there: Vec<String> =
            names.iter().filter(|name| **name != names[missing]).map(|name| format!("\"{name}\":1")).collect();
        let (_, drifts) = checked(&format!("{{{}}}", there.join(",")), &KIND);
        assert_eq!(drifts, [drift(names[missing], "nothing", false)]);
    }
}

#[test]
fn nesting_is_allowed_to_128_levels_and_no_deeper() {
    // The answer itself is the first level.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |levels: usize| {
            let inside = if open == "[" { "" } else { "0" };
            let text = format!("{}{inside}{}", open.repeat(levels - 1), close.repeat(levels - 1));
            let known = format!(r#"{{"meta":{text},"_id":"1"}}"#);
            let unknown = format!(r#"{{"unknown":{text},"_id":"1"}}"#);
            [known, unknown, format!(r#"{{"amount":{text},"_id":"1"}}"#)]
        };
        for text in nested(128) {
            assert!(verdict(text.as_bytes(), &GET_ORDER.answer).is_ok());
        }
        for text in nested(129).into_iter().chain(nested(100_000)) {
            let fault = verdict(text.as_bytes(), &GET_ORDER.answer).unwrap_err();
            let expected = text.find(':').unwrap() + 1 + 127 * open.len();
            assert_eq!(fault, Fault::Depth { at: expected });
        }
    }
    let opened = "[".repeat(1_000_000);
    assert_eq!(verdict(opened.as_bytes(), &LIST_NOTES.answer).unwrap_err(), Fault::Depth { at: 128 });
}

#[test]
fn text_that_is_no_utf8_is_a_fault_at_its_first_wrong_byte() {
    for wrong in
        [&b"\xff"[..], b"\xc3", b"\xc3(", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80"]
    {
        for (before, behind) in [("{\"_id\":\"abc", "\"}"), ("{\"_id\":\"\u{e9}\u{1f600}", "\"}"), ("{\"x", "\":1}")] {
            let bytes = [before.as_bytes(), wrong, behind.as_bytes()].concat();
            assert_eq!(verdict(&bytes, &GET_ORDER.answer).unwrap_err(), Fault::Utf8 { at: before.len() });
        }
    }
    // Outside texts JSON has no such bytes at all.
    assert!(matches!(verdict(b"{\"_id\":\xff}", &GET_ORDER.answer), Err(Fault::Syntax { at: 7, .. })));
}

#[test]
fn a_top_level_that_is_not_what_the_endpoint_promises_is_no_answer() {
    let top = |path, expected, found| Fault::Top { path, expected, found };
    for (text, kind, fault) in [
        ("[]", &GET_ORDER.answer, top("", "object", "list")),
        ("null", &GET_ORDER.answer, top("", "object", "null")),
        ("\"ok\"", &GET_ORDER.answer, top("", "object", "text")),
        (" 12 ", &LIST_ORDERS.answer, top("", "object", "number")),
        ("true", &LIST_NOTES.answer, top("", "object or list", "boolean")),
        ("{}", &LIST_ORDERS.answer, top("data", "list", "nothing")),
        (r#"{"data":null,"totalCount":0}"#, &LIST_ORDERS.answer, top("data", "list", "null")),
        (r#"{"data":"none","totalCount":0}"#, &LIST_COUPONS.answer, top("data", "list", "text")),
        (r#"{"providers":7}"#, &LIST_WHITELABEL.answer, top("providers", "list", "number")),
    ] {
        assert_eq!(verdict(text.as_bytes(), kind).unwrap_err(), fault, "{text}");
    }
    for (text, kind) in [("[]", &LIST_NOTES.answer), ("{}", &LIST_NOTES.answer), ("{}", &GET_ORDER.answer)] {
        assert!(verdict(text.as_bytes(), kind).is_ok(), "{text}");
    }
}

#[test]
fn only_what_is_certain_is_repaired() {
    for (field, delivered, repaired) in [
        (r#""amount":"100""#, json!({"amount": 100}), true),
        (r#""amount":"-1.5e2""#, json!({"amount": -150.0}), true),
        (r#""amount":"1,000.00""#, json!({"amount": "1,000.00"}), false),
        (r#""amount":"$5""#, json!({"amount": "$5"}), false),
        (r#""amount":"""#, json!({"amount": ""}), false),
        (r#""amount":true"#, json!({"amount": true}), false),
        (r#""amount":{"value":5}"#, json!({"amount": {"value": 5}}), false),
        (r#""liveMode":"true""#, json!({"liveMode": true}), true),
        (r#""liveMode":"false""#, json!({"liveMode": false}), true),
        (r#""liveMode":"yes""#, json!({"liveMode": "yes"}), false),
        (r#""liveMode":1"#, json!({"liveMode": 1}), false),
        (r#""contactId":12"#, json!({"contactId": "12"}), true),
        (r#""contactId":9007199254740993"#, json!({"contactId": "9007199254740993"}), true),
        (r#""contactId":12.5"#, json!({"contactId": 12.5}), false),
        (r#""contactId":1e2"#, json!({"contactId": 100.0}), false),
        (r#""contactId":false"#, json!({"contactId": false}), false),
        (r#""createdAt":1706778000"#, json!({"createdAt": 1_706_778_000}), false),
        (r#""items":{"name":"a"}"#, json!({"items": [{"name": "a"}]}), true),
        (r#""items":"a""#, json!({"items": "a"}), false),
        (r#""source":[]"#, json!({"source": []}), false),
    ] {
        let (mut value, drifts) = checked(&format!(r#"{{"_id":"1",{field}}}"#), &GET_ORDER.answer);
        value.as_object_mut().unwrap().remove("_id");
        assert_eq!(value, delivered, "{field}");
        assert_eq!(drifts.iter().map(|drift| drift.2).collect::<Vec<_>>(), [repaired], "{field}");
    }
}

#[test]
fn fields_may_be_absent_or_null_except_those_that_identify_a_record() {
    let optional: Vec<String> = match &GET_ORDER.answer {
        Kind::Object(record) => {
            record.fields().filter(|field| !field.required).map(|field| field.name.into()).collect()
        }
        _ => vec![],
    };
    assert!(optional.len() > 20);
    let nulls: Vec<String> = optional.iter().map(|name| format!("\"{name}\":null")).collect();
    assert_eq!(checked(&format!(r#"{{"_id":"1",{}}}"#, nulls.join(",")), &GET_ORDER.answer).1, []);
    assert_eq!(checked(r#"{"_id":"1"}"#, &GET_ORDER.answer).1, []);
    assert_eq!(checked("{}", &GET_ORDER.answer).1, [drift("_id", "nothing", false)]);
    assert_eq!(checked(r#"{"_id":null}"#, &GET_ORDER.answer).1, [drift("_id", "null", false)]);
    assert_eq!(
        checked(r#"{"data":[{"_id":"1"},{},null]}"#, &LIST_ORDERS.answer).1,
        [
            drift("data[1]._id", "nothing", false),
            drift("data[2]", "null", false),
            drift("totalCount", "nothing", false)
        ],
    );
}

#[test]
fn numbers_keep_the_value_that_json_parse_gives_them() {
    let text =
        r#"{"_id":"1","amount":12345678901234567890123,"amountSummary":{"tax":1e-400,"subtotal":9007199254740993}}"#;
    let (bytes, result) = verdict(text.as_bytes(), &GET_ORDER.answer).unwrap();
    assert_eq!((bytes, result.drift_count), (text.as_bytes().to_vec(), 0));
    for number in ["1e400", "-1e400", &"9".repeat(400)] {
        let text = format!(r#"{{"_id":"1","amount":{number},"unknown":{number}}}"#);
        let (bytes, result) = verdict(text.as_bytes(), &GET_ORDER.answer).unwrap();
        assert_eq!(bytes, text.as_bytes());
        assert_eq!(result.drifts.len(), 1);
        assert_eq!(result.drifts[0].found, "number that is too large");
    }
}

#[test]
fn half_a_surrogate_pair_is_delivered_and_readable_in_rust() {
    for (written, read) in [
        ("\\ud83d", "\u{fffd}"),
        ("\\uDE00", "\u{fffd}"),
        ("\\ud83d\\ud83d", "\u{fffd}\u{fffd}"),
        ("\\ud83d\\ud83d\\ude00", "\u{fffd}\u{1f600}"),
        ("a\\ud83d\\n", "a\u{fffd}\n"),
        ("\\\\\\ud83d", "\\\u{fffd}"),
        ("\\\\ud83d", "\\ud83d"),
        ("\\ud83d\\ude00", "\u{1f600}"),
    ] {
        let text = format!(r#"{{"_id":"{written}"}}"#);
        let (bytes, checked) = verdict(text.as_bytes(), &GET_ORDER.answer).unwrap();
        assert_eq!(bytes, text.as_bytes());
        assert_eq!(checked.lone_surrogate, read.contains('\u{fffd}'), "{written}");
        assert_eq!(order(&bytes, &checked)["_id"], read, "{written}");
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_an_answer() {
    let (value, drifts) = checked("\u{feff}{\"_id\":\"\u{feff}1\"}", &GET_ORDER.answer);
    assert_eq!((value, drifts), (json!({"_id": "\u{feff}1"}), vec![]));
    assert!(verdict("\u{feff}\u{feff}{}".as_bytes(), &GET_ORDER.answer).is_err());
    assert!(verdict(b"\xef\xbb{}", &GET_ORDER.answer).is_err());
}

#[test]
fn one_object_is_taken_for_a_list_of_one() {
    let provider = r#"{"_id":"1","title":5}"#;
    for (text, count) in
        [(format!(r#"{{"providers":{provider}}}"#), 1), (format!(r#"{{"providers":[{provider},{provider}]}}"#), 2)]
    {
        let (value, drifts) = checked(&text, &LIST_WHITELABEL.answer);
        assert_eq!(value["providers"], Value::from(vec![json!({"_id": "1", "title": "5"}); count]));
        // HighLevel documents both: only the title differs.
        assert_eq!(drifts.len(), count);
        assert_eq!(drifts[0], drift("providers[0].title", "number", true));
    }
    let (value, drifts) = checked(r#"{"data":{"_id":"1"},"totalCount":"1"}"#, &LIST_ORDERS.answer);
    assert_eq!(value, json!({"data": [{"_id": "1"}], "totalCount": 1}));
    assert_eq!(drifts, [drift("data", "object", true), drift("totalCount", "text", true)]);
}

#[test]
fn differences_beyond_a_hundred_are_counted_and_one_that_is_not_repaired_is_never_lost() {
    let records = |count: usize| vec![r#"{"_id":1}"#; count].join(",");
    let text = format!(r#"{{"data":[{},{{"_id":{{}}}}],"totalCount":"x"}}"#, records(5000));
    let (_, checked) = verdict(text.as_bytes(), &LIST_ORDERS.answer).unwrap();
    assert_eq!(checked.drift_count, 5002);
    assert_eq!(checked.drifts.len(), 102);
    assert_eq!(checked.unrepaired().map(|drift| drift.path.as_str()), Some("data[5000]._id"));
}

#[test]
fn a_fault_leaves_the_bytes_as_they_came() {
    for text in [r#"{"_id":1,"amount":"5""#, "\u{feff}{\"_id\":1,", r#"{"data":null,"totalCount":"5"}"#, "<html>"] {
        for kind in [&GET_ORDER.answer, &LIST_ORDERS.answer] {
            let mut bytes = text.as_bytes().to_vec();
            if check(&mut bytes, kind).is_err() {
                assert_eq!(bytes, text.as_bytes());
            }
        }
    }
}

#[test]
fn characters_outside_ascii_are_noticed_wherever_they_stand() {
    for (text, expected) in [
        (r#"{"_id":"a","currency":"\u00e9"}"#, false),
        ("\u{feff}{\"_id\":\"a\"}", false),
        ("{\"_id\":\"é\"}", true),
        ("{\"_id\":\"0123456789é0123456789\"}", true),
        ("{\"_id\":\"a\",\"größe\":1}", true),
        ("{\"_id\":\"a\",\"new\":[{\"new\":\"—\"}]}", true),
        ("{\"_id\":\"a\",\"currency\":\"\\\\\",\"contactName\":\"😀\"}", true),
    ] {
        let (bytes, checked) = verdict(text.as_bytes(), &GET_ORDER.answer).unwrap();
        assert_eq!((checked.foreign, bytes.is_ascii()), (expected, !expected), "{text}");
    }
}
