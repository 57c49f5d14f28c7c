//! The interpreter of the shape tables: one walk over the bytes for answers ([`check`], open) and for requests
//! ([`validate`], closed).

use super::id::{are_shown, is_id, NO_ID};
use super::record::{Kind, Record, Row, Rule};
#[cfg(feature = "provider")]
use crate::json::Object;
use crate::json::{
    amount, is_whole, joined, json_text, members, push_amount, push_decimal, put, rounded_up, unescape, Fault,
    NoAmount, Plain, Scanner, Stop,
};
use std::ops::Range;

/// How many findings of one answer are kept one by one; beyond that they are counted.
const MAX_FINDINGS: usize = 100;

/// A place where an answer differs from its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Where, such as `data[57].amount`.
    pub path: String,
    /// What is promised.
    pub expected: &'static str,
    /// What came.
    pub found: &'static str,
    /// Whether the value was rewritten to what is promised.
    pub repaired: bool,
}

/// A reason why a request cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Where, such as `items[0].qty`; empty for the whole.
    pub path: String,
    /// What is wrong and what is expected.
    pub message: String,
}

/// What [`check`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// The differences: the first hundred, and up to a hundred more that could not be repaired.
    pub drifts: Vec<Drift>,
    /// How many differences there are in all.
    pub drift_count: usize,
    /// An object has the same key twice; the last one counts.
    pub duplicates: bool,
    /// A text holds half of a surrogate pair.
    pub lone_surrogate: bool,
    /// A text or a key holds a character outside ASCII that is not written as an escape.
    pub foreign: bool,
}

impl Issue {
    /// An issue at a path.
    pub fn new(path: &str, message: &str) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}

/// Writes issues as a list.
#[cfg(feature = "provider")]
pub(crate) fn put_issues(out: &mut Object, issues: &[Issue]) {
    out.open("issues", '[');
    for issue in issues {
        out.item();
        out.text("path", &issue.path);
        out.text("message", &issue.message);
        out.close('}');
    }
    out.close(']');
}

impl Checked {
    /// The first difference that could not be repaired.
    pub fn unrepaired(&self) -> Option<&Drift> {
        self.drifts.iter().find(|d| !d.repaired)
    }
}

/// Checks the bytes of an answer against `kind` and repairs in place what is certain.
///
/// `"100"` where a number is promised becomes `100`, `"true"` becomes `true`, a whole number where text is promised
/// gets quotes, a single object where a list of objects is promised gets brackets. Unknown fields pass untouched.
/// On a [`Fault`] the bytes are unchanged.
pub fn check(bytes: &mut Vec<u8>, kind: &'static Kind) -> Result<Checked, Fault> {
    let mut walker = Walker::new(bytes, None);
    if bytes.starts_with(b"\xef\xbb\xbf") {
        // A byte order mark is no part of the text, as in `Response.json()`.
        (0..3).for_each(|at| walker.edit(at, b' '));
        walker.scan.seek(3);
    }
    if walker.root(kind).is_err() {
        return Err(walker.scan.fault);
    }
    let Walker { scan, checked, edits, .. } = walker;
    let checked = Checked { lone_surrogate: scan.lone_surrogate, foreign: scan.foreign, ..checked };
    apply(bytes, &edits);
    Ok(checked)
}

/// Parameters that [`validate`] has accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    seen: Seen,
    /// The amounts, by where they stand, in ten-thousandths.
    amounts: Vec<(Range<usize>, u64)>,
}

impl Accepted {
    /// Whether the field of the top level with this index is there.
    pub fn has(&self, index: usize) -> bool {
        self.seen.has(index)
    }

    /// The same parameters as they are sent: amounts as plain decimals, without the noise of binary fractions.
    pub fn written(&self, json: &str) -> String {
        let mut out = String::new();
        let mut from = 0;
        for (place, amount) in &self.amounts {
            put(&mut out, json.get(from..place.start).unwrap_or_default());
            push_amount(&mut out, *amount);
            from = place.end;
        }
        put(&mut out, json.get(from..).unwrap_or_default());
        out
    }
}

/// Which fields of a record are there, by index.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Seen([u64; 4]);

impl Seen {
    fn has(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Marks a field; gives whether it was marked before.
    fn insert(&mut self, index: usize) -> bool {
        let Some(word) = self.0.get_mut(index / 64) else { return false };
        let before = *word >> (index % 64) & 1 == 1;
        *word |= 1 << (index % 64);
        before
    }
}

/// Checks the JSON text of a request against its record, closed: an unknown field, a wrong kind or value, a missing
/// field is an [`Issue`]; all of them are listed. `located` says that the account fields (`altId`, `altType`,
/// `locationId`) will be filled in where they are left out.
pub fn validate(json: &str, record: &'static Record, located: bool) -> Result<Accepted, Vec<Issue>> {
    let mut walker = Walker::new(json.as_bytes(), Some(located));
    let outcome = match walker.scan.token() {
        b'{' => walker.record(record, &Path::ROOT, 0).and_then(|()| walker.scan.finish()),
        _ => Err(Stop),
    };
    if outcome.is_err() {
        let deep = matches!(walker.scan.fault, Fault::Depth { .. });
        let message = if deep { "must not be nested deeper than 128 levels" } else { "must be an object" };
        walker.issue(&Path::ROOT, message);
    }
    if walker.issues.is_empty() {
        Ok(Accepted { seen: walker.seen, amounts: walker.amounts })
    } else {
        Err(walker.issues)
    }
}

/// Where the walk is: a list of names and indices back to the top.
pub(crate) struct Path<'p> {
    pub(crate) parent: Option<&'p Path<'p>>,
    pub(crate) segment: Segment<'p>,
}

#[derive(Clone, Copy)]
pub(crate) enum Segment<'p> {
    Key(&'p str),
    Field(&'static Record, Row),
    Index(usize),
}

impl Path<'_> {
    pub(crate) const ROOT: Path<'static> = Path { parent: None, segment: Segment::Key("") };

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        let key = match self.segment {
            Segment::Key(key) => key,
            Segment::Field(record, row) => record.text(row),
            Segment::Index(index) => {
                out.push('[');
                push_decimal(out, index as u64);
                out.push(']');
                return;
            }
        };
        put(out, if out.is_empty() { "" } else { "." });
        put(out, key);
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

/// A change of the answer's bytes: a space takes the place of the byte at this offset, anything else comes in front of
/// it.
struct Edit {
    at: usize,
    byte: u8,
}

/// Carries out the edits, which stand in the order of their offsets.
fn apply(bytes: &mut Vec<u8>, edits: &[Edit]) {
    if edits.is_empty() {
        return;
    }
    let mut out = Vec::with_capacity(bytes.len() + edits.len());
    let mut from = 0;
    for edit in edits {
        out.extend_from_slice(bytes.get(from..edit.at).unwrap_or_default());
        out.push(edit.byte);
        from = edit.at + usize::from(edit.byte == b' ');
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    *bytes = out;
}

struct Walker<'a> {
    scan: Scanner<'a>,
    /// `Some` for a request: the walk is closed; the value says whether account fields will be filled in.
    closed: Option<bool>,
    /// What an answer has.
    checked: Checked,
    /// What is wrong with a request.
    issues: Vec<Issue>,
    /// What an answer becomes.
    edits: Vec<Edit>,
    /// What a request has; see [`Accepted`].
    amounts: Vec<(Range<usize>, u64)>,
    /// The fields that the record passed last has: at the end of a request those of its top level.
    seen: Seen,
    /// The records that were met, and where the keys of each begin among `keys`.
    met: Vec<(&'static Record, usize)>,
    /// For each field of a record, and in front of them for its brace, which key followed there last time. Servers write all
    /// records of a list in one order, whatever it is, so that the key that comes next is nearly always known.
    keys: Vec<Key>,
}

/// The key of a field as it is written in this answer.
#[derive(Clone, Default)]
struct Key {
    /// Where it stands, with its quotes and its colon; empty where none was met.
    place: Range<usize>,
    /// The index of its field.
    field: usize,
    required: bool,
    /// What needs no look there.
    plain: Plain,
    /// Whether `null` may stand there.
    nullable: bool,
}

impl<'a> Walker<'a> {
    fn new(bytes: &'a [u8], closed: Option<bool>) -> Self {
        Self {
            scan: Scanner::new(bytes),
            closed,
            checked: Checked::default(),
            issues: Vec::new(),
            edits: Vec::new(),
            amounts: Vec::new(),
            seen: Seen::default(),
            met: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Where the keys of a record begin.
    fn keys_of(&mut self, record: &'static Record) -> usize {
        let met = self.met.iter().find(|(other, _)| std::ptr::eq(*other, record));
        let (_, first) = met.copied().unwrap_or_else(|| {
            let first = self.keys.len();
            self.keys.resize(first + record.rows().count() + 1, Key::default());
            self.met.push((record, first));
            (record, first)
        });
        first
    }

    /// Walks a whole answer.
    fn root(&mut self, kind: &'static Kind) -> Result<(), Stop> {
        let first = self.scan.token();
        match kind {
            Kind::Object(record) if first == b'{' => {
                self.record(record, &Path::ROOT, 0)?;
                self.scan.finish()?;
                return self.promised_lists(record);
            }
            _ => self.opaque(&Path::ROOT, 0)?,
        }
        self.scan.finish()?;
        let expected = match kind {
            Kind::Object(_) => "object",
            Kind::Json if first != b'{' && first != b'[' => "object or list",
            _ => return Ok(()),
        };
        Err(self.top("", expected, name_of(first)))
    }

    fn top(&mut self, path: &'static str, expected: &'static str, found: &'static str) -> Stop {
        self.scan.fault = Fault::Top { path, expected, found };
        Stop
    }

    /// A list answer without its list is no answer.
    fn promised_lists(&mut self, record: &'static Record) -> Result<(), Stop> {
        for row in record.rows() {
            if row.required() && matches!(record.kind(row), Kind::List(_) | Kind::OneOrList(_)) {
                let name = record.text(row);
                if let Some(drift) = self.checked.drifts.iter().find(|d| !d.repaired && d.path == name) {
                    return Err(self.top(name, "list", drift.found));
                }
            }
        }
        Ok(())
    }

    /// Walks a record; the position is at its brace.
    fn record(&mut self, record: &'static Record, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        let start = self.scan.pos();
        self.scan.enter(depth)?;
        let mut seen = Seen::default();
        let keys = self.keys_of(record);
        // Where the next key stands behind: 0 is the brace, any other is one more than the index of the field before.
        let mut place = 0;
        let mut missing = record.required();
        let mut more = !self.scan.closes(b'}');
        // While what comes is known and plain, this is the position, and the scanner's own one is behind.
        let mut at = self.scan.pos();
        while more {
            // What an earlier record had there.
            let known = self.keys.get(keys + place).cloned().unwrap_or_default();
            let (key, value) = match self.scan.behind_same_key(&known.place, at) {
                Some(value) => (known, value),
                None => {
                    self.scan.seek(at);
                    match self.key(record, keys, place, path)? {
                        Some(key) => (key, self.scan.pos()),
                        None => {
                            self.scan.skip(depth + 1)?;
                            more = self.scan.more(b'}')?;
                            at = self.scan.pos();
                            continue;
                        }
                    }
                }
            };
            place = key.field + 1;
            if seen.insert(key.field) {
                self.twice(record, key.field, path);
            } else if key.required {
                missing -= 1;
            }
            if let Some(end) = self.scan.behind_plain(value, key.plain, key.nullable) {
                if self.scan.is(end, b',') {
                    at = end + 1;
                    continue;
                }
                self.scan.seek(end);
            } else {
                self.scan.seek(value);
                self.field(record, key.field, start, path, depth)?;
            }
            more = self.scan.more(b'}')?;
            at = self.scan.pos();
        }
        if missing > 0 {
            self.missing(record, &seen, path);
        }
        if self.closed.is_some() {
            self.rules(record, &seen, start, path);
        }
        self.seen = seen;
        Ok(())
    }

    /// Walks the value of a field of a record that starts at `start`.
    fn field(
        &mut self,
        record: &'static Record,
        index: usize,
        start: usize,
        path: &Path<'_>,
        depth: u16,
    ) -> Result<(), Stop> {
        let Some(row) = record.row(index) else { return Ok(()) };
        let mut kind = record.kind(row);
        if matches!(kind, Kind::Amount) && self.is_percent(record, index, start) {
            kind = &Kind::Percent;
        }
        self.value(kind, !row.required(), &Path { parent: Some(path), segment: Segment::Field(record, row) }, depth + 1)
    }

    /// Passes the key that stands behind `place`, finds its field, and keeps it among the record's `keys`. `None` if the table
    /// does not hold it, which is wrong in a request.
    fn key(
        &mut self,
        record: &'static Record,
        keys: usize,
        place: usize,
        path: &Path<'_>,
    ) -> Result<Option<Key>, Stop> {
        self.scan.token();
        let start = self.scan.pos();
        // Tried first: the order of the table, without white space and escapes.
        let next = record.row(place).filter(|row| self.scan.passes_key(record.bytes(*row)));
        let found = match next {
            Some(row) => Some((place, row)),
            None => self.find(record, place, path)?,
        };
        let key = found.map(|(field, row)| Key {
            place: start..self.scan.pos(),
            field,
            required: row.required(),
            plain: if self.closed.is_none() { row.plain() } else { Plain::Neither },
            nullable: self.closed.is_none() && !row.required(),
        });
        if let (Some(key), Some(known)) = (&key, self.keys.get_mut(keys + place)) {
            known.clone_from(key);
        }
        Ok(key)
    }

    /// Passes a key and finds its row, from the index `next` on.
    fn find(&mut self, record: &'static Record, next: usize, path: &Path<'_>) -> Result<Option<(usize, Row)>, Stop> {
        let raw = self.scan.key()?;
        let mut found = record.find(raw, next);
        if found.is_none() && (self.closed.is_some() || raw.iter().any(|b| *b == b'\\')) {
            // No name needs an escape, but one may be written with escapes.
            let name = unescape(raw);
            found = record.find(name.as_bytes(), next);
            if found.is_none() && self.closed.is_some() {
                let mut message = String::from("is no field here; known are ");
                record.rows().for_each(|row| list(&mut message, record.text(row)));
                // No parameter of the API: where a list can begin, our faces also take where to go on.
                if record.is_list() {
                    list(&mut message, "cursor");
                }
                self.issue(&Path { parent: Some(path), segment: Segment::Key(&name) }, &message);
            }
        }
        Ok(found)
    }

    fn missing(&mut self, record: &'static Record, seen: &Seen, path: &Path<'_>) {
        for (index, row) in record.rows().enumerate() {
            if !row.required() || seen.has(index) {
                continue;
            }
            let at = Path { parent: Some(path), segment: Segment::Field(record, row) };
            if self.closed.is_some() {
                self.issue(&at, "is required");
            } else {
                self.mismatch(record.kind(row), "nothing", &at);
            }
        }
    }

    /// Whether an amount of a record that starts at `start` is percent.
    fn is_percent(&self, record: &'static Record, index: usize, start: usize) -> bool {
        record.rules.iter().any(|rule| match *rule {
            Rule::Percent { field, when, is } => {
                usize::from(field) == index && self.text_of(record.name(when), start) == is
            }
            _ => false,
        })
    }

    /// Checks the conditions between the fields of a record that starts at `start`.
    fn rules(&mut self, record: &'static Record, seen: &Seen, start: usize, path: &Path<'_>) {
        let there = |field: u16| seen.has(usize::from(field));
        for rule in record.rules {
            let (needs, field, when, is) = match *rule {
                Rule::OneOf(fields) => {
                    let mut met = false;
                    let mut message = String::from("needs one of: ");
                    for field in fields {
                        let name = record.name(*field);
                        met |= there(*field) || self.closed == Some(true) && name == "locationId";
                        list(&mut message, name);
                    }
                    if !met {
                        self.issue(path, &message);
                    }
                    continue;
                }
                Rule::Only { field, when, is } => (false, field, when, is),
                Rule::Needs { field, when, is } => (true, field, when, is),
                // The walk has asked for it where it met the amount.
                Rule::Percent { .. } => continue,
            };
            let (field, there, when) = (record.name(field), there(field), record.name(when));
            // What is allowed only then must not be there otherwise, what is needed then must be.
            if (self.text_of(when, start) == is) == needs && there != needs {
                let verb = if needs { "is required with " } else { "is allowed only with " };
                let at = Path { parent: Some(path), segment: Segment::Key(field) };
                self.issue(&at, &joined(&[verb, when, " \"", is, "\""]));
            }
        }
    }

    /// The text of a field of the record that starts at `start`, wherever it stands; empty if it is none.
    fn text_of(&self, name: &str, start: usize) -> String {
        let mut text = String::new();
        for (key, value) in members(self.scan.from(start)) {
            if unescape(key) == name {
                text = json_text(value).unwrap_or(text);
            }
        }
        text
    }

    /// Walks one value that has to be `kind`.
    fn value(&mut self, kind: &'static Kind, nullable: bool, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        match self.scan.token() {
            b'"' => {
                let text = self.scan.text()?;
                self.found_text(kind, text, path);
            }
            b'{' => self.found_object(kind, path, depth)?,
            b'[' => self.found_list(kind, nullable, path, depth)?,
            b't' | b'f' => {
                self.scan.word()?;
                if !matches!(kind, Kind::Boolean | Kind::Json) {
                    self.mismatch(kind, "boolean", path);
                }
            }
            b'n' => {
                self.scan.word()?;
                if self.closed.is_some() || !nullable && !matches!(kind, Kind::Json) {
                    self.mismatch(kind, "null", path);
                }
            }
            _ => {
                self.scan.too_large = false;
                let number = self.scan.number()?;
                self.found_number(kind, number, path);
            }
        }
        Ok(())
    }

    /// Looks at a text that was just passed.
    fn found_text(&mut self, kind: &'static Kind, raw: &[u8], path: &Path<'_>) {
        if self.closed.is_some() {
            self.judge(text_fits(kind, &unescape(raw)), kind, "text", path);
            return;
        }
        let certain = match kind {
            Kind::Boolean => is_unquoted(kind, raw),
            Kind::Map | Kind::Object(_) | Kind::List(_) | Kind::Filled(_) | Kind::OneOrList(_) => false,
            _ if is_number(kind) => is_unquoted(kind, raw),
            _ => return,
        };
        if certain {
            let end = self.scan.pos() - 1;
            self.edit(end - raw.len() - 1, b' ');
            self.edit(end, b' ');
        }
        self.drift(path, expectation(kind), "text", certain);
    }

    /// Looks at a number that was just passed.
    fn found_number(&mut self, kind: &'static Kind, number: &[u8], path: &Path<'_>) {
        if self.closed.is_some() {
            let fits = number_fits(kind, number).map(|fits| fits && !self.scan.too_large);
            self.judge(fits, kind, "number", path);
            if let (Kind::Amount | Kind::Percent, Ok(amount)) = (kind, amount(number)) {
                let end = self.scan.pos();
                self.amounts.push((end - number.len()..end, amount));
            }
            return;
        }
        match kind {
            Kind::Text | Kind::Id if number.iter().all(|b| *b == b'-' || b.is_ascii_digit()) => {
                let end = self.scan.pos();
                self.edit(end - number.len(), b'"');
                self.edit(end, b'"');
                self.drift(path, "text", "number", true);
            }
            _ if is_number(kind) || matches!(kind, Kind::Json) => {
                if self.scan.too_large {
                    self.too_large(path);
                }
            }
            _ => self.mismatch(kind, "number", path),
        }
    }

    fn edit(&mut self, at: usize, byte: u8) {
        self.edits.push(Edit { at, byte });
    }

    /// Notes what is wrong with a text or number of a request; `fits` says nothing where its kind is wrong already.
    fn judge(&mut self, fits: Option<bool>, kind: &Kind, found: &'static str, path: &Path<'_>) {
        match fits {
            Some(true) => {}
            Some(false) => self.issue(path, &requirement(kind)),
            None => self.mismatch(kind, found, path),
        }
    }

    fn found_object(&mut self, kind: &'static Kind, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        match kind {
            Kind::Object(record) => self.record(record, path, depth)?,
            Kind::Json | Kind::Map => self.opaque(path, depth)?,
            Kind::List(Kind::Object(record))
            | Kind::Filled(Kind::Object(record))
            | Kind::OneOrList(Kind::Object(record))
                if self.closed.is_none() =>
            {
                if !matches!(kind, Kind::OneOrList(_)) {
                    self.drift(path, "list", "object", true);
                }
                self.edit(self.scan.pos(), b'[');
                self.record(record, &Path { parent: Some(path), segment: Segment::Index(0) }, depth)?;
                self.edit(self.scan.pos(), b']');
            }
            _ => {
                self.scan.skip(depth)?;
                self.mismatch(kind, "object", path);
            }
        }
        Ok(())
    }

    fn found_list(&mut self, kind: &'static Kind, nullable: bool, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        let item: &'static Kind = match kind {
            Kind::List(item) | Kind::Filled(item) | Kind::OneOrList(item) => item,
            Kind::TextOrList => &Kind::Id,
            Kind::Json => return self.opaque(path, depth),
            _ => {
                self.scan.skip(depth)?;
                self.mismatch(kind, "list", path);
                return Ok(());
            }
        };
        self.scan.enter(depth)?;
        let mut index = 0;
        let mut more = !self.scan.closes(b']');
        while more {
            self.value(item, false, &Path { parent: Some(path), segment: Segment::Index(index) }, depth + 1)?;
            index += 1;
            more = self.scan.more(b']')?;
        }
        if index == 0 && self.closed.is_some() && matches!(kind, Kind::Filled(_) | Kind::TextOrList) {
            let instead = if nullable { ": leave it out instead" } else { ": name at least one item" };
            self.issue(path, &joined(&["must not be an empty list", instead]));
        }
        Ok(())
    }

    /// Passes a value for which nothing is promised.
    fn opaque(&mut self, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        self.scan.too_large = false;
        self.scan.skip(depth)?;
        if self.scan.too_large {
            self.too_large(path);
        }
        Ok(())
    }

    fn too_large(&mut self, path: &Path<'_>) {
        if self.closed.is_some() {
            self.issue(path, "holds a number that is too large");
        } else {
            self.drift(path, "number", "number that is too large", false);
        }
    }

    /// Notes that a value is not what it has to be.
    fn mismatch(&mut self, kind: &Kind, found: &'static str, path: &Path<'_>) {
        if self.closed.is_some() {
            self.issue(path, &joined(&[&requirement(kind), ", found ", found]));
        } else {
            self.drift(path, expectation(kind), found, false);
        }
    }

    fn drift(&mut self, path: &Path<'_>, expected: &'static str, found: &'static str, repaired: bool) {
        self.checked.drift_count += 1;
        // Repairs fill the list to its limit, what could not be repaired may go beyond it once more.
        if self.checked.drifts.len() < if repaired { MAX_FINDINGS } else { 2 * MAX_FINDINGS } {
            self.checked.drifts.push(Drift { path: path.text(), expected, found, repaired });
        }
    }

    fn issue(&mut self, path: &Path<'_>, message: &str) {
        if self.issues.len() < MAX_FINDINGS {
            self.issues.push(Issue { path: path.text(), message: message.into() });
        }
    }

    /// A key came again: wrong in a request, in an answer the last one counts.
    #[inline(never)]
    fn twice(&mut self, record: &'static Record, index: usize, path: &Path<'_>) {
        let Some(row) = record.row(index) else { return };
        let path = &Path { parent: Some(path), segment: Segment::Field(record, row) };
        if self.closed.is_some() {
            self.issue(path, "is there twice");
        }
        self.checked.duplicates = true;
        self.forget(path);
    }

    /// A key came again: what was found about its earlier value does not count.
    fn forget(&mut self, path: &Path<'_>) {
        let prefix = path.text();
        let stays = |other: &str| {
            !other.starts_with(&prefix) || !matches!(other.as_bytes().get(prefix.len()), None | Some(b'.' | b'['))
        };
        let before = self.checked.drifts.len();
        self.checked.drifts.retain(|drift| stays(&drift.path));
        self.checked.drift_count -= before - self.checked.drifts.len();
    }
}

/// The kind of a value by its first byte.
fn name_of(first: u8) -> &'static str {
    match first {
        b'{' => "object",
        b'[' => "list",
        b'"' => "text",
        b't' | b'f' => "boolean",
        b'n' => "null",
        _ => "number",
    }
}

/// What an answer promises, in one word.
fn expectation(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Id | Kind::Https | Kind::Slug | Kind::TextOrList | Kind::Choice(_) => "text",
        Kind::Timestamp | Kind::Date => "ISO 8601 text",
        Kind::Number | Kind::Amount | Kind::Percent | Kind::Positive | Kind::Count | Kind::Whole => "number",
        Kind::Boolean => "boolean",
        Kind::Json => "any value",
        Kind::Map | Kind::Object(_) => "object",
        Kind::List(_) | Kind::Filled(_) | Kind::OneOrList(_) => "list",
    }
}

/// Whether a kind is one of numbers.
fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Number | Kind::Amount | Kind::Percent | Kind::Positive | Kind::Count | Kind::Whole)
}

/// What a request has to hold, as the start of a sentence behind the field's name.
fn requirement(kind: &Kind) -> String {
    let text = match kind {
        Kind::Text => "must be text",
        Kind::Id => NO_ID,
        Kind::Number => "must be a number",
        Kind::Amount => "must be an amount above 0, at most 1000000000000, with at most four decimals",
        Kind::Percent => "must be a number above 0, at most 1000000000000",
        Kind::Positive => "must be a number above 0",
        Kind::Count => "must be a whole number from 0 to 4294967295",
        Kind::Whole => "must be a whole number from 0",
        Kind::Boolean => "must be true or false",
        Kind::Timestamp => "must be an ISO 8601 time such as 2024-02-01T09:00:00.000Z",
        Kind::Date => "must be a date such as 2024-02-01",
        Kind::Https => "must be a URL that starts with https://",
        Kind::Slug => "must be lower-case letters and hyphens, with a letter at both ends",
        Kind::TextOrList => "must be text or a list of texts, none of them empty",
        Kind::Json => "must be a value",
        Kind::Map | Kind::Object(_) => "must be an object",
        Kind::List(_) | Kind::Filled(_) | Kind::OneOrList(_) => "must be a list",
        Kind::Choice(_) => "must be one of: ",
    };
    let mut message = String::from(text);
    if let Kind::Choice(texts) = kind {
        texts.iter().for_each(|text| list(&mut message, text));
    }
    message
}

/// Appends a name to a message that ends in a list of names, or in the space in front of one.
fn list(message: &mut String, name: &str) {
    put(message, if message.ends_with(' ') { "" } else { ", " });
    put(message, name);
}

/// Whether a text is what a request has to hold; `None` if no text can be.
pub(crate) fn text_fits(kind: &Kind, text: &str) -> Option<bool> {
    let bytes = text.as_bytes();
    Some(match kind {
        Kind::Text | Kind::Json => true,
        Kind::Id => is_id(text),
        Kind::TextOrList => is_id(text) && are_shown(text),
        Kind::Choice(texts) => texts.contains(&text),
        Kind::Timestamp => behind_date(bytes).is_some_and(is_time),
        Kind::Date => behind_date(bytes).is_some_and(|time| time.is_empty() || is_time(time)),
        Kind::Https => bytes.starts_with(b"https://") && bytes.len() > 8 && bytes.iter().all(u8::is_ascii_graphic),
        Kind::Slug => {
            let letter_or_hyphen = |b: &u8| b.is_ascii_lowercase() || *b == b'-';
            !bytes.is_empty() && !text.starts_with('-') && !text.ends_with('-') && bytes.iter().all(letter_or_hyphen)
        }
        _ => return None,
    })
}

/// Whether a number that is not too large is what a request has to hold; `None` if no number can be.
fn number_fits(kind: &Kind, number: &[u8]) -> Option<bool> {
    let negative = number.first() == Some(&b'-');
    Some(match kind {
        Kind::Number | Kind::Json => true,
        Kind::Amount => amount(number).is_ok(),
        Kind::Percent => !matches!(amount(number), Err(NoAmount::Range)),
        Kind::Positive => !negative && rounded_up(number) > 0,
        // It goes out as it is written, so nothing but digits will do.
        Kind::Count => number.iter().all(u8::is_ascii_digit) && rounded_up(number) <= u32::MAX.into(),
        Kind::Whole => !negative && is_whole(number),
        _ => return None,
    })
}

/// Whether a text is exactly the number or boolean that is promised, so that only its quotes are wrong.
pub(crate) fn is_unquoted(kind: &Kind, raw: &[u8]) -> bool {
    let mut scan = Scanner::new(raw);
    let passed = match kind {
        Kind::Boolean => matches!(scan.peek(), b't' | b'f') && scan.word().is_ok(),
        _ => scan.number().is_ok() && !scan.too_large,
    };
    passed && scan.pos() == raw.len()
}

/// The number that two digits are.
fn two_digits(text: &[u8], at: usize) -> Option<u8> {
    match text.get(at..)? {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => Some((tens - b'0') * 10 + (ones - b'0')),
        _ => None,
    }
}

/// Whether `mark` stands there, and behind it two digits that are below `limit`.
fn below(text: &[u8], at: usize, mark: u8, limit: u8) -> bool {
    text.get(at) == Some(&mark) && two_digits(text, at + 1).is_some_and(|number| number < limit)
}

/// What stands behind `YYYY-MM-DD`.
fn behind_date(text: &[u8]) -> Option<&[u8]> {
    const DAYS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let number = |at| two_digits(text, at);
    let (century, year, month) = (number(0)?, number(2)?, number(5)?);
    let leap = if year == 0 { century % 4 == 0 } else { year % 4 == 0 };
    let days = DAYS.get(usize::from(month).wrapping_sub(1))? + u8::from(leap && month == 2);
    let fits = below(text, 4, b'-', 13) && below(text, 7, b'-', days + 1) && number(8)? > 0;
    fits.then(|| text.get(10..)).flatten()
}

/// `THH:mm` with or without `:ss` and its fraction, and `Z` or `+HH:mm`: what stands behind the date of an ISO 8601 time.
fn is_time(text: &[u8]) -> bool {
    if !(below(text, 0, b'T', 24) && below(text, 3, b':', 60)) {
        return false;
    }
    let mut zone = 6;
    if below(text, 6, b':', 60) {
        zone = 9;
        if text.get(9) == Some(&b'.') && text.get(10).is_some_and(u8::is_ascii_digit) {
            zone += 1;
            while text.get(zone).is_some_and(u8::is_ascii_digit) {
                zone += 1;
            }
        }
    }
    match text.get(zone) {
        Some(b'Z') => text.len() == zone + 1,
        Some(sign @ (b'+' | b'-')) => {
            below(text, zone, *sign, 24) && below(text, zone + 3, b':', 60) && text.len() == zone + 6
        }
        _ => false,
    }
}
