//! The requests that an app makes of the endpoints.

use super::app::{put_field, App};
use super::owner::Owner;
use super::secret::Secret;
use crate::json::Object;

/// A request to an endpoint: always a POST.
#[derive(Clone, Default, PartialEq)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// The header `Content-Type`.
    pub content_type: &'static str,
    /// The header `Version`.
    pub version: String,
    /// A token for the header `Authorization`; empty where none goes along.
    pub token: Secret,
    /// A form or JSON, with secrets in it.
    pub body: String,
    /// For how many milliseconds its answer is waited for.
    pub timeout_ms: u32,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("url", &self.url).field("timeout_ms", &self.timeout_ms).finish_non_exhaustive()
    }
}

/// The header `User-Agent`: HighLevel's edge refuses requests without one, and Workers send none of their own.
pub const USER_AGENT: &str = concat!("ghl-payments/", env!("CARGO_PKG_VERSION"));

/// A field of a form: what v2 and v3 call it, and its value; an empty one is left out.
type Field<'f> = ([&'static str; 2], &'f str);

impl Post {
    /// `POST /oauth/token` with a code or a refresh token; either may be used once.
    pub(super) fn token(app: &App, sent: &Secret, user_type: &str, is_code: bool) -> Self {
        let (grant_type, name, redirect_uri) = if is_code {
            ("authorization_code", ["code", "code"], app.redirect_uri())
        } else {
            ("refresh_token", ["refresh_token", "refreshToken"], String::new())
        };
        let (client_id, client_secret) = (app.client_id(), app.client_secret());
        let fields = [
            (["client_id", "clientId"], client_id.as_str()),
            (["client_secret", "clientSecret"], &client_secret),
            (["grant_type", "grantType"], grant_type),
            (name, sent.expose()),
            (["user_type", "userType"], user_type),
            (["redirect_uri", "redirectUri"], &redirect_uri),
        ];
        Self::form(app, ["/oauth/token"; 2], &fields)
    }

    /// `POST /oauth/locationToken` (v3: `/oauth/location-token`) with the company's token.
    pub(super) fn location_token(app: &App, company_id: &str, location_id: &str, token: &Secret) -> Self {
        let fields = [(["companyId"; 2], company_id), (["locationId"; 2], location_id)];
        let post = Self::form(app, ["/oauth/locationToken", "/oauth/location-token"], &fields);
        Self { token: token.clone(), ..post }
    }

    /// `POST /oauth/reconnect`: a new code for an app that is still installed (HighLevel's help article 155000003717).
    pub(super) fn reconnect(app: &App, owner: &Owner) -> Self {
        let mut body = Object::new();
        body.text("clientKey", &app.client_id());
        body.text("clientSecret", &app.client_secret());
        body.text(owner.field(), owner.id());
        Self::new(app, ["/oauth/reconnect"; 2], "application/json", body.finish())
    }

    fn form(app: &App, paths: [&str; 2], fields: &[Field<'_>]) -> Self {
        let (mut body, v3) = (String::new(), app.api_version() == "v3");
        for (names, value) in fields {
            let separator = if body.is_empty() { "" } else { "&" };
            put_field(&mut body, separator, if v3 { names[1] } else { names[0] }, value);
        }
        Self::new(app, paths, "application/x-www-form-urlencoded", body)
    }

    fn new(app: &App, paths: [&str; 2], content_type: &'static str, body: String) -> Self {
        let version = app.api_version();
        let path = if version == "v3" { paths[1] } else { paths[0] };
        let (url, timeout_ms) = (app.address(path), app.timeout_ms());
        Self { url, content_type, version, token: Secret::default(), body, timeout_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::super::app::options;
    use super::*;

    fn app(version: &str) -> App {
        App::check(&options(&format!(r#","apiVersion":"{version}""#))).expect("options")
    }

    #[test]
    fn forms_are_written_as_the_version_wants_them() {
        let post = Post::token(&app("2021-07-28"), &Secret::new("a b&c"), "Location", true);
        assert_eq!(post.url, "https://services.leadconnectorhq.com/oauth/token");
        assert_eq!(
            post.body,
            "client_id=app-1&client_secret=client-secret-1&grant_type=authorization_code&code=a%20b%26c\
             &user_type=Location&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback"
        );
        assert_eq!((post.content_type, post.version.as_str()), ("application/x-www-form-urlencoded", "2021-07-28"));

        let post = Post::token(&app("v3"), &Secret::new("r"), "", false);
        assert_eq!(post.body, "clientId=app-1&clientSecret=client-secret-1&grantType=refresh_token&refreshToken=r");
        assert_eq!(post.version, "v3");
    }

    #[test]
    fn a_location_token_is_asked_for_with_the_companys_token() {
        for (version, path) in [("2021-07-28", "/oauth/locationToken"), ("v3", "/oauth/location-token")] {
            let post = Post::location_token(&app(version), "c", "l", &Secret::new("tok"));
            assert_eq!(post.url, format!("https://services.leadconnectorhq.com{path}"));
            assert_eq!(post.body, "companyId=c&locationId=l");
            assert_eq!(post.token.expose(), "tok");
        }
    }

    #[test]
    fn a_reconnect_names_who_is_to_be_reconnected() {
        let location = Post::reconnect(&app("v3"), &Owner::Location("l\"1".into()));
        assert_eq!(location.body, r#"{"clientKey":"app-1","clientSecret":"client-secret-1","locationId":"l\"1"}"#);
        let company = Post::reconnect(&app("v3"), &Owner::Company("c".into()));
        assert_eq!(company.body, r#"{"clientKey":"app-1","clientSecret":"client-secret-1","companyId":"c"}"#);
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let post = Post::location_token(&app("v3"), "c", "l", &Secret::new("tok-1"));
        let refresh = Post::token(&app("v3"), &Secret::new("tok-2"), "", false);
        let shown = format!("{post:?} {refresh:?}");
        assert!(!shown.contains("tok-") && !shown.contains("client-secret"), "{shown}");
    }
}
