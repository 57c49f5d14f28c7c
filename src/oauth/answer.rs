//! What the endpoints answer: tokens, or why not, and what that says about the refresh token.

use super::installed::Installation;
use super::row::State;
use super::secret::Secret;
use crate::core::{explain, mask, Error, ErrorKind, Outcome, Response};
use crate::json::{field, items, joined, json_text, push_decimal, put, rounded_up, text_field, Object};
use crate::shape::{check, Kind};

/// How long an access token lives where the answer does not say it, in milliseconds (protocol: `expires_in` 86399).
const LIFETIME_MS: f64 = 86_399_000.0;

/// A token is refreshed so many milliseconds before it ends, or earlier than a tenth of its life, whichever is later.
const MARGIN_MS: f64 = 300_000.0;

/// No token lives longer: a larger number is a mistake, or milliseconds.
const MAX_LIFETIME_MS: f64 = 366.0 * 86_400_000.0;

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureCode {
    /// The app is not installed there (any more), as far as anybody knows.
    NeedsInstall,
    /// HighLevel refuses the client id or the client secret.
    ClientRejected,
    /// HighLevel refuses the code: it was used before, or has expired.
    CodeRejected,
    /// The company's token is refused, also a fresh one.
    CompanyTokenRefused,
    /// 429
    RateLimited,
    /// 5xx, or 408.
    EndpointFailed,
    /// No answer: the connection failed, or the time was over.
    NetworkError,
    /// An answer that is none of these.
    UnexpectedAnswer,
    /// What is stored of the account was written by a later version, or by somebody else.
    RowUnreadable,
}

impl FailureCode {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NeedsInstall => "needs_install",
            Self::ClientRejected => "client_rejected",
            Self::CodeRejected => "code_rejected",
            Self::CompanyTokenRefused => "company_token_refused",
            Self::RateLimited => "rate_limited",
            Self::EndpointFailed => "endpoint_failed",
            Self::NetworkError => "network_error",
            Self::UnexpectedAnswer => "unexpected_answer",
            Self::RowUnreadable => "row_unreadable",
        }
    }

    /// Whether asking again later may help.
    const fn is_retryable(self) -> bool {
        matches!(self, Self::RateLimited | Self::EndpointFailed | Self::NetworkError)
    }
}

/// Why there is no token, and what HighLevel says about it. It holds no secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The class.
    pub code: FailureCode,
    /// What happened, for people.
    pub message: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The messages in the answer.
    pub messages: Vec<String>,
    /// HighLevel's id for support requests.
    pub trace_id: Option<String>,
    /// Milliseconds that the server asks to wait.
    pub retry_after_ms: Option<f64>,
    /// Whether asking again later may help.
    pub retryable: bool,
}

impl Failure {
    /// A failure with nothing but its class and a message.
    pub fn new(code: FailureCode, message: &str) -> Box<Self> {
        Box::new(Self {
            code,
            message: message.into(),
            status: None,
            messages: Vec::new(),
            trace_id: None,
            retry_after_ms: None,
            retryable: code.is_retryable(),
        })
    }

    /// As JSON text, from which the npm package makes its error.
    pub fn json(&self) -> String {
        let mut out = Object::new();
        out.text("code", self.code.code());
        out.text("message", &self.message);
        out.number("status", self.status.map(f64::from));
        out.texts("messages", &self.messages);
        out.optional_text("traceId", self.trace_id.as_deref());
        out.number("retryAfterMs", self.retry_after_ms);
        out.truth("retryable", self.retryable);
        out.finish()
    }
}

/// Whether a text holds a word. Not `contains`, which brings a search of its own.
#[inline(never)]
pub(super) fn holds(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|part| part == word.as_bytes())
}

/// What an answer says about what was sent with it: a refresh token, a code, a company's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It worked; what can be used once is used.
    Fine,
    /// It is no longer good: used, revoked, expired. This, and nothing else, proves it.
    Dead,
    /// The app's own credentials are refused; what was sent was not even looked at.
    Client,
    /// 429: it was not looked at, and later it will be.
    Later,
    /// Nobody knows whether it was used: 5xx, or an answer that was lost or cannot be read.
    Unsure,
    /// The endpoint refuses it for another reason: there is no such account, or something is wrong with the request.
    No,
    /// It was refused by whoever stands in front of the endpoint, such as a firewall, or redirected.
    Odd,
}

/// An answer to a request with `secrets`, judged. `what` begins the message.
pub(super) fn judge(response: &Response, what: &str, secrets: &[String], now: f64) -> (Verdict, Box<Failure>) {
    let Response { status, .. } = *response;
    let shown = mask(&response.body, response.cut, secrets);
    let mut texts = Error::new(ErrorKind::Other, None, Outcome::Rejected, String::new());
    let mut reason = String::new();
    let is_json = check(&mut shown.clone().into_bytes(), &Kind::Json).is_ok()
        && shown.trim_ascii_start().as_bytes().first() == Some(&b'{');
    if is_json {
        explain(&mut texts, shown.as_bytes());
        reason = text_field(shown.as_bytes(), "error");
    }
    for text in &texts.messages {
        put(&mut reason, " ");
        put(&mut reason, text);
    }
    reason.make_ascii_lowercase();
    let (verdict, code) = match status {
        200..=299 => (Verdict::Fine, FailureCode::UnexpectedAnswer),
        429 => (Verdict::Later, FailureCode::RateLimited),
        408 | 500..=599 => (Verdict::Unsure, FailureCode::EndpointFailed),
        400 | 401 | 403 | 404 | 409 | 422 if is_json => match refused(status, &reason) {
            Verdict::Client => (Verdict::Client, FailureCode::ClientRejected),
            verdict => (verdict, FailureCode::UnexpectedAnswer),
        },
        _ => (Verdict::Odd, FailureCode::UnexpectedAnswer),
    };
    let mut message = joined(&[what, ": HighLevel answered "]);
    push_decimal(&mut message, status.into());
    let mut before = ": ";
    for text in &texts.messages {
        put(&mut message, before);
        put(&mut message, text);
        before = "; ";
    }
    let mut failure = Failure::new(code, &message);
    failure.status = Some(status);
    failure.messages = std::mem::take(&mut texts.messages);
    failure.trace_id = texts.trace_id.take();
    failure.retry_after_ms = response.retry_after.map(|after| after.ms(now));
    (verdict, failure)
}

/// What a refusal in JSON is about. `reason` is what it says, in lower case.
fn refused(status: u16, reason: &str) -> Verdict {
    let says = |word: &str| holds(reason, word);
    // RFC 6749, 5.2: this one is about the code or the refresh token, whoever else it may name.
    if says("invalid_grant") {
        Verdict::Dead
    } else if says("client") && !says("refresh token") {
        Verdict::Client
    } else if status == 401 || says("refresh token") || says("refresh_token") || says("authorization code") {
        Verdict::Dead
    } else {
        Verdict::No
    }
}

/// An object's field by its name in v2, else by that in v3.
fn either<'a>(body: &'a [u8], names: [&str; 2]) -> &'a [u8] {
    names
        .iter()
        .map(|name| field(body, name))
        .find(|value| !matches!(*value, b"" | b"null" | b"\"\""))
        .unwrap_or_default()
}

/// An id; empty where there is none, or what is no id.
fn id(value: &[u8]) -> String {
    json_text(value).filter(|id| is_token(id)).unwrap_or_default()
}

/// Reads the tokens of a 2xx answer, of either version, into a state (the refresh token is empty where the server does not
/// rotate them), and what it tells about who gave them; says what is wrong with it otherwise, which quotes none of its text.
pub(super) fn tokens(response: &Response, now: f64, state: &mut State, about: &mut Installation) -> &'static str {
    let mut body = response.body.clone();
    let is_object = check(&mut body, &Kind::Json).is_ok() && body.trim_ascii_start().first() == Some(&b'{');
    if response.cut || !is_object {
        return "expected a JSON object";
    }
    let access = either(&body, ["access_token", "accessToken"]);
    let refresh = either(&body, ["refresh_token", "refreshToken"]);
    state.access = Secret::new(id(access));
    state.refresh = Secret::new(id(refresh));
    if access.is_empty() {
        return "access_token is missing";
    }
    if state.access.expose().is_empty() {
        return "access_token holds something else than a token";
    }
    if state.refresh.expose().is_empty() && !refresh.is_empty() {
        return "refresh_token holds something else than a token";
    }
    let seconds = number(either(&body, ["expires_in", "expiresIn"]));
    let lifetime = if seconds > 0.0 { (seconds * 1000.0).min(MAX_LIFETIME_MS) } else { LIFETIME_MS };
    state.refresh_at = now + lifetime - MARGIN_MS.min(lifetime / 10.0);
    state.expires_at = now + lifetime;
    for (name, place) in
        [("companyId", &mut about.company_id), ("locationId", &mut about.location_id), ("userId", &mut about.user_id)]
    {
        *place = id(field(&body, name));
    }
    about.scopes = words(&text_field(&body, "scope"));
    about.is_bulk = matches!(field(&body, "isBulkInstallation"), b"true" | b"\"true\"");
    about.of_company = match text_field(&body, "userType").as_str() {
        "" => about.location_id.is_empty(),
        user_type => user_type.eq_ignore_ascii_case("company"),
    };
    for (_, item) in items(field(&body, "approvedLocations")) {
        let id = id(item);
        if !id.is_empty() {
            about.approved_locations.push(id);
        }
    }
    ""
}

/// The code in the answer of `/oauth/reconnect`.
pub(super) fn authorization_code(response: &Response) -> Option<Secret> {
    let mut body = response.body.clone();
    if response.cut || check(&mut body, &Kind::Json).is_err() {
        return None;
    }
    let code = id(either(&body, ["authorizationCode", "authorization_code"]));
    (!code.is_empty()).then(|| Secret::new(code))
}

/// The parts of a text between its spaces and commas.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.as_bytes().iter().position(|b| matches!(b, b' ' | b',')).unwrap_or(rest.len());
        if end > 0 {
            words.push(rest.get(..end).unwrap_or_default().into());
        }
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    words
}

/// Whether a text can travel in a header, as a token must.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// A number, also one that is written as text; 0 for what is none.
fn number(value: &[u8]) -> f64 {
    let text = json_text(value);
    let digits = text.as_deref().map_or(value, str::as_bytes).trim_ascii();
    let is_plain = digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    if is_plain {
        rounded_up(digits) as f64
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, body: body.into(), ..Response::default() }
    }

    fn read(body: &str) -> Result<(State, Installation), &'static str> {
        let (mut state, mut about) = (State::default(), Installation::default());
        match tokens(&answer(200, body), 1000.0, &mut state, &mut about) {
            "" => Ok((state, about)),
            wrong => Err(wrong),
        }
    }

    #[test]
    fn tokens_of_both_versions_are_read() {
        for body in [
            r#"{"access_token":"a","token_type":"Bearer","expires_in":86399,"refresh_token":"r","scope":"x y","userType":"Location","companyId":"c","locationId":"l","userId":"u"}"#,
            r#"{"accessToken":"a","tokenType":"Bearer","expiresIn":"86399","refreshToken":"r","scope":"x  y","userType":"Location","companyId":"c","locationId":"l","userId":"u"}"#,
            "\u{feff} {\"access_token\":\"\\u0061\",\"expires_in\":86398.2,\"refresh_token\":\"r\",\"scope\":\"x y\",\"companyId\":\"c\",\"locationId\":\"l\",\"userId\":\"u\"}",
        ] {
            let (tokens, about) = read(body).expect(body);
            assert_eq!((tokens.access.expose(), tokens.refresh.expose()), ("a", "r"));
            assert_eq!(tokens.expires_at, 1000.0 + LIFETIME_MS);
            assert_eq!(tokens.refresh_at, 1000.0 + LIFETIME_MS - MARGIN_MS);
            assert_eq!((about.of_company, about.location_id.as_str(), about.company_id.as_str()), (false, "l", "c"), "{body}");
            assert_eq!((about.user_id.as_str(), about.scopes.join(" ")), ("u", "x y".to_owned()));
        }
        let bulk = r#"{"access_token":"a","refresh_token":"r","userType":"Company","companyId":"c","isBulkInstallation":true,"approvedLocations":["l1","l2",7]}"#;
        let (State { expires_at, .. }, about) = read(bulk).expect("tokens");
        assert_eq!((about.of_company, about.company_id.as_str(), about.is_bulk), (true, "c", true));
        assert_eq!(about.approved_locations, ["l1", "l2"]);
        assert_eq!(expires_at, 1000.0 + LIFETIME_MS);
    }

    #[test]
    fn a_lifetime_is_a_number_however_it_is_written() {
        for (given, seconds) in [
            ("60", 60.0),
            ("\"60\"", 60.0),
            ("\" 60 \"", 60.0),
            ("59.5", 60.0),
            ("1e400", 86_399.0),
            ("-1", 86_399.0),
            ("0", 86_399.0),
            ("null", 86_399.0),
            ("\"\"", 86_399.0),
            ("\"soon\"", 86_399.0),
            ("99999999999999999999999", MAX_LIFETIME_MS / 1000.0),
        ] {
            let body = format!(r#"{{"access_token":"a","refresh_token":"r","locationId":"l","expires_in":{given}}}"#);
            assert_eq!(read(&body).expect("tokens").0.expires_at, 1000.0 + seconds * 1000.0, "{given}");
        }
        let (short, _) = read(r#"{"access_token":"a","locationId":"l","expires_in":100}"#).expect("tokens");
        assert_eq!((short.refresh_at, short.refresh), (91_000.0, Secret::default()));
    }

    #[test]
    fn what_is_no_token_is_named_and_not_quoted() {
        for (body, named) in [
            (r#"{"refresh_token":"tok-1"}"#, "access_token is missing"),
            (r#"{"access_token":"","refresh_token":"tok-1"}"#, "access_token is missing"),
            (r#"{"access_token":null,"refresh_token":"tok-1"}"#, "access_token is missing"),
            (r#"{"access_token":7,"refresh_token":"tok-1"}"#, "access_token holds"),
            (r#"{"access_token":"tok-1 x","refresh_token":"tok-1"}"#, "access_token holds"),
            (r#"{"access_token":"tok-1\r\nx: y"}"#, "access_token holds"),
            (r#"{"access_token":"tok-1","refresh_token":["tok-1"]}"#, "refresh_token holds"),
            (r#"["tok-1"]"#, "expected a JSON object"),
            (r#"{"access_token":"tok-1""#, "expected a JSON object"),
            ("<html>tok-1</html>", "expected a JSON object"),
            ("", "expected a JSON object"),
        ] {
            assert!(read(body).expect_err(body).starts_with(named), "{body}");
        }
    }

    #[test]
    fn only_a_refusal_of_the_token_proves_that_it_is_dead() {
        use Verdict::*;
        for (status, body, expected) in [
            (200, "{}", Fine),
            (201, "{}", Fine),
            (400, r#"{"error":"invalid_grant"}"#, Dead),
            (400, r#"{"error":"invalid_grant","error_description":"issued to another client"}"#, Dead),
            (401, r#"{"error":"UnAuthorized!","error_description":"Authorization code not found"}"#, Dead),
            (401, r#"{"statusCode":401,"message":"This refresh token is invalid"}"#, Dead),
            (400, r#"{"message":"Invalid refresh token for this client"}"#, Dead),
            (422, r#"{"message":["Refresh_Token was used"]}"#, Dead),
            (401, r#"{"message":"Unauthorized"}"#, Dead),
            (400, r#"{"error":{"code":"invalid_grant","message":"no"}}"#, No),
            (401, r#"{"error":"invalid_client"}"#, Client),
            (401, r#"{"error":"UnAuthorized!","error_description":"Invalid client credentials!"}"#, Client),
            (400, r#"{"message":"client_id must be a string"}"#, Client),
            (400, r#"{"error":"unauthorized_client"}"#, Client),
            (400, r#"{"message":"grant_type must be a string"}"#, No),
            (422, r#"{"message":["user_type is wrong"]}"#, No),
            (404, r#"{"message":"Not Found"}"#, No),
            (401, "<html>error code: 1010</html>", Odd),
            (401, "", Odd),
            (403, r#"{"message":"forbidden"}"#, No),
            (403, "<html></html>", Odd),
            (302, "", Odd),
            (0, "", Odd),
            (408, "", Unsure),
            (500, r#"{"error":"invalid_grant"}"#, Unsure),
            (502, "<html>", Unsure),
            (429, r#"{"error":"invalid_grant"}"#, Later),
        ] {
            let (verdict, failure) = judge(&answer(status, body), "x", &[], 0.0);
            assert_eq!(verdict, expected, "{status} {body}");
            assert_eq!(failure.status, Some(status));
        }
    }

    #[test]
    fn no_failure_quotes_a_secret() {
        let body = r#"{"error":"invalid_grant","error_description":"the refresh token tok-1 is used, tok\u002d1"}"#;
        let (_, failure) = judge(&answer(400, body), "refreshing", &["tok-1".into()], 0.0);
        assert!(failure.message.starts_with("refreshing: HighLevel answered 400: "), "{failure:?}");
        assert!(!format!("{failure:?}{}", failure.json()).contains("tok-1"), "{failure:?}");
    }

    #[test]
    fn the_code_of_a_reconnect_is_read() {
        let read = |body: &str| authorization_code(&answer(200, body)).map(|code| code.expose().to_owned());
        assert_eq!(read(r#"{"authorizationCode":"c","expiresAt":"x"}"#).as_deref(), Some("c"));
        for body in [r#"{"authorizationCode":""}"#, "{}", "", "[]", r#"{"authorizationCode":"a b"}"#] {
            assert_eq!(read(body), None, "{body}");
        }
    }
}
