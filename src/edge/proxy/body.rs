//! The body of a request, written anew.

use super::findings::Findings;
use crate::endpoint::Operation;
use crate::json::{json_text, put, quote, unescape, Scanner, Stop};
use crate::shape::{Path, Segment};

/// How many fields an object may have. None of HighLevel's has more than 40; each is compared with all before it.
const MAX_FIELDS: usize = 256;

/// Reads a body and writes it anew: every text, number and bracket as the proxy writes it. Refused is what two readers may
/// understand in two ways: a key that stands twice or is written with escapes, `__proto__`, NUL, half of a surrogate pair, a
/// byte order mark, what is no UTF-8. What names the account is left out. Gives nothing for what is no JSON object.
pub(super) fn written(operation: &'static Operation, body: &[u8], found: &mut Findings<'_>) -> Option<String> {
    let mut writer = Writer { scan: Scanner::new(body), out: String::new(), operation, found };
    let object = writer.scan.token() == b'{';
    let read = object && writer.value(&Path::ROOT, 0).and_then(|()| writer.scan.finish()).is_ok();
    if !read {
        writer.found.add("", "must be a JSON object in UTF-8, without a byte order mark, not deeper than 128 levels");
        return None;
    }
    if writer.scan.lone_surrogate {
        writer.found.add("", "hold half of a surrogate pair");
    }
    Some(writer.out)
}

struct Writer<'a, 'f, 'g> {
    scan: Scanner<'a>,
    out: String,
    operation: &'static Operation,
    found: &'f mut Findings<'g>,
}

impl<'a> Writer<'a, '_, '_> {
    fn wrong(&mut self, path: &Path<'_>, problem: &str) {
        self.found.add(&path.text(), problem);
    }

    fn value(&mut self, path: &Path<'_>, depth: u16) -> Result<(), Stop> {
        let first = self.scan.token();
        let start = self.scan.pos();
        match first {
            b'"' => {
                let text = unescape(self.scan.text()?);
                if text.as_bytes().iter().any(|byte| *byte == 0) {
                    self.wrong(path, "must not hold a NUL character");
                }
                quote(&mut self.out, &text);
                return Ok(());
            }
            b'{' | b'[' => return self.container(path, depth, first + 2),
            b't' | b'f' | b'n' => self.scan.word()?,
            _ => {
                self.scan.number()?;
            }
        }
        put(&mut self.out, text_of(self.scan.slice(start, self.scan.pos())));
        Ok(())
    }

    /// An object or a list, whose brackets are two apart.
    fn container(&mut self, path: &Path<'_>, depth: u16, close: u8) -> Result<(), Stop> {
        self.scan.enter(depth)?;
        let mut more = !self.scan.closes(close);
        let mut seen: Vec<&'a [u8]> = Vec::new();
        let mut index = 0;
        let mut separator = char::from(close - 2);
        while more {
            let mut segment = Segment::Index(index);
            let mut known = false;
            let mut name = "";
            if close == b'}' {
                let key = self.scan.key()?;
                name = text_of(key);
                segment = Segment::Key(name);
                known = seen.iter().any(|other| *other == key);
                if index < MAX_FIELDS {
                    seen.push(key);
                }
            }
            let at = Path { parent: Some(path), segment };
            if known {
                self.wrong(&at, "is there twice");
            } else if name == "__proto__" || name.as_bytes().iter().any(|byte| *byte == b'\\') {
                self.wrong(&at, "is no name for a field; none is written with escapes");
            } else if close == b'}' && index == MAX_FIELDS {
                self.wrong(&at, "is one field too many: an object may have 256");
            }
            if depth > 0 || !self.account(name)? {
                self.out.push(separator);
                separator = ',';
                if close == b'}' {
                    quote(&mut self.out, name);
                    self.out.push(':');
                }
                self.value(&at, depth + 1)?;
            }
            index += 1;
            more = self.scan.more(close)?;
        }
        if separator != ',' {
            self.out.push(separator);
        }
        self.out.push(char::from(close));
        Ok(())
    }

    /// Passes the value of a field that names the account, and judges it; gives whether it was one.
    fn account(&mut self, name: &str) -> Result<bool, Stop> {
        let own = self.operation.body.is_some_and(|record| record.index(name).is_some());
        if !own || !Findings::is_account(name) {
            return Ok(false);
        }
        self.scan.token();
        let start = self.scan.pos();
        self.scan.skip(1)?;
        let value = json_text(self.scan.slice(start, self.scan.pos()));
        Ok(self.found.account(name, value.as_deref()))
    }
}

/// The scanner has seen that it is UTF-8.
fn text_of(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_default()
}
