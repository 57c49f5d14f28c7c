//! The table of one record, packed: 470 fields as structs of their own would be half of the data of the wasm.

use super::{Kind, Rule};

/// The table of one record; [`record!`](crate::record) builds it.
#[derive(Debug)]
pub struct Record {
    /// Conditions between fields (requests only).
    pub rules: &'static [Rule],
    /// For each field, in the order of the declaration: a byte with the length of its name and [`REQUIRED`], the code
    /// of its kind, its name.
    rows: &'static str,
    /// The kinds that are not [`SIMPLE`]; their codes go on from there.
    kinds: &'static [Kind],
    /// How many fields are required: as long as all are met, the walk need not look for the others.
    required: u16,
}

/// One row of a record's table.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What its value has to be.
    pub kind: &'static Kind,
    /// Whether the record is incomplete without it.
    pub required: bool,
}

const REQUIRED: u8 = 64;

/// The kinds that stand for themselves, by their code.
static SIMPLE: [Kind; 13] = [
    Kind::Text,
    Kind::Id,
    Kind::Number,
    Kind::Amount,
    Kind::Count,
    Kind::Boolean,
    Kind::Timestamp,
    Kind::Date,
    Kind::Https,
    Kind::Slug,
    Kind::TextOrList,
    Kind::Json,
    Kind::Map,
];

const fn code(kind: &Kind) -> Option<u8> {
    Some(match kind {
        Kind::Text => 0,
        Kind::Id => 1,
        Kind::Number => 2,
        Kind::Amount => 3,
        Kind::Count => 4,
        Kind::Boolean => 5,
        Kind::Timestamp => 6,
        Kind::Date => 7,
        Kind::Https => 8,
        Kind::Slug => 9,
        Kind::TextOrList => 10,
        Kind::Json => 11,
        Kind::Map => 12,
        Kind::Choice(_) | Kind::Object(_) | Kind::List(_) | Kind::OneOrList(_) => return None,
    })
}

impl Record {
    /// The fields, in the order of the declaration.
    pub fn fields(&self) -> Fields {
        Fields { rows: self.rows, kinds: self.kinds }
    }

    /// The index of a field.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.fields().position(|f| f.name == name)
    }

    /// The name of the field with this index; empty if there is none.
    pub fn name(&self, index: u16) -> &'static str {
        self.fields().nth(usize::from(index)).map_or("", |f| f.name)
    }

    /// How many fields must be there.
    pub fn required(&self) -> u16 {
        self.required
    }

    /// The fields from one index to before another as a record of their own; for records without rules and required fields.
    #[cfg(any(test, all(feature = "npm", target_arch = "wasm32")))]
    pub(crate) const fn part(&self, from: usize, to: usize) -> Self {
        let (rows, _) = self.rows.split_at(offset(self.rows, to));
        let (_, rows) = rows.split_at(offset(self.rows, from));
        Self { rules: &[], rows, kinds: self.kinds, required: 0 }
    }

    /// The rows as bytes, for the walk over an answer: it needs a name as text only where something is wrong.
    pub(super) fn cursor(&self) -> Cursor {
        Cursor { rows: self.rows.as_bytes(), passed: 0 }
    }

    /// The kind that a row's code stands for.
    pub(super) fn kind(&self, code: u8) -> &'static Kind {
        let code = usize::from(code);
        SIMPLE.get(code).or_else(|| self.kinds.get(code - SIMPLE.len())).unwrap_or(&Kind::Json)
    }

    #[doc(hidden)]
    pub const fn packed(rows: &'static [u8], kinds: &'static [Kind], required: u16, rules: &'static [Rule]) -> Self {
        match core::str::from_utf8(rows) {
            Ok(rows) => Self { rules, rows, kinds, required },
            Err(_) => panic!("a name, a length or a code is no ASCII"),
        }
    }
}

/// Where the row with this index begins.
#[cfg(any(test, all(feature = "npm", target_arch = "wasm32")))]
const fn offset(rows: &str, index: usize) -> usize {
    let (mut at, mut passed) = (0, 0);
    while passed < index && at < rows.len() {
        at += 2 + (rows.as_bytes()[at] & (REQUIRED - 1)) as usize;
        passed += 1;
    }
    at
}

/// A place between the rows of a record.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    rows: &'static [u8],
    /// How many rows were passed: the index of the next one.
    pub passed: usize,
}

/// A row as it is packed.
pub(super) struct Row {
    pub name: &'static [u8],
    pub code: u8,
    pub required: bool,
}

impl Cursor {
    #[inline(always)]
    pub fn next(&mut self) -> Option<Row> {
        let [head, code, rows @ ..] = self.rows else { return None };
        let (name, rows) = rows.split_at_checked(usize::from(head & (REQUIRED - 1)))?;
        self.rows = rows;
        self.passed += 1;
        Some(Row { name, code: *code, required: head & REQUIRED != 0 })
    }
}

/// An iterator over the fields of a record.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    rows: &'static str,
    kinds: &'static [Kind],
}

impl Iterator for Fields {
    type Item = Field;

    #[inline(never)]
    fn next(&mut self) -> Option<Field> {
        let [head, code, ..] = *self.rows.as_bytes() else { return None };
        let (row, rest) = self.rows.split_at_checked(2 + usize::from(head & (REQUIRED - 1)))?;
        self.rows = rest;
        let code = usize::from(code);
        let kind = SIMPLE.get(code).or_else(|| self.kinds.get(code - SIMPLE.len()))?;
        Some(Field { name: row.get(2..)?, kind, required: head & REQUIRED != 0 })
    }
}

/// Builds a [`Record`](crate::shape::Record) from a constant list of fields and one of rules.
#[macro_export]
macro_rules! record {
    ($fields:expr, $rules:expr) => {{
        const FIELDS: &[$crate::shape::Field] = $fields;
        const ROWS: &[u8] = &$crate::shape::pack_rows::<{ $crate::shape::packed_length(FIELDS) }>(FIELDS);
        const KINDS: &[$crate::shape::Kind] =
            &$crate::shape::pack_kinds::<{ $crate::shape::kind_count(FIELDS) }>(FIELDS);
        $crate::shape::Record::packed(ROWS, KINDS, $crate::shape::required_count(FIELDS), $rules)
    }};
}

#[doc(hidden)]
pub const fn packed_length(fields: &[Field]) -> usize {
    let (mut length, mut i) = (0, 0);
    while i < fields.len() {
        length += 2 + fields[i].name.len();
        i += 1;
    }
    length
}

#[doc(hidden)]
pub const fn kind_count(fields: &[Field]) -> usize {
    let (mut count, mut i) = (0, 0);
    while i < fields.len() {
        count += code(fields[i].kind).is_none() as usize;
        i += 1;
    }
    count
}

#[doc(hidden)]
pub const fn required_count(fields: &[Field]) -> u16 {
    let (mut count, mut i) = (0, 0);
    while i < fields.len() {
        count += fields[i].required as u16;
        i += 1;
    }
    count
}

#[doc(hidden)]
pub const fn pack_rows<const N: usize>(fields: &[Field]) -> [u8; N] {
    let mut rows = [0; N];
    let (mut at, mut kinds, mut i) = (0, 0, 0);
    while i < fields.len() {
        let Field { name, kind, required } = fields[i];
        assert!(name.len() < REQUIRED as usize, "a name is too long for its row");
        rows[at] = name.len() as u8 | if required { REQUIRED } else { 0 };
        rows[at + 1] = match code(kind) {
            Some(code) => code,
            None => {
                kinds += 1;
                SIMPLE.len() as u8 + kinds - 1
            }
        };
        at += 2;
        let mut letter = 0;
        while letter < name.len() {
            rows[at] = name.as_bytes()[letter];
            at += 1;
            letter += 1;
        }
        i += 1;
    }
    rows
}

#[doc(hidden)]
pub const fn pack_kinds<const N: usize>(fields: &[Field]) -> [Kind; N] {
    let mut kinds = [Kind::Json; N];
    let (mut at, mut i) = (0, 0);
    while i < fields.len() {
        if code(fields[i].kind).is_none() {
            kinds[at] = *fields[i].kind;
            at += 1;
        }
        i += 1;
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::{code, Field, Record, SIMPLE};
    use crate::shape::{Kind, Rule};

    #[test]
    fn a_code_stands_for_its_kind() {
        for (index, kind) in SIMPLE.iter().enumerate() {
            assert_eq!(code(kind).map(usize::from), Some(index), "{kind:?}");
        }
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        static LIST: Kind = Kind::List(&Kind::Boolean);
        static RECORD: Record = crate::record!(
            &[
                Field { name: "_id", kind: &Kind::Text, required: true },
                Field { name: "flags", kind: &LIST, required: false },
                Field { name: "", kind: &Kind::Map, required: true },
            ],
            &[Rule::OneOf(&[0])]
        );
        let fields: Vec<_> = RECORD.fields().map(|f| (f.name, format!("{:?}", f.kind), f.required)).collect();
        let text = |kind: &Kind| format!("{kind:?}");
        let expected = [("_id", text(&Kind::Text), true), ("flags", text(&LIST), false), ("", text(&Kind::Map), true)];
        assert_eq!(fields, expected);
        assert_eq!((RECORD.index("flags"), RECORD.index("other"), RECORD.rules.len()), (Some(1), None, 1));
        assert_eq!(RECORD.required(), 2);
        let names = |record: &Record| record.fields().map(|f| f.name).collect::<Vec<_>>();
        assert_eq!((names(&RECORD.part(0, 2)), names(&RECORD.part(1, 9))), (vec!["_id", "flags"], vec!["flags", ""]));
        assert_eq!(RECORD.part(1, 2).fields().map(|f| format!("{:?}", f.kind)).collect::<Vec<_>>(), [text(&LIST)]);
    }
}
