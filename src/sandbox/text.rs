//! Texts that are put together and looked into without `format!`, which costs the module more.

use crate::json::put;

/// A number with at least so many digits.
pub fn digits(mut number: u64, width: usize) -> String {
    let length = number.checked_ilog10().map_or(1, |log| log as usize + 1).max(width);
    let mut out = vec![b'0'; length];
    for digit in out.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    String::from_utf8(out).unwrap_or_default()
}

/// Texts in one, with a text between them.
pub fn separated(texts: &mut dyn Iterator<Item = &str>, by: &str) -> String {
    let mut out = String::new();
    for text in texts {
        if !out.is_empty() {
            put(&mut out, by);
        }
        put(&mut out, text);
    }
    out
}

/// Whether a text holds another one, in capitals or not.
pub fn holds(text: &str, part: &str) -> bool {
    part.is_empty() || text.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}
