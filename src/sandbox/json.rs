//! Records as JSON text, and JSON text as values.
//!
//! Both are written out here: what serde generates for every model would make the module a third larger and its lists
//! half as fast. Answers are written straight from the rows, so that nothing is copied into models first.

use crate::json::{unescape, Scanner, Stop};
use crate::sandbox::amount::major;
use crate::sandbox::calendar::iso;
use crate::sandbox::text::{self, digits};
use serde_json::{Map, Number, Value};

/// What can be written as JSON.
pub trait Json {
    /// Appends the JSON text.
    fn write(&self, out: &mut Text);
}

/// The JSON text of a value.
pub fn json(value: &dyn Json) -> Vec<u8> {
    let mut out = Text::default();
    value.write(&mut out);
    out.into_bytes()
}

/// Text on its way. Bytes are set one by one in room that was made before: most texts are so short that a copy or an
/// append of its own for each takes longer.
#[derive(Default)]
pub struct Text {
    room: Vec<u8>,
    length: usize,
}

impl Text {
    /// Makes room for so many bytes more.
    #[inline(never)]
    fn reserve(&mut self, more: usize) {
        let needed = self.length + more;
        if needed > self.room.len() {
            self.room.resize(needed.max(1 << 12).next_power_of_two(), 0);
        }
    }

    /// Appends text as it stands.
    #[inline(never)]
    pub fn put(&mut self, text: &str) {
        self.reserve(text.len());
        let places = self.room.iter_mut().skip(self.length);
        places.zip(text.bytes()).for_each(|(place, byte)| *place = byte);
        self.length += text.len();
    }

    /// Appends text in quotes.
    #[inline(never)]
    fn quote(&mut self, text: &str) {
        // An escape has six bytes.
        self.reserve(6 * text.len() + 2);
        // In locals, which no write to memory can change: twice as fast as fields.
        let (room, mut at) = (self.room.as_mut_slice(), self.length);
        let mut push = |byte: u8| {
            if let Some(place) = room.get_mut(at) {
                *place = byte;
                at += 1;
            }
        };
        push(b'"');
        for byte in text.bytes() {
            if byte < b' ' {
                b"\\u00".iter().for_each(|byte| push(*byte));
                push(b'0' + (byte >> 4));
                push(b"0123456789abcdef"[usize::from(byte & 15)]);
                continue;
            }
            if byte == b'"' || byte == b'\\' {
                push(b'\\');
            }
            push(byte);
        }
        push(b'"');
        self.length = at;
    }

    /// What was written.
    pub fn into_bytes(mut self) -> Vec<u8> {
        self.room.truncate(self.length);
        self.room
    }
}

/// The JSON text of an object.
pub fn object(write: &dyn Fn(&mut Members<'_>)) -> Vec<u8> {
    let mut out = Text::default();
    let mut members = Members::new(&mut out);
    write(&mut members);
    members.end();
    out.into_bytes()
}

/// The same as a text.
pub fn text_of(write: &dyn Fn(&mut Members<'_>)) -> String {
    String::from_utf8(object(write)).unwrap_or_default()
}

/// An object on its way.
pub struct Members<'a> {
    out: &'a mut Text,
    mark: &'static str,
}

impl<'a> Members<'a> {
    /// Begins an object.
    pub fn new(out: &'a mut Text) -> Self {
        Self { out, mark: "{" }
    }

    /// Begins a member.
    #[inline(never)]
    fn name(&mut self, name: &str) -> &mut Text {
        self.out.put(self.mark);
        self.mark = ",";
        self.out.quote(name);
        self.out.put(":");
        self.out
    }

    /// Adds a member.
    pub fn add(&mut self, name: &str, value: &dyn Json) {
        value.write(self.name(name));
    }

    /// Adds a text.
    #[inline(never)]
    pub fn text(&mut self, name: &str, value: &str) {
        self.name(name).quote(value);
    }

    /// Adds a text that may be absent.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// Adds a number.
    #[inline(never)]
    pub fn number(&mut self, name: &str, value: f64) {
        number(self.name(name), value);
    }

    /// Adds minor units as the API writes amounts.
    #[inline(never)]
    pub fn money(&mut self, name: &str, minor: u32) {
        self.number(name, major(minor));
    }

    /// Adds a truth.
    #[inline(never)]
    pub fn flag(&mut self, name: &str, value: bool) {
        value.write(self.name(name));
    }

    /// Adds a time.
    #[inline(never)]
    pub fn time(&mut self, name: &str, ms: i64) {
        self.text(name, &iso(ms));
    }

    /// Adds JSON text.
    #[inline(never)]
    pub fn raw(&mut self, name: &str, json: &str) {
        self.name(name).put(json);
    }

    /// Begins an object, which must be ended before the next member.
    #[inline(never)]
    pub fn object(&mut self, name: &str) -> Members<'_> {
        Members::new(self.name(name))
    }

    /// Adds a list of so many objects.
    pub fn list(&mut self, name: &str, count: usize, write: &dyn Fn(usize, &mut Members<'_>)) {
        let out = self.name(name);
        out.put("[");
        for at in 0..count {
            if at > 0 {
                out.put(",");
            }
            let mut item = Members::new(out);
            write(at, &mut item);
            item.end();
        }
        out.put("]");
    }

    /// Ends the object.
    #[inline(never)]
    pub fn end(self) {
        if self.mark == "{" {
            self.out.put("{");
        }
        self.out.put("}");
    }
}

impl Json for str {
    fn write(&self, out: &mut Text) {
        out.quote(self);
    }
}

impl Json for String {
    fn write(&self, out: &mut Text) {
        out.quote(self);
    }
}

impl Json for bool {
    fn write(&self, out: &mut Text) {
        out.put(if *self { "true" } else { "false" });
    }
}

impl Json for f64 {
    fn write(&self, out: &mut Text) {
        number(out, *self);
    }
}

impl<T: Json + ?Sized> Json for &T {
    fn write(&self, out: &mut Text) {
        (*self).write(out);
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut Text) {
        match self {
            Some(value) => value.write(out),
            None => out.put("null"),
        }
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut Text) {
        list(out, &mut self.iter().map(|item| item as &dyn Json));
    }
}

impl Json for Value {
    fn write(&self, out: &mut Text) {
        match self {
            Self::Null => out.put("null"),
            Self::Bool(flag) => flag.write(out),
            Self::Number(value) => number(out, value.as_f64().unwrap_or_default()),
            Self::String(text) => out.quote(text),
            Self::Array(items) => items.write(out),
            Self::Object(fields) => fields.write(out),
        }
    }
}

impl Json for Map<String, Value> {
    fn write(&self, out: &mut Text) {
        let mut members = Members::new(out);
        for (name, value) in self {
            members.add(name, value);
        }
        members.end();
    }
}

/// Appends a list.
fn list(out: &mut Text, items: &mut dyn Iterator<Item = &dyn Json>) {
    let mut mark = "[";
    for item in items {
        out.put(mark);
        mark = ",";
        item.write(out);
    }
    if mark == "[" {
        out.put(mark);
    }
    out.put("]");
}

/// 2^53: whole numbers are exact below it.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Appends a number: whole ones without a fraction, as the API does, others with the fewest digits.
fn number(out: &mut Text, value: f64) {
    if value < 0.0 {
        out.put("-");
    }
    let value = value.abs();
    let mut scale = 1.0;
    for decimals in 0..=22 {
        // Not `round`: that is no instruction of wasm.
        let floor = (value * scale).floor();
        let scaled = if value * scale - floor < 0.5 { floor } else { floor + 1.0 };
        // A quotient of two exact numbers is rounded once, as a reader rounds the digits.
        if scaled < EXACT * 64.0 && scaled / scale == value {
            let digits = digits(scaled as u64, decimals + 1);
            let point = digits.len() - decimals;
            out.put(digits.get(..point).unwrap_or_default());
            if decimals > 0 {
                out.put(".");
                out.put(digits.get(point..).unwrap_or_default());
            }
            return;
        }
        scale *= 10.0;
    }
    // Beyond all amounts: good to fifteen digits.
    let (mut digits, mut power) = (value, 0_usize);
    let small = value < 1.0;
    while if small { digits < EXACT / 16.0 } else { digits >= EXACT } && power < 400 {
        digits = if small { digits * 10.0 } else { digits / 10.0 };
        power += 1;
    }
    out.put(&text::digits(digits as u64, 1));
    out.put(if small { "e-" } else { "e" });
    out.put(&text::digits(power as u64, 1));
}

/// The value of JSON text; `None` where it is none.
pub fn parse(text: &[u8]) -> Option<Value> {
    let mut scan = Scanner::new(text);
    let value = read(&mut scan, 0).ok()?;
    scan.finish().ok()?;
    Some(value)
}

fn read(scan: &mut Scanner<'_>, depth: u16) -> Result<Value, Stop> {
    Ok(match scan.token() {
        b'"' => Value::String(text(scan)?),
        b'{' => {
            let mut fields = Map::new();
            scan.enter(depth)?;
            if !scan.closes(b'}') {
                loop {
                    let name = unescape(scan.key()?);
                    fields.insert(name, read(scan, depth + 1)?);
                    if !scan.more(b'}')? {
                        break;
                    }
                }
            }
            Value::Object(fields)
        }
        b'[' => {
            let mut items = Vec::new();
            scan.enter(depth)?;
            if !scan.closes(b']') {
                loop {
                    items.push(read(scan, depth + 1)?);
                    if !scan.more(b']')? {
                        break;
                    }
                }
            }
            Value::Array(items)
        }
        b't' => scan.word().map(|()| Value::Bool(true))?,
        b'f' => scan.word().map(|()| Value::Bool(false))?,
        b'n' => scan.word().map(|()| Value::Null)?,
        _ => {
            let number = scan.number()?;
            Number::from_f64(double(number)).map_or(Value::Null, Value::Number)
        }
    })
}

fn text(scan: &mut Scanner<'_>) -> Result<String, Stop> {
    scan.text().map(unescape)
}

/// The double of a JSON number: exact up to fifteen digits, which is more than any amount has.
fn double(text: &[u8]) -> f64 {
    let at = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (significand, exponent) = text.split_at(at.unwrap_or(text.len()));
    let exponent = exponent.get(1..).and_then(|exponent| std::str::from_utf8(exponent).ok());
    let mut power: i32 = exponent.map_or(0, |exponent| exponent.parse().unwrap_or(1000));
    let (mut digits, mut fraction) = (0_u64, false);
    for byte in significand {
        match byte {
            b'0'..=b'9' if digits < u64::MAX / 16 => {
                digits = digits * 10 + u64::from(byte - b'0');
                power -= i32::from(fraction);
            }
            // Digits that no double holds.
            b'0'..=b'9' => power += i32::from(!fraction),
            b'.' => fraction = true,
            _ => {}
        }
    }
    let mut scale = 1.0;
    for _ in 0..power.unsigned_abs().min(400) {
        scale *= 10.0;
    }
    let value = if power < 0 { digits as f64 / scale } else { digits as f64 * scale };
    if text.first() == Some(&b'-') {
        -value
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::{json, parse};

    #[test]
    fn what_is_read_is_written_again() {
        for text in [
            r#"{"a":[1,-2.5,0.1,12.5,1199.99,33.333,0.30000000000000004,9007199254740991],"b":{"c":null,"d":true}}"#,
            r#"[[],{},"",0,"\u000a\"\\ é 😀",1e300,2.5e-30,123456789012345680000]"#,
        ] {
            let value = parse(text.as_bytes()).expect(text);
            let written = json(&value);
            let serde = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).expect("JSON");
            let close = |a: f64, b: f64| (a - b).abs() <= b.abs() * 1e-14;
            match (serde(text.as_bytes()), serde(&written)) {
                (serde_json::Value::Array(wanted), serde_json::Value::Array(found)) => {
                    for (wanted, found) in wanted.iter().zip(&found) {
                        match (wanted.as_f64(), found.as_f64()) {
                            (Some(wanted), Some(found)) => assert!(close(found, wanted), "{found} {wanted}"),
                            _ => assert_eq!(found, wanted),
                        }
                    }
                }
                _ => assert_eq!(String::from_utf8(written).unwrap(), text),
            }
        }
    }

    #[test]
    fn amounts_are_exact() {
        for cents in (0..2_000_000_u32).step_by(37) {
            let amount = f64::from(cents) / 100.0;
            let text = json(&amount);
            assert_eq!(String::from_utf8_lossy(&text), amount.to_string());
            assert_eq!(parse(&text).and_then(|value| value.as_f64()), Some(amount));
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "[1,]", "{\"a\":1,}", "01", "1.", "nul", "\"\n\"", "[1] 2", "{a:1}", "'a'"] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(&[b'['; 1000]), None, "too deep");
    }
}
