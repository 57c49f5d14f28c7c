//! The query of a request, as JSON text.

use super::findings::Findings;
use crate::core::parted;
use crate::endpoint::Operation;
use crate::json::{put, quote};

/// Takes a query apart. Each name must be one of the operation's, written as it is, and stand there once. Gives the
/// parameters but those that name the account as a JSON object that is still open.
pub(super) fn read(operation: &Operation, query: &str, found: &mut Findings<'_>) -> String {
    let mut out = String::from("{");
    let mut seen = 0_u64;
    let (mut rest, mut separator) = (query, "");
    while !rest.is_empty() {
        let (pair, behind) = parted(rest, b'&');
        rest = behind;
        let (name, value) = parted(pair, b'=');
        let Some((place, counts)) = operation.query.and_then(|record| record.place(name)) else {
            found.add(name, "is no query parameter here");
            continue;
        };
        if seen >> place & 1 == 1 {
            found.add(name, "is there twice");
            continue;
        }
        seen |= 1 << place;
        let Some(value) = decoded(value) else {
            found.add(name, "must be percent-encoded UTF-8 without NUL; a semicolon is written as %3B");
            continue;
        };
        if found.account(name, Some(&value)) {
            continue;
        }
        put(&mut out, separator);
        separator = ",";
        quote(&mut out, name);
        put(&mut out, ":");
        if counts && is_number(&value) {
            put(&mut out, &value);
        } else {
            quote(&mut out, &value);
        }
    }
    out
}

/// Whether a text is a whole number as JSON writes it. What else is wrong with it the check of the parameters says.
fn is_number(text: &str) -> bool {
    let digits = text.as_bytes();
    matches!(digits, [_] | [b'1'..=b'9', ..]) && digits.iter().all(u8::is_ascii_digit)
}

/// The text that a value of a query stands for; nothing where two servers may read two.
fn decoded(value: &str) -> Option<String> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [byte, behind @ ..] = rest {
        rest = behind;
        let mut byte = *byte;
        if byte == b'%' {
            let [high, low, behind @ ..] = rest else { return None };
            byte = (digit(*high)? << 4 | digit(*low)?) as u8;
            rest = behind;
        } else if byte == b'+' {
            byte = b' ';
        } else if byte == b';' {
            return None;
        }
        if byte == 0 {
            return None;
        }
        out.push(byte);
    }
    String::from_utf8(out).ok()
}

#[inline(never)]
fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}
