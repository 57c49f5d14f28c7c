//! What an operation answers: a reply, or why there is none.

use crate::json::joined;
use crate::sandbox::http::message::{reason, Response};
use crate::sandbox::json::{object, Json, Members, Text};
use crate::sandbox::object::put;
use crate::sandbox::text::separated;
use serde_json::Map;

/// What an operation answers when it agrees.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// What the body is.
    pub head: Head,
}

/// What the body of a reply is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// JSON.
    Json,
    /// A page.
    Html,
    /// Nothing: the caller is sent on to this address.
    Redirect(String),
}

impl Reply {
    /// 200 with an object.
    pub fn object(write: &dyn Fn(&mut Members<'_>)) -> Self {
        Self { status: 200, body: object(write), head: Head::Json }
    }

    /// The answer that it is.
    pub fn answer(self) -> Response {
        match self.head {
            Head::Json => Response::new(self.status, self.body, false),
            Head::Html => Response::new(self.status, self.body, true),
            Head::Redirect(to) => {
                Response { status: self.status, headers: vec![("location", to)], ..Response::default() }
            }
        }
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
    /// The same with an error that has a name of its own.
    Denied(&'static str),
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
    #[inline(never)]
    pub fn new(status: u16, message: &str) -> Self {
        Self { status, shape: Shape::Standard, messages: vec![message.into()], list: false, traced: true }
    }

    /// A refusal of the gateway, which gives no traceId.
    #[inline(never)]
    pub fn gateway(status: u16, message: &str) -> Self {
        Self { traced: false, ..Self::new(status, message) }
    }

    /// Parameters that are not as they should be.
    #[inline(never)]
    pub fn parameters(messages: Vec<String>) -> Self {
        Self { status: 422, shape: Shape::Standard, messages, list: true, traced: true }
    }

    /// One parameter that is not as it should be.
    #[inline(never)]
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
            Shape::OAuth | Shape::Denied(_) => {
                body.add("error", if let Shape::Denied(name) = &shape { name } else { &reason });
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

    /// The answer that says so; version 3 has one shape for everything.
    pub fn answer(&self, v3: bool, trace: &str) -> Response {
        let shape = if v3 { Shape::V3 } else { self.shape };
        Response::new(self.status, self.body(shape, trace), false)
    }

    fn text(&self) -> String {
        separated(&mut self.messages.iter().map(String::as_str), ", ")
    }
}
