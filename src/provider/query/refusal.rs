//! Why a request to the queryUrl is not answered with what it asks for.

use crate::json::Object;
use crate::shape::{put_issues, Issue};

/// The class of a refusal. HighLevel documents no status codes; these are what HTTP means by them and what most integrators send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalCode {
    /// Another method than POST.
    MethodNotAllowed,
    /// A content type that is not JSON.
    UnsupportedMediaType,
    /// A body beyond the limit.
    TooLarge,
    /// The body is no JSON object, or could not be read.
    Malformed,
    /// A `type` that is not known here.
    UnknownType,
    /// No apiKey, one that nobody has, or one of another location.
    Unauthorized,
    /// A field is missing or wrong; the issues name it.
    InvalidQuery,
    /// The provider's own code threw. Whether money moved is not known.
    HandlerFailed,
    /// The provider's own code gave something that is no answer to this question.
    InvalidAnswer,
    /// The store could not be asked, or somebody else is at work on the same charge for too long.
    StoreFailed,
    /// There was no answer in time. Whether money moved is not known.
    Timeout,
    /// A mistake of this package.
    Internal,
}

impl RefusalCode {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::MethodNotAllowed,
        Self::UnsupportedMediaType,
        Self::TooLarge,
        Self::Malformed,
        Self::UnknownType,
        Self::Unauthorized,
        Self::InvalidQuery,
        Self::HandlerFailed,
        Self::InvalidAnswer,
        Self::StoreFailed,
        Self::Timeout,
        Self::Internal,
    ];

    /// The stable code, in snake case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::UnknownType => "unknown_type",
            Self::Unauthorized => "unauthorized",
            Self::InvalidQuery => "invalid_query",
            Self::HandlerFailed => "handler_failed",
            Self::InvalidAnswer => "invalid_answer",
            Self::StoreFailed => "store_failed",
            Self::Timeout => "timeout",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::UnknownType | Self::InvalidQuery => 400,
            Self::Unauthorized => 401,
            Self::MethodNotAllowed => 405,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::HandlerFailed | Self::InvalidAnswer | Self::Internal => 500,
            Self::StoreFailed => 503,
            Self::Timeout => 504,
        }
    }

    /// What is wrong, for people. It quotes nothing of the request.
    pub const fn message(self) -> &'static str {
        match self {
            Self::MethodNotAllowed => "only POST is answered here",
            Self::UnsupportedMediaType => "the body must be application/json",
            Self::TooLarge => "the body is too large",
            Self::Malformed => "the body must be a JSON object",
            Self::UnknownType => "this type of request is not known here",
            Self::Unauthorized => "the apiKey is missing, or it is none of this provider's for this location",
            Self::InvalidQuery => "a field of the request is missing or wrong",
            Self::HandlerFailed | Self::InvalidAnswer | Self::Internal => "the provider could not answer",
            Self::StoreFailed => "the provider is busy; ask again",
            Self::Timeout => "the provider did not answer in time; ask again",
        }
    }
}

/// Why a request is refused. It quotes neither the apiKey nor any value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The class.
    pub code: RefusalCode,
    /// Which fields are wrong, and how.
    pub issues: Vec<Issue>,
}

impl Refusal {
    /// The body of the answer, as JSON text: `success: false`, which for a payment means that it stays pending, and never
    /// `failed: true`, for what money did is not known.
    pub fn body(&self) -> String {
        let mut out = Object::new();
        out.truth("success", false);
        out.text("message", self.code.message());
        out.text("code", self.code.as_str());
        if !self.issues.is_empty() {
            put_issues(&mut out, &self.issues);
        }
        out.finish()
    }
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self { code, issues: Vec::new() }
    }
}
