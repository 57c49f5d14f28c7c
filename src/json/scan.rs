//! A strict JSON scanner over bytes: it accepts exactly what `JSON.parse` accepts, without building values.

use super::decimal::number_is_finite;
use super::plain::{
    behind_boolean, behind_members, behind_null, behind_number, behind_printable, behind_same, behind_text, is, Plain,
};
use core::ops::Range;

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

/// How many containers may stand inside each other.
pub(crate) const MAX_DEPTH: u16 = 128;

/// The input ends here; [`Scanner::fault`] says why. A result that carries nothing is a single byte in wasm.
#[derive(Debug)]
pub(crate) struct Stop;

/// A position in JSON text.
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    pub(super) pos: usize,
    /// An escape named half of a surrogate pair; `JSON.parse` takes it, Rust's texts cannot hold it.
    pub lone_surrogate: bool,
    /// A character outside ASCII was passed.
    pub foreign: bool,
    /// A number was passed that no double can hold. Whoever wants to know about one value puts it back before.
    pub too_large: bool,
    /// Why the scan stopped, once it did.
    pub fault: Fault,
}

impl<'a> Scanner<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, pos: 0, lone_surrogate: false, foreign: false, too_large: false, fault: Fault::Utf8 { at: 0 } }
    }

    pub fn pos(&self) -> usize {
        self.pos
    }

    pub fn seek(&mut self, pos: usize) {
        self.pos = pos;
    }

    pub fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// What stands from there on.
    pub fn from(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..).unwrap_or_default()
    }

    fn rest(&self) -> &'a [u8] {
        self.from(self.pos)
    }

    /// The byte at the position, 0 at the end (0 starts no JSON token).
    #[inline(always)]
    pub fn peek(&self) -> u8 {
        self.bytes.get(self.pos).copied().unwrap_or(0)
    }

    /// Passes white space and gives the byte behind it.
    pub fn token(&mut self) -> u8 {
        loop {
            let byte = self.peek();
            if byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return byte;
            }
            self.pos += 1;
        }
    }

    /// Notes that JSON needs something else at the position.
    #[inline(never)]
    fn stop(&mut self, expected: &'static str) -> Stop {
        self.fault = Fault::Syntax { at: self.pos, expected, end: self.pos >= self.bytes.len() };
        Stop
    }

    /// Passes `byte` after white space.
    pub fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Stop> {
        if self.token() != byte {
            return Err(self.stop(expected));
        }
        self.pos += 1;
        Ok(())
    }

    /// Requires that only white space is left.
    pub fn finish(&mut self) -> Result<(), Stop> {
        self.token();
        if self.pos < self.bytes.len() {
            return Err(self.stop("end of input"));
        }
        Ok(())
    }

    /// Passes a text; the position is at its opening quote. Gives what stands between its quotes, escapes as they are.
    pub fn text(&mut self) -> Result<&'a [u8], Stop> {
        self.pos += 1;
        let start = self.pos;
        loop {
            self.pos = behind_printable(self.bytes, self.pos);
            match self.peek() {
                b'"' => {
                    self.pos += 1;
                    return Ok(self.slice(start, self.pos - 1));
                }
                b'\\' => self.escape()?,
                0x80.. => self.multibyte()?,
                _ => return Err(self.stop("text without control characters and a closing quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Stop> {
        self.pos += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.pos += 1;
                Ok(())
            }
            b'u' => {
                self.lone_surrogate |= self.character()?.is_none();
                Ok(())
            }
            _ => Err(self.stop("an escape that JSON knows")),
        }
    }

    /// Passes `uXXXX`, or two of them that are a surrogate pair. Half of a pair is no character.
    fn character(&mut self) -> Result<Option<char>, Stop> {
        let mut code = self.unit()?;
        if (0xd800..0xdc00).contains(&code) && self.rest().starts_with(b"\\u") {
            let back = self.pos;
            self.pos += 1;
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
            } else {
                self.pos = back;
            }
        }
        Ok(char::from_u32(code))
    }

    /// Passes `uXXXX`.
    fn unit(&mut self) -> Result<u32, Stop> {
        let mut unit = 0;
        for _ in 0..4 {
            self.pos += 1;
            let Some(digit) = char::from(self.peek()).to_digit(16) else {
                return Err(self.stop("four hexadecimal digits"));
            };
            unit = unit << 4 | digit;
        }
        self.pos += 1;
        Ok(unit)
    }

    fn multibyte(&mut self) -> Result<(), Stop> {
        self.foreign = true;
        let start = self.pos;
        while self.peek() >= 0x80 {
            self.pos += 1;
        }
        match core::str::from_utf8(self.slice(start, self.pos)) {
            Ok(_) => Ok(()),
            Err(error) => {
                self.fault = Fault::Utf8 { at: start + error.valid_up_to() };
                Err(Stop)
            }
        }
    }

    /// Passes a number; the position is at its first byte.
    pub fn number(&mut self) -> Result<&'a [u8], Stop> {
        let start = self.pos;
        let negative = self.passes(b'-');
        if !self.passes(b'0') && !self.digits() {
            return Err(self.stop(if negative { "a digit" } else { "a JSON value" }));
        }
        if self.passes(b'.') {
            self.some_digits()?;
        }
        let exponent = self.passes(b'e') || self.passes(b'E');
        if exponent {
            let _ = self.passes(b'+') || self.passes(b'-');
            self.some_digits()?;
        }
        let number = self.slice(start, self.pos);
        // Without an exponent only hundreds of digits bring a number there.
        self.too_large |= (exponent || number.len() > 300) && !number_is_finite(number);
        Ok(number)
    }

    /// Passes `byte` if it stands at the position.
    #[inline(always)]
    fn passes(&mut self, byte: u8) -> bool {
        let passes = self.peek() == byte;
        self.pos += usize::from(passes);
        passes
    }

    /// Passes digits; gives whether there are any.
    fn digits(&mut self) -> bool {
        let start = self.pos;
        while self.peek().is_ascii_digit() {
            self.pos += 1;
        }
        self.pos > start
    }

    fn some_digits(&mut self) -> Result<(), Stop> {
        if self.digits() {
            Ok(())
        } else {
            Err(self.stop("a digit"))
        }
    }

    /// Passes `true`, `false` or `null`, whichever begins at the position.
    pub fn word(&mut self) -> Result<(), Stop> {
        let word = match self.peek() {
            b't' => "true",
            b'f' => "false",
            _ => "null",
        };
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(self.stop("a JSON value"));
        }
        self.pos += word.len();
        Ok(())
    }

    /// Passes any value.
    pub fn skip(&mut self, depth: u16) -> Result<(), Stop> {
        match self.token() {
            b'"' => self.text().map(|_| ()),
            open @ (b'{' | b'[') => {
                // `}` stands two behind `{`, `]` two behind `[`.
                let close = open + 2;
                self.enter(depth)?;
                let mut more = !self.closes(close);
                while more {
                    let (end, closed) = behind_members(self.bytes, self.pos, close);
                    self.pos = end;
                    if closed {
                        return Ok(());
                    }
                    if close == b'}' {
                        self.key()?;
                    }
                    self.skip(depth + 1)?;
                    more = self.more(close)?;
                }
                Ok(())
            }
            b't' | b'f' | b'n' => self.word(),
            _ => self.number().map(|_| ()),
        }
    }

    /// Passes the opening bracket of a container at this depth (the top level is 0).
    pub fn enter(&mut self, depth: u16) -> Result<(), Stop> {
        if depth >= MAX_DEPTH {
            self.fault = Fault::Depth { at: self.pos };
            return Err(Stop);
        }
        self.pos += 1;
        Ok(())
    }

    /// Passes `close` if it comes next.
    pub fn closes(&mut self, close: u8) -> bool {
        self.token();
        self.passes(close)
    }

    /// Passes `"name":` if exactly that stands at the position.
    pub fn passes_key(&mut self, name: &[u8]) -> bool {
        let length = name.len() + 3;
        let here = self.bytes.get(self.pos..self.pos + length).unwrap_or_default();
        let passes = matches!(here, [b'"', key @ .., b'"', b':'] if key == name);
        if passes {
            self.pos += length;
        }
        passes
    }

    /// Where the value begins if the key at `at` is written like an earlier one, with its quotes and its colon.
    #[inline(always)]
    pub fn behind_same_key(&self, earlier: &Range<usize>, at: usize) -> Option<usize> {
        behind_same(self.bytes, earlier, at)
    }

    /// Whether this byte stands at `at`.
    #[inline(always)]
    pub fn is(&self, at: usize, byte: u8) -> bool {
        is(self.bytes, at, byte)
    }

    /// Where the value at `at` ends, if it is plainly what is promised: one that needs no look.
    #[inline(always)]
    pub fn behind_plain(&self, at: usize, promised: Plain, nullable: bool) -> Option<usize> {
        if nullable && self.is(at, b'n') {
            return behind_null(self.bytes, at);
        }
        match promised {
            Plain::Text => behind_text(self.bytes, at),
            Plain::Number => behind_number(self.bytes, at),
            Plain::Boolean => behind_boolean(self.bytes, at),
            Plain::Neither => None,
        }
    }

    /// Passes a key and its colon. Gives what stands between its quotes.
    pub fn key(&mut self) -> Result<&'a [u8], Stop> {
        if self.token() != b'"' {
            return Err(self.stop("a key in quotes"));
        }
        let key = self.text()?;
        self.expect(b':', "a colon")?;
        Ok(key)
    }

    /// Passes a comma (true) or `close` (false).
    #[inline(always)]
    pub fn more(&mut self, close: u8) -> Result<bool, Stop> {
        // Servers write no white space.
        let byte = if self.peek() == b',' { b',' } else { self.token() };
        if byte != b',' && byte != close {
            return Err(self.stop("a comma or a closing bracket"));
        }
        self.pos += 1;
        Ok(byte == b',')
    }
}

/// The text that the bytes between two quotes stand for; half surrogates become U+FFFD.
pub(crate) fn unescape(raw: &[u8]) -> String {
    let mut out = Vec::with_capacity(raw.len());
    let mut scan = Scanner::new(raw);
    loop {
        let start = scan.pos;
        while !matches!(raw.get(scan.pos), None | Some(b'\\')) {
            scan.pos += 1;
        }
        out.extend_from_slice(scan.slice(start, scan.pos));
        // Also behind the end: what is no JSON may end with a backslash.
        if scan.pos >= raw.len() {
            return String::from_utf8(out).unwrap_or_default();
        }
        scan.pos += 1;
        let escape = scan.peek();
        if escape == b'u' {
            let character = scan.character().ok().flatten().unwrap_or(char::REPLACEMENT_CHARACTER);
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        scan.pos += 1;
        out.push(match escape {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            itself => itself,
        });
    }
}
