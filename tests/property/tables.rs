//! What the properties are held against: the answers of all operations, and records that no operation has yet.

use ghl_payments::endpoint::*;
use ghl_payments::record;
use ghl_payments::shape::{decode, Checked, Field, Kind, Record};
use serde_json::Value;
use std::sync::LazyLock;

/// An answer, and how Rust callers get it.
pub struct Answer {
    pub operation: &'static Operation,
    /// Decodes a checked body and gives it as a value again.
    pub decode: fn(&[u8], &Checked) -> Result<Value, serde_json::Error>,
}

struct Answers(Vec<Answer>);

impl Visitor for Answers {
    fn visit<E: Endpoint>(&mut self)
    where
        E::Answer: serde::Serialize,
    {
        self.0.push(Answer {
            operation: E::OPERATION,
            decode: |body, checked| decode::<E::Answer>(body, checked).and_then(serde_json::to_value),
        });
    }
}

/// The answer of every operation.
pub fn answers() -> &'static [Answer] {
    static ANSWERS: LazyLock<Vec<Answer>> = LazyLock::new(|| {
        let mut answers = Answers(Vec::new());
        visit(&mut answers);
        answers.0
    });
    &ANSWERS
}

#[test]
fn every_operation_of_the_ledger_is_among_the_answers() {
    let names: Vec<&str> = answers().iter().map(|answer| answer.operation.name).collect();
    let ledger: Vec<&str> = ALL.iter().map(|operation| operation.name).collect();
    assert_eq!(names, ledger);
}

const fn field(name: &'static str, kind: &'static Kind, required: bool) -> Field {
    Field { name, kind, required }
}

/// Every kind, also those that only requests use today, in lists and records.
static EVERY_KIND: Record = record!(
    &[
        field("text", &Kind::Text, true),
        field("id", &Kind::Id, false),
        field("number", &Kind::Number, true),
        field("amount", &Kind::Amount, false),
        field("count", &Kind::Count, false),
        field("boolean", &Kind::Boolean, true),
        field("timestamp", &Kind::Timestamp, false),
        field("date", &Kind::Date, false),
        field("https", &Kind::Https, false),
        field("slug", &Kind::Slug, false),
        field("choice", &Kind::Choice(&(&["a", "b"] as &[&str])), false),
        field("json", &Kind::Json, true),
        field("map", &Kind::Map, true),
        field("object", &Kind::Object(&INNER), true),
        field("percent", &Kind::Percent, false),
        field("positive", &Kind::Positive, false),
        field("whole", &Kind::Whole, false),
        field("list", &Kind::List(&Kind::Number), false),
        field("filled", &Kind::Filled(&Kind::Object(&INNER)), false),
        field("lists", &Kind::List(&Kind::List(&Kind::Boolean)), false),
        field("records", &Kind::List(&Kind::Object(&INNER)), false),
        field("oneOrList", &Kind::OneOrList(&Kind::Object(&INNER)), false),
    ],
    &[]
);

const INNER: Record =
    record!(&[field("a", &Kind::Text, true), field("b", &Kind::List(&Kind::Object(&LEAF)), false)], &[]);

const LEAF: Record = record!(&[field("a", &Kind::Number, true)], &[]);

/// More fields than a word has bits.
pub static WIDE: Record = record!(&WIDE_FIELDS, &[]);

const WIDE_FIELDS: [Field; 70] = {
    const NAMES: &str = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869";
    const NONE: Field = field("", &Kind::Number, true);
    let mut fields = [NONE; 70];
    let mut rest = NAMES;
    let mut index = 0;
    while index < fields.len() {
        let (name, behind) = rest.split_at(2);
        fields[index] = field(name, &Kind::Number, true);
        rest = behind;
        index += 1;
    }
    fields
};

/// All of them.
pub fn kinds() -> Vec<&'static Kind> {
    static OWN: [Kind; 3] = [Kind::Object(&EVERY_KIND), Kind::Object(&WIDE), Kind::Json];
    answers().iter().map(|answer| &answer.operation.answer).chain(&OWN).collect()
}
