//! Any bytes against the answers of all operations: never a panic, never an answer that another parser refuses, never a
//! difference between what JavaScript and Rust callers get.
#![no_main]

use ghl_payments::endpoint::{Endpoint, GetOrder, GetSubscription, ListOrders, ListWhitelabel, ALL};
use ghl_payments::shape::{check, decode, Checked, Fault, Kind};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    answer(bytes, &ALL[usize::from(*choice) % ALL.len()].answer);
    rust_callers_agree::<GetOrder>(bytes);
    rust_callers_agree::<GetSubscription>(bytes);
    rust_callers_agree::<ListOrders>(bytes);
    rust_callers_agree::<ListWhitelabel>(bytes);
});

/// Checks bytes and holds the verdict against serde_json, which here looks at neither surrogates nor sizes of numbers.
fn answer(bytes: &[u8], kind: &'static Kind) -> Option<(Vec<u8>, Checked)> {
    let mut checked_bytes = bytes.to_vec();
    let checked = match check(&mut checked_bytes, kind) {
        Ok(checked) => checked,
        Err(fault) => {
            match fault {
                Fault::Top { .. } => assert!(is_json(bytes), "{fault:?}"),
                // What stands behind 128 levels was not looked at.
                Fault::Depth { .. } => {}
                Fault::Syntax { .. } | Fault::Utf8 { .. } => assert!(!is_json(bytes), "{fault:?}"),
            }
            assert_eq!(checked_bytes, bytes, "a fault leaves the bytes as they came");
            return None;
        }
    };
    assert!(is_json(bytes) && is_json(&checked_bytes));
    let mut again = checked_bytes.clone();
    let second = check(&mut again, kind).expect("a repaired answer is an answer");
    assert_eq!(again, checked_bytes, "a repair is done once");
    assert!(second.drifts.iter().all(|drift| !drift.repaired));
    Some((checked_bytes, checked))
}

fn is_json(bytes: &[u8]) -> bool {
    // A byte order mark is no part of the text.
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    text.is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

fn rust_callers_agree<E: Endpoint>(bytes: &[u8]) {
    if let Some((bytes, checked)) = answer(bytes, &E::OPERATION.answer) {
        let decoded = decode::<E::Answer>(&bytes, &checked);
        assert_eq!(decoded.is_ok(), checked.unrepaired().is_none(), "{:?}", decoded.err());
    }
}
