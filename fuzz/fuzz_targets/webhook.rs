//! Any bytes as a delivery, as its headers and as a key: never a panic; what is read is JSON of the type that it is said to be.
#![no_main]

use ghl_payments::webhook::{signature, Delivery, Event, Key};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Some((choice, bytes)) = input.split_first() else { return };
    let route = Event::TYPES.get(usize::from(*choice)).copied();
    if let Ok(delivery) = Delivery::read(bytes, route) {
        // Surrogates and sizes of numbers are the engine's own business.
        if !delivery.checked.lone_surrogate && !delivery.checked.duplicates {
            if let Ok(event) = serde_json::from_slice::<Value>(&delivery.event) {
                let named = event.get("type").and_then(Value::as_str).unwrap_or_default();
                assert!(!Event::TYPES.contains(&&*delivery.event_type) || named == delivery.event_type);
            }
        }
        assert_eq!(delivery.decode().is_ok(), delivery.checked.unrepaired().is_none(), "{:?}", delivery.decode());
        let _ = delivery.is_recent(0.0, 1e12);
    }
    let text = String::from_utf8_lossy(bytes);
    let _ = (Key::parse(&text), Key::from_bytes(bytes));
    if let Ok(signature) = signature(Some(&text), None, false) {
        assert_eq!(signature.bytes.len(), 64);
    }
});
