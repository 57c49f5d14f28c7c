//! Amounts: what a caller has reckoned in binary fractions goes out as the decimals that are meant.

use crate::cases;
use ghl_payments::core::{build, Config};
use ghl_payments::endpoint::{Operation, ALL};
use ghl_payments::shape::{Kind, Record, Rule};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{json, Map, Value};

/// Every field of every request that is money: the operation, the name, and a body that lacks nothing but it.
fn amounts() -> Vec<(&'static Operation, &'static str, Map<String, Value>)> {
    let mut found = Vec::new();
    for operation in ALL {
        let Some(record) = operation.body else { continue };
        for field in record.fields().filter(|field| matches!(field.kind, Kind::Amount)) {
            found.push((operation, field.name, plainest(record, field.name)));
        }
    }
    found
}

/// A body with what is required besides the amount; money is meant, not percent.
fn plainest(record: &'static Record, amount: &str) -> Map<String, Value> {
    let percent = record.rules.iter().find_map(|rule| match *rule {
        Rule::Percent { when, is, .. } => Some((record.name(when), is)),
        _ => None,
    });
    let value = |name: &str, kind: &Kind| match kind {
        Kind::Choice(texts) => {
            json!(texts.iter().find(|text| percent != Some((name, **text))))
        }
        Kind::Timestamp => json!("2024-06-01T00:00:00Z"),
        _ => json!("x"),
    };
    let needed = record.fields().filter(|field| field.required && field.name != amount);
    needed.map(|field| (field.name.to_owned(), value(field.name, field.kind))).collect()
}

/// How a number goes out in each of those fields: as it stands in the body, or the paths of the issues.
fn sent(number: &str) -> Vec<Result<String, Vec<String>>> {
    let config = Config { location_id: Some("3SwdhCu3svxI8AKsPJt6".into()), ..Config::default() };
    let mut all = Vec::new();
    for (operation, name, body) in amounts() {
        let mut text = Value::Object(body).to_string();
        text.pop();
        text.push_str(&format!(",\"{name}\":{number}}}"));
        let id = operation.path.contains('{').then_some("653f6ba4d84bcc7b3d5bb8a1");
        let built = build(operation, id, Some(&text), &config).map(|request| {
            let body = request.body.expect("a body");
            let (_, behind) = body.split_once(&format!("\"{name}\":")).expect("the amount");
            behind.split([',', '}']).next().expect("a value").to_owned()
        });
        all.push(built.map_err(|issues| issues.into_iter().map(|issue| issue.path).collect()));
    }
    all
}

fn assert_sent(number: &str, expected: &str) {
    for sent in sent(number) {
        assert_eq!(sent.as_deref(), Ok(expected), "{number}");
    }
}

fn assert_refused(number: &str) {
    for (sent, (operation, name, _)) in sent(number).into_iter().zip(amounts()) {
        assert_eq!(sent, Err(vec![name.to_owned()]), "{} {number}", operation.name);
    }
}

/// So many ten-thousandths, as a person writes them.
fn written(ten_thousandths: u64) -> String {
    let text = format!("{}.{:04}", ten_thousandths / 10_000, ten_thousandths % 10_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A double as `JSON.stringify` and serde_json write it: with as few digits as tell it from its neighbours.
fn text(double: f64) -> String {
    json!(double).to_string()
}

#[test]
fn the_fields_that_are_money_are_known() {
    let names: Vec<_> = amounts().iter().map(|(operation, name, _)| [operation.name, name].join(" ")).collect();
    assert_eq!(names, ["orders.recordPayment amount", "coupons.create discountValue", "coupons.update discountValue"]);
}

#[test]
fn what_javascript_makes_of_decimals_goes_out_as_they_are_meant() {
    for (double, expected) in [
        (0.1 + 0.2, "0.3"),
        (1.005 * 100.0, "100.5"),
        (19.99 * 3.0, "59.97"),
        (1.1 * 1.1, "1.21"),
        (0.7 + 0.1 + 0.1, "0.9"),
        (4.35 * 100.0, "435"),
        (1e3, "1000"),
        (1e12, "1000000000000"),
        (0.0001, "0.0001"),
        (59.5, "59.5"),
    ] {
        assert_sent(&text(double), expected);
    }
    for double in [1e21, f64::MAX, 1e12 + 1.0, 1.0 / 3.0, 1e-5, 5e-324, 19.99999, 0.0, -0.0, -1.0] {
        assert_refused(&text(double));
    }
    // serde_json writes null for what is no number.
    assert_refused(&text(f64::NAN));
}

#[test]
fn percent_may_have_any_decimals() {
    let config = Config { location_id: Some("3SwdhCu3svxI8AKsPJt6".into()), ..Config::default() };
    let operation = ALL.iter().find(|operation| operation.name == "coupons.create").expect("listed");
    for (percent, expected) in [("33.3333333", "33.3333333"), ("12.5", "12.5"), ("0.30000000000000004", "0.3")] {
        // The type may stand in front of the value or behind it.
        for (front, behind) in [("\"discountType\":\"percentage\",", ""), ("", ",\"discountType\":\"percentage\"")] {
            let rest = "\"name\":\"x\",\"code\":\"x\",\"startDate\":\"2024-06-01T00:00:00Z\"";
            let json = format!("{{{front}\"discountValue\":{percent}{behind},{rest}}}");
            let body = build(operation, None, Some(&json), &config).expect(&json).body.expect("a body");
            assert!(body.contains(&format!("\"discountValue\":{expected},")), "{body}");
        }
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn cents_their_sums_and_their_products_go_out_as_the_decimals_they_mean(
        cents in 1u64..10_000_000_000_000,
        list in vec(1u64..1_000_000_000, 1..20),
        price in 1u64..10_000_000,
        count in 1u64..10_000,
        rate in 1u64..10_000,
    ) {
        let major = |cents: u64| cents as f64 / 100.0;
        assert_sent(&text(major(cents)), &written(cents * 100));
        let sum: f64 = list.iter().map(|cents| major(*cents)).sum();
        assert_sent(&text(sum), &written(list.iter().sum::<u64>() * 100));
        assert_sent(&text(major(price) * count as f64), &written(price * count * 100));
        assert_sent(&text(major(price) * major(rate)), &written(price * rate));
        assert_sent(&text(major(price) - major(price - 1)), "0.01");
    }

    #[test]
    fn what_is_not_noise_is_refused(ten_thousandths in 1u64..50_000_000, part in 1u32..1000, down in any::<bool>()) {
        // From two billionths of the number on, to half of the way to the next.
        let number = ten_thousandths as f64 / 1e4;
        let least = number * 2e-9;
        let off = least + (0.5e-4 - least) * f64::from(part) / 1000.0;
        prop_assume!(off > least && number > off);
        assert_refused(&text(if down { number - off } else { number + off }));
    }

    #[test]
    fn what_goes_out_once_goes_out_again_unchanged(number in "[0-9]{1,14}(\\.[0-9]{1,20})?(e-?[0-9]{1,2})?") {
        let trimmed = number.trim_start_matches('0');
        let number = if trimmed.starts_with(|c: char| c.is_ascii_digit()) { trimmed.to_owned() } else { format!("0{trimmed}") };
        for amount in sent(&number).into_iter().flatten() {
            assert_sent(&amount, &amount);
            let plain = amount.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            prop_assert!(plain && amount.split('.').nth(1).is_none_or(|decimals| decimals.len() <= 4), "{}", amount);
            let (given, sent): (f64, f64) = (number.parse().unwrap(), amount.parse().unwrap());
            prop_assert!((given - sent).abs() <= given * 1.000_001e-9, "{} {}", number, amount);
        }
    }
}
