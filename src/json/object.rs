//! Writing one JSON object, member by member.

use super::write::{push_decimal, quote};

/// Writes one JSON object, and others in it.
pub(crate) struct Object(String);

impl Object {
    pub fn new() -> Self {
        Self(String::from("{"))
    }

    /// Parts two members or items.
    fn comma(&mut self) {
        if !matches!(self.0.as_bytes().last(), Some(b'{' | b'[')) {
            self.0.push(',');
        }
    }

    fn key(&mut self, name: &str) -> &mut String {
        self.comma();
        quote(&mut self.0, name);
        self.0.push(':');
        &mut self.0
    }

    /// A list of texts.
    pub fn texts(&mut self, name: &str, values: &[String]) {
        self.open(name, '[');
        for value in values {
            self.comma();
            quote(&mut self.0, value);
        }
        self.close(']');
    }

    /// Begins an object as an item of a list; [`Self::close`] ends it.
    pub fn item(&mut self) {
        self.comma();
        self.0.push('{');
    }

    /// Begins an object or a list that [`Self::close`] ends.
    pub fn open(&mut self, name: &str, bracket: char) {
        self.key(name).push(bracket);
    }

    pub fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    pub fn text(&mut self, name: &str, value: &str) {
        quote(self.key(name), value);
    }

    pub fn optional_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// A value that is JSON text already.
    #[cfg(feature = "provider")]
    pub fn json(&mut self, name: &str, value: &str) {
        super::write::put(self.key(name), value);
    }

    /// A number from 0; fractions are cut off.
    pub fn number(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            push_decimal(self.key(name), value as u64);
        }
    }

    pub fn truth(&mut self, name: &str, value: bool) {
        super::write::put(self.key(name), if value { "true" } else { "false" });
    }

    /// An item of a list.
    #[cfg(feature = "npm")]
    pub fn index(&mut self, value: u32) {
        self.comma();
        push_decimal(&mut self.0, value.into());
    }

    pub fn finish(mut self) -> String {
        self.close('}');
        self.0
    }
}
