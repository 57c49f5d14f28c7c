//! Small things that cross the boundary on their way out: errors, events, what is known of an answer, as JSON text.
//!
//! One `JSON.parse` on the other side costs less, in time and in wasm, than a property access for
//! each field.

use crate::call::{Done, Event};
use crate::core::{Error, ErrorKind, Outcome, RateLimit};
use crate::endpoint::Operation;
use crate::json::{json_text, push_decimal, put, quote, rounded_up};
use crate::shape::Drift;

/// The text of JSON that is known to be one.
pub fn text(value: &[u8]) -> String {
    json_text(value).unwrap_or_default()
}

/// A number from 0, rounded up, so that half a millisecond is not none; what is too large is as good as no limit.
pub fn whole(value: &[u8]) -> u32 {
    u32::try_from(rounded_up(value)).unwrap_or(u32::MAX)
}

/// Writes one JSON object, and others in it.
pub struct Object(String);

impl Object {
    pub fn new() -> Self {
        Self(String::from("{"))
    }

    /// Parts two members or items.
    fn comma(&mut self) {
        if !matches!(self.0.as_bytes().last(), Some(b'{' | b'[')) {
            self.0.push(',');
        }
    }

    fn key(&mut self, name: &str) -> &mut String {
        self.comma();
        quote(&mut self.0, name);
        self.0.push(':');
        &mut self.0
    }

    /// Begins an object or a list that [`Self::close`] ends.
    pub fn open(&mut self, name: &str, bracket: char) {
        self.key(name).push(bracket);
    }

    pub fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    pub fn text(&mut self, name: &str, value: &str) {
        quote(self.key(name), value);
    }

    pub fn optional_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A number from 0; fractions are cut off.
    pub fn number(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            push_decimal(self.key(name), value as u64);
        }
    }

    pub fn truth(&mut self, name: &str, value: bool) {
        put(self.key(name), if value { "true" } else { "false" });
    }

    /// An item of a list.
    pub fn index(&mut self, value: u32) {
        self.comma();
        push_decimal(&mut self.0, value.into());
    }

    fn operation(&mut self, operation: &Operation) {
        self.open("operation", '{');
        self.text("id", operation.id);
        self.text("name", operation.name);
        self.text("method", operation.method.as_str());
        self.text("path", operation.path);
        self.close('}');
    }

    fn drift(&mut self, drift: Option<&Drift>) {
        let (path, expected, found) = drift.map_or(("", "", ""), |drift| (&drift.path, drift.expected, drift.found));
        self.text("path", path);
        self.text("expected", expected);
        self.text("found", found);
    }

    fn limits(&mut self, limits: &RateLimit) {
        self.number("limit", limits.limit);
        self.number("remaining", limits.remaining);
        self.number("intervalMs", limits.interval_ms);
        self.number("dailyLimit", limits.daily_limit);
        self.number("dailyRemaining", limits.daily_remaining);
    }

    /// The limits of an answer, if it named them.
    fn rate_limit(&mut self, limits: Option<&RateLimit>) {
        if let Some(limits) = limits {
            self.open("rateLimit", '{');
            self.limits(limits);
            self.close('}');
        }
    }

    pub fn finish(mut self) -> String {
        self.close('}');
        self.0
    }
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
        out.operation(operation);
    }
    out.open("messages", '[');
    for message in &error.messages {
        out.comma();
        quote(&mut out.0, message);
    }
    out.close(']');
    if error.kind == ErrorKind::Validation {
        out.open("issues", '[');
        for issue in &error.issues {
            out.comma();
            out.0.push('{');
            out.text("path", &issue.path);
            out.text("message", &issue.message);
            out.close('}');
        }
        out.close(']');
    }
    if error.kind == ErrorKind::Decode {
        out.drift(error.drift.as_ref());
    }
    if !error.candidates.is_empty() {
        out.open("candidates", '[');
        for id in &error.candidates {
            out.comma();
            quote(&mut out.0, id);
        }
        out.close(']');
    }
    out.number("retryAfterMs", error.retry_after_ms);
    out.rate_limit(error.rate_limit.as_ref());
    out.finish()
}

/// What is known about a successful call beside its answer; of a list also the scope of its cursors.
pub fn success(done: &Done, duration_ms: f64, scope: Option<&str>) -> String {
    let mut out = Object::new();
    out.number("attempts", Some(f64::from(done.attempts)));
    out.number("durationMs", Some(duration_ms));
    out.optional_text("scope", scope);
    out.rate_limit(done.rate_limit.as_ref());
    out.finish()
}

/// Something that happened during a call.
pub fn event(operation: &'static Operation, event: Event<'_>) -> String {
    let mut out = Object::new();
    out.operation(operation);
    let (kind, attempt) = match event {
        Event::Request { attempt } => ("request", attempt),
        Event::Response { attempt, status, duration_ms } => {
            out.number("status", Some(f64::from(status)));
            out.number("durationMs", Some(duration_ms));
            ("response", attempt)
        }
        Event::RateLimit(limits) => {
            out.limits(&limits);
            ("ratelimit", 0)
        }
        Event::Retry { attempt, delay_ms, reason } => {
            out.number("delayMs", Some(delay_ms));
            out.text("reason", reason.code());
            out.number("status", reason.status.map(f64::from));
            ("retry", attempt)
        }
        Event::Drift(drift) => {
            out.drift(Some(drift));
            out.truth("repaired", drift.repaired);
            ("drift", 0)
        }
    };
    out.text("type", kind);
    out.number("attempt", (attempt > 0).then(|| f64::from(attempt)));
    out.finish()
}
