//! What an app tells once, and the address at which its users allow it something.

use super::secret::Secret;
use crate::core::{base_url, encode_component, report, DEFAULT_API_VERSION, DEFAULT_BASE_URL};
#[cfg(test)]
use crate::json::joined;
use crate::json::{field, items, json_text, put, rounded_up};
use crate::shape::{validate, Issue, Kind, Record, Shape};
use serde_json::Value;

/// Where HighLevel asks its users (protocol: authorize). Agencies with a white-label domain use
/// `https://marketplace.leadconnectorhq.com/oauth/chooselocation`.
pub const AUTHORIZATION_URL: &str = "https://marketplace.gohighlevel.com/oauth/chooselocation";

/// How long one request to an endpoint may take, in milliseconds, unless the app says so.
const TIMEOUT_MS: u32 = 10_000;

/// The longest time that one may take: whoever holds a row's lease must be done with it before the lease is over.
const MAX_TIMEOUT_MS: u32 = 60_000;

/// The options, each declared once. What is a function or an object is here only so that a message lists it.
#[derive(Shape)]
#[allow(dead_code, reason = "only its shape is used")]
struct Options {
    #[shape(id)]
    client_id: String,
    #[shape(id)]
    client_secret: String,
    #[shape(id)]
    redirect_uri: String,
    #[shape(text_or_list)]
    scopes: Value,
    store: Option<Value>,
    encryption_key: Option<Value>,
    #[shape(id)]
    api_version: Option<String>,
    #[shape(id)]
    base_url: Option<String>,
    #[shape(id)]
    authorization_url: Option<String>,
    #[shape(id)]
    version_id: Option<String>,
    #[shape(id)]
    user_type: Option<String>,
    unsolicited: Option<bool>,
    #[shape(positive)]
    timeout_ms: Option<f64>,
    fetch: Option<Value>,
    now: Option<Value>,
}

const OPTIONS: &Record = match Options::KIND {
    Kind::Object(record) => record,
    _ => panic!("a struct is an object"),
};

/// A marketplace app: its credentials and its addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct App {
    /// The client id, as the marketplace shows it.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret,
    /// Where HighLevel sends its users back to; it must be registered for the app.
    pub redirect_uri: String,
    /// What the app asks for, such as `payments/orders.readonly`.
    pub scopes: Vec<String>,
    /// The `Version` header: `2021-07-28`, or `v3`, with which names are written in camel case.
    pub api_version: String,
    /// Where the endpoints are, without a trailing slash.
    pub base_url: String,
    /// Where users are asked; see [`AUTHORIZATION_URL`].
    pub authorization_url: String,
    /// The version of an app that is not public yet: HighLevel demands it (`error.noversionid`).
    pub version_id: Option<String>,
    /// Whose token a code is exchanged for, `Location` or `Company`; unless it is set, HighLevel decides by whom the user
    /// chose.
    pub user_type: Option<String>,
    /// Whether a callback counts that brings no state: HighLevel's marketplace sends users straight to `redirect_uri`.
    pub unsolicited: bool,
    /// How long one request may take, in milliseconds.
    pub timeout_ms: u32,
}

impl App {
    /// Checks the options, JSON text with camel case names, and lists everything that is wrong with them.
    pub fn check(json: &str) -> Result<Self, Vec<Issue>> {
        let mut issues = validate(json, OPTIONS, false).err().unwrap_or_default();
        let app = Self::read(json);
        let mut check = |path: &str, problem: &str| {
            if issues.iter().all(|issue| !issue.path.as_bytes().starts_with(path.as_bytes())) {
                report(&mut issues, path, problem);
            }
        };
        check("redirectUri", address_problem(&app.redirect_uri));
        check("authorizationUrl", address_problem(&app.authorization_url));
        if app.scopes.is_empty() {
            check("scopes", "must name at least one scope, such as payments/orders.readonly");
        }
        let odd = |scope: &String| !scope.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        if app.scopes.iter().any(odd) {
            check("scopes", "must not hold quotes, backslashes or other characters that no scope has");
        }
        if !app.api_version.bytes().all(|b| b.is_ascii_graphic()) {
            check("apiVersion", "must be 2021-07-28, v3 or another version, without spaces");
        }
        if app.user_type.as_deref().is_some_and(|given| !matches!(given, "Location" | "Company")) {
            check("userType", "must be Location or Company");
        }
        if app.timeout_ms > MAX_TIMEOUT_MS {
            check("timeoutMs", "must be at most 60000: nobody else gets a token of the same account meanwhile");
        }
        if let Err(issue) = base_url(&app.base_url, false) {
            check("baseUrl", &issue.message);
        }
        if issues.is_empty() {
            Ok(app)
        } else {
            Err(issues)
        }
    }

    /// Reads options that were checked before.
    pub fn read(json: &str) -> Self {
        let json = json.as_bytes();
        let text = |name: &str, default: &str| json_text(field(json, name)).unwrap_or_else(|| default.into());
        let given = text("baseUrl", DEFAULT_BASE_URL);
        let timeout = field(json, "timeoutMs");
        Self {
            client_id: text("clientId", ""),
            client_secret: Secret::new(text("clientSecret", "")),
            redirect_uri: text("redirectUri", ""),
            scopes: scopes(field(json, "scopes")),
            api_version: text("apiVersion", DEFAULT_API_VERSION),
            base_url: base_url(&given, false).unwrap_or(given),
            authorization_url: text("authorizationUrl", AUTHORIZATION_URL),
            version_id: json_text(field(json, "versionId")),
            user_type: json_text(field(json, "userType")),
            unsolicited: field(json, "unsolicited") == b"true",
            timeout_ms: match timeout {
                b"" => TIMEOUT_MS,
                given => u32::try_from(rounded_up(given)).unwrap_or(u32::MAX),
            },
        }
    }

    /// The address at which a user chooses an account and allows the app its scopes. `state` comes back with the code.
    pub fn authorize_url(&self, state: &str) -> String {
        let mut url = self.authorization_url.clone();
        let mut separator = if url.as_bytes().contains(&b'?') { "&" } else { "?" };
        let mut scopes = String::new();
        for scope in &self.scopes {
            let space = if scopes.is_empty() { "" } else { " " };
            put(&mut scopes, space);
            put(&mut scopes, scope);
        }
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &scopes),
            ("version_id", self.version_id.as_deref().unwrap_or_default()),
            ("state", state),
        ] {
            if !value.is_empty() {
                put(&mut url, separator);
                put(&mut url, name);
                put(&mut url, "=");
                encode_component(value, &mut url);
                separator = "&";
            }
        }
        url
    }

    /// Whether names are written in camel case, in requests and in answers.
    pub(super) fn is_v3(&self) -> bool {
        self.api_version == "v3"
    }

    /// Whether the app's own page is served from this machine without TLS: no cookie can be `Secure` there.
    pub fn is_insecure(&self) -> bool {
        // Any other host without TLS is refused.
        !starts_with_https(&self.redirect_uri)
    }
}

fn starts_with_https(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// A list of scopes, or text with spaces or commas between them.
fn scopes(value: &[u8]) -> Vec<String> {
    let mut scopes = Vec::new();
    let mut add = |text: String| {
        let names = text.split([' ', ',']).filter(|name| !name.is_empty());
        scopes.extend(names.map(String::from));
    };
    if let Some(text) = json_text(value) {
        add(text);
    }
    items(value).for_each(|(_, item)| add(json_text(item).unwrap_or_default()));
    scopes
}

/// What is wrong with an address that browsers are sent to; empty if nothing is.
fn address_problem(url: &str) -> &'static str {
    let (path, query) = match url.find('?') {
        Some(at) => (url.get(..at).unwrap_or_default(), url.get(at..).unwrap_or_default()),
        None => (url, ""),
    };
    let allowed = |b: u8| b.is_ascii_graphic() && !matches!(b, b'#' | b'"' | b'<' | b'>' | b'\\' | b'`');
    if base_url(path, false).is_ok() && query.bytes().all(allowed) {
        return "";
    }
    "must be an absolute https URL without a fragment (http for loopback hosts only)"
}

/// The options of an app as JSON text, for tests of this room.
#[cfg(test)]
pub(super) fn options(more: &str) -> String {
    joined(&[
        r#"{"clientId":"app-1","clientSecret":"client-secret-1","redirectUri":"https://app.example/callback","scopes":["payments/orders.readonly"]"#,
        more,
        "}",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_names_everything_and_escapes_it() {
        let app = App::check(&options(r#","versionId":"v1""#)).expect("options");
        assert_eq!(
            app.authorize_url("a.b+c"),
            "https://marketplace.gohighlevel.com/oauth/chooselocation?response_type=code&client_id=app-1\
             &redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=payments%2Forders.readonly&version_id=v1&state=a.b%2Bc"
        );
        let own = r#","authorizationUrl":"https://market.example/x?loginWindowOpenMode=self""#;
        let url = App::check(&options(own)).expect("options").authorize_url("s");
        assert!(url.starts_with("https://market.example/x?loginWindowOpenMode=self&response_type=code&"), "{url}");
        assert!(!url.contains("version_id"), "{url}");
    }

    #[test]
    fn scopes_are_a_list_or_text() {
        for (given, expected) in [
            (r#"["a","b"]"#, vec!["a", "b"]),
            (r#""a b""#, vec!["a", "b"]),
            (r#""a, b ,c""#, vec!["a", "b", "c"]),
            (r#"["a b","c"]"#, vec!["a", "b", "c"]),
        ] {
            assert_eq!(scopes(given.as_bytes()), expected, "{given}");
        }
    }

    #[test]
    fn wrong_options_are_listed_by_their_names_and_quote_no_secret() {
        for (json, paths) in [
            ("{}".into(), vec!["clientId", "clientSecret", "redirectUri", "scopes"]),
            ("[]".into(), vec![""]),
            (options(r#","redirect":"x""#), vec!["redirect"]),
            (options(r#","apiVersion":"v 3","userType":"Agency""#), vec!["apiVersion", "userType"]),
            (options(r#","timeoutMs":0"#), vec!["timeoutMs"]),
            (options(r#","timeoutMs":60001"#), vec!["timeoutMs"]),
            (options(r#","baseUrl":"http://api.example""#), vec!["baseUrl"]),
            (options(r#","authorizationUrl":"javascript:alert(1)""#), vec!["authorizationUrl"]),
            (options("").replace("https://app.example/callback", "http://app.example/callback"), vec!["redirectUri"]),
            (options("").replace("https://app.example/callback", "https://app.example/#a"), vec!["redirectUri"]),
            (options("").replace("https://app.example/callback", "/callback"), vec!["redirectUri"]),
            (options("").replace(r#"["payments/orders.readonly"]"#, r#"" ""#), vec!["scopes"]),
            (options("").replace(r#"["payments/orders.readonly"]"#, r#"["a\"b"]"#), vec!["scopes"]),
            (options("").replace(r#""client-secret-1""#, "7"), vec!["clientSecret"]),
        ] {
            let issues = App::check(&json).expect_err(&json);
            let found: Vec<_> = issues.iter().map(|issue| issue.path.as_str()).collect();
            assert!(paths.iter().all(|path| found.contains(path)), "{json}: {issues:?}");
            assert!(!format!("{issues:?}").contains("client-secret-1"), "{issues:?}");
        }
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let app = App::check(&options("")).expect("options");
        assert_eq!((app.api_version.as_str(), app.timeout_ms, app.is_v3()), ("2021-07-28", 10_000, false));
        assert_eq!(app.base_url, "https://services.leadconnectorhq.com");
        assert!(!app.is_insecure() && !app.unsolicited);
        let json = options(r#","apiVersion":"v3","baseUrl":"http://127.0.0.1:1/","timeoutMs":1.5"#);
        let app = App::check(&json.replace("https://app.example", "http://localhost:3000")).expect("options");
        assert!(app.is_v3() && app.is_insecure());
        assert_eq!((app.base_url.as_str(), app.timeout_ms), ("http://127.0.0.1:1", 2));
        assert!(!format!("{app:?}").contains("client-secret-1"));
    }
}
