//! Whose tokens are meant.

use crate::core::parted;
use crate::json::joined;

/// Whose tokens a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A location, which HighLevel also calls a sub-account.
    Location(String),
    /// A company, which HighLevel also calls an agency.
    Company(String),
}

impl Owner {
    /// The id.
    pub fn id(&self) -> &str {
        match self {
            Self::Location(id) | Self::Company(id) => id,
        }
    }

    /// The name of the field that holds the id.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Location(_) => "locationId",
            Self::Company(_) => "companyId",
        }
    }

    /// What the endpoints call it (`user_type`).
    pub fn user_type(&self) -> &'static str {
        match self {
            Self::Location(_) => "Location",
            Self::Company(_) => "Company",
        }
    }

    /// The id of its row in a store: `location:ID` or `company:ID`.
    pub fn row_id(&self) -> String {
        let prefix = match self {
            Self::Location(_) => "location:",
            Self::Company(_) => "company:",
        };
        joined(&[prefix, self.id()])
    }

    /// The owner of a row.
    pub fn of_row(row_id: &str) -> Option<Self> {
        let (kind, id) = parted(row_id, b':');
        match kind {
            "location" => Some(Self::Location(id.into())),
            "company" => Some(Self::Company(id.into())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_ids_by_their_owners() {
        for owner in [Owner::Location("l:1".into()), Owner::Company("c".into())] {
            assert_eq!(Owner::of_row(&owner.row_id()), Some(owner));
        }
        assert_eq!(Owner::of_row("pace:c"), None);
    }
}
