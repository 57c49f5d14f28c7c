//! Deliveries of any content: what is known is typed, what is not passes untouched, nothing breaks the reader.

use ghl_payments::webhook::{Delivery, Event, Key};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{json, Value as Json};

fn read(body: &str, route: Option<&str>) -> Delivery {
    Delivery::read(body.as_bytes(), route).expect(body)
}

fn event(delivery: &Delivery) -> Json {
    serde_json::from_slice(&delivery.event).expect("JSON")
}

/// Always the same cases, so that no run fails by chance.
fn cases(count: u32) -> Config {
    Config { cases: count, rng_seed: RngSeed::Fixed(15), failure_persistence: None, ..Config::default() }
}

/// Any JSON value, some levels deep.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn fields_that_nobody_knows_pass_untouched(
        which in 0..Event::TYPES.len(), value in any_json(), other in any_json(), name in "[a-z]{1,5}_[a-z]{1,5}",
    ) {
        let event_type = Event::TYPES[which];
        let fields = json!({ "_id": "a", "appId": "b", &*name: value, "neu_\u{e9}": other });
        let meta = json!({ "type": event_type, "webhookId": "w" });
        let mut expected = fields.clone();
        expected.as_object_mut().expect("an object").extend(meta.as_object().expect("an object").clone());
        let mut wrapped = meta.clone();
        wrapped["data"] = fields.clone();
        for body in [&expected, &wrapped] {
            let delivery = read(&body.to_string(), None);
            prop_assert_eq!(event(&delivery), expected.clone());
            prop_assert_eq!((delivery.checked.drift_count, delivery.id.as_deref()), (0, Some("w")));
        }
        let routed = read(&fields.to_string(), Some(event_type));
        expected.as_object_mut().expect("an object").remove("webhookId");
        prop_assert_eq!(event(&routed), expected);
    }

    #[test]
    fn whatever_comes_is_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..60), value in any_json(), which in 0..20_usize) {
        let _ = Delivery::read(&body, Some("OrderCreate"));
        let event_type = Event::TYPES.get(which).copied().unwrap_or("Other");
        for text in [value.to_string(), json!({ "type": event_type, "data": value }).to_string()] {
            // What is read is JSON again.
            if let Ok(delivery) = Delivery::read(text.as_bytes(), Some(event_type)) {
                prop_assert!(event(&delivery).is_object());
                let _ = (delivery.decode(), delivery.is_recent(0.0, 1.0));
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn whatever_is_given_as_a_key_is_a_key_or_refused(text in ".{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = (Key::parse(&text), Key::from_bytes(&bytes));
        let _ = Key::parse(&format!("-----BEGIN PUBLIC KEY-----{text}-----END PUBLIC KEY-----"));
    }
}
