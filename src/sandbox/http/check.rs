//! Judges parameters as the API does: one table per operation, written from its documentation and not from the shape
//! tables, so that the client's checks meet a second opinion.

use crate::json::joined;
use crate::sandbox::amount::is_money;
use crate::sandbox::calendar;
use crate::sandbox::http::message::Request;
use crate::sandbox::http::refusal::Refusal;
use crate::sandbox::json::parse;
use crate::sandbox::text::{digits, holds, separated};
use serde_json::{Map, Value};

/// What a parameter has to be.
#[derive(Debug, Clone, Copy)]
pub enum Rule {
    /// Text that is not empty.
    Text,
    /// Text.
    AnyText,
    /// `true` or `false`.
    Flag,
    /// A number above 0.
    Positive,
    /// Money in major units.
    Amount,
    /// A whole number from here on.
    Whole(u32),
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// A date or an ISO 8601 time.
    Date,
    /// An https URL.
    Url,
    /// Lower-case letters and hyphens, a letter at both ends.
    Slug,
    /// Any object.
    Map,
    /// A list of ids, at least one.
    Ids,
    /// A record.
    Record(&'static [Param]),
    /// A list of records.
    Records(&'static [Param]),
}

/// One documented parameter.
#[derive(Debug, Clone, Copy)]
pub struct Param {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether the API refuses a request without it.
    pub required: bool,
    /// What it has to be.
    pub rule: Rule,
}

/// A parameter that must be there.
pub const fn must(name: &'static str, rule: Rule) -> Param {
    Param { name, required: true, rule }
}

/// A parameter that may be there.
pub const fn may(name: &'static str, rule: Rule) -> Param {
    Param { name, required: false, rule }
}

/// `altType`.
pub const ALT_TYPE: Rule = Rule::Choice(&["location"]);

/// The parameters of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Those of the query.
    pub query: &'static [Param],
    /// Those of the body.
    pub body: &'static [Param],
}

/// Query parameters as they came, each name once.
#[derive(Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// The value of a parameter; an empty one counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A whole number.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.get(name).and_then(|text| text.parse().ok())
    }
}

/// The body of a request as an object. Where there is none, or none that is declared as JSON, the service sees an empty
/// object.
pub fn body(request: &Request) -> Result<Map<String, Value>, Refusal> {
    let declared = request.header("content-type").is_some_and(|kind| holds(kind, "json"));
    if request.body.is_empty() || !declared {
        return Ok(Map::new());
    }
    match parse(&request.body) {
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(Refusal::parameter("the body must be an object")),
        None => Err(Refusal::new(400, "The body is not valid JSON")),
    }
}

/// Judges the query and the body of a request.
pub fn check(spec: &Spec, query: Vec<(String, String)>, body: &Map<String, Value>) -> Result<Query, Refusal> {
    let mut issues = Vec::new();
    for (i, (name, _)) in query.iter().enumerate() {
        if !known(spec.query, name) {
            issues.push(joined(&["property ", name, " should not exist"]));
        } else if query[..i].iter().any(|(other, _)| other == name) {
            issues.push(joined(&[name, " must be a string"]));
        }
    }
    let query = Query(query);
    for param in spec.query {
        match query.get(param.name) {
            Some(text) => judge_text(param.name, text, param.rule, &mut issues),
            None if param.required => issues.push(complaint(param.name, param.rule)),
            None => {}
        }
    }
    for name in body.keys().filter(|name| !known(spec.body, name)) {
        issues.push(joined(&["property ", name, " should not exist"]));
    }
    judge_fields("", body, spec.body, &mut issues);
    if issues.is_empty() {
        Ok(query)
    } else {
        Err(Refusal::parameters(issues))
    }
}

fn known(params: &[Param], name: &str) -> bool {
    params.iter().any(|param| param.name == name)
}

fn judge_fields(at: &str, fields: &Map<String, Value>, params: &[Param], issues: &mut Vec<String>) {
    for param in params {
        let name = joined(&[at, param.name]);
        match fields.get(param.name) {
            Some(value) => judge(&name, value, param.rule, issues),
            None if param.required => issues.push(complaint(&name, param.rule)),
            None => {}
        }
    }
}

fn judge_record(at: &str, value: &Value, params: &[Param], issues: &mut Vec<String>) {
    let Value::Object(fields) = value else {
        issues.push(joined(&[at, " must be an object"]));
        return;
    };
    for name in fields.keys().filter(|name| !known(params, name)) {
        issues.push(joined(&[at, ".property ", name, " should not exist"]));
    }
    judge_fields(&joined(&[at, "."]), fields, params, issues);
}

fn judge(name: &str, value: &Value, rule: Rule, issues: &mut Vec<String>) {
    let fine = match (rule, value) {
        (Rule::Text | Rule::AnyText | Rule::Choice(_) | Rule::Date | Rule::Url | Rule::Slug, Value::String(text)) => {
            return judge_text(name, text, rule, issues);
        }
        (Rule::Flag, Value::Bool(_)) | (Rule::Map, Value::Object(_)) => true,
        (Rule::Positive, Value::Number(_)) => value.as_f64().is_some_and(|n| n > 0.0),
        (Rule::Amount, Value::Number(_)) => value.as_f64().is_some_and(is_money),
        (Rule::Whole(least), Value::Number(_)) => {
            value.as_f64().is_some_and(|n| n >= f64::from(least) && n.fract() == 0.0)
        }
        (Rule::Ids, Value::Array(list)) => {
            !list.is_empty() && list.iter().all(|id| id.as_str().is_some_and(|id| !id.trim().is_empty()))
        }
        (Rule::Record(params), _) => return judge_record(name, value, params, issues),
        (Rule::Records(params), Value::Array(list)) => {
            for (i, item) in list.iter().enumerate() {
                judge_record(&joined(&[name, ".", &digits(i as u64, 1)]), item, params, issues);
            }
            return;
        }
        _ => false,
    };
    if !fine {
        issues.push(complaint(name, rule));
    }
}

fn judge_text(name: &str, text: &str, rule: Rule, issues: &mut Vec<String>) {
    let fine = match rule {
        Rule::Text => !text.trim().is_empty(),
        Rule::AnyText => true,
        Rule::Flag => matches!(text, "true" | "false"),
        Rule::Whole(least) => text.bytes().all(|b| b.is_ascii_digit()) && text.parse().is_ok_and(|n: u32| n >= least),
        Rule::Choice(list) => list.contains(&text),
        Rule::Date => calendar::parse(text).is_some(),
        Rule::Url => text
            .strip_prefix("https://")
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(char::is_whitespace)),
        Rule::Slug => {
            let bytes = text.as_bytes();
            bytes.iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
                && bytes.first().is_some_and(u8::is_ascii_lowercase)
                && bytes.last().is_some_and(u8::is_ascii_lowercase)
        }
        Rule::Positive | Rule::Amount | Rule::Map | Rule::Ids | Rule::Record(_) | Rule::Records(_) => false,
    };
    if !fine {
        issues.push(complaint(name, rule));
    }
}

fn complaint(name: &str, rule: Rule) -> String {
    let what = match rule {
        Rule::Text | Rule::AnyText => "must be a string",
        Rule::Flag => "must be a boolean value",
        Rule::Positive => "must be a positive number",
        Rule::Amount => "must be a positive number with at most 4 decimal places",
        Rule::Whole(least) => {
            return joined(&[name, " must be a whole number not less than ", &digits(least.into(), 1)])
        }
        Rule::Choice(list) => {
            let list = separated(&mut list.iter().copied(), ", ");
            return joined(&[name, " must be one of the following values: ", &list]);
        }
        Rule::Date => "must be a valid ISO 8601 date string",
        Rule::Url => "must be a URL address",
        Rule::Slug => "must hold lower-case letters and hyphens only and start and end with a letter",
        Rule::Map | Rule::Record(_) => "must be an object",
        Rule::Ids => "must be an array of texts that are not empty, and should not be empty",
        Rule::Records(_) => "must be an array",
    };
    joined(&[name, " ", what])
}
