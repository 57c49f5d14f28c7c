//! Errors of Rust callers on their way into JavaScript.

use crate::core::{plain_error, Error};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// A plain object with what the npm package's errors hold (`name`, `code`, `message`, `outcome`, `operation` and so on), so
/// that an exported function can pass an error on with `?`.
impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let members: serde_json::Value = serde_json::from_str(&plain_error(&error)).unwrap_or_default();
        let thrown = members.serialize(&Serializer::json_compatible());
        thrown.unwrap_or_else(|_| JsValue::from_str(&error.message))
    }
}
