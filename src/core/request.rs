//! From an operation and its parameters to a request.

use super::config::{Config, MAX_ID_LENGTH};
use super::error::report;
use super::url::parted;
use crate::endpoint::{Method, Operation};
use crate::json::{encode_component, items_or_self, json_text, members, put, quote, unescape};
use crate::shape::{is_id, validate, Accepted, Issue, Record, NO_ID};

/// A request without its `Authorization` header, which the sender adds last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// All headers but `Authorization`.
    pub headers: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<String>,
    /// The longest answer that is wanted, in bytes: a transport stops reading behind it and says so in
    /// [`Response::cut`](super::Response::cut).
    pub max_response_bytes: u32,
    /// The location that it is about, if it names one: the rate limits are those of an app and a location.
    pub location_id: Option<String>,
}

/// Builds a request.
///
/// `params` is JSON text: the body of an operation that takes one, the query parameters of any other. `altId`,
/// `altType` and `locationId` are filled in where they are left out. Every issue is listed; nothing is sent then.
pub fn build(
    operation: &'static Operation,
    id: Option<&str>,
    params: Option<&str>,
    config: &Config,
) -> Result<Request, Vec<Issue>> {
    build_after(Vec::new(), operation, id, params, config)
}

/// As [`build`], where something is known to be wrong before: everything else that is wrong is listed behind it.
pub(crate) fn build_after(
    mut issues: Vec<Issue>,
    operation: &'static Operation,
    id: Option<&str>,
    params: Option<&str>,
    config: &Config,
) -> Result<Request, Vec<Issue>> {
    config.check_overridable(&mut issues);
    let mut url = config.base_url.clone();
    push_path(operation.path, id.unwrap_or_default(), &mut url, &mut issues);

    let params = params.unwrap_or("{}");
    let account = Account::of(params, config);
    let query_json = if operation.body.is_some() { "{}" } else { params };
    let query = account.fill(operation.query, query_json, &mut issues);
    let body = account.fill(operation.body, params, &mut issues);
    if !issues.is_empty() {
        return Err(issues);
    }
    if let Some((mut filled, _)) = query {
        put(&mut filled, "}");
        push_query(&[query_json, &filled], &mut url);
    }
    let body = body.map(|(mut filled, accepted)| {
        push_body(&accepted.written(params), &mut filled);
        filled
    });

    let mut headers = config.headers.clone();
    let mut header = |name: &str, value: &str| headers.push((name.into(), value.into()));
    if !config.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        header("User-Agent", &config.user_agent);
    }
    header("Version", &config.api_version);
    header("Accept", "application/json");
    if body.is_some() {
        header("Content-Type", "application/json");
    }
    let max_response_bytes = config.max_response_bytes;
    Ok(Request { method: operation.method, url, headers, body, max_response_bytes, location_id: account.id })
}

/// Appends the path with the id in its placeholder.
fn push_path(path: &'static str, id: &str, url: &mut String, issues: &mut Vec<Issue>) {
    let (before, rest) = parted(path, b'{');
    let (placeholder, behind) = parted(rest, b'}');
    put(url, before);
    if !placeholder.is_empty() {
        report(issues, placeholder, id_problem(id));
        encode_component(id, url);
        put(url, behind);
    }
}

/// What is wrong with an id for a path; empty if nothing is.
fn id_problem(id: &str) -> &'static str {
    if !is_id(id) {
        NO_ID
    } else if matches!(id, "." | "..") {
        "must be an id, not a path segment"
    } else if id.len() > MAX_ID_LENGTH {
        "is longer than 256 characters; HighLevel's ids have 20 or 24"
    } else {
        ""
    }
}

/// Whether a field names the account.
pub(crate) fn names_account(field: &[u8]) -> bool {
    field == b"altId" || field == b"locationId"
}

/// The account of a call.
struct Account {
    /// For the fields that name it where they are left out.
    id: Option<String>,
    /// A company was named instead of a location.
    company: bool,
}

impl Account {
    /// The account named in the parameters goes before the configured one.
    fn of(params: &str, config: &Config) -> Self {
        let (mut given, mut company) = (String::new(), false);
        for (key, value) in members(params.as_bytes()) {
            company |= key == b"companyId";
            if given.is_empty() && names_account(key) {
                if let Some(id) = json_text(value) {
                    given = id;
                }
            }
        }
        let id = if given.is_empty() { config.location_id.clone() } else { Some(given) };
        Self { id, company }
    }

    /// Checks the query or the body, if the operation has that part. Gives the fields that were left out and that the
    /// account fills, as a JSON object that is still open, and what was accepted of the others.
    fn fill(&self, record: Option<&'static Record>, json: &str, issues: &mut Vec<Issue>) -> Option<(String, Accepted)> {
        let record = record?;
        // An account that is wrong is named: nothing of it is missing.
        let wrong = |issues: &[Issue]| issues.iter().any(|issue| names_account(issue.path.as_bytes()));
        let located = self.id.is_some() || wrong(issues);
        let accepted = validate(json, record, located).unwrap_or_else(|mut found| {
            issues.append(&mut found);
            Accepted::default()
        });
        let mut filled = String::from("{");
        let mut needed = false;
        for (index, field) in record.fields().enumerate() {
            let value = if names_account(field.name.as_bytes()) {
                needed = true;
                self.id.as_deref()
            } else if field.name == "altType" {
                Some("location")
            } else {
                None
            };
            if let (Some(value), false, false) = (value, self.company, accepted.has(index)) {
                let comma = if filled.len() > 1 { "," } else { "" };
                put(&mut filled, comma);
                quote(&mut filled, field.name);
                put(&mut filled, ":");
                quote(&mut filled, value);
            }
        }
        // Missing in the query and in the body: say it once.
        if needed && self.id.is_none() && !self.company && !wrong(issues) {
            report(
                issues,
                "locationId",
                "is not known: set locationId in new PaymentsClient({ locationId }) or in the call's options",
            );
        }
        Some((filled, accepted))
    }
}

/// Appends the caller's parameters, then what was left out.
fn push_query(parts: &[&str], url: &mut String) {
    let mut separator = "?";
    for part in parts {
        for (key, value) in members(part.as_bytes()) {
            put(url, separator);
            separator = "&";
            encode_component(&unescape(key), url);
            put(url, "=");
            let mut comma = "";
            for (_, item) in items_or_self(value) {
                put(url, comma);
                comma = "%2C";
                // What is no text is a whole number, true or false.
                encode_component(&json_text(item).unwrap_or_else(|| unescape(item)), url);
            }
        }
    }
}

/// Puts the body's own fields behind those that were left out.
fn push_body(json: &str, filled: &mut String) {
    // The text was checked: its first character that is no space is the brace.
    let (_, inside) = parted(json, b'{');
    if filled.len() > 1 && !inside.as_bytes().trim_ascii_start().starts_with(b"}") {
        put(filled, ",");
    }
    put(filled, inside);
}
