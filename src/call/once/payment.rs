//! The payment as it is sent, with the reference by which it can be known again.

use super::money::amount_of;
use crate::core::{days_since_1970, report};
use crate::json::{field, json_text, members, put, quote, text_field, unescape};
use crate::shape::Issue;

/// The longest reference.
const MAX_REFERENCE: usize = 128;

/// How a payment that is recorded once is to be known again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OnceOptions {
    /// The payment's name, such as the id of the job that records it: 1 to 128 printable ASCII characters without quotes,
    /// brackets, `&` and backslashes. Whoever runs the job again gives the same one. Random when left out.
    pub reference: Option<String>,
    /// Whether the reference also stands at the end of the payment's notes, as `[ref …]`.
    pub reference_in_notes: bool,
    /// When the job first began that the reference names, in UTC (`2026-11-01T12:00:00.000Z`): payments made more than five
    /// minutes before cannot be its own. It is kept with the job; whoever runs that again gives the same one.
    pub since: Option<String>,
}

impl OnceOptions {
    /// Reports what is wrong with them, and with a `meta` of the body that leaves the reference no room.
    pub(crate) fn check(&self, body: &str, issues: &mut Vec<Issue>) {
        if self.reference.as_ref().is_some_and(|text| !is_reference(text.as_bytes())) {
            let problem = "must be 1 to 128 printable ASCII characters without quotes, brackets, & and backslashes";
            report(issues, "reference", problem);
        }
        if self.since.as_ref().is_some_and(|text| seconds(text.as_bytes()).is_none()) {
            report(issues, "since", "must be a time in UTC, such as 2026-11-01T12:00:00.000Z");
        }
        let taken = field(field(body.as_bytes(), "meta"), "reference");
        if !taken.is_empty() && json_text(taken) != self.reference {
            let problem =
                "is where the payment's reference goes: leave it out, or give the option reference the same text";
            report(issues, "meta.reference", problem);
        }
    }
}

fn is_reference(text: &[u8]) -> bool {
    let plain = |b: &u8| matches!(b, b' '..=b'~') && !b"\"'`\\<>&[]{}".contains(b);
    (1..=MAX_REFERENCE).contains(&text.len()) && text.iter().all(plain) && text.trim_ascii() == text
}

/// How far HighLevel's clock and that of the caller may be apart, in seconds.
const CLOCKS_APART: u64 = 300;

/// A time in UTC such as `2026-11-01T12:00:00.5Z` in seconds since 1970, decimals cut off; nothing for what has another form.
fn seconds(text: &[u8]) -> Option<u64> {
    const FORM: &[u8; 19] = b"0000-00-00T00:00:00";
    let (whole, decimals) = text.strip_suffix(b"Z")?.split_at_checked(FORM.len())?;
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    let cut = match decimals {
        [] => true,
        [b'.', digits @ ..] => (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !cut || !whole.iter().zip(FORM).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = whole.get(from..to)?;
        Some(digits.iter().fold(0, |number: u32, digit| number * 10 + u32::from(digit & 0xf)))
    };
    let days = days_since_1970(number(0, 4)?, number(5, 7)?, number(8, 10)?)?;
    let minutes = number(11, 13)? * 60 + number(14, 16)?;
    Some(u64::from(days) * 86_400 + u64::from(minutes) * 60 + u64::from(number(17, 19)?))
}

/// A payment that is recorded once.
pub struct Payment {
    /// The order that it is for.
    pub order: String,
    /// The caller's body.
    pub body: String,
    /// Empty until it is made, where the caller gave none.
    pub reference: String,
    /// The caller gave the reference, so that an earlier process may have recorded the payment.
    pub own: bool,
    in_notes: bool,
    since: Option<String>,
    /// In ten-thousandths; none where the payment is of whatever is due.
    pub amount: Option<u64>,
}

impl Payment {
    pub fn new(order: &str, body: &str, options: OnceOptions) -> Self {
        Self {
            order: order.into(),
            body: body.into(),
            own: options.reference.is_some(),
            reference: options.reference.unwrap_or_default(),
            in_notes: options.reference_in_notes,
            since: options.since,
            amount: amount_of(field(body.as_bytes(), "amount")),
        }
    }

    /// Gives it a reference that no other payment has, unless the caller named it.
    pub fn name(&mut self, mut random: impl FnMut() -> f64) {
        if self.reference.is_empty() {
            // 155 bits: 30 characters of 36, ten to a number, of which a double holds 53 bits.
            for _ in 0..3 {
                let mut number = (random() * TEN_CHARACTERS) as u64;
                for _ in 0..10 {
                    let digit = (number % 36) as u8;
                    self.reference.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
                    number /= 36;
                }
            }
        }
    }

    /// The body with the reference.
    pub fn marked(&self) -> String {
        let mut out = String::from("{\"meta\":{\"reference\":");
        quote(&mut out, &self.reference);
        let body = self.body.as_bytes();
        copy(&mut out, field(body, "meta"), &["reference"]);
        put(&mut out, "}");
        copy(&mut out, body, if self.in_notes { &["meta", "notes"] } else { &["meta"] });
        if self.in_notes {
            put(&mut out, ",\"notes\":");
            quote(&mut out, &self.notes());
        }
        put(&mut out, "}");
        out
    }

    /// The notes as they are sent.
    pub fn notes(&self) -> String {
        let mut notes = text_field(self.body.as_bytes(), "notes");
        if self.in_notes {
            for part in [if notes.is_empty() { TAG } else { "\n[ref " }, &self.reference, "]"] {
                put(&mut notes, part);
            }
        }
        notes
    }

    /// Whether a transaction cannot be the payment because it was made before the job began.
    pub fn precedes(&self, record: &[u8]) -> bool {
        let began = self.since.as_ref().and_then(|since| seconds(since.as_bytes()));
        let created = seconds(text_field(record, "createdAt").as_bytes());
        created.zip(began).is_some_and(|(created, began)| created + CLOCKS_APART < began)
    }

    /// Whether the job begins only after this time, in milliseconds since 1970: then nothing that it did could be told from
    /// what was there before.
    pub fn begins_after(&self, now_ms: f64) -> bool {
        let began = self.since.as_ref().and_then(|since| seconds(since.as_bytes()));
        began.is_some_and(|began| began as f64 * 1000.0 > now_ms + CLOCKS_APART as f64 * 1000.0)
    }

    /// Which references a transaction shows in `meta`, in `chargeSnapshot` and in its notes.
    ///
    /// `manual`: it is known to be recorded by hand. A payment provider may have references of its own.
    pub fn shown(&self, record: &[u8], manual: bool) -> Shown {
        let mut shown = Shown::default();
        self.walk(field(record, "meta"), true, 0, &mut shown);
        self.walk(field(record, "chargeSnapshot"), false, 0, &mut shown);
        self.read_notes(field(record, "notes"), &mut shown);
        if !manual {
            (shown.other, shown.theirs, shown.echo) = (false, false, false);
        }
        shown
    }

    /// Looks through an object, also where it stands there as text, for what names the reference. `meta`: it is what the caller
    /// of a payment wrote. Only the `reference` of that itself says whose the payment is: one that is nested in it may be that
    /// of a payment which this one replaces.
    fn walk(&self, value: &[u8], meta: bool, depth: u8, shown: &mut Shown) {
        for (key, value) in members(&unfolded(value)) {
            if key == b"notes" {
                self.read_notes(value, shown);
            } else if key == b"reference" {
                let found = json_text(value).unwrap_or_else(|| unescape(value));
                if meta {
                    let wrote = holds(self.body.as_bytes(), value);
                    let theirs = self.see(found.as_bytes(), wrote || value == b"null", true, shown);
                    shown.theirs |= theirs;
                } else {
                    shown.named |= found == self.reference;
                }
            } else if depth < MAX_NESTING {
                self.walk(value, !meta && depth == 0 && key == b"meta", depth + 1, shown);
            }
        }
    }

    fn read_notes(&self, notes: &[u8], shown: &mut Shown) {
        let Some(notes) = json_text(notes) else { return };
        let mut rest = notes.as_bytes().trim_ascii();
        shown.named |= rest == self.reference.as_bytes();
        while let Some(start) = position(rest, TAG.as_bytes()) {
            rest = rest.get(start..).unwrap_or_default();
            // Without its end it may be any reference, also the payment's.
            let Some(end) = rest.iter().position(|b| *b == b']') else { break };
            let found = rest.get(TAG.len()..end).unwrap_or_default();
            let (tag, behind) = rest.split_at(end + 1);
            if found == self.reference.as_bytes() && !behind.is_empty() {
                shown.named = true;
            } else {
                self.see(found, holds(self.body.as_bytes(), tag), self.in_notes, shown);
            }
            rest = behind;
        }
    }

    /// Takes note of a reference; gives whether it is that of another payment. `mute`: another one than the payment's is no sign
    /// of somebody else's, for instance because the caller wrote it there. `echo`: the payment's would show in the same place.
    fn see(&self, found: &[u8], mute: bool, echo: bool, shown: &mut Shown) -> bool {
        let ours = found == self.reference.as_bytes();
        let other = !ours && !mute && is_reference(found);
        shown.ours |= ours;
        shown.other |= other;
        shown.echo |= other && echo;
        other
    }
}

/// Appends the members of an object but those of these names.
fn copy(out: &mut String, object: &[u8], but: &[&str]) {
    for (key, value) in members(object) {
        if !but.iter().any(|name| name.as_bytes() == key) {
            for part in [b",\"", key, b"\":", value] {
                put(out, std::str::from_utf8(part).unwrap_or_default());
            }
        }
    }
}

/// 36 to the power of 10.
const TEN_CHARACTERS: f64 = 3_656_158_440_062_976.0;

/// How deep a reference is looked for.
const MAX_NESTING: u8 = 5;

const TAG: &str = "[ref ";

/// Where a text holds `part` first.
fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len().max(1)).position(|window| window == part)
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    position(text, part).is_some()
}

/// An object, also where it stands there as JSON text, as HighLevel's examples have it.
pub fn unfolded(value: &[u8]) -> Vec<u8> {
    match json_text(value) {
        Some(text) => text.into_bytes(),
        None => value.to_vec(),
    }
}

/// The references that a transaction shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shown {
    /// That of the payment, in its place: in `meta`, or as a tag at the end of the notes.
    pub ours: bool,
    /// The notes or something else names it otherwise: whoever pays in place of a payment that bounced may write that down.
    pub named: bool,
    /// That of another payment.
    pub other: bool,
    /// The same, in `meta`: it is that payment, whatever else it names.
    pub theirs: bool,
    /// One, whosever, in a place where the payment's would show too.
    pub echo: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn options(reference: &str) -> OnceOptions {
        OnceOptions { reference: Some(reference.into()), ..OnceOptions::default() }
    }

    fn issues(options: &OnceOptions, body: &str) -> Vec<Issue> {
        let mut issues = Vec::new();
        options.check(body, &mut issues);
        issues
    }

    fn paths(options: &OnceOptions, body: &str) -> Vec<String> {
        issues(options, body).into_iter().map(|issue| issue.path).collect()
    }

    #[test]
    fn the_reference_joins_what_the_caller_sends() {
        let marked = |body: &str, in_notes: bool| {
            Payment::new("o", body, OnceOptions { reference_in_notes: in_notes, ..options("r-1") }).marked()
        };
        assert_eq!(marked("{}", false), r#"{"meta":{"reference":"r-1"}}"#);
        assert_eq!(
            marked(r#"{ "mode": "cash", "notes": "a\"b", "meta": { "a": [1], "reference": "r-1" } }"#, true),
            r#"{"meta":{"reference":"r-1","a":[1]},"mode":"cash","notes":"a\"b\u000a[ref r-1]"}"#
        );
        assert_eq!(marked(r#"{"meta":null}"#, true), r#"{"meta":{"reference":"r-1"},"notes":"[ref r-1]"}"#);
    }

    #[test]
    fn a_reference_is_short_plain_text() {
        for text in ["1", "job-1", "order 12/3 #4", "a_b.c:d+e=f@g", &"x".repeat(128)] {
            assert!(paths(&options(text), "{}").is_empty(), "{text}");
        }
        for text in ["", " ", " a", "a ", "a\"b", "a]b", "a<b", "a&b", "a\\b", "é", "a\nb", &"x".repeat(129)] {
            assert_eq!(paths(&options(text), "{}"), ["reference"], "{text}");
        }
    }

    #[test]
    fn another_reference_in_meta_is_an_issue_that_names_both() {
        let taken = r#"{"meta":{"reference":"theirs"}}"#;
        assert_eq!(paths(&options("mine"), taken), ["meta.reference"]);
        assert_eq!(paths(&OnceOptions::default(), taken), ["meta.reference"]);
        assert!(issues(&OnceOptions::default(), taken)[0].message.contains("option reference"));
        assert!(paths(&options("theirs"), taken).is_empty());
    }

    #[test]
    fn since_is_a_time_in_utc() {
        let since = |text: &str| OnceOptions { since: Some(text.into()), ..OnceOptions::default() };
        for text in ["2026-11-01T12:00:00Z", "2026-11-01T12:00:00.000Z", "2026-11-01T12:00:00.5Z"] {
            assert!(paths(&since(text), "{}").is_empty(), "{text}");
        }
        for text in ["", "2026-11-01", "2026-11-01T12:00:00", "2026-11-01T12:00:00.Z", "2026-11-01T12:00:00+01:00"] {
            assert_eq!(paths(&since(text), "{}"), ["since"], "{text}");
        }
        let precedes = |created: &str, text: &str| {
            Payment::new("o", "{}", since(text)).precedes(format!(r#"{{"createdAt":{created}}}"#).as_bytes())
        };
        for (created, text, expected) in [
            ("\"2026-11-01T12:00:00.000Z\"", "2026-11-01T12:00:00Z", false),
            ("\"2026-11-01T12:00:10Z\"", "2026-11-01T12:00:01.5Z", false),
            // Clocks may be five minutes apart.
            ("\"2026-11-01T11:55:00.999Z\"", "2026-11-01T12:00:00Z", false),
            ("\"2026-11-01T11:54:59.999Z\"", "2026-11-01T12:00:00.5Z", true),
            ("\"2025-12-31T23:59:59.123456789Z\"", "2026-01-01T00:04:59Z", false),
            ("\"2025-12-31T23:59:59.123456789Z\"", "2026-01-01T00:05:00Z", true),
            ("\"2024-02-29T00:00:00Z\"", "2024-03-01T00:00:00Z", true),
            ("\"2024-02-29T23:56:00Z\"", "2024-03-01T00:00:00Z", false),
            ("\"soon\"", "2026-11-01T12:00:00Z", false),
            ("null", "2026-11-01T12:00:00Z", false),
            ("\"2026-11-01T11:00:00\"", "2026-11-01T12:00:00Z", false),
            ("\"0000-00-00T00:00:00Z\"", "2026-11-01T12:00:00Z", false),
        ] {
            assert_eq!(precedes(created, text), expected, "{created} {text}");
        }
    }

    #[test]
    fn references_of_their_own_making_differ() {
        let mut chance = Chance(1);
        let mut made = Vec::new();
        for _ in 0..100 {
            let mut payment = Payment::new("o", "{}", OnceOptions::default());
            payment.name(&mut || chance.fraction());
            assert!(
                payment.reference.len() == 30 && is_reference(payment.reference.as_bytes()),
                "{}",
                payment.reference
            );
            made.push(payment.reference);
        }
        made.sort();
        made.dedup();
        assert_eq!(made.len(), 100);
    }
}
