//! From an operation and its parameters to a request.

use super::config::{Config, MAX_ID_LENGTH};
use super::url::encode_component;
use crate::endpoint::{Method, Operation};
use crate::shape::{has_replacement, items, json_text, members, put, quote, unescape, validate, Issue, Record, Seen};

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
    let mut issues = Vec::new();
    config.check_overridable(&mut issues);
    let mut url = String::with_capacity(160);
    put(&mut url, &config.base_url);
    push_path(operation.path, id, &mut url, &mut issues);

    let params = params.unwrap_or("{}");
    let account = Account::of(params, config);
    let located = account.id.is_some();
    let (query, body) = match (operation.query, operation.body) {
        (query, Some(body)) => (query.map(|record| (record, "{}")), Some((body, params))),
        (query, None) => (query.map(|record| (record, params)), None),
    };
    let mut text = None;
    for (is_body, part) in [(false, query), (true, body)] {
        let Some((record, json)) = part else { continue };
        match validate(json, record, located) {
            Ok(seen) => {
                if is_body {
                    text = Some(fill_body(json, record, seen, &account));
                } else {
                    push_query(json, record, seen, &account, &mut url);
                }
            }
            Err(found) => issues.extend(found),
        }
        account.required(record, &mut issues);
    }
    if !issues.is_empty() {
        return Err(issues);
    }

    let mut headers = config.headers.clone();
    let mut header = |name: &str, value: &str| headers.push((name.into(), value.into()));
    if !config.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        header("User-Agent", &config.user_agent);
    }
    header("Version", &config.api_version);
    header("Accept", "application/json");
    if text.is_some() {
        header("Content-Type", "application/json");
    }
    let max_response_bytes = config.max_response_bytes;
    let location_id = account.id;
    Ok(Request { method: operation.method, url, headers, body: text, max_response_bytes, location_id })
}

/// Appends the path with the id in its placeholder.
fn push_path(path: &'static str, id: Option<&str>, url: &mut String, issues: &mut Vec<Issue>) {
    let place = |brace: u8| path.bytes().position(|b| b == brace);
    let (Some(open), Some(close)) = (place(b'{'), place(b'}')) else {
        put(url, path);
        return;
    };
    put(url, path.get(..open).unwrap_or_default());
    let id = id.unwrap_or_default();
    match id_problem(id.as_bytes()) {
        "" => encode_component(id, url),
        problem => issues.push(Issue::new(path.get(open + 1..close).unwrap_or_default(), problem)),
    }
    put(url, path.get(close + 1..).unwrap_or_default());
}

/// What is wrong with an id for a path; empty if nothing is.
fn id_problem(id: &[u8]) -> &'static str {
    if id.trim_ascii().is_empty() {
        "must be text that is not empty"
    } else if matches!(id, b"." | b"..") {
        "must be an id, not a path segment"
    } else if id.len() > MAX_ID_LENGTH {
        "is longer than 256 characters; HighLevel's ids have 20 or 24"
    } else if id.iter().any(u8::is_ascii_control) || has_replacement(id) {
        "must not hold control characters or broken Unicode"
    } else {
        ""
    }
}

/// The account of a call.
struct Account {
    /// For `altId` and `locationId` where they are left out.
    id: Option<String>,
    /// A company was named instead of a location.
    company: bool,
}

impl Account {
    /// The account named in the parameters goes before the configured one.
    fn of(params: &str, config: &Config) -> Self {
        let (mut given, mut company) = (None, false);
        for (key, value) in members(params) {
            company |= key == b"companyId";
            if matches!(key, b"altId" | b"locationId") && given.is_none() {
                given = json_text(value).filter(|id| !id.as_bytes().trim_ascii().is_empty());
            }
        }
        Self { id: given.or_else(|| config.location_id.clone()), company }
    }

    /// The value for a field that was left out.
    fn fill(&self, field: &str) -> Option<&str> {
        match field {
            _ if self.company => None,
            "altId" | "locationId" => self.id.as_deref(),
            "altType" => Some("location"),
            _ => None,
        }
    }

    fn required(&self, record: &'static Record, issues: &mut Vec<Issue>) {
        // Missing in the query and in the body: say it once.
        if issues.iter().any(|issue| issue.path == "locationId") {
            return;
        }
        let needed = ["altId", "locationId"].iter().any(|f| record.index(f).is_some());
        if self.id.is_none() && needed && !self.company {
            issues.push(Issue::new(
                "locationId",
                "is not known: set locationId in new PaymentsClient({ locationId }) or in the call's options",
            ));
        }
    }
}

fn push_query(json: &str, record: &'static Record, seen: Seen, account: &Account, url: &mut String) {
    let mut first = true;
    let mut pair = |name: &str, url: &mut String| {
        url.push(if first { '?' } else { '&' });
        first = false;
        encode_component(name, url);
        url.push('=');
    };
    for (key, value) in members(json) {
        let name = unescape(key);
        pair(&name, url);
        match value.first() {
            Some(b'"') => encode_component(&json_text(value).unwrap_or_default(), url),
            Some(b'[') => {
                let mut comma = false;
                for item in items(value) {
                    put(url, if comma { "%2C" } else { "" });
                    comma = true;
                    encode_component(&json_text(item).unwrap_or_default(), url);
                }
            }
            // Whole numbers, true and false: nothing that needs encoding.
            _ => url.extend(value.iter().map(|byte| *byte as char)),
        }
    }
    for (index, field) in record.fields().enumerate() {
        if let (false, Some(value)) = (seen.has(index), account.fill(field.name)) {
            pair(field.name, url);
            encode_component(value, url);
        }
    }
}

/// Puts the account fields that were left out in front of the body's own.
fn fill_body(json: &str, record: &'static Record, seen: Seen, account: &Account) -> String {
    // The text was checked: its first character that is no space is the brace.
    let brace = json.bytes().position(|b| b == b'{').unwrap_or(0);
    let inside = json.get(brace + 1..).unwrap_or_default();
    let mut out = String::with_capacity(json.len() + 80);
    out.push('{');
    for (index, field) in record.fields().enumerate() {
        if let (false, Some(value)) = (seen.has(index), account.fill(field.name)) {
            if out.len() > 1 {
                out.push(',');
            }
            quote(&mut out, field.name);
            out.push(':');
            quote(&mut out, value);
        }
    }
    if out.len() > 1 && !inside.as_bytes().trim_ascii_start().starts_with(b"}") {
        out.push(',');
    }
    put(&mut out, inside);
    out
}
