//! Errors of Rust callers on their way into JavaScript.

use crate::core::{Error, Outcome};
use serde::Serialize;
use wasm_bindgen::JsValue;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thrown<'a> {
    name: &'static str,
    code: &'static str,
    message: &'a str,
    status: Option<u16>,
    messages: &'a [String],
    trace_id: Option<&'a str>,
    retryable: bool,
    attempts: u32,
    outcome: Outcome,
    operation: Option<&'static str>,
}

/// A plain object with `name`, `code`, `message`, `status`, `messages`, `traceId`, `retryable`, `attempts`, `outcome` and
/// `operation` (HighLevel's operationId), so that an exported function can pass an error on with `?`.
impl From<Error> for JsValue {
    fn from(error: Error) -> Self {
        let thrown = Thrown {
            name: error.kind.name(),
            code: error.code(),
            message: &error.message,
            status: error.status,
            messages: &error.messages,
            trace_id: error.trace_id.as_deref(),
            retryable: error.retryable,
            attempts: error.attempts,
            outcome: error.outcome,
            operation: error.operation.map(|operation| operation.id),
        };
        serde_wasm_bindgen::to_value(&thrown).unwrap_or_else(|_| JsValue::from_str(&error.message))
    }
}
