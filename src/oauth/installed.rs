//! Who installed the app, and what the webhooks INSTALL and UNINSTALL say of it.

use super::owner::Owner;
use crate::json::{field, json_text, text_field, Object};
use crate::shape::{check, Issue, Kind};

/// What a token answer tells beside the tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Installation {
    /// Whose tokens these are; nobody's where the answer names no id.
    pub owner: Option<Owner>,
    /// Whether they are a company's.
    pub of_company: bool,
    /// The company.
    pub company_id: Option<String>,
    /// The location, of a location's tokens.
    pub location_id: Option<String>,
    /// Who installed it.
    pub user_id: Option<String>,
    /// What was allowed.
    pub scopes: Vec<String>,
    /// Whether the app was installed in several locations at once.
    pub is_bulk: bool,
    /// The locations of such an installation, where the answer lists them.
    pub approved_locations: Vec<String>,
}

impl Installation {
    /// As JSON text.
    pub fn json(&self) -> String {
        let mut out = Object::new();
        out.text("userType", if self.of_company { "Company" } else { "Location" });
        out.optional_text("companyId", self.company_id.as_deref());
        out.optional_text("locationId", self.location_id.as_deref());
        out.optional_text("userId", self.user_id.as_deref());
        out.texts("scopes", &self.scopes);
        out.truth("isBulkInstallation", self.is_bulk);
        out.texts("approvedLocations", &self.approved_locations);
        out.finish()
    }
}

/// What a webhook INSTALL or UNINSTALL means for the tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallEvent {
    /// The app was installed in a location; `company_id` is whose token can ask for that of the location.
    Location {
        /// The location.
        location_id: String,
        /// Its company.
        company_id: Option<String>,
    },
    /// The app was installed in a company: its token comes with the code.
    Company,
    /// The app was removed.
    Removed(Owner),
}

impl InstallEvent {
    /// Reads the JSON text of an event, flat or in an envelope (`{type, data: {...}}`). What is wrong with it is listed.
    pub fn read(json: &str) -> Result<Self, Issue> {
        let mut bytes = json.as_bytes().to_vec();
        if check(&mut bytes, &Kind::Json).is_err() || bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Issue::new("", "must be the event, as an object"));
        }
        let data = field(&bytes, "data");
        let id = |name: &str| {
            let flat = json_text(field(&bytes, name)).or_else(|| json_text(field(data, name)));
            flat.filter(|id| !id.is_empty())
        };
        let (location_id, company_id) = (id("locationId"), id("companyId"));
        let missing = || Issue::new("locationId", "is missing, and so is companyId: the event names no account");
        match text_field(&bytes, "type").as_str() {
            "INSTALL" => match (location_id, company_id) {
                (Some(location_id), company_id) => Ok(Self::Location { location_id, company_id }),
                (None, Some(_)) => Ok(Self::Company),
                (None, None) => Err(missing()),
            },
            "UNINSTALL" => {
                let owner = location_id.map(Owner::Location).or(company_id.map(Owner::Company));
                owner.map(Self::Removed).ok_or_else(missing)
            }
            _ => Err(Issue::new("type", "must be INSTALL or UNINSTALL")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_flat_and_in_an_envelope() {
        let location = InstallEvent::Location { location_id: "l".into(), company_id: Some("c".into()) };
        for (json, expected) in [
            (r#"{"type":"INSTALL","installType":"Location","locationId":"l","companyId":"c"}"#, location.clone()),
            (r#"{"type":"INSTALL","data":{"locationId":"l","companyId":"c"}}"#, location),
            (r#"{"type":"INSTALL","companyId":"c"}"#, InstallEvent::Company),
            (r#"{"type":"INSTALL","locationId":"","companyId":"c"}"#, InstallEvent::Company),
            (
                r#"{"type":"UNINSTALL","locationId":"l","companyId":"c"}"#,
                InstallEvent::Removed(Owner::Location("l".into())),
            ),
            (r#"{"type":"UNINSTALL","companyId":"c"}"#, InstallEvent::Removed(Owner::Company("c".into()))),
        ] {
            assert_eq!(InstallEvent::read(json), Ok(expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_such_event_is_refused_by_name() {
        for (json, path) in [
            ("", ""),
            ("[]", ""),
            ("7", ""),
            ("{}", "type"),
            (r#"{"type":"OrderCreate","locationId":"l"}"#, "type"),
            (r#"{"type":"INSTALL"}"#, "locationId"),
            (r#"{"type":"UNINSTALL","locationId":7}"#, "locationId"),
        ] {
            assert_eq!(InstallEvent::read(json).expect_err(json).path, path, "{json}");
        }
    }
}
