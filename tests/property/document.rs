//! Documents as trees that keep how a number or a text is written, and how they are made from a shape table.

use ghl_payments::shape::{Kind, Record};
use serde_json::Value;

/// The number that no double can hold, the half of a surrogate pair: `JSON.parse` takes both, serde_json neither.
pub const TOO_LARGE: &str = "1e999";
const LONE_SURROGATE: &str = "\\udbff";

#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    Null,
    Boolean(bool),
    /// As it is written.
    Number(String),
    /// As it is written between the quotes.
    Text(String),
    List(Vec<Document>),
    /// Keys as they are written and as they are meant.
    Object(Vec<(Key, Document)>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    pub written: String,
    pub meant: String,
}

impl Key {
    pub fn plain(name: &str) -> Self {
        Self { written: name.into(), meant: name.into() }
    }

    fn escaped(name: &str) -> Self {
        Self { written: name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(), meant: name.into() }
    }
}

impl Document {
    /// As JSON, with `space` wherever JSON allows white space.
    pub fn write(&self, space: &str) -> String {
        let mut out = String::new();
        self.append(space, &mut out);
        out
    }

    fn append(&self, space: &str, out: &mut String) {
        let list = |out: &mut String, brackets: [char; 2], items: &mut dyn Iterator<Item = String>| {
            out.push(brackets[0]);
            out.push_str(space);
            out.push_str(&items.collect::<Vec<_>>().join(&format!("{space},{space}")));
            out.push_str(space);
            out.push(brackets[1]);
        };
        match self {
            Self::Null => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(written) => out.push_str(written),
            Self::Text(written) => out.push_str(&format!("\"{written}\"")),
            Self::List(items) => list(out, ['[', ']'], &mut items.iter().map(|item| item.write(space))),
            Self::Object(members) => list(
                out,
                ['{', '}'],
                &mut members
                    .iter()
                    .map(|(key, value)| format!("\"{}\"{space}:{space}{}", key.written, value.write(space))),
            ),
        }
    }

    /// What `JSON.parse` makes of it; the two things that serde_json refuses are replaced, the same way everywhere.
    pub fn value(bytes: &[u8]) -> Value {
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let text = text.replace(TOO_LARGE, "8e99").replace(LONE_SURROGATE, "\\ufffd");
        let mut reader = serde_json::Deserializer::from_str(&text);
        reader.disable_recursion_limit();
        let value = serde::Deserialize::deserialize(&mut reader).expect("JSON");
        reader.end().expect("one value");
        value
    }
}

/// Decisions taken from random bytes. When they run out every decision is 0, the plainest, so that shorter input is a
/// plainer document and proptest shrinks towards it.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    pub fn below(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % count
    }

    pub fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len())]
    }

    pub fn space(&mut self) -> &'static str {
        self.of(&["", "", " ", "\n\t", " \r\n  "])
    }

    /// A value of this kind, or one that drifts from it.
    pub fn answer(&mut self, kind: &'static Kind) -> Document {
        match self.below(8) {
            0..=4 => self.conforming(kind),
            5 => self.repairable(kind),
            6 => self.any(0),
            _ => Document::Null,
        }
    }

    /// A value of this kind.
    pub fn conforming(&mut self, kind: &'static Kind) -> Document {
        match kind {
            Kind::Number | Kind::Amount | Kind::Percent | Kind::Positive | Kind::Count | Kind::Whole => {
                Document::Number(self.number())
            }
            Kind::Boolean => Document::Boolean(self.below(2) == 1),
            Kind::Json => self.any(0),
            Kind::Map => Document::Object(vec![(Key::plain("a"), self.any(0))]),
            Kind::Object(record) => self.record(record),
            Kind::List(item) | Kind::Filled(item) => self.list(item),
            Kind::OneOrList(item) if self.below(2) == 0 => self.list(item),
            Kind::OneOrList(item) => self.conforming(item),
            _ => Document::Text(self.text()),
        }
    }

    /// A value that differs from this kind and whose meaning is certain, or looks as if it were.
    fn repairable(&mut self, kind: &'static Kind) -> Document {
        match kind {
            Kind::Number | Kind::Amount | Kind::Percent | Kind::Positive | Kind::Count | Kind::Whole => Document::Text(
                self.of(&[
                    "100",
                    "0",
                    "-0",
                    "59.50",
                    "-1e3",
                    "1,000.00",
                    " 5",
                    "5 ",
                    "",
                    "+1",
                    "1.",
                    ".5",
                    "01",
                    "0x10",
                    "NaN",
                    "Infinity",
                    TOO_LARGE,
                    "12345678901234567890123",
                    "\\u0031",
                ])
                .into(),
            ),
            Kind::Boolean => {
                Document::Text(self.of(&["true", "false", "True", "", "1", " true", "yes", "\\u0074rue"]).into())
            }
            Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item) => self.conforming(item),
            _ => Document::Number(self.number()),
        }
    }

    /// Members in a random order, some missing, some unknown, some twice.
    fn record(&mut self, record: &'static Record) -> Document {
        let mut members = Vec::new();
        let mut fields: Vec<_> = record.fields().collect();
        let start = self.below(fields.len().max(1));
        fields.rotate_left(start);
        for field in fields {
            let times = match (field.required, self.below(8)) {
                (true, 1) | (false, 0..=4) => 0,
                (_, 7) => 2,
                _ => 1,
            };
            for _ in 0..times {
                let key = if self.below(6) == 5 { Key::escaped(field.name) } else { Key::plain(field.name) };
                members.push((key, self.answer(field.kind)));
            }
            if self.below(12) == 11 {
                members.push((self.unknown_key(record), self.any(0)));
            }
        }
        Document::Object(members)
    }

    fn unknown_key(&mut self, record: &'static Record) -> Key {
        let name = self.of(&["unknown", "", "a.b", "x[0]", "data ", "\u{e9}\u{1f600}", "__proto__"]);
        assert!(record.index(name).is_none());
        if self.below(3) == 2 {
            Key::escaped(name)
        } else {
            Key::plain(name)
        }
    }

    fn list(&mut self, item: &'static Kind) -> Document {
        Document::List((0..self.below(4)).map(|_| self.answer(item)).collect())
    }

    pub fn any(&mut self, depth: usize) -> Document {
        let items = if depth > 3 { 0 } else { self.below(3) };
        match self.below(6) {
            0 => Document::Text(self.text()),
            1 => Document::Number(self.number()),
            2 => Document::Boolean(self.below(2) == 1),
            3 => Document::Null,
            4 => Document::List((0..items).map(|_| self.any(depth + 1)).collect()),
            _ => Document::Object(
                (0..items).map(|_| (Key::plain(self.of(&["a", "b", "_id", "data"])), self.any(depth + 1))).collect(),
            ),
        }
    }

    fn number(&mut self) -> String {
        let numbers = [
            "0",
            "1",
            "-0",
            "59.5",
            "-17.25",
            "1e3",
            "2E-7",
            "9007199254740993",
            "-12345678901234567890123",
            "9.9e307",
            "5e-324",
            "0.1e1",
            TOO_LARGE,
            "-1e999",
        ];
        self.of(&numbers).into()
    }

    pub fn text(&mut self) -> String {
        let texts = [
            "",
            "USD",
            "2024-02-01T09:00:00.000Z",
            "line\\nbreak",
            "quote \\\" slash \\\\ \\/",
            "\\u00e9",
            "\u{e9}",
            "\u{1f600} and more than eight bytes",
            "\\ud83d\\ude00",
            LONE_SURROGATE,
            "\\udbffx\\udbff",
            "\u{7f}",
            "{\\\"data\\\":[1,2]}",
            "true",
            "null",
            "[",
            "12345678",
            "1234567\\\"9",
        ];
        self.of(&texts).into()
    }
}
