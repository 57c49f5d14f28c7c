//! Every way a call can fail, in one type.

use super::rate::RateLimit;
use crate::endpoint::Operation;
use crate::json::put;
use crate::shape::{Drift, Issue};
use serde::Serialize;

/// The class of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The input is wrong; nothing was sent.
    Validation,
    /// 401: the token is missing, wrong or expired; or there was none to send.
    Authentication,
    /// 403: the token may not do this, or a firewall refused.
    Permission,
    /// 404
    NotFound,
    /// 409
    Conflict,
    /// 400, 422 and other statuses that blame the request.
    InvalidRequest,
    /// 429
    RateLimit,
    /// 5xx
    Server,
    /// No answer: connection refused, dropped or blocked.
    Network,
    /// No answer in time.
    Timeout,
    /// The caller's signal aborted the call.
    Aborted,
    /// A 2xx answer that is not what the endpoint promises.
    Decode,
    /// A payment may be recorded or not, and several transactions may be it (`orders.recordPaymentOnce`).
    Ambiguous,
    /// Anything else, such as a redirect.
    Other,
}

impl ErrorKind {
    /// The name of the JavaScript class.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validation => "ValidationError",
            Self::Authentication => "AuthenticationError",
            Self::Permission => "PermissionError",
            Self::NotFound => "NotFoundError",
            Self::Conflict => "ConflictError",
            Self::InvalidRequest => "InvalidRequestError",
            Self::RateLimit => "RateLimitError",
            Self::Server => "ServerError",
            Self::Network => "NetworkError",
            Self::Timeout => "TimeoutError",
            Self::Aborted => "AbortedError",
            Self::Decode => "DecodeError",
            Self::Ambiguous | Self::Other => "PaymentsError",
        }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Validation => "validation_failed",
            Self::Authentication => "authentication_failed",
            Self::Permission => "permission_denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::InvalidRequest => "invalid_request",
            Self::RateLimit => "rate_limited",
            Self::Server => "server_error",
            Self::Network => "network_error",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::Decode => "decode_failed",
            Self::Ambiguous => "ambiguous_payment",
            Self::Other => "unexpected_answer",
        }
    }
}

/// After a failure: was the operation carried out?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing left this process.
    NotSent,
    /// The server said no.
    Rejected,
    /// It may have been carried out.
    Unknown,
    /// It was carried out, but the answer could not be read.
    Applied,
}

/// Why a call failed.
#[derive(Clone)]
pub struct Error(Box<Failed>);

/// The parts of an [`Error`], which dereferences to them.
#[derive(Clone)]
pub struct Failed {
    /// The class.
    pub kind: ErrorKind,
    /// What happened, for people.
    pub message: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The messages in the answer.
    pub messages: Vec<String>,
    /// HighLevel's id for support requests.
    pub trace_id: Option<String>,
    /// Whether sending the same call again is safe and may help.
    pub retryable: bool,
    /// How many attempts were made, also those that ended before anything left.
    pub attempts: u32,
    /// Whether the operation was carried out.
    pub outcome: Outcome,
    /// The operation, if it got that far.
    pub operation: Option<&'static Operation>,
    /// The id of the record that the call named, such as the order of `orders.recordPayment`.
    pub record_id: Option<String>,
    /// The answer's body, secrets masked.
    pub body: Option<String>,
    /// What is wrong with the input (validation).
    pub issues: Vec<Issue>,
    /// What is wrong with the answer (decode).
    pub drift: Option<Drift>,
    /// Milliseconds that the server asks to wait.
    pub retry_after_ms: Option<f64>,
    /// The limits that the answer named.
    pub rate_limit: Option<RateLimit>,
    /// Ids of the transactions that may be the payment, where [`Client::record_payment_once`](crate::Client) cannot tell.
    pub candidates: Vec<String>,
}

impl std::ops::Deref for Error {
    type Target = Failed;

    fn deref(&self) -> &Failed {
        &self.0
    }
}

impl std::ops::DerefMut for Error {
    fn deref_mut(&mut self) -> &mut Failed {
        &mut self.0
    }
}

impl Error {
    /// An error with nothing but its class, its operation, its outcome and a message.
    #[inline(never)]
    pub fn new(kind: ErrorKind, operation: Option<&'static Operation>, outcome: Outcome, message: String) -> Self {
        Self(Box::new(Failed {
            kind,
            message,
            status: None,
            messages: Vec::new(),
            trace_id: None,
            retryable: false,
            attempts: 0,
            outcome,
            operation,
            record_id: None,
            body: None,
            issues: Vec::new(),
            drift: None,
            retry_after_ms: None,
            rate_limit: None,
            candidates: Vec::new(),
        }))
    }

    /// The input is wrong.
    pub fn validation(operation: Option<&'static Operation>, issues: Vec<Issue>) -> Self {
        let mut message = String::new();
        if let Some(operation) = operation {
            put(&mut message, operation.name);
            put(&mut message, ": ");
        }
        for (i, issue) in issues.iter().enumerate() {
            put(&mut message, if i > 0 { "; " } else { "" });
            put(&mut message, &issue.path);
            put(&mut message, if issue.path.is_empty() { "the parameters: " } else { " " });
            put(&mut message, &issue.message);
        }
        let mut error = Self::new(ErrorKind::Validation, operation, Outcome::NotSent, message);
        error.issues = issues;
        error
    }

    /// One thing is wrong with the input.
    pub fn invalid(path: &str, message: &str) -> Self {
        let mut issues = Vec::new();
        report(&mut issues, path, message);
        Self::validation(None, issues)
    }

    /// The stable code, in snake case.
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct(self.kind.name())
            .field("message", &self.message)
            .field("status", &self.status)
            .field("outcome", &self.outcome)
            .field("attempts", &self.attempts)
            .field("operation", &self.operation.map(|o| o.id))
            .field("record_id", &self.record_id)
            .field("trace_id", &self.trace_id)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Error {}

/// Lists what is wrong with a part of the input; an empty text says that nothing is.
pub(crate) fn report(issues: &mut Vec<Issue>, path: &str, problem: &str) {
    if !problem.is_empty() {
        issues.push(Issue::new(path, problem));
    }
}
