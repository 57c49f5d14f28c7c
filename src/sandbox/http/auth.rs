//! Tokens, the `Version` header, scopes and locations.

use crate::endpoint::{Operation, ALL};
use crate::json::joined;
use crate::sandbox::http::message::Request;
use crate::sandbox::http::refusal::{Refusal, Shape};
use crate::sandbox::rng::{key, Rng};
use crate::sandbox::text::separated;
use serde_json::{Map, Value};

/// A token that the sandbox knows.
#[derive(Debug, Clone)]
pub struct Token {
    text: String,
    /// The location that it opens.
    pub location: String,
    /// What it may do; `None` is everything.
    scopes: Option<Vec<&'static str>>,
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
        let scopes: Option<Vec<&'static str>> =
            scopes.map(|list| self::scopes().into_iter().filter(|scope| list.iter().any(|own| own == scope)).collect());
        let name = scopes.as_ref().map_or_else(|| "*".into(), |list| separated(&mut list.iter().copied(), " "));
        let mut rng = Rng::new(key(key(key(seed, "token"), location), &name), 0);
        let text = joined(&["pit-", &rng.uuid()]);
        if !self.0.iter().any(|token| token.text == text) {
            self.0.push(Token { text: text.clone(), location: location.into(), scopes });
        }
        text
    }

    /// The token that a request carries.
    pub fn of(&self, request: &Request) -> Result<Token, Refusal> {
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
        self.0.iter().find(|token| token.text == text.trim()).cloned().ok_or_else(invalid)
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
    match (operation.scope, &token.scopes) {
        (Some(scope), Some(list)) if !list.contains(&scope) => {
            Err(Refusal::gateway(401, "The token is not authorized for this scope."))
        }
        _ => Ok(()),
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
        "altId" | "locationId" => !value.is_empty() && value != token.location,
        "companyId" => !value.is_empty() && value != company,
        _ => false,
    });
    if foreign {
        return Err(Refusal::gateway(403, "The token does not have access to this location."));
    }
    Ok(())
}
