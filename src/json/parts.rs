//! The parts of a JSON text that was checked before.

use super::scan::{unescape, Scanner};

/// The text that a JSON value stands for, if it is text.
pub(crate) fn json_text(value: &[u8]) -> Option<String> {
    match value {
        [b'"', raw @ .., b'"'] => Some(unescape(raw)),
        _ => None,
    }
}

/// The text that a field of an object stands for, empty where it has none.
#[inline(never)]
pub(crate) fn text_field(json: &[u8], name: &str) -> String {
    json_text(field(json, name)).unwrap_or_default()
}

/// The parts of a JSON text that was checked before, one by one: the members of an object, or the items of a list, which
/// have no key. What cannot be read ends them; the check of the same text reports it.
pub(crate) struct Parts<'a> {
    scan: Scanner<'a>,
    close: u8,
    more: bool,
}

impl<'a> Parts<'a> {
    /// Those between the brackets of which `close` is the second.
    #[inline(never)]
    fn new(json: &'a [u8], close: u8) -> Self {
        let mut scan = Scanner::new(json);
        // `{` stands two before `}`, `[` two before `]`.
        let more = scan.closes(close - 2) && !scan.closes(close);
        Self { scan, close, more }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
        if !self.more {
            return None;
        }
        self.more = false;
        let key = if self.close == b'}' { self.scan.key().ok()? } else { b"" };
        self.scan.token();
        let start = self.scan.pos;
        self.scan.skip(1).ok()?;
        let value = self.scan.slice(start, self.scan.pos);
        self.more = matches!(self.scan.more(self.close), Ok(true));
        Some((key, value))
    }
}

/// The members of a JSON object that was checked before: key (escapes as they stand) and value. Of a key that stands
/// twice, both come.
pub(crate) fn members(json: &[u8]) -> Parts<'_> {
    Parts::new(json, b'}')
}

/// The items of a JSON list that was checked before.
pub(crate) fn items(json: &[u8]) -> Parts<'_> {
    Parts::new(json, b']')
}

/// The numbers of a list of whole numbers from 0 that this crate wrote itself: a list of hundreds is read with each request.
#[cfg(feature = "edge")]
pub(crate) fn whole_numbers(json: &[u8]) -> impl Iterator<Item = u64> + '_ {
    let digits = json.split(|byte| !byte.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits.map(|digits| {
        digits.iter().fold(0, |number: u64, digit| number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')))
    })
}

/// The items of a list; any other value stays alone.
pub(crate) fn items_or_self(json: &[u8]) -> Parts<'_> {
    let mut parts = items(json);
    parts.more |= json.first() != Some(&b'[');
    parts
}

/// The value of a member of an object that was checked, its name read with its escapes; of one that is there twice the last,
/// which `JSON.parse` takes too. Nothing where there is none, or no object.
#[cfg(feature = "provider")]
#[inline(never)]
pub(crate) fn last_field<'a>(json: &'a [u8], name: &str) -> &'a [u8] {
    let mut found: &[u8] = b"";
    for (key, value) in members(json) {
        if unescape(key) == name {
            found = value;
        }
    }
    found
}

/// The value of a field of an object, the first one of that name; nothing where there is none.
pub(crate) fn field<'a>(json: &'a [u8], name: &str) -> &'a [u8] {
    for (key, value) in members(json) {
        if key == name.as_bytes() {
            return value;
        }
    }
    b""
}
