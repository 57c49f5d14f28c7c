//! The requests that an app makes of the endpoints.

use super::app::App;
use super::owner::Owner;
use super::secret::Secret;
use crate::core::encode_component;
use crate::json::{joined, put, Object};

/// A request to an endpoint: always a POST.
#[derive(Clone, PartialEq)]
pub struct Post {
    /// Where to.
    pub url: String,
    /// Its headers; one of them may hold a token.
    pub headers: Vec<(&'static str, String)>,
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

/// A field of a form: what v2 and v3 call it, and its value; an empty one is left out.
type Field<'f> = ([&'static str; 2], &'f str);

const CLIENT_ID: [&str; 2] = ["client_id", "clientId"];
const CLIENT_SECRET: [&str; 2] = ["client_secret", "clientSecret"];
const GRANT_TYPE: [&str; 2] = ["grant_type", "grantType"];
const USER_TYPE: [&str; 2] = ["user_type", "userType"];

impl Post {
    /// `POST /oauth/token` with a code; it may be used once.
    pub(super) fn exchange(app: &App, code: &str, user_type: &str) -> Self {
        Self::token(app, "authorization_code", (["code", "code"], code), user_type, &app.redirect_uri)
    }

    /// `POST /oauth/token` with a refresh token; it may be used once.
    pub(super) fn refresh(app: &App, refresh: &Secret, user_type: &str) -> Self {
        Self::token(app, "refresh_token", (["refresh_token", "refreshToken"], refresh.expose()), user_type, "")
    }

    fn token(app: &App, grant_type: &str, own: Field<'_>, user_type: &str, redirect_uri: &str) -> Self {
        let fields = [
            (CLIENT_ID, app.client_id.as_str()),
            (CLIENT_SECRET, app.client_secret.expose()),
            (GRANT_TYPE, grant_type),
            own,
            (USER_TYPE, user_type),
            (["redirect_uri", "redirectUri"], redirect_uri),
        ];
        Self::form(app, "/oauth/token", &fields)
    }

    /// `POST /oauth/locationToken` (v3: `/oauth/location-token`) with the company's token.
    pub(super) fn location_token(app: &App, company_id: &str, location_id: &str, token: &Secret) -> Self {
        let path = if app.is_v3() { "/oauth/location-token" } else { "/oauth/locationToken" };
        let fields = [(["companyId"; 2], company_id), (["locationId"; 2], location_id)];
        let mut post = Self::form(app, path, &fields);
        post.headers.push(("Authorization", joined(&["Bearer ", token.expose()])));
        post
    }

    /// `POST /oauth/reconnect`: a new code for an app that is still installed (HighLevel's help article 155000003717).
    pub(super) fn reconnect(app: &App, owner: &Owner) -> Self {
        let mut body = Object::new();
        body.text("clientKey", &app.client_id);
        body.text("clientSecret", app.client_secret.expose());
        body.text(owner.field(), owner.id());
        Self::new(app, "/oauth/reconnect", "application/json", body.finish())
    }

    fn form(app: &App, path: &str, fields: &[Field<'_>]) -> Self {
        let mut body = String::new();
        for (names, value) in fields {
            if !value.is_empty() {
                let separator = if body.is_empty() { "" } else { "&" };
                put(&mut body, separator);
                put(&mut body, names[usize::from(app.is_v3())]);
                put(&mut body, "=");
                encode_component(value, &mut body);
            }
        }
        Self::new(app, path, "application/x-www-form-urlencoded", body)
    }

    fn new(app: &App, path: &str, content_type: &str, body: String) -> Self {
        let headers = vec![
            ("Accept", "application/json".into()),
            ("Content-Type", content_type.into()),
            ("Version", app.api_version.clone()),
            // HighLevel's edge refuses requests without one, and Workers send none of their own.
            ("User-Agent", concat!("ghl-payments/", env!("CARGO_PKG_VERSION")).into()),
        ];
        Self { url: joined(&[&app.base_url, path]), headers, body, timeout_ms: app.timeout_ms }
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
        let post = Post::exchange(&app("2021-07-28"), "a b&c", "Location");
        assert_eq!(post.url, "https://services.leadconnectorhq.com/oauth/token");
        assert_eq!(
            post.body,
            "client_id=app-1&client_secret=client-secret-1&grant_type=authorization_code&code=a%20b%26c\
             &user_type=Location&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback"
        );
        assert!(post.headers.contains(&("Content-Type", "application/x-www-form-urlencoded".into())));
        assert!(post.headers.contains(&("Version", "2021-07-28".into())));

        let post = Post::refresh(&app("v3"), &Secret::new("r"), "");
        assert_eq!(post.body, "clientId=app-1&clientSecret=client-secret-1&grantType=refresh_token&refreshToken=r");
        assert!(post.headers.contains(&("Version", "v3".into())));
    }

    #[test]
    fn a_location_token_is_asked_for_with_the_companys_token() {
        for (version, path) in [("2021-07-28", "/oauth/locationToken"), ("v3", "/oauth/location-token")] {
            let post = Post::location_token(&app(version), "c", "l", &Secret::new("tok"));
            assert_eq!(post.url, format!("https://services.leadconnectorhq.com{path}"));
            assert_eq!(post.body, "companyId=c&locationId=l");
            assert!(post.headers.contains(&("Authorization", "Bearer tok".into())));
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
        let refresh = Post::refresh(&app("v3"), &Secret::new("tok-2"), "");
        let shown = format!("{post:?} {refresh:?}");
        assert!(!shown.contains("tok-") && !shown.contains("client-secret"), "{shown}");
    }
}
