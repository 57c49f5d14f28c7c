//! Records as rows of a database and as lines of a file.

use super::stream::Stream;
use crate::core::instant_ms;
use crate::json::{field, items, json_text, push_decimal, put, quote, text_field, Scanner};
use crate::provider::money::{Amount, Currency, MoneyError};
use crate::shape::Issue;

/// What became of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// A JSON list with a list for each record: id, created, updated, status, amount, currency, refunded, source, live, body.
    pub rows: String,
    /// The records as newline-delimited JSON.
    pub lines: String,
    /// How many there are in both.
    pub count: u64,
    /// What is wrong with records, by their places in the list.
    pub issues: Vec<Issue>,
}

/// Makes rows and lines of the JSON list `records` of a location.
///
/// - Times are milliseconds since 1970; amounts are minor units of their currency, exact; the source is what kind of thing was
///   sold through, such as `funnel`; live is 1 or 0; the body is the record as text. What a record does not say is null.
/// - A record without an id, and one that names another location, is left out: nobody could say where it belongs.
/// - An amount with more decimals than its currency has is rounded, half away from zero, and named as an issue.
///
/// # Errors
/// The text is no JSON list.
pub fn rows(stream: Stream, records: &str, location: &str) -> Result<Rows, Issue> {
    let json = records.as_bytes();
    let mut scan = Scanner::new(json);
    let is_list = scan.token() == b'[' && scan.skip(1).is_ok() && scan.finish().is_ok();
    if !is_list {
        return Err(Issue::new("records", "must be the JSON text of a list"));
    }
    let mut found = Rows { rows: String::from("["), ..Rows::default() };
    for (at, (_, record)) in items(json.trim_ascii()).enumerate() {
        found.add(stream, record, location, at as u64);
    }
    found.rows.push(']');
    Ok(found)
}

impl Rows {
    fn issue(&mut self, at: u64, name: &str, message: &str) {
        let mut path = String::from("records[");
        push_decimal(&mut path, at);
        put(&mut path, "].");
        put(&mut path, name);
        self.issues.push(Issue::new(&path, message));
    }

    fn add(&mut self, stream: Stream, record: &[u8], location: &str, at: u64) {
        let id = text_field(record, "_id");
        if id.is_empty() {
            self.issue(at, "_id", "is missing: the record cannot be told from others");
            return;
        }
        let owner = text_field(record, "altId");
        if !owner.is_empty() && owner != location {
            self.issue(at, "altId", "is another location: its record does not belong here");
            return;
        }
        let Ok(body) = core::str::from_utf8(record) else { return };
        let currency = Currency::read(&text_field(record, "currency")).ok();
        let [amount, refunded] = ["amount", "amountRefunded"].map(|name| {
            let minor = minor(field(record, name), currency);
            if minor.is_rounded {
                self.issue(at, name, "has more decimals than its currency, and was rounded");
            }
            if minor.is_odd {
                self.issue(at, name, "is no amount of its currency, and counts as none");
            }
            minor.text
        });
        let source = match stream {
            Stream::Orders => [text_field(record, "sourceType"), text_field(field(record, "source"), "type")],
            _ => [text_field(record, "entitySourceType"), text_field(field(record, "entitySource"), "type")],
        };
        let out = &mut self.rows;
        put(out, if self.count > 0 { ",[" } else { "[" });
        quote(out, &id);
        for name in ["createdAt", "updatedAt"] {
            out.push(',');
            match instant_ms(&text_field(record, name)) {
                Some(ms) => push_decimal(out, ms as u64),
                None => put(out, "null"),
            }
        }
        put_text(out, &text_field(record, "status"));
        put_raw(out, &amount);
        put_text(out, currency.as_ref().map_or("", Currency::as_str));
        put_raw(out, &refunded);
        put_text(out, source.iter().find(|source| !source.is_empty()).map_or("", |source| source));
        put_raw(
            out,
            match field(record, "liveMode") {
                b"true" => "1",
                b"false" => "0",
                _ => "",
            },
        );
        out.push(',');
        quote(out, body);
        out.push(']');
        put_line(&mut self.lines, body);
        self.count += 1;
    }
}

/// A record on one line: JSON may hold line ends between its parts.
fn put_line(out: &mut String, body: &str) {
    for part in body.split(['\n', '\r']) {
        put(out, part);
    }
    out.push('\n');
}

fn put_text(out: &mut String, text: &str) {
    out.push(',');
    if text.is_empty() {
        put(out, "null");
    } else {
        quote(out, text);
    }
}

fn put_raw(out: &mut String, text: &str) {
    out.push(',');
    put(out, if text.is_empty() { "null" } else { text });
}

/// An amount as a row has it.
#[derive(Default)]
struct Minor {
    /// Empty where there is none.
    text: String,
    is_rounded: bool,
    is_odd: bool,
}

fn minor(value: &[u8], currency: Option<Currency>) -> Minor {
    let Some(currency) = currency else { return Minor::default() };
    let quoted = json_text(value);
    let number = quoted.as_deref().or_else(|| core::str::from_utf8(value).ok()).unwrap_or_default();
    if number.is_empty() || number == "null" {
        return Minor::default();
    }
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let read = Amount::of_major(digits, currency);
    let is_rounded = matches!(read, Err(MoneyError::Decimals(_)));
    let Ok(Amount { minor, .. }) = (if is_rounded { Amount::rounded(digits, currency) } else { read }) else {
        return Minor { is_odd: true, ..Minor::default() };
    };
    let mut text = String::from(if minor > 0 { sign } else { "" });
    push_decimal(&mut text, minor);
    Minor { text, is_rounded, is_odd: false }
}
