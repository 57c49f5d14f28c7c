//! Records as rows of a database and as lines of a file.

use super::stream::Stream;
use super::time::time_ms;
use crate::json::{items, json_text, members, push_decimal, put, quote, text_field, Scanner};
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
    /// How many records are in neither.
    pub left_out: u64,
    /// What is wrong with records, by their places in the list.
    pub issues: Vec<Issue>,
}

/// Makes rows and lines of the JSON list `records` of a location.
///
/// - Times are milliseconds since 1970; amounts are minor units of their currency, exact; the source is what kind of thing was
///   sold through, such as `funnel`; live is 1 or 0; the body is the record as text. What a record does not say is null.
/// - A record without an id, and one that names another location, is left out: nobody could say where it belongs.
/// - An amount with more decimals than its currency has is none of it: null, and named as an issue. What is less than 1e-9 of the
///   number away from four decimals is the noise of binary fractions and taken off first: 0.30000000000000004 USD is 30 cents.
/// - A time without a zone is one of UTC, a date is its first moment; a number is milliseconds above 1e11, else seconds.
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
        let [id, owner, currency, amount, refunded, created, updated, status, live, source_type, source] =
            told(stream, record);
        let (id, owner) = (text(id), text(owner));
        if id.is_empty() {
            self.issue(at, ID, "is missing: the record cannot be told from others");
            self.left_out += 1;
            return;
        }
        if !owner.is_empty() && owner != location {
            self.issue(at, OWNER, "is another location: its record does not belong here");
            self.left_out += 1;
            return;
        }
        let Ok(body) = core::str::from_utf8(record) else { return };
        let currency = Currency::read(&text(currency)).ok();
        let [amount, refunded] = [(AMOUNT, amount), (REFUNDED, refunded)].map(|(name, value)| {
            let (minor, problem) = minor(value, currency);
            if let Some(problem) = problem {
                self.issue(at, name, problem);
            }
            minor
        });
        let mut sold_by = text(source_type);
        if sold_by.is_empty() {
            sold_by = text_field(source, "type");
        }
        let out = &mut self.rows;
        put(out, if self.count > 0 { ",[" } else { "[" });
        quote(out, &id);
        for time in [created, updated] {
            out.push(',');
            match time_ms(time) {
                Some(ms) => {
                    put(out, if ms < 0 { "-" } else { "" });
                    push_decimal(out, ms.unsigned_abs());
                }
                None => put(out, "null"),
            }
        }
        put_text(out, &text(status));
        put_raw(out, &amount);
        put_text(out, currency.as_ref().map_or("", Currency::as_str));
        put_raw(out, &refunded);
        put_text(out, &sold_by);
        put_raw(
            out,
            if live == b"true" {
                "1"
            } else if live == b"false" {
                "0"
            } else {
                ""
            },
        );
        out.push(',');
        put_body(out, &mut self.lines, body);
        out.push(']');
        self.count += 1;
    }
}

const ID: &str = "_id";
const OWNER: &str = "altId";
const AMOUNT: &str = "amount";
const REFUNDED: &str = "amountRefunded";

/// The fields that make a row, and those that say by what a record was sold: in lists and in a single record.
const FIELDS: [&str; 11] =
    [ID, OWNER, "currency", AMOUNT, REFUNDED, "createdAt", "updatedAt", "status", "liveMode", "sourceType", "source"];
const SOLD_BY: [&str; 2] = ["entitySourceType", "entitySource"];

/// The values of these fields, in one walk over the record; nothing for one that it does not have.
fn told(stream: Stream, record: &[u8]) -> [&[u8]; 11] {
    let mut names = FIELDS;
    if stream != Stream::Orders {
        let [.., kind, source] = &mut names;
        [*kind, *source] = SOLD_BY;
    }
    let mut values: [&[u8]; 11] = [b""; 11];
    for (key, value) in members(record) {
        for (name, into) in names.iter().zip(&mut values) {
            if name.as_bytes() == key {
                *into = value;
            }
        }
    }
    values
}

fn text(value: &[u8]) -> String {
    json_text(value).unwrap_or_default()
}

/// The text of a record with quotes around it, and on a line of its own. It is most of the work: by eight bytes at a time.
fn put_body(out: &mut String, lines: &mut String, body: &str) {
    let bytes = body.as_bytes();
    if special(bytes, 0, |word| word.wrapping_sub(LOW_BITS * 0x20) & !word) < bytes.len() {
        // JSON may hold line ends between its parts.
        quote(out, body);
        for character in body.chars().filter(|character| *character >= ' ') {
            lines.push(character);
        }
        lines.push('\n');
        return;
    }
    put(lines, body);
    lines.push('\n');
    out.push('"');
    let (mut from, mut next) = (0, 0);
    loop {
        let found = special(bytes, next, |word| {
            let (quote, backslash) = (word ^ (LOW_BITS * b'"' as u64), word ^ (LOW_BITS * b'\\' as u64));
            quote.wrapping_sub(LOW_BITS) & !quote | backslash.wrapping_sub(LOW_BITS) & !backslash
        });
        put(out, body.get(from..found).unwrap_or_default());
        out.push(if found < bytes.len() { '\\' } else { '"' });
        if found >= bytes.len() {
            return;
        }
        // What is marked begins the next piece.
        (from, next) = (found, found + 1);
    }
}

const LOW_BITS: u64 = 0x0101_0101_0101_0101;

/// The first byte from there on that `marks` sets the highest bit of; the length where there is none. Marks above the lowest one may
/// be wrong.
#[inline(always)]
fn special(bytes: &[u8], mut at: usize, marks: impl Fn(u64) -> u64) -> usize {
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        // Spaces behind the end: they are never special.
        let mut chunk = [b' '; 8];
        match rest.first_chunk() {
            Some(whole) => chunk = *whole,
            None => chunk.iter_mut().zip(rest).for_each(|(into, byte)| *into = *byte),
        }
        let hits = marks(u64::from_le_bytes(chunk)) & (LOW_BITS << 7);
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    bytes.len()
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

/// The minor units of an amount, empty where there is none, and what is wrong with it.
fn minor(value: &[u8], currency: Option<Currency>) -> (String, Option<&'static str>) {
    let mut out = String::new();
    let quoted = json_text(value);
    let number = quoted.as_deref().or_else(|| core::str::from_utf8(value).ok()).unwrap_or_default();
    let Some(currency) = currency.filter(|_| !number.is_empty() && number != "null") else { return (out, None) };
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    match Amount::of_major(digits, currency) {
        Ok(Amount { minor, .. }) => {
            put(&mut out, if minor > 0 { sign } else { "" });
            push_decimal(&mut out, minor);
            (out, None)
        }
        Err(MoneyError::Decimals(_)) => (out, Some("has more decimals than its currency, and counts as none")),
        Err(_) => (out, Some("is no amount of its currency, and counts as none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::quote;

    const ORDER: &str = r#"{"_id":"o1","altId":"loc","amount":19.99,"currency":"usd","status":"completed","liveMode":true,
        "sourceType":"funnel","createdAt":"2026-08-17T09:06:59.366Z","updatedAt":"2026-08-17T11:06:59+02:00","contactName":"Zo\u00eb \"é\" 🙂"}"#;

    fn made(stream: Stream, records: &str) -> Rows {
        rows(stream, records, "loc").expect("a list")
    }

    /// The row of one record without its body.
    fn row(stream: Stream, record: &str) -> String {
        let rows = made(stream, &format!("[{record}]"));
        assert_eq!(rows.count, 1, "{:?}", rows.issues);
        let mut body = String::from(",");
        quote(&mut body, record);
        body.push_str("]]");
        rows.rows.strip_suffix(&body).expect("the body as it came").to_owned()
    }

    #[test]
    fn a_record_becomes_a_row_and_a_line() {
        assert_eq!(
            row(Stream::Orders, ORDER),
            r#"[["o1",1786957619366,1786957619000,"completed",1999,"USD",null,"funnel",1"#
        );
        let two = made(Stream::Orders, &format!(" [ {ORDER} , {ORDER} ]\n"));
        let one_line = ORDER.replace('\n', "");
        assert_eq!((two.count, two.lines), (2, format!("{one_line}\n{one_line}\n")));
        let read: serde_json::Value = serde_json::from_str(&two.rows).expect("JSON");
        assert_eq!(read[1][9], ORDER, "the body is the record's own text");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&one_line).unwrap(),
            serde_json::from_str::<serde_json::Value>(ORDER).unwrap()
        );
        assert_eq!(made(Stream::Orders, "[]"), Rows { rows: "[]".into(), ..Rows::default() });
    }

    #[test]
    fn the_body_is_the_text_of_the_record_wherever_its_quotes_and_characters_stand() {
        for before in 0..17 {
            for inside in ["\\\"", "\\\\", "\\n", "\\u0000", "é", "🙂\\\\\\\"", "\u{7f}", ""] {
                for behind in 0..9 {
                    let record = format!(r#"{{"_id":"t","a":"{}{inside}{}"}}"#, "x".repeat(before), "y".repeat(behind));
                    let made = made(Stream::Orders, &format!("[{record}]"));
                    let read: serde_json::Value = serde_json::from_str(&made.rows).expect("JSON");
                    assert_eq!(read[0][9], record.as_str());
                    assert_eq!(made.lines, format!("{record}\n"));
                }
            }
        }
    }

    #[test]
    fn amounts_are_minor_units_of_their_own_currency() {
        for (amount, currency, expected, refused) in [
            ("10.5", "USD", "1050", false),
            ("0", "USD", "0", false),
            ("-0", "USD", "0", false),
            ("-10.5", "USD", "-1050", false),
            ("1050", "JPY", "1050", false),
            ("1.005", "KWD", "1005", false),
            ("1.2345", "CLF", "12345", false),
            ("\"80.00\"", "EUR", "8000", false),
            ("0.30000000000000004", "USD", "30", false),
            ("4.35", "USD", "435", false),
            ("1e3", "USD", "100000", false),
            ("19.990", "USD", "1999", false),
            ("100.0", "JPY", "100", false),
            ("1.1000000000000001", "USD", "110", false),
            ("19.999", "USD", "null", true),
            ("-19.999", "USD", "null", true),
            ("10.004999", "USD", "null", true),
            ("0.001", "USD", "null", true),
            ("100.5", "JPY", "null", true),
            ("1.2345", "KWD", "null", true),
            ("33.333333333333336", "USD", "null", true),
        ] {
            let record =
                format!(r#"{{"_id":"t","amount":{amount},"amountRefunded":{amount},"currency":"{currency}"}}"#);
            let start = format!(r#"[["t",null,null,null,{expected},"{currency}",{expected},null,null"#);
            assert_eq!(row(Stream::Transactions, &record), start);
            let paths: Vec<String> =
                made(Stream::Transactions, &format!("[{record}]")).issues.into_iter().map(|issue| issue.path).collect();
            assert_eq!(
                paths,
                if refused { vec!["records[0].amount", "records[0].amountRefunded"] } else { vec![] },
                "{amount}"
            );
        }
    }

    #[test]
    fn what_is_no_amount_is_none_and_is_named() {
        for amount in ["1e99", "\"1,000.00\"", "\"\"x", "{}", "true", "1e400", "\"-\""] {
            let record = format!(r#"{{"_id":"t","currency":"USD","amount":{amount}}}"#).replace("\"\"x", "\"x\"");
            assert!(row(Stream::Orders, &record).contains(r#",null,"USD",null"#), "{record}");
            assert_eq!(made(Stream::Orders, &format!("[{record}]")).issues.len(), 1, "{record}");
        }
        // Nobody can count minor units of no currency.
        for record in [
            r#"{"_id":"t","amount":5}"#,
            r#"{"_id":"t","amount":5,"currency":"dollars"}"#,
            r#"{"_id":"t","amount":null,"currency":"USD"}"#,
        ] {
            let rows = made(Stream::Orders, &format!("[{record}]"));
            assert!(rows.issues.is_empty() && rows.rows.starts_with(r#"[["t",null,null,null,null,"#), "{}", rows.rows);
        }
    }

    #[test]
    fn the_source_is_where_each_kind_of_record_says_it() {
        for (stream, record, source) in [
            (Stream::Orders, r#""sourceType":"funnel""#, "\"funnel\""),
            (Stream::Orders, r#""source":{"type":"calendar"}"#, "\"calendar\""),
            (Stream::Transactions, r#""entitySourceType":"invoice","sourceType":"x""#, "\"invoice\""),
            (Stream::Transactions, r#""entitySource":{"type":"membership"}"#, "\"membership\""),
            (Stream::Subscriptions, r#""entitySourceType":"funnel""#, "\"funnel\""),
            (Stream::Coupons, r#""code":"x""#, "null"),
        ] {
            let record = format!(r#"{{"_id":"t",{record},"liveMode":false}}"#);
            assert!(row(stream, &record).ends_with(&format!(",{source},0")), "{record}");
        }
    }

    #[test]
    fn what_belongs_to_nobody_or_to_somebody_else_is_left_out_and_named() {
        let records = r#"[{"altId":"loc"},{"_id":"a","altId":"other","amount":5,"currency":"USD"},{"_id":"b","altId":"loc"},{"_id":7},5,null]"#;
        let made = made(Stream::Orders, records);
        let paths: Vec<&str> = made.issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(paths, ["records[0]._id", "records[1].altId", "records[3]._id", "records[4]._id", "records[5]._id"]);
        assert_eq!((made.count, made.left_out, made.lines.as_str()), (1, 5, "{\"_id\":\"b\",\"altId\":\"loc\"}\n"));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for records in ["", "{}", "[", "[1,]", "[]]", "null", "[{\"_id\":\"a\"}", "[\"\u{1}\"]"] {
            assert_eq!(
                rows(Stream::Orders, records, "loc").map_err(|issue| issue.path),
                Err("records".into()),
                "{records}"
            );
        }
    }

    #[test]
    fn times_are_milliseconds_since_1970_whatever_they_are_written_as() {
        for (time, ms) in [
            ("\"2026-08-17\"", "1786924800000"),
            ("1786957619366", "1786957619366"),
            ("\"1969-12-31T23:59:59Z\"", "-1000"),
            ("\"\"", "null"),
            ("null", "null"),
            ("{\"$date\":\"2026-08-17\"}", "null"),
        ] {
            let row = row(Stream::Orders, &format!(r#"{{"_id":"t","createdAt":{time},"updatedAt":{time}}}"#));
            assert!(row.starts_with(&format!(r#"[["t",{ms},{ms},"#)), "{time}: {row}");
        }
    }
}
