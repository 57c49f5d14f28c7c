//! Requests and answers as plain data.

use super::fault::{Fault, HEADER};
use super::object::object;
use serde::Serialize;
use serde_json::Value;

/// A request as it reached the sandbox.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The method, in capitals.
    pub method: String,
    /// Path and query; an origin in front of them is ignored.
    pub url: String,
    /// Names and values; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body, empty where there is none.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The path, still encoded, and the query, decoded.
    pub fn target(&self) -> (&str, Vec<(String, String)>) {
        // Behind an origin the path begins at the third slash.
        let url = if self.url.starts_with('/') {
            &self.url
        } else {
            let slashes = self.url.bytes().enumerate().filter(|(_, byte)| *byte == b'/').nth(2);
            slashes.and_then(|(at, _)| self.url.get(at..)).unwrap_or("/")
        };
        let url = url.split('#').next().unwrap_or_default();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        });
        (path, pairs.collect())
    }
}

/// Undoes percent-encoding; what is not encoded correctly stays as it is.
pub fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let byte = bytes[i];
        let pair = (byte == b'%').then(|| bytes.get(i + 1..i + 3)).flatten();
        let value = pair
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .filter(|pair| pair.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        i += if value.is_some() { 3 } else { 1 };
        out.push(value.unwrap_or(if plus_is_space && byte == b'+' { b' ' } else { byte }));
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What comes after the head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum End {
    /// The whole body.
    #[default]
    Normal,
    /// Nothing, and the connection stays open.
    Hang,
    /// Nothing, and the connection breaks.
    Drop,
}

impl End {
    /// The name by which the transport knows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Hang => "hang",
            Self::Drop => "drop",
        }
    }
}

/// An answer, and how the transport is to deliver it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait before delivering anything.
    pub delay_ms: u32,
    /// Whether to deliver it at all.
    pub end: End,
}

impl Response {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What an operation answers when it agrees.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// 200 with a record.
    pub fn ok(value: &impl Serialize) -> Self {
        Self { status: 200, body: json(value) }
    }

    /// 201 with a record.
    pub fn created(value: &impl Serialize) -> Self {
        Self { status: 201, body: json(value) }
    }
}

/// What an operation answers.
pub type Outcome = Result<Reply, Refusal>;

/// Writes whole numbers without a fraction, as the API does.
struct Plain;

impl serde_json::ser::Formatter for Plain {
    fn write_f64<W: ?Sized + std::io::Write>(&mut self, writer: &mut W, value: f64) -> std::io::Result<()> {
        if value.fract() == 0.0 && value.abs() < 9e15 {
            serde_json::ser::CompactFormatter.write_i64(writer, value as i64)
        } else {
            serde_json::ser::CompactFormatter.write_f64(writer, value)
        }
    }
}

/// A value as compact JSON.
pub fn json(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let mut writer = serde_json::Serializer::with_formatter(&mut out, Plain);
    // Records have text keys and finite numbers only, so nothing here can fail.
    let _ = value.serialize(&mut writer);
    out
}

/// A record of the models as a value.
pub fn value(record: &impl Serialize) -> Value {
    // Through text, because a second serializer for every model would make the program a fifth larger.
    serde_json::from_slice(&json(record)).unwrap_or_default()
}

/// The shapes of error that HighLevel answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `{statusCode, message, error, traceId}`
    Standard,
    /// `{status, message, name, traceId}`
    HttpException,
    /// `{message}`
    Message,
    /// `{error, error_description}`
    OAuth,
    /// `{error: {code, message, details}}`
    V3,
}

impl Shape {
    /// The names that the fault `shape=` takes.
    pub const ALL: [(&'static str, Self); 5] = [
        ("standard", Self::Standard),
        ("http-exception", Self::HttpException),
        ("message", Self::Message),
        ("oauth", Self::OAuth),
        ("v3", Self::V3),
    ];
}

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The shape of the body.
    pub shape: Shape,
    /// What is wrong; one text, unless `list`.
    pub messages: Vec<String>,
    /// Whether `message` is a list.
    pub list: bool,
    /// Whether the shape has a traceId here.
    pub traced: bool,
}

impl Refusal {
    /// A refusal of the service behind the gateway.
    pub fn new(status: u16, message: &str) -> Self {
        Self { status, shape: Shape::Standard, messages: vec![message.into()], list: false, traced: true }
    }

    /// A refusal of the gateway, which gives no traceId.
    pub fn gateway(status: u16, message: &str) -> Self {
        Self { traced: false, ..Self::new(status, message) }
    }

    /// Parameters that are not as they should be.
    pub fn parameters(messages: Vec<String>) -> Self {
        Self { status: 422, shape: Shape::Standard, messages, list: true, traced: true }
    }

    /// One parameter that is not as it should be.
    pub fn parameter(message: &str) -> Self {
        Self::parameters(vec![message.into()])
    }

    /// A record that is not there, in the shape that the service itself throws.
    pub fn not_found(what: &str) -> Self {
        Self { shape: Shape::HttpException, ..Self::new(404, &format!("{what} not found")) }
    }

    /// The body.
    pub fn body(&self, shape: Shape, trace: &str) -> Vec<u8> {
        let message = if self.list { Value::from(self.messages.clone()) } else { Value::from(self.text()) };
        let mut body = match shape {
            Shape::Standard => object! { "statusCode": self.status, "message": message, "error": reason(self.status) },
            Shape::HttpException => object! { "status": self.status, "message": message, "name": "HttpException" },
            Shape::Message => object! { "message": message },
            Shape::OAuth => object! { "error": reason(self.status), "error_description": self.text() },
            Shape::V3 => {
                let code = reason(self.status).to_ascii_uppercase().replace(' ', "_");
                object! {
                    "error": object! { "code": code, "message": self.text(), "details": self.messages.clone() },
                }
            }
        };
        if shape == Shape::HttpException || (shape == Shape::Standard && self.traced) {
            body["traceId"] = Value::from(trace);
        }
        json(&body)
    }

    fn text(&self) -> String {
        self.messages.join(", ")
    }
}

/// The name of a status.
pub fn reason(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Error",
    }
}

/// The page of the network in front of the API.
pub fn html(status: u16) -> Vec<u8> {
    let text = match status {
        200 => "<!DOCTYPE html><html><head><title>HighLevel</title></head><body><div id=\"app\"></div></body></html>",
        _ => {
            "<!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Error 1010</h1>\
             <p>error code: 1010</p></body></html>"
        }
    };
    text.as_bytes().to_vec()
}

impl Response {
    /// An answer of this status and body with the content type that belongs to it.
    pub fn new(status: u16, body: Vec<u8>, is_html: bool) -> Self {
        let kind = if is_html { "text/html; charset=utf-8" } else { "application/json; charset=utf-8" };
        Self { status, headers: vec![("content-type", kind.into())], body, ..Self::default() }
    }

    /// Everything but the body, as JSON.
    pub fn head_json(&self) -> String {
        let headers: Vec<Value> = self
            .headers
            .iter()
            .map(|(name, value)| vec![Value::from(*name), Value::from(value.as_str())].into())
            .collect();
        let head = object! {
            "status": self.status,
            "headers": headers,
            "delayMs": self.delay_ms,
            "end": self.end.as_str(),
        };
        String::from_utf8(json(&head)).unwrap_or_default()
    }

    /// Adds what a fault says about delivery, and that there was one.
    #[must_use]
    pub fn delivered(mut self, fault: &Fault) -> Self {
        if !fault.text.is_empty() {
            self.headers.push((HEADER, fault.text.clone()));
        }
        self.delay_ms = fault.delay_ms;
        self.end = fault.end;
        self
    }
}
