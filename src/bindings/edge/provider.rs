//! The exports for payment providers: pushes, and who looks at a page of the app.

use crate::bindings::values;
use crate::core::{Config, Error, Request};
use crate::edge::push::{request, PUSH};
use crate::endpoint::Operation;
use crate::json::{json_text, text_field, Object};
use crate::provider::money::{decimals, Unit};
use crate::provider::push::{prepare, Sender, TYPESCRIPT};
use crate::provider::user;
use crate::shape::Issue;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(typescript_custom_section)]
const PUSHES: &str = TYPESCRIPT;

/// Whose push it is and what its order depends on, before its secret is known: `{locationId, mode, subscriptionId, ends}`. Throws
/// an error as JSON text. `sender` is JSON text: `{marketplaceAppId, unit}`.
#[wasm_bindgen(js_name = pushAbout)]
pub fn push_about(sender: &str, push: &str) -> Result<String, JsValue> {
    let prepared = with_sender(sender, |sender| prepare(push, &Sender { api_key: None, ..*sender }));
    let prepared = prepared.map_err(|issues| values::error(&Error::validation(Some(&PUSH), issues)))?;
    let mut out = Object::new();
    out.text("locationId", &prepared.location_id);
    out.text("mode", &prepared.mode);
    out.text("subscriptionId", &prepared.subscription_id);
    out.truth("ends", prepared.ends);
    Ok(out.finish())
}

/// How many digits amounts of a currency have behind the point.
#[wasm_bindgen(js_name = currencyDecimals)]
pub fn currency_decimals(currency: &str) -> u8 {
    decimals(currency)
}

fn with_sender<T>(sender: &str, act: impl FnOnce(&Sender<'_>) -> T) -> T {
    let json = sender.as_bytes();
    let (api_key, app) = (text_field(json, "apiKey"), text_field(json, "marketplaceAppId"));
    let unit = if text_field(json, "unit") == "major" { Unit::Major } else { Unit::Minor };
    act(&Sender { api_key: Some(&api_key), marketplace_app_id: &app, unit })
}

/// A push, ready to be sent.
pub(in crate::bindings) struct Pushed {
    /// The request.
    pub request: Request,
    /// What no error may quote.
    pub secret: String,
}

impl Pushed {
    /// A push as an operation.
    pub const OPERATION: &'static Operation = &PUSH;

    /// Whether a call of this name is one.
    pub fn is(name: &str) -> bool {
        name == PUSH.name
    }

    /// Reads a push and who sends it: `{apiKey, marketplaceAppId, unit}`. Both are JSON text, the latter as the text of one.
    pub fn read(sender: &str, push: &str, config: &Config) -> Result<Self, Vec<Issue>> {
        let sender = json_text(sender.as_bytes()).unwrap_or_default();
        let prepared = with_sender(&sender, |sender| prepare(push, sender))?;
        Ok(Self { request: request(prepared, config)?, secret: text_field(sender.as_bytes(), "apiKey") })
    }
}

/// Key and vector, 48 bytes, that the app's shared secret gives with the salt of a payload.
#[wasm_bindgen(js_name = userKey)]
pub fn user_key(secret: &str, salt: &[u8]) -> Vec<u8> {
    user::key_and_vector(secret.as_bytes(), salt)
}

/// The JSON text of a user; nothing where the decrypted bytes are none.
#[wasm_bindgen(js_name = userContext)]
pub fn user_context(bytes: &[u8]) -> Option<String> {
    user::read(bytes)
}
