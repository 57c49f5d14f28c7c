//! What an app tells once, and the address at which its users allow it something.

use super::answer::words;
use crate::core::{
    base_url_problem, encode_component, is_header_value, parted, report, without_slashes, DEFAULT_API_VERSION,
    DEFAULT_BASE_URL,
};
use crate::json::{field, items_or_self, joined, json_text, put, rounded_up};
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

/// A marketplace app: its credentials and its addresses, as JSON text with camel case names.
#[derive(Clone, PartialEq)]
pub struct App(String);

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("client_id", &self.client_id()).finish_non_exhaustive()
    }
}

impl App {
    /// Checks the options, and lists everything that is wrong with them:
    ///
    /// - `clientId`, `clientSecret`, `redirectUri` and `scopes` (a list, or text with spaces between) must be there;
    /// - `apiVersion`: `2021-07-28`, or `v3`, with which names are written in camel case;
    /// - `baseUrl`: where the endpoints are; `authorizationUrl`: where users are asked, see [`AUTHORIZATION_URL`];
    /// - `versionId`: the version of an app that is not public yet, which HighLevel demands (`error.noversionid`);
    /// - `userType`: whose token a code is exchanged for, `Location` or `Company`; unless it is set, HighLevel decides by
    ///   whom the user chose;
    /// - `timeoutMs`: how long one request may take.
    pub fn check(json: &str) -> Result<Self, Vec<Issue>> {
        let mut issues = validate(json, OPTIONS, false).err().unwrap_or_default();
        let app = Self::read(json);
        let mut check = |path: &str, problem: &str| {
            if issues.iter().all(|issue| !issue.path.as_bytes().starts_with(path.as_bytes())) {
                report(&mut issues, path, problem);
            }
        };
        check("redirectUri", address_problem(&app.redirect_uri()));
        check("authorizationUrl", address_problem(&app.authorization_url()));
        check("baseUrl", base_url_problem(&app.text("baseUrl", DEFAULT_BASE_URL), false));
        let scopes = app.scopes();
        check("scopes", if scopes.is_empty() { "must name at least one scope" } else { "" });
        let version = app.api_version();
        check("apiVersion", if is_header_value(&version) { "" } else { "must be 2021-07-28, v3 or another version" });
        let known = matches!(app.user_type().as_str(), "" | "Location" | "Company");
        check("userType", if known { "" } else { "must be Location or Company" });
        let patient = app.timeout_ms() > MAX_TIMEOUT_MS;
        check("timeoutMs", if patient { "must be at most 60000: others wait for the same row meanwhile" } else { "" });
        if issues.is_empty() {
            Ok(app)
        } else {
            Err(issues)
        }
    }

    /// Options that were checked before.
    pub fn read(json: &str) -> Self {
        Self(json.into())
    }

    #[inline(never)]
    fn text(&self, name: &str, default: &str) -> String {
        json_text(field(self.0.as_bytes(), name)).unwrap_or_else(|| default.into())
    }

    pub(super) fn client_id(&self) -> String {
        self.text("clientId", "")
    }

    pub(super) fn client_secret(&self) -> String {
        self.text("clientSecret", "")
    }

    pub(super) fn redirect_uri(&self) -> String {
        self.text("redirectUri", "")
    }

    pub(super) fn user_type(&self) -> String {
        self.text("userType", "")
    }

    pub(super) fn api_version(&self) -> String {
        self.text("apiVersion", DEFAULT_API_VERSION)
    }

    fn authorization_url(&self) -> String {
        self.text("authorizationUrl", AUTHORIZATION_URL)
    }

    /// The address of an endpoint.
    pub(super) fn address(&self, path: &str) -> String {
        joined(&[without_slashes(&self.text("baseUrl", DEFAULT_BASE_URL)), path])
    }

    /// How long one request may take, in milliseconds.
    pub(super) fn timeout_ms(&self) -> u32 {
        match field(self.0.as_bytes(), "timeoutMs") {
            b"" => TIMEOUT_MS,
            given => u32::try_from(rounded_up(given)).unwrap_or(u32::MAX),
        }
    }

    /// What is asked for, with spaces between.
    fn scopes(&self) -> String {
        let mut scopes = String::new();
        for (_, item) in items_or_self(field(self.0.as_bytes(), "scopes")) {
            for word in words(&json_text(item).unwrap_or_default()) {
                let space = if scopes.is_empty() { "" } else { " " };
                put(&mut scopes, space);
                put(&mut scopes, &word);
            }
        }
        scopes
    }

    /// The address at which a user chooses an account and allows the app its scopes. `state` comes back with the code.
    pub fn authorize_url(&self, state: &str) -> String {
        let mut url = self.authorization_url();
        let mut separator = if url.as_bytes().contains(&b'?') { "&" } else { "?" };
        for (name, value) in [
            ("response_type", "code"),
            ("client_id", &self.client_id()),
            ("redirect_uri", &self.redirect_uri()),
            ("scope", &self.scopes()),
            ("version_id", &self.text("versionId", "")),
            ("state", state),
        ] {
            put_field(&mut url, separator, name, value);
            separator = "&";
        }
        url
    }

    /// Whether the app's own page is served from this machine without TLS: no cookie can be `Secure` there.
    pub fn is_insecure(&self) -> bool {
        // Any other host without TLS is refused.
        !starts_with_https(&self.redirect_uri())
    }
}

/// Appends a field of a query or a form, unless it is empty.
pub(super) fn put_field(out: &mut String, separator: &str, name: &str, value: &str) {
    if !value.is_empty() {
        put(out, separator);
        put(out, name);
        put(out, "=");
        encode_component(value, out);
    }
}

fn starts_with_https(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// What is wrong with an address that browsers are sent to; empty if nothing is.
fn address_problem(url: &str) -> &'static str {
    let (path, query) = parted(url, b'?');
    let allowed = |b: u8| b.is_ascii_graphic() && !matches!(b, b'#' | b'"' | b'<' | b'>' | b'\\' | b'`');
    if base_url_problem(path, false).is_empty() && query.bytes().all(allowed) {
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
        for (given, expected) in
            [(r#"["a","b"]"#, "a b"), (r#""a b""#, "a b"), (r#""a, b ,c""#, "a b c"), (r#"["a b","c"]"#, "a b c")]
        {
            assert_eq!(App::read(&joined(&[r#"{"scopes":"#, given, "}"])).scopes(), expected, "{given}");
        }
    }

    #[test]
    fn wrong_options_are_listed_by_their_names_and_quote_no_secret() {
        for (json, paths) in [
            ("{}".into(), vec!["clientId", "clientSecret", "redirectUri", "scopes"]),
            ("[]".into(), vec![""]),
            (options(r#","redirect":"x""#), vec!["redirect"]),
            (options(r#","apiVersion":"v\n3","userType":"Agency""#), vec!["apiVersion", "userType"]),
            (options(r#","timeoutMs":0"#), vec!["timeoutMs"]),
            (options(r#","timeoutMs":60001"#), vec!["timeoutMs"]),
            (options(r#","baseUrl":"http://api.example""#), vec!["baseUrl"]),
            (options(r#","authorizationUrl":"javascript:alert(1)""#), vec!["authorizationUrl"]),
            (options("").replace("https://app.example/callback", "http://app.example/callback"), vec!["redirectUri"]),
            (options("").replace("https://app.example/callback", "https://app.example/#a"), vec!["redirectUri"]),
            (options("").replace("https://app.example/callback", "/callback"), vec!["redirectUri"]),
            (options("").replace(r#"["payments/orders.readonly"]"#, r#"" ""#), vec!["scopes"]),
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
        assert_eq!((app.api_version().as_str(), app.timeout_ms()), ("2021-07-28", 10_000));
        assert_eq!(app.address("/a"), "https://services.leadconnectorhq.com/a");
        assert!(!app.is_insecure());
        let json = options(r#","apiVersion":"v3","baseUrl":"http://127.0.0.1:1/","timeoutMs":1.5"#);
        let app = App::check(&json.replace("https://app.example", "http://localhost:3000")).expect("options");
        assert!(app.is_insecure());
        assert_eq!((app.address("/a").as_str(), app.timeout_ms()), ("http://127.0.0.1:1/a", 2));
        assert!(!format!("{app:?}").contains("client-secret-1"));
    }
}
