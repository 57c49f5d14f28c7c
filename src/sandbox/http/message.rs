//! Requests and answers as plain data.

use crate::json::joined;
use crate::sandbox::text::digits;

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
        (path, pairs(query).collect())
    }
}

/// Names and values of a query or a form, decoded.
pub fn pairs(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name, true), decode(value, true))
    })
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
}
