//! Any values as query parameters: refused, or a query that says exactly the same when a server takes it apart.
//!
//! The input is text in lines: operation, id, location, then the parameters as a JSON object.
#![no_main]

use ghl_payments::core::{base_url, build, Config};
use ghl_payments::endpoint::ALL;
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

fuzz_target!(|input: &str| {
    let mut lines = input.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (choice, id, location, params) = (line(), line(), line(), line());
    // A base URL is checked by the same letters; what passes has nothing that a query could be confused with.
    if let Ok(url) = base_url(id, true) {
        assert!(!url.ends_with('/') && !url.contains(['?', '#', '@', ' ']), "{url:?}");
    }
    let queried: Vec<_> =
        ALL.iter().filter(|operation| operation.query.is_some() && operation.body.is_none()).collect();
    let operation = queried[choice.parse::<usize>().unwrap_or_default() % queried.len()];
    let config = Config { location_id: Some(location.to_owned()), ..Config::default() };
    let Ok(request) = build(operation, Some(id), Some(params), &config) else { return };

    let Ok(given) = serde_json::from_str::<Map<String, Value>>(params) else {
        // serde_json has no text for half a surrogate pair.
        assert!(serde_json::from_str::<IgnoredAny>(params).is_ok() && params.contains("\\u"), "{params}");
        return;
    };
    let (_, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let sent: Vec<(String, String)> = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
    for (name, value) in &given {
        let values: Vec<_> = sent.iter().filter(|(sent, _)| sent == name).map(|(_, value)| value.as_str()).collect();
        match value {
            Value::Number(number) => assert_eq!(values[0].parse().ok(), number.as_f64(), "{name} in {query}"),
            value => assert_eq!(values, [plain(value)], "{name} in {query}"),
        }
    }
    for (name, value) in &sent {
        let filled = name == "altType" && value == "location" || ["altId", "locationId"].contains(&name.as_str());
        assert!(given.contains_key(name) || filled, "{name} in {query}");
    }
});

fn pair(pair: &str) -> (String, String) {
    let (name, value) = pair.split_once('=').expect("a name and a value");
    (decoded(name), decoded(value))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16)).expect("a hex digit");
            bytes.push((digit() * 16 + digit()) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

/// A value as a server reads it from a query.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
