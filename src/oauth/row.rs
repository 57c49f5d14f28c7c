//! What is stored of an account, and how it reads.

use super::grant::{Access, Grant};
use super::secret::Secret;
use crate::json::{field, json_text, rounded_up, text_field, Object};
use crate::shape::{check, Kind};

/// What is known of an account.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Nothing.
    None,
    /// It has tokens of its own.
    Active(Grant),
    /// The intent: the endpoint is about to be asked with the refresh token of this grant, and whether it was, nobody knows
    /// before the next row. `retry_at`: it could not be reached, and while the access token is good, it is left alone until
    /// then.
    Refreshing {
        /// The tokens that are known.
        grant: Grant,
        /// In milliseconds since 1970; 0 while nothing has failed.
        retry_at: f64,
    },
    /// The refresh token is dead: the endpoint has said so. `POST /oauth/reconnect` is what is left.
    NeedsReconnect(Grant),
    /// The app has to be installed again: the endpoint has said so.
    NeedsInstall,
    /// A location whose tokens its company asks for.
    UnderCompany {
        /// The company.
        company_id: String,
        /// The token, once it was asked for.
        access: Option<Access>,
    },
}

/// A row that nobody can read: it was written by a later version, or by somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadableRow;

impl State {
    /// Its name in a row.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Active(_) => "active",
            Self::Refreshing { .. } => "refreshing",
            Self::NeedsReconnect(_) => "needs_reconnect",
            Self::NeedsInstall => "needs_install",
            Self::UnderCompany { .. } => "under_company",
        }
    }

    /// As JSON text, with the tokens in it: whoever stores it encrypts it.
    pub fn json(&self) -> String {
        let mut out = Object::new();
        out.text("state", self.name());
        match self {
            Self::None | Self::NeedsInstall => {}
            Self::Active(grant) | Self::NeedsReconnect(grant) => put_grant(&mut out, grant),
            Self::Refreshing { grant, retry_at } => {
                put_grant(&mut out, grant);
                out.number("retryAt", Some(*retry_at));
            }
            Self::UnderCompany { company_id, access } => {
                out.text("companyId", company_id);
                if let Some(access) = access {
                    put_access(&mut out, access);
                }
            }
        }
        out.finish()
    }

    /// Reads what [`Self::json`] wrote; an empty text is a row that is not there.
    pub fn read(json: &str) -> Result<Self, UnreadableRow> {
        if json.is_empty() {
            return Ok(Self::None);
        }
        let mut bytes = json.as_bytes().to_vec();
        check(&mut bytes, &Kind::Json).map_err(|_| UnreadableRow)?;
        let grant = || {
            let access = access(&bytes).ok_or(UnreadableRow)?;
            let refresh = json_text(field(&bytes, "refresh")).map(Secret::new);
            Ok(Grant { access, refresh, company_id: json_text(field(&bytes, "companyId")) })
        };
        Ok(match text_field(&bytes, "state").as_str() {
            "none" => Self::None,
            "active" => Self::Active(grant()?),
            "refreshing" => Self::Refreshing { grant: grant()?, retry_at: time(&bytes, "retryAt") },
            "needs_reconnect" => Self::NeedsReconnect(grant()?),
            "needs_install" => Self::NeedsInstall,
            "under_company" => Self::UnderCompany {
                company_id: json_text(field(&bytes, "companyId")).ok_or(UnreadableRow)?,
                access: access(&bytes),
            },
            _ => return Err(UnreadableRow),
        })
    }

    /// The tokens of its own that a row holds, whatever they are good for.
    pub(super) fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Active(grant) | Self::Refreshing { grant, .. } | Self::NeedsReconnect(grant) => Some(grant),
            Self::None | Self::NeedsInstall | Self::UnderCompany { .. } => None,
        }
    }

    /// The token for requests that a row holds, whatever it is good for.
    pub(super) fn access(&self) -> Option<&Access> {
        match self {
            Self::UnderCompany { access, .. } => access.as_ref(),
            _ => self.grant().map(|grant| &grant.access),
        }
    }
}

fn put_grant(out: &mut Object, grant: &Grant) {
    put_access(out, &grant.access);
    out.optional_text("refresh", grant.refresh.as_ref().map(Secret::expose));
    out.optional_text("companyId", grant.company_id.as_deref());
}

fn put_access(out: &mut Object, access: &Access) {
    out.text("access", access.token.expose());
    out.number("refreshAt", Some(access.refresh_at));
    out.number("expiresAt", Some(access.expires_at));
}

fn access(json: &[u8]) -> Option<Access> {
    let token = Secret::new(json_text(field(json, "access"))?);
    Some(Access { token, refresh_at: time(json, "refreshAt"), expires_at: time(json, "expiresAt") })
}

fn time(json: &[u8], name: &str) -> f64 {
    rounded_up(field(json, name)) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(refresh: Option<&str>, company_id: Option<&str>) -> Grant {
        let access = Access { token: Secret::new("a\"1"), refresh_at: 5.0, expires_at: 86_399_000.0 };
        Grant { access, refresh: refresh.map(Secret::new), company_id: company_id.map(String::from) }
    }

    #[test]
    fn every_state_reads_as_it_was_written() {
        let access = Some(grant(None, None).access);
        for state in [
            State::None,
            State::Active(grant(Some("r"), Some("c"))),
            State::Active(grant(None, None)),
            State::Refreshing { grant: grant(Some("r"), None), retry_at: 0.0 },
            State::Refreshing { grant: grant(Some("r"), Some("c")), retry_at: 1_796_000_000_000.0 },
            State::NeedsReconnect(grant(Some("r"), Some("c"))),
            State::NeedsInstall,
            State::UnderCompany { company_id: "c".into(), access: None },
            State::UnderCompany { company_id: "c\u{e9}".into(), access },
        ] {
            assert_eq!(State::read(&state.json()), Ok(state.clone()), "{state:?}");
            assert!(!format!("{state:?}").contains("a\"1"));
        }
        assert_eq!(State::read(""), Ok(State::None));
    }

    #[test]
    fn what_nobody_wrote_is_not_read_as_nothing() {
        for json in
            ["{}", "[]", "x", r#"{"state":"later"}"#, r#"{"state":"active"}"#, r#"{"state":"under_company"}"#, "{"]
        {
            assert_eq!(State::read(json), Err(UnreadableRow), "{json}");
        }
    }
}
