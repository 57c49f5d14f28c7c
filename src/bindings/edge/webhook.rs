//! Webhooks: which signature and which keys count, and what a delivery says. The verification itself is WebCrypto's.

use super::super::client::succeeded;
use crate::json::{to_ascii, Object};
use crate::shape::Checked;
use crate::webhook::{nearest, signature, Algorithm, Delivery, Event, Key, Refusal};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const EVENTS: &str = Event::TYPESCRIPT;

/// In place of a tolerance: any time will do.
const NO_TOLERANCE: f64 = -1.0;

/// The signature that counts, of what the headers `X-GHL-Signature` and `X-WH-Signature` hold: 64 bytes of Ed25519, more of
/// RSA. Throws a refusal as JSON text.
#[wasm_bindgen(js_name = webhookSignature)]
pub fn webhook_signature(
    current: Option<String>,
    legacy: Option<String>,
    allow_legacy: bool,
) -> Result<Vec<u8>, JsValue> {
    let found = signature(current.as_deref(), legacy.as_deref(), allow_legacy).map_err(|refusal| thrown(&refusal))?;
    Ok(found.bytes)
}

/// What the runtime imports of a key: the 32 bytes of an Ed25519 key, or the DER of an RSA key. `highlevel` and
/// `highlevel-rsa` stand for the keys that HighLevel has published. Throws a refusal as JSON text.
#[wasm_bindgen(js_name = webhookKey)]
pub fn webhook_key(text: &str) -> Result<Vec<u8>, JsValue> {
    let key = match text {
        "highlevel" => Ok(Key::highlevel(Algorithm::Ed25519)),
        "highlevel-rsa" => Ok(Key::highlevel(Algorithm::Rsa)),
        text => Key::parse(text),
    };
    Ok(key.map_err(|refusal| thrown(&refusal))?.bytes)
}

/// Reads the body of a delivery whose signature was verified: `[undefined, event, undefined, info]`, of which `info` is JSON
/// text. [`NO_TOLERANCE`] leaves its time alone. Throws a refusal as JSON text.
#[wasm_bindgen(js_name = webhookDelivery)]
pub fn webhook_delivery(
    body: &[u8],
    route: Option<String>,
    now_ms: f64,
    tolerance_ms: f64,
) -> Result<JsValue, JsValue> {
    let delivery = Delivery::read(body, route.as_deref()).map_err(|refusal| thrown(&refusal))?;
    // What is no number lets nothing pass, so it is not asked for a number from 0.
    if tolerance_ms != NO_TOLERANCE {
        delivery.is_recent(now_ms, tolerance_ms).map_err(|refusal| thrown(&refusal))?;
    }
    let mut info = Object::new();
    info.text("type", &delivery.event_type);
    info.optional_text("id", delivery.id.as_deref());
    put_drift(&mut info, &delivery.checked);
    let ascii = delivery.checked.foreign.then(|| to_ascii(&delivery.event));
    Ok(succeeded(ascii.as_deref().unwrap_or(&delivery.event), &JsValue::UNDEFINED, &info.finish()))
}

/// The type of event of this name, or what may be meant by it; nothing where it is like none.
#[wasm_bindgen(js_name = webhookType)]
pub fn webhook_type(name: &str) -> String {
    nearest(name)
}

/// How something differs from its shape, as `drift`.
pub(super) fn put_drift(out: &mut Object, checked: &Checked) {
    out.open("drift", '[');
    for drift in &checked.drifts {
        out.item();
        out.text("path", &drift.path);
        out.text("expected", drift.expected);
        out.text("found", drift.found);
        out.truth("repaired", drift.repaired);
        out.close('}');
    }
    out.close(']');
}

fn thrown(refusal: &Refusal) -> JsValue {
    let mut out = Object::new();
    out.text("code", refusal.code.as_str());
    out.text("message", refusal.message);
    out.finish().into()
}
