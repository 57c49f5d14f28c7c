//! What every endpoint of OAuth is handed.

use crate::sandbox::http::auth::{self, Resource, Tokens};
use crate::sandbox::http::message::Request;
use crate::sandbox::http::refusal::Refusal;
use crate::sandbox::oauth::app::App;

/// A request on its way through an endpoint, and what it may look at.
pub struct Visit<'a> {
    /// The request.
    pub request: &'a Request,
    /// Its query, decoded.
    pub query: &'a [(String, String)],
    /// The app that calls.
    pub app: &'a App,
    /// The ids of the locations.
    pub locations: &'a [String],
    /// The id of the company.
    pub company: &'a str,
    /// The time.
    pub now: i64,
    /// The trace id of the request.
    pub trace: &'a str,
}

impl Visit<'_> {
    /// The values of a parameter of the query.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that is there once.
    #[inline(never)]
    pub fn one<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut found = self.all(name);
        let first = found.next();
        first.filter(|_| found.next().is_none())
    }

    /// Judges a request that only a company may make; `true` is version 3.
    pub fn agency(&self, tokens: &Tokens, scope: &str) -> Result<bool, Refusal> {
        let token = tokens.of(self.request, self.now)?;
        let v3 = auth::version(self.request)?;
        if token.resource != Resource::Company {
            const TEXT: &str = "This authClass type is not allowed to access this scope. Please reach out to the \
                                Integrating Application to update the access.";
            return Err(Refusal::gateway(401, TEXT));
        }
        auth::allowed(&token, scope)?;
        Ok(v3)
    }
}
