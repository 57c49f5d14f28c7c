//! Prints the tables of docs/provider.md, from the shapes of `src/provider` and the comments at their fields:
//! `cargo run --features provider --example protocol`. `cargo xtask guide` puts them into the document.

use ghl_payments::provider::message::{Sender, ALL};
use ghl_payments::provider::push::{Push, EVENTS};
use ghl_payments::provider::query::Action;
use ghl_payments::shape::{Kind, Record, Shape};
use std::collections::BTreeMap;

const SOURCES: [&str; 4] = [
    include_str!("../src/provider/message.rs"),
    include_str!("../src/provider/query.rs"),
    include_str!("../src/provider/push.rs"),
    include_str!("../src/provider/snapshot.rs"),
];

/// A record as its source tells of it.
#[derive(Default)]
struct Source {
    doc: String,
    fields: BTreeMap<String, Described>,
}

/// A field as its source tells of it.
#[derive(Default)]
struct Described {
    doc: String,
    attributes: String,
    /// The record in it, where it holds one.
    inner: String,
}

fn main() {
    let sources = read();
    println!("### Messages between page and checkout\n");
    for message in &ALL {
        let (from, to) = match message.sender {
            Sender::Page => ("page", "HighLevel"),
            Sender::HighLevel => ("HighLevel", "page"),
        };
        let name = record_of(&sources, message.name);
        println!("#### `{}`\n\n{from} → {to}: {}.\n", message.name, message.when);
        table(&sources, &name, &message.shape);
    }
    println!("### Calls of the queryUrl\n");
    for action in Action::ALL {
        let name = format!("{action:?}Request");
        println!("#### `{}`\n\n{}\n\nHighLevel asks:\n", action.name(), sources[&name].doc);
        table(&sources, &name, action.request());
        match action.response() {
            Kind::List(item) => {
                println!("It is answered with a list, without anything around it, of:\n");
                table(&sources, "PaymentMethod", item);
            }
            answer => {
                let name = format!("{action:?}Response");
                println!("{}\n\nIt is answered:\n", sources[&name].doc);
                table(&sources, &name, answer);
            }
        }
    }
    println!("### Pushes\n\n| event | when | must carry |\n|---|---|---|");
    for event in EVENTS {
        let mandatory: Vec<_> = event.mandatory.iter().map(|name| format!("`{name}`")).collect();
        println!("| `{}` | {} | {} |", event.name, event.when.trim(), mandatory.join(", "));
    }
    println!("\nAll of them carry `event`, `locationId` and `apiKey`, and may carry the rest:\n");
    table(&sources, "Push", &Push::KIND);
}

/// The record whose `type` is this text.
fn record_of(sources: &BTreeMap<String, Source>, message: &str) -> String {
    let own = format!("\"\\\"{message}\\\"\"");
    let found = sources.iter().find(|(_, source)| source.fields.values().any(|field| field.attributes.contains(&own)));
    found.unwrap_or_else(|| panic!("no record is {message}")).0.clone()
}

fn table(sources: &BTreeMap<String, Source>, name: &str, kind: &'static Kind) {
    let Kind::Object(record) = kind else { panic!("{name} is no record") };
    println!("| field | kind | | |\n|---|---|---|---|");
    rows(sources, name, record, "");
    println!();
}

fn rows(sources: &BTreeMap<String, Source>, name: &str, record: &'static Record, before: &str) {
    let source = sources.get(name).unwrap_or_else(|| panic!("no source declares {name}"));
    assert_eq!(source.fields.len(), record.fields().count(), "{name}");
    for field in record.fields() {
        let Described { doc, attributes, inner } =
            source.fields.get(field.name).unwrap_or_else(|| panic!("{name} declares no {}", field.name));
        let (kind, nested, list) = kind_of(field.kind);
        let path = format!("{before}{}{}", field.name, if list { "[]" } else { "" });
        let known = texts_of(attributes);
        let doc = doc.replace('|', "\\|");
        let doc = if known.is_empty() { doc } else { format!("{doc} Known: {known}.") };
        println!("| `{path}` | {kind} | {} | {doc} |", if field.required { "must" } else { "" });
        if let Some(nested) = nested {
            rows(sources, inner, nested, &format!("{path}."));
        }
    }
}

/// What a kind is called, the record in it, and whether it is a list of them.
fn kind_of(kind: &'static Kind) -> (&'static str, Option<&'static Record>, bool) {
    match kind {
        Kind::Text | Kind::Id | Kind::Https | Kind::Slug | Kind::Choice(_) => ("text", None, false),
        Kind::Number | Kind::Amount | Kind::Count | Kind::Whole | Kind::Percent | Kind::Positive => {
            ("number", None, false)
        }
        Kind::Boolean => ("true or false", None, false),
        Kind::Timestamp => ("ISO 8601 time", None, false),
        Kind::Date => ("date", None, false),
        Kind::Object(record) => ("object", Some(record), false),
        Kind::List(Kind::Object(record)) | Kind::Filled(Kind::Object(record)) => ("list", Some(record), true),
        Kind::OneOrList(Kind::Object(record)) => ("list, or one of its objects", Some(record), true),
        _ => ("any", None, false),
    }
}

/// The texts of `known(...)`.
fn texts_of(attributes: &str) -> String {
    let known = attributes.split_once("known(").and_then(|(_, rest)| rest.split_once(')'));
    known.map_or_else(String::new, |(texts, _)| {
        let texts: Vec<_> = texts.split('"').skip(1).step_by(2).map(|text| format!("`{text}`")).collect();
        texts.join(", ")
    })
}

/// Every record that the sources declare, with the comments of its fields.
fn read() -> BTreeMap<String, Source> {
    let mut found = BTreeMap::new();
    for source in SOURCES {
        let (mut doc, mut attributes) = (Vec::new(), String::new());
        let mut lines = source.lines();
        let mut open: Option<(String, Source)> = None;
        while let Some(line) = lines.next() {
            let line = line.trim();
            if let Some(text) = line.strip_prefix("/// ") {
                doc.push(text.to_owned());
                continue;
            }
            if line.starts_with("#[") {
                attributes.push_str(line);
                while attributes.matches('[').count() > attributes.matches(']').count() {
                    attributes.push_str(lines.next().expect("an attribute ends").trim());
                }
                continue;
            }
            let (said, attributes) = (std::mem::take(&mut doc), std::mem::take(&mut attributes));
            if let Some(name) = line.strip_prefix("pub struct ").and_then(|rest| rest.strip_suffix(" {")) {
                // The first paragraph; a link of Rust's is its name.
                open = Some((name.to_owned(), Source { doc: plain(&said), ..Source::default() }));
            } else if line == "}" {
                found.extend(open.take());
            } else if let (Some((_, source)), Some((name, kind))) =
                (&mut open, line.strip_prefix("pub ").and_then(|rest| rest.split_once(": ")))
            {
                let renamed = attributes.split_once("rename = \"").and_then(|(_, rest)| rest.split_once('"'));
                let wire = renamed.map_or_else(|| camel_case(name), |(name, _)| name.to_owned());
                let inner = kind.trim_end_matches(',').replace("Option<", "").replace("Vec<", "").replace('>', "");
                source.fields.insert(wire, Described { doc: plain(&said), attributes, inner });
            }
        }
    }
    found
}

/// A comment as text of a document: without Rust's links.
fn plain(lines: &[String]) -> String {
    lines.join(" ").replace("[`", "`").replace("`]", "`")
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut out, part| {
        let (head, tail) = part.split_at(1);
        out.push_str(&head.to_uppercase());
        out.push_str(tail);
        out
    })
}
