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
    /// Each needs a look.
    #[default]
    Neither,
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
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let end = behind_printable(bytes, at + 1);
    (bytes.get(end) == Some(&b'"')).then_some(end + 1)
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
    let leading_zero = end - at > 1 && bytes.get(at) == Some(&b'0');
    if bytes.get(end) == Some(&b'.') && is_digit(end + 1) {
        end += 2;
        while is_digit(end) {
            end += 1;
        }
    }
    let ends = matches!(bytes.get(end), Some(b',' | b'}' | b']'));
    // Hundreds of digits are too much for a double.
    (ends && !leading_zero && end - at < 300).then_some(end)
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
