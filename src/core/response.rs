//! From an answer to a checked body or an error.

use super::error::{Error, ErrorKind, Failed, Outcome};
use super::outcome::{outcome, retryable, Failure};
use super::rate::RateLimit;
use super::retry_after::RetryAfter;
use crate::endpoint::{Operation, Safety};
use crate::json::{items_or_self, joined, json_text, members, push_decimal, put, unescape};
use crate::shape::{check, Checked, Drift, Fault, Kind};

/// An answer as it came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    /// The HTTP status; 0 for a redirect that a browser hides.
    pub status: u16,
    /// When a server that refused wants the next request, if it says so.
    pub retry_after: Option<RetryAfter>,
    /// The limits, if given.
    pub rate_limit: Option<RateLimit>,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the body was longer than wanted and ends before its end.
    pub cut: bool,
}

impl Response {
    /// An answer with what its headers say. `header` is asked for them by their names in lower case, so that a transport
    /// need not know which of them count.
    pub fn read(status: u16, header: &dyn Fn(&str) -> Option<String>, body: Vec<u8>) -> Self {
        // Each header that is asked for in JavaScript costs a hundredth of a small answer.
        let retry_after = if (200..300).contains(&status) { None } else { RetryAfter::read(header) };
        let rate_limit = RateLimit::read(header);
        Self { status, retry_after, rate_limit, body, cut: false }
    }
}

/// A 2xx answer that was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The body, repaired where that was certain.
    pub body: Vec<u8>,
    /// What the check found.
    pub checked: Checked,
}

/// Reads an answer: 2xx with the promised shape is an [`Answer`], anything else an [`Error`].
///
/// `secrets` are masked wherever an error quotes the body; `now_ms` is the wall clock, for `Retry-After` dates.
pub fn read(
    operation: &'static Operation,
    response: Response,
    strict: bool,
    secrets: &[&str],
    now_ms: f64,
) -> Result<Answer, Error> {
    read_masked(operation, response, strict, secrets, now_ms)
}

/// As [`read`], for texts of any kind.
pub(crate) fn read_masked<S: AsRef<str>>(
    operation: &'static Operation,
    response: Response,
    strict: bool,
    secrets: &[S],
    now_ms: f64,
) -> Result<Answer, Error> {
    if !(200..300).contains(&response.status) {
        return Err(refused(operation, &response, secrets, now_ms));
    }
    let Response { status, rate_limit, mut body, cut, .. } = response;
    let mut path = String::new();
    let (expected, found) = match check(&mut body, &operation.answer) {
        _ if cut => ("a body of at most maxResponseBytes", "a longer one"),
        Ok(checked) => match checked.unrepaired() {
            Some(drift) if strict => {
                put(&mut path, &drift.path);
                (drift.expected, drift.found)
            }
            _ => return Ok(Answer { body, checked }),
        },
        Err(Fault::Syntax { .. }) if body.trim_ascii_start().starts_with(b"<") => ("JSON", WEB_PAGE),
        Err(fault) => describe(&fault, &mut path),
    };
    // The API answers with no page: something in front of it did, whether the request got through or not.
    let unsure = found == WEB_PAGE && operation.safety != Safety::Read;
    let outcome = if unsure { Outcome::Unknown } else { Outcome::Applied };
    let text = mask(&body, cut, secrets);
    let message = joined(&[
        operation.name,
        ": the answer is not what HighLevel promises: ",
        &path,
        if path.is_empty() { "" } else { ": " },
        "expected ",
        expected,
        ", found ",
        found,
        ". It starts with: ",
        text.get(..text.floor_char_boundary(200)).unwrap_or_default(),
    ]);
    let mut error = Error::new(ErrorKind::Decode, Some(operation), outcome, message);
    error.status = Some(status);
    error.body = Some(text);
    error.drift = Some(Drift { path, expected, found, repaired: false });
    error.rate_limit = rate_limit;
    Err(error)
}

pub(crate) const WEB_PAGE: &str = "a web page";

/// What was expected and what was found instead; where goes to `path`.
fn describe(fault: &Fault, path: &mut String) -> (&'static str, &'static str) {
    let (at, expected, found) = match *fault {
        Fault::Top { path: top, expected, found } => {
            put(path, top);
            return (expected, found);
        }
        Fault::Syntax { at: 0, end: true, .. } => return ("JSON", "an empty body"),
        Fault::Syntax { at, expected, end } => {
            (at, expected, if end { "the end of the body" } else { "something else" })
        }
        Fault::Utf8 { at } => (at, "UTF-8", "other bytes"),
        Fault::Depth { at } => (at, "at most 128 levels", "deeper nesting"),
    };
    put(path, "byte ");
    push_decimal(path, at as u64);
    (expected, found)
}

/// The error for a status other than 2xx.
fn refused<S: AsRef<str>>(operation: &'static Operation, response: &Response, secrets: &[S], now_ms: f64) -> Error {
    let status = response.status;
    let kind = match status {
        401 => ErrorKind::Authentication,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimit,
        400..=499 => ErrorKind::InvalidRequest,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Other,
    };
    let failure = Failure::Status(status);
    let mut error = Error::new(kind, Some(operation), outcome(operation.safety, failure), operation.name.into());
    let body = mask(&response.body, response.cut, secrets);
    if check(&mut body.clone().into_bytes(), &Kind::Json).is_ok() {
        explain(&mut error, body.as_bytes());
    }
    let Failed { message, messages, .. } = &mut *error;
    if matches!(status, 0 | 300..=399) {
        put(message, ": the server redirects, which the API never does; the token does not follow; check baseUrl");
    } else {
        put(message, ": the API answered ");
        push_decimal(message, status.into());
    }
    let mut before = ": ";
    for text in messages.iter() {
        put(message, before);
        put(message, text);
        before = "; ";
    }
    if let (true, 401 | 403, Some(scope)) = (lacks_scope(messages), status, operation.scope) {
        put(message, " (needs the scope ");
        put(message, scope);
        put(message, ")");
    }
    error.status = Some(status);
    error.retryable = retryable(operation.safety, failure);
    error.body = Some(body);
    error.retry_after_ms = response.retry_after.map(|after| after.ms(now_ms));
    error.rate_limit = response.rate_limit;
    error
}

/// Whether HighLevel says that the token is not for this scope.
pub(crate) fn lacks_scope(messages: &[String]) -> bool {
    messages.iter().any(|message| message.as_bytes().windows(5).any(|word| word == b"scope"))
}

/// Takes messages and trace id from a body: `{statusCode, message, error?}`, `{status, message, name, traceId}`,
/// `{message}`, `{error, error_description}` or `{error: {code, message}}`; `message` is text or a list of texts.
pub(crate) fn explain(error: &mut Error, body: &[u8]) {
    let mut fallback: &[u8] = b"";
    for (key, value) in members(body) {
        if key == b"message" || key == b"error_description" {
            for (_, item) in items_or_self(value) {
                push_text(item, &mut error.messages);
            }
        } else if key == b"traceId" {
            error.trace_id = nonempty_text(value);
        } else if key == b"error" {
            fallback = value;
            explain(error, value);
        }
    }
    if error.messages.is_empty() {
        push_text(fallback, &mut error.messages);
    }
}

fn push_text(value: &[u8], texts: &mut Vec<String>) {
    if let Some(text) = nonempty_text(value) {
        texts.push(text);
    }
}

/// A text that is not empty.
fn nonempty_text(value: &[u8]) -> Option<String> {
    if value == b"\"\"" {
        return None;
    }
    json_text(value)
}

/// The body as text with every secret replaced: the given ones, and the values of `apiKey` and of token fields. Where the body
/// was cut, what it ends with may be the beginning of one.
pub(crate) fn mask<S: AsRef<str>>(body: &[u8], cut: bool, secrets: &[S]) -> String {
    const NAMES: [&[u8]; 5] =
        [b"\"apiKey\"", b"\"access_token\"", b"\"refresh_token\"", b"\"client_secret\"", b"\"clientSecret\""];
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    // Behind the name of a secret its value follows, up to the quote that no backslash precedes.
    let mut named = false;
    while let Some(&first) = rest.first() {
        let mut passed = 0;
        for secret in secrets {
            passed = passed.max(spelled(rest, secret.as_ref().as_bytes(), cut));
        }
        let shown = if passed > 0 {
            MASK
        } else if let Some(name) = NAMES.iter().find(|name| rest.starts_with(name)) {
            passed = name.len();
            named = true;
            name
        } else if named && first == b'"' {
            named = false;
            passed = 1;
            while let Some(byte) = rest.get(passed).filter(|b| **b != b'"') {
                passed += if *byte == b'\\' { 2 } else { 1 };
            }
            // Its closing quote is passed next: a secret may begin with it.
            QUOTED_MASK
        } else {
            named &= matches!(first, b' ' | b':' | b'\t' | b'\n' | b'\r');
            passed = 1;
            std::slice::from_ref(&first)
        };
        out.extend_from_slice(shown);
        let Some((_, behind)) = rest.split_at_checked(passed) else { break };
        rest = behind;
    }
    String::from_utf8(out).unwrap_or_else(|error| {
        let mut text = String::new();
        for byte in error.as_bytes() {
            text.push(if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER });
        }
        text
    })
}

/// How many bytes at the start of a body spell a secret, as it is or with JSON's escapes (`\/`, `\u002d`), which whoever
/// parses the body would undo; 0 if they do not. Of a body that was cut they are all that is left, if that begins a secret.
pub(crate) fn spelled(body: &[u8], secret: &[u8], cut: bool) -> usize {
    if body.starts_with(secret) {
        return secret.len();
    }
    let mut rest = body;
    for byte in secret {
        let length = match rest {
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => 1,
        };
        let Some((character, behind)) = rest.split_at_checked(length) else {
            return if cut { body.len() } else { 0 };
        };
        if character != [*byte] && (length == 1 || unescape(character).as_bytes() != [*byte]) {
            return 0;
        }
        rest = behind;
    }
    body.len() - rest.len()
}

/// What stands in place of a secret.
const MASK: &[u8] = b"[redacted]";
const QUOTED_MASK: &[u8] = b"\"[redacted]";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::{CREATE_COUPON, GET_ORDER, LIST_NOTES, LIST_ORDERS, RECORD_PAYMENT};

    fn error(operation: &'static Operation, status: u16, body: &str) -> Error {
        read(operation, Response { status, body: body.into(), ..Response::default() }, false, &["tok-1"], 0.0)
            .expect_err("an error")
    }

    #[test]
    fn all_five_error_shapes_give_their_messages_and_trace_id() {
        for (body, messages, trace) in [
            (r#"{"statusCode":401,"message":"Invalid token","error":"Unauthorized"}"#, vec!["Invalid token"], None),
            (
                r#"{"status":404,"message":"Order not found","name":"HttpException","traceId":"t-1"}"#,
                vec!["Order not found"],
                Some("t-1"),
            ),
            (r#"{"message":["a must be text","b is required"]}"#, vec!["a must be text", "b is required"], None),
            (r#"{"error":"UnAuthorized!","error_description":"no such code"}"#, vec!["no such code"], None),
            (
                r#"{"error":{"code":"E1","message":"broken","resolution":"x"},"traceId":"t-2"}"#,
                vec!["broken"],
                Some("t-2"),
            ),
            (r#"{"error":"only this"}"#, vec!["only this"], None),
            ("<html>error code: 1010</html>", vec![], None),
            ("", vec![], None),
        ] {
            let error = error(&GET_ORDER, 400, body);
            assert_eq!(error.messages, messages, "{body}");
            assert_eq!(error.trace_id.as_deref(), trace, "{body}");
            assert_eq!(error.body.as_deref(), Some(body));
        }
    }

    #[test]
    fn a_token_without_the_scope_is_told_which_one_the_operation_needs() {
        let body = r#"{"message":["The token is not authorized for this scope."]}"#;
        let needs = " (needs the scope payments/orders.readonly)";
        for status in [401, 403] {
            assert!(error(&GET_ORDER, status, body).message.ends_with(needs));
        }
        // Another status does not blame the token, another message not the scope, and of notes HighLevel names no scope.
        for (operation, status, body) in
            [(&GET_ORDER, 422, body), (&GET_ORDER, 401, r#"{"message":"Invalid token"}"#), (&LIST_NOTES, 401, body)]
        {
            assert!(!error(operation, status, body).message.contains("needs"), "{} {status} {body}", operation.name);
        }
    }

    #[test]
    fn the_status_decides_the_class_whatever_the_body() {
        for (status, kind) in [
            (400, ErrorKind::InvalidRequest),
            (401, ErrorKind::Authentication),
            (403, ErrorKind::Permission),
            (404, ErrorKind::NotFound),
            (409, ErrorKind::Conflict),
            (418, ErrorKind::InvalidRequest),
            (422, ErrorKind::InvalidRequest),
            (429, ErrorKind::RateLimit),
            (500, ErrorKind::Server),
            (599, ErrorKind::Server),
            (302, ErrorKind::Other),
            (0, ErrorKind::Other),
        ] {
            assert_eq!(error(&LIST_ORDERS, status, "<html>").kind, kind, "{status}");
        }
    }

    #[test]
    fn an_html_page_with_status_200_is_no_data() {
        let page = "<!doctype html><title>x</title>";
        let of = |operation| error(operation, 200, page);
        let error = of(&RECORD_PAYMENT);
        // Whoever answers with a page is not the API: whether that got the payment, nobody knows.
        assert_eq!(
            (error.kind, error.outcome, of(&GET_ORDER).outcome),
            (ErrorKind::Decode, Outcome::Unknown, Outcome::Applied)
        );
        assert!(error.message.contains("expected JSON, found a web page") && error.message.contains("<!doctype html>"));
        assert_eq!(error.body.as_deref(), Some("<!doctype html><title>x</title>"));
    }

    #[test]
    fn a_write_that_fails_with_5xx_may_have_been_applied() {
        assert_eq!(error(&CREATE_COUPON, 502, "").outcome, Outcome::Unknown);
        assert_eq!(error(&CREATE_COUPON, 422, "").outcome, Outcome::Rejected);
        assert_eq!(error(&LIST_ORDERS, 502, "").outcome, Outcome::Rejected);
    }

    #[test]
    fn a_missing_identity_is_drift_and_an_error_only_in_strict_mode() {
        let response = || Response { status: 200, body: br#"{"amount":5}"#.to_vec(), ..Response::default() };
        let answer = read(&GET_ORDER, response(), false, &[], 0.0).expect("delivered");
        assert_eq!(answer.checked.drifts[0].path, "_id");
        let error = read(&GET_ORDER, response(), true, &[], 0.0).expect_err("strict");
        assert_eq!(error.drift.as_ref().map(|d| d.path.as_str()), Some("_id"));
    }

    #[test]
    fn a_body_that_was_cut_is_no_data_and_keeps_the_class_of_its_status() {
        for (status, kind) in [(200, ErrorKind::Decode), (403, ErrorKind::Permission), (502, ErrorKind::Server)] {
            let body = br#"{"_id":"a"}"#.to_vec();
            let response = Response { status, body, cut: true, ..Response::default() };
            let error = read(&GET_ORDER, response, false, &[], 0.0).expect_err("an error");
            assert_eq!(error.kind, kind);
            assert_eq!(error.drift.is_some(), status == 200);
        }
    }

    #[test]
    fn what_a_body_that_was_cut_shows_of_a_secret_is_masked_too() {
        for (cut, end, shown) in [
            (true, "Bearer tok", "Bearer [redacted]"),
            (true, "Bearer t", "Bearer [redacted]"),
            (true, r"Bearer \u0074o", "Bearer [redacted]"),
            (true, r"Bearer tok\u00", "Bearer [redacted]"),
            (true, "Bearer tor", "Bearer tor"),
            (false, "Bearer tok", "Bearer tok"),
        ] {
            for status in [200, 401, 502] {
                let response = Response { status, body: end.into(), cut, ..Response::default() };
                let error = read(&GET_ORDER, response, false, &["tok-1"], 0.0).expect_err("an error");
                assert_eq!(error.body.as_deref(), Some(shown), "{end}");
                assert_eq!(error.message.contains("Bearer tok"), !cut && status == 200, "{end}: {}", error.message);
            }
        }
    }

    #[test]
    fn a_secret_in_json_escapes_is_masked_too() {
        for body in [r#"{"message":"tok\u002d1 is bad"}"#, r#"{"message":["\u0074\u006F\u006b-1"]}"#] {
            let error = error(&GET_ORDER, 401, body);
            assert!(error.messages[0].starts_with("[redacted]"), "{error:?}");
            assert!(error.body.as_deref().is_some_and(|body| body.contains("[redacted]")), "{error:?}");
        }
    }

    #[test]
    fn no_error_quotes_a_secret() {
        let body =
            r#"{"message":"Bearer tok-1 is bad","live":{"apiKey" : "se\"cret","publishableKey":"pk"},"apiKey":"x"}"#;
        let error = error(&GET_ORDER, 400, body);
        for text in
            [format!("{error:?}"), error.to_string(), error.messages.join(""), error.body.clone().unwrap_or_default()]
        {
            assert!(!text.contains("tok-1") && !text.contains("cret"), "{text}");
        }
    }
}
