//! The `state` that travels through the browser of whoever installs the app.
//!
//! It is `PAYLOAD.SIGNATURE`, both in base64url; the signature is an HMAC-SHA-256 that the caller makes and checks. The
//! payload says until when it counts, and for which browser: that one has a cookie, of which it holds the hash. So a link
//! with somebody else's state installs nothing (RFC 6749, 10.12). Its nonce lets a store see that it comes twice.

use super::row::{put_line, Lines};
use crate::json::{push_decimal, put};

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
    pub fn new(nonce: &str, browser: &str, data: Option<String>, now: f64) -> Option<Self> {
        if data.as_ref().is_some_and(|data| data.len() > MAX_DATA) {
            return None;
        }
        Some(Self { nonce: nonce.into(), expires_at: now + LIFETIME_MS, browser: browser.into(), data })
    }

    /// The payload: nonce, browser, time on lines of their own; then what travels along.
    pub fn payload(&self) -> String {
        let mut out = String::new();
        put_line(&mut out, &self.nonce);
        put_line(&mut out, &self.browser);
        push_decimal(&mut out, self.expires_at as u64);
        if let Some(data) = &self.data {
            put_line(&mut out, "");
            put(&mut out, data);
        }
        out
    }

    /// Reads a payload whose signature was right. `browser` is the hash of the cookie that came with it, empty without one.
    pub fn read(payload: &str, browser: &str, now: f64) -> Result<Self, BadState> {
        let mut lines = Lines(payload);
        let (nonce, bound, expires_at) = (lines.text(), lines.text(), lines.number());
        if nonce.is_empty() || bound.is_empty() {
            Err(BadState::Invalid)
        } else if bound != browser {
            Err(BadState::Foreign)
        } else if now >= expires_at || expires_at > now + 2.0 * LIFETIME_MS {
            Err(BadState::Expired)
        } else {
            let has_data = payload.bytes().filter(|b| *b == b'\n').count() > 2;
            let data = has_data.then(|| lines.0.into());
            Ok(Self { nonce: nonce.into(), expires_at, browser: bound.into(), data })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_counts_for_its_browser_and_ten_minutes() {
        let state = SignedState::new("n", "b", Some("/orders?x=\"é\"\n\n".into()), 1000.0).expect("a state");
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
        for data in [None, Some(String::new())] {
            let state = SignedState::new("n", "b", data, 0.0).expect("a state");
            assert_eq!(SignedState::read(&state.payload(), "b", 0.0), Ok(state));
        }
        for payload in ["", "x", "n\n", "\nb\n9"] {
            assert_eq!(SignedState::read(payload, "b", 0.0), Err(BadState::Invalid), "{payload}");
        }
    }

    #[test]
    fn what_travels_along_is_short() {
        assert!(SignedState::new("n", "b", Some("x".repeat(1024)), 0.0).is_some());
        assert!(SignedState::new("n", "b", Some("x".repeat(1025)), 0.0).is_none());
    }
}
