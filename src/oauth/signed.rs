//! The `state` that travels through the browser of whoever installs the app.
//!
//! It is `PAYLOAD.SIGNATURE`, both in base64url; the signature is an HMAC-SHA-256 that the caller makes and checks. The
//! payload says until when it counts, and for which browser: that one has a cookie, of which it holds the hash. So a link
//! with somebody else's state installs nothing (RFC 6749, 10.12). Its nonce lets a store see that it comes twice.

use crate::json::{field, json_text, rounded_up, Object};
use crate::shape::{check, Kind};

/// For how many milliseconds a state counts: so long somebody may take to choose an account and to allow.
const LIFETIME_MS: f64 = 600_000.0;

/// The longest text of an app's own that travels along, in bytes.
const MAX_DATA: usize = 1024;

/// What a state holds.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedState {
    /// Random text.
    pub nonce: String,
    /// Until when it counts, in milliseconds since 1970.
    pub expires_at: f64,
    /// The hash of the cookie of the browser that it was made for.
    pub browser: String,
    /// What the app wants to have back. The browser can read it.
    pub data: Option<String>,
}

/// Why a state does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadState {
    /// It is no payload of this app's.
    Invalid,
    /// It is older than ten minutes.
    Expired,
    /// It was made for another browser, or for one whose cookie is gone.
    Foreign,
}

impl BadState {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Invalid => "state_invalid",
            Self::Expired => "state_expired",
            Self::Foreign => "state_foreign",
        }
    }
}

impl SignedState {
    /// A state that is made at `now` for the browser whose cookie has this hash.
    pub fn new(nonce: &str, browser: &str, data: Option<&str>, now: f64) -> Option<Self> {
        if data.is_some_and(|data| data.len() > MAX_DATA) {
            return None;
        }
        let (nonce, browser, data) = (nonce.into(), browser.into(), data.map(String::from));
        Some(Self { nonce, expires_at: now + LIFETIME_MS, browser, data })
    }

    /// The payload, as JSON text.
    pub fn payload(&self) -> String {
        let mut out = Object::new();
        out.text("n", &self.nonce);
        out.number("e", Some(self.expires_at));
        out.text("b", &self.browser);
        out.optional_text("d", self.data.as_deref());
        out.finish()
    }

    /// Reads a payload whose signature was right. `browser` is the hash of the cookie that came with it, empty without one.
    pub fn read(payload: &str, browser: &str, now: f64) -> Result<Self, BadState> {
        let mut json = payload.as_bytes().to_vec();
        check(&mut json, &Kind::Json).map_err(|_| BadState::Invalid)?;
        let text = |name: &str| json_text(field(&json, name)).filter(|text| !text.is_empty());
        let (Some(nonce), Some(bound)) = (text("n"), text("b")) else { return Err(BadState::Invalid) };
        let expires_at = rounded_up(field(&json, "e")) as f64;
        if bound != browser {
            Err(BadState::Foreign)
        } else if now >= expires_at || expires_at > now + 2.0 * LIFETIME_MS {
            Err(BadState::Expired)
        } else {
            Ok(Self { nonce, expires_at, browser: bound, data: json_text(field(&json, "d")) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_counts_for_its_browser_and_ten_minutes() {
        let state = SignedState::new("n", "b", Some("/orders?x=\"é\""), 1000.0).expect("a state");
        let payload = state.payload();
        assert_eq!(SignedState::read(&payload, "b", 1000.0), Ok(state.clone()));
        assert_eq!(SignedState::read(&payload, "b", 600_999.0), Ok(state));
        for (browser, now, expected) in [
            ("b", 601_000.0, BadState::Expired),
            ("c", 1000.0, BadState::Foreign),
            ("", 1000.0, BadState::Foreign),
            // A clock that was set back by hours makes no state young for hours.
            ("b", -3_600_000.0, BadState::Expired),
        ] {
            assert_eq!(SignedState::read(&payload, browser, now), Err(expected), "{browser} {now}");
        }
        for payload in ["", "{}", "[]", "x", r#"{"n":"n"}"#, r#"{"n":"","b":"b","e":9}"#, r#"{"n":1,"b":"b"}"#] {
            assert_eq!(SignedState::read(payload, "b", 0.0), Err(BadState::Invalid), "{payload}");
        }
    }

    #[test]
    fn what_travels_along_is_short() {
        assert!(SignedState::new("n", "b", Some(&"x".repeat(1024)), 0.0).is_some());
        assert!(SignedState::new("n", "b", Some(&"x".repeat(1025)), 0.0).is_none());
    }
}
