//! What a client is told once, and what one call may override.

use super::error::report;
use super::url::{base_url_problem, without_slashes};
use crate::json::joined;
use crate::shape::{is_blank, is_id, Issue, NO_ID};

/// The longest id that is accepted in a path; HighLevel's have 20 or 24 characters.
pub const MAX_ID_LENGTH: usize = 256;

/// HighLevel's address.
pub const DEFAULT_BASE_URL: &str = "https://services.leadconnectorhq.com";

/// The value of the `Version` header that the Payments API documents.
pub const DEFAULT_API_VERSION: &str = "2021-07-28";

/// What a client is told once.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the API is, without a trailing slash; see [`base_url`](super::base_url).
    pub base_url: String,
    /// The `Version` header: `2021-07-28` or `v3`.
    pub api_version: String,
    /// The default for `altId`, `locationId` and, together with `"location"`, `altType`.
    pub location_id: Option<String>,
    /// Milliseconds that one attempt may take.
    pub timeout_ms: u32,
    /// Milliseconds that a call may take with all its attempts and waits; no limit unless set.
    pub deadline_ms: Option<u32>,
    /// Whether other calls go first where the rate limit makes them wait.
    pub background: bool,
    /// How often a failed call is sent again at the most.
    pub max_retries: u32,
    /// Milliseconds of the first backoff; each further one doubles, up to 8 s.
    pub retry_delay_ms: u32,
    /// The longest body that is read, in bytes after decompression; a page of 100 orders has 80,000.
    pub max_response_bytes: u32,
    /// The `User-Agent` header; browsers ignore it.
    pub user_agent: String,
    /// Headers of every call.
    pub headers: Vec<(String, String)>,
    /// Whether an answer that differs from its promised shape is an error. For [`Client`](crate::Client) it always is.
    pub strict: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            base_url: DEFAULT_BASE_URL.into(),
            api_version: DEFAULT_API_VERSION.into(),
            location_id: None,
            timeout_ms: 30_000,
            deadline_ms: None,
            background: false,
            max_retries: 2,
            retry_delay_ms: 500,
            max_response_bytes: 16 << 20,
            user_agent: concat!("ghl-payments/", env!("CARGO_PKG_VERSION")).into(),
            headers: Vec::new(),
            strict: false,
        }
    }
}

/// What one call may override.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallOptions {
    /// Instead of the client's `location_id`.
    pub location_id: Option<String>,
    /// Instead of the client's `timeout_ms`.
    pub timeout_ms: Option<u32>,
    /// Instead of the client's `deadline_ms`.
    pub deadline_ms: Option<u32>,
    /// Whether other calls go first where the rate limit makes them wait; pages of an iteration do so after the first.
    pub background: Option<bool>,
    /// Instead of the client's `max_retries`.
    pub max_retries: Option<u32>,
    /// Instead of the client's `strict`.
    pub strict: Option<bool>,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

/// Headers that the client sets itself.
const RESERVED: [&str; 4] = ["authorization", "content-type", "accept", "version"];

/// Headers of the connection: a fetch refuses them late, ignores them or hangs.
const FRAMING: [&str; 9] =
    ["connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"];

impl Config {
    /// Checks everything and brings the base URL into its form. `same_origin`: see [`base_url`](super::base_url).
    pub fn check(mut self, same_origin: bool) -> Result<Self, Vec<Issue>> {
        let mut issues = Vec::new();
        self.settle(same_origin, &mut issues);
        if issues.is_empty() {
            Ok(self)
        } else {
            Err(issues)
        }
    }

    /// As [`Self::check`], in place: a configuration is large to hand around.
    pub(crate) fn settle(&mut self, same_origin: bool, issues: &mut Vec<Issue>) {
        report(issues, "baseUrl", base_url_problem(&self.base_url, same_origin));
        self.base_url = without_slashes(&self.base_url).into();
        check_value("apiVersion", &self.api_version, issues);
        check_value("userAgent", &self.user_agent, issues);
        self.check_overridable(issues);
    }

    /// The configuration of one call.
    pub fn with(&self, call: &CallOptions) -> Self {
        let mut config = self.clone();
        config.location_id = call.location_id.clone().or(config.location_id);
        config.timeout_ms = call.timeout_ms.unwrap_or(config.timeout_ms);
        config.deadline_ms = call.deadline_ms.or(config.deadline_ms);
        config.background = call.background.unwrap_or(config.background);
        config.max_retries = call.max_retries.unwrap_or(config.max_retries);
        config.strict = call.strict.unwrap_or(config.strict);
        for (name, value) in &call.headers {
            config.set_header(name.clone(), value.clone());
        }
        config
    }

    /// Sets a header of every call; names are compared without regard to case.
    pub fn set_header(&mut self, name: String, value: String) {
        match self.headers.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&name)) {
            Some((_, known)) => *known = value,
            None => self.headers.push((name, value)),
        }
    }

    /// Checks what a call may override.
    pub fn check_overridable(&self, issues: &mut Vec<Issue>) {
        if let Some(id) = &self.location_id {
            report(issues, "locationId", if is_id(id) { "" } else { NO_ID });
        }
        for (name, value) in &self.headers {
            let token = |b: &u8| b.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".iter().any(|t| t == b);
            // `__proto__` would be no field of an object of headers, and get lost.
            let problem = if name.is_empty() || name == "__proto__" || !name.as_bytes().iter().all(token) {
                "is no header name"
            } else if RESERVED.iter().any(|r| r.eq_ignore_ascii_case(name)) {
                "is set by the client itself; use token or apiVersion"
            } else if FRAMING.iter().any(|name_of| name_of.eq_ignore_ascii_case(name)) {
                "is a matter of the connection; leave it out"
            } else if !is_header_value(value) {
                "must be ASCII without line breaks and other control characters"
            } else {
                continue;
            };
            issues.push(Issue { path: joined(&["headers.", name]), message: problem.into() });
        }
    }
}

fn check_value(path: &str, value: &str, issues: &mut Vec<Issue>) {
    let problem = if is_blank(value) {
        "must not be empty"
    } else if !is_header_value(value) {
        "must not hold control or non-ASCII characters"
    } else {
        ""
    };
    report(issues, path, problem);
}

/// Whether a text can travel in a header in every runtime.
pub(crate) fn is_header_value(text: &str) -> bool {
    text.as_bytes().iter().all(|b| matches!(b, b'\t' | b' '..=b'~'))
}
