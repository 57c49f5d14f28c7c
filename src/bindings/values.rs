//! Small things that cross the boundary on their way out: events, what is known of an answer, as JSON text. Errors are in
//! `core/plain.rs`.
//!
//! One `JSON.parse` on the other side costs less, in time and in wasm, than a property access for
//! each field.

use crate::call::{Done, Event};
pub(super) use crate::core::plain_error as error;
use crate::core::{put_drift, put_limits, put_operation, put_rate_limit};
use crate::endpoint::Operation;
use crate::json::{json_text, rounded_up, Object};

/// The text of JSON that is known to be one.
pub fn read_text(value: &[u8]) -> String {
    json_text(value).unwrap_or_default()
}

/// A number from 0, rounded up, so that half a millisecond is not none; what is too large is as good as no limit.
pub fn read_count(value: &[u8]) -> u32 {
    u32::try_from(rounded_up(value)).unwrap_or(u32::MAX)
}

/// What is known about a successful call beside its answer; of a list also the scope of its cursors.
pub fn success(done: &Done, duration_ms: f64, scope: Option<&str>) -> String {
    let mut out = Object::new();
    out.number("attempts", Some(f64::from(done.attempts)));
    out.number("durationMs", Some(duration_ms));
    out.optional_text("scope", scope);
    put_rate_limit(&mut out, done.rate_limit.as_ref());
    out.finish()
}

/// Something that happened during a call.
pub fn event(operation: &'static Operation, event: Event<'_>) -> String {
    let mut out = Object::new();
    put_operation(&mut out, operation);
    let (kind, attempt) = match event {
        Event::Request { attempt } => ("request", attempt),
        Event::Response { attempt, status, duration_ms } => {
            out.number("status", Some(f64::from(status)));
            out.number("durationMs", Some(duration_ms));
            ("response", attempt)
        }
        Event::RateLimit(limits) => {
            put_limits(&mut out, &limits);
            ("ratelimit", 0)
        }
        Event::Retry { attempt, delay_ms, reason } => {
            out.number("delayMs", Some(delay_ms));
            out.text("reason", reason.code());
            out.number("status", reason.status.map(f64::from));
            ("retry", attempt)
        }
        Event::Drift(drift) => {
            put_drift(&mut out, Some(drift));
            out.truth("repaired", drift.repaired);
            ("drift", 0)
        }
    };
    out.text("type", kind);
    out.number("attempt", (attempt > 0).then(|| f64::from(attempt)));
    out.finish()
}
