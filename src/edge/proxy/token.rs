//! Tokens in answers: a server may send back what it was sent.

use crate::core::spelled;

/// What is shorter stands in any text by chance, and is the token of a test.
const MIN_LENGTH: usize = 5;

/// What stands in place of a token.
const MASK: &[u8] = b"[redacted]";

/// Takes tokens out of JSON text, also where they are written with JSON's escapes.
pub(super) fn without<S: AsRef<str>>(mut body: Vec<u8>, tokens: &[S]) -> Vec<u8> {
    for token in tokens {
        let token = token.as_ref().as_bytes();
        if token.len() >= MIN_LENGTH {
            body = without_one(body, token);
        }
    }
    body
}

fn without_one(body: Vec<u8>, token: &[u8]) -> Vec<u8> {
    let first = token.first().copied().unwrap_or_default();
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body.as_slice();
    while let Some(byte) = rest.first() {
        let mut length = if *byte == first || *byte == b'\\' { spelled(rest, token, false) } else { 0 };
        let mut shown = MASK;
        if length == 0 {
            // What cannot begin it is passed at once; an escape is passed whole: its second character begins nothing.
            length = if *byte == b'\\' { 2 } else { 1 + plain(rest, first) };
            shown = rest.get(..length).unwrap_or(rest);
        }
        out.extend_from_slice(shown);
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// How many bytes behind the first one can begin no token.
fn plain(text: &[u8], first: u8) -> usize {
    let rest = text.get(1..).unwrap_or_default();
    rest.iter().position(|byte| *byte == first || *byte == b'\\').unwrap_or(rest.len())
}
