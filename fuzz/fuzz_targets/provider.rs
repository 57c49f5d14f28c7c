//! Requests to a provider's queryUrl, what its code gives, and the rows that it is remembered in: all from outside, in some way.

#![no_main]

use ghl_payments::provider::query::{begin, end, find, pointer, row_id, set, unit_of, Action, Query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Three texts, parted by zeros: a request, an outcome, a row.
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let (request, outcome, row) = (parts.next(), parts.next(), parts.next());
    let text = |part: Option<&[u8]>| String::from_utf8_lossy(part.unwrap_or_default()).into_owned();
    let Ok(query) = Query::read(request.unwrap_or_default()) else { return };
    let asked = match &query.asked {
        Ok(asked) => asked,
        Err(refusal) => {
            serde_json::from_str::<serde_json::Value>(&refusal.body()).expect("a refusal is JSON");
            return;
        }
    };
    if let Some(key) = query.api_key.as_deref().filter(|key| key.len() > 12) {
        let value = serde_json::from_str::<serde_json::Value>(asked).expect("what is asked is JSON");
        assert!(value.get("apiKey").is_none(), "{key}");
    }
    let Some(action) = query.action else { return };
    let (row, outcome) = (text(row), text(outcome));
    // What the bindings are given JSON.stringify has written.
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    if !json(&row) || !json(&outcome) {
        return;
    }
    let _ = (row_id(action, asked), pointer(action, asked), find(asked, &row), set(&row, &outcome));
    let begun = begin(action, asked, &row, "key", Some(&outcome).filter(|_| action == Action::Refund).map(String::as_str));
    if let Ok(wanted) = begun.then {
        let ended = end(action, &wanted, begun.row.as_deref().unwrap_or(&row), &outcome, unit_of(action), 1.0);
        if let Ok(answer) = ended.answer {
            serde_json::from_str::<serde_json::Value>(&answer.body).expect("an answer is JSON");
        }
    }
});
