//! Tokens, the `Version` header, scopes and locations.

use crate::endpoint::{Operation, ALL};
use crate::json::joined;
use crate::sandbox::http::message::Request;
use crate::sandbox::http::refusal::{Refusal, Shape};
use crate::sandbox::http::secret::Secret;
use crate::sandbox::rng::{key, Rng};
use crate::sandbox::text::separated;
use serde_json::{Map, Value};

/// Whose data a token opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// Those of the company (agency) itself.
    Company,
    /// Those of this location.
    Location(String),
}

/// A token that the sandbox knows.
#[derive(Debug, Clone)]
pub struct Token {
    text: Secret,
    /// Whose data it opens.
    pub resource: Resource,
    /// What it may do; `None` is everything.
    scopes: Option<Vec<String>>,
    /// When it ceases to count; `None` is never, as with private integration tokens.
    until: Option<i64>,
}

impl Token {
    /// The location that it opens; empty for a company's.
    pub fn location(&self) -> &str {
        match &self.resource {
            Resource::Location(id) => id,
            Resource::Company => "",
        }
    }

    /// Whether it may do what a scope stands for.
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.as_ref().is_none_or(|list| list.iter().any(|own| own == scope))
    }
}

/// The texts that `Version` may hold.
const VERSIONS: [&str; 3] = ["2021-07-28", "2023-02-21", "v3"];

/// Every scope of the ledger, each once.
pub fn scopes() -> Vec<&'static str> {
    let mut out: Vec<&'static str> = Vec::new();
    for scope in ALL.iter().filter_map(|operation| operation.scope) {
        if !out.contains(&scope) {
            out.push(scope);
        }
    }
    out
}

/// The tokens that were handed out.
#[derive(Debug, Default)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// The token of a location with these scopes; the same ones give the same token.
    pub fn issue(&mut self, seed: u64, location: &str, scopes: Option<&[String]>) -> String {
        // In the ledger's order, so that the same set gives the same token however it is written.
        let scopes: Option<Vec<String>> = scopes.map(|list| {
            let known = self::scopes().into_iter().filter(|scope| list.iter().any(|own| own == scope));
            known.map(str::to_owned).collect()
        });
        let name =
            scopes.as_ref().map_or_else(|| "*".into(), |list| separated(&mut list.iter().map(String::as_str), " "));
        let mut rng = Rng::new(key(key(key(seed, "token"), location), &name), 0);
        let text = joined(&["pit-", &rng.uuid()]);
        if !self.0.iter().any(|token| token.text.0 == text) {
            let resource = Resource::Location(location.into());
            self.0.push(Token { text: Secret(text.clone()), resource, scopes, until: None });
        }
        text
    }

    /// Adds a token that an app got by OAuth, and forgets those that have expired.
    pub fn add(&mut self, text: &str, resource: &Resource, scopes: &[String], (now, until): (i64, i64)) {
        self.0.retain(|token| token.until.is_none_or(|until| now < until));
        let (text, scopes) = (Secret(text.into()), Some(scopes.to_vec()));
        self.0.push(Token { text, resource: resource.clone(), scopes, until: Some(until) });
    }

    /// Forgets the tokens of an app that is removed: those that open what `gone` names.
    pub fn revoke(&mut self, gone: &dyn Fn(&Resource) -> bool) {
        self.0.retain(|token| token.until.is_none() || !gone(&token.resource));
    }

    /// The token that a request carries, at this time.
    pub fn of(&self, request: &Request, now: i64) -> Result<Token, Refusal> {
        let invalid = || Refusal::gateway(401, "Invalid token: access token is invalid");
        let header = request.header("authorization").unwrap_or_default();
        let (scheme, text) = header.split_once(' ').unwrap_or((header, ""));
        if header.is_empty() || (scheme.eq_ignore_ascii_case("bearer") && text.trim().is_empty()) {
            return Err(Refusal::gateway(401, "Authorization token is missing"));
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            let refusal = Refusal::gateway(401, "The Authorization header must hold a Bearer token");
            return Err(Refusal { shape: Shape::OAuth, ..refusal });
        }
        let counts = |token: &&Token| token.text.0 == text.trim() && token.until.is_none_or(|until| now < until);
        // The youngest are asked for most.
        self.0.iter().rev().find(counts).cloned().ok_or_else(invalid)
    }
}

/// Judges the `Version` header; `true` is the API of version 3, whose errors have their own shape.
pub fn version(request: &Request) -> Result<bool, Refusal> {
    match request.header("version") {
        None | Some("") => Err(Refusal::gateway(401, "version header was not found.")),
        Some(text) if VERSIONS.contains(&text) => Ok(text == "v3"),
        Some(text) => Err(Refusal::gateway(400, &joined(&["Invalid API version segment ", text]))),
    }
}

/// Judges whether a token may do this.
pub fn scope(token: &Token, operation: &Operation) -> Result<(), Refusal> {
    if token.resource == Resource::Company {
        return Err(Refusal::gateway(401, "Token's user type mismatch!"));
    }
    operation.scope.map_or(Ok(()), |scope| allowed(token, scope))
}

/// Judges whether a token has a scope.
pub fn allowed(token: &Token, scope: &str) -> Result<(), Refusal> {
    if token.has(scope) {
        Ok(())
    } else {
        Err(Refusal::gateway(401, "The token is not authorized for this scope."))
    }
}

/// Judges whether a request stays within the location and the company of its token.
pub fn account(
    token: &Token,
    company: &str,
    query: &[(String, String)],
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    let fields = body.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let mut named = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(fields);
    let foreign = named.any(|(name, value)| match name {
        "altId" | "locationId" => !value.is_empty() && value != token.location(),
        "companyId" => !value.is_empty() && value != company,
        _ => false,
    });
    if foreign {
        return Err(Refusal::gateway(403, "The token does not have access to this location."));
    }
    Ok(())
}
