//! Any answer to any operation: the status alone decides the class, an error quotes no secret, a delivered answer is JSON.
//!
//! The input is text in five lines: operation, status, `Retry-After`, token, body (which goes on to the end).
#![no_main]

use ghl_payments::core::{read, ErrorKind, Outcome, Response};
use ghl_payments::endpoint::{Safety, ALL};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(5, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let text = |line: &[u8]| String::from_utf8_lossy(line).into_owned();
    let number = |line: &[u8]| text(line).parse::<u16>().unwrap_or_default();
    let (choice, status) = (number(line()), number(line()));
    let (retry_after, token, body) = (text(line()), text(line()), line());
    let operation = ALL[usize::from(choice) % ALL.len()];
    let strict = choice >= 1000;
    // Only what can travel in a header is sent as a token; a short one stands in every text by chance.
    let usable = |b: u8| b.is_ascii_graphic() && b != b'"' && b != b'\\';
    let secret = if token.len() >= 8 && token.bytes().all(usable) { token.as_str() } else { "" };

    let header = |name: &str| (name == "retry-after").then(|| retry_after.clone());
    let response = Response::read(status, &header, body.to_vec());
    let error = match read(operation, response, strict, &[secret], 1_700_000_000_000.0) {
        Ok(answer) => {
            assert!((200..300).contains(&status));
            assert!(serde_json::from_slice::<IgnoredAny>(&answer.body).is_ok());
            assert!(!strict || answer.checked.unrepaired().is_none());
            return;
        }
        Err(error) => error,
    };
    let kind = match status {
        200..=299 => ErrorKind::Decode,
        401 => ErrorKind::Authentication,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        429 => ErrorKind::RateLimit,
        400..=499 => ErrorKind::InvalidRequest,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Other,
    };
    assert_eq!((error.kind, error.status), (kind, Some(status)));
    let page = error.drift.as_ref().is_some_and(|drift| drift.found == "a web page");
    let outcome = match status {
        200..=299 if page && operation.safety != Safety::Read => Outcome::Unknown,
        200..=299 => Outcome::Applied,
        _ if operation.safety == Safety::Read => Outcome::Rejected,
        307 | 308 | 400..=407 | 409..=499 => Outcome::Rejected,
        _ => Outcome::Unknown,
    };
    assert_eq!(error.outcome, outcome);
    assert!(error.retry_after_ms.is_none_or(|ms| ms >= 0.0 && ms.is_finite()));
    assert!(error.message.starts_with(operation.name));
    if kind == ErrorKind::Decode {
        assert!(error.drift.is_some());
    }
    // A token that is made of the client's own words is found in them.
    let drift = error.drift.as_ref();
    let found = drift.map_or_else(String::new, |drift| [&drift.path, " ", drift.expected, " ", drift.found].concat());
    if !secret.is_empty() && [OWN_WORDS, operation.name, &found].iter().all(|own| !own.contains(secret)) {
        let quoted = [Some(&error.message), error.body.as_ref(), error.trace_id.as_ref()];
        for text in quoted.into_iter().flatten().chain(&error.messages) {
            assert!(!text.contains(secret), "{text:?} holds {secret:?}");
        }
        // What a JavaScript caller finds in `error.body` is the parsed text.
        if let Some(Ok(body)) = error.body.as_ref().map(|body| serde_json::from_str::<serde_json::Value>(body)) {
            assert!(!holds(&body, secret), "{body} holds {secret:?}");
        }
    }
});

const OWN_WORDS: &str = r#"[redacted] "apiKey" "access_token" "refresh_token" "client_secret" "clientSecret"
: the answer is not what HighLevel promises: expected , found . It starts with: the API answered
: the server redirects, which the API never does; the token does not follow; check baseUrl"#;

fn holds(value: &serde_json::Value, secret: &str) -> bool {
    use serde_json::Value::{Array, Object, String};
    match value {
        String(text) => text.contains(secret),
        Array(items) => items.iter().any(|item| holds(item, secret)),
        Object(fields) => fields.iter().any(|(key, value)| key.contains(secret) || holds(value, secret)),
        _ => false,
    }
}
