//! From checked bytes to the typed structs, for Rust callers.

use super::{Checked, Drift};
use crate::json::number_is_finite;
use serde::de::DeserializeOwned;
use serde::de::Error as _;
use serde::Deserialize;

/// Decodes a body that [`check`](super::check) has passed.
///
/// # Errors
/// Where the check left a difference that it could not repair.
pub fn decode<T: DeserializeOwned>(body: &[u8], checked: &Checked) -> Result<T, serde_json::Error> {
    if let Some(drift) = checked.unrepaired() {
        let Drift { path, expected, found, .. } = drift;
        return Err(serde_json::Error::custom(format_args!("{path}: expected {expected}, found {found}")));
    }
    let replaced;
    let body = if checked.lone_surrogate {
        replaced = without_lone_surrogates(body);
        &replaced
    } else {
        body
    };
    let in_range;
    let body = if checked.duplicates {
        in_range = without_large_numbers(body);
        &in_range
    } else {
        body
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    // The check has bounded the depth.
    reader.disable_recursion_limit();
    if checked.duplicates {
        // serde's structs refuse a key that comes twice; a map keeps the last one, as JSON.parse does.
        return T::deserialize(serde_json::Value::deserialize(&mut reader)?);
    }
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Rust's texts cannot hold half of a surrogate pair: it becomes U+FFFD, as in every decoder of ill-formed UTF-16.
fn without_lone_surrogates(body: &[u8]) -> Vec<u8> {
    let mut out = body.to_vec();
    let unit = |at: usize| {
        let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while at < body.len() {
        if body[at] != b'\\' {
            at += 1;
            continue;
        }
        match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => at += 12,
            (Some(0xd800..=0xdfff), _) => {
                out[at..at + 6].copy_from_slice(b"\\ufffd");
                at += 6;
            }
            _ => at += 2,
        }
    }
    out
}

/// A number that no double can hold can only stand where it does not count: in an unknown field, or as a value that a
/// later one of the same key replaces. It becomes null.
fn without_large_numbers(body: &[u8]) -> Vec<u8> {
    let mut out = body.to_vec();
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        let start = at;
        at += 1;
        if byte == b'"' {
            while let Some(&inside) = body.get(at) {
                at += if inside == b'\\' { 2 } else { 1 };
                if inside == b'"' {
                    break;
                }
            }
        } else if byte == b'-' || byte.is_ascii_digit() {
            let number = |b: &&u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
            at = start + body[start..].iter().take_while(number).count();
            // Every such number has at least the length of null.
            if let (false, Some((null, rest))) =
                (number_is_finite(&body[start..at]), out[start..at].split_at_mut_checked(4))
            {
                null.copy_from_slice(b"null");
                rest.fill(b' ');
            }
        }
    }
    out
}
