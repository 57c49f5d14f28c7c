//! Small things that cross the boundary: options in, errors and events out, all as JSON text.
//!
//! One `JSON.parse` or `JSON.stringify` on the other side costs less, in time and in wasm, than a property access for
//! each field.

use crate::core::{Config, Error, ErrorKind, Outcome, RateLimit};
use crate::endpoint::Operation;
use crate::shape::{items, json_text, members, push_decimal, put, quote, validate, Issue, Kind, Record, Shape};
use crate::transport::Event;
use serde_json::Value;

/// A header of the options.
#[derive(Shape)]
#[allow(dead_code, reason = "only its shape is used")]
struct Header {
    name: String,
    value: String,
}

/// The shape of what a call and a client are told. [`apply`] knows the order. What crosses on its own, and so never comes
/// here, stands at both ends: for who reads which options there are.
#[derive(Shape)]
#[allow(dead_code, reason = "only its shape is used")]
struct Options {
    signal: Option<Value>,
    location_id: Option<String>,
    #[shape(amount)]
    timeout_ms: Option<f64>,
    max_retries: Option<u32>,
    strict: Option<bool>,
    headers: Option<Vec<Header>>,
    #[shape(amount)]
    deadline_ms: Option<f64>,
    background: Option<bool>,
    base_url: Option<String>,
    api_version: Option<String>,
    retry_delay_ms: Option<u32>,
    user_agent: Option<String>,
    max_response_bytes: Option<u32>,
    token: Option<Value>,
    fetch: Option<Value>,
    on_event: Option<Value>,
    limiter: Option<Value>,
}

const OPTIONS: &Record = match Options::KIND {
    Kind::Object(record) => record,
    _ => panic!("a struct is an object"),
};
/// Where the options begin that are set once for a client.
const BASE_URL: usize = 8;
static OF_CALL: Record = OPTIONS.part(0, BASE_URL);
static OF_CLIENT: Record = OPTIONS.part(1, usize::MAX);

/// Reads options into a configuration; `once` says that they are those of a client, not of a call. Gives whether a base
/// URL was among them.
pub fn apply(config: &mut Config, json: &str, once: bool) -> Result<bool, Vec<Issue>> {
    let seen = validate(json, if once { &OF_CLIENT } else { &OF_CALL }, false)?;
    for (key, value) in members(json) {
        let text = json_text(value).unwrap_or_default();
        match OPTIONS.fields().position(|field| field.name.as_bytes() == key) {
            Some(1) => config.location_id = Some(text),
            Some(2) => config.timeout_ms = whole(value),
            Some(3) => config.max_retries = whole(value),
            Some(4) => config.strict = value == b"true",
            Some(5) => items(value).into_iter().for_each(|header| set_header(config, header)),
            Some(6) => config.deadline_ms = Some(whole(value)),
            Some(7) => config.background = value == b"true",
            Some(8) => config.base_url = text,
            Some(9) => config.api_version = text,
            Some(10) => config.retry_delay_ms = whole(value),
            Some(11) => config.user_agent = text,
            _ => config.max_response_bytes = whole(value),
        }
    }
    Ok(seen.has(BASE_URL - 1))
}

fn set_header(config: &mut Config, json: &[u8]) {
    let (mut name, mut content) = (String::new(), String::new());
    for (key, value) in members(std::str::from_utf8(json).unwrap_or_default()) {
        let text = json_text(value).unwrap_or_default();
        if key == b"name" {
            name = text;
        } else {
            content = text;
        }
    }
    config.set_header(name, content);
}

/// A number from 0, rounded up so that half a millisecond is not none.
fn whole(value: &[u8]) -> u32 {
    let digits = value.iter().take_while(|b| b.is_ascii_digit());
    let number = digits.fold(0u32, |n, b| n.saturating_mul(10).saturating_add(u32::from(b - b'0')));
    number.saturating_add(u32::from(value.iter().any(|b| *b == b'.')))
}

/// Writes one JSON object.
struct Object(String);

impl Object {
    fn new() -> Self {
        Self(String::from("{"))
    }

    fn key(&mut self, name: &str) -> &mut String {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        quote(&mut self.0, name);
        self.0.push(':');
        &mut self.0
    }

    fn text(&mut self, name: &str, value: &str) {
        quote(self.key(name), value);
    }

    fn optional_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A number from 0; fractions are cut off.
    fn number(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            push_decimal(self.key(name), value as usize);
        }
    }

    fn truth(&mut self, name: &str, value: bool) {
        put(self.key(name), if value { "true" } else { "false" });
    }

    fn json(&mut self, name: &str, value: &str) {
        put(self.key(name), value);
    }

    fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn operation_info(operation: &Operation) -> String {
    let mut out = Object::new();
    out.text("id", operation.id);
    out.text("name", operation.name);
    out.text("method", operation.method.as_str());
    out.text("path", operation.path);
    out.finish()
}

/// An error, from which the JavaScript side makes its class.
pub fn error(error: &Error) -> String {
    let mut out = Object::new();
    out.text("name", error.kind.name());
    out.text("code", error.code());
    out.text("message", &error.message);
    out.text(
        "outcome",
        match error.outcome {
            Outcome::NotSent => "not_sent",
            Outcome::Rejected => "rejected",
            Outcome::Unknown => "unknown",
            Outcome::Applied => "applied",
        },
    );
    out.number("status", error.status.map(f64::from));
    out.number("attempts", Some(f64::from(error.attempts)));
    out.truth("retryable", error.retryable);
    out.optional_text("traceId", error.trace_id.as_deref());
    out.optional_text("body", error.body.as_deref());
    if let Some(operation) = error.operation {
        out.json("operation", &operation_info(operation));
    }
    out.json("messages", &list(&error.messages, |message, out| quote(out, message)));
    if error.kind == ErrorKind::Validation {
        let issues = list(&error.issues, |issue, out| {
            let mut info = Object::new();
            info.text("path", &issue.path);
            info.text("message", &issue.message);
            put(out, &info.finish());
        });
        out.json("issues", &issues);
    }
    if error.kind == ErrorKind::Decode {
        let drift = error.drift.as_ref();
        out.text("path", drift.map_or("", |drift| &drift.path));
        out.text("expected", drift.map_or("", |drift| drift.expected));
        out.text("found", drift.map_or("", |drift| drift.found));
    }
    out.number("retryAfterMs", error.retry_after_ms);
    if let Some(limit) = error.rate_limit {
        out.json("rateLimit", &rate_limit(limit));
    }
    out.finish()
}

fn list<T>(items: &[T], write: impl Fn(&T, &mut String)) -> String {
    let mut out = String::from("[");
    for (i, item) in items.iter().enumerate() {
        put(&mut out, if i > 0 { "," } else { "" });
        write(item, &mut out);
    }
    out.push(']');
    out
}

/// The limits of an answer.
pub fn rate_limit(limit: RateLimit) -> String {
    let mut out = Object::new();
    push_limits(&mut out, limit);
    out.finish()
}

fn push_limits(out: &mut Object, limit: RateLimit) {
    let parts = [
        ("limit", limit.limit),
        ("remaining", limit.remaining),
        ("intervalMs", limit.interval_ms),
        ("dailyLimit", limit.daily_limit),
        ("dailyRemaining", limit.daily_remaining),
    ];
    parts.into_iter().for_each(|(name, part)| out.number(name, part));
}

/// Something that happened during a call.
pub fn event(operation: &'static Operation, event: Event<'_>) -> String {
    let mut out = Object::new();
    out.json("operation", &operation_info(operation));
    let (kind, attempt) = match event {
        Event::Request { attempt } => ("request", attempt),
        Event::Response { attempt, status, duration_ms } => {
            out.number("status", Some(f64::from(status)));
            out.number("durationMs", Some(duration_ms));
            ("response", attempt)
        }
        Event::RateLimit(limits) => {
            push_limits(&mut out, limits);
            ("ratelimit", 0)
        }
        Event::Retry { attempt, delay_ms, reason } => {
            out.number("delayMs", Some(delay_ms));
            out.text("reason", reason.code());
            out.number("status", reason.status.map(f64::from));
            ("retry", attempt)
        }
        Event::Drift(drift) => {
            out.text("path", &drift.path);
            out.text("expected", drift.expected);
            out.text("found", drift.found);
            out.truth("repaired", drift.repaired);
            ("drift", 0)
        }
    };
    out.text("type", kind);
    if attempt > 0 {
        out.number("attempt", Some(f64::from(attempt)));
    }
    out.finish()
}
