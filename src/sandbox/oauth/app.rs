//! The marketplace app that can be installed in the sandbox's locations.

use crate::json::joined;
use crate::sandbox::http::secret::Secret;
use crate::sandbox::rng::Rng;
use std::fmt;

/// What the app is called; what is left out follows from the seed.
#[derive(Clone, Default)]
pub struct AppOptions {
    /// Its client id, such as `6a5f00000000000000000001-mb5eg18b`: the id of the app stands in front of the hyphen.
    pub client_id: Option<String>,
    /// Its client secret.
    pub client_secret: Option<String>,
    /// Where it may be sent after an approval; any https address and any address of this machine where there is none.
    pub redirect_uris: Vec<String>,
}

impl fmt::Debug for AppOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("AppOptions")
            .field("client_id", &self.client_id)
            .field("client_secret", &self.client_secret.as_ref().map(|_| "[redacted]"))
            .field("redirect_uris", &self.redirect_uris)
            .finish()
    }
}

/// A marketplace app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: String,
    /// Its client id.
    pub client_id: String,
    pub(super) client_secret: Secret,
    redirect_uris: Vec<String>,
    /// The plan that its users are on.
    pub plan: String,
    /// The person who installs it.
    pub user: String,
}

impl App {
    /// The app with these options; `own` is its id where they name none.
    pub fn new(options: &AppOptions, own: &str, rng: &mut Rng) -> Self {
        let (suffix, secret) = (rng.text(8).to_ascii_lowercase(), rng.uuid());
        let client_id = options.client_id.clone().unwrap_or_else(|| joined(&[own, "-", &suffix]));
        Self {
            id: client_id.split_once('-').map_or(client_id.as_str(), |(id, _)| id).into(),
            client_secret: Secret(options.client_secret.clone().unwrap_or(secret)),
            redirect_uris: options.redirect_uris.clone(),
            plan: rng.hex(24),
            user: rng.text(20),
            client_id,
        }
    }

    /// Its client secret.
    pub fn client_secret(&self) -> &str {
        &self.client_secret.0
    }

    /// Whether a browser may be sent there with a code.
    pub fn redirects_to(&self, uri: &str) -> bool {
        // It goes out in a header, and a fragment never reaches a server.
        let printable = uri.bytes().all(|byte| (b'!'..=b'~').contains(&byte) && byte != b'#');
        if !self.redirect_uris.is_empty() {
            return printable && self.redirect_uris.iter().any(|own| own == uri);
        }
        let host = |rest: &'_ str| rest.bytes().take_while(|byte| !matches!(byte, b'/' | b'?')).count();
        if let Some(rest) = uri.strip_prefix("https://") {
            let length = host(rest);
            return printable && length > 0 && rest.bytes().take(length).all(|byte| byte != b'@');
        }
        let Some(rest) = uri.strip_prefix("http://") else { return false };
        let port = |after: &str| {
            let length = host(after);
            let mut bytes = after.bytes().take(length);
            length == 0 || (bytes.next() == Some(b':') && bytes.all(|byte| byte.is_ascii_digit()))
        };
        let own = ["127.0.0.1", "localhost", "[::1]"];
        printable && own.into_iter().any(|name| rest.strip_prefix(name).is_some_and(port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_goes_to_https_and_to_this_machine_alone() {
        let app = App::new(&AppOptions::default(), "6a5f00000000000000000001", &mut Rng::new(1, 0));
        for uri in
            ["https://app.example.com/callback?a=b", "http://localhost:8788/cb", "http://127.0.0.1", "http://[::1]:1/"]
        {
            assert!(app.redirects_to(uri), "{uri}");
        }
        for uri in [
            "",
            "http://example.com/cb",
            "https:///cb",
            "ftp://localhost/",
            "https://a@b/",
            "http://localhost@evil.example/",
            "https://a.example/#x",
            "https://a.example/\r\nx: y",
            "http://localhost.evil.example/",
            "/callback",
        ] {
            assert!(!app.redirects_to(uri), "{uri}");
        }
    }

    #[test]
    fn what_is_registered_is_all_there_is() {
        let options = AppOptions { redirect_uris: vec!["https://a.example/cb".into()], ..AppOptions::default() };
        let app = App::new(&options, "6a5f00000000000000000001", &mut Rng::new(1, 0));
        assert!(app.redirects_to("https://a.example/cb"));
        assert!(!app.redirects_to("https://a.example/cb/") && !app.redirects_to("http://localhost/cb"));
    }

    #[test]
    fn debug_output_holds_no_secret() {
        let options = AppOptions { client_secret: Some("s3cret".into()), ..AppOptions::default() };
        let app = App::new(&options, "6a5f00000000000000000001", &mut Rng::new(1, 0));
        assert!(!format!("{options:?}{app:?}").contains("s3cret"));
    }
}
