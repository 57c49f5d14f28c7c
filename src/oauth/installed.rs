//! Who installed the app.

use super::owner::Owner;
use crate::json::Object;

/// What a token answer tells beside the tokens. An empty text is one that it does not name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Installation {
    /// Whether these are a company's tokens.
    pub of_company: bool,
    /// The company.
    pub company_id: String,
    /// The location, of a location's tokens.
    pub location_id: String,
    /// Who installed it.
    pub user_id: String,
    /// What was allowed.
    pub scopes: Vec<String>,
    /// Whether the app was installed in several locations at once.
    pub is_bulk: bool,
    /// The locations of such an installation, where the answer lists them.
    pub approved_locations: Vec<String>,
}

impl Installation {
    /// Whose tokens these are; an empty id is nobody's.
    pub fn owner(&self) -> Owner {
        if self.of_company {
            Owner::Company(self.company_id.clone())
        } else {
            Owner::Location(self.location_id.clone())
        }
    }

    /// As JSON text.
    pub fn json(&self) -> String {
        let mut out = Object::new();
        out.text("userType", if self.of_company { "Company" } else { "Location" });
        for (name, id) in
            [("companyId", &self.company_id), ("locationId", &self.location_id), ("userId", &self.user_id)]
        {
            if !id.is_empty() {
                out.text(name, id);
            }
        }
        out.texts("scopes", &self.scopes);
        out.truth("isBulkInstallation", self.is_bulk);
        out.texts("approvedLocations", &self.approved_locations);
        out.finish()
    }
}
