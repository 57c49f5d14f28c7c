//! Requests and answers as plain data.

use super::fault::{Fault, HEADER};
use super::json::{digits, object, separated, Json, Members, Text};
use super::object::put;
use crate::json::joined;
use serde_json::Map;

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
    String::from_utf8(out).unwrap_or_else(|_| text.into())
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
    /// 200 with an object.
    pub fn object(write: &dyn Fn(&mut Members<'_>)) -> Self {
        Self { status: 200, body: object(write) }
    }
}

/// What an operation answers.
pub type Outcome = Result<Reply, Refusal>;

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
        Self { shape: Shape::HttpException, ..Self::new(404, &joined(&[what, " not found"])) }
    }

    /// The body.
    pub fn body(&self, shape: Shape, trace: &str) -> Vec<u8> {
        let (text, reason, status) = (self.text(), reason(self.status), f64::from(self.status));
        let message: &dyn Json = if self.list { &self.messages } else { &text };
        let mut out = Text::default();
        let mut body = Members::new(&mut out);
        match shape {
            Shape::Standard => {
                body.add("statusCode", &status);
                body.add("message", message);
                body.add("error", &reason);
            }
            Shape::HttpException => {
                body.add("status", &status);
                body.add("message", message);
                body.add("name", &"HttpException");
            }
            Shape::Message => body.add("message", message),
            Shape::OAuth => {
                body.add("error", &reason);
                body.add("error_description", &text);
            }
            Shape::V3 => {
                let mut error = Map::new();
                put(&mut error, "code", reason.to_ascii_uppercase().replace(' ', "_").into());
                put(&mut error, "message", text.into());
                put(&mut error, "details", self.messages.clone().into());
                body.add("error", &error);
            }
        }
        if shape == Shape::HttpException || (shape == Shape::Standard && self.traced) {
            body.add("traceId", &trace);
        }
        body.end();
        out.into_bytes()
    }

    fn text(&self) -> String {
        separated(&mut self.messages.iter().map(String::as_str), ", ")
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

    /// Everything but the body, as lines: status, delay, end, then name and value of each header.
    pub fn head(&self) -> String {
        let (status, delay) = (digits(self.status.into(), 1), digits(self.delay_ms.into(), 1));
        let mut out = joined(&[&status, "\n", &delay, "\n", self.end.as_str()]);
        for (name, value) in &self.headers {
            out = joined(&[&out, "\n", name, "\n", value]);
        }
        out
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
