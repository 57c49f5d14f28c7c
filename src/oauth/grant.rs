//! Tokens, and how long they are good.

use super::secret::Secret;

/// A token for requests. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// It goes behind `Bearer`.
    pub token: Secret,
    /// From then on another one is asked for.
    pub refresh_at: f64,
    /// From then on it is refused.
    pub expires_at: f64,
}

/// Tokens of an account of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    /// For requests.
    pub access: Access,
    /// Brings the next tokens, once.
    pub refresh: Option<Secret>,
    /// The company that a location belongs to.
    pub company_id: Option<String>,
}
