//! The table of one record, packed: 490 fields as structs of their own would be half of the data of the wasm.

use crate::json::Plain;
use core::ops::Range;

/// What a value has to be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that shows something, without control characters and broken Unicode (requests).
    Id,
    /// A number.
    Number,
    /// An amount of money in major units: above 0, up to 1e12, with at most four decimals (requests). Binary noise is taken
    /// off: `0.1 + 0.2` goes out as `0.3`.
    Amount,
    /// What an [`Amount`](Self::Amount) is where [`Rule::Percent`] says so: its decimals are not limited.
    Percent,
    /// A number above 0, whatever its size (options).
    Positive,
    /// A whole number from 0 that fits 32 bits (requests).
    Count,
    /// A whole number from 0, whatever its size (options).
    Whole,
    /// `true` or `false`.
    Boolean,
    /// An ISO 8601 time.
    Timestamp,
    /// A date, `YYYY-MM-DD`, or an ISO 8601 time (requests).
    Date,
    /// An https URL (requests).
    Https,
    /// Lower-case letters and hyphens that starts and ends with a letter (requests).
    Slug,
    /// Text or a list of texts, neither of them empty; the text may hold several, separated by commas (requests).
    TextOrList,
    /// One of these texts (requests; answers keep their lists of texts open). A reference to the list, so that a
    /// [`Kind`] is two words.
    Choice(&'static &'static [&'static str]),
    /// Anything: HighLevel promises nothing.
    Json,
    /// An object with any fields.
    Map,
    /// A record.
    Object(&'static Record),
    /// A list.
    List(&'static Kind),
    /// A list with at least one item (requests).
    Filled(&'static Kind),
    /// A list that HighLevel also sends as a single object.
    OneOrList(&'static Kind),
}

/// A condition between fields of a request, which are named by their index.
#[derive(Debug)]
pub enum Rule {
    /// At least one of these must be there.
    OneOf(&'static [u16]),
    /// `field` is allowed only where the text `when` is `is`.
    Only {
        /// The field in question.
        field: u16,
        /// The field that decides.
        when: u16,
        /// The value at which `field` is allowed.
        is: &'static str,
    },
    /// `field` is required where the text `when` is `is`.
    Needs {
        /// The field in question.
        field: u16,
        /// The field that decides.
        when: u16,
        /// The value at which `field` is required.
        is: &'static str,
    },
    /// The amount `field` is percent, not money, where the text `when` is `is`.
    Percent {
        /// The field in question.
        field: u16,
        /// The field that decides.
        when: u16,
        /// The value at which `field` is percent.
        is: &'static str,
    },
}

/// The table of one record; [`record!`](crate::record) builds it.
#[derive(Debug)]
pub struct Record {
    /// Conditions between fields (requests only).
    pub rules: &'static [Rule],
    /// The fields, in the order of the declaration; see [`Row`].
    rows: &'static [[u8; 3]],
    /// The text that holds their names.
    names: &'static &'static str,
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

/// A row of a table, packed into three bytes, from the lowest bit: 12 bits say where its name begins, 6 how long the name
/// is, 5 are the code of its kind, 1 says that the field is required.
#[derive(Clone, Copy)]
pub(crate) struct Row(u32);

impl Row {
    const fn unpack([low, middle, high]: [u8; 3]) -> Self {
        Self(u32::from_le_bytes([low, middle, high, 0]))
    }

    /// Where its name stands.
    fn name(self) -> Range<usize> {
        let start = self.0 & 0xfff;
        start as usize..(start + (self.0 >> 12 & 63)) as usize
    }

    fn code(self) -> usize {
        (self.0 >> 18 & 31) as usize
    }

    pub fn required(self) -> bool {
        self.0 >> 23 & 1 == 1
    }

    /// What an answer may have here without a look at it.
    #[inline(always)]
    pub fn plain(self) -> Plain {
        match self.code() {
            TEXT | TIMESTAMP => Plain::Text,
            NUMBER | AMOUNT | COUNT => Plain::Number,
            BOOLEAN => Plain::Boolean,
            _ => Plain::Neither,
        }
    }
}

/// The names of HighLevel's fields. The rows of all records share them: stored again for each record, they would be nearly
/// three times as long. A record with a name that is not here has a text of its own.
#[cfg(not(feature = "edge"))]
static SHARED: &str = ghl_payments_derive::field_names!("src/model", "src/endpoint");
#[cfg(feature = "edge")]
static SHARED: &str =
    ghl_payments_derive::field_names!("src/model", "src/endpoint", "src/provider", "src/provider/query", "src/webhook");

const TEXT: usize = 0;
const NUMBER: usize = 2;
const AMOUNT: usize = 3;
const COUNT: usize = 4;
const BOOLEAN: usize = 5;
const TIMESTAMP: usize = 6;

/// The kinds that stand for themselves, by their code.
static SIMPLE: [Kind; 16] = [
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
    Kind::Percent,
    Kind::Positive,
    Kind::Whole,
];

const fn code(kind: &Kind) -> Option<usize> {
    Some(match kind {
        Kind::Text => TEXT,
        Kind::Id => 1,
        Kind::Number => NUMBER,
        Kind::Amount => AMOUNT,
        Kind::Count => COUNT,
        Kind::Boolean => BOOLEAN,
        Kind::Timestamp => TIMESTAMP,
        Kind::Date => 7,
        Kind::Https => 8,
        Kind::Slug => 9,
        Kind::TextOrList => 10,
        Kind::Json => 11,
        Kind::Map => 12,
        Kind::Percent => 13,
        Kind::Positive => 14,
        Kind::Whole => 15,
        Kind::Choice(_) | Kind::Object(_) | Kind::List(_) | Kind::Filled(_) | Kind::OneOrList(_) => return None,
    })
}

impl Record {
    /// The fields, in the order of the declaration.
    pub fn fields(&self) -> Fields {
        Fields { rows: self.rows, kinds: self.kinds, names: self.names }
    }

    /// The index of a field.
    pub fn index(&self, name: impl AsRef<[u8]>) -> Option<usize> {
        self.find(name.as_ref(), 0).map(|(index, _)| index)
    }

    /// Whether they are the parameters of a list that is read page by page.
    pub fn is_list(&self) -> bool {
        self.index("offset").is_some()
    }

    /// The name of the field with this index; empty if there is none.
    pub fn name(&self, index: u16) -> &'static str {
        self.row(usize::from(index)).map_or("", |row| self.text(row))
    }

    /// The index of a field, and whether it is a count; a query writes it as text.
    #[cfg(feature = "edge")]
    pub(crate) fn place(&self, name: &str) -> Option<(usize, bool)> {
        let (index, row) = self.find(name.as_bytes(), 0)?;
        Some((index, matches!(self.kind(row), Kind::Count)))
    }

    /// How many fields must be there.
    pub fn required(&self) -> u16 {
        self.required
    }

    /// The fields from one index to before another as a record of their own; for records without rules and required fields.
    #[cfg(any(test, all(feature = "npm", target_arch = "wasm32")))]
    pub(crate) const fn part(&self, from: usize, to: usize) -> Self {
        let to = if to < self.rows.len() { to } else { self.rows.len() };
        let (rows, _) = self.rows.split_at(to);
        let (_, rows) = rows.split_at(from);
        Self { rules: &[], rows, kinds: self.kinds, names: self.names, required: 0 }
    }

    /// The rows, in the order of the declaration.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.rows.iter().map(|row| Row::unpack(*row))
    }

    /// The row with this index.
    #[inline(always)]
    pub(super) fn row(&self, index: usize) -> Option<Row> {
        self.rows.get(index).map(|row| Row::unpack(*row))
    }

    /// The row with this name and its index; the search begins at the index `from`.
    pub(super) fn find(&self, name: &[u8], from: usize) -> Option<(usize, Row)> {
        let mut index = from;
        for _ in self.rows {
            if index == self.rows.len() {
                index = 0;
            }
            let row = self.row(index)?;
            if row.name().len() == name.len() && *self.bytes(row) == *name {
                return Some((index, row));
            }
            index += 1;
        }
        None
    }

    /// The name of a row. The walk over an answer needs it as text only where something is wrong.
    #[inline(always)]
    pub(super) fn bytes(&self, row: Row) -> &'static [u8] {
        self.names.as_bytes().get(row.name()).unwrap_or_default()
    }

    /// The name of a row as text.
    pub(super) fn text(&self, row: Row) -> &'static str {
        name(row, self.names)
    }

    /// The kind that a row's code stands for.
    pub(super) fn kind(&self, row: Row) -> &'static Kind {
        kind(row, self.kinds)
    }

    #[doc(hidden)]
    pub const fn packed(
        rows: &'static [[u8; 3]],
        kinds: &'static [Kind],
        names: &'static &'static str,
        required: u16,
        rules: &'static [Rule],
    ) -> Self {
        Self { rules, rows, names, kinds, required }
    }
}

fn name(row: Row, names: &'static str) -> &'static str {
    names.get(row.name()).unwrap_or_default()
}

fn kind(row: Row, kinds: &'static [Kind]) -> &'static Kind {
    let code = row.code();
    SIMPLE.get(code).or_else(|| kinds.get(code - SIMPLE.len())).unwrap_or(&Kind::Json)
}

/// An iterator over the fields of a record.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    rows: &'static [[u8; 3]],
    kinds: &'static [Kind],
    names: &'static &'static str,
}

impl Iterator for Fields {
    type Item = Field;

    #[inline(never)]
    fn next(&mut self) -> Option<Field> {
        let (row, rows) = self.rows.split_first()?;
        self.rows = rows;
        let row = Row::unpack(*row);
        Some(Field { name: name(row, self.names), kind: kind(row, self.kinds), required: row.required() })
    }
}

/// Builds a [`Record`](crate::shape::Record) from a constant list of fields and one of rules.
#[macro_export]
macro_rules! record {
    ($fields:expr, $rules:expr) => {{
        const FIELDS: &[$crate::shape::Field] = $fields;
        const OWN: &[u8] = &$crate::shape::pack_names::<{ $crate::shape::names_length(FIELDS) }>(FIELDS);
        const NAMES: &'static &'static str = $crate::shape::names(FIELDS, &$crate::shape::as_text(OWN));
        const ROWS: &[[u8; 3]] = &$crate::shape::pack_rows::<{ FIELDS.len() }>(FIELDS, NAMES);
        const KINDS: &[$crate::shape::Kind] =
            &$crate::shape::pack_kinds::<{ $crate::shape::kind_count(FIELDS) }>(FIELDS);
        $crate::shape::Record::packed(ROWS, KINDS, NAMES, $crate::shape::required_count(FIELDS), $rules)
    }};
}

#[doc(hidden)]
pub const fn as_text(names: &'static [u8]) -> &'static str {
    match core::str::from_utf8(names) {
        Ok(names) => names,
        Err(_) => panic!("names are put together from texts"),
    }
}

/// Where a name stands among names.
const fn place(name: &str, names: &str) -> Option<usize> {
    let (name, names) = (name.as_bytes(), names.as_bytes());
    let [first, ..] = *name else { return Some(0) };
    let mut at = 0;
    if name.len() > names.len() {
        return None;
    }
    let end = names.len() - name.len() + 1;
    while at < end {
        // Most places are passed here: the compiler interprets this.
        if names[at] != first {
            at += 1;
            continue;
        }
        let mut same = 1;
        while same < name.len() && names[at + same] == name[same] {
            same += 1;
        }
        if same == name.len() {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// The text that holds the names of these fields: the shared one if it has them all, otherwise their own.
#[doc(hidden)]
pub const fn names(fields: &[Field], own: &'static &'static str) -> &'static &'static str {
    let mut i = 0;
    while i < fields.len() {
        if place(fields[i].name, SHARED).is_none() {
            return own;
        }
        i += 1;
    }
    &SHARED
}

#[doc(hidden)]
pub const fn names_length(fields: &[Field]) -> usize {
    let (mut length, mut i) = (0, 0);
    while i < fields.len() {
        length += fields[i].name.len();
        i += 1;
    }
    length
}

#[doc(hidden)]
pub const fn pack_names<const N: usize>(fields: &[Field]) -> [u8; N] {
    let mut names = [0; N];
    let (mut at, mut i) = (0, 0);
    while i < fields.len() {
        let name = fields[i].name.as_bytes();
        let mut letter = 0;
        while letter < name.len() {
            names[at] = name[letter];
            at += 1;
            letter += 1;
        }
        i += 1;
    }
    names
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
pub const fn pack_rows<const N: usize>(fields: &[Field], names: &str) -> [[u8; 3]; N] {
    let mut rows = [[0; 3]; N];
    let (mut kinds, mut i) = (0, 0);
    while i < N {
        let Field { name, kind, required } = fields[i];
        let code = match code(kind) {
            Some(code) => code,
            None => {
                kinds += 1;
                SIMPLE.len() + kinds - 1
            }
        };
        let Some(start) = place(name, names) else { panic!("a name is missing among the names") };
        assert!(start < 1 << 12 && name.len() < 1 << 6 && code < 1 << 5, "a row has no room for its name or kind");
        let row = start | name.len() << 12 | code << 18 | (required as usize) << 23;
        let [low, middle, high, _] = (row as u32).to_le_bytes();
        rows[i] = [low, middle, high];
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
    use super::{code, Field, Kind, Record, Rule, SHARED, SIMPLE};
    use crate::endpoint;

    /// The records in a kind, one in each other.
    fn records(kind: &Kind, out: &mut Vec<&'static Record>) {
        match kind {
            Kind::Object(record) => {
                out.push(record);
                record.fields().for_each(|field| records(field.kind, out));
            }
            Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item) => records(item, out),
            _ => {}
        }
    }

    #[test]
    fn every_record_of_an_operation_shares_the_names() {
        let mut all = Vec::new();
        for operation in endpoint::ALL {
            [operation.query, operation.body].into_iter().flatten().for_each(|record| {
                records(&Kind::Object(record), &mut all);
            });
            records(&operation.answer, &mut all);
        }
        for record in &all {
            let names: Vec<_> = record.fields().map(|field| field.name).collect();
            assert_eq!(record.names.as_ptr(), SHARED.as_ptr(), "{names:?}");
        }
    }

    #[test]
    fn a_code_stands_for_its_kind() {
        for (index, kind) in SIMPLE.iter().enumerate() {
            assert_eq!(code(kind), Some(index), "{kind:?}");
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
