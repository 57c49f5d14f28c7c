//! What was sent to the sandbox, without its secrets.

use crate::sandbox::calendar::iso;
use crate::sandbox::http::message::{pairs, Request};
use crate::sandbox::json::{json, parse, Json, Members, Text};
use crate::sandbox::object::put;
use crate::sandbox::text::holds;
use serde_json::{Map, Value};

/// How many requests are kept.
const KEPT: usize = 1000;

/// A request that was answered.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, decoded.
    pub query: Vec<(String, String)>,
    /// The headers with their names in lower case; tokens and cookies read `[redacted]`.
    pub headers: Vec<(String, String)>,
    /// The body, if it was JSON or a form; keys read `[redacted]`.
    pub body: Option<Value>,
    /// The JavaScript name of its operation, such as `orders.get`.
    pub operation: Option<&'static str>,
    /// The status of the answer.
    pub status: u16,
    /// When it came, on the sandbox's clock.
    pub at: String,
}

const REDACTED: &str = "[redacted]";

impl Logged {
    /// The entry of a request.
    pub fn new(
        request: &Request,
        path: &str,
        query: Vec<(String, String)>,
        operation: Option<&'static str>,
        status: u16,
        now: i64,
    ) -> Self {
        let headers = request.headers.iter().map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let secret = matches!(name.as_str(), "authorization" | "cookie" | "proxy-authorization");
            (name, if secret { REDACTED.into() } else { value.clone() })
        });
        let mut body = parse(&request.body).or_else(|| form(request));
        if let Some(body) = &mut body {
            redact(body, operation.is_some_and(|name| name.starts_with("oauth.")));
        }
        Self {
            method: request.method.clone(),
            path: path.into(),
            query,
            headers: headers.collect(),
            body,
            operation,
            status,
            at: iso(now),
        }
    }
}

impl Json for Logged {
    fn write(&self, out: &mut Text) {
        let mut members = Members::new(out);
        members.add("method", &self.method);
        members.add("path", &self.path);
        members.add("query", &self.query);
        members.add("headers", &self.headers);
        members.add("body", &self.body);
        members.add("operation", &self.operation);
        members.add("status", &f64::from(self.status));
        members.add("at", &self.at);
        members.end();
    }
}

/// A name and its value.
impl Json for (String, String) {
    fn write(&self, out: &mut Text) {
        out.put("[");
        self.0.write(out);
        out.put(",");
        self.1.write(out);
        out.put("]");
    }
}

/// The fields of a form.
fn form(request: &Request) -> Option<Value> {
    let declared = request.header("content-type").is_some_and(|kind| holds(kind, "x-www-form-urlencoded"));
    let text = std::str::from_utf8(&request.body).ok().filter(|_| declared)?;
    let mut fields = Map::new();
    for (name, value) in pairs(text) {
        put(&mut fields, &name, Value::from(value));
    }
    Some(Value::Object(fields))
}

/// Hides keys, and of OAuth what stands for a person's approval.
pub fn redact(value: &mut Value, oauth: bool) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                let approval = matches!(name.as_str(), "code" | "refresh_token" | "refreshToken");
                if name == "apiKey" || holds(name, "secret") || (oauth && approval) {
                    *value = Value::from(REDACTED);
                } else {
                    redact(value, oauth);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| redact(value, oauth)),
        _ => {}
    }
}

/// The latest requests.
#[derive(Debug, Default)]
pub struct Log(Vec<Logged>);

impl Log {
    /// Adds a request; the oldest one goes when there are too many.
    pub fn add(&mut self, entry: Logged) {
        // Dropped in blocks, so that a long run does not move the whole list with every request.
        if self.0.len() >= 2 * KEPT {
            self.0.drain(..KEPT);
        }
        self.0.push(entry);
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Those that are kept as JSON text.
    pub fn json(&self) -> String {
        let entries: Vec<&Logged> = self.entries().iter().collect();
        String::from_utf8(json(&entries)).unwrap_or_default()
    }

    /// Those that are kept, the latest last.
    pub fn entries(&self) -> &[Logged] {
        &self.0[self.0.len().saturating_sub(KEPT)..]
    }
}
