//! The interpreter of the shape tables: one walk over the bytes for answers ([`check`], open) and for requests
//! ([`validate`], closed).

use super::record::{Cursor, Record, Row};
use super::scan::{number_is_finite, unescape, NumberSpan, Scanner, Stop, TextSpan};
use super::{Kind, Rule};
use std::borrow::Cow;

/// How many findings of one answer are kept one by one; beyond that they are counted.
const MAX_FINDINGS: usize = 100;

/// Why an answer is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Not JSON.
    Syntax {
        /// Byte offset.
        at: usize,
        /// What JSON needs there.
        expected: &'static str,
        /// The input ends there.
        end: bool,
    },
    /// Not UTF-8.
    Utf8 {
        /// Byte offset of the first wrong byte.
        at: usize,
    },
    /// More than 128 containers inside each other.
    Depth {
        /// Byte offset of the container that is too deep.
        at: usize,
    },
    /// JSON, but its top level is not what the endpoint promises.
    Top {
        /// Where: empty for the top level itself, or the name of its list.
        path: &'static str,
        /// What is promised.
        expected: &'static str,
        /// What came.
        found: &'static str,
    },
}

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
}

impl Issue {
    /// An issue at a path.
    pub fn new(path: &str, message: &str) -> Self {
        Self { path: path.into(), message: message.into() }
    }
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
        (0..3).for_each(|at| walker.edits.push(Edit::Blank(at)));
        walker.scan.seek(3);
    }
    if walker.root(kind).is_err() {
        return Err(walker.scan.fault.unwrap_or(Fault::Utf8 { at: 0 }));
    }
    let Walker { scan, findings, edits, duplicates, .. } = walker;
    let lone_surrogate = scan.lone_surrogate;
    apply(bytes, &edits);
    Ok(Checked { drifts: findings.list, drift_count: findings.count, duplicates, lone_surrogate })
}

/// Which fields of a request are there, by index; see [`validate`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen([u64; 4]);

impl Seen {
    /// Whether the field with this index is there.
    pub fn has(&self, index: usize) -> bool {
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
pub fn validate(json: &str, record: &'static Record, located: bool) -> Result<Seen, Vec<Issue>> {
    let mut walker = Walker::new(json.as_bytes(), Some(located));
    let outcome = match walker.scan.token() {
        b'{' => walker.record(record, &Path::ROOT, 0).and_then(|seen| walker.scan.finish().map(|()| seen)),
        _ => Err(Stop),
    };
    if outcome.is_err() {
        let deep = matches!(walker.scan.fault, Some(Fault::Depth { .. }));
        let message = if deep { "must not be nested deeper than 128 levels" } else { "must be an object" };
        walker.issue(&Path::ROOT, message);
    }
    match outcome {
        Ok(seen) if walker.issues.is_empty() => Ok(seen),
        _ => Err(walker.issues),
    }
}

/// Where the walk is: a list of names and indices back to the top.
struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    segment: Segment<'p>,
}

#[derive(Clone, Copy)]
enum Segment<'p> {
    Root,
    Key(&'p str),
    Field(&'static Record, usize),
    Index(usize),
}

impl Path<'_> {
    const ROOT: Path<'static> = Path { parent: None, segment: Segment::Root };

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.segment {
            Segment::Root => {}
            Segment::Key(key) => {
                if !out.is_empty() {
                    out.push('.');
                }
                put(out, key);
            }
            Segment::Field(record, index) => {
                let segment = Segment::Key(record.name(index as u16));
                Path { parent: None, segment }.write(out);
            }
            Segment::Index(index) => {
                out.push('[');
                push_decimal(out, index);
                out.push(']');
            }
        }
    }

    fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }
}

/// Appends text. `push_str` would be inlined at each of some hundred places.
#[inline(never)]
pub(crate) fn put(out: &mut String, text: &str) {
    out.push_str(text);
}

/// The parts as one text; `concat` would bring a second, generic writer.
pub(crate) fn joined(parts: &[&str]) -> String {
    let mut out = String::new();
    parts.iter().for_each(|part| put(&mut out, part));
    out
}

/// Appends a whole number; `format!` would bring the formatting machinery into the wasm.
pub(crate) fn push_decimal(out: &mut String, mut number: usize) {
    if number >= 10 {
        push_decimal(out, number / 10);
        number %= 10;
    }
    out.push(char::from(b'0' + number as u8));
}

#[derive(Clone, Copy)]
enum Edit {
    /// A byte becomes a space.
    Blank(usize),
    /// A byte comes in front of this offset.
    Insert(usize, u8),
}

/// Carries out the edits, which stand in the order of their offsets.
fn apply(bytes: &mut Vec<u8>, edits: &[Edit]) {
    let mut inserts = 0;
    for edit in edits {
        match *edit {
            Edit::Blank(at) => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = b' ';
                }
            }
            Edit::Insert(..) => inserts += 1,
        }
    }
    if inserts == 0 {
        return;
    }
    let mut out = Vec::with_capacity(bytes.len() + inserts);
    let mut from = 0;
    for edit in edits {
        if let Edit::Insert(at, byte) = *edit {
            out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
            out.push(byte);
            from = at;
        }
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
    *bytes = out;
}

#[derive(Default)]
struct Findings {
    list: Vec<Drift>,
    count: usize,
}

struct Walker<'a> {
    scan: Scanner<'a>,
    /// `Some` for a request: the walk is closed; the value says whether account fields will be filled in.
    closed: Option<bool>,
    findings: Findings,
    issues: Vec<Issue>,
    edits: Vec<Edit>,
    duplicates: bool,
}

impl<'a> Walker<'a> {
    fn new(bytes: &'a [u8], closed: Option<bool>) -> Self {
        Self {
            scan: Scanner::new(bytes),
            closed,
            findings: Findings::default(),
            issues: Vec::new(),
            edits: Vec::new(),
            duplicates: false,
        }
    }

    /// Walks a whole answer.
    fn root(&mut self, kind: &'static Kind) -> Result<(), Stop> {
        let found = name_of(self.scan.token());
        let seen = match (kind, found) {
            (Kind::Object(record), "object") => Some((*record, self.record(record, &Path::ROOT, 0)?)),
            _ => {
                self.opaque(&Path::ROOT, 0)?;
                None
            }
        };
        self.scan.finish()?;
        match (kind, seen) {
            (Kind::Object(_), None) => Err(self.top(Fault::Top { path: "", expected: "object", found })),
            (Kind::Json, _) if found != "object" && found != "list" => {
                Err(self.top(Fault::Top { path: "", expected: "object or list", found }))
            }
            (_, Some((record, _))) => self.promised_lists(record),
            _ => Ok(()),
        }
    }

    fn top(&mut self, fault: Fault) -> Stop {
        self.scan.fault = Some(fault);
        Stop
    }

    /// A list answer without its list is no answer.
    fn promised_lists(&mut self, record: &'static Record) -> Result<(), Stop> {
        for field in record.fields() {
            if field.required && matches!(field.kind, Kind::List(_) | Kind::OneOrList(_)) {
                if let Some(drift) = self.findings.list.iter().find(|d| !d.repaired && d.path == field.name) {
                    return Err(self.top(Fault::Top { path: field.name, expected: "list", found: drift.found }));
                }
            }
        }
        Ok(())
    }

    /// Walks a record; the position is at its brace. Gives the fields that are there.
    fn record(&mut self, record: &'static Record, path: &Path<'_>, depth: u16) -> Result<Seen, Stop> {
        self.scan.enter(depth)?;
        let mut seen = Seen::default();
        let mut next = record.cursor();
        let when = if self.closed.is_some() { deciding_field(record) } else { NONE };
        let mut decider: Option<TextSpan> = None;
        let mut missing = record.required();
        if !self.scan.closes(b'}') {
            loop {
                match self.key(record, &mut next)? {
                    Key::Known(row, index) => {
                        let at = Path { parent: Some(path), segment: Segment::Field(record, index) };
                        if seen.insert(index) {
                            self.twice(&at);
                        } else if row.required {
                            missing -= 1;
                        }
                        if when == index && self.scan.token() == b'"' {
                            decider = Some(self.peek_text()?);
                        }
                        let kind = record.kind(row.code);
                        // Most fields are texts with nothing to check but that.
                        if self.closed.is_none()
                            && self.scan.peek() == b'"'
                            && matches!(kind, Kind::Text | Kind::Timestamp)
                        {
                            self.scan.text()?;
                        } else {
                            self.value(kind, !row.required, &at, depth + 1)?;
                        }
                    }
                    Key::Unknown(key) => {
                        if self.closed.is_some() {
                            let name = unescape(self.scan.raw(key));
                            let at = Path { parent: Some(path), segment: Segment::Key(&name) };
                            self.issue(&at, &unknown_field(record));
                        }
                        self.scan.skip(depth + 1)?;
                    }
                }
                if !self.scan.more(b'}')? {
                    break;
                }
            }
        }
        if missing > 0 {
            self.missing(record, seen, path);
        }
        if self.closed.is_some() {
            self.rules(record, seen, decider, path);
        }
        Ok(seen)
    }

    /// Passes a key and finds its row. Answers list their fields in the order of the table more often than not, so the
    /// next row is tried first, as servers write it: no white space, no escapes.
    fn key(&mut self, record: &'static Record, next: &mut Cursor) -> Result<Key, Stop> {
        let mut cursor = *next;
        if let Some(row) = cursor.next() {
            if self.scan.passes_key(row.name) {
                *next = cursor;
                return Ok(Key::Known(row, cursor.passed - 1));
            }
        }
        let key = self.scan.key()?;
        let raw = self.scan.raw(key);
        let name: Cow<'_, [u8]> = if key.escaped { Cow::Owned(unescape(raw).into_bytes()) } else { Cow::Borrowed(raw) };
        for mut cursor in [*next, record.cursor()] {
            while let Some(row) = cursor.next() {
                if row.name == &*name {
                    *next = cursor;
                    return Ok(Key::Known(row, cursor.passed - 1));
                }
            }
        }
        Ok(Key::Unknown(key))
    }

    fn missing(&mut self, record: &'static Record, seen: Seen, path: &Path<'_>) {
        for (index, field) in record.fields().enumerate() {
            if !field.required || seen.has(index) {
                continue;
            }
            let at = Path { parent: Some(path), segment: Segment::Key(field.name) };
            if self.closed.is_some() {
                self.issue(&at, "is required");
            } else {
                self.drift(&at, expectation(field.kind), "nothing", false);
            }
        }
    }

    fn rules(&mut self, record: &'static Record, seen: Seen, decider: Option<TextSpan>, path: &Path<'_>) {
        let decided = decider.map(|span| unescape(self.scan.raw(span))).unwrap_or_default();
        let name = |index: u16| record.name(index);
        for rule in record.rules {
            let (field, when, is, start) = match *rule {
                Rule::OneOf(list) => {
                    let filled = self.closed == Some(true);
                    let there = |i: &u16| seen.has(usize::from(*i)) || filled && name(*i) == "locationId";
                    if !list.iter().any(there) {
                        let mut message = String::from("needs one of: ");
                        for (i, index) in list.iter().enumerate() {
                            put(&mut message, if i > 0 { ", " } else { "" });
                            put(&mut message, name(*index));
                        }
                        self.issue(path, &message);
                    }
                    continue;
                }
                Rule::Only { field, when, is } if seen.has(usize::from(field)) && decided != is => {
                    (field, when, is, "is allowed only with ")
                }
                Rule::Needs { field, when, is } if !seen.has(usize::from(field)) && decided == is => {
                    (field, when, is, "is required with ")
                }
                _ => continue,
            };
            let message = joined(&[start, name(when), " \"", is, "\""]);
            self.issue(&Path { parent: Some(path), segment: Segment::Key(name(field)) }, &message);
        }
    }

    /// The text at the position, without passing it.
    fn peek_text(&self) -> Result<TextSpan, Stop> {
        let mut ahead = Scanner::new(self.scan.bytes());
        ahead.seek(self.scan.pos());
        ahead.text()
    }

    /// Walks one value that has to be `kind`.
    fn value(&mut self, kind: &'static Kind, nullable: bool, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        match self.scan.token() {
            b'"' => {
                let span = self.scan.text()?;
                self.found_text(kind, span, path);
            }
            b'{' => self.found_object(kind, path, depth)?,
            b'[' => self.found_list(kind, path, depth)?,
            b't' => {
                self.scan.word("true")?;
                self.found_boolean(kind, path);
            }
            b'f' => {
                self.scan.word("false")?;
                self.found_boolean(kind, path);
            }
            b'n' => {
                self.scan.word("null")?;
                if self.closed.is_some() || !nullable && !matches!(kind, Kind::Json) {
                    self.mismatch(kind, "null", path);
                }
            }
            _ => {
                let span = self.scan.number()?;
                self.found_number(kind, span, path);
            }
        }
        Ok(())
    }

    fn found_text(&mut self, kind: &'static Kind, span: TextSpan, path: &Path<'_>) {
        let raw = self.scan.raw(span);
        if self.closed.is_some() {
            let text = unescape(raw);
            if let Some(message) = text_issue(kind, &text) {
                self.issue(path, &message);
            }
            return;
        }
        match kind {
            Kind::Number | Kind::Amount | Kind::Count => {
                if !span.escaped && is_number(raw) {
                    self.blank_quotes(span);
                    self.drift(path, "number", "text", true);
                } else {
                    self.drift(path, "number", "text", false);
                }
            }
            Kind::Boolean => {
                let certain = matches!(raw, b"true" | b"false");
                if certain {
                    self.blank_quotes(span);
                }
                self.drift(path, "boolean", "text", certain);
            }
            Kind::Map | Kind::Object(_) | Kind::List(_) | Kind::OneOrList(_) => self.mismatch(kind, "text", path),
            _ => {}
        }
    }

    fn found_number(&mut self, kind: &'static Kind, span: NumberSpan, path: &Path<'_>) {
        let number = self.scan.slice(span.start, span.end);
        if self.closed.is_some() {
            if let Some(message) = number_issue(kind, number, span.integer) {
                self.issue(path, &message);
            }
            return;
        }
        match kind {
            Kind::Number | Kind::Amount | Kind::Count | Kind::Json => {
                if span.may_overflow && !number_is_finite(number) {
                    self.drift(path, "number", "number that is too large", false);
                }
            }
            Kind::Text | Kind::Id if span.integer => {
                self.edits.push(Edit::Insert(span.start, b'"'));
                self.edits.push(Edit::Insert(span.end, b'"'));
                self.drift(path, "text", "number", true);
            }
            _ => self.mismatch(kind, "number", path),
        }
    }

    fn found_boolean(&mut self, kind: &'static Kind, path: &Path<'_>) {
        if !matches!(kind, Kind::Boolean | Kind::Json) {
            self.mismatch(kind, "boolean", path);
        }
    }

    fn found_object(&mut self, kind: &'static Kind, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        match kind {
            Kind::Object(record) => {
                self.record(record, path, depth)?;
            }
            Kind::Json | Kind::Map => self.opaque(path, depth)?,
            Kind::List(Kind::Object(record)) | Kind::OneOrList(Kind::Object(record)) if self.closed.is_none() => {
                if matches!(kind, Kind::List(_)) {
                    self.drift(path, "list", "object", true);
                }
                self.edits.push(Edit::Insert(self.scan.pos(), b'['));
                self.record(record, &Path { parent: Some(path), segment: Segment::Index(0) }, depth)?;
                self.edits.push(Edit::Insert(self.scan.pos(), b']'));
            }
            _ => {
                self.scan.skip(depth)?;
                self.mismatch(kind, "object", path);
            }
        }
        Ok(())
    }

    fn found_list(&mut self, kind: &'static Kind, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        let item: &'static Kind = match kind {
            Kind::List(item) | Kind::OneOrList(item) => item,
            Kind::TextOrList => &Kind::Id,
            Kind::Json => return self.opaque(path, depth),
            _ => {
                self.scan.skip(depth)?;
                self.mismatch(kind, "list", path);
                return Ok(());
            }
        };
        self.scan.enter(depth)?;
        if !self.scan.closes(b']') {
            let mut index = 0;
            loop {
                self.value(item, false, &Path { parent: Some(path), segment: Segment::Index(index) }, depth + 1)?;
                index += 1;
                if !self.scan.more(b']')? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Passes a value for which nothing is promised.
    fn opaque(&mut self, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        if !self.scan.skip(depth)? {
            if self.closed.is_some() {
                self.issue(path, "holds a number that is too large");
            } else {
                self.drift(path, "number", "number that is too large", false);
            }
        }
        Ok(())
    }

    fn blank_quotes(&mut self, span: TextSpan) {
        self.edits.push(Edit::Blank(span.start));
        self.edits.push(Edit::Blank(span.end - 1));
    }

    /// Notes that a value is not what it has to be.
    fn mismatch(&mut self, kind: &Kind, found: &'static str, path: &Path<'_>) {
        if self.closed.is_some() {
            let mut message = requirement(kind);
            put(&mut message, ", found ");
            put(&mut message, found);
            self.issue(path, &message);
        } else {
            self.drift(path, expectation(kind), found, false);
        }
    }

    fn drift(&mut self, path: &Path<'_>, expected: &'static str, found: &'static str, repaired: bool) {
        self.findings.count += 1;
        // Repairs fill the list to its limit, what could not be repaired may go beyond it once more.
        if self.findings.list.len() < if repaired { MAX_FINDINGS } else { 2 * MAX_FINDINGS } {
            self.findings.list.push(Drift { path: path.text(), expected, found, repaired });
        }
    }

    fn issue(&mut self, path: &Path<'_>, message: &str) {
        if self.issues.len() < MAX_FINDINGS {
            self.issues.push(Issue::new(&path.text(), message));
        }
    }

    /// A key came again: wrong in a request, in an answer the last one counts.
    #[inline(never)]
    fn twice(&mut self, path: &Path<'_>) {
        if self.closed.is_some() {
            self.issue(path, "is there twice");
        }
        self.duplicates = true;
        self.forget(path);
    }

    /// A key came again: what was found about its earlier value does not count.
    fn forget(&mut self, path: &Path<'_>) {
        let prefix = path.text();
        let stays = |other: &str| {
            let rest = other.as_bytes().strip_prefix(prefix.as_bytes());
            !rest.is_some_and(|rest| matches!(rest, [] | [b'.' | b'[', ..]))
        };
        let before = self.findings.list.len();
        self.findings.list.retain(|drift| stays(&drift.path));
        self.findings.count -= before - self.findings.list.len();
    }
}

/// No field has this index.
const NONE: usize = usize::MAX;

/// The field on whose text the rules of a record depend.
fn deciding_field(record: &'static Record) -> usize {
    for rule in record.rules {
        if let Rule::Only { when, .. } | Rule::Needs { when, .. } = rule {
            return usize::from(*when);
        }
    }
    NONE
}

/// A key of a record.
enum Key {
    /// Its row and the row's index.
    Known(Row, usize),
    /// A key that the table does not hold.
    Unknown(TextSpan),
}

fn unknown_field(record: &'static Record) -> String {
    let mut message = String::from("is no field here; known are ");
    for (i, field) in record.fields().enumerate() {
        put(&mut message, if i > 0 { ", " } else { "" });
        put(&mut message, field.name);
    }
    message
}

/// The kind of value that starts with this byte.
fn name_of(first: u8) -> &'static str {
    match first {
        b'{' => "object",
        b'[' => "list",
        b'"' => "text",
        b't' | b'f' => "boolean",
        b'n' => "null",
        b'-' | b'0'..=b'9' => "number",
        _ => "something else",
    }
}

/// What an answer promises, in one word.
fn expectation(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Id | Kind::Https | Kind::Slug | Kind::TextOrList | Kind::Choice(_) => "text",
        Kind::Timestamp | Kind::Date => "ISO 8601 text",
        Kind::Number | Kind::Amount | Kind::Count => "number",
        Kind::Boolean => "boolean",
        Kind::Json => "any value",
        Kind::Map | Kind::Object(_) => "object",
        Kind::List(_) | Kind::OneOrList(_) => "list",
    }
}

/// What a request has to hold, as the start of a sentence behind the field's name.
fn requirement(kind: &Kind) -> String {
    let text = match kind {
        Kind::Text => "must be text",
        Kind::Id => "must be text that is not empty, without control characters or broken Unicode",
        Kind::Number => "must be a number",
        Kind::Amount => "must be a number above 0",
        Kind::Count => "must be a whole number from 0",
        Kind::Boolean => "must be true or false",
        Kind::Timestamp => "must be an ISO 8601 time such as 2024-02-01T09:00:00.000Z",
        Kind::Date => "must be a date such as 2024-02-01",
        Kind::Https => "must be a URL that starts with https://",
        Kind::Slug => "must be lower-case letters and hyphens, with a letter at both ends",
        Kind::TextOrList => "must be text or a list of texts",
        Kind::Json => "must be a value",
        Kind::Map | Kind::Object(_) => "must be an object",
        Kind::List(_) | Kind::OneOrList(_) => "must be a list",
        Kind::Choice(_) => "must be one of: ",
    };
    let mut message = String::from(text);
    if let Kind::Choice(texts) = kind {
        for (i, text) in texts.iter().enumerate() {
            put(&mut message, if i > 0 { ", " } else { "" });
            put(&mut message, text);
        }
    }
    message
}

/// What is wrong with a text in a request.
fn text_issue(kind: &Kind, text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let fine = match kind {
        Kind::Text | Kind::Json => true,
        Kind::Id | Kind::TextOrList => {
            !bytes.trim_ascii().is_empty() && !bytes.iter().any(u8::is_ascii_control) && !has_replacement(bytes)
        }
        Kind::Choice(texts) => texts.contains(&text),
        Kind::Timestamp => is_date(bytes) && bytes.get(10) == Some(&b'T') && is_time(bytes),
        Kind::Date => is_date(bytes) && (bytes.len() == 10 || bytes.get(10) == Some(&b'T') && is_time(bytes)),
        Kind::Https => bytes.starts_with(b"https://") && bytes.len() > 8 && bytes.iter().all(u8::is_ascii_graphic),
        Kind::Slug => {
            bytes.iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
                && bytes.first().is_some_and(u8::is_ascii_lowercase)
                && bytes.last().is_some_and(u8::is_ascii_lowercase)
        }
        _ => {
            let mut message = requirement(kind);
            put(&mut message, ", found text");
            return Some(message);
        }
    };
    (!fine).then(|| requirement(kind))
}

/// Whether a text holds U+FFFD, which stands where half a surrogate pair was: as an id it would name another record.
pub(crate) fn has_replacement(text: &[u8]) -> bool {
    text.windows(3).any(|bytes| bytes == "\u{fffd}".as_bytes())
}

/// What is wrong with a number in a request.
fn number_issue(kind: &Kind, number: &[u8], integer: bool) -> Option<String> {
    let negative = number.first() == Some(&b'-');
    let significand = number.iter().take_while(|b| !matches!(b, b'e' | b'E'));
    let zero = significand.filter(|b| b.is_ascii_digit()).all(|b| *b == b'0');
    let fine = match kind {
        Kind::Number | Kind::Json => number_is_finite(number),
        Kind::Amount => !negative && !zero && number_is_finite(number),
        Kind::Count => integer && !negative && number.len() <= 15,
        _ => {
            let mut message = requirement(kind);
            put(&mut message, ", found number");
            return Some(message);
        }
    };
    (!fine).then(|| requirement(kind))
}

/// Whether a text is exactly a JSON number that a double can hold.
fn is_number(raw: &[u8]) -> bool {
    let mut scan = Scanner::new(raw);
    scan.number().is_ok() && scan.pos() == raw.len() && number_is_finite(raw)
}

fn two_digits(bytes: &[u8], at: usize) -> Option<u8> {
    let (tens, ones) = (bytes.get(at)?, bytes.get(at + 1)?);
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| (tens - b'0') * 10 + (ones - b'0'))
}

/// `YYYY-MM-DD` at the start.
fn is_date(bytes: &[u8]) -> bool {
    let year = two_digits(bytes, 0).zip(two_digits(bytes, 2));
    let leap = year.is_some_and(|(century, year)| if year == 0 { century % 4 == 0 } else { year % 4 == 0 });
    let days = match two_digits(bytes, 5) {
        Some(1 | 3 | 5 | 7 | 8 | 10 | 12) => 31,
        Some(4 | 6 | 9 | 11) => 30,
        Some(2) => 28 + u8::from(leap),
        _ => return false,
    };
    year.is_some()
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && two_digits(bytes, 8).is_some_and(|day| (1..=days).contains(&day))
}

/// `HH:mm:ss`, with or without a fraction, and `Z` or `+HH:mm`, behind the `T` of an ISO 8601 time.
fn is_time(bytes: &[u8]) -> bool {
    let below = |at: usize, limit: u8| two_digits(bytes, at).is_some_and(|n| n < limit);
    if !(below(11, 24) && bytes.get(13) == Some(&b':') && below(14, 60)) {
        return false;
    }
    let mut at = 16;
    if bytes.get(at) == Some(&b':') {
        if !below(17, 60) {
            return false;
        }
        at = 19;
        if bytes.get(at) == Some(&b'.') {
            let digits = bytes.get(at + 1..).unwrap_or_default().iter().take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 {
                return false;
            }
            at += 1 + digits;
        }
    }
    match bytes.get(at) {
        Some(b'Z') => bytes.len() == at + 1,
        Some(b'+' | b'-') => {
            below(at + 1, 24) && bytes.get(at + 3) == Some(&b':') && below(at + 4, 60) && bytes.len() == at + 6
        }
        _ => false,
    }
}
