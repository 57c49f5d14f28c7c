//! An error as JSON text: the one list of what JavaScript is told of it.

use super::error::{Error, ErrorKind, Outcome};
use super::rate::RateLimit;
use crate::endpoint::Operation;
use crate::json::Object;
use crate::shape::Drift;

pub(crate) fn put_operation(out: &mut Object, operation: &Operation) {
    out.open("operation", '{');
    out.text("id", operation.id);
    out.text("name", operation.name);
    out.text("method", operation.method.as_str());
    out.text("path", operation.path);
    out.close('}');
}

pub(crate) fn put_drift(out: &mut Object, drift: Option<&Drift>) {
    let (path, expected, found) = drift.map_or(("", "", ""), |drift| (&drift.path, drift.expected, drift.found));
    out.text("path", path);
    out.text("expected", expected);
    out.text("found", found);
}

pub(crate) fn put_limits(out: &mut Object, limits: &RateLimit) {
    out.number("limit", limits.limit);
    out.number("remaining", limits.remaining);
    out.number("intervalMs", limits.interval_ms);
    out.number("dailyLimit", limits.daily_limit);
    out.number("dailyRemaining", limits.daily_remaining);
}

/// The limits of an answer, if it named them.
pub(crate) fn put_rate_limit(out: &mut Object, limits: Option<&RateLimit>) {
    if let Some(limits) = limits {
        out.open("rateLimit", '{');
        put_limits(out, limits);
        out.close('}');
    }
}

/// An error, from which the facade of the npm package makes its class; a Rust app that throws it throws this object.
pub(crate) fn plain_error(error: &Error) -> String {
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
        put_operation(&mut out, operation);
    }
    out.texts("messages", &error.messages);
    if error.kind == ErrorKind::Validation {
        out.open("issues", '[');
        for issue in &error.issues {
            out.item();
            out.text("path", &issue.path);
            out.text("message", &issue.message);
            out.close('}');
        }
        out.close(']');
    }
    if error.kind == ErrorKind::Decode {
        put_drift(&mut out, error.drift.as_ref());
    }
    if !error.candidates.is_empty() {
        out.texts("candidates", &error.candidates);
    }
    out.number("retryAfterMs", error.retry_after_ms);
    put_rate_limit(&mut out, error.rate_limit.as_ref());
    out.finish()
}
