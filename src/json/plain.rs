//! What a scanner may pass without a look at it: most of what servers send.
//!
//! These functions take a position and give the next one, so that it stays in a register. Where each step stores it in the
//! scanner, the next one waits for that: twice the time for a whole answer.

use core::ops::Range;

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// What a value has to be to need no look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Plain {
    /// A text of printable ASCII without escapes.
    Text,
    /// A number that a double holds for certain.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Each needs a look.
    #[default]
    Neither,
}

/// Whether this byte stands there. A comparison of options would be a call where code is made small.
#[inline(always)]
pub(super) fn is(bytes: &[u8], at: usize, byte: u8) -> bool {
    matches!(bytes.get(at), Some(found) if *found == byte)
}

/// The eight bytes from there on.
#[inline(always)]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Where the bytes end that need no look in a text: printable ASCII but quote and backslash.
#[inline(always)]
pub(super) fn behind_printable(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = word(bytes, at) {
        // With one bit turned the quote follows on the control characters, so that one subtraction finds both. It finds some
        // bytes outside ASCII as well, which are marked anyway.
        let quote_or_control = (word ^ (LOW_BITS * 0x02)).wrapping_sub(LOW_BITS * 0x21);
        let backslash = (word ^ (LOW_BITS * b'\\' as u64)).wrapping_sub(LOW_BITS);
        // The lowest marked byte is always a real hit; borrows can only mark bytes above one.
        let hits = (quote_or_control | backslash | word) & HIGH_BITS;
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while matches!(bytes.get(at), Some(0x20..=0x7f)) && !matches!(bytes.get(at), Some(b'"' | b'\\')) {
        at += 1;
    }
    at
}

/// Where a text ends that is plain.
#[inline(always)]
pub(super) fn behind_text(bytes: &[u8], at: usize) -> Option<usize> {
    if !is(bytes, at, b'"') {
        return None;
    }
    let end = behind_printable(bytes, at + 1);
    is(bytes, end, b'"').then_some(end + 1)
}

/// Where a number ends that is plain: without sign and exponent, inside of a container.
#[inline(always)]
pub(super) fn behind_number(bytes: &[u8], at: usize) -> Option<usize> {
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    if !is_digit(at) {
        return None;
    }
    let mut end = at + 1;
    while is_digit(end) {
        end += 1;
    }
    let leading_zero = end - at > 1 && is(bytes, at, b'0');
    if is(bytes, end, b'.') && is_digit(end + 1) {
        end += 2;
        while is_digit(end) {
            end += 1;
        }
    }
    let ends = matches!(bytes.get(end), Some(b',' | b'}' | b']'));
    // Hundreds of digits are too much for a double.
    (ends && !leading_zero && end - at < 300).then_some(end)
}

/// The four bytes from there on.
#[inline(always)]
fn half_word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
}

/// Where `null` ends.
#[inline(always)]
pub(super) fn behind_null(bytes: &[u8], at: usize) -> Option<usize> {
    (half_word(bytes, at)? == u32::from_le_bytes(*b"null")).then_some(at + 4)
}

/// Where `true` or `false` ends.
#[inline(always)]
pub(super) fn behind_boolean(bytes: &[u8], at: usize) -> Option<usize> {
    let is_false = is(bytes, at, b'f');
    let last_four = at + usize::from(is_false);
    let expected = u32::from_le_bytes(if is_false { *b"alse" } else { *b"true" });
    (half_word(bytes, last_four)? == expected).then_some(last_four + 4)
}

/// Passes the plain members of a container, each with its comma, and `close` where they are all of them: gives where those end
/// that were passed, and whether the container does.
#[inline(always)]
pub(super) fn behind_members(bytes: &[u8], mut at: usize, close: u8) -> (usize, bool) {
    loop {
        let value = if close == b'}' {
            match behind_text(bytes, at) {
                Some(end) if is(bytes, end, b':') => end + 1,
                _ => return (at, false),
            }
        } else {
            at
        };
        let end = match bytes.get(value) {
            Some(b'"') => behind_text(bytes, value),
            Some(b'n') => behind_null(bytes, value),
            Some(b't' | b'f') => behind_boolean(bytes, value),
            _ => behind_number(bytes, value),
        };
        let Some(end) = end else { return (at, false) };
        if is(bytes, end, close) {
            return (end + 1, true);
        }
        if !is(bytes, end, b',') {
            return (at, false);
        }
        at = end + 1;
    }
}

/// Where what stands at `at` ends, if it is the same as an earlier part of the text; an empty part is none.
#[inline(always)]
pub(super) fn behind_same(bytes: &[u8], earlier: &Range<usize>, at: usize) -> Option<usize> {
    let mut left = earlier.len();
    if left == 0 {
        return None;
    }
    let (mut from, mut to) = (earlier.start, at);
    loop {
        let differing = word(bytes, to)? ^ word(bytes, from)?;
        if left <= 8 {
            // Of the last word only the first bytes count.
            return (differing << (64 - 8 * left) == 0).then_some(to + left);
        }
        if differing != 0 {
            return None;
        }
        (from, to, left) = (from + 8, to + 8, left - 8);
    }
}
