//! HighLevel's OAuth: an app is approved, gets codes and tokens, and loses them again.
//!
//! Written from HighLevel's descriptions (`apps/oauth.json` and `apps/v3/oauth-v3.json` of its public documentation, the
//! help article 155000003717 on reconnecting) and from answers that integrators have published. The rules are the
//! sandbox's own: nothing here is shared with what an app uses against it.

pub mod app;
mod authorize;
mod fields;
pub mod grants;
mod locations;
mod token;
mod visit;

use crate::sandbox::http::auth::{Resource, Tokens};
use crate::sandbox::http::check;
use crate::sandbox::http::message::Request;
use crate::sandbox::http::refusal::Outcome;
use fields::Fields;
use grants::Grants;
pub use visit::Visit;

/// The scopes of what only a company may do.
pub const SCOPES: [&str; 2] = ["oauth.readonly", "oauth.write"];

/// How a refresh token dies that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It counts for so many milliseconds more, and each use gives tokens that take the place of the ones before. Of
    /// HighLevel about 30,000 are reported.
    Grace(u32),
    /// At once.
    Strict,
}

impl Default for Rotation {
    fn default() -> Self {
        Self::Grace(30_000)
    }
}

impl Rotation {
    /// In milliseconds.
    pub fn grace_ms(self) -> u32 {
        match self {
            Self::Grace(ms) => ms,
            Self::Strict => 0,
        }
    }
}

/// An endpoint of OAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Where a person approves.
    ChooseLocation,
    /// Codes and refresh tokens against tokens.
    Token,
    /// A company's token against a location's.
    LocationToken,
    /// A new code.
    Reconnect,
    /// Where the app is installed.
    InstalledLocations,
}

/// Method, path, endpoint, and whether the path is there in version 3 alone. The paths without a hyphen are answered in
/// both versions.
const ROUTES: [(&str, &str, Endpoint, bool); 8] = [
    ("GET", "/oauth/chooselocation", Endpoint::ChooseLocation, false),
    ("GET", "/v2/oauth/chooselocation", Endpoint::ChooseLocation, false),
    ("POST", "/oauth/token", Endpoint::Token, false),
    ("POST", "/oauth/locationToken", Endpoint::LocationToken, false),
    ("POST", "/oauth/location-token", Endpoint::LocationToken, true),
    ("POST", "/oauth/reconnect", Endpoint::Reconnect, false),
    ("GET", "/oauth/installedLocations", Endpoint::InstalledLocations, false),
    ("GET", "/oauth/installed-locations", Endpoint::InstalledLocations, true),
];

impl Endpoint {
    /// All of them.
    const ALL: [Self; 5] =
        [Self::ChooseLocation, Self::Token, Self::LocationToken, Self::Reconnect, Self::InstalledLocations];

    /// The name by which faults and the list of requests know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ChooseLocation => "oauth.chooseLocation",
            Self::Token => "oauth.token",
            Self::LocationToken => "oauth.locationToken",
            Self::Reconnect => "oauth.reconnect",
            Self::InstalledLocations => "oauth.installedLocations",
        }
    }

    /// Whether there is one of this name.
    pub fn is_named(name: &str) -> bool {
        Self::ALL.iter().any(|endpoint| endpoint.name() == name)
    }

    /// The endpoint of a request.
    pub fn find(request: &Request, path: &str) -> Option<Self> {
        let v3 = request.header("version") == Some("v3");
        let fits = |(method, own, _, only_v3): &&(&str, &str, Self, bool)| {
            *method == request.method && *own == path && (v3 || !only_v3)
        };
        ROUTES.iter().find(fits).map(|(.., endpoint, _)| *endpoint)
    }
}

/// Does what a request to an endpoint asks; the flag is whether errors have the shape of version 3.
pub fn run(endpoint: Endpoint, grants: &mut Grants, visit: &Visit<'_>, tokens: &mut Tokens) -> (bool, Outcome) {
    let v3 = visit.request.header("version") == Some("v3");
    match endpoint {
        Endpoint::ChooseLocation => (false, authorize::choose(grants, visit)),
        Endpoint::Token => (false, token::token(grants, visit, tokens)),
        Endpoint::LocationToken => (v3, token::location_token(grants, visit, tokens)),
        Endpoint::Reconnect => (v3, token::reconnect(grants, visit)),
        Endpoint::InstalledLocations => (v3, locations::list(grants, visit, tokens)),
    }
}

/// Whose limit a request to an endpoint counts against: the location or the company whose code or token it uses.
/// `None` is no call of the API.
pub fn resource(endpoint: Endpoint, grants: &Grants, request: &Request, tokens: &Tokens, now: i64) -> Option<Resource> {
    match endpoint {
        Endpoint::ChooseLocation => None,
        Endpoint::Token => {
            let v3 = request.header("version") == Some("v3");
            let fields = Fields::read(request, v3, v3);
            let text = ["refresh_token", "code"].into_iter().find_map(|name| fields.get(name).ok().flatten());
            text.and_then(|text| grants.owner(text)).cloned()
        }
        Endpoint::LocationToken | Endpoint::InstalledLocations => {
            tokens.of(request, now).ok().map(|token| token.resource)
        }
        Endpoint::Reconnect => {
            let body = check::body(request).unwrap_or_default();
            let location = body.get("locationId").and_then(serde_json::Value::as_str);
            Some(location.map_or(Resource::Company, |location| Resource::Location(location.into())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_has_a_route_and_a_name() {
        for endpoint in Endpoint::ALL {
            assert!(ROUTES.iter().any(|(_, _, own, _)| *own == endpoint));
            assert!(Endpoint::is_named(endpoint.name()));
        }
        assert!(!Endpoint::is_named("oauth.other"));
    }
}
