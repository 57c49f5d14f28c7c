//! What the checker promises, said once more: over trees instead of bytes, without regard to speed.

use crate::document::{Document, Key};
use ghl_payments::shape::{Drift, Kind, Record};

/// The document as it has to be delivered, and every difference that has to be reported, in order.
pub fn judge(document: &Document, kind: &'static Kind) -> (Document, Vec<Drift>) {
    let mut drifts = Vec::new();
    // The top level is no member of anything: nothing allows null there.
    let delivered = value(document, kind, false, "", &mut drifts);
    (delivered, drifts)
}

/// A key that comes twice: the last one counts, as in `JSON.parse`.
fn last_of(members: &[(Key, Document)], index: usize) -> bool {
    members[index + 1..].iter().all(|(key, _)| key.meant != members[index].0.meant)
}

fn record(members: &[(Key, Document)], record: &'static Record, path: &str, drifts: &mut Vec<Drift>) -> Document {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let mut delivered = Vec::new();
    for (index, (key, member)) in members.iter().enumerate() {
        let field = record.fields().find(|field| field.name == key.meant);
        let member = match field {
            Some(field) if last_of(members, index) => {
                value(member, field.kind, !field.required, &at(field.name), drifts)
            }
            _ => member.clone(),
        };
        delivered.push((key.clone(), member));
    }
    for field in record.fields().filter(|field| field.required) {
        if members.iter().all(|(key, _)| key.meant != field.name) {
            drifts.push(drift(&at(field.name), expected(field.kind), "nothing", false));
        }
    }
    Document::Object(delivered)
}

fn value(document: &Document, kind: &'static Kind, nullable: bool, path: &str, drifts: &mut Vec<Drift>) -> Document {
    let number =
        matches!(kind, Kind::Number | Kind::Amount | Kind::Percent | Kind::Positive | Kind::Count | Kind::Whole);
    match (document, kind) {
        (Document::Null, Kind::Json) => document.clone(),
        (Document::Null, _) => {
            if !nullable {
                drifts.push(drift(path, expected(kind), "null", false));
            }
            document.clone()
        }
        (Document::Text(written), _) if number => {
            let certain = is_number(written);
            drifts.push(drift(path, "number", "text", certain));
            if certain {
                Document::Number(written.clone())
            } else {
                document.clone()
            }
        }
        (Document::Text(written), Kind::Boolean) => {
            let certain = matches!(written.as_str(), "true" | "false");
            drifts.push(drift(path, "boolean", "text", certain));
            if certain {
                Document::Boolean(written == "true")
            } else {
                document.clone()
            }
        }
        (Document::Number(written), Kind::Text | Kind::Id) if is_whole(written) => {
            drifts.push(drift(path, "text", "number", true));
            Document::Text(written.clone())
        }
        (Document::Object(members), Kind::Object(table)) => record(members, table, path, drifts),
        (Document::Object(_), Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item))
            if matches!(item, Kind::Object(_)) =>
        {
            if !matches!(kind, Kind::OneOrList(_)) {
                drifts.push(drift(path, "list", "object", true));
            }
            Document::List(vec![value(document, item, false, &format!("{path}[0]"), drifts)])
        }
        (Document::List(items), Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item)) => {
            let item = |(index, document)| value(document, item, false, &format!("{path}[{index}]"), drifts);
            Document::List(items.iter().enumerate().map(item).collect())
        }
        _ => {
            let fits = match document {
                Document::Number(_) => number || matches!(kind, Kind::Json),
                Document::Boolean(_) => matches!(kind, Kind::Boolean | Kind::Json),
                Document::Text(_) => {
                    !matches!(kind, Kind::Map | Kind::Object(_) | Kind::List(_) | Kind::Filled(_) | Kind::OneOrList(_))
                }
                Document::Object(_) => matches!(kind, Kind::Map | Kind::Json),
                Document::List(_) => matches!(kind, Kind::Json),
                Document::Null => unreachable!("above"),
            };
            if !fits {
                drifts.push(drift(path, expected(kind), name(document), false));
            } else if holds_too_large(document) {
                drifts.push(drift(path, "number", "number that is too large", false));
            }
            document.clone()
        }
    }
}

fn holds_too_large(document: &Document) -> bool {
    match document {
        Document::Number(written) => !written.parse::<f64>().is_ok_and(f64::is_finite),
        Document::List(items) => items.iter().any(holds_too_large),
        Document::Object(members) => members.iter().any(|(_, member)| holds_too_large(member)),
        _ => false,
    }
}

fn is_number(written: &str) -> bool {
    written.trim() == written && serde_json::from_str::<serde_json::Number>(written).is_ok()
}

fn is_whole(written: &str) -> bool {
    written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

fn drift(path: &str, expected: &'static str, found: &'static str, repaired: bool) -> Drift {
    Drift { path: path.into(), expected, found, repaired }
}

fn name(document: &Document) -> &'static str {
    match document {
        Document::Null => "null",
        Document::Boolean(_) => "boolean",
        Document::Number(_) => "number",
        Document::Text(_) => "text",
        Document::List(_) => "list",
        Document::Object(_) => "object",
    }
}

fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Number | Kind::Amount | Kind::Percent | Kind::Positive | Kind::Count | Kind::Whole => "number",
        Kind::Boolean => "boolean",
        Kind::Timestamp | Kind::Date => "ISO 8601 text",
        Kind::Json => "any value",
        Kind::Map | Kind::Object(_) => "object",
        Kind::List(_) | Kind::Filled(_) | Kind::OneOrList(_) => "list",
        _ => "text",
    }
}
