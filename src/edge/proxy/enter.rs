//! From the head of a request to its operation: where it comes from, what it asks for, as what its body is declared.

use super::answer::Answer;
use super::refusal::{Reason, Refusal};
use super::settings::Settings;
use super::writes::writes;
use crate::core::parted;
use crate::endpoint::{Operation, ALL};
use crate::json::put;

/// The head of a request, as far as the proxy looks at it.
pub struct Head<'a> {
    /// The method.
    pub method: &'a str,
    /// Scheme, host and port of its URL, as an `Origin` header has them: `https://app.example`.
    pub origin: &'a str,
    /// The path of its URL as the URL parser gives it, with its escapes.
    pub path: &'a str,
    /// The headers, asked for by their names in lower case. Several of one name are one text.
    pub header: &'a dyn Fn(&str) -> Option<String>,
}

impl std::fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, origin, path, .. } = self;
        let mut shown = f.debug_struct("Head");
        shown.field("method", method).field("origin", origin).field("path", path).finish_non_exhaustive()
    }
}

/// What a request asks for.
#[derive(Clone)]
pub struct Route {
    /// The operation.
    pub operation: &'static Operation,
    /// The id in its path, if it has one.
    pub id: Option<String>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route").field("operation", &self.operation.name).field("id", &self.id).finish()
    }
}

/// What becomes of a request so far.
#[derive(Debug)]
pub struct Entry {
    /// The listed origin whose page asks: each answer to it carries [`Entry::cors`].
    pub origin: Option<String>,
    /// What it asks for, or the answer that it gets at once.
    pub route: Result<Route, Answer>,
}

/// Headers by which a request would become another one than its method and path say.
const OVERRIDES: [&str; 4] = ["x-http-method-override", "x-http-method", "x-method-override", "upgrade"];

/// Judges the head of a request: its origin, path, method and media type, in this order.
pub fn enter(settings: &Settings, head: &Head<'_>) -> Entry {
    let origin = (head.header)("origin");
    let listed = origin.filter(|origin| settings.origins.iter().any(|listed| listed == origin));
    let mut allow = String::new();
    let route = judge(settings, head, listed.is_some(), &mut allow).map_err(|reason| {
        let Some(reason) = reason else { return preflight(head, &allow) };
        let mut answer = Refusal::from(reason).answer();
        if reason == Reason::Method {
            answer.header("allow", &allow);
        }
        answer
    });
    Entry { origin: listed, route }
}

impl Entry {
    /// The headers of cross-origin answers, of this request's each.
    pub fn cors(&self) -> Vec<(&'static str, String)> {
        let mut answer = Answer { status: 0, headers: Vec::new(), body: Vec::new(), code: "" };
        if let Some(origin) = &self.origin {
            answer.cors(origin);
        }
        answer.headers
    }
}

/// `listed`: its page is of another origin that may ask. `allow` becomes the list of the methods of the path. What is no
/// route is refused for a reason, or for none: then it is a preflight.
fn judge(settings: &Settings, head: &Head<'_>, listed: bool, allow: &mut String) -> Result<Route, Option<Reason>> {
    if !listed && !is_at_home(head) {
        return Err(Some(Reason::Origin));
    }
    let mut found = None;
    let path = settings.below(head.path).unwrap_or_default();
    for operation in ALL {
        let Some(id) = matched(operation.path, path) else { continue };
        let method = operation.method.as_str();
        let comma = if allow.is_empty() { "" } else { ", " };
        put(allow, comma);
        put(allow, method);
        if method == head.method {
            found = Some((operation, id));
        }
    }
    let asks = |name: &str| (head.header)(name).is_some();
    if allow.is_empty() {
        return Err(Some(Reason::NoRoute));
    }
    if listed && head.method == "OPTIONS" && asks("access-control-request-method") {
        return Err(None);
    }
    let overridden = OVERRIDES.iter().any(|name| asks(name));
    match found {
        Some((operation, _)) if !overridden && operation.body.is_some() && !is_json(head) => {
            Err(Some(Reason::MediaType))
        }
        Some((operation, id)) if !overridden => Ok(Route { operation, id: (!id.is_empty()).then(|| id.into()) }),
        _ => Err(Some(Reason::Method)),
    }
}

/// Whether a request is of the proxy's own pages, or of none.
///
/// A browser names the origin with each request that changes something or goes to another origin, and with all others says by
/// `Sec-Fetch-Site` how the page stands to the server. What has neither is no page.
fn is_at_home(head: &Head<'_>) -> bool {
    let site = (head.header)("sec-fetch-site").unwrap_or_else(|| "same-origin".into());
    match (head.header)("origin") {
        Some(origin) => site == "same-origin" && is_own(&origin, head.origin),
        // `none`: somebody typed the address.
        None => site == "same-origin" || site == "none" && head.method == "GET",
    }
}

/// Whether a page's origin is that of the proxy. Where something in front of the server ends TLS, the server sees http.
fn is_own(origin: &str, own: &str) -> bool {
    let host = own.strip_prefix("http://");
    origin == own || host.is_some_and(|host| origin.strip_prefix("https://") == Some(host))
}

/// The answer to a browser that asks whether a page of a listed origin may send a request.
fn preflight(head: &Head<'_>, allow: &str) -> Answer {
    let mut answer = Answer::new(204, Vec::new(), "");
    answer.header("access-control-allow-methods", allow);
    answer.header("access-control-max-age", "600");
    // The origin is one that was listed by name: its pages may bring whatever `authorize` looks at. What the proxy does not
    // take is refused where it comes.
    if let Some(names) = (head.header)("access-control-request-headers") {
        if names.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b',' | b' '))
        {
            answer.header("access-control-allow-headers", &names);
        }
    }
    answer
}

/// Whether a path is that of an operation; gives the id in it, empty where it has none. An id holds no slash, so whole segments
/// are compared.
fn matched<'p>(pattern: &str, path: &'p str) -> Option<&'p str> {
    let (before, rest) = parted(pattern, b'{');
    let (name, behind) = parted(rest, b'}');
    let id = path.strip_prefix(before)?.strip_suffix(behind)?;
    let fits = if name.is_empty() { id.is_empty() } else { is_path_id(id) };
    fits.then_some(id)
}

/// Whether a text is what HighLevel's ids are made of; nothing in one can be read as a part of a path.
fn is_path_id(text: &str) -> bool {
    let in_id = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    matches!(text.len(), 1..=64) && text.as_bytes().iter().all(in_id)
}

/// Whether the body is declared as JSON, in UTF-8 and as it is. A form of another site's page cannot declare that.
fn is_json(head: &Head<'_>) -> bool {
    let declared = bare(head, "content-type");
    let json = declared == "application/json" || declared == "application/json;charset=utf-8";
    json && matches!(bare(head, "content-encoding").as_str(), "" | "identity")
}

/// A header in lower case, without spaces and quotes; empty where there is none.
fn bare(head: &Head<'_>, name: &str) -> String {
    let mut out = String::new();
    for byte in (head.header)(name).unwrap_or_default().into_bytes() {
        if !matches!(byte, b' ' | b'\t' | b'"') {
            out.push(char::from(byte.to_ascii_lowercase()));
        }
    }
    out
}

impl Route {
    /// Whether the request has a body that is to be read.
    pub fn takes_body(&self) -> bool {
        self.operation.body.is_some()
    }

    /// Whether it changes something.
    pub fn writes(&self) -> bool {
        writes(self.operation)
    }
}
