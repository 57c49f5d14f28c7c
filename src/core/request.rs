//! From an operation and its parameters to a request.

use super::config::{CallOptions, Config, MAX_ID_LENGTH};
use super::url::encode_component;
use crate::endpoint::{Method, Operation};
use crate::shape::{items, json_text, members, unescape, validate, Issue, Record, Seen};

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
    call: &CallOptions,
) -> Result<Request, Vec<Issue>> {
    let mut issues = Vec::new();
    call.check(&mut issues);
    let mut url = String::with_capacity(160);
    url.push_str(&config.base_url);
    push_path(operation.path, id, &mut url, &mut issues);

    let params = params.unwrap_or("{}");
    let account = Account::of(params, config, call);
    let located = account.id.is_some();
    let (query, body) = match (operation.query, operation.body) {
        (query, Some(body)) => (query.map(|record| (record, "{}")), Some((body, params))),
        (Some(query), None) => (Some((query, params)), None),
        (None, None) => (None, None),
    };
    if let Some((record, json)) = query {
        match validate(json, record, located) {
            Ok(seen) => {
                push_query(json, record, seen, &account, &mut url);
                account.required(record, seen, &mut issues);
            }
            Err(found) => issues.extend(found),
        }
    }
    let mut text = None;
    if let Some((record, json)) = body {
        match validate(json, record, located) {
            Ok(seen) => {
                text = Some(fill_body(json, record, seen, &account));
                account.required(record, seen, &mut issues);
            }
            Err(found) => issues.extend(found),
        }
    }
    // The same account is missing in the query and in the body: say it once.
    issues.dedup();
    if !issues.is_empty() {
        return Err(issues);
    }

    let mut headers = Vec::with_capacity(6 + config.headers.len() + call.headers.len());
    for (name, value) in config.headers.iter().chain(&call.headers) {
        headers.retain(|(known, _): &(String, String)| !known.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
        headers.push(("User-Agent".into(), config.user_agent.clone()));
    }
    headers.push(("Version".into(), config.api_version.clone()));
    headers.push(("Accept".into(), "application/json".into()));
    if text.is_some() {
        headers.push(("Content-Type".into(), "application/json".into()));
    }
    Ok(Request { method: operation.method, url, headers, body: text })
}

/// Appends the path with the id in its placeholder.
fn push_path(path: &'static str, id: Option<&str>, url: &mut String, issues: &mut Vec<Issue>) {
    let Some((before, rest)) = path.split_once('{') else {
        url.push_str(path);
        return;
    };
    let (name, behind) = rest.split_once('}').unwrap_or((rest, ""));
    let id = id.unwrap_or("");
    let problem = if id.trim().is_empty() {
        "must not be empty"
    } else if matches!(id, "." | "..") {
        "must be an id, not a path segment"
    } else if id.len() > MAX_ID_LENGTH {
        "is longer than 256 characters; HighLevel's ids have 20 or 24"
    } else if id.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        "must not hold control characters or broken Unicode"
    } else {
        ""
    };
    if !problem.is_empty() {
        issues.push(Issue { path: name.into(), message: problem.into() });
    }
    url.push_str(before);
    if problem.is_empty() {
        encode_component(id, url);
    }
    url.push_str(behind);
}

/// The account of a call.
struct Account {
    /// For `altId` and `locationId` where they are left out.
    id: Option<String>,
}

impl Account {
    /// The account named in the parameters goes before the call's, that before the client's.
    fn of(params: &str, config: &Config, call: &CallOptions) -> Self {
        let mut given = None;
        for (key, value) in members(params) {
            if matches!(key, b"altId" | b"locationId") && given.is_none() {
                given = json_text(value).filter(|id| !id.trim().is_empty());
            }
        }
        Self { id: given.or_else(|| call.location_id.clone()).or_else(|| config.location_id.clone()) }
    }

    /// The value for a field that was left out.
    fn fill(&self, record: &'static Record, seen: Seen, field: &str) -> Option<&str> {
        // A company was named instead of a location.
        if record.index("companyId").is_some_and(|i| seen.has(i)) {
            return None;
        }
        match field {
            "altId" | "locationId" => self.id.as_deref(),
            "altType" => Some("location"),
            _ => None,
        }
    }

    fn required(&self, record: &'static Record, seen: Seen, issues: &mut Vec<Issue>) {
        let needed = ["altId", "locationId"].iter().any(|f| record.index(f).is_some());
        let company = record.index("companyId").is_some_and(|i| seen.has(i));
        if self.id.is_none() && needed && !company {
            issues.push(Issue {
                path: "locationId".into(),
                message: "is not known: set locationId in new PaymentsClient({ locationId }) or in the call's options"
                    .into(),
            });
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
                    url.push_str(if comma { "%2C" } else { "" });
                    comma = true;
                    encode_component(&json_text(item).unwrap_or_default(), url);
                }
            }
            // Whole numbers, true and false: nothing that needs encoding.
            _ => url.extend(value.iter().map(|byte| *byte as char)),
        }
    }
    for (index, field) in record.fields.iter().enumerate() {
        if let (false, Some(value)) = (seen.has(index), account.fill(record, seen, field.name)) {
            pair(field.name, url);
            encode_component(value, url);
        }
    }
}

/// Puts the account fields that were left out in front of the body's own.
fn fill_body(json: &str, record: &'static Record, seen: Seen, account: &Account) -> String {
    let inside = json.trim().strip_prefix('{').unwrap_or(json).trim_start();
    let mut out = String::with_capacity(json.len() + 80);
    out.push('{');
    for (index, field) in record.fields.iter().enumerate() {
        if let (false, Some(value)) = (seen.has(index), account.fill(record, seen, field.name)) {
            if out.len() > 1 {
                out.push(',');
            }
            out.push('"');
            out.push_str(field.name);
            out.push_str("\":\"");
            for c in value.chars() {
                if matches!(c, '"' | '\\') {
                    out.push('\\');
                }
                out.push(c);
            }
            out.push('"');
        }
    }
    if out.len() > 1 && !inside.starts_with('}') {
        out.push(',');
    }
    out.push_str(inside);
    out
}
