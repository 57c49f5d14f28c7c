//! What the endpoints answer: tokens, or why not, and what that says about the refresh token.

use super::grant::{Access, Grant};
use super::installed::Installation;
use super::owner::Owner;
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
    pub fn new(code: FailureCode, message: &str) -> Self {
        Self {
            code,
            message: message.into(),
            status: None,
            messages: Vec::new(),
            trace_id: None,
            retry_after_ms: None,
            retryable: code.is_retryable(),
        }
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
pub(super) fn judge(response: &Response, what: &str, secrets: &[&str], now: f64) -> (Verdict, Failure) {
    let Response { status, .. } = *response;
    let shown = mask(&response.body, secrets);
    let mut texts = Error::new(ErrorKind::Other, None, Outcome::Rejected, String::new());
    let mut reason = String::new();
    let is_json = check(&mut shown.clone().into_bytes(), &Kind::Json).is_ok() && shown.trim_start().starts_with('{');
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
    let failure = Failure {
        code,
        message,
        status: Some(status),
        messages: std::mem::take(&mut texts.messages),
        trace_id: texts.trace_id.take(),
        retry_after_ms: response.retry_after.map(|after| after.ms(now)),
        retryable: code.is_retryable(),
    };
    (verdict, failure)
}

/// What a refusal in JSON is about. `reason` is what it says, in lower case.
fn refused(status: u16, reason: &str) -> Verdict {
    let says = |word: &str| reason.contains(word);
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

/// Tokens, and what the answer tells about who gave them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tokens {
    pub grant: Grant,
    pub about: Installation,
}

/// Reads the tokens of a 2xx answer, of either version; what is wrong with it otherwise, which quotes none of its text.
pub(super) fn tokens(response: &Response, now: f64) -> Result<Tokens, Failure> {
    let mut body = response.body.clone();
    let wrong = |what: &str| {
        let message = joined(&["the answer of the token endpoint is not what HighLevel promises: ", what]);
        let mut failure = Failure::new(FailureCode::UnexpectedAnswer, &message);
        failure.status = Some(response.status);
        failure
    };
    if response.cut || check(&mut body, &Kind::Json).is_err() || body.trim_ascii_start().first() != Some(&b'{') {
        return Err(wrong("expected a JSON object"));
    }
    let value = |v2: &str, v3: &str| match field(&body, v2) {
        b"" | b"null" => field(&body, v3),
        given => given,
    };
    let id = |name: &str| json_text(field(&body, name)).filter(|id| !id.is_empty());
    let token = |v2: &str, v3: &str| match value(v2, v3) {
        b"" | b"null" | b"\"\"" => Ok(None),
        given => match json_text(given).filter(|text| is_token(text)) {
            Some(text) => Ok(Some(Secret::new(text))),
            None => Err(wrong(&joined(&[v2, " holds something else than a token"]))),
        },
    };
    let access = token("access_token", "accessToken")?.ok_or_else(|| wrong("access_token is missing"))?;
    let refresh = token("refresh_token", "refreshToken")?;
    let lifetime = match number(value("expires_in", "expiresIn")) {
        Some(seconds) if seconds > 0.0 => (seconds * 1000.0).min(MAX_LIFETIME_MS),
        _ => LIFETIME_MS,
    };
    let user_type = text_field(&body, "userType");
    let (location_id, company_id) = (id("locationId"), id("companyId"));
    let of_company = user_type.eq_ignore_ascii_case("company") || user_type.is_empty() && location_id.is_none();
    let owner =
        if of_company { company_id.clone().map(Owner::Company) } else { location_id.clone().map(Owner::Location) };
    let is_true = |name: &str| matches!(field(&body, name), b"true" | b"\"true\"");
    let mut scopes = Vec::new();
    for scope in text_field(&body, "scope").split(' ').filter(|scope| !scope.is_empty()) {
        scopes.push(scope.into());
    }
    let mut approved = Vec::new();
    for (_, item) in items(field(&body, "approvedLocations")) {
        approved.extend(json_text(item).filter(|id| !id.is_empty()));
    }
    let about = Installation {
        owner,
        of_company,
        company_id: company_id.clone(),
        location_id,
        user_id: id("userId"),
        scopes,
        is_bulk: is_true("isBulkInstallation"),
        approved_locations: approved,
    };
    let access = Access {
        token: access,
        refresh_at: now + lifetime - MARGIN_MS.min(lifetime / 10.0),
        expires_at: now + lifetime,
    };
    Ok(Tokens { grant: Grant { access, refresh, company_id }, about })
}

/// The code in the answer of `/oauth/reconnect`.
pub(super) fn authorization_code(response: &Response) -> Option<Secret> {
    let mut body = response.body.clone();
    if response.cut || check(&mut body, &Kind::Json).is_err() {
        return None;
    }
    let given = [field(&body, "authorizationCode"), field(&body, "authorization_code"), field(&body, "code")];
    let code = given.into_iter().find_map(json_text);
    code.filter(|code| is_token(code)).map(Secret::new)
}

/// Whether a text can travel in a header, as a token must.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// A number that is not negative, also one that is written as text.
fn number(value: &[u8]) -> Option<f64> {
    let text = json_text(value);
    let digits = text.as_deref().map_or(value, str::as_bytes).trim_ascii();
    let plain = digits.first()?.is_ascii_digit() && digits.iter().all(|b| b.is_ascii_digit() || *b == b'.');
    plain.then(|| rounded_up(digits) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, body: body.into(), ..Response::default() }
    }

    fn read(body: &str) -> Result<Tokens, Failure> {
        tokens(&answer(200, body), 1000.0)
    }

    #[test]
    fn tokens_of_both_versions_are_read() {
        for body in [
            r#"{"access_token":"a","token_type":"Bearer","expires_in":86399,"refresh_token":"r","scope":"x y","userType":"Location","companyId":"c","locationId":"l","userId":"u"}"#,
            r#"{"accessToken":"a","tokenType":"Bearer","expiresIn":"86399","refreshToken":"r","scope":"x  y","userType":"Location","companyId":"c","locationId":"l","userId":"u"}"#,
            "\u{feff} {\"access_token\":\"\\u0061\",\"expires_in\":86398.2,\"refresh_token\":\"r\",\"scope\":\"x y\",\"companyId\":\"c\",\"locationId\":\"l\",\"userId\":\"u\"}",
        ] {
            let Tokens { grant, about } = read(body).expect(body);
            assert_eq!(grant.access.token.expose(), "a");
            assert_eq!(grant.refresh, Some(Secret::new("r")));
            assert_eq!(grant.access.expires_at, 1000.0 + LIFETIME_MS);
            assert_eq!(grant.access.refresh_at, 1000.0 + LIFETIME_MS - MARGIN_MS);
            assert_eq!(about.owner, Some(Owner::Location("l".into())), "{body}");
            assert_eq!((grant.company_id.as_deref(), about.user_id.as_deref()), (Some("c"), Some("u")));
            assert_eq!(about.scopes, ["x", "y"]);
        }
        let bulk = r#"{"access_token":"a","refresh_token":"r","userType":"Company","companyId":"c","isBulkInstallation":true,"approvedLocations":["l1","l2",7]}"#;
        let Tokens { grant, about } = read(bulk).expect("tokens");
        assert_eq!(about.owner, Some(Owner::Company("c".into())));
        assert_eq!((about.is_bulk, about.approved_locations), (true, vec!["l1".to_owned(), "l2".to_owned()]));
        assert_eq!(grant.access.expires_at, 1000.0 + LIFETIME_MS);
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
            ("\"soon\"", 86_399.0),
            ("99999999999999999999999", MAX_LIFETIME_MS / 1000.0),
        ] {
            let body = format!(r#"{{"access_token":"a","refresh_token":"r","locationId":"l","expires_in":{given}}}"#);
            let expires = read(&body).expect("tokens").grant.access.expires_at;
            assert_eq!(expires, 1000.0 + seconds * 1000.0, "{given}");
        }
        let short = read(r#"{"access_token":"a","locationId":"l","expires_in":100}"#).expect("tokens").grant;
        assert_eq!((short.access.refresh_at, short.refresh), (91_000.0, None));
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
            let failure = read(body).expect_err(body);
            assert!(failure.message.contains(named), "{body}: {failure:?}");
            assert!(!format!("{failure:?}{}", failure.json()).contains("tok-1"), "{failure:?}");
            assert_eq!((failure.code, failure.status), (FailureCode::UnexpectedAnswer, Some(200)));
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
        let (_, failure) = judge(&answer(400, body), "refreshing", &["tok-1"], 0.0);
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
