//! From what HighLevel answered, or did not, to what the page is answered.

use super::answer::Answer;
use super::refusal::{Reason, Refusal};
use super::token;
use super::writes::writes;
use crate::core::{mask, names_account, Error, ErrorKind, Outcome, RateLimit, WEB_PAGE};
use crate::endpoint::Operation;
use crate::json::{field, items_or_self, json_text, members, Object, Scanner};

/// A 2xx answer of HighLevel that was checked. It holds tokens and has no `Debug` for that.
pub struct Came<'a, S> {
    /// Its status.
    pub status: u16,
    /// Its body, as the check left it.
    pub body: Vec<u8>,
    /// The limits that it named.
    pub rate_limit: Option<&'a RateLimit>,
    /// The tokens that were sent: none of them is in the answer.
    pub tokens: &'a [S],
    /// The location of the grant.
    pub location_id: &'a str,
    /// Whether the keys of a payment provider are shown: [`Grant::shows_keys`](super::Grant::shows_keys).
    pub keys: bool,
}

/// The answer for a call that succeeded.
///
/// A record of another location is none: 404. But a write has happened by then, and a 404 would say that it had not: the page
/// gets a 200 without a body, which its client calls `applied`.
pub fn succeeded<S: AsRef<str>>(operation: &'static Operation, came: Came<'_, S>) -> Answer {
    let Came { status, mut body, rate_limit, tokens, location_id, keys } = came;
    let mut answer = if is_foreign(&body, location_id) {
        let refusal = Refusal::from(Reason::ForeignRecord).answer();
        if writes(operation) {
            Answer::new(200, Vec::new(), refusal.code)
        } else {
            refusal
        }
    } else {
        body = token::without(body, tokens);
        // Who may read need not learn the key by which the provider knows HighLevel.
        if !keys && operation.path.starts_with("/payments/custom-provider/") {
            body = mask::<String>(&body, false, &[]).into_bytes();
        }
        // With these two a runtime takes no body.
        Answer::new(if matches!(status, 204 | 205) { 200 } else { status }, body, "")
    };
    answer.limits(rate_limit);
    answer
}

/// What is reported where the function for the token gave none.
pub(crate) const TOKEN_FAILED: &str = "token_failed";
const NO_TOKEN: &str = "the proxy got no token for this location; nothing was changed";

/// The answer for a call that failed.
///
/// The page's client judges by the status. What HighLevel said stays; for what it did not say there is the status that says
/// the most without a lie: 424 for a write that was never sent, since 5xx would mean that it may have happened; 504 and 502
/// where it may have happened; and 200 without a readable body where it has.
pub fn failed(operation: &'static Operation, error: &Error) -> Answer {
    let writes = writes(operation);
    let (status, code, message) = match (error.status, error.kind) {
        (Some(status @ 400..=599), _) => (status, "", ""),
        (Some(200..=299), ErrorKind::Decode) if !is_page(error) => return unread(error),
        (Some(200..=299), ErrorKind::Decode) => {
            (502, "upstream_page", "something in front of HighLevel answered with a web page")
        }
        (Some(200..=299), _) if writes => return unread(error),
        (Some(0..=399 | 600..), _) if error.kind == ErrorKind::Other => {
            (502, "upstream_redirect", "HighLevel's address answered with a redirect, which is not followed")
        }
        (_, ErrorKind::Authentication) => (if writes { 424 } else { 502 }, TOKEN_FAILED, NO_TOKEN),
        _ if error.outcome == Outcome::NotSent => (
            if writes { 424 } else { 503 },
            "upstream_not_reached",
            "the proxy could not reach HighLevel; nothing was sent",
        ),
        (_, ErrorKind::Timeout) => (504, "upstream_timeout", "HighLevel did not answer the proxy in time"),
        _ => (502, "upstream_failed", "the connection to HighLevel failed before its whole answer came"),
    };
    explained(error, status, code, message)
}

/// The answer for a call whose record could not be read before. A write was not sent then, so that its status must not leave
/// that open.
pub fn failed_check(check: &'static Operation, before_write: bool, error: &Error) -> Answer {
    let mut answer = failed(check, error);
    if before_write && !matches!(answer.status, 400..=407 | 409..=499) {
        let message = "the record could not be read before the change; nothing was changed";
        answer = explained(error, 424, "check_failed", message);
    }
    answer
}

/// The answer for a call without a token whose absence has a stable code and lasts, such as `needs_install`: a status that the
/// page's client does not send again, and the code as the first of the messages. Nothing was carried out.
pub fn without_token(code: &str) -> Answer {
    let mut out = Object::new();
    out.number("statusCode", Some(424.0));
    out.text("code", code);
    out.texts("message", &[code.into(), NO_TOKEN.into()]);
    Answer::new(424, out.finish().into_bytes(), TOKEN_FAILED)
}

/// An error in HighLevel's form: status, messages and trace id.
fn explained(error: &Error, status: u16, code: &'static str, message: &str) -> Answer {
    let mut out = Object::new();
    out.number("statusCode", Some(f64::from(status)));
    if code.is_empty() {
        out.texts("message", &error.messages);
    } else {
        out.text("code", code);
        out.text("message", message);
    }
    out.optional_text("traceId", error.trace_id.as_deref());
    let mut answer = Answer::new(status, out.finish().into_bytes(), code);
    answer.number("retry-after", error.retry_after_ms.map(|ms| (ms / 1000.0).ceil()));
    answer.limits(error.rate_limit.as_ref());
    answer
}

/// A 2xx answer that cannot be read, for the page's client to say the same: what came of it, unless that could be read
/// after all.
fn unread(error: &Error) -> Answer {
    let body = error.body.clone().unwrap_or_default().into_bytes();
    let mut scan = Scanner::new(&body);
    let readable = scan.skip(0).and_then(|()| scan.finish()).is_ok();
    let mut answer = Answer::new(200, if readable { Vec::new() } else { body }, "upstream_not_readable");
    answer.limits(error.rate_limit.as_ref());
    answer
}

fn is_page(error: &Error) -> bool {
    error.drift.as_ref().is_some_and(|drift| drift.found == WEB_PAGE)
}

/// Whether what was read before a call is the record of this id, and says that it is the location's. What says nothing may be
/// anybody's.
pub fn is_own(body: &[u8], record: &str, location_id: &str) -> bool {
    let names = |name: &str, text: &str| json_text(field(body, name)).is_some_and(|named| named == text);
    let located = names("altId", location_id) || names("locationId", location_id);
    let one = body.trim_ascii_start().first() == Some(&b'{');
    one && located && names("_id", record) && !is_foreign(body, location_id)
}

/// Whether an answer holds a record of another location: at its top, or in its list.
pub fn is_foreign(body: &[u8], location_id: &str) -> bool {
    holds_other(body, location_id, true)
}

/// Whether a record, or one of a list, says that it is another location's; `top` looks into the lists of an answer as well.
fn holds_other(records: &[u8], location_id: &str, top: bool) -> bool {
    for (_, record) in items_or_self(records) {
        for (key, value) in members(record) {
            let other = if names_account(key) {
                // What is no text names nobody, and certainly not this one.
                !matches!(value, b"null" | b"\"\"") && json_text(value).is_none_or(|id| id != location_id)
            } else {
                top && (key == b"data" || key.starts_with(b"provider")) && holds_other(value, location_id, false)
            };
            if other {
                return true;
            }
        }
    }
    false
}
