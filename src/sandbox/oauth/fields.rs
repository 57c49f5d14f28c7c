//! What the OAuth endpoints are sent, and how they name things: `access_token`, with version 3 `accessToken`.

use crate::json::joined;
use crate::sandbox::http::message::{pairs, Request};
use crate::sandbox::http::refusal::{Refusal, Shape};
use crate::sandbox::json::parse;
use crate::sandbox::text::holds;
use serde_json::Value;

/// The name of a field in the version of the API that is spoken.
pub fn named(name: &str, v3: bool) -> String {
    let mut out = Vec::with_capacity(name.len());
    let mut upper = false;
    for byte in name.bytes() {
        if v3 && byte == b'_' {
            upper = true;
        } else {
            out.push(if upper { byte.to_ascii_uppercase() } else { byte });
            upper = false;
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// The fields of a body, whatever their names.
#[derive(Debug)]
pub struct Fields {
    pairs: Vec<(String, Value)>,
    v3: bool,
}

impl Fields {
    /// Reads a form, and JSON where that is understood. Anything else has no fields.
    pub fn read(request: &Request, v3: bool, takes_json: bool) -> Self {
        let kind = request.header("content-type").unwrap_or_default();
        let pairs = if holds(kind, "x-www-form-urlencoded") {
            let text = std::str::from_utf8(&request.body).unwrap_or_default();
            pairs(text).map(|(name, value)| (name, Value::from(value))).collect()
        } else if takes_json && holds(kind, "json") {
            match parse(&request.body) {
                Some(Value::Object(fields)) => fields.into_iter().collect(),
                _ => Vec::new(),
            }
        } else {
            Vec::new()
        };
        Self { pairs, v3 }
    }

    /// The text of a field that may be absent; an empty one counts as absent.
    #[inline(never)]
    pub fn get(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let name = named(name, self.v3);
        let mut found = self.pairs.iter().filter(|(own, _)| *own == name);
        let Some((_, value)) = found.next() else { return Ok(None) };
        match value.as_str() {
            Some(text) if found.next().is_none() => Ok(Some(text).filter(|text| !text.is_empty())),
            _ => Err(self.invalid(&name)),
        }
    }

    /// The text of a field that must be there.
    #[inline(never)]
    pub fn must(&self, name: &str) -> Result<&str, Refusal> {
        let missing = || self.denied(400, "invalid_request", &joined(&["Missing parameter: ", &named(name, self.v3)]));
        self.get(name)?.ok_or_else(missing)
    }

    /// The refusal of a value.
    #[inline(never)]
    pub fn invalid(&self, name: &str) -> Refusal {
        self.denied(400, "invalid_request", &joined(&["Invalid parameter: ", &named(name, self.v3)]))
    }

    /// A refusal of the authorization server: `{error, error_description}`, as it is seen on the wire; version 3 is
    /// documented with `{statusCode, message}`.
    #[inline(never)]
    pub fn denied(&self, status: u16, error: &'static str, text: &str) -> Refusal {
        let shape = if self.v3 { Shape::Standard } else { Shape::Denied(error) };
        Refusal { shape, ..Refusal::gateway(status, text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_version() {
        assert_eq!(named("refresh_token", false), "refresh_token");
        assert_eq!(named("refresh_token", true), "refreshToken");
        assert_eq!(named("companyId", true), "companyId");
    }
}
