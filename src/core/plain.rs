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
    out.optional_text("recordId", error.record_id.as_deref());
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

#[cfg(test)]
mod tests {
    use super::plain_error;
    use crate::core::{Error, ErrorKind, Outcome, RateLimit};
    use crate::endpoint::LIST_ORDERS;
    use crate::shape::{Drift, Issue};

    #[test]
    fn an_error_of_which_little_is_known_is_told_with_that() {
        let kind_and_outcome = |kind, outcome| plain_error(&Error::new(kind, None, outcome, "why".into()));
        assert_eq!(
            kind_and_outcome(ErrorKind::Network, Outcome::Unknown),
            concat!(
                r#"{"name":"NetworkError","code":"network_error","message":"why","outcome":"unknown","#,
                r#""attempts":0,"retryable":false,"messages":[]}"#
            )
        );
        for (outcome, told) in [
            (Outcome::NotSent, "not_sent"),
            (Outcome::Rejected, "rejected"),
            (Outcome::Unknown, "unknown"),
            (Outcome::Applied, "applied"),
        ] {
            let text = kind_and_outcome(ErrorKind::Other, outcome);
            assert!(text.contains(&format!(r#""message":"why","outcome":"{told}","#)), "{text}");
        }
        // The lists and the difference are told where they are what went wrong, even if nobody filled them.
        let text = kind_and_outcome(ErrorKind::Validation, Outcome::NotSent);
        assert!(text.ends_with(r#""messages":[],"issues":[]}"#), "{text}");
        let text = kind_and_outcome(ErrorKind::Decode, Outcome::Applied);
        assert!(text.ends_with(r#""messages":[],"path":"","expected":"","found":""}"#), "{text}");
    }

    #[test]
    fn an_error_is_told_with_all_that_is_known_of_it() {
        let mut error = Error::new(ErrorKind::RateLimit, Some(&LIST_ORDERS), Outcome::Rejected, "too \"many\"".into());
        error.status = Some(429);
        error.attempts = 3;
        error.retryable = true;
        error.trace_id = Some("trace-1".into());
        error.record_id = Some("order-1".into());
        error.body = Some("{}".into());
        error.messages = vec!["a".into(), "b".into()];
        error.candidates = vec!["t1".into(), "t2".into()];
        error.retry_after_ms = Some(1500.0);
        error.rate_limit = Some(RateLimit {
            limit: Some(100.0),
            remaining: Some(0.0),
            interval_ms: Some(10_000.0),
            daily_limit: Some(200_000.0),
            daily_remaining: Some(199_999.0),
        });
        // It is told of the kinds that it belongs to, and of no other.
        error.issues = vec![Issue::new("limit", "is wrong")];
        assert_eq!(
            plain_error(&error),
            concat!(
                r#"{"name":"RateLimitError","code":"rate_limited","message":"too \"many\"","outcome":"rejected","#,
                r#""status":429,"attempts":3,"retryable":true,"traceId":"trace-1","body":"{}","#,
                r#""operation":{"id":"list-orders","name":"orders.list","method":"GET","path":"/payments/orders"},"#,
                r#""recordId":"order-1","messages":["a","b"],"candidates":["t1","t2"],"retryAfterMs":1500,"#,
                r#""rateLimit":{"limit":100,"remaining":0,"intervalMs":10000,"dailyLimit":200000,"#,
                r#""dailyRemaining":199999}}"#
            )
        );
    }

    #[test]
    fn what_is_wrong_with_the_input_or_the_answer_is_told_with_its_place() {
        let issues = vec![Issue::new("limit", "is wrong"), Issue::new("", "is no object")];
        let text = plain_error(&Error::validation(None, issues));
        let told = r#""issues":[{"path":"limit","message":"is wrong"},{"path":"","message":"is no object"}]}"#;
        assert!(text.ends_with(told), "{text}");
        let mut error = Error::new(ErrorKind::Decode, None, Outcome::Applied, String::new());
        error.drift =
            Some(Drift { path: "data[2].amount".into(), expected: "a number", found: "text", repaired: false });
        let text = plain_error(&error);
        assert!(text.ends_with(r#""path":"data[2].amount","expected":"a number","found":"text"}"#), "{text}");
    }
}
