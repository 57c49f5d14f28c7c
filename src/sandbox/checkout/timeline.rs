//! What frame, HighLevel and provider have said to each other, in order, without secrets.

use crate::sandbox::calendar::iso;
use crate::sandbox::http::log::redact;
use crate::sandbox::json::{Json, Members, Text};
use serde_json::Value;

/// How many entries are kept.
const KEPT: usize = 5000;
/// How much of a text that is no JSON is kept, in bytes.
const SHOWN: usize = 400;

/// Something that is wrong with what a provider says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Which field; empty for the whole of it.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
    /// Whether HighLevel does not do what was meant; otherwise something may be missing later.
    pub error: bool,
}

impl Json for Issue {
    fn write(&self, out: &mut Text) {
        let mut members = Members::new(out);
        members.text("path", &self.path);
        members.text("message", &self.message);
        members.text("level", if self.error { "error" } else { "warning" });
        members.end();
    }
}

/// The issues of one message, on their way.
#[derive(Debug, Default)]
pub struct Issues(pub Vec<Issue>);

impl Issues {
    /// Adds one for which HighLevel does not do what was meant.
    #[inline(never)]
    pub fn error(&mut self, path: &str, message: &str) {
        self.0.push(Issue { path: path.into(), message: message.into(), error: true });
    }

    /// Adds one that may matter later.
    #[inline(never)]
    pub fn warning(&mut self, path: &str, message: &str) {
        self.0.push(Issue { path: path.into(), message: message.into(), error: false });
    }
}

/// Who says something, and to whom.
pub type Way = [&'static str; 2];

/// The frame of the payment page tells HighLevel.
pub const FROM_FRAME: Way = ["frame", "highlevel"];
/// HighLevel tells the frame.
pub const TO_FRAME: Way = ["highlevel", "frame"];
/// HighLevel's server asks the provider's.
pub const TO_PROVIDER: Way = ["highlevel", "provider"];
/// The provider's server tells HighLevel's.
pub const FROM_PROVIDER: Way = ["provider", "highlevel"];
/// What HighLevel has noted down for itself.
pub const WITHIN: Way = ["highlevel", "highlevel"];

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is.
    pub kind: &'static str,
    /// Who says it, and to whom.
    pub way: Way,
    /// The type of the message, or what has changed.
    pub name: String,
    /// The id of the checkout that it belongs to.
    pub checkout: Option<String>,
    /// The location.
    pub location: String,
    /// What was said.
    pub body: Value,
    /// The status of an answer.
    pub status: Option<u16>,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
}

/// The entries so far.
#[derive(Debug, Default)]
pub struct Timeline {
    entries: Vec<(u64, i64, Entry)>,
    count: u64,
}

impl Timeline {
    /// Adds an entry; `secrets` are texts that it must not hold. The oldest ones go when there are too many.
    pub fn add(&mut self, now: i64, mut entry: Entry, secrets: &[String]) {
        hide(&mut entry.body, secrets);
        for issue in &mut entry.issues {
            hide_text(&mut issue.message, secrets);
        }
        hide_text(&mut entry.name, secrets);
        shorten(&mut entry.name);
        if let Value::String(text) = &mut entry.body {
            shorten(text);
        }
        if self.entries.len() >= 2 * KEPT {
            self.entries.drain(..KEPT);
        }
        self.count += 1;
        self.entries.push((self.count, now, entry));
    }

    /// The entries behind this number that are kept, as JSON text.
    pub fn json(&self, after: u64) -> String {
        let kept = self.entries.iter().skip(self.entries.len().saturating_sub(KEPT));
        let wanted: Vec<Line<'_>> = kept.filter(|(number, ..)| *number > after).map(Line).collect();
        String::from_utf8(crate::sandbox::json::json(&wanted)).unwrap_or_default()
    }
}

struct Line<'a>(&'a (u64, i64, Entry));

impl Json for Line<'_> {
    fn write(&self, out: &mut Text) {
        let (number, at, entry) = self.0;
        let mut members = Members::new(out);
        members.number("number", *number as f64);
        members.text("at", &iso(*at));
        members.text("kind", entry.kind);
        members.text("from", entry.way[0]);
        members.text("to", entry.way[1]);
        members.text("type", &entry.name);
        members.add("checkoutId", &entry.checkout);
        members.text("locationId", &entry.location);
        members.add("body", &entry.body);
        members.add("status", &entry.status.map(f64::from));
        members.add("issues", &entry.issues);
        members.end();
    }
}

/// Hides keys by their names, and texts in which a key stands.
pub fn hide(value: &mut Value, secrets: &[String]) {
    redact(value, false);
    hide_all(value, secrets);
}

fn hide_all(value: &mut Value, secrets: &[String]) {
    match value {
        Value::String(text) => hide_text(text, secrets),
        Value::Array(list) => list.iter_mut().for_each(|value| hide_all(value, secrets)),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, value)| hide_all(value, secrets)),
        _ => {}
    }
}

/// Hides a text in which a key stands.
pub fn hide_text(text: &mut String, secrets: &[String]) {
    let holds = |secret: &&String| {
        let (text, secret) = (text.as_bytes(), secret.as_bytes());
        !secret.is_empty() && text.windows(secret.len()).any(|window| window == secret)
    };
    if secrets.iter().any(|secret| holds(&secret)) {
        "[redacted]".clone_into(text);
    }
}

fn shorten(text: &mut String) {
    if text.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
}
