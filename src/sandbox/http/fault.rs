//! Faults on demand: what the header `x-sandbox-fault` or a script asks to go wrong.
//!
//! A fault is a list of directives separated by `;`, such as `delay=200; status=503`.

use crate::json::joined;
use crate::sandbox::echo::Echo;
use crate::sandbox::http::drift::Drift;
use crate::sandbox::http::message::{html, reason, End, Response};
use crate::sandbox::http::refusal::{Refusal, Shape};
use crate::sandbox::json::{json, parse};
use crate::sandbox::object::put;
use serde_json::Value;

/// The header that asks for a fault, and that the answer of one carries: nobody takes it for the API's own.
pub const HEADER: &str = "x-sandbox-fault";

/// What is to go wrong with one request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fault {
    /// Answer this status and do nothing.
    pub status: Option<u16>,
    /// Do it, then answer this status.
    pub applied_then: Option<u16>,
    /// Do it, then break the connection (`applied-then=drop`) or never answer (`applied-then=hang`).
    pub applied_end: Option<End>,
    /// Do it, then answer a page of HTML with status 200 (`applied-then=html`).
    pub applied_html: bool,
    /// Break the connection at once and do it so many milliseconds later, as a server does that is slow and has lost its
    /// caller.
    pub late_ms: Option<u32>,
    /// Answer a page of HTML with this status and do nothing.
    pub html: Option<u16>,
    /// Do it, then deliver half of the body.
    pub truncated: bool,
    /// Do it, then bend the answer.
    pub drift: Option<Drift>,
    /// A list answers its first page whatever is asked for, and says that more is to come: it never ends.
    pub endless: bool,
    /// The shape of the error of `status` or `applied-then`.
    pub shape: Option<Shape>,
    /// The header `Retry-After`, in seconds or as a date.
    pub retry_after: Option<String>,
    /// How long to wait before answering.
    pub delay_ms: u32,
    /// Break the connection or never answer, without doing anything.
    pub end: End,
    /// A checkout of the order opens first, which keeps payments from being recorded for a while.
    pub checkout: bool,
    /// What somebody else does with the order before a payment is recorded, or whatever else happens to it.
    pub rivals: Vec<Rival>,
    /// Where the recorded payment shows its `meta` and its notes, instead of what the sandbox was told.
    pub echo: Option<Echo>,
    /// The directives as they were given.
    pub text: String,
}

/// What somebody else does with an order, of the same amount and in the same mode as the payment of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rival {
    /// Records a payment with a note of their own.
    Payer,
    /// Records a payment that differs from the other one in nothing but its id.
    Twin,
    /// Tries to pay, and the payment fails.
    Failure,
}

impl Fault {
    /// Reads directives; the error says what is wrong with them.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut out = Self { text: text.trim().into(), ..Self::default() };
        // It goes out in a header.
        if text.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
            return Err(joined(&[HEADER, ": a fault is printable ASCII"]));
        }
        for directive in text.split(';').map(str::trim).filter(|directive| !directive.is_empty()) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let known = out.read(name.trim(), value.trim());
            if known.is_none() {
                return Err(joined(&[HEADER, ": \"", directive, "\" is not a fault"]));
            }
        }
        Ok(out)
    }

    fn read(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "status" => self.status = Some(status(value)?),
            "applied-then" => match value {
                "drop" => self.applied_end = Some(End::Drop),
                "hang" => self.applied_end = Some(End::Hang),
                "html" => self.applied_html = true,
                _ => self.applied_then = Some(status(value)?),
            },
            "html" => self.html = Some(if value.is_empty() { 200 } else { status(value)? }),
            "late" => self.late_ms = Some(value.parse().ok()?),
            "truncated" if value.is_empty() => self.truncated = true,
            "endless" if value.is_empty() => self.endless = true,
            "drift" => self.drift = Some(Drift::parse(value)?),
            "shape" => self.shape = Some(Shape::ALL.iter().find(|(name, _)| *name == value)?.1),
            "retry-after" if !value.is_empty() => self.retry_after = Some(value.into()),
            "delay" => self.delay_ms = value.parse().ok()?,
            "checkout" if value.is_empty() => self.checkout = true,
            "second-payer" if value.is_empty() => self.rivals.push(Rival::Payer),
            "second-payer" if value == "alike" => self.rivals.push(Rival::Twin),
            "failed-payment" if value.is_empty() => self.rivals.push(Rival::Failure),
            "echo" => self.echo = Some(Echo::parse(value)?),
            "hang" if value.is_empty() => self.end = End::Hang,
            "drop" if value.is_empty() => self.end = End::Drop,
            _ => return None,
        }
        Some(())
    }

    /// The answer to a fault that keeps the request from being done.
    pub fn shortcut(&self, trace: &str) -> Response {
        let mut response = match (self.html, self.status) {
            (Some(status), _) => Response::new(status, html(status), true),
            (None, Some(status)) => self.error(status, trace),
            (None, None) => Response::default(),
        };
        if let Some(after) = &self.retry_after {
            response.headers.push(("retry-after", after.clone()));
        }
        response
    }

    /// The error that the fault asks for.
    pub fn error(&self, status: u16, trace: &str) -> Response {
        if matches!(status, 204 | 205 | 304) {
            return Response { status, ..Response::default() };
        }
        let shape = self.shape.unwrap_or(Shape::Standard);
        Refusal { shape, ..Refusal::new(status, reason(status)) }.answer(false, trace)
    }

    /// Adds to an answer what the fault says about its delivery, and that there was a fault.
    #[must_use]
    pub fn deliver(&self, mut response: Response) -> Response {
        if !self.text.is_empty() {
            response.headers.push((HEADER, self.text.clone()));
        }
        response.delay_ms = self.delay_ms;
        response.end = self.end;
        response
    }

    /// Whether the fault answers without doing anything.
    pub fn short_cut(&self) -> bool {
        self.status.is_some() || self.html.is_some() || self.end != End::Normal
    }
}

/// The body of a list that never ends.
pub fn endless(body: Vec<u8>) -> Vec<u8> {
    let Some(Value::Object(mut fields)) = parse(&body) else { return body };
    put(&mut fields, "totalCount", 1_000_000_000.into());
    json(&Value::Object(fields))
}

/// A status that may be answered: no informational ones, which have no body of their own.
fn status(text: &str) -> Option<u16> {
    text.parse().ok().filter(|status| (200..600).contains(status))
}

/// A fault that a script has laid out for requests to come.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What is to go wrong.
    pub fault: Fault,
    /// Only for this operation (`orders.list`, `list-orders`); any where there is none.
    pub operation: Option<String>,
    /// Only for requests of this location; of any where there is none.
    pub location: Option<String>,
    /// For how many requests.
    pub times: u32,
}

/// The faults that scripts have laid out, first in, first out.
#[derive(Debug, Clone, Default)]
pub struct Plan(Vec<Planned>);

impl Plan {
    /// Adds a fault.
    pub fn add(&mut self, planned: Planned) {
        self.0.push(planned);
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for a request of a location to this operation, known by its two names.
    pub fn take(&mut self, names: [&str; 2], location: &str) -> Option<Fault> {
        let at = self.0.iter().position(|planned| {
            planned.operation.as_ref().is_none_or(|operation| names.contains(&operation.as_str()))
                && planned.location.as_ref().is_none_or(|own| own == location)
        })?;
        let planned = &mut self.0[at];
        let fault = planned.fault.clone();
        planned.times = planned.times.saturating_sub(1);
        if planned.times == 0 {
            self.0.remove(at);
        }
        Some(fault)
    }
}
