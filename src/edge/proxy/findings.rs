//! What is found to be wrong with a request, while it is taken apart.

use super::grant::Grant;
use crate::shape::Issue;

/// How many issues are listed.
const MAX_ISSUES: usize = 100;

/// What is wrong with a request.
pub(super) struct Findings<'g> {
    grant: &'g Grant,
    pub issues: Vec<Issue>,
    /// It names another location.
    pub foreign: bool,
}

impl<'g> Findings<'g> {
    pub fn new(grant: &'g Grant) -> Self {
        Self { grant, issues: Vec::new(), foreign: false }
    }

    pub fn add(&mut self, path: &str, problem: &str) {
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(Issue::new(path, problem));
        }
    }

    /// Whether a field names the account.
    pub fn is_account(name: &str) -> bool {
        matches!(name, "altId" | "altType" | "locationId" | "companyId")
    }

    /// Judges a field, if it is one that names the account: it must say what the grant says. Gives whether it was one: then
    /// it goes no further, and the client's builder writes it.
    pub fn account(&mut self, name: &str, value: Option<&str>) -> bool {
        if !Self::is_account(name) {
            return false;
        }
        let problem = match (name, value) {
            ("altType", Some("location")) => return true,
            ("altType", _) => "must be \"location\"",
            ("companyId", _) => {
                self.foreign = true;
                "is not the grant's, which is for a location: leave it out"
            }
            (_, Some(id)) if id == self.grant.location_id => return true,
            (_, value) => {
                self.foreign |= value.is_some();
                "must be the grant's location: leave it out"
            }
        };
        self.add(name, problem);
        true
    }
}
