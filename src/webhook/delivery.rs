//! From the body of a delivery to its event.

use super::event::{kind, Event};
use super::refusal::{Refusal, RefusalCode};
use crate::core::instant_ms;
use crate::json::{json_text, last_field, members, put, quote, unescape};
use crate::shape::{check, is_id, Checked, Fault, Kind};

/// How long an id may be; a longer one is none.
const MAX_ID_LENGTH: usize = 200;

/// What a delivery says.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The type of its event, such as `OrderCreate`; empty where neither the body nor the route names one.
    pub event_type: String,
    /// Its id, the same each time that it is tried: `webhookId`, else `deliveryId`. Older deliveries have none.
    pub id: Option<String>,
    /// When HighLevel sent it, in milliseconds since 1970. Older deliveries do not say.
    pub sent_ms: Option<f64>,
    /// The event as JSON text: of a known type flat, with its `type`, and repaired where that is certain; of any other type
    /// as it came.
    pub event: Vec<u8>,
    /// How the event differs from what its type promises.
    pub checked: Checked,
}

impl Delivery {
    /// Reads the body of a delivery whose signature was verified.
    ///
    /// Events come flat, with their fields beside `type`, or in an envelope `{type, timestamp, webhookId, data}`: a field that
    /// is missing at the top is taken from `data`. `route` is the type of the event that the request's route stands for, which
    /// is needed where the body names none, as in HighLevel's examples of invoices; a body that names one is believed.
    pub fn read(body: &[u8], route: Option<&str>) -> Result<Self, Refusal> {
        let mut event = body.to_vec();
        let mut checked = checked(&mut event, &Kind::Map)?;
        if event.trim_ascii_start().first() != Some(&b'{') {
            return Err(Refusal::new(RefusalCode::Unreadable, NO_OBJECT));
        }
        let data = last_field(&event, "data");
        let (own, inside) = (last_field(&event, "type"), last_field(data, "type"));
        let named = event_name(own).or_else(|| event_name(inside));
        let named = named.or_else(|| route.map(str::to_owned)).filter(|name| !name.is_empty());
        let event_type = named.or_else(|| json_text(own)).unwrap_or_default();
        let id = text(&event, data, "webhookId").or_else(|| text(&event, data, "deliveryId"));
        let sent_ms = text(&event, data, "timestamp").and_then(|text| instant_ms(&text));
        let kind = kind(&event_type);
        let data = if kind.is_some() { data } else { b"" };
        if data.starts_with(b"{")
            || (kind.is_some() || own.is_empty()) && json_text(own).unwrap_or_default() != event_type
        {
            event = flat(&event, data, &event_type).into_bytes();
        }
        if let Some(kind) = kind {
            checked = self::checked(&mut event, kind)?;
        }
        Ok(Self { event_type, id, sent_ms, event, checked })
    }

    /// Whether it was sent at most so many milliseconds before or after `now_ms`, the caller's clock in milliseconds since
    /// 1970.
    ///
    /// HighLevel tries a delivery again for an hour at least, and the time stays that of the first try as far as is known: a
    /// window of minutes refuses what is tried again.
    pub fn is_recent(&self, now_ms: f64, tolerance_ms: f64) -> Result<(), Refusal> {
        let Some(sent) = self.sent_ms else {
            return Err(Refusal::new(
                RefusalCode::MissingTimestamp,
                "the delivery names no time that can be checked; without toleranceMs its id alone protects against repetition",
            ));
        };
        // So put, a clock or a window that is no number lets nothing pass.
        if (now_ms - sent).abs() <= tolerance_ms {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::StaleTimestamp,
            "the delivery was sent longer ago than toleranceMs allows, or its time is in the future",
        ))
    }

    /// The typed event, for Rust callers.
    ///
    /// # Errors
    /// Where the event differs from what its type promises and could not be repaired.
    pub fn decode(&self) -> Result<Event, serde_json::Error> {
        Event::decode(&self.event_type, &self.event, &self.checked)
    }
}

const NO_OBJECT: &str = "the body is no JSON object";

/// Checks bytes, and repairs in them what is certain.
#[inline(never)]
fn checked(bytes: &mut Vec<u8>, kind: &'static Kind) -> Result<Checked, Refusal> {
    check(bytes, kind).map_err(|fault| {
        let message = match fault {
            Fault::Top { .. } => NO_OBJECT,
            Fault::Depth { .. } => "the body is nested deeper than 128 levels",
            Fault::Utf8 { .. } => "the body is no UTF-8",
            Fault::Syntax { .. } => "the body is no JSON",
        };
        Refusal::new(RefusalCode::Unreadable, message)
    })
}

/// A text that names something or tells a time, from the top or from `data`.
#[inline(never)]
fn text(top: &[u8], data: &[u8], name: &str) -> Option<String> {
    let mut texts = [top, data].into_iter().filter_map(|object| json_text(last_field(object, name)));
    texts.find(|text| is_id(text) && text.len() <= MAX_ID_LENGTH)
}

/// The name of an event that a `type` is. All begin with a capital letter; a price has a `type` of its own, such as
/// `one_time`.
#[inline(never)]
fn event_name(value: &[u8]) -> Option<String> {
    match value {
        [b'"', b'A'..=b'Z', ..] => json_text(value),
        _ => None,
    }
}

/// The event with all of its fields beside `type`: those at the top, and those of `data` that are missing there.
#[inline(never)]
fn flat(top: &[u8], data: &[u8], event_type: &str) -> String {
    let mut out = String::from("{\"type\":");
    quote(&mut out, event_type);
    for (object, other) in [(data, top), (top, data)] {
        for (key, value) in members(object) {
            let name = unescape(key);
            let elsewhere = last_field(other, &name);
            let mut key = key;
            if name == "type" {
                // The type of a price makes way for that of its event.
                if !event_type.starts_with("Price")
                    || event_name(value).is_some()
                    || !last_field(object, "priceType").is_empty()
                {
                    continue;
                }
                key = b"priceType";
            } else if name == "data" && object == top && data.starts_with(b"{") {
                continue;
            } else if !elsewhere.is_empty()
                && (if object == top { value } else { elsewhere } == b"null") == (object == top)
            {
                // It is at the top, or it is null there.
                continue;
            }
            // What was checked is UTF-8.
            for part in [b",\"", key, b"\":", value] {
                put(&mut out, std::str::from_utf8(part).unwrap_or_default());
            }
        }
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Json;
    use serde_json::json;

    fn read(body: &str, route: &str) -> Delivery {
        Delivery::read(body.as_bytes(), Some(route)).expect(body)
    }

    fn event(delivery: &Delivery) -> Json {
        serde_json::from_slice(&delivery.event).expect("JSON")
    }

    #[test]
    fn a_flat_event_and_one_in_an_envelope_are_the_same() {
        let fields = r#""_id":"o1","amount":150.1,"status":"pending","new":{"x":[1]}"#;
        let outside = r#""type":"OrderCreate","timestamp":"1970-01-01T00:00:01.5Z","webhookId":"w1""#;
        let flat = read(&format!("{{{outside},{fields}}}"), "");
        let wrapped = read(&format!("{{{outside},\"data\":{{{fields}}}}}"), "");
        let inner = read(&format!("{{\"data\":{{{fields},{outside}}}}}"), "");
        let halves = read(
            &format!("{{{outside},\"amount\":null,\"status\":\"pending\",\"data\":{{{fields},\"status\":\"x\"}}}}"),
            "",
        );
        for delivery in [&flat, &wrapped, &inner, &halves] {
            assert_eq!((&*delivery.event_type, delivery.id.as_deref()), ("OrderCreate", Some("w1")));
            assert_eq!((delivery.sent_ms, delivery.checked.drift_count), (Some(1500.0), 0));
            assert_eq!(event(delivery), event(&flat));
            let Ok(Event::OrderCreate(order)) = delivery.decode() else { panic!("{:?}", delivery.decode()) };
            assert_eq!((&*order.id, order.amount), ("o1", Some(150.1)));
        }
    }

    #[test]
    fn the_route_names_what_the_body_does_not() {
        let invoice = r#"{"_id":"i1","status":"paid","total":"999"}"#;
        let delivery = read(invoice, "InvoicePaid");
        assert_eq!(event(&delivery), json!({ "type": "InvoicePaid", "_id": "i1", "status": "paid", "total": 999 }));
        assert!(delivery.checked.drifts[0].repaired && delivery.id.is_none() && delivery.sent_ms.is_none());
        assert!(matches!(delivery.decode(), Ok(Event::InvoicePaid(_))));
        let nameless = Delivery::read(invoice.as_bytes(), None).expect("read");
        assert_eq!((&*nameless.event_type, &*nameless.event), ("", invoice.as_bytes()));
        // What the body says is signed, the route is not.
        assert_eq!(read(r#"{"type":"INSTALL","appId":"a"}"#, "InvoicePaid").event_type, "INSTALL");
        let other = read(r#"{"x":1}"#, "Something");
        assert_eq!(event(&other), json!({ "type": "Something", "x": 1 }));
    }

    #[test]
    fn the_type_of_a_price_is_not_that_of_its_event() {
        let expected = json!({ "type": "PriceUpdate", "_id": "p", "priceType": "one_time" });
        for (body, route) in [
            (r#"{"_id":"p","type":"one_time"}"#, "PriceUpdate"),
            (r#"{"type":"PriceUpdate","data":{"_id":"p","type":"one_time"}}"#, ""),
            (r#"{"type":"PriceUpdate","_id":"p","priceType":"one_time"}"#, ""),
            (r#"{"type":"recurring","_id":"p","priceType":"one_time"}"#, "PriceUpdate"),
        ] {
            assert_eq!(event(&read(body, route)), expected, "{body}");
        }
        assert_eq!(read(r#"{"_id":"p","type":"one_time"}"#, "").event_type, "one_time");
    }

    #[test]
    fn an_unknown_event_is_passed_on_as_it_came() {
        let body =
            "\u{feff}{ \"type\" : \"AppUpdate\", \"webhookId\":\"w\", \"data\": {\"_id\": 7, \"amount\":\"1\"} }";
        let delivery = read(body, "");
        assert_eq!((&*delivery.event_type, delivery.id.as_deref()), ("AppUpdate", Some("w")));
        assert_eq!(delivery.event, body.replace('\u{feff}', "   ").as_bytes());
        assert!(matches!(delivery.decode(), Ok(Event::Other(_))));
    }

    #[test]
    fn the_id_is_that_of_the_delivery() {
        for (body, id) in [
            (r#"{"type":"X","webhookId":"w","deliveryId":"d"}"#, Some("w")),
            (r#"{"type":"X","webhookId":"","deliveryId":"d"}"#, Some("d")),
            (r#"{"type":"X","webhookId":null,"data":{"webhookId":"w"}}"#, Some("w")),
            (r#"{"type":"X","\u0077ebhookId":"w"}"#, Some("w")),
            (r#"{"type":"X","webhookId":"a","webhookId":"w"}"#, Some("w")),
            (r#"{"type":"X","webhookId":17}"#, None),
            (r#"{"type":"X","webhookId":{"a":1}}"#, None),
            (r#"{"type":"X","id":"w"}"#, None),
        ] {
            assert_eq!(read(body, "").id.as_deref(), id, "{body}");
        }
        assert_eq!(read(&format!(r#"{{"webhookId":"{}"}}"#, "w".repeat(201)), "").id, None);
    }

    #[test]
    fn what_is_no_json_object_is_unreadable() {
        for body in ["", "[]", "null", "\"x\"", "{", "{\"a\":1}x", "<html>", "{'a':1}"] {
            let refusal = Delivery::read(body.as_bytes(), None).expect_err(body);
            assert_eq!(refusal.code, RefusalCode::Unreadable, "{body}");
        }
        assert!(Delivery::read(b"{\"a\":\"\xff\"}", None).is_err());
        assert!(Delivery::read("{\"a\":".repeat(200).as_bytes(), None).is_err());
    }

    #[test]
    fn a_delivery_is_recent_within_the_tolerance_on_both_sides() {
        let code = |body: &str, now: f64, tolerance: f64| read(body, "").is_recent(now, tolerance).map_err(|r| r.code);
        let at = r#"{"type":"X","timestamp":"1970-01-01T00:10:00Z"}"#;
        for now in [599_000.0, 600_000.0, 601_000.0] {
            assert_eq!(code(at, now, 1000.0), Ok(()));
        }
        for (now, tolerance) in [(598_999.0, 1000.0), (601_001.0, 1000.0), (600_000.0, f64::NAN), (f64::NAN, 1e9)] {
            assert_eq!(code(at, now, tolerance), Err(RefusalCode::StaleTimestamp), "{now} {tolerance}");
        }
        for body in [r#"{"type":"X"}"#, r#"{"type":"X","timestamp":"yesterday"}"#, r#"{"type":"X","timestamp":600000}"#]
        {
            assert_eq!(code(body, 600_000.0, 1e12), Err(RefusalCode::MissingTimestamp));
        }
    }

    #[test]
    fn every_known_event_needs_its_identity_and_nothing_else() {
        for name in Event::TYPES {
            let id =
                if name.contains('T') && name.to_uppercase() == *name || name.contains('_') { "appId" } else { "_id" };
            let delivery = read(&format!(r#"{{"type":"{name}","{id}":"a"}}"#), "");
            assert_eq!(delivery.checked.drift_count, 0, "{name}");
            assert!(!matches!(delivery.decode(), Ok(Event::Other(_)) | Err(_)), "{name}");
            let bare = read(&format!(r#"{{"type":"{name}"}}"#), "");
            assert_eq!(bare.checked.unrepaired().map(|drift| &*drift.path), Some(id), "{name}");
        }
    }
}
