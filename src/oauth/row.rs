//! What is stored of an account, and how it reads.

use super::secret::Secret;
use crate::core::parted;
use crate::json::{push_decimal, put, rounded_up};

/// Where an account stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing is known of it.
    #[default]
    None,
    /// It has tokens of its own.
    Active,
    /// The intent: the endpoint is about to be asked with the refresh token, and whether it was, nobody knows before the next
    /// row.
    Refreshing,
    /// There are no tokens, or the endpoint has said that the refresh token is dead: `POST /oauth/reconnect` is what is left.
    NeedsReconnect,
    /// The app has to be installed again: the endpoint has said so.
    NeedsInstall,
    /// A location whose tokens its company asks for.
    UnderCompany,
}

/// The names in rows.
const NAMES: [(Status, &str); 6] = [
    (Status::None, "none"),
    (Status::Active, "active"),
    (Status::Refreshing, "refreshing"),
    (Status::NeedsReconnect, "needs_reconnect"),
    (Status::NeedsInstall, "needs_install"),
    (Status::UnderCompany, "under_company"),
];

impl Status {
    /// Its name in a row.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }
}

/// What is known of an account. Times are milliseconds since 1970. One struct for all of them: each status keeps what the next
/// one may need, and a row reads the same whatever it says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// Where it stands.
    pub status: Status,
    /// The token for requests; empty where there is none.
    pub access: Secret,
    /// What brings the next tokens, once; empty where there is none.
    pub refresh: Secret,
    /// The company that a location belongs to; empty where nobody has said it.
    pub company_id: String,
    /// From then on another access token is asked for.
    pub refresh_at: f64,
    /// From then on the access token is refused.
    pub expires_at: f64,
    /// The endpoint could not be reached, or refuses to reconnect: it is left alone until then, while the access token is good or
    /// there is nothing to lose; 0 while nothing has failed.
    pub retry_at: f64,
    /// When the app was last known to be installed there: the endpoint gave tokens for it, or a webhook said so; 0 where nobody
    /// has.
    pub since: f64,
    /// When the access token came, by the clock of who asked for it; 0 where an older version wrote the row.
    pub came_at: f64,
}

/// A row that nobody can read: it was written by a later version, or by somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableRow;

impl State {
    /// A location whose tokens its company asks for.
    pub fn under_company(company_id: &str) -> Self {
        Self { status: Status::UnderCompany, company_id: company_id.into(), ..Self::default() }
    }

    /// As text, with the tokens in it: whoever stores it encrypts it. One value on each line.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for value in [self.status.name(), self.access.expose(), self.refresh.expose(), &self.company_id] {
            put_line(&mut out, value);
        }
        for time in [self.refresh_at, self.expires_at, self.retry_at, self.since, self.came_at] {
            push_decimal(&mut out, time as u64);
            put_line(&mut out, "");
        }
        out
    }

    /// Reads what [`Self::text`] wrote; an empty text is a row that is not there.
    pub fn read(text: &str) -> Result<Self, UnreadableRow> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let mut lines = Lines(text);
        let name = lines.text();
        let (status, _) = NAMES.iter().find(|(_, known)| *known == name).ok_or(UnreadableRow)?;
        Ok(Self {
            status: *status,
            access: Secret::new(lines.text()),
            refresh: Secret::new(lines.text()),
            company_id: lines.text().into(),
            refresh_at: lines.number(),
            expires_at: lines.number(),
            retry_at: lines.number(),
            since: lines.number(),
            came_at: lines.number(),
        })
    }
}

/// Appends a value and the end of its line. No token and no id holds one.
pub(super) fn put_line(out: &mut String, value: &str) {
    put(out, value);
    put(out, "\n");
}

/// Values on lines of their own, one after the other.
pub(super) struct Lines<'t>(pub &'t str);

impl<'t> Lines<'t> {
    /// The next value; empty behind the last one.
    #[inline(never)]
    pub fn text(&mut self) -> &'t str {
        let (value, rest) = parted(self.0, b'\n');
        self.0 = rest;
        value
    }

    /// The next value as a number from 0.
    #[inline(never)]
    pub fn number(&mut self) -> f64 {
        let digits = self.text();
        // Whoever wrote it wrote digits.
        rounded_up(digits.as_bytes()) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_as_it_was_written() {
        for (status, name) in NAMES {
            let state = State {
                status,
                access: Secret::new("tok-1"),
                refresh: Secret::new("tok-2"),
                company_id: "c\u{e9}".into(),
                refresh_at: 5.0,
                expires_at: 1_796_000_000_000.0,
                retry_at: 0.0,
                since: 7.0,
                came_at: 8.0,
            };
            assert_eq!(State::read(&state.text()), Ok(state.clone()), "{name}");
            let empty = State { status, ..State::default() };
            assert_eq!(State::read(&empty.text()), Ok(empty), "{name}");
            assert!(!format!("{state:?}").contains("tok-"));
        }
        assert_eq!(State::read(""), Ok(State::default()));
    }

    #[test]
    fn what_nobody_wrote_is_not_read_as_nothing() {
        for text in ["{}", "[]", "x", "later\n", "\n", "actively\na"] {
            assert_eq!(State::read(text), Err(UnreadableRow), "{text}");
        }
    }
}
