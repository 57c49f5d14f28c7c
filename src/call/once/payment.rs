//! The payment as it is sent, with the reference by which it can be known again.

use super::money::amount_of;
use crate::json::{field, joined, json_text, members, put, quote, unescape};
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
    /// When the job began that the reference names, in UTC (`2026-11-01T12:00:00.000Z`) by HighLevel's clock: payments made
    /// before cannot be its own.
    pub since: Option<String>,
}

impl OnceOptions {
    /// What is wrong with them, and with a `meta` of the body that leaves them no room.
    pub(crate) fn check(&self, body: &str) -> Vec<Issue> {
        let mut issues = Vec::new();
        if self.reference.as_deref().is_some_and(|text| !is_reference(text)) {
            issues.push(Issue::new(
                "reference",
                "must be 1 to 128 printable ASCII characters without quotes, brackets, & and backslashes",
            ));
        }
        if self.since.as_deref().is_some_and(|text| !is_instant(text.as_bytes())) {
            issues.push(Issue::new("since", "must be a time in UTC, such as 2026-11-01T12:00:00.000Z"));
        }
        let taken = field(field(body.as_bytes(), "meta"), "reference");
        if !taken.is_empty() && json_text(taken) != self.reference {
            let problem =
                "is where the payment's reference goes: leave it out, or give the option reference the same text";
            issues.push(Issue::new("meta.reference", problem));
        }
        issues
    }
}

fn is_reference(text: &str) -> bool {
    let plain = |b: u8| matches!(b, b' '..=b'~') && !b"\"'`\\<>&[]{}".contains(&b);
    (1..=MAX_REFERENCE).contains(&text.len()) && text.bytes().all(plain) && text.trim_ascii() == text
}

/// `2026-11-01T12:00:00Z`, with or without decimals of the second.
fn is_instant(text: &[u8]) -> bool {
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    match text {
        [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, rest @ .., b'Z'] => {
            digits(&[*y1, *y2, *y3, *y4, *m1, *m2, *d1, *d2, *h1, *h2, *n1, *n2, *s1, *s2])
                && matches!(rest, [] | [b'.', _, ..])
                && digits(rest.get(1..).unwrap_or_default())
        }
        _ => false,
    }
}

/// Whether one time in UTC comes before another. What has another form is not known to.
fn is_before(time: &str, other: &str) -> bool {
    // `…07Z` and `…07.000Z` are the same.
    fn comparable(text: &str) -> &str {
        let text = text.trim_end_matches('Z');
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.')
        } else {
            text
        }
    }
    is_instant(time.as_bytes()) && comparable(time) < comparable(other)
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
        let member = |out: &mut String, (key, value): (&[u8], &[u8])| {
            put(out, ",\"");
            put(out, std::str::from_utf8(key).unwrap_or_default());
            put(out, "\":");
            put(out, std::str::from_utf8(value).unwrap_or_default());
        };
        let body = self.body.as_bytes();
        members(field(body, "meta")).filter(|(key, _)| *key != b"reference").for_each(|part| member(&mut out, part));
        put(&mut out, "}");
        members(body)
            .filter(|(key, _)| *key != b"meta" && !(self.in_notes && *key == b"notes"))
            .for_each(|part| member(&mut out, part));
        if self.in_notes {
            put(&mut out, ",\"notes\":");
            quote(&mut out, &self.notes());
        }
        put(&mut out, "}");
        out
    }

    /// The notes as they are sent.
    pub fn notes(&self) -> String {
        let notes = json_text(field(self.body.as_bytes(), "notes")).unwrap_or_default();
        if !self.in_notes {
            return notes;
        }
        joined(&[&notes, if notes.is_empty() { "" } else { "\n" }, &tagged(&self.reference)])
    }

    /// Whether it cannot be the payment because it was made before the job began.
    pub fn precedes(&self, created: &[u8]) -> bool {
        match (&self.since, json_text(created)) {
            (Some(since), Some(created)) => is_before(&created, since),
            _ => false,
        }
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
            (shown.other, shown.echo) = (false, false);
        }
        shown
    }

    /// Looks through an object, also one that stands there as text. `meta`: it is one that the caller of a payment made.
    fn walk(&self, value: &[u8], meta: bool, depth: u8, shown: &mut Shown) {
        let text = unfolded(value);
        for (key, value) in members(&text) {
            match key {
                b"notes" => self.read_notes(value, shown),
                b"reference" => {
                    let found = json_text(value).unwrap_or_else(|| unescape(value));
                    shown.ours |= found == self.reference;
                    // What the caller wrote there is no sign of somebody else's payment.
                    let own = found == self.reference || holds(self.body.as_bytes(), value);
                    if meta && !own && is_reference(&found) {
                        (shown.other, shown.echo) = (true, true);
                    }
                }
                _ if depth < MAX_NESTING => self.walk(value, meta || key == b"meta", depth + 1, shown),
                _ => {}
            }
        }
    }

    fn read_notes(&self, notes: &[u8], shown: &mut Shown) {
        let Some(notes) = json_text(notes) else { return };
        let mut rest = notes.as_bytes().trim_ascii();
        shown.ours |= rest == self.reference.as_bytes();
        while let Some(behind) = behind(rest, TAG.as_bytes()) {
            // Without its end it may be any reference, also the payment's.
            let Some(end) = behind.iter().position(|b| *b == b']') else { break };
            let (found, behind) = behind.split_at(end);
            rest = behind;
            let Some(found) = std::str::from_utf8(found).ok().filter(|found| is_reference(found)) else { continue };
            if found == self.reference {
                shown.ours = true;
            } else if !holds(self.body.as_bytes(), tagged(found).as_bytes()) {
                shown.other = true;
                shown.echo |= self.in_notes;
            }
        }
    }
}

/// 36 to the power of 10.
const TEN_CHARACTERS: f64 = 3_656_158_440_062_976.0;

/// How deep a reference is looked for.
const MAX_NESTING: u8 = 4;

const TAG: &str = "[ref ";

/// A reference as it stands in notes.
fn tagged(reference: &str) -> String {
    joined(&[TAG, reference, "]"])
}

/// What stands behind the first `part` in a text.
fn behind<'a>(text: &'a [u8], part: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(part.len().max(1)).position(|window| window == part)?;
    text.get(at + part.len()..)
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    behind(text, part).is_some()
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
    /// That of the payment.
    pub ours: bool,
    /// That of another payment.
    pub other: bool,
    /// One, whosever, in a place where the payment's would show too.
    pub echo: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(reference: &str) -> OnceOptions {
        OnceOptions { reference: Some(reference.into()), ..OnceOptions::default() }
    }

    fn paths(options: &OnceOptions, body: &str) -> Vec<String> {
        options.check(body).into_iter().map(|issue| issue.path).collect()
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
        assert!(OnceOptions::default().check(taken)[0].message.contains("option reference"));
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
        let precedes = |created: &str, text: &str| Payment::new("o", "{}", since(text)).precedes(created.as_bytes());
        for (created, text, expected) in [
            ("\"2026-11-01T12:00:00.000Z\"", "2026-11-01T12:00:00Z", false),
            ("\"2026-11-01T12:00:00Z\"", "2026-11-01T12:00:00.000Z", false),
            ("\"2026-11-01T12:00:00Z\"", "2026-11-01T12:00:00.010Z", true),
            ("\"2026-11-01T12:00:00.500Z\"", "2026-11-01T12:00:00Z", false),
            ("\"2026-11-01T11:59:59.999Z\"", "2026-11-01T12:00:00Z", true),
            ("\"2026-11-01T12:00:10Z\"", "2026-11-01T12:00:01.5Z", false),
            ("\"soon\"", "2026-11-01T12:00:00Z", false),
            ("null", "2026-11-01T12:00:00Z", false),
        ] {
            assert_eq!(precedes(created, text), expected, "{created} {text}");
        }
    }

    #[test]
    fn references_of_their_own_making_differ() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut made = Vec::new();
        for _ in 0..100 {
            let mut payment = Payment::new("o", "{}", OnceOptions::default());
            payment.name(&mut random);
            assert!(payment.reference.len() == 30 && is_reference(&payment.reference), "{}", payment.reference);
            made.push(payment.reference);
        }
        made.sort();
        made.dedup();
        assert_eq!(made.len(), 100);
    }
}
