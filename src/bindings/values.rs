//! Small things that cross the boundary as values: options, errors, events.

use crate::core::{CallOptions, Config, Error, Outcome, RateLimit};
use crate::endpoint::Operation;
use crate::shape::{items, json_text, members, validate, Kind, Shape};
use crate::transport::Event;
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// A header of the options.
#[derive(Shape)]
#[allow(dead_code, reason = "only its shape is used")]
struct Header {
    name: String,
    value: String,
}

/// The shape of the options that are values; functions and the token cross on their own.
#[derive(Shape)]
#[allow(dead_code, reason = "only its shape is used")]
struct OptionsShape {
    base_url: Option<String>,
    api_version: Option<String>,
    location_id: Option<String>,
    #[shape(amount)]
    timeout_ms: Option<f64>,
    max_retries: Option<u32>,
    retry_delay_ms: Option<u32>,
    user_agent: Option<String>,
    headers: Option<Vec<Header>>,
    strict: Option<bool>,
}

/// Options that were checked. They come as JSON text: one pass over it is cheaper than a property access for each.
#[derive(Default)]
pub struct Options {
    base_url: Option<String>,
    api_version: Option<String>,
    location_id: Option<String>,
    timeout_ms: Option<u32>,
    max_retries: Option<u32>,
    retry_delay_ms: Option<u32>,
    user_agent: Option<String>,
    headers: Vec<(String, String)>,
    strict: Option<bool>,
}

impl Options {
    /// Reads options.
    pub fn read(json: &str) -> Result<Self, Error> {
        let Kind::Object(record) = OptionsShape::KIND else { return Ok(Self::default()) };
        validate(json, record, false).map_err(|issues| Error::validation(None, issues))?;
        let mut out = Self::default();
        for (key, value) in members(json) {
            match key {
                b"baseUrl" => out.base_url = json_text(value),
                b"apiVersion" => out.api_version = json_text(value),
                b"locationId" => out.location_id = json_text(value),
                b"userAgent" => out.user_agent = json_text(value),
                b"timeoutMs" => out.timeout_ms = milliseconds(value),
                b"maxRetries" => out.max_retries = milliseconds(value),
                b"retryDelayMs" => out.retry_delay_ms = milliseconds(value),
                b"strict" => out.strict = Some(value == b"true"),
                b"headers" => out.headers = items(value).into_iter().map(header).collect(),
                _ => {}
            }
        }
        Ok(out)
    }

    /// Whether a base URL was given: a proxy may stand there.
    pub fn has_base_url(&self) -> bool {
        self.base_url.is_some()
    }

    /// As the options of a client.
    pub fn config(self, same_origin: bool) -> Result<Config, Error> {
        let base = Config::default();
        let config = Config {
            base_url: self.base_url.unwrap_or(base.base_url),
            api_version: self.api_version.unwrap_or(base.api_version),
            location_id: self.location_id,
            timeout_ms: self.timeout_ms.unwrap_or(base.timeout_ms),
            max_retries: self.max_retries.unwrap_or(base.max_retries),
            retry_delay_ms: self.retry_delay_ms.unwrap_or(base.retry_delay_ms),
            user_agent: self.user_agent.unwrap_or(base.user_agent),
            headers: self.headers,
            strict: self.strict.unwrap_or(base.strict),
        };
        config.check(same_origin).map_err(|issues| Error::validation(None, issues))
    }

    /// As the options of one call.
    pub fn call(self) -> CallOptions {
        CallOptions {
            location_id: self.location_id,
            timeout_ms: self.timeout_ms,
            max_retries: self.max_retries,
            strict: self.strict,
            headers: self.headers,
        }
    }
}

fn header(value: &[u8]) -> (String, String) {
    let mut pair = (String::new(), String::new());
    for (key, value) in members(std::str::from_utf8(value).unwrap_or_default()) {
        let text = json_text(value).unwrap_or_default();
        if key == b"name" {
            pair.0 = text;
        } else {
            pair.1 = text;
        }
    }
    pair
}

/// A number from 0, rounded up so that half a millisecond is not none.
fn milliseconds(value: &[u8]) -> Option<u32> {
    let whole = value.iter().take_while(|b| b.is_ascii_digit());
    let whole = whole.fold(0u32, |n, b| n.saturating_mul(10).saturating_add(u32::from(b - b'0')));
    let exact = value.iter().all(u8::is_ascii_digit);
    Some(if exact { whole } else { whole.saturating_add(1) })
}

#[derive(Serialize)]
struct OperationInfo {
    id: &'static str,
    name: &'static str,
    method: &'static str,
    path: &'static str,
}

impl From<&'static Operation> for OperationInfo {
    fn from(operation: &'static Operation) -> Self {
        Self { id: operation.id, name: operation.name, method: operation.method.as_str(), path: operation.path }
    }
}

#[derive(Serialize)]
struct IssueInfo<'a> {
    path: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ErrorInfo<'a> {
    name: &'static str,
    code: &'static str,
    message: &'a str,
    status: Option<u16>,
    messages: &'a [String],
    trace_id: Option<&'a str>,
    retryable: bool,
    attempts: u32,
    outcome: Outcome,
    operation: Option<OperationInfo>,
    body: Option<&'a str>,
    issues: Vec<IssueInfo<'a>>,
    path: Option<&'a str>,
    expected: Option<&'static str>,
    found: Option<&'static str>,
    retry_after_ms: Option<f64>,
    rate_limit: Option<RateLimit>,
}

/// An error as a plain object, from which the JavaScript side makes its class.
pub fn error(error: &Error) -> JsValue {
    let info = ErrorInfo {
        name: error.kind.name(),
        code: error.code(),
        message: &error.message,
        status: error.status,
        messages: &error.messages,
        trace_id: error.trace_id.as_deref(),
        retryable: error.retryable,
        attempts: error.attempts,
        outcome: error.outcome,
        operation: error.operation.map(Into::into),
        body: error.body.as_deref(),
        issues: error.issues.iter().map(|i| IssueInfo { path: &i.path, message: &i.message }).collect(),
        path: error.drift.as_ref().map(|d| d.path.as_str()),
        expected: error.drift.as_ref().map(|d| d.expected),
        found: error.drift.as_ref().map(|d| d.found),
        retry_after_ms: error.retry_after_ms,
        rate_limit: error.rate_limit,
    };
    value(&info)
}

/// The limits as a plain object.
pub fn rate_limit(limit: RateLimit) -> JsValue {
    value(&limit)
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct EventInfo<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    operation: Option<OperationInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<bool>,
}

/// An event as a plain object.
pub fn event(operation: &'static Operation, event: Event<'_>) -> JsValue {
    let operation = Some(operation.into());
    let info = match event {
        Event::Request { attempt } => {
            EventInfo { kind: "request", operation, attempt: Some(attempt), ..EventInfo::default() }
        }
        Event::Response { attempt, status, duration_ms } => EventInfo {
            kind: "response",
            operation,
            attempt: Some(attempt),
            status: Some(status),
            duration_ms: Some(duration_ms),
            ..EventInfo::default()
        },
        Event::Retry { attempt, delay_ms, reason } => EventInfo {
            kind: "retry",
            operation,
            attempt: Some(attempt),
            delay_ms: Some(delay_ms),
            reason: Some(reason.code()),
            status: reason.status,
            ..EventInfo::default()
        },
        Event::Drift(drift) => EventInfo {
            kind: "drift",
            operation,
            path: Some(&drift.path),
            expected: Some(drift.expected),
            found: Some(drift.found),
            repaired: Some(drift.repaired),
            ..EventInfo::default()
        },
    };
    value(&info)
}

fn value<T: Serialize>(info: &T) -> JsValue {
    serde_wasm_bindgen::to_value(info).unwrap_or(JsValue::UNDEFINED)
}
