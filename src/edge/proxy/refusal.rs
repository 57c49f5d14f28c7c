//! What a proxy refuses by itself, and how a page hears of it.

use super::answer::Answer;
use crate::json::{joined, Object};
use crate::shape::{put_issues, Issue};

/// Why a proxy refuses a request. Nothing has been sent then, but for [`Reason::Internal`], and the status says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// 401: `authorize` gave no grant.
    NoGrant,
    /// 403: the grant does not hold the operation.
    NotGranted,
    /// 403: the request names another location than the grant.
    OtherLocation,
    /// 403: the page's origin is neither the proxy's own nor listed.
    Origin,
    /// 404: there is no such path.
    NoRoute,
    /// 404: the record belongs to another location.
    ForeignRecord,
    /// 405: the path has no such method; so are `HEAD`, `TRACE`, upgrades and headers that would change the method.
    Method,
    /// 413: the body is too large.
    TooLarge,
    /// 415: the body is not declared as JSON.
    MediaType,
    /// 422: the parameters are wrong.
    Parameters,
    /// 400: the body could not be read.
    Body,
    /// 503, of a write 424: the time of the request is over.
    TooLate,
    /// 500, of a write 424: `authorize` failed.
    AuthorizeFailed,
    /// 500, of a write 424: what `authorize` gave is no grant.
    InvalidGrant,
    /// 500: a mistake in the proxy itself.
    Internal,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::NoGrant,
        Self::NotGranted,
        Self::OtherLocation,
        Self::Origin,
        Self::NoRoute,
        Self::ForeignRecord,
        Self::Method,
        Self::TooLarge,
        Self::MediaType,
        Self::Parameters,
        Self::Body,
        Self::TooLate,
        Self::AuthorizeFailed,
        Self::InvalidGrant,
        Self::Internal,
    ];

    /// Status, stable code and message.
    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::NoGrant => (401, "no_grant", "the proxy does not know who asks"),
            Self::NotGranted => (403, "operation_not_granted", "the grant does not hold this operation"),
            Self::OtherLocation => (403, "other_location", "the grant is for another location"),
            Self::Origin => (403, "origin_not_allowed", "pages of this origin may not use the proxy"),
            Self::NoRoute => (404, "no_route", "the proxy has no such path"),
            Self::ForeignRecord => (404, "foreign_record", "there is no such record in this location"),
            Self::Method => (405, "method_not_allowed", "the proxy does not take this method here"),
            Self::TooLarge => (413, "body_too_large", "the body is longer than the proxy takes"),
            Self::MediaType => {
                (415, "unsupported_media_type", "the body must be sent as application/json, not encoded")
            }
            Self::Parameters => (422, "invalid_parameters", "the parameters are wrong"),
            Self::Body => (400, "body_not_read", "the body could not be read"),
            Self::TooLate => (503, "too_late", "the time for this request was over before it was sent on"),
            Self::AuthorizeFailed => {
                (500, "authorize_failed", "the proxy could not find out who asks; nothing was sent")
            }
            Self::InvalidGrant => (500, "invalid_grant", "the proxy could not find out who asks; nothing was sent"),
            Self::Internal => (500, "internal", "the proxy failed inside"),
        }
    }

    /// The HTTP status; `before_write`: the request would change something. A 5xx would then say that it may have.
    pub const fn status(self, before_write: bool) -> u16 {
        let (status, ..) = self.row();
        if before_write && status >= 500 && !matches!(self, Self::Internal) {
            return 424;
        }
        status
    }

    /// The stable code, in snake case; it stands in the answer and in the event.
    pub const fn code(self) -> &'static str {
        self.row().1
    }

    /// What happened, for people.
    pub const fn message(self) -> &'static str {
        self.row().2
    }
}

/// A request that the proxy refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// Everything that is wrong with the parameters.
    pub issues: Vec<Issue>,
    /// Whether the request would change something.
    pub before_write: bool,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason, issues: Vec::new(), before_write: false }
    }
}

impl Refusal {
    /// What the page is told: in HighLevel's form, so that its client makes the error of the status and its `messages`, and
    /// with the issues as they are.
    pub fn answer(&self) -> Answer {
        let (_, code, message) = self.reason.row();
        let status = self.reason.status(self.before_write);
        let mut out = Object::new();
        out.number("statusCode", Some(f64::from(status)));
        out.text("code", code);
        if self.issues.is_empty() {
            out.text("message", message);
        } else {
            let mut messages = Vec::new();
            for Issue { path, message } in &self.issues {
                let path: &str = if path.is_empty() { "the parameters" } else { path };
                messages.push(joined(&[path, " ", message]));
            }
            out.texts("message", &messages);
            put_issues(&mut out, &self.issues);
        }
        Answer::new(status, out.finish().into_bytes(), code)
    }
}
