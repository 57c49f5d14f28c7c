//! The messages of HighLevel's checkout: samples, and whatever else their shapes allow.

use ghl_payments::provider::message::{Message, MessageKind, NoMessage, ALL};
use ghl_payments::shape::{Field, Kind, Record};
use proptest::prelude::*;
use serde_json::{json, Map, Value};

const SAMPLES: &str = include_str!("../fixtures/provider/messages.json");

/// A message as it is written again, with the text that tells its kind.
fn again(message: &Message) -> Value {
    let written = match message {
        Message::Ready(it) => serde_json::to_value(it),
        Message::PaymentProps(it) => serde_json::to_value(it),
        Message::SetupProps(it) => serde_json::to_value(it),
        Message::Success(it) => serde_json::to_value(it),
        Message::Error(it) => serde_json::to_value(it),
        Message::Close(it) => serde_json::to_value(it),
        Message::UserDataRequest(it) => serde_json::to_value(it),
        Message::UserDataResponse(it) => serde_json::to_value(it),
    };
    written.unwrap()
}

/// Numbers as doubles, so that 1 and 1.0 are the same.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

#[test]
fn each_sample_is_of_its_kind_and_loses_no_field() {
    let samples: Map<String, Value> = serde_json::from_str(SAMPLES).unwrap();
    assert_eq!(samples.len(), 10);
    for (name, sample) in samples {
        let message = Message::read(&sample.to_string()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut expected = plain(sample.clone());
        if name.contains("legacy") {
            expected["productDetails"] = json!([expected["productDetails"]]);
        }
        assert_eq!(plain(again(&message)), expected, "{name}");
        let kind = ALL.iter().find(|kind| sample[kind.key] == kind.name).unwrap();
        assert!(name.starts_with(match kind.name {
            "custom_provider_ready" => "ready",
            "payment_initiate_props" => "payment_props",
            "setup_initiate_props" => "setup_props",
            "custom_element_success_response" =>
                if name == "success" {
                    "success"
                } else {
                    "setup_success"
                },
            "custom_element_error_response" => "error",
            _ => "close",
        }));
    }
}

/// Values of a kind.
fn values(kind: &Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text => any::<String>().prop_map(Value::from).boxed(),
        Kind::Number => (-1_000_000i32..1_000_000).prop_map(|number| json!(f64::from(number) / 100.0)).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Object(record) => records(record).prop_map(Value::Object).boxed(),
        Kind::List(item) | Kind::OneOrList(item) => {
            prop::collection::vec(values(item), 0..3).prop_map(Value::Array).boxed()
        }
        other => panic!("no message holds {other:?}"),
    }
}

/// Records with all that must be there, and some of the rest.
fn records(record: &'static Record) -> BoxedStrategy<Map<String, Value>> {
    let fields = record.fields().map(|Field { name, kind, required }| {
        (any::<bool>(), values(kind))
            .prop_map(move |(there, value)| (there || required).then(|| (name.to_owned(), value)))
    });
    fields.collect::<Vec<_>>().prop_map(|fields| fields.into_iter().flatten().collect()).boxed()
}

fn messages() -> impl Strategy<Value = (&'static MessageKind, Map<String, Value>)> {
    (0..ALL.len()).prop_flat_map(|index| {
        let kind = &ALL[index];
        let Kind::Object(record) = kind.shape else { panic!("{} is no record", kind.name) };
        records(record).prop_map(move |mut fields| {
            fields.insert(kind.key.to_owned(), kind.name.into());
            (kind, fields)
        })
    })
}

/// Numbers and booleans as text, as real traffic has them now and then.
fn quoted(value: &Value) -> Value {
    match value {
        Value::Number(_) | Value::Bool(_) => Value::String(value.to_string()),
        Value::Array(items) => items.iter().map(quoted).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), quoted(value))).collect(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_a_shape_allows_is_read_whole_also_with_numbers_as_text((_, fields) in messages()) {
        let whole = Value::Object(fields);
        for form in [whole.to_string(), quoted(&whole).to_string()] {
            let message = Message::read(&form).unwrap();
            prop_assert_eq!(plain(again(&message)), plain(whole.clone()));
        }
    }

    #[test]
    fn a_field_that_must_be_there_is_missed_by_its_name((kind, fields) in messages(), which in any::<prop::sample::Index>()) {
        let Kind::Object(record) = kind.shape else { panic!("{} is no record", kind.name) };
        let required: Vec<_> = record.fields().filter(|field| field.required && field.name != kind.key).collect();
        if !required.is_empty() {
            let name = required[which.index(required.len())].name;
            for wrong in [None, Some(Value::Null), Some(json!([[]]))] {
                let mut fields = fields.clone();
                match wrong {
                    None => fields.remove(name),
                    Some(wrong) => fields.insert(name.to_owned(), wrong),
                };
                match Message::read(&Value::Object(fields).to_string()) {
                    Err(NoMessage::Wrong(found, error)) => {
                        prop_assert_eq!(found.name, kind.name);
                        prop_assert!(error.to_string().contains(name), "{}", error);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }
    }

    #[test]
    fn no_text_crashes_the_reader(text in any::<String>(), (_, fields) in messages(), cut in any::<prop::sample::Index>()) {
        let _ = Message::read(&text);
        let whole = Value::Object(fields).to_string();
        let at = (0..=cut.index(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        prop_assert!(Message::read(&whole[..at]).is_err());
    }
}
